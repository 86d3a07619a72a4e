"""The command ``coupling``: values, tables, derivations, studies.

Exit status: 0 all is well, 1 a check failed, 2 the request or an argument is not usable (nothing has been written).
Everything heavy is imported inside the commands, so that ``coupling --help`` is immediate.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import click

from coupling.cli.checks import check, crosscheck, derive
from coupling.cli.console import Commands
from coupling.cli.export import export, symbols
from coupling.cli.load import info, load
from coupling.cli.manybody import manybody
from coupling.cli.simulate import calibrate, simulate
from coupling.cli.study import study
from coupling.cli.tables import build, merge
from coupling.cli.tabulate import tabulate
from coupling.cli.value import value
from coupling.version import __version__

EPILOG = """\b
Examples:
  coupling value 3j 2 6 4 0 0 0 --exact
  coupling build --lmax 6 --basis real
  coupling check real-l6.safetensors

\b
Completion of commands, options and families in the shell:
  bash   eval "$(_COUPLING_COMPLETE=bash_source coupling)"
  zsh    eval "$(_COUPLING_COMPLETE=zsh_source coupling)"
  fish   _COUPLING_COMPLETE=fish_source coupling | source

Exit status: 0 all is well, 1 a check failed, 2 the input is not usable.
"""


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Print a warning of the package as one line of the error stream."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: click.echo(f"Warning: {message}", err=True)
        yield


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="coupling", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Coupling coefficients of spherical harmonics: exact values, and tables that are right to the last bit."""
    context.with_resource(one_line_warnings())


for command in (
    value,
    tabulate,
    load,
    build,
    merge,
    check,
    info,
    export,
    symbols,
    crosscheck,
    derive,
    study,
    simulate,
    calibrate,
    manybody,
):
    main.add_command(command)

"""``coupling export``: tables and arrays in the form of a program; ``coupling symbols``: a header of C."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coupling.cli.completion import convention_names, table_names
from coupling.cli.console import progress_bar
from coupling.cli.errors import says_what_is_wrong
from coupling.cli.load import are_arrays, kind_of_name
from coupling.cli.options import FamilyName, may_overwrite
from coupling.conventions import CORE
from coupling.quoted import quoted

if TYPE_CHECKING:
    from coupling.foreign import Convention

FORMATS = ("npz", "c", "python", "triton", "e3j", "cuequivariance", "openequivariance", "json", "csv", "safetensors")
DTYPES = ("float64", "float32", "float16", "bfloat16")
ORDERS = ("path", "canonical", "output", "input1", "input2")
#: Formats that the suffix of a file says.
PLAIN = ("npz", "c", "python", "json", "csv")


@click.command(
    short_help="Write a table for a program: its convention, order, type, format.",
    epilog="""\b
Examples:
  coupling export real-l4 --format csv
  coupling export real-l4 --format c --convention e3nn --dtype float32 --order output
  coupling export real-l8 --format npz --convention e3x --transposes -o e3x-l8.npz
  coupling export real-l4 --format npz --order canonical --palette --path-vectors -o core.npz
  coupling export real-l4 --format cuequivariance --channels 32 --weights
  coupling export real-l4 --format e3j --dtype float32
  coupling export real-l8 --format csv --path 2 2 any --orders any any 0
  coupling export real-l20 --format csv --no-exact
  coupling export real-l4 --format json --family gaunt --convention my-convention.toml

\b
Formats:
  npz               arrays for NumPy, no pickle
  c                 header for C, C++ and CUDA, hexadecimal literals
  python, triton    module of constants
  e3j               packed records of 8, 16 or 32 bytes, forward and backward
  cuequivariance    JSON for SegmentedTensorProduct.from_json
  openequivariance  sorted triples with hexadecimal literals
  json              exact square roots of rational numbers
  csv               for people
  safetensors       arrays alone, in another type; not for tables, which are safetensors files already

\b
Grids, transforms, encoders and normalizations are written with npz, c, python or safetensors:
  coupling export gauss_legendre-l4 --format npz --dtype float32
  coupling export matrix-l4 --format c

Your own convention is a TOML file; `pydoc coupling.foreign.reader` says what it may hold.
""",
)
@click.argument("table", metavar="TABLE", shell_complete=table_names)
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(FORMATS),
    required=True,
    metavar="FORMAT",
    help="Format of the file, see below.",
)
@click.option(
    "--convention",
    "-c",
    metavar="NAME or FILE.toml",
    help="Convention of the program.  [default: that of the format, else coupling]",
    shell_complete=convention_names,
)
@click.option(
    "--family", type=FamilyName(), default=CORE, show_default=True, metavar="FAMILY", help="Family of the coefficients."
)
@click.option("--dtype", type=click.Choice(DTYPES), default="float64", show_default=True, help="Type of the values.")
@click.option("--order", type=click.Choice(ORDERS), help="Order of the entries.  [default: path]")
@click.option("--palette", is_flag=True, help="Distinct values, and which of them each entry has.")
@click.option("--transposes", is_flag=True, help="By output, and again by each input, for the backward pass.")
@click.option(
    "--path-vectors", is_flag=True, help="For each path, what turns values into every other family, and back."
)
@click.option(
    "--channels", type=click.IntRange(min=1), default=1, metavar="N", help="Channels of a cuEquivariance descriptor."
)
@click.option(
    "--path", "paths", nargs=3, multiple=True, metavar="L1 L2 L3", help="Only these degrees; any for each.  Repeatable."
)
@click.option(
    "--orders", nargs=3, multiple=True, metavar="M1 M2 M3", help="Only these orders; any for each.  Repeatable."
)
@click.option("--no-exact", is_flag=True, help="Leave the column of exact numbers out of csv: it takes long.")
@click.option("--weights", is_flag=True, help="A weight for each path and channel, in cuEquivariance.")
@click.option("--output", "-o", metavar="PATH", help="File or folder; - is standard output.  [default: here]")
@may_overwrite
@says_what_is_wrong
def export(
    table: str,
    form: str,
    convention: str | None,
    family: str,
    dtype: str,
    order: str | None,
    palette: bool,
    transposes: bool,
    path_vectors: bool,
    channels: int,
    paths: tuple[tuple[str, str, str], ...],
    orders: tuple[tuple[str, str, str], ...],
    no_exact: bool,
    weights: bool,
    output: str | None,
    force: bool,
) -> None:
    """Write a table in the convention, order, type and format of a program.

    TABLE is a shipped name (real-l8), another that is built on first request and cached (real-l16, complex-l24,
    real-l9-even), or a file.  The family wigner_3j is what the program itself calls its coupling
    tensor, with its scale and sign.  Every value is rounded once, from its exact number.  The same request gives the
    same bytes, and nothing is written when it is refused.
    """
    from coupling.export import FORMATS
    from coupling.export import export as write
    from coupling.names import file_stem
    from coupling.tables import load

    if kind_of_name(table).name == "bases":
        raise ValueError(f"{table} is a file of many-body bases: `coupling manybody export` writes these")
    if are_arrays(table):
        asked: dict[str, object] = {"convention": convention, "family": family != CORE, "order": order}
        asked |= {
            "palette": palette,
            "path": paths,
            "orders": orders,
            "no-exact": no_exact,
            "transposes": transposes,
            "path-vectors": path_vectors,
            "channels": channels > 1,
            "weights": weights,
        }
        export_arrays(table, form, dtype, output, asked, force)
        return
    their = _convention(convention)
    loaded = load(table)
    with progress_bar(loaded.request.name, len(loaded.core)) as heard:
        content = write(
            loaded,
            form,
            convention=their,
            family=family,
            dtype=dtype,
            order=order,
            palette=palette,
            transposes=transposes,
            path_vectors=path_vectors,
            channels=channels,
            weights=weights,
            exact=not no_exact,
            paths=[_pattern(each, "--path") for each in paths],
            orders=[_pattern(each, "--orders") for each in orders],
            progress=heard,
        )
    name = their if isinstance(their, str) or their is None else their.name
    said = [loaded.request.name, name, None if form in PLAIN or form == name else form]
    said += [family if family != CORE else None, dtype if dtype != "float64" else None, order]
    chosen = {
        "selection": bool(paths or orders),
        "no-exact": no_exact,
        "palette": palette,
        "transposes": transposes,
        "path-vectors": path_vectors,
        "weights": weights,
    }
    said += [word for word, given in chosen.items() if given] + ([f"{channels}-channels"] if channels > 1 else [])
    label = file_stem("-".join(word for word in said if word))
    deliver(content, output, f"{label}{FORMATS[form].suffix}", force)


def deliver(content: bytes, output: str | None, name: str, force: bool) -> None:
    """Write an export to standard output, a file, or under its own name into a folder."""
    from coupling.files.atomic import write_file

    if output == "-":
        click.echo(content, nl=False)
        return
    target = Path(output or ".")
    target = target / name if target.is_dir() else target
    write_file(target, content, force=force)
    click.echo(f"{target}: {len(content)} bytes")


def _pattern(texts: tuple[str, str, str], option: str) -> list[int | None]:
    """Return three numbers, None for the word any."""
    for text in texts:
        if text != "any" and not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
            raise ValueError(f"{option} takes three integers, or any for each; got {quoted(text)}")
    return [None if text == "any" else int(text) for text in texts]


def _convention(text: str | None) -> Convention | str | None:
    if text is None or not text.endswith(".toml"):
        return text
    from coupling.foreign.reader import read_convention

    return read_convention(text)


def export_arrays(
    name: str, form: str, dtype: str, output: str | None, others: Mapping[str, object], force: bool = False
) -> None:
    """Write arrays in the format of a program; refuse the options that are for tables."""
    from coupling.arrays import load_arrays
    from coupling.export.formats import OF_ARRAYS, export_named

    for option, value in others.items():
        if value:
            raise ValueError(f"--{option} is for tables; {name} are arrays, which take --format, --dtype and --output")
    loaded = load_arrays(name)
    content = export_named(loaded, form, dtype)
    label = loaded.request.name if dtype == loaded.request.dtype else f"{loaded.request.name}-{dtype}"
    deliver(content, output, f"{label}{OF_ARRAYS[form].suffix}", force)


@click.command(
    short_help="Write a header for C that computes coefficients.",
    epilog="""\b
Examples:
  coupling symbols
  coupling symbols -o include/coupling_symbols.h
""",
)
@click.option("--output", "-o", metavar="PATH", help="File or folder; - is standard output.  [default: here]")
@may_overwrite
@says_what_is_wrong
def symbols(output: str | None, force: bool) -> None:
    """Write coupling_symbols.h: 3j, Clebsch-Gordan, Gaunt and antisymmetric Gaunt coefficients of degrees 0 to 20.

    One file of C99, which C++ takes as well, without dependencies: every value is the nearest double, whatever the
    compiler and the rounding mode are.  The comment at its head says what the functions are and mean.
    """
    from coupling.export.symbols import symbols_header

    deliver(symbols_header().encode(), output, "coupling_symbols.h", force)

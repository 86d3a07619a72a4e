"""Completion in the shell: tables and arrays, conventions, programs, derivations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

#: Names that are built on first request; a larger degree is a name as well.
ON_DEMAND = "any name such as real-l16, complex-l24, real-l9-even, lebedev-l6: built on first request and cached"


def table_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return shipped tables, arrays and bases, those in the cache folder, and files of this folder."""
    from coupling.files.cache import cache_folder
    from coupling.files.reader import LISTED, read_manifest

    shipped = [name for kind in LISTED for name in read_manifest(kind=kind)]
    kept = [file.stem for file in cache_folder().glob("*.safetensors")]
    folder = Path(incomplete).parent
    files = [str(folder / file.name) for file in folder.glob("*.safetensors")]
    return matching([*shipped, *kept, *files], incomplete)


def convention_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of conventions."""
    from coupling.foreign.named import CONVENTIONS

    return matching(CONVENTIONS, incomplete)


def program_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of programs and conventions that are compared with."""
    from coupling.crosscheck import PROGRAMS

    return matching((name for p in PROGRAMS for name in (p.convention, p.distribution)), incomplete)


def derivation_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the derivations of a checkout."""
    folder = Path(__file__).resolve().parents[2] / "derivations"
    files = folder.glob("*.py") if folder.is_dir() else ()
    return matching((f.stem for f in files if "\nDERIVATION = " in f.read_text(encoding="utf-8")), incomplete)


def matching(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """Return the names that begin with what has been typed, sorted, each once.

    >>> [item.value for item in matching(["real-l8", "real-l4", "real-l8", "complex-l4"], "re")]
    ['real-l4', 'real-l8']
    """
    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]

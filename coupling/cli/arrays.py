"""What the commands do with arrays (grids, transforms, encoders, normalizations) where they expect a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from coupling.arrays import Arrays
    from coupling.files import Kind
    from coupling.tables import Table


def kind_of_name(name: str) -> Kind:
    """Return the kind of what a name or a file holds, a table unless it says otherwise; a file is asked for its schema.

    >>> kind_of_name("lebedev-l4"), kind_of_name("no-such-file.safetensors")
    (Kind(name='arrays', version=1), Kind(name='table', version=1))
    """
    from coupling.arrays.reader import KIND as ARRAYS
    from coupling.arrays.request import NAME
    from coupling.files import kind_named
    from coupling.files.ownership import file_kind
    from coupling.tables.reader import KIND as TABLE

    if not name.endswith(".safetensors"):
        return ARRAYS if NAME.fullmatch(name.replace("gauss-legendre", "gauss_legendre", 1)) else TABLE
    try:
        found = file_kind(Path(name))
    except OSError:  # said again by whoever loads it
        return TABLE
    return (kind_named(found.name) if found else None) or TABLE


def are_arrays(name: str) -> bool:
    """Return whether a name or a file is one of arrays rather than of a table."""
    return kind_of_name(name).name == "arrays"


def load_any(name: str) -> Table | Arrays:
    """Return the table or the arrays of a name or file."""
    if are_arrays(name):
        from coupling.arrays import load_arrays

        return load_arrays(name)
    from coupling.tables import load

    return load(name)


def describe_arrays(arrays: Arrays) -> str:
    """Return what a file of arrays holds, one line per property, one per array."""
    metadata = arrays.metadata
    lines: dict[str, Any] = {
        "arrays": arrays.request.name,
        **{key: value for key, value in metadata["request"].items() if key != "dtype"},
        **{key: value for key, value in metadata["facts"].items() if key != "degree"},
        "degree": metadata["facts"].get("degree", "none: no grid"),
        "dtype": arrays.request.dtype,
        "rounding": metadata["rounding"],
        "source": metadata["source"],
        "convention": metadata["convention"],
        "schema": f"{metadata['schema']} {metadata['schema_version']}",
        "written by": f"coupling {metadata['package_version']}, sources {metadata['builder'][:12]}",
        "checksum": metadata["checksum"],
    }
    held = [f"  {n:<22} {list(arrays[n].shape)!s:<14} {text}" for n, text in metadata["arrays"].items()]
    return "\n".join([*(f"{key:<16} {text}" for key, text in lines.items()), *held])


def export_arrays(
    name: str, form: str, dtype: str, output: str | None, others: Mapping[str, object], force: bool = False
) -> None:
    """Write arrays in the format of a program; refuse the options that are for tables."""
    from coupling.arrays import load_arrays
    from coupling.export.formats import OF_ARRAYS, export_named
    from coupling.files.atomic import write_file

    for option, value in others.items():
        if value:
            raise ValueError(f"--{option} is for tables; {name} are arrays, which take --format, --dtype and --output")
    loaded = load_arrays(name)
    content = export_named(loaded, form, dtype)
    if output == "-":
        click.echo(content, nl=False)
        return
    label = loaded.request.name if dtype == loaded.request.dtype else f"{loaded.request.name}-{dtype}"
    target = Path(output or ".")
    target = target / f"{label}{OF_ARRAYS[form].suffix}" if target.is_dir() else target
    write_file(target, content, force=force)
    click.echo(f"{target}: {len(content)} bytes")

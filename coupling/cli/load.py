"""``coupling load`` and ``coupling info``: find the file of a name, and describe its contents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupling.cli.completion import table_names
from coupling.cli.errors import says_what_is_wrong
from coupling.cli.options import may_overwrite

if TYPE_CHECKING:
    from coupling.arrays import Arrays
    from coupling.files import Kind
    from coupling.manybody import Bases
    from coupling.tables import Table


#: How the names of many-body bases begin; :mod:`coupling.manybody.request` reads them.
BASES = ("symmetric-l", "antisymmetric-l", "plain-l")


def kind_of_name(name: str) -> Kind:
    """Return the kind of a name or a file: of a file by its schema, else a table.

    >>> [kind_of_name(name).name for name in ("lebedev-l4", "symmetric-l3-n4", "no-such-file.safetensors")]
    ['arrays', 'bases', 'table']
    """
    from coupling.arrays.reader import KIND as ARRAYS
    from coupling.arrays.request import NAME
    from coupling.files import kind_named
    from coupling.files.ownership import file_kind
    from coupling.tables.reader import KIND as TABLE

    if name.startswith(BASES) and not name.endswith(".safetensors"):
        return kind_named("bases") or TABLE
    if not name.endswith(".safetensors"):
        return ARRAYS if NAME.fullmatch(name.replace("gauss-legendre", "gauss_legendre", 1)) else TABLE
    try:
        found = file_kind(Path(name))
    except OSError:  # loading raises it again
        return TABLE
    return (kind_named(found.name) if found else None) or TABLE


def are_arrays(name: str) -> bool:
    """Return whether a name or a file is one of arrays rather than of a table."""
    return kind_of_name(name).name == "arrays"


def load_any(name: str) -> Table | Arrays | Bases:
    """Return the table, the arrays or the bases of a name or file."""
    kind = kind_of_name(name).name
    if kind == "arrays":
        from coupling.arrays import load_arrays

        return load_arrays(name)
    if kind == "bases":
        from coupling.manybody import load_bases

        return load_bases(name)
    from coupling.tables import load

    return load(name)


@click.command(
    short_help="Load tables by name; build and keep those that are not shipped.",
    epilog="""\b
Examples:
  coupling load real-l8                shipped
  coupling load real-l16 complex-l24   built into the cache folder, if they are not there yet
  coupling load lebedev-l6-float32     a grid, built into the cache folder
  coupling load symmetric-l3-n3        many-body bases, built into the cache folder
  coupling load real-l16 --renew       built again
""",
)
@click.argument("tables", nargs=-1, required=True, metavar="TABLE...", shell_complete=table_names)
@click.option("--renew", is_flag=True, help="Remove the file in the cache folder first.")
@click.option("--force", is_flag=True, help="With --renew: whatever that file is.")
@says_what_is_wrong
def load(tables: tuple[str, ...], renew: bool, force: bool) -> None:
    """Load tables by name, every byte verified, and print where they are.

    TABLE is what coupling.load, coupling.load_arrays or coupling.manybody.load_bases takes: a shipped name, another
    such as real-l16, complex-l24, real-l9-even, lebedev-l6 or symmetric-l3-n3, or a file.
    What is not shipped is built once and kept in the user's cache folder.
    """
    for name in tables:
        shipped = _shipped(name)
        if renew:
            _remove(name, shipped, force)
        loaded = load_any(name)
        file = Path(name) if name.endswith(".safetensors") else shipped or _cached(loaded.request.name)
        place = "shipped" if shipped else "file" if name.endswith(".safetensors") else "cache"
        click.echo(f"{loaded!r}\n  {file} ({place}, {file.stat().st_size} bytes)")


def _shipped(name: str) -> Path | None:
    from coupling.files.reader import shipped_file

    return shipped_file(name, kind_of_name(name).listed)[0]


def _cached(name: str) -> Path:
    from coupling.files.cache import cache_folder
    from coupling.files.container import file_name

    return cache_folder(kind_of_name(name).version) / file_name(name)


def _remove(name: str, shipped: Path | None, force: bool) -> None:
    from coupling.files.cache import remove

    if shipped or name.endswith(".safetensors"):
        raise ValueError(f"--renew is for files in the cache folder; {name} is not one of them")
    remove(_cached(name), kind_of_name(name), force)


@click.command(
    short_help="Say what a table holds.",
    epilog="""\b
Examples:
  coupling info real-l8
  coupling info real-l8.safetensors --json
  coupling info real-l8 --plot sparsity.png
  coupling info gauss_legendre-l8
  coupling info symmetric-l3-n4
""",
)
@click.argument("table", metavar="TABLE", shell_complete=table_names)
@click.option("--json", "as_json", is_flag=True, help="Print the metadata of the file as JSON.")
@click.option("--plot", metavar="FILE", help="Draw how full the table is, as .png, .svg or .pdf.")
@may_overwrite
@says_what_is_wrong
def info(table: str, as_json: bool, plot: str | None, force: bool) -> None:
    """Say what a table, a file of arrays or one of many-body bases holds, and in which convention.

    TABLE is a shipped name (real-l8, lebedev-l4), another that is built on first request and cached (real-l16,
    complex-l24, real-l9-even), or a file.
    """
    loaded: Any = load_any(table)
    if plot is not None:
        _draw(loaded, plot, force)
    describe: Any = {"arrays": describe_arrays, "bases": describe_bases}.get(kind_of_name(table).name, describe_table)
    click.echo(json.dumps(dict(loaded.metadata), indent=2) if as_json else describe(loaded))


def _draw(loaded: Table | Arrays | Bases, plot: str, force: bool) -> None:
    from coupling.plots import save, sparsity
    from coupling.plots.style import require_picture
    from coupling.tables import Table

    if not isinstance(loaded, Table):
        raise ValueError(f"--plot is for tables; {loaded.request.name} is none")
    require_picture(plot, force)
    save(sparsity(loaded), plot, force=force)


def describe_table(table: Table) -> str:
    """Return what a table holds, one line per property."""
    metadata, request = table.metadata, table.request
    counts, rounding = metadata["counts"], metadata["rounding"]
    lines = {
        "table": request.name,
        "basis": request.basis,
        "lmax": ", ".join(map(str, request.lmax)),
        **({"half-integers": "yes; paths and orders hold twice the numbers"} if request.half_integers else {}),
        "parity": request.parity,
        "families": ", ".join(f"{f} (times i)" if f in metadata["imaginary"] else f for f in request.families),
        "paths": counts["paths"],
        "entries": counts["entries"],
        "zeros left out": f"{counts['symmetry_zeros']} by symmetry, {counts['accidental_zeros']} accidental",
        **_in_words(request.basis, request.families),
        "core": rounding["core"],
        "reduced factors": rounding["reduced"],
        **_origin(metadata),
        "request": metadata["request_digest"],
        "checksum": metadata["checksum"],
    }
    return _aligned(lines)


def _in_words(basis: str, families: Sequence[str]) -> dict[str, str]:
    """Return the convention of a table in words: basis and phase, and for each family the normalization."""
    from coupling.families import family
    from coupling.foreign.named import named
    from coupling.foreign.words import basis_in_words, normalization_in_words, phase_in_words

    ours, records = named("coupling"), [family(name) for name in families]
    phases = dict.fromkeys(phase_in_words(ours, basis, record) for record in records)
    lines = {"harmonics": basis_in_words(ours, basis), "phase": max(phases, key=len)}
    return lines | {f"  {r.text}": normalization_in_words(ours, r, basis) for r in records}


def _origin(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lines that files of all kinds have: what they come from, and what wrote them."""
    return {
        "source": metadata["source"],
        "convention": metadata["convention"],
        "schema": f"{metadata['schema']} {metadata['schema_version']}",
        "written by": f"coupling {metadata['package_version']}, sources {metadata['builder'][:12]}",
    }


def _aligned(lines: Mapping[str, Any]) -> str:
    width = max(16, *map(len, lines))
    return "\n".join(f"{key:<{width}} {text}" for key, text in lines.items())


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
        **_origin(metadata),
        "checksum": metadata["checksum"],
    }
    held = [f"  {n:<22} {list(arrays[n].shape)!s:<14} {text}" for n, text in metadata["arrays"].items()]
    return "\n".join([_aligned(lines), *held])


def describe_bases(bases: Bases) -> str:
    """Return what a file of many-body bases holds, one line per property, one per basis."""
    metadata = bases.metadata
    lines: dict[str, Any] = {
        "bases": bases.request.name,
        **metadata["request"],
        **metadata["counts"],
        "rounding": metadata["rounding"],
        **_origin(metadata),
        "checksum": metadata["checksum"],
    }
    held = [f"  {key!s:<14} {len(each.labels):>6} paths {len(each.path):>8} entries" for key, each in bases.items()]
    return "\n".join([_aligned(lines), *held])

"""A Python module of constants: tuples for generated code, or Triton's compile-time constants."""

from __future__ import annotations

from typing import Any

from coupling.export.arrays import ArrayOptions, arrays, starts_of
from coupling.export.listing import Listing
from coupling.export.source import convention_line, harmless
from coupling.files.container import canonical_json

WIDTH = 116


def python_module(listing: Listing, options: ArrayOptions, triton: bool = False) -> str:
    """Return the source of a module whose names are the arrays of the export, as tuples.

    Numbers of a narrower type are written as the doubles they equal.  ``triton`` makes every array a
    ``triton.language.constexpr``, which kernels may read from the module they are defined in.
    """
    content = arrays(listing, options, lambda values, dtype: values)
    first, *others = map(harmless, _docstring(listing))
    lines = [
        f'"""{first}',
        "",
        *others,
        '"""\n',
        *(["import triton.language as tl", ""] if triton else []),
        f"METADATA = {canonical_json(listing.metadata)!r}",
        f"SIZES = {listing.sizes}",
        f"IMAGINARY = {listing.imaginary}",
    ]
    for name, array in content.items():
        text = as_tuple(array.tolist())
        lines.append(f"{name.upper()} = tl.constexpr({text})" if triton else f"{name.upper()} = {text}")
    return "\n".join(lines) + "\n"


def _docstring(listing: Listing) -> list[str]:
    metadata, factor = listing.metadata, ", times 1j" if listing.imaginary else ""
    return [
        f"{listing.table.request.name}, {listing.family} in the convention {listing.convention.name}: constants.",
        f"z[OUTPUT[e]] += VALUES[e] * x[INPUT1[e]] * y[INPUT2[e]]{factor}; STARTS by {starts_of(listing)}.",
        f"The convention, relative to {metadata['relative_to']}: {convention_line(metadata['convention'])}.",
        f"Values are {listing.dtype}, rounded once from exact numbers; no error above {listing.error:.3g}.",
        f"Written by coupling {metadata['package_version']}.",
    ]


def as_tuple(numbers: list[Any]) -> str:
    """Return the text of a tuple of numbers, or of tuples of them.

    >>> print(as_tuple([[1, 2], [3, [4, 5]]]))
    (
        (1, 2,), (3, (4, 5,),),
    )
    """
    texts = [_inline(number) for number in numbers]
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(text) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {text},"
    return "(\n" + "\n".join([*lines, line]) + "\n)"


def _inline(number: Any) -> str:
    return f"({', '.join(map(_inline, number))},)" if isinstance(number, list) else repr(number)

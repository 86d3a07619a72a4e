"""A header for C, C++ and CUDA: hexadecimal literals, so that every bit arrives, and nothing but arrays and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.export.arrays import ArrayOptions, arrays, starts_of
from coupling.export.listing import Listing
from coupling.export.preamble import guarded
from coupling.export.source import convention_line, identifier
from coupling.memory import native

WIDTH = 116
TYPES = {
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
    "int8": "int8_t",
    "float64": "double",
    "float32": "float",
}


def c_header(listing: Listing, options: ArrayOptions) -> str:
    """Return the text of a header that compiles as C99, C++17, CUDA and HIP.

    float16 and bfloat16 are their bits in uint16_t.  Arrays are ``static constexpr`` in C++, ``static const`` in C, on
    a device ``__constant__`` or ``__device__``, see :mod:`coupling.export.preamble`.  Names begin with table,
    convention and family, and with the type unless it is float64, so that a table in two types goes into one program.
    """
    content = arrays(listing, options)
    words = [listing.table.request.name, listing.convention.name, listing.family]
    prefix = identifier("_".join([*words, *([listing.dtype] if listing.dtype != "float64" else [])]))
    parts = [_sizes(prefix.upper(), listing)]
    parts += [declaration(f"{prefix}_{name}".lower(), array) for name, array in content.items()]
    parts.append(_asserts(prefix.lower(), content))
    return guarded(prefix.upper(), _comment(listing, options, content), "\n".join(parts), content.values())


def _comment(listing: Listing, options: ArrayOptions, content: Mapping[str, NDArray[Any]]) -> list[str]:
    names = {0: "input1", 1: "input2", 2: "output"}
    axes = ", ".join(names[slot] for slot in listing.convention.slots)
    metadata = listing.metadata
    return [
        f"Table {metadata['table']}, {listing.family} in the convention {listing.convention.name}.",
        f"The convention, relative to {metadata['relative_to']}: {convention_line(metadata['convention'])}.",
        f"z[output] += value x[input1] y[input2]{', times i' if listing.imaginary else ''}; axes: {axes}.",
        f"Order: {listing.order}; entries of k-th {starts_of(listing)}: starts[k] ... starts[k+1]-1.",
        *(["Arrays in _input1 and _input2: the same entries, sorted by that index."] if options.transposes else []),
        *(["Family on path p: n_family[p] values, and back: inverse_family[p]."] if options.path_vectors else []),
        f"Values: {listing.dtype}, rounded once from exact numbers; no error above {listing.error:.3g}.",
        f"Arrays: {sum(array.nbytes for array in content.values())} bytes.  "
        f"Written by coupling {metadata['package_version']}; table checksum",
        f"{metadata['checksum']}.",
    ]


def _sizes(prefix: str, listing: Listing) -> str:
    sizes = {
        "PATHS": len(listing.paths),
        "ENTRIES": len(listing),
        "INPUT1": listing.sizes[0],
        "INPUT2": listing.sizes[1],
        "OUTPUT": listing.sizes[2],
        "IMAGINARY": int(listing.imaginary),
    }
    return "\n".join(f"#define {prefix}_{name} {size}" for name, size in sizes.items()) + "\n"


def declaration(name: str, array: NDArray[Any]) -> str:
    """Return the definition of a constant array of one or two axes.

    >>> print(declaration("x", np.array([0.5, 2.0])))
    COUPLING_CONSTANT double x[2] = {
      0x1.0000000000000p-1, 0x1.0000000000000p+1
    };
    <BLANKLINE>
    """
    array = native(array)
    kind = "uint16_t" if array.dtype == np.float16 else TYPES[array.dtype.name]
    literals = _literals(array)
    shape = "".join(f"[{n}]" for n in array.shape)
    body = ",\n".join(_filled(literals, array.shape))
    return f"COUPLING_CONSTANT {kind} {name}{shape} = {{\n{body}\n}};\n"


def _literals(array: NDArray[Any]) -> list[str]:
    if array.dtype == np.float64:
        return [float.hex(value) for value in array.ravel().tolist()]
    if array.dtype == np.float32:
        return [f"{float.hex(value)}f" for value in array.ravel().tolist()]
    flat = (array.view(np.uint16) if array.dtype == np.float16 else array).reshape(-1)
    return [str(value) for value in flat.tolist()]


def _filled(literals: list[str], shape: tuple[int, ...]) -> list[str]:
    """Return lines of literals; rows of a matrix in braces."""
    if len(shape) == 2:
        step = shape[1]
        literals = ["{" + ", ".join(literals[k : k + step]) + "}" for k in range(0, len(literals), step)]
    longest = max(map(len, literals)) + 2
    per_line = max(1, WIDTH // longest)
    return ["  " + ", ".join(literals[k : k + per_line]) for k in range(0, len(literals), per_line)]


def _asserts(prefix: str, content: Mapping[str, NDArray[Any]]) -> str:
    entries = f"{prefix.upper()}_ENTRIES"
    lines = []
    for name, array in content.items():
        size = entries if name.split("_")[0] in ("input1", "input2", "output", "values") else str(len(array))
        kind = f"sizeof({prefix}_{name}) / sizeof({prefix}_{name}[0])"
        lines.append(f'COUPLING_ASSERT({kind} == {size}, "{name}");')
    return "\n".join(lines) + "\n"

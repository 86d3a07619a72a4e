"""A header for C, C++ and CUDA: hexadecimal literals, which keep every bit, and nothing but arrays and sizes.

The arrays of a header are ``__constant__`` on a device while all headers of a translation unit together fit into its
constant memory, and ``__device__`` beyond: the n-th header that takes constant memory leaves the bytes of the first n
in a macro ``COUPLING_CONSTANT_BYTES_n``.  Define COUPLING_CONSTANT_MEMORY before the first header for another limit
(0: none in constant memory), or COUPLING_CONSTANT for another storage.  All other macros of a header end with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.export.arrays import ArrayOptions, arrays, starts_of
from coupling.export.listing import Listing
from coupling.export.source import convention_line, harmless, identifier
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

#: bytes of constant memory of a device
CONSTANT_MEMORY = 65536
#: arrays may begin at a multiple of this
ALIGNMENT = 8
#: headers that can share the constant memory of a translation unit
HEADERS = 6

STORAGE = """\
#ifndef COUPLING_CONSTANT
#define COUPLING_CONSTANT_IS_OURS
#if defined(__CUDACC__) || defined(__HIPCC__)
#ifndef COUPLING_CONSTANT_MEMORY
#define COUPLING_CONSTANT_MEMORY {memory}
#endif
{shares}
#else
#define COUPLING_CONSTANT static __device__ const
#endif
#elif defined(__cplusplus) && __cplusplus >= 201703L
#define COUPLING_CONSTANT static constexpr
#else
#define COUPLING_CONSTANT static const
#endif
#endif

#ifndef COUPLING_ASSERT
#define COUPLING_ASSERT_IS_OURS
#if defined(__cplusplus) && __cplusplus >= 201703L
#define COUPLING_ASSERT(condition, text) static_assert(condition, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define COUPLING_ASSERT(condition, text) _Static_assert(condition, text)
#else
#define COUPLING_ASSERT(condition, text) extern char coupling_assert[(condition) ? 1 : -1]
#endif
#endif
"""

END = """\
#ifdef COUPLING_CONSTANT_IS_OURS
#undef COUPLING_CONSTANT
#undef COUPLING_CONSTANT_IS_OURS
#endif
#ifdef COUPLING_ASSERT_IS_OURS
#undef COUPLING_ASSERT
#undef COUPLING_ASSERT_IS_OURS
#endif
"""


def c_header(listing: Listing, options: ArrayOptions) -> str:
    """Return the text of a header that compiles as C99, C++17, CUDA and HIP.

    float16 and bfloat16 are their bits in uint16_t.  Arrays are ``static constexpr`` in C++, ``static const`` in C, on
    a device ``__constant__`` or ``__device__``, see the docstring of this module.  Names begin with table,
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


# -- guard, storage, assertions ----------------------------------------------------------------


def guarded(name: str, comment: Sequence[str], body: str, arrays: Iterable[NDArray[Any]]) -> str:
    """Return a header: comment, guard, storage of the arrays, body.

    The guard ``name``_H is a number made of the body, so that the same header may be included twice, and two headers of
    one name that hold different arrays are an error instead of one of them.

    >>> print(guarded("X", ["Nothing."], "", []).splitlines()[3:7])
    ['#ifndef X_H', '#define X_H 0x3b0c442', '#include <stdint.h>', '']
    """
    lines = "\n".join(f" * {harmless(line)}" for line in comment)
    number = f"0x{sha256(body.encode()).hexdigest()[1:8]}"
    size = sum(-(-array.nbytes // ALIGNMENT) * ALIGNMENT for array in arrays)
    opening = f"#ifndef {name}_H\n#define {name}_H {number}\n#include <stdint.h>\n"
    storage = STORAGE.format(memory=CONSTANT_MEMORY, shares=_shares(size))
    closing = (
        f'#elif {name}_H != {number}\n#error "two different exports have the name {name}"\n#endif /* {name}_H */\n'
    )
    return "\n".join([f"/*\n{lines}\n */", opening, storage, body, END]) + closing


def _shares(size: int) -> str:
    """Return the branches that give ``size`` bytes of constant memory to a header, if those before it left them."""
    lines: list[str] = []
    for n in range(1, HEADERS + 1):
        last, own = f"COUPLING_CONSTANT_BYTES_{n - 1}", f"COUPLING_CONSTANT_BYTES_{n}"
        before, total = (f"defined({last}) && ", f"({last} + {size})") if n > 1 else ("", str(size))
        lines += [
            f"#{'elif' if n > 1 else 'if'} {before}!defined({own}) && {total} <= COUPLING_CONSTANT_MEMORY",
            f"#define {own} {total}",
            "#define COUPLING_CONSTANT static __constant__ const",
        ]
    return "\n".join(lines)

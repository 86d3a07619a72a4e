"""What surrounds the arrays of a header: guard, storage, assertions.

The arrays of a header are ``__constant__`` on a device while all headers of a translation unit together fit into its
constant memory, and ``__device__`` beyond: the n-th header that takes constant memory leaves the bytes of the first n
in a macro ``COUPLING_CONSTANT_BYTES_n``.  Define COUPLING_CONSTANT_MEMORY before the first header for another limit
(0: none in constant memory), or COUPLING_CONSTANT for another storage.  All other macros of a header end with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from coupling.export.source import harmless

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

"""Binary floating-point types, and the environment that proofs of rounding assume: to nearest, subnormal numbers kept.

Other libraries change it for a whole thread (a rounding mode for interval arithmetic, flush-to-zero by libraries that
are linked with ``-ffast-math``), and threads inherit it.  Then neither a double-double nor its rounding test is right.

Promised is: coefficients, blocks, tables, arrays, families and exports have the same bits whatever the environment of
the caller is.  Products of features, harmonics at points and searches for low-rank factors compute in the environment
of the caller, as sums in floats do everywhere; what is exact about them, zeros and the coefficients they start from,
stays exact.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


def from_bits(bits: int) -> float:
    """Return the double of an encoding, whatever the environment is.

    >>> from_bits(0x3FF << 52), from_bits(1)
    (1.0, 5e-324)
    """
    return float(struct.unpack("<d", bits.to_bytes(8, "little"))[0])


#: Parts of the last place of 1, and the ends of the normal and the subnormal numbers.
ONE, LAST, QUARTER, THREE_QUARTERS = map(from_bits, (1023 << 52, 971 << 52, 969 << 52, (970 << 52) + (1 << 51)))
NORMAL, SUBNORMAL, HALF, LARGE = map(from_bits, (1 << 52, 1, 1022 << 52, 1083 << 52))


def rounds_by_default() -> bool:
    """Return whether this thread rounds to nearest and neither flushes subnormal numbers nor takes them for zero.

    >>> rounds_by_default()
    True
    """
    return (
        ONE + QUARTER == ONE  # not upwards
        and ONE + THREE_QUARTERS == ONE + LAST  # neither downwards nor towards zero
        and NORMAL * HALF != 0.0  # not flushed to zero
        and SUBNORMAL * LARGE != 0.0  # not taken for zero
    )


@contextmanager
def default_rounding() -> Iterator[None]:
    """Compute in the default environment, and restore that of the caller; also a decorator.  One probe where it is
    the default already.

    Raises FloatingPointError where another environment cannot be replaced.

    >>> with default_rounding():
    ...     rounds_by_default()
    True
    """
    if rounds_by_default():
        yield
        return
    library, saved = _library(), ctypes.create_string_buffer(512)
    if library is not None:
        library.fegetenv(saved)
        library.fesetenv(_default(library))
    try:
        if not rounds_by_default():
            raise FloatingPointError(
                "values are rounded correctly only where the processor rounds to nearest and keeps subnormal numbers: "
                "this thread has another rounding mode or flushes them to zero; restore its default environment"
            )
        yield
    finally:
        if library is not None:
            library.fesetenv(saved)


def _library() -> Any:
    """Return the C library, where its default environment can be named, or None."""
    if sys.platform not in ("linux", "darwin"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "fegetenv") and hasattr(library, "fesetenv") else None


def _default(library: Any) -> Any:
    """Return FE_DFL_ENV: -1 in the C libraries of Linux, the address of a variable on macOS."""
    if sys.platform == "linux":
        return ctypes.c_void_p(-1)
    return ctypes.byref(ctypes.c_char.in_dll(library, "_FE_DFL_ENV"))


# -- types ------------------------------------------------------------------------------------


class BinaryFormat(NamedTuple):
    """A binary floating-point type: bits of its significand, the least exponent of a normal number 1.xxx·2^e, the
    largest number, and the type in which arrays of it are stored."""

    precision: int
    least_exponent: int
    largest: float
    storage: np.dtype

    @property
    def unit(self) -> float:
        """Half the distance from 1 to the next number, the largest relative error of a rounding."""
        return 2.0**-self.precision


BINARY_FORMATS = {
    "float64": BinaryFormat(53, -1022, float(np.finfo(np.float64).max), np.dtype("<f8")),
    "float32": BinaryFormat(24, -126, float(np.finfo(np.float32).max), np.dtype("<f4")),
    "float16": BinaryFormat(11, -14, float(np.finfo(np.float16).max), np.dtype("<f2")),
    "bfloat16": BinaryFormat(8, -126, float(2**127 * (2 - 2**-7)), np.dtype("<u2")),
}


@default_rounding()
def stored(values: NDArray[np.float64], dtype: str) -> NDArray[Any]:
    """Return numbers of a type in that type; bfloat16 as the upper 16 bits of float32, in uint16.

    >>> stored(np.array([1.0, -2.0]), "bfloat16")
    array([16256, 49152], dtype=uint16)
    """
    if dtype == "bfloat16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2")
    return values.astype(BINARY_FORMATS[dtype].storage)


def as_doubles(array: NDArray[Any], dtype: str) -> NDArray[np.float64]:
    """Return stored numbers of a type as doubles.

    >>> as_doubles(np.array([16256], np.uint16), "bfloat16")
    array([1.])
    """
    if dtype == "bfloat16":
        return (array.astype("<u4") << 16).view("<f4").astype(np.float64)
    return array.astype(np.float64, copy=False)

"""Memory of arrays: refuse what does not fit before anything is allocated; types and byte order of numbers."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.quoted import quoted


def physical_memory() -> int:
    """Return the bytes of memory of this machine (a 64 GiB guess where the system does not tell).

    >>> physical_memory() > 0
    True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 64 << 30


def require_memory(needed: int, what: str) -> None:
    """Raise MemoryError, naming the bytes, when what needs more than this machine has.

    >>> require_memory(1 << 80, "the table")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    MemoryError: the table needs 1208925819614629174706176 bytes, this machine has ...
    """
    available = physical_memory()
    if needed > available:
        bits = needed.bit_length()  # Python refuses to write out very long integers
        amount = needed if bits < 400 else f"more than 2^{bits - 1}"
        raise MemoryError(f"{what} needs {amount} bytes, this machine has {available}")


def float_type(value: Any) -> np.dtype[Any]:
    """Return float32 or float64, however it is spelled; None, which numpy takes for float64, is neither.

    >>> float_type("float32"), float_type(float)
    (dtype('float32'), dtype('float64'))
    """
    try:
        kind = "nothing" if value is None else np.dtype(value)
    except (TypeError, ValueError):
        kind = quoted(value)
    if isinstance(kind, str) or kind not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {kind}")
    return kind


def native(value: Any) -> NDArray[Any]:
    """Return an array in the byte order of this machine, which is the only one that kernels read; others are copied.

    >>> native(np.array([1.0, 2.0], ">f8")).dtype.isnative
    True
    """
    array = np.asarray(value)
    return array.astype(array.dtype.newbyteorder("="), copy=False)

"""The one place that compiles.

``kernel`` is ``numba.njit(cache=True)`` with two defects of the cache mended:

- numba stamps a cached kernel with the file that defines it, so that a change in a *helper* of another file leaves
the old machine code
  in use.  Here the stamp is a digest of all kernel sources.
- an installation that cannot be written, for a user without a home folder, makes numba raise at import.  Here the
kernel is then compiled
  without a cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return a digest of every kernel source file.

    >>> len(source_digest())
    64
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function lazily, in nopython mode, without the global interpreter lock, cached between processes.

    >>> kernel(lambda x: x + 1)(2)
    3
    """
    try:
        compiled: Any = njit(function, cache=True, nogil=True, error_model="numpy")
    except RuntimeError:  # "cannot cache function ...: no locator available"
        return njit(function, nogil=True, error_model="numpy")
    cache_file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if cache_file is not None:
        cache_file._source_stamp = source_digest()
    return compiled

"""Decorators that compile: cached kernels, and functions that are called by their address.

``kernel`` is ``numba.njit(cache=True)`` with four defects of the cache mended:

- numba stamps a cached kernel with the file that defines it, so that a change in a *helper* of another file leaves
  the old machine code in use.  Here the stamp is a digest of all kernel sources.
- an empty, truncated or garbled cache file ends the call in an exception of ``pickle``, or worse, in wrong machine
  code.  Here every file carries its checksum, and a damaged one is compiled again and replaced.
- of two processes that save at once, one may leave an index that names the other's file.  Here every file says which
  signature it holds.
- a cache that cannot be read or written (a full disk, a quota, no permission, no place at all) raises.  Here the
  kernel is then compiled without a cache, and one warning per process says so.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit, typeof
from numba.core import sigutils
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc

#: Changes with the form of the files below, so that files of another form are not read.
FORM = "coupling-1"


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return a digest of every source file of kernels and programs, and of ``coupling.numba``.

    >>> len(source_digest())
    64
    """
    digest, package = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(file for place in ("kernels/*.py", "programs/*.py", "numba.py") for file in package.glob(place)):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class DamagedError(ValueError):
    """A cache file is not what was written."""


class CheckedFiles(IndexDataCacheFile):
    """The index and the data files of a kernel: each is SHA-256 of the rest, then what numba pickles."""

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(folder, name, source_digest())
        self._version = f"{self._version} {FORM}"

    def save(self, key: Any, data: Any) -> None:
        """Save the machine code for a signature, with the signature; a damaged index is begun anew."""
        try:
            self._load_index()
        except DamagedError:
            self.flush()
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        """Return the machine code for a signature, or None."""
        found = super().load(key)
        return found[1] if found is not None and found[0] == key else None

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)
        return hashlib.sha256(data).digest() + data

    def _load_index(self) -> Any:
        try:
            whole = Path(self._index_path).read_bytes()
        except FileNotFoundError:
            return {}
        head = pickle.dumps(self._version, protocol=-1)
        if not whole.startswith(head):
            return _of_another_version(whole, self._index_path)
        stamp, overloads = _checked(whole[len(head) :], self._index_path)
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        path = self._data_path(name)
        return _checked(Path(path).read_bytes(), path)


def _of_another_version(whole: bytes, path: str) -> dict[Any, Any]:
    """Return an empty index if the file begins with the name of a version, as every index does."""
    try:
        version = pickle.loads(whole)
    except Exception:  # whatever pickle raises for bytes that are none of its own
        version = None
    if not isinstance(version, str):
        raise DamagedError(f"{os.path.basename(path)} is damaged")
    return {}


def _checked(whole: bytes, path: str) -> Any:
    if hashlib.sha256(whole[32:]).digest() != whole[:32]:
        raise DamagedError(f"{os.path.basename(path)} is damaged")
    return pickle.loads(whole[32:])


class KernelCache(FunctionCache):
    """numba's cache of one kernel; whatever goes wrong in it, the kernel is compiled."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = CheckedFiles(self._cache_path, self._impl.filename_base)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:
            _warn_once(error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save the compiled kernel for a signature, if that is possible."""
        try:
            super().save_overload(sig, data)
        except Exception as error:
            _warn_once(error)


_WARNED: list[Exception] = []


def _warn_once(error: Exception) -> None:
    if not _WARNED:
        _WARNED.append(error)
        warnings.warn(
            f"the cache of compiled kernels cannot be used, kernels are compiled in this process: {error}; "
            "NUMBA_CACHE_DIR names another folder for it",
            RuntimeWarning,
            stacklevel=2,
        )


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function lazily, in nopython mode, without the global interpreter lock, cached between processes.

    >>> kernel(lambda x: x + 1)(2)
    3
    """
    compiled: Any = njit(function, nogil=True, error_model="numpy")
    if hasattr(compiled, "_cache"):  # not so where NUMBA_DISABLE_JIT leaves the function as it is
        _cache(compiled, function)
    return compiled


def entry_point(compiled: Any, *arguments: Any) -> Any:
    """Return a kernel for the types of some arguments, to be called without numba's search for them in every call.

    Later arguments must have the same types: of an array no more than the number of axes and the size of an item is
    checked, so it must have the layout and the dtype, and it may be writeable where the first one is read-only.

    >>> import numpy as np
    >>> entry_point(kernel(lambda x: x.sum()), np.ones(2))(np.ones(3))
    3.0
    """
    if not hasattr(compiled, "overloads"):  # NUMBA_DISABLE_JIT
        return compiled
    types = tuple(map(typeof, arguments))
    compiled.compile(types)
    return compiled.overloads[types].entry_point


def compiled_function(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that is called by its ``.address``, cached between processes.

    It may close over numbers and texts only, which identify it in the cache.

    >>> from numba.core import types
    >>> compiled_function(types.float64(types.float64), lambda x: 2 * x).address != 0
    True
    """
    compiled = CFunc(function, sigutils.normalize_signature(signature), locals={}, options={})
    _cache(compiled, function)
    compiled.compile()
    return compiled


def _cache(compiled: Any, function: Callable[..., Any]) -> None:
    try:
        compiled._cache = KernelCache(function)
    except RuntimeError as error:  # "cannot cache function ...: no locator available"
        if os.path.exists(function.__code__.co_filename):  # what is typed at a prompt has no place anyway
            _warn_once(error)

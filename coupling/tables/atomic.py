"""Files that appear whole or not at all, whatever kills the writer.

A file is written under a temporary name beside its place, flushed to the disk, and renamed.  The writer holds a lock on
the temporary file; the system drops the lock when the process ends, however it ends.  So a temporary file that nobody
has locked was left by a killed process, and the next writer removes it.
"""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, so nothing is ever taken for abandoned
    fcntl = None  # type: ignore[assignment]

#: The last files that this process has finished, in order: what an interruption leaves behind.
FINISHED: deque[Path] = deque(maxlen=1 << 14)


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Give the file name to errors of the system that have none: a full disk, a failing one, a refused mapping.

    >>> with naming("real-l8.safetensors"):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'real-l8.safetensors'
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None


@contextmanager
def replacing(path: Path, flush: bool = True) -> Iterator[BinaryIO]:
    """Give a new binary file that takes the place of ``path`` when the block ends without an exception.

    Without ``flush`` a killed process still leaves all or nothing, but a machine that loses its power may not.  Raises
    OSError where nothing can be written, and for a device, a pipe or a folder, whose place a file must not take.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} must be a file, or new, to be written; got a folder, a device or a pipe")
    remove_abandoned(path)
    try:
        temporary, file = _create(path)
    except OSError as error:  # of the file that was asked for, not of the temporary one
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        with naming(path), file:
            yield file
            file.flush()
            if flush:
                os.fsync(file.fileno())
            if not fcntl:
                file.close()  # Windows does not rename an open file; elsewhere it stays locked until it has its name
            os.replace(temporary, path)
        if flush:
            _flush_folder(path.parent)
        FINISHED.append(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of ``path``, which need not exist: one process at a time, the others wait.

    The lock is on an empty file ``.<name>.lock`` beside it, which stays; it ends with the process that holds it.  Where
    the system has no such locks (Windows, some network disks) nobody waits; then two may do the same work.
    """
    with open(path.with_name(f".{path.name}.lock"), "ab") as file:
        _lock(file, wait=True)
        yield


def remove_abandoned(path: Path) -> int:
    """Remove what killed writers of ``path`` left beside it, and return how many files that were."""
    pattern = f".{glob.escape(path.name)}.{'[0-9a-f]' * 16}.tmp"
    return sum(_remove_unlocked(file) for file in path.parent.glob(pattern)) if fcntl else 0


def _create(path: Path) -> tuple[Path, BinaryIO]:
    while True:
        temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
        file = open(temporary, "xb")
        _lock(file, wait=True)
        if temporary.exists():  # else another writer took it for abandoned in the moment before it was locked
            return temporary, file
        file.close()


def _lock(file: BinaryIO, wait: bool) -> bool:
    if fcntl:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            return False
    return True


def _remove_unlocked(path: Path) -> bool:
    with suppress(FileNotFoundError, PermissionError), open(path, "rb") as file:
        if _lock(file, wait=False):
            path.unlink()
            return True
    return False


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

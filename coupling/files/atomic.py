"""Files that appear whole or not at all, whatever kills the writer.

A file is written under a temporary name beside its place, flushed to the disk, and renamed.  The writer holds a lock on
the temporary file; the system drops the lock when the process ends, however it ends.  So a temporary file without a
lock was left by a killed process, and the next writer removes it.
"""

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import accumulate, cycle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from coupling.files import Kind
from coupling.files.container import NO_CHECKSUM, Tensor, encode_header, naming, open_regular
from coupling.files.ownership import holds, kind_of, require_replaceable

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, so nothing is ever taken for abandoned
    fcntl = None  # type: ignore[assignment]

#: Seconds that a process waits for another one that builds the same file.
PATIENCE = 600.0
#: Seconds between two attempts to get a lock.
PAUSE = 0.02
#: Bytes that are read together to be hashed.
BLOCK = 1 << 20
#: A writer releases the page cache after every STRETCH bytes, in files of more than LARGE bytes.
STRETCH, LARGE = 1 << 26, 1 << 30
#: The last files that this process has finished, in order: what an interruption leaves behind.
FINISHED: deque[Path] = deque(maxlen=1 << 14)


def write_file(path: Path, content: bytes, *, force: bool = False) -> bool:
    """Write a whole file and return whether it has changed; :mod:`coupling.files.ownership` says what may be replaced.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [write_file(Path(folder) / "mine.txt", b"mine") for _ in range(2)]
    [True, False]
    """
    if holds(path, content):
        return False
    with replacing(path, kind=kind_of(content), force=force) as file:
        file.write(content)
    return True


@contextmanager
def replacing(path: Path, flush: bool = True, *, kind: Kind | None = None, force: bool = False) -> Iterator[BinaryIO]:
    """Give a new binary file that takes the place of ``path`` when the block ends without an exception.

    A file that is there is replaced if it is of the same kind, empty, or ``force`` is given, else FileExistsError is
    raised; a symbolic link stays and leads to the new file.  Without ``flush`` a killed process still leaves all or
    nothing, but a machine that loses its power may not.  Raises OSError where nothing can be written, and for a device,
    a pipe or a folder, whose place a file must not take.
    """
    require_replaceable(path, kind, force)
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    remove_abandoned(path)
    try:
        temporary, file = _create(path)
    except OSError as error:  # of the requested file, not of the temporary one
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
def locked(path: Path, patience: float | None = None) -> Iterator[None]:
    """Hold the lock of ``path``, which need not exist: one process at a time, the others wait.

    The lock is on a file ``.<name>.lock`` beside it, which stays and says who had it last; it ends with the process
    that holds it.  Raises TimeoutError, naming the holder, after ``patience`` seconds (ten minutes).  Where the system
    has no such locks (Windows, some network disks), no process waits, and two may do the same work.
    """
    lock = path.with_name(f".{path.name}.lock")
    with _lock_file(lock) as file:
        _wait_for(file, path, PATIENCE if patience is None else patience)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename if fcntl else 'this machine'}".encode())
        file.flush()
        yield


def _lock_file(lock: Path) -> BinaryIO:
    with suppress(FileNotFoundError):
        open_regular(lock).close()  # a pipe in its place would be waited for
    return open(lock, "ab")


def _wait_for(file: BinaryIO, path: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while _lock(file) is False:
        if time.monotonic() > end:
            lock = Path(file.name)
            holder = lock.read_bytes()[:200].decode("utf-8", "replace") or "another process"
            raise TimeoutError(
                f"{path} has been locked by {holder} for {patience:g} s: wait until it has built the file, or end it; "
                f"the lock is on {lock}"
            )
        time.sleep(PAUSE)


def remove_abandoned(path: Path) -> int:
    """Remove what killed writers of ``path`` left beside it, and return how many files that were."""
    pattern = f".{glob.escape(path.name)}.{'[0-9a-f]' * 16}.tmp"
    return sum(map(_remove_unlocked, path.parent.glob(pattern))) if fcntl else 0


def _create(path: Path) -> tuple[Path, BinaryIO]:
    while True:
        temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
        file = open(temporary, "x+b")  # noqa: SIM115 - the caller closes it
        if _lock(file) is not False and temporary.exists():
            return temporary, file
        file.close()  # another writer took it for abandoned in the moment before it was locked


def _lock(file: BinaryIO) -> bool | None:
    """Lock a file; return False where another process has it, None where there are no locks."""
    if fcntl:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True
    return None


def _remove_unlocked(path: Path) -> bool:
    with suppress(OSError), open_regular(path) as file:
        if _lock(file):
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


def write(
    path: Path,
    metadata: Mapping[str, Any],
    tensors: Sequence[Tensor],
    arrays: Iterable[NDArray[Any]],
    *,
    flush: bool = True,
    force: bool = False,
) -> dict[str, Any]:
    """Write a file of these arrays, in the order of the tensors; return the metadata with their checksum.

    flush : wait until it is on the disk
    force : over any file; otherwise FileExistsError is raised for one that is of another kind, or of a newer schema
    """
    pieces = zip((tensor.name for tensor in tensors), arrays, strict=False)
    return write_pieces(path, metadata, tensors, pieces, flush=flush, force=force)


def write_pieces(
    path: Path,
    metadata: Mapping[str, Any],
    tensors: Sequence[Tensor],
    pieces: Iterable[tuple[str, NDArray[Any]]],
    *,
    flush: bool = True,
    force: bool = False,
) -> dict[str, Any]:
    """Write a file whose arrays arrive in pieces, by turns: each goes to the next place of the array that it names.

    Nothing is written twice.  What arrives in the order of the file is hashed, by another thread, while it is written;
    the rest is read once, on its way to the disk.  The hashed part of a large file leaves the page cache as soon as it
    is on the disk.
    """
    blank = encode_header({**metadata, "checksum": NO_CHECKSUM}, tensors)
    digest, hashed = hashlib.sha256(blank), len(blank)
    ends = list(accumulate((tensor.bytes for tensor in tensors), initial=len(blank)))
    places = {tensor.name: start for tensor, start in zip(tensors, ends, strict=False)}
    released = 0 if ends[-1] > LARGE else ends[-1]
    with replacing(path, flush, kind=kind_of(blank), force=force) as file, ThreadPoolExecutor(2) as pool:
        file.write(blank)
        hashing: Future[Any] = pool.submit(bytes)
        for name, piece in pieces:
            data = np.ascontiguousarray(piece, piece.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data
            if places[name] == hashed:
                hashing.result()  # one piece at a time, in order
                hashing = pool.submit(digest.update, data)
                hashed += len(data)
            file.seek(places[name])
            file.write(data)
            places[name] += len(data)
            if hashed - released > STRETCH:
                release(file, released := hashed)
        if list(places.values()) != ends[1:]:
            raise ValueError(f"{path}: the pieces do not fill the tensors {list(tensors)}")
        file.flush()
        flushing = pool.submit(os.fsync, file.fileno()) if flush and released < ends[-1] else hashing
        file.seek(hashed)
        for block in cycle([memoryview(bytearray(BLOCK)) for _ in range(2)]):
            count = file.readinto(block)  # type: ignore[attr-defined]
            hashing.result()
            if not count:
                break
            hashing = pool.submit(digest.update, block[:count])
        flushing.result()
        final = {**metadata, "checksum": digest.hexdigest()}
        file.seek(0)
        file.write(encode_header(final, tensors))
    return final


def release(file: BinaryIO, end: int) -> None:
    """Start writing the file up to ``end`` to the disk, and drop from the page cache what is written; do not wait.

    A large file then reuses a few pages.  Fresh pages cost more than the writing itself on a machine that gets its
    memory on demand, and evict what other programs have read.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, end, os.POSIX_FADV_DONTNEED)

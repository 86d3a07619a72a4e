"""The bytes of a table file: safetensors with a canonical header and a checksum over every byte.

safetensors is 8 bytes (little-endian length n of the header), n bytes of JSON, then the arrays without gaps.  Added:

- the metadata have one key, ``coupling``, whose value is one canonical JSON text (several keys are not byte-stable);
- the header is padded with spaces so that the arrays start on a multiple of 64 bytes, the float64 arrays first;
- ``checksum`` in the metadata is the SHA-256 of the whole file with the checksum itself written as 64 zeros.

The header is thus determined by the metadata and the shapes, and the reader accepts no other.  Arrays are written
chunk by chunk, so the size of a file is not limited by memory, and read as read-only memory maps.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.files import TableError
from coupling.floating_point import default_rounding
from coupling.memory import require_memory

ALIGNMENT = 64
HEADER_LIMIT = 1 << 16
NO_CHECKSUM = "0" * 64
#: What is neither a file nor a folder.
SPECIAL = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
#: safetensors dtype → numpy dtype; numpy has no bfloat16, its bits are read as uint16
DTYPES = {
    name: np.dtype(code)
    for name, code in (
        ("F64", "<f8"), ("I64", "<i8"), ("I8", "i1"), ("U8", "u1"), ("U16", "<u2"), ("U32", "<u4"), ("U64", "<u8"),
        ("F32", "<f4"), ("F16", "<f2"), ("BF16", "<u2"),
    )
}  # fmt: skip


@default_rounding()
def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, ASCII.

    >>> canonical_json({"b": [1, 2], "a": "x"})
    '{"a":"x","b":[1,2]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def file_name(name: str) -> str:
    """Return the name of the file of a table.

    >>> file_name("real-l8")
    'real-l8.safetensors'
    """
    return f"{name}.safetensors"


class Tensor(NamedTuple):
    """Name, safetensors dtype and shape of one array of a file."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize

    @classmethod
    def of(cls, name: str, array: NDArray[Any]) -> Tensor:
        """Return what describes an array of numbers; one of uint16 is not taken for the bits of bfloat16.

        >>> Tensor.of("path", np.zeros((2, 3), "<u2"))
        Tensor(name='path', dtype='U16', shape=(2, 3))
        """
        code = next(code for code, dtype in DTYPES.items() if dtype == array.dtype and code != "BF16")
        return cls(name, code, array.shape)


def encode_header(metadata: Mapping[str, Any], tensors: Sequence[Tensor]) -> bytes:
    """Return the length field and the padded header of a file."""
    entries: dict[str, object] = {"__metadata__": {"coupling": canonical_json(metadata)}}
    start = 0
    for tensor in tensors:
        entries[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [start, start + tensor.bytes],
        }
        start += tensor.bytes
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=True).encode()
    padded = text + b" " * (-(8 + len(text)) % ALIGNMENT)
    return len(padded).to_bytes(8, "little") + padded


def special(mode: int) -> str:
    """Return what is neither a file nor to be written over: a folder, a pipe, a socket or a device."""
    return next((name for test, name in SPECIAL if test(mode)), "a device")


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file to be read.  Raises OSError for a folder, a pipe, a device or a socket, without waiting for any.

    >>> open_regular("/dev/zero")
    Traceback (most recent call last):
    OSError: /dev/zero must be a regular file, got a device
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(mode := os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{os.fspath(path)} must be a regular file, got {special(mode)}")
    return os.fdopen(descriptor, "rb")


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a file of at most ``limit`` bytes; raises OSError for what is no file, ValueError for more.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     read_regular(file.name, 65536)
    b''
    """
    with open_regular(path) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise ValueError(f"{os.fspath(path)} must have at most {limit} bytes, got more")
    return raw


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


class Content(NamedTuple):
    """A file that was read: metadata, arrays by name (read-only views of the mapped file), where in the file each of
    them begins, what the header said, and all bytes of the file."""

    metadata: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    starts: dict[str, int]
    tensors: list[Tensor]
    data: NDArray[np.uint8]


def read(path: Path, verify: bool = True, mapped: bool = True) -> Content:
    """Map a file and check header, layout, size and (``verify``) checksum; raise TableError if anything is wrong.

    Allocates no more than the header, which is at most 64 KiB and no longer than the file; without ``mapped``, then the
    file.  Raises OSError for what is no file, a folder, a pipe or a device.
    """
    with naming(path), open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        header = _read_header(path, file, size)
        metadata, tensors = _parse_header(path, header)
        _check_layout(path, header, metadata, tensors, size)
        data = np.memmap(file, np.uint8, mode="r") if mapped else _copy(path, file, size)
    ends = accumulate((tensor.bytes for tensor in tensors), initial=len(header))
    starts = {tensor.name: start for tensor, start in zip(tensors, ends, strict=False)}
    data = np.asarray(data)
    content = Content(metadata, _arrays(data, starts, tensors), starts, tensors, data)
    if verify:
        check_checksum(path, content)
    return content


def _copy(path: Path, file: BinaryIO, size: int) -> NDArray[np.uint8]:
    require_memory(size, f"{path} in memory")
    file.seek(0)
    data = np.fromfile(file, np.uint8, size)
    if len(data) < size:
        raise TableError(path, "size", f"{size} bytes, as a moment ago", len(data))
    return data


def _read_header(path: Path, file: BinaryIO, size: int) -> bytes:
    if size < 8:
        raise TableError(path, "size", "at least 8 bytes", size)
    prefix = file.read(8)
    length = int.from_bytes(prefix, "little")
    if length > min(HEADER_LIMIT, size - 8):
        raise TableError(path, "header length", f"at most {min(HEADER_LIMIT, size - 8)}", length)
    return prefix + file.read(length)


def _parse_header(path: Path, header: bytes) -> tuple[dict[str, Any], list[Tensor]]:
    try:
        entries = _json(header[8:].decode("ascii"))
        metadata = _json(entries.pop("__metadata__")["coupling"])
        tensors = [Tensor(name, entry["dtype"], tuple(entry["shape"])) for name, entry in entries.items()]
        known = isinstance(metadata, dict) and all(_plausible(tensor) for tensor in tensors)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TableError(path, "header", "a safetensors header with metadata 'coupling'", repr(error)) from None
    if not known:
        raise TableError(path, "header", f"arrays of type {', '.join(DTYPES)} and their shapes", tensors)
    return metadata, tensors


@default_rounding()
def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a double")
    return number


def _plausible(tensor: Tensor) -> bool:
    sizes = all(type(n) is int and 0 <= n < 2**48 for n in tensor.shape)
    return tensor.dtype in DTYPES and sizes and len(tensor.shape) < 4


def _check_layout(path: Path, header: bytes, metadata: dict[str, Any], tensors: list[Tensor], size: int) -> None:
    expected = len(header) + sum(tensor.bytes for tensor in tensors)
    if size != expected:
        raise TableError(path, "size", f"{expected} bytes", size)
    if encode_header(metadata, tensors) != header:
        raise TableError(path, "header", "canonical JSON, arrays without gaps, padding to 64 bytes", "another layout")


def check_checksum(path: Path, content: Content) -> None:
    """Read a file whole and raise TableError unless its checksum is the one in its metadata.

    Readers call it last: a file whose header promises too much is refused unread.
    """
    stated = content.metadata.get("checksum")
    header = encode_header({**content.metadata, "checksum": NO_CHECKSUM}, content.tensors)
    digest = hashlib.sha256(header)
    digest.update(content.data[min(content.starts.values(), default=len(content.data)) :].data)
    if not isinstance(stated, str) or not re.fullmatch("[0-9a-f]{64}", stated) or stated != digest.hexdigest():
        raise TableError(path, "checksum", digest.hexdigest(), stated)


def _arrays(data: NDArray[np.uint8], starts: Mapping[str, int], tensors: Sequence[Tensor]) -> dict[str, NDArray[Any]]:
    pieces = (data[starts[tensor.name] :][: tensor.bytes] for tensor in tensors)
    return {
        tensor.name: piece.view(DTYPES[tensor.dtype]).reshape(tensor.shape)
        for tensor, piece in zip(tensors, pieces, strict=True)
    }

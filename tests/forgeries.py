"""Table files with a change and a checksum that fits it, and what reading says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from coupling.files.atomic import write
from coupling.files.container import Tensor, read
from coupling.tables import TableError, load


def forge(file: Path, target: Path, change: Callable[[dict[str, Any], dict[str, NDArray[Any]]], object]) -> Path:
    """Write a file with changed metadata or arrays, and a checksum that fits them."""
    content = read(file)
    metadata = json.loads(json.dumps(content.metadata))
    arrays = {name: array.copy() for name, array in content.arrays.items()}
    change(metadata, arrays)
    del metadata["checksum"]
    codes = {"f8": "F64", "i8": "I64", "i1": "I8", "u1": "U8"}
    tensors = [Tensor(name, codes[array.dtype.str[1:]], array.shape) for name, array in arrays.items()]
    write(target, metadata, tensors, arrays.values())
    return target


def put(path: str, value: object) -> Callable[..., None]:
    def change(metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        *outer, last = path.split(".")
        for key in outer:
            metadata = metadata[key]
        metadata[last] = value

    return change


def drop(key: str) -> Callable[..., object]:
    return lambda metadata, arrays: metadata.pop(key)


def entry(name: str, index: Any, value: object) -> Callable[..., None]:
    return lambda metadata, arrays: arrays[name].__setitem__(index, value)


def array(name: str, new: Callable[[dict[str, NDArray[Any]]], NDArray[Any]]) -> Callable[..., None]:
    return lambda metadata, arrays: arrays.__setitem__(name, new(arrays))


def exchange(left: str, right: str) -> Callable[..., None]:
    def change(metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        arrays[left], arrays[right] = arrays[right], arrays[left]

    return change


def check_refused(change: Callable[..., object], field: str, file: Path, folder: Path) -> None:
    """A forgery of a file is refused, in words that begin with where it is and with the field."""
    path = forge(file, folder / file.name, change)
    with pytest.raises(TableError) as error:
        load(path)
    assert error.value.field == field
    assert str(error.value).startswith(f"{path}: {field}: expected ")

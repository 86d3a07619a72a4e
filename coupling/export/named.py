"""Export of grids, transforms, encoders and normalizations: every array of a file, under its name."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.arrays import Arrays
from coupling.export.c_header import declaration, guarded
from coupling.export.npz import npz_bytes
from coupling.export.python_module import as_tuple
from coupling.export.source import harmless, identifier
from coupling.files.container import canonical_json
from coupling.floating_point import as_doubles


def npz(arrays: Arrays) -> bytes:
    """Return an .npz file of the arrays."""
    return npz_bytes(arrays.arrays, _metadata(arrays))


def safetensors(arrays: Arrays) -> bytes:
    """Return the file of the arrays as this package keeps it."""
    with TemporaryDirectory() as folder:
        return arrays.save(folder).read_bytes()


def _metadata(arrays: Arrays) -> dict[str, Any]:
    return {key: value for key, value in arrays.metadata.items() if key != "checksum"}


def header(arrays: Arrays) -> str:
    """Return a header for C, C++ and CUDA."""
    label = identifier(arrays.request.name)
    parts = [_sizes(label, arrays)]
    parts += [declaration(f"{label}_{name}", _flat(array)) for name, array in arrays.items()]
    parts += (f'COUPLING_ASSERT(sizeof({label}_{n}) == {a.nbytes}, "{n}");' for n, a in arrays.items())
    return guarded(f"COUPLING_{label.upper()}", _lines(arrays), "\n".join([*parts, ""]), arrays.values())


def _lines(arrays: Arrays) -> list[str]:
    metadata = arrays.metadata
    facts = ", ".join(f"{key} {value}" for key, value in metadata["facts"].items())
    return [
        f"Arrays {arrays.request.name}; {facts or 'no further facts'}.",
        *(f"{name} {list(arrays[name].shape)}: {text}" for name, text in metadata["arrays"].items()),
        f"Convention {metadata['convention']}; {metadata['rounding']}.",
        f"Written by coupling {metadata['package_version']}.",
    ]


def _sizes(label: str, arrays: Arrays) -> str:
    """The numbers among the facts, which are integers but for a spin."""
    facts = {"lmax": arrays.request.lmax, **arrays.metadata["facts"]}
    whole = {key: value for key, value in facts.items() if isinstance(value, int)}
    return "\n".join(f"#define {label.upper()}_{key.upper()} {value}" for key, value in whole.items()) + "\n"


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """An array of matrices is one row per matrix."""
    return array.reshape(len(array), -1) if array.ndim > 2 else array


def module(arrays: Arrays) -> str:
    """Return a module for Python."""
    first, *others = map(harmless, _lines(arrays))
    lines = [f'"""{first}', "", *others, '"""', ""]
    lines.append(f"METADATA = {canonical_json(_metadata(arrays))!r}")
    for name, array in arrays.items():
        numbers: NDArray[np.float64] = as_doubles(array, arrays.request.dtype)
        lines.append(f"{name.upper()} = {as_tuple(numbers.tolist())}")
    return "\n".join(lines) + "\n"

"""Packed records of message passing for e3j: a value and four indices, aligned to a power of two.

    value type   index type   bytes per record
    float32      uint8        8
    float32      int32        32
    float64      uint8        16
    float64      int32        32
    float16      uint8        8
    float16      int32        32

The value comes first, then the indices: row of the output, row of x, harmonic of the edge, path, which e3j calls the
scalar.  Indices are uint8 when none of the four has more than 255 values.  The message of an edge is the sum of value ·
x · y · s over the records.  Records are sorted by their first index; for the gradients e3j wants them in the orders of
:data:`PASSES`, each sorted by its own first index.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CONVENTION_ID
from coupling.export.e3j import MOST_RECORDS, VALUE_TYPES, record_type
from coupling.export.npz import npz_bytes
from coupling.floating_point import stored
from coupling.products import Convolution
from coupling.selection import of_type, one_of

#: name of the records → which of output, x, harmonic and path its four indices are
PASSES = {
    "forward": (0, 1, 2, 3),
    "backward_x": (1, 0, 2, 3),
    "backward_y": (2, 0, 1, 3),
    "backward_scalars": (3, 0, 2, 1),
}


def convolution_records(convolution: Convolution, dtype: str = "float32") -> dict[str, NDArray[Any]]:
    """Return the records of messages and of all gradients as arrays of the index type [E, n].

    dtype: of the values, float32, float64 or float16, each the number of the type that is nearest to the double.
    Raises ValueError for any other and for more records than e3j can count.

    >>> records = convolution_records(Convolution(1, 1, 1))
    >>> {name: array.shape for name, array in records.items()}["backward_y"], records["forward"].dtype
    ((10, 8), dtype('uint8'))
    """
    of_type(convolution, Convolution, "convolution")
    one_of(dtype, VALUE_TYPES, "dtype of e3j records")
    values, index = _entries(convolution)
    if len(values) > MOST_RECORDS:
        raise ValueError(f"e3j counts at most {MOST_RECORDS} records, this convolution has {len(values)}")
    kind = record_type(dtype, "uint8" if max(_sizes(convolution)) <= 255 else "int32", 4)
    return {name: _packed(values, index[:, order], dtype, kind) for name, order in PASSES.items()}


def _sizes(convolution: Convolution) -> tuple[int, int, int, int]:
    """Return how many rows of the output, rows of x, harmonics and paths there are."""
    x, y, z = convolution.sizes
    return z, x, y, len(convolution.paths)


def _entries(convolution: Convolution) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the values, and the four indices [E, 4]: output, x, harmonic, path."""
    values, index = [np.zeros(0)], [np.zeros((0, 4), np.int64)]
    for path, (x, y, z, core) in enumerate(convolution.dense("float64")):
        a, b, k = np.nonzero(core)
        values.append(core[a, b, k])
        index.append(np.column_stack([z.start + k, x.start + a, y.start + b, np.full(len(a), path)]))
    return np.concatenate(values), np.concatenate(index)


def _packed(values: NDArray[np.float64], index: NDArray[np.int64], dtype: str, kind: np.dtype) -> NDArray[Any]:
    order = np.lexsort(index.T[::-1])
    result = np.zeros(len(values), kind)
    result["val"] = stored(values[order], dtype)
    for slot, name in enumerate("ijkl"):
        result[name] = index[order, slot]
    return result.view(kind["i"]).reshape(len(result), kind.itemsize // kind["i"].itemsize)


def convolution_bytes(convolution: Convolution, dtype: str = "float32") -> bytes:
    """Return an .npz file of the four arrays of records; the metadata have the sizes and the paths.

    >>> import io
    >>> sorted(np.load(io.BytesIO(convolution_bytes(Convolution(0, 0, 0)))))
    ['backward_scalars', 'backward_x', 'backward_y', 'forward', 'metadata']
    """
    records = convolution_records(convolution, dtype)
    metadata = {
        "format": "e3j convolution",
        "convention": CONVENTION_ID,
        "dtype": dtype,
        "sizes": dict(zip(("output", "x", "harmonics", "paths"), _sizes(convolution), strict=True)),
        "paths": convolution.paths.tolist(),
        "convolution": convolution.text,
    }
    return npz_bytes(records, metadata)

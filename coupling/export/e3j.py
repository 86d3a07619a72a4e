"""Packed records for the CUDA kernels of e3j: a value and three indices, aligned to a power of two.

    value type   index type   bytes per record
    float32      uint8        8
    float32      int32        16
    float64      uint8        16
    float64      int32        32
    float16      uint8        8
    float16      int32        16

The value comes first, then the indices (output, input1, input2); indices are uint8 when every feature has at most 255
components.  Records are sorted by their first index.  For the backward pass e3j wants the same records as (input1,
output, input2) and (input2, output, input1), each sorted by its own first index.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.export.listing import Listing
from coupling.export.npz import npz_bytes
from coupling.floating_point import stored
from coupling.selection import one_of

VALUE_TYPES = ("float32", "float64", "float16")
#: e3j divides the records among threads with 16-bit arithmetic.
MOST_RECORDS = 65535
#: name of the records → slots of their three indices, order in which they are sorted
PASSES = {
    "forward": ((2, 0, 1), "output"),
    "backward_input1": ((0, 2, 1), "input1"),
    "backward_input2": ((1, 2, 0), "input2"),
}


def record_type(value: str, index: str, indices: int = 3) -> np.dtype:
    """Return the structured type of a record with three or four indices, padded to the next power of two.

    >>> [record_type(v, i).itemsize for v in ("float32", "float64", "float16") for i in ("uint8", "int32")]
    [8, 16, 16, 32, 8, 16]
    """
    v, i = np.dtype(value).newbyteorder("<"), np.dtype(index).newbyteorder("<")
    first = -(-v.itemsize // i.itemsize) * i.itemsize
    size = 1 << (v.itemsize + indices * i.itemsize - 1).bit_length()
    offsets = [0, *(first + k * i.itemsize for k in range(indices))]
    names, formats = ["val", *"ijkl"[:indices]], [v, *[i] * indices]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def pass_records(listing: Listing) -> dict[str, NDArray[Any]]:
    """Return the records of the forward pass and of both backward passes as arrays of the index type [E, n].

    A framework that knows no structured types takes them like this.  Raises ValueError for a type that e3j does not
    know and for more records than it can count.
    """
    one_of(listing.dtype, VALUE_TYPES, "dtype of e3j records")
    if len(listing) > MOST_RECORDS:
        raise ValueError(f"e3j counts at most {MOST_RECORDS} records, this export has {len(listing)}")
    kind = record_type(listing.dtype, "uint8" if max(listing.sizes) <= 255 else "int32")
    return {name: _packed(listing, slots, order, kind) for name, (slots, order) in PASSES.items()}


def _packed(listing: Listing, slots: tuple[int, int, int], order: str, kind: np.dtype) -> NDArray[Any]:
    ordered = listing.reordered(order)
    result = np.zeros(len(ordered), kind)
    result["val"] = stored(ordered.values, listing.dtype)
    for name, slot in zip("ijk", slots, strict=True):
        result[name] = ordered.index[:, slot]
    index = kind["i"]
    return result.view(index).reshape(len(result), kind.itemsize // index.itemsize)


def e3j_bytes(listing: Listing) -> bytes:
    """Return an .npz file of the three arrays of records."""
    missing = listing.sizes[2] - len(np.unique(listing.index[:, 2]))
    metadata = {**listing.metadata, "order": "output", "outputs_without_records": missing}
    return npz_bytes(pass_records(listing), metadata)

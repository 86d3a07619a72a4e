"""Paths for cuEquivariance: one scalar coefficient per non-zero entry, the form of its uniform kernels."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from coupling.export.listing import Listing
from coupling.integers import count


def descriptor(listing: Listing, channels: int = 1, weights: bool = False) -> dict[str, Any]:
    """Return the dictionary of a ``SegmentedTensorProduct``, "u,u,u", or "u,u,u,u" with weights.

    Operands: (weights [path, u],) input1 [index, u], input2 [index, u], output [index, u]; a segment is one index
    with all its channels.  Features are thus channels-last, with ir_mul layout.  Raises ValueError for coefficients
    that are imaginary and for channels < 1.
    """
    if listing.imaginary:
        raise ValueError(f"{listing.family} is imaginary in the complex basis; cuEquivariance has real coefficients")
    channels = count(channels, "channels")
    sizes = ([len(listing.paths)] if weights else []) + list(listing.sizes)
    rows = listing.index.tolist()
    if weights:
        rows = [[path, *row] for path, row in zip(listing.path.tolist(), rows, strict=True)]
    return {
        "subscripts": ",".join("u" * len(sizes)),
        "operands": [{"segments": [[channels]] * size} for size in sizes],
        "paths": {"indices": rows, "coefficients": listing.values.tolist()},
    }


def descriptor_json(listing: Listing, channels: int = 1, weights: bool = False) -> str:
    """Return the JSON that ``cuequivariance.SegmentedTensorProduct.from_json`` reads; it ignores the key metadata."""
    return json.dumps({**descriptor(listing, channels, weights), "metadata": listing.metadata}) + "\n"


def segmented_tensor_product(listing: Listing, channels: int = 1, weights: bool = False) -> Any:
    """Return a ``cuequivariance.SegmentedTensorProduct``; needs cuequivariance.

    >>> from coupling.export.listing import list_table
    >>> from coupling.tables import Request, build
    >>> segmented_tensor_product(list_table(build(Request(lmax=1)), "cuequivariance")).num_paths
    16
    """
    cue = import_module("cuequivariance")
    return cue.SegmentedTensorProduct.from_dict(descriptor(listing, channels, weights))

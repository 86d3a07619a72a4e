"""The arrays of an export: columns in the order of the program's axes, the narrowest index types, a palette."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.export.listing import SORTED_SLOT, Listing
from coupling.export.path_vectors import path_vectors
from coupling.export.rounding import stored

Store = Callable[[NDArray[np.float64], str], NDArray[Any]]

#: What an array is called for the slot it belongs to.
SLOT_NAMES = ("input1", "input2", "output")


class ArrayOptions(NamedTuple):
    """What a format may be asked for besides convention, family, type and order; see ``coupling.export``."""

    palette: bool = False
    transposes: bool = False
    path_vectors: bool = False
    channels: int = 1
    weights: bool = False


class Palette(NamedTuple):
    """Distinct values in ascending order, and which of them each entry has."""

    values: NDArray[np.float64]
    which: NDArray[Any]


def narrowest(largest: int) -> np.dtype:
    """Return the smallest unsigned type that holds an integer.

    >>> narrowest(255), narrowest(256)
    (dtype('uint8'), dtype('uint16'))
    """
    return np.dtype(next(t for t in ("u1", "<u2", "<u4", "<u8") if largest <= np.iinfo(t).max))


def palette_of(listing: Listing) -> Palette:
    """Return the palette form of the values."""
    values, index = np.unique(listing.values, return_inverse=True)
    return Palette(values, index.reshape(-1).astype(narrowest(len(values) - 1)))


def columns(listing: Listing) -> dict[str, NDArray[Any]]:
    """Return the flat indices, one array per slot, in the order of the axes of the convention."""
    dtype = narrowest(max(listing.sizes) - 1)
    return {SLOT_NAMES[slot]: listing.index[:, slot].astype(dtype) for slot in listing.convention.slots}


def arrays(listing: Listing, options: ArrayOptions, store: Store = stored) -> dict[str, NDArray[Any]]:
    """Return all arrays of an export by name.

    paths uint8 [P, 3], (input1, input2, output); with path vectors, those of :func:`path_vectors` [P]; starts; path;
    input1, input2, output: flat indices; orders; values, or palette and value_index, values in the form that
    store(values, dtype) gives them.  With transposes the same again under names in _input1 and _input2, for the
    backward pass, sorted by each input: dL/dx[input1] = Σ value · dL/dz[output] · y[input2], and dL/dy[input2]
    likewise; the listing is then one in the order "output".
    """
    of_paths: dict[str, NDArray[Any]] = {"paths": listing.paths}
    if options.path_vectors:
        of_paths |= {name: store(values, listing.dtype) for name, values in path_vectors(listing).items()}
    result = of_paths | _of_entries(listing, options, store)
    for order in ("input1", "input2") if options.transposes else ():
        turned = _of_entries(listing.reordered(order), options, store)
        result |= {f"{name}_{order}": array for name, array in turned.items() if name != "palette"}
    return result


def _of_entries(listing: Listing, options: ArrayOptions, store: Store) -> dict[str, NDArray[Any]]:
    result: dict[str, NDArray[Any]] = {
        "starts": listing.starts.astype(narrowest(len(listing))),
        "path": listing.path.astype(narrowest(max(len(listing.paths) - 1, 0))),
        **columns(listing),
        "orders": listing.orders,
    }
    if options.palette:
        colours = palette_of(listing)
        return {**result, "palette": store(colours.values, listing.dtype), "value_index": colours.which}
    return {**result, "values": store(listing.values, listing.dtype)}


def starts_of(listing: Listing) -> str:
    """Return what ``starts`` counts."""
    slot = SORTED_SLOT.get(listing.order)
    return "path" if slot is None else f"index of {SLOT_NAMES[slot]}"

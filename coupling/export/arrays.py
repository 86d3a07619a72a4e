"""The arrays of an export: columns in the order of the program's axes, narrow index types, a palette.

Path vectors turn the coupling tensor of an export into any other family, and back: one number per path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.exact.surd import Surd
from coupling.export.entries import round_to
from coupling.export.listing import SORTED_SLOT, Listing
from coupling.families import Family
from coupling.families import family as known
from coupling.floating_point import stored

Store = Callable[[NDArray[np.float64], str], NDArray[Any]]

#: Names of the three slots in arrays.
SLOT_NAMES = ("input1", "input2", "output")


class ArrayOptions(NamedTuple):
    """The options of a format besides convention, family, type and order; see ``coupling.export``."""

    palette: bool = False
    transposes: bool = False
    path_vectors: bool = False
    channels: int = 1
    weights: bool = False
    exact: bool = True
    progress: Callable[[int], None] | None = None


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


def path_vectors(listing: Listing) -> dict[str, NDArray[np.float64]]:
    """Return n_<family> and inverse_<family>, float64 [P], numbers of the type of the listing.

    On path p, the coefficients of a family, in the convention of the listing, are n_<family>[p] · value, and value is
    inverse_<family>[p] · coefficient; both are 0 where the family has no coefficients.  An i is left out, as in the
    table.  In the complex basis a family with a conjugated slot, such as clebsch_gordan, has none: its orders are not
    those of the listing.  Every number is rounded once, from the exact one.  Raises ValueError for a listing that is
    not of wigner_3j.

    >>> from coupling.export.listing import list_table
    >>> from coupling.tables import Request, build
    >>> vectors = path_vectors(list_table(build(Request(lmax=1)), "e3nn"))
    >>> vectors["n_gaunt"], vectors["inverse_antisymmetric_gaunt"]
    (array([0.28209479, 0.48860251, 0.48860251, 0.48860251, 0.        ]),
     array([0.        , 0.        , 0.        , 0.        , 0.83554276]))
    """
    if not known(listing.family).core:
        raise ValueError(f"path vectors belong to the family {CORE}, this export is of {listing.family}")
    basis = listing.convention.basis
    result = {}
    for family in map(known, listing.table.factors):
        if not family.signed_slots(basis):
            exact = [_ratio(listing, family, path) for path in listing.paths.tolist()]
            result[f"n_{family.identifier}"] = _rounded(exact, listing.dtype)
            result[f"inverse_{family.identifier}"] = _rounded([1 / x if x else x for x in exact], listing.dtype)
    return result


def _ratio(listing: Listing, family: Family, path: list[int]) -> Surd:
    convention, (l1, l2, l3) = listing.convention, path
    ratio = family.reduced(l1, l2, l3, convention.basis) * convention.factor(family, l1, l2, l3)
    whole = ratio / convention.factor(CORE, l1, l2, l3)
    return Surd(whole.sign, whole.numerator, whole.denominator, whole.pi_power)


def _rounded(exact: list[Surd], dtype: str) -> NDArray[np.float64]:
    return round_to(np.array([float(x) for x in exact]), dtype, partial(list.__getitem__, exact))[0]

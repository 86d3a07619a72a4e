"""One number per path that turns the coupling tensor of an export into any other family, and back."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.exact.surd import Surd
from coupling.export.listing import Listing
from coupling.export.rounding import round_to
from coupling.families import Family
from coupling.families import family as known


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

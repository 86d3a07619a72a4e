"""One number per path that turns the coupling tensor of an export into any other family, and back."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from coupling.exact.reduced import reduced
from coupling.exact.surd import Surd
from coupling.interop.export.listing import Listing
from coupling.interop.export.rounding import round_to


def path_vectors(listing: Listing) -> dict[str, NDArray[np.float64]]:
    """Return n_<family> and inverse_<family>, float64 [P], numbers of the type of the listing.

    On path p, the coefficients of a family, in the convention of the listing, are n_<family>[p] · value, and value is
    inverse_<family>[p] · coefficient; both are 0 where the family has no coefficients.  An i is left out, as in the
    table.  In the complex basis clebsch_gordan has none: its third order is that of the ket.  Every number is rounded
    once, from the exact one.  Raises ValueError for a listing that is not of wigner_3j.

    >>> from coupling.interop.export.listing import list_table
    >>> from coupling.tables import Request, build
    >>> vectors = path_vectors(list_table(build(Request(lmax=1)), "e3nn"))
    >>> vectors["n_gaunt"], vectors["inverse_antisymmetric_gaunt"]
    (array([0.28209479, 0.48860251, 0.48860251, 0.48860251, 0.        ]),
     array([0.        , 0.        , 0.        , 0.        , 0.83554276]))
    """
    if listing.family != "wigner_3j":
        raise ValueError(f"path vectors belong to the family wigner_3j, this export is of {listing.family}")
    basis = listing.convention.basis
    result = {}
    for family in listing.table.factors:
        if (family, basis) != ("clebsch_gordan", "complex"):
            exact = [_ratio(listing, family, path) for path in listing.paths.tolist()]
            result[f"n_{family}"] = _rounded(exact, listing.dtype)
            result[f"inverse_{family}"] = _rounded([1 / x if x else x for x in exact], listing.dtype)
    return result


def _ratio(listing: Listing, family: str, path: list[int]) -> Surd:
    convention, (l1, l2, l3) = listing.convention, path
    ratio = reduced(family, l1, l2, l3, convention.basis) * convention.factor(family, l1, l2, l3)
    whole = ratio / convention.factor("wigner_3j", l1, l2, l3)
    return Surd(whole.sign, whole.numerator, whole.denominator, whole.pi_power)


def _rounded(exact: list[Surd], dtype: str) -> NDArray[np.float64]:
    return round_to(np.array([float(x) for x in exact]), dtype, partial(list.__getitem__, exact))[0]

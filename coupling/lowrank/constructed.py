"""Constructed decompositions of the whole coupling tensor: exact sums of surds, computed and multiplied out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from coupling.exact import Surd
from coupling.integers import degree
from coupling.lowrank.degree_one import fewest_weights, terms_of_degree_one
from coupling.lowrank.exact_sums import differing
from coupling.lowrank.factors import Factors
from coupling.lowrank.linear_forms import LinearForm, rounded_factors
from coupling.lowrank.matrix_terms import LARGEST, exact_terms, exact_weights, targets
from coupling.lowrank.path_weights import OF_MATRICES, UNIT, whole_paths
from coupling.quoted import quoted
from coupling.selection import Path, one_of

FEWEST = "fewest"

#: Weights with a name.
CONSTRUCTED = FEWEST, OF_MATRICES, UNIT


@dataclass(frozen=True, eq=False)
class Construction:
    """Σ_r u_r ⊗ v_r ⊗ w_r = Σ_paths w C, an identity of sums of square roots of rationals.

    ``path_weights``: an exact number for each path, zero for one that is lost.  ``forms``: for each of the three slots
    the R linear forms, as sums of surds by flat index l²+l+m.  ``factors`` are three arrays [(lmax+1)², R],
    complex ones with ``complex_factors``, every number the nearest double.

    >>> found = constructed(2)
    >>> found.rank, found.path_weights[2, 2, 2], found.differing_entries()
    (23, √(35/12), 0)
    """

    lmax: int
    complex_factors: bool
    path_weights: dict[Path, Surd]
    forms: Sequence[Sequence[LinearForm]] = field(repr=False)

    @property
    def rank(self) -> int:
        """The number of terms."""
        return len(self.forms[0])

    @property
    def factors(self) -> Factors:
        """The three arrays of the forms."""
        return rounded_factors(self.forms, self.lmax, self.complex_factors)

    @property
    def lost_paths(self) -> tuple[Path, ...]:
        """The paths of weight zero."""
        return tuple(path for path, weight in self.path_weights.items() if not weight)

    def differing_entries(self) -> int:
        """Return how many of the (lmax+1)⁶ entries differ from the tensor, the terms multiplied out in integers: zero.

        A second to degree 3, ten at degree 4, a minute at degree 5.
        """
        return differing(self.forms, (self.lmax + 1) ** 2, targets(self.lmax, self.path_weights))


def constructed(
    lmax: object, weights: str | Mapping[Path, Any] = FEWEST, *, complex_factors: bool = False
) -> Construction:
    """Return a decomposition of the tensor of all paths with degrees to lmax ≤ 5 that is exact by construction.

    weights: "matrix", those of (L+1) × (L+1) matrices, with 1 where they are zero and factors real: 1, 8, 23, 66, 114
    and 184 real terms for degrees to 0 … 5, or, with complex_factors, 7, 49 and 161 for 1, 3 and 5; "fewest", the same
    but for degree limit 1, where 7 real or 6 complex terms have ρ = 1 and ρ = 1/3; for degree limit 1 also "unit",
    or any five weights as a mapping from paths to Surds or rational numbers: 8 real or 7 complex terms.

    Raises ValueError for other degrees and weights, and for a weight that is zero; TypeError for weights that are not
    exact.  Source: derivations ``whole_tensor``, ``degree_one``.

    >>> [constructed(1, complex_factors=kind).rank for kind in (False, True)], constructed(1, "unit").rank
    ([7, 6], 8)
    """
    limit = degree(lmax, "lmax")
    if limit > LARGEST:
        raise ValueError(f"terms are constructed for degrees to {LARGEST}, got {quoted(limit)}")
    if isinstance(weights, str):
        one_of(weights, CONSTRUCTED, "weights")
    if limit == 1 and weights != OF_MATRICES:
        given = _five(weights, complex_factors)
        return Construction(limit, complex_factors, given, terms_of_degree_one(given, complex_factors))
    if weights not in (FEWEST, OF_MATRICES):
        raise ValueError(f"terms with given weights are constructed for lmax 1, got lmax {limit}")
    return Construction(
        limit, complex_factors, exact_weights(limit, complex_factors), exact_terms(limit, complex_factors)
    )


def _five(weights: str | Mapping[Path, Any], complex_factors: bool) -> dict[Path, Surd]:
    """Return the weights of degree limit 1 as Surds that are not zero."""
    paths = list(whole_paths(1))
    if weights == FEWEST:
        return fewest_weights(complex_factors)
    if isinstance(weights, str):
        return dict.fromkeys(paths, Surd(1))
    if not isinstance(weights, Mapping) or sorted(weights) != paths:
        raise ValueError(f"weights must be given for the paths {paths}, got {quoted(weights)}")
    found = {path: _exact(weights[path]) for path in paths}
    if not all(found.values()) or any(value.unit or value.pi_power for value in found.values()):
        raise ValueError(f"weights must be real and not zero, got {quoted(weights)}")
    return found


def _exact(weight: Any) -> Surd:
    if isinstance(weight, Surd):
        return weight
    if isinstance(weight, (int, Fraction)) and not isinstance(weight, bool):
        return Surd.rational(weight)
    raise TypeError(f"weights must be Surds or rational numbers, got {type(weight).__name__} {quoted(weight)}")

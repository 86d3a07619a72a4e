"""Products whose evaluations add up to a Clebsch-Gordan product, as coefficients of sums of terms a(l1) b(l2) c(l3).

An evaluation of a product scales its inputs and its output degree by degree, so a path (l1, l2, l3) gets the weight

    Σ_columns N_column(l1, l2, l3) a(l1) b(l2) c(l3)

relative to the unit-norm core C.  A Gaunt product, a bracket, a single vector product and a gradient-dot pairing have
one column and one vector of factors for each slot.  A general vector product has fields E ∇R + B r×∇R + L r R in each
slot, three vectors of factors, and twelve columns: for (i, j, k) a cyclic permutation of the slots,

    ½ (λ_j + λ_k - λ_i) N_Gaunt times L_i E_j B_k, minus the same times L_i B_j E_k      even paths
    N_bracket times L_i E_j E_k and times L_i B_j B_k                                    odd paths

λ = l(l+1).  Source: derivations ``clebsch_gordan_paths``, ``single_vector_product``, ``gradient_dot``,
``vector_harmonics``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from coupling.conventions import ANTISYMMETRIC_GAUNT, GAUNT
from coupling.exact import Surd
from coupling.families import family as known
from coupling.families.gradient_dot import FAMILY as PAIRING
from coupling.families.single_vector_product import FAMILY as SINGLE
from coupling.numbers.normalizations import exact_normalization
from coupling.selection import Path

Coefficient = Callable[[Path], Surd]


@dataclass(frozen=True)
class Evaluation:
    """A product as it enters a sum.

    family: whose coefficients it has, where it has one column.  columns: for each column its coefficient and the vector
    of factors in each slot; vectors: their number in a slot.  symmetric: the coefficients do not depend on the order of
    the degrees.  even, odd: the largest rank that its coefficients have on even paths relative to N of the Gaunt
    product, and on odd ones relative to N of the bracket.
    """

    name: str
    family: str | None
    columns: tuple[tuple[Coefficient, Path], ...]
    vectors: int
    symmetric: bool
    even: int
    odd: int


def _of_family(name: str) -> Coefficient:
    return lambda path: exact_normalization(name, *path)


def _turned(slots: Path, odd: bool, sign: int) -> Coefficient:
    """Return the coefficient of a column of the general vector product; slots: the cyclic permutation."""

    def coefficient(path: Path) -> Surd:
        if sum(path) % 2 != odd:
            return Surd(0)
        if odd:
            return exact_normalization(ANTISYMMETRIC_GAUNT, *path)
        i, j, k = (path[slot] * (path[slot] + 1) for slot in slots)
        return Surd.rational(Fraction(sign * (j + k - i), 2)) * exact_normalization(GAUNT, *path)

    return coefficient


def _general() -> tuple[tuple[Coefficient, Path], ...]:
    columns: list[tuple[Coefficient, Path]] = []
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        for odd, sign, second, third in ((False, 1, 0, 1), (False, -1, 1, 0), (True, 1, 0, 0), (True, 1, 1, 1)):
            vectors = {i: 2, j: second, k: third}
            columns.append((_turned((i, j, k), odd, sign), (vectors[0], vectors[1], vectors[2])))
    return tuple(columns)


def _simple(name: str, family: str, even: int, odd: int) -> Evaluation:
    symmetric = known(family).symmetry == "total"
    return Evaluation(name, family, ((_of_family(family), (0, 0, 0)),), 1, symmetric, even, odd)


#: What can be added up.  ½(λ1+λ2+λ3) and ½(λ2+λ3-λ1) are sums of three functions of one degree, hence 3.
EVALUATIONS = {
    one.name: one
    for one in (
        _simple(GAUNT, GAUNT, 1, 0),
        _simple("bracket", ANTISYMMETRIC_GAUNT, 0, 1),
        _simple("single", SINGLE.name, 3, 1),
        _simple("gradient", PAIRING.name, 3, 0),
        Evaluation("vector", None, _general(), 3, False, 18, 6),
    )
}

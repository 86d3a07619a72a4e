"""Which exact function gives a family in a basis."""

from __future__ import annotations

from collections.abc import Callable

from coupling.conventions import FAMILIES
from coupling.exact.gaunt import antisymmetric_gaunt, gaunt
from coupling.exact.real import real_antisymmetric_gaunt, real_clebsch_gordan, real_gaunt, real_wigner_3j
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import clebsch_gordan, wigner_3j
from coupling.selection import check_basis, one_of

_FUNCTIONS: dict[str, dict[str, Callable[..., Surd]]] = {
    "complex": {
        "wigner_3j": wigner_3j,
        "clebsch_gordan": clebsch_gordan,
        "gaunt": gaunt,
        "antisymmetric_gaunt": antisymmetric_gaunt,
    },
    "real": {
        "wigner_3j": real_wigner_3j,
        "clebsch_gordan": real_clebsch_gordan,
        "gaunt": real_gaunt,
        "antisymmetric_gaunt": real_antisymmetric_gaunt,
    },
}


def exact_function(family: str, basis: str) -> Callable[..., Surd]:
    """Return the function of :mod:`coupling.exact` that gives a family in a basis.

    >>> exact_function("gaunt", "real")(0, 0, 0, 0, 0, 0)
    √(1/(4π))
    """
    return _FUNCTIONS[check_basis(basis)][one_of(family, FAMILIES, "family")]

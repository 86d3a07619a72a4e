"""What a decomposition is worth: its errors, the symptoms of a border rank, a proved lower bound of the rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coupling.lowrank.bounds import lower_bound
from coupling.lowrank.factors import Array, column_norms, congruence, tensor
from coupling.lowrank.objective import Objective

#: Σ_r ‖term r‖ / ‖T̂‖ from which a fit is called divergent: its terms are that much larger than what they add up to.
DIVERGENT = 100.0


@dataclass(frozen=True)
class Certificate:
    """Errors of T̂ = Σ_r a_r ⊗ b_r ⊗ c_r against T, both in double precision.

    relative: ‖W (T̂ - T)‖ / ‖W T‖; worst: max |W (T̂ - T)| / max |W T|; measure: what W is, in words.  growth:
    Σ_r ‖a_r‖ ‖b_r‖ ‖c_r‖ / ‖T̂‖, where terms that cancel one another show; congruence: the largest |cosine| between
    two terms.  lower: a proved lower bound of the rank of T (of each completion of it, where entries are free).

    >>> Certificate("entries", 0.1, 0.2, 500.0, 0.999, 2).divergent
    True
    """

    measure: str
    relative: float
    worst: float
    growth: float
    congruence: float
    lower: int

    @property
    def divergent(self) -> bool:
        """Whether the terms are far larger than their sum, as where the best fit of a rank does not exist."""
        return self.growth > DIVERGENT


def certify(objective: Objective, factors: Sequence[Array], measure: str) -> Certificate:
    """Return the certificate of a decomposition.

    >>> ones = [np.ones((2, 1))] * 3
    >>> certificate = certify(Objective(np.ones((2, 2, 2))), ones, "entries")
    >>> certificate.relative, certificate.lower, certificate.divergent
    (0.0, 1, False)
    """
    relative, worst = objective.relative(factors), objective.worst(factors)
    return Certificate(measure, relative, worst, growth(factors), congruence(factors), lower_bound(objective))


def growth(factors: Sequence[Array]) -> float:
    """Return Σ_r ‖a_r‖ ‖b_r‖ ‖c_r‖ / ‖T̂‖.

    >>> growth([np.array([[2.0, -1.0]]), np.ones((1, 2)), np.ones((1, 2))])
    3.0
    """
    total = float(np.linalg.norm(tensor(factors)))
    return float(column_norms(factors).sum() / total) if total else np.inf

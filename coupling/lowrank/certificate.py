"""Certificates of a decomposition: errors, symptoms of a border rank, a proved lower bound; proofs of existence.

*Exact certificate.*  Entries of the tensor are exact Surds, evaluated to DIGITS digits; mpmath computes products of
factors, which are refined until the residual is below 1e-40.  A step solves the linearised equations in double
precision, which is enough: each step gains about ten digits.

Proof of existence.  Let F(x) = 0 be the equations of the entries that count, B a right inverse of the derivative J at
x0 with ‖J B - 1‖ ≤ ε, and G(y) = F(x0 + B y).  On the ball ‖y‖ ≤ ρ, y - G(y) is a contraction into the ball when

    ‖F(x0)‖ + ε ρ + ½ L ‖B‖² ρ² ≤ ρ    and    ε + L ‖B‖² ρ < 1,

L a Lipschitz constant of J within ‖B‖ ρ of x0 (Newton and Kantorovich; L. V. Kantorovich, G. P. Akilov, Functional
Analysis, 1982, chapter XVIII).  Then an exact decomposition lies within ‖B‖ ρ of the factors, with numbers of the same
kind, real or complex.

*Equivariance.*  For standard normal x, y and the error ε = M̂(D x, D y) - D M̂(x, y) of a rotation,

    E ‖ε‖² = E_D ‖(D ⊗ D ⊗ D) M̂ - M̂‖² = 2 (‖M̂‖² - ‖P M̂‖²),     ‖P M̂‖² = Σ_paths ⟨M̂, C_path⟩²,

with P = E_D (D ⊗ D ⊗ D) the projection on the invariants, of which the blocks C of all paths are an orthonormal basis.
A decomposition M̂ of an equivariant M therefore has an error of at most √2 ‖M̂ - M‖ in this mean, and of at most
2 ‖M̂ - M‖ for each rotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.exact import Surd
from coupling.indexing import degree_slice
from coupling.lowrank.bounds import lower_bound
from coupling.lowrank.factors import Array, Factors, Layout, congruence, growth, layout_of
from coupling.lowrank.objective import Objective
from coupling.lowrank.problems import Problem
from coupling.lowrank.siblings import without_weights
from coupling.numbers.tabulation import tabulate
from coupling.selection import Path, of_type

DIGITS = 60

#: Singular values of a derivative that are rounding, relative to the largest: equations depend on one another there.
NOISE = 1e-13

#: Residual that refined factors must reach.
GOAL = 1e-40

#: Σ_r ‖term r‖ / ‖T̂‖ from which a fit is called divergent: its terms are that much larger than what they add up to.
DIVERGENT = 100.0


@dataclass(frozen=True)
class Certificate:
    """Errors of T̂ = Σ_r a_r ⊗ b_r ⊗ c_r against T, both in double precision.

    relative: ‖W (T̂ - T)‖ / ‖W T‖; worst: max |W (T̂ - T)| / max |W T|; measure: what W is, in words.  growth:
    Σ_r ‖a_r‖ ‖b_r‖ ‖c_r‖ / ‖T̂‖, large where terms cancel one another; congruence: the largest |cosine| between two
    terms.  lower: a proved lower bound of the rank of T (of each completion of it, where entries are free).

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


@dataclass(frozen=True)
class ExactCertificate:
    """A certificate of factors in exact arithmetic.

    relative, worst: as in :class:`Certificate`, of the factors as they are stored, with DIGITS digits.  refined: ‖F‖ of
    the refined factors, or None when refinement did not converge.  radius: an exact decomposition exists within this
    distance of the refined factors; None when that is not proved.  equations and unknowns: their numbers, where entries
    that symmetry repeats and factors that slots share count once; independent: the rank of the derivative.

    >>> ExactCertificate(1e-16, 1e-16, 1e-45, 1e-43, 11, 18, 11).proved
    True
    """

    relative: float
    worst: float
    refined: float | None
    radius: float | None
    equations: int
    unknowns: int
    independent: int

    @property
    def proved(self) -> bool:
        """Whether an exact decomposition of this rank is proved to exist."""
        return self.radius is not None


def exact_certificate(problem: Problem, factors: Sequence[Array], refine: bool = True) -> ExactCertificate:
    """Return the certificate of factors against the exact entries of a problem.

    refine=False leaves the factors as they are and proves nothing; it is for fits that are not exact.  Where weights
    are scales of the degrees and their own equations depend on one another, those with weights 1 are refined and
    proved: each of their exact sums, scaled, is one of the problem.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> half = [np.array([[2.0], [1.0]])] * 3
    >>> exact_certificate(normalization_problem("gaunt", 1), half, refine=False).equations  # (0,0,0), (0,1,1)
    2
    """
    of_type(problem, Problem, "problem")
    if [np.ndim(factor) for factor in factors] != [2] * 3:
        raise ValueError(f"factors must be three arrays [n, rank], got {[np.shape(factor) for factor in factors]}")
    factors = [np.asarray(factor) for factor in factors]
    with mpmath.workdps(DIGITS):
        system = System(problem, factors)
        x = system.start
        relative, worst = system.errors(system.residual(x))
        counts = len(system.targets), len(x)
        if not refine:
            return ExactCertificate(float(relative), float(worst), None, None, *counts, 0)
        size, radius = refined(system, x)
        if radius is None and (plain := without_weights(problem, factors)) is not None:
            unit = System(*plain)
            proof = refined(unit, unit.start)
            if proof[1] is not None:
                system, (size, radius) = unit, proof
        counts = len(system.targets), len(system.start)
        return ExactCertificate(float(relative), float(worst), size, radius, *counts, system.independent)


class System:
    """The equations F(x) = T̂ - T = 0 on the entries that count, x all factors as one vector.

    Slots that share a factor share its unknowns, and one entry is kept of each group that is then equal.
    """

    def __init__(self, problem: Problem, factors: Sequence[Array]) -> None:
        every = list(zip(*(axis.tolist() for axis in problem.entries), strict=True))
        exact = {entry: problem.exact(*entry) for entry in every}
        self.layout = layout_of(factors, problem.ties)
        if any(exact.get(self.layout.representative(entry)) != value for entry, value in exact.items()):
            self.layout = Layout(self.layout.shape, self.layout.rank)  # symmetric to rounding only, or by chance
        entries = self.layout.distinct(every)
        self.index = [np.array(axis) for axis in zip(*entries, strict=True)]
        self.targets = [to_mpf(exact[entry]) for entry in entries]
        ones = np.ones(problem.tensor.shape) if problem.weights is None else problem.weights
        self.weights = [mpmath.mpf(w) for w in ones[*self.index].tolist()]
        self.counts = list(entries.values())
        number = mpmath.mpc if np.iscomplexobj(factors[0]) else mpmath.mpf
        self.start = np.array([number(v) for v in self.layout.pack(factors).tolist()], dtype=object)
        self.independent = 0

    def residual(self, x: NDArray[Any]) -> list[Any]:
        """Return F(x)."""
        a, b, c = self.layout.unpack(x)
        known = zip(*self.index, self.targets, strict=True)
        return [mpmath.fdot(a[i] * b[j], c[k]) - target for i, j, k, target in known]

    def errors(self, residual: list[Any]) -> tuple[Any, Any]:
        """Return (relative, worst) of a residual; an entry is weighted by the size of its group."""
        weighted = [abs(w * r) for w, r in zip(self.weights, residual, strict=True)]
        size = [abs(w * t) for w, t in zip(self.weights, self.targets, strict=True)]
        sums = [mpmath.fsum(n * v**2 for n, v in zip(self.counts, values, strict=True)) for values in (weighted, size)]
        return mpmath.sqrt(sums[0] / sums[1]), max(weighted) / max(size)

    def rounded(self, x: NDArray[Any]) -> Factors:
        """Return the factors rounded to double precision."""
        return self.layout.unpack(x.astype(complex if isinstance(x[0], mpmath.mpc) else float))

    def right_inverse(self, x: NDArray[Any]) -> tuple[Array, Array]:
        """Return J and its pseudo-inverse; ``independent`` becomes the rank of J."""
        mask = np.zeros(self.layout.shape)
        mask[*self.index] = 1  # entries come out in the order of self.index, which is sorted
        jacobian = self.layout.pull(Objective(mask, mask).jacobian(self.rounded(x)), 1)
        u, s, vh = np.linalg.svd(jacobian, full_matrices=False)
        keep = s > NOISE * s[0]
        self.independent = int(keep.sum())
        inverse: Array = (vh[keep].conj().T / s[keep]) @ u[:, keep].conj().T
        return jacobian, inverse


def refined(system: System, x: NDArray[Any], steps: int = 12) -> tuple[float | None, float | None]:
    """Return (‖F‖ after refinement, radius of the proof), with None where refinement or proof fails."""
    for _ in range(steps):
        jacobian, inverse = system.right_inverse(x)
        residual = system.residual(x)
        size = _norm(residual)
        if size < GOAL:
            return float(size), proof_radius(system, x, jacobian, inverse, float(size))
        x = x - _apply(inverse, residual, size)
    return None, None


def _apply(inverse: Array, residual: list[Any], size: Any) -> NDArray[Any]:
    """Return inverse @ residual: the direction in double precision, its length with all digits of the exponent."""
    rounded, number = (complex, mpmath.mpc) if np.iscomplexobj(inverse) else (float, mpmath.mpf)
    direction = inverse @ np.array([rounded(r / size) for r in residual])
    return np.array([number(v) * size for v in direction.tolist()], dtype=object)


def proof_radius(system: System, x: NDArray[Any], jacobian: Array, inverse: Array, size: float) -> float | None:
    """Return ‖B‖ ρ of the module's theorem with ρ = 2 ‖F‖, or None where its conditions fail.

    J B is formed in double precision; the a-priori bound of its rounding is added to ε.
    """
    if system.independent < len(system.targets):
        return None
    norm_j, norm_b = np.linalg.norm(jacobian), np.linalg.norm(inverse)
    rounding = (len(jacobian.T) + 4) * 2.0**-50 * norm_j * norm_b
    epsilon = np.linalg.norm(jacobian @ inverse - np.eye(len(jacobian))) + rounding
    rho = 2 * size + 1e-50
    radius = norm_b * rho
    # D²F[u,v] has two terms in each pair of slots; a shared array counts in each of its slots
    lipschitz = system.layout.slots * (sum(np.linalg.norm(factor) for factor in system.rounded(x)) + 3 * radius + 1e-9)
    inside = size + epsilon * rho + 0.5 * lipschitz * radius**2 <= rho
    return float(radius) if inside and epsilon + lipschitz * norm_b * radius < 1 else None


def to_mpf(value: Surd, context: Any = mpmath.mp) -> Any:
    """Return a real Surd in the current precision of mpmath, or as an interval of ``mpmath.iv``.

    >>> with mpmath.workdps(30):
    ...     print(to_mpf(Surd(-1, 1, 2, 1)))
    -0.398942280401432677939946059934
    """
    root = context.sqrt(context.mpf(value.numerator) / context.mpf(value.denominator))
    return value.sign * root / context.sqrt(context.pi) ** value.pi_power


def _norm(values: Sequence[Any]) -> Any:
    return mpmath.sqrt(mpmath.fsum(abs(v) ** 2 for v in values))


# -- equivariance -----------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _blocks(lmax: int) -> dict[Path, NDArray[np.float64]]:
    return tabulate(CORE, lmax).blocks()


def path_components(tensor: ArrayLike) -> dict[Path, float]:
    """Return ⟨M̂, C_path⟩ for every path: its weight in the equivariant part of M̂, [(lmax+1)²]³.

    >>> path_components(np.ones((1, 1, 1)))
    {(0, 0, 0): 1.0}
    """
    values = np.asarray(tensor, float)
    lmax = round(np.sqrt(values.shape[0])) - 1 if values.ndim == 3 else -1
    if lmax < 0 or values.shape != ((lmax + 1) ** 2,) * 3:
        raise ValueError(f"the tensor must have shape [(lmax+1)²]³, got {values.shape}")
    return {
        path: float(np.sum(values[np.ix_(*(np.arange(values.shape[0])[degree_slice(l)] for l in path))] * block))
        for path, block in _blocks(lmax).items()
    }


def equivariance_error(tensor: ArrayLike, relative: bool = True) -> float:
    """Return √(E ‖ε‖²) over rotations and standard normal inputs, in units of √(E ‖M̂(x, y)‖²) = ‖M̂‖ if relative.

    Between 0, for an equivariant map, and √2.  The tensor M̂ [(lmax+1)²]³ is in the real basis.  Raises ValueError for
    other shapes.  Source: the docstring of this module.

    >>> one_entry = np.zeros((4, 4, 4))
    >>> one_entry[1, 1, 1] = 1  # no path has y y y
    >>> round(equivariance_error(one_entry), 6)
    1.414214
    """
    values = np.asarray(tensor, float)
    total = float(np.sum(values**2))
    kept = sum(component**2 for component in path_components(values).values())
    error = float(np.sqrt(2 * max(total - kept, 0.0)))
    return error / float(np.sqrt(total)) if relative and total else error

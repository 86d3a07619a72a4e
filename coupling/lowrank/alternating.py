"""The odd paths as sums of determinants, Σ_r a_r ∧ b_r ∧ c_r = Σ w C.

A 3j symbol of odd l1+l2+l3 changes its sign when two slots are exchanged.  A cube a⊗a⊗a does not, so sums of cubes are
orthogonal to every odd path.  The analogue is the alternating product

    a ∧ b ∧ c = Σ_σ sgn σ · σ(a ⊗ b ⊗ c),

six terms, or five: the determinant of three rows has the rank 5 (H. Derksen, On the nuclear norm and the singular value
decomposition of tensors, Found. Comput. Math. 16 (2016) 779).  Degree 0 has no odd path.  Weights are equal
for all orders of a path, and unknowns of the search within LEAST ≤ |w| ≤ MOST of
:mod:`coupling.lowrank.free_weights`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import isqrt
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.exact import real_wigner_3j
from coupling.integers import count, degree
from coupling.lowrank.certificate import DIGITS, refined, to_mpf
from coupling.lowrank.equivariant import solved
from coupling.lowrank.factors import Array, Factors
from coupling.lowrank.fit import EXACT, noise
from coupling.lowrank.free_weights import within
from coupling.numbers.tabulation import tabulate
from coupling.selection import Path

#: a ∧ b ∧ c as five products: in each, the three slots as combinations of a, b, c, with the scale in the first.
FIVE = np.array(
    [
        [[0, 0.5, 0.5], [1, -1, 0], [1, 1, 0]],
        [[0.5, 0.5, 0], [0, 1, -1], [0, 1, 1]],
        [[0, 1, 0], [-1, 0, 1], [1, 0, 1]],
        [[0, -0.5, 0.5], [1, 1, 0], [-1, 1, 0]],
        [[0.5, -0.5, 0], [0, 1, 1], [0, -1, 1]],
    ]
)


@dataclass(frozen=True, eq=False)
class Alternating:
    """The problem of a number of determinants: their components at i < j < k against those of the odd paths.

    >>> Alternating(1, 1).blocks.shape, Alternating(2, 4).blocks.shape  # classes of paths, components
    ((1, 1), (2, 56))
    """

    lmax: int
    determinants: int
    dtype: type = float

    @property
    def rows(self) -> int:
        """The length of a vector: all orders of the degrees from 1 on."""
        return (self.lmax + 1) ** 2 - 1

    @cached_property
    def index(self) -> NDArray[np.intp]:
        """The rows i < j < k of each component, [3, components]."""
        return np.array(list(combinations(range(self.rows), 3))).T

    @cached_property
    def classes(self) -> list[Path]:
        """The odd paths l1 ≤ l2 ≤ l3."""
        return [path for path in tabulate(CORE, self.lmax, parity="odd").blocks() if sorted(path) == list(path)]

    @cached_property
    def blocks(self) -> NDArray[np.float64]:
        """Orthonormal components of the classes, [classes, components]: all orders of a path added with their signs."""
        n, blocks = self.rows + 1, tabulate(CORE, self.lmax, parity="odd").blocks()
        found = np.zeros((len(self.classes), self.index.shape[1]))
        for row, path in zip(found, self.classes, strict=True):
            whole = np.zeros((n, n, n))
            for other, block in blocks.items():
                if tuple(sorted(other)) == path:
                    whole[tuple(slice(l * l, (l + 1) ** 2) for l in other)] = block
            row[:] = whole[tuple(self.index + 1)]
        return found / np.linalg.norm(found, axis=1)[:, None]

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """The norm of the sum of the orders of each class at weight 1, in components: √(orders / 6)."""
        orders = [{1: 1, 2: 3, 3: 6}[len(set(path))] for path in self.classes]
        return np.sqrt(np.array(orders) / 6)

    def vectors(self, unknowns: Array) -> Array:
        """Return a, b and c, [3, rows, determinants]."""
        return unknowns.reshape(3, self.rows, self.determinants)

    def components(self, unknowns: Array) -> tuple[Array, Array]:
        """Return the components of the sum, and their derivatives [components, unknowns]."""
        three, (i, j, k) = self.vectors(unknowns), self.index
        rows = np.arange(len(i))
        jacobian = np.zeros((len(i), 3, self.rows, self.determinants), unknowns.dtype)
        value = 0
        for slot in range(3):
            b, c = three[(slot + 1) % 3], three[(slot + 2) % 3]
            for at, p, q in ((i, j, k), (j, k, i), (k, i, j)):
                minor = b[p] * c[q] - b[q] * c[p]
                jacobian[rows, slot, at] = minor
                if slot == 0:
                    value = value + np.sum(three[0][at] * minor, axis=1)
        return np.asarray(value), jacobian.reshape(len(i), -1)

    def equations(self, unknowns: Array) -> tuple[Array, Array]:
        """Return what is left of the sum without the best weights, and its derivatives."""
        value, jacobian = self.components(unknowns)
        weights = self.blocks @ value / self.lengths
        nearest = within(weights)
        free = self.blocks[nearest == weights]
        return value - (nearest * self.lengths) @ self.blocks, jacobian - free.T @ (free @ jacobian)

    def error(self, unknowns: Array) -> float:
        """Return the norm of what is left, relative to the tensor with the nearest weights."""
        left, _ = self.equations(unknowns)
        nearest = within(self.blocks @ self.components(unknowns)[0] / self.lengths) * self.lengths
        return float(np.linalg.norm(left) / np.linalg.norm(nearest))

    def weights(self, unknowns: Array) -> dict[Path, complex]:
        """Return the nearest weights of the classes."""
        return dict(zip(self.classes, within(self.blocks @ self.components(unknowns)[0] / self.lengths), strict=True))

    def growth(self, unknowns: Array) -> float:
        """Return Σ_r ‖a_r ∧ b_r ∧ c_r‖ over the norm of the sum."""
        three, (i, j, k) = self.vectors(unknowns), self.index
        a, b, c = three
        each = a[i] * (b[j] * c[k] - b[k] * c[j]) + a[j] * (b[k] * c[i] - b[i] * c[k])
        each = each + a[k] * (b[i] * c[j] - b[j] * c[i])
        return float(np.linalg.norm(each, axis=0).sum() / np.linalg.norm(each.sum(axis=1)))

    def start(self, seed: int, number: int) -> Array:
        """Return the random unknowns of a start; their sum has about the size of the target."""
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(self.determinants, number)))
        size = np.sqrt(np.sum(self.lengths**2) / self.index.shape[1] / (6 * self.determinants)) ** (1 / 3)
        return size * noise(generator, (3 * self.rows * self.determinants,), np.dtype(self.dtype))

    def result(self, seed: int, number: int) -> tuple[float, Array]:
        """Return (relative error, unknowns) of the minimum that a start leads to."""
        unknowns = solved(self, self.start(seed, number))
        return self.error(unknowns), unknowns


def alternating_search(
    lmax: object, determinants: object, starts: object, seed: int = 0, dtype: type = float
) -> list[tuple[float, float, Array]]:
    """Return (relative error, growth, unknowns) of seeded starts, the best first; ends at the first exact one.

    >>> error, growth, unknowns = alternating_search(1, 1, 1)[0]
    >>> error < 1e-12, round(growth, 6)
    (True, 1.0)
    """
    problem = Alternating(degree(lmax, "lmax"), count(determinants, "determinants"), dtype)
    found = []
    for number in range(count(starts, "starts")):
        error, x = problem.result(seed, number)
        found.append((error, problem.growth(x), x))
        if found[-1][0] < EXACT:
            break
    return sorted(found, key=lambda one: one[0])


@dataclass(frozen=True)
class SecondDerivatives:
    """What a proof needs of the unknowns: a bound of the second derivatives, relative to products of factors.

    The six orders of a product have at most six times its norm, and the components i < j < k a part 1/√6 of that.
    """

    slots: float = 6**0.5


class DeterminantSystem:
    """The equations Σ_r a_r ∧ b_r ∧ c_r = Σ w C at i < j < k with weights that are doubles, in mpmath's precision."""

    layout = SecondDerivatives()

    def __init__(self, problem: Alternating, unknowns: Array) -> None:
        self.problem, self.independent = problem, 0
        self.weights = {path: float(np.real(weight)) for path, weight in problem.weights(unknowns).items()}
        self.targets = [self._target(component) for component in (problem.index + 1).T.tolist()]
        self.start = np.array([mpmath.mpf(x) for x in unknowns.tolist()], dtype=object)

    def _target(self, component: list[int]) -> Any:
        degrees = [isqrt(i) for i in component]
        weight = self.weights.get((degrees[0], degrees[1], degrees[2]), 0.0)  # rows rise, and so do degrees
        orders = [i - l * l - l for i, l in zip(component, degrees, strict=True)]
        return to_mpf(real_wigner_3j(*degrees, *orders)) * mpmath.mpf(weight) if weight else mpmath.mpf(0)

    def residual(self, x: NDArray[Any]) -> list[Any]:
        """Return the differences of the sum."""
        a, b, c = self.problem.vectors(x)
        minors = (((i, j, k), (j, k, i), (k, i, j)) for i, j, k in self.problem.index.T)
        sums = [mpmath.fsum(sum(a[p] * (b[q] * c[r] - b[r] * c[q]) for p, q, r in three).tolist()) for three in minors]
        return [value - target for value, target in zip(sums, self.targets, strict=True)]

    def right_inverse(self, x: NDArray[Any]) -> tuple[Array, Array]:
        """Return the derivative and its pseudo-inverse; ``independent`` becomes its rank."""
        jacobian = self.problem.components(x.astype(float))[1]
        self.independent = int(np.linalg.matrix_rank(jacobian, tol=1e-10 * np.linalg.norm(jacobian)))
        return jacobian, np.linalg.pinv(jacobian, rcond=1e-10)

    def rounded(self, x: NDArray[Any]) -> Array:
        """Return a, b and c in double precision."""
        return self.problem.vectors(x.astype(float))


def proof_of_determinants(problem: Alternating, unknowns: Array) -> float | None:
    """Return a radius within which real vectors make the odd paths exactly, with the weights found; or None.

    Weights are the doubles that the search ended with.  The theorem is that of :mod:`coupling.lowrank.certificate`: it
    needs as many independent derivatives as equations.

    >>> _, _, unknowns = alternating_search(2, 4, 4)[0]
    >>> proof_of_determinants(Alternating(2, 4), unknowns) < 1e-30
    True
    """
    with mpmath.workdps(DIGITS):
        system = DeterminantSystem(problem, unknowns)
        return refined(system, system.start)[1]  # type: ignore[arg-type]


def five_terms(vectors: Array) -> Factors:
    """Return Σ a ∧ b ∧ c of vectors [3, n, k] as 5 k products of the whole tensor: three arrays [n + 1, 5 k].

    >>> a, b, c = five_terms(np.eye(3)[:, :, None])
    >>> np.einsum("ir,jr,kr->ijk", a, b, c)[1:, 1:, 1:].sum(axis=2).tolist()
    [[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]]
    """
    n, k = vectors.shape[1:]
    a, b, c = (
        np.concatenate([np.zeros((1, 5 * k)), np.einsum("tv,vnk->ntk", FIVE[:, slot], vectors).reshape(n, 5 * k)])
        for slot in range(3)
    )
    return a, b, c

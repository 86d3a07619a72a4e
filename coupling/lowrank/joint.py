"""Sums of evaluations of several products that make all paths with weight 1: their equations, and proofs.

With R_k evaluations of each product k, the weight of a path is Σ_k Σ_columns N(l1, l2, l3) a(l1) b(l2) c(l3), see
:mod:`coupling.lowrank.evaluations`; 1 is wanted on every path.  Errors are root mean square over the paths.  The path
(0, 0, 0) is left out where no product of the sum has it: it is one multiplication.

*Proof.*  As in :mod:`coupling.lowrank.certificate`, with Lipschitz constant 6 max|x| ‖(Σ_columns |N|)_paths‖ of the
derivative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import mpmath
import numpy as np

from coupling.conventions import GAUNT
from coupling.exact import Surd
from coupling.lowrank.certificate import DIGITS, GOAL, to_mpf
from coupling.lowrank.evaluations import EVALUATIONS
from coupling.lowrank.factors import Array
from coupling.lowrank.objective import Objective, log_scales
from coupling.lowrank.path_weights import whole_paths
from coupling.selection import Path


@cache
def column_numbers(name: str, lmax: int) -> dict[Path, tuple[Surd, ...]]:
    """Return the coefficients of all columns of a product on every path."""
    return {path: tuple(c(path) for c, _ in EVALUATIONS[name].columns) for path in whole_paths(lmax)}


@cache
def column_scales(name: str, lmax: int) -> tuple[Array, ...]:
    """Return what coefficients are divided by in each slot, [vectors, lmax+1], so that they are of order one."""
    one = EVALUATIONS[name]
    if one.vectors == 1:
        values = np.zeros((lmax + 1,) * 3)
        for path, numbers in column_numbers(name, lmax).items():
            values[path] = float(numbers[0])
        return tuple(s[None] for s in log_scales(Objective(values, (values != 0).astype(float))))
    size = np.sqrt(np.maximum(1, np.arange(lmax + 1) * np.arange(1, lmax + 2)))
    return tuple(np.stack([s[0] * size, s[0] * size, s[0]]) for s in column_scales(GAUNT, lmax))


class JointEquations:
    """The equations of a sum of evaluations, for stacks of unknowns [S, u]; alike: slots share their factors."""

    def __init__(self, lmax: int, counts: Mapping[str, int], alike: bool) -> None:
        self.lmax, self.counts, self.alike = lmax, dict(counts), alike
        tables = {name: column_numbers(name, lmax) for name, number in counts.items() if number}
        reached = {p for table in tables.values() for p, numbers in table.items() if any(numbers)}
        self.lost = tuple(p for p in whole_paths(lmax) if p not in reached)
        orders = [tuple(sorted(p)) if alike else p for p in whole_paths(lmax) if p in reached]
        self.paths: list[Path] = list(dict.fromkeys(orders))  # type: ignore[arg-type]
        self.weights = np.sqrt([orders.count(p) for p in self.paths]) / np.sqrt(len(orders))
        self.exact = [[c for name in tables for _ in range(counts[name]) for c in tables[name][p]] for p in self.paths]
        self.index, self.size = self._unknowns()
        self.scale = np.concatenate([self._scales(name) for name in tables for _ in range(counts[name])])
        parts = [self.scale[index] for index in self.index]
        self.numbers = np.array([[float(c) for c in row] for row in self.exact]) / np.prod(parts, axis=0)
        self.goal = 0.5e-30

    def _unknowns(self) -> tuple[list[Array], int]:
        """Return the numbers of the unknowns of each path and column, for each slot, and how many there are."""
        degrees, n, first = np.array(self.paths).T, self.lmax + 1, 0
        columns: tuple[list[Array], ...] = ([], [], [])
        for one in (EVALUATIONS[name] for name, number in self.counts.items() for _ in range(number)):
            for _, vectors in one.columns:
                for slot in range(3):
                    place = 0 if self.alike else slot
                    columns[slot].append(first + (place * one.vectors + vectors[slot]) * n + degrees[slot])
            first += (1 if self.alike else 3) * one.vectors * n
        return [np.array(slot).T for slot in columns], first

    def _scales(self, name: str) -> Array:
        slots = column_scales(name, self.lmax)
        return np.concatenate([s.ravel() for s in (slots[:1] if self.alike else slots)])

    def _parts(self, x: Array) -> list[Array]:
        return [x[:, index] for index in self.index]

    def residual(self, x: Array) -> Array:
        """Return the weighted errors of the paths, [S, e]."""
        a, b, c = self._parts(x)
        return np.asarray(self.weights * ((self.numbers * a * b * c).sum(-1) - 1))

    def jacobian(self, x: Array, numbers: Array | None = None) -> Array:
        """Return their derivatives, [S, e, u]."""
        a, b, c = self._parts(x)
        matrix = np.zeros((len(x), len(self.paths), self.size))
        rows = np.arange(len(self.paths))
        weighted = self.weights[:, None] * (self.numbers if numbers is None else numbers)
        for index, others in zip(self.index, (b * c, a * c, a * b), strict=True):
            for column in range(index.shape[1]):  # columns share unknowns
                matrix[:, rows, index[:, column]] += others[:, :, column] * weighted[:, column]
        return matrix

    def error(self, x: Array) -> float:
        """Return the root mean square error of the paths."""
        return float(np.linalg.norm(self.residual(x[None])))

    def factors(self, x: Array) -> dict[str, tuple[Array, Array, Array]]:
        """Return the factors of each product, three arrays [R, vectors, lmax+1]."""
        found, first, values = {}, 0, x / self.scale
        for name, number in self.counts.items():
            shape = (number, 1 if self.alike else 3, EVALUATIONS[name].vectors, self.lmax + 1)
            block = values[first : first + int(np.prod(shape))].reshape(shape)
            first += block.size
            a, b, c = (block[:, 0 if self.alike else slot] for slot in range(3))
            found[name] = (a, b, c)
        return found


# -- proofs ------------------------------------------------------------------------------------


def exact_residual(problem: JointEquations, x: Sequence[Any]) -> list[Any]:
    """Return the weighted errors of the paths in the precision of mpmath."""
    inverse = [1 / mpmath.mpf(s) for s in problem.scale.tolist()]
    true = np.array([v * s for v, s in zip(x, inverse, strict=True)], dtype=object)
    a, b, c = (true[index] for index in problem.index)
    rows = zip(problem.exact, a * b * c, problem.weights.tolist(), strict=True)
    return [mpmath.mpf(w) * (mpmath.fdot([to_mpf(n) for n in row], terms.tolist()) - 1) for row, terms, w in rows]


def is_proved(problem: JointEquations, x: Array, steps: int = 12) -> bool:
    """Return whether an exact sum is proved to exist near these unknowns: Newton and Kantorovich, after refinement."""
    with mpmath.workdps(DIGITS):
        point = [mpmath.mpf(v) for v in x.tolist()]
        for _ in range(steps):
            rounded = np.array([float(v) for v in point])
            jacobian = problem.jacobian(rounded[None])[0]
            inverse = np.linalg.pinv(jacobian, rcond=1e-13)
            residual = exact_residual(problem, point)
            size = mpmath.sqrt(mpmath.fsum(r**2 for r in residual))
            if size < GOAL:
                return _holds(problem, rounded, jacobian, inverse, float(size))
            direction = inverse @ np.array([float(r / size) for r in residual])
            point = [v - mpmath.mpf(d) * size for v, d in zip(point, direction.tolist(), strict=True)]
    return False


def _holds(problem: JointEquations, x: Array, jacobian: Array, inverse: Array, size: float) -> bool:
    """Return whether the conditions of the theorem hold; the rounding of J and of J B is added to ε."""
    norm = float(np.linalg.norm(inverse))
    every = np.linalg.norm(problem.jacobian(abs(x)[None], abs(problem.numbers))[0])
    rounding = (problem.size + problem.numbers.shape[1] + 16) * 2.0**-50 * float(every) * norm
    epsilon = float(np.linalg.norm(jacobian @ inverse - np.eye(len(jacobian)))) + rounding
    rho = 2 * size + 1e-50
    largest = float(abs(x).max()) + 1e-9
    rows = problem.weights * abs(problem.numbers).sum(axis=1)
    lipschitz = 6 * largest * float(np.linalg.norm(rows)) * (1 + 1e-9)
    inside = size + epsilon * rho + 0.5 * lipschitz * (norm * rho) ** 2 <= rho
    return bool(inside and epsilon + lipschitz * norm**2 * rho < 1)

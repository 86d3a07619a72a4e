"""Sums of whole orbits of terms under a finite group: decompositions whose set of terms has a symmetry.

The unknowns are one term for each orbit, the equations the components of the sum along the invariants of the group,
so both are fewer by the order of the group than without the symmetry.  Each start draws the kinds of its orbits, whose
sizes add up to the rank, at random.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coupling.integers import count, degree
from coupling.lowrank.certificate import certify
from coupling.lowrank.decomposition import Decomposition
from coupling.lowrank.factors import Array, Factors, largest_first
from coupling.lowrank.fit import EXACT, noise
from coupling.lowrank.free_weights import FREE_WEIGHTS, free_record, within
from coupling.lowrank.invariants import Invariants, invariants
from coupling.lowrank.orbits import OrbitKind, Symmetry, orbit_kinds, symmetry, whole_orbit
from coupling.lowrank.path_weights import Given, weights_array
from coupling.lowrank.point_groups import has_reflections
from coupling.lowrank.problems import whole_problem
from coupling.lowrank.records import Record, record_of
from coupling.lowrank.store import keep
from coupling.selection import PARITIES, one_of

Floats = NDArray[np.float64]

#: Tikhonov parameters of the steps, and the number of steps with each.
STAGES = (1e-3, 60), (1e-6, 60), (0.0, 400)

#: Steps of little gain after which a stage ends, and the value at which it has arrived.
PATIENCE, GOAL = 15, 1e-29


#: Draws of orbits for a start, and the unknowns that they must have, relative to the number of equations.
DRAWS, FEWEST_UNKNOWNS = 200, 0.8


class LeastSquares(Protocol):
    """A least-squares problem."""

    def equations(self, unknowns: Array) -> tuple[Array, Array]:
        """Return the residual [K] and its derivatives [K, unknowns]."""
        ...


@dataclass(frozen=True, eq=False)
class OrbitSum:
    """The problem of a choice of orbits: components of the sum against those of the tensor of all paths.

    weights: those of the classes of paths; None: the best within a range.
    """

    invariants: Invariants
    kinds: Sequence[OrbitKind]
    weights: Floats | None

    @property
    def size(self) -> int:
        """The number of unknowns."""
        return sum(kind.unknowns for kind in self.kinds)

    def parts(self, unknowns: Array) -> list[Array]:
        """Return the unknowns of each orbit."""
        return np.split(unknowns, np.cumsum([kind.unknowns for kind in self.kinds])[:-1])

    def components(self, unknowns: Array) -> Array:
        """Return the components of the sum along the invariants, [K]."""
        a, b, c = self.terms(unknowns)
        return self.invariants.components(a, b, c)[0] @ np.array([kind.size for kind in self.kinds])

    def terms(self, unknowns: Array) -> Factors:
        """Return one term for each orbit, three arrays [n, orbits]."""
        given = list(zip(self.parts(unknowns), self.kinds, strict=True))
        a, b, c = (np.stack([kind.slots()[s] @ part for part, kind in given], axis=1) for s in range(3))
        return a, b, c

    def equations(self, unknowns: Array) -> tuple[Array, Array]:
        """Return the residual [K] and its derivatives [K, unknowns]."""
        slots = [kind.slots() for kind in self.kinds]
        values, derivatives = self.invariants.components(*self.terms(unknowns))
        sizes = np.array([kind.size for kind in self.kinds])
        columns = [
            size * sum(along[:, :, m] @ matrix for along, matrix in zip(derivatives, three, strict=True))
            for m, (size, three) in enumerate(zip(sizes, slots, strict=True))
        ]
        return self.residual(values @ sizes, np.concatenate(columns, axis=1))

    def error(self, unknowns: Array) -> float:
        """Return the norm of the residual relative to the tensor with the nearest weights."""
        left, _ = self.equations(unknowns)
        if self.weights is not None:
            return float(np.linalg.norm(left) / np.linalg.norm(self.weights * self.invariants.lengths))
        number = len(self.invariants.lengths)
        nearest = np.linalg.norm(self.components(unknowns)[:number] - left[:number])
        return float(np.linalg.norm(left) / nearest)

    def residual(self, components: Array, jacobian: Array) -> tuple[Array, Array]:
        """Return both without the part that weights take up."""
        lengths = self.invariants.lengths
        number = len(lengths)
        if self.weights is not None:
            components[:number] -= self.weights * lengths
            return components, jacobian
        weights = components[:number] / lengths
        nearest = within(weights)
        components[:number] -= nearest * lengths
        jacobian[:number][nearest == weights] = 0
        return components, jacobian


def solved(problem: LeastSquares, start: Array) -> Array:
    """Return the unknowns of the local minimum that a start leads to, by damped Gauss-Newton steps in stages."""
    x = start
    for ridge, steps in STAGES:
        x = _descended(problem, x, ridge, steps)
    return x


def _descended(problem: LeastSquares, x: Array, ridge: float, steps: int) -> Array:
    """Return the unknowns after steps with a Tikhonov parameter; damping as in :mod:`coupling.lowrank.fit`."""
    damping, growing, slow = 1e-2, 2.0, 0
    residual, jacobian = problem.equations(x)
    value = _value(residual, x, ridge)
    for _ in range(steps):
        gradient = jacobian.conj().T @ residual + ridge * x
        matrix = jacobian.conj().T @ jacobian
        matrix.flat[:: len(matrix) + 1] += damping + ridge
        step = -np.linalg.solve(matrix, gradient)
        left, derivatives = problem.equations(x + step)
        new = _value(left, x + step, ridge)
        if not new < value:
            damping, growing = damping * growing, 2 * growing
            if damping > 1e8:
                break
            continue
        gain = float((value - new) / (0.5 * np.vdot(step, damping * step - gradient).real))
        damping, growing = max(1e-15, damping * max(1 / 3, 1 - (2 * gain - 1) ** 3)), 2.0
        slow = slow + 1 if value - new < 1e-4 * value else 0
        x, residual, jacobian, value = x + step, left, derivatives, new
        if value < GOAL or slow == PATIENCE:
            break
    return x


def _value(residual: Array, x: Array, ridge: float) -> float:
    return float(0.5 * (np.vdot(residual, residual).real + ridge * np.vdot(x, x).real))


# -- the search --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class OrbitSearch:
    """A search for sums of orbits: group, invariants, the kinds of orbits that it draws from, weights or None."""

    group: Symmetry
    invariants: Invariants
    kinds: Sequence[OrbitKind]
    weights: Floats | None

    @cached_property
    def equations(self) -> int:
        """The number of equations beyond those that free weights and scales of the degrees take up."""
        degrees = round(np.sqrt(self.invariants.basis.shape[1]))
        scales = degrees if self.group.exchanges.any() else 3 * degrees - 2
        taken = 0 if self.weights is not None else len(self.invariants.classes) - scales
        return len(self.invariants.basis) - max(0, taken)

    @cached_property
    def fewest(self) -> float:
        """The number of unknowns that a start must have: half as many for cubes, symmetric sums by themselves."""
        return FEWEST_UNKNOWNS * self.equations / (2 if all(kind.cubes for kind in self.kinds) else 1)

    def draw(self, rank: int, generator: np.random.Generator) -> list[OrbitKind]:
        """Return orbits whose sizes add up to a rank, with enough unknowns; an empty list where none were met."""
        for _ in range(DRAWS):
            found: list[OrbitKind] = []
            while (left := rank - sum(kind.size for kind in found)) > 0:
                sizes = sorted({kind.size for kind in self.kinds if kind.size <= left})
                if not sizes:
                    break
                size = sizes[generator.integers(len(sizes))]
                alike = [kind for kind in self.kinds if kind.size == size]
                found.append(alike[generator.integers(len(alike))])
            if left == 0 and sum(kind.free for kind in found) >= self.fewest:
                return found
        return []

    def start(self, kinds: Sequence[OrbitKind], generator: np.random.Generator, dtype: np.dtype) -> Array:
        """Return random unknowns; the terms have the size of the target over √rank."""
        size = np.cbrt(np.linalg.norm(self.invariants.lengths) / np.sqrt(sum(kind.size for kind in kinds)))
        parts = [noise(generator, (kind.unknowns,), dtype) / np.sqrt(kind.unknowns / len(kind.bases)) for kind in kinds]
        return size * np.concatenate(parts)

    def result(self, rank: int, seed: int, number: int, dtype: np.dtype) -> tuple[float, Factors] | None:
        """Return (relative error, factors) of a start, or None where no orbits make this rank."""
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(rank, number)))
        kinds = self.draw(rank, generator)
        if not kinds:
            return None
        problem = OrbitSum(self.invariants, kinds, self.weights)
        x = solved(problem, self.start(kinds, generator, dtype))
        terms = [whole_orbit(self.group, *one) for one in zip(kinds, problem.parts(x), strict=True)]
        a, b, c = (np.concatenate(slots, axis=1) for slots in zip(*terms, strict=True))
        return problem.error(x), (a, b, c)


def orbit_search(name: str, lmax: int, parity: str, weights: Given, exchange: bool, cubes: bool) -> OrbitSearch:
    """Return the search for a group; ValueError for reflections where odd paths have no such symmetry."""
    if has_reflections(name) and parity != "even":
        raise ValueError(f"{name} has reflections, which are a symmetry of even paths alone: give parity 'even'")
    group = symmetry(name, lmax, exchange)
    kinds = [kind for kind in orbit_kinds(name, lmax, exchange) if kind.cubes or not cubes]
    found = invariants(group, lmax, parity)
    chosen = None
    if weights != FREE_WEIGHTS:
        array = weights_array(whole_problem(lmax, parity, weights=weights).spec.get("weights", "unit"), lmax, parity)
        chosen = np.array([array[paths[0]] for paths in found.classes])
        if any(array[path] != array[paths[0]] for paths in found.classes for path in paths):
            raise ValueError("weights must be equal for the cyclic turns of a path, or give exchange=False")
    return OrbitSearch(group, found, kinds, chosen)


def equivariant_study(
    lmax: object,
    ranks: Iterable[int],
    symmetry: str = "tetrahedral",
    *,
    parity: str = "all",
    weights: Given = FREE_WEIGHTS,
    exchange: bool = True,
    cubes: bool = False,
    starts: int = 64,
    seed: int = 0,
    seconds: float | None = None,
    store: Path | None = None,
    progress: Callable[[int, int, int, float], None] | None = None,
) -> list[Record]:
    """Return the best sums of whole orbits of terms, for each rank that orbits make up, in rising order.

    symmetry: "tetrahedral", "octahedral", "icosahedral", "cyclic-n", "dihedral-n", or, for even paths,
    "pyramidal-n": a group of rotations, and of reflections, that permutes the terms; with exchange, together with
    cyclic turns of the three slots.  cubes: terms a⊗a⊗a only.  weights: "free", or those of
    :func:`coupling.lowrank.whole_problem`.  The search of a rank ends early after ``seconds``, and where a start is
    exact; the same seed gives the same results.  progress(rank, done, starts, best) is called after each start.

    Raises ValueError for other symmetries, parities and weights.  Source: :mod:`coupling.lowrank.orbits`.

    >>> [(record.rank, record.error < 1e-12) for record in equivariant_study(1, [7], starts=40)]
    [(7, True)]
    """
    limit, total = degree(lmax, "lmax"), count(starts, "starts")
    one_of(parity, PARITIES, "parity")
    search, records = orbit_search(symmetry, limit, parity, weights, exchange, cubes), []
    for rank in sorted(count(rank, "rank") for rank in ranks):
        end, found = time.monotonic() + (np.inf if seconds is None else seconds), []
        for number in range(total):
            result = search.result(rank, degree(seed, "seed"), number, np.dtype(float))
            found += [] if result is None else [result]
            if progress and found:
                progress(rank, number + 1, total, min(error for error, _ in found))
            if time.monotonic() > end or (found and found[-1][0] < EXACT):
                break
        if found:
            found.sort(key=lambda one: one[0])
            records.append(record_for(found, limit, parity, weights, seed))
            if store is not None:
                keep(records[-1], store)
    return records


def record_for(found: Sequence[tuple[float, Factors]], lmax: int, parity: str, weights: Given, seed: int) -> Record:
    """Return the record of the best start."""
    if weights == FREE_WEIGHTS:
        return free_record(found, lmax, parity, seed)
    problem, factors = whole_problem(lmax, parity, weights=weights), largest_first(found[0][1])
    certificate = certify(problem.objective, factors, problem.measure)
    errors = tuple(error for error, _ in found)
    return record_of(problem, Decomposition(factors, certificate.relative, certificate, errors), seed)

"""Decompositions of a whole coupling tensor whose path weights are variables too: the fewest terms over all weights.

The blocks C of the paths are orthonormal, so the best weights of a sum T̂ of products are w = ⟨T̂, C⟩ and what remains is
the part of T̂ that is not equivariant.  Weights are kept within LEAST ≤ |w| ≤ MOST, or the best sum would lose paths;
degrees scaled by factors of their own, in each slot, change weights and not the rank, so the range is no restriction
but for ratios of weights that such scales leave alone.

    f = ½ ‖T̂ - Σ w C‖²,      ∇f = Jᵀ (T̂ - Σ w C),      JᵀJ - Σ (Jᵀ C)(Jᵀ C)ᵀ over the paths within the range

is the Gauss-Newton method of variable projection (G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from coupling.conventions import CORE
from coupling.integers import count, degree
from coupling.lowrank.certificate import certify
from coupling.lowrank.decomposition import FAR, NEAR, Decomposition, best_conditioned, pool
from coupling.lowrank.factors import Array, Factors, Layout, balanced, growth, largest_first, tensor
from coupling.lowrank.fit import EXACT, RIDGES, descend, noise, polish, random_start
from coupling.lowrank.objective import Objective
from coupling.lowrank.path_weights import whole_paths
from coupling.lowrank.problems import whole_problem
from coupling.lowrank.records import Record, record_of
from coupling.lowrank.store import keep
from coupling.numbers.tabulation import tabulate

#: The name of weights that a search chooses.
FREE_WEIGHTS = "free"

#: The range of the sizes of weights.
LEAST, MOST = 1 / 3, 3.0

#: Iterations of L-BFGS with each Tikhonov parameter, and of Gauss-Newton.
DESCENT, POLISH = 200, 200

#: Starts near the best results so far come in turns of this number.
TURN = 4


@dataclass(frozen=True, eq=False)
class FreeWeights(Objective):
    """The problem min ‖T̂ - Σ w C‖ over factors and weights; ``target`` has weights 1, for the size of a start."""

    blocks: Array = field(default_factory=lambda: np.zeros((0, 1, 1, 1)))  # C of every path, each in the full tensor

    def components(self, values: Array) -> Array:
        """Return ⟨T̂, C⟩ of all paths."""
        return np.asarray(self.blocks.reshape(len(self.blocks), -1) @ values.ravel())

    def residual(self, factors: Sequence[Array]) -> Array:
        """Return T̂ - Σ w C with the best weights."""
        values = tensor(factors)
        return np.asarray(values - np.tensordot(within(self.components(values)), self.blocks, 1))

    def normal_matrix(self, factors: Factors) -> Array:
        """Return JᵀJ without the directions in which only weights change."""
        weights = self.components(tensor(factors))
        along = self._pulled(self.blocks[within(weights) == weights], factors)
        return np.asarray(Objective(self.target).normal_matrix(factors) - along.conj().T @ along)

    @staticmethod
    def _pulled(blocks: Array, factors: Factors) -> Array:
        """Return Jᵀ C for blocks C, [paths, columns of J]."""
        a, b, c = factors
        last = blocks @ c
        first = np.einsum("pijk,ir->pjkr", blocks, a)
        parts = (
            np.einsum("pijr,jr->pir", last, b),
            np.einsum("pjkr,kr->pjr", first, c),
            np.einsum("pjkr,jr->pkr", first, b),
        )
        return np.concatenate(parts, axis=1).reshape(len(blocks), sum(len(x) * x.shape[1] for x in factors))


def within(weights: Array) -> Array:
    """Return the nearest weights in the range, of the same signs, or, for complex ones, of the same arguments.

    >>> within(np.array([-0.25, 1.5, 4.0])).round(6).tolist(), within(np.array([0.1j, 2j])).round(6).tolist()
    ([-0.333333, 1.5, 3.0], [0.333333j, 2j])
    """
    sizes = np.clip(abs(weights), LEAST, MOST)
    if not np.iscomplexobj(weights):
        return np.copysign(sizes, weights)
    outside = sizes != abs(weights)  # the others stay as they are, to the last bit
    return np.where(outside, sizes * np.exp(1j * np.angle(weights)), weights)


def free_objective(lmax: int, parity: str = "all") -> FreeWeights:
    """Return the problem of all paths to a degree.

    >>> round(free_objective(1).norm ** 2, 12)  # the number of paths
    5.0
    """
    paths = list(whole_paths(lmax, parity))
    blocks = np.zeros((len(paths), *((lmax + 1) ** 2,) * 3))
    for values, (path, block) in zip(blocks, tabulate(CORE, lmax, parity=parity).blocks().items(), strict=True):
        values[tuple(slice(l * l, (l + 1) ** 2) for l in path)] = block
    return FreeWeights(blocks.sum(axis=0), None, blocks)


def free_study(
    lmax: object,
    ranks: Iterable[int],
    parity: str = "all",
    *,
    starts: int = 16,
    seed: int = 0,
    seconds: float | None = None,
    workers: int = 1,
    store: Path | None = None,
    progress: Callable[[int, int, int, float], None] | None = None,
) -> list[Record]:
    """Return the best decomposition of each rank over all path weights, in rising order, up to the first exact one.

    A result is a record of the problem with the weights that were found, ``spec["weights"]``.  With a folder as store
    results are written there.  The same seed gives the same results.

    >>> record = free_study(1, [7, 8], starts=6)[-1]
    >>> record.exact, whole_problem(1, weights=record.spec["weights"]).lost_paths
    (True, ())
    """
    objective, records = free_objective(degree(lmax, "lmax"), parity), []
    for rank in sorted(count(rank, "rank") for rank in ranks):

        def step(done: int, best: float, rank: int = rank) -> None:
            if progress:
                progress(rank, done, starts, best)

        found = search_free(objective, rank, count(starts, "starts"), seed, seconds, workers, step)
        records.append(free_record(found, lmax, parity, seed))
        if store is not None:
            keep(records[-1], store)
        if records[-1].exact:
            break
    return records


def complex_errors(
    lmax: object,
    ranks: Iterable[int],
    parity: str = "all",
    *,
    starts: int = 16,
    seed: int = 0,
    seconds: float | None = None,
    workers: int = 1,
    progress: Callable[[int, int, int, float], None] | None = None,
) -> list[tuple[int, float, float, int]]:
    """Return (rank, error, growth, starts) of complex terms over complex path weights, in rising order of ranks.

    The error is relative to the sum of the terms, over the best weights within the range of sizes; growth is that of a
    certificate.  Ends at the first rank that is exact to 1e-12.

    >>> [(rank, error < 1e-12) for rank, error, _, _ in complex_errors(1, [5, 6], starts=6)]
    [(5, False), (6, True)]
    """
    objective, results = free_objective(degree(lmax, "lmax"), parity), []
    for rank in sorted(count(rank, "rank") for rank in ranks):

        def step(done: int, best: float, rank: int = rank) -> None:
            if progress:
                progress(rank, done, starts, best)

        found = search_free(objective, rank, count(starts, "starts"), seed, seconds, workers, step, True)
        results.append((rank, found[0][0], growth(found[0][1]), len(found)))
        if found[0][0] < EXACT:
            break
    return results


def search_free(
    objective: FreeWeights,
    rank: int,
    starts: int,
    seed: int,
    seconds: float | None,
    workers: int,
    progress: Callable[[int, float], None],
    complex_factors: bool = False,
) -> list[tuple[float, Factors]]:
    """Return (relative error, factors) of the starts, the best first: half at random, then near the best so far."""
    kind = np.dtype(complex if complex_factors else float)
    end = time.monotonic() + (np.inf if seconds is None else seconds)
    half = -(-starts // 2)
    turns = [range(half), *(range(k, min(k + TURN, starts)) for k in range(half, starts, TURN))]
    found: list[tuple[float, Factors]] = []
    with pool(min(workers, starts)) as executor:
        for turn in turns:
            bases = [factors for _, factors in sorted(found, key=lambda one: one[0])[:TURN]]
            calls = [(objective, rank, seed, n, bases[n % len(bases)] if bases else None, kind) for n in turn]
            results = map(free_start, calls) if executor is None else executor.map(free_start, calls)
            for result in results:
                found.append(result)
                progress(len(found), min(error for error, _ in found))
                if time.monotonic() > end or (executor is None and result[0] < EXACT):
                    break
            if time.monotonic() > end or min(error for error, _ in found) < EXACT:
                break
    return sorted(found, key=lambda one: one[0])


def free_start(call: tuple[FreeWeights, int, int, int, Factors | None, np.dtype]) -> tuple[float, Factors]:
    """Return (relative error, factors) of one start, at random or near a result."""
    objective, rank, seed, number, base, kind = call
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(rank, number)))
    layout = Layout(objective.shape, rank)
    x = random_start(objective, layout, generator, kind)
    if base is not None:
        x, spread = layout.pack(base), np.exp(generator.uniform(np.log(NEAR), np.log(FAR)))
        x = x + spread * np.sqrt(np.mean(x**2)) * noise(generator, x.shape, x.dtype)
    for ridge in RIDGES[number % len(RIDGES)] if base is None else ():
        x = descend(objective, layout, x, ridge, DESCENT)
    factors = balanced(layout.unpack(polish(objective, layout, x, POLISH)))
    return float(np.linalg.norm(objective.residual(factors)) / np.linalg.norm(tensor(factors))), factors


def free_record(found: Sequence[tuple[float, Factors]], lmax: object, parity: str, seed: int) -> Record:
    """Return the record of the best start: the problem has the weights that its sum has, within the range."""
    factors = largest_first(best_conditioned([(error, growth(one), one) for error, one in found]))
    limit = degree(lmax, "lmax")
    chosen = within(free_objective(limit, parity).components(tensor(factors)))
    weights = dict(zip(whole_paths(limit, parity), chosen.tolist(), strict=True))
    problem = whole_problem(limit, parity, weights=weights)
    certificate = certify(problem.objective, factors, problem.measure)
    errors = tuple(error for error, _ in found)
    return record_of(problem, Decomposition(factors, certificate.relative, certificate, errors), seed)

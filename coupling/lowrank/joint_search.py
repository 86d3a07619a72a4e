"""How few evaluations of several products make all paths with weight 1: a joint low-rank problem.

*Lower bound.*  On odd paths, the sum of all columns over N of the bracket has rank at most Σ R_k odd_k and equals 1/N
there; so with the even ones and N of the Gaunt product.  Where one product alone has paths of a parity, its own 1/N
counts.  1/N has a proved bound of its rank, :func:`coupling.lowrank.bounds.lower_bound`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np

from coupling.conventions import ANTISYMMETRIC_GAUNT, GAUNT
from coupling.integers import count, degree
from coupling.lowrank.bounds import lower_bound
from coupling.lowrank.decomposition import FAR, NEAR
from coupling.lowrank.evaluations import EVALUATIONS, Evaluation
from coupling.lowrank.factors import Array
from coupling.lowrank.fit import EXACT
from coupling.lowrank.joint import JointEquations, column_numbers, is_proved
from coupling.lowrank.path_weights import whole_paths
from coupling.lowrank.problems import normalization_problem
from coupling.lowrank.stacks import polish_stack
from coupling.numbers.normalizations import normalization
from coupling.selection import Path, one_of

#: Starts of a stack, and how many results others begin near.
STACK, BEST = 32, 8


@dataclass(frozen=True)
class JointResult:
    """The best sum of evaluations that was found: how many of each product, its error, and whether it is exact.

    factors: for each product, arrays [R, vectors, lmax+1] for its three slots.  lower: a proved lower bound of the
    number of evaluations.  proved: an exact sum is proved to exist near the factors.
    """

    lmax: int
    counts: dict[str, int]
    error: float
    proved: bool
    lower: int
    lost: tuple[Path, ...]
    factors: dict[str, tuple[Array, Array, Array]] = field(repr=False)

    @property
    def evaluations(self) -> int:
        """Their number, all products together."""
        return sum(self.counts.values())


def search_sum(problem: JointEquations, starts: int, seed: int) -> tuple[float, Array]:
    """Return (error, unknowns) of the best of several starts: half at random, the others near the best so far."""
    best: list[tuple[float, Array]] = []
    for first in range(0, starts, STACK):
        numbers = range(first, min(first + STACK, starts))
        generators = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n,))) for n in numbers]
        begin = [
            _beginning(problem, g, best if 2 * first >= starts else [], n)
            for n, g in zip(numbers, generators, strict=True)
        ]
        ends = polish_stack(problem, np.array(begin))
        best = sorted([*best, *((problem.error(x), x) for x in ends)], key=lambda one: one[0])[:BEST]
        if best[0][0] < EXACT:
            break
    return best[0]


def _beginning(
    problem: JointEquations, generator: np.random.Generator, best: Sequence[tuple[float, Array]], number: int
) -> Array:
    noise = generator.standard_normal(problem.size)
    if not best:
        return np.asarray(noise / np.cbrt(np.sqrt(problem.numbers.shape[1])))
    base = best[number % len(best)][1]
    size = np.exp(generator.uniform(np.log(NEAR), np.log(FAR))) * np.sqrt(np.mean(base**2))
    return np.asarray(base + size * noise)


@cache
def rank_bound(family: str, lmax: int, parity: str) -> int:
    """Return a proved lower bound of the rank of 1/N of a family on the paths of a parity, 0 where it has none.

    >>> rank_bound("gaunt", 2, "even"), rank_bound("gaunt", 2, "odd")
    (2, 0)
    """
    if not any(any(normalization(family, lmax)[p] for p in whole_paths(lmax, kind)) for kind in _kinds(parity)):
        return 0
    return lower_bound(normalization_problem(family, lmax, parity).objective)


def _kinds(parity: str) -> tuple[str, ...]:
    return ("even", "odd") if parity == "all" else (parity,)


def possible(counts: Mapping[str, int], lmax: int) -> bool:
    """Return whether the ranks on even, on odd and on all paths leave room for an exact sum.

    >>> possible({"gaunt": 2, "bracket": 1}, 2), possible({"gaunt": 3}, 2), possible({"single": 1}, 2)
    (True, False, False)
    """
    every = [(EVALUATIONS[name], number) for name, number in counts.items() if number]
    alone = 0 if counts.get(GAUNT) else 1  # the path (0, 0, 0), which the others lack
    even, odd = alone + sum(one.even * n for one, n in every), sum(one.odd * n for one, n in every)
    enough = even >= rank_bound(GAUNT, lmax, "even") and odd >= rank_bound(ANTISYMMETRIC_GAUNT, lmax, "odd")
    return enough and all(_alone(every, parity, lmax) for parity in ("even", "odd", "all"))


def _alone(every: Sequence[tuple[Evaluation, int]], parity: str, lmax: int) -> bool:
    """Return whether a product has enough evaluations where it is the only one with paths of a parity."""
    kinds = _kinds(parity)
    there = [(one, n) for one, n in every if ("even" in kinds and one.even) or ("odd" in kinds and one.odd)]
    if len(there) != 1 or there[0][0].family is None:
        return True
    [(one, number)] = there
    return number >= rank_bound(str(one.family), lmax, parity)


def splits(names: Sequence[str], total: int) -> Iterator[dict[str, int]]:
    """Yield the ways to write a number as a sum over products.

    >>> list(splits(["gaunt", "bracket"], 1))
    [{'gaunt': 1, 'bracket': 0}, {'gaunt': 0, 'bracket': 1}]
    """
    for numbers in product(range(total, -1, -1), repeat=len(names)):
        if sum(numbers) == total:
            yield dict(zip(names, numbers, strict=True))


def joint_study(
    names: Sequence[str],
    lmax: object,
    *,
    starts: object = 64,
    seed: object = 0,
    most: object = 12,
    progress: Callable[[int, int], None] | None = None,
) -> list[JointResult]:
    """Return the best sum of 1, 2, … evaluations of some products for all paths, up to the first that is exact.

    names: out of "gaunt", "bracket", "single", "gradient" and "vector"; all splits of a number over them are tried that
    the bounds of the rank do not exclude, numbers without such a split are left out.  most: the largest number.  The
    same seed gives the same results.  progress(evaluations, splits) is called before each number.  Raises ValueError
    for other names and where the products do not reach a path other than (0, 0, 0).

    >>> joint_study(["gaunt", "bracket"], 1, starts=8)[-1].counts
    {'gaunt': 1, 'bracket': 1}
    """
    limit, starts = degree(lmax, "lmax"), count(starts, "starts")
    seed, most = degree(seed, "seed"), count(most, "most")
    for name in names:
        one_of(name, tuple(EVALUATIONS), "products")
    _require_paths(names, limit)
    found: list[JointResult] = []
    for total in range(1, most + 1):
        options = [split for split in splits(names, total) if possible(split, limit)]
        if options and progress is not None:
            progress(total, len(options))
        lower = found[0].lower if found else total
        results = [result for split in options if (result := _searched(split, limit, starts, seed, lower))]
        if results:
            found.append(min(results, key=lambda one: (not one.proved, one.error)))
        if found and found[-1].proved:
            break
    return found


def _require_paths(names: Sequence[str], lmax: int) -> None:
    tables = [column_numbers(name, lmax) for name in names]
    lost = [p for p in whole_paths(lmax) if any(p) and not any(any(table[p]) for table in tables)]
    if lost:
        said = " and ".join(names) or "no products"
        raise ValueError(f"{said} do not reach the path {lost[0]}: add others of {', '.join(EVALUATIONS)}")


def _searched(counts: dict[str, int], lmax: int, starts: int, seed: int, lower: int) -> JointResult | None:
    """Return the best sum of these evaluations, None where they lose a path other than (0, 0, 0)."""
    used: list[Evaluation] = [EVALUATIONS[name] for name, number in counts.items() if number]
    results = []
    for alike in (True, False) if all(one.symmetric for one in used) else (False,):
        problem = JointEquations(lmax, counts, alike)
        if any(any(path) for path in problem.lost):
            return None
        error, x = search_sum(problem, starts, seed)
        proved = error < EXACT and is_proved(problem, x)
        results.append(JointResult(lmax, counts, error, proved, lower, problem.lost, problem.factors(x)))
        if proved:
            break
    return min(results, key=lambda one: (not one.proved, one.error))

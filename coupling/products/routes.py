"""The ways of computing one Clebsch-Gordan product with given path weights: which there are, and what they cost.

    sparse   the coefficients themselves, for any weights
    sphere   Σ_r of Gaunt products (even paths) and brackets (odd paths), for weights N Σ_r a_r(l1) b_r(l2) c_r(l3) with
             the N of each (derivation ``clebsch_gordan_paths``)
    matrix   Σ_r of matrix products of one spin, for weights with their N (derivation ``matrix_product``)

All three give the same numbers, to rounding.  Weights that no affordable number of terms gives exactly are declined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.sphere_product import BRACKET, GAUNT
from coupling.memory import physical_memory
from coupling.numbers.normalizations import normalization
from coupling.numbers.sizes import table_bytes
from coupling.numbers.spins import matrix_factors, smallest_spin, used_degrees
from coupling.portable import Portable
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.costs import WorkCounts, added_work, matrix_work, seconds, sparse_work, sphere_work
from coupling.products.matrix_product import MatrixProduct
from coupling.products.paths import by_degrees
from coupling.products.product import Product
from coupling.products.product_sum import ProductSum
from coupling.products.simulate import FAMILIES, Simulation
from coupling.products.terms import SEVERAL, Factors, find_terms

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Lmax = tuple[int, int, int]
Options = dict[str, Any]

#: Largest number of terms that is searched for a route that the caller names, and for the fastest.
MOST_TERMS, MOST_OF_AUTO = 8, 4

#: Largest degree for which terms are looked for; beyond, the normalizations and the search take minutes.
SEARCHED = 48

#: Largest degree of a table, and how many times its bytes the lists of the sparse product may take.
TABLE_LMAX, LISTS = 127, 6

#: Channel samples for which routes are compared when it is decided how many terms are worth a search.
TYPICAL = 1 << 14

#: How far beyond the smallest spin that reaches all paths one term is looked for.
MORE_SPIN = 2


@dataclass(frozen=True, eq=False)
class Route(Portable):
    """One way of computing a product: its name, what it does, its work in each of the three turns, how to make it."""

    name: str
    detail: str
    works: tuple[tuple[WorkCounts, ...], ...]
    make: Callable[[], Product]

    @cached_property
    def product(self) -> Product:
        """The product, made when it is first wanted."""
        return self.make()

    def turn(self) -> Route:
        """Return the route of the turned product."""
        return Route(self.name, self.detail, (*self.works[1:], self.works[0]), partial(_turned, self))

    def seconds(self, dtype: np.dtype[Any], samples: int, workers: int) -> float:
        """Return the predicted time of a call."""
        return seconds(self.works[0], dtype, samples, workers)


def turns(lmax: Lmax) -> tuple[Lmax, Lmax, Lmax]:
    """Return the degrees of the form and of its two turns.

    >>> turns((1, 2, 3))
    ((1, 2, 3), (2, 3, 1), (3, 1, 2))
    """
    l1, l2, l3 = lmax
    return (l1, l2, l3), (l2, l3, l1), (l3, l1, l2)


def sparse_route(lmax: Lmax, paths: Integers, weights: Array, options: Options) -> Route | str:
    """Return the route by coefficients, for weights [P] of paths [P, 3], or why there is none.

    >>> sparse_route((1, 1, 1), np.array([[1, 1, 0], [1, 1, 1]]), np.ones(2), {}).detail
    '9 coefficients'
    """
    needed = LISTS * table_bytes(lmax, "real", "all", 1)
    if max(used_degrees(*lmax)) > TABLE_LMAX:
        return f"no table reaches beyond degree {TABLE_LMAX}"
    if needed > physical_memory():
        return f"its lists would take {needed} bytes, this machine has {physical_memory()}"
    there = paths[weights != 0]
    works = tuple((sparse_work(each, np.roll(there, -n, axis=1)),) for n, each in enumerate(turns(lmax)))
    entries = int(works[0][0].counts[-1])
    make = partial(ClebschGordan, *lmax, weights, paths=paths, **options)
    return Route("sparse", f"{entries} coefficients", works, make)


def sphere_route(
    lmax: Lmax, paths: Integers, weights: Array, options: Options, limit: Route | None = None, most: int = MOST_TERMS
) -> Route | str:
    """Return the route by Gaunt products and brackets, or why there is none.

    For each parity no more terms than most, nor than are faster than limit.

    >>> from coupling.indexing import path_array
    >>> paths = path_array((2, 2, 2))
    >>> n = normalization("gaunt", 2)[tuple(paths.T)]
    >>> sphere_route((2, 2, 2), paths, n, {}).detail
    '1 Gaunt product'
    >>> sphere_route((2, 2, 2), paths, n + np.random.default_rng(0).normal(size=n.shape), {}).detail
    '2 Gaunt products and 1 bracket'
    """
    if reason := unsearchable(lmax, weights):
        return reason
    weights = by_degrees(lmax, paths, weights)
    most = most if max(lmax) < SEVERAL else min(most, 1)
    box = tuple(slice(l + 1) for l in lmax)
    norms = [normalization(FAMILIES[kind], max(lmax))[box] for kind in (GAUNT, BRACKET)]
    least = [int((weights[n != 0] != 0).any()) for n in norms]
    room = (
        affordable(lambda r: (sphere_work(lmax, r, least[1]),), limit, most),
        affordable(lambda r: (sphere_work(lmax, least[0], r),), limit, most),
    )
    found: list[Factors] = []
    for n, terms, name in zip(norms, room, ("even", "odd"), strict=True):
        factors = find_terms(weights, n, terms)
        if factors is None:
            return refusal(f"the weights of the {name} paths", terms, most, limit)
        found.append(factors)
    gaunts, brackets = (f[0].shape[1] for f in found)
    works = tuple((sphere_work(each, gaunts, brackets),) for each in turns(lmax))
    parts = [plural(gaunts, "Gaunt product")] * (gaunts > 0) + [plural(brackets, "bracket")] * (brackets > 0)
    named = {"even": found[0], "odd": found[1]}
    return Route("sphere", " and ".join(parts) or "no term", works, partial(Simulation, *lmax, named, **options))


def matrix_route(
    lmax: Lmax, paths: Integers, weights: Array, options: Options, limit: Route | None = None, most: int = MOST_TERMS
) -> Route | str:
    """Return the route by matrix products of one spin, or why there is none.

    No more terms than most, nor than are faster than limit.  One term is looked for with several spins, more with the
    smallest that reaches all paths.

    >>> from coupling.indexing import path_array
    >>> paths = path_array((3, 3, 3))
    >>> matrix_route((3, 3, 3), paths, MatrixProduct(3, 3, 3).normalization[tuple(paths.T)], {}).detail
    '1 matrix product of spin 2'
    """
    if reason := unsearchable(lmax, weights):
        return reason
    weights = by_degrees(lmax, paths, weights)
    most = most if max(lmax) < SEVERAL else min(most, 1)
    smallest = smallest_spin(*lmax)
    spins = np.arange(max(used_degrees(*lmax)) / 2, smallest + MORE_SPIN + 0.5, 0.5).tolist()
    room = {j: affordable(lambda r, j=j: matrix_works(lmax, j, r), limit, most) for j in spins}  # type: ignore[misc]
    tried = [(j, min(1, room[j])) for j in spins] + [(smallest, room[smallest])] * (room[smallest] > 1)
    for spin, terms in tried:
        n = matrix_factors(lmax, spin)
        lost = weights[n == 0].any()
        if not lost and (found := find_terms(weights, n, terms)) is not None:
            return _matrix_route(lmax, spin, found, options)
    return refusal("the weights", room[smallest], most, limit)


def _matrix_route(lmax: Lmax, spin: float, terms: Factors, options: Options) -> Route:
    a, b, c = terms
    rank = max(1, a.shape[1])
    if not a.shape[1]:  # no weights at all: one product of nothing
        a, b, c = (np.zeros((l + 1, 1)) for l in lmax)
    works = tuple(matrix_works(each, spin, rank) for each in turns(lmax))
    make = partial(_matrix_products, lmax, spin, (a, b, c), options)
    return Route("matrix", f"{plural(rank, 'matrix product')} of spin {spin:g}", works, make)


def _matrix_products(lmax: Lmax, spin: float, terms: Factors, options: Options) -> Product:
    each = zip(*(factor.T for factor in terms), strict=True)
    parts = [MatrixProduct(*lmax, spin=spin, weights=three, **options) for three in each]
    return ProductSum(parts) if len(parts) > 1 else parts[0]


def _turned(route: Route) -> Product:
    return route.product.turn()


def matrix_works(lmax: Lmax, spin: float, rank: int) -> tuple[WorkCounts, ...]:
    """Return the work of a sum of matrix products.

    >>> [work.code for work in matrix_works((1, 1, 1), 0.5, 2)]
    ['matrix straight', 'matrix straight', 'added']
    """
    return (*[matrix_work(lmax, spin)] * rank, *[added_work(lmax)] * (rank - 1))


def fastest(found: Iterable[Route | str]) -> Route | None:
    """Return the route that is predicted to be the fastest in float32, if there is one.

    >>> fastest(["no route"]) is None
    True
    """
    there = [route for route in found if isinstance(route, Route)]
    return min(there, key=lambda route: route.seconds(np.dtype(np.float32), TYPICAL, 1), default=None)


def affordable(works: Callable[[int], tuple[WorkCounts, ...]], limit: Route | None, most: int = MOST_TERMS) -> int:
    """Return how many terms, at the most, are faster than a route, in one of the two types.

    >>> affordable(lambda r: matrix_works((1, 1, 1), 0.5, r), None)
    8
    """
    if limit is None:
        return most
    types: list[np.dtype[Any]] = [np.dtype(np.float32), np.dtype(np.float64)]
    bounds = [limit.seconds(t, TYPICAL, 1) for t in types]

    def faster(rank: int) -> bool:
        return any(seconds(works(rank), t, TYPICAL) < bound for t, bound in zip(types, bounds, strict=True))

    return max(filter(faster, range(1, most + 1)), default=0)


def unsearchable(lmax: Lmax, weights: Array) -> str | None:
    """Return why no terms are looked for, if so.

    >>> unsearchable((1, 1, 1), np.full(5, np.inf))
    'the weights are not all finite'
    """
    if not np.isfinite(weights).all():
        return "the weights are not all finite"
    if max(lmax) > SEARCHED:
        return f"terms are looked for to degree {SEARCHED}; beyond, give factors to coupling.products.Simulation"
    return None


def refusal(what: str, room: int, most: int, limit: Route | None) -> str:
    """Return the sentence for weights that so few terms do not give.

    >>> refusal("the weights", 2, 2, None)
    'the weights are not exactly a sum of up to 2 terms N(l1,l2,l3) a(l1) b(l2) c(l3)'
    """
    other = limit.name if limit else ""
    if room == 0:
        return f"even one term would take longer than {other}"
    terms = "one term" if room == 1 else f"a sum of up to {room} terms"
    slower = f", and more would take longer than {other}" if room < most else ""
    return f"{what} are not exactly {terms} N(l1,l2,l3) a(l1) b(l2) c(l3){slower}"


def plural(n: int, name: str) -> str:
    """Return a number of things in words.

    >>> plural(2, "bracket")
    '2 brackets'
    """
    return f"{n} {name}" if n == 1 else f"{n} {name}s"

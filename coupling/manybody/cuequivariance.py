"""The basis of cuEquivariance's ``reduced_symmetric_tensor_product_basis`` (0.13), by its own steps in exact numbers.

First, a power of one irrep is built from two smaller ones, whose products are symmetrized and made orthogonal in the
order of the degrees of the two (Gram-Schmidt).  Which two: of the parts, first single factors, the first pair whose
symmetric power is smallest is joined, until two are left; so 3 = 2+1, 4 = 2+2, 5 = 3+2, 6 = 4+2.

Second, rows of one irrep are made sparse: where in two rows most ratios of entries are equal, the smallest of those
that are most frequent, and more frequent than the entries that only one row has, the row that has fewer zeros to lose
is replaced by the difference that makes these entries zero.  The pairs are visited in the order of an undirected graph
with the rows as its nodes, at most 20 times.

Third, powers of different irreps are coupled one after another, and the rows made sparse again.

The rows have norm 1 for every component but are not orthogonal after the second step.  Signs are those of this package,
whose Clebsch-Gordan coefficients are the same.  The program compares ratios as doubles: where rounding tells equal
ratios apart, its choice is an accident, and its rows are other ones of the same span.  Among spaces to lmax 3 and order
3 this happens to one path, of 4e.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import factorial, prod
from typing import Any

import numpy as np

from coupling.exact.rounding import isqrt_exact
from coupling.irreps import Irrep
from coupling.manybody.blocks import Group, MultipletBlock, block_multiplets
from coupling.manybody.combinations import RationalRow, gram_schmidt, pivots
from coupling.manybody.ladder import coefficients, highest_norm
from coupling.manybody.powers import power
from coupling.manybody.trees import Tree
from coupling.selection import doubled_triangle

#: Passes over all pairs of rows.
PASSES = 20
Monomial = tuple[int, ...]


def halves(n: int) -> tuple[int, int]:
    """Return the two powers of which a power is built.

    >>> [halves(n) for n in (2, 3, 4, 5, 6)]
    [(1, 1), (2, 1), (2, 2), (3, 2), (4, 2)]
    """
    parts = [1] * n
    while len(parts) > 2:
        i, j = min(combinations(range(len(parts)), 2), key=lambda pair: parts[pair[0]] + parts[pair[1]])
        joined = parts[i] + parts[j]
        parts = [joined, *(part for k, part in enumerate(parts) if k not in (i, j))]
    return parts[0], parts[1]


@lru_cache(maxsize=4096)
def symmetrized(twice: int, n: int, degree: int) -> list[RationalRow]:
    """Return the rows of a power before they are made sparse, in the multiplets of :mod:`coupling.manybody.powers`.

    >>> symmetrized(4, 2, 4)
    [[Fraction(1, 1)]]
    """
    own = power(twice, n, "symmetric")
    multiplets = own.multiplets(degree)
    if n == 1:
        return [[Fraction(1)]]
    s = (n * twice - degree) // 2
    chosen = np.flatnonzero(own.lowering == s)
    columns, back = pivots(multiplets.vectors[:, chosen])
    monomials = [own.by_lowering[s][c] for c in columns]
    candidates = (
        [sum((v * x for v, x in zip(values, c, strict=True)), Fraction(0)) for c in zip(*back, strict=True)]
        for values in _products(twice, n, degree, monomials)
    )
    return [row for _, row in gram_schmidt(candidates, multiplets.norms)]


def _products(twice: int, n: int, degree: int, monomials: list[Monomial]) -> Iterator[list[Fraction]]:
    """Yield the coefficients of monomials in the products of all rows of the two smaller powers."""
    a, b = halves(n)
    for first in sorted(power(twice, a, "symmetric").degrees()):
        for second in sorted(power(twice, b, "symmetric").degrees()):
            if doubled_triangle(first, second, degree):
                for x, y in product(_polynomials(twice, a, first), _polynomials(twice, b, second)):
                    yield [_coefficient(m, (x, y), (first, second, degree), (twice, a, b)) for m in monomials]


@lru_cache(maxsize=4096)
def _polynomials(twice: int, n: int, degree: int) -> list[dict[Monomial, Fraction]]:
    """Return the rows of a power as polynomials in divided powers, all weights together."""
    own = power(twice, n, "symmetric")
    vectors, monomials = own.multiplets(degree).vectors, [tuple(ks) for ks in own.monomials.tolist()]
    found = []
    for row in symmetrized(twice, n, degree):
        terms: dict[Monomial, Fraction] = {}
        for factor, vector in zip(row, vectors.tolist(), strict=True):
            for monomial, value in zip(monomials, vector, strict=True):
                if factor and value:
                    terms[monomial] = terms.get(monomial, Fraction(0)) + factor * value
        found.append(terms)
    return found


def _coefficient(
    monomial: Monomial, factors: Any, degrees: tuple[int, int, int], sizes: tuple[int, int, int]
) -> Fraction:
    """Return the coefficient of a monomial in the product of two polynomials, coupled to a degree."""
    twice, a, b = sizes
    table, total = coefficients(*degrees), Fraction(0)
    for part in set(combinations(monomial, a)):
        rest = tuple(sorted((Counter(monomial) - Counter(part)).elements()))
        left, right = factors[0].get(part), factors[1].get(rest)
        if left and right:
            i = sum(part) - (a * twice - degrees[0]) // 2
            j = sum(rest) - (b * twice - degrees[1]) // 2
            total += left * right * int(table[i, j])
    return total


@lru_cache(maxsize=4096)
def sparse_power(twice: int, n: int, degree: int) -> list[RationalRow]:
    """Return the rows of a power, in the multiplets of :mod:`coupling.manybody.powers`.

    >>> sparse_power(2, 3, 2)
    [[Fraction(1, 1)]]
    """
    rows = symmetrized(twice, n, degree)
    if len(rows) == 1:
        return rows
    groups = (Group(0, Irrep(twice, 0), 0, n),)
    return made_sparse(block_multiplets(groups, Irrep(degree, 0), "symmetric", "real"), rows)


def coupled_rows(made: MultipletBlock) -> list[RationalRow]:
    """Return the rows of a block before they are made sparse, in its multiplets."""
    trees = made.multiplets.trees
    place = {tree: i for i, tree in enumerate(trees)}
    scales = [_divided(made, tree, value) for tree, value in zip(trees, made.multiplets.norms, strict=True)]
    rows = []
    for tree in trees:
        powers = [
            sparse_power(group.irrep.twice, group.n, step.degree)[step.number]
            for group, step in zip(made.groups, tree, strict=True)
        ]
        row = [Fraction(0)] * len(trees)
        for numbers in product(*(range(len(values)) for values in powers)):
            other = tuple(step._replace(number=k) for step, k in zip(tree, numbers, strict=True))
            i = place[other]
            row[i] = prod((values[k] for values, k in zip(powers, numbers, strict=True)), start=Fraction(scales[i]))
        rows.append(row)
    return rows


def _divided(made: MultipletBlock, tree: Tree, value: int) -> int:
    """Return by what the multiplet of a tree was divided when it was made primitive."""
    square, before = 1, 0
    for group, step in zip(made.groups, tree, strict=True):
        square *= power(group.irrep.twice, group.n, "symmetric").multiplets(step.degree).norms[step.number]
        square *= highest_norm(before, step.degree, step.result)
        before = step.result
    return isqrt_exact(square // value) or 0


def made_sparse(made: MultipletBlock, rows: list[RationalRow]) -> list[RationalRow]:
    """Return combinations of rows whose tensors in real components have fewer entries."""
    if len(rows) == 1:
        return rows
    counts = [_arrangements(monomial) for monomial in made.monomials.tolist()]
    current, lines = [list(row) for row in rows], [_entries(made, row) for row in rows]
    edges: dict[int, dict[int, None]] = {i: {j: None for j in range(len(rows)) if j != i} for i in range(len(rows))}
    for _ in range(PASSES):
        edges, changed = _pass(edges, lines, current, counts)
        if not changed:
            break
    return current


def _entries(made: MultipletBlock, row: RationalRow) -> list[Fraction]:
    """Return a combination of the multiplets in real components, as it is."""
    factors = [x * int(g) for x, g in zip(row, made.divisors, strict=True)]
    return [sum((f * int(x) for f, x in zip(factors, column, strict=True)), Fraction(0)) for column in made.values.T]


def _arrangements(monomial: list[int]) -> int:
    return factorial(len(monomial)) // prod(factorial(n) for n in Counter(monomial).values())


def _pass(edges: Any, lines: list[list[Fraction]], rows: list[RationalRow], counts: Any) -> tuple[Any, bool]:
    """Visit all pairs of rows that still touch; return those to visit next, and whether a row was replaced."""
    following: dict[int, dict[int, None]] = {i: {} for i in edges}
    changed, seen = False, set()

    def join(i: int, j: int) -> None:
        following[i][j] = following[j][i] = None

    for i, neighbours in edges.items():
        for j in neighbours:
            if j in seen:
                continue
            found = _replacement(lines[i], lines[j], counts)
            if found is None:
                continue
            ratio, which = found
            join(i, j)
            if ratio is not None:
                changed, target = True, (i, j)[which]
                for values in (lines, rows):
                    values[target] = [x - ratio * y for x, y in zip(values[i], values[j], strict=True)]
                for k in edges[i]:
                    if k != j:
                        join(k, j)
                for k in edges[j]:
                    if k != i:
                        join(k, i)
        seen.add(i)
    return following, changed


def _replacement(first: list[Fraction], second: list[Fraction], counts: Any) -> tuple[Fraction | None, int] | None:
    """Return None for rows that do not touch, else the ratio that is taken off, if any, and which row is replaced."""
    ratios: dict[Fraction, int] = {}
    only = [0, 0]
    for x, y, number in zip(first, second, counts, strict=True):
        if x and y:
            ratios[x / y] = ratios.get(x / y, 0) + int(number)
        elif x or y:
            only[0 if x else 1] += int(number)
    if not ratios:
        return None
    most = max(ratios.values())
    ratio = min(r for r, number in ratios.items() if number == most)
    if most > min(only):
        return ratio, 1 if only[0] < only[1] else 0
    return None, 0

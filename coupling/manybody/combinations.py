"""Other bases of the same blocks: rational combinations of their multiplets, exact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from coupling.manybody.blocks import Group, MultipletBlock, lowered
from coupling.manybody.integral import Integers, as_integers, integer_matmul, largest_magnitude, primitive
from coupling.manybody.ladder import coefficients
from coupling.manybody.trees import lowerings

#: Coefficients of the multiplets of a block.
RationalRow = list[Fraction]

#: Factors in an order: places in the list of irreps; and twice the degrees of the partial results, from the first on.
Order = tuple[tuple[int, ...], tuple[int, ...]]


def sequences(groups: tuple[Group, ...], degree: int) -> Iterator[Order]:
    """Yield all ways of coupling the factors of a block one after another to a degree, doubled, in lexicographic order.

    The order is that of first factor, second factor, partial result, third factor, partial result, …; of factors by
    degree, even before odd, then by place; of partial results by degree.

    >>> from coupling.irreps import Irrep
    >>> list(sequences((Group(0, Irrep(0, 1), 0, 1), Group(1, Irrep(2, -1), 1, 1)), 2))
    [((0, 1), (0, 2)), ((1, 0), (2, 2))]
    """
    twice = {group.place: group.irrep.twice for group in groups}
    rank = {group.place: (group.irrep.twice, -group.irrep.parity, group.place) for group in groups}

    def extended(places: tuple[int, ...], results: tuple[int, ...], left: dict[int, int]) -> Iterator[Order]:
        if not left:
            if results[-1] == degree:
                yield places, results
            return
        for place in sorted(left, key=rank.__getitem__):
            rest = {p: n - (p == place) for p, n in left.items() if n > (p == place)}
            a, b = (results[-1] if results else 0), twice[place]
            for c in range(abs(a - b), a + b + 1, 2):
                yield from extended((*places, place), (*results, c), rest)

    yield from extended((), (), {group.place: group.n for group in groups})


def pivots(highest: Integers) -> tuple[list[int], list[RationalRow]]:
    """Return columns in which the rows of a matrix are independent, and the inverse of that part.

    >>> pivots(np.array([[0, 2, 1]]))
    ([1], [[Fraction(1, 2)]])
    """
    matrix = [[Fraction(int(x)) for x in row] for row in highest]
    columns: list[int] = []
    rows = [list(row) for row in matrix]
    for row in rows:
        column = next(c for c, x in enumerate(row) if x)
        columns.append(column)
        for other in rows:
            if other is not row and other[column]:
                ratio = other[column] / row[column]
                other[:] = [x - ratio * y for x, y in zip(other, row, strict=True)]
    return columns, inverse([[row[c] for c in columns] for row in matrix])


def inverse(matrix: list[RationalRow]) -> list[RationalRow]:
    """Return the inverse of a square matrix of rationals.

    >>> inverse([[Fraction(2), Fraction(1)], [Fraction(0), Fraction(1)]])
    [[Fraction(1, 2), Fraction(-1, 2)], [Fraction(0, 1), Fraction(1, 1)]]
    """
    n = len(matrix)
    rows = [[*row, *(Fraction(i == j) for j in range(n))] for i, row in enumerate(matrix)]
    for i in range(n):
        pivot = next(j for j in range(i, n) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(n):
            if j != i and rows[j][i]:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [row[n:] for row in rows]


class Pivotal:
    """The multiplets of a block in divided powers, and monomials of the highest weight that tell them apart.

    >>> from coupling.manybody.blocks import block_multiplets
    >>> from coupling.irreps import Irrep
    >>> made = block_multiplets((Group(0, Irrep(2, -1), 0, 3),), Irrep(2, -1), "symmetric", "real")
    >>> found = Pivotal(made, "symmetric", 2)
    >>> found.row((0, 0, 0), (2, 4, 2)) == found.row((0, 0, 0), (2, 0, 2))
    False
    """

    def __init__(self, block: MultipletBlock, symmetry: str, degree: int) -> None:
        self.twice = {group.place: group.irrep.twice for group in block.groups}
        shape, top = block.shape, sum(twice * n for twice, n in block.shape)
        own = block.multiplets
        chosen = np.flatnonzero(2 * lowerings(shape, symmetry)[own.columns] == top - degree)
        columns, self.inverse = pivots(own.vectors[:, chosen])
        found = lowered(shape, symmetry)[own.columns[chosen[columns]]].tolist()
        places = [group.place for group in block.groups for _ in range(group.n)]
        self.monomials = [list(zip(places, ks, strict=True)) for ks in found]

    def row(self, places: tuple[int, ...], results: tuple[int, ...]) -> RationalRow:
        """Return the coefficients of the multiplets in the symmetrized product of factors coupled in this order."""
        values = [self._coefficient(monomial, places, results) for monomial in self.monomials]
        return [
            sum((v * x for v, x in zip(values, c, strict=True)), Fraction(0)) for c in zip(*self.inverse, strict=True)
        ]

    def _coefficient(self, monomial: list[tuple[int, int]], places: tuple[int, ...], results: tuple[int, ...]) -> int:
        """Return the coefficient of a monomial of the commuting factors, over all its assignments to the slots."""
        left: dict[int, dict[int, int]] = {}
        for place, k in monomial:
            left.setdefault(place, {})[k] = left.get(place, {}).get(k, 0) + 1

        def total(slot: int, k: int) -> int:
            if slot == len(places):
                return 1
            own, found = left[places[slot]], 0
            for each in [each for each, n in own.items() if n]:
                factor, result = self._step(slot, k, each, places, results)
                if factor:
                    own[each] -= 1
                    found += factor * total(slot + 1, result)
                    own[each] += 1
            return found

        return total(0, 0)

    def _step(self, slot: int, k: int, each: int, places: tuple[int, ...], results: tuple[int, ...]) -> tuple[int, int]:
        if slot == 0:
            return 1, each
        a, b, c = results[slot - 1], self.twice[places[slot]], results[slot]
        return int(coefficients(a, b, c)[k, each]), k + each - (a + b - c) // 2


def gram_schmidt(rows: Iterable[RationalRow], norms: Sequence[Fraction | int]) -> Iterator[tuple[int, RationalRow]]:
    """Yield which rows are independent of those before, and their parts orthogonal to these; stops when all are found.

    >>> [(i, [str(x) for x in row]) for i, row in gram_schmidt([[1, 0], [2, 0], [1, 1]], [1, 2])]
    [(0, ['1', '0']), (2, ['0', '1'])]
    """
    found: list[tuple[RationalRow, Fraction]] = []
    for number, row in enumerate(rows):
        rest = [Fraction(x) for x in row]
        for other, square in found:
            ratio = product(rest, other, norms) / square
            rest = [x - ratio * y for x, y in zip(rest, other, strict=True)]
        if any(rest):
            found.append((rest, product(rest, rest, norms)))
            yield number, rest
            if len(found) == len(norms):
                return


def product(left: RationalRow, right: RationalRow, norms: Sequence[Fraction | int]) -> Fraction:
    """Return the product of combinations of orthogonal multiplets.

    >>> product([Fraction(1), Fraction(2)], [Fraction(3), Fraction(0)], [2, 5])
    Fraction(6, 1)
    """
    return sum((x * y * norm for x, y, norm in zip(left, right, norms, strict=True)), Fraction(0))


def combined(block: MultipletBlock, rows: list[RationalRow]) -> MultipletBlock:
    """Return the block with combinations of its multiplets in their place; their trees no longer apply.

    rows  coefficients of the multiplets in divided powers, before rows were made primitive
    """
    scaled = [[x * int(g) for x, g in zip(row, block.divisors, strict=True)] for row in rows]
    whole, norms = [], []
    for row in scaled:
        scale = Fraction(lcm(*(x.denominator for x in row)))
        scale /= gcd(*(int(x * scale) for x in row))
        whole.append([int(x * scale) for x in row])
        norms.append(product(row, row, block.norms) * scale**2)
    matrix = np.array(whole, object).reshape(len(rows), len(block.norms))
    values, divisors = primitive(*[integer_matmul(as_integers(matrix, largest_magnitude(matrix)), block.values)] * 2)
    reduced = tuple(norm / int(g) ** 2 for norm, g in zip(norms, divisors, strict=True))
    return block._replace(values=values, norms=reduced, divisors=divisors)

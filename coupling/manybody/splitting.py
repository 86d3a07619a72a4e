"""Choice of the products of components that are formed, so that every monomial is one of them times another.

A monomial of degree d is a *stem* s of degree ⌊d/2⌋ times an *extension* e of degree ⌈d/2⌉, and

    B[r] = Σ_s s Σ_e c[r, s e] e

Products of components are *nodes*, formed once for all rows: 1, the components, then products of two nodes before.
At degree 3 extensions are pairs; few pairs that divide all monomials are found greedily.  Beyond, each monomial takes
the division that needs the fewest new nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.manybody.polynomials import Indices, Monomial, Polynomials

ONE: Monomial = ()


class Split(NamedTuple):
    """Nodes and what they make.

    variables : nodes 1 … variables are the components; node 0 is 1
    products : [nodes - 1 - variables, 2] the factors of the nodes that follow, nodes that stand before
    stem, extension : [terms] nodes
    """

    variables: int
    products: NDArray[np.int64]
    stem: Indices
    extension: Indices

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return 1 + self.variables + len(self.products)


def split(made: Polynomials) -> Split:
    """Return stems and extensions of the monomials of polynomials.

    >>> from coupling.manybody import basis
    >>> from coupling.manybody.polynomials import couplings_of, polynomials
    >>> found = split(polynomials([couplings_of(basis(3, 3, 0))]))
    >>> found.nodes, len(found.stem)
    (54, 77)
    """
    parts = _divisions(set(made.monomials))
    wanted = {node for pair in parts.values() for node in pair}
    order: dict[Monomial, int] = {ONE: 0} | {(i,): i + 1 for i in range(made.variables)}
    products: list[tuple[int, int]] = []
    for node in sorted(wanted, key=lambda m: (len(m), m)):
        _add(node, order, products)
    pairs = [[order[a], order[b]] for a, b in (parts[m] for m in made.monomials)]
    stem, extension = np.array(pairs, np.int64).reshape(-1, 2).T
    return Split(made.variables, np.array(products, np.int64).reshape(-1, 2), stem, extension)


def _add(node: Monomial, order: dict[Monomial, int], products: list[tuple[int, int]]) -> int:
    """Return the number of a node, after adding it as the product of two others, already there if possible."""
    if node not in order:
        halves = [(a, b) for a, b in divisions(node, len(node) // 2) if a in order and b in order]
        a, b = halves[0] if halves else (node[:1], node[1:])
        factors = _add(a, order, products), _add(b, order, products)
        order[node] = len(order)
        products.append(factors)
    return order[node]


def divisions(monomial: Monomial, n: int) -> Iterator[tuple[Monomial, Monomial]]:
    """Yield the different divisions of a monomial in n factors and the rest.

    >>> list(divisions((0, 0, 1), 1))
    [((0,), (0, 1)), ((1,), (0, 0))]
    """
    seen = set()
    for chosen in combinations(range(len(monomial)), n):
        part = tuple(monomial[i] for i in chosen)
        if part not in seen:
            seen.add(part)
            yield part, tuple(x for i, x in enumerate(monomial) if i not in chosen)


def _divisions(monomials: set[Monomial]) -> dict[Monomial, tuple[Monomial, Monomial]]:
    """Return stem and extension of each monomial."""
    found: dict[Monomial, tuple[Monomial, Monomial]] = {}
    found |= _covered([m for m in monomials if len(m) == 3])
    nodes = {node for pair in found.values() for node in pair}
    for m in sorted((m for m in monomials if len(m) > 3), key=lambda m: (-len(m), m)):
        found[m] = min(divisions(m, len(m) // 2), key=lambda pair: len({*pair} - nodes))
        nodes |= {*found[m]}
    found |= {m: (m[:1], m[1:]) for m in monomials if len(m) in (1, 2)}
    return found | {m: (ONE, ONE) for m in monomials if not m}


def _covered(monomials: list[Monomial]) -> dict[Monomial, tuple[Monomial, Monomial]]:
    """Return stems of one factor, and extensions that are few: each next one divides the most monomials left."""
    dividing: dict[Monomial, list[tuple[Monomial, Monomial]]] = {}
    for m in sorted(monomials):
        for stem, extension in divisions(m, 1):
            dividing.setdefault(extension, []).append((m, stem))
    found: dict[Monomial, tuple[Monomial, Monomial]] = {}
    number = Counter({extension: len(each) for extension, each in dividing.items()})
    heap = [(-n, extension) for extension, n in number.items()]
    heapify(heap)
    while len(found) < len(monomials):
        n, extension = heappop(heap)
        if -n != number[extension]:
            heappush(heap, (-number[extension], extension))
            continue
        for m, stem in dividing[extension]:
            if m not in found:
                found[m] = stem, extension
                for _, other in divisions(m, 1):
                    number[other] -= 1
    return found

"""Lists of the kernels of contractions: a contraction, its gradients and their directional derivatives.

Rows of the scratch, in this order: 1, the components of A and the products, the *nodes*; in a *tangent* program as many
rows for their derivatives in a direction; the cotangents g of the outputs; then outputs, or adjoints of the nodes (in a
tangent program twice).  With the stems s, extensions e and coefficients c of :mod:`coupling.manybody.splitting`,

    values          B[r] = Σ s c e                tangent: Σ s' c e + s c e'
    gradients in A  node v: Σ_r g[r] Σ c v̂, v̂ the other factor of each monomial; then through the products
    coefficients    c: Σ g[r] s e                 tangent: Σ g[r] (s' e + s e')
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.manybody.polynomials import Polynomials
from coupling.manybody.splitting import Split

List = NDArray[np.int32]
Sum = tuple[tuple[int, ...], list[tuple[int, int]]]


class KernelLists(NamedTuple):
    """Lists for one call of a kernel.

    rows : where A, its tangent, the cotangents and the output begin in the scratch, -1 for what there is not
    size : the number of rows
    lists : products, sums, chain, each a tuple of arrays
    operations : multiply-adds for one channel of one atom
    """

    rows: NDArray[np.int64]
    size: int
    lists: tuple[Any, ...]
    operations: int


def value_lists(made: Polynomials, parts: Split, tangent: bool = False) -> KernelLists:
    """Return the lists that write B, or its derivative in a direction.

    >>> from coupling.manybody import basis
    >>> from coupling.manybody.polynomials import couplings_of, polynomials
    >>> from coupling.manybody.splitting import split
    >>> made = polynomials([couplings_of(basis(1, 2, 0))])
    >>> value_lists(made, split(made)).operations
    8
    """
    n = parts.nodes
    begin = 2 * n if tangent else n
    by_row: dict[int, list[Sum]] = {begin + r: [] for r in range(made.rows)}
    for (row, stem), terms in _grouped(made.row, parts.stem, parts.extension).items():
        by_row[begin + row] += _tangents((stem,), terms, n) if tangent else [((stem,), terms)]
    inputs = (1, n + 1, -1) if tangent else (1, -1, -1)
    return _lists((*inputs, begin), begin + made.rows, _nodes(parts, tangent), by_row, {})


def gradient_lists(made: Polynomials, parts: Split, tangent: bool = False) -> KernelLists:
    """Return the lists that write the gradient of Σ g B in A, or its derivative in a direction."""
    n = parts.nodes
    cotangents = 2 * n if tangent else n
    adjoints = cotangents + made.rows
    first = adjoints + n if tangent else adjoints
    by_row: dict[int, list[Sum]] = {}
    grouped: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for mine, other in ((parts.stem, parts.extension), (parts.extension, parts.stem)):
        for (row, node), terms in _grouped(made.row, mine, other).items():
            grouped.setdefault((row, node), []).extend(terms)
    wanted = range(1, n)
    for start, shift in ((adjoints, 0), (first, n)) if tangent else ((adjoints, 0),):
        products_only = tangent and start == adjoints
        for node in wanted:
            if not products_only or node > parts.variables:
                by_row[start + node] = []
        for (row, node), terms in grouped.items():
            moved = [(t, v + shift) for t, v in terms if v or not shift]
            if start + node in by_row and moved:
                by_row[start + node].append(((cotangents + row,), moved))
    chain = _chain(parts, adjoints, first, n)
    inputs = (1, n + 1, cotangents) if tangent else (1, -1, cotangents)
    return _lists((*inputs, first + 1), first + n, _nodes(parts, tangent), by_row, chain)


def coefficient_lists(made: Polynomials, parts: Split, tangent: bool = False) -> KernelLists:
    """Return the lists that write the gradient of Σ g B in the coefficients, or its derivative in a direction."""
    n = parts.nodes
    cotangents = 2 * n if tangent else n
    groups: list[Sum] = []
    for (row, stem), terms in _grouped(made.row, parts.stem, parts.extension).items():
        factors = stem, cotangents + row
        groups += _tangents(factors, terms, n) if tangent else [(factors, terms)]
    inputs = (1, n + 1, cotangents) if tangent else (1, -1, cotangents)
    rows = (*inputs, cotangents + made.rows)
    return _lists(rows, cotangents + made.rows, _nodes(parts, tangent), {0: groups}, {})


def _grouped(row: Any, node: Any, other: Any) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return for each row and node the terms, with their other factors; 1 has no adjoint, but is a stem."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for t, (r, a, b) in enumerate(zip(row.tolist(), node.tolist(), other.tolist(), strict=True)):
        found.setdefault((r, a), []).append((t, b))
    return found


def _tangents(factors: tuple[int, ...], terms: list[tuple[int, int]], n: int) -> list[Sum]:
    """Return the two groups of the derivative of a group: of the stem, and of the extensions; that of 1 is zero."""
    stem, *rest = factors
    changed = [((stem + n, *rest), terms)] if stem else []
    moved = [(t, v + n) for t, v in terms if v]
    return [*changed, ((stem, *rest), moved)] if moved else changed


def _nodes(parts: Split, tangent: bool) -> dict[int, list[tuple[int, int]]]:
    """Return the products that the nodes are, and their tangents."""
    n, first = parts.nodes, 1 + parts.variables
    found = {first + k: [(a, b)] for k, (a, b) in enumerate(parts.products.tolist())}
    if tangent:
        found |= {n + first + k: [(n + a, b), (a, n + b)] for k, (a, b) in enumerate(parts.products.tolist())}
    return found


def _chain(parts: Split, adjoints: int, first: int, n: int) -> dict[int, list[tuple[int, int]]]:
    """Return what the adjoint of each node gets from those of products, the last node first.

    In a tangent program ``first`` is where the derivatives of adjoints begin, behind the adjoints themselves.
    """
    tangent, found = first != adjoints, {}
    users: dict[int, list[tuple[int, int]]] = {}
    for k, (a, b) in enumerate(parts.products.tolist()):
        node = 1 + parts.variables + k
        users.setdefault(a, []).append((node, b))
        users.setdefault(b, []).append((node, a))
    for node in range(n - 1, 0, -1):
        if node in users and (not tangent or node > parts.variables):
            found[adjoints + node] = [(adjoints + user, other) for user, other in users[node]]
        if node in users and tangent:
            pairs = [((first + user, other), (adjoints + user, n + other)) for user, other in users[node]]
            found[first + node] = [pair for both in pairs for pair in both]
    return found


def _lists(
    rows: Sequence[int], size: int, products: dict[int, Any], sums: dict[int, list[Sum]], chain: dict[int, Any]
) -> KernelLists:
    """Return lists as arrays."""
    groups = [group for each in sums.values() for group in each]
    counts = np.cumsum([len(terms) for _, terms in groups], dtype=int) * 2
    width = len(groups[0][0]) + 1 if groups else 2
    ends = np.cumsum([len(each) for each in sums.values()], dtype=int) * width
    lists = (
        _pairs(products),
        (
            _array(zip(sums, ends.tolist(), strict=True)),
            _array(((*factors, end) for (factors, _), end in zip(groups, counts.tolist(), strict=True)), width),
            _array(pair for _, terms in groups for pair in terms),
        ),
        _pairs(chain),
    )
    work = sum(len(pairs) for each in (products, chain) for pairs in each.values())
    operations = work + len(groups) + sum(len(terms) for _, terms in groups)
    return KernelLists(np.array(rows, np.int64), size, lists, operations)


def _pairs(lists: dict[int, list[tuple[int, int]]]) -> tuple[List, List]:
    """Return rows with the ends of their lists, and the lists."""
    ends = np.cumsum([len(pairs) for pairs in lists.values()], dtype=int) * 2
    return _array(zip(lists, ends.tolist(), strict=True)), _array(pair for pairs in lists.values() for pair in pairs)


def _array(rows: Iterable[tuple[int, ...]], width: int = 2) -> List:
    return np.array(list(rows), np.int32).reshape(-1, width)

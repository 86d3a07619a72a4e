"""The numbers of a table: the core path by path, and the reduced factors.

Everything that knows how a value is computed is in this module; the rest of the package moves arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import FAMILIES
from coupling.exact import reduced, wigner_3j
from coupling.exact.real import real_term
from coupling.exact.surd import Surd
from coupling.selection import Path, complex_orders, real_orders

#: Canonical blocks are kept while they hold fewer entries than this (11 bytes each).
CACHE_ENTRIES = 1 << 22


class Block(NamedTuple):
    """The non-zero entries of one path: orders int8 [E, 3] in lexicographic order, values float64 [E]."""

    orders: NDArray[np.int8]
    values: NDArray[np.float64]


def core_block(l1: int, l2: int, l3: int, basis: str) -> Block:
    """Return the non-zero entries of the core of one path, correctly rounded.

    The core is C(l1,l2,l3) in the real basis and 3j(l1 l2 l3; m1 m2 m3) in the complex one.

    >>> core_block(1, 0, 1, "real")
    Block(orders=array([[-1,  0, -1],
           [ 0,  0,  0],
           [ 1,  0,  1]], dtype=int8), values=array([0.57735027, 0.57735027, 0.57735027]))
    """
    entries = _real_entries(l1, l2, l3) if basis == "real" else _complex_entries(l1, l2, l3)
    kept = [(orders, value) for orders, value in entries if value]
    orders = np.array([orders for orders, _ in kept], np.int8).reshape(-1, 3)
    return Block(orders, np.array([value for _, value in kept], np.float64))


def _complex_entries(l1: int, l2: int, l3: int) -> list[tuple[Path, float]]:
    return [(m, float(wigner_3j(l1, l2, l3, *m))) for m in complex_orders(l1, l2, l3)]


def _real_entries(l1: int, l2: int, l3: int) -> list[tuple[Path, float]]:
    terms = [(m, real_term(l1 + l2 + l3, *m)) for m in real_orders(l1, l2, l3)]
    size: dict[Path, float] = {}  # the entries that differ in the signs of orders share one 3j symbol
    for _, (_, halved, orders) in terms:  # type: ignore[misc]
        if orders not in size:
            symbol = wigner_3j(l1, l2, l3, *orders)
            size[orders] = float(Surd(symbol.sign, symbol.numerator, symbol.denominator * (2 if halved else 1)))
    return [(m, sign * size[orders]) for m, (sign, _, orders) in terms]  # type: ignore[misc]


def core_blocks(paths: NDArray[np.uint8], basis: str) -> tuple[NDArray[np.int64], Block]:
    """Return the number of entries of each path, and the entries of all in one Block."""
    canonical = CanonicalBlocks(basis)
    blocks = [canonical.block(l1, l2, l3) for l1, l2, l3 in paths.tolist()]
    counts = np.array([len(block.values) for block in blocks], np.int64)
    orders = np.concatenate([np.zeros((0, 3), np.int8), *(block.orders for block in blocks)])
    return counts, Block(orders, np.concatenate([np.zeros(0), *(block.values for block in blocks)]))


class CanonicalBlocks:
    """Blocks of any path from those with l1 <= l2 <= l3, each of which is computed once.

    Permuting the slots permutes the orders; an odd permutation multiplies by (-1)^J.  This holds for both cores.
    """

    def __init__(self, basis: str) -> None:
        self.basis = basis
        self.cache: dict[Path, Block] = {}
        self.entries = 0

    def block(self, l1: int, l2: int, l3: int) -> Block:
        slots = sorted(range(3), key=(l1, l2, l3).__getitem__)
        source = self._canonical(*sorted((l1, l2, l3)))
        if slots == [0, 1, 2]:
            return source
        swap = slots in ([0, 2, 1], [1, 0, 2], [2, 1, 0])
        orders = source.orders[:, np.argsort(slots)]
        order = np.argsort(_key(orders))
        values = -source.values if swap and (l1 + l2 + l3) & 1 else source.values
        return Block(orders[order], values[order])

    def _canonical(self, l1: int, l2: int, l3: int) -> Block:
        path = (l1, l2, l3)
        if path not in self.cache:
            if self.entries > CACHE_ENTRIES:
                self.cache, self.entries = {}, 0
            self.cache[path] = core_block(*path, self.basis)
            self.entries += len(self.cache[path].values)
        return self.cache[path]


def _key(orders: NDArray[np.int8]) -> NDArray[np.int32]:
    """Return integers in the lexicographic order of the rows."""
    m1, m2, m3 = orders.astype(np.int32).T
    return (m1 * 256 + m2) * 256 + m3


def reduced_vector(family: str, paths: NDArray[np.uint8], basis: str) -> NDArray[np.float64]:
    """Return the reduced factor of a family on every path, correctly rounded; 0 where the family does not live.

    An imaginary factor (antisymmetric_gaunt in the complex basis) is given without its i.

    >>> reduced_vector("antisymmetric_gaunt", np.array([[1, 1, 1], [1, 1, 2]], np.uint8), "complex")
    array([1.19682684, 0.        ])
    """
    one_of_each, where = np.unique(_representatives(family, paths), axis=0, return_inverse=True)
    values = [_reduced(family, l1, l2, l3, basis) for l1, l2, l3 in one_of_each.tolist()]
    return np.array(values, np.float64)[where.reshape(-1)]


def _representatives(family: str, paths: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The factors of both integrals are symmetric in the degrees, so sorted degrees stand for all orders of them."""
    return np.sort(paths, axis=1) if family in FAMILIES[2:] else paths


def _reduced(family: str, l1: int, l2: int, l3: int, basis: str) -> float:
    factor = reduced(family, l1, l2, l3, basis)
    return complex(factor).imag if factor.unit else float(factor)

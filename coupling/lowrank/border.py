"""Lower bounds of the border rank of the whole coupling tensor, by exact ranks modulo a prime: certificates.

*Substitution.*  A tensor with the rotations as symmetry and border rank R has border rank at most R - 1 after one slot
is divided by some highest-weight vector of that slot (a fixed point of the Borel group among the lines; the slot holds
every degree once, so there are lmax+1 of them).  So R is at least one more than the least border rank of these lmax+1
tensors.  Source: J. M. Landsberg, M. Michałek, Int. Math. Res. Not. (2017), the border substitution method.

*Flattening.*  Let a slot A be cut to 2p+1 coordinates.  For a tensor of border rank r the Koszul flattening
Λ^p A ⊗ B* → Λ^(p+1) A ⊗ C has rank r binom(2p, p) at most.

*Modulo a prime.*  In the complex basis the entries are square roots of rationals.  With q a prime for which 2, 3, 5, …
are squares, a choice of their roots is a homomorphism to the numbers modulo q, and a rank can only fall: one modulo q
is proved.  Orders add up to zero, so that the flattening falls into blocks, one for each sum of orders.

A certificate is q, p and for each degree the coordinates that are kept: :func:`bound_of` computes the ranks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact import Surd, wigner_3j
from coupling.lowrank.path_weights import UNIT, path_weight, whole_paths

Integers = NDArray[np.int64]

#: Degree and order.
Component = tuple[int, int]

#: A prime that is 3 modulo 4 and has 2, 3, 5, 7, 11 and 13 as squares; products of two residues fit 63 bits.
PRIME, SQUARES = 2147483399, (2, 3, 5, 7, 11, 13)


@dataclass(frozen=True)
class BorderBound:
    """A lower bound of the border rank of the tensor of all paths with degrees to lmax, and what proves it.

    kept: for each degree l whose highest-weight vector, of order l, is divided out, the 2p+1 components of the first
    slot that remain; weights: "unit" or "matrix".
    """

    lmax: int
    weights: str
    p: int
    kept: tuple[tuple[Component, ...], ...]
    bound: int


def residue(value: Surd, prime: int = PRIME) -> int:
    """Return a real Surd modulo a prime, with one root for each prime number.

    >>> residue(Surd(1, 2)) ** 2 % PRIME, residue(Surd(-1, 1, 4)) * 2 % PRIME == PRIME - 1
    (2, True)
    """
    found, numbers = value.sign, [value.numerator, value.denominator]
    for square in SQUARES:
        root = pow(square, (prime + 1) // 4, prime)
        for place, sign in ((0, 1), (1, -1)):
            while numbers[place] % square == 0:
                numbers[place] //= square
                found = found * pow(root, sign, prime) % prime
    if numbers != [1, 1] or value.unit or value.pi_power:
        raise ValueError(f"a residue needs a real root of products of {', '.join(map(str, SQUARES))}, got {value}")
    return found % prime


def components(lmax: int) -> list[Component]:
    """Return degrees and orders in the order of the flat index."""
    return [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]


def residues(lmax: int, weights: str = UNIT) -> dict[Component, list[tuple[Component, Component, int]]]:
    """Return the entries of Σ w 3j modulo the prime, by the component of the first slot."""
    found: dict[Component, list[tuple[Component, Component, int]]] = defaultdict(list)
    for path in whole_paths(lmax):
        weight, (l1, l2, l3) = path_weight(weights, path, lmax), path
        for m1, m2 in product(range(-l1, l1 + 1), range(-l2, l2 + 1)):
            if abs(m1 + m2) <= l3 and (value := wigner_3j(l1, l2, l3, m1, m2, -m1 - m2) * weight):
                found[l1, m1].append(((l2, m2), (l3, -m1 - m2), residue(value)))
    return found


def flattening_blocks(lmax: int, weights: str, kept: Sequence[Component], p: int) -> Iterator[Integers]:
    """Yield the blocks of the Koszul flattening of the tensor whose first slot is cut to some components."""
    entries = residues(lmax, weights)
    rows: dict[int, dict[object, int]] = defaultdict(dict)
    columns: dict[int, dict[object, int]] = defaultdict(dict)
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for chosen in combinations(kept, p + 1):
        total = sum(m for _, m in chosen)
        for place, first in enumerate(chosen):
            rest = chosen[:place] + chosen[place + 1 :]
            for second, third, value in entries[first]:
                block = total + second[1]
                row = rows[block].setdefault((chosen, second), len(rows[block]))
                column = columns[block].setdefault((rest, third), len(columns[block]))
                found[block].append((row, column, parity_sign(place) * value % PRIME))
    for block, numbers in found.items():
        matrix = np.zeros((len(rows[block]), len(columns[block])), np.int64)
        where = np.array(numbers)
        matrix[where[:, 0], where[:, 1]] = where[:, 2]
        yield matrix


def rank_modulo(matrix: Integers, prime: int = PRIME) -> int:
    """Return the rank of a matrix of residues, by elimination.

    >>> rank_modulo(np.array([[1, 2, 3], [2, 4, 6], [0, 1, PRIME - 1]]))
    2
    """
    left, rank = matrix % prime, 0
    for column in range(left.shape[1]):
        rows = rank + np.flatnonzero(left[rank:, column])
        if not len(rows):
            continue
        left[[rank, rows[0]]] = left[[rows[0], rank]]
        pivot = left[rank, column:] * pow(int(left[rank, column]), -1, prime) % prime
        below = rank + 1 + np.flatnonzero(left[rank + 1 :, column])
        left[below, column:] = (left[below, column:] - left[below, column, None] * pivot) % prime
        rank += 1
    return rank


def border_rank_after(lmax: int, weights: str, kept: Sequence[Component], p: int) -> int:
    """Return the lower bound of the border rank of the tensor with its first slot cut to 2p+1 components."""
    rank = sum(map(rank_modulo, flattening_blocks(lmax, weights, kept, p)))
    return -(-rank // comb(2 * p, p))


def bound_of(certificate: BorderBound) -> int:
    """Return the bound that a certificate proves: one more than the least after each of the substitutions.

    Raises ValueError where components are kept twice, do not exist, are not 2p+1, or hold the one divided out.

    >>> all(bound_of(one) == one.bound for one in CERTIFICATES if one.lmax == 2)
    True
    """
    lmax, size = certificate.lmax, 2 * certificate.p + 1
    if len(certificate.kept) != lmax + 1:
        raise ValueError(f"a certificate has {lmax + 1} substitutions, got {len(certificate.kept)}")
    for l, kept in enumerate(certificate.kept):
        allowed = set(components(lmax)) - {(l, l)}
        if len(kept) != size or len(set(kept)) != size or not set(kept) <= allowed:
            raise ValueError(f"{size} components other than {(l, l)} must be kept, got {kept}")
    least = min(border_rank_after(lmax, certificate.weights, kept, certificate.p) for kept in certificate.kept)
    return least + 1


def without(lmax: int, *left_out: Component) -> tuple[Component, ...]:
    """Return all components but some."""
    return tuple(component for component in components(lmax) if component not in left_out)


#: What is proved beyond the Koszul flattenings of :mod:`coupling.lowrank.bounds`.
CERTIFICATES = (
    BorderBound(2, UNIT, 3, (without(2, (0, 0), (2, 1)), without(2, (1, 1), (2, 1)), without(2, (2, 2), (2, -2))), 17),
    BorderBound(
        3,
        UNIT,
        5,
        (
            without(3, (0, 0), (2, -1), (3, -3), (3, 1), (3, 3)),
            without(3, (1, 1), (2, -2), (2, -1), (2, 1), (3, 1)),
            without(3, (2, 2), (1, 1), (2, -1), (3, -2), (3, 1)),
            without(3, (3, 3), (2, -2), (2, -1), (3, -1), (3, 0)),
        ),
        31,
    ),
)

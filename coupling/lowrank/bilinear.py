"""Algorithms that multiply matrices and quaternions, in integers: three arrays [entries, R].

    tr(A B C) = Σ_r (Σ u_r a) (Σ v_r b) (Σ w_r c),     entries row by row, n² of them
    Re(p q r) = Σ_r (u_r·p) (v_r·q) (w_r·r),           four components

All integers are over one ``denominator``.  :func:`multiplied_out` adds the products up, in integers, to
:func:`trace_tensor` or :func:`quaternion_tensor`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

#: V. Strassen, Gaussian elimination is not optimal, Numer. Math. 13 (1969) 354: a sum of a, one of b, entries of A·B.
STRASSEN = """
11+22 11+22 11 22 | 21+22 11 21 -22 | 11 12-22 12 22 | 22 21-11 11 21
11+12 22 -11 12 | 21-11 11+12 22 | 12-22 21+22 11
"""

#: J. D. Laderman, A noncommutative algorithm for multiplying 3 × 3 matrices using 23 multiplications, Bull. Amer. Math.
#: Soc. 82 (1976) 126.
LADERMAN = """
11+12+13-21-22-32-33 22 12 | 11-21 22-12 21 22 | 22 12-11+21-22-23-31+33 21 | 21+22-11 11-12+22 12 21 22
21+22 12-11 12 22 | 11 11 11 12 13 21 22 31 33 | 31+32-11 11-13+23 13 31 33 | 31-11 13-23 31 33
31+32 13-11 13 33 | 11+12+13-22-23-31-32 23 13 | 32 13-11+21-22-23-31+32 31 | 32+33-13 22+31-32 12 31 32
13-33 22-32 31 32 | 13 31 11 12 13 21 23 31 32 | 32+33 32-31 12 32 | 22+23-13 23+31-33 13 21 23
13-23 23-33 21 23 | 22+23 33-31 13 23 | 12 21 11 | 23 32 22 | 21 13 23 | 31 12 32 | 33 33 33
"""


@dataclass(frozen=True, eq=False)
class Bilinear:
    """A sum of R products: integers u, v, w [entries, R] over a denominator."""

    u: Integers
    v: Integers
    w: Integers
    denominator: int = 1

    @property
    def rank(self) -> int:
        """The number of products."""
        return int(self.u.shape[1])


def multiplied_out(terms: Bilinear) -> Integers:
    """Return Σ_r u_r ⊗ v_r ⊗ w_r in integers; ArithmeticError where the denominator does not divide it.

    >>> bool((multiplied_out(strassen()) == trace_tensor(2, 2, 2)).all())
    True
    """
    total = np.einsum("ir,jr,kr->ijk", terms.u, terms.v, terms.w)
    if (total % terms.denominator).any():
        raise ArithmeticError(f"the sum of products is not divisible by {terms.denominator}")
    return np.asarray(total // terms.denominator)


def trace_tensor(n: int, m: int, p: int) -> Integers:
    """Return the tensor of tr(A B C) with A [n, m], B [m, p], C [p, n].

    >>> int(trace_tensor(2, 3, 4).sum())
    24
    """
    found = np.zeros((n, m, m, p, p, n), np.int64)
    for i, j, k in product(range(n), range(m), range(p)):
        found[i, j, j, k, k, i] = 1
    return found.reshape(n * m, m * p, p * n)


def quaternion_tensor() -> Integers:
    """Return the tensor of Re(p q r), components 1, i, j, k.

    >>> quaternion_tensor()[:, :, 0].diagonal().tolist()
    [1, -1, -1, -1]
    """
    found = np.zeros((4, 4, 4), np.int64)
    found[0, 0, 0] = 1
    for a, b, c in ((1, 2, 3), (2, 3, 1), (3, 1, 2)):
        found[0, a, a] = found[a, 0, a] = found[a, a, 0] = -1
        found[a, b, c], found[a, c, b] = -1, 1
    return found


def algorithm_in(text: str, n: int) -> Bilinear:
    """Return an algorithm from its table: for each product a sum of a, one of b, and entries of A·B."""
    columns = [words.split() for line in text.strip().splitlines() for words in line.split("|")]
    first, second = (np.array([_sum(words[slot], n) for words in columns]).T for slot in (0, 1))
    third = np.array([sum(_sum(word, n) for word in words[2:]) for words in columns])
    return Bilinear(first, second, third.reshape(-1, n, n).transpose(0, 2, 1).reshape(len(columns), -1).T)


def _sum(text: str, n: int) -> Integers:
    """Return the coefficients of a sum of entries, such as 11-22."""
    found = np.zeros(n * n, np.int64)
    for part in text.replace("-", "+-").split("+"):
        if part:
            found[(int(part[-2]) - 1) * n + int(part[-1]) - 1] += -1 if part[0] == "-" else 1
    return found


def strassen() -> Bilinear:
    """Return 2 × 2 matrices in 7 products.

    >>> strassen().rank
    7
    """
    return algorithm_in(STRASSEN, 2)


def laderman() -> Bilinear:
    """Return 3 × 3 matrices in 23 products.

    >>> bool((multiplied_out(laderman()) == trace_tensor(3, 3, 3)).all())
    True
    """
    return algorithm_in(LADERMAN, 3)


def quaternion_terms() -> Bilinear:
    """Return Re(p q r) in 8 products, with s the scalar and x, y, z the vector part, t the corners of a tetrahedron:

        Re(p q r) = 2 sss - ¼ Σ_t (s + t·v)³ + 2 (xzy + zyx + yxz).

    >>> bool((multiplied_out(quaternion_terms()) == quaternion_tensor()).all())
    True
    """
    corners = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]).T
    s, x, y, z = np.eye(4, dtype=np.int64)
    u = np.column_stack([s, corners, x, z, y])
    v = np.column_stack([s, corners, z, y, x])
    w = np.column_stack([8 * s, -corners, 8 * y, 8 * x, 8 * z])
    return Bilinear(u, v, w, 4)


def both(outer: Bilinear, inner: Bilinear, shape: tuple[int, int] | None = None) -> Bilinear:
    """Return the product of two algebras: matrices whose entries are of the inner one.

    shape: (n, m), where both multiply square matrices, of sizes n and m; then entries form a matrix of size n m.

    >>> twice = both(strassen(), strassen(), (2, 2))
    >>> twice.rank, bool((multiplied_out(twice) == trace_tensor(4, 4, 4)).all())
    (49, True)
    """
    parts = [
        np.kron(one, other) for one, other in zip((outer.u, outer.v, outer.w), (inner.u, inner.v, inner.w), strict=True)
    ]
    if shape:
        n, m = shape
        size = n * m * n * m
        parts = [part.reshape(n, n, m, m, -1).transpose(0, 2, 1, 3, 4).reshape(size, -1) for part in parts]
    u, v, w = parts
    return Bilinear(u, v, w, outer.denominator * inner.denominator)


def rectangular(n: int, m: int, p: int) -> Bilinear:
    """Return tr(A B C), A [n, m], B [m, p], C [p, n], in the fewest products of blocks of sizes 1, 2 and 3.

    >>> [rectangular(*sizes).rank for sizes in ((2, 2, 2), (3, 3, 3), (3, 2, 2), (4, 4, 4), (5, 5, 5))]
    [7, 23, 11, 49, 114]
    """
    sizes = n, m, p
    if sizes == (2, 2, 2):
        return strassen()
    if sizes == (3, 3, 3):
        return laderman()
    if sizes == (4, 4, 4):
        return both(strassen(), strassen(), (2, 2))
    if sizes == (6, 6, 6):
        return both(strassen(), laderman(), (2, 3))
    if min(sizes) < 2:
        return schoolbook(n, m, p)
    cuts = [[size] if size == 2 else [3, 2] if size == 5 else [2, size - 2] for size in sizes]
    return blocks(*cuts)


def schoolbook(n: int, m: int, p: int) -> Bilinear:
    """Return tr(A B C) in n m p products."""
    every = list(product(range(n), range(m), range(p)))
    u, v, w = (np.zeros((size, len(every)), np.int64) for size in (n * m, m * p, p * n))
    for r, (i, j, k) in enumerate(every):
        u[i * m + j, r] = v[j * p + k, r] = w[k * n + i, r] = 1
    return Bilinear(u, v, w)


def blocks(rows: list[int], inner: list[int], columns: list[int]) -> Bilinear:
    """Return the algorithm of matrices that are cut into blocks, block by block."""
    sizes = sum(rows), sum(inner), sum(columns)
    found = []
    for i, j, k in product(range(len(rows)), range(len(inner)), range(len(columns))):
        part = rectangular(rows[i], inner[j], columns[k])
        places = [range(sum(cut[:at]), sum(cut[: at + 1])) for cut, at in ((rows, i), (inner, j), (columns, k))]
        every = zip((part.u, part.v, part.w), ((0, 1), (1, 2), (2, 0)), strict=True)
        found.append([_placed(values, places[a], places[b], sizes[a], sizes[b]) for values, (a, b) in every])
    u, v, w = (np.hstack(parts) for parts in zip(*found, strict=True))
    return Bilinear(u, v, w)


def _placed(values: Integers, rows: range, columns: range, height: int, width: int) -> Integers:
    full = np.zeros((height, width, values.shape[1]), np.int64)
    full[np.ix_(rows, columns)] = values.reshape(len(rows), len(columns), -1)
    return full.reshape(height * width, -1)

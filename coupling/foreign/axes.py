"""Signed permutations of the coordinates, and how real harmonics transform under them, exactly.

The 48 of them are the symmetries of the cube.  Every entry of their matrices is a single square root of a rational:
a rotation is a product of quarter turns about z, which are signed permutations of the orders, and at most one quarter
turn about y, whose entries are sums or differences of two Wigner functions d(π/2) of equal size.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_d import half_pi_matrix

Surds = NDArray[np.object_]

STAY = np.eye(3, dtype=np.int64)
#: (x, y, z) → (z, y, -x): a quarter turn about y
QUARTER = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
#: (x, y, z) → (-y, x, z): a quarter turn about z
TURN = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
#: (x, y, z) → (x, -y, -z): a half turn about x
FLIP = np.diag([1, -1, -1])


def is_signed_permutation(axes: Sequence[str]) -> bool:
    """Return whether axes are x, y, z in some order, each with or without a minus sign.

    >>> is_signed_permutation(("z", "-x", "y")), is_signed_permutation(("x", "x", "z"))
    (True, False)
    """
    texts = [axis for axis in axes if isinstance(axis, str)]
    return len(axes) == 3 and sorted(text.removeprefix("-") for text in texts) == ["x", "y", "z"]


def axis_matrix(axes: Sequence[str]) -> NDArray[np.int64]:
    """Return A with A (x, y, z) = axes.

    >>> axis_matrix(("z", "-x", "y")).tolist()
    [[0, 0, 1], [-1, 0, 0], [0, 1, 0]]
    """
    matrix = np.zeros((3, 3), np.int64)
    for row, axis in enumerate(axes):
        matrix[row, "xyz".index(axis[-1])] = -1 if axis[0] == "-" else 1
    return matrix


def determinant(axes: Sequence[str]) -> int:
    """Return 1 for a rotation, -1 for an improper one.

    >>> determinant(("z", "x", "y")), determinant(("x", "z", "y"))
    (1, -1)
    """
    matrix = axis_matrix(axes)
    return int(matrix[0] @ np.cross(matrix[1], matrix[2]))


def harmonics_matrix(l: int, matrix: NDArray[np.int64]) -> Surds:
    """Return D [2l+1, 2l+1] of Surds with R_l(A v) = D R_l(v), for a signed permutation A.

    An improper A is -A followed by the inversion, R_l(-v) = (-1)^l R_l(v).

    >>> harmonics_matrix(1, axis_matrix(("z", "x", "y"))).tolist()  # degree 1 is (y, z, x), so this is (x, y, z)
    [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    """
    proper = int(matrix[0] @ np.cross(matrix[1], matrix[2])) > 0
    first, middle, last = _turns(matrix if proper else -matrix)
    inner = quarter_turn(l) if middle is QUARTER else np.diag(_flip_signs(l) if middle is FLIP else _ones(l))
    place, sign = turn(l, first)
    left = inner[place] * sign[:, None]
    place, sign = turn(l, last)
    result = _zeros(l)
    result[:, place] = left * sign
    return result * (1 if proper else parity_sign(l))


def _turns(rotation: NDArray[np.int64]) -> tuple[int, NDArray[np.int64], int]:
    """Return (a, M, b) with rotation = TURN^a M TURN^b and M one of STAY, FLIP and QUARTER."""
    power = [np.linalg.matrix_power(TURN, k) for k in range(4)]
    return next(
        (a, middle, b)
        for middle in (STAY, FLIP, QUARTER)
        for a, b in product(range(4), repeat=2)
        if np.array_equal(power[a] @ middle @ power[b], rotation)
    )


def turn(l: int, quarters: int) -> tuple[NDArray[np.intp], Surds]:
    """Return (place, sign), a turn about z by quarters · 90°: row m has its only entry, sign, in column place.

    R_m(φ+α) = cos mα R_m(φ) - sin mα R_{-m}(φ), and of the two one is zero.

    >>> place, sign = turn(1, 1)  # y → x, z → z, x → -y
    >>> place.tolist(), sign.tolist()
    ([2, 1, 0], [1, 1, -1])
    """
    m = np.arange(-l, l + 1)
    quarter = m * quarters % 4
    sign = np.array([1, -1, -1, 1])[quarter]  # cos 0, -sin 90°, cos 180°, -sin 270°
    return np.where(quarter % 2, -m, m) + l, sign.astype(object)


def _flip_signs(l: int) -> Surds:
    """The half turn about x is θ → π-θ, φ → -φ."""
    return np.array([Surd(parity_sign(l + m) * (-1 if m < 0 else 1)) for m in range(-l, l + 1)], object)


def _ones(l: int) -> Surds:
    return np.full(2 * l + 1, Surd(1), object)


@lru_cache(maxsize=64)
def quarter_turn(l: int) -> Surds:
    """Return the matrix of the quarter turn about y, with which R_l(z, y, -x) = D R_l(x, y, z).

    Cosines and sines do not mix, and with d = d^l(π/2), for m, k > 0,

        D[0,0] = d(0,0),   D[0,k] = (-1)^k √2 d(0,k),   D[m,0] = (-1)^m √2 d(m,0)
        D[±m,±k] = (-1)^(m+k) [d(m,k) ± (-1)^k d(m,-k)]

    >>> quarter_turn(1).tolist()  # y → y, z → -x, x → z
    [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    """
    d, result = np.array(half_pi_matrix(2 * l), object).reshape(2 * l + 1, 2 * l + 1), _zeros(l)
    for m, k in product(range(l + 1), repeat=2):
        sign = parity_sign(m + k)
        if m and k:
            for half in (1, -1):
                other = d[m + l, l - k] * (half * parity_sign(k))
                result[half * m + l, half * k + l] = (d[m + l, k + l] + other) * sign
        else:
            result[m + l, k + l] = d[m + l, k + l] * sign * Surd(1, 2 if m or k else 1)
    return result


def _zeros(l: int) -> Surds:
    return np.full((2 * l + 1, 2 * l + 1), Surd(0), object)

"""Small d at a quarter turn, from the three-term recurrence of the eigenvectors of J_x, in long double.

exp(-i π/2 J_y) takes J_z to J_x, so column m of Δ = d^j(π/2) is the eigenvector of J_x with eigenvalue m:

    √((j+k)(j-k+1)) Δ_{k-1,m} + √((j+k+1)(j-k)) Δ_{k+1,m} = 2m Δ_km        Δ_jm = (-1)^(j-m) 2^-j √binom(2j, j+m)

It is used from k = j down to the middle: that way every solution grows until it oscillates, so the recurrence is
stable.  The rest follows from Δ_{-k,m} = (-1)^(j-m) Δ_km and Δ_{k,-m} = (-1)^(j+k) Δ_km.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coupling.sphere.legendre import LONG, Long


@lru_cache(maxsize=32)
def quarter_turn_d(twice_j: int) -> NDArray[np.float64]:
    """Return d^j(π/2) [2j+1, 2j+1], rows and columns m = -j … j, read-only; the error is at most 2⁻⁵² absolutely.

    Where numpy's long double is a double, the error is at most (j+1) 2⁻⁵².

    >>> quarter_turn_d(1) * np.sqrt(2)
    array([[ 1.,  1.],
           [-1.,  1.]])
    """
    corner, n = _corner(twice_j).astype(np.float64), twice_j + 1  # rows and columns j, j-1, … >= 0
    result = np.empty((n, n))
    inner, step = len(corner), np.arange(len(corner))
    sign = 1 - 2 * (step % 2)  # (-1)^(j-m)
    result[n - inner :, n - inner :] = corner[::-1, ::-1]
    result[:inner, n - inner :] = (corner * sign)[:, ::-1]
    upper = 1 - 2 * ((twice_j - step[::-1]) % 2)  # (-1)^(j+k), k ascending
    result[n - inner :, :inner] = corner[::-1] * upper[:, None]
    lower = 1 - 2 * (step % 2)  # (-1)^(j+k) at k = -j, -j+1, …
    result[:inner, :inner] = (corner * sign) * lower[:, None]
    result.setflags(write=False)
    return result


def _corner(twice_j: int) -> Long:
    """Return Δ_km for k and m = j, j-1, … >= 0."""
    j, count = LONG(twice_j) / 2, twice_j // 2 + 1
    place = np.arange(count)
    m = j - place
    rows = np.zeros((count + 1, count), LONG)  # the last one, -1, stands for k = j+1 and stays zero
    steps = np.sqrt((twice_j - place[:-1]) / (place[:-1] + LONG(1)))
    rows[0] = LONG(2) ** -j * np.cumprod(np.concatenate([[LONG(1)], steps])) * (1 - 2 * (place % 2))
    for row in range(1, count):
        k = j - (row - 1)
        above = np.sqrt((j + k + 1) * (j - k)) * rows[row - 2]
        rows[row] = (2 * m * rows[row - 1] - above) / np.sqrt((j + k) * (j - k + 1))
    return rows[:-1]

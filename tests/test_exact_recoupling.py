"""Racah's V and W, Fano's X and the triangle coefficient against sums of Clebsch-Gordan coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import factorial

import numpy as np
import pytest

import coupling
from coupling import exact

HALF = Fraction(1, 2)
DEGREES = [Fraction(n, 2) for n in range(4)]


@cache
def cg(j1: Fraction, j2: Fraction, j3: Fraction) -> np.ndarray:
    """⟨j1 m1 j2 m2 | j3 m3⟩ [m1, m2, m3]."""
    orders = [[-j + k for k in range(int(2 * j) + 1)] for j in (j1, j2, j3)]
    shape = [len(m) for m in orders]
    return np.reshape([float(exact.clebsch_gordan(j1, j2, j3, *m)) for m in product(*orders)], shape)


def coupled(j1: Fraction, j2: Fraction) -> list[Fraction]:
    return [abs(j1 - j2) + k for k in range(int(j1 + j2 - abs(j1 - j2)) + 1)]


def three() -> Iterator[tuple[Fraction, ...]]:
    """(j1, j2, j3, j12, j23, J) that couple."""
    for j1, j2, j3 in product(DEGREES, repeat=3):
        for j12, j23 in product(coupled(j1, j2), coupled(j2, j3)):
            for top in set(coupled(j12, j3)) & set(coupled(j1, j23)):
                yield j1, j2, j3, j12, j23, top


def test_w_recouples_three_degrees() -> None:
    met = 0
    for j1, j2, j3, j12, j23, top in three():
        left = np.einsum("abe,ecf->abcf", cg(j1, j2, j12), cg(j12, j3, top))
        right = np.einsum("bce,aef->abcf", cg(j2, j3, j23), cg(j1, j23, top))
        overlap = (left * right).sum() / (2 * top + 1)
        w = coupling.racah_w(j1, j2, top, j3, j12, j23)
        assert overlap == pytest.approx(np.sqrt(float((2 * j12 + 1) * (2 * j23 + 1))) * w, abs=1e-14)
        met += 1
    assert met > 200


def test_x_recouples_four_degrees() -> None:
    met = 0
    for j1, j2, j3, j4 in product(DEGREES[:3], repeat=4):
        for j12, j34, j13, j24 in product(coupled(j1, j2), coupled(j3, j4), coupled(j1, j3), coupled(j2, j4)):
            for top in set(coupled(j12, j34)) & set(coupled(j13, j24)):
                left = np.einsum("abe,cdf,efg->abcdg", cg(j1, j2, j12), cg(j3, j4, j34), cg(j12, j34, top))
                right = np.einsum("ace,bdf,efg->abcdg", cg(j1, j3, j13), cg(j2, j4, j24), cg(j13, j24, top))
                x = coupling.fano_x(j1, j2, j12, j3, j4, j34, j13, j24, top)
                assert (left * right).sum() / float(2 * top + 1) == pytest.approx(x, abs=1e-14)
                met += 1
    assert met > 500


def test_v_is_racahs_sum() -> None:
    """Racah's own series for V, of which the Clebsch-Gordan coefficient is (-1)^(c+γ) √(2c+1) V(a b c; α β -γ)."""
    met = 0
    for a, b in product(DEGREES, repeat=2):
        for c in coupled(a, b):
            for p, q, r in product(*[[-j + k for k in range(int(2 * j) + 1)] for j in (a, b, c)]):
                v = exact.racah_v(a, b, c, p, q, -r)
                sign = -1 if int(c + r) % 2 else 1
                assert exact.clebsch_gordan(a, b, c, p, q, r) == sign * exact.Surd(1, int(2 * c + 1)) * v
                assert float(v) == coupling.racah_v(a, b, c, p, q, -r)
                met += 1
    assert met > 300


def test_triangle_coefficients() -> None:
    met = 0
    for a, b, c in product([Fraction(n, 2) for n in range(9)], repeat=3):
        found = exact.triangle_coefficient(a, b, c)
        if abs(a - b) <= c <= a + b and (a + b + c).denominator == 1:
            above = [factorial(int(n)) for n in (a + b - c, a - b + c, b + c - a)]
            assert found.sign == 1 and found.square == Fraction(
                np.prod(above, dtype=object), factorial(int(a + b + c + 1))
            )
            met += 1
        else:
            assert found == 0
        assert coupling.triangle_coefficient(a, b, c) == float(found)
    assert met > 150
    degrees = np.arange(9) / 2
    grid = coupling.triangle_coefficient(degrees[:, None, None], degrees[:, None], degrees)
    assert (
        grid.shape == (9, 9, 9) and grid[2, 3, 4] == 0 and grid[2, 4, 4] == float(exact.triangle_coefficient(1, 2, 2))
    )


def test_zeros_and_what_does_not_exist() -> None:
    assert exact.racah_w(1, 1, 1, 1, 3, 1) == exact.racah_w(HALF, 1, 1, 1, 1, 1) == 0
    assert exact.fano_x(1, 1, 3, 1, 1, 2, 2, 2, 4) == exact.racah_v(1, 1, 3, 0, 0, 0) == 0
    for function, count in ((exact.racah_w, 6), (exact.fano_x, 9), (exact.triangle_coefficient, 3)):
        with pytest.raises(ValueError, match="degree 1 must be >= 0, got -1"):
            function(-1, *[1] * (count - 1))
    with pytest.raises(ValueError, match="order"):
        exact.racah_v(1, 1, 1, 2, 0, -2)

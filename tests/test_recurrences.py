"""Families in one degree: every entry against the exact symbol, and every error bound against the true error."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest

import coupling
from coupling import exact
from coupling.exact import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.kernels.recurrences import family_3j, round_family, rows_3j, rows_6j
from coupling.kernels.tridiagonal import null_vector
from coupling.numbers import recurrences
from coupling.numbers.recurrences import LARGEST_6J, Symbols

HALVES = [Fraction(k, 2) for k in range(8)]


def families_3j(lmax: int) -> list[tuple[int, int, int, int]]:
    degrees = product(range(lmax + 1), repeat=2)
    return [(a, b, m, n) for a, b in degrees for m in range(-a, a + 1) for n in range(-b, b + 1)]


def symbol_3j(l1: int, l2: int, m1: int, m2: int, l: int) -> Surd:
    return exact.wigner_3j(l1, l2, l, m1, m2, -m1 - m2)


def vector(twice: int, size: int, rows: object, *arguments: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the kernel's f [2, n], exponent and error before anything is rounded to a double."""
    off, (diagonal, f, ratio, other) = np.empty(2 * size + 2), np.empty((4, 2 * size))
    exponent, error = np.empty(size), np.empty(size)
    rows(*arguments, off, diagonal)  # type: ignore[operator]
    null_vector(twice, off, diagonal, f, exponent, error, ratio, other)
    return f.reshape(size, 2).T, exponent, error


def true_error(value: Surd, high: float, low: float, exponent: float) -> mpmath.mpf:
    """Return the relative error of (high + low)·2^exponent against the size of an exact number."""
    with mpmath.workdps(80):
        size = mpmath.sqrt(mpmath.mpf(value.numerator) / value.denominator)
        found = mpmath.ldexp(mpmath.mpf(high) + mpmath.mpf(low), int(exponent))
        return abs(abs(found) - size) / size


def test_all_3j_families_of_small_degrees(lmax: int) -> None:
    met = zeros = 0
    for family in families_3j(lmax):
        first, values = coupling.wigner_3j_family(*family)
        expected = [float(symbol_3j(*family, int(first) + i)) for i in range(len(values))]
        assert values.tolist() == expected, family
        met += len(values)
        zeros += expected.count(0.0)
    # one entry for each path and pair of orders that the third degree allows
    assert met == sum(
        sum(1 for l in range(abs(a - b), a + b + 1) if abs(m + n) <= l) for a, b, m, n in families_3j(lmax)
    )
    assert zeros > 0 or lmax < 1


def half_families(lmax: int) -> list[tuple[Fraction, ...]]:
    """All (j1, j2, m1, m2) of which at least one degree is half an odd number."""
    half = [Fraction(k, 2) for k in range(2 * lmax + 2)]
    pairs = [(a, b) for a, b in product(half, repeat=2) if a.denominator * b.denominator > 1]
    return [(a, b, k - a, n - b) for a, b in pairs for k in range(int(2 * a) + 1) for n in range(int(2 * b) + 1)]


def test_all_3j_families_of_small_half_integer_degrees(lmax: int) -> None:
    met = zeros = 0
    for family in half_families(min(lmax, 4)):
        first, values = coupling.wigner_3j_family(*family)
        j1, j2, m1, m2 = family
        assert first == max(abs(j1 - j2), abs(m1 + m2)) and len(values) == j1 + j2 - first + 1
        degrees = [Fraction(first) + i for i in range(len(values))]
        expected = [coupling.wigner_3j(j1, j2, j, m1, m2, -m1 - m2) for j in degrees]
        assert values.tolist() == expected, family
        met += len(values)
        zeros += expected.count(0.0)
    assert met > 4 and (zeros > 0 or lmax < 2)


@pytest.mark.parametrize(
    "family",
    [(99, 1, 97, -1), (201, 199, 7, -1), (201, 201, 1, -1), (201, 200, 1, 0), (601, 599, -599, 597), (100, 3, -50, 3)],
)
def test_whole_3j_families_of_large_half_integer_degrees(family: tuple[int, ...]) -> None:
    """The arguments are doubled; a zero inside the range comes from exact arithmetic."""
    j1, j2, m1, m2 = (Fraction(k, 2) for k in family)
    first, values = coupling.wigner_3j_family(j1, j2, m1, m2)
    symbols = [exact.wigner_3j(j1, j2, Fraction(first) + i, m1, m2, -m1 - m2) for i in range(len(values))]
    assert values.tolist() == [float(symbol) for symbol in symbols]
    assert len(values) == j1 + j2 - first + 1


@pytest.mark.parametrize("family", [(2001, 1999, 7, -1801), (20_001, 18_000, 17, -8_000), (199_999, 3, -199_999, 1)])
def test_3j_families_of_half_integer_degrees_to_the_largest(family: tuple[int, ...]) -> None:
    first, values = coupling.wigner_3j_family(*(Fraction(k, 2) for k in family))
    chosen = sorted({0, 1, len(values) // 7, len(values) // 2, (6 * len(values)) // 7, len(values) - 1})
    a, b, p, q = family  # the third degree may be larger than a single symbol takes
    symbols = [doubled_3j(a, b, int(2 * first) + 2 * i, p, q, -p - q) for i in chosen]
    assert [values[i] for i in chosen] == [float(symbol) for symbol in symbols]
    assert len(values) == (a + b) / 2 - first + 1


def test_a_3j_family_of_the_largest_degrees_is_normalised() -> None:
    """Products of doubled degrees come closest to 2^63 here; the sum is that of the theorem of Pythagoras."""
    l, j = 100_000, 99_999.5
    for arguments in ((l, l, l - 1, -5), (j, l, -j, l), (j, j, 0.5, 0.5), (l, l, 0, 0)):
        first, values = coupling.wigner_3j_family(*arguments)
        degrees = np.arange(len(values)) + first
        assert abs(((2 * degrees + 1) * values * values).sum() - 1) < 1e-12
    for arguments in ((100_000.5, 1, 0.5, 0), (1, 100_001, 0, 0)):
        with pytest.raises(ValueError, match=r"degree [12] must be <= 100000, got"):
            coupling.wigner_3j_family(*arguments)


def test_orders_of_the_other_kind_have_no_family() -> None:
    for arguments in ((0.5, 1, 0, 0), (1, 0.5, 0, 0), (0.5, 0.5, 0.5, 0), (1, 1, 0.5, -0.5)):
        with pytest.raises(ValueError, match=r"order [12] must be one of .* in steps of 1, got"):
            coupling.wigner_3j_family(*arguments)


@pytest.mark.parametrize(
    "family",
    [(50, 37, -12, 30), (100, 100, 0, 0), (99, 99, 31, 31), (200, 3, 150, -2), (200, 190, -190, 190), (300, 299, 1, 0)],
)
def test_whole_3j_families_of_large_degrees(family: tuple[int, int, int, int]) -> None:
    first, values = coupling.wigner_3j_family(*family)
    expected = [float(symbol_3j(*family, int(first) + i)) for i in range(len(values))]
    assert values.tolist() == expected
    assert len(values) == family[0] + family[1] - int(first) + 1


@pytest.mark.parametrize("family", [(1000, 1000, 3, -5), (1000, 990, 900, -800), (10_000, 9_000, 17, -4_000)])
def test_3j_families_to_degree_ten_thousand(family: tuple[int, int, int, int]) -> None:
    first, values = coupling.wigner_3j_family(*family)
    chosen = sorted({0, 1, len(values) // 7, len(values) // 2, (6 * len(values)) // 7, len(values) - 1})
    assert [values[i] for i in chosen] == [float(symbol_3j(*family, int(first) + i)) for i in chosen]
    l = np.arange(first, first + len(values))
    assert abs(((2 * l + 1) * values * values).sum() - 1) < 1e-13


def test_3j_values_below_the_smallest_double_are_zero_and_those_above_are_kept() -> None:
    """Towards the end of the range values fall below 1e-308, through the subnormal numbers."""
    first, values = coupling.wigner_3j_family(1200, 1200, 1100, -1100)
    sizes = abs(values)
    subnormal = np.flatnonzero((sizes > 0) & (sizes < 2.0**-1022))
    assert len(subnormal) and (sizes == 0).any()
    edge = [*subnormal[:3], *subnormal[-3:], subnormal[0] - 1, subnormal[-1] + 1]
    exact_values = [float(symbol_3j(1200, 1200, 1100, -1100, int(first + i))) for i in edge]
    assert [values[i] for i in edge] == exact_values


def test_all_6j_families_of_small_degrees() -> None:
    met = 0
    for arguments in product(HALVES[:6], repeat=5):
        first, values = coupling.wigner_6j_family(*arguments)
        expected = [float(exact.wigner_6j(Fraction(first) + i, *arguments)) for i in range(len(values))]
        assert values.tolist() == expected, arguments
        met += len(values)
    allowed = 0
    for j1, j2, j3, j4, j5, j6 in product([Fraction(k, 2) for k in range(11)], *[HALVES[:6]] * 5):
        triads = (j1, j2, j3), (j1, j5, j6), (j4, j2, j6), (j4, j5, j3)
        allowed += all(abs(a - b) <= c <= a + b and (a + b + c).denominator == 1 for a, b, c in triads)
    assert met == allowed > 1500


@pytest.mark.parametrize("arguments", [(40, 35, 30, 38, 41), (100, 100, 100, 100, 100), (60.5, 60, 59.5, 60.5, 60)])
def test_6j_families_of_large_degrees(arguments: tuple[float, ...]) -> None:
    first, values = coupling.wigner_6j_family(*arguments)
    assert len(values) > 20
    assert values.tolist() == [float(exact.wigner_6j(first + i, *arguments)) for i in range(len(values))]


def test_error_bounds_of_3j_families_hold() -> None:
    """The proven bound of each entry is above its true error, and below 2^-80."""
    met = 0
    for l1, l2, m1, m2 in [(30, 25, 7, -3), (40, 40, 0, 0), (40, 40, 5, 5), (60, 31, -30, 31), (80, 80, 79, -80)]:
        first = max(abs(l1 - l2), abs(m1 + m2))
        size = l1 + l2 - first + 1
        f, exponent, error = vector(2 * first, size, rows_3j, 2 * l1, 2 * l2, 2 * m1, 2 * m2, 2 * first)
        for i in range(size):
            value = symbol_3j(l1, l2, m1, m2, first + i)
            if value:
                assert true_error(value, f[0, i], f[1, i], exponent[i]) <= error[i] < 2.0**-80
                met += 1
    assert met == 351


SPOILT: dict[str, Callable[[], Symbols]] = {
    "_entry_3j": lambda: coupling.wigner_3j_family(9, 7, 2, -3),
    "_entry_6j": lambda: coupling.wigner_6j_family(9, 8, 7, 8, 9),
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_exact_value_replaces_what_a_bound_makes_doubtful(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry after the other leaves the kernel wrong, and as not certain; the result is right."""
    family, kernel = SPOILT[name], getattr(recurrences, name)()
    right = family().values
    for wrong in range(len(right)):

        def spoil(*arguments: Any, wrong: int = wrong) -> int:
            assert kernel(*arguments) == 0
            work, values = arguments[-2:]
            values[wrong] *= 1 + 2.0**-40
            work[:2] = wrong, len(values) - 1 - wrong
            values[len(values) - 1 - wrong] += 1
            return 2

        monkeypatch.setattr(recurrences, name, lambda spoil=spoil: spoil)
        assert family().values.tobytes() == right.tobytes()
    assert len(right) > 10


def test_kernels_name_the_places_that_are_not_certain() -> None:
    """Those of all zeros inside a range that no selection rule makes, and no others, in all families to degree 4."""
    met = 0
    for l1, l2, m1, m2 in families_3j(4):
        first = max(abs(l1 - l2), abs(m1 + m2))
        symbols = [symbol_3j(l1, l2, m1, m2, l) for l in range(first, l1 + l2 + 1)]
        work, values = np.full(12 * len(symbols) + 2, 7.0), np.empty(len(symbols))
        sign = 1.0 if (l1 - l2 + m1 + m2) % 2 == 0 else -1.0
        count = family_3j(2 * l1, 2 * l2, 2 * m1, 2 * m2, 2 * first, sign, work, values)
        zeros = [i for i, symbol in enumerate(symbols) if not symbol]
        rule = (m1 == m2 and l1 == l2) or m1 == m2 == 0
        assert work[:count].tolist() == ([] if rule else zeros), (l1, l2, m1, m2)
        assert all(values[i] == float(s) for i, s in enumerate(symbols) if i not in zeros or rule)
        met += count
    assert met > 20  # of 26


def test_a_family_through_several_powers_of_two_is_normalised() -> None:
    """The end of the range lies 2^-420 below the largest entries, and entries near those on its own power of two."""
    for j1, j2, m1, m2 in ((2001, 1999, 7, -1801), (4001, 3999, 3801, -3701), (9001, 30, 8001, 4)):
        first, values = coupling.wigner_3j_family(*(Fraction(k, 2) for k in (j1, j2, m1, m2)))
        degrees = np.arange(len(values)) + float(first)
        assert abs(((2 * degrees + 1) * values * values).sum() - 1) < 1e-14


def test_a_family_is_certain_to_the_bound_and_no_farther() -> None:
    """f = 1 + half a unit of the last place, less `away`: doubtful when the bound reaches the middle."""
    met = 0
    for bits in (60, 70, 80, 95):
        for factor, expected in ((0.5, False), (0.99, False), (1.01, True), (4.0, True), (0.0, False)):
            f = np.array([0.0, 0.0, 1.0, 2.0**-53 - 2.0**-bits])
            values, doubtful = np.empty(2), np.empty(2, np.bool_)
            count = round_family(1.0, 0.0, f, np.zeros(2), np.array([1.0, factor * 2.0**-bits]), values, doubtful)
            assert count == doubtful.sum()
            assert doubtful.tolist() == [True, factor > 0.995], (bits, factor)
            assert values.tolist() == [0.0, 1.0] and expected == (factor > 1)
            met += 1
    assert met == 20


def test_error_bounds_of_3j_families_of_half_integer_degrees_hold() -> None:
    met = 0
    for j1, j2, m1, m2 in [(61, 50, 15, -6), (81, 80, 1, 0), (81, 81, 11, 11), (121, 63, -61, 61)]:
        first = max(abs(j1 - j2), abs(m1 + m2))
        size = (j1 + j2 - first) // 2 + 1
        f, exponent, error = vector(first, size, rows_3j, j1, j2, m1, m2, first)
        halves = [Fraction(k, 2) for k in (j1, j2, m1, m2)]
        for i in range(size):
            value = exact.wigner_3j(*halves[:2], Fraction(first, 2) + i, *halves[2:], -halves[2] - halves[3])
            if value:
                assert true_error(value, f[0, i], f[1, i], exponent[i]) <= error[i] < 2.0**-80
                met += 1
    assert met > 200


def test_error_bounds_of_6j_families_hold() -> None:
    met = 0
    for j2, j3, j4, j5, j6 in [(20, 22, 18, 26, 24), (30, 30, 30, 30, 30), (41, 40, 39, 43, 42)]:
        first, last = max(abs(j2 - j3), abs(j5 - j6)), min(j2 + j3, j5 + j6)
        size = (last - first) // 2 + 1
        f, exponent, error = vector(first, size, rows_6j, j2, j3, j4, j5, j6, first)
        for i in range(size):
            value = exact.wigner_6j(*(Fraction(j, 2) for j in (first + 2 * i, j2, j3, j4, j5, j6)))
            if value:
                value = value * Surd(1, j4 + 1)  # Σ(2j1+1)(2j4+1) 6j² = 1
                assert true_error(value, f[0, i], f[1, i], exponent[i]) <= error[i] < 2.0**-75
                met += 1
    assert met > 60


def test_where_no_symbol_exists() -> None:
    assert len(coupling.wigner_6j_family(1, 1, 5, 1, 1).values) == 0
    assert len(coupling.wigner_6j_family(1, 1, 0.5, 1, 1).values) == 0
    assert coupling.wigner_3j_family(0, 0, 0, 0) == Symbols(0, np.ones(1))
    with pytest.raises(ValueError, match=rf"must be <= {LARGEST_6J // 2}, got 9000"):
        coupling.wigner_6j_family(9000, 1, 1, 1, 1)
    for arguments, first in (((1, 1, 0.5, 0.5, 3), 2.5), ((1, 3, 1, 1, 5), 4)):
        found = coupling.wigner_6j_family(*arguments)
        assert found.first == first and not len(found.values)

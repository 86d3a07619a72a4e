"""Families in one degree: every entry against the exact symbol, and every error bound against the true error."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from scipy.linalg import eigvalsh_tridiagonal

import coupling
from coupling import exact
from coupling.exact import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.kernels import tridiagonal
from coupling.kernels.jit import kernel
from coupling.kernels.quads import at_least, counting, part_of
from coupling.kernels.recurrences import family_3j, null_vector, round_family, rows_3j, rows_6j
from coupling.kernels.tridiagonal import BOUND, CORRECTION, FIELDS, SECOND, VALUE, Spectrum, _residuals, spot
from coupling.numbers import recurrences
from coupling.numbers.recurrences import LARGEST_6J, Symbols

HALVES = [Fraction(k, 2) for k in range(8)]


def families_3j(lmax: int) -> list[tuple[int, int, int, int]]:
    degrees = product(range(lmax + 1), repeat=2)
    return [(a, b, m, n) for a, b in degrees for m in range(-a, a + 1) for n in range(-b, b + 1)]


def symbol_3j(l1: int, l2: int, m1: int, m2: int, l: int) -> Surd:
    return exact.wigner_3j(l1, l2, l, m1, m2, -m1 - m2)


class Vector(NamedTuple):
    """What the kernels know before they round: values, and bounds of their errors."""

    values: list[mpmath.mpf]
    bounds: list[mpmath.mpf]


def space(count: int) -> tuple[int, np.ndarray]:
    """Return the size of a field and the work space for a family; what is read before it is written shows as NaN."""
    size = tridiagonal.size_of_field(count)
    return size, np.full(FIELDS * size, np.nan)


def vector(rows: Any, arguments: tuple[int, ...], first: int, count: int, again: bool) -> Vector:
    """Return f + d of a family, normalised, with one correction or two."""
    size, work = space(count)
    rows(*arguments, first, count, size, work)
    h, l, relative, start, stop = null_vector(first, count, size, spectrum_of(*arguments), again, 1.0, 0.0, work)
    parts = (VALUE, CORRECTION, SECOND) if again else (VALUE, CORRECTION)
    assert (start, stop) == (0, count - 1)
    with mpmath.workdps(80):
        scale = mpmath.mpf(h) + mpmath.mpf(l)
        sums = [sum(mpmath.mpf(work[spot(field, size, i)]) for field in parts) for i in range(count)]
        found = [scale * x for x in sums]
        bound = [relative * abs(x) + work[spot(BOUND, size, i)] for i, x in enumerate(found)]
    return Vector(found, bound)


def spectrum_of(*arguments: int) -> Spectrum:
    """Return what the kernels take for the matrix of a family."""
    if len(arguments) == 4:
        return Spectrum(4.0, float(arguments[0] + arguments[1]), 2.0, False)
    j2, j3, j4, j5, j6 = arguments
    largest = min(j2 + j6, j3 + j5)
    return Spectrum(8.0, 0.5 * largest * (largest + 2), max(4.0, 2.0 * j4), False)


def is_bounded(value: Surd, found: mpmath.mpf, bound: mpmath.mpf, most: float) -> bool:
    """Return whether the error against the size of an exact number is within the bound, and that below ``most``."""
    with mpmath.workdps(80):
        size = mpmath.sqrt(mpmath.mpf(value.numerator) / value.denominator)
        return bool(abs(abs(found) - size) <= bound < most * size)


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


@pytest.mark.parametrize("again", [False, True])
def test_error_bounds_of_3j_families_hold(again: bool) -> None:
    """The proven bound of each entry is above its true error, and below 2^-75 of it."""
    met = 0
    for l1, l2, m1, m2 in [(30, 25, 7, -3), (40, 40, 0, 0), (40, 40, 5, 5), (60, 31, -30, 31), (80, 80, 79, -80)]:
        first = max(abs(l1 - l2), abs(m1 + m2))
        count = l1 + l2 - first + 1
        found = vector(rows_3j, (2 * l1, 2 * l2, 2 * m1, 2 * m2), 2 * first, count, again)
        for i, (entry, bound) in enumerate(zip(*found, strict=True)):
            value = symbol_3j(l1, l2, m1, m2, first + i)
            if value:
                assert is_bounded(value, entry, bound, 2.0**-75), (l1, l2, m1, m2, i)
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
            values = arguments[-1]
            values[wrong] = values[len(values) - 1 - wrong] = np.nan
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
        values = np.empty(len(symbols))
        count = family_3j(2 * l1, 2 * l2, 2 * m1, 2 * m2, 2 * first, 1.0, values)
        zeros = [i for i, symbol in enumerate(symbols) if not symbol]
        rule = (m1 == m2 and l1 == l2) or m1 == m2 == 0
        assert np.flatnonzero(np.isnan(values)).tolist() == ([] if rule else zeros), (l1, l2, m1, m2)
        assert count == np.isnan(values).sum()
        assert all(values[i] == float(s) for i, s in enumerate(symbols) if i not in zeros or rule)
        met += count
    assert met > 20  # of 26


def test_a_family_through_several_powers_of_two_is_normalised() -> None:
    """The end of the range lies 2^-420 below the largest entries, and entries near those on its own power of two."""
    for j1, j2, m1, m2 in ((2001, 1999, 7, -1801), (4001, 3999, 3801, -3701), (9001, 30, 8001, 4)):
        first, values = coupling.wigner_3j_family(*(Fraction(k, 2) for k in (j1, j2, m1, m2)))
        degrees = np.arange(len(values)) + float(first)
        assert abs(((2 * degrees + 1) * values * values).sum() - 1) < 1e-14


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 11])
@pytest.mark.parametrize("again", [False, True])
def test_a_family_is_certain_to_the_bound_and_no_farther(count: int, again: bool) -> None:
    """1 + half a unit of the last place, less `away`: doubtful when a bound of either kind reaches the middle."""
    met = 0
    for bits in (60, 70, 80, 95):
        for factor, expected in ((0.5, False), (0.99, False), (1.01, True), (4.0, True), (0.0, False)):
            for absolute in (False, True):
                for odd in range(count):
                    size, work = space(count)
                    parts = {field: work[spot(field, size, 0) : spot(field, size, count)] for field in range(FIELDS)}
                    parts[VALUE][:], parts[CORRECTION][:], parts[SECOND][:], parts[BOUND][:] = 1.0, 0.0, 0.0, 0.0
                    parts[SECOND if again else CORRECTION][odd] = 2.0**-53 - 2.0**-bits
                    bound, values = factor * 2.0**-bits, np.empty(count)
                    parts[BOUND][odd] = bound if absolute else 0.0
                    relative = 0.0 if absolute else bound
                    doubtful = round_family(1.0, 0.0, relative, 0, count - 1, count, size, again, work, values)
                    assert doubtful == expected and np.isnan(values).tolist() == [
                        expected and i == odd for i in range(count)
                    ]
                    assert (values[~np.isnan(values)] == 1.0).all()
                    met += 1
    assert met == 4 * 5 * 2 * count


def test_a_zero_is_certain_only_without_a_bound() -> None:
    size, work = space(6)
    for field, value in ((VALUE, 1.0), (CORRECTION, 0.0), (BOUND, 2.0**-90)):
        work[spot(field, size, 0) : spot(field, size, 6)] = value
    work[spot(VALUE, size, 2)] = work[spot(VALUE, size, 3)] = work[spot(BOUND, size, 3)] = 0.0
    values = np.empty(6)
    assert round_family(1.0, 0.0, 2.0**-80, 0, 5, 6, size, False, work, values) == 1
    assert np.isnan(values).tolist() == [False, False, True, False, False, False] and values[3] == 0.0


@pytest.mark.parametrize("again", [False, True])
def test_error_bounds_of_3j_families_of_half_integer_degrees_hold(again: bool) -> None:
    met = 0
    for j1, j2, m1, m2 in [(61, 50, 15, -6), (81, 80, 1, 0), (81, 81, 11, 11), (121, 63, -61, 61)]:
        first = max(abs(j1 - j2), abs(m1 + m2))
        found = vector(rows_3j, (j1, j2, m1, m2), first, (j1 + j2 - first) // 2 + 1, again)
        halves = [Fraction(k, 2) for k in (j1, j2, m1, m2)]
        for i, (entry, bound) in enumerate(zip(*found, strict=True)):
            value = exact.wigner_3j(*halves[:2], Fraction(first, 2) + i, *halves[2:], -halves[2] - halves[3])
            if value:
                assert is_bounded(value, entry, bound, 2.0**-75)
                met += 1
    assert met > 200


@pytest.mark.parametrize("again", [False, True])
def test_error_bounds_of_6j_families_hold(again: bool) -> None:
    met = 0
    for j2, j3, j4, j5, j6 in [(20, 22, 18, 26, 24), (30, 30, 30, 30, 30), (41, 40, 39, 43, 42)]:
        first, last = max(abs(j2 - j3), abs(j5 - j6)), min(j2 + j3, j5 + j6)
        found = vector(rows_6j, (j2, j3, j4, j5, j6), first, (last - first) // 2 + 1, again)
        for i, (entry, bound) in enumerate(zip(*found, strict=True)):
            value = exact.wigner_6j(*(Fraction(j, 2) for j in (first + 2 * i, j2, j3, j4, j5, j6)))
            if value:
                value = value * Surd(1, j4 + 1)  # Σ(2j1+1)(2j4+1) 6j² = 1
                assert is_bounded(value, entry, bound, 2.0**-75)
                met += 1
    assert met > 60


U = Fraction(1, 2**53)
ROWS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "3j": (rows_3j, (61, 50, 15, -6)),
    "3j from 0": (rows_3j, (40, 40, 10, -10)),
    "3j of large degrees": (rows_3j, (199_999, 21, -99_999, 1)),
    "6j": (rows_6j, (41, 40, 39, 43, 42)),
    "6j from 0": (rows_6j, (30, 30, 28, 26, 26)),
    "6j of large degrees": (rows_6j, (16_384, 16_362, 16_002, 16_380, 16_372)),
}


def true_rows(kind: str) -> tuple[int, list[Fraction], list[Fraction]]:
    """Return the first degree of a family, doubled, a(i)² and b(i) of the kernels, from the formulas in fractions."""
    arguments = ROWS[kind][1]
    half = [Fraction(x, 2) for x in arguments]
    if len(half) == 4:
        l1, l2, m1, m2 = half
        first, last, m = max(abs(l1 - l2), abs(m1 + m2)), l1 + l2, -m1 - m2

        def squares(l: Fraction) -> Fraction:
            return 64 * (l**2 - (l1 - l2) ** 2) * ((l1 + l2 + 1) ** 2 - l**2) * (l**2 - m**2)

        def inner(l: Fraction) -> Fraction:
            return 16 * (l * (l + 1) * (m2 - m1) - m * (l1 * (l1 + 1) - l2 * (l2 + 1)))

        zero = 16 * (m2 - m1)
    else:
        j2, j3, _, j5, j6 = half
        c2, c3, c4, c5, c6 = (j * (j + 1) for j in half)
        first, last = max(abs(j2 - j3), abs(j5 - j6)), min(j2 + j3, j5 + j6)

        def squares(l: Fraction) -> Fraction:
            return (
                256
                * (l**2 - (j2 - j3) ** 2)
                * ((j2 + j3 + 1) ** 2 - l**2)
                * (l**2 - (j5 - j6) ** 2)
                * ((j5 + j6 + 1) ** 2 - l**2)
            )

        def inner(l: Fraction) -> Fraction:
            c = l * (l + 1)
            return 32 * (c * (c2 + c3 - c) + c5 * (c + c2 - c3) + c6 * (c - c2 + c3) - 2 * c * c4)

        zero = 32 * (c2 + c3 + c5 + c6 - 2 * c4)
    degrees = [first + i for i in range(int(last - first) + 2)]
    return int(2 * first), [squares(l) for l in degrees], [(2 * l + 1) * inner(l) if l else zero for l in degrees[:-1]]


@pytest.mark.parametrize("kind", ROWS)
def test_coefficients_and_steps_are_within_their_bounds(kind: str) -> None:
    """a within 12u², b within 3u², and the factors of a step within 8u, all against fractions."""
    rows, arguments = ROWS[kind]
    first, squares, b = true_rows(kind)
    count = len(b)
    size, work = space(count)
    rows(*arguments, first, count, size, work)
    tridiagonal.write_steps(first, count, size, work)

    def read(field: int, i: int) -> Fraction:
        return Fraction(float(work[spot(field, size, i)]))

    for i in range(count + 1):
        a = read(tridiagonal.A, i) + read(tridiagonal.A_LOW, i)
        assert abs(a * a - squares[i]) <= 2 * 12 * U**2 * squares[i] and a >= 0
    for i in range(count):
        assert abs(read(tridiagonal.B, i) + read(tridiagonal.B_LOW, i) - b[i]) <= 3 * U**2 * abs(b[i])
        l = first + 2 * i
        up, down = (read(tridiagonal.A, k) + read(tridiagonal.A_LOW, k) for k in (i + 1, i))
        up, down = up * (l or 2), down * (l + 2)
        true = {
            tridiagonal.LEFT: (-b[i], up),
            tridiagonal.LEFT_BACK: (-down, up),
            tridiagonal.RIGHT: (-b[i], down),
            tridiagonal.RIGHT_BACK: (-up, down),
        }
        for field, (numerator, denominator) in true.items():
            if denominator:
                ratio = numerator / denominator
                assert abs(read(field, i) - ratio) <= 8 * U * abs(ratio), (field, i)
    assert count > 20


@pytest.mark.parametrize("kind", ROWS)
def test_residuals_are_within_their_bound(kind: str) -> None:
    """Also where the terms cancel: 39u² of their sizes and u of the sum."""
    rows, arguments = ROWS[kind]
    first, _, b = true_rows(kind)
    count, rng, met = len(b), np.random.default_rng(1), 0
    size, work = space(count)
    rows(*arguments, first, count, size, work)
    tridiagonal.write_steps(first, count, size, work)
    tridiagonal.recurrence(count, size, work)

    def read(field: int, i: int) -> Fraction:
        return Fraction(float(work[spot(field, size, i)]))

    for random in (False, True):
        if random:
            work[spot(VALUE, size, 0) : spot(VALUE, size, count)] = rng.normal(size=count)
        for i in range(count):
            l = first + 2 * i
            found = Fraction(float(residual(work, size, i, float(l))))
            up, down, middle = (
                (read(field, k) + read(low, k)) * factor * read(VALUE, j)
                for field, low, k, factor, j in (
                    (tridiagonal.A, tridiagonal.A_LOW, i + 1, l or 2, i + 1),
                    (tridiagonal.A, tridiagonal.A_LOW, i, l + 2, i - 1),
                    (tridiagonal.B, tridiagonal.B_LOW, i, 1, i),
                )
            )
            total, sizes = up + down + middle, abs(up) + abs(down) + abs(middle)
            assert abs(found - total) <= 27 * U**2 * sizes + U * abs(total)  # the coefficients' own 12u² apart
            met += abs(total) < 2**10 * U * sizes
    assert met > 5


@kernel
def residual(work: np.ndarray, size: int, i: int, l: float) -> float:
    least = l if l > 0.0 else 2.0
    behind = 2.0 * counting(0.0) + l
    return part_of(_residuals(work, VALUE, size, i, behind, at_least(behind, least)), 0)


@pytest.mark.parametrize("kind", ROWS)
def test_norm_and_gap_of_the_matrix(kind: str) -> None:
    """‖ |T-λ| ‖ ≤ 2 norm, and no other eigenvalue is nearer than the gap, in the rows of the kernels."""
    arguments = ROWS[kind][1]
    first, squares, b = true_rows(kind)
    spread, norm, gap, _ = spectrum_of(*arguments)
    l = first + 2.0 * np.arange(len(b))
    up = np.where(l > 0, l, 2)
    diagonal = np.array([float(x) for x in b]) / (spread * up * (l + 2) * (l + 1))
    a = np.sqrt([float(x) for x in squares[1:-1]])
    off = a * up[:-1] / (spread * up[:-1] * (l[:-1] + 2) * np.sqrt((l[:-1] + 1) * (l[1:] + 1)))
    near = gap * (1 - 1e-9)
    inside = eigvalsh_tridiagonal(diagonal, off, select="v", select_range=(-near, near))
    assert len(inside) == 1 and abs(inside[0]) < 1e-9 * norm
    last = len(diagonal) - 1
    assert eigvalsh_tridiagonal(abs(diagonal), abs(off), select="i", select_range=(last, last)) <= 2 * norm


def test_where_no_symbol_exists() -> None:
    assert len(coupling.wigner_6j_family(1, 1, 5, 1, 1).values) == 0
    assert len(coupling.wigner_6j_family(1, 1, 0.5, 1, 1).values) == 0
    assert coupling.wigner_3j_family(0, 0, 0, 0) == Symbols(0, np.ones(1))
    with pytest.raises(ValueError, match=rf"must be <= {LARGEST_6J // 2}, got 9000"):
        coupling.wigner_6j_family(9000, 1, 1, 1, 1)
    for arguments, first in (((1, 1, 0.5, 0.5, 3), 2.5), ((1, 3, 1, 1, 5), 4)):
        found = coupling.wigner_6j_family(*arguments)
        assert found.first == first and not len(found.values)

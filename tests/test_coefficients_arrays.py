"""Symbols of arrays: the bits of single values, numpy's rules of broadcasting, and the first entry that cannot be."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import coupling
from tests.domain import half, orders, six_degrees, triads

DEGREES_AND_ORDERS = ["wigner_3j", "clebsch_gordan", "racah_v"]
INTEGRALS = ["gaunt", "antisymmetric_gaunt", "real_gaunt", "real_antisymmetric_gaunt"]
DEGREES = {"wigner_6j": 6, "racah_w": 6, "wigner_9j": 9, "fano_x": 9}


def function(name: str) -> Any:
    return getattr(coupling, name)


def same(found: np.ndarray, single: list[Any]) -> bool:
    """Whether values are the same to the bit, zeros without a sign."""
    wanted = np.array(single).reshape(found.shape)
    return found.dtype == wanted.dtype and found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("name", DEGREES_AND_ORDERS)
def test_arrays_of_symbols_have_the_bits_of_single_values(name: str, lmax: int) -> None:
    """All doubled degrees and orders, as floats in an array and one by one as fractions; sums m1+m2+m3 ≠ 0 as well."""
    met = 0
    for js in triads(min(lmax, 3)):
        ms = np.array(list(product(*map(orders, js)))) / 2
        found = function(name)(*(j / 2 for j in js), *ms.T)
        single = [function(name)(*map(half, js), *map(Fraction, row)) for row in ms.tolist()]
        assert same(found, single), js
        met += len(ms)
    assert met == sum((a + 1) * (b + 1) * (c + 1) for a, b, c in triads(min(lmax, 3)))


@pytest.mark.parametrize("name", INTEGRALS)
def test_arrays_of_integrals_have_the_bits_of_single_values(name: str) -> None:
    """All degrees to 2 and orders to 2 at once, by broadcasting of six axes; what does not exist is zero."""
    l, m = np.arange(3), np.arange(-2, 3)
    found = function(name)(*np.ix_(l, l, l, m, m, m), outside="zero")
    rows = list(product(*[range(3)] * 3, *[range(-2, 3)] * 3))
    exists = [all(abs(m) <= l for l, m in zip(row[:3], row[3:], strict=True)) for row in rows]
    single = [function(name)(*row) if there else 0 for row, there in zip(rows, exists, strict=True)]
    assert same(found, single) and found.any() and sum(exists) == 9**3
    assert [function(name)(*row, outside="zero") for row in rows] == single


@pytest.mark.parametrize("name", DEGREES)
def test_arrays_of_recoupling_symbols_have_the_bits_of_single_values(name: str, lmax: int) -> None:
    six = six_degrees(min(lmax, 3))
    rows = np.array(
        [row if DEGREES[name] == 6 else (*row[:3], row[4], row[3], row[2], row[5], row[5], 0) for row in six]
    )
    found = function(name)(*(rows / 2).T)
    assert same(found, [function(name)(*map(half, row)) for row in rows.tolist()])
    assert np.count_nonzero(found) > 50 or lmax < 3


def test_numbers_stay_numbers_and_shapes_broadcast() -> None:
    assert type(coupling.wigner_3j(1, 1, 2, 0, 0, 0)) is float
    assert type(coupling.wigner_3j(np.array(1), np.int8(1), 2, 0, 0.0, 0)) is float
    assert type(coupling.antisymmetric_gaunt(1, 1, 1, 1, -1, 0)) is complex
    column, row = np.array([[1], [2]], np.uint8), np.array([0, 1, 2], np.float32)
    found = coupling.wigner_3j(column, 1, row, 0, 0, 0)
    assert found.shape == (2, 3) and found[1, 1] == coupling.wigner_3j(2, 1, 1, 0, 0, 0)
    assert coupling.wigner_6j([], 1, 1, 1, 1, 1).shape == (0,)
    assert coupling.wigner_6j(np.zeros((2, 0, 3), int), 1, 1, 1, 1, 1).shape == (2, 0, 3)
    assert coupling.wigner_3j(range(3), [1], (1,), 0, 0, 0).shape == (3,)
    mixed = [Fraction(1, 2), 1, "1.5"]
    with pytest.raises(TypeError, match=r"^degree 1 must be an integer or half-integer, got str '1.5' at index 2$"):
        coupling.wigner_6j(mixed, 1, 1, 1, 1, 1)
    assert same(
        coupling.wigner_6j(mixed[:2], 1, 1.5, 1, 1, 1), [coupling.wigner_6j(j, 1, 1.5, 1, 1, 1) for j in mixed[:2]]
    )


def test_doubled_degrees_of_py3nj_are_halved() -> None:
    """py3nj.wigner3j(two_l1, …, two_m3): the same loops with / 2, and its zeros with outside="zero"."""
    two_l, two_m = np.array([2, 0, 2, 3]), np.array([0, 2, 2, 1])
    found = coupling.wigner_3j(two_l / 2, 1, 1, two_m / 2, 0, -two_m / 2, outside="zero")
    wanted = [coupling.wigner_3j(1, 1, 1, 0, 0, 0), 0.0, coupling.wigner_3j(1, 1, 1, 1, 0, -1), 0.0]
    assert same(found, wanted)


OUTSIDE = [
    ("wigner_3j", (1, 1, 1, 2, -1, -1), r"order 1 must satisfy \|m\| <= 1, the degree, got 2"),
    ("wigner_3j", (1, -1, 1, 0, 0, 0), "degree 2 must be >= 0, got -1"),
    ("clebsch_gordan", (1, 1, 1, 0, 0, 0.5), r"order 3 must be one of -1, ..., 1 in steps of 1, got 1/2"),
    ("clebsch_gordan", (0.5, 1, 1.5, 0, 0, 0.5), r"order 1 must be one of -1/2, ..., 1/2 in steps of 1, got 0"),
    ("racah_v", (1, 1, -0.5, 0, 0, 0.5), "degree 3 must be >= 0, got -1/2"),
    ("gaunt", (1, 1, 2, 0, 0, 3), r"order 3 must satisfy \|m\| <= 2, the degree, got 3"),
    ("gaunt", (1, -1, 2, 0, 0, 0), "degree 2 must be >= 0, got -1"),
    ("gaunt", (1, 1, 2, 0.5, 0, 0), "order 1 must be an integer, got 0.5"),
    ("real_gaunt", (1, 1, 2, -2, 0, 0), r"order 1 must satisfy \|m\| <= 1, the degree, got -2"),
    ("antisymmetric_gaunt", (-2, 1, 1, 0, 0, 0), "degree 1 must be >= 0, got -2"),
    ("wigner_6j", (1, 1, 1, 1, -1.5, 1), "degree 5 must be >= 0, got -3/2"),
    ("racah_w", (1, 1, 1, 1, 1, -1), "degree 6 must be >= 0, got -1"),
    ("wigner_9j", (1, 1, 1, 1, 1, 1, 1, 1, -1), "degree 9 must be >= 0, got -1"),
    ("fano_x", (1, 1, -1, 1, 1, 1, 1, 1, 1), "degree 3 must be >= 0, got -1"),
]


@pytest.mark.parametrize(("name", "numbers", "message"), OUTSIDE)
def test_what_lies_outside_raises_or_is_zero(name: str, numbers: tuple[float, ...], message: str) -> None:
    """Of single symbols, and in arrays, where the first one is named by its index."""
    zero = function(name)(*numbers, outside="zero")
    assert zero == 0 and type(zero) is (complex if name == "antisymmetric_gaunt" else float)
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(name)(*numbers)
    good = [0] * len(numbers)
    rows = np.array([[good, good], [good, numbers], [numbers, good]], float)
    assert not function(name)(*np.moveaxis(rows[1:], -1, 0), outside="zero")[0, 1]
    with pytest.raises(ValueError, match=rf"{message.split(', got')[0]}, got .* at index \(1, 1\)$"):
        function(name)(*np.moveaxis(rows, -1, 0))
    with pytest.raises(ValueError, match=r" at index 1$"):
        function(name)(*rows[1].T)


@pytest.mark.parametrize("outside", ["raise", "zero"])
@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        ((1, [1, 0.3], 1, 0, 0, 0), ValueError, "degree 2 must be an integer or half-integer, got 0.3 at index 1"),
        ((1, 1, 1, 0, 0, np.array([[np.nan]])), ValueError, r"order 3 must be .*, got nan at index \(0, 0\)"),
        (
            (1, 1, [1, True], 0, 0, 0),
            TypeError,
            "degree 3 must be an integer or half-integer, got bool True at index 1",
        ),
        ((np.array([True]), 1, 1, 0, 0, 0), TypeError, "degree 1 must be .*, got an array of bool"),
        ((1, 1, 1, np.array([1j]), 0, 0), TypeError, "order 1 must be .*, got an array of complex128"),
        ((1, 1, 1, [[0], [0, 0]], 0, 0), TypeError, r"order 1 must be .*, got list \[0\] at index 0"),
        (([1, 100_001], 1, 1, 0, 0, 0), ValueError, "degree 1 must be <= 100000, got 100001 at index 1"),
        (([1, 10**30], 1, 1, 0, 0, 0), ValueError, "degree 1 must be <= 100000, got 10{30} at index 1"),
        (
            ([1, 2], [1, 2, 3], 1, 0, 0, 0),
            ValueError,
            r"arrays must have shapes that broadcast, got degree 1 \(2,\), deg",
        ),
    ],
)
def test_what_is_no_degree_or_order_raises_in_arrays_as_well(
    numbers: tuple[Any, ...], error: type[Exception], message: str, outside: str
) -> None:
    with pytest.raises(error, match=f"^{message}"):
        coupling.wigner_3j(*numbers, outside=outside)


def test_degrees_in_the_place_of_the_family_are_told_so() -> None:
    with pytest.raises(TypeError, match=r"^family must be one of wigner_3j, .*, got int 1$"):
        coupling.block(1, 1, 2, "gaunt")  # type: ignore[arg-type]


def test_half_integers_are_no_degrees_of_integrals() -> None:
    for outside in ("raise", "zero"):
        with pytest.raises(ValueError, match=r"^degree 1 must be an integer, got 0.5$"):
            coupling.gaunt(0.5, 1, 1, 0, 0, 0, outside=outside)
        with pytest.raises(ValueError, match=r"^degree 1 must be an integer, got 0.5 at index 1$"):
            coupling.gaunt([1, 0.5], 1, 1, 0, 0, 0, outside=outside)


def test_outside_is_one_of_two_words() -> None:
    for one in (1, [1]):
        with pytest.raises(ValueError, match=r"^outside must be one of raise, zero, got 'nan'$"):
            coupling.wigner_6j(one, 1, 1, 1, 1, 1, outside="nan")
    with pytest.raises(TypeError, match=r"^outside must be one of raise, zero, got bool True$"):
        coupling.wigner_3j(1, 1, 1, 0, 0, 0, outside=True)


def test_more_symbols_than_memory_are_refused() -> None:
    many = np.broadcast_to(1, (1 << 20, 1 << 20))
    with pytest.raises(MemoryError, match=r"^an array of 1099511627776 symbols needs "):
        coupling.wigner_6j(many, 1, 1, 1, 1, 1)

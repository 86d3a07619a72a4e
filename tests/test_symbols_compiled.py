"""Compiled symbols: every bit against exact integers, and what happens where the test of rounding does not hold."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from numba import njit, prange

import coupling
import coupling.numba as compiled
from coupling import exact
from coupling.exact import Surd
from coupling.kernels.decision import decided
from coupling.kernels.factorials import LARGEST, PI, PI_BITS, ROOTS, digits
from coupling.kernels.long_symbols import long_3j, long_6j, long_9j
from coupling.kernels.symbol_calls import many_3j, many_6j, many_9j, single_6j, single_9j
from coupling.kernels.symbols import CLEBSCH_GORDAN, ERROR, GAUNT, WIGNER_3J, ninej, sixj, threej
from coupling.kernels.wide import LONG, long_add, long_size, wide_add, wide_size
from coupling.numbers.compiled import BUDGET, FUNCTIONS
from tests.domain import couples, half, orders, orders_with_sum, six_degrees, triads
from tests.sources import ROOT

Row = tuple[int, ...]
KINDS = {WIGNER_3J: exact.wigner_3j, CLEBSCH_GORDAN: exact.clebsch_gordan, GAUNT: exact.gaunt}


def value(function: Callable[..., Surd], row: Row) -> float:
    return float(function(*map(half, row)))


def draw_3j(rng: random.Random, largest: int) -> Row:
    """Doubled degrees and orders that no selection rule forbids."""
    while True:
        a, b = rng.randint(0, largest), rng.randint(0, largest)
        c = rng.choice(range(abs(a - b), min(a + b, largest) + 1, 2) or [None])
        p, q = rng.choice(orders(a)), rng.choice(orders(b))
        if c is not None and abs(p + q) <= c:
            return a, b, c, p, q, -p - q


def draw_6j(rng: random.Random, largest: int) -> Row:
    while True:
        a, b, c, d, e, f = (rng.randint(0, largest) for _ in range(6))
        if couples(a, b, c) and couples(a, e, f) and couples(d, b, f) and couples(d, e, c):
            return a, b, c, d, e, f


def draw_9j(rng: random.Random, largest: int) -> Row:
    while True:
        rows = []
        while len(rows) < 3:
            a, b = rng.randint(0, largest), rng.randint(0, largest)
            thirds = range(abs(a - b), min(a + b, largest) + 1, 2)
            rows += [(a, b, rng.choice(thirds))] if thirds else []
        if all(couples(*column) for column in zip(*rows, strict=True)):
            return (*rows[0], *rows[1], *rows[2])


def kernel(name: str) -> tuple[Callable[..., float], Callable[..., Surd]]:
    """The function of doubled numbers, a table of roots and an error bound, and the exact one."""
    if name == "6j":
        return sixj, exact.wigner_6j
    if name == "9j":
        return ninej, exact.wigner_9j
    kind = {"3j": WIGNER_3J, "cg": CLEBSCH_GORDAN, "gaunt": GAUNT}[name]
    return lambda *a: threej(*a[:6], kind, *a[6:]), KINDS[kind]


def rows_of(name: str, count: int, largest: int = LARGEST) -> list[Row]:
    """Random symbols, a third of them of the largest degrees that the draw allows."""
    rng = random.Random(f"{name} {largest}")
    draw = {"6j": draw_6j, "9j": draw_9j}.get(name, draw_3j)
    rows = [draw(rng, largest if n % 3 else largest // 4) for n in range(count)]
    if name == "cg":
        return [(*row[:5], -row[5]) for row in rows]
    return [row for row in rows if name != "gaunt" or not any(x & 1 for x in row)]


NAMES = ("3j", "cg", "gaunt", "6j", "9j")


def test_all_3j_symbols_of_small_degrees(lmax: int) -> None:
    """Half-integers too, and orders whose sum is not zero."""
    met = 0
    for js in triads(2 * min(lmax, 4)):
        rows = np.array([(*js, *ms) for ms in product(*map(orders, js))])
        for kind in (WIGNER_3J, CLEBSCH_GORDAN):
            values = np.empty(len(rows))
            many_3j(rows, kind, values)
            sign = -1 if kind == CLEBSCH_GORDAN else 1
            allowed = rows[:, 3] + rows[:, 4] + sign * rows[:, 5] == 0
            assert not values[~allowed].any()
            assert values[allowed].tolist() == [value(KINDS[kind], tuple(row)) for row in rows[allowed].tolist()]
        met += len(rows)
    assert met == sum((a + 1) * (b + 1) * (c + 1) for a, b, c in triads(2 * min(lmax, 4)))


def test_all_6j_symbols_of_small_degrees(lmax: int) -> None:
    rows = six_degrees(min(lmax, 5) + 1)
    values = np.empty(len(rows))
    many_6j(np.array(rows), values)
    assert values.tolist() == [value(exact.wigner_6j, row) for row in rows]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", [ERROR, 2.0**-54, 1.0])
def test_random_symbols_to_degree_20(name: str, error: float) -> None:
    """With the bound as it is, with one that leaves half of the values open, and with one that leaves all: decisions
    by integers have the same bits."""
    function, true = kernel(name)
    rows = rows_of(name, 300)
    found = [function(*row, ROOTS, error) for row in rows]
    assert found == [value(true, row) for row in rows]
    assert sum(map(bool, found)) > len(rows) // 2 and len(rows) > 30


@pytest.mark.parametrize("name", NAMES)
def test_the_certificate_catches_roots_that_are_off(name: str) -> None:
    """Roots without their second double: many values are wrong, and none as soon as the bound says so."""
    function, true = kernel(name)
    rows = rows_of(name, 300)
    wanted = [value(true, row) for row in rows]
    damaged = ROOTS.copy()
    damaged[:, [1, 3]] = 0.0
    wrong = sum(function(*row, damaged, ERROR) != each for row, each in zip(rows, wanted, strict=True))
    assert wrong > len(rows) // 20
    assert [function(*row, damaged, 2.0**-48) for row in rows] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_100_000_random_symbols_to_degree_20(name: str) -> None:
    function, true = kernel(name)
    rows = rows_of(name, 100_000)
    assert all(function(*row, ROOTS, ERROR) == value(true, row) for row in rows)
    assert len(rows) > 10_000


@pytest.mark.slow
def test_all_3j_symbols_to_degree_10() -> None:
    met = 0
    for js in triads(20):
        rows = [(*js, p, q, -p - q) for p, q in product(orders(js[0]), orders(js[1])) if abs(p + q) <= js[2]]
        values = np.empty(len(rows))
        many_3j(np.array(rows), WIGNER_3J, values)
        assert values.tolist() == [value(exact.wigner_3j, row) for row in rows], js
        met += len(rows)
    assert met == sum(orders_with_sum(0, *js) for js in triads(20))


def largest_of(name: str) -> Iterator[Row]:
    """The corners: all degrees the largest or zero, and those where sums and tables are longest."""
    top = LARGEST
    if name == "9j":
        yield from product((top, top - 1, top // 2), repeat=9)
    elif name == "6j":
        yield from product((top, top - 1, top - 2, top // 2, 0), repeat=6)
    else:
        for js in product((top, top - 1, top - 2, top // 2), repeat=3):
            yield from ((*js, p, q, -p - q) for p in orders(js[0])[::3] for q in orders(js[1])[::7])


@pytest.mark.parametrize("name", ["3j", "6j", "9j"])
def test_the_largest_degrees(name: str) -> None:
    """Sums fill their integers there, and tables are read to their ends."""
    function, true = kernel(name)
    step = {"3j": 7, "6j": 5, "9j": 11}[name]
    rows = [r for r in largest_of(name) if name != "3j" or (abs(r[5]) <= r[2] and not (r[2] + r[5]) & 1)]
    rows = [row for row in rows if function(*row, ROOTS, ERROR)][::step]
    assert len(rows) > 50
    assert all(function(*row, ROOTS, ERROR) == value(true, row) for row in rows)


# -- integers ---------------------------------------------------------------------------------


def test_wide_integers_are_those_of_python() -> None:
    """Compiled against Python's integers, signs and carries over words included."""

    @njit
    def wide(x, y, z, high, low):
        one = wide_add(high, low, x, y, z, high, low)
        return one, wide_size(one[0], one[1])

    @njit
    def long(words, k, a, b, c):
        one = long_add(words, k, a, b, b, c, c, a)
        return one, long_size(one)

    rng = random.Random(1)
    for _ in range(200):
        x, y, z, a, b, c = (rng.randint(-(2**62), 2**62) >> rng.choice((0, 20, 40, 61)) for _ in range(6))
        high, k = rng.choice((0, -1, 1, 5)), rng.randint(-81, 81)
        one = wide_add(high, c, x >> 31, y >> 31, z >> 31, high, c)
        assert wide(x >> 31, y >> 31, z >> 31, high, c) == (one, wide_size(*one))
        words = long_add((0,) * LONG, 1, a, b, x, y, z, c)
        one = long_add(words, k, a, b, b, c, c, a)
        assert long(words, k, a, b, c) == (one, long_size(one))


def test_decisions_start_anywhere_near_and_keep_ties_even() -> None:
    """√(n!/m!) times an integer, from doubles up to five places away; powers of two; exact halves of a last place."""
    empty = np.zeros(0, np.int64)
    for s, above, below in (
        (1, [3], [2]),
        (5, [7, 4], [6]),
        (12345, [20], [19, 3]),
        (1, [], []),
        (1, [2], []),
        (4, [], []),
    ):
        true = Surd(1, s * s * math.prod(map(math.factorial, above)), math.prod(map(math.factorial, below)))
        near = float(true)
        for places in range(-5, 6):
            start = near
            for _ in range(abs(places)):
                start = math.nextafter(start, math.inf if places > 0 else 0.0)
            number = digits(s)
            a, b = np.array(above, np.int64), np.array(below, np.int64)
            assert decided(start, number, len(number), a, b, False) == near, (s, above, below, places)
    for number, even in ((2**53 + 1, 2.0**53), (2**53 + 3, 2.0**53 + 4), (2**54 - 1, 2.0**54)):
        for start in (even - 2, even, even + 2):
            parts = digits(number)
            assert decided(start, parts, len(parts), empty, empty, False) == even == float(number)


def test_the_digits_of_pi() -> None:
    import mpmath

    with mpmath.workprec(PI_BITS + 64):
        wanted = int(mpmath.floor(mpmath.pi * mpmath.mpf(2) ** PI_BITS))
    assert sum(int(digit) << 30 * place for place, digit in enumerate(PI)) == wanted


# -- in functions of others -------------------------------------------------------------------


def test_symbols_inside_a_function_of_a_user() -> None:
    """In parallel and without the lock of the interpreter; the same bits as from Python."""

    @njit(parallel=True, nogil=True)
    def table(rows, result):
        for n in prange(len(rows)):
            r = rows[n]
            result[n, 0] = compiled.wigner_3j(r[0], r[1], r[2], r[3], r[4], r[5])
            result[n, 1] = compiled.clebsch_gordan(r[0], r[1], r[2], r[3], r[4], -r[5])
            result[n, 2] = compiled.wigner_6j(r[0], r[1], r[2], r[0], r[1], r[2])
            result[n, 3] = compiled.wigner_9j(r[0], r[1], r[2], r[1], r[0], r[2], r[2], r[2], 0)
            result[n, 4] = compiled.gaunt(2 * (r[0] // 4), 2 * (r[0] // 4), 0, 0, 0, 0)

    rows = np.array(rows_of("3j", 200))
    result = np.empty((len(rows), 5))
    table(rows, result)
    for row, found in zip(rows.tolist(), result.tolist(), strict=True):
        a, b, c, p, q, r = (x / 2 for x in row)
        l = row[0] // 4
        wanted = [
            coupling.wigner_3j(a, b, c, p, q, r),
            coupling.clebsch_gordan(a, b, c, p, q, -r),
            coupling.wigner_6j(a, b, c, a, b, c),
            coupling.wigner_9j(a, b, c, b, a, c, c, c, 0),
            coupling.gaunt(l, l, 0, 0, 0, 0),
        ]
        assert found == wanted, row


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("wigner_3j", (-2, 2, 2, 0, 0, 0), "must be >= 0"),
        ("wigner_3j", (2, 2, 4098, 0, 0, 0), "must be <= 4096"),
        ("wigner_3j", (2, 2, 2, 4, 0, 0), r"\|two_m\| <= two_j"),
        ("clebsch_gordan", (2, 2, 2, 1, 0, 0), "even where its doubled degree is"),
        ("gaunt", (1, 1, 2, 1, 1, -2), "Gaunt integral must be even"),
        ("wigner_6j", (2, 2, 2, 2, 2, -1), "must be >= 0"),
        ("wigner_9j", (2, 2, 2, 2, 2, 2, 2, 2, 4097), "must be <= 4096"),
    ],
)
def test_compiled_symbols_refuse_what_does_not_exist(name: str, arguments: Row, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(compiled, name)(*arguments)


# -- from Python ------------------------------------------------------------------------------


def test_python_gets_the_same_bits_before_and_after_the_kernels_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Integers, half-integers as floats and fractions, arrays; also what raises."""
    FUNCTIONS.load()
    three, six = rows_of("3j", 150), rows_of("6j", 60)
    cases: dict[str, list[Row]] = {
        "wigner_3j": three, "racah_v": three, "clebsch_gordan": rows_of("cg", 150), "wigner_6j": six,
        "racah_w": [(a, b, e, d, c, f) for a, b, c, d, e, f in six],
        "wigner_9j": rows_of("9j", 30), "gaunt": rows_of("gaunt", 150),
    }  # fmt: skip

    def all_values() -> list[Any]:
        found: list[Any] = []
        for name, rows in cases.items():
            function = getattr(coupling, name)
            found += [function(*(x / 2 for x in row)) for row in rows]
            found += [function(*map(half, row)) for row in rows]
            found += [function(*(x // 2 for x in row)) for row in rows if not any(x & 1 for x in row)]
            found += function(*(np.array(rows).T / 2)).tolist()
        return found

    loaded = all_values()
    for name in ("three", "six", "nine"):
        monkeypatch.setattr(FUNCTIONS, name, lambda *_: math.nan)
    monkeypatch.setattr(FUNCTIONS, "wanted", lambda work: None)
    plain = all_values()
    assert np.array(loaded).tobytes() == np.array(plain).tobytes()
    assert all(type(each) is float for each in loaded)


@pytest.mark.parametrize("arguments", [
    (10**30, 1, 1, 0, 0, 0), (2**63, 1, 1, 0, 0, 0), (1, 1, 1, 2**63 - 1, 0, 0), (1, 1, 1, 2**62, 0, 0),
    (0.3, 1, 1, 0, 0, 0), (math.nan, 1, 1, 0, 0, 0), (1, 1, 1, -math.inf, 0, 0), (1, 1, 1, 0.5, -0.5, 0),
    (-1, 1, 1, 0, 0, 0), (1, 1, 1, 2, -1, -1), (True, 1, 1, 0, 0, 0),
])  # fmt: skip
def test_what_does_not_exist_raises_the_same_once_the_kernels_are_loaded(arguments: tuple[Any, ...]) -> None:
    FUNCTIONS.load()
    for name in ("wigner_3j", "clebsch_gordan"):
        with pytest.raises((TypeError, ValueError)) as found:
            getattr(coupling, name)(*arguments)
        with pytest.raises(found.type) as wanted:
            getattr(exact, name)(*arguments)
        assert str(found.value) == str(wanted.value)
    with pytest.raises(ValueError, match=r"^degree 1 must be an integer, got 0.5$"):
        coupling.gaunt(0.5, 0.5, 1, 0.5, 0.5, -1)


@pytest.mark.parametrize("wrong", [-1, -0.5, -4096, 0.3, 2049, math.nan, math.inf, -math.inf])
def test_degrees_that_do_not_exist_give_not_a_number_in_every_slot(wrong: float) -> None:
    """Inside compiled code nothing can be raised; a negative degree must not become an index."""
    for function, slots in ((single_6j, 6), (single_9j, 9)):
        for slot in range(slots):
            degrees = [1.0] * slots
            degrees[slot] = wrong
            assert math.isnan(function(*degrees)), (slots, slot)


def test_rows_of_huge_degrees_are_left_to_the_caller() -> None:
    values = np.empty(2)
    many_3j(np.array([[2, 2, 0, 0, 0, 0], [4098, 4098, 0, 0, 0, 0]]), WIGNER_3J, values)
    assert values[0] == -(3**-0.5) and np.isnan(values[1])
    many_6j(np.array([[2] * 6, [4098] * 6]), values)
    assert values[0] == 1 / 6 and np.isnan(values[1])
    many_9j(np.array([[2] * 8 + [0], [4098] * 9]), values)
    assert values[0] == 1 / 18 and np.isnan(values[1])
    FUNCTIONS.load()
    large = coupling.wigner_3j([1, 2049], [1, 2049], 0, 0, 0, 0)
    assert large.tolist() == [float(exact.wigner_3j(j, j, 0, 0, 0, 0)) for j in (1, 2049)]


# -- long integers ----------------------------------------------------------------------------


def long_kernel(name: str) -> tuple[Callable[..., float], Callable[..., Surd]]:
    if name == "6j":
        return long_6j, exact.wigner_6j
    if name == "9j":
        return long_9j, exact.wigner_9j
    kind = {"3j": WIGNER_3J, "cg": CLEBSCH_GORDAN, "gaunt": GAUNT}[name]
    return lambda *a: long_3j(*a[:6], kind, a[6]), KINDS[kind]


LONG_CASES = [
    *((name, 40, 100) for name in NAMES), ("3j", 400, 100), ("cg", 400, 40), ("gaunt", 400, 160), ("3j", 4096, 3),
    ("6j", 200, 60), ("9j", 60, 10),
]  # fmt: skip


@pytest.mark.parametrize(("name", "largest", "count"), LONG_CASES)
@pytest.mark.parametrize("error", [ERROR, 2.0**-54])
def test_symbols_of_long_integers(name: str, largest: int, count: int, error: float) -> None:
    """Of small degrees too, where the other kernels could do it."""
    function, true = long_kernel(name)
    rows = rows_of(name, count, largest)
    assert [function(*row, error) for row in rows] == [value(true, row) for row in rows]
    assert rows


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "largest", "count"), [("3j", 200, 100_000), ("3j", 400, 100_000), ("6j", 200, 20_000)]
)
def test_many_symbols_of_long_integers(name: str, largest: int, count: int) -> None:
    function, true = long_kernel(name)
    assert all(function(*row, ERROR) == value(true, row) for row in rows_of(name, count, largest))


def test_subnormal_symbols_and_zeros_of_long_integers() -> None:
    """Through the subnormal numbers down to zero, where integers decide."""
    first, values = coupling.wigner_3j_family(1000, 1000, 950, -950)
    places = np.flatnonzero(abs(values) < 2.0**-1000)
    places = places[:: len(places) // 30]
    rows = [(2000, 2000, 2 * (int(first) + place), 1900, -1900, 0) for place in places.tolist()]
    found = [long_3j(*row, WIGNER_3J, ERROR) for row in rows]
    assert found == [value(exact.wigner_3j, row) for row in rows] == values[places].tolist()
    subnormal = [0 < abs(x) < 2.0**-1022 for x in found]
    assert sum(subnormal) > 2 and sum(x == 0 for x in found) > 2 and sum(abs(x) > 2.0**-1022 for x in found) > 1
    assert long_3j(100, 100, 102, 0, 0, 0, WIGNER_3J, ERROR) == 0 == long_3j(100, 100, 2, 2, 0, 2, WIGNER_3J, ERROR)


LAZY = f"""
import sys, coupling
for _ in range({BUDGET - 100}):
    coupling.wigner_3j(0, 0, 0, 0, 0, 0)
before = "numba" in sys.modules
for _ in range(200):
    coupling.wigner_3j(0, 0, 0, 0, 0, 0)
print(before, "numba" in sys.modules)
"""


@pytest.mark.parametrize(("disabled", "said"), [("0", "False True"), ("1", "False False")])
def test_numba_is_imported_when_many_symbols_are_wanted(disabled: str, said: str) -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == said.split()

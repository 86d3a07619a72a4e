"""How other programs are asked: by stand-ins that take their arguments as their documentation says.

The programs themselves are asked by tests/test_crosscheck.py, where they are installed; here every adapter runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from coupling import exact
from coupling.conventions import CLEBSCH_GORDAN, CORE, GAUNT
from coupling.crosscheck import PROGRAMS, learning, symbols
from coupling.crosscheck.comparison import compare
from coupling.crosscheck.program import FAMILY, HALVES, NINE_J, ONE_BY_ONE, SIX_J
from coupling.crosscheck.recoupling import reference_symbols, rows_of_degree
from coupling.numbers.recurrences import wigner_3j_family

Values = np.ndarray


def of_pairs(function: Callable[..., Any]) -> Callable[..., float]:
    """l1, m1, l2, m2, l3, m3."""
    return lambda l1, m1, l2, m2, l3, m3: float(function(l1, l2, l3, m1, m2, m3))


def of_doubled(*twice: int) -> float:
    """Degrees and orders are twice themselves."""
    return float(exact.wigner_3j(*(Fraction(n, 2) for n in twice)))


def family(l1: int, l2: int, m1: int, m2: int) -> Values:
    """All third degrees, beginning at the first."""
    return wigner_3j_family(l1, l2, m1, m2).values


def padded(l1: int, l2: int, m1: int, m2: int) -> Values:
    """All third degrees, beginning at 0."""
    first = max(abs(l1 - l2), abs(m1 + m2))
    return np.concatenate([np.full(first, np.nan), family(l1, l2, m1, m2), [np.nan]])


def halved(symbol: Callable[..., Any]) -> Callable[..., float]:
    """A symbol of doubled degrees."""
    return lambda *twice: float(symbol(*(Fraction(n, 2) for n in twice)))


def of_floats(symbol: Callable[..., Any]) -> Callable[..., float]:
    """A symbol of integers, or floats that are half-integers."""
    return lambda *degrees: halved(symbol)(*(int(2 * n) for n in degrees))


class Calculator:
    """Of ``spherical``: made for largest degrees, values from degree 0 on."""

    def __init__(self, l1: int, l2: int) -> None:
        self.limits = l1, l2

    def calculate(self, l1: int, l2: int, m1: int, m2: int) -> Values:
        assert (l1, l2) == self.limits
        return padded(l1, l2, m1, m2)


class Tables:
    """Of ``pywigxjpf``: its tables are made before it is asked, for degrees that are large enough."""

    def __init__(self) -> None:
        self.degree = self.room = -1

    def wig_table_init(self, degree: int, kind: int) -> None:
        assert kind == 9  # the largest that is asked for
        self.degree = degree

    def wig_temp_init(self, degree: int) -> None:
        self.room = degree

    def wig3jj(self, *twice: int) -> float:
        assert max(twice) <= self.degree == self.room
        return of_doubled(*twice)

    def wig6jj(self, *twice: int) -> float:
        return halved(exact.wigner_6j)(*twice)

    def wig9jj(self, *twice: int) -> float:
        return halved(exact.wigner_9j)(*twice)


def drc3jj(*twice: int) -> tuple[None, Values]:
    """Of ``py3nj``: doubled, so that every other value belongs to an integer degree, from degree 0 on."""
    values = padded(*(n // 2 for n in twice))
    return None, np.stack([values, np.full(len(values), np.nan)], 1).ravel()


def shtools(l1: int, l2: int, m3: int, m1: int, m2: int) -> tuple[Values, int, int]:
    """Of ``pyshtools``: more room than values."""
    assert m1 + m2 + m3 == 0
    values = family(l1, l2, m1, m2)
    first = max(abs(l1 - l2), abs(m3))
    return np.concatenate([values, np.zeros(5)]), first, first + len(values) - 1


def plain(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
    return float(exact.wigner_3j(l1, l2, l3, m1, m2, m3))


#: program → its adapter, the modules that it imports
STAND_INS: dict[str, tuple[Callable[[], Any], Callable[[], dict[str, Any]]]] = {
    "wignernj": (
        symbols.wignernj,
        lambda: {
            "wignernj": SimpleNamespace(
                wigner3j=of_floats(exact.wigner_3j),
                wigner6j=of_floats(exact.wigner_6j),
                wigner9j=of_floats(exact.wigner_9j),
                clebsch_gordan=of_pairs(exact.clebsch_gordan),
                gaunt=of_pairs(exact.gaunt),
            )
        },
    ),
    "wigners": (
        symbols.wigners,
        lambda: {"wigners": SimpleNamespace(wigner_3j=plain, clebsch_gordan=of_pairs(exact.clebsch_gordan))},
    ),
    "pywigxjpf": (symbols.pywigxjpf, lambda: {"pywigxjpf": Tables()}),
    "ducc0": (
        symbols.ducc0,
        lambda: {"ducc0": SimpleNamespace(misc=SimpleNamespace(wigner3j_int=lambda *given: (0, family(*given))))},
    ),
    "camb": (symbols.camb, lambda: {"camb": ModuleType("camb"), "camb.mathutils": SimpleNamespace(threej=family)}),
    "pyshtools": (symbols.pyshtools, lambda: {"pyshtools": SimpleNamespace(utils=SimpleNamespace(Wigner3j=shtools))}),
    "py3nj": (
        symbols.py3nj,
        lambda: {
            "py3nj": SimpleNamespace(
                wigner3j=of_doubled, wigner6j=halved(exact.wigner_6j), wigner9j=halved(exact.wigner_9j)
            ),
            "py3nj.wigner": SimpleNamespace(drc3jj=drc3jj),
        },
    ),
    "spherical": (symbols.spherical, lambda: {"spherical": SimpleNamespace(Wigner3jCalculator=Calculator)}),
}
EXACT = {CORE: exact.wigner_3j, CLEBSCH_GORDAN: exact.clebsch_gordan, GAUNT: exact.gaunt}


@pytest.mark.parametrize("name", STAND_INS)
def test_every_answer_is_that_of_the_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, modules = STAND_INS[name]
    for module, stand_in in modules().items():
        monkeypatch.setitem(sys.modules, module, stand_in)
    functions, met = adapter(), 0
    single = {quantity: functions.pop(quantity) for quantity in ONE_BY_ONE if quantity in functions}
    assert len(single) == (3 if name in ("wignernj", "pywigxjpf", "py3nj") else 0)
    for quantity, function in single.items():
        for l in range(2):
            found = function(l, rows_of_degree(quantity, l))
            assert found.tolist() == reference_symbols(quantity, l).tolist()
    for quantity, function in functions.items():
        for l1, l2, l3 in ((0, 0, 0), (1, 1, 1), (2, 1, 2), (2, 3, 4)):
            orders = [range(-l, l + 1) for l in (l1, l2, l3)]
            if quantity == FAMILY:
                for m1, m2 in product(*orders[:2]):
                    np.testing.assert_array_equal(function(l1, l2, m1, m2), family(l1, l2, m1, m2))
                    met += 1
            else:
                expected = [float(EXACT[quantity](l1, l2, l3, *m)) for m in product(*orders)]
                np.testing.assert_allclose(function(l1, l2, l3).ravel(), expected, rtol=0, atol=1e-15)
                met += len(expected)
    assert met >= 382 and FAMILY in functions


def couple(*twice: int) -> bool:
    """Whether three doubled degrees satisfy the triangle rule."""
    a, b, c = twice
    return abs(a - b) <= c <= a + b and (a + b + c) % 2 == 0


def test_symbols_that_are_compared_one_by_one_are_all_there_are() -> None:
    """Against all rows of numbers that obey the rules, by brute force."""
    numbers = range(3)  # doubled degrees
    wanted = {row for row in product(numbers, repeat=6)
              if all(couple(*(row[i] for i in t)) for t in ((0, 1, 2), (0, 4, 5), (3, 1, 5), (3, 4, 2)))}  # fmt: skip
    assert {tuple(row) for l in (0, 1) for row in rows_of_degree(SIX_J, l).tolist()} == wanted
    lines = [slice(0, 3), slice(3, 6), slice(6, 9), slice(0, 9, 3), slice(1, 9, 3), slice(2, 9, 3)]
    nines = {row for row in product(numbers, repeat=9) if all(couple(*row[line]) for line in lines)}
    assert {tuple(row) for l in (0, 1) for row in rows_of_degree(NINE_J, l).tolist()} == nines
    orders = range(-2, 3)
    threes = {(*ls, *ms) for ls in product(numbers, repeat=3) for ms in product(orders, repeat=3)
              if couple(*ls) and any(l % 2 for l in ls) and sum(ms) == 0
              and all(abs(m) <= l and (m - l) % 2 == 0 for l, m in zip(ls, ms, strict=True))}  # fmt: skip
    assert {tuple(row) for row in rows_of_degree(HALVES, 1).tolist()} == threes
    assert (len(wanted), len(nines), len(threes)) == (47, 215, 18)


@pytest.mark.parametrize("quantity", ONE_BY_ONE)
def test_a_wrong_symbol_is_found(quantity: str) -> None:
    """One sign among all symbols of a degree."""
    program = next(one for one in PROGRAMS if one.distribution == "sympy" and one.convention == "sympy")

    def wrong(l: int, rows: Values) -> Values:
        values = reference_symbols(quantity, l).copy()
        values[np.flatnonzero(values)[-1:]] *= -1
        return values

    assert compare(program, lambda l, rows: reference_symbols(quantity, l), quantity, "≤ 1").verdict == "agrees"
    assert "wrong: " in compare(program, wrong, quantity, "≤ 1").verdict


def test_the_real_gaunt_coefficients_of_wignernj(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(gaunt_real=of_pairs(exact.real_gaunt))
    monkeypatch.setitem(sys.modules, "wignernj", stand_in)
    found = symbols.wignernj_real()[GAUNT](1, 2, 3)
    expected = [float(exact.real_gaunt(1, 2, 3, *m)) for m in product(range(-1, 2), range(-2, 3), range(-3, 4))]
    assert found.shape == (3, 5, 7) and found.ravel().tolist() == expected


def test_one_file_of_a_package_is_run_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may want a GPU."""
    folder = tmp_path / "wants_a_gpu" / "inner"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise SystemError('no GPU')\n", encoding="utf-8")
    (folder / "table.py").write_text("number = 7\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert learning.one_module("wants_a_gpu", "inner", "table.py").number == 7
    for parts in (("inner", "other.py"), ("table.py",)):
        with pytest.raises(ImportError, match=f"wants_a_gpu has no {'/'.join(parts)}"):
            learning.one_module("wants_a_gpu", *parts)
    with pytest.raises(ImportError, match=r"no_such_package has no table\.py"):
        learning.one_module("no_such_package", "table.py")


@pytest.mark.parametrize("before", [None, "0"])
def test_torch_may_unpickle_only_meanwhile(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(learning.UNPICKLE, raising=False)
    if before is not None:
        monkeypatch.setenv(learning.UNPICKLE, before)
    with pytest.raises(KeyError), learning.unpickling():
        assert os.environ[learning.UNPICKLE] == "1"
        raise KeyError
    assert os.environ.get(learning.UNPICKLE) == before

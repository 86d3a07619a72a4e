"""Blocks and tables of half-integer degrees: every entry, the identities of SU(2), the conventions of others."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.physics import wigner

import coupling
from coupling import exact, tabulate
from coupling.exact import Surd
from coupling.families import family, register, unregister
from coupling.foreign.choices import alternating, cartesian, orthogonal
from coupling.foreign.convention import Convention
from coupling.foreign.named import translate
from coupling.numbers.compiled import FUNCTIONS
from tests.rounding import is_nearest

NAMES = ("wigner_3j", "clebsch_gordan")
HALF = Fraction(1, 2)


def spins(doubled: int) -> list[Fraction]:
    """All degrees to a doubled one."""
    return [j * HALF for j in range(doubled + 1)]


def orders(j: Fraction) -> list[Fraction]:
    return [m - j for m in range(int(2 * j) + 1)]


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_of_every_block_is_the_nearest_double(name: str) -> None:
    """All triples of degrees to 2, those that do not couple too, against exact integers, and the single function."""
    function, single, met, alive = getattr(exact, name), getattr(coupling, name), 0, 0
    for js in product(spins(4), repeat=3):
        block = coupling.block(name, *js, "complex")
        assert block.shape == tuple(int(2 * j) + 1 for j in js) and block.dtype == float
        for place, ms in enumerate(product(*map(orders, js))):
            value, entry = function(*js, *ms), block.ravel()[place]
            assert is_nearest(entry, value) and entry == single(*js, *ms), (js, ms)
            alive += bool(value)
            met += 1
    assert met == sum(range(1, 6)) ** 3 and alive == 293


@pytest.mark.parametrize("kind", [float, np.float32, Fraction, sympy.Rational])
def test_degrees_of_any_numeric_type(kind: Any) -> None:
    one = coupling.block("clebsch_gordan", kind(3) / 2, kind(1), kind(1) / 2, "complex")
    assert np.array_equal(one, coupling.block("clebsch_gordan", 1.5, 1, 0.5, "complex"))


def test_clebsch_gordan_blocks_are_an_orthogonal_change_of_basis() -> None:
    """The blocks of all j3 side by side, and of all degrees the signs of Condon and Shortley."""
    met = 0
    for j1, j2 in product(spins(9), repeat=2):
        degrees = [abs(j1 - j2) + n for n in range(int(2 * min(j1, j2)) + 1)]
        blocks = [coupling.block("clebsch_gordan", j1, j2, j3, "complex") for j3 in degrees]
        side = int((2 * j1 + 1) * (2 * j2 + 1))
        matrix = np.concatenate([block.reshape(side, -1) for block in blocks], axis=1)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(side), atol=4e-15)
        assert all(block[-1, int(j3 - j1 + j2), -1] > 0 for block, j3 in zip(blocks, degrees, strict=True))
        met += 1
    assert met == 100


def test_blocks_are_invariant_under_rotations_of_spinors() -> None:
    """Σ D D D 3j = 3j, for a rotation of SU(2)."""
    angles = (0.3, 1.1, -2.2)
    for js in ((0.5, 0.5, 1), (1.5, 1, 0.5), (2.5, 1.5, 2)):
        block = coupling.block("wigner_3j", *js, "complex")
        d1, d2, d3 = (coupling.wigner_D(j, angles, "complex", euler="zyz") for j in js)
        np.testing.assert_allclose(np.einsum("ia,jb,kc,abc->ijk", d1, d2, d3, block), block, atol=2e-15)


def test_large_blocks_and_the_first_ones_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """From compiled functions and from exact integers; a degree beyond them; without numba."""
    FUNCTIONS.load()
    compiled = coupling.block("wigner_3j", 10.5, 7, 6.5, "complex")
    monkeypatch.setattr(FUNCTIONS, "kernels", None)
    monkeypatch.setattr(FUNCTIONS, "worth", lambda work: False)
    assert np.array_equal(coupling.block("wigner_3j", 10.5, 7, 6.5, "complex"), compiled)
    far, symbol = coupling.block("clebsch_gordan", 2100.5, 0.5, 2101, "complex"), (-2093.5, -0.5, -2094)
    assert far[-1, -1, -1] == 1 and is_nearest(far[7, 0, 7], exact.clebsch_gordan(2100.5, 0.5, 2101, *symbol))


def test_half_integers_are_refused_where_there_are_none() -> None:
    for call, words in (
        (lambda: coupling.block("wigner_3j", 0.5, 0.5, 1), "exist in the complex basis alone, got basis 'real'$"),
        (lambda: coupling.block("wigner_3j", 0.5, 0.5, 1, convention="e3nn"), "complex basis alone, got basis 'real'$"),
        (lambda: coupling.block("gaunt", 0.5, 0.5, 1, "complex"), "^degree 1 must be an integer, got 0.5$"),
        (lambda: coupling.block("wigner_3j:conj=1", 1, 0.5, 0.5, "complex"), "^degree 2 must be an integer, got 0.5$"),
        (lambda: coupling.block("wigner_3j", 0.5, 0.5, -1, "complex"), "^degree 3 must be >= 0, got -1$"),
        (lambda: coupling.block("wigner_3j", 0.3, 0.5, 1, "complex"), "must be an integer or half-integer, got 0.3$"),
        (lambda: tabulate("gaunt", 1, "complex", half_integers=True), "^gaunt has integer degrees only; half-integers"),
        (lambda: tabulate("wigner_3j", 1, half_integers=True), "complex basis alone, got basis 'real'$"),
        (lambda: tabulate("wigner_3j", 1, "complex", "odd", half_integers=True), "got parity='odd'$"),
        (lambda: tabulate("wigner_3j", 0.3, "complex", half_integers=True), "integer or half-integer, got 0.3$"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match=r"^half_integers must be True or False, got 1$"):
        tabulate("wigner_3j", 1, "complex", half_integers=1)  # type: ignore[call-overload]
    with pytest.raises(MemoryError, match=r"^the wigner_3j block of degrees 80001/2, 40000, 1/2 needs"):
        coupling.block("wigner_3j", 40000.5, 40000, 0.5, "complex")
    with pytest.raises(MemoryError, match=r"^the table of \d+ wigner_3j coefficients to 401/2 needs"):
        tabulate("wigner_3j", 200.5, "complex", half_integers=True)


# -- conventions ------------------------------------------------------------------------------


def test_blocks_in_the_convention_of_sympy_are_its_symbols() -> None:
    met = 0
    for js in product(spins(3), repeat=3):
        block = coupling.block("wigner_3j", *js, convention="sympy")
        for place, ms in enumerate(product(*map(orders, js))):
            if not sum(ms) and not sum(js) % 1:
                theirs = wigner.wigner_3j(*(sympy.Rational(x.numerator, x.denominator) for x in (*js, *ms)))
                assert block.ravel()[place] == pytest.approx(float(theirs), rel=1e-15)
                met += 1
    assert met > 80


def test_scales_signs_and_slots_of_a_convention() -> None:
    """The scale is rounded once; slots move axes; a path may be negated; lists of orders and phases have no halves."""
    js = (Fraction(3, 2), Fraction(1), HALF)
    plain = coupling.block("wigner_3j", *js, "complex")
    mine = Convention("mine", basis="complex", scale=orthogonal, slots=(2, 0, 1), sign=lambda a, b, c: -1)
    block = coupling.block("wigner_3j", *js, convention=mine)
    assert block.shape == (2, 4, 3)
    for place, ms in zip(product(range(4), range(3), range(2)), product(*map(orders, js)), strict=True):
        a, b, c = place
        assert is_nearest(block[c, a, b], exact.wigner_3j(*js, *ms) * Surd(-1, 2))
    cg = coupling.block("clebsch_gordan", *js, convention=mine)
    assert np.array_equal(cg, 0 - coupling.block("clebsch_gordan", *js, "complex").transpose(2, 0, 1))
    back = translate(cg, *js, mine, Convention("plain", basis="complex"), "clebsch_gordan")
    assert np.array_equal(back, coupling.block("clebsch_gordan", *js, "complex"))
    np.testing.assert_allclose(translate(block, *js, mine, "sympy"), plain, rtol=4e-16)
    with pytest.raises(ValueError, match=r"^the path \(3/2, 1, 1/2\) in the convention mine has shape \(2, 4, 3\)"):
        translate(plain, *js, mine, "sympy")
    for field in ({"orders": cartesian}, {"phase": alternating}):
        with pytest.raises(ValueError, match="orders and phases of mine are those of integer degrees, got degree 3/2"):
            coupling.block("wigner_3j", *js, convention=replace(mine, **field))


# -- tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_every_path_and_every_entry(name: str) -> None:
    """Blocks, orders and values, of all degrees to 5/2; integer paths with the bits of the table of integers."""
    table = tabulate(name, 2.5, "complex", half_integers=True)
    blocks, whole = table.blocks(), tabulate(name, 2, "complex").blocks()
    coupled = [js for js in product(spins(5), repeat=3) if abs(js[0] - js[1]) <= js[2] <= js[0] + js[1]]
    paths = [js for js in coupled if sum(js).denominator == 1]
    assert (
        list(blocks) == paths
        and len(table) == len(paths)
        and table.degrees.tolist() == [list(map(float, js)) for js in paths]
    )
    for index, js in enumerate(paths):
        assert np.array_equal(blocks[js], coupling.block(name, *js, "complex")), js
        symbols = [float(getattr(exact, name)(*js, *ms)) for ms in table.orders(index).tolist()]
        assert table.of_path(index).tolist() == symbols
        assert np.count_nonzero(blocks[js]) == np.count_nonzero(symbols)
        if all(j.denominator == 1 for j in js):
            assert np.array_equal(blocks[js], whole[tuple(map(int, js))])
    assert table.offsets[-1] == len(table.values) and blocks[0.5, 0.5, 1] is blocks[HALF, HALF, Fraction(1)]


def test_a_family_of_ones_own_has_half_integers() -> None:
    """Racah's V, from its exact function: no kernel knows it."""
    given = {
        "function": lambda *numbers: exact.racah_v(*numbers),
        "factor": lambda a, b, c: Surd(1 - (b + c - a) % 2 * 2),
    }
    others = {"kernel": None, "kind": None, "core": False, "outline": None, "symmetry": "none"}
    mine = register(replace(family("wigner_3j"), name="of_racah", **given, **others))
    try:
        block, js = coupling.block(mine, 1.5, 1, 0.5, "complex"), (3 * HALF, 2 * HALF, HALF)
        rows = [float(exact.racah_v(*js, *ms)) for ms in product(*map(orders, js))]
        assert block.ravel().tolist() == rows
        table = tabulate("of_racah", 1.5, "complex", half_integers=True)
        assert np.array_equal(table.blocks()[1.5, 1, 0.5], block)
    finally:
        unregister("of_racah")

"""Formulas of docstrings on the site: the LaTeX is made of the text that help() prints, and both say what is true."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sympy as sp

import coupling
from coupling import exact
from derivations.reading import Reading
from derivations.reading.paths import PATHS, of_parity, path_instances, total
from derivations.reading.sphere import SPHERE
from tests.test_docs_site import helper

FORMULAS = helper("typeset_formulas")
PLAIN = helper("plain_docstrings")

#: What a reader looks up first, by module.
LOOKED_UP = {
    "coupling": "antisymmetric_gaunt block clebsch_gordan fano_x gaunt normalization racah_v racah_w "
    "real_antisymmetric_gaunt real_gaunt reduced_harmonic reduced_spin tabulate triangle_coefficient wigner_12j "
    "wigner_3j wigner_6j wigner_9j wigner_D wigner_d wigner_eckart",
    "coupling.exact": "antisymmetric_gaunt bracket_factor clebsch_gordan fano_x gaunt racah_v racah_w "
    "real_antisymmetric_gaunt real_clebsch_gordan real_gaunt real_wigner_3j reduced_harmonic reduced_matrix "
    "reduced_spin triangle_coefficient wigner_12j wigner_3j wigner_3j_at_zero wigner_6j wigner_9j wigner_d "
    "wigner_eckart",
    "coupling.products": "AntisymmetricGaunt ClebschGordan Convolution EdgeFrame FactoredProduct FullProduct Gaunt "
    "MatrixProduct RoutedProduct Simulation SymmetricContraction TensorProduct VectorSignal",
    "coupling.sphere": "Grid analysis cartesian_gradients cartesian_harmonics cartesian_hessians edge_rotations "
    "generators gradients harmonics quadrature rotation_matrix spin_weighted_harmonics synthesis vector_harmonics",
}
MAIN: list[Any] = [
    getattr(importlib.import_module(module), name) for module, names in LOOKED_UP.items() for name in names.split()
]


def shown(thing: Any) -> list[str]:
    """What Sphinx reads of a docstring."""
    return FORMULAS.typeset(PLAIN.restructured((inspect.getdoc(thing) or "").splitlines()))


def formulas(thing: Any) -> Iterator[tuple[list[str], str]]:
    """The formulas of a docstring: its lines, and the LaTeX that is made of them."""
    for block in PLAIN.blocks((inspect.getdoc(thing) or "").splitlines()):
        if block[0][0] == " " and (made := FORMULAS.displayed(block)):
            yield block, made[-1]


@pytest.mark.parametrize("thing", MAIN, ids=lambda thing: f"{thing.__module__}.{thing.__qualname__}")
def test_what_is_looked_up_first_shows_a_typeset_formula(thing: Any) -> None:
    """Among the first lines, in LaTeX of the docstring's own text, and nothing else in its place."""
    page, found = shown(thing), list(formulas(thing))
    assert found and "::" not in page
    for _, made in found:
        assert page[page.index(made) - 2 : page.index(made)] == [".. math::", ""]
    assert page.index(found[0][1]) <= 12


def test_a_changed_formula_is_another_one_on_the_page() -> None:
    """No sign, digit or letter of a formula is left out of its LaTeX."""
    met = 0
    for thing in MAIN:
        for block, made in formulas(thing):
            text = "\n".join(block)
            for at, sign in enumerate(text):
                if sign.isalnum() or sign in "+-/=√Σ∫⊗·":
                    other = {"+": "-", "-": "+", "3": "6", "i": "k"}.get(sign, "3" if sign.isdigit() else "i")
                    changed = FORMULAS.displayed((text[:at] + other + text[at + 1 :]).splitlines())
                    assert changed is None or changed[-1] != made, f"{thing.__qualname__}: {sign} of {text}"
                    met += 1
    assert met >= 2500


def test_a_block_that_is_no_formula_stays_literal() -> None:
    code = ["::", "", "    total = fma(table[k], load(x, k * width), total)", ""]
    assert FORMULAS.typeset(code) == code
    for text in ("a b @ c", "coupling value", "P_l,m-1", "x_", "√", "(a", "binom(a)", "|3j(a b c; d e f) x"):
        with pytest.raises(FORMULAS.NotAFormula):
            FORMULAS.latex(text)


def test_columns_are_formulas_with_remarks() -> None:
    """Words stand in a column of their own, a spin weight before its letter; a line without a formula is none."""
    assert FORMULAS.displayed(["    ð sY_lm = s+1Y_lm"]) == [".. math::", "", r"   \eth\,{}_{s}Y_{lm} = {}_{s+1}Y_{lm}"]
    made = (FORMULAS.displayed(["    a -sY_lm = x*    where s > 0"]) or [""])[-1]
    assert made == r"   \begin{aligned}&a\,{}_{-s}Y_{lm} = x^*&&\quad \text{where $s$ $>$ $0$}\end{aligned}"
    for line in (
        "    the first    and the second",
        "    f(a)    load(x)",
        "    a b    table[k]",
        '    name = "x"    # it',
    ):
        assert FORMULAS.displayed([line]) is None


#: A number that the reader of derivations calls by another letter.
NAMES = {**PATHS, **SPHERE, "i": lambda _: sp.I, "g": lambda names: total(names) // 2}
PATHS_TO_4 = path_instances(4, 12)
EVEN, ODD = of_parity(0, PATHS_TO_4), of_parity(1, PATHS_TO_4)
NINE = [(1, 1, 2, 1, 1, 2, 2, 2, 4), (1, 1, 1, 1, 1, 1, 1, 1, 0), (1, 2, 3, 2, 2, 1, 1, 3, 2)]
HALVES = [sp.Rational(n, 2) for n in range(16)]


@pytest.mark.parametrize(
    ("thing", "instances"),
    [
        (coupling.gaunt, PATHS_TO_4),
        (exact.gaunt, PATHS_TO_4),
        (coupling.antisymmetric_gaunt, ODD),
        (exact.antisymmetric_gaunt, ODD),
        (exact.wigner_3j_at_zero, EVEN),
        (exact.bracket_factor, ODD),
        *(
            (function, [{f"j_{slot}": j for slot, j in enumerate(degrees, 1)} for degrees in NINE])
            for function in (coupling.wigner_9j, exact.wigner_9j)
        ),
    ],
    ids=lambda value: getattr(value, "__module__", "instances"),
)
def test_formulas_of_docstrings_are_true(thing: Callable[..., Any], instances: list[dict[str, Any]]) -> None:
    """The LaTeX of the page, evaluated in exact numbers by the reader of the derivations."""
    reading = Reading({**NAMES, "range x": lambda _: HALVES}, tuple(instances))
    for _, made in formulas(thing):
        count, failed = reading.failures(made.strip())
        assert count >= len(instances) and not failed, failed


def test_the_sum_that_defines_a_6j_symbol_is_the_one_of_the_docstring() -> None:
    text = inspect.getdoc(coupling.wigner_6j) or ""
    for symbol in ("j1 j2 j3; m1 m2 m3", "j1 j5 j6; m1 m5 -m6", "j4 j2 j6; -m4 m2 m6", "j4 j5 j3; m4 -m5 m3"):
        assert f"3j({symbol})" in text
    for j in ((1, 1, 1, 1, 1, 1), (1, 2, 2, 2, 1, 1), (0.5, 0.5, 1, 1.5, 1.5, 1)):
        assert abs(four_symbols(*j) - coupling.wigner_6j(*j)) < 1e-15 * 3**6


def four_symbols(j1: float, j2: float, j3: float, j4: float, j5: float, j6: float) -> float:
    """Σ over all orders; those that are not free are differences of others."""
    found = 0.0
    for m1, m2, m4 in ((a, b, c) for a in orders(j1) for b in orders(j2) for c in orders(j4)):
        m3, m6 = -m1 - m2, m4 - m2
        m5 = m6 - m1
        if abs(m3) <= j3 and abs(m5) <= j5 and abs(m6) <= j6:
            sign = (-1.0) ** round(j4 + j5 + j6 + m4 + m5 + m6)
            first = coupling.wigner_3j(j1, j2, j3, m1, m2, m3) * coupling.wigner_3j(j1, j5, j6, m1, m5, -m6)
            found += sign * first * second(j2, j3, j4, j5, j6, m2, m3, m4, m5, m6)
    return found


def second(j2: float, j3: float, j4: float, j5: float, j6: float, *m: float) -> float:
    m2, m3, m4, m5, m6 = m
    return float(coupling.wigner_3j(j4, j2, j6, -m4, m2, m6) * coupling.wigner_3j(j4, j5, j3, m4, -m5, m3))


def orders(j: float) -> list[float]:
    return [-j + k for k in range(round(2 * j) + 1)]

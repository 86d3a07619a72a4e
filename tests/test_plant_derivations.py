"""Faults in displayed formulas, tables and the exact layer turn `coupling derive` red."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

import coupling.exact as exact
from derivations import (
    certificate,
    clebsch_gordan_paths,
    exact_layer,
    matrix_product,
    registry,
    run,
    symbols,
    vector_shifts,
    wigner_12j,
    wigner_eckart,
)
from derivations.closed_forms import zero_orders
from derivations.framework import DoesNotHold, parts, verify
from tests import plant_derivations as plant

LATEX = plant.latex_faults()


def test_every_statement_and_step_has_a_formula_with_places() -> None:
    """Those without are tables made of numbers that the code checks, and quoted facts."""
    for identifier in registry.IDS:
        derivation = registry.load(identifier)
        titles = {title for name, title in LATEX if name in (identifier, "character_trace", "vector_fields")}
        without = {step.title for step in derivation.steps if step.title not in titles}
        assert all("array" in s.statement or s.check is None for s in derivation.steps if s.title in without)
    assert sum(map(len, LATEX.values())) > 4000


@pytest.mark.parametrize("seed", [11])
def test_a_fault_in_the_formula_of_a_page_is_found(seed: int) -> None:
    """A handful of places, drawn by a seed from all formulas that are displayed."""
    chance = random.Random(seed)
    places = chance.sample(sorted(LATEX), 16)
    for place in places:
        fault = chance.choice(LATEX[place])
        said = plant.outcome(fault)
        assert said or plant.reason(fault), (fault.file, fault.line, fault.change)


CHOSEN: dict[str, tuple[str, str, str]] = {
    "4π": ("gaunt", r"{4\pi}}" + "\n", r"{2\pi}}" + "\n"),
    "a sign": ("antisymmetric_gaunt", r"\mathrm i\,\sqrt", r"-\mathrm i\,\sqrt"),
    "an order": ("spin_weighted_gaunt", r"-s_1&-s_2&-s_3", r"-s_1&-s_3&-s_2"),
    "a factor": ("single_vector_product", r"+2\int f", r"+\int f"),
    "a condition": ("clebsch_gordan_paths", r"\quad(J\text{ odd})", r"\quad(J\text{ even})"),
    "a degree": ("quadrature", r"2n_\theta-1", r"2n_\theta"),
    "a premise": ("quadrature", r"d\le n_\phi-1", r"d\le n_\phi-2"),
    "a name": ("signs", r"\sqrt{\tfrac3{4\pi}}", r"\sqrt{\tfrac3{4\tau}}"),
}


def test_faults_that_once_survived() -> None:
    """A ratio that was read at its first index alone; a sign over one parity; relations that nothing compared."""
    derivation = registry.load("many_body")
    [ratio] = (step for step in derivation.steps if step.title == "The product of two multiplets")
    reading = derivation.reading.of(ratio.title)
    assert "{2L_1-i}" in ratio.statement and reading.failures(ratio.statement) == (16, [])
    assert reading.failures(ratio.statement.replace("{2L_1-i}", "{2L_1+i}"))[1]
    sign = zero_orders()[0]
    for degree, turned in ((symbols.a, [(-1) ** symbols.a - 1]), (symbols.a * 2, [0])):
        assert list(clebsch_gordan_paths.phases(sign * (-1) ** degree, symbols.EVEN, sp.Integer(0))) == turned


def test_no_fault_is_planted_where_there_is_no_formula() -> None:
    """Types that are refused, and counts that are printed; but comparisons and factors are planted."""
    lines = {fault.text for _, faults in plant.code_places() for fault in faults}
    assert not any(line.startswith("count += ") for line in lines)
    changed = {fault.change for _, faults in plant.code_places() for fault in faults}
    assert not any("NotImplemented" in change or "isinstance(" in change for change in changed)
    assert any(line.startswith("require(") for line in lines) and len(lines) > 1000


def test_instances_that_are_counted_are_compared() -> None:
    """A check that is left out, an early return and an empty domain make a derivation fail."""
    derivation = registry.load("gradient_dot")
    assert verify(derivation, 2) == derivation.verify(2) == 141
    for wrong in (lambda lmax: 141, lambda lmax: None, lambda lmax: 0, lambda lmax: derivation.verify(lmax) + 1):
        with pytest.raises(DoesNotHold, match=r"instances to degree 2, \d+ of them compared"):
            parts(replace(derivation, verify=wrong))[-1](2)
    for identifier in registry.IDS:
        derivation = registry.load(identifier)
        assert verify(derivation, min(derivation.lmax, 2)) > 0


@pytest.mark.parametrize("relation", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_every_relation_of_exact_numbers_is_compared(relation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undecided, negated, and with the other answer for equal numbers."""
    right = getattr(exact.Surd, relation)
    for wrong in (lambda a, b: NotImplemented, lambda a, b: not right(a, b), lambda a, b: (a == b) != right(a, b)):
        monkeypatch.setattr(exact.Surd, relation, wrong)
        with pytest.raises((DoesNotHold, TypeError)):
            exact_layer.verify(1)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_changed_statement_makes_derive_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    identifier, right, wrong = CHOSEN[name]
    derivation = registry.load(identifier)
    assert right in derivation.statement
    broken = replace(derivation, statement=derivation.statement.replace(right, wrong, 1))
    monkeypatch.setattr(run, "closure", lambda identifiers: (broken,))
    monkeypatch.setattr(run, "examine", lambda d, lmax: run_first(d))
    said: list[str] = []
    assert run.main([identifier], echo=said.append) == 1
    assert any("'Statement' as it is displayed" in line for line in said)


def run_first(derivation: Any) -> Any:
    """The examination of the statement alone: the other parts take their time and hold."""
    from derivations.framework import Examination

    with pytest.raises(DoesNotHold) as failure:
        parts(derivation)[0](0)
    return Examination(derivation, 0, 0, 0, 0, 0.0, (str(failure.value),))


def test_a_wrong_row_of_a_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    least = (*matrix_product.LEAST[:3], 3, *matrix_product.LEAST[4:])
    wrong = matrix_product.table(least[:13], 0)
    count, failures = registry.load("matrix_product").reading.of(matrix_product.STEPS[-1].title).failures(wrong)
    assert count and failures
    for identifier, right, changed in (("zeros_6j", "(3,5,6)", "(3,4,6)"), ("quadrature", "&6&4&7", "&6&3&7")):
        step = next(step for step in registry.load(identifier).steps if right in step.statement)
        assert registry.load(identifier).reading.of(step.title).failures(step.statement.replace(right, changed, 1))[1]
    monkeypatch.setitem(vector_shifts.UNREACHED, (1, 1), ["l_1=0"])
    assert "$(+,+)$ | $l_1=0$" in vector_shifts.unreached_table()
    path = next(p for p in ((1, 1, 2), (2, 2, 2)) if not vector_shifts.reached(p, 1, 1))
    assert not vector_shifts.unreached(path, 1, 1)  # which `verify` compares with `reached`


def negative(function: Callable[..., exact.Surd]) -> Callable[..., exact.Surd]:
    return lambda *numbers, **options: -function(*numbers, **options)


def test_a_wrong_exact_layer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {
        "wigner_3j": exact_layer.symbols,
        "clebsch_gordan": exact_layer.symbols,
        "racah_v": exact_layer.symbols,
        "wigner_6j": exact_layer.recoupled,
        "racah_w": exact_layer.recoupled,
        "triangle_coefficient": exact_layer.recoupled,
        "wigner_9j": exact_layer.nine,
        "wigner_12j": wigner_12j.around,
        "fano_x": exact_layer.nine,
        "gaunt": exact_layer.integrals,
        "antisymmetric_gaunt": exact_layer.integrals,
        "real_gaunt": exact_layer.integrals,
        "real_antisymmetric_gaunt": exact_layer.integrals,
        "real_wigner_3j": exact_layer.integrals,
        "real_clebsch_gordan": exact_layer.integrals,
        "wigner_3j_at_zero": exact_layer.factors,
        "bracket_factor": exact_layer.factors,
        "reduced_matrix": exact_layer.factors,
        "wigner_d": exact_layer.rotations,
        "wigner_eckart": wigner_eckart.normalizations,
        "reduced_harmonic": wigner_eckart.harmonics,
        "reduced_spin": wigner_eckart.spins,
    }
    for name, check in checks.items():
        assert not any(check(1)), name
        with monkeypatch.context() as patched:
            patched.setattr(exact, name, negative(getattr(exact, name)))
            assert any(check(1)), name
    surds = {name for name in exact.__all__ if name not in ("Surd", "edge_frame_matrix", "wigner_d_polynomial")}
    assert surds <= set(checks)  # the edge frame has a derivation of its own, terms of d are those of d


def test_a_certificate_names_the_power_of_pi() -> None:
    assert exact_layer.residual(exact.Surd(1, 1, 4, 1), Fraction(1, 4), 1) == 0
    assert exact_layer.residual(exact.Surd(1, 1, 4, 0), Fraction(1, 4), 1) != 0
    assert certificate.signed(Fraction(-1, 4), 1) == "-1 1 4 1 0"

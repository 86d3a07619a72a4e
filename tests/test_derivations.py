"""The derivations hold, cannot claim what is false, and agree with the package's exact layer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import sympy as sp

from coupling import exact
from derivations import (
    antisymmetric_gaunt,
    bracket_forms,
    certificate,
    closed_forms,
    gaunt,
    hypergeometric,
    ladder_solution,
    legendre,
    pages,
    real_basis,
    real_harmonics,
    registry,
    run,
    sphere_powers,
    wigner_3j,
)
from derivations.framework import Derivation, DoesNotHold, Examination, Step, examine, require
from derivations.reading import Reading
from derivations.residuals import vanishes
from derivations.symbols import a, b, c

theta = sp.Symbol("theta")


def pythagoras() -> sp.Expr:
    """sin² + cos² − 1"""
    return sp.sin(theta) ** 2 + sp.cos(theta) ** 2 - 1


def wrong_pythagoras() -> sp.Expr:
    """sin² + cos² − 2"""
    return sp.sin(theta) ** 2 + sp.cos(theta) ** 2 - 2


def small_only(lmax: int) -> list[int]:
    """l² − l − 2l(l−1) over l up to lmax: zero for l = 0, 1 only."""
    return [l * l - l - 2 * l * (l - 1) for l in range(lmax + 1)]


def nothing() -> list[sp.Expr]:
    """no residual at all"""
    return []


TRUE = Step("true", "1+1=2", pythagoras)
FALSE = Step("false", "1+1=2", wrong_pythagoras)
CITED = Step("cited", "1+1=2", kind="cited", source="Book, section 1, equation (1)")
FINITE = Step("finite", "1+1=2", small_only, kind="verified")
EMPTY = Step("empty", "1+1=2", nothing)


def derivation(*steps: Step, instances: int = 1, uses: tuple[Derivation, ...] = ()) -> Derivation:
    return Derivation(
        id="test",
        title="Test",
        statement="1+1=2",
        reading=Reading({}, ({},)),
        hypotheses=(),
        steps=steps,
        verify=lambda lmax: sum(require(True, "true") is None for _ in range(instances)),
        certificate=lambda lmax: {},
        lmax=1,
        certificate_lmax=1,
        uses=uses,
    )


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((TRUE,), "proved"),
        ((TRUE, CITED), "cited"),
        ((TRUE, FINITE), "verified(1)"),
        ((FINITE, CITED, TRUE), "verified(1)"),
        ((FALSE,), "fails"),
        ((TRUE, FALSE), "fails"),
        ((EMPTY,), "fails"),
        ((TRUE, EMPTY), "fails"),
        ((), "fails"),
    ],
)
def test_status_is_that_of_the_weakest_step(steps: tuple[Step, ...], status: str) -> None:
    assert examine(derivation(*steps)).status == status


def test_a_used_derivation_weakens_the_status() -> None:
    used = derivation(TRUE, FINITE)
    assert derivation(TRUE, uses=(used,)).status(3) == "verified(3)"
    assert derivation(TRUE, uses=(derivation(CITED),)).kind() == "cited"
    assert derivation(TRUE, uses=(derivation(CITED),)).cited() == (CITED,)


def test_a_finite_check_fails_at_the_degree_where_it_stops_to_hold() -> None:
    assert [examine(derivation(FINITE), lmax).status for lmax in (1, 2)] == ["verified(1)", "fails"]


def test_no_instance_is_a_failure() -> None:
    assert examine(derivation(TRUE, instances=0)).status == "fails"


def test_steps_that_check_nothing_are_refused() -> None:
    def undocumented() -> int:
        return 0

    for arguments in ({}, {"check": undocumented}, {"kind": "cited"}, {"kind": "certain", "check": pythagoras}):
        with pytest.raises(ValueError, match="step 'x'"):
            Step("x", "x", **arguments)  # type: ignore[arg-type]


def test_only_exact_zeros_vanish() -> None:
    n = sp.Symbol("n", integer=True, nonnegative=True)
    assert all(vanishes(zero) for zero in (0, Fraction(0), sp.factorial(n + 1) / sp.factorial(n) - n - 1))
    assert not any(vanishes(other) for other in (1, Fraction(1, 10**30), n, sp.sqrt(2) - sp.Rational(99, 70)))
    for unfit in (0.0, False, sp.Float(0), sp.true):
        with pytest.raises(TypeError, match="exact"):
            vanishes(unfit)


@pytest.mark.parametrize("identifier", registry.IDS)
def test_every_derivation_holds(identifier: str) -> None:
    examination = examine(registry.load(identifier), 2)
    assert examination.failures == ()
    assert examination.residuals >= len(examination.derivation.steps) - len(examination.derivation.cited()) > 0
    assert examination.instances > 0


@pytest.mark.parametrize("identifier", ["wigner_3j", "gaunt", "antisymmetric_gaunt", "real_basis"])
def test_the_integrals_are_proved(identifier: str) -> None:
    assert registry.load(identifier).status() == "proved"
    assert registry.load(identifier).cited() == ()


@pytest.mark.parametrize("identifier", registry.IDS)
def test_committed_certificates_are_the_derived_ones(identifier: str) -> None:
    assert run.certificate_problem(registry.load(identifier)) == []


@pytest.mark.parametrize("identifier", registry.IDS)
def test_committed_pages_are_the_generated_ones(identifier: str) -> None:
    written = pages.path(identifier).read_text(encoding="utf-8")
    assert written == pages.page(registry.load(identifier))
    assert written.count("$$") % 2 == 0 and "Status: **" in written


def test_the_committed_list_of_pages_is_the_generated_one() -> None:
    everything = tuple(map(registry.load, registry.IDS))
    assert pages.path("README").read_text(encoding="utf-8") == pages.index(everything)
    assert {file.stem for file in pages.FOLDER.glob("*.md")} == {"README", *registry.IDS}
    assert {file.stem for file in certificate.FOLDER.glob("*.json")} == set(registry.IDS)


def test_verify_meets_the_whole_domain() -> None:
    degrees = list(product(range(4), repeat=3))
    cubes = [list(product(*(range(-l, l + 1) for l in triple))) for triple in degrees]
    balanced = sum(sum(m) == 0 for cube in cubes for m in cube)
    path = [2 * max(triple) <= sum(triple) for triple in degrees]
    on_path = sum(sum(m) == 0 for cube, is_path in zip(cubes, path, strict=True) if is_path for m in cube)
    odd = sum(is_path and sum(triple) % 2 for triple, is_path in zip(degrees, path, strict=True))
    assert wigner_3j.verify(3) == on_path == 478
    assert gaunt.verify(3) == balanced
    assert antisymmetric_gaunt.verify(3) == balanced + odd
    assert real_basis.verify(3) == sum(map(len, cubes)) == 4096


FAMILIES: dict[str, tuple[str, Callable[..., exact.Surd], int]] = {
    "wigner_3j": ("wigner_3j", exact.wigner_3j, 187),
    "gaunt": ("gaunt", exact.gaunt, 88),
    "antisymmetric_gaunt": ("antisymmetric_gaunt", exact.antisymmetric_gaunt, 99),
    "K": ("antisymmetric_gaunt", exact.bracket_factor, 20),
    "real_wigner_3j": ("real_basis", exact.real_wigner_3j, 232),
    "real_gaunt": ("real_basis", exact.real_gaunt, 114),
    "real_antisymmetric_gaunt": ("real_basis", exact.real_antisymmetric_gaunt, 118),
}


def surds(identifier: str, family: str) -> dict[tuple[int, ...], exact.Surd]:
    content = json.loads(certificate.path(identifier).read_text(encoding="ascii"))[family]
    return {tuple(map(int, key.split())): exact.Surd(*map(int, value.split())) for key, value in content.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_certificates_agree_with_the_exact_layer(family: str) -> None:
    identifier, function, count = FAMILIES[family]
    values = surds(identifier, family)
    assert len(values) == count
    for arguments, value in values.items():
        assert function(*arguments) == value, arguments


def test_a_changed_certificate_is_noticed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "FOLDER", tmp_path)
    said: list[str] = []
    assert run.main(["gaunt"], lmax=1, echo=said.append) == 1
    assert any("no certificate gaunt.json" in line for line in said)
    assert run.main(["gaunt"], lmax=1, write=True, pages=tmp_path, echo=said.append) == 0
    file = certificate.path("gaunt")
    file.write_text(file.read_text(encoding="ascii").replace('"1 1 4 1 0"', '"-1 1 4 1 0"', 1), encoding="ascii")
    assert run.main(["gaunt"], lmax=1, echo=said.append) == 1
    assert "differs from the re-derived one" in said[-1]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("{4\\pi}}", "{2\\pi}}"), ("to degree 6", "to degree 7"), ("**proved**", "**verified(2)**"), ("$J$", "$j$")],
)
def test_a_changed_page_is_noticed(right: str, wrong: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = pages.path("gaunt").read_text(encoding="utf-8")
    assert right in text and run.page_problem(registry.load("gaunt")) == []
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    for said in (None, text.replace(right, wrong, 1)):
        if said is not None:
            pages.path("gaunt", tmp_path).write_text(said, encoding="utf-8")
        assert any("page gaunt.md differs" in problem for problem in run.page_problem(registry.load("gaunt")))
    monkeypatch.setattr(run, "examine", lambda d, lmax: Examination(d, 1, 1, 1, 1, 0.0))
    assert run.main(["gaunt"], echo=lambda line: None) == 1
    monkeypatch.setattr(pages, "FOLDER", tmp_path / "none")
    assert run.page_problem(registry.load("gaunt")) == []


def test_nothing_is_written_when_something_fails(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = replace(registry.load("gaunt"), steps=(FALSE,))
    monkeypatch.setattr(certificate, "FOLDER", tmp_path)
    monkeypatch.setattr(run, "closure", lambda identifiers: (broken,))
    said: list[str] = []
    assert run.main(["gaunt"], lmax=1, write=True, pages=tmp_path, echo=said.append) == 1
    assert list(tmp_path.iterdir()) == []
    assert "fails" in said[1] and any("does not hold: gaunt: step 'false'" in line for line in said)


def test_unknown_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown derivation 'gamow'; valid: wigner_3j"):
        run.main(["gamow"])


def without_sign() -> tuple[sp.Expr, sp.Expr]:
    return sp.Integer(1), closed_forms.zero_orders()[1]


def doubled() -> tuple[sp.Expr, sp.Expr]:
    sign, square = closed_forms.bracket_factor()
    return sign, 4 * square


CORRUPTIONS: dict[str, tuple[Any, str, Any, Callable[[], Any]]] = {
    "sign of 3j(000)": (gaunt, "zero_orders", without_sign, gaunt.comparison),
    "sign of 3j(000), real": (real_basis, "zero_orders", without_sign, real_basis.gaunt_sign),
    "factor 2 of K": (antisymmetric_gaunt, "bracket_factor", doubled, antisymmetric_gaunt.comparison),
    "K from zero orders": (bracket_forms, "bracket_factor", doubled, bracket_forms.shifted_forms),
    "K from 1 -1 0": (bracket_forms, "bracket_factor", doubled, bracket_forms.low_orders_form),
    "Condon-Shortley sign": (real_basis, "CONDON_SHORTLEY", sp.Integer(1), real_basis.real_functions),
    "a block that is not unitary": (real_basis, "BLOCK", real_basis.BLOCK * 2, real_basis.unitary),
    "triangle of 3j(000)": (closed_forms, "scale", lambda *_: sp.Integer(1), closed_forms.zero_orders_sum),
    "bracket of spinors": (gaunt, "bracket", lambda i, j: sp.Symbol("u"), gaunt.scalar_products),
    "null vector": (gaunt, "null_vector", lambda u, v: sp.Matrix([u, v, u * v]), gaunt.conjugate),
    "power integral": (sphere_powers, "q", sp.Rational(1, 2), sphere_powers.power_integral),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_formula_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, wrong, check = CORRUPTIONS[name]
    step = Step(name, "x", check)
    assert step.run(0) > 0
    monkeypatch.setattr(module, attribute, wrong)
    with pytest.raises(DoesNotHold):
        step.run(0)


@pytest.mark.parametrize("summation", [hypergeometric.DIXON, hypergeometric.ODD_DIXON, hypergeometric.VANDERMONDE])
def test_a_wrong_certificate_or_value_of_a_sum_fails(summation: hypergeometric.Sum) -> None:
    def broken(changed: hypergeometric.Sum) -> bool:
        return not all(vanishes(residual) for residual in (changed.telescoping(), changed.not_polynomial()))

    assert not broken(summation)
    assert broken(replace(summation, certificate=2 * summation.certificate))
    assert broken(replace(summation, value=summation.value * (a + b + c + 1)))


def flipped(function: Callable[..., Fraction]) -> Callable[..., Fraction]:
    return lambda *arguments: -function(*arguments)


VERIFIED: dict[str, tuple[Any, str, Any, Callable[[int], int]]] = {
    "3j": (ladder_solution, "weight", lambda *_: 1, wigner_3j.verify),
    "gaunt": (legendre, "gaunt", flipped(legendre.gaunt), gaunt.verify),
    "bracket": (legendre, "antisymmetric_gaunt", flipped(legendre.antisymmetric_gaunt), antisymmetric_gaunt.verify),
    "forms of K": (bracket_forms, "FORMS", (*bracket_forms.FORMS, lambda _: 1), antisymmetric_gaunt.verify),
    "real gaunt": (real_harmonics, "real_gaunt", flipped(real_harmonics.real_gaunt), real_basis.verify),
    "selection rules": (real_harmonics, "selected", lambda *_: False, real_basis.verify),
}


@pytest.mark.parametrize("name", VERIFIED)
def test_a_corrupted_integral_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, wrong, verify = VERIFIED[name]
    assert verify(2) > 0
    monkeypatch.setattr(module, attribute, wrong)
    with pytest.raises(DoesNotHold):
        verify(2)

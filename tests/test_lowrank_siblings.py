"""Problems with the same numbers: sums go from one to another, with their errors, their proofs, and as beginnings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coupling.lowrank import exact_certificate, load_factors, normalization_problem, shipped, siblings, study
from coupling.lowrank.by_rank import Effort
from coupling.lowrank.factors import tensor
from coupling.lowrank.limits import continued_siblings
from coupling.lowrank.problems import CLASSES, Problem
from coupling.lowrank.records import number
from coupling.lowrank.siblings import as_sibling, scales_of, without_weights
from coupling.lowrank.verification import false_claims

FAMILIES = {"gaunt": "gaunt", "bracket": "antisymmetric_gaunt"}


def of_paths(problem: Problem, factors: tuple[np.ndarray, ...]) -> dict[tuple[int, ...], float]:
    """T̂/T - 1 on each path."""
    values = tensor(factors)
    return {
        tuple(axis[i] for axis, i in zip(problem.degrees, entry, strict=True)): values[entry] / problem.tensor[entry]
        - 1
        for entry in zip(*(axis.tolist() for axis in problem.entries), strict=True)
    }


def sibling_problems(name: str, lmax: int) -> dict[str, tuple[Problem, Problem, int]]:
    """Problems that a shipped sum for a degree limit serves, with the problem of that sum and its degree limit."""
    family, parity = FAMILIES[name], "even" if name == "gaunt" else "odd"
    unit = normalization_problem(family, lmax)
    found = {w: (normalization_problem(family, lmax, weights=w), unit, lmax) for w in ("component", "norm")}
    for kind in CLASSES[parity]:
        found[kind] = normalization_problem(family, lmax, kind, signs="absolute"), unit, lmax
    return found | {"double": doubled(name, lmax)}


def doubled(name: str, lmax: int) -> tuple[Problem, Problem, int]:
    """Outputs to 2L, beside all degrees to 2L."""
    one, large = (normalization_problem(FAMILIES[name], box) for box in ((lmax, lmax, 2 * lmax), 2 * lmax))
    return one, large, 2 * lmax


@pytest.mark.parametrize("name", FAMILIES)
def test_a_sum_has_the_same_relative_error_of_each_path_as_a_sum_of_a_sibling(name: str) -> None:
    met = 0
    for problem, other, lmax in sibling_problems(name, 4).values():
        factors = shipped(name, lmax, 2).factors
        found = as_sibling(problem, other, factors)
        assert found is not None
        errors, known = of_paths(problem, found), of_paths(other, factors)
        assert set(errors) <= set(known) and max(abs(errors[path] - known[path]) for path in errors) < 1e-13
        met += len(errors)
    assert met > 90


def test_weights_are_products_of_their_scales() -> None:
    for weights in siblings.SEPARABLE:
        problem = normalization_problem("gaunt", (3, 4, 5), weights=weights)
        scales = scales_of(problem)
        assert scales is not None
        product = np.einsum("i,j,k->ijk", *scales) * normalization_problem("gaunt", (3, 4, 5)).tensor
        assert np.allclose(product[problem.entries], problem.tensor[problem.entries], rtol=1e-13)
    own = normalization_problem("gaunt", 1, weights=np.full((2, 2, 2), 2.0))
    assert scales_of(own) is None and without_weights(own, shipped("gaunt", 1).factors) is None


def test_other_numbers_are_no_siblings() -> None:
    factors, unit = shipped("gaunt", 4, 2).factors, normalization_problem("gaunt", 4)
    others = [
        normalization_problem("gaunt", 4, inverse=False),
        normalization_problem("gaunt", 4, signs="complex"),
        normalization_problem("antisymmetric_gaunt", 4),
        normalization_problem("matrix", 4, "even", j=2),
    ]
    assert [as_sibling(one, unit, factors) for one in others] == [None] * 4
    assert as_sibling(unit, unit, factors) is not None
    part = normalization_problem("gaunt", 4, "eee")
    assert as_sibling(unit, part, as_sibling(part, unit, factors) or factors) is None  # it lacks paths


def test_a_smaller_sibling_is_left_to_grow() -> None:
    small, double = normalization_problem("gaunt", 3), normalization_problem("gaunt", (3, 3, 6), weights="component")
    found = as_sibling(double, small, shipped("gaunt", 3, 1).factors)
    assert found is not None and [len(x) for x in found] == [4, 4, 4]
    assert np.allclose(found[2], shipped("gaunt", 3, 1).factors[2] * np.sqrt([[1], [3], [5], [7]]))


@pytest.mark.parametrize("weights", ["component", "norm"])
@pytest.mark.parametrize("name", FAMILIES)
def test_an_exact_sum_is_proved_where_weights_are_scales(
    name: str, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a sum with equal factors the equations of other weights depend on one another; those of weights 1 do not."""
    unit, problem = (normalization_problem(FAMILIES[name], 6, weights=w) for w in ("unit", weights))
    exact = shipped(name, 6)
    factors = as_sibling(problem, unit, exact.factors)
    assert factors is not None
    found = exact_certificate(problem, factors)
    assert found.proved and found.relative < 1e-14
    assert (found.equations, found.independent) == (exact.certificate.equations, exact.certificate.independent)
    near = factors[0] * (1 + 1e-2 * np.arange(7)[:, None]), *factors[1:]
    assert not exact_certificate(problem, near, refine=False).proved
    monkeypatch.setattr("coupling.lowrank.certificate.without_weights", lambda *_: None)
    assert not exact_certificate(problem, factors).proved


def test_a_proof_of_a_sibling_is_verified() -> None:
    unit, problem = (normalization_problem("gaunt", 4, weights=w) for w in ("unit", "norm"))
    [record] = study(problem, [3], starts=64)
    found = continued_siblings(
        {"norm": problem, "unit": unit}, {"norm": [record], "unit": [shipped("gaunt", 4)]}, Effort(), None, ["unit"]
    )["norm"][0]
    assert found.proved and false_claims(found) == []
    assert false_claims(replace(found, certificate=replace(found.certificate, equations=1)))


def test_a_spoilt_variant_is_mended_by_its_siblings_and_fixed_ones_stay(tmp_path: Path) -> None:
    problems = {w: normalization_problem("gaunt", 6, weights=w) for w in ("unit", "component", "norm")}
    good = shipped("gaunt", 6, 3)
    seeds = {"component": 2, "norm": 0}
    weak = {w: study(problems[w], [3], starts=1, seed=seed)[0] for w, seed in seeds.items()}
    assert min(record.error for record in weak.values()) > 2 * good.error
    results = {"unit": [good], **{w: [replace(record, starts=17)] for w, record in weak.items()}}
    found = continued_siblings(problems, results, Effort(), tmp_path)
    assert found["unit"] == [good]
    for weights in weak:
        [record] = found[weights]
        bound = problems[weights].objective.relative(
            as_sibling(problems[weights], problems["unit"], good.factors) or ()
        )
        assert record.error <= bound and record.starts == 17
    assert len(list(tmp_path.iterdir())) == 2
    again = continued_siblings(problems, results, Effort(), None, ["component", "norm"])
    assert [again[w][0].error for w in weak] == [record.error for record in weak.values()]


LABELS = {"component": "component weights", "norm": "norm weights"}


def page_entries(root: Path) -> dict[str, list[str]]:
    """The entries of the study page by the label of their line; a label that occurs again counts where it is first."""
    found: dict[str, list[str]] = {}
    for line in (root / "docs" / "study" / "ranks.md").read_text(encoding="utf-8").splitlines():
        label, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        found.setdefault(label, cells[:-1])  # the last one is the rank
    return found


def worse_entries(entries: dict[str, list[str]], name: str) -> tuple[list[str], int]:
    """The entries of variants and of outputs to 2L that the scaled or cut sum of a sibling beats; of how many."""
    wrong, met = [], 0
    label = {"gaunt": "Gaunt", "bracket": "bracket"}[name]
    lines = {f"{label}, {LABELS.get(k, f'class {k}')}": one for k, one in sibling_problems(name, 6).items()}
    lines |= {f"{label}, L = {l}": doubled(name, l) for l in (1, 2, 3, 4, 6, 8)}
    for words, (problem, other, lmax) in lines.items():
        for record in (r for r in load_factors(name) if r.spec["lmax"][0] == lmax):
            shown = entries.get(words, [])[record.rank - 1 : record.rank]
            if not shown or not shown[0] or shown[0].startswith("**0"):
                continue
            bound = problem.objective.relative(as_sibling(problem, other, record.factors) or ())
            met += 1
            if float(shown[0].rstrip("†")) > float(number(bound)):
                wrong.append(f"{words}, R = {record.rank}: {shown[0]}, {bound:.2e} by a sibling")
    return wrong, met


@pytest.mark.parametrize("name", FAMILIES)
def test_no_entry_of_a_variant_is_above_what_a_sibling_gives(name: str, root: Path) -> None:
    entries = page_entries(root)
    wrong, met = worse_entries(entries, name)
    assert wrong == [] and met > 20
    label = {"gaunt": "Gaunt", "bracket": "bracket"}[name]
    for line, spoilt in ((f"{label}, norm weights", "0.9"), (f"{label}, L = 6", "0.9")):
        for place in (0, 1):
            worse = entries | {line: [*entries[line][:place], spoilt, *entries[line][place + 1 :]]}
            assert len(worse_entries(worse, name)[0]) == 1

"""Constructed terms of the whole tensor: multiplied out in integers, usable as products, damage found."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.exact import Surd
from coupling.lowrank import constructed, degree_one, whole_problem
from coupling.lowrank.exact_sums import check_size, multiplied_out_terms, product_of_roots, square_part
from coupling.lowrank.factors import tensor
from coupling.products import ClebschGordan, FactoredProduct

#: (lmax, weights, complex) and the number of terms.
RANKS = {
    (0, "fewest", False): 1,
    (1, "fewest", False): 7,
    (1, "unit", False): 8,
    (1, "matrix", False): 8,
    (1, "fewest", True): 6,
    (1, "unit", True): 7,
    (1, "matrix", True): 7,
    (2, "fewest", False): 23,
    (2, "matrix", False): 23,
    (3, "fewest", False): 66,
    (3, "matrix", True): 49,
}
PATHS = (0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)


@pytest.mark.parametrize("which", RANKS, ids=lambda which: "-".join(map(str, which)))
def test_terms_are_the_tensor(which: tuple[int, str, bool]) -> None:
    """Equal as sums of surds, in integers; and to rounding as doubles, against the tensor of the package."""
    lmax, weights, kind = which
    found = constructed(lmax, weights, complex_factors=kind)
    assert found.rank == RANKS[which] and found.differing_entries() == 0
    assert found.lost_paths == (((2, 2, 2),) if (lmax, kind) == (3, True) else ())
    expected = whole_problem(lmax, weights=found.path_weights).tensor
    assert abs(tensor(found.factors) - expected).max() < 4e-15


@pytest.mark.slow
def test_all_114_terms_are_the_tensor() -> None:
    assert constructed(4).rank == 114 and constructed(4).differing_entries() == 0


def test_any_weights_of_degree_one() -> None:
    """Signs of all kinds; the fewest terms exactly where ρ is 1, complex ones where it is 1/3."""
    met = 0
    for numbers in product((Fraction(1), Fraction(-3, 2)), repeat=5):
        for kind, terms in ((False, 8), (True, 7)):
            found = constructed(1, dict(zip(PATHS, numbers, strict=True)), complex_factors=kind)
            assert (found.rank, found.differing_entries()) == (terms, 0), numbers
            met += 1
    assert met == 64
    for kind, square, terms in ((False, 1, 7), (True, 9, 6)):
        scaled = {(0, 0, 0): Surd(1, 4 * square, 3), (0, 1, 1): Surd(-1), (1, 0, 1): 1, (1, 1, 0): -1, (1, 1, 1): 1}
        found = constructed(1, scaled, complex_factors=kind)
        assert (found.rank, found.differing_entries()) == (terms, 0)


@pytest.mark.parametrize("which", [(1, "fewest", False), (1, "fewest", True), (2, "matrix", False)], ids=str)
def test_every_damaged_number_is_found(which: tuple[int, str, bool]) -> None:
    lmax, weights, kind = which
    found, met = constructed(lmax, weights, complex_factors=kind), 0
    for slot in range(3):
        for r in range(found.rank):
            for place, values in found.forms[slot][r].items():
                for wrong in ((-values[0], *values[1:]), (values[0] * Surd(1, 2), *values[1:])):
                    forms = [list(one) for one in found.forms]
                    forms[slot][r] = {**forms[slot][r], place: wrong}
                    assert replace(found, forms=forms).differing_entries() > 0, (slot, r, place)
                    met += 1
            if lmax > 1:
                break
    assert met >= 20


def test_a_missing_term_and_a_wrong_weight_are_found() -> None:
    found = constructed(3)
    assert replace(found, forms=[one[:65] for one in found.forms]).differing_entries() > 0
    weights = {**found.path_weights, (2, 2, 2): Surd(1, 4)}
    block = whole_problem(2).tensor[4:, 4:, 4:]
    assert replace(found, path_weights=weights).differing_entries() == int((block != 0).sum())


def test_six_terms_are_not_enough_elsewhere() -> None:
    """Six complex terms scaled to another weight of (0,0,0) differ in that entry alone."""
    found = constructed(1, complex_factors=True)
    assert replace(found, path_weights={**found.path_weights, (0, 0, 0): Surd(1)}).differing_entries() == 1


def test_they_are_products() -> None:
    random = np.random.default_rng(0)
    for lmax, terms in ((1, 7), (2, 23), (3, 66)):
        found = constructed(lmax)
        made = FactoredProduct(lmax, lmax, lmax, factors=found)
        x, y = random.standard_normal((2, (lmax + 1) ** 2, 4))
        weights = [float(found.path_weights[tuple(path)]) for path in made.paths.tolist()]
        assert made.rank == terms and abs(made.path_weights - weights).max() < 1e-14
        assert abs(made(x, y) - ClebschGordan(lmax, lmax, lmax, weights=weights)(x, y)).max() < 1e-12


def test_integers_that_doubles_cannot_hold_are_refused() -> None:
    check_size(2.0**53 - 1)
    with pytest.raises(ArithmeticError, match="not exact"):
        check_size(2.0**53)
    large = Surd(1, 10**12)
    with pytest.raises(ArithmeticError, match="not exact"):
        multiplied_out_terms([[{0: (large,)}]] * 3, 1)


def test_roots() -> None:
    assert all(s * s * d == n for n in range(1, 400) for s, d in [square_part(n)])
    assert [square_part(n)[1] for n in (1, 4, 12, 18, 97, 360)] == [1, 1, 3, 2, 97, 10]
    assert product_of_roots([(1, 1)] * 3) == ((1, 1), -1) and product_of_roots([(0, 6), (1, 10), (1, 15)])[1] == -30


def test_what_is_not_constructed_is_refused() -> None:
    for arguments, words in (
        ((6,), "degrees to 5"),
        ((2, "unit"), "constructed for lmax 1"),
        ((1, "best"), "weights"),
        ((1, {(0, 0, 0): 1}), "for the paths"),
        ((1, {**dict.fromkeys(PATHS, 1), (0, 1, 1): 0}), "not zero"),
    ):
        with pytest.raises(ValueError, match=words):
            constructed(*arguments)
    with pytest.raises(TypeError, match="rational numbers, got float"):
        constructed(1, dict.fromkeys(PATHS, 1.0))


def test_the_command_verifies_constructed_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.cli.study_constructed.LARGEST", 4)
    found = CliRunner().invoke(main, ["study", "verify", "--constructed"])
    assert found.exit_code == 0 and found.stdout.count("verified, exact") == 12, found.output
    assert "6 complex terms: verified" in found.stdout
    terms = degree_one.six_terms()
    monkeypatch.setattr(degree_one, "six_terms", lambda: [(2 * terms[0][0], terms[0][1]), *terms[1:]])
    wrong = CliRunner().invoke(main, ["study", "verify", "--constructed"])
    lines = [line for line in wrong.stdout.splitlines() if "6 complex terms" in line]
    assert wrong.exit_code == 1 and lines and "entries differ" in lines[0]
    assert wrong.stdout.count("entries differ") == 2  # the seven complex terms of weights 1 as well
    assert CliRunner().invoke(main, ["study", "verify"]).exit_code == 2

"""The whole tensor as a matrix multiplication, and degrees 0 and 1: counts, certificates, and the package's weights."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
import sympy as sp

from coupling.exact import Surd
from coupling.lowrank.path_weights import path_weight, whole_paths
from derivations import certificate, degree_one, degree_one_terms, degree_one_weights, real_matrices, whole_tensor
from derivations.framework import DoesNotHold


def test_verify_meets_every_entry_of_every_limit() -> None:
    """Entries of the tensor, of the matrices, and of the real matrices of even limits."""
    sizes = [(limit + 1) ** 2 for limit in range(4)]
    entries = sum(size**3 for size in sizes)
    matrices = sum(size**2 for size in sizes) + sum(size**2 for size in sizes[::2])
    assert whole_tensor.verify(3) == entries + matrices
    assert degree_one.verify(1) == 2**5 * 64 + 64


def test_the_weights_of_the_package_are_the_derived_ones() -> None:
    content = json.loads(certificate.path("whole_tensor").read_text(encoding="ascii"))
    weights = {tuple(map(int, key.split())): Surd(*map(int, v.split())) for key, v in content["weight"].items()}
    assert len(weights) == 1 + 5 + 15 + 34 + 65
    assert set(weights) == {(*path, limit) for limit in range(5) for path in whole_paths(limit)}
    assert all(path_weight("matrix", path[:3], path[3]) == weight for path, weight in weights.items())
    lost = {limit: paths for limit, paths in content["lost"].items() if paths}
    assert lost == {str(limit): [certificate.key(*path)] for limit, path in whole_tensor.LOST.items()}


def test_a_wrong_phase_of_one_degree_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = real_matrices.matrix

    def wrong(degree: int, order: int, spin: int) -> real_matrices.Matrix:
        found = right(degree, order, spin)
        return {place: real_matrices.turned(value, 1) for place, value in found.items()} if degree == 1 else found

    monkeypatch.setattr(whole_tensor, "matrix", wrong)
    with pytest.raises(DoesNotHold, match="entry"):
        whole_tensor.verify_entries(1)
    with pytest.raises(DoesNotHold, match="X of 1,-1"):
        whole_tensor.verify_matrices(1)


def test_a_wrong_term_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    seven, six = degree_one_terms.seven_of(), degree_one_terms.six_of()
    monkeypatch.setattr(degree_one, "seven_of", lambda: [(2, *seven[0][1:]), *seven[1:]])
    with pytest.raises(DoesNotHold, match="Fraction"):
        degree_one.verify(0)
    monkeypatch.setattr(degree_one, "seven_of", lambda: seven)
    monkeypatch.setattr(degree_one, "six_of", lambda: six[:5])
    with pytest.raises(DoesNotHold, match="six terms"):
        degree_one.verify(0)


def test_the_flattening_loses_more_than_one_only_where_its_factors_vanish_together() -> None:
    """At κ = -1, which is left out, the bound is no better than 6; at κ = 3 that is the rank."""
    values = (-1, 3, 1, 0, 2, -3, sp.Rational(7, 3))
    assert [degree_one_terms.bound(sp.sympify(kappa)) for kappa in values] == [6, 6, 7, 7, 7, 7, 7]


def test_scaling_back_is_that_of_the_tensor_alone() -> None:
    given = {(0, 0, 0): 2, (0, 1, 1): -1, (1, 0, 1): 3, (1, 1, 0): Fraction(1, 2), (1, 1, 1): -2}
    weights = {path: Fraction(value) for path, value in given.items()}
    rest = degree_one_terms.expanded(degree_one_terms.seven_of())
    assert degree_one_weights.scaled_back(rest, weights, (0, 0, 0)) == 4
    assert degree_one_weights.entry_square(weights, (1, 2, 3)) == Fraction(-4, 6)

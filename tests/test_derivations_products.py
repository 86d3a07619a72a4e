"""The derivations of the products hold, cannot claim what is false, and agree with the exact layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp

import coupling
from coupling import exact
from coupling.conventions import parity_sign
from coupling.families import family as known
from derivations import (
    adjoints,
    certificate,
    character_trace,
    clebsch_gordan_paths,
    matrix_product,
    matrix_trace,
    poisson_bracket,
    real_harmonics,
    registry,
    single_vector_product,
    trilinear,
    vector_fields,
    vector_harmonics,
    vector_shifts,
)
from derivations.closed_forms import bracket_factor, zero_orders
from derivations.framework import DoesNotHold, Step
from derivations.invariant_polynomial import Degrees, orders, paths
from derivations.racah import square_6j, square_9j

IDS = (
    "vector_harmonics",
    "clebsch_gordan_paths",
    "matrix_product",
    "adjoints",
    "single_vector_product",
    "whole_tensor",
    "degree_one",
)


@pytest.mark.parametrize("identifier", IDS)
def test_the_products_are_proved_without_cited_steps(identifier: str) -> None:
    assert registry.load(identifier).status() == "proved"
    assert registry.load(identifier).cited() == ()


def test_verify_meets_the_whole_domain() -> None:
    triples = list(paths(2))
    entries = sum((2 * a + 1) * (2 * b + 1) * (2 * c + 1) for a, b, c in triples)
    balanced = sum(1 for path in triples for _ in orders(path))
    assert (len(triples), entries, balanced) == (15, 615, 117)
    assert matrix_product.verify(2) == 4 * balanced
    assert adjoints.verify(2) == 18 * entries + 3 * balanced
    assert clebsch_gordan_paths.verify(2) == entries + 2 * 7
    existing = [(p, s) for p in triples for s in vector_shifts.SHIFTS if vector_shifts.shifted(p, s)]
    contracted = [p for p, s in existing if exact.wigner_3j(*vector_shifts.shifted(p, s), 0, 0, 0) != 0]
    instances = len(existing) + 9 * len(triples) + sum(1 for path in contracted for _ in orders(path))
    assert vector_harmonics.verify(2) == instances
    assert single_vector_product.verify(2) == sum(1 for path in product(range(3), repeat=3) for _ in orders(path))


def content(identifier: str, entry: str) -> Any:
    return json.loads(certificate.path(identifier).read_text(encoding="ascii"))[entry]


def surds(identifier: str, entry: str) -> Iterator[tuple[tuple[int, ...], exact.Surd]]:
    for key, value in content(identifier, entry).items():
        yield tuple(map(int, key.split())), exact.Surd(*map(int, value.split()))


def test_normalizations_are_the_reduced_factors_of_the_real_basis() -> None:
    count = 0
    for path, value in surds("clebsch_gordan_paths", "normalization"):
        family = "antisymmetric_gaunt" if sum(path) % 2 else "gaunt"
        assert known(family).reduced(*path, basis="real") == value, path
        assert value.sign == 1
        count += 1
    assert count == sum(l1 <= l2 <= l3 for l1, l2, l3 in paths(12)) == 252


def test_nine_j_symbols_of_vector_products() -> None:
    count = zeros = 0
    for (a, b, c, d, e, f), value in surds("vector_harmonics", "wigner_9j"):
        assert exact.wigner_9j(a, b, c, 1, 1, 1, d, e, f) == value, (a, b, c, d, e, f)
        count, zeros = count + 1, zeros + (value == 0)
    allowed = [
        (high, path)
        for path in paths(3)
        for high in product(*(range(abs(l - 1), l + 2) for l in path))
        if exact.wigner_3j(*high, 0, 0, 0) != 0
    ]
    assert (count, zeros) == (len(allowed), 28) == (314, 28)


def test_one_vector_product_is_a_gaunt_integral_or_twice_the_bracket() -> None:
    count = 0
    for numbers, value in surds("single_vector_product", "single_vector_product"):
        path = numbers[:3]
        if sum(path) % 2:
            assert value == 2 * exact.antisymmetric_gaunt(*numbers)
        else:
            assert value == exact.gaunt(*numbers) * Fraction(sum(l * (l + 1) for l in path), 2)
        count += 1
    assert count == sum(1 for path in paths(3) if list(path) == sorted(path) for _ in orders(path))


def test_six_j_symbols_of_the_matrix_product() -> None:
    count = zeros = 0
    for (l1, l2, l3, doubled), value in surds("matrix_product", "wigner_6j"):
        j = Fraction(doubled, 2)
        assert exact.wigner_6j(l1, l2, l3, j, j, j) == value, (l1, l2, l3, j)
        count, zeros = count + 1, zeros + (value == 0)
    assert count == sum(11 - path[2] for path in matrix_trace.sorted_paths(6))
    assert zeros > 0


def test_traces_carry_the_sign_of_degrees_and_spin() -> None:
    count = 0
    for (*numbers, doubled), value in surds("matrix_product", "trace"):
        path = numbers[:3]
        sign = parity_sign(sum(path) + doubled)
        assert exact.reduced_matrix(*path, Fraction(doubled, 2)) * exact.wigner_3j(*numbers) * sign == value
        count += 1
    assert count == 2 * 117


def test_smallest_spins_without_zeros() -> None:
    spins = content("matrix_product", "least_doubled_spin")
    assert tuple(spins) == matrix_product.LEAST
    assert len(spins) == 25
    for limit, doubled in enumerate(spins[:9]):
        j = Fraction(doubled, 2)
        assert all(exact.wigner_6j(*path, j, j, j) != 0 for path in matrix_trace.sorted_paths(limit))
    passed = {smaller for limit, doubled in enumerate(spins) for smaller in range(limit, doubled)}
    zeros = content("matrix_product", "first_zero")
    assert set(map(int, zeros)) == passed
    for doubled, path in zeros.items():
        j = Fraction(int(doubled), 2)
        assert exact.wigner_6j(*map(int, path.split()), j, j, j) == 0


def bound(path: Degrees) -> int:
    """Smallest n beyond the bound of the derivation."""
    odd = sum(path) % 2
    a, b, c = ((sum(path) - 2 * l) // 2 for l in path)
    kappa = a + b + c + odd
    square = kappa**2 + Fraction(2 * (2 * kappa + 1) * a * b * c, (odd + 1) * (odd + 2))
    return next(n for n in range(1, 10**4) if n * n > square)


def test_beyond_the_bound_no_symbol_vanishes_and_the_sign_is_fixed() -> None:
    count = 0
    for path in matrix_trace.sorted_paths(8):
        first = max(bound(path), path[2] + 1)
        sign = parity_sign(sum((sum(path) - 2 * l) // 2 for l in path))
        for n in range(first, first + 40):
            assert matrix_trace.reduced_sum(path, n) * sign > 0
            count += 1
    assert count == 40 * len(list(matrix_trace.sorted_paths(8)))


def test_classical_limit_with_an_error_of_second_order() -> None:
    count = 0
    for path in matrix_trace.sorted_paths(5):
        odd = sum(path) % 2
        limit = exact.bracket_factor(*path) if odd else exact.wigner_3j(*path, 0, 0, 0)
        errors = []
        for n in (1000, 2000):
            square = matrix_trace.square_6j(path, n) * n ** (1 + 2 * odd)
            errors.append(square - limit.sign * limit.square)
            assert abs(errors[-1]) * n**2 < 3000 * limit.square
        if errors[1]:
            assert abs(errors[0] / errors[1] - 4) < Fraction(1, 100)
        count += 1
    assert count == len(list(matrix_trace.sorted_paths(5)))


def real_matrices(lmax: int, doubled: int) -> dict[tuple[int, int], np.ndarray]:
    """T_lm of spin j with real-harmonic index, in floats, from coupling.wigner_3j."""
    j, found = doubled / 2, {}
    spins = [j - i for i in range(doubled + 1)]
    for l in range(lmax + 1):
        complex_index = {
            m: np.array(
                [
                    [
                        (-1) ** round(j - p) * np.sqrt(2 * l + 1) * coupling.wigner_3j(j, l, j, -p, m, q)
                        if abs(q - p + m) < 0.25
                        else 0.0
                        for q in spins
                    ]
                    for p in spins
                ]
            )
            for m in range(-l, l + 1)
        }
        found[l, 0] = complex_index[0]
        for m in range(1, l + 1):
            minus, plus = complex_index[-m], parity_sign(m) * complex_index[m]
            found[l, m], found[l, -m] = (minus + plus) / np.sqrt(2), 1j * (minus - plus) / np.sqrt(2)
    return found


@pytest.mark.parametrize("doubled", [3, 4, 5])
def test_hermitian_part_even_anti_hermitian_part_odd(doubled: int) -> None:
    matrices, j = real_matrices(3, doubled), Fraction(doubled, 2)
    keys = sorted(matrices)
    stack = np.array([matrices[key] for key in keys])
    assert np.allclose(stack, stack.conj().swapaxes(1, 2), atol=1e-14)
    assert np.allclose(np.einsum("aij,bji->ab", stack, stack), np.eye(len(keys)), atol=1e-13)
    traces = np.einsum("aij,bjk,cki->abc", stack, stack, stack)
    count = 0
    for path in product(range(4), repeat=3):
        rows = [[i for i, (l, _) in enumerate(keys) if l == degree] for degree in path]
        factor = exact.reduced_matrix(*path, j)
        phase = (1, -1j, -1, 1j)[sum(path) % 4] * parity_sign(doubled)
        expected = phase * float(factor) * coupling.block("wigner_3j", *path)
        assert np.allclose(traces[np.ix_(*rows)], expected, atol=1e-13), path
        assert (abs(phase.imag) if sum(path) % 2 == 0 else abs(phase.real)) == 0
        count += expected.size
    assert count == 16**3


def doubled_square(form: Callable[[], tuple[sp.Expr, sp.Expr]]) -> Callable[[], tuple[sp.Expr, sp.Expr]]:
    return lambda: (form()[0], 2 * form()[1])


def opposite(form: Callable[[], tuple[sp.Expr, sp.Expr]]) -> Callable[[], tuple[sp.Expr, sp.Expr]]:
    return lambda: (-form()[0], form()[1])


CORRUPTIONS: dict[str, tuple[Any, str, Any, Callable[[], Any]]] = {
    "bracket of spinors": (character_trace, "bracket", lambda i, j: sp.Symbol("u"), character_trace.fundamental_trace),
    "null matrix": (character_trace, "null_matrix", lambda u, v: sp.Matrix([[u, v], [v, u]]), character_trace.adjoints),
    "degrees of a path": (character_trace, "PARITIES", ((1, character_trace.EVEN),), character_trace.trace_terms),
    "limit of the even factor": (matrix_product, "zero_orders", doubled_square(zero_orders), matrix_product.limits),
    "sign of the odd limit": (matrix_product, "bracket_factor", opposite(bracket_factor), matrix_product.limits),
    "too small a spin": (matrix_product, "LEAST", (0, 1, 2, 3), matrix_product.least_spins),
    "too large a spin": (matrix_product, "LEAST", (0, 1, 2, 5), matrix_product.least_spins),
    "a right turn": (vector_fields, "turn", lambda row: -row, vector_fields.triple_products),
    "sign of the radial field": (vector_fields, "zero_orders", opposite(zero_orders), vector_fields.radial),
    "normal of another size": (vector_fields, "NORMAL", 2 * vector_fields.NORMAL, vector_fields.unit_vectors),
    "gradient": (vector_fields, "gradient", lambda g: sp.zeros(3, 1), vector_fields.gradients),
    "angular momentum": (vector_fields, "low_orders", doubled_square(bracket_factor), vector_fields.turned),
    "central binomials": (clebsch_gordan_paths, "CENTRAL", sp.Integer(1), clebsch_gordan_paths.even_factor),
    "sign of K": (clebsch_gordan_paths, "bracket_factor", opposite(bracket_factor), clebsch_gordan_paths.odd_factor),
    "a core that is not cyclic": (
        trilinear,
        "rotated",
        lambda _, i, j, k: sp.Symbol(f"c{i}{j}{k}"),
        trilinear.cyclic_weights,
    ),
    "a bracket that is no bracket": (poisson_bracket, "jacobian", lambda f, g: f * f * g, adjoints.parts),
    "a turn to the other side": (
        single_vector_product,
        "turn",
        lambda row: -vector_fields.turn(row),
        single_vector_product.general,
    ),
    "a trace that is not cyclic": (adjoints, "trace", lambda e: sp.expand(e), adjoints.matrices),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_formula_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, wrong, check = CORRUPTIONS[name]
    step = Step(name, "x", check)
    assert step.run(0) > 0
    monkeypatch.setattr(module, attribute, wrong)
    with pytest.raises(DoesNotHold):
        step.run(0)


def lopsided(degrees: Degrees, triple: Degrees) -> Fraction:
    return real_harmonics.real_wigner_3j(degrees, triple) * (1 + degrees[0])


VERIFIED: dict[str, tuple[Any, str, Any, Callable[[int], int]]] = {
    "W": (matrix_trace, "reduced_sum", lambda path, n: 1, matrix_product.verify),
    "trace": (matrix_product, "trace_square", lambda path, m, n: Fraction(1), matrix_product.verify),
    "Racah 6j": (matrix_product, "racah_6j", lambda *a: -square_6j(*a), matrix_product.verify),
    "9j": (vector_harmonics, "square_9j", lambda rows: -square_9j(rows), vector_harmonics.verify),
    "factor": (vector_shifts, "factor", lambda path, shifts: Fraction(1), vector_harmonics.verify),
    "rule of the zeros": (vector_shifts, "unreached", lambda *a: False, vector_harmonics.verify),
    "contraction": (vector_shifts, "contraction_square", lambda *a: Fraction(0), vector_harmonics.verify),
    "fields": (single_vector_product, "SINGLE", ((0, 1, 1), (1, 0, 1), (1, 1, 1)), single_vector_product.verify),
    "norm": (clebsch_gordan_paths, "normalization_square", lambda path: Fraction(1), clebsch_gordan_paths.verify),
    "symmetry": (real_harmonics, "real_gaunt", lopsided, adjoints.verify),
    "cyclic trace": (adjoints, "trace_square", lambda path, m, n: Fraction(path[0]), adjoints.verify),
}


@pytest.mark.parametrize("name", VERIFIED)
def test_a_corrupted_number_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, wrong, verify = VERIFIED[name]
    assert verify(2) > 0
    monkeypatch.setattr(module, attribute, wrong)
    with pytest.raises(DoesNotHold):
        verify(2)

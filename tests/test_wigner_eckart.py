"""Reduced matrix elements in two normalizations: matrices made from them obey the laws of their operators."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import coupling
from coupling import exact, sphere
from coupling.exact import Surd
from coupling.numbers.compiled import FUNCTIONS

NORMALIZATIONS = ("edmonds", "rose")


def orders(j: Any) -> list[Fraction]:
    return [Fraction(m) - Fraction(j) for m in range(int(2 * j) + 1)]


def matrix(j1: Any, k: Any, j2: Any, q: Any, reduced: Surd, normalization: str) -> np.ndarray:
    """⟨j1 m1|T_kq|j2 m2⟩, rows m1 and columns m2 ascending."""
    elements = [
        [float(exact.wigner_eckart(j1, k, j2, m1, q, m2, normalization) * reduced) for m2 in orders(j2)]
        for m1 in orders(j1)
    ]
    return np.array(elements)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_matrices_of_the_angular_momentum_obey_its_algebra(normalization: str) -> None:
    for j in (0.5, 1, 1.5, 2, 3.5):
        reduced = exact.reduced_spin(j, normalization)
        lower, z, raised = (matrix(j, 1, j, q, reduced, normalization) for q in (-1, 0, 1))
        plus, minus = -np.sqrt(2) * raised, np.sqrt(2) * lower
        np.testing.assert_allclose(plus, minus.T, atol=1e-14)
        np.testing.assert_allclose(plus @ minus - minus @ plus, 2 * z, atol=1e-13)
        np.testing.assert_allclose(z, np.diag([float(m) for m in orders(j)]), atol=1e-14)
        casimir = z @ z + (plus @ minus + minus @ plus) / 2
        np.testing.assert_allclose(casimir, j * (j + 1) * np.eye(len(z)), atol=1e-13)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_matrix_elements_of_harmonics_are_their_integrals(normalization: str) -> None:
    """By quadrature of conj(Y1) Y2 Y3, all degrees to 3, those that do not couple too."""
    grid, met = sphere.gauss_legendre(9), 0
    values = sphere.harmonics(3, grid.theta, grid.phi, "complex")
    part = [values[:, l * l : (l + 1) ** 2] for l in range(4)]
    for l1, k, l2 in product(range(4), repeat=3):
        integrals = np.einsum("p,pa,pb,pc->abc", grid.weights, part[l1].conj(), part[k], part[l2])
        reduced = exact.reduced_harmonic(l1, k, l2, normalization)
        for place, q in enumerate(orders(k)):
            found = matrix(l1, k, l2, q, reduced, normalization)
            np.testing.assert_allclose(found, integrals[:, place], atol=1e-14)
            met += 1
    assert met == 4 * 4 * 16


def test_the_two_normalizations_and_the_sums_over_orders() -> None:
    """Edmonds: Σ over all orders is one; Rose: the Clebsch-Gordan coefficient; half-integer ranks change the sign."""
    met = 0
    for j1, k, j2 in product([Fraction(n, 2) for n in range(5)], repeat=3):
        total = Fraction(0)
        for m1, q, m2 in product(orders(j1), orders(k), orders(j2)):
            edmonds, rose = (exact.wigner_eckart(j1, k, j2, m1, q, m2, name) for name in NORMALIZATIONS)
            assert rose == exact.clebsch_gordan(j2, k, j1, m2, q, m1)
            assert rose == edmonds * Surd(-1 if (2 * k) % 2 else 1, int(2 * j1 + 1))
            total += edmonds.square
            met += bool(rose)
        assert total == (abs(j1 - j2) <= k <= j1 + j2 and (j1 + k + j2).denominator == 1)
    assert met == 293


def test_values_of_the_books() -> None:
    """Edmonds 5.4.3 and 5.4.5; Racah's C_k between spherical states."""
    assert [exact.reduced_spin(j) for j in (0, 0.5, 1)] == [Surd(0), Surd(1, 3, 2), Surd(1, 6)]
    assert exact.reduced_harmonic(0, 2, 2) == Surd(1, 5, 4, 1) and exact.reduced_harmonic(2, 2, 1) == 0
    for l in range(4):  # C_1 between neighbours: √(l+1), with the sign of the lower degree first
        found = exact.reduced_harmonic(l, 1, l + 1) * Surd(1, 4, 3, -1)
        assert found == Surd(-1, l + 1) and exact.reduced_harmonic(l + 1, 1, l) == -exact.reduced_harmonic(l, 1, l + 1)


@pytest.mark.parametrize("function", [exact.reduced_harmonic, exact.reduced_spin, exact.wigner_eckart])
def test_another_normalization_is_refused(function: Any) -> None:
    arguments = {"reduced_harmonic": (1, 1, 2), "reduced_spin": (1,), "wigner_eckart": (1, 1, 2, 0, 1, -1)}
    with pytest.raises(ValueError, match=r"^normalization must be one of edmonds, rose, got 'racah'$"):
        function(*arguments[function.__name__], "racah")


# -- floats ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_floats_are_the_exact_factors_rounded(normalization: str) -> None:
    """All degrees to 3/2 and orders, one by one and as an array, to the bit, before and after numba is loaded."""
    degrees = [Fraction(n, 2) for n in range(4)]
    rows = [(*js, *ms) for js in product(degrees, repeat=3) for ms in product(*map(orders, js))]
    wanted = np.array([float(exact.wigner_eckart(*row, normalization)) for row in rows])
    columns = np.array(rows, float).T
    found = coupling.wigner_eckart(*columns, normalization)
    assert found.tobytes() == wanted.tobytes() and np.count_nonzero(wanted) > 100
    assert [coupling.wigner_eckart(*row, normalization) for row in rows[::9]] == wanted[::9].tolist()
    FUNCTIONS.load()
    assert coupling.wigner_eckart(*columns, normalization).tobytes() == wanted.tobytes()
    assert coupling.wigner_eckart(1, 1, 1, 2, 1, 1, normalization, outside="zero") == 0


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_floats_are_the_exact_reduced_elements_rounded(normalization: str) -> None:
    l = np.arange(6)
    found = coupling.reduced_harmonic(l[:, None, None], l[:, None], l, normalization)
    wanted = [float(exact.reduced_harmonic(*row, normalization)) for row in product(range(6), repeat=3)]
    assert found.tobytes() == np.array(wanted).tobytes() and np.count_nonzero(found) > 50
    assert coupling.reduced_harmonic(3, 2, 1, normalization) == float(exact.reduced_harmonic(3, 2, 1, normalization))
    spins = np.arange(40) / 2
    assert coupling.reduced_spin(spins, normalization).tolist() == [
        float(exact.reduced_spin(j, normalization)) for j in spins
    ]
    assert coupling.reduced_spin(-1, normalization, outside="zero") == 0
    assert coupling.reduced_harmonic([-1, 1], 0, 1, normalization, outside="zero")[0] == 0
    for function, numbers in ((coupling.reduced_harmonic, (1, 0, 1)), (coupling.reduced_spin, (1,))):
        assert type(function(*numbers, normalization)) is float
        with pytest.raises(ValueError, match=r"^normalization must be one of edmonds, rose, got 'racah'$"):
            function(*numbers, "racah")

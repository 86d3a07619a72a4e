"""The sphere in floats: grids keep their promise, harmonics obey their definitions, quadrature gives the blocks."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import coupling
from coupling.conventions import BASES
from coupling.families import Family, family, records
from coupling.sphere import analysis, gauss_legendre, gradients, harmonics, lebedev, quadrature, synthesis
from coupling.sphere.grids import LEBEDEV_DEGREES

EVERYWHERE = np.linspace(0.01, np.pi - 0.01, 41)[:, None], np.linspace(-1, 7, 23)


def orders(lmax: int) -> np.ndarray:
    return np.array([m for l in range(lmax + 1) for m in range(-l, l + 1)])


def degrees(lmax: int) -> np.ndarray:
    return np.array([l for l in range(lmax + 1) for m in range(-l, l + 1)])


# -- grids ------------------------------------------------------------------------------------


@pytest.mark.parametrize("degree", range(16))
def test_gauss_legendre_is_exact_to_its_degree_and_no_further(degree: int) -> None:
    grid = gauss_legendre(degree)
    assert grid.shape == (-(-(degree + 1) // 2), degree + 1)
    assert len(grid) == grid.shape[0] * grid.shape[1]
    assert grid.weights.sum() == pytest.approx(4 * np.pi, rel=1e-14)
    integrals = grid.weights @ harmonics(degree + 1, grid.theta, grid.phi)
    inside = (degree + 1) ** 2
    np.testing.assert_allclose(integrals[:inside], np.sqrt(4 * np.pi) * (np.arange(inside) == 0), atol=1e-13)
    assert np.abs(integrals[inside:]).max() > 1e-3


@pytest.mark.parametrize("degree", LEBEDEV_DEGREES)
def test_lebedev_is_exact_to_its_degree(degree: int) -> None:
    """Zonal harmonics of all degrees about four axes in general position: the weights sum to 4π, the rest to zero."""
    grid = lebedev(degree)
    assert grid.degree == degree and grid.shape == (len(grid),)
    assert (grid.weights > 0).all()
    sine = np.sin(grid.theta)
    points = np.stack([sine * np.cos(grid.phi), sine * np.sin(grid.phi), np.cos(grid.theta)])
    axes = np.random.default_rng(degree).normal(size=(4, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    for cosines in axes @ points:
        integrals = grid.weights @ np.polynomial.legendre.legvander(np.clip(cosines, -1, 1), degree)
        np.testing.assert_allclose(integrals, 4 * np.pi * (np.arange(degree + 1) == 0), atol=2e-12)


def test_lebedev_takes_the_next_rule() -> None:
    reached = [lebedev(degree).degree for degree in range(132)]
    assert all(r in LEBEDEV_DEGREES and r >= d for d, r in enumerate(reached))
    assert sorted(set(reached)) == list(LEBEDEV_DEGREES)


def test_grids_cannot_be_changed() -> None:
    grid = gauss_legendre(3)
    with pytest.raises(AttributeError):
        grid.degree = 4  # type: ignore[misc]
    for array in (grid.theta, grid.phi, grid.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


# -- harmonics --------------------------------------------------------------------------------


def test_shapes_and_types() -> None:
    for shape in ((), (3,), (2, 5)):
        theta = np.full(shape, 0.7)
        assert harmonics(3, theta, 0.1).shape == (*shape, 16)
        assert gradients(3, theta, 0.1).shape == (2, *shape, 16)
    assert harmonics(2, 0.7, 0.1).dtype == gradients(2, 0.7, 0.1).dtype == float
    assert harmonics(2, 0.7, 0.1, "complex").dtype == gradients(2, 0.7, 0.1, "complex").dtype == complex
    assert harmonics(1, *EVERYWHERE).shape == (41, 23, 4)


def test_low_degrees_by_hand() -> None:
    """Degrees 0, 1 and 2 as polynomials in x, y, z; complex ones with the phase of Condon and Shortley."""
    theta, phi = np.broadcast_arrays(*EVERYWHERE)
    x, y, z = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)
    real = np.stack([np.sqrt(1 / 3) + 0 * x, y, z, x], -1) * np.sqrt(3 / (4 * np.pi))
    np.testing.assert_allclose(harmonics(1, theta, phi), real, atol=1e-15)
    second = np.stack([x * y, y * z, (3 * z**2 - 1) / np.sqrt(12), x * z, (x**2 - y**2) / 2], -1)
    np.testing.assert_allclose(harmonics(2, theta, phi)[..., 4:], second * np.sqrt(15 / (4 * np.pi)), atol=1e-15)
    raised = -np.sqrt(3 / (8 * np.pi)) * (x + 1j * y)
    np.testing.assert_allclose(harmonics(1, theta, phi, "complex")[..., 3], raised, atol=1e-15)


@pytest.mark.parametrize("basis", BASES)
def test_harmonics_are_orthonormal(basis: str) -> None:
    grid = gauss_legendre(40)
    h = harmonics(20, grid.theta, grid.phi, basis)
    np.testing.assert_allclose((h.conj().T * grid.weights) @ h, np.eye(441), atol=1e-13)


def test_conjugates_and_the_change_of_basis() -> None:
    """conj(Y_lm) = (-1)^m Y_l,-m, and R = U Y with U as the conventions write it."""
    lmax = 8
    y, r, m = harmonics(lmax, *EVERYWHERE, "complex"), harmonics(lmax, *EVERYWHERE), orders(lmax)
    mirror = np.arange((lmax + 1) ** 2) - 2 * m
    sign = 1 - 2 * (m % 2)
    np.testing.assert_allclose(y.conj(), sign * y[..., mirror], atol=1e-15)
    cosine = (y[..., mirror] + sign * y) / np.sqrt(2)
    sine = 1j * (y - sign * y[..., mirror]) / np.sqrt(2)
    np.testing.assert_allclose(r, np.select([m > 0, m < 0], [cosine, sine], y), atol=1e-14)


def test_addition_theorem() -> None:
    """Σ_m |Y_lm|² = (2l+1)/4π and Σ_m |∇Y_lm|² = l(l+1)(2l+1)/4π, each component half of it; the poles included."""
    theta = np.array([0.0, 1e-9, 0.4, np.pi / 2, 3.0, np.pi])
    lmax = 30
    for basis in BASES:
        value = np.abs(harmonics(lmax, theta, 0.3, basis)) ** 2
        slope = np.abs(gradients(lmax, theta, 0.3, basis)) ** 2
        for l in range(lmax + 1):
            part = slice(l * l, (l + 1) ** 2)
            expected = (2 * l + 1) / (4 * np.pi)
            np.testing.assert_allclose(value[:, part].sum(-1), expected, rtol=1e-12)
            np.testing.assert_allclose(slope[..., part].sum(-1), l * (l + 1) / 2 * expected, rtol=1e-11)


def test_gradients_are_derivatives() -> None:
    """∂θ by complex-free central differences, ∂φ/sin θ = i m Y/sin θ away from the poles."""
    lmax, (theta, phi) = 6, EVERYWHERE
    step = 1e-4
    shifts = np.array([1, -1, 2, -2]) * step
    inner = theta[1:-1]
    f = [harmonics(lmax, inner + s, phi, "complex") for s in shifts]
    difference = (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * step)
    np.testing.assert_allclose(gradients(lmax, inner, phi, "complex")[0], difference, atol=1e-10)
    y = harmonics(lmax, theta, phi, "complex")
    along = 1j * orders(lmax) * y / np.sin(theta)[..., None]
    np.testing.assert_allclose(gradients(lmax, theta, phi, "complex")[1], along, atol=1e-12)


@pytest.mark.parametrize("pole", [0.0, np.pi])
def test_gradients_at_the_poles_are_limits(pole: float) -> None:
    near = abs(pole - 1e-7)
    phi = np.linspace(0, 6, 7)
    for basis in BASES:
        np.testing.assert_allclose(gradients(9, pole, phi, basis), gradients(9, near, phi, basis), atol=1e-4)
        assert np.isfinite(gradients(9, pole, phi, basis)).all()


@pytest.mark.parametrize("basis", BASES)
def test_vector_harmonics_are_orthogonal(basis: str) -> None:
    """∫ ∇Y* · ∇Y' = l(l+1) δ and ∫ r·(∇Y* × ∇Y') = 0."""
    lmax = 10
    grid = gauss_legendre(2 * lmax)
    theta, phi = gradients(lmax, grid.theta, grid.phi, basis)
    left = np.stack([theta, phi]).conj() * grid.weights[:, None]
    dot = left[0].T @ theta + left[1].T @ phi
    cross = left[0].T @ phi - left[1].T @ theta
    np.testing.assert_allclose(dot, np.diag(degrees(lmax) * (degrees(lmax) + 1)), atol=1e-11)
    np.testing.assert_allclose(cross, 0, atol=1e-11)


# -- transforms -------------------------------------------------------------------------------


@pytest.mark.parametrize(("basis", "make"), [(b, g) for b in BASES for g in (gauss_legendre, lebedev)])
def test_analysis_inverts_synthesis(basis: str, make: object) -> None:
    lmax = 7
    grid = make(2 * lmax)  # type: ignore[operator]
    rng = np.random.default_rng(0)
    c = rng.normal(size=(2, 3, (lmax + 1) ** 2)) + (1j * rng.normal(size=64) if basis == "complex" else 0)
    values = synthesis(c, grid, basis)
    assert values.shape == (2, 3, len(grid))
    np.testing.assert_allclose(analysis(values, grid, lmax, basis), c, atol=1e-13)
    np.testing.assert_allclose(analysis(values, grid, 3, basis), c[..., :16], atol=1e-13)


def test_transforms_refuse_what_does_not_fit() -> None:
    grid = gauss_legendre(4)
    with pytest.raises(ValueError, match=r"coefficients must have length \(lmax\+1\)\^2, got shape \(5,\)"):
        synthesis(np.zeros(5), grid)
    with pytest.raises(ValueError, match="length"):
        synthesis(1.0, grid)
    with pytest.raises(ValueError, match="last axis of values must have the 15 points of the grid, got shape"):
        analysis(np.zeros(14), grid, 1)
    with pytest.raises(ValueError, match="lmax must be <= 4, the degree of the grid, got 5"):
        analysis(np.zeros(15), grid, 5)


# -- the definitions --------------------------------------------------------------------------

INTEGRALS = [record for record in records() if record.integrand is not None]
INTEGRALS += [family("gaunt:conj=1"), family("antisymmetric_gaunt:conj=2,3"), family("gradient_dot:conj=1,2")]


def test_every_integral_is_met() -> None:
    assert {record.name for record in INTEGRALS} >= {"gaunt", "antisymmetric_gaunt", "gradient_dot"}
    assert len(INTEGRALS) >= 6


@pytest.mark.parametrize(("family", "basis"), list(product(INTEGRALS, BASES)), ids=str)
def test_quadrature_of_the_definition_is_the_block(family: Family, basis: str, lmax: int) -> None:
    """All triples of degrees, those that do not couple included."""
    met = 0
    for l in product(range(lmax + 1), repeat=3):
        by_quadrature, block = quadrature(family, *l, basis), coupling.block(family, *l, basis)
        assert by_quadrature.dtype == (complex if basis == "complex" else float)
        np.testing.assert_allclose(by_quadrature, block, atol=1e-13, rtol=1e-12)
        met += 1
    assert met == (lmax + 1) ** 3


@pytest.mark.parametrize("family", ["gaunt", "antisymmetric_gaunt"])
def test_real_factors_are_positive(family: str, lmax: int) -> None:
    """In the real basis the integral is a positive multiple of C: no sign table."""
    met = 0
    parity = family == "antisymmetric_gaunt"
    for l in product(range(lmax + 1), repeat=3):
        if 2 * max(l) <= sum(l) and sum(l) % 2 == parity:
            core = coupling.block("wigner_3j", *l)
            ratio = (quadrature(family, *l) * core).sum()
            assert ratio == pytest.approx(coupling.normalization(family, lmax)[l], rel=1e-12)
            assert ratio > 0
            met += 1
    assert met == sum(2 * max(l) <= sum(l) and sum(l) % 2 == parity for l in product(range(lmax + 1), repeat=3))


def test_gradient_dot_pairing_adds_nothing(lmax: int) -> None:
    """∫ R1 ∇R2·∇R3 dΩ = ½ [l2(l2+1) + l3(l3+1) - l1(l1+1)] ∫ R1 R2 R3 dΩ."""
    grid = gauss_legendre(3 * lmax)
    value, slope = harmonics(lmax, grid.theta, grid.phi), gradients(lmax, grid.theta, grid.phi)
    pairing = sum(np.einsum("pa,pb,pc->abc", value * grid.weights[:, None], s, s, optimize=True) for s in slope)
    triple = np.einsum("pa,pb,pc->abc", value * grid.weights[:, None], value, value, optimize=True)
    casimir = degrees(lmax) * (degrees(lmax) + 1)
    factor = (casimir[None, :, None] + casimir[None, None, :] - casimir[:, None, None]) / 2
    np.testing.assert_allclose(pairing, factor * triple, atol=1e-11)
    assert pairing.shape == ((lmax + 1) ** 2,) * 3

"""Harmonics of vectors: the definition, exact polynomials with their derivatives, and the errors that are stated."""

from __future__ import annotations

from functools import cache
from itertools import product
from math import comb, factorial, pi
from typing import Any

import numpy as np
import pytest
import sympy as sp

from coupling.backends.array_api.harmonics import lowered, solid_harmonics, tangent_of_solid, unit_vectors
from coupling.sphere import (
    angles,
    cartesian_gradients,
    cartesian_harmonics,
    cartesian_hessians,
    gradients,
    harmonics,
    random_rotation,
    rotation_matrix,
)
from coupling.sphere.cartesian import LARGEST
from coupling.sphere.solid import solid_tables

X = sp.symbols("x y z")
FACTOR = {
    "integral": lambda l: 1.0 + 0 * l,
    "component": lambda l: (4 * pi) ** 0.5 + 0 * l,
    "norm": lambda l: (4 * pi / (2 * l + 1)) ** 0.5,
}
EPSILON = {np.float64: 2.0**-52, np.float32: 2.0**-23}


def degrees(lmax: int) -> np.ndarray:
    return np.repeat(np.arange(lmax + 1), 2 * np.arange(lmax + 1) + 1)


def bound(lmax: int, normalization: str, epsilon: float) -> np.ndarray:
    """The error that is stated for unit vectors, for each harmonic."""
    l = degrees(lmax)
    return (l + 1) ** 2 * epsilon * FACTOR[normalization](l) * np.sqrt((2 * l + 1) / (4 * pi))


def directions() -> np.ndarray:
    """Random ones, the axes, and some ever nearer to both poles and to the equator."""
    random = np.random.default_rng(1)
    near = np.geomspace(1e-12, 1, 40)
    theta = np.concatenate([near, pi - near, pi / 2 + near, random.uniform(0, pi, 40)])
    phi = random.uniform(-pi, pi, len(theta))
    points = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
    return np.concatenate([points, np.eye(3), -np.eye(3)])


# -- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("normalization", FACTOR)
@pytest.mark.parametrize("dtype", EPSILON)
@pytest.mark.parametrize("lmax", [0, 1, 2, 3, 12, 40, 128])
def test_values_are_the_harmonics_of_the_direction(lmax: int, dtype: Any, normalization: str) -> None:
    v = (directions() * np.geomspace(1e-3, 1e3, len(directions()))[:, None]).astype(dtype)
    found = cartesian_harmonics(v, lmax, normalization=normalization)
    expected = harmonics(lmax, *angles(v)) * FACTOR[normalization](degrees(lmax))
    assert found.dtype == dtype and found.shape == (len(v), (lmax + 1) ** 2)
    assert (abs(found - expected) <= bound(lmax, normalization, EPSILON[dtype])).all()
    if lmax < 20:
        solid = cartesian_harmonics(v, lmax, normalization=normalization, solid=True)
        scale = np.linalg.norm(v.astype(float), axis=1)[:, None] ** degrees(lmax)
        assert (abs(solid - expected * scale) <= bound(lmax, normalization, EPSILON[dtype]) * scale).all()


def test_values_at_the_largest_degree() -> None:
    lmax, v = LARGEST["float64"], directions()[::8]
    error = abs(cartesian_harmonics(v, lmax) - harmonics(lmax, *angles(v)))
    assert (error <= bound(lmax, "integral", 2.0**-52)).all()
    for dtype, largest in LARGEST.items():
        with pytest.raises(ValueError, match=f"<= {largest}"):
            cartesian_harmonics(np.ones(3, dtype), largest + 1)


# -- derivatives, against polynomials that are differentiated exactly ---------------------------


@cache
def polynomials(lmax: int) -> list[sp.Poly]:
    """|v|^l R_lm √(4π/(2l+1)) without its square root: the square of what is missing is :func:`missing`."""
    return [polynomial(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]


def polynomial(l: int, m: int) -> sp.Poly:
    n, (x, y, z) = abs(m), X
    total = sp.Integer(0)
    for k in range((l - n) // 2 + 1):
        c = (-1) ** k * comb(l, k) * comb(2 * l - 2 * k, l) * factorial(l - 2 * k) // factorial(l - 2 * k - n)
        total += sp.Rational(c, 2**l) * (x**2 + y**2 + z**2) ** k * z ** (l - 2 * k - n)
    powers = range(1, n + 1, 2) if m < 0 else range(0, n + 1, 2)
    turned = sum((-1) ** (k // 2) * comb(n, k) * x ** (n - k) * y**k for k in powers)
    return sp.Poly(sp.expand(total * turned), *X)


def missing(lmax: int) -> np.ndarray:
    """√(2 (l-|m|)!/(l+|m|)!), 1 for m = 0."""
    orders = [(l, abs(m)) for l in range(lmax + 1) for m in range(-l, l + 1)]
    return np.array([(2 * factorial(l - m) / factorial(l + m)) ** 0.5 if m else 1.0 for l, m in orders])


def derivative(lmax: int, axes: tuple[int, ...], point: tuple[int, ...]) -> np.ndarray:
    """A derivative of all polynomials, in rationals, at an integer point."""
    found = [p.diff(*(X[axis] for axis in axes)) if axes else p for p in polynomials(lmax)]
    return np.array([float(p(*point)) for p in found]) * missing(lmax)


POINTS = [(1, 2, 3), (-3, 1, -2), (0, 0, 2), (0, -1, 0), (5, 0, 1)]


def test_solid_harmonics_and_derivatives_are_exact_polynomials() -> None:
    lmax, l, met = 6, degrees(6), 0
    values, first, second = cartesian_hessians(POINTS, lmax, normalization="norm", solid=True)
    for n, point in enumerate(POINTS):
        scale = np.linalg.norm(point) ** l * (l + 1) ** 2 * 2.0**-52
        np.testing.assert_array_less(abs(values[n] - derivative(lmax, (), point)), scale + 1e-300)
        for i in range(3):
            assert (abs(first[n, i] - derivative(lmax, (i,), point)) <= scale * (l + 1)).all()
            for j in range(3):
                assert (abs(second[n, i, j] - derivative(lmax, (i, j), point)) <= scale * (l + 1) ** 2).all()
                met += 1
    assert met == 9 * len(POINTS)


def of_the_direction(values: Any, first: Any, second: Any, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of S(v) |v|^-l by the product rule, from those of S."""
    l, r = degrees(6), np.linalg.norm(v)
    power, one = r ** (-1.0 * l), np.eye(3)
    slope = -l * power / r**2  # ∂i |v|^-l = slope v_i
    curve = l * (l + 2) * power / r**4
    gradient = first * power + values * slope * v[:, None]
    hessian = second * power + np.einsum("i,jk->ijk", v, first * slope) + np.einsum("j,ik->ijk", v, first * slope)
    hessian += values * (slope * one[..., None] + curve * np.einsum("i,j->ij", v, v)[..., None])
    return gradient, hessian


def test_derivatives_of_spherical_harmonics_are_those_of_their_polynomials() -> None:
    lmax, l, met = 6, degrees(6), 0
    _, found, curved = cartesian_hessians(POINTS, lmax, normalization="norm")
    for n, point in enumerate(POINTS):
        exact = [derivative(lmax, (), point), *(np.array([derivative(lmax, (i,), point) for i in range(3)]),)]
        second = np.array([[derivative(lmax, (i, j), point) for j in range(3)] for i in range(3)])
        gradient, hessian = of_the_direction(*exact, second, np.array(point, float))
        r = np.linalg.norm(point)
        assert (abs(found[n] - gradient) <= (l + 1) ** 3 * 2.0**-51 / r).all()
        assert (abs(curved[n] - hessian) <= (l + 1) ** 4 * 2.0**-51 / r**2).all()
        met += 1
    assert met == len(POINTS)


@pytest.mark.parametrize("lmax", [3, 40])
def test_gradients_are_the_surface_gradients(lmax: int) -> None:
    v, l = directions() * 2.5, degrees(lmax)
    theta, phi = angles(v)
    e_theta = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)], -1)
    e_phi = np.stack([-np.sin(phi), np.cos(phi), 0 * phi], -1)
    along, across = gradients(lmax, theta, phi)
    expected = (e_theta[..., None] * along[:, None] + e_phi[..., None] * across[:, None]) / 2.5
    _, found = cartesian_gradients(v, lmax)
    assert (abs(found - expected) <= (l + 1) * bound(lmax, "integral", 2.0**-52) / 2.5).all()


@pytest.mark.parametrize("dtype", EPSILON)
def test_identities_of_derivatives(dtype: Any) -> None:
    """Euler's for both kinds, ΔS = 0, ΔY = -l(l+1) Y/|v|², and symmetric Hessians, to the stated errors."""
    lmax, v, epsilon = 12, (directions() * 1.5).astype(dtype), EPSILON[dtype]
    l, error = degrees(12), bound(12, "component", EPSILON[dtype])
    for solid in (False, True):
        values, first, second = cartesian_hessians(v, lmax, normalization="component", solid=solid)
        scale = 1.5**l if solid else 1.0
        euler = np.einsum("ni,nik->nk", v, first) - (l * values if solid else 0)
        trace = np.einsum("niik->nk", second) + (0 if solid else l * (l + 1) / 1.5**2 * values)
        assert (abs(euler) <= 8 * (l + 1) * error * scale + epsilon).all()
        assert (abs(trace) <= 8 * (l + 1) ** 2 * error * scale).all()
        assert (abs(second - second.swapaxes(1, 2)) <= 4 * (l + 1) ** 2 * error * scale).all()
    turn = random_rotation(np.random.default_rng(0)).astype(dtype)
    turned = cartesian_harmonics(v @ turn.T, lmax, normalization="component")
    moved = cartesian_harmonics(v, lmax, normalization="component") @ rotation_matrix(turn, lmax).T
    assert (abs(turned - moved) <= 4 * error).all()


# -- vectors of every kind ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", EPSILON)
def test_the_zero_vector(dtype: Any) -> None:
    short = np.finfo(dtype).smallest_subnormal
    v = np.array([[0, 0, 0], [short, 0, -short], [0, 0, 1]], dtype)
    values, first, second = cartesian_hessians(v, 4, normalization="norm")
    assert (values[:, 0] == 1).all() and not values[:2, 1:].any() and values[2, 1:].any()
    assert not first[:2].any() and not second[:2].any() and np.isfinite(second).all()
    values, first, second = cartesian_hessians(v[:1], 4, normalization="norm", solid=True)
    assert (np.flatnonzero(first[0, 2]) == [2]).all() and (np.flatnonzero(values[0]) == [0]).all()
    assert set(np.flatnonzero(abs(second[0]).sum((0, 1)))) == {4, 5, 6, 7, 8}


@pytest.mark.parametrize("dtype", EPSILON)
def test_lengths_do_not_matter(dtype: Any) -> None:
    unit = np.random.default_rng(3).uniform(0.1, 1, (50, 3)).astype(dtype)
    size = np.geomspace(1e-300, 1e300, 50) if dtype == np.float64 else np.geomspace(1e-37, 1e37, 50)
    powers = 2.0 ** np.round(np.log2(size))[:, None]
    values, first = cartesian_gradients(unit, 5)
    other, scaled = cartesian_gradients((unit * powers).astype(dtype), 5)
    np.testing.assert_array_equal(other, values)
    np.testing.assert_allclose(scaled * powers[..., None], first, rtol=2 * EPSILON[dtype])


def test_shapes_types_and_order_of_bytes() -> None:
    v = np.random.default_rng(2).standard_normal((2, 3, 5, 3))
    whole = cartesian_hessians(v, 3)
    assert [part.shape for part in whole] == [(2, 3, 5, 16), (2, 3, 5, 3, 16), (2, 3, 5, 3, 3, 16)]
    assert all(part.flags.c_contiguous for part in whole)
    for index in product(range(2), range(3), range(5)):
        for part, one in zip(whole, cartesian_hessians(v[index], 3), strict=True):
            np.testing.assert_array_equal(part[index], one)
    for other in (v.astype(">f8"), np.asfortranarray(v), np.moveaxis(np.moveaxis(v, -1, 0).copy(), 0, -1)):
        np.testing.assert_array_equal(cartesian_harmonics(other, 3), whole[0])
    assert cartesian_harmonics(v.astype(">f4"), 1).dtype == np.float32
    assert cartesian_harmonics([1, 2, 3], 1).dtype == cartesian_harmonics(np.ones(3, np.float16), 1).dtype == float
    assert [part.shape for part in cartesian_gradients(np.ones((0, 3)), 2)] == [(0, 9), (0, 3, 9)]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\|v\|\^l is beyond float32 for l = 20"):
        cartesian_harmonics(np.full(3, 1e3, np.float32), 20, solid=True)
    with pytest.raises(ValueError, match="normalization must be one of integral, component, norm, got 'schmidt'"):
        cartesian_harmonics([1, 0, 0], 1, normalization="schmidt")
    with pytest.raises(TypeError, match="solid must be True or False, got 'yes'"):
        cartesian_harmonics([1, 0, 0], 1, solid="yes")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"shape \[..., 3\], got \(4,\)"):
        cartesian_harmonics(np.ones(4), 1)


# -- the same in the arrays of any framework, here those of numpy ---------------------------------


@pytest.mark.parametrize("normalization", FACTOR)
@pytest.mark.parametrize("lmax", [0, 1, 2, 6, 20])
def test_the_array_program_has_the_values_and_derivatives_of_the_kernels(lmax: int, normalization: str) -> None:
    v, g = directions()[::3] * 1.25, np.random.default_rng(lmax).standard_normal(3)
    values, first = cartesian_gradients(v, lmax, normalization=normalization, solid=True)
    scale = 8 * bound(lmax, normalization, 2.0**-52) * 1.25 ** degrees(lmax) + 1e-300
    found = solid_harmonics(np, v, lmax, normalization)
    given = solid_harmonics(np, v, lmax, normalization, solid_tables(lmax, normalization, "float64")[:2])
    assert found.shape == (len(v), (lmax + 1) ** 2) and (found == given).all()
    assert (abs(found - values) <= scale).all()
    assert solid_harmonics(np, v.astype(np.float32), lmax, normalization).dtype == np.float32
    assert (solid_harmonics(np, v, 0, normalization, ([7.0], [0.0])) == 7).all()  # what is given is taken
    below = found[:, : max(lmax, 1) ** 2]
    tangent = tangent_of_solid(below, lmax, normalization, np.broadcast_to(g, v.shape), np.asarray)
    assert (abs(tangent - np.einsum("i,nik->nk", g, first)) <= 2 * (lmax + 1) * scale).all()
    cotangents = np.random.default_rng(1).standard_normal(found.shape)
    back = lowered(cotangents, lmax, normalization, np.broadcast_to(g, v.shape), np.asarray)
    assert back.shape == below.shape
    total, expected = (back * below).sum(-1), (cotangents * tangent).sum(-1)
    assert np.allclose(total, expected, rtol=0, atol=1e-13 * abs(cotangents * tangent).sum(-1).max() + 1e-300)


def test_unit_vectors_of_the_array_program() -> None:
    v = np.array([[[3.0, 0, 4], [0, 0, 0]], [[0, -0.5, 0], [1e-100, 0, 0]]])
    unit, inverse = unit_vectors(np, v)
    np.testing.assert_array_equal(unit, [[[0.6000000000000001, 0, 0.8], [0, 0, 0]], [[0, -1, 0], [1, 0, 0]]])
    np.testing.assert_array_equal(inverse[..., 0], [[0.2, 0], [2, 1e100]])


def test_the_benchmark_compares_values_before_it_times() -> None:
    pytest.importorskip("sphericart")
    from benchmarks import harmonics as benchmark

    for dtype in (np.float64, np.float32):
        line = benchmark.row(3, dtype, 50)
        assert "differ" not in line and line.count("/") == 3
    values = cartesian_harmonics(POINTS, 2)
    assert benchmark.agree([values], [values]) and not benchmark.agree([values], [values[:, ::-1]])
    assert not benchmark.agree([values], [values * (1 + 1e-6)])

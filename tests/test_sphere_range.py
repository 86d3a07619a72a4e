"""The functions of `coupling.sphere` at both ends of their range, and what they accept as angles."""

from __future__ import annotations

import tracemalloc
from functools import cache
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy.special import sph_harm_y_all

from coupling.conventions import BASES
from coupling.memory import physical_memory
from coupling.sphere import (
    analysis,
    angles,
    gauss_legendre,
    gradients,
    harmonics,
    lebedev,
    quadrature,
    random_rotation,
    rotation_matrix,
    synthesis,
)
from coupling.sphere.grids import Grid, gauss_points
from coupling.sphere.harmonics import CHUNK, WORK
from coupling.sphere.legendre import LARGEST, legendre

NEAR_A_POLE, ANYWHERE = 3e-3, 2.4
ERROR = 1e-15  # of a value relative to √((2l+1)/4π), as the docstring says
ORDERS = (0, 1, 2, 7, 30, 100, 645, 646, 3000, 6700, 9999, 10_000)
DEGREES = (0, 1, 2, 7, 100, 645, 646, 1000, 5000, 9999, 10_000)


@cache
def column(m: int, theta: float, lmax: int) -> dict[int, mpmath.mpf]:
    """P_lm(θ), l = m … lmax, without Condon-Shortley sign, by the textbook recurrence with 300 bits."""
    with mpmath.workprec(300):
        x, sine = mpmath.cos(mpmath.mpf(theta)), mpmath.sin(mpmath.mpf(theta))
        before, value = mpmath.mpf(0), mpmath.sqrt(mpmath.mpf(1) / (4 * mpmath.pi))
        for k in range(1, m + 1):
            value *= sine * mpmath.sqrt(mpmath.mpf(2 * k + 1) / (2 * k))
        values, ratio = {m: value}, mpmath.mpf(0)
        for l in range(m + 1, lmax + 1):
            a = mpmath.sqrt(mpmath.mpf(4 * l * l - 1) / (l * l - m * m))
            before, value, ratio = value, a * (x * value - ratio * before), 1 / a
            values[l] = value
    return values


def exact(l: int, m: int, theta: float, phi: float, lmax: int) -> tuple[float, float, float]:
    """R_lm, ∂θ R_lm and ∂φ R_lm / sin θ."""
    k, p = abs(m), column(abs(m), theta, lmax)
    with mpmath.workprec(300):
        x, sine, turn = mpmath.cos(mpmath.mpf(theta)), mpmath.sin(mpmath.mpf(theta)), k * mpmath.mpf(phi)
        wave = (mpmath.cos(turn), -mpmath.sin(turn)) if m >= 0 else (mpmath.sin(turn), mpmath.cos(turn))
        scale = mpmath.sqrt(2) if m else mpmath.mpf(1)
        lower = mpmath.sqrt(mpmath.mpf((2 * l + 1) * (l * l - k * k)) / (2 * l - 1)) * p[l - 1] if l > k else 0
        slope = (l * x * p[l] - lower) / sine
        values = (p[l] * wave[0], slope * wave[0], k * p[l] / sine * wave[1])
        return tuple(float(scale * value) for value in values)  # type: ignore[return-value]


def test_the_reference_is_the_legendre_function_of_mpmath() -> None:
    met = 0
    for l, m in ((3, 0), (5, 2), (12, 12), (40, 7)):
        with mpmath.workprec(300):
            norm = mpmath.sqrt((2 * l + 1) / (4 * mpmath.pi) * mpmath.factorial(l - m) / mpmath.factorial(l + m))
            wanted = abs(norm * mpmath.legenp(l, m, mpmath.cos(mpmath.mpf(0.7))))
            assert abs(abs(column(m, 0.7, 40)[l]) - wanted) < mpmath.mpf(2) ** -280
        met += 1
    assert met == 4


def check_degrees(lmax: int, theta: float, phi: float, error: float, orders: tuple[int, ...] = ORDERS) -> int:
    """Compare values and gradients with mpmath, at all orders ±m of the lists, and with the addition theorem."""
    value, slope = harmonics(lmax, theta, phi), gradients(lmax, theta, phi)
    met = 0
    for l in [l for l in DEGREES if l <= lmax]:
        size = np.sqrt((2 * l + 1) / (4 * np.pi))
        for m in sorted({sign * m for m in orders if m <= l for sign in (1, -1)} | ({l, -l} if l <= 1000 else set())):
            wanted = exact(l, m, theta, phi, lmax)
            at = l * l + l + m
            assert abs(value[at] - wanted[0]) <= error * size, (l, m)
            for got, right in zip(slope[:, at], wanted[1:], strict=True):
                assert abs(got - right) <= error * size * np.sqrt(l * (l + 1)), (l, m)
            met += 1
    for l in range(lmax + 1):
        part = slice(l * l, (l + 1) ** 2)
        assert abs(value[part] @ value[part] * 4 * np.pi / (2 * l + 1) - 1) < 20 * error, l
    return met


@pytest.mark.parametrize("theta", [1e-9, 1e-5, NEAR_A_POLE, 0.1, 0.7, 1.5, 1.57, ANYWHERE, 3.1, np.pi - 1e-4])
@pytest.mark.parametrize("phi", [0.3, -1e6])
def test_values_and_gradients_to_degree_1000(theta: float, phi: float) -> None:
    assert check_degrees(1000, theta, phi, ERROR) == 72


@pytest.mark.parametrize("theta", [ANYWHERE, pytest.param(NEAR_A_POLE, marks=pytest.mark.slow)])
def test_values_and_gradients_to_the_last_degree(theta: float) -> None:
    assert check_degrees(LARGEST, theta, 0.3, ERROR, (0, 1, 646, 6700, 10_000)) == 57


def test_without_a_long_double_the_error_is_degree_times_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on machines whose long double is a double: powers of two are carried then, or P_mm would vanish."""
    import sys

    for module in ("legendre", "harmonics", "grids"):
        monkeypatch.setattr(sys.modules[f"coupling.sphere.{module}"], "LONG", np.float64)
    for theta in (NEAR_A_POLE, 0.1, 1.5, ANYWHERE):
        assert check_degrees(1000, theta, 0.3, 1000 * np.finfo(float).eps) == 72
    theta, weights = gauss_points(300)
    assert theta.dtype == weights.dtype == np.float64
    monkeypatch.undo()
    np.testing.assert_allclose(theta, gauss_points(300)[0], rtol=3e-14)
    np.testing.assert_allclose(weights, gauss_points(300)[1], rtol=3e-13)


@pytest.mark.parametrize("basis", BASES)
def test_low_degrees_are_those_of_scipy(basis: str) -> None:
    lmax, theta = 40, np.concatenate([[0.0, 1e-200, np.pi], np.linspace(0.01, 3.13, 50)])
    y, own, met = sph_harm_y_all(lmax, lmax, theta, 0.7), harmonics(lmax, theta, 0.7, basis), 0
    for l in range(lmax + 1):
        for m in range(-l, l + 1):
            if basis == "complex":
                wanted = y[l, m]
            else:
                wanted = y[l, abs(m)] * np.sqrt(2) * (1 - 2 * (m % 2)) if m else y[l, 0]
                wanted = wanted.imag if m < 0 else wanted.real
            np.testing.assert_allclose(own[:, l * l + l + m], wanted, atol=1e-13)
            met += 1
    assert met == (lmax + 1) ** 2


def test_at_the_poles_only_order_zero_is_left() -> None:
    for theta, sign in ((0.0, 1), (np.pi, -1)):
        value = harmonics(700, theta, 0.3)
        l = np.arange(701)
        np.testing.assert_allclose(value[l * l + l], np.sqrt((2 * l + 1) / (4 * np.pi)) * sign**l, rtol=1e-15)
        value[l * l + l] = 0
        assert abs(value).max() < 1e-11  # float64 π is 1.2e-16 away from the pole
        assert value.any() == (sign < 0)


def test_a_batch_is_its_points() -> None:
    """Points are treated in parts; shapes broadcast."""
    lmax = 30
    theta, phi = np.linspace(0, np.pi, 2 * CHUNK // lmax + 7)[:, None], np.array([0.1, 5.0])
    for function in (harmonics, gradients):
        whole = function(lmax, theta, phi)
        for i in (0, CHUNK // (lmax + 1) // 2, len(theta) - 1):
            for j in range(2):
                np.testing.assert_array_equal(whole[..., i, j, :], function(lmax, theta[i, 0], phi[j]))
    assert harmonics(4, np.empty((0, 3)), 0.1).shape == (0, 3, 25)


# -- limits -----------------------------------------------------------------------------------


def test_degrees_beyond_the_range_are_refused() -> None:
    too_large = r"^lmax must be <= 10000 for functions on the sphere, got 10001$"
    for function in (harmonics, gradients):
        with pytest.raises(ValueError, match=too_large):
            function(LARGEST + 1, 0.1, 0.1)
    with pytest.raises(ValueError, match=too_large):
        rotation_matrix(np.eye(3), LARGEST + 1)
    with pytest.raises(ValueError, match=too_large):
        analysis(np.zeros(1), gauss_legendre(0), LARGEST + 1)
    with pytest.raises(ValueError, match=r"^degree of the grid must be <= 20000 .*, got 20001$"):
        gauss_legendre(2 * LARGEST + 1)
    with pytest.raises(ValueError, match=r"^degree of the grid must be <= 131 for a Lebedev rule, got 132$"):
        lebedev(132)


def test_what_does_not_fit_is_refused_before_it_is_allocated() -> None:
    n = physical_memory() // (8 * (LARGEST + 1) ** 2) + 1
    line = np.broadcast_to(0.3, n)
    for function, components in ((harmonics, 1), (gradients, 2)):
        for basis, size in (("real", 8), ("complex", 16)):
            least = components * size * n * (LARGEST + 1) ** 2
            with pytest.raises(MemoryError, match=rf"^harmonics to lmax 10000 at {n} points needs \d+ bytes") as caught:
                function(LARGEST, line, 0.1, basis)
            assert least < int(str(caught.value).split(" needs ")[1].split()[0]) < 1.1 * least + 1e8
    with pytest.raises(MemoryError, match=r"^the rotation of features to lmax 10000 needs \d+ bytes"):
        rotation_matrix(np.eye(3), LARGEST)
    with pytest.raises(MemoryError, match=r"^quadrature for the degrees \(5000, 5000, 5000\) needs \d+ bytes"):
        quadrature("gaunt", 5000, 5000, 5000)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize(("lmax", "n"), [(0, 50_000), (3, 5000), (40, 500), (1500, 1)])
def test_the_memory_that_is_stated_is_enough(basis: str, lmax: int, n: int) -> None:
    for function in (harmonics, gradients):
        theta = np.linspace(0, 3, n)
        tracemalloc.start()
        result = function(lmax, theta, 0.1, basis)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result.nbytes <= peak <= result.nbytes + WORK * max(CHUNK, lmax + 1) + 64 * n


# -- angles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8", "g"])
def test_the_poles_in_every_dtype(dtype: str) -> None:
    """float32 π is larger than π."""
    theta = np.linspace(0, np.pi, 5).astype(dtype)
    assert dtype[-2:] != "f4" or float(theta[-1]) > np.pi
    nearest = np.minimum(theta.astype(float), np.pi)
    for function in (harmonics, gradients):
        result = function(3, theta, np.array(0.5, dtype))
        assert result.dtype == np.float64
        np.testing.assert_array_equal(result, function(3, nearest, 0.5))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_roundings_outside_are_moved_to_the_pole_and_no_more(dtype: str) -> None:
    last, ulp = np.dtype(dtype).type(np.pi), float(np.spacing(np.dtype(dtype).type(np.pi)))
    for steps in range(4):
        outside = np.dtype(dtype).type(float(last) + steps * ulp)
        np.testing.assert_array_equal(harmonics(4, outside, 0.5), harmonics(4, min(float(outside), np.pi), 0.5))
        np.testing.assert_array_equal(harmonics(4, -outside + last, 0.5), harmonics(4, 0.0, 0.5))
    for wrong in (np.dtype(dtype).type(float(last) + 8 * ulp), np.dtype(dtype).type(-8 * ulp)):
        for function in (harmonics, gradients):
            with pytest.raises(ValueError, match=r"^theta must lie in 0 \.\.\. pi, got -?\d"):
                function(2, wrong, 0.1)


def test_integers_are_angles() -> None:
    for integer in (np.array([0, 1, 3]), [0, 1, 3], np.array([0, 1, 3], ">i2"), np.array([0, 1, 3], object)):
        np.testing.assert_array_equal(harmonics(3, integer, 1), harmonics(3, [0.0, 1.0, 3.0], 1.0))
    with pytest.raises(ValueError, match=r"^theta must lie in 0 \.\.\. pi, got 4\.0$"):
        harmonics(3, 4, 1)


def test_what_is_no_angle_is_refused() -> None:
    met = 0
    for function in (harmonics, gradients):
        for value in (float("nan"), float("inf"), np.float32("nan"), np.longdouble("1e4000"), [0.1, -np.inf]):
            with pytest.raises(ValueError, match=r"^theta must be finite, got (nan|-?inf)$"):
                function(2, value, 0.1)
            with pytest.raises(ValueError, match=r"^phi must be finite, got (nan|-?inf)$"):
                function(2, 0.1, value)
            met += 1
        for value in (True, 0.1j, "0.1", np.array([True]), np.array(["0.1", 0.1], object), np.datetime64("2020-01-01")):
            with pytest.raises(TypeError, match=r"^theta must be real numbers, got dtype "):
                function(2, value, 0.1)
            with pytest.raises(TypeError, match=r"^phi must be real numbers, got dtype "):
                function(2, 0.1, value)
            met += 1
    assert met == 22


def test_vectors_that_have_a_direction() -> None:
    v = np.array([[0.3, -0.2, 0.5], [0, 0, -1], [1e-300, 0, 0], [1e300, 1e300, 1e300]])
    theta, phi = angles(v)
    np.testing.assert_allclose(np.tan(phi[[0, 3]]), [-2 / 3, 1], rtol=1e-15)
    np.testing.assert_allclose(theta, [np.arctan2(np.hypot(0.3, 0.2), 0.5), np.pi, np.pi / 2, np.arctan(np.sqrt(2))])
    for dtype in ("f4", ">f8", "g"):
        np.testing.assert_array_equal(angles(v[:2].astype(dtype)), angles(v[:2].astype(dtype).astype(float)))
    with pytest.raises(ValueError, match=r"^vectors must not have length zero: the zero vector has no direction$"):
        angles([[1.0, 0, 0], [0, 0, 0]])
    with pytest.raises(ValueError, match=r"^vectors must be finite, got nan$"):
        angles([1.0, np.nan, 0])
    with pytest.raises(ValueError, match=r"^vectors must have shape \[\.\.\., 3\], got \(2,\)$"):
        angles([1.0, 2.0])


# -- grids ------------------------------------------------------------------------------------


def gauss_point(n: int, start: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """The root θ of P_n(cos θ) next to start and its weight, with 200 bits."""
    with mpmath.workprec(200):
        theta = mpmath.mpf(start)
        for _ in range(3):
            x, before, value = mpmath.cos(theta), mpmath.mpf(0), mpmath.mpf(1)
            for l in range(n):
                before, value = value, ((2 * l + 1) * x * value - l * before) / (l + 1)
            slope = -n * (before - x * value) / mpmath.sin(theta)
            theta -= value / slope
        return theta, 2 / slope**2


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 10, 63, 1000])
def test_points_and_weights_are_right_to_a_rounding(n: int) -> None:
    theta, weights = gauss_points(n)
    assert len(theta) == len(weights) == n
    assert all(a < b for a, b in pairwise(theta))
    np.testing.assert_array_equal(weights, weights[::-1])
    for k in sorted({0, 1 % n, n // 3, n // 2, n - 1}):
        wanted, weight = gauss_point(n, theta[k])
        assert abs(theta[k] - wanted) <= 1.2e-16 * wanted
        assert abs(weights[k] - weight) <= 4e-16 * weight


def test_a_large_rule_integrates_all_its_degrees() -> None:
    """Σ_k w_k P_l(cos θ_k) = 2 δ_l0 to degree 2n - 1 = 3999, and the next one not."""
    n = 2000
    theta, weights = gauss_points(n)
    sums = np.array([float(row[0] @ weights) / np.sqrt(2 * l + 1) for l, row in enumerate(legendre(2 * n, theta, 0))])
    sums *= np.sqrt(4 * np.pi)
    # θ is rounded: 2n roundings at each point, which add up at random to √n / n of that
    np.testing.assert_allclose(sums[: 2 * n], 2.0 * (np.arange(2 * n) == 0), atol=2 * np.sqrt(n) * 1.2e-16)
    assert abs(sums[2 * n]) > 1e-5


# -- transforms and rotations -----------------------------------------------------------------


@pytest.mark.parametrize("basis", BASES)
def test_transforms_at_a_large_degree(basis: str) -> None:
    """One harmonic of degree 1500 at a few points by the definition, and its coefficient from these."""
    l, m, lmax = 1500, 1100, 1500
    theta, phi = np.array([0.9, 1.3]), np.array([0.2, -2.0])
    few = Grid(theta, phi, np.array([0.5, 0.25]), lmax, "few", (2,))
    c = np.zeros((lmax + 1) ** 2)
    c[l * l + l + m] = 1
    values = np.array([exact(l, m, *point, lmax)[0] for point in zip(theta, phi, strict=True)])
    if basis == "complex":
        sine = np.array([exact(l, -m, *point, lmax)[0] for point in zip(theta, phi, strict=True)])
        values = (values + 1j * sine) / np.sqrt(2)  # (-1)^m = 1
    np.testing.assert_allclose(synthesis(c, few, basis), values, atol=1e-14)
    got = analysis(values, few, lmax, basis)[l * l + l + m]
    assert abs(got - few.weights @ abs(values) ** 2) < 1e-14 * abs(got)


def quarter(l: int) -> np.ndarray:
    """exp(-i J_y β) and the like in the real basis: the generators as real antisymmetric matrices [axis, a, i]."""
    m = np.arange(-l, l + 1)
    up = np.diag(np.sqrt((l - m[:-1]) * (l + m[:-1] + 1)), -1)
    u = np.zeros((2 * l + 1, 2 * l + 1), complex)
    u[l, l] = 1
    for k in range(1, l + 1):
        sign = 1 - 2 * (k % 2)
        u[l + k, [l - k, l + k]] = np.array([1, sign]) / np.sqrt(2)
        u[l - k, [l - k, l + k]] = 1j * np.array([1, -sign]) / np.sqrt(2)
    jx, jy = (up + up.T) / 2, (up - up.T) / 2j
    generators = np.stack([u.conj() @ (-1j * j) @ u.T for j in (jx, jy, np.diag(m))])
    assert abs(generators.imag).max() < 1e-12 * (l + 1)
    return generators.real


@pytest.mark.parametrize("lmax", [0, 1, 5, 32])
def test_rotations_are_exponentials_of_the_generators(lmax: int) -> None:
    from scipy.linalg import expm
    from scipy.spatial.transform import Rotation

    vector = np.array([0.4, -1.1, 0.7])
    d = rotation_matrix(Rotation.from_rotvec(vector).as_matrix(), lmax)
    met = 0
    for l in range(lmax + 1):
        block = slice(l * l, (l + 1) ** 2)
        wanted = expm(np.tensordot(vector, quarter(l), axes=1))
        np.testing.assert_allclose(d[block, block], wanted, atol=(8 + l) * 1e-15)
        bound = (1 + l / 4) * 1e-15
        np.testing.assert_allclose(d[block, block] @ d[block, block].T, np.eye(2 * l + 1), atol=4 * bound)
        assert not d[block, : l * l].any() and not d[block, (l + 1) ** 2 :].any()
        met += 1
    assert met == lmax + 1


def test_a_turn_about_z_is_known_exactly() -> None:
    """cos mα and sin mα, at degree 60: the bound of the docstring."""
    lmax, alpha = 60, 0.7
    c, s = np.cos(alpha), np.sin(alpha)
    d = rotation_matrix([[c, -s, 0], [s, c, 0], [0, 0, 1]], lmax)
    for l in range(lmax + 1):
        m = np.arange(-l, l + 1)
        wanted = np.diag(np.cos(m * alpha)) - np.fliplr(np.diag(np.sin(m * alpha)))
        np.testing.assert_allclose(d[l * l : (l + 1) ** 2, l * l : (l + 1) ** 2], wanted, atol=(1 + l / 4) * 1e-15)


def test_rotations_with_the_rounding_of_their_dtype() -> None:
    rotation = random_rotation(np.random.default_rng(3))
    for dtype, error in (("f2", 1e-2), ("f4", 1e-6), (">f8", 1e-14)):
        d = rotation_matrix(rotation.astype(dtype), 4)
        np.testing.assert_allclose(d @ d.T, np.eye(25), atol=1e-14)
        np.testing.assert_allclose(d, rotation_matrix(rotation, 4), atol=error)
    for wrong in (rotation.astype("f4").astype(float), rotation * (1 + 1e-9), 2 * np.eye(3), np.eye(2), 1.0):
        with pytest.raises(ValueError, match=r"^rotation must be an orthogonal matrix"):
            rotation_matrix(wrong, 2)
    with pytest.raises(ValueError, match=r"^rotation must be finite, got nan$"):
        rotation_matrix(np.full((3, 3), np.nan), 2)


def test_degree_zero_of_every_function_on_the_sphere() -> None:
    """The lower end of all ranges: one number per point, one point, one path."""
    one, theta, phi = 1 / np.sqrt(4 * np.pi), np.array([0.0, 0.4, np.pi]), 0.3
    for basis in BASES:
        np.testing.assert_allclose(harmonics(0, theta, phi, basis), np.full((3, 1), one), rtol=1e-15)
        assert gradients(0, theta, phi, basis).shape == (2, 3, 1) and not gradients(0, theta, phi, basis).any()
        np.testing.assert_allclose(quadrature("gaunt", 0, 0, 0, basis), np.full((1, 1, 1), one), rtol=1e-15)
    np.testing.assert_allclose(rotation_matrix(np.eye(3), 0), [[1.0]], rtol=1e-15)
    for grid in (gauss_legendre(0), lebedev(0)):
        assert grid.weights.sum() == pytest.approx(4 * np.pi, rel=1e-15)
        values = synthesis(np.array([2.0]), grid)
        np.testing.assert_allclose(values, np.full(values.shape, 2 * one), rtol=1e-15)
        np.testing.assert_allclose(analysis(values, grid, 0), [2.0], rtol=1e-15)


def test_the_last_lebedev_rule_is_exact_to_its_degree() -> None:
    """The product of two functions of degrees 65 and 66, whose integral is that of their coefficients."""
    grid, random = lebedev(131), np.random.default_rng(0)
    f, g = random.normal(size=66**2), random.normal(size=67**2)
    y = harmonics(66, grid.theta, grid.phi)
    integral = grid.weights @ ((y[:, : 66**2] @ f) * (y @ g))
    assert integral == pytest.approx(f @ g[: 66**2], rel=0, abs=1e-10)

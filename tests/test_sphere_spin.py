"""Spin-weighted and vector harmonics: phases, both ends of the range, and integrals against the families."""

from __future__ import annotations

import sys
from itertools import product
from math import comb
from typing import Any

import mpmath
import numpy as np
import pytest

import coupling
from coupling import exact
from coupling.conventions import BASES, parity_sign
from coupling.families import family
from coupling.memory import physical_memory
from coupling.selection import paths
from coupling.sphere import gauss_legendre, gradients, harmonics, spin_weighted_harmonics, vector_harmonics
from coupling.sphere.harmonics import CHUNK, WORK
from coupling.sphere.legendre import LARGEST
from tests.domain import degrees_and_orders

ERROR = 2e-15  # relative to √((2l+1)/4π), as the docstring says
ANGLES = [1e-9, 1e-5, 3e-3, 0.1, 0.7, 1.5, 1.57, 1.58, 2.4, 3.1, np.pi - 1e-4]
TURN = 0.3


def column(m: int, s: int, theta: float, lmax: int) -> dict[int, mpmath.mpf]:
    """√((2l+1)/4π) d^l_{m,-s}(θ) (-1)^s by the textbook recurrence of Jacobi polynomials in cos θ, with 300 bits."""
    with mpmath.workprec(300):
        x, half = mpmath.cos(mpmath.mpf(theta)), mpmath.mpf(theta) / 2
        a, b, first = abs(m + s), abs(m - s), max(abs(m), abs(s))
        sign = parity_sign(m) if m + s >= 0 else parity_sign(s)
        outer, before, value, found = mpmath.sin(half) ** a * mpmath.cos(half) ** b, mpmath.mpf(0), mpmath.mpf(1), {}
        square = mpmath.mpf(comb(a + b, a))  # (n+a+b)! n! / ((n+a)! (n+b)!)
        for l in range(first, lmax + 1):
            n, c = l - first, 2 * (l - first) + a + b
            found[l] = sign * outer * value * mpmath.sqrt((2 * l + 1) * square / (4 * mpmath.pi))
            square *= mpmath.mpf((n + 1 + a + b) * (n + 1)) / ((n + 1 + a) * (n + 1 + b))
            middle = ((c + 2) * c * x + a * a - b * b) * (c + 1) if c else 2 * x
            last = 2 * (n + a) * (n + b) * (c + 2)
            scale = 2 * (n + 1) * (n + a + b + 1) * c if c else 2
            before, value = value, (middle * value - last * before) / scale
        return found


def check(
    lmax: int, s: int, theta: float, orders: tuple[int, ...], degrees: tuple[int, ...], error: float = ERROR
) -> int:
    """Compare with mpmath at orders ±m, and the sum over all orders with the addition theorem."""
    value, met = spin_weighted_harmonics(lmax, s, theta, TURN), 0
    for m in sorted({sign * m for m in orders if m <= lmax for sign in (1, -1)}):
        wanted = column(m, s, theta, lmax)
        for l in degrees:
            if l in wanted:
                with mpmath.workprec(300):
                    right = complex(wanted[l] * mpmath.expj(m * mpmath.mpf(TURN)))
                assert abs(value[l * l + l + m] - right) <= error * np.sqrt((2 * l + 1) / (4 * np.pi)), (l, m, s)
                met += 1
    for l in range(lmax + 1):
        part = value[l * l : (l + 1) ** 2]
        assert abs(np.vdot(part, part) * 4 * np.pi / (2 * l + 1) - (l >= abs(s))) < 20 * error, (l, s)
    return met


def counted(spins: tuple[int, ...], orders: tuple[int, ...], degrees: tuple[int, ...]) -> int:
    """How many values there are of each, orders of both signs."""
    signed = [(m, s) for m in {*orders, *(-m for m in orders)} for s in spins]
    return sum(l >= max(abs(m), abs(s)) for m, s in signed for l in degrees)


@pytest.mark.parametrize("theta", ANGLES)
def test_spin_weighted_harmonics_to_degree_400(theta: float) -> None:
    spins, orders, degrees = (1, -2, 3, 37, -400), (0, 1, 2, 3, 30, 100, 399, 400), (2, 3, 7, 30, 101, 399, 400)
    assert sum(check(400, s, theta, orders, degrees) for s in spins) == counted(spins, orders, degrees) > 200


LAST = [(2.4, 1500), *(pytest.param(theta, LARGEST, marks=pytest.mark.slow) for theta in (2.4, 3e-3))]


@pytest.mark.parametrize(("theta", "last"), LAST)
def test_spin_weighted_harmonics_to_the_last_degree(theta: float, last: int) -> None:
    """To degree 10 000 with --runslow, half a minute for each point; to 1500 always."""
    orders, degrees = (0, 2, 646, last), (2, 646, last // 2, last)
    assert check(last, -2, theta, orders, degrees) == counted((-2,), orders, degrees)


def test_without_a_long_double_the_error_is_degree_times_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on machines whose long double is a double: powers of two are carried, or first values would vanish."""
    for module in ("legendre", "harmonics", "spin_weighted"):
        monkeypatch.setattr(sys.modules[f"coupling.sphere.{module}"], "LONG", np.float64)
    orders, degrees, met = (0, 1, 300, 700), (3, 300, 700), 0
    for theta in (3e-3, 0.1, 1.5, 2.4):
        met += sum(check(700, s, theta, orders, degrees, 700 * np.finfo(float).eps) for s in (-2, 300))
    assert met == 4 * counted((-2, 300), orders, degrees)


def test_spin_zero_is_a_harmonic_and_spin_one_its_gradient() -> None:
    """0Y = Y and 1Y = ð Y/√(l(l+1)), -1Y = -ð̄ Y/√(l(l+1)), from values and gradients that are computed apart."""
    theta, phi = np.array([0.0, 1e-7, *ANGLES, np.pi])[:, None], np.array([0.1, 5.0])
    y, (along, around) = harmonics(40, theta, phi, "complex"), gradients(40, theta, phi, "complex")
    l = np.array([l for l, _ in degrees_and_orders(40)])
    with np.errstate(divide="ignore", invalid="ignore"):
        raised, lowered = ((sign * along - 1j * around) / np.sqrt(l * (l + 1)) for sign in (-1, 1))
    np.testing.assert_allclose(spin_weighted_harmonics(40, 0, theta, phi), y, rtol=0, atol=1e-15)
    for s, wanted in ((1, raised), (-1, lowered)):
        found = spin_weighted_harmonics(40, s, theta, phi)
        np.testing.assert_allclose(found[..., 1:], wanted[..., 1:], rtol=0, atol=5e-15)
        assert not found[..., 0].any()


def test_spin_weighted_harmonics_are_entries_of_rotations() -> None:
    """(-1)^s √((2l+1)/4π) d^l_{m,-s}(θ) e^{imφ} with the exact d, all degrees and orders to 3 and all spins, at
    arccos(3/5), where it is a surd."""
    import sympy

    theta, met = sympy.acos(sympy.Rational(3, 5)), 0
    for s in range(-3, 4):
        found = spin_weighted_harmonics(3, s, float(theta), TURN)
        for l, m in degrees_and_orders(3):
            if l >= abs(s):
                d = float(sympy.sympify(exact.wigner_d(l, m, -s, theta)))
                wanted = parity_sign(s) * np.sqrt((2 * l + 1) / (4 * np.pi)) * d * np.exp(1j * m * TURN)
                assert abs(found[l * l + l + m] - wanted) < 3e-15
                met += 1
    assert met == sum(2 * l + 1 for l in range(4) for _ in range(-l, l + 1))


@pytest.mark.parametrize("s", [1, -2, 5])
def test_the_conjugate_has_the_opposite_spin_and_order(s: int) -> None:
    theta, phi = np.linspace(0, np.pi, 9), np.linspace(-4, 7, 9)
    value, other = (spin_weighted_harmonics(12, spin, theta, phi) for spin in (s, -s))
    for l, m in degrees_and_orders(12):
        wanted = parity_sign(s + m) * other[:, l * l + l - m]
        np.testing.assert_allclose(value[:, l * l + l + m].conj(), wanted, atol=2e-15)


@pytest.mark.parametrize("s", [0, 1, -2, 7])
def test_at_the_poles_one_order_is_left(s: int) -> None:
    """m = -s in the north, m = s in the south, where float64 π is 1.2e-16 away from the pole."""
    for theta, m, sign in ((0.0, -s, parity_sign(s)), (np.pi, s, 1)):
        value = spin_weighted_harmonics(500, s, theta, TURN)
        for l in range(abs(s), 501):
            wanted = (
                sign * (parity_sign(l) if theta else 1) * np.sqrt((2 * l + 1) / (4 * np.pi)) * np.exp(1j * m * TURN)
            )
            assert abs(value[l * l + l + m] - wanted) < ERROR * abs(wanted)
            value[l * l + l + m] = 0
        assert abs(value).max() < 1e-11


@pytest.mark.parametrize("spins", [(1, -1, 0), (2, -3, 1), (-2, 1, 1), (2, 0, -2)])
def test_integrals_of_three_are_the_family(spins: tuple[int, int, int]) -> None:
    """By quadrature, all degrees to 4, those that no path has too: the blocks of ``spin_weighted_gaunt``."""
    grid = gauss_legendre(13)
    values = [spin_weighted_harmonics(4, s, grid.theta, grid.phi) for s in spins]
    found = np.einsum("p,pi,pj,pk->ijk", grid.weights, *values, optimize=True)
    known, met = family(f"spin_weighted_gaunt:{','.join(map(str, spins))}"), 0
    for l in product(range(5), repeat=3):
        part = found[tuple(slice(x * x, (x + 1) ** 2) for x in l)]
        block = coupling.block(known, *l, "complex")
        np.testing.assert_allclose(part, block, atol=3e-15)
        met += block.any()
    assert met > 20


@pytest.mark.parametrize("s", [1, 2, 3])
def test_ducc0_makes_the_same_fields_of_spin(s: int) -> None:
    """Q + iU = -Σ (E + iB)_lm sY_lm, in HEALPix's convention, from single coefficients E and B."""
    sht, lmax, phi = pytest.importorskip("ducc0").sht, 12, 0.4
    theta, ring = np.linspace(0.2, 2.9, 5), np.arange(5, dtype=np.uint64)
    y = spin_weighted_harmonics(lmax, s, theta, phi)
    for component, factor in ((0, -1), (1, -1j)):
        for l, m in ((3, 0), (5, 2), (12, 11), (12, 12)):
            alm = np.zeros((2, (lmax + 1) * (lmax + 2) // 2), np.complex128)
            alm[component, m * (2 * lmax + 1 - m) // 2 + l] = 1
            fields = sht.experimental.synthesis(
                alm=alm, spin=s, lmax=lmax, theta=theta, phi0=phi + 0 * theta, ringstart=ring, nphi=0 * ring + 1
            )
            both = y[:, l * l + l + m] + (parity_sign(m) * y[:, l * l + l - m] if m else 0)
            np.testing.assert_allclose(fields[0] + 1j * fields[1], factor * both, atol=1e-13)
            assert abs(both).max() > 0.01


def test_points_are_treated_in_parts_and_shapes_broadcast() -> None:
    theta, phi = np.linspace(0, np.pi, 2 * CHUNK // 61 + 7)[:, None], np.array([0.1, 5.0])
    whole = spin_weighted_harmonics(30, 2, theta, phi)
    assert whole.shape == (len(theta), 2, 961) and whole.dtype == np.complex128
    for i in (0, CHUNK // 122, len(theta) // 2, len(theta) - 1):
        np.testing.assert_array_equal(whole[i, 1], spin_weighted_harmonics(30, 2, theta[i, 0], phi[1]))
    assert spin_weighted_harmonics(2, 3, np.empty((0, 3)), 0.1).shape == (0, 3, 9)
    assert not spin_weighted_harmonics(2, 3, theta, phi).any()
    assert not spin_weighted_harmonics(2, LARGEST, 0.1, phi).any()


@pytest.mark.parametrize(("lmax", "n"), [(0, 50_000), (3, 5000), (40, 500), (700, 1)])
def test_the_memory_that_is_stated_is_enough(lmax: int, n: int) -> None:
    import tracemalloc

    theta = np.linspace(0, 3, n)
    tracemalloc.start()
    result = spin_weighted_harmonics(lmax, 2, theta, 0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.nbytes <= peak <= result.nbytes + WORK * max(CHUNK, 2 * lmax + 1) + 64 * n


def test_spins_and_degrees_that_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^lmax must be <= 10000 for functions on the sphere, got 10001$"):
        spin_weighted_harmonics(LARGEST + 1, 1, 0.1, 0.1)
    with pytest.raises(
        ValueError, match=r"^spin must satisfy \|spin\| <= 10000 for functions on the sphere, got -10001$"
    ):
        spin_weighted_harmonics(2, -LARGEST - 1, 0.1, 0.1)
    with pytest.raises(ValueError, match=r"^spin must be an integer, got 0\.5$"):
        spin_weighted_harmonics(2, 0.5, 0.1, 0.1)
    line = np.broadcast_to(0.3, physical_memory() // (16 * (LARGEST + 1) ** 2) + 1)
    with pytest.raises(MemoryError, match=r"^spin-weighted harmonics to lmax 10000 at"):
        spin_weighted_harmonics(LARGEST, 2, line, 0.1)
    with pytest.raises(MemoryError, match=r"^vector harmonics to lmax 10000 at"):
        vector_harmonics(LARGEST, line, 0.1, "E")


# -- vector harmonics ------------------------------------------------------------------------------------


def frame(theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """The Cartesian components of e_θ, e_φ and r, [component, Cartesian, point]."""
    c, s, p, q = np.cos(theta), np.sin(theta), np.cos(phi), np.sin(phi)
    return np.array([[c * p, c * q, -s], [-q, p, 0 * p], [s * p, s * q, c]])


def test_pure_orbit_fields_are_coupled_harmonics() -> None:
    """Σ ⟨L m-μ 1 μ|l m⟩ Y_{L,m-μ} e_μ, with e_±1 = ∓(x ± iy)/√2, e_0 = z: all l to 5 and shifts."""
    grid, met = gauss_legendre(4), 0
    y = harmonics(6, grid.theta, grid.phi, "complex")
    unit = {1: -np.array([1, 1j, 0]) / np.sqrt(2), 0: np.array([0, 0, 1]), -1: np.array([1, -1j, 0]) / np.sqrt(2)}
    for shift in (-1, 0, 1):
        fields = vector_harmonics(5, grid.theta, grid.phi, shift, "complex")
        cartesian = np.einsum("kcp,kpi->cpi", frame(grid.theta, grid.phi), fields)
        for l, m in degrees_and_orders(5):
            wanted, high = np.zeros((3, len(grid)), complex), l + shift
            for mu in (-1, 0, 1):
                if l + shift >= abs(m - mu) and (l or shift == 1):
                    number = coupling.clebsch_gordan(high, 1, l, m - mu, mu, m)
                    wanted += number * unit[mu][:, None] * y[:, high * high + high + m - mu]
            np.testing.assert_allclose(cartesian[:, :, l * l + l + m], wanted, atol=2e-15)
            met += 1
    assert met == 108


@pytest.mark.parametrize("basis", BASES)
def test_vector_harmonics_are_orthonormal_and_complete_in_both_sets(basis: str) -> None:
    """Fields of one set are orthonormal, and both sets span the same fields of each degree."""
    grid = gauss_legendre(14)
    for kinds in (("E", "B", "L"), (-1, 0, 1)):
        fields = np.concatenate([vector_harmonics(6, grid.theta, grid.phi, kind, basis) for kind in kinds], axis=-1)
        gram = np.einsum("cpi,p,cpj->ij", fields.conj(), grid.weights, fields, optimize=True)
        missing = sum(kind != "L" and kind != 1 for kind in kinds)  # of degree 0
        np.testing.assert_allclose(gram, np.diag(np.diag(gram).real.round()), atol=2e-14)
        assert np.trace(gram).real.round() == 3 * 49 - missing
    electric, magnetic, radial = (vector_harmonics(6, grid.theta, grid.phi, kind, basis) for kind in ("E", "B", "L"))
    l = np.array([l for l, _ in degrees_and_orders(6)])
    low, high = (vector_harmonics(6, grid.theta, grid.phi, shift, basis) for shift in (-1, 1))
    np.testing.assert_allclose(
        low, np.sqrt((l + 1) / (2 * l + 1)) * electric + np.sqrt(l / (2 * l + 1)) * (radial * (l > 0)), atol=2e-15
    )
    np.testing.assert_allclose(
        high, np.sqrt(l / (2 * l + 1)) * electric - np.sqrt((l + 1) / (2 * l + 1)) * radial, atol=2e-15
    )
    turned = vector_harmonics(6, grid.theta, grid.phi, 0, basis) * (1j if basis == "complex" else 1)
    np.testing.assert_array_equal(turned, magnetic)


def test_electric_and_magnetic_fields_are_spins_one_and_minus_one() -> None:
    """E ± iB: (e_θ + i e_φ)-components of E are those of (-1Y - 1Y)/2, of B those of (1Y + -1Y)/2i."""
    theta, phi = np.linspace(0.0, np.pi, 9), np.linspace(0, 6, 9)
    plus, minus = (spin_weighted_harmonics(8, s, theta, phi) for s in (1, -1))
    electric, magnetic = (vector_harmonics(8, theta, phi, kind, "complex") for kind in ("E", "B"))
    np.testing.assert_allclose(electric[0] + 1j * electric[1], -plus, atol=3e-15)
    np.testing.assert_allclose(electric[0] - 1j * electric[1], minus, atol=3e-15)
    np.testing.assert_allclose(magnetic[0] + 1j * magnetic[1], -1j * plus, atol=3e-15)
    np.testing.assert_allclose(magnetic[0] - 1j * magnetic[1], -1j * minus, atol=3e-15)


def fields_of(lmax: int, grid: Any, basis: str, numbers: tuple[int, int, int]) -> np.ndarray:
    """Σ numbers · (∇Y, r×∇Y, rY), [component, point, i]."""
    l = np.array([l for l, _ in degrees_and_orders(lmax)])
    scale = {"E": np.sqrt(l * (l + 1)), "B": np.sqrt(l * (l + 1)), "L": np.ones(len(l))}
    terms = (
        n * scale[k] * vector_harmonics(lmax, grid.theta, grid.phi, k, basis)
        for k, n in zip("EBL", numbers, strict=True)
    )
    return sum(terms)  # type: ignore[return-value]


@pytest.mark.parametrize("basis", BASES)
def test_triple_products_are_the_antisymmetric_gaunt_family(basis: str) -> None:
    """∫ rY1·(∇Y2 × ∇Y3) dΩ, and of two turned gradients: all degrees to 4."""
    grid = gauss_legendre(13)
    radial = fields_of(4, grid, basis, (0, 0, 1))
    for numbers in ((1, 0, 0), (0, 1, 0)):
        tangent = fields_of(4, grid, basis, numbers)
        cross = np.cross(tangent[:, :, :, None], tangent[:, :, None, :], axis=0)
        found = np.einsum("p,cpi,cpjk->ijk", grid.weights, radial, cross, optimize=True)
        for l in product(range(5), repeat=3):
            part = found[tuple(slice(x * x, (x + 1) ** 2) for x in l)]
            np.testing.assert_allclose(part, coupling.block("antisymmetric_gaunt", *l, basis), atol=2e-13)


def test_the_single_vector_product_is_its_family() -> None:
    """V1 = r×∇f + r f, V2 = ∇g + r g, V3 = ∇h + r×∇h - r h: ∫ V3·(V1 × V2) on all paths to degree 4."""
    grid = gauss_legendre(14)
    first, second, third = (fields_of(4, grid, "real", numbers) for numbers in ((0, 1, 1), (1, 0, 1), (1, 1, -1)))
    cross = np.cross(first[:, :, :, None], second[:, :, None, :], axis=0)
    found = np.einsum("p,cpij,cpk->ijk", grid.weights, cross, third, optimize=True)
    for l in paths(4):
        part = found[tuple(slice(x * x, (x + 1) ** 2) for x in l)]
        np.testing.assert_allclose(part, coupling.block("single_vector_product", *l), atol=2e-13)


def test_vector_harmonics_at_high_degree_are_the_gradients() -> None:
    """To 3e-15 of √((2l+1)/4π) at degree 400, and at the poles limits along the meridian."""
    l = np.array([l for l, _ in degrees_and_orders(400)])
    size = np.sqrt((2 * l + 1) / (4 * np.pi))
    slope, value = gradients(400, 2.4, 0.3), harmonics(400, 2.4, 0.3)
    for kind, radial in ((-1, l), (1, -(l + 1))):
        found = vector_harmonics(400, 2.4, 0.3, kind)
        norm = np.sqrt(np.maximum(abs(radial) * (2 * l + 1), 1))
        assert (abs(found[:2] * norm - slope)[:, 1:] / (norm * size)[1:]).max() < 3e-15
        assert (abs(found[2] * norm - radial * value)[1:] / (norm * size)[1:]).max() < 3e-15
    near, at = (vector_harmonics(9, theta, 0.7, "E") for theta in (1e-7, 0.0))
    np.testing.assert_allclose(near, at, atol=1e-5)
    assert vector_harmonics(2, np.zeros((4, 1)), np.zeros(3), "B").shape == (3, 4, 3, 9)


@pytest.mark.parametrize("kind", ["e", "M", "", 2, 0.0, True, None, "0", b"E", [0]])
def test_other_kinds_are_refused(kind: Any) -> None:
    error = ValueError if type(kind) in (str, int) else TypeError
    with pytest.raises(error, match=r"^kind must be one of 'E', 'B', 'L', or a shift -1, 0, 1, got "):
        vector_harmonics(2, 0.1, 0.1, kind)

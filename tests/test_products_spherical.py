"""Gaunt product, bracket, and what is made of them: against dense blocks, quadrature, identities and one another."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import coupling
from coupling.indexing import path_array
from coupling.products import (
    AntisymmetricGaunt,
    Gaunt,
    Simulation,
    VectorSignal,
    simulate,
    simulate_path,
    simulated_weights,
    spherical,
)
from coupling.products.legendre import colatitudes, legendre_values, slope
from coupling.products.paths import by_degrees
from coupling.products.product import Product
from coupling.products.spherical import Spherical
from coupling.programs.evaluate import evaluate
from coupling.programs.sphere import sphere_tape
from coupling.selection import paths
from coupling.sphere import gradients, harmonics, lebedev
from tests.test_identities_rotation import ROTATIONS, rotation_matrices

PRODUCTS = {"gaunt": Gaunt, "antisymmetric_gaunt": AntisymmetricGaunt}
BOTH = pytest.mark.parametrize("family", list(PRODUCTS))
TRIPLES = [*product(range(4), repeat=3), (4, 4, 4), (5, 2, 6), (2, 6, 3), (7, 7, 7), (1, 3, 6)]


def features(seed: int, lmax: int, channels: int = 3, batch: tuple[int, ...] = (2,), dtype: type = np.float64):
    return np.random.default_rng(seed).standard_normal((*batch, (lmax + 1) ** 2, channels)).astype(dtype)


def dense(families: list[str], lmax: tuple[int, int, int], x: np.ndarray, y: np.ndarray, weight=lambda *l: 1.0):
    """Σ weight · block x y in double precision, path by path."""
    z = np.zeros((*x.shape[:-2], (lmax[2] + 1) ** 2, x.shape[-1]))
    for l in product(*(range(n + 1) for n in lmax)):
        part = [slice(n * n, (n + 1) ** 2) for n in l]
        if abs(l[0] - l[1]) <= l[2] <= l[0] + l[1]:
            block = sum(coupling.block(family, *l) for family in families)
            z[..., part[2], :] += weight(*l) * np.einsum(
                "ijk,...ic,...jc->...kc", block, x[..., part[0], :].astype(float), y[..., part[1], :].astype(float)
            )
    return z


# -- the definition ---------------------------------------------------------------------------


@BOTH
def test_agreement_with_dense_blocks(family: str) -> None:
    for lmax in TRIPLES:
        x, y = features(1, lmax[0]), features(2, lmax[1])
        z = PRODUCTS[family](*lmax)(x, y)
        expected = dense([family], lmax, x, y)
        assert abs(z - expected).max() <= 2e-14 * (1 + abs(expected).max())
    assert len(TRIPLES) == 69


@BOTH
def test_single_precision(family: str) -> None:
    for lmax in [(2, 2, 2), (4, 4, 4), (8, 8, 8)]:
        x, y = features(1, lmax[0], 40, dtype=np.float32), features(2, lmax[1], 40, dtype=np.float32)
        z = PRODUCTS[family](*lmax)(x, y)
        expected = PRODUCTS[family](*lmax)(x.astype(float), y.astype(float))
        assert z.dtype == np.float32
        assert abs(z - expected).max() <= 1e-6 * abs(expected).max()


@BOTH
def test_quadrature_of_the_definition(family: str) -> None:
    """With the harmonics and points of another library: Lebedev points, harmonics from SciPy."""
    lmax, grid = (6, 5, 7), lebedev(18)
    x, y = features(3, 6), features(4, 5)
    if family == "gaunt":
        f, g = (harmonics(l, grid.theta, grid.phi) @ a for l, a in ((6, x), (5, y)))
        values = f * g
    else:
        (f_theta, f_phi), (g_theta, g_phi) = (
            [d @ a for d in gradients(l, grid.theta, grid.phi)] for l, a in ((6, x), (5, y))
        )
        values = f_theta * g_phi - f_phi * g_theta
    expected = (harmonics(7, grid.theta, grid.phi).T * grid.weights) @ values
    np.testing.assert_allclose(PRODUCTS[family](*lmax)(x, y), expected, atol=1e-13 * abs(expected).max())


@BOTH
@pytest.mark.parametrize("l", [12, 33, 64, pytest.param(128, marks=pytest.mark.slow)])
def test_large_degrees_point_by_point(family: str, l: int) -> None:
    """With lmax_out = 2l the output is the pointwise product itself, at whatever points.

    The slopes of the reference lose digits towards the poles as 1/sin²θ, so only the Gaunt product goes there.
    """
    theta, phi = np.array([1e-3, 0.02, 0.4, 1.1, np.pi / 2, 2.7, 3.1]), np.linspace(0.1, 6.1, 7)
    if family != "gaunt":
        theta = np.linspace(0.4, 2.7, 7)
    decay = (1.0 + np.sqrt(np.arange((l + 1) ** 2)))[:, None] ** -1
    x, y = features(5, l, 2, ()) * decay, features(6, l, 2, ()) * decay
    z = harmonics(2 * l, theta, phi) @ PRODUCTS[family](l, l, 2 * l)(x, y)
    if family == "gaunt":
        f, g = harmonics(l, theta, phi) @ x, harmonics(l, theta, phi) @ y
        expected, size = f * g, abs(f).max() * abs(g).max()
    else:
        (f_theta, f_phi), (g_theta, g_phi) = ([d @ a for d in gradients(l, theta, phi)] for a in (x, y))
        expected = f_theta * g_phi - f_phi * g_theta
        size = max(abs(f_theta).max(), abs(f_phi).max()) * max(abs(g_theta).max(), abs(g_phi).max())
    assert abs(z - expected).max() <= 1e-12 * size


def test_legendre_functions() -> None:
    """Orthonormal to degree 200, where sin^m leaves the range of a double near the poles; slopes from SciPy."""
    points = colatitudes(400)
    p = legendre_values(200, points)
    for m in (0, 1, 2, 77, 150, 199, 200):
        table = p[m:, m]
        weights = points.weights * np.where(points.cosine == 0, 0.5, 1)
        for odd in (0, 1):
            half = table[odd::2]
            gram = 4 * np.pi * (half * weights) @ half.T
            np.testing.assert_allclose(gram, np.eye(len(half)), atol=1e-13)
    assert np.sin(np.arccos(points.cosine[0])) ** 200 < 1e-300
    theta = np.arccos(points.cosine)
    reference = gradients(12, theta, 0 * theta)[0]
    for l in range(13):
        for m in range(l + 1):
            scale = np.sqrt(2) if m else 1
            np.testing.assert_allclose(scale * slope(p[:13, :14])[l, m], reference[:, l * l + l + m], atol=1e-12)


# -- two ways to compute ----------------------------------------------------------------------


@BOTH
def test_loops_and_straight_lines_agree(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for lmax in TRIPLES:
        x, y = features(1, lmax[0]), features(2, lmax[1])
        straight = PRODUCTS[family](*lmax)(x, y)
        monkeypatch.setattr(spherical, "STRAIGHT", -1)
        loops = PRODUCTS[family](*lmax)(x, y)
        monkeypatch.undo()
        np.testing.assert_allclose(loops, straight, atol=1e-14 * (1 + abs(straight).max()))


@pytest.mark.parametrize("hermitian", [1, -1])
def test_program_of_the_convolution(hermitian: int) -> None:
    """The operations carried out on numbers, against the sum over signed orders."""
    met = 0
    for l1, l2, l3 in product(range(5), range(4), range(7)):
        c, d = (np.random.default_rng(l).standard_normal(2 * n + 1) for l, n in ((1, l1), (2, l2)))
        z = np.full(2 * l3 + 1, np.nan)
        evaluate(sphere_tape("convolution", (l1, l2, l3, hermitian)), {"a": c, "b": d, "c": z}, ())
        full_c, full_d = signed(c, 1), signed(d, hermitian)
        for m in range(l3 + 1):
            total = sum(full_c[m1] * full_d.get(m - m1, 0) for m1 in full_c)
            own = total.real if hermitian == 1 else total.imag
            parts = [own] if m == 0 else [total.real, total.imag]
            np.testing.assert_allclose(z[max(0, 2 * m - 1) : 2 * m + 1], parts, atol=1e-13)
            met += 1
    assert met == 5 * 4 * 28


def signed(rows: np.ndarray, hermitian: int) -> dict[int, complex]:
    values = {m: complex(rows[2 * m - 1], rows[2 * m]) for m in range(1, len(rows) // 2 + 1)}
    values |= {-m: hermitian * v.conjugate() for m, v in values.items()}
    return values | {0: complex(rows[0] if hermitian == 1 else 0)}


# -- weights and classes ----------------------------------------------------------------------


@BOTH
def test_weights_and_all_signs_of_the_classes(family: str) -> None:
    lmax = (4, 3, 5)
    a, b, c = (features(7 + n, 0, l + 1, ())[0] for n, l in enumerate(lmax))
    x, y = features(1, 4), features(2, 3)
    sizes = np.array([[1.5, 0.25], [2.0, 0.7]])
    met = 0
    for signs in product((-1, 0, 1), repeat=4):
        classes = sizes * np.reshape(signs, (2, 2))
        z = PRODUCTS[family](*lmax, weights=(a, b, c), classes=classes)(x, y)
        expected = dense([family], lmax, x, y, lambda i, j, k, s=classes: a[i] * b[j] * c[k] * s[i % 2, j % 2])
        np.testing.assert_allclose(z, expected, atol=1e-13 * (1 + abs(expected).max()))
        met += 1
    assert met == 81


def test_positive_classes_are_absorbed() -> None:
    for kind, signs in product((0, 1), product((-1, 1), repeat=4)):
        classes = np.reshape(signs, (2, 2)) * np.array([[0.5, 3.0], [2.0, 7.0]])
        one = spherical.term(kind, (1, 1, 1), None, classes).absorb()
        assert (one.classes == 1).all() == (np.prod(signs) > 0)
        a, b, c = one.weights
        for p, q in product((0, 1), repeat=2):
            whole = a[p] * b[q] * c[(p + q + kind) % 2] * one.classes[p, q]
            assert whole == pytest.approx(classes[p, q], rel=1e-14)


# -- derivatives ------------------------------------------------------------------------------


def forms() -> list[Spherical]:
    weights = [np.linspace(1, 2, n + 1) for n in (4, 3, 5)]
    signs = [[1.0, 2.0], [-0.5, 1.0]]
    made = [cls(4, 3, 5, weights=weights, classes=s) for cls in PRODUCTS.values() for s in (None, signs)]
    return [*made, Simulation(4, 3, 5), Gaunt(1, 3, 6), AntisymmetricGaunt(6, 2, 1)]


@pytest.mark.parametrize("form", forms())
def test_adjoints(form: Product) -> None:
    """⟨g, (x, y)⟩ = ⟨turn(y, g), x⟩ = ⟨turn²(g, x), y⟩, three turns make a round; vjp against differences."""
    l1, l2, l3 = form.lmax
    x, y, g = features(1, l1), features(2, l2), features(3, l3)
    value = np.vdot(g, form(x, y))
    dx, dy = form.vjp(x, y, g)
    assert np.vdot(dx, x) == pytest.approx(value, rel=1e-12)
    assert np.vdot(dy, y) == pytest.approx(value, rel=1e-12)
    round_trip = form.turn().turn().turn()
    assert round_trip.lmax == form.lmax
    np.testing.assert_allclose(round_trip(x, y), form(x, y), atol=1e-13 * abs(form(x, y)).max())
    step, other = features(4, l1), features(5, l2)
    slope_x = (np.vdot(g, form(x + step, y)) - np.vdot(g, form(x - step, y))) / 2
    assert np.vdot(dx, step) == pytest.approx(slope_x, rel=1e-11, abs=1e-11)
    along = (form(x + 1e-4 * step, y + 1e-4 * other) - form(x - 1e-4 * step, y - 1e-4 * other)) / 2e-4
    np.testing.assert_allclose(form.jvp(x, y, step, other), along, atol=1e-9 * abs(along).max())


# -- identities -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bracket_of_equals_is_exactly_zero(dtype: type) -> None:
    for l in (*range(10), 24):
        x = features(l, l, 37, dtype=dtype)
        assert not AntisymmetricGaunt(l, l, l)(x, x).any()
    y = features(9, 5, dtype=dtype)
    forward, backward = (
        AntisymmetricGaunt(5, 5, 5)(x5 := features(8, 5, dtype=dtype), y),
        AntisymmetricGaunt(5, 5, 5)(y, x5),
    )
    assert (forward == -backward).all() and forward.any()


def test_jacobi_leibniz_and_associativity() -> None:
    l = 3
    f, g, h = (features(n, l) for n in range(3))
    gaunt, bracket = Gaunt(l, l, 2 * l), AntisymmetricGaunt(l, l, 2 * l)
    outer_g, outer_b = Gaunt(l, 2 * l, 3 * l), AntisymmetricGaunt(l, 2 * l, 3 * l)
    turned_b = AntisymmetricGaunt(2 * l, l, 3 * l)
    jacobi = outer_b(f, bracket(g, h)) + outer_b(g, bracket(h, f)) + outer_b(h, bracket(f, g))
    np.testing.assert_allclose(jacobi, 0, atol=1e-11)
    leibniz = outer_b(f, gaunt(g, h)) - Gaunt(2 * l, l, 3 * l)(bracket(f, g), h) - outer_g(g, bracket(f, h))
    np.testing.assert_allclose(leibniz, 0, atol=1e-11)
    np.testing.assert_allclose(outer_g(f, gaunt(g, h)), Gaunt(2 * l, l, 3 * l)(gaunt(f, g), h), atol=1e-12)
    assert turned_b(gaunt(g, h), f).any()


@pytest.mark.parametrize("l", [3, 10, pytest.param(32, id="32")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equivariance(l: int, dtype: type) -> None:
    """Rotations and inversion, relative to the largest entry; 5e-13 and 2e-5 hold to degree 32."""
    d = rotation_matrices(ROTATIONS[-1], l, "real").astype(dtype)
    parity = np.repeat(1 - 2 * (np.arange(l + 1) % 2), 2 * np.arange(l + 1) + 1)[:, None].astype(dtype)
    x, y = features(1, l, 4, (1,), dtype), features(2, l, 4, (1,), dtype)
    limit = 5e-13 if dtype is np.float64 else 2e-5
    for cls, sign in ((Gaunt, 1), (AntisymmetricGaunt, -1)):
        form = cls(l, l, l)
        z = form(x, y)
        assert abs(form(d @ x, d @ y) - d @ z).max() <= limit * abs(z).max()
        assert abs(form(parity * x, parity * y) - sign * parity * z).max() <= limit * abs(z).max()


# -- inputs -----------------------------------------------------------------------------------


@BOTH
def test_layouts_broadcasting_and_threads(family: str) -> None:
    form, first = PRODUCTS[family](3, 2, 4), PRODUCTS[family](3, 2, 4, layout="channels_first", workers=3)
    for channels in (1, 5, 16, 31, 32, 33, 64, 96):
        x, y = features(1, 3, channels, (3, 1, 2)), features(2, 2, 1, (4, 1))
        z = form(x, y)
        assert z.shape == (3, 4, 2, 25, channels)
        one = [form(x[i, 0, k], np.repeat(y[j, 0], channels, 1)) for i in range(3) for j in range(4) for k in range(2)]
        assert (z.reshape(24, 25, channels) == np.array(one)).all()
        assert (np.swapaxes(first(np.swapaxes(x, -1, -2), np.swapaxes(y, -1, -2)), -1, -2) == z).all()
    assert form(x[:0], y).shape == (0, 4, 2, 25, 96)


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ieee(family: str, dtype: type) -> None:
    """NaN and infinity stay in their channel sample and reach all they are coupled to; huge and tiny inputs."""
    form = PRODUCTS[family](3, 3, 3)
    coupled = dense_row(family, 4)
    assert 8 <= coupled.sum() < 16
    x, y = features(1, 3, 40, (3,), dtype), features(2, 3, 40, (3,), dtype)
    clean = form(x, y)
    for bad in (np.nan, np.inf, -np.inf):
        spoilt = x.copy()
        spoilt[1, 4, 7] = bad
        z = form(spoilt, y)
        assert not np.isfinite(z[1, coupled, 7]).any()
        untouched = np.ones((3, 40), bool)
        untouched[1, 7] = False
        same = z.transpose(0, 2, 1)[untouched], clean.transpose(0, 2, 1)[untouched]
        assert (same[0] == same[1]).all()
    largest, smallest = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    assert not np.isfinite(form(x * dtype(largest / 8), y * dtype(largest / 8))).all()
    assert (form(x * smallest, y * smallest) == 0).all()
    assert (form(0 * x, y) == 0).all()


def dense_row(family: str, i: int) -> np.ndarray:
    """Which outputs of degrees to 3 entry i of the first input has to do with."""
    x = np.zeros((16, 16, 1))
    x[:, i] = 1
    return dense([family], (3, 3, 3), x, np.eye(16)[:, :, None])[..., 0].any(axis=0)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"weights must be three arrays of shapes \[\(3,\), \(2,\), \(2,\)\]"):
        Gaunt(2, 1, 1, weights=[np.ones(2)] * 3)
    with pytest.raises(ValueError, match="finite"):
        AntisymmetricGaunt(1, 1, 1, weights=[np.array([1, np.nan])] * 3)
    with pytest.raises(ValueError, match=r"classes must be an array \[parity of l1, parity of l2\]"):
        Gaunt(1, 1, 1, classes=[1, 2, 3])
    with pytest.raises(ValueError, match="factors must be named"):
        Simulation(1, 1, 1, {"both": (np.ones(2),) * 3})
    with pytest.raises(ValueError, match="three arrays"):
        Simulation(1, 1, 1, {"even": (np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 3)))})
    with pytest.raises(ValueError, match="degree 2 must have 5 entries"):
        simulate_path(np.ones((3, 1)), np.ones((3, 1)), 2, 1, 1)
    with pytest.raises(ValueError, match="must have 9"):
        Gaunt(2, 2, 2)(np.ones((4, 1)), np.ones((9, 1)))
    with pytest.raises(TypeError, match="float32 or float64"):
        VectorSignal(1, 1, 1)(np.ones((3, 4, 1), int), np.ones((3, 4, 1)))


# -- the simulation ---------------------------------------------------------------------------


def test_every_single_path_is_simulated_exactly(lmax: int) -> None:
    met = 0
    for l1, l2, l3 in product(range(lmax + 1), repeat=3):
        x, y = (np.random.default_rng(l).standard_normal((2 * l + 1, 2)) for l in (l1, l2))
        z = simulate_path(x, y, l1, l2, l3)
        if not abs(l1 - l2) <= l3 <= l1 + l2:
            assert not z.any()
            continue
        expected = np.einsum("ijk,ic,jc->kc", coupling.block("wigner_3j", l1, l2, l3), x, y)
        np.testing.assert_allclose(z, expected, atol=1e-14 * (1 + abs(x).max() * abs(y).max()))
        met += 1
    assert met == sum(1 for _ in paths(lmax))


def test_simulation_is_the_product_with_its_weights() -> None:
    """By dense blocks of the core: rank one, several terms, terms for single parity classes, terms added up."""
    lmax = (4, 3, 4)
    rng = np.random.default_rng(0)
    three = [rng.standard_normal((l + 1, 3)) for l in lmax]
    ones = [f[:, 0] for f in three]
    cases = [
        None,
        {"even": ones},
        {"odd": three},
        {"even": three, "odd": ones},
        dict.fromkeys(product((0, 1), repeat=3), three),
        {"odd": ones, (1, 1, 1): three, (0, 1, 1): ones},
        {},
    ]
    x, y = features(1, 4), features(2, 3)
    for factors in cases:
        w = by_degrees(lmax, path_array(lmax), simulated_weights(*lmax, factors))
        expected = dense(["wigner_3j"], lmax, x, y, lambda *l, w=w: w[l])
        z = simulate(x, y, *lmax, factors)
        np.testing.assert_allclose(z, expected, atol=2e-13 * (1 + abs(expected).max()))
    assert len(cases) == 7


def test_unit_weights_by_factors_of_full_rank() -> None:
    """Factors that are one over N entry by entry: R = (lmax+1)² terms give every weight one."""
    l = 2
    factors = {}
    for name, family in (("even", "gaunt"), ("odd", "antisymmetric_gaunt")):
        n = coupling.normalization(family, l)
        inverse = np.divide(1, n, out=np.zeros_like(n), where=n > 0)
        pairs = list(product(range(l + 1), repeat=2))
        a, b = (np.array([[float(k == pair[s]) for pair in pairs] for k in range(l + 1)]) for s in (0, 1))
        factors[name] = (a, b, np.array([inverse[pair] for pair in pairs]).T)
    w = simulated_weights(l, l, l, factors)
    np.testing.assert_allclose(w, np.ones(15), atol=1e-14)
    x, y = features(1, l), features(2, l)
    expected = dense(["wigner_3j"], (l, l, l), x, y)
    np.testing.assert_allclose(simulate(x, y, l, l, l, factors), expected, atol=1e-13)


# -- vector-valued signals --------------------------------------------------------------------


def test_bracket_is_one_component_of_the_vector_product() -> None:
    """(r×∇f) × (r×∇g) = r {f, g}: shift 0 in, and out along r Y = √(l/(2l+1)) Y^{l-1} - √((l+1)/(2l+1)) Y^{l+1}."""
    l = 4
    degree = np.repeat(np.arange(l + 1.0), 2 * np.arange(l + 1) + 1)[:, None]
    x, y = features(1, l), features(2, l)
    turned = [np.zeros((2, 3, (l + 1) ** 2, 3)) for _ in range(2)]
    for field, f in zip(turned, (x, y), strict=True):
        field[:, 1] = np.sqrt(degree * (degree + 1)) * f
    z = VectorSignal(l, l, l)(*turned)
    radial = np.sqrt(degree / (2 * degree + 1)) * z[:, 0] - np.sqrt((degree + 1) / (2 * degree + 1)) * z[:, 2]
    np.testing.assert_allclose(radial, AntisymmetricGaunt(l, l, l)(x, y), atol=1e-12)
    np.testing.assert_allclose(z[:, 1], 0, atol=1e-12)


def test_vector_product_in_single_precision_and_antisymmetry() -> None:
    x, y = (np.random.default_rng(n).standard_normal((2, 3, 9, 4)) for n in range(2))
    form = VectorSignal(2, 2, 3)
    z = form(x, y)
    np.testing.assert_allclose(form(y, x), -z, atol=1e-13)
    single = form(x.astype(np.float32), y.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, z, atol=1e-5)


def test_nine_evaluations_against_one() -> None:
    """The nine pairs of input shifts reach every path but (0, 0, 0), no single one all of them; Gaunt + bracket do.

    Each pair is one evaluation of the vector product; on a path its output is a multiple of C or zero.
    """
    lmax = 2
    reached: dict[tuple[int, int], set[tuple[int, int, int]]] = {}
    for pair in product(range(3), repeat=2):
        reached[pair] = {path for path in paths(lmax) if vector_factor(path, pair) > 1e-12}
    everything = set(paths(lmax))
    assert set.union(*reached.values()) == everything - {(0, 0, 0)}
    even = {path for path in everything if sum(path) % 2 == 0}
    assert all(even - found for found in reached.values())
    assert all((path in reached[1, 1]) for path in everything - even)
    assert (simulated_weights(lmax, lmax, lmax) > 0).sum() == len(everything)


def vector_factor(path: tuple[int, int, int], pair: tuple[int, int]) -> float:
    """The largest factor over the output shifts; also checks that the output is a multiple of C."""
    l1, l2, l3 = path
    x, y = np.zeros((3, (l1 + 1) ** 2, 1)), np.zeros((3, (l2 + 1) ** 2, 1))
    x[pair[0], l1 * l1 :, 0] = np.random.default_rng(1).standard_normal(2 * l1 + 1)
    y[pair[1], l2 * l2 :, 0] = np.random.default_rng(2).standard_normal(2 * l2 + 1)
    z = VectorSignal(*path)(x, y)[:, l3 * l3 :, 0]
    block = coupling.block("wigner_3j", *path)
    core = np.einsum("ijk,i,j->k", block, x[pair[0], l1 * l1 :, 0], y[pair[1], l2 * l2 :, 0])
    factors = z @ core / (core @ core)
    np.testing.assert_allclose(z, np.outer(factors, core), atol=1e-12)
    return float(abs(factors).max())

"""Cross products of vector fields: against the definition, 9j symbols, the bracket and the Clebsch-Gordan product."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

import coupling
from coupling.kernels.sphere_product import CHUNK
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, VectorSignal
from coupling.products.vector_fields import SHIFTS
from coupling.products.vector_plan import component_rows
from coupling.programs.sphere import ORDER, SLOPE, VALUE, entry_count, even_count, items, odd_count, rows
from coupling.selection import paths
from coupling.sphere import gradients, harmonics, lebedev
from tests.dense import contracted
from tests.test_identities_rotation import ROTATIONS, rotation_matrices
from tests.vector_reference import cross_product, shifted_harmonics, tensor

TRIPLES = [*product(range(4), repeat=3), (4, 4, 4), (5, 2, 6), (2, 6, 3), (7, 7, 7), (1, 3, 6), (9, 8, 4)]


def features(seed: int, shape: tuple[int, ...], channels: int = 3, batch: tuple[int, ...] = (2,), dtype: type = float):
    return np.random.default_rng(seed).standard_normal((*batch, *shape, channels)).astype(dtype)


def both(form: VectorSignal, channels: int = 3, batch: tuple[int, ...] = (2,), dtype: type = float) -> list[np.ndarray]:
    return [features(n, shape, channels, batch, dtype) for n, shape in enumerate(form.shapes)]


# -- the definition ---------------------------------------------------------------------------


def test_agreement_with_the_definition() -> None:
    for lmax in TRIPLES:
        form = VectorSignal(*lmax)
        x, y, _ = both(form)
        z, expected = form(x, y), cross_product(lmax, x, y)
        assert abs(z - expected).max() <= 2e-14 * (1 + abs(expected).max()), lmax
    assert len(TRIPLES) == 70


def test_other_points() -> None:
    """Lebedev points: neither the points of the kernel nor a product grid."""
    lmax, grid = (5, 4, 6), lebedev(18)
    x, y, _ = both(VectorSignal(*lmax))
    expected = cross_product(lmax, x, y, grid)
    np.testing.assert_allclose(VectorSignal(*lmax)(x, y), expected, atol=1e-13 * abs(expected).max())


@pytest.mark.parametrize("l", [6, 21, 40])
def test_the_output_is_the_cross_product_at_every_point(l: int) -> None:
    """All degrees of the output: at whatever points; beyond degree 20 by loops."""
    theta, phi = np.linspace(0.4, 2.7, 7), np.linspace(0.1, 6.1, 7)
    first, second = (shifted_harmonics(n, theta, phi) for n in (l, 2 * l))
    decay = (1.0 + np.arange((l + 1) ** 2))[:, None] ** -1
    form = VectorSignal(l, l, 2 * l)
    x, y = (features(n, (3, (l + 1) ** 2), 2, ()) * decay for n in range(2))
    f, g = (np.einsum("scpi,siq->cpq", first, a) for a in (x, y))
    z = np.einsum("scpi,siq->cpq", second, form(x, y))
    np.testing.assert_allclose(z, np.cross(f, g, axis=0), atol=1e-12 * abs(f).max() * abs(g).max())


def test_every_path_and_shift_by_exact_9j_symbols() -> None:
    """∫ Y^L3·(Y^L1 × Y^L2) = factor · 3j(l1 l2 l3; m), in real harmonics: all paths to degree 4 and all 27 shifts.

    The size is √(6 P Π(2L+1)/4π) |3j(L; 000) 9j|, L = l + shift, exactly; three real harmonics are C times a number.
    """
    lmax, met = 4, 0
    form = VectorSignal(lmax, lmax, lmax)
    found, dense = form.normalization, tensor(form).reshape(*[n for shape in form.shapes for n in shape])
    for path in paths(lmax):
        block = coupling.block("wigner_3j", *path)
        for shifts in product(range(3), repeat=3):
            high = [l + SHIFTS[s] for l, s in zip(path, shifts, strict=True)]
            number = found[(*shifts, *path)]
            exists = all(l > 0 or s == 2 for l, s in zip(path, shifts, strict=True))
            if exists and coupling.exact.wigner_3j(*high, 0, 0, 0) != 0:
                one = coupling.exact.wigner_3j(*high, 0, 0, 0) * coupling.exact.wigner_9j(*high, 1, 1, 1, *path)
                size = float(one) * np.sqrt(
                    6 * np.prod([(2 * a + 1) * (2 * b + 1) for a, b in zip(path, high, strict=True)]) / (4 * np.pi)
                )
            else:
                size = 0.0
            assert (abs(number) > 0) == (abs(size) > 0), (path, shifts)
            assert abs(abs(number) - abs(size)) <= 4e-15 * max(1, abs(size)), (path, shifts)
            (l1, l2, l3), (s1, s2, s3) = path, shifts
            part = dense[s1, l1 * l1 : (l1 + 1) ** 2, s2, l2 * l2 : (l2 + 1) ** 2, s3, l3 * l3 : (l3 + 1) ** 2]
            np.testing.assert_allclose(part, number * block, atol=1e-13)
            met += 1
    assert met == 27 * sum(1 for _ in paths(lmax))


def test_the_kernel_path_by_path_against_9j_symbols() -> None:
    """One component and degree of each slot at a time, against ``normalization`` times C."""
    lmax = 4
    form = VectorSignal(lmax, lmax, lmax)
    factors = form.normalization
    eye = np.eye(3)
    met = 0
    for l1, l2 in product(range(lmax + 1), repeat=2):
        x, y = (np.random.default_rng(l).standard_normal(2 * l + 1) for l in (l1, l2))
        rows = [slice(l * l, (l + 1) ** 2) for l in (l1, l2)]
        given = []
        for slot, (row, value) in enumerate(zip(rows, (x, y), strict=True)):
            field = np.zeros((3, 3, 3, (lmax + 1) ** 2, 1))
            mask = eye[:, None, :, None, None] if slot == 0 else eye[None, :, :, None, None]
            field[..., row, 0] = mask[..., 0] * value
            given.append(field)
        z = form(*given)[..., 0]
        for l3 in range(lmax + 1):
            if abs(l1 - l2) <= l3 <= l1 + l2:
                core = np.einsum("ijk,i,j->k", coupling.block("wigner_3j", l1, l2, l3), x, y)
                expected = factors[:, :, :, l1, l2, l3, None] * core
                np.testing.assert_allclose(
                    z[..., l3 * l3 : (l3 + 1) ** 2], expected, atol=2e-14 * (1 + abs(expected).max())
                )
                met += 1
            else:
                assert abs(z[..., l3 * l3 : (l3 + 1) ** 2]).max() <= 2e-14
    assert met == sum(1 for _ in paths(lmax))


def test_single_precision() -> None:
    for l in (2, 4, 8):
        form = VectorSignal(l, l, l)
        x, y, _ = both(form, 40, dtype=np.float32)
        z, expected = form(x, y), form(x.astype(float), y.astype(float))
        assert z.dtype == np.float32
        assert abs(z - expected).max() <= 1e-6 * abs(expected).max()


# -- fields -----------------------------------------------------------------------------------


def pure(l: int, *numbers: float) -> np.ndarray:
    """Features without components that stand for numbers of ∇R, r×∇R and r R."""
    return np.repeat(np.array(numbers, float)[:, None], l + 1, axis=1)


def test_the_bracket_is_the_product_of_two_gradients_along_the_normal() -> None:
    """Both of gradients and of turned gradients; the other components are not there."""
    lmax = 4, 3, 5
    x, y = features(1, (25,)), features(2, (16,))
    bracket = AntisymmetricGaunt(*lmax)(x, y)
    for field in ((1, 0, 0), (0, 1, 0)):
        fields = [pure(4, *field), pure(3, *field), pure(5, 0, 0, 1)]
        form = VectorSignal(*lmax, fields=fields)
        np.testing.assert_allclose(form(x, y), bracket, atol=1e-13 * abs(bracket).max())
        assert form.shapes == ((25,), (16,), (36,))


def test_any_fields_and_weights() -> None:
    """Every kind of field absent or there, one to four components: z and both gradients against the definition."""
    random, met = np.random.default_rng(0), 0
    for lmax in ((2, 3, 2), (0, 1, 2), (3, 1, 2)):
        for kinds in product(((1, 0, 0), (0, 1, 1), (0, 0, 1), (1, 1, 1)), repeat=3):
            components = [(), (1,), (4,)]
            fields, weights = [], []
            for slot, (l, kind) in enumerate(zip(lmax, kinds, strict=True)):
                shape = *components[(slot + met) % 3], l + 1
                there = np.reshape(kind, (3, *[1] * len(shape)))
                fields.append(there * random.standard_normal((3, *shape)))
                weights.append(random.standard_normal(shape))
            form = VectorSignal(*lmax, fields=fields, weights=weights)
            x, y, g = both(form)
            flat = [a.reshape(2, size, 3) for a, size in zip((x, y, g), form.sizes, strict=True)]
            expected = contracted(tensor(form), *flat)
            for one, other in zip((form(x, y), *form.vjp(x, y, g)), expected, strict=True):
                np.testing.assert_allclose(one.reshape(other.shape), other, atol=1e-12)
            met += 1
    assert met == 3 * 64


def test_lists_of_functions_agree() -> None:
    """The numbers that loops count with, the entries of tables, and the rows of features."""
    for lmax, functions in product(range(6), range(1, 8)):
        table = items(lmax, functions)
        assert len(table) == entry_count(functions, lmax) == len(set(table))
        for m in range(lmax + 1):
            parity = [(l + m + (f == SLOPE)) % 2 for f, l, order in table if order == m]
            assert parity == [0] * even_count(functions, lmax, m) + [1] * odd_count(functions, lmax, m)
        every = rows(lmax, functions)
        assert len(every) == len(set(every)) == sum(2 - (m == 0) for _, _, m in table)
        wanted = {VALUE: (lmax + 1) ** 2, SLOPE: (lmax + 1) ** 2 - 1, ORDER: (lmax + 1) ** 2 - lmax - 1}
        assert len(every) == sum(n for f, n in wanted.items() if functions & f)
    assert all(row.m for component in (0, 1) for row in component_rows(5, component, ORDER))


# -- one vector product for every path ----------------------------------------------------------


def test_the_single_product_reaches_every_path_but_one() -> None:
    """Path by path to degree 5 with the Clebsch-Gordan product of its weights, gradients included."""
    lmax = 5
    form = VectorSignal.single(lmax, lmax, lmax)
    weights = form.normalization
    every = list(paths(lmax))
    assert (
        sorted(map(tuple, np.argwhere(weights).tolist())) == sorted(set(every) - {(0, 0, 0)}) and (weights >= 0).all()
    )
    even, odd = (coupling.normalization(name, lmax) for name in ("gaunt", "antisymmetric_gaunt"))
    squares = np.arange(lmax + 1) * np.arange(1, lmax + 2)
    half = (squares[:, None, None] + squares[:, None] + squares) / 2
    np.testing.assert_allclose(weights, half * even + 2 * odd, rtol=4e-15)
    given = x, y, g = both(form)
    product = ClebschGordan(lmax, lmax, lmax, weights[tuple(np.array(every).T)])
    for one, other in zip((form(x, y), *form.vjp(x, y, g)), (product(x, y), *product.vjp(x, y, g)), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-13 * abs(other).max())
    for path in every:
        x, y = (np.zeros_like(value) for value in given[:2])
        parts = [slice(l * l, (l + 1) ** 2) for l in path]
        x[:, parts[0]], y[:, parts[1]] = given[0][:, parts[0]], given[1][:, parts[1]]
        z, expected = form(x, y)[:, parts[2]], product(x, y)[:, parts[2]]
        np.testing.assert_allclose(z, expected, rtol=0, atol=1e-13 * abs(expected).max())
    assert len(every) == 111


def test_the_single_product_is_a_gaunt_product_and_two_brackets() -> None:
    """½(λ1+λ2+λ3) Gaunt + 2 bracket, for unequal degrees and weights of degrees."""
    lmax = 3, 5, 4
    weights = [np.linspace(0.5, 1.5, l + 1) for l in lmax]
    x, y = features(1, (16,)), features(2, (36,))
    total = 2 * AntisymmetricGaunt(*lmax, weights=weights)(x, y)
    for slot in range(3):
        scaled = [
            w * (np.arange(len(w)) * np.arange(1, len(w) + 1) / 2 if k == slot else 1) for k, w in enumerate(weights)
        ]
        total += Gaunt(*lmax, weights=scaled)(x, y)
    z = VectorSignal.single(*lmax, weights=weights)(x, y)
    np.testing.assert_allclose(z, total, rtol=0, atol=1e-13 * abs(total).max())


# -- derivatives and identities -----------------------------------------------------------------


FORMS = [
    VectorSignal(4, 3, 5),
    VectorSignal(1, 3, 6),
    VectorSignal(2, 2, 2, weights=[np.linspace(-1, 2, 9).reshape(3, 3)] * 3),
    VectorSignal.single(4, 3, 5),
    VectorSignal.single(2, 3, 1, weights=[np.linspace(1, 2, l + 1) for l in (2, 3, 1)]),
]


@pytest.mark.parametrize("form", FORMS)
def test_adjoints(form: VectorSignal) -> None:
    """⟨g, (x, y)⟩ = ⟨turn(y, g), x⟩ = ⟨turn²(g, x), y⟩; three turns make a round; jvp against differences."""
    x, y, g = both(form)
    value = np.vdot(g, form(x, y))
    dx, dy = form.vjp(x, y, g)
    assert dx.shape == x.shape and dy.shape == y.shape and type(form.turn()) is VectorSignal
    assert np.vdot(dx, x) == pytest.approx(value, rel=1e-12)
    assert np.vdot(dy, y) == pytest.approx(value, rel=1e-12)
    np.testing.assert_array_equal(form.turn().turn().turn()(x, y), form(x, y))
    step, other = (np.random.default_rng(9).standard_normal(value.shape) for value in (x, y))
    along = (form(x + 1e-4 * step, y + 1e-4 * other) - form(x - 1e-4 * step, y - 1e-4 * other)) / 2e-4
    np.testing.assert_allclose(form.jvp(x, y, step, other), along, atol=1e-9 * abs(along).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_field_times_itself_is_exactly_zero(dtype: type) -> None:
    """To the last bit, and exchanged inputs change the sign alone; compiled without loops, and by loops."""
    for l in (*range(6), 21):
        form = VectorSignal(l, l, l)
        x, y, _ = both(form, 37, dtype=dtype)
        assert not form(x, x).any()
        z = form(x, y)
        assert (form(y, x) == -z).all() and z.any() == (l > 0)


@pytest.mark.parametrize("l", [3, 10])
def test_equivariance(l: int) -> None:
    """Rotations, and inversion with the parity -1 of shift 0 against the others, and of the cross product."""
    form = VectorSignal(l, l, l)
    d = rotation_matrices(ROTATIONS[-1], l, "real")
    degree = np.repeat(np.arange(l + 1), 2 * np.arange(l + 1) + 1)
    polar = np.array([1 - 2 * ((degree + s + 1) % 2) for s in SHIFTS])[..., None]  # of Y^L: (-1)^(L+1)
    x, y, _ = both(form)
    z = form(x, y)
    assert abs(form(d @ x, d @ y) - d @ z).max() <= 5e-13 * abs(z).max()
    assert abs(form(polar * x, polar * y) + polar * z).max() <= 5e-13 * abs(z).max()


# -- inputs -------------------------------------------------------------------------------------


def test_layouts_broadcasting_and_threads() -> None:
    form, first = VectorSignal(3, 2, 4), VectorSignal(3, 2, 4, layout="channels_first", workers=3)
    for channels in (1, 5, 16, 33, 64):
        x, y = features(1, (3, 16), channels, (3, 1, 2)), features(2, (3, 9), 1, (4, 1))
        z = form(x, y)
        assert z.shape == (3, 4, 2, 3, 25, channels)
        one = [form(x[i, 0, k], np.repeat(y[j, 0], channels, -1)) for i in range(3) for j in range(4) for k in range(2)]
        assert (z.reshape(24, 3, 25, channels) == np.array(one)).all()
        other = first(*(np.moveaxis(value, -1, -3) for value in (x, y)))
        assert other.shape == (3, 4, 2, channels, 3, 25) and other.flags.c_contiguous
        assert (np.moveaxis(other, -3, -1) == z).all()
    assert form(x[:0], y).shape == (0, 4, 2, 3, 25, 64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", [VectorSignal(3, 3, 3), VectorSignal.single(3, 3, 3)])
def test_ieee(form: VectorSignal, dtype: type) -> None:
    """NaN and infinity stay in their channel sample; huge and tiny inputs."""
    x, y, _ = both(form, 40, (3,), dtype)
    clean = form(x, y)
    for bad in (np.nan, np.inf, -np.inf):
        spoilt = x.copy()
        spoilt[1, ..., 4, 7] = bad
        z = form(spoilt, y)
        assert not np.isfinite(z[1, ..., 7]).all()
        z[1, ..., 7] = clean[1, ..., 7]
        assert (z == clean).all()
    largest, smallest = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    assert not np.isfinite(form(x * dtype(largest / 8), y * dtype(largest / 8))).all()
    assert (form(x * smallest, y * smallest) == 0).all() and (form(0 * x, y) == 0).all()


def test_weights_of_zero_cut_paths() -> None:
    """What no path reaches for its weights is not read, and comes out as exact zeros."""
    form = VectorSignal(2, 2, 2, weights=[np.diag([1.0, 1, 1]), np.ones((3, 3)), np.ones((3, 3))])
    x, y, _ = both(form)
    z = form(x, y)
    entry = np.repeat(np.eye(3, dtype=bool), [1, 3, 5], axis=1)
    entry[0, 0] = False  # shift -1 of degree 0 does not exist
    assert (form.reached[0] == np.diag([False, True, True])).all()
    x[:, ~entry] = np.nan
    np.testing.assert_array_equal(form(x, y), z)
    none = VectorSignal(2, 2, 2, weights=[np.zeros((3, 3))] * 3)
    assert not none(x, y).any() and none.largest == (-1, -1, -1)


def test_wrong_arguments() -> None:
    one = np.ones((3, 2))
    for fields in ([one] * 2, [one, one, np.ones((2, 2))], [one, one, np.ones((3, 0, 2))], [one, one, np.ones((3, 3))]):
        with pytest.raises(ValueError, match=r"fields must be three arrays of shapes \(3, 2\) or \(3, components, 2\)"):
            VectorSignal(1, 1, 1, fields=fields)
    with pytest.raises(ValueError, match="fields must be finite"):
        VectorSignal(1, 1, 1, fields=[one, one, np.inf * one])
    with pytest.raises(ValueError, match=r"weights must be three arrays of shapes \[\(3, 2\), \(3, 2\), \(3, 3\)\]"):
        VectorSignal(1, 1, 2, weights=[one] * 3)
    with pytest.raises(ValueError, match="weights must be finite"):
        VectorSignal(1, 1, 1, weights=[one, one, np.nan * one])
    with pytest.raises(
        ValueError, match=r"input 2 must have 3 components and 9 = \(lmax\+1\)² entries for lmax 2 on axes -3 and -2"
    ):
        VectorSignal(1, 2, 1)(np.ones((3, 4, 1)), np.ones((3, 4, 1)))
    with pytest.raises(ValueError, match="on axes -2 and -1"):
        VectorSignal(1, 1, 1, layout="channels_first")(np.ones((3, 4, 1)), np.ones((3, 4, 1)))
    with pytest.raises(ValueError, match="must have 4"):
        VectorSignal.single(1, 1, 1)(np.ones((3, 1)), np.ones((4, 1)))
    with pytest.raises(TypeError, match="float32 or float64"):
        VectorSignal(1, 1, 1)(np.ones((3, 4, 1), int), np.ones((3, 4, 1)))


INTERPRETED = """
import numpy as np
from coupling.products import VectorSignal
random = np.random.default_rng(0)
forms = [VectorSignal(2, 1, 3), VectorSignal.single(3, 2, 2), VectorSignal(6, 5, 1)]
for form in forms:
    x, y = (random.normal(size=(3, *shape, 7)) for shape in form.shapes[:2])
    print(*map(float.hex, map(float, form(x, y).ravel())))
"""


def test_without_compilation() -> None:
    """By the numpy writer of tapes; the compiled numbers to rounding."""
    found = []
    for disable in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
        done = subprocess.run(
            [sys.executable, "-c", INTERPRETED], env=environment, capture_output=True, text=True, check=True
        )
        found.append([np.array([float.fromhex(word) for word in line.split()]) for line in done.stdout.splitlines()])
    for compiled, interpreted in zip(*found, strict=True):
        np.testing.assert_allclose(interpreted, compiled, rtol=0, atol=2e-14 * abs(compiled).max())
    assert [len(numbers) for numbers in found[0]] == [3 * 3 * 16 * 7, 3 * 9 * 7, 3 * 3 * 4 * 7] and CHUNK == 4


def test_gradients_of_harmonics_are_the_tables() -> None:
    """The definition that the reference of these tests stands on: vector harmonics from values and gradients."""
    grid = lebedev(6)
    value, (theta, phi) = harmonics(2, grid.theta, grid.phi), gradients(2, grid.theta, grid.phi)
    made, l = shifted_harmonics(2, grid.theta, grid.phi), 2
    part = slice(4, 9)
    np.testing.assert_allclose(
        made[0, :, :, part], np.stack([theta, phi, l * value])[..., part] / np.sqrt(10), atol=1e-15
    )
    np.testing.assert_allclose(
        made[1, :, :, part], np.stack([-phi, theta, 0 * value])[..., part] / np.sqrt(6), atol=1e-15
    )
    np.testing.assert_allclose(
        made[2, :, :, part], np.stack([theta, phi, -3 * value])[..., part] / np.sqrt(15), atol=1e-15
    )

"""The matrix product: its factors and spins against traces and exact symbols, the product against dense blocks, its
derivatives, symmetries, layouts, and every way of computing it."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coupling.exact import wigner_3j, wigner_6j
from coupling.families import family as known
from coupling.indexing import degree_slice
from coupling.kernels import matrix_product as kernels
from coupling.kernels.tiles import REGISTERS, lanes
from coupling.numbers.coefficients import block
from coupling.numbers.normalizations import normalization
from coupling.numbers.spins import (
    accidental_zeros,
    diagonal,
    matrix_factor,
    matrix_factors,
    smallest_spin,
    used_degrees,
)
from coupling.products import MatrixProduct, matrix_product
from coupling.products.blocks import run_blocks
from coupling.selection import paths
from derivations.matrix_product import LEAST
from tests.test_identities_rotation import ROTATIONS, rotation_matrices

Array = NDArray[Any]

#: Largest difference from the definition, relative to the largest entry.
BOUND = {np.float32: 1e-6, np.float64: 2e-15}
BOXES = [
    *[(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5), (6, 6, 6)],
    *[(1, 2, 5), (2, 5, 3), (5, 1, 4), (3, 3, 0), (0, 3, 3), (3, 0, 2), (1, 2, 1), (7, 2, 6)],
]


def features(lmax: tuple[int, ...], *shape: int, dtype: type = np.float64, seed: int = 0) -> list[Array]:
    """Random features [*shape[:-1], (lmax+1)², shape[-1]] for each lmax."""
    random = np.random.default_rng(seed)
    return [random.standard_normal((*shape[:-1], (l + 1) ** 2, shape[-1])).astype(dtype) for l in lmax]


def random_weights(lmax: tuple[int, ...]) -> list[Array]:
    random = np.random.default_rng(7)
    return [random.uniform(0.5, 2, l + 1) * random.choice([-1, 1], l + 1) for l in lmax]


def dense(form: MatrixProduct, parity: str = "all") -> Array:
    """The coefficients [i, j, k] over flat indices, by blocks of C."""
    l1, l2, l3 = form.lmax
    tensor = np.zeros([(l + 1) ** 2 for l in form.lmax])
    factors = form.normalization
    for path in paths(l1, l2, l3, parity):
        factor = factors[path] * np.prod([w[l] for w, l in zip(form.weights, path, strict=True)])
        tensor[tuple(degree_slice(l) for l in path)] = factor * block("wigner_3j", *path)
    return tensor


def by_definition(tensor: Array, x: Array, y: Array) -> Array:
    return np.einsum("ijk,...ic,...jc->...kc", tensor, x.astype(float), y.astype(float), optimize=True)


def close(z: Array, expected: Array, bound: float) -> bool:
    return bool(np.abs(z - expected).max() <= bound * max(np.abs(expected).max(), 1e-300))


# -- spins and factors ------------------------------------------------------------------------


def real_tensor_operators(lmax: int, twice: int) -> list[Array]:
    """The Hermitian matrices T_lm of real order m in the order of flat indices, from their definition."""
    n, j = twice + 1, Fraction(twice, 2)
    found = []
    for l in range(lmax + 1):
        complex_t = {m: np.zeros((n, n)) for m in range(-l, l + 1)}
        for m, a, b in product(range(-l, l + 1), range(n), range(n)):
            p, q = a - j, b - j
            sign = -1 if (j - p) % 2 else 1
            complex_t[m][a, b] = sign * np.sqrt(2 * l + 1) * float(wigner_3j(j, l, j, -p, m, q))
        for m in range(-l, l + 1):
            plus, minus, s = complex_t[-abs(m)], complex_t[abs(m)], 1 - 2 * (m % 2)
            real = plus if m == 0 else (plus + s * minus) / np.sqrt(2)
            found.append(1j * (plus - s * minus) / np.sqrt(2) if m < 0 else real.astype(complex))
    return found


@pytest.mark.parametrize("twice", range(2, 8))
def test_factors_are_those_of_traces(twice: int) -> None:
    """tr(T1 T2 T3) = N C for J even and i N C for J odd, with the matrices as they are defined."""
    t = np.array(real_tensor_operators(2, twice))
    assert np.abs(t - t.conj().swapaxes(1, 2)).max() < 1e-15
    assert np.abs(np.einsum("apq,bqp->ab", t, t) - np.eye(9)).max() < 1e-14
    trace = np.einsum("apq,bqr,crp->abc", t, t, t)
    factors, met = matrix_factors((2, 2, 2), twice / 2), 0
    for path in product(range(3), repeat=3):
        unit = 1j if sum(path) % 2 else 1
        expected = unit * factors[path] * block("wigner_3j", *path) if path in set(paths(2)) else 0
        assert np.abs(trace[tuple(degree_slice(l) for l in path)] - expected).max() < 1e-14
        met += bool(factors[path])
    assert met == len(list(paths(2))) - (twice == 3)  # {2 2 2; 3/2 3/2 3/2} = 0


def test_diagonals_are_those_of_the_matrices() -> None:
    met = 0
    for twice in range(7):
        t = real_tensor_operators(twice, twice)
        for l, m in product(range(twice + 1), repeat=2):
            if m <= l:
                own = diagonal(l, m, twice) / np.sqrt(2 if m else 1)
                assert np.abs(np.diagonal(t[l * l + l + m], m) - own).max() < 1e-15
                assert np.abs(np.diagonal(t[l * l + l - m], m) - (1j * own if m else own)).max() < 1e-15
                assert (own == (-1) ** (l - m) * own[::-1]).all()
                met += 1
    assert met == sum((n + 1) * (n + 2) // 2 for n in range(7))


def test_factors_are_those_of_exact_symbols() -> None:
    met = 0
    for twice in range(6, 15):
        factors = matrix_factors((6, 5, 6), twice / 2)
        sizes = normalization("matrix", 6, j=Fraction(twice, 2))[:, :6]
        assert (np.abs(factors) == sizes).all()
        for path in paths(6, 5, 6):
            symbol = wigner_6j(*path, *[Fraction(twice, 2)] * 3)
            sign = (-1) ** (-(-sum(path) // 2) + twice) * symbol.sign
            assert np.sign(factors[path]) == sign
            met += 1
    assert met == 9 * len(list(paths(6, 5, 6)))


def test_factors_of_large_spins_are_those_on_the_sphere() -> None:
    """√n N → √4π Gaunt and n√n N → √4π bracket, with corrections in 1/n²; all are positive."""
    met = 0
    for path in paths(4):
        family, power = (("gaunt", 0.5), ("antisymmetric_gaunt", 1.5))[sum(path) % 2]
        limit = np.sqrt(4 * np.pi) * float(known(family).reduced(*path, basis="real"))
        error = [float(matrix_factor(*path, n - 1)) * n**power / limit - 1 for n in (400, 800)]
        assert abs(error[0]) < 1e-3 and abs(error[1]) < 0.26 * abs(error[0]) + 1e-15
        met += 1
    assert met == len(list(paths(4)))


def test_smallest_spins() -> None:
    """The table of the derivation, and no zero by exact symbols; every smaller spin has one or is too small."""
    assert [2 * smallest_spin(l, l, l) for l in range(13)] == list(LEAST[:13])
    met = 0
    for lmax in product(range(5), repeat=3):
        twice = int(2 * smallest_spin(*lmax))
        for smaller in range(twice + 1):
            j = Fraction(smaller, 2)
            lost = any(not wigner_6j(*path, j, j, j) for path in paths(*lmax))
            assert lost == (smaller < twice)
            met += 1
    assert met == sum(int(2 * smallest_spin(*lmax)) + 1 for lmax in product(range(5), repeat=3))


@pytest.mark.slow
def test_smallest_spins_to_degree_24() -> None:
    assert [2 * smallest_spin(l, l, l) for l in range(25)] == list(LEAST)


def test_spin_6_loses_a_path_from_degree_6_on() -> None:
    assert [list(accidental_zeros(6, l, l, l)) for l in (5, 6)] == [[], [(3, 5, 6)]]
    assert all((3, 5, 6) in accidental_zeros(6, l, l, l) for l in range(6, 13))


def test_no_path_is_lost() -> None:
    met = 0
    for l in range(9):
        factors = MatrixProduct(l, l, l).normalization
        assert {tuple(path) for path in np.argwhere(factors).tolist()} == set(paths(l))
        met += np.count_nonzero(factors)
    assert met == sum(len(list(paths(l))) for l in range(9))


# -- the product ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spin", [None, 4.5, 8.5])
def test_product_is_its_definition(spin: float | None, dtype: type) -> None:
    """With the smallest spin, with straight code, and with loops: n = 18."""
    for lmax in BOXES:
        x, y = features(lmax[:2], 3, 21, dtype=dtype)
        for weights in (None, random_weights(lmax)):
            form = MatrixProduct(*lmax, spin=spin, weights=weights)
            z, expected = form(x, y), by_definition(dense(form), x, y)
            assert z.dtype == dtype
            assert close(z, expected, BOUND[dtype])
    assert len(BOXES) == 15
    assert 2 * 8.5 + 1 > matrix_product.STRAIGHT >= 2 * 4.5 + 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "l", [8, 10, pytest.param(12, marks=pytest.mark.slow), pytest.param(16, marks=pytest.mark.slow)]
)
def test_large_degrees(l: int, dtype: type) -> None:
    """Against the same sum path by path, in float64, for one sample."""
    x, y = features((l, l), 2, dtype=dtype)
    form = MatrixProduct(l, l, l)
    factors, expected = form.normalization, np.zeros(x.shape)
    for path in paths(l):
        a, b, c = (degree_slice(k) for k in path)
        expected[c] += factors[path] * by_definition(block("wigner_3j", *path), x[a], y[b])
    assert close(form(x, y), expected, BOUND[dtype])


def test_parities_by_exchange_of_the_inputs() -> None:
    lmax = (4, 3, 5)
    x, y = features(lmax[:2], 9)
    form = MatrixProduct(*lmax)
    there, back = form(x, y), MatrixProduct(3, 4, 5, spin=form.spin)(y, x)
    assert close(there + back, 2 * by_definition(dense(form, "even"), x, y), 1e-14)
    assert close(there - back, 2 * by_definition(dense(form, "odd"), x, y), 1e-14)


@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 16), (1, 31), (5, 32), (1, 33), (3, 40), (70, 1), (9, 7), (0, 4), (3, 0)]
)
def test_any_number_of_lanes(shape: tuple[int, int]) -> None:
    lmax = (2, 3, 3)
    for dtype, spin in product((np.float32, np.float64), (None, 8.5)):
        x, y = features(lmax[:2], *shape, dtype=dtype)
        form = MatrixProduct(*lmax, spin=spin)
        z, expected = form(x, y), by_definition(dense(form), x, y)
        assert z.shape == expected.shape
        assert (np.abs(z - expected) <= BOUND[dtype] * np.abs(expected).max(initial=1)).all()


def test_both_layouts_broadcasting_and_mixed_types() -> None:
    lmax = (2, 1, 3)
    x, y = features(lmax[:2], 4, 3, 5)
    y = y[0, 0].astype(np.float32)
    last = MatrixProduct(*lmax)(x, y)
    first = MatrixProduct(*lmax, layout="channels_first")(np.swapaxes(x, -1, -2), y.T)
    assert last.dtype == np.float64 and first.flags.c_contiguous
    assert np.array_equal(first, np.swapaxes(last, -1, -2))
    assert close(last, by_definition(dense(MatrixProduct(*lmax)), x, y), 1e-14)
    assert MatrixProduct(*lmax)(x[..., :1], features((1,), 7)[0]).shape == (4, 3, 16, 7)


def test_workers_change_nothing() -> None:
    x, y = features((3, 3), 37, 11, dtype=np.float32)
    one = MatrixProduct(3, 3, 3)(x, y)
    for workers in (2, 3, 8):
        assert np.array_equal(MatrixProduct(3, 3, 3, workers=workers)(x, y), one)


def test_asking_ahead_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks ahead of the last one are not there; memory that was never asked for is not touched."""
    form, (x, y) = MatrixProduct(3, 3, 3), features((3, 3), 5, 21)
    z = form(x, y)
    monkeypatch.setattr(matrix_product, "LARGE_BYTES", -1)
    for ahead in (1, 2, 100):
        monkeypatch.setattr(matrix_product, "AHEAD", ahead)
        assert np.array_equal(form(x, y), z)


def test_one_channel_at_a_time_changes_nothing() -> None:
    """A lane has the same result in every place of a block, whole or gathered."""
    x, y = features((3, 3), 2, 2 * lanes(np.float64) + 3)
    form = MatrixProduct(3, 3, 3)
    single = [form(x[..., i : i + 1], y[..., i : i + 1]) for i in range(x.shape[-1])]
    assert np.array_equal(form(x, y), np.concatenate(single, axis=-1))


# -- ways of computing it ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_straight_code_and_loops_agree(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [*BOXES, (7, 7, 7), (9, 2, 8)]
    before = {lmax: MatrixProduct(*lmax)(*features(lmax[:2], 2, 19, dtype=dtype)) for lmax in boxes}
    monkeypatch.setattr(matrix_product, "STRAIGHT", -1)
    for lmax, z in before.items():
        assert close(MatrixProduct(*lmax)(*features(lmax[:2], 2, 19, dtype=dtype)), z, BOUND[dtype])
    assert len(before) == 17


@pytest.mark.parametrize("straight", [64, -1])
def test_every_size_of_matrix(straight: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is left over at the edges of tiles and of diagonals: n = 3 … 26, bands narrow and wide."""
    monkeypatch.setattr(matrix_product, "STRAIGHT", straight)
    met = 0
    for n in range(3, 27 if straight < 0 else 15):
        for lmax in ((2, 1, 2), (min(n - 1, 6), 2, min(n - 1, 5))):
            x, y = features(lmax[:2], 2, 3)
            form = MatrixProduct(*lmax, spin=(n - 1) / 2)
            assert close(form(x, y), by_definition(dense(form), x, y), BOUND[np.float64])
            met += 1
    assert met == (48 if straight < 0 else 24)


@pytest.mark.parametrize("lmax", [(0, 0, 0), (2, 3, 4), (6, 6, 6), (16, 3, 16)])
def test_asking_for_memory_changes_no_bit(lmax: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    form, (x, y) = MatrixProduct(*lmax), features(lmax[:2], 3, 37)
    z = form(x, y)
    monkeypatch.setattr(matrix_product, "LARGE_BYTES", -1)
    assert np.array_equal(form(x, y), z)


@pytest.mark.parametrize("straight", [16, -1])
def test_without_compilation(straight: int, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [(0, 0, 0), (1, 1, 1), (2, 3, 2), (4, 4, 4)]
    compiled = {lmax: MatrixProduct(*lmax)(*features(lmax[:2], 2, 5)) for lmax in boxes}
    functions = [name for name, value in vars(kernels).items() if hasattr(value, "py_func")]
    for name in functions:
        monkeypatch.setattr(kernels, name, getattr(kernels, name).py_func)
    monkeypatch.setattr(matrix_product, "matrix_product", kernels.matrix_product)
    monkeypatch.setattr(matrix_product, "STRAIGHT", straight)
    monkeypatch.setattr(matrix_product, "LARGE_BYTES", -1)
    for lmax, z in compiled.items():
        assert close(MatrixProduct(*lmax)(*features(lmax[:2], 2, 5)), z, BOUND[np.float64])
    assert len(functions) == 14


def test_tiles_cover_every_size_and_fit_into_registers() -> None:
    for n in range(1, 65):
        rows, columns = kernels.tile_shape(n)
        assert 1 <= rows <= n and 1 <= columns <= n
        assert rows * columns + columns + 1 <= REGISTERS


def test_blocks_cover_the_lanes_once() -> None:
    for total, workers in product(range(70), (1, 2, 3, 7)):
        ranges: list[tuple[int, int]] = []
        run_blocks(lambda first, last, found=ranges: found.append((first, last)), total, 16, workers)
        ranges.sort()
        assert [first for first, _ in ranges] == [0, *[last for _, last in ranges[:-1]]]
        assert ranges[-1][1] == total and all(first % 16 == 0 for first, _ in ranges)


# -- derivatives ------------------------------------------------------------------------------


def inner(a: Array, b: Array) -> float:
    return float((a * b).sum())


@pytest.mark.parametrize("lmax", [(1, 1, 1), (2, 3, 4), (5, 2, 3), (4, 4, 4), (1, 1, 4)])
def test_derivatives_of_all_orders(lmax: tuple[int, int, int]) -> None:
    form = MatrixProduct(*lmax, weights=random_weights(lmax))
    x, y, g = features(lmax, 3, 5)
    u, v, h = features(lmax, 3, 5, seed=1)
    dx, dy = form.vjp(x, y, g)
    scale = np.linalg.norm(x) * np.linalg.norm(y) * np.linalg.norm(g) * np.abs(dense(form)).max()
    # adjointness: a bilinear map has its value as its derivative
    assert abs(inner(g, form(u, y)) - inner(dx, u)) < 1e-13 * scale
    assert abs(inner(g, form(x, v)) - inner(dy, v)) < 1e-13 * scale
    assert close(form.jvp(x, y, u, v), form(x + u, y + v) - form(x, y) - form(u, v), 1e-13)
    # twice: the gradients are products, whose gradients are products; symmetric second derivatives
    du_y, du_g = form.turn().vjp(y, g, u)  # of <u, dx> in y and in g
    assert abs(inner(du_y, v) - inner(g, form(u, v))) < 1e-13 * scale
    assert abs(inner(du_g, h) - inner(h, form(u, y))) < 1e-13 * scale
    assert np.array_equal(form.turn().turn().turn()(x, y), form(x, y))


def test_turned_forms_are_the_same_form() -> None:
    lmax = (3, 4, 2)
    form = MatrixProduct(*lmax, weights=random_weights(lmax))
    tensor = dense(form)
    for turned, axes in ((form.turn(), (1, 2, 0)), (form.turn().turn(), (2, 0, 1))):
        assert turned.lmax == tuple(lmax[a] for a in axes) and turned.spin == form.spin
        assert np.array_equal(np.abs(turned.normalization), np.abs(form.normalization.transpose(axes)))
        assert np.abs(dense(turned) - tensor.transpose(axes)).max() < 1e-14


# -- symmetries -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l", [1, 2, 3, 4, 6, 8, 12, 16, 24, 32])
def test_equivariance(l: int, dtype: type) -> None:
    """Under rotations, and under inversion of the even and the odd part, relative to the largest entry."""
    d = rotation_matrices(ROTATIONS[-1], l, "real").astype(dtype)
    inversion = np.concatenate([np.full(2 * k + 1, (-1) ** k) for k in range(l + 1)]).astype(dtype)[:, None]
    x, y = features((l, l), 4, dtype=dtype)
    form = MatrixProduct(l, l, l)
    bound = 5e-14 if dtype is np.float64 else 1e-6
    assert close(form(d @ x, d @ y), d @ form(x, y), bound)
    even, odd = form(x, y) + form(y, x), form(x, y) - form(y, x)
    a, b = inversion * x, inversion * y
    assert close(form(a, b) + form(b, a), inversion * even, bound)
    assert close(form(a, b) - form(b, a), -inversion * odd, bound)


# -- zeros, infinities, refusals --------------------------------------------------------------


def test_exact_zeros() -> None:
    x, y = features((2, 1), 3, 4)
    z = MatrixProduct(2, 1, 5)(x, y)
    assert (z[:, 16:] == 0).all() and (z[:, :16] != 0).all()
    for spin in (None, 8.5):
        assert (MatrixProduct(2, 1, 2, spin=spin)(0 * x, y) == 0).all()
        assert (MatrixProduct(2, 1, 2, spin=spin, weights=[np.zeros(3), np.ones(2), np.ones(3)])(x, y) == 0).all()
    assert (MatrixProduct(5, 1, 1).normalization[3:] == 0).all()
    far = np.full((36, 1), np.nan)
    far[:9] = 1  # degrees that no path reaches are not looked at
    assert np.isfinite(MatrixProduct(5, 1, 1)(far, y[0, :, :1])).all()
    assert used_degrees(5, 1, 1) == (2, 1, 1)


@pytest.mark.parametrize("spin", [None, 8.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_are_not_finite_stay_in_their_lane(dtype: type, spin: float | None) -> None:
    form = MatrixProduct(3, 3, 3, spin=spin)
    x, y = features((3, 3), 4, 21, dtype=dtype)
    clean = form(x, y)
    met = 0
    for bad, row in product((np.nan, np.inf, -np.inf, np.finfo(dtype).max), range(16)):
        spoilt = x.copy()
        spoilt[2, row, 5] = bad
        z = form(spoilt, y)
        assert np.isfinite(bad) or not np.isfinite(z[2, :, 5]).any()
        z[2, :, 5] = clean[2, :, 5]
        assert np.array_equal(z, clean)
        met += 1
    assert met == 64
    assert np.array_equal(form(x, y), clean)  # nothing is left behind


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scales(dtype: type) -> None:
    """Powers of two pass through exactly, down to where the smallest numbers begin."""
    x, y = features((4, 4), 2, 17, dtype=dtype)
    form, far = MatrixProduct(4, 4, 4), dtype(2.0) ** (np.finfo(dtype).maxexp // 2)
    z = form(x, y)
    assert np.array_equal(form(far * x, y / far), z)
    assert np.array_equal(form(x / far, y) * far, z)
    tiny = np.finfo(dtype).smallest_subnormal
    assert np.abs(form(np.full_like(x, tiny), y)).max() < 1e3 * tiny


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"spin": 0.5}, ValueError, "spin must be at least 1.0"),
        ({"spin": 0.3}, ValueError, "spin must be an integer or half-integer"),
        ({"spin": -1}, ValueError, "spin must be >= 0"),
        ({"spin": "one"}, TypeError, "spin must be an integer or half-integer"),
        ({"weights": [np.ones(3)] * 2}, ValueError, r"weights must be arrays of shapes \[\(3,\), \(3,\), \(3,\)\]"),
        ({"weights": [np.ones(3), np.ones(2), np.ones(3)]}, ValueError, "weights must be arrays of shapes"),
        ({"weights": [np.ones(3), np.ones(3), np.array([1, np.nan, 1])]}, ValueError, "weights must be finite"),
        ({"layout": "first"}, ValueError, "layout must be one of"),
        ({"workers": 0}, ValueError, "workers must be an integer >= 1"),
    ],
)
def test_what_does_not_exist_is_refused(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        MatrixProduct(2, 2, 2, **options)


def test_features_that_do_not_fit_are_refused() -> None:
    form, (x,) = MatrixProduct(2, 2, 2), features((2,), 3)
    for bad, error in ((x[:4], ValueError), (x[:, 0], ValueError), (x.astype(int), TypeError), ("x", TypeError)):
        with pytest.raises(error, match="input 2 must"):
            form(x, bad)
    with pytest.raises(ValueError, match="degree 1 must be >= 0"):
        MatrixProduct(-1, 2, 2)

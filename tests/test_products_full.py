"""The full product: paths apart, in their order, equal to the definition; its sum over paths is the sparse product."""

from __future__ import annotations

import numpy as np
import pytest

from coupling.indexing import degree_slice
from coupling.numbers.coefficients import block
from coupling.products import ClebschGordan, FullProduct
from coupling.selection import paths
from coupling.tables import Request, build
from tests.test_products_sparse import BOUND, BOXES, LANES, Array, features, on_paths, random_weights


def by_definition(lmax: tuple[int, int, int], x: Array, y: Array, family: str, parity: str) -> Array:
    """One einsum for each path."""
    parts = [np.zeros((*x.shape[:-2], 0, x.shape[-1]))]
    for path in paths(*lmax, parity):
        u, v = (a[..., degree_slice(l), :].astype(float) for a, l in zip((x, y), path, strict=False))
        parts.append(np.einsum("ijk,...ic,...jc->...kc", block(family, *path), u, v))
    return np.concatenate(parts, axis=-2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("parity", ["all", "even", "odd"])
@pytest.mark.parametrize("lmax", BOXES)
def test_every_path_is_its_definition(lmax: tuple[int, int, int], parity: str, dtype: type) -> None:
    x, y = features(lmax[:2], 2, 19, dtype=dtype)
    one = FullProduct(*lmax, paths=parity)
    z, expected = one(x, y), by_definition(lmax, x, y, "wigner_3j", parity)
    assert z.dtype == dtype and z.shape == expected.shape
    assert [tuple(path) for path in one.paths.tolist()] == list(paths(*lmax, parity))
    assert one.offsets.tolist() == np.cumsum([0, *(2 * l3 + 1 for _, _, l3 in one.paths.tolist())]).tolist()
    assert (np.abs(z - expected) <= BOUND[dtype] * np.abs(expected).max(initial=0)).all()


@pytest.mark.parametrize("lanes", LANES)
def test_any_number_of_lanes(lanes: tuple[int, int]) -> None:
    lmax = (2, 1, 3)
    for dtype in (np.float32, np.float64):
        x, y = features(lmax[:2], *lanes, dtype=dtype)
        z, expected = FullProduct(*lmax)(x, y), by_definition(lmax, x, y, "wigner_3j", "all")
        assert z.shape == expected.shape
        assert (np.abs(z - expected) <= BOUND[dtype] * np.abs(expected).max(initial=1)).all()
        (g,) = features((0,), *lanes, dtype=dtype)
        g = np.repeat(g, z.shape[-2], axis=-2)
        for out in FullProduct(*lmax).vjp(x, y, g):
            assert np.isfinite(out).all()


@pytest.mark.parametrize("lmax", BOXES)
def test_weighted_sum_over_paths_is_the_sparse_product(lmax: tuple[int, int, int]) -> None:
    x, y = features(lmax[:2], 3, 8)
    weights, one = random_weights(lmax), FullProduct(*lmax, normalization="clebsch_gordan")
    z, total = one(x, y), np.zeros((3, (lmax[2] + 1) ** 2, 8))
    for path, begin, end in zip(one.paths.tolist(), one.offsets, one.offsets[1:], strict=False):
        total[:, degree_slice(path[2])] += weights[tuple(path)] * z[:, begin:end]
    expected = ClebschGordan(*lmax, on_paths(weights), normalization="clebsch_gordan")(x, y)
    assert np.abs(total - expected).max() < 1e-14 * np.abs(expected).max()


def test_layouts_broadcasting_and_workers() -> None:
    x, y = features((2, 2), 70, 5, dtype=np.float32)
    z = FullProduct(2, 2, 2)(x, y)
    assert np.array_equal(FullProduct(2, 2, 2, workers=3)(x, y), z)
    first = FullProduct(2, 2, 2, layout="channels_first")(np.swapaxes(x, 1, 2), np.swapaxes(y, 1, 2))
    assert np.array_equal(first, np.swapaxes(z, 1, 2))
    assert np.array_equal(FullProduct(2, 2, 2)(x, y[3]), FullProduct(2, 2, 2)(x, np.broadcast_to(y[3], x.shape)))


@pytest.mark.parametrize("lmax", BOXES)
def test_turning_is_the_same_form_and_gives_the_derivatives(lmax: tuple[int, int, int]) -> None:
    one = FullProduct(*lmax)
    x, y, dx, dy = features((*lmax[:2], *lmax[:2]), 2, 37)
    g = np.random.default_rng(5).standard_normal((2, one.sizes[2], 37))
    z = one(x, y)
    assert np.isclose(np.sum(z * g), np.sum(one.turn()(y, g) * x), rtol=1e-12)
    assert np.isclose(np.sum(z * g), np.sum(one.turn().turn()(g, x) * y), rtol=1e-12)
    assert np.array_equal(one.turn().turn().turn()(x, y), z)
    gx, gy = one.vjp(x, y, g)
    assert np.isclose(np.sum(g * one.jvp(x, y, dx, dy)), np.sum(gx * dx) + np.sum(gy * dy), rtol=1e-11)
    gy_of_gx, gg_of_gx = one.turn().vjp(y, g, dx)  # the derivative of a derivative
    assert np.abs(gg_of_gx - one(dx, y)).max() < 1e-13 * max(1, np.abs(gg_of_gx).max())
    assert np.abs(gy_of_gx - one.turn().turn()(g, dx)).max() < 1e-13 * max(1, np.abs(gy_of_gx).max())


def test_families_and_tables() -> None:
    x, y = features((2, 2), 8)
    for family in ("gaunt", "antisymmetric_gaunt"):
        z = FullProduct(2, 2, 3, normalization=family)(x, y)
        assert np.abs(z - by_definition((2, 2, 3), x, y, family, "all")).max() < 1e-14
        assert z.any()
    even = build(Request(lmax=3, parity="even"))
    from_table = FullProduct(2, 2, 3, paths="even", table=even)(x, y)
    assert np.array_equal(from_table, FullProduct(2, 2, 3, paths="even")(x, y))
    with pytest.raises(ValueError, match="must hold all 18 paths"):
        FullProduct(2, 2, 3, table=even)


def test_infinity_stays_in_its_paths() -> None:
    lmax = (2, 2, 2)
    x, y = features(lmax[:2], 40)
    x[4:9, 3] = np.inf  # degree 2
    one = FullProduct(*lmax)
    z = one(x, y)
    for path, begin, end in zip(one.paths.tolist(), one.offsets, one.offsets[1:], strict=False):
        assert np.isfinite(z[begin:end, 3]).all() == (path[0] != 2)
    assert np.isfinite(np.delete(z, 3, axis=1)).all()


def test_a_wrong_cotangent_is_refused() -> None:
    x, y = features((1, 1), 3)
    with pytest.raises(ValueError, match="input 2 must have 11 entries, 2·l3"):
        FullProduct(1, 1, 1).vjp(x, y, np.ones((10, 3)))


def test_kernels_give_the_same_without_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    from coupling.kernels import full_product as kernels
    from coupling.products import full

    x, y = features((1, 2), 3, 21)
    one = FullProduct(1, 2, 2)
    g = np.random.default_rng(5).standard_normal((3, one.sizes[2], 21))
    compiled = one(x, y), *one.vjp(x, y, g)
    for name in ("full_product", "full_adjoint"):
        monkeypatch.setattr(full, name, getattr(kernels, name).py_func)
    for a, b in zip(compiled, (one(x, y), *one.vjp(x, y, g)), strict=True):
        assert np.abs(a - b).max() < 1e-13

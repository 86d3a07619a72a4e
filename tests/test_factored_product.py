"""The product from factors of the whole tensor against the sparse product and exact blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coupling.lowrank import Record, constructed, load_factors, tensorly_decompose, whole_problem
from coupling.products import ClebschGordan, FactoredProduct, TensorProduct
from coupling.products.form import Form
from coupling.sphere import random_rotation, rotation_matrix

EXACT = {1: 8, 2: 28, 3: 85}
#: Largest error of entries of size 1.
ERRORS = {"float32": 2e-5, "float64": 5e-14}


def features(lmax: tuple[int, ...], channels: int, dtype: Any = float, batch: int = 7) -> list[Any]:
    random = np.random.default_rng(sum(lmax) + channels)
    return [random.standard_normal((batch, (l + 1) ** 2, channels)).astype(dtype) for l in lmax]


def seven_terms() -> list[Any]:
    """The closed form with weight 2/√3 on (0,0,0): ¼ Σ (s + t·v)³ - 2 (xzy + zyx + yxz); rows s, y, z, x."""
    a, b = 6 ** (1 / 3) / 3**0.5, 6 ** (-1 / 6)
    signs = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
    cubes, unit = (
        np.vstack([np.full(4, a), b * signs[:, [1, 2, 0]].T]),
        dict(zip("yzx", b * np.eye(4)[1:], strict=True)),
    )
    threes = [np.array([unit[word[slot]] for word in ("xzy", "zyx", "yxz")]).T for slot in range(3)]
    scales = zip(threes, (0.25, 1, 1), (-2, 1, 1), strict=True)
    return [np.hstack([cubes * scale, own * other]) for own, scale, other in scales]


def whole(problem: int) -> list[Record]:
    return [record for record in load_factors("whole") if record.spec["lmax"] == [problem]]


@pytest.mark.parametrize("dtype", ERRORS)
@pytest.mark.parametrize("lmax", [(1, 1, 1), (2, 2, 2), (3, 3, 3), (2, 1, 2), (1, 3, 2), (0, 2, 3), (1, 1, 4)])
def test_exact_factors_give_the_sparse_product_and_its_gradients(lmax: tuple[int, int, int], dtype: str) -> None:
    product, sparse = FactoredProduct(*lmax), ClebschGordan(*lmax)
    assert product.paths.tolist() == sparse.paths.tolist() and abs(product.path_weights - 1).max() < 1e-14
    assert product.error < 1e-14 and (max(lmax) > 3 or product.rank <= EXACT[max(lmax)])
    met = 0
    for channels in (1, 5, 16, 70):
        x, y, g = features(lmax, channels, dtype)
        random = np.random.default_rng(0)
        assert abs(product(x, y) - sparse(x, y)).max() < ERRORS[dtype]
        for mine, other in zip(product.vjp(x, y, g), sparse.vjp(x, y, g), strict=True):
            assert abs(mine - other).max() < ERRORS[dtype] and mine.dtype == dtype
        for shape in ((), (7,)):
            w = random.standard_normal((*shape, len(product.paths), *([channels] if shape else []))).astype(dtype)
            assert abs(product(x, y, w) - sparse(x, y, w)).max() < ERRORS[dtype]
        w = random.standard_normal((7, 1, channels)).astype(dtype)
        assert abs(product(x, y, w) - w * sparse(x, y)).max() < ERRORS[dtype]
        met += 1
    assert met == 4


def test_any_factors_give_the_sums_that_they_stand_for() -> None:
    """Groups of terms and of outputs with and without a rest, blocks that are whole and that are not."""
    random, met = np.random.default_rng(3), 0
    for lmax in ((1, 1, 1), (2, 1, 2), (4, 3, 5)):
        for rank in (1, 3, 8, 11, 16, 27):
            factors = [random.standard_normal(((l + 1) ** 2, rank)) for l in lmax]
            product = FactoredProduct(*lmax, factors=factors)
            for channels, workers in ((3, 1), (32, 1), (100, 3)):
                x, y, g = features(lmax, channels)
                many = FactoredProduct(*lmax, factors=factors, workers=workers)
                wanted = np.einsum("ir,jr,kr,biu,bju->bku", *factors, x, y, optimize=True)
                assert abs(many(x, y) - wanted).max() < 1e-13 * abs(wanted).max()
                back = np.einsum("ir,jr,kr,biu,bku->bju", *factors, x, g, optimize=True)
                assert abs(product.vjp(x, y, g)[1] - back).max() < 1e-13 * abs(back).max()
                met += 1
    assert met == 54


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_layouts_broadcast_features_and_weights(layout: str) -> None:
    last = layout == "channels_last"
    product, plain = FactoredProduct(2, 1, 2, layout=layout), FactoredProduct(2, 1, 2)
    x, y = features((2, 1), 4, batch=5)
    y, w = y[:1, :, :1], np.random.default_rng(0).standard_normal((5, len(plain.paths), 4))
    for weights in (w, w[0, :, 0], w[:, :1], w[:1]):
        turned = [a if last or a.ndim < 2 else np.swapaxes(a, -1, -2) for a in (x, y, weights)]
        found = product(*turned)
        assert found.flags.c_contiguous
        np.testing.assert_allclose(
            found if last else np.swapaxes(found, -1, -2),
            plain(
                x,
                np.repeat(y, 4, 2),
                np.repeat(w[:, :1], len(plain.paths), 1) if weights.shape == (5, 1, 4) else weights,
            ),
            atol=1e-14,
        )


def test_fewer_terms_stay_within_the_certificate() -> None:
    """‖z - z'‖ ≤ ‖M̂ - M‖ ‖x‖ ‖y‖ for a channel of a sample, of weights 1 and of the nearest weights; gradients too."""
    met = 0
    for lmax in EXACT:
        for record in whole(lmax):
            product = FactoredProduct(*[lmax] * 3, record.rank)
            assert product.rank == record.rank
            x, y, g = features((lmax,) * 3, 50)
            paths = len(product.paths)
            distance = record.error * paths**0.5
            squares = product.error**2 + np.sum((product.path_weights - 1) ** 2)
            assert squares**0.5 == pytest.approx(distance, rel=1e-6, abs=1e-13)
            for weights, bound in ((np.ones(paths), distance), (product.path_weights, product.error)):
                exact = ClebschGordan(*[lmax] * 3, weights)
                cases = [(product(x, y), exact(x, y), x, y)]
                cases += zip(product.vjp(x, y, g), exact.vjp(x, y, g), (y, g), (g, x), strict=True)
                for mine, other, one, two in cases:
                    limit = bound * np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
                    size = np.linalg.norm(mine - other, axis=1)
                    assert (size <= limit + 1e-12).all()
                    assert record.exact or (size / limit).max() > 0.01
                    met += 1
    assert met >= 6 * 21


def test_equivariance_fails_by_no_more_than_the_error() -> None:
    x, y = features((2, 2), 64)
    turn = rotation_matrix(random_rotation(np.random.default_rng(1)), 2)
    for rank in (10, 20, 28):
        product = FactoredProduct(2, 2, 2, rank)
        off = np.linalg.norm(product(turn @ x, turn @ y) - turn @ product(x, y), axis=1)
        limit = 2 * product.error * np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
        assert (off <= limit + 1e-13).all() and (rank == 28) == (off.max() < 1e-13)


def test_outputs_that_no_path_reaches_are_zero_and_such_inputs_are_not_read() -> None:
    x, y = features((1, 5), 3)
    y[:, 9:] = np.nan
    for product in (FactoredProduct(1, 5, 1), FactoredProduct(1, 5, 1, 10)):
        assert np.isfinite(product(x, y)).all() and np.isfinite(product(x, y, np.ones(len(product.paths)))).all()
    assert FactoredProduct(1, 0, 1).rank < 8 < FactoredProduct(1, 5, 1).rank  # terms without an entry left are dropped
    z = FactoredProduct(0, 1, 3)
    x, y = features((0, 1), 3)
    for found in (z(x, y), z(x, y, np.ones(2)), z(x, y, np.ones((1, 3)))):
        assert not found[:, 4:].any() and found[:, :4].any()
    x, y = features((1, 1), 3)
    only = FactoredProduct(1, 1, 1)(x, y, [1, 0, 0, 0, 0])  # weights of paths: what is not on a path is exactly zero
    assert not only[:, 1:].any() and only[:, 0] == pytest.approx(x[:, 0] * y[:, 0])


def test_seven_terms_with_their_own_path_weights() -> None:
    """Exact at weights that are not one; weights of a call multiply them, so any weights are exact with 7 terms."""
    product = FactoredProduct(1, 1, 1, factors=seven_terms())
    assert product.rank == 7 and product.error < 2e-15
    assert product.path_weights == pytest.approx([2 / 3**0.5, 1, 1, 1, 1], abs=1e-14)
    x, y = features((1, 1), 6)
    assert abs(product(x, y) - ClebschGordan(1, 1, 1, product.path_weights)(x, y)).max() < 1e-14
    wanted = np.array([0.3, -2, 1.5, 0.7, 4])
    assert abs(product(x, y, wanted / product.path_weights) - ClebschGordan(1, 1, 1, wanted)(x, y)).max() < 1e-14


def test_the_form_of_what_holds_factors_is_that_of_its_arrays() -> None:
    terms = constructed(1, complex_factors=True)
    product, form = FactoredProduct(1, 1, 1, factors=terms), Form.of("FactoredProduct", 1, 1, 1, factors=terms)
    assert all(np.array_equal(a, b) for a, b in zip(form.product().factors, product.factors, strict=True))
    assert form == Form.of("FactoredProduct", 1, 1, 1, factors=product.factors)


@pytest.mark.parametrize(("lmax", "weights"), [(1, "fewest"), (1, "unit"), (1, "matrix"), (3, "matrix")])
def test_constructed_complex_terms_are_three_real_ones_each(lmax: int, weights: str) -> None:
    terms = constructed(lmax, weights, complex_factors=True)
    product = FactoredProduct(lmax, lmax, lmax, factors=terms)
    assert terms.complex_factors and 2 * terms.rank < product.rank <= 3 * terms.rank
    wanted = np.array([float(terms.path_weights[l1, l2, l3]) for l1, l2, l3 in product.paths.tolist()])
    assert product.path_weights == pytest.approx(wanted, abs=1e-14) and product.error < 1e-14
    x, y = features((lmax, lmax), 3)
    assert abs(product(x, y) - ClebschGordan(lmax, lmax, lmax, wanted)(x, y)).max() < 1e-13


def test_factors_of_tensorly_are_taken() -> None:
    factors = tensorly_decompose(whole_problem(1).tensor, 6, starts=1).factors
    product = FactoredProduct(1, 1, 1, factors=factors)
    x, y = features((1, 1), 2)
    assert product(x, y) == pytest.approx(np.einsum("ir,jr,kr,biu,bju->bku", *factors, x, y))


def test_copies_with_shared_weights_are_modes_of_the_tensor_product() -> None:
    """uuu and uvu of e3nn with one weight for all paths, V copies of y mixed before."""
    random, irreps = np.random.default_rng(4), "0e + 1e + 2e"
    product, (x, y) = FactoredProduct(2, 2, 2), features((2, 2), 4)
    y = np.concatenate([y, y[::-1, :, :2]], 2)[..., :3]  # V = 3 copies
    w = random.standard_normal((3, 4))
    lists = ["+".join(f"{n}x{one}" for one in irreps.split(" + ")) for n in (4, 3)]
    uvu = [(*p, "uvu", True) for p in product.paths.tolist()]
    norm: Any = {"irrep_normalization": "none", "path_normalization": "none"}
    channelwise = TensorProduct(lists[0], lists[1], lists[0], uvu, **norm)
    flat = [a.reshape(7, -1) for a in (x, y)]
    shared = np.tile(w.T.ravel(), len(uvu))  # u, then v, for each path
    assert abs(product(x, y @ w).reshape(7, -1) - channelwise(*flat, shared)).max() < 1e-13
    uuu = TensorProduct(lists[0], lists[0], lists[0], [(*p, "uuu", False) for p in product.paths.tolist()], **norm)
    assert abs(product(x, y @ w).reshape(7, -1) - uuu(flat[0], (y @ w).reshape(7, -1))).max() < 1e-13


def test_turning_thrice_is_the_product_and_the_form_says_all() -> None:
    product = FactoredProduct(1, 2, 2)
    again = product.turn().turn().turn()
    assert again.lmax == product.lmax
    assert all(np.array_equal(a, b) for a, b in zip(again.factors, product.factors, strict=True))
    factors = seven_terms()
    form = Form.of("FactoredProduct", 1, 1, 1, factors=factors)
    assert Form.read(form.text) == form and form.product().rank == 7
    assert len(Form.of("FactoredProduct", 2, 2, 2, 28).text) < 120


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 9}, r"ranks \[10, 14, 15, 20, 24, 25, 26, 27, 28\], got 9"),
        ({"rank": 28, "factors": [np.ones((9, 2))] * 3}, "rank of shipped factors or factors, not both"),
        ({"factors": [np.ones((9, 2)), np.ones((4, 2)), np.ones((9, 2))]}, r"\[9, R\], \[9, R\], \[9, R\], got shapes"),
        ({"factors": [np.ones((9, 2)), np.ones((9, 3)), np.ones((9, 2))]}, r"three arrays .* got shapes"),
        ({"factors": [np.ones((9, 0))] * 3}, "three arrays"),
        ({"factors": [np.full((9, 2), np.nan)] * 3}, "factors must be finite"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FactoredProduct(2, 2, 2, **options)


def test_degrees_without_factors_and_complex_ones_are_said() -> None:
    with pytest.raises(
        ValueError, match=r"whole factors of degrees to 4 are not shipped; give others as factors, such as decompose"
    ):
        FactoredProduct(4, 4, 4)
    with pytest.raises(TypeError, match="factors must be real or complex numbers, got <U1"):
        FactoredProduct(1, 1, 1, factors=[np.full((4, 2), "a")] * 3)
    with pytest.raises(ValueError, match="the sum of complex terms must be real, got an imaginary part of norm"):
        FactoredProduct(1, 1, 1, factors=[np.full((4, 2), 1j)] * 3)
    product, (x, y) = FactoredProduct(1, 1, 1), features((1, 1), 2)
    for bad in (np.ones(4), np.ones(()), np.ones((4, 2)), np.ones((2, 4, 2))):
        with pytest.raises(ValueError, match=r"weights must have (shape \(5,\)|5 paths, or 1 for all)"):
            product(x, y, bad)

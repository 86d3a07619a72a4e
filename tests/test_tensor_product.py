"""The tensor product of irreps by instructions: its definition, normalizations, layouts, symmetries, gradients."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from itertools import product as pairs
from math import prod, sqrt

import numpy as np
import pytest

from coupling import Irreps, block
from coupling.products import ClebschGordan, TensorProduct
from coupling.products.instructions import IRREP_NORMALIZATIONS, MODES, PATH_NORMALIZATIONS, TensorPath
from coupling.sphere import random_rotation, rotation_matrix

IRREPS1, IRREPS2 = "3x0e + 2x1o + 2x2e + 2x1e + 4x1o", "2x0e + 2x1o + 2x2e + 1x1e + 4x2e"


def modes(has_weight: bool = True) -> tuple[str, list[tuple]]:
    """Irreps of an output and instructions: every mode, on several paths each, two of which add up."""
    given = [
        (1, 1, "1e", "uvw", 3), (1, 1, "0e", "uvw", 3), (0, 2, "2e", "uvw", 2), (1, 2, "1o", "uvu", 2),
        (0, 0, "0e", "uvu", 3), (2, 0, "2e", "uvu", 2), (1, 2, "2o", "uvv", 2), (0, 1, "1o", "uvv", 2),
        (1, 1, "2e", "uuw", 4), (2, 2, "3e", "uuw", 1), (2, 2, "1e", "uuu", 2), (1, 0, "1o", "uuu", 2),
        (2, 3, "2e", "uvuv", 2), (3, 2, "1e", "uvuv", 4), (2, 2, "0e", "uvuv", 4),
        (4, 4, "1o", "uvu<v", 6), (1, 1, "1e", "uvu<v", 1), (4, 4, "3o", "u<vw", 2), (2, 2, "0e", "u<vw", 3),
    ]  # fmt: skip
    given = [g for g in given if has_weight or g[3] not in ("uvw", "uuw", "u<vw") or g[3:] == ("uuw", 1)]
    outputs = "+".join(f"{n}x{name}" for *_, name, _, n in given) + "+5x0o"
    listed = [(i, j, k, mode, has_weight, 1 + k / 4) for k, (i, j, _, mode, _) in enumerate(given)]
    place = next(k for k, (*_, name, mode, _) in enumerate(given) if (name, mode) == ("2e", "uvu"))
    return outputs, [*listed, (2, 2, place, "uvu", has_weight, 0.3)]  # two paths add up


def features(irreps: Irreps, seed: int, lead: tuple[int, ...] = (4,)) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((*lead, irreps.dim))


def meetings(path: TensorPath) -> Iterator[tuple[int, int, tuple[int, ...], int]]:
    """Which copies of x and y meet, with which weight, for which copy of the output."""
    if "<" in path.mode:
        for n, (u, v) in enumerate(combinations(range(path.copies["u"]), 2)):
            yield from (((u, v, (n, w), w) for w in range(path.copies["w"])) if "w" in path.mode else [(u, v, (n,), n)])
        return
    letters = sorted(set("".join(MODES[path.mode])))
    for copies in pairs(*(range(path.copies[letter]) for letter in letters)):
        at = dict(zip(letters, copies, strict=True))
        u, v, w, out = (tuple(at[letter] for letter in text) for text in MODES[path.mode])
        yield u[0], v[0], w, out[0] if len(out) == 1 else out[0] * path.copies["v"] + out[1]


def by_loops(product: TensorProduct, x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The definition, copies and orders one by one, in the layout mul_ir."""
    z, start = np.zeros((len(x), product.irreps_out.dim)), 0
    for path in product.paths:
        core = block("wigner_3j", *path.degrees, convention=product.convention) * path.coefficient
        lists = (product.irreps1, product.irreps2, product.irreps_out)
        a, b, c = (
            values[:, irreps.slices[place]].reshape(len(x), irreps[place].mul, -1)
            for values, irreps, place in zip((x, y, z), lists, path.places, strict=True)
        )
        weight = np.ones(path.weight_shape)
        if path.has_weight:
            weight = weights[start : start + prod(path.weight_shape)].reshape(path.weight_shape)
            start += weight.size
        for u, v, w, out in meetings(path):
            c[:, out] += weight[w] * np.einsum("ni,nj,ijk->nk", a[:, u], b[:, v], core)
        assert np.shares_memory(c, z)
    return z


@pytest.mark.parametrize("convention", ["coupling", "e3nn", "e3nn_0_4"])
@pytest.mark.parametrize("has_weight", [True, False])
def test_every_mode_is_its_definition_in_both_layouts(has_weight: bool, convention: str) -> None:
    outputs, instructions = modes(has_weight)
    made = {
        layout: TensorProduct(IRREPS1, IRREPS2, outputs, instructions, layout=layout, convention=convention)
        for layout in ("mul_ir", "ir_mul")
    }
    product = made["mul_ir"]
    assert {path.mode for path in product.paths} == set(MODES) - (set() if has_weight else {"uvw", "u<vw"})
    x, y = features(product.irreps1, 0), features(product.irreps2, 1)
    weights = np.random.default_rng(2).standard_normal(product.weight_count)
    given = weights if has_weight else None
    z = product(x, y, given)
    np.testing.assert_allclose(z, by_loops(product, x, y, weights), atol=1e-13)
    into1, into2, into3 = (
        irreps.permutation("mul_ir", "ir_mul") for irreps in (product.irreps1, product.irreps2, product.irreps_out)
    )
    other = made["ir_mul"](x[:, into1], y[:, into2], given)
    np.testing.assert_allclose(other, z[:, into3], atol=1e-13)
    assert not z[:, product.irreps_out.slices[-1]].any()
    if has_weight:
        each = np.stack([weights, 2 * weights, -weights, 0 * weights])
        np.testing.assert_allclose(product(x, y, each), z * np.array([[1], [2], [-1], [0]]), atol=1e-13)
        every = product(x[:1], y, each[:, None])
        assert every.shape == (4, *z.shape)
        np.testing.assert_allclose(every[1], product(x[:1], y, 2 * weights), atol=1e-13)


def test_the_coefficients_of_every_normalization() -> None:
    outputs, instructions = modes()
    met = 0
    for kind, rule in pairs(IRREP_NORMALIZATIONS, PATH_NORMALIZATIONS):
        product = TensorProduct(
            IRREPS1, IRREPS2, outputs, instructions, irrep_normalization=kind, path_normalization=rule
        )
        for path, instruction in zip(product.paths, instructions, strict=True):
            l1, l2, l3 = path.degrees
            same = [p for p in product.paths if p.places[2] == path.places[2]]
            copies = {"uvw": "uv", "uvu": "v", "uvv": "u", "uuw": "u", "uuu": "", "uvuv": "", "uvu<v": ""}
            triangle = {"u<vw": lambda n: n * (n - 1) // 2}
            numbers = [
                triangle[p.mode](p.copies["u"]) if p.mode in triangle else prod(p.copies[c] for c in copies[p.mode])
                for p in same
            ]
            added = {"element": sum(numbers), "path": numbers[same.index(path)] * len(same), "none": 1}[rule]
            alpha = {"component": 2 * l3 + 1, "norm": (2 * l1 + 1) * (2 * l2 + 1), "none": 1}[kind]
            assert path.coefficient == pytest.approx(sqrt(instruction[5] * alpha / added), rel=1e-15)
            met += 1
    assert met == 9 * len(instructions) > 100


def test_a_channelwise_product_of_one_copy_is_the_sparse_product() -> None:
    """Normalization "none", parities of harmonics: the paths with l1+l2+l3 even; its weights are those of the paths."""
    sparse = ClebschGordan(3, 3, 3, paths="even")
    lists = [Irreps([(4, irrep) for _, irrep in Irreps(3)]), Irreps(3)]
    options = {"irrep_normalization": "none", "path_normalization": "none"}
    product = TensorProduct(*lists, lists[0], [(*path, "uvu") for path in sparse.paths.tolist()], **options)
    random = np.random.default_rng(0)
    x, y, weights = random.standard_normal((5, 16, 4)), random.standard_normal((5, 16, 1)), random.random((5, 23, 4))
    assert len(sparse.paths) == len(product.paths) == 23
    z = product(x.reshape(5, -1), y[..., 0], weights.reshape(5, -1)).reshape(5, 16, 4)
    np.testing.assert_allclose(z, sparse(x, y, weights), atol=1e-13)


@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
def test_rotations_and_inversion(layout: str) -> None:
    outputs, instructions = modes()
    product = TensorProduct(IRREPS1, IRREPS2, outputs, instructions, layout=layout)
    rotation = random_rotation(np.random.default_rng(0))
    lists = (product.irreps1, product.irreps2, product.irreps_out)

    def acted(irreps: Irreps, values: np.ndarray, sign: int) -> np.ndarray:
        into = irreps.permutation(layout, "mul_ir")
        parts = []
        for (mul, irrep), where in zip(irreps, irreps.slices, strict=True):
            turn = rotation_matrix(rotation, irrep.twice // 2)[-irrep.dim :, -irrep.dim :]
            one = values[:, into][:, where].reshape(len(values), mul, irrep.dim) @ turn.T
            parts.append(one.reshape(len(values), -1) * (irrep.parity if sign < 0 else 1))
        return np.concatenate(parts, 1)[:, irreps.permutation("mul_ir", layout)]

    x, y = features(lists[0], 3), features(lists[1], 4)
    weights = np.random.default_rng(5).standard_normal(product.weight_count)
    for sign in (1, -1):
        turned = product(acted(lists[0], x, sign), acted(lists[1], y, sign), weights)
        np.testing.assert_allclose(turned, acted(lists[2], product(x, y, weights), sign), atol=1e-12)


def test_the_kinds_of_products_and_their_filters() -> None:
    lists = "4x0e + 4x1o", "0e + 1o + 2e"
    product = TensorProduct.channelwise(*lists, "0e + 1o + 2e")
    assert str(product.irreps_out) == "4x0e+4x0e+4x1o+4x1o+4x1o+4x2e+4x2e"
    assert {path.mode for path in product.paths} == {"uvu"} and product.weight_count == 7 * 4
    assert str(TensorProduct.channelwise(*lists).irreps_out).endswith("4x1e+4x2e+4x2e+4x2o+4x3o") is False
    assert TensorProduct.channelwise(*lists).irreps_out.count("3o") == 4
    full = TensorProduct.full("2x1o", "3x1o", "1e")
    assert str(full.irreps_out) == "6x1e" and full.weight_count == 0
    each = TensorProduct.elementwise("2x1o + 0e", "2x1o + 0e")
    assert str(each.irreps_out) == "2x0e+2x1e+2x2e+1x0e"
    connected = TensorProduct(*lists, "3x0e + 2x1o")
    assert connected.weight_count == 4 * 1 * (2 * 3 + 3 * 2) and {p.mode for p in connected.paths} == {"uvw"}
    assert TensorProduct("1", "1", "1").paths[0].degrees == (1, 1, 1)  # without parities
    assert not TensorProduct("1o", "1o", "1o").paths  # the path (1, 1, 1) takes two vectors to 1e


def test_counts_by_multiplying_out() -> None:
    """A product with one more channel takes the multiply-adds of a channel more, whatever the channels are."""
    at = [TensorProduct.channelwise(f"{n}x0e + {n}x1o + {n}x2e", 3, 3).operations for n in (1, 2, 3, 17)]
    assert at[1] - at[0] == at[2] - at[1] == (at[3] - at[2]) / 14 == 244
    dense = TensorProduct("3x1o", "2x1o", "5x2e")
    core = block("wigner_3j", 1, 1, 2) != 0
    assert dense.operations == 2 * core.sum() + 6 * core.any(1).sum() + 30 * 5
    assert (
        repr(dense) == f"TensorProduct(3x1o x 2x1o -> 5x2e | 1 paths | 30 weights | {dense.operations} multiply-adds)"
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_and_leading_axes(dtype: type) -> None:
    product = TensorProduct("2x0e + 1o", "1o", "2x1o + 0e")
    x, y, weights = (np.ones(shape, dtype) for shape in ((2, 1, 5), (3, 3), product.weight_count))
    assert product(x, y, weights).shape == (2, 3, 7) and product(x, y, weights).dtype == dtype
    assert product(x[0, 0], y[0], weights).shape == (7,)
    assert product(x, y.astype(np.float64), weights).dtype == np.float64
    assert product(x[:0], y, weights).shape == (0, 3, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1o", "1o", "1o", [(0, 0, 0, "uvu")]), "1o and 1o do not couple to 1o"),
        (("1o", "1o", "3e", [(0, 0, 0, "uvu")]), "1o and 1o do not couple to 3e"),
        (("1o", "1o", "0e", [(0, 1, 0, "uvu")]), "the place of an irrep must be 0 … 0 in 1x1o, got 1"),
        (("1o", "1o", "0e", [(0, 0, 0, "uvx")]), "mode must be one of"),
        (("1o", "1o", "0e", [(0, 0)]), "an instruction must be"),
        (("1o", "1o", "0e", [(0, 0, 0, "uvu", True, -1.0)]), "path_weight must be a number >= 0, got -1.0"),
        (("2x1o", "1o", "3x0e", [(0, 0, 0, "uvu")]), "mode uvu gives 2 copies of the output, got 3"),
        (("2x1o", "1o", "2x0e", [(0, 0, 0, "uuu")]), "needs as many copies of both inputs"),
        (("2x1o", "1o", "3x0e", [(0, 0, 0, "uvw", False)]), "without a weight has one copy of the output, got 3"),
        (("1/2", "1", "1/2"), "half-integer degrees have no real basis"),
        (("1o", "1o", "0e", "uvu"), "instructions must be a list"),
    ],
)
def test_what_does_not_couple_says_why(arguments: tuple, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        TensorProduct(*arguments)


def test_features_and_weights_that_do_not_fit_say_why() -> None:
    product = TensorProduct("2x1o", "1o", "0e")
    for arguments, message in [
        ((np.ones(5), np.ones(3), np.ones(2)), r"input 1 must be \[..., 6\] for 2x1o, got \(5,\)"),
        ((np.ones(6), np.ones(4), np.ones(2)), "input 2 must be"),
        ((np.ones(6), np.ones(3)), "the product has 2 weights, got none"),
        ((np.ones(6), np.ones(3), np.ones(3)), r"weights must be \[..., 2\], got \(3,\)"),
        ((np.ones(6, int), np.ones(3), np.ones(2)), "input 1 must be float32 or float64"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            product(*arguments)


@pytest.mark.parametrize("has_weight", [True, False])
@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
@pytest.mark.parametrize("each", [True, False])
def test_compiled_gradients_are_those_of_the_form(each: bool, layout: str, has_weight: bool) -> None:
    """The product is linear in x, y and weights: Σ z·product(dx, y, w) is Σ dx·gradient for any dx, dy and dw."""
    outputs, instructions = modes(has_weight)
    product, random = TensorProduct(IRREPS1, IRREPS2, outputs, instructions, layout=layout), np.random.default_rng(0)
    lead = (4,) if each else ()
    shapes = (4, product.irreps1.dim), (*lead, product.irreps2.dim), (*lead, product.weight_count)
    given = [random.standard_normal(shape) for shape in (*shapes, (4, product.irreps_out.dim))]
    steps = (shapes[0][1], *(shape[-1] if each else 0 for shape in shapes[1:]), product.irreps_out.dim)
    together, wanted = [np.zeros_like(value) for value in given[:3]], 7 if has_weight else 3
    flat = [tuple(value.reshape(-1) for value in values) for values in (given, together)]
    product.compiled(np.dtype(float)).gradients(*flat, wanted, steps, 4)
    for slot in range(3 if has_weight else 2):
        gradient = np.zeros_like(given[slot])
        arrays = [(gradient if n == slot else value).reshape(-1) for n, value in enumerate(given)]
        product.compiled(np.dtype(float)).run(slot, tuple(arrays), steps, 4)
        assert (gradient == together[slot]).all()  # one by one or together, with the same bits
        for _ in range(3):
            moved = list(given[:3])
            moved[slot] = random.standard_normal(given[slot].shape)
            found = (given[3] * product(*(moved if has_weight else moved[:2]))).sum()
            assert found == pytest.approx((gradient * moved[slot]).sum(), rel=1e-12, abs=1e-11)

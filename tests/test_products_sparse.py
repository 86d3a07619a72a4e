"""The sparse Clebsch-Gordan product against the dense definition; its derivatives, weights, symmetries and layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coupling.indexing import degree_slice, path_array
from coupling.numbers.coefficients import block
from coupling.numbers.normalizations import normalization
from coupling.products import ClebschGordan
from coupling.products.clebsch_gordan import PATTERNS
from coupling.products.paths import selected_paths
from coupling.products.product import LAYOUTS
from coupling.selection import paths
from coupling.sphere import random_rotation, rotation_matrix
from coupling.tables import Request, build
from tests.test_identities_rotation import axis_rotation, rotation_matrices

Array = NDArray[Any]

#: Largest difference from the definition, relative to the largest entry.
BOUND = {np.float32: 1e-6, np.float64: 2e-15}
BOXES = [(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3), (1, 2, 3), (3, 1, 2), (4, 2, 0), (0, 3, 3), (2, 3, 5), (5, 5, 5)]


def dense(lmax: tuple[int, int, int], weights: Array | None = None, family: str = "wigner_3j") -> Array:
    """The coefficients [i, j, k] of all flat indices, by blocks, each times its weight."""
    tensor = np.zeros([(l + 1) ** 2 for l in lmax])
    for path in paths(*lmax):
        weight = 1.0 if weights is None else weights[path]
        tensor[tuple(degree_slice(l) for l in path)] = weight * block(family, *path)
    return tensor


def by_definition(tensor: Array, x: Array, y: Array) -> Array:
    return np.einsum("ijk,...ic,...jc->...kc", tensor, x.astype(float), y.astype(float), optimize=True)


def features(lmax: tuple[int, ...], *shape: int, dtype: type = np.float64, seed: int = 0) -> list[Array]:
    """Random features [*shape[:-1], (lmax+1)², shape[-1]] for each lmax."""
    random = np.random.default_rng(seed)
    return [random.standard_normal((*shape[:-1], (l + 1) ** 2, shape[-1])).astype(dtype) for l in lmax]


def on_paths(weights: Array) -> Array:
    """The weights [P] of an array over degrees."""
    l1, l2, l3 = (n - 1 for n in weights.shape)
    found: Array = weights[tuple(path_array((l1, l2, l3)).T)]
    return found


def random_weights(lmax: tuple[int, ...]) -> Array:
    return np.random.default_rng(1).standard_normal([l + 1 for l in lmax])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lmax", BOXES)
def test_product_is_its_definition(lmax: tuple[int, int, int], dtype: type) -> None:
    x, y = features(lmax[:2], 3, 19, dtype=dtype)
    even = sum(np.ogrid[tuple(slice(l + 1) for l in lmax)]) % 2 == 0
    some = random_weights(lmax)
    for weights in (None, some, even * some, ~even * some, np.where(some > 0.5, some, 0), np.zeros_like(some)):
        z = ClebschGordan(*lmax, None if weights is None else on_paths(weights))(x, y)
        expected = by_definition(dense(lmax, weights), x, y)
        assert z.dtype == dtype
        assert np.abs(z - expected).max() <= BOUND[dtype] * max(np.abs(expected).max(), 1e-300)


LANES = [(1, 1), (2, 16), (1, 31), (5, 32), (1, 33), (3, 40), (70, 1), (9, 7), (0, 4), (3, 0)]


@pytest.mark.parametrize("lanes", LANES)
def test_any_number_of_lanes(lanes: tuple[int, int]) -> None:
    lmax = (2, 3, 3)
    for dtype in (np.float32, np.float64):
        x, y = features(lmax[:2], *lanes, dtype=dtype)
        z, expected = ClebschGordan(*lmax)(x, y), by_definition(dense(lmax), x, y)
        assert z.shape == expected.shape
        assert (np.abs(z - expected) <= BOUND[dtype] * np.abs(expected).max(initial=1)).all()


def test_both_layouts_broadcasting_and_mixed_types() -> None:
    lmax = (2, 1, 3)
    x, y = features(lmax[:2], 4, 3, 5)
    y = y[0, 0].astype(np.float32)
    expected = by_definition(dense(lmax), x, y)
    last = ClebschGordan(*lmax)(x, y)
    first = ClebschGordan(*lmax, layout="channels_first")(np.swapaxes(x, -1, -2), y.T)
    assert last.dtype == np.float64 and first.flags.c_contiguous
    assert np.array_equal(first, np.swapaxes(last, -1, -2))
    assert np.abs(last - expected).max() < 1e-14
    one_channel = ClebschGordan(*lmax)(x[..., :1], features((1,), 7)[0])
    assert one_channel.shape == (4, 3, 16, 7)


def test_workers_change_nothing() -> None:
    x, y = features((3, 3), 37, 11, dtype=np.float32)
    one = ClebschGordan(3, 3, 3)(x, y)
    for workers in (2, 3, 8):
        assert np.array_equal(ClebschGordan(3, 3, 3, workers=workers)(x, y), one)


@pytest.mark.parametrize("family", ["clebsch_gordan", "gaunt", "antisymmetric_gaunt"])
def test_normalizations_are_the_families(family: str) -> None:
    lmax = (3, 2, 4)
    x, y = features(lmax[:2], 8)
    weights = random_weights(lmax)
    one = ClebschGordan(*lmax, normalization=family)
    assert one.paths.tolist() == [list(path) for path in paths(*lmax) if normalization(family, 4)[path]]
    z = one(x, y, weights[tuple(one.paths.T)])
    assert np.array_equal(one.with_weights(weights[tuple(one.paths.T)])(x, y), z)
    expected = by_definition(dense(lmax, weights, family), x, y)
    assert np.abs(z - expected).max() < 1e-14 * np.abs(expected).max()
    by_weights = ClebschGordan(*lmax, on_paths(weights * normalization(family, 4)[:4, :3, :5]))(x, y)
    assert np.abs(z - by_weights).max() < 1e-14 * np.abs(expected).max()


def test_a_table_that_is_given() -> None:
    x, y = features((2, 3), 8)
    own = ClebschGordan(2, 3, 4)(x, y)
    for request in (Request(lmax=4), Request(lmax=(2, 3, 4))):
        assert np.array_equal(ClebschGordan(2, 3, 4, table=build(request))(x, y), own)
    even = ClebschGordan(2, 3, 4, table=build(Request(lmax=4, parity="even")))(x, y)
    odd = ClebschGordan(2, 3, 4, table=build(Request(lmax=4, parity="odd")))(x, y)
    assert np.abs(even + odd - own).max() < 1e-14 and np.abs(even).max() > 1 < np.abs(odd).max()


def test_swapped_inputs_give_the_parity_of_the_path() -> None:
    lmax, (x, y) = (4, 4, 4), features((4, 4), 8)
    even = sum(np.ogrid[:5, :5, :5]) % 2 == 0
    for mask, parity, sign in ((even, "even", 1), (~even, "odd", -1)):
        a, b = ClebschGordan(*lmax, paths=parity)(x, y), ClebschGordan(*lmax, on_paths(mask))(y, x)
        assert np.abs(a - sign * b).max() < 1e-14 and np.abs(a).max() > 1
    assert np.abs(ClebschGordan(*lmax, paths="odd")(x, x)).max() < 1e-15


def test_equivariance_under_rotations_and_inversion() -> None:
    lmax = (4, 3, 5)
    rotation = axis_rotation(2, 0.3) @ axis_rotation(0, 1.1) @ axis_rotation(2, -2.0)
    d = rotation_matrices(rotation, 5, "real")
    flip = np.repeat([1.0, -1.0] * 3, [2 * l + 1 for l in range(6)])
    sizes = [(l + 1) ** 2 for l in lmax]
    x, y = features(lmax[:2], 3, 8)
    for dtype, bound in ((np.float64, 2e-15), (np.float32, 1e-6)):
        even, odd = (ClebschGordan(*lmax, paths=parity) for parity in ("even", "odd"))
        for one, parity in ((even, 1), (odd, -1)):
            u, v = (d[:n, :n] @ a for n, a in zip(sizes, (x, y), strict=False))
            turned = one(u.astype(dtype), v.astype(dtype))
            expected = d[: sizes[2], : sizes[2]] @ one(x.astype(dtype), y.astype(dtype))
            assert np.abs(turned - expected).max() < bound * np.abs(expected).max()
            s, t = ((flip[:n, None] * a).astype(dtype) for n, a in zip(sizes, (x, y), strict=False))
            mirrored = parity * flip[: sizes[2], None] * one(x.astype(dtype), y.astype(dtype))
            assert np.array_equal(one(s, t), mirrored)


@pytest.mark.parametrize("l", [8, pytest.param(16, marks=pytest.mark.slow), pytest.param(32, marks=pytest.mark.slow)])
def test_equivariance_at_larger_degrees(l: int) -> None:
    """Rotations, relative to the largest entry; at degree 32, with 33.6 million entries, it is 1.4e-14 and 1.6e-6.

    D is orthogonal to 6e-15 there, and both sides of the comparison contain it.
    """
    d = rotation_matrix(random_rotation(np.random.default_rng(l)), l)
    x, y = features((l, l), 1, 4)
    for dtype, bound in ((np.float64, 3e-14), (np.float32, 5e-6)):
        form = ClebschGordan(l, l, l)
        expected = d @ form(x.astype(dtype), y.astype(dtype))
        turned = form((d @ x).astype(dtype), (d @ y).astype(dtype))
        assert np.abs(turned - expected).max() < bound * np.abs(expected).max()


@pytest.mark.parametrize("lmax", BOXES)
def test_turning_is_the_same_form(lmax: tuple[int, int, int]) -> None:
    x, y, z = features(lmax, 2, 5)
    one = ClebschGordan(*lmax, on_paths(random_weights(lmax)), normalization="clebsch_gordan")
    form = np.sum(one(x, y) * z)
    assert np.isclose(np.sum(one.turn()(y, z) * x), form, rtol=1e-13, atol=1e-13)
    assert np.isclose(np.sum(one.turn().turn()(z, x) * y), form, rtol=1e-13, atol=1e-13)
    again = one.turn().turn().turn()
    assert again.lmax == one.lmax and np.array_equal(again(x, y), one(x, y))


def test_derivatives_are_adjoint_and_agree_with_differences() -> None:
    lmax = (3, 2, 4)
    x, y, g = features(lmax, 2, 5)
    dx, dy = features(lmax[:2], 2, 5, seed=2)
    one = ClebschGordan(*lmax, on_paths(random_weights(lmax)))
    gx, gy = one.vjp(x, y, g)
    along = one.jvp(x, y, dx, dy)
    assert np.isclose(np.sum(g * along), np.sum(gx * dx) + np.sum(gy * dy), rtol=1e-13)
    h = 2.0**-20
    difference = (one(x + h * dx, y + h * dy) - one(x - h * dx, y - h * dy)) / (2 * h)
    assert np.abs(difference - along).max() < 1e-8
    # again: the gradient in x is a product of y and g, whose gradient is one more product
    gy_of_gx, gg_of_gx = one.turn().vjp(y, g, dx)
    assert np.abs(gg_of_gx - one(dx, y)).max() < 1e-13
    assert np.abs(gy_of_gx - one.turn().turn()(g, dx)).max() < 1e-13


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lmax", BOXES[:-1])
def test_gradient_in_the_weights(lmax: tuple[int, int, int], dtype: type) -> None:
    x, y, g = features(lmax, 3, 23, dtype=dtype)
    weights = random_weights(lmax)
    one = ClebschGordan(*lmax, on_paths(np.where(weights > 0, weights, 0)), normalization="clebsch_gordan")
    gradient = dict(zip(paths(*lmax), one.weight_gradient(x, y, g), strict=True))
    met = 0
    for path in paths(*lmax):
        single = np.zeros_like(weights)
        single[path] = 1
        expected = np.sum(by_definition(dense(lmax, single, "clebsch_gordan"), x, y) * g)
        met += expected != 0
        assert abs(gradient[path] - expected) < 100 * BOUND[dtype] * np.sqrt(x.size)
    assert met == len(list(paths(*lmax)))


def test_gradient_in_the_weights_of_many_samples() -> None:
    """Blocks are added in float64: the float32 error does not grow with the number of samples."""
    lmax = (1, 1, 1)
    x, y, g = features(lmax, 3000, 32, dtype=np.float32)
    gradient = ClebschGordan(*lmax).weight_gradient(x, y, g)
    exact = ClebschGordan(*lmax).weight_gradient(*(a.astype(float) for a in (x, y, g)))
    scale = ClebschGordan(*lmax).weight_gradient(*(np.abs(a).astype(float) for a in (x, x, x)))
    assert np.abs(gradient - exact).max() < 1e-7 * np.abs(scale).max()


def test_weights_can_be_exchanged() -> None:
    lmax, weights = (2, 2, 2), on_paths(random_weights((2, 2, 2)))
    x, y = features(lmax[:2], 4)
    one = ClebschGordan(*lmax, weights)
    before, other = one(x, y), one.with_weights(2 * weights)
    assert np.abs(other(x, y) - 2 * before).max() < 1e-14
    assert np.array_equal(other.turn().weights, 2 * weights)
    assert np.array_equal(one(x, y, 2 * weights), other(x, y))
    assert np.array_equal(one(x, y), before)
    weights[:] = 0
    assert np.array_equal(one(x, y), before) and one.weights.any()


@pytest.mark.parametrize(
    "options", [{}, {"paths": "odd"}, {"normalization": "gaunt"}, {"paths": [(1, 1, 0), (2, 1, 2)]}]
)
def test_weights_of_samples_and_channels(options: dict[str, Any]) -> None:
    """In every turn and both layouts, against one product for each sample and channel."""
    lmax, random = (2, 1, 3), np.random.default_rng(4)
    one, first = (ClebschGordan(*lmax, layout=layout, **options) for layout in LAYOUTS)
    weights, met = random.standard_normal((3, len(one.paths), 5)), 0
    for _ in range(3):
        x, y = (random.standard_normal((3, n, 5)) for n in one.sizes[:2])
        z = one(x, y, weights)
        for b, c in np.ndindex(3, 5):
            alone = one(x[b, :, c : c + 1], y[b, :, c : c + 1], weights[b, :, c])
            assert np.abs(z[b, :, c : c + 1] - alone).max() < 1e-14
            met += 1
        flipped = first(*(np.swapaxes(a, -1, -2) for a in (x, y, weights)))
        assert flipped.flags.c_contiguous and np.array_equal(flipped, np.swapaxes(z, -1, -2))
        assert np.abs(one(x, y, weights[0, :, :1]) - one(x, y, weights[0, :, 0])).max() < 1e-14
        assert one(x.astype(np.float32), y.astype(np.float32), weights).dtype == np.float32
        one, first = one.turn(), first.turn()
    assert met == 45


def test_lists_are_kept_for_a_limited_number_of_patterns_of_zeros() -> None:
    """Learned weights may have another pattern in every call."""
    one = ClebschGordan(2, 2, 2)
    x, y = features((2, 2), 2, 3)
    for number in range(3 * PATTERNS):
        weights = np.array([float(number >> k & 1) for k in range(15)])
        assert np.array_equal(one(x, y, weights), ClebschGordan(2, 2, 2, weights)(x, y))
        assert len(one._bound) <= PATTERNS


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_infinity_and_nan_reach_what_they_couple_to_and_nothing_else(bad: float) -> None:
    lmax = (3, 3, 3)
    x, y = features(lmax[:2], 40, dtype=np.float32)
    one, tensor = ClebschGordan(*lmax), dense(lmax)
    clean = one(x, y)
    may = np.zeros_like(tensor)  # where the selection rules allow an entry
    for path in paths(*lmax):
        cut = tuple(degree_slice(l) for l in path)
        mirrored = [block("wigner_3j", *path)]
        may[cut] = mirrored[0] != 0
    met = 0
    for row in range(16):
        spoilt = x.copy()
        spoilt[row, 7] = bad
        z = one(spoilt, y)
        reached = may[row].any(axis=0)
        assert not np.isfinite(z[reached, 7]).any()
        untouched = ~np.isfinite(z)
        untouched[:, 7] = False
        assert not untouched.any()
        assert np.isfinite(z[~reached, 7]).all()
        assert np.array_equal(z[:, 8:], clean[:, 8:])
        met += int(reached.sum())
    assert met > 150


def test_tiny_and_huge_numbers() -> None:
    lmax = (2, 2, 2)
    x, y = features(lmax[:2], 8)
    one = ClebschGordan(*lmax)
    assert np.array_equal(one(x * 2.0**500, y * 2.0**-500), one(x, y))
    assert not one(x * 2.0**-600, y * 2.0**-600).any()
    with np.errstate(over="ignore"):
        assert not np.isfinite(one(x * 2.0**600, y * 2.0**600)).all()
    assert not one(0 * x, y).any()


def test_more_paths_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from coupling import memory

    assert len(selected_paths((9, 9, 9))) == 505
    monkeypatch.setattr(memory, "physical_memory", lambda: 24 * 10**3 - 1)
    with pytest.raises(MemoryError, match=r"a list of the paths to lmax \(9, 9, 9\)"):
        selected_paths((9, 9, 9))


def test_bad_arguments_are_refused() -> None:
    x, y = features((1, 1), 3)
    with pytest.raises(ValueError, match=r"weights must have shape \(5,\), one per path, got \(2, 2, 2\); an array w"):
        ClebschGordan(1, 1, 1, np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match="paths must be one of"):
        ClebschGordan(1, 1, 1, paths="o")
    with pytest.raises(ValueError, match=r"paths must have degrees to lmax \(1, 1, 1\), got \(1, 1, 2\)"):
        ClebschGordan(1, 1, 1, paths=[(1, 1, 2)])
    for call in (ClebschGordan(1, 1, 1), ClebschGordan(1, 1, 1).turn()):
        with pytest.raises(ValueError, match=r"weights must have shape \(5,\), one per path"):
            call(x, y, np.ones(4))
        with pytest.raises(ValueError, match="weights must have 5 paths on axis -2, got 4"):
            call(x, y, np.ones((4, 3)))
    with pytest.raises(ValueError, match="normalization must be one of"):
        ClebschGordan(1, 1, 1, normalization="component")
    with pytest.raises(TypeError, match="must be a coupling"):
        ClebschGordan(1, 1, 1, table="real-l4")
    with pytest.raises(ValueError, match="real basis"):
        ClebschGordan(1, 1, 1, table=build(Request(lmax=1, basis="complex")))
    with pytest.raises(ValueError, match=r"must reach lmax \(1, 1, 2\)"):
        ClebschGordan(1, 1, 2, table=build(Request(lmax=1)))
    with pytest.raises(ValueError, match="4 = "):
        ClebschGordan(1, 1, 1)(x[:3], y)
    with pytest.raises(TypeError, match="float32 or float64"):
        ClebschGordan(1, 1, 1)(x.astype(int), y)


def test_kernels_give_the_same_without_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    from coupling.kernels import sparse_product as kernels
    from coupling.products import clebsch_gordan, sparse_program, weight_sums

    lmax = (2, 2, 2)
    x, y, g = features(lmax, 2, 21)
    monkeypatch.setattr(sparse_program, "STRAIGHT", 0)
    compiled = ClebschGordan(*lmax)(x, y), ClebschGordan(*lmax).weight_gradient(x, y, g)
    for module, name in ((clebsch_gordan, "sparse_product"), (weight_sums, "sparse_weights")):
        monkeypatch.setattr(module, name, getattr(kernels, name).py_func)
    for name in ("_pair_sums", "_mixed_sums"):
        monkeypatch.setattr(kernels, name, getattr(kernels, name).py_func)
    interpreted = ClebschGordan(*lmax)(x, y), ClebschGordan(*lmax).weight_gradient(x, y, g)
    for a, b in zip(compiled, interpreted, strict=True):
        assert np.abs(a - b).max() < 1e-13


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lmax", BOXES[:8])
def test_straight_code_does_the_same_as_the_loops(
    lmax: tuple[int, int, int], dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coupling.products import sparse_program

    x, y = features(lmax[:2], 3, 40, dtype=dtype)
    total = sum(np.ogrid[tuple(slice(l + 1) for l in lmax)])
    for weights in map(on_paths, (random_weights(lmax), (total % 2 == 0) * 1.0, total % 2 * 1.0)):
        one = ClebschGordan(*lmax, weights)
        assert sparse_program.few_sums(lmax, one.paths)
        straight = one(x, y)
        with monkeypatch.context() as patch:
            patch.setattr(sparse_program, "STRAIGHT", 0)
            assert np.array_equal(one.with_weights(weights)(x, y), straight)


def test_straight_code_without_compilation() -> None:
    from coupling.products.sparse_program import places, row_count, sparse_sections
    from coupling.programs.evaluate import evaluate
    from coupling.programs.sparse import sparse_sums
    from coupling.programs.tape import record

    lmax = (3, 2, 3)
    x, y = features(lmax[:2], 5)
    sections = sparse_sections(build(Request(lmax=lmax)), 0, lmax, (dense_paths(lmax)).tobytes())
    memory = np.full((row_count(lmax), 5), np.nan)
    starts = np.cumsum([0, *(3 * len(places(l)) for l in lmax)])
    for start, l, values in zip(starts, lmax, (x, y), strict=False):
        plus, minus = places(l).T
        rows = start + 1 + 3 * np.arange(len(plus))
        memory[rows], memory[rows + 1], memory[rows - 1] = values[plus], values[minus], -values[minus]
    tables = tuple(section[:3] for section in sections)
    coefficients = np.concatenate([section.core for section in sections])
    evaluate(record(sparse_sums, tables, range(starts[2], starts[3])), {"a": memory}, coefficients)
    plus, minus = places(lmax[2]).T
    rows, z = starts[2] + 1 + 3 * np.arange(len(plus)), np.zeros((16, 5))
    z[minus], z[plus] = memory[rows + 1] - memory[rows - 1], memory[rows]
    assert np.abs(z - by_definition(dense(lmax), x, y)).max() < 1e-14


def dense_paths(lmax: tuple[int, int, int]) -> Array:
    """Whether [l1, l2, l3] is a path."""
    allowed = np.zeros([l + 1 for l in lmax], bool)
    for path in paths(*lmax):
        allowed[path] = True
    return allowed


def test_features_that_fit_are_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types that were valid before are not checked again; what is not as kernels read it is copied."""
    product = ClebschGordan(2, 1, 2)
    x, y = (np.random.default_rng(0).standard_normal((2, 3, n, 5)).astype(np.float32) for n in (9, 4))
    expected = product(x, y)
    strided = np.repeat(x, 2, -1)[..., ::2]
    for others in ((strided, y), (x.astype(">f4"), y), (np.asfortranarray(x), y)):
        np.testing.assert_array_equal(product(*others), expected)
    wide = product(x.astype(float), y)
    assert wide.dtype == np.float64
    for part in (x[0], x[0, 0]):
        product(part, y[0])
    monkeypatch.setattr(product, "_feature", None)
    for a in (x, strided, x.astype(">f4"), np.asfortranarray(x)):
        np.testing.assert_array_equal(product(a, y), expected)
    np.testing.assert_array_equal(product(x.astype(float), y), wide)
    np.testing.assert_array_equal(product(x[0], y[0]), expected[0])
    np.testing.assert_array_equal(product(x[0, 0], y[0])[0], product(x[0], y[0])[0])
    for bad in (x[..., :8, :], x.astype(np.float16), x[..., :1], x[0, 0, :, 0], x.tolist(), x.view(np.int32)):
        with pytest.raises(TypeError, match="not callable"):
            product(bad, y)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="must have 9 ="):
        product(x[..., :8, :], y)

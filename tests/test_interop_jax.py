"""The products for JAX: values, derivatives of every order, compilation, batching, precision; e3nn-jax as a witness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from coupling import products
from coupling.backends.array_api.programs import program_of
from coupling.products.form import KINDS
from coupling.tables import Request, build, load
from tests.frameworks import Array, features

jax = pytest.importorskip("jax")

import coupling.backends.jax as interop  # noqa: E402

jnp = jax.numpy
NAMES = tuple(name for name in KINDS if name != "VectorSignal")  # whose features have components
LMAX = (2, 1, 2)
PATHS = 9


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def given(*shapes: tuple[int, ...], dtype: Any = float) -> list[Any]:
    """Random arrays."""
    random = np.random.default_rng(0)
    return [jnp.asarray(random.standard_normal(shape), dtype) for shape in shapes]


def difference(found: Any, expected: Any) -> float:
    """The largest difference, relative to the largest entry or to one."""
    expected = np.asarray(expected, float)
    return float(np.abs(np.asarray(found, float) - expected).max() / max(np.abs(expected).max(), 1))


# -- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("forward_mode", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_values_types_layouts_and_broadcasting(name: str, forward_mode: bool) -> None:
    last, first = (
        jax.jit(getattr(interop, name)(*LMAX, layout=layout, forward_mode=forward_mode))
        for layout in products.product.LAYOUTS
    )
    ours = getattr(products, name)(*LMAX)
    x, y = features(ours.sizes[:2], 4, 3, 5, dtype=np.float32)
    y = y[0, 0, :, :1]
    expected = ours(x.astype(float), y.astype(float))
    bounds = {"float64": 1e-14, "float32": 3e-6, "bfloat16": 2e-2}
    for a, b in (("float64", "float64"), ("float32", "float32"), ("bfloat16", "float32"), ("bfloat16", "bfloat16")):
        u, v = jnp.asarray(x, a), jnp.asarray(y, b)
        z = last(u, v)
        assert z.dtype == jnp.promote_types(a, b)
        assert difference(z, expected) < max(bounds[a], bounds[b])
        assert difference(jnp.swapaxes(first(jnp.swapaxes(u, -1, -2), v.T), -1, -2), expected) < max(
            bounds[a], bounds[b]
        )
        if a == b == "bfloat16":  # rounded once from sums in float32
            assert (z == last(u.astype("float32"), v.astype("float32")).astype(a)).all()
    assert last(jnp.zeros((0, ours.sizes[0], 2)), jnp.zeros((ours.sizes[1], 1))).shape == (0, ours.sizes[2], 2)


def test_float32_is_the_type_without_x64() -> None:
    x, y = features((9, 4), 2, 3)
    with jax.enable_x64(False):
        z = interop.ClebschGordan(*LMAX)(x, y)
        assert z.dtype == jnp.float32
        with pytest.raises(ValueError, match="needs jax"):
            interop.load("real-l4", dtype="float64")
    assert difference(z, products.ClebschGordan(*LMAX)(x, y)) < 3e-6


@pytest.mark.parametrize("options", [{}, {"paths": "odd"}, {"normalization": "gaunt"}])
def test_weights_of_every_kind(options: dict[str, str]) -> None:
    lmax = (3, 2, 4)
    one, first = (interop.ClebschGordan(*lmax, layout=layout, **options) for layout in products.product.LAYOUTS)
    count = len(one.paths)
    x, y, w, each = given((6, 16, 3), (6, 9, 3), (count,), (6, count, 3))
    expected = products.ClebschGordan(*lmax, w, **options)(np.asarray(x), np.asarray(y))
    compiled = jax.jit(one)
    assert difference(compiled(x, y, w), expected) < 1e-14
    assert difference(compiled(x, y, w[:, None]), expected) < 1e-14
    z = compiled(x, y, each)
    single = jax.vmap(jax.vmap(lambda a, b, c: one(a[:, None], b[:, None], c)[:, 0], -1, -1))
    assert difference(jax.jit(single)(x, y, each), z) < 1e-14
    turned = jax.jit(first)(*(jnp.swapaxes(a, -1, -2) for a in (x, y, each)))
    assert difference(jnp.swapaxes(turned, -1, -2), z) < 1e-14


@pytest.mark.parametrize("name", ["Gaunt", "AntisymmetricGaunt", "MatrixProduct", "Simulation"])
def test_weights_of_degrees_and_factors_in_a_call(name: str) -> None:
    lmax, random = (3, 2, 4), np.random.default_rng(5)
    weights: Any = [random.uniform(0.5, 1.5, (l + 1, 2)[: 1 + (name == "Simulation")]) for l in lmax]
    given_as = {"factors": {(0, 1, 1): weights}} if name == "Simulation" else {"weights": weights}
    ours = getattr(products, name)(*lmax, **given_as)
    one = getattr(interop, name)(*lmax, **given_as)
    if name == "Simulation":
        weights = {(0, 1, 1): weights}
    x, y = features(ours.sizes[:2], 3, 2)
    assert difference(jax.jit(one)(x, y), ours(x, y)) < 1e-14
    assert difference(one(x, y, weights), ours(x, y)) < 1e-14
    slopes = jax.grad(lambda w: one(x, y, w).sum())(jax.tree.map(jnp.asarray, weights))
    along = sum(jnp.vdot(a, b) for a, b in zip(*map(jax.tree.leaves, (slopes, weights)), strict=True))
    assert difference(along, 3 * ours(x, y).sum()) < 1e-13  # of degree one in each of a, b, c


@pytest.mark.parametrize("layout", products.product.LAYOUTS)
def test_vector_signals(layout: str) -> None:
    pairs = (products.VectorSignal, interop.VectorSignal), (products.VectorSignal.single, interop.VectorSignal.single)
    for ours, theirs in pairs:
        product, one = ours(*LMAX, layout=layout), theirs(*LMAX, layout=layout)
        shapes = [(2, *s, 3) if layout == "channels_last" else (2, 3, *s) for s in product.shapes]
        x, y, g = given(*shapes)
        z, back = jax.vjp(jax.jit(one), x, y)
        assert difference(z, product(np.asarray(x), np.asarray(y))) < 1e-13
        expected = product.vjp(*(np.asarray(a) for a in (x, y, g)))
        for found, wanted in zip(back(g), expected, strict=True):
            assert difference(found, wanted) < 1e-13


def test_a_table_that_is_given() -> None:
    one = interop.ClebschGordan(2, 1, 3, table=build(Request(lmax=3, parity="even")))
    x, y, each = given((4, 9, 2), (4, 4, 2), (4, 8, 2))
    even = interop.ClebschGordan(2, 1, 3, paths="even")
    assert (one(x, y) == even(x, y)).all() and (one(x, y, each) == even(x, y, each)).all()


# -- derivatives ------------------------------------------------------------------------------


RULES = [
    pytest.param(name, mode, marks=[pytest.mark.slow] if mode and name != "Gaunt" else [])
    for mode in (False, True)
    for name in NAMES
]


@pytest.mark.parametrize(("name", "forward_mode"), RULES)
def test_first_and_second_derivatives_agree_with_differences(name: str, forward_mode: bool) -> None:
    from jax.test_util import check_grads

    modes = ("fwd", "rev") if forward_mode else ("rev",)
    function = jax.jit(getattr(interop, name)(*LMAX, forward_mode=forward_mode))
    check_grads(function, given((2, 9, 3), (4, 1)), order=2, modes=modes, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("forward_mode", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", [(PATHS,), (2, PATHS, 3)], ids=str)
def test_derivatives_in_weights_agree_with_differences(shape: tuple[int, ...], forward_mode: bool) -> None:
    from jax.test_util import check_grads

    modes = ("fwd", "rev") if forward_mode else ("rev",)
    function = jax.jit(interop.ClebschGordan(*LMAX, forward_mode=forward_mode))
    check_grads(function, given((2, 9, 3), (2, 4, 3), shape), order=2, modes=modes, atol=1e-6, rtol=1e-6)


def test_rules_are_those_of_jax_to_the_third_derivative() -> None:
    own, theirs = (interop.ClebschGordan(*LMAX, forward_mode=mode) for mode in (False, True))
    x, y, w = given((2, 9, 3), (2, 4, 3), (PATHS,))

    def third(one: Any) -> Any:
        def energy(x: Any, y: Any, w: Any) -> Any:
            return (one(x, y, w) ** 3).sum()

        def force(x: Any, y: Any, w: Any) -> Any:
            return (jax.grad(energy)(x, y, w) ** 2).sum()

        def last(x: Any, y: Any, w: Any) -> Any:
            return (jax.grad(force, 1)(x, y, w) ** 2).sum()

        return jax.jit(jax.grad(last, (0, 1, 2)))(x, y, w)

    for found, expected in zip(third(own), third(theirs), strict=True):
        assert difference(found, expected) < 1e-12


def test_forward_mode_is_refused_or_chosen() -> None:
    x, y, w = given((9, 3), (4, 3), (PATHS,))
    own, theirs = (interop.ClebschGordan(*LMAX, forward_mode=mode) for mode in (False, True))
    with pytest.raises(TypeError, match="custom_vjp"):
        jax.jvp(own, (x, y, w), (x, y, w))
    value, along = jax.jvp(theirs, (x, y, w), (x, y, w))
    assert difference(along, 3 * value) < 1e-14

    def energy(one: Any) -> Any:
        return lambda x: (one(x, y, w) ** 2).sum()

    twice_reverse = jax.jit(jax.jacrev(jax.jacrev(energy(own))))(x)
    assert difference(jax.jit(jax.hessian(energy(theirs)))(x), twice_reverse) < 1e-14


def test_batching_of_values_and_gradients() -> None:
    one = interop.ClebschGordan(*LMAX)
    x, y, w = given((5, 9, 3), (5, 4, 3), (5, PATHS))

    def energy(x: Any, y: Any, w: Any) -> Any:
        return (one(x, y, w) ** 2).sum()

    together = jax.jit(jax.vmap(jax.grad(energy, (0, 1, 2))))(x, y, w)
    single = jax.jit(jax.grad(energy, (0, 1, 2)))
    for n in range(5):
        for found, expected in zip(together, single(x[n], y[n], w[n]), strict=True):
            assert difference(found[n], expected) < 1e-14
    assert difference(jax.vmap(one, (0, None))(x, y[0]), one(x, y[:1])) < 1e-14


def test_only_inputs_are_kept_for_the_gradient() -> None:
    """The rule of JAX keeps what its own program made on the way; the rule here three arrays of the size of inputs."""
    one = interop.ClebschGordan(4, 4, 4)
    x, y, w = given((7, 25, 3), (7, 25, 3), (65,))
    _, pullback = jax.vjp(one, x, y, w)
    kept = [leaf.size for leaf in jax.tree.leaves(pullback) if hasattr(leaf, "size")]
    assert sum(kept) <= x.size + y.size + w.size


def test_what_does_not_fit_is_refused() -> None:
    one = interop.ClebschGordan(*LMAX)
    x, y = given((2, 9, 3), (2, 4, 3))
    with pytest.raises(ValueError, match=r"9 = .* on axis -2"):
        one(y, y)
    with pytest.raises(TypeError, match="real floating"):
        one(x.astype(int), y)
    for shape in ((8,), (8, 1), (2, 8, 3)):
        with pytest.raises(ValueError, match="path"):
            one(x, y, jnp.ones(shape))
    with pytest.raises(ValueError, match="layout must be one of"):
        interop.Gaunt(1, 1, 1, layout="ir_mul")
    assert repr(one) == "ClebschGordan(2, 1, 2, layout='channels_last', forward_mode=False)"


# -- files, and other programs ----------------------------------------------------------------


def dense(c: Any) -> Array:
    return np.asarray(jnp.zeros(c.sizes, c.values.dtype).at[c.input1, c.input2, c.output].set(c.values))


def test_tables_as_arrays() -> None:
    table = load("real-l4")
    whole = interop.load("real-l4", dtype="float64")
    assert np.array_equal(dense(whole)[4:9, 9:16, 16:25], table.block("wigner_3j", 2, 3, 4))
    met = 0
    for dtype in (jnp.float32, jnp.float16, jnp.bfloat16):
        values = interop.load("real-l4", dtype=dtype).values
        assert values.dtype == dtype and (values == whole.values.astype(dtype)).all()
        met += len(values)
    assert met == 3 * 2052 and whole.path.dtype == jnp.int32


def test_the_reader_of_safetensors_reads_table_files(root: Any) -> None:
    from safetensors.flax import load_file

    found = load_file(root / "tables" / "data" / "real-l4.safetensors")
    assert np.array_equal(found["core"], load("real-l4").core)


@pytest.mark.filterwarnings("ignore")
def test_the_convention_of_e3nn_jax_is_that_of_e3nn_jax() -> None:
    e3nn_jax = pytest.importorskip("e3nn_jax")
    c = interop.load("real-l4", convention="e3nn_jax", dtype="float64")
    whole = dense(c)
    for l1, l2, l3 in c.paths.tolist():
        block = whole[l1**2 : (l1 + 1) ** 2, l2**2 : (l2 + 1) ** 2, l3**2 : (l3 + 1) ** 2]
        assert np.abs(block - e3nn_jax.clebsch_gordan(l1, l2, l3)).max() < 1e-12
    assert len(c.paths) == 65


@pytest.mark.filterwarnings("ignore")
def test_the_separate_paths_are_the_tensor_product_of_e3nn_jax() -> None:
    """Of single irreps, with its normalization "component": √(2l3+1) C, which is the family clebsch_gordan."""
    e3nn_jax = pytest.importorskip("e3nn_jax")
    one = interop.FullProduct(2, 2, 2, normalization="clebsch_gordan")
    x, y = given((5, 9, 1), (5, 9, 1))
    z, met = one(x, y)[..., 0], 0
    for (l1, l2, l3), begin in zip(one.paths.tolist(), one.offsets, strict=False):
        a, b = (e3nn_jax.IrrepsArray(f"{l}e", v[:, l * l : (l + 1) ** 2, 0]) for l, v in ((l1, x), (l2, y)))
        theirs = e3nn_jax.tensor_product(a, b, filter_ir_out=[f"{l3}e"], irrep_normalization="component").array
        assert difference(z[:, begin : begin + 2 * l3 + 1], theirs) < 1e-12
        met += 1
    assert met == 15


def test_a_form_is_compiled_once() -> None:
    """Two products that say the same share text and constants."""
    assert interop.Gaunt(1, 1, 1).form == interop.Gaunt(1, 1, 1).form
    assert program_of(interop.Gaunt(1, 1, 1).form, 1) is program_of(interop.Gaunt(1, 1, 1).form, 1)

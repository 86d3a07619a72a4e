"""Programs for any batch, of torch.export and jax.export; and products for which no path is left."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from coupling import products
from coupling.backends import array_api
from coupling.indexing import path_array
from coupling.products.form import KINDS
from coupling.products.reach import largest, reached_degrees, rows_of
from tests.frameworks import LIBRARIES, features, library, to_numpy

NAMES = tuple(name for name in KINDS if name != "VectorSignal")  # whose features have components
LMAX = (2, 1, 2)

#: Shapes of x and y by the names of their axes, with those that may vary.
SHAPES = {"batch": ("b 9 2", "b 4 2"), "all": ("a b 9 c", "a b 4 c"), "broadcast": ("b 9 c", "4 c")}
SIZES = [{"a": 3, "b": 5, "c": 4}, {"a": 2, "b": 7, "c": 2}, {"a": 1, "b": 1, "c": 1}]
#: The first axis empty.
EMPTY = {"batch": {"b": 0}, "all": {"a": 0, "b": 2, "c": 3}, "broadcast": {"b": 0, "c": 3}}


def shape(text: str, sizes: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(sizes.get(name) or (0 if name in sizes else int(name)) for name in text.split())


def random(texts: tuple[str, ...], sizes: dict[str, int]) -> list[Any]:
    generator = np.random.default_rng(0)
    return [generator.standard_normal(shape(text, sizes)).astype(np.float32) for text in texts]


@pytest.mark.parametrize("where", ["torch", "array_api"])
@pytest.mark.parametrize("name", NAMES)
def test_torch_export_with_axes_that_vary(name: str, where: str) -> None:
    """One export of one product after another: constants of the first must not be those of the second."""
    torch = pytest.importorskip("torch")
    product = getattr(import_module(f"coupling.backends.{where}"), name)(*LMAX)

    class Program(torch.nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return product(x, y)

    met = 0
    for kind, texts in SHAPES.items():
        dims = {letter: torch.export.Dim(letter, min=0) for letter in "abc"}
        axes = tuple({n: dims[a] for n, a in enumerate(text.split()) if a in dims} for text in texts)
        given = [torch.from_numpy(a) for a in random(texts, SIZES[0])]
        program = torch.export.export(Program(), tuple(given), dynamic_shapes=axes).module()
        for sizes in (*SIZES, EMPTY[kind]):
            x, y = (torch.from_numpy(a) for a in random(texts, sizes))
            torch.testing.assert_close(program(x, y), product(x, y), rtol=1e-5, atol=1e-5)
            met += 1
    assert met == 12


@pytest.mark.parametrize("where", ["jax", "array_api"])
@pytest.mark.parametrize("name", NAMES)
def test_jax_export_with_axes_that_vary(name: str, where: str) -> None:
    """Sizes of JAX are at least one."""
    jax = pytest.importorskip("jax")
    product = getattr(import_module(f"coupling.backends.{where}"), name)(*LMAX)
    met = 0
    for kind, texts in SHAPES.items():
        scope = jax.export.SymbolicScope()
        given = [
            jax.ShapeDtypeStruct(jax.export.symbolic_shape(",".join(text.split()), scope=scope), np.float32)
            for text in texts
        ]
        functions = [product]
        if kind == "batch":
            functions.append(jax.grad(lambda x, y: (product(x, y) ** 2).sum()))
        for function in functions:
            program = jax.export.export(jax.jit(function))(*given)
            for sizes in SIZES[1:3]:
                x, y = map(jax.numpy.asarray, random(texts, sizes))
                np.testing.assert_allclose(program.call(x, y), jax.jit(function)(x, y), rtol=1e-4, atol=1e-4)
                met += 1
    assert met == 8


# -- no path ----------------------------------------------------------------------------------

BOXES = [(0, 0, 0), (1, 0, 1), (0, 2, 2)]


@pytest.mark.parametrize("where", LIBRARIES)
@pytest.mark.parametrize("name", ["ClebschGordan", "FullProduct"])
def test_array_programs_without_a_path_give_zeros(name: str, where: str) -> None:
    met = 0
    with library(where) as lib:
        for lmax in BOXES[1:2] if where == "jax" else BOXES:
            for layout in products.product.LAYOUTS:
                form = getattr(array_api, name)(*lmax, paths="odd", layout=layout)
                for _ in range(3):
                    x, y = features(form.sizes[:2], 2, 3)
                    given = [np.swapaxes(a, -1, -2).copy() if layout == "channels_first" else a for a in (x, y)]
                    z = to_numpy(lib.compiled(form)(*map(lib.array, given)))
                    size = (2, form.sizes[2], 3) if layout == "channels_last" else (2, 3, form.sizes[2])
                    assert z.shape == size and not z.any()
                    form = form.turn()
                    met += 1
        if name == "ClebschGordan":
            form = array_api.ClebschGordan(1, 0, 1, paths="odd")
            x, y, z = (lib.array(a) for a in features(form.sizes, 2, 3))
            assert not to_numpy(form(x, y, lib.array(np.zeros(0)))).any()
            assert to_numpy(form.weight_gradient(x, y, z)).shape == (0,)
    assert met in (6, 18)


@pytest.mark.parametrize("lmax", BOXES)
def test_compiled_products_without_a_path_give_zeros(lmax: tuple[int, int, int]) -> None:
    allowed = np.zeros(len(path_array(lmax)))
    for product in (
        products.ClebschGordan(*lmax, allowed),
        products.ClebschGordan(*lmax, normalization="antisymmetric_gaunt"),
        products.FullProduct(*lmax, paths="odd"),
        products.RoutedProduct(*lmax, allowed),
        products.RoutedProduct(*lmax, allowed, method="matrix"),
        products.RoutedProduct(*lmax, allowed, method="sphere"),
    ):
        x, y, g = features(product.sizes, 2, 3)
        for found, like in zip((product(x, y), *product.vjp(x, y, g)), (g, x, y), strict=True):
            assert found.shape == like.shape and not found.any(), type(product).__name__


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_interop_products_without_a_path_give_zeros_and_zero_gradients(framework: str) -> None:
    module = pytest.importorskip(framework)
    namespace = import_module(f"coupling.backends.{framework}")
    for lmax in BOXES[:2] if framework == "jax" else BOXES:
        for name in ("ClebschGordan", "FullProduct"):
            product = getattr(namespace, name)(*lmax, paths="odd")
            x, y, g = features(product.sizes, 2, 3, dtype=np.float32)
            for weights in ((), (np.zeros(0, np.float32),), (np.zeros((0, 1), np.float32),)):
                if weights and name == "FullProduct":
                    continue
                found = gradients(module, product, (x, y, *weights), g)
                for value, like in zip(found, (g, x, y, *weights), strict=True):
                    assert value.shape == like.shape and not value.any(), (lmax, name, weights)


#: Boxes of which some degrees of x, of y or of z are on no path.
PARTIAL = [(2, 2, 6), (6, 2, 2), (0, 2, 4)]


def masks_of(name: str, lmax: tuple[int, int, int]) -> list[Any]:
    """Which entries of x, y and z are on a path."""
    if name in ("Gaunt", "AntisymmetricGaunt", "MatrixProduct"):
        return [rows_of(mask) for mask in getattr(products, name)(*lmax).reached]
    if name == "Simulation":
        return [rows_of(mask) for mask in products.Simulation(*lmax).reached]
    masks = [rows_of(mask) for mask in reached_degrees(tuple(np.ones(l + 1) for l in lmax))]
    return [*masks[:2], None if name == "FullProduct" else masks[2]]


@pytest.mark.parametrize("framework", ["torch", "jax"])
@pytest.mark.parametrize("name", NAMES)
def test_degrees_that_no_path_reaches_are_zero_and_not_read(name: str, framework: str) -> None:
    """Outputs and gradients; NaN and infinity there come out nowhere, and others never there."""
    module, met = pytest.importorskip(framework), 0
    for lmax in PARTIAL:
        if name == "FactoredProduct" and max(largest(reached_degrees(tuple(np.ones(l + 1) for l in lmax)))) > 3:
            continue  # no factors are shipped
        product = getattr(import_module(f"coupling.backends.{framework}"), name)(*lmax)
        masks = masks_of(name, lmax)
        sizes = getattr(products, name)(*lmax).sizes
        x, y, g = features(sizes, 3, 2, dtype=np.float32)
        masks[2] = np.ones(sizes[2], bool) if masks[2] is None else masks[2]
        found = gradients(module, product, (x, y), g)
        u, v, h = x.copy(), y.copy(), g.copy()
        for mask, a, bad in zip(masks, (u, v, h), (np.nan, np.inf, np.nan), strict=True):
            a[:, ~mask] = bad
        again = gradients(module, product, (u, v), h)
        everything = gradients(module, product, (np.full_like(x, np.nan), y), np.full_like(g, np.inf))
        for mask, a, b, c in zip((masks[2], *masks[:2]), found, again, everything, strict=True):
            assert np.isfinite(a).all() and np.array_equal(a, b) and not a[:, ~mask].any() and not c[:, ~mask].any()
            met += int((~mask).sum())
    assert met or name == "FullProduct"


def test_jax_differentiates_products_of_host_arrays() -> None:
    jax = pytest.importorskip("jax")
    namespace = import_module("coupling.backends.jax")
    for name in NAMES:
        product = getattr(namespace, name)(2, 1, 2)
        x, y, g = features(getattr(products, name)(2, 1, 2).sizes, 3, 2, dtype=np.float32)
        z, back = jax.vjp(product, x, y)
        for a, b in zip((z, *back(g)), gradients(jax, product, (x, y), g), strict=True):
            assert np.array_equal(np.asarray(a), b)


def gradients(module: Any, product: Any, given: tuple[Any, ...], g: Any) -> list[Any]:
    """A product and its gradients, as arrays of numpy."""
    if module.__name__ == "jax":
        z, back = module.vjp(product, *map(module.numpy.asarray, given))
        return [np.asarray(a) for a in (z, *back(module.numpy.asarray(g)))]
    leaves = [module.from_numpy(a).requires_grad_() for a in given]
    z = product(*leaves)
    return [a.detach().numpy() for a in (z, *module.autograd.grad(z, leaves, module.from_numpy(g)))]


def test_sources_of_kernels_without_a_path_store_zeros() -> None:
    from coupling.backends.cuda import cuda_source
    from coupling.backends.triton import triton_source

    for lmax in BOXES:
        product = products.ClebschGordan(*lmax, paths=[])
        for turned in (product, product.turn(), product.turn().turn()):
            size = turned.sizes[2]
            assert cuda_source(turned).count("] = 0;") == size
            assert triton_source(turned).count(", zero, mask=inside)") == size

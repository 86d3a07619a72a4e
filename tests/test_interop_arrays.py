"""The products as array programs: on every library that is installed against the products of this package."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from coupling import products
from coupling.backends import array_api
from coupling.backends.array_api.programs import array_program, program_of
from coupling.backends.array_api.sparse import flat_entries, grades
from coupling.products.form import KINDS, Form, read_form
from coupling.selection import paths
from coupling.tables import Request, build
from tests.frameworks import LIBRARIES, Array, features, library, to_numpy

NAMES = tuple(name for name in KINDS if name != "VectorSignal")  # whose features have components
BOXES = [(0, 0, 0), (2, 1, 3), (4, 2, 0), (1, 1, 3), (3, 3, 3)]

#: Largest difference, relative to the largest entry.
BOUND = {np.float32: 3e-6, np.float64: 1e-14}


def difference(found: Any, expected: Any) -> float:
    """The largest difference, relative to the largest entry or to one; features are random, of variance one."""
    expected = np.asarray(expected)
    return float(np.abs(to_numpy(found) - expected).max() / max(np.abs(expected).max(), 1))


@cache
def turned_products(name: str, lmax: tuple[int, int, int]) -> list[tuple[list[Array], Array]]:
    """Inputs and outputs of a product of this package and of its two turns."""
    result, one = [], getattr(products, name)(*lmax)
    for turn in range(3):
        given = [a.astype(np.float32).astype(float) for a in features(one.sizes[:2], 3, 5, seed=turn)]
        result.append((given, one(*given)))
        one = one.turn()
    return result


@pytest.mark.parametrize("where", LIBRARIES)
@pytest.mark.parametrize("name", NAMES)
def test_every_product_turned_and_not_is_that_of_the_package(name: str, where: str) -> None:
    met = 0
    with library(where) as lib:
        boxes = BOXES[1:3] if where == "jax" else BOXES  # XLA compiles each of them
        for lmax in boxes:
            theirs = getattr(array_api, name)(*lmax)
            for given, expected in turned_products(name, lmax):
                for dtype in (np.float32, np.float64):
                    z = lib.compiled(theirs)(*(lib.array(a.astype(dtype)) for a in given))
                    assert str(z.dtype).split(".")[-1] == np.dtype(dtype).name
                    assert difference(z, expected) < BOUND[dtype]
                    met += 1
                theirs = theirs.turn()
    assert met == 6 * len(boxes)


@pytest.mark.parametrize("where", LIBRARIES)
@pytest.mark.parametrize("name", NAMES)
def test_layouts_broadcasting_and_mixed_types(name: str, where: str) -> None:
    ours = getattr(products, name)(2, 1, 3)
    x, y = features(ours.sizes[:2], 4, 3, 5)
    y = y[0, 0, :, :1].astype(np.float32)
    with library(where) as lib:
        last = lib.compiled(getattr(array_api, name)(2, 1, 3))
        first = lib.compiled(getattr(array_api, name)(2, 1, 3, layout="channels_first"))
        one = last(lib.array(x), lib.array(y))
        turned = first(lib.array(np.swapaxes(x, -1, -2).copy()), lib.array(y.T.copy()))
        empty = first(lib.array(np.zeros((0, 2, 9))), lib.array(np.zeros((2, 4))))
        assert difference(one, ours(x, y)) < 1e-14
        assert difference(np.swapaxes(to_numpy(turned), -1, -2), ours(x, y)) < 1e-14
        assert tuple(empty.shape) == (0, 2, ours.sizes[2])


@pytest.mark.parametrize("where", LIBRARIES)
@pytest.mark.parametrize("parity", ["all", "even", "odd"])
def test_weights_and_their_gradient(parity: str, where: str) -> None:
    lmax = (3, 2, 4)
    random = np.random.default_rng(1)
    with library(where) as lib:
        theirs = array_api.ClebschGordan(*lmax, paths=parity, normalization="clebsch_gordan")
        ours = products.ClebschGordan(*lmax, paths=parity, normalization="clebsch_gordan")
        weights = random.standard_normal(len(theirs.paths))
        ours = ours.with_weights(weights)
        for _ in range(3):
            x, y, z = features(theirs.sizes, 7, 3)
            found = lib.compiled(theirs)(lib.array(x), lib.array(y), lib.array(weights))
            assert difference(found, ours(x, y)) < 1e-14
            gradient = lib.compiled(theirs.weight_gradient)(lib.array(x), lib.array(y), lib.array(z))
            assert difference(gradient, ours.weight_gradient(x, y, z)) < 1e-14
            assert difference(lib.compiled(array_program(ours))(lib.array(x), lib.array(y)), ours(x, y)) < 1e-14
            ours, theirs = ours.turn(), theirs.turn()


@pytest.mark.parametrize("where", LIBRARIES)
def test_the_gradient_in_the_weights_broadcasts_in_both_layouts(where: str) -> None:
    form = array_api.ClebschGordan(3, 2, 4, layout="channels_first")
    x, y, z = features(form.sizes, 7, 3)
    y, z = y[:1, :, :1], z[0]
    expected = products.ClebschGordan(3, 2, 4).weight_gradient(x, y, z)
    with library(where) as lib:
        given = [lib.array(np.swapaxes(a, -1, -2).copy()) for a in (x, y, z)]
        assert difference(lib.compiled(form.weight_gradient)(*given), expected) < 1e-14


@pytest.mark.parametrize("where", LIBRARIES)
def test_vector_signals(where: str) -> None:
    """Turned and not, both layouts, features with and without components."""
    met = 0
    with library(where) as lib:
        for lmax in [(2, 1, 2)] if where == "jax" else [(2, 1, 2), (0, 1, 1), (1, 3, 2), (0, 0, 0)]:
            for make in (products.VectorSignal, products.VectorSignal.single):
                ours = make(*lmax)
                for _ in range(3):
                    random = np.random.default_rng(met)
                    x, y = (random.standard_normal((2, *s, 3)) for s in ours.shapes[:2])
                    theirs = array_program(ours)
                    z = lib.compiled(theirs)(lib.array(x), lib.array(y))
                    assert difference(z, ours(x, y)) < 1e-13
                    ours, met = ours.turn(), met + 1
        theirs = array_api.VectorSignal(2, 1, 2, layout="channels_first", grid="lebedev")
        x, y = (random.standard_normal((2, *s, 3)) for s in theirs.product.shapes[:2])
        z = lib.compiled(theirs)(*(lib.array(np.ascontiguousarray(np.moveaxis(a, -1, 1))) for a in (x, y)))
        assert difference(np.moveaxis(to_numpy(z), 1, -1), products.VectorSignal(2, 1, 2)(x, y)) < 1e-13
    assert met == (6 if where == "jax" else 24)


@pytest.mark.parametrize("name", ["Gaunt", "AntisymmetricGaunt", "MatrixProduct"])
def test_weights_of_degrees_and_grids(name: str) -> None:
    lmax = (3, 2, 4)
    weights = [np.random.default_rng(2).standard_normal(l + 1) for l in lmax]
    ours = getattr(products, name)(*lmax, weights=weights)
    options = [{}] if name == "MatrixProduct" else [{"grid": "gauss_legendre"}, {"grid": "lebedev"}]
    for option in options:
        theirs = getattr(array_api, name)(*lmax, weights=weights, **option)
        expected = ours
        for _ in range(3):
            x, y = features(theirs.sizes[:2], 2, 3)
            assert difference(theirs(x, y), expected(x, y)) < 1e-14
            expected, theirs = expected.turn(), theirs.turn()
    if name == "MatrixProduct":
        x, y = features((16, 9), 2, 3)
        expected = products.MatrixProduct(*lmax, spin=4)(x, y)
        assert difference(array_api.MatrixProduct(*lmax, spin=4)(x, y), expected) < 1e-14


def test_every_entry_respects_the_grades_and_the_matrices_are_a_quarter() -> None:
    met = 0
    for lmax in ((8, 8, 8), (5, 3, 7)):
        entries = flat_entries(products.ClebschGordan(*lmax))
        first, second, third = (grades(l)[entries.flat[:, slot]] for slot, l in enumerate(lmax))
        assert not (first ^ second ^ third).any()
        met += len(first)
    assert met > 44171
    sizes = [len(array_api.ClebschGordan(l, l, l)._graded.source) for l in range(9)]
    dense = [(l + 1) ** 6 for l in range(9)]
    assert all(4 * size <= 1.01 * full for size, full in zip(sizes[3:], dense[3:], strict=True))


def test_a_table_that_is_given_decides_which_paths_there_are() -> None:
    even = array_api.ClebschGordan(2, 3, 4, table=build(Request(lmax=4, parity="even")))
    assert even.paths.tolist() == [list(path) for path in paths(2, 3, 4, "even")]
    assert len(array_api.ClebschGordan(2, 3, 4, normalization="antisymmetric_gaunt").paths) == len(
        list(paths(2, 3, 4, "odd"))
    ) - sum(0 in path for path in paths(2, 3, 4, "odd"))
    x, y = features(even.sizes[:2], 4)
    assert difference(even(x, y), array_api.ClebschGordan(2, 3, 4, paths="even")(x, y)) == 0


def test_what_does_not_fit_is_refused() -> None:
    x, y = features((4, 4), 3)
    with pytest.raises(ValueError, match=r"4 = \(lmax\+1\)² entries for lmax 1 on axis -2"):
        array_api.Gaunt(1, 1, 1)(x[:3], y)
    with pytest.raises(TypeError, match="real floating"):
        array_api.Gaunt(1, 1, 1)(x.astype(complex), y)
    with pytest.raises(ValueError, match="one per path"):
        array_api.ClebschGordan(1, 1, 1)(x, y, np.ones(4))
    with pytest.raises(ValueError, match="grid must be one of"):
        array_api.Gaunt(1, 1, 1, grid="design")
    with pytest.raises(ValueError, match=r"at least 0\.5"):
        array_api.MatrixProduct(1, 1, 1, spin=0)
    with pytest.raises(ValueError, match="must reach lmax"):
        array_api.ClebschGordan(1, 1, 2, table=build(Request(lmax=1)))


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_the_library(name: str) -> None:
    torch = pytest.importorskip("torch")
    form = getattr(array_api, name)(2, 1, 2)
    x, y = (torch.from_numpy(a).requires_grad_() for a in features(form.sizes[:2], 2, 2))
    assert torch.autograd.gradcheck(form, (x, y))
    assert torch.autograd.gradgradcheck(form, (x, y))
    value, along = torch.func.jvp(form, (x, y), (x, y))  # of a bilinear form, twice the value
    assert torch.allclose(along, 2 * value, rtol=1e-13)


def test_the_text_of_a_form_names_a_product_and_no_other_attribute() -> None:
    """A text may come from a file of a framework, such as an exported program."""
    ends = '"options":{"lmax_in1":1,"lmax_in2":1,"lmax_out":1}}'
    names = [f'{{"kind":"{name}",{ends}' for name in ("np", "product", "__class__", "ArrayProduct", "simulate", "")]
    for text in [
        *names,
        "",
        "[]",
        "{}",
        "1",
        '{"kind":',
        "[" * 10**5,
        '{"kind":"Gaunt","options":[1]}',
        '{"kind":"Gaunt","options":{}}',
    ]:
        for use in (program_of, read_form):
            with pytest.raises(ValueError, match=r"a form must be a text of Form\.text"):
                use(text, 0)
    assert tuple(name for name in array_api.__all__ if name != "ArrayProduct") == tuple(KINDS)
    for value in (b"1", 1j, object(), np.array([None])):
        with pytest.raises(TypeError, match="a form is made of numbers, texts and tables, got"):
            Form.of("Gaunt", value, 1, 1)
    assert read_form(Form.of("Gaunt", 1, 1, 1).text).text == Form.of("Gaunt", 1, 1, 1).text

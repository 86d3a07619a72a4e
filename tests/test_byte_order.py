"""Arrays of the other byte order, as FITS and NetCDF hold them: the same numbers, in the order of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coupling
import coupling.backends.array_api as array_programs
from coupling import atoms, lowrank, products, sphere
from coupling.export import FORMATS, export
from coupling.export.c_header import declaration
from coupling.floating_point import as_doubles
from coupling.foreign import translate
from coupling.numbers.tabulation import tabulate_paths
from coupling.products.form import KINDS
from coupling.tables import Request, Table, build

TYPES = (np.float32, np.float64)
COMPILED = ("ClebschGordan", "FullProduct", "Gaunt", "MatrixProduct", "RoutedProduct", "AntisymmetricGaunt")


def other(array: Any) -> Any:
    """The same numbers in the other byte order."""
    given = np.asarray(array)
    return given.astype(given.dtype.newbyteorder())


def check(call: Callable[..., Any], *arrays: Any) -> int:
    """Compare results for arrays in either order, all of them swapped and each alone; return the number of results."""
    expected, met = listed(call(*arrays)), 0
    for swapped in ([True] * len(arrays), *np.eye(len(arrays), dtype=bool).tolist()):
        given = [other(array) if swap else array for array, swap in zip(arrays, swapped, strict=True)]
        for found, wanted in zip(listed(call(*given)), expected, strict=True):
            assert found.dtype == wanted.dtype and found.dtype.isnative and np.array_equal(found, wanted)
            met += 1
    return met


def listed(result: Any) -> list[np.ndarray]:
    return [np.asarray(one) for one in (result if isinstance(result, tuple | list) else [result])]


def features(dtype: Any, *shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(2, *shape)).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", COMPILED)
def test_products(name: str, dtype: Any) -> None:
    x, y = features(dtype, 5, 9, 4)
    product = getattr(products, name)(2, 2, 2)
    assert check(product, x, y) == 3
    if name != "FullProduct":
        assert check(product.vjp, x, y, x) == 8
        assert check(product.jvp, x, y, x, y) == 5
    first = getattr(products, name)(2, 2, 2, layout="channels_first")
    assert check(first, *(np.swapaxes(array, -1, -2) for array in (x, y))) == 3


@pytest.mark.parametrize("dtype", TYPES)
def test_other_products(dtype: Any) -> None:
    x, y = features(dtype, 9, 4)
    one = np.ones((3, 1), dtype)
    fields = features(dtype, 2, 3, 9, 4)
    assert check(products.VectorSignal(2, 2, 2), *fields) == 3
    assert check(lambda a, b: products.simulate_path(a, b, 1, 1, 1), x[1:4], y[1:4]) == 3
    assert check(lambda a, b, *f: products.simulate(a, b, 2, 2, 2, f), x, y, one, one, one) == 6
    assert check(lambda a, b, w: products.ClebschGordan(2, 2, 2, weights=w)(a, b), x, y, np.full(15, dtype(2))) == 4
    assert (
        check(lambda a, b, w: products.Gaunt(2, 2, 2, weights=[w] * 3)(a, b), x, y, np.arange(1, 4).astype(dtype)) == 4
    )


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", [name for name in array_programs.__all__ if name != "ArrayProduct"])
def test_array_programs(name: str, dtype: Any) -> None:
    shape = KINDS[name](2, 2, 2).shapes[0]
    assert check(getattr(array_programs, name)(2, 2, 2), *features(dtype, 5, *shape, 4)) == 3


def test_products_of_jax() -> None:
    pytest.importorskip("jax")
    from coupling.backends import jax

    x, y = features(np.float32, 5, 9, 4)
    for name in ("ClebschGordan", "FullProduct", "Gaunt", "MatrixProduct", "AntisymmetricGaunt"):
        assert check(getattr(jax, name)(2, 2, 2), x, y) == 3
    weighted = jax.ClebschGordan(2, 2, 2)
    assert check(weighted, x, y, np.arange(len(weighted.paths)).astype(np.float32)) == 4


def test_sphere() -> None:
    grid, random = sphere.gauss_legendre(6), np.random.default_rng(3)
    coefficients, angles = random.normal(size=(2, 9)), random.uniform(0, 3, size=5)
    met = check(lambda c: sphere.synthesis(c, grid), coefficients)
    met += check(lambda c: sphere.synthesis(c, grid, "complex"), coefficients + 1j)
    met += check(lambda values: sphere.analysis(values, grid, 2), sphere.synthesis(coefficients, grid))
    met += check(lambda theta, phi: sphere.harmonics(3, theta, phi), angles, angles)
    met += check(lambda theta, phi: sphere.gradients(3, theta, phi), angles, angles.astype(np.float32))
    met += check(sphere.angles, random.normal(size=(5, 3)))
    met += check(lambda rotation: sphere.rotation_matrix(rotation, 2), sphere.random_rotation(random))
    assert met == 18


@pytest.mark.parametrize("kind", ["f4", "f8", "c16"])
def test_translation_of_blocks(kind: str) -> None:
    block = coupling.block("wigner_3j", 1, 2, 2, convention="e3x").astype(kind)
    for target in ("e3nn", "e3x", "coupling"):
        assert check(lambda array, target=target: translate(array, 1, 2, 2, "e3x", target), block) == 2


def test_lowrank() -> None:
    tensor = lowrank.whole_problem(1).tensor
    problem = lowrank.normalization_problem("gaunt", 2)
    [record] = lowrank.study(problem, [1], starts=2)
    met = check(lambda t: lowrank.decompose(t, 7, starts=2).factors, tensor)
    met += check(lambda t, w: lowrank.decompose(t, 7, weights=w, starts=2).factors, tensor, np.ones_like(tensor))
    met += check(lowrank.equivariance_error, tensor)
    met += check(lambda w: lowrank.normalization_problem("gaunt", 1, weights=w).tensor, np.full((2, 2, 2), 2.0))
    met += check(lambda *factors: lowrank.exact_certificate(problem, factors).relative, *record.factors)
    assert met == 6 + 9 + 2 + 2 + 4


def test_tables_and_exports(tmp_path: Path) -> None:
    """A table that was put together from foreign arrays: every format, the file, a product, a block."""
    table = build(Request(lmax=1))

    def everything(*arrays: Any) -> list[np.ndarray]:
        core, offsets, paths, orders = arrays
        made = Table(table.request, table.metadata, paths, offsets, orders, core, table.factors)
        files = [np.frombuffer(export(made, form), np.uint8) for form in FORMATS]
        written = np.frombuffer(made.save(tmp_path / "real-l1.safetensors").read_bytes(), np.uint8)
        x, y = features(np.float64, 2, 4, 3)
        return [*files, written, products.ClebschGordan(1, 1, 1, table=made)(x, y), made.block("wigner_3j", 1, 1, 1)]

    arrays = [np.array(a) for a in (table.core, table.offsets, table.paths, table.orders)]
    assert check(everything, *arrays) == 5 * (len(FORMATS) + 3)
    paths = np.array([[1, 1, 1], [1, 1, 2]])
    assert check(lambda p: tabulate_paths("wigner_3j", p).values, paths) == 2


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "u2", "i1"])
def test_literals_of_a_header(kind: str) -> None:
    array = np.array([1, 2, 3]).astype(kind)
    assert declaration("x", other(array)) == declaration("x", array)
    if kind == "u2":
        assert np.array_equal(as_doubles(other(array), "bfloat16"), as_doubles(array, "bfloat16"))


def test_structures() -> None:
    r = np.linspace(0.1, 2.9, 7)
    assert check(lambda d: atoms.cutoff_function(d, 3.0), r) == 2
    assert check(lambda d: atoms.radial_functions(d, 4, 3.0), r) == 2


def test_other_types_are_refused_as_before() -> None:
    for kind in (">i4", ">f2", ">c16"):
        with pytest.raises(TypeError, match="input 1 must be float32 or float64, got"):
            products.Gaunt(1, 1, 1)(np.ones((4, 1), kind), np.ones((4, 1)))

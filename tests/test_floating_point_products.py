"""Products under rounding modes and flush-to-zero: they compute in the caller's environment, and that is all.

Promised is (:mod:`coupling.floating_point`): their coefficients, and what is exactly zero, do not depend on it.  So a
rounding mode moves a result by the errors of its own operations, which are up to twice those of rounding to nearest,
and flush-to-zero by nothing where no number is subnormal.
"""

from __future__ import annotations

import platform
import subprocess
import sys

import numpy as np
import pytest

from coupling import products
from coupling.backends import array_api
from coupling.floating_point import rounds_by_default
from coupling.products import (
    AntisymmetricGaunt,
    ClebschGordan,
    FactoredProduct,
    FullProduct,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
)
from coupling.products import form as forms
from coupling.products.straight import straight_program
from tests.sources import ROOT
from tests.test_floating_point import FLUSHING, MODES, ROUNDING, environment

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="modes are set as Linux on x86-64 has them"
)

KINDS = [*forms.KINDS]
LMAX = 3, 4, 5
LARGE = 9, 8, 10  # loops instead of unrolled sums
#: Degrees for which factors are shipped.
FACTORED = {LMAX: (3, 2, 3), LARGE: (2, 3, 3)}
#: Largest error of entries of size 1, rounding to nearest; other modes are allowed twice as much.
ERRORS = {"float32": 2e-5, "float64": 4e-14}


def made(kind: str, lmax: tuple[int, int, int]) -> products.Product:
    """A product of a kind."""
    one: products.Product = getattr(products, kind)(*(FACTORED[lmax] if kind == "FactoredProduct" else lmax))
    return one


def features(product: products.Product, dtype: str) -> list[np.ndarray]:
    """Random features of about size 1."""
    random = np.random.default_rng(5)
    return [random.normal(size=(2, *shape, 5)).astype(dtype) for shape in product.shapes[:2]]


@pytest.mark.parametrize("dtype", ERRORS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mode_moves_a_product_by_its_own_roundings(kind: str, dtype: str) -> None:
    for lmax in (LMAX, LARGE):
        product = made(kind, lmax)
        x, y = features(product, dtype)
        expected = product(x, y)
        for mode in MODES:
            with environment(mode):
                found = product(x, y)
            if mode in FLUSHING:
                np.testing.assert_array_equal(found, expected)
            else:
                scale = max(1.0, float(abs(expected).max()))
                np.testing.assert_allclose(found, expected, rtol=0, atol=2 * ERRORS[dtype] * scale)
                assert not np.array_equal(found, expected)  # the mode reached the kernel
    assert rounds_by_default()


@pytest.mark.parametrize("mode", MODES)
def test_threads_compute_in_the_environment_of_the_caller(mode: str) -> None:
    """A result does not depend on the number of workers."""
    for kind in (ClebschGordan, FullProduct, Gaunt, MatrixProduct):
        one, four = kind(*LMAX), kind(*LMAX, workers=4)
        x, y = (np.random.default_rng(1).normal(size=(300, (l + 1) ** 2, 3)) for l in LMAX[:2])
        with environment(mode):
            np.testing.assert_array_equal(four(x, y), one(x, y))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_exactly_zero_stays_so(mode: str) -> None:
    """The bracket of a function with itself, and degrees that no path reaches."""
    random = np.random.default_rng(2)
    x, y = random.normal(size=(2, 2, 16, 3))
    with environment(mode):
        assert not AntisymmetricGaunt(3, 3, 3)(x, x).any()
        assert not AntisymmetricGaunt(3, 3, 3)(x, y)[:, 0].any()
        assert not ClebschGordan(3, 3, 8)(x, y)[:, 49:].any()
        assert not Gaunt(3, 3, 8)(x, y)[:, 49:].any() and not MatrixProduct(3, 3, 8)(x, y)[:, 49:].any()
        assert not RoutedProduct(3, 3, 8)(x, y)[:, 49:].any()
        assert not FactoredProduct(1, 1, 8)(x[:, :4], y[:, :4])[:, 9:].any()


@pytest.mark.parametrize("dtype", ERRORS)
@pytest.mark.parametrize("kind", ["ClebschGordan", "FullProduct", "Gaunt", "AntisymmetricGaunt", "MatrixProduct"])
def test_constants_of_array_programs_do_not_depend_on_the_mode_they_were_made_in(kind: str, dtype: str) -> None:
    reference = getattr(array_api, kind)(*LMAX)
    x, y = features(getattr(products, kind)(*LMAX), dtype)
    expected = reference(x, y)
    for mode in MODES:
        with environment(mode):
            product = getattr(array_api, kind)(*LMAX)
            product(x, y)
        np.testing.assert_array_equal(product(x, y), expected)


@pytest.mark.parametrize("dtype", ERRORS)
@pytest.mark.parametrize("kind", [ClebschGordan, Gaunt, AntisymmetricGaunt, MatrixProduct])
def test_sources_for_devices_do_not_depend_on_the_mode(kind: type[products.Product], dtype: str) -> None:
    expected = straight_program(kind(2, 3, 4), dtype).constants
    for mode in MODES:
        with environment(mode):
            found = straight_program(kind(2, 3, 4), dtype).constants
        assert found == expected


PROGRAM = """
import hashlib, sys
from contextlib import nullcontext
import numpy as np
from tests.test_floating_point import environment
from tests.test_floating_point_products import KINDS, LARGE, LMAX, features, made
def evaluated(product, x, y):
    z = product(x, y)
    return z, *product.vjp(x, y, z)
mode = sys.argv[1]
found = []
for kind in KINDS:
    for dtype in ("float32", "float64"):
        for lmax in (LMAX, LARGE):
            with environment(mode) if mode else nullcontext():
                product = made(kind, lmax)
            x, y = features(product, dtype)
            with environment(mode) if mode else nullcontext():
                evaluated(product, x, y)  # what is made at the first call
            arrays = evaluated(product, x, y)
            found.append(kind + hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()[:12])
print(*found)
"""


def digests(mode: str) -> list[str]:
    """Of products and gradients to nearest, after all tables were made in a mode; in a process of its own."""
    command = [sys.executable, "-c", PROGRAM, mode]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.fixture(scope="module")
def by_default() -> list[str]:
    return digests("")


@pytest.mark.parametrize("mode", [*ROUNDING, "both"])
def test_coefficients_of_products_do_not_depend_on_the_mode_they_were_made_in(mode: str, by_default: list[str]) -> None:
    assert digests(mode) == by_default and len(by_default) == 4 * len(KINDS)

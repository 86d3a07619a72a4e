"""NUMBA_DISABLE_JIT=1: every product runs without a compiler and gives the sums of exact coefficients."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from coupling import products
from coupling.products.product import Product

#: What is made of each kind: ordinary cases, then the other branches of its kernel.
KINDS = {
    "ClebschGordan": ["ClebschGordan(2, 1, 2)", "ClebschGordan(2, 2, 2, w)", "ClebschGordan(3, 3, 2)"],
    "FactoredProduct": ["FactoredProduct(2, 1, 2)", "FactoredProduct(1, 1, 3)"],
    "FullProduct": ["FullProduct(2, 1, 2)", "FullProduct(1, 1, 2, paths='odd', normalization='antisymmetric_gaunt')"],
    "Gaunt": ["Gaunt(2, 1, 2)", "Gaunt(2, 2, 5)", "Gaunt(2, 1, 2, weights=abc, classes=[[1, -2], [3, 1]])"],
    "MatrixProduct": ["MatrixProduct(2, 1, 2, weights=abc)", "MatrixProduct(1, 1, 1, spin=8.5)"],
    "RoutedProduct": [
        "RoutedProduct(2, 2, 2, w)",
        "RoutedProduct(2, 2, 2, simulated_weights(2, 2, 2), method='sphere')",
        "RoutedProduct(1, 1, 1, MatrixProduct(1, 1, 1).path_weights, method='matrix')",
    ],
    "AntisymmetricGaunt": ["AntisymmetricGaunt(2, 1, 2)", "AntisymmetricGaunt(2, 1, 2, classes=[[1, -2], [3, 1]])"],
    "Simulation": ["Simulation(2, 2, 2)"],
}

PROGRAM = """
import json, sys
import numpy as np
from coupling import block
from coupling.indexing import path_array, degree_slice
from coupling.kernels.regge import binomials
from coupling.numbers.normalizations import normalization
from coupling.products import *
from coupling.selection import paths

assert not hasattr(binomials, "py_func"), "it is compiled"
w = np.arange(15.0) % 5 - 2
abc = [np.array([1.0, -2, 0.5])[:n] for n in (3, 2, 3)]


def factor(product, path):
    a, odd = tuple(path), sum(path) % 2
    if isinstance(product, (ClebschGordan, FactoredProduct, RoutedProduct)):
        return product.weights[product.paths.tolist().index(list(path))]
    if isinstance(product, FullProduct):
        return normalization(sys.argv[2], max(path))[a] if sys.argv[2] else 1.0
    if isinstance(product, MatrixProduct):
        return product.normalization[a] * np.prod([v[l] for v, l in zip(product.weights, path)])
    total = 0.0
    for term in product.terms:
        if odd == term.kind:
            size = normalization(("gaunt", "antisymmetric_gaunt")[odd], max(path))[a]
            total += size * term.classes[path[0] % 2, path[1] % 2] * np.prod([v[l] for v, l in zip(term.weights, path)])
    return total


def tensor(product):
    t = np.zeros(product.sizes)
    separate = isinstance(product, FullProduct)
    where = {tuple(p): o for p, o in zip(product.paths.tolist(), product.offsets)} if separate else {}
    for path in paths(*product.lmax):
        if separate and path not in where:
            continue
        slices = [degree_slice(l) for l in path]
        if separate:
            slices[2] = slice(where[path], where[path] + 2 * path[2] + 1)
        t[tuple(slices)] = block("wigner_3j", *path) * factor(product, path)
    return t


product = eval(sys.argv[1])
t, found = tensor(product), {}
rng = np.random.default_rng(1)
for dtype in (np.float64, np.float32):
    x, y, g = (rng.normal(size=(3, n, 7)).astype(dtype) for n in product.sizes)
    a, b, c = x.astype(float), y.astype(float), g.astype(float)
    dx, dy = product.vjp(x, y, g)
    results = {
        "value": (product(x, y), np.einsum("ijk,biu,bju->bku", t, a, b)),
        "in x": (dx, np.einsum("ijk,bju,bku->biu", t, b, c)),
        "in y": (dy, np.einsum("ijk,biu,bku->bju", t, a, c)),
        "directional": (product.jvp(x, y, x, y), 2 * np.einsum("ijk,biu,bju->bku", t, a, b)),
    }
    if hasattr(product, "weight_gradient"):
        unit = np.zeros(len(product.paths))
        for n, path in enumerate(product.paths.tolist()):
            i, j, k = (degree_slice(l) for l in path)
            core = block("wigner_3j", *path)
            unit[n] = np.einsum("ijk,biu,bju,bku->", core, a[:, i], b[:, j], c[:, k])
        results["in the weights"] = product.weight_gradient(x, y, g), unit
    for name, (value, expected) in results.items():
        size = abs(expected).max()
        found[f"{name}, {dtype.__name__}"] = float(abs(value - expected).max() / (size * np.finfo(dtype).eps))
        assert value.dtype == (float if name == "in the weights" else dtype) and size > 0
print(json.dumps(found))
"""


def test_every_kind_of_product_is_here() -> None:
    kinds = {n for n in products.__all__ if isinstance(v := getattr(products, n), type) and issubclass(v, Product)}
    assert kinds - {"Product", "VectorSignal"} == set(KINDS)  # vector signals: test_products_vector


@pytest.mark.parametrize("expression", [e for each in KINDS.values() for e in each])
def test_products_run_without_a_compiler(expression: str) -> None:
    """The result, both gradients, the directional derivative and the gradient in the weights, within rounding."""
    family = "antisymmetric_gaunt" if expression.startswith("FullProduct(1") else ""
    command = [sys.executable, "-c", PROGRAM, expression, family]
    done = subprocess.run(command, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == (10 if expression.startswith(("ClebschGordan", "RoutedProduct")) else 8)
    assert all(np.isfinite(error) and error < 40 for error in found.values()), found

"""Products as dense tensors: slow, obvious, and without a kernel that has to be compiled."""

from __future__ import annotations

from functools import cache

import numpy as np

from coupling.indexing import degree_slice
from coupling.kernels.sphere_product import GAUNT
from coupling.numbers.normalizations import normalization
from coupling.numbers.tabulation import tabulate
from coupling.products import ClebschGordan, MatrixProduct, VectorSignal
from coupling.products.paths import by_degrees
from coupling.products.spherical import Spherical, Term
from tests.vector_reference import tensor as vector_tensor

LMAX = 6


@cache
def blocks() -> dict[tuple[int, int, int], np.ndarray]:
    """C of every path to degree 6."""
    return tabulate("wigner_3j", LMAX).blocks()


def dense(
    product: ClebschGordan | MatrixProduct | Spherical | VectorSignal, factors: np.ndarray | None = None
) -> np.ndarray:
    """The tensor t[i, j, k] of a product; factors [l1, l2, l3] are what its paths are multiplied by."""
    if isinstance(product, VectorSignal):
        return vector_tensor(product)
    if isinstance(product, Spherical):
        factors = sum(term_factors(product.lmax, term) for term in product.terms)
    elif factors is None:
        factors = sparse_factors(product) if isinstance(product, ClebschGordan) else product.normalization
    if isinstance(product, MatrixProduct):
        a, b, c = product.weights
        factors = factors * a[:, None, None] * b[:, None] * c
    tensor = np.zeros(product.sizes)
    for path, block in blocks().items():
        if all(l <= lmax for l, lmax in zip(path, product.lmax, strict=True)):
            tensor[tuple(degree_slice(l) for l in path)] = block * factors[path]
    return tensor


def sparse_factors(product: ClebschGordan) -> np.ndarray:
    """The weights [l1, l2, l3] of a sparse product; its paths are those of the slots before turning."""
    return by_degrees(product.lmax, np.roll(product.paths, -product.turns, axis=1), product.weights)


def largest_weight(product: object) -> float:
    """The largest weight of a path of a product of fields, at least one; one of other products: errors grow with it."""
    return max(1.0, abs(product.normalization).max()) if isinstance(product, VectorSignal) else 1.0


def term_factors(lmax: tuple[int, ...], term: Term) -> np.ndarray:
    """The factors [l1, l2, l3] of a Gaunt product or a bracket."""
    family = "gaunt" if term.kind == GAUNT else "antisymmetric_gaunt"
    a, b, c = term.weights
    parity1, parity2 = (np.arange(l + 1) % 2 for l in lmax[:2])
    weights = a[:, None, None] * b[:, None] * c * term.classes[np.ix_(parity1, parity2)][:, :, None]
    factors = normalization(family, max(lmax))[tuple(slice(l + 1) for l in lmax)]
    return factors * weights


def contracted(tensor: np.ndarray, *features: np.ndarray) -> list[np.ndarray]:
    """z and, for the cotangent g = features[2], the gradients of Σ g z in x and in y; all with one axis of entries."""
    x, y, *g = (_one_axis(np.asarray(f, float), size) for f, size in zip(features, tensor.shape, strict=False))
    z = [np.einsum("ijk,...iu,...ju->...ku", tensor, x, y, optimize=True)]
    if not g:
        return z
    left = np.einsum("ijk,...ju,...ku->...iu", tensor, y, g[0], optimize=True)
    return [*z, left, np.einsum("ijk,...iu,...ku->...ju", tensor, x, g[0], optimize=True)]


def _one_axis(feature: np.ndarray, size: int) -> np.ndarray:
    """A feature [..., entries, channels], whose entries may have had an axis of components."""
    return feature if feature.shape[-2] == size else feature.reshape(*feature.shape[:-3], size, feature.shape[-1])

"""Our own routes of the Clebsch-Gordan product: what each computes, its multiply-adds, and what it can reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from coupling.indexing import degree_slice, path_array
from coupling.numbers.normalizations import normalization
from coupling.numbers.tabulation import tabulate
from coupling.products import (
    AntisymmetricGaunt,
    ClebschGordan,
    FullProduct,
    Gaunt,
    MatrixProduct,
    Product,
    Simulation,
    simulated_weights,
)

Array = np.ndarray


class Route(NamedTuple):
    """A product, the path weights it has, and its multiply-adds per channel sample, 0 if not counted."""

    product: Product
    weights: Array
    operations: int


def parity(lmax: int) -> Array:
    """(l1 + l2 + l3) % 2 for all degrees to lmax."""
    return sum(np.ogrid[: lmax + 1, : lmax + 1, : lmax + 1]) % 2


def triangle(lmax: int) -> Array:
    """Whether (l1, l2, l3) is a path."""
    l1, l2, l3 = np.ogrid[: lmax + 1, : lmax + 1, : lmax + 1]
    return (abs(l1 - l2) <= l3) & (l3 <= l1 + l2)


def sphere_operations(lmax: int, kind: int) -> int:
    """Multiply-adds of a Gaunt product (kind 0) or bracket (1), all degrees to lmax.

    (lmax+1)² for each transform and each northern θ; 6 lmax² + 1 for each sum over orders and θ, without order 0 of
    the second factor in a bracket.
    """
    n_theta = (3 * lmax - kind) // 2 + 1
    sums = 6 * lmax**2 + 1 if kind == 0 else 2 * (6 * lmax**2 - 2 * lmax)
    return (3 + 2 * kind) * (lmax + 1) ** 2 * -(-n_theta // 2) + n_theta * sums


def matrix_operations(product: MatrixProduct) -> int:
    """4n³ for the product of the matrices; half a diagonal of every |m| times the degrees that have it, for ±m."""
    n = round(2 * product.spin) + 1
    diagonals = [(l, m) for l in product.lmax for m in range(l + 1)]
    return 4 * n**3 + sum((n - m + 1) // 2 * (l + 1 - m) * (2 if m else 1) for l, m in diagonals)


def sparse(lmax: int, weights: Array) -> Route:
    """The sparse product with weights [l1, l2, l3]."""
    weights = on_paths(weights)
    product = ClebschGordan(lmax, lmax, lmax, weights)
    return Route(product, weights, product.operations)


def on_paths(tensor: Array) -> Array:
    """Return a normalization tensor as weights [P] of all paths."""
    l1, l2, l3 = (n - 1 for n in tensor.shape)
    weights: Array = tensor[tuple(path_array((l1, l2, l3)).T)]
    return weights


def gaunt(lmax: int) -> Route:
    """The Gaunt product."""
    return Route(Gaunt(lmax, lmax, lmax), on_paths(normalization("gaunt", lmax)), sphere_operations(lmax, 0))


def bracket(lmax: int) -> Route:
    """The bracket."""
    weights = on_paths(normalization("antisymmetric_gaunt", lmax))
    return Route(AntisymmetricGaunt(lmax, lmax, lmax), weights, sphere_operations(lmax, 1))


def both(lmax: int) -> Route:
    """Gaunt product and bracket in one pass."""
    operations = sphere_operations(lmax, 0) + sphere_operations(lmax, 1)
    return Route(Simulation(lmax, lmax, lmax), simulated_weights(lmax, lmax, lmax), operations)


def matrix(lmax: int) -> Route:
    """The matrix product of the smallest spin that loses no path."""
    product = MatrixProduct(lmax, lmax, lmax)
    return Route(product, product.path_weights, matrix_operations(product))


#: By name: the route for lmax.  Sparse ones have weights one.
ROUTES: dict[str, Callable[[int], Route]] = {
    "sparse": lambda lmax: sparse(lmax, np.ones((lmax + 1,) * 3)),
    "sparse even": lambda lmax: sparse(lmax, 1.0 - parity(lmax)),
    "sparse odd": lambda lmax: sparse(lmax, 1.0 * parity(lmax)),
    "Gaunt": gaunt,
    "bracket": bracket,
    "Gaunt + bracket": both,
    "matrix": matrix,
}


@cache
def blocks(lmax: int) -> dict[tuple[int, int, int], Array]:
    """C of all paths to lmax, of unit Frobenius norm, in long double."""
    return {path: block.astype(np.longdouble) for path, block in tabulate("wigner_3j", lmax).blocks().items()}


def by_definition(weights: Array, x: Array, y: Array, g: Array) -> tuple[Array, Array, Array]:
    """Product and its gradients in x and y, path by path in long double; features [entries, channels]."""
    x, y, g = (a.astype(np.longdouble) for a in (x, y, g))
    out, lmax = (np.zeros_like(g), np.zeros_like(x), np.zeros_like(y)), round(len(x) ** 0.5) - 1
    for path, weight in zip(path_array((lmax, lmax, lmax)).tolist(), weights, strict=True):
        if weight:
            i, j, k = (degree_slice(l) for l in path)
            scaled = weight * blocks(lmax)[tuple(path)]
            inner = np.einsum("ijk,jc->ikc", scaled, y[j])
            out[0][k] += np.einsum("ikc,ic->kc", inner, x[i])
            out[1][i] += np.einsum("ikc,kc->ic", inner, g[k])
            out[2][j] += np.einsum("ijk,ic,kc->jc", scaled, x[i], g[k])
    return out


def full_through_the_sphere(lmax: int) -> Callable[[Array, Array], list[Array]]:
    """All paths apart, through the sphere: one Gaunt product with one bracket for every pair (l1, l2).

    For one pair 1/N depends on l3 alone, so that all its paths come out of one evaluation with their own values.
    """
    forms = []
    for l1 in range(lmax + 1):
        for l2 in range(lmax + 1):
            top, ones = min(l1 + l2, lmax), [np.eye(l + 1)[l] for l in (l1, l2)]
            factors = {}
            for name, family in (("even", "gaunt"), ("odd", "antisymmetric_gaunt")):
                n = normalization(family, lmax)[l1, l2, : top + 1]
                if n.any():
                    factors[name] = (*ones, np.divide(1, n, out=np.zeros_like(n), where=n != 0))
            forms.append((l1, l2, abs(l1 - l2), Simulation(l1, l2, top, factors)))

    def product(x: Array, y: Array) -> list[Array]:
        return [form(x[:, : (a + 1) ** 2], y[:, : (b + 1) ** 2])[:, low * low :] for a, b, low, form in forms]

    return product


def full(lmax: int) -> FullProduct:
    """All paths apart, sparse."""
    return FullProduct(lmax, lmax, lmax)


def reach(lmax: int) -> dict[str, tuple[int, int]]:
    """How many paths one evaluation of each route reaches, and the dimension of the weightings it can have there.

    Weights N a(l1) b(l2) c(l3) are a family of curved surfaces; its dimension is the rank of the derivative at a
    random point.  Gaunt and bracket together have three factors each.
    """
    l1, l2, l3 = path_array((lmax,) * 3).T
    odd, n = (l1 + l2 + l3) % 2 == 1, lmax + 1
    a, b, c = np.random.default_rng(0).uniform(1, 2, (3, n))
    eye: Any = np.eye(n)
    derivative = np.hstack(
        [eye[l1] * (b[l2] * c[l3])[:, None], eye[l2] * (a[l1] * c[l3])[:, None], eye[l3] * (a[l1] * b[l2])[:, None]]
    )
    rank = {name: int(np.linalg.matrix_rank(derivative[keep])) for name, keep in {"even": ~odd, "odd": odd}.items()}
    return {
        "sparse": (len(l1), len(l1)),
        "Gaunt": (int((~odd).sum()), rank["even"]),
        "bracket": (int(odd.sum()), rank["odd"]),
        "Gaunt + bracket": (len(l1), rank["even"] + rank["odd"]),
        "matrix": (len(l1), int(np.linalg.matrix_rank(derivative))),
    }

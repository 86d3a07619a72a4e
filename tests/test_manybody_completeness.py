"""Bases are complete and minimal: invariant polynomials, averages over rotations, need every column and no more."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from coupling.manybody import basis, count
from coupling.manybody.space import factor_irreps
from coupling.sphere import rotation_matrix


@cache
def rotations(degree: int, lmax: int) -> tuple[np.ndarray, np.ndarray]:
    """Quadrature over all rotations, exact for Wigner matrices to a degree: matrices to lmax, and weights."""
    turns = 2 * np.pi * np.arange(degree + 1) / (degree + 1)
    nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    found = [
        (about_z(a) @ about_y(np.arccos(x)) @ about_z(c), w)
        for a in turns
        for x, w in zip(nodes, weights, strict=True)
        for c in turns
    ]
    matrices = np.array([rotation_matrix(matrix, lmax) for matrix, _ in found])
    return matrices, np.array([w for _, w in found]) / (2 * (degree + 1) ** 2)


def about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def about_y(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def turned(irreps: object, order: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All rotated copies [rotations, samples, components], with inversion, and the weights."""
    space = factor_irreps(irreps)
    lmax = max(irrep.twice for irrep in space) // 2
    matrices, weights = rotations(order * lmax, lmax)
    parts, start = [], 0
    for irrep in space:
        l = irrep.twice // 2
        own = x[:, start : start + irrep.dim]
        parts.append(np.einsum("rab,sb->rsa", matrices[:, l * l : (l + 1) ** 2, l * l : (l + 1) ** 2], own))
        start += irrep.dim
    signs = np.concatenate([np.full(irrep.dim, irrep.parity) for irrep in space])
    proper = np.concatenate(parts, -1)
    return proper, proper * signs, weights


def invariants(irreps: object, order: int, parity: int, x: np.ndarray, number: int) -> np.ndarray:
    """Random invariant (pseudo-invariant: parity -1) polynomials at samples: averages of powers of linear forms."""
    random = np.random.default_rng(5)
    proper, improper, weights = turned(irreps, order, x)
    forms = random.standard_normal((proper.shape[-1], number)) / proper.shape[-1] ** 0.5
    powers = (proper @ forms) ** order + parity * (improper @ forms) ** order
    return np.tensordot(weights, powers, 1)


def misfit(columns: np.ndarray, values: np.ndarray) -> float:
    """Largest relative residual of least squares, over the values."""
    rest = values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
    return float((np.linalg.norm(rest, axis=0) / np.linalg.norm(values, axis=0)).max())


CASES = [
    (3, 2, "0e"), (3, 3, "0e"), (2, 4, "0e"), (3, 4, "0e"), (2, 5, "0e"), ("2x0e + 2x1o", 3, "0e"), ("3x1o", 3, "0o"),
    (3, 4, "0o"), ("2x1o + 2x2e", 3, "0o"), ("2x1e + 1o", 3, "0o"), ("1e + 1o", 4, "0o"),
]  # fmt: skip


@pytest.mark.parametrize(("irreps", "order", "output"), CASES)
def test_invariant_polynomials_need_every_column_and_no_more(irreps: object, order: int, output: str) -> None:
    number = count(irreps, order, output)
    made = basis(irreps, order, output)
    random = np.random.default_rng(4)
    x = random.standard_normal((number + 20, made.dimension))
    columns = made(x)[:, :, 0]
    assert columns.shape[1] == number > 0
    values = invariants(irreps, order, 1 if output == "0e" else -1, x, 2 * number + 2)
    assert misfit(columns, values) < 1e-12
    for k in range(number):
        assert misfit(np.delete(columns, k, 1), values) > 1e-4, made.labels[k]
    sizes = np.linalg.svd(values, compute_uv=False)
    assert sizes[number - 1] > 1e6 * sizes[number:].max()


@pytest.mark.parametrize("irreps", [2, 3])
def test_three_factors_of_one_density_see_no_chirality(irreps: int) -> None:
    """Pseudo-scalars of harmonics begin at order 4: at 3 the average vanishes, and there is no path."""
    x = np.random.default_rng(6).standard_normal((10, (irreps + 1) ** 2))
    for order, size in ((2, 0), (3, 0), (4, count(irreps, 4, "0o"))):
        values = invariants(irreps, order, -1, x, 5)
        scale = np.linalg.norm(invariants(irreps, order, 1, x, 5))
        assert count(irreps, order, "0o") == size == basis(irreps, order, "0o").shape[0]
        assert (np.linalg.norm(values) > 1e-6 * scale) == (size > 0)
        if not size:
            assert np.linalg.norm(values) < 1e-13 * scale

"""Every block is invariant under rotations, with the rotation matrices taken from rotated harmonics."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import coupling
from coupling.conventions import BASES, FAMILIES
from coupling.selection import paths
from coupling.sphere import analysis, gauss_legendre, harmonics


def axis_rotation(axis: int, angle: float) -> np.ndarray:
    i, k = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[i, i] = matrix[k, k] = np.cos(angle)
    matrix[k, i], matrix[i, k] = np.sin(angle), -np.sin(angle)
    return matrix


#: quarter turns about x, y, z and one that mixes all
ROTATIONS = [axis_rotation(axis, np.pi / 2) for axis in range(3)]
ROTATIONS.append(axis_rotation(2, 0.3) @ axis_rotation(1, 1.1) @ axis_rotation(0, -2.0))


def rotation_matrices(rotation: np.ndarray, lmax: int, basis: str) -> np.ndarray:
    """D with H_a(rotation⁻¹ x) = Σ_i D[a, i] H_i(x), over flat indices, by analysis of the rotated harmonics."""
    grid = gauss_legendre(2 * lmax)
    sine = np.sin(grid.theta)
    points = np.stack([sine * np.cos(grid.phi), sine * np.sin(grid.phi), np.cos(grid.theta)], axis=-1)
    x, y, z = (points @ rotation).T  # rotation⁻¹ x = rotationᵀ x
    turned = harmonics(lmax, np.arctan2(np.hypot(x, y), z), np.arctan2(y, x), basis)
    return analysis(turned.T, grid, lmax, basis)


def degree_part(matrix: np.ndarray, l: int) -> np.ndarray:
    return matrix[l * l : (l + 1) ** 2, l * l : (l + 1) ** 2]


@pytest.fixture(scope="module", params=range(len(ROTATIONS)))
def rotation(request: pytest.FixtureRequest) -> np.ndarray:
    return ROTATIONS[request.param]


@pytest.mark.parametrize("basis", BASES)
def test_rotation_matrices_are_unitary_and_keep_the_degree(rotation: np.ndarray, basis: str, lmax: int) -> None:
    matrix = rotation_matrices(rotation, lmax, basis)
    np.testing.assert_allclose(matrix @ matrix.conj().T, np.eye((lmax + 1) ** 2), atol=1e-13)
    for l in range(lmax + 1):
        assert np.linalg.det(degree_part(matrix, l)) == pytest.approx(1)
        matrix[l * l : (l + 1) ** 2, l * l : (l + 1) ** 2] = 0
    np.testing.assert_allclose(matrix, 0, atol=1e-13)


def test_real_vectors_rotate_as_vectors(rotation: np.ndarray) -> None:
    """Degree 1 in the real basis is (y, z, x)."""
    matrix = degree_part(rotation_matrices(rotation, 1, "real"), 1)
    cyclic = rotation[np.ix_([1, 2, 0], [1, 2, 0])]
    np.testing.assert_allclose(matrix, cyclic.T, atol=1e-14)


@pytest.mark.parametrize(("family", "basis"), list(product(FAMILIES, BASES)))
def test_every_block_is_invariant(rotation: np.ndarray, family: str, basis: str, lmax: int) -> None:
    """(D1 ⊗ D2 ⊗ D3) block = block; the third degree of a complex Clebsch-Gordan block is a bra, so conj(D3)."""
    matrix = rotation_matrices(rotation, lmax, basis)
    met = 0
    for path in paths(lmax):
        d1, d2, d3 = (degree_part(matrix, l) for l in path)
        if family == "clebsch_gordan":
            d3 = d3.conj()
        block = coupling.block(family, *path, basis)
        turned = np.einsum("ai,bj,ck,ijk->abc", d1, d2, d3, block, optimize=True)
        np.testing.assert_allclose(turned, block, atol=1e-13 * max(1, np.abs(block).max()))
        met += 1
    assert met == sum(2 * max(l) <= sum(l) for l in product(range(lmax + 1), repeat=3))

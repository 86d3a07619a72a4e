"""Sums of whole orbits of terms: groups, orbits, invariants, and the closed forms of degree limit 1 found again."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.lowrank import equivariant_study, orbits, point_groups
from coupling.lowrank.factors import tensor
from coupling.lowrank.invariants import count_of_invariants, invariants
from coupling.lowrank.orbits import orbit_kinds, symmetry, turned_terms, whole_orbit
from coupling.lowrank.path_weights import whole_paths
from coupling.lowrank.point_groups import multiplication_table, point_group

ORDERS = {"tetrahedral": 12, "octahedral": 24, "icosahedral": 60, "cyclic-5": 5, "dihedral-5": 10, "pyramidal-5": 10}


def rho(weights: np.ndarray) -> float:
    """The invariant of five path weights of degree limit 1."""
    w = np.asarray(weights)
    return float(2 * w[0, 1, 1] * w[1, 0, 1] * w[1, 1, 0] / (3**0.5 * w[0, 0, 0] * w[1, 1, 1] ** 2))


def test_groups_are_closed_orthogonal_and_of_their_order() -> None:
    for name, order in ORDERS.items():
        matrices = point_group(name)
        assert len(matrices) == order
        assert abs(np.einsum("gij,gkj->gik", matrices, matrices) - np.eye(3)).max() < 1e-12
        assert all(sorted(row) == list(range(order)) for row in multiplication_table(matrices).tolist())
        assert (np.linalg.det(matrices) < 0).any() == (name == "pyramidal-5")


def test_what_is_no_group_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArithmeticError, match="not closed"):
        multiplication_table(point_group("cyclic-5")[:3])
    for name in ("cubic", "cyclic-0", "cyclic-13", "dihedral-", "Cyclic-5"):
        with pytest.raises(ValueError, match="symmetry must be one of tetrahedral, octahedral"):
            point_group(name)


@pytest.mark.parametrize("exchange", [False, True])
@pytest.mark.parametrize("name", ["tetrahedral", "dihedral-3", "pyramidal-5"])
def test_every_orbit_is_kept_by_the_whole_group(name: str, exchange: bool) -> None:
    group, random, met = symmetry(name, 2, exchange), np.random.default_rng(0), 0
    for kind in orbit_kinds(name, 2, exchange):
        terms = whole_orbit(group, kind, random.standard_normal(kind.unknowns))
        total = tensor(terms)
        assert terms[0].shape[1] == kind.size and abs(total).max() > 1e-6
        for element in range(group.order):
            assert abs(tensor(turned_terms(group, element, terms)) - total).max() < 1e-12 * abs(total).max()
            met += 1
    assert met >= 60


@pytest.mark.parametrize("exchange", [False, True])
def test_invariants_are_as_many_as_the_trace_says_and_hold_the_paths(exchange: bool) -> None:
    group = symmetry("tetrahedral", 1, exchange)
    found = invariants(group, 1, "all")
    flat = found.basis.reshape(len(found.basis), -1)
    assert len(flat) == count_of_invariants(group) and abs(flat @ flat.T - np.eye(len(flat))).max() < 1e-12
    assert sorted(path for paths in found.classes for path in paths) == list(whole_paths(1))
    for element in range(group.order):
        matrix, turn = group.matrices[element], int(group.exchanges[element])
        turned = np.einsum("kabc,xa,yb,zc->kxyz", found.basis, matrix, matrix, matrix)
        assert abs(turned.transpose(0, *(1 + (slot - turn) % 3 for slot in range(3))) - found.basis).max() < 1e-12


def test_the_closed_forms_of_degree_one_are_found_with_tetrahedral_symmetry() -> None:
    """Seven terms at ρ = 1, eight at weights 1 and at those of matrices."""
    [seven] = equivariant_study(1, [7], starts=40)
    assert seven.error < 1e-12 and rho(seven.spec["weights"]) == pytest.approx(1, abs=1e-9)
    assert seven.equivariance is not None and seven.equivariance < 1e-7
    for weights in ("unit", "matrix"):
        [eight] = equivariant_study(1, [8], weights=weights, exchange=weights == "unit", starts=64)
        assert eight.error < 1e-12 and eight.growth < 10


def test_a_group_with_a_wrong_matrix_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The representations of two elements exchanged: orbits are no longer what the invariants say."""
    true = orbits.rotation_matrix

    def wrong(rotation: np.ndarray, lmax: int) -> np.ndarray:
        quarter = np.trace(rotation) < -0.9 and rotation[2, 2] > 0.9  # the half turn about z becomes the identity
        return true(np.eye(3) if quarter else rotation, lmax)

    monkeypatch.setattr(orbits, "rotation_matrix", wrong)
    orbits.symmetry.cache_clear()
    orbits.orbit_kinds.cache_clear()
    try:
        found = equivariant_study(1, [7], starts=10)
        assert not found or found[0].error > 1e-3
    finally:
        orbits.symmetry.cache_clear()
        orbits.orbit_kinds.cache_clear()


def test_the_same_seed_gives_the_same_result() -> None:
    one, other = (equivariant_study(1, [6], starts=5, seed=3)[0] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one.factors, other.factors, strict=True))
    assert one.error > 0.01  # six real terms are not enough


def test_what_does_not_exist_is_said() -> None:
    with pytest.raises(ValueError, match="pyramidal-5 has reflections, which are a symmetry of even paths alone"):
        equivariant_study(1, [7], "pyramidal-5")
    assert equivariant_study(1, [4], "pyramidal-3", parity="even", weights="unit", starts=1)
    with pytest.raises(ValueError, match="weights must be equal for the cyclic turns of a path"):
        equivariant_study(1, [7], weights={path: 1 + path[0] for path in whole_paths(1)})


def test_the_command_prints_and_says() -> None:
    run = ["study", "whole", "--lmax", "1", "--rank", "7", "--weights", "free", "--starts", "40"]
    found = CliRunner().invoke(main, [*run, "--symmetry", "tetrahedral"])
    assert found.exit_code == 0 and "e-1" in found.stdout and "0 0 0" in found.stdout
    for further, words in ((["--complex"], "real factors only"), (["--rank", "0"], "")):
        assert CliRunner().invoke(main, [*run, "--symmetry", "tetrahedral", *further]).exit_code != 0, words
    nothing = CliRunner().invoke(main, ["study", "whole", "--lmax", "1", "--rank", "2", "--symmetry", "octahedral"])
    assert nothing.exit_code != 0 and "no orbits of octahedral symmetry" in nothing.output


def test_point_groups_have_one_identity() -> None:
    assert all(np.array_equal(point_groups.point_group(name)[0], np.eye(3)) for name in ORDERS)

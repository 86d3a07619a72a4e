"""docs/examples/potential.py: every molecule of g2, equivariance, forces and stress as derivatives, training."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.systems.notebooks import need_systems

need_systems()

import torch  # noqa: E402
from ase import Atoms  # noqa: E402
from ase.build import bulk  # noqa: E402
from ase.calculators.fd import calculate_numerical_stress  # noqa: E402
from ase.collections import g2  # noqa: E402

from coupling.atoms import forces  # noqa: E402
from coupling.backends.testing import check_conservative, check_equivariant  # noqa: E402
from tests.systems.example import FILE, alloys, example  # noqa: E402


@pytest.fixture(scope="module")
def molecules() -> list[Any]:
    return [g2[name] for name in g2.names]


@pytest.fixture(scope="module")
def potential(molecules: list[Any]) -> Any:
    return example().Potential(sorted({z for m in molecules for z in m.numbers.tolist()}), 4.0)


def test_it_is_small() -> None:
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 150


def test_energies_and_forces_of_all_molecules_are_finite_and_equivariant(molecules: list[Any], potential: Any) -> None:
    """Rotations, the inversion, rotations with it; and the order of the atoms."""
    x, cell, graph, _ = example().joined(molecules, 4.0)

    def values(positions: Any) -> list[Any]:
        return [potential(positions, cell, graph).detach()[:, None], forces(potential, positions, cell, graph)]

    energies, slopes = values(x)
    assert len(molecules) == 162 and energies.isfinite().all() and slopes.isfinite().all()
    assert slopes.std() > 1e-3
    assert check_equivariant(values, [x], ["cartesian"], ["0e", "cartesian"], tolerance=1e-12) < 1e-12
    y, _, other, _ = example().joined([m[::-1] for m in molecules], 4.0)
    turned = forces(potential, y, cell, other)
    order = np.concatenate([n + np.arange(len(m))[::-1] for n, m in zip(starts(molecules), molecules, strict=True)])
    assert abs(turned - slopes[order]).max() < 1e-12 * slopes.abs().max()


def starts(molecules: list[Any]) -> list[int]:
    return np.cumsum([0, *map(len, molecules[:-1])]).tolist()


def test_the_calculator_has_the_same_numbers(molecules: list[Any], potential: Any) -> None:
    x, cell, graph, owner = example().joined(molecules, 4.0)
    energies = torch.zeros(162, dtype=torch.float64).index_add(0, owner, potential(x, cell, graph).detach())
    for n in range(0, 162, 9):
        atoms = molecules[n].copy()
        atoms.calc = example().PotentialCalculator(potential)
        assert atoms.get_potential_energy() == pytest.approx(float(energies[n]), abs=1e-12)
        assert abs(atoms.get_forces().sum(axis=0)).max() < 1e-13


def test_weights_of_edges_vanish_at_the_cutoff_without_cancellation() -> None:
    """The envelope as 1 - 10u³ + 15u⁴ - 6u⁵ has no right digit there; its gradients then differ by the cotangent."""
    radial = example().RadialFunctions(4.0, 3, 2, 5).double()
    for r in (2.0, 3.9, 3.999, 3.99999):
        waves = 0.5**0.5 * torch.sin(radial.waves * r) / r
        u = Fraction(r) / 4
        envelope = float(1 - 10 * u**3 + 15 * u**4 - 6 * u**5)
        found, known = (
            radial(torch.tensor([r], dtype=torch.float64))[0],
            radial.net(waves).unflatten(0, (2, 5)) * envelope,
        )
        assert (found - known).abs().max() < 1e-14 * known.abs().max()
        assert known.abs().max() > 0


def test_an_atom_alone_has_no_force(potential: Any) -> None:
    atoms = Atoms("O")
    atoms.calc = example().PotentialCalculator(potential)
    assert np.isfinite(atoms.get_potential_energy()) and not atoms.get_forces().any()


def test_forces_are_minus_the_gradient(molecules: list[Any], potential: Any) -> None:
    x, cell, graph, _ = example().joined([molecules[g2.names.index("CH3CH2OH")]], 4.0)
    found = check_conservative(lambda positions: potential(positions, cell, graph).sum(), x, tolerance=1e-7)
    assert max(found) < 1e-7


def test_stress_is_the_derivative_in_strain(potential: Any) -> None:
    atoms = bulk("Al", cubic=True)
    atoms.positions[0] += (0.1, -0.2, 0.15)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.02 * np.arange(9).reshape(3, 3) / 9), scale_atoms=True)
    atoms.calc = example().PotentialCalculator(potential)
    slope = calculate_numerical_stress(atoms, eps=1e-5)
    assert abs(atoms.get_stress() - slope).max() < 1e-7 * abs(slope).max()
    assert abs(slope).max() > 1e-4


def test_training_reaches_the_stated_error_in_less_than_a_minute() -> None:
    """0.06 eV/Å on crystals that were held out, whose forces are 1.39 eV/Å (root mean squares)."""
    potential = example().Potential([28, 29], 4.5, channels=16, layers=1)
    begin = time.process_time()
    example().fit(potential, alloys(40, 0), epochs=80)
    seconds = time.process_time() - begin
    errors, known = [], []
    for atoms in alloys(10, 1):
        own = atoms.copy()
        own.calc = example().PotentialCalculator(potential)
        errors.append(own.get_forces() - atoms.get_forces())
        known.append(atoms.get_forces())
    error, size = (np.sqrt(np.mean(np.square(values))) for values in (errors, known))
    assert error < 0.06 and size > 1.3
    assert seconds < 60

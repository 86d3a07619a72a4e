"""The potential of docs/examples, and structures with energies and forces of EMT."""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import numpy as np

from tests.systems.notebooks import ROOT

FILE = ROOT / "docs" / "examples" / "potential.py"


@cache
def example() -> Any:
    """The module docs/examples/potential.py; torch with one thread, as its times are meant."""
    import torch

    torch.set_num_threads(1)
    specification = spec_from_file_location("potential", FILE)
    assert specification and specification.loader
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def alloys(count: int, seed: int) -> list[Any]:
    """Crystals of 16 Cu and Ni atoms, strained and rattled, with their energies and forces."""
    from ase.build import bulk
    from ase.calculators.emt import EMT

    random, made = np.random.default_rng(seed), []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True) * (2, 2, 1)
        atoms.numbers[random.random(len(atoms)) < 0.4] = 28
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.03 * random.uniform(-1, 1, (3, 3))), scale_atoms=True)
        atoms.positions += random.normal(0, 0.12, atoms.positions.shape)
        atoms.calc = EMT()
        atoms.get_potential_energy()
        made.append(atoms)
    return made

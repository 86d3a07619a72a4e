"""Models of nequip with random weights, and what they say of structures."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest

pytest.importorskip("nequip")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch, model_of, ase, transforms, state = map(
        import_module,
        ("torch", "nequip.model", "nequip.data.ase", "nequip.data.transforms", "nequip.utils.global_state"),
    )

#: Models by name.  Multiplicities that differ, and both parities, are what MACE does not have.
MODELS: dict[str, dict[str, Any]] = {
    "equal": {"num_layers": 3, "l_max": 2, "num_features": 16, "parity": False},
    "unequal": {"num_layers": 3, "l_max": 3, "num_features": [24, 12, 8, 4], "parity": True},
}


def model(
    name: str, types: Sequence[str], dtype: str = "float64", mode: str = "eager", seed: int = 0, **changed: Any
) -> Any:
    """A NequIP model of MODELS, built in a type, with other settings where they are given."""
    state.set_global_state(allow_tf32=False)
    options = {"type_names": list(types), "r_max": 5.0, "avg_num_neighbors": 20.0, "compile_mode": "eager"}
    return model_of.NequIPGNNModel(seed=seed, model_dtype=dtype, **options, **MODELS[name] | changed)


def given(atoms: Any, types: Sequence[str]) -> dict[str, Any]:
    """A structure as nequip takes it."""
    made = ase.from_ase(atoms)
    mapper = transforms.ChemicalSpeciesToAtomTypeMapper(model_type_names=list(types))
    for transform in (mapper, transforms.NeighborListTransform(r_max=5.0)):
        made = transform(made)
    return dict(made)


def results(module: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Energy, forces and, of crystals, stress."""
    found = module(dict(data))
    names = ("total_energy", "forces", "stress") if bool(data["pbc"].any()) else ("total_energy", "forces")
    return {name: found[name].detach() for name in names}

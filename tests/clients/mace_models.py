"""Models of mace-torch with random weights, and what they say of structures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # the constants of e3nn 0.4.4 are a pickle

pytest.importorskip("mace")
torch = import_module("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    o3, modules, data, tools = map(import_module, ("e3nn.o3", "mace.modules", "mace.data", "mace.tools"))

FIRST, RESIDUAL = "RealAgnosticInteractionBlock", "RealAgnosticResidualInteractionBlock"

#: Models by name: hidden irreps, max_ell, correlation, blocks of the first and of the other layers, MLP irreps, layers.
MODELS = {
    "medium": ("128x0e+128x1o", 3, 3, FIRST, RESIDUAL, 2),
    "pairs": ("16x0e+16x1o+16x2e", 2, 2, RESIDUAL, RESIDUAL, 2),
    "scalars": ("24x0e", 3, 3, "RealAgnosticDensityInteractionBlock", "RealAgnosticDensityResidualInteractionBlock", 3),
    "four": ("8x0e+8x1o", 2, 4, FIRST, "RealAgnosticAttResidualInteractionBlock", 2),
}


def model(name: str, elements: Sequence[int], dtype: Any, seed: int = 0) -> Any:
    """A ScaleShiftMACE of MODELS, built in a type: its constants have it too."""
    hidden, max_ell, correlation, first, other, layers = MODELS[name]
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    torch.manual_seed(seed)
    made = modules.ScaleShiftMACE(
        r_max=5.0,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=max_ell,
        interaction_cls=modules.interaction_classes[other],
        interaction_cls_first=modules.interaction_classes[first],
        num_interactions=layers,
        num_elements=len(elements),
        hidden_irreps=o3.Irreps(hidden),
        MLP_irreps=o3.Irreps("16x0e"),
        atomic_energies=np.zeros(len(elements)),
        avg_num_neighbors=20.0,
        atomic_numbers=list(elements),
        correlation=correlation,
        gate=torch.nn.functional.silu,
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
    torch.set_default_dtype(before)
    return made


def batch(structures: Sequence[Any], elements: Sequence[int], dtype: Any) -> dict[str, Any]:
    """All structures as one batch of a type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    table = tools.AtomicNumberTable(list(elements))
    graphs = [
        data.AtomicData.from_config(data.config_from_atoms(atoms), z_table=table, cutoff=5.0) for atoms in structures
    ]
    loader = import_module("mace.tools.torch_geometric.dataloader").DataLoader(graphs, batch_size=len(graphs))
    made: dict[str, Any] = next(iter(loader)).to_dict()
    torch.set_default_dtype(before)
    return made


def results(module: Any, given: dict[str, Any], stress: bool) -> dict[str, Any]:
    """Energy, forces and, of crystals, stress."""
    found = module(dict(given), compute_force=True, compute_stress=stress)
    return {name: found[name].detach() for name in ("energy", "forces", "stress")[: 3 if stress else 2]}

"""MACE's own contraction with our tensors, and ours with MACE's (mace-torch, e3nn 0.4.4)."""

from __future__ import annotations

import warnings
from importlib import import_module

import numpy as np
import pytest

pytest.importorskip("mace")
from coupling.backends.torch import SymmetricContraction as Module
from coupling.export import mace_tensor
from coupling.manybody import basis

torch = import_module("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    o3, theirs = map(import_module, ("e3nn.o3", "mace.modules.symmetric_contraction"))

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mace_contracts_with_them_as_we_do(dtype: str) -> None:
    """MACE's own module of mace-torch with our buffers, and ours from its buffers, whatever its conventions are."""
    real, before = getattr(torch, dtype), torch.get_default_dtype()
    torch.set_default_dtype(real)
    try:
        module = theirs.SymmetricContraction(
            o3.Irreps("7x0e + 7x1o + 7x2e"), o3.Irreps("7x0e + 7x1o"), 3, num_elements=2
        )
    finally:
        torch.set_default_dtype(before)
    made, weights = [], []
    for part, l in zip(module.contractions, (0, 1), strict=True):
        for order in (3, 2, 1):
            made.append(basis(2, order, l, "plain", paths="mace"))
            weights.append(part.weights_max if order == 3 else part.weights[2 - order])
            own = getattr(part, f"U_matrix_{order}")
            assert own.shape == mace_tensor(made[-1]).shape
            assert np.allclose(own.numpy(), mace_tensor(made[-1], dtype), atol=1e-6 if dtype == "float32" else 1e-13)
    buffers = [
        (name, u if l else u[None])
        for (name, l), part in zip((("0e", 0), ("1o", 1)), module.contractions, strict=True)
        for u in (part.U_matrix_3, part.U_matrix_2, part.U_matrix_1)
    ]
    x, species = torch.randn(6, 7, 9, dtype=real), torch.tensor([0, 1, 1, 0, 1, 0])
    hot = torch.nn.functional.one_hot(species, 2).to(real)
    expected = module(x, hot)
    for ours in (Module(made, layout="channels_first"), Module.from_tensors(buffers, layout="channels_first")):
        out = ours(x, weights, species)
        found = torch.cat([out[:, :, :1].reshape(6, -1), out[:, :, 1:].reshape(6, -1)], 1)
        tolerance = 2e-6 if dtype == "float32" else 1e-14
        assert (found - expected).abs().max() < tolerance * expected.abs().max()

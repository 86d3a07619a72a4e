"""Contractions for cuEquivariance and MACE, each evaluated by the other program where it is installed."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pytest

from coupling.export import contraction_descriptors, contraction_json, mace_tensor, segmented_polynomial
from coupling.manybody import basis
from coupling.products import SymmetricContraction

CHANNELS = 5
BASES = {
    "reduced": lambda: [basis(2, n, l) for l in (0, 1) for n in (1, 2, 3)],
    "full": lambda: [basis(2, n, l, "plain", paths="mace") for l in (1, 0) for n in (3, 2)],
}


def example(name: str) -> tuple[SymmetricContraction, Any, list[Any]]:
    contraction, random = SymmetricContraction(BASES[name]()), np.random.default_rng(0)
    a = random.standard_normal((1, contraction.components, CHANNELS))
    return contraction, a, [random.standard_normal((1, n, CHANNELS)) for n in contraction.paths]


@pytest.mark.parametrize("name", BASES)
def test_descriptors_are_the_polynomial(name: str) -> None:
    """Evaluated here from the JSON, entry by entry."""
    contraction, a, weights = example(name)
    joined, found = np.concatenate(weights, 1)[0], np.zeros((4, CHANNELS))
    read = json.loads(contraction_json(contraction, CHANNELS))
    assert read["degrees"] == contraction_descriptors(contraction, CHANNELS)
    for each in read["degrees"]:
        assert len({tuple(index) for index in each["paths"]["indices"]}) == len(each["paths"]["indices"])
        for (k, *places, row), c in zip(each["paths"]["indices"], each["paths"]["coefficients"], strict=True):
            found[row] += c * joined[k] * np.prod(a[0, places], axis=0)
    assert np.allclose(found, contraction(a, weights)[0], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", BASES)
def test_cuequivariance_evaluates_the_polynomial(name: str) -> None:
    pytest.importorskip("cuequivariance")
    contraction, a, weights = example(name)
    made = segmented_polynomial(contraction, CHANNELS)
    (found,) = made(np.concatenate(weights, 1).ravel(), a.ravel())
    assert np.allclose(found.reshape(4, CHANNELS), contraction(a, weights)[0], rtol=1e-13, atol=1e-13)


def test_shapes_and_values_of_tensors_for_mace() -> None:
    for l, shape in ((0, (9, 9, 9, 11)), (1, (3, 9, 9, 9, 21))):
        made = basis(2, 3, l, "plain", paths="mace")
        tensor = mace_tensor(made)
        assert tensor.shape == shape and tensor.flags.c_contiguous
        assert (np.moveaxis(tensor if l else tensor[None], -1, 0) == made.tensor()).all()
        assert (mace_tensor(made, "float32") == tensor.astype(np.float32)).all()
    with pytest.raises(ValueError, match="real components"):
        mace_tensor(basis(1, 2, 0, basis="complex"))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mace_contracts_with_them_as_we_do(dtype: str) -> None:
    """MACE's own module of mace-torch with our buffers, and ours from its buffers, whatever its conventions are."""
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip(
        "mace.modules.symmetric_contraction", reason="could not import 'mace', which requires e3nn 0.4.4"
    )
    o3 = pytest.importorskip("e3nn.o3")
    from coupling.backends.torch import SymmetricContraction as Module

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

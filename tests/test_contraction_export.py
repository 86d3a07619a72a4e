"""Contractions for cuEquivariance and MACE, each evaluated by the other program where it is installed."""

from __future__ import annotations

import json
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

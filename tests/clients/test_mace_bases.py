"""The full bases of mace-torch, value by value (e3nn 0.4.4)."""

from __future__ import annotations

import numpy as np
import pytest

from coupling import Irreps
from coupling.manybody import basis

pytest.importorskip("mace")
from tests.clients.mace_models import import_module, o3, torch

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize(
    ("lmax", "order", "outputs"), [(3, 2, "0e + 1o + 2e + 3o"), (3, 3, "0e + 1o + 2e"), (2, 4, "0e + 1o")]
)
def test_the_full_basis_is_that_of_mace(lmax: int, order: int, outputs: str) -> None:
    theirs = import_module("mace.tools.cg").U_matrix_real(
        o3.Irreps(str(Irreps(lmax))), o3.Irreps(outputs), order, dtype=torch.float64
    )
    assert len(theirs) == 2 * len(outputs.split("+"))
    for irrep, tensor in zip(theirs[::2], theirs[1::2], strict=True):
        ours = basis(lmax, order, f"{irrep}".removeprefix("1x"), "plain", paths="mace").tensor()
        wanted = np.moveaxis(np.asarray(tensor), -1, 0).reshape(ours.shape)
        np.testing.assert_allclose(ours, wanted, atol=4e-15)

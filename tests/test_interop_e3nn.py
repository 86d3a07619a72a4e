"""Beside e3nn: lists of irreps, tensor products.  `make test-clients` runs it with e3nn 0.4.4 as well."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from coupling import Irreps
from coupling.products import TensorProduct
from coupling.products.instructions import IRREP_NORMALIZATIONS, PATH_NORMALIZATIONS
from tests.test_irreps import LISTS
from tests.test_tensor_product import IRREPS1, IRREPS2, features, modes

if find_spec("e3nn") and version("e3nn").startswith("0.4"):
    os.environ.setdefault("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # its constants are a pickle
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    o3 = pytest.importorskip("e3nn.o3")
torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
#: How this package has the signs of the e3nn that is installed, and the layout of its features.
THEIRS = {"layout": "mul_ir", "convention": "e3nn_0_4" if version("e3nn").startswith("0.4.") else "e3nn"}


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """The constants of e3nn have the default type of torch when a product is made."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


MORE = ["1e+1o+0e+0o+2o+2e", "2o+1e+0e+1e", "1e+1e+0e+1e", "4x0e+0x1o+2x3e", "3x0e+2x0e"]
WITH_PARITY = [text for text in LISTS if "e" in text and "/" not in text] + MORE


@pytest.mark.parametrize("text", WITH_PARITY)
def test_irreps_are_those_of_e3nn(text: str) -> None:
    ours, theirs = Irreps(text), o3.Irreps(text)
    assert Irreps(theirs) == ours and str(ours) == str(theirs) and o3.Irreps(str(ours)) == theirs
    numbers = [(irreps.dim, irreps.num_irreps, irreps.lmax, len(irreps)) for irreps in (ours, theirs)]
    assert numbers[0] == numbers[1]
    assert list(ours.slices) == theirs.slices()
    assert [(term.mul, term.irrep.l, term.irrep.parity) for term in ours] == [(mul, ir.l, ir.p) for mul, ir in theirs]
    assert all(ours.count(str(ir)) == theirs.count(ir) for _, ir in theirs)
    assert str(ours.simplify()) == str(theirs.simplify())
    assert [str(ours.sort()[0]), *ours.sort()[1:]] == [str(theirs.sort().irreps), theirs.sort().p, theirs.sort().inv]


def test_harmonics_have_the_irreps_of_a_largest_degree() -> None:
    assert all(Irreps(o3.Irreps.spherical_harmonics(l)) == Irreps(l) for l in range(12))


def check_same_values(ours: TensorProduct, theirs: Any) -> None:
    """Irreps, weights and values, with the same weights in the same order, shared and of each sample."""
    assert str(ours.irreps_out) == str(theirs.irreps_out)
    assert ours.weight_count == theirs.weight_numel
    random = np.random.default_rng(0)
    x, y = features(ours.irreps1, 1), features(ours.irreps2, 2)
    if not ours.weight_count:
        weights = None
    elif theirs.shared_weights:
        weights = random.standard_normal(ours.weight_count)
    else:
        weights = random.standard_normal((len(x), ours.weight_count))
    given = [torch.from_numpy(value) for value in (x, y, weights) if value is not None]
    with torch.no_grad():
        wanted = theirs(*given).numpy()
    assert np.abs(ours(x, y, weights) - wanted).max() <= 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize("kind", IRREP_NORMALIZATIONS)
@pytest.mark.parametrize("rule", PATH_NORMALIZATIONS)
@pytest.mark.parametrize("has_weight", [True, False])
def test_every_mode_and_normalization_of_e3nn(kind: str, rule: str, has_weight: bool) -> None:
    outputs, instructions = modes(has_weight)
    options = {"irrep_normalization": kind, "path_normalization": rule}
    theirs = o3.TensorProduct(IRREPS1, IRREPS2, outputs, instructions, **options)
    if has_weight and kind == "component":
        apart = o3.TensorProduct(IRREPS1, IRREPS2, outputs, instructions, shared_weights=False, **options)
        check_same_values(TensorProduct(IRREPS1, IRREPS2, outputs, instructions, **THEIRS, **options), apart)
    check_same_values(TensorProduct(IRREPS1, IRREPS2, outputs, instructions, **THEIRS, **options), theirs)


def test_the_kinds_of_e3nn() -> None:
    lists, options = ("4x0e + 2x1o + 3x2e", "2x0e + 1o + 2e"), THEIRS
    check_same_values(
        TensorProduct(*lists, 3, **options), o3.FullyConnectedTensorProduct(*lists, o3.Irreps("0e+1o+2e+3o"))
    )
    check_same_values(TensorProduct.full(*lists, **options), o3.FullTensorProduct(*lists))
    kept = [o3.Irrep("1o"), o3.Irrep("2e")]
    check_same_values(TensorProduct.full(*lists, "1o + 2e", **options), o3.FullTensorProduct(*lists, kept))
    same = "2x0e + 3x1o", "2x1e + 3x2e"
    check_same_values(TensorProduct.elementwise(*same, **options), o3.ElementwiseTensorProduct(*same))


@pytest.mark.parametrize("lmax", [1, 3, 5])
def test_message_passing_of_e3nn(lmax: int) -> None:
    """The instructions that MACE and NequIP make: uvu, an output for each path, sorted."""
    irreps = Irreps([(4, irrep) for _, irrep in Irreps(lmax)])
    ours = TensorProduct.channelwise(irreps, lmax, lmax, **THEIRS)
    instructions = [(*path.places, "uvu", True) for path in ours.paths]
    theirs = o3.TensorProduct(
        str(irreps), str(Irreps(lmax)), str(ours.irreps_out), instructions, shared_weights=False, internal_weights=False
    )
    check_same_values(ours, theirs)


def test_the_signs_are_of_one_generation_of_e3nn_and_not_of_the_other() -> None:
    path = "1o", "2e", "2o", [(0, 0, 0, "uvu", True)]  # (1, 2, 2) changed its sign
    with pytest.raises(AssertionError):
        other = {"e3nn": "e3nn_0_4", "e3nn_0_4": "e3nn"}[THEIRS["convention"]]
        check_same_values(TensorProduct(*path, layout="mul_ir", convention=other), o3.TensorProduct(*path))

"""Models of mace-torch (e3nn 0.4.4) with our products: energies, forces, stress, training, state, undo."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest

pytest.importorskip("mace")
from tests.clients.mace_models import MODELS, batch, model, results, torch
from tests.clients.structures import crystals, elements, molecules

accelerated = pytest.importorskip("coupling.backends.e3nn")
accelerate, undo = accelerated.accelerate, accelerated.undo

pytestmark = pytest.mark.filterwarnings("ignore")

ELEMENTS = elements()


def batches(dtype: Any) -> list[tuple[dict[str, Any], bool]]:
    return [(batch(molecules(), ELEMENTS, dtype), False), (batch(crystals(), ELEMENTS, dtype), True)]


def largest(found: list[dict[str, Any]], wanted: list[dict[str, Any]], name: str) -> tuple[float, float]:
    """The largest difference of a quantity over all structures that have it, and its largest value."""
    pairs = [(f[name].double(), w[name].double()) for f, w in zip(found, wanted, strict=True) if name in w]
    return max(float((f - w).abs().max()) for f, w in pairs), max(float(w.abs().max()) for _, w in pairs)


def deviation(found: list[dict[str, Any]], wanted: list[dict[str, Any]], name: str) -> float:
    """The root of the mean square difference of a quantity."""
    pairs = [(f[name].double() - w[name].double()).flatten() for f, w in zip(found, wanted, strict=True) if name in w]
    return float(torch.cat(pairs).square().mean().sqrt())


@pytest.mark.parametrize("name", MODELS)
def test_energies_forces_and_stress_of_molecules_and_crystals(name: str) -> None:
    module, given = model(name, ELEMENTS, torch.float64), batches(torch.float64)
    wanted = [results(module, *each) for each in given]
    report = accelerate(module)
    kinds = [entry.kind for entry in report.replaced]
    layers = MODELS[name][-1]
    assert kinds.count("convolution") == layers == len(module.interactions)
    found = [results(module, *each) for each in given]
    for quantity in ("energy", "forces", "stress"):
        difference, size = largest(found, wanted, quantity)
        assert difference <= 1e-10 * size and size > 0, quantity
    assert report.undo() == len(report.replaced)
    assert type(module.interactions[0].conv_tp).__name__ == "TensorProduct"
    again = [results(module, *each) for each in given]
    assert largest(again, wanted, "forces")[0] <= 1e-14 * size  # TorchScript rounds its second call in another way


@pytest.mark.parametrize(("name", "seeds"), [("medium", 3), ("pairs", 4)])
def test_single_precision_is_as_near_to_double_as_before(name: str, seeds: int) -> None:
    """The largest deviation of the whole set is at most 1.5 times that of the untouched model.

    The largest of 25 energies is one rounding of one structure: of two models that round equally well either may have
    it, and the ratio of one seed was from .6 to 1.7.  So what is bounded is the geometric mean of the ratios over
    several sets of weights, of the largest deviation and of the root of the mean square.
    """
    ratios = torch.stack([single_precision_ratios(name, seed) for seed in range(seeds)]).log().mean(0).exp()
    assert (ratios <= 1.5).all(), ratios


def single_precision_ratios(name: str, seed: int) -> Any:
    """The deviations from the float64 model, over those of the untouched one: largest and mean square of each."""
    single, double = model(name, ELEMENTS, torch.float32, seed), model(name, ELEMENTS, torch.float64, seed)
    parameters = dict(single.named_parameters())
    with torch.no_grad():
        for key, parameter in double.named_parameters():
            parameter.copy_(parameters[key])
    given = batches(torch.float32)
    wide = [({k: v.double() if v.is_floating_point() else v for k, v in g.items()}, stress) for g, stress in given]
    wanted = [results(double, *each) for each in wide]
    before = [results(single, *each) for each in given]
    accelerate(single)
    after = [results(single, *each) for each in given]
    return torch.tensor(
        [
            measure(after, wanted, quantity) / measure(before, wanted, quantity)
            for quantity in ("energy", "forces", "stress")
            for measure in (lambda *each: largest(*each)[0], deviation)
        ]
    )


@pytest.mark.parametrize("name", ["pairs", "four"])
def test_ten_steps_of_training_have_the_same_losses(name: str) -> None:
    given, stress = batch(molecules()[:5], ELEMENTS, torch.float64), False
    generator = torch.Generator().manual_seed(0)
    forces = torch.randn(given["positions"].shape, generator=generator, dtype=torch.float64)
    losses = []
    for with_ours in (False, True):
        module = model(name, ELEMENTS, torch.float64)
        if with_ours:
            accelerate(module)
        optimizer, own = torch.optim.Adam(module.parameters(), lr=0.01), []
        for _ in range(10):
            optimizer.zero_grad()
            out = module(dict(given), training=True, compute_force=True, compute_stress=stress)
            loss = ((out["forces"] - forces) ** 2).mean() + (out["energy"] ** 2).mean()
            loss.backward()
            optimizer.step()
            own.append(float(loss))
        losses.append(own)
    assert losses[0] == pytest.approx(losses[1], rel=1e-8) and losses[0][-1] != losses[0][0]


def test_names_states_and_copies_are_those_of_the_model() -> None:
    module, other = (model("pairs", ELEMENTS, torch.float64, seed) for seed in (0, 1))
    given = batches(torch.float64)[1]
    wanted, differs = results(module, *given), results(other, *given)
    names = [list(dict(module.named_parameters())), list(module.state_dict())]
    parameters = list(map(id, module.parameters()))
    accelerate(other)
    assert not torch.equal(results(other, *given)["energy"], wanted["energy"])
    other.load_state_dict(module.state_dict())  # of an untouched model into ours
    close = {"atol": 1e-10 * float(wanted["forces"].abs().max()), "rtol": 0}
    assert torch.allclose(results(other, *given)["forces"], wanted["forces"], **close)
    assert not torch.allclose(differs["forces"], wanted["forces"], **close)
    assert [list(dict(other.named_parameters())), list(other.state_dict())] == names
    copied, kept = copy.deepcopy(other), io.BytesIO()
    torch.save(other, kept)
    kept.seek(0)
    for one in (copied, torch.load(kept, weights_only=False)):
        assert torch.allclose(results(one, *given)["forces"], wanted["forces"], **close)
        with torch.no_grad():
            for parameter in one.parameters():
                parameter.mul_(1.1)
        changed = results(one, *given)
        assert not torch.allclose(changed["forces"], wanted["forces"], **close)
        assert undo(one) > 0 and undo(one) == 0  # with the parameters as they are now
        assert torch.allclose(results(one, *given)["forces"], changed["forces"], **close)
    again = copy.deepcopy(module)  # its generated code is scripted
    assert accelerate(again).replaced == accelerate(module).replaced
    assert list(map(id, module.parameters())) == parameters
    module.load_state_dict(other.state_dict())  # and the other way round
    assert torch.allclose(results(module, *given)["forces"], wanted["forces"], **close)


def test_what_is_left_says_why() -> None:
    module = model("pairs", ELEMENTS, torch.float64)
    report = accelerate(module, convolutions=False, products=False, layers=False)
    left = {entry.name: entry.text for entry in report.left}
    assert left["interactions.0.conv_tp"] == "products were not to be replaced"
    assert left["interactions.0.linear"].startswith("Linear: ")
    assert accelerate(module).replaced and not accelerate(module).replaced
    with pytest.raises(RuntimeError, match="undo\\(model\\) before scripting"):
        torch.jit.script(module)
    broken = model("pairs", ELEMENTS, torch.float64)
    broken.interactions[0].conv_tp.instructions[0] = (
        broken.interactions[0].conv_tp.instructions[0]._replace(path_weight=9.0)
    )
    kept = {entry.name: entry.text for entry in accelerate(broken).left}
    assert kept["interactions.0.conv_tp"].startswith("its values are not those of its instructions")

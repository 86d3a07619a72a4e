"""Models of nequip (e3nn 0.6) with our products: energies, forces, stress, training, undo."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

pytest.importorskip("nequip")
from tests.clients.nequip_models import MODELS, given, model, results, torch
from tests.clients.structures import crystals, molecules

accelerate = pytest.importorskip("coupling.backends.e3nn").accelerate

pytestmark = pytest.mark.filterwarnings("ignore")

STRUCTURES = [*molecules(), *crystals()]
TYPES = sorted({symbol for atoms in STRUCTURES for symbol in atoms.symbols})


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
    module, data = model(name, TYPES), [given(atoms, TYPES) for atoms in STRUCTURES]
    wanted = [results(module, each) for each in data]
    names = list(module.state_dict())
    report = accelerate(module)
    kinds = [entry.kind for entry in report.replaced]
    assert kinds.count("convolution") == MODELS[name]["num_layers"] and "tensor product" in kinds
    assert list(module.state_dict()) == names
    found = [results(module, each) for each in data]
    assert len(found) == 25
    for quantity in ("total_energy", "forces", "stress"):
        difference, size = largest(found, wanted, quantity)
        assert difference <= 1e-10 * size and size > 0, quantity
    assert report.undo() == len(report.replaced)
    again = [results(module, each) for each in data]
    assert largest(again, wanted, "forces")[0] <= 1e-14 * size


@pytest.mark.parametrize("name", MODELS)
def test_single_precision_is_as_near_to_double_as_before(name: str) -> None:
    """As of MACE: the geometric mean over several sets of weights, of the largest deviation and of the mean square."""
    ratios = torch.stack([single_precision_ratios(name, seed) for seed in range(4)]).log().mean(0).exp()
    assert (ratios <= 1.5).all(), ratios


def single_precision_ratios(name: str, seed: int) -> Any:
    """The deviations from the float64 model, over those of the untouched one: largest and mean square of each."""
    single, double = model(name, TYPES, "float32", seed=seed), model(name, TYPES, seed=seed)
    parameters = dict(single.named_parameters())
    with torch.no_grad():
        for key, parameter in double.named_parameters():
            parameter.copy_(parameters[key])
    data = [given(atoms, TYPES) for atoms in STRUCTURES]
    wanted = [results(double, each) for each in data]
    before = [results(single, each) for each in data]
    accelerate(single)
    after = [results(single, each) for each in data]
    return torch.tensor(
        [
            measure(after, wanted, quantity) / measure(before, wanted, quantity)
            for quantity in ("total_energy", "forces", "stress")
            for measure in (lambda *each: largest(*each)[0], deviation)
        ]
    )


def test_ten_steps_of_training_have_the_same_losses() -> None:
    data = [given(atoms, TYPES) for atoms in STRUCTURES[:3]]
    losses = []
    for with_ours in (False, True):
        module = model("unequal", TYPES)
        if with_ours:
            accelerate(module)
        optimizer, own = torch.optim.Adam(module.parameters(), lr=0.01), []
        for step in range(10):
            optimizer.zero_grad()
            out = module.train()(dict(data[step % 3]))
            loss = ((out["forces"] - 1) ** 2).mean() + (out["total_energy"] ** 2).mean()
            loss.backward()
            optimizer.step()
            own.append(float(loss))
        losses.append(own)
    assert losses[0] == pytest.approx(losses[1], rel=1e-8) and losses[0][-1] != losses[0][0]


def test_what_nequip_traces_of_an_accelerated_model_is_for_any_number_of_atoms() -> None:
    """The first step of ``nequip-compile``: it traces structures of two sizes, and raises where the programs differ."""
    wrapped = import_module("nequip.nn.compile").ListInputOutputWrapper
    target = import_module("nequip.scripts._compile_utils").ASE_TARGET
    module = model("equal", TYPES, num_layers=2, l_max=1, num_features=[8, 4]).eval().requires_grad_(False)
    names = target["input"], target["output"]
    first, second = (given(atoms * (2, 2, n), TYPES) for atoms, n in zip(crystals()[:2], (2, 1), strict=True))
    wanted = results(module, second)
    accelerate(module)
    program = import_module("nequip.utils.fx").nequip_make_fx(wrapped(module, *names), first, names[0])
    kinds = [str(node.target) for node in program.graph.nodes if "coupling" in str(node.target)]
    assert len(kinds) == 2 * 3 and set(kinds) == {f"coupling.convolution{end}.default" for end in ("", "_gradients")}
    found = dict(zip(names[1], program(*(second[name] for name in names[0])), strict=True))
    for quantity in ("total_energy", "forces", "stress"):
        difference, size = largest([found], [wanted], quantity)
        assert difference <= 1e-10 * size and size > 0, quantity

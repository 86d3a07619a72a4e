"""Radial networks of mace-torch as splines of the distance: forces, smoothness, training, what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

pytest.importorskip("mace")
from tests.clients.mace_models import MODELS, batch, import_module, model, results, torch
from tests.clients.structures import crystals, elements, molecules

accelerated = pytest.importorskip("coupling.backends.e3nn")
accelerate, undo = accelerated.accelerate, accelerated.undo

pytestmark = pytest.mark.filterwarnings("ignore")

ELEMENTS = elements()


def frozen(name: str, dtype: Any = torch.float64) -> Any:
    return model(name, ELEMENTS, dtype).requires_grad_(False)


def largest(found: list[dict[str, Any]], wanted: list[dict[str, Any]], name: str) -> float:
    """The largest difference of a quantity over all structures that have it, relative to its largest value."""
    pairs = [(f[name].double(), w[name].double()) for f, w in zip(found, wanted, strict=True) if name in w]
    return max(float((f - w).abs().max()) for f, w in pairs) / max(float(w.abs().max()) for _, w in pairs)


@pytest.mark.parametrize(("name", "tolerance"), [*((name, 1e-7) for name in MODELS), ("pairs", 1e-5)])
def test_forces_are_as_near_as_the_report_says(name: str, tolerance: float) -> None:
    module = frozen(name)
    given = [(batch(molecules(), ELEMENTS, torch.float64), False), (batch(crystals(), ELEMENTS, torch.float64), True)]
    wanted = [results(module, *each) for each in given]
    report = accelerate(module, radial="spline", tolerance=tolerance)
    splines = [entry for entry in report.replaced if entry.kind == "radial spline"]
    layers = range(1 if name == "four" else MODELS[name][-1])
    assert [entry.name for entry in splines] == [f"interactions.{n}.conv_tp_weights" for n in layers]
    kept = [entry.text for entry in report.left if entry.kind == "radial spline"]
    assert kept == (["its input is more than the features of the distance"] if name == "four" else [])
    for entry in splines:
        deviations = [float(part.split()[-1]) for part in entry.text.rpartition("deviation")[2].split(", ")]
        assert 0 < max(deviations) <= tolerance and "until" not in entry.text
    found = [results(module, *each) for each in given]
    for quantity in ("energy", "forces", "stress"):
        assert 0 < largest(found, wanted, quantity) <= 0.7 * tolerance, quantity
    assert report.undo() == len(report.replaced) + 1  # the features, which carry their distances
    assert largest([results(module, *each) for each in given], wanted, "forces") <= 1e-14


def test_forces_are_the_gradient_of_the_energy_of_the_spline_and_second_derivatives_are_right() -> None:
    module, given = frozen("pairs"), batch(molecules()[3:4], ELEMENTS, torch.float64)
    accelerate(module, radial="spline", tolerance=1e-3)  # far from the network: a network's forces would show

    def forces(positions: Any) -> Any:
        out = module({**given, "positions": positions}, training=True, compute_force=True)
        return out["forces"], out["energy"].sum()

    positions = given["positions"].clone().requires_grad_()
    f, _ = forces(positions)
    direction = torch.randn(f.shape, generator=torch.Generator().manual_seed(0), dtype=f.dtype)
    (pulled,) = torch.autograd.grad((f * direction).sum(), positions)
    step = 1e-4
    moved = [forces((positions + sign * step * direction).detach().requires_grad_()) for sign in (-1, 1)]
    slope = (moved[1][1] - moved[0][1]) / (2 * step)
    assert float(slope) == pytest.approx(-float((f * direction).sum()), rel=1e-6)
    curved = (moved[1][0] - moved[0][0]) / (2 * step)  # the Hessian is symmetric, so J v = Jᵀ v
    assert (pulled - curved).abs().max() <= 1e-5 * curved.abs().max()


def test_a_spline_stands_for_frozen_and_unchanged_parameters_alone() -> None:
    given = batch(molecules()[:4], ELEMENTS, torch.float64), False
    module, plain = (model("pairs", ELEMENTS, torch.float64) for _ in range(2))
    accelerate(plain)
    report = accelerate(module, radial="spline", tolerance=1e-4)
    assert "until its parameters are frozen" in str(report)
    wanted = results(plain, *given)["forces"]
    exact = {"atol": 1e-12 * float(wanted.abs().max()), "rtol": 0}
    assert torch.allclose(results(module, *given)["forces"], wanted, **exact)
    out = module(dict(given[0]), training=True, compute_force=True)
    out["forces"].square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in module.interactions[1].conv_tp_weights.parameters())
    module.requires_grad_(False)
    splined = results(module, *given)["forces"]
    assert 1e-9 < (splined - wanted).abs().max() / wanted.abs().max() <= 1e-3
    for one in (copy.deepcopy(module), copy.deepcopy(module).float().double()):
        assert torch.allclose(results(one, *given)["forces"], splined, rtol=1e-5, atol=1e-6)
    single = [{k: v.float() if v.is_floating_point() else v for k, v in given[0].items()}, False]
    moved = results(copy.deepcopy(module).float(), *single)["forces"]
    assert moved.dtype == torch.float32 and (moved - splined).abs().max() < 1e-5 * splined.abs().max()
    for part in ("interactions.0.conv_tp_weights.layer0.weight", "interactions.1.conv_tp_weights.layer2.weight"):
        for one in (module, plain):
            one.get_parameter(part).data.mul_(1.01)  # which no version of a tensor counts
    changed = results(plain, *given)["forces"]
    assert not torch.allclose(changed, wanted, **exact)
    assert torch.allclose(results(module, *given)["forces"], changed, **exact)


def test_coefficients_of_frozen_weights_are_merged_again_when_these_change() -> None:
    given = batch(molecules()[:4], ELEMENTS, torch.float64), False
    module = frozen("pairs")
    accelerate(module)
    found = [results(module, *given)["forces"]]
    weights = module.get_parameter("products.0.symmetric_contractions.contractions.0.weights_max")
    for change in (lambda: weights.data.mul_(1.1), lambda: weights.mul_(1.1)):
        change()
        found.append(results(module, *given)["forces"])
        fresh = copy.deepcopy(module)
        undo(fresh)
        wanted = results(fresh, *given)["forces"]
        assert (found[-1] - wanted).abs().max() <= 1e-10 * wanted.abs().max()
        assert (found[-1] - found[-2]).abs().max() > 1e-6 * wanted.abs().max()


def test_single_precision_is_nearer_to_double_with_splines() -> None:
    single, double = frozen("medium", torch.float32), frozen("medium")
    parameters = dict(single.named_parameters())
    for key, parameter in double.named_parameters():
        parameter.copy_(parameters[key])
    given = batch(crystals(), ELEMENTS, torch.float32), True
    wide = {k: v.double() if v.is_floating_point() else v for k, v in given[0].items()}, True
    wanted, before = results(double, *wide), results(single, *given)
    accelerate(single, radial="spline")
    after = results(single, *given)
    for quantity in ("energy", "forces", "stress"):
        own, theirs = ((r[quantity].double() - wanted[quantity]).square().mean().sqrt() for r in (after, before))
        assert own <= 1.5 * theirs, quantity


def test_what_has_no_spline_says_why() -> None:
    module = frozen("pairs")
    module.radial_embedding.distance_transform = import_module("mace.modules.radial").AgnesiTransform().double()
    report = accelerate(copy.deepcopy(module), radial="spline")
    kept = {entry.name: entry.text for entry in report.left if entry.kind == "radial spline"}
    assert list(kept) == ["radial_embedding"] and "depend on the species of both atoms" in kept["radial_embedding"]
    module = frozen("pairs")
    module.radial_embedding.apply_cutoff = False
    assert "do not end at r_max" in str(accelerate(copy.deepcopy(module), radial="spline"))
    module = frozen("pairs")
    left = accelerate(module, radial="spline", tolerance=1e-12).left
    assert sum("more than the tolerance 1.0e-12" in entry.text for entry in left) == 2
    later = accelerate(module, radial="spline", tolerance=1e-2).replaced  # whose networks were replaced before
    assert [entry.kind for entry in later] == ["radial spline"] * 2
    assert undo(module) > 3 and type(module.interactions[0].conv_tp_weights).__name__ == "FullyConnectedNet"
    with pytest.raises(ValueError, match="radial must be one of networks, spline"):
        accelerate(module, radial="cubic")
    for wrong, error in ((0.0, ValueError), (1.0, ValueError), ("1e-7", TypeError), (True, TypeError)):
        with pytest.raises(error, match="tolerance must be a number between 0 and 1"):
            accelerate(module, tolerance=wrong)

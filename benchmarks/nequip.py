"""A whole NequIP model, untouched and accelerated, eager and compiled: energy, forces, stress of a crystal on one core.

    .venv-nequip/bin/python -m benchmarks.nequip [--write]         after `make test-clients-nequip`

A preset of nequip's own, random weights; silicon carbide, 64 atoms.  Compiled is what `nequip-compile --mode
aotinductor --target ase` makes of a model.  Processor seconds of one thread in turn, malloc told to keep its memory for
all; parameters are frozen.  A model is timed where its energy, forces and stress in float64 are those of the untouched.

What is replaced has a share of the time, and no replacement is more than 1/(1 - share) times as fast.  The share is
measured: in a model *without* the replaced modules each of them is an operator that computes nothing, neither values
nor gradients, and returns memory that was there before.  Its time is what is left.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import writing
from benchmarks.contraction import KEPT
from benchmarks.mace import in_turn
from benchmarks.timing import told

BY = "python -m benchmarks.nequip"
PAGE = Path(__file__).parent.parent / "docs/benchmarks/nequip.md"
TYPES, R_MAX, NEIGHBOURS = ("C", "Si"), 5.0, 46.0
QUANTITIES = "total_energy", "forces", "stress"
#: Model → its name in the table.
MODELS = {"untouched": "nequip's own modules", "accelerated": "`accelerate(model)`", "without": ""}
MODES = "eager", "compiled"
#: How far results may be from the untouched model in float64, relative to the largest, to be timed: of each type.
LIMITS = {"float64": 1e-10, "float32": 1e-4}
Found = dict[str, Any]


def crystal() -> Found:
    """The crystal as nequip takes it: 64 atoms displaced at random, 46 neighbours each within 5 Å."""
    from ase.build import bulk
    from nequip.data import ase, transforms

    atoms = bulk("SiC", "zincblende", a=4.36, cubic=True) * (2, 2, 2)
    atoms.rattle(0.02, seed=0)
    made = ase.from_ase(atoms)
    made = transforms.ChemicalSpeciesToAtomTypeMapper(model_type_names=list(TYPES))(made)
    return dict(transforms.NeighborListTransform(r_max=R_MAX)(made))


def untouched(preset: str, dtype: str) -> Any:
    """The model of nequip, in a type, its parameters frozen; random numbers are those of float32 in every type."""
    from nequip.model import PresetNequIPGNNModel
    from nequip.utils import global_state

    global_state.set_global_state(allow_tf32=False)
    options = {"type_names": list(TYPES), "r_max": R_MAX, "avg_num_neighbors": NEIGHBOURS, "seed": 0}
    scales = {"per_type_energy_scales": 1.0, "per_type_energy_shifts": 0.0}
    made, single = (
        PresetNequIPGNNModel(preset=preset, model_dtype=one, **options, **scales).eval().requires_grad_(False)
        for one in (dtype, "float32")
    )
    for parameter, value in zip(made.parameters(), single.parameters(), strict=True):
        parameter.copy_(value)
    return made


def models(preset: str, dtype: str) -> Found:
    """The model, accelerated, and without what was replaced."""
    from coupling.backends.e3nn import accelerate

    found = {name: untouched(preset, dtype) for name in MODELS}
    for entry in accelerate(found["accelerated"]).replaced:
        parent, _, name = entry.name.rpartition(".")
        owner = found["without"].get_submodule(parent)
        own = owner._modules[name]
        size = getattr(own, "irreps_mid", None) or own.irreps_out
        if size.dim:
            owner._modules[name] = Absent(size.dim)
    return found


class Absent(nn.Module):
    """A module of features that computes nothing."""

    _numbers = count()

    def __init__(self, size: int) -> None:
        super().__init__()
        self.number, self.size = next(self._numbers), size

    def forward(self, x: Tensor, y: Any = None, w: Any = None, **edges: Tensor) -> Tensor:
        """Return numbers [rows of x, size], and gradients in x, y and w."""
        y, w = edges.get("edge_attr", y), edges.get("edge_weight", w)
        none = x.new_empty(0)
        found: Tensor = absent(x, none if y is None else y, none if w is None else w, self.size, self.number)
        return found


_KEPT: dict[Any, Tensor] = {}


def _kept(like: Tensor, shape: tuple[int, ...], *key: Any) -> Tensor:
    if (place := (*key, shape, like.dtype)) not in _KEPT:
        _KEPT[place] = like.new_zeros(shape)
    return _KEPT[place].detach()


@torch.library.custom_op("benchmarks::absent", mutates_args=())
def absent(x: Tensor, y: Tensor, w: Tensor, size: int, number: int) -> Tensor:
    """Return memory that was there before."""
    return _kept(x, (x.shape[0], size), number)


@torch.library.custom_op("benchmarks::absent_gradients", mutates_args=())
def absent_gradients(g: Tensor, x: Tensor, y: Tensor, w: Tensor, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return memory of the gradients that was there before."""
    dx, dy, dw = (_kept(value, tuple(value.shape), number, slot) for slot, value in enumerate((x, y, w)))
    return dx, dy, dw


@absent.register_fake
def _(x: Tensor, y: Tensor, w: Tensor, size: int, number: int) -> Tensor:
    return x.new_empty((x.shape[0], size))


@absent_gradients.register_fake
def _(g: Tensor, x: Tensor, y: Tensor, w: Tensor, number: int) -> tuple[Tensor, Tensor, Tensor]:
    return x.new_empty(x.shape), y.new_empty(y.shape), w.new_empty(w.shape)


def _backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    return *absent_gradients(g, *ctx.saved_tensors, ctx.number), None, None


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:3])
    ctx.number = inputs[4]


absent.register_autograd(_backward, setup_context=_keep)


def compiled(module: Any, given: Found, folder: str) -> Any:
    """The model as `nequip-compile --mode aotinductor --target ase --device cpu` makes it, loaded."""
    from nequip.nn.compile import DictInputOutputWrapper
    from nequip.scripts._compile_utils import COMPILE_TARGET_DICT
    from nequip.utils.aot import aot_export_model

    target = COMPILE_TARGET_DICT["ase"]
    fields = target["input"], target["output"]
    sizes = {name: torch.export.Dim(f"num_{name}s", min=2) for name in ("graph", "node", "edge")}
    sizes, data = target["batch_map_settings"](sizes), target["data_settings"](dict(given))
    file = os.path.join(folder, f"{len(os.listdir(folder))}.nequip.pt2")
    aot_export_model(module, "cpu", *fields, data, sizes, file)
    return DictInputOutputWrapper(torch._inductor.aoti_load_package(file), *fields)


def results(module: Any, given: Found) -> Found:
    """Energy, forces and stress."""
    found = module(dict(given))
    return {name: found[name].detach() for name in QUANTITIES}


def deviations(found: Found, wanted: Found) -> list[float]:
    """The largest difference of each quantity, relative to its largest value."""
    pairs = [(found[name].double(), wanted[name].double()) for name in QUANTITIES]
    return [float((f - w).abs().max() / w.abs().max()) for f, w in pairs]


def programs(preset: str, dtype: str, given: Found, folder: str) -> dict[tuple[str, str], Callable[[], Found]]:
    """What evaluates each model in each mode."""
    made, found = models(preset, dtype), {}
    for mode in MODES:
        for name in MODELS if dtype == "float32" else ("untouched", "accelerated"):
            module = made[name] if mode == "eager" else compiled(made[name], given, folder)
            found[name, mode] = lambda module=module: results(module, given)
            print(f"{dtype}: {name}, {mode}", flush=True)
    return found


def rows(preset: str, turns: int) -> tuple[list[str], list[str], int]:
    """The lines of both tables, and the number of edges."""
    torch.set_num_threads(1)
    given = crystal()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = {key: run() for key, run in programs(preset, "float64", given, folder).items()}
        runs = programs(preset, "float32", given, folder)
        wanted = exact["untouched", "eager"]
        far = {
            "float64": {key: deviations(found, wanted) for key, found in exact.items()},
            "float32": {key: deviations(runs[key](), wanted) for key in exact},
        }
        times = in_turn(runs, turns)
    return model_rows(times, far), share_rows(times, far), given["edge_index"].shape[1]


Times, Far = dict[Any, list[float]], dict[str, dict[Any, list[float]]]


def wrong(far: Far, *keys: tuple[str, str]) -> int:
    """How many deviations are above the limits."""
    return sum(not d <= LIMITS[dtype] for dtype, each in far.items() for key in keys for d in each[key])


def model_rows(times: Times, far: Far) -> list[str]:
    """A line for each model and mode."""
    lines = []
    for key in far["float32"]:
        own, base = times[key], times["untouched", key[1]]
        figures = 1e3 * own[0], 1e3 * median(own), base[0] / own[0], median(base) / median(own)
        cells = told(wrong(far, key), *(f"{value:.1f}" for value in figures[:2]), *(f"{r:.2f}" for r in figures[2:]))
        accuracy = (" / ".join(f"{d:.0e}" for d in far[dtype][key]) for dtype in LIMITS)
        lines.append(f"| {MODELS[key[0]]} | {key[1]} | {' | '.join(cells)} | {' | '.join(accuracy)} |")
        print(lines[-1], flush=True)
    return lines


def share_rows(times: Times, far: Far) -> list[str]:
    """A line for each mode: the share of what is replaced, the bound, and how much of it is reached."""
    lines = []
    for mode in MODES:
        base, own, rest = (median(times[name, mode]) for name in ("untouched", "accelerated", "without"))
        cells = told(
            wrong(far, ("untouched", mode), ("accelerated", mode)),
            f"{1e3 * rest:.1f}",
            f"{1 - rest / base:.1%}",
            f"{base / rest:.2f}",
            f"{base / own:.2f}",
            f"{rest / own:.0%}",
        )
        lines.append(f"| {mode} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    writing.add_options(parser, "docs/benchmarks/nequip.md")
    parser.add_argument("--turns", type=int, default=12, help="calls of each model that are timed")
    parser.add_argument("--preset", choices=("S", "M", "L"), default="M", help="nequip's preset of the model")
    options = parser.parse_args()
    if options.write:
        writing.require(parser, options.force, BY, PAGE)
    if not KEPT.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.nequip", *sys.argv[1:]], os.environ | KEPT)
    from benchmarks.peak import multiply_adds

    peak, load = 2 * multiply_adds(np.dtype(np.float32)) / 1e9, os.getloadavg()[0]
    lines, shares, edges = rows(options.preset, options.turns)
    told_of = {"edges": edges, "turns": options.turns, "preset": options.preset, "cores": os.cpu_count()}
    text = HEAD.format(**told_of, load=max(load, os.getloadavg()[0]), peak=f"{peak:.0f}") + "\n".join(lines)
    text += f"\n{SHARE}" + "\n".join(shares) + "\n"
    if options.write:
        writing.write(PAGE, text, options.force)


HEAD = """# A NequIP model, accelerated

Made by `python -m benchmarks.nequip --write` in the environment of `make test-clients-nequip` (nequip 0.19.1, e3nn
0.6). The model is nequip's preset {preset} with random weights; energy, forces and stress of silicon carbide, 64 atoms
and {edges} edges, float32, parameters frozen. Processor milliseconds of one thread, all models in turn, {turns} calls
each, malloc told to keep its memory for all of them; {load:.1f} processes shared the {cores} cores. The core reaches
{peak} GFLOP/s of fused multiply-adds in float32.

*Compiled* is what `nequip-compile --mode aotinductor --target ase` makes of a model, the accelerated one too: its
convolutions remain operators of this package, and everything else is compiled by torch.

*Deviations* are those of energy / forces / stress, relative to the largest, from the untouched eager model in float64:
of the model in float64, and of the one that is timed, in float32. A model is timed where the first are at most 1e-10.
The *ratio* is that of the untouched model in the same mode: by the shortest times, and by the medians.

| model | mode | shortest, ms | median, ms | ratio | of medians | deviations, float64 | deviations, float32 |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""

SHARE = """
## How fast it could be

In a model without the replaced modules (convolutions, tensor products, linear layers) each of them is an operator that
computes nothing, neither values nor gradients, and returns memory that was there before. The time that is left bounds
every replacement: it is 1/(1 - share) times as fast at most.

| mode | without, ms | share of what is replaced | bound of the ratio | ratio | reached |
| --- | --- | --- | --- | --- | --- |
"""

if __name__ == "__main__":
    main()

"""A whole MACE model, untouched and accelerated: energy, forces and stress of a crystal on one core.

    .venv-mace/bin/python -m benchmarks.mace [--write]         after `make test-clients-mace`

ScaleShiftMACE with 128x0e + 128x1o, lmax 3, correlation 3, two layers, random weights; silicon carbide, 64 atoms.
Processor seconds of one thread in turn, malloc told to keep its memory for all; parameters are frozen, as MACE's
calculator does.  A model is timed where its energy, forces and stress in float64 are those of the untouched one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import writing
from benchmarks.contraction import KEPT
from benchmarks.timing import seconds, told

BY = "python -m benchmarks.mace"
PAGE = Path(__file__).parent.parent / "docs/benchmarks/mace.md"
ELEMENTS, QUANTITIES = (6, 14), ("energy", "forces", "stress")
#: Model → what is done to it, and how far float64 results may be from the untouched model, relative to the largest.
MODELS: dict[str, tuple[str, dict[str, Any] | None, float]] = {
    "untouched": ("e3nn 0.4.4, MACE's own modules", None, 0.0),
    "accelerated": ("`accelerate(model)`", {}, 1e-10),
    "with splines": ('`accelerate(model, radial="spline")`', {"radial": "spline"}, 1e-7),
}
ORDERS = ("as MACE lists them", "sorted by receiver")
Found = dict[str, Any]


def crystal() -> Found:
    """The batch of the crystal in float32: 64 atoms displaced at random, 46 neighbours each within 5 Å."""
    import torch
    from ase.build import bulk
    from mace.data import AtomicData, config_from_atoms
    from mace.tools import AtomicNumberTable
    from mace.tools.torch_geometric.dataloader import DataLoader

    torch.set_default_dtype(torch.float32)
    atoms = bulk("SiC", "zincblende", a=4.36, cubic=True) * (2, 2, 2)
    atoms.rattle(0.02, seed=0)
    graph = AtomicData.from_config(config_from_atoms(atoms), z_table=AtomicNumberTable(list(ELEMENTS)), cutoff=5.0)
    return dict(next(iter(DataLoader([graph], batch_size=1))).to_dict())


def untouched(dtype: Any) -> Any:
    """The model of mace-torch, as it is built in a type, its parameters frozen."""
    import torch
    from e3nn import o3
    from mace import modules

    torch.set_default_dtype(dtype)
    torch.manual_seed(0)
    made = modules.ScaleShiftMACE(
        r_max=5.0,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticInteractionBlock"],
        num_interactions=2,
        num_elements=len(ELEMENTS),
        hidden_irreps=o3.Irreps("128x0e + 128x1o"),
        MLP_irreps=o3.Irreps("16x0e"),
        atomic_energies=np.zeros(len(ELEMENTS)),
        avg_num_neighbors=46.0,
        atomic_numbers=list(ELEMENTS),
        correlation=3,
        gate=torch.nn.functional.silu,
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
    return made.requires_grad_(False)


def results(module: Any, given: Found) -> Found:
    """Energy, forces and stress."""
    return {k: v.detach() for k, v in module(dict(given), compute_stress=True).items() if k in QUANTITIES}


def by_receiver(given: Found) -> Found:
    """The same batch with its edges sorted by receiver."""
    order = given["edge_index"][1].argsort(stable=True)
    edges = {name: given[name][order] for name in ("shifts", "unit_shifts")}
    return {**given, **edges, "edge_index": given["edge_index"][:, order]}


def models(dtype: Any) -> Found:
    """One model for each name, all with the same frozen parameters, those of float32."""
    import torch

    from coupling.backends.e3nn import accelerate

    single, found = dict(untouched(torch.float32).named_parameters()), {}
    for name, (_, options, _) in MODELS.items():
        found[name] = untouched(dtype)
        for key, parameter in found[name].named_parameters():
            parameter.copy_(single[key])
        if options is not None:
            accelerate(found[name], **options)
    return found


def deviations(found: Found, wanted: Found) -> list[float]:
    """The largest difference of each quantity, relative to its largest value."""
    pairs = [(found[name].double(), wanted[name].double()) for name in QUANTITIES]
    return [float((f - w).abs().max() / w.abs().max()) for f, w in pairs]


def in_turn(runs: dict[Any, Callable[[], object]], turns: int) -> dict[Any, list[float]]:
    """The seconds of each run, ascending, all in turn; two calls before that are not counted."""
    for run in (*runs.values(), *runs.values()):
        run()
    times: dict[Any, list[float]] = {key: [] for key in runs}
    for _ in range(turns):
        for key, run in runs.items():
            times[key].append(seconds(run))
    return {key: sorted(each) for key, each in times.items()}


def rows(turns: int) -> tuple[list[str], int]:
    """The lines of the table, and the number of edges."""
    import torch

    torch.set_num_threads(1)
    given = crystal()
    wide = {key: value.double() if value.is_floating_point() else value for key, value in given.items()}
    double = {name: results(model, wide) for name, model in models(torch.float64).items()}
    single, batches = models(torch.float32), dict(zip(ORDERS, (given, by_receiver(given)), strict=True))
    runs = {
        (name, order): lambda model=model, edges=edges: results(model, edges)
        for order, edges in batches.items()
        for name, model in single.items()
    }
    rounded = {key: deviations(run(), double["untouched"]) for key, run in runs.items()}
    times, lines = in_turn(runs, turns), []
    for (name, order), each in times.items():
        exact, base = deviations(double[name], double["untouched"]), times["untouched", order]
        wrong = sum(d > MODELS[name][2] for d in exact) + sum(d > 1e-4 for d in rounded[name, order])
        figures = f"{1e3 * each[0]:.1f}", f"{1e3 * median(each):.1f}", f"{base[0] / each[0]:.1f}"
        cells = told(wrong, *figures, f"{median(base) / median(each):.1f}")
        accuracy = (" / ".join(f"{d:.0e}" for d in ds) for ds in (exact, rounded[name, order]))
        lines.append(f"| {MODELS[name][0]} | {order} | {' | '.join(cells)} | {' | '.join(accuracy)} |")
        print(lines[-1], flush=True)
    return lines, given["edge_index"].shape[1]


def resident(field: str) -> float:
    """Megabytes of this process that are resident: VmRSS now, VmHWM at most since the peak was forgotten (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def memory_of(name: str) -> tuple[float, float]:
    """The megabytes of a process that has built one model, before it is called, and at most in three calls."""
    import torch

    torch.set_num_threads(1)
    given, model = crystal(), untouched(torch.float32)
    if (options := MODELS[name][1]) is not None:
        from coupling.backends.e3nn import accelerate

        accelerate(model, **options)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    for _ in range(3):
        results(model, given)
    return before, resident("VmHWM")


def memory_rows() -> list[str]:
    """The lines of the table of memory, each of a process of its own."""
    command, lines = [sys.executable, "-m", "benchmarks.mace", "--memory"], []
    for name, (text, _, _) in MODELS.items():
        done = subprocess.run([*command, name], capture_output=True, text=True, check=True)
        before, most = map(float, done.stdout.split()[-2:])
        lines.append(f"| {text} | {before:.0f} | {most:.0f} | {most - before:.0f} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    writing.add_options(parser, "docs/benchmarks/mace.md")
    parser.add_argument("--turns", type=int, default=12, help="calls of each model that are timed")
    parser.add_argument("--memory", choices=list(MODELS), help="print the megabytes of one model and end")
    options = parser.parse_args()
    if options.memory:
        print(*memory_of(options.memory))
        return
    if options.write:
        writing.require(parser, options.force, BY, PAGE)
    if not KEPT.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.mace", *sys.argv[1:]], os.environ | KEPT)
    from benchmarks.peak import multiply_adds

    peak, load = 2 * multiply_adds(np.dtype(np.float32)) / 1e9, os.getloadavg()[0]
    lines, edges = rows(options.turns)
    memory = "\n".join(memory_rows())
    text = HEAD.format(edges=edges, turns=options.turns, load=load, cores=os.cpu_count(), peak=f"{peak:.0f}")
    if options.write:
        writing.write(PAGE, text + "\n".join(lines) + f"\n{MEMORY}{memory}\n", options.force)


HEAD = """# A MACE model, accelerated

Made by `python -m benchmarks.mace --write` in the environment of `make test-clients-mace` (mace-torch 0.3.16, e3nn
0.4.4). `ScaleShiftMACE`, 128x0e + 128x1o, lmax 3, correlation 3, two layers, random weights; energy, forces and stress
of silicon carbide, 64 atoms and {edges} edges, float32, parameters frozen. Processor milliseconds of one thread, all
models in turn, {turns} calls each, with malloc set to keep freed memory for all of them; {load:.1f} processes shared
the {cores} cores. The core reaches {peak} GFLOP/s of fused multiply-adds in float32.

*Deviations* are those of energy / forces / stress, relative to the largest, from the untouched model in float64: of the
model in float64, and of the one that is timed, in float32. A model is timed only if the first are at most 1e-10, with
splines 1e-7. The *ratio* is that of the untouched model with the same list of edges: by the shortest times, and by the
medians.

| model | edges | shortest, ms | median, ms | ratio | of medians | deviations, float64 | deviations, float32 |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""

MEMORY = """
## Memory

Megabytes of a process that has built one model: resident before the first call, at most in three calls, and the
difference.

| model | before | at most | of the calls |
| --- | --- | --- | --- |
"""

if __name__ == "__main__":
    main()

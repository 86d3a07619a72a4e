"""Symmetric contractions: this package, MACE's einsum, a compiled einsum and cuEquivariance, on one core.

    python -m benchmarks.contraction [--write]

Needs torch; MACE and cuEquivariance are compared where mace-torch and cuequivariance-torch are installed.  CPU seconds
of one thread, the programs in turn, medians; malloc is told to keep its memory, since torch else spends its time in
page faults.  A program is timed where its values and gradients are those of the dense tensors in float64.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import writing
from benchmarks.timing import compared, told

BY = "python -m benchmarks.contraction"
PAGE = Path(__file__).parent.parent / "docs/benchmarks/contraction.md"
#: Of values and gradients, relative to the largest: more is wrong.
WRONG = 1e-5
ATOMS, CHANNELS, SPECIES, OUTPUTS = 64, 128, 2, (0, 1)
#: lmax and order of the kernels that are measured alone; the first is that of the comparison.
SIZES = ((3, 3), (2, 3), (4, 3), (3, 4))
#: Environment of the run: torch's memory is kept, one thread, constants of e3nn 0.4.4 are read.
KEPT = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"), str(1 << 30)) | {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1",
}
Program = Callable[[Any], Any]


def bases(lmax: int, order: int, **options: Any) -> list[Any]:
    """The bases of all orders to this one, for 0e and 1o."""
    from coupling.manybody import basis

    return [basis(lmax, n, output, **options) for output in OUTPUTS for n in range(order, 0, -1)]


def inputs(lmax: int, counts: tuple[int, ...]) -> tuple[Any, list[Any], Any, Any]:
    """A, weights, species and a cotangent."""
    random = np.random.default_rng(0)

    def normal(*shape: int) -> Any:
        return random.standard_normal(shape).astype(np.float32)

    weights = [normal(SPECIES, n, CHANNELS) for n in counts]
    return normal(ATOMS, (lmax + 1) ** 2, CHANNELS), weights, np.arange(ATOMS) % SPECIES, normal(ATOMS, 4, CHANNELS)


def kernel_rows(peak: float) -> list[str]:
    """The kernels of each size: operations, milliseconds and fraction of the peak."""
    from coupling.products import SymmetricContraction

    lines = []
    for lmax, order in SIZES:
        contraction = SymmetricContraction(bases(lmax, order))
        a, weights, species, g = inputs(lmax, contraction.paths)
        plan, c = contraction.plan, contraction.merge(weights).values
        runs = {
            "values": lambda p=plan, a=a, c=c, s=species: p.values(a, c, s),
            "gradient": lambda p=plan, a=a, c=c, s=species, g=g: p.gradient(a, c, s, g),
            "coefficients": lambda p=plan, a=a, s=species, g=g: p.coefficient_gradient(a, s, g, SPECIES),
            "curvature": lambda p=plan, a=a, c=c, s=species, g=g: p.gradient(a, c, s, g, a),
            "merge": lambda k=contraction, w=weights: k.merge(w),
        }
        found = compared(runs)
        operations = [
            plan.lists(k, t).operations for k, t in (*((k, False) for k in list(runs)[:3]), ("gradient", True))
        ]
        cells = [
            f"{n} | {1e3 * found[k]:.3f} | {n * ATOMS * CHANNELS / found[k] / peak:.0%}"
            for k, n in zip(runs, operations, strict=False)
        ]
        lines.append(f"| {lmax}, {order} | {contraction.terms} | {' | '.join(cells)} | {1e3 * found['merge']:.3f} |")
        print(lines[-1], flush=True)
    return lines


def peers() -> dict[str, tuple[str, Program, list[Any]]]:
    """Name → what it is, the contraction of A [atoms, 16, channels] and its weights, for lmax 3, order 3."""
    import torch

    from coupling.backends.torch import SymmetricContraction

    full = bases(3, 3, symmetry="plain", paths="mace")
    module = SymmetricContraction(full)
    _, weights, species, _ = inputs(3, module.paths)
    own = [torch.from_numpy(w).requires_grad_() for w in weights]
    kinds = torch.from_numpy(species)
    fixed = module.merge(own).detach()
    found = {
        "coupling": ("full basis, weights merged in each call", lambda a: module(a, own, kinds), own),
        "coupling, merged": ("the same, merged once", lambda a: module(a, None, kinds, coefficients=fixed), []),
        "einsum, compiled": einsum(full, weights, kinds),
    }
    if find_spec("mace"):
        found["MACE"] = mace(own, kinds)
    if find_spec("cuequivariance_torch"):
        found["cuEquivariance"] = cuequivariance(weights, kinds)
    return found


def einsum(full: list[Any], weights: list[Any], kinds: Any) -> tuple[str, Program, list[Any]]:
    """Dense tensors of the reduced basis, one factor at a time from the highest order, by torch.compile."""
    import torch

    from coupling.manybody import convert

    reduced = bases(3, 3)
    tensors = [torch.from_numpy(each.tensor()).float() for each in reduced]
    converted = [convert(w, x, y, axis=1) for w, x, y in zip(weights, full, reduced, strict=True)]
    own = [torch.from_numpy(np.ascontiguousarray(w, np.float32)).requires_grad_() for w in converted]

    def one(a: Any, parts: list[tuple[Any, Any]]) -> Any:
        (u, w), *rest = parts
        total = torch.einsum("kM...i,zkC,ziC->zCM...", u, w[kinds], a)
        for u, w in rest:
            total = total + torch.einsum("kM...,zkC->zCM...", u, w[kinds])
            total = torch.einsum("zCM...i,ziC->zCM...", total, a)
        return total.transpose(1, 2)

    def run(a: Any) -> Any:
        pairs = list(zip(tensors, own, strict=True))
        return torch.cat([one(a, pairs[:3]), one(a, pairs[3:])], 1)

    return "reduced basis", torch.compile(run), own


def mace(own: list[Any], kinds: Any) -> tuple[str, Program, list[Any]]:
    """MACE's own module with the same weights."""
    import torch
    from e3nn import o3
    from mace.modules.symmetric_contraction import SymmetricContraction as Theirs

    irreps = o3.Irreps(" + ".join(f"{CHANNELS}x{l}{'eo'[l % 2]}" for l in range(4)))
    module = Theirs(irreps, o3.Irreps(f"{CHANNELS}x0e + {CHANNELS}x1o"), 3, num_elements=SPECIES)
    for each, weights in zip(module.contractions, (own[:3], own[3:]), strict=True):
        each.weights_max = torch.nn.Parameter(weights[0].detach())
        each.weights = torch.nn.ParameterList([torch.nn.Parameter(w.detach()) for w in weights[1:]])
    hot = torch.nn.functional.one_hot(kinds, SPECIES).float()

    def run(a: Any) -> Any:
        out = module(a.transpose(1, 2), hot)
        parts = out[:, :CHANNELS, None], out[:, CHANNELS:].reshape(-1, CHANNELS, 3)
        return torch.cat(parts, 2).transpose(1, 2)

    return "full basis, its own module", run, [p for c in module.contractions for p in (c.weights_max, *c.weights)]


def cuequivariance(weights: list[Any], kinds: Any) -> tuple[str, Program, list[Any]]:
    """cuEquivariance's module on the processor; its weights are fitted, so that no convention of it is assumed."""
    import cuequivariance as cue
    import cuequivariance_torch as cuet
    import torch

    def module(channels: int, kinds: int, dtype: Any) -> Any:
        x = cue.Irreps("O3", " + ".join(f"{channels}x{l}{'eo'[l % 2]}" for l in range(4)))
        y = cue.Irreps("O3", f"{channels}x0e + {channels}x1o")
        return cuet.SymmetricContraction(x, y, 3, kinds, layout=cue.ir_mul, dtype=dtype, method="naive")

    change = fitted(module(1, 1, torch.float64))
    own = module(CHANNELS, SPECIES, torch.float32)
    with torch.no_grad():
        own.weight.copy_(torch.from_numpy(np.einsum("tp,spc->stc", change, np.concatenate(weights, 1))))
    numbers = kinds.int()
    return (
        "reduced basis, on the processor",
        lambda a: own(a.reshape(ATOMS, -1), numbers).reshape(ATOMS, 4, CHANNELS),
        list(own.parameters()),
    )


def fitted(module: Any) -> Any:
    """The matrix from weights of MACE's full basis to those of a module with one channel, by least squares."""
    import torch

    from coupling.products import SymmetricContraction

    points = np.random.default_rng(1).standard_normal((ATOMS, 16, 1))
    ours = SymmetricContraction(bases(3, 3, symmetry="plain", paths="mace"))
    columns = [], []
    for k in range(sum(ours.paths)):
        parts = np.split(np.eye(sum(ours.paths))[k], np.cumsum(ours.paths)[:-1])
        columns[0].append(ours(points, [w[:, None] for w in parts]).ravel())
    x, zero = torch.from_numpy(points[..., 0]), torch.zeros(ATOMS, dtype=torch.int32)
    for k in range(module.weight.shape[1]):
        with torch.no_grad():
            module.weight.zero_()[:, k] = 1
            columns[1].append(module(x, zero).numpy().ravel())
    theirs, wanted = (np.stack(each, 1) for each in reversed(columns))
    return np.linalg.lstsq(theirs, wanted, rcond=None)[0]


def deviations(run: Program, expected: tuple[Any, Any], a: Any, g: Any) -> list[float]:
    """The largest differences of values, and of the gradient in A, from the dense tensors, relative to the largest."""
    import torch

    x = a.clone().requires_grad_()
    value = run(x)
    (slope,) = torch.autograd.grad((value * g).sum(), [x])
    return [
        float(abs(found.detach().double().numpy() - true).max() / abs(true).max())
        for found, true in zip((value, slope), expected, strict=True)
    ]


def peer_rows() -> list[str]:
    """One line for each program, in one run."""
    import torch

    from coupling.products import SymmetricContraction

    torch.set_num_threads(1)
    reference = SymmetricContraction(bases(3, 3, symmetry="plain", paths="mace"))
    arrays, weights, species, cotangent = inputs(3, reference.paths)
    expected = dense(arrays, weights, species, cotangent)
    a, g = torch.from_numpy(arrays), torch.from_numpy(cotangent)
    programs, runs, differ = peers(), {}, {}
    for name, (_, run, own) in programs.items():
        differ[name] = deviations(run, expected, a, g)
        runs |= {f"{name}/{k}": step for k, step in steps(run, own, a, g).items()}
    times = compared(runs)
    lines = []
    for name, (what, _, _) in programs.items():
        found = [times.get(f"{name}/{k}") for k in ("values", "A", "weights")]
        wrong = sum(not d <= WRONG for d in differ[name])
        cells = told(wrong, *("–" if t is None else f"{1e3 * t:.3g}" for t in found))
        accuracy = " / ".join(f"{d:.0e}" for d in differ[name])
        lines.append(f"| {name} | {what} | {' | '.join(cells)} | {accuracy} |")
        print(lines[-1], flush=True)
    return lines


def steps(run: Program, own: list[Any], a: Any, g: Any) -> dict[str, Callable[[], Any]]:
    """The values; with the gradient in A; and with that in the weights, where the program has weights."""
    import torch

    x = a.clone().requires_grad_()

    def values() -> Any:
        with torch.no_grad():
            return run(a)

    found: dict[str, Callable[[], Any]] = {
        "values": values,
        "A": lambda: torch.autograd.grad(run(x), x, g),
    }
    if own:
        found["weights"] = lambda: torch.autograd.grad(run(x), [x, *own], g)
    return found


def dense(a: Any, weights: list[Any], species: Any, g: Any) -> tuple[Any, Any]:
    """Values and gradient in A by dense tensors in float64."""
    x, value, slope = a.astype(float), 0.0, np.zeros(a.shape)
    for each, w in zip(bases(3, 3, symmetry="plain", paths="mace"), weights, strict=True):
        first = 0 if each.output == "0e" else 1
        rows = slice(first, first + each.shape[1])
        part = np.zeros((ATOMS, 4, CHANNELS))
        table = w[species].astype(float)
        for k, m, *places in np.argwhere(each.tensor()).tolist():
            c = each.tensor()[(k, m, *places)] * table[:, k]
            part[:, first + m] += c * np.prod(x[:, places], axis=1)
            for n, i in enumerate(places):
                rest = places[:n] + places[n + 1 :]
                slope[:, i] += g[:, rows][:, m] * c * np.prod(x[:, rest], axis=1)
        value = value + part
    return value, slope


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    writing.add_options(parser, "docs/benchmarks/contraction.md")
    options = parser.parse_args()
    if options.write:
        writing.require(parser, options.force, BY, PAGE)
    if not KEPT.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.contraction", *sys.argv[1:]], os.environ | KEPT)
    from benchmarks.peak import multiply_adds

    peak = multiply_adds(np.dtype(np.float32))
    kernels, others = kernel_rows(peak), peer_rows()
    if options.write:
        machine = {"peak": f"{2e-9 * peak:.0f}", "load": os.getloadavg()[1], "cores": os.cpu_count()}
        text = TEXT.format(**machine, kernels="\n".join(kernels), peers="\n".join(others))
        writing.write(PAGE, text, options.force)


TEXT = """# Symmetric contractions

Made by `python -m benchmarks.contraction --write`. B = Σ w U A…A of orders 1 to ν with outputs 0e + 1o, 64 atoms of two
species, 128 channels, float32. CPU milliseconds of one thread, medians, with malloc set to keep freed memory;
{load:.0f} processes shared the {cores} cores. The core reaches {peak} GFLOP/s of fused multiply-adds in float32, half
as many multiply-adds per second.

## The kernels

*ops* are multiply-adds for one channel of one atom, *peak* is the fraction of the peak they run at. *terms* are the
coefficients of one species and channel; *merge* makes them of the weights of both species, when these change.

| lmax, ν | terms | values: ops | ms | peak | gradient in A: ops | ms | peak | in the coefficients: ops | ms | peak | \
second, in A: ops | ms | peak | merge, ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{kernels}

## Beside other programs

lmax 3, ν 3, in torch, everything a call costs included. A program is timed where its values and its gradient in A are
those of dense tensors in float64, to 1e-5 of the largest; the last column has the largest difference. Weights are
exchanged by `coupling.manybody.convert`, those of cuEquivariance by a fit.

| program | basis | values, ms | with the gradient in A | and in the weights | deviation: values / gradient |
| --- | --- | --- | --- | --- | --- |
{peers}
"""

if __name__ == "__main__":
    main()

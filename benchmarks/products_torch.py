"""The Clebsch-Gordan product as a torch module beside the tensor product of e3nn, on the processor.

    python -m benchmarks.products_torch [--lmax 1 2 3 4] [--batch 256] [--channels 32] [--turns 9] [--write]

All paths, even and odd, every channel by itself ("uuu"), float32, one thread.  Both sides take turns in one run; each
figure is the median CPU time of its turns.  Three kinds of weights: none; one for each path and channel; the same for
every sample.  "gradient" is the value and its gradient in x, y and the weights; "twice" a force, the gradient of an
energy Σ z² in x, and the gradient of Σ force² in everything, as when a network is trained on forces.  *Error* is the
largest difference of the value from that of e3nn in float64, relative to the largest entry. Features are converted to
the layout of each side before the clock starts.
"""

from __future__ import annotations

import argparse
import platform
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import torch

import coupling.backends.torch as interop
from benchmarks import writing
from benchmarks.timing import told

BY = "python -m benchmarks.products_torch"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "torch.md"
KINDS = ("none", "path and channel", "sample, path and channel")
WORK = ("value", "gradient", "twice")
SECONDS = 0.03
#: Largest error of float32 at which anything is timed: e3nn in double precision is the reference of both.
RIGHT = 1e-4


def seconds(run: Callable[[], object], repeats: int) -> float:
    """CPU time of one run, the mean of several."""
    start = process_time()
    for _ in range(repeats):
        run()
    return (process_time() - start) / repeats


def in_turns(runs: list[Callable[[], object]], turns: int) -> list[float]:
    """The median CPU time of each function, all in turn."""
    for run in runs:
        run()
    repeats = [max(1, int(SECONDS / max(seconds(run, 1), 1e-6))) for run in runs]
    times = [[seconds(run, n) for run, n in zip(runs, repeats, strict=True)] for _ in range(turns)]
    return [median(column) for column in zip(*times, strict=True)]


def theirs_of(lmax: int, channels: int, paths: list[list[int]], kind: str, dtype: torch.dtype) -> torch.nn.Module:
    """The tensor product of e3nn with the same paths."""
    from e3nn import o3

    irreps = o3.Irreps([(channels, (l, 1)) for l in range(lmax + 1)])
    instructions = [(*path, "uuu", kind != "none") for path in paths]
    norms = {"irrep_normalization": "none", "path_normalization": "none"}
    torch.set_default_dtype(dtype)
    try:
        shared = kind != KINDS[2]
        return o3.TensorProduct(
            irreps, irreps, irreps, instructions, shared_weights=shared, internal_weights=False, **norms
        )
    finally:
        torch.set_default_dtype(torch.float32)


def to_e3nn(z: torch.Tensor, lmax: int) -> torch.Tensor:
    """Features [batch, (lmax+1)², channels] channel by channel."""
    return torch.cat([z[:, l * l : (l + 1) ** 2].transpose(1, 2).flatten(1) for l in range(lmax + 1)], 1)


def task(work: str, product: Callable[..., torch.Tensor], given: list[torch.Tensor]) -> Callable[[], object]:
    """What is timed."""

    def value() -> object:
        with torch.no_grad():
            return product(*given)

    def gradient() -> object:
        return torch.autograd.grad(product(*given).square().sum(), given)

    def twice() -> object:
        (force,) = torch.autograd.grad(product(*given).square().sum(), given[:1], create_graph=True)
        return torch.autograd.grad(force.square().sum(), given)

    return {"value": value, "gradient": gradient, "twice": twice}[work]


def lines(lmax: int, batch: int, channels: int, turns: int) -> list[str]:
    """The rows of the table for one degree."""
    ours, made = interop.ClebschGordan(lmax, lmax, lmax), []
    paths, seed = ours.paths.tolist(), torch.Generator().manual_seed(0)
    sizes = {KINDS[0]: (), KINDS[1]: (len(paths), channels), KINDS[2]: (batch, len(paths), channels)}
    for kind in KINDS:
        shapes = [(batch, (lmax + 1) ** 2, channels)] * 2 + ([sizes[kind]] if sizes[kind] else [])
        given = [torch.randn(*shape, generator=seed) for shape in shapes]
        flat = [to_e3nn(a, lmax) for a in given[:2]] + [w.flatten(-2) for w in given[2:]]
        theirs, exact = (theirs_of(lmax, channels, paths, kind, dtype) for dtype in (torch.float32, torch.float64))
        reference = exact(*(a.double() for a in flat))
        errors = [
            (z.double() - reference).abs().max() / reference.abs().max()
            for z in (to_e3nn(ours(*given), lmax), theirs(*flat))
        ]
        for a in (*given, *flat):
            a.requires_grad_()
        for work in WORK:
            mine, other = in_turns([task(work, ours, given), task(work, theirs, flat)], turns)
            right = max(map(float, errors)) < RIGHT  # of NaN neither is
            figures = told(not right, f"{mine * 1e3:.2f}", f"{other * 1e3:.2f}", f"{other / mine:.1f}")
            made.append(f"| {lmax} | {kind} | {work} | {' | '.join(figures)} | {errors[0]:.1e} | {errors[1]:.1e} |")
            print(made[-1], flush=True)
    return made


def page(rows: list[str], batch: int, channels: int) -> str:
    """The Markdown page."""
    import e3nn

    where = f"torch {torch.__version__}, e3nn {e3nn.__version__}, one thread of {platform.machine()}"
    return (
        f"""# The torch module beside e3nn

<!-- Written by `{BY} --write`. -->

{(__doc__ or "").split("[--write]")[1].strip()}

Milliseconds for {batch} samples of {channels} channels; {where}, shared with other work: compare ratios.

| lmax | weights | work | coupling | e3nn | ratio | error | error of e3nn |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
        + "\n".join(rows)
        + "\n"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lmax", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--turns", type=int, default=9)
    writing.add_options(parser, f"{PAGE.name} of the documentation")
    chosen = parser.parse_args()
    if chosen.write:
        writing.require(parser, chosen.force, BY, PAGE)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rows = [row for lmax in chosen.lmax for row in lines(lmax, chosen.batch, chosen.channels, chosen.turns)]
    if chosen.write:
        writing.write(PAGE, page(rows, chosen.batch, chosen.channels), chosen.force)


if __name__ == "__main__":
    main()

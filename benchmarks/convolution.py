"""Message passing beside other ways to do it, on the processor.

    python -m benchmarks.convolution [--edges 1280] [--nodes 64] [--channels 128] [--turns 9] [--write]

x_j ⊗ Y(r_ij) with a weight for each edge, path and channel, summed at each receiver: harmonics and outputs to degree 3,
natural parity, float32, one thread, edges sorted by receiver.  "summed" adds the paths to one degree, "apart" keeps
them, as MACE does.  All take turns in one run; each figure is the median CPU time of its turns.  "cold" takes the
weights of each call from another copy, 256 MB of them in turn.  "gradients" is the messages and their gradients in x,
harmonics and weights; for coupling from numpy the gradients alone.

- e3nn: `TensorProduct` (uvu), then `index_add`
- bmm: harmonics first, a dense matrix [rows of z, pairs of path and row of x] for each edge, then `torch.bmm` with w x,
  then `index_add`
- loop: three nested loops in numba, over edges, entries of the edge and channels

In brackets: the operations as a fraction of the multiply-adds that this core can do, measured in the same turns
(messages: entries of the edges, and w x; gradients: twice and three times as many).  A row is timed only if its values
and gradients differ from a float64 reference by less than 1e-5 of the largest.  malloc is tuned on all sides
(MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_, MALLOC_TOP_PAD_ are large): untuned, page faults take up to 40 %.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numba import njit

import coupling.backends.torch as interop
from benchmarks import writing
from benchmarks.peak import multiply_add_run
from benchmarks.timing import compared, told
from coupling.products import Convolution, Edges

BY = "python -m benchmarks.convolution"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "convolution.md"
#: glibc takes no larger threshold than 32 MB.
MALLOC = {
    f"MALLOC_{name}_": str(1 << n) for name, n in (("MMAP_THRESHOLD", 25), ("TRIM_THRESHOLD", 30), ("TOP_PAD", 28))
}
CASES = {"0+1": 1, "0+1+2": 2}
COLD_BYTES = 256 << 20
RIGHT = 1e-5

Tensors = list[torch.Tensor]


def dense_matrices(conv: Convolution, y: torch.Tensor, kinds: list[tuple[Any, ...]]) -> torch.Tensor:
    """The matrices [edges, rows of z, pairs] of all edges, from coefficients of each path."""
    columns = sum(core.shape[0] for *_, core in kinds)
    result = y.new_zeros((y.shape[0], conv.sizes[2], columns))
    at = 0
    for _, harmonics, z, core in kinds:
        part = torch.einsum("abk,eb->eka", torch.from_numpy(core).to(y.dtype), y[:, harmonics])
        result[:, z, at : at + core.shape[0]] = part
        at += core.shape[0]
    return result


def bmm(conv: Convolution, nodes: int) -> Callable[..., torch.Tensor]:
    """Harmonics first, then matrix products."""
    kinds = conv.dense("float64")
    rows = torch.cat([torch.arange(rows.start, rows.stop) for rows, *_ in kinds])
    paths = torch.cat([torch.full((core.shape[0],), p) for p, (*_, core) in enumerate(kinds)])

    def run(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, senders: Any, receivers: Any) -> torch.Tensor:
        message = torch.bmm(dense_matrices(conv, y, kinds), x[senders][:, rows] * w[:, paths])
        return x.new_zeros((nodes, *message.shape[1:])).index_add(0, receivers, message)

    return run


def e3nn_product(conv: Convolution, nodes: int, channels: int) -> Callable[..., torch.Tensor]:
    """The tensor product of e3nn and index_add, on features channel by channel; z likewise."""
    from e3nn import o3

    inputs = o3.Irreps([(channels, (int(l), (-1) ** int(l))) for l in sorted(set(conv.paths[:, 0].tolist()))])
    degrees = conv.paths[:, 2].tolist()
    ends = list(range(len(degrees))) if conv.separate else degrees
    terms = degrees if conv.separate else sorted(set(degrees))
    outputs = o3.Irreps([(channels, (l, (-1) ** l)) for l in terms])
    instructions = [(l1, l2, end, "uvu", True) for (l1, l2, _), end in zip(conv.paths.tolist(), ends, strict=True)]
    norms = {"irrep_normalization": "none", "path_normalization": "none"}
    harmonics = o3.Irreps.spherical_harmonics(conv.lmax_edge)
    product = o3.TensorProduct(
        inputs, harmonics, outputs, instructions, shared_weights=False, internal_weights=False, **norms
    )

    def run(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, senders: Any, receivers: Any) -> torch.Tensor:
        message = product(x[senders], y, w.flatten(1))
        return x.new_zeros((nodes, message.shape[1])).index_add(0, receivers, message)

    return run


def by_channel(x: torch.Tensor, degrees: list[int]) -> torch.Tensor:
    """Features [n, rows, channels] as e3nn has them."""
    parts = torch.split(x, [2 * l + 1 for l in degrees], 1)
    return torch.cat([part.transpose(1, 2).flatten(1) for part in parts], 1)


@njit
def loop(x, m, w, senders, receivers, entries, out):
    """The fused loop: m [edges, entries] are the entries of the edges, ``entries`` [n, 3] path, row of x, row of z."""
    out[:] = 0
    for e in range(len(senders)):
        for n in range(entries.shape[0]):
            one, weight, z = x[senders[e], entries[n, 1]], w[e, entries[n, 0]], out[receivers[e], entries[n, 2]]
            for c in range(x.shape[2]):
                z[c] += m[e, n] * weight[c] * one[c]


def loop_run(conv: Convolution, given: list[Any], weights: Iterator[Any] | None) -> Callable[[], np.ndarray]:
    """The loop with the harmonics contracted by numpy; of ``weights``, each call takes the next."""
    x, y, w, senders, receivers = given
    rows, parts = [], []
    for p, (one, harmonics, z, core) in enumerate(conv.dense("float32")):
        a, k = np.nonzero(core.any(1))
        rows += [(p, one.start + i, z.start + j) for i, j in zip(a.tolist(), k.tolist(), strict=True)]
        parts.append((harmonics, np.ascontiguousarray(core[a, :, k].T)))
    entries = np.array(rows)

    def run() -> np.ndarray:
        out = np.empty((len(x), conv.sizes[2], x.shape[2]), x.dtype)
        m = np.concatenate([y[:, harmonics] @ part for harmonics, part in parts], 1)
        loop(x, m, w if weights is None else next(weights), senders, receivers, entries, out)
        return out

    return run


def inputs_of(conv: Convolution, edges: int, nodes: int, channels: int) -> list[np.ndarray]:
    """Random features, harmonics, weights, where torch puts them, on 64 bytes; and a graph sorted by receiver."""
    random = np.random.default_rng(0)
    shapes = (nodes, conv.sizes[0], channels), (edges, conv.sizes[1]), (edges, len(conv.paths), channels)
    x, y, w = (torch.from_numpy(random.standard_normal(shape).astype(np.float32)).clone().numpy() for shape in shapes)
    return [x, y, w, random.integers(0, nodes, edges), np.sort(random.integers(0, nodes, edges))]


def gradients(run: Callable[..., torch.Tensor], tensors: Tensors, g: torch.Tensor) -> Callable[[], Tensors]:
    """What gives messages and gradients."""
    leaves = [t.detach().clone().requires_grad_() for t in tensors[:3]]

    def both() -> Tensors:
        z = run(*leaves, *tensors[3:])
        return [z.detach(), *torch.autograd.grad(z, leaves, g)]

    return both


def worst(found: list[Any], exact: Tensors) -> float:
    """The largest error of several arrays, each relative to its largest entry."""
    pairs = [(torch.as_tensor(a).double(), b) for a, b in zip(found, exact, strict=True)]
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


def rows_of(name: str, separate: bool, edges: int, nodes: int, channels: int, turns: int) -> list[str]:
    """The rows of one case."""
    conv = Convolution(CASES[name], 3, 3, separate=separate)
    given = inputs_of(conv, edges, nodes, channels)
    module, graph = interop.Convolution(CASES[name], 3, 3, separate=separate), Edges(*given[3:], nodes)
    tensors = [torch.from_numpy(array) for array in given]
    seed = torch.Generator().manual_seed(1)
    g = torch.randn(nodes, conv.sizes[2], channels, generator=seed)
    exact = gradients(bmm(conv, nodes), [t.double() if t.is_floating_point() else t for t in tensors], g.double())()
    in_degrees = list(range(CASES[name] + 1))
    out_degrees = conv.paths[:, 2].tolist() if separate else list(range(4))
    flat = [by_channel(tensors[0], in_degrees), *tensors[1:]]
    flat_g = by_channel(g, out_degrees)
    theirs = e3nn_product(conv, nodes, channels)
    flat_exact = [by_channel(exact[0], out_degrees), by_channel(exact[1], in_degrees), *exact[2:]]
    copies = [torch.from_numpy(given[2]).clone().numpy() for _ in range(max(2, COLD_BYTES // given[2].nbytes))]
    turn, cold_turn = cycle(copies), cycle([torch.from_numpy(copy) for copy in copies])
    naive, cold_naive = (loop_run(conv, given, weights) for weights in (None, turn))
    x, y = given[:2]
    cotangent = g.numpy()
    plain = bmm(conv, nodes)
    runs: dict[str, tuple[Callable[[], Any], Tensors | None]] = {
        "coupling|messages": (lambda: [conv(x, y, given[2], graph)], exact[:1]),
        "coupling|messages, cold": (lambda: [conv(x, y, next(turn), graph)], exact[:1]),
        "coupling|gradients": (lambda: conv.vjp(x, y, given[2], graph, cotangent=cotangent), exact[1:]),
        "coupling|gradients, cold": (lambda: conv.vjp(x, y, next(turn), graph, cotangent=cotangent), exact[1:]),
        "coupling, torch|messages": (lambda: [module(*tensors)], exact[:1]),
        "coupling, torch|gradients": (gradients(module, tensors, g), exact),
        "loop|messages": (lambda: [naive()], exact[:1]),
        "loop|messages, cold": (
            lambda: [cold_naive()], exact[:1]),
        "bmm|messages": (lambda: [plain(*tensors)], exact[:1]),
        "bmm|messages, cold": (lambda: [plain(*tensors[:2], next(cold_turn), *tensors[3:])], exact[:1]),
        "bmm|gradients": (gradients(plain, tensors, g), exact),
        "e3nn|messages": (lambda: [theirs(*flat)], flat_exact[:1]),
        "e3nn|messages, cold": (lambda: [theirs(*flat[:2], next(cold_turn), *flat[3:])], flat_exact[:1]),
        "e3nn|gradients": (gradients(theirs, flat, flat_g), flat_exact),
    }  # fmt: skip
    errors = {key: worst(run(), wanted) for key, (run, wanted) in runs.items()}
    peak_run, amount = multiply_add_run(np.dtype(np.float32))
    times = compared({"peak": peak_run, **{key: run for key, (run, _) in runs.items()}}, turns)
    peak = amount / times["peak"]
    return table(f"{name} {'apart' if separate else 'summed'}", conv, edges * channels, times, errors, peak)


def table(
    case: str, conv: Convolution, lanes: int, times: dict[str, float], errors: dict[str, float], peak: float
) -> list[str]:
    """One row for each program."""
    made = []
    columns = ("messages", "messages, cold", "gradients", "gradients, cold")
    work = dict(zip(columns, (conv.operations[0],) * 2 + (conv.operations[1],) * 2, strict=True))
    for program in dict.fromkeys(key.split("|")[0] for key in errors):
        cells = []
        for column in columns:
            key = f"{program}|{column}"
            if key not in times:
                cells.append("")
                continue
            fraction = work[column] * lanes / times[key] / peak
            text = f"{times[key] * 1e3:.2f}" + (f" ({fraction:.0%})" if program == "coupling" else "")
            cells += told(not errors[key] < RIGHT, text)
        error = max(value for key, value in errors.items() if key.split("|")[0] == program)
        made.append(f"| {case} | {program} | {' | '.join(cells)} | {error:.0e} |")
        print(made[-1], f"peak {peak / 1e9:.0f}, load {os.getloadavg()[0]:.1f}", flush=True)
    return made


def page(rows: list[str], edges: int, nodes: int, channels: int, peaks: str) -> str:
    """The Markdown page."""
    import e3nn

    where = f"torch {torch.__version__}, e3nn {e3nn.__version__}, one thread"
    return (
        f"""# Message passing

<!-- Written by `{BY} --write`. -->

{(__doc__ or "").split("[--write]")[1].strip()}

Milliseconds for {edges} edges, {nodes} nodes, {channels} channels; in brackets the fraction of the peak.
{where}; {peaks}.  The machine is shared with other work: compare ratios.

| case | program | messages | messages, cold | gradients | gradients, cold | error |
| --- | --- | --- | --- | --- | --- | --- |
"""
        + "\n".join(rows)
        + "\n"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, default=1280)
    parser.add_argument("--nodes", type=int, default=64)
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--turns", type=int, default=9)
    writing.add_options(parser, f"{PAGE.name} of the documentation")
    chosen = parser.parse_args()
    if chosen.write:
        writing.require(parser, chosen.force, BY, PAGE)
    if any(os.environ.get(name) != value for name, value in MALLOC.items()):  # read when a process begins
        os.execve(
            sys.executable, [sys.executable, "-m", "benchmarks.convolution", *sys.argv[1:]], {**os.environ, **MALLOC}
        )
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    sizes = chosen.edges, chosen.nodes, chosen.channels
    rows = [row for name in CASES for apart in (False, True) for row in rows_of(name, apart, *sizes, chosen.turns)]
    run, amount = multiply_add_run(np.dtype(np.float32))
    rate = amount / compared({"peak": run})["peak"]
    if chosen.write:
        peaks = (
            f"{rate / 1e9:.0f} billion multiply-adds per second at the end of the run, load {os.getloadavg()[0]:.1f}"
        )
        writing.write(PAGE, page(rows, *sizes, peaks), chosen.force)


if __name__ == "__main__":
    main()

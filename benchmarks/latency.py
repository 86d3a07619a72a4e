"""Calls with a handful of rows, where the way to the kernel takes longer than the kernel.

    python -m benchmarks.latency [--lmax 2] [--channels 8] [--turns 15] [--write]

The Clebsch-Gordan product with all paths of weight one, float32, one thread, x and y of the same shape
[rows, (lmax+1)², channels].  All take turns in one run; each figure is the median CPU time of a call, in microseconds.
"value" is the product without gradients; "gradient" is the product of tensors that require them and its gradients in x
and y.

- coupling: `coupling.products.ClebschGordan` from numpy, and the module of `coupling.backends.torch`
- four dense products: entries sorted by the parities of l + [m < 0] and of m, which are both additive, so that four
  matrix products remain
- outer product: all x_i y_j, then one matrix product with the dense coefficients
- einsum: one `einsum` of three arrays with the dense coefficients
- e3nn: `o3.TensorProduct` (uuu) as e3nn compiles it, by TorchScript, and by `torch.compile`

The second table is the tensor product of irreps, fully connected (uvw), with weights that all samples share.

A row is timed only if its values and gradients differ by less than 1e-5 of the largest from those of the exact
coefficients in float64, or in the second table from those of e3nn in float64; the error is the largest such difference.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import coupling.backends.torch as interop
from benchmarks import writing
from benchmarks.products_torch import KINDS, theirs_of, to_e3nn
from benchmarks.timing import compared, told
from coupling.products import ClebschGordan

BY = "python -m benchmarks.latency"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "latency.md"
ROWS = (1, 4, 10)
RIGHT = 1e-5

Run = Callable[[], list[Any]]
Case = tuple[Run, list[np.ndarray]]


def dense(product: ClebschGordan) -> np.ndarray:
    """The coefficients as an array [i, j, k]."""
    (i, j, k), values = product.entries()[0].T, product.entries()[1]
    found = np.zeros(product.sizes)
    found[i, j, k] = values
    return found


def grades(lmax: int) -> list[np.ndarray]:
    """The entries of each of the four grades: parities of l + [m < 0] and of m."""
    pairs = [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
    of_entry = np.array([2 * ((l + (m < 0)) % 2) + m % 2 for l, m in pairs])
    return [np.flatnonzero(of_entry == grade) for grade in range(4)]


def four_products(lmax: tuple[int, ...], core: np.ndarray) -> Callable[..., np.ndarray]:
    """The product as a dense matrix product for each grade of the output."""
    x_rows, y_rows, z_rows = map(grades, lmax)
    back = np.argsort(np.concatenate(z_rows))
    matrices = [
        np.concatenate(
            [core[np.ix_(x_rows[a], y_rows[a ^ g], z_rows[g])].reshape(-1, len(z_rows[g])) for a in range(4)]
        ).T.copy()
        for g in range(4)
    ]

    def run(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        left, right = [x[:, rows, None] for rows in x_rows], [y[:, None, rows] for rows in y_rows]
        found = []
        for g, matrix in enumerate(matrices):
            pairs = [(left[a] * right[a ^ g]).reshape(x.shape[0], -1, x.shape[2]) for a in range(4)]
            found.append(matrix @ np.concatenate(pairs, 1))
        return np.concatenate(found, 1)[:, back]

    return run


def outer(xp: Any, x: Any, y: Any, matrix: Any) -> Any:
    """All products x_i y_j, then a matrix product; matrix [k, ij]."""
    pairs = x[:, :, None, :] * y[:, None, :, :]
    return xp.matmul(matrix, pairs.reshape(x.shape[0], -1, x.shape[2]))


def with_gradient(function: Callable[..., Any], x: Any, y: Any, g: Any) -> Run:
    """What gives the product of tensors that require gradients, and the gradients of Σ g · product."""
    a, b = (value.clone().requires_grad_() for value in (x, y))

    def both() -> list[Any]:
        z = function(a, b)
        return [z.detach(), *torch.autograd.grad(z, (a, b), g)]

    return both


def without(function: Callable[..., Any], *given: Any) -> Run:
    """What gives the product without gradients."""

    def value() -> list[Any]:
        with torch.no_grad():
            return [function(*given)]

    return value


def numpy_cases(product: ClebschGordan, x: np.ndarray, y: np.ndarray, exact: list[np.ndarray]) -> dict[str, Case]:
    """The programs of numpy."""
    core = dense(product).astype(x.dtype)
    matrix = np.ascontiguousarray(core.reshape(-1, core.shape[2]).T)
    four = four_products(product.lmax, core)
    return {
        "coupling|numpy|value": (lambda: [product(x, y)], exact[:1]),
        "four dense products|numpy|value": (lambda: [four(x, y)], exact[:1]),
        "outer product|numpy|value": (lambda: [outer(np, x, y, matrix)], exact[:1]),
        "einsum|numpy|value": (lambda: [np.einsum("ijk,bic,bjc->bkc", core, x, y)], exact[:1]),
    }


def torch_cases(product: ClebschGordan, x: Any, y: Any, g: Any, exact: list[np.ndarray]) -> dict[str, Case]:
    """The programs of torch."""
    lmax, core = product.lmax[0], torch.from_numpy(dense(product)).to(x.dtype)
    matrix = core.reshape(-1, core.shape[2]).T.contiguous()
    programs: dict[str, Callable[..., Any]] = {
        "coupling": interop.ClebschGordan(*product.lmax),
        "outer product": lambda a, b: outer(torch, a, b, matrix),
        "einsum": lambda a, b: torch.einsum("ijk,bic,bjc->bkc", core, a, b),
    }
    cases: dict[str, Case] = {}
    for name, program in programs.items():
        cases[f"{name}|torch|value"] = without(program, x, y), exact[:1]
        cases[f"{name}|torch|gradient"] = with_gradient(program, x, y, g), exact
    theirs = theirs_of(lmax, x.shape[2], product.paths.tolist(), KINDS[0], x.dtype)
    flat = [to_e3nn(value, lmax) for value in (x, y, g)]
    flat_exact = [to_e3nn(torch.from_numpy(value), lmax).numpy() for value in exact]
    for name, module in (("e3nn", theirs), ("e3nn, torch.compile", compiled_afresh(theirs))):
        cases[f"{name}|torch|value"] = without(module, *flat[:2]), flat_exact[:1]
        cases[f"{name}|torch|gradient"] = with_gradient(module, *flat), flat_exact
    return cases


def compiled_afresh(module: Callable[..., Any]) -> Callable[..., Any]:
    """What torch.compile makes of a module for one size: it gives up on code that it has compiled for many sizes."""
    torch.compiler.reset()
    made: Callable[..., Any] = torch.compile(module)
    return made


def worst(found: list[Any], exact: list[np.ndarray]) -> float:
    """The largest error of several arrays, each relative to its largest entry."""
    pairs = ((np.asarray(a, float), b) for a, b in zip(found, exact, strict=True))
    return max(float(abs(a - b).max() / abs(b).max()) for a, b in pairs)


def rows_of(lmax: int, rows: int, channels: int, turns: int) -> list[str]:
    """The rows of the table for a number of rows of features."""
    product, random = ClebschGordan(lmax, lmax, lmax), np.random.default_rng(0)
    x, y, g = (random.standard_normal((rows, size, channels)).astype(np.float32) for size in product.sizes)
    core, wide = dense(product), [value.astype(float) for value in (x, y, g)]
    parts = ("ijk,bic,bjc->bkc", (0, 1)), ("ijk,bjc,bkc->bic", (1, 2)), ("ijk,bic,bkc->bjc", (0, 2))
    exact = [np.einsum(text, core, wide[a], wide[b]) for text, (a, b) in parts]
    cases = numpy_cases(product, x, y, exact)
    cases |= torch_cases(product, *(torch.from_numpy(value) for value in (x, y, g)), exact)
    errors = {name: worst(run(), wanted) for name, (run, wanted) in cases.items()}
    times = compared({name: run for name, (run, _) in cases.items()}, turns)
    return table(rows, times, errors)


def table(rows: int, times: dict[str, float], errors: dict[str, float]) -> list[str]:
    """One line for each program and library."""
    made = []
    for program in dict.fromkeys(key.rpartition("|")[0] for key in times):
        mine = {key: error for key, error in errors.items() if key.rpartition("|")[0] == program}
        wrong = sum(not error < RIGHT for error in mine.values())
        cells = [f"{1e6 * times[key]:.1f}" if (key := f"{program}|{w}") in times else "" for w in ("value", "gradient")]
        name, library = program.split("|")
        told_cells = " | ".join(told(wrong, *cells))
        made.append(f"| {rows} | {library} | {name} | {told_cells} | {max(mine.values()):.0e} |")
        print(made[-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
    return made


HEADER = "| rows | library | program | value | gradient | error |\n| --- | --- | --- | --- | --- | --- |\n"


def page(lines: list[str], tensor: list[str], lmax: int, channels: int) -> str:
    """The Markdown page."""
    import e3nn

    from benchmarks.latency_tensor import LISTS

    where = f"torch {torch.__version__}, e3nn {e3nn.__version__}, numpy {np.__version__}"
    return (
        f"""# Calls with few rows

<!-- Written by `{BY} --write`. -->

{(__doc__ or "").split("[--write]")[1].strip()}

Microseconds for lmax {lmax} and {channels} channels; {where}.
Load {os.getloadavg()[0]:.1f} at the end of the run on a machine shared with other work: compare ratios.

{HEADER}"""
        + "\n".join(lines)
        + f"""

## Products of irreps

`TensorProduct`, ({LISTS[0]}) ⊗ ({LISTS[1]}) → {LISTS[2]}, microseconds; a row is a sample.

{HEADER}"""
        + "\n".join(tensor)
        + """

Shapes and types that were valid before are not checked again, work space and lists are kept, and one call leads into
compiled code; `tests/test_latency.py` and `tests/test_interop_latency.py` limit the number of functions that a call
enters.
"""
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lmax", type=int, default=2)
    parser.add_argument("--channels", type=int, default=8)
    parser.add_argument("--turns", type=int, default=15)
    writing.add_options(parser, f"{PAGE.name} of the documentation")
    chosen = parser.parse_args()
    if chosen.write:
        writing.require(parser, chosen.force, BY, PAGE)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    from benchmarks.latency_tensor import tensor_rows

    lines = [line for rows in ROWS for line in rows_of(chosen.lmax, rows, chosen.channels, chosen.turns)]
    tensor = [line for samples in ROWS for line in tensor_rows(samples, chosen.turns)]
    if chosen.write:
        writing.write(PAGE, page(lines, tensor, chosen.lmax, chosen.channels), chosen.force)


if __name__ == "__main__":
    main()

"""Calls of products of irreps with a handful of samples: a part of :mod:`benchmarks.latency`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import coupling.backends.torch as interop
from benchmarks.latency import Case, compiled_afresh, table, with_gradient, without, worst
from benchmarks.timing import compared
from coupling.products import TensorProduct

LISTS = "8x0e+8x1o+8x2e", "0e+1o+2e", "8x0e+8x1o+8x2e"


def theirs(paths: list[tuple[Any, ...]], dtype: torch.dtype) -> Callable[..., Any]:
    """The tensor product of e3nn with the same instructions and shared weights."""
    from e3nn import o3

    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return o3.TensorProduct(*LISTS, paths, internal_weights=False, shared_weights=True)
    finally:
        torch.set_default_dtype(before)


def weighted(product: Callable[..., Any], weights: Any) -> Callable[..., Any]:
    """The product with weights that stay."""
    return lambda x, y: product(x, y, weights)


def tensor_rows(samples: int, turns: int) -> list[str]:
    """The rows of the table: every pair of terms connected with every output, mode uvw, in e3nn's layout."""
    product, generator = TensorProduct(*LISTS, layout="mul_ir"), torch.Generator().manual_seed(0)
    paths = [(*path.places, path.mode, path.has_weight) for path in product.paths]
    widths = product.irreps1.dim, product.irreps2.dim, product.irreps_out.dim
    x, y, g = (torch.randn(samples, width, generator=generator) for width in widths)
    w = torch.randn(product.weight_count, generator=generator)
    reference = with_gradient(weighted(theirs(paths, torch.float64), w.double()), x.double(), y.double(), g.double())
    exact = [value.numpy() for value in reference()]
    arrays: list[np.ndarray] = [value.numpy() for value in (x, y, w)]
    cases: dict[str, Case] = {"coupling|numpy|value": (lambda: [product(*arrays)], exact[:1])}
    e3nn = theirs(paths, torch.float32)
    programs = {
        "coupling": interop.TensorProduct(*LISTS, layout="mul_ir"),
        "e3nn": e3nn,
        "e3nn, torch.compile": compiled_afresh(e3nn),
    }
    for name, program in programs.items():
        cases[f"{name}|torch|value"] = without(weighted(program, w), x, y), exact[:1]
        cases[f"{name}|torch|gradient"] = with_gradient(weighted(program, w), x, y, g), exact
    errors = {name: worst(run(), wanted) for name, (run, wanted) in cases.items()}
    return table(samples, compared({name: run for name, (run, _) in cases.items()}, turns), errors)

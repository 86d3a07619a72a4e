"""The product of all paths on a device, as e3nn and cuEquivariance form it; see ``benchmarks.gpu``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import coupling
from coupling.selection import triangle


class Foreign:
    """A function of another program, and how its result is read as features [batch, entries, channels]."""

    def __init__(self, run: Callable[[], Any], features: Callable[[Any], Any]) -> None:
        self.run, self.features = run, features

    def __call__(self) -> Any:
        return self.run()


def e3nn_product(lmax: int, x: np.ndarray, y: np.ndarray, device: str) -> dict[str, Foreign]:
    """The same product in e3nn, whose features are a row of [irrep, channel, m] for each sample."""
    import torch
    from e3nn import o3

    channels, degrees = x.shape[-1], range(lmax + 1)
    irreps = o3.Irreps([(channels, (l, 1)) for l in degrees])  # parity does not matter here
    paths = [(*path, "uuu", False) for path in np.ndindex(*[lmax + 1] * 3) if triangle(*path)]
    options = {"irrep_normalization": "none", "path_normalization": "none"}
    torch.set_default_dtype(getattr(torch, str(x.dtype)))  # else its coefficients are rounded to float32
    one = o3.TensorProduct(irreps, irreps, irreps, paths, **options).to(device)
    torch.set_default_dtype(torch.float32)
    flat = []
    for f in (x, y):
        parts = [f[:, l * l : (l + 1) ** 2].swapaxes(1, 2).reshape(len(f), -1) for l in degrees]
        flat.append(torch.as_tensor(np.concatenate(parts, axis=1), device=device))

    def features(z: Any) -> Any:
        parts = z.split([channels * (2 * l + 1) for l in degrees], dim=-1)
        return torch.cat([part.reshape(len(z), channels, -1).mT for part in parts], dim=1)

    return {"e3nn": Foreign(lambda: one(*flat), features)}


def cuequivariance_product(lmax: int, x: np.ndarray, y: np.ndarray, device: str) -> dict[str, Foreign]:
    """The same product in cuEquivariance, from the exported descriptor; its layout is ours."""
    import cuequivariance as cue
    import cuequivariance_torch as cuet
    import torch

    from coupling.export import list_table, segmented_tensor_product

    table = coupling.build(coupling.tables.Request(lmax=lmax))
    descriptor = segmented_tensor_product(list_table(table, "coupling"), x.shape[-1])
    polynomial = cue.SegmentedPolynomial.eval_last_operand(descriptor)
    method = "uniform_1d" if device == "cuda" else "naive"
    one = cuet.SegmentedPolynomial(polynomial, method=method, math_dtype=getattr(torch, str(x.dtype))).to(device)
    a, b = (torch.as_tensor(f, device=device).reshape(len(f), -1) for f in (x, y))
    return {"cuEquivariance": Foreign(lambda: one([a, b])[0], lambda z: z.reshape(len(z), -1, x.shape[-1]))}

"""The products that ``benchmarks.gpu`` runs on a device, their kernels, and how far these are from the processor.

Import it when it is settled whether numba and Triton simulate a device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

import coupling
from benchmarks.gpu_peers import Foreign
from coupling.backends.cuda import CudaProduct
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, VectorSignal
from coupling.products.straight import straight_program

#: Samples that are compared with float64; the longest program that is compiled, degree 8 (half a minute).
CHECKED, STRAIGHT = 16, 40_000
#: Largest error at which a time is given, in units of the rounding of the type.
RIGHT = 1000

Run = Callable[[], Any]


def products(lmax: int) -> dict[str, Product]:
    """Every product of a degree that runs on a device, by the names of the report."""
    table = coupling.load("real-l8") if lmax <= 8 else coupling.load("real-l12")
    return {
        "sparse": ClebschGordan(lmax, lmax, lmax, table=table),
        "matrix": MatrixProduct(lmax, lmax, lmax),
        "Gaunt": Gaunt(lmax, lmax, lmax),
        "bracket": AntisymmetricGaunt(lmax, lmax, lmax),
        "fields": VectorSignal(lmax, lmax, lmax),
        "single": VectorSignal.single(lmax, lmax, lmax),
    }


def own(name: str, product: Product, x: Any, y: Any, z: Any, routes: tuple[str, ...]) -> dict[str, Run]:
    """The kernels of this package for a product, by name; each fills z."""
    made = {f"{name}, {route}": CudaProduct(product, route=route) for route in routes}
    return {route: lambda one=one: one(x, y, out=z) for route, one in made.items()}


def triton_kernels(name: str, product: Product, x: np.ndarray, y: np.ndarray, device: str) -> dict[str, Run]:
    """Triton's kernel for a product."""
    import torch

    from coupling.backends.triton import TritonProduct

    a, b = (torch.as_tensor(array, device=device) for array in (x, y))
    one = TritonProduct(product)
    return {f"{name}, Triton {one.route}": lambda: one.compute(a, b)}


def found(make: Callable[..., dict[str, Run]], *arguments: Any) -> dict[str, Run]:
    """What make gives, or nothing, and why."""
    try:
        runs = make(*arguments)
        for run in runs.values():
            run()
        return runs
    except Exception as reason:
        print(f"  {make.__name__}: {type(reason).__name__}: {str(reason).splitlines()[0] if str(reason) else ''}")
        return {}


class Measured(NamedTuple):
    """A product, its features, and the kernels that form it."""

    product: Product
    features: tuple[np.ndarray, np.ndarray]
    z: Any
    runs: dict[str, Run]

    @property
    def exact(self) -> np.ndarray:
        """The first samples in float64, on the processor."""
        x, y = (array[:CHECKED].astype(float) for array in self.features)
        return np.asarray(self.product(x, y), float)

    def errors(self) -> dict[str, float]:
        """How far each kernel is from the processor."""
        exact = self.exact
        size = np.linalg.norm(exact) or 1.0
        return {
            name: float(np.linalg.norm(first_samples(run, self.z) - exact) / size) for name, run in self.runs.items()
        }


def kernels(name: str, product: Product, dtype: np.dtype, channels: int, batch: int, simulate: bool) -> Measured:
    """The kernels of a product on random features."""
    random = np.random.default_rng(product.lmax[0])
    some = [random.standard_normal((min(batch, 4096), *axes, channels)).astype(dtype) for axes in product.shapes]
    x, y, z = (np.resize(s, (batch, *s.shape[1:])) for s in some)
    on_device, out = [cuda.to_device(array) for array in (x, y)], cuda.to_device(np.full_like(z, np.nan))
    device, few = "cpu" if simulate else "cuda", operations(product, dtype) <= STRAIGHT
    routes = ("straight", "loops") if few and not simulate else ("loops",)
    runs = found(own, name, product, *on_device, out, routes)
    if few:
        runs |= found(triton_kernels, name, product, x, y, device)
    return Measured(product, (x, y), out, runs)


@lru_cache(maxsize=256)
def operations(product: Product, dtype: np.dtype) -> int:
    """The operations of the program without loops."""
    return straight_program(product, dtype).operations


def right(error: float, dtype: Any) -> bool:
    """Whether an error is one of rounding; of NaN it is not."""
    return bool(error < RIGHT * np.finfo(dtype).eps)


def first_samples(run: Run, z: Any) -> np.ndarray:
    """The first samples of what a function computes, in float64."""
    result = run()
    if result is z:
        return np.asarray(z[:CHECKED].copy_to_host(), float)
    result = run.features(result[:CHECKED]) if isinstance(run, Foreign) else result[:CHECKED]
    return np.asarray(result.detach().cpu(), float)

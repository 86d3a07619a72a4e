"""Products on a CUDA device."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from coupling.backends.bound import require_device_product
from coupling.backends.cuda.loops import cuda, matrix_kernel, sparse_kernel, sphere_kernel, tile_lanes
from coupling.backends.cuda.sphere import sphere_arrays
from coupling.backends.cuda.straight import available, launcher
from coupling.backends.cuda.tables import matrix_arrays, sparse_arrays
from coupling.memory import float_type, native
from coupling.portable import Kept, Portable
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product
from coupling.products.spherical import Spherical
from coupling.products.vector_signal import VectorSignal

#: Numbers, see ``live_numbers``, of 4 and 8 bytes, that the compiler spills few of: the sparse product, a Gaunt product
#: and a bracket to degree 6 in float32 and 4 in float64, the matrix product to dimension 10 and 6, fields to degree 3
#: and 2 (docs/benchmarks/gpu-compiled.md).
REGISTERS: dict[type[Product], dict[int, int]] = {
    ClebschGordan: {4: 147, 8: 75},
    MatrixProduct: {4: 300, 8: 108},
    Spherical: {4: 147, 8: 75},
    VectorSignal: {4: 144, 8: 81},
}
#: Threads of a block of loops.
THREADS = 256

Launch = Callable[[Any, Any, Any, int], None]


class CudaProduct(Portable):
    """A product of features on a CUDA device, with its derivatives.

    product : a ``ClebschGordan`` (of any normalization, table and weights), a ``MatrixProduct``, a ``Gaunt``,
        ``AntisymmetricGaunt`` or ``VectorSignal`` product, channels last
    route : "straight": a program without loops, compiled by NVRTC for this product, features in registers and
        coefficients in its instructions; "loops": kernels of numba-cuda that read tables, for any degree; by default
        "straight" where NVRTC is and registers suffice (sparse, Gaunt and bracket: degree 6 in float32, 4 in float64;
        matrix: 9 and 5; fields: 3 and 2)

    Features are float32 or float64 arrays [..., (lmax+1)², channels] ([..., components, (lmax+1)², channels] for a
    ``VectorSignal``) on the device: of numba, CuPy, torch, or anything with ``__cuda_array_interface__``, C-contiguous
    and of one shape but for the entries.  Arrays of numpy are copied there.  The result is an array of numba on the
    device, unless ``out`` is given.  Coefficients are copied to the device once, when a type is first met.

    Needs numba's CUDA target, best the package numba-cuda (extra ``cuda``); with NUMBA_ENABLE_CUDASIM=1 loops run on a
    processor, for tests.  Raises ValueError or TypeError for a product, route or features that do not fit.

    >>> from coupling.products import ClebschGordan
    >>> CudaProduct(ClebschGordan(1, 1, 2), route="loops").turn().product.lmax
    (1, 2, 1)
    """

    def __init__(self, product: Product, *, route: str | None = None) -> None:
        require_device_product(product, route)
        self.product, self.route = product, route
        self._launches = Kept()

    def turn(self) -> CudaProduct:
        """Return the product (y, z) → x of the same trilinear form."""
        return self._turned

    @cached_property
    def _turned(self) -> CudaProduct:
        return CudaProduct(self.product.turn(), route=self.route)

    def __call__(self, x: Any, y: Any, out: Any = None, *, stream: int = 0) -> Any:
        """Return the product of x and y, in ``out`` if that is given; stream is the handle of a CUDA stream."""
        first, second = (_on_device(array) for array in (x, y))
        shape = self._shape(first, second)
        result = cuda.device_array(shape, first.dtype) if out is None else _on_device(out)
        if tuple(result.shape) != shape or result.dtype != first.dtype:
            raise ValueError(f"out must be {first.dtype} of shape {shape}, got {result.dtype} of shape {result.shape}")
        batch = math.prod(shape[: -1 - len(self.product.shapes[2])])
        arrays = zip((first, second, result), self.product.sizes, strict=True)
        a, b, c = (t.reshape(batch, size, shape[-1]) for t, size in arrays)
        if result.size:
            self._launch(first.dtype, shape[-1])(a, b, c, stream)
        return result if out is None else out

    def vjp(self, x: Any, y: Any, cotangent: Any, *, stream: int = 0) -> tuple[Any, Any]:
        """Return the gradients of Σ cotangent · (x, y) in x and in y."""
        once = self.turn()
        return once(y, cotangent, stream=stream), once.turn()(cotangent, x, stream=stream)

    def route_of(self, dtype: object) -> str:
        """Return the route that features of a type take.

        >>> from coupling.products import MatrixProduct
        >>> CudaProduct(MatrixProduct(12, 12, 12)).route_of("float32")
        'loops'
        """
        kind = float_type(dtype)
        limits = next(limits for one, limits in REGISTERS.items() if isinstance(self.product, one))
        fits = available() and live_numbers(self.product) <= limits[kind.itemsize]
        return self.route or ("straight" if fits else "loops")

    def _shape(self, x: Any, y: Any) -> tuple[int, ...]:
        """Return the shape of the product after checking both inputs."""
        shapes = [tuple(array.shape) for array in (x, y)]
        for slot, (array, shape) in enumerate(zip((x, y), shapes, strict=True)):
            if array.dtype not in (np.float32, np.float64):
                raise TypeError(f"input {slot + 1} must be float32 or float64, got {array.dtype}")
            self.product.require_entries(slot, shape)
            if not array.is_c_contiguous():
                raise ValueError(f"input {slot + 1} must be C-contiguous, got strides {array.strides}")
        leads = [shape[: -1 - len(axes)] for shape, axes in zip(shapes, self.product.shapes, strict=False)]
        if (x.dtype, leads[0], shapes[0][-1]) != (y.dtype, leads[1], shapes[1][-1]):
            found = f"{x.dtype} {shapes[0]} and {y.dtype} {shapes[1]}"
            raise ValueError(f"inputs must be of one type and of one shape but for their entries, got {found}")
        return (*leads[0], *self.product.shapes[2], shapes[0][-1])

    def _launch(self, dtype: np.dtype[Any], channels: int) -> Launch:
        """Return what launches the kernel for a type and number of channels."""
        key = dtype, channels
        if key not in self._launches:
            make = launcher if self.route_of(dtype) == "straight" else loops
            self._launches[key] = make(self.product, dtype, channels)
        return self._launches[key]


def live_numbers(product: Product) -> int:
    """Return how many numbers a program without loops works on: three matrices, three fields for each slot, or x, y, z.

    >>> live_numbers(MatrixProduct(4, 4, 4)), live_numbers(VectorSignal(1, 1, 1)), live_numbers(ClebschGordan(1, 1, 2))
    (75, 36, 17)
    """
    if isinstance(product, MatrixProduct):
        return 3 * matrix_dimension(product) ** 2
    return 3 * sum((l + 1) ** 2 for l in product.lmax) if isinstance(product, VectorSignal) else sum(product.sizes)


def matrix_dimension(product: MatrixProduct) -> int:
    """Return n = 2j+1.

    >>> matrix_dimension(MatrixProduct(4, 4, 4))
    5
    """
    return round(2 * product.spin) + 1


def loops(product: Product, dtype: np.dtype[Any], channels: int) -> Launch:
    """Return what launches the kernel of loops; tables are copied to the device here."""
    if isinstance(product, ClebschGordan):
        kernel, numbers = sparse_kernel(dtype), sum(product.sizes[:2])
        tile = tile_lanes(numbers, dtype.itemsize)
        outputs, runs, left, right, values = sparse_arrays(product, dtype)
        arrays: tuple[Any, ...] = outputs, runs, left * np.uint32(tile), right * np.uint32(tile), values
    elif isinstance(product, MatrixProduct):
        kernel, numbers = matrix_kernel(dtype), 3 * matrix_dimension(product) ** 2
        tile = tile_lanes(numbers, dtype.itemsize)
        arrays = matrix_arrays(product, dtype)
    elif isinstance(product, Spherical | VectorSignal):
        sphere = sphere_arrays(product, dtype)
        kernel, numbers = sphere_kernel(dtype), sphere.begins.size - 1 + 2 * len(sphere.results)
        tile, arrays = tile_lanes(numbers, dtype.itemsize), sphere
    arguments = [cuda.to_device(array) for array in arrays]
    block = tile, THREADS // tile

    def launch(x: Any, y: Any, z: Any, stream: int) -> None:
        lanes = z.shape[0] * z.shape[2]
        queue = cuda.external_stream(stream) if stream else 0
        kernel[-(-lanes // tile), block, queue, numbers * tile * dtype.itemsize](x, y, z, lanes, *arguments)

    return launch


def _on_device(array: Any) -> Any:
    """Return an array of numba that shares the memory of a device array, or a copy of an array of numpy."""
    if hasattr(array, "__cuda_array_interface__"):
        return cuda.as_cuda_array(array)
    return cuda.to_device(np.ascontiguousarray(native(array))) if isinstance(array, np.ndarray | list) else array

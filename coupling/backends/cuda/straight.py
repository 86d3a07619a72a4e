"""Launching programs without loops, which NVRTC compiles for one product, type and number of channels."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from coupling.backends.cuda.source import cuda_source
from coupling.products.product import Product

#: Threads of a block.
THREADS = 128


@cache
def available() -> bool:
    """Return whether NVRTC can be reached through the package cuda-core and a device is there.

    >>> available() in (True, False)
    True
    """
    from numba import cuda

    simulated = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")
    found = find_spec("cuda") is not None and find_spec("cuda.core") is not None
    return found and not simulated and bool(cuda.is_available())


def object_code(source: str, architecture: str, channels: int) -> Any:
    """Return the object code of ``cuda_source`` for an architecture such as "sm_90"; no device is needed."""
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(arch=architecture, std="c++17", define_macro=("COUPLING_CHANNELS", str(channels)))
    return Program(source, "c++", options).compile("cubin")


def launcher(product: Product, dtype: np.dtype[Any], channels: int) -> Callable[[Any, Any, Any, int], None]:
    """Return what launches the program on the current device: a function of x, y, z and the handle of a stream."""
    from cuda.core import LEGACY_DEFAULT_STREAM, Device, LaunchConfig, Stream, launch

    device = Device()
    device.set_current()
    kernel = object_code(cuda_source(product, dtype), f"sm_{device.arch}", channels).get_kernel("coupling_product")

    def run(x: Any, y: Any, z: Any, stream: int) -> None:
        lanes = z.shape[0] * z.shape[2]
        pointers = [array.__cuda_array_interface__["data"][0] for array in (x, y, z)]
        config = LaunchConfig(grid=min(-(-lanes // THREADS), 2**31 - 1), block=THREADS)
        queue = Stream.from_handle(stream) if stream else LEGACY_DEFAULT_STREAM
        launch(queue, config, kernel, *pointers, np.int64(lanes), np.int32(channels))

    return run

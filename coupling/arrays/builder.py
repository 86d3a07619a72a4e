"""Build the arrays of a name or request."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType

from coupling.arrays.arrays import Arrays
from coupling.arrays.encoders import build_encoders, build_normalizations
from coupling.arrays.fourier import build_fourier
from coupling.arrays.grid import build_grid
from coupling.arrays.reader import KIND
from coupling.arrays.request import GRIDS, ArraysRequest, request_of
from coupling.arrays.rotations import build_rotations
from coupling.files.container import file_name
from coupling.files.reader import load_file
from coupling.files.sources import describe
from coupling.floating_point import default_rounding
from coupling.quoted import quoted

BUILDERS = {
    **dict.fromkeys(GRIDS, build_grid),
    "fourier": build_fourier,
    "matrix": build_encoders,
    "normalization": build_normalizations,
    "rotation": build_rotations,
}


@default_rounding()
def build_arrays(
    request: ArraysRequest | str, output: str | os.PathLike[str] | None = None, *, force: bool = False
) -> Arrays:
    """Return arrays, each number rounded once from its exact value; a request, or its name.

    output : the file ``<name>.safetensors`` that holds them then; force : over any file

    Raises ValueError for a name or option that does not exist, ArithmeticError for a number that the type cannot hold.

    >>> build_arrays("fourier-l2-float32")
    Arrays('fourier-l2-float32': series [6, 3])
    """
    wanted = requested(request) if isinstance(request, str) else request
    made = BUILDERS[wanted.kind](wanted)
    arrays = {tensor.name: made[tensor.name] for tensor in wanted.tensors}
    built = Arrays(wanted, MappingProxyType(describe(KIND, wanted)), MappingProxyType(arrays))
    if output is None:
        return built
    target = Path(output)
    if target.name != file_name(wanted.name):
        raise ValueError(f"the file of these arrays is called {file_name(wanted.name)}, got {quoted(target.name)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    return load_file(KIND, built.save(target.parent, force=force))


def requested(name: str) -> ArraysRequest:
    """Return the request that a name stands for, or raise ValueError.

    >>> requested("fourier-l2").kind
    'fourier'
    """
    request = request_of(name)
    if request is None:
        raise ValueError(f"unknown grid or transform {quoted(name)}; names look like lebedev-l8, matrix-l4-float32")
    return request

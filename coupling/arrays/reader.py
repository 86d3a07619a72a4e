"""From a file to arrays, with numpy and the standard library alone."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType

from coupling.arrays.arrays import Arrays
from coupling.arrays.metadata import SCHEMA_VERSION, check_metadata
from coupling.arrays.request import KINDS, ArraysRequest, request_of
from coupling.arrays.values import check_values
from coupling.quoted import quoted
from coupling.tables.cache import cache_folder, cached, refused
from coupling.tables.errors import TableError
from coupling.tables.format import Content, check_checksum, read
from coupling.tables.manifest import check_digest, shipped_file
from coupling.tables.request import file_name


def load_arrays(name: str | os.PathLike[str], *, verify: bool = True, mapped: bool = True) -> Arrays:
    """Return the arrays of a file, memory-mapped and read-only: grids, transforms, encoders, normalizations.

    name : "gauss_legendre-l8", "lebedev-l8", "design-l8": grids with points, weights, harmonics to degree 8 and their
        gradients, exact to degree 24; "fourier-l8": harmonics as double Fourier series; "matrix-l8": encoders and
        decoders of the matrix product; "normalization-l12".  Options follow, as in "lebedev-l8-d20-x8-float32": see
        :mod:`coupling.arrays.request`.  Or the path of a ``.safetensors`` file.
    verify : False leaves out the checks that read every byte
    mapped : False reads the file into memory, once; see :func:`coupling.load`

    Some are shipped, the others are built when they are asked for and kept in the user's cache folder,
    ``coupling.tables.cache.cache_folder()``.  Nothing else is ever written.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another schema, or not
    what it says it is; FileNotFoundError for a name or file that does not exist; ValueError for degrees and options
    that do not exist, OSError where nothing can be written.

    >>> import numpy as np
    >>> grid = load_arrays("gauss_legendre-l4")
    >>> x = np.random.default_rng(0).normal(size=25)
    >>> values, constant = grid["harmonics"] @ x, np.sqrt(4 * np.pi) * grid["harmonics"][:, 0]
    >>> np.allclose(grid["analysis"] @ (values * constant), x)    # the product with 1
    True
    """
    if not isinstance(name, str) or Path(name).name != name or name.endswith(".safetensors"):
        return _load_file(Path(name), verify, mapped)
    name = name.replace("gauss-legendre", "gauss_legendre", 1)
    request = request_of(name)
    if request is None:
        raise FileNotFoundError(
            f"no arrays are called {quoted(name)}; names are {', '.join(f'{kind}-l<N>' for kind in KINDS)}, with "
            "options, such as lebedev-l8-d20-float32; a path ends in .safetensors"
        )
    path, entry = shipped_file(name, "arrays")
    if path is None:
        return _load_cached(request, verify, mapped)
    if verify:
        check_digest(path, entry)
    return _load_file(path, verify, mapped)


def _load_file(path: Path, verify: bool, mapped: bool) -> Arrays:
    if not path.exists():
        raise FileNotFoundError(f"there is no file of arrays {path}")
    content = read(path, verify=False, mapped=mapped)
    request = check_metadata(str(path), content.metadata)
    if path.name != file_name(request.name):
        raise TableError(path, "name", f"{file_name(request.name)}, the name in its metadata", path.name)
    _check_arrays(path, request, content)
    arrays = {tensor.name: content.arrays[tensor.name] for tensor in content.tensors}
    if verify:
        check_checksum(path, content)
        check_values(path, request, arrays)
    return Arrays(request, MappingProxyType(content.metadata), MappingProxyType(arrays))


def _check_arrays(path: Path, request: ArraysRequest, content: Content) -> None:
    expected = request.tensors
    for found, wanted in zip(content.tensors, expected, strict=False):
        if found != wanted:
            raise TableError(path, f"array {found.name}", wanted, found)
    if len(content.tensors) != len(expected):
        raise TableError(path, "arrays", [t.name for t in expected], [t.name for t in content.tensors])


def _load_cached(request: ArraysRequest, verify: bool, mapped: bool) -> Arrays:
    path = cached_arrays(request)
    try:
        return _load_file(path, verify, mapped)
    except TableError as error:
        raise refused(error) from None


def cached_arrays(request: ArraysRequest) -> Path:
    """Return the file of some arrays in the cache, built now if it is not there."""
    folder = cache_folder(SCHEMA_VERSION)

    def make() -> None:
        from coupling.arrays.builder import build_arrays

        build_arrays(request).save(folder)

    return cached(folder / file_name(request.name), make)

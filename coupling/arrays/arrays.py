"""Named arrays in memory, with their metadata."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from coupling.arrays.request import ArraysRequest
from coupling.files import checks
from coupling.files.container import file_name
from coupling.portable import Portable
from coupling.quoted import quoted

if TYPE_CHECKING:
    from coupling.files.report import Report


@dataclass(frozen=True, eq=False, repr=False)
class Arrays(Portable, Mapping[str, NDArray[Any]]):
    """Named, read-only arrays of one file: a mapping from names to arrays.  A pickle or a deep copy needs no file.

    request : the request that the arrays answer
    metadata : that of the file; ``metadata["arrays"]`` has a sentence for each array, ``metadata["facts"]`` numbers
        such as the degree to which a grid integrates exactly

    >>> import numpy as np
    >>> from coupling.arrays import build_arrays
    >>> grid = build_arrays("gauss_legendre-l1")
    >>> grid
    Arrays('gauss_legendre-l1': points [16, 3], angles [16, 2], weights [16], harmonics [16, 4], gradient_theta [16, 4],
           gradient_phi [16, 4], analysis [4, 16], legendre [2, 3], legendre_theta [2, 3], legendre_phi [2, 3],
           legendre_weights [2], fourier [4, 3])
    >>> grid["weights"].sum() / np.pi, grid.metadata["facts"]["degree"]
    (np.float64(4.0), 3)
    """

    request: ArraysRequest
    metadata: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        for array in self.arrays.values():
            array.flags.writeable = False

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise KeyError(f"{self.request.name} has no array {quoted(name)}; it has {', '.join(self.arrays)}")
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in self.arrays.items())
        return f"Arrays({self.request.name!r}: {shapes})"

    @property
    def held(self) -> Mapping[str, NDArray[Any]]:
        """The arrays under their names in a file, in its order."""
        return self.arrays

    def save(self, folder: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the arrays to ``<name>.safetensors`` in a folder and return where; the name is that of the request.

        Raises FileExistsError for a file that is there and holds no arrays, or is of a newer schema, unless ``force``.
        """
        from coupling.files.atomic import write

        target, tensors = Path(folder) / file_name(self.request.name), self.request.tensors
        write(target, self.metadata, tensors, [self.arrays[t.name] for t in tensors], force=force)
        return target

    def check(self) -> Report:
        """Check the arrays against what they should be; see :func:`coupling.arrays.check.check`."""
        return checks("arrays", self)

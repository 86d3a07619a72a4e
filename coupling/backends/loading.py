"""The coefficients of a table as flat arrays, in the convention of a program, for any framework."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.export import list_table
from coupling.floating_point import stored
from coupling.foreign import Convention
from coupling.tables import Table, load


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Coefficients that are not zero, as arrays of one framework.

    paths [P, 3] : degrees (l1, l2, l3)
    path [E] : which path an entry belongs to
    input1, input2, output [E] : flat indices, l² + place of m in the convention
    values [E] : each rounded once from its exact number; without the i of an imaginary family
    sizes : the numbers of flat indices of the three slots
    """

    paths: Any
    path: Any
    input1: Any
    input2: Any
    output: Any
    values: Any
    sizes: tuple[int, int, int]


def read_coefficients(
    table: Table | str | os.PathLike[str],
    convert: Callable[[NDArray[Any], str], Any],
    convention: Convention | str = "coupling",
    family: str = CORE,
    order: str = "path",
    dtype: str = "float64",
) -> Coefficients:
    """Return coefficients with arrays made by convert(array, dtype), dtype "int64" or that of the values.

    bfloat16 is given as the upper 16 bits of float32.  Arguments as for :func:`coupling.export.list_table`; a
    table may be a name or a file, which is verified.

    >>> found = read_coefficients("real-l4", lambda array, dtype: array, "e3x", order="output", dtype="float32")
    >>> found.values.dtype, found.output[:6], found.sizes
    (dtype('float32'), array([0, 0, 0, 0, 0, 0]), (25, 25, 25))
    """
    held = table if isinstance(table, Table) else load(table)
    listing = list_table(held, convention, family, order, dtype)
    input1, input2, output = (convert(np.ascontiguousarray(listing.index[:, slot]), "int64") for slot in range(3))
    paths, path = convert(listing.paths.astype(np.int64), "int64"), convert(listing.path, "int64")
    values = convert(stored(listing.values, dtype), dtype)
    return Coefficients(paths, path, input1, input2, output, values, listing.sizes)

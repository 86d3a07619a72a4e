"""The shipped arrays: every name in ``arrays.toml`` of a folder becomes a checked file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coupling.arrays.arrays import Arrays
from coupling.arrays.builder import build_arrays, shipped_names
from coupling.arrays.check import check
from coupling.arrays.metadata import describe
from coupling.arrays.reader import load_arrays
from coupling.arrays.request import ArraysRequest, request_of
from coupling.quoted import quoted
from coupling.tables.check import Report
from coupling.tables.errors import TableError
from coupling.tables.manifest import manifest_entry
from coupling.tables.request import file_name


@dataclass(frozen=True)
class ArraysOutcome:
    """Arrays that were asked for: their file, whether it was built just now and how long that took, their checks."""

    arrays: Arrays
    file: Path
    built: bool
    seconds: float
    report: Report

    @property
    def entry(self) -> tuple[str, dict[str, Any]]:
        """Name and entry of the manifest."""
        return self.arrays.request.name, manifest_entry(self.file, self.arrays.metadata)


def build_shipped(folder: Path, force: bool = False) -> Iterator[ArraysOutcome]:
    """Build, unless they are up to date, and check the arrays of a folder, one after the other."""
    for name in shipped_names(folder):
        request = request_of(name)
        if request is None:
            raise ValueError(f"{folder / 'arrays.toml'}: no arrays are called {quoted(name)}")
        file, start = folder / "data" / file_name(name), time.perf_counter()
        arrays = None if force else _up_to_date(request, file)
        built = arrays is None
        if arrays is None:
            file.parent.mkdir(parents=True, exist_ok=True)
            build_arrays(request).save(file.parent, force=force)
            arrays = load_arrays(file)
        seconds = time.perf_counter() - start
        yield ArraysOutcome(arrays, file, built, seconds, check(arrays, rebuilt=not built))


def _up_to_date(request: ArraysRequest, file: Path) -> Arrays | None:
    """Return the arrays of a file that is sound and is what these sources would build, or None.

    Where other sources of this version have built it, their numbers must be those of these sources.
    """
    try:
        arrays = load_arrays(file)
    except (FileNotFoundError, TableError):
        return None
    differ = {key for key, value in describe(request).items() if arrays.metadata[key] != value}
    return arrays if not differ or (differ == {"builder"} and _same_numbers(arrays, build_arrays(request))) else None


def _same_numbers(left: Arrays, right: Arrays) -> bool:
    return all(np.array_equal(left[name].view(np.uint8), right[name].view(np.uint8)) for name in right)

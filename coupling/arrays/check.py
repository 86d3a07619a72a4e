"""Checks of arrays: a new computation gives the same bits, and a grid integrates to its stated degree.

The second check knows nothing of how arrays are made: harmonics at the points are those of ``coupling.sphere``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coupling.arrays.arrays import Arrays
from coupling.arrays.builder import build_arrays
from coupling.arrays.request import GRIDS
from coupling.arrays.values import check_values
from coupling.files import TableError
from coupling.files.report import Check, Report
from coupling.floating_point import BINARY_FORMATS, as_doubles
from coupling.sphere import gradients, harmonics


def check(arrays: Arrays, full: bool = False, *, rebuilt: bool = True) -> Report:
    """Check arrays and return the report; without ``rebuilt``, those that have just been built.

    All numbers are compared, ``full`` or not.

    >>> check(build_arrays("design-l1"))  # doctest: +ELLIPSIS
    Arrays('design-l1': points [16, 3], angles [16, 2], weights [16], harmonics [16, 4], ...
      ok      structure              352 cases   finite numbers, arrays that fit each other
      ok      rebuilt                352 cases   equal to a new computation, bit by bit
      ok      exactness               16 cases   harmonics to degree 3, largest integral ...
      ok      harmonics               72 cases   values and gradients as coupling.sphere has them, largest deviation ...
    """
    checks = [_structure(arrays), *([_rebuilt(arrays)] if rebuilt else [])]
    if arrays.request.kind in GRIDS:
        checks += [_exactness(arrays), _harmonics(arrays)]
    return Report(repr(arrays), tuple(checks))


def _structure(arrays: Arrays) -> Check:
    cases = sum(array.size for array in arrays.values())
    try:
        check_values(Path(arrays.request.name), arrays.request, arrays.arrays)
    except TableError as error:
        return Check("structure", False, cases, str(error))
    return Check("structure", True, cases, "finite numbers, arrays that fit each other")


def _rebuilt(arrays: Arrays) -> Check:
    again = build_arrays(arrays.request)
    wrong = [name for name in arrays if not np.array_equal(arrays[name], again[name])]
    cases = sum(array.size for array in arrays.values())
    detail = f"{wrong} differ" if wrong else "equal to a new computation, bit by bit"
    return Check("rebuilt", not wrong, cases, detail)


def _doubles(arrays: Arrays, name: str) -> np.ndarray:
    return as_doubles(arrays[name], arrays.request.dtype)


def _exactness(arrays: Arrays) -> Check:
    """Σ_p w_p R_lm(p) = √4π δ_l0 for all degrees to that of the grid, and Σ w R_lm R_l'm' = δ for l + l' within it."""
    request, n = arrays.request, arrays.metadata["facts"]["points"]
    theta, phi = _doubles(arrays, "angles")[:n].T
    integrals = _doubles(arrays, "weights")[:n] @ harmonics(request.reached, theta.clip(0, np.pi), phi)
    integrals[0] -= np.sqrt(4 * np.pi)
    worst = float(abs(integrals).max())
    bound = 64 * BINARY_FORMATS[request.dtype].unit * (1 + request.reached)
    detail = f"harmonics to degree {request.reached}, largest integral {worst:.1e}"
    return Check("exactness", worst <= bound, len(integrals), detail)


def _harmonics(arrays: Arrays) -> Check:
    request, n = arrays.request, arrays.metadata["facts"]["points"]
    theta, phi = _doubles(arrays, "angles")[:n].T
    theta = theta.clip(0, np.pi)
    expected = [harmonics(request.lmax, theta, phi), *gradients(request.lmax, theta, phi)]
    found = [_doubles(arrays, name)[:n] for name in ("harmonics", "gradient_theta", "gradient_phi")]
    worst = max(float(abs(f - e).max()) for f, e in zip(found, expected, strict=True))
    # an angle is off by a rounding, and derivatives grow as l²; points of narrow types are off by their rounding
    bound = 64 * BINARY_FORMATS[request.dtype].unit * (1 + request.lmax) ** 3
    detail = f"values and gradients as coupling.sphere has them, largest deviation {worst:.1e}"
    return Check("harmonics", worst <= bound, sum(f.size for f in found), detail)

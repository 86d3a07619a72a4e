"""Options of a tabulation: the array that receives the values, and the bound behind the test of rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coupling.quoted import quoted

Floats = NDArray[np.float64]

#: Bound of the relative error before the last rounding; docs/decisions/0009-rounding.md derives it.
ERROR = 2.0**-96

NAMES, DEFAULTS = ("basis", "parity", "workers", "error", "out"), ("real", "all", 1, ERROR, None)


def checked_out(out: object, entries: int) -> Floats:
    """Return an array of the caller as a plain one, or raise."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a float64 array of shape ({entries},), got {type(out).__name__} {quoted(out)}")
    if out.dtype != np.float64 or out.shape != (entries,):
        raise ValueError(f"out must be a float64 array of shape ({entries},), got {out.dtype} of shape {out.shape}")
    if not (out.flags.c_contiguous and out.flags.writeable and out.flags.aligned):
        raise ValueError("out must be contiguous, aligned and writeable, got an array that is not")
    return np.asarray(out)


def checked_error(error: object) -> float:
    """Return the bound of the relative error of the kernels as a float, or raise."""
    if isinstance(error, bool) or not isinstance(error, (int, float)):
        raise TypeError(f"error must be a number, got {type(error).__name__} {error!r}")
    if not ERROR <= error < 1:
        raise ValueError(f"error must be at least {ERROR!r}, the proven bound, and below 1, got {error!r}")
    return float(error)


def only_defaults(family: object, *options: object) -> None:
    """Raise ValueError unless the options of a tabulation have their defaults: symbols of recoupling take none.

    >>> only_defaults("wigner_6j", "real", "even", 1, ERROR, None)
    Traceback (most recent call last):
    ValueError: 'wigner_6j' is tabulated with lmax and half_integers alone, got parity='even'
    """
    for name, value, default in zip(NAMES, options, DEFAULTS, strict=True):
        if value is not default and (isinstance(value, np.ndarray) or value != default):
            raise ValueError(
                f"{quoted(family)} is tabulated with lmax and half_integers alone, got {name}={quoted(value)}"
            )

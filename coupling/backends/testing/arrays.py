"""Arrays of numpy, torch and JAX as double-precision arrays of numpy, and back."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


def framework_of(value: Any) -> str:
    """Return "torch", "jax" or "numpy", whose array this is.

    >>> framework_of(np.ones(3))
    'numpy'
    """
    root = type(value).__module__.split(".")[0]
    return {"torch": "torch", "jax": "jax", "jaxlib": "jax"}.get(root, "numpy")


def to_numpy(value: Any) -> NDArray[Any]:
    """Return an array as one of numpy, without its history.

    >>> to_numpy([1.0])
    array([1.])
    """
    return np.asarray(value.detach().cpu() if framework_of(value) == "torch" else value)


def like(array: NDArray[Any], value: Any) -> Any:
    """Return an array of numpy as one of the framework, type and device of another.

    >>> like(np.ones(1), np.zeros(2, np.float32))
    array([1.], dtype=float32)
    """
    kind = framework_of(value)
    if kind == "torch":
        return import_module("torch").tensor(np.ascontiguousarray(array), dtype=value.dtype, device=value.device)
    if kind == "jax":
        return import_module("jax.numpy").asarray(array, dtype=value.dtype)
    return np.asarray(array, np.asarray(value).dtype)


def magnitude(values: Any) -> float:
    """Return the largest magnitude, infinite where something is no number.

    >>> magnitude(np.array([1.0, -2.0])), magnitude(np.array([1, np.nan])), magnitude(np.array([]))
    (2.0, inf, 0.0)
    """
    array = np.abs(np.asarray(values, np.float64))
    if not array.size:
        return 0.0
    return float(array.max()) if np.isfinite(array).all() else float("inf")

"""The array libraries that are installed, and features in them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[Any]
LIBRARIES = ("numpy", "array_api_strict", "torch", "jax")


class Library(NamedTuple):
    """A library: from numpy to its arrays, and what makes a function of arrays fast enough to test."""

    array: Callable[[Array], Any]
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]]


@contextmanager
def library(name: str) -> Iterator[Library]:
    """Give a library, JAX with float64; skip where it is missing."""
    pytest.importorskip(name)
    module = importlib.import_module(name)
    if name == "jax":
        with module.enable_x64(True):
            yield Library(importlib.import_module("jax.numpy").asarray, module.jit)
    else:
        yield Library(module.from_numpy if name == "torch" else module.asarray, lambda function: function)


def to_numpy(array: Any) -> Array:
    """Return an array of any library as one of numpy."""
    detached = array.detach() if hasattr(array, "detach") else array
    return np.asarray(np.from_dlpack(detached) if hasattr(detached, "__dlpack__") else detached)


def features(sizes: tuple[int, ...], *shape: int, dtype: type = np.float64, seed: int = 0) -> list[Array]:
    """Random features [*shape[:-1], size, shape[-1]] for each size."""
    random = np.random.default_rng(seed)
    return [random.standard_normal((*shape[:-1], size, shape[-1])).astype(dtype) for size in sizes]

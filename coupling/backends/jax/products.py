"""The products as callables of JAX."""

from __future__ import annotations

import inspect
from typing import Any

import jax.numpy as jnp
import numpy as np

from coupling.backends.bound import Bound, example_shapes, single_of
from coupling.backends.jax.rules import compute, product, weighted_product
from coupling.memory import native
from coupling.products.clebsch_gordan import ClebschGordan as Sparse
from coupling.products.form import KINDS, described
from coupling.products.separate import separate_rows

Array = Any

#: What a constructor takes besides the arguments of the form.
FORWARD = inspect.Parameter("forward_mode", inspect.Parameter.KEYWORD_ONLY, default=False, annotation="bool")

TEXT = """Here for JAX: arrays of any leading axes, weights of a call and their derivatives as in
:mod:`coupling.backends.bound`.  The arithmetic is float32, or float64 (with jax_enable_x64) if an input is; inputs of
float16 and bfloat16 are converted to float32 first, and the output is rounded once to the common type of x and y.
forward_mode: derivatives by JAX's own rules, in both modes, instead of ``jax.custom_vjp``."""


class JaxProduct(Bound):
    """What the products have in common: ``product(x, y, weights=None)`` on arrays of JAX."""

    xp = jnp

    def __init__(self, *arguments: Any, forward_mode: bool = False, **options: Any) -> None:
        self.forward_mode = forward_mode
        made = self._bind(arguments, options)
        self._rows = separate_rows(made.paths, self.lmax[2]) if isinstance(made, Sparse) else None

    def __repr__(self) -> str:
        degrees = ", ".join(map(str, self.lmax))
        return f"{type(self).__name__}({degrees}, layout={self.layout!r}, forward_mode={self.forward_mode})"

    def __call__(self, x: Array, y: Array, weights: Any = None) -> Array:
        """Return the product of x and y, with weights in the place of its own."""
        if weights is not None:
            weights = _arrays(weights)
        return self._call(_array(x), _array(y), weights)

    def _product(self, form: str, x: Array, y: Array) -> Array:
        return compute(form, 0, x, y) if self.forward_mode else product(form, 0, x, y)

    def _weighted(self, x: Array, y: Array, weights: Array) -> Array:
        function = compute if self.forward_mode or not self._separate else weighted_product
        return function(self.form, 0, x, y, weights)

    def _summed(self, separate: Array, weights: Array) -> Array:
        return self._rows.summed(jnp, separate, weights)  # type: ignore[union-attr]

    def _cast(self, value: Any, dtype: Any) -> Array:
        return jnp.asarray(value).astype(dtype)

    def _like(self, value: Any, other: Array) -> Array:
        return jnp.asarray(value, other.dtype)

    def _require_floating(self, value: Array, slot: int) -> None:
        if not jnp.issubdtype(value.dtype, jnp.floating):
            raise TypeError(f"input {slot + 1} must be real floating, got {value.dtype}")


def _array(value: Any) -> Array:
    """Return an array of JAX; JAX itself refuses those of numpy that are in another byte order."""
    return jnp.asarray(native(value) if isinstance(value, np.ndarray) else value)


def _arrays(weights: Any) -> Any:
    """Return weights of any structure as arrays of JAX."""
    if isinstance(weights, dict):
        return {name: [_array(w) for w in three] for name, three in weights.items()}
    if isinstance(weights, list | tuple) and np.ndim(weights[0]) > 0:
        return [_array(w) for w in weights]
    return _array(weights)


def constructor(kind: str) -> Any:
    """Return the class of the products of one kind.

    >>> constructor("Gaunt")(1, 1, 2)(jnp.ones((5, 4, 3)), jnp.ones((4, 1))).shape
    (5, 9, 3)
    """
    x, y = example_shapes(kind)
    example = f">>> {kind}(2, 1, 2)(jnp.ones({x}), jnp.ones({y})).shape[0]\n5"
    made = type(kind, (JaxProduct,), {"kind": kind, **single_of(kind)})
    return described(made, kind, __name__, f"{TEXT}\n\n{example}", (FORWARD,))


(
    AntisymmetricGaunt,
    ClebschGordan,
    FactoredProduct,
    FullProduct,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
    Simulation,
    VectorSignal,
) = map(constructor, KINDS)

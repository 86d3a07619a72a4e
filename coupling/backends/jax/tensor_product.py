"""The tensor product of irreps for JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from coupling.memory import native
from coupling.products.tensor_product import TensorProduct as Irrepwise

Array = Any


class TensorProduct:
    """The tensor product of features of irreps, :class:`coupling.products.TensorProduct`, on arrays of JAX.

    Arguments and options are those of that class; ``channelwise``, ``full`` and ``elementwise`` exist here too.
    ``product(x, y, weights)`` takes x [..., dim], y [..., dim] and weights [weight_count] or [..., weight_count].
    Every operation is one of ``jax.numpy`` at the precision "highest", so ``jit``, ``vmap`` and derivatives of any
    order and mode are those of JAX.  The arithmetic is float32, or float64 (with jax_enable_x64) if an input is;
    float16 and bfloat16 are converted to float32 first, and the output is rounded once to the common type of x and y.
    With basis "complex", x and y are complex, weights real or complex; ``jax.grad`` of a real function of the output is
    JAX's, the conjugate of that of torch.

    >>> product = TensorProduct("2x0e + 2x1o", "1o", "2x0e + 2x1e")
    >>> product(jnp.ones((5, 8)), jnp.ones(3), jnp.ones(product.weight_count)).shape
    (5, 8)
    """

    product: Irrepwise

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.product = Irrepwise(*arguments, **options)

    @classmethod
    def _of(cls, made: Irrepwise) -> TensorProduct:
        one = cls.__new__(cls)
        one.product = made
        return one

    @classmethod
    def channelwise(cls, *arguments: Any, **options: Any) -> TensorProduct:
        """Return the product of :meth:`coupling.products.TensorProduct.channelwise`."""
        return cls._of(Irrepwise.channelwise(*arguments, **options))

    @classmethod
    def full(cls, *arguments: Any, **options: Any) -> TensorProduct:
        """Return the product of :meth:`coupling.products.TensorProduct.full`."""
        return cls._of(Irrepwise.full(*arguments, **options))

    @classmethod
    def elementwise(cls, *arguments: Any, **options: Any) -> TensorProduct:
        """Return the product of :meth:`coupling.products.TensorProduct.elementwise`."""
        return cls._of(Irrepwise.elementwise(*arguments, **options))

    def __repr__(self) -> str:
        return repr(self.product)

    @property
    def weight_count(self) -> int:
        """The number of weights."""
        return self.product.weight_count

    def __call__(self, x: Array, y: Array, weights: Array = None) -> Array:
        """Return the product of x [..., dim] and y [..., dim], with weights [..., weight_count]."""
        first, second = _array(x), _array(y)
        for slot, value in enumerate((first, second)):
            kind = jnp.floating if self.product.basis == "real" else jnp.complexfloating
            if not jnp.issubdtype(value.dtype, kind):
                wanted = "real floating" if kind is jnp.floating else "complex"
                raise TypeError(f"input {slot + 1} must be {wanted}, got {value.dtype}")
        common = jnp.promote_types(first.dtype, second.dtype)
        dtype = jnp.promote_types(common, jnp.float32)
        w = None if weights is None else _array(weights).astype(dtype)
        constants = [c if isinstance(c, float) else jnp.asarray(c, dtype) for c in self.product.constants]
        with jax.default_matmul_precision("highest"):
            z = self.product.evaluate(jnp, first.astype(dtype), second.astype(dtype), w, constants)
        return z.astype(common)


def _array(value: Any) -> Array:
    """Return an array of JAX; JAX itself refuses those of numpy that are in another byte order."""
    return jnp.asarray(native(value) if isinstance(value, np.ndarray) else value)

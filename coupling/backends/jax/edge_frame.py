"""The edge frame for JAX."""

from __future__ import annotations

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from coupling.backends.array_api.edge_frame import FrameConstants, FrameProgram, Framework
from coupling.backends.array_api.rotations import LARGEST_RECURRED
from coupling.memory import native
from coupling.products.edge_frame import EdgeFrame as Numpy
from coupling.products.edge_frame import require_frame_shapes
from coupling.quoted import quoted

Array = Any


class EdgeFrame:
    """Message passing in the frame of an edge, :class:`coupling.products.EdgeFrame`, on arrays of JAX.

    Arguments are those of that class, degrees to 100.  ``frame(x, vectors, so2_weights)`` takes x [edges, (lmax_in+1)²,
    channels], vectors [edges, 3] and SO(2) weights [weight_count], [edges, weight_count] or [edges, weight_count,
    channels].  Rotations are polynomials of a unit quaternion, every operation is one of ``jax.numpy`` at the precision
    "highest": ``jit``, ``vmap`` and derivatives of any order and mode are those of JAX, in every direction of an edge.
    The arithmetic is float32, or float64 if an input is; the output has the common type of x and vectors.  Values are
    not checked: an edge of length zero has no frame and gives NaN.

    >>> frame = EdgeFrame(2, 2)
    >>> frame(jnp.ones((5, 9, 8)), jnp.ones((5, 3)), frame.so2_weights(jnp.ones((5, 19)))).shape
    (5, 9, 8)
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.frame = frame = Numpy(*arguments, **options)
        if max(frame.lmax_in, frame.lmax_out) > LARGEST_RECURRED:
            degrees = quoted((frame.lmax_in, frame.lmax_out))
            raise ValueError(f"degrees of an edge frame must be <= {LARGEST_RECURRED} here, got {degrees}")
        self._program = FrameProgram(frame)

    def __repr__(self) -> str:
        return repr(self.frame)

    @property
    def weight_count(self) -> int:
        """The number of SO(2) weights."""
        return self.frame.weight_count

    def so2_weights(self, path_weights: Array) -> Array:
        """Return SO(2) weights [..., weight_count] of weights of paths [..., paths]; see the class of numpy."""
        with jax.default_matmul_precision("highest"):
            return path_weights @ jnp.asarray(self.frame.matrix.T, path_weights.dtype)

    def path_weights(self, so2_weights: Array) -> Array:
        """Return weights of paths [..., paths] of SO(2) weights [..., weight_count]; see the class of numpy."""
        with jax.default_matmul_precision("highest"):
            return so2_weights @ jnp.asarray(self.frame.matrix, so2_weights.dtype)

    def __call__(self, x: Array, vectors: Array, so2_weights: Array) -> Array:
        """Return z [edges, (lmax_out+1)², channels]."""
        given = [_array(value) for value in (x, vectors, so2_weights)]
        for name, value in zip(("x", "vectors", "so2_weights"), given, strict=True):
            if not jnp.issubdtype(value.dtype, jnp.floating):
                raise TypeError(f"{name} must be real floating, got {value.dtype}")
        wide = require_frame_shapes(self.frame, *(value.shape for value in given))
        common = jnp.promote_types(given[0].dtype, given[1].dtype)
        dtype = jnp.promote_types(common, jnp.float32)
        features, edges, weights = given[0].astype(dtype), given[1].astype(dtype), given[2].reshape(wide).astype(dtype)
        isometries, places = self._program.constants
        numbers = [jnp.asarray(array, dtype) for array in isometries]
        made = Framework(jnp, jax.lax.stop_gradient, FrameConstants(numbers, places))
        with jax.default_matmul_precision("highest"):
            return self._program(made, features, edges, weights).astype(common)


def _array(value: Any) -> Array:
    """Return an array of JAX; JAX itself refuses those of numpy that are in another byte order."""
    return jnp.asarray(native(value) if isinstance(value, np.ndarray) else value)


EdgeFrame.__signature__ = inspect.signature(Numpy)  # type: ignore[attr-defined]

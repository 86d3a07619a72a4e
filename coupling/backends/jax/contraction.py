"""Symmetric contractions for JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from coupling.backends.array_api.contraction import contract_arrays, merge_arrays
from coupling.memory import native
from coupling.products.symmetric_contraction import SymmetricContraction as Contraction

Array = Any


class SymmetricContraction:
    """The contraction of :class:`coupling.products.SymmetricContraction` on arrays of JAX.

    bases, slots, layout: as there.  It is an array program, which can be compiled, batched and differentiated in both
    modes any number of times, in A and in the weights.  The arithmetic is float32, or float64 (with jax_enable_x64) if
    A or weights are; float16 and bfloat16 are converted to float32 first, and the output is rounded once to the type of
    A.  Species are not checked under ``jax.jit``: JAX takes the last for those that do not exist.

    >>> from coupling.manybody import basis
    >>> contraction = SymmetricContraction([basis(3, n, l) for l in (0, 1) for n in (1, 2, 3)])
    >>> weights = [jnp.ones((2, paths, 8)) for paths in contraction.paths]
    >>> jax.jit(contraction)(jnp.ones((5, 16, 8)), weights, jnp.arange(5) % 2).shape
    (5, 4, 8)
    """

    def __init__(self, bases: Any, *, slots: str = "same", layout: str = "channels_last") -> None:
        made = bases if isinstance(bases, Contraction) else Contraction(bases, slots=slots, layout=layout)
        self.contraction, self.layout, self.slots = made, made.layout, made.slots
        self.paths, self.outputs, self.plan = made.paths, made.outputs, made.plan

    @classmethod
    def from_tensors(cls, tensors: Any, **options: Any) -> SymmetricContraction:
        """Return the contraction of dense tensors U, as the class in numpy does.

        >>> SymmetricContraction.from_tensors([("0e", np.eye(4)[None, ..., None])]).paths
        (1,)
        """
        return cls(Contraction.from_tensors([(output, np.asarray(u)) for output, u in tensors], **options))

    def merge(self, weights: Any) -> Array:
        """Return coefficients [species, terms, channels], which may stand for the weights: ``coefficients=``."""
        given = [weights] if self.contraction.alone and not isinstance(weights, list | tuple) else weights
        arrays = [_array(w) for w in given]
        shapes = [w.shape for w in arrays]
        wanted = [(*shapes[0][:-2], paths, shapes[0][-1]) for paths in self.paths] if shapes else []
        if shapes != wanted or len(shapes[0]) not in (2, 3):
            raise ValueError(f"weights must be [species, paths, channels] with paths {self.paths}, got {shapes}")
        joined = jnp.concatenate(arrays, -2)
        wide = joined.astype(jnp.promote_types(joined.dtype, jnp.float32))
        with jax.default_matmul_precision("highest"):
            return merge_arrays(self.plan, wide if wide.ndim == 3 else wide[None])

    def __call__(self, features: Any, weights: Any = None, species: Any = None, *, coefficients: Any = None) -> Array:
        """Return B [..., rows, channels] of A, or [..., channels, rows]."""
        a = self._features(features)
        table = self.merge(weights) if coefficients is None else coefficients
        dtype = jnp.promote_types(jnp.promote_types(a.dtype, table.dtype), jnp.float32)
        lead = a.shape[:-2]
        kinds = self._species(species, lead, table.shape[0])
        out = contract_arrays(self.plan, a.reshape(-1, *a.shape[-2:]).astype(dtype), table.astype(dtype), kinds)
        out = out.astype(a.dtype if a.dtype.itemsize < 4 else dtype).reshape(*lead, *out.shape[1:])
        return out if self.layout == "channels_last" else jnp.swapaxes(out, -1, -2)

    def _features(self, features: Any) -> Array:
        """Return A with channels last, images joined."""
        images = self.contraction.images
        given = features if self.slots == "separate" else [features]
        if not isinstance(given, list | tuple) or len(given) != images:
            raise TypeError(f"with separate slots A must be a list of {images} arrays, one for each slot")
        arrays, size = [_array(x) for x in given], self.contraction.components // images
        axis = -2 if self.layout == "channels_last" else -1
        for x in arrays:
            if not jnp.issubdtype(x.dtype, jnp.floating):
                raise TypeError(f"A must be real floating, got {x.dtype}")
            if x.ndim < 2 or x.shape[axis] != size:
                raise ValueError(f"A must have {size} components on axis {axis}, got {x.shape}")
        last = [x if axis == -2 else jnp.swapaxes(x, -1, -2) for x in arrays]
        return last[0] if len(last) == 1 else jnp.concatenate(jnp.broadcast_arrays(*last), -2)

    def _species(self, species: Any, lead: tuple[int, ...], kinds: int) -> Array:
        """Return species [atoms]."""
        if species is None:
            if kinds != 1:
                raise ValueError(f"weights of {kinds} species need species, an integer for each atom")
            return jnp.zeros(int(np.prod(lead)), int)
        given = _array(species)
        if not jnp.issubdtype(given.dtype, jnp.integer) or given.shape != lead:
            raise ValueError(f"species must be integers {lead}, got {given.dtype} {given.shape}")
        if (
            not isinstance(given, jax.core.Tracer)
            and given.size
            and not 0 <= int(given.min()) <= int(given.max()) < kinds
        ):
            raise ValueError(f"species must be 0 … {kinds - 1}, got {int(given.min())} … {int(given.max())}")
        return given.reshape(-1)


def _array(value: Any) -> Array:
    return jnp.asarray(native(value) if isinstance(value, np.ndarray) else value)

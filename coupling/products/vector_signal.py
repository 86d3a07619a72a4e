"""The Vector Signal Tensor Product: the pointwise cross product of vector fields on the sphere."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from coupling.families import of_product
from coupling.kernels.lanes import width
from coupling.kernels.vector_product import space_needed, vector_product
from coupling.numbers.normalizations import normalization
from coupling.portable import Kept
from coupling.products.blocks import BoundKernel
from coupling.products.given_numbers import given_numbers
from coupling.products.product import Features, Product
from coupling.products.reach import Masks
from coupling.products.spherical import Triple, require_tables, triple
from coupling.products.vector_fields import Array, checked_fields, normalizations, reached_fields, shift_fields
from coupling.products.vector_plan import signal_plan
from coupling.selection import PARITIES


class VectorSignal(Product):
    """The cross product f × g of two vector fields on the sphere, from and to vector harmonics.

        z[s3, l3 m3] = ∫ Y^{l3+s3}_{l3m3} · (f × g) dΩ,    f = Σ x[s, l m] Y^{l+s}_{lm},    g = Σ y[s, l m] Y^{l+s}_{lm}

    Features are [..., 3, (lmax+1)², channels], or [..., channels, 3, (lmax+1)²] with layout="channels_first", float32
    or float64, with the shifts s = -1, 0, 1 on their own axis; leading axes and channels broadcast.

    fields: what a feature stands for, three arrays [3, components, lmax+1], one for each slot: the numbers of ∇R, r×∇R
    and r R that an entry of a component and degree contributes, R the real orthonormal harmonics.  Features then have
    that many components; arrays [3, lmax+1] are for features without their axis.  Default: vector harmonics,
    (∇R + l r R)/√(l(2l+1)), r×∇R/√(l(l+1)) and (∇R - (l+1) r R)/√((l+1)(2l+1)).  weights: three arrays
    [components, lmax+1] (or [lmax+1]) that multiply the entries, default ones.  workers: threads that share the batch.

    Outputs that no path reaches are exact zeros, and inputs that none reaches are not read; other NaN and infinity stay
    in their channel sample.  With equal fields and weights of x and y the product of a feature with itself is exactly
    zero, and exchanging x and y changes signs, no digits.  ``turn`` is the same form with its slots turned, since
    ∫ h·(f × g) is cyclic; ``vjp`` and ``jvp`` are products of the same kind.  Exact up to rounding, O(L³) operations.

    Raises ValueError or TypeError for degrees, shapes, dtypes, fields and weights that do not fit, MemoryError for
    tables that do not fit.  Source: Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466; derivation
    ``vector_harmonics``.

    >>> import numpy as np
    >>> x, y = np.zeros((2, 3, 4, 1))
    >>> x[2, 0], y[2, 0] = 1, 1  # both fields are radial
    >>> float(abs(VectorSignal(1, 1, 1)(x, y)).max())
    0.0
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        fields: Any = None,
        weights: Any = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        require_tables(triple(*self.lmax), 3)
        self.fields = checked_fields([shift_fields(l) for l in self.lmax] if fields is None else fields, self.lmax)
        ones = [np.ones(f.shape[1:]) for f in self.fields]
        given = ones if weights is None else [given_numbers(w, "weights") for w in weights]
        if [w.shape for w in given] != [f.shape[1:] for f in self.fields]:
            shapes = [f.shape[1:] for f in self.fields]
            raise ValueError(f"weights must be three arrays of shapes {shapes}, got {[w.shape for w in given]}")
        if not all(np.isfinite(w).all() for w in given):
            raise ValueError("weights must be finite")
        for array in (*self.fields, *given):
            array.flags.writeable = False
        self.weights = tuple(given)
        self._plans = Kept()

    @classmethod
    def single(
        cls,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> VectorSignal:
        """Return the one vector product that reaches every path of the Clebsch-Gordan product but (0, 0, 0).

        Features [..., (lmax+1)², channels] stand for f, g and h in

            ∫ (∇h + r×∇h - r h)·((r×∇f + r f) × (∇g + r g)) dΩ = ½(λ1+λ2+λ3) ∫ f g h dΩ + 2 ∫ f {g, h} dΩ,

        λ = l(l+1): the weight of a path with the unit-norm core C is ½(λ1+λ2+λ3) √(P/4π)|3j(000)| or 2 √(P/4π)|K|,
        times a(l1) b(l2) c(l3) with weights a, b, c, three arrays of lmax+1 numbers.  It is computed as one pointwise
        cross product.  Source: derivation ``single_vector_product``; V. Heyraud, Z. Weller-Davies, J. Tilly, arXiv
        2603.08630.

        >>> VectorSignal.single(1, 1, 1).normalization[1, 1].round(4)  # paths (1, 1, 0) and (1, 1, 1)
        array([0.9772, 2.3937])
        """
        lmax = triple(lmax_in1, lmax_in2, lmax_out)
        pure = zip(((0, 1, 1), (1, 0, 1), (1, 1, -1)), lmax, strict=True)
        fields = [np.repeat(np.array(numbers, float)[:, None], l + 1, axis=1) for numbers, l in pure]
        return cls(*lmax, fields=fields, weights=weights, layout=layout, workers=workers)

    def _counts(self) -> list[str]:
        x, y, z = (f.shape[1] if f.ndim == 3 else 1 for f in self.fields)
        return [f"{x} x {y} -> {z} components", "weights of degrees and components"]

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The axes of the entries of x, y and z: (components, (lmax+1)²), or one where fields have no components."""
        return tuple((*f.shape[1:-1], size) for f, size in zip(self.fields, super().sizes, strict=True))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of entries of x, y and z, all components together."""
        return tuple(int(np.prod(shape)) for shape in self.shapes)

    @property
    def weighted(self) -> tuple[Array, Array, Array]:
        """The fields times weights, [3, components, lmax+1]."""
        made = (f * w for f, w in zip(self.fields, self.weights, strict=True))
        first, second, third = (f.reshape(3, -1, f.shape[-1]) for f in made)
        return first, second, third

    @cached_property
    def reached(self) -> Masks:
        """Masks [components, lmax+1] of what is on a path in x, y and z; what is not is zero, or not read."""
        return reached_fields(self.weighted)

    @cached_property
    def largest(self) -> Triple:
        """The largest degrees of x, y and z that are on a path, -1 where there is none."""
        l1, l2, l3 = (int(np.flatnonzero(mask.any(axis=0)).max(initial=-1)) for mask in self.reached)
        return l1, l2, l3

    @property
    def normalization(self) -> Array:
        """What the product puts on a path with the unit-norm core C, for weights one.

        [components of x, of y, of z, l1, l2, l3].  Slots without an axis of components have none here.

        >>> VectorSignal(1, 1, 1).normalization.shape, VectorSignal.single(1, 1, 1).normalization.shape
        ((3, 3, 3, 2, 2, 2), (2, 2, 2))
        """
        box = tuple(slice(l + 1) for l in self.lmax)
        even, odd = (normalization(of_product(parity), max(self.lmax))[box] for parity in PARITIES[1:])
        first, second, third = (f.reshape(3, -1, f.shape[-1]) for f in self.fields)
        factors = normalizations((first, second, third), even, odd)
        return factors.reshape(*(n for f in self.fields for n in f.shape[1:-1]), *factors.shape[3:])

    def turn(self) -> VectorSignal:
        """Return the product (y, z) → x of the same trilinear form."""
        return self._turned

    @cached_property
    def _turned(self) -> VectorSignal:
        (l1, l2, l3), (f, g, h), (a, b, c) = self.lmax, self.fields, self.weights
        options: dict[str, Any] = {"layout": self.layout, "workers": self.workers}
        return VectorSignal(l2, l3, l1, fields=(g, h, f), weights=(b, c, a), **options)

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        if min(self.largest) < 0:
            out[:] = 0
            return
        kernel = self._plans.get(out.dtype)
        if kernel is None:
            kernel = self._plans[out.dtype] = self._kernel(out.dtype)
        kernel.run(x, y, out, self.workers)

    def _kernel(self, dtype: np.dtype[Any]) -> BoundKernel:
        """Return the kernel with its tables."""
        made, w = signal_plan(self.largest, self.weighted, self.reached, dtype), width(dtype)
        return BoundKernel(vector_product, (w, *made), w, space_needed(made.slots, w), dtype)

    def size_name(self, slot: int) -> str:
        """Return the numbers of components and entries of a slot in words."""
        shape = self.shapes[slot]
        entries = f"{shape[-1]} = (lmax+1)² entries for lmax {self.lmax[slot]}"
        return entries if len(shape) == 1 else f"{shape[0]} components and {entries}"

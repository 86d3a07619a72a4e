"""The Gaunt product: pointwise product of functions on the sphere."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from coupling.kernels.sphere_product import GAUNT
from coupling.products.spherical import Spherical, term
from coupling.selection import degrees


class Gaunt(Spherical):
    """The pointwise product of two functions on the sphere.

        z[l3 m3] = Σ_{l1 l2} a(l1) b(l2) c(l3) s(l1 % 2, l2 % 2) Σ_{m1 m2} ∫ R_l1m1 R_l2m2 R_l3m3 dΩ  x[l1 m1] y[l2 m2]
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        classes: ArrayLike | None = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        lmax = degrees(lmax_in1, lmax_in2, lmax_out)
        super().__init__(lmax, [term(GAUNT, lmax, weights, classes)], layout=layout, workers=workers)

"""Decompositions without any fit: a quadrature rule is a sum of products.

    ∫ R1 R2 R3 dΩ = Σ_q w_q R1(q) R2(q) R3(q)                                          one term for each point
    ∫ R1 {R2, R3} dΩ = Σ_q w_q R1(q) (∂θR2 ∂φR3 - ∂φR2 ∂θR3)(q) / sin θ_q             two terms

are exact for rules of degree l1+l2+l3, the second from one degree less.  With 1/N = Σ_r a_r b_r c_r on the paths they
give the whole coupling tensor from Q R + 2 Q' R' terms, its error that of the normalizations, its equivariance exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.factors import Array, Factors
from coupling.selection import degree
from coupling.sphere.grids import Grid
from coupling.sphere.harmonics import gradients, harmonics

Floats = NDArray[np.float64]


def gaunt_factors(grid: Grid, lmax: object) -> Factors:
    """Return the real Gaunt tensor [(lmax+1)²]³ as a sum over the points of a grid of degree ≥ 3 lmax.

    >>> from coupling.sphere.grids import lebedev
    >>> [x.shape for x in gaunt_factors(lebedev(3), 1)]
    [(4, 6), (4, 6), (4, 6)]
    """
    values = harmonics(degree(lmax, "lmax"), grid.theta, grid.phi).T
    return values, values, values * grid.weights


def bracket_factors(grid: Grid, lmax: object) -> Factors:
    """Return the real antisymmetric Gaunt tensor as a sum of two terms for each point of a grid of degree ≥ 3 lmax - 1.

    >>> from coupling.sphere.grids import lebedev
    >>> [x.shape for x in bracket_factors(lebedev(3), 1)]
    [(4, 12), (4, 12), (4, 12)]
    """
    limit = degree(lmax, "lmax")
    values = harmonics(limit, grid.theta, grid.phi).T * grid.weights
    along, across = (part.T for part in gradients(limit, grid.theta, grid.phi))
    return np.hstack([values, -values]), np.hstack([along, across]), np.hstack([across, along])


def term_products(product: Sequence[Array], scales: Sequence[Array]) -> Factors:
    """Return the product of a sum over (l, m) and a sum over l, term by term: R Q terms.

    scales: three arrays [lmax+1, R] that multiply the degrees.

    >>> from coupling.sphere.grids import lebedev
    >>> [x.shape for x in term_products(gaunt_factors(lebedev(3), 1), [np.ones((2, 5))] * 3)]
    [(4, 30), (4, 30), (4, 30)]
    """
    lmax = len(scales[0]) - 1
    degrees = np.repeat(np.arange(lmax + 1), 2 * np.arange(lmax + 1) + 1)
    a, b, c = (
        (values[:, :, None] * scale[degrees][:, None, :]).reshape(len(values), -1)
        for values, scale in zip(product, scales, strict=True)
    )
    return a, b, c

"""Vector fields that a feature stands for, and which paths the cross product of two of them reaches.

A field is f = Σ E ∇R + B r×∇R + L r R: gradients, turned gradients and radial fields, R the real orthonormal harmonics,
r the unit normal.  What a feature x stands for is three numbers for each of its components s and degrees l,

    E_lm = Σ_s f[0, s, l] x[s, l m]        B_lm = Σ_s f[1, s, l] x[s, l m]        L_lm = Σ_s f[2, s, l] x[s, l m]

with f the argument ``fields``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.products.given_numbers import given_numbers
from coupling.products.reach import Masks

Array = NDArray[np.float64]
Three = tuple[Array, Array, Array]

#: Shifts L - l of the vector harmonics Y^L_lm, in the order of their axis.
SHIFTS = (-1, 0, 1)

#: Part of the sizes of its terms below which the factor of a path is zero but for rounding.
ROUNDING = 1e-12


@default_rounding()
def shift_fields(lmax: int) -> Array:
    """Return fields [3, shift, l] of vector harmonics.

    >>> shift_fields(1)[:, 1].round(4).tolist()  # shift 0 is r×∇R/√(l(l+1))
    [[0.0, 0.0], [0.0, 0.7071], [0.0, 0.0]]
    """
    l = np.arange(lmax + 1.0)
    zero, one = 0 * l, 0 * l + 1
    fields = np.array([[one, zero, one], [zero, one, zero], [l, zero, -(l + 1)]])
    exists = np.maximum(l, 1)
    fields /= np.sqrt([exists * (2 * l + 1), exists * (l + 1), (l + 1) * (2 * l + 1)])
    fields[:2, :, 0] = 0  # the gradient of a constant
    return fields


def checked_fields(fields: Any, lmax: tuple[int, ...]) -> Three:
    """Return fields after checking them: three arrays [3, lmax+1] or [3, components, lmax+1] of finite numbers."""
    arrays = [given_numbers(f, "fields") for f in fields]
    wrong = len(arrays) != 3 or any(
        f.ndim not in (2, 3) or not f.size or (f.shape[0], f.shape[-1]) != (3, l + 1)
        for f, l in zip(arrays, lmax, strict=False)
    )
    if wrong:
        shapes = [f"(3, {l + 1}) or (3, components, {l + 1})" for l in lmax]
        raise ValueError(f"fields must be three arrays of shapes {', '.join(shapes)}, got {[f.shape for f in arrays]}")
    if not all(np.isfinite(f).all() for f in arrays):
        raise ValueError("fields must be finite")
    first, second, third = arrays
    return first, second, third


def vector_path_factors(fields: Three, l1: int) -> Array:
    """Return factors [s1, s2, s3, l2, l3] of the integrals ∫ f·(g × h) over those of three harmonics, for one l1.

    With the fields E, B, L of three harmonics, λ = l(l+1), and (1, 2, 3) turned in all sums:

        l1+l2+l3 even    ½ Σ L1 (E2 B3 - B2 E3) (λ2 + λ3 - λ1)    times ∫ R1 R2 R3
        l1+l2+l3 odd     Σ L1 (E2 E3 + B2 B3)                     times ∫ R1 {R2, R3}

    Zero off the paths, and where terms cancel to rounding.  Source: derivation ``vector_harmonics``, steps 6 and 7.

    >>> one = (np.array([[0.0] * 3, [1.0] * 3, [1.0] * 3])[:, None],) * 3  # r×∇R + r R
    >>> vector_path_factors(one, 1)[0, 0, 0]
    array([[0., 0., 0.],
           [0., 3., 0.],
           [0., 0., 3.]])
    """
    sizes = [f.shape[2] for f in fields]
    l2, l3 = np.ogrid[: sizes[1], : sizes[2]]
    first = fields[0][:, :, l1, None, None, None, None]
    second = fields[1][:, None, :, None, :, None]
    third = fields[2][:, None, None, :, None, :]
    slots = first, second, third
    squares = np.array(l1 * (l1 + 1.0)), l2 * (l2 + 1.0), l3 * (l3 + 1.0)
    odd = (l1 + l2 + l3) % 2 == 1
    total, size = np.zeros((1,)), np.zeros((1,))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        (e2, b2, _), (e3, b3, _), radial = slots[j], slots[k], slots[i][2]
        laplacian = (squares[j] + squares[k] - squares[i]) / 2
        for term in (np.where(odd, e2 * e3, e2 * b3 * laplacian), np.where(odd, b2 * b3, -b2 * e3 * laplacian)):
            total, size = total + radial * term, size + abs(radial * term)
    there = (abs(l1 - l2) <= l3) & (l3 <= l1 + l2) & (abs(total) > ROUNDING * size)
    return np.where(there, total, 0.0)


def reached_fields(fields: Three) -> Masks:
    """Return masks [component, lmax+1] of what a path of the cross product reaches in x, y and z.

    >>> radial = np.array([[0.0], [0.0], [1.0]])[:, None]  # a constant times the normal
    >>> [bool(mask.any()) for mask in reached_fields((radial, radial, shift_fields(2)))]
    [False, False, False]
    """
    masks = [np.zeros(f.shape[1:], bool) for f in fields]
    for l1 in range(fields[0].shape[2]):
        on = vector_path_factors(fields, l1) != 0
        masks[0][:, l1] = on.any(axis=(1, 2, 3, 4))
        masks[1] |= on.any(axis=(0, 2, 4))
        masks[2] |= on.any(axis=(0, 1, 3))
    first, second, third = masks
    return first, second, third


def normalizations(fields: Three, even: Array, odd: Array) -> Array:
    """Return path factors [s1, s2, s3, l1, l2, l3] times the weights of a Gaunt product (even) and a bracket (odd)."""
    factors = np.stack([vector_path_factors(fields, l1) for l1 in range(fields[0].shape[2])], axis=3)
    return factors * (even + odd)

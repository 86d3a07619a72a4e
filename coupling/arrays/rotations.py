"""Rotations as arrays: J matrices and polynomials of a quaternion, one degree after another in a flat array.

J is the matrix of the reflection (x, y, z) → (x, -z, -y), which exchanges the axes z and y: symmetric, J² = 1, and with
the turns Z about z, R_l(R r) = Z(α) J Z(β) J Z(γ) R_l(r) for the Euler angles zyz.  e3nn and fairchem call it Jd; their
axes give the same numbers.  With A = w + iz, B = y - ix of a unit quaternion, n = l - max(|m1|, |m2|) and A^-k for
conj(A)^k, in the complex basis

    D_{m1,m2} = A^(-m1-m2) B^(m2-m1) Σ_i c[m1, m2, i] |A|^(2n-2i) |B|^(2i)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.fixed import rounded_surds
from coupling.arrays.request import ArraysRequest
from coupling.exact.surd import Surd
from coupling.exact.wigner_d import wigner_d_polynomial
from coupling.foreign.axes import harmonics_matrix

#: (x, y, z) → (x, -z, -y)
EXCHANGE = np.array([[1, 0, 0], [0, 0, -1], [0, -1, 0]])


def build_rotations(request: ArraysRequest) -> dict[str, NDArray[Any]]:
    """Return the arrays of a request.

    >>> build_rotations(ArraysRequest("rotation", 1))["j_matrices"][1:].reshape(3, 3)  # y, z, x
    array([[ 0., -1.,  0.],
           [-1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    """
    degrees, shapes = range(request.lmax + 1), {tensor.name: tensor.shape for tensor in request.tensors}
    j = (entry for l in degrees for entry in harmonics_matrix(l, EXCHANGE).ravel().tolist())
    c = (coefficient for l in degrees for coefficient in _coefficients(l))
    return {
        name: rounded_surds(values, shapes[name], request.dtype)
        for name, values in (("j_matrices", j), ("quaternion_polynomials", c))
    }


def _coefficients(l: int) -> Iterator[Surd]:
    """Yield c[m1, m2, i], i = 0 … l, of a degree; zero for i > n."""
    for m1 in range(-l, l + 1):
        for m2 in range(-l, l + 1):
            terms = {(sine - abs(m1 - m2)) // 2: c for c, _, sine in wigner_d_polynomial(l, m1, m2)}
            yield from (terms.get(i, Surd(0)) for i in range(l + 1))

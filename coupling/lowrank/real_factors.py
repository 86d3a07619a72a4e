"""Complex terms whose sum is real, as real terms: three for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coupling.lowrank.factors import Array, Factors, column_norms, tensor

#: Imaginary part of a sum that is rounding, relative to the sum of the norms of its terms.
ROUNDING = 1e-13


def real_factors(factors: Sequence[Array]) -> Factors:
    """Return three real arrays [n, R'] with the same sum as complex ones [n, R] whose sum is real.

    With p = a·x, q = b·y and m1 = Re p Re q, m2 = Im p Im q, m3 = (Re p + Im p)(Re q + Im q),

        Re c p q = (Re c + Im c) m1 + (Im c - Re c) m2 - Im c m3,

    three real terms for each complex one, of which those that vanish are left out.  Raises ValueError where the sum is
    not real.

    >>> one = [np.array([[1.0, 1.0]])] * 2 + [np.array([[1 + 1j, 1 - 1j]])]
    >>> [x.shape for x in real_factors(one)], tensor(real_factors(one)).ravel().tolist()
    ([(1, 3), (1, 3), (1, 3)], [2.0])
    """
    rest, size = np.linalg.norm(np.imag(tensor(factors))), column_norms(factors).sum()
    if rest > ROUNDING * size:
        raise ValueError(f"the sum of complex terms must be real, got an imaginary part of norm {rest:.1e}")
    a, b, c = factors
    parts = [[np.real(x), np.imag(x), np.real(x) + np.imag(x)] for x in (a, b)]
    last = [np.real(c) + np.imag(c), np.imag(c) - np.real(c), -np.imag(c)]
    first, second, third = (np.concatenate(columns, axis=1) for columns in (*parts, last))
    kept = np.all([x.any(axis=0) for x in (first, second, third)], axis=0)
    return first[:, kept], second[:, kept], third[:, kept]

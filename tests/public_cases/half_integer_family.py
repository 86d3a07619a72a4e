"""Families of 3j symbols with half-integer degrees.

Source: moble/spherical #21 (without half-integers much less useful in quantum mechanics), nikolasibalic/ARC #39
(l = 50, s = 1/2).  Right: the single symbols.
"""

from fractions import Fraction

import numpy as np

from coupling import wigner_3j, wigner_3j_family

half = Fraction(1, 2)
cases = (3 * half, 1, half, 0), (99 * half, half, 97 * half, -half), (101 * half, 99 * half, 7 * half, -half)
for j1, j2, m1, m2 in cases:
    first = max(abs(j1 - j2), abs(m1 + m2))
    degrees = [first + k for k in range(int(j1 + j2 - first) + 1)]
    family = wigner_3j_family(j1, j2, m1, m2)
    assert family.first == first
    assert np.array_equal(family.values, [wigner_3j(j1, j2, j, m1, m2, -m1 - m2) for j in degrees])

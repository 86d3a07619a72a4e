"""Irreps of SU(2) in divided powers, in which every ladder coefficient is an integer.

With f_k = J₋^k/k! of the highest state, f_k = √binom(2L, k) |L, L-k⟩ for k = 0 … 2L and

    J₊ f_k = (2L-k+1) f_(k-1),   J₋ f_k = (k+1) f_(k+1),   ⟨f_k, f_k⟩ = binom(2L, k).

The product of two irreps contains L once; its highest state is, up to a positive factor, Σ_i (-1)^i x_i f_i f'_(n-i)
with n = L1+L2-L and x_(i+1)/x_i = (2L2-n+1+i)/(2L1-i), x_0 > 0: the phase of Condon and Shortley.  Its divided powers
follow from J₋^(k)(f_a f'_b) = Σ binom(a+s, s) binom(b+t, t) f_(a+s) f'_(b+t), s+t = k.  Degrees are doubled throughout.
Source: derivation ``many_body``.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, gcd

import numpy as np

from coupling.manybody.integral import Integers, as_integers, largest_magnitude


@lru_cache(maxsize=1 << 14)
def highest(a: int, b: int, c: int) -> tuple[int, ...]:
    """Return (-1)^i x_i, i = 0 … n, coprime: the highest state of degree c/2 in the product of a/2 and b/2.

    >>> highest(2, 2, 4), highest(2, 2, 2), highest(2, 2, 0)
    ((1,), (1, -1), (2, -1, 2))
    """
    n = (a + b - c) // 2
    terms = [1]
    for i in range(n):
        terms = [x * (a - i) for x in terms] + [-terms[-1] * (b - n + 1 + i)]
        common = gcd(*terms)
        terms = [x // common for x in terms]
    return tuple(terms)


@lru_cache(maxsize=1 << 12)
def highest_norm(a: int, b: int, c: int) -> int:
    """Return the squared norm of :func:`highest`, over the squared norms of the highest states of the two factors.

    >>> highest_norm(2, 2, 0)
    12
    """
    n = (a + b - c) // 2
    return sum(x * x * comb(a, i) * comb(b, n - i) for i, x in enumerate(highest(a, b, c)))


@lru_cache(maxsize=1 << 12)
def coefficients(a: int, b: int, c: int) -> Integers:
    """Return the array [a+1, b+1] of the coefficients of f_i f'_j in f''_(i+j-n); 0 where i+j-n is not 0 … c.

    >>> coefficients(2, 2, 2)
    array([[ 0,  1,  2],
           [-1,  0,  1],
           [-2, -1,  0]])
    """
    n, terms = (a + b - c) // 2, highest(a, b, c)
    result = np.zeros((a + 1, b + 1), object)
    for i in range(a + 1):
        for j in range(max(0, n - i), min(b, n + c - i) + 1):
            result[i, j] = sum(
                x * comb(i, i - s) * comb(j, j - (n - s)) for s, x in enumerate(terms) if s <= i and n - s <= j
            )
    fixed = as_integers(result, largest_magnitude(result))
    fixed.flags.writeable = False
    return fixed

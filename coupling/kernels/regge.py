"""The integers under the 3j symbols of a path.

For integer degrees, a = l1+l2-l3, b = -l1+l2+l3, c = l1-l2+l3 and p_i = l_i + m_i (Regge 1958),

    3j(l1 l2 l3; m1 m2 m3) = √N · S(p1, p2, p3) / √[binom(2l1, p1) binom(2l2, p2) binom(2l3, p3)]
    N = binom(2l1, a) binom(2l3, b) / [(c+1) binom(J+1, 2l2)]

where S(p1, p2, p3) is the coefficient of u1^p1 u2^p2 u3^p3 in (u1-u2)^a (u2-u3)^b (u3-u1)^c, sign included.  All
other factors depend on one order only, and a 3j symbol vanishes exactly when S does.

Raising a by 2 multiplies the polynomial by (u1-u2)², so the block of S follows from that of (a-2, b, c) by a
three-term rule: no divisions, no cancellation, nothing rounded.  The canonical paths l1 ≤ l2 ≤ l3, that is a ≤ c ≤ b,
fall into chains of equal (b, c).

Integers are held as hi·2^50 + lo in two doubles with |lo| ≤ 2^49.  |S| ≤ 2^J, so everything is exact up to J =
``MAX_TOTAL``. Blocks are stored with a margin of two zero rows and columns: S(p1, p2) at [p1+2, p2+2].
"""

from __future__ import annotations

from coupling.kernels.doubledouble import inverse_root, product
from coupling.kernels.jit import kernel

#: Largest l1+l2+l3 for which S and binom(J+1, ·) surely fit into hi·2^50 + lo with |hi| < 2^52.
MAX_TOTAL = 100

BASE = 2.0**50
BASE_INVERSE = 2.0**-50
ROUND = 1.5 * 2.0**52  # adding and subtracting it rounds a double below 2^51 to an integer


@kernel
def binomials(size, hi, lo):
    """Write binom(n, k) for n < size to hi[n, k], lo[n, k]."""
    for n in range(size):
        hi[n, 0], lo[n, 0] = 0.0, 1.0
        for k in range(1, n + 1):
            low = lo[n - 1, k - 1] + lo[n - 1, k]
            carry = (low * BASE_INVERSE + ROUND) - ROUND
            hi[n, k] = hi[n - 1, k - 1] + hi[n - 1, k] + carry
            lo[n, k] = low - carry * BASE


@kernel
def inverse_roots(size, hi, lo, root_h, root_l):
    """Write 1/√binom(n, k) for n < size as double-doubles to root_h[n, k], root_l[n, k]."""
    for n in range(size):
        for k in range(n + 1):
            h, l = to_double_double(hi[n, k], lo[n, k])
            root_h[n, k], root_l[n, k] = inverse_root(h, l)


@kernel
def to_double_double(hi, lo):
    """Return the integer hi·2^50 + lo as an exact double-double."""
    x = hi * BASE
    h = x + lo
    return h, lo - (h - x)


@kernel
def binomial_root(n, k, hi, lo, root_h, root_l):
    """Return √binom(n, k) as a double-double."""
    h, l = to_double_double(hi[n, k], lo[n, k])
    return product(h, l, root_h[n, k], root_l[n, k])


@kernel
def path_factor(a, b, c, hi, lo, root_h, root_l):
    """Return √N of the path (a, b, c) as a double-double."""
    h, l = binomial_root(a + c, a, hi, lo, root_h, root_l)
    x, y = binomial_root(b + c, b, hi, lo, root_h, root_l)
    h, l = product(h, l, x, y)
    h, l = product(h, l, root_h[a + b + c + 1, a + b], root_l[a + b + c + 1, a + b])
    x, y = inverse_root(c + 1.0, 0.0)
    return product(h, l, x, y)


@kernel
def first_block(a, b, c, hi, lo, s_hi, s_lo):
    """Write S of (a, b, c), a = 0 or 1, for p1 = 0 … l1+1 and all p2; with its margin zero.

    (u2-u3)^b (u3-u1)^c has coefficients (-1)^(p1+b-p2) binom(c, p1) binom(b, p2); a = 1 multiplies by (u1-u2).
    """
    for p1 in range((a + c) // 2 + 2):
        for p2 in range(a + b + 1):
            if a == 0:
                x, y = _start(b, c, p1, p2, hi, lo)
            else:
                x, y = _start(b, c, p1 - 1, p2, hi, lo)
                v, w = _start(b, c, p1, p2 - 1, hi, lo)
                x, y = x - v, y - w
                carry = (y * BASE_INVERSE + ROUND) - ROUND
                x, y = x + carry, y - carry * BASE
            s_hi[p1 + 2, p2 + 2], s_lo[p1 + 2, p2 + 2] = x, y


@kernel
def _start(b, c, p1, p2, hi, lo):
    """Return (-1)^(p1+b-p2) binom(c, p1) binom(b, p2) as hi, lo; c ≤ MAX_TOTAL/2, so binom(c, ·) is in its lo."""
    if p1 < 0 or p1 > c or p2 < 0 or p2 > b:
        return 0.0, 0.0
    sign = -1.0 if (p1 + b - p2) & 1 else 1.0
    small = sign * lo[c, p1]
    # small·lo[b, p2] as an exact sum of two doubles, then carried
    h, l = product(small, 0.0, lo[b, p2], 0.0)
    carry = (h * BASE_INVERSE + ROUND) - ROUND
    return small * hi[b, p2] + carry, (h - carry * BASE) + l


@kernel
def next_block(a, b, c, s_hi, s_lo, t_hi, t_lo):
    """Write S of (a, b, c) to t from S of (a-2, b, c) in s: multiplication by (u1-u2)², rows p1 = 0 … l1+1.

    Row l1 of the old block plus one is the mirror image of row l1 - 1 (all orders negated): S → (-1)^J S.
    """
    rows = (a + c) // 2 + 1
    for i in range(2, rows + 2):
        for k in range(2, a + b + 3):
            low = s_lo[i - 2, k] - 2.0 * s_lo[i - 1, k - 1] + s_lo[i, k - 2]
            high = s_hi[i - 2, k] - 2.0 * s_hi[i - 1, k - 1] + s_hi[i, k - 2]
            carry = (low * BASE_INVERSE + ROUND) - ROUND
            t_hi[i, k] = high + carry
            t_lo[i, k] = low - carry * BASE
    mirror_row(a, b, c, t_hi, t_lo)


@kernel
def mirror_row(a, b, c, s_hi, s_lo):
    """Write row p1 = l1+1 of S from row l1-1 and negated orders: S(2l1-p1, 2l2-p2) = (-1)^J S(p1, p2)."""
    l1 = (a + c) // 2
    sign = -1.0 if (a + b + c) & 1 else 1.0
    for p2 in range(a + b + 1):
        s_hi[l1 + 3, p2 + 2] = sign * s_hi[l1 + 1, a + b - p2 + 2]
        s_lo[l1 + 3, p2 + 2] = sign * s_lo[l1 + 1, a + b - p2 + 2]

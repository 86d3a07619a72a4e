"""Arithmetic on unevaluated sums h + l of two doubles, |l| ≤ ulp(h)/2: 106 significant bits.

With u = 2^-53 the relative errors are at most 7u² (product), 12u² (inverse_root), 16u² (quotient), and 3u² of
|a| + |b| (add).  docs/decisions/0009-rounding.md derives these bounds in the manner of
Joldes, Muller and Popescu (ACM TOMS 44, 2017); the tests check them against fractions.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from numba import types
from numba.extending import intrinsic, overload

from coupling.kernels.jit import kernel


def fma(a: float, b: float, c: float) -> float:
    """Return a·b + c rounded once.

    >>> fma(0.1, 10.0, -1.0)
    5.551115123125783e-17
    """
    return float(Fraction(a) * Fraction(b) + Fraction(c))


@intrinsic
def _llvm_fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@overload(fma)
def _compiled_fma(a: Any, b: Any, c: Any) -> Any:
    def fused(a: Any, b: Any, c: Any) -> Any:
        return _llvm_fma(a, b, c)  # type: ignore[call-arg]

    return fused


@kernel
def product(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Return (ah + al)(bh + bl) as a double-double.

    >>> product(0.1, 0.0, 10.0, 0.0)
    (1.0, 5.551115123125783e-17)
    """
    p = ah * bh
    e = fma(ah, bl, fma(al, bh, fma(ah, bh, -p)))
    h = p + e
    return h, e - (h - p)


@kernel
def inverse_root(h: float, l: float) -> tuple[float, float]:
    """Return 1/√(h + l) as a double-double, by one step of third order from the double value.

    >>> inverse_root(4.0, 0.0)
    (0.5, 0.0)
    """
    y = 1.0 / math.sqrt(h)
    p, e = product(y, 0.0, y, 0.0)
    p, e = product(p, e, h, l)
    rest = (1.0 - p) - e
    step = y * (0.5 * rest + 0.375 * rest * rest)
    root = y + step
    return root, step - (root - y)


@kernel
def is_rounded(h: float, l: float, error: float) -> bool:
    """Return whether h is certainly the double nearest to a number within error·|h| of h + l.

    >>> is_rounded(1.0, 2.0**-60, 2.0**-96), is_rounded(1.0, 2.0**-53, 2.0**-96)
    (True, False)
    """
    slack = abs(h) * error
    return h + (l - slack) == h and h + (l + slack) == h


@kernel
def add(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Return (ah + al) + (bh + bl) as a double-double, within 3u² of |a| + |b|.

    >>> add(1.0, 0.0, 2.0**-60, 0.0)
    (1.0, 8.673617379884035e-19)
    """
    s = ah + bh
    t = s - ah
    e = ((ah - (s - t)) + (bh - t)) + (al + bl)
    h = s + e
    return h, e - (h - s)


@kernel
def quotient(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Return (ah + al)/(bh + bl) as a double-double; relative error at most 16u².

    >>> quotient(1.0, 0.0, 3.0, 0.0)
    (0.3333333333333333, 1.850371707708594e-17)
    """
    first = ah / bh
    p, e = product(first, 0.0, bh, bl)
    second = ((ah - p) - e + al) / bh
    h = first + second
    return h, second - (h - first)

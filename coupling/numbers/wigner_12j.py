"""12j symbols of both kinds as floats, and arrays of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import coupling.exact as exact
from coupling.exact.wigner_12j import symbol_kind
from coupling.numbers.arguments import Signature
from coupling.numbers.symbol import Symbol

_KINDS = {kind: Symbol(Signature(12, False, False), partial(exact.wigner_12j, kind=kind)) for kind in (1, 2)}


def wigner_12j(
    j1: Any,
    j2: Any,
    j3: Any,
    j4: Any,
    j5: Any,
    j6: Any,
    j7: Any,
    j8: Any,
    j9: Any,
    j10: Any,
    j11: Any,
    j12: Any,
    *,
    kind: int = 1,
    outside: str = "raise",
) -> Any:
    """Return the 12j symbol {j1 j2 j3 j4; j5 j6 j7 j8; j9 j10 j11 j12}, rows first, of the first or second kind,
    correctly rounded.

    With rows a, b, c and S the sum of all twelve degrees, the triads are (a1 a2 b1) (a2 a3 b2) (a3 a4 b3) (c1 c2 b1)
    (c2 c3 b2) (c3 c4 b3).  The first kind also has the triads (a4 c1 b4) (c4 a1 b4), and is

        Σ_x (-1)^(S-x) (2x+1) {a1 c1 x; c2 a2 b1} {a2 c2 x; c3 a3 b2} {a3 c3 x; c4 a4 b3} {a4 c4 x; a1 c1 b4}

    The second kind has (a4 a1 b4) (c4 c1 b4), and is the following; the Rust crate wigner-3nj-symbols, after Yutsis,
    Levinson and Vanagas, has (-1)^S before the sum.

        Σ_x (2x+1) {a1 c1 x; c2 a2 b1} {a2 c2 x; c3 a3 b2} {a3 c3 x; c4 a4 b3} {a4 c4 x; c1 a1 b4}

    Degrees are integers or half-integers; arrays broadcast.  Zero when one of the eight triads breaks the triangle
    rule.  ``outside`` and errors as for :func:`wigner_6j`, and another kind raises.  Every value comes from exact
    integers: some milliseconds at degree 10.  Source: Ord-Smith 1954; Yutsis, Levinson and Vanagas 1962, chapter 4;
    derivation ``wigner_12j``.

    >>> wigner_12j(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), wigner_12j(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, kind=2)
    (0.013888888888888888, 0.018518518518518517)
    """
    symbol = _KINDS[symbol_kind(kind)]
    return symbol(outside, j1, j2, j3, j4, j5, j6, j7, j8, j9, j10, j11, j12)

"""When an exact expression is zero."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import sympy as sp

SIMPLIFIERS = (
    sp.expand,
    lambda e: sp.cancel(sp.together(e)),
    sp.gammasimp,
    lambda e: sp.expand(sp.expand_trig(e)),
    sp.trigsimp,
    sp.simplify,
)
#: A value that is larger than this is not zero; a smaller one is decided by the simplifiers.
DECIDED = sp.Float("1e-20")


def residuals(result: Any) -> Iterator[Any]:
    """Flatten what a check returned into single expressions."""
    if isinstance(result, sp.MatrixBase):
        result = result.flat()
    if isinstance(result, Iterable):
        for item in result:
            yield from residuals(item)
    else:
        yield result


def vanishes(residual: Any) -> bool:
    """True when the expression simplifies to exactly zero; floats and truth values are refused."""
    if isinstance(residual, int | Fraction) and not isinstance(residual, bool):
        return residual == 0
    expression = sp.sympify(residual)
    if not isinstance(expression, sp.Expr) or expression.has(sp.Float):
        raise TypeError(f"a residual must be an exact expression, got {residual!r}")
    return expression == 0 or any(simplify(expression) == 0 for simplify in SIMPLIFIERS)


def is_zero(residual: Any) -> bool:
    """The same, where most expressions are numbers: one with a value that is not small is not simplified."""
    expression = sp.expand(residual)
    if expression == 0:
        return True
    symbols = sorted(expression.free_symbols, key=str)
    value = expression.subs({symbol: sp.Rational(number, 7) for number, symbol in enumerate(symbols, 3)})
    return bool(abs(sp.N(value, 30)) < DECIDED) and vanishes(expression)

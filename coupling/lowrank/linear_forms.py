"""Linear forms in the x_lm with sums of square roots of rationals as coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import mpmath
import numpy as np

from coupling.exact import Surd
from coupling.lowrank.factors import Factors

#: Sums of surds by index, of a linear form in the x_lm.
LinearForm = dict[int, tuple[Surd, ...]]

#: Digits in which sums of surds are rounded.
DIGITS = 60


def total(terms: Iterable[Surd]) -> tuple[Surd, ...]:
    """Return a sum of surds as surds whose ratios are irrational: empty for zero, and only then.

    >>> total([Surd(1, 2), Surd(1, 3), Surd(-1, 8), Surd(1, 2)])
    (√(3),)
    """
    groups: list[Surd] = []
    for term in terms:
        for place, group in enumerate(groups):
            try:
                groups[place] = group + term
                break
            except ValueError:  # their ratio is irrational
                continue
        else:
            groups.append(term)
        groups = [group for group in groups if group]
    return tuple(groups)


def place_of(l: int, m: int) -> int:
    """Return the place of (l, m)."""
    return l * l + l + m


def scaled_form(form: LinearForm, factor: Surd) -> LinearForm:
    """Return a form times a number.

    >>> scaled_form({0: (Surd(1, 2),)}, Surd(-1, 3))
    {0: (-√(6),)}
    """
    return {x: tuple(value * factor for value in values) for x, values in form.items()}


def rounded_factors(terms: Sequence[Sequence[LinearForm]], lmax: int, complex_factors: bool) -> Factors:
    """Return three arrays [(lmax+1)², R] of the forms in the three slots, each number correctly rounded.

    >>> rounded_factors([[{0: (Surd(1, 2), Surd(1))}]] * 3, 0, False)[0].round(6).tolist()
    [[2.414214]]
    """
    found = []
    for forms in terms:
        values = np.zeros(((lmax + 1) ** 2, len(forms)), complex)
        for column, form in enumerate(forms):
            for x, parts in form.items():
                values[x, column] = _rounded(parts)
        found.append(values if complex_factors else np.ascontiguousarray(values.real))
    a, b, c = found
    return a, b, c


def _rounded(terms: tuple[Surd, ...]) -> complex:
    with mpmath.workdps(DIGITS):
        return complex(mpmath.fsum(mpmath.mpmathify(term) for term in terms))

"""Normalizations of the general vector product: one for each shift of its two inputs and its output.

Vector harmonics have shifts s = -1, 0, 1: (∇R + l r R)/√(l(2l+1)), r×∇R/√(l(l+1)) and (∇R - (l+1) r R)/√((l+1)(2l+1)),
R the real harmonics.  With α = l and -(l+1) for the shifts -1 and 1, the integral of f·(g × h) is, before the norms are
divided out,

    one shift 0, in slot i, even paths:  ½ (α_j - α_k)(l_i - α_j - α_k)(l_i + α_j + α_k + 1) ∫ R1 R2 R3
    two or no shifts 0, odd paths:       Σ α ∫ R1 {R2, R3}, over the slots with shifts -1 and 1

with (i, j, k) cyclic, and zero with three.  So 26 of the 27 shift tensors have paths.  Source: derivation
``vector_harmonics``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

from coupling.conventions import ANTISYMMETRIC_GAUNT, GAUNT
from coupling.exact import Surd
from coupling.numbers.normalizations import exact_normalization
from coupling.selection import Path

#: What the problems of the shift tensors are called, with the three shifts behind a colon.
SIGNAL = "vector_signal"

SHIFTS = (-1, 0, 1)

#: The shifts of all tensors that have paths.
ALL: tuple[Path, ...] = tuple((s1, s2, s3) for s1, s2, s3 in product(SHIFTS, repeat=3) if (s1, s2, s3) != (0, 0, 0))


def shifts_of(problem: str) -> Path | None:
    """Return the shifts in the name of a problem, None for another problem.

    >>> shifts_of("vector_signal:-1,0,1"), shifts_of("vector_signal:0,0,0"), shifts_of("gaunt")
    ((-1, 0, 1), None, None)
    """
    found = re.fullmatch(SIGNAL + r":(-1|0|1),(-1|0|1),(-1|0|1)", problem)
    if not found:
        return None
    s1, s2, s3 = map(int, found.groups())
    return (s1, s2, s3) if (s1, s2, s3) in ALL else None


def signal_name(shifts: Path) -> str:
    """Return the name of the problem of a shift tensor.

    >>> signal_name((-1, 0, 1))
    'vector_signal:-1,0,1'
    """
    return f"{SIGNAL}:{','.join(map(str, shifts))}"


def shift_factor(shifts: Path, l1: int, l2: int, l3: int) -> Surd:
    """Return what multiplies ∫ R1 R2 R3 on even paths and ∫ R1 {R2, R3} on odd ones; zero where there is no path.

    >>> shift_factor((-1, 0, 1), 1, 1, 0), shift_factor((1, 1, 1), 1, 1, 1), shift_factor((-1, 0, 1), 1, 1, 1)
    (-√(2/3), -√(1/6), 0)
    """
    degrees = l1, l2, l3
    turned = [slot for slot, shift in enumerate(shifts) if shift == 0]
    exists = all(l or shift == 1 for l, shift in zip(degrees, shifts, strict=True))
    if not exists or len(turned) == 3 or (sum(degrees) + len(turned)) % 2 == 0:
        return Surd(0)
    alpha = [(l if shift < 0 else -l - 1) if shift else 0 for l, shift in zip(degrees, shifts, strict=True)]
    number = Fraction(sum(alpha))
    if len(turned) == 1:
        slot = turned[0]
        l, second, third = degrees[slot], alpha[(slot + 1) % 3], alpha[(slot + 2) % 3]
        number = Fraction((second - third) * (l - second - third) * (l + second + third + 1), 2)
    squares = 1
    for l, shift in zip(degrees, shifts, strict=True):
        squares *= (l * (2 * l + 1), l * (l + 1), (l + 1) * (2 * l + 1))[shift + 1]
    return Surd.rational(number) * Surd(1, 1, squares)


def shift_normalization(shifts: Path, l1: int, l2: int, l3: int) -> Surd:
    """Return N of a shift tensor, relative to the unit-norm core C, with its sign; zero off its paths."""
    family = ANTISYMMETRIC_GAUNT if (l1 + l2 + l3) % 2 else GAUNT
    factor = shift_factor(shifts, l1, l2, l3)
    return factor * exact_normalization(family, l1, l2, l3) if factor else factor

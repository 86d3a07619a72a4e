"""Degree limit 1: seven or eight real terms, six or seven complex ones, for any path weights, in closed form.

With s and v = (x, y, z) the scalar and the vector of a slot, t the corners (1,1,1), (1,-1,-1), (-1,1,-1), (-1,-1,1) of
a cube, and complex vectors with f_i·f_j = 1 - 2δ_ij, det(f1, f2, f3) = 2,

    sss + s(v·v) in all three orders + det(v,v,v)  = ¼ Σ_t (s + t·v)³ - 2 (xzy + zyx + yxz)
    3 sss + s(v·v) in all three orders + det(v,v,v) = ½ Σ_σ (s + σ f_σ1·v)(s + σ f_σ2·v)(s + σ f_σ3·v),   σ in S3.

Scales of the scalars and of one vector bring other weights to this form with κ = 1/ρ in front of sss,
ρ = 2 w011 w101 w110 / (√3 w000 w111²); another κ takes one more term.  Source: derivation ``degree_one``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from math import prod

from coupling.exact import Surd
from coupling.lowrank.linear_forms import LinearForm, place_of, scaled_form, total
from coupling.selection import Path

#: Places of s, x, y, z.
PLACES = 0, place_of(1, 1), place_of(1, -1), place_of(1, 0)

CORNERS = (1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)
ROOT = Surd(1, 1, 3)
IMAGINARY = Surd(1, unit=1)
TRIAD = (
    (ROOT, ROOT * IMAGINARY * 2, Surd(0)),
    (ROOT, -ROOT * IMAGINARY, -IMAGINARY),
    (ROOT, -ROOT * IMAGINARY, IMAGINARY),
)

#: A factor, and the coefficients of s, x, y, z in three slots.
FactoredTerm = tuple[Fraction, tuple[Sequence[Surd], ...]]
Terms = tuple[list[LinearForm], list[LinearForm], list[LinearForm]]


def seven_terms() -> list[FactoredTerm]:
    """Return the seven terms of κ = 1."""
    cubes: list[FactoredTerm] = [(Fraction(1, 4), (tuple(map(Surd.rational, (1, *t))),) * 3) for t in CORNERS]
    x, y, z = (tuple(Surd(int(k == place)) for k in range(4)) for place in (1, 2, 3))
    return [*cubes, *((Fraction(-2), three) for three in ((x, z, y), (z, y, x), (y, x, z)))]


def six_terms() -> list[FactoredTerm]:
    """Return the six terms of κ = 3."""
    found: list[FactoredTerm] = []
    for order in permutations(range(3)):
        sign = 1 if order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else -1
        found.append((Fraction(1, 2), tuple((Surd(1), *(value * sign for value in TRIAD[k])) for k in order)))
    return found


def scales(weights: Mapping[Path, Surd]) -> tuple[tuple[Surd, Surd], ...]:
    """Return what s and v of the three slots are multiplied by, so that four weights become those of the normal form.

    >>> scales({path: Surd(1) for path in ((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1))})[2]
    (√(1/3), √(1/6))
    """
    vector = weights[1, 1, 1] / Surd(1, 6)
    first, second = (weights[path] / (Surd(1, 3) * vector) for path in ((0, 1, 1), (1, 0, 1)))
    return (first, Surd(1)), (second, Surd(1)), (weights[1, 1, 0] / Surd(1, 3), vector)


def terms_of_degree_one(weights: Mapping[Path, Surd], complex_factors: bool = False) -> Terms:
    """Return the linear forms of all terms in each of the three slots, for five weights that are not zero.

    >>> paths = (0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)
    >>> [len(terms_of_degree_one(dict.fromkeys(paths, Surd(1)), kind)[0]) for kind in (False, True)]
    [8, 7]
    """
    kappa, terms = (3, six_terms()) if complex_factors else (1, seven_terms())
    given = scales(weights)
    found: Terms = ([], [], [])
    for factor, slots in terms:
        for forms, numbers, (scalar, vector) in zip(found, slots, given, strict=True):
            scaled = [numbers[0] * scalar, *(number * vector for number in numbers[1:])]
            forms.append({place: (value,) for place, value in sorted(zip(PLACES, scaled, strict=True)) if value})
        found[2][-1] = scaled_form(found[2][-1], Surd.rational(factor))
    if rest := total([weights[0, 0, 0], prod((scalar for scalar, _ in given), start=Surd.rational(-kappa))]):
        for forms, value in zip(found, ((Surd(1),), (Surd(1),), rest), strict=True):
            forms.append({0: value})
    return found


def fewest_weights(complex_factors: bool = False) -> dict[Path, Surd]:
    """Return weights with the fewest terms: 1 for four paths, and that of (0,0,0) with ρ = 1, or 1/3 for complex terms.

    >>> fewest_weights()[0, 0, 0], fewest_weights(True)[0, 0, 0]
    (√(4/3), √(12))
    """
    others = dict.fromkeys(((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)), Surd(1))
    return {(0, 0, 0): Surd(1, 12) if complex_factors else Surd(1, 4, 3), **others}

"""All even paths with degrees to 2 as a sum of 17 cubes, in closed form: Σ_r λ_r a_r ⊗ a_r ⊗ a_r = Σ_paths w C.

With s, v and Q the scalar, the vector and the traceless symmetric matrix of a slot, of 3j symbols of unit norm the 11
even paths make the cubic form

    c0 s³ + 3 c1 s v·v + 3 c2 s tr Q² + 3 c3 v·Qv + c4 tr Q³,       w = c0, √3 c1, √5 c2, √5 c3, √(35/12) c4

for (0,0,0), (0,1,1), (0,2,2), (1,1,2) and (2,2,2) with their permutations.  Scales of s, v and Q leave two ratios, and
the sum exists at isolated values of these.  Its 17 terms have a five-fold axis with mirror planes: two lie on the axis
and fifteen in three orbits, so the components of order m are those of one term times exp(2πikm/5), and in a sum over an
orbit those remain whose orders add up to a multiple of five.  With

    η² = 3 (5 + √5)/10,        μ² = (2 + √5)/3,        all λ_r and components in ℚ(√5, η), times μ where |m| = 1,

η → -η exchanges the first two orbits, and the two terms on the axis.  Every component of the tensor is compared in this
field: :func:`differing_components`.  So it is a cubature: 17 nodes in the nine-dimensional space and weights λ, one of
them negative, that integrate cubic forms over an SO(3)-invariant functional.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import prod

import mpmath
import numpy as np

from coupling.exact import Surd, real_wigner_3j, wigner_3j
from coupling.lowrank.factors import Factors
from coupling.lowrank.linear_forms import DIGITS
from coupling.lowrank.path_weights import whole_paths
from coupling.selection import Path

LMAX, FOLD = 2, 5


@dataclass(frozen=True)
class FieldNumber:
    """a + b √5 + (c + d √5) η, η² = 3 (5 + √5)/10, exactly.

    >>> eta = FieldNumber.of(0, 0, 1)
    >>> eta * eta
    FieldNumber(parts=(Fraction(3, 2), Fraction(3, 10), Fraction(0, 1), Fraction(0, 1)))
    """

    parts: tuple[Fraction, Fraction, Fraction, Fraction]

    @classmethod
    def of(cls, *parts: int | str | Fraction) -> FieldNumber:
        """Return a number from up to four rational parts."""
        a, b, c, d = (Fraction(part) for part in (*parts, *[0] * (4 - len(parts))))
        return cls((a, b, c, d))

    def __add__(self, other: FieldNumber) -> FieldNumber:
        return self.of(*(x + y for x, y in zip(self.parts, other.parts, strict=True)))

    def __mul__(self, other: FieldNumber) -> FieldNumber:
        (a, b, c, d), (e, f, g, h) = self.parts, other.parts
        x, y = c * g + 5 * d * h, c * h + d * g  # times η²
        return self.of(
            a * e + 5 * b * f + Fraction(3, 2) * (x + y),
            a * f + b * e + Fraction(3, 10) * (x + 5 * y),
            a * g + 5 * b * h + c * e + 5 * d * f,
            a * h + b * g + c * f + d * e,
        )

    @property
    def conjugate(self) -> FieldNumber:
        """The number with -η for η."""
        a, b, c, d = self.parts
        return self.of(a, b, -c, -d)

    def value(self) -> mpmath.mpf:
        """Return the number in the current precision of mpmath."""
        root = mpmath.sqrt(5)
        eta = mpmath.sqrt(3 * (5 + root) / 10)
        a, b, c, d = (mpmath.mpf(part.numerator) / part.denominator for part in self.parts)
        return a + b * root + (c + d * root) * eta


ZERO, ONE, MU_SQUARED = FieldNumber.of(), FieldNumber.of(1), FieldNumber.of("2/3", "1/3")

#: Factors c0 … c4 of the cubic form, by the degrees of the path in rising order.
FORM = {
    (0, 0, 0): FieldNumber.of(-1023, 459),
    (0, 1, 1): FieldNumber.of(245, "-325/3"),
    (0, 2, 2): ONE,
    (1, 1, 2): FieldNumber.of(-20, "29/3"),
    (2, 2, 2): ONE,
}

#: Path weights over these factors.
NORMS = {
    (0, 0, 0): Surd(1),
    (0, 1, 1): Surd(1, 3),
    (0, 2, 2): Surd(1, 5),
    (1, 1, 2): Surd(1, 5),
    (2, 2, 2): Surd(1, 35, 12),
}

#: λ, and of a term in the plane of x and z with s = 1: v_z, v_x/μ, Q_zz, Q_xz/μ and (Q_xx - Q_yy)/2.
PAIR = (
    FieldNumber.of("-6039/4", "2701/4", "5977/4", "-2673/4"),
    FieldNumber.of("33/236", "-77/236", "-65/354", "7/177"),
    FieldNumber.of("293/236", "-133/236", "195/118", "-21/59"),
    FieldNumber.of("-125/708", "-117/1180", "21/118", "5/59"),
    FieldNumber.of("-57/472", "-279/2360", "-9/118", "-17/236"),
    FieldNumber.of("73/236", "171/1180", "-4/59", "-1/118"),
)
ALONE = (
    FieldNumber.of("4627/2", "-2069/2"),
    ONE,
    ONE,
    FieldNumber.of("4/33", "2/55"),
    FieldNumber.of("3/11", "9/110"),
    FieldNumber.of("5/22", "13/110"),
)
AXIAL = (
    FieldNumber.of("2507/2", "-1121/2", -5353, 2394),
    FieldNumber.of("-145/358", "-102/179", "-185/2148", "215/2148"),
    ZERO,
    FieldNumber.of("-290/537", "-93/358", "415/716", "195/716"),
    ZERO,
    ZERO,
)


def orbits_of_cubes() -> list[tuple[int, tuple[FieldNumber, ...]]]:
    """Return the number of terms of each orbit, and λ with the components of one.

    >>> sum(size for size, _ in orbits_of_cubes())
    17
    """
    pairs = (FOLD, PAIR), (1, AXIAL)
    return [*pairs, *((size, tuple(x.conjugate for x in one)) for size, one in pairs), (FOLD, ALONE)]


def even_weights() -> dict[Path, float]:
    """Return the path weights of the 17 cubes, rounded.

    >>> weights = even_weights()
    >>> round(weights[0, 2, 2] ** 3 / (weights[0, 0, 0] * weights[2, 2, 2] ** 2), 6)
    1.142483
    """
    with mpmath.workdps(DIGITS):
        found = {key: float(mpmath.mpmathify(NORMS[key]) * factor.value()) for key, factor in FORM.items()}
    return {path: found[_key(path)] for path in whole_paths(LMAX, "even")}


def _key(path: Path) -> Path:
    a, b, c = sorted(path)
    return a, b, c


@dataclass(frozen=True, eq=False)
class EvenCubes:
    """The 17 cubes as a decomposition, with the attributes of :class:`coupling.lowrank.Construction`.

    >>> cubes = EvenCubes()
    >>> cubes.rank, len(cubes.path_weights), cubes.lost_paths, [x.shape for x in cubes.factors]
    (17, 11, (), [(9, 17), (9, 17), (9, 17)])
    """

    lmax: int = LMAX
    complex_factors: bool = False
    lost_paths: tuple[Path, ...] = ()

    @property
    def rank(self) -> int:
        """The number of terms."""
        return sum(size for size, _ in orbits_of_cubes())

    @cached_property
    def path_weights(self) -> dict[Path, float]:
        """The weights of the 11 even paths, rounded."""
        return even_weights()

    @cached_property
    def factors(self) -> Factors:
        """Three equal arrays [9, 17], every number the nearest double."""
        with mpmath.workdps(DIGITS):
            columns = [term for size, one in orbits_of_cubes() for term in _turned(size, one)]
            one = np.array([[float(x) for x in column] for column in columns]).T.copy()
        return one, one.copy(), one.copy()

    def differing_entries(self) -> int:
        """Return how many components of the sum differ from the tensor, compared in the field: zero."""
        return differing_components()


def _turned(size: int, one: tuple[FieldNumber, ...]) -> Iterator[list[mpmath.mpf]]:
    """Yield the terms of an orbit, λ^(1/3) a in the order of flat indices, in the current precision of mpmath."""
    mu = mpmath.sqrt(MU_SQUARED.value())
    weight, vz, vx, qzz, qxz, q2 = (x.value() for x in one)
    root = mpmath.sign(weight) * mpmath.cbrt(abs(weight))
    two = mpmath.sqrt(2)
    for k in range(size):
        c1, s1, c2, s2 = (f(2 * mpmath.pi * k * m / FOLD) for m in (1, 2) for f in (mpmath.cos, mpmath.sin))
        vector = [vx * mu * s1, vz, vx * mu * c1]
        square = [two * q2 * s2, two * qxz * mu * s1, mpmath.sqrt(1.5) * qzz, two * qxz * mu * c1, two * q2 * c2]
        yield [root * x for x in (mpmath.mpf(1), *vector, *square)]


def differing_components() -> int:
    """Return how many components of the sum differ from the tensor, compared in the field: zero.

    Both are symmetric in the slots, so there are 165 distinct ones.

    >>> differing_components()
    0
    """
    places = [(l, m) for l in range(LMAX + 1) for m in range(-l, l + 1)]
    return sum(_summed(three) != _wanted(three) for three in combinations_with_replacement(places, 3))


def _component(one: tuple[FieldNumber, ...], l: int, m: int) -> FieldNumber:
    """Return s, v_z, v_x/μ, Q_zz, Q_xz/μ or (Q_xx - Q_yy)/2 of a term."""
    return ONE if l == 0 else one[2 * l - 1 + abs(m)]


def _summed(three: tuple[tuple[int, int], ...]) -> FieldNumber:
    """Return a component of the sum, without the factors of its components and an odd μ."""
    total, (ones, order) = ZERO, (sum(abs(m) == 1 for _, m in three), sum(m for _, m in three))
    if order % FOLD:
        return ZERO
    for size, one in orbits_of_cubes():
        if size == 1 and any(m for _, m in three):
            continue
        term = FieldNumber.of(size) * one[0]
        for l, m in three:
            term = term * _component(one, l, m)
        total = total + term
    return total * MU_SQUARED if ones > 1 else total


def _wanted(three: tuple[tuple[int, int], ...]) -> FieldNumber:
    """Return the component of Σ w C over the same factors: w 3j, a rational number times c0 … c4."""
    (l1, m1), (l2, m2), (l3, m3) = three
    key = _key((l1, l2, l3))
    value = wigner_3j(l1, l2, l3, m1, m2, m3)
    if not value or key not in FORM:
        return ZERO
    sign = real_wigner_3j(l1, l2, l3, 0, 0, 0).sign * wigner_3j(l1, l2, l3, 0, 0, 0).sign
    scaled = value * NORMS[key] * sign / prod((_factor(l, m) for l, m in three), start=Surd(1))
    return FORM[key] * FieldNumber.of(_rational(scaled))


def _factor(l: int, m: int) -> Surd:
    """Return what (l, m) of an orthonormal complex basis is over the component of :func:`_component`, without μ."""
    sign = -1 if m == 1 else 1
    return {(1, 1): Surd(sign, 1, 2), (2, 0): Surd(1, 3, 2), (2, 1): Surd(sign), (2, 2): Surd(1)}.get(
        (l, abs(m)), Surd(1)
    )


def _rational(value: Surd) -> Fraction:
    root = Fraction(round(value.numerator**0.5), round(value.denominator**0.5))
    if root * root != Fraction(value.numerator, value.denominator):
        raise ArithmeticError(f"{value} is not rational")
    return value.sign * root

"""All even paths with degrees to 3 as a sum of 32 cubes: the quadrature rule of an icosahedron.

A rule of degree 3L, ∫ f dΩ = 4π Σ_q w_q f(q), makes the Gaunt coefficients a sum of cubes of evaluations,

    ∫ R1 R2 R3 dΩ = Σ_q a_q a_q a_q,       a_q = (4π w_q)^(1/3) (R_lm(q)),

so the even paths have the factors N of the Gaunt coefficients as weights, none of them zero.  The 12 vertices with
w = 5/168 and the 20 centres of faces with w = 9/280 are such a rule of degree 9, L = 3.  That is verified in ℚ(√5): odd
degrees cancel between opposite points, and a rule is exact for an even degree d when Σ_qq' w_q w_q' P_d(q·q') = 0, in
which only squares of cosines occur.  Source: A. D. McLaren, Optimal numerical integration on a sphere, Math. Comp. 17
(1963) 361.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import factorial

import numpy as np

from coupling.conventions import GAUNT, parity_sign
from coupling.lowrank.even_cubes import ZERO, FieldNumber
from coupling.lowrank.factors import Factors
from coupling.lowrank.path_weights import whole_paths
from coupling.numbers.normalizations import normalization
from coupling.selection import Path
from coupling.sphere.harmonics import harmonics

GOLDEN, INVERSE = FieldNumber.of("1/2", "1/2"), FieldNumber.of("-1/2", "1/2")

Node = tuple[FieldNumber, FieldNumber, FieldNumber]


def nodes() -> list[tuple[Fraction, FieldNumber, Node]]:
    """Return weight, the inverse of the squared norm, and coordinates of one of each pair of opposite points.

    >>> sum(2 * weight for weight, _, _ in nodes())
    Fraction(1, 1)
    """
    one, minus = FieldNumber.of(1), FieldNumber.of(-1)
    vertices = [turned for y in (one, minus) for turned in _cyclic(ZERO, y, GOLDEN)]
    faces = [(one, y, z) for y in (one, minus) for z in (one, minus)]
    faces += [turned for z in (INVERSE, minus * INVERSE) for turned in _cyclic(ZERO, GOLDEN, z)]
    norm = FieldNumber.of("1/2", "-1/10")  # 1/(1 + φ²)
    return [
        *((Fraction(5, 168), norm, node) for node in vertices),
        *((Fraction(9, 280), FieldNumber.of("1/3"), node) for node in faces),
    ]


def _cyclic(x: FieldNumber, y: FieldNumber, z: FieldNumber) -> list[Node]:
    return [(x, y, z), (z, x, y), (y, z, x)]


def failing_degrees() -> list[int]:
    """Return the even degrees from 2 to 8 for which the rule is not exact, in exact numbers: none.

    >>> failing_degrees()
    []
    """
    found = []
    for even in (2, 4, 6, 8):
        total = ZERO
        for (w, norm, one), (v, other_norm, other) in product(nodes(), repeat=2):
            dot = ZERO
            for x, y in zip(one, other, strict=True):
                dot = dot + x * y
            total = total + FieldNumber.of(w * v) * legendre_of_square(even, dot * dot * norm * other_norm)
        if total != ZERO:
            found.append(even)
    return found


def legendre_of_square(degree: int, square: FieldNumber) -> FieldNumber:
    """Return P_d(x) of an even degree from x².

    >>> legendre_of_square(2, FieldNumber.of("1/3")) == ZERO
    True
    """
    total, power = ZERO, FieldNumber.of(1)
    for k in range(degree // 2, -1, -1):  # the power of x is degree - 2k
        above = parity_sign(k) * factorial(2 * degree - 2 * k)
        below = 2**degree * factorial(k) * factorial(degree - k) * factorial(degree - 2 * k)
        total = total + FieldNumber.of(Fraction(above, below)) * power
        power = power * square
    return total


@dataclass(frozen=True, eq=False)
class IcosahedralCubes:
    """The 32 cubes as a decomposition, with the attributes of :class:`coupling.lowrank.Construction`.

    >>> cubes = IcosahedralCubes()
    >>> cubes.rank, len(cubes.path_weights), [x.shape for x in cubes.factors]
    (32, 23, [(16, 32), (16, 32), (16, 32)])
    """

    lmax: int = 3
    complex_factors: bool = False
    lost_paths: tuple[Path, ...] = ()

    @property
    def rank(self) -> int:
        """The number of terms."""
        return 2 * len(nodes())

    @cached_property
    def path_weights(self) -> dict[Path, float]:
        """The weights of the even paths, those of Gaunt coefficients, rounded."""
        size = normalization(GAUNT, self.lmax)
        return {path: float(size[path]) for path in whole_paths(self.lmax, "even")}

    @cached_property
    def factors(self) -> Factors:
        """Three equal arrays [16, 32]."""
        points = np.array([[float(x.value()) for x in node] for _, _, node in nodes()])
        points = np.vstack([points, -points]) / np.linalg.norm(np.vstack([points, points]), axis=1)[:, None]
        theta, phi = np.arccos(points[:, 2]), np.arctan2(points[:, 1], points[:, 0])
        weights = np.array([float(weight) for weight, _, _ in nodes()] * 2)
        one = np.ascontiguousarray(harmonics(self.lmax, theta, phi).T * np.cbrt(4 * np.pi * weights))
        return one, one.copy(), one.copy()

    def differing_entries(self) -> int:
        """Return the number of even degrees for which the rule fails, in exact numbers: zero."""
        return len(failing_degrees())

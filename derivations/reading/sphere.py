"""Functions on the unit sphere as polynomials in x, y, z: harmonics, integrals, gradients, brackets.

Two functions are compared at points of the sphere whose coordinates and half angles are rational.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp

from derivations.reading.names import Operator, Rules
from derivations.reading.relations import difference
from derivations.symbols import phi, theta, x, y, z

POSITION = sp.Matrix([x, y, z])
SINE = sp.Symbol("s", positive=True)
HALVES = (
    (sp.Rational(4, 5), sp.Rational(3, 5), sp.Rational(12, 13), sp.Rational(5, 13)),
    (sp.Rational(15, 17), sp.Rational(8, 17), sp.Rational(20, 29), sp.Rational(-21, 29)),
)


def point(halves: tuple[sp.Rational, ...]) -> dict[sp.Expr, sp.Expr]:
    """Coordinates and trigonometric functions of a point, from the cosines and sines of θ/2 and φ/2."""
    c, s, d, e = halves
    cosine, sine, along, across = c**2 - s**2, 2 * c * s, d**2 - e**2, 2 * d * e
    trigonometric = {
        sp.cos(theta / 2): c,
        sp.sin(theta / 2): s,
        sp.cos(theta): cosine,
        sp.sin(theta): sine,
        sp.cos(phi): along,
        sp.sin(phi): across,
        sp.exp(sp.I * phi / 2): d + sp.I * e,
        sp.exp(-sp.I * phi / 2): d - sp.I * e,
        sp.exp(sp.I * phi): along + sp.I * across,
        sp.exp(-sp.I * phi): along - sp.I * across,
    }
    return trigonometric | {x: sine * along, y: sine * across, z: cosine, SINE: sine}


POINTS = tuple(map(point, HALVES))


def at_points(left: Any, right: Any) -> sp.Matrix:
    """left − right at the points of comparison; matrices and numbers are compared entry by entry."""
    residual = difference(left, right)
    parts = residual.flat() if isinstance(residual, sp.MatrixBase) else [residual]
    return sp.Matrix([located(sp.sympify(part), place) for part in parts for place in POINTS])


def located(expression: sp.Expr, place: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    if not expression.has(theta, phi):
        return sp.expand(expression.xreplace(place))
    around = expression.replace(lambda e: e.is_Pow and e.base == sp.E, lambda e: turned(e.exp))
    return sp.expand(sp.expand_trig(around).subs(place, simultaneous=True))


def turned(exponent: sp.Expr) -> sp.Expr:
    """exp of a multiple of iφ as a power of exp(iφ/2)."""
    times = sp.simplify(exponent / (sp.I * phi / 2))
    if times.is_integer:
        return sp.Pow(sp.cos(phi / 2) + sp.I * sp.sin(phi / 2), times)
    return sp.exp(exponent)


for _place, (_, _, _d, _e) in zip(POINTS, HALVES, strict=True):
    _place.update({sp.cos(phi / 2): _d, sp.sin(phi / 2): _e})


@cache
def harmonic(l: int, m: int) -> sp.Expr:
    """Y_lm with the phase of Condon and Shortley, as a polynomial."""
    if abs(m) > l or l < 0:
        return sp.Integer(0)
    if m < 0:
        return sp.Integer(-1) ** m * conjugate(harmonic(l, -m))
    norm = sp.sqrt(sp.Rational((2 * l + 1) * sp.factorial(l - m), 4 * sp.factorial(l + m)) / sp.pi)
    legendre = sp.diff((z**2 - 1) ** l, z, l + m) / (2**l * sp.factorial(l)) if l + m else (z**2 - 1) ** l
    return sp.expand(sp.Integer(-1) ** m * norm * (x + sp.I * y) ** m * legendre)


@cache
def real_harmonic(l: int, m: int) -> sp.Expr:
    """R_lm: the real and imaginary parts of Y_l|m| without the phase, times √2."""
    if m == 0:
        return harmonic(l, 0)
    plain = sp.Integer(-1) ** m * harmonic(l, abs(m))
    part = plain + conjugate(plain) if m > 0 else (plain - conjugate(plain)) / sp.I
    return sp.expand(part / sp.sqrt(2))


def conjugate(value: Any) -> Any:
    return value.conjugate() if isinstance(value, sp.MatrixBase) else sp.sympify(value).subs(sp.I, -sp.I)


def integral(function: sp.Expr) -> sp.Expr:
    """∫ dΩ, monomial by monomial."""
    found = sp.Integer(0)
    for powers, factor in sp.Poly(sp.expand(function), x, y, z).terms():
        if not any(power % 2 for power in powers):
            odd = [sp.factorial2(power - 1) for power in powers]
            found += factor * 4 * sp.pi * sp.prod(odd) / sp.factorial2(sum(powers) + 1)
    return sp.expand(found)


def slopes(function: sp.Expr) -> sp.Matrix:
    return sp.Matrix([sp.diff(function, coordinate) for coordinate in POSITION])


def gradient(function: sp.Expr) -> sp.Matrix:
    """The surface gradient: the part of the gradient that is tangential on the unit sphere."""
    found = slopes(sp.sympify(function))
    return found - POSITION * POSITION.dot(found)


def bracket(f: sp.Expr, g: sp.Expr) -> sp.Expr:
    """{f, g} = r·(∇f × ∇g), by the coordinates."""
    return sp.expand(POSITION.dot(slopes(sp.sympify(f)).cross(slopes(sp.sympify(g)))))


def laplacian(function: Any) -> Any:
    """The Laplacian of the unit sphere, of a polynomial in the coordinates or of three components."""
    if isinstance(function, sp.MatrixBase):
        return function.applyfunc(laplacian)
    around = POSITION.dot(slopes(sp.sympify(function)))
    space = sum(sp.diff(function, coordinate, 2) for coordinate in POSITION)
    return sp.expand(space - around - POSITION.dot(slopes(around)))


def along_theta(function: sp.Expr) -> sp.Expr:
    """∂θ, with sinθ as a symbol."""
    dx, dy, dz = slopes(sp.sympify(function))
    return (z * (x * dx + y * dy) - (x**2 + y**2) * dz) / SINE


def along_phi(function: sp.Expr) -> sp.Expr:
    """∂φ = x ∂y − y ∂x"""
    dx, dy, _ = slopes(sp.sympify(function))
    return x * dy - y * dx


SPHERE: Rules = {
    "=": lambda _: at_points,
    "x": lambda _: x,
    "y": lambda _: y,
    "z": lambda _: z,
    "r": lambda _: POSITION,
    "\\theta": lambda _: theta,
    "\\phi": lambda _: phi,
    "\\sin": lambda _: Operator(sp.sin),
    "\\cos": lambda _: Operator(sp.cos),
    "\\int": lambda _: integral,
    "\\nabla": lambda _: Operator(gradient),
    "\\{\\}": lambda _: bracket,
    "\\partial_\\theta": lambda _: Operator(along_theta),
    "\\partial_\\phi": lambda _: Operator(along_phi),
    "\\overline": lambda _: conjugate,
}

#: At the north pole.
POLE: dict[sp.Expr, int] = {x: 0, y: 0, z: 1}

#: The two unit vectors of the angles, and the Laplacian.
FRAME: Rules = {
    "\\hat \\theta": lambda _: sp.Matrix([z * x, z * y, z**2 - 1]) / SINE,
    "\\hat \\phi": lambda _: sp.Matrix([-y, x, 0]) / SINE,
    "\\Delta": lambda _: Operator(laplacian),
}

#: Three functions, where a statement holds for arbitrary ones; two operators are compared on the first.
FUNCTIONS: Rules = {
    "f": lambda _: x + 2 * y * z,
    "g": lambda _: z + x + x * y - y**3,
    "h": lambda _: 2 * y - 3 * x - x * z,
    "\\cdot": lambda _: x + 2 * y * z,
}

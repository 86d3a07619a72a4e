"""The expected numbers of a program in its convention, rounded once from exact numbers."""

from __future__ import annotations

from math import factorial

import mpmath
import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.crosscheck.program import FAMILY, HARMONICS, ONE_BY_ONE, ROTATIONS, Array, Case
from coupling.crosscheck.recoupling import reference_symbols
from coupling.exact.surd import Surd
from coupling.foreign.axes import axis_matrix
from coupling.foreign.convention import Convention
from coupling.numbers.coefficients import block
from coupling.numbers.recurrences import wigner_3j_family

POINTS = 60
#: Digits of the harmonics before they are rounded; the recurrence loses about one per ten degrees.
DIGITS = 60


def points_on_sphere(n: int = POINTS) -> NDArray[np.float64]:
    """Return n unit vectors [n, 3] on a spiral, in general position.

    >>> bool(np.allclose(np.linalg.norm(points_on_sphere(), axis=1), 1))
    True
    """
    k = np.arange(n)
    z, phi = 1 - (2 * k + 1) / n, k * (np.pi * (3 - np.sqrt(5)))
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(phi), radius * np.sin(phi), z], -1)


def reference(convention: Convention, quantity: str, case: Case) -> Array:
    """Return a quantity of a case in a convention.

    >>> from coupling.foreign import named
    >>> reference(named("sympy"), "family of 3j", (1, 1, 1, 0))
    array([-0.40824829, -0.31622777])
    """
    if quantity == HARMONICS:
        return reference_harmonics(convention, case[0], points_on_sphere())
    if quantity == ROTATIONS:
        return reference_rotations(convention, case[0])
    if quantity in ONE_BY_ONE:
        return reference_symbols(quantity, case[0])
    if quantity == FAMILY:
        return wigner_3j_family(*case).values
    l1, l2, l3 = case
    return block(quantity, l1, l2, l3, convention.basis, convention)


def reference_harmonics(convention: Convention, l: int, points: NDArray[np.float64]) -> Array:
    """Return the harmonics of degree l in a convention at the directions of vectors [n, 3], as [n, 2l+1].

    By the definition in ``coupling.foreign.convention``, in long arithmetic; no other code of this package takes part.

    >>> from coupling.foreign import named
    >>> reference_harmonics(named("e3x"), 1, np.array([[0.0, 3.0, 4.0]]))
    array([[0. , 0.6, 0.8]])
    """
    turned = points @ axis_matrix(convention.axes).T  # a signed permutation: exact
    with mpmath.workdps(DIGITS):
        rows = [_at(convention, l, [mpmath.mpf(x) for x in vector]) for vector in turned.tolist()]
        return np.array(rows, complex if convention.basis == "complex" else float)


#: Euler angles of the rotations that are compared: in general position, at both poles, and a quarter turn.
EULER_ANGLES = ((0.3, 0.7, 1.1), (-2.0, 2.9, 0.1), (0.0, 0.0, 0.4), (1.2, np.pi, -0.6), (0.5, np.pi / 2, 2.5))


def rotations_of(convention: Convention) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the input of a program, Euler angles [n, 3] or matrices [n, 3, 3], and the matrices.

    >>> from coupling.foreign import named
    >>> [array.shape for array in rotations_of(named("e3nn"))]
    [(5, 3), (5, 3, 3)]
    """
    angles = np.array(EULER_ANGLES)
    matrices = np.array([_matrix(convention.euler or "zyz", row) for row in angles.tolist()])
    return (angles if convention.euler else matrices), matrices


def _matrix(axes: str, angles: list[float]) -> NDArray[np.float64]:
    total = np.eye(3)
    for axis, angle in zip(axes, angles, strict=True):
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[second, first] = np.sin(angle)
        turn[first, second] = -np.sin(angle)
        total = total @ turn
    return total


def reference_rotations(convention: Convention, l: int) -> Array:
    """Return D [n, 2l+1, 2l+1] with H(R⁻¹ r) = Σ_k D_k H_k(r): the definition, solved at points for the harmonics.

    >>> from coupling.foreign import named
    >>> reference_rotations(named("e3x"), 1)[2].round(6) + 0.0  # about z
    array([[ 0.921061, -0.389418,  0.      ],
           [ 0.389418,  0.921061,  0.      ],
           [ 0.      ,  0.      ,  1.      ]])
    """
    points = points_on_sphere()
    here = reference_harmonics(convention, l, points)
    moved = [reference_harmonics(convention, l, points @ matrix) for matrix in rotations_of(convention)[1]]
    return np.array([np.linalg.lstsq(here, there, rcond=None)[0] for there in moved])


def _at(convention: Convention, l: int, vector: list[mpmath.mpf]) -> list[complex | float]:
    length = mpmath.sqrt(sum(x * x for x in vector))
    x, y, z = (component / length for component in vector)
    norm = _number(convention.norm(l))
    polynomials = [_associated(l, m, z) * (x + 1j * y) ** m for m in range(l + 1)]  # (sin θ)^m e^{imφ} with it
    values: list[complex | float] = []
    for m in convention.orders(l):
        p = polynomials[abs(m)]
        if convention.basis == "complex":
            value = parity_sign(m) * p if m > 0 else mpmath.conj(p)
        else:
            value = (p.imag if m < 0 else p.real) * mpmath.sqrt(2 if m else 1)
        values.append((complex if convention.basis == "complex" else float)(convention.phase(l, m) * norm * value))
    return values


def _associated(l: int, m: int, z: mpmath.mpf) -> mpmath.mpf:
    """Return √((2l+1)/4π (l-m)!/(l+m)!) d^m P_l(z)/dz^m, by the recurrence in the degree."""
    before, value = mpmath.mpf(0), mpmath.mpf(1)
    for k in range(1, m + 1):
        value *= 2 * k - 1
    for k in range(m + 1, l + 1):
        before, value = value, ((2 * k - 1) * z * value - (k + m - 1) * before) / (k - m)
    return value * mpmath.sqrt(mpmath.mpf((2 * l + 1) * factorial(l - m)) / factorial(l + m) / 4 / mpmath.pi)


def _number(value: Surd) -> mpmath.mpf:
    square = mpmath.mpf(value.numerator) / value.denominator * mpmath.pi ** (-value.pi_power)
    return value.sign * mpmath.sqrt(square)

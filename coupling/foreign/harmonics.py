"""Exact change of basis between the harmonics of two conventions, degree by degree.

With R the real harmonics of this package, a convention evaluates them at A v (``axes``), may go over to Y = U† R, and
multiplies by phases and norms.  So from the source s to the target t, with w = A_s v,

    H_t(v) = norm_t phase_t [U†] D(A_t A_s⁻¹) [U] phase_s norm_s⁻¹ H_s(v)

where U† and U are there when target and source are complex.  All entries of real and imaginary part are single
square roots of rationals, for norms times a power of √π.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.foreign.axes import Surds, axis_matrix, harmonics_matrix
from coupling.foreign.convention import Convention
from coupling.foreign.named import named
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import degree


def change_of_basis(
    l: object, source: Convention | str, target: Convention | str, *, normalized: bool = False
) -> NDArray[Any]:
    """Return M [2l+1, 2l+1] with H_target(v) = M H_source(v) for the harmonics of degree l at every point v.

    Both are evaluated at the same point of space; rows and columns stand in the orders of their conventions.
    float64, or complex128 when one of the two is complex; every real and imaginary part is correctly rounded.
    ``normalized`` leaves out the norms, so that M is unitary: features of an equivariant network transform with this
    matrix.  Raises ValueError or TypeError for a degree or convention that does not exist.  Source:
    ``coupling.conventions``, ``coupling.foreign.convention``; Wigner 1959, eq. 15.27 for d(π/2).

    >>> change_of_basis(1, "coupling", "e3nn")  # (y, z, x) → (x, y, z)
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 1., 0.]])
    >>> change_of_basis(1, "scipy", "coupling").round(3)
    array([[ 0.   +0.707j,  0.   +0.j   ,  0.   +0.707j],
           [ 0.   +0.j   ,  1.   +0.j   ,  0.   +0.j   ],
           [ 0.707+0.j   ,  0.   +0.j   , -0.707+0.j   ]])
    """
    l = degree(l, "degree")
    s, t = named(source), named(target)
    require_memory(400 * (2 * l + 1) ** 2, f"the change of basis of degree {quoted(l)}")
    real, imaginary = exact_change_of_basis(l, s, t, normalized)
    if s.basis == t.basis == "real":
        return real.astype(float)
    return real.astype(float) + 1j * imaginary.astype(float)


def exact_change_of_basis(l: int, source: Convention, target: Convention, normalized: bool) -> tuple[Surds, Surds]:
    """Return real and imaginary part of the change of basis, as arrays of Surds."""
    between = axis_matrix(target.axes) @ axis_matrix(source.axes).T
    real = harmonics_matrix(l, between)
    imaginary = np.full_like(real, Surd(0))
    if target.basis == "complex":
        real, imaginary = _conjugate_transformed(real, imaginary)
    if source.basis == "complex":
        real, imaginary = (part.T for part in _conjugate_transformed(real.T, -imaginary.T))
        imaginary = -imaginary
    scale = Surd(1) if normalized else target.norm(l) / source.norm(l)
    return _stored(real * scale, source, target, l), _stored(imaginary * scale, source, target, l)


def _conjugate_transformed(real: Surds, imaginary: Surds) -> tuple[Surds, Surds]:
    """Return U† X.  Y_m = a_m R_|m| + i b_m R_-|m|, a = (-1)^m/√2, b = a for m > 0; a = -b = 1/√2 for m < 0."""
    l = len(real) // 2
    m = np.arange(-l, l + 1)
    a = np.array([Surd(parity_sign(max(k, 0)), 1, 2 if k else 1) for k in m.tolist()])[:, None]
    b = np.array([Surd((k > 0) - (k < 0)) for k in m.tolist()])[:, None] * a
    cosine, sine = abs(m) + l, l - abs(m)
    return a * real[cosine] - b * imaginary[sine], a * imaginary[cosine] + b * real[sine]


def _stored(matrix: Surds, source: Convention, target: Convention, l: int) -> Surds:
    signed = target.phases(l).astype(object)[:, None] * matrix * source.phases(l).astype(object)
    rows, columns = (np.argsort(convention.positions(l)) for convention in (target, source))
    result: Surds = signed[np.ix_(rows, columns)]
    return result

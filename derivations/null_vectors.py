"""Null vectors made of spinors: (a·r)^l generates the spherical harmonics of degree l.

a(ξ, η) = ((η² − ξ²)/2, −i(ξ² + η²)/2, ξη) has a·a = 0, and

    (a·r)^l / l! = √(4π/(2l+1)) Σ_m Y_lm ξ^(l+m) η^(l−m) / √((l+m)! (l−m)!)      on |r| = 1.
"""

import sympy as sp

from derivations.invariant_polynomial import ETA, XI
from derivations.symbols import phi, theta, x, y, z

POINT = sp.Matrix([x, y, z])
SPHERE = sp.Matrix([sp.sin(theta) * sp.cos(phi), sp.sin(theta) * sp.sin(phi), sp.cos(theta)])


def null_vector(xi: sp.Expr, eta: sp.Expr) -> sp.Matrix:
    """a(ξ, η)"""
    return sp.Matrix([(eta**2 - xi**2) / 2, -sp.I * (xi**2 + eta**2) / 2, xi * eta])


def slot(i: int) -> sp.Matrix:
    """The null vector of slot i, counted from 1."""
    return null_vector(XI[i - 1], ETA[i - 1])

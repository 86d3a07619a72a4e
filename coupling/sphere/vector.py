"""Orthonormal vector spherical harmonics: pure-spin fields E, B, L and pure-orbit fields."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import check_basis
from coupling.sphere.directions import broadcast_angles
from coupling.sphere.harmonics import gradients, harmonics
from coupling.sphere.legendre import bounded_degree

#: Pure-spin fields, and shifts L - l of pure-orbit fields.
PURE_SPIN, PURE_ORBIT = ("E", "B", "L"), (-1, 0, 1)


def vector_harmonics(
    lmax: object, theta: ArrayLike, phi: ArrayLike, kind: object, basis: str = "real"
) -> NDArray[np.inexact]:
    """Return orthonormal vector harmonics of degrees 0 … lmax as an array [3, ..., (lmax+1)²], flat index l²+l+m last.

    The three components belong to the frame (e_θ, e_φ, r).  With Y the harmonics of the basis, ∇ the surface gradient
    and r the unit normal, kind is

        "E"    ∇Y/√(l(l+1))                       electric
        "B"    r×∇Y/√(l(l+1))                     magnetic
        "L"    r Y                                longitudinal
        -1     (∇Y + l r Y)/√(l(2l+1))            pure orbit l-1
        0      r×∇Y/√(l(l+1))                     pure orbit l
        1      (∇Y - (l+1) r Y)/√((l+1)(2l+1))    pure orbit l+1

    The Cartesian components of a pure-orbit field have the degree of its orbit; in the complex basis shift 0 has the
    factor -i.  Those of complex harmonics with a shift are Y^L_lm = Σ ⟨L m-μ 1 μ|l m⟩ Y_{L,m-μ} e_μ, L = l + shift
    (Edmonds 1957, section 5.9).  Harmonics that do not exist, E, B and shifts -1 and 0 of l = 0, are zero.  theta and
    phi broadcast; range and dtypes are those of :func:`harmonics`; at a pole the components are limits along the
    meridian phi.  The error of a component is at most 3e-15 √((2l+1)/4π) where numpy's long double has 64 bits.

    Raises as :func:`harmonics`, and ValueError or TypeError for another kind.  Source: derivation
    ``vector_harmonics``, steps 2 to 5.

    >>> vector_harmonics(1, 0.0, 0.0, "L")[2].round(6) + 0.0
    array([0.282095, 0.      , 0.488603, 0.      ])
    >>> vector_harmonics(1, np.pi / 2, 0.0, -1)[:, 3].round(6) + 0.0  # x/√(4π) at the point x
    array([0.      , 0.      , 0.282095])
    """
    l_max, (t, f) = bounded_degree(lmax, "lmax"), broadcast_angles(theta, phi)
    shift, size = _kind(kind), np.dtype(float if check_basis(basis) == "real" else complex).itemsize
    require_memory(9 * size * t.size * (l_max + 1) ** 2, f"vector harmonics to lmax {l_max} at {t.size} points")
    l = np.repeat(np.arange(l_max + 1.0), 2 * np.arange(l_max + 1) + 1)
    result = np.zeros((3, *t.shape, len(l)), np.dtype(float if basis == "real" else complex))
    if shift != "L":
        result[:2] = gradients(l_max, t, f, basis)
    if shift in ("B", 0):
        result[0], result[1] = -result[1], result[0].copy()
    if shift in ("L", -1, 1):
        result[2] = _radial(shift, l) * harmonics(l_max, t, f, basis)
    result *= _scale(shift, l) * (-1j if shift == 0 and basis == "complex" else 1)
    return result


def _kind(value: object) -> Any:
    if isinstance(value, str) and value in PURE_SPIN:
        return value
    if type(value) is int and value in PURE_ORBIT:
        return value
    rule = "kind must be one of 'E', 'B', 'L', or a shift -1, 0, 1"
    if type(value) not in (str, int):
        raise TypeError(f"{rule}, got {type(value).__name__} {quoted(value)}")
    raise ValueError(f"{rule}, got {quoted(value)}")


def _radial(kind: Any, l: NDArray[np.float64]) -> NDArray[np.float64] | float:
    return 1.0 if kind == "L" else l if kind == -1 else -(l + 1)


def _scale(kind: Any, l: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 over the norm of each field, zero where it does not exist."""
    if kind == "L":
        return np.ones_like(l)
    if kind == 1:
        return 1 / np.sqrt((l + 1) * (2 * l + 1))
    last = 2 * l + 1 if kind == -1 else l + 1
    return np.where(l > 0, 1 / np.sqrt(np.maximum(l, 1) * last), 0.0)

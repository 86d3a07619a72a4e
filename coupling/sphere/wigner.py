"""Wigner's d and D in floats: what a rotation does to the coefficients of a function, and to its harmonics.

**Active rotations.**  R moves points: r → R r, and functions: (R f)(r) = f(R⁻¹ r).  With R = R_z(α) R_y(β) R_z(γ),

    D^j_{m1,m2}(R) = ⟨j m1| exp(-iα J_z) exp(-iβ J_y) exp(-iγ J_z) |j m2⟩ = e^{-i m1 α} d^j_{m1,m2}(β) e^{-i m2 γ}

    f = Σ_m c_m Y_lm   ⇒   R f = Σ_m c'_m Y_lm,   c' = D(R) c,   Y_lm(R⁻¹ r) = Σ_k D_km(R) Y_lk(r)

so D(R1) D(R2) = D(R1 R2).  In the real basis D is orthogonal, and the harmonics of a moved point are
R_l(R r) = D(R) R_l(r): features of a network turn with D.  For complex harmonics Y_l(R r) = conj(D(R)) Y_l(r).
A passive convention, in which R turns the axes and not the points, has D(R⁻¹), the adjoint of D(R).

d(β) = ± Σ_k Δ_{m1,k} Δ_{m2,k} cos kβ, or sin kβ where m1 - m2 is odd, with Δ = d(π/2): every row of Δ has length 1, so
the rounding of the sum does not grow with the degree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.foreign.axes import axis_matrix, determinant
from coupling.foreign.convention import Convention
from coupling.foreign.named import named
from coupling.integers import doubled, half
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import check_basis
from coupling.sphere.directions import real_numbers
from coupling.sphere.legendre import LONG, Long
from coupling.sphere.quarter_turns import quarter_turn_d
from coupling.sphere.quaternions import euler_angles, quaternions

#: Largest degree of the matrices.
LARGEST_MATRIX = 1000

Floats = NDArray[np.float64]


def wigner_d(j: object, beta: ArrayLike) -> Floats:
    """Return d^j(β) [..., 2j+1, 2j+1] for angles beta [...] in radians, rows m1 and columns m2 = -j … j.

        d^j_{m1,m2}(β) = ⟨j m1| exp(-iβ J_y) |j m2⟩

    Real, float64; j <= 1000 is an integer or half-integer, β any finite
    number.  The error of an entry is at most 2e-15 where numpy's long double has 64 bits (x86), (j+1) 1e-15 elsewhere.
    Raises ValueError or TypeError for a degree that does not exist or is larger and for angles that are no finite
    numbers, MemoryError for a result that does not fit.  Exact values: :func:`coupling.exact.wigner_d`.  Source:
    :mod:`coupling.sphere.wigner`; Trapani and Navaza 2006 for the sum over k.

    >>> wigner_d(0.5, np.pi / 2).round(6)
    array([[ 0.707107,  0.707107],
           [-0.707107,  0.707107]])
    >>> wigner_d(1, np.pi)[::2, ::2].round(6) + 0.0
    array([[0., 1.],
           [1., 0.]])
    """
    twice, angle = matrix_degree(j), real_numbers(beta, "beta")
    require_memory(8 * angle.size * (twice + 1) ** 2, f"d of degree {half(twice)} at {angle.size} angles")
    return _small(twice, angle.astype(LONG))


def wigner_D(  # noqa: N802
    j: object,
    rotation: ArrayLike,
    basis: str = "real",
    *,
    euler: str | None = None,
    convention: Convention | str | None = None,
) -> NDArray[Any]:
    """Return Wigner's D^j(R) [..., 2j+1, 2j+1] of rotations R.

        f = Σ_m c_m R_lm  ⇒  f(R⁻¹ r) = Σ_m (D c)_m R_lm(r)
        D^j_{m1,m2}(R) = ⟨j m1| exp(-iα J_z) exp(-iβ J_y) exp(-iγ J_z) |j m2⟩

    The first line, with the real harmonics R_lm, is the basis "real", the second "complex".

    rotation : quaternions (w, x, y, z) [..., 4], of any length but zero, or matrices [..., 3, 3]; with ``euler`` the
        angles [..., 3] of R = R_a(α) R_b(β) R_c(γ) about the axes that euler names, "zyz" or e3nn's "yxy"
    basis : "real", float64 and orthogonal, for integer degrees; "complex", complex128 and unitary, for all
    convention : of another program's harmonics, whose basis is then meant; D c are then coefficients in its order

    Half-integer degrees distinguish q from -q; of a matrix the quaternion with w >= 0 is taken.  j <= 1000; the error
    of an entry is at most 5e-15 where numpy's long double has 64 bits, (j+1) 2e-15 elsewhere.  Raises ValueError or
    TypeError for a degree, basis or convention that does not exist and for what is no rotation, MemoryError for a
    result that does not fit.  Source: :mod:`coupling.sphere.wigner`; Edmonds 1957, eq. 4.1.12.

    >>> turn = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # x → y → -x
    >>> wigner_D(1, turn).round(6) + 0.0  # in the order y, z, x
    array([[ 0.,  0.,  1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  0.]])
    >>> wigner_D(1, turn, convention="e3nn").round(6) + 0.0  # x, y, z
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    """
    twice, own = matrix_degree(j), None if convention is None else named(convention)
    basis = check_basis(basis) if own is None else own.basis
    require_integer(twice, basis)
    q = quaternions(rotation, euler) if own is None else _in_axes(quaternions(rotation, euler), own)
    size = q.size // 4 * (twice + 1) ** 2
    require_memory((24 if basis == "real" else 40) * size, f"D of degree {half(twice)} of {q.size // 4} rotations")
    alpha, beta, gamma = euler_angles(q)
    middle = _small(twice, beta)
    turned = _real(middle, alpha, gamma) if basis == "real" else _complex(middle, alpha, gamma)
    return turned if own is None else arranged_matrix(turned, own)


def matrix_degree(j: object) -> int:
    """Return the doubled degree of a matrix of rotations, or raise.

    >>> matrix_degree(1.5)
    3
    """
    twice = doubled(j, "degree")
    if not 0 <= twice <= 2 * LARGEST_MATRIX:
        raise ValueError(f"the degree of a rotation must be 0 ... {LARGEST_MATRIX}, got {quoted(half(twice))}")
    return twice


def require_integer(twice: int, basis: str) -> None:
    """Raise where there is no real basis."""
    if basis == "real" and twice % 2:
        raise ValueError(f"half-integer degrees have no real basis: give basis='complex' for degree {half(twice)}")


def _in_axes(q: Long, convention: Convention) -> Long:
    """Return the rotations as the harmonics of a convention see them: A R A⁻¹."""
    matrix = axis_matrix(convention.axes) * determinant(convention.axes)
    return np.concatenate([q[..., :1], q[..., 1:] @ matrix.T], -1)


def arranged_matrix(matrix: NDArray[Any], convention: Convention) -> NDArray[Any]:
    """Return a matrix of degree l with the orders and phases of a convention."""
    l = matrix.shape[-1] // 2
    sign, order = convention.phases(l), np.argsort(convention.positions(l))
    signed: NDArray[Any] = matrix * (sign[:, None] * sign)
    return signed[..., order[:, None], order] + 0


def _small(twice: int, beta: Long) -> Floats:
    """Return d(β) as blocks of even and odd m1 - m2."""
    delta, n = quarter_turn_d(twice), twice + 1
    k = np.arange(twice % 2, n, 2)  # doubled, not negative
    angle, weight = beta[..., None] * (LONG(1) / 2 * k), np.where(k == 0, 1, 2)
    cosine, sine = ((weight * f(angle)).astype(np.float64)[..., None, :] for f in (np.cos, np.sin))
    columns = (twice + k) // 2
    even, odd = delta[::2, columns], delta[1::2, columns]
    result = np.empty((*beta.shape, n, n))
    result[..., ::2, ::2] = (even * cosine) @ even.T
    result[..., 1::2, 1::2] = (odd * cosine) @ odd.T
    result[..., ::2, 1::2] = mixed = (even * sine) @ odd.T
    result[..., 1::2, ::2] = np.swapaxes(mixed, -1, -2)
    step = np.arange(n) - np.arange(n)[:, None]  # m2 - m1
    result *= 1 - 2 * (step // 2 % 2)
    return result


def _complex(middle: Floats, alpha: Long, gamma: Long) -> NDArray[np.complex128]:
    m = np.arange(middle.shape[-1]) - LONG(middle.shape[-1] - 1) / 2
    left, right = (
        np.cos(angle[..., None] * m).astype(np.float64) - 1j * np.sin(angle[..., None] * m).astype(np.float64)
        for angle in (alpha, gamma)
    )
    return left[..., :, None] * middle * right[..., None, :]


def _real(middle: Floats, alpha: Long, gamma: Long) -> Floats:
    """Return Z(α) D(R_y(β)) Z(γ): Z mixes m with -m, D(R_y) cosines with cosines and sines with sines."""
    inner = about_y(middle)
    m = np.arange(middle.shape[-1]) - middle.shape[-1] // 2
    (c, s), (g, h) = (
        [f(angle[..., None] * m).astype(np.float64) for f in (np.cos, np.sin)] for angle in (alpha, gamma)
    )
    turned = c[..., :, None] * inner - s[..., :, None] * inner[..., ::-1, :]
    result: Floats = turned * g[..., None, :] + turned[..., ::-1] * h[..., None, :]
    return result


def about_y(d: Floats) -> Floats:
    """Return the real matrix of exp(-iβ J_y), or of its derivative, from the complex one, which is real.

    With m, k > 0: D[±m,±k] = (-1)^(m+k) [d(m,k) ± (-1)^k d(m,-k)], D[0,k] = (-1)^k √2 d(0,k), D[m,0] = (-1)^m √2
    d(m,0).

    >>> about_y(wigner_d(1, np.pi / 2)).round(6) + 0.0
    array([[ 1.,  0.,  0.],
           [ 0.,  0., -1.],
           [ 0.,  1.,  0.]])
    """
    l = d.shape[-1] // 2
    result, root2 = np.zeros_like(d), np.sqrt(2.0)
    upper = 1 - 2 * (np.arange(1, l + 1) % 2)
    plain = d[..., l + 1 :, l + 1 :] * (upper[:, None] * upper)
    mirrored = d[..., l + 1 :, :l][..., ::-1] * upper[:, None]
    result[..., l, l] = d[..., l, l]
    result[..., l, l + 1 :], result[..., l + 1 :, l] = (
        root2 * upper * d[..., l, l + 1 :],
        root2 * upper * d[..., l + 1 :, l],
    )
    result[..., l + 1 :, l + 1 :] = plain + mirrored
    result[..., :l, :l] = (plain - mirrored)[..., ::-1, ::-1]
    return result

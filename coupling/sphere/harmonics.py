"""Orthonormal spherical harmonics and their surface gradients at points of the sphere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import sph_harm_y_all

from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import check_basis, degree


def harmonics(lmax: object, theta: ArrayLike, phi: ArrayLike, basis: str = "real") -> NDArray[np.inexact]:
    """Return the orthonormal harmonics of degrees 0 … lmax as an array [..., (lmax+1)²], flat index l²+l+m last.

    theta (colatitude, 0 … π) and phi broadcast to the leading shape.  "complex": Y with Condon-Shortley phase,
    complex128; "real": R without it, m < 0 the sine, float64.  Raises ValueError or TypeError for an lmax or basis
    that does not exist and for angles out of range, MemoryError for a result that does not fit.  Source:
    ``coupling.conventions``; Y from ``scipy.special.sph_harm_y_all``.

    >>> (harmonics(1, np.pi / 2, 0.0) * np.sqrt(4 * np.pi / 3)).round(12) + 0.0
    array([0.57735027, 0.        , 0.        , 1.        ])
    """
    l_max, basis = degree(lmax, "lmax"), check_basis(basis)
    y = _flat(_complex(l_max, *_angles(l_max, theta, phi)), l_max)
    return _realified(y, l_max) if basis == "real" else y


def gradients(lmax: object, theta: ArrayLike, phi: ArrayLike, basis: str = "real") -> NDArray[np.inexact]:
    """Return (∂θ, ∂φ/sin θ) of the harmonics of degrees 0 … lmax as an array [2, ..., (lmax+1)²].

    The two components belong to the tangent frame (e_θ, e_φ), so r·(∇f × ∇g) = f_θ g_φ - f_φ g_θ.  At a pole they are
    the limits along the meridian phi.  Arguments, dtypes and errors as in :func:`harmonics`.  Source: ∂θ from
    ``scipy.special.sph_harm_y_all``; ∂φ/sin θ from the three-term recurrence of the associated Legendre functions
    that is regular at the poles,

        m Y_lm / sin θ = -½ √((2l+1)/(2l-1)) [ √((l-m)(l-m-1)) e^{-iφ} Y_{l-1,m+1}
                                               + √((l+m)(l+m-1)) e^{iφ} Y_{l-1,m-1} ]

    >>> (gradients(1, 0.0, 0.0)[:, 1:] * np.sqrt(4 * np.pi / 3)).round(12) + 0.0
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    l_max, basis = degree(lmax, "lmax"), check_basis(basis)
    theta, phi = _angles(l_max, theta, phi)
    y, derivative = sph_harm_y_all(l_max, l_max, theta, phi, diff_n=1)
    grad = np.stack([_flat(derivative[..., 0], l_max), 1j * _order_over_sine(_flat(y, l_max), phi, l_max)])
    return _realified(grad, l_max) if basis == "real" else grad


def _angles(lmax: int, theta: ArrayLike, phi: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    theta, phi = np.broadcast_arrays(np.asarray(theta, float), np.asarray(phi, float))
    if not (np.isfinite(phi).all() and (theta >= 0).all() and (theta <= np.pi).all()):
        raise ValueError("theta must lie in 0 ... pi and phi be finite")
    # SciPy's value and derivative, and the arrays made of them
    require_memory(200 * theta.size * (lmax + 1) ** 2, f"harmonics to lmax {quoted(lmax)} at {theta.size} points")
    return theta, phi


def _complex(lmax: int, theta: NDArray[np.float64], phi: NDArray[np.float64]) -> NDArray[np.complex128]:
    return sph_harm_y_all(lmax, lmax, theta, phi)


def _degrees_orders(lmax: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    l = np.repeat(np.arange(lmax + 1), 2 * np.arange(lmax + 1) + 1)
    return l, np.arange((lmax + 1) ** 2) - l * l - l


def _flat(table: NDArray[np.complex128], lmax: int) -> NDArray[np.complex128]:
    """Bring SciPy's [degree, order (0 … lmax, -lmax … -1), ...] to [..., l²+l+m]."""
    return np.moveaxis(table[_degrees_orders(lmax)], 0, -1)


def _realified(y: NDArray[np.complex128], lmax: int) -> NDArray[np.float64]:
    """Return R = U Y: √2 (-1)^m times the real part (m > 0) or the imaginary part (m < 0) of Y_l|m|."""
    l, m = _degrees_orders(lmax)
    positive = y[..., l * l + l + abs(m)]
    scale = np.where(m == 0, 1.0, np.sqrt(2.0) * (1 - 2 * (m % 2)))
    return scale * np.where(m < 0, positive.imag, positive.real)


def _order_over_sine(y: NDArray[np.complex128], phi: NDArray[np.float64], lmax: int) -> NDArray[np.complex128]:
    l, m = _degrees_orders(lmax)
    turn = np.exp(1j * phi)[..., None]
    scale = -0.5 * np.sqrt((2 * l + 1) / np.maximum(2 * l - 1, 1))
    up, down = (l - m) * (l - m - 1), (l + m) * (l + m - 1)  # zero where the neighbour does not exist
    below = np.maximum((l - 1) ** 2 + l - 1, 0)
    raised = y[..., np.where(up > 0, below + m + 1, 0)] * np.sqrt(up)
    lowered = y[..., np.where(down > 0, below + m - 1, 0)] * np.sqrt(down)
    return scale * (raised / turn + lowered * turn)

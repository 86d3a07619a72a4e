"""Sums of R outer products, T̂[i,j,k] = Σ_r a[i,r] b[j,r] c[k,r], given by three arrays [n, R]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Factors = tuple[Array, Array, Array]


def tensor(factors: Sequence[Array]) -> Array:
    """Return T̂[i,j,k] = Σ_r a[i,r] b[j,r] c[k,r].

    >>> tensor([np.ones((2, 1)), np.ones((1, 1)), np.array([[1.0], [2.0]])])[0]
    array([[1., 2.]])
    """
    a, b, c = factors
    return (a @ khatri_rao(b, c).T).reshape(len(a), len(b), len(c))


def khatri_rao(b: Array, c: Array) -> Array:
    """Return the matrix [len(b)·len(c), R] with the rows b[j] · c[k]."""
    return (b[:, None, :] * c[None, :, :]).reshape(-1, b.shape[1])


def column_norms(factors: Sequence[Array]) -> Array:
    """Return the norms ‖a_r‖ ‖b_r‖ ‖c_r‖ of the R outer products."""
    return np.prod([np.linalg.norm(factor, axis=0) for factor in factors], axis=0)


def largest_first(factors: Sequence[Array]) -> Factors:
    """Return the same sum with the largest term first."""
    order = np.argsort(-column_norms(factors), kind="stable")
    a, b, c = (factor[:, order] for factor in factors)
    return a, b, c


def balanced(factors: Sequence[Array]) -> Factors:
    """Return the same sum with ‖a_r‖ = ‖b_r‖ = ‖c_r‖; terms that vanish become zeros.

    >>> [factor.tolist() for factor in balanced([np.array([[8.0]]), np.array([[1.0]]), np.array([[1.0]])])]
    [[[2.0]], [[2.0]], [[2.0]]]
    """
    norms = column_norms(factors)
    size = np.cbrt(norms)
    lengths = [np.linalg.norm(factor, axis=0) for factor in factors]
    a, b, c = (
        factor * np.divide(size, length, out=np.zeros_like(size), where=norms > 0)
        for factor, length in zip(factors, lengths, strict=True)
    )
    return a, b, c


def congruence(factors: Sequence[Array]) -> float:
    """Return the largest |cosine| between two of the outer products; 1 for parallel ones.

    >>> congruence([np.eye(2), np.eye(2), np.eye(2)])
    0.0
    """
    norms = column_norms(factors)
    cosine = np.prod([factor.conj().T @ factor for factor in factors], axis=0)
    scale = np.outer(norms, norms)
    cosine = np.divide(abs(cosine), scale, out=np.zeros_like(scale), where=scale > 0)
    return float(np.max(np.triu(cosine, 1), initial=0.0))

"""Encoders and decoders of the matrix product, dense, as real matrices; normalization tensors of all families.

T_lm are the tensor operators of spin j in the real basis: n × n Hermitian matrices, n = 2j+1, tr(T_a T_b) = δ_ab.

    encode      X = Σ_lm x_lm T_lm
    multiply    Z = X Y
    decode      z_lm = Re tr(T_lm Z) + Im tr(T_lm Z)

The real and the imaginary part of X are ``x @ encoder_real`` and ``x @ encoder_imag``; z_lm is the sum over p, q of
``decoder_real[lm, p, q]`` times Re Z_pq and ``decoder_imag[lm, p, q]`` times Im Z_pq.  Then z is the Clebsch-Gordan
product with the path weights N_j(l1,l2,l3), the array ``normalization``: even paths come from the real part, odd ones
from the imaginary part.  Source: ``coupling.numbers.spins``, derivation ``matrix_product``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.fixed import rounded_surds
from coupling.arrays.harmonics import flat_orders
from coupling.arrays.request import ArraysRequest
from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import wigner_3j
from coupling.families import family as known
from coupling.families.registry import ordered
from coupling.numbers.normalizations import exact_normalization
from coupling.numbers.spins import matrix_factor
from coupling.selection import paths

Exact = NDArray[Any]


def build_encoders(request: ArraysRequest) -> dict[str, NDArray[Any]]:
    """Return encoder_real, encoder_imag, decoder_real, decoder_imag [(lmax+1)², n, n] and normalization.

    >>> arrays = build_encoders(ArraysRequest("matrix", 1))
    >>> arrays["encoder_real"][2].round(6), arrays["normalization"].shape
    (array([[-0.707107,  0.      ],
           [ 0.      ,  0.707107]]), (2, 2, 2))
    """
    twice = request.twice_spin or 0
    shapes = {tensor.name: tensor.shape for tensor in request.tensors}
    real, imag = _operators(request.lmax, twice)
    # Re tr(TZ) = Σ A_pq Re Z_qp - B_pq Im Z_qp, Im tr(TZ) = Σ A_pq Im Z_qp + B_pq Re Z_qp for T = A + iB
    parts = {
        "encoder_real": real,
        "encoder_imag": imag,
        "decoder_real": _either(real, imag).swapaxes(1, 2),
        "decoder_imag": _either(real, _negative(imag)).swapaxes(1, 2),
        "normalization": _factors(request.lmax, twice),
    }
    return {name: rounded_surds(part.ravel().tolist(), shapes[name], request.dtype) for name, part in parts.items()}


def _operators(lmax: int, twice: int) -> tuple[Exact, Exact]:
    """Return the real and the imaginary parts of T_lm in the real basis, exact, [(lmax+1)², n, n]."""
    n, size = twice + 1, (lmax + 1) ** 2
    real, imag = np.full((size, n, n), Surd(0)), np.full((size, n, n), Surd(0))
    half = Surd(1, 1, 2)
    for flat, (l, m) in enumerate(flat_orders(lmax)):
        k = abs(m)
        for p in range(n - k):
            upper = _entry(l, k, p, twice)  # of T_l,-k, at (p, p + k); that of T_l,k at (p + k, p) is (-1)^k times it
            if m == 0:
                real[flat, p, p] = upper
            elif m > 0:
                # [T_l,-k + (-1)^k T_lk] / √2
                real[flat, p, p + k] = real[flat, p + k, p] = half * upper
            else:
                # i [T_l,-k - (-1)^k T_lk] / √2
                imag[flat, p, p + k], imag[flat, p + k, p] = half * upper, Surd(-1) * (half * upper)
    return real, imag


def _entry(l: int, m: int, p: int, twice: int) -> Surd:
    """Return (T_l,-m)_{p,p+m} = (-1)^(j-p) √(2l+1) 3j(j l j; -p -m p+m), p counted from -j."""
    j, first = twice / 2, p - twice / 2
    return Surd(parity_sign(twice - p), 2 * l + 1) * wigner_3j(j, l, j, -first, -m, first + m)


def _either(a: Exact, b: Exact) -> Exact:
    """Return the sum of two arrays of which one is zero at every place."""
    return np.where(np.vectorize(bool, otypes=[bool])(a), a, b)


def _negative(a: Exact) -> Exact:
    return np.frompyfunc(lambda value: Surd(-1) * value, 1, 1)(a)


def _factors(lmax: int, twice: int) -> Exact:
    result = np.full((lmax + 1,) * 3, Surd(0))
    for path in paths(lmax, lmax, lmax):
        a, b, c = sorted(path)
        result[path] = matrix_factor(a, b, c, twice)
    return result


def build_normalizations(request: ArraysRequest) -> dict[str, NDArray[Any]]:
    """Return N[l1, l2, l3] = |reduced factor| of each family and 1/N, both zero off the paths of the family.

    >>> build_normalizations(ArraysRequest("normalization", 1))["inverse_gaunt"][1]
    array([[0.        , 2.04665342],
           [2.04665342, 0.        ]])
    """
    lmax, arrays = request.lmax, {}
    for tensor in request.tensors:
        family = tensor.name.removeprefix("inverse_")
        exact = np.full(tensor.shape, Surd(0))
        for path in paths(lmax, lmax, lmax):
            value = exact_normalization(family, *ordered(known(family).symmetry, path))
            exact[path] = Surd(1) / value if value and family != tensor.name else value
        arrays[tensor.name] = rounded_surds(exact.ravel().tolist(), tensor.shape, request.dtype)
    return arrays

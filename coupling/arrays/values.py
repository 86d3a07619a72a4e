"""Plausibility of loaded arrays, checked with numpy alone on every load.

Each array is compared with others of its file or with elementary functions of them, so that no two of equal shape can
change places, and no number can be infinite or NaN.  ``coupling check`` compares every number with a new computation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.request import GRIDS, NORMALIZED, ArraysRequest
from coupling.families import family as known
from coupling.files import TableError
from coupling.floating_point import BINARY_FORMATS, as_doubles, default_rounding

Doubles = Mapping[str, NDArray[np.float64]]
#: Harmonics of degree 1 are this times y, z, x.
FIRST = float(np.sqrt(3 / (4 * np.pi)))


@default_rounding()
def check_values(path: Path, request: ArraysRequest, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise TableError unless all numbers are finite and the arrays fit each other."""
    doubles = {name: as_doubles(array, request.dtype) for name, array in arrays.items()}
    for name, array in doubles.items():
        if not np.isfinite(array).all():
            raise TableError(path, name, "finite numbers", "NaN or infinity")
    check = RoundingComparison(path, BINARY_FORMATS[request.dtype].unit)
    if request.kind in GRIDS:
        _grid(check, request, doubles)
    else:
        OTHERS[request.kind](check, doubles)


class RoundingComparison:
    """Compares arrays to a few roundings of their type."""

    def __init__(self, path: Path, unit: float) -> None:
        self.path, self.unit = path, unit

    def same(self, name: str, found: Any, expected: Any, what: str, roundings: float = 8) -> None:
        """Raise TableError unless found is expected, up to a number of roundings of 1 or of the expected number."""
        bound = roundings * self.unit * np.maximum(1, abs(np.asarray(expected)))
        wrong = ~(abs(found - expected) <= bound)
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise TableError(self.path, f"{name}{list(at)}", what, np.broadcast_to(found, wrong.shape)[at])


def _grid(check: RoundingComparison, request: ArraysRequest, a: Doubles) -> None:
    n = request.shape[0] * (request.shape[1] if len(request.shape) == 2 else 1)
    for name, array in a.items():
        if name in ("points", "angles", "weights", "harmonics", "gradient_theta", "gradient_phi", "analysis"):
            rows = array.T if name == "analysis" else array
            check.same(name, rows[n:], 0.0, "zeros in the rows of padding", 0)
    x, y, z = a["points"][:n].T
    theta, phi = a["angles"][:n].T
    sine, cosine = np.sin(theta), np.cos(theta)
    expected = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=-1)
    check.same("points", a["points"][:n], expected, "the points of the angles", 16)
    if (a["weights"][:n] <= 0).any():
        raise TableError(check.path, "weights", "positive numbers", a["weights"][:n].min())
    check.same("weights", a["weights"].sum() / (4 * np.pi), 1, "4 pi as their sum", n + 8)
    check.same("harmonics", a["harmonics"][:n, 0], 1 / np.sqrt(4 * np.pi), "1/sqrt(4 pi) for l = 0")
    if request.lmax > 0:
        zero = np.zeros(n)
        south = FIRST * np.stack([z * np.sin(phi), -sine, z * np.cos(phi)], axis=-1)
        east = FIRST * np.stack([np.cos(phi), zero, -np.sin(phi)], axis=-1)
        check.same("harmonics", a["harmonics"][:n, 1:4], FIRST * np.stack([y, z, x], -1), "those of degree 1")
        check.same("gradient_theta", a["gradient_theta"][:n, 1:4], south, "those of degree 1", 16)
        check.same("gradient_phi", a["gradient_phi"][:n, 1:4], east, "those of degree 1", 16)
    product = a["harmonics"].T * a["weights"]
    check.same("analysis", a["analysis"], product, "harmonics times weights", 4)
    if "legendre" in a:
        _separable(check, request, a, n)


def _separable(check: RoundingComparison, request: ArraysRequest, a: Doubles, n: int) -> None:
    l = np.repeat(np.arange(request.lmax + 1), 2 * np.arange(request.lmax + 1) + 1)
    m = np.arange(len(l)) - l * l - l
    columns, shape = l * (l + 1) // 2 + abs(m), (*request.shape, len(l))
    cosines, turned = a["fourier"][:, request.lmax + m], a["fourier"][:, request.lmax - m] * -np.sign(m)
    pairs = (
        ("legendre", "harmonics", cosines),
        ("legendre_theta", "gradient_theta", cosines),
        ("legendre_phi", "gradient_phi", turned),
    )
    for name, whole, factor in pairs:
        found = a[name][:, None, columns] * factor[None]
        check.same(name, found, a[whole][:n].reshape(shape), f"factors of {whole}", 8)
    per_line = a["weights"][:n].reshape(request.shape)
    check.same("legendre_weights", a["legendre_weights"][:, None], per_line, "the weights", 0)


def _fourier(check: RoundingComparison, a: Doubles) -> None:
    series = a["series"]
    check.same("series", series[0, 0], 1 / np.sqrt(4 * np.pi), "1/sqrt(4 pi) for l = 0")
    size = series.shape[1]
    l = np.repeat(np.arange(size), np.arange(1, size + 1))
    k = np.arange(size)
    off = (k > l[:, None]) | ((k + l[:, None]) % 2 == 1)
    check.same("series", series[off], 0.0, "zeros where k > l or k + l is odd", 0)
    # ∫ P² sin θ dθ = 1/2π by quadrature: the series at Gauss-Legendre points
    theta, weights = np.polynomial.legendre.leggauss(size + 1)
    theta = np.arccos(theta)
    odd = (np.arange(len(l)) - l * (l + 1) // 2) % 2 == 1
    values = np.where(odd[:, None], series @ np.sin(np.outer(k, theta)), series @ np.cos(np.outer(k, theta)))
    check.same("series", (values**2) @ weights * 2 * np.pi, 1, "functions of norm 1", 64 * size)


def _matrix(check: RoundingComparison, a: Doubles) -> None:
    real, imag = a["encoder_real"], a["encoder_imag"]
    check.same("encoder_real", real, real.swapaxes(1, 2), "symmetric matrices", 0)
    check.same("encoder_imag", imag, -imag.swapaxes(1, 2), "antisymmetric matrices", 0)
    check.same("decoder_real", a["decoder_real"], (real + imag).swapaxes(1, 2), "Re T + Im T, transposed", 0)
    check.same("decoder_imag", a["decoder_imag"], (real - imag).swapaxes(1, 2), "Re T - Im T, transposed", 0)
    flat = np.concatenate([real.reshape(len(real), -1), imag.reshape(len(imag), -1)], axis=1)
    check.same("encoder_real", flat @ flat.T, np.eye(len(flat)), "orthonormal matrices", 8 * real.shape[1])
    first = 1 / np.sqrt(real.shape[1])
    check.same("normalization", a["normalization"][0, 0, 0], first, "1/sqrt(n) for degrees 0")
    _off_paths(check, "normalization", a["normalization"], "all")


def _normalization(check: RoundingComparison, a: Doubles) -> None:
    for family in NORMALIZED:
        value, inverse = a[family], a[f"inverse_{family}"]
        on = _off_paths(check, family, value, known(family).parity)
        if (value[on] <= 0).any():
            raise TableError(check.path, family, "positive numbers on its paths", value[on].min())
        check.same(f"inverse_{family}", value * inverse, on, "1/N on the paths, else 0", 4)
        outline = known(family).outline
        if outline is not None:
            size = outline(*np.nonzero(on))[1]
            elementary = ~np.isnan(size)
            check.same(family, value[on][elementary], size[elementary], f"the elementary sizes of {family}", 4)


def _off_paths(check: RoundingComparison, name: str, tensor: NDArray[np.float64], parity: str) -> NDArray[np.bool_]:
    """Refuse numbers off the paths of a parity, and return where the paths are."""
    l1, l2, l3 = np.ogrid[: len(tensor), : len(tensor), : len(tensor)]
    on = (l3 >= abs(l1 - l2)) & (l3 <= l1 + l2)
    if parity != "all":
        on &= (l1 + l2 + l3) % 2 == (parity == "odd")
    if parity == "odd":
        on &= (l1 > 0) & (l2 > 0) & (l3 > 0)
    check.same(name, tensor[~on], 0.0, f"zeros off the {parity} paths", 0)
    return on


def _rotation(check: RoundingComparison, a: Doubles) -> None:
    l, at, place = 0, 0, 0
    while at < len(a["j_matrices"]):
        n = 2 * l + 1
        j = a["j_matrices"][at : at + n * n].reshape(n, n)
        c = a["quaternion_polynomials"][place : place + n * n * (l + 1)].reshape(n, n, l + 1)
        check.same("j_matrices", j, j.T, f"a symmetric matrix of degree {l}", 0)
        check.same("j_matrices", j @ j, np.eye(n), f"a matrix of degree {l} whose square is 1", 8 * n)
        check.same("quaternion_polynomials", c[:, :, 0].diagonal(), 1, f"1 at the identity, degree {l}", 0)
        quarter = np.ldexp(c, -l).sum(2)
        loss = 8 * n * max(1, abs(c).max() * 2.0**-l)  # the sum at a quarter turn cancels
        check.same("quaternion_polynomials", quarter @ quarter.T, np.eye(n), f"d(pi/2) of degree {l}", loss)
        l, at, place = l + 1, at + n * n, place + n * n * (l + 1)


OTHERS = {"fourier": _fourier, "matrix": _matrix, "normalization": _normalization, "rotation": _rotation}

"""Read files of arrays, with numpy and the standard library alone; the metadata and facts of such a file.

Nothing in it depends on when, where or how often it was built.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coupling.arrays.arrays import Arrays
from coupling.arrays.request import GRIDS, KINDS, NORMALIZED, ArraysRequest, request_of
from coupling.arrays.values import check_values
from coupling.files import Kind, TableError, register
from coupling.files.container import Content, Tensor
from coupling.files.reader import load

ROUNDING = "each number is the {} nearest to its exact value, rounded once"
SOURCES = {
    "gauss_legendre": "roots of Legendre polynomials and uniform points in phi, to all bits needed",
    "lebedev": "points and weights as doubles (Lebedev and Laikov 1999, SciPy); harmonics exact at those points",
    "design": "points as doubles, found by Gauss-Newton steps or corners of Platonic solids; harmonics exact there",
    "fourier": "square roots of rational numbers over pi",
    "matrix": "square roots of rational numbers",
    "normalization": "square roots of rational numbers, over pi for integrals",
    "rotation": "square roots of rational numbers",
}
#: array → what it holds; n points, S = (lmax+1)² harmonics in the order of the flat index l² + l + m.
GRID_ARRAYS = {
    "points": "x, y, z of the points on the unit sphere; rows of padding are zero in every array",
    "angles": "theta (0 to pi) and phi (0 to 2 pi); phi is 0 at a pole",
    "weights": "quadrature weights, their sum is 4 pi",
    "harmonics": "R_lm at the points, orthonormal real harmonics",
    "gradient_theta": "d R_lm / d theta at the points",
    "gradient_phi": "d R_lm / d phi / sin(theta) at the points",
    "analysis": "harmonics transposed, times weights",
    "legendre": "P_lm(theta), column l(l+1)/2 + m, m >= 0; harmonics are legendre[i, l, |m|] fourier[j, lmax+m]",
    "legendre_theta": "d P_lm / d theta",
    "legendre_phi": "m P_lm / sin(theta); gradient_phi is -sign(m) legendre_phi[i, l, |m|] fourier[j, lmax-m]",
    "legendre_weights": "weight of every point of a line of equal theta",
    "fourier": "1 for m = 0, sqrt(2) cos(m phi) for m > 0, sqrt(2) sin(|m| phi) for m < 0, column lmax + m",
}
DESCRIPTIONS = {
    **dict.fromkeys(GRIDS, GRID_ARRAYS),
    "fourier": {
        "series": "P_lm(theta) = sum over k of series[l(l+1)/2 + m, k] times cos(k theta) if m is even, sin if m is odd"
    },
    "matrix": {
        "encoder_real": "Re T_lm, orthonormal Hermitian matrices of spin j; X = sum of x_lm T_lm",
        "encoder_imag": "Im T_lm",
        "decoder_real": "z_lm = sum over p, q of decoder_real[lm, p, q] Re Z[p, q] + decoder_imag[lm, p, q] Im Z[p, q]",
        "decoder_imag": "see decoder_real; Z = X Y",
        "normalization": "N[l1, l2, l3], sign included: z = sum over paths of N times C x y",
    },
    "normalization": {
        name: f"N[l1, l2, l3] = |reduced factor| of {family}{', inverted' if inverse else ''}, zero off its paths"
        for family in NORMALIZED
        for inverse, name in enumerate((family, f"inverse_{family}"))
    },
    "rotation": {
        "j_matrices": "degree by degree [2l+1, 2l+1], real basis: the reflection (x, y, z) to (x, -z, -y); D = ZJZJZ",
        "quaternion_polynomials": "degree by degree c[m1, m2, i], [2l+1, 2l+1, l+1]: D = A^-(m1+m2) B^-(m1-m2) times "
        "the sum of c |A|^2(n-i) |B|^2i, A = w + iz, B = y - ix, n = l - max(|m1|, |m2|), A^-k = conj(A)^k",
    },
}


def load_arrays(name: str | os.PathLike[str], *, verify: bool = True, mapped: bool = True) -> Arrays:
    """Return the arrays of a file, memory-mapped and read-only: grids, transforms, encoders, normalizations.

    name : "gauss_legendre-l8", "lebedev-l8", "design-l8": grids with points, weights, harmonics to degree 8 and their
        gradients, exact to degree 24; "fourier-l8": harmonics as double Fourier series; "matrix-l8": encoders and
        decoders of the matrix product; "normalization-l12"; "rotation-l16".  Options follow, as in
        "lebedev-l8-d20-x8-float32": see :mod:`coupling.arrays.request`.  Or the path of a ``.safetensors`` file.
    verify : False leaves out the checks that read every byte
    mapped : False reads the file into memory, once; see :func:`coupling.load`

    Some are shipped, the others are built on first request and cached in the user's cache folder,
    ``coupling.files.cache.cache_folder()``.  Nothing else is ever written.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another schema, or not
    what it says it is; FileNotFoundError for a name or file that does not exist; ValueError for degrees and options
    that do not exist, OSError where nothing can be written.

    >>> import numpy as np
    >>> grid = load_arrays("gauss_legendre-l4")
    >>> x = np.random.default_rng(0).normal(size=25)
    >>> values, constant = grid["harmonics"] @ x, np.sqrt(4 * np.pi) * grid["harmonics"][:, 0]
    >>> np.allclose(grid["analysis"] @ (values * constant), x)    # the product with 1
    True
    """
    alias = isinstance(name, str) and not name.endswith(".safetensors")
    wanted = str(name).replace("gauss-legendre", "gauss_legendre", 1) if alias else name
    arrays: Arrays = load(KIND, wanted, verify, mapped)
    return arrays


def facts(request: ArraysRequest) -> dict[str, Any]:
    """Return what is known about a file of arrays before it is built.

    >>> facts(ArraysRequest("lebedev", 4))["facts"]
    {'degree': 15, 'points': 86, 'rows': 96, 'weights_sum': '4 pi'}
    """
    return {
        "arrays": {tensor.name: DESCRIPTIONS[request.kind][tensor.name] for tensor in request.tensors},
        "facts": _numbers(request),
        "rounding": ROUNDING.format(request.dtype),
        "source": SOURCES[request.kind],
    }


def _numbers(request: ArraysRequest) -> dict[str, Any]:
    if request.kind == "matrix":
        return {"spin": (request.twice_spin or 0) / 2, "dimension": (request.twice_spin or 0) + 1}
    if request.kind not in GRIDS:
        return {}
    rows = request.tensors[0].shape[0]
    lines = {"n_theta": request.shape[0], "n_phi": request.shape[1]} if len(request.shape) == 2 else {}
    points = request.shape[0] * (request.shape[1] if lines else 1)
    return {"degree": request.reached, "points": points, "rows": rows, "weights_sum": "4 pi", **lines}


def _request_in(file: str, metadata: dict[str, Any]) -> ArraysRequest:
    try:
        return ArraysRequest(**metadata["request"])
    except (ArithmeticError, KeyError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise TableError(file, "request", "a valid request", error) from None


def _tensors(file: str, request: ArraysRequest, metadata: dict[str, Any]) -> list[Tensor]:
    return request.tensors


def _arrays(path: Path, request: ArraysRequest, content: Content, verify: bool) -> Arrays:
    if verify:
        check_values(path, request, content.arrays)
    return Arrays(request, MappingProxyType(content.metadata), MappingProxyType(content.arrays))


KIND = register(
    Kind(
        "arrays",
        1,
        listed="arrays",
        request=_request_in,
        named=request_of,
        facts=facts,
        keys=("builder",),
        tensors=_tensors,
        value=_arrays,
        build="coupling.arrays.builder:build_arrays",
        check="coupling.arrays.check:check",
        missing="there is no file of arrays {path}",
        unknown=f"unknown grid or transform {{name}}; names are {', '.join(f'{kind}-l<N>' for kind in KINDS)}, with "
        "options, such as lebedev-l8-d20-float32; a path ends in .safetensors",
        renewal="build the file again: coupling load NAME --renew",
    )
)

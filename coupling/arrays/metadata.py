"""What a file of arrays says about itself; nothing in it depends on when, where or how often it was built."""

from __future__ import annotations

from typing import Any

from coupling.arrays.request import GRIDS, NORMALIZED, ArraysRequest
from coupling.conventions import CONVENTION_ID
from coupling.tables.errors import TableError
from coupling.tables.ownership import Kind
from coupling.tables.sources import KEYS, check_provenance, provenance

SCHEMA = "coupling-arrays"
SCHEMA_VERSION = 1
KIND = Kind("arrays", SCHEMA_VERSION)
ROUNDING = "each number is the {} nearest to its exact value, rounded once"
SOURCES = {
    "gauss_legendre": "roots of Legendre polynomials and uniform points in phi, to all bits needed",
    "lebedev": "points and weights as doubles (Lebedev and Laikov 1999, SciPy); harmonics exact at those points",
    "design": "points as doubles, found by Gauss-Newton steps or corners of Platonic solids; harmonics exact there",
    "fourier": "square roots of rational numbers over pi",
    "matrix": "square roots of rational numbers",
    "normalization": "square roots of rational numbers, over pi for integrals",
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
}


def describe(request: ArraysRequest) -> dict[str, Any]:
    """Return the metadata of a file of arrays, without its checksum.

    >>> describe(ArraysRequest("lebedev", 4))["facts"]
    {'degree': 15, 'points': 86, 'rows': 96, 'weights_sum': '4 pi'}
    """
    return {**constant_part(request), **provenance()}


def constant_part(request: ArraysRequest) -> dict[str, Any]:
    """Return what is known about a file of arrays, whichever sources build it."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "convention": CONVENTION_ID,
        "name": request.name,
        "request": request.content,
        "request_digest": request.digest,
        "arrays": {tensor.name: DESCRIPTIONS[request.kind][tensor.name] for tensor in request.tensors},
        "facts": _facts(request),
        "rounding": ROUNDING.format(request.dtype),
        "source": SOURCES[request.kind],
    }


def _facts(request: ArraysRequest) -> dict[str, Any]:
    if request.kind == "matrix":
        return {"spin": (request.twice_spin or 0) / 2, "dimension": (request.twice_spin or 0) + 1}
    if request.kind not in GRIDS:
        return {}
    rows = request.tensors[0].shape[0]
    lines = {"n_theta": request.shape[0], "n_phi": request.shape[1]} if len(request.shape) == 2 else {}
    points = request.shape[0] * (request.shape[1] if lines else 1)
    return {"degree": request.reached, "points": points, "rows": rows, "weights_sum": "4 pi", **lines}


def check_metadata(file: str, metadata: dict[str, Any]) -> ArraysRequest:
    """Return the request of a file whose metadata are complete and consistent, or raise TableError."""
    _check_schema(file, metadata)
    request = _request(file, metadata)
    expected = constant_part(request)
    for key in expected:
        if metadata.get(key) != expected[key]:
            raise TableError(file, key, expected[key], metadata.get(key, "nothing"))
    keys = {*expected, *KEYS, "checksum"}
    if metadata.keys() != keys:
        raise TableError(file, "metadata keys", sorted(keys), sorted(metadata))
    check_provenance(file, metadata)
    return request


def _check_schema(file: str, metadata: dict[str, Any]) -> None:
    if metadata.get("schema") != SCHEMA:
        found = metadata.get("schema", "nothing")
        advice = "this is a table: coupling.load" if found == "coupling-table" else ""
        raise TableError(file, "schema", SCHEMA, found, advice)
    version = metadata.get("schema_version")
    if version != SCHEMA_VERSION or type(version) is not int:
        newer = type(version) is int and version > SCHEMA_VERSION
        advice = "the file is newer: upgrade coupling" if newer else "build the file again: coupling load NAME --renew"
        raise TableError(file, "schema_version", f"{SCHEMA_VERSION} ({advice})", version)


def _request(file: str, metadata: dict[str, Any]) -> ArraysRequest:
    try:
        return ArraysRequest(**metadata["request"])
    except (ArithmeticError, KeyError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise TableError(file, "request", "a valid request", error) from None

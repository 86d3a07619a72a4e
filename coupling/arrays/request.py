"""Requests for arrays (grids, Fourier series, matrix encoders, normalizations), and the names of their files.

Names, N the largest degree of the harmonics::

    gauss_legendre-l8      lebedev-l8      design-l8       points, weights, harmonics, gradients, analysis
    fourier-l8                                             harmonics as double Fourier series
    matrix-l8                                              encoders and decoders of the matrix product
    normalization-l8                                       N and 1/N of every path
    rotation-l8                                            J matrices and polynomials of a quaternion, Wigner D

with options, in this order: ``-dD``, degree to which a grid integrates exactly (default 3N, so that a product of two
functions is analysed exactly); ``-xM``, rows of a grid padded to a multiple of M (default 16); ``-jK``, K = 2j for the
spin of the matrices (default: the smallest that reaches every path); ``-float32``, ``-float16``, ``-bfloat16``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from coupling.conventions import ANTISYMMETRIC_GAUNT, CLEBSCH_GORDAN, GAUNT
from coupling.files.container import Tensor, canonical_json
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import degree as check_degree
from coupling.selection import integer, one_of

GRIDS = ("gauss_legendre", "lebedev", "design")
KINDS = (*GRIDS, "fourier", "matrix", "normalization", "rotation")
#: dtype → its name in a safetensors file
DTYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}
#: Degree → points of the Lebedev rules with positive weights (Lebedev and Laikov 1999).
LEBEDEV = {
    3: 6, 5: 14, 7: 26, 9: 38, 11: 50, 15: 86, 17: 110, 19: 146, 21: 170, 23: 194, 29: 302, 31: 350, 35: 434, 41: 590,
    47: 770, 53: 974, 59: 1202, 65: 1454, 71: 1730, 77: 2030, 83: 2354, 89: 2702, 95: 3074, 101: 3470, 107: 3890,
    113: 4334, 119: 4802, 125: 5294, 131: 5810,
}  # fmt: skip
#: Strength → points of the designs in ``designs.safetensors``.
DESIGNS = {
    1: 2, 2: 4, 3: 6, 5: 12, 7: 32, 9: 48, 11: 70, 13: 94, 15: 122, 17: 156, 19: 192, 21: 234, 23: 278, 25: 328,
    27: 382, 29: 438, 31: 498,
}  # fmt: skip
MULTIPLE = 16
#: Families whose normalizations a file of them holds.
NORMALIZED = (GAUNT, ANTISYMMETRIC_GAUNT, CLEBSCH_GORDAN)
#: lmax → 2j of the smallest spin that reaches every path, ``numbers.spins.smallest_spin``; the reader knows no 6j.
SMALLEST_SPIN = (
    0, 1, 2, 4, 4, 5, 7, 7, 9, 9, 13, 13, 14, 14, 14, 17, 17, 17, 19, 19, 22, 22, 22, 24, 24, 25, 28, 29, 29, 29, 32,
    32, 32, 34, 34, 35, 38, 39, 39, 39, 43, 43, 44, 46, 46, 47, 47, 47, 50,
)  # fmt: skip
#: Arrays of larger degrees have not been tested.
LMAX_LIMIT = 48
NAME = re.compile(
    r"(gauss_legendre|lebedev|design|fourier|matrix|normalization|rotation)-l(\d{1,4})"
    r"(?:-d(\d{1,4}))?(?:-x(\d{1,4}))?(?:-j(\d{1,4}))?(?:-(float32|float16|bfloat16))?",
    re.ASCII,
)


@dataclass(frozen=True, init=False)
class ArraysRequest:
    """A request for arrays: their kind, for harmonics of degrees 0 … lmax, with options and type.

    kind : gauss_legendre, lebedev, design, fourier, matrix, normalization or rotation
    degree : of exactness of a grid, default 3 lmax; multiple : its rows are padded to a multiple of it, default 16
    twice_spin : 2j of the matrix product, default the smallest that reaches every path
    dtype : float64, float32, float16 or bfloat16, every number rounded once from its exact value

    >>> ArraysRequest("lebedev", 8, degree=20).name, ArraysRequest("matrix", 4, dtype="float32").name
    ('lebedev-l8-d20', 'matrix-l4-float32')
    """

    kind: str
    lmax: int
    degree: int | None
    multiple: int | None
    twice_spin: int | None
    dtype: str
    name: str

    def __init__(
        self,
        kind: str,
        lmax: object,
        *,
        degree: object = None,
        multiple: object = None,
        twice_spin: object = None,
        dtype: str = "float64",
    ) -> None:
        one_of(kind, KINDS, "kind")
        one_of(dtype, tuple(DTYPES), "dtype")
        l = check_degree(lmax, "lmax")
        if l > LMAX_LIMIT:
            raise ValueError(f"lmax of arrays must be <= {LMAX_LIMIT}, got {quoted(l)}")
        options = _options(kind, l, degree, multiple, twice_spin)
        name = _name(kind, l, options, dtype)
        for field, value in zip(self.__dataclass_fields__, (kind, l, *options, dtype, name), strict=True):
            object.__setattr__(self, field, value)
        require_memory(sum(tensor.bytes for tensor in self.tensors), f"building {name}")

    @property
    def content(self) -> dict[str, object]:
        """The request as JSON values."""
        fields = ("kind", "lmax", "degree", "multiple", "twice_spin", "dtype")
        return {key: value for key in fields if (value := getattr(self, key)) is not None}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the content."""
        return hashlib.sha256(canonical_json(self.content).encode()).hexdigest()

    @property
    def reached(self) -> int:
        """The degree to which the grid is exact: at least the requested one."""
        wanted = self.degree or 0
        known = {"lebedev": LEBEDEV, "design": DESIGNS}.get(self.kind)
        return wanted if known is None else min(d for d in known if d >= wanted)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points of the grid: (n_theta, n_phi) for gauss_legendre, else (n,)."""
        if self.kind == "gauss_legendre":
            return self.reached // 2 + 1, self.reached + 1
        return ((LEBEDEV if self.kind == "lebedev" else DESIGNS)[self.reached],)

    @property
    def tensors(self) -> list[Tensor]:
        """The arrays of the file, in its order."""
        code = DTYPES[self.dtype]
        return [Tensor(name, code, shape) for name, shape in self._shapes().items()]

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        size, half, edge = (self.lmax + 1) ** 2, (self.lmax + 1) * (self.lmax + 2) // 2, self.lmax + 1
        if self.kind == "fourier":
            return {"series": (half, edge)}
        if self.kind == "rotation":
            entries = [(2 * l + 1) ** 2 for l in range(edge)]
            return {
                "j_matrices": (sum(entries),),
                "quaternion_polynomials": (sum(n * (l + 1) for l, n in enumerate(entries)),),
            }
        if self.kind == "normalization":
            return {f"{prefix}{f}": (edge,) * 3 for f in NORMALIZED for prefix in ("", "inverse_")}
        if self.kind == "matrix":
            n = (self.twice_spin or 0) + 1
            parts = ("encoder_real", "encoder_imag", "decoder_real", "decoder_imag")
            return {**dict.fromkeys(parts, (size, n, n)), "normalization": (edge,) * 3}
        rows = -(-_product(self.shape) // (self.multiple or 1)) * (self.multiple or 1)
        matrices = dict.fromkeys(("harmonics", "gradient_theta", "gradient_phi"), (rows, size))
        grid = {"points": (rows, 3), "angles": (rows, 2), "weights": (rows,), **matrices, "analysis": (size, rows)}
        if self.kind == "gauss_legendre":
            n_theta, n_phi = self.shape
            grid |= dict.fromkeys(("legendre", "legendre_theta", "legendre_phi"), (n_theta, half))
            grid |= {"legendre_weights": (n_theta,), "fourier": (n_phi, 2 * self.lmax + 1)}
        return grid


def request_of(name: str) -> ArraysRequest | None:
    """Return the request that a name stands for, or None when it is no name of arrays.

    >>> request_of("design-l2-d5-x8").shape, request_of("fourier-l4-x8"), request_of("real-l8")
    ((12,), None, None)
    """
    match = NAME.fullmatch(name)
    if not match:
        return None
    kind, lmax, *numbers, dtype = match.groups()
    degree, multiple, twice_spin = (None if n is None else int(n) for n in numbers)
    of_a_grid = degree is not None or multiple is not None
    if (of_a_grid and kind not in GRIDS) or (twice_spin is not None and kind != "matrix"):
        return None
    request = ArraysRequest(
        kind, int(lmax), degree=degree, multiple=multiple, twice_spin=twice_spin, dtype=dtype or "float64"
    )
    return request if request.name == name else None


Options = tuple[int | None, int | None, int | None]


def _options(kind: str, lmax: int, degree: object, multiple: object, twice_spin: object) -> Options:
    if kind in GRIDS:
        if twice_spin is not None:
            raise ValueError(f"{kind} has no spin: the option twice_spin is for the kind matrix")
        return _degree(kind, lmax, degree), _multiple(multiple), None
    if degree is not None or multiple is not None:
        raise ValueError(f"{kind} is no grid: the options degree and multiple are for {', '.join(GRIDS)}")
    if kind == "matrix":
        return None, None, _twice_spin(lmax, twice_spin)
    if twice_spin is not None:
        raise ValueError(f"{kind} has no spin: the option twice_spin is for the kind matrix")
    return None, None, None


def _degree(kind: str, lmax: int, degree: object) -> int:
    wanted = 3 * lmax if degree is None else check_degree(degree, "degree of the grid")
    largest = {"lebedev": max(LEBEDEV), "design": max(DESIGNS)}.get(kind, 3 * LMAX_LIMIT)
    if wanted > largest:
        raise ValueError(f"degree of a {kind} grid must be <= {largest}, got {quoted(wanted)}")
    return wanted


def _multiple(multiple: object) -> int:
    rows = MULTIPLE if multiple is None else integer(multiple, "multiple")
    if not 1 <= rows <= 1024:
        raise ValueError(f"multiple must be 1 … 1024, got {quoted(rows)}")
    return rows


def _twice_spin(lmax: int, twice_spin: object) -> int:
    smallest = SMALLEST_SPIN[lmax]
    twice = smallest if twice_spin is None else integer(twice_spin, "twice_spin")
    if not lmax <= twice <= 4 * LMAX_LIMIT:
        raise ValueError(f"twice_spin must be {lmax} … {4 * LMAX_LIMIT}, got {quoted(twice)}")
    return twice


def _name(kind: str, lmax: int, options: Options, dtype: str) -> str:
    degree, multiple, twice_spin = options
    parts = [
        f"{kind}-l{lmax}",
        f"d{degree}" if degree is not None and degree != 3 * lmax else "",
        f"x{multiple}" if multiple is not None and multiple != MULTIPLE else "",
        f"j{twice_spin}" if twice_spin is not None and twice_spin != SMALLEST_SPIN[lmax] else "",
        dtype if dtype != "float64" else "",
    ]
    return "-".join(part for part in parts if part)


def _product(shape: tuple[int, ...]) -> int:
    return shape[0] * shape[1] if len(shape) == 2 else shape[0]

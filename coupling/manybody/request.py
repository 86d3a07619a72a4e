"""Requests for files of many-body bases, and the names of these files.

Names, N the largest degree of a factor and K the number of factors::

    symmetric-l3-n4        orders 1 to 4 of 0e + 1o + 2e + 3o, to each of these outputs
    symmetric-l3-n4-1o     order 4 alone, to the output 1o alone

and likewise ``antisymmetric-…`` and ``plain-…``.  Options follow in this order: ``-mace``, ``-e3nn`` or
``-cuequivariance`` for the basis of another program (:mod:`coupling.manybody.paths`), ``-natural``, ``-complex``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from math import comb

from coupling.conventions import parity_sign
from coupling.files.container import canonical_json
from coupling.irreps import Irrep
from coupling.manybody.counts import INTERMEDIATES
from coupling.manybody.space import factor_irreps, output_irrep
from coupling.manybody.symmetry import SYMMETRIES, parse_order
from coupling.quoted import quoted
from coupling.selection import check_basis, one_of
from coupling.selection import degree as check_degree

#: The bases that a file can hold: of this package, or of another program; see :mod:`coupling.manybody.paths`.
PATHS = ("kernel", "mace", "e3nn", "cuequivariance")
#: The largest degree of a factor, and of the output: an index of a component has 16 bits.
LMAX_LIMIT = 127
NAME = re.compile(
    r"(symmetric|antisymmetric|plain)-l(\d{1,3})-n(\d{1,2})(?:-(\d{1,3}[eo]))?"
    r"(?:-(mace|e3nn|cuequivariance))?(-natural)?(-complex)?",
    re.ASCII,
)


@dataclass(frozen=True, init=False)
class BasesRequest:
    """A request for bases: harmonics of degrees 0 … lmax, orders 1 … ν, outputs to each of their irreps or to one.

    - lmax, order : of the factors, and their number ν
    - output : an irrep such as "1o", for the order ν and this output alone; None for all
    - symmetry, paths, basis, intermediates : as for :func:`coupling.manybody.basis`

    >>> BasesRequest(3, 4).name, BasesRequest(2, 3, "1o", "plain", paths="mace").name
    ('symmetric-l3-n4', 'plain-l2-n3-1o-mace')
    >>> BasesRequest(1, 2).members[-1].name
    'symmetric-l1-n2-1o'
    """

    lmax: int
    order: int
    output: str | None
    symmetry: str
    paths: str
    basis: str
    intermediates: str
    name: str

    def __init__(
        self,
        lmax: object,
        order: object,
        output: object = None,
        symmetry: str = "symmetric",
        *,
        paths: str = "kernel",
        basis: str = "real",
        intermediates: str = "all",
    ) -> None:
        l, number = check_degree(lmax, "lmax"), parse_order(order)
        if l > LMAX_LIMIT:
            raise ValueError(f"lmax of a file of bases must be <= {LMAX_LIMIT}, got {quoted(l)}")
        one_of(symmetry, SYMMETRIES, "symmetry")
        one_of(paths, PATHS, "paths")
        one_of(intermediates, INTERMEDIATES, "intermediates")
        options = symmetry, paths, check_basis(basis), intermediates
        values = l, number, _output(output, l), *options
        for field, value in zip(self.__dataclass_fields__, (*values, _name(*values)), strict=True):
            object.__setattr__(self, field, value)

    @property
    def content(self) -> dict[str, object]:
        """The request as JSON values."""
        fields = [field for field in self.__dataclass_fields__ if field != "name"]
        return {key: value for key in fields if (value := getattr(self, key)) is not None}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the content."""
        return hashlib.sha256(canonical_json(self.content).encode()).hexdigest()

    @property
    def members(self) -> list[BasesRequest]:
        """The requests of the single bases, by order and then by output."""
        if self.output is not None:
            return [self]
        options = {"paths": self.paths, "basis": self.basis, "intermediates": self.intermediates}
        outputs = [Irrep(2 * l, parity_sign(l)).name for l in range(self.lmax + 1)]
        return [
            BasesRequest(self.lmax, n, output, self.symmetry, **options)
            for n in range(1, self.order + 1)
            for output in outputs
        ]

    @property
    def monomials(self) -> int:
        """The number of monomials of the tensor powers, those of each basis counted: how much there is to build.

        >>> BasesRequest(3, 3, "1o").monomials, BasesRequest(3, 3).monomials
        (816, 3872)
        """
        if self.output is None:
            return sum(member.monomials for member in self.members)
        dimension = (self.lmax + 1) ** 2
        return dimension**self.order if self.symmetry == "plain" else comb(dimension + self.order - 1, self.order)


def _output(output: object, lmax: int) -> str | None:
    if output is None:
        return None
    found = output_irrep(output, factor_irreps(lmax))
    if found.twice % 2 or found.twice > 2 * LMAX_LIMIT:
        raise ValueError(f"output must have a degree 0 … {LMAX_LIMIT}, got {quoted(output)}")
    return found.name


def _name(lmax: int, order: int, output: str | None, symmetry: str, paths: str, basis: str, intermediates: str) -> str:
    parts = [
        f"{symmetry}-l{lmax}-n{order}",
        output or "",
        paths if paths != "kernel" else "",
        "natural" if intermediates == "natural" else "",
        "complex" if basis == "complex" else "",
    ]
    return "-".join(part for part in parts if part)


def bases_request(name: str) -> BasesRequest | None:
    """Return the request that a name stands for, or None when it is no name of bases.

    >>> bases_request("symmetric-l4-n3").order, bases_request("symmetric-l04-n3"), bases_request("real-l8")
    (3, None, None)
    """
    match = NAME.fullmatch(name)
    if not match:
        return None
    symmetry, lmax, order, output, paths, natural, complex_ones = match.groups()
    kinds = {"intermediates": "natural" if natural else "all", "basis": "complex" if complex_ones else "real"}
    request = BasesRequest(int(lmax), int(order), output, symmetry, paths=paths or "kernel", **kinds)
    return request if request.name == name else None

"""The request for a table, checked before anything is allocated; its name, and what a name stands for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE, FAMILIES
from coupling.families import Family, names
from coupling.families import family as known
from coupling.families.registry import require_half_integers
from coupling.files.container import Tensor, canonical_json
from coupling.indexing import entry_counts
from coupling.integers import degree, doubled, half, is_integer
from coupling.names import check_name
from coupling.numbers.sizes import (
    compact_path_array,
    half_integer_counts,
    half_integer_paths,
    half_integer_zeros,
    symmetry_zeros,
    table_bytes,
    table_bytes_of,
)
from coupling.quoted import quoted
from coupling.selection import PARITIES, check_basis, of_type, one_of

ORDERS = ("path-major",)
#: Orders are stored as int8, twice the orders where there are half-integers.
LMAX_LIMIT = 127
#: A larger table is built by ``coupling build``, which goes on after an interruption and takes many workers.
TABLE_LIMIT = 1 << 30
#: Default name of a table.
NAME = re.compile(r"(real|complex)-(half-)?l([\d.]{1,9})(?:-([\d.]{1,9})-([\d.]{1,9}))?(?:-(even|odd))?", re.ASCII)


@dataclass(frozen=True, init=False)
class Request:
    """A request for a table: its paths, its basis, and the families whose reduced factors it holds.

    lmax : the largest degree, or three of them, one per slot; at most 127
    basis : "real" (the core is C) or "complex" (the core is the 3j symbol)
    families : whose reduced factors are stored, all over one core; by default those of ``coupling.conventions`` that
        live on the parity.  Names as :func:`coupling.families.family` reads them
    parity : "all", "even" or "odd" paths, by l1 + l2 + l3
    order : "path-major", the entries path by path
    name : the file is <name>.safetensors; does not enter the digest
    half_integers : degrees are half-integers as well, to lmax, at most 127/2, in the complex basis and for families
        that have them.  The arrays then hold twice the degrees and orders: ``denominator`` is 2

    >>> Request(lmax=8, families=["gaunt"], parity="even")
    Request(lmax=(8, 8, 8), basis='real', families=('gaunt',), parity='even', order='path-major', name='real-l8-even')
    """

    lmax: tuple[Any, Any, Any]
    basis: str
    families: tuple[str, ...]
    parity: str
    order: str
    name: str
    half_integers: bool = False

    def __init__(
        self,
        *,
        lmax: float | Sequence[float],
        basis: str = "real",
        families: Sequence[str] = (),
        parity: str = "all",
        order: str = "path-major",
        name: str = "",
        half_integers: bool = False,
    ) -> None:
        check_basis(basis)
        one_of(parity, PARITIES, "parity")
        one_of(order, ORDERS, "order")
        of_type(half_integers, bool, "half_integers")
        chosen, degrees = _families(families, parity, basis, half_integers), _lmax(lmax, half_integers)
        if half_integers:
            _check_half_integers(degrees, parity)
        else:
            _check_size(degrees, basis, parity, len(chosen))
        label = default_name(basis, degrees, parity, half_integers) if name == "" else name
        values = (degrees, basis, chosen, parity, order, check_name(label), half_integers)
        for field, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, field.name, value)

    def __repr__(self) -> str:
        shown = [field.name for field in fields(self) if field.name != "half_integers" or self.half_integers]
        return f"Request({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of everything but the name."""
        return hashlib.sha256(canonical_json(self.content).encode()).hexdigest()

    @property
    def content(self) -> dict[str, object]:
        """The request without its name, as JSON values; ``half_integers`` only where it is true."""
        left_out = ("name",) if self.half_integers else ("name", "half_integers")
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items() if key not in left_out}

    @property
    def denominator(self) -> int:
        """What degrees and orders are multiplied by in the arrays: 2 where there are half-integers, else 1."""
        return 2 if self.half_integers else 1

    @property
    def imaginary(self) -> tuple[str, ...]:
        """The families whose stored reduced factor is to be multiplied by i."""
        return tuple(family for family in self.families if known(family).is_imaginary(self.basis))

    @property
    def bytes(self) -> int:
        """An upper bound of the bytes of the table, :func:`coupling.numbers.sizes.table_bytes`."""
        if self.half_integers:
            paths = self.path_array()
            return table_bytes_of(len(paths), int(self.entry_counts(paths).sum()), len(self.families))
        return table_bytes(self.lmax, self.basis, self.parity, len(self.families))

    def path_array(self) -> NDArray[np.uint8]:
        """Return the paths [P, 3] in lexicographic order, times the denominator."""
        if self.half_integers:
            l1, l2, l3 = (int(2 * l) for l in self.lmax)
            return half_integer_paths((l1, l2, l3), self.parity)
        return compact_path_array(self.lmax, self.parity)

    def entry_counts(self, paths: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return for each path of an array [P, 3] of the table the number of orders that couple."""
        return half_integer_counts(paths) if self.half_integers else entry_counts(paths, self.basis)

    def symmetry_zeros(self, paths: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return for each path of an array [P, 3] of the table how many of these entries vanish by symmetry."""
        return half_integer_zeros(paths) if self.half_integers else symmetry_zeros(paths, self.basis)

    def tensors(self, paths: int, entries: int) -> list[Tensor]:
        """Return the arrays of a table file in the order of the file, the float64 arrays first."""
        return [
            Tensor("core", "F64", (entries,)),
            *(Tensor(f"reduced_{family}", "F64", (paths,)) for family in self.families),
            Tensor("offsets", "I64", (paths + 1,)),
            Tensor("orders", "I8", (entries, 3)),
            Tensor("paths", "U8", (paths, 3)),
        ]

    def renamed(self, name: str) -> Request:
        """Return the same request under another name."""
        return Request(**{**asdict(self), "name": name})


def _lmax(value: object, half_integers: bool) -> tuple[Any, Any, Any]:
    if isinstance(value, (list, tuple)):
        if len(value) != 3:
            raise ValueError(f"lmax must be one integer or three, one per slot, got {len(value)} of them")
        return tuple(_one_lmax(item, half_integers) for item in value)  # type: ignore[return-value]
    return (_one_lmax(value, half_integers),) * 3


def _one_lmax(value: object, half_integers: bool) -> int | float:
    if half_integers:
        twice = doubled(value, "lmax")
        if not 0 <= twice <= LMAX_LIMIT:
            least, most = "lmax must be >= 0", f"lmax must be <= {half(LMAX_LIMIT)}: a table stores twice the orders as"
            raise ValueError(f"{least if twice < 0 else f'{most} int8'}, got {half(twice)}")
        return twice / 2 if twice % 2 else twice // 2
    if not is_integer(value):
        raise TypeError(f"lmax must be an integer >= 0, or three of them, got {type(value).__name__} {quoted(value)}")
    return degree(value, "lmax")


def _check_size(lmax: tuple[int, int, int], basis: str, parity: str, families: int) -> None:
    if max(lmax) > LMAX_LIMIT:
        size = table_bytes(lmax, basis, parity, families)
        raise ValueError(
            f"lmax must be <= {LMAX_LIMIT} because a table stores orders as int8, got {_about(max(lmax))}; "
            f"this table would need about {_about(size)} bytes"
        )
    if parity == "odd" and min(lmax) == 0:
        raise ValueError(f"no odd path has a degree 0: with lmax {list(lmax)} request parity 'all' or 'even'")


def _check_half_integers(lmax: tuple[Any, Any, Any], parity: str) -> None:
    if parity == "odd" and sum(l > 0 for l in lmax) < 2:
        raise ValueError(f"every path to lmax {list(lmax)} is even: request parity 'all' or 'even'")


def _about(n: int) -> str:
    return str(n) if n < 10**6 else f"{n:.3g}" if n < 10**300 else f"10^{int(n.bit_length() * 0.30103)}"


def _families(value: object, parity: str, basis: str, half_integers: bool) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"families must be a list of names out of {', '.join(names())}, got {quoted(value)}")
    records = [known(item, "each family") for item in value]
    for record in records:
        record.require_basis(basis)
        if half_integers:
            require_half_integers(record, basis)
        if not record.lives(parity):
            raise ValueError(f"{record.text} is zero on every {parity} path: leave it out, or request parity 'all'")
    given = [record.text for record in records]
    if len(set(given)) != len(given):
        raise ValueError(f"families must be distinct, got {quoted(given)}")
    if half_integers:
        require_half_integers(known(CORE), basis)
    if not given:
        usual = tuple(name for name in FAMILIES if known(name).lives(parity))
        return tuple(name for name in usual if known(name).half_integers) if half_integers else usual
    return tuple(record.text for record in sorted(records, key=_place))


def _place(record: Family) -> tuple[int, str]:
    """Return the key of the order in a file: the families of ``coupling.conventions`` first, others by name."""
    return (FAMILIES.index(record.name) if record.name in FAMILIES else len(FAMILIES)), record.text


def default_name(basis: str, lmax: tuple[Any, Any, Any], parity: str, half_integers: bool = False) -> str:
    """Return the name of a request that has none.

    >>> default_name("real", (4, 4, 8), "even"), default_name("complex", (2.5, 2.5, 2.5), "all", True)
    ('real-l4-4-8-even', 'complex-half-l2.5')
    """
    degrees = "-".join(map(str, lmax if len(set(lmax)) > 1 else lmax[:1]))
    return f"{basis}-{'half-' if half_integers else ''}l{degrees}" + ("" if parity == "all" else f"-{parity}")


def request_of(name: str) -> Request | None:
    """Return the request whose default name this is, all families included; None when it is no such name.

    >>> request_of("complex-l24").lmax, request_of("real-l08"), request_of("real-l4-4-8-even").parity
    ((24, 24, 24), None, 'even')
    >>> request_of("complex-half-l2.5").lmax, request_of("complex-l2.5")
    ((2.5, 2.5, 2.5), None)
    """
    match = NAME.fullmatch(name)
    if not match:
        return None
    basis, halves, *degrees, parity = match.groups()
    written = [l for l in degrees if l is not None]
    if not all(re.fullmatch(r"\d+(\.5)?" if halves else r"\d+", l) for l in written):
        return None
    lmax = [float(l) if "." in l else int(l) for l in written]
    one = lmax[0] if len(lmax) == 1 else lmax
    request = Request(lmax=one, basis=basis, parity=parity or "all", half_integers=bool(halves))
    return request if request.name == name else None


def require_on_demand(request: Request) -> None:
    """Raise ValueError for a table that is too large to be built when it is loaded."""
    command = f"coupling build --lmax {','.join(map(str, request.lmax))} --basis {request.basis}"
    command += " --half-integers" if request.half_integers else ""
    if request.bytes > TABLE_LIMIT:
        raise ValueError(
            f"a table is built on demand up to {TABLE_LIMIT} bytes, {request.name} has about {request.bytes}: "
            f"build it with `{command}` and load the file"
        )


def table_name(path: Path) -> str:
    """Return the name of the table that a file of this path holds, or raise ValueError.

    >>> table_name(Path("tables/data/real-l8.safetensors"))
    'real-l8'
    """
    if path.suffix != ".safetensors":
        raise ValueError(f"a table file is called <name>.safetensors, got {quoted(path.name)}")
    return check_name(path.stem)

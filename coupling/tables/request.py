"""The request for a table, checked before anything is allocated.

A request file is TOML, written by hand::

    name = "real-l8"                          # [A-Za-z0-9][A-Za-z0-9._-]*, at most 64 characters
    basis = "real"                            # or "complex"
    lmax = 8                                  # or [8, 8, 16], one per slot
    families = ["wigner_3j", "gaunt"]         # default: the four of coupling.conventions
    parity = "all"                            # or "even", "odd": the parity of l1 + l2 + l3
    order = "path-major"                      # entries path by path
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from coupling.conventions import FAMILIES
from coupling.families import Family, names
from coupling.families import family as known
from coupling.files.container import Tensor, canonical_json, open_regular
from coupling.integers import degree, is_integer
from coupling.names import check_name
from coupling.numbers.sizes import table_bytes
from coupling.quoted import quoted
from coupling.selection import PARITIES, check_basis, one_of

ORDERS = ("path-major",)
#: Orders are stored as int8.
LMAX_LIMIT = 127
#: Largest size of a request file in bytes.
FILE_LIMIT = 65536
#: A larger table is built by ``coupling build``, which goes on after an interruption and takes many workers.
TABLE_LIMIT = 1 << 30
#: Default name of a table.
NAME = re.compile(r"(real|complex)-l(\d{1,9})(?:-(\d{1,9})-(\d{1,9}))?(?:-(even|odd))?", re.ASCII)
TOO_DEEP = "a request file is flat; this one is nested too deeply to read"


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

    >>> Request(lmax=8, families=["gaunt"], parity="even")
    Request(lmax=(8, 8, 8), basis='real', families=('gaunt',), parity='even', order='path-major', name='real-l8-even')
    """

    lmax: tuple[int, int, int]
    basis: str
    families: tuple[str, ...]
    parity: str
    order: str
    name: str

    def __init__(
        self,
        *,
        lmax: int | Sequence[int],
        basis: str = "real",
        families: Sequence[str] = (),
        parity: str = "all",
        order: str = "path-major",
        name: str = "",
    ) -> None:
        check_basis(basis)
        one_of(parity, PARITIES, "parity")
        one_of(order, ORDERS, "order")
        chosen, degrees = _families(families, parity, basis), _lmax(lmax)
        _check_size(degrees, basis, parity, len(chosen))
        label = default_name(basis, degrees, parity) if name == "" else name
        values = (degrees, basis, chosen, parity, order, check_name(label))
        for field, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, field.name, value)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of everything but the name."""
        return hashlib.sha256(canonical_json(self.content).encode()).hexdigest()

    @property
    def content(self) -> dict[str, object]:
        """The request without its name, as JSON values."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items() if key != "name"}

    @property
    def imaginary(self) -> tuple[str, ...]:
        """The families whose stored reduced factor is to be multiplied by i."""
        return tuple(family for family in self.families if known(family).is_imaginary(self.basis))

    @property
    def bytes(self) -> int:
        """An upper bound of the bytes of the table, :func:`coupling.numbers.sizes.table_bytes`."""
        return table_bytes(self.lmax, self.basis, self.parity, len(self.families))

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


def read_request(path: str | os.PathLike[str]) -> Request:
    """Return the request of a TOML file, or raise a ValueError or TypeError that begins with the file's name.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     _ = file.write(b'lmax = [4, 4, 8]'), file.flush()
    ...     read_request(file.name).name
    'real-l4-4-8'
    """
    path = Path(path)
    with open_regular(path) as file:
        raw = file.read(FILE_LIMIT + 1)
    try:
        return parse_request(raw)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}") from None


def read_requests(folder: Path) -> list[Request]:
    """Return the requests of a folder, the smallest first; ValueError when there are none or two have one name."""
    requests = [read_request(file) for file in sorted((folder / "requests").glob("*.toml"))]
    requests.sort(key=lambda request: (request.basis, request.lmax, request.name))
    names = [request.name for request in requests]
    if not names:
        raise ValueError(f"there is no request file (*.toml) in {folder / 'requests'}")
    if len(set(names)) < len(names):
        raise ValueError(f"two request files in {folder / 'requests'} have the same name: {names}")
    return requests


def parse_request(raw: bytes) -> Request:
    """Return the request written in the bytes of a TOML file.

    >>> parse_request(b'lmax = 2').name
    'real-l2'
    >>> parse_request(b'lmax = 2\\nl_max = 3')
    Traceback (most recent call last):
    ValueError: unknown key 'l_max'; a request has lmax, basis, families, parity, order, name
    """
    if len(raw) > FILE_LIMIT:
        raise ValueError(f"a request file has at most {FILE_LIMIT} bytes, this one has more")
    known = [field.name for field in fields(Request)]
    content = _toml(raw)
    for key in content:
        if key not in known:
            raise ValueError(f"unknown key {quoted(key)}; a request has {', '.join(known)}")
    if "lmax" not in content:
        raise ValueError("the key lmax is missing: an integer, or three, one per slot")
    try:
        return Request(**content)  # type: ignore[arg-type]
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _toml(raw: bytes) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"a request file is UTF-8 text; byte {error.start} is not") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError as error:
        raise ValueError(f"not a TOML file: {error}") from None


def _lmax(value: object) -> tuple[int, int, int]:
    if isinstance(value, (list, tuple)):
        if len(value) != 3:
            raise ValueError(f"lmax must be one integer or three, one per slot, got {len(value)} of them")
        return tuple(_one_lmax(item) for item in value)  # type: ignore[return-value]
    return (_one_lmax(value),) * 3


def _one_lmax(value: object) -> int:
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


def _about(n: int) -> str:
    return str(n) if n < 10**6 else f"{n:.3g}" if n < 10**300 else f"10^{int(n.bit_length() * 0.30103)}"


def _families(value: object, parity: str, basis: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"families must be a list of names out of {', '.join(names())}, got {quoted(value)}")
    records = [known(item, "each family") for item in value]
    for record in records:
        record.require_basis(basis)
        if not record.lives(parity):
            raise ValueError(f"{record.text} is zero on every {parity} path: leave it out, or request parity 'all'")
    given = [record.text for record in records]
    if len(set(given)) != len(given):
        raise ValueError(f"families must be distinct, got {quoted(given)}")
    if not given:
        return tuple(name for name in FAMILIES if known(name).lives(parity))
    return tuple(record.text for record in sorted(records, key=_place))


def _place(record: Family) -> tuple[int, str]:
    """Return the key of the order in a file: the families of ``coupling.conventions`` first, others by name."""
    return (FAMILIES.index(record.name) if record.name in FAMILIES else len(FAMILIES)), record.text


def default_name(basis: str, lmax: tuple[int, int, int], parity: str) -> str:
    """Return the name of a request that has none.

    >>> default_name("real", (4, 4, 8), "even")
    'real-l4-4-8-even'
    """
    degrees = "-".join(map(str, lmax if len(set(lmax)) > 1 else lmax[:1]))
    return f"{basis}-l{degrees}" + ("" if parity == "all" else f"-{parity}")


def request_of(name: str) -> Request | None:
    """Return the request whose default name this is, all families included; None when it is no such name.

    >>> request_of("complex-l24").lmax, request_of("real-l08"), request_of("real-l4-4-8-even").parity
    ((24, 24, 24), None, 'even')
    """
    match = NAME.fullmatch(name)
    if not match:
        return None
    basis, *degrees, parity = match.groups()
    lmax = [int(l) for l in degrees if l is not None]
    request = Request(lmax=lmax[0] if len(lmax) == 1 else lmax, basis=basis, parity=parity or "all")
    return request if request.name == name else None


def require_on_demand(request: Request) -> None:
    """Raise ValueError for a table that is too large to be built when it is loaded."""
    command = f"coupling build --lmax {','.join(map(str, request.lmax))} --basis {request.basis}"
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

"""The registry of families: one file each in this folder, and those that a program registers at run time."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from coupling.conventions import FAMILIES
from coupling.families.record import Family
from coupling.quoted import quoted
from coupling.selection import PARITIES, Path, check_basis, degree, one_of, paths

if TYPE_CHECKING:
    from coupling.exact.surd import Surd

#: The modules of this folder that are no families.
OTHERS = ("record", "registry")

#: Degrees up to which the claims of a record are compared with its factor: 65 paths.
LMAX = 4

#: The largest degree of a table.
LARGEST = 127

_REGISTERED: dict[str, Family] = {}

#: What a name has meant in this process: tables and products that are kept are kept by name.
_MEANT: dict[str, Family] = {}


@cache
def _files() -> tuple[str, ...]:
    """Return the names of the families that have a file here, those of ``coupling.conventions`` first."""
    files = os.listdir(os.path.dirname(__file__))
    found = {file.removesuffix(".py") for file in files if file.endswith(".py") and file[0] != "_"} - set(OTHERS)
    return (*FAMILIES, *sorted(found - set(FAMILIES)))


def names() -> tuple[str, ...]:
    """Return the names of all families: the default ones of tables, those of the other files, the registered ones.

    >>> names()[:4]
    ('wigner_3j', 'clebsch_gordan', 'gaunt', 'antisymmetric_gaunt')
    """
    return (*_files(), *_REGISTERED)


def records() -> tuple[Family, ...]:
    """Return the records of all families, those with parameters without values for them.

    >>> [record.name for record in records() if record.core]
    ['wigner_3j']
    """
    return tuple(_record(name) for name in names())


def family(given: object, what: str = "family", also: tuple[str, ...] = ()) -> Family:
    """Return the record of a family from its name, or from a name with parameters and conjugated slots.

    The text is ``name``, ``name:s1,s2,s3`` for a family with parameters, and either with ``:conj=1`` or the like for
    the slots that are conjugated instead of its own.  A record of a known family is returned as it is.  Raises
    ValueError or TypeError, naming ``what`` and the names that the caller takes ``also``, for a family, parameter or
    slot that does not exist.

    >>> family("gaunt").parity, family("gaunt:conj=1").conjugate, family("spin_weighted_gaunt:1,-2,1").values
    ('even', (1,), (1, -2, 1))
    """
    record = _named(given.text if isinstance(given, Family) else given, what, also).require_parameters()
    if isinstance(given, Family) and record != given:
        raise ValueError(f"{what} {given.text} is not the one that is registered under this name")
    return record


def _named(text: object, what: str, also: tuple[str, ...]) -> Family:
    name, *parts = text.split(":") if isinstance(text, str) else (text,)
    if not parts or name not in names():
        one_of(text, (*names(), *also), what)
    record = _record(str(name))
    return _variant(record, str(text), tuple(parts), what) if parts else record


def _record(name: str) -> Family:
    return _REGISTERED[name] if name in _REGISTERED else _of_file(name)


@cache
def _of_file(name: str) -> Family:
    record: Family = import_module(f"coupling.families.{name}").FAMILY
    if record.name != name:
        raise ValueError(f"coupling.families.{name} defines the family {quoted(record.name)}")
    return record


def _variant(record: Family, text: str, parts: tuple[str, ...], what: str) -> Family:
    for part in parts:
        numbers = re.fullmatch(r"(conj=)?((?:-?\d{1,9}(?:,-?\d{1,9})*)?)", part, re.ASCII)
        if not numbers:
            written = f"{record.name}:1,-2,1, or slots, :conj=1"
            raise ValueError(f"{what} is a name with parameters, {written}; got {quoted(text)}")
        values = tuple(int(number) for number in numbers[2].split(",") if number)
        record = record.conjugated(*values) if numbers[1] else record.with_parameters(*values)
    if record.text != text:
        raise ValueError(f"{what} {quoted(text)} is written {quoted(record.text)}")
    return record


def with_basis(given: object, basis: str, what: str = "family") -> Family:
    """Return the record of a family that exists in a basis, or raise.

    >>> with_basis("gaunt", "real").name
    'gaunt'
    """
    record = family(given, what)
    record.require_basis(basis)
    return record


def require_half_integers(record: Family, basis: object) -> None:
    """Raise ValueError unless a family has half-integer degrees in a basis.

    >>> require_half_integers(family("wigner_3j"), "real")
    Traceback (most recent call last):
    ValueError: half-integer degrees exist in the complex basis alone, got basis 'real'
    """
    if not record.half_integers:
        those = ", ".join(other.name for other in records() if other.half_integers)
        raise ValueError(f"{record} has integer degrees only; half-integers have {those}")
    if check_basis(basis) == "real":
        raise ValueError(f"half-integer degrees exist in the complex basis alone, got basis {quoted(basis)}")


def of_product(parity: str) -> Family:
    """Return the family of the product on the sphere that computes the paths of a parity.

    >>> of_product("even"), of_product("odd")
    (Family('gaunt'), Family('antisymmetric_gaunt'))
    """
    one_of(parity, PARITIES[1:], "parity")
    return next(record for record in records() if record.spherical == parity)


def register(record: Family) -> Family:
    """Make a family known under its name in this process, and return it.

    Blocks, tables, normalizations, studies, exports and the command line then know it.  The claims of the record are
    compared with its factor on all paths up to degree 4.  Raises ValueError for a name that is taken, or was, by
    another family, and for a claim that does not hold.  Another process that reads a table with this family has to
    register it as well.

    >>> from coupling.exact import Surd
    >>> root = Family(name="root_of_l3", factor=lambda l1, l2, l3: Surd(1, 2 * l3 + 1), integral=False)
    >>> register(root).reduced(1, 1, 2, "real")
    √(5)
    >>> unregister("root_of_l3")
    """
    _check_record(record)
    if record.name in names():
        raise ValueError(f"the name {record.name} is taken; there are {', '.join(names())}")
    if record.variant or record.values:
        raise ValueError(f"register {record.name} without values and with its own slots, not {record.text}")
    if _MEANT.get(record.name, record) != record:
        raise ValueError(f"{record.name} was another family before in this process, and tables of it are kept")
    if not record.parameters:
        check_claims(record)
    _MEANT[record.name] = record
    _REGISTERED[record.name] = record
    return record


def _check_record(record: object) -> None:
    if not isinstance(record, Family):
        raise TypeError(f"a family is a coupling.families.Family, got {type(record).__name__} {quoted(record)}")


def unregister(name: str) -> None:
    """Forget a family that was registered; one that has a file stays, and ValueError says so.

    >>> unregister("gaunt")
    Traceback (most recent call last):
    ValueError: 'gaunt' was not registered in this process; registered: none
    """
    if not isinstance(name, str) or name not in _REGISTERED:
        registered = ", ".join(_REGISTERED) or "none"
        raise ValueError(f"{quoted(name)} was not registered in this process; registered: {registered}")
    del _REGISTERED[name]


def check_claims(record: Family, lmax: int = LMAX) -> int:
    """Compare symmetry, kind and kernel of a record with its factor up to lmax; return the number of paths, or raise.

    A wrong claim would give wrong tables: one factor would stand for paths that have others.

    >>> check_claims(family("gaunt"))
    65
    """
    _check_record(record)
    if degree(lmax, "lmax") > LARGEST:
        raise ValueError(f"claims are compared up to degree {LARGEST}, the largest of a table, got {lmax}")
    factors = {path: record.on_path(*path) for path in paths(degree(lmax, "lmax"))}
    kinds: dict[int, Surd] = {}
    for path, factor in factors.items():
        other = ordered(record.symmetry, path)
        if factors[other] != factor:
            raise ValueError(
                f"{record.name} is declared with symmetry {quoted(record.symmetry)}, and its factor is {factor} on "
                f"{path}, {factors[other]} on {other}"
            )
        if record.kind is not None and kinds.setdefault(int(record.kind(*path)), factor) != factor:
            raise ValueError(f"{record.name} gives the path {path} the kind of a path with another factor")
        if record.kernel is not None and factor != (computed := _of_file(FAMILIES[record.kernel]).on_path(*path)):
            raise ValueError(
                f"kernel {record.kernel} computes {FAMILIES[record.kernel]}: {computed} on {path}; "
                f"the factor of {record.name} is {factor}"
            )
    return len(factors)


def ordered(symmetry: str, path: Path) -> Path:
    """Return the ordering of a path that stands for all that have the same factor by symmetry.

    >>> ordered("last two", (3, 2, 1)), ordered("total", (3, 2, 1))
    ((3, 1, 2), (1, 2, 3))
    """
    l1, l2, l3 = path
    if symmetry == "total":
        l1, l2, l3 = sorted(path)
    elif symmetry == "last two":
        l2, l3 = sorted((l2, l3))
    return l1, l2, l3

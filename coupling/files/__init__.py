"""Files of this package: one container, reader, cache, manifest, catalogue and report for every kind of file.

A *kind* is one record: how a file of it is recognised and read, and where its builder and its checks are.  The module
that owns a kind registers its record; nothing in this folder knows what a table or a grid is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from coupling.conventions import CONVENTION_ID


class TableError(ValueError):
    """A file of this package that must not be used.

    Names the file, the field, the expected and the found value and, where it is known, what to do.

    >>> print(TableError("real-l4.safetensors", "schema_version", 1, 2))
    real-l4.safetensors: schema_version: expected 1, found 2
    """

    def __init__(
        self, file: str | os.PathLike[str], field: str, expected: object, found: object, advice: str = ""
    ) -> None:
        super().__init__(file, field, expected, found, advice)
        self.file = os.fspath(file)
        self.field = field
        self.expected = expected
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        sentence = f"{self.file}: {self.field}: expected {self.expected}, found {_short(self.found)}"
        return f"{sentence}; {self.advice}" if self.advice else sentence


def _short(found: object) -> str:
    """Return a text of a file in one line that moves no cursor."""
    text = str(found)
    line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text[:200])
    return line if len(text) <= 200 else f"{line}… ({len(text)} characters)"


def _nothing(*arguments: Any) -> Any:
    """What a kind without a reader does."""
    return {}


@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """What a file is.  Two kinds are equal when name and version are; what no reader opens, a picture, has no more.

    name, version : the schema, ``coupling-<name>`` and its version, in the header of the file
    newest : the newest version that is read, where it is not ``version``
    version_of : version_of(request), the version of the file of a request; by default ``version``
    listed : under which key the manifest lists the files of the kind that are shipped
    request : request(file, metadata), what the file was built from; raises TableError
    named : named(name), the request that a name stands for, or None when it is no such name
    facts : facts(request), what the metadata hold, whichever sources build the file, besides schema and convention
        and, where names stand for requests, the name, content and digest of the request
    keys : further keys of the metadata, besides ``package_version`` and ``checksum``
    tensors : tensors(file, request, metadata), the arrays of the file in their order
    value : value(file, request, content, verify), the object that the file holds; raises TableError
    on_demand : on_demand(request), which raises ValueError for what is too large to be built when it is loaded
    build, check : ``module:function`` of build(request, file), which writes a file that is not shipped, and of
        check(value, full), which returns a Report; imported when they are called
    missing, unknown : messages for a file that does not exist, and for a name that stands for nothing
    renewal : how a file of an older schema is renewed

    >>> Kind("table", 1)
    Kind(name='table', version=1)
    """

    name: str
    version: int = 0
    newest: int = 0
    version_of: Callable[[Any], int] | None = None
    listed: str = ""
    request: Callable[[str, dict[str, Any]], Any] = _nothing
    named: Callable[[str], Any] = _nothing
    facts: Callable[[Any], Mapping[str, Any]] = _nothing
    keys: tuple[str, ...] = ()
    tensors: Callable[[Any, Any, dict[str, Any]], Any] = _nothing
    value: Callable[..., Any] = _nothing
    on_demand: Callable[[Any], None] | None = None
    build: str = ""
    check: str = ""
    missing: str = "there is no file {path}"
    unknown: str = ""
    renewal: str = "build the file again"

    def __repr__(self) -> str:
        return f"Kind(name={self.name!r}, version={self.version!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and (self.name, self.version) == (other.name, other.version)

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    @property
    def schema(self) -> str:
        """The schema in the metadata of a file."""
        return f"coupling-{self.name}"

    @property
    def versions(self) -> range:
        """The versions of the schema that are read.

        >>> list(kind_named("table").versions)
        [1, 2]
        """
        return range(self.version, max(self.version, self.newest) + 1)

    def constants(self, request: Any) -> dict[str, Any]:
        """Return the metadata that are known before a file is built, whichever sources build it."""
        version = self.version_of(request) if self.version_of else self.version
        known = {"schema": self.schema, "schema_version": version, "convention": CONVENTION_ID}
        if self.named is not _nothing:
            known |= {"name": request.name, "request": request.content, "request_digest": request.digest}
        return {**known, **self.facts(request)}

    def call(self, what: str, *arguments: Any, **options: Any) -> Any:
        """Call the builder ("build") or the checks ("check") of the kind."""
        module, _, name = getattr(self, what).partition(":")
        return getattr(import_module(module), name)(*arguments, **options)


#: Name of a kind → the module that registers it.  A kind of your own is registered while a program runs.
HOMES = {
    "table": "coupling.tables.reader",
    "arrays": "coupling.arrays.reader",
    "bases": "coupling.manybody.reader",
    "factors": "coupling.lowrank.store",
    "record": "coupling.lowrank.store",
}
_REGISTERED: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known by its name, and return it; ValueError when another one has the name."""
    if _REGISTERED.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"the kind {kind.name} is registered already")
    return kind


def kind_named(name: str) -> Kind | None:
    """Return the kind of a name, or None when no such kind is registered and no module of this package has it.

    >>> kind_named("arrays").schema, kind_named("picture")
    ('coupling-arrays', None)
    """
    if name not in _REGISTERED and name in HOMES:
        import_module(HOMES[name])
    return _REGISTERED.get(name)


def checks(name: str, value: Any) -> Any:
    """Return the report on what a file of a kind holds."""
    kind = kind_named(name)
    if kind is None or not kind.check:
        raise ValueError(f"files of the kind {name} have no checks")
    return kind.call("check", value)


def table_folder() -> Path:
    """Return the folder of manifest and data: inside an installed package, or ``tables`` of a checkout.

    >>> (table_folder() / "manifest.json").exists()
    True
    """
    package = Path(__file__).parents[1]
    inside = package / "tables"
    return inside if (inside / "manifest.json").exists() else package.parent / "tables"

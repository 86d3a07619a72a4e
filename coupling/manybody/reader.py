"""Read files of many-body bases; the metadata of such a file.

Nothing in it depends on when, where or how often it was built.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from coupling.files import Kind, TableError, register
from coupling.files.container import Content, Tensor
from coupling.files.reader import load
from coupling.manybody.request import BasesRequest, bases_request
from coupling.manybody.stored import COUNTED, Bases, Member, bases_tensors, text_of, unpacked
from coupling.manybody.value import Basis

#: Monomials of what is built on first request, those of each basis counted: a few seconds.
ON_DEMAND = 1 << 21
ARRAYS = {
    "values": "coefficient of each entry, the double nearest to integer times root; bases follow one another",
    "integers": "integer n of each entry: its coefficient is n sqrt(r s)",
    "offsets": "entries of row k (2L+1) + M + L of a basis, path k and order M, are offsets[row] to offsets[row+1], "
    "s = 1/(norm binom(2L, L-M)), twice that for M != 0 in the real basis",
    "monomial": "which monomial of its basis an entry has",
    "radicand": "which radicand r of its basis a monomial has",
    "monomials": "the flat indices i1 ... iv of the components of A in each monomial",
    "text": "JSON: for each basis the labels and norms of its paths, and the radicands of its monomials",
}


def load_bases(name: str | os.PathLike[str], *, verify: bool = True, mapped: bool = True) -> Bases:
    """Return the many-body bases of a file: exact, with correctly rounded values, without building any.

    - name : "symmetric-l3-n4": orders 1 to 4 of the irreps 0e … 3o, to each of them; "symmetric-l6-n4-1o": one basis;
      "plain-l3-n3-mace", "symmetric-l4-n3-complex": see :mod:`coupling.manybody.request`.  Or the path of a
      ``.safetensors`` file
    - verify : False leaves out the checks that read every byte
    - mapped : False reads the file into memory, once; see :func:`coupling.load`

    Shipped are symmetric-l4-n3 and symmetric-l3-n4; the others are built on first request and cached in the user's
    cache folder, larger ones by ``coupling manybody build``.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another schema, or not
    what it says it is; FileNotFoundError for a name or file that does not exist; ValueError for what is too large to be
    built on request, or does not exist; OSError where nothing can be written.

    >>> bases = load_bases("symmetric-l4-n3")
    >>> bases, bases[3, "1o"].labels[:2]
    (Bases('symmetric-l4-n3': 15 bases, 158 paths, 15105 entries), ('((0e^2)0e 1o)1o', '((0e 1o)1o 2e)1o'))
    """
    bases: Bases = load(KIND, name, verify, mapped)
    return bases


def bases_facts(request: BasesRequest) -> dict[str, Any]:
    """Return what is known about a file of bases before it is built.

    >>> bases_facts(BasesRequest(1, 2))["bases"]
    [[1, '0e'], [1, '1o'], [2, '0e'], [2, '1o']]
    """
    return {
        "arrays": ARRAYS,
        "bases": [[member.order, member.output] for member in request.members],
        "rounding": "exact integers and square roots of rational numbers; each value is the double nearest to them",
        "source": "highest states of tensor powers, in exact integers",
    }


def _request_in(file: str, metadata: dict[str, Any]) -> BasesRequest:
    try:
        return BasesRequest(**metadata["request"])
    except (ArithmeticError, KeyError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise TableError(file, "request", "a valid request", error) from None


def _tensors(file: str, request: BasesRequest, metadata: dict[str, Any]) -> list[Tensor]:
    members, requests = metadata["members"], request.members
    if not isinstance(members, list) or len(members) != len(requests) or not all(map(_is_member, members)):
        raise TableError(file, "members", f"paths, entries and monomials of {len(requests)} bases", members)
    total = {name: sum(column) for name, column in zip(COUNTED, zip(*members, strict=True), strict=True)}
    if metadata["counts"] != total:
        raise TableError(file, "counts", total, metadata["counts"])
    if not _is_count(metadata["text"]):
        raise TableError(file, "text", "the number of its bytes", metadata["text"])
    return bases_tensors(members, request, metadata["text"])


def _is_member(value: Any) -> bool:
    return isinstance(value, list) and len(value) == len(COUNTED) and all(map(_is_count, value))


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 48


def _bases(path: Path, request: BasesRequest, content: Content, verify: bool) -> Bases:
    members = content.metadata["members"]
    if verify:
        check_offsets(path, content)
    try:
        found = unpacked(request, members, content.arrays)
    except (ArithmeticError, KeyError, IndexError, RecursionError, TypeError, ValueError) as error:
        raise TableError(path, "text", "JSON of labels, norms and radicands of every basis", repr(error)) from None
    for basis, member, each in zip(found, members, request.members, strict=True) if verify else ():
        for field, expected in wrong_in(basis, member):
            raise TableError(path, f"{field} of order {each.order}, output {each.output}", expected, "other ones")
    if verify and text_of(found).encode() != content.arrays["text"].tobytes():
        raise TableError(path, "text", "canonical JSON of labels, norms and radicands", "another text")
    keys = [(each.order, str(each.output)) for each in request.members]
    bases = MappingProxyType(dict(zip(keys, found, strict=True)))
    return Bases(request, MappingProxyType(content.metadata), MappingProxyType(content.arrays), bases)


def check_offsets(path: Path, content: Content) -> None:
    """Raise TableError unless offsets rise from 0 to the number of entries."""
    offsets, entries = content.arrays["offsets"], len(content.arrays["values"])
    if offsets[0] != 0 or offsets[-1] != entries or (np.diff(offsets) < 0).any():
        raise TableError(path, "offsets", f"numbers that rise from 0 to {entries}", "other ones")


def wrong_in(basis: Basis, member: Member) -> Iterator[tuple[str, str]]:
    """Yield what no basis has: a field, and what it must hold.  Every number is read."""
    paths, _, monomials = member
    rows = basis.path * basis.shape[1] + basis.component
    ascending = (np.diff(basis.monomial) > 0) | (np.diff(rows) > 0)
    if len(basis.labels) != paths or not all(isinstance(label, str) for label in basis.labels):
        yield "labels", f"{paths} texts"
    if len(basis.norms) != paths or not all(norm > 0 for norm in basis.norms):
        yield "norms", f"{paths} positive rational numbers"
    if not all(radicand > 0 for radicand in basis.radicands) or _beyond(basis.radicand, len(basis.radicands)):
        yield "radicands", "positive rational numbers, one for each monomial"
    if _beyond(basis.monomial, monomials) or not ascending.all():
        yield "monomial", f"numbers below {monomials} that rise in each row"
    if _beyond(basis.monomials, basis.dimension) or not _sorted(basis):
        yield "monomials", f"indices below {basis.dimension}, ascending unless the symmetry is plain"
    values = basis.values
    if not np.isfinite(values).all() or not basis.integers.all() or (np.sign(values) != np.sign(basis.integers)).any():
        yield "values", "finite numbers that have the signs of their integers"


def _beyond(indices: Any, number: int) -> bool:
    return bool(indices.size and indices.max() >= number)


def _sorted(basis: Basis) -> bool:
    steps = np.diff(basis.monomials, axis=1)
    return basis.symmetry == "plain" or bool((steps >= (basis.symmetry == "antisymmetric")).all())


def _on_demand(request: BasesRequest) -> None:
    """Raise ValueError for what takes longer than one waits for: its monomials are too many."""
    if request.monomials > ON_DEMAND:
        options = f"--lmax {request.lmax} --order {request.order} --symmetry {request.symmetry}"
        raise ValueError(
            f"bases with more than {ON_DEMAND} monomials are not built on request, {request.name} has "
            f"{request.monomials}: `coupling manybody build {options}` builds a file of them"
        )


def shipped_bases() -> Sequence[str]:
    """Return the names of the bases that are shipped.

    >>> shipped_bases()
    ['symmetric-l3-n4', 'symmetric-l4-n3']
    """
    from coupling.files.reader import read_manifest

    return sorted(read_manifest(kind="bases"))


KIND = register(
    Kind(
        "bases",
        1,
        listed="bases",
        request=_request_in,
        named=bases_request,
        facts=bases_facts,
        keys=("builder", "counts", "members", "text"),
        tensors=_tensors,
        value=_bases,
        on_demand=_on_demand,
        build="coupling.manybody.builder:build_bases",
        check="coupling.manybody.check:check",
        missing="there is no file of many-body bases {path}",
        unknown="unknown bases {name}; names look like symmetric-l3-n4, symmetric-l6-n4-1o, plain-l3-n3-mace; shipped "
        "are {shipped}; a path ends in .safetensors",
        renewal="build the file again: coupling load NAME --renew",
    )
)

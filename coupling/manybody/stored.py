"""Several bases as the arrays of one file, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.files import checks
from coupling.files.container import Tensor, canonical_json
from coupling.manybody.integral import largest_magnitude
from coupling.manybody.request import BasesRequest
from coupling.manybody.space import factor_irreps
from coupling.manybody.value import Basis
from coupling.portable import Portable
from coupling.quoted import quoted

if TYPE_CHECKING:
    from coupling.files.report import Report

Member = Sequence[int]
#: What the metadata say of each basis: its paths, entries and monomials.
COUNTED = ("paths", "entries", "monomials")


@dataclass(frozen=True, eq=False, repr=False)
class Bases(Portable, Mapping[tuple[int, str], Basis]):
    """The bases of one file: a mapping from (order, output) to :class:`Basis`.  A pickle needs no file.

    - request : the :class:`BasesRequest` that they answer
    - metadata : that of the file
    - held : the arrays of the file, read-only

    >>> from coupling.manybody import build_bases
    >>> bases = build_bases("symmetric-l1-n2")
    >>> bases, list(bases), bases[2, "0e"].labels
    (Bases('symmetric-l1-n2': 4 bases, 5 paths, 11 entries), [(1, '0e'), (1, '1o'), (2, '0e'), (2, '1o')], \
('(0e^2)0e', '(1o^2)0e'))
    """

    request: BasesRequest
    metadata: Mapping[str, Any]
    held: Mapping[str, NDArray[Any]]
    bases: Mapping[tuple[int, str], Basis]

    def __post_init__(self) -> None:
        for array in self.held.values():
            array.flags.writeable = False

    def __getitem__(self, key: tuple[int, str]) -> Basis:
        try:
            return self.bases[key]
        except (KeyError, TypeError):
            valid = ", ".join(f"({order}, {output!r})" for order, output in self.bases)
            raise KeyError(f"{self.request.name} has no basis {quoted(key)}; it has {valid}") from None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self.bases)

    def __len__(self) -> int:
        return len(self.bases)

    def __repr__(self) -> str:
        counts = self.metadata["counts"]
        found = f"{len(self)} bases, {counts['paths']} paths, {counts['entries']} entries"
        return f"Bases({self.request.name!r}: {found})"

    def save(self, folder: Path, *, flush: bool = True, force: bool = False) -> Path:
        """Write the bases to ``<name>.safetensors`` in a folder and return where; the name is that of the request.

        Raises FileExistsError for a file that is there and holds no bases, or is of a newer schema, unless ``force``.
        """
        from coupling.files.atomic import write
        from coupling.files.container import file_name

        target, metadata = Path(folder) / file_name(self.request.name), dict(self.metadata)
        tensors = bases_tensors(metadata["members"], self.request, metadata["text"])
        write(target, metadata, tensors, [self.held[t.name] for t in tensors], flush=flush, force=force)
        return target

    def check(self) -> Report:
        """Check the bases against what they should be; see :func:`coupling.manybody.check.check`."""
        return checks("bases", self)


def packed(bases: Sequence[Basis]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what the metadata count, and the arrays, of some bases.

    Raises OverflowError for integers beyond 64 bits, which no file holds.

    >>> from coupling.manybody import basis
    >>> counted, arrays = packed([basis(1, 2, 0)])
    >>> counted["members"], arrays["offsets"], arrays["monomials"]
    ([[2, 4, 4]], array([0, 1, 4]), array([0, 0, 1, 1, 2, 2, 3, 3], dtype=uint16))
    """
    if any(largest_magnitude(each.integers) >= 1 << 63 for each in bases):
        raise OverflowError("integers of this basis have more than 64 bits; coupling.export.export_basis writes JSON")
    members = [[len(each.labels), len(each.path), len(each.monomials)] for each in bases]
    text = np.frombuffer(text_of(bases).encode("ascii"), np.uint8)
    per_row = [np.bincount(each.path * each.shape[1] + each.component, minlength=each.shape[0] * each.shape[1])
               for each in bases]  # fmt: skip
    arrays = {
        "values": np.concatenate([each.values for each in bases]),
        "integers": np.concatenate([each.integers.astype(np.int64) for each in bases]),
        "offsets": np.concatenate([[0], np.cumsum(np.concatenate(per_row), dtype=np.int64)]),
        "monomial": np.concatenate([each.monomial for each in bases]).astype(np.uint32),
        "radicand": np.concatenate([each.radicand for each in bases]).astype(np.uint32),
        "monomials": np.concatenate([each.monomials.reshape(-1) for each in bases]).astype(np.uint16),
        "text": text,
    }
    total = [sum(column) for column in zip(*members, strict=True)]
    return {"members": members, "counts": dict(zip(COUNTED, total, strict=True)), "text": len(text)}, arrays


def text_of(bases: Sequence[Basis]) -> str:
    """Return labels, norms and radicands of bases as canonical JSON."""
    return canonical_json(
        [
            {
                "labels": each.labels,
                "norms": [str(norm) for norm in each.norms],
                "radicands": [str(radicand) for radicand in each.radicands],
            }
            for each in bases
        ]
    )


def basis_rows(member: Member, request: BasesRequest) -> int:
    """Return the number of rows of one basis: paths times components of the output."""
    return member[0] * factor_irreps(request.output)[0].dim


def bases_tensors(members: Sequence[Member], request: BasesRequest, text: int) -> list[Tensor]:
    """Return the arrays of a file, in its order."""
    requests = request.members
    rows = sum(basis_rows(member, each) for member, each in zip(members, requests, strict=True))
    _, entries, monomials = (sum(column) for column in zip(*members, strict=True))
    indices = sum(member[2] * each.order for member, each in zip(members, requests, strict=True))
    return [
        Tensor("values", "F64", (entries,)),
        Tensor("integers", "I64", (entries,)),
        Tensor("offsets", "I64", (rows + 1,)),
        Tensor("monomial", "U32", (entries,)),
        Tensor("radicand", "U32", (monomials,)),
        Tensor("monomials", "U16", (indices,)),
        Tensor("text", "U8", (text,)),
    ]


def unpacked(request: BasesRequest, members: Sequence[Member], arrays: Mapping[str, NDArray[Any]]) -> list[Basis]:
    """Return the bases that arrays hold; raises an error of Python where the text is not that of bases."""
    found, row, entry, monomial, index = [], 0, 0, 0, 0
    texts = json.loads(arrays["text"].tobytes().decode("ascii"))
    for each, member, text in zip(request.members, members, texts, strict=True):
        _, entries, monomials = member
        rows, indices = basis_rows(member, each), monomials * each.order
        found.append(
            _basis(
                each,
                text,
                arrays["offsets"][row : row + rows + 1],
                {name: arrays[name][entry : entry + entries] for name in ("values", "integers", "monomial")},
                arrays["radicand"][monomial : monomial + monomials],
                arrays["monomials"][index : index + indices].reshape(monomials, each.order),
            )
        )
        row, entry, monomial, index = row + rows, entry + entries, monomial + monomials, index + indices
    return found


def _basis(
    request: BasesRequest,
    text: Mapping[str, Any],
    offsets: NDArray[Any],
    entries: Mapping[str, NDArray[Any]],
    radicand: NDArray[Any],
    monomials: NDArray[Any],
) -> Basis:
    dimension = factor_irreps(request.output)[0].dim
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    made = Basis(
        irreps=" + ".join(irrep.name for irrep in factor_irreps(request.lmax)),
        order=request.order,
        output=str(request.output),
        symmetry=request.symmetry,
        paths=request.paths,
        basis=request.basis,
        labels=tuple(text["labels"]),
        monomials=monomials.astype(np.int64),
        path=row // dimension,
        component=row % dimension,
        monomial=entries["monomial"].astype(np.int64),
        integers=entries["integers"].astype(np.int64),
        radicands=tuple(Fraction(value) for value in text["radicands"]),
        radicand=radicand.astype(np.int64),
        norms=tuple(Fraction(value) for value in text["norms"]),
        intermediates=request.intermediates,
    )
    vars(made)["values"] = np.array(entries["values"])  # which the basis would compute
    return made

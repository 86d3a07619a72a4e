"""``coupling study verify``: the claims of stored results, one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from coupling.files import TableError
from coupling.lowrank.border import CERTIFICATES, bound_of
from coupling.lowrank.every_weight import EVERY_WEIGHT, bound_for_every_weight
from coupling.lowrank.store import read_any
from coupling.lowrank.verification import false_claims


def verified(files: Sequence[Path]) -> Iterator[tuple[str, bool]]:
    """Yield a line for each result of the files, and whether its claims hold."""
    for file in files:
        try:
            records = read_any(file)
        except TableError as error:
            yield f"{file.name}: refused: {error}", False
            continue
        for record in records:
            wrong = false_claims(record)
            claim = f"error {record.error:.3e}{', exact: proved' if record.proved else ''}"
            said = "; ".join(wrong) if wrong else f"verified, {claim}"
            yield f"{file.name}: {record.name}, rank {record.rank}: {said}", not wrong


def verified_bounds() -> Iterator[tuple[str, bool]]:
    """Yield a line for each certificate of a border rank, its ranks computed again, and whether it holds."""
    for one in CERTIFICATES:
        found = bound_of(one)
        name = f"whole tensor, L = {one.lmax}, {one.weights} weights: border rank ≥ "
        yield f"{name}{found}{'' if found >= one.bound else f', not {one.bound}'}", found >= one.bound
    for lmax, bound in EVERY_WEIGHT.items():
        least = bound_for_every_weight(lmax)
        name = f"whole tensor, L = {lmax}, all weights but zeros: border rank ≥ "
        yield f"{name}{least}{'' if least >= bound else f', not {bound}'}", least >= bound

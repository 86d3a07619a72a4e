"""``coupling study constructed`` and ``verify --constructed``: terms that are computed, and multiplied out."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.lowrank.constructed import FEWEST, Construction, constructed
from coupling.lowrank.even_cubes import EvenCubes
from coupling.lowrank.icosahedral_cubes import IcosahedralCubes
from coupling.lowrank.matrix_terms import LARGEST, exact_difference
from coupling.lowrank.path_weights import OF_MATRICES, UNIT
from coupling.lowrank.records import table

#: Up to here the terms are multiplied out in seconds.
QUICK = 3

#: Even paths alone, by degree limit.
CUBES: dict[int, type[EvenCubes | IcosahedralCubes]] = {2: EvenCubes, 3: IcosahedralCubes}

#: Names of the closed forms of degree limit 1, real and complex.
CLOSED = {(FEWEST, False): "ρ = 1", (UNIT, False): "weights 1", (FEWEST, True): "ρ = 1/3", (UNIT, True): "weights 1"}


def constructions(lmax: int) -> Iterator[tuple[str, Construction | EvenCubes | IcosahedralCubes]]:
    """Yield the constructed sets of terms of a degree limit, with what they are.

    >>> [(name, found.rank) for name, found in constructions(1)][:4]
    [('ρ = 1', 7), ('weights 1', 8), ('quaternions', 8), ('ρ = 1/3', 6)]
    """
    size = lmax + 1
    odd = "quaternions" if lmax == 1 else f"{size // 2} × {size // 2} matrices of quaternions"
    for kind in (False, True) if lmax % 2 else (False,):
        if lmax == 1:
            yield from ((CLOSED[name, kind], constructed(1, name, complex_factors=kind)) for name in (FEWEST, UNIT))
        name = f"{size} × {size} {'complex' if kind else 'real'} matrices"
        yield name if kind or lmax % 2 == 0 else odd, constructed(lmax, OF_MATRICES, complex_factors=kind)
    if lmax in CUBES:
        yield "even paths, cubes", CUBES[lmax]()


def row_of(name: str, found: Construction | EvenCubes | IcosahedralCubes, wrong: int) -> list[str]:
    """Return the line of a construction."""
    lost = " ".join("".join(map(str, path)) for path in found.lost_paths) or "none"
    kind = "complex" if found.complex_factors else "real"
    return [str(found.lmax), name, kind, str(found.rank), str(wrong), str(len(found.path_weights)), lost]


def constructed_table(limit: int) -> tuple[str, bool]:
    """Return the table of all constructed terms, and whether every one is exact.

    From degree 4 on the algorithm is multiplied out, and the entries of the matrices, instead of the terms.
    """
    rows = []
    for lmax in range(1, limit + 1):
        for name, found in constructions(lmax):
            quick = lmax <= QUICK
            wrong = found.differing_entries() if quick else exact_difference(lmax, found.complex_factors)
            rows.append(row_of(name, found, wrong))
    header = ["L", "algebra", "numbers", "terms", "entries that differ", "paths", "lost"]
    return table(header, rows), all(row[4] == "0" for row in rows)


def verified_constructions() -> Iterator[tuple[str, bool]]:
    """Yield a line for each construction with its terms multiplied out in integers, and whether it is exact."""
    for lmax in range(LARGEST):
        for name, found in constructions(lmax):
            kind = "complex" if found.complex_factors else "real"
            wrong = found.differing_entries()
            verdict = f"{wrong} entries differ" if wrong else "verified, exact"
            yield f"constructed, L = {lmax}, {name}, {found.rank} {kind} terms: {verdict}", not wrong

"""The data of the explorer, from exact numbers: `python docs/explorer.py` writes docs/_root/explorer/coefficients.js.

Every coefficient is a factor of its path times an entry of the core, which all families share.  So the file holds both
cores, complex and real, as a square root √(p/q) for each path and signed integers n, an entry being sign(n)·√(|n|p/q),
and for each family the factors.  A browser loads no JSON from a folder, only scripts: the file is one call with one
JSON value.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import coupling.exact
from coupling.conventions import BASES, CONVENTION_ID, CORE
from coupling.exact import Surd
from coupling.families import Family, family, records
from coupling.files.atomic import write_file
from coupling.foreign import CONVENTIONS, Convention
from coupling.foreign.axes import determinant
from coupling.foreign.words import in_words
from coupling.selection import orders, paths

FILE = Path(__file__).resolve().parent / "_root" / "explorer" / "coefficients.js"
LMAX = 6
#: Integers up to here are numbers of JavaScript.
SAFE = 2**53


def surd(value: Surd) -> list[int] | int:
    """Return sign·numerator, denominator, power of π and the unit, as many as differ from 1, 0, 0; 0 for zero.

    >>> surd(Surd(-1, 5, 14, 1)), surd(Surd(1, 3)), surd(Surd(0))
    ([-5, 14, 1], [3], 0)
    """
    if not value:
        return 0
    parts = [value.sign * value.numerator, value.denominator, value.pi_power, value.unit]
    for ordinary in (0, 0, 1):
        if len(parts) > 1 and parts[-1] == ordinary:
            parts.pop()
        else:
            break
    return parts


def read_surd(parts: list[int] | int) -> Surd:
    """Return the number that :func:`surd` wrote.

    >>> read_surd([-5, 14, 1]), read_surd([3]), read_surd(0)
    (-√(5/(14π)), √(3), 0)
    """
    if isinstance(parts, int):
        return Surd(0)
    signed, denominator, pi, unit = (*parts, *(1, 0, 0)[len(parts) - 1 :])
    return Surd((signed > 0) - (signed < 0), abs(signed), denominator, pi, unit)


def core_of(path: tuple[int, int, int], basis: str) -> list[int]:
    """Return p, q, then for each entry that is not zero its distance from the one before in the flat array, and n.

    >>> core_of((1, 1, 0), "real")  # √(1/3) on the diagonal; the first place is 0
    [1, 3, 0, 1, 4, 1, 4, 1]
    """
    l1, l2, l3 = path
    exact = family(CORE).exact(basis)
    values = {m: value for m in orders(l1, l2, l3, basis) if (value := exact(*path, *m))}
    below = math.lcm(*(value.denominator for value in values.values()))
    above = math.gcd(*(value.numerator * below // value.denominator for value in values.values()))
    common = math.gcd(above, below)
    found, last = [above // common, below // common], 0
    for (m1, m2, m3), value in sorted(values.items()):
        place = ((m1 + l1) * (2 * l2 + 1) + m2 + l2) * (2 * l3 + 1) + m3 + l3
        found += [place - last, value.sign * (value.numerator * below // value.denominator // above)]
        last = place
    if max(map(abs, found)) > SAFE:
        raise ValueError(f"an integer of the path {path} is no number of JavaScript")
    return found


def variants() -> Iterator[Family]:
    """Yield every family, one with parameters for all that have a coefficient."""
    spins = [(a, b, -a - b) for a, b in product(range(-LMAX, LMAX + 1), repeat=2) if abs(a + b) <= LMAX]
    for record in records():
        yield from map(record.with_parameters, *zip(*spins, strict=True)) if record.parameters else (record,)


def described(record: Family) -> dict[str, Any]:
    """Return what the page says about a family, and by which name the exact layer has it."""
    functions = {"complex": record.name, "real": f"real_{record.name}"}
    return {
        "name": record.name,
        "definition": record.definition,
        "symbol": record.symbol,
        "parity": record.parity,
        "core": record.core,
        "integral": record.integral,
        "conjugate": record.conjugate,
        "conjugable": record.conjugable,
        "parameters": record.parameters,
        "bases": record.bases,
        "functions": {basis: name for basis, name in functions.items() if name in coupling.exact.__all__},
    }


def convention(record: Convention, ways: list[tuple[int, int, int]]) -> dict[str, Any]:
    """Return all in which the arrays of a convention differ from ours, to the largest degree here."""
    degrees = range(LMAX + 1)
    scales = [record.scale(*path) for path in ways]
    bases = BASES if record.name == "coupling" else (record.basis,)
    words = {basis: {r.name: in_words(record, r, basis) for r in records() if basis in r.bases} for basis in bases}
    return {
        "name": record.name,
        "program": record.program,
        "bases": bases,
        "orders": [list(record.orders(l)) for l in degrees],
        "phases": [record.phases(l).tolist() for l in degrees],
        "norms": [surd(record.norm(l)) for l in degrees],
        "slots": record.slots,
        "improper": determinant(record.axes) < 0,
        "negated": [n for n, path in enumerate(ways) if record.sign(*path) < 0],
        "scales": [surd(s) for s in scales] if any(s != 1 for s in scales) else None,
        "words": words,
    }


def data() -> dict[str, Any]:
    """Return everything that the page knows of coefficients."""
    ways = [tuple(map(int, path)) for path in paths(LMAX)]
    factors = {
        basis: {r.text: [surd(r.reduced(*path, basis)) for path in ways] for r in variants() if basis in r.bases}
        for basis in BASES
    }
    return {
        "convention": CONVENTION_ID,
        "lmax": LMAX,
        "paths": ways,
        "families": [described(record) for record in records()],
        "core": {basis: [core_of(path, basis) for path in ways] for basis in BASES},
        "factors": factors,
        "conventions": [convention(record, ways) for record in CONVENTIONS.values()],
    }


def text(content: dict[str, Any]) -> str:
    """Return the file: one call of JavaScript with one JSON value, a line for each path, factor or convention."""
    lines = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace('],"', '],\n"')
    return f"useCoefficients(\n{lines}\n);\n"


def read(file: Path = FILE) -> dict[str, Any]:
    """Return the JSON value of the file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found: dict[str, Any] = json.loads("\n".join(lines[1:-1]))
    return found


if __name__ == "__main__":
    write_file(FILE, text(data()).encode(), force=True)
    sys.stdout.write(f"{FILE}: {FILE.stat().st_size} bytes\n")

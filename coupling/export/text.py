"""Text formats: JSON of exact numbers, triples for generated kernels, CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from coupling.exact.surd import Surd
from coupling.export.entries import shortest
from coupling.export.listing import Listing
from coupling.export.source import harmless, one_line
from coupling.families import family as known
from coupling.foreign.words import in_words
from coupling.selection import one_of

SUFFIX = {"float32": "f", "float64": "L"}


Progress = Callable[[int], None] | None


def exact_json(listing: Listing, progress: Progress = None) -> str:
    """Return JSON of exact numbers: the value of [m1, m2, m3, sign, p, q, k] is sign·√(p/q)·π^(-k/2).

    p and q are decimal strings, since they may have more digits than a JSON number keeps.  Where the metadata have
    ``imaginary``, every value is to be multiplied by i, as their ``value`` says.
    """
    value = f"{'i ' if listing.imaginary else ''}sign sqrt(p/q) pi^(-k/2)"
    exactly = {"dtype": "exact", "rounding": "none", "largest_error": 0, "rounded_to_zero": 0, "value": value}
    metadata = {**listing.metadata, **exactly}
    parts = listing.exactly(_parts)
    lines = [_one_per_line(listing, path, parts, progress) for path in range(len(listing.paths))]
    return '{"metadata": ' + json.dumps(metadata) + ',\n"paths": [\n' + ",\n".join(lines) + "\n]}\n"


def _one_per_line(listing: Listing, path: int, parts: Callable[[int], list[Any]], progress: Progress) -> str:
    entries = [[*listing.orders[e].tolist(), *parts(e)] for e in _entries(listing, path)]
    if progress is not None:
        progress(len(entries))
    return json.dumps({"degrees": listing.paths[path].tolist(), "entries": entries})


def _entries(listing: Listing, path: int) -> Iterator[int]:
    yield from np.flatnonzero(listing.path == path).tolist()


def _parts(value: Surd) -> list[Any]:
    return [value.sign, str(value.numerator), str(value.denominator), value.pi_power]


def read_exact_json(text: str) -> dict[tuple[int, ...], Surd]:
    """Return {(l1, l2, l3, m1, m2, m3): value} of a text that :func:`exact_json` has written, a factor i included.

    >>> read_exact_json('{"paths": [{"degrees": [1, 0, 1], "entries": [[0, 0, 0, 1, "1", "3", 0]]}]}')
    {(1, 0, 1, 0, 0, 0): √(1/3)}
    """
    content = json.loads(text)
    unit = int(content.get("metadata", {}).get("imaginary", False))
    result = {}
    for path in content["paths"]:
        for m1, m2, m3, sign, numerator, denominator, pi_power in path["entries"]:
            value = Surd(sign, int(numerator), int(denominator), pi_power, unit)
            result[*path["degrees"], m1, m2, m3] = value
    return result


def openequivariance_json(listing: Listing) -> str:
    """Return JSON of the triples that OpenEquivariance writes into its kernels, path by path.

    [c1, c2, c3, literal] with places within the degrees, sorted by (c2, c1, c3), and hexadecimal literals.
    """
    one_of(listing.dtype, tuple(SUFFIX), "dtype of OpenEquivariance triples")
    lines = []
    for path, degrees in enumerate(listing.paths.tolist()):
        triples = [_triple(listing, entry, degrees) for entry in _entries(listing, path)]
        triples.sort(key=lambda triple: (triple[1], triple[0], triple[2]))
        lines.append(json.dumps({"degrees": degrees, "triples": triples}))
    return '{"metadata": ' + json.dumps(listing.metadata) + ',\n"paths": [\n' + ",\n".join(lines) + "\n]}\n"


def _triple(listing: Listing, entry: int, degrees: list[int]) -> list[Any]:
    places = [index - l * l for index, l in zip(listing.index[entry].tolist(), degrees, strict=True)]
    return [*places, float(listing.values[entry]).hex() + SUFFIX[listing.dtype]]


def csv(listing: Listing, exact: bool = True, progress: Progress = None) -> str:
    """Return a table: lines ``# key: text`` that say what it holds, then one line for each coefficient.

    Its columns are degrees, orders, flat indices, value, and unless ``exact`` is false the exact value.  A value is in
    the fewest digits that give back the number of its type; that of an imaginary coefficient ends in j, and its exact
    value has the factor i.  No text of a name or convention begins a cell.
    """
    facts = "".join(f"# {key}: {_cell(text)}\n" for key, text in _facts(listing).items())
    unit = "j" if listing.imaginary else ""
    lines = ["l1,l2,l3,m1,m2,m3,input1,input2,output,value" + (",exact" if exact else "")]
    exactly = listing.exactly(lambda value: f",{listing.with_unit(value)}") if exact else lambda entry: ""
    columns = listing.paths[listing.path], listing.orders, listing.index
    for entry, value in enumerate(shortest(listing.values, listing.dtype)):
        places = ",".join([str(number) for column in columns for number in column[entry].tolist()])
        lines.append(f"{places},{value}{unit}{exactly(entry)}")
        if progress is not None:
            progress(1)
    return facts + "\n".join(lines) + "\n"


def _facts(listing: Listing) -> dict[str, str]:
    metadata = listing.metadata
    convention = {key: one_line(value) for key, value in metadata["convention"].items()}
    return {
        "table": f"{metadata['table']} (sha256 {metadata['checksum']})",
        "family": listing.family,
        "coefficients": "imaginary: a value ends in j" if listing.imaginary else "real",
        "convention": convention.pop("name"),
        **convention,
        **_words(listing),
        "relative to": metadata["relative_to"],
        "dtype": listing.dtype,
        "rounding": "once and to nearest from the exact number",
        "largest error": f"{listing.error:.3g}",
        "order": listing.order,
        **({"selection": one_line(listing.selection)} if listing.selection else {}),
        "entries": str(len(listing)),
        "written by": f"coupling {metadata['package_version']}",
    }


#: What separates cells, and signs that are not for plain text.
SPELLED = str.maketrans({";": " -", ",": " ", "√": "sqrt", "⟨": "(", "⟩": ")", "|": "to"})


def _words(listing: Listing) -> dict[str, str]:
    """Return basis, phase and normalization in words, without what separates cells."""
    words = in_words(listing.convention, known(listing.family), listing.convention.basis)
    return {f"{key} in words": text.replace(", ", " ").translate(SPELLED) for key, text in words.items()}


def _cell(text: str) -> str:
    """Return a text without what separates cells, so that no part of it becomes one."""
    return re.sub(r" *[,;|] *", " / ", harmless(text))

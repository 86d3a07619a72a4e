"""The rows of a comparison as a table of Markdown, and the comparison page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from coupling.crosscheck.comparison import AGREES, WRONG, Row
from coupling.crosscheck.program import FAMILY, HALVES
from coupling.crosscheck.programs import PROGRAMS
from coupling.crosscheck.reference import POINTS
from coupling.files import Kind
from coupling.files.atomic import write_file
from coupling.files.container import read_regular
from coupling.files.ownership import require_replaceable

COLUMNS = (
    "program",
    "version",
    "convention",
    "quantity",
    "degrees",
    "cases",
    "entries",
    "difference",
    "ulp",
    "verdict",
)
Key = tuple[str, str, str, str]
#: The page has a hundred lines or so.
PAGE_LIMIT = 1 << 24

PAGE = """\
# Comparison with other programs

Written by `coupling crosscheck --hard --write`; every row is compared again by `tests/test_crosscheck.py` wherever its
program is installed. Not all of them can be installed side by side, so the rows come from several environments; a
program that is absent leaves its row as it was, with the version it was compared with.

A *case* is a triple of degrees that satisfies the triangle rule, with all orders; for {halves}, wigner_6j and
wigner_9j, a degree l, with all symbols of integers and half-integers whose largest degree is l or l - 1/2; for
harmonics and wigner_D, a degree, with all orders at {points} points or for five rotations, two of them at the poles of
Euler angles. The numbers of this package are the nearest doubles to the exact ones, so what differs is the error of the
other program, in double precision; wigner_D is compared with its definition, to rounding. The *difference* is the
largest one, in units of the largest entry of its case; *ulp* is the largest one in units in the last place of the entry
itself (for harmonics and wigner_D, of the largest entry).
A program **agrees** (order, sign and scale of every entry) when no difference is above {agrees:g}, and is **wrong**
above {wrong:g}, in what the verdict says; between, it loses digits.

A *convention* is what the program does, relative to this package: `coupling/foreign/named.py`. Everything is compared
as `coupling.block(..., convention=...)` gives it. The quantity wigner_3j is what the program itself calls its coupling
tensor, with its scale, sign, orders and axes; clebsch_gordan and gaunt mean the same everywhere. The convention sympy
is that of every program of physics here: 3j symbols, and complex harmonics with the Condon-Shortley phase.

## All degrees up to one

{table}

## Where programs are known to lose digits or to fail

One case each. Those of wigner_3j and harmonics are degrees; those of the *{family}* l1 l2 m1 m2, and the symbols
3j(l1 l2 l; m1 m2 -m1-m2) of all l are compared.

{hard}

{notes}"""

NOTES = """\
## What the rows do not say

- SymPy takes milliseconds per symbol and is compared to degree 3; `tests/test_witnesses.py` compares exact values.
- SymPy's `real_gaunt` is not the integral of three of its `Znm`: the two differ by the sign of the sines of even order,
  so the integral over orders (-1, -2, 3), for one, has the other sign. Each has its own row.
- Harmonics are compared with their definition in long arithmetic at the directions of the same points. cuEquivariance
  and e3j do not normalize their points, whose length is 1 to a rounding.
- cuEquivariance expands its harmonics as polynomials, which takes gigabytes at degree 10: compared to degree 5.
- e3nn 0.4.4 reads constants from a pickled file, which torch 2.6 and later refuse; the comparison lets it, while
  e3nn is imported. Its `wigner_3j` ends at degree 11.
- OpenEquivariance and So3krates-torch are asked through the files that hold their tensors and harmonics, because the
  packages want a GPU, or much else, when they are imported. mlff itself is on no package index; So3krates-torch ships
  its table, whose signs follow no rule: of the paths to degree 10 it negates 145 of 290 odd ones and 57 of 381
  even ones, the first of these (4, 4, 6), and it has eight digits at degree 10.
- e3j asks e3nn-jax with the output first, (20, 10, 10) for the path (10, 10, 20), which keeps its digits; e3nn-jax
  itself loses them with the degrees in the other order.
"""


def line(row: Row) -> str:
    """Return a row as a line of the table."""
    cells = (row.program, row.version, row.convention, row.quantity, row.domain, row.cases, row.entries)
    return f"| {' | '.join(map(str, cells))} | {row.relative:.1e} | {row.ulp:.2g} | {row.verdict} |"


def page_header() -> str:
    """Return the two lines above the rows."""
    return f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}"


def require_page(path: Path, force: bool = False) -> None:
    """Raise FileExistsError, before anything is compared, where :func:`write_page` would.

    >>> require_page(Path("no/such/page.md"))
    """
    require_replaceable(path, Kind("page of coupling crosscheck"), force)


def write_page(path: Path, rows: Iterable[Row], *, force: bool = False) -> int:
    """Write the page with these rows, and return how many lines its tables have.

    A row of the same program, convention, quantity and degrees is replaced; the others stay, with the versions they
    were compared with.  Raises FileExistsError for a file that is not this page, which is kept unless ``force``.

    >>> from tempfile import TemporaryDirectory
    >>> row = Row("e3x", "e3x", "1.0.2", "harmonics", "≤ 1", 2, 240, 1e-16, 1.0, "agrees")
    >>> with TemporaryDirectory() as folder:
    ...     write_page(Path(folder) / "page.md", [row, row])
    1
    """
    require_page(path, force)
    lines = read_lines(path) | {_key(text): text for text in map(line, rows)}
    ordered = [lines[key] for key in sorted(lines, key=_place)]
    whole = [text for text in ordered if _key(text)[3].startswith("≤")]
    hard = [text for text in ordered if not _key(text)[3].startswith("≤")]
    tables = {"table": "\n".join([page_header(), *whole]), "hard": "\n".join([page_header(), *hard])}
    text = PAGE.format(points=POINTS, agrees=AGREES, wrong=WRONG, family=FAMILY, halves=HALVES, notes=NOTES, **tables)
    write_file(path, text.encode("utf-8"), force=force)
    return len(lines)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a page."""
    cells = [_cells(text) for text in read_lines(path).values()]
    return [Row(c[2], c[0], c[1], c[3], c[4], int(c[5]), int(c[6]), float(c[7]), float(c[8]), c[9]) for c in cells]


def read_lines(path: Path) -> dict[Key, str]:
    """Return the lines of the tables of a page; none when there is no page."""
    text = read_regular(path, PAGE_LIMIT).decode("utf-8", "replace") if path.exists() else ""
    found = [found for found in re.findall(r"^\| .*\|$", text, re.M) if _cells(found)[0] not in ("program", "---")]
    return {_key(text): text for text in found}


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip("|").split("|")]


def _key(text: str) -> Key:
    cells = _cells(text)
    return cells[0], cells[2], cells[3], cells[4]


def _place(key: Key) -> tuple[int, str, list[int]]:
    names = [(program.distribution, program.convention) for program in PROGRAMS]
    return names.index(key[:2]), key[2], list(map(int, key[3].removeprefix("≤").split()))

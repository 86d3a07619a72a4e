"""The figures of the README: rows of the page "How fast, how exact", and of nothing else.

    python -m benchmarks.quoted [--write]      print the table, or put it into README.md

`make speed` does so when it has written the page; `tests/test_benchmarks_speed.py` compares.
"""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from benchmarks.speed import PAGE, ROOT
from coupling.files.atomic import write_file

README = ROOT / "README.md"
HEADER = "| what | here | accuracy | the fastest other program |\n| --- | --- | --- | --- |\n"
Row = dict[str, str]


def rows(page: str, title: str) -> list[Row]:
    """Return the rows of a section of the page, each as {column: text}.

    >>> rows("## A\\n\\n| a | b |\\n| --- | --- |\\n| 1 | 2 |\\n\\n## B", "A")
    [{'a': '1', 'b': '2'}]
    """
    text = re.split(r"^## ", page.split(f"## {title}\n", 1)[1], flags=re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [dict(zip(cells[0], values, strict=True)) for values in cells[2:]]


def ours(row: Row) -> bool:
    """Return whether a row is of this package."""
    return row["program"].startswith("coupling")


def number(text: str, digits: int = 3) -> str:
    """Return a figure in a few digits, without an exponent.

    >>> number("2835.5"), number("1.01", 2), number("6.87e+03")
    ('2840', '1.0', '6870')
    """
    rounded = float(f"{float(text):.{digits}g}")
    return f"{rounded:.{max(0, digits - 1 - math.floor(math.log10(rounded)))}f}"


def per_cent(text: str) -> str:
    """Return "100 %" for "100.00 %"."""
    return f"{float(text.rstrip(' %')):.0f} %"


def tables(page: str) -> str:
    """The largest table of 3j symbols."""
    found = rows(page, "Tables of 3j symbols")
    largest = [row for row in found if row["table"] == found[-1]["table"]]
    mine = next(row for row in largest if ours(row))
    right = [row for row in largest if not ours(row) and row["wrong"] == "0"]
    best = max(right, key=lambda row: float(row["million entries/s"]))
    return line(
        f"all 3j symbols to degree {mine['table'].split(', ')[-1]}, from Python",
        f"{number(mine['million entries/s'])} million/s",
        f"{per_cent(mine['correctly rounded'])} correctly rounded",
        f"{best['program']}: {number(best['million entries/s'])} million/s, {per_cent(best['correctly rounded'])} "
        f"correctly rounded, errors to {number(best['largest error (ulp)'])} ulp",
    )


def symbols(page: str) -> str:
    """One 3j, 6j and 9j symbol at a time."""
    found = rows(page, "Single symbols")
    cases = {"3j": "≤ 20", "6j": "≤ 20", "9j": "≤ 10"}
    mine, best = [], []
    for kind, degrees in cases.items():
        case = [row for row in found if (row["symbols"], row["degrees"]) == (kind, degrees)]
        mine.append(next(row for row in case if row["program"] == "coupling"))
        right = [row for row in case if not ours(row) and row["wrong"] == "0"]
        best.append(min(right, key=lambda row: float(row["µs per symbol"])))
    return line(
        "one 3j / 6j / 9j symbol, degrees to 20 / 20 / 10, µs from Python",
        " / ".join(number(row["µs per symbol"], 2) for row in mine),
        f"{' / '.join(sorted({per_cent(row['correctly rounded']) for row in mine}))} correctly rounded",
        f"{' / '.join(row['program'] for row in best)}: {' / '.join(number(row['µs per symbol'], 2) for row in best)}, "
        f"{' / '.join(per_cent(row['correctly rounded']) for row in best)} correctly rounded",
    )


def products(page: str) -> str:
    """All paths of a product, at two degrees, beside the fastest programs and e3nn."""
    found = rows(page, "Products, 4 MB")
    degrees = ("4", "6")

    def times(program: str) -> str:
        figures = {row["L"]: row["ns per sample and channel"] for row in found if row["program"] == program}
        return " / ".join(number(figures[degree], 3 if float(figures[degree]) >= 100 else 2) for degree in degrees)

    others = [row for row in found if row["L"] == degrees[0] and not ours(row)]
    best = min(others, key=lambda row: float(row["ns per sample and channel"]))["program"]
    error = max(float(row["error"]) for row in found if ours(row))
    dense = next(row for row in rows(page, "Products, few rows and many") if row["program"] == "four dense products"
                 and row["lmax"] == degrees[0])  # fmt: skip
    each = 1e3 * float(dense["value"]) / (int(dense["channels"]) * int(dense["rows"]))
    return line(
        "all Clebsch-Gordan paths, degree 4 / 6, float32, ns per channel and sample",
        f"with any weights {times('coupling, sparse')}; with weights of rank one {times('coupling, matrix')} (matrix), "
        f"{times('coupling, Gaunt + bracket')} (Gaunt + bracket)",
        f"{error:.0e} of the largest",
        f"four dense products in numpy {number(str(each))} / not run; {best} {times(best)}; e3nn {times('e3nn')}",
    )


def models(page: str) -> str:
    """A MACE model, its edges as MACE lists them."""
    plain, accelerated, splines = rows(page, "A MACE model")[:3]
    forces = accelerated["deviations, float32"].split(" / ")[1]
    return line(
        "a MACE model of 128x0e + 128x1o, energy, forces and stress of 64 atoms, float32, ms",
        f"{number(accelerated['shortest, ms'], 2)} accelerated, {number(splines['shortest, ms'], 2)} with splines",
        f"forces to {forces} of the largest; untouched to {plain['deviations, float32'].split(' / ')[1]}",
        f"{number(plain['shortest, ms'])} untouched",
    )


def line(*cells: str) -> str:
    """One row of Markdown."""
    return f"| {' | '.join(cells)} |\n"


def table(page: str) -> str:
    """Return the table of the README for a text of the page."""
    return HEADER + "".join(part(page) for part in (tables, symbols, products, models))


def renew(page: Path = PAGE, readme: Path = README) -> bool:
    """Put the table into the README; return whether it has changed."""
    before = readme.read_text(encoding="utf-8")
    start = before.index(HEADER)
    rest = before[start:].split("\n\n", 1)[1]
    after = before[:start] + table(page.read_text(encoding="utf-8")) + "\n" + rest
    if after != before:
        write_file(readme, after.encode(), force=True)
    return after != before


def main() -> None:
    """Print the table, or put it into the README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into README.md")
    if parser.parse_args().write:
        renew()
    else:
        print(table(PAGE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()

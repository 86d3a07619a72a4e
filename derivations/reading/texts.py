r"""The formulas between dollar signs in the texts of a derivation, which are read like those that are displayed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from derivations.reading.relations import bare, outside
from derivations.reading.statement import FRAMES
from derivations.reading.stream import RELATIONS
from derivations.reading.tokens import split, tokens

#: Why a formula of a text is not evaluated: it is on the list of its derivation, and stands there as on the page.
CASE = "a case, or a choice of letters, that the argument takes and that does not hold at every instance"
PART = "a factor, a term or a power that the words name: it states nothing"
QUOTED = "a fact that is quoted, with its place in the literature"
NOTATION = "a set, a map or a sign without a value"
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
#: One letter or command with its indices, primes and marks.
NAME = re.compile(
    r"(\\(bar|tilde|mathcal|mathbf) )?(\\[a-zA-Z]+(\{[A-Za-z]\})?|[A-Za-z])( ['_^]( \{( [^{}]+)* \}| [^ {]+)?)*"
)


def formulas(text: str) -> list[str]:
    """The formulas of a text in Markdown, on one line each, those of its tables left out.

    >>> formulas("With $a=1$ and $b\\n=2$ it is one.")
    ['a=1', 'b =2']
    """
    prose = "\n".join(line for line in text.splitlines() if not line.strip().startswith("|"))
    return [" ".join((shown or inline).split()) for shown, inline in FORMULA.findall(prose)]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, row by row, without the lines of dashes."""
    lines = [line.strip()[1:-1] for line in text.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [row for row in cells if any(cell.strip("-: ") for cell in row)]


@cache
def plain(latex: str) -> list[str]:
    """The tokens of a formula without the marks that put rows below one another."""
    return [token for token in tokens(latex) if token not in (*FRAMES, "&")]


def states(latex: str) -> bool:
    """Whether a formula states a relation, and does not only name something."""
    return any(token in (*RELATIONS, "\\iff") for token in outside(plain(latex)))


def names(latex: str) -> list[str]:
    """The names of a formula that is one, or a list or tuple of different ones; else none.

    >>> [names(text) for text in (r"l_1", r"\\tilde a", r"J(a)", r"(x_{lm},r)")]
    [['l _ 1'], ['\\\\tilde a'], [], ['x _ { l m }', 'r']]
    """
    found = [" ".join(part) for part in split(bare(plain(latex)), (",",))]
    return found if all(map(NAME.fullmatch, found)) and len(set(found)) == len(found) else []


def stands_in(latex: str, others: Iterable[str]) -> bool:
    """Whether a formula that is more than numbers and signs is a part of another one."""
    part = plain(latex)
    return not all(token.isdigit() or token in "+-(,)" for token in part) and any(
        part == whole[i : i + len(part)] for whole in map(plain, others) for i in range(len(whole))
    )

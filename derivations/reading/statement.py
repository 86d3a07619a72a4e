r"""A statement in LaTeX as clauses: relations, their conditions, and what follows from what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from derivations.reading.atoms import Reader
from derivations.reading.names import Names
from derivations.reading.relations import is_condition
from derivations.reading.stream import RELATIONS
from derivations.reading.tokens import Unreadable, closing, split, tokens
from derivations.residuals import is_zero

ARROWS = ("\\Rightarrow", "\\Longrightarrow")
BETWEEN = (",", ";", ":", "\\quad", "\\qquad")
FRAMES = ("\\begin{gathered}", "\\end{gathered}", "\\begin{aligned}", "\\end{aligned}")


class Statement:
    """A statement that is read at instances; ``unread`` names the clauses and cases that no instance has met.

    Conditions must be sharp at the instances that are given: what they are for fails where they do.
    """

    def __init__(self, latex: str) -> None:
        self.latex = latex
        found = [token for token in tokens(latex) if token not in FRAMES]
        self.rows = [
            [[c for c in map(aligned, split(part, BETWEEN)) if c] for part in split(row, ARROWS)]
            for row in split(found, ("\\\\",))
        ]
        self.met: set[str] = set()
        self.first: list[str] = []

    def residuals(self, names: Names) -> Iterator[Any]:
        """What must vanish at one instance; the clauses in front of an arrow are conditions of those behind it."""
        self.first = []
        for parts in self.rows:
            yield from self.sentence(parts, names)

    def sentence(self, parts: list[list[list[str]]], names: Names) -> Iterator[Any]:
        for number, clauses in enumerate(parts):
            premise = number + 1 < len(parts)
            for clause, residuals in self.clauses(clauses, names):
                if premise and any(not is_zero(residual) for residual in residuals):
                    yield from self.needed(parts[number + 1 :], names)
                    return
                self.met.add(" ".join(clause))
                yield from residuals

    def needed(self, parts: list[list[list[str]]], names: Names) -> Iterator[Any]:
        """Where a premise fails, a conclusion must fail, too: else the premise asks for more than is needed here."""
        conclusions = [r for clauses in parts for _, residuals in self.clauses(clauses, names) for r in residuals]
        yield sp.Integer(all(map(is_zero, conclusions)))

    def clauses(self, clauses: list[list[str]], names: Names) -> Iterator[tuple[list[str], list[Any]]]:
        """Each clause whose conditions hold, with its residuals."""
        for number, clause in enumerate(clauses):
            if is_condition(clause, names):
                continue
            conditions = []
            for later in clauses[number + 1 :]:
                if not is_condition(later, names):
                    break
                conditions.append(later)
            if clause[0] == "\\begin{array}":
                yield clause, list(names["table"](cells(clause)))
                continue
            alone = len(split(clause, RELATIONS)) == 1
            join = ["="] if alone and self.first else []
            whole = [*self.first, *join, *clause] if join or clause[0] in RELATIONS else clause
            self.first = split(whole, RELATIONS)[0]
            reader = Reader([], names, self.met)
            if all(reader.holds(condition) for condition in conditions):
                self.met.update(" ".join(condition) for condition in conditions)
                yield clause, list(reader.related(whole))
            elif holds_too(whole, names):
                yield clause, [sp.Integer(1)]

    def unread(self) -> list[str]:
        clauses = [" ".join(clause) for parts in self.rows for part in parts for clause in part]
        rows = [" ".join(row) for row in conditions_of_cases(tokens(self.latex))]
        return [text for text in (*clauses, *rows) if text not in self.met]


def aligned(clause: list[str]) -> list[str]:
    """A clause without the marks that put rows below one another."""
    return [token for part in split(clause, ("&",)) for token in part]


def holds_too(clause: list[str], names: Names) -> bool:
    """Whether a clause is true where its condition is not, which would make the condition needless."""
    try:
        return all(map(is_zero, Reader([], names, set()).related(clause)))
    except (Unreadable, ValueError, TypeError, ArithmeticError):
        return False


def cells(clause: list[str]) -> list[list[str]]:
    """The texts of a table, without its columns and lines."""
    inside = clause[closing(clause, 1) + 1 : -1]
    rows = split([token for token in inside if token != "\\hline"], ("\\\\",))
    return [["".join(cell) for cell in split(row, ("&",))] for row in rows]


def conditions_of_cases(found: list[str]) -> Iterator[list[str]]:
    """The condition of every row of every table of cases."""
    for place, token in enumerate(found):
        if token == "\\begin{cases}":
            inside = found[place + 1 : closing(found, place)]
            yield from (split(row, ("&",))[1] for row in split(inside, ("\\\\",)))

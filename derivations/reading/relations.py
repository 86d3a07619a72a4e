"""Relations and the conditions under which they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import sympy as sp

from derivations.reading.names import Names, Operator, entries
from derivations.reading.stream import RELATIONS, Stream
from derivations.reading.tokens import OPEN, Unreadable, closing, split
from derivations.residuals import is_zero

PARITY = {"even": 0, "odd": 1, "for even": 0, "for odd": 1}
ALWAYS = ("for every", "for all", "for any", "otherwise")
PLAIN: list[list[str]] = [[], ["if"], ["for"], ["where"]]


def words(token: str) -> str:
    return token[6:-1].strip() if token.startswith("\\text") else ""


def outside(found: list[str]) -> Iterator[str]:
    """The tokens that stand outside all parentheses and tables."""
    place = 0
    while place < len(found):
        if found[place] in OPEN or found[place].startswith("\\begin"):
            place = closing(found, place)
        else:
            yield found[place]
        place += 1


def bare(condition: list[str]) -> list[str]:
    enclosed = condition[0] == "(" and closing(condition, 0) == len(condition) - 1
    return condition[1:-1] if enclosed else condition


def is_condition(clause: list[str], names: Names) -> bool:
    """Whether a clause says when another holds: it is in words, or has a meaning as a whole."""
    return any(words(token) for token in outside(bare(clause))) or "".join(clause) in names


class Relations(Stream):
    """Reads chains of relations."""

    def holds(self, condition: list[str]) -> bool:
        """Whether a condition is true: `J even`, `if l = 0`, relations with commas, or a text that has a meaning."""
        if "".join(condition) in self.names:
            return bool(self.names["".join(condition)])
        said = [words(token) for token in bare(condition) if words(token)]
        rest = [token for token in bare(condition) if not words(token)]
        if said and said[0].startswith(ALWAYS):
            for name in filter(None, split(rest, (",",))):
                self.of(name)
            return True
        if len(said) == 1 and said[0] in PARITY:
            return bool(self.of(rest) % 2 == PARITY[said[0]])
        if said not in PLAIN:
            raise Unreadable(f"no meaning is given for {' '.join(condition)}")
        parts = [part for part in split(rest, (",", "\\quad", "\\qquad")) if part]
        return all(is_zero(residual) for part in parts for residual in self.related(part))

    def related(self, clause: list[str]) -> Iterator[Any]:
        """What vanishes when a chain of relations holds."""
        if "\\iff" in clause:
            left, right = (all(map(is_zero, self.related(part))) for part in split(clause, ("\\iff",)))
            yield sp.Integer(left != right)
            return
        sides = split(clause, RELATIONS)
        if len(sides) < 2 or any(left == right for left, right in pairwise(sides)):
            raise Unreadable(f"{' '.join(clause)} states nothing")
        values = [self.of(side) for side in sides]
        for mark, left, right in zip(marks(clause, sides), values[:-1], values[1:], strict=True):
            yield from self.compared(mark, left, right)

    def compared(self, mark: str, left: Any, right: Any) -> Iterable[Any]:
        """Zeros when one relation holds."""
        if isinstance(left, Operator) and isinstance(right, Operator):
            left, right = (operator.action(self.names["\\cdot"]) for operator in (left, right))
        if mark == "=":
            return entries(self.names.get("=", difference)(left, right))
        if mark == "\\to":
            return entries(self.names["\\to"](left, right))
        if mark == "\\ne":
            return [sp.Integer(all(map(is_zero, entries(self.names.get("=", difference)(left, right)))))]
        order = sp.sympify(right - left if mark in ("\\le", "<") else left - right)
        true = order.is_nonnegative if mark in ("\\ge", "\\le") else order.is_positive
        return [sp.Integer(not true)]


def marks(clause: list[str], sides: list[list[str]]) -> Iterator[str]:
    """The relations between the sides of a chain."""
    place = -1
    for side in sides[:-1]:
        place += len(side) + 1
        yield clause[place]


def difference(left: Any, right: Any) -> Any:
    """left − right, where a matrix may be compared with one number: its multiple of the identity, or zero."""
    if isinstance(left, sp.MatrixBase) and not isinstance(right, sp.MatrixBase):
        right = right * (sp.eye(left.rows) if left.rows == left.cols else sp.ones(*left.shape))
    return left - right

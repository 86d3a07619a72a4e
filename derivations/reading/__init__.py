"""Statements are read: the LaTeX that a page displays is evaluated in exact numbers at instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy.matrices.exceptions import ShapeError
from sympy.polys.polyerrors import BasePolynomialError

from derivations.reading.atoms import Reader
from derivations.reading.names import Names, Rules
from derivations.reading.statement import Statement
from derivations.reading.tokens import Unreadable, tokens
from derivations.residuals import is_zero

STATEMENT = "Statement"
#: The slots in the order of i, j, k.
TURNS = ((1, 2, 3), (2, 3, 1), (3, 1, 2))
#: Instances at which a formula of a text is evaluated, of those of its step.
MOST = 12
#: What SymPy and the reader raise for a formula that has no value.
SYMPY: tuple[type[Exception], ...] = (BasePolynomialError, ShapeError)
UNFIT: tuple[type[Exception], ...] = (
    Unreadable,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    NotImplementedError,
    *SYMPY,
)


def spread(instances: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
    """Some of the instances, evenly chosen."""
    return instances[:: -(-len(instances) // MOST) or 1]


@dataclass(frozen=True)
class Reading:
    """What the names of some formulas mean, and where the formulas are evaluated.

    rules      the meaning of each name, made of the values that an instance gives
    instances  given values, one mapping for each instance
    own        readings for the steps of these titles, whose rules come before those here
    texts      readings for the formulas in the texts of these titles, whose rules come before those of the step
    unread     formulas of texts that are not evaluated, by the reason
    """

    rules: Rules
    instances: tuple[Mapping[str, Any], ...]
    own: Mapping[str, Reading] = field(default_factory=dict)
    texts: Mapping[str, Reading] = field(default_factory=dict)
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, title: str) -> Reading:
        """The reading of one step."""
        own = self.own.get(title, self)
        return Reading({**self.rules, **own.rules}, own.instances or self.instances)

    def argument(self, title: str, latex: str) -> Reading:
        """The reading of a formula in the text of one step; a free slot i is each of three, with j and k after it."""
        step, text = self.of(title), self.texts.get(title, Reading({}, ()))
        rules, given = {**step.rules, **text.rules}, text.instances or spread(step.instances)
        found = tokens(latex)
        if "i" in found and not any("i" in one for one in given):
            free = [(place, name) for place, name in enumerate("ijk") if name not in rules]
            given = tuple({name: turn[place] for place, name in free} | dict(one) for one in given for turn in TURNS)
        return Reading(rules, given)

    def failures(self, latex: str) -> tuple[int, list[str]]:
        """Number of residuals at all instances, and what does not vanish, is not read or has no meaning."""
        statement, count = Statement(latex), 0
        try:
            for given in self.instances:
                for residual in statement.residuals(Names(self.rules, given)):
                    count += 1
                    if not is_zero(residual):
                        return count, [f"the statement is wrong by {residual} at {given}"]
        except UNFIT as failure:
            return count, [f"the statement cannot be read: {failure}"]
        return count, [f"no instance has met: {text}" for text in statement.unread()]

    def means(self, latex: str) -> bool:
        """Whether a name has a meaning at some instance."""
        for given in self.instances:
            try:
                Reader(tokens(latex), Names(self.rules, given), set()).whole()
            except UNFIT:
                continue
            return True
        return False

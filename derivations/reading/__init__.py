"""Statements are read: the LaTeX that a page displays is evaluated in exact numbers at instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy.matrices.exceptions import ShapeError
from sympy.polys.polyerrors import BasePolynomialError

from derivations.reading.names import Names, Rules
from derivations.reading.statement import Statement
from derivations.reading.tokens import Unreadable
from derivations.residuals import is_zero

STATEMENT = "Statement"
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


@dataclass(frozen=True)
class Reading:
    """What the names of some formulas mean, and where the formulas are evaluated.

    rules      the meaning of each name, made of the values that an instance gives
    instances  given values, one mapping for each instance
    own        readings for the steps of these titles, whose rules come before those here
    """

    rules: Rules
    instances: tuple[Mapping[str, Any], ...]
    own: Mapping[str, Reading] = field(default_factory=dict)

    def of(self, title: str) -> Reading:
        """The reading of one step."""
        own = self.own.get(title, self)
        return Reading({**self.rules, **own.rules}, own.instances or self.instances)

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

"""Sums, products, signs and powers of a formula: what joins the parts that :mod:`derivations.reading.atoms` reads."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derivations.reading.names import Names, Operator
from derivations.reading.tokens import OPEN, Unreadable, closing

RELATIONS = ("=", "\\ge", "\\le", "\\ne", "<", ">", "\\to")
ENDS = {*RELATIONS, *OPEN.values(), ",", ";", ":", "&", "\\\\", "/", "\\cdot", "\\times", "\\otimes", "!", "^", "_"}
ENDS |= {"+", "-", "\\pm", "\\mp", "\\quad", "\\qquad", "d\\Omega"}
TRANSPOSED = {"\\dagger": lambda value: value.H, "\\mathsf{T}": lambda value: value.T}


def is_vector(value: Any) -> bool:
    return isinstance(value, sp.MatrixBase) and value.shape == (3, 1)


def plus(left: Any, right: Any) -> Any:
    """The sum; a number is added to every component of a vector, to matrices and operators as a multiple of one."""
    if isinstance(left, Operator) != isinstance(right, Operator):
        operator, number = (left, right) if isinstance(left, Operator) else (right, left)
        return operator + Operator(lambda f: number * f)
    if isinstance(left, sp.MatrixBase) != isinstance(right, sp.MatrixBase) and not isinstance(right, Operator):
        matrix, number = (left, right) if isinstance(left, sp.MatrixBase) else (right, left)
        square = matrix.rows == matrix.cols
        return matrix + number * (sp.eye(matrix.rows) if square else sp.ones(*matrix.shape))
    return left + right


def times(left: Any, right: Any) -> Any:
    """The product; an operator on the right waits for what it acts on."""
    return right.__rmul__(left) if isinstance(right, Operator) and not isinstance(left, Operator) else left * right


def dot(left: Any, right: Any) -> Any:
    columns = isinstance(left, sp.MatrixBase) and isinstance(right, sp.MatrixBase) and left.cols == right.cols == 1
    return (left.T * right)[0] if columns and left.rows == right.rows else left * right


def cross(left: Any, right: Any) -> Any:
    if isinstance(right, Operator):
        return Operator(lambda f: cross(left, right.action(f)))
    return left.cross(right) if is_vector(left) and is_vector(right) else left * right


class Stream:
    """Reads one expression; ``rows`` collects the rows of cases that were chosen."""

    def __init__(self, found: list[str], names: Names, rows: set[str]) -> None:
        self.found, self.names, self.rows, self.place, self.inside = found, names, rows, 0, False

    def whole(self) -> Any:
        value = self.expression()
        if self.place < len(self.found):
            raise Unreadable(f"{' '.join(self.found[self.place :])} is left of {' '.join(self.found)}")
        return value

    def of(self, found: list[str], names: Names | None = None) -> Any:
        if found == ["\\cdot"]:  # an open slot
            return self.names["\\cdot"]
        return type(self)(found, names or self.names, self.rows).whole()

    def atom(self) -> Any:
        raise NotImplementedError

    def script(self, found: list[str]) -> list[Any]:
        raise NotImplementedError

    def peek(self) -> str:
        return self.found[self.place] if self.place < len(self.found) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise Unreadable(f"{' '.join(self.found)} ends too early")
        self.place += 1
        return token

    def sign(self) -> Any:
        """The sign in front of a term."""
        signs = {"+": 1, "-": -1}
        if self.peek() in signs:
            return signs[self.next()]
        if self.peek() in ("\\pm", "\\mp"):
            return self.names["\\pm"] * (1 if self.next() == "\\pm" else -1)
        return None

    def expression(self) -> Any:
        sign = self.sign()
        total = self.term() if sign is None else sign * self.term()
        while (sign := self.sign()) is not None:
            term = self.term()
            total = plus(total, term if sign == 1 else sign * term)
        return total

    def term(self) -> Any:
        value = self.side_by_side()
        while self.peek() in ("\\cdot", "\\times", "/", "\\otimes"):
            token = self.next()
            if token == "/":
                value = value / self.side_by_side()
            else:
                value = {"\\cdot": dot, "\\times": cross, "\\otimes": sp.kronecker_product}[token](
                    value, self.side_by_side()
                )
        return value

    def side_by_side(self) -> Any:
        value = self.factor()
        if isinstance(value, Operator) and value.wide and self.continues():
            return value * self.side_by_side()
        while self.continues():
            value = times(value, self.factor())
            if isinstance(value, Operator) and value.wide and self.continues():
                value = value * self.side_by_side()
        return value

    def continues(self) -> bool:
        """Whether a further factor stands side by side with those before."""
        return bool(self.peek()) and self.peek() not in ENDS and not (self.peek() == "|" and self.inside)

    def factor(self) -> Any:
        value = self.atom()
        while (token := self.peek()) in ("!", "^") or (token == "_" and isinstance(value, sp.MatrixBase)):
            self.next()
            if token == "_":
                value = self.names["()_"](value, *self.script(self.argument_tokens()))
            elif token == "!":
                value = sp.factorial(value)
            elif (power := self.argument_tokens())[-1] in TRANSPOSED:
                value = TRANSPOSED[power[-1]](value)
            else:
                value = value ** self.of(power)
        return value

    def group(self) -> list[str]:
        """The tokens between the parenthesis that comes next and the one that closes it."""
        start, end = self.place, closing(self.found, self.place)
        self.place = end + 1
        return self.found[start + 1 : end]

    def argument_tokens(self) -> list[str]:
        """A group in braces, or one token."""
        return self.group() if self.peek() == "{" else [self.next()]

    def argument(self) -> Any:
        return self.of(self.argument_tokens())

    def integral(self) -> Any:
        """Over the sphere, or from a lower to an upper limit."""
        self.next()
        limits = [self.argument() for mark in "_^" if self.peek() == mark and self.next()]
        if (mark := "d" if limits else "d\\Omega") not in self.found[self.place :]:
            raise Unreadable(f"an integral without its end in {' '.join(self.found)}")
        end = self.found.index(mark, self.place)
        inside, self.place = self.found[self.place : end], end + 1
        if not limits:
            return self.names["\\int"](self.of(inside))
        variable = sp.Dummy(real=True)
        return sp.integrate(self.of(inside, self.names.having(**{self.next(): variable})), (variable, *limits))

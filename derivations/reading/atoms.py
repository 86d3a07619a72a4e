r"""Evaluate LaTeX: the formula that a page displays is the object that is checked.

A value is a SymPy expression, a matrix (three components are a vector) or an operator. Juxtaposition multiplies and
lets operators act, ``\cdot`` and ``\times`` of two vectors are their products, ``\sum`` and ``\prod`` run over the
range of their index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.relations import Relations
from derivations.reading.stream import ENDS, RELATIONS, plus
from derivations.reading.tokens import OPEN, Unreadable, closing, split


class Reader(Relations):
    def atom(self) -> Any:
        token = self.peek()
        if token.isdigit():
            return self.number()
        special: dict[str, Callable[[], Any]] = {
            "(": self.parenthesis,
            "{": self.braces,
            "[": self.square,
            "\\{": lambda: self.names["\\{\\}"](*(self.of(part) for part in split(self.group(), (",",)))),
            "|": self.absolute,
            "\\frac": self.fraction,
            "\\binom": lambda: self.pair(lambda above, below: sp.binomial(above, below)),
            "\\sqrt": lambda: self.pair(lambda square: sp.sqrt(square), 1),
            "\\overline": lambda: self.pair(self.names["\\overline"], 1),
            "\\sum": lambda: self.repeated(sum_of),
            "\\prod": lambda: self.repeated(product_of),
            "\\int": self.integral,
            "\\#": self.counted,
            "\\langle": lambda: self.names["\\langle"](*(self.of(part) for part in split(self.group(), (",",)))),
        }
        if token.startswith("\\begin"):
            return self.table()
        return special[token]() if token in special else self.name()

    def braces(self) -> Any:
        """A group, or an empty one whose subscript stands in front of a name: the index that comes first."""
        inside = self.group()
        if inside:
            return self.of(inside)
        self.next()
        index, base = self.argument(), self.next()
        self.next()
        return self.names[f"{{}}{base}"](index, *self.indices(self.argument_tokens()))

    def counted(self) -> sp.Integer:
        """The number of choices of indices for which a condition holds."""
        self.next()
        indices, condition = split(self.group(), (":",))
        choices = [self.names]
        for index, values in self.ranges(indices, []):
            choices = [n.having(**{index: value}) for n in choices for value in values(n)]
        return sp.Integer(sum(type(self)([], names, self.rows).holds(condition) for names in choices))

    def number(self) -> sp.Integer:
        digits = self.next()
        while self.peek().isdigit():
            digits += self.next()
        return sp.Integer(digits)

    def pair(self, function: Callable[..., Any], count: int = 2) -> Any:
        self.next()
        return function(*(self.argument() for _ in range(count)))

    def fraction(self) -> Any:
        self.next()
        above, below = self.argument_tokens(), self.argument_tokens()
        if above == ["\\partial"] and below[0] == "\\partial":
            symbol = self.of(below[1:])
            return Operator(lambda f: sp.diff(f, symbol))
        if above[0] == "d" and below[0] == "d":  # d/dx, or a power of it
            if above[1:] != below[2:]:
                raise Unreadable(
                    f"not as often by {below[1]} as it is derived: {' '.join(above)} over {' '.join(below)}"
                )
            times, symbol = self.of(above[3:-1]) if len(above) > 1 else 1, self.of(below[1:2])
            return Operator(lambda f: sp.diff(f, symbol, times))
        return self.of(above) / self.of(below)

    def parenthesis(self) -> Any:
        parts = split(self.group(), (",",))
        return self.of(parts[0]) if len(parts) == 1 else sp.Matrix([self.of(part) for part in parts])

    def square(self) -> Any:
        """[12] of two spinors, [X, Y] of two matrices, 1 or 0 for [relation], or a parenthesis."""
        inside = self.group()
        if len(split(inside, RELATIONS)) > 1:
            return sp.Integer(self.holds(inside))
        parts = split(inside, (",",))
        if len(parts) == 2:
            return self.names["[,]"](*(self.of(part) for part in parts))
        counted = self.names.counted(inside)
        if len(counted) == 2 and all(token.isdigit() for token in counted):
            return self.names["[]"](*map(int, counted))
        return self.of(inside)

    def absolute(self) -> Any:
        self.next()
        start, depth = self.place, 0
        for place in range(start, len(self.found)):
            token = self.found[place]
            depth += (token in OPEN or token.startswith("\\begin")) - (
                token in OPEN.values() or token.startswith("\\end")
            )
            if token == "|" and depth == 0:
                self.place = place + 1
                return sp.Abs(self.of(self.found[start:place]))
        raise Unreadable(f"nothing closes | in {' '.join(self.found)}")

    def scope(self) -> list[str]:
        """The tokens of the product that follows."""
        start = self.place
        while self.peek() and (
            self.peek() not in ENDS - set(OPEN.values()) or self.peek() in ("!", "^", "_", "/", "\\cdot", "\\times")
        ):
            if self.peek() in OPEN.values() or (self.peek() == "|" and self.inside):
                break
            if self.peek() == "\\int":
                self.place = self.found.index("d\\Omega", self.place) + 1
                continue
            opened = self.peek() in OPEN or self.peek().startswith("\\begin")
            self.place = (closing(self.found, self.place) if opened else self.place) + 1
        return self.found[start : self.place]

    def repeated(self, combine: Callable[[list[Any]], Any]) -> Any:
        """A sum or product over one index or several, each with limits or with the range that its name has."""
        self.next()
        lower, upper = list[str](), list[str]()
        while self.peek() in ("_", "^"):
            target = lower if self.next() == "_" else upper
            target += self.argument_tokens()
        body, choices = self.scope(), [self.names]
        for index, values in self.ranges(lower, upper):
            choices = [n.having(**{index: value}) for n in choices for value in values(n)]
        return combine([self.of(body, names) for names in choices])

    def ranges(self, lower: list[str], upper: list[str]) -> list[tuple[str, Callable[[Names], Iterable[Any]]]]:
        parts = split(lower, ("=", "\\ge"))
        if len(parts) == 2 and "\\ge" in lower:
            name = "".join(parts[0])
            return [(name, ranging(name))]
        if len(parts) == 2:
            first, last = self.of(parts[1]), self.of(upper)
            return [("".join(parts[0]), lambda _: range(int(first), int(last) + 1))]
        return [(name, ranging(name)) for name in names_in(lower)]

    def table(self) -> Any:
        kind = self.peek()
        rows = [split(row, ("&",)) for row in split(self.group(), ("\\\\",))]
        if kind == "\\begin{cases}":
            return self.cases(rows)
        cells = [[self.of(cell) for cell in row] for row in rows]
        shape = len(cells), len(cells[0])
        reading = {("\\begin{pmatrix}", (2, 3)): "3j", ("\\begin{Bmatrix}", (2, 3)): "6j"}
        reading[("\\begin{Bmatrix}", (3, 3))] = "9j"
        if (kind, shape) in reading:
            symbol = self.names[reading[kind, shape]]
            return getattr(symbol, "value", symbol)(*(cell for row in cells for cell in row))
        return sp.Matrix(cells)

    def cases(self, rows: list[list[list[str]]]) -> Any:
        """The value of the first row whose condition holds; rows that hold as well have the same value."""
        held = [(value, " ".join(condition)) for value, condition in rows if self.holds(condition)]
        if not held:
            raise Unreadable(f"no case holds of {' ; '.join(' '.join(row[1]) for row in rows)}")
        self.rows.add(condition := held[0][1])
        found = self.of(held[0][0])
        for value, other in held[1:]:
            if any(relation in other.split() for relation in RELATIONS) and self.of(value) != found:
                raise Unreadable(f"two cases hold with two values, {condition} and {other}")
        return found

    def name(self) -> Any:
        base, scripts, before, last = self.next(), {"_": list[str](), "^": list[str]()}, 0, ""
        primes = ""
        if base in ("\\bar", "\\tilde", "\\hat"):
            base += " " + "".join(self.argument_tokens())
        while (token := self.peek()) in ("_", "^", "'") and not (scripts.get(token)):
            before, last = (self.place if token == "^" else before), token
            self.next()
            if token == "'":
                primes += "'"
            else:
                scripts[token] = self.argument_tokens()
        if (found := self.names.find(base, scripts["_"], scripts["^"], primes)) is not None:
            value, used = found
        else:
            value, used = self.meaning(base + primes, scripts["_"], [] if last == "^" else scripts["^"])
        if last == "^" and not (found and used):
            self.place = before  # a power
        if isinstance(value, int):
            return sp.Integer(value)
        return self.called(value) if callable(value) and not isinstance(value, sp.Basic) else value

    def meaning(self, base: str, lower: list[str], upper: list[str]) -> tuple[Any, bool]:
        """What a name means, and whether the superscript is a part of it."""
        if " " in base and base not in self.names:
            mark, inner = base.split(" ", 1)
            value, used = self.meaning(inner, lower, upper)
            return self.names[mark](value), used
        value = self.names[base]
        if isinstance(value, Indexed) and lower:
            indices = [self.of(lower)] if value.single else self.script(lower)
            return value.value(*self.script(upper), *indices), True
        if isinstance(value, Indexed) and self.peek() == "(":
            return value.value, False
        if isinstance(value, Indexed) and value.bare is not None:
            return value.bare(), False
        if lower:
            raise Unreadable(f"no meaning is given for {base}_{{{' '.join(lower)}}}")
        return value, False

    def script(self, found: list[str]) -> list[Any]:
        """Indices of a script, in which those without signs may stand side by side between two commas."""
        parts = [part for part in split(found, (",",)) if part]
        if len(parts) < 2:
            return self.indices(found)
        signed = [any(token in ("+", "-", "\\pm", "\\mp") for token in part) for part in parts]
        return [v for s, p in zip(signed, parts, strict=True) for v in ([self.of(p)] if s else self.indices(p))]

    def indices(self, found: list[str]) -> list[Any]:
        """Indices with commas between them, or side by side with their signs."""
        parts = [part for part in split(found, (",",)) if part]
        if len(parts) > 1 or not found:
            return [self.of(part) for part in parts]
        reader, listed = Reader(found, self.names, self.rows), []
        while reader.peek():
            sign = reader.sign()
            value = reader.next_index()
            listed.append(value if sign is None else sign * value)
            if reader.peek() == "+" or (reader.peek() == "-" and found[reader.place + 1].isdigit()):
                return [self.of(found)]  # one index that is a sum
        return listed

    def next_index(self) -> Any:
        if self.peek().isdigit():
            return sp.Integer(self.next())
        return self.factor()

    def called(self, function: Callable[..., Any]) -> Any:
        """A function of what stands in the parenthesis that follows; semicolons and commas separate."""
        if self.peek() != "(":
            return function
        groups = split(self.group(), (";",))
        lists = [self.indices(group) for group in groups]
        return function(*(value for part in lists for value in part))


def ranging(name: str) -> Callable[[Names], Iterable[Any]]:
    """The range of an index that has no limits."""
    return lambda names: names[f"range {name}"]


def names_in(found: list[str]) -> Iterable[str]:
    """The names in a list of indices: letters with their subscripts and primes, parentheses as one name."""
    name = ""
    for token in found:
        script = (
            token in ("_", "'", "{", "}") or name.endswith(("_", "{")) or (name.startswith("(") and ")" not in name)
        )
        if name and not script:
            yield name
            name = ""
        name += token
    if name:
        yield name


def sum_of(values: list[Any]) -> Any:
    if not values:
        return sp.Integer(0)
    total = values[0]
    for value in values[1:]:
        total = plus(total, value)
    return total


def product_of(values: list[Any]) -> Any:
    total = sp.Integer(1)
    for value in values:
        total = total * value
    return total

"""What the names of a formula mean at one instance: given values, and rules for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sympy as sp

from derivations.reading.tokens import Unreadable

Rules = Mapping[str, Callable[["Names"], Any]]


#: Letters that count slots, so that l_i is l_1 where i is 1.
COUNTERS = ("i", "j", "k", "n")


class Names:
    """Values by name: those given at an instance, and those that rules make of them when they are met."""

    def __init__(self, rules: Rules, given: Mapping[str, Any] | None = None) -> None:
        self.rules, self.given = rules, dict(given or {})
        self.made: dict[str, Any] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.given or name in self.rules

    def get(self, name: str, default: Any) -> Any:
        known = name in self
        return self[name] if known else default

    def __getitem__(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        if name not in self.rules:
            raise Unreadable(f"no meaning is given for {name}")
        if name not in self.made:
            self.made[name] = self.rules[name](self)
        return self.made[name]

    def having(self, **values: Any) -> Names:
        """The same names with further values; what depends on them is made anew."""
        return Names(self.rules, self.given | values)

    def find(self, base: str, lower: list[str], upper: list[str], primes: str = "") -> tuple[Any, bool] | None:
        """Value of a name with a subscript, and whether it has used the superscript too."""
        for low in dict.fromkeys((written(lower), written(self.counted(lower)))):
            for high in dict.fromkeys((written(upper), written(self.counted(upper)))):
                if high and f"{base}_{low}{primes}^{high}" in self:
                    return self[f"{base}_{low}{primes}^{high}"], True
            if low and f"{base}_{low}{primes}" in self:
                return self[f"{base}_{low}{primes}"], False
        if not lower and upper and f"{base}{primes}^{written(upper)}" in self:
            return self[f"{base}{primes}^{written(upper)}"], True
        return None

    def counted(self, text: list[str]) -> list[str]:
        """A subscript with the numbers of its indices in their places."""
        return [str(self[token]) if token in COUNTERS and token in self else token for token in text]


def written(text: list[str]) -> str:
    return "".join(token for token in text if token not in ("{", "}"))


class Indexed:
    """A quantity with indices: ``value(*indices)``, those of a superscript in front of the subscript come first.

    ``bare()`` is what the name means without indices; ``single`` says that the subscript is one expression.
    """

    def __init__(self, value: Callable[..., Any], single: bool = False, bare: Callable[[], Any] | None = None) -> None:
        self.value, self.single, self.bare = value, single, bare


class Operator:
    """What acts on what stands to its right; sums, multiples, products and powers of operators are operators.

    A ``wide`` one, as a trace, acts on the whole product to its right.
    """

    def __init__(self, action: Callable[[Any], Any], wide: bool = False) -> None:
        self.action, self.wide = action, wide

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Operator):
            return Operator(lambda f: self.action(other.action(f)))
        return self.action(other)

    def __rmul__(self, factor: Any) -> Operator:
        return Operator(lambda f: factor * self.action(f), self.wide)

    def __truediv__(self, divisor: Any) -> Operator:
        return Operator(lambda f: self.action(f) / divisor)

    def __add__(self, other: Operator) -> Operator:
        return Operator(lambda f: self.action(f) + other.action(f))

    def __sub__(self, other: Operator) -> Operator:
        return Operator(lambda f: self.action(f) - other.action(f))

    def __neg__(self) -> Operator:
        return Operator(lambda f: -self.action(f))

    def __pow__(self, times: Any) -> Operator:
        def repeated(value: Any) -> Any:
            for _ in range(int(times)):
                value = self.action(value)
            return value

        return Operator(repeated)


def entries(value: Any) -> Iterator[Any]:
    """The single expressions of a value."""
    if isinstance(value, sp.MatrixBase | list):
        yield from value if isinstance(value, list) else value.flat()
    else:
        yield value

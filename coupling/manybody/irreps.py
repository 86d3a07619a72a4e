"""Lists of irreps as text: ``"4x0e + 2x1o"``, ``"0 + 1/2 + 1"``, or a largest degree.

An irrep is a degree, an integer or half-integer, and a parity: e (even under inversion), o (odd), or none, for
rotations alone.  The e or o of an irrep is its own; it is not the parity of a path, which is that of l1+l2+l3.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from coupling.conventions import parity_sign
from coupling.integers import degree, doubled, half
from coupling.quoted import quoted

#: A term of a list: multiplicity, degree, parity.
TERM = re.compile(r"(?:(\d{1,6})x)?(\d{1,4})(/2)?([eo]?)", re.ASCII)
RULE = "irreps must be a largest degree or terms such as 4x0e, 1o, 2 or 1/2, joined by +"

#: Degrees of irreps, and irreps with their multiplicities, are refused beyond.
LARGEST, MOST = 1000, 100_000


class Irrep(NamedTuple):
    """One irrep: twice its degree, and its parity, 1 (e), -1 (o) or 0 (none).

    >>> Irrep(2, -1).name, Irrep(3, 0).name, Irrep(2, -1).dimension
    ('1o', '3/2', 3)
    """

    twice: int
    parity: int

    @property
    def name(self) -> str:
        """The irrep as text."""
        return half(self.twice) + {1: "e", -1: "o", 0: ""}[self.parity]

    @property
    def dimension(self) -> int:
        """The number of orders, 2l+1."""
        return self.twice + 1

    @property
    def natural(self) -> bool:
        """Whether the parity is (-1)^l, as of harmonics; True where irreps have no parity."""
        return self.parity in (0, parity_sign(self.twice // 2))


def parse_irreps(value: object) -> tuple[Irrep, ...]:
    """Return the irreps of a list, each as often as its multiplicity says, in the order of the list.

    A largest degree L stands for 0e + 1o + 2e + … to L, the parities of harmonics.

    >>> [irrep.name for irrep in parse_irreps("2x0e + 1o")], [irrep.name for irrep in parse_irreps(2)]
    (['0e', '0e', '1o'], ['0e', '1o', '2e'])
    """
    if not isinstance(value, str):
        return tuple(Irrep(2 * l, parity_sign(l)) for l in range(_largest(value) + 1))
    result = tuple(irrep for term in value.split("+") for irrep in _term(term.strip(), value))
    if len({irrep.parity == 0 for irrep in result}) > 1:
        raise ValueError(f"irreps must all have a parity, e or o, or none, got {quoted(value)}")
    if not 0 < len(result) <= MOST:
        raise ValueError(f"irreps must be 1 to {MOST} with their multiplicities, got {quoted(value)}")
    return result


def _largest(value: object) -> int:
    l = degree(value, "lmax")
    if l > LARGEST:
        raise ValueError(f"lmax must be <= {LARGEST}, got {quoted(l)}")
    return l


def _term(term: str, whole: str) -> list[Irrep]:
    found = TERM.fullmatch(term)
    if not found:
        raise ValueError(f"{RULE}, got {quoted(whole)}")
    number, l, over, sign = found.groups()
    twice = int(l) * (1 if over else 2)
    if twice > 2 * LARGEST:
        raise ValueError(f"degrees of irreps must be <= {LARGEST}, got {quoted(whole)}")
    return [Irrep(twice, {"e": 1, "o": -1, "": 0}[sign])] * min(int(number or 1), MOST + 1)


def parse_irrep(value: object, of: tuple[Irrep, ...]) -> Irrep:
    """Return one irrep, an output of a list of others: text, or a degree that has the parity of harmonics.

    >>> parse_irrep("1e", parse_irreps(1)), parse_irrep(1, parse_irreps("0 + 1")), parse_irrep(0.5, parse_irreps("1/2"))
    (Irrep(twice=2, parity=1), Irrep(twice=2, parity=0), Irrep(twice=1, parity=0))
    """
    bare = of[0].parity == 0
    if isinstance(value, str):
        found = parse_irreps(value)
        if len(found) != 1 or (found[0].parity == 0) != bare:
            kind = "without a parity" if bare else "with a parity, e or o"
            raise ValueError(f"the output must be one irrep {kind}, as the inputs are, got {quoted(value)}")
        return found[0]
    twice = doubled(value, "degree")
    if not 0 <= twice <= 64 * 2 * LARGEST:
        raise ValueError(f"degree must be between 0 and {64 * LARGEST}, got {half(twice)}")
    if twice % 2 and not bare:
        raise ValueError(f"the parity of a half-integer degree must be given, as in '1/2e', got {Fraction(twice, 2)}")
    return Irrep(twice, 0 if bare else parity_sign(twice // 2))

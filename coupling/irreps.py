"""Irreps of features: ``Irreps("32x0e + 16x1o + 8x2e")``, their multiplicities, parities, slices and memory layouts.

An irrep is a degree, an integer or half-integer, and a parity: e (even under inversion), o (odd), or none, for
rotations alone.  The e or o of an irrep is its own.  It is not the parity of a path, which is that of l1+l2+l3: the
path (1, 1, 1) is odd, and takes 1o and 1o to 1e.

A feature is an array [..., dim].  A term "16x1o" of its irreps takes 16·3 neighbouring entries, in one of two layouts:

    "ir_mul"   entry m·mul + u of a term: orders first, channels last.  Terms of equal multiplicities and of all degrees
               0 … lmax are the features [..., (lmax+1)², channels] of the products here, flattened
    "mul_ir"   entry u·(2l+1) + m of a term, as e3nn, MACE and NequIP have it

u is the copy, m + l the order counted from -l, in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.integers import degree, doubled, half, is_integer
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import one_of

#: A term of a list: multiplicity, degree, parity.
TERM = re.compile(r"(?:(\d{1,6})x)?(\d{1,4})(/2)?([eo]?)", re.ASCII)
RULE = "irreps must be a largest degree or terms such as 4x0e, 1o, 2 or 1/2, joined by +"
PARITIES = {"e": 1, "o": -1, "": 0}

LAYOUTS = ("ir_mul", "mul_ir")

#: Degrees and multiplicities of irreps are refused beyond.
LARGEST, MOST_COPIES = 1000, 999_999


class Irrep(NamedTuple):
    """One irrep: twice its degree, and its parity, 1 (e), -1 (o) or 0 (none).

    >>> Irrep(2, -1).name, Irrep(3, 0).name, Irrep(2, -1).dim, Irrep(3, 0).l
    ('1o', '3/2', 3, Fraction(3, 2))
    """

    twice: int
    parity: int

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The irrep as text."""
        return half(self.twice) + {1: "e", -1: "o", 0: ""}[self.parity]

    @property
    def l(self) -> int | Fraction:  # noqa: E743
        """The degree, a Fraction where it is half-integer."""
        return Fraction(self.twice, 2) if self.twice % 2 else self.twice // 2

    @property
    def dim(self) -> int:
        """The number of orders, 2l+1."""
        return self.twice + 1

    @property
    def natural(self) -> bool:
        """Whether the parity is (-1)^l, as of harmonics; True where irreps have no parity."""
        return self.parity in (0, parity_sign(self.twice // 2))


class MulIrrep(NamedTuple):
    """Copies of one irrep that stand together.

    >>> MulIrrep(16, Irrep(2, -1)).dim
    48
    """

    mul: int
    irrep: Irrep

    def __str__(self) -> str:
        return f"{self.mul}x{self.irrep.name}"

    @property
    def dim(self) -> int:
        """The number of entries."""
        return self.mul * self.irrep.dim


class SortedIrreps(NamedTuple):
    """What :meth:`Irreps.sort` gives: irreps, and the places of the terms: old term i is new term p[i], inv[p[i]] = i.

    >>> SortedIrreps(Irreps("0e + 1o"), (1, 0), (1, 0)).irreps
    Irreps('1x0e+1x1o')
    """

    irreps: Irreps
    p: tuple[int, ...]
    inv: tuple[int, ...]


class Irreps(tuple[MulIrrep, ...]):
    """A list of irreps with multiplicities, in the order in which a feature holds them.

    value: text such as ``"32x0e + 16x1o"`` or, without parities, ``"0 + 2x1/2"``; a largest degree L, which stands for
    0e + 1o + 2e + … to L, the parities of harmonics; or terms (multiplicity, irrep), with irreps as text or pairs
    (l, parity), as those of e3nn's Irreps are.  Either all irreps have a parity or none.  A multiplicity may be 0, and
    there may be no terms.  Raises ValueError or TypeError for anything else.

    Irreps are tuples of terms: they compare, hash, iterate as ``for mul, irrep in irreps``, and add up end to end.

    >>> irreps = Irreps("32x0e + 16x1o + 8x2e")
    >>> irreps, irreps.dim, irreps.num_irreps, irreps.lmax, irreps.slices[1]
    (Irreps('32x0e+16x1o+8x2e'), 120, 56, 2, slice(32, 80, None))
    >>> Irreps(2), irreps.count("1o"), "1e" in irreps, Irreps([(2, (1, -1))]) + Irreps("0e")
    (Irreps('1x0e+1x1o+1x2e'), 16, False, Irreps('2x1o+1x0e'))
    """

    __slots__ = ()

    def __new__(cls, value: object = ()) -> Irreps:
        """Return the irreps of a text, a largest degree or terms."""
        if isinstance(value, Irreps):
            return value
        terms = _of_text(value) if isinstance(value, str) else _of_terms(value)
        if len({term.irrep.parity == 0 for term in terms}) > 1:
            raise ValueError(f"irreps must all have a parity, e or o, or none, got {quoted(value)}")
        return super().__new__(cls, terms)

    def __repr__(self) -> str:
        return f"Irreps({str(self)!r})"

    def __str__(self) -> str:
        return "+".join(map(str, self))

    def __getitem__(self, place: Any) -> Any:
        """Return a term, or the irreps of a slice of terms."""
        found = super().__getitem__(place)
        return Irreps(found) if isinstance(place, slice) else found

    def __add__(self, other: object) -> Irreps:
        return Irreps((*self, *Irreps(other)))

    def __contains__(self, irrep: object) -> bool:
        return self.count(irrep) > 0

    def count(self, irrep: object) -> int:
        """Return how often an irrep occurs: the sum of its multiplicities."""
        wanted = one_irrep(irrep)
        return sum(term.mul for term in self if term.irrep == wanted)

    @property
    def dim(self) -> int:
        """The number of entries of a feature."""
        return sum(term.dim for term in self)

    @property
    def num_irreps(self) -> int:
        """The sum of the multiplicities."""
        return sum(term.mul for term in self)

    @property
    def lmax(self) -> int | Fraction:
        """The largest degree with a multiplicity that is not 0; ValueError where there is none."""
        if not self.num_irreps:
            raise ValueError(f"irreps without entries have no largest degree, got {self!r}")
        return max(term.irrep.l for term in self if term.mul)

    @property
    def slices(self) -> tuple[slice, ...]:
        """Of each term, its entries; the same in both layouts."""
        ends = np.cumsum([0, *(term.dim for term in self)]).tolist()
        return tuple(map(slice, ends[:-1], ends[1:]))

    @property
    def each(self) -> tuple[Irrep, ...]:
        """The irreps, each as often as its multiplicity says.

        >>> [irrep.name for irrep in Irreps("2x0e + 1o").each]
        ['0e', '0e', '1o']
        """
        return tuple(term.irrep for term in self for _ in range(term.mul))

    def simplify(self) -> Irreps:
        """Return the same entries with neighbouring terms of one irrep joined, and terms of multiplicity 0 left out.

        The layout "mul_ir" keeps its entries; "ir_mul" does not where terms are joined.

        >>> Irreps("1e + 2x1e + 0x0e + 0e + 1e").simplify()
        Irreps('3x1e+1x0e+1x1e')
        """
        joined: list[MulIrrep] = []
        for mul, irrep in (term for term in self if term.mul):
            if joined and joined[-1].irrep == irrep:
                mul += joined.pop().mul
            joined.append(MulIrrep(mul, irrep))
        return Irreps(joined)

    def sort(self) -> SortedIrreps:
        """Return the terms by degree, o before e, as e3nn does; terms of one irrep keep their order.

        >>> Irreps("2o + 1e + 0e + 1o").sort()
        SortedIrreps(irreps=Irreps('1x0e+1x1o+1x1e+1x2o'), p=(3, 2, 0, 1), inv=(2, 3, 1, 0))
        """
        inverse = sorted(range(len(self)), key=lambda i: self[i].irrep)
        places = sorted(range(len(self)), key=inverse.__getitem__)
        return SortedIrreps(Irreps(self[i] for i in inverse), tuple(places), tuple(inverse))

    def permutation(self, source: str, target: str) -> NDArray[np.int64]:
        """Return p [dim] such that x[..., p] has the layout target where x has source: "ir_mul" or "mul_ir".

        Exact, as nothing is computed; the way back is the permutation of the layouts exchanged.

        >>> Irreps("0e + 2x1o").permutation("mul_ir", "ir_mul")
        array([0, 1, 4, 2, 5, 3, 6])
        """
        layouts = one_of(source, LAYOUTS, "source"), one_of(target, LAYOUTS, "target")
        require_memory(8 * self.dim, "the permutation")
        places = np.arange(self.dim)
        if layouts[0] == layouts[1]:
            return places
        parts = [places[:0]]
        for term, where in zip(self, self.slices, strict=True):
            shape = (term.mul, term.irrep.dim) if layouts[0] == "mul_ir" else (term.irrep.dim, term.mul)
            parts.append(places[where].reshape(shape).T.ravel())
        return np.concatenate(parts)


def _of_text(text: str) -> list[MulIrrep]:
    return [_term(term.strip(), text) for term in text.split("+")] if text.strip() else []


def _term(term: str, whole: str) -> MulIrrep:
    found = TERM.fullmatch(term)
    if not found:
        raise ValueError(f"{RULE}, got {quoted(whole)}")
    number, l, over, sign = found.groups()
    return MulIrrep(int(number or 1), _checked(int(l) * (1 if over else 2), PARITIES[sign], whole))


def _of_terms(value: Any) -> list[MulIrrep]:
    """Return the terms of a sequence of pairs, or of a largest degree."""
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [_pair(term) for term in value]
    l = degree(value, "lmax")
    if l > LARGEST:
        raise ValueError(f"lmax must be <= {LARGEST}, got {quoted(l)}")
    return [MulIrrep(1, Irrep(2 * k, parity_sign(k))) for k in range(l + 1)]


def _pair(term: Any) -> MulIrrep:
    if not isinstance(term, tuple | list) or len(term) != 2:
        raise TypeError(f"terms of irreps must be pairs (multiplicity, irrep), got {quoted(term)}")
    mul, irrep = term
    if not is_integer(mul):
        raise TypeError(f"multiplicities of irreps must be integers, got {type(mul).__name__} {quoted(mul)}")
    if not 0 <= mul <= MOST_COPIES:
        raise ValueError(f"multiplicities of irreps must be 0 to {MOST_COPIES}, got {quoted(mul)}")
    return MulIrrep(int(mul), one_irrep(irrep))


def one_irrep(value: object) -> Irrep:
    """Return one irrep: text, an Irrep, or a pair (l, parity) with parity 1, -1 or 0.

    >>> one_irrep("1o") == one_irrep((1, -1)) == Irrep(2, -1)
    True
    """
    if isinstance(value, Irrep):
        return _checked(value.twice, value.parity, value)
    if isinstance(value, str):
        found = Irreps(value)
        if len(found) != 1 or found[0].mul != 1:
            raise ValueError(f"expected one irrep, such as 1o, got {quoted(value)}")
        return found[0].irrep
    pair = [*iter(value)] if isinstance(value, tuple | list) else []  # an irrep of e3nn has no len
    if len(pair) != 2:
        raise TypeError(f"an irrep must be text such as 1o or a pair (l, parity), got {quoted(value)}")
    return _checked(doubled(pair[0], "the degree of an irrep"), pair[1], value)


def _checked(twice: int, parity: Any, value: object) -> Irrep:
    if not 0 <= twice <= 2 * LARGEST:
        raise ValueError(f"degrees of irreps must be 0 to {LARGEST}, got {quoted(value)}")
    if not is_integer(parity) or parity not in (1, -1, 0):
        raise ValueError(f"the parity of an irrep must be 1 (e), -1 (o) or 0 (none), got {quoted(value)}")
    return Irrep(twice, int(parity))

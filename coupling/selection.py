"""Selection rules: the degrees and orders that exist, and those that may couple.

Two kinds of rule are kept apart.  An argument that cannot exist (a negative degree, an order
beyond its degree, a degree of 0.3) is a mistake of the caller and raises.  Arguments that exist
but do not couple (the triangle rule, the sum of the orders, the parity of J) are the physics, and
give an exact zero.

Inside the package a degree or order that may be half-integer travels *doubled*, as a Python
integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from coupling.conventions import BASES
from coupling.integers import degree as degree
from coupling.integers import doubled as doubled
from coupling.integers import half
from coupling.integers import integer as integer
from coupling.names import suggestion
from coupling.quoted import quoted

Path = tuple[int, int, int]
PARITIES = ("all", "even", "odd")

#: Coefficients are computed up to this degree; one 3j symbol there takes about ten seconds.
LARGEST_DEGREE = 100_000


def degrees(*values: object) -> tuple[int, ...]:
    """Return the degrees l1, l2, … of a coefficient, each an integer 0 … LARGEST_DEGREE.

    >>> degrees(1, 2.0)
    (1, 2)
    """
    return tuple(_bounded(degree(value, f"degree {slot}"), 1, slot) for slot, value in enumerate(values, 1))


def box_of(lmax: object) -> Path:
    """Return the largest degree of each slot from one degree, or from three.

    >>> box_of(2), box_of((1, 2, 3))
    ((2, 2, 2), (1, 2, 3))
    """
    values = tuple(lmax) if isinstance(lmax, (tuple, list)) else (lmax,) * 3
    if len(values) != 3:
        raise ValueError(f"lmax must be one degree or three, one per slot, got {quoted(lmax)}")
    l1, l2, l3 = degrees(*values)
    return l1, l2, l3


def doubled_degrees(*values: object) -> tuple[int, ...]:
    """Return the doubled degrees j1, j2, … of a coefficient, each an integer or half-integer
    0 … LARGEST_DEGREE.

    >>> doubled_degrees(1, 0.5)
    (2, 1)
    """
    result = tuple(doubled(value, f"degree {slot}") for slot, value in enumerate(values, 1))
    for slot, twice in enumerate(result, 1):
        if twice < 0:
            raise ValueError(f"degree {slot} must be >= 0, got {half(twice)}")
        _bounded(twice, 2, slot)
    return result


def _bounded(multiple: int, factor: int, slot: int) -> int:
    if multiple > factor * LARGEST_DEGREE:
        raise ValueError(f"degree {slot} must be <= {LARGEST_DEGREE}, got {half(multiple * (3 - factor))}")
    return multiple


def _plain(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any) -> bool:
    """Return whether all six are Python integers that exist: the common case, decided at once."""
    return (
        type(j1) is type(j2) is type(j3) is type(m1) is type(m2) is type(m3) is int
        and -j1 <= m1 <= j1 <= LARGEST_DEGREE
        and -j2 <= m2 <= j2 <= LARGEST_DEGREE
        and -j3 <= m3 <= j3 <= LARGEST_DEGREE
    )


def doubled_symbol(*values: object) -> tuple[int, ...]:
    """Return doubled (j1, j2, j3, m1, m2, m3) after checking that every order exists: m = -j,
    -j+1, …, j.

    >>> doubled_symbol(1, 1, 2, 0, 1, -1)
    (2, 2, 4, 0, 2, -2)
    """
    if _plain(*values):
        return tuple([2 * value for value in cast(tuple[int, ...], values)])
    js = doubled_degrees(*values[:3])
    ms = tuple(doubled(value, f"order {slot}") for slot, value in enumerate(values[3:], 1))
    for slot, (j, m) in enumerate(zip(js, ms, strict=True), 1):
        if m > j or -m > j:
            raise ValueError(f"order {slot} must satisfy |m| <= {half(j)}, the degree, got {half(m)}")
        if (j - m) & 1:
            raise ValueError(f"order {slot} must be one of -{half(j)}, ..., {half(j)} in steps of 1, got {half(m)}")
    return js + ms


def integer_symbol(*values: object) -> tuple[int, int, int, int, int, int]:
    """Return (l1, l2, l3, m1, m2, m3) as integers with 0 <= l <= LARGEST_DEGREE and |m| <= l, or raise.

    >>> integer_symbol(1, 1, 2, 0, 1, -1)
    (1, 1, 2, 0, 1, -1)
    """
    if _plain(*values):
        return cast(tuple[int, int, int, int, int, int], values)
    l1, l2, l3 = degrees(*values[:3])
    m1, m2, m3 = (integer(value, f"order {slot}") for slot, value in enumerate(values[3:], 1))
    for slot, (l, m) in enumerate(((l1, m1), (l2, m2), (l3, m3)), 1):
        if m > l or -m > l:
            raise ValueError(f"order {slot} must satisfy |m| <= {l}, the degree, got {quoted(m)}")
    return l1, l2, l3, m1, m2, m3


def check_basis(basis: object) -> str:
    """Return basis if it is "real" or "complex", or raise.

    >>> check_basis("real")
    'real'
    """
    return one_of(basis, BASES, "basis")


def one_of(value: object, choices: tuple[str, ...], name: str) -> str:
    """Return value if it is one of the choices, or raise a ValueError that lists them and names the nearest.

    >>> one_of("even", PARITIES, "parity")
    'even'
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(choices)}, got {type(value).__name__} {quoted(value)}")
    if value not in choices:
        near = suggestion(value, choices)
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {quoted(value)}{near}")
    return value


def of_type(value: object, kind: type | tuple[type, ...], name: str) -> None:
    """Raise TypeError, naming both, unless value is of a type, or of one of several.

    >>> of_type(1, str, "name")
    Traceback (most recent call last):
    ...
    TypeError: name must be a str, got int 1
    """
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        allowed = " or ".join(each.__name__ for each in kinds)
        raise TypeError(f"{name} must be a {allowed}, got {type(value).__name__} {quoted(value)}")


def triangle(l1: int, l2: int, l3: int) -> bool:
    """Return whether |l1 - l2| <= l3 <= l1 + l2.

    >>> triangle(1, 2, 3), triangle(1, 1, 3)
    (True, False)
    """
    return abs(l1 - l2) <= l3 <= l1 + l2


def doubled_triangle(a: int, b: int, c: int) -> bool:
    """Return whether doubled degrees satisfy the triangle rule and add up to an integer.

    >>> doubled_triangle(1, 1, 2), doubled_triangle(1, 1, 1)
    (True, False)
    """
    return abs(a - b) <= c <= a + b and not (a + b + c) & 1


def has_parity(total: int, parity: str) -> bool:
    """Return whether J = total belongs to "all", "even" or "odd".

    >>> has_parity(3, "odd"), has_parity(3, "even")
    (True, False)
    """
    return parity == "all" or (total & 1) == (parity == "odd")


def paths(lmax1: int, lmax2: int | None = None, lmax3: int | None = None, parity: str = "all") -> Iterator[Path]:
    """Yield the paths (l1, l2, l3) with l_i <= lmax_i in lexicographic order; a missing lmax is
    the first one.

    >>> list(paths(1))
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)]
    >>> list(paths(1, parity="odd"))
    [(1, 1, 1)]
    """
    lmax2 = lmax1 if lmax2 is None else lmax2
    lmax3 = lmax1 if lmax3 is None else lmax3
    for l1 in range(lmax1 + 1):
        for l2 in range(lmax2 + 1):
            for l3 in range(abs(l1 - l2), min(l1 + l2, lmax3) + 1):
                if has_parity(l1 + l2 + l3, parity):
                    yield l1, l2, l3


def complex_orders(l1: int, l2: int, l3: int) -> Iterator[Path]:
    """Yield the orders (m1, m2, m3) with m1 + m2 + m3 = 0, in lexicographic order.

    >>> list(complex_orders(1, 0, 1))
    [(-1, 0, 1), (0, 0, 0), (1, 0, -1)]
    """
    for m1 in range(-l1, l1 + 1):
        for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
            yield m1, m2, -m1 - m2


def real_orders(l1: int, l2: int, l3: int) -> Iterator[Path]:
    """Yield the real orders that the selection rules allow, in lexicographic order.

    Some |m| is the sum of the other two, and the number of negative orders has the parity of J.

    >>> list(real_orders(1, 1, 1))
    [(-1, 0, 1), (-1, 1, 0), (0, -1, 1), (0, 1, -1), (1, -1, 0), (1, 0, -1)]
    """
    odd = (l1 + l2 + l3) & 1
    for m1 in range(-l1, l1 + 1):
        for m2 in range(-l2, l2 + 1):
            total, gap = abs(m1) + abs(m2), abs(abs(m1) - abs(m2))
            negative = ((m1 < 0) + (m2 < 0) + odd) & 1
            sizes = {total, gap}
            yield from (
                (m1, m2, -m if negative else m) for m in _ordered(sizes, negative) if m <= l3 and (m or not negative)
            )


def _ordered(sizes: set[int], negative: int) -> list[int]:
    return sorted(sizes, reverse=bool(negative))


def orders(l1: int, l2: int, l3: int, basis: str) -> Iterator[Path]:
    """Yield the orders that the selection rules of the basis allow, in lexicographic order.

    >>> sum(1 for _ in orders(2, 2, 2, "complex")), sum(1 for _ in orders(2, 2, 2, "real"))
    (19, 25)
    """
    return complex_orders(l1, l2, l3) if basis == "complex" else real_orders(l1, l2, l3)

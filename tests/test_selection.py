"""Selection rules, enumerations and indices: each against a filter over everything."""

from __future__ import annotations

from itertools import product

import pytest

from coupling.conventions import parity_sign
from coupling.exact.rounding import isqrt_exact
from coupling.indexing import degree_order, degree_slice, flat_index, flat_size, path_count, path_index
from coupling.selection import (
    PARITIES,
    complex_orders,
    doubled_triangle,
    has_parity,
    orders,
    paths,
    real_orders,
    triangle,
)


def test_triangle_rule(lmax: int) -> None:
    """No degree exceeds the sum of the other two; as many third degrees as min(2l1, 2l2) + 1."""
    met = 0
    for l in product(range(2 * lmax + 1), repeat=3):
        assert triangle(*l) == (2 * max(l) <= sum(l))
        assert doubled_triangle(*l) == (triangle(*l) and sum(l) % 2 == 0)
        met += triangle(*l) and l[2] <= lmax and max(l[:2]) * 2 <= lmax
    inside = range(lmax // 2 + 1)
    assert met == sum(2 * min(a, b) + 1 for a, b in product(inside, repeat=2))


@pytest.mark.parametrize("parity", PARITIES)
def test_paths_are_a_filter_in_lexicographic_order(parity: str, lmax: int) -> None:
    for limits in ((lmax, lmax, lmax), (lmax, 2, 2 * lmax), (1, lmax, 0), (0, 0, 0)):
        everything = product(*(range(limit + 1) for limit in limits))
        expected = [l for l in everything if 2 * max(l) <= sum(l) and parity in ("all", ("even", "odd")[sum(l) % 2])]
        assert list(paths(*limits, parity=parity)) == expected
    assert list(paths(lmax, parity=parity)) == list(paths(lmax, lmax, lmax, parity=parity))


def test_path_counts() -> None:
    """Degrees 0 … L in, 0 … 2L out: even (L+1)(L+2)(2L+3)/6, odd L(L+1)(2L+1)/6, so odd(L) = even(L-1)."""
    even_before = 0
    for l in range(12):
        even = sum(1 for _ in paths(l, l, 2 * l, parity="even"))
        odd = sum(1 for _ in paths(l, l, 2 * l, parity="odd"))
        assert even == (l + 1) * (l + 2) * (2 * l + 3) // 6
        assert odd == l * (l + 1) * (2 * l + 1) // 6 == even_before
        assert path_count(l, l, 2 * l) == even + odd
        even_before = even


def test_path_index_inverts_the_list(lmax: int) -> None:
    for limits in ((lmax, lmax, lmax), (lmax, 2, 2 * lmax), (1, lmax, 3)):
        listed = list(paths(*limits))
        assert [path_index(*path, *limits) for path in listed] == list(range(path_count(*limits)))


def test_flat_index_inverts_the_list(lmax: int) -> None:
    listed = [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
    assert [flat_index(l, m) for l, m in listed] == list(range(flat_size(lmax)))
    assert [degree_order(i) for i in range(flat_size(lmax))] == listed
    for l in range(lmax + 1):
        assert listed[degree_slice(l)] == [(l, m) for m in range(-l, l + 1)]


def all_orders(l: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(-x, x + 1) for x in l)))


def test_complex_orders_are_a_filter(lmax: int) -> None:
    met = 0
    for l in paths(lmax):
        listed = list(complex_orders(*l))
        assert listed == list(orders(*l, "complex")) == [m for m in all_orders(l) if sum(m) == 0]
        met += len(listed)
    assert met == sum(hexagon(*l) for l in paths(lmax))


def hexagon(l1: int, l2: int, l3: int) -> int:
    """The orders of sum zero are a hexagon of the triangular lattice with sides x, y, z = J-2l1, J-2l2, J-2l3."""
    x, y, z = l2 + l3 - l1, l3 + l1 - l2, l1 + l2 - l3
    return x * y + y * z + z * x + x + y + z + 1


def test_real_orders_are_a_filter(lmax: int) -> None:
    """The largest |m| is the sum of the other two; the number of negative orders has the parity of J."""
    met = 0
    for l in paths(lmax):
        listed = list(real_orders(*l))
        balanced = [m for m in all_orders(l) if 2 * max(map(abs, m)) == sum(map(abs, m))]
        expected = [m for m in balanced if sum(x < 0 for x in m) % 2 == sum(l) % 2]
        assert listed == list(orders(*l, "real")) == expected
        met += len(listed)
    assert met == sum(real_count(*l) for l in paths(lmax))


def real_count(l1: int, l2: int, l3: int) -> int:
    """Each complex choice without a zero order gives two real ones, with one zero order one, and the three zeros one
    for even J."""
    with_zeros = 2 * (min(l1, l2) + min(l2, l3) + min(l3, l1))
    return 2 * (hexagon(l1, l2, l3) - 1 - with_zeros) + with_zeros + 1 - (l1 + l2 + l3) % 2


def test_parity_and_roots() -> None:
    assert [parity_sign(n) for n in range(-5, 6)] == [-1, 1] * 5 + [-1]
    assert all(type(parity_sign(n)) is int for n in range(-5, 6))
    assert [[has_parity(n, p) for n in (3, 4)] for p in PARITIES] == [[True, True], [False, True], [True, False]]
    squares = {n * n: n for n in range(40)}
    assert [isqrt_exact(n) for n in range(1600)] == [squares.get(n) for n in range(1600)]
    assert isqrt_exact(10**400) == 10**200
    assert isqrt_exact(10**400 + 1) is None

"""Wigner 6j and 9j symbols: their definition by 3j symbols, symmetries and sum rules, in exact arithmetic."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product

import numpy as np
import pytest

from coupling.conventions import parity_sign
from coupling.exact import Surd, wigner_6j, wigner_9j
from tests.domain import (
    count_six,
    couples,
    half,
    orders,
    six_degrees,
    sixj,
    third_degrees,
    threej,
    triad_indicator,
    triads,
)


def test_6j_is_the_sum_over_four_3j_symbols(lmax: int) -> None:
    """{j1 j2 j3; j4 j5 j6} = Σ (-1)^Σ(j-m) 3j(j1 j2 j3; -m1 -m2 -m3) 3j(j1 j5 j6; m1 -m5 m6) 3j(j4 j2 j6; m4 m2 -m6)
    3j(j4 j5 j3; -m4 m5 m3) (Edmonds 1957, section 6.2)."""
    met = 0
    for degrees in six_degrees(lmax):
        assert sixj(*degrees) == _contraction(*degrees), degrees
        met += 1
    assert met == count_six(lmax)


def _contraction(a: int, b: int, c: int, d: int, e: int, f: int) -> Surd:
    total = Surd(0)
    for p, q, s in product(orders(a), orders(b), orders(d)):
        r, u = -p - q, q + s  # m3 and m6; m5 follows
        t = p + u
        if abs(r) <= c and abs(u) <= f and abs(t) <= e:
            sign = parity_sign((a + b + c + d + e + f - p - q - r - s - t - u) // 2)
            first, second = threej(a, b, c, -p, -q, -r), threej(a, e, f, p, -t, u)
            total += sign * first * second * threej(d, b, f, s, q, -u) * threej(d, e, c, -s, t, r)
    return total


def test_the_144_symmetries_of_the_6j_symbol(lmax: int) -> None:
    """Columns permuted, two columns turned over, and Regge's exchange of half sums generate all of them."""
    met = 0
    for a, b, c, d, e, f in six_degrees(lmax):
        value, s = sixj(a, b, c, d, e, f), (b + c + e + f) // 2
        for p in permutations(((a, d), (b, e), (c, f))):
            assert value == sixj(*(x for x, _ in p), *(y for _, y in p))
        assert value == sixj(a, e, f, d, b, c)
        assert value == sixj(a, s - b, s - c, d, s - e, s - f)
        met += 1
    assert met == count_six(lmax)


def test_6j_zero_outside_the_triads(lmax: int) -> None:
    limit = lmax - 1
    inside = set(six_degrees(limit))
    outside = [degrees for degrees in product(range(limit + 1), repeat=6) if degrees not in inside]
    assert all(sixj(*degrees) == 0 for degrees in outside)
    assert len(outside) == (limit + 1) ** 6 - count_six(limit)


def test_6j_orthogonality(lmax: int) -> None:
    """Σ_x (2x+1)(2y+1) {a b x; c d y} {a b x; c d y'} = δ(y, y')."""
    met = 0
    for a, b, c, d in product(range(lmax + 1), repeat=4):
        allowed = [y for y in third_degrees(a, d) if couples(b, c, y)]
        for y, y2 in product(allowed, repeat=2):
            total = Surd(0)
            for x in third_degrees(a, b):
                total += (x + 1) * (y + 1) * sixj(a, b, x, c, d, y) * sixj(a, b, x, c, d, y2)
            assert total == int(y == y2), (a, b, c, d, y, y2)
            met += 1
    t = np.zeros((lmax + 1, lmax + 1, 2 * lmax + 1), dtype=int) + triad_indicator(2 * lmax)[: lmax + 1, : lmax + 1]
    assert met == np.einsum("ady,bcy,adz,bcz->", t, t, t, t, optimize=True)


def test_racah_back_coupling(lmax: int) -> None:
    """Σ_x (-1)^(p+q+x) (2x+1) {a b x; c d p} {a b x; d c q} = {a c q; b d p} (Edmonds 1957, eq. 6.2.11)."""
    met = 0
    for a, b, c, d, p, q in product(range(lmax + 1), repeat=6):
        if not (couples(a, d, p) and couples(b, c, p) and couples(a, c, q) and couples(b, d, q)):
            continue
        total = Surd(0)
        for x in third_degrees(a, b):
            sign = parity_sign((p + q + x) // 2)
            total += sign * (x + 1) * sixj(a, b, x, c, d, p) * sixj(a, b, x, d, c, q)
        assert total == sixj(a, c, q, b, d, p), (a, b, c, d, p, q)
        met += 1
    t = triad_indicator(lmax)
    assert met == np.einsum("adp,bcp,acq,bdq->", t, t, t, t, optimize=True)


def test_biedenharn_elliott(lmax: int) -> None:
    """Σ_x (-1)^(R+x) (2x+1) {a b x; c d p} {c d x; e f q} {e f x; b a r} = {p q r; e a d} {p q r; f b c} with R the
    sum of the nine degrees (Edmonds 1957, eq. 6.2.12): the associativity of recoupling."""
    limit = max(2, lmax - 1)
    met = 0
    for p, q, r in triads(limit):
        for a, d, e, b, c, f in product(range(limit + 1), repeat=6):
            if not (couples(p, a, d) and couples(e, q, d) and couples(e, a, r)):
                continue
            if not (couples(p, b, c) and couples(f, q, c) and couples(f, b, r)):
                continue
            total, common = Surd(0), a + b + c + d + e + f + p + q + r
            for x in third_degrees(a, b):
                term = sixj(a, b, x, c, d, p) * sixj(c, d, x, e, f, q) * sixj(e, f, x, b, a, r)
                total += parity_sign((common + x) // 2) * (x + 1) * term
            assert total == sixj(p, q, r, e, a, d) * sixj(p, q, r, f, b, c)
            met += 1
    t = triad_indicator(limit)
    assert met == np.einsum("pqr,pad,eqd,ear,pbc,fqc,fbr->", *[t] * 7, optimize=True)


def test_6j_with_a_zero_degree(lmax: int) -> None:
    """{a b c; 0 c b} = (-1)^(a+b+c) / √((2b+1)(2c+1))."""
    met = 0
    for a, b, c in triads(2 * lmax):
        assert sixj(a, b, c, 0, c, b) == Surd(parity_sign((a + b + c) // 2), 1, (b + 1) * (c + 1))
        met += 1
    assert met == triad_indicator(2 * lmax).sum()


@cache
def ninej(*doubled: int) -> Surd:
    return wigner_9j(*map(half, doubled))


def nine_degrees(limit: int) -> list[tuple[int, ...]]:
    rows = list(triads(limit))
    return [
        r + s + t
        for r, s in product(rows, repeat=2)
        for t in product(*([x for x in third_degrees(p, q) if x <= limit] for p, q in zip(r, s, strict=True)))
        if couples(*t)
    ]


def count_nine(limit: int) -> int:
    t = triad_indicator(limit)
    return int(np.einsum("abc,def,ghi,adg,beh,cfi->", *[t] * 6, optimize=True))


@pytest.fixture(scope="module")
def nines(lmax: int) -> list[tuple[int, ...]]:
    limit = max(2, lmax - 1)
    found = nine_degrees(limit)
    assert len(found) == count_nine(limit)
    return found


def test_the_72_symmetries_of_the_9j_symbol(nines: list[tuple[int, ...]]) -> None:
    """Exchanging two rows or two columns gives (-1)^(sum of the degrees); the transpose changes nothing."""
    met = 0
    for a, b, c, d, e, f, g, h, i in nines:
        value = ninej(a, b, c, d, e, f, g, h, i)
        signed = parity_sign((a + b + c + d + e + f + g + h + i) // 2) * value
        assert ninej(d, e, f, a, b, c, g, h, i) == signed
        assert ninej(a, b, c, g, h, i, d, e, f) == signed
        assert ninej(a, d, g, b, e, h, c, f, i) == value
        met += 1
    assert met == len(nines)


def test_9j_with_a_zero_degree_is_a_6j_symbol(lmax: int) -> None:
    """{a b c; d e c; g g 0} = (-1)^(b+c+d+g) / √((2c+1)(2g+1)) {a b c; e d g} (Edmonds 1957, eq. 6.4.14)."""
    met = 0
    for a, b, c, e, d, g in six_degrees(lmax):
        factor = Surd(parity_sign((b + c + d + g) // 2), 1, (c + 1) * (g + 1))
        assert ninej(a, b, c, d, e, c, g, g, 0) == factor * sixj(a, b, c, e, d, g)
        met += 1
    assert met == count_six(lmax)


def test_9j_orthogonality() -> None:
    """Σ_{c f} (2c+1)(2f+1)(2g+1)(2h+1) {a b c; d e f; g h j} {a b c; d e f; g' h' j} = δ(g, g') δ(h, h')."""
    met = 0
    for a, b, d, e in product(range(4), repeat=4):
        for j in range((a + b + d + e) % 2, a + b + d + e + 1, 2):
            lower = [(g, h) for g in third_degrees(a, d) for h in third_degrees(b, e) if couples(g, h, j)]
            for (g, h), (g2, h2) in product(lower, repeat=2):
                total = Surd(0)
                for c, f in product(third_degrees(a, b), third_degrees(d, e)):
                    pair = ninej(a, b, c, d, e, f, g, h, j) * ninej(a, b, c, d, e, f, g2, h2, j)
                    total += (c + 1) * (f + 1) * (g + 1) * (h + 1) * pair
                assert total == int((g, h) == (g2, h2))
                met += 1
    t = triad_indicator(12)
    small = t[:4, :4]
    assert met == np.einsum("adg,beh,ghj,adk,bel,klj->", small, small, t, small, small, t, optimize=True)


def test_9j_is_the_sum_over_six_3j_symbols() -> None:
    """All degrees up to 1: Σ over all orders of the 3j symbols of the three rows and the three columns."""
    met = 0
    for degrees in nine_degrees(2):
        rows, columns = [degrees[k : k + 3] for k in (0, 3, 6)], [degrees[k::3] for k in range(3)]
        total = Surd(0)
        for first, second in product(_orders(rows[0]), _orders(rows[1])):
            third = tuple(-p - q for p, q in zip(first, second, strict=True))
            term = threej(*rows[0], *first) * threej(*rows[1], *second) * threej(*rows[2], *third)
            for column, ms in zip(columns, zip(first, second, third, strict=True), strict=True):
                term = term * threej(*column, *ms)
            total += term
        assert ninej(*degrees) == total, degrees
        met += 1
    assert met == count_nine(2)


def _orders(js: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [ms for ms in product(*map(orders, js)) if sum(ms) == 0]


def test_6j_at_large_degree_keeps_its_symmetry_and_sum_rule() -> None:
    """Σ_x (2x+1)(2y+1) {a b x; a b y}² = 1 at degrees near 40, where doubles overflow in the factorials."""
    a, b, y = 41, 77, 50
    total = Surd(0)
    for x in third_degrees(a, b):
        value = wigner_6j(half(a), half(b), half(x), half(a), half(b), half(y))
        assert value == wigner_6j(half(x), half(b), half(a), half(y), half(b), half(a))
        total += (x + 1) * (y + 1) * value * value
    assert total == 1

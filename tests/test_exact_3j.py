"""Wigner 3j symbols and Clebsch-Gordan coefficients: the identities that determine them, in exact arithmetic.

The ladder relation, the norm and one positive sign per symbol fix every 3j symbol (Edmonds 1957, section 3.7); all
three are tested on all integer and half-integer degrees up to lmax.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product
from math import comb

import pytest

from coupling.conventions import parity_sign
from coupling.exact import Surd, clebsch_gordan, wigner_3j
from tests.domain import couples, half, orders, orders_with_sum, third_degrees, threej, triad_indicator, triads


def test_ladder_operators_annihilate_the_symbol(lmax: int) -> None:
    """Σ_i √((j_i-m_i)(j_i+m_i+1)) 3j(…, m_i+1, …) = 0 for m1+m2+m3 = -1."""
    met = 0
    for js in triads(2 * lmax):
        for ms in _orders_summing_to(-2, js):
            total = Surd(0)
            for slot, (j, m) in enumerate(zip(js, ms, strict=True)):
                raised = [*ms]
                raised[slot] += 2
                if m < j:
                    total += Surd(1, (j - m) // 2 * ((j + m) // 2 + 1)) * threej(*js, *raised)
            assert total == 0, (js, ms)
            met += 1
    assert met == sum(orders_with_sum(-2, *js) for js in triads(2 * lmax))


def _orders_summing_to(total: int, js: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    return [(p, q, total - p - q) for p in orders(js[0]) for q in orders(js[1]) if abs(total - p - q) <= js[2]]


def test_phase_of_condon_and_shortley(lmax: int) -> None:
    """⟨j1 j1 j2 j3-j1 | j3 j3⟩ is positive."""
    met = 0
    for a, b, c in triads(2 * lmax):
        assert clebsch_gordan(half(a), half(b), half(c), half(a), half(c - a), half(c)) > 0
        met += 1
    assert met == triad_indicator(2 * lmax).sum()


def test_orthogonality_over_orders(lmax: int) -> None:
    """(2j3+1) Σ_{m1 m2} 3j(j1 j2 j3; m1 m2 m3) 3j(j1 j2 j3'; m1 m2 m3) = δ(j3, j3')."""
    met = expected = 0
    for a, b in product(range(2 * lmax + 1), repeat=2):
        degrees = third_degrees(a, b)
        expected += sum((c + 1) * (2 * (len(degrees) - i) - 1) for i, c in enumerate(degrees))
        for c, d in product(degrees, repeat=2):
            for r in orders(min(c, d)):
                total = Surd(0)
                for p in range(max(-a, -b - r), min(a, b - r) + 1, 2):
                    total += threej(a, b, c, p, -p - r, r) * threej(a, b, d, p, -p - r, r)
                assert (c + 1) * total == int(c == d), (a, b, c, d, r)
                met += 1
    assert met == expected


def test_orthogonality_over_degrees(lmax: int) -> None:
    """Σ_{j3 m3} (2j3+1) 3j(j1 j2 j3; m1 m2 m3) 3j(j1 j2 j3; m1' m2' m3) = δ(m1, m1') δ(m2, m2')."""
    met = expected = 0
    for a, b in product(range(2 * lmax + 1), repeat=2):
        expected += sum(orders_with_sum(total, a, b) ** 2 for total in orders(a + b))
        for p, q, p2 in product(orders(a), orders(b), orders(a)):
            q2 = p + q - p2
            if abs(q2) > b:
                continue
            total = Surd(0)
            for c in third_degrees(a, b):
                total += (c + 1) * threej(a, b, c, p, q, -p - q) * threej(a, b, c, p2, q2, -p - q)
            assert total == int(p == p2), (a, b, p, q, p2)
            met += 1
    assert met == expected


def test_clebsch_gordan_matrix_is_orthogonal(lmax: int) -> None:
    """Σ_{m1 m2} ⟨j1 m1 j2 m2 | j3 m3⟩ ⟨j1 m1 j2 m2 | j3' m3⟩ = δ(j3, j3')."""
    met = 0
    for a, b in product(range(lmax + 1), repeat=2):
        rows = [(c, r) for c in third_degrees(a, b) for r in orders(c)]
        assert len(rows) == (a + 1) * (b + 1)
        for (c, r), (d, s) in product(rows, repeat=2):
            total = Surd(0)
            for p, q in product(orders(a), orders(b)):
                if r == s == p + q:
                    total += _cg(a, b, c, p, q, r) * _cg(a, b, d, p, q, s)
            assert total == int((c, r) == (d, s))
            met += 1
    assert met == sum((n + 1) ** 2 for n in range(lmax + 1)) ** 2


def _cg(*doubled: int) -> Surd:
    return clebsch_gordan(*map(half, doubled))


def test_clebsch_gordan_is_a_3j_symbol(lmax: int) -> None:
    """⟨j1 m1 j2 m2 | j3 m3⟩ = (-1)^(j1-j2+m3) √(2j3+1) 3j(j1 j2 j3; m1 m2 -m3)."""
    met = 0
    for a, b, c in triads(lmax):
        for p, q, r in product(orders(a), orders(b), orders(c)):
            sign = parity_sign((a - b + r) // 2)
            assert _cg(a, b, c, p, q, r) == sign * Surd(1, c + 1) * threej(a, b, c, p, q, -r)
            met += 1
    assert met == sum((a + 1) * (b + 1) * (c + 1) for a, b, c in triads(lmax))


def magic_squares(total: int) -> list[tuple[int, ...]]:
    """The 3×3 squares of integers >= 0 whose rows and columns have a sum, row after row."""
    lines = [(i, k, total - i - k) for i in range(total + 1) for k in range(total + 1 - i)]
    columns = ((r, s, tuple(total - x - y for x, y in zip(r, s, strict=True))) for r, s in product(lines, repeat=2))
    return [r + s + t for r, s, t in columns if min(t) >= 0]


def regge_symbol(square: tuple[int, ...]) -> Surd:
    """The 3j symbol of a Regge square: rows -j1+j2+j3 …, j1-m1 …, j1+m1 … (Regge 1958)."""
    degrees = [square[3 + i] + square[6 + i] for i in range(3)]
    ms = [square[6 + i] - square[3 + i] for i in range(3)]
    return threej(*degrees, *ms)


def regge_symmetries() -> dict[tuple[int, ...], bool]:
    """Where each entry of the permuted square comes from, and whether the sign is (-1)^J."""
    found = {}
    for rows, columns in product(permutations(range(3)), repeat=2):
        places = tuple(3 * i + k for i in rows for k in columns)
        transposed = tuple(3 * k + i for i in rows for k in columns)
        found[places] = found[transposed] = is_odd(rows) != is_odd(columns)
    return found


def is_odd(permutation: tuple[int, ...]) -> bool:
    return sum(permutation[i] > permutation[k] for i in range(3) for k in range(i, 3)) % 2 == 1


def test_the_72_symmetries_of_regge(lmax: int) -> None:
    """Row and column permutations and the transpose of the Regge square: an odd permutation gives (-1)^J."""
    met = 0
    symmetries = regge_symmetries()
    assert len(symmetries) == 72
    for total in range(2 * lmax + 1):
        values = {square: regge_symbol(square) for square in magic_squares(total)}
        signed = {square: parity_sign(total) * value for square, value in values.items()}
        for square, value in values.items():
            for places, odd in symmetries.items():
                image = tuple([square[i] for i in places])
                assert (signed if odd else values)[image] == value, (square, places)
        met += len(values)
    # MacMahon's number of magic squares with line sum J; each is one 3j symbol with degrees of sum J
    assert met == sum(comb(n + 2, 4) + comb(n + 3, 4) + comb(n + 4, 4) for n in range(2 * lmax + 1))


def test_regge_squares_are_all_the_symbols(lmax: int) -> None:
    for total in range(lmax + 1):
        symbols = {
            (a, b, c, p, q, -p - q)
            for a, b in product(range(2 * total + 1), repeat=2)
            if couples(a, b, c := 2 * total - a - b)
            for p, q in product(orders(a), orders(b))
            if abs(p + q) <= c
        }
        assert len(symbols) == len(magic_squares(total))


def test_zero_outside_the_selection_rules(lmax: int) -> None:
    """All degrees and orders up to lmax, integer and half-integer: the rules are the only systematic zeros."""
    met = inside = 0
    for js in product(range(lmax + 1), repeat=3):
        for ms in product(*map(orders, js)):
            value = threej(*js, *ms)
            assert type(value) is Surd
            if couples(*js) and sum(ms) == 0:
                inside += 1
            else:
                assert value == 0 and repr(value) == "0", (js, ms)
            met += 1
    assert met == ((lmax + 1) * (lmax + 2) // 2) ** 3
    assert inside == sum(orders_with_sum(0, *js) for js in triads(lmax))


def test_squares_add_up_to_one(lmax: int) -> None:
    """Σ 3j² = 1 over all orders of a symbol: the rational squares alone, without signs."""
    met = 0
    for js in triads(2 * lmax):
        squares = [threej(*js, *ms).square for ms in _orders_summing_to(0, js)]
        assert sum(squares, Fraction(0)) == 1
        met += len(squares)
    assert met == sum(orders_with_sum(0, *js) for js in triads(2 * lmax))


@pytest.mark.parametrize("degree", [50, 75.5, 200])
def test_stretched_symbols_at_large_degree(degree: float) -> None:
    """3j(j j 2j; m1 m2 m3) = (-1)^(m1+m2) √[binom(2j, j+m1) binom(2j, j+m2) / ((4j+1) binom(4j, 2j+m1+m2))]."""
    j = int(2 * degree)
    met = 0
    for p in orders(j):
        for q in (j, p, -p):
            value = wigner_3j(half(j), half(j), j, half(p), half(q), -half(p + q))
            above, below = comb(j, (j + p) // 2) * comb(j, (j + q) // 2), comb(2 * j, j + (p + q) // 2)
            assert value.square == Fraction(above, (2 * j + 1) * below)
            assert value.sign == parity_sign((p + q) // 2)
            met += 1
    assert met == 3 * (j + 1)

"""The certificate: its reference against the exact functions, one by one, and what it says of damaged tables."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.conventions import BASES, FAMILIES, parity_sign
from coupling.exact.blocks import binomials, integer_rows, rounded_block
from coupling.exact.real import real_term
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import racah_sum, wigner_3j
from coupling.families import family as known
from coupling.families import records
from coupling.numbers import accuracy
from coupling.numbers.accuracy import certify_table, exact_entries, orders_of, real_terms
from coupling.numbers.tabulation import Tabulation, tabulate
from coupling.selection import orders, paths


def exact(family: str, basis: str, l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """The exact coefficient of an entry: complex Clebsch-Gordan tables negate the third order; no i."""
    value = known(family).exact(basis)(l1, l2, l3, m1, m2, -m3 if (family, basis) == FLIPPED else m3)
    return Surd(value.sign, value.numerator, value.denominator, value.pi_power)


FLIPPED = ("clebsch_gordan", "complex")


def test_rows_of_integers_are_racah_sums(lmax: int) -> None:
    met = 0
    for l1, l2, l3 in paths(lmax + 2):
        a, b, c = l1 + l2 - l3, -l1 + l2 + l3, l1 - l2 + l3
        rows = np.array(list(integer_rows(l1, l2, l3)))
        for m1, m2, m3 in orders(l1, l2, l3, "complex"):
            expected = parity_sign(l1 - l2 - m3) * racah_sum(a, b, c, l1 - m1, l2 + m2)
            assert rows[m1 + l1, m2 + l2] == expected
            met += 1
        # and nothing else
        assert np.count_nonzero(rows) <= sum(1 for _ in orders(l1, l2, l3, "complex"))
    assert met == sum(1 for path in paths(lmax + 2) for _ in orders(*path, "complex"))


@pytest.mark.parametrize("path", [(40, 60, 70), (3, 300, 302), (150, 150, 300), (90, 91, 92)])
def test_rows_of_large_degrees_end_as_they_must(path: tuple[int, int, int]) -> None:
    """Each row follows from the one before; the last is the first one mirrored, and some are summed afresh."""
    l1, l2, l3 = path
    a, b, c = l1 + l2 - l3, -l1 + l2 + l3, l1 - l2 + l3
    rows = list(integer_rows(*path))
    assert (rows[-1][::-1] == parity_sign(sum(path)) * rows[0]).all()
    assert (rows[l1][::-1] == parity_sign(sum(path)) * rows[l1]).all()
    for p1 in (0, 1, l1, 2 * l1):
        for p2 in range(max(0, a - p1), 2 * l2 + 1, 7):
            if sum(path) - p1 - p2 >= 0:
                expected = parity_sign(l1 - l2 + p1 - l1 + p2 - l2) * racah_sum(a, b, c, 2 * l1 - p1, p2)
                assert rows[p1][p2] == expected


def test_binomials_are_those_of_the_library() -> None:
    assert all(binomials(n) == [comb(n, k) for k in range(n + 1)] for n in range(40))


def test_orders_and_signs_are_those_of_the_exact_functions() -> None:
    met = 0
    for path in paths(6, 4, 8):
        for basis in BASES:
            assert orders_of(path, basis).T.tolist() == [list(o) for o in orders(*path, basis)], path
        listed = list(orders(*path, "real"))
        signs, mu = real_terms(sum(path), np.array(listed).T)
        for sign, turned, entry in zip(signs, mu.T.tolist(), listed, strict=True):
            term = real_term(sum(path), *entry)
            assert term is not None and (sign, tuple(turned)) == (term[0], term[2])
            met += 1
    assert met == sum(1 for path in paths(6, 4, 8) for _ in orders(*path, "real"))


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_reference_is_the_exact_function(family: str, basis: str, lmax: int) -> None:
    """Every entry of every ordering: its value, its distance to the exact one, its last place."""
    table = tabulate(family, lmax, basis)
    met = 0
    with mpmath.workdps(50):
        for index, found in exact_entries(table):
            path = table.paths[index].tolist()
            for entry, value, distance, unit in zip(orders(*path, basis), *found, strict=True):
                true = exact(family, basis, *path, *entry)
                assert value == float(true), (path, entry)
                number = true.sign * mpmath.sqrt(mpmath.mpf(true.numerator) / true.denominator)
                number *= mpmath.pi ** (mpmath.mpf(-true.pi_power) / 2)
                assert abs((value - number) / mpmath.mpf(2) ** int(unit) - distance) < 1e-15
                if number:
                    assert 2**52 <= abs(number) / mpmath.mpf(2) ** int(unit) <= 2**53
                met += 1
    assert met == table.values.size > 500


def test_the_reference_goes_down_to_subnormal_numbers() -> None:
    kinds = set()
    for exponent in range(1010, 1090):
        small = Surd(1, 1, 4**exponent)
        block = rounded_block(2, 3, 4, small)
        for m1, m2, m3 in orders(2, 3, 4, "complex"):
            true = small * wigner_3j(2, 3, 4, m1, m2, m3)
            value = block.values[m1 + 2, m2 + 3]
            assert value == float(true) and block.unit[m1 + 2, m2 + 3] >= -1074
            kinds.add(
                "zero" if not true else "lost" if not value else "subnormal" if abs(value) < 2**-1022 else "normal"
            )
    assert kinds == {"zero", "lost", "subnormal", "normal"}


def damaged(table: Tabulation, index: int, value: float) -> Tabulation:
    values = table.values.copy()
    values[index] = value
    return replace(table, values=values)


@pytest.mark.parametrize("basis", BASES)
def test_damage_is_found_and_counted(basis: str) -> None:
    table = tabulate("wigner_3j", 4, basis)
    assert certify_table(table).passed
    index = int(np.argmax(table.values * (table.values < 0.5)))
    zero = int(np.flatnonzero(table.values == 0)[3])
    value = table.values[index]

    off = certify_table(damaged(table, index, np.nextafter(value, 2)))
    assert (off.passed, off.misrounded, off.false_zeros, off.false_nonzeros) == (False, 1, 0, 0)
    assert 0.5 < off.ulp <= 1.5

    lost = certify_table(damaged(table, index, 0.0))
    assert (lost.passed, lost.misrounded, lost.false_zeros, lost.false_nonzeros) == (False, 1, 1, 0)
    assert 2**52 <= lost.ulp < 2**53 and lost.orthogonality > 0.01

    false = certify_table(damaged(table, zero, 5e-324))
    assert (false.passed, false.misrounded, false.false_zeros, false.false_nonzeros) == (False, 1, 0, 1)

    sign = certify_table(damaged(table, index, -value))
    assert not sign.passed and sign.ulp > 2**53

    broken = certify_table(damaged(table, index, float("nan")))
    assert not broken.passed and broken.misrounded == 1


def test_the_largest_error_is_that_of_the_exact_value() -> None:
    """3j(1 1 0; 0 0 0) = -1/√3: the distance of a double to it, from integers."""
    table = tabulate("wigner_3j", 1, "complex")
    values = np.where(abs(table.values) == 3**-0.5, table.values * (1 + 2**-51), table.values)
    found = certify_table(replace(table, values=values))
    x = Fraction(float(values[values < 0.9].max()))
    with mpmath.workdps(60):
        expected = (mpmath.mpf(x.numerator) / x.denominator - 1 / mpmath.sqrt(3)) * 2**53
        assert found.misrounded == np.count_nonzero(values != table.values) > 3
        assert abs(found.ulp - expected) < 1e-9


def test_the_command_prints_certificates_and_fails_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(main, ["check", "--accuracy", "--lmax", "2", "--path", "2", "3", "4"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    complete = [record for record in records() if not record.parameters]
    tables = sum(len(record.bases) for record in complete)
    odd = sum(len(record.bases) for record in complete if record.parity != "even")
    assert len(lines) == 2 + tables + odd >= 18 and all(line.count("|") == lines[0].count("|") for line in lines)
    assert lines[2].startswith("| all ≤ 2 | wigner_3j | complex | ")

    unusable = ["--accuracy", "real-l4"], [], ["--lmax", "3"], ["--accuracy", "--path", "1", "2", "9"]
    for arguments in unusable:
        assert CliRunner().invoke(main, ["check", *arguments]).exit_code == 2

    whole = accuracy.tabulate
    monkeypatch.setattr(accuracy, "tabulate", lambda *given: damaged(whole(*given), 0, 0.25))
    assert CliRunner().invoke(main, ["check", "--accuracy", "--lmax", "2"]).exit_code == 1

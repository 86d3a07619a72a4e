"""Lower bounds of border ranks: residues, ranks modulo a prime, and certificates that are computed again."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import comb

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.exact import Surd, wigner_3j
from coupling.lowrank import border
from coupling.lowrank.border import (
    CERTIFICATES,
    PRIME,
    SQUARES,
    bound_of,
    components,
    flattening_blocks,
    rank_modulo,
    residue,
    without,
)
from coupling.lowrank.bounds import koszul_flattening, rank_of

SMALL = next(one for one in CERTIFICATES if one.lmax == 2)


def test_the_prime_is_a_prime_with_these_squares() -> None:
    from sympy import isprime

    assert isprime(PRIME) and PRIME % 4 == 3 and PRIME < 2**31
    assert all(pow(square, (PRIME - 1) // 2, PRIME) == 1 for square in SQUARES)


def test_residues_are_a_homomorphism() -> None:
    numbers = [Surd(sign, a, b) for sign in (1, -1) for a in (1, 2, 6, 35) for b in (1, 3, 4, 10)]
    for one, other in product(numbers, repeat=2):
        assert residue(one * other) == residue(one) * residue(other) % PRIME
    assert (residue(Surd(1, 2)) + residue(Surd(1, 8)) - residue(Surd(1, 18))) % PRIME == 0
    for wrong in (Surd(1, 17), Surd(1, 2, unit=1), Surd(1, 1, 1, 1)):
        with pytest.raises(ValueError, match="residue"):
            residue(wrong)


def test_ranks_of_known_matrices() -> None:
    random = np.random.default_rng(0)
    for rank in (0, 1, 3, 6):
        matrix = np.zeros((6, 8), np.int64)
        for _ in range(rank):
            one, other = random.integers(1, PRIME, 6), random.integers(1, PRIME, 8)
            matrix = (matrix + one[:, None] * other % PRIME) % PRIME
        assert rank_modulo(matrix) == rank


def complex_tensor(lmax: int) -> np.ndarray:
    places = components(lmax)
    found = np.zeros((len(places),) * 3)
    for (i, (l1, m1)), (j, (l2, m2)), (k, (l3, m3)) in product(enumerate(places), repeat=3):
        found[i, j, k] = float(wigner_3j(l1, l2, l3, m1, m2, m3))
    return found


@pytest.mark.parametrize(("lmax", "p"), [(1, 1), (2, 1), (2, 2)])
def test_the_blocks_are_the_flattening(lmax: int, p: int) -> None:
    """The sum of the ranks of the blocks is the rank of the whole matrix in floats, from another route."""
    kept = without(lmax, (lmax, lmax))[: 2 * p + 1]
    places = [components(lmax).index(one) for one in kept]
    expected = rank_of(koszul_flattening(complex_tensor(lmax)[places], p))
    assert sum(map(rank_modulo, flattening_blocks(lmax, "unit", kept, p))) == expected


def test_the_bound_at_degree_two_is_seventeen() -> None:
    assert SMALL.bound == 17 and bound_of(SMALL) == 17
    ranks = [sum(map(rank_modulo, flattening_blocks(2, "unit", kept, 3))) for kept in SMALL.kept]
    assert len(ranks) == 3 and all(15 * comb(6, 3) < rank <= 9 * comb(7, 3) for rank in ranks)


def test_no_bound_exceeds_a_rank_that_is_known() -> None:
    """The weights of matrices have 23 terms, and a flattening of few components proves less."""
    assert bound_of(replace(SMALL, weights="matrix")) <= 23
    few = tuple(kept[:3] for kept in SMALL.kept)
    assert bound_of(replace(SMALL, p=1, kept=few)) < 17


def test_a_certificate_that_proves_nothing_is_refused() -> None:
    twice = (SMALL.kept[0][:6] + SMALL.kept[0][:1], *SMALL.kept[1:])
    inside = ((*SMALL.kept[0][:6], (0, 0)), *SMALL.kept[1:])
    for kept in (twice, inside, SMALL.kept[:2]):
        with pytest.raises(ValueError, match=r"kept|substitutions"):
            bound_of(replace(SMALL, kept=kept))


@pytest.mark.slow
def test_every_certificate_holds() -> None:
    assert all(bound_of(one) == one.bound for one in CERTIFICATES)


def test_the_command_computes_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.cli.study_verify.CERTIFICATES", (SMALL,))
    found = CliRunner().invoke(main, ["study", "verify", "--bounds"])
    assert found.exit_code == 0 and "border rank ≥ 17" in found.stdout
    monkeypatch.setattr(border, "residue", lambda value: 1)
    wrong = CliRunner().invoke(main, ["study", "verify", "--bounds"])
    assert wrong.exit_code == 1 and ", not 17" in wrong.stdout

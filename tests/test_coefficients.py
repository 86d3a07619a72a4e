"""The float layer: each number is the nearest double to the exact one, blocks hold them, normalizations are ratios."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import coupling
from coupling import exact
from coupling.conventions import BASES, FAMILIES
from coupling.exact import Surd
from coupling.families import family as known
from coupling.foreign.named import named
from coupling.numbers.compiled import FUNCTIONS as COMPILED
from coupling.numbers.normalizations import exact_normalization
from coupling.selection import paths
from tests.domain import count_six, half, orders, six_degrees, triads
from tests.rounding import is_nearest

#: family and basis → (float function, exact function); None where a block is the only float form
FUNCTIONS = {
    ("wigner_3j", "complex"): (coupling.wigner_3j, exact.wigner_3j),
    ("clebsch_gordan", "complex"): (coupling.clebsch_gordan, exact.clebsch_gordan),
    ("gaunt", "complex"): (coupling.gaunt, exact.gaunt),
    ("antisymmetric_gaunt", "complex"): (coupling.antisymmetric_gaunt, exact.antisymmetric_gaunt),
    ("wigner_3j", "real"): (None, exact.real_wigner_3j),
    ("clebsch_gordan", "real"): (None, exact.real_clebsch_gordan),
    ("gaunt", "real"): (coupling.real_gaunt, exact.real_gaunt),
    ("antisymmetric_gaunt", "real"): (coupling.real_antisymmetric_gaunt, exact.real_antisymmetric_gaunt),
}


def all_orders(l: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(-x, x + 1) for x in l)))


@pytest.mark.parametrize(("family", "basis"), list(FUNCTIONS))
def test_blocks_and_functions_are_the_nearest_doubles(family: str, basis: str, lmax: int) -> None:
    """Every entry of every block, systematic zeros included, against the exact value and the scalar function."""
    function, exact_function = FUNCTIONS[family, basis]
    imaginary = (family, basis) == ("antisymmetric_gaunt", "complex")
    limit = min(lmax, 4)
    met = 0
    for l in product(range(limit + 1), repeat=3):
        block = coupling.block(family, *l, basis)
        assert block.shape == tuple(2 * x + 1 for x in l)
        assert block.dtype == (complex if imaginary else float)
        for m in all_orders(l):
            value, entry = exact_function(*l, *m), block[tuple(x + y for x, y in zip(l, m, strict=True))]
            if imaginary:
                value, entry = value * Surd(-1, unit=1), check_imaginary(entry)
            assert is_nearest(entry, value), (l, m)
            if function is not None:
                result = function(*l, *m)
                assert type(result) is (complex if imaginary else float)
                assert result == (entry * 1j if imaginary else entry)
            met += 1
    assert met == (limit + 1) ** 6


def check_imaginary(entry: complex) -> float:
    assert entry.real == 0
    return float(entry.imag)


def test_half_integer_functions_are_the_nearest_doubles(lmax: int) -> None:
    met = 0
    for js in triads(lmax):
        for ms in product(*map(orders, js)):
            arguments = [half(x) for x in (*js, *ms)]
            for name in ("wigner_3j", "clebsch_gordan"):
                assert is_nearest(getattr(coupling, name)(*arguments), getattr(exact, name)(*arguments))
            met += 1
    assert met == sum((a + 1) * (b + 1) * (c + 1) for a, b, c in triads(lmax))


def test_6j_and_9j_are_the_nearest_doubles(lmax: int) -> None:
    degrees = [tuple(map(half, js)) for js in six_degrees(lmax)]
    for a, b, c, d, e, f in degrees:
        value = coupling.wigner_6j(a, b, c, d, e, f)
        assert is_nearest(value, exact.wigner_6j(a, b, c, d, e, f))
        nine = (a, b, c, e, d, c, f, f, 0)
        assert is_nearest(coupling.wigner_9j(*nine), exact.wigner_9j(*nine))
    assert len(degrees) == count_six(lmax)


@pytest.mark.parametrize(("family", "basis"), list(FUNCTIONS))
def test_a_block_is_fresh_and_the_basis_defaults_to_real(family: str, basis: str) -> None:
    first = coupling.block(family, 1, 1, 1, basis)
    expected = first.copy()
    first[:] = 7
    np.testing.assert_array_equal(coupling.block(family, 1, 1, 1, basis), expected)
    if basis == "real":
        np.testing.assert_array_equal(coupling.block(family, 1, 1, 1), expected)


def test_real_clebsch_gordan_is_an_orthogonal_change_of_basis(lmax: int) -> None:
    """The blocks of all l3 side by side are an orthogonal matrix of side (2l1+1)(2l2+1); the complex ones as well."""
    met = 0
    for (l1, l2), basis in product(product(range(lmax + 1), repeat=2), BASES):
        side = (2 * l1 + 1) * (2 * l2 + 1)
        columns = [
            coupling.block("clebsch_gordan", l1, l2, l3, basis).reshape(side, -1)
            for l3 in range(abs(l1 - l2), l1 + l2 + 1)
        ]
        matrix = np.concatenate(columns, axis=1)
        assert matrix.shape == (side, side)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(side), atol=1e-14)
        met += 1
    assert met == 2 * (lmax + 1) ** 2


@pytest.mark.parametrize("family", FAMILIES)
def test_normalization_is_the_ratio_of_real_blocks(family: str, lmax: int) -> None:
    tensor = coupling.normalization(family, lmax)
    assert tensor.shape == (lmax + 1,) * 3 and tensor.dtype == float
    met = 0
    for l in product(range(lmax + 1), repeat=3):
        block = coupling.block(family, *l)
        core = coupling.block("wigner_3j", *l)
        np.testing.assert_allclose(block, tensor[l] * core, rtol=1e-15)
        assert tensor[l] >= 0 and bool(tensor[l]) == bool(block.any())
        met += 1
    assert met == (lmax + 1) ** 3


def test_normalization_is_the_norm_of_the_block(lmax: int) -> None:
    """C has unit norm, so N is the Frobenius norm of the block, in either basis."""
    for family, basis in product(FAMILIES, BASES):
        tensor = coupling.normalization(family, lmax)
        for l in paths(lmax):
            norm = np.linalg.norm(coupling.block(family, *l, basis))
            assert norm == pytest.approx(tensor[l], rel=1e-14)


@pytest.mark.parametrize("spin", [1, 1.5, 3, 3.5])
def test_normalization_of_the_matrix_family(spin: float, lmax: int) -> None:
    """√P |6j{l1 l2 l3; j j j}|, nearest double, against the 6j symbol."""
    tensor = coupling.normalization("matrix", lmax, j=spin)
    met = 0
    for l in product(range(lmax + 1), repeat=3):
        size = np.prod([2 * x + 1 for x in l])
        assert tensor[l] == pytest.approx(np.sqrt(size) * abs(coupling.wigner_6j(*l, spin, spin, spin)), rel=1e-14)
        assert bool(tensor[l]) == bool(exact.wigner_6j(*l, spin, spin, spin))
        met += 1
    assert met == (lmax + 1) ** 3


def test_normalizations_of_two_families_divide(lmax: int) -> None:
    """N(family / other) = N(family) / N(other), exactly; each parity has its own integral."""
    met = 0
    for l in paths(lmax):
        integral = "antisymmetric_gaunt" if sum(l) % 2 else "gaunt"
        ratio = exact_normalization("clebsch_gordan", *l, relative_to=integral)
        assert ratio * exact_normalization(integral, *l) == exact_normalization("clebsch_gordan", *l)
        assert ratio > 0
        met += 1
    assert met == sum(2 * max(l) <= sum(l) for l in product(range(lmax + 1), repeat=3))
    np.testing.assert_allclose(
        coupling.normalization("gaunt", lmax, relative_to="clebsch_gordan") * np.sqrt(2 * np.arange(lmax + 1) + 1),
        coupling.normalization("gaunt", lmax),
        rtol=1e-15,
    )


def test_normalization_relative_to_a_family_that_vanishes() -> None:
    message = r"gaunt vanishes on the path \(1, 1, 1\) of clebsch_gordan"
    with pytest.raises(ZeroDivisionError, match=message):
        exact_normalization("clebsch_gordan", 1, 1, 1, relative_to="gaunt")
    with pytest.raises(ZeroDivisionError, match=message):
        coupling.normalization("clebsch_gordan", 2, relative_to="gaunt")
    assert exact_normalization("gaunt", 1, 1, 1, relative_to="antisymmetric_gaunt") == 0


def test_issue_value() -> None:
    """A(3 4 4; 1 2 -3) = i √(486/(121π)), by hand from K and one 3j symbol."""
    assert exact.antisymmetric_gaunt(3, 4, 4, 1, 2, -3) == Surd(1, 486, 121, 1, unit=1)
    factor = Surd(1, 7 * 9 * 9, 4, 1, unit=1) * exact.bracket_factor(3, 4, 4)
    assert factor * exact.wigner_3j(3, 4, 4, 1, 2, -3) == Surd(1, 486, 121, 1, unit=1)


@pytest.mark.parametrize("family", [*FAMILIES, "gradient_dot", "gaunt:conj=1", "spin_weighted_gaunt:1,-2,1"])
def test_blocks_from_a_table_have_the_bits_of_exact_ones(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program gets that asks for one block after another, as arrays of its own; on all paths, and beyond."""
    found = {}
    for worth in (False, True):
        monkeypatch.setattr(COMPILED, "worth", lambda work, worth=worth: worth)
        for basis in known(family).bases:
            for l in product(range(4), repeat=3):
                block = coupling.block(family, *l, basis)
                assert block.flags.writeable and block.flags.c_contiguous
                same = found.setdefault((basis, l), (block.dtype, block.shape, block.tobytes()))
                assert same == (block.dtype, block.shape, block.tobytes()), (basis, l, worth)
                block[:] = 7
    assert len(found) == 64 * len(known(family).bases)


@pytest.mark.parametrize("convention", ["e3nn", "e3x", "sympy", "e3nn_jax"])
def test_blocks_in_other_conventions_from_a_table(convention: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for worth in (False, True):
        monkeypatch.setattr(COMPILED, "worth", lambda work, worth=worth: worth)
        blocks = [coupling.block("wigner_3j", *l, named(convention).basis, convention) for l in paths(3)]
        found.append(b"".join(block.tobytes() for block in blocks))
    assert found[0] == found[1]

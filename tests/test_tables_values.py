"""What is in a table: the numbers, the counts, and how they are found again."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from coupling import block, load, normalization
from coupling.conventions import BASES, FAMILIES
from coupling.exact import wigner_3j
from coupling.exact.real import real_term
from coupling.indexing import entry_counts
from coupling.numbers.sizes import compact_path_array, symmetry_zeros, table_bytes
from coupling.selection import orders, paths
from coupling.tables import Request, Table, build

BOXES = [(4, 4, 4), (2, 3, 5), (5, 2, 3), (3, 5, 2), (0, 4, 4), (4, 1, 0), (1, 1, 6)]


@pytest.fixture(scope="module", params=BASES)
def table(request: pytest.FixtureRequest) -> Table:
    return build(Request(lmax=5, basis=request.param))


@pytest.mark.parametrize("parity", ["all", "even", "odd"])
@pytest.mark.parametrize("box", BOXES)
def test_paths_are_those_of_the_selection_rules(box: tuple[int, int, int], parity: str) -> None:
    expected = np.array(list(paths(*box, parity)), np.uint8).reshape(-1, 3)
    assert np.array_equal(compact_path_array(box, parity), expected)


def symmetric(l: tuple[int, int, int], m: tuple[int, int, int]) -> bool:
    """Whether 3j(l; m) vanishes because J is odd and two columns are equal or all orders are zero."""
    columns = list(zip(l, m, strict=True))
    return sum(l) % 2 == 1 and (not any(m) or len(set(columns)) < 3)


@pytest.mark.parametrize("basis", BASES)
def test_entry_counts_and_zeros_by_symmetry_are_counted_in_closed_form(basis: str, lmax: int) -> None:
    all_paths = compact_path_array((2 * lmax, 2 * lmax, 2 * lmax), "all")
    allowed, zeros = entry_counts(all_paths, basis), symmetry_zeros(all_paths, basis)
    met = 0
    for l, count, zero in zip(all_paths.tolist(), allowed.tolist(), zeros.tolist(), strict=True):
        allowed_orders = list(orders(*l, basis))
        terms = [m if basis == "complex" else real_term(sum(l), *m)[2] for m in allowed_orders]  # type: ignore[index]
        assert len(allowed_orders) == count
        assert sum(symmetric(tuple(l), m) for m in terms) == zero
        met += count
    assert met == allowed.sum() > 50_000


@pytest.mark.parametrize("basis", BASES)
def test_zeros_by_symmetry_are_zero_and_accidental_zeros_are_the_rest(basis: str) -> None:
    small = build(Request(lmax=4, basis=basis))
    accidental = 0
    for l in paths(4):
        for m in orders(*l, basis):
            term = m if basis == "complex" else real_term(sum(l), *m)[2]  # type: ignore[index]
            zero = not wigner_3j(*l, *term)
            assert zero or not symmetric(l, term)
            accidental += zero and not symmetric(l, term)
    assert small.metadata["counts"]["accidental_zeros"] == accidental > 0


def test_size_is_known_beforehand() -> None:
    met = 0
    for box, basis, parity in product(BOXES, BASES, ("all", "even")):
        table = build(Request(lmax=box, basis=basis, parity=parity))
        counts = table.metadata["counts"]
        arrays = [table.core, table.orders, table.offsets, table.paths, *table.factors.values()]
        zeros = counts["symmetry_zeros"] + counts["accidental_zeros"]
        expected = table_bytes(box, basis, parity, len(table.factors))
        assert sum(array.nbytes for array in arrays) + 11 * zeros == expected
        met += 1
    assert met == 28


def test_blocks_are_those_of_the_exact_layer(table: Table) -> None:
    basis, met = table.request.basis, 0
    for path in product(range(6), repeat=3):
        for family in FAMILIES:
            expected, found = block(family, *path, basis=basis), table.block(family, *path)
            assert found.dtype == expected.dtype and found.shape == expected.shape
            assert np.array_equal(found != 0, expected != 0)
            # core and factor are rounded, and so is their product
            assert (abs(found - expected) <= 1.5 * 2.0**-52 * abs(expected) * (1 + 2**-50)).all()
            assert family != "wigner_3j" or np.array_equal(found, expected)
            met += np.count_nonzero(expected)
    assert met > 10_000


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("basis", BASES)
def test_boxes_of_degrees_hold_the_same_numbers(box: tuple[int, int, int], basis: str) -> None:
    table, met = build(Request(lmax=box, basis=basis)), 0
    for (l1, l2, l3), found, core in table:
        dense = block("wigner_3j", l1, l2, l3, basis=basis)
        index = tuple((found + np.array([l1, l2, l3])).T)
        assert np.array_equal(dense[index], core) and np.count_nonzero(dense) == len(core)
        assert list(map(tuple, found.tolist())) == sorted(map(tuple, found.tolist()))
        met += 1
    assert met == len(table) == len(list(paths(*box)))


def test_normalization_is_the_one_of_the_package(table: Table) -> None:
    for family in FAMILIES:
        assert np.array_equal(table.normalization(family), normalization(family, 5))
    odd = build(Request(lmax=(2, 3, 4), parity="odd"))
    expected = normalization("antisymmetric_gaunt", 4)[:3, :4, :5]
    assert np.array_equal(odd.normalization("antisymmetric_gaunt"), expected)
    assert len(FAMILIES) == 4 and expected.any()


def test_one_parity_is_half_of_all() -> None:
    whole, even, odd = (build(Request(lmax=4, parity=parity)) for parity in ("all", "even", "odd"))
    for part, rest in ((even, 0), (odd, 1)):
        mine = whole.paths.sum(axis=1) % 2 == rest
        assert np.array_equal(part.paths, whole.paths[mine])
        assert np.array_equal(part.core, whole.core[np.repeat(mine, np.diff(whole.offsets))])
        assert np.array_equal(part.reduced("wigner_3j"), whole.reduced("wigner_3j")[mine])
    assert len(even) + len(odd) == len(whole) == 65


def test_index_of_every_path_and_of_none(table: Table) -> None:
    for position, path in enumerate(table.paths.tolist()):
        assert table.index(*path) == position
    absent = [p for p in product(range(6), repeat=3) if list(p) not in table.paths.tolist()]
    assert all(table.index(*path) is None for path in absent)
    assert all(not table.block("wigner_3j", *path).any() and not len(table.entries(*path).core) for path in absent)
    assert len(absent) + len(table) == 216


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("gaunt", 6, 0, 6), ValueError, "degree 1 must be <= 5, the lmax of this table, got 6"),
        (("gaunt", 0, 0, 10**9), ValueError, "degree 3 must be <= 5"),
        (("gaunt", -1, 0, 1), ValueError, "degree 1 must be >= 0"),
        (("gaunt", 0.5, 0, 1), ValueError, "degree 1 must be an integer, got 0.5"),
        (("gaunt", True, 0, 1), TypeError, "degree 1 must be an integer, got bool"),
        (("elsasser", 1, 1, 1), ValueError, "family must be one of"),
    ],
)
def test_bad_degrees_and_families(table: Table, arguments: tuple, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        table.block(*arguments)


def test_a_table_cannot_be_changed(table: Table) -> None:
    arrays = [table.paths, table.offsets, table.orders, table.core, *table.factors.values()]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        table.core = table.core  # type: ignore[misc]
    assert len(arrays) == 8


def test_repr_is_one_line(table: Table) -> None:
    assert repr(table).startswith(f"Table('{table.request.basis}-l5': {table.request.basis} basis, lmax 5, 111 paths")
    assert "\n" not in repr(table)
    assert "lmax (2, 3, 4)" in repr(build(Request(lmax=(2, 3, 4))))


@pytest.mark.parametrize("basis", ["real", "complex"])
def test_columns_are_the_blocks(basis: str) -> None:
    """Every coefficient that is not zero once, with the orders by which it is asked for, and no other."""
    table = load(f"{basis}-l4")
    assert table.lmax == (4, 4, 4)
    for family in table.families:
        columns = table.columns(family)
        blocks = {path: table.block(family, *path) for path in map(tuple, table.paths.tolist())}
        for *symbol, value in zip(*columns.values(), strict=True):
            path, orders = tuple(map(int, symbol[:3])), symbol[3:]
            place = tuple(int(l + m) for l, m in zip(path, orders, strict=True))
            assert blocks[path][place] == value != 0
            blocks[path][place] = 0
        assert len(columns["value"]) > 500 and not any(block.any() for block in blocks.values())


def test_a_notebook_shows_what_the_families_hold() -> None:
    shown = load("real-l4")._repr_html_()
    rows = re.findall(r"<tr><td>(\w+)</td><td>(\d+)</td><td>(\d+)</td></tr>", shown)
    assert [row[0] for row in rows] == list(load("real-l4").families)
    assert rows[0][1:] == ("65", "2052") and "real basis, lmax 4" in shown

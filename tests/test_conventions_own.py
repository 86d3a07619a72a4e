"""Conventions of one's own, as an object and as a file, from the block to the command; and the irregular signs."""

from __future__ import annotations

import re
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import coupling
from coupling.cli import main
from coupling.export import list_table
from coupling.foreign import CONVENTIONS, Convention, change_of_basis, named, read_convention, translate
from coupling.foreign.choices import ListedOrders, NegatedPaths, orthogonal, racah, zero_first
from coupling.foreign.reader import parse_convention
from coupling.foreign.signs import NEGATED_BY_MLFF_EVEN, NEGATED_BY_MLFF_ODD, mlff
from coupling.selection import paths

FILE = """\
name = "mine"
axes = ["-y", "x", "z"]
orders = [[0], [0, 1, -1], [0, 1, -1, 2, -2]]
scale = "orthogonal"
slots = [2, 0, 1]
sign = [[1, 2, 2], [2, 1, 2]]
"""
ORDERS = ListedOrders(((0,), (0, 1, -1), (0, 1, -1, 2, -2)))
SIGN = NegatedPaths(((1, 2, 2), (2, 1, 2)))
OBJECT = Convention("mine", axes=("-y", "x", "z"), orders=ORDERS, scale=orthogonal, slots=(2, 0, 1), sign=SIGN)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    return path


def test_a_file_and_an_object_say_the_same(file: Path) -> None:
    assert read_convention(file) == named(str(file)) == named(file) == OBJECT
    written = OBJECT.describe()
    assert written["orders"] == [[0], [0, 1, -1], [0, 1, -1, 2, -2]] and written["sign"] == [[1, 2, 2], [2, 1, 2]]
    assert (
        Convention("c", orders=zero_first, scale=lambda *path: coupling.exact.Surd(1)).describe()["scale"] == "<lambda>"
    )
    nameless = Convention("c", norm=partial(racah), scale=partial(orthogonal)).describe()
    assert nameless["norm"] == nameless["scale"] == "partial"  # no address: the same bytes in every process


def test_axes_orders_scale_slots_and_signs_of_a_file(file: Path) -> None:
    """Entry by entry: where an entry of the core goes, by what it is multiplied."""
    met = 0
    for path in paths(2):
        core, found = coupling.block("wigner_3j", *path), coupling.block("wigner_3j", *path, convention=str(file))
        factor = np.sqrt(2 * path[2] + 1) * (-1 if path in ((1, 2, 2), (2, 1, 2)) else 1)
        places = [zero_first(l) for l in path]
        for place in product(*(range(2 * l + 1) for l in path)):
            m = [orders[k] for orders, k in zip(places, place, strict=True)]
            entry = core[tuple(l + order for l, order in zip(path, m, strict=True))]
            assert found[place[2], place[0], place[1]] == pytest.approx(factor * entry, rel=4e-16, abs=0)
            met += entry != 0
        assert np.array_equal(found, coupling.block("wigner_3j", *path, convention=OBJECT))
    assert met == np.count_nonzero([x for path in paths(2) for x in coupling.block("wigner_3j", *path).ravel()]) > 100


def test_axes_of_a_file_move_the_harmonics(file: Path) -> None:
    """The standard formulas at (-y, x, z): of degree 1, in the orders 0, 1, -1, they are z, -y, x."""
    y, z, x = 0.48, 0.6, 0.64
    matrix = change_of_basis(1, "coupling", str(file), normalized=True)
    np.testing.assert_allclose(matrix @ [y, z, x], [z, -y, x], atol=1e-15)


def test_blocks_translate_between_a_file_and_a_program(file: Path) -> None:
    for path in paths(2):
        theirs = coupling.block("wigner_3j", *path, convention="e3nn_jax")
        mine = translate(theirs, *path, "e3nn_jax", str(file))
        np.testing.assert_allclose(mine, coupling.block("wigner_3j", *path, convention=file), rtol=4e-16, atol=0)


def test_export_in_a_convention_of_ones_own(file: Path, tmp_path: Path) -> None:
    coupling.build(coupling.tables.Request(lmax=2)).save(tmp_path / "real-l2.safetensors")
    arguments = ["export", str(tmp_path / "real-l2.safetensors"), "-f", "npz", "-c", str(file), "-o", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    with np.load(tmp_path / "real-l2-mine.npz", allow_pickle=False) as opened:
        found = dict(opened)
    listing = list_table(coupling.load(tmp_path / "real-l2.safetensors"), OBJECT)
    assert np.array_equal(found["values"], listing.values) and np.array_equal(found["input1"], listing.index[:, 0])
    assert '"orders":[[0],[0,1,-1],[0,1,-1,2,-2]]' in str(found["metadata"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("orders = [[0], [1, -1]]", "orders must be a list of lists of 1, 3, 5, ... int, got [1, -1]"),
        ("orders = [[0], [1, 0, 0]]", "the orders of m for degree 1 must be -1 ... 1 in some order, got [1, 0, 0]"),
        ("orders = [[0]]", "the orders are listed to degree 0, got 1"),
        ('orders = "sideways"', "orders must be one of ascending, cartesian, zero_first, got 'sideways'"),
        ("sign = [[1, 1]]", "sign must be a list of lists of 3 int, got [1, 1]"),
        ("sign = [[1, 1, true]]", "sign must be a list of lists of 3 int, got [1, 1, True]"),
        (
            'axes = ["x", "y", "x"]',
            "axes must be x, y, z in some order, each with or without '-', got ('x', 'y', 'x')",
        ),
        ("scale = 2.0", "scale must be one of unit, orthogonal, input_norm, got float 2.0"),
        ('order = "ascending"', "unknown key 'order'; a convention has name, program, "),
        ("lmax = 0", "m ends at degree 0, got 1"),
    ],
)
def test_one_sentence_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    """From the file to the command; nothing is written."""
    file = tmp_path / "m.toml"
    file.write_text(f'name = "m"\n{text}\n')
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        coupling.block("wigner_3j", 1, 1, 1, convention=file)
    result = CliRunner().invoke(
        main, ["export", "real-l4", "-f", "npz", "-c", str(file), "-o", str(tmp_path / "o.npz")]
    )
    lines = result.stderr.splitlines()
    assert result.exit_code == 2 and len(lines) == 1 and words in lines[0] and list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        named("none.toml")


# -- signs that follow no rule -----------------------------------------------------------------


def test_mlff_negates_145_odd_and_57_even_paths() -> None:
    """What its table holds; the signs are compared with that table in test_crosscheck.py."""
    every = list(paths(10))
    negated = {path for path in every if mlff(*path) < 0}
    assert len(every) == 671 and {sum(p) % 2 for p in every} == {0, 1}
    assert sum(sum(p) % 2 for p in negated) == 145 and sum(1 - sum(p) % 2 for p in negated) == 57
    assert len(NEGATED_BY_MLFF_EVEN) == 11 and len(NEGATED_BY_MLFF_ODD) == 77
    for l1, l2, l3 in every:
        swapped = mlff(l2, l1, l3)
        assert swapped == (-mlff(l1, l2, l3) if (l1 + l2 + l3) % 2 and l1 != l2 else mlff(l1, l2, l3))


def test_mlff_transposes_the_block_when_inputs_are_exchanged() -> None:
    """Which is why its odd tensors are not antisymmetric, and cannot be taken from l1 ≤ l2 ≤ l3 alone."""
    for path in ((1, 2, 2), (3, 4, 6), (2, 4, 5)):
        l1, l2, l3 = path
        block = coupling.block("wigner_3j", l1, l2, l3, convention="mlff")
        assert np.array_equal(coupling.block("wigner_3j", l2, l1, l3, convention="mlff"), block.swapaxes(1, 2))
    with pytest.raises(ValueError, match="mlff ends at degree 10, got 11"):
        coupling.block("wigner_3j", 11, 11, 0, convention="mlff")


def test_znm_is_not_what_real_gaunt_integrates() -> None:
    """SymPy's two real conventions differ by the sign of the sines of even order."""
    znm, real = CONVENTIONS["sympy_znm"], CONVENTIONS["sympy_real"]
    for l in range(5):
        ratio = znm.phases(l) * real.phases(l)
        assert [m for m in range(-l, l + 1) if ratio[m + l] < 0] == [m for m in range(-l, 0) if m % 2 == 0]
    a, b = (coupling.block("gaunt", 1, 2, 3, convention=c)[0, 0, 6] for c in (znm, real))
    assert a == -b != 0


def test_parse_keeps_the_order_of_what_is_listed() -> None:
    text = b'name = "m"\norders = [[0], [-1, 1, 0]]\nsign = []\n'
    assert parse_convention(text).orders(1) == (-1, 1, 0) and parse_convention(text).sign(1, 1, 1) == 1

"""A table made of parts, while it is written: orderings of canonical paths, and what the writer lets go of."""

from __future__ import annotations

import os
import stat
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest

from coupling.conventions import BASES
from coupling.files import atomic
from coupling.files.atomic import write_pieces
from coupling.files.container import Tensor, read
from coupling.indexing import path_array
from coupling.kernels.entries import reorder
from coupling.tables.core import Block, core_blocks

CANONICAL = np.unique(np.sort(path_array((5, 5, 5)), axis=1), axis=0)


def reordered(basis: str, source: tuple[int, ...], sign: float) -> tuple[np.ndarray, Block, Block]:
    """Return the bounds of all canonical paths, their entries, and the entries of one ordering of each."""
    counts, block = core_blocks(CANONICAL, basis)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    out = Block(np.empty_like(block.orders), np.empty_like(block.values))
    sources, signs = np.tile(np.array(source), (len(CANONICAL), 1)), np.full(len(CANONICAL), sign)
    assert reorder(CANONICAL, sources, signs, bounds, *block, *out) == -1
    return bounds, block, out


@pytest.mark.parametrize("basis", BASES)
def test_entries_of_an_ordering_are_those_of_the_path_sorted_by_its_orders(basis: str) -> None:
    """In all six orderings of every canonical path to degree 5, which include those of equal degrees."""
    met = 0
    for source, sign in zip(permutations(range(3)), (1.0, -1.0) * 3, strict=True):
        bounds, block, out = reordered(basis, source, sign)
        for begin, end in pairwise(bounds):
            orders = block.orders[begin:end][:, source]
            order = np.lexsort(orders.T[::-1])
            assert np.array_equal(out.orders[begin:end], orders[order])
            assert np.array_equal(out.values[begin:end], sign * block.values[begin:end][order])
            met += 1
    assert met == 6 * len(CANONICAL) == 6 * 34


@pytest.mark.parametrize("order", [4, -4, 127, -128])
def test_an_order_beyond_its_degree_is_found_in_every_slot(order: int) -> None:
    """An ordering is sorted by the order in one slot or in two; over all of them each slot is met."""
    path = np.array([[2, 3, 3]])
    counts, block = core_blocks(path.astype(np.uint8), "real")
    bounds, found = np.array([0, counts[0]]), dict.fromkeys(range(3), 0)
    for slot in found:
        orders = block.orders.copy()
        orders[5, slot] = order
        for source in permutations(range(3)):
            out = np.empty_like(orders), np.empty_like(block.values)
            found[slot] += reorder(path, np.array([source]), np.ones(1), bounds, orders, block.values, *out) == 0
    assert found == {0: 2, 1: 3, 2: 4}


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="a system that does not take advice on files")
def test_a_writer_lets_go_of_what_it_has_hashed_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never of what it reads once more, the orders; and of nothing in a file that is not large."""
    tensors = [Tensor("core", "F64", (1000,)), Tensor("orders", "I8", (1000, 3))]
    core, orders = np.arange(1000.0), np.arange(3000).astype(np.int8).reshape(1000, 3)
    ends: list[int] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda file, start, end, advice: ends.append(end))
    monkeypatch.setattr(atomic, "STRETCH", 1000)
    files = [tmp_path / name / "x.safetensors" for name in ("small", "large")]
    for file, large in zip(files, (1 << 30, 1000), strict=True):
        file.parent.mkdir()
        monkeypatch.setattr(atomic, "LARGE", large)
        pieces = ((n, a[i : i + 50]) for i in range(0, 1000, 50) for n, a in (("core", core), ("orders", orders)))
        write_pieces(file, {"schema": "x"}, tensors, pieces)
        assert len(ends) == (0 if file is files[0] else 7)
    first = read(files[0]).starts["orders"]
    assert ends == sorted(set(ends)) and min(np.diff(ends)) > 1000 and ends[-1] == first
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(("large", "flush", "syncs"), [(100, True, 2), (1 << 30, True, 1), (100, False, 0)])
def test_a_large_file_goes_to_the_disk_while_it_is_read_once_more(
    large: int, flush: bool, syncs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arrays before the checksum is there, then the header; many blocks are hashed in their order."""
    file, states, fsync = tmp_path / "x.safetensors", [], os.fsync

    def synced(descriptor: int) -> None:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            states.append((os.fstat(descriptor).st_size, b"0" * 64 in os.pread(descriptor, 1 << 12, 0)))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(atomic, "LARGE", large)
    monkeypatch.setattr(atomic, "BLOCK", 1000)
    tensors = [Tensor("core", "F64", (1000,)), Tensor("orders", "I8", (1000, 3))]
    orders = np.arange(3000).astype(np.int8).reshape(1000, 3)
    pieces = [("orders", orders), ("core", np.arange(1000.0))]
    write_pieces(file, {"schema": "x"}, tensors, iter(pieces), flush=flush)
    assert np.array_equal(read(file).arrays["orders"], orders)  # and the checksum is right
    size = file.stat().st_size
    assert states == [(size, blank) for blank in (True, False)[2 - syncs :]]

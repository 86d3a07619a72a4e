"""Damaged and forged files are refused, all of them, by one kind of error and without more memory than they are large.

``python -m tests.fuzz 1000`` does more of it and prints the counts.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from coupling.tables import TableError, load
from tests import fuzz
from tests.sources import modules, tree, where

#: Mutations of each kind for each file.
EACH = 70


def test_at_least_ten_thousand_mutations_are_all_detected(tmp_path: Path) -> None:
    """11 kinds of damage and 9 of forgery on 14 files, one more on records; swaps and orders need several arrays."""
    counts = Counter(fuzz.outcomes(EACH, tmp_path))
    missed = [outcome for outcome in counts if outcome.met != "detected"]
    assert not missed
    kinds = {(outcome.file, outcome.damage) for outcome in counts}
    assert len(kinds) == 14 * 20 + 4 - 2 - 3  # swaps and orders of one array; swaps of three equal factors
    assert sum(counts.values()) == EACH * len(kinds) > 10_000


def test_damage_is_counted_as_what_it_is(tmp_path: Path) -> None:
    """The fuzz can fail: sound files are accepted, other exceptions and unnamed files are told apart."""
    files = list(fuzz.sound_files(tmp_path))
    assert len(files) == 14 == len({path.name for path, _ in files})
    for path, reader in files:
        assert fuzz.attempt(reader, path) == "accepted"

    def fails(error: Exception) -> str:
        def reader(path: Path) -> None:
            raise error

        return fuzz.attempt(reader, files[0][0])

    assert fails(KeyError()) == "KeyError" and fails(MemoryError()) == "MemoryError"
    assert fails(TableError("another", "size", 1, 2)) == "unnamed"


def test_no_more_memory_than_the_file_is_large(tmp_path: Path) -> None:
    """Up to a small multiple for comparisons, and what Python needs for a header; whatever the file promises."""
    import random

    met = 0
    for path, reader in fuzz.sound_files(tmp_path):
        original = path.read_bytes()
        fuzz.attempt(reader, tmp_path / "absent.safetensors")
        for damage in (fuzz.flip, fuzz.truncate, fuzz.header_length, fuzz.digit, fuzz.extend):
            rng = random.Random(damage.__name__)
            for _ in range(5):
                raw = bytearray(original)
                damage(raw, rng)
                path.write_bytes(raw)
                assert fuzz.peak_memory(reader, path) < 8 * len(raw) + (256 << 10)
                met += 1
    assert met == 14 * 5 * 5


def test_a_file_that_claims_to_be_huge_is_refused_at_once(tmp_path: Path) -> None:
    """A hole of a terabyte behind a header that fits: nothing is read but the header."""
    from coupling.files.container import encode_header, read

    for path, reader in fuzz.sound_files(tmp_path):
        content = read(path)
        first, *others = content.tensors
        huge = [first._replace(shape=(1 << 34, *first.shape[1:])), *others]
        header = encode_header(content.metadata, huge)
        with open(path, "wb") as file:
            file.write(header)
            try:
                file.truncate(len(header) + sum(tensor.bytes for tensor in huge))
            except OSError:
                pytest.skip("this disk has no files with holes")
        assert fuzz.peak_memory(reader, path) < 1 << 20
        with pytest.raises(TableError):
            reader(path)
        path.unlink()


#: numba keeps compiled kernels as pickles; the package reads them itself to find damaged ones by their checksum.
CACHE_OF_NUMBA = "coupling.kernels.jit"


def test_nothing_is_pickled() -> None:
    """Neither modules that unpickle nor numpy's permission to do so, in the package and its derivations."""
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    met = 0
    for name, path in modules().items():
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found = forbidden & {part.split(".")[0] for part in names}
            assert not found or name == CACHE_OF_NUMBA, where(name, node.lineno)
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert ast.unparse(node.value) == "False", where(name, node.value.lineno)
                met += 1
    assert met >= 1


def test_a_pickle_is_no_table(tmp_path: Path) -> None:
    import pickle

    path = tmp_path / "real-l2.safetensors"
    path.write_bytes(pickle.dumps({"core": [1.0] * 100}))
    with pytest.raises(TableError, match="header"):
        load(path)

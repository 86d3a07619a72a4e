"""Stored results: whole, true, under their name; what is not is refused, told, moved aside and searched again."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.lowrank import (
    Decomposition,
    decompose,
    load_factors,
    normalization_problem,
    save_factors,
    study,
    whole_problem,
)
from coupling.lowrank.certificate import certify
from coupling.lowrank.objective import as_objective
from coupling.lowrank.records import Record, factor_file_name, record_of
from coupling.lowrank.store import TRUE, keep, kept, read_record
from coupling.lowrank.verification import false_claims
from coupling.tables import Request, TableError, build


@pytest.fixture
def results() -> tuple[Record, Record]:
    """Records of ranks 1 and 2, the latter proved, of one problem."""
    problem = normalization_problem("gaunt", 3)
    two = record_of(problem, decompose(problem.tensor, 2, problem.mask, problem.weights, ties=problem.ties), 0)
    one = record_of(problem, decompose(problem.tensor, 1, problem.mask, problem.weights), 0)
    assert false_claims(one) == false_claims(two) == [] and two.proved
    return one, two


def forged_records(one: Record, two: Record) -> dict[str, Record]:
    """Records that claim what is not true, by words of the complaint."""
    a, b, c = two.factors
    certificate = two.certificate
    return {
        "relative error": replace(one, error=one.error * (1 - 1e-6), certificate=one.certificate),
        "largest error": replace(one, worst=0.0),
        "lower bound": replace(two, lower=3),
        "refinement": replace(one, certificate=certificate),
        "existence": replace(two, factors=(a + 0.5, b, c)),
        "growth": replace(one, growth=2 * one.growth),
        "congruence": replace(two, congruence=two.congruence / 2),
        "errors are those": replace(one, measure="something else"),
        "equations, unknowns": replace(two, certificate=replace(certificate, unknowns=7)),
        "certificate has other errors": replace(one, certificate=replace(one.certificate, worst=0.25)),
        "equivariance": replace(one, equivariance=0.5),
    }


def test_false_claims_are_found(results: tuple[Record, Record], tmp_path: Path) -> None:
    met = 0
    for words, wrong in forged_records(*results).items():
        assert any(words in claim for claim in false_claims(wrong)), words
        file = keep(wrong, tmp_path / words.replace(" ", "-"))
        TRUE.clear()  # what this process wrote is believed, what another one did is not
        with pytest.raises(TableError, match=words) as caught:
            kept(file)
        assert caught.value.file == str(file) and caught.value.field == "result"
        met += 1
    assert met == 11
    assert false_claims(replace(results[1], rank=1)) == ["the factors have 2 columns, not 1"]


def test_false_errors_in_files_of_factors_are_found(results: tuple[Record, Record], tmp_path: Path) -> None:
    met = 0
    for words in ("relative error", "largest error", "growth", "congruence", "errors are those"):
        save_factors([results[0], forged_records(*results)[words]], tmp_path / "wrong.safetensors")
        with pytest.raises(TableError, match=rf"results\[1\].*{words}" if words != "errors are those" else words):
            load_factors(tmp_path / "wrong.safetensors")
        met += 1
    save_factors(results, tmp_path / "right.safetensors")
    assert [r.rank for r in load_factors(tmp_path / "right.safetensors")] == [1, 2] and met == 5


def test_records_are_stored_whole(results: tuple[Record, Record], tmp_path: Path) -> None:
    problem = whole_problem(1)
    found = decompose(problem.tensor, 7, starts=1, complex_factors=True)
    weights = 1 + np.random.default_rng(0).random((3, 41, 43))  # their text would not fit into a header
    given = normalization_problem("gaunt", (2, 40, 42), weights=weights)
    factors = np.ones((3, 1)), np.ones((41, 1)), np.ones((43, 1))
    certificate = certify(as_objective(given.tensor, given.mask, given.weights), factors, given.measure)
    own = record_of(given, Decomposition(factors, certificate.relative, certificate, (certificate.relative,)), 3)
    divergent = replace(results[0], growth=np.inf)
    for record in (*results, record_of(problem, found, 0), own, divergent):
        file = keep(record, tmp_path)
        again = read_record(file)
        assert all(np.array_equal(x, y) for x, y in zip(again.factors, record.factors, strict=True))
        assert again.factors[0].dtype == record.factors[0].dtype
        for name in (field.name for field in fields(Record) if field.name != "factors"):
            assert getattr(again, name) == getattr(record, name), name
        assert file.read_bytes() == keep(record, tmp_path / "again").read_bytes()
        TRUE.clear()
        if record is not divergent:
            assert kept(file).error == record.error and false_claims(again) == []
    assert {path.suffix for path in tmp_path.iterdir() if path.is_file()} == {".safetensors"}


def wrongs(store: Path, results: tuple[Record, Record]) -> dict[str, Callable[[Path], object]]:
    """What may happen to the file of rank 1, by words of the complaint."""
    one, two = results
    other = keep(two, store.parent / "other")
    larger = record_of(p := normalization_problem("gaunt", 4), decompose(p.tensor, 1, p.mask, p.weights, starts=1), 0)
    a, b, c = one.factors
    nan = replace(one, factors=(np.where(np.arange(4)[:, None] == 1, np.nan, a), b, c))
    raw = keep(one, store.parent / "sound").read_bytes()

    def forged(record: Record) -> Callable[[Path], object]:
        def damage(file: Path) -> None:
            shutil.copy(keep(record, store.parent / "forged"), file)
            TRUE.clear()

        return damage

    nested = json.dumps({"__metadata__": {"coupling": "[" * 50_000}}).encode()
    return {
        "size: expected at least 8 bytes, found 0": lambda file: file.write_bytes(b""),
        "checksum": lambda file: file.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1])),
        "size: ": lambda file: file.write_bytes(raw[:-9]),
        "header": lambda file: file.write_bytes(len(nested).to_bytes(8, "little") + nested),
        "name: expected gaunt-inverse-all-real-unit-l3.3.3-r2": lambda file: shutil.copy(other, file),
        "name: expected gaunt-inverse-all-real-unit-l4.4.4-r1": forged(larger),
        "array a: expected finite numbers, found NaN": forged(nan),
        "the relative error is": forged(replace(one, error=one.error / 2)),
        "header length": lambda file: file.write_text(json.dumps({"rank": 1, "factors": [[[1.0]]]})),
        "found coupling-factors": lambda file: (file.unlink(), save_factors([one], file)),
        "found coupling-table": lambda file: shutil.copy(build(Request(lmax=1)).save(store.parent), file),
    }


def test_a_refused_file_is_told_moved_aside_and_searched_again(results: tuple[Record, Record], tmp_path: Path) -> None:
    problem = normalization_problem("gaunt", 3)
    met = 0
    for words, damage in wrongs(tmp_path / "store", results).items():
        store, told = tmp_path / "store" / str(met), []
        [first] = study(problem, [1], starts=2, store=store)
        [file] = store.iterdir()
        sound = file.read_bytes()
        damage(file)
        before = file.read_bytes()
        [again] = study(problem, [1], starts=2, store=store, tell=told.append)
        assert len(told) == 1 and words in told[0], (words, told)
        assert str(file) in told[0] and "rank 1 is searched again" in told[0]
        assert again.error == first.error and file.read_bytes() == sound
        assert (store / f"{file.name}.refused1").read_bytes() == before
        damage(file)  # what was moved aside before stays
        with pytest.warns(UserWarning, match="refused2"):
            study(problem, [1], starts=2, store=store)
        assert len(list(store.iterdir())) == 3
        met += 1
    assert met == 11


def test_a_store_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    problem = normalization_problem("gaunt", 2)
    (tmp_path / factor_file_name(problem, 1)).mkdir()
    with pytest.raises(OSError, match="must be a file, or new, to be written"):
        study(problem, [1], starts=1, store=tmp_path)
    (tmp_path / "old-r1.json").write_text("{}")
    study(problem, [2], starts=4, store=tmp_path)
    assert (tmp_path / "old-r1.json").read_text() == "{}"


def test_the_command_prints_draws_and_verifies(tmp_path: Path) -> None:
    run = CliRunner().invoke
    store, picture = str(tmp_path / "store"), tmp_path / "ranks.png"
    arguments = ["study", "gaunt", "--lmax", "3", "--max-rank", "2", "--starts", "16"]
    result = run(main, [*arguments, "--store", store, "--chart", str(picture)])
    assert result.exit_code == 0 and re.search(r"^L = 3 +0\.06 +0 +2$", result.output, re.M)
    assert picture.stat().st_size > 5000
    files = sorted((tmp_path / "store").iterdir())
    result = run(main, ["study", "verify", *map(str, files)])
    assert result.exit_code == 0 and result.output.count("verified") == len(files) > 5
    file = keep(replace(read_record(files[0]), error=0.5), tmp_path / "forged")
    result = run(main, ["study", "verify", str(file)])
    assert result.exit_code == 1 and "not 5.000000e-01" in result.output
    for damage in (b"", b"{}", b"[" * 100_000, files[0].read_bytes()[:-1]):
        files[0].write_bytes(damage)
        result = run(main, ["study", "verify", *map(str, files)])
        assert result.exit_code == 1 and f"{files[0].name}: refused: {files[0]}: " in result.output
        assert result.output.count("verified") == len(files) - 1
    again = run(main, [*arguments, "--store", store])
    assert again.exit_code == 0 and "searched again" in again.stderr
    assert re.search(r"^L = 3 +0\.06 +0 +2$", again.stdout, re.M)
    assert [f.suffix for f in sorted((tmp_path / "store").iterdir())].count(".refused1") == 1

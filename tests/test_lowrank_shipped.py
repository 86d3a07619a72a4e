"""Shipped factors: every claim holds, simulated products have the error of the certificate, damage is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.cli.study_jobs import double, variant_problems
from coupling.indexing import path_array
from coupling.lowrank import (
    decompose,
    false_claims,
    load_factors,
    normalization_problem,
    save_factors,
    shipped,
    whole_problem,
)
from coupling.lowrank.by_rank import study
from coupling.lowrank.factors import tensor
from coupling.lowrank.problems import from_spec
from coupling.lowrank.records import Record, cell, errors_by_rank, rank_cell, record_of, whole_table
from coupling.lowrank.store import PROBLEMS
from coupling.products import MatrixProduct
from coupling.products.simulate import simulate, simulated_weights
from coupling.tables import TableError

FAMILIES = {"gaunt": "even", "bracket": "odd"}


def records(lmax: int) -> list[tuple[str, Record]]:
    """The shipped results up to a degree limit, with the name of their file."""
    return [(name, r) for name in PROBLEMS for r in load_factors(name) if r.spec["lmax"][0] <= lmax]


def test_claims_of_small_shipped_factors_hold() -> None:
    small = records(2)
    assert not [f"{name}, {r.spec['lmax']}, rank {r.rank}: {w}" for name, r in small for w in false_claims(r)]
    assert len(small) >= 15


@pytest.mark.slow
def test_claims_of_all_shipped_factors_hold() -> None:
    every = records(16)
    assert not [f"{name}, {r.spec['lmax']}, rank {r.rank}: {w}" for name, r in every for w in false_claims(r)]
    assert len(every) >= 130


def test_what_is_shipped() -> None:
    for name in FAMILIES:
        for lmax in range(1, 9):
            ranks = [r.rank for r in load_factors(name) if r.spec["lmax"] == [lmax] * 3]
            assert ranks == list(range(1, len(ranks) + 1)) and shipped(name, lmax).rank == ranks[-1]
            assert shipped(name, lmax).proved and shipped(name, lmax, 1).error < 0.12
        for lmax in (10, 12, 14, 16):
            ranks = [r.rank for r in load_factors(name) if r.spec["lmax"] == [lmax] * 3]
            assert ranks == list(range(1, 9)) and shipped(name, lmax, 1).error < 0.15
    assert [shipped("whole", lmax).rank for lmax in (1, 2)] == [8, 28] and shipped("whole", 3).rank <= 85
    assert all(shipped("whole", lmax).proved for lmax in (1, 2, 3))
    with pytest.raises(ValueError, match=r"have ranks \[1, 2\], got 9"):
        shipped("gaunt", 2, 9)
    with pytest.raises(ValueError, match="gaunt, bracket, whole"):
        shipped("matrix", 2)


def worse_than_neighbours(records: list[Record]) -> list[str]:
    """The results of one family that another one of it beats: of the next rank below, or of a larger degree limit.

    Cut to degrees L' < L, the sum of a result for L has a largest error of at most that result's, and a root mean
    square error of at most √(N_L/N_L') times it, N the number of paths.  Both are evaluated, and so is that the result
    for L' is no worse than the cut.
    """
    found, wrong = {(r.spec["lmax"][0], r.rank): r for r in records}, []
    problems = {lmax: from_spec(found[lmax, 1].spec) for lmax, rank in found if rank == 1}
    for (lmax, rank), record in found.items():
        if (lmax, rank - 1) in found and not record.error < found[lmax, rank - 1].error:
            wrong.append(f"L = {lmax}, R = {rank} is no better than R = {rank - 1}")
        problem = problems[lmax]
        for larger in (l for l in problems if l > lmax and (l, rank) in found):
            above = found[larger, rank]
            cut = [f[:n] for f, n in zip(above.factors, problem.tensor.shape, strict=True)]
            mean, worst = problem.objective.relative(cut), problem.objective.worst(cut)
            ratio = np.sqrt(problems[larger].mask.sum() / problem.mask.sum())
            assert worst <= above.worst * (1 + 1e-9) + 1e-12 and mean <= above.error * ratio * (1 + 1e-9) + 1e-12
            if record.error > mean * (1 + 1e-5) + 1e-12:
                wrong.append(f"L = {lmax}, R = {rank}: {record.error:.2e}, {mean:.2e} as a cut of L = {larger}")
    return wrong


@pytest.mark.parametrize("name", FAMILIES)
def test_errors_fall_with_the_rank_and_are_below_cuts_of_larger_degrees(name: str) -> None:
    records = load_factors(name)
    assert worse_than_neighbours(records) == [] and len(records) >= 50


@pytest.mark.parametrize("lmax", [8, 10, 12])
def test_an_entry_of_a_single_start_is_found_to_be_worse(lmax: int) -> None:
    problem = normalization_problem("gaunt", lmax)
    found = decompose(problem.tensor, 3, problem.mask, problem.weights, ties=problem.ties, starts=1)
    poor = record_of(problem, found, 0)
    records = [poor if (r.spec["lmax"][0], r.rank) == (lmax, 3) else r for r in load_factors("gaunt")]
    assert any(f"L = {lmax}, R = 3: " in words for words in worse_than_neighbours(records))


def test_errors_of_the_whole_tensor_fall_with_the_rank() -> None:
    for lmax in (1, 2, 3):
        errors = [0.0 if r.proved else r.error for r in load_factors("whole") if r.spec["lmax"] == [lmax]]
        assert errors == sorted(errors, reverse=True) and len(set(errors)) == len(errors)
    assert shipped("whole", 2, 10).error < 0.6022


def test_three_gaunt_products_are_as_good_as_is_known() -> None:
    """Root mean square errors that a sum for degrees to 8 leads to when it grows, to degrees 10, 12, 14 and 16."""
    for lmax, error in ((10, 3.6e-3), (12, 5.0e-3), (14, 6.4e-3), (16, 7.75e-3)):
        assert shipped("gaunt", lmax, 3).error < 1.001 * error


def product_tensor(lmax: int, factors: dict) -> np.ndarray:
    """M̂[i, j, k] of a simulated product: what it makes of all pairs of unit features."""
    n = (lmax + 1) ** 2
    pairs = np.repeat(np.eye(n), n, axis=1), np.tile(np.eye(n), n)
    return simulate(*pairs, lmax, lmax, lmax, factors).reshape(n, n, n).transpose(1, 2, 0)


def test_error_of_a_simulated_product_is_that_of_its_certificate() -> None:
    met = 0
    for name, parity in FAMILIES.items():
        for record in (r for r in load_factors(name) if r.spec["lmax"][0] <= 4):
            lmax = record.spec["lmax"][0]
            whole = whole_problem(lmax, parity).tensor
            error = np.linalg.norm(product_tensor(lmax, record.product_factors) - whole) / np.linalg.norm(whole)
            assert error == pytest.approx(record.error, rel=1e-9, abs=2e-14)
            weights = simulated_weights(lmax, lmax, lmax, record.product_factors)
            problem = normalization_problem({"even": "gaunt", "odd": "antisymmetric_gaunt"}[parity], lmax)
            there = problem.tensor[tuple(path_array((lmax, lmax, lmax)).T)] != 0
            assert abs(weights[there] - 1).max() == pytest.approx(record.worst, rel=1e-9, abs=1e-13)
            met += 1
    assert met >= 12


def test_the_whole_product_from_two_files() -> None:
    generator = np.random.default_rng(3)
    for lmax in (2, 5, 8):
        exact = {**shipped("gaunt", lmax).product_factors, **shipped("bracket", lmax).product_factors}
        assert set(exact) == {"even", "odd"}
        weights = simulated_weights(lmax, lmax, lmax, exact)
        assert np.allclose(weights[weights != 0], 1, rtol=1e-11)
    x, y = generator.standard_normal((2, 9, 40))
    two = {**shipped("gaunt", 2).product_factors, **shipped("bracket", 2).product_factors}
    a, b, c = shipped("whole", 2).factors
    through_terms = c @ ((a.T @ x) * (b.T @ y))
    expected = np.einsum("ijk,ip,jp->kp", whole_problem(2).tensor, x, y)
    for found in (simulate(x, y, 2, 2, 2, two), through_terms):
        assert abs(found - expected).max() < 1e-12


def test_sums_of_matrix_products_have_the_error_of_their_certificate() -> None:
    for lmax, spin, parity in ((2, 1.0, "all"), (3, 2.0, "even")):
        problem = normalization_problem("matrix", lmax, parity, j=spin)
        record = study(problem, [2], starts=32)[0]
        n = (lmax + 1) ** 2
        pairs = np.repeat(np.eye(n), n, axis=1), np.tile(np.eye(n), n)
        found = sum(
            MatrixProduct(lmax, lmax, lmax, spin=spin, weights=columns)(*pairs)
            for columns in zip(*(x.T for x in record.factors), strict=True)
        )
        whole = whole_problem(lmax, parity).tensor
        result = np.asarray(found).reshape(n, n, n).transpose(1, 2, 0)
        result = np.where(on_paths(lmax, parity), result, 0)
        error = np.linalg.norm(result - whole) / np.linalg.norm(whole)
        assert error == pytest.approx(record.error, rel=1e-9)


def on_paths(lmax: int, parity: str) -> np.ndarray:
    """Entries whose degrees are a path of this parity."""
    l = np.array([int(np.sqrt(index)) for index in range((lmax + 1) ** 2)])
    total = l[:, None, None] + l[None, :, None] + l[None, None, :]
    return np.ones(total.shape, bool) if parity == "all" else total % 2 == (parity == "odd")


def test_files_are_the_same_bytes_and_damage_is_found(tmp_path: Path) -> None:
    some = [r for _, r in records(2)]
    for name in ("one", "two"):
        save_factors(some, tmp_path / f"{name}.safetensors")
    data = (tmp_path / "one.safetensors").read_bytes()
    assert data == (tmp_path / "two.safetensors").read_bytes()
    again = load_factors(tmp_path / "one.safetensors")
    assert all(np.array_equal(tensor(x.factors), tensor(y.factors)) for x, y in zip(some, again, strict=True))
    assert [r.certificate for r in again] == [r.certificate for r in some]
    met = 0
    for place in range(0, len(data), 997):
        (tmp_path / "damaged.safetensors").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(TableError, match=r"damaged\.safetensors"):
            load_factors(tmp_path / "damaged.safetensors")
        met += 1
    assert met > 10
    with pytest.raises(TableError, match="schema: expected coupling-factors"):
        load_factors(Path(__file__).parent.parent / "tables" / "data" / "real-l4.safetensors")
    with pytest.raises(ValueError, match="store real factors only; these are complex"):
        save_factors(
            [study(whole_problem(1), [2], starts=1, complex_factors=True)[0]], tmp_path / "complex.safetensors"
        )


def test_other_readers_open_the_files(root: Path) -> None:
    from safetensors.numpy import load_file

    arrays = load_file(root / "tables" / "factors" / "whole.safetensors")
    for number, record in enumerate(load_factors("whole")):
        for slot, factor in zip("abc", record.factors, strict=True):
            assert np.array_equal(arrays[f"{number}.{slot}"], factor)


def test_the_command_verifies_files_of_factors(tmp_path: Path) -> None:
    file = tmp_path / "some.safetensors"
    some = [r for _, r in records(2)][:3]
    save_factors(some, file)
    result = CliRunner().invoke(main, ["study", "verify", str(file)])
    assert result.exit_code == 0 and result.output.count("verified") == 3


def test_the_page_says_what_is_shipped(root: Path) -> None:
    """Every number of the tables of both products and of the whole tensor, against the file it was written with."""
    text = (root / "docs" / "study" / "ranks.md").read_text(encoding="utf-8")
    tables = {name: text.split(f"| {head} | R = 1 ")[1].split("\n\n")[0] for name, head in HEADS.items()}
    met = 0
    for name, table in tables.items():
        for record in load_factors(name):
            [line] = [line for line in table.splitlines() if line.startswith(f"| L = {record.spec['lmax'][0]} |")]
            cells = [one.strip() for one in line.strip("|").split("|")]
            assert cells[record.rank] == cell(record), (name, line)
            here = [r for r in load_factors(name) if r.spec == record.spec]
            if not re.search(r" to |^\d+$", cells[-1]) or any(r.proved for r in here):
                assert cells[-1] == rank_cell(here), (name, line)  # else an exact sum of more terms is in another table
            met += 1
    whole = text.split("## The whole coupling tensor")[1]
    for record in load_factors("whole"):
        part = whole.split(f"**L = {record.spec['lmax'][0]}.**")[1].split("\n**")[0]
        assert f"\n| {record.rank} | {cell(record)} |" in part
        met += 1
    assert met == sum(len(load_factors(name)) for name in PROBLEMS) > 60


def test_the_page_says_what_its_own_file_has(root: Path) -> None:
    """Variants and outputs to 2L, which are not shipped with the package; each claim of the file is verified."""
    lines = {}
    for line in (root / "docs" / "study" / "ranks.md").read_text(encoding="utf-8").splitlines():
        label, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        lines.setdefault(label, cells)
    jobs = {**variant_problems(1, 6), **double(True, 1)}
    labels = {json.dumps(job.problem.spec, sort_keys=True): label for label, job in jobs.items()}
    records = load_factors(root / "docs" / "study" / "page.safetensors")
    for record in records:
        label = labels[json.dumps(record.spec, sort_keys=True)]
        assert lines[label][record.rank - 1] == cell(record), (label, record.rank)
    assert len(records) > 40 and len({json.dumps(record.spec, sort_keys=True) for record in records}) > 10


def test_claims_of_variants_with_weights_hold(root: Path) -> None:
    """Among them the exact sums that are proved with weights 1."""
    records = load_factors(root / "docs" / "study" / "page.safetensors")
    some = [record for record in records if record.spec["weights"] != "unit"]
    assert not [f"{r.name}, rank {r.rank}: {w}" for r in some for w in false_claims(r)]
    assert sum(record.proved for record in some) == 4 and len(some) > 12


def test_no_rank_is_a_bound_where_it_is_proved(root: Path) -> None:
    """Each line of errors with a proved 0 at some R: R, or an interval that ends there."""
    met = {"rank": 0, "interval": 0, "bound": 0}
    for table in (root / "docs" / "study" / "ranks.md").read_text(encoding="utf-8").split("\n\n"):
        head, *lines = ([cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines())
        if head[-1] != "rank" or "R = 1" not in head:
            continue
        for line in lines[1:]:
            if "**0**" not in line:
                met["bound"] += line[-1].startswith("≥")
                continue
            least, rank = head[line.index("**0**")].removeprefix("R = "), line[-1].split(" to ")
            assert rank[-1] == least and (len(rank) == 1 or int(rank[0]) < int(least)), line
            met["rank" if len(rank) == 1 else "interval"] += 1
    assert met["rank"] > 30 and met["interval"] > 30 and met["bound"] > 3, met


def test_what_is_proved_of_a_rank() -> None:
    """An exact sum without a proof says nothing; the least proved one meets the bound, or ends an interval."""
    gaunt = {(r.spec["lmax"][0], r.rank): r for r in load_factors("gaunt")}
    four, six = ([gaunt[lmax, rank] for rank in range(1, last + 1)] for lmax, last in ((4, 3), (6, 5)))
    assert (rank_cell(four), rank_cell(six)) == ("3", "4 to 5")
    open_case = replace(six[-1], certificate=replace(six[-1].certificate, radius=None))
    assert open_case.exact and rank_cell([*six[:-1], open_case]) == "≥ 4" == rank_cell(six[:-1])
    assert rank_cell([]) == "" and rank_cell([*four, replace(four[-1], rank=5)]) == "3"
    weighted = errors_by_rank({"other weights": [open_case]}, "L = 6", {"other weights": six})
    assert weighted.splitlines()[-1] == "| other weights | **0?** | 4 to 5 |"


def test_the_table_of_the_whole_tensor_has_a_column_for_quoted_errors() -> None:
    some = [record for record in load_factors("whole") if record.spec["lmax"][0] == 2]
    quoted = {some[0].rank: "0.60 of others"}
    for rows, size in ((whole_table(some).splitlines(), 8), (whole_table(some, quoted).splitlines(), 9)):
        cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
        assert {len(row) for row in cells} == {size} and len(rows) == 2 + len(some) > 5
    assert cells[0][3] == "quoted" and [row[3] for row in cells[2:]] == ["0.60 of others"] + [""] * (len(some) - 1)


HEADS = {"gaunt": "Gaunt", "bracket": "bracket"}


def test_the_small_page_is_written_by_the_command(tmp_path: Path) -> None:
    """The continuous check of what the full page in docs/study was written by."""
    result = CliRunner().invoke(main, ["study", "page", "--size", "small", "--workers", "1", "--folder", str(tmp_path)])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "ranks.md").read_text(encoding="utf-8")
    assert "$" not in text and "| L = 6 | 0.094 | 0.028 | 9.9e-04 | 1.3e-04 | **0** | 4 to 5 |" in text
    assert {f.suffix for f in tmp_path.iterdir() if f.is_file()} == {".md", ".png", ".safetensors"}
    whole = {(r.spec["lmax"][0], r.rank): r for r in load_factors(tmp_path / "whole.safetensors")}
    assert whole[2, 28].proved and whole[1, 8].proved

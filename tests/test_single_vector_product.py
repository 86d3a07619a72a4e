"""The single vector product as a family: blocks, tables and the study of its normalizations, against the product."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import coupling
from coupling import exact
from coupling.cli import main
from coupling.exact import Surd
from coupling.export import list_table
from coupling.families import family, register
from coupling.lowrank import normalization_problem, study, whole_problem
from coupling.lowrank.records import Record, cell
from coupling.numbers.tabulation import tabulate
from coupling.products import ClebschGordan, VectorSignal
from coupling.selection import orders, paths
from coupling.tables import Request, build, load

NAME = "single_vector_product"


def single_tensor(lmax: int, weights: tuple[np.ndarray, ...] | None = None) -> np.ndarray:
    """[i, j, k]: what the product on the sphere makes of all pairs of unit features."""
    n = (lmax + 1) ** 2
    pairs = np.repeat(np.eye(n), n, axis=1), np.tile(np.eye(n), n)
    made = VectorSignal.single(lmax, lmax, lmax, weights=weights)(*pairs)
    return made.reshape(n, n, n).transpose(1, 2, 0)


def box(path: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(l * l, (l + 1) ** 2) for l in path)


def test_every_coefficient_is_half_the_casimirs_of_gaunt_and_twice_the_bracket() -> None:
    """All entries of all paths to degree 4, exactly; and the product on the sphere, which knows no coefficient."""
    value, tensor, met = family(NAME).exact("real"), single_tensor(4), 0
    for l in paths(4):
        half = Surd.rational(sum(x * (x + 1) for x in l)) * Surd(1, 1, 4)
        block = coupling.block(NAME, *l)
        for m in orders(*l, "real"):
            number = value(*l, *m)
            parts = (exact.real_gaunt(*l, *m) * half, exact.real_antisymmetric_gaunt(*l, *m) * Surd(1, 4))
            assert number == parts[sum(l) % 2] and not parts[1 - sum(l) % 2], (l, m)
            assert float(number) == block[tuple(x + y for x, y in zip(l, m, strict=True))]
            met += 1
        np.testing.assert_allclose(tensor[box(l)], block, atol=3e-14)
    assert met == sum(sum(1 for _ in orders(*l, "real")) for l in paths(4)) > 2000


def test_the_normalization_is_that_of_the_product() -> None:
    found = coupling.normalization(NAME, 6)
    np.testing.assert_allclose(found, VectorSignal.single(6, 6, 6).normalization, rtol=1e-14)
    on_paths = np.zeros((7,) * 3, bool)
    on_paths[tuple(np.array(list(paths(6))).T)] = True
    on_paths[0, 0, 0] = False
    assert np.array_equal(found > 0, on_paths) and not found[~on_paths].any()
    for turn in ((1, 0, 2), (1, 2, 0)):
        assert np.array_equal(found, found.transpose(turn))


def test_tables_products_and_exports_have_it(tmp_path: Path) -> None:
    file = build(Request(lmax=3, families=["wigner_3j", NAME])).save(tmp_path / "mine.safetensors")
    table = load(file)
    assert table.check().passed and np.array_equal(table.normalization(NAME), coupling.normalization(NAME, 3))
    listing, tensor = list_table(table, family=NAME), np.zeros((16,) * 3)
    tensor[tuple(listing.index.T)] = listing.values
    np.testing.assert_allclose(tensor, single_tensor(3), atol=3e-14)
    x, y = np.random.default_rng(0).normal(size=(2, 16, 3))
    sparse = ClebschGordan(3, 3, 3, normalization=NAME)(x, y)
    np.testing.assert_allclose(sparse, VectorSignal.single(3, 3, 3)(x, y), atol=1e-12)


def test_a_file_with_a_changed_factor_is_refused() -> None:
    """The outline of the family: the sign of all paths, the size of those with a degree 0."""
    outline = family(NAME).outline
    assert outline is not None
    l = np.array(list(paths(5)))
    sign, size = outline(*l.T)
    factors = np.array([float(family(NAME).reduced(*path, basis="real")) for path in l.tolist()])
    assert np.array_equal(sign, np.sign(factors)) and list(sign).count(0) == 1
    there = ~np.isnan(size)
    np.testing.assert_allclose(size[there], factors[there], rtol=4e-16)
    assert there.sum() == 6 and np.array_equal(there, l[:, 0] == 0)


@pytest.mark.parametrize("convention", ["e3nn", "e3x"])
def test_conventions_change_it_as_an_integral(convention: str) -> None:
    """The even part as the Gaunt integral and the odd part as the bracket in the same convention."""
    met = 0
    for l in paths(3):
        part, weight = ("antisymmetric_gaunt", 2) if sum(l) % 2 else ("gaunt", sum(x * (x + 1) for x in l) / 2)
        expected = weight * coupling.block(part, *l, convention=convention)
        np.testing.assert_allclose(coupling.block(NAME, *l, convention=convention), expected, rtol=1e-15, atol=1e-15)
        met += 1
    assert met == 34


def test_complex_harmonics_have_no_such_real_numbers() -> None:
    for call in (
        lambda: coupling.block(NAME, 1, 1, 1, "complex"),
        lambda: tabulate(NAME, 1, "complex"),
        lambda: Request(lmax=1, basis="complex", families=[NAME]),
        lambda: normalization_problem(NAME, 1, signs="complex"),
    ):
        with pytest.raises(ValueError, match=f"{NAME} has no complex basis, only real"):
            call()
    fields = {name: getattr(family(NAME), name) for name in ("factor", "parity", "integral", "bases")}
    with pytest.raises(ValueError, match=r"imaginary in the complex basis, which bases=\('real',\) leaves out"):
        register(coupling.families.Family(name="mine", imaginary=True, **fields))
    with pytest.raises(
        ValueError, match=r"real factor on even .*; give parity, imaginary, integral=False or one basis"
    ):
        register(coupling.families.Family(name="mine", **fields | {"bases": ("complex", "real")}))


# -- the study --------------------------------------------------------------------------------


def whole_error(record: Record) -> float:
    """The error of R products with the factors of a record, the path (0, 0, 0) beside them, to the whole tensor."""
    lmax = record.spec["lmax"][0]
    whole = whole_problem(lmax).tensor
    columns = zip(*(x.T for x in record.factors), strict=True)
    found = np.sum([single_tensor(lmax, three) for three in columns], axis=0)
    assert not found[0, 0, 0]
    found[0, 0, 0] = whole[0, 0, 0]
    return float(np.linalg.norm(found - whole) / np.linalg.norm(whole))


def test_sums_of_single_products_have_the_error_of_their_certificate() -> None:
    """R products make every path of the Clebsch-Gordan product; the path (0, 0, 0) is one multiplication."""
    for lmax, exact_rank in ((1, 1), (2, 2), (3, 4)):
        problem = normalization_problem(NAME, lmax)
        number = sum(1 for _ in paths(lmax))
        assert problem.mask.sum() == number - 1 and problem.ties == (0, 0, 0) and problem.spherical is None
        records = study(problem, range(1, exact_rank + 1), starts=24)
        assert [record.proved for record in records] == [False] * (exact_rank - 1) + [True]
        for record in records:  # the certificate is relative to the paths that the product has
            expected = record.error * np.sqrt(1 - 1 / number)
            assert whole_error(record) == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_parities_apart_are_the_problems_of_gaunt_and_bracket() -> None:
    """Of the odd paths the weights 1/2N have the errors of 1/N: a factor of two changes no rank."""
    for lmax in (2, 3):
        single, bracket = (normalization_problem(name, lmax, "odd") for name in (NAME, "antisymmetric_gaunt"))
        assert np.array_equal(single.tensor * 2, bracket.tensor)
    classes = [normalization_problem(NAME, 3, kind).mask.sum() for kind in ("eee", "ooe", "eoo", "oeo")]
    even = sum(1 for _ in paths(3, parity="even"))
    assert sum(classes) == normalization_problem(NAME, 3, "even").mask.sum() == even - 1


def test_the_command_and_the_page(root: Path) -> None:
    result = CliRunner().invoke(main, ["study", "vector", "--lmax", "3", "--max-rank", "2", "--starts", "8"])
    assert result.exit_code == 0, result.output
    assert "single vector product, degrees up to L" in result.output
    text = (root / "docs" / "study" / "ranks.md").read_text(encoding="utf-8")
    table = text.split("| single vector product | R = 1 ")[1].split("\n\n")[0]
    for lmax, rank in product((1, 2, 3), (1, 2)):
        [record] = study(normalization_problem(NAME, lmax), [rank], starts=24)
        [line] = [line for line in table.splitlines() if line.startswith(f"| L = {lmax} |")]
        assert line.split("|")[1 + rank].strip() in (cell(record), ""), line
    assert (root / "docs" / "study" / "vector.png").stat().st_size > 10_000

"""Families of coefficients: every family right everywhere, and what a family cannot have refused in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import comb, factorial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import coupling
from coupling import exact
from coupling.cli import main
from coupling.conventions import BASES, FAMILIES
from coupling.exact import Surd
from coupling.export import export, list_table
from coupling.export.arrays import path_vectors
from coupling.families import Family, check_claims, family, names, records, register, unregister
from coupling.kernels import chain
from coupling.lowrank import normalization_problem, study, whole_problem
from coupling.numbers.accuracy import certify_table
from coupling.numbers.normalizations import exact_normalization
from coupling.numbers.tabulation import MAX_TOTAL, tabulate, tabulate_paths
from coupling.products import ClebschGordan, FullProduct
from coupling.selection import Path as Degrees
from coupling.selection import complex_orders, paths
from coupling.sphere import gauss_legendre, quadrature
from coupling.tables import Request, TableError, build, load
from derivations import legendre

GRADIENT_DOT = "gradient_dot"
SPINS = [(0, 0, 0), (1, -1, 0), (1, -2, 1), (-2, 0, 2), (2, 1, -3)]
SPIN_WEIGHTED = [f"spin_weighted_gaunt:{s1},{s2},{s3}" for s1, s2, s3 in SPINS]
CONJUGATED = ["gaunt:conj=1", "antisymmetric_gaunt:conj=2,3", "gradient_dot:conj=1,3", "wigner_3j:conj=2"]
CONJUGATED += ["clebsch_gordan:conj=", "clebsch_gordan:conj=1", "clebsch_gordan:conj=1,2,3"]


def even_paths(lmax: int) -> list[Degrees]:
    return list(paths(lmax, parity="even"))


def signed_square(value: Surd) -> Fraction:
    """π · sign·square of a number that has 1/√π."""
    assert value.pi_power in (0, 1) and not value.unit
    return value.sign * value.square


# -- gradient_dot -----------------------------------------------------------------------------


def test_gradient_dot_is_exact_to_degree_8() -> None:
    """The exact coefficients are the integrals of Rodrigues' formula: all entries of all paths."""
    value, met, signs = family(GRADIENT_DOT).exact("complex"), 0, set[int]()
    for l in paths(8):
        for m in complex_orders(*l):
            number = value(*l, *m)
            assert signed_square(number) == legendre.gradient_dot(l, m), (l, m)
            met, signs = met + 1, signs | {number.sign}
    assert met == 26757 and signs == {-1, 0, 1}


def test_gradient_dot_vanishes_on_some_even_paths() -> None:
    zero = [l for l in even_paths(6) if not family(GRADIENT_DOT).reduced(*l)]
    assert (6, 3, 5) in zero and (6, 5, 3) in zero and (3, 5, 6) not in zero
    assert {l for l in zero if min(l[1:]) > 0} == {(6, 3, 5), (6, 5, 3)}
    assert {l for l in zero if min(l[1:]) == 0} == {l for l in even_paths(6) if l[1] * l[2] == 0}


@pytest.mark.parametrize("basis", BASES)
def test_gradient_dot_everywhere_against_quadrature(basis: str) -> None:
    """Of the 65 paths to degree 4 the 42 even ones have numbers, the others zeros: block, tabulate, table, listing."""
    blocks = tabulate(GRADIENT_DOT, 4, basis, "all").blocks()
    table = build(Request(lmax=4, basis=basis, families=["wigner_3j", GRADIENT_DOT]))
    assert table.check().passed
    mine = coupling.foreign.Convention("mine", basis=basis)
    listing = list_table(table, mine, GRADIENT_DOT)
    listed = dense(listing.index, listing.values, 25)
    normalization = coupling.normalization(GRADIENT_DOT, 4)
    assert np.array_equal(table.normalization(GRADIENT_DOT), normalization)
    met = 0
    for l1, l2, l3 in paths(4):
        expected = quadrature(GRADIENT_DOT, l1, l2, l3, basis)
        box = tuple(slice(l * l, (l + 1) ** 2) for l in (l1, l2, l3))
        found = [coupling.block(GRADIENT_DOT, l1, l2, l3, basis), table.block(GRADIENT_DOT, l1, l2, l3), listed[box]]
        found += [blocks[l1, l2, l3]] if (l1, l2, l3) in blocks else []
        for block in found:
            np.testing.assert_allclose(block, expected, atol=2e-13)
        core = coupling.block("wigner_3j", l1, l2, l3) * normalization[l1, l2, l3]
        np.testing.assert_allclose(core, quadrature(GRADIENT_DOT, l1, l2, l3), atol=2e-13)
        met += len(found) - 2
    assert met == 65 + 42 and len(blocks) == 42
    assert (normalization < 0).sum() > 5 and (normalization > 0).sum() > 5


def dense(index: Any, values: Any, size: int) -> Any:
    result = np.zeros((size,) * 3)
    result[tuple(index.T)] = values
    return result


EVERYWHERE = [(name, basis) for name in (GRADIENT_DOT, *CONJUGATED, *SPIN_WEIGHTED) for basis in family(name).bases]


@pytest.mark.parametrize(("name", "basis"), EVERYWHERE)
def test_every_entry_is_correctly_rounded(name: str, basis: str, lmax: int) -> None:
    whole = certify_table(tabulate(name, lmax + 2, basis))
    assert whole.passed and whole.entries > 100


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("name", [*FAMILIES, GRADIENT_DOT, "gaunt:conj=1", "clebsch_gordan:conj=2"])
def test_paths_beyond_the_chains(name: str, basis: str) -> None:
    """All orderings of a path with J > 100, each with its own factor and signs."""
    l = (30, 36, 40 - (family(name).parity == "odd"))
    orderings = np.array(
        [[l[i] for i in o] for o in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])]
    )
    assert sum(l) > MAX_TOTAL
    found = certify_table(tabulate_paths(name, orderings, basis))
    assert found.passed and found.entries > 10_000 and found.zeros < found.entries / 10


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_kernel_is_a_fast_route_and_no_requirement(name: str, basis: str) -> None:
    """Without its kernel a family is tabulated path by path, bit for bit the same."""
    slow = register(replace(family(name), name=f"slow_{name}", kernel=None))
    try:
        assert np.array_equal(tabulate(slow, 6, basis).values, tabulate(name, 6, basis).values)
        workers = tabulate(slow, 6, basis, workers=2)
        assert np.array_equal(workers.values, tabulate(name, 6, basis).values)
    finally:
        unregister(f"slow_{name}")


def test_the_numbers_of_kernels() -> None:
    numbers = (chain.WIGNER_3J, chain.CLEBSCH_GORDAN, chain.GAUNT, chain.ANTISYMMETRIC_GAUNT)
    assert [family(name).kernel for name in FAMILIES] == list(numbers)
    for kernel in (4, -1, 1.0, True, "gaunt"):
        with pytest.raises(ValueError, match=r"kernel must be None or one of 0, 1, 2, 3, got"):
            replace(family("gaunt"), kernel=kernel)
    with pytest.raises(ValueError, match=r"kernel 2 computes gaunt: .* the factor of other is"):
        register(replace(family(GRADIENT_DOT), name="other", kernel=2))


def test_products_take_a_family_that_is_not_symmetric() -> None:
    """The product and both of its turns, and all paths apart, against the dense tensor."""
    tensor = np.zeros((9,) * 3)
    for l1, l2, l3 in paths(2):
        box = tuple(slice(l * l, (l + 1) ** 2) for l in (l1, l2, l3))
        tensor[box] = quadrature(GRADIENT_DOT, l1, l2, l3)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 9, 4))
    made = ClebschGordan(2, 2, 2, normalization=GRADIENT_DOT)
    for turned, form in ((made, "abc"), (made.turn(), "cab"), (made.turn().turn(), "bca")):
        expected = np.einsum(f"{form},ai,bi->ci", tensor, x, y)
        np.testing.assert_allclose(turned(x, y), expected, atol=1e-12)
    separate = FullProduct(2, 2, 2, paths="even", normalization=GRADIENT_DOT)(x, y)
    assert separate.shape[0] == sum(2 * l3 + 1 for _, _, l3 in even_paths(2))


def test_export_of_a_family_that_is_not_symmetric() -> None:
    table = build(Request(lmax=3, families=["wigner_3j", GRADIENT_DOT]))
    vectors = path_vectors(list_table(table))
    for number, l in enumerate(table.paths.tolist()):
        assert vectors["n_gradient_dot"][number] == float(exact_normalization(GRADIENT_DOT, *l))
    exactly = json.loads(export(table, "json", family=GRADIENT_DOT))
    assert exactly["metadata"]["family"] == GRADIENT_DOT and not exactly["metadata"]["imaginary"]
    header = export(table, "c", family=GRADIENT_DOT, path_vectors=False).decode()
    assert "gradient_dot" in header
    with pytest.raises(ValueError, match=r"canonical order .* gradient_dot of this|canonical order holds"):
        export(table, "npz", family=GRADIENT_DOT, order="canonical")
    racah = list_table(table, "e3nn", GRADIENT_DOT)
    l = racah.paths[racah.path[5]]
    assert racah.exact(5) == family(GRADIENT_DOT).exact("real")(*l.tolist(), *racah.orders[5].tolist())


def test_the_study_of_gradient_dot() -> None:
    """Zero paths are free, signs are those of the factor, and one term suffices to degree 1."""
    problem = normalization_problem(GRADIENT_DOT, 3, inverse=False)
    met = 0
    for l in product(range(4), repeat=3):
        factor = family(GRADIENT_DOT).reduced(*l, "real")
        assert bool(problem.mask[l]) == bool(factor)
        assert problem.tensor[l] == float(factor)
        met += bool(factor)
    assert met == sum(problem.mask.ravel()) and (problem.tensor < 0).any()
    signs = normalization_problem(GRADIENT_DOT, 3, signs="complex")
    assert np.array_equal(np.abs(signs.tensor), np.abs(normalization_problem(GRADIENT_DOT, 3).tensor))
    assert problem.ties == (0, 1, 1)
    [record] = study(normalization_problem(GRADIENT_DOT, 1), [1], starts=4)
    assert record.error < 1e-12
    with pytest.raises(ValueError, match="products have no factors of gradient_dot"):
        _ = record.product_factors
    whole = whole_problem(2, family=GRADIENT_DOT)
    index = tuple(int(axis[3]) for axis in np.nonzero(whole.tensor))
    assert float(whole.exact(*index)) == pytest.approx(whole.tensor[index], rel=1e-15)


def test_gradient_dot_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    said = run(main, ["value", GRADIENT_DOT, *"2 1 1 0 0 0".split(), "--exact", "--basis", "real"])
    assert said.output.startswith(f"{family(GRADIENT_DOT).exact('real')(2, 1, 1, 0, 0, 0)} = ")
    drawn = run(main, ["value", GRADIENT_DOT, *"2 1 1 0 0 0".split(), "--plot", "block.png"])
    assert drawn.exit_code == 0 and Path("block.png").stat().st_size > 1000
    request = Path("mine.toml")
    request.write_text('lmax = 2\nfamilies = ["wigner_3j", "gradient_dot"]\nname = "mine"\n', encoding="utf-8")
    assert run(main, ["build", "mine.toml", "--output", "mine.safetensors"]).exit_code == 0
    assert "ok      reduced factors" in run(main, ["check", "mine.safetensors"]).output
    written = run(main, ["export", "mine.safetensors", "-f", "csv", "--family", GRADIENT_DOT, "-o", "-"]).output
    listing = list_table(load("mine.safetensors"), family=GRADIENT_DOT)
    assert sum(line[0] != "#" for line in written.splitlines()) == 1 + len(listing)
    searched = run(main, ["study", "family", GRADIENT_DOT, "--lmax", "1", "--max-rank", "1", "--starts", "2"])
    assert searched.exit_code == 0 and "even, complex" in searched.output


# -- spin-weighted harmonics ------------------------------------------------------------------


def spin_weighted_harmonics(l: int, s: int, theta: Any, phi: Any) -> Any:
    """[n, 2l+1] by the sum of Goldberg et al. 1967, eq. 3.1, with the sign (-1)^m of Condon and Shortley."""
    columns = []
    for m in range(-l, l + 1):
        total = np.zeros(len(theta))
        for r in range(max(0, m - s), min(l - s, l + m) + 1):
            sign = comb(l - s, r) * comb(l + s, r + s - m) * (-1.0) ** (l - r - s)
            total += sign * np.sin(theta / 2) ** (2 * l - 2 * r - s + m) * np.cos(theta / 2) ** (2 * r + s - m)
        square = Fraction(factorial(l + m) * factorial(l - m), factorial(l + s) * factorial(l - s)) * (2 * l + 1)
        columns.append((-1.0) ** m * np.sqrt(float(square) / (4 * np.pi)) * total * np.exp(1j * m * phi))
    return np.stack(columns, axis=-1)


def test_spin_weighted_harmonics_of_spin_zero_are_harmonics() -> None:
    grid = gauss_legendre(6)
    for l in range(4):
        expected = coupling.sphere.harmonics(l, grid.theta, grid.phi, "complex")[:, l * l :]
        np.testing.assert_allclose(spin_weighted_harmonics(l, 0, grid.theta, grid.phi), expected, atol=1e-13)


@pytest.mark.parametrize("spins", SPINS)
def test_spin_weighted_gaunt_against_quadrature(spins: Degrees) -> None:
    """Every path to degree 4, those with some |s| > l included: zero."""
    name, met, alive = "spin_weighted_gaunt:{},{},{}".format(*spins), 0, 0
    blocks, table = tabulate(name, 4, "complex").blocks(), build(Request(lmax=4, basis="complex", families=[name]))
    assert table.check().passed
    grid = gauss_legendre(12)
    for l in paths(4):
        expected = np.zeros([2 * n + 1 for n in l])
        if all(abs(s) <= n for s, n in zip(spins, l, strict=True)):
            fields = [spin_weighted_harmonics(n, s, grid.theta, grid.phi) for n, s in zip(l, spins, strict=True)]
            expected = np.einsum("pa,pb,pc->abc", fields[0] * grid.weights[:, None], fields[1], fields[2])
            alive += 1
        for block in (coupling.block(name, *l, "complex"), blocks[l], table.block(name, *l)):
            np.testing.assert_allclose(block, expected, atol=1e-13)
            assert block.dtype == float
        met += 1
    assert met == 65 and 0 < alive <= 65 and (alive == 65) == (spins == (0, 0, 0))


def test_spin_weighted_gaunt_is_exact() -> None:
    """All spins, all entries to degree 3, against ð applied to Rodrigues' formula."""
    met = 0
    for l in paths(3):
        for s in complex_orders(*l):
            value = family("spin_weighted_gaunt:{},{},{}".format(*s)).exact("complex")
            for m in complex_orders(*l):
                assert signed_square(value(*l, *m)) == legendre.spin_weighted_gaunt(l, s, m), (l, s, m)
                met += 1
    assert met == 9322


def test_spin_zero_is_gaunt() -> None:
    assert np.array_equal(
        tabulate("spin_weighted_gaunt:0,0,0", 5, "complex", "even").values, tabulate("gaunt", 5, "complex").values
    )


def test_spin_weighted_gaunt_on_the_command_line_and_in_an_export() -> None:
    name = "spin_weighted_gaunt:1,-2,1"
    said = CliRunner().invoke(main, ["value", name, *"2 2 2 1 0 -1".split(), "--exact"])
    number = family(name).exact("complex")(2, 2, 2, 1, 0, -1)
    assert said.output == f"{number} = {float(number)!r}\n" and number
    table = build(Request(lmax=2, basis="complex", families=["wigner_3j", name]))
    listing = list_table(table, coupling.foreign.Convention("mine", basis="complex"), name)
    assert np.array_equal(dense(listing.index, listing.values, 9)[4:, 4:, 4:], coupling.block(name, 2, 2, 2, "complex"))
    assert "n_spin_weighted_gaunt_1_m2_1" in path_vectors(
        list_table(table, coupling.foreign.Convention("m", basis="complex"))
    )


# -- conjugated slots -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONJUGATED)
def test_a_conjugated_slot_is_a_sign_and_a_negated_order(name: str, lmax: int) -> None:
    record = family(name)
    plain, conjugated = record.conjugated().exact("complex"), record.exact("complex")
    blocks, met = tabulate(name, lmax, "complex").blocks(), 0
    for l in product(range(lmax + 1), repeat=3):
        block = coupling.block(name, *l, "complex")
        for m in complex_orders(*l) if 2 * max(l) <= sum(l) else ():
            turned = [-n if slot in record.conjugate else n for slot, n in enumerate(m, 1)]
            odd = sum(n for slot, n in enumerate(m, 1) if slot in record.conjugate) % 2
            number = plain(*l, *m)
            assert conjugated(*l, *turned) == (-number if odd else number)
            place = tuple(n + order for n, order in zip(l, turned, strict=True))
            assert block[place] == (complex(number) if record.imaginary else float(number)) * (-1 if odd else 1)
            met += 1
        if l in blocks:
            assert np.array_equal(blocks[l], block.imag if record.imaginary else block)
    assert met > 1000
    table = build(Request(lmax=3, basis="complex", families=[name]))
    for l in paths(3):
        np.testing.assert_allclose(table.block(name, *l), coupling.block(name, *l, "complex"), rtol=4e-16)


def test_conjugation_changes_nothing_in_the_real_basis() -> None:
    assert np.array_equal(tabulate("gaunt:conj=1", 4).values, tabulate("gaunt", 4).values)


def test_a_third_slot_conjugated_and_scaled_is_clebsch_gordan() -> None:
    conjugated = family("wigner_3j:conj=3").exact("complex")
    for l in paths(3):
        for m1, m2, m3 in complex_orders(*l):
            scale = Surd(1 if (l[0] - l[1]) % 2 == 0 else -1, 2 * l[2] + 1)
            assert exact.clebsch_gordan(*l, m1, m2, -m3) == conjugated(*l, m1, m2, -m3) * scale


# -- what a family cannot have ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: coupling.block(SPIN_WEIGHTED[1], 1, 1, 1), "spin_weighted_gaunt has no real basis, only complex"),
        (lambda: tabulate(SPIN_WEIGHTED[1], 1), "spin_weighted_gaunt has no real basis"),
        (lambda: Request(lmax=1, families=[SPIN_WEIGHTED[1]]), "spin_weighted_gaunt has no real basis"),
        (lambda: ClebschGordan(1, 1, 1, normalization=SPIN_WEIGHTED[1]), "spin_weighted_gaunt has no real basis"),
        (lambda: normalization_problem(SPIN_WEIGHTED[1], 2), "spin_weighted_gaunt has no real basis"),
        (lambda: whole_problem(1, family=SPIN_WEIGHTED[1]), "spin_weighted_gaunt has no real basis"),
        (lambda: quadrature(SPIN_WEIGHTED[1], 1, 1, 1, "complex"), "family must be one of gaunt, antisymmetric_gaunt"),
        (
            lambda: coupling.block("spin_weighted_gaunt", 1, 1, 1),
            "needs its parameters s1, s2, s3: write spin_weighted",
        ),
        (lambda: family("spin_weighted_gaunt:1,2"), "takes the integers s1, s2, s3, got 1, 2"),
        (lambda: family("spin_weighted_gaunt:1,-1,0:conj=1"), "cannot be conjugated"),
        (lambda: family("spin_weighted_gaunt:1,1,1").reduced(1, 1, 1), "must add up to zero, got 1, 1, 1"),
        (lambda: family("gaunt:1"), "gaunt takes no parameters, got 1"),
        (lambda: family("gaunt:conj=4"), "conjugate must list slots out of 1, 2, 3 in rising order, got"),
        (lambda: family("gaunt:conj=2,1"), "rising order"),
        (lambda: family("gaunt:conj=x"), "a name with parameters"),
        (lambda: family("gaunt:conj="), "is written 'gaunt'"),
        (lambda: family("spin_weighted_gaunt:01,-1,0"), "is written 'spin_weighted_gaunt:1,-1,0'"),
        (lambda: Request(lmax=1, families=["gaunt"], parity="odd"), "gaunt is zero on every odd path"),
        (lambda: Request(lmax=1, families=["gaunt", "gaunt"]), "families must be distinct"),
        (lambda: replace(family("gaunt"), parity="all"), "the integral gaunt has no real basis: i.J times its factor"),
        (lambda: replace(family("gaunt"), name="Gaunt"), "the name of a family is a-z"),
        (lambda: replace(family("gaunt"), half_integers=True), "half-integer degrees: give it a function"),
        (lambda: register(family("gaunt")), "the name gaunt is taken; there are wigner_3j, "),
        (lambda: register(replace(family("gaunt:conj=1"), name="mine")), "with its own slots, not mine:conj=1"),
        (
            lambda: coupling.block(replace(family("gaunt"), kernel=None), 1, 1, 0),
            "gaunt is not the one that is registered",
        ),
        (lambda: unregister("gaunt"), "'gaunt' was not registered in this process; registered: none"),
    ],
)
def test_what_there_is_not_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("symmetry", ["total", "last two", "none"])
def test_a_wrong_claim_is_found_when_a_family_is_registered(symmetry: str) -> None:
    """The factor of gradient_dot has no more symmetry than the last two slots."""
    name = f"with_{symmetry.replace(' ', '_')}"
    record = replace(family(GRADIENT_DOT), name=name, symmetry=symmetry)
    if symmetry == "total":
        with pytest.raises(ValueError, match=r"declared with symmetry 'total', and its factor is .* on"):
            register(record)
        return
    register(record)
    assert np.array_equal(tabulate(name, 5).values, tabulate(GRADIENT_DOT, 5).values)
    unregister(name)


def test_other_wrong_claims() -> None:
    with pytest.raises(ValueError, match="the kind of a path with another factor"):
        register(replace(family(GRADIENT_DOT), name="mine", kind=lambda l1, l2, l3: l1 + l2 + l3))
    with pytest.raises(TypeError, match=r"must be a real Surd, got 1\.0 on the path"):
        register(Family(name="mine", factor=lambda l1, l2, l3: 1.0, integral=False))
    with pytest.raises(TypeError, match="must be an imaginary Surd"):
        register(replace(family("antisymmetric_gaunt"), name="mine", factor=family("wigner_3j").factor, kernel=None))
    with pytest.raises(TypeError, match=r"a family is a coupling\.families.Family, got str"):
        register("gaunt")  # type: ignore[arg-type]


def test_the_claims_of_every_family_hold_to_degree_8() -> None:
    complete = [record for record in records() if not record.parameters]
    met = [check_claims(record, 8) for record in (*complete, *map(family, SPIN_WEIGHTED))]
    assert met == [sum(1 for _ in paths(8))] * (len(complete) + 5)
    assert len(names()) == len(records()) >= 6


# -- a family of one's own --------------------------------------------------------------------


def squared_norm(l1: int, l2: int, l3: int) -> Surd:
    """∫ Y1 L2·L3 with the angular momenta L = -i r×∇ of the second and third harmonic: minus gradient_dot."""
    doubled = l1 * (l1 + 1) - l2 * (l2 + 1) - l3 * (l3 + 1)
    return Surd.rational(Fraction(doubled, 2)) * family("gaunt").factor(l1, l2, l3)


@pytest.fixture
def mine() -> Iterator[Family]:
    yield register(
        Family(
            name="momenta_dot", factor=squared_norm, parity="even", symmetry="last two", definition="∫ Y1 LY2·LY3 dΩ"
        )
    )
    unregister("momenta_dot")


def test_a_family_of_ones_own_works_everywhere(mine: Family, tmp_path: Path) -> None:
    name = mine.name
    assert np.array_equal(coupling.block(name, 2, 1, 1), -coupling.block(GRADIENT_DOT, 2, 1, 1) + 0)
    for basis in BASES:
        assert np.array_equal(tabulate(name, 4, basis).values, 0 - tabulate(GRADIENT_DOT, 4, basis).values)
        assert certify_table(tabulate(name, 4, basis)).passed
    assert np.array_equal(coupling.normalization(name, 3), 0 - coupling.normalization(GRADIENT_DOT, 3))
    file = build(Request(lmax=3, families=["wigner_3j", "gaunt", name])).save(tmp_path / "mine.safetensors")
    table = load(file)
    assert table.check().passed and list(table.factors) == ["wigner_3j", "gaunt", name]
    assert np.array_equal(table.normalization(name), coupling.normalization(name, 3))
    rows = [line for line in export(table, "csv", family=name).decode().splitlines() if line[0] != "#"]
    assert len(rows) == 1 + len(list_table(table, family=name)) > 100
    x, y = np.random.default_rng(1).normal(size=(2, 9, 3))
    ours, theirs = (ClebschGordan(2, 2, 2, normalization=f)(x, y) for f in (name, GRADIENT_DOT))
    np.testing.assert_allclose(ours, -theirs, atol=1e-13)
    assert normalization_problem(name, 2).tensor.min() == -normalization_problem(GRADIENT_DOT, 2).tensor.max()
    said = CliRunner().invoke(main, ["value", name, *"2 1 1 0 0 0".split(), "--exact"])
    assert said.output.startswith(str(-family(GRADIENT_DOT).exact("complex")(2, 1, 1, 0, 0, 0)))


def test_a_file_with_a_family_that_is_not_registered_is_refused(mine: Family, tmp_path: Path) -> None:
    file = build(Request(lmax=1, families=[mine.name])).save(tmp_path / "mine.safetensors")
    assert load(file).check().passed
    unregister(mine.name)
    try:
        with pytest.raises(TableError, match=r"register it with coupling\.families\.register"):
            load(file)
        elsewhere = f"import coupling; coupling.load({str(file)!r})"
        done = subprocess.run([sys.executable, "-c", elsewhere], capture_output=True, text=True)
        assert done.returncode != 0 and "register it with coupling.families.register" in done.stderr
    finally:
        register(mine)


def test_a_name_keeps_its_meaning(mine: Family) -> None:
    """Tables of a family are kept by name, so another family cannot take the name later."""
    unregister(mine.name)
    assert mine.name not in names()
    with pytest.raises(ValueError, match="momenta_dot was another family before in this process"):
        register(replace(mine, factor=family(GRADIENT_DOT).factor))
    register(mine)

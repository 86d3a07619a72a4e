"""Tables of the kernels: every entry against exact integers, by every route, in every shape."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from coupling import exact
from coupling.conventions import BASES, FAMILIES
from coupling.families import family as known
from coupling.families import records
from coupling.indexing import entry_counts, path_array
from coupling.kernels import chain
from coupling.kernels import path as by_digits
from coupling.kernels.regge import MAX_TOTAL
from coupling.numbers import tabulation
from coupling.numbers.accuracy import certificates, certify_table
from coupling.numbers.tabulation import ERROR, tabulate, tabulate_paths
from coupling.selection import orders, paths
from tests.machine import slowness

LARGE = (34, 33, 35), (60, 40, 100), (3, 200, 201)


def entries(lmax: int, basis: str, parity: str = "all") -> int:
    """Count orders one by one."""
    return sum(1 for path in paths(lmax, parity=parity) for _ in orders(*path, basis))


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_entry_is_correctly_rounded(family: str, basis: str, lmax: int) -> None:
    found = certify_table(tabulate(family, lmax + 3, basis))
    parity = {"gaunt": "even", "antisymmetric_gaunt": "odd"}.get(family, "all")
    assert found.entries == entries(lmax + 3, basis, parity)
    assert found.passed and found.misrounded == 0 and found.ulp <= 0.5
    assert found.false_zeros == found.false_nonzeros == 0
    assert found.orthogonality < 1e-14 and found.doubtful == 0


def test_whole_paths_of_large_degrees_in_all_orderings() -> None:
    met = 0
    for where, found in certificates([], LARGE):
        assert found.passed, where
        met += found.entries
    # the 3j and Clebsch-Gordan tables and the integrals of the parity of J, in the bases that they have
    expected = 0
    for path, basis, family in product(LARGE, BASES, records()):
        alive = family.parity in ("all", "odd" if sum(path) % 2 else "even")
        if alive and basis in family.bases and not family.parameters:
            expected += len(set(permutations(path))) * sum(1 for _ in orders(*path, basis))
    assert met == expected


@pytest.mark.slow
def test_all_degrees_to_32() -> None:
    found = certify_table(tabulate("wigner_3j", 32, "complex"))
    assert (found.entries, found.zeros, found.misrounded) == (17_619_921, 40_228, 0)
    assert found.passed and found.false_zeros == found.false_nonzeros == 0


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_entries_left_to_exact_arithmetic_are_the_same(family: str, basis: str) -> None:
    """A wide error bound leaves many entries in doubt, by both routes; no bit changes."""
    chosen = np.array([(3, 4, 5), (5, 4, 3), (4, 4, 4), (2, 5, 4), (7, 7, 2), (1, 60, 60), (60, 1, 60)])
    sure, doubtful = (tabulate_paths(family, chosen, basis, error=error) for error in (2.0**-96, 2.0**-57))
    assert sure.doubtful == 0 and doubtful.doubtful > 5
    assert sure.values.tobytes() == doubtful.values.tobytes()


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_exact_values_replace_a_doubtful_entry_in_every_ordering(
    family: str, basis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that the kernels wrote is left: every entry is doubtful, and spoilt before it is replaced."""
    classes = (2, 3, 4), (2, 3, 3), (1, 3, 3), (1, 51, 51)
    chosen = np.array([path for degrees in classes for path in sorted(set(permutations(degrees)))])
    sure = tabulate_paths(family, chosen, basis)
    fill = tabulation._fill

    def spoil(*arguments: Any) -> np.ndarray:
        doubtful = fill(*arguments)
        values = arguments[3]
        values[values != 0] = np.nan
        return doubtful

    monkeypatch.setattr(tabulation, "_fill", spoil)
    replaced = tabulate_paths(family, chosen, basis, error=0.5)
    assert sure.values.tobytes() == replaced.values.tobytes()
    assert sure.doubtful == 0 and replaced.doubtful >= 16


def interpreted(module: ModuleType, recorded: str, record: Callable, patch: pytest.MonkeyPatch) -> None:
    """Let Python run the kernels of a module, and see every call of one that decides about the rounding."""
    for name, thing in list(vars(module).items()):
        if hasattr(thing, "py_func") and thing.py_func.__module__ == module.__name__:
            patch.setattr(module, name, thing.py_func)
    decide = getattr(module, recorded)
    patch.setattr(module, recorded, lambda *numbers: record(*numbers) or decide(*numbers))


U2 = Fraction(2) ** -106


@pytest.mark.parametrize(
    ("module", "recorded", "proved", "chosen"),
    [(chain, "is_rounded", 160, [(3, 4, 5), (7, 7, 2), (11, 9, 20)]), (by_digits, "round_scaled", 51, [(4, 49, 50)])],
)
def test_the_bound_of_the_certificate_is_above_the_error_before_rounding(
    module: ModuleType, recorded: str, proved: int, chosen: list[tuple[int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every h + l lies within the error that docs/decisions/0009-rounding.md proves, u = 2^-53, of an exact value."""
    squares = {}
    for degrees in chosen:
        for m in orders(*degrees, "complex"):
            surd = exact.wigner_3j(*degrees, *m)
            squares[abs(float(surd))] = Fraction(surd.numerator, surd.denominator)
    seen = []

    def record(h: float, l: float, *rest: float) -> None:
        scale = Fraction(2) ** int(rest[0]) if len(rest) == 2 else Fraction(1)
        if h:
            square = squares[abs(float(Fraction(h) * scale))]
            seen.append((abs(((Fraction(h) + Fraction(l)) * scale) ** 2 / square - 1) / 2, rest[-1]))

    interpreted(module, recorded, record, monkeypatch)
    monkeypatch.setattr(tabulation, "round_path", by_digits.round_path)
    tabulate_paths("wigner_3j", np.array(chosen), "complex")
    assert {bound for _, bound in seen} == {ERROR} and len(seen) > 100
    assert Fraction(2) ** -112 < max(error for error, _ in seen) < proved * U2
    assert 365 * U2 + U2 < ERROR  # the real integrals, and what the test of the rounding rounds itself


@pytest.mark.parametrize("basis", BASES)
def test_the_two_routes_agree_where_they_meet(basis: str) -> None:
    """Chains end at J = 100; the digits of the other route know no end and are made to serve both sides of it."""
    from coupling.numbers import plan

    chosen = np.array([(33, 33, 34), (33, 34, 34), (50, 30, 20), (10, 45, 45), (10, 45, 46), (0, 50, 50), (0, 51, 51)])
    small = chosen.sum(axis=1) <= MAX_TOTAL
    assert 0 < small.sum() < len(chosen)
    expected = tabulate_paths("wigner_3j", chosen, basis)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MAX_TOTAL", -1)
        by_digits = tabulate_paths("wigner_3j", chosen, basis)
    assert expected.values.tobytes() == by_digits.values.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_boxes_parities_and_lists_are_cut_out_of_the_whole(family: str) -> None:
    whole = tabulate(family, 6).blocks()
    met = 0
    for parity in ("all", "even", "odd"):
        for path, block in tabulate(family, (2, 4, 6), parity=parity).blocks().items():
            assert np.array_equal(block, whole.get(path, np.zeros_like(block))), path
            met += 1
    assert met >= len(path_array((2, 4, 6)))
    backwards = path_array((3, 3, 3))[::-1]
    for path, block in tabulate_paths(family, backwards).blocks().items():
        assert np.array_equal(block, whole.get(path, np.zeros_like(block))), path


@pytest.mark.parametrize("lmax", [7, (2, 40, 41)])
def test_workers_change_no_bit(lmax: object) -> None:
    one, two, five = (tabulate("clebsch_gordan", lmax, workers=workers).values.tobytes() for workers in (1, 2, 5))
    assert one == two == five and len(one) > 8 * 10_000


def test_lmax_is_one_degree_or_three() -> None:
    with pytest.raises(ValueError, match=r"one degree or three, one per slot, got \[1\]"):
        tabulate("gaunt", [1])
    with pytest.raises(ValueError, match="family must be one of"):
        tabulate("wigner_12j", 2)
    with pytest.raises(MemoryError, match="bytes"):
        tabulate("wigner_3j", 100_000)


def test_no_zero_is_negative() -> None:
    for basis in BASES:
        for family in FAMILIES:
            table = tabulate(family, 6, basis)
            assert not np.signbit(table.values[table.values == 0]).any()
            assert (table.values == 0).any()
    underflowed = tabulate_paths("wigner_3j", np.array([(1000, 1000, 2000)]), "complex").values
    assert (underflowed == 0).sum() > 1000 and not np.signbit(underflowed[underflowed == 0]).any()


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_interpreted_kernels_give_the_same_bits() -> None:
    code = """
import hashlib, numpy as np
from coupling.numbers.tabulation import tabulate, tabulate_paths
from coupling.numbers.recurrences import wigner_3j_family, wigner_6j_family
digest = hashlib.sha256()
for family in ("wigner_3j", "clebsch_gordan", "gaunt", "antisymmetric_gaunt"):
    for basis in ("complex", "real"):
        digest.update(tabulate(family, 1, basis).values.tobytes())
digest.update(tabulate("wigner_3j", 2).values.tobytes())
digest.update(tabulate_paths("wigner_3j", np.array([(0, 51, 51)])).values.tobytes())
for family in (wigner_3j_family(5, 4, 2, -3), wigner_3j_family(3, 3, 1, 1), wigner_6j_family(3, 4, 5, 4, 3)):
    digest.update(family.values.tobytes())
print(digest.hexdigest())
"""
    assert run(code, NUMBA_DISABLE_JIT="1") == run(code, NUMBA_DISABLE_JIT="0")


def test_a_changed_helper_is_compiled_again(tmp_path: Path, root: Path) -> None:
    """numba alone would go on using the machine code of a caller whose helper in another file has changed."""
    package = tmp_path / "coupling"
    for source in [*(root / "coupling").glob("*.py"), *(root / "coupling/kernels").glob("*.py")]:
        target = tmp_path / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + (
        "from coupling.kernels.regge import to_double_double as caller\n"
        "import numpy as np; from coupling.kernels.regge import binomial_root; x = np.full((1, 1), 2.0)\n"
        "print(binomial_root(0, 0, 0 * x, x, x, 0 * x)[0], caller.stats.cache_misses)"
    )
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert run(code, **environment).startswith("4.0")
    helper = package / "kernels/doubledouble.py"
    text = helper.read_text()
    last = "fma(ah, bl, fma(al, bh, fma(ah, bh, -p)))\n    h = p + e\n    return h, e - (h - p)"
    assert text.count(last) == 1
    helper.write_text(text.replace(last, "0.0\n    return 5.0, 0.0"))
    assert run(code, **environment).startswith("5.0")


def test_a_warm_start_takes_a_second() -> None:
    code = (
        "import time, coupling\n"
        "coupling.tabulate('wigner_3j', 4); print(time.process_time())"  # with the start of Python and numba
    )
    run(code)
    assert min(float(run(code)) for _ in range(3)) < slowness()


@pytest.mark.parametrize("family", ["wigner_3j", "clebsch_gordan", "gaunt", "gradient_dot"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("mapped", [False, True], ids=["memory", "memmap"])
def test_out_receives_the_same_bits(family: str, workers: int, mapped: bool, tmp_path: Path) -> None:
    expected = tabulate(family, 8)
    shape = expected.values.shape
    out = np.memmap(tmp_path / "values", np.float64, "w+", shape=shape) if mapped else np.empty(shape)
    out[:] = np.nan  # what is not written would be seen, the zeros of a family without a kernel too
    found = tabulate(family, 8, workers=workers, out=out)
    assert out.tobytes() == expected.values.tobytes() and np.shares_memory(found.values, out)
    paths = path_array((8, 8, 8), known(family).parity)
    assert shape == (int(entry_counts(paths, "real").sum()),)  # as the docstring says


def test_out_that_does_not_fit() -> None:
    frozen, wide = np.empty(83), np.empty((83, 2))
    frozen.flags.writeable = False
    shifted = np.frombuffer(bytearray(83 * 8 + 4), np.uint8)[4:].view(np.float64)
    wrong = (
        (np.empty(82), ValueError, r"shape \(83,\), got float64 of shape \(82,\)"),
        (np.empty((83, 1)), ValueError, r"shape \(83,\), got float64 of shape \(83, 1\)"),
        (np.empty(83, np.float32), ValueError, "got float32"),
        (np.empty(83, ">f8"), ValueError, "got >f8"),
        (wide[:, 0], ValueError, "contiguous, aligned and writeable"),
        (frozen, ValueError, "contiguous, aligned and writeable"),
        (shifted, ValueError, "contiguous, aligned and writeable"),
        ([0.0] * 83, TypeError, "got list"),
    )
    for out, error, words in wrong:
        with pytest.raises(error, match=words):
            tabulate("gaunt", 2, out=out)  # type: ignore[arg-type]

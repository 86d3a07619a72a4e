"""Where tabulations end: arguments that do not exist, the degrees of each kernel, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest

import coupling
from coupling import exact, memory
from coupling.conventions import BASES, FAMILIES, parity_sign
from coupling.exact import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.indexing import entry_counts, path_array
from coupling.kernels.path import MAX_DEGREE
from coupling.kernels.regge import MAX_TOTAL
from coupling.numbers import coefficients, plan, recurrences, tabulation
from coupling.numbers.plan import box_size, buffer_shapes, checked_paths, table_plan
from coupling.numbers.recurrences import LARGEST_6J
from coupling.numbers.tabulation import ERROR, tabulate, tabulate_paths
from coupling.selection import LARGEST_DEGREE, has_parity, orders, paths
from coupling.tables import Request, build

# -- arguments --------------------------------------------------------------------------------

GOOD = [(1, 1, 1), (4, 4, 5), (60, 60, 60)]
TRIANGLE = r"a path satisfies \|l1 - l2\| <= l3 <= l1 \+ l2, got "
BAD_PATHS: list[tuple[Any, type[Exception], str]] = [
    ([[1, 1, 9], [4, 4, 4], [4, 4, 5], [4, 4, 6]], ValueError, TRIANGLE + r"\(1, 1, 9\)"),
    ([[4, 4, 4], [0, 0, 1]], ValueError, TRIANGLE + r"\(0, 0, 1\)"),
    ([[100, 3, 4]], ValueError, TRIANGLE + r"\(100, 3, 4\)"),
    ([[1, 1, 1], [2, 2, 2], [1, 1, 1]], ValueError, r"paths must be distinct, got \(1, 1, 1\) 2 times"),
    ([[60, 60, 60]] * 3, ValueError, r"paths must be distinct, got \(60, 60, 60\) 3 times"),
    ([[1, 1, -1], [3, 3, 3]], ValueError, r"degree 3 must be >= 0, got -1"),
    (np.array([[1, 1, -1], [3, 3, 3]]), ValueError, r"degrees of paths must be 0 ... 100000, got \(1, 1, -1\)"),
    (np.array([[1, 1, -1]], np.int8), ValueError, r"degrees of paths must be 0 ... 100000, got \(1, 1, -1\)"),
    (np.array([[1, 1, 2**64 - 1]], np.uint64), ValueError, r"degrees of paths must be 0 ... 100000"),
    ([[10**30, 1, 1]], ValueError, r"degree 1 must be <= 100000, got 10{30}"),
    ([[LARGEST_DEGREE + 1, LARGEST_DEGREE, 1]], ValueError, r"degree 1 must be <= 100000, got 100001"),
    ([[1, 1, 1.7]], ValueError, r"degree 3 must be an integer, got 1\.7"),
    (np.array([[1.0, 1.0, 1.7]]), ValueError, r"degree 3 must be an integer, got .*1\.7"),
    ([[1, float("nan"), 1]], ValueError, r"degree 2 must be an integer, got nan"),
    (np.full((2, 3), np.inf), ValueError, r"degree 1 must be an integer"),
    ([[1, Fraction(1, 2), 1]], ValueError, r"degree 2 must be an integer, got 1/2"),
    ([[True, 1, 1]], TypeError, r"degree 1 must be an integer, got bool True"),
    (np.ones((1, 3), bool), TypeError, r"degree 1 must be an integer, got bool"),
    ([["1", 1, 1]], TypeError, r"degree 1 must be an integer, got str '1'"),
    ([[1j, 1, 1]], TypeError, r"degree 1 must be an integer, got complex"),
    ([[None, 1, 1]], TypeError, r"degree 1 must be an integer, got NoneType"),
    ([1, 1, 1], ValueError, r"paths must be an array \[P, 3\] of degrees l1, l2, l3, got a path 1"),
    ([[1, 1]], ValueError, r"paths must be an array \[P, 3\] .* got a path \(1, 1\)"),
    ([[1, 1, 1], [1, 1]], ValueError, r"paths must be an array \[P, 3\] .* got a path \(1, 1\)"),
    (np.ones((2, 4), int), ValueError, r"paths must be an array \[P, 3\] .* got shape \(2, 4\)"),
    (np.ones((1, 1, 3), int), ValueError, r"paths must be an array \[P, 3\] .* got shape \(1, 1, 3\)"),
    (np.array(3), ValueError, r"paths must be an array \[P, 3\] .* got shape \(\)"),
    ("abc", TypeError, r"paths must be an array \[P, 3\] .* got str 'abc'"),
    (None, TypeError, r"paths must be an array \[P, 3\] .* got NoneType None"),
    (7, TypeError, r"paths must be an array \[P, 3\] .* got int 7"),
]


@pytest.mark.parametrize(("given", "error", "sentence"), BAD_PATHS)
def test_paths_that_do_not_exist_are_refused(given: Any, error: type[Exception], sentence: str) -> None:
    for family in FAMILIES:
        with pytest.raises(error, match=f"^{sentence}"):
            tabulate_paths(family, given)
    with pytest.raises(error):
        checked_paths(given)


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda p: np.array(p, np.uint8), lambda p: np.array(p, float)])
def test_paths_of_any_integer_type_are_the_same(kind: Callable[[Any], Any]) -> None:
    found = tabulate_paths("wigner_3j", kind(GOOD))
    assert found.values.tobytes() == tabulate_paths("wigner_3j", np.array(GOOD)).values.tobytes()
    assert len(found) == 3 and found.paths.dtype == np.int64


def test_no_paths_give_no_values() -> None:
    for nothing in ([], np.zeros((0, 3), int)):
        for workers in (1, 2):
            table = tabulate_paths("gaunt", nothing, workers=workers)
            assert len(table) == 0 and table.values.size == 0 and table.blocks() == {}


def test_paths_of_the_other_parity_are_zero_among_others() -> None:
    chosen = [(1, 1, 1), (1, 1, 2), (60, 60, 61), (60, 60, 60), (2, 2, 1)]
    for family, odd in (("gaunt", 0), ("antisymmetric_gaunt", 1)):
        for basis in BASES:
            table = tabulate_paths(family, chosen, basis)
            for index, path in enumerate(chosen):
                assert table.of_path(index).any() == (sum(path) % 2 == odd)
                alone = tabulate_paths(family, [path], basis)
                assert alone.values.tobytes() == table.of_path(index).tobytes()


BAD_OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"workers": 0}, ValueError, "workers must be an integer >= 1, got 0"),
    ({"workers": -3}, ValueError, "workers must be an integer >= 1, got -3"),
    ({"workers": 1.5}, ValueError, "workers must be an integer >= 1, got 1.5"),
    ({"workers": True}, TypeError, "workers must be an integer >= 1, got bool True"),
    ({"workers": "2"}, TypeError, "workers must be an integer >= 1, got str '2'"),
    ({"error": 0.0}, ValueError, "error must be at least .*, the proven bound, and below 1, got 0.0"),
    ({"error": ERROR / 2}, ValueError, "error must be at least .* got 6.3"),
    ({"error": -1.0}, ValueError, "error must be at least .* got -1.0"),
    ({"error": float("nan")}, ValueError, "error must be at least .* got nan"),
    ({"error": 1}, ValueError, "error must be at least .* got 1"),
    ({"error": "small"}, TypeError, "error must be a number, got str 'small'"),
    ({"error": True}, TypeError, "error must be a number, got bool True"),
    ({"basis": "cartesian"}, ValueError, "basis must be one of complex, real, got 'cartesian'"),
    ({"basis": None}, TypeError, "basis must be one of complex, real, got NoneType None"),
]


@pytest.mark.parametrize(("options", "error", "sentence"), BAD_OPTIONS)
def test_options_that_do_not_exist_are_refused(options: dict[str, Any], error: type[Exception], sentence: str) -> None:
    for call in (lambda: tabulate("gaunt", 2, **options), lambda: tabulate_paths("gaunt", [(1, 1, 2)], **options)):
        with pytest.raises(error, match=f"^{sentence}"):
            call()
    with pytest.raises(ValueError, match="family must be one of"):
        tabulate_paths("wigner_9j", "no paths either", **options)


# -- degrees ----------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_exact_blocks_take_the_place_of_the_kernel_bit_by_bit(
    family: str, basis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In all orderings, alone and together, with equal degrees and without."""
    even = (33, 34, 35), (1, 52, 53), (36, 36, 36), (30, 40, 70), (0, 51, 51)
    chosen = [p for path in (*even, (33, 34, 36), (34, 34, 37)) for p in sorted(set(permutations(path)))]
    assert all(sum(path) > MAX_TOTAL for path in chosen)
    expected = tabulate_paths(family, chosen, basis)
    monkeypatch.setattr(tabulation, "MAX_DEGREE", 0)
    monkeypatch.setattr(tabulation, "round_path", None)
    found = tabulate_paths(family, chosen, basis, workers=2)
    assert found.values.tobytes() == expected.values.tobytes() and expected.values.any()
    for index in range(0, len(chosen), 5):
        alone = tabulate_paths(family, chosen[index : index + 1], basis)
        assert alone.values.tobytes() == found.of_path(index).tobytes()


def test_the_kernel_of_long_integers_stays_below_its_word_in_its_domain() -> None:
    """Its sums are x·s + y·t + carry, digits below 2^32 and carries below 2^33; remainders are below the divisor."""
    met, worst = 0, 0
    for l in (1, 60, 8000, MAX_DEGREE):
        for l1, l2, l3 in ((0, l, l), (l, l, l), (1, l - 1, l), (l // 2, l // 2 + l % 2, l), (l // 2, l, l)):
            for p1 in {0, l1 // 2, l1}:
                for p2 in {max(0, l1 + l2 - l3 - p1), l2, 2 * l2 - 1, 2 * l2} - {-1}:
                    p3 = l1 + l2 + l3 - p1 - p2
                    eigenvalue = l2 * (l2 + 1) + l3 * (l3 + 1) - l1 * (l1 + 1) + 2 * (p2 - l2) * (p3 - l3)
                    upper, lower = (p2 + 1) * (2 * l3 - p3 + 1), (p3 + 1) * (2 * l2 - p2 + 1)
                    worst = max(worst, abs(eigenvalue) + abs(upper), lower)
                    met += 1
    assert worst << 32 < 1 << 62 and met > 50
    # at 23171, twice that is more than a word holds
    l = 23171
    assert (2 * l * (l + 1) + 2 * l * l) << 32 > 1 << 63


@pytest.mark.parametrize("l", [MAX_DEGREE, MAX_DEGREE + 1, 23_171])
def test_closed_forms_on_both_sides_of_the_end_of_the_kernel(l: int) -> None:
    """3j(0 l l; 0 m -m) = (-1)^(l-m)/√(2l+1), also where the kernel would overflow and write beyond its arrays."""
    table = tabulate_paths("wigner_3j", [(0, l, l)], "complex")
    size = float(Surd(1, 1, 2 * l + 1))
    assert table.values.tolist() == [parity_sign(l - m) * size for m in range(-l, l + 1)]


def test_values_beyond_the_kernel_are_the_exact_ones() -> None:
    path = 1, MAX_DEGREE, MAX_DEGREE + 1
    table = tabulate_paths("clebsch_gordan", [path])
    listed = list(orders(*path, "real"))
    assert len(listed) == len(table.values)
    for index in range(7, len(listed), len(listed) // 5):
        assert table.values[index] == float(exact.real_clebsch_gordan(*path, *listed[index]))


def test_immense_blocks_are_refused_or_right_and_never_crash() -> None:
    """In a process of its own whose memory ends at 3 GiB: what was heap corruption is a MemoryError."""
    code = """
import resource, numpy as np
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
import coupling
from coupling.numbers.tabulation import tabulate_paths
for path in ((0, 24000, 24000), (24000, 0, 24000), (90000, 90000, 0), (100000, 100000, 100000)):
    for family in ("wigner_3j", "antisymmetric_gaunt"):
        for basis in ("real", "complex"):
            try:
                coupling.block(family, *path, basis)
            except MemoryError as error:
                print(error)
try:
    tabulate_paths("wigner_3j", [(50000, 50000, 50000)])
except MemoryError as error:
    print(error)
"""
    if sys.platform != "linux":
        pytest.skip("limits of Linux")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 17 and all("bytes" in line or "Unable to allocate" in line for line in said), said


def test_a_block_beyond_the_kernel_is_the_block_of_exact_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coefficients, "KERNEL_SIZE", 10**9)
    path = 3, 40, 41
    expected = {(f, b): coupling.block(f, *path, b) for f in FAMILIES for b in BASES}
    monkeypatch.setattr(coefficients, "KERNEL_SIZE", 0)
    for limit in (MAX_DEGREE, 40):
        monkeypatch.setattr(tabulation, "MAX_DEGREE", limit)
        for (family, basis), block in expected.items():
            found = coupling.block(family, *path, basis)
            assert found.tobytes() == block.tobytes() and found.dtype == block.dtype, (family, basis)


@pytest.mark.parametrize("program", ["e3nn", "e3x"])
def test_no_zero_of_a_block_is_negative(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ((3, 4, 5), (2, 4, 4)):
        for family in FAMILIES:
            small = coupling.block(family, *path, convention=program)
            with monkeypatch.context() as patch:
                patch.setattr(coefficients, "KERNEL_SIZE", 0)
                kernel = coupling.block(family, *path, convention=program)
            assert kernel.tobytes() == small.tobytes()
            assert not np.signbit(small[small == 0]).any()


@pytest.mark.parametrize(
    ("l1", "l2", "m1", "m2"),
    [(LARGEST_DEGREE, 2, 50_000, -1), (3, LARGEST_DEGREE, 2, LARGEST_DEGREE), (LARGEST_DEGREE, 1, -LARGEST_DEGREE, 1)],
)
def test_3j_families_at_the_largest_degree(l1: int, l2: int, m1: int, m2: int) -> None:
    first, values = coupling.wigner_3j_family(l1, l2, m1, m2)
    doubled = 2 * l1, 2 * l2, 2 * m1, 2 * m2
    for i, value in enumerate(values.tolist()):
        j1, j2, p1, p2 = doubled
        assert value == float(doubled_3j(j1, j2, 2 * (int(first) + i), p1, p2, -p1 - p2))
    assert len(values) == l1 + l2 - first + 1


def test_entries_in_doubt_beyond_the_largest_degree_come_from_exact_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The degree that runs goes to l1 + l2, twice as far as those that are given."""
    family = LARGEST_DEGREE, 2, 50_000, -1
    expected = coupling.wigner_3j_family(*family).values
    whole = recurrences._entry_3j()

    def in_doubt(*arguments: Any) -> int:
        whole(*arguments)
        arguments[-1][:] = np.nan
        return len(arguments[-1])

    monkeypatch.setattr(recurrences, "_entry_3j", lambda: in_doubt)
    assert coupling.wigner_3j_family(*family).values.tobytes() == expected.tobytes()


@pytest.mark.parametrize("others", [(8192, 3, 2, 4, 8190), (2.5, 8192, 2, 8191, 1.5)])
def test_6j_families_at_the_largest_degree(others: tuple[float, ...]) -> None:
    assert max(others) == LARGEST_6J / 2
    first, values = coupling.wigner_6j_family(*others)
    chosen = sorted({0, len(values) // 2, len(values) - 1} - {-1})
    assert len(values) > 2
    assert [values[i] for i in chosen] == [float(exact.wigner_6j(Fraction(first) + i, *others)) for i in chosen]


# -- memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("box", [(8, 8, 8), (60, 60, 60), (100, 3, 200), (5, 200, 200), (60, 90, 40), (0, 500, 500)])
def test_the_size_of_a_box_is_estimated_without_its_paths(box: tuple[int, int, int]) -> None:
    for basis in BASES:
        listed = path_array(box)
        entries, count = box_size(box, basis, "all")
        assert 0.9 < entries / entry_counts(listed, basis).sum() < 1.2
        assert 0.9 < count / len(listed) < 1.2


def test_a_narrow_box_of_large_degrees_is_not_refused() -> None:
    """Its estimate was the fifth power of its largest degree."""
    assert len(tabulate("wigner_3j", (0, 300, 300), "complex").values) == sum(2 * l + 1 for l in range(301))
    assert 8 * box_size((0, 20_000, 20_000), "complex", "all")[0] < 4 << 30


def test_buffers_suffice_for_the_orderings_that_are_wanted() -> None:
    """Each set of orderings of a path by itself gives the values of all together."""
    for path in ((30, 35, 40), (34, 34, 40), (30, 40, 40)):
        every = sorted(set(permutations(path)))
        whole = dict(zip(every, map(tabulate_paths("wigner_3j", every).of_path, range(len(every))), strict=True))
        for first in every:
            for second in every:
                chosen = sorted({first, second})
                table = tabulate_paths("wigner_3j", chosen)
                for index, one in enumerate(chosen):
                    assert table.of_path(index).tobytes() == whole[one].tobytes()
    assert buffer_shapes([2, 3, 4], np.array([-1, -1, -1, -1, -1, 5])) == ((9, 7), (7, 9))


#: Python's own objects, whatever the size of the arrays.
OBJECTS = 1 << 17

MEASURED: dict[str, Callable[[], object]] = {
    "table of chains": lambda: tabulate("clebsch_gordan", 22),
    "table by threads": lambda: tabulate("wigner_3j", 20, workers=4),
    "many paths": lambda: tabulate("wigner_3j", (200, 1, 200)),
    "one large path": lambda: tabulate_paths("wigner_3j", [(150, 160, 170)]),
    "all orderings of a large path": lambda: tabulate_paths("wigner_3j", sorted(set(permutations((90, 110, 130))))),
    "large paths by threads": lambda: tabulate_paths("gaunt", [(l, l, 160) for l in range(100, 130, 2)], workers=4),
    "thin path": lambda: tabulate_paths("wigner_3j", [(0, 6000, 6000)]),
    "exact path": lambda: tabulate_paths("wigner_3j", [(1, MAX_DEGREE + 1, MAX_DEGREE + 1)]),
    "entries left to exact arithmetic": lambda: tabulate_paths("gaunt", [(6, 6, 6), (8, 8, 8)], error=0.5),
    "block": lambda: coupling.block("wigner_3j", 40, 50, 60),
    "imaginary block": lambda: coupling.block("antisymmetric_gaunt", 40, 50, 61, "complex"),
    "block of another program": lambda: coupling.block("wigner_3j", 40, 50, 60, convention="e3nn"),
    "small block of another program": lambda: coupling.block("gaunt", 14, 15, 200, convention="e3nn"),
    "build": lambda: build(Request(lmax=20)),
    "build of many paths": lambda: build(Request(lmax=(1, 120, 120), basis="complex")),
}


@pytest.mark.parametrize("kind", MEASURED)
def test_what_is_asked_for_is_not_less_than_what_is_held(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest request before a computation against the peak that Python and numpy allocate in it."""
    asked: list[int] = []
    for module in (memory, tabulation, plan, coefficients):
        monkeypatch.setattr(module, "require_memory", lambda needed, what: asked.append(needed), raising=False)
    from coupling.tables import builder

    monkeypatch.setattr(builder, "require_memory", lambda needed, what: asked.append(needed))
    MEASURED[kind]()  # compiled, and factors cached
    forget()
    asked.clear()
    tracemalloc.start()
    try:
        result = MEASURED[kind]()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result is not None
    assert max(asked) + OBJECTS >= peak, (kind, max(asked), peak)
    assert max(asked) < 5 * peak + (24 << 20), (kind, max(asked), peak)


def forget() -> None:
    from coupling.exact import blocks
    from coupling.numbers import factors

    cached = factors.chain_roots, factors.path_roots, factors._signed_binomials, blocks._inverse_roots, plan.box_plan
    for function in cached:
        function.cache_clear()


def test_blocks_ask_for_their_bytes_without_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    table = tabulate("wigner_3j", 3)
    many = np.full((3000, 3), LARGEST_DEGREE)  # 2.4e19 numbers, more than a word counts
    huge = tabulation.Tabulation("wigner_3j", "real", many, np.zeros(3001, np.int64), table.values, 0)
    with pytest.raises(MemoryError, match=r"all blocks of 3000 paths needs 192\d{18} bytes"):
        huge.blocks()
    monkeypatch.setattr(tabulation, "require_memory", lambda needed, what: asked.append(needed))
    tracemalloc.start()
    blocks = table.blocks()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert asked[0] + OBJECTS >= peak and len(blocks) == len(list(paths(3)))
    assert has_parity(2, "even") and table_plan(path_array((1, 1, 1)), "real").offsets[-1] == 16

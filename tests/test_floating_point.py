"""Rounding modes and flush-to-zero, set for real: not a bit changes, and the caller's environment comes back."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import coupling
from coupling import exact, floating_point
from coupling.arrays.builder import build_arrays
from coupling.conventions import BASES, FAMILIES
from coupling.exact import Surd
from coupling.export import export
from coupling.floating_point import default_rounding, from_bits, rounds_by_default
from coupling.numbers.accuracy import certify_table
from coupling.numbers.compiled import FUNCTIONS
from coupling.numbers.tabulation import tabulate, tabulate_paths
from coupling.tables import Request, build
from coupling.tables.check import check

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="modes are set as Linux on x86-64 has them"
)

ROUNDING = {"upward": 0x800, "downward": 0x400, "toward zero": 0xC00}
#: Flush-to-zero and denormals-are-zero of MXCSR.
FLUSHING = {"flush to zero": 0x8000, "denormals are zero": 0x40, "both": 0x8040}
MODES = (*ROUNDING, *FLUSHING)


def set_mode(mode: str) -> None:
    """Set the mode of this thread; threads that it starts inherit it."""
    library = ctypes.CDLL(None)
    if mode in ROUNDING:
        assert library.fesetround(ROUNDING[mode]) == 0
    else:
        state = ctypes.create_string_buffer(512)
        library.fegetenv(state)
        mxcsr = ctypes.c_uint32.from_buffer(state, 28)  # behind the 28 bytes of the x87 unit
        mxcsr.value |= FLUSHING[mode]
        library.fesetenv(state)
    assert not rounds_by_default()


@contextmanager
def environment(mode: str) -> Iterator[None]:
    set_mode(mode)
    try:
        yield
        assert not rounds_by_default(), "the environment of the caller did not come back"
    finally:
        ctypes.CDLL(None).fesetenv(ctypes.c_void_p(-1))
        assert rounds_by_default()


@pytest.mark.parametrize("mode", MODES)
def test_the_probe_sees_each_mode_and_threads_inherit_it(mode: str) -> None:
    smallest = np.array([from_bits(1), 2.0**-1022])
    with environment(mode):
        with default_rounding():
            assert rounds_by_default()
            halved = smallest[1] * floating_point.HALF
            inner = ThreadPoolExecutor(1).submit(rounds_by_default).result()
        outer = ThreadPoolExecutor(1).submit(rounds_by_default).result()
    assert halved == 2.0**-1023 and inner and not outer


def bytes_of(kind: str) -> bytes:
    """The numbers of one kind of public call."""
    return CALLS[kind]().tobytes()


@cache
def normal(kind: str) -> bytes:
    return bytes_of(kind)


def symbols(compiled: bool) -> np.ndarray:
    """Some 3j, 6j, 9j symbols and Gaunt integrals, from compiled functions or from exact integers."""
    if compiled:
        FUNCTIONS.load()
    m, degrees = np.arange(-5, 6), np.arange(9) / 2
    names = {} if compiled else {"wanted": lambda work: None, "six": lambda *_: np.nan}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():
            patch.setattr(FUNCTIONS, name, value)
        found = [
            coupling.wigner_3j(9, 8, 7, m, -2, 2 - m),
            coupling.clebsch_gordan(7.5, 8, 7.5, m + 0.5, -2, m - 1.5, outside="zero"),
            coupling.gaunt(9, 8, 7, m, -2, 2 - m),
            coupling.wigner_6j(degrees, 1.5, degrees, 1.5, degrees, 2),
            coupling.wigner_9j(2, degrees, degrees, 2, degrees, degrees, 3, 2, 1),
            coupling.wigner_3j(1000, 1000, np.arange(1745, 1790, 9), 950, -950, 0),  # zeros and subnormal numbers too
            coupling.wigner_6j(30, 31, 32, 29, 28, np.arange(4)),
            np.array([coupling.wigner_6j(4, 5, 6, 5, 4, 3)]),
        ]
    return np.concatenate(found)


LARGE = np.array([(40, 40, 41), (41, 40, 40), (3, 200, 201)])

CALLS: dict[str, Callable[[], np.ndarray]] = {
    f"tabulate {family} {basis}": lambda family=family, basis=basis: tabulate(family, 7, basis).values
    for family in FAMILIES
    for basis in BASES
}
CALLS |= {
    "threads": lambda: tabulate("wigner_3j", 9, workers=3).values,
    "long integers": lambda: tabulate_paths("clebsch_gordan", LARGE).values,
    "long integers by threads": lambda: tabulate_paths("gaunt", LARGE, workers=2).values,
    "symbols": lambda: symbols(compiled=True),
    "symbols from exact integers": lambda: symbols(compiled=False),
    "3j family": lambda: coupling.wigner_3j_family(200, 190, -190, 190).values,
    "3j family through the subnormal numbers": lambda: coupling.wigner_3j_family(1200, 1200, 1100, -1100).values,
    "6j family": lambda: coupling.wigner_6j_family(40, 35, 30, 38, 41).values,
    "block": lambda: coupling.block("antisymmetric_gaunt", 30, 31, 32, "complex"),
    "small block": lambda: coupling.block("gaunt", 2, 3, 3),
    "build": lambda: build(Request(lmax=6)).core,
    "factors of a build": lambda: np.concatenate(list(build(Request(lmax=6)).factors.values())),
    "arrays": lambda: build_arrays("gauss_legendre-l3")["harmonics"],
    "normalization": lambda: coupling.normalization("antisymmetric_gaunt", 6),
    "export": lambda: np.frombuffer(export(coupling.load("real-l4"), "npz", dtype="float16"), np.uint8),
    "text of an export": lambda: np.frombuffer(export(coupling.load("real-l4"), "csv", dtype="bfloat16"), np.uint8),
    "block of a table": lambda: coupling.load("real-l4").block("gaunt", 2, 2, 2),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", CALLS)
def test_no_bit_changes(kind: str, mode: str) -> None:
    expected = normal(kind)
    clear_caches()
    with environment(mode):
        found = bytes_of(kind)
    clear_caches()
    assert found == expected


def clear_caches() -> None:
    """Forget factors, so that they are computed in the mode as well, and none stays that was."""
    from coupling.numbers.factors import chain_roots, path_roots

    chain_roots.cache_clear()
    path_roots.cache_clear()


def test_subnormal_entries_of_a_path_survive_a_flush_to_zero() -> None:
    path = [(536, 537, 1073)]
    expected = tabulate_paths("wigner_3j", path, "complex").values
    count = ((abs(expected) < 2.0**-1022) & (expected != 0)).sum()
    with environment("both"):
        found = tabulate_paths("wigner_3j", path, "complex", workers=2).values
    assert found.tobytes() == expected.tobytes() and count > 100


@pytest.mark.parametrize("mode", MODES)
def test_certificates_and_checks_are_what_they_are(mode: str) -> None:
    table, built = tabulate("gaunt", 6), build(Request(lmax=3, basis="complex"))
    expected, report = certify_table(table), repr(check(built))
    with environment(mode):
        found, again = certify_table(table), repr(check(built))
    assert found == expected and expected.passed
    assert again == report and "FAILED" not in report


@pytest.mark.parametrize("mode", MODES)
def test_a_table_file_has_the_same_bytes_whoever_builds_it(mode: str, tmp_path: Path) -> None:
    """The mode is that of the threads of an executor, and of nobody else."""
    build(Request(lmax=5), tmp_path / "real-l5.safetensors")
    expected = (tmp_path / "real-l5.safetensors").read_bytes()
    (tmp_path / "real-l5.safetensors").unlink()
    with ThreadPoolExecutor(2, initializer=set_mode, initargs=(mode,)) as executor:
        build(Request(lmax=5), tmp_path / "real-l5.safetensors", executor=executor)
    assert (tmp_path / "real-l5.safetensors").read_bytes() == expected


@pytest.mark.parametrize("mode", MODES)
def test_exact_numbers_become_doubles_by_integers_alone(mode: str) -> None:
    """Of any size, with π and without, of both signs, real and imaginary, single symbols too."""
    sizes = [*range(-2160, -2040, 7), -300, -1, 0, 5, 2040]  # exponents of the square
    numbers = [
        Surd(sign, 3**40 << max(0, k), 7**39 << max(0, -k), pi, unit)
        for k in sizes for sign in (1, -1) for pi in (0, 1, -3) for unit in (0, 1)
    ]  # fmt: skip
    symbols = [(2, 3, 4, 1, -2, 1), (30, 31, 33, 5, -7, 2), (600, 600, 1200, 600, -600, 0)]
    expected = np.array([complex(n) for n in numbers]), [coupling.wigner_3j(*s) for s in symbols]
    with environment(mode):
        found = np.array([complex(n) for n in numbers]), [coupling.wigner_3j(*s) for s in symbols]
        floats = np.array([float(n) for n in numbers if not n.unit])
        wigner = np.array(found[1])
    assert found[0].tobytes() == expected[0].tobytes()
    assert wigner.tobytes() == np.array(expected[1]).tobytes()
    real = np.array([not n.unit for n in numbers])
    assert floats.tobytes() == expected[0][real].real.tobytes()
    assert ((abs(floats) < 2.0**-1022) & (floats != 0)).sum() > 10


@pytest.mark.parametrize("kind", CALLS)
def test_where_the_environment_cannot_be_set_calls_are_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for those that are integers to the last step."""
    monkeypatch.setattr(floating_point, "_library", lambda: None)
    unaffected = "small block", "normalization", "symbols", "symbols from exact integers"
    expected = normal(kind) if kind in unaffected else None
    with environment("upward"):
        if expected is not None:
            assert bytes_of(kind) == expected
            return
        with pytest.raises(FloatingPointError, match=r"only where the processor rounds to nearest .* environment$"):
            bytes_of(kind)


def test_exact_values_are_untouched_by_name() -> None:
    with environment("toward zero"):
        value = float(exact.gaunt(3, 4, 5, 1, -2, 1))
    assert value == coupling.gaunt(3, 4, 5, 1, -2, 1)

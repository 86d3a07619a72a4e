"""Tapes: what is recorded, what writers make of it, and compiled functions that outlive a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coupling.kernels.compiled import compiled
from coupling.kernels.lanes import width
from coupling.programs.evaluate import evaluate
from coupling.programs.program import ProgramRecorder
from coupling.programs.tape import SIGNS, Operation, Recorder, Tape, record

KINDS = {"load", "constant", "store", *SIGNS}


def everything(do: Recorder) -> None:
    """Each kind of operation."""
    a, b, factor = do.load("a", 0), do.load("a", 1), do.constant(1)
    do.store("b", 0, do.add(do.multiply(a, b), do.negate(factor)))
    do.store("b", 1, do.subtract(do.fma(a, b, factor), a))
    do.store("b", 2, None)


def test_every_kind_of_operation_in_every_writer() -> None:
    """Evaluated and compiled: the same numbers, the multiply-add apart, which the machine rounds once."""
    tape = record(everything)
    assert {operation.kind for operation in tape.operations} == KINDS
    for dtype in (np.float32, np.float64):
        w = width(dtype)
        x = np.random.default_rng(3).normal(size=(2, w)).astype(dtype)
        constants = np.array([np.nan, 0.75], dtype)
        expected = np.array([x[0] * x[1] - 0.75, x[0] * x[1] + 0.75 - x[0], 0 * x[0]])
        result = np.full((3, w), np.nan, dtype)
        evaluate(tape, {"a": x, "b": result}, constants)
        np.testing.assert_array_equal(result, expected)
        memory = np.concatenate([x, np.full((3, w), np.nan, dtype)])
        run = compiled(tape, dtype).ctypes
        run(memory.ctypes.data_as(run.argtypes[0]), constants.ctypes.data_as(run.argtypes[1]), 0, 2 * w, 0, 0)
        np.testing.assert_allclose(memory[2:], expected, rtol=0, atol=2 * np.finfo(dtype).eps)


def test_rows_are_loaded_once_until_they_are_stored_or_forgotten() -> None:
    do = Recorder()
    assert do.load("a", 0) == do.load("a", 0) != do.load("a", 1)
    first = do.load("a", 0)
    do.store("a", 0, first)
    second = do.load("a", 0)
    assert second != first and do.stored("a", 0) and not do.stored("a", 1)
    do.forget()
    assert do.load("a", 0) != second


def test_none_is_zero_for_both_recorders() -> None:
    for do in (Recorder(), ProgramRecorder(np.dtype("f8"))):
        x = do.load("x", 0)
        assert do.add(None, x) == do.add(x, None) == do.subtract(x, None) == x
        assert do.add(None, None) is None and do.subtract(None, None) is None
    do = ProgramRecorder(np.dtype("f8"))
    do.store("z", 0, do.subtract(None, do.load("x", 0)))
    result = np.empty(2)
    evaluate(do.program((1, 0, 2)).tape, {"x": [2.0], "z": result}, ())
    assert result.tolist() == [-2, 0]


def test_a_tape_is_told_by_its_digest() -> None:
    load, store = Operation("load", (0,), "a"), Operation("store", (0, 0), "b")
    others = [
        Tape((load, store)),
        Tape((load, Operation("store", (1, 0), "b"))),
        Tape((Operation("load", (0,), "c"), store)),
        Tape((Operation("constant", (0,)), store)),
        Tape((load, Operation("store", (0, None), "b"))),
        Tape((load, Operation("negate", (0,)), Operation("store", (0, 1), "b"))),
    ]
    assert len({tape.digest for tape in others}) == 6
    assert others[0].digest == Tape((load, store)).digest


PROCESS = """
import numpy as np
from coupling.kernels import compiled
from coupling.products import ClebschGordan, Gaunt, AntisymmetricGaunt
emitted, emit = [], compiled.emit
compiled.emit = lambda *arguments: (emitted.append(1), emit(*arguments))
x, y = np.random.default_rng(0).normal(size=(2, 5, 9, 4))
numbers = [float(abs(kind(2, 2, 2)(x, y)).sum()) for kind in (ClebschGordan, Gaunt, AntisymmetricGaunt)]
print(len(emitted), *map(float.hex, numbers))
"""


def process(cache: Path, **environment: str) -> list[str]:
    """Run three products in a process of its own: how many programs it compiled, and the numbers."""
    variables = {**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment}
    done = subprocess.run([sys.executable, "-c", PROCESS], env=variables, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A cache that one process has filled, and what that one printed."""
    folder = tmp_path_factory.mktemp("cache")
    return folder, process(folder)


def test_a_second_process_compiles_nothing(cache: tuple[Path, list[str]]) -> None:
    folder, first = cache
    assert int(first[0]) >= 5
    assert process(folder) == ["0", *first[1:]]


def test_without_compilation_tapes_are_evaluated(cache: tuple[Path, list[str]]) -> None:
    folder, first = cache
    emitted, *numbers = process(folder, NUMBA_DISABLE_JIT="1")
    assert emitted == "0"
    for one, other in zip(numbers, first[1:], strict=True):
        assert abs(float.fromhex(one) / float.fromhex(other) - 1) < 1e-14

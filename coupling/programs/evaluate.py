"""Tapes evaluated by numpy, one operation at a time: for tests, for debugging, and where nothing is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coupling.programs.tape import Tape


def evaluate(tape: Tape, arrays: Mapping[str, Any], constants: Any) -> None:
    """Evaluate a tape: ``arrays[name][row]`` is a row; a multiply-add is rounded twice.

    >>> from coupling.programs.tape import Recorder
    >>> do, arrays = Recorder(), {"x": [2.0], "z": [0.0, 1.0]}
    >>> do.store("z", 0, do.multiply(do.constant(0), do.load("x", 0)))
    >>> do.store("z", 1, None)
    >>> evaluate(do.tape(), arrays, [0.5])
    >>> arrays["z"]
    [1.0, 0]
    """
    tape.play(_Arrays(arrays, constants))


class _Arrays:
    """Operations on the rows of arrays."""

    def __init__(self, arrays: Mapping[str, Any], constants: Any) -> None:
        self.arrays, self.constants = arrays, constants

    def load(self, array: str, row: int) -> Any:
        value = self.arrays[array][row]
        return value.copy() if hasattr(value, "copy") else value

    def constant(self, index: int) -> Any:
        return self.constants[index]

    def multiply(self, a: Any, b: Any) -> Any:
        return a * b

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return a * b + c

    def negate(self, a: Any) -> Any:
        return -a

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def subtract(self, a: Any, b: Any) -> Any:
        return a - b

    def store(self, array: str, row: int, value: Any) -> None:
        self.arrays[array][row] = 0 if value is None else value

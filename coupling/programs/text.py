"""Tapes as text: one assignment after the other, in what Python, C, CUDA and Triton have in common.

Names: ``x0 …`` and ``y0 …`` are the entries of the features, ``c0 …`` constants, ``t0 …`` what is computed; every name
is assigned once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from coupling.programs.program import Program


def fused(plus: str, minus: str) -> Callable[[str, str, str], str]:
    """Return what writes a·b + c by one template and -a·b + c by another; {0} is a, without its sign.

    >>> fused("{2} + {0} * {1}", "{2} - {0} * {1}")("-t1", "x0", "t2")
    't2 - t1 * x0'
    """

    def write(a: str, b: str, c: str) -> str:
        return minus.format(a[1:], b, c) if a[0] == "-" else plus.format(a, b, c)

    return write


@dataclass(frozen=True)
class Language:
    """How the parts of a program are written; {name} and {value} are texts, {row} is a number.

    ``load`` and ``store`` are templates by array; ``number`` writes a constant; ``inline`` constants have no name, and
    rows of the arrays ``unnamed`` are read where they are used.
    """

    assign: str
    load: dict[str, str]
    store: str
    number: Callable[[float], str]
    fma: Callable[[str, str, str], str] = field(default=fused("{2} + {0} * {1}", "{2} - {0} * {1}"))
    zero: str = "0"
    inline: bool = False
    unnamed: tuple[str, ...] = ()


PYTHON = Language("{name} = {value}", {"x": "x[{row}]", "y": "y[{row}]"}, "z[{row}] = {value}", repr)


def lines(program: Program, language: Language) -> list[str]:
    """Return the lines of a program: loads, constants, operations, stores.

    >>> import numpy as np
    >>> from coupling.programs.tape import Recorder
    >>> do = Recorder()
    >>> do.store("z", 0, do.multiply(do.constant(0), do.load("x", 3)))
    >>> lines(Program(do.tape(), (0.5,), (4, 1, 1), np.dtype("f8")), PYTHON)
    ['x3 = x[3]', 'c0 = 0.5', 't0 = c0 * x3', 'z[0] = t0']
    """
    writer = _Text(program, language)
    program.tape.play(writer)
    return [*sorted(writer.loads, key=writer.loads.__getitem__), *writer.constants, *writer.sums, *writer.stores]


def python_function(program: Program) -> Callable[..., None]:
    """Return a program as a function (x, y, z) of Python that writes z; ``z[k]`` are numbers or rows.

    >>> import numpy as np
    >>> from coupling.programs.tape import Recorder
    >>> do, z = Recorder(), [0.0]
    >>> do.store("z", 0, do.add(do.load("x", 0), do.load("y", 0)))
    >>> python_function(Program(do.tape(), (), (1, 1, 1), np.dtype("f8")))([1], [2], z)
    >>> z
    [3]
    """
    names: dict[str, Callable[..., None]] = {}
    body = "\n    ".join(lines(program, PYTHON)) or "pass"
    exec(f"def product(x, y, z):\n    {body}\n", names)
    return names["product"]


class _Text:
    """Writes lines; a value is a name, or a name behind a minus."""

    def __init__(self, program: Program, language: Language) -> None:
        self.program, self.language = program, language
        self.loads: dict[str, tuple[str, int]] = {}
        self.constants: list[str] = []
        self.sums: list[str] = []
        self.stores: list[str] = []

    def load(self, array: str, row: int) -> str:
        name, value = f"{array}{row}", self.language.load[array].format(row=row)
        if array in self.language.unnamed:
            return value
        self.loads[self.language.assign.format(name=name, value=value)] = array, row
        return name

    def constant(self, index: int) -> str:
        value = self.language.number(self.program.constants[index])
        if self.language.inline:
            return value
        self.constants.append(self.language.assign.format(name=f"c{index}", value=value))
        return f"c{index}"

    def _sum(self, value: str) -> str:
        name = f"t{len(self.sums)}"
        self.sums.append(self.language.assign.format(name=name, value=value))
        return name

    def multiply(self, a: str, b: str) -> str:
        return self._sum(f"{a} * {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        return self._sum(self.language.fma(a, b, c))

    def negate(self, a: str) -> str:
        return f"-{a}"

    def add(self, a: str, b: str) -> str:
        return self._sum(f"{a} + {b}")

    def subtract(self, a: str, b: str) -> str:
        return self._sum(f"{a} - {b}")

    def store(self, array: str, row: int, value: str | None) -> None:
        self.stores.append(self.language.store.format(row=row, value=value or self.language.zero))

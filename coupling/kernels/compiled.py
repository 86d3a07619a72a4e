"""Tapes compiled to machine code, one function for each tape and type, kept on the disk between processes.

A function (memory, constants, a, b, c, t) works on one row of lanes of every row of its arrays: ``a``, ``b`` and ``c``
are where they begin in memory, ``t`` where the constants do.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import config, from_dtype
from numba.core import types
from numba.extending import intrinsic

from coupling.kernels.jit import compiled_function
from coupling.kernels.lanes import INTERPRETED, WIDTH_BYTES, width
from coupling.programs.evaluate import evaluate
from coupling.programs.llvm import StridedRows, emit
from coupling.programs.tape import Tape

#: Registers in a row of lanes; a function works on one of each row at a time.
PARTS = 2

#: Tapes by their digests, by which numba keeps the compiled functions.
_TAPES: dict[str, Tape] = {}


def _write(typing, memory, constants, a, b, c, t, digest):
    def instructions(context, builder, signature, args):
        vector = ir.VectorType(context.get_value_type(memory.dtype), WIDTH_BYTES * 8 // memory.dtype.bitwidth // PARTS)
        starts = [builder.gep(args[0], [offset]) for offset in args[2:5]]
        rows = {name: StridedRows(start, PARTS * vector.count) for name, start in zip("abc", starts, strict=True)}
        emit(_TAPES[digest.literal_value], builder, vector, rows, builder.gep(args[1], [args[5]]))
        return context.get_dummy_value()

    i = types.intp
    return types.void(memory, constants, i, i, i, i, digest), instructions


_emit: Any = intrinsic(prefer_literal=True)(_write)


def compiled(tape: Tape, dtype: Any) -> Any:
    """Return the function of a tape that reads and writes the arrays a, b and c; ``.address`` is what calls it.

    With NUMBA_DISABLE_JIT=1 the tape is evaluated by numpy.

    >>> from coupling.programs.tape import Recorder
    >>> do = Recorder()
    >>> do.store("b", 0, do.multiply(do.constant(0), do.load("a", 0)))
    >>> compiled(do.tape(), np.float32).address > 0
    True
    """
    _TAPES[tape.digest] = tape
    make = _interpreted if config.DISABLE_JIT else _compiled  # type: ignore[attr-defined]
    return make(tape.digest, np.dtype(dtype))


@cache  # addresses are kept elsewhere: a function must not go
def _compiled(digest: str, dtype: np.dtype[Any]) -> Any:
    w = width(dtype)
    part = w // PARTS

    def run(memory, constants, a, b, c, t):
        for h in range(0, w, part):
            _emit(memory, constants, a + h, b + h, c + h, t, digest)

    i, pointer = types.intp, types.CPointer(from_dtype(dtype))
    return compiled_function(types.void(pointer, pointer, i, i, i, i), run)


class Interpreted(NamedTuple):
    """Stand-in for a compiled function where nothing is compiled."""

    address: int


@cache
def _interpreted(digest: str, dtype: np.dtype[Any]) -> Interpreted:
    tape, w = _TAPES[digest], width(dtype)

    def run(memory, constants, a, b, c, t):
        ends = [len(memory) - (len(memory) - start) % w for start in (a, b, c)]
        rows = [memory[start:end].reshape(-1, w) for start, end in zip((a, b, c), ends, strict=True)]
        evaluate(tape, dict(zip("abc", rows, strict=True)), constants[t:])

    INTERPRETED.append(run)
    return Interpreted(len(INTERPRETED))

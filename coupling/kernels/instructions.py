"""Instructions that all emitters of code share; a vector is what a register holds."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils


def spread(builder: Any, number: Any, vector: Any) -> Any:
    """Return the number in every lane of a vector."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


def fused(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c of vectors, rounded once."""
    vector, bits = c.type, 64 if isinstance(c.type.element, ir.DoubleType) else 32
    name = f"llvm.fma.v{vector.count}f{bits}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
    return builder.call(function, [a, b, c])

"""Table files as JAX arrays."""

from __future__ import annotations

import os
from typing import Any

import jax.numpy as jnp
from numpy.typing import NDArray

from coupling.backends.loading import Coefficients, read_coefficients
from coupling.conventions import CORE
from coupling.foreign import Convention
from coupling.tables import Table


def load(
    table: Table | str | os.PathLike[str],
    *,
    convention: Convention | str = "coupling",
    family: str = CORE,
    order: str = "path",
    dtype: Any = jnp.float32,
) -> Coefficients:
    """Return the coefficients of a table as JAX arrays, in the signs, scale and order of a program.

    table : the name of a shipped table, a file, or a Table; files are verified
    convention : "e3nn_jax", "e3x", … or a ``coupling.foreign.Convention``; family : "wigner_3j" is what that program
        itself calls its coupling tensor
    order : "path", "canonical", "output", "input1" or "input2"
    dtype : float64 (with jax_enable_x64), float32, float16 or bfloat16; values are rounded once, from exact numbers

    Indices and paths are int32.  Raises as :func:`coupling.load` and :func:`coupling.export.list_table`, and
    ValueError for float64 without jax_enable_x64.

    >>> c = load("real-l4", convention="e3nn_jax")
    >>> tensor = jnp.zeros(c.sizes).at[c.input1, c.input2, c.output].set(c.values)
    >>> tensor[1:4, 1:4, 1:4][0].round(4)  # degree 1 three times
    Array([[ 0.    ,  0.    ,  0.    ],
           [ 0.    ,  0.    ,  0.4082],
           [ 0.    , -0.4082,  0.    ]], dtype=float32)
    """
    name = "None" if dtype is None else jnp.dtype(dtype).name  # which takes None for float64
    if name == "float64" and jnp.zeros(0).dtype != jnp.float64:
        raise ValueError("dtype float64 needs jax.config.update('jax_enable_x64', True)")

    def array(values: NDArray[Any], kind: str) -> Any:
        if kind == "bfloat16":
            return jnp.asarray(values.view(jnp.bfloat16))
        return jnp.asarray(values, jnp.int32 if kind == "int64" else kind)

    return read_coefficients(table, array, convention, family, order, name)

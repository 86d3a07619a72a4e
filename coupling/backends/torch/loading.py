"""Table files as tensors."""

from __future__ import annotations

import os
from typing import Any

import torch
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
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> Coefficients:
    """Return the coefficients of a table as tensors, in the signs, scale and order of a program.

    table : the name of a shipped table, a file, or a Table; files are verified
    convention : "e3nn", "e3x", … or a ``coupling.foreign.Convention``; family : "wigner_3j" is what that program
        itself calls its coupling tensor
    order : "path", "canonical", "output", "input1" or "input2"
    dtype : float64, float32, float16 or bfloat16; each value is rounded once, from its exact number

    Indices and paths are int64.  Raises as :func:`coupling.load` and :func:`coupling.export.list_table`.

    >>> c = load("real-l4", convention="e3nn", dtype=torch.float32)
    >>> tensor = torch.zeros(c.sizes).index_put((c.input1, c.input2, c.output), c.values)
    >>> tensor[1:4, 1:4, 1:4][0]  # degree 1 three times
    tensor([[ 0.0000,  0.0000,  0.0000],
            [ 0.0000,  0.0000,  0.4082],
            [ 0.0000, -0.4082,  0.0000]])
    """

    def tensor(array: NDArray[Any], name: str) -> torch.Tensor:
        made = torch.from_numpy(array)
        return (made.view(torch.bfloat16) if name == "bfloat16" else made).to(device)

    return read_coefficients(table, tensor, convention, family, order, str(dtype).removeprefix("torch."))

"""What a type checker knows of the public names: read by `make lint`, never run.

A line that must be refused says so by its ``type: ignore``; mypy complains about one that is not needed.
"""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import coupling
from coupling.exact import Surd


def names() -> None:
    print(
        coupling.blokc,  # type: ignore[attr-defined]
        coupling.tables.Tabel,  # type: ignore[attr-defined]
        coupling.products.Gunt,  # type: ignore[attr-defined]
        coupling.lowrank.decomposs,  # type: ignore[attr-defined]
        coupling.manybody.basi,  # type: ignore[attr-defined]
    )


def values() -> None:
    assert_type(coupling.load("real-l4"), coupling.Table)
    assert_type(coupling.exact.gaunt(1, 1, 2, 0, 0, 0), Surd)
    assert_type(coupling.products.Gaunt(2, 2, 2), coupling.products.Gaunt)
    assert_type(coupling.Irreps("4x0e + 4x1o").dim, int)
    product: coupling.products.Product = coupling.products.ClebschGordan(2, 2, 2)
    product.vjp(np.ones((9, 1)), np.ones((9, 1)))  # type: ignore[call-arg]
    block: NDArray[Any] = coupling.block("wigner_3j", 1, 1, 2)
    coupling.block(block, 1, 1, 2)  # type: ignore[arg-type]

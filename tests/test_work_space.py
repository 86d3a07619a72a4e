"""Work space of the compiled products is as large as their kernels write: what lies behind it stays as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coupling.manybody import basis
from coupling.products import (
    Convolution,
    EdgeFrame,
    FullProduct,
    SymmetricContraction,
    TensorProduct,
    blocks,
    contraction_plan,
    edge_frame_runs,
    edge_runs,
    tensor_tables,
    weight_sums,
)
from coupling.products.form import KINDS

BEHIND = 4096  # numbers that are watched
USERS = blocks, contraction_plan, edge_frame_runs, edge_runs, tensor_tables, weight_sums
TYPES = np.float32, np.float64


class Watched:
    """Work space with numbers behind it that nobody may change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.behind: list[np.ndarray] = []
        own = blocks.aligned_zeros

        def watched(size: int, dtype: Any) -> np.ndarray:
            whole = own(size + BEHIND, dtype)
            whole[size:] = 7
            self.behind.append(whole[size:])
            return whole[:size]

        for module in USERS:
            monkeypatch.setattr(module, "aligned_zeros", watched)

    @property
    def untouched(self) -> bool:
        return bool(self.behind) and all((one == 7).all() for one in self.behind)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"Simulation"}))  # which is made of Gaunt and AntisymmetricGaunt
def test_products_and_their_gradients(kind: str, watched: Watched) -> None:
    random = np.random.default_rng(0)
    for degrees in ((1, 1, 1), (1, 2, 3)):
        product = KINDS[kind](2, 2, 2) if kind == "FactoredProduct" else KINDS[kind](*degrees)
        for dtype, lanes in ((t, n) for t in TYPES for n in (1, 9, 70)):
            x, y, z = (random.standard_normal((2, *shape, lanes)).astype(dtype) for shape in product.shapes)
            product(x, y)
            product.vjp(x, y, z)
            if kind == "ClebschGordan":
                product(x, y, weights=random.standard_normal(len(product.paths)))
    assert watched.untouched


@pytest.mark.parametrize("dtype", TYPES)
def test_products_of_irreps(dtype: type, watched: Watched) -> None:
    lists = "3x0e + 5x1o + 2x2e", "1x0e + 3x1o"
    made = TensorProduct.full(*lists, "4x0e + 2x1o + 5x1e"), TensorProduct.channelwise(*lists)
    for product in (*made, TensorProduct.elementwise("3x0e + 9x1o", "3x1e + 9x2e")):
        sizes = *(one.dim for one in (product.irreps1, product.irreps2)), product.weight_count, product.irreps_out.dim
        for slot in range(4):
            arrays = tuple(np.ones(3 * size, dtype) for size in sizes)
            product.compiled(np.dtype(dtype)).run(slot, arrays, sizes, 3)
    assert watched.untouched


def test_messages(watched: Watched) -> None:
    random, edges = np.random.default_rng(0), 40
    senders, receivers = random.integers(0, 6, (2, edges))
    for degrees, options in (((1, 2, 1), {}), ((2, 2, 2), {"separate": True}), ((1, 7, 7), {})):
        messages = Convolution(*degrees, **options)
        for channels in (1, 5, 32):
            paths = len(messages.paths)
            shapes = (6, messages.sizes[0], channels), (edges, messages.sizes[1]), (edges, paths, channels)
            x, y, w = (random.standard_normal(shape).astype(np.float32) for shape in shapes)
            out = messages(x, y, w, senders, receivers)
            messages.vjp(x, y, w, senders, receivers, cotangent=np.ones_like(out))
    assert watched.untouched


def test_contractions(watched: Watched) -> None:
    random = np.random.default_rng(0)
    contraction = SymmetricContraction([basis(2, order, degree) for degree in (0, 1) for order in (1, 2, 3)])
    for channels in (1, 7, 64):
        x = random.standard_normal((5, 9, channels)).astype(np.float32)
        weights = [random.standard_normal((paths, channels)).astype(np.float32) for paths in contraction.paths]
        contraction.vjp(x, weights, np.ones_like(contraction(x, weights)))
    assert watched.untouched


def test_space_that_is_too_small_is_seen(watched: Watched) -> None:
    made = FullProduct(1, 1, 1)
    made.__dict__["_lists"] = tuple(lists._replace(rows=lists.rows - 1) for lists in made._lists)
    made(np.ones((1, 4, 70)), np.ones((1, 4, 70)))
    assert not watched.untouched


@pytest.mark.parametrize("dtype", TYPES)
def test_messages_in_the_frame_of_an_edge(dtype: type, watched: Watched) -> None:
    random = np.random.default_rng(0)
    for lmax_in, lmax_out, mmax in ((0, 0, None), (3, 1, None), (1, 4, None), (4, 4, 1), (6, 2, 0)):
        frame = EdgeFrame(lmax_in, lmax_out, mmax=mmax)
        for lanes in (1, 37, 64):
            shapes = (3, (lmax_in + 1) ** 2, lanes), (3, 3), (3, frame.weight_count, lanes)
            frame(*(random.standard_normal(shape).astype(dtype) for shape in shapes))
    assert watched.untouched

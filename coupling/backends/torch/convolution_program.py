"""Message passing by operations of torch alone: for exports that a process without this package loads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from coupling.backends.array_api.harmonics import solid_harmonics, unit_vectors
from coupling.products.convolution import Convolution
from coupling.sphere.solid import solid_tables

#: Of a path: first row of x and how many, the same of harmonics and of z, and its coefficients [k, a, b].
DensePath = tuple[tuple[int, int], tuple[int, int], tuple[int, int], Tensor]


def dense_paths(conv: Convolution, dtype: torch.dtype) -> list[DensePath]:
    """Return the paths of a convolution with their coefficients.

    >>> [core.shape for *_, core in dense_paths(Convolution(0, 1, 1), torch.float32)]
    [torch.Size([1, 1, 1]), torch.Size([3, 1, 3])]
    """
    found = []
    for *slices, core in conv.dense(str(dtype).removeprefix("torch.")):
        x, y, z = ((part.start, part.stop - part.start) for part in slices)
        found.append((x, y, z, torch.from_numpy(core).permute(2, 0, 1).contiguous()))
    return found


def messages_program(
    x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, nodes: int, paths: list[Any], rows: int
) -> Tensor:
    """Return the messages [nodes, rows, channels] of features, harmonics and weights of one type.

    >>> one, node = torch.ones(1, 1, 1), torch.tensor([0])
    >>> paths = dense_paths(Convolution(0, 0, 0), torch.float32)
    >>> messages_program(2 * one, 3 * one[0], 5 * one, node, node, 1, paths, 1)
    tensor([[[30.]]])
    """
    sums: dict[int, Tensor] = {}
    sent = x.index_select(0, senders)
    for p, ((at_x, n_x), (at_y, n_y), (at_z, _), core) in enumerate(paths):
        matrix = torch.einsum("kab,eb->eka", core.to(x.device), y.narrow(1, at_y, n_y))
        message = torch.matmul(matrix, sent.narrow(1, at_x, n_x) * w[:, p, None])
        sums[at_z] = sums[at_z] + message if at_z in sums else message
    if not sums:  # zeros that have gradients, zeros
        return x.new_zeros((nodes, rows, x.shape[2])) + sum(value[:, :0].sum() for value in (x, y, w))
    parts, at = [], 0
    for start in sorted(sums):
        parts += [sent.new_zeros((sent.shape[0], start - at, x.shape[2])), sums[start]]
        at = start + sums[start].shape[1]
    parts.append(sent.new_zeros((sent.shape[0], rows - at, x.shape[2])))
    return x.new_zeros((nodes, rows, x.shape[2])).index_add(0, receivers, torch.cat(parts, 1))


def harmonics_numbers(lmax: int, normalization: str, dtype: torch.dtype) -> list[list[Tensor]]:
    """Return the numbers that :func:`harmonics_program` multiplies with, as tensors: exports keep all their digits.

    >>> [len(numbers) for numbers in harmonics_numbers(1, "norm", torch.float32)]
    [3, 3]
    """
    tables = torch.from_numpy(solid_tables(lmax, normalization, "float64")[:2].copy()).to(dtype)
    return [[number.clone() for number in table] for table in tables]


def harmonics_program(vectors: Tensor, lmax: int, normalization: str, numbers: list[list[Tensor]]) -> Tensor:
    """Return the real harmonics [..., (lmax+1)²] of vectors [..., 3], zero beyond degree 0 for the zero vector.

    >>> numbers = harmonics_numbers(1, "norm", torch.float32)
    >>> harmonics_program(torch.tensor([[0.0, 3.0, 0.0]]), 1, "norm", numbers)
    tensor([[1., 1., 0., 0.]])
    """
    on_device = [[number.to(vectors.device) for number in table] for table in numbers]
    return solid_harmonics(torch, unit_vectors(torch, vectors)[0], lmax, normalization, on_device)

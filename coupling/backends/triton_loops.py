"""Triton kernels of loops, for products of any degrees: they load the numbers of a product from arrays on the device.

The sparse product is one kernel, with one program for each entry of z.  The matrix product is three: both features are
encoded as matrices, the matrices are multiplied, the result is decoded.  What stands between them is ``scratch``
[3, n, n, lanes], the matrices R and S of the features and their product; see :mod:`coupling.kernels.matrix_product`.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from coupling.backends.cuda.tables import matrix_arrays, sparse_arrays
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import MatrixProduct

#: Lanes of a program, one for each thread of four warps.
BLOCK = 128

SPARSE = """\
def product(x, y, z, lanes, outputs, runs, left, right, values, I, J, K, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < lanes
    k = tl.program_id(1)
    sample, channel = lane // CHANNELS, lane % CHANNELS
    a = x + sample * (I * CHANNELS) + channel
    b = y + sample * (J * CHANNELS) + channel
    total = tl.full([BLOCK], 0.0, z.dtype.element_ty)
    for run in range(tl.load(outputs + k), tl.load(outputs + k + 1)):
        part = tl.full([BLOCK], 0.0, z.dtype.element_ty)
        for entry in range(tl.load(runs + run), tl.load(runs + run + 1)):
            factor = tl.load(b + tl.load(right + entry) * CHANNELS, mask=inside, other=0.0)
            part += tl.load(values + entry) * factor
        total += part * tl.load(a + tl.load(left + run) * CHANNELS, mask=inside, other=0.0)
    tl.store(z + (sample * K + k) * CHANNELS + channel, total, mask=inside)
"""

#: The entries (p, q) and (q, p), p <= q, of the matrix of a feature; ``table`` [l, |m|, t].
ENCODE = """\
def product(x, matrix, lanes, pairs, table, used, N, I, SIDE, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < lanes
    p, q = tl.load(pairs + 2 * tl.program_id(1)), tl.load(pairs + 2 * tl.program_id(1) + 1)
    a = x + (lane // CHANNELS) * (I * CHANNELS) + lane % CHANNELS
    m = q - p
    plus = tl.full([BLOCK], 0.0, x.dtype.element_ty)
    minus = tl.full([BLOCK], 0.0, x.dtype.element_ty)
    for l in range(m, used):
        factor = tl.load(table + (l * SIDE + m) * N + p)
        plus += factor * tl.load(a + (l * l + l + m) * CHANNELS, mask=inside, other=0.0)
        minus += factor * tl.load(a + (l * l + l - m) * CHANNELS, mask=inside, other=0.0)
    minus = tl.where(m == 0, 0.0, 1.0) * minus
    tl.store(matrix + (p * N + q).to(tl.int64) * lanes + lane, plus + minus, mask=inside)
    tl.store(matrix + (q * N + p).to(tl.int64) * lanes + lane, plus - minus, mask=inside)
"""

#: The entries (p, q) and (q, p) of R S - Rᵀ Sᵀ + S Rᵀ + Sᵀ R.
MULTIPLY = """\
def product(scratch, lanes, pairs, N, BLOCK: tl.constexpr):
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < lanes
    p, q = tl.load(pairs + 2 * tl.program_id(1)), tl.load(pairs + 2 * tl.program_id(1) + 1)
    size = (N * N).to(tl.int64) * lanes
    r = scratch + lane
    s = r + size
    a = tl.full([BLOCK], 0.0, scratch.dtype.element_ty)
    b = tl.full([BLOCK], 0.0, scratch.dtype.element_ty)
    for k in range(0, N):
        pk, kp = (p * N + k).to(tl.int64) * lanes, (k * N + p).to(tl.int64) * lanes
        qk, kq = (q * N + k).to(tl.int64) * lanes, (k * N + q).to(tl.int64) * lanes
        r_pk, r_kp = tl.load(r + pk, mask=inside, other=0.0), tl.load(r + kp, mask=inside, other=0.0)
        r_qk, r_kq = tl.load(r + qk, mask=inside, other=0.0), tl.load(r + kq, mask=inside, other=0.0)
        s_pk, s_kp = tl.load(s + pk, mask=inside, other=0.0), tl.load(s + kp, mask=inside, other=0.0)
        s_qk, s_kq = tl.load(s + qk, mask=inside, other=0.0), tl.load(s + kq, mask=inside, other=0.0)
        a += r_pk * s_kq - r_kp * s_qk + s_pk * r_qk + s_kp * r_kq
        b += r_qk * s_kp - r_kq * s_pk + s_qk * r_pk + s_kq * r_kp
    tl.store(s + size + (p * N + q).to(tl.int64) * lanes, a, mask=inside)
    tl.store(s + size + (q * N + p).to(tl.int64) * lanes, b, mask=inside)
"""

#: One entry of z; ``orders`` holds its l, |m| and whether m > 0.
DECODE = """\
def product(matrix, z, lanes, orders, table, used, N, K, SIDE, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < lanes
    k = tl.program_id(1)
    l, m, positive = tl.load(orders + 3 * k), tl.load(orders + 3 * k + 1), tl.load(orders + 3 * k + 2)
    plus = tl.full([BLOCK], 0.0, z.dtype.element_ty)
    minus = tl.full([BLOCK], 0.0, z.dtype.element_ty)
    for t in range(0, tl.where(l < used, N - m, 0)):
        factor = tl.load(table + (l * SIDE + m) * N + t)
        above, below = t * N + t + m, (t + m) * N + t
        plus += factor * tl.load(matrix + above.to(tl.int64) * lanes + lane, mask=inside, other=0.0)
        minus += factor * tl.load(matrix + below.to(tl.int64) * lanes + lane, mask=inside, other=0.0)
    sign = tl.where(m == 0, 0.0, tl.where(positive == 1, 1.0, -1.0)).to(z.dtype.element_ty)
    place = z + ((lane // CHANNELS) * K + k) * CHANNELS + lane % CHANNELS
    tl.store(place, plus + sign * minus, mask=inside)
"""

OPTIONS = {"num_warps": 4, "enable_fp_fusion": True}


def jit(source: str) -> Any:
    """Return the kernel ``product`` of a text, where Triton finds its source."""
    import triton
    import triton.language as tl

    file = f"<coupling {sha256(source.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {"tl": tl}
    exec(compile(source, file, "exec"), names)
    return triton.jit(names["product"])


def sparse_launcher(product: ClebschGordan, dtype: str, device: Any) -> Callable[..., None]:
    """Return what launches the loops of a sparse product; its arrays are copied to the device now."""
    kernel, arrays = jit(SPARSE), _on_device(sparse_arrays(product, np.dtype(dtype)), device)

    def launch(x: Any, y: Any, z: Any) -> None:
        channels, lanes = z.shape[-1], z.numel() // product.sizes[2]
        grid = -(-lanes // BLOCK), product.sizes[2]
        kernel[grid](x, y, z, lanes, *arrays, *product.sizes, CHANNELS=channels, BLOCK=BLOCK, **OPTIONS)

    return launch


def matrix_launcher(product: MatrixProduct, dtype: str, device: Any) -> Callable[..., None]:
    """Return what launches the three kernels of a matrix product; its arrays are copied to the device now."""
    encode, multiply, decode = (jit(source) for source in (ENCODE, MULTIPLY, DECODE))
    used, *places, tables = matrix_arrays(product, np.dtype(dtype))
    pairs, orders, table = _on_device((*places, tables), device)
    n, side, degrees = tables.shape[3], tables.shape[2], used.tolist()

    def launch(x: Any, y: Any, z: Any) -> None:
        channels, lanes = z.shape[-1], z.numel() // product.sizes[2]
        blocks = -(-lanes // BLOCK)
        scratch = z.new_empty(3, n * n, lanes)
        named = {"CHANNELS": channels, "BLOCK": BLOCK, **OPTIONS}
        for k, feature in enumerate((x, y)):
            size = product.sizes[k]
            encode[blocks, len(pairs)](feature, scratch[k], lanes, pairs, table[k], degrees[k], n, size, side, **named)
        multiply[blocks, len(pairs)](scratch, lanes, pairs, n, BLOCK=BLOCK, **OPTIONS)
        decode[blocks, len(orders)](scratch[2], z, lanes, orders, table[2], degrees[2], n, len(orders), side, **named)

    return launch


def _on_device(arrays: Any, device: Any) -> list[Any]:
    import torch

    signed = (a.astype(np.int32) if a.dtype == np.uint32 else a for a in arrays)
    return [torch.as_tensor(a, device=device) for a in signed]

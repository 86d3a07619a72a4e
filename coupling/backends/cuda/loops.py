"""Kernels of numba-cuda that read tables: sparse, matrix and sphere products of any degrees, by loops.

A block of threads has ``tile`` lanes along x and several workers along y; a lane is one channel of one sample, lane =
sample · channels + channel.  What a block works on is in shared memory, where [entry, lane] is at entry · tile + lane:
neighbouring threads touch neighbouring words, in global memory as well when channels are a multiple of ``tile``.
Workers share the entries of what is to be computed.  All threads of a warp read the same coefficient at the same time,
so that one transaction serves them all.

Places are unsigned, so that the compiler need not ask whether they are negative.  The same functions run on the
simulator of numba.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numba
import numba.cuda
import numpy as np

#: Shared memory that every device gives a block without being asked, in bytes.
SHARED = 49152
# as numba 0.61 has numpy add integers, 2 · uint64 is a float
ONE, TWO, THREE, FOUR, FIVE = map(np.uint64, range(1, 6))

# untyped: the simulator has other types
cuda: Any = numba.cuda
uint64: Any = numba.types.uint64


def tile_lanes(numbers: int, itemsize: int) -> int:
    """Return the lanes of a block, at most 32, that keeps ``numbers`` numbers of each in shared memory.

    Raises ValueError if not even one lane fits.

    >>> tile_lanes(50, 4), tile_lanes(578, 8), tile_lanes(2000, 8)
    (32, 8, 2)
    """
    lanes = 32
    while lanes and numbers * itemsize * lanes > SHARED:
        lanes //= 2
    if not lanes:
        raise ValueError(f"a block has {SHARED} bytes of shared memory, one lane needs {numbers * itemsize}")
    return lanes


@lru_cache(maxsize=8)
def sparse_kernel(dtype: np.dtype[Any]) -> Any:
    """Return the kernel of the sparse product for a type.

    z[k] = Σ_runs x[i] Σ_entries value · y[j]: ``outputs`` [K+1] are the runs of each k, ``runs`` [R+1] the entries of
    each run, ``left`` [R] is i · tile, ``right`` [E] is j · tile, all uint32.
    """
    kind: Any = numba.from_dtype(dtype)

    def sparse(x: Any, y: Any, z: Any, lanes: Any, outputs: Any, runs: Any, left: Any, right: Any, values: Any) -> None:
        shared = cuda.shared.array(0, kind)
        tile, lane = uint64(cuda.blockDim.x), uint64(cuda.threadIdx.x)
        begin, step = uint64(cuda.threadIdx.y), uint64(cuda.blockDim.y)
        number, channels = uint64(cuda.blockIdx.x) * tile + lane, uint64(z.shape[2])
        inside, sample, channel = number < uint64(lanes), number // channels, number % channels
        second = uint64(x.shape[1]) * tile + lane
        i = begin
        while inside and i < uint64(x.shape[1]):
            shared[i * tile + lane] = x[sample, i, channel]
            i += step
        j = begin
        while inside and j < uint64(y.shape[1]):
            shared[j * tile + second] = y[sample, j, channel]
            j += step
        cuda.syncthreads()
        k = begin
        while inside and k < uint64(z.shape[1]):
            total = kind(0)
            run, last_run = uint64(outputs[k]), uint64(outputs[k + ONE])
            entry = uint64(runs[run])
            while run < last_run:
                part = kind(0)
                last_entry = uint64(runs[run + ONE])
                while entry < last_entry:
                    part += values[entry] * shared[uint64(right[entry]) + second]
                    entry += ONE
                total += shared[uint64(left[run]) + lane] * part
                run += ONE
            z[sample, k, channel] = total
            k += step

    return cuda.jit(sparse)


@lru_cache(maxsize=8)
def matrix_kernel(dtype: np.dtype[Any]) -> Any:
    """Return the kernel of the matrix product for a type; what it does is in :mod:`coupling.kernels.matrix_product`.

    used [3]: the numbers of degrees in use; pairs [Q, 2]: all p <= q; orders [K, 3]: l, |m| and whether m > 0, for the
    entries of z, all uint32; tables [3, l, |m|, t]: for the three features e_l(t), t along the diagonal, times weights.
    A worker forms the entries (p, q) and (q, p), which read the same eight numbers.
    """
    kind: Any = numba.from_dtype(dtype)

    def matrix(x: Any, y: Any, z: Any, lanes: Any, used: Any, pairs: Any, orders: Any, tables: Any) -> None:
        shared = cuda.shared.array(0, kind)
        tile, lane = uint64(cuda.blockDim.x), uint64(cuda.threadIdx.x)
        begin, step = uint64(cuda.threadIdx.y), uint64(cuda.blockDim.y)
        number, channels = uint64(cuda.blockIdx.x) * tile + lane, uint64(z.shape[2])
        inside, sample, channel = number < uint64(lanes), number // channels, number % channels
        n, count = uint64(tables.shape[3]), uint64(pairs.shape[0])
        row, square = n * tile, n * n * tile
        i = begin
        while inside and i < count:
            p, q = uint64(pairs[i, 0]), uint64(pairs[i, 1])
            l = m = q - p
            a = b = c = d = kind(0)
            while l < uint64(used[0]):
                a += tables[0, l, m, p] * x[sample, l * l + l + m, channel]
                b += tables[0, l, m, p] * x[sample, l * l + l - m, channel]
                l += ONE
            l = m
            while l < uint64(used[1]):
                c += tables[1, l, m, p] * y[sample, l * l + l + m, channel]
                d += tables[1, l, m, p] * y[sample, l * l + l - m, channel]
                l += ONE
            if p == q:
                b = d = kind(0)
            shared[p * row + q * tile + lane] = a + b
            shared[q * row + p * tile + lane] = a - b
            shared[square + p * row + q * tile + lane] = c + d
            shared[square + q * row + p * tile + lane] = c - d
            i += step
        cuda.syncthreads()
        i = begin
        while inside and i < count:
            p, q = uint64(pairs[i, 0]), uint64(pairs[i, 1])
            pk, kp, qk, kq = p * row + lane, p * tile + lane, q * row + lane, q * tile + lane
            a = b = kind(0)
            k = uint64(0)
            while k < n and q - p < uint64(used[2]):
                r_pk, r_kp, r_qk, r_kq = shared[pk], shared[kp], shared[qk], shared[kq]
                s_pk, s_kp = shared[square + pk], shared[square + kp]
                s_qk, s_kq = shared[square + qk], shared[square + kq]
                a += r_pk * s_kq - r_kp * s_qk + s_pk * r_qk + s_kp * r_kq
                b += r_qk * s_kp - r_kq * s_pk + s_qk * r_pk + s_kq * r_kp
                pk, kp, qk, kq = pk + tile, kp + row, qk + tile, kq + row
                k += ONE
            shared[TWO * square + p * row + q * tile + lane] = a
            shared[TWO * square + q * row + p * tile + lane] = b
            i += step
        cuda.syncthreads()
        i = begin
        while inside and i < uint64(z.shape[1]):
            l, m = uint64(orders[i, 0]), uint64(orders[i, 1])
            a = b = kind(0)
            t = uint64(0)
            while l < uint64(used[2]) and t + m < n:
                a += tables[2, l, m, t] * shared[TWO * square + t * row + (t + m) * tile + lane]
                b += tables[2, l, m, t] * shared[TWO * square + (t + m) * row + t * tile + lane]
                t += ONE
            z[sample, i, channel] = (a + b if orders[i, 2] else a - b) if m else a
            i += step

    return cuda.jit(matrix)


@lru_cache(maxsize=8)
def sphere_kernel(dtype: np.dtype[Any]) -> Any:
    """Return the kernel of products on the sphere for a type; what it reads is in :mod:`coupling.backends.cuda.sphere`.

    For each colatitude of the northern half: workers sum the Fourier coefficients of components, north and south of
    each; multiply them, and fold the results to what is even and odd in cos θ; and add to z, which stays where it is in
    global memory.  The two halves of a cross product are the same operations with the inputs exchanged, so that it
    vanishes exactly for equal inputs.  Shared memory has two numbers of each row and of each result.
    """
    kind: Any = numba.from_dtype(dtype)

    def sphere(
        x: Any,
        y: Any,
        z: Any,
        lanes: Any,
        begins: Any,
        sources: Any,
        synthesis: Any,
        results: Any,
        ends: Any,
        places: Any,
        analysis: Any,
    ) -> None:
        shared = cuda.shared.array(0, kind)
        tile, lane = uint64(cuda.blockDim.x), uint64(cuda.threadIdx.x)
        begin, step = uint64(cuda.threadIdx.y), uint64(cuda.blockDim.y)
        number, channels = uint64(cuda.blockIdx.x) * tile + lane, uint64(z.shape[2])
        inside, sample, channel = number < uint64(lanes), number // channels, number % channels
        rows, count = uint64(begins.shape[0]) // TWO, uint64(results.shape[0])
        south, folded = rows * tile + lane, TWO * rows * tile + lane
        theta, inputs = uint64(0), uint64(x.shape[1])
        while theta < uint64(analysis.shape[0]):
            r = begin
            while inside and r < rows:
                even = odd = kind(0)
                term, middle = uint64(begins[r + r]), uint64(begins[r + r + ONE])
                last = uint64(begins[r + r + ONE + ONE])
                while term < last:
                    entry = uint64(sources[term])
                    value = x[sample, entry, channel] if entry < inputs else y[sample, entry - inputs, channel]
                    if term < middle:
                        even += synthesis[theta, term] * value
                    else:
                        odd += synthesis[theta, term] * value
                    term += ONE
                shared[r * tile + lane] = even + odd
                shared[r * tile + south] = even - odd
                r += step
            cuda.syncthreads()
            r = begin
            while inside and r < count:
                m, imaginary = uint64(results[r, 0]), results[r, 1]
                north = low = kind(0)
                side = uint64(0)
                while side < TWO:
                    at = side * rows * tile + lane
                    total = kind(0)
                    pair = TWO
                    while pair < uint64(results.shape[1]):
                        first, l1 = uint64(results[r, pair + ONE]), uint64(results[r, pair + TWO])
                        second, l2 = uint64(results[r, pair + THREE]), uint64(results[r, pair + FOUR])
                        part = kind(0)
                        k = m - min(m, l2)
                        while results[r, pair] and k <= min(l1, m):  # orders k and m - k
                            i, j = (first + TWO * k) * tile + at, (second + TWO * (m - k)) * tile + at
                            if imaginary:
                                part += shared[i] * shared[j + tile] + shared[i + tile] * shared[j]
                            else:
                                part += shared[i] * shared[j] - shared[i + tile] * shared[j + tile]
                            k += ONE
                        k = ONE
                        while results[r, pair] and k <= l1 and m + k <= l2:  # orders -k and m + k
                            i, j = (first + TWO * k) * tile + at, (second + TWO * (m + k)) * tile + at
                            if imaginary:
                                part += shared[i] * shared[j + tile] - shared[i + tile] * shared[j]
                            else:
                                part += shared[i] * shared[j] + shared[i + tile] * shared[j + tile]
                            k += ONE
                        k = ONE
                        while results[r, pair] and k <= l2 and m + k <= l1:  # orders m + k and -k
                            i, j = (first + TWO * (m + k)) * tile + at, (second + TWO * k) * tile + at
                            if imaginary:
                                part += shared[i + tile] * shared[j] - shared[i] * shared[j + tile]
                            else:
                                part += shared[i] * shared[j] + shared[i + tile] * shared[j + tile]
                            k += ONE
                        total = part - total
                        pair += FIVE
                    if side == uint64(0):
                        north = -total
                    else:
                        low = -total
                    side += ONE
                shared[(r + r) * tile + folded] = north + low
                shared[(r + r + ONE) * tile + folded] = north - low
                r += step
            cuda.syncthreads()
            k = begin
            while inside and k < uint64(z.shape[1]):
                total = kind(0) if theta == uint64(0) else z[sample, k, channel]
                term = uint64(ends[k])
                while term < uint64(ends[k + ONE]):
                    total += analysis[theta, term] * shared[uint64(places[term]) * tile + folded]
                    term += ONE
                z[sample, k, channel] = total
                k += step
            theta += ONE

    return cuda.jit(sphere)

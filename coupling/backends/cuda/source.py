"""A product as a program in CUDA C++ that stands alone: features in registers, coefficients in the instructions."""

from __future__ import annotations

import re

import numpy as np

from coupling.products.product import Product
from coupling.products.straight import straight_program
from coupling.programs.text import Language, lines
from coupling.quoted import quoted

CODE = """\
/*
 * {title}: z[batch, {K}, channels] from x[batch, {I}, channels] and y[batch, {J}, channels], C-contiguous.
 * One thread computes one channel of one sample (lane = sample * channels + channel): {operations} multiply-adds,
 * additions and multiplications, {bytes} bytes of features.  Gradients are products with the slots turned.
 * With COUPLING_CHANNELS defined the number of channels is known to the compiler and the argument is not used.
 * Compiles as CUDA C++ and HIP and, with a loop in the place of the grid, as C++.
 */
#if defined(__CUDACC__) || defined(__HIPCC__)
#define COUPLING_RESTRICT __restrict__
#else
#define COUPLING_RESTRICT
#endif
#ifdef COUPLING_CHANNELS
#define COUPLING_STEP(channels) ((void)(channels), (COUPLING_CHANNELS))
#else
#define COUPLING_STEP(channels) (channels)
#endif

#if defined(__CUDACC__) || defined(__HIPCC__)
extern "C" __global__ void {name}(const {type} *COUPLING_RESTRICT x, const {type} *COUPLING_RESTRICT y,
                                  {type} *COUPLING_RESTRICT z, long long lanes, int channels)
{{
    const int step = COUPLING_STEP(channels);
    const long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x;
    for (long long lane = first; lane < lanes; lane += gridDim.x * (long long)blockDim.x) {{
#else
extern "C" void {name}(const {type} *x, const {type} *y, {type} *z, long long lanes, int channels)
{{
    const int step = COUPLING_STEP(channels);
    for (long long lane = 0; lane < lanes; ++lane) {{
#endif
        const long long sample = lane / step;
        const int channel = (int)(lane - sample * step);
        const {type} *a = x + sample * {I} * step + channel;
        const {type} *b = y + sample * {J} * step + channel;
        {type} *out = z + sample * {K} * step + channel;
{body}
    }}
}}
#undef COUPLING_RESTRICT
#undef COUPLING_STEP
"""


def cuda_source(product: Product, dtype: object = "float32", name: str = "coupling_product") -> str:
    """Return the source of a kernel for a product, for nvcc, NVRTC, hipcc or a C++ compiler.

    The kernel ``name(x, y, z, lanes, channels)`` takes C-contiguous features [batch, (lmax+1)², channels] and
    lanes = batch · channels; any grid of one-dimensional blocks will do.  Coefficients are hexadecimal literals of
    dtype.  Loads and stores are coalesced when channels is a multiple of 32.

    product : a ``ClebschGordan``, whose table may be a file's, a ``MatrixProduct`` with 2j+1 <= 16, or a ``Gaunt``,
        ``AntisymmetricGaunt`` or ``VectorSignal`` product with lmax <= 20; components of the latter are entries too
    dtype : float32 or float64

    Raises TypeError for another product; ValueError for another type, spin or degree, or a name that is no C
    identifier.

    >>> from coupling.products import ClebschGordan
    >>> text = cuda_source(ClebschGordan(1, 1, 0), "float64", "dot")
    >>> print("\\n".join(line.strip() for line in text.splitlines()[-12:-4]))
    const double t0 = c0 * y3;
    const double t1 = c0 * y1;
    const double t2 = x3 * t0;
    const double t3 = t2 + x1 * t1;
    const double t4 = t3 + x0 * y0;
    const double t5 = c0 * y2;
    const double t6 = t4 + x2 * t5;
    out[0 * step] = t6;
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"name must be a C identifier, got {quoted(name)}")
    program = straight_program(product, dtype)
    i, j, k = program.sizes
    fields = {"I": i, "J": j, "K": k, "operations": program.operations, "bytes": program.bytes}
    kind = "double" if program.dtype == np.float64 else "float"
    title = f"{type(product).__name__} of degrees {product.lmax}, {program.dtype}"
    body = "\n".join(f"        {line}" for line in lines(program, _language(kind)))
    return CODE.format(title=title, name=name, type=kind, body=body, **fields)


def _language(kind: str) -> Language:
    suffix = "f" if kind == "float" else ""
    return Language(
        assign=f"const {kind} {{name}} = {{value}};",
        load={"x": "a[{row} * step]", "y": "b[{row} * step]"},
        store="out[{row} * step] = {value};",
        number=lambda value: float.hex(value) + suffix,
    )

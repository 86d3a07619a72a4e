"""A contraction as a program in CUDA C++ that stands alone: components and their products in registers."""

from __future__ import annotations

import re

import numpy as np

import coupling.products.symmetric_contraction as symmetric_contraction
from coupling.products.contraction_tape import KINDS_OF_TAPES, contraction_tape
from coupling.programs.text import Language, lines
from coupling.quoted import quoted

CODE = """\
/*
 * {title}: z[atoms, {Z}, channels] from {inputs}, C-contiguous.
 * Coefficients c[species, {C}, channels] are those of coupling.products.SymmetricContraction.merge; species[atom] says
 * which.  One thread computes one channel of one atom: {operations} multiply-adds, multiplications and additions.
 * Compiles as CUDA C++ and HIP and, with a loop in the place of the grid, as C++.
 */
#if defined(__CUDACC__) || defined(__HIPCC__)
extern "C" __global__ void {name}({arguments}, const {type} *__restrict__ coefficients,
                                  const long long *__restrict__ species, {type} *__restrict__ output,
                                  long long atoms, int channels)
{{
    const int step = channels;
    const long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x;
    for (long long lane = first; lane < atoms * step; lane += gridDim.x * (long long)blockDim.x) {{
#else
extern "C" void {name}({plain}, const {type} *coefficients, const long long *species, {type} *output,
                       long long atoms, int channels)
{{
    const int step = channels;
    for (long long lane = 0; lane < atoms * step; ++lane) {{
#endif
        const long long atom = lane / step;
        const int channel = (int)(lane - atom * step);
{pointers}
        const {type} *c = coefficients + species[atom] * {C} * step + channel;
        {type} *z = output + atom * {Z} * step + channel;
{body}
    }}
}}
"""


def contraction_source(
    contraction: symmetric_contraction.SymmetricContraction,
    kind: str = "values",
    dtype: object = "float32",
    name: str = "coupling_contraction",
) -> str:
    """Return the source of a kernel for a contraction, for nvcc, NVRTC, hipcc or a C++ compiler.

    ``name(features, …, coefficients, species, output, atoms, channels)`` takes C-contiguous arrays [atoms, components,
    channels] and species as 64-bit integers, which it does not check; any grid of one-dimensional blocks will do.

    kind : "values"; "gradient" (takes cotangents), that of Σ g B in A; "tangent" (takes a direction) and "curvature"
        (takes a direction and cotangents), the derivatives of the two in a direction of A
    dtype : float32 or float64

    Raises ValueError for another kind or type, or a name that is no C identifier.

    >>> from coupling.products import SymmetricContraction
    >>> from coupling.manybody import basis
    >>> text = contraction_source(SymmetricContraction(basis(0, 2, 0)), name="square")
    >>> print("\\n".join(line.strip() for line in text.splitlines()[-6:-2]))
    const float a0 = a[0 * step];
    const float t0 = c[0 * step] * a0;
    const float t1 = a0 * t0;
    z[0 * step] = t1;
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"name must be a C identifier, got {quoted(name)}")
    program = contraction_tape(contraction, kind, dtype)
    real = "double" if program.dtype == np.float64 else "float"
    letters = "a" + KINDS_OF_TAPES[kind][2]
    *sizes, terms, rows = program.sizes
    words = [NAMES[letter] for letter in letters]
    fields = {
        "title": f"{kind} of a contraction with the outputs {' + '.join(x for x, _ in contraction.outputs)}",
        "inputs": ", ".join(f"{word}[atoms, {n}, channels]" for word, n in zip(words, sizes, strict=True)),
        "arguments": ", ".join(f"const {real} *__restrict__ {word}" for word in words),
        "plain": ", ".join(f"const {real} *{word}" for word in words),
        "pointers": "\n".join(
            f"        const {real} *{letter} = {word} + atom * {n} * step + channel;"
            for letter, word, n in zip(letters, words, sizes, strict=True)
        ),
        "body": "\n".join(f"        {line}" for line in lines(program, _language(real))),
    }
    return CODE.format(name=name, type=real, C=terms, Z=rows, operations=program.operations, **fields)


NAMES = {"a": "features", "v": "direction", "g": "cotangents"}


def _language(real: str) -> Language:
    return Language(
        assign=f"const {real} {{name}} = {{value}};",
        load={letter: f"{letter}[{{row}} * step]" for letter in "avgc"},
        store="z[{row} * step] = {value};",
        number=repr,
        unnamed=("c",),
    )

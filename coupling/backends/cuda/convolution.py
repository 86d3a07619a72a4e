"""Message passing as a program in CUDA C++ that stands alone: one thread for one channel of a node."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import coupling.products.convolution
from coupling.memory import float_type
from coupling.products.convolution import Convolution
from coupling.programs.convolution import EdgePath, Terms, edge_gradients, message
from coupling.programs.program import Program
from coupling.programs.tape import Recorder
from coupling.programs.text import Language, lines
from coupling.quoted import quoted
from coupling.selection import of_type, one_of

#: What is computed of each node: the array that is summed, the input besides y and w, and whose nodes that has.
SUMS = {"messages": ("z", "x", "senders"), "gradient": ("dx", "g", "receivers")}

CODE = """\
/*
 * {title}: output[nodes, {rows}, channels] from {other}[nodes, {width}, channels], harmonics[edges, {harmonics}] and
 * weights[edges, {paths}, channels], C-contiguous.  Edges are sorted by node: those of node i are order[starts[i]] to
 * order[starts[i + 1] - 1], and others[edge] says {whose} of an edge.  One thread computes one channel of one node,
 * {operations} multiply-adds, multiplications and additions for each edge; {entries} are the same in all channels.
 * Compiles as CUDA C++ and HIP and, with a loop in the place of the grid, as C++.
 */
#if defined(__CUDACC__) || defined(__HIPCC__)
extern "C" __global__ void {name}(const {type} *__restrict__ {other}, const {type} *__restrict__ harmonics,
                                  const {type} *__restrict__ weights, const long long *__restrict__ order,
                                  const long long *__restrict__ others, const long long *__restrict__ starts,
                                  {type} *__restrict__ output, long long nodes, int channels)
{{
    const int step = channels;
    const long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x;
    for (long long lane = first; lane < nodes * step; lane += gridDim.x * (long long)blockDim.x) {{
#else
extern "C" void {name}(const {type} *{other}, const {type} *harmonics, const {type} *weights, const long long *order,
                       const long long *others, const long long *starts, {type} *output, long long nodes, int channels)
{{
    const int step = channels;
    for (long long lane = 0; lane < nodes * step; ++lane) {{
#endif
        const long long node = lane / step;
        const int channel = (int)(lane - node * step);
        {type} z[{rows}] = {{0}};
        for (long long s = starts[node]; s < starts[node + 1]; ++s) {{
            const long long edge = order[s];
            const {type} *y = harmonics + edge * {harmonics};
            const {type} *w = weights + edge * {paths} * step + channel;
            const {type} *{letter} = {other} + others[edge] * {width} * step + channel;
{body}
        }}
        for (int k = 0; k < {rows}; ++k)
            output[(node * {rows} + k) * step + channel] = z[k];
    }}
}}
"""


def convolution_source(
    conv: coupling.products.Convolution,
    kind: str = "messages",
    dtype: object = "float32",
    name: str = "coupling_convolution",
) -> str:
    """Return the source of a kernel for message passing, for nvcc, NVRTC, hipcc or a C++ compiler.

    ``name(features, harmonics, weights, order, others, starts, output, nodes, channels)`` takes 64-bit integers, those
    of :class:`coupling.products.Edges`, which it does not check.  Any grid of one-dimensional blocks will do.

    kind : "messages", where others are the senders, or "gradient", the gradient of Σ g · messages in x: cotangents g in
        the place of features, edges sorted by sender, others the receivers
    dtype : float32 or float64

    Raises ValueError for another kind or type, or a name that is no C identifier.

    >>> text = convolution_source(Convolution(0, 0, 0), name="sums")
    >>> print("\\n".join(line.strip() for line in text.splitlines() if " * x0" in line or "t1" in line))
    const float t0 = w0 * x0;
    const float t1 = c0 * y0;
    const float t2 = z0 + t1 * t0;
    """
    of_type(conv, Convolution, "conv")
    one_of(kind, tuple(SUMS), "kind")
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"name must be a C identifier, got {quoted(name)}")
    kept, paths = float_type(dtype), conv.runs.paths
    letter, whose = SUMS[kind][1:]
    program = edge_program(paths.paths, paths.terms, paths.values, kind, kept)
    real = "double" if kept == np.float64 else "float"
    rows, width = (paths.sizes[2], paths.sizes[0]) if kind == "messages" else (paths.sizes[0], paths.sizes[2])
    return CODE.format(
        title=f"{kind} of a convolution of {len(paths.paths)} paths",
        other="features" if kind == "messages" else "cotangents",
        whose=f"the {whose[:-1]}",
        body="\n".join(f"            {line}" for line in lines(program, _language(real))),
        operations=program.operations,
        entries=sum(map(len, paths.terms)),
        harmonics=paths.sizes[1],
        paths=len(paths.paths),
        name=name,
        type=real,
        rows=rows,
        width=width,
        letter=letter,
    )


class _WithEntries(Recorder):
    """Records entries of an edge where a program asks for them as constants."""

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self.terms, self.entries = terms, dict[int, Any]()

    def constant(self, index: int) -> Any:
        if index not in self.entries:
            total = None
            for b, number in self.terms[index]:
                total = self.add_product(total, super().constant(number), self.load("y", b))
            self.entries[index] = total
        return self.entries[index]


def edge_program(
    paths: tuple[EdgePath, ...], terms: Terms, values: list[float], kind: str, dtype: np.dtype[Any]
) -> Program:
    """Return the program of one edge and channel, which adds to ``z`` or ``dx``.

    >>> edge_program((EdgePath(0, 0, 0, ((0, 0, 0),)),), (((0, 0),),), [2.0], "messages", np.dtype("f4")).operations
    3
    """
    do = _WithEntries(terms)
    if kind == "messages":
        message(do, paths)
    else:
        edge_gradients(do, paths, False)
    numbers = np.array(values or [0.0]).astype(dtype).astype(float)
    return Program(do.tape(), tuple(numbers.tolist()), (0, 0, 0), dtype)


def _language(real: str) -> Language:
    suffix = "f" if real == "float" else ""
    rows = {letter: f"{letter}[{{row}} * step]" for letter in "xgw"}
    return Language(
        assign=f"const {real} {{name}} = {{value}};",
        load=rows | {"y": "y[{row}]", "z": "z[{row}]", "dx": "z[{row}]"},
        store="z[{row}] = {value};",
        number=lambda value: f"{value!r}{suffix}",
    )

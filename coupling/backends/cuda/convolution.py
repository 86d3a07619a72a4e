"""Message passing and its gradients as programs in CUDA C++ that stand alone, and in C and C++."""

from __future__ import annotations

import re
from textwrap import wrap

import numpy as np

import coupling.products.convolution
from coupling.products.convolution_tape import ARRAYS, INPUTS, OF_NODES, ConvolutionTape, convolution_tape
from coupling.programs.text import Language, lines
from coupling.quoted import quoted

HEAD = """\
/*
{comment}
 */
#if defined(__CUDACC__) || defined(__HIPCC__)
#define COUPLING_KERNEL extern "C" __global__ void
#define COUPLING_RESTRICT __restrict__
#define COUPLING_FIRST (blockIdx.x * (long long)blockDim.x + threadIdx.x)
#define COUPLING_STEP (gridDim.x * (long long)blockDim.x)
#else
#ifdef __cplusplus
#define COUPLING_KERNEL extern "C" void
#else
#define COUPLING_KERNEL void
#endif
#define COUPLING_RESTRICT
#define COUPLING_FIRST 0
#define COUPLING_STEP 1
#endif
"""

#: Threads that share the channels of an edge: those of a warp, which add up by a tree, or one.
SHARED = """\
#if defined(__CUDACC__)
#define COUPLING_LANES 32
#define COUPLING_OTHER(value, distance) __shfl_xor_sync(0xffffffffu, value, distance)
#elif defined(__HIPCC__)
#define COUPLING_LANES warpSize
#define COUPLING_OTHER(value, distance) __shfl_xor(value, distance)
#else
#define COUPLING_LANES 1
#define COUPLING_OTHER(value, distance) 0
#endif
"""

NODES = """\
COUPLING_KERNEL {name}(
    {arguments},
    const long long *COUPLING_RESTRICT order,
    const long long *COUPLING_RESTRICT others,
    const long long *COUPLING_RESTRICT starts,
    {type} *COUPLING_RESTRICT output, long long nodes, int channels)
{{
    const int step = channels;
    for (long long lane = COUPLING_FIRST; lane < nodes * step; lane += COUPLING_STEP) {{
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

EDGES = """\
COUPLING_KERNEL {name}(
    {arguments},
    const long long *COUPLING_RESTRICT senders,
    const long long *COUPLING_RESTRICT receivers,
    {type} *COUPLING_RESTRICT output, long long edges, int channels)
{{
    const int step = channels;
    for (long long lane = COUPLING_FIRST; lane < edges * step; lane += COUPLING_STEP) {{
        const long long edge = lane / step;
        const int channel = (int)(lane - edge * step);
        const {type} *g = cotangents + receivers[edge] * {outputs} * step + channel;
        const {type} *x = features + senders[edge] * {inputs} * step + channel;
        const {type} *y = harmonics + edge * {harmonics};
        {type} *z = output + edge * {paths} * step + channel;
{body}
    }}
}}
"""

HARMONICS = """\
COUPLING_KERNEL {name}(
    {arguments},
    const long long *COUPLING_RESTRICT senders,
    const long long *COUPLING_RESTRICT receivers,
    {type} *COUPLING_RESTRICT output, long long edges, int channels)
{{
    const int step = channels, lane = (int)(COUPLING_FIRST % COUPLING_LANES);
    for (long long edge = COUPLING_FIRST / COUPLING_LANES; edge < edges; edge += COUPLING_STEP / COUPLING_LANES) {{
        {type} dy[{harmonics}] = {{0}};
{body}
        if (lane == 0)
            for (int b = 0; b < {harmonics}; ++b)
                output[edge * {harmonics} + b] = dy[b];
    }}
}}
"""

TILE = """\
        {{
            {type} e[{count}] = {{0}};
            for (int channel = lane; channel < channels; channel += COUPLING_LANES) {{
                const {type} *g = cotangents + receivers[edge] * {outputs} * step + channel;
                const {type} *x = features + senders[edge] * {inputs} * step + channel;
                const {type} *w = weights + edge * {paths} * step + channel;
{channel}
            }}
            for (int k = 0; k < {count}; ++k)
                for (int distance = COUPLING_LANES / 2; distance > 0; distance /= 2)
                    e[k] += COUPLING_OTHER(e[k], distance);
{edge}
        }}"""

#: Entries that a thread sums at a time, in registers.
ENTRIES_OF_A_TILE = 32

ORDERS = {
    "messages": "Edges are sorted by receiver: those of node i are order[starts[i]] to order[starts[i + 1] - 1], and "
    "others[edge] is the sender of an edge.",
    "gradient": "Edges are sorted by sender, so that no two threads add to one number: those of node i are "
    "order[starts[i]] to order[starts[i + 1] - 1], and others[edge] is the receiver of an edge.",
    "weight_gradient": "Edges may have any order.",
    "harmonic_gradient": "Edges may have any order.  The threads of a warp share the channels of an edge, and add up "
    "by a tree: blocks must be multiples of a warp.",
}

#: The width of a comment.
COMMENT = 116

ARGUMENT = ",\n    "


def convolution_source(
    conv: coupling.products.Convolution,
    kind: str = "messages",
    dtype: object = "float32",
    name: str = "coupling_convolution",
) -> str:
    """Return the source of a kernel for message passing, for nvcc, NVRTC, hipcc or a compiler of C or C++.

    kind : "messages" or a gradient of Σ g · messages, of cotangents g: "gradient", in x; "weight_gradient" or
        "harmonic_gradient"
    dtype : float32 or float64

    ``name(features, harmonics, weights, order, others, starts, output, nodes, channels)`` computes messages from edges
    that are sorted by receiver: ``order`` and ``starts`` of :class:`coupling.products.Edges`, others their senders.
    The gradient in x would scatter to the senders.  It takes the edges sorted by sender instead, ``Edges.by_sender``:
    cotangents in the place of features, others are the receivers.  Each number is added up by one thread, in the order
    of the edges: nothing is atomic, and every run gives the same bits.

    ``name(cotangents, features, harmonics, senders, receivers, output, edges, channels)`` computes the gradient [edges,
    paths, channels] in weights; of weights that edges or channels share it is to be summed over them.
    ``name(cotangents, features, weights, …)`` computes that in harmonics [edges, harmonics]: on a device a warp
    computes an edge, and sums over channels by a tree, on a processor they are added in order.

    Weights are [edges, paths, channels], integers have 64 bits; nothing is checked.  Any grid of one-dimensional blocks
    will do, of multiples of a warp for harmonics.

    Raises ValueError for another kind or type, or a name that is no C identifier.

    >>> from coupling.products import Convolution
    >>> text = convolution_source(Convolution(0, 0, 0), name="sums")
    >>> print("\\n".join(line.strip() for line in text.splitlines() if " * x0" in line or "t1" in line))
    const float t0 = w0 * x0;
    const float t1 = c0 * y0;
    const float t2 = z0 + t1 * t0;
    """
    tape = convolution_tape(conv, kind, dtype, ENTRIES_OF_A_TILE)
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"name must be a C identifier, got {quoted(name)}")
    real = "double" if tape.dtype == np.float64 else "float"
    arguments = ARGUMENT.join(f"const {real} *COUPLING_RESTRICT {ARRAYS[letter]}" for letter in INPUTS[kind])
    fields = tape.fields | {"name": name, "type": real, "arguments": arguments}
    fields["body"] = _body(tape, fields, real)
    template = NODES if kind in OF_NODES else HARMONICS if tape.sums else EDGES
    return _head(tape) + template.format(**fields)


def _head(tape: ConvolutionTape) -> str:
    """Return the comment and the definitions."""
    inputs, harmonics, outputs = tape.sizes
    shapes = {
        "x": f"nodes, {inputs}, channels",
        "y": f"edges, {harmonics}",
        "w": f"edges, {tape.paths}, channels",
        "g": f"nodes, {outputs}, channels",
    }
    result = {"messages": "g", "gradient": "x", "weight_gradient": "w", "harmonic_gradient": "y"}[tape.kind]
    work = "One thread computes one channel of one " + ("node" if tape.kind in OF_NODES else "edge")
    if not tape.sums:
        work += f", {tape.program.operations} multiply-adds, multiplications and additions for each edge"
    else:
        each = sum(part.channel.operations for part in tape.sums)
        once = sum(part.edge.operations for part in tape.sums)
        work = f"{each} multiply-adds and multiplications for each edge and channel, {once} for each edge"
    comment = (
        f"{tape.kind} of a convolution of {tape.paths} paths: output[{shapes[result]}] from "
        f"{', '.join(f'{ARRAYS[letter]}[{shapes[letter]}]' for letter in INPUTS[tape.kind])}, C-contiguous.  "
        f"{ORDERS[tape.kind]}  {work}; {tape.entries} entries are the same in all channels.  "
        "Compiles as CUDA C++ and HIP and, with a loop in the place of the grid, as C and C++."
    )
    head = HEAD.format(comment="\n".join(f" * {line}" for line in wrap(comment, COMMENT, fix_sentence_endings=True)))
    return head + (SHARED if tape.sums else "")


def _body(tape: ConvolutionTape, fields: dict[str, object], real: str) -> str:
    """Return what is done for an edge and channel, or for an edge."""
    if not tape.sums:
        indent, store = (" " * 12, "z[{row}]") if tape.kind in OF_NODES else (" " * 8, "z[{row} * step]")
        return _indented(lines(tape.program, _language(real, store)), indent)
    texts = []
    for count, channel, edge in tape.sums:
        if count:
            programs = (lines(channel, _language(real, "e[{row}]")), lines(edge, _language(real, "dy[{row}]")))
            parts = dict(zip(("channel", "edge"), map(_indented, programs, (" " * 16, " " * 12)), strict=True))
            texts.append(TILE.format(count=count, **parts, **fields))
    return "\n".join(texts)


def _indented(text: list[str], indent: str) -> str:
    return "\n".join(indent + line for line in text)


def _language(real: str, store: str) -> Language:
    suffix = "f" if real == "float" else ""
    rows = {letter: f"{letter}[{{row}} * step]" for letter in "xgw"}
    return Language(
        assign=f"const {real} {{name}} = {{value}};",
        load=rows | {"y": "y[{row}]", "z": "z[{row}]", "dx": "z[{row}]", "e": "e[{row}]", "dy": "dy[{row}]"},
        store=store + " = {value};",
        number=lambda value: f"{value!r}{suffix}",
    )

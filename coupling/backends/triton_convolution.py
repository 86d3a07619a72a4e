"""Message passing and its gradients as text of Triton kernels."""

from __future__ import annotations

import coupling.products.convolution as convolution
from coupling.products.convolution_tape import ARRAYS, INPUTS, OF_NODES, ConvolutionTape, convolution_tape
from coupling.programs.text import Language, fused, lines

NODES = """\
def convolution({arguments}, order, others, starts, output, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    node = tl.program_id(0).to(tl.int64)
    channel = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = channel < CHANNELS
    {zeros}
    for s in range(tl.load(starts + node), tl.load(starts + node + 1)):
        edge = tl.load(order + s)
        y = harmonics + edge * {harmonics}
        w = weights + edge * ({paths} * CHANNELS) + channel
        {letter} = {other} + tl.load(others + edge) * ({width} * CHANNELS) + channel
        {body}
    z = output + node * ({rows} * CHANNELS) + channel
    {stores}
"""

EDGES = """\
def convolution({arguments}, senders, receivers, output, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    edge = tl.program_id(0).to(tl.int64)
    channel = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = channel < CHANNELS
    g = cotangents + tl.load(receivers + edge) * ({outputs} * CHANNELS) + channel
    x = features + tl.load(senders + edge) * ({inputs} * CHANNELS) + channel
    y = harmonics + edge * {harmonics}
    z = output + edge * ({paths} * CHANNELS) + channel
    {body}
"""

HARMONICS = """\
def convolution({arguments}, senders, receivers, output, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    edge = tl.program_id(0).to(tl.int64)
    of_g = cotangents + tl.load(receivers + edge) * ({outputs} * CHANNELS)
    of_x = features + tl.load(senders + edge) * ({inputs} * CHANNELS)
    of_w = weights + edge * ({paths} * CHANNELS)
    y = output + edge * {harmonics}
    {zeros}
    for start in range(0, CHANNELS, BLOCK):
        channel = start + tl.arange(0, BLOCK)
        inside = channel < CHANNELS
        g, x, w = of_g + channel, of_x + channel, of_w + channel
        {body}
    {stores}
"""

LOAD = "tl.load({letter} + {{row}} * CHANNELS, mask=inside, other=0.0)"


def triton_convolution_source(conv: convolution.Convolution, kind: str = "messages", dtype: object = "float32") -> str:
    """Return the text of a Triton kernel for message passing or one of its gradients.

    Kinds, arrays and their order are those of :func:`coupling.backends.cuda.convolution_source`, with CHANNELS and
    BLOCK, a power of two, in the place of the numbers at the end.  For "messages" and "gradient" the grid is (nodes,
    blocks of channels): one program adds up the edges of a node in their order, for "gradient" sorted by sender.  For
    "weight_gradient" it is (edges, blocks of channels), for "harmonic_gradient" (edges,): a program loops over the
    channels.  Nothing is atomic.  To be decorated with ``triton.jit`` where ``tl`` is ``triton.language``.

    >>> print("\\n".join(triton_convolution_source(convolution.Convolution(0, 0, 0)).splitlines()[9:-2]))
            x = features + tl.load(others + edge) * (1 * CHANNELS) + channel
            w0 = tl.load(w + 0 * CHANNELS, mask=inside, other=0.0)
            x0 = tl.load(x + 0 * CHANNELS, mask=inside, other=0.0)
            y0 = tl.load(y + 0)
            t0 = w0 * x0
            t1 = 1.0 * y0
            t2 = tl.fma(t1, t0, z0)
            z0 = t2
    """
    tape = convolution_tape(conv, kind, dtype)
    fields = tape.fields | {"arguments": ", ".join(ARRAYS[letter] for letter in INPUTS[kind])}
    if tape.sums:
        return HARMONICS.format(**fields, **_sums(tape))
    store = "z{row} = {value}" if kind in OF_NODES else "tl.store(z + {row} * CHANNELS, {value}, mask=inside)"
    body = lines(tape.program, _language(store)) or ["pass"]
    if kind not in OF_NODES:
        return EDGES.format(**fields, body=_indented(body, 4))
    stores = [f"tl.store(z + {row} * CHANNELS, z{row}, mask=inside)" for row in range(fields["rows"])]
    return NODES.format(
        **fields, zeros=_zeros("z", fields["rows"]), body=_indented(body, 8), stores=_indented(stores, 4)
    )


def _sums(tape: ConvolutionTape) -> dict[str, str]:
    """Return the texts of the gradient in the harmonics: sums of entries over channels, and what is made of them."""
    (one,) = tape.sums
    channel = lines(one.channel, _language("e{row} = {value}")) or ["pass"]
    edge = lines(one.edge, _language("tl.store(y + {row}, {value})", "tl.sum(e{row})"))
    return {"zeros": _zeros("e", one.entries), "body": _indented(channel, 8), "stores": _indented(edge, 4)}


def _zeros(letter: str, rows: int) -> str:
    return _indented([f"{letter}{row} = tl.full([BLOCK], 0.0, output.dtype.element_ty)" for row in range(rows)], 4)


def _indented(text: list[str], indent: int) -> str:
    return ("\n" + " " * indent).join(text)


def _language(store: str, entry: str = "e{row}") -> Language:
    """Return how a program is written; sums over edges or channels are names, and are read where they are used."""
    sums = {"z": "z{row}", "dx": "z{row}", "e": entry}
    return Language(
        assign="{name} = {value}",
        load={letter: LOAD.format(letter=letter) for letter in "xgw"} | {"y": "tl.load(y + {row})"} | sums,
        store=store,
        number=repr,
        fma=fused("tl.fma({0}, {1}, {2})", "tl.fma(-{0}, {1}, {2})"),  # whether to fuse is not left to the compiler
        zero="0.0",
        inline=True,
        unnamed=("z", "dx", "e") if entry == "e{row}" else ("z", "dx"),
    )

"""Contractions as text of Triton kernels."""

from __future__ import annotations

import coupling.products.symmetric_contraction as symmetric_contraction
from coupling.products.contraction_tape import KINDS_OF_TAPES, contraction_tape
from coupling.programs.text import Language, fused, lines

UNROLLED = """\
def contraction({arguments}, coefficients, species, output, lanes, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < lanes
    atom, channel = lane // CHANNELS, lane % CHANNELS
    kind = tl.load(species + atom, mask=inside, other=0)
    {pointers}
    c = coefficients + kind * ({C} * CHANNELS) + channel
    z = output + atom * ({Z} * CHANNELS) + channel
    zero = tl.full([BLOCK], 0.0, output.dtype.element_ty)
    {body}
"""

LOAD = "tl.load({letter} + {{row}} * CHANNELS, mask=inside, other=0.0)"
TRITON_CONTRACTION = Language(
    assign="{name} = {value}",
    load={letter: LOAD.format(letter=letter) for letter in "avgc"},
    store="tl.store(z + {row} * CHANNELS, {value}, mask=inside)",
    number=repr,
    fma=fused("tl.fma({0}, {1}, {2})", "tl.fma(-{0}, {1}, {2})"),
    zero="zero",
    unnamed=("c",),
)


def triton_contraction_source(
    contraction: symmetric_contraction.SymmetricContraction, kind: str = "values", dtype: object = "float32"
) -> str:
    """Return the text of a Triton kernel for a contraction, components and their products in registers.

    ``contraction(a, …, coefficients, species, output, lanes, CHANNELS, BLOCK)`` computes lanes = atoms · CHANNELS of
    C-contiguous arrays, BLOCK in each program; kinds and arrays as for
    :func:`coupling.backends.cuda.contraction_source`.  To be decorated with ``triton.jit`` where ``tl`` is
    ``triton.language``.

    >>> from coupling.products import SymmetricContraction
    >>> from coupling.manybody import basis
    >>> print("\\n".join(triton_contraction_source(SymmetricContraction(basis(0, 2, 0))).splitlines()[-2:]))
        t1 = a0 * t0
        tl.store(z + 0 * CHANNELS, t1, mask=inside)
    """
    program = contraction_tape(contraction, kind, dtype)
    letters = "a" + KINDS_OF_TAPES[kind][2]
    *sizes, terms, rows = program.sizes
    pairs = zip(letters, sizes, strict=True)
    pointers = "\n    ".join(f"{x} = of_{x} + atom * ({n} * CHANNELS) + channel" for x, n in pairs)
    return UNROLLED.format(
        arguments=", ".join(f"of_{x}" for x in letters),
        pointers=pointers,
        C=terms,
        Z=rows,
        body="\n    ".join(lines(program, TRITON_CONTRACTION)),
    )

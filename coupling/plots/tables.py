"""Pictures of tables: which inputs reach an output, which paths there are, one path in numbers, all of it on a page.

Positive and negative values of even paths are orange and blue, those of odd paths green and wine red.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.exact import real_wigner_3j
from coupling.exact.surd import Surd
from coupling.extras import from_extra
from coupling.integers import degree, integer
from coupling.plots.style import (
    EVEN,
    FAINT,
    INK,
    ODD,
    frame,
    new_axes,
    require_drawable,
    require_picture,
    require_table,
    save,
)
from coupling.quoted import quoted
from coupling.selection import degrees
from coupling.tables import Request, Table, build

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


#: Largest degrees of the matrix of an output, the bars of paths, one path in numbers, and the whole page.
OUTPUT_LIMIT, PATHS_LIMIT, NUMBERS_LIMIT, PAGE_LIMIT = 32, 24, 8, 8


def output_matrix(table: Table, l3: int, m3: int) -> NDArray[np.float64]:
    """Return √(2l3+1) · core[(l1, m1), (l2, m2)] for one output (l3, m3) as a matrix over flat indices.

    Raises TypeError or ValueError for what is no table, and for an output that the table does not reach.

    >>> output_matrix(build(Request(lmax=1)), 0, 0)
    array([[1.        , 0.        , 0.        , 0.        ],
           [0.        , 0.57735027, 0.        , 0.        ],
           [0.        , 0.        , 0.57735027, 0.        ],
           [0.        , 0.        , 0.        , 0.57735027]])
    """
    require_table(table)
    l3, m3 = degree(l3, "l3"), integer(m3, "m3")
    if abs(m3) > l3 or l3 > table.request.lmax[2]:
        largest = table.request.lmax[2]
        raise ValueError(f"the output must have l3 <= {largest} and |m3| <= l3, got ({quoted(l3)}, {quoted(m3)})")
    lmax1, lmax2, _ = table.request.lmax
    matrix = np.zeros(((lmax1 + 1) ** 2, (lmax2 + 1) ** 2))
    for l1, l2, _ in table.paths[table.paths[:, 2] == l3].tolist():
        block = table.block(CORE, l1, l2, l3)[:, :, m3 + l3] * math.sqrt(2 * l3 + 1)
        matrix[l1 * l1 : (l1 + 1) ** 2, l2 * l2 : (l2 + 1) ** 2] = block
    return matrix


def plot_output(table: Table, l3: int, m3: int, ax: Axes | None = None) -> Axes:
    """Draw which pairs of inputs (l1, m1), (l2, m2) reach the output (l3, m3), and how strongly.

    Colour is the signed square root of √(2l3+1) · core, in the colours of the parity of the path.  Lines separate
    degrees.  Returns the Axes; raises what :func:`output_matrix` raises, and ValueError for degrees above 32.

    >>> plot_output(build(Request(lmax=2)), 2, 0).images[0].get_array().shape
    (9, 9, 3)
    """
    require_table(table)
    require_drawable("plot_output", OUTPUT_LIMIT, *table.request.lmax)
    ax = new_axes((4, 4)) if ax is None else ax
    matrix = output_matrix(table, l3, m3)
    degree1, degree2 = (np.floor(np.sqrt(np.arange(size))).astype(int) for size in matrix.shape)
    odd = (degree1[:, None] + degree2[None, :] + l3) % 2 == 1
    ax.imshow(_colours(matrix, odd), interpolation="nearest")
    for l in range(max(table.request.lmax)):
        ax.axhline((l + 1) ** 2 - 0.5, color=FAINT, linewidth=0.4, zorder=2)
        ax.axvline((l + 1) ** 2 - 0.5, color=FAINT, linewidth=0.4, zorder=2)
    ax.set(xticks=[], yticks=[])
    frame(ax)
    return ax


def plot_paths(table: Table, ax: Axes | None = None) -> Axes:
    """Draw the paths: a cell for every pair (l1, l2), a bar in it for every l3, its number of non-zero entries as area.

    Returns the Axes; raises TypeError for what is no table, ValueError for degrees above 24.

    >>> len(plot_paths(build(Request(lmax=2))).patches)
    15
    """
    require_table(table)
    require_drawable("plot_paths", PATHS_LIMIT, *table.request.lmax)
    ax = new_axes((4, 4)) if ax is None else ax
    from matplotlib.patches import Rectangle

    counts = np.diff(table.offsets)
    lmax1, lmax2, lmax3 = table.request.lmax
    step = 0.86 / (lmax3 + 1)
    for (l1, l2, l3), count in zip(table.paths.tolist(), counts.tolist(), strict=True):
        height = 0.84 * count / counts.max()
        colour = ODD[1] if (l1 + l2 + l3) % 2 else EVEN[1]
        corner = (l2 - 0.43 + l3 * step, l1 + 0.44 - height)
        ax.add_patch(Rectangle(corner, 0.8 * step, height, color=colour, linewidth=0))
    for l1 in range(lmax1 + 1):
        for l2 in range(lmax2 + 1):
            ax.plot([l2 - 0.43, l2 + 0.42], [l1 + 0.45] * 2, color=FAINT, linewidth=0.6)
    ax.set(xlim=(-0.5, lmax2 + 0.5), ylim=(lmax1 + 0.5, -0.5), xticks=range(lmax2 + 1), yticks=range(lmax1 + 1))
    ax.set_xlabel("$l_2$", labelpad=5)
    ax.set_ylabel("$l_1$", rotation=0, labelpad=8)
    frame(ax, visible=False)
    return ax


def plot_block(l1: int, l2: int, l3: int, m3: int, ax: Axes | None = None) -> Axes:
    """Draw the slice C(l1,l2,l3)[:, :, m3] of the real core with its entries as exact numbers.  Returns the Axes.

    Raises ValueError for degrees above 8.

    >>> [text.get_text() for text in plot_block(1, 1, 0, 0).texts]
    ['$\\\\sqrt{\\\\frac{1}{3}}$', '$\\\\sqrt{\\\\frac{1}{3}}$', '$\\\\sqrt{\\\\frac{1}{3}}$']
    """
    l1, l2, l3 = degrees(l1, l2, l3)
    require_drawable("plot_block", NUMBERS_LIMIT, l1, l2, l3)
    ax = new_axes((4, 4)) if ax is None else ax
    m1s, m2s = range(-l1, l1 + 1), range(-l2, l2 + 1)
    values = [[real_wigner_3j(l1, l2, l3, m1, m2, m3) for m2 in m2s] for m1 in m1s]
    matrix = np.array([[float(value) for value in row] for row in values]) * math.sqrt(2 * l3 + 1)
    ax.imshow(_colours(matrix, np.full(matrix.shape, (l1 + l2 + l3) % 2 == 1)), interpolation="nearest")
    for row, surds in enumerate(values):
        for column, surd in enumerate(surds):
            if surd:
                _write(ax, surd, row, column, dark=abs(matrix[row, column]) > 0.3)
    ax.set(xticks=range(2 * l2 + 1), xticklabels=[f"${m}$" for m in m2s])
    ax.set(yticks=range(2 * l1 + 1), yticklabels=[f"${m}$" for m in m1s])
    frame(ax)
    return ax


def _write(ax: Axes, surd: Surd, row: int, column: int, dark: bool) -> None:
    ax.text(column, row, f"${surd.latex()}$", ha="center", va="center", fontsize=9.5, color="white" if dark else INK)


def plot_structure(table: Table, path: tuple[int, int, int] = (2, 2, 2)) -> Figure:
    """Draw a table: the pyramid of its outputs, a matrix for each (l3, m3); its paths; one path in numbers.

    Raises TypeError for what is no table, ValueError for degrees above 8.

    >>> len(plot_structure(build(Request(lmax=2))).axes)
    17
    """
    require_table(table)
    require_drawable("plot_structure", PAGE_LIMIT, *table.request.lmax, *path)
    lmax = table.request.lmax[2]
    figure = from_extra("matplotlib.figure", "plots", "pictures need").Figure(figsize=(13.2, 10.2), facecolor="white")
    pyramid = figure.add_gridspec(lmax + 1, 2 * lmax + 1, left=0.05, right=0.985, top=0.97, bottom=0.3, **GAPS)
    for l3 in range(lmax + 1):
        for m3 in range(-l3, l3 + 1):
            ax = plot_output(table, l3, m3, figure.add_subplot(pyramid[l3, lmax + m3]))
            _label_output(ax, l3, m3, lmax)
            if l3 == path[2]:
                _outline(ax, path)
    _add_text(figure, table)
    _add_paths(figure, table)
    _add_path(figure, path)
    return figure


GAPS = {"wspace": 0.07, "hspace": 0.07}


def _label_output(ax: Axes, l3: int, m3: int, lmax: int) -> None:
    if m3 == -l3:
        ax.set_ylabel(f"$l_3 = {l3}$" if l3 == 0 else f"${l3}$", rotation=0, ha="right", va="center", color=INK)
    if l3 == lmax:
        ax.set_xlabel(f"$m_3 = {m3}$" if m3 == -lmax else f"${m3}$", color=INK)


def _outline(ax: Axes, path: tuple[int, int, int]) -> None:
    from matplotlib.patches import Rectangle

    l1, l2, _ = path
    corner = (l2 * l2 - 0.5, l1 * l1 - 0.5)
    ax.add_patch(Rectangle(corner, 2 * l2 + 1, 2 * l1 + 1, fill=False, edgecolor=INK, linewidth=0.9))


def _add_text(figure: Figure, table: Table) -> None:
    figure.text(0.03, 0.948, "The real coupling tensor", color=INK, fontsize=19)
    text = (
        f"Every path with degrees up to {table.request.lmax[2]}.  One matrix for each output $(l_3, m_3)$:\n"
        "rows are $(l_1, m_1)$, columns $(l_2, m_2)$, lines separate degrees."
    )
    figure.text(0.03, 0.895, text, color=INK, fontsize=9.5, linespacing=1.6)
    odd = table.paths.sum(axis=1) % 2 == 1
    entries = np.diff(table.offsets)
    for row, (name, kind, colours, mask) in enumerate((("even", "Gaunt", EVEN, ~odd), ("odd", "bracket", ODD, odd))):
        words = f"{int(mask.sum())} {name} paths ({kind}), {int(entries[mask].sum())} non-zeros"
        _add_key(figure, 0.855 - 0.027 * row, colours, words)


def _add_key(figure: Figure, y: float, colours: tuple[str, str], words: str) -> None:
    """Add a strip from - to + in the colours of a parity, and what it stands for."""
    ax = figure.add_axes((0.047, y, 0.075, 0.013))
    values = np.linspace(-1, 1, 101)[None, :]
    ax.imshow(_colours(values, np.full(values.shape, colours is ODD)), aspect="auto")
    ax.set(xticks=[], yticks=[])
    frame(ax, visible=False)
    figure.text(0.042, y + 0.0055, "\N{MINUS SIGN}", ha="right", va="center", color=INK)
    figure.text(0.127, y + 0.0055, "+", ha="left", va="center", color=INK)
    figure.text(0.145, y + 0.0055, words, va="center", color=INK, fontsize=9.5)


def _add_paths(figure: Figure, table: Table) -> None:
    ax = plot_paths(table, figure.add_axes((0.745, 0.73, 0.24, 0.2)))
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    text = "Non-zero entries of each path: a bar for each $l_3$"
    figure.text(0.865, 0.708, text, ha="center", color=INK, fontsize=9.5)


def _add_path(figure: Figure, path: tuple[int, int, int]) -> None:
    l1, l2, l3 = path
    grid = figure.add_gridspec(1, 2 * l3 + 1, left=0.05, right=0.985, top=0.205, bottom=0.035, wspace=0.08)
    for m3 in range(-l3, l3 + 1):
        ax = plot_block(*path, m3, figure.add_subplot(grid[0, m3 + l3]))
        ax.set_aspect("auto")
        ax.set_title(f"$m_3 = {m3}$", fontsize=10, color=INK, pad=4)
        if m3 > -l3:
            ax.set_yticks([])
    text = f"The outlined path $C({l1},{l2},{l3})$ in exact numbers.  Its squares add up to 1."
    figure.text(0.03, 0.24, text, color=INK, fontsize=9.5)


def save_structure(file: Path, lmax: int = 4, *, force: bool = False) -> None:
    """Write the picture of the real coupling tensor up to lmax, at most 8, as PNG; see :func:`save` for force.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save_structure(Path(folder) / "structure.png", lmax=2)
    ...     len(list(Path(folder).iterdir()))
    1
    """
    require_picture(file, force)
    lmax = degree(lmax, "lmax")
    require_drawable("save_structure", PAGE_LIMIT, lmax)
    save(plot_structure(build(Request(lmax=lmax))), file, dpi=130, force=force)


def _colours(matrix: NDArray[np.float64], odd: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return RGB: white for zero, towards the colour of sign and parity with √|value|."""
    from matplotlib.colors import to_rgb

    palette = np.array([[to_rgb(colour) for colour in pair] for pair in (EVEN, ODD)])
    target = palette[odd.astype(int), (matrix > 0).astype(int)]
    strength = np.sqrt(np.clip(abs(matrix), 0, 1))[..., None]
    return 1 - strength * (1 - target)

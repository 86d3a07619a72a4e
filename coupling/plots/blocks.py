"""The block of one path as matrices, and how full a table is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.numbers.coefficients import block
from coupling.plots.style import (
    EVEN,
    INK,
    LABEL,
    ODD,
    TICK,
    diverging,
    dress,
    frame,
    new_axes,
    require_drawable,
    require_table,
)
from coupling.quoted import quoted
from coupling.selection import degrees, orders
from coupling.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Largest ratio of width to height of a row of matrices; longer rows are broken.
ASPECT = 3.2

#: Largest degree of a block and of a table; entries of a table that are counted at once.
BLOCK_LIMIT, TABLE_LIMIT, CHUNK = 32, 64, 1 << 20


def coupling_block(
    family: str,
    l1: int,
    l2: int,
    l3: int,
    basis: str = "real",
    mark: tuple[int, int, int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw ``coupling.block(family, l1, l2, l3, basis)``: for each m3 a matrix, rows m1, columns m2.  Returns the Axes.

    White is zero.  A ring stands where the selection rules allow an entry and it is zero all the same: by symmetry
    or by accident.  An imaginary block is drawn divided by i, and says so.  ``mark`` frames the entry of three orders.
    Raises what ``coupling.block`` raises, and ValueError for orders that do not exist and for degrees above 32.

    >>> ax = coupling_block("gaunt", 2, 1, 3)
    >>> [text.get_text() for text in ax.texts]
    ['$m_3 = -3$', '$-2$', '$-1$', '$0$', '$1$', '$2$', '$3$']
    >>> len(coupling_block("wigner_3j", 3, 3, 2, basis="complex").lines[0].get_xdata())  # 3m² = l(l+1): rings
    2
    """
    l1, l2, l3 = degrees(l1, l2, l3)
    require_drawable("coupling_block", BLOCK_LIMIT, l1, l2, l3)
    values = np.asarray(block(family, l1, l2, l3, basis))
    imaginary = np.iscomplexobj(values) and bool(np.any(values.imag))
    values = values.imag if imaginary else values.real
    corners = _corners(values.shape)
    ax = new_axes(_size(values.shape, corners)) if ax is None else ax
    _show(ax, values, corners, ODD if (l1 + l2 + l3) % 2 else EVEN)
    _ring_zeros(ax, values, corners, set(orders(l1, l2, l3, basis)))
    if mark is not None:
        _frame_entry(ax, (l1, l2, l3), mark, corners)
    _name_matrices(ax, corners, values.shape)
    rows = sorted({row for row, _ in corners})
    labels = [m for m in range(-l1, l1 + 1) if l1 < 3 or m % l1 == 0]
    ax.set(xticks=[])
    ax.set_yticks([row + l1 + m for row in rows for m in labels], [f"${m}$" for m in labels] * len(rows))
    dress(ax, title=_title(family, (l1, l2, l3), basis, imaginary), ylabel="$m_1$", xlabel="$m_2 = -l_2 \\ldots l_2$")
    frame(ax, visible=False)
    return ax


def _title(family: str, path: tuple[int, int, int], basis: str, imaginary: bool) -> str:
    degrees = ", ".join(map(str, path))
    return f"{family.replace('_', ' ')} ({degrees}), {basis} basis" + (", divided by i" if imaginary else "")


def _corners(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the (row, column) at which the matrix of each m3 begins, in as many even rows as look well."""
    height, width, count = shape
    gap = _gap(height)
    fitting = (n for n in range(1, count + 1) if -(-count // n) * (width + 1) <= ASPECT * n * (height + gap))
    per_row = -(-count // next(fitting, count))
    return [((height + gap) * (k // per_row), (width + 1) * (k % per_row)) for k in range(count)]


def _size(shape: tuple[int, ...], corners: list[tuple[int, int]]) -> tuple[float, float]:
    """Return the size of a figure in inches that the matrices fill."""
    rows = max(row for row, _ in corners) + shape[0] + _gap(shape[0])
    columns = max(column for _, column in corners) + shape[1]
    cell = min(0.3, 6.4 / columns, 5.2 / rows)
    return cell * columns + 1.8, max(cell * rows + 0.8, 2.2)


def _gap(height: int) -> int:
    """Return the rows of cells between matrices, in which the orders m3 are written."""
    return 1 + -(-height // 4)


def _show(ax: Axes, values: NDArray[Any], corners: list[tuple[int, int]], colours: tuple[str, str]) -> None:
    from matplotlib.colors import Normalize

    height, width, _ = values.shape
    canvas = np.full((max(r for r, _ in corners) + height, max(c for _, c in corners) + width), np.nan)
    for k, (row, column) in enumerate(corners):
        canvas[row : row + height, column : column + width] = values[:, :, k]
        _outline(ax, (column, row), width, height, "#9a9a9a", 0.6)
    largest = float(abs(values).max()) or 1.0
    image = ax.imshow(canvas, cmap=diverging(colours), norm=Normalize(-largest, largest), interpolation="nearest")
    ax.set(xlim=(-0.6, canvas.shape[1] - 0.4), ylim=(canvas.shape[0] - 0.4, -0.5 - _gap(height)))
    figure = ax.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(image, ax=ax, fraction=0.03, pad=0.02, ticks=[-largest, 0, largest], format="%.3g")
        bar.ax.tick_params(length=0, labelsize=TICK, colors=INK)
        bar.outline.set_visible(False)


def _outline(ax: Axes, corner: tuple[float, float], width: float, height: float, colour: str, line: float) -> None:
    from matplotlib.patches import Rectangle

    x, y = corner
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor=colour, linewidth=line, zorder=3))


def _ring_zeros(
    ax: Axes, values: NDArray[Any], corners: list[tuple[int, int]], allowed: set[tuple[int, int, int]]
) -> None:
    middle = [size // 2 for size in values.shape]
    places = []
    for orders_of_entry in allowed:
        i, j, k = (m + l for m, l in zip(orders_of_entry, middle, strict=True))
        if values[i, j, k] == 0:
            places.append((corners[k][1] + j, corners[k][0] + i))
    x, y = zip(*sorted(places), strict=True) if places else ((), ())
    ax.plot(x, y, "o", markersize=5, mfc="none", mec=INK, mew=0.8, linestyle="none")


def _frame_entry(
    ax: Axes, path: tuple[int, int, int], mark: tuple[int, int, int], corners: list[tuple[int, int]]
) -> None:
    for slot, (l, m) in enumerate(zip(path, mark, strict=True), 1):
        if abs(m) > l:
            raise ValueError(f"order {slot} must satisfy |m| <= {l}, the degree, got {quoted(m)}")
    i, j, k = (m + l for l, m in zip(path, mark, strict=True))
    _outline(ax, (corners[k][1] + j, corners[k][0] + i), 1, 1, "#000000", 2.0)


def _name_matrices(ax: Axes, corners: list[tuple[int, int]], shape: tuple[int, ...]) -> None:
    for k, (row, column) in enumerate(corners):
        m3 = k - shape[2] // 2
        words = f"$m_3 = {m3}$" if k == 0 and shape[1] > 2 else f"${m3}$"
        ax.text(column + (shape[1] - 1) / 2, row - 0.65, words, ha="center", va="bottom", fontsize=TICK, color=INK)


def sparsity(table: Table, ax: Axes | None = None) -> Axes:
    """Draw how many outputs (l3, m3) each pair of inputs (l1, m1), (l2, m2) of a table reaches.  Returns the Axes.

    White is none; lines separate degrees.  The title says what part of the dense tensor is not zero.  Raises TypeError
    for what is no table, ValueError for degrees above 64.

    >>> from coupling.tables import Request, build
    >>> int(sparsity(build(Request(lmax=2))).images[0].get_array().sum())  # the number of entries
    137
    """
    require_table(table)
    require_drawable("sparsity", TABLE_LIMIT, *table.request.lmax)
    counts = _counts(table)
    ax = new_axes((5.2, 4.6)) if ax is None else ax
    image = ax.imshow(np.ma.masked_equal(counts, 0), cmap="cividis_r", interpolation="nearest")
    lmax1, lmax2, lmax3 = table.request.lmax
    for l in range(max(lmax1, lmax2) + 1):
        ax.axhline(l * l - 0.5, color="white", linewidth=0.8)
        ax.axvline(l * l - 0.5, color="white", linewidth=0.8)
    _degree_ticks(ax, lmax1, lmax2)
    figure = ax.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(image, ax=ax, fraction=0.04, pad=0.02)
        bar.ax.tick_params(length=0, labelsize=TICK, colors=INK)
        bar.set_label("outputs reached", fontsize=LABEL, color=INK)
        bar.outline.set_visible(False)
    share = counts.sum() / (counts.size * (lmax3 + 1) ** 2)
    title = f"{table.request.name}: {counts.sum()} of {counts.size * (lmax3 + 1) ** 2} entries, {share:.1%}"
    return dress(ax, title=title, xlabel="$l_2$, each with its orders", ylabel="$l_1$, each with its orders")


def _counts(table: Table) -> NDArray[np.int64]:
    lmax1, lmax2, _ = table.request.lmax
    counts = np.zeros(((lmax1 + 1) ** 2, (lmax2 + 1) ** 2), np.int64)
    for start in range(0, len(table.orders), CHUNK):
        orders = table.orders[start : start + CHUNK, :2]
        path = np.searchsorted(table.offsets, np.arange(start, start + len(orders)), side="right") - 1
        l = table.paths[path, :2].astype(np.int64)
        np.add.at(counts, tuple((l * l + l + orders).T), 1)
    return counts


def _degree_ticks(ax: Axes, lmax1: int, lmax2: int) -> None:
    for axis, lmax in ((ax.yaxis, lmax1), (ax.xaxis, lmax2)):
        degrees = [l for l in range(lmax + 1) if 30 * (2 * l + 1) > (lmax + 1) ** 2]
        axis.set_ticks([l * l + l for l in degrees], [f"${l}$" for l in degrees])

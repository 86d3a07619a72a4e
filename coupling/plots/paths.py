"""Pictures of the triples of degrees that couple, their parity, and where allowed entries vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coupling.indexing import entry_counts
from coupling.integers import degree
from coupling.numbers.sizes import symmetry_zeros
from coupling.plots.routes import route_look
from coupling.plots.style import FAINT, INK, TICK, dress, new_axes, require_drawable
from coupling.quoted import quoted
from coupling.tables import Request, build
from coupling.tables.request import LMAX_LIMIT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Largest degrees of the diagram, whose height is that of all pairs, and of the table that zeros are counted in.
DIAGRAM_LIMIT, COUNT_LIMIT = 16, LMAX_LIMIT // 2


def path_diagram(lmax: int, basis: str = "real", ax: Axes | None = None) -> Axes:
    """Draw the paths (l1, l2, l3) with l1 <= l2 <= lmax: a row for each pair, a column for each l3.  Returns the Axes.

    Squares are even paths, which the Gaunt product reaches, triangles odd ones, which need the bracket.  The number at
    a path counts its accidental zeros: entries that are zero although no selection rule and no symmetry makes them so.
    Raises ValueError for lmax above 16.

    >>> ax = path_diagram(3)
    >>> [(line.get_label(), len(line.get_xdata())) for line in ax.lines[-2:]]
    [('even: Gaunt', 20), ('odd: bracket', 10)]
    >>> [text.get_text() for text in ax.texts]
    ['2', '2']
    """
    lmax = degree(lmax, "lmax")
    require_drawable("path_diagram", DIAGRAM_LIMIT, lmax)
    zeros = accidental_zeros(lmax, basis)
    pairs = [(l1, l2) for l2 in range(lmax + 1) for l1 in range(l2 + 1)]
    ax = new_axes((0.42 * (2 * lmax + 1) + 2.6, 0.3 * len(pairs) + 1.4)) if ax is None else ax
    ax.set(xlim=(-0.6, 2 * lmax + 0.6), ylim=(len(pairs) - 0.4, -0.6), xticks=range(2 * lmax + 1))
    ax.set_yticks(range(len(pairs)), [f"({l1}, {l2})" for l1, l2 in pairs])
    for row, (l1, l2) in enumerate(pairs):
        ax.plot([l2 - l1, l2 + l1], [row, row], color=FAINT, linewidth=1, zorder=1)
    for parity, label in ((0, "even: Gaunt"), (1, "odd: bracket")):
        places = [(l3, pairs.index((l1, l2))) for l1, l2, l3 in zeros if (l1 + l2 + l3) % 2 == parity]
        x, y = zip(*places, strict=True) if places else ((), ())
        ax.plot(x, y, **(route_look(label) or {}), markersize=10, linestyle="none", label=label)
    for (l1, l2, l3), count in zeros.items():
        if count:
            place = l3, pairs.index((l1, l2))
            ax.annotate(str(count), place, (6, 3), textcoords="offset points", fontsize=7.5, color=INK)
    ax.legend(fontsize=TICK, frameon=False, loc="upper right", labelcolor=INK)
    return dress(ax, title=f"paths to degree {lmax}", xlabel="$l_3$", ylabel="$(l_1, l_2)$")


def accidental_zeros(lmax: int, basis: str = "real") -> dict[tuple[int, int, int], int]:
    """Return for each path with l1 <= l2 <= lmax how many of its allowed entries are zero by accident.

    They are counted in a table to degrees (lmax, lmax, 2 lmax); raises ValueError for lmax above 63.

    >>> {path: count for path, count in accidental_zeros(3).items() if count}
    {(2, 3, 3): 2, (3, 3, 2): 2}
    """
    lmax = degree(lmax, "lmax")
    if lmax > COUNT_LIMIT:
        raise ValueError(f"accidental_zeros counts to lmax <= {COUNT_LIMIT}, got {quoted(lmax)}")
    table = build(Request(lmax=(lmax, lmax, 2 * lmax), basis=basis))
    allowed = entry_counts(table.paths.astype(np.int64), basis)
    zeros = allowed - symmetry_zeros(table.paths, basis) - np.diff(table.offsets)
    pairs = zip(map(tuple, table.paths.tolist()), zeros.tolist(), strict=True)
    return {path: count for path, count in pairs if path[0] <= path[1]}

"""Charts: named series of points over one abscissa, and errors of fits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.plots.routes import route_look
from coupling.plots.style import FAINT, INK, LABEL, MARKERS, PALETTE, TICK, dress, new_axes, require_picture, save
from coupling.quoted import quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

#: {label: (abscissas, ordinates)}, or with a third element: properties of the line, such as {"linestyle": "--"}
Series = Mapping[str, tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, Mapping[str, Any]]]

#: {words: (x, y)}: a point; without x a horizontal line, without y a vertical one
Marks = Mapping[str, tuple[float | None, float | None]]

#: {label: (abscissas, errors)}
Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]

#: Scales of an axis: "log2" has its numbers at powers of two.
SCALES = ("linear", "log", "log2")

#: What lies between words and the lines under them.
BEHIND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}

#: Height of a line of a legend, and the width of a sign in it, in inches.
LEGEND_LINE, LEGEND_SIGN = 0.2, 0.08

#: Labels of curves that belong to a sequence: "L = 2".
ONE_OF_A_SEQUENCE = re.compile(r"\w+ = \d+")

#: Relative error below which a fit is drawn as exact.
EXACT = 1e-12


def curves(
    series: Series,
    *,
    xlabel: str,
    ylabel: str,
    xscale: str = "linear",
    yscale: str = "linear",
    marks: Marks | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw named series of points, joined by lines that differ in colour and in marker, and return the Axes.

    A series named after a route ("sparse", "Gaunt", "bracket", "Gaunt + bracket", "matrix", …) has the colour of that
    route, :data:`coupling.plots.routes.ROUTES`, in every chart; the others take those that are left.

    ``series`` maps labels to (x, y), or to (x, y, properties of matplotlib's line); x and y have one length, NaN in y
    leaves a gap.  ``marks`` maps words to places: (x, y) a point, (x, None) a vertical line, (None, y) a horizontal
    one.  Scales are "linear", "log" or "log2", which has its numbers at powers of two.  Raises ValueError when lengths
    differ, a scale does not exist, or a logarithmic axis would have to show a number that is not positive.

    >>> ax = curves(
    ...     {"grid": ([1, 2, 4, 8], [1, 4, 16, 64]), "table": ([1, 2, 4, 8], [1, 8, 64, 512], {"linestyle": "--"})},
    ...     xlabel="lmax", ylabel="time in µs", xscale="log2", yscale="log", marks={"one cache": (None, 100)},
    ... )
    >>> [(line.get_label(), line.get_marker()) for line in ax.lines[:2]], ax.get_yscale()
    ([('grid', 'o'), ('table', 's')], 'log')
    """
    from coupling.plots.labels import Spread

    ax = new_axes() if ax is None else ax
    _set_scale(ax, "x", xscale)
    _set_scale(ax, "y", yscale)
    for (label, data), look in zip(series.items(), _looks(series), strict=True):
        x, y = _points(label, data, xscale, yscale)
        look |= {"markersize": 5, "linewidth": 1.4} | dict(data[2] if len(data) > 2 else {})
        ax.plot(x, y, label=label, **look)
    ax.add_artist(Spread([_mark(ax, words, *place) for words, place in (marks or {}).items() if place != (None, None)]))
    _integer_ticks(ax, series, xscale)
    ax.grid(color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    _legend(ax, len(series))
    return dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)


def _looks(labels: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield colour, marker and line of each series: those of its route, else the next that no route here has."""
    routes = {label: route_look(label) for label in labels}
    taken = {look["color"] for look in routes.values() if look}
    free = [look for look in zip(PALETTE, MARKERS, strict=True) if look[0] not in taken] or [(PALETTE[0], MARKERS[0])]
    others = ((c, marker, line) for line in cycle(("-", "--", ":", "-.")) for c, marker in free)
    for look in routes.values():
        yield dict(look) if look else dict(zip(("color", "marker", "linestyle"), next(others), strict=True))


def _set_scale(ax: Axes, axis: str, scale: str) -> None:
    if scale not in SCALES:
        raise ValueError(f"{axis}scale must be one of {', '.join(SCALES)}, got {quoted(scale)}")
    set_scale = ax.set_xscale if axis == "x" else ax.set_yscale
    if scale != "log2":
        set_scale(scale)
        return
    from matplotlib.ticker import FuncFormatter, NullLocator

    set_scale("log", base=2)
    lines = ax.xaxis if axis == "x" else ax.yaxis
    lines.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    lines.set_minor_locator(NullLocator())


def _points(label: str, data: Sequence[Any], xscale: str, yscale: str) -> tuple[NDArray, NDArray]:
    x, y = (np.asarray(values, float) for values in data[:2])
    if x.shape != y.shape or x.ndim != 1:
        shapes = f"{x.shape} and {y.shape}"
        raise ValueError(f"x and y of series {quoted(label)} must be two lists of one length, got shapes {shapes}")
    for name, values, scale in (("x", x, xscale), ("y", y, yscale)):
        if scale != "linear" and (values <= 0).any():
            least = float(np.nanmin(values))
            raise ValueError(f"a logarithmic {name} axis needs positive numbers, series {label!r} has {least:g}")
    return x, y


def _mark(ax: Axes, words: str, x: float | None, y: float | None) -> Annotation:
    """Draw a point or a line, and its words on white."""
    text: dict[str, Any] = {"fontsize": TICK, "color": INK, "textcoords": "offset points", "bbox": BEHIND}
    if x is not None and y is not None:
        ax.plot([x], [y], "o", markersize=11, mfc="none", mec=INK, zorder=4)
        return ax.annotate(words, (x, y), xytext=(9, 6), **text)
    if x is not None:
        ax.axvline(x, color=INK, linewidth=0.8, linestyle=":")
        return ax.annotate(words, (x, 1), xycoords=("data", "axes fraction"), xytext=(4, -12), **text)
    ax.axhline(y or 0.0, color=INK, linewidth=0.8, linestyle=":")
    return ax.annotate(words, (1, y or 0.0), xycoords=("axes fraction", "data"), xytext=(-4, 4), ha="right", **text)


def _integer_ticks(ax: Axes, series: Series, xscale: str) -> None:
    from matplotlib.ticker import MaxNLocator

    if xscale == "linear" and all((np.asarray(data[0], float) % 1 == 0).all() for data in series.values()):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _legend(ax: Axes, count: int, inside: int = 5) -> None:
    """Add the legend: in the frame for few series, beside it for more, which it would cover; none for a single one."""
    if count > inside:
        ax.legend(fontsize=TICK, frameon=False, loc="upper left", bbox_to_anchor=(1, 1), labelcolor=INK)
    elif count > 1:
        ax.legend(fontsize=TICK, frameon=False, labelcolor=INK)


def degree_chart(
    series: Series,
    *,
    ylabel: str = "time in µs",
    powers: Sequence[int] = (),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw times (or counts) over the largest degree, both axes logarithmic, and return the Axes.

    ``powers`` adds grey lines ∝ lmax^p through the first point of the first series, to read growth from.  Otherwise
    as :func:`curves`.

    >>> ax = degree_chart({"grid": ([2, 4, 8], [1.0, 9.0, 70.0])}, powers=[3])
    >>> ax.lines[-1].get_ydata()
    array([ 1.,  8., 64.])
    """
    ax = curves(series, xlabel="largest degree", ylabel=ylabel, xscale="log2", yscale="log", title=title, ax=ax)
    x, y = (np.asarray(values, float) for values in next(iter(series.values()))[:2])
    for power in powers:
        guide = y[0] * (x / x[0]) ** power
        ax.plot(x, guide, color="#9a9a9a", linewidth=0.9, linestyle=":", zorder=1)
        place: dict[str, Any] = {"textcoords": "offset points", "xytext": (0, 4), "ha": "right", "fontsize": TICK}
        ax.annotate(f"$\\propto L^{{{power}}}$", (x[-1], guide[-1]), color="#666666", **place)
    return ax


def plot_errors(curves: Curves, ax: Axes | None = None) -> Axes:
    """Draw curves {label: (abscissas, errors)} on a logarithmic scale.  Returns the Axes.

    Errors below 1e-12 are exact fits: they are open circles at the end of the curve, below all others.  Curves that
    are all labelled "X = number" belong to a sequence (degrees, ranks), so their colours do as well; others have the
    colours of :func:`curves`.

    >>> len(plot_errors({"L = 2": ([1, 2], [0.05, 0.0])}).lines)
    2
    """
    ax = new_axes() if ax is None else ax
    from matplotlib.ticker import MaxNLocator

    visible = [error for _, errors in curves.values() for error in errors if error >= EXACT]
    floor = 10 ** (math.floor(math.log10(min(visible, default=1.0))) - 1)
    looks = _sequence(len(curves)) if all(map(ONE_OF_A_SEQUENCE.fullmatch, curves)) else _looks(curves)
    for look, (label, (abscissas, errors)) in zip(looks, curves.items(), strict=True):
        heights = [max(error, floor) if error >= EXACT else floor for error in errors]
        ax.plot(abscissas, heights, markersize=4, linewidth=1.4, label=label, **look)
        exact = [x for x, error in zip(abscissas, errors, strict=True) if error < EXACT]
        ax.plot(exact, [floor] * len(exact), "o", markersize=9, mfc="none", mec=look["color"])
    ax.set_yscale("log")
    ax.set_ylim(bottom=floor / 2.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(color=FAINT, linewidth=0.5)
    _legend(ax, len(curves), inside=3)
    return dress(ax, ylabel="relative error")


def _sequence(count: int) -> list[dict[str, Any]]:
    """Return colours from dark blue to light green, apart in lightness as well, and markers."""
    from matplotlib import colormaps

    colours = (colormaps["viridis"](0.85 * k / max(count - 1, 1)) for k in range(count))
    return [{"color": colour, "marker": marker} for colour, marker in zip(colours, cycle(MARKERS), strict=False)]


def save_errors(file: Path, panels: Mapping[str, Curves], x: str, *, force: bool = False) -> None:
    """Write panels {title: curves} side by side as a picture, x the name of the abscissa; see :func:`save` for force.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save_errors(Path(folder) / "errors.png", {"even": {"L = 2": ([1, 2], [0.05, 0.0])}}, "rank")
    ...     len(list(Path(folder).iterdir()))
    1
    """
    from coupling.plots.style import new_figure

    require_picture(file, force)
    height = max(3.9, 0.6 + LEGEND_LINE * max(map(len, panels.values())))
    longest = max((len(label) for curves in panels.values() for label in curves), default=0)
    figure = new_figure(((4.0 + LEGEND_SIGN * longest) * len(panels), height))
    for ax, (title, curves) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        plot_errors(curves, ax).set_title(title, fontsize=LABEL, color=INK)
        ax.set_xlabel(x, fontsize=LABEL, color=INK)
    save(figure, file, dpi=110, force=force)

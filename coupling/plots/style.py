"""One look for every picture: colours that stay apart for every kind of colour vision, one font, quiet frames.

The colours are those of Okabe and Ito (Color Universal Design, 2008) without yellow, which is too faint on white.
Lines differ in marker as well as in colour, the signs of a block in lightness against the white of zero; so nothing is
said by hue alone.  Pictures are objects of matplotlib: pyplot, and with it global state, is never touched.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coupling.extras import from_extra
from coupling.files import Kind
from coupling.files.atomic import write_file
from coupling.files.ownership import require_replaceable
from coupling.quoted import quoted
from coupling.selection import of_type
from coupling.tables.table import Table, require_integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

BLACK, ORANGE, SKY = "#000000", "#E69F00", "#56B4E9"
GREEN, BLUE, VERMILLION, PURPLE = "#009E73", "#0072B2", "#D55E00", "#CC79A7"

#: Colours and markers of series, in this order.
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

#: Colours of even and odd paths: negative, positive.  The wine red is darker than purple: it carries white numbers.
EVEN = BLUE, VERMILLION
ODD = "#882255", GREEN

#: Text and frames; what stays in the background.
INK, FAINT = "#333333", "#d8d8d8"

#: Sizes of text in points.
TITLE, LABEL, TICK = 11, 10, 9

#: What a picture says of itself, by format: who made it, and no date.
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "coupling"},
    "svg": {"Creator": "coupling", "Date": None},
    "pdf": {"Creator": "coupling", "CreationDate": None},
}


def new_axes(size: tuple[float, float] = (6.4, 4.0)) -> Axes:
    """Return Axes in a new figure of a size in inches; as the last line of a notebook cell, ``ax.figure`` shows it.

    >>> new_axes((4, 3)).figure.get_size_inches()
    array([4., 3.])
    """
    return new_figure(size).add_subplot()


def new_figure(size: tuple[float, float]) -> Figure:
    """Return a white figure of a size in inches that keeps its parts from touching.

    >>> type(new_figure((4, 3)).get_layout_engine()).__name__
    'ConstrainedLayoutEngine'
    """
    from_extra("matplotlib", "plots", "pictures need")
    from coupling.plots.picture import Picture

    return Picture(figsize=size, facecolor="white", layout="constrained")


def dress(ax: Axes, *, title: str | None = None, xlabel: str | None = None, ylabel: str | None = None) -> Axes:
    """Set title and labels in the sizes and colours of this package, with thin spines, and return the Axes.

    >>> dress(new_axes(), title="paths").get_title()
    'paths'
    """
    if title is not None:
        ax.set_title(title, fontsize=TITLE, color=INK)
    if xlabel is not None:
        ax.set_xlabel(xlabel, fontsize=LABEL, color=INK)
    if ylabel is not None:
        ax.set_ylabel(ylabel, fontsize=LABEL, color=INK)
    frame(ax)
    return ax


def frame(ax: Axes, visible: bool = True) -> None:
    """Make the frame thin and grey, or remove it, and the ticks numbers without strokes.

    >>> ax = new_axes()
    >>> frame(ax, visible=False)
    >>> ax.spines["top"].get_visible()
    False
    >>> frame(ax)
    >>> ax.spines["top"].get_visible()
    True
    """
    for spine in ax.spines.values():
        spine.set(visible=visible, color="#9a9a9a", linewidth=0.6)
    ax.tick_params(which="both", length=0, labelsize=TICK, colors=INK)


def diverging(colours: tuple[str, str]) -> Colormap:
    """Return the colours from the first, negative, through white at zero to the second, positive.

    >>> [round(float(part), 2) for part in diverging(EVEN)(0.5)]
    [1.0, 1.0, 1.0, 1.0]
    """
    from matplotlib.colors import LinearSegmentedColormap

    negative, positive = colours
    return LinearSegmentedColormap.from_list("diverging", [negative, "#ffffff", positive], N=257)


def picture_format(file: str | Path) -> str:
    """Return the format of a picture by the suffix of its file, or raise ValueError.

    >>> picture_format("block.PNG")
    'png'
    """
    suffix = Path(file).suffix.lower().removeprefix(".")
    if suffix not in ("png", "svg", "pdf"):
        raise ValueError(f"a picture is written as .png, .svg or .pdf; got {quoted(str(file))}")
    return suffix


def require_picture(file: str | Path, force: bool = False) -> None:
    """Raise ValueError or FileExistsError, before anything is drawn, where :func:`save` would.

    >>> require_picture("no/such/block.png")
    """
    picture_format(file)
    from_extra("matplotlib", "plots", "pictures need")
    require_replaceable(Path(file), Kind("picture"), force)


def save(ax: Axes | Figure, file: str | Path, dpi: int = 150, *, force: bool = False) -> None:
    """Write the figure of Axes in the format of the file's suffix: png, svg or pdf; whole or not at all.

    The file names coupling as the program that made it.  Raises ValueError for another suffix, FileExistsError for a
    file that is there and is no picture of coupling, unless ``force``.

    >>> save(new_axes(), "picture.bmp")
    Traceback (most recent call last):
    ValueError: a picture is written as .png, .svg or .pdf; got 'picture.bmp'
    """
    require_picture(file, force)
    path, suffix = Path(file), picture_format(file)
    figure: Any = ax if hasattr(ax, "savefig") else ax.figure
    stream = BytesIO()
    figure.savefig(stream, format=suffix, dpi=dpi, metadata=METADATA[suffix])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, stream.getvalue(), force=force)


def require_table(table: object) -> None:
    """Raise TypeError for what is no table, ValueError for one of half-integers, of which there are no pictures.

    >>> require_table(None)
    Traceback (most recent call last):
    TypeError: table must be a Table, got NoneType None
    """
    of_type(table, Table, "table")
    if isinstance(table, Table):
        require_integers(table, "a picture")


def require_drawable(what: str, limit: int, *lmax: int) -> None:
    """Raise ValueError, naming the limit, when a degree is larger than a picture shows.

    >>> require_drawable("path_diagram", 16, 100000)
    Traceback (most recent call last):
    ValueError: path_diagram draws degrees <= 16, got 100000
    """
    if max(lmax) > limit:
        raise ValueError(f"{what} draws degrees <= {limit}, got {quoted(max(lmax))}")

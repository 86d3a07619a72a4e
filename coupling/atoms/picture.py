"""Pictures of features as functions on the sphere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.plots.style import EVEN, INK, LABEL, new_figure
from coupling.sphere import harmonics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Points in θ and φ of a picture.
POINTS = 61, 121


def plot_features(rows: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """Draw features [(lmax+1)²] as functions on the sphere, in Mollweide's projection; return the figure.

    One row for each name, with a picture for each feature; orange is positive, blue negative, white zero, and the
    darkest colour of a picture its own largest value, which is written below.

    >>> figure = plot_features({"atom": {"x": [1.0], "y": [0.0, 1, 0, 0]}})
    >>> len(figure.axes)
    2
    """
    width, height = max(len(row) for row in rows.values()), len(rows)
    figure = new_figure((3.0 * width, 1.9 * height + 0.3))
    for row, (name, pictures) in enumerate(rows.items()):
        for column, (title, coefficients) in enumerate(pictures.items()):
            ax = figure.add_subplot(height, width, row * width + column + 1, projection="mollweide")
            _draw(ax, np.asarray(coefficients, float))
            ax.set_title(f"{name}: {title}", fontsize=LABEL, color=INK)
    return figure


def _draw(ax: Axes, coefficients: NDArray[np.float64]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    latitude = np.linspace(-np.pi / 2, np.pi / 2, POINTS[0])
    longitude = np.linspace(-np.pi, np.pi, POINTS[1])
    lmax = round(len(coefficients) ** 0.5) - 1
    grid = np.meshgrid(np.pi / 2 - latitude, longitude, indexing="ij")
    values = harmonics(lmax, *grid).real @ coefficients
    largest = float(abs(values).max()) or 1.0
    colours = LinearSegmentedColormap.from_list("signed", [EVEN[0], "white", EVEN[1]])
    ax.pcolormesh(longitude, latitude, values, cmap=colours, vmin=-largest, vmax=largest, shading="gouraud")
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(f"max {abs(values).max():.3g}", fontsize=LABEL, color=INK)

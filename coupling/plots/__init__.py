"""Pictures of coupling coefficients: each function draws into given Axes, or into new ones, and returns the Axes.

Nothing here touches pyplot: ``ax.figure`` at the end of a notebook cell shows a picture, :func:`save` writes it.
"""

from coupling.plots.charts import curves, plot_errors, save_errors
from coupling.plots.style import new_axes, save
from coupling.plots.tables import output_matrix, plot_block, plot_output, plot_paths, plot_structure, save_structure

__all__ = [
    "curves",
    "new_axes",
    "output_matrix",
    "plot_block",
    "plot_errors",
    "plot_output",
    "plot_paths",
    "plot_structure",
    "save",
    "save_errors",
    "save_structure",
]

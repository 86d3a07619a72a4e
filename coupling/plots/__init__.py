"""Pictures of coupling coefficients: each function draws into given Axes, or into new ones, and returns the Axes.

Nothing here touches pyplot: ``ax.figure`` at the end of a notebook cell shows a picture, :func:`save` writes it.
"""

from coupling.plots.blocks import coupling_block, sparsity
from coupling.plots.charts import curves, degree_chart, plot_errors, save_errors
from coupling.plots.functions import bracket, field, harmonic, sphere, unit
from coupling.plots.paths import accidental_zeros, path_diagram
from coupling.plots.routes import ROUTES
from coupling.plots.style import new_axes, save
from coupling.plots.tables import output_matrix, plot_block, plot_output, plot_paths, plot_structure, save_structure

__all__ = [
    "ROUTES",
    "accidental_zeros",
    "bracket",
    "coupling_block",
    "curves",
    "degree_chart",
    "field",
    "harmonic",
    "new_axes",
    "output_matrix",
    "path_diagram",
    "plot_block",
    "plot_errors",
    "plot_output",
    "plot_paths",
    "plot_structure",
    "save",
    "save_errors",
    "save_structure",
    "sparsity",
    "sphere",
    "unit",
]

"""How far a bilinear map is from equivariant, on average over all rotations, in closed form.

For standard normal x, y and the error ε = M̂(D x, D y) - D M̂(x, y) of a rotation,

    E ‖ε‖² = E_D ‖(D ⊗ D ⊗ D) M̂ - M̂‖² = 2 (‖M̂‖² - ‖P M̂‖²),     ‖P M̂‖² = Σ_paths ⟨M̂, C_path⟩²,

with P = E_D (D ⊗ D ⊗ D) the projection on the invariants, of which the blocks C of all paths are an orthonormal basis.
A decomposition M̂ of an equivariant M therefore has an error of at most √2 ‖M̂ - M‖ in this mean, and of at most
2 ‖M̂ - M‖ for each rotation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.indexing import degree_slice
from coupling.numbers.tabulation import tabulate
from coupling.selection import Path

Floats = NDArray[np.float64]


@lru_cache(maxsize=4)
def _blocks(lmax: int) -> dict[Path, Floats]:
    return tabulate(CORE, lmax).blocks()


def path_components(tensor: ArrayLike) -> dict[Path, float]:
    """Return ⟨M̂, C_path⟩ for every path; the weight of the path in the equivariant part of M̂, [(lmax+1)²]³.

    >>> path_components(np.ones((1, 1, 1)))
    {(0, 0, 0): 1.0}
    """
    values = np.asarray(tensor, float)
    lmax = lmax_of(values)
    return {
        path: float(np.sum(values[np.ix_(*(np.arange(values.shape[0])[degree_slice(l)] for l in path))] * block))
        for path, block in _blocks(lmax).items()
    }


def equivariance_error(tensor: ArrayLike, relative: bool = True) -> float:
    """Return √(E ‖ε‖²) over rotations and standard normal inputs, in units of √(E ‖M̂(x, y)‖²) = ‖M̂‖ if relative.

    Between 0, for an equivariant map, and √2.  The tensor M̂ [(lmax+1)²]³ is in the real basis.  Raises ValueError for
    other shapes.  Source: the docstring of this module.

    >>> one_entry = np.zeros((4, 4, 4))
    >>> one_entry[1, 1, 1] = 1  # no path has y y y
    >>> round(equivariance_error(one_entry), 6)
    1.414214
    """
    values = np.asarray(tensor, float)
    total = float(np.sum(values**2))
    kept = sum(component**2 for component in path_components(values).values())
    error = float(np.sqrt(2 * max(total - kept, 0.0)))
    return error / float(np.sqrt(total)) if relative and total else error


def lmax_of(tensor: Floats) -> int:
    """Return lmax of a tensor [(lmax+1)²]³.

    >>> lmax_of(np.zeros((9, 9, 9)))
    2
    """
    lmax = round(np.sqrt(tensor.shape[0])) - 1 if tensor.ndim == 3 else -1
    if lmax < 0 or tensor.shape != ((lmax + 1) ** 2,) * 3:
        raise ValueError(f"the tensor must have shape [(lmax+1)²]³, got {tensor.shape}")
    return lmax

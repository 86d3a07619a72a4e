"""L-BFGS with decreasing Tikhonov regularization, then damped Gauss-Newton to machine precision.

Regularization keeps the columns bounded while the fit is still far from the target.  It ends at zero, so the reported
error is that of the problem itself.  Gauss-Newton steps are damped as by Levenberg and Marquardt, with Nielsen's update
of the damping (K. Madsen, H. B. Nielsen, O. Tingleff, Methods for non-linear least squares problems, 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coupling.lowrank.factors import Array, Layout, column_norms
from coupling.lowrank.objective import Objective, real_view

#: Relative error below which a fit counts as numerically exact.
EXACT = 1e-12

#: Gauss-Newton ends after PATIENCE steps with a relative gain below 1e-6, at the latest after the iterations of a fit
#: and of a stack.
PATIENCE, ITERATIONS = 20, (500, 400)

#: With more numbers in the three arrays the normal matrix takes too long; such fits end with L-BFGS.
MOST_NUMBERS = 6_000

#: Sequences of the Tikhonov parameter, used in turn by the starts; the empty one goes to Gauss-Newton at once.
RIDGES = (1e-2, 1e-4), (1e-4,), (1e-3, 1e-5), ()


def descend(
    objective: Objective, layout: Layout, start: Array, ridge: float, iterations: int = 500, gain: float = 1e-12
) -> Array:
    """Return the unknowns after L-BFGS-B with an analytic gradient; it ends below a relative gain."""
    from scipy.optimize import minimize

    def value_gradient(x: Any, /) -> tuple[float, Any]:
        value, gradient = value_and_gradient(objective, layout, x.view(start.dtype), ridge)
        return value, real_view(gradient)

    options: Any = {"maxiter": iterations, "maxfun": 10 * iterations, "ftol": gain, "gtol": 1e-10, "maxcor": 20}
    found = minimize(value_gradient, real_view(start).copy(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x).view(start.dtype)


def value_and_gradient(objective: Objective, layout: Layout, x: Array, ridge: float = 0.0) -> tuple[float, Array]:
    """Return the objective and its gradient in the unknowns."""
    value, gradient = objective.value_gradient(layout.unpack(x), ridge)
    return value, layout.pull(np.concatenate([part.ravel() for part in gradient]))


def equations(objective: Objective, layout: Layout, x: Array) -> Array:
    """Return the matrix J^H J of the Gauss-Newton equations in the unknowns."""
    return layout.pull(layout.pull(objective.normal_matrix(layout.unpack(x)), 0), 1)


def polish(objective: Objective, layout: Layout, x: Array, iterations: int = ITERATIONS[0]) -> Array:
    """Return the unknowns after damped Gauss-Newton: quadratic convergence where the fit is exact.

    Ends at a relative error of 1e-15, when no step reduces the error, or after PATIENCE steps of little gain.
    """
    damping, growth = 1e-2, 2.0
    value, gradient = value_and_gradient(objective, layout, x)
    matrix = equations(objective, layout, x)
    goal, slow = 0.5 * (1e-15 * objective.norm) ** 2, 0
    for _ in range(iterations):
        step = _step(matrix, gradient, damping)
        new, slope = (np.inf, gradient) if step is None else value_and_gradient(objective, layout, x + step)
        if step is None or not new < value:
            damping, growth = damping * growth, 2 * growth
            if damping > 1e8:
                break
            continue
        predicted = 0.5 * np.vdot(step, damping * step - gradient).real
        ratio = float((value - new) / predicted)
        damping, growth = max(1e-15, damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3)), 2.0
        slow = slow + 1 if value - new < 1e-6 * value else 0
        x, value, gradient = x + step, new, slope
        if value < goal or slow == PATIENCE:
            break
        matrix = equations(objective, layout, x)
    return x


def _step(matrix: Array, gradient: Array, damping: float) -> Array | None:
    """Return -(J^H J + damping)⁻¹ gradient, or None where the matrix is not definite."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    damped = matrix.copy()
    damped.flat[:: len(damped) + 1] += damping
    try:
        factor = cho_factor(damped, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    step: Array = -cho_solve(factor, gradient, check_finite=False)
    return step


def revived(objective: Objective, layout: Layout, x: Array, generator: np.random.Generator) -> Array:
    """Return the unknowns with new random columns in place of those that regularization made zero, a saddle point."""
    norms = column_norms(layout.unpack(x))
    dead = norms < 1e-6 * norms.max()
    if not dead.any():
        return x
    size = 0.3 * np.cbrt(norms.max()) / np.sqrt(max(objective.shape))
    which = np.unique(layout.index[:, dead])
    which = which[which < layout.size]
    x = x.copy()
    x[which] = size * noise(generator, which.shape, x.dtype)
    return x


def noise(generator: np.random.Generator, shape: Sequence[int], dtype: np.dtype) -> Array:
    """Return standard normal numbers, real or complex, of unit variance."""
    if np.issubdtype(dtype, np.complexfloating):
        pair = generator.standard_normal((*shape, 2))
        return pair.view(np.complex128)[..., 0] / np.sqrt(2)
    return generator.standard_normal(shape)


def random_start(objective: Objective, layout: Layout, generator: np.random.Generator, dtype: np.dtype) -> Array:
    """Return normal unknowns whose sum has the size of the target on the entries that count."""
    size = np.sqrt(np.mean(objective.target[objective.entries] ** 2) / layout.rank) ** (1 / 3)
    return np.asarray(size * noise(generator, (layout.size,), dtype))


def fit(
    objective: Objective, layout: Layout, x: Array, ridges: Sequence[float], generator: np.random.Generator
) -> Array:
    """Return the local minimum that a start leads to, with each Tikhonov parameter in turn and then without one."""
    for ridge in ridges:
        x = descend(objective, layout, x, ridge)
    if layout.index.size > MOST_NUMBERS:
        return descend(objective, layout, x, 0.0, 5000)
    return polish(objective, layout, revived(objective, layout, x, generator))

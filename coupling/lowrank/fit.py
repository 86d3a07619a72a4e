"""L-BFGS with decreasing Tikhonov regularization, then damped Gauss-Newton to machine precision.

Regularization keeps the columns bounded while the fit is still far from the target.  It ends at zero, so the reported
error is that of the problem itself.  Gauss-Newton steps are damped as by Levenberg and Marquardt, with Nielsen's update
of the damping (K. Madsen, H. B. Nielsen, O. Tingleff, Methods for non-linear least squares problems, 2004).

Small problems are solved as stacks of starts, with unknowns [starts, unknowns]: for a few dozen unknowns nearly all the
time of a step is spent in Python.  Each start of a stack has its own damping and ends by the rules of a single fit, or
when it is hopeless beside the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.factors import Array, Layout, column_norms
from coupling.lowrank.objective import Objective, real_view

#: Relative error below which a fit counts as numerically exact.
EXACT = 1e-12

#: Gauss-Newton ends after PATIENCE steps with a relative gain below 1e-6, at the latest after the iterations of a fit
#: and of a stack.
PATIENCE, ITERATIONS = 20, (500, 400)

#: A start of a stack is looked at every PACE steps, from PROBATION on.  It ends when, with further gains at the pace of
#: the last PACE steps, its error would end above HOPELESS times the smallest one of the stack.
PACE, PROBATION, HOPELESS = 25, 75, 2.0

#: With more numbers in the three arrays the normal matrix takes too long; such fits end with L-BFGS.
MOST_NUMBERS = 6_000

#: Sequences of the Tikhonov parameter, used in turn by the starts; the empty one goes to Gauss-Newton at once.
RIDGES = (1e-2, 1e-4), (1e-4,), (1e-3, 1e-5), ()

#: Largest number of starts in a stack, and of elements of its Jacobians (starts × entries × unknowns).
STACK, MOST_ELEMENTS = 64, 4_000_000

#: Largest number of unknowns for which stacks are used: without free entries, with them.  The Jacobian of a stack has a
#: row for each distinct entry that counts; where all count and all are distinct, Gram matrices cost less.
MOST_UNKNOWNS = 160, 600


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


# -- stacks of starts --------------------------------------------------------------------------


def stackable(objective: Objective, layout: Layout) -> bool:
    """Return whether a problem is solved in stacks, be it of one."""
    few = layout.size <= MOST_UNKNOWNS[objective.weights is not None]
    return few or (layout.slots > 1 and layout.size * len(objective.entries[0]) // 3 <= MOST_ELEMENTS)


def stack_size(objective: Objective, layout: Layout) -> int:
    """Return how many starts are solved at once: 1 where a stack is not worth it."""
    elements = len(objective.entries[0]) * layout.size
    return max(1, min(STACK, MOST_ELEMENTS // elements)) if stackable(objective, layout) else 1


@dataclass
class State:
    """Unknowns [S, u] with residuals [S, e], values [S], dampings and the numbers of slow steps."""

    x: Array
    residual: Array
    value: NDArray[np.float64]
    damping: NDArray[np.float64]
    growth: NDArray[np.float64]
    slow: NDArray[np.int64]

    def take(self, which: Array) -> State:
        """Return the starts of a mask or index."""
        return State(*(part[which] for part in vars(self).values()))


class Stack:
    """The masked problem of an objective, for stacks of unknowns."""

    def __init__(self, objective: Objective, layout: Layout) -> None:
        entries = layout.distinct(zip(*(axis.tolist() for axis in objective.entries), strict=True))
        index = tuple(np.array(axis) for axis in zip(*entries, strict=True))
        unknowns = np.split(layout.index, np.cumsum(layout.shape)[:2])
        self.unknowns = [rows[axis] for rows, axis in zip(unknowns, index, strict=True)]  # [e, R] for each slot
        self.target = objective.target[index]
        ones = np.ones(self.target.shape) if objective.weights is None else objective.weights[index]
        self.weights = ones * np.sqrt(list(entries.values()))
        self.goal = (1e-15 * objective.norm) ** 2 / 2

    def parts(self, x: Array) -> list[Array]:
        """Return a[i], b[j], c[k] of every entry, three arrays [S, e, R]."""
        extended = np.concatenate([x, np.zeros((len(x), 1), x.dtype)], axis=1)
        return [extended[:, index] for index in self.unknowns]

    def residual(self, x: Array) -> Array:
        """Return W (T̂ - T), [S, e]."""
        a, b, c = self.parts(x)
        return self.weights * ((a * b * c).sum(-1) - self.target)

    def jacobian(self, x: Array) -> Array:
        """Return the derivatives of the residuals, [S, e, u]."""
        a, b, c = self.parts(x)
        matrix = np.zeros((len(x), len(self.target), x.shape[1] + 1), x.dtype)
        entries = np.arange(len(self.target))[:, None]
        for index, others in zip(self.unknowns, (b * c, a * c, a * b), strict=True):
            matrix[:, entries, index] += others * self.weights[:, None]
        return matrix[:, :, :-1]


def polish_many(objective: Objective, layout: Layout, x: Array) -> Array:
    """Return the minima, [S, u], that the starts x [S, u] lead to."""
    stack, starts = Stack(objective, layout), len(x)
    found, active = x.copy(), np.arange(starts)
    residual = stack.residual(x)
    dampings = np.full(starts, 1e-2), np.full(starts, 2.0)
    state = State(x, residual, _values(residual), *dampings, np.zeros(starts, np.int64))
    values, before = state.value.copy(), state.value.copy()
    for number in range(1, ITERATIONS[1] + 1):
        state = _stack_step(stack, state)
        found[active], values[active] = state.x, state.value
        going = (state.slow < PATIENCE) & (state.value > stack.goal)
        if number % PACE == 0:
            if number >= PROBATION:
                going &= ~hopeless(state.value, before[active], values.min(), ITERATIONS[1] - number)
            before = values.copy()
        if not going.all():
            active, state = active[going], state.take(going)
        if not len(active):
            break
    return found


def hopeless(value: NDArray[np.float64], before: NDArray[np.float64], best: float, steps: int) -> NDArray[np.bool_]:
    """Return which starts do not come near the best value in further steps; before: their values PACE steps ago.

    >>> hopeless(np.array([4.0, 4.0]), np.array([4.1, 8.0]), 0.5, 4 * PACE).tolist()
    [True, False]
    """
    return np.asarray(value * (value / before) ** (steps / PACE) > HOPELESS**2 * best)


def _values(residual: Array) -> NDArray[np.float64]:
    return np.asarray(0.5 * np.sum(abs(residual) ** 2, axis=1))


def _stack_step(stack: Stack, state: State) -> State:
    """Return the starts after a damped step each; where the step does not reduce the error, damping grows instead."""
    jacobian = stack.jacobian(state.x)
    adjoint = jacobian.conj().swapaxes(1, 2)
    gradient = np.einsum("seu,se->su", jacobian.conj(), state.residual)
    matrix = adjoint @ jacobian
    diagonal = np.arange(matrix.shape[1])
    matrix[:, diagonal, diagonal] += state.damping[:, None]
    step = -_solved(matrix, gradient)
    x = state.x + step
    residual = stack.residual(x)
    value = _values(residual)
    predicted = 0.5 * np.einsum("su,su->s", step.conj(), state.damping[:, None] * step - gradient).real
    gain = state.value - value
    ratio = np.clip(gain / np.maximum(predicted, 1e-300), 0, 1)
    good = gain > 0
    damping = np.where(
        good,
        np.maximum(1e-15, state.damping * np.maximum(1 / 3, 1 - (2 * ratio - 1) ** 3)),
        state.damping * state.growth,
    )
    return State(
        np.where(good[:, None], x, state.x),
        np.where(good[:, None], residual, state.residual),
        np.where(good, value, state.value),
        damping,
        np.where(good, 2.0, state.growth * 2),
        np.where(good & (gain >= 1e-6 * state.value), 0, state.slow + 1),
    )


def _solved(matrix: Array, right: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0])
    except np.linalg.LinAlgError:  # the matrix of a start is singular to the last bit: no step for it
        regular = np.linalg.matrix_rank(matrix, hermitian=True) == matrix.shape[-1]
        step = np.zeros_like(right)
        step[regular] = np.linalg.solve(matrix[regular], right[regular][..., None])[..., 0]
        return step

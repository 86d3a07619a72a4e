"""Stacks of starts, with unknowns [starts, unknowns]: for a few dozen unknowns nearly all the time of a step of
Gauss-Newton is spent in Python.

Each start of a stack has its own damping and ends by the rules of a single fit, or when it is hopeless beside the
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.factors import Array, Layout
from coupling.lowrank.fit import ITERATIONS, PATIENCE
from coupling.lowrank.objective import Objective

#: A start of a stack is looked at every PACE steps, from PROBATION on.  It ends when, with further gains at the pace of
#: the last PACE steps, its error would end above HOPELESS times the smallest one of the stack.
PACE, PROBATION, HOPELESS = 25, 75, 2.0

#: Largest number of starts in a stack, and of elements of its Jacobians (starts × entries × unknowns).
STACK, MOST_ELEMENTS = 64, 4_000_000

#: Largest number of unknowns for which stacks are used: without free entries, with them.  The Jacobian of a stack has a
#: row for each distinct entry that counts; where all count and all are distinct, Gram matrices cost less.
MOST_UNKNOWNS = 160, 600


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


class Equations(Protocol):
    """Residuals [S, e] and derivatives [S, e, u] of stacks of unknowns; goal: the value at which a start ends."""

    goal: float

    def residual(self, x: Array) -> Array:
        """Return the residuals."""

    def jacobian(self, x: Array) -> Array:
        """Return the derivatives of the residuals."""


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
    return polish_stack(Stack(objective, layout), x)


def polish_stack(stack: Equations, x: Array) -> Array:
    """Return the minima, [S, u], that the starts x [S, u] lead to for any equations."""
    starts = len(x)
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


def _stack_step(stack: Equations, state: State) -> State:
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

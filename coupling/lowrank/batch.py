"""Many starts of a small problem at once: damped Gauss-Newton on stacks of unknowns [starts, unknowns].

What a start leads to does not depend on the others of its stack: each has its own damping and ends by itself.  Rules of
damping and of the end are those of :mod:`coupling.lowrank.fit`; a stack only saves the cost of a step in Python,
which for a few dozen unknowns is nearly all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.factors import Array
from coupling.lowrank.layout import Layout
from coupling.lowrank.objective import Objective

#: Starts of one stack at most, and numbers of its Jacobians at most (starts × entries × unknowns).
STACK, MOST_NUMBERS = 64, 4_000_000

#: The most unknowns for which stacks are used: without free entries, with them.  The Jacobian that a stack needs has a
#: row for each distinct entry that counts; where all count and all are distinct, Gram matrices cost less.
MOST_UNKNOWNS = 160, 600

#: A start ends after so many steps that gain less than 1e-6, and at the latest after ITERATIONS.
PATIENCE, ITERATIONS = 20, 400


def stackable(objective: Objective, layout: Layout) -> bool:
    """Return whether a problem is solved in stacks, be it of one."""
    few = layout.size <= MOST_UNKNOWNS[objective.weights is not None]
    return few or (layout.slots > 1 and layout.size * len(objective.entries[0]) // 3 <= MOST_NUMBERS)


def stack_size(objective: Objective, layout: Layout) -> int:
    """Return how many starts are solved at once: 1 where a stack is not worth it."""
    numbers = len(objective.entries[0]) * layout.size
    return max(1, min(STACK, MOST_NUMBERS // numbers)) if stackable(objective, layout) else 1


@dataclass
class State:
    """Unknowns [S, u] with residuals [S, e], values [S], dampings and the counts that end a start."""

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
    stack = Stack(objective, layout)
    found, active = x.copy(), np.arange(len(x))
    residual = stack.residual(x)
    state = State(x, residual, _values(residual), *_beginnings(len(x)))
    for _ in range(ITERATIONS):
        state = _step(stack, state)
        found[active] = state.x
        going = (state.slow < PATIENCE) & (state.value > stack.goal)
        if not going.all():
            active, state = active[going], state.take(going)
        if not len(active):
            break
    return found


def _beginnings(count: int) -> tuple[Any, Any, Any]:
    return np.full(count, 1e-2), np.full(count, 2.0), np.zeros(count, np.int64)


def _values(residual: Array) -> NDArray[np.float64]:
    return np.asarray(0.5 * np.sum(abs(residual) ** 2, axis=1))


def _step(stack: Stack, state: State) -> State:
    """Return the starts after a damped step each; those that it does not help stay and are damped more."""
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
    except np.linalg.LinAlgError:  # a start ran into a matrix that is singular to the last bit: no step for it
        regular = np.linalg.matrix_rank(matrix, hermitian=True) == matrix.shape[-1]
        step = np.zeros_like(right)
        step[regular] = np.linalg.solve(matrix[regular], right[regular][..., None])[..., 0]
        return step

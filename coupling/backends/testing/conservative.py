"""Whether forces are the gradient of an energy, and derivatives of forces a symmetric matrix."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.backends.testing.arrays import framework_of, like, magnitude, to_numpy
from coupling.integers import count
from coupling.quoted import quoted

Array = NDArray[np.float64]
Function = Callable[[Any], Any]


class Conservative(NamedTuple):
    """The largest errors that were met, relative to the largest of the forces, or of what they are derivatives of.

    forces : of -F against the slope of the energy
    symmetry : of u·(dF v) against v·(dF u)
    hessian : of the derivative of the forces by the framework against their slope; 0 where there is none

    >>> Conservative(1e-9, 1e-10, 0.0).forces
    1e-09
    """

    forces: float
    symmetry: float
    hessian: float


def check_conservative(
    energy: Function,
    positions: Any,
    forces: Function | None = None,
    *,
    directions: int = 4,
    step: float = 1e-3,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Conservative:
    """Check that forces are minus the gradient of the energy, and that their derivative is symmetric.

    energy(positions) is one number; forces(positions) has the shape of the positions.  Without forces they are the
    derivative that torch or JAX takes of the energy, which checks its rules; then the second derivative is compared
    too.  Slopes are central differences of sixth order along random directions, so nothing else is trusted:

        F·v = -dE/dv        u·(dF/dv) = v·(dF/du)        d²E/dv² = -dF/dv    with the framework's second derivative

    positions: float64, of torch, JAX or numpy.  step: the widest of the differences, in units of the positions.  Raises
    AssertionError with the quantity and its error for more than tolerance, and in other words where the differences
    are themselves no better than the error: where forces almost vanish beside the rounding of a large energy, or
    change within a step.  ValueError or TypeError for arguments that do not fit.  Returns the errors.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((3, 3))
    >>> check_conservative(lambda x: (x**2).sum(), x, lambda x: -2 * x * (1 + 1e-4))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: forces are not minus the gradient of the energy: relative error ..., tolerance 1.0e-06
    """
    if to_numpy(positions).dtype != np.float64:
        raise ValueError(f"positions must be float64, got {to_numpy(positions).dtype}: differences need it")
    if framework_of(positions) == "numpy" and forces is None:
        raise TypeError(f"functions of numpy have no derivative: give forces, got {quoted(forces)}")
    x, number = to_numpy(positions), count(directions, "directions")
    vectors = np.random.default_rng(seed).standard_normal((number + 1, *x.shape))
    vectors /= np.sqrt((vectors**2).mean())
    own = _forces(energy, positions) if forces is None else forces
    found, doubts = _errors(_Sampled(energy, own, positions, step), vectors, forces is None)
    for error, doubt, text in zip(found, doubts, TEXTS, strict=True):
        if not error <= tolerance:
            said = f"relative error {error:.1e}, tolerance {tolerance:.1e}"
            if error <= 2 * doubt:
                raise AssertionError(f"nothing is shown: differences are known to {doubt:.1e} only ({said}); {ADVICE}")
            raise AssertionError(f"{text}: {said}")
    return found


TEXTS = (
    "forces are not minus the gradient of the energy",
    "the derivative of the forces is not symmetric",
    "second derivatives are not those of the forces",
)
ADVICE = "take another step, an energy without its large constant, or positions with larger forces"


class _Sampled:
    """An energy and its forces as functions of arrays of numpy, with their slopes."""

    def __init__(self, energy: Function, forces: Function, positions: Any, step: float) -> None:
        self.positions, self.x, self.step = positions, to_numpy(positions), step
        self._energy, self._forces = energy, forces

    def energy(self, x: Array) -> Array:
        """Return the energy."""
        value = to_numpy(self._energy(like(x, self.positions)))
        if value.size != 1:
            raise ValueError(f"the energy must be one number, got shape {value.shape}")
        return np.asarray(value.reshape(()), np.float64)

    def forces(self, x: Array) -> Array:
        """Return the forces."""
        value = to_numpy(self._forces(like(x, self.positions)))
        if value.shape != self.x.shape:
            raise ValueError(f"forces must have shape {self.x.shape}, got {value.shape}")
        return np.asarray(value, np.float64)

    def slope(self, function: Callable[[Array], Array], v: Array) -> tuple[Array, float]:
        """Return the derivative along v by central differences of three steps, and how far that of two is from it."""
        wide, half, near = (
            (function(self.x + h * v) - function(self.x - h * v)) / (2 * h)
            for h in (self.step, self.step / 2, self.step / 4)
        )
        first, last = (4 * half - wide) / 3, (4 * near - half) / 3
        return (16 * last - first) / 15, magnitude(last - first)

    def second(self, v: Array) -> Array:
        """Return what the framework takes for the derivative of the forces along v, transposed."""
        return to_numpy(_vjp(self._forces, self.positions, like(v, self.positions)))


def _errors(sampled: _Sampled, vectors: Array, differentiable: bool) -> tuple[Conservative, Array]:
    """Return the errors, and what the differences that they were found by are uncertain by, in the same units."""
    f, size = sampled.forces(sampled.x), magnitude(sampled.forces(sampled.x)) or 1.0
    ends, loose = zip(*(sampled.slope(sampled.energy, v) for v in vectors), strict=True)
    slopes, vague = zip(*(sampled.slope(sampled.forces, v) for v in vectors), strict=True)
    scale, root = magnitude(np.array(slopes)) or 1.0, np.sqrt(f.size)
    first = [abs((f * v).sum() + end) / root for v, end in zip(vectors, ends, strict=True)]
    pairs = zip(vectors[:-1], vectors[1:], slopes[:-1], slopes[1:], strict=True)
    second = [abs((u * b).sum() - (v * a).sum()) / root for u, v, a, b in pairs]
    compared = zip(vectors, slopes, strict=True) if differentiable else ()
    third = [magnitude(sampled.second(v) - slope) for v, slope in compared]
    errors = (magnitude(e) / s for e, s in ((first, size), (second, scale), (third, scale)))
    return Conservative(*errors), np.array([max(loose) / root / size, *[max(vague) / scale] * 2])


def _forces(energy: Function, positions: Any) -> Function:
    """Return minus the derivative that the framework takes, itself differentiable."""
    if framework_of(positions) == "jax":
        gradient = import_module("jax").grad(lambda x: energy(x).sum())
        return lambda x: -gradient(x)
    torch = import_module("torch")

    def forces(x: Any) -> Any:
        at = x if x.requires_grad else x.detach().requires_grad_()
        return -torch.autograd.grad(energy(at).sum(), at, create_graph=True)[0]

    return forces


def _vjp(forces: Function, positions: Any, v: Any) -> Any:
    if framework_of(positions) == "jax":
        return import_module("jax").vjp(forces, positions)[1](v)[0]
    torch = import_module("torch")
    at = positions.detach().clone().requires_grad_()
    found = forces(at)
    if not found.requires_grad:
        return torch.zeros_like(at)
    gradient = torch.autograd.grad((found * v).sum(), at, allow_unused=True)[0]
    return torch.zeros_like(at) if gradient is None else gradient

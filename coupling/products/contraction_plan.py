"""Contractions on plain arrays: coefficients of weights, values, gradients and their directional derivatives."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.contraction import BATCH, coefficient_gradient, contraction
from coupling.kernels.tiles import lanes
from coupling.manybody.contraction_lists import KernelLists, coefficient_lists, gradient_lists, value_lists
from coupling.manybody.polynomials import Polynomials
from coupling.manybody.splitting import Split, split
from coupling.portable import Kept, Portable, read_only
from coupling.products.blocks import aligned_zeros, run_blocks
from coupling.quoted import quoted

Array = NDArray[Any]

#: Atoms of a task; gradients in coefficients take all atoms of a species in one task.
ATOMS = 64
KINDS_OF_LISTS: dict[str, Callable[..., KernelLists]] = {
    "values": value_lists,
    "gradient": gradient_lists,
    "coefficients": coefficient_lists,
}


class ContractionPlan(Portable):
    """Polynomials, divided in products, and the lists of their kernels.

    Arrays are C-contiguous and of one type, float32 or float64: features a, their direction v [atoms, variables,
    channels], cotangents g [atoms, rows, channels], coefficients [species, terms, channels]; species [atoms], integers.
    Nothing is checked.

    >>> from coupling.manybody import basis
    >>> from coupling.manybody.polynomials import couplings_of, polynomials
    >>> plan = ContractionPlan(polynomials([couplings_of(basis(1, 2, 0))]))
    >>> a, one = np.full((1, 4, 1), 3.0), np.zeros(1, int)
    >>> plan.values(a, plan.merged(np.ones((1, 2, 1)), a.dtype), one)
    array([[[24.58845727]]])
    """

    def __init__(self, made: Polynomials) -> None:
        self.polynomials = made
        self._lists = Kept()

    @cached_property
    def split(self) -> Split:
        """The products of components that are formed."""
        return split(self.polynomials)

    @cached_property
    def digest(self) -> str:
        """A SHA-256 of the polynomials."""
        made = self.polynomials
        digest = hashlib.sha256(repr((made.variables, made.outputs, made.paths, made.monomials)).encode())
        for array in (made.row, made.term, made.path, made.values):
            digest.update(array.tobytes())
        return digest.hexdigest()

    def lists(self, kind: str, tangent: bool = False) -> KernelLists:
        """Return the lists of a kind: "values", "gradient" (in A) or "coefficients" (the gradient in them)."""
        if (kind, tangent) not in self._lists:
            self._lists[kind, tangent] = KINDS_OF_LISTS[kind](self.polynomials, self.split, tangent)
        found: KernelLists = self._lists[kind, tangent]
        return found

    def _matrix(self, dtype: Any) -> Array:
        """Return the matrix from weights to coefficients in a type."""
        key = np.dtype(dtype)
        if key not in self._lists:
            self._lists[key] = self.polynomials.matrix.astype(dtype)
        found: Array = self._lists[key]
        return found

    def merged(self, weights: Array, dtype: Any) -> Array:
        """Return coefficients of weights [species, paths, channels]."""
        matrix = self._matrix(dtype)
        found = [matrix @ np.asarray(each, dtype) for each in weights]
        return np.stack(found) if found else np.zeros((0, matrix.shape[0], weights.shape[2]), dtype)

    def merged_gradient(self, cotangent: Array) -> Array:
        """Return the gradient in weights from the one in coefficients."""
        matrix = self._matrix(cotangent.dtype).T
        found = [matrix @ each for each in cotangent]
        return np.stack(found) if found else np.zeros((0, matrix.shape[0], cotangent.shape[2]), cotangent.dtype)

    def values(
        self, a: Array, coefficients: Array, species: Array, direction: Array | None = None, workers: int = 1
    ) -> Array:
        """Return B [atoms, rows, channels], or its derivative in a direction of A."""
        out = np.empty((len(a), self.polynomials.rows, a.shape[2]), a.dtype)
        lists = self.lists("values", direction is not None)
        return self._run(lists, (a, direction, None), out, species, coefficients, workers)

    def gradient(
        self,
        a: Array,
        coefficients: Array,
        species: Array,
        cotangent: Array,
        direction: Array | None = None,
        workers: int = 1,
    ) -> Array:
        """Return the gradient of Σ g B in A, or its derivative in a direction of A."""
        lists = self.lists("gradient", direction is not None)
        return self._run(lists, (a, direction, cotangent), np.empty_like(a), species, coefficients, workers)

    def coefficient_gradient(
        self,
        a: Array,
        species: Array,
        cotangent: Array,
        kinds: int,
        direction: Array | None = None,
        workers: int = 1,
    ) -> Array:
        """Return the gradient of Σ g B in the coefficients of ``kinds`` species, or its derivative in a direction."""
        out = np.zeros((kinds, len(self.polynomials.row), a.shape[2]), a.dtype)
        lists = self.lists("coefficients", direction is not None)
        return self._run(lists, (a, direction, cotangent), out, species, None, workers)

    def _run(
        self,
        lists: KernelLists,
        inputs: tuple[Array, Array | None, Array | None],
        out: Array,
        species: Array,
        coefficients: Array | None,
        workers: int,
    ) -> Array:
        w = lanes(out.dtype)
        a, v, g = (read_only(inputs[0] if x is None else x) for x in inputs)
        atoms, cuts = by_species(species)
        tasks = _tasks(cuts, a.shape[2], w, ATOMS if coefficients is not None else max(1, len(a)))
        register, terms = (0,) * w, len(self.polynomials.row)

        def run(first: int, last: int) -> None:
            space = aligned_zeros(lists.size * w * len(BATCH), out.dtype)
            held = aligned_zeros(terms * w, out.dtype)
            more = (out, tasks, atoms, first, last, register, lists.lists, space, held)
            if coefficients is None:
                coefficient_gradient(a, v, g, lists.rows, *more)
            else:
                contraction(a, v, g, lists.rows, read_only(coefficients), *more)

        if out.size:
            run_blocks(run, len(tasks), 1, workers)
        return out


#: Plans by their digests, which name them in the operators of a framework.
_PLANS: dict[str, ContractionPlan] = {}


def register_plan(plan: ContractionPlan) -> str:
    """Return the name of a plan, by which :func:`plan_named` finds it in this process.

    >>> from coupling.manybody import basis
    >>> from coupling.products import SymmetricContraction
    >>> plan = SymmetricContraction(basis(1, 2, 0)).plan
    >>> plan_named(register_plan(plan)).digest == plan.digest
    True
    """
    return _PLANS.setdefault(plan.digest, plan).digest


def plan_named(name: str) -> ContractionPlan:
    """Return the plan that has been registered under a name, or raise ValueError."""
    if name not in _PLANS:
        raise ValueError(f"a contraction must have been made in this process, got the unknown name {quoted(name)}")
    return _PLANS[name]


def by_species(species: Array) -> tuple[Array, list[tuple[int, int, int]]]:
    """Return the atoms sorted by species, and for each species that occurs its number, first and last place.

    >>> by_species(np.array([1, 0, 1]))
    (array([1, 0, 2]), [(0, 0, 1), (1, 1, 3)])
    """
    atoms = np.argsort(species, kind="stable")
    number = np.bincount(species)
    last = np.cumsum(number).tolist()
    return atoms, [(kind, end - n, end) for kind, (n, end) in enumerate(zip(number.tolist(), last, strict=True)) if n]


def _tasks(cuts: list[tuple[int, int, int]], channels: int, w: int, most: int) -> Array:
    """Return species, first channel, first and last place of the atoms of each task."""
    parts = [(k, n, min(n + most, last)) for k, first, last in cuts for n in range(first, last, most)]
    found = [(k, channel, first, last) for channel in range(0, channels, w) for k, first, last in parts]
    return np.array(found, np.int64).reshape(-1, 4)


def flat_features(value: Array) -> Array:
    """Return [..., entries, channels] as [atoms, entries, channels].

    >>> flat_features(np.zeros((2, 3, 4, 5))).shape
    (6, 4, 5)
    """
    return value.reshape(math.prod(value.shape[:-2]), *value.shape[-2:])

"""Sums of one problem as sums of another with the same numbers: other weights, fewer or more degrees, fewer paths.

Two problems are siblings where the entries of one are, up to a scale for each degree and slot, entries of the other:
e3nn's weights √(2l3+1) and √((2l1+1)(2l2+1)) are such scales, a parity class has some of the paths of its family, and
outputs to 2L lie between those to L and those of all degrees to 2L.  Scaled and cut, a sum for one has the same
relative error on each path as a sum for the other; the root mean square weighs the paths in another way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.factors import Array, Factors, tensor, tied
from coupling.lowrank.problems import Problem, from_spec

Floats = NDArray[np.float64]

#: Weights that are products of functions of one degree: powers of √(2l+1) in the three slots.
SEPARABLE = {"unit": (0, 0, 0), "component": (0, 0, 1), "norm": (1, 1, 0)}

#: Largest difference, relative to the largest entry, of sums that count as the same.
SAME = 1e-9


def scales_of(problem: Problem) -> Factors | None:
    """Return s1, s2, s3 [n] with w = s1(l1) s2(l2) s3(l3) for the weights of a normalization problem, or None.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> [s.round(3).tolist() for s in scales_of(normalization_problem("gaunt", 1, weights="component"))]
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.732]]
    """
    weights = problem.spec.get("weights")
    if problem.spec["problem"] == "whole" or not isinstance(weights, str):
        return None
    a, b, c = (
        np.sqrt(2.0 * np.array(axis) + 1) ** n for n, axis in zip(SEPARABLE[weights], problem.degrees, strict=True)
    )
    return a, b, c


def as_sibling(problem: Problem, other: Problem, factors: Sequence[Array]) -> Factors | None:
    """Return the sum of another problem, scaled and cut, as one of this problem; None where they are no siblings.

    Where the other problem has fewer degrees, so does what is returned, for
    :func:`coupling.lowrank.continuation.carried` to grow.

    >>> from coupling.lowrank import normalization_problem, shipped
    >>> problem, other = (normalization_problem("gaunt", 5, weights=w) for w in ("component", "unit"))
    >>> two = shipped("gaunt", 5, 2)
    >>> found = as_sibling(problem, other, two.factors)
    >>> abs(problem.objective.worst(found) - two.worst) <= two.worst
    True
    >>> as_sibling(normalization_problem("gaunt", 5, inverse=False), other, two.factors) is None
    True
    """
    own, theirs = scales_of(problem), scales_of(other)
    if own is None or theirs is None:
        return None
    axes = list(zip(problem.degrees, other.degrees, strict=True))
    if all(set(axis) <= set(far) for axis, far in axes):
        common = [axis for axis, _ in axes]
    elif all(axis[: len(far)] == far for axis, far in axes):
        common = [far for _, far in axes]
    else:
        return None
    here, there = (
        [[axis.index(l) for l in some] for axis, some in zip(one.degrees, common, strict=True)]
        for one in (problem, other)
    )
    scales = [s[i] / t[k] for s, t, i, k in zip(own, theirs, here, there, strict=True)]
    part, target = other.tensor[np.ix_(*there)] * np.einsum("i,j,k->ijk", *scales), problem.tensor[np.ix_(*here)]
    counted = target != 0 if common == list(problem.degrees) else part != 0
    if not np.allclose(part[counted], target[counted], rtol=1e-12, atol=0):
        return None
    a, b, c = (factor[row] * s[:, None] for factor, row, s in zip(factors, there, scales, strict=True))
    return a, b, c


def without_weights(problem: Problem, factors: Sequence[Array]) -> tuple[Problem, Factors] | None:
    """Return the problem with weights 1 and the sum as one of it; None where weights are 1 or no scales.

    Slots share their factor where the sum allows it, so that what proves an exact sum has fewer equations.

    >>> from coupling.lowrank import normalization_problem, shipped
    >>> problem, unit = (normalization_problem("gaunt", 3, weights=w) for w in ("component", "unit"))
    >>> _, (a, b, c) = without_weights(problem, as_sibling(problem, unit, shipped("gaunt", 3).factors))
    >>> bool((a == c).all())
    True
    """
    if scales_of(problem) is None or problem.spec["weights"] == "unit":
        return None
    unit = from_spec({**problem.spec, "weights": "unit"})
    plain = as_sibling(unit, problem, factors)
    if plain is None:
        return None
    values, shared = tensor(plain), tied(plain, unit.ties)
    return unit, shared if abs(tensor(shared) - values).max() <= SAME * abs(values).max() else plain

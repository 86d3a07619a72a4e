"""Contractions as array programs: all terms of an atom at once, for devices and derivatives without kernels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_torch_namespace

from coupling.backends.array_api.product import AnyArray
from coupling.products.contraction_plan import ContractionPlan


def contract_arrays(plan: ContractionPlan, a: AnyArray, coefficients: AnyArray, species: AnyArray) -> AnyArray:
    """Return B [atoms, rows, channels] of features, coefficients [species, terms, channels] and species [atoms].

    One product for each term is in memory at a time, for all atoms and channels.

    >>> from coupling.manybody import basis
    >>> from coupling.products import SymmetricContraction
    >>> plan, a = SymmetricContraction(basis(1, 2, 0)).plan, np.full((1, 4, 1), 3.0)
    >>> contract_arrays(plan, a, merge_arrays(plan, np.ones((1, 2, 1))), np.zeros(1, int))
    array([[[24.58845727]]])
    """
    xp = array_namespace(a, coefficients)
    parts, row = plan.split, plan.polynomials.row
    nodes = xp.concat([xp.ones_like(a[:, :1]), a], axis=1)
    for first, last in _generations(parts.products, 1 + parts.variables):
        pairs = parts.products[first:last]
        made = _taken(xp, nodes, pairs[:, 0]) * _taken(xp, nodes, pairs[:, 1])
        nodes = xp.concat([nodes, made], axis=1)
    monomials = _taken(xp, nodes, parts.stem) * _taken(xp, nodes, parts.extension)
    terms = xp.take(coefficients, species, axis=0) * monomials
    ends = np.searchsorted(row, np.arange(plan.polynomials.rows + 1)).tolist()
    sums = [xp.sum(terms[:, first:last], axis=1) for first, last in pairwise(ends)]
    return xp.stack(sums, axis=1)


def merge_arrays(plan: ContractionPlan, weights: AnyArray) -> AnyArray:
    """Return coefficients [species, terms, channels] of weights [species, paths, channels].

    >>> from coupling.manybody import basis
    >>> from coupling.products import SymmetricContraction
    >>> merge_arrays(SymmetricContraction(basis(1, 2, 0)).plan, np.ones((3, 2, 5))).shape
    (3, 4, 5)
    """
    xp = array_namespace(weights)
    return xp.matmul(_like(xp, plan.polynomials.matrix.toarray(), weights, weights.dtype), weights)


def _generations(products: Any, first: int) -> list[tuple[int, int]]:
    """Return ranges of products, whose factors stand before the range."""
    found, begin = [], 0
    for k, pair in enumerate(products.tolist()):
        if max(pair) >= first + begin:
            found.append((begin, k))
            begin = k
    return [*found, (begin, len(products))] if len(products) else []


def _taken(xp: Any, value: AnyArray, index: Any) -> AnyArray:
    dtype = xp.int64 if is_torch_namespace(xp) else None
    return xp.take(value, _like(xp, index, value, dtype), axis=1)


def _like(xp: Any, value: Any, other: AnyArray, dtype: Any) -> AnyArray:
    return xp.asarray(value, dtype=dtype, device=device(other)) if dtype is not None else xp.asarray(value)

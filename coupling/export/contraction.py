"""Contractions for other programs: polynomials of cuEquivariance."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import numpy as np

import coupling.products.symmetric_contraction as symmetric_contraction
from coupling.integers import count
from coupling.products import SymmetricContraction
from coupling.quoted import quoted
from coupling.selection import of_type


def contraction_descriptors(
    contraction: symmetric_contraction.SymmetricContraction, channels: int = 1
) -> list[dict[str, Any]]:
    """Return a dictionary of ``cuequivariance.SegmentedTensorProduct`` for each degree of a contraction, ascending.

    Operands "u,u,…,u": weights [path, u] of all bases, A [component, u] once for each factor, output [component, u].  A
    term is one path with its monomial, ascending: no dense tensor, and the slots need not be symmetric.

    >>> from coupling.manybody import basis
    >>> found = contraction_descriptors(SymmetricContraction([basis(1, 1, 0), basis(1, 2, 0)]))
    >>> [each["subscripts"] for each in found], found[1]["paths"]["indices"][:2]
    (['u,u,u', 'u,u,u,u'], [[1, 0, 0, 0], [2, 1, 1, 0]])
    """
    of_type(contraction, SymmetricContraction, "the contraction")
    segments = [[count(channels, "channels")]]
    made, found = contraction.plan.polynomials, []
    sizes = sum(made.paths), made.variables, made.rows
    degrees = np.array([len(monomial) for monomial in made.monomials])
    for degree in sorted({*degrees.tolist()}):
        kept = np.flatnonzero(degrees[made.term] == degree)
        terms, paths = made.term[kept].tolist(), made.path[kept].tolist()
        indices = [[k, *made.monomials[t], int(made.row[t])] for t, k in zip(terms, paths, strict=True)]
        each = sizes[0], *[sizes[1]] * degree, sizes[2]
        found.append(
            {
                "subscripts": ",".join("u" * len(each)),
                "operands": [{"segments": segments * size} for size in each],
                "paths": {"indices": indices, "coefficients": made.values[kept].tolist()},
            }
        )
    return found


def contraction_json(contraction: symmetric_contraction.SymmetricContraction, channels: int = 1) -> str:
    """Return the descriptors of a contraction as JSON: each is what ``SegmentedTensorProduct.from_dict`` reads.

    >>> from coupling.manybody import basis
    >>> json.loads(contraction_json(SymmetricContraction(basis(1, 1, 0))))["outputs"]
    [['0e', 1]]
    """
    degrees = contraction_descriptors(contraction, channels)
    content = {"outputs": contraction.outputs, "degrees": degrees}
    return json.dumps(content) + "\n"


def segmented_polynomial(contraction: symmetric_contraction.SymmetricContraction, channels: int = 1) -> Any:
    """Return a ``cuequivariance.SegmentedPolynomial``: (weights, A) → output, with layout ir_mul; needs cuequivariance.

    >>> from coupling.manybody import basis
    >>> made = segmented_polynomial(SymmetricContraction(basis(0, 2, 0)))
    >>> made(np.array([2.0]), np.array([3.0]))
    [array([18.])]
    """
    cue = import_module("cuequivariance")
    parts = []
    for each in contraction_descriptors(contraction, channels):
        product = cue.SegmentedTensorProduct.from_dict(each)
        degree = product.num_operands - 2
        parts.append((cue.Operation([0, *[1] * degree, 2]), product))
    if not parts:
        raise ValueError(f"the contraction has no path, and so no polynomial: {quoted(contraction.outputs)}")
    operands = parts[0][1].operands
    return cue.SegmentedPolynomial([operands[0], operands[1]], [operands[-1]], parts)

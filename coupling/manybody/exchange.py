"""Weights of one basis for another, so that the weighted sum of couplings stays the same function of A."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.exact.surd import Surd
from coupling.manybody.bases import basis
from coupling.manybody.value import Basis
from coupling.quoted import quoted
from coupling.selection import of_type

#: Relative size below which a singular value of a change of basis is zero.
RANK = 1e-10


def convert(weights: Any, source: Basis, target: Basis, *, axis: int = -1) -> NDArray[Any]:
    """Return weights for the paths of a target that give the same Σ_k w[k] B[k](A) as those of a source.

    - weights [..., paths of the source, ...]: the paths along ``axis``
    - source, target: bases of the same irreps, order, output and components; of one symmetry, or one of them symmetric
      and the other plain, which then stands for products of one A

    From a full (plain) to a reduced (symmetric) basis the result is unique.  From a reduced to a full one it is the one
    of least norm, so that there and back again is the identity.  Raises ValueError when the target cannot represent the
    source: its paths do not span those of the source.  Up to rounding, 1e-15 relative, lossless; where paths differ in
    order and sign alone, exact.

    >>> from coupling.manybody import basis
    >>> full, reduced = basis(3, 3, 0, "plain", paths="mace"), basis(3, 3, 0, paths="mace")
    >>> x, w = np.linspace(-1, 1, 16), np.linspace(1, 2, 23)
    >>> bool(abs(convert(w, full, reduced) @ reduced(x) - w @ full(x)) < 1e-12)
    True
    """
    matrix = change(source, target)
    given = np.moveaxis(np.asarray(weights), axis, -1)
    if given.ndim == 0 or given.shape[-1] != source.shape[0] or given.dtype.kind not in "fc":
        what = f"{np.asarray(weights).dtype} {list(np.shape(weights))}"
        raise ValueError(f"weights must be floating-point numbers, {source.shape[0]} along axis {axis}, got {what}")
    return np.moveaxis(given @ matrix.astype(given.dtype, copy=False), -1, axis)


def change(source: Basis, target: Basis) -> NDArray[np.float64]:
    """Return the matrix [paths of the source, paths of the target] by which :func:`convert` multiplies weights.

    >>> from coupling.manybody import basis
    >>> change(basis(1, 3, 1, "plain", paths="e3nn"), basis(1, 3, 1)).shape
    (6, 2)
    """
    common = _common(source, target)
    first, second = (coordinates(each, common) for each in (source, target))
    orthonormal = target.symmetry == common.symmetry and target.orthonormal
    inverse = second.T if orthonormal or not second.size else np.linalg.pinv(second, rcond=RANK)
    lost = abs(first @ (inverse @ second) - first).max(initial=0)
    if lost > RANK:
        raise ValueError(f"{target} does not span {source}: up to {lost:.2g} of a path is lost")
    return first @ inverse


def _common(source: Basis, target: Basis) -> Basis:
    """Return the orthonormal basis in which two others are compared."""
    for name, value in (("source", source), ("target", target)):
        of_type(value, Basis, f"the {name}")
    asked = [(each.irreps, each.order, each.output, each.basis) for each in (source, target)]
    if asked[0] != asked[1]:
        raise ValueError(f"the bases must have one space, order, output and components, got {quoted(asked)}")
    kinds = {source.symmetry, target.symmetry}
    if len(kinds) == 2 and kinds != {"plain", "symmetric"}:
        given = quoted(sorted(kinds))
        raise ValueError(f"weights are exchanged within one symmetry, or plain and symmetric, got {given}")
    symmetry = source.symmetry if len(kinds) == 1 else "symmetric"
    return basis(source.irreps, source.order, source.output, symmetry, basis=source.basis)


def coordinates(value: Basis, common: Basis) -> NDArray[np.float64]:
    """Return the paths of a basis in an orthonormal one, symmetrized if that is, each number correctly rounded.

    >>> from coupling.manybody import basis
    >>> coordinates(basis(1, 2, 0, "plain"), basis(1, 2, 0))
    array([[1., 0.],
           [0., 1.]])
    """
    left, right = _rows(value, common.symmetry), _rows(common, common.symmetry)
    touching: dict[tuple[int, ...], list[tuple[int, Fraction]]] = {}
    for j, row in enumerate(right):
        for monomial, n in row.items():
            touching.setdefault(monomial, []).append((j, n))
    radicand = {tuple(m): common.radicands[r] for m, r in zip(common.monomials.tolist(), common.radicand, strict=True)}
    result = np.zeros((len(left), len(right)))
    scales = [[each.scale(k, 0) for k in range(each.shape[0])] for each in (value, common)]
    for k, row in enumerate(left):
        sums: dict[int, Fraction] = {}
        for monomial, n in row.items():
            for j, other in touching.get(monomial, ()):
                sums[j] = sums.get(j, Fraction(0)) + n * other * radicand[monomial] / _ways(monomial, common.symmetry)
        for j, total in sums.items():
            square = total**2 * scales[0][k] * scales[1][j]
            result[k, j] = float(Surd((total > 0) - (total < 0), square.numerator, square.denominator))
    return result


def _rows(value: Basis, symmetry: str) -> list[dict[tuple[int, ...], Fraction]]:
    """Return the integers of the first component of every path, by monomials of another symmetry."""
    rows: list[dict[tuple[int, ...], Fraction]] = [{} for _ in value.labels]
    for i in np.flatnonzero(value.component == 0).tolist():
        monomial = tuple(value.monomials[value.monomial[i]].tolist())
        key = tuple(sorted(monomial)) if symmetry != "plain" else monomial
        row = rows[value.path[i]]
        row[key] = row.get(key, Fraction(0)) + int(value.integers[i])
    return rows


def _ways(monomial: tuple[int, ...], symmetry: str) -> int:
    """Return the arrangements of a monomial in the slots."""
    if symmetry == "plain":
        return 1
    return factorial(len(monomial)) // prod(factorial(n) for n in Counter(monomial).values())

"""Exact decompositions of the whole coupling tensor, constructed: every factor is a sum of square roots of rationals.

With matrices X = Σ i^l x_lm T_lm of spin j = L/2 and size n = L+1, Σ w C x y z = tr(X Y Z) with the matrix weights w.
In a basis of pairs p, Θp of time reversal the blocks of X are quaternions; for integer spin a real basis makes X real.
So an algorithm for matrices, in integers, gives one for the whole tensor: sums of entries are sums of the x_lm with
surds of T as coefficients.  Where a 6j symbol vanishes, at L = 3 for the path (2,2,2), terms for it are added.

    L even   M_n(ℝ)         1, 23, 114 real terms for L = 0, 2, 4
    L odd    M_{n/2}(ℍ)     8, 66, 184 real terms for L = 1, 3, 5
    complex  M_n(ℂ)         7, 49 for L = 1, 3 (the latter on 33 of 34 paths)

The sum is equal to the tensor entry by entry, as an identity of surds, so it is exactly equivariant: see
:func:`exact_difference`.  Source: derivation ``whole_tensor``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np

from coupling.conventions import parity_sign
from coupling.exact import Surd, real_wigner_3j, wigner_3j
from coupling.integers import degree
from coupling.lowrank.bilinear import Bilinear, both, multiplied_out, quaternion_terms, rectangular
from coupling.lowrank.factors import Array, Factors
from coupling.lowrank.linear_forms import LinearForm, place_of, rounded_factors, scaled_form, total
from coupling.lowrank.path_weights import OF_MATRICES, path_weight, whole_paths
from coupling.selection import Path

#: The largest degree limit of a construction.
LARGEST = 5

MatrixEntries = list[dict[int, Surd]]


def real_harmonic_terms(l: int) -> Iterator[tuple[int, int, Surd]]:
    """Yield (real order, complex order, coefficient) of R_m = Σ U Y_m'.

    >>> [(m, n) for m, n, _ in real_harmonic_terms(1)]
    [(-1, 1), (-1, -1), (0, 0), (1, -1), (1, 1)]
    """
    yield from ((-m, m, Surd(-parity_sign(m), 1, 2, unit=1)) for m in range(l, 0, -1))
    yield from ((-m, -m, Surd(1, 1, 2, unit=1)) for m in range(l, 0, -1))
    yield 0, 0, Surd(1)
    yield from ((m, -m, Surd(1, 1, 2)) for m in range(1, l + 1))
    yield from ((m, m, Surd(parity_sign(m), 1, 2)) for m in range(1, l + 1))


@cache
def complex_matrix(lmax: int) -> dict[tuple[int, int], dict[int, Surd]]:
    """Return the entries of X = Σ i^l x_lm T_lm at (2p, 2q), each as coefficients of the x_lm.

    >>> complex_matrix(1)[1, 1]
    {0: √(1/2), 2: i·√(1/2)}
    """
    found: dict[tuple[int, int], dict[int, Surd]] = defaultdict(dict)
    spin = Fraction(lmax, 2)
    for l in range(lmax + 1):
        phase = Surd(parity_sign(l // 2), unit=l % 2)
        for mu, m, coefficient in real_harmonic_terms(l):
            for row in range(-lmax, lmax + 1, 2):
                p, q = Fraction(row, 2), Fraction(row, 2) - m
                if abs(q) <= spin:
                    size = Surd(parity_sign(int(spin - p)), 2 * l + 1) * wigner_3j(spin, l, spin, -p, m, q)
                    if size:
                        found[row, int(2 * q)][place_of(l, mu)] = phase * coefficient * size
    return {place: dict(sorted(form.items())) for place, form in found.items()}


def real_entries(lmax: int) -> MatrixEntries:
    """Return the entries of X as a real matrix, for even lmax, row by row: (-1)^l √(2l+1) C(j, l, j).

    >>> len(real_entries(2))
    9
    """
    j = lmax // 2
    orders = range(-j, j + 1)
    return [
        {
            place_of(l, m): value * Surd(parity_sign(l), 2 * l + 1)
            for l in range(lmax + 1)
            for m in range(-l, l + 1)
            if (value := real_wigner_3j(j, l, j, row, m, column))
        }
        for row in orders
        for column in orders
    ]


def quaternion_entries(lmax: int) -> MatrixEntries:
    """Return the components 1, i, j, k of the blocks [[α, β], [-β̄, ᾱ]] of X, for odd lmax, block by block.

    >>> quaternion_entries(1)
    [{0: √(1/2)}, {2: √(1/2)}, {1: √(1/2)}, {3: √(1/2)}]
    """
    matrix = complex_matrix(lmax)
    found: MatrixEntries = []
    for p in range(1, lmax + 1, 2):
        for q in range(1, lmax + 1, 2):
            alpha, beta = matrix.get((p, q), {}), matrix.get((p, -q), {})
            sign = parity_sign((lmax - q) // 2)
            parts = [(form, factor, unit) for form, factor in ((alpha, 1), (beta, sign)) for unit in (0, 1)]
            found += [
                {x: _part(value * factor) for x, value in form.items() if value.unit == unit}
                for form, factor, unit in parts
            ]
    return found


def _part(value: Surd) -> Surd:
    """Return the real or the imaginary part of a Surd that has one of them."""
    return Surd(value.sign, value.numerator, value.denominator)


def square_terms() -> list[tuple[Surd, list[Surd]]]:
    """Return ten cubes, (factor, form in the x_2m), whose sum is C(2,2,2) x x x.

    √6 tr X³ over traceless symmetric 3 × 3 matrices is such a form.  Two orbits of four under turns by 90° about z, of
    the directions x and x+y, and one of two; the factors solve six equations for its six invariants.

    >>> len(square_terms())
    10
    """
    zero, one, root = Surd(0), Surd(1), Surd(1, 3)
    scale = real_wigner_3j(2, 2, 2, 0, 0, 0)
    found = []
    for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        side = Surd(1, 9, 10)
        found.append((Fraction(5, 9), [zero, y * side, one, x * side, (x * x - y * y) * Surd(1, 3, 4)]))
    for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        found.append((Fraction(-1, 12), [-x * y * root, y * Surd(1, 3, 2), one, x * Surd(1, 3, 2), zero]))
    found += [(Fraction(-4, 9), [zero, zero, one, zero, sign * root]) for sign in (1, -1)]
    return [(Surd.rational(factor) * scale, form) for factor, form in found]


@cache
def construction(lmax: int, complex_factors: bool = False) -> tuple[MatrixEntries, Bilinear]:
    """Return entries as coefficients of the x_lm, and the algorithm that gives the trace of three matrices of them."""
    size = lmax + 1
    if complex_factors:
        orders = range(-lmax, lmax + 1, 2)
        return [complex_matrix(lmax).get((p, q), {}) for p in orders for q in orders], rectangular(size, size, size)
    if lmax % 2 == 0:
        return real_entries(lmax), rectangular(size, size, size)
    half = both(rectangular(size // 2, size // 2, size // 2), quaternion_terms())
    return quaternion_entries(lmax), Bilinear(half.u, half.v, 2 * half.w, half.denominator)


@cache
def exact_terms(
    lmax: object, complex_factors: bool = False
) -> tuple[list[LinearForm], list[LinearForm], list[LinearForm]]:
    """Return the linear forms of all terms, in each of the three slots, as exact sums of surds.

    complex_factors: by products of complex matrices, which take fewer terms for odd lmax.  Raises ValueError above
    LARGEST.

    >>> len(exact_terms(2)[0]), exact_terms(1)[0][0]
    (23, {0: (√(1/2),)})
    """
    limit = degree(lmax, "lmax")
    if limit > LARGEST:
        raise ValueError(f"terms are constructed for degrees to {LARGEST}, got {limit}")
    entries, algorithm = construction(limit, complex_factors)
    u, v, w = (_forms(values, entries) for values in (algorithm.u, algorithm.v, algorithm.w))
    w = [scaled_form(form, Surd.rational(Fraction(1, algorithm.denominator))) for form in w]
    if limit == 3 and not complex_factors:
        for factor, values in square_terms():
            form: LinearForm = {4 + place: (value,) for place, value in enumerate(values) if value}
            u.append(form)
            v.append(form)
            w.append(scaled_form(form, factor))
    return u, v, w


def _forms(coefficients: Array, entries: MatrixEntries) -> list[LinearForm]:
    """Return Σ coefficient · entry for each column."""
    found = []
    for column in coefficients.T.tolist():
        terms: dict[int, list[Surd]] = defaultdict(list)
        for number, entry in zip(column, entries, strict=True):
            if number:
                for x, value in entry.items():
                    terms[x].append(value * number)
        found.append({x: sum_of for x, parts in sorted(terms.items()) if (sum_of := total(parts))})
    return found


def exact_factors(lmax: object, complex_factors: bool = False) -> Factors:
    """Return the three arrays [(lmax+1)², R] of the constructed terms, each number correctly rounded.

    >>> [x.shape for x in exact_factors(2)]
    [(9, 23), (9, 23), (9, 23)]
    """
    return rounded_factors(exact_terms(lmax, complex_factors), degree(lmax, "lmax"), complex_factors)


def exact_weights(lmax: object, complex_factors: bool = False) -> dict[Path, Surd]:
    """Return the path weights of the constructed terms: those of matrices; real ones have 1 where these are zero.

    >>> exact_weights(3)[2, 2, 2], exact_weights(1)[0, 0, 0]
    (1, √(1/2))
    """
    limit = degree(lmax, "lmax")
    found = {path: path_weight(OF_MATRICES, path, limit) for path in whole_paths(limit)}
    return found if complex_factors else {path: weight or Surd(1) for path, weight in found.items()}


def exact_difference(lmax: int, complex_factors: bool = False) -> int:
    """Return the number of entries of the tensor that the constructed terms do not give exactly: zero.

    The algorithm is multiplied out in integers, and the entries of the matrices in surds; so are the terms beyond.
    """
    sums = _multiplied_out(*construction(lmax, complex_factors))
    if lmax == 3 and not complex_factors:
        for factor, form in square_terms():
            for i, j, k in np.ndindex(5, 5, 5):
                sums[4 + i, 4 + j, 4 + k].append(factor * form[i] * form[j] * form[k])
    wrong = 0
    for index, target in targets(lmax, exact_weights(lmax, complex_factors)):
        wrong += total(sums.pop(index, [])) != (target,)
    return wrong + sum(bool(total(rest)) for rest in sums.values())


def _multiplied_out(entries: MatrixEntries, algorithm: Bilinear) -> dict[Path, list[Surd]]:
    """Return the terms of the trace, by the places of the three harmonics."""
    sums: dict[Path, list[Surd]] = defaultdict(list)
    table = multiplied_out(algorithm)
    for i, j, k in np.argwhere(table).tolist():
        forms = (entries[place].items() for place in (i, j, k))
        for (x, one), (y, two), (z, three) in product(*forms):
            sums[x, y, z].append(one * two * three * int(table[i, j, k]))
    return sums


def targets(lmax: int, weights: dict[Path, Surd]) -> Iterator[tuple[Path, Surd]]:
    """Yield the entries of Σ w C that are not zero."""
    for (l1, l2, l3), weight in weights.items():
        for m1, m2, m3 in product(*(range(-l, l + 1) for l in (l1, l2, l3))):
            if value := real_wigner_3j(l1, l2, l3, m1, m2, m3) * weight:
                yield (place_of(l1, m1), place_of(l2, m2), place_of(l3, m3)), value

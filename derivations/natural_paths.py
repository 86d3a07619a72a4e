"""Four factors coupled through natural parities alone span all symmetric products."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derivations import certificate, many_body
from derivations.framework import Derivation, Step, require
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.texts import CASE, NOTATION, PART

#: A prime below 2^31: products of residues fit in 64 bits.  The rank modulo a prime is a lower bound of the rank.
PRIME = 2**31 - 1
ORDER = 4
Values = NDArray[np.int64]


@cache
def coupling(a: int, b: int, c: int) -> tuple[tuple[int, int, int, int], ...]:
    """(i, j, k, factor) of f_i f'_j in F_k, degrees a and b coupled to c, in divided powers, modulo the prime."""
    n = a + b - c
    x = [Fraction(1)]
    for i in range(n):
        x.append(-x[-1] * Fraction(2 * b - n + 1 + i, 2 * a - i))
    found = []
    for i in range(2 * a + 1):
        for j in range(max(0, n - i), 2 * b + 1):
            total = sum(x[s] * comb(i, i - s) * comb(j, j - n + s) for s in range(n + 1) if s <= i and n - s <= j)
            if total:
                found.append((i, j, i + j - n, total.numerator * pow(total.denominator, -1, PRIME) % PRIME))
    return tuple(found)


def coupled(left: Values, right: Values, degree: int) -> Values:
    """Multiplets [2l+1, points] of the product."""
    a, b = (len(left) - 1) // 2, (len(right) - 1) // 2
    result = np.zeros((2 * degree + 1, left.shape[1]), np.int64)
    for i, j, k, factor in coupling(a, b, degree):
        result[k] = (result[k] + left[i] * right[j] % PRIME * factor) % PRIME
    return result


def natural_values(lmax: int, output: int, points: int) -> Iterator[Values]:
    """The highest component of every path of four factors with natural partial results, at random points."""
    random = np.random.default_rng(lmax)
    inputs = [random.integers(1, PRIME, (2 * l + 1, points)) for l in range(lmax + 1)]
    partial = [(l, value) for l, value in enumerate(inputs)]
    for step in range(1, ORDER):
        following = []
        for degree, value in partial:
            for l, other in enumerate(inputs):
                for result in range(abs(degree - l), degree + l + 1, 2):
                    if step < ORDER - 1:
                        following.append((result, coupled(value, other, result)))
                    elif result == output:
                        yield coupled(value, other, result)[0]
        partial = following


def rank(rows: list[Values]) -> int:
    """Rank of a matrix modulo the prime."""
    matrix, found = np.array(rows), 0
    for column in range(matrix.shape[1]):
        pivots = np.flatnonzero(matrix[found:, column])
        if len(pivots):
            pivot = found + int(pivots[0])
            matrix[[found, pivot]] = matrix[[pivot, found]]
            matrix[found] = matrix[found] * pow(int(matrix[found, column]), -1, PRIME) % PRIME
            rest = matrix[found + 1 :]
            rest -= rest[:, column : column + 1] * matrix[found] % PRIME
            rest %= PRIME
            found += 1
    return found


def symmetric(lmax: int, output: int) -> int:
    """Multiplicity of a natural output in the symmetric power: monomials of weight L less those of L + 1."""
    components = [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
    polynomials: list[dict[tuple[int, int], int]] = [{(0, 0): 1}] + [{} for _ in range(ORDER)]
    for l, m in components:
        for n in range(1, ORDER + 1):  # one more factor of this component each time
            for (weight, parity), number in polynomials[n - 1].items():
                key = weight + m, (parity + l) % 2
                polynomials[n][key] = polynomials[n].get(key, 0) + number
    power = polynomials[ORDER]
    return power.get((output, output % 2), 0) - power.get((output + 1, output % 2), 0)


def outputs(lmax: int) -> Iterator[tuple[int, int, int, int]]:
    """(output, paths, their rank, multiplicity) of the natural outputs to lmax."""
    for output in range(lmax + 1):
        number = symmetric(lmax, output)
        rows = list(natural_values(lmax, output, number + 4))
        yield output, len(rows), rank(rows), number


def lost(lmax: int) -> Iterator[int]:
    """The multiplicity less the rank modulo a prime, which is a lower bound of the rank and never above the
    multiplicity: of every natural output to the largest degree of a factor, of factors to each degree."""
    for degree in range(lmax + 1):
        for _, _, found, number in outputs(degree):
            yield number - found


#: Paths and rank for lmax 3, published for outputs 0 to 3.
PUBLISHED = [(158, 23), (284, 31), (358, 46), (372, 44)]


def verify(lmax: int) -> int:
    """Paths are counted and their ranks at random points compared with the multiplicities; at lmax 3 both are the
    published ones."""
    count = 0
    for degree in range(lmax + 1):
        found = list(outputs(degree))
        require(degree != 3 or [(paths, r) for _, paths, r, _ in found] == PUBLISHED, f"{found}")
        for output, paths, rank, number in found:
            require(rank == number, f"{paths} paths to degree {output} for lmax {degree}: rank {rank}, not {number}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Ranks as squares of themselves: largest degree, output, number of paths."""
    return {
        "natural_paths": {
            certificate.key(degree, output, paths): certificate.signed(Fraction(found) ** 2)
            for degree in range(lmax + 1)
            for output, paths, found, _ in outputs(degree)
        }
    }


STEPS = (
    Step(
        "The rank of the natural paths",
        r"\rho_L=n_L",
        lost,
        kind="verified",
        because=r"""
        A path as a polynomial in the components of one density is its symmetrized tensor, so the rank is that of the
        polynomials, and their values at points modulo a prime bound it from below. From above it is bounded by the
        multiplicity $n_L$ in the symmetric power. The two bounds meet.
        """,
    ),
)


def ranks(names: Names) -> dict[int, tuple[int, int]]:
    """Rank and multiplicity of each output."""
    return {output: (found, number) for output, _, found, number in outputs(names["l_{\\max}"])}


READING = Reading(
    {
        "\\rho": lambda n: Indexed(lambda output: ranks(n)[output][0]),
        "n": lambda n: Indexed(lambda output: ranks(n)[output][1]),
    },
    tuple({"l_{\\max}": 2, "L": output} for output in range(3)),
    unread={
        CASE: (r"L\le l_{\max}", r"l\le l_{\max}"),
        PART: ("-(-1)^l", "(-1)^L", "R_2-l_1-l_2", "R_3-l_1-l_2-l_3"),
        NOTATION: (r"V=\bigoplus_l(l,(-1)^l)", r"((l_1\otimes l_2)_{R_2}\otimes l_3)_{R_3}\otimes l_4"),
    },
)

DERIVATION = Derivation(
    id="natural_paths",
    title="Natural parities suffice at order four",
    introduction=r"""
    Generators of many-body bases drop, at order four, every path with a partial result of the parity $-(-1)^l$, because
    there are too many. For products of one density this loses nothing.
    """,
    statement=r"""
    \rho_L=n_L
    """,
    hypotheses=(
        r"Outputs $L\le l_{\max}$ of the parity $(-1)^L$; $V=\bigoplus_l(l,(-1)^l)$ with $l\le l_{\max}$.",
        r"$\rho_L$: rank of the symmetrized paths $((l_1\otimes l_2)_{R_2}\otimes l_3)_{R_3}\otimes l_4$ with natural "
        r"partial results, $R_2-l_1-l_2$ and $R_3-l_1-l_2-l_3$ even; $n_L$: multiplicity of the output in the fourth "
        "symmetric power.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=2,
    reading=READING,
    uses=(many_body.DERIVATION,),
)

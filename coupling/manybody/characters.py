"""Characters of tensor powers as integers: exact, for any irreps and any symmetry of the slots.

The character of a representation V is χ(x, s) = Σ x^(2m) s^π over its weights m; s stands for the inversion, s² = 1,
and π = 1 for odd irreps.  The characters of its ν-fold powers follow from the power sums p_k = χ(x^k, s^k):

    plain           p_1^ν
    symmetric       ν h_ν = Σ_k p_k h_(ν-k)                      Newton's identities
    antisymmetric   ν e_ν = Σ_k (-1)^(k-1) p_k e_(ν-k)
    partition λ     det h_(λ_i - i + j)                          Jacobi-Trudi; or of e with the conjugate partition

An irrep of degree L occurs as often as the coefficient of x^(2L) exceeds that of x^(2L+2).  Source: Macdonald,
Symmetric Functions and Hall Polynomials, I.2 and I.3.

A polynomial with integer coefficients is kept as one integer, its value at x = 2^bits (Kronecker substitution): sums,
products and exact quotients are those of Python's integers, and the coefficients of the result, not negative and below
2^bits, are its digits.  Inversion is kept as the two values at s = 1 and s = -1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from coupling.conventions import parity_sign
from coupling.irreps import Irrep
from coupling.manybody.symmetry import conjugate

#: The two values of s.
SIGNS = (1, -1)
Values = tuple[int, int]

#: Bits of a character that is computed, at most.
LARGEST_CHARACTER = 1 << 24


@dataclass(frozen=True)
class PowerCharacters:
    """Characters of the powers of a sum of irreps to an order, of rotations or, with two sides, of pairs of them.

    With two sides an irrep l stands for (l, l) of SU(2) × SU(2), as a hyperspherical harmonic does.
    """

    irreps: tuple[Irrep, ...]
    order: int
    sides: int = 1

    def __post_init__(self) -> None:
        if self.digits * self.bits > LARGEST_CHARACTER:
            raise ValueError(
                f"a character of {self.digits * self.bits} bits is more than {LARGEST_CHARACTER}: "
                "the degrees, their number or the order are too large"
            )

    @cached_property
    def top(self) -> int:
        """Twice the largest degree."""
        return max(irrep.twice for irrep in self.irreps)

    @cached_property
    def span(self) -> int:
        """Exponents of x in the power: 0 … 2ν·top, the weight 0 in the middle."""
        return 2 * self.order * self.top + 1

    @cached_property
    def digits(self) -> int:
        """Exponents of a character, of both sides."""
        return int(self.span**self.sides)

    @cached_property
    def bits(self) -> int:
        """Bits of a coefficient, whole bytes: none exceeds the dimension of the plain power."""
        dimension = sum(irrep.dim**self.sides for irrep in self.irreps)
        return 8 * ((dimension**self.order).bit_length() // 8 + 1)

    def power_sum(self, k: int) -> Values:
        """Return p_k, times x^(k·top) so that no exponent is negative."""
        even, odd = (self._packed(k, parity) for parity in (False, True))
        return even + odd, even + parity_sign(k) * odd

    def _packed(self, k: int, odd: bool) -> int:
        """Return Σ x^(k(top + 2m)) over the weights of the irreps of one parity."""
        weights: dict[int, int] = {}
        for twice in (irrep.twice for irrep in self.irreps if (irrep.parity < 0) == odd):
            weights[twice] = weights.get(twice, 0) + 1
        return sum(number * self._side(twice, k) for twice, number in weights.items())

    def _side(self, twice: int, k: int) -> int:
        one = self._string(twice, k, self.bits)
        return one if self.sides == 1 else one * self._string(twice, k, self.bits * self.span)

    def _string(self, twice: int, k: int, bits: int) -> int:
        """Return Σ_m x^(k(top + 2m)), m = -l … l, a geometric series in x^(2k)."""
        shift = bits * k
        return (((1 << 2 * shift * (twice + 1)) - 1) // ((1 << 2 * shift) - 1)) << shift * (self.top - twice)

    @cached_property
    def sums(self) -> list[Values]:
        """The power sums p_0 (not used) to p_ν."""
        return [(1, 1), *(self.power_sum(k) for k in range(1, self.order + 1))]

    def _newton(self, sign: Callable[[int], int]) -> list[Values]:
        found: list[Values] = [(1, 1)]
        for n in range(1, self.order + 1):
            terms = [sum(sign(k) * self.sums[k][s] * found[n - k][s] for k in range(1, n + 1)) for s in (0, 1)]
            found.append((terms[0] // n, terms[1] // n))
        return found

    @cached_property
    def complete(self) -> list[Values]:
        """The characters h_0 … h_ν of the symmetric powers."""
        return self._newton(lambda k: 1)

    @cached_property
    def elementary(self) -> list[Values]:
        """The characters e_0 … e_ν of the antisymmetric powers."""
        return self._newton(lambda k: -parity_sign(k))

    def of_symmetry(self, symmetry: str | tuple[int, ...]) -> Values:
        """Return the character of the power of a symmetry, times x^(ν·top) on each side."""
        if symmetry == "plain":
            return self.sums[1][0] ** self.order, self.sums[1][1] ** self.order
        if symmetry == "symmetric":
            return self.complete[self.order]
        if symmetry == "antisymmetric" or isinstance(symmetry, str):
            return self.elementary[self.order]
        other = conjugate(symmetry)
        rows, column = (symmetry, self.complete) if len(symmetry) <= len(other) else (other, self.elementary)
        return _determinant(rows, column, 0), _determinant(rows, column, 1)

    def multiplicity(self, symmetry: str | tuple[int, ...], output: Irrep) -> int:
        """Return how often an irrep, (L, L) with two sides, occurs in the power."""
        half_sums = self.of_symmetry(symmetry)
        other = -1 if output.parity < 0 else 1
        value = (half_sums[0] + other * half_sums[1]) // 2
        weight, step = output.twice + self.order * self.top, 2
        if self.sides == 1:
            return self._digit(value, weight) - self._digit(value, weight + step)
        pairs = [(a, b) for a in (0, step) for b in (0, step)]
        signs = [-1 if a != b else 1 for a, b in pairs]
        return sum(sign * self._digit(value, weight + a, weight + b) for sign, (a, b) in zip(signs, pairs, strict=True))

    def _digit(self, value: int, first: int, second: int = 0) -> int:
        """Return the coefficient of x^first, or of x^first y^second; 0 beyond the highest weight."""
        if max(first, second) >= self.span:
            return 0
        return (value >> self.bits * (first + self.span * second)) & ((1 << self.bits) - 1)


def _determinant(rows: tuple[int, ...], column: list[Values], sign: int) -> int:
    """Return det column[rows_i - i + j], by expansion along the first row."""

    def minor(i: int, columns: tuple[int, ...]) -> int:
        if i == len(rows):
            return 1
        total = 0
        for place, j in enumerate(columns):
            n = rows[i] - i + j
            if 0 <= n < len(column):
                rest = minor(i + 1, columns[:place] + columns[place + 1 :])
                total += parity_sign(place) * column[n][sign] * rest
        return total

    return minor(0, tuple(range(len(rows))))

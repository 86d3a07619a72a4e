"""The space of a tensor power and its output: irreps as the functions of this package take them."""

from __future__ import annotations

from fractions import Fraction

from coupling.conventions import parity_sign
from coupling.integers import doubled, half
from coupling.irreps import LARGEST, Irrep, Irreps, one_irrep
from coupling.quoted import quoted

#: Irreps of a factor with their multiplicities are refused beyond.
MOST = 100_000


def factor_irreps(value: object) -> tuple[Irrep, ...]:
    """Return the irreps of a factor, each as often as its multiplicity says; value is what ``coupling.Irreps`` takes.

    >>> [irrep.name for irrep in factor_irreps("2x0e + 1o")], [irrep.name for irrep in factor_irreps(2)]
    (['0e', '0e', '1o'], ['0e', '1o', '2e'])
    """
    found = Irreps(value)
    if not 0 < found.num_irreps <= MOST:
        raise ValueError(f"irreps must be 1 to {MOST} with their multiplicities, got {quoted(value)}")
    return found.each


def output_irrep(value: object, of: tuple[Irrep, ...]) -> Irrep:
    """Return one irrep, an output of a list of others: text, or a degree that has the parity of harmonics.

    >>> [output_irrep(1, factor_irreps(text)).name for text in ("1o", "0 + 1")], output_irrep("1e", factor_irreps(1))
    (['1o', '1'], Irrep(twice=2, parity=1))
    """
    bare = of[0].parity == 0
    if isinstance(value, str | Irrep):
        found = one_irrep(value)
        if (found.parity == 0) != bare:
            kind = "without a parity" if bare else "with a parity, e or o"
            raise ValueError(f"the output must be one irrep {kind}, as the inputs are, got {quoted(value)}")
        return found
    twice = doubled(value, "degree")
    if not 0 <= twice <= 64 * 2 * LARGEST:
        raise ValueError(f"degree must be between 0 and {64 * LARGEST}, got {half(twice)}")
    if twice % 2 and not bare:
        raise ValueError(f"the parity of a half-integer degree must be given, as in '1/2e', got {Fraction(twice, 2)}")
    return Irrep(twice, 0 if bare else parity_sign(twice // 2))

"""A header for C and C++ that computes the coefficients of degrees to 20, without files or libraries.

The text of its functions is ``symbols.h`` beside this module.  What they look up is made here from whole numbers, and
the sample values that a program can compare itself with are those of :mod:`coupling.exact`, rounded once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from math import comb, factorial
from pathlib import Path
from textwrap import wrap

from mpmath.libmp import pi_fixed

import coupling.exact as exact
from coupling.conventions import BASES, FAMILIES
from coupling.exact import Surd
from coupling.version import __version__

LMAX = 20
#: Digits of 32 bits that the longest of the compared numbers has, and those of pi with its fraction.
LIMBS, PI_LIMBS = 16, 6
PI_BITS = 32 * (PI_LIMBS - 1)
SAMPLES = 64
SEED = 20


def symbols_header() -> str:
    """Return the text of a header for C99 and C++: 3j, Clebsch-Gordan, Gaunt and antisymmetric Gaunt, both bases.

    Each function returns the double nearest to the exact coefficient for degrees 0 to 20 (3j and Clebsch-Gordan to
    half-integers as well), 0 where a rule makes it vanish, NaN where a degree or order does not exist.  The comment at
    the head of the text lists them.  Source: Racah's sum of binomials, derivations ``gaunt`` and
    ``antisymmetric_gaunt``; conventions of :mod:`coupling.conventions`.

    >>> "coupling_real_gaunt(int l1, int l2, int l3, int m1, int m2, int m3)" in symbols_header()
    True
    """
    text = Path(__file__).with_suffix(".h").read_text(encoding="utf-8")
    for name, value in replaced().items():
        text = text.replace(f"@{name}@", value)
    return text


def replaced() -> dict[str, str]:
    """Return what stands for each @NAME@ of the text."""
    largest = 3 * LMAX + 1
    primes = [n for n in range(2, largest + 1) if all(n % k for k in range(2, n))]
    powers = [f"{{{', '.join(str(exponent(p, factorial(n))) for p in primes)}}}" for n in range(largest + 1)]
    binomials = [str(comb(n, k)) for n in range(2 * LMAX + 1) for k in range(n + 1)]
    samples = list(sample_rows())
    pi = pi_fixed(PI_BITS + 32) >> 32
    return {
        "VERSION": __version__,
        "LMAX": str(LMAX),
        "LIMBS": str(LIMBS),
        "PRIMES": str(len(primes)),
        "PRIME_LIST": ", ".join(map(str, primes)),
        "FACTORIALS": str(len(powers)),
        "FACTORIAL_ROWS": ",\n".join(f"    {row}" for row in powers),
        "BINOMIALS": str(len(binomials)),
        "BINOMIAL_ROWS": filled(binomials),
        "PI_BITS": str(PI_BITS),
        "PI_LIMBS": str(PI_LIMBS),
        "PI": ", ".join(f"0x{pi >> 32 * k & 0xFFFFFFFF:08x}" for k in range(PI_LIMBS)),
        "SAMPLES": str(len(samples)),
        "SAMPLE_ROWS": ",\n".join(f"        {row}" for row in samples),
    }


def exponent(prime: int, number: int) -> int:
    """Return how often a prime divides a number.

    >>> exponent(2, 24)
    3
    """
    return 0 if number % prime else 1 + exponent(prime, number // prime)


def filled(numbers: Sequence[str]) -> str:
    """Return numbers as lines of an initializer.

    >>> filled(["1", "2"])
    '    1, 2'
    """
    return "\n".join(f"    {line}" for line in wrap(", ".join(numbers), 112))


def sample_rows() -> Iterator[str]:
    """Give rows {function, {degrees}, {orders}, value} of coefficients that are not zero, the same in each call."""
    chance = random.Random(SEED)
    kinds = [(basis, family) for basis in BASES for family in FAMILIES]
    for number in range(SAMPLES):
        basis, family = kinds[number % len(kinds)]
        name = f"real_{family}" if basis == "real" else family
        while not (value := getattr(exact, name)(*(symbol := on_a_path(chance)))):
            pass
        degrees, orders = ("{" + ", ".join(map(str, part)) + "}" for part in (symbol[:3], symbol[3:]))
        yield f"{{coupling_{name}, {degrees}, {orders}, {rounded(value).hex()}}}"


def on_a_path(chance: random.Random) -> tuple[int, ...]:
    """Return the degrees of a path and orders, one of which is the sum or difference of the others."""
    while True:
        degrees = [chance.randint(0, LMAX) for _ in range(3)]
        m1, m2 = (chance.randint(-l, l) for l in degrees[:2])
        m3 = chance.choice((m1 + m2, m1 - m2, -m1 - m2, m2 - m1))
        if abs(degrees[0] - degrees[1]) <= degrees[2] <= degrees[0] + degrees[1] and abs(m3) <= degrees[2]:
            return *degrees, m1, m2, m3


def rounded(value: Surd) -> float:
    """Return the nearest double of a real coefficient, or of an imaginary one without its i."""
    return complex(value).imag if value.unit else float(value)

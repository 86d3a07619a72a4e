"""The exact value type: ``i^unit · sign · √(numerator/denominator) · π^(-pi_power/2)``.

Every 3j, 6j and 9j symbol, every Clebsch-Gordan and Gaunt coefficient of either kind, complex or
real, is such a number. Products stay in the type; sums do when the two radicands differ by a
rational square.  A Surd becomes a float only when ``float()`` or ``complex()`` asks, and then
correctly rounded (to nearest, ties to even, subnormal numbers included).

With a SymPy expression the result is an exact SymPy expression; with an mpmath number it is an mpmath number, the Surd
rounded correctly to the working precision.  Arithmetic with float, complex and NumPy's floats raises TypeError.
"""

from __future__ import annotations

import math
import numbers
from fractions import Fraction
from typing import Any

from coupling.exact.formatting import formatted, latex_fraction, root_text, text_fraction
from coupling.exact.rounding import compare_with_pi, isqrt_exact, rounded, rounded_magnitude
from coupling.extras import from_extra
from coupling.integers import only_integers
from coupling.quoted import quoted

#: Integers of more bits are not written out: Python itself refuses to from 4300 digits on.
LONGEST = 14_000


class Surd:
    """An immutable number ``i^unit · sign · √(numerator/denominator) · π^(-pi_power/2)`` in
    lowest terms.

    Two Surds are equal when their values are; a Surd also equals the integer or Fraction of the
    same value, and has its hash. Zero is always ``Surd(0)``.  It is not compared with floats: ``==`` is False and an
    order raises TypeError.  SymPy numbers of the same value are equal too, but have the hash that SymPy gives them;
    with mpmath numbers a Surd is compared after rounding to the working precision.

    >>> half = Surd(1, 1, 4)
    >>> half, half * half, half == Fraction(1, 2), float(Surd(-1, 2))
    (1/2, 1/4, True, -1.4142135623730951)
    >>> Surd(1, 1, 18) + Surd(1, 2, 9)
    √(1/2)
    >>> import sympy
    >>> sympy.sqrt(3) + Surd(1, 2), f"{Surd(1, 2):.20f}"
    (sqrt(2) + sqrt(3), '1.41421356237309504880')
    """

    __slots__ = ("_den", "_num", "_pi", "_sign", "_unit")

    def __init__(self, sign: int, numerator: int = 1, denominator: int = 1, pi_power: int = 0, unit: int = 0) -> None:
        if not type(sign) is type(numerator) is type(denominator) is type(pi_power) is type(unit) is int:
            given = sign, numerator, denominator, pi_power, unit
            sign, numerator, denominator, pi_power, unit = only_integers(given, "a Surd")
        if denominator <= 0 or numerator < 0 or sign not in (-1, 0, 1) or unit not in (0, 1):
            raise ValueError(
                "a Surd needs sign -1, 0 or 1, numerator >= 0, denominator > 0 and unit 0 or 1, "
                f"got {quoted((sign, numerator, denominator, pi_power, unit))}"
            )
        if not sign or not numerator:
            sign, numerator, denominator, pi_power, unit = 0, 0, 1, 0, 0
        common = math.gcd(numerator, denominator)
        self._sign, self._num, self._den = sign, numerator // common, denominator // common
        self._pi, self._unit = pi_power, unit

    @classmethod
    def rational(cls, value: int | Fraction) -> Surd:
        """Return a rational number as a Surd.

        >>> Surd.rational(Fraction(-2, 3))
        -2/3
        """
        if not isinstance(value, numbers.Rational):
            raise TypeError(f"a rational number is an integer or Fraction, got {type(value).__name__} {quoted(value)}")
        n, d = int(value.numerator), int(value.denominator)
        return cls((n > 0) - (n < 0), n * n, d * d)

    sign = property(lambda self: self._sign, doc="-1, 0 or +1.")
    numerator = property(lambda self: self._num, doc="Numerator of the radicand, in lowest terms.")
    denominator = property(lambda self: self._den, doc="Denominator of the radicand, in lowest terms.")
    pi_power = property(lambda self: self._pi, doc="k in the factor π^(-k/2).")
    unit = property(lambda self: self._unit, doc="1 when the number is imaginary, else 0.")

    @property
    def square(self) -> Fraction:
        """The radicand numerator/denominator: |value|² · π^pi_power."""
        return Fraction(self._num, self._den)

    # arithmetic

    def __mul__(self, other: Any) -> Surd:
        other = _as_surd(other)
        if other is NotImplemented:
            return NotImplemented
        sign = self._sign * other._sign * (-1 if self._unit and other._unit else 1)
        pi, unit = self._pi + other._pi, self._unit ^ other._unit
        return Surd(sign, self._num * other._num, self._den * other._den, pi, unit)

    __rmul__ = __mul__

    def reciprocal(self) -> Surd:
        """Return 1/self; zero raises ZeroDivisionError.

        >>> Surd(1, 2, 3).reciprocal()
        √(3/2)
        """
        if not self._sign:
            raise ZeroDivisionError("the reciprocal of zero")
        return Surd(-self._sign if self._unit else self._sign, self._den, self._num, -self._pi, self._unit)

    def __truediv__(self, other: Any) -> Surd:
        other = _as_surd(other)
        return NotImplemented if other is NotImplemented else self * other.reciprocal()

    def __rtruediv__(self, other: Any) -> Surd:
        other = _as_surd(other)
        return NotImplemented if other is NotImplemented else other * self.reciprocal()

    def __neg__(self) -> Surd:
        return Surd(-self._sign, self._num, self._den, self._pi, self._unit)

    def __abs__(self) -> Surd:
        return Surd(abs(self._sign), self._num, self._den, self._pi)

    def conjugate(self) -> Surd:
        """Return the complex conjugate."""
        return -self if self._unit else self

    def __add__(self, other: Any) -> Surd:
        """Add two Surds whose ratio is rational; any other sum is not a Surd and raises ValueError."""
        other = _as_surd(other)
        if other is NotImplemented:
            return NotImplemented
        if not other._sign or not self._sign:
            return self if self._sign else other
        # (other/self)² = (n' d)/(n d') is the square of a rational exactly when n n' d d' is a square
        root = isqrt_exact(self._num * other._num * self._den * other._den)
        if root is None or self._pi != other._pi or self._unit != other._unit:
            raise ValueError(f"{self} + {other} is not a Surd: the ratio of the terms is not rational")
        total = self._sign + other._sign * Fraction(root, self._num * other._den)
        return Surd.rational(total) * Surd(1, self._num, self._den, self._pi, self._unit)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Surd:
        other = _as_surd(other)
        return NotImplemented if other is NotImplemented else self + -other

    def __rsub__(self, other: Any) -> Surd:
        other = _as_surd(other)
        return NotImplemented if other is NotImplemented else -self + other

    def __pow__(self, exponent: int) -> Surd:
        if not isinstance(exponent, numbers.Integral) or _decides(exponent):
            return NotImplemented
        exponent = int(exponent)
        if exponent < 0:
            return self.reciprocal() ** -exponent
        result = Surd(1)
        for _ in range(exponent):
            result = result * self
        return result

    # comparison

    def _key(self) -> tuple[int, int, int, int, int]:
        return self._sign, self._num, self._den, self._pi, self._unit

    def __eq__(self, other: object) -> bool:
        value = _as_surd(other)
        return NotImplemented if value is NotImplemented else self._key() == value._key()

    def __hash__(self) -> int:
        value = None if self._pi or self._unit else self._rational_value()
        return hash(self._key()) if value is None else hash(value)

    def __lt__(self, other: Any) -> bool:
        return NotImplemented if _decides(other) else _order(self, other) < 0

    def __le__(self, other: Any) -> bool:
        return NotImplemented if _decides(other) else _order(self, other) <= 0

    def __gt__(self, other: Any) -> bool:
        return NotImplemented if _decides(other) else _order(self, other) > 0

    def __ge__(self, other: Any) -> bool:
        return NotImplemented if _decides(other) else _order(self, other) >= 0

    def __bool__(self) -> bool:
        return self._sign != 0

    def _rational_value(self) -> Fraction | None:
        n, d = isqrt_exact(self._num), isqrt_exact(self._den)
        return None if n is None or d is None else Fraction(self._sign * n, d)

    # other forms

    def __float__(self) -> float:
        if self._unit:
            raise TypeError(f"{self} is imaginary: use complex()")
        return self._rounded()

    def __complex__(self) -> complex:
        size = self._rounded()
        return complex(0.0, size) if self._unit else complex(size, 0.0)

    def _rounded(self) -> float:
        size = rounded_magnitude(self._num, self._den, self._pi)
        return -size if self._sign < 0 else size  # a negation keeps subnormal numbers in any environment

    def to_sympy(self) -> Any:
        """Return the same number as a SymPy expression.

        >>> Surd(-1, 5, 4, 1).to_sympy()
        -sqrt(5)/(2*sqrt(pi))
        """
        sympy = from_extra("sympy", "symbolic", "expressions need")
        size = sympy.sqrt(sympy.Rational(self._num, self._den)) * sympy.pi ** sympy.Rational(-self._pi, 2)
        return self._sign * size * (sympy.I if self._unit else 1)

    _sympy_ = to_sympy

    def _mpmath_(self, precision: int, rounding: str) -> Any:
        """Return the mpmath number, correctly rounded to a precision in bits; mpmath calls it.

        >>> import mpmath
        >>> with mpmath.workdps(30):
        ...     print(mpmath.mpf(Surd(1, 2)), 2 * mpmath.mpmathify(Surd(1, 1, 4, unit=1)))
        1.41421356237309504880168872421 (0.0 + 1.0j)
        """
        from mpmath import mp
        from mpmath.libmp import from_man_exp, fzero

        def cut(root: int, exponent: int) -> Any:
            return from_man_exp(self._sign * root, exponent, precision, rounding)

        value = rounded(self._num, self._den, self._pi, precision + 8, cut)
        return mp.make_mpc((fzero, value)) if self._unit else mp.make_mpf(value)

    def __format__(self, spec: str) -> str:
        """Return a decimal text, as of a float but with every digit right; without e, f, g or % the text of ``str``.

        >>> f"{Surd(-1, 5, 14, 1):.30f}", f"{Surd(1, 2):>6}"
        ('-0.337167765672367720197491587167', '  √(2)')
        """
        if not spec or spec[-1] not in "eEfFgG%":
            return format(str(self), spec)
        if self._unit:
            raise TypeError(f"{self} is imaginary: format complex() of it")
        return formatted(self._sign, self._num, self._den, self._pi, spec)

    def latex(self) -> str:
        r"""Return LaTeX source; ValueError when an integer in it has more than 4000 digits.

        >>> print(Surd(-1, 5, 14, 1, unit=1).latex())
        -i\,\sqrt{\frac{5}{14\,\pi}}
        """
        if max(self._num.bit_length(), self._den.bit_length()) > LONGEST:
            raise ValueError(f"{self} is too long to be written")
        prefix = ("-" if self._sign < 0 else "") + (r"i\," if self._unit else "")
        return prefix + root_text(self, latex_fraction, r"\sqrt{%s}")

    def _repr_latex_(self) -> str | None:
        """Return LaTeX for a notebook, which shows the text where this is None."""
        return f"${self.latex()}$" if max(self._num.bit_length(), self._den.bit_length()) <= LONGEST else None

    def __repr__(self) -> str:
        prefix = ("-" if self._sign < 0 else "") + ("i·" if self._unit else "")
        above, below = self._num.bit_length(), self._den.bit_length()
        if max(above, below) > LONGEST:
            return f"{prefix}√(p/q·π^{-self._pi}) with p of {above} bits, q of {below} bits"
        return prefix + root_text(self, text_fraction, "√(%s)")


def _as_surd(value: Any) -> Any:
    if isinstance(value, Surd):
        return value
    if isinstance(value, numbers.Rational) and not _decides(value):
        return Surd.rational(value)  # type: ignore[arg-type]
    return NotImplemented


def _decides(other: Any) -> bool:
    """Return whether other is a SymPy expression or mpmath number: it converts the Surd, and its rules hold."""
    return hasattr(other, "free_symbols") or hasattr(other, "_mpf_")


def _order(a: Surd, b: Any) -> int:
    """Return the sign of a - b for real a and b."""
    if _as_surd(b) is NotImplemented:
        raise TypeError(f"a Surd cannot be ordered against {quoted(b)}: only against a Surd, an integer or a Fraction")
    b = _as_surd(b)
    if a._unit or b._unit:
        raise TypeError("imaginary numbers have no order")
    if a._sign != b._sign or not a._sign:
        return a._sign - b._sign
    left, right, power = a._num * b._den, b._num * a._den, a._pi - b._pi
    return a._sign * compare_with_pi(left, right, power)

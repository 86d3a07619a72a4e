"""Texts of √(num/den)·π^(-k/2): as one writes it by hand, and in correctly rounded decimals."""

from __future__ import annotations

import math
import re
from typing import Any

from coupling.exact.rounding import rounded

#: Most digits that are written; Python itself refuses to write integers from 4300 digits on.
MOST_DIGITS = 4000

SPEC = re.compile(r"(?:(?P<fill>.)?(?P<align>[<>=^]))?(?P<sign>[-+ ]?)(?P<zero>0?)(?P<width>\d{0,4})"
                  r"(?:\.(?P<precision>\d{1,6}))?(?P<kind>[eEfFgG%])", re.DOTALL)  # fmt: skip


def formatted(sign: int, num: int, den: int, pi: int, spec: str) -> str:
    """Return sign·√(num/den)·π^(-pi/2) in a format of floats: [[fill]align][sign][0][width][.precision](e|f|g|%).

    Every digit is right: the last one is rounded to nearest, ties to even.  Raises ValueError for another format and
    for more than 4000 digits.

    >>> formatted(1, 2, 1, 0, ".30f"), formatted(-1, 1, 2, 0, "010.3e"), formatted(1, 1, 1, -2, ".12g")
    ('1.414213562373095048801688724210', '-7.071e-01', '3.14159265359')
    """
    match = SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"a Surd is formatted by [[fill]align][sign][0][width][.precision](e|f|g|%), got {spec!r}")
    precision = 6 if match["precision"] is None else int(match["precision"])
    body = _body(match["kind"], precision, num, den, pi)
    prefix = "-" if sign < 0 else match["sign"].strip("-")
    fill, align = match["fill"] or ("0" if match["zero"] else " "), match["align"] or ("=" if match["zero"] else ">")
    width = int(match["width"] or 0)
    if align == "=":
        return prefix + body.rjust(width - len(prefix), fill)
    return format(prefix + body, f"{fill}{align}{width}") if width else prefix + body


def _body(kind: str, precision: int, num: int, den: int, pi: int) -> str:
    lower = kind.lower()
    if lower == "%":
        return _fixed(10**4 * num, den, pi, precision) + "%"
    if lower == "f":
        return _fixed(num, den, pi, precision)
    if lower == "e":
        text = _scientific(*_digits(num, den, pi, precision + 1))
    else:
        text = _general(num, den, pi, max(1, precision))
    return text.upper() if kind.isupper() else text


def _general(num: int, den: int, pi: int, digits: int) -> str:
    number, exponent = _digits(num, den, pi, digits)
    if -4 <= exponent < digits:
        text = _fixed(num, den, pi, digits - 1 - exponent)
        return text.rstrip("0").rstrip(".") if "." in text else text
    return _scientific(number.rstrip("0") or "0", exponent)


def _scientific(number: str, exponent: int) -> str:
    point = "." if len(number) > 1 else ""
    return f"{number[0]}{point}{number[1:]}e{exponent:+03d}"


def _fixed(num: int, den: int, pi: int, places: int) -> str:
    """Return the number with ``places`` places after the point."""
    _require_few(places + max(0, _magnitude(num, den, pi)))
    number = str(_scaled(num, den, pi, places)).zfill(places + 1)
    return f"{number[: len(number) - places]}.{number[len(number) - places :]}" if places else number


def _digits(num: int, den: int, pi: int, digits: int) -> tuple[str, int]:
    """Return the first digits, rounded, and the decimal exponent of the first of them; zeros and 0 for zero."""
    _require_few(digits)
    if not num:
        return "0" * digits, 0
    exponent = _magnitude(num, den, pi)
    while len(number := str(_scaled(num, den, pi, digits - 1 - exponent))) != digits:
        exponent += 1 if len(number) > digits else -1
    return number, exponent


def _magnitude(num: int, den: int, pi: int) -> int:
    """Return the decimal exponent, or one beside it; 0 for zero."""
    if not num:
        return 0
    bits = num.bit_length() - den.bit_length() - pi * math.log2(math.pi)
    return math.floor(bits * math.log10(2) / 2)


def _scaled(num: int, den: int, pi: int, places: int) -> int:
    """Return 10^places times the number, rounded to the nearest integer, ties to even."""
    scale = 10 ** (2 * abs(places))
    num, den = (num * scale, den) if places >= 0 else (num, den * scale)
    return rounded(num, den, pi, 64, _nearest)


def _nearest(root: int, exponent: int) -> int:
    whole, rest = divmod(root, 1 << -exponent)
    half = 1 << (-exponent - 1)
    return whole + (rest > half or (rest == half and whole % 2 == 1))


def _require_few(digits: int) -> None:
    if digits > MOST_DIGITS:
        raise ValueError(f"a Surd is written with up to {MOST_DIGITS} digits, got a format that needs {digits}")


def root_text(value: Any, fraction: Any, sqrt: str) -> str:
    """Write the size √(num/den)·π^(-k/2) of a Surd: rational parts outside the root, a single π^(-1/2) inside it."""
    if not value.sign:
        return "0"
    num, den, pi = value.numerator, value.denominator, value.pi_power
    rational = value._rational_value()
    half = pi % 2
    outside = _pi_text(-(pi - half) // 2, sqrt)
    if rational is not None and not half:
        return fraction(abs(rational.numerator), rational.denominator, 0) + outside
    return sqrt % fraction(num, den, half) + outside


def _pi_text(power: int, sqrt: str) -> str:
    if power == 0:
        return ""
    symbol = r"\,\pi" if "{" in sqrt else "·π"
    return symbol if power == 1 else f"{symbol}^{{{power}}}" if "{" in sqrt else f"{symbol}^{power}"


def text_fraction(num: int, den: int, pi: int) -> str:
    """Return num/(den π^pi) as text, pi 0 or 1.

    >>> text_fraction(5, 4, 1)
    '5/(4π)'
    """
    below = "" if den == 1 and not pi else f"{den}" if not pi else "π" if den == 1 else f"({den}π)"
    return f"{num}/{below}" if below else f"{num}"


def latex_fraction(num: int, den: int, pi: int) -> str:
    r"""Return num/(den π^pi) as LaTeX, pi 0 or 1.

    >>> print(latex_fraction(5, 4, 1))
    \frac{5}{4\,\pi}
    """
    below = "" if den == 1 and not pi else f"{den}" if not pi else r"\pi" if den == 1 else rf"{den}\,\pi"
    return rf"\frac{{{num}}}{{{below}}}" if below else f"{num}"

"""Certificates: the exact values a derivation reached, as small canonical JSON.

A value is i^unit · sign · √(numerator/denominator) · π^(−pi_power/2), written as the five integers
``"sign numerator denominator pi_power unit"``; zero is ``"0 0 1 0 0"``. Keys are integers joined by
blanks: degrees, then orders.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "certificates"


def value(sign: int, square: Fraction | int, pi_power: int = 0, unit: int = 0) -> str:
    """Write i^unit · sign · √square · π^(−pi_power/2)."""
    square = Fraction(square)
    if sign == 0 or square == 0:
        return "0 0 1 0 0"
    return f"{sign} {square.numerator} {square.denominator} {pi_power} {unit}"


def signed(square: Fraction | int, pi_power: int = 0, unit: int = 0) -> str:
    """Write a value given as sign·square, the root carrying the sign."""
    return value((square > 0) - (square < 0), abs(Fraction(square)), pi_power, unit)


def key(*numbers: int) -> str:
    return " ".join(str(number) for number in numbers)


def text(content: dict[str, Any]) -> str:
    """The one way a certificate is written: sorted keys, one entry per line, newline at the end."""
    return json.dumps(content, indent=0, sort_keys=True, ensure_ascii=True) + "\n"


def path(identifier: str) -> Path:
    return FOLDER / f"{identifier}.json"

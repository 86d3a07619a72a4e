"""Quote values in messages: whole where they are short, their beginning and length where they are long."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice
from typing import Any

#: A quoted value has at most this many characters, apart from the statement of its length.
LONGEST = 100

#: Characters of a message, and of one word of it, beyond which they are shortened.
MESSAGE, WORD = 4000, 200

#: Items of a collection, levels of nesting, and bits of an integer that are written out.
ITEMS, LEVELS, BITS = 30, 4, 332


def quoted(value: object) -> str:
    """Return ``repr(value)``, of a Fraction ``str(value)``, shortened to about 100 characters.

    Never fails, and never writes a huge value out first.

    >>> print(quoted("gaunt"), quoted([1, (2, 3)]), quoted(10**5000))
    'gaunt' [1, (2, 3)] an integer of 16610 bits
    >>> print(quoted("9" * 100_000)[-24:])
    999… (100000 characters)
    """
    return _cut(*_written(value, LEVELS))


def shortened(message: str) -> str:
    """Return a message whose long words, such as a quoted number of 10⁵ digits, are cut to their beginnings.

    >>> print(shortened("unknown table " + "x" * 100_000)[-30:])
    xxxxxxxxx… (100000 characters)
    """
    short = re.sub(rf"\S{{{WORD + 1},}}", lambda word: _cut(word.group(), len(word.group())), message)
    return short if len(short) <= MESSAGE else f"{short[:MESSAGE]}… ({len(message)} characters)"


def _cut(text: str, size: int) -> str:
    return text if size <= LONGEST else f"{text[:LONGEST]}… ({size} characters)"


def _written(value: object, levels: int) -> tuple[str, int]:
    """Return at least the beginning of a representation, and the characters that belong to the value."""
    if isinstance(value, (str, bytes)):
        text = repr(value[: LONGEST + 1])
        return text, max(len(value), len(text) - 2)
    if type(value) is int and value.bit_length() > BITS:
        text = f"an integer of {value.bit_length()} bits"
    elif type(value) in (list, tuple, dict, set, frozenset):
        text = _collection(value, levels)
    else:
        text = _represented(value)
    return text, len(text)


def _collection(value: Any, levels: int) -> str:
    """Return the representation of the first items of a collection, nested to ``levels`` levels."""
    if value and levels <= 0:
        return f"a {type(value).__name__} of {len(value)} items"
    items = [_written(item, levels - 1)[0] for item in islice(value, ITEMS)]
    if isinstance(value, dict):
        items = [f"{key}: {_written(value[name], levels - 1)[0]}" for key, name in zip(items, value, strict=False)]
    inner = ", ".join(items) + (f", … ({len(value)} items)" if len(value) > ITEMS else "")
    if isinstance(value, tuple):
        return f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{inner}]"
    return f"{{{inner}}}" if value else repr(value)


def _represented(value: object) -> str:
    try:
        return " ".join((str(value) if isinstance(value, Fraction) else repr(value)).split())
    except Exception:  # an integer inside with more digits than Python writes, or a repr that fails
        return f"a {type(value).__name__} that cannot be written out"

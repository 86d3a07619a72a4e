"""Validate names that come from a file or an option, by one pattern.

A name becomes part of file names, of identifiers and of generated source, so it can hold nothing that means something
there: no path separator, no quote, no space, no sign of another alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from coupling.quoted import quoted

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: No file of Windows can have such a name, whatever its suffix.
DEVICES = ("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)))
#: A version of a package, PEP 440: local versions have a plus.
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,63}")


def check_name(value: object, what: str = "name") -> str:
    """Return a name, or raise a ValueError that says what it may be.

    >>> check_name("real-l8")
    'real-l8'
    >>> check_name("../real-l8")
    Traceback (most recent call last):
    ValueError: name must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, \
got '../real-l8'
    """
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(
            f"{what} must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, "
            f"got {quoted(value)}"
        )
    if value.split(".")[0].upper() in DEVICES:
        raise ValueError(f"{what} must not be that of a device on Windows, {', '.join(DEVICES)}, got {quoted(value)}")
    return value


def suggestion(value: str, choices: Iterable[str]) -> str:
    """Return the end of a message on a name that is none of the choices: the nearest one, where one is near.

    >>> suggestion("E3N", ["e3nn", "e3x"]), suggestion("nothing", ["e3nn"])
    ('; did you mean e3nn?', '')
    """
    from difflib import get_close_matches

    near = get_close_matches(value.lower(), list(choices), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def file_stem(text: str) -> str:
    """Return a text as the beginning of a file name: it names no other folder and no hidden file.

    >>> file_stem("real-l4-mine"), file_stem("../../a b")
    ('real-l4-mine', '_.._a_b')
    """
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip(".-")


def is_version(value: object) -> bool:
    """Return whether a value is the version of a package.

    >>> is_version("0.1.0+local"), is_version("0.1.0 */ int x; /*")
    (True, False)
    """
    return isinstance(value, str) and VERSION.fullmatch(value) is not None

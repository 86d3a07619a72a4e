"""Read a convention from a TOML file of the user.

A convention file is TOML; every key but ``name`` may be left out::

    name = "mine"                             # [A-Za-z0-9][A-Za-z0-9._-]*, at most 64 characters
    program = "what it describes"
    basis = "real"                            # or "complex"
    axes = ["z", "-x", "y"]                   # the standard formulas are evaluated at these
    orders = "zero_first"                     # or "ascending", "cartesian", or [[0], [1, -1, 0]], degree by degree
    phase = "alternating"                     # or "positive", "without_condon_shortley", "negative_sines"
    norm = "racah"                            # or "orthonormal", "four_pi"
    scale = "orthogonal"                      # or "unit", "input_norm"
    slots = [2, 0, 1]                         # axis i of an array belongs to this slot; 2 is the output
    sign = "gaunt_sign"                       # or "e3nn_0_4", "mlff", or [[1, 2, 2], [2, 1, 2]], paths negated
    lmax = 10
    euler = "yxy"                             # Euler angles of its Wigner matrices

What the fields mean is written in ``coupling.foreign.convention``, what the names mean in ``coupling.foreign.choices``.
Every argument that takes a convention takes the name of such a file, ending in .toml, too.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from typing import Any

from coupling.files.container import read_regular
from coupling.foreign.choices import CHOICES, ListedOrders, NegatedPaths
from coupling.foreign.convention import Convention
from coupling.quoted import quoted
from coupling.selection import degree, one_of

#: No convention that makes sense is longer than this many bytes.
FILE_LIMIT = 1 << 20
#: field → what a list for it becomes
LISTS: dict[str, Any] = {"orders": ListedOrders, "sign": NegatedPaths}


def read_convention(path: str | os.PathLike[str]) -> Convention:
    """Return the convention of a TOML file, or raise a ValueError or TypeError that begins with the file's name.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     _ = file.write(b'name = "mine"\\norders = "cartesian"'), file.flush()
    ...     read_convention(file.name).orders(1)
    [1, -1, 0]
    """
    raw = read_regular(path, FILE_LIMIT)
    try:
        return parse_convention(raw)
    except RecursionError:
        raise ValueError(f"{path}: a convention file is flat; this one is nested too deeply to read") from None
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}") from None


def parse_convention(raw: bytes) -> Convention:
    """Return the convention written in the bytes of a TOML file.

    >>> parse_convention(b'name = "mine"\\norders = "up"')
    Traceback (most recent call last):
    ValueError: orders must be one of ascending, cartesian, zero_first, got 'up'
    """
    try:
        content = tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a TOML file: {error}") from None
    known = [field.name for field in fields(Convention)]
    for key in content:
        if key not in known:
            raise ValueError(f"unknown key {quoted(key)}; a convention has {', '.join(known)}")
    if "name" not in content:
        raise ValueError("a convention has a name; the key name is missing")
    return Convention(**{key: _value(key, value) for key, value in content.items()})


def _value(key: str, value: Any) -> Any:
    if key in LISTS and isinstance(value, list):
        return LISTS[key](_rows(key, value))
    if key in CHOICES:
        return CHOICES[key][one_of(value, tuple(CHOICES[key]), key)]
    if key == "lmax":
        return degree(value, "lmax")
    if key in ("axes", "slots"):
        return _triple(key, value)
    return value


def _rows(key: str, value: list[Any]) -> tuple[tuple[int, ...], ...]:
    widths = [3] * len(value) if key == "sign" else range(1, 2 * len(value), 2)
    for row, width in zip(value, widths, strict=True):
        if not isinstance(row, list) or len(row) != width or any(type(item) is not int for item in row):
            raise TypeError(
                f"{key} must be a list of lists of {'3' if key == 'sign' else '1, 3, 5, ...'} int, got {quoted(row)}"
            )
    return tuple(tuple(row) for row in value)


def _triple(key: str, value: Any) -> tuple[Any, ...]:
    kind = str if key == "axes" else int
    if not isinstance(value, list) or len(value) != 3 or any(type(item) is not kind for item in value):
        raise TypeError(f"{key} must be three of {kind.__name__}, got {quoted(value)}")
    return tuple(value)

"""Escape text for generated source: it ends no comment and no string, and names become identifiers.

Names are checked where they come in (:mod:`coupling.names`); a writer does not rely on it.  The full text stands in the
metadata of an export, as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def harmless(text: str) -> str:
    r"""Return a line that is safe in a comment of C and in a docstring of Python.

    What means something there becomes ``_``: quotes, backslashes, question marks (trigraphs), the ends and beginnings
    of comments, and everything but printable ASCII.

    >>> harmless("*/ int x; /* \"\"\" \\ \n é")
    '_/ int x; _* ___ _ _ _'
    """
    printable = re.sub(r'[^ -~]|[\\"?]', "_", text)
    return re.sub(r"\*(?=/)|/(?=\*)", "_", printable)


def identifier(text: str) -> str:
    """Return a text as an identifier of C and Python: what cannot stand in one becomes ``_``.

    >>> identifier("real-l4_e3nn"), identifier("8-real"), identifier("é")
    ('real_l4_e3nn', 'table_8_real', '_')
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return f"table_{plain}" if plain[:1].isdigit() else plain


def convention_line(convention: Mapping[str, Any]) -> str:
    """Return the fields of a convention as one line.

    >>> convention_line({"name": "c", "basis": "real", "axes": ["x", "-y", "z"], "orders": [[0], [1, -1, 0]]})
    'basis real, axes x -y z, orders (0) (1 -1 0)'
    """
    fields = {key: value for key, value in convention.items() if key not in ("name", "program")}
    return ", ".join(f"{key} {one_line(value)}" for key, value in fields.items())


def one_line(value: Any) -> str:
    """Return lists and lists of lists as one line without commas.

    >>> one_line([[1, 2, 2], [2, 1, 2]]), one_line(["x", "z"]), one_line(None)
    ('(1 2 2) (2 1 2)', 'x z', 'None')
    """
    if isinstance(value, list | tuple):
        return " ".join(f"({one_line(item)})" if isinstance(item, list | tuple) else str(item) for item in value)
    return str(value)

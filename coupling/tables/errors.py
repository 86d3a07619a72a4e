"""What is wrong with a table file."""

from __future__ import annotations

import os


class TableError(ValueError):
    """A table file that must not be used: which file, which field of it, what belongs there, what was found; and what
    to do about it, where that is known.

    >>> print(TableError("real-l4.safetensors", "schema_version", 1, 2))
    real-l4.safetensors: schema_version: expected 1, found 2
    """

    def __init__(
        self, file: str | os.PathLike[str], field: str, expected: object, found: object, advice: str = ""
    ) -> None:
        super().__init__(file, field, expected, found, advice)
        self.file = os.fspath(file)
        self.field = field
        self.expected = expected
        self.found = found
        self.advice = advice

    def __str__(self) -> str:
        sentence = f"{self.file}: {self.field}: expected {self.expected}, found {_short(self.found)}"
        return f"{sentence}; {self.advice}" if self.advice else sentence


def _short(found: object) -> str:
    """Return a text of a file in one line that moves no cursor."""
    text = str(found)
    line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text[:200])
    return line if len(text) <= 200 else f"{line}… ({len(text)} characters)"

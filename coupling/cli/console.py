"""Output to consoles and pipes: signs that their encoding lacks are spelled out, so that no output fails.

A console or pipe of Windows is cp1252 as a rule, one of a bare Linux container ASCII; both lack √ and most of the
others.
"""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import click

from coupling.quoted import shortened

#: What a sign becomes where it cannot be written; others become a question mark.
SPELLED = {
    "√": "sqrt", "π": "pi", "·": "*", "…": "...", "≤": "<=", "≥": ">=", "→": "->", "×": "x", "‖": "||", "−": "-",
    "²": "^2", "³": "^3", "⁴": "^4", "₁": "1", "₂": "2", "₃": "3", "∫": "integral ", "Σ": "sum ", "†": "+", "∘": "o",
    "⊗": " x ", "Å": "A", "α": "alpha", "–": "-", "’": "'", "“": '"', "”": '"', "⟨": "<", "⟩": ">", "∇": "grad ",
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "̂": "^",
}  # fmt: skip

HANDLER = "coupling.spelled"


def spelled(error: UnicodeError) -> tuple[str, int]:
    """Return what replaces the signs that an encoding lacks, and where to go on: a handler of :mod:`codecs`.

    >>> codecs.register_error(HANDLER, spelled)
    >>> "√(5/π) … 漢".encode("ascii", HANDLER)
    b'sqrt(5/pi) ... ?'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SPELLED.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def spell_out() -> None:
    """Let standard output and error spell out what their encoding lacks."""
    codecs.register_error(HANDLER, spelled)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a test or a notebook put something else
            stream.reconfigure(errors=HANDLER)


class Commands(click.Group):
    """A group of commands whose output never fails for its encoding and whose messages stay short."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command of an argument list."""
        spell_out()
        return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments of the group."""
        try:
            return super().make_context(*args, **kwargs)
        except click.ClickException as error:
            raise _short(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the arguments of the command and run it."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            raise _short(error) from None


def _short(error: click.ClickException) -> click.ClickException:
    error.message = shortened(error.message)  # type: ignore[misc]
    return error


def aligned(markdown: str) -> str:
    """Return tables of Markdown as columns for a terminal, and other lines without its emphasis.

    >>> print(aligned("| degrees | R = 1 |\\n| --- | --- |\\n| L = 2 | **0** |"))
    degrees  R = 1
    L = 2    0
    """
    lines = markdown.replace("**", "").split("\n")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else None for line in lines]
    widths = [max(map(len, column)) for column in zip_longest(*filter(None, rows), fillvalue="")]
    found = []
    for line, row in zip(lines, rows, strict=True):
        if row is None:
            found.append(line)
        elif set("".join(row)) != {"-"}:
            found.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip())
    return "\n".join(found)


def tell(sentence: str) -> None:
    """Say on the error stream what happened to a file of the store."""
    click.echo(f"\n{sentence}", err=True)


def bar(length: int) -> Any:
    """Return a bar on the error stream; its ``update(steps, words)`` moves it, and with 0 steps writes the words."""
    words: dict[str, Any] = {"item_show_func": lambda text: text or "", "update_min_steps": 0}
    return click.progressbar(length=length, show_pos=True, file=sys.stderr, **words)


@contextmanager
def progress_bar(name: str, entries: int) -> Iterator[Callable[[int], None]]:
    """Give a function that counts entries and, on a terminal and after a second, shows a bar.

    However often it is called, the bar moves ten times a second at most.
    """
    seen, due, done, bar = sys.stderr.isatty(), time.monotonic() + 1, 0, None

    def count(finished: int) -> None:
        nonlocal due, done, bar
        done += finished
        if not seen or (now := time.monotonic()) < due:
            return
        if bar is None:
            bar = click.progressbar(length=entries, label=name, file=sys.stderr, show_pos=True)
            bar.__enter__()
        bar.update(done)
        due, done = now + 0.1, 0

    try:
        yield count
    finally:
        if bar is not None:
            bar.update(done)
            bar.__exit__(None, None, None)

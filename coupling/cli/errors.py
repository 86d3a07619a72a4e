"""How the command ends when something is wrong: one sentence, no traceback, a status that says which kind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


def says_what_is_wrong(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that the package raises for bad input into a message and an exit status."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (MemoryError, OSError, TypeError, ValueError) as error:
            raise _exit(f"Error: {_sentence(error)}", UNUSABLE) from None
        except KeyboardInterrupt:
            raise _exit("Interrupted; what is finished is kept, the same command goes on.", INTERRUPTED) from None

    return wrapped


def _sentence(error: Exception) -> str:
    """Return what an error says; of one of the system, the file and the reason without its number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
    return str(error)


def _exit(message: str, status: int) -> click.exceptions.Exit:
    click.echo(message, err=True)
    return click.exceptions.Exit(status)

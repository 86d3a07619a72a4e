"""Errors of the command: one sentence, no traceback, and an exit status for each kind."""

from __future__ import annotations

import _thread
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import walk_stack, walk_tb
from types import FrameType
from typing import ParamSpec, TypeVar

import click

from coupling.quoted import shortened

P = ParamSpec("P")
R = TypeVar("R")

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
#: What a shell says of a program whose reader is gone.
PIPE = 141

#: A function that drops every exception, and the modules that note after each call of LLVM what it has freed or taken:
#: Python frees again what is interrupted in between, and crashes.
DEAF, BINDING = "__del__", "llvmlite.binding."
#: Seconds until an interruption that met one of them is tried again.
AGAIN = 0.01
#: The timer of the last interruption that was put off.
_PUT_OFF: list[threading.Timer] = []


def says_what_is_wrong(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that the package raises for bad input into a message and an exit status."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from coupling.files.atomic import FINISHED

        FINISHED.clear()
        try:
            with _interruptible():
                return command(*args, **kwargs)
        except BrokenPipeError as error:
            if _unnamed(error) != "standard output":
                raise _exit(f"Error: {_sentence(error)}", UNUSABLE) from None
            raise click.exceptions.Exit(PIPE) from None  # the reader has enough, as head has
        except (MemoryError, OSError, TypeError, ValueError) as error:
            raise _exit(f"Error: {_sentence(error)}", UNUSABLE) from None
        except KeyboardInterrupt:
            exec("")  # Python kills itself for an interruption inside exec, caught or not; this is its only reset
            raise _exit(_interrupted(), INTERRUPTED) from None

    return wrapped


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt for every SIGINT, also for one that Python would drop; see ``_interrupt``."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        try:
            while _PUT_OFF:  # none comes when the command has ended
                again = _PUT_OFF.pop()
                again.cancel()
                again.join()
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, a little later inside a finalizer, which would drop it, and inside llvmlite."""
    if any(_puts_off(each) for each, _ in walk_stack(frame)):
        again = threading.Timer(AGAIN, _interrupt_again)
        again.daemon = True
        _PUT_OFF[:] = [again]
        again.start()
        return
    raise KeyboardInterrupt


def _puts_off(frame: FrameType) -> bool:
    return frame.f_code.co_name == DEAF or frame.f_globals.get("__name__", "").startswith(BINDING)


def _interrupt_again() -> None:
    """Send SIGINT to the main thread, which may sleep or wait; on Windows it hears when it is done with that."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _sentence(error: Exception) -> str:
    """Return what an error says; of one of the system, the file and the reason without its number."""
    if isinstance(error, OSError) and error.strerror:
        where = error.filename if error.filename is not None else _unnamed(error)
        return shortened(f"{where}: {error.strerror[0].lower()}{error.strerror[1:]}")
    return shortened(str(error))


def _unnamed(error: OSError) -> str:
    """Return what an error of the system without a file name is about."""
    printing = any(frame.f_globals.get("__name__") == "click.utils" for frame, _ in walk_tb(error.__traceback__))
    if printing:  # Python would flush once more when it ends, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return "standard output" if printing else "the system"


def _interrupted() -> str:
    """Return what an interruption leaves behind: the files that this command has finished."""
    from coupling.files.atomic import FINISHED

    kept = [file for file in dict.fromkeys(FINISHED) if file.exists()]
    if not kept:
        return "Interrupted. Nothing was finished, and nothing is kept."
    files = f"{kept[-1]} is" if len(kept) == 1 else f"{len(kept)} finished files are"
    last = "" if len(kept) == 1 else f", the last is {kept[-1]}"
    return f"Interrupted. {files} kept{last}; run the same command to resume."


def _exit(message: str, status: int) -> click.exceptions.Exit:
    click.echo(message, err=True)
    return click.exceptions.Exit(status)

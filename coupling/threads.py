"""One thread of linear algebra: on small matrices several cost more than they gain, and round otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import environ

#: The variables that libraries of linear algebra read when they are loaded.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextmanager
def one_thread() -> Iterator[None]:
    """Let libraries that are loaded inside, by this process or one that it starts, use one thread.

    A library that is loaded already keeps its number of threads.

    >>> with one_thread():
    ...     environ["OPENBLAS_NUM_THREADS"]
    '1'
    """
    before = {name: environ.get(name) for name in THREADS}
    environ.update(THREADS)
    try:
        yield
    finally:
        for name, value in before.items():
            environ.pop(name) if value is None else environ.update({name: value})

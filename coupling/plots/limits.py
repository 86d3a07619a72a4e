"""The largest degree that a picture shows: beyond it parts are too small to be seen, and drawing takes minutes."""

from __future__ import annotations

from coupling.quoted import quoted


def require_drawable(what: str, limit: int, *lmax: int) -> None:
    """Raise ValueError, naming the limit, when a degree is larger than a picture shows.

    >>> require_drawable("path_diagram", 16, 100000)
    Traceback (most recent call last):
    ValueError: path_diagram draws degrees <= 16, got 100000
    """
    if max(lmax) > limit:
        raise ValueError(f"{what} draws degrees <= {limit}, got {quoted(max(lmax))}")

"""Libraries that an extra of the distribution installs: imported where they are used, missed in one sentence."""

from __future__ import annotations

from importlib import import_module
from typing import Any

DISTRIBUTION = "coupling-coefficients"


def from_extra(module: str, extra: str, what: str) -> Any:
    """Return a module that an extra installs.

    Raises ValueError, which says what needs the library and how to get it, where the library is missing; an import
    that fails inside it is raised as it is.

    >>> from_extra("matplotlib.colors", "plots", "pictures need").to_hex("white")
    '#ffffff'
    >>> from_extra("nothing_like_it.at_all", "plots", "pictures need")
    Traceback (most recent call last):
    ValueError: pictures need nothing_like_it, which is not installed: pip install 'coupling-coefficients[plots]'
    """
    library = module.split(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != library:
            raise
        raise ValueError(f"{what} {library}, which is not installed: pip install '{DISTRIBUTION}[{extra}]'") from None

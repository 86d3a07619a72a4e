"""The option ``--force`` of the commands that write files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def may_overwrite(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that lets a command write over a file that coupling did not write."""
    return click.option("--force", is_flag=True, help="Write over a file that coupling did not write.")(command)

"""A family on the command line: its name, with parameters and conjugated slots."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem


class FamilyName(click.ParamType):
    """The text of a family, or one of the names that a command takes besides."""

    name = "family"

    def __init__(self, *also: str) -> None:
        self.also = also

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text when there is such a family, or fail with what is valid."""
        from coupling.families import family

        if value in self.also:
            return str(value)
        try:
            return family(value, also=self.also).text
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin with what has been typed."""
        from coupling.families import names

        return [CompletionItem(name) for name in (*names(), *self.also) if name.startswith(incomplete)]

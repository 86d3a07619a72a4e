"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import CompletionItem

Command = Callable[..., Any]


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return the decorator that gives a command these options, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


#: Lets a command overwrite files of other programs.
may_overwrite = click.option("--force", is_flag=True, help="Write over a file that coupling did not write.")


class FamilyName(click.ParamType):
    """The name of a family with its parameters and conjugated slots, or one of the further names of a command."""

    name = "family"

    def __init__(self, *also: str) -> None:
        self.also = also

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text when there is such a family, or fail with what is valid."""
        from coupling.families import family

        for text in (str(value), str(value).lower()):
            if text in self.also:
                return text
            with suppress(ValueError):
                return family(text, also=self.also).text
        try:
            return family(value, also=self.also).text
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin with what has been typed."""
        from coupling.families import names

        return [CompletionItem(name) for name in (*names(), *self.also) if name.startswith(incomplete)]

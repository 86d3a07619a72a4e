"""``{command-help} build``: what ``coupling build --help`` prints, always the present text."""

from __future__ import annotations

from typing import Any

import click
from docutils import nodes
from docutils.parsers.rst import Directive


def help_of(name: str) -> str:
    """Return the help of a subcommand, or of the command itself for an empty name, in 100 columns."""
    from coupling.cli import main

    path = ["coupling", *name.split()]
    command: click.Command = main
    for part in path[1:]:
        command = command.commands[part]  # type: ignore[attr-defined]
    context = click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100)
    return command.get_help(context)


class CommandHelp(Directive):
    optional_arguments = 3

    def run(self) -> list[nodes.Node]:
        text = help_of(" ".join(self.arguments))
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}

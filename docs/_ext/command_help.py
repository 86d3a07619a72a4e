"""``{command-help}``: what ``coupling --help`` and the help of every subcommand print, always the present text."""

from __future__ import annotations

from typing import Any

import click


def helps() -> dict[str, str]:
    """Return {command: its help in 100 columns}, the main one first.

    >>> [name for name in helps() if name in ("coupling", "coupling build")]
    ['coupling', 'coupling build']
    """
    from coupling.cli import main

    commands: dict[str, click.Command] = {"coupling": main}
    for name, command in main.commands.items():
        commands[f"coupling {name}"] = command
        commands |= {f"coupling {name} {part}": below for part, below in getattr(command, "commands", {}).items()}
    return {name: help_of(name, command) for name, command in commands.items()}


def help_of(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, max_content_width=100, terminal_width=100)
    return command.get_help(context)


def page() -> str:
    """Return Markdown with a section for each command."""
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps().items())


def setup(app: Any) -> dict[str, bool]:
    from sphinx.util.docutils import SphinxDirective

    class CommandHelp(SphinxDirective):
        def run(self) -> list[Any]:
            return self.parse_text_to_nodes(page(), allow_section_headings=True)

    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}

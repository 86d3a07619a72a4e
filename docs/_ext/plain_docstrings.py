"""Docstrings are written for ``help()``: plain text with formulas in Unicode, roles, ``code`` and examples.

Before Sphinx reads one as reStructuredText, indented blocks become literal and what only looks like markup is escaped:
|m| is an absolute value, not a substitution.  Signatures show annotations as they are written.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

LITERAL = re.compile(r"(``.+?``|:[\w:]+:`.+?`|\*\*\w[^*]*\*\*|(?<![\w*])\*\w[^*]*\w\*(?!\w))", re.S)
LOOKS_LIKE_MARKUP = re.compile(r"([|*]|_(?!\w))")
ARGUMENT = re.compile(r"(\w+(?:, \w+)*) : (.+)")
LIST_ITEM = re.compile(r"([-*+]|\d+\.|\(?[a-z\d]\))\s")


def escape(text: str) -> str:
    """Return a line with |, * and final underscores escaped outside literals, roles and bold words.

    >>> escape("``a|b`` unless |m| <= l")
    '``a|b`` unless \\\\|m\\\\| <= l'
    """
    parts = LITERAL.split(text)
    return "".join(part if k % 2 else LOOKS_LIKE_MARKUP.sub(r"\\\1", part) for k, part in enumerate(parts))


def blocks(lines: list[str]) -> list[list[str]]:
    """Return the parts of a docstring that blank lines separate."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def arguments(block: list[str]) -> list[str]:
    """Return a block of lines ``name : what it is`` as a list; other lines after it are a paragraph of their own.

    >>> arguments(["x : a number,", "    or none", "Returns it."])
    ['- ``x``: a number,', '  or none', '', 'Returns it.']
    """
    result: list[str] = []
    for line in block:
        match = ARGUMENT.match(line)
        if match:
            result.append(f"- ``{match[1]}``: {match[2]}")
        elif line[0] == " ":
            result.append("  " + line.strip())
        else:
            result += [*([""] if result[-1][:1] in "- " else []), line]
    return result


def items(block: list[str]) -> list[str]:
    """Return a block of list items, each continued by lines of whatever indentation.

    >>> items(["- one,", "still one", "- two"])
    ['- one,', '  still one', '- two']
    """
    return [line if LIST_ITEM.match(line) else f"  {line.strip()}" for line in block]


def restructured(lines: list[str]) -> list[str]:
    """Return a docstring as reStructuredText.

    >>> restructured(["Return |x|:", "", "    |x| = 1"])
    ['Return \\\\|x\\\\|:', '', '::', '', '    |x| = 1', '']
    """
    result: list[str] = []
    in_list = literal = False
    for block in blocks(lines):
        block = arguments(block) if ARGUMENT.match(block[0]) else block
        indent = min(len(line) - len(line.lstrip()) for line in block)
        if not indent:
            in_list = bool(LIST_ITEM.match(block[0]))
            block = items(block) if in_list else block
            literal = False
        if block[0].lstrip().startswith(">>>") and not indent:
            result += [*block, ""]
        elif indent and not in_list:
            result += [*([] if literal else ["::", ""]), *block, ""]
            literal = True
        else:
            literal = block[-1].endswith("::")
            result += [*escape("\n".join(block)).split("\n"), ""]
    return result


def process_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = restructured(lines)


def skip_member(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what only says that a field of a named tuple is one."""
    return True if str(getattr(obj, "__doc__", "")).startswith("Alias for field number") else None


class Written(str):
    """An annotation or a default that is shown as it stands in the source."""

    def __repr__(self) -> str:
        return str(self)


def process_signature(app: Any, what: str, name: str, obj: Any, options: Any, args: Any, returns: Any) -> Any:
    """Return the signature with annotations unevaluated; None, Sphinx's own, where there is none."""
    try:
        signature = inspect.signature(obj)
    except (TypeError, ValueError):
        return None
    if what == "class" or not callable(obj):
        signature = signature.replace(return_annotation=inspect.Signature.empty)
    parameters = [
        p.replace(annotation=_written(p.annotation), default=_default(p.default)) for p in signature.parameters.values()
    ]
    if what == "method" and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    returned = signature.return_annotation
    text = str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    return text, None if returned is inspect.Signature.empty else str(returned)


def _written(annotation: Any) -> Any:
    text = getattr(annotation, "__forward_arg__", annotation)
    return Written(text) if isinstance(text, str) else annotation


def _default(value: Any) -> Any:
    """Return a default, or an ellipsis for an object that is known by its address alone."""
    return Written("...") if " at 0x" in repr(value) else value


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-skip-member", skip_member)
    return {"parallel_read_safe": True}

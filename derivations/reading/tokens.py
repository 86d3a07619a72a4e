r"""The LaTeX of a statement as a list of tokens, without spaces and without the sizes of parentheses."""

import re

TOKEN = re.compile(
    r"(?P<skip>\s+|\\[,;:!]|~|\\ |\\(?:left|right|bigl|bigr|Bigl|Bigr|big|Big|bigm|displaystyle|limits)(?![a-zA-Z]))"
    r"|(?P<text>\\text\s*\{[^{}]*\})"
    r"|(?P<roman>\\(?:mathrm|operatorname|mathsf|mathbb)\s*(?:\{[^{}]*\}|[A-Za-z]))"
    r"|(?P<table>\\(?:begin|end)\s*\{[a-zA-Z]+\})"
    r"|(?P<row>\\\\(?:\[[^\]]*\])?)"
    r"|(?P<word>\\[A-Za-z]+)"
    r"|(?P<solid>d\\Omega)"
    r"|(?P<symbol>[369]j)"
    r"|(?P<escaped>\\[{}|#])"
    r"|(?P<one>.)",
    re.DOTALL,
)
RENAMED = {"\\tfrac": "\\frac", "\\dfrac": "\\frac", "\\tbinom": "\\binom", "\\geq": "\\ge", "\\leq": "\\le"}
OPEN = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "\\langle": "\\rangle"}


class Unreadable(Exception):
    """A text that is no formula of the pages, or an unexplained name."""


def tokens(latex: str) -> list[str]:
    r"""Split LaTeX into tokens: ``\text{…}``, ``\begin{…}``, commands, single digits and letters.

    >>> tokens(r"\tfrac12\,l_1!")
    ['\\frac', '1', '2', 'l', '_', '1', '!']
    """
    found = []
    for match in TOKEN.finditer(latex):
        kind, text = match.lastgroup, match.group()
        if kind == "skip":
            continue
        if kind in ("roman", "table"):
            text = "".join(text.split())
            if kind == "roman" and not text.endswith("}"):
                text = f"{text[:-1]}{{{text[-1]}}}"
        found.append(RENAMED.get(text, "\\\\" if kind == "row" else text))
    return found


def closing(found: list[str], start: int) -> int:
    """Position of the token that closes the one at ``start``."""
    depth = 0
    for place in range(start, len(found)):
        token = found[place]
        if token in OPEN or token.startswith("\\begin"):
            depth += 1
        elif token in OPEN.values() or token.startswith("\\end"):
            depth -= 1
        if depth == 0:
            return place
    raise Unreadable(f"nothing closes {found[start]} in {' '.join(found)}")


def split(found: list[str], separators: tuple[str, ...]) -> list[list[str]]:
    """Split at the separators that stand outside all parentheses; empty parts too."""
    parts: list[list[str]] = [[]]
    place = 0
    while place < len(found):
        token = found[place]
        if token in separators:
            parts.append([])
        elif token in OPEN or token.startswith("\\begin"):
            end = closing(found, place)
            parts[-1] += found[place : end + 1]
            place = end
        else:
            parts[-1].append(token)
        place += 1
    return parts

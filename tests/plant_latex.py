"""Faults in the LaTeX of derivations: in what is displayed, and in the formulas among the words of a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from derivations.reading import STATEMENT
from derivations.reading.texts import names
from tests.plant_faults import Fault, Places
from tests.sources import ROOT, tree

LATEX = re.compile(
    r"(?P<skip>\\\\\[[^]]*\]|\\begin\{array\}\{[^}]*\}|\\(?:text|begin|end)\s*\{[^}]*\}|\\[!,;:\\])"
    r"|(?P<digit>\d)|(?P<sign>[+-])|(?P<factorial>!)"
    r"|(?P<word>\\(?:sin|cos|ge|ne|sum|prod|frac|tfrac|sqrt|nabla|overline)(?![a-zA-Z]))"
    r"|(?P<unit>\\mathrm i(?![a-z]))|(?P<equal>=)|(?P<letter>(?<![\\a-zA-Z])[fghXYGA](?![a-z]))|(?P<other>\\[a-zA-Z]+)"
)
WORDS = {
    "\\sin": "\\cos",
    "\\cos": "\\sin",
    "\\ge": "<",
    "\\ne": "=",
    "\\sum": "\\prod",
    "\\prod": "\\sum",
    "\\frac": "\\binom",
    "\\tfrac": "\\tbinom",
    "\\sqrt": "",
    "\\nabla": "",
    "\\overline": "",
}
WORDS_OF = ", in words"  # after the title of a step
#: Formulas among words; names alone are left out: with another name it is another sentence, not another formula.
FORMULA = re.compile(r"\$\$[^$]+\$\$|\$[^$]+\$")


def statements(module: ast.Module) -> Iterator[tuple[str, list[ast.Constant]]]:
    """The texts of a derivation that hold formulas, with the title of the step: what is displayed, and the words."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = {word.arg: word.value for word in node.keywords}
            if node.func.id == "Step" and len(node.args) > 1 and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), texts(node.args[1])
                yield f"{node.args[0].value}{WORDS_OF}", texts(given.get("because"))
            elif node.func.id == "Derivation" and "statement" in given:
                yield STATEMENT, texts(given["statement"])
                for name in ("introduction", "hypotheses", "conclusion"):
                    yield f"{name}{WORDS_OF}", texts(given.get(name))
        elif isinstance(node, ast.FunctionDef) and node.name == "verify":
            yield f"verify{WORDS_OF}", texts(node.body[0])


def texts(node: ast.AST | None) -> list[ast.Constant]:
    """The literal texts of an expression, without those that are made of numbers that the code checks."""
    if node is None or isinstance(node, ast.Call):
        return []
    if isinstance(node, ast.Constant):
        return [node] if isinstance(node.value, str) else []
    return [text for child in ast.iter_child_nodes(node) for text in texts(child)]


def in_latex(file: Path, constant: ast.Constant, in_words: bool = False) -> Iterator[Fault]:
    """Every fault of the formula in one text, or of the formulas among its words, names alone left out."""
    places = Places(str(file.relative_to(ROOT)), file.read_bytes())
    begin = places.begin(constant)
    source = places.source[begin : places.end(constant)].decode()
    spans = (
        [f.span() for f in FORMULA.finditer(source) if not names(f.group().strip("$"))]
        if in_words
        else [(0, len(source))]
    )
    for match in (match for span in spans for match in LATEX.finditer(source, *span)):
        old, new = match.group(), replaced(match)
        if new is not None:
            start = begin + len(source[: match.start()].encode())
            yield places.fault(start, start + len(old.encode()), new)


def replaced(match: re.Match[str]) -> str | None:
    """What is written in place of a digit, a sign, a factorial, an imaginary unit, a relation, a letter, a function."""
    old = match.group()
    match match.lastgroup:
        case "digit":
            return str((int(old) + 1) % 10)
        case "sign":
            return "-" if old == "+" else "+"
        case "factorial" | "unit":
            return "" if old == "!" else "2"
        case "equal":
            return "\\ne "
        case "letter":
            return dict(zip("fghXYGA", "ghfYXAG", strict=True))[old]
    return WORDS.get(old)


def latex_faults() -> dict[tuple[str, str], list[Fault]]:
    """Faults in every statement and step, by derivation and title."""
    found: dict[tuple[str, str], list[Fault]] = {}
    for file in sorted((ROOT / "derivations").glob("*.py")):
        for title, constants in statements(tree(file)):
            in_words = title.endswith(WORDS_OF)
            faults = [fault for constant in constants for fault in in_latex(file, constant, in_words)]
            if faults:
                found.setdefault((file.stem, title), []).extend(faults)
    return found

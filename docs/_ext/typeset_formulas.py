"""Formulas of docstrings, typeset: the LaTeX on a page is made of the very text that ``help()`` prints.

A formula is an indented block of a docstring in the notation of the package: ``Σ_p w_p C[m1, m2, m3] x[l1 m1]``,
``3j(l1 l2 l3; m1 m2 m3)``, ``√(P/4π)``, ``(-1)^(l1-l2+m3)``, ``Y^{l+s}_{lm}``, ``sY_lm`` with a spin weight.  Two or
more spaces set columns apart, and some of them may be remarks in words.  A block with anything else in it, such as a
word in a formula, a line without a formula or a line of code, is no formula and stays literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

CLOSERS = {"(": ")", "[": "]", "{": "}", "⌈": "⌉", "⟨": "⟩"}
DELIMITERS = {"(": ("(", ")"), "[": ("[", "]"), "{": (r"\{", r"\}"), "⌈": (r"\lceil ", r"\rceil "),
              "⟨": (r"\langle ", r"\rangle ")}  # fmt: skip
SIGNS = {
    "∫": r"\int ", "Σ": r"\sum ", "Π": r"\prod ", "∇": r"\nabla ", "∂": r"\partial ", "×": r"\times ", "·": r"\cdot ",
    "⊗": r"\otimes ", "→": r"\to ", "⇒": r"\Rightarrow ", "≈": r"\approx ", "≠": r"\ne ", "≤": r"\le ", "≥": r"\ge ",
    "…": r"\dots ", "±": r"\pm ", "∓": r"\mp ", "‖": r"\|", "½": r"\tfrac12 ", "¼": r"\tfrac14 ", "²": "^2", "³": "^3",
    "ᵀ": r"^{\mathsf T}", "†": r"^\dagger ", "∘": r"\circ ", "%": r"\bmod ", "ð": r"\eth ", "₊": "_+", "₋": "_-",
    "ℝ": r"\mathbb R", "ℂ": r"\mathbb C", "ℍ": r"\mathbb H", "ℚ": r"\mathbb Q", "Δ": r"\Delta ", "Φ": r"\Phi ",
    "Ω": r"\Omega ", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\varepsilon ",
    "η": r"\eta ", "θ": r"\theta ", "κ": r"\kappa ", "λ": r"\lambda ", "μ": r"\mu ", "ν": r"\nu ", "π": r"\pi ",
    "ρ": r"\rho ", "σ": r"\sigma ", "τ": r"\tau ", "φ": r"\varphi ", "ω": r"\omega ",
}  # fmt: skip
FUNCTIONS = {"cos", "cot", "det", "exp", "sin"}
NAMED = {"Im", "Re", "conj", "core", "norm", "phase", "scale", "sign", "tr"}  # upright, as no command of LaTeX has them
OPERATORS = set("+-=·×⊗→⇒≈≠≤≥<>,;:/…±∓%")
TWO = {"<=": r"\le ", ">=": r"\ge ", "⁻¹": "^{-1}", "dΩ": r"d\Omega "}
RUN = re.compile(r"[-±∓]?[A-Za-z0-9α-ωΑ-Ω']+")
INDEXED = re.compile(r"([A-Za-zα-ωΑ-Ω])([1-9]\d*)")
SPIN_WEIGHTED = re.compile(r"(s[1-3+-]?|-s|[01]|s\+1)Y(?![a-z])")
HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
WORD = re.compile(r"[^\W\d_]{2,}(['-][^\W\d_]+)*|a|“\w+”")


class NotAFormula(ValueError):
    """A text that is not in the notation of formulas."""


def typeset(lines: list[str]) -> list[str]:
    """Return reStructuredText with the formulas among its literal blocks as LaTeX; others stay literal.

    >>> typeset(["Return:", "", "::", "", "    a = √2", "", "    code = fma(a)", ""])
    ['Return:', '', '.. math::', '', '   a = \\\\sqrt{2}', '', '::', '', '    code = fma(a)', '']
    """
    result: list[str] = []
    within = False  # what "::" has opened
    for block in [list(group) for filled, group in groupby(lines, lambda line: bool(line.strip())) if filled]:
        if block == ["::"]:
            within = True
            continue
        within = within and block[0][0] == " "
        result += [*((displayed(block) or ["::", "", *block]) if within else block), ""]
    return result


def displayed(block: list[str]) -> list[str] | None:
    """Return the directive of an indented block, or None if the block is no formula.

    >>> print(*displayed(["    a = 1", "    b = √2"]), sep="\\n")
    .. math::
    <BLANKLINE>
       \\begin{aligned}&a = 1 \\\\ &b = \\sqrt{2}\\end{aligned}
    >>> displayed(["    total = fma(a, b)"]), displayed(["    P_l,m-1"])
    (None, None)
    """
    try:
        lines = [(r"\qquad " if line[4] == " " else "") + latex(line.strip()) for line in block]
    except NotAFormula:
        return columns(block)
    rows = r" \\ &".join(lines)
    return [".. math::", "", "   " + (rows if len(lines) == 1 else rf"\begin{{aligned}}&{rows}\end{{aligned}}")]


def columns(block: list[str]) -> list[str] | None:
    """Return the directive of a block of formulas and remarks in columns, or None if a line has no formula.

    >>> print(*columns(["    radial    r Y", "    here      Y    for j"]), sep="\\n")
    .. math::
    <BLANKLINE>
       \\begin{aligned}&\\text{radial}&&\\quad r\\,Y \\\\ &\\text{here}&&\\quad Y&&\\quad \\text{for $j$}\\end{aligned}
    >>> columns(["    sparse   the coefficients"]), columns(["    load a b"])
    (None, None)
    """
    rows = []
    for line in block:
        cells = re.split(r"\s{2,}", line.strip())
        read = [_tried(latex, cell) for cell in cells]
        made = [cell or _tried(remark, text) for cell, text in zip(read, cells, strict=True)]
        if not any(read) or not all(made):
            return None
        rows.append("&" + r"&&\quad ".join(f"{{{cell}}}" if cell[0] == "-" else cell for cell in map(str, made)))
    body = r" \\ ".join(rows)
    return [".. math::", "", rf"   \begin{{aligned}}{body}\end{{aligned}}"]


def _tried(read: Callable[[str], str], text: str) -> str | None:
    try:
        return read(text)
    except NotAFormula:
        return None


def remark(text: str) -> str:
    """Return words, with what is not a word among them as a formula.

    >>> remark("the copies j of l1 (m > 0)")
    '\\\\text{the copies $j$ of $l_1$ ($m$ $>$ $0$)}'
    """
    result = []
    for token in text.split(" "):
        excess = token.count("(") - token.count(")")  # of brackets that are open around the token
        before, inner = ("(", token[1:]) if excess > 0 and token[0] == "(" else ("", token)
        after = re.search(r"(\)(?=[.,;:]*$))?[.,;:]*$" if excess < 0 else r"[.,;:]*$", inner)[0]  # type: ignore[index]
        inner = inner.removesuffix(after)
        inner = re.sub(r'"(\w+)"', r"“\1”", inner)  # the two quotes of MathJax look the same otherwise
        result.append(before + (inner if WORD.fullmatch(inner) else f"${latex(inner).strip()}$") + after)
    if not any("$" not in token for token in result):
        raise NotAFormula(text)
    return rf"\text{{{' '.join(result)}}}"


def latex(text: str, script: bool = False) -> str:
    """Return a formula as LaTeX.  Raises NotAFormula.

    >>> latex("z[l3 m3] = Σ_p w_p x[l1 m1]")
    'z_{l_3 m_3} = \\\\sum_{p}\\\\,w_{p}\\\\,x_{l_1 m_1}'
    >>> latex("√(P/4π) 3j(l1 l2 l3; 0 0 0)")
    '\\\\sqrt{P/4\\\\pi}\\\\,\\\\begin{pmatrix}l_1&l_2&l_3\\\\\\\\0&0&0\\\\end{pmatrix}'
    """
    return re.sub(r"(\\[A-Za-z]+) (?![A-Za-z])", r"\1", "".join(part for part, _ in parts(text, script)))


def parts(text: str, script: bool) -> Iterator[tuple[str, int]]:
    """Parts of a formula as LaTeX, each with the position in the text at which it ends."""
    at = 0
    while at < len(text):
        part, end = next_part(text, at, script)
        yield part, end
        at = end


def next_part(text: str, at: int, script: bool) -> tuple[str, int]:
    """Return what stands at a position as LaTeX, and where it ends."""
    rest, sign = text[at:], text[at]
    if sign == " ":
        part, end = space(text, at)
        return (" " if script else part), end
    found = re.match(r"\|?[369]j(?=[({])|[({](?=[^(){}]*;)", rest)
    if found and not (at and text[at - 1].isalnum()):
        return symbol(text, at, found[0])
    if (found := SPIN_WEIGHTED.match(rest)) and not (at and text[at - 1].isalnum()):
        return rf"{{}}_{{{latex(found[1], True)}}}", at + found.end() - 1
    if text[at + 1 : at + 2] == HAT and sign.isalpha():
        return rf"\hat {sign}", at + 2
    if sign == "√":
        return root(text, at)
    if sign in "_^":
        return raised(text, at)
    if sign in CLOSERS:
        return bracket(text, at, script)
    for two, translated in TWO.items():
        if rest.startswith(two):
            return translated, at + len(two)
    if (sign.isascii() and sign.isalpha()) or sign in SIGNS:
        return letters(text, at, script)
    if sign == "*" and at and text[at - 1].isalpha() and rest[1:2] in ("", " ", ",", ")"):  # of a conjugate
        return "^*", at + 1
    if sign.isdigit() or sign in "+-=<>,;:/!'|.":
        return sign, at + 1
    raise NotAFormula(sign)


def space(text: str, at: int) -> tuple[str, int]:
    """Return the space between two factors, beside an operator, or between two formulas of one line.

    >>> space("a b", 1), space("a = b", 1), space("a = b,    c", 6), space("l -m", 1)
    (('\\\\,', 2), (' ', 2), ('\\\\qquad ', 10), ('\\\\,{-}', 3))
    """
    end = at + len(text[at:]) - len(text[at:].lstrip(" "))
    if SPIN_WEIGHTED.match(text, end):
        return (" " if text[at - 1] in OPERATORS else r"\,"), end
    if re.match(r"-\S", text[end:]) and text[at - 1] not in OPERATORS:  # ⟨l -m|: the sign of m, no difference
        return r"\,{-}", end + 1
    if end - at > 1 and text[end] != "=":
        return r"\qquad " if end - at > 2 else r"\quad ", end
    beside = {text[at - 1], text[end]} & OPERATORS
    return " " if beside else r"\,", end


def closing(text: str, at: int) -> int:
    """Return the position of the bracket that closes the one at a position.

    >>> closing("(a (b)) c", 0)
    6
    """
    stack: list[str] = []
    for position, sign in enumerate(text[at:], at):
        if sign in CLOSERS:
            stack.append(CLOSERS[sign])
        elif stack and sign == stack[-1]:
            stack.pop()
        if not stack:
            return position
    raise NotAFormula(text[at:])


def bracket(text: str, at: int, script: bool) -> tuple[str, int]:
    """Return a bracket, of a size that holds what is in it."""
    end = closing(text, at)
    inner = latex(text[at + 1 : end], script)
    size = (r"\left", r"\right") if re.search(r"\\(begin|sum|prod)", inner) else ("", "")
    left, right = DELIMITERS[text[at]]
    return f"{size[0]}{left}{inner}{size[1]}{right}", end + 1


def symbol(text: str, at: int, start: str) -> tuple[str, int]:
    """Return a 3j, 6j or 9j symbol, rows apart by semicolons; bars around it are an absolute value.

    >>> symbol("6j{a b c; j j j}", 0, "6j")[0]
    '\\\\begin{Bmatrix}a&b&c\\\\\\\\j&j&j\\\\end{Bmatrix}'
    """
    first = at + len(start) if start[-1] == "j" else at
    end = closing(text, first)
    rows = [row.split() for row in text[first + 1 : end].split(";")]
    kind = "pmatrix" if text[first] == "(" else "Bmatrix"
    if not allowed(start.strip("|({"), text[first], [len(row) for row in rows]):
        raise NotAFormula(text)
    body = r"\\".join("&".join(latex(entry) for entry in row) for row in rows)
    made = rf"\begin{{{kind}}}{body}\end{{{kind}}}"
    if start[0] != "|":
        return made, end + 1
    if text[end + 1 : end + 2] != "|":
        raise NotAFormula(text)
    return rf"\left|{made}\right|", end + 2


def allowed(name: str, opened: str, rows: list[int]) -> bool:
    """Return whether a symbol has its bracket and its rows of three; without a name they say which it is.

    >>> allowed("6j", "{", [3, 3]), allowed("", "(", [3, 3]), allowed("6j", "(", [3, 3]), allowed("9j", "{", [3, 3])
    (True, True, False, False)
    """
    found = {("(", 2): "3j", ("{", 2): "6j", ("{", 3): "9j"}.get((opened, len(rows)))
    return found is not None and name in ("", found) and set(rows) == {3}


def root(text: str, at: int) -> tuple[str, int]:
    """Return the square root of a bracket, or of a number or letter with its index.

    >>> root("√2 b", 0), root("√(2l+1)", 0)
    (('\\\\sqrt{2}', 2), ('\\\\sqrt{2l+1}', 7))
    """
    if text[at + 1 : at + 2] in ("(", "["):
        end = closing(text, at + 1)
        return rf"\sqrt{{{latex(text[at + 2 : end])}}}", end + 1
    if text.startswith("binom(", at + 1):
        inner, end = binomial(text, at + 1 + len("binom"))
        return rf"\sqrt{{{inner}}}", end
    found = re.match(r"\d+|[A-Za-zα-ω]", text[at + 1 :])
    if not found:
        raise NotAFormula(text[at:])
    return rf"\sqrt{{{latex(found[0])}}}", at + 1 + found.end()


def raised(text: str, at: int) -> tuple[str, int]:
    """Return an index or a power: a bracket, or a run of letters, digits and one sign.

    >>> raised("_l1m1 x", 0), raised("^(j-m) x", 0), raised("_-m", 0)
    (('_{l_1m_1}', 5), ('^{j-m}', 6), ('_{-m}', 3))
    """
    if text[at + 1 : at + 2] in ("{", "("):
        end = closing(text, at + 1)
        return f"{text[at]}{{{latex(text[at + 2 : end], True)}}}", end + 1
    found = RUN.match(text, at + 1)
    if not found or re.match(r",\S", text[found.end() :]):  # of ``P_l,m`` one does not know where the index ends
        raise NotAFormula(text[at:])
    return f"{text[at]}{{{latex(found[0], True)}}}", found.end()


def letters(text: str, at: int, script: bool) -> tuple[str, int]:
    """Return a letter with its number or index, a function, or in an index a word.

    >>> letters("l12 ", 0, False), letters("C[m1, m2]", 0, False), letters("exp(x)", 0, False)
    (('l_{12}', 3), ('C_{m_1, m_2}', 9), ('\\\\exp ', 3))
    """
    if text[at] in SIGNS and not INDEXED.match(text, at):
        return SIGNS[text[at]], at + 1
    if found := INDEXED.match(text, at):
        number = found[2] if len(found[2]) == 1 else f"{{{found[2]}}}"
        return f"{SIGNS.get(found[1], found[1]).strip()}_{number}", found.end()
    word = re.compile(r"[A-Za-z]+").match(text, at)[0]  # type: ignore[index]
    if word == "binom":
        return binomial(text, at + len(word))
    if word in FUNCTIONS | NAMED:
        return rf"\{word} " if word in FUNCTIONS else rf"\operatorname{{{word}}} ", at + len(word)
    if len(word) > 1:
        return in_words(word, script), at + len(word)
    if text[at + 1 : at + 2] == "[":
        end = closing(text, at + 1)
        return f"{word}_{{{latex(text[at + 2 : end], True)}}}", end + 1
    return word, at + 1


def in_words(word: str, script: bool) -> str:
    """Return the letters of an index, as many as two, or a word in it; elsewhere a word is no formula."""
    if not script:
        raise NotAFormula(word)
    return word if len(word) == 2 else rf"\text{{{word}}}"


def binomial(text: str, at: int) -> tuple[str, int]:
    """Return a binomial coefficient from its bracket with two arguments.

    >>> binomial("(2j, j+m)", 0)[0]
    '\\\\binom{2j}{j+m}'
    """
    if text[at : at + 1] != "(":
        raise NotAFormula(text)
    end = closing(text, at)
    upper, comma, lower = text[at + 1 : end].partition(",")
    if not comma:
        raise NotAFormula(text)
    return rf"\binom{{{latex(upper.strip())}}}{{{latex(lower.strip())}}}", end + 1


def process_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if name != "coupling.conventions":  # typeset_conventions has all of its formulas, those in the text too
        lines[:] = typeset(lines)


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", process_docstring, priority=700)  # after plain_docstrings
    return {"parallel_read_safe": True}

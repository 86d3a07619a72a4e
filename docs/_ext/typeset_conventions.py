"""The page of conventions, typeset: the docstring of ``coupling.conventions`` with its formulas as LaTeX.

The docstring is plain text for ``help()``.  Here each of its formulas has a counterpart; ``untranslated`` lists those
that have none, which a test keeps empty, so that a change there is a change here.
"""

from __future__ import annotations

import re
from typing import Any

#: A formula of the docstring, in double backquotes or bare → LaTeX.
INLINE = {
    "``l = 0, 1, 2, …``": r"l = 0, 1, 2, \dots",
    "``m = -l … l``": r"m = -l, \dots, l",
    "``J = l1 + l2 + l3``": r"J = l_1 + l_2 + l_3",
    "``P = (2l1+1)(2l2+1)(2l3+1)``": r"P = (2l_1+1)(2l_2+1)(2l_3+1)",
    "``l² + l + m``": r"l^2 + l + m",
    "``Y_lm``": r"Y_{lm}",
    "``conj(Y_lm) = (-1)^m Y_{l,-m}``": r"\overline{Y_{lm}} = (-1)^m\,Y_{l,-m}",
    "``R_lm``": r"R_{lm}",
    "m < 0 is a sine and m > 0 a cosine": (r"m<0", "is a sine and", r"m>0", "a cosine"),
    "√(3/4π) (y, z, x)": r"\sqrt{3/4\pi}\,(y, z, x)",
    "``U_l``": r"U_l",
    "``R_l = U_l Y_l``": r"R_l = U_l Y_l",
    "``C(l1,l2,l3) = (-i)^J (U_l1 ⊗ U_l2 ⊗ U_l3) 3j``": r"C(l_1,l_2,l_3) = (-\mathrm i)^J\,(U_{l_1}\otimes U_{l_2}"
    r"\otimes U_{l_3})\begin{pmatrix} l_1&l_2&l_3\\ \cdot&\cdot&\cdot\end{pmatrix}",
    "(-1)^J": r"(-1)^J",
    "``C(1,1,1) = ε/√6``": r"C(1,1,1) = \varepsilon/\sqrt6",
    "``K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0)``": r"K = \sqrt{l_1(l_1+1)\,l_2(l_2+1)}"
    r"\begin{pmatrix} l_1&l_2&l_3\\ 1&-1&0\end{pmatrix}",
    "``∫ Y1 Y2 Y3 dΩ``": r"\int Y_1Y_2Y_3\,d\Omega",
    "``∫ Y1 r·(∇Y2 × ∇Y3) dΩ``": r"\int Y_1\,r\cdot(\nabla Y_2\times\nabla Y_3)\,d\Omega",
    "``+√(P/4π) |3j(000)| C``": r"+\sqrt{P/4\pi}\,\left|\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}\right| C",
    "``+√(P/4π) |K| C``": r"+\sqrt{P/4\pi}\,|K|\,C",
    "``√(2l3+1) C``": r"\sqrt{2l_3+1}\,C",
    "sum to 4π": ("sum to", r"4\pi"),
    "(∂θ, ∂φ/sin θ)": r"(\partial_\theta,\ \partial_\varphi/\sin\theta)",
    "(e_θ, e_φ, r)": r"(e_\theta, e_\varphi, r)",
    "``{f, g} = r·(∇f × ∇g) = f_θ g_φ - f_φ g_θ``": r"\{f, g\} = r\cdot(\nabla f\times\nabla g)"
    r" = f_\theta g_\varphi - f_\varphi g_\theta",
}

#: Code, which stays code.
CODE = {
    "``wigner_3j(l1, l2, l3, m1, m2, m3)``",
    "``[(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]``",
    "``Ynm``",
    "``sph_harm_y(l, m, θ, φ)``",
    "``wigner_3j``",
    "``gaunt``",
    "``antisymmetric_gaunt``",
    "``clebsch_gordan``",
}

#: An indented block of the docstring, spaces apart → LaTeX.
BLOCKS = {
    "R_l0 = Y_l0 R_lm = [Y_{l,-m} + (-1)^m Y_lm] / √2 m > 0 R_{l,-m} = i [Y_{l,-m} - (-1)^m Y_lm] / √2 m > 0": r"""
R_{l0} &= Y_{l0} \\
R_{lm} &= \frac{1}{\sqrt2}\left[Y_{l,-m} + (-1)^m\,Y_{lm}\right] \qquad m > 0 \\
R_{l,-m} &= \frac{\mathrm i}{\sqrt2}\left[Y_{l,-m} - (-1)^m\,Y_{lm}\right] \qquad m > 0""",
    "⟨l1 m1 l2 m2 | l3 m3⟩ = (-1)^(l1-l2+m3) √(2l3+1) 3j(l1 l2 l3; m1 m2 -m3).": r"""
\langle l_1m_1\,l_2m_2\,|\,l_3m_3\rangle = (-1)^{l_1-l_2+m_3}\sqrt{2l_3+1}
\begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&-m_3\end{pmatrix}.""",
    "coefficient(family; l1 l2 l3; m1 m2 m3) = reduced(family; l1 l2 l3) · 3j(l1 l2 l3; m1 m2 m3)": r"""
\text{coefficient}(\text{family};\ l_1 l_2 l_3;\ m_1 m_2 m_3) = \text{reduced}(\text{family};\ l_1 l_2 l_3)
\begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}""",
    "wigner_3j 1 all J clebsch_gordan (-1)^(l1-l2+m3) √(2l3+1), m3 negated all J gaunt √(P/4π) · 3j(l1 l2 l3; 0 0 0)"
    " J even antisymmetric_gaunt i √(P/4π) · K(l1 l2 l3) J odd matrix √P · 6j{l1 l2 l3; j j j} all J; spin j": r"""
\begin{array}{lll}
\texttt{wigner_3j} & 1 & \text{all } J \\
\texttt{clebsch_gordan} & (-1)^{l_1-l_2+m_3}\sqrt{2l_3+1},\ m_3\text{ negated} & \text{all } J \\
\texttt{gaunt} & \sqrt{P/4\pi}\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix} & J\text{ even} \\
\texttt{antisymmetric_gaunt} & \mathrm i\,\sqrt{P/4\pi}\;K(l_1,l_2,l_3) & J\text{ odd} \\
\texttt{matrix} & \sqrt P\begin{Bmatrix} l_1&l_2&l_3\\ j&j&j\end{Bmatrix} & \text{all } J;\ \text{spin } j
\end{array}""",
}


def paragraphs(text: str) -> list[str]:
    """Return the parts of a docstring that blank lines separate, each on one line."""
    return [re.sub(r"\s+", " ", part).strip() for part in re.split(r"\n\s*\n", text)]


def indented(text: str) -> list[str]:
    """Return the indented parts, each on one line."""
    parts = re.split(r"\n\s*\n", text)
    return [re.sub(r"\s+", " ", part).strip() for part in parts if part.startswith("    ")]


def untranslated(text: str) -> list[str]:
    """Return formulas of a docstring that have no LaTeX here, and LaTeX here that it has no formula for.

    >>> untranslated("``l² + l + m`` and ``x``")[0]
    '``x``'
    """
    words = " ".join(paragraphs(text))
    found = [code for code in re.findall(r"``.+?``", words) if code not in INLINE and code not in CODE]
    found += [block for block in indented(text) if block not in BLOCKS]
    return (
        found + [key for key in (*INLINE, *CODE) if key not in words] + [b for b in BLOCKS if b not in indented(text)]
    )


def typeset(text: str) -> list[str]:
    """Return the lines of reStructuredText of a docstring.

    >>> typeset("The index ``l² + l + m``.")
    ['The index :math:`l^2 + l + m`.', '']
    """
    lines: list[str] = []
    for part in re.split(r"\n\s*\n", text):
        line = re.sub(r"\s+", " ", part).strip()
        if part.startswith("    "):
            lines += ["", ".. math::", "", *(f"   {row}" for row in BLOCKS[line].strip().split("\n")), ""]
        else:
            lines += [inline(line.removesuffix("::")), ""]
    return lines


def inline(line: str) -> str:
    """Return a line with its formulas as LaTeX; what is found first is not looked at again."""
    keys = sorted(INLINE, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, keys)), lambda found: _role(INLINE[found[0]]), line)


def _role(latex: str | tuple[str, ...]) -> str:
    """Return formulas, and words between them, in the roles of Sphinx."""
    if isinstance(latex, str):
        return f":math:`{latex}`"
    return " ".join(part if re.fullmatch(r"[a-z ]{3,}", part) else f":math:`{part}`" for part in latex)


def process_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if name == "coupling.conventions" and what == "module":
        lines[:] = typeset("\n".join(lines))


def family_table() -> str:
    """Return a Markdown table of the families: name, definition as LaTeX, sums of degrees, bases, derivation.

    >>> family_table().splitlines()[4]
    '| `gaunt` | $\\\\int Y_1Y_2Y_3\\\\,d\\\\Omega$ | even | complex, real | [gaunt](/docs/theory/gaunt.md) |'
    """
    from coupling.families import records

    lines = ["| family | what it is | l1+l2+l3 | bases | derivation |", "| --- | --- | --- | --- | --- |"]
    for record in records():
        proof = f"[{record.derivation}](/docs/theory/{record.derivation}.md)"
        cells = f"`{record.name}`", f"${record.symbol}$", record.parity, ", ".join(record.bases), proof
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + 'vert ') for cell in cells)} |")
    return "\n".join(lines)


def setup(app: Any) -> dict[str, bool]:
    from sphinx.util.docutils import SphinxDirective

    class FamilyTable(SphinxDirective):
        def run(self) -> list[Any]:
            return self.parse_text_to_nodes(family_table())

    app.connect("autodoc-process-docstring", process_docstring, priority=900)
    app.add_directive("family-table", FamilyTable)
    return {"parallel_read_safe": True}

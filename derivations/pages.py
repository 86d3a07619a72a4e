"""The theory pages: each derivation as Markdown (MyST) with typeset steps."""

import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from derivations.framework import Derivation, Kind, Step

FOLDER = Path(__file__).parent.parent / "docs" / "theory"
MEANING: dict[Kind, str] = {
    "proved": "holds for all degrees",
    "cited": "holds for all degrees, given the cited facts",
    "verified": "checked exactly up to that degree, not proved beyond it",
}
LABEL: dict[Kind, str] = {
    "proved": "Checked symbolically",
    "verified": "Checked by enumeration",
    "cited": "Cited",
}


def path(identifier: str, folder: Path = FOLDER) -> Path:
    return folder / f"{identifier}.md"


def page(derivation: Derivation) -> str:
    """The whole page, newline at the end."""
    cited = derivation.cited()
    parts = [
        f"<!-- Written by `coupling derive --write` from derivations/{derivation.id}.py. -->",
        f"# {derivation.title}",
        f"Status: **{derivation.status()}** ({MEANING[derivation.kind()]}).",
        prose(derivation.introduction),
        "## Statement",
        display(derivation.statement),
        listing("Hypotheses and notation", derivation.hypotheses),
        listing("Uses", tuple(f"[{used.title}]({used.id}.md)" for used in derivation.uses)),
        "## Derivation",
        *(section(number, step) for number, step in enumerate(derivation.steps, 1)),
        prose(derivation.conclusion),
        "## Exact check and certificate",
        instances(derivation),
        listing("Cited facts", tuple(f"{step.title}: {step.source}" for step in cited)),
        listing("Sources", derivation.sources),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def index(derivations: tuple[Derivation, ...]) -> str:
    """The page that lists the pages."""
    rows = (f"| [{d.title}]({d.id}.md) | {d.status()} | {len(d.steps)} | {uses(d)} |" for d in derivations)
    head = (
        "<!-- Written by `coupling derive --write` from derivations/registry.py. -->",
        "",
        "# Theory",
        "",
        "Every formula the package computes with, derived from its definition. `coupling derive` derives them again;",
        "what the statuses mean is in `derivations/README.md`.",
        "",
        "| derivation | status | steps | uses |",
        "| --- | --- | --- | --- |",
    )
    return "\n".join((*head, *rows)) + "\n"


def uses(derivation: Derivation) -> str:
    return ", ".join(f"[{used.id}]({used.id}.md)" for used in derivation.uses) or "–"


def section(number: int, step: Step) -> str:
    parts = [f"### {number}. {step.title}", display(step.statement), prose(step.because)]
    parts.append(f"*{LABEL[step.kind]}:* {checked(step.check) if step.check else f'{step.source}.'}")
    return "\n\n".join(part for part in parts if part)


def checked(check: Callable[..., Any]) -> str:
    """Where the residuals are, which no page repeats: the formula that is displayed is read and evaluated."""
    where = f"`{check.__module__}.{check.__qualname__}`"
    return f"{where}; the formula as it stands here is evaluated as well."


def instances(derivation: Derivation) -> str:
    sentence = prose(inspect.getdoc(derivation.verify) or "")
    return (
        f"{sentence}\n\nRun to degree {derivation.lmax} by default. The exact values to degree "
        f"{derivation.certificate_lmax} are in `derivations/certificates/{derivation.id}.json`."
    )


def display(latex: str) -> str:
    return f"$$\n{textwrap.dedent(latex).strip()}\n$$"


def prose(words: str) -> str:
    return textwrap.dedent(words).strip()


def listing(title: str, items: tuple[str, ...]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {item}" for item in items)]) if items else ""

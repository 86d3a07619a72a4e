"""Examine derivations, print what holds, write certificates and theory pages."""

from collections.abc import Callable, Sequence
from pathlib import Path

from coupling.files.atomic import write_file
from coupling.files.ownership import kind_of, require_replaceable
from derivations import certificate
from derivations import pages as theory
from derivations.framework import Derivation, Examination, examine
from derivations.registry import IDS, closure, load

COLUMNS = "{:<24} {:<13} {:>5} {:>9} {:>6} {:>9} {:>8}"


def main(
    ids: Sequence[str] | None = None,
    lmax: int | None = None,
    write: bool = False,
    pages: str | Path | None = None,
    echo: Callable[[str], None] = print,
    force: bool = False,
) -> int:
    """Examine the derivations (all, or `ids` and what they use) and print one line each.

    lmax   degree of the exact instances, instead of each derivation's own
    write  write certificates, and pages to docs/theory; nothing is written when anything fails
    pages  folder for the theory pages, instead of docs/theory; implies writing the pages
    force  write over files that are no pages and certificates of this command
    Returns 0 when everything holds and the committed pages and certificates are reproduced, else 1.
    """
    chosen = closure(tuple(IDS if ids is None else ids))
    echo(COLUMNS.format("derivation", "status", "steps", "residuals", "read", "instances", "seconds"))
    problems: list[str] = []
    for derivation in chosen:
        examination = examine(derivation, lmax)
        echo(line(examination))
        problems += [f"{derivation.id}: {failure}" for failure in examination.failures]
    for step in dict.fromkeys(step for derivation in chosen for step in derivation.cited()):
        echo(f"cited: {step.title} ({step.source})")
    if not problems and (write or pages is not None):
        write_files(chosen, write, Path(pages) if pages is not None else None, force)
    problems += [problem for derivation in chosen for problem in page_problem(derivation)]
    problems += [problem for derivation in chosen for problem in certificate_problem(derivation)]
    for problem in problems:
        echo(f"does not hold: {problem}")
    return 1 if problems else 0


def line(examination: Examination) -> str:
    derivation = examination.derivation
    return COLUMNS.format(
        derivation.id,
        examination.status,
        len(derivation.steps),
        examination.residuals,
        examination.read,
        examination.instances,
        f"{examination.seconds:.1f}",
    )


def certificate_text(derivation: Derivation) -> str:
    """The certificate re-derived now, with the id, statement strength and degree in front."""
    content = derivation.certificate(derivation.certificate_lmax)
    head = {"id": derivation.id, "status": derivation.status(), "lmax": derivation.certificate_lmax}
    return certificate.text({**head, **content})


def certificate_problem(derivation: Derivation) -> list[str]:
    """Empty when the file on disk is what the derivation gives now."""
    file = certificate.path(derivation.id)
    if not file.exists():
        return [f"{derivation.id}: no certificate {file.name}; run `coupling derive --write`"]
    if file.read_text(encoding="ascii") != certificate_text(derivation):
        return [f"{derivation.id}: certificate {file.name} differs from the re-derived one"]
    return []


def page_problem(derivation: Derivation) -> list[str]:
    """Empty when the page is the one that the derivation gives now, or where there are no pages at all."""
    file = theory.path(derivation.id, theory.FOLDER)
    if not theory.FOLDER.is_dir() or (file.exists() and file.read_text(encoding="utf-8") == theory.page(derivation)):
        return []
    return [f"{derivation.id}: page {file.name} differs from the derivation; run `coupling derive --write`"]


def write_files(chosen: Sequence[Derivation], certificates: bool, folder: Path | None, force: bool = False) -> None:
    """Certificates when asked, and pages to the folder (docs/theory by default); all, or none and FileExistsError."""
    target = theory.FOLDER if folder is None else folder
    texts = {theory.path("README", target): theory.index(tuple(load(identifier) for identifier in IDS))}
    texts |= {theory.path(derivation.id, target): theory.page(derivation) for derivation in chosen}
    if certificates:
        texts |= {certificate.path(derivation.id): certificate_text(derivation) for derivation in chosen}
    contents = {file: text.encode() for file, text in texts.items()}
    for file, content in contents.items():
        require_replaceable(file, kind_of(content), force)
    for file, content in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, content, force=force)

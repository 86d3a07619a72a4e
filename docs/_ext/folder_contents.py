"""A README is the first page of its folder: the others hang below it, in the order of their names.

So a page appears in the contents by lying in its folder, and a README stays plain Markdown.
"""

from __future__ import annotations

from typing import Any

CONTENTS = "\n\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"

#: READMEs that are pages, but not the first ones of a folder of pages.
SINGLE = ("README", "benchmarks/README", "derivations/README", "tables/README", "tests/README")


def add_contents(app: Any, docname: str, source: list[str]) -> None:
    if docname.split("/")[-1] == "README" and docname not in SINGLE:
        source[0] += CONTENTS


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", add_contents)
    return {"parallel_read_safe": True}

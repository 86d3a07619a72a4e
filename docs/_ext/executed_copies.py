"""Notebooks that need torch are executed by `make test-systems`; the site shows their copies.

Where there is no copy, or the text has changed since, the page is the text, with a sentence that says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

ABSENT = "\n\n*The output is absent from this build of the site: `make test-systems` executes the notebook.*\n"


def outputs(sources: list[str], copy: dict[str, Any]) -> list[Any] | None:
    """The outputs of the code cells of an executed copy, or None if its code is not this.

    >>> cell = {"cell_type": "code", "source": ["1 +", " 1"], "outputs": ["2"]}
    >>> outputs(["1 + 1"], {"cells": [cell, {"cell_type": "markdown", "source": ""}]})
    [['2']]
    >>> outputs(["1 + 2"], {"cells": [cell]}) is None
    True
    """
    cells = [cell for cell in copy["cells"] if cell["cell_type"] == "code"]
    if ["".join(cell["source"]).strip() for cell in cells] != [source.strip() for source in sources]:
        return None
    return [cell["outputs"] for cell in cells]


def with_outputs(notebook: Any, copy: dict[str, Any]) -> Any:
    """A notebook with the outputs of its executed copy, or with a sentence below its title where they are not its."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = outputs([cell.source for cell in code], copy)
    for cell, shown in zip(code, found or [], strict=False):
        cell.outputs = shown
    if found is None:
        first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
        title, _, rest = first.source.strip().partition("\n")
        first.source = title + ABSENT + rest
    return notebook


def read(text: str, copy: str) -> Any:
    """The notebook of a page, with the outputs of its executed copy if that is there."""
    import nbformat
    from myst_nb.core.read import read_myst_markdown_notebook

    file = Path(copy)
    return with_outputs(read_myst_markdown_notebook(text), nbformat.read(file, 4) if file.exists() else {"cells": []})

"""Notebooks of published systems: executed as a reader would, the copies left for the site, and their numbers."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.machine import slowness

ROOT = Path(__file__).resolve().parents[2]
COPIES = ROOT / "build" / "systems"
SECONDS = 600  # of a cell, on a machine that does other things as well

#: The last cell, which the site does not show: every notebook ends with a dictionary of what it has shown.
REPORT = """import json, time
print(json.dumps(numbers | {"process time": time.process_time()}, default=lambda value: value.tolist()))"""


def need_systems() -> None:
    """Skip a module outside the environment of `make test-systems`."""
    missing = [name for name in ("torch", "jax", "ase", "nbclient", "myst_nb") if find_spec(name) is None]
    if missing:
        pytest.skip(f"not the environment of make test-systems: {', '.join(missing)}", allow_module_level=True)


@cache
def numbers(name: str) -> dict[str, Any]:
    """What a notebook has shown; its executed copy is build/systems/name.ipynb."""
    nbformat, reader, nbclient = map(import_module, ("nbformat", "myst_nb.core.read", "nbclient"))
    source = ROOT / "notebooks" / f"{name}.md"
    notebook = reader.read_myst_markdown_notebook(source.read_text(encoding="utf-8"))
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
    surroundings = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    surroundings["MPLCONFIGDIR"] = str(COPIES / "matplotlib")
    before = {key: os.environ.get(key) for key in surroundings}
    os.environ.update(surroundings)
    try:
        client = nbclient.NotebookClient(
            notebook, timeout=SECONDS, resources={"metadata": {"path": str(source.parent)}}
        )
        client.execute()
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})
    (printed,) = notebook.cells.pop().outputs
    COPIES.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, COPIES / f"{name}.ipynb")
    found: dict[str, Any] = json.loads(printed.text)
    return found


def pictures(name: str) -> int:
    """The number of pictures of the executed copy."""
    cells = json.loads((COPIES / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return sum("image/png" in output.get("data", {}) for cell in cells for output in cell.get("outputs", ()))


def output(name: str) -> str:
    """All that the executed copy has printed."""
    numbers(name)
    cells = json.loads((COPIES / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "".join("".join(o.get("text", "")) for cell in cells for o in cell.get("outputs", ()))


def check_page(name: str) -> None:
    """At most 150 lines of code and a minute; says what is its own form; on the site with or without its output."""
    text = (ROOT / "notebooks" / f"{name}.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n)?(.*?)^```$", text, re.M | re.S)
    assert sum(len(cell.splitlines()) for cell in cells) <= 150
    assert max(len(line) for line in output(name).splitlines()) <= 90
    assert "our form" in text.lower() and "numbers = {" in text
    assert numbers(name)["process time"] < 60 * slowness()
    assert re.search(r"arXiv \d{4}\.\d{5}", text) and not re.search(r"https?:|urlopen|urlretrieve|download", text)
    shown, absent = (on_the_site(text, COPIES / file) for file in (f"{name}.ipynb", "none.ipynb"))
    streams = [o.text for cell in shown if cell.cell_type == "code" for o in cell.outputs if o.output_type == "stream"]
    assert streams and all(isinstance(stream, str) for stream in streams)
    assert not any(cell.outputs for cell in absent if cell.cell_type == "code")
    assert "output is absent" in absent[0].source and "output is absent" not in shown[0].source


def on_the_site(text: str, copy: Path) -> Any:
    """The cells that docs/_ext/executed_copies.py gives the site."""
    specification = spec_from_file_location("executed_copies", ROOT / "docs" / "_ext" / "executed_copies.py")
    assert specification and specification.loader
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.read(text, str(copy)).cells

"""The recipe of CONTRIBUTING for an export format, followed in a copy of the tree: one file, its name in two lists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from coupling.export import list_table
from coupling.tables import load
from tests.sources import ROOT
from tests.test_recipe_family import copy, run

__all__ = ["copy"]  # a fixture


def recipe() -> tuple[str, str]:
    """The file that the page asks for, and the line."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = page.split("## Adding an export format")[1].split("\n## ")[0]
    (file,) = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
    (line,) = re.findall(r'`("markdown": .*,)`', section)
    return file, f"{line}\n"


def test_one_file_and_two_names_make_a_format(copy: Path) -> None:
    file, line = recipe()
    folder = copy / "coupling" / "export"
    (folder / "markdown.py").write_text(file, encoding="utf-8")
    formats = (folder / "formats.py").read_text(encoding="utf-8")
    assert formats.count("\n}\n#: Those of tables") == 1
    formats = formats.replace("\n}\n#: Those of tables", f"\n    {line}}}\n#: Those of tables", 1)
    wanted = "from coupling.export.markdown import markdown"
    formats = formats.replace("\nfrom coupling", f"\n{wanted}\nfrom coupling", 1)
    (folder / "formats.py").write_text(formats, encoding="utf-8")
    assert "1 passed" in run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "markdown.py"))
    command = ("-m", "coupling", "export", "real-l4", "--format", "markdown", "--family", "gaunt", "--order", "output")
    offered = copy / "coupling" / "cli" / "export.py"
    text = offered.read_text(encoding="utf-8")
    assert text.count('"csv", "safetensors")') == 1
    offered.write_text(text.replace('"csv", "safetensors")', '"csv", "markdown", "safetensors")'), encoding="utf-8")
    for _ in range(2):  # the second replaces the first, which it knows by its metadata
        run(copy, *command)
    (written,) = copy.glob("real-l4*.md")
    what, _, _, *rows = written.read_text(encoding="utf-8").splitlines()
    assert json.loads(what.removeprefix("<!-- ").removesuffix(" -->"))["family"] == "gaunt"
    found = np.array([[float(cell) for cell in row.strip("| ").split("|")] for row in rows])
    expected = list_table(load("real-l4"), family="gaunt", order="output")
    assert np.array_equal(found, np.column_stack([expected.index, expected.values])) and len(rows) > 100

"""The recipe of CONTRIBUTING, followed in a copy of the tree: two files, and the family is right everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

COPIED = ("coupling", "derivations", "docs", "tables", "tests", "conftest.py", "pyproject.toml", "CONTRIBUTING.md")

EVERYWHERE = """
import numpy as np, coupling
from coupling.families import family, names
from coupling.export import list_table
from coupling.lowrank import normalization_problem
from coupling.selection import paths
from coupling.sphere import quadrature
from coupling.tables import Request, build

assert "momenta_dot" in names()
for basis in ("real", "complex"):
    blocks = coupling.tabulate("momenta_dot", 4, basis).blocks()
    table = build(Request(lmax=4, basis=basis, families=["wigner_3j", "momenta_dot"]))
    assert table.check().passed
    for l in paths(4):
        exact = quadrature("momenta_dot", *l, basis)
        found = [coupling.block("momenta_dot", *l, basis), table.block("momenta_dot", *l), blocks.get(l, 0 * exact)]
        assert all(abs(block - exact).max() < 1e-12 for block in found), l
normalization = coupling.normalization("momenta_dot", 4)
assert np.array_equal(normalization, 0 - coupling.normalization("gradient_dot", 4))
assert len(list_table(build(Request(lmax=4, families=["momenta_dot"])), family="momenta_dot")) > 1000
assert normalization_problem("momenta_dot", 3).tensor.any()
assert Request(lmax=4).families == ("wigner_3j", "clebsch_gordan", "gaunt", "antisymmetric_gaunt")
print("right everywhere")
"""


def recipe() -> dict[str, str]:
    """The files that the page asks for: their paths in the text, their content in the blocks."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = page.split("## Adding a family of coefficients")[1].split("\n## ")[0]
    files = [f"{folder}/momenta_dot.py" for folder in re.findall(r"`momenta_dot\.py` in `([\w/]+)/`", section)]
    blocks = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
    return dict(zip(files, blocks, strict=True))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
        else:
            shutil.copy(source, target)
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_two_files_make_a_family(copy: Path) -> None:
    files = recipe()
    assert set(files) == {"derivations/momenta_dot.py", "coupling/families/momenta_dot.py"}
    for name, content in files.items():
        assert not (copy / name).exists()
        (copy / name).write_text(content, encoding="utf-8")
    derived = run(copy, "-m", "coupling", "derive", "momenta_dot", "--write")
    assert re.search(r"^momenta_dot +proved", derived, re.M)
    assert (copy / "docs/theory/momenta_dot.md").is_file() and (
        copy / "derivations/certificates/momenta_dot.json"
    ).is_file()
    assert run(copy, "-c", EVERYWHERE) == "right everywhere\n"
    said = run(copy, "-m", "coupling", "value", "momenta_dot", *"2 1 1 0 0 0".split(), "--exact", "--basis", "real")
    assert said == "√(1/(5π)) = 0.252313252202016\n"
    tests = (
        "tests/test_sphere.py",
        "tests/test_derivations.py",
        "tests/test_family_names.py",
        "tests/test_families.py",
    )
    chosen = "definition or momenta_dot or names_a_family or list_of_pages or claims_of_every"
    passed = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen, "--lmax", "3")
    assert int(re.search(r"(\d+) passed", passed)[1]) >= 15  # type: ignore[index]

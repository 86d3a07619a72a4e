"""What the package needs and what one of its extras does: declared as used, and missed in one sentence."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.export import export_basis
from coupling.lowrank import tensorly_decompose
from coupling.manybody import basis
from tests.bounds import pins
from tests.sources import ROOT, modules, tree
from tests.test_house import distribution, imported, pyproject

#: What an extra installs → the only module that imports it, when it is used.
OF_AN_EXTRA = {
    "ase": ("structures", "coupling.atoms.reading"),
    "tensorly": ("study", "coupling.lowrank.by_rank"),
}


class Without:
    """A finder to which a package does not exist."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def no_tensorly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.split(".")[0] == "tensorly"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Without("tensorly"), *sys.meta_path])


def importers(package: str) -> set[str]:
    """The modules that import a package, by a statement or by ``import_module``."""
    found = set()
    for name, file in modules().items():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
                targets = [ast.unparse(node.args[0]).lstrip("f").strip("'\"")]
            elif isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            else:
                targets = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name for target in targets if target.split(".")[0] == package}
    return found


def test_what_every_installation_gets_is_imported() -> None:
    """A dependency that only tests read belongs to the extra ``test``, that of one baseline to its own."""
    needed = {distribution(text) for text in pyproject()["project"]["dependencies"]}
    assert needed <= imported("coupling") and not needed & {"safetensors", *OF_AN_EXTRA}
    assert importers("safetensors") == set() and importers("numpy") > {"coupling.lowrank.by_rank"}


@pytest.mark.parametrize("package", OF_AN_EXTRA)
def test_what_an_extra_installs_is_imported_by_one_module(package: str) -> None:
    extra, module = OF_AN_EXTRA[package]
    extras = pyproject()["project"]["optional-dependencies"]
    assert package in map(distribution, extras[extra]) and package in map(distribution, extras["test"])
    assert importers(package) == {module}
    bounds = pins(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    assert {package, "safetensors"} <= set(bounds)


@pytest.mark.usefixtures("no_tensorly")
def test_without_tensorly_its_extra_is_named() -> None:
    sentence = r"^the baseline needs tensorly, which is not installed: pip install coupling-coefficients\[study\]$"
    with pytest.raises(ValueError, match=sentence):
        tensorly_decompose(np.ones((2, 2, 2)), 1)


@pytest.mark.usefixtures("no_tensorly")
def test_the_study_page_says_so_before_it_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.cli.study_page.work", pytest.fail)
    result = CliRunner().invoke(main, ["study", "page", "--folder", str(tmp_path / "page")])
    assert result.exit_code == 2 and not (tmp_path / "page").exists()
    assert (
        result.stderr
        == "Error: the baseline needs tensorly, which is not installed: pip install coupling-coefficients[study]\n"
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_bases_are_written_as_the_library_reads_them(dtype: str) -> None:
    """By the writer of tables: arrays without gaps, each at a multiple of its item size, the first of 64."""
    made = basis(4, 3, 2)
    content = export_basis(made, "safetensors", dtype)
    length = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:length])
    metadata = json.loads(header.pop("__metadata__")["coupling"])
    assert metadata["shape"] == list(made.shape) and length % 64 == 0
    end = 0
    for entry in header.values():
        first, last = entry["data_offsets"]
        assert first == end and first % (int(entry["dtype"][1:]) // 8) == 0
        end = last
    assert end == len(content) - length
    assert {entry["dtype"] for entry in header.values()} == {f"F{dtype[5:]}", "U8", "U16"}


def test_nothing_tells_a_reader_to_install_another_library() -> None:
    """`coupling` on PyPI is not this package; its distribution is called coupling-coefficients."""
    folders = [
        ROOT / name for name in ("benchmarks", "coupling", "derivations", "docs", "notebooks", "tables", "tests")
    ]
    files = [*ROOT.glob("*.*"), *(file for folder in folders for file in folder.rglob("*.*"))]
    files = [file for file in files if file.suffix in (".py", ".md", ".toml", ".cff") and file.name != "CHANGELOG.md"]
    wrong = re.compile(r"pip install (?:-\S+ )*['\"]?coupling(?![-\w])")
    assert wrong.search("pip install coupling[study]") and not wrong.search("pip install coupling-coefficients")
    assert [file.name for file in files if wrong.search(file.read_text("utf-8"))] == ["test_dependencies.py"]
    assert len(files) > 400

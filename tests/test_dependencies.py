"""What the package needs and what one of its extras does: declared as used, and missed in one sentence."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.export import export_basis
from coupling.extras import from_extra
from coupling.lowrank import tensorly_decompose
from coupling.manybody import basis
from tests.bounds import pins
from tests.sources import ROOT, modules, tree
from tests.test_house import distribution, imported, pyproject

#: What an extra installs → the modules that import it, when it is used.
OF_AN_EXTRA = {
    "ase": ("structures", {"coupling.atoms.reading"}),
    "matplotlib": ("plots", {"coupling.plots.style", "coupling.plots.tables"}),
    "sympy": ("symbolic", {"coupling.cli.checks", "coupling.exact.surd", "coupling.exact.wigner_d"}),
    "tensorly": ("study", {"coupling.lowrank.baseline", "coupling.lowrank.cp_tensors"}),
}

#: Calls that need an extra, and what they say without it.
WITHOUT = {
    "coupling.plots.new_axes()": "pictures need matplotlib",
    "coupling.plots.plot_structure(coupling.load('real-l4'))": "pictures need matplotlib",
    "coupling.plots.plot_paths(coupling.load('real-l4'))": "pictures need matplotlib",
    "coupling.plots.plot_errors({'L = 2': ([1, 2], [0.05, 0.0])})": "pictures need matplotlib",
    "coupling.plots.harmonic(2, 1)": "pictures need matplotlib",
    "coupling.exact.gaunt(1, 1, 2, 0, 0, 0).to_sympy()": "expressions need sympy",
    "coupling.exact.wigner_d(1, 0, 0, 1)": "exact angles need sympy",
}
#: What works all the same.
WITHIN = """
import coupling, coupling.atoms, coupling.plots, coupling.lowrank, coupling.manybody, coupling.products
print(coupling.gaunt(1, 1, 2, 0, 0, 0), coupling.exact.gaunt(1, 1, 2, 0, 0, 0))
print(coupling.load("real-l4").check().passed, coupling.wigner_d(2, 1.0).shape)
print(coupling.products.Gaunt(2, 2, 2)(__import__("numpy").ones((9, 1)), __import__("numpy").ones((9, 1))).shape)
"""


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


def importers(package: str, *functions: str) -> set[str]:
    """The modules that import a package: by calls of these functions, or by statements where none is given."""
    found = set()
    for name, file in modules().items():
        for node in ast.walk(tree(file)):
            called = isinstance(node, ast.Call) and ast.unparse(node.func) in functions
            if called and node.args:
                targets = [ast.unparse(node.args[0]).lstrip("f").strip("'\"")]
            elif isinstance(node, ast.Import) and not functions:
                targets = [alias.name for alias in node.names]
            else:
                targets = [node.module or ""] if isinstance(node, ast.ImportFrom) and not functions else []
            found |= {name for target in targets if target.split(".")[0] == package}
    return found


def test_what_every_installation_gets_is_imported() -> None:
    """A dependency that only tests read belongs to the extra ``test``, that of one baseline to its own."""
    needed = {distribution(text) for text in pyproject()["project"]["dependencies"]}
    assert needed <= imported("coupling") and not needed & {"safetensors", *OF_AN_EXTRA}
    assert importers("safetensors") == set() and importers("numpy") > {"coupling.lowrank.by_rank"}


@pytest.mark.parametrize("package", OF_AN_EXTRA)
def test_what_an_extra_installs_is_imported_where_it_is_missed_in_words(package: str) -> None:
    extra, expected = OF_AN_EXTRA[package]
    extras = pyproject()["project"]["optional-dependencies"]
    assert package in map(distribution, extras[extra])
    assert importers(package, "from_extra") == expected
    later = importers(package) | importers(package, "import_module")
    folders = {
        "matplotlib": ("coupling.plots.", "coupling.atoms.picture"),
        "sympy": ("coupling.exact.", "coupling.crosscheck.", "derivations."),
    }
    assert not [name for name in later if not name.startswith(folders.get(package, ("nothing",)))]
    bounds = pins(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    assert {package, "safetensors"} <= set(bounds)


def test_another_library_that_is_missed_is_not_taken_for_the_one_of_the_extra(tmp_path: Path) -> None:
    """An installed library may itself lack one: its own words stand, ours would send a user the wrong way."""
    (tmp_path / "pictures_of_others.py").write_text("import nothing_like_it.at_all\n")
    sys.path.insert(0, str(tmp_path))
    try:
        with pytest.raises(ModuleNotFoundError, match="nothing_like_it") as met:
            from_extra("pictures_of_others", "plots", "pictures need")
    finally:
        sys.path.remove(str(tmp_path))
    assert "pip install" not in str(met.value)


def without(*packages: str) -> str:
    """The lines after which packages do not exist."""
    return (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {packages}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
    )


def test_without_extras_everything_else_works_and_the_extra_is_named() -> None:
    asked = f"for call in {list(WITHOUT)}:\n    try: eval(call)\n    except ValueError as error: print(error)\n"
    program = without(*OF_AN_EXTRA) + WITHIN + asked
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].endswith("√(1/(5π))") and lines[1:3] == ["True (5, 5)", "(9, 1)"]
    extras = {"matplotlib": "plots", "sympy": "symbolic"}
    for line, words in zip(lines[3:], WITHOUT.values(), strict=True):
        library = words.split()[-1]
        expected = f"{words}, which is not installed: pip install 'coupling-coefficients[{extras[library]}]'"
        assert line == expected


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["value", "gaunt", *"112000", "--plot", "block.png"], "pictures need matplotlib"),
        (["derive", "gaunt"], "derivations need sympy"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(command: list[str], words: str, tmp_path: Path) -> None:
    program = without(*OF_AN_EXTRA) + f"from coupling.cli import main; main({command})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 2 and done.stderr.startswith(f"Error: {words}, which is not installed: pip install")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_tensorly")
def test_without_tensorly_its_extra_is_named() -> None:
    sentence = r"^the baseline needs tensorly, which is not installed: pip install 'coupling-coefficients\[study\]'$"
    with pytest.raises(ValueError, match=sentence):
        tensorly_decompose(np.ones((2, 2, 2)), 1)


@pytest.mark.usefixtures("no_tensorly")
def test_the_study_page_says_so_before_it_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.cli.study_page.work", pytest.fail)
    result = CliRunner().invoke(main, ["study", "page", "--folder", str(tmp_path / "page")])
    assert result.exit_code == 2 and not (tmp_path / "page").exists()
    assert (
        result.stderr
        == "Error: the baseline needs tensorly, which is not installed: pip install 'coupling-coefficients[study]'\n"
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
    found = {file.relative_to(ROOT).as_posix() for file in files if wrong.search(file.read_text("utf-8"))}
    warnings = {"docs/install.md", "docs/index.md"}  # pages that warn of it, as tests/test_docs_site.py sees to
    assert found == warnings | {"tests/test_dependencies.py", "tests/test_docs_site.py"}
    assert len(files) > 400

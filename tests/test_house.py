"""Rules of the house that a program can check: code, public names, files, the tests themselves."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from tests.sources import ROOT, inside, is_package, modules, tree, where

# What others build on.  A change here is a change of the interface: it needs a changelog entry.
PUBLIC = [
    "Irreps",
    "Table",
    "TableError",
    "__version__",
    "antisymmetric_gaunt",
    "block",
    "build",
    "clebsch_gordan",
    "exact",
    "families",
    "fano_x",
    "foreign",
    "gaunt",
    "load",
    "load_arrays",
    "lowrank",
    "manybody",
    "normalization",
    "numba",
    "plots",
    "products",
    "racah_v",
    "racah_w",
    "real_antisymmetric_gaunt",
    "real_gaunt",
    "reduced_harmonic",
    "reduced_spin",
    "sphere",
    "tabulate",
    "triangle_coefficient",
    "wigner_12j",
    "wigner_3j",
    "wigner_3j_family",
    "wigner_6j",
    "wigner_6j_family",
    "wigner_9j",
    "wigner_D",
    "wigner_d",
    "wigner_eckart",
]
PUBLIC_EXACT = [
    "Surd",
    "antisymmetric_gaunt",
    "bracket_factor",
    "clebsch_gordan",
    "edge_frame_matrix",
    "fano_x",
    "gaunt",
    "racah_v",
    "racah_w",
    "real_antisymmetric_gaunt",
    "real_clebsch_gordan",
    "real_gaunt",
    "real_wigner_3j",
    "reduced_harmonic",
    "reduced_matrix",
    "reduced_spin",
    "triangle_coefficient",
    "wigner_12j",
    "wigner_3j",
    "wigner_3j_at_zero",
    "wigner_6j",
    "wigner_9j",
    "wigner_d",
    "wigner_d_polynomial",
    "wigner_eckart",
]

# What `coupling.backends` takes as it is installed; no extra declares it.
FRAMEWORKS = {"jax", "torch", "triton"}
# An extra for machines with a device of its own kind: nothing that `make` installs.
UNLOCKED = "cuda"

LINES, LINES_OF_A_KERNEL = 300, 800


# -- code -------------------------------------------------------------------------------------


def is_minus_one(node: ast.expr) -> bool:
    return ast.unparse(node) in ("-1", "-1.0")


def test_no_assert_and_no_power_of_minus_one() -> None:
    """`python -O` removes asserts; (-1)**n is a float, an int or an error for negative n."""
    library = [name for name in modules() if inside(name, "coupling")]
    for name in library:
        for node in ast.walk(tree(modules()[name])):
            assert not isinstance(node, ast.Assert), where(name, node.lineno)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
                assert not is_minus_one(node.left), where(name, node.lineno)
    assert library


def test_modules_are_short() -> None:
    for name, path in modules().items():
        limit = LINES_OF_A_KERNEL if inside(name, "coupling.kernels") else LINES
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= limit, f"{path.relative_to(ROOT)} has {lines} lines"


def test_modules_and_public_functions_have_docstrings() -> None:
    met = 0
    for name, path in modules().items():
        assert ast.get_docstring(tree(path)), path
        for node in tree(path).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
            if public and inside(name, "coupling"):
                assert ast.get_docstring(node), where(name, node.lineno)
                met += 1
    assert met > len(modules())


# -- public names -----------------------------------------------------------------------------


def test_public_names() -> None:
    import coupling

    assert dir(coupling) == PUBLIC
    assert coupling.__all__ == [name for name in PUBLIC if not name.startswith("_")]
    assert coupling.exact.__all__ == PUBLIC_EXACT
    for name in PUBLIC:
        assert getattr(coupling, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'gaunts'"):
        _ = coupling.gaunts


def packages_with_names() -> list[str]:
    return [n for n in modules() if inside(n, "coupling") and is_package(n) and "__all__" in names(n)]


def names(name: str) -> set[str]:
    """The names assigned at the top of a module."""
    targets = [n.targets for n in tree(modules()[name]).body if isinstance(n, ast.Assign)]
    return {t.id for group in targets for t in group if isinstance(t, ast.Name)}


@pytest.mark.parametrize("package", packages_with_names())
def test_every_public_name_is_documented_by_an_example(package: str) -> None:
    if (framework := package.split(".")[-1]) in FRAMEWORKS:
        pytest.importorskip(framework)
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        thing = getattr(module, name)
        if callable(thing) and not is_exception(thing):
            members = vars(thing).values() if isinstance(thing, type) else ()
            docs = [d for o in (thing, *members) if isinstance(d := getattr(o, "__doc__", 0), str)]
            assert any(">>>" in doc for doc in docs), f"{package}.{name} has no example"


def is_exception(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseException)


def test_every_derivation_that_a_docstring_names_exists() -> None:
    from derivations.registry import IDS

    named = re.compile(r"[Dd]erivations? ((?:``\w+``(?:, | and )?)+)")
    met = 0
    for name, path in modules().items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                text = " ".join((ast.get_docstring(node) or "").split())
                for identifier in re.findall(r"``(\w+)``", " ".join(named.findall(text))):
                    assert identifier in IDS, f"{name}: {identifier}"
                    met += 1
    assert met >= 10


# -- the files around the code ----------------------------------------------------------------


@cache
def tracked() -> list[Path]:
    """The files of the repository: git's list, or all but caches where there is no git."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode == 0:
        return [p for n in listing.stdout.split("\0") if n and (p := ROOT / n).is_file()]
    skip = {".venv", "build", "dist", "__pycache__"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not skip & set(p.parts)]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_path_of_a_machine_in_a_file() -> None:
    machine = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|farm|Users|opt)/\w|[A-Z]:\\Users")
    met = 0
    for path, text in texts():
        met += 1
        assert not (hit := machine.search(text)), f"{path.relative_to(ROOT)}: {hit.group()}"
    assert met > 20


def test_every_folder_explains_itself() -> None:
    relative = [path.relative_to(ROOT) for path in tracked()]
    folders = {path.parts[0] for path in relative if len(path.parts) > 1}
    missing = [f for f in folders if f[0] != "." and f != "coupling" and not readme(f).is_file()]
    assert not missing
    assert {"coupling", "derivations", "docs", "tests"} <= folders


def readme(folder: str) -> Path:
    return ROOT / folder / "README.md"


def test_one_version_everywhere() -> None:
    from coupling import __version__ as version

    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(version)}$", citation, re.M)
    assert re.search(rf"^## {re.escape(version)}( |$)", changelog, re.M)


def pyproject() -> dict[str, dict]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def distribution(requirement: str) -> str:
    """The name of a requirement as an import would write it."""
    return re.split(r"[^\w-]", requirement)[0].lower().replace("-", "_")


def imported(folder: str) -> set[str]:
    """The top names of everything a folder imports that is neither Python's nor ours."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"benchmarks", "coupling", "derivations", "tests"}


def test_what_is_imported_is_declared() -> None:
    project = pyproject()["project"]
    extras = project["optional-dependencies"]
    own_extras = (text for name in ("plots", "symbolic") for text in extras[name])
    runtime = {distribution(text) for text in chain(project["dependencies"], own_extras)}
    witnesses, *optional = ({distribution(text) for text in extras[name]} for name in ("test", "interop", UNLOCKED))
    interop = set().union(*optional, {"cuda"} if "cuda_core" in optional[-1] else ())
    own = imported("coupling") - imported("coupling/backends")
    assert own | imported("derivations") <= runtime
    assert imported("coupling/backends") <= runtime | interop | FRAMEWORKS
    assert imported("tests") <= runtime | witnesses | FRAMEWORKS
    assert {"numpy", "sympy"} <= imported("coupling")


def locked(name: str) -> set[str]:
    """The lines `distribution==version` of a lock, markers left out."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    assert text.count("==") <= text.count("--hash=sha256:")
    return set(re.findall(r"^([a-z0-9-]+==\S+)", text, re.M))


def test_the_locks_hold_what_is_declared_and_nothing_of_a_machine() -> None:
    """What builds the site has a lock of its own, which has the versions of the first."""
    project = pyproject()["project"]
    site, _ = (project["optional-dependencies"].pop(name) for name in ("docs", UNLOCKED))
    main, docs = locked("requirements.lock"), locked("requirements-docs.lock")
    for lock, extras in ((main, project["optional-dependencies"].values()), (docs, [site])):
        held = {line.split("==")[0].replace("-", "_") for line in lock}
        assert {distribution(text) for text in chain(project["dependencies"], *extras)} <= held
        assert not {"torch", "jax", "jaxlib"} & held
    shared = {line.split("==")[0] for line in main}
    assert {line for line in docs if line.split("==")[0] in shared} <= main


# -- the tests themselves ---------------------------------------------------------------------


def checks_something(test: ast.FunctionDef) -> bool:
    """Whether a test can fail: an assert, pytest.raises, assert_allclose, or a helper `check…`."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")[-1].lstrip("_")
            if called.startswith(("assert", "check", "raises", "fail")):
                return True
    return False


def test_every_test_can_fail() -> None:
    bare = ("allclose", "isclose", "array_equal")
    met = 0
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(tree(path)):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                called = ast.unparse(node.value.func).split(".")[-1]
                assert called not in bare, f"{place}: a comparison without an assert"
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert checks_something(node), f"{place}: {node.name} cannot fail"
                met += 1
    assert met > 10

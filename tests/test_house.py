"""Rules of the house that a program can check: imports, public names, documentation, files."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A module has the rank of its longest prefix here.  Imports never go up.
RANKS = {
    "coupling.version": 0,
    "coupling.conventions": 0,
    "coupling.memory": 0,
    "coupling.selection": 1,
    "coupling.indexing": 1,
    "coupling.exact.surd": 1,
    "coupling.exact": 2,
    "coupling.kernels": 2,
    "coupling.sphere": 2,
    "coupling.coefficients": 3,
    "coupling.normalizations": 3,
    "coupling.tables": 3,
    "coupling.products": 4,
    "coupling.lowrank": 4,
    "coupling.interop": 5,
    "coupling.plots": 5,
    "coupling.cli": 6,
    "coupling.__main__": 7,
}

# Routes to the same numbers: they meet in tests, never in an import.
ROUTES = ("coupling.exact", "coupling.kernels", "coupling.sphere", "derivations")

# What others build on.  A change here is a change of the interface: it needs a changelog entry.
PUBLIC = [
    "Table",
    "TableError",
    "__version__",
    "antisymmetric_gaunt",
    "block",
    "build",
    "clebsch_gordan",
    "exact",
    "gaunt",
    "load",
    "normalization",
    "real_antisymmetric_gaunt",
    "real_gaunt",
    "wigner_3j",
    "wigner_6j",
    "wigner_9j",
]
PUBLIC_EXACT = [
    "Surd",
    "antisymmetric_gaunt",
    "bracket_factor",
    "clebsch_gordan",
    "gaunt",
    "real_antisymmetric_gaunt",
    "real_clebsch_gordan",
    "real_gaunt",
    "real_wigner_3j",
    "reduced",
    "reduced_matrix",
    "wigner_3j",
    "wigner_3j_at_zero",
    "wigner_6j",
    "wigner_9j",
]

# What `import coupling` must not cost.
HEAVY = ("click", "matplotlib", "mpmath", "numba", "scipy", "sympy", "tensorly")

LINES, LINES_OF_A_KERNEL = 300, 800


# -- the sources, parsed once -----------------------------------------------------------------


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    files = [p for folder in ("coupling", "derivations") for p in (ROOT / folder).rglob("*.py")]
    return {module_name(path): path for path in sorted(files)}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def is_package(name: str) -> bool:
    return name in modules() and modules()[name].name == "__init__.py"


def absolute(name: str, node: ast.ImportFrom) -> str:
    """The module named by a from-import inside module `name`, relative dots resolved."""
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    base = parts[: len(parts) - node.level + is_package(name)]
    return ".".join(base + ([node.module] if node.module else []))


def imports(name: str) -> Iterator[tuple[str, int]]:
    """Every module of the house that `name` imports, at any depth of the code, with the line.

    `from package import x` counts as an import of the package, and of x where x is a module.
    """
    for node in ast.walk(tree(modules()[name])):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, node)
            targets = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from ((target, node.lineno) for target in targets if target in modules())


def rank(name: str) -> int:
    prefixes = [p for p in RANKS if name == p or name.startswith(p + ".")]
    if not prefixes:
        pytest.fail(f"{name} has no rank: give it one in RANKS (tests/test_house.py)")
    return RANKS[max(prefixes, key=len)]


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def where(name: str, line: int) -> str:
    return f"{modules()[name].relative_to(ROOT)}:{line}"


# -- imports ----------------------------------------------------------------------------------


def test_imports_never_go_up() -> None:
    edges = [
        (name, target, line)
        for name in modules()
        if inside(name, "coupling") and name != "coupling"
        for target, line in imports(name)
        if inside(target, "coupling") and target != "coupling"
    ]
    upward = [f"{where(n, i)} imports {t}" for n, t, i in edges if rank(t) > rank(n)]
    assert not upward
    assert len(edges) > len(modules()) // 2


def test_nobody_imports_from_the_package_root() -> None:
    edges = [(name, target, line) for name in modules() for target, line in imports(name)]
    root = [where(name, line) for name, target, line in edges if target == "coupling"]
    assert not [place for place in root if not place.startswith("coupling/__init__.py:")]
    assert edges


def test_the_routes_to_a_number_are_independent() -> None:
    for name in modules():
        for target, line in imports(name):
            own = [route for route in ROUTES if inside(name, route)]
            other = [route for route in ROUTES if inside(target, route)]
            witness = own == ["derivations"] and other == ["coupling.exact"]
            assert not own or not other or own == other or witness, where(name, line)


def test_derivations_stand_apart() -> None:
    allowed = ("derivations", "coupling.conventions", "coupling.selection", "coupling.exact")
    for name in modules():
        for target, line in imports(name):
            if inside(name, "derivations"):
                assert inside(target, *allowed), f"{where(name, line)} imports {target}"
            elif inside(target, "derivations"):
                assert inside(name, "coupling.cli"), f"{where(name, line)} imports {target}"


def test_no_import_cycles() -> None:
    graph = {name: {target for target, _ in imports(name)} - {"coupling"} for name in modules()}
    order = list(TopologicalSorter(graph).static_order())  # CycleError names the cycle
    assert sorted(order) == sorted(modules())


def test_import_coupling_is_light() -> None:
    program = (
        "import numpy, sys, time; start = time.perf_counter(); import coupling;"
        "print(time.perf_counter() - start, *sys.modules)"
    )
    seconds = []
    for _ in range(5):  # the least of several: the machine has other things to do as well
        run = [sys.executable, "-c", program]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
        elapsed, *loaded = done.stdout.split()
        seconds.append(float(elapsed))
        assert not set(HEAVY) & set(loaded)
    assert "coupling" in loaded
    assert min(seconds) < 0.1


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


def test_every_module_and_public_function_has_a_docstring() -> None:
    met = 0
    for name, path in modules().items():
        assert ast.get_docstring(tree(path)), path
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
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


def test_the_lock_holds_what_is_declared_and_nothing_of_a_machine() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.M))
    project = pyproject()["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    declared = {re.match(r"[\w-]+", text)[0].lower().replace("_", "-") for text in wanted}
    assert declared <= locked
    assert not {"torch", "jax", "jaxlib"} & locked
    assert "://" not in lock and "--index" not in lock and "--find-links" not in lock
    assert lock.count("==") <= lock.count("--hash=sha256:")


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

"""The site: nothing public is left out of the reference, sources are in the bibliography, pages hang in the contents.

What needs Sphinx runs where it is installed (`make docs`); what needs a browser is `docs/look.py`.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import inspect
import re
import shutil
import tomllib
import unicodedata
from functools import cached_property
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import coupling
from tests.sources import ROOT, modules, tree
from tests.test_house import packages_with_names

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"


def helper(name: str, folder: Path = DOCS / "_ext") -> ModuleType:
    """A module of docs/, which is no package."""
    specification = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_public_name_is_in_the_reference() -> None:
    page = (REFERENCE / "api" / "coupling.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\.\. auto(?:function|class|exception):: coupling\.(\w+)$", page, re.M))
    parts = {name for name in coupling.__all__ if isinstance(getattr(coupling, name), ModuleType)}
    assert described == set(coupling.__all__) - parts
    assert parts <= {name.split(".")[-1] for name in helper("inner_modules").asked_for()}


def test_every_module_is_described_somewhere() -> None:
    """On a page of its own, or by the directives that collect the rest."""
    helpers = helper("inner_modules")
    asked, rest = helpers.asked_for(), helpers.left_out()
    package = {name for name in modules() if name.startswith("coupling") and name != "coupling.__main__"}
    assert asked | set(rest) == package and not asked & set(rest)
    for name in asked:
        assert name in package, f"{name} is described, but is not there"
    for name, public in rest.items():
        assert public == ("__all__" in tree_names(name)), name
    pages = [page.read_text(encoding="utf-8") for page in REFERENCE.rglob("*.md")]
    assert all(any(f"{{{directive}}}" in page for page in pages) for directive in ("inner-modules", "other-packages"))
    assert len(asked) >= 15


def tree_names(name: str) -> set[str]:
    assigned = [n.targets for n in tree(modules()[name]).body if isinstance(n, ast.Assign)]
    return {target.id for group in assigned for target in group if isinstance(target, ast.Name)}


@pytest.mark.parametrize("package", packages_with_names())
def test_public_classes_document_their_methods(package: str) -> None:
    """The reference leaves out what has no docstring; so nothing may be without."""
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        pytest.skip(f"needs {error.name}")
    for name in module.__all__:
        thing = getattr(module, name)
        assert not callable(thing) or inspect.getdoc(thing), f"{package}.{name}"
        for method, value in vars(thing).items() if isinstance(thing, type) else ():
            field = method in getattr(thing, "__dataclass_fields__", ())
            if method[0] != "_" and not field and (inspect.isfunction(value) or isinstance(value, METHODS)):
                assert inspect.getdoc(getattr(thing, method)), f"{package}.{name}.{method} has no docstring"


METHODS = (property, cached_property, classmethod, staticmethod)


def test_every_command_is_in_the_reference() -> None:
    from coupling.cli import main

    assert "```{command-help}\n```" in (REFERENCE / "command.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## coupling (.+)$", helper("command_help").page(), re.M)
    groups = {name: getattr(command, "commands", {}) for name, command in main.commands.items()}
    assert sections == [words for name, parts in groups.items() for words in (name, *(f"{name} {p}" for p in parts))]
    assert len(sections) >= 12


def test_every_source_of_the_theory_is_in_the_bibliography() -> None:
    """A source names a first author and a year, or an arXiv number; an entry has both."""
    entries = (DOCS / "references.bib").read_text(encoding="utf-8").split("\n@")[1:]
    works = {(surname(entry), year) for entry in entries for year in re.findall(r"year = \{(\d{4})\}", entry)}
    numbers = set(re.findall(r"eprint = \{([\d.]+)\}", "".join(entries)))
    assert len(works) == len(entries) >= 30
    met = 0
    for page in sorted((DOCS / "theory").glob("*.md")):
        for source in re.findall(r"\*\*Sources\*\*\n\n((?:- .*\n?)+)", page.read_text(encoding="utf-8")):
            for number in re.findall(r"arXiv (\d{4}\.\d{5})", source):
                assert number in numbers, f"{page.name}: arXiv {number}"
                met += 1
            for year in re.findall(r"\((?:[^()]*, )?(\d{4})\)", source):
                assert any(year == y and plain(name) in plain(source) for name, y in works), f"{page.name}: {year}"
                met += 1
    assert met >= 15


def surname(entry: str) -> str:
    author = re.search(r"author = \{(.+?)\}[,\n]", entry)
    assert author, entry
    return re.sub(r"\{\\(.) ?(.)\}|[{}]", r"\2", author[1].split(" and ")[0].split(",")[0])


def plain(text: str) -> str:
    """Letters without their marks."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()


#: Extras that are for those who work on the project.
OWN = {"test", "lint", "docs", "build"}


def test_every_extra_is_described_where_one_installs() -> None:
    """README and install page say the same of each: what it is for, and what it costs."""
    told = []
    for page, cell in ((ROOT / "README.md", r"`pip install '\.\[(\w+)\]'`"), (DOCS / "install.md", r"`(\w+)`")):
        rows = re.findall(rf"^\| {cell}(, and torch or JAX[^|]*)? \| (.*) \| (.*) \|$", page.read_text("utf-8"), re.M)
        told.append({extra: tuple(words) for extra, *words in rows})
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert told[0] == told[1] and told[0].keys() == project["optional-dependencies"].keys() - OWN


def test_every_page_that_installs_names_the_distribution() -> None:
    """`pip install coupling` is another project; a page that has these words warns of it."""
    met = 0
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "notebooks").glob("*.md")]:
        text = " ".join(page.read_text(encoding="utf-8").split())
        for found in re.finditer(r"(?:pip|uv) install '?coupling(?![-\w])", text):
            met += 1
            assert "unrelated library" in text[found.start() : found.start() + 120], page.name
    assert met >= 2


def test_links_to_the_world_are_well_formed() -> None:
    """They cannot be followed everywhere; they can be read."""
    link = re.compile(r"https?://[^\s)>\]\"'`}]+")
    good = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w./~%#?=&+@:-]*)?")
    links = [
        found
        for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "notebooks").glob("*.md"), *DOCS.glob("*.bib")]
        for found in link.findall(page.read_text(encoding="utf-8"))
    ]
    assert [found for found in links if not good.fullmatch(found.rstrip(".,;"))] == []
    assert len(links) >= 2


@pytest.mark.parametrize(
    "name",
    sorted(file.stem for file in (DOCS / "_ext").glob("*.py")),
)
def test_examples_of_the_extensions_hold(name: str) -> None:
    module = helper(name)
    assert doctest.testmod(module).failed == 0 and module.__doc__


def test_the_page_on_systems_has_a_row_for_each_notebook() -> None:
    """System with its paper, what was shown, what was not, the notebook; the site takes the copy of each."""
    text = (DOCS / "systems.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line[:2] == "| "]
    assert rows[0] == ["system", "what was shown", "what was not", "notebook"]
    notebooks = sorted((ROOT / "notebooks").glob("1[2-7]-*.md"))
    assert len(notebooks) == 6 and len(rows) == 2 + 6
    for row, notebook in zip(rows[2:], notebooks, strict=True):
        assert row[3] == f"[{notebook.name[:2]}](../notebooks/{notebook.name})" and all(len(cell) > 3 for cell in row)
        for paper in re.findall(r"\d{4}\.\d{5}", row[0]):
            assert paper in notebook.read_text(encoding="utf-8"), notebook.name
        assert "numbers = {" in notebook.read_text(encoding="utf-8")


def test_a_notebook_with_a_copy_shows_its_output_and_one_without_says_so() -> None:
    """`make docs` has no torch: outputs of a copy with the same code, else a sentence."""
    module = helper("executed_copies")

    def shown(copy: list[dict[str, Any]]) -> tuple[str, Any]:
        title = SimpleNamespace(cell_type="markdown", source="# Title\n\nText.")
        code = SimpleNamespace(cell_type="code", source="1 + 1\n", outputs=[])
        module.with_outputs(SimpleNamespace(cells=[title, code]), {"cells": copy})
        return title.source, code.outputs

    said = f"# Title{module.ABSENT}\nText."
    assert shown([]) == (said, [])
    assert shown([{"cell_type": "code", "source": "1 + 2", "outputs": ["3"]}]) == (said, [])
    assert shown([{"cell_type": "code", "source": "1 + 1", "outputs": ["2"]}]) == ("# Title\n\nText.", ["2"])
    configured = (DOCS / "conf.py").read_text(encoding="utf-8")
    assert '"build" / "systems"' in configured and "1[2-8]-*.md" in configured


def test_docstrings_become_text_without_markup_by_accident() -> None:
    restructured = helper("plain_docstrings").restructured
    words = ["Return x_-m for |m| <= l, *not* u* v*.", "", "    C = -1"]
    assert restructured(words) == [r"Return x\_-m for \|m\| <= l, *not* u\* v\*.", "", "::", "", "    C = -1", ""]
    lists = ["x : one", "    number", "y : two", "", "- a"]
    assert restructured(lists) == ["- ``x``: one", "  number", "- ``y``: two", "", "- a", ""]


def test_a_formula_in_a_docstring_is_literal_after_two_colons_as_well() -> None:
    restructured = helper("plain_docstrings").restructured
    assert restructured(["So::", "", "    a|b"]) == ["So::", "", "    a|b", ""]


def test_pictures_have_words_for_those_who_do_not_see_them() -> None:
    """An alternative text for every picture of a page, and for every cell that draws one."""
    met = 0
    for page in [*DOCS.rglob("*.md"), *(ROOT / "notebooks").glob("*.md"), *ROOT.glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for words in re.findall(r"!\[([^]]*)\]\(", text):
            met += 1
            assert len(words) >= 8, f"{page.name}: {words!r}"
        for head, code in re.findall(r"^```\{code-cell\}[^\n]*\n(---\n.*?---\n)?(.*?)^```$", text, re.M | re.S):
            draws = re.search(r"\bsubplots\(|\.figure$|^plots\.plot_structure", code, re.M)
            if draws:
                met += 1
                found = re.search(r"^ +alt: (.*)$", head, re.M)
                assert found and 30 <= len(found[1]) <= 170, f"{page.name}: {code[:80]}"
    assert met >= 40


def test_every_formula_of_the_conventions_is_typeset() -> None:
    """And what is typeset is in the docstring, word for word."""
    extension = helper("typeset_conventions")
    text = inspect.getdoc(importlib.import_module("coupling.conventions")) or ""
    assert extension.untranslated(text) == []
    rendered = "\n".join(extension.typeset(text))
    assert rendered.count(":math:`") >= len(extension.INLINE) and rendered.count(".. math::") == len(extension.BLOCKS)
    for change in (("√(2l3+1) C", "√(2l3-1) C"), ("J even", "J odd"), ("[Y_{l,-m} +", "[Y_{l,-m} -")):
        assert extension.untranslated(text.replace(*change)), change


BROKEN = """<!doctype html><title>broken</title><body><img src="missing.png">
<span class="math">\\(x\\)</span><pre style="width: 2000px">wide</pre><script>undefined_name()</script></body>"""


@pytest.mark.slow
def test_the_browser_finds_what_is_broken(tmp_path: Path) -> None:
    look = helper("look", DOCS)
    browser = shutil.which("chromium") or pytest.skip("needs chromium")
    (tmp_path / "broken.html").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "sound.html").write_text("<!doctype html><title>sound</title><p>words</p>", encoding="utf-8")
    with look.serving(tmp_path) as base:
        for width in look.WIDTHS.values():
            found = "\n".join(look.problems(browser, base, "broken.html", width))
            for words in ("404", "undefined_name", "0 of 1 formulas", "1 of 1 pictures", "wider", "beyond the window"):
                assert words in found, (words, found)
            assert look.problems(browser, base, "sound.html", width) == []


@pytest.mark.slow
def test_the_site_in_a_browser() -> None:
    look = helper("look", DOCS)
    if not shutil.which("chromium") or not (look.SITE / "docs" / "index.html").exists():
        pytest.skip("needs chromium and a built site: make docs")
    assert look.look(["docs/index.html", "docs/theory/gaunt.html"], shots=False) == 0

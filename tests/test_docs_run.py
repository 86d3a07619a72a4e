"""What README and docs show is run, and what they print is compared.

In every Markdown file of the repository, by the word after the opening fence:

    python    a session (>>> with output) is a doctest; a plain program must run.  The blocks of
              one page share their names, from top to bottom.  A block that says torch, jax or pywigxjpf
              is left out where that is not installed (`make test-interop` has all).
    console   `$ coupling ...` is run and its output compared.
    sh        `make target` must be a target of the Makefile.
    toml      must parse; json too.
    bibtex    names this version, and the works of CITATION.cff.
    {name}    a directive of the site: `make docs` runs it, code cells of notebooks included.

Blocks of no program, `text` and `math`, are shown only; how many there are is counted below.

Output is what was printed, times and sizes of files included; those may differ, see VARIES.  `...` stands for anything.
Pages run in a temporary folder that holds a copy of tables/, so nothing they write stays.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import coupling
from tests.skips import chosen

ROOT = Path(__file__).resolve().parent.parent
FRAMEWORKS = ("jax", "onnxruntime", "torch", "pywigxjpf")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
DIRECTIVE = re.compile(r"^```\{([\w-]+)\}", re.M)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def pages() -> list[Path]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
    return sorted(p for p in found if not {"build", "dist"} & set(p.relative_to(ROOT).parts))


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[tuple[str, str, int]]:
    """(language, text, number of its first line) of the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start(2)) + 1


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


#: What differs from one machine or version to the next: sizes of files, times, last digits, digests.
VARIES = re.compile(
    r"\b\d+(?= bytes\b)|\b\d+(?:\.\d+)?(?= ns a sample\b)|\b\d+\.\d\d(?=  \d of \d passed)"
    r"|(?<=largest deviation )\S+|(?<=largest integral )\S+|(?<=sources )[0-9a-f]{12}\b|\b[0-9a-f]{64}\b"
    r"|^(?:sparse|sphere|matrix) +(?:[\d.e+-]+ +){5}",
    re.MULTILINE,
)


class Printed(doctest.OutputChecker):
    """Compares output but for what varies."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(*(VARIES.sub("N", text) for text in (want, got)), optionflags)


# -- one function per language ----------------------------------------------------------------


def run_python(text: str, name: str, line: int, names: dict[str, object]) -> None:
    if any(re.search(rf"\b{framework}\b", text) and find_spec(framework) is None for framework in FRAMEWORKS):
        return
    if not re.search("^>>> ", text, re.M):  # a docstring of the block may have its own
        exec(compile("\n" * (line - 1) + text, name, "exec"), names)
        return
    session = doctest.DocTestParser().get_doctest(text, {}, name, name, line - 1)
    session.globs = names
    report: list[str] = []
    doctest.DocTestRunner(Printed(), optionflags=FLAGS).run(session, out=report.append, clear_globs=False)
    assert not report, "".join(report)


def run_console(text: str, name: str, line: int, names: dict[str, object]) -> None:
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M):
        assert command.split()[0] == "coupling", f"{name}:{line}: cannot run {command!r}"
        program = f"{sys.executable} -m {command}"
        done = subprocess.run(program, shell=True, capture_output=True, text=True)
        printed = done.stdout + done.stderr
        message = f"{name}:{line}: $ {command}\nexpected:\n{expected}\nprinted:\n{printed}"
        assert Printed().check_output(expected, printed, FLAGS), message


def check_sh(text: str, name: str, line: int, names: dict[str, object]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make[ \t]+([a-z]+)", text, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), f"{name}:{line}: make {target}"


def check_toml(text: str, name: str, line: int, names: dict[str, object]) -> None:
    assert tomllib.loads(text), f"{name}:{line}"


def check_json(text: str, name: str, line: int, names: dict[str, object]) -> None:
    assert json.loads(text), f"{name}:{line}"


def run_c(text: str, name: str, line: int, names: dict[str, object]) -> None:
    """A whole program with a comment after the line of each thing it prints; headers lie in the folder already."""
    if shutil.which("gcc") is None:
        return
    Path("block.c").write_text(text, encoding="utf-8")
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "block.c", "-o", "block", "-lm"], check=True)
    printed = subprocess.run(["./block"], capture_output=True, text=True, check=True).stdout.split()
    assert printed == re.findall(r"/\* (\S+) \*/", text), f"{name}:{line}: {printed}"


def check_bibtex(text: str, name: str, line: int, names: dict[str, object]) -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    titles, versions = (re.findall(rf"^ *{field} *= \{{(.*)\}},$", text, re.M) for field in ("title", "version"))
    assert len(titles) == text.count("\n@") + text.startswith("@")
    assert all(f'title: "{each}"' in citation for each in titles), f"{name}:{line}"
    assert all(f"version: {each}" in citation and each == coupling.__version__ for each in versions)
    assert all(url in citation for url in re.findall(r"https://[^}]*", text))


LANGUAGES: dict[str, Callable[[str, str, int, dict[str, object]], None]] = {
    "python": run_python,
    "console": run_console,
    "sh": check_sh,
    "toml": check_toml,
    "json": check_json,
    "c": run_c,
    "bibtex": check_bibtex,
    "text": lambda *_: None,
    "math": lambda *_: None,
}


# What Sphinx runs or lays out; a page with another directive is a slip of the pen.
DIRECTIVES = {
    "bibliography",
    "code-cell",
    "command-help",
    "eval-rst",
    "family-table",
    "glossary",
    "inner-modules",
    "other-packages",
    "toctree",
}

# Blocks that are shown and not run, page by page.
SHOWN = {"README.md": 1, "docs/coming_from_e3nn.md": 1, "docs/deployment.md": 1, "docs/howto/gpu.md": 1}


# -- the tests --------------------------------------------------------------------------------


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if (ROOT / "tables").is_dir():
        shutil.copytree(ROOT / "tables", tmp_path / "tables")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning", "ignore:# The axis name:UserWarning")  # exports of torch
@pytest.mark.parametrize("page", [p for p in pages() if FENCE.search(p.read_text("utf-8"))], ids=title)
def test_blocks_do_what_the_page_says(page: Path, workplace: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    met = 0
    for language, text, line in blocks(page):
        assert language in LANGUAGES, f"{title(page)}:{line}: say what a {language!r} block is"
        LANGUAGES[language](text, title(page), line, names)
        met += 1
    assert met


def test_what_needs_a_framework_is_run_where_it_is() -> None:
    met = 0
    for page in pages():
        texts = [text for language, text, _ in blocks(page) if language == "python"]
        if any(re.search(rf"\b{framework}\b", text) for text in texts for framework in FRAMEWORKS):
            test = f"tests/test_docs_run.py::test_blocks_do_what_the_page_says[{title(page)}]"
            assert chosen(test), f"{title(page)} has blocks that nobody runs: name it in INTEROP_TESTS of the Makefile"
            met += 1
    assert met >= 3


def test_the_readme_shows_the_two_commands_and_an_example() -> None:
    shown = [(language, text) for language, text, _ in blocks(ROOT / "README.md")]
    assert any(language == "sh" and "make test" in text for language, text in shown)
    assert any(language == "python" and ">>>" in text for language, text in shown)


@pytest.mark.parametrize("page", pages(), ids=title)
def test_every_fence_is_closed_and_says_its_language(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^```(\w*|\{[\w-]+\}.*)$", text, re.M)
    assert not len(fences) % 2
    assert all(fences[::2]) and not any(fences[1::2])
    assert set(DIRECTIVE.findall(text)) <= DIRECTIVES


def test_blocks_that_are_only_shown_are_few_and_known() -> None:
    shown = {title(p): sum(language in ("text", "math") for language, _, _ in blocks(p)) for p in pages()}
    assert {page: count for page, count in shown.items() if count} == SHOWN
    run = [language for p in pages() for language, _, _ in blocks(p) if language not in ("text", "math")]
    assert len(run) >= 30


def test_links_inside_the_repository_lead_somewhere() -> None:
    links = [(p, link) for p in pages() for link in LINK.findall(re.sub(r"`[^`]*`|\$[^$]*\$", "", prose(p)))]
    dead = [f"{title(page)}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert not dead
    assert len(links) >= 12


def test_files_named_in_the_text_exist() -> None:
    """In backticks, with a slash; a path is meant from the root or from the page's folder."""
    met = 0
    for page in pages():
        for name in PATH.findall(prose(page)):
            if "foo" in name or name.startswith((".venv/", "build/", "tables/data/")):
                continue  # an example, or made by `make`
            assert (ROOT / name).exists() or (page.parent / name).exists(), f"{title(page)}: {name}"
            met += 1
    assert met >= 20


def test_code_fits_into_the_column() -> None:
    """Code has 90 columns at most; what it prints may be wider."""
    met = 0
    for page in pages():
        if not title(page).startswith(("docs/", "notebooks/")):
            continue
        for fence in re.finditer(
            r"^```(?:python|\{code-cell\}[^\n]*)\n(?:---\n.*?---\n)?(.*?)^```$", page.read_text("utf-8"), re.M | re.S
        ):
            session = ">>> " in fence[1]
            for line in fence[1].splitlines():
                if not session or line.startswith((">>>", "...")):
                    met += 1
                    assert len(line) <= 90, f"{title(page)}: {line}"
    assert met >= 2200


def test_only_times_and_sizes_may_vary() -> None:
    same = Printed().check_output
    for want, got in (
        ("a: 12 bytes\n", "a: 7345 bytes\n"),
        ("x 27.68 ns a sample", "x 3 ns a sample"),
        ("1.23  6 of 6 passed", "0.07  6 of 6 passed"),
        ("largest deviation 2.2e-16", "largest deviation 4.4e-16"),
        (f"checksum  {'a1' * 32}", f"checksum  {'b2' * 32}"),
        (
            "sparse  0.00e+00  0  1.1e-14  3.4e-16  27.12  641 entries",
            "sparse  1e-15  0  2e-14  3e-16  9.1  641 entries",
        ),
    ):
        assert same(want, got, FLAGS)
    for want, got in (
        ("a: 12 paths\n", "a: 13 paths\n"),
        ("1.23  6 of 6 passed", "1.23  5 of 6 passed"),
        ("0.5\n", "0.25\n"),
        ("largest integral 1e-14 of 7", "largest integral 2e-14 of 8"),
        (
            "sparse  0.00e+00  0  1.1e-14  3.4e-16  27.12  641 entries",
            "sparse  0.00e+00  0  1.1e-14  3.4e-16  27.12  64 entries",
        ),
    ):
        assert not same(want, got, FLAGS)

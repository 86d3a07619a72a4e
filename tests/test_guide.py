"""The guide to the code: its walks visit the modules that it names, and no others."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from os import environ
from pathlib import Path

import pytest

from tests.sources import ROOT, inside, modules
from tests.test_imports import WALK

PAGES = {page: (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8") for page in ("guide.md", "load.md")}

#: Notes every function of the package that Python enters, but not what a compiler calls while it compiles.
TRACER = """
import json, sys

met = set()

def compiling(frame):
    while (frame := frame.f_back) is not None:
        if frame.f_globals.get("__name__", "").split(".")[0] in ("numba", "llvmlite", "importlib", "_frozen_importlib"):
            return True
    return False

def note(frame, event, argument):
    name = frame.f_globals.get("__name__", "")
    if event == "call" and name.split(".")[0] == "coupling" and frame.f_code.co_name != "<module>":
        if name not in met and not compiling(frame):
            met.add(name)
"""

PRODUCT = """
import numpy as np
from coupling.products import ClebschGordan

x = np.ones((5, 9, 4), np.float32)
sys.setprofile(note)
product = ClebschGordan(2, 2, 2)
z = product(x, x)
gradient = product.turn()(x, z)
sys.setprofile(None)
assert gradient.any()
print(json.dumps(sorted(met)))
"""

EXPORT = """
from coupling.cli import main

sys.setprofile(note)
main({words!r}, standalone_mode=False)
sys.setprofile(None)
print(json.dumps(sorted(met)))
"""


def section(title: str) -> str:
    (text,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGES["guide.md"], re.M | re.S)
    return text


def rows(text: str) -> set[str]:
    """The modules in the first column of the tables of a text."""
    return set(re.findall(r"^\| `(coupling[\w.]*)` \|", text, re.M))


def named(*titles: str) -> set[str]:
    return {name for title in titles for name in rows(section(title))}


def walked(program: str, folder: Path) -> set[str]:
    """The modules that a program visits, apart from those that every walk uses."""
    run = [sys.executable, "-c", TRACER + program]
    environment = {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True, env=environ | environment)
    everywhere = named("Used everywhere")
    return {name for name in json.loads(done.stdout.splitlines()[-1]) if not inside(name, *everywhere)}


def test_walk_of_a_product(tmp_path: Path) -> None:
    """All but the kernel, which is machine code and enters no function of Python."""
    titles = "A product: from the constructor to the kernel", "The coefficients of a product"
    kernel = {"coupling.kernels.sparse_product"}
    assert walked(PRODUCT, tmp_path) | kernel == named(*titles)
    assert len(named(*titles)) > 20


def test_walk_of_an_export(tmp_path: Path) -> None:
    title = "An export: from the command to the bytes"
    (command,) = re.findall(r"^\$ coupling (export .*)$", section(title), re.M)
    assert walked(EXPORT.format(words=command.split()), tmp_path) == named(title)
    assert [file.suffix for file in tmp_path.iterdir()] == [".h"] and len(named(title)) > 20


def test_walk_of_load() -> None:
    """Its table has the modules that `tests.test_imports.test_load_walks_six_modules` finds loaded."""
    assert rows(PAGES["load.md"]) == WALK


@pytest.mark.parametrize("page", PAGES)
def test_modules_that_a_page_names_exist(page: str) -> None:
    """Each name in the text is a module, or something in one."""
    text = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.M | re.S)
    met = 0
    for name in set(re.findall(r"`(coupling(?:\.\w+)+)`", text)):
        module, _, inner = name.rpartition(".")
        assert name in modules() or hasattr(import_module(module), inner), f"{page}: {name}"
        met += 1
    assert met > 10

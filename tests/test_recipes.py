"""The recipes of CONTRIBUTING for a compared program, a route and a backend, each followed in a copy of the tree."""

from __future__ import annotations

import re
from pathlib import Path

from tests.sources import ROOT
from tests.test_recipe_family import copy, run

__all__ = ["copy"]  # a fixture

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def recipe(title: str) -> tuple[str, list[str]]:
    """The text of a section, and its blocks of Python."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return section, re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)


def put(copy: Path, section: str, content: str) -> Path:
    """The file that a section asks for, written."""
    ((name, folder),) = re.findall(r"a file `(\w+\.py)` in `([\w/]+)/`", section)
    file = copy / folder / name
    assert not file.exists()
    file.write_text(content, encoding="utf-8")
    return file


def passed(copy: Path, *arguments: str) -> int:
    return int(re.search(r"(\d+) passed", run(copy, *PYTEST, *arguments))[1])  # type: ignore[index]


def test_a_function_and_a_record_make_a_program_to_compare_with(copy: Path) -> None:
    section, (function,) = recipe("Adding a program to the cross-check")
    ((file, record),) = re.findall(r"in `PROGRAMS` of `([\w/.]+)`:\s+`(PeerProgram\(.*\),)`", section)
    folder = (copy / file).parent
    with (folder / "symbols.py").open("a", encoding="utf-8") as symbols:
        symbols.write("\n\n" + function)
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count("PROGRAMS = (\n") == 1
    (copy / file).write_text(text.replace("PROGRAMS = (\n", f"PROGRAMS = (\n    {record}\n"), encoding="utf-8")
    assert "mpmath" not in (copy / "docs" / "comparison.md").read_text(encoding="utf-8")
    compared = run(copy, "-m", "coupling", "crosscheck", "--program", "mpmath", "--lmax", "3", "--write")
    (row,) = re.findall(r"^\| mpmath \|.*", compared, re.M)
    assert re.fullmatch(r"\| mpmath \| \S+ \| scipy \| harmonics \| ≤ 3 \| 4 \| 960 \| \S+ \| \S+ \| agrees \|", row)
    assert row in (copy / "docs" / "comparison.md").read_text(encoding="utf-8")
    chosen = "mpmath or row_for_everything or write_page_writes"
    assert passed(copy, "tests/test_crosscheck.py", "-k", chosen) == 3


ROUTE = """
import numpy as np
from coupling.backends.cuda import cuda_source
from coupling.products import FullProduct
from coupling.products.straight import straight_program
from coupling.programs.evaluate import evaluate
from coupling.programs.text import python_function

random, product = np.random.default_rng(0), FullProduct(2, 1, 2, paths="even", normalization="gaunt")
for turn in range(3):
    program = straight_program(product, "float64")
    x, y = (random.standard_normal((n, 1)) for n in product.sizes[:2])
    expected = product(x, y)
    arrays = {"x": x, "y": y, "z": np.full_like(expected, np.nan)}
    evaluate(program.tape, arrays, program.constants)
    written = np.full_like(expected, np.nan)
    python_function(program)(x, y, written)
    for found in (arrays["z"], written):
        assert abs(found - expected).max() < 1e-14 * abs(expected).max(), turn
    assert f"{program.operations} multiply-adds" in cuda_source(product, "float64")
    product = product.turn()
print("right in every turn")
"""


def test_one_file_and_one_function_make_a_route(copy: Path) -> None:
    section, (file, function) = recipe("Adding a route")
    route = put(copy, section, file)
    straight = copy / "coupling" / "products" / "straight.py"
    added = function.replace("\ndef _full", "\n@_program.register\ndef _full")
    assert added != function and "full_sums" not in straight.read_text(encoding="utf-8")
    with straight.open("a", encoding="utf-8") as module:
        module.write("\n\nfrom coupling.programs.full import full_sums\n" + added)
    assert run(copy, "-c", ROUTE) == "right in every turn\n"
    assert passed(copy, str(route), "tests/test_imports.py", "-k", "full_sums or go_up or cycles or independent") == 4


BACKEND = """
import inspect
import numpy as np
from coupling.backends.plain import PRODUCTS
from coupling.products import ClebschGordan, MatrixProduct
from coupling.products.form import KINDS

random = np.random.default_rng(0)
assert set(PRODUCTS) == set(KINDS)
x, y = random.standard_normal((5, 9, 4)), random.standard_normal((5, 4, 4)).astype("float32")
weights = [random.standard_normal(l + 1) for l in (2, 1, 2)]
matrix, wanted = PRODUCTS["MatrixProduct"](2, 1, 2), MatrixProduct(2, 1, 2, weights=weights)
assert abs(matrix(x, y, weights) - wanted(x, y)).max() < 1e-12 and matrix(x, y).dtype == np.float64
sparse = PRODUCTS["ClebschGordan"](2, 1, 2, layout="channels_first")
turned = [np.swapaxes(value, 1, 2) for value in (x, y)]
w = random.standard_normal((5, 4, len(sparse.paths)))
one = [ClebschGordan(2, 1, 2, w[s, c])(x[s, :, [c]].T, y[s, :, [c]].T)[:, 0] for s in range(5) for c in range(4)]
assert abs(sparse(*turned, w).reshape(20, 9) - one).max() < 1e-12
assert abs(sparse(*turned, w[0, 0])[0, 0] - one[0]).max() < 1e-12
for kind, made in PRODUCTS.items():
    product, given = KINDS[kind](2, 1, 2), made(2, 1, 2)
    shapes = [(3, *shape, 2) for shape in product.shapes[:2]]
    features = [random.standard_normal(shape) for shape in shapes]
    assert abs(given(*features) - product(*features)).max() < 1e-12, kind
    own, given = (list(inspect.signature(each).parameters) for each in (KINDS[kind], made))
    assert given == [name for name in own if name != "workers"], kind
for bad in (x[:, :8], x.astype(int)):
    try:
        matrix(bad, y)
    except (TypeError, ValueError):
        continue
    raise SystemExit("a wrong input was taken")
print("right for every kind")
"""


def test_one_file_makes_a_backend(copy: Path) -> None:
    section, (file,) = recipe("Adding a backend")
    backend = put(copy, section, file)
    assert run(copy, "-c", BACKEND) == "right for every kind\n"
    assert passed(copy, str(backend), "tests/test_imports.py", "-k", "constructor or go_up or cycles") == 3

"""The explorer: its data against the exact numbers, and the page in a browser.

The data is read as a reader of another language would: a core entry times the factor of its path.  The page runs from
a folder, in headless Chromium; what it computes is compared with coupling.exact and coupling.block, not with its data.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import coupling
from coupling.conventions import BASES, parity_sign
from coupling.exact import Surd
from coupling.families import Family, family, records
from coupling.foreign import CONVENTIONS
from coupling.selection import orders, paths
from coupling.tables import Request
from tests.test_docs_site import DOCS, helper

FOLDER = DOCS / "_root" / "explorer"
SIZES = {"desktop": (1280, 1100), "phone": (390, 2000)}


@cache
def tool(name: str) -> ModuleType:
    return helper(name, DOCS)


@cache
def held() -> dict[str, Any]:
    return tool("explorer").read()


# -- the file


def test_the_file_is_what_its_generator_writes() -> None:
    written = (FOLDER / "coefficients.js").read_text(encoding="utf-8")
    assert written == tool("explorer").text(tool("explorer").data())
    assert len(written.encode()) < 400_000


def entries(record: Family, basis: str) -> Iterator[tuple[tuple[int, ...], Surd]]:
    """Degrees, orders and value of every coefficient of a family that the file has, by what the file says alone."""
    surd = tool("explorer").read_surd
    for path, factor, (p, q, *pairs) in zip(
        held()["paths"], held()["factors"][basis][record.text], held()["core"][basis], strict=True
    ):
        place = 0
        for step, number in zip(pairs[::2], pairs[1::2], strict=True) if factor else ():
            place += step
            shape = [2 * l + 1 for l in path]
            m = [int(k) - l for k, l in zip(np.unravel_index(place, shape), path, strict=True)]
            signs = record.order_signs(basis)
            sign = parity_sign(sum(order for order, s in zip(m, signs, strict=True) if s < 0))
            value = surd(factor) * Surd((number > 0) - (number < 0), abs(number) * p, q) * sign
            yield (*path, *(order * s for order, s in zip(m, signs, strict=True))), value


@pytest.mark.parametrize("basis", BASES)
def test_every_coefficient_of_the_file_is_the_exact_one(basis: str) -> None:
    """All families, the spins of the one that has them to 2; and no coefficient is left out."""
    met: dict[str, int] = {}
    for record in tool("explorer").variants():
        if basis not in record.bases or any(abs(value) > 2 for value in record.values):
            continue
        exact = record.exact(basis)
        found = dict(entries(record, basis))
        assert all(exact(*symbol) == value for symbol, value in found.items()), record.text
        there = {(*path, *m) for path in paths(6) for m in orders(*path, basis)}
        flip = record.order_signs(basis)
        symbols = {(*s[:3], *(m * f for m, f in zip(s[3:], flip, strict=True))) for s in there} - found.keys()
        assert not any(exact(*symbol) for symbol in symbols), record.text
        met[record.name] = met.get(record.name, 0) + len(found)
    assert set(met) == {record.name for record in records() if basis in record.bases}
    counts = coupling.build(Request(lmax=6, basis=basis)).metadata["counts"]  # by the kernels
    assert met["wigner_3j"] == met["gaunt"] + met["antisymmetric_gaunt"] == counts["entries"]


def test_every_factor_of_the_file_is_the_exact_one() -> None:
    """Of all spins."""
    surd, met = tool("explorer").read_surd, 0
    for basis, families in held()["factors"].items():
        for text, factors in families.items():
            for path, factor in zip(held()["paths"], factors, strict=True):
                assert surd(factor) == family(text).reduced(*path, basis), (text, path)
                met += 1
    assert met == 175 * (5 + 6 + 127)


# -- the page


@cache
def browser() -> str:
    return tool("look").find_browser() or pytest.skip("needs chromium")


def run(folder: Path, script: str, *options: str) -> Any:
    """What a script, run after the page's own, puts into the element `report` as JSON; the console stays silent."""
    page = folder / "explorer"
    if not page.exists():
        shutil.copytree(FOLDER, page)
        (folder / "index.html").write_text("<!doctype html><title>site</title>", encoding="utf-8")
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    call = f"<pre id=report></pre><script>report.textContent = JSON.stringify((() => {{{script}}})());</script></body>"
    (page / "harness.html").write_text(text.replace("</body>", call), encoding="utf-8")
    dom, log = tool("look").browse(browser(), (page / "harness.html").as_uri(), "--dump-dom", *options)
    assert [line for line in log.splitlines() if ":CONSOLE" in line] == []
    found = re.search(r'<pre id="report">(.*?)</pre>', dom, re.S)
    assert found, dom[-2000:]
    return json.loads(html.unescape(found[1]))


#: Blocks as flat lists of orders, exact text and double; of every state that `states` gives.
BLOCKS = """
const base = {spins: [1, -2, 1], convention: "coupling"};
return %s.map(([family, basis, convention, path, conjugate]) => {
  const slots = conjugate || Exact.find(family).conjugate;
  const block = Exact.block({...base, family, basis, convention, path, conjugate: slots});
  const {text, float, latex} = Exact, entry = e => [e.m, e.at, text(e.value), float(e.value), latex(e.value)];
  return [block.name, block.shape, block.entries.map(entry)];
});
"""


def test_the_page_computes_every_coefficient(tmp_path: Path) -> None:
    """Text, LaTeX and the last bit of the double, of all families in both bases to degree 6."""
    states = [(r.name, basis, "coupling", path) for r in records() for basis in r.bases for path in paths(6)]
    met = 0
    for (name, basis, _, path), (text, _, found) in zip(
        states, run(tmp_path, BLOCKS % json.dumps(states)), strict=True
    ):
        exact = family(text).exact(basis)
        assert text.startswith(name)
        for m, _, written, double, latex in found:
            value = exact(*path, *m)
            size = complex(value).imag if value.unit else float(value)
            assert (repr(value), size, value.latex()) == (written, double, latex), (text, basis, path, m)
        met += len(found)
    assert met == 86_138


def conventions() -> Iterator[tuple[str, str, str, tuple[int, int, int], list[int] | None]]:
    """Every convention for every family: small paths, and to degree 6 where signs have no rule."""
    for convention, record in product(CONVENTIONS.values(), records()):
        for basis in BASES if convention.name == "coupling" else (convention.basis,):
            largest = (6 if convention.name in ("e3nn_0_4", "mlff") else 3) if record.core else 2
            for path in paths(largest) if basis in record.bases else ():
                yield record.name, basis, convention.name, path, None
    for name, slots in product(("gaunt", "antisymmetric_gaunt", "wigner_3j"), ([1], [2, 3], [1, 2, 3])):
        yield from ((name, "complex", "sympy", path, slots) for path in paths(2))


def test_the_page_knows_the_conventions(tmp_path: Path) -> None:
    """Places, signs and every bit, as coupling.block has them."""
    states = list(conventions())
    for state, (text, shape, found) in zip(states, run(tmp_path, BLOCKS % json.dumps(states)), strict=True):
        _, basis, convention, path, _ = state
        block = coupling.block(
            text, *path, basis=basis, **({} if convention == "coupling" else {"convention": convention})
        )
        made = np.zeros(shape)
        for _, at, _, double, _ in found:
            made[tuple(at)] = double
        assert np.array_equal(made, block.imag if np.iscomplexobj(block) else block), state
    assert len(states) == 2 * 175 + 15 * 34 + (14 * 5 + 3 * 5 + 9) * 15


SHOWN = """
const shown = [];
for (const address of %s) {
  location.hash = address;
  dispatchEvent(new HashChangeEvent("hashchange"));
  const one = {address: location.hash, exact: document.getElementById("exact").dataset.exact};
  for (const id of ["float", "why", "caption"]) one[id] = document.getElementById(id).textContent;
  one.words = [...document.querySelectorAll("#words dd")].map(e => e.textContent);
  one.cells = document.querySelectorAll("#block .positive, #block .negative").length;
  one.rows = document.querySelectorAll("#rows tr").length;
  for (const extent of ["one", "all"]) for (const language of ["python", "c", "latex"]) {
    document.querySelector(`[data-extent=${extent}]`).click();
    document.querySelector(`[data-language=${language}]`).click();
    one[`${language}_${extent}`] = document.getElementById("source").textContent;
  }
  shown.push(one);
}
return shown;
"""

#: Address → exact value, double
ADDRESSES = {
    "gaunt/complex/coupling/2,2,2/1,1,-2": ("√(15/(98π))", "0.2207281154418226"),
    "wigner_3j/real/e3nn/1,1,1/-1,0,1": ("√(1/6)", "0.408248290463863"),
    "wigner_3j/real/e3nn_0_4/1,2,2/0,-1,1": None,
    "antisymmetric_gaunt/complex/coupling/1,1,1/1,-1,0": ("i·√(3/(4π))", "i · 0.4886025119029199"),
    "clebsch_gordan/complex/coupling/1,1,2/0,0,0": ("√(2/3)", "0.816496580927726"),
    "gaunt/real/e3x/1,2,3/0,0,0": None,
    "gaunt/real/e3j/2,1,3/-1,0,-1": None,
    "spin_weighted_gaunt/complex/coupling/2,2,2/1,0,-1/1,-2": None,
    "gaunt/complex/sympy/2,2,2/1,0,1/1,-1/1": None,
    "gradient_dot/real/coupling/5,4,3/3,-2,-1": None,
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    found = run(tmp_path_factory.mktemp("explorer"), SHOWN % json.dumps(list(ADDRESSES)))
    return dict(zip(ADDRESSES, found, strict=True))


def test_the_page_shows_values_picture_and_words(shown: dict[str, dict[str, Any]]) -> None:
    for address, expected in ADDRESSES.items():
        one = shown[address]
        assert one["address"].startswith(f"#{address}"), one["address"]
        assert expected is None or (one["exact"], one["float"]) == expected
        assert one["cells"] == one["rows"] > 0 and one["why"] == ""
        assert len(one["words"]) == 4 and all(one["words"])


def test_zeros_are_explained(tmp_path: Path) -> None:
    addresses = {
        "gaunt/real/coupling/1,1,1/0,0,0": "Zero: 1 + 1 + 1 = 3 is odd; gaunt lives on even sums.",
        "gaunt/real/coupling/1,1,4/0,0,0": "Zero: the degrees 1, 1, 4 form no triangle.",
        "gaunt/complex/coupling/1,1,2/1,1,1": "Zero: a selection rule of the orders, or an accident.",
        "spin_weighted_gaunt/complex/coupling/1,1,2/0,0,0/2,-2": "Zero: a spin is larger than its degree.",
        "gradient_dot/real/coupling/6,3,5/0,0,0": "Zero: the factor of this path vanishes.",
    }
    for one, words in zip(run(tmp_path, SHOWN % json.dumps(list(addresses))), addresses.values(), strict=True):
        assert (one["exact"], one["float"], one["why"]) == ("0", "0", words)


def test_python_code_of_the_page_runs(shown: dict[str, dict[str, Any]]) -> None:
    for address, one in shown.items():
        names: dict[str, Any] = {}
        exec(one["python_one"], names)
        value = complex(names["value"])
        double = float(one["float"].removeprefix("i · "))
        assert (value.imag if "i ·" in one["float"] else value.real) == double, address
        if "exact" in names:
            assert repr(names["exact"]) == one["exact"], address
        exec(one["python_all"], names)
        assert np.count_nonzero(names["block"]) == one["rows"], address


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
def test_c_code_of_the_page_compiles_to_the_same_bits(shown: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    parts, lines, expected = [], [], []
    for n, one in enumerate(shown.values()):
        for extent in ("one", "all"):
            stem = re.search(r"static const double (\w+)", one[f"c_{extent}"])
            assert stem
            parts.append(re.sub(rf"\b{stem[1]}\b", f"{extent}_{n}", one[f"c_{extent}"]))
        size = f"sizeof all_{n} / sizeof(double)"
        lines.append(f"for (k = 0; k < {size}; k++) if (((const double *)all_{n})[k] == one_{n}) found++;")
        lines.append(f'printf("%.17g %zu %d\\n", one_{n}, {size}, found > 0); found = 0;')
        expected.append(float(one["float"].removeprefix("i · ")))
    body = "\n".join(lines)
    source = (
        "\n".join(parts) + f"#include <stdio.h>\nint main(void) {{ size_t k; int found = 0;\n{body}\nreturn 0; }}\n"
    )
    (tmp_path / "page.c").write_text(source, encoding="utf-8")
    program = tmp_path / "page"
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", program, tmp_path / "page.c"], check=True)
    rows = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [float(row.split()[0]) for row in rows] == expected
    assert all(row.split()[2] == "1" for row in rows)


def test_latex_of_the_page(shown: dict[str, dict[str, Any]]) -> None:
    first = shown["gaunt/complex/coupling/2,2,2/1,1,-2"]["latex_one"]
    assert first == r"\int Y_{2,1}Y_{2,1}Y_{2,-2}\,d\Omega = \sqrt{\frac{15}{98\,\pi}}" + "\n"
    starred = shown["gaunt/complex/sympy/2,2,2/1,0,1/1,-1/1"]["latex_one"]
    assert starred.startswith(r"\int Y_{2,1}^*Y_{2,0}Y_{2,1}\,d\Omega = ")
    for address, one in shown.items():
        assert one["latex_all"].count("&=") == one["rows"], address
        assert not re.search(r"[lms]_\d|Y_\d", one["latex_one"]), address


# -- how it looks

FITS = """
const rolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || rolls(e.parentElement));
const beyond = e => e.getBoundingClientRect().right > innerWidth + 1 && !rolls(e);
const wide = [...document.querySelectorAll("body *")].filter(beyond).map(e => e.id || e.tagName);
const {backgroundColor: back, color: ink} = getComputedStyle(document.body);
const root = document.documentElement;
return {wide, scroll: root.scrollWidth - innerWidth, theme: root.dataset.theme, back, ink};
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SIZES)
def test_the_page_fits_in_both_themes(tmp_path: Path, name: str, theme: str) -> None:
    """Also leaves a picture for a person in build/docs/screenshots."""
    width, height = SIZES[name]
    window = f"--window-size={max(width, 500)},{height}"
    chosen = f'localStorage.setItem("theme", "{theme}"); '
    look = tool("look")
    run(tmp_path, "return 0;")
    style = f"border:0;width:{width}px;height:{height}px"
    frame = f'<!doctype html><body style="margin:0"><iframe src="explorer/themed.html" style="{style}"></iframe></body>'
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    head = f"<head><script>{chosen}location.hash ||= 'gaunt/real/coupling/3,4,5/0,0,0'</script>"
    call = f"<script>parent.document.title = 'REPORT ' + JSON.stringify((() => {{{FITS}}})());</script></body>"
    (tmp_path / "explorer" / "themed.html").write_text(
        page.replace("<head>", head).replace("</body>", call), encoding="utf-8"
    )
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    with look.serving(tmp_path) as base:  # pages of a folder may not look into their frames
        dom, log = look.browse(browser(), f"{base}/frame.html", "--dump-dom", window)
        look.SHOTS.mkdir(parents=True, exist_ok=True)
        shot = look.SHOTS / f"explorer-{name}-{theme}.png"
        look.browse(browser(), f"{base}/frame.html", f"--screenshot={shot}", window)
    assert [line for line in log.splitlines() if ":CONSOLE" in line] == []
    found = re.search(r"<title>REPORT (.*?)</title>", dom)
    assert found, dom[:3000]
    report = json.loads(html.unescape(found[1]))
    assert (report["wide"], report["theme"]) == ([], theme) and report["scroll"] <= 0
    dark, light = sorted((report["back"], report["ink"]), key=lambda c: sum(map(int, re.findall(r"\d+", c))))
    assert (report["back"] == dark) == (theme == "dark") and dark != light
    assert shot.stat().st_size > 10_000

"""Benchmarks: no time of another program is told unless its values were right in the same run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks import compiled, exact_vs_sympy, families, manybody, peers, product_peers, products, symbols, tables
from benchmarks.timing import UNTIMED, told, wrong
from coupling import wigner_3j, wigner_6j, wigner_9j
from coupling.manybody import basis as many_body
from coupling.numbers.tabulation import Tabulation, tabulate

Values = Callable[[np.ndarray], np.ndarray]


def one_off(values: np.ndarray) -> np.ndarray:
    """A single wrong value among many."""
    result = np.array(values)
    result[len(result) // 2] += 1e-3
    return result


def scaled(values: np.ndarray) -> np.ndarray:
    """Another normalization."""
    return 2 * values


def missing(values: np.ndarray) -> np.ndarray:
    """No number."""
    return np.where(np.arange(len(values)) == 3, np.nan, values)


WRONG = (one_off, scaled, missing)


def told_of(lines: list[str], program: str) -> list[list[str]]:
    """The cells of the rows of a program."""
    return [cells for line in lines if (cells := [cell.strip() for cell in line.strip("|").split("|")])[1] == program]


def test_values_are_right_or_wrong() -> None:
    exact = np.array([0.5, -0.25, 0.0])
    assert wrong(exact * (1 + 1e-9), exact) == 0 and wrong(exact + np.array([0, 0, 1e-17]), exact) == 0
    assert (
        wrong(exact * (1 + 1e-5), exact) == 2
        and wrong(-exact, exact) == 2
        and wrong(exact + np.array([0, 0, 0.1]), exact) == 1
    )
    assert wrong(np.full(3, np.nan), exact) == 3 and wrong(exact[:2], exact) == 3
    assert told(0, "1.0") == ("1.0",) and told(3, "1.0", "2") == (UNTIMED, UNTIMED)


@pytest.mark.parametrize("damage", [None, *WRONG])
def test_tables_tell_no_time_of_a_wrong_program(monkeypatch: pytest.MonkeyPatch, damage: Values | None) -> None:
    """From Python, in the complex basis and as real blocks."""

    def planted() -> Callable[[int], list[Any]]:
        values = tabulate("wigner_3j", 2, "complex").values
        made = values if damage is None else damage(values)
        return lambda lmax: [(*s[:5], v) for s, v in zip(peers.symbols(lmax), made, strict=True)]

    def block() -> Callable[..., np.ndarray]:
        held = tabulate("wigner_3j", 6).blocks()
        return lambda *path: held[path] if damage is None else damage(held[path].ravel()).reshape(held[path].shape)

    monkeypatch.setattr(tables, "COMPLEX", {"planted": (planted, 9)})
    monkeypatch.setattr(tables, "REAL", {"planted": (block, 9)})
    monkeypatch.setattr(tables, "installed", lambda name: "1.0")
    lines, speeds = tables.complex_rows(2)
    for found in (lines, tables.real_rows(6)):
        [cells] = told_of(found, "planted")
        assert (cells[2:4] == [UNTIMED] * 2) == (damage is not None) and (cells[6] != "0") == (damage is not None)
        [own] = told_of(found, "coupling")
        assert float(own[2]) > 0
    assert ("planted" in speeds) == (damage is None)


def python_gaunt(*doubled: int) -> float:
    """A function of doubled degrees and orders in pairs, as libwignernj's."""
    from coupling import gaunt

    l1, m1, l2, m2, l3, m3 = (n // 2 for n in doubled)
    return gaunt(l1, l2, l3, m1, m2, m3)


def test_arguments_in_pairs_reach_a_function_in_pairs() -> None:
    """What libwignernj takes: 2l1, 2m1, 2l2, 2m2, 2l3, 2m3; degrees first would be another coefficient, or none."""
    table = tabulate("gaunt", 2, "complex")
    entries = compiled.arguments(table)
    paired = [python_gaunt(*(2 * row)) for row in entries[:, compiled.IN_PAIRS]]
    assert np.array_equal(paired, table.values)
    assert entries[:, compiled.IN_PAIRS][0].tolist() == [
        n for pair in zip(entries[0, :3], entries[0, 3:], strict=True) for n in pair
    ]


def test_the_calls_of_libwignernj() -> None:
    """The real functions, where they are installed: every value right, Gaunt coefficients of both bases too."""
    pytest.importorskip("wignernj")
    for (family, basis), programs in compiled.TABLES.items():
        table = tabulate(family, 3, basis)
        values = programs["wignernj"][1](table)()
        assert wrong(values, table.values) == 0, (family, basis)
        np.testing.assert_allclose(values, table.values, rtol=2e-15)


@pytest.mark.parametrize("damage", [None, *WRONG])
def test_compiled_tables_tell_no_time_of_a_wrong_program(
    monkeypatch: pytest.MonkeyPatch, damage: Values | None
) -> None:
    def planted(table: Tabulation) -> compiled.Call:
        return lambda: table.values if damage is None else damage(table.values)

    monkeypatch.setitem(compiled.TABLES, ("gaunt", "real"), {"planted": ("planted", planted, 9)})
    monkeypatch.setattr(compiled, "installed", lambda name: "1.0")
    [cells] = told_of(compiled.rows("gaunt", "real", 2), "planted")
    assert (cells[2:4] == [UNTIMED] * 2) == (damage is not None)
    held = {path: tabulate("wigner_3j", 2).blocks()[path] for path in [(1, 1, 2)]}
    block = lambda *path: held[path] if damage is None else damage(held[path].ravel()).reshape(held[path].shape)  # noqa: E731
    monkeypatch.setattr(compiled, "REAL", {"planted": (lambda: block, 9)})
    monkeypatch.setattr(compiled, "BLOCKS", ((1, 1, 2),))
    [cells] = told_of(compiled.block_rows(), "planted")
    assert (cells[2] == UNTIMED) == (damage is not None)


@pytest.mark.parametrize("factor", [1.0, 1 + 1e-4, np.nan])
def test_symbols_tell_no_time_of_a_wrong_program(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    monkeypatch.setattr(symbols, "CASES", {("3j", 20): 5, ("6j", 5): 5, ("9j", 3): 3})
    planted = {"3j": wigner_3j, "6j": wigner_6j, "9j": wigner_9j}
    monkeypatch.setattr(symbols, "programs", lambda kind: {"planted": (99, lambda *s: factor * planted[kind](*s))})
    for line in symbols.rows():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[2] == "planted" and (cells[3] == UNTIMED) == (factor != 1)


@pytest.mark.parametrize("factor", [1.0, 1 + 1e-4, np.nan])
def test_families_tell_no_time_of_a_wrong_program(factor: float) -> None:
    asked = [(9, 7, 2, -3), (200, 190, 5, 0)]
    line = families.row(200, asked, {"coupling": families.one, "ducc0": lambda *f: factor * families.one(*f)})
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[0] == "≤ 200" and float(cells[2]) > 0 and cells[6].startswith("100 %, ")
    assert (cells[3] == UNTIMED) == (cells[4] == "–") == (factor != 1)


@pytest.mark.parametrize("wrong_paths", [0, 1])
def test_bases_tell_no_time_of_a_wrong_program(monkeypatch: pytest.MonkeyPatch, wrong_paths: int) -> None:
    """A path that is not in the span of the exact basis, planted, costs a program its time."""
    monkeypatch.setattr(manybody, "RUNS", dict.fromkeys(("coupling", "cuequivariance")))
    real = many_body(1, 2, "1o").tensor()
    real[0, 0, :wrong_paths] += 0.1
    outside = manybody.outside(real, 1, 2, "1o")
    given = {
        "coupling": {"exact": 1.0, "rounded": 1.0, "paths": 3, "entries": 9},
        "cuequivariance": {"seconds": 6.0, "wrong": outside},
    }
    [row] = manybody.rows(lambda name, size: given[name], [((1, 2), 1, True)])
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert outside == wrong_paths and cells[5:] == ([UNTIMED] * 2 if wrong_paths else ["6.00 s", "3"])


def test_sympy_is_compared_before_it_is_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exact_vs_sympy.agree(exact_vs_sympy.sample(3, 40))
    monkeypatch.setattr(exact_vs_sympy, "sympy_wigner_3j", lambda *symbol: 1)
    assert not exact_vs_sympy.agree(exact_vs_sympy.sample(3, 40))
    monkeypatch.setattr(exact_vs_sympy, "all_up_to", lambda lmax: (1, 1.0))
    monkeypatch.setattr(exact_vs_sympy, "one_large", lambda: 1.0)
    exact_vs_sympy.main([1])
    assert len(re.findall(UNTIMED, capsys.readouterr().out)) == 2


@pytest.mark.parametrize("damage", [None, *WRONG])
def test_products_tell_no_time_of_a_wrong_program(monkeypatch: pytest.MonkeyPatch, damage: Values | None) -> None:
    """Nor of one whose result cannot be compared."""
    from coupling.products import ClebschGordan

    def make(lmax: int, x: np.ndarray, y: np.ndarray) -> product_peers.Peer:
        product = ClebschGordan(lmax, lmax, lmax)
        run = lambda: product(x, y)  # noqa: E731
        result = lambda: run() if damage is None else damage(run().ravel()).reshape(x.shape)  # noqa: E731
        return product_peers.Peer(run, lambda g: lambda: product.vjp(x, y, g), result)

    def silent(lmax: int, x: np.ndarray, y: np.ndarray) -> product_peers.Peer:
        return make(lmax, x, y)._replace(result=lambda: None)

    monkeypatch.setattr(products, "PEERS", {"planted": (make, "numpy"), "silent": (silent, "numpy")})
    monkeypatch.setattr(products, "installed", lambda name: False)
    monkeypatch.setattr(products, "MEGABYTES", 0.05)
    xyg = np.dtype(np.float32)
    rows = products.measure(1, xyg, ["sparse"], products.Peers(["planted", "silent"], xyg), True)
    timed = {row["name"] for row in rows}
    assert timed == {"sparse", "planted"} if damage is None else timed == {"sparse"}


@pytest.mark.parametrize("error", [1e-7, 1e-3, np.nan])
def test_the_report_of_a_device_tells_no_time_of_a_wrong_program(error: float) -> None:
    gpu = pytest.importorskip("benchmarks.gpu")
    row = gpu.Row(2, "float32", "planted", 1e-3, error, 1000, 10**6, 100, 0.5, 0.25)
    cells = [cell.strip() for cell in gpu.table_of([row], True).splitlines()[-1].strip("|").split("|")]
    assert (cells[4:] == [UNTIMED] * 4) == (error != 1e-7) and len(cells) == 8


def test_the_page_of_products_times_no_program_whose_values_were_not_compared() -> None:
    """Their rows stay in products.json; the page says that they are withdrawn, and is the page of that file."""
    from benchmarks import product_page, product_targets

    folder = product_page.FOLDER
    data = json.loads((folder / "products.json").read_text(encoding="utf-8"))
    text = product_page.page(data)
    assert text == (folder / "products.md").read_text(encoding="utf-8")
    numbers = product_targets.Numbers(data)
    assert numbers.others and all(any(numbers.find(n, l)["error"] for l in numbers.degrees(n)) for n in numbers.others)
    assert not set(numbers.others) & set(numbers.withdrawn) and numbers.without() in text
    for row in data["rows"]:
        row["error"] = None if row["name"] == "e3nn" else row["error"]
    fewer = product_targets.Numbers(data)
    assert "e3nn" in fewer.withdrawn and "| e3nn |" not in product_page.page(data)

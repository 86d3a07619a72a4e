"""The product by the fastest route: all routes agree, the terms give the weights, and the choice is a sound one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from coupling.cli import main
from coupling.indexing import path_array
from coupling.kernels.lanes import width
from coupling.kernels.sphere_product import GAUNT
from coupling.products import (
    AntisymmetricGaunt,
    ClebschGordan,
    Convolution,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
    Simulation,
    VectorSignal,
    calibration,
    costs,
    matrix_product,
    ratios,
    routes,
    simulated_weights,
    spherical,
)
from coupling.products.costs import COUNTS, fitted, matrix_work, seconds, sparse_work, sphere_work
from coupling.products.paths import by_degrees
from coupling.products.spherical import Spherical
from coupling.products.terms import EXACT, find_terms
from coupling.selection import paths

Array = NDArray[Any]

#: Largest difference from the sparse product in float64, relative to the largest output, for weights of one term.
BOUND = {np.float32: 2e-6, np.float64: 4e-15}
BOXES = [(0, 0, 0), (2, 2, 2), (3, 1, 4)]
SMALL = [box for box in BOXES if max(box) < 4]


def features(sizes: tuple[int, ...], *shape: int, dtype: type = np.float64, seed: int = 0) -> list[Array]:
    random = np.random.default_rng(seed)
    return [random.standard_normal((*shape[:-1], size, shape[-1])).astype(dtype) for size in sizes]


def difference(z: Array, expected: Array) -> float:
    return float(abs(z - expected).max() / max(abs(expected).max(), 1e-300))


def natural_weights(name: str, lmax: tuple[int, int, int], signs: bool = False) -> Array:
    """N times one random term: what one evaluation of a route gives."""
    random = np.random.default_rng(3)
    a, b, c = (random.uniform(0.5, 2, l + 1) * random.choice([-1, 1] if signs else [1], l + 1) for l in lmax)
    n = simulated_weights(*lmax) if name == "sphere" else MatrixProduct(*lmax).normalization
    paths = path_array(lmax)
    n = n if name == "sphere" else n[tuple(paths.T)]
    return n * np.prod([w[l] for w, l in zip((a, b, c), paths.T, strict=True)], axis=0)


# -- agreement --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sphere", "matrix"])
def test_a_route_is_the_sparse_product_for_weights_of_one_term(name: str, dtype: type) -> None:
    for lmax in BOXES:
        weights = natural_weights(name, lmax, signs=True)
        form, reference = RoutedProduct(*lmax, weights, method=name), ClebschGordan(*lmax, weights)
        x, y, g = features(reference.sizes, 3, 40)
        expected = [reference(x, y), *reference.vjp(x, y, g), reference.jvp(x, y, 2 * x, y + 1)]
        x, y, g = (a.astype(dtype) for a in (x, y, g))
        found = [form(x, y), *form.vjp(x, y, g), form.jvp(x, y, 2 * x, y + 1)]
        for own, their in zip(found, expected, strict=True):
            assert own.dtype == dtype
            assert difference(own, their) < BOUND[dtype], lmax
        assert form.why().method == name
    assert len(BOXES) == 3


@pytest.mark.parametrize("name", ["sphere", "matrix"])
def test_a_route_is_the_sparse_product_for_weights_of_several_terms(name: str) -> None:
    """Weights one, the default, need a term or two for each degree; the bound allows for terms that partly cancel."""
    for lmax in SMALL:
        form, reference = RoutedProduct(*lmax, method=name), ClebschGordan(*lmax)
        x, y, g = features(reference.sizes, 2, 19)
        assert difference(form(x, y), reference(x, y)) < 2e-14
        for own, their in zip(form.vjp(x, y, g), reference.vjp(x, y, g), strict=True):
            assert difference(own, their) < 2e-14
    detail = RoutedProduct(3, 3, 3, method=name).why().details[name]
    assert re.fullmatch(r"[23] Gaunt products and 2 brackets|[34] matrix products of spin 2", detail)


@pytest.mark.parametrize("method", ["auto", "sparse", "sphere", "matrix"])
def test_layouts_workers_broadcasting_and_weight_gradient(method: str) -> None:
    weights = natural_weights("matrix" if method == "matrix" else "sphere", (2, 3, 2))
    form = RoutedProduct(2, 3, 2, weights, method=method)
    first = RoutedProduct(2, 3, 2, weights, method=method, layout="channels_first", workers=2)
    x, y, g = features(form.sizes, 4, 3, 33)
    z = form(x, y[0, :1])
    assert np.array_equal(np.swapaxes(first(np.swapaxes(x, -1, -2), np.swapaxes(y[0, :1], -1, -2)), -1, -2), z)
    assert difference(z, ClebschGordan(2, 3, 2, weights)(x, y[0, :1])) < 1e-14
    expected = ClebschGordan(2, 3, 2, weights).weight_gradient(x, y, g)
    np.testing.assert_allclose(form.weight_gradient(x, y, g), expected, rtol=1e-12)


@pytest.mark.parametrize("method", ["auto", "sphere", "matrix"])
def test_three_turns_make_a_round(method: str) -> None:
    lmax = (2, 3, 4)
    weights = natural_weights("matrix" if method == "matrix" else "sphere", lmax)
    form = RoutedProduct(*lmax, weights, method=method)
    x, y, g = features(form.sizes, 5)
    value = np.vdot(g, form(x, y))
    dx, dy = form.vjp(x, y, g)
    assert np.vdot(dx, x) == pytest.approx(value, rel=1e-12) == pytest.approx(np.vdot(dy, y), rel=1e-12)
    gradient = form.turn().turn().weight_gradient(g, x, y)
    np.testing.assert_allclose(gradient, form.weight_gradient(x, y, g), rtol=1e-12)
    again = form.turn().turn().turn()
    assert again.lmax == lmax and np.array_equal(again.weights, form.weights)
    assert again.why().seconds == form.why().seconds
    np.testing.assert_allclose(again(x, y), form(x, y), atol=1e-13)


# -- terms ------------------------------------------------------------------------------------


def test_the_least_number_of_terms_is_found() -> None:
    met = 0
    for lmax, rank in product([(4, 4, 4), (3, 5, 4)], (1, 2, 3)):
        random = np.random.default_rng(10 * rank)
        factors = [random.standard_normal((l + 1, rank)) for l in lmax]
        even = simulated_weights(*lmax, {"even": [np.ones(l + 1) for l in lmax]})
        for normalization in (by_degrees(lmax, path_array(lmax), even), full(lmax)):
            weights = normalization * np.einsum("ir,jr,kr->ijk", *factors)
            found = find_terms(weights, normalization, 3)
            assert found is not None and [f.shape for f in found] == [(l + 1, rank) for l in lmax]
            made = normalization * np.einsum("ir,jr,kr->ijk", *found)
            assert abs(made - weights).max() <= EXACT * abs(weights).max()
            met += 1
    assert met == 12


def full(lmax: tuple[int, int, int]) -> Array:
    return MatrixProduct(*lmax).normalization


def test_one_term_with_degrees_that_vanish() -> None:
    lmax = (4, 3, 5)
    random = np.random.default_rng(0)
    for zeros in ([0], [1, 3], [0, 2]):
        a, b, c = (random.standard_normal(l + 1) for l in lmax)
        a[zeros], c[zeros[-1] + 1] = 0, 0
        found = find_terms(full(lmax) * np.einsum("i,j,k->ijk", a, b, c), full(lmax), 1)
        assert found is not None and found[0].shape == (5, 1)
    assert find_terms(np.zeros((2, 2, 2)), np.ones((2, 2, 2)), 0)[0].shape == (2, 0)  # type: ignore[index]


def test_weights_of_no_few_terms_are_declined() -> None:
    paths = path_array((6, 6, 6))
    random = np.random.default_rng(1).standard_normal(len(paths))
    assert find_terms(by_degrees((6, 6, 6), paths, random), full((6, 6, 6)), 2) is None
    with pytest.raises(ValueError, match="no matrix route for these weights: the weights are not exactly a sum"):
        RoutedProduct(10, 10, 10, np.random.default_rng(1).standard_normal(671), method="matrix")
    for weights in (random, natural_weights("sphere", (6, 6, 6)) * (1 + 1e-12 * random)):
        choice = RoutedProduct(6, 6, 6, weights).why()
        assert choice.method == "sparse" and set(choice.declined) == {"sphere", "matrix"}
        assert all("more would take longer than" in reason for reason in choice.declined.values())


def test_weights_of_one_parity_and_none() -> None:
    l = 4
    x, y = features((25, 25), 2, 20)
    odd = natural_weights("sphere", (l, l, l)) * (path_array((l, l, l)).sum(axis=1) % 2)
    form = RoutedProduct(l, l, l, odd, method="sphere")
    assert form.why().details == {"sphere": "1 bracket"}
    assert difference(form(x, y), ClebschGordan(l, l, l, odd)(x, y)) < 1e-14
    for method in routes_of():
        nothing = RoutedProduct(l, l, l, np.zeros_like(odd), method=method)
        assert (nothing(x, y) == 0).all()


def routes_of() -> list[str]:
    return ["sparse", "sphere", "matrix"]


@pytest.mark.parametrize("method", ["auto", "sparse", "sphere", "matrix"])
def test_paths_that_are_selected(method: str) -> None:
    """Weights one of the others and zero of those left out, by every route and in every turn."""
    lmax = (3, 2, 3)
    chosen = np.array([path for path in paths(*lmax) if sum(path) % 2 == 0 and path[1]])
    everything = path_array(lmax)
    weights = natural_weights("matrix" if method == "matrix" else "sphere", lmax)
    there = [bool((chosen == path).all(axis=1).any()) for path in everything]
    form = RoutedProduct(*lmax, weights[there], paths=chosen, method=method)
    other = RoutedProduct(*lmax, np.where(there, weights, 0.0), method=method)
    x, y, g = features(form.sizes, 8)
    for found, expected in zip((form(x, y), *form.vjp(x, y, g)), (other(x, y), *other.vjp(x, y, g)), strict=True):
        assert difference(found, expected) < 1e-14
    gradient = other.weight_gradient(x, y, g)[there]
    np.testing.assert_allclose(form.weight_gradient(x, y, g), gradient, rtol=1e-12)
    assert 0 < len(chosen) < len(everything) == len(there)


def test_a_matrix_product_of_another_spin_is_recognised() -> None:
    """Also one that loses a path: spin 3/2 has none at (2, 2, 2)."""
    for spin in (1.5, 2, 2.5, 3, 4):
        form = MatrixProduct(3, 3, 3, spin=spin)
        detail = RoutedProduct(3, 3, 3, form.path_weights, method="matrix").why().details["matrix"]
        assert detail == f"1 matrix product of spin {spin:g}"


def test_what_is_not_usable() -> None:
    with pytest.raises(ValueError, match=r"weights must have shape \(5,\), one per path, got \(2, 2, 3\)"):
        RoutedProduct(1, 1, 1, np.ones((2, 2, 3)))
    with pytest.raises(ValueError, match="method must be one of"):
        RoutedProduct(1, 1, 1, method="grid")
    with pytest.raises(ValueError, match="the weights are not all finite"):
        RoutedProduct(1, 1, 1, np.full(5, np.inf), method="matrix")
    with pytest.raises(ValueError, match="to degree 48"):
        RoutedProduct(49, 1, 1, method="sphere")
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got int64"):
        RoutedProduct(1, 1, 1).why(dtype="int64")
    size = len(path_array((17, 2, 2)))
    large = RoutedProduct(17, 2, 2, np.random.default_rng(0).standard_normal(size)).why().declined["matrix"]
    assert large.startswith("the weights are not exactly one term N")
    infinite = RoutedProduct(1, 1, 1, np.full(5, np.inf)).why()
    assert infinite.method == "sparse" and len(infinite.declined) == 2


def test_without_room_for_a_table_the_others_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "physical_memory", lambda: 1000)
    weights = natural_weights("sphere", (4, 4, 4))
    choice = RoutedProduct(4, 4, 4, weights).why()
    assert choice.method == "sphere" and "bytes, this machine has 1000" in choice.declined["sparse"]
    with pytest.raises(ValueError, match=r"there is no route for these weights: .*; .*; "):
        RoutedProduct(6, 6, 6, np.random.default_rng(0).standard_normal(len(path_array((6, 6, 6)))))


# -- the choice -------------------------------------------------------------------------------


def test_the_choice_is_that_of_the_predicted_times_and_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    for cls in (ClebschGordan, Spherical, MatrixProduct):
        compute = cls._compute

        def noted(self: Any, *arrays: Array, compute: Any = compute) -> None:
            taken.append(type(self))
            compute(self, *arrays)

        monkeypatch.setattr(cls, "_compute", noted)
    for lmax, samples, name in [((1, 1, 1), 4000, "sparse"), ((8, 8, 8), 4000, "sphere"), ((8, 8, 8), 4000, "matrix")]:
        form = RoutedProduct(*lmax, natural_weights("sphere" if name == "sparse" else name, lmax))
        choice = form.why(samples)
        assert choice.method == name == min(choice.seconds, key=choice.seconds.__getitem__)
        x, y = features(form.sizes[:2], samples // 40, 40, dtype=np.float32)
        form(x, y)
        kinds = {"sparse": "ClebschGordan", "sphere": "Simulation", "matrix": "MatrixProduct"}
        assert taken[-1].__name__ == kinds[name]
    assert len(taken) == 3


def test_predicted_times_are_sane() -> None:
    """They grow with samples and degrees, fall with threads to the number of cores, and double with float64 or so."""
    met = 0
    for name in routes_of():
        for lmax in [(1, 1, 1), (4, 4, 4), (7, 3, 5)]:
            weights = natural_weights("matrix" if name == "matrix" else "sphere", lmax)
            form = RoutedProduct(*lmax, weights, method=name)
            times = [form.why(1 << k).seconds[name] for k in range(0, 24, 4)]
            assert all(a <= b for a, b in pairwise(times)) and times[0] < times[-1]
            double = form.why(1 << 20, "float64").seconds[name] / times[-1]
            assert 1.2 < double < 3.5
            met += 1
    works = [
        [sparse_work((l, l, l), path_array((l, l, l))) for l in range(1, 20)],
        [sphere_work((l, l, l), 1, 1) for l in range(1, 40)],
        [matrix_work((l, l, l), l / 2) for l in range(1, 40)],
    ]
    for each in works:
        for before, after in pairwise(each):
            assert all(a <= b for a, b in zip(before.counts, after.counts, strict=True))
    assert met == 9


def test_the_costs_are_those_of_the_counts() -> None:
    """Every code that there is has one cost for each count, none negative, and some time to spend."""
    known = json.loads(costs.FILE.read_text(encoding="utf-8"))
    codes = {f"{name} {code}" for name in COUNTS if name != "added" for code in ("straight", "loops")} | {"added"}
    assert set(known["dtypes"]) == {"float32", "float64"}
    for costs_of in known["dtypes"].values():
        assert set(costs_of) == codes
        for code, values in costs_of.items():
            assert len(values) == len(COUNTS[code.split()[0]])
            assert min(values) >= 0 < max(values) < 3e-6
    assert 0 < known["call"] < 1e-3 and 0 < known["thread"] < 1e-2
    assert known["measured"]["by"] == "python -m benchmarks.cost_model --write"


def test_only_several_threads_have_to_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call costs a call and its blocks; with two workers there are two starts and half of the blocks."""
    monkeypatch.setattr(costs, "ratios", dict)
    monkeypatch.setattr(costs.os, "cpu_count", lambda: 2)
    single, work = np.dtype(np.float32), matrix_work((2, 2, 2), 1)
    known, block = fitted(), width(single)
    each = block * float(np.dot(known["dtypes"]["float32"][work.code], work.counts))
    for samples, workers, blocks, starts in (
        (1, 1, 1, 0),
        (block, 2, 1, 0),
        (block + 1, 1, 2, 0),
        (block + 1, 2, 1, 2),
        (3 * block, 8, 2, 2),
    ):
        for count in (1, 3):
            expected = count * known["call"] + known["thread"] * starts + count * each * blocks
            assert seconds([work] * count, single, samples, workers) == pytest.approx(expected, rel=1e-12)
    assert seconds([work], single, 5 * block) == seconds([work], single, 5 * block, 1)  # one worker by default


def test_counts_are_those_of_the_kernels() -> None:
    """Multiply-adds of the matrix product and of the sums over orders, by formulas for equal degrees."""
    for l in range(1, 8):
        assert sphere_work((l, l, l), 1, 0).counts[-1] == (3 * l // 2 + 1) * 2 * (3 * l * l + 3 * l + 1)
        assert sphere_work((l, l, l), 2, 0).counts[2:] == tuple(2 * c for c in sphere_work((l, l, l), 1, 0).counts[2:])
        assert matrix_work((l, l, l), l / 2).counts[-1] == (l + 1) ** 3
        points = (3 * l - 1) // 2 + 1  # of a bracket, whose inputs have two components each and whose output has one
        _, _, orders, legendre, sums = sphere_work((l, l, l), 0, 1).counts
        assert orders == points * 3 * (2 * l + 1) and legendre == (points + 1) // 2 * 5 * (l + 1) ** 2
        assert sums == points * 4 * (3 * l * l + 3 * l + 1)
        entries = sum(np.count_nonzero(w) for w in [ClebschGordan(l, l, l).table.core])
        assert 1 <= sparse_work((l, l, l), path_array((l, l, l))).counts[-1] / entries < 1.1


def test_the_predicted_code_is_that_of_the_kernel_on_both_sides_of_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unrolled to degree 20 on the sphere and to 16 rows of matrices; nothing is compiled here."""
    monkeypatch.setattr(spherical, "sphere_tape", lambda *_: None)
    monkeypatch.setattr(spherical, "compiled", lambda *_: SimpleNamespace(address=7))
    single = np.dtype(np.float32)
    met = {"straight": 0, "loops": 0}
    for l in range(18, 23):
        unrolled = any(map(any, spherical._functions((l, l, l), GAUNT, l, single)))
        name = "straight" if unrolled else "loops"
        assert sphere_work((l, l, l), 1, 1).code == f"sphere {name}"
        met[name] += 1
    for n in range(14, 19):
        spin, weights = (n - 1) / 2, [np.ones(2)] * 3
        name = "straight" if matrix_product.matrix_plan((1, 1, 1), spin, weights, single).size else "loops"
        assert matrix_work((1, 1, 1), spin).code == f"matrix {name}"
        met[name] += 1
    assert met == {"straight": 6, "loops": 4}


@pytest.mark.slow
def test_the_predicted_order_is_the_measured_one_where_it_is_clear() -> None:
    """Where one route is predicted to take less than half the time of another, it is the faster one."""
    from benchmarks.timing import compared

    met = 0
    boxes = [(1, 1, 1), (2, 2, 2), (4, 4, 4), (6, 6, 6), (8, 8, 8), (4, 2, 6)]
    for lmax, dtype, natural in product(boxes, ("float32", "float64"), ("sphere", "matrix")):
        weights = natural_weights(natural, lmax)
        names = ("sparse", natural)
        forms = [RoutedProduct(*lmax, weights, method=name) for name in names]
        x, y = features(forms[0].sizes[:2], 64, 64, dtype=np.dtype(dtype).type)
        predicted = [form.why(64 * 64, dtype).seconds[name] for name, form in zip(names, forms, strict=True)]
        runs = {name: partial(form, x, y) for name, form in zip(names, forms, strict=True)}
        measured = list(compared(runs).values())
        fast, slow = np.argsort(predicted)
        if 2 * predicted[fast] < predicted[slow]:
            assert measured[fast] < measured[slow], (lmax, dtype, natural)
            met += 1
    assert met >= 6


# -- calibration ------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A machine that has measured nothing yet, and what it keeps."""
    file = tmp_path / "deep" / "costs.json"
    for module in (calibration, ratios):
        monkeypatch.setattr(module, "calibration_file", lambda: file)
    ratios.ratios.cache_clear()
    yield file
    ratios.ratios.cache_clear()


def test_calibration_scales_every_prediction(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = RoutedProduct(8, 8, 8, simulated_weights(8, 8, 8)).why()
    slow = {"sparse": 1.0, "sphere": 50.0, "matrix": 1.0}
    known = costs.fitted()["dtypes"]

    def pretended(product: Any, dtype: np.dtype[Any]) -> float:
        (work,) = [case.work for case in made if case.product is product]
        return slow[work.code.split()[0]] * float(np.dot(known[dtype.name][work.code], work.counts))

    made = list(calibration.cases())
    monkeypatch.setattr(calibration, "cases", lambda: made)
    monkeypatch.setattr(calibration, "seconds_per_sample", pretended)
    lines: list[str] = []
    assert calibration.calibrate(lines.append) == machine and len(lines) == 12
    after = RoutedProduct(8, 8, 8, simulated_weights(8, 8, 8)).why()
    assert before.method == "sphere" != after.method
    alone = RoutedProduct(8, 8, 8, simulated_weights(8, 8, 8), method="sphere").why()
    assert alone.seconds["sphere"] / before.seconds["sphere"] == pytest.approx(50, rel=0.05)
    assert after.seconds["sparse"] == pytest.approx(before.seconds["sparse"], rel=1e-2)
    again = calibration.calibrate()  # what is ours is renewed
    monkeypatch.setattr(ratios, "processor", lambda: "another one")
    ratios.ratios.cache_clear()
    assert ratios.ratios() == {} and json.loads(again.read_text())["by"] == calibration.BY


@pytest.mark.parametrize("content", ["", "{", "[]", '{"by": "me"}', "[" * 10**5, '{"by": "coupling calibrate"}'])
def test_a_file_that_is_no_calibration_counts_for_nothing_and_is_kept(content: str, machine: Path) -> None:
    machine.parent.mkdir()
    machine.write_text(content)
    assert ratios.ratios() == {}
    if content:
        with pytest.raises(FileExistsError):
            calibration.calibrate()
        assert machine.read_text() == content


@pytest.mark.parametrize("ratio", [0, -1, "NaN", 1e9])
def test_ratios_that_cannot_be_are_not_used(ratio: Any, machine: Path) -> None:
    machine.parent.mkdir()
    number = ratio if ratio != "NaN" else float("nan")
    found = {"float32": {"added": number, "sparse": 1.0}}
    content = {"by": calibration.BY, "processor": calibration.processor(), "ratios": found}
    machine.write_text(json.dumps(content))
    assert ratios.ratios() == {}


def test_the_command_measures_within_seconds(machine: Path) -> None:
    """Compiled code is there already; ten seconds are promised for a machine that does nothing else."""
    for case, dtype in product(calibration.cases(), calibration.TYPES):
        calibration.seconds_per_sample(case.product, dtype)
    start = process_time()
    result = CliRunner().invoke(main, ["calibrate"])
    assert result.exit_code == 0 and result.stdout.endswith(f"kept in {machine}\n")
    assert process_time() - start < 10
    assert set(ratios.ratios()["float64"]) == {case.work.code for case in calibration.cases()}


NOT_NUMBERS = ["sparse", ["a"] * 15, [None] * 15, [1j] * 15, [[1.0], [1.0, 2.0]]]


@pytest.mark.parametrize("given", NOT_NUMBERS)
def test_weights_that_are_no_numbers_are_named(given: object) -> None:
    """In every product that takes weights, factors or fields."""
    three = (given, given, given)
    for make in (
        lambda: ClebschGordan(2, 2, 2, weights=given),
        lambda: RoutedProduct(2, 2, 2, given),
        lambda: Gaunt(2, 2, 2, weights=three),
        lambda: AntisymmetricGaunt(2, 2, 2, weights=three),
        lambda: MatrixProduct(2, 2, 2, weights=three),
        lambda: VectorSignal(2, 2, 2, weights=three),
        lambda: VectorSignal(2, 2, 2, fields=three),
        lambda: Simulation(2, 2, 2, three),
        lambda: Convolution(0, 1, 1, path_weights=given),
    ):
        with pytest.raises(TypeError, match=r"^(weights|path_weights|factors|fields) must be real numbers, got "):
            make()

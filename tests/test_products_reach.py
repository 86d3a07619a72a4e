"""What no path reaches is exactly zero and is not read: every product, route and derivative, and no path by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product as cartesian
from typing import Any

import numpy as np
import pytest

import coupling.backends.array_api as arrays
from coupling.products import (
    AntisymmetricGaunt,
    ClebschGordan,
    FullProduct,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
    Simulation,
    VectorSignal,
)
from coupling.products.matrix_product import MatrixProduct as Matrix
from coupling.products.reach import rows_of
from coupling.products.straight import straight_program
from coupling.selection import paths
from tests.vector_reference import tensor

Lmax = tuple[int, int, int]
Paths = list[tuple[int, ...]]

BOXES = list(cartesian(range(4), repeat=3))
LARGER = [(7, 0, 7), (0, 6, 5), (9, 2, 8), (6, 6, 6), (5, 1, 3)]
LOOPS = (22, 3, 24)  # beyond the degree that is unrolled
PARITIES = {0: "even", 1: "odd", None: "all"}


def masks(lmax: Lmax, there: Paths) -> list[np.ndarray]:
    """The entries of the slots whose degree is on one of the paths."""
    on = [{path[slot] for path in there} for slot in range(3)]
    return [
        np.array([l in on[slot] for l in range(top + 1) for _ in range(2 * l + 1)]) for slot, top in enumerate(lmax)
    ]


def path_list(lmax: Lmax, parity: int | None = None) -> Paths:
    return [path for path in paths(*lmax) if parity in (None, sum(path) % 2)]


def check_turns(form: Any, reached: list[np.ndarray], dtype: str = "float64", scale: float = 1.0) -> int:
    """A product and its turns, which are the gradients in x and y: zeros where no path is, whatever is there."""
    random = np.random.default_rng(0)
    for turn in range(3):
        first, second, third = np.roll(np.arange(3), -turn)
        x, y = (scale * random.normal(size=(3, len(reached[s]), 5)).astype(dtype) for s in (first, second))
        z = np.asarray(form(x, y))
        assert z.shape == (3, len(reached[third]), 5) and z.dtype == dtype
        assert not z[:, ~reached[third]].any(), (form, turn)
        assert z[:, reached[third]].any(axis=(0, 2)).all(), (form, turn)
        x[:, ~reached[first]], y[:, ~reached[second]] = np.nan, np.inf
        np.testing.assert_array_equal(np.asarray(form(x, y)), z)
        lost = np.asarray(form(x * np.float32("nan"), y))
        assert not lost[:, ~reached[third]].any()
        form = form.turn()
    return 3


def spherical(lmax: Lmax) -> Iterator[tuple[Any, Paths]]:
    """Gaunt products, brackets and sums of both, with and without weights and classes that leave out paths."""
    for kind, one in ((0, Gaunt), (1, AntisymmetricGaunt)):
        yield one(*lmax), path_list(lmax, kind)
    yield Simulation(*lmax), path_list(lmax)
    random = np.random.default_rng(1)
    for kind, one in ((0, Gaunt), (1, AntisymmetricGaunt)):
        weights = [random.integers(0, 2, l + 1).astype(float) for l in lmax]
        classes = random.integers(0, 2, (2, 2)).astype(float)
        there = [
            (p, q, r)
            for p, q, r in path_list(lmax, kind)
            if weights[0][p] and weights[1][q] and weights[2][r] and classes[p % 2, q % 2]
        ]
        yield one(*lmax, weights=weights, classes=classes), there


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gaunt_products_and_brackets(dtype: str) -> None:
    met = 0
    for lmax in [box for box in BOXES if max(box) < 3] + LARGER + ([LOOPS] if dtype == "float64" else []):
        for form, there in spherical(lmax):
            met += check_turns(form, masks(lmax, there), dtype)
    assert met == 15 * (27 + len(LARGER) + (dtype == "float64"))


@pytest.mark.slow
def test_gaunt_products_and_brackets_of_degree_3() -> None:
    met = sum(check_turns(f, masks(b, there)) for b in BOXES if max(b) == 3 for f, there in spherical(b))
    assert met == 15 * 37


def other_products(lmax: Lmax) -> Iterator[tuple[Any, Paths]]:
    random = np.random.default_rng(2)
    weights = [random.integers(0, 2, l + 1).astype(float) for l in lmax]
    cube = np.einsum("i,j,k->ijk", *weights)
    there = [path for path in path_list(lmax) if cube[path]]
    yield MatrixProduct(*lmax), path_list(lmax)
    yield MatrixProduct(*lmax, weights=weights), there
    for parity in (0, 1):
        of = [path for path in path_list(lmax) if sum(path) % 2 == parity]
        yield ClebschGordan(*lmax, paths=PARITIES[parity]), of
        yield RoutedProduct(*lmax, [float(path in of) for path in path_list(lmax)]), of
    yield ClebschGordan(*lmax, [cube[path] for path in path_list(lmax)]), there


@pytest.mark.parametrize(
    ("boxes", "dtype"),
    [
        (BOXES[::5], "float64"),
        (BOXES[2::17], "float32"),
        pytest.param(BOXES, "float32", marks=pytest.mark.slow),
        pytest.param(BOXES, "float64", marks=pytest.mark.slow),
    ],
)
def test_sparse_matrix_and_routed_products(boxes: list[Lmax], dtype: str) -> None:
    met = 0
    for lmax in boxes:
        for form, there in other_products(lmax):
            met += check_turns(form, masks(lmax, there), dtype)
    assert met == 21 * len(boxes)


def test_paths_that_vanish_by_accident_reach_nothing() -> None:
    """6j{2 2 2; 3/2 3/2 3/2} = 0: with weights of this path alone nothing is left of the matrix product."""
    two = np.array([0.0, 0, 1])
    for one in (
        Matrix(2, 2, 2, spin=1.5, weights=(two, two, two)),
        arrays.MatrixProduct(2, 2, 2, spin=1.5, weights=[two] * 3),
    ):
        assert check_turns(one, masks((2, 2, 2), [])) == 3
    assert check_turns(Matrix(2, 2, 2, spin=2, weights=(two, two, two)), masks((2, 2, 2), [(2, 2, 2)])) == 3


def test_matrices_by_loops() -> None:
    weights = [np.arange(19) % 3 == 1, np.ones(3), np.ones(19)]
    there = [path for path in path_list((18, 2, 18)) if weights[0][path[0]]]
    assert check_turns(MatrixProduct(18, 2, 18, weights=weights), masks((18, 2, 18), there)) == 3


@pytest.mark.parametrize("route", ["sparse", "sphere", "matrix"])
def test_every_route_of_a_routed_product(route: str) -> None:
    """Odd paths of the sphere, all paths of the matrix product."""
    met = 0
    for lmax in ((2, 2, 2), (3, 1, 4), (4, 4, 3)):
        form = AntisymmetricGaunt(*lmax) if route == "sphere" else MatrixProduct(*lmax)
        there = path_list(lmax, 1 if route == "sphere" else None)
        there = [path for path in there if path[0] != 1]
        everything = path_list(lmax)
        size = simulated(lmax) if route == "sphere" else [form.normalization[path] for path in everything]  # type: ignore[union-attr]
        weights = [w if path in there else 0.0 for w, path in zip(size, everything, strict=True)]
        met += check_turns(RoutedProduct(*lmax, weights, method=route), masks(lmax, there))
    assert met == 9


def simulated(lmax: Lmax) -> np.ndarray:
    from coupling.products import simulated_weights

    return simulated_weights(*lmax)


def check_full(make: Callable[..., Any], lmax: Lmax, parity: int | None, family: str, alive: int | None) -> int:
    """The product with separate paths: its output has no entry off a path, but its family may vanish on some."""
    form = make(*lmax, paths=PARITIES[parity], normalization=family)
    there = [tuple(path) for path in form.paths.tolist() if alive in (None, sum(path) % 2)]
    reached = masks(lmax, there)
    reached[2] = np.array([tuple(p) in there for p in form.paths.tolist() for _ in range(2 * p[2] + 1)], bool)
    return check_turns(form, reached)


@pytest.mark.parametrize("make", [FullProduct, arrays.FullProduct])
def test_full_products(make: Callable[..., Any]) -> None:
    met = 0
    for lmax in [box for box in BOXES if max(box) > 0 and path_list(box, 1)]:
        for parity in (0, 1, None):
            met += check_full(make, lmax, parity, "wigner_3j", None)
        met += check_full(make, lmax, None, "gaunt", 0)
        met += check_full(make, lmax, None, "antisymmetric_gaunt", 1)
    assert met == 15 * sum(bool(path_list(box, 1)) for box in BOXES)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_programs_of_arrays(layout: str) -> None:
    met = 0
    for lmax in [*BOXES, *LARGER]:
        random = np.random.default_rng(3)
        weights = [random.integers(0, 2, l + 1).astype(float) for l in lmax]
        for make, kind in ((arrays.Gaunt, 0), (arrays.AntisymmetricGaunt, 1), (arrays.MatrixProduct, None)):
            for given in (None, weights):
                there = [
                    p
                    for p in path_list(lmax, kind)
                    if given is None or all(w[l] for w, l in zip(given, p, strict=True))
                ]
                form = make(*lmax, weights=given, layout=layout)
                met += check_turns(Last(form) if layout != "channels_last" else form, masks(lmax, there))
        for parity in (0, 1, None):
            if path_list(lmax, parity):
                form = arrays.ClebschGordan(*lmax, paths=PARITIES[parity], layout=layout)
                check_turns(Last(form) if layout != "channels_last" else form, masks(lmax, path_list(lmax, parity)))
    assert met == 18 * (len(BOXES) + len(LARGER))


class Last:
    """A product of channels-first features, given and giving channels last."""

    def __init__(self, form: Any) -> None:
        self.form = form

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.swapaxes(self.form(np.swapaxes(x, -1, -2), np.swapaxes(y, -1, -2)), -1, -2)

    def turn(self) -> Last:
        return Last(self.form.turn())


def check_program(form: Any, reached: list[np.ndarray]) -> None:
    """Outputs off the paths are stored as zero, and inputs off the paths are not loaded."""
    operations = straight_program(form).tape.operations
    stored = {o.operands[0]: o.operands[1] is not None for o in operations if o.kind == "store"}
    loaded = {(o.array, o.operands[0]) for o in operations if o.kind == "load"}
    assert [stored[k] for k in range(form.sizes[2])] == reached[2].tolist()
    for letter, mask in zip("xy", reached, strict=False):
        assert {(letter, i) for i in np.flatnonzero(~mask).tolist()}.isdisjoint(loaded)


def test_programs_for_devices_store_zeros_and_read_nothing() -> None:
    """C, CUDA and Triton sources are written from these programs."""
    met = 0
    for lmax in [box for box in BOXES if max(box) > 0]:
        for form, there in other_products(lmax):
            if isinstance(form, RoutedProduct):
                continue
            check_program(form, masks(lmax, there))
            met += 1
    for lmax in [box for box in BOXES if max(box) in (1, 2)]:
        for form, there in spherical(lmax):
            check_program(form, masks(lmax, there))
            met += 1
    assert met == 5 * 63 + 5 * 26


def test_vector_signals() -> None:
    """All boxes to degree 3: the fields that are reached are those of an entry above rounding, found one by one."""
    met = 0
    for lmax in [box for box in BOXES if max(box) < 3] + [(3, 1, 2)]:
        form = VectorSignal(*lmax)
        there = abs(tensor(form)) > 1e-10
        blocks = [there.any(axis=tuple({0, 1, 2} - {slot})).reshape(3, -1) for slot in range(3)]
        rows = [[rows_of(mask) for mask in masks] for masks in form.reached]
        assert all(np.array_equal(a, b) for a, b in zip(blocks, rows, strict=True)), lmax
        random = np.random.default_rng(0)
        x, y = (random.normal(size=(2, 3, (l + 1) ** 2, 4)) for l in lmax[:2])
        z = form(x, y)
        assert not z[:, ~blocks[2]].any() and z[:, blocks[2]].all()
        x[:, ~blocks[0]], y[:, ~blocks[1]] = np.nan, np.inf
        np.testing.assert_array_equal(form(x, y), z)
        met += 1
    assert met == 28


@pytest.mark.parametrize("lmax", [32, pytest.param(64, marks=pytest.mark.slow)])
def test_scalars_of_gaunt_and_bracket_in_single_precision(lmax: int) -> None:
    """The bracket adds nothing to l3 = 0; its rounding noise made the scalars wrong by 1.5e-4 at degree 64."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, (lmax + 1) ** 2, 64))
    both, gaunt = Simulation(lmax, lmax, lmax), Gaunt(lmax, lmax, lmax)
    exact = (x * y).sum(axis=0) / np.sqrt(4 * np.pi)
    single = both(x.astype(np.float32), y.astype(np.float32))[0]
    norm = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0) / (4 * np.pi))
    assert abs(single - exact).max() < 2 * np.finfo(np.float32).eps * norm.max()
    np.testing.assert_array_equal(single, gaunt(x.astype(np.float32), y.astype(np.float32))[0])
    np.testing.assert_allclose(both(x, y)[0], exact, atol=1e-12)

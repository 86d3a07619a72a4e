"""Arguments that do not exist are refused with a sentence that names the rule, the value and what is valid.

Arguments that exist but do not couple give an exact zero of the right type.
"""

from __future__ import annotations

import numbers
import re
import time
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sympy

import coupling
from coupling import exact, foreign, indexing, lowrank, products, sphere
from coupling.arrays.request import ArraysRequest
from coupling.atoms.density import NeighbourDensity
from coupling.conventions import BASES, FAMILIES
from coupling.exact import Surd
from coupling.families import family as known
from coupling.families import names, records
from coupling.lowrank import normalization_problem, shipped, study
from coupling.numbers.normalizations import exact_normalization
from coupling.numbers.spins import accidental_zeros
from coupling.products import MatrixProduct
from coupling.quoted import quoted
from coupling.selection import LARGEST_DEGREE
from coupling.tables.builder import build_shard

HALF_INTEGER = {
    "wigner_3j": (1, 1, 2, 0, 1, -1),
    "clebsch_gordan": (1, 1, 2, 0, 1, 1),
    "wigner_6j": (1, 1, 2, 1, 1, 2),
    "wigner_9j": (1, 1, 2, 1, 1, 2, 2, 2, 4),
    "racah_v": (1, 1, 2, 0, 1, -1),
    "wigner_12j": (1,) * 12,
    "wigner_eckart": (1, 1, 2, 0, 1, -1),
    "reduced_spin": (1,),
    "triangle_coefficient": (1, 1, 2),
    "racah_w": (1, 1, 1, 1, 2, 2),
    "fano_x": (1, 1, 2, 1, 1, 2, 2, 2, 4),
}
INTEGER = {
    "gaunt": (1, 1, 2, 0, 1, -1),
    "antisymmetric_gaunt": (1, 2, 2, 0, 1, -1),
    "reduced_harmonic": (1, 1, 2),
    "real_gaunt": (1, 1, 2, 0, 1, 1),
    "real_antisymmetric_gaunt": (1, 2, 2, 0, 1, -1),
}
EXACT_ONLY = {
    "real_wigner_3j": (1, 1, 2, 0, 1, 1),
    "real_clebsch_gordan": (1, 1, 2, 0, 1, 1),
    "wigner_3j_at_zero": (1, 1, 2),
    "bracket_factor": (1, 2, 2),
}

#: name → (function of numbers only, arguments for which it is not zero, what a number has to be)
NUMERIC: dict[str, tuple[Callable[..., object], tuple[int, ...], str]] = {}
for name, arguments in HALF_INTEGER.items():
    for module in (coupling, exact):
        NUMERIC[f"{module.__name__}.{name}"] = getattr(module, name), arguments, "an integer or half-integer"
for name, arguments in INTEGER.items():
    for module in (coupling, exact):
        NUMERIC[f"{module.__name__}.{name}"] = getattr(module, name), arguments, "an integer"
for name, arguments in EXACT_ONLY.items():
    NUMERIC[f"coupling.exact.{name}"] = getattr(exact, name), arguments, "an integer"
for family in ("gaunt", "antisymmetric_gaunt"):
    path = (1, 1, 2) if family == "gaunt" else (1, 2, 2)
    NUMERIC[f"family({family}).reduced"] = known(family).reduced, path, "an integer"
    NUMERIC[f"exact_normalization({family})"] = partial(exact_normalization, family), path, "an integer"
    NUMERIC[f"coupling.sphere.quadrature({family})"] = partial(sphere.quadrature, family), path, "an integer"
    for basis in BASES:
        NUMERIC[f"coupling.block({family}, {basis})"] = partial(coupling.block, family, basis=basis), path, "an integer"
    NUMERIC[f"coupling.normalization({family})"] = partial(coupling.normalization, family), (2,), "an integer"
NUMERIC |= {
    "coupling.wigner_3j_family": (
        lambda *a: coupling.wigner_3j_family(*a).values,
        (2, 1, 1, 0),
        "an integer or half-integer",
    ),
    "coupling.wigner_6j_family": (
        lambda *a: coupling.wigner_6j_family(*a).values,
        (1, 2, 1, 1, 2),
        "an integer or half-integer",
    ),
    "coupling.exact.reduced_matrix": (partial(exact.reduced_matrix, j=1.5), (1, 1, 2), "an integer"),
    "coupling.sphere.gauss_legendre": (lambda d: sphere.gauss_legendre(d).weights, (3,), "an integer"),
    "coupling.sphere.lebedev": (lambda d: sphere.lebedev(d).weights, (3,), "an integer"),
    "coupling.sphere.harmonics": (lambda l: sphere.harmonics(l, 0.5, 0.5), (2,), "an integer"),
    "coupling.sphere.spin_weighted_harmonics": (
        lambda l: sphere.spin_weighted_harmonics(l, 1, 0.5, 0.5),
        (2,),
        "an integer",
    ),
    "coupling.sphere.vector_harmonics": (lambda l: sphere.vector_harmonics(l, 0.5, 0.5, "E"), (2,), "an integer"),
    "coupling.sphere.gradients": (lambda l: sphere.gradients(l, 0.5, 0.5), (2,), "an integer"),
    "coupling.sphere.analysis": (
        lambda l: sphere.analysis(np.ones(28), sphere.gauss_legendre(6), l),
        (2,),
        "an integer",
    ),
    "coupling.indexing.flat_size": (indexing.flat_size, (2,), "an integer"),
    "coupling.indexing.flat_index": (indexing.flat_index, (2, 1), "an integer"),
    "coupling.indexing.degree_order": (indexing.degree_order, (5,), "an integer"),
    "coupling.indexing.degree_slice": (indexing.degree_slice, (2,), "an integer"),
}

#: (name, slot) of every number that can be given
SLOTS = [(name, slot) for name, (_, arguments, _) in NUMERIC.items() for slot in range(len(arguments))]

WRONG_TYPE = [
    True,
    False,
    np.True_,
    "1",
    b"1",
    None,
    1j,
    2 + 0j,
    np.complex128(1),
    {1},
    object(),
    int,
]
WRONG_VALUE = [
    0.3,
    float("nan"),
    float("inf"),
    -float("inf"),
    1e-300,
    np.float32(0.25),
    np.nextafter(1.0, 2.0),
    Fraction(1, 3),
    Decimal("0.1"),
    Decimal("NaN"),
    sympy.Rational(1, 3),
    sympy.pi,
    sympy.nan,
    sympy.Symbol("l"),
]


#: Sequences and arrays of numbers, which the functions of the package itself take.
SEQUENCES = [[1], (1,), np.array([1, 2]), np.array([1.0])]
TAKE_ARRAYS = {f"coupling.{name}" for name in (*HALF_INTEGER, *INTEGER)}


def put(arguments: tuple[int, ...], slot: int, value: object) -> tuple[object, ...]:
    return (*arguments[:slot], value, *arguments[slot + 1 :])


def check_refused(name: str, slot: int, value: object, error: type[Exception]) -> None:
    function, arguments, kind = NUMERIC[name]
    with pytest.raises(error) as caught:
        function(*put(arguments, slot, value))
    message = str(caught.value)
    assert re.match(r"(degree|order|lmax|flat index|spin)\b.* must be " + kind, message), message
    assert message.endswith(quoted(value)), message


#: These take arrays or angles, and are tested with grids, rotations and vectors.
ARRAYS = {"Grid", "angles", "generators", "random_rotation", "rotation_matrix", "synthesis", "wigner_d_polynomial"}
ARRAYS |= {
    "wigner_D",
    "wigner_d",
    "edge_frame_matrix",
    "edge_rotations",
    *(f"cartesian_{kind}" for kind in ("gradients", "harmonics", "hessians")),
}


def test_the_list_of_functions_is_complete() -> None:
    """Every public function of single degrees and orders stands in the list; tables have tests of their own."""
    tables = {"Irreps", "Table", "TableError", "build", "load", "load_arrays", "tabulate"}
    folders = {"exact", "families", "foreign", "lowrank", "manybody", "numba", "plots", "products", "sphere"}
    public = {f"coupling.{name}" for name in coupling.__all__ if name not in tables | folders | ARRAYS}
    public |= {f"coupling.exact.{name}" for name in exact.__all__ if name not in {"Surd", *ARRAYS}}
    public |= {f"coupling.sphere.{name}" for name in sphere.__all__ if name not in ARRAYS}
    assert public <= {name.split("(")[0] for name in NUMERIC}


@pytest.mark.parametrize(("name", "slot"), SLOTS)
def test_wrong_type(name: str, slot: int) -> None:
    for value in [*WRONG_TYPE, *([] if name in TAKE_ARRAYS else SEQUENCES)]:
        check_refused(name, slot, value, TypeError)


@pytest.mark.parametrize(("name", "slot"), SLOTS)
def test_wrong_value(name: str, slot: int) -> None:
    for value in WRONG_VALUE:
        check_refused(name, slot, value, ValueError)
    if NUMERIC[name][2] == "an integer":
        for value in (0.5, Fraction(3, 2), sympy.Rational(1, 2), np.float32(1.5)):
            check_refused(name, slot, value, ValueError)


def degrees_of(name: str) -> int:
    """How many of the arguments are degrees; the others are orders."""
    arguments = NUMERIC[name][1]
    if any(kind in name for kind in ("6j", "9j", "12j", "racah_w", "fano_x", "triangle", "reduced")):
        return len(arguments)
    return {2: 1, 4: 2, 6: 3}.get(len(arguments), len(arguments))


@pytest.mark.parametrize(("name", "slot"), [(n, s) for n, s in SLOTS if s < degrees_of(n)])
def test_negative_degree(name: str, slot: int) -> None:
    function, arguments, _ = NUMERIC[name]
    for value in (-1, -2.0, np.int64(-3), Fraction(-4)):
        with pytest.raises(ValueError, match=rf"must be >= 0, got {int(value)}$"):
            function(*put(arguments, slot, value))


@pytest.mark.parametrize(("name", "slot"), [(n, s) for n, s in SLOTS if s >= degrees_of(n)])
def test_order_beyond_its_degree(name: str, slot: int) -> None:
    function, arguments, _ = NUMERIC[name]
    degree = arguments[slot - degrees_of(name)]
    for value in (degree + 1, -degree - 1, 10**30, -(10**30)):
        with pytest.raises(ValueError, match=rf"^order.* must satisfy \|m\| <= {degree}, the degree, got {value}$"):
            function(*put(arguments, slot, value))


@pytest.mark.parametrize("module", [coupling, exact])
@pytest.mark.parametrize("name", ["wigner_3j", "clebsch_gordan"])
def test_order_of_the_other_kind(module: object, name: str) -> None:
    """Integer orders belong to integer degrees, half-integer orders to half-integer degrees."""
    function = getattr(module, name)
    with pytest.raises(ValueError, match=r"^order 1 must be one of -1/2, \.\.\., 1/2 in steps of 1, got 0$"):
        function(0.5, 0.5, 1, 0, 0.5, -0.5)
    with pytest.raises(ValueError, match=r"^order 3 must be one of -1, \.\.\., 1 in steps of 1, got -1/2$"):
        function(0.5, 0.5, 1, 0.5, 0.5, -0.5)
    with pytest.raises(ValueError, match=r"^degree 2 must be >= 0, got -1/2$"):
        function(0.5, -0.5, 1, 0.5, 0.5, -0.5)
    with pytest.raises(ValueError, match=r"^order 2 must satisfy \|m\| <= 1/2, the degree, got 3/2$"):
        function(0.5, 0.5, 1, 0.5, 1.5, -0.5)


# -- numbers of every kind --------------------------------------------------------------------

KINDS = [
    np.int8,
    np.int64,
    np.uint16,
    float,
    np.float32,
    np.float64,
    np.longdouble,
    Fraction,
    Decimal,
    sympy.Integer,
    sympy.Rational,
    sympy.Float,
    np.array,
    lambda x: Fraction(np.int64(x), 1),
    lambda x: Fraction(np.int8(2 * x), np.int8(2)),
]


@pytest.mark.parametrize("name", NUMERIC)
def test_accepted_kinds(name: str) -> None:
    function, arguments, _ = NUMERIC[name]
    expected = function(*arguments)
    met = 0
    for kind in KINDS:
        converted = [kind(x) if x >= 0 or kind is not np.uint16 else x for x in arguments]
        result = function(*converted)
        assert type(result) is type(expected)
        assert np.array_equal(result, expected) if isinstance(result, np.ndarray) else result == expected
        met += 1
    assert met == len(KINDS)


HALVES = [float, np.float32, np.float64, Fraction, Decimal, sympy.Rational, sympy.Float, lambda text: numpy_half(text)]


def numpy_half(text: str) -> Fraction:
    """A half as a Fraction of numpy's integers, which overflow in silence at 128."""
    return Fraction(np.int8(2 * float(text)), np.int8(2))


@pytest.mark.parametrize("kind", HALVES)
def test_accepted_kinds_of_halves(kind: Callable[[str], object]) -> None:
    half, one = kind("0.5"), kind("1")
    minus = kind("-0.5")
    for module in (coupling, exact):
        assert module.wigner_3j(half, half, one, half, minus, 0) == module.wigner_3j(0.5, 0.5, 1, 0.5, -0.5, 0) != 0
        assert module.clebsch_gordan(half, half, one, half, half, one) == 1
        assert module.wigner_6j(half, half, one, half, half, one) == module.wigner_6j(0.5, 0.5, 1, 0.5, 0.5, 1) != 0
        nine = (half, half, one, half, half, one, one, one, 2)
        assert module.wigner_9j(*nine) == module.wigner_9j(*(float(x) for x in nine)) != 0
    for mine, plain in (((half, one, half, 0), (0.5, 1, 0.5, 0)), ((one, half, one, minus), (1, 0.5, 1, -0.5))):
        assert coupling.wigner_3j_family(*mine).values.tolist() == coupling.wigner_3j_family(*plain).values.tolist()
    six = coupling.wigner_6j_family(half, half, one, half, half)
    assert six.values.tolist() == coupling.wigner_6j_family(0.5, 0.5, 1, 0.5, 0.5).values.tolist() and len(six.values)
    assert exact.reduced_matrix(1, 1, 1, half) == exact.reduced_matrix(1, 1, 1, 0.5) != 0
    assert exact_normalization("matrix", 1, 1, 1, j=half) == exact_normalization("matrix", 1, 1, 1, j=0.5) != 0
    assert np.array_equal(coupling.normalization("matrix", 1, j=half), coupling.normalization("matrix", 1, j=0.5))
    assert MatrixProduct(1, 1, 1, spin=half).spin == 0.5
    assert normalization_problem("matrix", 1, j=half).spec == normalization_problem("matrix", 1, j=0.5).spec
    assert list(accidental_zeros(3 * half, 3, 3, 3)) == [(2, 2, 2)]


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, sympy.Integer, float])
def test_counts_are_integers_of_any_type(kind: Callable[[int], object], tmp_path: Path) -> None:
    """Threads, terms, starts, seeds, shards, channels: converted before they are used, written or multiplied."""
    two, x = kind(2), np.ones((4, 3))
    product = MatrixProduct(1, 1, 1, workers=two)
    assert type(product.workers) is int and np.array_equal(product(x, x), MatrixProduct(1, 1, 1)(x, x))
    assert np.array_equal(coupling.tabulate("gaunt", kind(3), workers=two).values, coupling.tabulate("gaunt", 3).values)
    request = coupling.tables.Request(lmax=2)
    assert coupling.build(request, workers=two).metadata == coupling.build(request).metadata
    assert build_shard(request, tmp_path / "real-l2.safetensors", kind(1), two, workers=two) == 0
    found = study(normalization_problem("gaunt", kind(1)), [two], starts=kind(3), seed=kind(1), store=tmp_path)
    assert [type(n) for n in (found[0].rank, found[0].starts, found[0].seed)] == [int] * 3
    assert lowrank.decompose(np.ones((2, 2, 2)), kind(1), starts=two, seed=kind(1)).rank == 1
    assert shipped("gaunt", two, kind(1)).rank == 1
    assert NeighbourDensity(kind(1), two, 3.0).channels == 2
    assert Surd(1, sympy.Integer(9), np.int64(4)) ** np.int64(2) == Fraction(9, 4)


@pytest.mark.parametrize("value", [True, np.True_, 0, -1, 1.5, "2", None, np.nan])
def test_counts_that_make_no_sense(value: object) -> None:
    calls = [
        lambda: MatrixProduct(1, 1, 1, workers=value),
        lambda: coupling.tabulate("gaunt", 1, workers=value),
        lambda: coupling.build(coupling.tables.Request(lmax=1), workers=value),
        lambda: lowrank.decompose(np.ones((2, 2, 2)), value),
        lambda: lowrank.decompose(np.ones((2, 2, 2)), 1, workers=value),
        lambda: NeighbourDensity(1, value, 3.0),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError), match=r"(workers|rank|channels) must be an integer >= 1, got"):
            call()
    assert len(calls) == 6


# -- exact zeros ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("wigner_3j", (1, 1, 3, 0, 0, 0)),
        ("wigner_3j", (1, 1, 1, 0, 0, 0)),
        ("wigner_3j", (1, 1, 2, 1, 1, 1)),
        ("wigner_3j", (0.5, 0.5, 0.5, 0.5, 0.5, -0.5)),
        ("clebsch_gordan", (1, 1, 2, 1, 0, 0)),
        ("clebsch_gordan", (1, 1, 4, 1, 0, 1)),
        ("gaunt", (1, 1, 1, 1, -1, 0)),
        ("gaunt", (1, 1, 2, 1, 1, 0)),
        ("gaunt", (1, 1, 4, 1, -1, 0)),
        ("antisymmetric_gaunt", (1, 1, 2, 1, -1, 0)),
        ("antisymmetric_gaunt", (1, 1, 1, 1, 1, 0)),
        ("antisymmetric_gaunt", (1, 1, 5, 1, -1, 0)),
        ("antisymmetric_gaunt", (0, 1, 1, 0, -1, 1)),
        ("real_gaunt", (1, 1, 1, 1, -1, 0)),
        ("real_gaunt", (1, 1, 2, 1, 1, 1)),
        ("real_gaunt", (2, 2, 2, -1, 1, 0)),
        ("real_antisymmetric_gaunt", (1, 1, 2, 1, -1, 0)),
        ("real_antisymmetric_gaunt", (1, 1, 1, 1, 1, 0)),
        ("wigner_6j", (1, 1, 3, 1, 1, 1)),
        ("wigner_6j", (0.5, 0.5, 0.5, 1, 1, 1)),
        ("wigner_9j", (1, 1, 3, 1, 1, 1, 1, 1, 1)),
        ("wigner_9j", (1, 1, 1, 1, 1, 1, 1, 1, 1)),
    ],
)
def test_what_does_not_couple_is_an_exact_zero(name: str, symbol: tuple[float, ...]) -> None:
    value, number = getattr(exact, name)(*symbol), getattr(coupling, name)(*symbol)
    assert type(value) is Surd and not value
    assert type(number) is (complex if name == "antisymmetric_gaunt" else float)
    assert number == 0 and not np.signbit(np.real(number)) and not np.signbit(np.imag(number))


@pytest.mark.parametrize(("family", "basis"), [(f, b) for f in FAMILIES for b in BASES])
def test_blocks_off_the_paths_are_zero(family: str, basis: str) -> None:
    kind = complex if (family, basis) == ("antisymmetric_gaunt", "complex") else float
    even, odd = (1, 1, 2), (1, 1, 1)
    forbidden = [(1, 1, 3), (0, 0, 4), (5, 1, 0)]
    forbidden += [odd] if family == "gaunt" else [even] if family == "antisymmetric_gaunt" else []
    for l in forbidden:
        block = coupling.block(family, *l, basis)
        assert block.shape == tuple(2 * x + 1 for x in l) and block.dtype == kind and not block.any()
        assert known(family).reduced(*l) == 0 == exact_normalization(family, *l)


# -- names ------------------------------------------------------------------------------------

BY_FAMILY = {
    "block": (lambda family: coupling.block(family, 1, 1, 1), names()),
    "tabulate": (lambda family: coupling.tabulate(family, 1), names()),
    "family": (known, names()),
    "normalization": (lambda family: coupling.normalization(family, 1), (*names(), "matrix")),
    "relative_to": (lambda family: coupling.normalization("gaunt", 1, family), (*names(), "matrix")),
    "exact_normalization": (lambda family: exact_normalization(family, 1, 1, 1), (*names(), "matrix")),
    "quadrature": (
        lambda family: sphere.quadrature(family, 1, 1, 1),
        tuple(record.name for record in records() if record.integrand),
    ),
}
BY_BASIS = {
    "block": lambda basis: coupling.block("gaunt", 1, 1, 2, basis),
    "reduced": lambda basis: known("gaunt").reduced(1, 1, 2, basis),
    "quadrature": lambda basis: sphere.quadrature("gaunt", 1, 1, 2, basis),
    "harmonics": lambda basis: sphere.harmonics(1, 0.1, 0.2, basis),
    "gradients": lambda basis: sphere.gradients(1, 0.1, 0.2, basis),
    "synthesis": lambda basis: sphere.synthesis([1.0], sphere.gauss_legendre(1), basis),
    "analysis": lambda basis: sphere.analysis(np.ones(2), sphere.gauss_legendre(1), 0, basis),
}


def check_choice(function: Callable[[object], object], name: str, choices: tuple[str, ...]) -> None:
    listed = re.escape(", ".join(choices))
    near = {"": "", "Gaunt": "gaunt", "gaunts": "gaunt", "REAL": "real", "cartesian": "", "gaunt\x00": "gaunt"}
    for value, nearest in near.items():
        hint = re.escape(f"; did you mean {nearest}?") if nearest in choices else ""
        with pytest.raises(ValueError, match=rf"^{name} must be one of {listed}, got {re.escape(repr(value))}{hint}$"):
            function(value)
    for value in (None, 3, True, b"gaunt", ["gaunt"], {"real": 1}):
        expected = rf"^{name} must be one of {listed}, got {type(value).__name__} {re.escape(repr(value))}$"
        with pytest.raises(TypeError, match=expected):
            function(value)


@pytest.mark.parametrize("name", BY_FAMILY)
def test_unknown_family(name: str) -> None:
    function, families = BY_FAMILY[name]
    check_choice(function, "family", families)


@pytest.mark.parametrize("name", BY_BASIS)
def test_unknown_basis(name: str) -> None:
    check_choice(BY_BASIS[name], "basis", BASES)


# -- sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slot"),
    [(n, s) for n, s in SLOTS if re.search(r"_[369]j|gaunt$|gordan$|exact|bracket", n) and s < degrees_of(n)],
)
def test_a_coefficient_of_an_immense_degree_is_refused_at_once(name: str, slot: int) -> None:
    function, arguments, _ = NUMERIC[name]
    start = time.perf_counter()
    for value in (LARGEST_DEGREE + 1, 10**9, 10**40, 1e300, Fraction(10**9)):
        rule = f"degree {slot + 1} must be <= {LARGEST_DEGREE}"
        with pytest.raises(ValueError, match=f"^{rule}, got {quoted(int(value))}$"):
            function(*put(arguments, slot, value))
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: coupling.block("gaunt", 10**5, 10**5, 10**5), "the gaunt block"),
        (lambda: coupling.block("antisymmetric_gaunt", 10**5, 3, 10**5, "complex"), "the antisymmetric_gaunt block"),
        (lambda: coupling.normalization("gaunt", 10**6), "the normalization tensor"),
        (lambda: coupling.normalization("matrix", 10**30, j=1), "the normalization tensor"),
        (lambda: sphere.quadrature("gaunt", 10**5, 10**5, 10**5), "quadrature"),
        (lambda: sphere.harmonics(10**4, np.broadcast_to(0.1, 10**4), 0.2), "harmonics"),
        (lambda: sphere.gradients(10**4, np.broadcast_to(0.1, 10**4), 0.2), "harmonics"),
        (lambda: sphere.rotation_matrix(np.eye(3), 10**4), "the rotation of features"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_allocated(call: Callable[[], object], what: str) -> None:
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with pytest.raises(MemoryError, match=rf"^{what}.* needs \d{{11,}} bytes, this machine has \d+$"):
            call()
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 0.5


# -- the rest ---------------------------------------------------------------------------------


def test_the_spin_of_the_matrix_family() -> None:
    for value in (-1, -0.5, LARGEST_DEGREE + 1):
        with pytest.raises(ValueError, match=rf"^spin must be between 0 and {LARGEST_DEGREE}, got {value}$"):
            exact.reduced_matrix(1, 1, 1, value)
        with pytest.raises(ValueError, match=r"^spin must be between 0"):
            coupling.normalization("matrix", 2, j=value)
    for value in (0.3, float("nan")):
        with pytest.raises(ValueError, match=rf"^spin must be an integer or half-integer, got {value}$"):
            exact.reduced_matrix(1, 1, 1, value)
    for wrong in (True, "1", 1j):
        with pytest.raises(TypeError, match=r"^spin must be an integer or half-integer, got"):
            exact.reduced_matrix(1, 1, 1, wrong)
    with pytest.raises(TypeError, match=r"^the matrix family needs its spin: j = 0, 1/2, 1"):
        coupling.normalization("matrix", 2)


def test_points_off_the_sphere() -> None:
    for theta, phi in ((-0.1, 0.0), (3.2, 0.0), (float("nan"), 0.0), (0.1, float("nan")), (0.1, float("inf"))):
        for function in (sphere.harmonics, sphere.gradients):
            with pytest.raises(ValueError, match=r"^(theta|phi) must (lie in 0 \.\.\. pi|be finite), got"):
                function(2, theta, phi)
    with pytest.raises(ValueError, match="degree of the grid must be <= 131 for a Lebedev rule, got 132"):
        sphere.lebedev(132)


def test_indices_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match=r"^order must satisfy \|m\| <= 2, the degree, got 3$"):
        indexing.flat_index(2, 3)
    with pytest.raises(ValueError, match=r"^flat index must be >= 0, got -1$"):
        indexing.degree_order(-1)
    for path in ((1, 1, 3), (3, 1, 2), (-1, 1, 1)):
        with pytest.raises(ValueError, match=rf"^{re.escape(str(path))} is not a path with lmax \(2, 2, 2\)$"):
            indexing.path_index(*path, 2, 2, 2)


# -- how a value is quoted --------------------------------------------------------------------

DIGITS = "9" * 100_000

NESTED: list = []
for _ in range(100_000):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    "value",
    [
        10**100_000,
        -(10**100_000),
        Fraction(10**100_000, 3),
        sympy.Integer(10) ** 5_000,
        DIGITS,
        DIGITS.encode(),
        [1] * 100_000,
        list(range(100_000)),
        [[DIGITS] * 100] * 100,
        NESTED,
        {DIGITS: DIGITS},
        dict.fromkeys(range(1000), DIGITS),
        np.arange(100_000.0),
        np.eye(30),
        (10**100_000,),
        "\n" * 100_000,
        "\x00" * 99,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_huge_value_is_quoted_in_short(value: object) -> None:
    doors = [
        lambda: coupling.wigner_3j(value, 1, 1, 0, 0, 0.25),  # arrays of degrees are right, so another one is wrong
        lambda: coupling.wigner_3j(1, 1, 1, 0, value, 0.25),
        lambda: coupling.gaunt(1, 1, 2, 0, value, 0.25),
        lambda: coupling.block("gaunt", 1, 1, value, "complex", "e3nn"),
        lambda: coupling.block(value, 1, 1, 1),
        lambda: coupling.block("gaunt", 1, 1, 2, value),
        lambda: coupling.block("gaunt", 1, 1, value),
        lambda: coupling.load("real-l4").block("wigner_3j", 1, 1, value),
        lambda: coupling.normalization("gaunt", value),
        lambda: coupling.wigner_6j_family(1, 1, value, 1, 1),
        lambda: indexing.flat_index(2, value),
        lambda: sphere.harmonics(value, 0.1, 0.2),
        lambda: sphere.gauss_legendre(value),
        lambda: sphere.lebedev(value),
        lambda: sphere.rotation_matrix(np.eye(3), value),
        lambda: sphere.quadrature("gaunt", 1, value, 1),
        lambda: ArraysRequest("lebedev", value),
        lambda: ArraysRequest("lebedev", 2, degree=value),
        lambda: ArraysRequest("matrix", 2, twice_spin=value),
        lambda: coupling.tabulate("gaunt", value),
        lambda: coupling.tables.Request(lmax=value),
        lambda: coupling.tables.Request(lmax=[value] * 3),
        lambda: coupling.tables.Request(lmax=1, families=value),
        lambda: coupling.tables.Request(lmax=1, name=value),
        lambda: coupling.tables.Request(lmax=1, basis=value),
        lambda: coupling.load_arrays(str(DIGITS)),
        lambda: coupling.load(str(DIGITS)),
        lambda: coupling.normalization("matrix", 2, j=value),
        lambda: MatrixProduct(1, 1, 1, spin=value),
        lambda: MatrixProduct(1, 1, 1, layout=value),
        lambda: normalization_problem("gaunt", value),
        lambda: normalization_problem("gaunt", 1, value),
        lambda: shipped(value, 2),
        lambda: Surd(value, 2),
        lambda: Surd(2, 1, 1, 0) if isinstance(value, numbers.Rational) else Surd(1) < value,
    ]
    for number, call in enumerate(doors):
        with pytest.raises((ValueError, TypeError, OSError, MemoryError)) as caught:
            call()
        message = str(caught.value)
        assert len(message) < 600 and "integer string conversion" not in message, (number, message[:300])
    assert len(quoted(value)) < 150 and len(doors) == 35


def test_a_short_value_is_quoted_whole() -> None:
    for value in (1, "gaunt", 10**40, [1, [2, (3,)]], {"real": 1}, None, 1j, (), {1}, set(), b"x", np.float64(0.5)):
        assert quoted(value) == repr(value)
    assert quoted(Fraction(1, 3)) == "1/3" and quoted(np.array([1, 2])) == "array([1, 2])"
    assert quoted("x" * 98) == repr("x" * 98) and quoted("x" * 101).endswith("… (101 characters)")


def test_the_repr_of_a_value_may_fail() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise RuntimeError

    assert quoted(Bad()) == "a Bad that cannot be written out"


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: coupling.block("gaunt", 1, 1, 2, convention="e3n"), "e3nn"),
        (lambda: coupling.block("gaunt", 1, 1, 2, convention="E3NN_jx"), "e3nn_jax"),
        (lambda: foreign.named("sympi"), "sympy"),
        (lambda: coupling.block("gaun", 1, 1, 2), "gaunt"),
        (lambda: coupling.block("gaunt", 1, 1, 2, "complx"), "complex"),
        (lambda: coupling.reduced_spin(1, "edmond"), "edmonds"),
        (lambda: coupling.tabulate("gaunt", 1, "real", "evn"), "even"),
        (lambda: products.ClebschGordan(1, 1, 1, layout="channel_first"), "channels_first"),
        (lambda: coupling.wigner_3j(1, 1, 2, 0, 0, 0, outside="zeros"), "zero"),
    ],
)
def test_a_name_that_is_nearly_right_gets_a_suggestion(call: Callable[[], object], near: str) -> None:
    with pytest.raises(ValueError, match=rf" must be one of .*, got '\w+'; did you mean {near}\?$"):
        call()


def test_a_name_that_is_far_from_all_gets_none() -> None:
    with pytest.raises(ValueError, match=r", got 'nothing'$"):
        foreign.named("nothing")


@pytest.mark.parametrize("name", [n for n in products.__all__ if isinstance(getattr(products, n), type)])
def test_messages_of_constructors_name_the_public_class(name: str) -> None:
    """Python names the function that a class inherits its constructor from: no class that a user does not know."""
    own = vars(getattr(products, name)).get("__init__")
    if own is not None:
        assert own.__qualname__ == f"{name}.__init__"
    with pytest.raises(TypeError, match=rf"^({name}\.__init__\(\)|Can't instantiate|missing a required)"):
        getattr(products, name)()

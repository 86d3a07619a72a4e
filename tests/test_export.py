"""Exports: the right numbers in the right places, rounded once; every format read back."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

import coupling
from coupling.exact import Surd
from coupling.export import FORMATS, Listing, export, list_table
from coupling.export.arrays import palette_of
from coupling.export.entries import round_to
from coupling.export.text import read_exact_json
from coupling.families import Family
from coupling.floating_point import BINARY_FORMATS as TYPES
from coupling.floating_point import stored
from coupling.foreign import CONVENTIONS, Convention
from coupling.foreign.choices import alternating, input_norm, racah, without_condon_shortley, zero_first
from coupling.tables import Request, Table, build

INVENTED = [
    Convention("odd", axes=("x", "z", "y"), orders=zero_first, phase=alternating, norm=racah, scale=input_norm),
    Convention("plain", basis="complex", phase=without_condon_shortley, orders=zero_first, slots=(2, 0, 1)),
]
EVERY = [*CONVENTIONS.values(), *INVENTED]


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    """Small tables with a different lmax in every slot."""
    return {basis: build(Request(lmax=[2, 3, 4], basis=basis)) for basis in ("real", "complex")}


@pytest.fixture(scope="module")
def real_l4() -> Table:
    return coupling.load("real-l4")


def dense(listing: Listing) -> np.ndarray:
    """[input1, input2, output]."""
    result = np.zeros(listing.sizes, complex if listing.imaginary else float)
    result[tuple(listing.index.T)] = listing.values * (1j if listing.imaginary else 1)
    return result


def blocks(table: Table, family: str, convention: Convention) -> np.ndarray:
    """The same from coupling.block."""
    sizes = [(l + 1) ** 2 for l in table.request.lmax]
    result = np.zeros(sizes, complex)
    for path in table.paths.tolist():
        block = coupling.block(family, *path, basis=convention.basis, convention=convention)
        result[tuple(slice(l * l, (l + 1) ** 2) for l in path)] = block.transpose(np.argsort(convention.slots))
    return result


# -- numbers and places -----------------------------------------------------------------------


@pytest.mark.parametrize("convention", EVERY, ids=lambda c: c.name)
def test_every_number_is_in_its_place(tables: dict[str, Table], convention: Convention) -> None:
    """All families and orders, bit for bit what coupling.block gives."""
    table, met = tables[convention.basis], 0
    for family in table.factors:
        expected = blocks(table, family, convention)
        for order in ("path", "output", "input1", "input2"):
            listing = list_table(table, convention, family, order)
            assert np.array_equal(dense(listing), expected)
            assert len(listing) == np.count_nonzero(expected)
            assert len(set(map(tuple, listing.index.tolist()))) == len(listing)
            met += 1
    assert met == 16


def test_orders_are_sorted_and_starts_divide_them(tables: dict[str, Table]) -> None:
    for order, slots in (("output", (2, 0, 1)), ("input1", (0, 2, 1)), ("input2", (1, 2, 0))):
        listing = list_table(tables["real"], "e3x", order=order)
        keys = listing.index[:, slots].tolist()
        assert keys == sorted(keys)
        assert len(listing.starts) == listing.sizes[slots[0]] + 1 and listing.starts[-1] == len(listing)
        for k, (begin, end) in enumerate(zip(listing.starts, listing.starts[1:], strict=False)):
            assert (listing.index[begin:end, slots[0]] == k).all()
    listing = list_table(tables["real"], "e3x")
    keys = np.column_stack([listing.path, listing.index]).tolist()
    assert keys == sorted(keys) and np.array_equal(np.diff(listing.starts), np.bincount(listing.path))
    degrees = listing.paths[listing.path].astype(int)
    assert (degrees**2 <= listing.index).all() and (listing.index < (degrees + 1) ** 2).all()


def test_canonical_order_holds_the_whole_table(real_l4: Table) -> None:
    """The other paths by the symmetry that the docstring states: (-1)^J for a swap of two slots."""
    for family, convention in (("wigner_3j", "e3nn_0_4"), ("gaunt", "e3x"), ("antisymmetric_gaunt", "coupling")):
        listing = list_table(real_l4, convention, family, "canonical")
        half = dense(listing)
        whole = np.zeros_like(half)
        degree = np.repeat(np.arange(5), 2 * np.arange(5) + 1)
        odd = (degree[:, None, None] + degree[:, None] + degree) % 2
        for axes in permutations(range(3)):
            swaps = axes in ((1, 0, 2), (0, 2, 1), (2, 1, 0))
            turned = half.transpose(axes) * np.where(odd * swaps, -1, 1)
            whole = np.where(whole == 0, turned, whole)
        assert np.array_equal(whole, dense(list_table(real_l4, convention, family)))
        assert 2 * len(listing) < np.count_nonzero(whole)
    for options, words in ((("e3x",), "not symmetric"), (("e3nn", "clebsch_gordan"), "not symmetric")):
        with pytest.raises(ValueError, match=words):
            list_table(real_l4, *options, order="canonical")
    with pytest.raises(ValueError, match="needs one lmax"):
        list_table(build(Request(lmax=[1, 1, 2])), order="canonical")


# -- rounding ---------------------------------------------------------------------------------


def spacing(value: float, dtype: str) -> Fraction:
    """The distance from a number of a type to the next one away from zero."""
    kind = TYPES[dtype]
    exponent = kind.least_exponent if value == 0 else max(np.frexp(value)[1] - 1, kind.least_exponent)
    return Fraction(2) ** int(exponent - kind.precision + 1)


def is_nearest(value: float, exact: Surd, dtype: str) -> bool:
    """Whether no other number of the type is nearer to the exact one: it lies within the two midpoints."""
    size, target = Fraction(abs(value)), abs(exact)
    outward = spacing(abs(value), dtype)
    mantissa, exponent = np.frexp(value)  # below a power of two the numbers are twice as dense
    inward = outward / 2 if abs(mantissa) == 0.5 and exponent - 1 > TYPES[dtype].least_exponent else outward
    return size - inward / 2 <= target <= size + outward / 2 and (value == 0 or (value > 0) == (exact.sign > 0))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("convention", "family"), [("e3nn", "wigner_3j"), ("odd", "wigner_3j"), ("e3x", "gaunt")])
def test_values_are_nearest_to_the_exact_numbers(real_l4: Table, dtype: str, convention: str, family: str) -> None:
    """Decided in integers, for every entry of a whole table."""
    their = next(c for c in EVERY if c.name == convention)
    listing = list_table(real_l4, their, family, dtype=dtype)
    exact = [listing.exact(entry) for entry in range(len(listing))]
    assert all(is_nearest(value, x, dtype) for value, x in zip(listing.values.tolist(), exact, strict=True))
    bound = Fraction(listing.error)
    assert all(v - bound <= x <= v + bound for v, x in zip(map(Fraction, listing.values.tolist()), exact, strict=True))
    assert len(listing) == np.count_nonzero(blocks(real_l4, family, their)) and listing.error > 0


def beside(midpoint: Fraction, side: int) -> Surd:
    """A number so close to a midpoint that its double is the midpoint."""
    square = midpoint**2 * (1 + Fraction(side, 2**70))
    return Surd(1, square.numerator, square.denominator)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_double_that_is_a_midpoint_is_decided_by_the_exact_number(dtype: str) -> None:
    """Below, at and above midpoints, of normal and subnormal numbers; rounding the double again would be wrong."""
    kind = TYPES[dtype]
    wrong = met = 0
    for exponent, odd, side in product((0, -3, 5, kind.least_exponent - 2), (0, 1), (-1, 0, 1)):
        step = Fraction(2) ** (max(exponent, kind.least_exponent) - kind.precision + 1)
        low = (Fraction(2) ** exponent // step + 2 + odd) * step
        exact = beside(low + step / 2, side)
        assert float(exact) == low + step / 2
        expected = float(low + step if side > 0 or (side == 0 and (low / step) % 2) else low)
        for sign in (1, -1):
            number = exact * sign
            values, decided = round_to(np.array([float(number)]), dtype, lambda entry, number=number: number)
            assert values[0] == sign * expected and decided == 1 and is_nearest(values[0], number, dtype)
            again = Surd.rational(Fraction(float(number)))
            wrong += round_to(np.array([float(number)]), dtype, lambda entry, d=again: d)[0][0] != values[0]
            met += 1
    assert met == 48 and wrong == 16


def test_narrow_types_agree_with_numpy_and_with_the_bits_of_float32() -> None:
    values = np.concatenate([np.random.default_rng(3).normal(size=3000), 2.0 ** np.arange(-27, 15), [0.0]])

    def exactly(entry: int) -> Surd:
        return Surd.rational(Fraction(float(values[entry])))

    for dtype in ("float32", "float16"):
        assert np.array_equal(round_to(values, dtype, exactly)[0], values.astype(dtype).astype(float))
        assert stored(round_to(values, dtype, exactly)[0], dtype).dtype == dtype
    rounded = round_to(values, "bfloat16", exactly)[0]
    bits = stored(rounded, "bfloat16")
    assert np.array_equal((bits.astype("u4") << 16).view("f4").astype(float), rounded)
    assert (abs(rounded - values) <= abs(values) * 2.0**-8).all()
    with pytest.raises(ValueError, match=r"65520\.0 is beyond the largest float16"):
        round_to(np.array([1.0, 65520.0]), "float16", lambda entry: Surd(1, 65520**2))


def test_type_and_error_are_stated(real_l4: Table) -> None:
    for dtype, bound in (("float64", 2**-54), ("float32", 2**-25), ("float16", 2**-12), ("bfloat16", 2**-9)):
        listing = list_table(real_l4, dtype=dtype)
        assert 0.4 * bound < listing.error <= bound + 2**-53
        assert listing.metadata["largest_error"] == listing.error and listing.metadata["dtype"] == dtype


def test_palette_gives_the_values_back(real_l4: Table) -> None:
    listing = list_table(real_l4, "e3nn", dtype="float32")
    palette = palette_of(listing)
    assert np.array_equal(palette.values[palette.which], listing.values)
    assert len(palette.values) == len(set(listing.values.tolist())) < 256 and palette.which.dtype == np.uint8


# -- formats read back ------------------------------------------------------------------------


def npz(table: Table, **options: Any) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(export(table, "npz", **options)), allow_pickle=False) as file:
        return dict(file)


def test_npz(tables: dict[str, Table]) -> None:
    listing = list_table(tables["real"], "e3j", dtype="float32", order="output")
    file = npz(tables["real"], convention="e3j", dtype="float32", order="output")
    columns = np.column_stack([file[name] for name in ("input1", "input2", "output")])
    assert np.array_equal(columns, listing.index) and file["values"].dtype == np.float32
    assert np.array_equal(file["values"], listing.values) and np.array_equal(file["starts"], listing.starts)
    assert file["input1"].dtype == np.uint8 and list(file)[-5:-2] == ["output", "input1", "input2"]
    metadata = json.loads(str(file["metadata"]))
    assert metadata["convention"]["slots"] == [2, 0, 1] and metadata["entries"] == len(listing)
    assert metadata["checksum"] == tables["real"].metadata.get("checksum", "not saved")


def test_npz_with_transposes_and_palette(tables: dict[str, Table]) -> None:
    """Forward and both gradients by the three sorted copies, against the dense tensor."""
    table = tables["real"]
    tensor = dense(list_table(table, "e3x"))
    plain = npz(table, convention="e3x", transposes=True)
    coloured = npz(table, convention="e3x", transposes=True, palette=True)
    rng = np.random.default_rng(1)
    x, y, g = (rng.normal(size=size) for size in tensor.shape)
    for suffix, own, einsum in (
        ("", "output", np.einsum("ijk,i,j->k", tensor, x, y)),
        ("_input1", "input1", np.einsum("ijk,j,k->i", tensor, y, g)),
        ("_input2", "input2", np.einsum("ijk,i,k->j", tensor, x, g)),
    ):
        names = {"input1": x, "input2": y, "output": g}
        terms = plain[f"values{suffix}"].copy()
        for name in names.keys() - {own}:
            terms *= names[name][plain[name + suffix]]
        assert (np.diff(plain[own + suffix].astype(int)) >= 0).all()
        sums = np.add.reduceat(np.append(terms, 0), plain[f"starts{suffix}"][:-1].astype(int))
        full = np.diff(plain[f"starts{suffix}"].astype(int)) > 0
        np.testing.assert_allclose(np.where(full, sums, 0), einsum, atol=1e-13)
        assert np.array_equal(coloured["palette"][coloured[f"value_index{suffix}"]], plain[f"values{suffix}"])


def test_exact_json(tables: dict[str, Table]) -> None:
    """Surd by Surd, and their doubles are the values of the other formats."""
    for basis, convention, family in (("real", "e3x", "wigner_3j"), ("complex", "sympy", "antisymmetric_gaunt")):
        listing = list_table(tables[basis], convention, family)
        text = export(tables[basis], "json", convention=convention, family=family).decode()
        values = read_exact_json(text)
        symbols = np.column_stack([listing.paths[listing.path], listing.orders]).tolist()
        assert len(values) == len(listing)
        for entry, symbol in enumerate(symbols):
            assert values[tuple(symbol)] == listing.coefficient(entry)
            assert complex(values[tuple(symbol)]) == listing.values[entry] * (1j if listing.imaginary else 1)
        assert json.loads(text)["metadata"]["rounding"] == "none"


@pytest.mark.parametrize(("basis", "form"), list(product(("real", "complex"), ("csv", "json"))))
def test_an_exact_size_is_computed_once_per_path(
    tables: dict[str, Table], basis: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries whose orders differ in signs alone share it, and all entries of a path the factor of their convention."""
    computed: list[tuple[int, ...]] = []
    factors: list[tuple[int, ...]] = []
    exact, factor = Family.exact, Convention.factor

    def counted(self: Family, basis: str) -> Callable[..., Surd]:
        function = exact(self, basis)
        return lambda *symbol: computed.append((*symbol[:3], *map(abs, symbol[3:]))) or function(*symbol)

    def counted_factor(self: Convention, family: Family, *path: int) -> Surd:
        factors.append(path)
        return factor(self, family, *path)

    monkeypatch.setattr(Family, "exact", counted)
    monkeypatch.setattr(Convention, "factor", counted_factor)
    table = tables[basis]
    export(table, form, family="gaunt")
    assert len(computed) == len(set(computed)) <= 0.6 * len(table.core)
    assert len(factors) <= 2 * len(table.paths)


def test_csv(tables: dict[str, Table]) -> None:
    listing = list_table(tables["complex"], "sympy", "clebsch_gordan")
    text = export(tables["complex"], "csv", convention="sympy", family="clebsch_gordan").decode()
    header, *lines = [line for line in text.split("\n") if line[:1] != "#"]
    assert header == "l1,l2,l3,m1,m2,m3,input1,input2,output,value,exact" and lines.pop() == ""
    assert len(lines) == len(listing)
    for line, value in zip(lines, listing.values.tolist(), strict=True):
        *numbers, decimal, exact = line.split(",")
        l1, l2, l3, m1, m2, m3, *flat = map(int, numbers)
        assert m1 + m2 == m3 and flat == [l1 * l1 + l1 + m1, l2 * l2 + l2 + m2, l3 * l3 + l3 + m3]
        assert float(decimal) == value == coupling.clebsch_gordan(l1, l2, l3, m1, m2, m3)
        assert exact == str(coupling.exact.clebsch_gordan(l1, l2, l3, m1, m2, m3))


def test_openequivariance_triples(real_l4: Table) -> None:
    for dtype, suffix in (("float64", "L"), ("float32", "f")):
        content = json.loads(export(real_l4, "openequivariance", dtype=dtype))
        met = 0
        for path in content["paths"]:
            triples = path["triples"]
            block = np.zeros([2 * l + 1 for l in path["degrees"]])
            for c1, c2, c3, literal in triples:
                assert literal.endswith(suffix)
                block[c1, c2, c3] = float.fromhex(literal[:-1])
                met += 1
            core = coupling.block("wigner_3j", *path["degrees"], convention="openequivariance")
            assert np.array_equal(block, core.astype(dtype))
            assert triples == sorted(triples, key=lambda t: (t[1], t[0], t[2]))
        assert met == len(real_l4.core)


# -- requests ---------------------------------------------------------------------------------


def test_the_same_request_gives_the_same_bytes(real_l4: Table) -> None:
    """Twice in this process and once in a fresh one with another hash seed."""
    program = (
        "import coupling, hashlib; from coupling.export import FORMATS, export\n"
        "for form in FORMATS:\n"
        "    content = export(coupling.load('real-l4'), form, convention='e3nn', dtype='float32')\n"
        "    print(form, hashlib.sha256(content).hexdigest())\n"
    )
    here = {}
    for form in FORMATS:
        content = [export(real_l4, form, convention="e3nn", dtype="float32") for _ in range(2)]
        assert content[0] == content[1]
        here[form] = hashlib.sha256(content[0]).hexdigest()
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7", **environment()})
    assert dict(line.split() for line in done.stdout.splitlines()) == here and len(here) == 9


def environment() -> dict[str, str]:
    import os

    return {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ.get("PATH", "")}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "hdf5"}, "format must be one of"),
        ({"format": "npz", "convention": "e3z"}, "convention must be one of"),
        ({"format": "npz", "convention": "scipy"}, "scipy is complex, the table real"),
        ({"format": "npz", "family": "gaunts"}, "family must be one of"),
        ({"format": "npz", "dtype": "float8"}, "dtype must be one of"),
        ({"format": "npz", "order": "random"}, "order must be one of"),
        ({"format": "npz", "order": "path", "transposes": True}, "given by transposes"),
        ({"format": "e3j", "order": "path"}, "given by e3j"),
        ({"format": "csv", "palette": True}, "csv has no option palette"),
        ({"format": "json", "transposes": True}, "json has no option transposes"),
        ({"format": "e3j", "dtype": "bfloat16"}, "dtype of e3j records must be one of"),
        ({"format": "openequivariance", "dtype": "float16"}, "dtype of OpenEquivariance triples"),
    ],
)
def test_requests_that_are_refused(real_l4: Table, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        export(real_l4, **options)


def test_a_family_that_the_table_does_not_hold() -> None:
    table = build(Request(lmax=2, families=["gaunt"], parity="even"))
    assert export(table, "npz", family="gaunt")
    with pytest.raises(ValueError, match="family must be one of gaunt, got 'wigner_3j'"):
        export(table, "npz")

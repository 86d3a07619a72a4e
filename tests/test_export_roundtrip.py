"""Every export is read back: what it holds by its own words, and every coefficient against the exact number."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from itertools import product
from math import isqrt
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import coupling
from coupling.arrays import build_arrays
from coupling.cli import main
from coupling.conventions import CONVENTION_ID, FAMILIES
from coupling.export import FORMATS, export, read_exact_json
from coupling.export.e3j import record_type
from coupling.export.entries import round_to, shortest
from coupling.export.formats import OF_ARRAYS, export_named
from coupling.families import family as known
from coupling.foreign import Convention
from coupling.selection import orders, paths
from coupling.tables import Request, Table, build
from coupling.version import __version__
from tests.test_export import is_nearest

LMAX = 2
DTYPES = ("float64", "float32", "float16", "bfloat16")
Symbol = tuple[int, ...]
Numbers = dict[Symbol, complex]
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {basis: build(Request(lmax=LMAX, basis=basis)) for basis in ("real", "complex")}


# -- a reader for each format -------------------------------------------------------------------


def symbol(*flat: int) -> Symbol:
    """Degrees and orders of three flat indices l² + l + m."""
    degrees = [isqrt(index) for index in flat]
    return (*degrees, *(index - l * l - l for index, l in zip(flat, degrees, strict=True)))


def by_index(columns: dict[str, Any], values: Any, imaginary: bool) -> Numbers:
    places = zip(*(columns[name] for name in ("input1", "input2", "output")), strict=True)
    unit = 1j if imaginary else 1
    return {symbol(*map(int, place)): float(v) * unit for place, v in zip(places, values, strict=True)}


def widened(values: np.ndarray, dtype: str) -> np.ndarray:
    return (values.astype("u4") << 16).view("f4").astype(float) if dtype == "bfloat16" else values.astype(float)


def from_npz(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    with np.load(io.BytesIO(content), allow_pickle=False) as opened:
        file = dict(opened)
    facts = json.loads(str(file["metadata"]))
    return facts, by_index(file, widened(file["values"], dtype), facts["imaginary"])


def from_e3j(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    with np.load(io.BytesIO(content), allow_pickle=False) as opened:
        facts, rows = json.loads(str(opened["metadata"])), opened["forward"]
    records = rows.view(record_type(dtype, "uint8"))[:, 0]
    columns = {"output": records["i"], "input1": records["j"], "input2": records["k"]}
    return facts, by_index(columns, records["val"], facts["imaginary"])


def from_python(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    names: dict[str, Any] = {"tl": None}
    exec(content.decode().replace("import triton.language as tl", "").replace("tl.constexpr(", "("), names)
    facts = json.loads(names["METADATA"])
    assert names["IMAGINARY"] == facts["imaginary"] and ("times 1j" in names["__doc__"]) == facts["imaginary"]
    assert all(word in names["__doc__"] for word in (facts["family"], facts["convention"]["basis"], __version__))
    return facts, by_index(
        {n: names[n.upper()] for n in ("input1", "input2", "output")}, names["VALUES"], facts["imaginary"]
    )


def from_c(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    text = content.decode()
    arrays = {
        name: body.split(",")
        for name, body in re.findall(r"_(input1|input2|output|values)\[\d+\] = \{(.*?)\};", text, re.S)
    }
    imaginary = bool(int(re.search(r"_IMAGINARY (\d)$", text, re.M)[1]))
    if dtype.startswith("float") and dtype != "float16":
        values = np.array([float.fromhex(literal.strip().rstrip("f")) for literal in arrays["values"]])
    else:
        bits = np.array(list(map(int, arrays["values"])), np.uint16)
        values = widened(bits if dtype == "bfloat16" else bits.view(np.float16), dtype)
    assert (", times i" in text) == imaginary
    table, family, name = re.search(r"Table (\S+), (\w+) in the convention (\S+)\.", text).groups()
    relative, basis = re.search(r"relative to (\S+): basis (\w+)", text).groups()
    facts = {
        "table": table, "family": family, "convention": {"name": name, "basis": basis}, "relative_to": relative,
        "imaginary": imaginary, "dtype": re.search(r"Values: (\w+)", text)[1],
        "package_version": re.search(r"Written by coupling (\S+);", text)[1],
    }  # fmt: skip
    return facts, by_index({n: list(map(int, arrays[n])) for n in ("input1", "input2", "output")}, values, imaginary)


def from_cuequivariance(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    file = json.loads(content)
    index, values = np.array(file["paths"]["indices"]), file["paths"]["coefficients"]
    columns = dict(zip(("input1", "input2", "output"), index.T, strict=True))
    return file["metadata"], by_index(columns, values, file["metadata"]["imaginary"])


def from_openequivariance(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    file = json.loads(content)
    unit, found = 1j if file["metadata"]["imaginary"] else 1, {}
    for path in file["paths"]:
        for *places, literal in path["triples"]:
            m = (place - l for place, l in zip(places, path["degrees"], strict=True))
            found[*path["degrees"], *m] = float.fromhex(literal[:-1]) * unit
    return file["metadata"], found


def from_json(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    """Exact numbers are the exact numbers; here they go on as doubles."""
    facts, found = json.loads(content)["metadata"], read_exact_json(content.decode())
    assert facts["value"].startswith("i ") == facts["imaginary"]
    for key, value in found.items():
        assert value == known(facts["family"]).exact(facts["convention"]["basis"])(*key)
    return {**facts, "dtype": dtype}, {key: complex(value) for key, value in found.items()}


def from_csv(content: bytes, dtype: str) -> tuple[Facts, Numbers]:
    lines = content.decode().splitlines()
    said = dict(line[2:].split(": ", 1) for line in lines if line.startswith("#"))
    header, *rows = [line.split(",") for line in lines if not line.startswith("#")]
    assert header == "l1,l2,l3,m1,m2,m3,input1,input2,output,value,exact".split(",")
    found = {}
    for *numbers, value, exact in rows:
        key = tuple(map(int, numbers[:6]))
        assert symbol(*map(int, numbers[6:])) == key
        assert exact == str(known(said["family"]).exact(said["basis"])(*key))
        found[key] = read_decimal(value, dtype)
    facts = {
        "table": said["table"].split()[0], "family": said["family"], "relative_to": said["relative to"],
        "convention": {"name": said["convention"], "basis": said["basis"]}, "dtype": said["dtype"],
        "imaginary": said["coefficients"].startswith("imaginary"), "package_version": said["written by"].split()[1],
    }  # fmt: skip
    assert said["phase"] == "positive" and said["entries"] == str(len(rows))
    return facts, found


def read_decimal(text: str, dtype: str) -> complex:
    """A decimal as a number of the type."""
    number = float(text.removesuffix("j"))
    if dtype == "bfloat16":
        number = round_to(
            np.array([number]), dtype, lambda entry: coupling.exact.Surd.rational(coupling.exact.surd.Fraction(number))
        )[0][0]
    elif dtype != "float64":
        number = float(np.dtype(dtype).type(text.removesuffix("j")))
    return number * (1j if text.endswith("j") else 1)


READERS: dict[str, Callable[[bytes, str], tuple[Facts, Numbers]]] = {
    "npz": from_npz, "c": from_c, "python": from_python, "triton": from_python, "e3j": from_e3j,
    "cuequivariance": from_cuequivariance, "openequivariance": from_openequivariance, "json": from_json,
    "csv": from_csv,
}  # fmt: skip
#: Types that a format does not have.
LACKS = {"e3j": ("bfloat16",), "openequivariance": ("float16", "bfloat16")}


@pytest.mark.parametrize("basis", ["real", "complex"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_back(form: str, basis: str, tables: dict[str, Table]) -> None:
    """All families and types: what the file says it is, and each number nearest to the exact one, its i included."""
    convention, met = Convention("mine", "my program", basis=basis), 0
    for family, dtype in product(FAMILIES, DTYPES):
        if dtype in LACKS.get(form, ()):
            continue
        imaginary = (family, basis) == ("antisymmetric_gaunt", "complex")
        if form == "cuequivariance" and imaginary:
            with pytest.raises(ValueError, match="imaginary in the complex basis"):
                export(tables[basis], form, convention=convention, family=family, dtype=dtype)
            continue
        facts, found = READERS[form](
            export(tables[basis], form, convention=convention, family=family, dtype=dtype), dtype
        )
        said = [facts[key] for key in ("table", "family", "dtype", "imaginary", "relative_to", "package_version")]
        assert said == [f"{basis}-l{LMAX}", family, dtype, imaginary, CONVENTION_ID, __version__]
        assert (facts["convention"]["name"], facts["convention"]["basis"]) == ("mine", basis)
        met += check_numbers(found, family, basis, "float64" if form == "json" else dtype)
    assert met > 500


def check_numbers(found: Numbers, family: str, basis: str, dtype: str) -> int:
    """Compare all coefficients with exact ones; none is missing, none too many.  Return their number."""
    exact, met = known(family).exact(basis), 0
    for path in paths(LMAX):
        for m in orders(*path, basis):
            ket = (m[0], m[1], -m[2]) if (family, basis) == ("clebsch_gordan", "complex") else m
            value = exact(*path, *ket)
            assert ((*path, *ket) in found) == bool(value)
            if value:
                number = complex(found[*path, *ket])
                size, rest = (number.imag, number.real) if value.unit else (number.real, number.imag)
                plain = coupling.exact.Surd(value.sign, value.numerator, value.denominator, value.pi_power)
                assert rest == 0 and is_nearest(size, plain, dtype)
                met += 1
    assert met == len(found)
    return met


def test_decimals_are_the_shortest() -> None:
    """They read back, and no text with a digit less does."""
    values = np.concatenate([np.random.default_rng(5).normal(size=300), 2.0 ** np.arange(-20, 10), [0.0, 0.1, 1 / 3]])
    for dtype in DTYPES:
        held = round_to(
            values, dtype, lambda entry: coupling.exact.Surd.rational(coupling.exact.surd.Fraction(values[entry]))
        )[0]
        for value, text in zip(held.tolist(), shortest(held, dtype), strict=True):
            assert read_decimal(text, dtype) == value
            digits = len(re.sub(r"e.*|\.0$|[-.]", "", text).strip("0"))
            assert digits <= {"float64": 17, "float32": 9, "float16": 5, "bfloat16": 4}[dtype]
            if digits > 1:
                assert read_decimal(f"{value:.{digits - 1}g}", dtype) != value


@pytest.mark.parametrize("form", OF_ARRAYS)
def test_arrays_say_what_they_hold(form: str) -> None:
    for name in ("matrix-l1", "normalization-l1", "lebedev-l1"):
        for dtype in ("float64", "float32"):
            content = export_named(build_arrays(name), form, dtype)
            text = content.decode("latin-1").replace("\x00", "")
            words = (
                name if dtype == "float64" else f"{name}-{dtype}",
                CONVENTION_ID,
                __version__,
                f"each number is the {dtype} nearest",
            )
            assert all(word in text for word in words), (form, name, dtype)


# -- the command --------------------------------------------------------------------------------


def value(*words: object) -> str:
    done = CliRunner().invoke(main, ["value", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


@pytest.mark.parametrize("basis", ["real", "complex"])
@pytest.mark.parametrize("family", FAMILIES)
def test_printed_values_are_read_back(family: str, basis: str) -> None:
    """``coupling value``: the double as it is, its i included, and the exact number."""
    exact, met = known(family).exact(basis), 0
    for path in paths(2):
        for m in list(orders(*path, basis))[:4]:
            ket = (m[0], m[1], -m[2]) if (family, basis) == ("clebsch_gordan", "complex") else m
            number = exact(*path, *ket)
            printed = value(family, "--basis", basis, "--", *path, *ket)
            assert complex(printed) == complex(number) and (printed.endswith("j")) == bool(number.unit)
            assert value(family, "--basis", basis, "--exact", "--", *path, *ket) == f"{number} = {printed}"
            met += number.sign != 0
    assert met > 5


def test_info_names_the_imaginary_family() -> None:
    for basis in ("real", "complex"):
        text = CliRunner().invoke(main, ["info", f"{basis}-l4"]).stdout
        assert ("antisymmetric_gaunt (times i)" in text) == (basis == "complex")

"""What an export may be asked for besides numbers in their places: vectors of paths, channels, weights, kernels."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cuequivariance
import numpy as np
import pytest
from click.testing import CliRunner

import coupling
from coupling.cli import main
from coupling.export import export, list_table, read_exact_json, segmented_tensor_product
from coupling.export.arrays import path_vectors
from coupling.families import family as known
from coupling.foreign import Convention
from coupling.foreign.choices import input_norm, racah, zero_first
from coupling.tables import Request, Table, build
from tests.test_export import dense, is_nearest
from tests.test_export_consumers import compiled, evaluate, need

ODD = Convention("odd", axes=("x", "z", "y"), orders=zero_first, norm=racah, scale=input_norm, slots=(2, 0, 1))


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {basis: build(Request(lmax=[2, 3, 4], basis=basis)) for basis in ("real", "complex")}


def npz(table: Table, **options: Any) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(export(table, "npz", **options)), allow_pickle=False) as file:
        return dict(file)


# -- vectors of paths --------------------------------------------------------------------------


def name_of(convention: Any) -> str:
    return str(getattr(convention, "name", convention))


@pytest.mark.parametrize("convention", ["coupling", "e3x", "e3nn_0_4", "sympy", ODD], ids=name_of)
def test_path_vectors_turn_the_tensor_into_every_family(tables: dict[str, Table], convention: Any) -> None:
    """n times the core is the block of the family in the same convention, and the inverse leads back."""
    basis = "complex" if convention == "sympy" else "real"
    table, met = tables[basis], 0
    listing = list_table(table, convention)
    vectors = path_vectors(listing)
    for family in table.factors:
        if (family, basis) == ("clebsch_gordan", "complex"):
            assert "n_clebsch_gordan" not in vectors
            continue
        n, inverse = vectors[f"n_{family}"], vectors[f"inverse_{family}"]
        expected = dense(list_table(table, convention, family))
        found = np.zeros(listing.sizes, expected.dtype)
        found[tuple(listing.index.T)] = listing.values * n[listing.path] * (1j if expected.dtype == complex else 1)
        np.testing.assert_allclose(found, expected, rtol=4e-16, atol=0)
        assert np.array_equal(n == 0, inverse == 0) and np.allclose((n * inverse)[n != 0], 1, rtol=3e-16)
        met += int(n.astype(bool).sum())
    assert met == 2 * len(table.paths) + (len(table.paths) if basis == "real" else 0)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_path_vectors_are_rounded_once(dtype: str) -> None:
    """No number of the type is nearer to the exact factor, nor to its inverse; as they are stored in the file."""
    table, met = coupling.load("real-l4"), 0
    file = npz(table, dtype=dtype, path_vectors=True)
    for family in table.factors:
        exact = [known(family).reduced(*path, basis="real") for path in table.paths.tolist()]
        for name, numbers in ((f"n_{family}", exact), (f"inverse_{family}", [1 / x if x else x for x in exact])):
            stored = file[name]
            assert stored.dtype == ("uint16" if dtype == "bfloat16" else dtype)
            values = (stored.astype("u4") << 16).view("f4") if dtype == "bfloat16" else stored
            assert all(is_nearest(v, x, dtype) for v, x in zip(values.astype(float).tolist(), numbers, strict=True))
            met += len(values)
    assert met == 8 * 65


def test_one_canonical_file_holds_all_families() -> None:
    """Core of l1 ≤ l2 ≤ l3, palette, N and 1/N: enough for the Gaunt product of the whole table."""
    table = coupling.load("real-l4")
    file = npz(table, order="canonical", palette=True, path_vectors=True)
    values = file["palette"][file["value_index"]] * file["n_gaunt"][file["path"]]
    tensor = np.zeros((25, 25, 25))
    for axes in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):  # even paths: symmetric
        place = [file[("input1", "input2", "output")[axis]] for axis in axes]
        tensor[tuple(place)] = values
    assert np.array_equal(tensor != 0, dense(list_table(table, family="gaunt")) != 0)
    np.testing.assert_allclose(tensor, dense(list_table(table, family="gaunt")), rtol=4e-16, atol=0)
    assert sum(array.nbytes for name, array in file.items() if name != "metadata") < 8 * len(table.core)


def test_path_vectors_beside_transposes() -> None:
    """Once per path, not once per order; a gradient of the Gaunt product by them."""
    table = coupling.load("real-l4")
    file = npz(table, path_vectors=True, transposes=True)
    assert [name for name in file if name.startswith(("n_", "inverse_", "paths"))] == [
        "paths",
        *path_vectors(list_table(table)),
    ]
    terms = file["values_input1"] * file["n_gaunt"][file["path_input1"]]
    y, g = np.random.default_rng(1).normal(size=(2, 25))
    gradient = np.zeros(25)
    np.add.at(gradient, file["input1_input1"], terms * y[file["input2_input1"]] * g[file["output_input1"]])
    tensor = dense(list_table(table, family="gaunt"))
    np.testing.assert_allclose(gradient, np.einsum("ijk,j,k->i", tensor, y, g), atol=1e-13)


def test_path_vectors_in_a_header(tmp_path: Path) -> None:
    text = export(coupling.load("real-l4"), "c", dtype="float32", path_vectors=True, transposes=True)
    (tmp_path / "table.h").write_bytes(text)
    source = (
        '#include <stdio.h>\n#include "table.h"\nint main(void) {\n    int p;\n'
        "    for (p = 0; p < REAL_L4_COUPLING_WIGNER_3J_FLOAT32_PATHS; p++)\n"
        '        printf("%a\\n", (double)real_l4_coupling_wigner_3j_float32_n_gaunt[p]);\n    return 0;\n}\n'
    )
    for compiler in ("c99", "c++17"):
        program = compiled(tmp_path, source, compiler)
        printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
        vector = path_vectors(list_table(coupling.load("real-l4"), dtype="float32"))["n_gaunt"]
        assert list(map(float.fromhex, printed)) == vector.tolist()
    assert b"sorted by that index" in text and b"entries of k-th index of output" in text


def test_what_path_vectors_and_descriptors_refuse(tables: dict[str, Table]) -> None:
    for options, words in (
        (
            {"format": "npz", "path_vectors": True, "family": "gaunt"},
            "belong to the family wigner_3j, this export is of",
        ),
        ({"format": "csv", "path_vectors": True}, "the format csv has no option path_vectors"),
        ({"format": "npz", "channels": 2}, "the format npz has no option channels"),
        ({"format": "e3j", "weights": True}, "the format e3j has no option weights"),
        ({"format": "cuequivariance", "channels": 0}, "channels must be an integer >= 1, got 0"),
        ({"format": "npz", "order": "canonical", "convention": "mlff"}, "mlff negates .* not both"),
    ):
        with pytest.raises(ValueError, match=words):
            export(coupling.load("real-l8") if options.get("order") else tables["real"], **options)


# -- warnings, and what the file says of itself -------------------------------------------------


@pytest.mark.parametrize("standard", ["-std=c99", "-std=c17"])
def test_headers_convert_nothing_silently(tmp_path: Path, standard: str) -> None:
    need("gcc")
    flags = [standard, "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wundef"]
    for dtype in ("float64", "float32", "bfloat16"):
        text = export(coupling.load("real-l4"), "c", dtype=dtype, palette=True, transposes=True, path_vectors=True)
        (tmp_path / "table.h").write_bytes(text)
        (tmp_path / "t.c").write_text('#include "table.h"\nint main(void) { return 0; }\n')
        run = ["gcc", *flags, "-Werror", "-fsyntax-only", "t.c"]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr


def test_files_with_transposes_say_how_they_are_sorted(tables: dict[str, Table]) -> None:
    for form in ("npz", "python", "c"):
        content = export(tables["real"], form, transposes=True)
        text = str(npz(tables["real"], transposes=True)["metadata"]) if form == "npz" else content.decode()
        assert re.search(r'"order":"output"|STARTS by index of output|Order: output', text)
        assert not re.search(r'"order":"path"|STARTS by path|Order: path', text)


def test_exact_json_is_read_back() -> None:
    text = export(coupling.load("real-l4"), "json", family="gaunt").decode()
    assert read_exact_json(text)[1, 1, 2, 0, 0, 0] == coupling.exact.real_gaunt(1, 1, 2, 0, 0, 0)


# -- cuEquivariance ----------------------------------------------------------------------------


def test_channels_and_weights_from_the_command_line(tmp_path: Path) -> None:
    """A descriptor as it is written, run by cuEquivariance, with a weight for each path and channel."""
    table, channels = coupling.load("real-l4"), 4
    arguments = "export real-l4 -f cuequivariance --channels 4 --weights -o".split()
    assert CliRunner().invoke(main, [*arguments, str(tmp_path / "d.json")]).exit_code == 0
    text = (tmp_path / "d.json").read_text()
    descriptor = cuequivariance.SegmentedTensorProduct.from_json(text)
    assert descriptor == segmented_tensor_product(list_table(table, "cuequivariance"), channels, weights=True)
    rng = np.random.default_rng(3)
    w, x, y = (rng.normal(size=(size, channels)) for size in (len(table), 25, 25))
    z = evaluate(descriptor, *(array.reshape(1, -1) for array in (w, x, y)))
    tensor = np.zeros((25, 25, 25, channels))
    for weight, (a, b, c) in zip(w, table.paths.tolist(), strict=True):
        part = tuple(slice(l * l, (l + 1) ** 2) for l in (a, b, c))
        tensor[part] = coupling.block("wigner_3j", a, b, c, convention="cuequivariance")[..., None] * weight
    np.testing.assert_allclose(z.reshape(25, channels), np.einsum("ijku,iu,ju->ku", tensor, x, y), atol=1e-12)
    assert json.loads(text)["metadata"]["entries"] == len(table.core)


# -- Triton ------------------------------------------------------------------------------------

KERNEL = """
import triton
import triton.language as tl
from exported import INPUT1, INPUT2, OUTPUT, VALUES

N = tl.constexpr(len(VALUES.value))


@triton.jit
def product(x, y, z, channels: tl.constexpr):
    c = tl.arange(0, channels)
    for e in tl.static_range(N):
        a = tl.load(x + INPUT1[e] * channels + c)
        b = tl.load(y + INPUT2[e] * channels + c)
        t = tl.load(z + OUTPUT[e] * channels + c)
        tl.store(z + OUTPUT[e] * channels + c, t + VALUES[e] * a * b)
"""
INTERPRETED = """
import numpy, torch, kernel
import exported
x, y = torch.randn(9, 4), torch.randn(9, 4)
z = torch.zeros(9, 4)
kernel.product[(1,)](x, y, z, 4)
tensor = numpy.zeros((9, 9, 9))
tensor[exported.INPUT1.value, exported.INPUT2.value, exported.OUTPUT.value] = exported.VALUES.value
print(float(abs(z.numpy() - numpy.einsum("ijk,ic,jc->kc", tensor, x.numpy(), y.numpy())).max()), abs(tensor).sum())
"""
COMPILED = """
import kernel, triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
kinds = {"x": "*fp32", "y": "*fp32", "z": "*fp32", "channels": "constexpr"}
made = triton.compile(ASTSource(kernel.product, kinds, {"channels": 32}), target=GPUTarget("cuda", 90, 32))
print(made.asm["ptx"])
"""


def triton_run(folder: Path, program: str, **environment: str) -> str:
    import os

    pytest.importorskip("triton")
    pytest.importorskip("torch")
    table = build(Request(lmax=2))
    (folder / "exported.py").write_bytes(export(table, "triton", dtype="float32", order="output", convention="e3nn"))
    (folder / "kernel.py").write_text(KERNEL)
    path = os.pathsep.join([str(folder), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "TRITON_CACHE_DIR": str(folder / "cache"), **environment}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_triton_kernel_reads_the_module(tmp_path: Path) -> None:
    """Interpreted: the product of two features, from the constants alone."""
    worst, total = map(float, triton_run(tmp_path, INTERPRETED, TRITON_INTERPRET="1").split())
    assert worst < 1e-5 < total


def test_triton_kernel_has_the_values_as_literals(tmp_path: Path) -> None:
    """Compiled for a GPU that need not be there: every value of the table stands in the PTX."""
    ptx = triton_run(tmp_path, COMPILED)
    module = loaded(tmp_path / "exported.py")
    sizes = {int(np.float32(abs(value)).view(np.uint32)) for value in module.VALUES.value}
    literals = {int(literal, 16) & 0x7FFFFFFF for literal in re.findall(r"0f([0-9A-Fa-f]{8})", ptx)}
    assert sizes - {0x3F800000} <= literals and len(sizes) == 10  # a factor 1 need not be written


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- OpenEquivariance --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # of its own imports
def test_openequivariance_lists_the_same_triples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own list for a kernel, path by path: the same places in the same order; values to its rounding errors."""
    place = importlib.util.find_spec("openequivariance")
    if place is None:
        pytest.skip("openequivariance is not installed")
    package = ModuleType("openequivariance")  # without its __init__, which wants a GPU
    package.__path__ = list(place.submodule_search_locations or [])
    monkeypatch.setitem(sys.modules, "openequivariance", package)
    tensor = importlib.import_module("openequivariance.core.ComputationSchedule").CGTensor
    content = json.loads(export(coupling.load("real-l4"), "openequivariance"))
    met = 0
    for path in content["paths"]:
        theirs, ours = tensor(*path["degrees"], 1.0, np.float64).tuples, path["triples"]
        assert [list(map(int, t[:3])) for t in theirs] == [t[:3] for t in ours]
        values = [[float.fromhex(t[3].removesuffix("L")) for t in triples] for triples in (theirs, ours)]
        np.testing.assert_allclose(*values, rtol=2e-15)
        met += len(ours)
    assert met == 2052

"""Exports in the hands of who reads them: compilers, a C program, cuequivariance, e3j's records, the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import types
from dataclasses import replace
from itertools import product
from pathlib import Path

import cuequivariance
import numpy as np
import pytest
from click.testing import CliRunner, Result

import coupling
from coupling.cli import main
from coupling.export import export, list_table, segmented_tensor_product
from coupling.export.e3j import PASSES, pass_records, record_type
from coupling.export.listing import Listing
from coupling.foreign.convention import Convention
from coupling.products import ClebschGordan
from coupling.tables import Request, Table, build
from tests.test_export import dense

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "product.c"
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror"]
COMPILERS = {
    "c99": (["gcc", "-std=c99", *STRICT], ".c"),
    "c11": (["gcc", "-std=c11", *STRICT], ".c"),
    "c++17": (["g++", "-std=c++17", *STRICT], ".cpp"),
    "cuda": (["nvcc", "-Werror", "all-warnings", "-Xcompiler", "-Wall,-Wextra,-Werror"], ".cu"),
}


@pytest.fixture(scope="module")
def real_l4() -> Table:
    return coupling.load("real-l4")


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def compiled(folder: Path, source: str, compiler: str) -> Path:
    """Compile a program, with every warning an error."""
    command, suffix = COMPILERS[compiler]
    need(command[0])
    (folder / f"program{suffix}").write_text(source)
    done = subprocess.run([*command, f"program{suffix}", "-o", "program"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder / "program"


# -- C, C++, CUDA -----------------------------------------------------------------------------

CHECKSUM = """
#include <stdio.h>
#include "table.h"
#include "table.h"
int main(void) {
    unsigned long sum = 0, k;
    for (k = 0; k < sizeof(PREFIX_paths) / 3; k++) sum += PREFIX_paths[k][2];
    printf("%lu\\n", sum);
    return 0;
}
"""


@pytest.mark.parametrize("compiler", ["c99", "c11", "c++17"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_headers_compile_without_a_warning(tmp_path: Path, compiler: str, dtype: str, real_l4: Table) -> None:
    for palette, transposes in product((False, True), repeat=2):
        text = export(real_l4, "c", convention="e3x", dtype=dtype, palette=palette, transposes=transposes)
        (tmp_path / "table.h").write_bytes(text)
        prefix = "real_l4_e3x_wigner_3j" + ("" if dtype == "float64" else f"_{dtype}")
        program = compiled(tmp_path, CHECKSUM.replace("PREFIX", prefix), compiler)
        printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        assert int(printed) == real_l4.paths[:, 2].sum()


@pytest.mark.parametrize("transposes", [False, True])
def test_headers_compile_as_cuda(tmp_path: Path, transposes: bool, real_l4: Table) -> None:
    """Within constant memory, and beyond it; a kernel reads every value."""
    need("nvcc")
    text = export(real_l4, "c", convention="e3nn", dtype="float32", transposes=transposes)
    (tmp_path / "table.h").write_bytes(text)
    kernel = (
        '#include "table.h"\n__global__ void sum(float *z) {\n'
        "  for (int e = threadIdx.x; e < REAL_L4_E3NN_WIGNER_3J_FLOAT32_ENTRIES; e += blockDim.x)\n"
        "    atomicAdd(z + real_l4_e3nn_wigner_3j_float32_output[e], real_l4_e3nn_wigner_3j_float32_values[e]);\n}\n"
        "int main() { return 0; }\n"
    )
    assert compiled(tmp_path, kernel, "cuda").exists()


def test_size_assertions_fail_when_a_size_is_wrong(tmp_path: Path, real_l4: Table) -> None:
    need("gcc")
    text = export(real_l4, "c", convention="e3x").decode()
    for wrong in (text.replace("ENTRIES 2052", "ENTRIES 2053"), text.replace("== 66", "== 67")):
        assert wrong != text
        (tmp_path / "table.h").write_text(wrong)
        (tmp_path / "program.c").write_text('#include "table.h"\nint main(void) { return 0; }\n')
        for standard in ("c99", "c11"):
            done = subprocess.run(
                ["gcc", f"-std={standard}", "program.c"], cwd=tmp_path, capture_output=True, text=True
            )
            assert done.returncode and "table.h" in done.stderr


@pytest.mark.parametrize("compiler", ["c99", "c++17", "cuda"])
def test_the_example_in_c_is_the_product_and_its_gradients(tmp_path: Path, compiler: str, real_l4: Table) -> None:
    """docs/examples/product.c, with the header that its first lines ask for."""
    source = EXAMPLE.read_text()
    asked = re.search(r"coupling (export .*)", source)[1].split()
    asked[asked.index("table.h")] = str(tmp_path / "table.h")
    assert CliRunner().invoke(main, asked).exit_code == 0
    program = compiled(tmp_path, source, compiler)
    x, y = np.random.default_rng(2).normal(size=(2, 25))
    given = "\n".join(value.hex() for value in [*x.tolist(), *y.tolist()])
    printed = subprocess.run([program], input=given, capture_output=True, text=True, check=True).stdout
    z, dx, dy = np.array([float.fromhex(line) for line in printed.split()]).reshape(3, 25)
    tensor = dense(list_table(real_l4, "e3nn"))
    np.testing.assert_allclose(z, np.einsum("ijk,i,j->k", tensor, x, y), atol=1e-14)
    np.testing.assert_allclose(dx, np.einsum("ijk,j->i", tensor, y), atol=1e-14)
    np.testing.assert_allclose(dy, np.einsum("ijk,i->j", tensor, x), atol=1e-14)
    one, ours = np.ones((25, 1)), ClebschGordan(4, 4, 4, table=real_l4)
    expected = [ours(x[:, None], y[:, None]), *ours.vjp(x[:, None], y[:, None], one)]
    found = np.array([z, dx, dy])
    assert abs(found - np.array(expected)[..., 0]).max() <= 8 * np.finfo(float).eps * abs(found).max()
    assert len(source.splitlines()) < 65


def test_literals_of_a_header_are_the_values_bit_for_bit(real_l4: Table) -> None:
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        listing = list_table(real_l4, "e3nn", dtype=dtype, order="output")
        text = export(real_l4, "c", convention="e3nn", dtype=dtype, order="output").decode()
        body = re.search(r"_values\[2052\] = \{(.*?)\}", text, re.S)[1]
        literals = [literal.strip() for literal in body.split(",")]
        if dtype.startswith("float") and dtype != "float16":
            values = np.array([float.fromhex(literal.rstrip("f")) for literal in literals])
        elif dtype == "float16":
            values = np.array(list(map(int, literals)), np.uint16).view(np.float16).astype(float)
        else:
            values = (np.array(list(map(int, literals)), np.uint32) << 16).view(np.float32).astype(float)
        assert np.array_equal(values, listing.values)


# -- Python and Triton modules ----------------------------------------------------------------


def test_python_module(real_l4: Table) -> None:
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        names: dict = {}
        listing = list_table(real_l4, "e3j", dtype=dtype)
        exec(export(real_l4, "python", convention="e3j", dtype=dtype).decode(), names)
        assert np.array_equal(names["VALUES"], listing.values)
        assert np.array_equal(np.column_stack([names["INPUT1"], names["INPUT2"], names["OUTPUT"]]), listing.index)
        assert names["SIZES"] == (25, 25, 25) and json.loads(names["METADATA"])["dtype"] == dtype
    exec(export(real_l4, "python", palette=True, transposes=True).decode(), names)
    assert len(names["PALETTE"]) < 200 and len(names["VALUE_INDEX_INPUT2"]) == 2052


def test_triton_module(monkeypatch: pytest.MonkeyPatch, real_l4: Table) -> None:
    """With a stand-in for triton.language: every array is wrapped, and holds what the Python module holds."""
    language = types.SimpleNamespace(constexpr=lambda value: ("constexpr", value))
    monkeypatch.setitem(sys.modules, "triton", types.SimpleNamespace(language=language))
    monkeypatch.setitem(sys.modules, "triton.language", language)
    wrapped: dict = {}
    plain: dict = {}
    exec(export(real_l4, "triton", dtype="float32").decode(), wrapped)
    exec(export(real_l4, "python", dtype="float32").decode(), plain)
    for name in ("PATHS", "STARTS", "PATH", "INPUT1", "INPUT2", "OUTPUT", "VALUES"):
        assert wrapped[name] == ("constexpr", plain[name])


# -- cuequivariance ---------------------------------------------------------------------------


def evaluate(descriptor: cuequivariance.SegmentedTensorProduct, *inputs: np.ndarray) -> np.ndarray:
    return cuequivariance.SegmentedPolynomial.eval_last_operand(descriptor)(*inputs)[0]


@pytest.mark.parametrize("convention", ["cuequivariance", "e3x", "e3nn_0_4"])
def test_segmented_tensor_product_runs(convention: str) -> None:
    """On numpy, with channels and a batch, against the dense product."""
    table = build(Request(lmax=[2, 3, 4]))
    listing = list_table(table, convention)
    tensor, channels = dense(listing), 3
    rng = np.random.default_rng(4)
    x, y = (rng.normal(size=(5, size, channels)) for size in listing.sizes[:2])
    expected = np.einsum("ijk,biu,bju->bku", tensor, x, y)
    descriptor = segmented_tensor_product(listing, channels)
    z = evaluate(descriptor, x.reshape(5, -1), y.reshape(5, -1))
    np.testing.assert_allclose(z.reshape(expected.shape), expected, atol=1e-13)
    assert descriptor.num_paths == len(listing) and str(descriptor.subscripts) == "u,u,u"


def test_segmented_tensor_product_with_weights() -> None:
    """One weight per path and channel."""
    table = build(Request(lmax=3))
    listing, channels = list_table(table, "cuequivariance"), 2
    rng = np.random.default_rng(5)
    w = rng.normal(size=(len(table), channels))
    x, y = (rng.normal(size=(16, channels)) for _ in range(2))
    z = evaluate(segmented_tensor_product(listing, channels, weights=True), *(a.reshape(1, -1) for a in (w, x, y)))
    expected = np.zeros((16, channels))
    for weight, path in zip(w, table.paths.tolist(), strict=True):
        a, b, c = (slice(l * l, (l + 1) ** 2) for l in path)
        theirs = cuequivariance.clebsch_gordan(*(cuequivariance.SO3(l) for l in path))[0]
        expected[c] += weight * np.einsum("ijk,iu,ju->ku", theirs, x[a], y[b])
    np.testing.assert_allclose(z.reshape(16, channels), expected, atol=1e-13)


def test_segmented_tensor_product_from_a_file(real_l4: Table) -> None:
    text = export(real_l4, "cuequivariance").decode()
    descriptor = cuequivariance.SegmentedTensorProduct.from_json(text)
    assert descriptor == segmented_tensor_product(list_table(real_l4, "cuequivariance"))
    assert json.loads(text)["metadata"]["convention"]["name"] == "cuequivariance"
    complex_table = coupling.load("complex-l4")
    with pytest.raises(ValueError, match="cuEquivariance has real coefficients"):
        export(complex_table, "cuequivariance", convention="sympy", family="antisymmetric_gaunt")
    with pytest.raises(ValueError, match="channels must be an integer >= 1"):
        segmented_tensor_product(list_table(real_l4), 0)


# -- e3j --------------------------------------------------------------------------------------

#: Layouts in the notation of struct, little-endian, padding written out.
LAYOUTS = {
    ("float32", "uint8"): "<fBBBx",
    ("float32", "int32"): "<fiii",
    ("float64", "uint8"): "<dBBB5x",
    ("float64", "int32"): "<diii12x",
    ("float16", "uint8"): "<eBBB3x",
    ("float16", "int32"): "<exxiii",
}


@pytest.mark.parametrize(("value", "index"), LAYOUTS)
def test_e3j_records(value: str, index: str, real_l4: Table) -> None:
    """Unpacked by another reader: bytes, sizes, order of the fields, order of the records."""
    layout = LAYOUTS[value, index]
    assert struct.calcsize(layout) == record_type(value, index).itemsize in (8, 16, 32)
    table = real_l4 if index == "uint8" else build(Request(lmax=[2, 15, 15]))
    listing = list_table(table, "e3j_sqrt_dim_out", dtype=value)
    tensor, packed = dense(listing), pass_records(listing)
    for name, (slots, _) in PASSES.items():
        rows = list(struct.iter_unpack(layout, packed[name].tobytes()))
        assert packed[name].dtype == index and len(rows) == len(listing)
        assert [row[1] for row in rows] == sorted(row[1] for row in rows)
        found = np.zeros([listing.sizes[slot] for slot in slots])
        for entry, *place in rows:
            found[tuple(place)] = entry
        assert np.array_equal(found, tensor.transpose(slots))


@pytest.mark.parametrize("slot", range(3))
@pytest.mark.parametrize(("size", "index"), [(254, "uint8"), (255, "uint8"), (256, "int32"), (257, "int32")])
def test_e3j_indices_are_bytes_up_to_255_components(
    size: int, index: str, slot: int, real_l4: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last component of the slot keeps its index."""
    listing = list_table(real_l4, "e3j_sqrt_dim_out")
    sizes, flat = list(listing.sizes), listing.index.copy()
    sizes[slot], flat[0, slot] = size, size - 1
    larger = replace(listing, index=flat)
    monkeypatch.setattr(Listing, "sizes", tuple(sizes))
    for name, (slots, _) in PASSES.items():
        packed = pass_records(larger)[name]
        letter = "ijk"[slots.index(slot)]
        assert packed.dtype == index
        found = np.frombuffer(packed.tobytes(), record_type(listing.dtype, index))
        assert found[letter].max() == size - 1


def test_e3j_file(real_l4: Table, tmp_path: Path) -> None:
    (tmp_path / "e3j.npz").write_bytes(export(real_l4, "e3j", dtype="float32"))
    with np.load(tmp_path / "e3j.npz", allow_pickle=False) as opened:
        file = dict(opened)
    metadata = json.loads(str(file["metadata"]))
    assert file["forward"].shape == (2052, 8) and metadata["outputs_without_records"] == 0
    assert sorted(file) == ["backward_input1", "backward_input2", "forward", "metadata"]
    forward = np.frombuffer(file["forward"].tobytes(), record_type("float32", "uint8"))
    block = coupling.block("wigner_3j", 1, 2, 3, convention="e3j")
    entry = forward[(forward["i"] == 12) & (forward["j"] == 2) & (forward["k"] == 6)]
    assert len(entry) == 1 and entry["val"][0] == np.float32(block[3, 1, 2]) != 0


def test_e3j_counts_with_sixteen_bits() -> None:
    table = coupling.load("real-l8")
    assert len(pass_records(list_table(table, "e3j"))["forward"]) == len(table.core) < 65536
    larger = build(Request(lmax=9))
    with pytest.raises(ValueError, match=f"e3j counts at most 65535 records, this export has {len(larger.core)}"):
        pass_records(list_table(larger, "e3j"))


def test_e3j_reads_the_records(real_l4: Table) -> None:
    """Its own class, where it is installed."""
    coef = pytest.importorskip("e3j.ops.coef")
    for value in ("float16", "float32", "float64"):
        listing = list_table(real_l4, "e3j", dtype=value, order="output")
        unpacked = coef.Coef.unpack(pass_records(listing)["forward"], value)
        assert np.array_equal(np.asarray(unpacked.val, float), listing.values)
        assert np.array_equal(np.asarray(unpacked.idx), listing.index[:, [2, 0, 1]])


# -- the command ------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and an empty cache: what an earlier version left in a user's own says so in words."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", *arguments], prog_name="coupling")


def test_the_examples_in_the_help_run(here: Path) -> None:
    (here / "my-convention.toml").write_text('name = "mine"\naxes = ["y", "-x", "z"]\n')
    examples = re.findall(r"^ +coupling export (.*)$", run("--help").stdout, re.M)
    for example in examples:
        result = run(*example.split())
        assert result.exit_code == 0, result.output
        written = Path(result.stdout.split(":")[0])
        assert written.is_file() and f": {written.stat().st_size} bytes" in result.stdout
    assert len(examples) == len(list(here.iterdir())) - 1 == 11


def test_a_file_a_folder_and_standard_output(here: Path, real_l4: Table) -> None:
    content = export(real_l4, "csv", convention="e3x", family="gaunt")
    arguments = ("real-l4", "--format", "csv", "--convention", "e3x", "--family", "gaunt", "--output")
    (here / "folder").mkdir()
    for output, file in (("a.txt", "a.txt"), ("folder", "folder/real-l4-e3x-gaunt.csv")):
        assert run(*arguments, output).exit_code == 0
        assert (here / file).read_bytes() == content
    assert run(*arguments, "-").stdout_bytes == content


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("reals-l5", "-f", "npz"), "'reals-l5'"),
        (("real-l4", "-f", "npz", "-c", "e3n"), "convention must be one of"),
        (("real-l4", "-f", "npz", "-c", "sympy"), "sympy is complex, the table real"),
        (("real-l4", "-f", "npz", "-c", "none.toml"), r"none\.toml: no such file"),
        (("real-l4", "-f", "npz", "-c", "bad.toml"), r"bad\.toml: unknown key 'colour'"),
        (("real-l4", "-f", "csv", "--palette"), "no option palette"),
        (("real-l4", "-f", "e3j", "--dtype", "bfloat16"), "dtype of e3j records"),
        (("real-l4", "-f", "npz", "-o", "no/such/folder.npz"), r"no/such/folder\.npz: no such file"),
        (("real-l4", "-f", "json", "-c", "e3nn_0_4", "--order", "path"), "given by json"),
        (("real-l4", "-f", "hdf5"), "is not one of"),
        (("real-l4",), "Missing option"),
    ],
)
def test_nothing_is_written_on_bad_input(here: Path, arguments: tuple[str, ...], words: str) -> None:
    (here / "bad.toml").write_text('name = "m"\ncolour = "red"\n')
    result = run(*arguments)
    assert result.exit_code == 2 and re.search(words, result.stderr) and "Traceback" not in result.output
    assert os.listdir(here) == ["bad.toml"]


def test_a_convention_of_ones_own(here: Path) -> None:
    (here / "own.toml").write_text('name = "own"\norders = "zero_first"\nscale = "input_norm"\nslots = [2, 1, 0]\n')
    assert run("real-l4", "-f", "npz", "-c", "own.toml").exit_code == 0
    with np.load(here / "real-l4-own.npz") as opened:
        file = dict(opened)
    from coupling.foreign.choices import input_norm, zero_first

    expected = list_table(
        coupling.load("real-l4"), Convention("own", orders=zero_first, scale=input_norm, slots=(2, 1, 0))
    )
    assert np.array_equal(file["values"], expected.values) and list(file)[4:7] == ["output", "input2", "input1"]

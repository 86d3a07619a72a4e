"""Several headers in one file: constant memory is shared, macros end with their header, names never mean two things."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import permutations
from math import prod
from pathlib import Path

import pytest

import coupling
from coupling.arrays import build_arrays
from coupling.backends.cuda.source import cuda_source
from coupling.export import export
from coupling.export.c_header import CONSTANT_MEMORY, HEADERS
from coupling.export.formats import export_named
from coupling.products import ClebschGordan
from coupling.tables import Request, build
from tests.test_export_consumers import compiled, need

ARRAY = re.compile(
    r"static (?:__(constant|device)__ )?const(?:expr)? (u?int\d+_t|float|double) (\w+?)((?:\[\d+\])+) = "
)
WIDTH = {"float": 4, "double": 8, "int8_t": 1, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8}
DEVICES = ("__CUDACC__", "__HIPCC__")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headers of 23, 31, 23 and 550 KB, grids, and six small ones."""
    place = tmp_path_factory.mktemp("headers")
    real_l4, real_l8 = coupling.load("real-l4"), coupling.load("real-l8")
    files = {
        "single": export(real_l4, "c", dtype="float32"),
        "double": export(real_l4, "c"),
        "e3x": export(real_l4, "c", convention="e3x", dtype="float32"),
        "large": export(real_l8, "c", dtype="float32"),
        "sorted": export(real_l4, "c", order="output"),
        "grid": export_named(build_arrays("lebedev-l2"), "c", "float32"),
    }
    small = build(Request(lmax=1))
    for name in ("e3nn", "e3nn_jax", "e3j", "mlff", "e3x", "sphericart", "coupling", "openequivariance"):
        files[f"small_{name}"] = export(small, "c", convention=name)
    for name, content in files.items():
        (place / f"{name}.h").write_bytes(content)
    return place


def preprocessed(folder: Path, names: tuple[str, ...], *flags: str, suffix: str = ".c", before: str = "") -> str:
    need("gcc")
    source = before + "".join(f'#include "{name}.h"\n' for name in names)
    (folder / f"several{suffix}").write_text(source)
    command = ["gcc", "-E", "-P", *flags, f"several{suffix}"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def sizes(text: str) -> dict[str, int]:
    """Bytes of the arrays by where they are stored: "constant", "device", "" on the processor."""
    found = dict.fromkeys(("constant", "device", ""), 0)
    for where, kind, _, shape in ARRAY.findall(text):
        found[where] += WIDTH[kind] * prod(map(int, re.findall(r"\d+", shape)))
    return found


@pytest.mark.parametrize("device", DEVICES)
def test_headers_share_constant_memory(folder: Path, device: str) -> None:
    """In every order of up to four, grids among them: no more than fits, and no less than the first that fits."""
    met = 0
    for count in (1, 2, 3, 4):
        for names in permutations(("single", "double", "large", "grid"), count):
            each = {
                name: sum(
                    sizes((folder / f"{name}.h").read_text().replace("COUPLING_CONSTANT", "static const")).values()
                )
                for name in names
            }
            found = sizes(preprocessed(folder, names, f"-D{device}"))
            total = 0
            for name in names:
                total += each[name] if total + each[name] + 200 <= CONSTANT_MEMORY else 0
            assert found["constant"] == total <= CONSTANT_MEMORY and not found[""], names
            assert found["device"] == sum(each.values()) - total
            met += 1
        if count == 2 and device == DEVICES[1]:
            break  # the same branches as before
    assert met == (16 if device == DEVICES[1] else 64)


def test_more_headers_than_are_counted(folder: Path) -> None:
    """Those that could not be counted are in global memory."""
    names = tuple(sorted(path.stem for path in folder.glob("small_*.h")))
    found = sizes(preprocessed(folder, names, "-D__CUDACC__"))
    assert len(names) == 8 > HEADERS and found["constant"] and found["device"]
    assert 3 * found["device"] == found["constant"]  # two of eight of nearly one size


def test_a_limit_or_a_storage_of_ones_own(folder: Path) -> None:
    names = ("single", "double", "large")
    nothing = sizes(preprocessed(folder, names, "-D__CUDACC__", "-DCOUPLING_CONSTANT_MEMORY=0"))
    some = sizes(preprocessed(folder, names, "-D__HIPCC__", before="#define COUPLING_CONSTANT_MEMORY 30000\n"))
    own = preprocessed(folder, names, "-D__CUDACC__", before="#define COUPLING_CONSTANT static const\n")
    assert not nothing["constant"] and 20000 < some["constant"] < 30000
    assert "__constant__" not in own and sizes(own)[""] == sum(nothing.values()) == sum(some.values())


def test_storage_on_the_processor(folder: Path) -> None:
    for flags, suffix, word in (
        (("-std=c99",), ".c", "static const "),
        (("-std=c++17", "-x", "c++"), ".cpp", "static constexpr "),
    ):
        text = preprocessed(folder, ("single", "grid"), *flags, suffix=suffix)
        assert word + "uint8_t" in text and "__" not in re.sub(r"u?int\d+_t", "", text).split("real_l4")[1]


@pytest.mark.parametrize("device", ["", *DEVICES])
def test_macros_end_with_their_header(folder: Path, device: str) -> None:
    """What is left: sizes, guards, and on a device the bytes that are taken and their limit."""
    need("gcc")
    flags = [f"-D{device}"] if device else []
    (folder / "left.c").write_text('#include "single.h"\n#include "grid.h"\n')
    command = ["gcc", "-E", "-dM", *flags, "left.c"]
    macros = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    left = set(re.findall(r"#define ((?:REAL|COUPLING|LEBEDEV)\w*)", macros))
    shared = {name for name in left if name.startswith("COUPLING_") and not name.startswith("COUPLING_LEBEDEV")}
    counted = {"COUPLING_CONSTANT_MEMORY", "COUPLING_CONSTANT_BYTES_1", "COUPLING_CONSTANT_BYTES_2"}
    assert shared == (counted if device else set()) and len(left) > 10


PROGRAM = """
#include <stdio.h>
#include "single.h"
#include "double.h"
#include "single.h"
#include "grid.h"
int main(void) {
    printf("%a %a\\n", (double)real_l4_coupling_wigner_3j_float32_values[1], real_l4_coupling_wigner_3j_values[1]);
    return 0;
}
"""


@pytest.mark.parametrize("compiler", ["c99", "c11", "c++17"])
def test_one_table_in_two_types_and_a_header_twice(folder: Path, compiler: str) -> None:
    printed = subprocess.run([compiled(folder, PROGRAM, compiler)], capture_output=True, text=True, check=True).stdout
    single, double = map(float.fromhex, printed.split())
    assert double == 3**-0.5 and single != double and abs(single - double) < 2**-25


def test_two_exports_of_one_name_are_an_error(folder: Path) -> None:
    """The same table in two orders: without an error the second would silently be the first."""
    need("gcc")
    (folder / "clash.c").write_text('#include "double.h"\n#include "sorted.h"\nint main(void) { return 0; }\n')
    done = subprocess.run(["gcc", "-fsyntax-only", "clash.c"], cwd=folder, capture_output=True, text=True)
    assert done.returncode and "two different exports have the name REAL_L4_COUPLING_WIGNER_3J" in done.stderr


def test_several_headers_compile_as_cuda(folder: Path) -> None:
    need("nvcc")
    kernel = (
        '#include "large.h"\n#include "double.h"\n#include "single.h"\n#include "e3x.h"\n#include "grid.h"\n'
        "__global__ void sum(double *z) {\n  int e = threadIdx.x;\n"
        "  z[e] = real_l8_coupling_wigner_3j_float32_values[e] + real_l4_coupling_wigner_3j_values[e]\n"
        "    + real_l4_coupling_wigner_3j_float32_values[e] + real_l4_e3x_wigner_3j_float32_values[e]\n"
        "    + lebedev_l2_float32_weights[e];\n"
        "}\nint main() { return 0; }\n"
    )
    assert compiled(folder, kernel, "cuda").exists()


HIP = """
#define __constant__ __attribute__((section(".constant_memory")))
#define __device__ __attribute__((section(".device_memory")))
#include "single.h"
#include "large.h"
int main() { return real_l4_coupling_wigner_3j_float32_paths[0][0] + real_l8_coupling_wigner_3j_float32_paths[0][0]; }
"""


def test_hipcc_finds_both_storages(folder: Path) -> None:
    """A C++ compiler in its place, with the qualifiers as sections of the object file."""
    need("g++")
    (folder / "hip.cpp").write_text(HIP)
    subprocess.run(["g++", "-D__HIPCC__", "-std=c++17", "-c", "hip.cpp"], cwd=folder, check=True)
    if shutil.which("objdump"):
        headers = subprocess.run(
            ["objdump", "-h", "hip.o"], cwd=folder, check=True, capture_output=True, text=True
        ).stdout
        assert ".constant_memory" in headers and ".device_memory" in headers


def test_kernels_for_hipcc_and_two_in_one_file(tmp_path: Path) -> None:
    """The grid instead of a loop; and macros that end with the kernel, so that channels may differ."""
    need("g++")
    one, two = (cuda_source(ClebschGordan(1, 1, l), "float64", f"product{l}") for l in (0, 1))
    (tmp_path / "two.cpp").write_text(f"#define COUPLING_CHANNELS 4\n{one}\n#undef COUPLING_CHANNELS\n{two}\n")
    subprocess.run(["g++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "two.cpp"], cwd=tmp_path, check=True)
    (tmp_path / "hip.cpp").write_text(one)
    command = ["g++", "-E", "-P", "-D__HIPCC__", "hip.cpp"]
    text = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert "__global__" in text and "blockIdx" in text

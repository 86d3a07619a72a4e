"""Products for CUDA devices: programs on a processor, kernels on numba's simulator, both through the compilers."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import types
from itertools import product as combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coupling
from coupling.backends.cuda import CudaProduct, cuda_source, straight
from coupling.backends.cuda.loops import matrix_kernel, sparse_kernel, sphere_kernel, tile_lanes
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, VectorSignal
from coupling.products.straight import straight_program
from coupling.programs.text import python_function
from tests.dense import contracted, dense, largest_weight

ROOT = Path(__file__).resolve().parent.parent
KINDS = [ClebschGordan, MatrixProduct, Gaunt, AntisymmetricGaunt, VectorSignal, VectorSignal.single]
TYPES = {"float32": ctypes.c_float, "float64": ctypes.c_double}


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


# -- straight lines ---------------------------------------------------------------------------


def evaluated(product: Product, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A product by its program without loops, as Python."""
    z = np.full((product.sizes[2], *x.shape[1:]), np.nan)
    python_function(straight_program(product, "float64"))(x, y, z)
    return z


@pytest.mark.parametrize("kind", KINDS)
def test_straight_lines_are_the_product(kind: type[Product]) -> None:
    degrees = [*combinations(range(4), repeat=3), (5, 5, 5), (2, 0, 6)]
    for number, lmax in enumerate(degrees):
        product = kind(*lmax)
        for _ in range(number % 3):
            product = product.turn()
        x, y = (np.random.default_rng(number).normal(size=(size, 2)) for size in product.sizes[:2])
        expected, tolerance = contracted(dense(product), x, y)[0], 4e-14 * largest_weight(product)
        np.testing.assert_allclose(evaluated(product, x, y), expected, rtol=0, atol=tolerance)
    assert len(degrees) == 66


def test_constants_are_positive_numbers_of_the_type_and_all_are_used() -> None:
    for product, dtype in combinations(
        [ClebschGordan(3, 3, 3), MatrixProduct(3, 3, 3), Gaunt(3, 3, 3), VectorSignal(2, 2, 2)], TYPES
    ):
        program = straight_program(product, dtype)
        assert all(value > 0 and value == float(np.dtype(dtype).type(value)) for value in program.constants)
        named = [operation.operands[0] for operation in program.tape.operations if operation.kind == "constant"]
        assert named == list(range(len(program.constants)))
        assert len(set(program.constants)) == len(named) > 5


def test_only_what_an_output_needs_is_done() -> None:
    for product in (
        ClebschGordan(2, 2, 2),
        MatrixProduct(2, 2, 1),
        AntisymmetricGaunt(2, 2, 2),
        VectorSignal(2, 1, 2),
    ):
        operations = straight_program(product).tape.operations
        inputs = [found[kind == "store" :] for kind, found, _ in operations if kind not in ("load", "constant")]
        read = {number for numbers in inputs for number in numbers}
        assert read - {None} == {n for n, operation in enumerate(operations) if operation.kind != "store"}


def test_the_bracket_of_equal_features_vanishes_exactly() -> None:
    """And so does the cross product of equal fields: both halves are the same operations, with the inputs exchanged."""
    for lmax in range(1, 5):
        for kind in (AntisymmetricGaunt, VectorSignal):
            product = kind(lmax, lmax, lmax)
            x = np.random.default_rng(lmax).normal(size=(product.sizes[0], 3))
            assert not evaluated(product, x, x).any()


def test_no_more_work_than_the_processor_does() -> None:
    """The sums are those of the kernel, less its zeros; the matrix product needs fewer from degree 3 on."""
    for lmax in range(1, 6):
        sparse, matrix = ClebschGordan(lmax, lmax, lmax), MatrixProduct(lmax, lmax, lmax)
        assert straight_program(sparse).operations <= sparse.operations
        assert (straight_program(matrix).operations < straight_program(sparse).operations) == (lmax >= 3)


def test_what_cannot_be_written_without_loops() -> None:
    with pytest.raises(TypeError, match="got FullProduct"):
        straight_program(coupling.products.FullProduct(1, 1, 1))
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got int64"):
        straight_program(ClebschGordan(1, 1, 1), "int64")
    with pytest.raises(ValueError, match=r"2j\+1 <= 16, got 17"):
        straight_program(MatrixProduct(1, 1, 1, spin=8))
    with pytest.raises(ValueError, match=r"lmax <= 20, got \(21, 21, 1\)"):
        straight_program(Gaunt(21, 21, 1))
    with pytest.raises(ValueError, match=r"lmax <= 20, got \(21, 21, 1\)"):
        straight_program(VectorSignal(21, 21, 1))
    with pytest.raises(ValueError, match="name must be a C identifier, got 'a b'"):
        cuda_source(ClebschGordan(1, 1, 1), name="a b")


# -- CUDA C++ ---------------------------------------------------------------------------------


def library(folder: Path, product: Product, dtype: str, *options: str) -> Any:
    """A program of a product, compiled for the processor: the lane loop takes the place of the grid."""
    need("g++")
    strict = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-ffp-contract=off", "-shared", "-fPIC"]
    (folder / "product.cpp").write_text(cuda_source(product, dtype))
    command = ["g++", *strict, *options, "product.cpp", "-o", "product.so"]
    done = subprocess.run(command, cwd=folder, capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return ctypes.CDLL(str(folder / "product.so")).coupling_product


def run(function: Any, dtype: str, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    pointers = [array.ctypes.data_as(ctypes.POINTER(TYPES[dtype])) for array in (x, y, z)]
    function(*pointers, ctypes.c_longlong(x.shape[0] * x.shape[2]), ctypes.c_int(x.shape[2]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", TYPES)
def test_programs_on_a_processor(tmp_path: Path, kind: type[Product], dtype: str) -> None:
    """With the number of channels as an argument, and known to the compiler; an output beyond all paths is zero."""
    for lmax, options in (((3, 2, 4), ()), ((1, 1, 3), ("-DCOUPLING_CHANNELS=5",))):
        product = kind(*lmax)
        (tmp_path / str(lmax)).mkdir()
        function = library(tmp_path / str(lmax), product, dtype, *options)
        x, y, z = (np.random.default_rng(1).normal(size=(3, size, 5)).astype(dtype) for size in product.sizes)
        run(function, dtype, x, y, z)
        tolerance = (2e-14 if dtype == "float64" else 4e-6) * largest_weight(product)
        np.testing.assert_allclose(z, contracted(dense(product), x, y)[0], rtol=0, atol=tolerance)


#: What the compiler may use: registers of a thread, and nothing in local memory.
REGISTERS = {
    (ClebschGordan, 2, "sm_90"): 64,
    (ClebschGordan, 4, "sm_90"): 128,
    (ClebschGordan, 4, "sm_80"): 128,
    (MatrixProduct, 4, "sm_90"): 96,
    (MatrixProduct, 6, "sm_90"): 192,
    (Gaunt, 4, "sm_90"): 128,
    (AntisymmetricGaunt, 4, "sm_90"): 168,
    (VectorSignal, 2, "sm_90"): 128,
    (VectorSignal.single, 3, "sm_90"): 168,
}


@pytest.mark.parametrize(("kind", "lmax", "architecture"), REGISTERS)
def test_programs_for_a_device_stay_in_registers(tmp_path: Path, kind: Any, lmax: int, architecture: str) -> None:
    need("nvcc")
    (tmp_path / "product.cu").write_text(cuda_source(kind(lmax, lmax, lmax)))
    options = [f"-arch={architecture}", "-cubin", "-Xptxas", "-v", "-Werror", "all-warnings"]
    done = subprocess.run(["nvcc", *options, "product.cu"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in done.stderr
    assert int(re.search(r"Used (\d+) registers", done.stderr)[1]) <= REGISTERS[kind, lmax, architecture]


def test_a_launch_hands_over_what_the_program_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With stand-ins for cuda.core: launch calls the program compiled for the processor with the same arguments."""
    product = ClebschGordan(2, 1, 2)
    function, seen = library(tmp_path, product, "float32"), {}

    def launch(stream: Any, config: Any, kernel: Any, *arguments: Any) -> None:
        seen.update(stream=stream, config=config, kernel=kernel)
        *pointers, lanes, channels = arguments
        assert (type(lanes), type(channels)) == (np.int64, np.int32)
        function(*map(ctypes.c_void_p, pointers), ctypes.c_longlong(lanes), ctypes.c_int(channels))

    class Program:
        def __init__(self, source: str, language: str, options: dict) -> None:
            assert (source, language) == (cuda_source(product), "c++")
            seen["options"] = options

        def compile(self, target: str) -> Any:
            return types.SimpleNamespace(get_kernel=lambda name: (target, name))

    core = types.SimpleNamespace(
        LEGACY_DEFAULT_STREAM="default",
        Device=lambda: types.SimpleNamespace(arch="90", set_current=lambda: None),
        LaunchConfig=dict,
        Program=Program,
        ProgramOptions=dict,
        Stream=types.SimpleNamespace(from_handle=lambda handle: handle),
        launch=launch,
    )
    monkeypatch.setitem(sys.modules, "cuda", types.SimpleNamespace(core=core))
    monkeypatch.setitem(sys.modules, "cuda.core", core)
    arrays = [np.random.default_rng(1).normal(size=(90, size, 7)).astype("f4") for size in product.sizes]

    class OnDevice:
        def __init__(self, array: np.ndarray) -> None:
            self.shape, self.__cuda_array_interface__ = array.shape, array.__array_interface__

    launcher = straight.launcher(product, np.dtype("f4"), 7)
    for stream in (0, 77):
        launcher(*map(OnDevice, arrays), stream)
        np.testing.assert_allclose(arrays[2], contracted(dense(product), *arrays[:2])[0], atol=1e-5)
        assert seen["stream"] == (stream or "default")
        arrays[2][:] = np.nan
    assert seen["config"] == {"grid": 5, "block": 128} and seen["kernel"] == ("cubin", "coupling_product")
    assert seen["options"] == {"arch": "sm_90", "std": "c++17", "define_macro": ("COUPLING_CHANNELS", "7")}


def test_nvrtc_compiles_the_program_without_a_device() -> None:
    pytest.importorskip("cuda.core")
    pytest.importorskip("nvidia.cu13", reason="NVRTC as a package")
    assert len(straight.object_code(cuda_source(ClebschGordan(2, 2, 2)), "sm_90", 32).code) > 4000


# -- numba-cuda -------------------------------------------------------------------------------


def test_loops_on_the_simulator() -> None:
    """tests/simulated_cuda.py in a process of its own, as the simulator is chosen when numba is imported."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/simulated_cuda.py"]
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^17 passed", done.stdout, re.M), done.stdout


@pytest.mark.parametrize("dtype", TYPES)
def test_loops_compile_for_a_device(tmp_path: Path, dtype: str) -> None:
    """By NVVM, which the package numba-cuda[cu13] brings: no double in a float32 kernel, no sign of a place."""
    pytest.importorskip("numba_cuda")
    pytest.importorskip("nvidia.cu13", reason="NVVM as a package")
    from numba import cuda, from_dtype, types

    kind, index = from_dtype(np.dtype(dtype)), types.uint32
    cube = [kind[:, :, ::1]] * 3
    lists = index[::1], index[::1], kind[:, ::1]
    kernels = {
        sparse_kernel: (*cube, types.int64, *[index[::1]] * 4, kind[::1]),
        matrix_kernel: (*cube, types.int64, index[::1], index[:, ::1], index[:, ::1], kind[:, :, :, ::1]),
        sphere_kernel: (*cube, types.int64, *lists, index[:, ::1], *lists),
    }
    for make, signature in kernels.items():
        function = make(np.dtype(dtype)).py_func
        for capability in ((8, 0), (9, 0)):
            ptx, _ = cuda.compile_ptx(function, signature, cc=capability)
            assert "fma.rn" in ptx and "call" not in ptx and "selp.b64" not in ptx
            assert bool(re.search(r"^\s+\w[.\w]*\.f64", ptx, re.M)) == (dtype == "float64")


def test_a_device_is_there_when_numba_finds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package that compiles is not enough, and the simulator is no device."""
    from numba import cuda

    monkeypatch.setattr(straight, "find_spec", lambda name: object())
    for there, simulated in ((True, "0"), (False, "0"), (True, "1")):
        monkeypatch.setattr(cuda, "is_available", lambda there=there: there)
        monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", simulated)
        assert straight.available.__wrapped__() == (there and simulated == "0")


def test_the_route_where_a_device_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Straight as far as registers reach; a matrix that is large for its degrees goes by loops."""
    module = sys.modules[CudaProduct.__module__]
    for there in (False, True):
        monkeypatch.setattr(module, "available", lambda there=there: there)
        for kind, dtype, last in (
            (ClebschGordan, "float32", 6),
            (ClebschGordan, "float64", 4),
            (MatrixProduct, "float32", 9),
            (MatrixProduct, "float64", 5),
            (Gaunt, "float32", 6),
            (AntisymmetricGaunt, "float64", 4),
            (VectorSignal, "float32", 3),
            (VectorSignal.single, "float64", 2),
        ):
            routes = [CudaProduct(kind(l, l, l)).route_of(dtype) for l in range(11)]
            assert routes == ["straight" if there and l <= last else "loops" for l in range(11)]
        assert CudaProduct(MatrixProduct(1, 1, 1, spin=8)).route_of("float32") == "loops"
        assert CudaProduct(ClebschGordan(9, 9, 9), route="straight").route_of("float32") == "straight"


def test_the_benchmark_runs_without_a_device() -> None:
    """benchmarks/gpu.py, whose figures need a device: every route that can be simulated, right to rounding."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--simulate", "--lmax", "1", "--dtype", "float64"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| 1 \| float64 \| (.*) \| (\S+) \|$", printed, re.M)
    names = "sparse", "matrix", "Gaunt", "bracket", "fields", "single"
    assert {f"{name}, loops" for name in names} <= {route for route, _ in rows}
    assert all(float(error) < 1e-15 for _, error in rows)
    checks = {f"{name}{slot}, loops" for name in names for slot in ("", ", by x", ", by y")}
    assert checks <= set(re.findall(r"([^;\n]+, loops) \d", printed.replace("\n  ", "\n")))
    assert "all products and gradients are right to rounding" in printed


def test_the_benchmark_without_a_device_says_so() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_ENABLE_CUDASIM"}
    command = [sys.executable, "-m", "benchmarks.gpu"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        pytest.skip("there is a device")
    assert done.returncode == 2 and "no CUDA device: nothing is measured" in done.stderr


def test_the_tile_fits_into_shared_memory() -> None:
    for itemsize, lmax in combinations((4, 8), range(32)):
        numbers = 2 * (lmax + 1) ** 2
        tile = tile_lanes(numbers, itemsize)
        assert tile * numbers * itemsize <= 49152 and (tile == 32 or 2 * tile * numbers * itemsize > 49152)
    with pytest.raises(ValueError, match="49152 bytes of shared memory, one lane needs 80000"):
        tile_lanes(10000, 8)

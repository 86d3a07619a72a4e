"""Message passing as text: C, C++, CUDA (emulated) and Triton (interpreted) compute what the compiled functions do."""

from __future__ import annotations

import ctypes
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from coupling.backends.cuda import convolution_source
from coupling.backends.triton_convolution import triton_convolution_source
from coupling.products import Convolution, Edges
from coupling.products.convolution_tape import INPUTS, KINDS, OF_NODES, convolution_tape
from coupling.programs.evaluate import evaluate
from tests.convolution_reference import case, expected
from tests.sources import ROOT

CONVOLUTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "summed": ((1, 2, 2), {}),
    "apart": ((2, 1, 2), {"separate": True}),
    "negative": (("0e + 2e", 2, 2), {"path_weights": [-1.0, 2.0, 1.0, -3.0, 1.0, 1.0, 0.5]}),
    "loops": ((2, 2, 2), {"method": "loops"}),
    "no path": (("0e", 1, "1e"), {}),
}
NODES, EDGES, CHANNELS = 7, 40, 37
STRICT = [
    "-Wall",
    "-Wextra",
    "-pedantic",
    "-Wno-unused-variable",
    "-Wno-unused-parameter",
    "-Werror",
    "-shared",
    "-fPIC",
]
LANGUAGES = {"c": ["gcc", "-std=c11"], "cpp": ["g++", "-std=c++17"]}


class Call(NamedTuple):
    """What a text is given, what it must write, and how many nodes or edges there are."""

    inputs: list[np.ndarray]
    places: list[np.ndarray]
    wanted: np.ndarray
    count: int

    def arrays(self, dtype: str) -> tuple[list[np.ndarray], np.ndarray]:
        """All arrays in the order of a text, and its output, poisoned."""
        found = np.full(self.wanted.shape, np.nan, dtype)
        return [*self.inputs, *self.places, found], found


def call(conv: Convolution, kind: str, dtype: str, edges: int = EDGES) -> Call:
    """Random inputs with isolated nodes, self-loops and repeated edges, and what dense arrays give in float64."""
    c = case(conv, NODES, edges, CHANNELS, dtype)
    sorted_edges = Edges(c.senders, c.receivers, NODES)
    if edges:
        assert sorted_edges.isolated.size and (c.senders == c.receivers).any()
        assert len(set(zip(c.senders.tolist(), c.receivers.tolist(), strict=True))) < edges
    places = {
        "messages": [sorted_edges.order, sorted_edges.senders, sorted_edges.starts],
        "gradient": [sorted_edges.by_sender[0], sorted_edges.receivers, sorted_edges.by_sender[1]],
    }.get(kind, [sorted_edges.senders, sorted_edges.receivers])
    arrays = {"x": c.x, "y": c.y, "w": c.w, "g": c.g}
    wanted = dict(zip(("messages", "gradient", "harmonic_gradient", "weight_gradient"), expected(conv, c), strict=True))
    inputs = [arrays[letter] for letter in INPUTS[kind]]
    return Call(inputs, places, wanted[kind], NODES if kind in OF_NODES else edges)


def assert_close(found: np.ndarray, wanted: np.ndarray) -> None:
    """float64 within 1e-13 of the largest number, float32 near its rounding."""
    assert np.isfinite(found).all()
    tolerance = 1e-13 if found.dtype == np.float64 else 40 * np.finfo("f4").eps
    assert abs(found - wanted).max(initial=0) <= tolerance * abs(wanted).max(initial=0)


def made(name: str) -> Convolution:
    """A convolution of the table."""
    arguments, options = CONVOLUTIONS[name]
    return Convolution(*arguments, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_tape_is_the_kernel(name: str, kind: str) -> None:
    """Evaluated by numpy, for all channels of an edge together; the kernels give the same."""
    conv = made(name)
    c, tape = case(conv, NODES, EDGES, CHANNELS), convolution_tape(conv, kind, "float64", 5)
    shapes = {"z": c.g.shape, "dx": c.x.shape, "dw": c.w.shape, "dy": c.y.shape}
    output = {"messages": "z", "gradient": "dx", "weight_gradient": "dw", "harmonic_gradient": "dy"}[kind]
    found = np.zeros(shapes[output])
    for edge, (sender, receiver) in enumerate(zip(c.senders, c.receivers, strict=True)):
        to = {"messages": receiver, "gradient": sender}.get(kind, edge)
        arrays = {"x": c.x[sender], "y": c.y[edge], "w": c.w[edge], "g": c.g[receiver], output: found[to]}
        evaluate(tape.program.tape, arrays, tape.program.constants)
        for count, channel, once in tape.sums:
            arrays["e"] = np.zeros((count, CHANNELS))
            evaluate(channel.tape, arrays, ())
            evaluate(once.tape, arrays | {"e": arrays["e"].sum(axis=1)}, once.constants)
    kernels = conv(*c.inputs), *conv.vjp(*c.inputs, cotangent=c.g)
    place = ("messages", "gradient", "harmonic_gradient", "weight_gradient").index(kind)
    assert_close(found, expected(conv, c)[place])
    assert_close(found, kernels[place])


def compiled(folder: Path, text: str, language: str, *options: str) -> Any:
    """The function ``one`` of a text."""
    command = [*LANGUAGES[language], *STRICT, *options, "-O1", f"one.{language}", "-o", "one.so"]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (folder / f"one.{language}").write_text(text, encoding="utf-8")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(folder / "one.so")).one


def run(function: Any, given: Call, dtype: str) -> np.ndarray:
    """What a function writes."""
    arrays, found = given.arrays(dtype)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]
    function(*pointers, ctypes.c_longlong(given.count), ctypes.c_int(CHANNELS))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_c_is_the_kernel(name: str, dtype: str, kind: str, tmp_path: Path) -> None:
    """C, and C++ in float64; then without an edge, where messages and the gradient in x are zero."""
    conv = made(name)
    text = convolution_source(conv, kind, dtype, "one")
    for language in ("c", "cpp") if dtype == "float64" else ("c",):
        (tmp_path / language).mkdir()
        function = compiled(tmp_path / language, text, language)
        given = call(conv, kind, dtype)
        assert_close(run(function, given, dtype), given.wanted)
        assert np.any(given.wanted) == (name != "no path")
        none = call(conv, kind, dtype, edges=0)
        found = run(function, none, dtype)
        assert found.shape == none.wanted.shape and not found.any()


#: Starts the kernel of a text from C, with two blocks of two warps.
LAUNCHER = """
extern "C" void start({arguments}, long long count, int channels)
{{
    launch(2, 64, one, {names}, count, channels);
}}
"""


def launcher(text: str) -> str:
    """A function ``start`` with the arguments of the kernel ``one``."""
    inside = re.search(r"COUPLING_KERNEL one\((.*?), long long \w+, int channels\)", text, re.S)
    assert inside
    arguments = re.sub(r"\s+", " ", inside[1].replace("COUPLING_RESTRICT ", ""))
    names = ", ".join(re.findall(r"\*(\w+)", arguments))
    return LAUNCHER.format(arguments=arguments, names=names)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_of_a_device_emulated(kind: str, dtype: str, tmp_path: Path) -> None:
    """The text as a CUDA compiler reads it: blocks, threads and shuffles of a warp, in turns on a processor."""
    conv = made("negative")
    text = convolution_source(conv, kind, dtype, "one")
    whole = f'#include "{ROOT / "tests/emulated_cuda.h"}"\n' + text + launcher(text)
    options = ["-D__CUDACC__"]
    compiled(tmp_path, whole, "cpp", *options)
    start = ctypes.CDLL(str(tmp_path / "one.so")).start
    given = call(conv, kind, dtype)
    found = run(start, given, dtype)
    assert_close(found, given.wanted)
    assert run(start, given, dtype).tobytes() == found.tobytes()


def test_cuda_compiles(tmp_path: Path) -> None:
    if shutil.which("nvcc") is None:
        pytest.skip("nvcc is not installed")
    for kind in KINDS:
        (tmp_path / "one.cu").write_text(convolution_source(Convolution(1, 3, 3), kind), encoding="utf-8")
        options = ["-arch=sm_90", "-cubin", "-Xptxas", "-v", "-Werror", "all-warnings"]
        done = subprocess.run(["nvcc", *options, "one.cu"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in done.stderr


INTERPRETED = """
import importlib.util, pickle, sys, torch, triton
path, calls = pickle.load(sys.stdin.buffer)
spec = importlib.util.spec_from_file_location("one", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
written = []
for inputs, grid in calls:
    *given, out = map(torch.from_numpy, inputs)
    if grid[0]:
        module.convolution[grid](*given, out, CHANNELS=37, BLOCK=32)
    written.append(out.numpy())
sys.stdout.buffer.write(pickle.dumps(written))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_triton_in_the_interpreter_is_the_kernel(kind: str, tmp_path: Path) -> None:
    """Channels that do not fill the blocks; then no edge."""
    pytest.importorskip("torch")
    pytest.importorskip("triton")
    conv = made("negative")
    head = "import triton\nimport triton.language as tl\n\n\n@triton.jit\n"
    (tmp_path / "one.py").write_text(head + triton_convolution_source(conv, kind, "float64"), encoding="utf-8")
    calls = [call(conv, kind, "float64", edges=20), call(conv, kind, "float64", edges=0)]
    blocks = () if kind == "harmonic_gradient" else (-(-CHANNELS // 32),)
    given = [([*map(np.array, one.arrays("float64")[0])], (one.count, *blocks)) for one in calls]
    environment = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(ROOT)}
    content = pickle.dumps((str(tmp_path / "one.py"), given))
    done = subprocess.run([sys.executable, "-c", INTERPRETED], input=content, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found, none = pickle.loads(done.stdout)
    assert_close(found, calls[0].wanted)
    assert none.shape == calls[1].wanted.shape and not none.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_triton_kernels_compile_for_a_device(kind: str, dtype: str) -> None:
    """No number of a float64 kernel is a float32 on its way, and no other way round; nothing is atomic."""
    from tests.test_interop_triton import compiled as assembly

    pytest.importorskip("torch")
    short = dtype.replace("float", "*fp")
    text = triton_convolution_source(made("negative"), kind, dtype).replace("def convolution", "def product")
    names = re.findall(r"(\w+)(?:: tl\.constexpr)?[,)]", text.splitlines()[0])
    integers = "order", "others", "starts", "senders", "receivers"
    types = {name: "*i64" if name in integers else "constexpr" if name.isupper() else short for name in names}
    ptx = assembly(text, types, {"CHANNELS": 64, "BLOCK": 64})["ptx"]
    other = "f32" if dtype == "float64" else "f64"
    assert f"fma.rn.f{dtype[5:]}" in ptx and f".{other}" not in ptx and "atom" not in ptx and ".local" not in ptx


@pytest.mark.parametrize("write", [convolution_source, triton_convolution_source])
def test_what_is_refused(write: Callable[..., str]) -> None:
    conv = Convolution(0, 0, 0)
    for words, arguments in (
        ("kind", ("weights",)),
        ("float32 or float64", ("messages", "float16")),
    ):
        with pytest.raises(ValueError, match=words):
            write(conv, *arguments)
    with pytest.raises(TypeError, match="conv"):
        write(None)


def test_a_name_that_is_no_identifier() -> None:
    with pytest.raises(ValueError, match="C identifier"):
        convolution_source(Convolution(0, 0, 0), "messages", "float32", "a b")

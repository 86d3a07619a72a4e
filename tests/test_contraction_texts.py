"""Contractions as text: Python, C++, CUDA and Triton compute what the kernels do."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coupling.backends.cuda import contraction_source
from coupling.backends.triton_contraction import triton_contraction_source
from coupling.manybody import basis
from coupling.products import SymmetricContraction
from coupling.products.contraction_tape import KINDS_OF_TAPES, contraction_tape
from coupling.programs.evaluate import evaluate
from tests.sources import ROOT

CONTRACTIONS = {
    "orders 1 to 3": lambda: SymmetricContraction([basis(2, n, l) for l in (0, 1) for n in (1, 2, 3)]),
    "order 4 alone": lambda: SymmetricContraction(basis(1, 4, 1)),
    "no path": lambda: SymmetricContraction([basis(1, 2, "0o"), basis(1, 1, 1)]),
}
REALS = {"float32": ctypes.c_float, "float64": ctypes.c_double}


def case(name: str, kind: str, dtype: str) -> tuple[SymmetricContraction, list[Any], Any, Any, Any]:
    """A contraction, its inputs in the order of the program, coefficients, species and the output of the kernels."""
    contraction, random = CONTRACTIONS[name](), np.random.default_rng(0)
    made = contraction.plan.polynomials
    a, v, g = (random.standard_normal((7, n, 5)).astype(dtype) for n in (made.variables, made.variables, made.rows))
    c, species = random.standard_normal((3, len(made.row), 5)).astype(dtype), random.integers(0, 3, 7)
    lists, tangent, inputs = KINDS_OF_TAPES[kind]
    direction = v if tangent else None
    plan = contraction.plan
    found = plan.values(a, c, species, direction) if lists == "values" else plan.gradient(a, c, species, g, direction)
    return contraction, [a, *({"v": v, "g": g}[x] for x in inputs)], c, species, found


def assert_close(found: Any, expected: Any, dtype: str) -> None:
    tolerance = 40 * np.finfo(dtype).eps * max(abs(expected).max(), 1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", KINDS_OF_TAPES)
@pytest.mark.parametrize("name", CONTRACTIONS)
def test_the_tape_is_the_kernel(name: str, kind: str) -> None:
    contraction, inputs, c, species, expected = case(name, kind, "float64")
    program = contraction_tape(contraction, kind, "float64")
    found = np.full(expected.shape, np.nan)
    letters = "a" + KINDS_OF_TAPES[kind][2]
    for atom, s in enumerate(species):
        arrays = {x: value[atom] for x, value in zip(letters, inputs, strict=True)}
        evaluate(program.tape, arrays | {"c": c[s], "z": found[atom]}, ())
    assert np.isfinite(found).all() and program.sizes[-1] == expected.shape[1]
    assert_close(found, expected, "float64")
    lists = contraction.plan.lists(*KINDS_OF_TAPES[kind][:2])
    assert program.operations <= lists.operations


@pytest.mark.parametrize("dtype", REALS)
@pytest.mark.parametrize("kind", KINDS_OF_TAPES)
@pytest.mark.parametrize("name", CONTRACTIONS)
def test_cpp_is_the_kernel(name: str, kind: str, dtype: str, tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    contraction, inputs, c, species, expected = case(name, kind, dtype)
    (tmp_path / "one.cpp").write_text(contraction_source(contraction, kind, dtype, "one"), encoding="utf-8")
    strict = ["-Wall", "-Wextra", "-Wno-unused-variable", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["g++", *strict, "-O1", "one.cpp", "-o", "one.so"], cwd=tmp_path, check=True)
    function = ctypes.CDLL(str(tmp_path / "one.so")).one
    found = np.full(expected.shape, np.nan, dtype)
    pointers = [x.ctypes.data_as(ctypes.c_void_p) for x in (*inputs, c, species.astype(np.int64), found)]
    function(*pointers, ctypes.c_longlong(len(species)), ctypes.c_int(5))
    assert_close(found, expected, dtype)


def test_cuda_compiles(tmp_path: Path) -> None:
    if shutil.which("nvcc") is None:
        pytest.skip("nvcc is not installed")
    for kind in KINDS_OF_TAPES:
        source = contraction_source(CONTRACTIONS["orders 1 to 3"](), kind)
        (tmp_path / "one.cu").write_text(source, encoding="utf-8")
        done = subprocess.run(["nvcc", "-arch=sm_90", "-cubin", "one.cu"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


INTERPRETED = """
import pickle, sys, torch, triton
import triton.language as tl
path, inputs, c, species, shape = pickle.load(sys.stdin.buffer)
names = {"tl": tl, "triton": triton}
import importlib.util
spec = importlib.util.spec_from_file_location("one", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
arrays = [torch.from_numpy(x) for x in inputs]
out = torch.full(shape, float("nan"), dtype=arrays[0].dtype)
lanes = shape[0] * shape[2]
module.contraction[(triton.cdiv(lanes, 16),)](
    *arrays, torch.from_numpy(c), torch.from_numpy(species), out, lanes, CHANNELS=shape[2], BLOCK=16)
sys.stdout.buffer.write(pickle.dumps(out.numpy()))
"""


@pytest.mark.parametrize("kind", KINDS_OF_TAPES)
def test_triton_in_the_interpreter_is_the_kernel(kind: str, tmp_path: Path) -> None:
    import pickle

    pytest.importorskip("torch")
    pytest.importorskip("triton")
    contraction, inputs, c, species, expected = case("orders 1 to 3", kind, "float64")
    head = "import triton\nimport triton.language as tl\n\n\n@triton.jit\n"
    (tmp_path / "one.py").write_text(head + triton_contraction_source(contraction, kind, "float64"), encoding="utf-8")
    given = pickle.dumps((str(tmp_path / "one.py"), inputs, c, species.astype(np.int64), expected.shape))
    environment = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", INTERPRETED], input=given, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert_close(pickle.loads(done.stdout), expected, "float64")


def test_names_and_kinds_that_do_not_exist() -> None:
    contraction = CONTRACTIONS["order 4 alone"]()
    with pytest.raises(ValueError, match="name must be a C identifier"):
        contraction_source(contraction, name="a b")
    with pytest.raises(ValueError, match="kind must be"):
        contraction_source(contraction, "coefficients")

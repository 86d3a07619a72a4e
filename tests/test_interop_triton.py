"""Triton kernels: their text, in the interpreter, and through the compiler."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import product as product_of
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import coupling
from coupling.backends.triton import TritonProduct, triton_source
from coupling.backends.triton_loops import DECODE, ENCODE, MULTIPLY, SPARSE, jit
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, VectorSignal

ROOT = Path(__file__).resolve().parent.parent


# -- the text ---------------------------------------------------------------------------------


def test_texts_are_python_with_the_coefficients_in_them() -> None:
    """Compiled by Python, without Triton; every distinct coefficient of float32 is a double in the text."""
    for kind in (ClebschGordan, MatrixProduct, Gaunt, VectorSignal.single):
        for dtype in ("float32", "float64"):
            text = triton_source(kind(2, 2, 2), dtype)
            compile(text, "text", "exec")
            literals = {float(word) for word in re.findall(r"\d\.\d+(?:e-?\d+)?", text)} - {0.0}
            assert len(literals) > 5
            assert all(float(np.dtype(dtype).type(value)) == value for value in literals)
            assert len(re.findall(r"tl\.store", text)) == 9 and len(re.findall(r"tl\.load", text)) == 18


def test_the_route_and_what_has_none() -> None:
    assert TritonProduct(ClebschGordan(4, 4, 4)).route == TritonProduct(MatrixProduct(8, 8, 8)).route == "straight"
    assert TritonProduct(ClebschGordan(5, 5, 5)).route == "loops"
    with pytest.raises(ValueError, match="route must be straight for a Gaunt in Triton"):
        TritonProduct(Gaunt(1, 1, 1), route="loops")
    with pytest.raises(ValueError, match="route must be one of"):
        TritonProduct(ClebschGordan(1, 1, 1), route="slow")
    with pytest.raises(ValueError, match="layout must be channels_last"):
        TritonProduct(ClebschGordan(1, 1, 1, layout="channels_first"))
    with pytest.raises(TypeError, match="got FullProduct"):
        TritonProduct(coupling.products.FullProduct(1, 1, 1))


class Shaped(NamedTuple):
    """What is asked of a tensor before anything is launched."""

    shape: tuple[int, ...]
    dtype: str = "torch.float32"
    device: str = "cuda:0"

    @property
    def ndim(self) -> int:
        return len(self.shape)


def test_inputs_that_fit_and_those_that_do_not() -> None:
    """Without torch: what is looked at are types, devices and shapes."""
    product = TritonProduct(ClebschGordan(1, 2, 3))
    for lead in ((), (5,), (2, 5)):
        assert product._shape(Shaped((*lead, 4, 7)), Shaped((*lead, 9, 7))) == (*lead, 16, 7)
    x, y = Shaped((5, 4, 7)), Shaped((5, 9, 7))
    for slot, wrong in product_of((0, 1), [(), (4,), (9,), (5, 5, 7), (5, 7, 4), (5, 7, 9)]):
        given = [x, y]
        given[slot] = Shaped(wrong)
        with pytest.raises(ValueError, match=rf"input {slot + 1} must have {(4, 9)[slot]} = \(lmax\+1\)² entries"):
            product._shape(*given)
    for other in (Shaped((6, 9, 7)), Shaped((9, 7)), Shaped((5, 9, 8)), y._replace(dtype="torch.float64"),
                  y._replace(device="cuda:1")):  # fmt: skip
        with pytest.raises(ValueError, match="inputs must agree in type, device and all axes but entries"):
            product._shape(x, other)
    for slot, dtype in product_of((0, 1), ["torch.float16", "torch.int64", "torch.complex64"]):
        given = [x, y]
        given[slot] = given[slot]._replace(dtype=dtype)
        with pytest.raises(TypeError, match=f"input {slot + 1} must be float32 or float64, got {dtype}"):
            product._shape(*given)


# -- the interpreter --------------------------------------------------------------------------


def test_kernels_in_the_interpreter() -> None:
    """tests/interpreted_triton.py in a process of its own, as Triton is switched when it is imported."""
    pytest.importorskip("torch")
    pytest.importorskip("triton")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/interpreted_triton.py"]
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^29 passed", done.stdout, re.M), done.stdout


# -- the compiler -----------------------------------------------------------------------------


def compiled(source: str, types: dict[str, str], constants: dict[str, int]) -> dict[str, object]:
    """What Triton makes of a kernel for compute capability 9.0; no device is needed."""
    triton = pytest.importorskip("triton")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    values = {(list(types).index(name),): value for name, value in constants.items()}
    found = triton.compile(
        ASTSource(fn=jit(source), signature=types, constexprs=values),
        target=GPUTarget("cuda", 90, 32),
        options={"enable_fp_fusion": True, "num_warps": 4},
    )
    return found.asm


@pytest.mark.parametrize("kind", [ClebschGordan, MatrixProduct, Gaunt, AntisymmetricGaunt, VectorSignal])
@pytest.mark.parametrize(("dtype", "short"), [("float32", "fp32"), ("float64", "fp64")])
def test_straight_lines_compile_for_a_device(kind: type[Product], dtype: str, short: str) -> None:
    names = {**dict.fromkeys("xyz", f"*{short}"), "lanes": "i32", "CHANNELS": "constexpr", "BLOCK": "constexpr"}
    assembly = compiled(triton_source(kind(2, 2, 2), dtype), names, {"CHANNELS": 64, "BLOCK": 128})
    bits = short.removeprefix("fp")
    assert len(re.findall(rf"fma\.rn\.f{bits}", assembly["ptx"])) > 100
    assert ".local" not in assembly["ptx"] and len(assembly["cubin"]) > 4000


def test_loops_compile_for_a_device() -> None:
    names = {**dict.fromkeys("xyz", "*fp32"), "lanes": "i32"}
    names |= dict.fromkeys(("outputs", "runs", "left", "right"), "*i32") | {"values": "*fp32"}
    names |= dict.fromkeys("IJK", "i32") | {"CHANNELS": "constexpr", "BLOCK": "constexpr"}
    assembly = compiled(SPARSE, names, {"CHANNELS": 64, "BLOCK": 128})
    assert "fma.rn.f32" in assembly["ptx"] and ".f64" not in assembly["ptx"]


def test_loops_of_the_matrix_product_compile_for_a_device() -> None:
    common = {"lanes": "i32", "pairs": "*i32"}
    tail = dict.fromkeys(("used", "N", "K", "SIDE"), "i32") | {"CHANNELS": "constexpr", "BLOCK": "constexpr"}
    encode = {"x": "*fp32", "matrix": "*fp32", **common, "table": "*fp32"}
    encode |= {("I" if name == "K" else name): kind for name, kind in tail.items()}
    decode = {"matrix": "*fp32", "z": "*fp32", "lanes": "i32", "orders": "*i32", "table": "*fp32", **tail}
    multiply = {"scratch": "*fp32", **common, "N": "i32", "BLOCK": "constexpr"}
    for source, names in ((ENCODE, encode), (MULTIPLY, multiply), (DECODE, decode)):
        constants = {name: value for name, value in {"CHANNELS": 64, "BLOCK": 128}.items() if name in names}
        assembly = compiled(source, names, constants)
        assert "fma.rn.f32" in assembly["ptx"] and ".f64" not in assembly["ptx"]

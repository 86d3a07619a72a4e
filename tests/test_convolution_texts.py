"""Message passing as text: C++ computes what the compiled functions do, and CUDA compiles."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coupling.backends.cuda import convolution_source
from coupling.products import Convolution, Edges
from tests.convolution_reference import case, expected

CONVOLUTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "summed": ((1, 2, 2), {}),
    "apart": ((2, 1, 2), {"separate": True}),
    "negative": (("0e + 2e", 2, 2), {"path_weights": [-1.0, 2.0, 1.0, -3.0, 1.0, 1.0, 0.5]}),
}


@pytest.mark.parametrize("kind", ["messages", "gradient"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_cpp_is_the_kernel(name: str, dtype: str, kind: str, tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    arguments, options = CONVOLUTIONS[name]
    conv = Convolution(*arguments, **options)
    c = case(conv, 7, 40, 5, dtype)
    (tmp_path / "one.cpp").write_text(convolution_source(conv, kind, dtype, "one"), encoding="utf-8")
    strict = ["-Wall", "-Wextra", "-Wno-unused-variable", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["g++", *strict, "-O1", "one.cpp", "-o", "one.so"], cwd=tmp_path, check=True)
    function = ctypes.CDLL(str(tmp_path / "one.so")).one
    edges = Edges(c.senders, c.receivers, 7)
    order, starts = (edges.order, edges.starts) if kind == "messages" else edges.by_sender
    one, others = (c.x, edges.senders) if kind == "messages" else (c.g, edges.receivers)
    wanted = expected(conv, c)[0 if kind == "messages" else 1]
    found = np.full(wanted.shape, np.nan, dtype)
    pointers = [v.ctypes.data_as(ctypes.c_void_p) for v in (one, c.y, c.w, order, others, starts, found)]
    function(*pointers, ctypes.c_longlong(7), ctypes.c_int(5))
    assert abs(found - wanted).max() < 40 * np.finfo(dtype).eps * abs(wanted).max()


def test_cuda_compiles(tmp_path: Path) -> None:
    if shutil.which("nvcc") is None:
        pytest.skip("nvcc is not installed")
    for kind in ("messages", "gradient"):
        (tmp_path / "one.cu").write_text(convolution_source(Convolution(1, 3, 3), kind), encoding="utf-8")
        done = subprocess.run(["nvcc", "-arch=sm_90", "-cubin", "one.cu"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_what_is_refused() -> None:
    conv = Convolution(0, 0, 0)
    for words, arguments in (
        ("C identifier", ("messages", "float32", "a b")),
        ("kind", ("weights",)),
        ("float32 or float64", ("messages", "float16")),
    ):
        with pytest.raises(ValueError, match=words):
            convolution_source(conv, *arguments)
    with pytest.raises(TypeError, match="conv"):
        convolution_source(None)  # type: ignore[arg-type]

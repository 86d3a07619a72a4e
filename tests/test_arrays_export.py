"""Grids and other arrays from the command line: exported, shown, checked, loaded."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from coupling.arrays import build_arrays, load_arrays
from coupling.cli import main
from coupling.export.formats import OF_ARRAYS, export_named
from coupling.floating_point import as_doubles

NAMES = ("gauss_legendre-l2", "lebedev-l2-x8", "fourier-l3", "matrix-l2", "normalization-l2")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="coupling")


@pytest.mark.parametrize("name", NAMES)
def test_npz_and_safetensors_hold_the_arrays(name: str, here: Path) -> None:
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        expected = build_arrays(name if dtype == "float64" else f"{name}-{dtype}")
        npz = export_named(build_arrays(name), "npz", dtype)
        (here / "a.npz").write_bytes(npz)
        with np.load(here / "a.npz", allow_pickle=False) as file:
            assert sorted(file.files) == sorted([*expected, "metadata"])
            assert all(np.array_equal(file[array], expected[array]) for array in expected)
            assert json.loads(str(file["metadata"]))["name"] == expected.request.name
        file = here / f"{expected.request.name}.safetensors"
        file.write_bytes(export_named(build_arrays(name), "safetensors", dtype))
        assert load_arrays(file).request == expected.request
        assert export_named(build_arrays(name), "npz", dtype) == npz


@pytest.mark.parametrize("name", NAMES)
def test_python_modules_hold_the_arrays(name: str, here: Path) -> None:
    (here / "module.py").write_bytes(export_named(build_arrays(name), "python", "float32"))
    names = runpy.run_path(str(here / "module.py"))
    expected = build_arrays(f"{name}-float32")
    for array in expected:
        assert np.array_equal(np.array(names[array.upper()]), expected[array].astype(float))
    assert json.loads(names["METADATA"])["request"] == expected.request.content


PROGRAM = """\
#include <stdio.h>
#include "arrays.h"
int main(void) {
  const unsigned char *bytes[] = {%s};
  const unsigned long sizes[] = {%s};
  for (unsigned long k = 0; k < sizeof sizes / sizeof *sizes; k++) fwrite(bytes[k], 1, sizes[k], stdout);
  return 0;
}
"""


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", NAMES)
def test_c_headers_hold_the_bits(name: str, dtype: str, here: Path) -> None:
    """A C program that includes the header writes the bytes of the arrays."""
    expected = build_arrays(name if dtype == "float64" else f"{name}-{dtype}")
    (here / "arrays.h").write_bytes(export_named(build_arrays(name), "c", dtype))
    label = re.sub(r"\W", "_", expected.request.name)
    symbols = [f"(const unsigned char *){label}_{array}" for array in expected]
    sizes = [f"sizeof {label}_{array}" for array in expected]
    (here / "program.c").write_text(PROGRAM % (", ".join(symbols), ", ".join(sizes)))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run(["gcc", *flags, "program.c", "-o", "program"], check=True)
    written = subprocess.run(["./program"], capture_output=True, check=True).stdout
    assert written == b"".join(array.tobytes() for array in expected.values())


def test_c_headers_define_the_whole_numbers_among_the_facts() -> None:
    """A spin and the sum of the weights are no macros: they stand in the comment."""
    for name, expected in (("lebedev-l4", {"DEGREE", "POINTS", "ROWS"}), ("matrix-l4", {"DIMENSION"})):
        text = export_named(load_arrays(name), "c").decode()
        label = name.upper().replace("-", "_")
        found = dict(re.findall(rf"^#define {label}_(\w+) (.*)$", text, re.M))
        assert set(found) == {"LMAX", *expected} and all(map(str.isdigit, found.values()))


@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler")
def test_c_headers_are_cpp_as_well(here: Path) -> None:
    for name in NAMES:
        (here / "arrays.h").write_bytes(export_named(build_arrays(name), "c", "float32"))
        (here / "program.cpp").write_text('#include "arrays.h"\nint main() { return 0; }\n')
        flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-Wno-unused-variable"]
        done = subprocess.run(["g++", *flags, "program.cpp"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", OF_ARRAYS)
def test_the_command_exports(form: str, here: Path) -> None:
    result = run("export", "lebedev-l4", "--format", form, "--dtype", "float32")
    assert result.exit_code == 0, result.output
    file = here / f"lebedev-l4-float32{OF_ARRAYS[form].suffix}"
    assert result.stdout == f"{file.name}: {file.stat().st_size} bytes\n"
    assert file.read_bytes() == export_named(load_arrays("lebedev-l4"), form, "float32")
    assert run("export", "lebedev-l4", "--format", form, "-o", "-").stdout_bytes == export_named(
        load_arrays("lebedev-l4"), form
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("lebedev-l4 --format csv", "format must be"),
        ("lebedev-l4 --format npz --convention e3x", "--convention is for tables; lebedev-l4 are arrays"),
        ("lebedev-l4 --format npz --palette", "--palette is for tables"),
        ("lebedev-l4 --format npz --order output", "--order is for tables"),
        ("lebedev-l4-d999 --format npz", "degree of a lebedev grid must be <= 131, got 999"),
        ("real-l4 --format safetensors", "format must be"),
    ],
)
def test_what_cannot_be_exported(arguments: str, words: str, here: Path) -> None:
    result = run("export", *arguments.split())
    assert result.exit_code == 2 and words in result.stderr and "Traceback" not in result.output
    assert not list(here.iterdir())


def test_info_check_and_load(here: Path) -> None:
    text = run("info", "gauss-legendre-l4").stdout
    assert (
        "weights_sum      4 pi" in text
        and "  gradient_phi           [96, 25]" in text
        and "degree           12" in text
    )
    assert json.loads(run("info", "matrix-l4", "--json").stdout)["facts"] == {"spin": 2.0, "dimension": 5}
    assert "needs" not in run("info", "fourier-l16").stdout
    result = run("check", "lebedev-l4", "matrix-l4", "real-l4")
    assert result.exit_code == 0 and result.stdout.count("  ok ") == 4 + 2 + 6
    file = build_arrays("design-l1").save(here)
    assert run("check", str(file), "--full").exit_code == 0
    file.write_bytes(file.read_bytes()[:-1])
    failed = run("check", str(file))
    assert failed.exit_code == 1 and "design-l1.safetensors: size: expected" in failed.stdout
    loaded = run("load", "lebedev-l4", "design-l2-x8").stdout.splitlines()
    assert loaded[1].endswith("(shipped, 83200 bytes)") and "(cache, " in loaded[3]
    assert run("load", "lebedev-l4", "--renew").exit_code == 2
    assert run("load", "design-l2-x8", "--renew").exit_code == 0


def test_doubles_of_narrow_types() -> None:
    values = np.array([0.1, -2.5, 3e-5])
    assert np.array_equal(as_doubles(values.astype("f4"), "float32"), values.astype("f4").astype(float))
    bits = (values.astype("f4").view("u4") >> 16).astype("u2")
    assert (abs(as_doubles(bits, "bfloat16") / values - 1) < 2**-7).all()


def test_one_list_of_formats() -> None:
    """The command offers what the list has, in its order; each format writes tables, arrays or both."""
    from coupling.cli.export import FORMATS as OFFERED
    from coupling.export.formats import EVERY, FORMATS

    assert tuple(EVERY) == OFFERED and EVERY.keys() == FORMATS.keys() | OF_ARRAYS.keys()
    assert FORMATS.keys() & OF_ARRAYS.keys() == {"npz", "c", "python"}
    for form in EVERY.keys() - OF_ARRAYS.keys():
        with pytest.raises(ValueError, match="format must be one of npz, c, python, safetensors"):
            export_named(build_arrays("fourier-l1"), form)

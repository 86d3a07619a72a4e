"""Bases in files, in the hands of who reads them, and the command ``coupling manybody``."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from safetensors.numpy import load

from coupling.cli import main
from coupling.export import export_basis, read_exact_basis
from coupling.export.bases import is_as_requested, requested_basis
from coupling.manybody import Basis, basis, count

BASES = [
    basis(2, 3, 1), basis(3, 3, 0, paths="mace"), basis(2, 3, "1e", "antisymmetric"),
    basis(2, 2, 2, "plain", paths="e3nn"),
    basis(2, 3, 1, "plain", paths="mace", intermediates="natural"), basis("0 + 1/2 + 1", 3, 0.5, basis="complex"),
    basis(2, 3, 2, paths="cuequivariance"), basis(1, 1, "0o"),
]  # fmt: skip


def arrays_in(content: bytes) -> dict[str, np.ndarray]:
    if content.startswith(b"PK"):
        with np.load(io.BytesIO(content)) as file:
            return dict(file)
    return load(content)


def evaluated(arrays: dict[str, np.ndarray], a: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """What a program does with the arrays, which knows nothing else."""
    result = np.zeros(shape)
    products = a[arrays["monomials"]].prod(1)
    np.add.at(result, (arrays["path"], arrays["component"]), arrays["value"] * products[arrays["monomial"]])
    return result


@pytest.mark.parametrize("form", ["npz", "safetensors"])
@pytest.mark.parametrize("made", BASES, ids=repr)
def test_arrays_alone_give_the_couplings(made: Basis, form: str) -> None:
    a = np.random.default_rng(0).standard_normal(made.dimension)
    content = export_basis(made, form)
    np.testing.assert_allclose(evaluated(arrays_in(content), a, made.shape), made(a), rtol=1e-13, atol=1e-13)
    assert np.array_equal(arrays_in(content)["value"], made.values)
    single = arrays_in(export_basis(made, form, "float32"))["value"]
    assert single.dtype == np.float32 and np.array_equal(single, made.values.astype(np.float32))


@pytest.mark.parametrize("made", BASES, ids=repr)
def test_json_is_exact(made: Basis) -> None:
    content = export_basis(made, "json").decode()
    found = read_exact_basis(content)
    wanted = {
        (int(k), int(c), tuple(made.monomials[m].tolist())): made.coefficient(i)
        for i, (k, c, m) in enumerate(zip(made.path, made.component, made.monomial, strict=True))
    }
    assert found == wanted
    assert [path["label"] for path in json.loads(content)["paths"]] == list(made.labels)


@pytest.mark.parametrize("form", ["npz", "safetensors", "json"])
@pytest.mark.parametrize("made", BASES, ids=repr)
def test_files_are_as_built_anew_until_a_byte_changes(made: Basis, form: str) -> None:
    content = export_basis(made, form)
    again, kind, _ = requested_basis(content)
    assert repr(again) == repr(made) and again.intermediates == made.intermediates and kind == form
    assert is_as_requested(content) and export_basis(again, form) == content
    changed = bytearray(content)
    place = content.rindex(b"1") if form == "json" else len(content) // 2
    changed[place] ^= 1
    try:
        assert not is_as_requested(bytes(changed))
    except ValueError as error:
        assert str(error)


def test_files_for_mace_hold_its_buffers() -> None:
    """The whole tensor under the name of the buffer; what is not real, or not a file as built, is refused."""
    for l, paths in ((0, "mace"), (1, "kernel")):
        made = basis(2, 3, l, "plain" if paths == "mace" else "symmetric", paths=paths)
        for dtype in ("float64", "float32"):
            content = export_basis(made, "mace", dtype)
            found = np.load(io.BytesIO(content))["U_matrix_3"]
            assert found.dtype == dtype and found.shape == (*([3] if l else []), 9, 9, 9, made.shape[0])
            assert (np.moveaxis(found if l else found[None], -1, 0) == made.tensor().astype(dtype)).all()
            assert requested_basis(content)[1:] == ("mace", dtype) and is_as_requested(content)
    with pytest.raises(ValueError, match="real components"):
        export_basis(basis(1, 2, 0, basis="complex"), "mace")


@pytest.mark.parametrize("content", [b"", b"PK", b'{"metadata": 1}', b"\0" * 100, b'{"metadata": {"schema": "other"}}'])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="many-body basis"):
        requested_basis(content)


PROGRAM = """
#include <stdio.h>
#include "basis.h"
#define N(x) manybody_3_1o_symmetric_kernel_real_##x
int main(void) {
    double a[] = {AVALUES}, b[PATHS][3] = {{0}};
    for (int e = 0; e < ENTRIES; e++) {
        double product = N(value)[e];
        for (int i = 0; i < 3; i++) product *= a[N(monomials)[N(monomial)[e]][i]];
        b[N(path)[e]][N(component)[e]] += product;
    }
    for (int k = 0; k < PATHS; k++) printf("%a %a %a\\n", b[k][0], b[k][1], b[k][2]);
    return 0;
}
"""


def test_a_c_program_contracts_with_the_header(tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    made = basis(2, 3, 1)
    a = np.random.default_rng(1).standard_normal(made.dimension)
    program = PROGRAM.replace("AVALUES", ", ".join(float.hex(x) for x in a.tolist()))
    program = program.replace("PATHS", str(made.shape[0])).replace("ENTRIES", str(len(made.path)))
    (tmp_path / "basis.h").write_bytes(export_basis(made, "c"))
    (tmp_path / "main.c").write_text(program)
    flags = ["-Wall", "-Werror", "-Wno-unused-const-variable", "-Wno-unused-variable", "-o", "main"]
    subprocess.run([compiler, "main.c", *flags], cwd=tmp_path, check=True)
    lines = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [[float.fromhex(text) for text in line.split()] for line in lines]
    np.testing.assert_allclose(found, made(a), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("format", "dtype", "words"), [("csv", "float64", "format must be"), ("npz", "int8", "dtype must be")]
)
def test_bad_formats(format: str, dtype: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        export_basis(BASES[0], format, dtype)


# -- the command ------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["manybody", *map(str, arguments)], prog_name="coupling")


def test_count_prints_the_table() -> None:
    result = run("count", "--lmax", 3, "--order", 4)
    assert result.exit_code == 0 and result.stdout.splitlines()[-1].split()[1] == "23/204"
    result = run("count", "--irreps", "0 + 1/2 + 1", "--order", 3, "--symmetry", "2,1", "--output", "1/2", "--no-plain")
    assert result.stdout.split() == ["order", "1/2", "3", str(count("0 + 1/2 + 1", 3, "1/2", (2, 1)))]


def test_build_prints_trees_and_polynomials() -> None:
    result = run("build", "--lmax", 1, "--order", 2, "--output", 0, "--exact")
    assert result.stdout.splitlines()[1:] == [
        "    0  (0e^2)0e",
        "       m = 0: 1 A0 A0",
        "    1  (1o^2)0e",
        "       m = 0: √(1/3) A1 A1 + √(1/3) A2 A2 + √(1/3) A3 A3",
    ]
    assert (
        "158 paths"
        in run(*"build --lmax 3 --order 4 --output 0 --symmetry plain --paths mace --natural".split()).stdout
    )
    assert (
        "1/2"
        in run(
            "build", "--irreps", "1/2", "--order", 3, "--output", "1/2", "--symmetry", "plain", "--basis", "complex"
        ).stdout
    )


def test_export_and_check(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.npz", "a.safetensors", "a.json")]
    for file in files:
        result = run("export", "--lmax", 2, "--order", 3, "--output", "1o", "-o", file)
        assert result.exit_code == 0 and f"{file}: 5 paths" in result.stdout
    assert run("export", "--lmax", 2, "--order", 3, "--output", "1o", "-o", tmp_path / "a.h").exit_code == 0
    assert run("check", *files).exit_code == 0
    damaged = bytearray(files[0].read_bytes())
    damaged[-400] ^= 255
    files[0].write_bytes(damaged)
    result = run("check", *files[1:], files[0])
    assert result.exit_code in (1, 2) and "a.npz" in result.output
    text = files[2].read_text()
    assert '"5"' in text
    files[2].write_text(text.replace('"5"', '"7"', 1))
    result = run("check", files[2])
    assert result.exit_code == 1 and "differs from the basis it names" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("count --order 3", "given by one of --lmax and --irreps, got None and None"),
        ("build --lmax 2 --order 2 --output 1x", "irreps must be"),
        ("build --lmax 2 --order 2 --output 0 --paths pace", "paths must be one of kernel"),
        ("export --lmax 2 --order 2 --output 0 -o basis.xyz", "--format is needed"),
        ("check missing.npz", "does not exist"),
    ],
)
def test_bad_commands(arguments: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments.split())
    assert result.exit_code == 2 and words in result.output and "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["count", "build", "export", "check"])
def test_help_has_examples_that_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = run(command, "--help").stdout
    lines = [
        line.strip().removeprefix("coupling manybody ") for line in text.splitlines() if "  coupling manybody" in line
    ]
    if command == "check":
        for name, form in (("basis.npz", "npz"), ("exact.json", "json")):
            Path(name).write_bytes(export_basis(BASES[0], form))
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert run(*words).exit_code == 0, line

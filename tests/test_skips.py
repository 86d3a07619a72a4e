"""The last line names what was skipped; under CI a skip that nobody makes up for is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = {
    "program": "import pytest\ndef test():\n    pytest.skip('gfortran is not installed')\n",
    "mark": "import pytest\n@pytest.mark.skipif(True, reason='no C compiler')\ndef test():\n    pass\n",
    "import": "import pytest\ndef test():\n    pytest.importorskip('jsonschemas')\n",
    "module": "import pytest\npytest.importorskip('jsonschemas')\ndef test():\n    pass\n",
}
SLOW = "import pytest\n@pytest.mark.skip(reason='slow: pass --runslow')\ndef test():\n    pass\n"
FAILING = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test():\n    raise RuntimeError\n"


#: what only the environment of `make test-interop` has → its name in the last line
REASONS = {
    "could not import 'torch': No module named 'torch'": "torch, JAX, Triton",
    "needs jax": "torch, JAX, Triton",
    "could not import 'nvidia.cu13': No module named 'nvidia'": "compilers for CUDA",
    "nvcc is not installed": "compilers for CUDA",
    "could not import 'wignernj': No module named 'wignernj'": "programs to compare with",
    "py3nj with the convention sympy is not installed": "programs to compare with",
    "openequivariance is not installed": "programs to compare with",
}


def run(folder: Path, root: Path, ci: str, *options: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.skips", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(root)}
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run([*command, "."], cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one", "two"])
def test_what_is_skipped_stands_in_the_last_line(options: tuple[str, ...], tmp_path: Path, root: Path) -> None:
    for name, text in SKIPS.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    (tmp_path / "test_slow.py").write_text(SLOW)
    (tmp_path / "test_good.py").write_text("def test():\n    pass\n")
    code, lines = run(tmp_path, root, "", *options)
    assert code == 0 and "1 passed, 5 skipped" in lines[-2].replace("6 skipped", "5 skipped")
    for words in ("1 for gfortran is not installed", "1 for no C compiler", "1 for slow (make test ARGS=--runslow)"):
        assert words in lines[-1]
    assert "2 for could not import 'jsonschemas'" in lines[-1] and lines[-1].startswith("skipped: ")


@pytest.mark.parametrize("name", SKIPS)
def test_what_could_be_installed_fails_under_ci(name: str, tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPS[name])
    assert run(tmp_path, root, "")[0] in (0, 5)  # 5: no test was found
    code, lines = run(tmp_path, root, "true")
    assert code in (1, 2) and any("skipped under CI: " in line for line in lines)


def test_what_another_command_runs_does_not_fail_under_ci(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_slow.py").write_text(SLOW)
    (tmp_path / "test_xfail.py").write_text(FAILING)
    code, lines = run(tmp_path, root, "true")
    assert code == 0 and lines[-1].startswith("skipped: 1 for slow (make test ARGS=--runslow)")


def test_nothing_skipped_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import skips

    monkeypatch.setattr(skips, "find_spec", lambda name: name)
    assert skips.last_line([]) == "nothing skipped"
    assert skips.known("could not import 'torch': No module named 'torch'") is None
    monkeypatch.setattr(skips, "find_spec", lambda name: None)
    for reason, name in REASONS.items():
        assert skips.known(reason) == (name, "make test-interop")
    assert skips.last_line([]) == "skipped: examples of coupling.backends.torch and jax (make test-interop)"


def test_in_the_environment_of_make_test_interop_nothing_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import skips

    monkeypatch.setattr(skips, "find_spec", lambda name: name)
    assert [skips.known(reason) for reason in REASONS] == [None] * len(REASONS)
    assert skips.known("slow: pass --runslow") == ("slow", "make test-interop ARGS=--runslow")


@pytest.mark.parametrize(
    ("nodeid", "runs"),
    [
        ("tests/test_interop_jax.py", True),
        ("tests/test_interop_arrays.py::test_derivatives_are_those_of_the_library[Gaunt]", True),
        ("tests/test_interop_arrays.py::test_every_product[Gaunt-array_api_strict]", False),
        ("tests/test_byte_order.py::test_products_of_jax", True),
        ("tests/test_byte_order.py::test_other_products[float32]", False),
        ("tests/test_crosscheck.py::test_verdicts", False),
        ("tests/test_families.py::test_row_of_the_page", False),
        ("tests/test_families.py", False),
    ],
)
def test_what_make_test_interop_runs(nodeid: str, runs: bool) -> None:
    from tests import skips

    assert skips.chosen(nodeid) == runs


def test_what_make_test_interop_is_said_to_run_and_does_not_fails_under_ci(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\ndef test():\n    pytest.skip('nvcc is not installed')\n")
    code, lines = run(tmp_path, root, "true")
    assert code == 1 and any("let make test-interop run it" in line for line in lines)

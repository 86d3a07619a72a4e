"""The cache of compiled kernels: whatever happens to its files, kernels give the same numbers, after one warning."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from coupling.kernels import doubledouble, jit

CHOSEN = ("product", "inverse_root", "is_rounded", "add", "quotient")
ARGUMENTS = {
    "product": (0.1, 0.0, 10.0, 0.0),
    "inverse_root": (4.0, 0.0),
    "is_rounded": (1.0, 2.0**-60, 2.0**-96),
    "add": (1.0, 0.0, 2.0**-60, 0.0),
    "quotient": (1.0, 0.0, 3.0, 0.0),
}
EXPECTED = {
    "product": (1.0, 5.551115123125783e-17),
    "inverse_root": (0.5, 0.0),
    "is_rounded": True,
    "add": (1.0, 8.673617379884035e-19),
    "quotient": (0.3333333333333333, 1.850371707708594e-17),
}


def flipped(whole: bytes) -> bytes:
    """The same with one bit changed in its middle: it still unpickles, to other machine code."""
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut after a byte": lambda whole: whole[:1],
    "cut in the middle": lambda whole: whole[: len(whole) // 2],
    "cut before the last byte": lambda whole: whole[:-1],
    "longer": lambda whole: whole + b".",
    "garbled": lambda whole: bytes((17 * i + 3) % 256 for i in range(len(whole))),
    "zeros": lambda whole: bytes(len(whole)),
    "another object": lambda whole: pickle.dumps({"another": 1}),
    "one bit": flipped,
}


def fresh(name: str) -> jit.Any:
    """A kernel as a new process has it: nothing compiled yet."""
    return jit.kernel(getattr(doubledouble, name).py_func)


def use(name: str) -> tuple[int, list[str]]:
    """Call a kernel in a new process, so to say; return its cache hits and what was warned of."""
    jit._WARNED.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = fresh(name)
        assert compiled(*ARGUMENTS[name]) == EXPECTED[name]
    return sum(compiled.stats.cache_hits.values()), [str(warning.message) for warning in caught]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of five kernels."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(jit, "_WARNED", [])
    for name in CHOSEN:
        assert use(name) == (0, [])
        assert use(name) == (1, [])
    return tmp_path


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_compiled_again_and_replaced(folder: Path, damage: str) -> None:
    files = sorted(folder.rglob("*.nb?"))
    assert len(files) == 2 * len(CHOSEN)
    for file in files:
        name = file.name.split("-")[0].removeprefix("doubledouble.")
        whole = file.read_bytes()
        file.write_bytes(DAMAGES[damage](whole))
        assert file.read_bytes() != whole
        hits, warned = use(name)
        assert hits == 0 and len(warned) == 1, (file.name, warned)
        assert f"{file.name} is damaged" in warned[0] and "NUMBA_CACHE_DIR" in warned[0]
        assert use(name) == (1, []), file.name


def test_all_files_damaged_at_once_give_one_warning(folder: Path) -> None:
    for file in folder.rglob("*.nb?"):
        file.write_bytes(b"")
    jit._WARNED.clear()
    with pytest.warns(RuntimeWarning, match="cannot be used") as caught:
        for name in CHOSEN:
            assert fresh(name)(*ARGUMENTS[name]) == EXPECTED[name]
    assert len(caught) == 1


def test_a_missing_file_and_another_version_are_no_damage(folder: Path) -> None:
    (data,) = folder.rglob("doubledouble.product-*.nbc")
    data.unlink()
    assert use("product") == (0, [])
    (index,) = folder.rglob("doubledouble.product-*.nbi")
    for version in (b"0.1.0", numba.__version__.encode()):
        index.write_bytes(pickle.dumps(version.decode()) + pickle.dumps(("stamp", {"key": "what numba itself writes"})))
        assert use("product") == (0, [])
        assert use("product") == (1, [])


def test_machine_code_of_another_signature_is_not_taken(folder: Path) -> None:
    """Two processes that save at once number their files alike, and the index names only one of them."""
    for values in ((1, 0, 2, 0), (1.0, 0.0, 2.0, 0.0)):
        assert fresh("add")(*values) == (3.0, 0.0)
    first, second = sorted(folder.rglob("doubledouble.add-*.nbc"))
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    for values in ((1, 0, 2, 0), (1.0, 0.0, 2.0, 0.0)):
        compiled = fresh("add")
        assert compiled(*values) == (3.0, 0.0)
        assert not compiled.stats.cache_hits


PROGRAM = """
import os, resource, sys, warnings
warnings.simplefilter("always")
from coupling.kernels.doubledouble import add, product, quotient
add(1, 0, 2, 0)  # numba has loaded all of itself
{break_it}
assert product(0.1, 0.0, 10.0, 0.0) == (1.0, 5.551115123125783e-17)
assert quotient(1.0, 0.0, 3.0, 0.0) == (0.3333333333333333, 1.850371707708594e-17)
assert add(1.0, 0.0, 2.0, 0.0) == (3.0, 0.0)
"""
READ_ONLY = """
os.chmod({folder!r}, 0o555)
if os.getuid() == 0:
    os.setuid(65534)
"""
BREAKS = {
    "full disk": "resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))",
    "read-only folder": READ_ONLY,
    "folder gone": "import shutil; shutil.rmtree({folder!r}); open({folder!r}, 'w').close()",
}


@pytest.mark.skipif(os.name != "posix", reason="limits and permissions of POSIX")
@pytest.mark.parametrize("reason", BREAKS)
def test_where_the_cache_cannot_be_written_there_is_one_warning(tmp_path: Path, reason: str) -> None:
    seed = "from coupling.kernels.doubledouble import fma, product"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", seed], env=environment, check=True)
    (folder,) = (tmp_path / "cache").iterdir()
    code = PROGRAM.format(break_it=BREAKS[reason].format(folder=str(folder)))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("RuntimeWarning") == 1, done.stderr
    assert "the cache of compiled kernels cannot be used" in done.stderr
    left = list(folder.iterdir()) if folder.is_dir() else []
    assert not [file for file in left if "tmp" in file.name]

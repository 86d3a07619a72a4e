"""Tables that are not shipped: built when asked for, once, by one process, and never believed unread."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import coupling
from coupling.cli import main
from coupling.conventions import BASES
from coupling.files.atomic import write
from coupling.files.cache import cache_folder
from coupling.files.container import read
from coupling.files.reader import read_manifest
from coupling.files.sources import digest_of, source_files
from coupling.numbers.sizes import table_bytes
from coupling.selection import PARITIES
from coupling.tables import Request, TableError, build, load
from coupling.tables.request import TABLE_LIMIT, request_of
from tests.sources import imports, inside, modules

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG_CACHE_HOME moves the cache")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, elsewhere and empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert cache_folder().is_relative_to(tmp_path)
    return cache_folder()


def files(cache: Path) -> list[str]:
    """The names of the files in the cache, but for the empty ones that are locked."""
    listing = sorted(path.name for path in cache.iterdir()) if cache.exists() else []
    return [name for name in listing if not name.endswith(".lock")]


# -- built when asked for ---------------------------------------------------------------------


def test_what_is_shipped_needs_no_cache(tmp_path: Path) -> None:
    for name in read_manifest():
        assert load(name).request.name == name
    assert not list(tmp_path.iterdir())


def test_what_is_not_shipped_is_built_and_kept(cache: Path, tmp_path: Path) -> None:
    names = ["real-l5", "complex-l3", "real-l2-3-4", "complex-l3-odd", "real-l0"]
    for name in names:
        built = build(request_of(name), tmp_path / f"{name}.safetensors")
        assert load(name).metadata == built.metadata
        assert (cache / f"{name}.safetensors").read_bytes() == (tmp_path / f"{name}.safetensors").read_bytes()
    assert files(cache) == sorted(f"{name}.safetensors" for name in names)
    before = [(cache / file).stat() for file in files(cache)]
    assert [load(name).request.name for name in names] == names
    assert [(cache / file).stat() for file in files(cache)] == before


def test_every_default_name_is_understood_and_nothing_else() -> None:
    lmaxs = [0, 7, 10, 127, (1, 2, 3), (4, 4, 8), (2, 1, 2)]
    met = 0
    for basis, lmax, parity in product(BASES, lmaxs, PARITIES):
        if parity == "odd" and lmax == 0:
            continue
        request = Request(lmax=lmax, basis=basis, parity=parity)
        assert request_of(request.name) == request
        met += 1
    assert met == 2 * 7 * 3 - 2
    for name in ["real", "real-l", "real-l04", "real-l4-4", "real-l4-4-4", "real-l-4", "real-l4-all", "Real-l4", "l4",
                 "real-l4 ", "real-l4\n", "real-l٤", "complex-l4-even-odd", "", "real-l4.5"]:  # fmt: skip
        assert request_of(name) is None


def test_names_that_are_none_are_refused_with_those_that_are(tmp_path: Path) -> None:
    words = r"unknown table 'reel-l4': shipped are complex-l4, real-l12, real-l4, real-l8; built on .* real-l<N>"
    with pytest.raises(FileNotFoundError, match=words):
        load("reel-l4")
    for name in ("", "real-l04", "complex", "real-l4-4"):
        with pytest.raises(FileNotFoundError, match=f"unknown table '{name}'"):
            load(name)
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = {}
    for basis in BASES:
        fits = [l for l in range(64) if table_bytes((l, l, l), basis, "all", 4) <= TABLE_LIMIT]
        largest[basis] = fits[-1]
        words = rf"up to 1073741824 bytes, {basis}-l{fits[-1] + 1} has about \d{{10}}: build it with `coupling build"
        with pytest.raises(ValueError, match=words):
            load(f"{basis}-l{fits[-1] + 1}")
    assert largest == {"real": 39, "complex": 45}  # as the docstring of load says
    with pytest.raises(ValueError, match="lmax must be <= 127"):
        load("real-l128")
    monkeypatch.setattr("coupling.tables.builder.shutil.disk_usage", lambda folder: SimpleNamespace(free=10**6))
    words = r"real-l20 is not shipped and cannot be built into .*needs \d{8} bytes of disk, .* has 1000000$"
    with pytest.raises(OSError, match=words):
        load("real-l20")
    assert not files(cache_folder())


def test_a_folder_that_cannot_be_written(cache: Path) -> None:
    cache.parent.parent.mkdir()
    cache.parent.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="real-l5 is not shipped and cannot be built into"):
        load("real-l5")
    assert len(load("real-l4")) == 65


# -- never believed unread --------------------------------------------------------------------


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def other(path: Path) -> None:
    path.write_bytes(build(Request(lmax=4)).save(path.parent / "real-l4.safetensors").read_bytes())


def even_only(path: Path) -> None:
    """A sound file of this name, but not the table that the name asks for."""
    build(Request(lmax=5, parity="even"), path, force=True)


@pytest.mark.parametrize(
    ("damage", "field"),
    [(flip, "checksum"), (truncate, "size"), (empty, "size"), (other, "name"), (even_only, "request_digest")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_damaged_entry_is_refused_and_can_be_renewed(damage: Callable[[Path], None], field: str, cache: Path) -> None:
    load("real-l5")
    path = cache / "real-l5.safetensors"
    sound = path.read_bytes()
    damage(path)
    for _ in range(2):  # it is not silently replaced
        with pytest.raises(TableError) as error:
            load("real-l5")
        assert error.value.field == field and error.value.file == str(path)
        assert "; remove this file, or run `coupling load real-l5 --renew`, and it is built" in str(error.value)
    assert command("load", "real-l5") == 2
    assert command("load", "real-l5", "--renew") == 0
    assert path.read_bytes() == sound and len(load("real-l5")) == 111


# -- never believed when it is old ------------------------------------------------------------


def rewritten(path: Path, **metadata: object) -> None:
    """A sound file with a wrong sign, whose metadata say who has built it."""
    content = read(path)
    arrays = {name: array.copy() for name, array in content.arrays.items()}
    next(iter(arrays.values()))[0] *= -1
    kept = {key: value for key, value in content.metadata.items() if key != "checksum"}
    changed = {key: value for key, value in {**kept, **metadata}.items() if value is not None}
    write(path, changed, content.tensors, arrays.values())


@pytest.mark.parametrize("name", ["real-l5", "design-l2", "fourier-l3"])
@pytest.mark.parametrize(
    ("old", "words"),
    [
        ({"package_version": "0.0.1"}, r"was built by coupling 0\.0\.1 and has been built again"),
        ({"builder": "0" * 64}, r"was built by other sources of coupling 0\.1\.0 and has been built again"),
        ({"builder": None}, r"was built by other sources of coupling 0\.1\.0 and has been built again"),
    ],
    ids=["another version", "other sources", "before there was a digest"],
)
def test_an_entry_that_others_have_built_is_built_again(
    name: str, old: dict[str, object], words: str, cache: Path
) -> None:
    load_any = load if name.startswith("real") else coupling.load_arrays
    load_any(name)
    path = cache / f"{name}.safetensors"
    sound = path.read_bytes()
    rewritten(path, **old)
    with pytest.warns(UserWarning, match=words):
        load_any(name)
    assert path.read_bytes() == sound
    load_any(name)  # and now without a warning
    rewritten(path, **old)
    run = subprocess.run([sys.executable, "-m", "coupling", "load", name], capture_output=True, text=True)
    assert run.returncode == 0 and path.read_bytes() == sound
    assert re.fullmatch(rf"Warning: {re.escape(str(path))} {words}\n", run.stderr)


def test_an_old_entry_beyond_the_limit_is_not_built_on_demand(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load("real-l5")
    monkeypatch.setattr("coupling.tables.request.TABLE_LIMIT", 100)
    assert load("real-l5").request.lmax == (5, 5, 5)
    monkeypatch.setattr("coupling.files.sources.builder_digest", lambda: "0" * 64)
    with pytest.raises(ValueError, match="build it with `coupling build --lmax 5,5,5 --basis real`"):
        load("real-l5")


def test_everything_that_the_builders_import_enters_the_digest() -> None:
    names = dict(source_files())
    assert "designs.safetensors" in names and len(names) > 60
    todo, met = ["coupling.tables.builder", "coupling.arrays.builder"], set[str]()
    while todo:
        name = todo.pop()
        if name not in met:
            met.add(name)
            todo += [target for target, _ in imports(name) if inside(target, "coupling") and target != "coupling"]
    missing = {name for name in met if modules()[name] not in names.values()}
    assert not missing and len(met) > 50


def test_the_digest_is_that_of_the_contents(tmp_path: Path) -> None:
    """Names, contents and data count; the ends of lines, the order and the place do not."""
    files = {"a.py": b"x = 1\ny = 2\n", "exact/b.py": b"", "data": b"1\r\n2"}

    def digest(changes: dict[str, bytes]) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        content = files | changes
        for name, text in content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text)
        return digest_of((name, folder / name) for name in reversed(content))

    same = digest({})
    assert digest({"a.py": b"x = 1\r\ny = 2\r\n"}) == same
    others = [{"a.py": b"x = 1\ny = 3\n"}, {"c.py": b""}, {"data": b"1\n2"}, {"exact/b.py": b"a"}]
    assert len({digest(change) for change in others} | {same}) == 5


def test_every_shipped_file_says_the_same_sources() -> None:
    from coupling.arrays import load_arrays
    from coupling.manybody import load_bases

    digests = {load(name).metadata["builder"] for name in read_manifest()}
    digests |= {load_arrays(name).metadata["builder"] for name in read_manifest(kind="arrays")}
    digests |= {load_bases(name).metadata["builder"] for name in read_manifest(kind="bases")}
    assert len(digests) == 1


def command(*arguments: str) -> int:
    return CliRunner().invoke(main, list(arguments)).exit_code


def test_the_command_says_where_a_table_is(cache: Path) -> None:
    result = CliRunner().invoke(main, ["load", "real-l4", "complex-l2"])
    assert result.exit_code == 0
    first, place, second, cached = result.stdout.splitlines()
    assert first.startswith("Table('real-l4'") and place.endswith("real-l4.safetensors (shipped, 26975 bytes)")
    assert second.startswith("Table('complex-l2'") and f"{cache / 'complex-l2.safetensors'} (cache, " in cached
    assert command("load", "real-l4", "--renew") == command("load", "reel") == 2


# -- many processes ---------------------------------------------------------------------------

#: Builds are counted in a file; all processes start when another file appears.
PROGRAM = """
import os, sys, time
from pathlib import Path
import coupling.tables.builder as builder
from coupling.tables import load
here, name, pause = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
build = builder.build
def counted(request, file):
    with open(here / "builds", "a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(pause)
    return build(request, file)
builder.build = counted
(here / f"ready-{os.getpid()}").touch()
while not (here / "go").exists():
    time.sleep(0.001)
table = load(name)
print(table.metadata["checksum"], table.core.sum())
"""


def start(here: Path, name: str, pause: float = 0.0) -> subprocess.Popen[str]:
    run = [sys.executable, "-c", PROGRAM, str(here), name, str(pause)]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_processes_that_ask_at_once_build_once(cache: Path, tmp_path: Path) -> None:
    crowd = [start(tmp_path, "real-l6", pause=0.2) for _ in range(4)]
    wait_for(lambda: len(list(tmp_path.glob("ready-*"))) == 4)
    (tmp_path / "go").touch()
    outputs = [process.communicate(timeout=120) for process in crowd]
    assert [process.returncode for process in crowd] == [0] * 4, outputs
    assert len({stdout for stdout, _ in outputs}) == 1 and outputs[0][0].strip()
    assert len((tmp_path / "builds").read_text().split()) == 1
    assert files(cache) == ["real-l6.safetensors"]
    build(Request(lmax=6), tmp_path / "real-l6.safetensors")
    assert (cache / "real-l6.safetensors").read_bytes() == (tmp_path / "real-l6.safetensors").read_bytes()


def test_a_killed_builder_holds_nobody_up(cache: Path, tmp_path: Path) -> None:
    first = start(tmp_path, "real-l6", pause=600)
    (tmp_path / "go").touch()
    wait_for(lambda: (tmp_path / "builds").exists())
    second = start(tmp_path, "real-l6")
    wait_for(lambda: len(list(tmp_path.glob("ready-*"))) == 2)
    time.sleep(0.1)
    assert second.poll() is None and not files(cache)  # it waits
    first.send_signal(signal.SIGKILL)
    first.communicate()
    stdout, stderr = second.communicate(timeout=120)
    assert second.returncode == 0, stderr
    assert stdout and files(cache) == ["real-l6.safetensors"]

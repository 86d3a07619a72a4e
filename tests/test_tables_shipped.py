"""The shipped tables: they are what a rebuild gives, and loading them costs numpy only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import jsonschema
import numpy as np
import pytest

from coupling import block, load
from coupling.files.catalogue import build_one, manifest_entry, with_these_numbers, write_manifest
from coupling.files.container import file_name
from coupling.files.reader import file_digest, read_manifest
from coupling.tables import Request, Table, TableError, build, read_request
from coupling.tables.check import check
from coupling.tables.reader import KIND
from coupling.tables.request_file import read_requests
from tests.machine import slowness

COMMITTED = ["complex-l4", "real-l12", "real-l4", "real-l8"]


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "tables"


def names(folder: Path) -> list[str]:
    return sorted(file.stem for file in (folder / "requests").glob("*.toml"))


def test_a_rebuild_gives_the_bytes_of_the_manifest(folder: Path, tmp_path: Path, shipped_sources: str) -> None:
    """Every table of the repository, built here and now, against the digests that are committed."""
    manifest = read_manifest(folder)
    assert sorted(manifest) == names(folder) == COMMITTED
    for name, entry in manifest.items():
        file = tmp_path / f"{name}.safetensors"
        table = build(read_request(folder / "requests" / f"{name}.toml"), file)
        assert manifest_entry(file, table.metadata) == entry, f"{name}: run `coupling build --all`"
    (tmp_path / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    assert not write_manifest(
        tmp_path, manifest.items(), *(read_manifest(folder, kind).items() for kind in ("arrays", "bases"))
    )


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A folder with one request, whose table was built by other sources than these."""
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests" / "real-l2.toml").write_text('name = "real-l2"\nlmax = 2\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coupling.files.sources.builder_digest", lambda: "0" * 64)
        build(Request(lmax=2), tmp_path / "data" / "real-l2.safetensors")
    return tmp_path


def rebuilt(folder: Path) -> bool:
    """Whether the catalogue builds its one table anew."""
    (request,) = read_requests(folder)
    file = folder / "data" / file_name(request.name)
    outcome = build_one(KIND, request, file, lambda table, built: check(table), same=lambda: build(request).held)
    assert outcome.report is not None and outcome.report.passed
    return outcome.built


def test_a_table_of_other_sources_is_kept_while_its_numbers_are_the_same(
    catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = catalogue / "data" / "real-l2.safetensors"
    before = file.read_bytes()
    assert not rebuilt(catalogue) and file.read_bytes() == before
    other = load(file, mapped=False)
    monkeypatch.setattr("coupling.version.__version__", "0.0.1")
    monkeypatch.setattr("coupling.files.sources.__version__", "0.0.1", raising=False)
    assert rebuilt(catalogue), "another version is another table"
    assert np.array_equal(load(file).core, other.core)


@pytest.mark.parametrize("array", ["core", "orders", "paths", "offsets", "factors"])
def test_a_table_of_other_sources_with_other_numbers_is_built_anew(catalogue: Path, array: str) -> None:
    """Down to the last bit of any array."""
    file = catalogue / "data" / "real-l2.safetensors"
    table = load(file, mapped=False)
    arrays = {name: getattr(table, name).copy() for name in ("paths", "offsets", "orders", "core")}
    factors = {name: value.copy() for name, value in table.factors.items()}
    changed = next(iter(factors.values())) if array == "factors" else arrays[array]
    changed.reshape(-1).view(np.uint8)[-8 if array == "core" else 0] ^= 1
    forged = Table(table.request, table.metadata, **arrays, factors=factors)
    same = lambda: build(table.request).held  # noqa: E731 - what these sources compute
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coupling.files.catalogue.load_file", lambda kind, path: forged)
        assert with_these_numbers(KIND, table.request, file, same) is None
    assert with_these_numbers(KIND, table.request, file, same) is not None


def test_the_committed_files_are_those_of_the_manifest(folder: Path) -> None:
    for name in COMMITTED:
        file = folder / "data" / f"{name}.safetensors"
        assert file_digest(file) == read_manifest(folder)[name]["sha256"]
        assert file.stat().st_size < 4_000_000
    assert len(COMMITTED) == 4


def test_the_manifest_obeys_its_schema(folder: Path) -> None:
    schemas = {file.name: json.loads(file.read_text()) for file in (folder / "schema").glob("*.json")}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schemas["manifest-3.json"])
    manifest = json.loads((folder / "manifest.json").read_text())
    validator.validate(manifest)
    manifest["tables"]["real-l4"]["sha256"] = "no"
    assert not validator.is_valid(manifest)


@pytest.mark.parametrize("name", COMMITTED)
def test_shipped_tables_hold_the_numbers_of_the_package(name: str) -> None:
    table = load(name)
    basis, met = table.request.basis, 0
    for (l1, l2, l3), _, core in table:
        if l1 + l2 + l3 <= 9:
            dense = block("wigner_3j", l1, l2, l3, basis=basis)
            assert np.array_equal(table.block("wigner_3j", l1, l2, l3), dense)
            met += len(core)
    assert met > 900 and table.check().passed


HEAVY = {"click", "llvmlite", "matplotlib", "mpmath", "numba", "platformdirs", "safetensors", "scipy", "sympy"}

#: Loads a table in a fresh process: milliseconds of the first load and of later ones, then what is imported.  One
#: thread does it, so that its CPU time is what an idle machine takes; this one may have other things to do.
FIRST_LOAD = """
import sys, time, numpy, coupling
def load():
    start = time.process_time()
    table = coupling.load("real-l8")
    return 1000 * (time.process_time() - start), table
coupling.load  # imports the reader
first, table = load()
later = sorted(load()[0] for _ in range(9))[4]
table.block("gaunt", 2, 3, 4), table.normalization("gaunt"), next(iter(table))
mapped = table.core
while mapped.base is not None and not isinstance(mapped, numpy.memmap):
    mapped = mapped.base
print(first, later, type(mapped).__name__, *sys.modules)
"""


def test_loading_costs_numpy_only_and_is_quick(root: Path) -> None:
    """The median of fresh processes, all verification included; the reader is imported before."""
    firsts, laters = [], []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", FIRST_LOAD], cwd=root, capture_output=True, text=True, check=True)
        first, later, mapped, *loaded = done.stdout.split()
        firsts.append(float(first))
        laters.append(float(later))
        assert not HEAVY & set(loaded)
        assert not [name for name in loaded if name.startswith(("coupling.exact", "coupling.kernels"))]
        assert "coupling.tables.reader" in loaded and "coupling.tables.builder" not in loaded
        assert mapped in ("memmap", "mmap")
    assert max(median(firsts), median(laters)) < 10 * slowness()


@pytest.fixture
def copy(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped files that `load` by name looks at."""
    (tmp_path / "data").mkdir()
    (tmp_path / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    for name in COMMITTED:
        file = Path("data") / f"{name}.safetensors"
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    monkeypatch.setattr("coupling.files.reader.table_folder", lambda: tmp_path)
    return tmp_path


def test_a_sound_table_that_is_not_the_shipped_one_is_refused(copy: Path) -> None:
    assert len(load("real-l4")) == 65
    build(Request(lmax=5), copy / "data" / "real-l4.safetensors", force=True)
    with pytest.raises(TableError, match=r"real-l4\.safetensors: sha256: expected [0-9a-f]{64}, as in the manifest"):
        load("real-l4")
    assert len(load(copy / "data" / "real-l4.safetensors")) == 111


def test_shipped_tables_that_change_places_are_refused(copy: Path) -> None:
    left, right = (copy / "data" / f"real-l{l}.safetensors" for l in (4, 8))
    a, b = left.read_bytes(), right.read_bytes()
    left.write_bytes(b)
    right.write_bytes(a)
    for path in (left, right):
        with pytest.raises(TableError, match="sha256"):
            load(path.stem)
        with pytest.raises(TableError, match="name"):
            load(path)


def test_a_table_of_the_manifest_that_is_not_there_is_built(
    copy: Path, monkeypatch: pytest.MonkeyPatch, shipped_sources: str
) -> None:
    """From a repository without its data, say; then it must still be the file of the manifest."""
    monkeypatch.setattr("coupling.files.cache.cache_folder", lambda version: copy / "cache")
    (copy / "data" / "complex-l4.safetensors").unlink()
    assert load("complex-l4").request.basis == "complex"
    file = copy / "cache" / "complex-l4.safetensors"
    assert file_digest(file) == read_manifest(copy)["complex-l4"]["sha256"]
    build(Request(lmax=4, basis="complex", families=["gaunt"], name="complex-l4"), file, force=True)
    with pytest.raises(TableError, match=r"request_digest: .*; remove this file"):
        load("complex-l4")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["tables"]["complex-l4"]["request_digest"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(FileNotFoundError, match="is not there, and its name does not say what it holds"):
        load("complex-l4")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"tables": 3}', '{"tables": {"real-l4": 3}}', '{"tables": {"real-l4": {}}}',
     '{"tables": {}, "arrays": {}, "schema_version": 1}', "[" * 10000,
     '{"tables": {"real-l4": {"sha256": 1}}, "arrays": {}, "schema_version": 2}'],
    ids=range(10),
)  # fmt: skip
def test_a_damaged_manifest_is_refused(text: str, copy: Path) -> None:
    (copy / "manifest.json").write_text(text)
    with pytest.raises(TableError, match=r"manifest\.json: (manifest|schema_version)"):
        load("real-l4")


def test_without_a_manifest_there_are_no_shipped_tables(copy: Path) -> None:
    (copy / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"unknown table 'real-4': shipped are none;"):
        load("real-4")

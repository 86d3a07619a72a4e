"""Table files: what is written, what is read back, and that nothing else is believed."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import safe_open

from coupling.arrays import build_arrays, load_arrays
from coupling.conventions import BASES
from coupling.files.atomic import write
from coupling.files.container import HEADER_LIMIT, NO_CHECKSUM, read
from coupling.tables import Request, Table, TableError, build, load
from tests.forgeries import array, check_refused, drop, entry, exchange, forge, put

REQUESTS = [
    Request(lmax=3),
    Request(lmax=2, basis="complex"),
    Request(lmax=(1, 2, 3), parity="odd", families=["antisymmetric_gaunt"]),
    Request(lmax=0),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small table file."""
    path = tmp_path_factory.mktemp("file") / "real-l2.safetensors"
    build(Request(lmax=2), path)
    return path


def arrays_of(table: Table) -> list[NDArray[Any]]:
    return [table.core, *table.factors.values(), table.offsets, table.orders, table.paths]


# -- what is written --------------------------------------------------------------------------


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.name)
def test_round_trips(request_: Request, tmp_path: Path) -> None:
    built = build(request_)
    first = built.save(tmp_path)
    loaded = load(first)
    assert loaded.request == request_ and loaded.metadata["counts"] == built.metadata["counts"]
    for left, right in zip(arrays_of(built), arrays_of(loaded), strict=True):
        assert left.dtype == right.dtype and np.array_equal(left, right) and not right.flags.writeable
    second = loaded.save(tmp_path / "other.safetensors")
    assert load(second).request == request_.renamed("other")
    third = load(second).save(tmp_path / first.name)
    built_file = tmp_path / "built" / first.name
    build(request_, built_file)
    assert third.read_bytes() == built_file.read_bytes()


def test_any_safetensors_reader_reads_it(file: Path) -> None:
    table = load(file)
    with safe_open(file, framework="numpy") as stream:
        assert list(stream.metadata()) == ["coupling"]
        assert json.loads(stream.metadata()["coupling"]) == table.metadata
        names = ["core", *(f"reduced_{family}" for family in table.factors), "offsets", "orders", "paths"]
        assert sorted(stream.keys()) == sorted(names)
        for name, array in zip(names, arrays_of(table), strict=True):
            assert np.array_equal(stream.get_tensor(name), array)


def test_the_header_is_padded_and_the_checksum_is_of_the_whole_file(file: Path) -> None:
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    assert (8 + length) % 64 == 0 and raw[7 + length] in b" }"
    stated = load(file).metadata["checksum"]
    assert raw.count(stated.encode()) == 1
    assert hashlib.sha256(raw.replace(stated.encode(), NO_CHECKSUM.encode())).hexdigest() == stated


def test_no_date_no_path_no_machine(file: Path, tmp_path: Path) -> None:
    twin = tmp_path / "another place" / file.name
    build(Request(lmax=2), twin)
    assert twin.read_bytes() == file.read_bytes()
    assert str(file.parent).encode() not in file.read_bytes()


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.name)
def test_metadata_obey_the_schema(request_: Request, root: Path, tmp_path: Path) -> None:
    schema = json.loads((root / "tables/schema/table-1.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    metadata = dict(load(build(request_).save(tmp_path)).metadata)
    validator.validate(metadata)
    for key in metadata:
        assert not validator.is_valid({k: v for k, v in metadata.items() if k != key})
        assert not validator.is_valid({**metadata, key: 3.5})
    assert not validator.is_valid({**metadata, "date": "today"})


def test_saving_under_a_name_that_is_none(tmp_path: Path) -> None:
    table = build(Request(lmax=1))
    for name in ("table.npz", "table", ".safetensors", "a b.safetensors"):
        with pytest.raises(ValueError, match=r"<name>\.safetensors|name must be"):
            table.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


# -- damage: more of it in test_integrity.py ---------------------------------------------------


def test_a_flip_of_any_byte_of_any_region_is_detected(file: Path, tmp_path: Path) -> None:
    original, target = file.read_bytes(), tmp_path / file.name
    for position in range(0, len(original), 3):
        raw = bytearray(original)
        raw[position] ^= 255
        target.write_bytes(raw)
        with pytest.raises(TableError):
            load(target)
    assert len(original) > 3000


# -- deliberate damage ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "size"),
        (b"1234567", "size"),
        (b"\xff" * 8 + b"{}", "header length"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "header length"),
        ((HEADER_LIMIT + 8).to_bytes(8, "little") + b" " * (2 * HEADER_LIMIT), "header length"),
        ((2).to_bytes(8, "little") + b"{}", "header"),
        ((2).to_bytes(8, "little") + b"[]", "header"),
        ((4).to_bytes(8, "little") + b"null", "header"),
        ((4).to_bytes(8, "little") + b"\xff\xff\xff\xff", "header"),
        ((60000).to_bytes(8, "little") + b"[" * 60000, "header"),
        ((60000).to_bytes(8, "little") + b'{"a":' * 12000, "header"),
        ((60008).to_bytes(8, "little") + b'{"a":' + b"9" * 60000 + b"}  ", "header"),
    ],
    ids=range(12),
)
def test_hostile_headers_are_refused_without_allocating(raw: bytes, field: str, tmp_path: Path) -> None:
    path = tmp_path / "real-l2.safetensors"
    path.write_bytes(raw)
    with pytest.raises(TableError):  # imports what the first error of its kind imports
        load(path)
    tracemalloc.start()
    with pytest.raises(TableError) as error:
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.field == field and error.value.file == str(path)
    assert peak < 10 * len(raw) + (64 << 10)


def test_a_header_that_promises_terabytes(file: Path, tmp_path: Path) -> None:
    content = read(file)
    tensors = [t._replace(shape=(2**40,)) if t.name == "core" else t for t in content.tensors]
    path = tmp_path / file.name
    with pytest.raises(ValueError, match="do not fill"):
        write(path, {}, tensors, content.arrays.values())
    assert not list(tmp_path.iterdir())
    from coupling.files.container import encode_header

    path.write_bytes(encode_header(content.metadata, tensors) + file.read_bytes()[-500:])
    with pytest.raises(TableError, match=r"size: expected \d{13,} bytes, found \d{4}$"):
        load(path)


FORGERIES: list[tuple[Callable[..., object], str]] = [
    (put("schema", "other"), "schema"),
    (drop("schema"), "schema"),
    (put("schema_version", 2), "schema_version"),
    (put("schema_version", 3), "schema_version"),
    (put("schema_version", 0), "schema_version"),
    (put("schema_version", "1"), "schema_version"),
    (put("schema_version", True), "schema_version"),
    (drop("schema_version"), "schema_version"),
    (put("convention", "coupling-0"), "convention"),
    (put("name", "real-l3"), "name"),
    (put("name", "../real-l2"), "request"),
    (put("request.lmax", [3, 3, 3]), "request_digest"),
    (put("request.lmax", 2), "request"),
    (put("request.lmax", [2, 2]), "request"),
    (put("request.lmax", [127, 127, 127]), "request_digest"),
    (put("request.basis", "complex"), "request_digest"),
    (put("request.basis", None), "request"),
    (put("request.families", ["gaunt"]), "request_digest"),
    (put("request.extra", 1), "request"),
    (put("request", []), "request"),
    (drop("request"), "request"),
    (put("request_digest", "0" * 64), "request_digest"),
    (put("imaginary", ["gaunt"]), "imaginary"),
    (put("rounding.core", "good"), "rounding"),
    (put("source", ""), "source"),
    (put("package_version", 1), "package_version"),
    (put("date", "today"), "metadata keys"),
    (drop("package_version"), "metadata keys"),
    (drop("counts"), "metadata keys"),
    (put("counts", None), "counts"),
    (put("counts.entries", 136), "array core"),
    (put("counts.entries", -1), "counts"),
    (put("counts.entries", 1.5), "counts"),
    (put("counts.paths", 14), "array reduced_wigner_3j"),
    (put("counts.accidental_zeros", 7), "counts"),
    (put("counts.symmetry_zeros", 7), "counts"),
    (entry("core", 5, np.nan), "core of entry 5"),
    (entry("core", 136, np.inf), "core of entry 136"),
    (entry("core", 0, 0.0), "core of entry 0"),
    (entry("core", 7, -1.5), "core of entry 7"),
    (entry("orders", 9, [2, 2, 2]), "orders of entry 9"),
    (entry("orders", 9, [-128, -128, -128]), "orders of entry 9"),
    (entry("orders", slice(20, 22), [[-1, 0, 1], [-1, 0, 1]]), "orders of entry 21"),
    (array("orders", lambda a: a["orders"][:, [2, 1, 0]]), "orders of entry 1"),
    (array("orders", lambda a: np.flip(a["orders"], 0)), "orders of entry 0"),
    (entry("offsets", 0, 1), "offsets"),
    (entry("offsets", -1, 136), "offsets"),
    (entry("offsets", 3, -5), "offsets of path 2"),
    (entry("offsets", 3, 2**62), "offsets of path 2"),
    (entry("offsets", 8, 50), "offsets of path 7"),
    (entry("paths", 0, [1, 1, 1]), "path 0"),
    (array("paths", lambda a: np.flip(a["paths"], 0)), "path 0"),
    (entry("reduced_gaunt", 3, np.nan), "reduced_gaunt"),
    (entry("reduced_clebsch_gordan", 0, -np.inf), "reduced_clebsch_gordan"),
    (array("core", lambda a: a["core"].view(np.int64)), "array core"),
    (array("core", lambda a: a["core"].astype(np.int8)), "array core"),
    (array("core", lambda a: a["core"][:, None]), "array core"),
    (array("orders", lambda a: a["orders"].view(np.uint8)), "array orders"),
    (array("orders", lambda a: a["orders"].reshape(3, -1)), "array orders"),
    (array("paths", lambda a: a["paths"].reshape(-1)), "array paths"),
    (array("extra", lambda a: a["paths"]), "arrays"),
    (exchange("orders", "paths"), "array orders"),
    (exchange("core", "reduced_gaunt"), "array core"),
    (lambda metadata, arrays: arrays.pop("paths"), "arrays"),
    (lambda metadata, arrays: arrays.pop("core"), "array reduced_wigner_3j"),
    (lambda metadata, arrays: arrays.__setitem__("offsets", arrays.pop("offsets")), "array orders"),
]


@pytest.mark.parametrize(("change", "field"), FORGERIES, ids=range(len(FORGERIES)))
def test_forgeries_with_a_fitting_checksum_are_refused(
    change: Callable[..., object], field: str, file: Path, tmp_path: Path
) -> None:
    check_refused(change, field, file, tmp_path)


def test_a_forgery_that_changes_nothing_is_the_file(file: Path, tmp_path: Path) -> None:
    path = forge(file, tmp_path / file.name, lambda metadata, arrays: None)
    assert path.read_bytes() == file.read_bytes()


def test_a_newer_schema_says_what_to_do(file: Path, tmp_path: Path) -> None:
    words = r"schema_version: expected 1 or 2 \(the file is newer: upgrade coupling\), found 3"
    with pytest.raises(TableError, match=words):
        load(forge(file, tmp_path / file.name, put("schema_version", 3)))


def test_another_version_of_the_package_is_read(file: Path, tmp_path: Path) -> None:
    path = forge(file, tmp_path / file.name, put("package_version", "0.0.1"))
    assert load(path).metadata["package_version"] == "0.0.1"


@pytest.mark.parametrize("lmax", [0, 1, 2, 3])
@pytest.mark.parametrize("basis", BASES)
def test_arrays_of_equal_shapes_that_change_places_are_refused(basis: str, lmax: int, tmp_path: Path) -> None:
    original = build(Request(lmax=lmax, basis=basis)).save(tmp_path)
    (tmp_path / "forged").mkdir()
    arrays, met = read(original).arrays, 0
    for left, right in combinations(arrays, 2):
        same = arrays[left].shape == arrays[right].shape and arrays[left].dtype == arrays[right].dtype
        if same and not np.array_equal(arrays[left], arrays[right]):
            path = forge(original, tmp_path / "forged" / original.name, exchange(left, right))
            with pytest.raises(TableError, match=r"of path|core of entry"):
                load(path)
            met += 1
    assert met == {0: 7, 1: 6}.get(lmax, 6)


def test_a_wrong_number_with_a_fitting_checksum_is_a_matter_for_check(file: Path, tmp_path: Path) -> None:
    path = forge(file, tmp_path / file.name, entry("core", 1, 0.25))
    assert not load(path).check().passed


def test_a_renamed_file_is_refused(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "real-l4.safetensors"
    path.write_bytes(file.read_bytes())
    words = r"name: expected real-l2\.safetensors, the name in its metadata, found real-l4"
    with pytest.raises(TableError, match=words):
        load(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no table file"):
        load(tmp_path / "real-l2.safetensors")
    with pytest.raises(FileNotFoundError, match="unknown table 'reel-l4'"):
        load("reel-l4")
    with pytest.raises(OSError):
        load(tmp_path)


def test_without_verification_the_structure_is_still_checked(file: Path, tmp_path: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[int.from_bytes(raw[:8], "little") + 8] ^= 1  # the first byte of the core
    path = tmp_path / file.name
    path.write_bytes(raw)
    assert np.count_nonzero(load(path, verify=False).core != load(file).core) == 1
    path.write_bytes(raw[:-1])
    with pytest.raises(TableError, match="size"):
        load(path, verify=False)


def test_a_file_of_arrays_is_no_table_and_says_so(tmp_path: Path) -> None:
    """By its schema, before anything else of it is looked at; and the other way round."""
    with pytest.raises(TableError) as refused:
        load(build_arrays("fourier-l2").save(tmp_path))
    assert (refused.value.field, refused.value.found) == ("schema", "coupling-arrays")
    with pytest.raises(TableError) as refused:
        load_arrays(build(Request(lmax=1)).save(tmp_path))
    assert (refused.value.field, refused.value.found) == ("schema", "coupling-table")

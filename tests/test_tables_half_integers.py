"""Tables of half-integer degrees: numbers, files, versions, forgeries, exports; integer tables keep their bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner

import coupling
from coupling import exact, plots
from coupling.cli import main
from coupling.export import export, list_table
from coupling.export.half_integers import export_half_integers
from coupling.families import family, register, unregister
from coupling.files.ownership import file_kind
from coupling.files.reader import load_file
from coupling.numbers.sizes import half_integer_counts, half_integer_paths, half_integer_zeros
from coupling.products import ClebschGordan
from coupling.tables import Request, Table, TableError, build, build_shard, load, merge, read_request
from coupling.tables.reader import KIND
from coupling.tables.request import request_of
from tests.forgeries import array, check_refused, entry, exchange, forge, put
from tests.rounding import is_nearest
from tests.test_tables_file import arrays_of

HALVES: dict[str, Any] = {"basis": "complex", "half_integers": True}
NAMES = ("wigner_3j", "clebsch_gordan")
BOXES = [2.5, 2, 0, 0.5, (1.5, 1, 2.5), (0.5, 3, 2)]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small table file."""
    return build(Request(lmax=1.5, **HALVES)).save(tmp_path_factory.mktemp("half"))


def couple(a: int, b: int, c: int) -> bool:
    return abs(a - b) <= c <= a + b and (a + b + c) % 2 == 0


def test_paths_counts_and_zeros_are_those_of_an_enumeration() -> None:
    """Of doubled degrees to 6: every path, its orders, and which vanish since two columns are equal or all orders 0."""
    for parity in ("all", "even", "odd"):
        found = half_integer_paths((6, 5, 4), parity)
        all_of_them = [path for path in product(range(7), range(6), range(5)) if couple(*path)]
        keep = [p for p in all_of_them if parity == "all" or sum(p) // 2 % 2 == (parity == "odd")]
        assert found.dtype == np.uint8 and found.tolist() == list(map(list, keep)) and len(keep) > 30
    paths, met = half_integer_paths((6, 6, 6), "all"), 0
    for path, count, zeros in zip(paths.tolist(), half_integer_counts(paths), half_integer_zeros(paths), strict=True):
        orders = [m for m in product(*(range(-j, j + 1, 2) for j in path)) if not sum(m)]
        columns = [sorted(zip(path, m, strict=True)) for m in orders]
        equal = [not any(m) or any(a == b for a, b in pairwise(c)) for m, c in zip(orders, columns, strict=True)]
        assert count == len(orders) and zeros == (sum(equal) if sum(path) // 2 % 2 else 0), path
        met += 1
    assert met == 106


@pytest.mark.parametrize("lmax", BOXES)
@pytest.mark.parametrize("parity", ["all", "even", "odd"])
def test_every_coefficient_of_every_path(lmax: Any, parity: str) -> None:
    """Blocks against `coupling.block`, whose entries are nearest doubles; entries, columns and iteration agree."""
    if parity == "odd" and lmax == 0:
        with pytest.raises(ValueError, match=r"^every path to lmax \[0, 0, 0\] is even"):
            Request(lmax=lmax, parity=parity, **HALVES)
        return
    table = build(Request(lmax=lmax, parity=parity, **HALVES))
    assert table.families == NAMES and table.lmax == table.request.lmax and table.check().passed
    box = [int(2 * l) for l in table.lmax]
    met = 0
    for doubled in product(*(range(n + 1) for n in box)):
        js = [Fraction(j, 2) for j in doubled]
        inside = couple(*doubled) and (parity == "all" or sum(doubled) // 2 % 2 == (parity == "odd"))
        for name in NAMES:
            wanted = coupling.block(name, *js, "complex") if inside else np.zeros([j + 1 for j in doubled])
            found = table.block(name, *js)
            assert found.shape == wanted.shape
            np.testing.assert_allclose(found, wanted, rtol=0 if name == "wigner_3j" else 1.5 * 2.0**-52, atol=0)
        assert (table.index(*js) is not None) == inside
        met += inside
    assert met == len(table) == len(list(table))
    for degrees, orders, core in table:
        for ms, value in zip(orders.tolist(), core.tolist(), strict=True):
            assert value == coupling.wigner_3j(*degrees, *ms) != 0
    columns = table.columns("clebsch_gordan")
    numbers = zip(*(columns[name].tolist() for name in ("l1", "l2", "l3", "m1", "m2", "m3")), strict=True)
    assert len(columns["value"]) == len(table.core)
    for symbol, value in zip(numbers, columns["value"].tolist(), strict=True):
        assert value == pytest.approx(coupling.clebsch_gordan(*symbol), rel=1.5 * 2.0**-52, abs=0)


def test_integer_paths_have_the_bits_of_the_table_of_integers() -> None:
    """Core, orders and factors: one convention, of which half-integers are more cases."""
    table, whole = build(Request(lmax=3.5, **HALVES)), build(Request(lmax=3, basis="complex", families=NAMES))
    for index, path in enumerate(whole.paths.tolist()):
        at = table.index(*path)
        assert at is not None and table.degrees[at].tolist() == path
        for name in NAMES:
            assert table.factors[name][at] == whole.factors[name][index]
        mine, theirs = table.entries(*path), whole.entries(*path)
        assert np.array_equal(mine.core, theirs.core) and np.array_equal(mine.orders, theirs.orders)
    assert len(whole) == 34


def test_pieces_of_the_computation_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build(Request(lmax=2.5, **HALVES))
    monkeypatch.setattr("coupling.tables.core.PIECE", 37)
    pieces = build(Request(lmax=2.5, **HALVES))
    assert all(np.array_equal(a, b) for a, b in zip(arrays_of(whole), arrays_of(pieces), strict=True))


def test_a_family_of_ones_own_in_a_table() -> None:
    """Racah's V: its factor takes fractions."""
    mine = register(
        replace(
            family("wigner_3j"),
            name="racah_of_table",
            function=lambda *numbers: exact.racah_v(*numbers),
            factor=lambda a, b, c: exact.Surd(1 - int(b + c - a) % 2 * 2),
            kernel=None,
            kind=None,
            core=False,
            outline=None,
            symmetry="none",
        )
    )
    try:
        table = build(Request(lmax=1.5, families=[mine.name], **HALVES))
        for js in table.degrees.tolist():
            assert np.array_equal(table.block(mine.name, *js), coupling.block(mine, *js, "complex"))
        assert table.check().passed
        wrong = replace(table, factors={mine.name: -table.factors[mine.name]}).check()
        assert [check.name for check in wrong.checks if not check.passed] == ["reduced factors"]
    finally:
        unregister(mine.name)


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lmax", BOXES)
def test_files_come_back(lmax: Any, tmp_path: Path, root: Path) -> None:
    """The same arrays, bytes and request; the metadata obey the schema of version 2."""
    request = Request(lmax=lmax, **HALVES)
    built = build(request)
    first = built.save(tmp_path)
    assert first.name == f"{request.name}.safetensors" and request_of(request.name) == request
    loaded = load(first)
    assert loaded.request == request and loaded.check().passed
    assert all(np.array_equal(a, b) for a, b in zip(arrays_of(built), arrays_of(loaded), strict=True))
    again = build(request, tmp_path / "again" / first.name)
    assert (tmp_path / "again" / first.name).read_bytes() == first.read_bytes() == again.save(first).read_bytes()
    schema = json.loads((root / "tables/schema/table-2.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    metadata = dict(loaded.metadata)
    validator.validate(metadata)
    for wrong in (1, "2", 3):
        assert not validator.is_valid({**metadata, "schema_version": wrong})
    assert not validator.is_valid({**metadata, "request": {**metadata["request"], "half_integers": False}})
    whole = jsonschema.Draft202012Validator(json.loads((root / "tables/schema/table-1.json").read_text()))
    assert not whole.is_valid(metadata)


def test_readers_of_version_1_refuse_by_the_version_and_read_integers_as_before(file: Path, tmp_path: Path) -> None:
    """The record of the kind as it was: one version.  Files of integers still state it, and no key is new in them."""
    before = replace(KIND, newest=0, version_of=None)
    with pytest.raises(
        TableError, match=r"schema_version: expected 1 \(the file is newer: upgrade coupling\), found 2$"
    ):
        load_file(before, file)
    whole = build(Request(lmax=2, basis="complex")).save(tmp_path)
    table = load_file(before, whole)
    assert table.metadata["schema_version"] == 1 and "half_integers" not in table.metadata["request"]
    assert load(file).metadata["schema_version"] == 2 and file_kind(file) == replace(KIND, version=2)
    words = r"schema_version: expected 1 or 2 \(the file is newer: upgrade coupling\), found 3$"
    with pytest.raises(TableError, match=words):
        load(forge(file, tmp_path / file.name, put("schema_version", 3)))


def test_tables_replace_one_another_whatever_their_version(file: Path, tmp_path: Path) -> None:
    """One of version 1 in the place of one of version 2, which this package knows, and back."""
    target = tmp_path / "mine.safetensors"
    for request in (Request(lmax=1, **HALVES), Request(lmax=1), Request(lmax=1, **HALVES)):
        assert build(request, target).request == request.renamed("mine") == load(target).request
    newer = target.read_bytes().replace(b'schema_version\\":2', b'schema_version\\":7')
    target.write_bytes(newer)
    with pytest.raises(FileExistsError, match="a table of schema 7, which is newer than 2, that of this version"):
        build(Request(lmax=1), target)


FORGERIES: list[tuple[Callable[..., object], str]] = [
    (put("schema_version", 1), "schema_version"),
    (put("schema_version", 2.0), "schema_version"),
    (put("request.half_integers", False), "request"),
    (put("request.half_integers", 1), "request"),
    (lambda metadata, arrays: metadata["request"].pop("half_integers"), "request"),
    (put("request.lmax", [1.5, 1.5, 1.25]), "request"),
    (put("request.lmax", [1.5, 1.5, 2.0]), "request"),
    (put("request.lmax", [1.5, 1.5, 2]), "request_digest"),
    (put("request.lmax", [1.5, 1.5, 64]), "request"),
    (put("request.lmax", [1.5, 1.5, "1.5"]), "request"),
    (put("request.basis", "real"), "request"),
    (put("request.families", ["gaunt"]), "request"),
    (put("request.families", ["wigner_3j"]), "request_digest"),
    (put("request.parity", "even"), "request_digest"),
    (put("name", "complex-half-l2.5"), "name"),
    (put("counts.symmetry_zeros", 5), "counts"),
    (put("counts.accidental_zeros", 1), "counts"),
    (entry("core", 5, np.nan), "core of entry 5"),
    (entry("core", 5, 0.0), "core of entry 5"),
    (entry("core", 5, 1.5), "core of entry 5"),
    (entry("orders", 1, [0, -2, 2]), "orders of entry 1"),  # of degrees 0, 1/2, 1/2: beyond them
    (entry("orders", 1, [0, 0, 0]), "orders of entry 1"),  # integer orders of half-integer degrees
    (entry("orders", 2, [0, -1, 1]), "orders of entry 2"),  # twice
    (entry("orders", 2, [0, 1, 1]), "orders of entry 2"),
    (array("orders", lambda a: np.flip(a["orders"], 0)), "orders of entry 0"),
    (entry("paths", 1, [0, 2, 2]), "path 1"),
    (entry("paths", 1, [0, 1, 2]), "path 1"),
    (entry("offsets", 2, 4), "offsets of path 1"),
    (entry("reduced_clebsch_gordan", 1, -(2**0.5)), "reduced_clebsch_gordan of path 1"),
    (entry("reduced_clebsch_gordan", 1, 1.5), "reduced_clebsch_gordan of path 1"),
    (entry("reduced_wigner_3j", 1, -1.0), "reduced_wigner_3j of path 1"),
    (array("orders", lambda a: a["orders"] // 2), "orders of entry 1"),
    (array("paths", lambda a: a["paths"] // 2), "path 1"),
    (exchange("reduced_wigner_3j", "reduced_clebsch_gordan"), "reduced_wigner_3j of path 1"),
]


@pytest.mark.parametrize(("change", "field"), FORGERIES, ids=range(len(FORGERIES)))
def test_forgeries_with_a_fitting_checksum_are_refused(
    change: Callable[..., object], field: str, file: Path, tmp_path: Path
) -> None:
    check_refused(change, field, file, tmp_path)


def test_integers_that_say_they_have_halves_and_the_other_way_round(tmp_path: Path) -> None:
    """The arrays of one kind under the metadata of the other."""
    whole = build(Request(lmax=1, basis="complex", families=NAMES)).save(tmp_path)
    (tmp_path / "forged").mkdir()
    for change in (put("schema_version", 2), put("request.half_integers", True)):
        with pytest.raises(TableError, match=r"schema_version: expected [12], found [12]$"):
            load(forge(whole, tmp_path / "forged" / whole.name, change))


def test_a_damaged_file_is_refused(file: Path, tmp_path: Path) -> None:
    original, target = file.read_bytes(), tmp_path / file.name
    for position in range(0, len(original), 7):
        raw = bytearray(original)
        raw[position] ^= 255
        target.write_bytes(raw)
        with pytest.raises(TableError):
            load(target)
    for size in range(0, len(original), 101):
        target.write_bytes(original[:size])
        with pytest.raises(TableError):
            load(target)


def test_each_check_finds_what_it_is_there_to_find() -> None:
    table = build(Request(lmax=2.5, **HALVES))

    def failed(**arrays: Any) -> set[str]:
        copied = {name: value.copy() for name, value in arrays.items()}  # a table makes its arrays read-only
        return {check.name for check in replace(table, **copied).check().checks if not check.passed}

    assert not failed()
    core, at = table.core.copy(), table.offsets[table.index(0.5, 1, 1.5)]
    core[at] = np.nextafter(core[at], 2)
    assert failed(core=core) >= {"permutations", "reversal", "exact values"}
    core[at] *= 1.001
    assert failed(core=core) >= {"slices", "orthogonality"}
    sorted_path = (table.degrees == np.sort(table.degrees, axis=1)).all(axis=1)
    halves = np.repeat((table.paths % 2).any(axis=1), np.diff(table.offsets))
    assert failed(core=np.where(halves, -table.core, table.core)) == {"exact values"} and sorted_path.any()
    factors = {**table.factors, "clebsch_gordan": table.factors["clebsch_gordan"] * (1 + 2.0**-52)}
    assert {c.name for c in replace(table, factors=factors).check().checks if not c.passed} == {"structure"}
    assert failed(orders=table.orders // 2) == {"structure"}


# -- requests, refusals -----------------------------------------------------------------------


def test_requests() -> None:
    for keys, kind, words in (
        ({"lmax": 1.5}, TypeError, "^lmax must be an integer >= 0, or three of them, got float 1.5$"),
        ({"lmax": 1.5, "half_integers": True}, ValueError, "in the complex basis alone, got basis 'real'$"),
        ({"lmax": 0.3, **HALVES}, ValueError, "^lmax must be an integer or half-integer, got 0.3$"),
        ({"lmax": True, **HALVES}, TypeError, "got bool True$"),
        ({"lmax": "1.5", **HALVES}, TypeError, "got str '1.5'$"),
        ({"lmax": float("nan"), **HALVES}, ValueError, "got nan$"),
        ({"lmax": -0.5, **HALVES}, ValueError, "^lmax must be >= 0, got -1/2$"),
        ({"lmax": 64, **HALVES}, ValueError, "^lmax must be <= 127/2: .* int8, got 64$"),
        ({"lmax": (1, 2), **HALVES}, ValueError, "three, one per slot, got 2 of them$"),
        ({"lmax": 1, **HALVES, "families": ["gaunt"]}, ValueError, "^gaunt has integer degrees only; half-integers ha"),
        ({"lmax": 1, **HALVES, "families": ["wigner_3j:conj=1"]}, ValueError, "has integer degrees only"),
        ({"lmax": 1, "basis": "complex", "half_integers": 1}, TypeError, "^half_integers must be a bool, got int 1$"),
    ):
        with pytest.raises(kind, match=words):
            Request(**keys)
    assert Request(lmax=Fraction(3, 2), **HALVES) == Request(lmax=1.5, **HALVES)  # type: ignore[arg-type]
    assert Request(lmax=2.0, **HALVES).content["lmax"] == [2, 2, 2]
    assert json.dumps(Request(lmax=2.0, **HALVES).content["lmax"]) == "[2, 2, 2]"
    assert Request(lmax=2, **HALVES).digest != Request(lmax=2, basis="complex", families=NAMES).digest
    given = Request(lmax=(2.5, 1, 0.5), parity="odd", **HALVES)
    assert given.name == "complex-half-l2.5-1-0.5-odd" and eval(repr(given)) == given
    for name in ("complex-l2.5", "complex-half-l2.50", "complex-half-l2.25", "complex-half-l..5", "complex-half-l03"):
        assert request_of(name) is None
    with pytest.raises(ValueError, match="half-integer degrees exist in the complex basis alone"):
        request_of("real-half-l2")


def test_what_takes_no_table_of_half_integers_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(lmax=1.5, **HALVES)
    table = build(request)
    pictures = (plots.sparsity, plots.plot_paths, plots.plot_structure)
    calls: list[tuple[Callable[[], object], str]] = [
        *((lambda draw=draw: draw(table), "^a picture has integer degrees only") for draw in pictures),  # type: ignore[misc]
        (lambda: plots.plot_output(table, 0, 0), "^a picture has integer degrees only"),
        (lambda: list_table(table), r"^a listing has integer degrees only; Table\('complex-half-l1.5'"),
        (lambda: table.normalization("wigner_3j"), "^normalization has integer degrees only"),
        (lambda: ClebschGordan(1, 1, 1, table=table), "^table must be in the real basis, got Table"),
        (lambda: build_shard(request, tmp_path / "x.safetensors", 0, 2), "^a table of half-integers is built at once"),
        (lambda: merge(request, tmp_path / "x.safetensors"), "^a table of half-integers is built at once"),
        (lambda: table.block("gaunt", 0.5, 0.5, 1), "family must be one of wigner_3j, clebsch_gordan"),
        (lambda: table.block("wigner_3j", 0.5, 2, 1.5), "^degree 2 must be <= 1.5, the lmax of this table, got 2$"),
        (lambda: table.block("wigner_3j", 0.5, 0.3, 1), "^degree 2 must be an integer or half-integer, got 0.3$"),
        (
            lambda: build(Request(lmax=1, basis="complex")).block("wigner_3j", 0.5, 0.5, 1),
            "must be an integer, got 0.5",
        ),
    ]
    for call, words in calls:
        with pytest.raises(ValueError, match=words):
            call()
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("coupling.memory.physical_memory", lambda: 1 << 20)
    with pytest.raises(MemoryError, match=r"building complex-half-l63.5 in memory needs \d{11,} bytes"):
        build(Request(lmax=63.5, **HALVES))
    with pytest.raises(ValueError, match=r"coupling build --lmax 63.5,63.5,63.5 --basis complex --half-integers` and"):
        load("complex-half-l63.5")


def test_a_name_is_built_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.files.cache.cache_folder", lambda version=1: tmp_path / str(version))
    table = load("complex-half-l1.5")
    assert table.request == Request(lmax=1.5, **HALVES)
    assert [file.name for file in (tmp_path / "1").glob("*.safetensors")] == ["complex-half-l1.5.safetensors"]
    assert np.array_equal(load("complex-half-l1.5").core, table.core)


# -- exports ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_exports_hold_the_exact_numbers(name: str) -> None:
    """CSV, read as text, and NPZ: every coefficient that is not zero, each the nearest double of the exact one."""
    table, function = build(Request(lmax=(2, 1.5, 2.5), **HALVES)), getattr(exact, name)
    alive = {
        tuple(symbol): value
        for js in table.degrees.tolist()
        for ms in product(*(np.arange(-j, j + 1).tolist() for j in js))
        if (value := function(*(symbol := [*js, *ms])))
    }
    text = export(table, "csv", family=name).decode()
    assert text.splitlines()[0].startswith("# table: complex-half-l2-1.5-2.5 (sha256 ")
    head, *rows = [line.split(",") for line in text.splitlines() if line[0] != "#"]
    assert head == ["j1", "j2", "j3", "m1", "m2", "m3", "value", "exact"]
    found = {tuple(float(Fraction(number)) for number in row[:6]): row[6:] for row in rows}
    assert found.keys() == alive.keys() and len(rows) == len(alive) == 255
    for symbol, (value, surd) in found.items():
        assert is_nearest(float(value), alive[symbol]) and surd == str(alive[symbol])
    assert "1/2,1/2,1,-1/2,-1/2,-1,1.0,1" in text or name == "wigner_3j"
    with np.load(io.BytesIO(export(table, "npz", family=name))) as archive:
        doubled, values = archive["doubled"], archive["values"]
        assert json.loads(str(archive["metadata"]))["family"] == name
    assert {tuple(row): value for row, value in zip((doubled / 2).tolist(), values.tolist(), strict=True)} == {
        symbol: float(value) for symbol, value in alive.items()
    }
    short = export_half_integers(table, family=name, exact=False).decode().splitlines()
    assert [line.rsplit(",", 1)[0] for line in text.splitlines() if line[0] != "#"] == [s for s in short if s[0] != "#"]


def test_other_formats_and_options_are_refused_in_a_sentence() -> None:
    table = build(Request(lmax=0.5, **HALVES))
    for form in ("c", "python", "triton", "e3j", "cuequivariance", "openequivariance", "json"):
        with pytest.raises(
            ValueError, match=f"^the format {form} has integer degrees, complex-half-l0.5 half-integers; c"
        ):
            export(table, form)
    options: dict[str, Any] = {"convention": "sympy", "dtype": "float32", "order": "path"}
    for name, value in {**options, "paths": [(0, 0, 0)], "orders": [(0, 0, 0)]}.items():
        with pytest.raises(ValueError, match=f"^the export of half-integers has no option {name}$"):
            export(table, "csv", **{name: value})
    for name in ("palette", "transposes", "path_vectors"):
        with pytest.raises(ValueError, match=f"^the export of half-integers has no option {name}$"):
            export(table, "npz", **{name: True})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^family must be one of wigner_3j, clebsch_gordan, got 'gaunt'$"):
        export(table, "csv", family="gaunt")


# -- the command line -------------------------------------------------------------------------


def run(*words: str) -> Any:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("build", "--lmax", "5/2,1,1.5", "--basis", "complex", "--half-integers", "--check")
    name = "complex-half-l2.5-1-1.5"
    assert done.exit_code == 0 and "7 of 7 passed" in done.output and f"{name}.safetensors (written)" in done.output
    request = f"lmax = [2.5, 1, 1.5]\nbasis = 'complex'\nhalf_integers = true\nname = '{name}'"
    (tmp_path / "mine.toml").write_text(request)
    assert read_request("mine.toml") == Request(lmax=(2.5, 1, 1.5), **HALVES)
    assert "(unchanged)" in run("build", "mine.toml").output
    assert run("check", f"{name}.safetensors").exit_code == 0
    said = run("info", f"{name}.safetensors").output
    assert "lmax             2.5, 1, 1.5" in said and "half-integers    yes; paths and orders hold twice" in said
    assert "schema           coupling-table 2" in said
    assert json.loads(run("info", f"{name}.safetensors", "--json").output)["request"]["half_integers"] is True
    table: Table = load(f"{name}.safetensors")
    for _ in range(2):  # the second takes the place of the first
        done = run("export", f"{name}.safetensors", "-f", "csv", "--family", "clebsch_gordan")
        assert done.exit_code == 0 and Path(f"{name}-clebsch_gordan.csv").read_bytes() == export(
            table, "csv", family="clebsch_gordan"
        )
    for words, said in (
        (["build", "--lmax", "5/2", "--basis", "complex"], "with --half-integers also 5/2"),
        (["build", "--lmax", "5/2", "--half-integers"], "exist in the complex basis alone, got basis 'real'"),
        (["build", "--lmax", "1/3", "--basis", "complex", "--half-integers"], "an integer or half-integer, got 1/3"),
        (["build", "--lmax", "1", "--basis", "complex", "--half-integers", "--shard", "0/2"], "is built at once"),
        (["export", f"{name}.safetensors", "-f", "c"], "and the header of `coupling symbols` computes them in C"),
        (["info", f"{name}.safetensors", "--plot", "x.png"], "a picture has integer degrees only"),
        (["merge", "--lmax", "1", "--basis", "complex", "--half-integers"], "is built at once"),
    ):
        done = run(*words)
        assert done.exit_code in (1, 2) and said in done.output, done.output

"""Requests: what is understood, what is refused, and that a refusal costs nothing."""

from __future__ import annotations

import json
import re
import tracemalloc
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from coupling.conventions import FAMILIES
from coupling.tables import Request, build, read_request
from coupling.tables.request_file import FILE_LIMIT, parse_request

HUGE = "9" * 400

# keyword arguments that are refused, the kind of error, and words of its message
BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"lmax": -1}, ValueError, r"lmax must be >= 0, got -1"),
    ({"lmax": True}, TypeError, r"lmax must be an integer .* got bool True"),
    ({"lmax": 4.0}, TypeError, r"lmax must be an integer .* got float 4.0"),
    ({"lmax": float("nan")}, TypeError, r"got float nan"),
    ({"lmax": "4"}, TypeError, r"got str '4'"),
    ({"lmax": None}, TypeError, r"got NoneType"),
    ({"lmax": [1, 2]}, ValueError, r"three, one per slot, got 2"),
    ({"lmax": [1, 2, 3, 4]}, ValueError, r"got 4"),
    ({"lmax": [1, 2, -3]}, ValueError, r"got -3"),
    ({"lmax": [1, 2, [3]]}, TypeError, r"got list"),
    ({"lmax": [1, 2, True]}, TypeError, r"got bool"),
    ({"lmax": 128}, ValueError, r"lmax must be <= 127 .* got 128; .* about 3\.\d+e\+11 bytes"),
    ({"lmax": [1, 1, 128]}, ValueError, r"<= 127"),
    ({"lmax": 10**6}, ValueError, r"about \d\.\d+e\+\d+ bytes"),
    ({"lmax": int(HUGE)}, ValueError, r"about 10\^\d+ bytes"),
    ({"lmax": 4, "basis": "polar"}, ValueError, r"basis must be one of complex, real, got 'polar'"),
    ({"lmax": 4, "basis": 1}, TypeError, r"basis must be one of"),
    ({"lmax": 4, "parity": "none"}, ValueError, r"parity must be one of all, even, odd"),
    ({"lmax": 4, "order": "output-major"}, ValueError, r"order must be one of path-major"),
    ({"lmax": 4, "families": "gaunt"}, TypeError, r"families must be a list of names"),
    ({"lmax": 4, "families": ["Elsasser"]}, ValueError, r"each family must be one of .* got 'Elsasser'"),
    ({"lmax": 4, "families": [1]}, TypeError, r"each family"),
    ({"lmax": 4, "families": ["gaunt", "gaunt"]}, ValueError, r"distinct"),
    ({"lmax": 4, "families": ["gaunt"], "parity": "odd"}, ValueError, r"gaunt is zero on every odd path"),
    ({"lmax": 4, "families": ["antisymmetric_gaunt"], "parity": "even"}, ValueError, r"zero on every even path"),
    ({"lmax": 0, "parity": "odd"}, ValueError, r"no odd path has a degree 0"),
    ({"lmax": [0, 3, 3], "parity": "odd"}, ValueError, r"no odd path"),
    ({"lmax": 4, "name": "../up"}, ValueError, r"name must be"),
    ({"lmax": 4, "name": ".hidden"}, ValueError, r"name must be"),
    ({"lmax": 4, "name": "a" * 65}, ValueError, r"name must be"),
    ({"lmax": 4, "name": "a/b"}, ValueError, r"name must be"),
    ({"lmax": 4, "name": "a\n"}, ValueError, r"name must be"),
    ({"lmax": 4, "name": 3}, ValueError, r"name must be"),
    ({}, TypeError, r"lmax"),
    ({"lmax": 4, "degrees": 3}, TypeError, r"degrees"),
]

# files that are refused, and words of the message
BAD_FILES: list[tuple[bytes, str]] = [
    (b"", r"the key lmax is missing"),
    (b"basis = 'real'", r"the key lmax is missing"),
    (b"lmax = 4\nl_max = 5", r"unknown key 'l_max'; a request has lmax"),
    (b"lmax = 4\nlmax = 5", r"not a TOML file"),
    (b"lmax = [4, 4", r"not a TOML file"),
    (b"lmax = 4\nname = 'caf\xe9'", r"UTF-8 text; byte \d+ is not"),
    (b"\xff\xfel\x00m\x00", r"UTF-8"),
    (b"lmax = 4\x00", r"not a TOML file"),
    (b"lmax = " + b"[" * 20000 + b"]" * 20000, r"nested too deeply|not a TOML file"),
    (b"lmax = " + b"9" * 5000, r"not a TOML file|bytes"),
    (b"lmax = 4 #" + b" " * FILE_LIMIT, r"at most 65536 bytes"),
    (b"lmax = nan", r"got float nan"),
    (b"lmax = inf", r"got float inf"),
    (b"lmax = 2026-11-21", r"got date"),
    (b"lmax = {a = 1}", r"got dict"),
    (b"[lmax]\na = 1", r"got dict"),
    (b"lmax = 4\nfamilies = {gaunt = true}", r"families must be a list of names"),
    (b"lmax = 4\nfamilies = ['gaunt', {}]", r"each family must be one of"),
]


@pytest.mark.parametrize(("keys", "kind", "words"), BAD)
def test_bad_keys_are_refused_at_once(keys: dict[str, Any], kind: type[Exception], words: str) -> None:
    tracemalloc.start()
    with pytest.raises(kind, match=words):
        Request(**keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


@pytest.mark.parametrize(("content", "words"), BAD_FILES, ids=range(len(BAD_FILES)))
def test_bad_files_are_refused_by_name(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises((TypeError, ValueError), match=words) as error:
        read_request(file)
    assert str(error.value).startswith(str(file))
    assert sorted(tmp_path.iterdir()) == [file]


def test_a_request_that_fits_no_memory_is_refused_with_its_bytes() -> None:
    with pytest.raises(MemoryError, match=r"building real-l127 in memory needs \d{12} bytes"):
        build(Request(lmax=127))


def test_a_request_that_fits_no_disk_is_refused_with_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("coupling.tables.builder.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"needs \d+ bytes of disk, .* has 1000"):
        build(Request(lmax=4), tmp_path / "real-l4.safetensors")
    assert not list(tmp_path.iterdir())


def test_defaults_and_normal_form() -> None:
    request = Request(lmax=np.int64(3))  # type: ignore[arg-type]
    assert request == Request(lmax=(3, 3, 3), basis="real", families=FAMILIES, parity="all", name="real-l3")
    assert hash(request) == hash(Request(lmax=3))
    assert Request(lmax=3, parity="odd").families == ("wigner_3j", "clebsch_gordan", "antisymmetric_gaunt")
    assert Request(lmax=3, parity="even").families == ("wigner_3j", "clebsch_gordan", "gaunt")
    assert Request(lmax=[1, 2, 3], basis="complex", parity="odd").name == "complex-l1-2-3-odd"
    with pytest.raises(FrozenInstanceError):
        request.basis = "complex"  # type: ignore[misc]


def test_the_digest_is_that_of_the_content_and_of_nothing_else() -> None:
    requests = [
        Request(lmax=lmax, basis=basis, families=families, parity=parity)
        for lmax in (3, (3, 3, 4))
        for basis in ("real", "complex")
        for families in (["wigner_3j"], ["wigner_3j", "clebsch_gordan"])
        for parity in ("all", "even", "odd")
    ]
    assert len({request.digest for request in requests}) == len(requests) == 24
    assert Request(lmax=3).digest == Request(lmax=3, name="other").digest
    assert Request(lmax=3, families=["gaunt", "wigner_3j"]).digest == Request(lmax=3, families=FAMILIES[::2]).digest
    # stated here so that a change of the canonical form cannot pass unseen
    assert Request(lmax=1, families=["gaunt"]).digest == (
        "16998ba8b5b0f5a9296136aacede5fb9b75cd76897ad66a4a38ea9f911c43fae"
    )


def test_toml_and_keywords_agree() -> None:
    text = "lmax = [2, 3, 4]\nbasis = 'complex'\nfamilies = ['gaunt']\nparity = 'even'\nname = 'x'"
    keys = {"lmax": (2, 3, 4), "basis": "complex", "families": ["gaunt"], "parity": "even", "name": "x"}
    assert parse_request(text.encode()) == Request(**keys)  # type: ignore[arg-type]


def test_the_schema_agrees_with_the_code(root: Path) -> None:
    """A request that JSON can express is valid by the schema exactly if the code takes it, rules of physics apart."""
    schema = json.loads((root / "tables/schema/request-1.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    physics = re.compile("zero on every|no odd path")
    met = 0
    for keys, _, words in BAD:
        newline = keys.get("name") == "a\n"  # which the $ of Python's regular expressions, not of JSON Schema's, allows
        if not physics.search(words) and not any(isinstance(v, float) for v in keys.values()) and not newline:
            assert not validator.is_valid(keys), keys
            met += 1
    for file in sorted((root / "tables/requests").glob("*.toml")):
        request = read_request(file)
        assert file.stem == request.name
        assert validator.is_valid({**request.content, "name": request.name})
        met += 1
    assert met >= 30


@pytest.mark.parametrize("flag", [True, np.True_, np.False_])
def test_booleans_are_no_degrees(flag: object) -> None:
    """Numpy before 2.3 takes its own for an index, with a DeprecationWarning only."""
    for lmax in (flag, (1, flag, 1)):
        with pytest.raises(TypeError, match=r"lmax must be an integer >= 0, or three of them, got bool_? "):
            Request(lmax=lmax)

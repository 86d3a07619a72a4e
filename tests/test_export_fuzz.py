"""Text of files and options in exports: whatever it is, it stays text.  ``python -m tests.fuzz_exports`` alone."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

import coupling.cli.export
import coupling.export.c_header as c_header
import coupling.export.named as named
import coupling.export.python_module as python_module
import coupling.export.text as text
import coupling.foreign.convention
from coupling.cli import main
from coupling.export.formats import FORMATS
from tests import fuzz_exports

HOSTILE = '"""\nopen("canary", "w")\n"""', "*/ int canary; /*", "x,=1+1", "../canary", "8"


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
def test_hostile_text_runs_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every text field of every input, into every format; the counts are printed."""
    with capsys.disabled():
        print()
        met = fuzz_exports.report(tmp_path)
    assert met.total() > 10_000 and {form.suffix for form in FORMATS.values()} <= fuzz_exports.CHECKS.keys()
    assert all(met[f"files {suffix}: harmless"] for suffix in fuzz_exports.CHECKS)
    refused = {what: count for what, count in met.items() if what.endswith("refused")}
    assert len(refused) == 5 and min(refused.values()) > 50


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
@pytest.mark.parametrize(
    ("module", "function", "suffix"),
    [
        (c_header, "harmless", ".h"),
        (python_module, "harmless", ".py"),
        (named, "harmless", ".py"),
        (text, "harmless", ".csv"),
        (text, "_cell", ".csv"),
        (c_header, "identifier", ".h"),
    ],
)
def test_without_a_writers_escape_it_would_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: object, function: str, suffix: str
) -> None:
    """Each escape is needed, and its lack is found: the text is written as it is."""
    monkeypatch.setattr(fuzz_exports, "PAYLOADS", HOSTILE)
    sound = [file for file in fuzz_exports.unchecked(tmp_path, Counter()) if file.suffix == suffix]
    (tmp_path / "sound").mkdir()
    fuzz_exports.CHECKS[suffix](sound, tmp_path / "sound")
    monkeypatch.setattr(module, function, lambda text: text)
    files = [file for file in fuzz_exports.unchecked(tmp_path, Counter()) if file.suffix == suffix]
    (tmp_path / "planted").mkdir()
    with pytest.raises((AssertionError, SyntaxError)):
        fuzz_exports.CHECKS[suffix](files, tmp_path / "planted")


@pytest.mark.parametrize("name", ['x"""', "a*/b", "../x", "a b", "", "é", "x" * 65, "-x", ".x", "x\n"])
def test_names_of_conventions(tmp_path: Path, name: str) -> None:
    """Refused where they come in: as an object, and from a file with the name of the file."""
    with pytest.raises(ValueError, match="the name of a convention must be 1 to 64 letters"):
        coupling.foreign.Convention(name)
    (tmp_path / "c.toml").write_text(f"name = {fuzz_exports.toml(name)}\n")
    done = CliRunner().invoke(
        main, ["export", "real-l4", "-f", "csv", "-c", str(tmp_path / "c.toml"), "-o", str(tmp_path)]
    )
    assert done.exit_code == 2 and "c.toml: the name of a convention must be" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["c.toml"]


def test_the_default_file_stays_in_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Even if the name of a convention were not checked."""
    (tmp_path / "here").mkdir()
    (tmp_path / "c.toml").write_text('name = "../../canary"\n')
    monkeypatch.setattr(coupling.foreign.convention, "check_name", lambda name, what: name)
    monkeypatch.chdir(tmp_path / "here")
    done = CliRunner().invoke(main, ["export", "real-l4", "-f", "csv", "-c", "../c.toml"])
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["real-l4-.._.._canary.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.toml", "here"]

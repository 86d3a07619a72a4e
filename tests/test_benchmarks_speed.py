"""The page "How fast, how exact": every section is measured, or says what it lacks, and rows fit their headers."""

from __future__ import annotations

import re

import pytest

from benchmarks import speed
from tests.sources import ROOT


def sections_of(text: str) -> dict[str, str]:
    """Title → what stands below it."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_has_every_section_and_rows_that_fit_their_headers() -> None:
    text = speed.PAGE.read_text(encoding="utf-8")
    found = sections_of(text)
    assert list(found) == [section.title for section in speed.SECTIONS]
    rows = 0
    for section in speed.SECTIONS:
        lines = [line for line in found[section.title].splitlines() if line.startswith("|")]
        assert "\n".join(lines[:2]) == section.header and len(lines) > 2, section.title
        columns = {line.count("|") for line in lines}
        assert len(columns) == 1, section.title
        rows += len(lines) - 2
    assert rows > 60
    assert len(re.findall(r"one core reaches \d+ GFLOP/s .* GB/s to and from memory", text)) == 2
    assert "by `python -m benchmarks.speed --write`" in text, "the page is a full run"


def test_pages_that_say_more_exist() -> None:
    named = [name for section in speed.SECTIONS for name in re.findall(r"\[more\]\((.+?)\)", section.text)]
    assert len(named) == 8 and all((ROOT / "docs/benchmarks" / name).is_file() for name in named)


@pytest.mark.parametrize("needs", ["no_such_module", "no/such/file"])
def test_a_section_that_cannot_be_measured_says_so(needs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(quick: bool) -> list[str]:
        raise AssertionError("measured")

    here = speed.Section("Here", "Text.", speed.header("a", "b"), lambda quick: [f"| 1 | {quick} |"])
    absent = speed.Section("Absent", "Text.", speed.header("a"), never, f"os {needs}")
    monkeypatch.setattr(speed, "SECTIONS", (absent, here))
    monkeypatch.setattr(speed, "machine", lambda: "one core")
    found = sections_of("\n\n".join(speed.page(True)))
    assert found["Absent"].strip() == f"Not measured in this run: {needs} is not here."
    assert found["Here"].split("At the end")[0].strip() == "Text.\n\n| a | b |\n| --- | --- |\n| 1 | True |"

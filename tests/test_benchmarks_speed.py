"""The page "How fast, how exact": every section is measured, or says what it lacks, and rows fit their headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import quoted, speed
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


def test_the_readme_quotes_the_page_and_no_other() -> None:
    """`make speed` renews both; figures of the table are those of the page, in fewer digits."""
    readme, page = (file.read_text(encoding="utf-8") for file in (quoted.README, speed.PAGE))
    assert quoted.table(page) in readme
    assert readme.count(quoted.HEADER) == 1


def test_the_readme_follows_the_page(tmp_path: Path) -> None:
    readme, page = tmp_path / "README.md", tmp_path / "speed.md"
    readme.write_text(f"before\n\n{quoted.HEADER}| old |\n\nafter\n", encoding="utf-8")
    text = speed.PAGE.read_text(encoding="utf-8")
    changed = re.sub(r"^(\| 4 \| coupling, sparse \| any weights) \| [\d.]+", r"\1 | 77.7", text, flags=re.M)
    page.write_text(changed, encoding="utf-8")
    assert quoted.renew(page, readme) and not quoted.renew(page, readme)
    found = readme.read_text(encoding="utf-8")
    assert found == f"before\n\n{quoted.table(changed)}\nafter\n" and "any weights 78 /" in found


def test_a_program_with_wrong_values_is_not_the_fastest() -> None:
    page = """## Tables of 3j symbols

| table | program | ms | million entries/s | largest error (ulp) | correctly rounded | wrong | non-zero for zero |
| --- | --- | --- | --- | --- | --- | --- | --- |
| 3j, complex, 9 | coupling | 1 | 200 | 0.5 | 100.00 % | 0 | 0 |
| 3j, complex, 9 | quick | 1 | 900 | 3e+09 | 1.00 % | 7 | 0 |
| 3j, complex, 9 | slow | 1 | 0.65 | 2.5 | 82.39 % | 0 | 0 |
"""
    row = "degree 9, from Python | 200 million/s | 100 % correctly rounded | slow: 0.650 million/s, 82 %"
    assert row in quoted.tables(page)

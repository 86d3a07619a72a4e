"""Pages of the benchmarks: what no benchmark wrote is kept, and what one wrote is known as its own."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import writing
from coupling.files import Kind
from coupling.files.ownership import file_kind
from coupling.products import costs
from tests.sources import ROOT

BENCH, TORCH = "page of make bench", "page of python -m benchmarks."
#: benchmark → the files that it writes → what they are
PAGES = {
    "compiled": {"docs/benchmarks/compiled.md": BENCH},
    "constructed": {"docs/benchmarks/constructed.md": f"{TORCH}constructed"},
    "convolution": {"docs/benchmarks/convolution.md": f"{TORCH}convolution"},
    "contraction": {"docs/benchmarks/contraction.md": f"{TORCH}contraction"},
    "cost_model": {"coupling/products/costs.json": f"{TORCH}cost_model"},
    "degree_one": {"docs/study/degree-one.md": f"{TORCH}degree_one", "docs/study/degree-one.png": "picture"},
    "edge_frame": {
        "docs/benchmarks/edge-frame.md": f"{TORCH}edge_frame",
        "docs/benchmarks/edge-frame.png": "picture",
    },
    "gpu": {"docs/benchmarks/gpu.md": f"{TORCH}gpu"},
    "gpu_compile": {"docs/benchmarks/gpu-compiled.md": f"{TORCH}gpu_compile"},
    "latency": {"docs/benchmarks/latency.md": f"{TORCH}latency"},
    "mace": {"docs/benchmarks/mace.md": f"{TORCH}mace"},
    "manybody": {"docs/benchmarks/manybody.md": f"{TORCH}manybody"},
    "odd_paths": {"docs/study/odd.md": f"{TORCH}odd_paths"},
    "products": {
        "docs/benchmarks/products.json": f"{TORCH}products",
        "docs/benchmarks/products.md": BENCH,
        "docs/benchmarks/products.png": "picture",
        "docs/benchmarks/products-reach.png": "picture",
    },
    "products_torch": {"docs/benchmarks/torch.md": f"{TORCH}products_torch"},
    "ranks": {"docs/study/cost.md": f"{TORCH}ranks", "docs/study/cost.png": "picture"},
    "sets": {
        "docs/study/sets.md": f"{TORCH}sets",
        "docs/study/sets.png": "picture",
        "docs/study/bounds.png": "picture",
    },
    "speed": {"docs/benchmarks/speed.md": f"{TORCH}speed"},
    "symbols": {"docs/benchmarks/symbols.md": BENCH},
    "tables": {"docs/benchmarks/tables.md": BENCH, "docs/benchmarks/tables.png": "picture"},
}
FILES = [(name, file) for name, files in PAGES.items() for file in files]
#: The same; of these only make test-interop can import the module.
NEED_TORCH = "convolution", "latency", "products_torch"
MODULES = [pytest.param(n, f, id=f"frameworks-{f}" if n in NEED_TORCH else f) for n, f in FILES]


def test_every_benchmark_that_writes_is_here() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py")}
    assert {name for name, text in texts.items() if "writing.add_options" in text} == set(PAGES)


@pytest.mark.parametrize(("name", "file"), FILES)
def test_what_a_benchmark_wrote_is_known(name: str, file: str) -> None:
    """So that the next run replaces it without ``--force``."""
    found = file_kind(ROOT / file)
    assert found is not None and found.name == PAGES[name][file]


def moved(module: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a benchmark write into a folder; return the options that it needs for that."""
    monkeypatch.setattr(costs, "FILE", folder / "costs.json")
    if module.__name__ == "benchmarks.products":
        return ["--folder", str(folder)]
    for constant in {"PAGE", "FOLDER"} & set(vars(module)):
        place: Any = getattr(module, constant)
        if isinstance(place, Path):
            monkeypatch.setattr(module, constant, folder if constant == "FOLDER" else folder / place.name)
    return []


@pytest.mark.parametrize(("name", "file"), MODULES)
def test_a_file_that_no_benchmark_wrote_is_kept_and_nothing_is_measured(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name in NEED_TORCH:
        pytest.importorskip("torch")
    module = import_module(f"benchmarks.{name}")
    options, mine = moved(module, tmp_path, monkeypatch), tmp_path / Path(file).name
    mine.write_text("my own notes\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [name, "--write", *options])
    with pytest.raises(SystemExit) as ended:
        module.main()
    said = capsys.readouterr()
    assert ended.value.code == 2 and not said.out
    assert f"{mine.name} is kept: it is a file that coupling did not write" in said.err and "--force" in said.err
    assert mine.read_text(encoding="utf-8") == "my own notes\n" and list(tmp_path.iterdir()) == [mine]


def test_a_page_takes_the_place_of_its_own_kind_and_of_any_file_when_forced(tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.md"
    for text in ("Made by `make bench`; 1", "Made by `make bench`; 2"):
        writing.write(page, text, False)
        assert page.read_text(encoding="utf-8") == text and file_kind(page) == Kind(BENCH)
    for foreign in ("mine", "Written by `python -m benchmarks.gpu --write`."):
        page.write_text(foreign, encoding="utf-8")
        with pytest.raises(FileExistsError, match="is kept"):
            writing.write(page, text, False)
        assert page.read_text(encoding="utf-8") == foreign
    writing.write(page, text, True)
    assert page.read_text(encoding="utf-8") == text

"""What a release repeats: version and requirements stand in several files and agree."""

from __future__ import annotations

import re
import tomllib

from coupling import __version__
from tests.sources import ROOT


def section(name: str) -> list[str]:
    """The entries of a list of the recipe."""
    text = (ROOT / "docs/recipe.yaml").read_text(encoding="utf-8")
    (body,) = re.findall(rf"^  {name}:\n((?:    - .*\n)+)", text, re.M)
    return re.findall(r"- (.*)", body)


def test_the_recipe_requires_what_the_package_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = {text.replace(">=", " >=") for text in project["dependencies"]}
    assert set(section("run")) == needed | {f"python {project['requires-python']}"}
    optional = {text.replace(">=", " >=").replace("matplotlib ", "matplotlib-base ") for text in extras["plots"]}
    assert set(section("run_constraints")) == optional | {text.replace(">=", " >=") for text in extras["symbolic"]}
    assert f"name: {project['name']}\n" in (ROOT / "docs/recipe.yaml").read_text(encoding="utf-8")
    (command,) = [f"- {name} = {target}\n" for name, target in project["scripts"].items()]
    assert command in (ROOT / "docs/recipe.yaml").read_text(encoding="utf-8")


def test_one_version_everywhere() -> None:
    recipe = re.search(r'^  version: "(.*)"$', (ROOT / "docs/recipe.yaml").read_text("utf-8"), re.M)
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)
    assert recipe and citation and recipe[1] == citation[1].strip('"') == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_walks_are_of_three_readers_and_use_nothing_of_the_repository() -> None:
    walks = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests/tour").glob("*.sh")}
    assert set(walks) == {"engineer", "physicist", "reader"}
    for text in walks.values():
        assert "tests/" not in text and "tables/" not in text and text.count("coupling") > 4

"""Print the declared lower bounds of all dependencies as exact versions: ``python tests/bounds.py > bounds.txt``.

They come from pyproject.toml, so that what `make test-bounds` installs is what is declared.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

#: Extras whose packages the tests use; those of the site, the linters and CUDA do not run here.
EXTRAS = ("plots", "symbolic", "distributed", "study", "structures", "interop", "test")


def pins(project: dict) -> dict[str, str]:
    """Return distribution → lower bound; a package that two lists name has the larger bound."""
    extras = project["optional-dependencies"]
    found: dict[str, str] = {}
    for text in [*project["dependencies"], *(text for name in EXTRAS for text in extras[name])]:
        match = re.fullmatch(r"([\w-]+)>=([\d.]+)", text)
        if not match:
            raise ValueError(f"a dependency must be written name>=version, got {text!r}")
        name, version = match.groups()
        found[name] = max(found.get(name, version), version, key=numbers)
    return found


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def main() -> None:
    text = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    lines = [f"{name}=={version}\n" for name, version in sorted(pins(tomllib.loads(text)["project"]).items())]
    sys.stdout.writelines(lines)


if __name__ == "__main__":
    main()

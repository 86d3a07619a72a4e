"""The wheel, unpacked elsewhere: it has the shipped tables and works without the repository."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from tests.sources import ROOT, modules

CAUGHT: dict[str, Any] = {"capture_output": True, "text": True}
BUILD = "from coupling.cli import main; main(['build', '--all'])"


def test_the_sdist_makes_the_same_wheel(tmp_path: Path) -> None:
    """What stands in an archive of sources is enough to build, and holds nothing that was built or cached here."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("coupling_coefficients-*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sources", filter="data")
    (folder,) = (tmp_path / "sources").iterdir()
    inside = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"LICENSE", "README.md", "CITATION.cff", "tables/manifest.json", "docs/index.md", "Makefile"} <= inside
    assert not [name for name in inside if name.startswith((".venv", "build/")) or "__pycache__" in name]
    wheels = []
    for place in (ROOT, folder):
        target = tmp_path / f"wheel-{len(wheels)}"
        subprocess.run([*build[:5], "wheel", "-d", str(target)], cwd=place, check=True, capture_output=True)
        with zipfile.ZipFile(*target.glob("*.whl")) as archive:
            wheels.append({name: archive.read(name) for name in archive.namelist()})
    assert wheels[0] == wheels[1] and len(wheels[0]) > 300


def test_the_wheel_works_away_from_the_repository(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("coupling_coefficients-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import coupling;"
        "print(coupling.__file__, coupling.load('real-l4').check().passed)"
    )
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True)
    refused = subprocess.run([sys.executable, "-c", program.split("print")[0] + BUILD], cwd=tmp_path, **CAUGHT)
    assert refused.returncode == 2 and "--all builds what the repository ships" in refused.stderr
    assert done.stdout.split() == [str(tmp_path / "site" / "coupling" / "__init__.py"), "True"]
    assert {p.relative_to(ROOT).as_posix() for n, p in modules().items() if n[:8] == "coupling"} <= set(names)
    assert not [name for name in names if name.split("/")[0] not in ("coupling", wheel_info(names))]


def wheel_info(names: list[str]) -> str:
    (folder,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    return folder

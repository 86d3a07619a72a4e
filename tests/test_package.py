"""The wheel, unpacked elsewhere: it has the shipped tables and works without the repository."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.sources import ROOT, modules


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
    assert done.stdout.split() == [str(tmp_path / "site" / "coupling" / "__init__.py"), "True"]
    assert {p.relative_to(ROOT).as_posix() for n, p in modules().items() if n[:8] == "coupling"} <= set(names)
    assert not [name for name in names if name.split("/")[0] not in ("coupling", wheel_info(names))]


def wheel_info(names: list[str]) -> str:
    (folder,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    return folder

"""Install the wheel into an empty environment and walk through it: ``python tests/tour/walk.py WHEEL``.

Run by the interpreter that is to be tested; every line of every walk must succeed, in a folder with nothing of the
repository.  Time and size of the installation are printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WALKS = sorted(Path(__file__).parent.glob("*.sh"))


def main(wheel: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="coupling-walk-") as folder:
        home = Path(folder)
        environment = home / "environment"
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        python = environment / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel.resolve()]
        subprocess.run(install, check=True)
        size = sum(file.stat().st_size for file in environment.rglob("*") if not file.is_symlink() and file.is_file())
        version = ".".join(map(str, sys.version_info[:3]))
        print(f"Python {version}: installed in {time.perf_counter() - began:.0f} s, {size / 1e6:.0f} MB", flush=True)
        failed = [walk.stem for walk in WALKS if not walked(walk, home, environment / "bin")]
    print(f"Python {version}: {len(WALKS) - len(failed)} walks passed, {len(failed)} failed {' '.join(failed)}")
    return bool(failed)


def walked(walk: Path, home: Path, programs: Path) -> bool:
    """Whether every line of a walk succeeds, in a new folder."""
    place = home / walk.stem
    place.mkdir()
    paths = os.pathsep.join([str(programs), "/usr/bin", "/bin"])
    environment = {"PATH": paths, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LANG": "C.UTF-8"}
    began = time.perf_counter()
    run = ["bash", "-euo", "pipefail", walk]
    done = subprocess.run(run, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout)
    print(
        f"{walk.stem:<10} {'passed' if not done.returncode else 'FAILED'}, {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

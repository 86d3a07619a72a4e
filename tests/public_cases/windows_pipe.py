"""The command in a console or pipe of Windows, whose encoding is cp1252.

Source: radis/radis #162 (a Greek letter on a standard console), ValvePython/steamctl #67, seddonym/import-linter
PR 313.
Right: status 0 and the number; a sign that the encoding lacks may be replaced.
"""

import os
import subprocess
import sys

environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
failed = []
for command, wanted in (
    ("value gaunt 1 1 2 0 0 0 --exact", "0.252313252202016"),
    ("value antisymmetric_gaunt 3 4 4 1 2 -3 --exact", "1.1307081255425524"),
    ("simulate --help", "Usage"),
    ("value --help", "Usage"),
):
    done = subprocess.run([sys.executable, "-m", "coupling", *command.split()], env=environment, capture_output=True)
    if done.returncode or wanted.encode() not in done.stdout:
        failed.append(f"{command}: status {done.returncode}: {done.stderr.decode('cp1252').strip().splitlines()[-1:]}")
print("\n".join(failed))
raise SystemExit(bool(failed))

"""A kernel compiled where its cache cannot be written: disk full, quota used up.

Source: numba/numba #7248 (a cache that cannot be used should be a warning, not a crash), BSC-ES/autosubmit #596
(quota).
The kernel is compiled without a cache then.  A limit on file sizes stands for the full disk.  Linux.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
(folder / "small.py").write_text(
    "import resource\n"
    "from coupling.kernels.jit import kernel\n"
    "@kernel\n"
    "def twice(x):\n"
    "    return 2 * x\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))\n"
    "assert twice(2.0) == 4.0\n"
)
environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
done = subprocess.run([sys.executable, str(folder / "small.py")], env=environment, capture_output=True, text=True)
print(done.stderr.strip().splitlines()[-1:])
raise SystemExit(done.returncode)

"""Two exported headers in one CUDA file, the first small, the second larger than constant memory.

Source: pocl/pocl #944 (ptxas: too much global constant data, 0x10000 is the most).  docs/howto/export.md promises
`__constant__` while the arrays fit into 64 KB and `__device__` beyond.  Right: no more than 65536 bytes in
`__constant__` arrays, in either order.  Needs a C preprocessor.
"""

import re
import shutil
import subprocess
import tempfile
from math import prod
from pathlib import Path

import coupling
from coupling.export import export

cc = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
assert cc, "a C preprocessor is needed"
folder, worst = Path(tempfile.mkdtemp()), 0
for name in ("real-l4", "real-l8"):
    (folder / f"{name}.h").write_bytes(export(coupling.load(name), "c", dtype="float32"))
for names in (("real-l4", "real-l8"), ("real-l8", "real-l4")):
    (folder / "both.c").write_text("".join(f'#include "{name}.h"\n' for name in names))
    command = [cc, "-E", "-P", "-D__CUDACC__", str(folder / "both.c")]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    arrays = re.findall(r"__constant__[\w\s]*?\b(u?int\d+_t|float|double)\s+\w+((?:\[\d+\])+)\s*=", text)
    width = {"float": 4, "double": 8, "int8_t": 1, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8}
    size = sum(width[kind] * prod(map(int, re.findall(r"\d+", shape))) for kind, shape in arrays)
    print(" then ".join(names), size, "bytes of constant memory")
    worst = max(worst, size)
raise SystemExit(worst > 65536)

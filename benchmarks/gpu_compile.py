"""What nvcc makes of the fully unrolled programs: instructions, registers, spills, size; no device is needed.

    python -m benchmarks.gpu_compile [--lmax 1 2 3 4 5 6 8] [--architecture sm_80 sm_90 sm_100] [--write]

Bytes are those of x, y and z of one channel of one sample; instructions are multiply-adds, additions and
multiplications of the same, without loads, stores and addresses.  Their ratio tells the bound: a device that does more
multiply-adds per byte that it moves waits for memory.  Spills are bytes of local memory for each thread; warps are
those that an SM with 65536 registers holds.  "fields" is ``VectorSignal`` of vector harmonics, "single" is
``VectorSignal.single``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import writing
from coupling.backends.cuda import cuda_source
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, VectorSignal
from coupling.products.straight import straight_program

BY = "python -m benchmarks.gpu_compile"
#: Products by the names of the table, and the largest degrees that are compiled in float32 and in float64.
KINDS: dict[str, tuple[Callable[..., Product], int, int]] = {
    "sparse": (ClebschGordan, 8, 6),
    "matrix": (MatrixProduct, 8, 6),
    "Gaunt": (Gaunt, 8, 6),
    "bracket": (AntisymmetricGaunt, 8, 6),
    "fields": (VectorSignal, 4, 3),
    "single": (VectorSignal.single, 4, 3),
}

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "gpu-compiled.md"


def compiled(product: Product, dtype: str, architecture: str) -> tuple[int, int, int]:
    """Registers, bytes of spill stores, and bytes of machine code with its tables, of 128 channels."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "product.cu").write_text(cuda_source(product, dtype))
        options = [f"-arch={architecture}", "-cubin", "-Xptxas", "-v", "-DCOUPLING_CHANNELS=128"]
        command = ["nvcc", *options, "product.cu", "-o", "product.cubin"]
        report = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stderr
        size = (Path(folder) / "product.cubin").stat().st_size
    registers, spills = (int(re.search(p, report)[1]) for p in (r"Used (\d+) registers", r"(\d+) bytes spill stores"))
    return registers, spills, size


def line(name: str, product: Product, lmax: int, dtype: str, architectures: list[str]) -> str:
    """One line of the table."""
    lines = straight_program(product, dtype)
    cells = [str(lmax), dtype, name, str(lines.bytes), str(lines.operations), f"{lines.operations / lines.bytes:.1f}"]
    for architecture in architectures:
        registers, spills, size = compiled(product, dtype, architecture)
        warps = min(64, 65536 // (32 * -(-registers // 8) * 8))
        cells += [f"{registers} / {spills}", str(warps), f"{size / 1024:.0f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmax", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6, 8])
    parser.add_argument("--architecture", nargs="+", default=["sm_80", "sm_90", "sm_100"])
    writing.add_options(parser, "docs/benchmarks/gpu-compiled.md")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, BY, PAGE)
    heads = ["lmax", "type", "product", "bytes", "instructions", "per byte"]
    heads += [f"{a}: {what}" for a in given.architecture for what in ("registers / spills", "warps", "KiB")]
    table = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for dtype in ("float32", "float64"):
        for lmax in given.lmax:
            for name, (kind, single, double) in KINDS.items():
                if lmax <= (single if dtype == "float32" else double):
                    table.append(line(name, kind(lmax, lmax, lmax), lmax, dtype, given.architecture))
                    print(table[-1], flush=True)
    version = subprocess.run(["nvcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[-2]
    if given.write:
        intro = f"{version}; written by `{BY} --write`. Nothing here was run on a device."
        notes = __doc__.split("\n\n")[-1]
        report = "\n".join(table)
        writing.write(PAGE, f"# Products through nvcc\n\n{intro}\n\n{notes}\n{report}\n", given.force)


if __name__ == "__main__":
    main()

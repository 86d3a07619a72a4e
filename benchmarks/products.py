"""Clebsch-Gordan products: every route of ours and other programs, on the same features, in one run.

    python -m benchmarks.products [--write] [--lmax 1 2 3 4 …] [--no-peers]
    python -m benchmarks.products --draw            page and pictures again from the last written numbers

One core, which the process is bound to, and the CPU time of the whole process, so that no other program's threads are
overlooked.  What is compared takes turns and each figure is the median of its turns: what else the machine does weighs
on all alike.  128 channels; two inputs and the output are 4 MB together.  Calls are whole calls from Python.
The bounds of the core, multiply-adds in registers and traffic of the same arrays, take turns with the routes.
--write renews docs/benchmarks/products.md, its pictures and products.json, from which they are drawn.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.peak import multiply_add_run, traffic_run  # isort: skip (before numpy)
from benchmarks.product_peers import PEERS, Peer, installed  # isort: skip (before jax)
import numpy as np

from benchmarks import product_page, writing
from benchmarks.product_routes import ROUTES, Route, by_definition, full, full_through_the_sphere, reach
from benchmarks.timing import Runs, compared, seconds
from coupling.indexing import path_count
from coupling.products import AntisymmetricGaunt, ClebschGordan, VectorSignal
from coupling.version import __version__

BY = "python -m benchmarks.products"

CHANNELS, MEGABYTES = 128, 4

#: Degrees of our routes, in all types and directions; and those beyond, where only products without tables go.
DEGREES, BEYOND = [*range(1, 11), 12, 16], [24, 32]

#: Degrees of other programs in float32, and in float64.
PEER_DEGREES, PEER_DEGREES_64 = [*range(1, 11)], [2, 4]

#: A program that takes more CPU seconds to be made and called once, or to be called, stops at that degree.
BUDGET, CALL_BUDGET = 30, 0.6

#: Turns of each, and CPU seconds of a turn that short calls are repeated for.
TURNS, LEAST = 7, 0.02

#: Largest error of another program that is timed, in units of the rounding of its type.
RIGHT = 1000

#: Degrees to which errors are measured, against the definition in long double.
ERRORS = 12

Row = dict[str, Any]


def features(lmax: int, dtype: np.dtype) -> list[np.ndarray]:
    """Random x, y and cotangent [batch, (lmax+1)², channels], as many bytes as the options say."""
    batch = max(1, int(MEGABYTES * 1e6) // (3 * (lmax + 1) ** 2 * CHANNELS * dtype.itemsize))
    random = np.random.default_rng(lmax)
    return [random.standard_normal((batch, (lmax + 1) ** 2, CHANNELS)).astype(dtype) for _ in range(3)]


def error(found: tuple[Any, ...], exact: tuple[Any, ...] | None) -> float | None:
    """The largest error over the largest number, of the first channels of the first sample."""
    if exact is None or found[0] is None:
        return None
    pairs = zip(found, exact, strict=True)
    return max(float(abs(f[0, :, : e.shape[1]] - e).max() / abs(e).max()) for f, e in pairs if e.any())


def exact(weights: np.ndarray, xyg: list[np.ndarray]) -> tuple[np.ndarray, ...] | None:
    """Product and gradients of two channels of the first sample."""
    lmax = round(xyg[0].shape[1] ** 0.5) - 1
    return by_definition(weights, *(a[0, :, :2] for a in xyg)) if lmax <= ERRORS else None


def own_runs(routes: dict[str, Route], xyg: list[np.ndarray]) -> Iterator[tuple[str, Row, Runs]]:
    """For each direction: its name, what is known before timing, and the functions."""
    x, y, g = xyg
    values = {name: exact(one.weights, xyg) for name, one in routes.items()}
    forward = {name: (lambda p=one.product: p(x, y)) for name, one in routes.items()}
    backward = {name: (lambda p=one.product: p.vjp(x, y, g)) for name, one in routes.items()}
    for direction, runs, part in (("forward", forward, slice(0, 1)), ("backward", backward, slice(1, 3))):
        known = {}
        for name, run in runs.items():
            result, right = run(), values[name]
            result = (result,) if direction == "forward" else result
            times = 1 if direction == "forward" else 2
            known[name] = {
                "operations": times * routes[name].operations,
                "error": error(result, None if right is None else right[part]),
            }
        yield direction, known, runs


class Peers:
    """The other programs, while they keep to the budget."""

    def __init__(self, names: list[str], dtype: np.dtype) -> None:
        if installed("dense einsum, jax"):
            import jax

            jax.config.update("jax_enable_x64", dtype == np.float64)
        self.names, self.ended = names, dict.fromkeys(names, "")

    def make(self, lmax: int, xyg: list[np.ndarray]) -> dict[str, tuple[Peer, Callable[[], Any]]]:
        """Make and call all that are left."""
        found = {}
        for name in self.names:
            if not self.ended[name]:
                print(f"    {name}", end="", flush=True, file=sys.stderr)
                made: list[Any] = []
                spent = seconds(lambda name=name, made=made: made.extend(start(name, lmax, xyg)))
                if not made:
                    self.ended[name] = f"{name} before degree {lmax}: out of memory"
                    continue
                call = seconds(made[0].forward)
                print(f" {spent:.1f} s, {call:.3f} s", flush=True, file=sys.stderr)
                found[name] = tuple(made)
                if spent > BUDGET or call > CALL_BUDGET:
                    self.ended[name] = (
                        f"{name} after degree {lmax} ({spent:.0f} s to the first results, {call:.1f} s a call)"
                    )
        return found


def start(name: str, lmax: int, xyg: list[np.ndarray]) -> tuple[Any, ...]:
    """Return a program that has computed a product and its gradients once, and its gradients; () if it cannot."""
    try:
        peer = PEERS[name][0](lmax, *xyg[:2])
        peer.forward()
        backward = peer.backward(xyg[2])
        backward()
    except (MemoryError, RuntimeError) as failure:
        print(failure, file=sys.stderr)
        return ()
    return peer, backward


Made = dict[str, tuple[Peer, Callable[[], Any]]]


def only_right(made: Made, xyg: list[np.ndarray]) -> tuple[Made, dict[str, float]]:
    """Return the programs whose product is right, and their errors; the others are named and not timed.

    Some channels are compared with the definition, all with our sparse product in double precision.
    """
    kept, errors = {}, {}
    x, y, _ = xyg
    lmax, limit = round(x.shape[1] ** 0.5) - 1, RIGHT * np.finfo(x.dtype).eps
    for name, both in made.items():
        found, weights = both[0].result(), both[0].weights
        right = exact(np.ones(path_count(lmax, lmax, lmax)) if weights is None else weights, xyg)
        size = None if right is None or found is None else error((found,), right[:1])
        if size is not None and size <= limit and everywhere(found, weights, x, y) <= limit:
            kept[name], errors[name] = both, size
        else:
            print(f"    {name}: not timed, error {size}", file=sys.stderr)
    return kept, errors


def everywhere(found: np.ndarray, weights: np.ndarray | None, x: np.ndarray, y: np.ndarray) -> float:
    """The largest difference from our sparse product over its largest number; infinite where there is no number."""
    lmax = round(x.shape[1] ** 0.5) - 1
    ours = ClebschGordan(lmax, lmax, lmax, weights=weights)(x.astype(float), y.astype(float))
    difference = float(abs(found - ours).max() / abs(ours).max())
    return difference if np.isfinite(difference) else np.inf


def measure(lmax: int, dtype: np.dtype, names: list[str], peers: Peers | None, backward: bool) -> list[Row]:
    """Time all of one degree and type."""
    xyg = features(lmax, dtype)
    x = xyg[0]
    others, errors = only_right(peers.make(lmax, xyg) if peers else {}, xyg)
    rows = []
    for direction, known, runs in own_runs({name: ROUTES[name](lmax) for name in names}, xyg):
        if direction == "backward" and not backward:
            continue
        for name, (peer, gradients) in others.items():
            runs[name] = peer.forward if direction == "forward" else gradients
            known[name] = {"operations": 0, "error": errors[name] if direction == "forward" else None}
        (runs["peak"], operations), (runs["memory"], moved) = multiply_add_run(dtype), traffic_run(3 * x.nbytes, dtype)
        times, samples = compared(runs, TURNS, LEAST), x.shape[0] * x.shape[2]
        bounds = {"peak": 2e-9 * operations / times.pop("peak"), "memory": 1e-9 * moved / times.pop("memory")}
        shared = {"lmax": lmax, "dtype": dtype.name, "direction": direction, "batch": len(x), "bytes": 3 * x.nbytes}
        shared |= bounds | {"samples": samples}
        rows += [shared | known[name] | {"name": name, "ns": 1e9 * t / samples} for name, t in times.items()]
        print(f"  {direction}: " + ", ".join(f"{r['name']} {r['ns']:.1f}" for r in rows if r["direction"] == direction))
        sys.stdout.flush()
    return rows


def separate(lmax: int, dtype: np.dtype) -> Row:
    """Time the product with all paths apart, sparse and through the sphere."""
    product, sphere, sparse = full(lmax), full_through_the_sphere(lmax), ROUTES["sparse"](lmax).product
    x, y, _ = features(lmax, dtype)
    keep = max(1, len(x) // (lmax + 1))
    x, y = x[:keep], y[:keep]
    apart, parts = product(x, y), np.concatenate(sphere(x, y), axis=1)
    times = compared({"sparse": lambda: product(x, y), "sphere": lambda: sphere(x, y), "summed": lambda: sparse(x, y)})
    found = {name: 1e9 * t / (len(x) * CHANNELS) for name, t in times.items()}
    return {"lmax": lmax, "outputs": product.sizes[2], "apart": float(abs(apart - parts).max()), **found}


def nine_and_one(lmax: int, dtype: np.dtype) -> Row:
    """Time the nine pairs of shifts, one product of vector fields, and one bracket."""
    x, y = (np.random.default_rng(n).standard_normal((16, 3, (lmax + 1) ** 2, 32)).astype(dtype) for n in range(2))
    f, g = (np.ascontiguousarray(z[:, 1]) for z in (x, y))
    vector, bracket = VectorSignal(lmax, lmax, lmax), AntisymmetricGaunt(lmax, lmax, lmax)
    single = VectorSignal.single(lmax, lmax, lmax)
    alone = np.eye(3, dtype=dtype)[:, None, :, None, None]

    def nine() -> None:
        for a in alone * x:
            for b in alone * y:
                vector(a, b)

    runs = {"nine": nine, "one": lambda: vector(x, y), "single": lambda: single(f, g), "bracket": lambda: bracket(f, g)}
    times = compared(runs)
    return {"lmax": lmax, **{name: 1e9 * t / (16 * 32) for name, t in times.items()}}


def everything(degrees: list[int], with_peers: bool) -> Row:
    """Measure all."""
    names = [name for name in PEERS if with_peers and installed(name)]
    rows, ended = [], {}
    for dtype, at in ((np.dtype(np.float32), PEER_DEGREES), (np.dtype(np.float64), PEER_DEGREES_64)):
        peers = Peers(names, dtype)
        for lmax in degrees:
            print(f"{dtype}, lmax {lmax}", flush=True)
            rows += measure(lmax, dtype, list(ROUTES), peers if lmax in at else None, True)
            gc.collect()
        ended[dtype.name] = [text for text in peers.ended.values() if text]
    single = np.dtype(np.float32)
    if max(degrees) >= max(DEGREES):
        for lmax in BEYOND:
            print(f"float32, lmax {lmax}", flush=True)
            rows += measure(lmax, single, ["Gaunt", "bracket", "Gaunt + bracket", "matrix"], None, False)
    return {
        "by": BY,
        "machine": machine(names),
        "rows": rows,
        "ended": ended,
        "budget": [BUDGET, CALL_BUDGET],
        "separate": [separate(lmax, single) for lmax in degrees if lmax in (1, 2, 3, 4, 6, 8)],
        "nine": [nine_and_one(lmax, single) for lmax in degrees if lmax in (2, 4, 6)],
        "reach": {lmax: reach(lmax) for lmax in degrees if lmax in (2, 3, 4, 6, 8, 10)},
    }


def machine(names: list[str]) -> Row:
    """What was measured, and on what."""
    modules = ["numpy", "numba", *("jax", "torch", "e3nn", "e3nn-jax", "e3x", "cuequivariance", "opt_einsum")]
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            processor = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.machine()
    versions = {name: version(name) for name in (modules if names else modules[:2])}
    return {"processor": processor, "cores": os.cpu_count(), "versions": {"coupling": __version__, **versions}}


def main() -> None:
    """Read the options; measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lmax", type=int, nargs="+", default=DEGREES)
    parser.add_argument("--no-peers", action="store_true")
    writing.add_options(parser, "products.json, the page and its pictures")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--folder", type=Path, default=product_page.FOLDER, help="where to write")
    given = parser.parse_args()
    file = given.folder / "products.json"
    if given.write or given.draw:
        writing.require(parser, given.force, BY, *([file] if given.write else []))
        writing.require(parser, given.force, "make bench", *(given.folder / name for name in product_page.FILES))
    if not given.draw:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        data = json.loads(json.dumps(everything(given.lmax, not given.no_peers)))
        if given.write:
            writing.write(file, json.dumps(data, indent=1) + "\n", given.force)
    else:
        data = json.loads(file.read_text(encoding="utf-8"))
    print(product_page.page(data))
    if given.write or given.draw:
        product_page.write(data, given.folder, given.force)


if __name__ == "__main__":
    main()

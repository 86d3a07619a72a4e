"""The page and the pictures of ``benchmarks.products``, from its numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import writing
from benchmarks.product_targets import OWN, Numbers, growth, targets

FOLDER = Path(__file__).parent.parent / "docs/benchmarks"
FILES = "products.md", "products.png", "products-reach.png"

INTRODUCTION = """# Clebsch-Gordan products: every route, and other programs

Made by `make bench` (`python -m benchmarks.products --write`), {runs}. {processor}, {cores} cores shared with
other work; the process is bound to one core, and times are CPU times of all its threads. All programs take turns, and
a figure is the median of its turns, so ratios mean more than nanoseconds. All degrees of x, y and output run
to L, one copy of each degree, {channels} channels; the two inputs and the output are {megabytes} MB together, that is
{batches} samples of {channels} channels at L = {degrees}. Times are whole calls from Python, per sample and channel.
{versions}.

*sparse* is the product from a table, with any path weights (here one), *even* and *odd* its paths of even and odd
l1+l2+l3. *Gaunt* (even paths), *bracket* (odd paths), both together, and *matrix* (all paths) have weights of rank one.
Errors are the largest error over the largest number, against the definition in long double.
"""

PEER_NOTE = """All peers get the same features and the same paths, all with weights one, in the layout that they prefer;
tracing, compilation and a first call are not timed; one thread; float32 products of matrices are not rounded to fewer
bits (jax `precision="highest"`, torch `set_float32_matmul_precision("highest")`). e3nn: `o3.TensorProduct`, channel by
channel (`uuu`), its generated TorchScript, and compiled by torch.compile. e3nn-jax: `tensor_product` of every channel,
paths to one degree added, jitted. cuequivariance: the same paths as a segmented polynomial; on a CPU only its method
"naive" exists. e3x `Tensor` (dense, one weight per path) and `FusedTensor` (matrices of spin ⌈L/2⌉, factored weights),
jitted; they keep even and odd paths apart. Dense einsum: the tensor of all C, by opt_einsum on numpy and by jax,
jitted. A program that takes more than {budget} s of CPU time to its first results, gradients included, or {call} s for
a call, stops at that degree. {ended}{withdrawn}
"""


def write(data: dict[str, Any], folder: Path, force: bool = False) -> None:
    """Write the page and its pictures."""
    text, times, reach = (folder / name for name in FILES)
    writing.write(text, page(data), force)
    draw_times(Numbers(data), times, force)
    draw_reach(Numbers(data), data["reach"], reach, force)


def page(data: dict[str, Any]) -> str:
    """Return the page."""
    numbers = Numbers(data)
    return "\n".join([introduction(data, numbers), *parts(data, numbers)]).rstrip() + "\n"


def introduction(data: dict[str, Any], numbers: Numbers) -> str:
    """Say what was measured, on what."""
    machine = data["machine"]
    some = [lmax for lmax in (1, 4, 8, 16) if lmax in numbers.degrees("sparse")]
    batches = [numbers.row("sparse", lmax)["batch"] for lmax in some]
    one = numbers.rows[0]
    return INTRODUCTION.format(
        runs=data.get("runs", "all in one run"),
        processor=machine["processor"],
        cores=machine["cores"],
        channels=one["samples"] // one["batch"],
        megabytes=round(one["bytes"] / 1e6),
        batches=", ".join(map(str, batches)),
        degrees=", ".join(map(str, some)),
        versions=", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
    )


def parts(data: dict[str, Any], numbers: Numbers) -> list[str]:
    """Return the sections."""
    others = numbers.others
    sections = ["## Targets\n", *targets(numbers), "", "![time against degree](products.png)\n"]
    for dtype in ("float32", "float64"):
        for direction in ("forward", "backward"):
            words = "" if direction == "forward" else ", gradients in x and y"
            sections += [f"## {dtype}{words}: ns per sample and channel\n", table(numbers, OWN, dtype, direction), ""]
    sections += ["## float32: GFLOP/s, and fraction of the multiply-adds of the core\n", shares(numbers), ""]
    for dtype in ("float32", "float64"):
        sections += [f"## {dtype}: largest error\n", table(numbers, OWN, dtype, "forward", error), ""]
    if others:
        ended = [text for texts in data["ended"].values() for text in texts]
        stopped = f"Stopped: {'; '.join(ended)}." if ended else ""
        budget, call = data["budget"]
        note = PEER_NOTE.format(budget=budget, call=call, ended=stopped, withdrawn=numbers.without())
        sections += ["## Other programs\n", note]
        for dtype, direction in (("float32", "forward"), ("float32", "backward"), ("float64", "forward")):
            words = "" if direction == "forward" else ", gradients in x and y"
            sections += [f"{dtype}{words}, ns per sample and channel:\n", beside(numbers, dtype, direction), ""]
        sections += ["Largest error, float32:\n", table(numbers, others, "float32", "forward", error), ""]
    return [*sections, *apart(data), *nine(data), *exponents(numbers), *reached(data)]


def nanoseconds(row: dict[str, Any]) -> str:
    """The time in a row."""
    return f"{row['ns']:.3g}" if row["ns"] < 1000 else f"{row['ns']:,.0f}"


def error(row: dict[str, Any]) -> str:
    """The error in a row."""
    return "" if row["error"] is None else f"{row['error']:.0e}"


def lines(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """A table."""
    head = list(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


Show = Callable[[dict[str, Any]], str]


def table(numbers: Numbers, names: list[str], dtype: str, direction: str, show: Show = nanoseconds) -> str:
    """One line for each degree, one column for each name."""
    cells = {lmax: {n: numbers.find(n, lmax, dtype, direction) for n in names} for lmax in numbers.all_degrees}
    body = [
        [str(lmax), *(show(row) if row else "" for row in cell.values())]
        for lmax, cell in cells.items()
        if any(row and show(row) for row in cell.values())
    ]
    return lines(["L", *names], body)


def beside(numbers: Numbers, dtype: str, direction: str) -> str:
    """Other programs, and our fastest route for all paths beside the best of them."""
    degrees = [lmax for lmax in numbers.all_degrees if numbers.best_other(lmax, dtype, direction)]
    body = []
    for lmax in degrees:
        found = [numbers.find(name, lmax, dtype, direction) for name in numbers.others]
        own, best = numbers.fastest(lmax, dtype, direction), numbers.best_other(lmax, dtype, direction)
        ours = f"{nanoseconds(own)} ({own['name']})"
        body.append([str(lmax), *(nanoseconds(r) if r else "" for r in found), ours, f"{best['ns'] / own['ns']:.1f}"])
    return lines(["L", *numbers.others, "coupling, fastest", "best other / coupling"], body)


def shares(numbers: Numbers) -> str:
    """GFLOP/s and fraction of the peak."""

    def show(row: dict[str, Any]) -> str:
        rate = 2 * row["operations"] / row["ns"]
        return f"{rate:.0f} ({rate / row['peak']:.0%})"

    return table(numbers, OWN, "float32", "forward", show)


def apart(data: dict[str, Any]) -> list[str]:
    """The full product."""
    body = []
    for r in data["separate"]:
        times = [f"{r[name]:.3g}" for name in ("sparse", "sphere", "summed")]
        ratios = f"{r['sphere'] / r['sparse']:.1f}", f"{r['sparse'] / r['outputs']:.2f}"
        body.append([str(r["lmax"]), str(r["outputs"]), *times, *ratios])
    head = ["L", "outputs", "full, sparse", "full, sphere", "paths summed", "sphere / sparse", "sparse, ns per output"]
    text = (
        "Every path apart, float32, ns: from the table, and by a Gaunt product and a bracket for every pair (l1, l2)."
    )
    return ["## The full product\n", f"{text}\n", lines(head, body), ""]


def nine(data: dict[str, Any]) -> list[str]:
    """Nine evaluations against one."""
    body = [
        [
            str(r["lmax"]),
            *(f"{r[k]:.3g}" for k in ("nine", "one", "single", "bracket")),
            f"{r['nine'] / r['bracket']:.0f}",
        ]
        for r in data["nine"]
    ]
    head = ["L", "nine vector products", "one vector product", "single", "bracket", "nine / bracket"]
    text = """The simulation before needs the 3 × 3 shifts of both inputs, nine products of vector fields; one
component of one of them, the bracket, reaches the same odd paths. "single" is `VectorSignal.single`, one product of
vector fields that reaches all paths but (0, 0, 0); float32, ns."""
    return ["## Nine evaluations and one\n", f"{text}\n", lines(head, body), ""]


def exponents(numbers: Numbers) -> list[str]:
    """Fitted growth."""
    body = []
    for name in [*OWN, *numbers.others]:
        found = [growth(numbers, name, *ends) for ends in ((8, 16), (8, 32))]
        if any(found):
            body.append([name, *(f"{value:.2f}" if value else "" for value in found)])
    text = "Exponent p of time ∝ L^p, least squares in the logarithms, float32."
    return ["## Growth\n", f"{text}\n", lines(["", "L = 8 … 16", "L = 8 … 32"], body), ""]


def reached(data: dict[str, Any]) -> list[str]:
    """Paths, and the dimension of the weightings."""
    names = list(next(iter(data["reach"].values())))
    body = [[str(lmax), *(f"{p}, {d}" for p, d in row.values())] for lmax, row in data["reach"].items()]
    text = """What one evaluation reaches: number of paths, and the dimension of the family of weightings it can give
them. A weighting of rank R takes R evaluations of the others and one of sparse."""
    picture = "![what is reached, against time](products-reach.png)\n"
    return ["## Reach\n", f"{text}\n", lines(["L", *names], body), "", picture]


def panels(first: str, second: str) -> tuple[Any, Any]:
    """A figure with two panels and their titles."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(13, 4.8), layout="constrained")
    return figure, list(zip(axes, (first, second), strict=True))


def draw_times(numbers: Numbers, path: Path, force: bool) -> None:
    """Time against degree: our routes with their crossovers, and the fastest of them beside other programs."""
    from coupling.plots import curves, save

    marks = {}
    pairs = (("sparse", "matrix"), ("sparse even", "Gaunt"), ("sparse odd", "bracket"), ("sparse", "Gaunt + bracket"))
    for slow, fast in pairs:
        lmax = numbers.crossover(slow, fast)
        if lmax:
            marks[f"{fast} from {lmax}"] = lmax, numbers.row(fast, lmax)["ns"]
    figure, ((own, own_title), (beside, title)) = panels("Routes, one core, float32", "Beside other programs")
    words: dict[str, Any] = {"xscale": "log2", "yscale": "log", "xlabel": "largest degree L"}
    words["ylabel"] = "ns per sample and channel"
    curves({name: line(numbers, name) for name in OWN}, title=own_title, ax=own, **words)
    own.plot(*zip(*marks.values(), strict=True), "o", markersize=11, mfc="none", mec="#333333", zorder=4)
    said = "\n".join(["rings: faster than sparse", *marks])
    own.text(0.98, 0.02, said, transform=own.transAxes, ha="right", va="bottom", fontsize=9, color="#333333")
    if numbers.others:
        series = {name: line(numbers, name) for name in numbers.others}
        last = max(lmax for name in numbers.others for lmax in numbers.degrees(name))
        degrees = [lmax for lmax in numbers.degrees("matrix") if lmax <= last]
        fastest = degrees, [numbers.fastest(lmax)["ns"] for lmax in degrees], {"color": "black", "linewidth": 2.4}
        curves(series | {"coupling, fastest": fastest}, title=title, ax=beside, **words)
    save(figure, path, dpi=110, force=force)


def line(numbers: Numbers, name: str) -> tuple[list[int], list[float]]:
    """Degrees and times."""
    degrees = numbers.degrees(name)
    return degrees, [numbers.row(name, lmax)["ns"] for lmax in degrees]


def draw_reach(numbers: Numbers, reach: dict[str, Any], path: Path, force: bool) -> None:
    """What is reached against what it costs."""
    from coupling.plots import curves, save

    title = f"What one evaluation reaches, L = {', '.join(reach)}"
    figure, both = panels(title, "")
    labels = "paths", "dimension of the weightings"
    for which, ((ax, title), label) in enumerate(zip(both, labels, strict=True)):
        series = {}
        for name in next(iter(reach.values())):
            points = [(numbers.row(name, int(l))["ns"], row[name][which]) for l, row in reach.items()]
            series[name] = [p[0] for p in points], [p[1] for p in points]
        words = {"xlabel": "ns per sample and channel", "ylabel": label, "title": title or None}
        curves(series, xscale="log", yscale="log", ax=ax, **words)
    save(figure, path, dpi=110, force=force)

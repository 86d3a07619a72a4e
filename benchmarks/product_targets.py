"""What was promised of the products, beside what a run measured, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

#: Our routes, in the order of the columns; those for all paths.
OWN = ["sparse even", "Gaunt", "sparse odd", "bracket", "sparse", "Gaunt + bracket", "matrix"]
ALL_PATHS = ["sparse", "Gaunt + bracket", "matrix"]

Row = dict[str, Any]


class Numbers:
    """The rows of a run, by name, degree, type and direction.

    withdrawn : other programs whose values no row compares with the definition; their rows are left out
    """

    def __init__(self, data: Row) -> None:
        compared = {r["name"] for r in data["rows"] if r["error"] is not None} | set(OWN)
        self.rows: list[Row] = [r for r in data["rows"] if r["name"] in compared]
        self.withdrawn = list(dict.fromkeys(r["name"] for r in data["rows"] if r["name"] not in compared))
        self._withdrawn_rows = [r for r in data["rows"] if r["name"] in self.withdrawn]
        self._found = {(r["name"], r["lmax"], r["dtype"], r["direction"]): r for r in self.rows}
        self.all_degrees: list[int] = sorted({r["lmax"] for r in self.rows})
        self.others = list(dict.fromkeys(r["name"] for r in self.rows if r["name"] not in OWN))

    def find(self, name: str, lmax: int, dtype: str = "float32", direction: str = "forward") -> Row | None:
        """A row, if there is one."""
        return self._found.get((name, lmax, dtype, direction))

    def row(self, name: str, lmax: int) -> Row:
        """A row of the forward product in float32."""
        return self._found[name, lmax, "float32", "forward"]

    def degrees(self, name: str) -> list[int]:
        """The degrees at which the forward product was timed in float32."""
        return [lmax for lmax in self.all_degrees if self.find(name, lmax)]

    def fastest(self, lmax: int, dtype: str = "float32", direction: str = "forward") -> Row:
        """Our fastest route for all paths."""
        found = (self.find(name, lmax, dtype, direction) for name in ALL_PATHS)
        return min((row for row in found if row), key=lambda row: row["ns"])

    def best_other(self, lmax: int, dtype: str = "float32", direction: str = "forward") -> Row | None:
        """The fastest of the other programs."""
        found = [self.find(name, lmax, dtype, direction) for name in self.others]
        return min((row for row in found if row), key=lambda row: row["ns"], default=None)

    def without(self) -> str:
        """Say which programs are withdrawn, and where the ratio to the best other program would be less with them."""
        if not self.withdrawn:
            return ""
        found = [r for r in self._withdrawn_rows if (r["dtype"], r["direction"]) == ("float32", "forward")]
        best = {r["lmax"]: self.best_other(r["lmax"]) for r in found}
        less = sorted({r["lmax"] for r in found if (other := best[r["lmax"]]) and r["ns"] < other["ns"]})
        words = f"Withdrawn, since this run did not compare their values: {', '.join(self.withdrawn)}."
        if not less:
            return words
        degrees = ", ".join(map(str, less))
        return (
            f"{words} They took less time than every other program at L = {degrees}, so the ratios there are too large."
        )

    def crossover(self, slow: str, fast: str) -> int | None:
        """The degree from which on one is faster than the other at all degrees measured."""
        wins = [(lmax, self.row(fast, lmax)["ns"] < self.row(slow, lmax)["ns"]) for lmax in self.degrees(slow)]
        lost = [lmax for lmax, won in wins if not won]
        return next((lmax for lmax, _ in wins if not lost or lmax > max(lost)), None)


def growth(numbers: Numbers, name: str, first: int, last: int) -> float | None:
    """The exponent of time in the degree, if there are degrees at both ends."""
    degrees = [lmax for lmax in numbers.degrees(name) if first <= lmax <= last]
    if not degrees or degrees[0] != first or degrees[-1] != last:
        return None
    times = [numbers.row(name, lmax)["ns"] for lmax in degrees]
    return float(np.polyfit(np.log(degrees), np.log(times), 1)[0])


def share(row: Row) -> float:
    """Multiply-adds of a row over those the core does in the same time."""
    return 2 * row["operations"] / row["ns"] / row["peak"]


def traffic_share(row: Row) -> float:
    """The time of the traffic alone, in the same turns, over that of a row."""
    return row["bytes"] / row["samples"] / row["memory"] / row["ns"]


def at_best(row: Row) -> float:
    """The larger of the two bounds in ns: its multiply-adds at the peak, its traffic alone."""
    return max(2 * row["operations"] / row["peak"], row["bytes"] / row["samples"] / row["memory"])


def targets(numbers: Numbers) -> list[str]:
    """The table, and a line of arithmetic for each that is missed."""
    rows, bounds = [], []
    for target, measured, met, bound in every_target(numbers):
        rows.append(f"| {target} | {measured} | {'yes' if met else '**no**'} |")
        if not met:
            bounds.append(f"- *{target}*: {bound}")
    head = ["| target (one core, float32) | measured | met |", "| --- | --- | --- |"]
    if bounds:
        bounds = ["", "What is missing, and what bounds it:", "", *bounds]
    return [*head, *rows, *bounds]


Line = tuple[str, str, bool, str]


def every_target(numbers: Numbers) -> Iterator[Line]:
    """Each target, what was measured, whether that meets it, and the bound."""
    degrees = [lmax for lmax in numbers.degrees("sparse") if lmax <= 16]
    yield reaches_bound(numbers, degrees)
    yield faster(numbers, "matrix", "sparse", 3)
    for lmax, factor in ((6, 5), (8, 10)):
        if lmax in degrees:
            yield times_faster(numbers, lmax, factor)
    yield faster(numbers, "Gaunt", "sparse even", 4)
    yield faster(numbers, "bracket", "sparse odd", 5)
    yield fused(numbers, degrees)
    if numbers.others:
        yield beside_others(numbers)
    yield from grows(numbers)


def reaches_bound(numbers: Numbers, degrees: list[int]) -> Line:
    """Sparse at two fifths of the bound that binds."""
    found = {lmax: numbers.row("sparse", lmax) for lmax in degrees}
    shares = {lmax: max(share(row), traffic_share(row)) for lmax, row in found.items()}
    words = ", ".join(
        f"L={lmax}: {value:.0%} ({'arithmetic' if share(found[lmax]) >= traffic_share(found[lmax]) else 'memory'})"
        for lmax, value in shares.items()
        if lmax in (1, 2, 3, 4, 6, 8, 16)
    )
    low = [lmax for lmax, value in shares.items() if value < 0.4]
    bound = f"below at L = {', '.join(map(str, low))}. " + "; ".join(
        f"L = {lmax}: {found[lmax]['ns']:.1f} ns, multiply-adds alone {2 * found[lmax]['operations'] / row_peak:.1f}, "
        f"traffic alone {at_traffic(found[lmax]):.1f}"
        for lmax in low
        if (row_peak := found[lmax]["peak"])
    )
    bound += ". There a block of 32 lanes moves every row to and from the place of the sums, which no bound counts."
    return "sparse: 40 % of the multiply-adds or of the memory, whichever binds", words, not low, bound


def at_traffic(row: Row) -> float:
    """Nanoseconds of the traffic alone."""
    return row["bytes"] / row["samples"] / row["memory"]


def faster(numbers: Numbers, fast: str, slow: str, first: int) -> Line:
    """One route faster than another from a degree on."""
    ratios = {
        lmax: numbers.row(slow, lmax)["ns"] / numbers.row(fast, lmax)["ns"]
        for lmax in numbers.degrees(slow)
        if lmax >= first
    }
    start = numbers.crossover(slow, fast)
    words = f"from L = {start}; " + ", ".join(f"{r:.2f} at {l}" for l, r in ratios.items() if l in (first, 6, 8, 16))
    bound = "; ".join(
        f"L = {lmax}: {numbers.row(fast, lmax)['ns']:.1f} ns, at the peak {at_best(numbers.row(fast, lmax)):.1f}"
        for lmax, r in ratios.items()
        if r <= 1
    )
    return f"{fast} faster than {slow} from L = {first}", words, all(r > 1 for r in ratios.values()), bound


def times_faster(numbers: Numbers, lmax: int, factor: int) -> Line:
    """Matrix against sparse at one degree."""
    fast, slow = numbers.row("matrix", lmax), numbers.row("sparse", lmax)
    ratio = slow["ns"] / fast["ns"]
    alone, moved = 2 * fast["operations"] / fast["peak"], at_traffic(fast)
    bound = (
        f"{fast['operations']} multiply-adds take {alone:.1f} ns at the measured peak and the traffic alone takes "
        f"{moved:.1f} ns, one after the other {alone + moved:.1f}; {slow['ns']:.0f} / {factor} = "
        f"{slow['ns'] / factor:.1f} ns is what {fast['ns']:.1f} would have to be."
    )
    return f"matrix {factor} × sparse at L = {lmax}", f"{ratio:.1f} ×", ratio >= factor, bound


def fused(numbers: Numbers, degrees: list[int]) -> Line:
    """Fused routes at three tenths of the peak."""
    names = ["Gaunt", "bracket", "Gaunt + bracket", "matrix"]
    words, low = [], []
    for name in names:
        shares = {lmax: share(numbers.row(name, lmax)) for lmax in degrees}
        below = [lmax for lmax, value in shares.items() if value < 0.3]
        low += [f"{name} to L = {max(below)}"] if below else []
        first = max(below) + 1 if below else degrees[0]
        best = max(shares.values())
        words.append(f"{name} from L = {first}, up to {best:.0%}" if first in shares else f"{name} up to {best:.0%}")
    bound = f"below: {'; '.join(low)}. " + "; ".join(
        f"{name} at L = 2: {row['ns']:.1f} ns, multiply-adds alone {2 * row['operations'] / row['peak']:.1f}, traffic "
        f"alone {at_traffic(row):.1f}"
        for name in names
        if (row := numbers.find(name, 2))
    )
    bound += ". The rest is rows moved between features and registers, a block of lanes at a time."
    return "fused routes at 30 % of the multiply-adds or more", "; ".join(words), not low, bound


def beside_others(numbers: Numbers) -> Line:
    """Five times the best other program."""
    ratios = {}
    for lmax in (l for l in numbers.all_degrees if 2 <= l <= 10):
        best = numbers.best_other(lmax)
        if best:
            ratios[lmax] = best["ns"] / numbers.fastest(lmax)["ns"], best["name"]
    words = ", ".join(f"{lmax}: {ratio:.0f} × {name}" for lmax, (ratio, name) in ratios.items())
    met = all(ratio >= 5 for ratio, _ in ratios.values())
    words = ". ".join(filter(None, (words, numbers.without())))
    return "fastest route 5 × the best other program, L = 2 … 10", words, met, "see the table"


def grows(numbers: Numbers) -> Iterator[Line]:
    """No faster than the power 3.5 between 8 and 32."""
    found = {name: growth(numbers, name, 8, 32) for name in ("matrix", "Gaunt", "bracket", "Gaunt + bracket")}
    known = {name: value for name, value in found.items() if value}
    if known:
        words = ", ".join(f"{name} L^{value:.2f}" for name, value in known.items())
        met = min(known.values()) <= 3.5 and all(value <= 3.5 for value in known.values())
        yield "growth between L = 8 and 32 at most L^3.5", words, met, "see the table"

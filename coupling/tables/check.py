"""Checks of a table: structure, then identities that need no reference, then exact values.

The identities, for a core c (C or the 3j symbol), exact in exact arithmetic:

- slices: Σ c² over two orders = 1/(2l+1) for each order of the third slot (so each path has Frobenius norm 1);
- orthogonality: Σ_{l3 m3} (2l3+1) c(l1 l2 l3; m1 m2 m3) c(l1 l2 l3; m1' m2' m3) = δ_{m1 m1'} δ_{m2 m2'}, for all pairs
  (l1, l2) whose paths are all in the table (Edmonds 1957, eq. 3.7.7);
- permutations: a cyclic one changes nothing, a swap of two slots multiplies by (-1)^J, bit by bit;
- reversal (3j symbols): all orders negated, times (-1)^J, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from coupling.conventions import CORE, parity_sign
from coupling.families import family as known
from coupling.files import TableError
from coupling.files.report import Check, Report, verdict
from coupling.floating_point import default_rounding
from coupling.numbers.half_integers import half_integer_factor, symbol_rows
from coupling.selection import orders as allowed_orders
from coupling.tables.core import reduced_number
from coupling.tables.reader import check_entries, check_paths, chunks
from coupling.tables.request import Request
from coupling.tables.table import Entries, Table

#: Entries compared with exact values, unless ``full`` compares all.
EXACT_LIMIT = 200_000
UNIT = 2.0**-53


@default_rounding()
def check(table: Table, full: bool = False) -> Report:
    """Check a table and return the report.

    Values are compared with :mod:`coupling.exact` on one path of each class of permutations, present entries and
    omitted zeros alike; beyond 200 000 entries on evenly spaced paths, unless ``full``.

    >>> from coupling.tables import Request, build
    >>> check(build(Request(lmax=2)))
    Table('real-l2': real basis, lmax 2, 15 paths, 137 entries, 4 families)
      ok      structure              137 cases   orders, offsets and values as they must be
      ok      slices                 153 cases   largest deviation 2.2e-16
      ok      orthogonality          150 cases   6 of 9 pairs (l1, l2) are complete, largest deviation 2.2e-16
      ok      permutations           274 cases   cyclic and swapped entries equal, bit by bit
      ok      reduced factors         60 cases   equal to the exact values, correctly rounded
      ok      exact values            67 cases   equal to the exact values, correctly rounded
    """
    structure = _structure(table)
    if not structure.passed:
        return Report(repr(table), (structure,))
    checks = [structure, _slices(table), _orthogonality(table), _permutations(table)]
    if table.request.basis == "complex":
        checks.append(_reversal(table))
    return Report(repr(table), (*checks, _reduced_factors(table), _exact_values(table, full)))


def _structure(table: Table) -> Check:
    try:
        check_paths(table.request.name, table)
        cases = check_entries(table.request.name, table)
    except TableError as error:
        return Check("structure", False, len(table.core), str(error))
    return Check("structure", True, cases, "orders, offsets and values as they must be")


def _slices(table: Table) -> Check:
    cases, worst, passed, step = 0, 0.0, True, table.request.denominator
    for _, orders, degrees, core, starts in chunks(table):  # whole paths: memory does not grow with the table
        path = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(core)))
        for l, m in zip(degrees, orders, strict=True):
            size = 2 * l[starts].astype(np.int64) // step + 1
            row = (np.cumsum(size) - size)[path] + (m + l) // step
            norm = np.bincount(row, core**2, minlength=int(size.sum())) * np.repeat(size, size)
            terms = np.bincount(row, minlength=int(size.sum()))
            deviation = abs(norm - 1)
            cases, worst = cases + len(norm), max(worst, float(deviation.max()))
            # each factor, each square, each sum and the last product round once
            passed &= bool((deviation <= (terms + 4) * UNIT).all())
    return Check("slices", passed, cases, f"largest deviation {worst:.1e}")


def _orthogonality(table: Table) -> Check:
    lmax1, lmax2, lmax3 = (int(l * table.request.denominator) for l in table.request.lmax)
    pairs = [(l1, l2) for l1 in range(lmax1 + 1) for l2 in range(lmax2 + 1)]
    complete = [pair for pair in pairs if sum(pair) <= lmax3 and table.request.parity == "all"]
    cases, worst, passed = 0, 0.0, True
    for l1, l2 in complete:
        size, deviation, terms = _gram_deviation(table, l1, l2)
        cases, worst = cases + size, max(worst, deviation)
        passed &= deviation <= (terms + 8) * UNIT
    detail = f"{len(complete)} of {len(pairs)} pairs (l1, l2) are complete, largest deviation {worst:.1e}"
    return Check("orthogonality", passed, cases, detail)


def _gram_deviation(table: Table, l1: int, l2: int) -> tuple[int, float, int]:
    """Return the number of elements of the Gram matrix of the pairs (m1, m2), its largest deviation from 1, and the
    largest number of terms.  Degrees are those of the arrays, times the denominator."""
    from scipy.sparse import csr_array, eye_array

    step = table.request.denominator
    sizes = [2 * l // step + 1 for l in (l1, l2)]
    paths = [table.stored(l1 / step, l2 / step, l3 / step) for l3 in range(abs(l1 - l2), l1 + l2 + 1, step)]
    orders = [entries.orders.astype(np.int64) for entries in paths]
    row = np.concatenate([(m[:, 0] + l1) // step * sizes[1] + (m[:, 1] + l2) // step for m in orders])
    multiplicities = [2 * entries.degrees[2] // step + 1 for entries in paths]
    starts = np.cumsum(multiplicities) - multiplicities
    column = np.concatenate(
        [at + (m[:, 2] + e.degrees[2]) // step for at, m, e in zip(starts.tolist(), orders, paths, strict=True)]
    )
    value = np.concatenate([e.core * np.sqrt(n) for e, n in zip(paths, multiplicities, strict=True)])
    size = sizes[0] * sizes[1]
    matrix = csr_array((value, (row, column)), shape=(size, sum(multiplicities)))
    deviation = matrix @ matrix.T - eye_array(size)
    return size * size, float(abs(deviation).max()), int(np.diff(matrix.indptr).max())


def _permutations(table: Table) -> Check:
    cases, wrong = 0, list[tuple[Any, ...]]()
    for entries in table:
        for slots, odd in (([1, 2, 0], False), ([1, 0, 2], True)):
            other = _in_table(table, [entries.degrees[slot] for slot in slots])
            if other is None:
                continue
            cases += len(entries.core)
            sign = parity_sign(int(sum(entries.degrees))) if odd else 1
            orders = entries.orders[:, slots]
            order = np.lexsort(orders.T[::-1])
            core = sign * entries.core[order]
            same = np.array_equal(orders[order], other.orders) and np.array_equal(core, other.core)
            wrong += [] if same else [entries.degrees]
    return verdict("permutations", cases, wrong, "cyclic and swapped entries equal, bit by bit")


def _in_table(table: Table, path: Sequence[float]) -> Entries | None:
    inside = all(l <= lmax for l, lmax in zip(path, table.request.lmax, strict=True))
    return table.entries(path[0], path[1], path[2]) if inside else None


def _reversal(table: Table) -> Check:
    wrong = []
    for degrees, orders, core in table:
        sign = parity_sign(int(sum(degrees)))
        same = np.array_equal(orders[::-1], -orders) and np.array_equal(core[::-1], sign * core)
        wrong += [] if same else [degrees]
    return verdict("reversal", len(table.core), wrong, "entries of negated orders equal, bit by bit")


def _reduced_factors(table: Table) -> Check:
    wrong = []
    for family, factors in table.factors.items():
        for (l1, l2, l3), found in zip(table.degrees.tolist(), factors.tolist(), strict=True):
            if found != _reduced(table, family, l1, l2, l3):
                wrong.append((family, l1, l2, l3))
    return verdict("reduced factors", len(table) * len(table.factors), wrong, ROUNDED)


def _reduced(table: Table, family: str, l1: float, l2: float, l3: float) -> float:
    if table.request.half_integers:
        return float(half_integer_factor(known(family), (int(2 * l1), int(2 * l2), int(2 * l3))))
    return reduced_number(known(family), [int(l1), int(l2), int(l3)], table.request.basis)


ROUNDED = "equal to the exact values, correctly rounded"


def _exact_values(table: Table, full: bool) -> Check:
    representatives = [path for path in table.degrees.tolist() if _represents(table, path)]
    chosen = representatives if full else _evenly(representatives, table.request)
    value = known(CORE).exact(table.request.basis)
    cases, wrong = 0, list[tuple[float, ...]]()
    for l1, l2, l3 in chosen:
        _, orders, core = table.entries(l1, l2, l3)
        found = dict(zip(map(tuple, orders.tolist()), core.tolist(), strict=True))
        for m in _orders(table, l1, l2, l3):
            cases += 1
            if found.get(m, 0.0) != float(value(l1, l2, l3, *m)):
                wrong.append((l1, l2, l3, *m))
    part = "" if len(chosen) == len(representatives) else f", on {len(chosen)} of {len(representatives)} paths"
    return verdict("exact values", cases, wrong, ROUNDED + part)


def _orders(table: Table, l1: Any, l2: Any, l3: Any) -> Iterable[tuple[Any, ...]]:
    """Return all orders of a path that the selection rules allow."""
    if table.request.half_integers:
        rows = symbol_rows(known(CORE), (int(2 * l1), int(2 * l2), int(2 * l3)))
        return map(tuple, (rows[:, 3:] / 2).tolist())
    return allowed_orders(l1, l2, l3, table.request.basis)


def _represents(table: Table, path: list[float]) -> bool:
    return path == sorted(path) or _in_table(table, sorted(path)) is None


def _evenly(paths: list[list[float]], request: Request) -> list[list[float]]:
    doubled = np.array(paths).reshape(-1, 3) * request.denominator
    total = int(request.entry_counts(doubled.astype(np.uint8)).sum())
    return paths[:: -(-total // EXACT_LIMIT)]

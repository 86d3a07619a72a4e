"""Whole tables of one family, every entry correctly rounded.

Each canonical path l1 ≤ l2 ≤ l3 is computed once for every size that the factor has on its orderings, exactly up to the
last rounding, and written to them: in chains while l1+l2+l3 ≤ 100 (:mod:`coupling.kernels.chain`) for a family that
these kernels know, path by path otherwise (:mod:`coupling.kernels.path`), and by exact integers where a degree is above
8192 (:mod:`coupling.exact.blocks`).  An entry that a kernel cannot round with certainty is replaced by the exact value.
All of it runs in the default floating-point environment, whatever the caller's is.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.exact.blocks import rounded_block
from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.floating_point import default_rounding
from coupling.indexing import entry_counts
from coupling.integers import count
from coupling.kernels import chain
from coupling.kernels.entries import alternate, scatter
from coupling.kernels.orders import spread
from coupling.kernels.path import MAX_DEGREE, round_path
from coupling.kernels.regge import MAX_TOTAL
from coupling.memory import require_memory
from coupling.numbers.doubtful import listed_by, replace_doubtful
from coupling.numbers.factors import chain_roots, ordering_sizes, path_factors, path_roots, row_starts
from coupling.numbers.half_integers import HalfIntegerTabulation, other_table
from coupling.numbers.options import ERROR as ERROR
from coupling.numbers.options import checked_error, checked_out
from coupling.numbers.plan import PATH_BYTES, TablePlan, box_plan, buffer_shapes, checked_paths, table_plan, work_bytes
from coupling.numbers.recoupling_tables import KINDS as RECOUPLING
from coupling.numbers.recoupling_tables import RecouplingTable
from coupling.portable import Portable
from coupling.selection import PARITIES, Path, box_of, one_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A path of the chains and one beyond them, which together run every kernel.
FIRST = ((0, 0, 0), (34, 34, 34))


@dataclass(frozen=True, eq=False)
class Tabulation(Portable):
    """All coefficients of a family, path by path.

    paths [P, 3], offsets [P+1], values [E].  Path p has ``values[offsets[p]:offsets[p+1]]``, in the order of
    ``coupling.selection.orders(*paths[p], basis)``; entries that vanish by accident are there, and zero.
    ``doubtful`` counts the canonical entries that were left to exact arithmetic.
    """

    family: str
    basis: str
    paths: Integers
    offsets: Integers
    values: Floats
    doubtful: int

    def __len__(self) -> int:
        return len(self.paths)

    def of_path(self, index: int) -> Floats:
        """Return the values of path number index, a view."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def blocks(self) -> dict[Path, Floats]:
        """Return the dense block [2l1+1, 2l2+1, 2l3+1] of every path; all are views of one array.

        In the complex basis the order of a conjugated slot is negated, as in :func:`coupling.block`: the third of
        Clebsch-Gordan coefficients.  Raises MemoryError for blocks that do not fit.

        >>> tabulate("wigner_3j", 1).blocks()[1, 1, 1][0, 1]
        array([0.        , 0.        , 0.40824829])
        """
        shapes = 2 * self.paths + 1
        size = sum(map(prod, shapes.tolist()))  # of Python integers, which do not overflow
        held = self.values.nbytes + PATH_BYTES * len(self)
        require_memory(8 * size + held, f"all blocks of {len(self)} paths")
        starts = np.concatenate([[0], np.cumsum(shapes.prod(axis=1))])
        dense = np.zeros(int(starts[-1]))
        scatter(self.paths, self.offsets, self.basis == "real", self.values, starts, dense)
        reverse = tuple(slice(None, None, sign) for sign in known(self.family).order_signs(self.basis))
        cut = zip(map(tuple, self.paths.tolist()), starts.tolist(), starts[1:].tolist(), shapes.tolist(), strict=False)
        return {path: dense[begin:end].reshape(shape)[reverse] for path, begin, end, shape in cut}


@overload
def tabulate(
    family: str | Family,
    lmax: object,
    basis: str = "real",
    parity: str = "all",
    workers: int = 1,
    error: float = ERROR,
    out: Floats | None = None,
) -> Tabulation:
    """Return the coefficients of a family."""


@overload
def tabulate(
    family: Literal["wigner_6j", "wigner_9j"], lmax: object, *, half_integers: bool = False
) -> RecouplingTable:
    """Return all 6j or 9j symbols."""


@overload
def tabulate(
    family: str | Family, lmax: object, basis: Literal["complex"], *, half_integers: Literal[True]
) -> HalfIntegerTabulation:
    """Return the coefficients of a family, half-integer degrees included."""


def tabulate(
    family: str | Family,
    lmax: object,
    basis: str = "real",
    parity: str = "all",
    workers: int = 1,
    error: float = ERROR,
    out: Floats | None = None,
    *,
    half_integers: bool = False,
) -> Tabulation | RecouplingTable | HalfIntegerTabulation:
    """Return all coefficients of a family with degrees up to lmax (one number, or one per slot), correctly rounded.

    In the real basis, with C of :func:`coupling.exact.real_wigner_3j` and N of :func:`coupling.normalization`,

        B[m1, m2, m3] = N(l1, l2, l3) C(l1,l2,l3)[m1, m2, m3],    |l1-l2| ≤ l3 ≤ l1+l2

    In the complex basis they are the values of the functions :func:`coupling.wigner_3j`, :func:`coupling.gaunt`, …

    family: a name, see :func:`coupling.families.family`: "wigner_3j" (in the real basis the core C), "clebsch_gordan",
    "gaunt", "antisymmetric_gaunt", …  A family that lives on one parity has paths of it only, and an imaginary one is
    given without its i in the complex basis.  workers threads share the work.  error is the bound behind the rounding
    test: a larger one leaves more entries to exact arithmetic and changes nothing else.  out receives the values, with
    the same bits: a contiguous, writeable float64 array [E], in memory or a ``numpy.memmap``, with one place for each
    entry, ``sum(entry_counts(path_array(lmax, parity), basis))`` of :mod:`coupling.indexing`.

    "wigner_6j" and "wigner_9j" give a :class:`coupling.numbers.recoupling_tables.RecouplingTable`, all symbols whose
    triads couple; they take lmax, and half_integers, which adds half-integer degrees.  3j symbols and Clebsch-Gordan
    coefficients of the complex basis have them too, in a :class:`coupling.numbers.half_integers.HalfIntegerTabulation`.

    Raises ValueError or TypeError for an unknown family, basis or parity, a basis that the family does not have,
    degrees that do not exist and another out, MemoryError for a table that does not fit.  Source: derivations
    ``gaunt``, ``antisymmetric_gaunt``, ``real_basis``.

    >>> table = tabulate("gaunt", 2)
    >>> len(table), table.values.shape, table.of_path(0)
    (11, (83,), array([0.28209479]))
    """
    if half_integers is not False or (isinstance(family, str) and family in RECOUPLING):
        return other_table(family, lmax, half_integers, basis, parity, workers, error, out)
    box, record = box_of(lmax), known(family)
    one_of(parity, PARITIES, "parity")
    record.require_basis(basis)
    parity = record.parity if parity == "all" else parity
    return _tabulate(record, basis, box_plan(box, basis, parity, record.kernel is not None), workers, error, out)


def tabulate_paths(
    family: str | Family, paths: ArrayLike, basis: str = "real", workers: int = 1, error: float = ERROR
) -> Tabulation:
    """Return all coefficients of a family on distinct paths [P, 3], correctly rounded; see :func:`tabulate`.

    Zeros on paths that are not of the family's parity.  Raises ValueError or TypeError besides for degrees that do not
    exist, for three degrees that violate the triangle rule, and for a path that is there twice.

    >>> tabulate_paths("wigner_3j", np.array([[1, 1, 1], [1, 1, 0]])).values[6:]
    array([0.57735027, 0.57735027, 0.57735027])
    >>> tabulate_paths("wigner_3j", [[1, 1, 9]])
    Traceback (most recent call last):
    ValueError: a path satisfies |l1 - l2| <= l3 <= l1 + l2, got (1, 1, 9)
    """
    record = known(family)
    record.require_basis(basis)
    plan = table_plan(checked_paths(paths), basis, record.kernel is not None)
    return _tabulate(record, basis, plan, workers, error)


@default_rounding()
def _tabulate(
    family: Family, basis: str, plan: TablePlan, workers: int, error: float, out: Floats | None = None
) -> Tabulation:
    threads, bound = count(workers, "workers"), checked_error(error)
    entries = int(plan.offsets[-1])
    listed = 0 if bound == ERROR else 40 * entries  # a wider bound may leave all entries to exact arithmetic
    needed = (8 * entries if out is None else 0) + listed + work_bytes(plan, threads)
    require_memory(needed, f"the table of {entries} {family.text} coefficients")
    values = np.empty(entries) if out is None else checked_out(out, entries)
    if not _fills(family, plan.paths):
        values[:] = 0
    if threads == 1:
        doubtful = _fill(family, basis, plan, values, bound)
    else:
        compile_first(basis)
        shares = [plan.share(worker, threads) for worker in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            found = pool.map(lambda share: _fill(family, basis, share, values, bound), shares)
            doubtful = np.concatenate(list(found))
    _conjugate(family, basis, plan, values)
    if len(doubtful):
        replace_doubtful(family, basis, plan, doubtful, values)
    return Tabulation(family.text, basis, plan.paths, plan.offsets, values, len(doubtful))


def compile_first(basis: str) -> None:
    """Compile the kernels, which all families share, in the calling thread, before others need them.

    Ctrl-C ends a compilation in the main thread at once, and waits for one in a worker, for ten seconds.

    >>> compile_first("real")
    """
    tabulate_paths(CORE, FIRST, basis)


def _fills(family: Family, paths: Integers) -> bool:
    """Return whether every path of a table is written: the factors of families without a kernel may vanish anywhere."""
    return family.kernel is not None and (
        family.parity == "all" or bool((paths.sum(axis=1) % 2 == (family.parity == "odd")).all())
    )


@default_rounding()
def _fill(family: Family, basis: str, plan: TablePlan, values: Floats, error: float) -> Integers:
    """Compute the chains and canonical paths of a plan; return the doubtful entries (l1, l2, l3, m1, m2)."""
    doubtful = [_fill_chains(family, basis, plan, values, error)] if len(plan.chains) else []
    for path, where in zip(plan.large.tolist(), plan.where, strict=True):
        doubtful += _fill_path(family, basis, path, where, values, error)
    return np.concatenate([np.zeros((0, 5), np.int64), *doubtful])


def _fill_chains(family: Family, basis: str, plan: TablePlan, values: Floats, error: float) -> Integers:
    roots = chain_roots(len(plan.start) - 1)
    call = partial(chain.tabulate, plan.chains, family.kernel, int(basis == "real"), error, plan.start, roots, values)
    return listed_by(call)


def _fill_path(
    family: Family, basis: str, path: list[int], where: Integers, values: Floats, error: float
) -> Iterator[Integers]:
    """Compute one canonical path, once for each size that the factor has on its orderings."""
    real = int(basis == "real")
    l1, l2, l3 = path
    block, turned = map(np.empty, buffer_shapes(path, where))
    for size, mine, negative in ordering_sizes(family, basis, path, where):
        if l3 > MAX_DEGREE:
            block[: 2 * l1 + 1, : 2 * l2 + 1] = rounded_block(l1, l2, l3, size, bool(real)).values + 0.0
        else:
            yield listed_by(partial(_round_path, real, l1, l2, l3, size, error, block))
        spread(l1, l2, l3, -1, mine, real, block, turned, values)
        entries = int(entry_counts(np.array([path]), basis)[0]) if negative else 0  # the same for all orderings
        for start in negative:
            values[start : start + entries] = 0.0 - values[start : start + entries]  # no zero is negative


def _conjugate(family: Family, basis: str, plan: TablePlan, values: Floats) -> None:
    """Multiply by (-1)^m of the conjugated slots, unless the kernel of the chains has done so."""
    if basis == "real" or not (family.conjugate or family.kernel == chain.CLEBSCH_GORDAN):
        return
    slots = set(family.signed_slots(basis))
    chained = (plan.paths.sum(axis=1) <= MAX_TOTAL) & (family.kernel is not None)
    done = {2} if family.kernel == chain.CLEBSCH_GORDAN else set()
    for wanted, signed in ((chained, slots ^ done), (~chained, slots)):
        if signed and wanted.any():
            alternate(plan.paths, plan.offsets, wanted, *(slot in signed for slot in range(3)), values)


def _round_path(
    real: int, l1: int, l2: int, l3: int, size: Surd, error: float, block: Floats, doubtful: Integers
) -> int:
    digits, lengths = row_starts(l1, l2, l3)
    factors, roots = path_factors(size, bool(real), l1, l2, l3), map(path_roots, (l1, l2, l3))
    return int(round_path(l1, l2, l3, digits, lengths, factors, *roots, real, error, block, doubtful))

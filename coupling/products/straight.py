"""Products without loops: every multiplication of one channel of one sample, for C, CUDA, Triton and Python.

For small degrees the fastest program of a product has no loop and no table: features are in registers, coefficients are
in the instructions.  Which sums there are, and in which order, is what the kernels of this package do on a processor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import numpy as np

from coupling.floating_point import default_rounding
from coupling.kernels.sphere_product import GAUNT
from coupling.kernels.straight import starts
from coupling.kernels.vector_product import COMPONENTS
from coupling.memory import float_type
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import STRAIGHT, MatrixProduct, make_plan
from coupling.products.product import Product
from coupling.products.reach import largest, rows_of
from coupling.products.sparse_program import centre, places, row_count
from coupling.products.spherical import STRAIGHT as SPHERE_STRAIGHT
from coupling.products.spherical import Spherical, Term, Triple, chunks, feature_rows, transform_tables
from coupling.products.vector_plan import (
    SlotRows,
    function_values,
    points_of,
    slot_rows,
    transform_table,
)
from coupling.products.vector_signal import VectorSignal
from coupling.programs.matrix import decode, encode, multiply
from coupling.programs.program import Cell, Program, ProgramRecorder
from coupling.programs.sparse import sparse_sums
from coupling.programs.sphere import analysis, convolution, difference, entry_count, fold, subtraction, synthesis

#: Where a row of an array is, and with which sign.
Place = Callable[[int], tuple[Cell, int] | None]


@default_rounding()
def straight_program(product: Product, dtype: object = "float32") -> Program:
    """Return the program of a product without loops, for any writer of :mod:`coupling.programs`.

    product : a ``ClebschGordan`` (any normalization, weights, turns), a ``MatrixProduct`` with 2j+1 <= 16, or a
        ``Gaunt``, ``AntisymmetricGaunt`` or ``VectorSignal`` product with lmax <= 20
    dtype : float32 or float64, the type of constants, features and sums

    Raises TypeError for another product and ValueError for another type, a larger spin or degree.

    >>> program = straight_program(ClebschGordan(1, 1, 0), "float64")
    >>> program.operations, program.bytes, program.constants
    (7, 72, (0.5773502691896257,))
    >>> print(*str(program.tape).splitlines()[:3], sep="\\n")
    t0 = constant[0]
    t1 = y[3]
    t2 = t0 * t1
    """
    return _program(product, ProgramRecorder(float_type(dtype)))


@singledispatch
def _program(product: object, do: ProgramRecorder) -> Program:
    kinds = "ClebschGordan, MatrixProduct, Gaunt, AntisymmetricGaunt or VectorSignal"
    raise TypeError(f"only products of the kinds {kinds} are written without loops, got {type(product).__name__}")


@_program.register
def _sparse(product: ClebschGordan, do: ProgramRecorder) -> Program:
    sections, do.table = product.sums()
    cells = sparse_cells(product.lmax)
    do.where = lambda array, row: cells.get(row)
    last = row_count(product.lmax)
    sparse_sums(do, tuple(section[:3] for section in sections), range(last - 3 * len(places(product.lmax[2])), last))  # type: ignore[arg-type]
    return do.program(product.sizes)


def sparse_cells(lmax: tuple[int, int, int]) -> dict[int, tuple[Cell, int]]:
    """Return for each row of the sparse product the entry of x, y or z that it is, and its sign.

    Beside the row of an order m are those of -m: negative before it and as it is behind it.  Both rows of z are one
    sum here.

    >>> sparse_cells((1, 0, 0))[8]
    (('x', 1), 1)
    """
    cells: dict[int, tuple[Cell, int]] = {}
    for slot, letter in enumerate("xyz"):
        for n, (plus, minus) in enumerate(places(lmax[slot]).tolist()):
            row = centre(lmax, slot, 0, 0) + 3 * n
            cells[row] = (letter, plus), 1
            if plus != minus:
                cells |= {row - 1: ((letter, minus), -1), row + 1: ((letter, minus), 1)}
    return cells


@_program.register
def _matrix(product: MatrixProduct, do: ProgramRecorder) -> Program:
    """Encode x and y, and decode z; entries of the product are formed where they are first read."""
    n, used = round(2 * product.spin) + 1, largest(product.reached)
    if n > STRAIGHT:
        raise ValueError(f"the matrix product is written without loops for 2j+1 <= {STRAIGHT}, got {n}")
    if min(used) < 0:
        return do.program(product.sizes)
    plan = make_plan(used, product.spin, product.trimmed_weights, np.dtype(float))
    parts = zip((encode, encode, decode), "xyz", (0, 1, 2), plan.starts, used, strict=True)
    do.makers["matrices"] = lambda entry: _form(do, n, entry) if entry >= 2 * n * n else None
    for program, letter, k, start, lmax in parts:
        do.table = plan.tables[int(start) :]
        do.where = _places({"feature": (letter, 0), "matrix": ("matrices", k * n * n)})
        program(do, n, lmax)
    return do.program(product.sizes)


def _form(do: ProgramRecorder, n: int, entry: int) -> None:
    """Form one entry of the product of two matrices; R, S and the product follow one another."""
    outer = do.where
    begin = starts(n, *divmod(entry - 2 * n * n, n))
    do.where = _places({name: ("matrices", start) for name, start in begin.items()})
    multiply(do, n, 1, 1)
    do.where = outer


def _places(arrays: dict[str, Cell]) -> Any:
    """Return where the rows of arrays are that begin at given cells."""
    return lambda array, row: ((arrays[array][0], arrays[array][1] + row), 1)


@_program.register
def _spherical(product: Spherical, do: ProgramRecorder) -> Program:
    """Add the terms, those with scaled parity classes as one term for each class."""
    lmax = _bounded(product.largest)
    rows = [rows_of(mask) for mask in product.reached]
    for term in product.reached_terms() if min(lmax) >= 0 else []:
        for one in term.by_class():
            _term(do, lmax, rows, one)
    return do.program(product.sizes)


def _term(do: ProgramRecorder, lmax: Triple, rows: list[Any], term: Term) -> None:
    """Add a Gaunt product or a bracket: to Fourier coefficients at some colatitudes, multiplied, and back."""
    (n_theta, equator), (*inputs, output) = transform_tables(lmax, term, False)
    x, y, z = (_feature(letter, l, found) for letter, l, found in zip("xyz", lmax, rows, strict=True))
    start = 0
    for chunk in chunks(n_theta):
        n = len(chunk)
        for name, feature, l, table in zip("cdgh", (x, y, x, y), (lmax[0], lmax[1]) * 2, inputs, strict=False):
            do.table = table[chunk].ravel()
            do.where = _arrays(a=feature, b=_from(name, 0))
            synthesis(do, l, n)
        for k in range(n):
            _couple(do, term.kind, lmax, n, k, equator and chunk[k] == n_theta - 1)
        do.table = output[start:]
        do.where = _arrays(a=_from("e", 0), b=z)
        analysis(do, lmax[2], n)
        start += n * (lmax[2] + 1) * (lmax[2] + 2) // 2


def _couple(do: ProgramRecorder, kind: int, lmax: Triple, n: int, k: int, alone: bool) -> None:
    """Multiply at colatitude k, north and south, and fold to even and odd l+m."""
    l1, l2, l3 = lmax
    for south in range(1 if alone else 2):
        c, d, g, h = (_from(name, (2 * k + south) * (2 * l + 1)) for name, l in zip("cdgh", (l1, l2) * 2, strict=True))
        z = _from("north" if south == 0 else "south", 0)
        if kind == GAUNT:
            do.where = _arrays(a=c, b=d, c=z)
            convolution(do, l1, l2, l3, 1)
        else:
            do.where = _arrays(a=c, b=h, c=_from("s", 0))
            convolution(do, l1, l2, l3, -1)
            do.where = _arrays(a=d, b=g, c=_from("t", 0))
            convolution(do, l2, l1, l3, -1)
            do.where = _arrays(s=_from("s", 0), t=_from("t", 0), z=z)
            difference(do, l3)
    do.where = lambda array, row: ((array, row), 1)
    fold(do, l3, n, k, alone, kind != GAUNT)


def _feature(letter: str, lmax: int, reached: Any) -> Place:
    """Return where the rows of a feature are, in the order of the programs; those that no path reaches are nowhere."""
    order = feature_rows(lmax).tolist()
    return lambda row: ((letter, order[row]), 1) if reached[order[row]] else None


def _from(array: str, start: int) -> Place:
    return lambda row: ((array, start + row), 1)


def _arrays(**places: Place) -> Any:
    """Return where the rows of some arrays are."""
    return lambda array, row: places[array](row)


def _bounded(lmax: Triple) -> Triple:
    if max(lmax) > SPHERE_STRAIGHT:
        raise ValueError(f"a product on the sphere is written without loops for lmax <= {SPHERE_STRAIGHT}, got {lmax}")
    return lmax


@_program.register
def _vector(product: VectorSignal, do: ProgramRecorder) -> Program:
    """Make the fields of x and y, their components, the cross product of these, and z of the fields of the result."""
    lmax = _bounded(product.largest)
    if min(lmax) < 0:
        return do.program(product.sizes)
    fields, reached = product.weighted, product.reached
    slots = [slot_rows(l, f, mask, s == 2) for s, (l, f, mask) in enumerate(zip(lmax, fields, reached, strict=True))]
    for letter, one, f, mask in zip("xy", slots, fields, reached, strict=False):
        _make_fields(do, letter, one, f, mask)
    points = points_of(lmax)
    values, start = function_values(max(lmax), points), 0
    for chunk in chunks(len(points.cosine)):
        n = len(chunk)
        for letter, l, one in zip("xy", lmax, slots, strict=False):
            for component, functions in enumerate(one.functions):
                do.table = transform_table({f: v[..., chunk] for f, v in values.items()}, l, functions)
                do.where = _arrays(a=_field_rows(letter, one, component), b=_from(f"{letter}{component}", 0))
                synthesis(do, l, n, functions)
        for component, functions in enumerate(slots[2].functions):
            if functions:
                for k in range(n):
                    _cross(do, component, lmax, n, k, points.equator and chunk[k] == len(points.cosine) - 1)
                table = transform_table(values, lmax[2], functions, points.weights)
                do.table = table[start * entry_count(functions, lmax[2]) :]
                do.where = _arrays(a=_from(f"e{component}", 0), b=_field_rows("z", slots[2], component))
                analysis(do, lmax[2], n, functions)
        start += n
    _read_fields(do, fields[2], reached[2])
    return do.program(product.sizes)


def _cross(do: ProgramRecorder, component: int, lmax: Triple, n: int, k: int, alone: bool) -> None:
    """Write a component of the cross product at colatitude k, folded to even and odd functions of cos θ."""
    (l1, l2, l3), i, j = lmax, (component + 1) % COMPONENTS, (component + 2) % COMPONENTS
    for south in range(1 if alone else 2):
        x, y = ([_from(f"{a}{c}", (2 * k + south) * (2 * l + 1)) for c in (i, j)] for a, l in (("x", l1), ("y", l2)))
        do.where = _arrays(a=x[0], b=y[1], c=_from("s", 0))
        convolution(do, l1, l2, l3, 1)
        do.where = _arrays(a=y[0], b=x[1], c=_from("t", 0))
        convolution(do, l2, l1, l3, 1)
        do.where = _arrays(s=_from("s", 0), t=_from("t", 0), z=_from("south" if south else "north", 0))
        subtraction(do, l3)
    do.where = _arrays(north=_from("north", 0), south=_from("south", 0), e=_from(f"e{component}", 0))
    fold(do, l3, n, k, alone, False)


def _field_rows(letter: str, one: SlotRows, component: int) -> Place:
    """Return where the rows of a component are: entries of the fields of a feature, some with the other sign."""
    part = one.parts[component]
    return lambda row: ((f"{letter}-{part[row].field}", _entry(part[row].l, part[row].m)), part[row].sign)


def _entry(l: int, m: int) -> int:
    return l * l + l + m


def _make_fields(do: ProgramRecorder, letter: str, one: SlotRows, fields: Any, reached: Any) -> None:
    """Write the entries of the fields that the components of x or y are made of, each once."""
    do.where, size = (lambda array, row: ((array, row), 1)), reached.shape[1] ** 2
    for field, l, m in sorted({row[:3] for part in one.parts for row in part}):
        total = None
        for s in np.flatnonzero(reached[:, l]).tolist():
            do.table = [fields[field, s, l]]
            total = do.add_product(total, do.constant(0), do.load(letter, s * size + _entry(l, m)))
        do.store(f"{letter}-{field}", _entry(l, m), total)


def _read_fields(do: ProgramRecorder, fields: Any, reached: Any) -> None:
    """Write z from the fields of the result."""
    do.where, size = (lambda array, row: ((array, row), 1)), reached.shape[1] ** 2
    for s, l in np.argwhere(reached).tolist():
        for m in range(-l, l + 1):
            total = None
            for field in range(3):
                do.table = [fields[field, s, l]]
                total = do.add_product(total, do.constant(0), do.load(f"z-{field}", _entry(l, m)))
            do.store("z", s * size + _entry(l, m), total)

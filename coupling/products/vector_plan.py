"""Input of the kernel of vector fields: rows of the components of fields, tables, and where each begins."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.kernels.compiled import compiled
from coupling.kernels.vector_product import COMPONENTS, FUNCTIONS
from coupling.products.legendre import Colatitudes, colatitudes, legendre_values, slope
from coupling.products.reach import Masks
from coupling.products.spherical import STRAIGHT, Triple, colatitude_chunks
from coupling.products.vector_fields import Three
from coupling.programs.sphere import ORDER, SLOPE, VALUE, items, rows, sphere_tape

Integers = NDArray[np.int64]
Functions = tuple[int, int, int]

#: The fields that are read for a function of θ in the components θ and φ of a field; r has the radial one alone.
GRADIENT, TURNED, RADIAL = range(3)
FIELDS = ({SLOPE: GRADIENT, ORDER: TURNED}, {SLOPE: TURNED, ORDER: GRADIENT}, {VALUE: RADIAL})


class FieldRow(NamedTuple):
    """A row of a component: sign times the entry (l, m) of one of the fields E, B, L."""

    field: int
    l: int
    m: int
    sign: int


class VectorPlan(NamedTuple):
    """What the kernel reads; see :func:`coupling.kernels.vector_product.vector_product`."""

    points: Integers
    slots: Integers
    orders: Integers
    begins: Integers
    sources: Integers
    factors: NDArray[Any]
    tables: NDArray[Any]
    functions: Integers


def component_functions(fields: NDArray[Any]) -> Functions:
    """Return the functions of θ that the components θ, φ and r of a field [3, components, lmax+1] are made of.

    >>> component_functions(np.array([[[0.0, 1.0]], [[0.0, 0.0]], [[1.0, 1.0]]])) == (SLOPE, ORDER, VALUE)
    True
    """
    there = [bool(fields[GRADIENT, :, 1:].any()), bool(fields[TURNED, :, 1:].any()), bool(fields[RADIAL].any())]
    theta, phi, r = (sum(f for f, field in kinds.items() if there[field]) for kinds in FIELDS)
    return theta, phi, r


def component_rows(lmax: int, component: int, functions: int) -> list[FieldRow]:
    """Return the rows of a component of a field.

    ∂R_lm/∂φ is -m R_l-m, so that ``ORDER`` reads the entry -m; the sign is that of m in the component φ, the other one
    in θ.

    >>> component_rows(1, 1, ORDER)
    [FieldRow(field=0, l=1, m=-1, sign=1), FieldRow(field=0, l=1, m=1, sign=-1)]
    """
    found = []
    for function, l, m in rows(lmax, functions):
        swap = function == ORDER
        sign = (1 if (m > 0) == (component == 1) else -1) if swap else 1
        found.append(FieldRow(FIELDS[component][function], l, -m if swap else m, sign))
    return found


def cross_product_points(lmax: Triple) -> Colatitudes:
    """Return colatitudes that are exact for the cross product: to J of the largest even path, J - 1 of an odd one."""
    return colatitudes(sum(lmax) // 2 * 2)


def function_values(lmax: int, points: Colatitudes) -> dict[int, NDArray[Any]]:
    """Return [l, m, θ] for each function of θ."""
    p = legendre_values(lmax, points)
    return {VALUE: p, SLOPE: slope(p), ORDER: np.arange(p.shape[1])[:, None] / points.sine * p}


def transform_table(
    values: dict[int, NDArray[Any]], lmax: int, functions: int, weights: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Return the flat table of a synthesis, [θ, entry], or with weights of θ that of an analysis.

    The latter is [entry, θ of the chunk] for one chunk of colatitudes after the other.
    """
    if weights is None:
        scaled = [values[f][l, m] * (np.sqrt(0.5) if m else 1.0) for f, l, m in items(lmax, functions)]
        return np.array(scaled).T.ravel()
    scaled = [values[f][l, m] * weights * np.pi * (np.sqrt(8) if m else 2) for f, l, m in items(lmax, functions)]
    return np.concatenate([np.array(scaled)[:, chunk].ravel() for chunk in colatitude_chunks(len(weights))])


class SlotRows(NamedTuple):
    """The rows of one slot.

    functions: of the components; parts: the rows of each component; orders: the entries that are read or written,
    ~entry where an output is zero; sums: for each row of a component, or each entry of z, (row, factor) of its terms
    """

    functions: Functions
    parts: list[list[FieldRow]]
    orders: list[int]
    sums: list[list[tuple[int, float]]]

    @property
    def size(self) -> int:
        """The number of rows of all components."""
        return sum(map(len, self.parts))

    @property
    def starts(self) -> list[int]:
        """The first row of each component."""
        return [sum(map(len, self.parts[:component])) for component in range(COMPONENTS)]


def slot_rows(lmax: int, fields: NDArray[Any], reached: NDArray[np.bool_], output: bool) -> SlotRows:
    """Return the rows of a slot to the largest degree that is reached; fields: times weights.

    >>> radial = np.array([[[0.0]], [[0.0]], [[2.0]]])
    >>> slot_rows(0, radial, np.array([[True]]), False)
    SlotRows(functions=(0, 0, 1), parts=[[], [], [FieldRow(field=2, l=0, m=0, sign=1)]], orders=[0], sums=[[(0, 2.0)]])
    """
    fields, degrees = np.where(reached, fields, 0.0), range(reached.shape[1])
    functions = component_functions(fields)
    parts = [component_rows(lmax, component, f) if f else [] for component, f in enumerate(functions)]
    entries = [(s, l, m) for s in range(len(reached)) for l in degrees for m in range(-l, l + 1)]
    make = _outward if output else _inward
    orders, sums = make([row for part in parts for row in part], fields, reached, entries)
    return SlotRows(functions, parts, orders, sums)


ListedSums = tuple[list[int], list[list[tuple[int, float]]]]
Triples = list[tuple[int, int, int]]


def _inward(listed: list[FieldRow], fields: NDArray[Any], reached: NDArray[np.bool_], entries: Triples) -> ListedSums:
    orders = [k for k, (s, l, _) in enumerate(entries) if reached[s, l]]
    place = {entries[k]: row for row, k in enumerate(orders)}
    components = range(len(reached))
    sums = [
        [(place[s, l, m], sign * float(fields[f, s, l])) for s in components if fields[f, s, l]]
        for f, l, m, sign in listed
    ]
    return orders, sums


def _outward(listed: list[FieldRow], fields: NDArray[Any], reached: NDArray[np.bool_], entries: Triples) -> ListedSums:
    found: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for row, (f, l, m, sign) in enumerate(listed):
        found.setdefault((l, m), []).append((row, f, sign))
    orders = [k if reached[s, l] else ~k for k, (s, l, _) in enumerate(entries)]
    sums = [
        [(row, sign * float(fields[f, s, l])) for row, f, sign in found.get((l, m), []) if fields[f, s, l]]
        for s, l, m in entries
    ]
    return orders, sums


@default_rounding()
def signal_plan(lmax: Triple, fields: Three, reached: Masks, dtype: np.dtype[Any]) -> VectorPlan:
    """Return what the kernel reads; lmax: the largest degrees that are reached, fields: times weights."""
    lists = [
        slot_rows(l, f, mask, slot == 2) for slot, (l, f, mask) in enumerate(zip(lmax, fields, reached, strict=True))
    ]
    points, tables, slots = cross_product_points(lmax), [], []
    values, start = function_values(max(lmax), points), 0
    for slot, (l, one) in enumerate(zip(lmax, lists, strict=True)):
        begins = {0: 0}
        for functions in sorted({*one.functions} - {0}):
            weights = points.weights if slot == 2 else None
            tables.append(transform_table(values, l, functions, weights))
            begins[functions], start = start, start + tables[-1].size
        described = zip(one.functions, one.starts, (begins[f] for f in one.functions), strict=True)
        slots.append([l, len(one.orders), one.size, *(number for three in described for number in three)])
    sums = [terms for one in lists for terms in one.sums]
    flat = [term for terms in sums for term in terms]
    count = len(points.cosine)
    return VectorPlan(
        np.array([count, points.equator], np.int64),
        np.array(slots, np.int64),
        np.array([k for one in lists for k in one.orders], np.int64),
        np.cumsum([0, *map(len, sums)]).astype(np.int64),
        np.array([row for row, _ in flat], np.int64),
        np.array([factor for _, factor in flat], dtype),
        np.concatenate(tables).astype(dtype),
        np.array(_functions(lmax, [one.functions for one in lists], count, dtype), np.int64),
    )


def _functions(lmax: Triple, kinds: list[Functions], count: int, dtype: np.dtype[Any]) -> list[list[int]]:
    """Return the addresses of the compiled transforms for the two sizes of a chunk of colatitudes; 0 where loops do."""
    if max(lmax) > STRAIGHT:
        return [[0] * FUNCTIONS] * 2
    l1, l2, l3 = lmax
    sizes = [len(chunk) for chunk in colatitude_chunks(count)]
    made = []
    for n in (max(sizes), min(sizes)):
        transforms = zip(("synthesis", "synthesis", "analysis"), lmax, kinds, strict=True)
        programs: list[tuple[str, tuple[int, ...]]]
        programs = [(name, (l, n, f)) for name, l, functions in transforms for f in functions]
        programs += [("convolution", (l1, l2, l3, 1)), ("convolution", (l2, l1, l3, 1))]
        made.append([_address(name, arguments, dtype) for name, arguments in programs])
    return made


def _address(name: str, arguments: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Return the address of a compiled program, 0 for a transform without a function of θ."""
    there = name == "convolution" or arguments[-1] != 0
    return int(compiled(sphere_tape(name, arguments), dtype).address) if there else 0

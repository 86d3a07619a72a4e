"""What the kernel of products on the sphere reads: lists of terms, from features to components and from these to z.

A product on the sphere is a sum of products of *components*, functions on the sphere that are linear in a feature: one
of x and one of y for a Gaunt product, six pairs for a cross product of fields.  A component has at every colatitude the
Fourier coefficients c_0, c_1, …, real and imaginary part of each; all components of x and y are rows of one list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.sphere_product import GAUNT
from coupling.kernels.vector_product import COMPONENTS
from coupling.products.reach import Masks
from coupling.products.spherical import Spherical, Term, Triple
from coupling.products.vector_fields import Three
from coupling.products.vector_plan import RADIAL, SlotRows, cross_product_points, function_values, slot_rows
from coupling.products.vector_signal import VectorSignal
from coupling.programs.sphere import SLOPE, rows

Array = NDArray[Any]

#: Numbers of a pair of components: whether it is there, then first row and degree of either.
PAIR = 5
#: Numbers of a Fourier coefficient of the result: its order, whether it is the imaginary part, and two pairs, of which
#: the second is subtracted.
RESULT = 2 + 2 * PAIR


class PointwiseForm(NamedTuple):
    """A cross product of fields, or the product of their radial components; the fields are times weights."""

    cross: bool
    fields: Three
    reached: Masks


class SphereArrays(NamedTuple):
    """What the kernel reads; see :func:`coupling.backends.cuda.loops.sphere_kernel`."""

    begins: Array
    sources: Array
    synthesis: Array
    results: Array
    ends: Array
    places: Array
    analysis: Array


def forms(product: Spherical | VectorSignal) -> list[PointwiseForm]:
    """Return the forms whose sum a product is; the bracket is the cross product of two gradients along the normal."""
    if isinstance(product, VectorSignal):
        return [PointwiseForm(True, product.weighted, product.reached)]
    return [_form(one) for term in product.reached_terms() for one in term.by_class()]


def _form(term: Term) -> PointwiseForm:
    cross, fields = term.kind != GAUNT, [np.zeros((3, 1, len(w))) for w in term.weights]
    for slot, (field, w) in enumerate(zip(fields, term.weights, strict=True)):
        field[0 if cross and slot < 2 else RADIAL, 0] = w
    first, second, third = (mask[None] for mask in term.reached)
    return PointwiseForm(cross, (fields[0], fields[1], fields[2]), (first, second, third))


def sphere_arrays(product: Spherical | VectorSignal, dtype: np.dtype[Any]) -> SphereArrays:
    """Return the lists of a product on the sphere; places are uint32, tables [θ, term].

    Row r has the terms begins[2r] … begins[2r+2]-1, those that are even in cos θ up to begins[2r+1]; their sources are
    the entries of x, then those of y.  Entry k of z has ends[k] … ends[k+1]-1, whose places are twice the number of a
    result, plus one for what is odd.

    >>> from coupling.products import Gaunt
    >>> found = sphere_arrays(Gaunt(1, 1, 1), np.dtype("float32"))
    >>> found.results.shape, found.synthesis.shape, found.places.tolist()
    ((4, 12), (1, 8), [0, 6, 1, 4])
    """
    l1, l2, l3 = product.largest
    made = _Lists((max(l1, 0), max(l2, 0), max(l3, 0)), product.sizes)
    if min(product.largest) >= 0:
        for form in forms(product):
            made.add(form)
    return made.arrays(dtype)


class _Lists:
    """Terms as they are collected, form by form."""

    def __init__(self, lmax: Triple, sizes: tuple[int, ...]) -> None:
        self.lmax, points = lmax, cross_product_points(lmax)
        self.values = function_values(max(lmax), points)
        self.weights = points.weights.copy()
        if points.equator:  # north and south count, and are the same
            self.weights[-1] /= 2
        self.rows: list[list[list[tuple[int, Array]]]] = []
        self.results: list[list[int]] = []
        self.outputs: list[list[tuple[int, Array]]] = [[] for _ in range(sizes[2])]
        self.offsets = 0, sizes[0]

    def add(self, form: PointwiseForm) -> None:
        """Add a form."""
        slots = zip(self.lmax, form.fields, form.reached, strict=True)
        first, second, third = (slot_rows(l, f, mask, slot == 2) for slot, (l, f, mask) in enumerate(slots))
        inputs = zip(self.lmax, (first, second), self.offsets, strict=False)
        x, y = (self._inputs(*each) for each in inputs)
        starts = self._results(form.cross, x, y, third)
        for entry, terms in zip(third.orders, third.sums, strict=True):
            for row, factor in terms:
                component = sum(row >= start for start in third.starts[1:])
                self.outputs[entry].append(self._output(third, component, row, factor, starts[component]))

    def _inputs(self, lmax: int, one: SlotRows, offset: int) -> list[int]:
        """Add the rows of the components of a feature; return where each begins, -1 where one is absent."""
        starts = []
        for component, functions in enumerate(one.functions):
            starts.append(len(self.rows) if functions else -1)
            found: list[list[list[tuple[int, Array]]]] = [[[], []] for _ in range(2 * lmax + 2 if functions else 0)]
            sums = one.sums[one.starts[component] :]
            for (f, l, m), terms in zip(rows(lmax, functions), sums, strict=False):
                table = self.values[f][l, abs(m)] * (np.sqrt(0.5) if m else 1.0)
                found[_fourier(m)][_parity(f, l, m)] += [
                    (offset + one.orders[row], factor * table) for row, factor in terms
                ]
            self.rows += found
        return starts

    def _results(self, cross: bool, x: list[int], y: list[int], third: SlotRows) -> list[int]:
        """Add the Fourier coefficients of the result; return where each component begins."""
        (l1, l2, l3), starts = self.lmax, []
        for component, functions in enumerate(third.functions):
            starts.append(len(self.results))
            i, j = ((component + 1) % COMPONENTS, (component + 2) % COMPONENTS) if cross else (component, component)
            pairs = [(x[i], l1, y[j], l2), (y[i], l2, x[j], l1)] if cross else [(x[i], l1, y[j], l2)]
            flat = [n for a, l, b, k in pairs for n in ((1, a, l, b, k) if min(a, b) >= 0 else [0] * PAIR)]
            flat += [0] * (2 * PAIR - len(flat))
            parts = [(m, part) for m in range(l3 + 1) for part in (0, 1)]
            self.results += [[m, part, *flat] for m, part in parts if functions]
        return starts

    def _output(self, third: SlotRows, component: int, row: int, factor: float, start: int) -> tuple[int, Array]:
        """Return the place of a term of z among the folded results, and its numbers for all θ."""
        f, l, m = rows(self.lmax[2], third.functions[component])[row - third.starts[component]]
        table = self.values[f][l, abs(m)] * self.weights * np.pi * (np.sqrt(8) if m else 2)
        return 2 * (start + _fourier(m)) + _parity(f, l, m), factor * table

    def arrays(self, dtype: np.dtype[Any]) -> SphereArrays:
        """Return all lists as arrays."""
        lists = [part for row in self.rows for part in row]
        begins, sources, synthesis = self._flat(lists, dtype)
        ends, places, analysis = self._flat(self.outputs, dtype)
        results = np.array(self.results, np.uint32).reshape(-1, RESULT)
        return SphereArrays(begins, sources, synthesis, results, ends, places, analysis)

    def _flat(self, lists: list[list[tuple[int, Array]]], dtype: np.dtype[Any]) -> tuple[Array, Array, Array]:
        """Return where each list begins, the place of every term, and its numbers [θ, term]."""
        terms = [term for one in lists for term in one]
        ends = np.cumsum([0, *map(len, lists)]).astype(np.uint32)
        numbers = np.array([n for _, n in terms], dtype).reshape(-1, len(self.weights)).T
        return ends, np.array([place for place, _ in terms], np.uint32), np.ascontiguousarray(numbers)


def _fourier(m: int) -> int:
    """Return the row of an order among the Fourier coefficients of a component: Re for m >= 0, Im for m < 0."""
    return 2 * abs(m) + (m < 0)


def _parity(function: int, l: int, m: int) -> int:
    return (l + m + (function == SLOPE)) % 2

"""Products of functions on the sphere: sums of Gaunt products and brackets with weights, in one pass over the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.floating_point import default_rounding
from coupling.kernels.compiled import compiled
from coupling.kernels.lanes import width
from coupling.kernels.sphere_product import CHUNK, GAUNT, space_needed, spherical_product
from coupling.memory import require_memory
from coupling.portable import Kept
from coupling.products.blocks import BoundKernel
from coupling.products.given_numbers import given_numbers
from coupling.products.legendre import colatitudes, legendre_values, slope
from coupling.products.operations import sphere_counts
from coupling.products.product import Features, Product
from coupling.products.reach import Masks, largest, reached_degrees, rows_of
from coupling.programs.sphere import sphere_tape
from coupling.selection import degrees

#: Largest degree for which sums over orders are compiled without loops.
STRAIGHT = 20

Array = NDArray[np.float64]
Triple = tuple[int, int, int]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Term:
    """One Gaunt product or bracket, path (l1, l2, l3) weighted by a(l1) b(l2) c(l3) and by classes[l1 % 2, l2 % 2]."""

    kind: int
    weights: tuple[Array, Array, Array]
    classes: Array

    def turn(self) -> Term:
        """Return the term of the form with its slots turned, (x, y, z) → (y, z, x)."""
        a, b, c = self.weights
        q, r = np.ogrid[:2, :2]
        return Term(self.kind, (b, c, a), self.classes[(q + r + self.kind) % 2, q])

    @cached_property
    def reached(self) -> Masks:
        """The degrees of x, y and z that are on a path of the term."""
        return reached_degrees(self.weights, self.kind, self.classes)

    def trimmed(self) -> Term:
        """Return the term with weights zero where no path is."""
        a, b, c = (np.where(mask, w, 0.0) for w, mask in zip(self.weights, self.reached, strict=True))
        return Term(self.kind, (a, b, c), self.classes)

    def by_class(self) -> list[Term]:
        """Return terms with all classes one whose sum is this one: itself, or one for each class of parities."""
        if (self.classes == 1).all():
            return [self]
        a, b, c = self.weights
        left, right = ([w * (np.arange(len(w)) % 2 == parity) for parity in (0, 1)] for w in (a, b))
        ones, pairs = np.ones((2, 2)), product(range(2), repeat=2)
        parts = [Term(self.kind, (left[p] * self.classes[p, q], right[q], c), ones) for p, q in pairs]
        return [part.trimmed() for part in parts]

    def absorb(self) -> Term:
        """Return an equal term with all classes one, if the product of the four is positive.

        Then classes[p, q] = α[p] β[q] γ[(p + q + kind) % 2]; no other signs are a product of this form.
        """
        s = self.classes
        if not s.prod() > 0:
            return self
        alpha = np.array([1, np.sqrt(s[1, 1] / s[0, 0] * (s[1, 0] / s[0, 1]))])
        beta = np.array([1, s[1, 1] / s[0, 0] / alpha[1]])
        gamma = np.roll([s[0, 0], s[1, 0] / alpha[1]], self.kind)
        a, b, c = (w * f[np.arange(len(w)) % 2] for w, f in zip(self.weights, (alpha, beta, gamma), strict=True))
        return Term(self.kind, (a, b, c), np.ones((2, 2)))


def triple(*lmax: object) -> Triple:
    """Return three degrees after checking them.

    >>> triple(1, 2, 3)
    (1, 2, 3)
    """
    l1, l2, l3 = degrees(*lmax)
    return l1, l2, l3


def term(kind: int, lmax: Triple, weights: Any = None, classes: ArrayLike | None = None) -> Term:
    """Return a Term after checking its weights: three arrays of lmax+1 finite numbers, or None for ones."""
    given = [np.ones(l + 1) for l in lmax] if weights is None else [given_numbers(w, "weights") for w in weights]
    if [w.shape for w in given] != [(l + 1,) for l in lmax]:
        shapes = [(l + 1,) for l in lmax]
        raise ValueError(f"weights must be three arrays of shapes {shapes}, got {[w.shape for w in given]}")
    four = np.ones((2, 2)) if classes is None else given_numbers(classes, "classes")
    if four.shape != (2, 2):
        raise ValueError(f"classes must be an array [parity of l1, parity of l2], got shape {four.shape}")
    if not all(np.isfinite(w).all() for w in (*given, four)):
        raise ValueError("weights and classes must be finite")
    a, b, c = given
    return Term(kind, (a, b, c), four)


class SpherePlan(NamedTuple):
    """What the kernel reads: indices of rows, ~index where no path is; terms [n, 9], all tables, classes [n, 4]."""

    orders: Integers
    terms: Integers
    tables: NDArray[Any]
    classes: NDArray[Any]
    functions: Integers


class Spherical(Product):
    """A sum of Gaunt products and brackets.

    Each term is Σ_l1l2l3 a(l1) b(l2) c(l3) s(l1 % 2, l2 % 2) times the path of the Gaunt product or of the bracket;
    see :class:`coupling.products.Gaunt` and :class:`coupling.products.AntisymmetricGaunt`, which are one term each.
    """

    def __init__(self, lmax: Triple, terms: list[Term], *, layout: str = "channels_last", workers: int = 1) -> None:
        super().__init__(*lmax, layout=layout, workers=workers)
        self.terms = terms
        self._plans = Kept()

    def _counts(self) -> list[str]:
        return sphere_counts(triple(*self.lmax), self.terms)

    @cached_property
    def reached(self) -> Masks:
        """The degrees of x, y and z that are on a path of some term; what is not is zero, or not read."""
        l1, l2, l3 = triple(*self.lmax)
        require_tables((min(l1, l2 + l3), min(l2, l1 + l3), min(l3, l1 + l2)), len(self.terms))
        none = [np.zeros(l + 1, bool) for l in self.lmax]
        masks = [np.logical_or.reduce(m) for m in zip(none, *(t.reached for t in self.terms), strict=True)]
        return masks[0], masks[1], masks[2]

    @cached_property
    def largest(self) -> Triple:
        """The largest degrees of x, y and z that are on a path, -1 where there is none."""
        return largest(self.reached)

    def reached_terms(self) -> list[Term]:
        """Return the terms that have a path, with weights zero where there is none and as few classes as possible."""
        return [t.trimmed().absorb() for t in self.terms if t.reached[2].any()]

    def turn(self) -> Spherical:
        """Return the product (y, z) → x of the same trilinear form."""
        return self._turned

    @cached_property
    def _turned(self) -> Spherical:
        l1, l2, l3 = triple(*self.lmax)
        terms = [t.turn() for t in self.terms]
        return Spherical((l2, l3, l1), terms, layout=self.layout, workers=self.workers)

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        written = (self.largest[2] + 1) ** 2
        if written < out.shape[1]:
            out[:, written:] = 0
        if min(self.largest) < 0:
            return
        if out.dtype not in self._plans:
            self._plans[out.dtype] = self._kernel(out.dtype)
        self._plans[out.dtype].run(x, y, out, self.workers)

    def _kernel(self, dtype: np.dtype[Any]) -> BoundKernel:
        lmax, w = self.largest, width(dtype)
        plan = sphere_plan(lmax, self.reached_terms(), dtype, self.reached)
        return BoundKernel(spherical_product, (w, np.array(lmax), *plan), w, space_needed(lmax, w), dtype)


class OneTerm(Spherical):
    """A single Gaunt product or bracket, whichever ``kind`` says."""

    kind: int

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        classes: ArrayLike | None = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        lmax = triple(lmax_in1, lmax_in2, lmax_out)
        super().__init__(lmax, [term(self.kind, lmax, weights, classes)], layout=layout, workers=workers)


def sphere_plan_bytes(lmax: Triple, terms: int) -> int:
    """Return the bytes of the quadrature, of the Legendre functions and of the tables of each term.

    >>> sphere_plan_bytes((1, 1, 1), 1) < 1 << 12
    True
    """
    n = sum(lmax) // 2 + 1
    entries = (max(lmax) + 1) * (max(lmax) + 2) * (n // 2 + 1)
    return 32 * n * n + 8 * entries * (12 + 4 * terms)


def require_tables(lmax: Triple, terms: int) -> None:
    """Raise MemoryError when the tables of ``terms`` terms do not fit."""
    require_memory(sphere_plan_bytes(lmax, terms), f"the tables of a product on the sphere to degrees {lmax}")


@default_rounding()
def sphere_plan(lmax: Triple, terms: list[Term], dtype: np.dtype[Any], reached: Masks) -> SpherePlan:
    """Return rows and tables of a sum of terms, which reach these degrees; MemoryError for tables that do not fit."""
    require_tables(lmax, len(terms))
    rows, tables, start = [], [], 0
    for one in terms:
        split = not (one.classes == 1).all()
        header, made = transform_tables(lmax, one, split)
        *inputs, output = (start + np.cumsum([0, *(t.size for t in made[:-1])])).tolist()
        rows.append([one.kind, split, *header, *inputs, *[0] * (4 - len(inputs)), output])
        tables += made
        start = output + made[-1].size
    rows_there = zip(reached, map(feature_rows, lmax), strict=True)
    orders = np.concatenate([np.where(rows_of(mask)[row], row, ~row) for mask, row in rows_there])
    flat = np.concatenate([t.ravel() for t in tables]).astype(dtype) if tables else np.empty(0, dtype)
    classes = np.array([t.classes.T.ravel() for t in terms], dtype).reshape(-1, 4)
    functions = [_functions(lmax, one.kind, row[2], dtype) for one, row in zip(terms, rows, strict=True)]
    return SpherePlan(orders, np.array(rows, np.int64).reshape(-1, 9), flat, classes, np.array(functions, np.int64))


def _functions(lmax: Triple, kind: int, n_theta: int, dtype: np.dtype[Any]) -> list[list[int]]:
    """Return the addresses of the compiled transforms for the two sizes of a chunk of colatitudes; 0 where loops do."""
    if max(lmax) > STRAIGHT:
        return [[0] * 5] * 2
    l1, l2, l3 = lmax
    sizes = [len(chunk) for chunk in colatitude_chunks(n_theta)]
    hermitian = 1 if kind == GAUNT else -1
    programs = [
        [
            ("synthesis", (l1, n)),
            ("synthesis", (l2, n)),
            ("analysis", (l3, n)),
            ("convolution", (l1, l2, l3, hermitian)),
            ("convolution", (l2, l1, l3, hermitian)),
        ]
        for n in (max(sizes), min(sizes))
    ]
    return [[compiled(sphere_tape(name, arguments), dtype).address for name, arguments in each] for each in programs]


def colatitude_chunks(n_theta: int) -> list[range]:
    """Return the colatitudes that are treated together."""
    n = -(-n_theta // CHUNK)
    return [range(k * n_theta // n, (k + 1) * n_theta // n) for k in range(n)]


def _entries(lmax: int) -> tuple[Integers, Integers]:
    """Return l and m >= 0 of the entries of a table: for each m the even l+m, then the odd ones."""
    pairs = [(l, m) for m in range(lmax + 1) for odd in (0, 1) for l in range(m + odd, lmax + 1, 2)]
    l, m = np.array(pairs, np.int64).T
    return l, m


def feature_rows(lmax: int) -> Integers:
    """Return the flat indices of the rows of a feature: as the entries of a table, for each m first m, then -m."""
    l, m = _entries(lmax)
    lists = [l[m == k] ** 2 + l[m == k] + sign * k for k in range(lmax + 1) for sign in ((1, -1) if k else (1,))]
    return np.concatenate(lists)


def transform_tables(lmax: Triple, one: Term, split: bool) -> tuple[tuple[int, bool], list[NDArray[Any]]]:
    """Return (number of northern θ, whether the last is the equator) and the tables of a term.

    The integrand of an even path is a polynomial in cos θ of degree l1+l2+l3, that of an odd path of one less; the
    others cancel between north and south whatever the points.
    """
    points = colatitudes(max(0, sum(lmax) - one.kind) // 2 * 2)  # J of the largest even path, J-1 of the largest odd
    p = legendre_values(max(lmax), points)
    (l1, m1), (l2, m2), (l3, m3) = (_entries(l) for l in lmax)
    a, b, c = one.weights
    functions = [p] if one.kind == GAUNT else [slope(p), np.arange(p.shape[1])[:, None] / points.sine * p]
    made = [_synthesis(f, l, m, w) for f in functions for l, m, w in ((l1, m1, a), (l2, m2, b))]
    weights = points.weights * np.where(split, 2.0, 1.0)
    if points.equator:
        weights[-1] = points.weights[-1]
    analysis = np.where(m3 > 0, np.sqrt(8), 2)[:, None] * np.pi * c[l3][:, None] * p[l3, m3] * weights
    analysis = np.concatenate([analysis[:, chunk].ravel() for chunk in colatitude_chunks(len(weights))])
    return (len(points.cosine), points.equator), [*made, analysis]


def _synthesis(f: NDArray[Any], l: Integers, m: Integers, weight: Array) -> NDArray[Any]:
    scale = weight[l] * np.where(m > 0, np.sqrt(0.5), 1.0)
    return np.ascontiguousarray((f[l, m] * scale[:, None]).T)

"""The Clebsch-Gordan product by the route that is fastest, or by the one that is named."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from coupling.memory import float_type
from coupling.portable import Kept, read_only
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.paths import path_weights, selected_paths
from coupling.products.product import Features, Product
from coupling.products.routes import (
    MOST_OF_AUTO,
    MOST_TERMS,
    Route,
    fastest,
    matrix_route,
    sparse_route,
    sphere_route,
)
from coupling.selection import one_of

ROUTES = ("sparse", "sphere", "matrix")
METHODS = ("auto", *ROUTES)


@dataclass(frozen=True)
class Choice:
    """The route that a call takes, with reasons: predicted seconds of each route, why others are declined.

    ``str`` of it is a small report; ``method`` is the route.

    >>> choice = RoutedProduct(1, 1, 1).why(samples=4096, dtype="float64")
    >>> choice.method, choice.seconds["sparse"] < 1e-3
    ('sparse', True)
    """

    method: str
    samples: int
    dtype: str
    workers: int
    seconds: dict[str, float]
    details: dict[str, str]
    declined: dict[str, str]

    def __str__(self) -> str:
        threads = "1 thread" if self.workers == 1 else f"{self.workers} threads"
        lines = [f"{self.method}: {self.samples} channel samples, {self.dtype}, {threads}"]
        for name, time in sorted(self.seconds.items(), key=lambda item: item[1]):
            each = 1e9 * time / max(1, self.samples)
            lines.append(f"  {name:<6} {each:10.2f} ns a sample predicted; {self.details[name]}")
        lines += [f"  {name:<6} declined: {reason}" for name, reason in self.declined.items()]
        return "\n".join(lines)


class RoutedProduct(Product):
    """The Clebsch-Gordan product with one weight per path, by the fastest of three routes that give the same numbers:

        z[l3 m3] = Σ_p w_p Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]        p = (l1, l2, l3)

    paths, weights [P] and the shapes of features are those of :class:`coupling.products.ClebschGordan`, which is the
    route "sparse".  The route "sphere" is a sum of Gaunt products and brackets, "matrix" a sum of matrix products; they
    are there for weights w = N Σ_r a_r(l1) b_r(l2) c_r(l3), N what the product itself puts on a path, with few terms.
    Factors are searched for when the product is made (tenths of a second) and used only where they give the weights to
    rounding, without cancellation, so results of different routes differ by rounding alone.

    method "auto" takes the route for which the measured cost model predicts the shortest time, for each call by its
    dtype and its number of channel samples (batch times channels) and the workers; :meth:`why` says which and why.
    Compiling, in the first call of a route, is not counted.  Another method takes that route, or raises ValueError with
    the reason why there is none.  Derivatives (``turn``, ``vjp``, ``jvp``) are routed products as well.

    Raises ValueError or TypeError for degrees, weights or features that do not fit.  Source: derivations
    ``clebsch_gordan_paths`` and ``matrix_product``; costs: ``python -m benchmarks.cost_model``.

    >>> from coupling.products import simulated_weights
    >>> product = RoutedProduct(8, 8, 8, simulated_weights(8, 8, 8))
    >>> choice = product.why(samples=100 * 64, dtype="float32")
    >>> choice.method, choice.details["sphere"]
    ('sphere', '1 Gaunt product and 1 bracket')
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        weights: ArrayLike | None = None,
        *,
        paths: Any = "all",
        method: str = "auto",
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        self.method = one_of(method, METHODS, "method")
        self.paths = read_only(selected_paths(self.lmax, paths))
        self.weights = path_weights(self.paths, weights)
        self._routes, self._declined = self._found()
        self._choices = Kept()
        self.turns = 0  #: how often the slots are turned
        if not self._routes and method == "auto":
            raise ValueError(f"there is no route for these weights: {'; '.join(self._declined.values())}")
        if not self._routes:
            raise ValueError(f"there is no {method} route for these weights: {self._declined[method]}")

    def _found(self) -> tuple[dict[str, Route], dict[str, str]]:
        """Return the routes there are, and why there are no others.

        One term is looked for first, and more only where they would be faster than what has been found by then.
        """
        wanted = [name for name in ROUTES if self.method in ("auto", name)]
        options: dict[str, Any] = {"layout": self.layout, "workers": self.workers}
        arguments = self.lmax, self.paths, self.weights, options
        found: dict[str, Route | str] = dict.fromkeys(ROUTES, f"method is {self.method!r}")
        if "sparse" in wanted:
            found["sparse"] = sparse_route(*arguments)
        for most in (1, MOST_OF_AUTO if self.method == "auto" else MOST_TERMS):
            limit = fastest(found.values())
            for name, make in (("sphere", sphere_route), ("matrix", matrix_route)):
                if name in wanted and isinstance(found[name], str):
                    found[name] = make(*arguments, limit, most)
        there = {name: route for name, route in found.items() if isinstance(route, Route)}
        return there, {name: reason for name, reason in found.items() if isinstance(reason, str)}

    def why(self, samples: int = 1 << 14, dtype: DTypeLike = "float32") -> Choice:
        """Return the route that a call with ``samples`` channel samples (batch times channels) takes, and why.

        >>> print(RoutedProduct(2, 2, 2, method="sparse").why())  # doctest: +ELLIPSIS
        sparse: 16384 channel samples, float32, 1 thread
          sparse ... ns a sample predicted; 137 coefficients
          sphere declined: method is 'sparse'
          matrix declined: method is 'sparse'
        """
        kind = float_type(dtype)
        times = {name: route.seconds(kind, samples, self.workers) for name, route in self._routes.items()}
        details = {name: route.detail for name, route in self._routes.items()}
        best = min(times, key=times.__getitem__)
        return Choice(best, samples, kind.name, self.workers, times, details, dict(self._declined))

    def best(self, samples: int = 1 << 14, dtype: DTypeLike = "float32") -> Product:
        """Return the product of the route that a call with ``samples`` channel samples takes.

        >>> type(RoutedProduct(1, 1, 1).best()).__name__
        'ClebschGordan'
        """
        return self._routes[self.why(samples, dtype).method].product

    def turn(self) -> RoutedProduct:
        """Return the product (y, z) → x of the same trilinear form, by its own choice of routes.

        >>> RoutedProduct(1, 2, 3).turn().lmax
        (2, 3, 1)
        """
        return self._turned

    @cached_property
    def _turned(self) -> RoutedProduct:
        other = copy(self)
        other.lmax = (*self.lmax[1:], self.lmax[0])
        other._routes = {name: route.turn() for name, route in self._routes.items()}
        other._choices, other.turns = Kept(), (self.turns + 1) % 3
        return other

    def weight_gradient(self, x: Features, y: Features, cotangent: Features) -> NDArray[np.float64]:
        """Return the gradient [P] of Σ cotangent · (x, y) in the weights, by the sparse product.

        >>> x = np.ones((4, 1))
        >>> RoutedProduct(1, 1, 0).weight_gradient(x, x, x[:1])
        array([1.        , 1.73205081])
        """
        return self._reference.weight_gradient(x, y, cotangent)

    @cached_property
    def _reference(self) -> ClebschGordan:
        options: dict[str, Any] = {"paths": self.paths, "layout": self.layout, "workers": self.workers}
        l1, l2, l3 = np.roll(self.lmax, self.turns).tolist()
        one = ClebschGordan(l1, l2, l3, self.weights, **options)
        for _ in range(self.turns):
            one = one.turn()
        return one

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        samples = out.shape[0] * out.shape[2]
        key = out.dtype, samples.bit_length()
        if key not in self._choices:
            self._choices[key] = self.why(1 << samples.bit_length(), out.dtype)
        self._routes[self._choices[key].method].product._compute(x, y, out)

"""Every route to one Clebsch-Gordan product, on the features of a structure: agreement, equivariance, time.

x are the neighbour densities, y their channels mixed by a random matrix, so that x and y differ and odd paths do not
vanish.  The weights of the paths are the same in l1 and l2; then the even paths are symmetric and the odd ones
antisymmetric in x and y, and the inversion P, (-1)^l on degree l, does

    product(P x, P y) = P product(y, x)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from coupling.atoms.density import NeighbourDensity
from coupling.atoms.reading import Neighbours
from coupling.indexing import path_count
from coupling.integers import degree
from coupling.memory import float_type
from coupling.products import Choice, MatrixProduct, Product, RoutedProduct, simulated_weights
from coupling.selection import of_type, one_of
from coupling.sphere import random_rotation, rotation_matrix

Array = NDArray[np.float64]

#: Path weights: one on every path, or what one evaluation of a route puts on the paths.
WEIGHTS = ("ones", "sphere", "matrix")

#: Random rotations, and the least number of channel samples that are timed.
ROTATIONS, TIMED = 3, 1 << 12
SECONDS, TURNS = 0.02, 5


@dataclass(frozen=True)
class RouteResult:
    """What was found for a route; numbers are relative to the largest output, but ``difference`` and ``seconds``.

    difference: largest |difference| from the sparse product in float64; ulps: the same in units in the last place of
    the largest output, in the type of the route; rotation, inversion: largest residual; seconds: of one channel
    sample.  With a reason there is no such route.

    >>> RouteResult("sphere", reason="even one term would take longer").seconds
    0.0
    """

    name: str
    detail: str = ""
    difference: float = 0.0
    ulps: float = 0.0
    rotation: float = 0.0
    inversion: float = 0.0
    seconds: float = 0.0
    reason: str | None = None


@dataclass(frozen=True)
class Comparison:
    """The results of all routes, the choice of "auto", and the features x, y and z [atoms, (lmax+1)², channels].

    >>> choice = RoutedProduct(1, 1, 1).why()
    >>> Comparison([RouteResult("sparse")], choice, (np.zeros((1, 4, 1)),) * 3).choice.method
    'sparse'
    """

    routes: list[RouteResult]
    choice: Choice
    features: tuple[Array, Array, Array]


def named_weights(name: str, lmax: int) -> Array:
    """Return weights [P] of all paths by name, symmetric in the inputs.

    >>> named_weights("sphere", 1).round(4)
    array([0.2821, 0.4886, 0.4886, 0.4886, 1.1968])
    """
    one_of(name, WEIGHTS, "weights")
    if name == "sphere":
        return simulated_weights(lmax, lmax, lmax)
    return MatrixProduct(lmax, lmax, lmax).path_weights if name == "matrix" else np.ones(path_count(lmax, lmax, lmax))


def compare_routes(
    density: NeighbourDensity,
    pairs: Neighbours,
    *,
    weights: str = "ones",
    dtype: DTypeLike = "float64",
    seed: int = 0,
    workers: int = 1,
) -> Comparison:
    """Return the results of every route on the features of a structure.

    >>> from coupling.atoms import neighbours, read_structure
    >>> found = compare_routes(NeighbourDensity(2, 4, 3.0), neighbours(read_structure(), 3.0), weights="sphere")
    >>> [route.name for route in found.routes], all(route.ulps < 64 for route in found.routes)
    (['sparse', 'sphere', 'matrix'], True)
    """
    of_type(density, NeighbourDensity, "density")
    of_type(pairs, Neighbours, "pairs")
    random = np.random.default_rng(degree(seed, "seed"))
    mixing = np.linalg.qr(random.standard_normal((density.channels, density.channels)))[0]
    lmax, w, kind = density.lmax, named_weights(weights, density.lmax), float_type(dtype)
    rotations = [np.eye(3), *(random_rotation(random) for _ in range(ROTATIONS))]
    seen = [_view(density, pairs, rotation, mixing) for rotation in rotations]
    z = RoutedProduct(lmax, lmax, lmax, w, method="sparse")(seen[0].x, seen[0].y)
    forms, results = {}, []
    for name in ("sparse", "sphere", "matrix"):
        try:
            forms[name] = RoutedProduct(lmax, lmax, lmax, w, method=name, workers=workers)
        except ValueError as error:
            results.append(RouteResult(name, reason=str(error)))
        else:
            results.append(_result(name, forms[name], kind, seen, z))
    times = times_per_sample(forms, seen[0].x.astype(kind), seen[0].y.astype(kind))
    timed = [replace(one, seconds=times.get(one.name, 0.0)) for one in results]
    choice = RoutedProduct(lmax, lmax, lmax, w, workers=workers).why(max(TIMED, len(z) * density.channels), kind)
    return Comparison(timed, choice, (seen[0].x, seen[0].y, z))


class _View(NamedTuple):
    """Both inputs of a rotated structure, and what the rotation does to features."""

    matrix: Array
    x: Array
    y: Array


def _view(density: NeighbourDensity, pairs: Neighbours, rotation: Array, mixing: Array) -> _View:
    x = density(rotated(pairs, rotation))
    return _View(rotation_matrix(rotation, density.lmax), x, x @ mixing)


def _result(name: str, form: RoutedProduct, dtype: np.dtype, seen: list[_View], z: Array) -> RouteResult:
    """Return what was found for a route, but its time; the first view is the structure as it is."""
    first, *others = seen
    own = form(first.x.astype(dtype), first.y.astype(dtype)).astype(float)
    scale = float(abs(z).max()) or 1.0
    difference = float(abs(own - z).max())
    turned = [(v.matrix @ own, form(v.x.astype(dtype), v.y.astype(dtype))) for v in others]
    rotation = max(float(abs(there - here).max()) / scale for there, here in turned)
    inversion = inversion_residual(form, first.x.astype(dtype), first.y.astype(dtype)) / scale
    ulps = difference / float(np.spacing(dtype.type(scale)))
    return RouteResult(name, form.why(dtype=dtype).details[name], difference, ulps, rotation, inversion)


def rotated(pairs: Neighbours, rotation: Array) -> Neighbours:
    """Return the pairs of the rotated or reflected structure.

    >>> one = Neighbours(np.array([0]), np.array([0]), np.array([[1.0, 2, 3]]), np.array([1]))
    >>> rotated(one, -np.eye(3)).vectors.tolist()
    [[-1.0, -2.0, -3.0]]
    """
    return pairs._replace(vectors=pairs.vectors @ rotation.T)


def inversion_residual(form: Product, x: Array, y: Array) -> float:
    """Return the largest |product(P x, P y) - P product(y, x)| for path weights that are symmetric in l1 and l2.

    >>> random = np.random.default_rng(0)
    >>> inversion_residual(RoutedProduct(2, 2, 2), *random.standard_normal((2, 9, 5))) < 1e-14
    True
    """
    l = np.floor(np.sqrt(np.arange(x.shape[-2])))
    sign = (1 - 2 * (l % 2))[:, None].astype(x.dtype)
    return float(abs(form(sign * x, sign * y) - sign * form(y, x)).max())


def times_per_sample(forms: Mapping[str, Product], x: Array, y: Array) -> dict[str, float]:
    """Return the seconds of one channel sample, the structure repeated to at least TIMED of them.

    The products take turns, and each time is the median of its turns: of the CPU for one thread, on the clock for more.
    """
    copies = -(-TIMED // (x.shape[0] * x.shape[2]))
    first, second = np.tile(x, (copies, 1, 1)), np.tile(y, (copies, 1, 1))
    times: dict[str, list[float]] = {name: [] for name in forms}
    for turn in range(TURNS + 1):
        for name, form in forms.items():
            clock = process_time if form.workers == 1 else perf_counter
            start, calls = clock(), 0
            while (elapsed := clock() - start) < SECONDS or not calls:
                form(first, second)
                calls += 1
            times[name] += [elapsed / calls] if turn else []  # the first turn compiles
    return {name: median(each) / (first.shape[0] * first.shape[2]) for name, each in times.items()}

"""The Clebsch-Gordan product as one Gaunt product plus one bracket, or as a sum of a few.

On each path (l1, l2, l3) the Gaunt product (even l1+l2+l3) and the bracket (odd) are N(l1, l2, l3) > 0 times the
product with the unit-norm core C (derivation ``clebsch_gordan_paths``).  With inputs and output scaled degree by
degree, R evaluations of each make

    w(l1, l2, l3) = N(l1, l2, l3) Σ_r a_r(l1) b_r(l2) c_r(l3)

and this is exact: the only rounding is that of floats.  Whether w is the wanted weight depends on the factors alone.
One path is always exact; weights of the form N a b c need R = 1; all others as many terms as the tensor w/N has rank on
the allowed paths, see :mod:`coupling.lowrank`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.families import of_product
from coupling.indexing import path_array
from coupling.kernels.sphere_product import BRACKET, GAUNT
from coupling.memory import native
from coupling.numbers.normalizations import exact_normalization, normalization
from coupling.products.given_numbers import given_numbers
from coupling.products.product import Features
from coupling.products.spherical import Spherical, Term, Triple, term, triple
from coupling.quoted import quoted

#: The family whose product does even paths, and that whose product does odd ones.
FAMILIES = {GAUNT: of_product("even").name, BRACKET: of_product("odd").name}

Three = Sequence[ArrayLike]
Factors = Mapping[Any, Three] | Three


class Simulation(Spherical):
    """The Clebsch-Gordan product with path weights of R terms as one product.

        w(l1, l2, l3) = N(l1, l2, l3) Σ_r a_r(l1) b_r(l2) c_r(l3)

    N is that of the Gaunt product on even paths and of the bracket on odd ones.  factors: three arrays a, b, c [lmax+1,
    R] (or [lmax+1] for R = 1) for all paths alike; default ones.  Or such three for "even" and for "odd" paths, or for
    parity classes (l1 % 2, l2 % 2, l3 % 2), in a mapping: weights of a path that two names cover add up, and a path
    that none covers has weight zero.  That is the form in which low-rank studies give them
    (``coupling.lowrank.study(...)[0].product_factors``).  The weights that result are :func:`simulated_weights`.  All
    terms, Gaunt products for even paths and brackets for odd ones, read the inputs and write the output once.

    Raises ValueError or TypeError for degrees, factors or features that do not fit.  Source: derivation
    ``clebsch_gordan_paths``.

    >>> ones = np.ones((3, 2))  # two equal terms
    >>> np.array_equal(simulated_weights(2, 2, 2, factors=(ones, ones, ones)), 2 * simulated_weights(2, 2, 2))
    True
    >>> from coupling.lowrank import normalization_problem, study
    >>> [unit] = study(normalization_problem("gaunt", 2, "even"), [2])  # 1/N, so that every even path has weight one
    >>> simulated_weights(2, 2, 2, unit.product_factors).round(12)
    array([1., 1., 1., 1., 1., 0., 1., 1., 0., 1., 1., 0., 1., 0., 1.])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        factors: Factors | None = None,
        *,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        lmax = triple(lmax_in1, lmax_in2, lmax_out)
        super().__init__(lmax, _terms(lmax, factors), layout=layout, workers=workers)
        self.factors = factors


def simulate(
    x: Features,
    y: Features,
    lmax_in1: object,
    lmax_in2: object,
    lmax_out: object,
    factors: Factors | None = None,
    *,
    layout: str = "channels_last",
    workers: int = 1,
) -> Features:
    """Return the product of x and y by :class:`Simulation`; for repeated use, construct that once.

    >>> import numpy as np
    >>> x = np.eye(4)[:, [1]]
    >>> z = simulate(x, x, 1, 1, 1)  # the even path (1, 1, 0) alone: a bracket of equals is zero
    >>> z[:, 0].round(12) + 0.0
    array([0.28209479, 0.        , 0.        , 0.        ])
    """
    return Simulation(lmax_in1, lmax_in2, lmax_out, factors, layout=layout, workers=workers)(x, y)


def simulate_path(x: Features, y: Features, l1: object, l2: object, l3: object) -> Features:
    """Return the product of one path, by one Gaunt product or one bracket.

        z[m3] = Σ C[m1, m2, m3] x[m1] y[m2]

    x [..., 2l1+1, channels], y [..., 2l2+1, channels] → [..., 2l3+1, channels]; zero if the path is not allowed.  Exact
    up to rounding, for every path.

    >>> import numpy as np
    >>> x, y, _ = np.eye(3)[:, :, None]
    >>> (simulate_path(x, y, 1, 1, 1)[:, 0] * np.sqrt(6)).round(12) + 0.0  # C(1,1,1) = ε/√6
    array([0., 0., 1.])
    """
    path = triple(l1, l2, l3)
    kind = sum(path) % 2
    n = float(exact_normalization(FAMILIES[kind], *path))
    alone = [np.eye(l + 1)[l] for l in path]
    if n:
        alone[2] /= n
    product = Spherical(path, [term(kind, path, alone)])
    return product(_embed(x, path[0]), _embed(y, path[1]))[..., path[2] ** 2 :, :]


def simulated_weights(
    lmax_in1: object, lmax_in2: object, lmax_out: object, factors: Factors | None = None
) -> NDArray[np.float64]:
    """Return the weights [P] of :class:`Simulation` on all paths, in the order of ``ClebschGordan``.

    >>> simulated_weights(1, 1, 1).round(4)  # (0,0,0) (0,1,1) (1,0,1) (1,1,0) (1,1,1)
    array([0.2821, 0.4886, 0.4886, 0.4886, 1.1968])
    """
    lmax = triple(lmax_in1, lmax_in2, lmax_out)
    box = tuple(slice(l + 1) for l in lmax)
    n = [normalization(FAMILIES[kind], max(lmax))[box] for kind in (GAUNT, BRACKET)]
    parts = [n[t.kind] * np.einsum("i,j,k->ijk", *t.weights) for t in _terms(lmax, factors)]
    weights: NDArray[np.float64] = np.sum([np.zeros_like(n[0]), *parts], axis=0)[tuple(path_array(lmax).T)]
    return weights


def _embed(x: Features, l: int) -> Features:
    """Return the feature of degrees 0 … l whose degree l is x."""
    array = native(x)
    if array.ndim < 2 or array.shape[-2] != 2 * l + 1:
        raise ValueError(f"a feature of degree {l} must have {2 * l + 1} entries on axis -2, got shape {array.shape}")
    return np.concatenate([np.zeros((*array.shape[:-2], l * l, array.shape[-1]), array.dtype), array], axis=-2)


def _terms(lmax: Triple, factors: Factors | None) -> list[Term]:
    found = []
    for key, three in named_factors(lmax, factors).items():
        kind, masks = class_of(key, lmax)
        for r in range(three[0].shape[1]):
            one = term(kind, lmax, [f[:, r] for f in three])
            a, b, c = (w * mask for w, mask in zip(one.weights, masks, strict=True))
            found.append(Term(kind, (a, b, c), one.classes))
    return found


def named_factors(lmax: Triple, factors: Factors | None) -> dict[Any, list[NDArray[np.float64]]]:
    """Return three arrays [lmax+1, R] for each name of a part, or raise.

    >>> {key: [f.shape for f in three] for key, three in named_factors((1, 1, 1), None).items()}
    {'even': [(2, 1), (2, 1), (2, 1)], 'odd': [(2, 1), (2, 1), (2, 1)]}
    """
    ones: Any = tuple(np.ones(l + 1) for l in lmax)
    given = ones if factors is None else factors
    named = given if isinstance(given, Mapping) else {"even": given, "odd": given}
    found = {}
    for key, three in named.items():
        class_of(key, lmax)
        columns = [given_numbers(f, "factors") for f in three]
        columns = [f[:, None] if f.ndim == 1 else f for f in columns]
        shapes = [f.shape for f in columns]
        if len(shapes) != 3 or len({shape[1:] for shape in shapes}) != 1 or len(shapes[0]) != 2:
            raise ValueError(f"factors of {quoted(key)} must be three arrays [lmax+1, R], got {shapes}")
        found[key] = columns
    return found


def class_of(key: Any, lmax: Triple) -> tuple[int, list[NDArray[np.float64]]]:
    """Return the kind of the paths of a part, and for x, y and z which degrees take part, ones and zeros.

    >>> class_of((0, 1, 1), (1, 1, 1))
    (0, [array([1., 0.]), array([0., 1.]), array([0., 1.])])
    """
    if isinstance(key, str) and key in ("even", "odd"):
        return (GAUNT if key == "even" else BRACKET), [np.ones(l + 1) for l in lmax]
    if not (isinstance(key, tuple) and len(key) == 3 and all(p in (0, 1) for p in key)):
        rule = 'factors must be named "even", "odd" or by three parities such as (0, 1, 1)'
        raise ValueError(f"{rule}, got {quoted(key)}")
    return sum(key) % 2, [(np.arange(l + 1) % 2 == p).astype(float) for l, p in zip(lmax, key, strict=True)]

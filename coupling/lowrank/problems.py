"""Problems of the study: normalization tensors and the whole coupling tensor.

A Clebsch-Gordan product with path weights w is a sum of R products of another family (Gaunt, bracket, matrix) when

    w(l1,l2,l3) / N(l1,l2,l3) = Σ_r a_r(l1) b_r(l2) c_r(l3)      on the paths of the family,

N its normalization.  Entries that are no paths multiply zero: they are free, so the problem is a masked one.  Relative
errors are those of the weights of the paths, (T̂/T - 1) w, root mean square with the weight w²: for standard normal
inputs that is the root mean square error of the product itself, divided by its root mean square.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import BASES, CORE
from coupling.exact import Surd
from coupling.families import Family, with_basis
from coupling.families import family as known
from coupling.lowrank.entries import is_path, normalization_entry, product_weight, whole_entry
from coupling.lowrank.objective import Objective, as_objective, symmetric_slots
from coupling.lowrank.path_weights import (
    UNIT,
    Given,
    described_weights,
    path_weight,
    read_weights,
    weights_array,
    whole_paths,
)
from coupling.lowrank.shifts import shifts_of
from coupling.numbers.normalizations import MATRIX
from coupling.numbers.spins import doubled_spin
from coupling.numbers.tabulation import tabulate
from coupling.selection import PARITIES, Path, box_of, degree, one_of

Floats = NDArray[np.float64]

WEIGHTS = ("unit", "component", "norm")
SIGNS = ("real", "complex", "absolute")

#: The parity classes of degrees (e even, o odd): those with even and those with odd l1+l2+l3.
CLASSES = {"even": ("eee", "ooe", "eoo", "oeo"), "odd": ("eeo", "ooo", "oee", "eoe")}


@dataclass(frozen=True, eq=False)
class Problem:
    """A tensor to decompose, with its mask, its weights and its description.

    ``tensor`` [n1, n2, n3]; ``mask``, true on the entries that count, or None for all; ``weights``, what a residual is
    multiplied by before it is squared, or None; ``measure`` names what errors are relative to.  ``spec`` describes the
    problem as plain values for :func:`from_spec`.

    >>> normalization_problem("gaunt", 1).exact(0, 1, 1)  # √(4π/3)
    √(4/(3π))·π
    """

    tensor: Floats
    mask: NDArray[np.bool_] | None
    weights: Floats | None
    measure: str
    spec: dict[str, Any] = field(repr=False)
    degrees: tuple[tuple[int, ...], ...] = field(repr=False, default=((), (), ()))

    @cached_property
    def objective(self) -> Objective:
        """The least-squares problem."""
        return as_objective(self.tensor, self.mask, self.weights)

    @property
    def entries(self) -> tuple[NDArray[np.intp], ...]:
        """Three index arrays: the entries that count."""
        return self.objective.entries

    def exact(self, i: int, j: int, k: int) -> Surd:
        """Return an entry of the tensor as an exact Surd; weights of the user are the given doubles, exactly."""
        l1, l2, l3 = (axis[index] for axis, index in zip(self.degrees, (i, j, k), strict=True))
        if self.spec["problem"] == "whole":
            return whole_entry(self.spec, (i, j, k), (l1, l2, l3))
        return normalization_entry(self.spec, (l1, l2, l3))

    @cached_property
    def ties(self) -> tuple[int, int, int]:
        """The slots that may share their factor because tensor and weights are symmetric in them."""
        arrays = [x for x in (self.tensor, self.weights) if x is not None]
        return symmetric_slots(arrays, self.degrees)

    @cached_property
    def cyclic(self) -> bool:
        """Whether tensor and weights are invariant under a cyclic permutation of the three slots."""
        arrays = [x for x in (self.tensor, self.weights) if x is not None]
        cube = len(set(self.tensor.shape)) == 1
        return cube and all(np.allclose(x, x.transpose(1, 2, 0), rtol=1e-12, atol=1e-15) for x in arrays)

    @property
    def lost_paths(self) -> tuple[Path, ...]:
        """The paths of a whole tensor whose weight is zero: no product with this tensor reaches them."""
        if self.spec["problem"] != "whole":
            return ()
        (lmax,), weights = self.spec["lmax"], self.spec.get("weights", UNIT)
        return tuple(path for path in whole_paths(lmax, self.spec["parity"]) if not path_weight(weights, path, lmax))

    @property
    def spherical(self) -> str | None:
        """The parity, "even" or "odd", of the paths that products on the sphere of this family have, or None."""
        named = self.spec["problem"] not in ("whole", MATRIX) and not shifts_of(self.spec["problem"])
        return known(self.spec["problem"]).spherical if named else None

    @property
    def bare(self) -> int:
        """The number of first indices, of degree 0, without a part that is antisymmetric in two slots."""
        return 1 if self.spec["problem"] == "whole" else 0

    @property
    def name(self) -> str:
        """A short name, which serves as a file name; a digest stands for weights of the user."""
        spec = self.spec
        words = [spec[key] for key in ("problem", "target", "parity", "signs", "weights") if key in spec]
        words = [re.sub(r"[:,=]+", "_", word) if isinstance(word, str) else _digest(spec) for word in words]
        spin = [f"spin{spec['spin']}of2"] if "spin" in spec else []
        return "-".join([*map(str, words), *spin, "l" + ".".join(map(str, spec["lmax"]))])


def normalization_problem(
    family: str | Family,
    lmax: object,
    parity: str = "all",
    *,
    signs: str = "real",
    weights: str | ArrayLike = "unit",
    inverse: bool = True,
    j: object = None,
) -> Problem:
    """Return the masked problem w/N of a family, or w·N with inverse=False.

    family: "gaunt", "antisymmetric_gaunt" or any other, "matrix" with its spin j, or, for the general vector product
    from and to vector harmonics of three shifts, "vector_signal:-1,0,1" and the like.  lmax: one degree limit or three.
    parity: "all" paths of the family, "even", "odd", or one parity class of the degrees such as "ooe".  Paths on which
    the factor of the family vanishes are free.  signs: "real" as in the real basis (all positive for both Gaunt
    families), "complex" as in the complex one, "absolute" none: an antipodal split, or the parities of the matrix
    product apart, can absorb those of a class.  weights: "unit", e3nn's "component" √(2l3+1) and "norm"
    √((2l1+1)(2l2+1)), or an array [l1, l2, l3] of non-zero numbers.

    Raises ValueError or TypeError for what does not exist, and ValueError where a 6j symbol of the matrix product
    vanishes on a path: take another spin.  Source: derivations ``clebsch_gordan_paths``, ``matrix_product``.

    >>> problem = normalization_problem("gaunt", 2, "eee")
    >>> problem.tensor.shape, int(problem.mask.sum()), round(float(problem.tensor[0, 0, 0]) ** 2 / np.pi, 9)
    ((2, 2, 2), 5, 4.0)
    """
    box = box_of(lmax)
    classes = CLASSES["even"] + CLASSES["odd"]
    spec: dict[str, Any] = {
        "problem": _family_name(family, signs),
        "target": "inverse" if inverse else "direct",
        "parity": one_of(parity, PARITIES + classes, "parity"),
        "signs": one_of(signs, SIGNS, "signs"),
        "lmax": list(box),
        "weights": _check_weights(weights, box),
    }
    if (j is not None) != (family == MATRIX):
        raise TypeError("the spin j is needed by the matrix family, and by no other")
    if j is not None:
        spec["spin"] = doubled_spin(j)
    return _masked(spec, box)


def _family_name(family: str | Family, signs: str) -> str:
    if family == MATRIX or (isinstance(family, str) and shifts_of(family)):
        one_of(signs, ("real", "absolute") if family != MATRIX else SIGNS, "signs")
        return str(family)
    record = known(family, also=(MATRIX,))
    if signs in BASES:
        record.require_basis(signs)
    return record.text


def whole_problem(lmax: object, parity: str = "all", family: str | Family = CORE, *, weights: Given = UNIT) -> Problem:
    """Return the coupling tensor [(lmax+1)²]³ of all paths of a parity, in the real basis, with path weights.

    family "wigner_3j": blocks of unit Frobenius norm, the squared norm of the tensor is the sum of squared weights; any
    other one with a real basis, such as "gaunt": its coefficients times the weights.  All entries count.

    weights: "unit"; "matrix", (-1)^L √P 6j{l1 l2 l3; L/2 L/2 L/2} with L = lmax, for which the tensor is that of a
    multiplication of matrices; an array [l1, l2, l3]; or a mapping from paths (l1, l2, l3) to numbers or Surds, zero
    for paths that are not in it.  A path of weight zero is lost: ``lost_paths`` names them.  Source: derivation
    ``whole_tensor``.

    >>> whole_problem(1).tensor.shape, float(round(np.sum(whole_problem(2).tensor ** 2), 12))
    ((4, 4, 4), 15.0)
    >>> whole_problem(3, weights="matrix").lost_paths
    ((2, 2, 2),)
    """
    limit = degree(lmax, "lmax")
    family = with_basis(family, "real").text
    spec = {"problem": "whole", "target": family, "parity": one_of(parity, PARITIES, "parity"), "lmax": [limit]}
    kind, words = described_weights(weights, limit, parity), ""
    if kind != UNIT:
        spec["weights"], words = kind, f", {kind if isinstance(kind, str) else 'given'} weights"
    factors = weights_array(kind, limit, parity)
    values = np.zeros(((limit + 1) ** 2,) * 3)
    for path, block in tabulate(family, limit, parity=parity).blocks().items():
        values[tuple(slice(l * l, (l + 1) ** 2) for l in path)] = factors[path] * block
    flat = tuple(l for l in range(limit + 1) for _ in range(2 * l + 1))
    return Problem(values, None, None, f"‖T̂ - T‖ / ‖T‖, {family}{words}", spec, (flat,) * 3)


def from_spec(spec: dict[str, Any]) -> Problem:
    """Return the problem of a description.

    >>> from_spec(whole_problem(1).spec).name
    'whole-wigner_3j-all-l1'
    """
    if spec["problem"] == "whole":
        weights = read_weights(spec.get("weights", UNIT))
        return whole_problem(spec["lmax"][0], spec["parity"], spec["target"], weights=weights)
    return normalization_problem(
        spec["problem"],
        tuple(spec["lmax"]),
        spec["parity"],
        signs=spec["signs"],
        weights=spec["weights"],
        inverse=spec["target"] == "inverse",
        j=spec["spin"] / 2 if "spin" in spec else None,
    )


def same(one: Problem, other: Problem) -> bool:
    """Return whether two problems differ in the order of their slots only.

    >>> same(normalization_problem("gaunt", 2, "eoo"), normalization_problem("gaunt", 2, "ooe"))
    True
    """
    pairs: list[tuple[Any, Any]] = [(one.tensor, other.tensor), (one.weights, other.weights)]
    turned = ([(x, y.transpose(turn)) for x, y in pairs] for turn in permutations(range(3)))
    return any(all(x.shape == y.shape and np.allclose(x, y, rtol=1e-12, atol=0) for x, y in some) for some in turned)


def _masked(spec: dict[str, Any], box: Path) -> Problem:
    parity = spec["parity"]
    firsts, step = ((0, 0, 0), 1) if parity in PARITIES else (["eo".index(letter) for letter in parity], 2)
    degrees = tuple(tuple(range(first, limit + 1, step)) for first, limit in zip(firsts, box, strict=True))
    values = np.zeros([len(axis) for axis in degrees])
    weights = np.zeros(values.shape)
    for index in np.ndindex(*values.shape):
        path = tuple(axis[i] for axis, i in zip(degrees, index, strict=True))
        if is_path(spec, path):
            values[index] = float(normalization_entry(spec, path))
            weights[index] = abs(float(product_weight(spec, path)) / values[index])
    if not values.size or not values.any():
        raise ValueError(f"no path of {spec['problem']} with parity {parity} has degrees up to {box}")
    name = spec["weights"] if isinstance(spec["weights"], str) else "given"
    return Problem(values, values != 0, weights, f"weights of the paths, {name}", spec, degrees)


def _digest(spec: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:12]


def _check_weights(weights: str | ArrayLike, box: Path) -> str | list[Any]:
    if isinstance(weights, str):
        return one_of(weights, WEIGHTS, "weights")
    array = np.asarray(weights, float)
    if array.shape != tuple(limit + 1 for limit in box) or not np.isfinite(array).all() or not array.all():
        raise ValueError(f"weights must be finite, non-zero and of shape lmax+1 per slot, got shape {array.shape}")
    return array.tolist()

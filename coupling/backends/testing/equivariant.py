"""Whether a function commutes with rotations, the inversion and permutations of nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.backends.testing.arrays import like, magnitude, to_numpy
from coupling.foreign import named
from coupling.integers import count
from coupling.irreps import LAYOUTS, Irreps
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere import random_rotation, rotation_matrix

Array = NDArray[Any]

CARTESIAN = "cartesian"
NODES = ("axis", "index")


def check_equivariant(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    kinds: Sequence[Any],
    outputs: Any,
    *,
    nodes: Sequence[Any] | None = None,
    layout: str = "ir_mul",
    convention: str = "coupling",
    rotations: int = 3,
    tolerance: float | None = None,
    seed: int = 0,
) -> float:
    """Check function(*rotated inputs) = rotated function(*inputs), the same for the inversion and for permuted nodes.

    - inputs: arrays of torch, JAX or numpy.  kinds: of each input, "cartesian" for vectors (x, y, z) on the last axis,
      irreps such as "8x0e + 8x1o" for features [..., dim], or None for what stays as it is
    - outputs: the kind of the output, or a list of them where the function returns several arrays
    - nodes: for permutations, of each input and then of each output "axis", if its first axis counts nodes, "index", if
      it holds numbers of nodes (as the senders of edges do), or None; without it nodes are not permuted
    - layout, convention: of the features, see :mod:`coupling.irreps` and :mod:`coupling.foreign`; "e3nn" has y for its
      polar axis
    - tolerance: relative to the largest number of an output; 1e-10 in float64, 1e-4 in float32 by default

    Irreps without parities, and kinds that have them, are inverted alike: where there is none, the inversion does
    nothing to features, and vectors change sign.  Raises AssertionError that names the operation, output and error;
    ValueError or TypeError for arguments that do not fit.  Returns the largest error.

    >>> import numpy as np
    >>> from coupling.products import TensorProduct
    >>> product = TensorProduct.full("2x1o", "1o")
    >>> x, y = np.random.default_rng(0).standard_normal((2, 5, 6))
    >>> error = check_equivariant(product, [x, y[:, :3]], ["2x1o", "1o"], product.irreps_out)
    >>> check_equivariant(lambda x: abs(x), [x], ["2x1o"], "2x1o")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: output 1 does not commute with rotation 1: relative error ...
    """
    one_of(layout, LAYOUTS, "layout")
    axes = named(convention).axes
    several = isinstance(outputs, list | tuple) and not isinstance(outputs, Irreps)
    wanted = list(outputs) if several else [outputs]
    if len(kinds) != len(inputs) or (nodes is not None and len(nodes) != len(inputs) + len(wanted)):
        raise ValueError(f"kinds and nodes are of every input and output, got {quoted((kinds, outputs, nodes))}")
    given = [to_numpy(value) for value in inputs]

    def call(arrays: list[Array]) -> list[Array]:
        made = function(*(like(array, value) for array, value in zip(arrays, inputs, strict=True)))
        found = [to_numpy(one) for one in (made if several else [made])]
        if len(found) != len(wanted):
            raise ValueError(f"the function must return {len(wanted)} arrays, got {len(found)}")
        return found

    def acted(arrays: list[Array], names: Sequence[Any], matrix: Array, slot: str) -> list[Array]:
        pairs = enumerate(zip(arrays, names, strict=True))
        return [_acted(a, kind, matrix, axes, layout, f"{slot} {n + 1}") for n, (a, kind) in pairs]

    before, error, random = call(given), 0.0, np.random.default_rng(seed)
    for name, matrix in _operations(count(rotations, "rotations"), random):
        after = call(acted(given, kinds, matrix, "input"))
        error = max(error, _compare(after, acted(before, wanted, matrix, "output"), name, tolerance))
    if nodes is None:
        return error
    order = random.permutation(_node_count(given, nodes))
    after = call([_permuted(a, how, order) for a, how in zip(given, nodes, strict=False)])
    moved = [_permuted(a, how, order) for a, how in zip(before, nodes[len(given) :], strict=True)]
    return max(error, _compare(after, moved, "a permutation of nodes", tolerance))


def _operations(number: int, random: Any) -> list[tuple[str, Array]]:
    turns = [(f"rotation {n + 1}", random_rotation(random)) for n in range(number)]
    return [*turns, ("the inversion", -np.eye(3)), ("a rotation with inversion", -turns[0][1])]


def _acted(value: Array, kind: Any, matrix: Array, axes: Any, layout: str, slot: str) -> Array:
    """Return an input or output after a rotation or a rotation with inversion."""
    if kind is None:
        return value
    if isinstance(kind, str) and kind == CARTESIAN:
        if value.shape[-1:] != (3,):
            raise ValueError(f"{slot} must be vectors [..., 3], got shape {value.shape}")
        return value @ matrix.T
    irreps = Irreps(kind)
    if value.shape[-1:] != (irreps.dim,):
        raise ValueError(f"{slot} must be [..., {irreps.dim}] for {irreps}, got shape {value.shape}")
    sign = 1 if np.linalg.det(matrix) > 0 else -1
    frame = _frame(axes)
    rotation = frame @ (sign * matrix) @ frame.T
    given = value[..., irreps.permutation(layout, "mul_ir")]
    parts = [given[..., :0]]
    for (mul, irrep), where in zip(irreps, irreps.slices, strict=True):
        own = _irrep_matrix(rotation, irrep.twice) * (irrep.parity or 1 if sign < 0 else 1)
        block = given[..., where].reshape(*value.shape[:-1], mul, irrep.dim) @ own.T
        parts.append(block.reshape(*value.shape[:-1], -1))
    return np.concatenate(parts, -1)[..., irreps.permutation("mul_ir", layout)]


def _frame(axes: Sequence[str]) -> Array:
    """Return the matrix whose rows are the axes at which the harmonics of a convention are the standard ones."""
    rows = [[float(axis[-1] == name) * (-1.0 if axis[0] == "-" else 1.0) for name in "xyz"] for axis in axes]
    return np.array(rows)


def _irrep_matrix(rotation: Array, twice: int) -> Array:
    if twice % 2:
        raise ValueError(f"half-integer degrees have no real basis, got {twice}/2")
    return np.asarray(rotation_matrix(rotation, twice // 2)[-twice - 1 :, -twice - 1 :])


def _node_count(given: list[Array], nodes: Sequence[Any]) -> int:
    for how in nodes:
        one_of(how, NODES, "nodes") if how is not None else None
    sizes = {a.shape[0] for a, how in zip(given, nodes, strict=False) if how == "axis"}
    if len(sizes) != 1:
        raise ValueError(f"inputs of nodes must have one number of them on their first axes, got {sorted(sizes)}")
    return int(sizes.pop())


def _permuted(value: Array, how: Any, order: Array) -> Array:
    if how == "axis":
        return value[order]
    return np.argsort(order)[value] if how == "index" else value


def _compare(found: list[Array], wanted: list[Array], name: str, tolerance: float | None) -> float:
    """Return the largest relative difference, or raise for one that is too large."""
    worst = 0.0
    for n, (a, b) in enumerate(zip(found, wanted, strict=True)):
        if a.shape != b.shape:
            raise AssertionError(f"output {n + 1} has another shape after {name}: {a.shape}, not {b.shape}")
        limit = tolerance if tolerance is not None else 1e-10 if b.dtype == np.float64 else 1e-4
        error = magnitude(a.astype(np.float64) - b) / (magnitude(b) or 1.0)
        if not error <= limit:
            raise AssertionError(
                f"output {n + 1} does not commute with {name}: relative error {error:.1e}, tolerance {limit:.1e}"
            )
        worst = max(worst, error)
    return worst

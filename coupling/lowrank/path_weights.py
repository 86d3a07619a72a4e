"""Path weights of a whole coupling tensor: Σ_paths w(l1,l2,l3) C(l1,l2,l3).

The rank depends on them.  With the weights of the matrix product of spin L/2,

    w(l1,l2,l3) = (-1)^L √P 6j{l1 l2 l3; L/2 L/2 L/2},     P = (2l1+1)(2l2+1)(2l3+1),

the tensor of all paths to degree L is that of matrix multiplication.  Source: derivation ``whole_tensor``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coupling.conventions import parity_sign
from coupling.exact import Surd, reduced_matrix
from coupling.quoted import quoted
from coupling.selection import Path, one_of, triangle

UNIT, OF_MATRICES = "unit", "matrix"

#: Weights with a name.
NAMED = UNIT, OF_MATRICES

#: A signed square as a text.
SQUARE = re.compile(r"-?[0-9]+(/[1-9][0-9]*)?")

Given = str | ArrayLike | Mapping[Path, Any]


def whole_paths(lmax: int, parity: str = "all") -> Iterator[Path]:
    """Yield the paths of a whole tensor, by their degrees.

    >>> list(whole_paths(1, "odd"))
    [(1, 1, 1)]
    """
    for l1, l2, l3 in np.ndindex(lmax + 1, lmax + 1, lmax + 1):
        if triangle(l1, l2, l3) and parity in ("all", "odd" if (l1 + l2 + l3) % 2 else "even"):
            yield l1, l2, l3


def described_weights(weights: Given, lmax: int, parity: str) -> Any:
    """Return path weights as plain values, in the one form that a description of a problem has.

    A name stays as it is.  Numbers become a list [l1][l2][l3] of doubles, zero where there is no path, or, where a
    mapping holds a Surd, an object of signed squares such as {"1 1 0": "-4/3"}.  All ones are "unit".  Raises
    ValueError for another shape, for paths that do not exist, and for numbers that are not finite and real.

    >>> described_weights({(0, 0, 0): Surd(1, 4, 3), (1, 1, 0): -1}, 1, "all")
    {'0 0 0': '4/3', '1 1 0': '-1'}
    """
    if isinstance(weights, str):
        return one_of(weights, NAMED, "weights")
    paths = list(whole_paths(lmax, parity))
    if not isinstance(weights, Mapping):
        found: Any = _numbers(weights, lmax, paths)
    else:
        found = _mapped(weights, lmax, paths)
    if isinstance(found, dict):
        return UNIT if found == dict.fromkeys(map(_key, paths), "1") else found
    return UNIT if all(found[path] == 1 for path in paths) else found.tolist()


def _numbers(weights: ArrayLike, lmax: int, paths: list[Path]) -> np.ndarray:
    array = np.asarray(weights, float)
    if array.shape != (lmax + 1,) * 3 or not np.isfinite(array).all():
        raise ValueError(f"path weights must be finite and of shape {(lmax + 1,) * 3}, got shape {array.shape}")
    found = np.zeros(array.shape)
    for path in paths:
        found[path] = array[path]
    if not found.any():
        raise ValueError("path weights must not all be zero")
    return found


def _mapped(weights: Mapping[Path, Any], lmax: int, paths: list[Path]) -> Any:
    unknown = [path for path in weights if path not in paths]
    if unknown:
        raise ValueError(f"path weights belong to paths (l1, l2, l3) of degrees to {lmax}, got {quoted(unknown[0])}")
    if not any(isinstance(weight, Surd) for weight in weights.values()):
        array = np.zeros((lmax + 1,) * 3)
        for path, weight in weights.items():
            array[path] = weight
        return _numbers(array, lmax, paths)
    surds = {path: _surd(weights[path]) for path in paths if path in weights}
    if any(weight.unit or weight.pi_power for weight in surds.values()):
        raise ValueError("path weights that are Surds must be real and without powers of π")
    if not any(surds.values()):
        raise ValueError("path weights must not all be zero")
    return {_key(path): str(weight.sign * weight.square) for path, weight in surds.items() if weight}


def _surd(weight: Any) -> Surd:
    """Return a number as a Surd; a double is the dyadic rational that it is.

    >>> _surd(0.5)
    1/2
    """
    return weight if isinstance(weight, Surd) else Surd.rational(Fraction(float(weight)))


def _key(path: Path) -> str:
    return " ".join(map(str, path))


def read_weights(described: Any) -> Given:
    """Return described weights as :func:`described_weights` takes them; ValueError where a text is no signed square.

    >>> read_weights({"1 1 0": "-4/3"})
    {(1, 1, 0): -√(4/3)}
    """
    if not isinstance(described, dict):
        return described
    wrong = [text for text in described.values() if type(text) is not str or not SQUARE.fullmatch(text)]
    if wrong:
        raise ValueError(f"signed squares of path weights are texts such as -4/3, got {quoted(wrong[0])}")
    squares = {key: Fraction(text) for key, text in described.items()}
    return {_path(key): _root(square) for key, square in squares.items()}


def _path(key: str) -> Path:
    l1, l2, l3 = (int(word) for word in key.split())
    return l1, l2, l3


def _root(square: Fraction) -> Surd:
    return Surd((square > 0) - (square < 0), abs(square.numerator), square.denominator)


def path_weight(described: Any, path: Path, lmax: int) -> Surd:
    """Return the weight of a path as an exact Surd.

    >>> path_weight("matrix", (1, 1, 1), 1), path_weight("matrix", (2, 2, 2), 3)
    (√(3), 0)
    """
    if described == UNIT:
        return Surd(1)
    if described == OF_MATRICES:
        return reduced_matrix(*path, lmax / 2) * parity_sign(lmax)
    if isinstance(described, dict):
        return _root(Fraction(described.get(_key(path), 0)))
    l1, l2, l3 = path
    return _surd(described[l1][l2][l3])


def weights_array(described: Any, lmax: int, parity: str = "all") -> np.ndarray:
    """Return the weights [l1, l2, l3] rounded to doubles, zero where there is no path.

    >>> weights_array("matrix", 1)[1, 1].round(6).tolist()
    [-1.224745, 1.732051]
    """
    found = np.zeros((lmax + 1,) * 3)
    for path in whole_paths(lmax, parity):
        found[path] = float(path_weight(described, path, lmax))
    return found

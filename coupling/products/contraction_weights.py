"""Weights and species of a contraction: their checks, and gradients in their form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.memory import native

Array = NDArray[Any]


class Merged:
    """Coefficients of a contraction for one set of weights: what ``SymmetricContraction.merge`` returns.

    >>> from coupling.manybody import basis
    >>> from coupling.products import SymmetricContraction
    >>> SymmetricContraction(basis(1, 2, 0)).merge(np.ones((2, 7))).values.shape  # species, terms, channels
    (1, 4, 7)
    """

    def __init__(self, values: Array, digest: str) -> None:
        self.values, self.digest = values, digest


def joined_weights(weights: Any, paths: tuple[int, ...], alone: bool) -> Array:
    """Return weights [species, paths of all bases, channels] of a list of arrays, or of one array if alone.

    >>> joined_weights([np.ones((1, 4)), np.ones((3, 4))], (1, 3), False).shape
    (1, 4, 4)
    """
    given = [weights] if alone and not isinstance(weights, list | tuple) else weights
    if not isinstance(given, list | tuple) or len(given) != len(paths):
        raise TypeError(f"weights must be a list of {len(paths)} arrays, one for each basis")
    arrays = [native(each) for each in given]
    for array, number in zip(arrays, paths, strict=True):
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(f"weights must be float32 or float64, got {array.dtype}")
        if array.ndim not in (2, 3) or array.shape[-2] != number:
            raise ValueError(f"weights must be [species, {number}, channels], got shape {array.shape}")
    shapes = [array.shape for array in arrays]
    if len({shape[:-2] for shape in shapes}) > 1:
        raise ValueError(f"weights must have one number of species, got {shapes}")
    channels = max((shape[-1] for shape in shapes if shape[-1] != 1), default=1)
    if any(shape[-1] not in (1, channels) for shape in shapes):
        raise ValueError(f"weights must have one number of channels, or 1, got {shapes}")
    whole = [np.broadcast_to(array, (*array.shape[:-1], channels)) for array in arrays]
    joined = np.concatenate(whole, axis=-2)
    return joined if joined.ndim == 3 else joined[None]


def like_weights(weights: Any, gradient: Array, paths: tuple[int, ...]) -> Any:
    """Return a gradient [species, paths of all bases, channels] in the form of the weights.

    >>> like_weights(np.ones((2, 1)), np.ones((1, 2, 5)), (2,))
    array([[5.],
           [5.]])
    """
    given = weights if isinstance(weights, list | tuple) else [weights]
    parts, found = np.split(gradient, np.cumsum(paths)[:-1], axis=1), []
    for part, like in zip(parts, map(np.asarray, given), strict=True):
        summed = part.sum(axis=2, keepdims=True) if like.shape[-1] != part.shape[-1] else part
        found.append(summed.reshape(like.shape))
    return found if isinstance(weights, list | tuple) else found[0]


def checked_species(species: Any, lead: tuple[int, ...], kinds: int) -> Array:
    """Return the species of all atoms [atoms], numbers below ``kinds``.

    >>> checked_species(None, (2,), 1), checked_species([[1, 0]], (1, 2), 2)
    (array([0, 0]), array([1, 0]))
    """
    if species is None:
        if kinds != 1:
            raise ValueError(f"weights of {kinds} species need species, an integer for each atom")
        return np.zeros(int(np.prod(lead)), np.int64)
    given = np.asarray(species)
    if given.dtype.kind not in "iu":
        raise TypeError(f"species must be integers, got {given.dtype}")
    if given.shape != lead:
        raise ValueError(f"species must have the shape {lead} of the leading axes of A, got {given.shape}")
    if given.size and not 0 <= int(given.min()) <= int(given.max()) < kinds:
        raise ValueError(f"species must be 0 … {kinds - 1}, got {int(given.min())} … {int(given.max())}")
    return np.ascontiguousarray(given.reshape(-1), np.int64)

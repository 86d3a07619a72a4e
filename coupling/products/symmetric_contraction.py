"""Symmetric contractions of MACE, and products of ACE and PACE: polynomials of a density, or of ν images of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coupling.integers import count
from coupling.manybody.polynomials import Couplings, Polynomials, couplings_of, polynomials
from coupling.manybody.tensors import tensor_couplings
from coupling.manybody.value import Basis
from coupling.memory import native
from coupling.portable import Portable
from coupling.products.contraction_plan import Array, ContractionPlan, flat_features
from coupling.products.contraction_weights import Merged, checked_species, joined_weights, like_weights
from coupling.products.product import LAYOUTS
from coupling.quoted import quoted
from coupling.selection import one_of

SLOTS = ("same", "separate")


class SymmetricContraction(Portable):
    """Weighted many-body couplings of a density A, of species s and channel c.

        B[M, c] = Σ_ν Σ_k w[s, k, c] Σ_{i1 … i_ν} U_ν[k, M, i1 … i_ν] A[i1, c] … A[i_ν, c]

    k are the paths, U_ν their couplings of ν factors to the components M of the outputs.

    bases: one or several of :func:`coupling.manybody.basis`, of one space and in real components, whatever their order,
    output, symmetry and ``paths``; or :class:`~coupling.manybody.polynomials.Couplings`.  Outputs of one name add up;
    those of different names follow one another in the order in which they first occur.  slots: "same", every factor is
    the same A, or "separate", slot k takes the image A[k] of its own (PACE).  workers: threads that share the work; the
    result has the same bits for any number.

    ``contraction(A, weights, species)``: A [..., (lmax+1)², channels], float32 or float64, in general [..., components
    of the space, channels], or [..., channels, components] with layout="channels_first"; with separate slots a list of
    ν such arrays.  weights: for each basis an array [species, paths, channels] in the order of its paths, in a list, or
    alone where there is one basis; species [...]: of each atom its number; without species the weights are [paths,
    channels].  Returns [..., components of the outputs, channels].  ``merge(weights)`` may stand for the weights: what
    is done once when they change.

    The sum is that of a dense einsum over U up to rounding.  Components that no path reaches are exact zeros, in the
    output and in all gradients, and A that none reaches is not used.  U is never in memory as a dense array: the basis
    is symmetrized over the slots and merged with the weights into one coefficient for each output component, monomial
    and channel; products of components that several monomials share are formed once.

    Raises ValueError or TypeError for bases that do not fit together and for arrays of other shapes and types.  Source:
    I. Batatia et al., arXiv 2206.07697 (MACE); R. Drautz, Phys. Rev. B 99, 014104 (ACE).

    >>> import numpy as np
    >>> from coupling.manybody import basis
    >>> contraction = SymmetricContraction([basis(3, order, output) for output in (0, 1) for order in (1, 2, 3)])
    >>> contraction.outputs, contraction.paths, contraction.terms
    ((('0e', 1), ('1o', 3)), (1, 4, 8, 1, 3, 12), 410)
    >>> weights = [np.ones((2, paths, 128)) for paths in contraction.paths]
    >>> contraction(np.ones((64, 16, 128)), weights, np.arange(64) % 2).shape
    (64, 4, 128)
    """

    def __init__(self, bases: Any, *, slots: str = "same", layout: str = "channels_last", workers: int = 1) -> None:
        self.slots = one_of(slots, SLOTS, "slots")
        self.layout = one_of(layout, LAYOUTS, "layout")
        self.workers = count(workers, "workers")
        alone = isinstance(bases, Basis | Couplings)
        given = [bases] if alone else list(bases) if isinstance(bases, Sequence) else []
        if not given or not all(isinstance(each, Basis | Couplings) for each in given):
            raise TypeError(f"bases must be one or several values of coupling.manybody.basis, got {quoted(bases)}")
        self.alone = alone
        made, self.images = _joined(given, self.slots)
        self.plan = ContractionPlan(made)

    def __repr__(self) -> str:
        names = " + ".join(dict.fromkeys(name for name, _ in self.outputs))
        counts = f"{sum(self.paths)} paths | {self.terms} terms of a species and channel"
        return f"SymmetricContraction({self.components} components -> {names} | {counts})"

    @classmethod
    def from_tensors(
        cls,
        tensors: Sequence[tuple[str, Any]],
        *,
        tolerance: float | None = None,
        slots: str = "same",
        layout: str = "channels_last",
        workers: int = 1,
    ) -> SymmetricContraction:
        """Return the contraction of any dense tensors U, such as the buffers of a model.

        tensors: pairs of the name of an output and U [2L+1, components, …, components, paths] of ν slots; MACE's
        ``U_matrix_real`` is that, without its first axis for L = 0: then U[None].  With slots="same" U is symmetrized.
        tolerance: entries up to this times the largest are zeros that have been rounded; default 8 times the spacing of
        the type at 1.

        >>> U = np.eye(4)[None, ..., None]
        >>> SymmetricContraction.from_tensors([("0e", U)])(np.ones((4, 1)), [np.ones((1, 1))])
        array([[4.]])
        """
        found = [tensor_couplings(output, tensor, tolerance, slots == "same") for output, tensor in tensors]
        return cls(found, slots=slots, layout=layout, workers=workers)

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Name and number of components of each output."""
        return self.plan.polynomials.outputs

    @property
    def paths(self) -> tuple[int, ...]:
        """The number of paths of each basis."""
        return self.plan.polynomials.paths

    @property
    def terms(self) -> int:
        """The number of pairs of an output component and a monomial: coefficients of one species and channel."""
        return len(self.plan.polynomials.row)

    @property
    def components(self) -> int:
        """The number of components of A, of all images if slots are separate."""
        return self.plan.polynomials.variables

    def merge(self, weights: Any) -> Merged:
        """Return the coefficients that weights give, to be used in their place."""
        joined = joined_weights(weights, self.paths, self.alone)
        return Merged(self.plan.merged(joined, joined.dtype), self.plan.digest)

    def __call__(self, features: Any, weights: Any, species: Any = None) -> Array:
        """Return B of A."""
        a, coefficients, kinds, lead = self._inputs(features, weights, species)
        return self._shaped(self.plan.values(a, coefficients, kinds, workers=self.workers), lead)

    def gradient(self, features: Any, weights: Any, cotangent: Any, species: Any = None) -> Any:
        """Return the gradient of Σ cotangent · B in A, a list of arrays if slots are separate.

        >>> from coupling.manybody import basis
        >>> one = np.ones((1, 1))
        >>> SymmetricContraction(basis(0, 3, 0)).gradient(2 * one, one, one)
        array([[12.]])
        """
        a, coefficients, kinds, lead = self._inputs(features, weights, species)
        g = self._flat(cotangent, self.plan.polynomials.rows, "the cotangent", a, lead)
        return self._images(self.plan.gradient(a, coefficients, kinds, g, workers=self.workers), lead)

    def vjp(self, features: Any, weights: Any, cotangent: Any, species: Any = None) -> tuple[Any, Any]:
        """Return the gradients of Σ cotangent · B in A and in the weights, each in the form in which it was given.

        >>> from coupling.manybody import basis
        >>> one = np.ones((1, 1))
        >>> SymmetricContraction(basis(0, 3, 0)).vjp(2 * one, one, one)
        (array([[12.]]), array([[8.]]))
        """
        a, coefficients, kinds, lead = self._inputs(features, weights, species)
        g = self._flat(cotangent, self.plan.polynomials.rows, "the cotangent", a, lead)
        in_a = self.plan.gradient(a, coefficients, kinds, g, workers=self.workers)
        in_c = self.plan.coefficient_gradient(a, kinds, g, len(coefficients), workers=self.workers)
        return self._images(in_a, lead), self._like(weights, in_c)

    def jvp(self, features: Any, weights: Any, direction: Any, species: Any = None) -> Array:
        """Return the derivative of B in a direction of A; the one in a direction of the weights is B with these.

        >>> from coupling.manybody import basis
        >>> one = np.ones((1, 1))
        >>> SymmetricContraction(basis(0, 3, 0)).jvp(2 * one, one, one)
        array([[12.]])
        """
        a, coefficients, kinds, lead = self._inputs(features, weights, species)
        v = self._flat(self._one(direction), self.components, "the direction", a, lead)
        return self._shaped(self.plan.values(a, coefficients, kinds, v, workers=self.workers), lead)

    def gradient_vjp(
        self, features: Any, weights: Any, cotangent: Any, direction: Any, species: Any = None
    ) -> tuple[Any, Any, Array]:
        """Return the gradients of Σ direction · gradient(A, weights, cotangent) in A, weights and cotangent.

        This is what training on forces needs; the last is ``jvp``.

        >>> from coupling.manybody import basis
        >>> one = np.ones((1, 1))
        >>> SymmetricContraction(basis(0, 3, 0)).gradient_vjp(2 * one, one, one, one)
        (array([[12.]]), array([[12.]]), array([[12.]]))
        """
        a, coefficients, kinds, lead = self._inputs(features, weights, species)
        g = self._flat(cotangent, self.plan.polynomials.rows, "the cotangent", a, lead)
        v = self._flat(self._one(direction), self.components, "the direction", a, lead)
        plan, workers = self.plan, self.workers
        in_a = plan.gradient(a, coefficients, kinds, g, v, workers)
        in_c = plan.coefficient_gradient(a, kinds, g, len(coefficients), v, workers)
        in_g = plan.values(a, coefficients, kinds, v, workers)
        return self._images(in_a, lead), self._like(weights, in_c), self._shaped(in_g, lead)

    # -- arguments ----------------------------------------------------------------------------------

    def _inputs(self, features: Any, weights: Any, species: Any) -> tuple[Array, Array, Array, tuple[int, ...]]:
        """Return A [atoms, components, channels], coefficients, species [atoms], and the leading axes."""
        given = self._last(self._one(features), self.components, "A")
        lead = given.shape[:-2]
        if isinstance(weights, Merged):
            coefficients = weights.values
            if weights.digest != self.plan.digest:
                raise ValueError("coefficients must be merged by the same contraction, got those of another one")
        else:
            coefficients = joined_weights(weights, self.paths, self.alone)
        dtype = np.result_type(given, coefficients)
        if not isinstance(weights, Merged):
            coefficients = self.plan.merged(coefficients, dtype)
        channels = given.shape[-1]
        if coefficients.shape[2] not in (1, channels):
            raise ValueError(f"weights must have {channels} channels as A has, or 1, got {coefficients.shape[2]}")
        coefficients = np.broadcast_to(coefficients, (*coefficients.shape[:2], channels))
        kinds = checked_species(species, lead, len(coefficients))
        a, c = (np.ascontiguousarray(x, dtype) for x in (flat_features(given), coefficients))
        return a, c, kinds, lead

    def _one(self, features: Any) -> Any:
        """Return images joined along their components."""
        if self.slots == "same":
            return features
        if not isinstance(features, list | tuple) or len(features) != self.images:
            raise TypeError(f"with separate slots A must be a list of {self.images} arrays, one for each slot")
        last = [self._last(x, self.components // self.images, f"A[{k}]") for k, x in enumerate(features)]
        joined = np.concatenate(np.broadcast_arrays(*last), axis=-2)
        return joined if self.layout == "channels_last" else np.swapaxes(joined, -1, -2)

    def _last(self, value: Any, entries: int, name: str) -> Array:
        """Return an array with channels last, after checking it."""
        array = native(value)
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(f"{name} must be float32 or float64, got {array.dtype}")
        axis = -2 if self.layout == "channels_last" else -1
        if array.ndim < 2 or array.shape[axis] != entries:
            raise ValueError(f"{name} must have {entries} components on axis {axis}, got shape {array.shape}")
        return array if axis == -2 else np.swapaxes(array, -1, -2)

    def _flat(self, value: Any, entries: int, name: str, a: Array, lead: tuple[int, ...]) -> Array:
        """Return an array that goes with A, [atoms, entries, channels]."""
        given = self._last(value, entries, name)
        wanted = (*lead, entries, a.shape[2])
        if given.shape != wanted:
            raise ValueError(f"{name} must have the shape {wanted}, channels last, got {given.shape}")
        return np.ascontiguousarray(flat_features(given), a.dtype)

    # -- results ------------------------------------------------------------------------------------

    def _shaped(self, value: Array, lead: tuple[int, ...]) -> Array:
        shaped = value.reshape(*lead, *value.shape[1:])
        return shaped if self.layout == "channels_last" else np.ascontiguousarray(np.swapaxes(shaped, -1, -2))

    def _images(self, value: Array, lead: tuple[int, ...]) -> Any:
        if self.slots == "same":
            return self._shaped(value, lead)
        return [self._shaped(part, lead) for part in np.split(value, self.images, axis=1)]

    def _like(self, weights: Any, in_coefficients: Array) -> Any:
        """Return the gradient in weights from the one in coefficients, in the form of the weights."""
        if isinstance(weights, Merged):
            return in_coefficients
        return like_weights(weights, self.plan.merged_gradient(in_coefficients), self.paths)


def _joined(given: list[Basis | Couplings], slots: str) -> tuple[Polynomials, int]:
    """Return the polynomials of bases that belong together, and the number of images."""
    bases = [each for each in given if isinstance(each, Basis)]
    if len({each.irreps for each in bases}) > 1:
        raise ValueError(f"the bases must be of one space, got {sorted({each.irreps for each in bases})}")
    for each in bases:
        if each.basis != "real":
            raise ValueError(f"a contraction is of bases in real components, got {each}")
        if slots == "same" and each.symmetry == "antisymmetric" and each.order > 1:
            raise ValueError(f"an antisymmetric basis vanishes when all factors are the same, got {each}")
    separate = slots == "separate"
    couplings = [couplings_of(each, separate) if isinstance(each, Basis) else each for each in given]
    if min(each.order for each in couplings) < 1:
        raise ValueError("couplings must have at least one factor, got none")
    sizes = {each.components for each in couplings}
    if len(sizes) > 1:
        raise ValueError(f"couplings must have one number of components, got {sorted(sizes)}")
    images = max(each.order for each in couplings) if separate else 1
    return polynomials(couplings, images), images

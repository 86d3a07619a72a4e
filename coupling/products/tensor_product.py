"""The tensor product of two features of irreps, by instructions, as e3nn has it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CLEBSCH_GORDAN, CORE
from coupling.irreps import LAYOUTS, Irreps
from coupling.memory import native
from coupling.numbers.coefficients import block
from coupling.portable import Kept, Portable
from coupling.products.calls import KnownCalls
from coupling.products.instructions import MODES, TensorPath, apart, fully_connected, in_order, normalized, path_of
from coupling.products.tensor_calls import CompiledTensor, KnownSamples
from coupling.products.tensor_tables import TensorTables, tensor_tables
from coupling.products.tensor_terms import collected, constant_of, split_last, term
from coupling.quoted import quoted
from coupling.selection import check_basis, one_of

#: Whose signs the coefficients have: those of this package are those of e3nn since 0.5.
CONVENTIONS = ("coupling", "e3nn", "e3nn_0_4")

#: The types of features in each basis.
TYPES = {"real": ("float32", "float64"), "complex": ("complex64", "complex128")}

#: In the place of weights where a product has none.
NO_WEIGHTS = np.zeros(0)


class TensorProduct(Portable):
    """The product of features of two lists of irreps into a third, path by path.

        z[w, k] = Σ_p c_p Σ_{u v} W_p[u, v, w] Σ_{i j} C_p[i, j, k] x[u, i] y[v, j]

    p runs over the paths; C_p is the real 3j symbol, of unit Frobenius norm, or with basis "complex", for complex
    features and half-integer degrees, ⟨l1 m1 l2 m2|l3 m3⟩ / √(2l3+1). Each of the instructions (in1, in2, out, mode[,
    has_weight[, path_weight]]) is a path between three terms of the lists; :mod:`coupling.products.instructions` has
    the modes uvw, uvu, uvv, uuw, uuu, uvuv, uvu<v and u<vw. By default every pair of terms is connected with every
    output to which it couples, mode uvw. :meth:`channelwise`, :meth:`full` and :meth:`elementwise` list the
    instructions of the products that message passing, and e3nn's classes, have.

    - irrep_normalization, path_normalization: of the coefficients c_p: "component", "norm" or "none", and "element",
      "path" or "none", as e3nn has them
    - convention: "coupling" or, the same, "e3nn"; "e3nn_0_4" has the signs of e3nn 0.4.4, with which MACE is trained
    - layout: of x, y and z: "ir_mul", copies last, or "mul_ir", that of e3nn; see :mod:`coupling.irreps`
    - basis: "real", or "complex" for features x_m that rotate as |l m⟩ do, x' = D x with ``wigner_D(…, "complex")``:
      products of SU(2), and of the a_lm of functions.  The product is linear in x and in y, never in their conjugates

    ``product(x, y, weights)`` takes float32 or float64 arrays [..., dim], in the complex basis complex64 or complex128,
    leading axes broadcast, and weights [weight_count], or [..., weight_count] of each sample: those of all instructions
    in their order, of each those of u, v, w with w the fastest.  This is the order of e3nn.  Outputs to which no path
    leads are zero.  The parity e or o of irreps decides which paths exist; that of a path, l1+l2+l3, is another thing.

    Raises ValueError or TypeError for irreps, instructions, weights or features that do not fit, and for half-integer
    degrees in the real basis, which has none.  Source: e3nn, ``o3.TensorProduct``; derivation ``real_basis``.

    >>> product = TensorProduct("2x0e + 2x1o", "1o", "2x0e + 2x1e + 2x1o")
    >>> product
    TensorProduct(2x0e+2x1o x 1x1o -> 2x0e+2x1e+2x1o | 3 paths | 12 weights | 61 multiply-adds)
    >>> product(np.ones((5, 8)), np.ones(3), np.ones(12)).shape
    (5, 14)
    >>> spins = TensorProduct.full("1/2", "1/2", basis="complex")  # two spins: singlet and triplet
    >>> spins.irreps_out, spins(np.array([1, 0j]), np.array([0, 1 + 0j])).real.round(4)  # down, up
    (Irreps('1x0+1x1'), array([-0.7071,  0.    ,  0.7071,  0.    ]))
    """

    def __init__(
        self,
        irreps1: object,
        irreps2: object,
        irreps_out: object,
        instructions: Iterable[Any] | None = None,
        *,
        irrep_normalization: str = "component",
        path_normalization: str = "element",
        convention: str = "coupling",
        layout: str = "ir_mul",
        basis: str = "real",
    ) -> None:
        self.basis = check_basis(basis)
        lists = tuple(_in_basis(irreps, self.basis) for irreps in (irreps1, irreps2, irreps_out))
        self.irreps1, self.irreps2, self.irreps_out = lists
        chosen = fully_connected(*lists) if instructions is None else _listed(instructions)
        paths = [path_of(one, *lists) for one in chosen]
        self.paths = normalized(paths, irrep_normalization, path_normalization)
        self.convention = one_of(convention, CONVENTIONS if self.basis == "real" else CONVENTIONS[:1], "convention")
        self.layout = one_of(layout, LAYOUTS, "layout")
        self._kept, self._calls = Kept(), KnownCalls()
        self._weight_shapes = [path.weight_shape for path in self.paths if path.has_weight]
        self._weight_sizes = [prod(shape) for shape in self._weight_shapes]
        self._weight_count = sum(self._weight_sizes)
        self._parts = [self._parts_of(irreps) for irreps in (self.irreps1, self.irreps2)]

    @classmethod
    def channelwise(cls, irreps1: object, irreps2: object, outputs: object = None, **options: Any) -> TensorProduct:
        """Return the product of message passing: mode uvu with weights, one output block per path, sorted.

        outputs: the irreps that are kept, or None for all; options: of the constructor

        >>> TensorProduct.channelwise("8x0e + 8x1o", 1, "0e + 1o").irreps_out
        Irreps('8x0e+8x0e+8x1o+8x1o')
        """
        lists = _pair_of_lists(irreps1, irreps2, options)
        return cls(*lists, *in_order(*apart(*lists, outputs, "uvu", True)), **options)

    @classmethod
    def full(cls, irreps1: object, irreps2: object, outputs: object = None, **options: Any) -> TensorProduct:
        """Return the product of every copy with every copy, without weights, as ``FullTensorProduct`` of e3nn.

        >>> TensorProduct.full("2x1o", "3x1o").irreps_out
        Irreps('6x0e+6x1e+6x2e')
        """
        lists = _pair_of_lists(irreps1, irreps2, options)
        return cls(*lists, *in_order(*apart(*lists, outputs, "uvuv", False)), **options)

    @classmethod
    def elementwise(cls, irreps1: object, irreps2: object, outputs: object = None, **options: Any) -> TensorProduct:
        """Return the product of copies of the same number, without weights, of lists of the same multiplicities.

        >>> TensorProduct.elementwise("2x0e + 1o", "2x0e + 1o").irreps_out
        Irreps('2x0e+1x0e+1x1e+1x2e')
        """
        lists = _pair_of_lists(irreps1, irreps2, options)
        muls = [[term.mul for term in irreps] for irreps in lists]
        if muls[0] != muls[1]:
            raise ValueError(f"both lists must have the same multiplicities term by term, got {muls[0]} and {muls[1]}")
        return cls(*lists, *apart(*lists, outputs, "uuu", False), **options)

    def __repr__(self) -> str:
        lists = f"{self.irreps1} x {self.irreps2} -> {self.irreps_out}"
        counts = f"{len(self.paths)} paths | {self.weight_count} weights | {self.operations} multiply-adds"
        return f"TensorProduct({lists} | {counts}{'' if self.basis == 'real' else ' | complex basis'})"

    @property
    def weight_count(self) -> int:
        """The number of weights."""
        return self._weight_count

    @property
    def operations(self) -> int:
        """The multiply-adds for one sample, with y contracted first; entries of a block that are zero do not count.

        >>> one, two = (TensorProduct.channelwise(irreps, 3, 3) for irreps in ("0e + 1o", "2x0e + 2x1o"))
        >>> two.operations - one.operations  # of a channel
        98
        """
        return sum(self._operations(path) for path in self.paths)

    def _operations(self, path: TensorPath) -> int:
        x, y, weight, out = MODES[path.mode]
        (l1, _, l3), core = path.degrees, self._block(path) != 0
        scalar = 0 in path.degrees[:2]
        copies = path.pairs if x == y else path.copies[y]
        contracted = 0 if scalar else copies * int(core.sum())
        products = path.pairs * (int(2 * l3) + 1 if scalar else int(core.any(1).sum()))
        orders = int(2 * (l3 if out == "w" else l1)) + 1  # weights multiply x, or mix the copies of the product
        return contracted + products + (prod(path.weight_shape) * orders if weight and path.has_weight else 0)

    @cached_property
    def constants(self) -> tuple[Any, ...]:
        """What each path multiplies with; see :mod:`coupling.products.tensor_terms`."""
        return tuple(constant_of(path, self._block(path)) for path in self.paths)

    def _block(self, path: TensorPath) -> NDArray[np.float64]:
        """Return C_p."""
        if self.basis == "complex":
            return block(CLEBSCH_GORDAN, *path.degrees, "complex") / sqrt(2 * path.degrees[2] + 1)
        return block(CORE, *path.degrees, convention=self.convention)

    def __call__(self, x: Any, y: Any, weights: Any = None) -> NDArray[Any]:
        """Return the product of x [..., dim] and y [..., dim], with weights [..., weight_count]."""
        if self.basis == "complex":
            return self._complex(x, y, weights)
        w = NO_WEIGHTS if weights is None else weights
        if type(x) is type(y) is type(w) is np.ndarray:
            key = x.shape, y.shape, w.shape, x.dtype, y.dtype, weights is None
            known = self._calls.get(key)
            if known is None:
                known = self._calls.remember(key, self._known(x, y, weights))
        else:
            x, y, w = (np.asarray(value) for value in (x, y, w))
            known = self._known(x, y, None if weights is None else w)
        z = np.zeros(known.shapes[3], known.dtype)
        arrays = known.flat(x, 0), known.flat(y, 1), known.flat(w, 2), z.reshape(-1)
        self.compiled(known.dtype).run(3, arrays, known.steps, known.batch)
        return z

    def _complex(self, x: Any, y: Any, weights: Any) -> NDArray[Any]:
        """Return the product of complex features by array operations of numpy."""
        first, second = (_feature(np.asarray(value), slot, "complex") for slot, value in enumerate((x, y)))
        dtype = np.result_type(first, second)
        w = None if weights is None else np.asarray(weights)
        if w is not None and w.dtype.kind not in "biufc":
            raise TypeError(f"weights must be real or complex numbers, got {quoted(weights)}")
        w = None if w is None else w.astype(dtype)
        constants = [c if isinstance(c, float) else c.astype(dtype) for c in self.constants]
        result: NDArray[Any] = self.evaluate(np, first.astype(dtype), second.astype(dtype), w, constants)
        return result

    def _known(self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> KnownSamples:
        """Return what follows from shapes and types that fit, or raise."""
        given = [_feature(value, slot) for slot, value in enumerate((x, y))]
        self.check(given[0], given[1], weights)
        w = NO_WEIGHTS if weights is None else weights
        shapes = x.shape, y.shape, w.shape
        return KnownSamples.of(shapes, self.irreps_out.dim, np.result_type(*given))

    def compiled(self, dtype: Any) -> CompiledTensor:
        """Return the compiled product, and gradients, of a type."""
        if dtype not in self._kept:
            self._kept[dtype] = CompiledTensor(self.tables(dtype), dtype)
        made: CompiledTensor = self._kept[dtype]
        return made

    def tables(self, dtype: Any) -> TensorTables:
        """What the compiled product reads; see :mod:`coupling.products.tensor_tables`."""
        lists = self.irreps1, self.irreps2, self.irreps_out
        return tensor_tables(self.paths, self.constants, lists, self.layout, dtype)

    def evaluate(self, xp: Any, x: Any, y: Any, weights: Any, constants: Any) -> Any:
        """Return the product by the functions xp of torch, JAX or numpy, on arrays of one type."""
        self.check(x, y, weights)
        first, second = (self._blocks(xp, value, slot) for slot, value in enumerate((x, y)))
        sizes = self._weight_sizes
        own = iter(zip(split_last(xp, weights, sizes) if sizes else (), self._weight_shapes, strict=True))
        terms = []
        for path, constant in zip(self.paths, constants, strict=True):
            w, shape = next(own) if path.has_weight else (None, ())
            w = None if w is None else w.reshape((*w.shape[:-1], *shape))
            i, j, k = path.places
            found = term(xp, path, constant, first[i], second[j], w, self.layout == "ir_mul")
            terms.append((k, _flat(found, 1 + len(MODES[path.mode][3]))))
        leads = [tuple(array.shape[:-1]) for array in (x, y, weights) if array is not None]
        lead = tuple(xp.broadcast_shapes(*leads))
        terms = [(place, xp.broadcast_to(value, (*lead, value.shape[-1]))) for place, value in terms]
        return collected(xp, self.irreps_out, terms, lambda size: self._zeros(xp, x, (*lead, size)))

    @staticmethod
    def _zeros(xp: Any, like: Any, shape: tuple[int, ...]) -> Any:
        return like.new_zeros(shape) if hasattr(like, "new_zeros") else xp.zeros(shape, like.dtype)

    def _parts_of(self, irreps: Irreps) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the sizes of the parts of a feature, and their shapes, (u, m) or, in the layout ir_mul, (m, u)."""
        shapes = [(one.irrep.dim, one.mul) if self.layout == "ir_mul" else (one.mul, one.irrep.dim) for one in irreps]
        return [one.dim for one in irreps], shapes

    def _blocks(self, xp: Any, value: Any, slot: int) -> list[Any]:
        """Return the parts of a feature, each [..., u, m] or, in the layout ir_mul, [..., m, u]."""
        sizes, shapes = self._parts[slot]
        parts = split_last(xp, value, sizes)
        return [part.reshape((*part.shape[:-1], *shape)) for part, shape in zip(parts, shapes, strict=True)]

    def check(self, x: Any, y: Any, weights: Any) -> None:
        """Raise ValueError for arrays whose last axes do not fit the product."""
        for slot, (value, irreps) in enumerate(((x, self.irreps1), (y, self.irreps2))):
            if value.ndim == 0 or value.shape[-1] != irreps.dim:
                raise ValueError(f"input {slot + 1} must be [..., {irreps.dim}] for {irreps}, got {tuple(value.shape)}")
        if weights is None and self.weight_count:
            raise ValueError(f"the product has {self.weight_count} weights, got none")
        if weights is not None and (weights.ndim == 0 or weights.shape[-1] != self.weight_count):
            raise ValueError(f"weights must be [..., {self.weight_count}], got {tuple(weights.shape)}")


def _flat(value: Any, axes: int) -> Any:
    """Return an array whose last axes are joined."""
    return value.reshape((*value.shape[:-axes], prod(value.shape[-axes:])))


def _in_basis(value: object, basis: str) -> Irreps:
    irreps = Irreps(value)
    if basis == "real" and any(term.irrep.twice % 2 for term in irreps):
        raise ValueError(f"half-integer degrees have no real basis, got {irreps}; basis='complex' has them")
    return irreps


def _pair_of_lists(irreps1: object, irreps2: object, options: dict[str, Any]) -> tuple[Irreps, Irreps]:
    basis = check_basis(options.get("basis", "real"))
    return _in_basis(irreps1, basis), _in_basis(irreps2, basis)


def _listed(instructions: Iterable[Any]) -> list[Any]:
    if isinstance(instructions, str | bytes) or not isinstance(instructions, Iterable):
        kind = type(instructions).__name__
        raise TypeError(f"instructions must be a list such as [(0, 1, 0, 'uvu')], got {kind} {quoted(instructions)}")
    return list(instructions)


def _feature(value: Any, slot: int, basis: str = "real") -> NDArray[Any]:
    array, types = native(value), TYPES[basis]
    if array.dtype not in types:
        raise TypeError(f"input {slot + 1} must be {' or '.join(types)}, got {array.dtype}")
    return array

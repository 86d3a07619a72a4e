"""The base of products of all frameworks: arguments, features, layouts, types, and weights of every kind.

``product(x, y, weights)`` takes weights in the place of its own, which are differentiable:

    ClebschGordan              [P], shared by all samples and channels, or [..., P, channels] (channels_first:
                               [..., channels, P]), which broadcasts with the features; then paths are formed separately
    FactoredProduct            the same, or [..., 1, channels], shared by all paths
    Gaunt, AntisymmetricGaunt, MatrixProduct      three arrays a [lmax1+1], b [lmax2+1], c [lmax3+1]
    VectorSignal               three arrays [components, lmax+1], or [lmax+1] for features without components
    Simulation                 a mapping of three arrays [lmax+1, R] for each name, with the names of its factors

FullProduct has no weights, and RoutedProduct only those that its routes were found for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from coupling.kernels.sphere_product import GAUNT
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.factored import FactoredProduct
from coupling.products.form import KINDS, Form
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import LAYOUTS, Product, require_entries
from coupling.products.simulate import Simulation, class_of, named_factors
from coupling.products.spherical import OneTerm, Spherical, Triple
from coupling.products.vector_signal import VectorSignal
from coupling.quoted import quoted
from coupling.selection import one_of

Array = Any

#: Code for devices: unrolled, or loops over tables.
ROUTES = ("straight", "loops")


def require_device_product(product: object, route: str | None) -> None:
    """Raise TypeError or ValueError for a product, layout or route that the kernels of CUDA and Triton do not have.

    >>> require_device_product(ClebschGordan(1, 1, 1), "loops")
    """
    if not isinstance(product, ClebschGordan | MatrixProduct | Spherical | VectorSignal):
        kinds = "ClebschGordan, MatrixProduct, Gaunt, AntisymmetricGaunt or VectorSignal"
        raise TypeError(f"product must be of one of the kinds {kinds}, got {type(product).__name__}")
    if product.layout != "channels_last":
        raise ValueError(f"layout must be channels_last, got {quoted(product.layout)}")
    if route is not None:
        one_of(route, ROUTES, "route")


class Bound(ABC):
    """A form with a layout, computed by the functions ``xp`` of a framework."""

    #: the name of the kind in :mod:`coupling.products`
    kind: str
    xp: Any

    @abstractmethod
    def _product(self, form: str, x: Array, y: Array) -> Array:
        """Return the product of a form, [..., entries, channels]."""

    @abstractmethod
    def _weighted(self, x: Array, y: Array, weights: Array) -> Array:
        """Return the product of ``form`` with weights [P], of a FactoredProduct also [..., P, channels]."""

    @abstractmethod
    def _summed(self, separate: Array, weights: Array) -> Array:
        """Return the sums of separate paths to each degree with weights [..., P, channels]."""

    @abstractmethod
    def _cast(self, value: Any, dtype: Any) -> Array:
        """Return an array of some type."""

    @abstractmethod
    def _like(self, value: Any, other: Array) -> Array:
        """Return a list of numbers as an array of the type and device of another."""

    @abstractmethod
    def _require_floating(self, value: Array, slot: int) -> None:
        """Raise TypeError for an input that is not real floating."""

    def _bind(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> Product:
        """Set form, degrees, sizes and paths from the arguments of a constructor; return the product."""
        self.layout = one_of(options.pop("layout", LAYOUTS[0]), LAYOUTS, "layout")
        form = Form.of(self.kind, *arguments, **options)
        product: Product = form.product()
        self.form, self._unweighted = form.text, form.unweighted().text
        self.lmax: Triple = product.lmax
        self.sizes, self._shapes = product.sizes, product.shapes
        self._wanted = [product.size_name(slot) for slot in (0, 1)]
        self._weighs = next((name for kinds, name in WEIGHTED.items() if isinstance(product, kinds)), None)
        for name in ("paths", "offsets"):
            if hasattr(product, name):
                setattr(self, name, getattr(product, name))
        self._separate, self._count = "", len(getattr(product, "paths", ()))
        if isinstance(product, ClebschGordan):
            table = {} if product.given_table is None else {"table": product.given_table}
            separate = Form.of("FullProduct", *self.lmax, paths=product.paths, normalization=product.family, **table)
            self._separate = separate.text
        if isinstance(product, Simulation):
            self._parts = {name: self._part_form(name) for name in named_factors(self.lmax, product.factors)}
        return product

    def _part_form(self, name: Any) -> tuple[str, list[Any]]:
        """Return the form of the terms of one name of factors, and which degrees take part."""
        kind, masks = class_of(name, self.lmax)
        form = Form.of("Gaunt" if kind == GAUNT else "AntisymmetricGaunt", *self.lmax)
        return form.text, [mask.tolist() for mask in masks]  # torch.compile makes a tensor of an array that it meets

    def _call(self, x: Array, y: Array, weights: Any) -> Array:
        """Return the product of x and y, with weights or with those of the form."""
        if weights is None:
            dtype, first, second = self._inputs(x, y)
            return self._output(self._product(self.form, first, second), dtype)
        if self._weighs is None:
            raise TypeError(f"{self.kind} takes no weights in a call")
        return getattr(self, self._weighs)(x, y, weights)

    def _by_path(self, x: Array, y: Array, weights: Array) -> Array:
        """Return the product with weights of paths, the same for all samples or of samples and channels."""
        if weights.ndim < 2:
            if tuple(weights.shape) != (self._count,):
                shape = tuple(weights.shape)
                raise ValueError(f"weights must have shape ({self._count},), one per path, got {shape}")
            dtype, first, second = self._inputs(x, y)
            return self._output(self._weighted(first, second, self._cast(weights, first.dtype)), dtype)
        last = self.layout == "channels_last"
        w = weights if last else self.xp.swapaxes(weights, -1, -2)
        shared = w.shape[-2] == 1 and not self._separate
        if w.shape[-2] != self._count and not shared:
            axis, one = -2 if last else -1, "" if self._separate else ", or 1 for all,"
            raise ValueError(f"weights must have {self._count} paths{one} on axis {axis}, got {w.shape[-2]}")
        dtype, first, second = self._inputs(x, y, (*w.shape[:-2], w.shape[-1]))
        w = self._broadcast(self._cast(w, first.dtype), (*first.shape[:-2], first.shape[-1]))
        if shared:
            return self._output(self._product(self.form, first * w, second), dtype)
        if not self._separate:
            return self._output(self._weighted(first, second, w), dtype)
        return self._output(self._summed(self._product(self._separate, first, second), w), dtype)

    def _by_degree(self, x: Array, y: Array, weights: Any) -> Array:
        """Return the product with weights a, b, c of degrees, or of components and degrees."""
        wanted = [(*axes[:-1], l + 1) for axes, l in zip(self._shapes, self.lmax, strict=True)]
        shapes = [tuple(w.shape) for w in weights]
        if shapes != wanted:
            raise ValueError(f"weights must be three arrays of shapes {wanted}, got {shapes}")
        dtype, first, second = self._inputs(x, y)
        a, b, c = (self._expanded(w, first.dtype).reshape(-1)[:, None] for w in weights)
        return self._output(self._product(self._unweighted, first * a, second * b) * c, dtype)

    def _by_factors(self, x: Array, y: Array, weights: Any) -> Array:
        """Return the simulation with other factors [lmax+1, R] of the same names."""
        if list(weights) != list(self._parts):
            raise ValueError(f"weights must have the names {list(self._parts)}, got {list(weights)}")
        dtype, first, second = self._inputs(x, y)
        terms = [self._part(name, first, second, weights[name]) for name in weights]
        return self._output(sum(terms[1:], terms[0]), dtype)

    def _part(self, name: Any, x: Array, y: Array, factors: Any) -> Array:
        """Return the sum of the terms of one name, with factors [lmax+1, R]."""
        shapes = [tuple(w.shape) for w in factors]
        if shapes != [(l + 1, shapes[0][-1]) for l in self.lmax]:
            raise ValueError(f"factors of {name!r} must be three arrays [lmax+1, R], got {shapes}")
        form, masks = self._parts[name]
        dtype = x.dtype
        masked = (self._cast(w, dtype) * self._like(m, x)[:, None] for w, m in zip(factors, masks, strict=True))
        a, b, c = (self._expanded(self.xp.swapaxes(w, 0, 1), dtype)[..., None] for w in masked)
        z = self._product(form, x[..., None, :, :] * a, y[..., None, :, :] * b)
        return (z * c).sum(-3)

    def _expanded(self, weights: Array, dtype: Any) -> Array:
        """Return weights [..., lmax+1] of degrees as those of the entries [..., (lmax+1)²]."""
        xp, w = self.xp, self._cast(weights, dtype)
        parts = [xp.broadcast_to(w[..., l : l + 1], (*w.shape[:-1], 2 * l + 1)) for l in range(w.shape[-1])]
        return xp.concatenate(parts, -1)

    def _inputs(self, x: Array, y: Array, *lanes: tuple[int, ...]) -> tuple[Any, Array, Array]:
        """Return the type of the output, and inputs [..., entries, channels] of one type, broadcast."""
        xp = self.xp
        last = [self._channels_last(value, slot) for slot, value in enumerate((x, y))]
        dtype = xp.promote_types(last[0].dtype, last[1].dtype)
        lead = tuple(xp.broadcast_shapes(*((*value.shape[:-2], value.shape[-1]) for value in last), *lanes))
        wide = xp.promote_types(dtype, xp.float32)
        first, second = (self._broadcast(self._cast(value, wide), lead) for value in last)
        return dtype, first, second

    def _broadcast(self, value: Array, lead: tuple[int, ...]) -> Array:
        return self.xp.broadcast_to(value, (*lead[:-1], value.shape[-2], lead[-1]))

    def _channels_last(self, value: Array, slot: int) -> Array:
        self._require_floating(value, slot)
        require_entries(tuple(value.shape), slot, self._shapes[slot], self._wanted[slot], self.layout)
        axes, last = self._shapes[slot], self.layout == "channels_last"
        if len(axes) > 1:
            lead = value.shape[: -1 - len(axes)]
            inner = (self.sizes[slot], value.shape[-1]) if last else (value.shape[-1 - len(axes)], self.sizes[slot])
            value = value.reshape(*lead, *inner)
        return value if last else self.xp.swapaxes(value, -1, -2)

    def _output(self, z: Array, dtype: Any) -> Array:
        result, axes = self._cast(z, dtype), self._shapes[2]
        if self.layout == "channels_last":
            return result if len(axes) == 1 else result.reshape(*z.shape[:-2], *axes, z.shape[-1])
        result = self.xp.swapaxes(result, -1, -2)
        return result if len(axes) == 1 else result.reshape(*result.shape[:-1], *axes)


#: How each kind of product is weighted in a call.
WEIGHTED: dict[Any, str] = {
    (ClebschGordan, FactoredProduct): "_by_path",
    Simulation: "_by_factors",
    (OneTerm, MatrixProduct, VectorSignal): "_by_degree",
}


def single_of(kind: str) -> dict[str, Any]:
    """Return the classmethod ``single`` for a kind that has one, as a member of a class.

    >>> list(single_of("VectorSignal")), single_of("Gaunt")
    (['single'], {})
    """
    own = getattr(KINDS[kind], "single", None)
    if own is None:
        return {}

    def single(cls: Any, /, lmax_in1: object, lmax_in2: object, lmax_out: object, **options: Any) -> Any:
        return cls(lmax_in1, lmax_in2, lmax_out, fields=own(lmax_in1, lmax_in2, lmax_out).fields, **options)

    single.__doc__ = own.__doc__.split(">>>")[0]
    return {"single": classmethod(single)}


def example_shapes(kind: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return shapes of inputs for an example with lmax 2, 1, 2.

    >>> example_shapes("Gaunt")
    ((5, 9, 3), (4, 1))
    """
    product = KINDS[kind](2, 1, 2)
    first, second, _ = product.shapes
    return (5, *first, 3), (*second, 1)

"""Products as Triton kernels on torch tensors, differentiable to every order.

Kernels are text that is made for a product, fully unrolled with the coefficients as constants
(:mod:`coupling.products.straight`), or loops that load the coefficients from arrays
(:mod:`coupling.backends.triton_loops`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, cast

from coupling.backends.bound import require_device_product
from coupling.backends.triton_loops import BLOCK, OPTIONS, jit, matrix_launcher, sparse_launcher
from coupling.portable import Kept, Portable
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import STRAIGHT, MatrixProduct
from coupling.products.product import Product
from coupling.products.straight import straight_program
from coupling.programs.text import Language, fused, lines

#: Largest number of multiplications and additions that are unrolled: they compile in seconds.
STRAIGHT_OPERATIONS = 3000

UNROLLED = """\
def product(x, y, z, lanes, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    lane = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = lane < lanes
    sample, channel = lane // CHANNELS, lane % CHANNELS
    a = x + sample * ({I} * CHANNELS) + channel
    b = y + sample * ({J} * CHANNELS) + channel
    c = z + sample * ({K} * CHANNELS) + channel
    zero = tl.full([BLOCK], 0.0, z.dtype.element_ty)
    {body}
"""

LOAD = "tl.load(%s + {row} * CHANNELS, mask=inside, other=0.0)"
TRITON = Language(
    assign="{name} = {value}",
    load={"x": LOAD % "a", "y": LOAD % "b"},
    store="tl.store(c + {row} * CHANNELS, {value}, mask=inside)",
    number=repr,
    fma=fused("tl.fma({0}, {1}, {2})", "tl.fma(-{0}, {1}, {2})"),  # whether to fuse is not left to the compiler
    zero="zero",
    inline=True,
)


def triton_source(product: Product, dtype: object = "float32") -> str:
    """Return the text of a Triton kernel for a product, features in registers and coefficients as constants.

    ``product(x, y, z, lanes, CHANNELS, BLOCK)`` computes lanes = batch · CHANNELS lanes of C-contiguous features
    [batch, (lmax+1)², CHANNELS], BLOCK in each program.  To be decorated with ``triton.jit`` where ``tl`` is
    ``triton.language``.

    product : one that :func:`coupling.products.straight.straight_program` takes; dtype : float32 or float64

    Raises TypeError for another product, ValueError for another type, spin or degree.

    >>> print("\\n".join(triton_source(ClebschGordan(1, 1, 0), "float64").splitlines()[16:21]))
        t0 = 0.5773502691896257 * y3
        t1 = 0.5773502691896257 * y1
        t2 = x3 * t0
        t3 = tl.fma(x1, t1, t2)
        t4 = tl.fma(x0, y0, t3)
    """
    program = straight_program(product, dtype)
    i, j, k = program.sizes
    return UNROLLED.format(I=i, J=j, K=k, body="\n    ".join(lines(program, TRITON)))


class TritonProduct(Portable):
    """A product of torch tensors by one Triton kernel, differentiable by ``torch.autograd`` to every order.

    product : a ``ClebschGordan`` (of any normalization, table and weights), a ``MatrixProduct``, a ``Gaunt``,
        ``AntisymmetricGaunt`` or ``VectorSignal`` product, channels last
    route : "straight", coefficients as constants, or "loops", coefficients in arrays on the device, for the sparse and
        the matrix product; by default "straight" where it is compiled in seconds

    x and y are float32 or float64 tensors [..., (lmax+1)², channels] ([..., components, (lmax+1)², channels] for a
    ``VectorSignal``) of one type, device and shape but for the entries; where they are not contiguous they are copied.
    Gradients are the same kernels of the products with slots turned.

    Needs torch, triton and a device that triton knows; with TRITON_INTERPRET=1 a processor will do, for tests.  Raises
    ValueError or TypeError for a product, route or tensors that do not fit.

    >>> from coupling.products import ClebschGordan
    >>> [TritonProduct(MatrixProduct(l, l, l)).route for l in (6, 16)]
    ['straight', 'loops']
    """

    def __init__(self, product: Product, *, route: str | None = None) -> None:
        require_device_product(product, route)
        self.product = product
        self.route = route if route is not None else "straight" if _few(product) else "loops"
        if self.route == "loops" and not isinstance(product, ClebschGordan | MatrixProduct):
            raise ValueError(f"route must be straight for a {type(product).__name__} in Triton, got 'loops'")
        self._launches = Kept()

    def turn(self) -> TritonProduct:
        """Return the product (y, z) → x of the same trilinear form."""
        return self._turned

    @cached_property
    def _turned(self) -> TritonProduct:
        return TritonProduct(self.product.turn(), route=self.route)

    def __call__(self, x: Any, y: Any) -> Any:
        """Return the product of x and y."""
        return _function().apply(self, x, y)

    def compute(self, x: Any, y: Any) -> Any:
        """Return the product of x and y, of which torch records nothing."""
        import torch

        shape = self._shape(x, y)
        z = x.new_empty(shape)
        if z.numel():
            key = x.dtype, x.device
            if key not in self._launches:
                self._launches[key] = self._launcher(str(x.dtype).removeprefix("torch."), x.device)
            with torch.cuda.device_of(x):
                self._launches[key](x.contiguous(), y.contiguous(), z)
        return z

    def _shape(self, x: Any, y: Any) -> tuple[int, ...]:
        """Return the shape of the product after checking both inputs."""
        for slot, tensor in enumerate((x, y)):
            if str(tensor.dtype) not in ("torch.float32", "torch.float64"):
                raise TypeError(f"input {slot + 1} must be float32 or float64, got {tensor.dtype}")
            self.product.require_entries(slot, tuple(tensor.shape))
        leads = [t.shape[: -1 - len(axes)] for t, axes in zip((x, y), self.product.shapes, strict=False)]
        kinds = [(t.dtype, t.device, *lead, t.shape[-1]) for t, lead in zip((x, y), leads, strict=True)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"inputs must agree in type, device and all axes but entries, got {kinds[0]} and {kinds[1]}"
            )
        return (*leads[0], *self.product.shapes[2], x.shape[-1])

    def _launcher(self, dtype: str, device: Any) -> Callable[..., None]:
        """Return what launches the kernel for a type on a device; arrays of a table are copied there now."""

        if self.route == "straight":
            straight = jit(triton_source(self.product, dtype))

            def launch(x: Any, y: Any, z: Any) -> None:
                channels, lanes = z.shape[-1], z.numel() // self.product.sizes[2]
                grid = (-(-lanes // BLOCK),)
                straight[grid](x, y, z, lanes, CHANNELS=channels, BLOCK=BLOCK, **OPTIONS)

            return launch
        if isinstance(self.product, ClebschGordan):
            return sparse_launcher(self.product, dtype, device)
        return matrix_launcher(cast(MatrixProduct, self.product), dtype, device)


def _few(product: Product) -> bool:
    """Return whether a product is small enough to be compiled fully unrolled.

    >>> _few(ClebschGordan(4, 4, 4)), _few(ClebschGordan(6, 6, 6))
    (True, False)
    """
    if isinstance(product, MatrixProduct):
        return round(2 * product.spin) + 1 <= STRAIGHT
    return not isinstance(product, ClebschGordan) or product.operations <= STRAIGHT_OPERATIONS


@cache
def _function() -> Any:
    """Return the function of torch.autograd, whose backward pass is made of itself."""
    import torch

    class Apply(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, product: TritonProduct, x: Any, y: Any) -> Any:
            context.product = product
            context.save_for_backward(x, y)
            return product.compute(x, y)

        @staticmethod
        def backward(context: Any, cotangent: Any) -> Any:
            x, y = context.saved_tensors
            once = context.product.turn()
            wanted = context.needs_input_grad
            return None, once(y, cotangent) if wanted[1] else None, once.turn()(cotangent, x) if wanted[2] else None

    return Apply

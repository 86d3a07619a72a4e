"""torch.compile and torch.export around the products, with torch.func inside: the numbers of what is not compiled."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import coupling.backends.torch as interop  # noqa: E402
from tests.test_interop_torch import LMAX, NAMES, PATHS, difference, tensors  # noqa: E402

TRANSFORMS = ("grad", "grad of grad", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "vmap", "vmap of grad", "call")
#: Of the products that share their functions with the first.
SOME = ("grad of grad", "jvp", "vmap of grad")


def transformed(function: Any, y: Any, name: str) -> Any:
    """A function of x that differentiates function(x, y) by torch.func in one way."""
    func = torch.func

    def energy(x: Any, y: Any = y) -> Any:
        return (function(x, y) ** 3).sum()

    return {
        "grad": func.grad(energy),
        "grad of grad": func.grad(lambda x: (func.grad(energy)(x) ** 2).sum()),
        "vjp": lambda x: func.vjp(lambda x: function(x, y), x)[1](function(x, y))[0],
        "jvp": lambda x: func.jvp(lambda x: function(x, y), (x,), (x,))[1],
        "jacrev": func.jacrev(lambda x: function(x, y)),
        "jacfwd": func.jacfwd(lambda x: function(x, y)),
        "hessian": func.hessian(energy),
        "vmap": lambda x: func.vmap(function)(x, y),
        "vmap of grad": lambda x: func.vmap(func.grad(energy))(x, y),
        "call": lambda x: func.functional_call(function, {}, (x, y)),
    }[name]


@pytest.mark.parametrize("name", [*NAMES, "weights", "weights of samples"])
def test_torch_func_inside_torch_compile(name: str) -> None:
    """Without breaks in the graph; what is not compiled has been compared with differences above."""
    module = getattr(interop, name if name in NAMES else "ClebschGordan")(*LMAX)
    x, y, shared, each = tensors((2, 9, 2), (2, 4, 2), (PATHS,), (PATHS, 1), grad=False)
    weights = {"weights": (shared,), "weights of samples": (each,)}.get(name, ())

    class Whole(torch.nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return module(x, y, *weights)

    whole = Whole()
    for transform in TRANSFORMS if name.startswith(("Clebsch", "weights")) else SOME:
        torch.compiler.reset()
        function = transformed(whole, y, transform)
        expected = function(x)
        assert torch.is_nonzero(expected.abs().max())
        found = torch.compile(function, fullgraph=True, backend="aot_eager")(x)
        assert difference(found, expected.numpy()) < 1e-13, transform


def test_operators_that_would_lose_a_tangent_are_called_through_functions() -> None:
    module = interop.Gaunt(*LMAX)
    x, y = tensors((2, 9, 3), (2, 4, 3), grad=False)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, x)
        tangent = torch.autograd.forward_ad.unpack_dual(module(dual, y)).tangent
    assert torch.equal(tangent, module(x, y))

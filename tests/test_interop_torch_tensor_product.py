"""The tensor product of irreps in torch: values, derivatives to second order, types, torch.compile and torch.export."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from coupling import Irreps  # noqa: E402
from coupling.backends.torch import TensorProduct, tensor_eager  # noqa: E402
from coupling.products import TensorProduct as Numpy  # noqa: E402
from tests.test_tensor_product import IRREPS1, IRREPS2, features, modes  # noqa: E402

SMALL = ("2x0e + 2x1o", "0e + 1o", "2x1o + 2x1e + 3x0e")
INSTRUCTIONS = [(0, 1, 0, "uvu"), (1, 1, 1, "uvu"), (1, 0, 0, "uvu"), (1, 1, 2, "uvw"), (0, 0, 2, "uvw")]


def given(module: Any, lead: tuple[int, ...] = (3,), each: bool = True, grad: bool = False) -> list[Any]:
    product = module.product
    values = [features(product.irreps1, 0, lead), features(product.irreps2, 1, lead)]
    values.append(np.random.default_rng(2).standard_normal((*lead, product.weight_count)[0 if each else -1 :]))
    return [torch.from_numpy(value).requires_grad_(grad) for value in values]


@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
@pytest.mark.parametrize("each", [True, False])
def test_values_are_those_of_numpy(layout: str, each: bool) -> None:
    arguments = (IRREPS1, IRREPS2, *modes())
    module, numpy = TensorProduct(*arguments, layout=layout), Numpy(*arguments, layout=layout)
    tensors = given(module, each=each)
    wanted = numpy(*(value.numpy() for value in tensors))
    np.testing.assert_allclose(module(*tensors).numpy(), wanted, atol=1e-13)
    single = module(*(value.float() for value in tensors))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
@pytest.mark.parametrize("each", [True, False])
def test_derivatives_to_second_order(layout: str, each: bool) -> None:
    module = TensorProduct(*SMALL, INSTRUCTIONS, layout=layout)
    tensors = given(module, (2,), each, grad=True)
    assert torch.autograd.gradcheck(module, tensors)
    assert torch.autograd.gradgradcheck(module, tensors)


def derivatives(module: Any, tensors: list[Any]) -> list[Any]:
    """Values, gradients, and gradients of a sum of squares of gradients."""
    z = module(*tensors)
    first = torch.autograd.grad((z * z).sum(), tensors, create_graph=True)
    second = torch.autograd.grad(sum((g * g).sum() for g in first), tensors)
    return [z.detach(), *(g.detach() for g in first), *second]


@pytest.mark.parametrize(
    "leads", [((3,), (3,), (3,)), ((3,), (3,), ()), ((2, 1), (3,), (2, 3)), ((3,), (), ()), ((),) * 3]
)
@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
def test_compiled_code_and_operations_of_torch_agree(layout: str, leads: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mode, to second order, with leading axes that broadcast."""
    module = TensorProduct(IRREPS1, IRREPS2, *modes(), layout=layout)
    product, generator = module.product, torch.Generator().manual_seed(0)
    sizes = product.irreps1.dim, product.irreps2.dim, product.weight_count
    tensors = [
        torch.randn(*lead, n, dtype=torch.float64, generator=generator, requires_grad=True)
        for lead, n in zip(leads, sizes, strict=True)
    ]
    met: list[int] = []
    compute = tensor_eager.EagerTensor.compute
    monkeypatch.setattr(tensor_eager.EagerTensor, "compute", lambda *a: met.append(a[1]) or compute(*a))
    found = derivatives(module, tensors)
    assert set(met) == {0, 1, 2, 3}
    met.clear()
    for where in ("tensor_product", "tensor_eager"):
        monkeypatch.setattr(f"coupling.backends.torch.{where}.is_plain", lambda *_: False)
    expected = derivatives(module, tensors)
    assert not met and len(found) == 7
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape and (one - other).abs().max() <= 1e-12 * other.abs().max()


def test_a_batch_of_gradients_and_transforms_find_operations_of_torch() -> None:
    module = TensorProduct(*SMALL, INSTRUCTIONS)
    x, y, w = given(module, (3,), grad=True)
    z = module(x, y, w)
    directions = torch.randn(4, *z.shape, dtype=z.dtype, generator=torch.Generator().manual_seed(0))
    batch = torch.autograd.grad(z, (x, y, w), directions, is_grads_batched=True, retain_graph=True)
    each = [torch.autograd.grad(z, (x, y, w), one, retain_graph=True) for one in directions]
    for found, wanted in zip(batch, zip(*each, strict=True), strict=True):
        torch.testing.assert_close(found, torch.stack(wanted))
    rows = torch.func.vmap(module)(x.detach(), y.detach(), w.detach())
    torch.testing.assert_close(rows, z.detach())
    _, tangent = torch.func.jvp(lambda a: module(a, y.detach(), w.detach()), (x.detach(),), (x.detach(),))
    torch.testing.assert_close(tangent, z.detach())


def test_the_weights_of_a_module_and_its_state() -> None:
    module = TensorProduct(*SMALL, INSTRUCTIONS, learn=True, dtype=torch.float64)
    x, y, _ = given(module)
    assert torch.equal(module(x, y), module(x, y, module.weights)) and len(list(module.parameters())) == 1
    other = TensorProduct(*SMALL, INSTRUCTIONS, learn=True, dtype=torch.float64)
    assert not torch.equal(other.weights, module.weights) and not list(module.buffers())
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(x, y), module(x, y))
    with torch.device("meta"):
        empty = TensorProduct(*SMALL, INSTRUCTIONS, learn=True, dtype=torch.float64)
    empty = empty.to_empty(device="cpu")
    empty.load_state_dict(module.state_dict())
    assert torch.equal(empty(x, y), module(x, y))
    assert repr(module) == f"TensorProduct({repr(module.product)[14:-1]})"
    with pytest.raises(ValueError, match="has no weights to learn"):
        TensorProduct.full("1o", "1o", learn=True)
    assert TensorProduct.channelwise("2x1o", 1, learn=True).weights.shape == (2 * 4,)
    assert str(TensorProduct.elementwise("2x1o", "2x1o").product.irreps_out) == "2x0e+2x1e+2x2e"


def test_types() -> None:
    module = TensorProduct(*SMALL, INSTRUCTIONS)
    x, y, w = given(module)
    assert module(x.half(), y.half(), w).dtype == torch.float16
    assert module(x.bfloat16(), y.float(), w).dtype == torch.float32
    wide = module(x.bfloat16().float(), y.bfloat16().float(), w.float())
    assert torch.equal(module(x.bfloat16(), y.bfloat16(), w.float()), wide.bfloat16())
    with pytest.raises(TypeError, match="input 2 must be real floating"):
        module(x, y.long(), w)
    with pytest.raises(ValueError, match="the product has 18 weights, got none"):
        module(x, y)


def test_compiled_and_exported_modules_with_any_number_of_samples() -> None:
    module = TensorProduct(*SMALL, INSTRUCTIONS)
    tensors = given(module, (5,))
    wanted = module(*tensors)
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    assert torch.allclose(compiled(*tensors), wanted, atol=1e-14)
    n = torch.export.Dim("n")
    program = torch.export.export(module, tuple(tensors), dynamic_shapes=({0: n}, {0: n}, {0: n}))
    again = given(module, (7,))
    assert torch.allclose(program.module()(*again), module(*again), atol=1e-14)


# -- the complex basis --------------------------------------------------------------------------

SPINS = ("2x1/2 + 2x1", "2x1/2 + 1x0", "4x0 + 2x1/2 + 4x1 + 1x3/2")
COUPLINGS = [(0, 0, 0, "uvuv"), (0, 1, 1, "uvu"), (0, 0, 2, "uvuv"), (1, 0, 3, "uvw"), (1, 0, 1, "uuu")]


def complex_ones(product: Any, dtype: Any = torch.complex128, grad: bool = False) -> list[Any]:
    """Complex features of two samples, and weights."""
    values = [
        features(Irreps([(1, (0, 0))] * n), seed, (2,)) + 1j * features(Irreps([(1, (0, 0))] * n), seed + 9, (2,))
        for seed, n in enumerate((product.irreps1.dim, product.irreps2.dim, product.weight_count))
    ]
    return [torch.from_numpy(value).to(dtype).requires_grad_(grad) for value in values]


@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
def test_spins_have_the_values_of_numpy_and_derivatives_to_second_order(layout: str) -> None:
    """Of complex and of real weights; torch's check compares with differences of real losses, conjugates included."""
    module = TensorProduct(*SPINS, COUPLINGS, layout=layout, basis="complex")
    tensors = complex_ones(module.product)
    wanted = module.product(*(value.numpy() for value in tensors))
    np.testing.assert_allclose(module(*tensors).numpy(), wanted, atol=1e-14)
    single = module(*complex_ones(module.product, torch.complex64))
    assert single.dtype == torch.complex64
    np.testing.assert_allclose(single.numpy(), wanted, atol=1e-5)
    given = complex_ones(module.product, grad=True)
    assert torch.autograd.gradcheck(module, given) and torch.autograd.gradgradcheck(module, given)
    real = given[2].detach().real.clone().requires_grad_()
    assert torch.autograd.gradcheck(module, [*given[:2], real])
    np.testing.assert_allclose(
        module(*tensors[:2], real).detach().numpy(),
        module.product(*(value.numpy() for value in tensors[:2]), real.detach().numpy()),
        atol=1e-14,
    )


def test_the_gradient_of_a_real_loss_is_the_conjugate_adjoint() -> None:
    """|z|²/2 has the gradient Jᴴ z, and J is the product itself with unit vectors in the place of x."""
    module = TensorProduct.full("1/2", "1", basis="complex")
    x, y = (value.detach().requires_grad_() for value in complex_ones(module.product)[:2])
    z = module(x, y)
    (z.abs() ** 2).sum().div(2).backward()
    columns = torch.stack([module(one, y.detach()) for one in torch.eye(2, dtype=x.dtype)], -1)
    adjoint = torch.einsum("bki,bk->bi", columns.conj(), z)
    np.testing.assert_allclose(x.grad.numpy(), adjoint.detach().numpy(), atol=1e-14)


def test_a_module_of_spins_learns_real_weights_and_refuses_real_features() -> None:
    module = TensorProduct(*SPINS, COUPLINGS, basis="complex", learn=True, dtype=torch.float64)
    x, y, _ = complex_ones(module.product)
    loss = (module(x, y).abs() ** 2).sum()
    loss.backward()
    assert module.weights.grad.dtype == torch.float64 and module.weights.grad.abs().min() > 0
    with pytest.raises(TypeError, match=r"^input 1 must be complex, got torch.float64$"):
        module(x.real, y)
    with pytest.raises(TypeError, match=r"^input 2 must be complex, got torch.float64$"):
        module(x, y.real)
    with pytest.raises(TypeError, match=r"^input 1 must be real floating, got torch.complex64$"):
        TensorProduct.full("1o", "1o")(torch.ones(3) + 0j, torch.ones(3) + 0j)
    assert "complex basis" in module.extra_repr()
    vmapped = torch.vmap(module, in_dims=(0, 0))(x, y)
    np.testing.assert_allclose(vmapped.detach().numpy(), module(x, y).detach().numpy(), atol=1e-14)

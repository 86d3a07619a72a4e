"""Message passing for torch: values, derivatives of every order, transforms, compilation, types, other devices."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from coupling import products
from tests.convolution_reference import Case, case, expected

torch = pytest.importorskip("torch")

import coupling.backends.torch as interop  # noqa: E402
from coupling.backends.torch import convolution_operators as operators  # noqa: E402

KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "summed": ((1, 2, 2), {}),
    "apart": ((2, 1, 2), {"separate": True, "path_weights": [0.5, -1.0, 2.0, 1.0, 3.0, 1.0, 1.0]}),
}


def made(kind: str, weights: str = "epc", dtype: Any = float, edges: int = 9) -> tuple[Any, Any, Case, list[Any]]:
    """A module, ours in numpy, a case of it, and the case as tensors."""
    arguments, options = KINDS[kind]
    conv = products.Convolution(*arguments, **options)
    c = case(conv, 5, edges, 3, dtype, weights)
    tensors = [torch.from_numpy(value.copy()) for value in c.inputs]
    return interop.Convolution(*arguments, **options), conv, c, [t.requires_grad_(n < 3) for n, t in enumerate(tensors)]


def error(found: Any, wanted: Any) -> float:
    """The largest difference relative to the largest value."""
    return float(abs(found.detach().double().numpy() - wanted).max() / abs(wanted).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weights", ["epc", "ep", "p"])
def test_values_and_gradients(kind: str, weights: str) -> None:
    module, conv, c, tensors = made(kind, weights)
    out = module(*tensors, nodes=5)
    (out * torch.from_numpy(c.g)).sum().backward()
    found = out, *(t.grad for t in tensors[:3])
    assert max(map(error, found, expected(conv, c))) < 1e-14
    assert np.array_equal(out.detach().numpy(), conv(*c.inputs))


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind: str) -> None:
    for weights in ("epc", "ep", "p"):
        module, _, _, (x, y, w, *edges) = made(kind, weights, edges=5)
        assert torch.autograd.gradcheck(lambda *t: module(*t, *edges), (x, y, w))  # noqa: B023
        assert torch.autograd.gradgradcheck(lambda *t: module(*t, *edges), (x, y, w))  # noqa: B023


def test_third_derivatives_are_those_of_finite_differences() -> None:
    module, _, _, (x, y, w, *edges) = made("summed", edges=4)
    u, v = (torch.randn_like(x), torch.randn_like(y))

    def second(w: Any) -> Any:
        total = (module(x, y, w, *edges) ** 3).sum()
        (first,) = torch.autograd.grad(total, x, create_graph=True)
        return torch.autograd.grad((first * u).sum(), y, create_graph=True)[0].mul(v).sum()

    (third,) = torch.autograd.grad(second(w), w)
    direction, step = torch.randn_like(w), 1e-5
    ends = [second((w + s * step * direction).detach()).item() for s in (1, -1)]
    assert abs((ends[0] - ends[1]) / (2 * step) / (third * direction).sum().item() - 1) < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_the_operators_are_what_torch_expects(kind: str) -> None:
    _, conv, c, (x, y, w, *edges) = made(kind)
    torch.library.opcheck(operators.messages, (x, y, w, *edges, 5, conv.text))
    g = torch.from_numpy(c.g).requires_grad_()
    for wanted in (7, 3, 4):
        found = torch.library.opcheck(operators.message_gradients, (g, x, y, w, *edges, conv.text, wanted))
        assert set(found.values()) == {"SUCCESS"}


def test_transforms_of_torch_func() -> None:
    module, _, _, (x, y, w, *edges) = made("summed")
    x, y, w = (t.detach() for t in (x, y, w))
    forward = torch.func.jacfwd(lambda *t: module(*t, *edges).sum((0, 2)), argnums=(0, 1, 2))(x, y, w)
    reverse = torch.func.jacrev(lambda *t: module(*t, *edges).sum((0, 2)), argnums=(0, 1, 2))(x, y, w)
    assert max(error(a, b.numpy()) for a, b in zip(forward, reverse, strict=True)) < 1e-14
    one = torch.func.hessian(lambda y: (module(x, y, w, *edges) ** 2).sum())(y)
    other = torch.func.jacrev(torch.func.jacrev(lambda y: (module(x, y, w, *edges) ** 2).sum()))(y)
    assert error(one, other.numpy()) < 1e-13
    many = torch.stack([x, 2 * x, -x])
    batch = torch.func.vmap(lambda x: module(x, y, w, *edges))(many)
    assert torch.equal(batch, torch.stack([module(each, y, w, *edges) for each in many]))


def test_compilation_with_any_number_of_edges_and_nodes() -> None:
    module, *_ = made("summed")
    torch._dynamo.reset()
    compiled = torch.compile(lambda *t: (module(*t) ** 2).sum(), fullgraph=True, dynamic=True)
    for edges in (9, 12, 30):
        _, _, _, tensors = made("summed", edges=edges)
        again = [t.detach().clone().requires_grad_(n < 3) for n, t in enumerate(tensors)]
        one, other = compiled(*tensors), (module(*again) ** 2).sum()
        one.backward()
        other.backward()
        assert error(one, other.item() * np.ones(1)) < 1e-14
        assert max(error(a.grad, b.grad.numpy()) for a, b in zip(tensors[:3], again[:3], strict=True)) < 1e-14


def test_vectors() -> None:
    """Harmonics inside: values of numpy, gradients and second gradients, a self-loop of length zero."""
    module, conv, c, (x, _, w, *edges) = made("summed")
    v = torch.randn(9, 3, dtype=torch.float64)
    v[4] = 0
    v.requires_grad_()
    out = module(x, v, w, *edges)
    assert error(out, conv(c.x, v.detach().numpy(), *c.inputs[2:])) < 1e-14
    (out * torch.from_numpy(c.g)).sum().backward()
    wanted = conv.vjp(c.x, v.detach().numpy(), *c.inputs[2:], cotangent=c.g)[1]
    assert error(v.grad, wanted) < 1e-14 and not v.grad[4].any()
    u = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda v: module(x.detach(), v, w.detach(), *edges), (u,))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weights", ["epc", "ep", "p", "1pc"])
def test_other_devices_run_operations_of_torch(kind: str, weights: str, monkeypatch: Any) -> None:
    """The same numbers as the compiled functions, several parts of the edges; here on the processor."""
    monkeypatch.setattr(operators, "EDGES_AT_ONCE", 4)
    _, conv, c, tensors = made(kind, weights)
    wanted = expected(conv, c)
    x, y, w, *edges = (t.detach() for t in tensors)
    w = w[None, :, None] if w.ndim == 1 else w[:, :, None] if w.ndim == 2 else w
    found = operators._messages(conv, x, y, w, *edges, 5)
    gradients = operators._gradients(conv, torch.from_numpy(c.g), x, y, w, *edges, (True, True, True))
    gradients = *gradients[:2], gradients[2].reshape(c.w.shape)
    assert max(map(error, (found, *gradients), wanted)) < 1e-14
    none = operators._gradients(conv, torch.from_numpy(c.g), x, y, w, *edges, (False, False, False))
    assert [len(value) for value in none] == [0, 0, 0]


def test_types_and_threads() -> None:
    module, conv, c, tensors = made("summed", dtype=np.float32, edges=400)
    exact = expected(conv, c)[0]
    for dtype, bound in ((torch.float32, 1e-6), (torch.bfloat16, 3e-2), (torch.float16, 4e-3)):
        out = module(*(t.detach().to(dtype) for t in tensors[:3]), *tensors[3:])
        assert out.dtype == dtype and error(out, exact) < bound
    mixed = module(tensors[0].double(), *tensors[1:3], tensors[3].int(), tensors[4].to(torch.int16))
    assert mixed.dtype == torch.float64 and error(mixed, exact) < 1e-14
    before, least = torch.get_num_threads(), operators.WORK_PER_THREAD
    found = []
    try:
        operators.WORK_PER_THREAD = 1
        for threads in (1, 3):
            torch.set_num_threads(threads)
            out = module(*tensors)
            found.append((out, *torch.autograd.grad((out * torch.from_numpy(c.g)).sum(), tensors[:3])))
    finally:
        operators.WORK_PER_THREAD = least
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_modules_are_copied_and_have_no_state() -> None:
    module, _, _, tensors = made("apart")
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again(*tensors), module(*tensors)) and not again.state_dict()
    assert "7 paths" in repr(module)


def test_what_is_refused() -> None:
    module, conv, _, tensors = made("summed")

    def refused(kind: Any, words: str, **changed: Any) -> None:
        names = dict(zip(("x", "y", "weights", "senders", "receivers"), tensors, strict=True))
        with pytest.raises(kind, match=words):
            module(**(names | changed))

    refused(TypeError, "x must be real floating", x=tensors[0].long())
    refused(ValueError, r"\[nodes, 4, channels\]", x=tensors[0][:, :3])
    refused(TypeError, "senders must be integers", senders=tensors[3].double())
    refused(ValueError, "harmonics and weights must be", y=tensors[1][:, :5])
    refused(ValueError, "harmonics and weights must be", weights=tensors[2][:, :5])
    refused(ValueError, "receivers must lie in 0 … 4, got 5", receivers=tensors[4] * 0 + 5)
    refused(TypeError, "int64", receivers=tensors[4][:3])
    with pytest.raises(TypeError, match="threads of torch"):
        interop.Convolution(1, 1, 1, workers=2)
    with pytest.raises(ValueError, match=r"text of Convolution\.text"):
        operators.messages(*(t.detach() for t in tensors[:3]), *tensors[3:], 5, "{}")
    for indices in ([t.int() for t in tensors[3:]], [tensors[3].int(), tensors[4]], [t[None] for t in tensors[3:]]):
        with pytest.raises(TypeError, match=r"senders and receivers must be int64 \[E\]"):
            operators.messages(*(t.detach() for t in tensors[:3]), *indices, 5, conv.text)
    with pytest.raises(ValueError, match="cotangent"):
        operators.message_gradients(tensors[0].detach()[:, :1], *(t.detach() for t in tensors), conv.text, 7)

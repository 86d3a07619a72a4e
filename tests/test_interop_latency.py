"""Modules of torch on plain tensors: few calls, the operators of compilers and transforms wherever these look on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")

import coupling.backends.torch as interop  # noqa: E402
from coupling.backends.torch import eager  # noqa: E402
from coupling.manybody import basis  # noqa: E402
from coupling.products.form import KINDS  # noqa: E402
from tests.test_latency import calls  # noqa: E402

#: Functions of Python that a module may enter for known shapes: 20 at present, and for values with gradients 79.
FORWARD, BOTH = 24, 90
#: The same with weights that are learned: 20 and 92 at present.
LEARNED, LEARNED_BOTH = 24, 102


def tensors(module: Any, *shape: int, dtype: Any = torch.float32, grad: bool = False) -> list[Any]:
    generator, (*lead, channels) = torch.Generator().manual_seed(0), shape
    last = module.layout == "channels_last"
    shapes = [(*lead, *axes, channels) if last else (*lead, channels, *axes) for axes in module._shapes[:2]]
    return [torch.randn(one, dtype=dtype, generator=generator).requires_grad_(grad) for one in shapes]


def with_gradients(function: Callable[..., Any], inputs: list[Any]) -> list[Any]:
    z = function(*inputs)
    return [z.detach(), *torch.autograd.grad(z, inputs, torch.ones_like(z) + z.detach())]


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_known_call_enters_few_functions(kind: str) -> None:
    module = getattr(interop, kind)(2, 2, 2)
    x, y = tensors(module, 4, 8)
    a, b = tensors(module, 4, 8, grad=True)
    module(x, y), with_gradients(module, [a, b])
    assert calls(lambda: module(x, y))[0] <= FORWARD
    assert calls(lambda: with_gradients(module, [a, b]))[0] <= BOTH


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", list(KINDS))
def test_both_ways_give_the_same_bits(kind: str, dtype: Any, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, gradients and second derivatives, for plain tensors and by the operators; broadcast and with axes."""
    module, met = getattr(interop, kind)(2, 1, 2, layout=layout), 0
    for shape in ((4, 8), (2, 3, 8), (5,)):
        x, y = tensors(module, *shape, dtype=dtype, grad=True)
        for inputs in ([x, y], [x, y[..., :1] if layout == "channels_last" else y.narrow(len(shape) - 1, 0, 1)]):
            module(*inputs)
            found = [with_gradients(module, inputs), second(module, inputs)]
            monkeypatch.setattr("coupling.backends.torch.modules.is_plain", lambda *_: False)
            monkeypatch.setattr(eager, "is_plain", lambda *_: False)
            expected = [with_gradients(module, inputs), second(module, inputs)]
            monkeypatch.undo()
            for one, other in zip(found, expected, strict=True):
                for a, b in zip(one, other, strict=True):
                    assert torch.equal(a, b) and a.dtype == b.dtype and a.is_contiguous() == b.is_contiguous()
                    met += 1
    assert met == 3 * 2 * 5


def second(module: Any, inputs: list[Any]) -> list[Any]:
    z = module(*inputs)
    (first,) = torch.autograd.grad((z * z).sum(), inputs[:1], create_graph=True)
    return [g.detach() for g in torch.autograd.grad((first * first).sum(), inputs)]


def test_weights_that_are_learned_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    module = interop.ClebschGordan(2, 1, 2, learn=True)
    inputs = [*tensors(module, 4, 8, grad=True), module.weights]

    def run() -> list[Any]:
        z = module(*inputs[:2])
        first = torch.autograd.grad((z * z).sum(), inputs, create_graph=True)
        total = sum((g * g).sum() for g in first)
        return [z.detach(), *(g.detach() for g in first), *torch.autograd.grad(total, inputs)]

    run()
    found = run()
    monkeypatch.setattr("coupling.backends.torch.modules.is_plain", lambda *_: False)
    monkeypatch.setattr(eager, "is_plain", lambda *_: False)
    assert all(torch.equal(a, b) for a, b in zip(found, run(), strict=True)) and len(found) == 7


def test_weights_that_are_learned_enter_few_functions() -> None:
    module = interop.ClebschGordan(2, 2, 2, learn=True)
    x, y = tensors(module, 4, 8)
    a, b = tensors(module, 4, 8, grad=True)

    def both() -> list[Any]:
        z = module(a, b)
        return [z.detach(), *torch.autograd.grad(z, [a, b, module.weights], torch.ones_like(z))]

    module(x, y), both()
    with torch.no_grad():
        assert calls(lambda: module(x, y))[0] <= LEARNED
    assert calls(both)[0] <= LEARNED_BOTH
    for change in (lambda w: w.mul_(2), lambda w: w[1:3].zero_(), lambda w: w.neg_(), lambda w: w.fill_(1)):
        with torch.no_grad():  # what is kept for the last weights is not used for others
            change(module.weights)
        found, other = both(), interop.ClebschGordan(2, 2, 2, learn=True)
        with torch.no_grad():
            other.weights.copy_(module.weights)
        z = other(a, b)
        fresh = [z.detach(), *torch.autograd.grad(z, [a, b, other.weights], torch.ones_like(z))]
        assert all(torch.equal(one, two) for one, two in zip(found, fresh, strict=True))


@pytest.mark.parametrize("learn", [False, True])
def test_a_tensor_product_enters_few_functions(learn: bool) -> None:
    """Whatever its paths are: at most 33, and 122 with gradients, which one kernel forms together."""
    module = interop.TensorProduct("8x0e + 8x1o + 8x2e", 2, "8x0e + 8x1o + 8x2e", learn=learn)
    sizes = module.product.irreps1.dim, module.product.irreps2.dim, *(() if learn else (module.product.weight_count,))
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(4, n, generator=generator, requires_grad=True) for n in sizes]
    every = [*inputs, *module.parameters()]

    def both() -> list[Any]:
        z = module(*inputs)
        return list(torch.autograd.grad(z, every, torch.ones_like(z)))

    both()
    with torch.no_grad():
        module(*inputs)
        assert calls(lambda: module(*inputs))[0] <= 33
    assert calls(both)[0] <= 122


def test_all_gradients_of_a_tensor_product_are_formed_by_one_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a graph of the gradients each has a kernel of its own, with the same bits."""
    from coupling.products.tensor_calls import CompiledTensor

    module = interop.TensorProduct("4x0e + 8x1o", 2, "8x0e + 4x1o + 4x2e", learn=True)
    generator = torch.Generator().manual_seed(0)
    sizes = module.product.irreps1.dim, module.product.irreps2.dim
    inputs = [*(torch.randn(4, n, generator=generator, requires_grad=True) for n in sizes), module.weights]
    run, met = CompiledTensor._run, []
    monkeypatch.setattr(CompiledTensor, "_run", lambda self, *given: (met.append(given[0]), run(self, *given)))
    found = []
    for graph, kernels in ((False, 2), (True, 4)):
        met.clear()
        z = module(*inputs[:2])
        found.append(torch.autograd.grad(z, inputs, torch.ones_like(z), create_graph=graph))
        assert len(met) == kernels
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


#: The same of a contraction with weights of paths.
CONTRACTION, CONTRACTION_BOTH = 150, 470


def contraction() -> tuple[Any, list[Any], Any]:
    """A contraction of orders 1 to 3, features and weights with gradients, species."""
    module = interop.SymmetricContraction([basis(2, n, l) for l in (0, 1) for n in (1, 2, 3)])
    generator = torch.Generator().manual_seed(0)
    shapes = [(6, 9, 8), *((2, n, 8) for n in module.paths)]
    inputs = [torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes]
    return module, inputs, torch.arange(6) % 2


def test_a_contraction_enters_few_functions() -> None:
    """Values 137 at present, with all gradients 436; by the operators 163 and 501, most of which cost more."""
    module, (a, *weights), species = contraction()

    def both() -> Any:
        z = module(a, weights, species)
        return torch.autograd.grad(z, [a, *weights], torch.ones_like(z))

    both()
    with torch.no_grad():
        module(a, weights, species)
        assert calls(lambda: module(a, weights, species))[0] <= CONTRACTION
    assert calls(both)[0] <= CONTRACTION_BOTH


def test_contractions_give_the_same_bits_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, gradients and second derivatives, for plain tensors and by the operators."""
    module, (a, *weights), species = contraction()

    def run() -> list[Any]:
        z = module(a, weights, species)
        first = torch.autograd.grad((z * z).sum(), [a, *weights], create_graph=True)
        total = sum((g * g).sum() for g in first)
        return [z.detach(), *(g.detach() for g in first), *torch.autograd.grad(total, [a, *weights])]

    found, met = run(), []
    monkeypatch.setattr("coupling.backends.torch.direct.is_plain", lambda *tensors: met.append(tensors))
    assert all(torch.equal(x, y) for x, y in zip(found, run(), strict=True)) and len(found) == 1 + 2 * 7
    assert len(met) >= 8


def test_whoever_looks_on_finds_the_operators_of_contractions() -> None:
    """A mode and a tracer see them; plain tensors meet none."""
    from torch.utils._python_dispatch import TorchDispatchMode

    names: list[str] = []

    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            names.append(str(function))
            return function(*args, **(kwargs or {}))

    module, (a, *weights), species = contraction()
    plain = module(a, weights, species)
    with Seen():
        found = module(a, weights, species)
    assert {"coupling.contract.default", "coupling.contract_weights.default"} <= set(names)
    assert torch.equal(plain, found) and "Direct" in plain.grad_fn.next_functions[0][0].name()
    graph = torch.fx.experimental.proxy_tensor.make_fx(module)(a, weights, species)
    assert "coupling.contract.default" in str(graph.code)


def test_whoever_looks_on_finds_the_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transforms, modes, tracers and other tensors after calls of the same shapes with plain ones."""
    module = interop.Gaunt(2, 1, 2)
    x, y = tensors(module, 4, 8)
    expected, met = module(x, y), []
    module(x, y)
    assert eager.is_plain(x, y) and not eager.is_plain(x.to("meta"), y)
    monkeypatch.setattr(eager.EagerForm, "compute", lambda *_: met.append("compute"))
    assert module.to("meta")(x.to("meta"), y.to("meta")).shape == expected.shape
    torch.testing.assert_close(torch.func.vmap(module)(x, y), expected)
    assert torch.equal(torch.func.jvp(module, (x, y), (x, y))[1], 2 * expected)
    assert torch.func.grad(lambda x: module(x, y).sum())(x).shape == x.shape
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, x)
        assert torch.equal(torch.autograd.forward_ad.unpack_dual(module(dual, y)).tangent, expected)
    graph = torch.fx.experimental.proxy_tensor.make_fx(module)(x, y)
    assert "coupling" in str(graph.code)
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x, y), expected)
    exported = torch.export.export(module, (x, y))
    assert any("coupling" in str(node.target) for node in exported.graph.nodes)
    assert not met


def test_gradients_of_a_batch_find_the_operators() -> None:
    module = interop.Gaunt(2, 1, 2)
    x, y = tensors(module, 4, 8, grad=True)
    module(x, y)  # the shapes are known from here on, so the next call is a plain one
    z = module(x, y)
    directions = torch.randn(3, *z.shape)
    (batch,) = torch.autograd.grad(z, x, directions, is_grads_batched=True, retain_graph=True)
    each = [torch.autograd.grad(z, x, one, retain_graph=True)[0] for one in directions]
    torch.testing.assert_close(batch, torch.stack(each))


def test_a_known_signature_does_not_hide_what_does_not_fit() -> None:
    module = interop.ClebschGordan(2, 1, 2)
    x, y = tensors(module, 4, 8)
    module(x, y), module(x, y)
    for bad, error in (
        (x[:, :8], ValueError),
        (x[:3], RuntimeError),
        (x.long(), TypeError),
        (x[..., :3], RuntimeError),
    ):
        with pytest.raises(error):
            module(bad, y)
    assert torch.equal(module(x.mT.contiguous().mT, y), module(x, y))
    assert module(x.double(), y).dtype == torch.float64 and module(x.half(), y).dtype == torch.float32
    assert torch.equal(module(torch._neg_view(x), y), -module(x, y))
    with pytest.raises(RuntimeError):  # not what numpy raises
        module(x.to_sparse(), y)


@pytest.mark.parametrize("damaged", [None, "einsum|torch|gradient", "e3nn|torch|value"])
def test_the_benchmark_tells_no_time_of_a_wrong_program(damaged: str | None) -> None:
    pytest.importorskip("e3nn.o3")
    latency = pytest.importorskip("benchmarks.latency")
    programs = ("coupling|numpy", "coupling|torch", "einsum|torch", "e3nn|torch")
    times = {f"{name}|{work}": 1e-5 for name in programs for work in ("value", "gradient") if "numpy|g" not in name}
    lines = latency.table(4, times, {key: 1.0 if key == damaged else 1e-7 for key in times})
    untimed = [line for line in lines if "not timed" in line]
    assert len(lines) == 4 and len(untimed) == (damaged is not None)
    assert not untimed or (damaged.split("|")[0] in untimed[0] and "10.0" not in untimed[0])  # type: ignore[union-attr]


def test_the_programs_of_the_benchmark_are_right() -> None:
    """Every program that is timed gives the values of exact coefficients."""
    pytest.importorskip("e3nn.o3")
    latency = pytest.importorskip("benchmarks.latency")
    product = KINDS["ClebschGordan"](2, 2, 2)
    core, (x, y) = latency.dense(product), (torch.randn(2, 9, 3, dtype=torch.float64) for _ in range(2))
    exact = [torch.einsum("ijk,bic,bjc->bkc", torch.from_numpy(core), x, y).numpy()]
    cases = latency.numpy_cases(product, x.numpy(), y.numpy(), exact)
    assert len(cases) == 4 and all(latency.worst(run(), wanted) < 1e-14 for run, wanted in cases.values())
    wrong = latency.four_products(product.lmax, core[::-1])
    assert latency.worst([wrong(x.numpy(), y.numpy())], exact) > 1e-2

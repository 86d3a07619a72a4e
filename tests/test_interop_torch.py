"""The products for torch: values, every derivative, transforms, compilation, precision, threads; e3nn as a witness."""

from __future__ import annotations

import copy
import inspect
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from coupling import products
from coupling.backends.array_api.programs import array_program, program_of
from coupling.products import form as forms
from coupling.products.form import KINDS, Form
from coupling.tables import Request, build, load
from tests.frameworks import Array, features

torch = pytest.importorskip("torch")

import coupling.backends.torch as interop  # noqa: E402
from coupling.backends.torch import functions, operators  # noqa: E402

NAMES = tuple(name for name in KINDS if name != "VectorSignal")  # whose features have components
LMAX = (2, 1, 2)
PATHS = 9


def tensors(*shapes: tuple[int, ...], dtype: Any = torch.float64, grad: bool = True) -> list[Any]:
    """Random tensors."""
    seed = torch.Generator().manual_seed(0)
    return [torch.randn(*shape, dtype=dtype, generator=seed).requires_grad_(grad) for shape in shapes]


def difference(found: Any, expected: Array) -> float:
    """The largest difference, relative to the largest entry or to one."""
    return float(np.abs(found.detach().double().numpy() - expected).max() / max(np.abs(expected).max(), 1))


# -- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_values_types_layouts_and_broadcasting(name: str) -> None:
    last, first = (getattr(interop, name)(3, 2, 3, layout=layout) for layout in products.product.LAYOUTS)
    ours = getattr(products, name)(3, 2, 3)
    x, y = features(ours.sizes[:2], 4, 3, 5, dtype=np.float32)
    y = y[0, 0, :, :1]
    expected = ours(x.astype(float), y.astype(float))
    met = 0
    bounds = {torch.float64: 1e-14, torch.float32: 3e-6, torch.bfloat16: 2e-2, torch.float16: 2e-3}
    for a, bound_a in bounds.items():
        for b, bound_b in bounds.items():
            u, v = torch.from_numpy(x).to(a), torch.from_numpy(y).to(b)
            z = last(u, v)
            assert z.dtype == torch.promote_types(a, b)
            assert difference(z, expected) < max(bound_a, bound_b)
            turned = first(u.transpose(-1, -2), v.T)
            assert turned.is_contiguous() and torch.equal(turned.transpose(-1, -2), z)
            if torch.promote_types(a, b).itemsize == 2:  # rounded once from sums in float32
                assert torch.equal(z, last(u.float(), v.float()).to(z.dtype))
            met += 1
    assert met == 16
    assert last(torch.zeros(0, ours.sizes[0], 2), torch.zeros(ours.sizes[1], 1)).shape == (0, ours.sizes[2], 2)
    assert last(torch.from_numpy(x[0, 0]), torch.from_numpy(y)).shape == (ours.sizes[2], 5)


@pytest.mark.parametrize("options", [{}, {"paths": "odd"}, {"normalization": "gaunt"}])
def test_weights_of_every_kind(options: dict[str, str]) -> None:
    lmax = (3, 2, 4)
    module = interop.ClebschGordan(*lmax, learn=True, **options).double()
    count = len(module.paths)
    weights = torch.from_numpy(np.random.default_rng(1).standard_normal(count))
    with torch.no_grad():
        module.weights.copy_(weights)
    x, y = features(module.sizes[:2], 6, 3)
    expected = products.ClebschGordan(*lmax, weights.numpy(), **options)(x, y)
    u, v = torch.from_numpy(x), torch.from_numpy(y)
    assert difference(module(u, v), expected) < 1e-14
    assert torch.equal(interop.ClebschGordan(*lmax, **options)(u, v, weights), module(u, v))
    assert difference(module(u, v, weights[:, None]), expected) < 1e-14
    each = torch.randn(6, count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    z = module(u, v, each)
    rows = [
        module(u[b : b + 1, :, c : c + 1], v[b : b + 1, :, c : c + 1], each[b, :, c])
        for b in range(6)
        for c in range(3)
    ]
    assert difference(torch.stack(rows).reshape(6, 3, -1).transpose(1, 2), z.detach().numpy()) < 1e-13
    first = interop.ClebschGordan(*lmax, layout="channels_first", **options)
    assert torch.equal(first(*(a.transpose(-1, -2) for a in (u, v, each))).transpose(-1, -2), z)


def degree_weights(lmax: tuple[int, ...], *rank: int) -> list[Array]:
    """Random weights of degrees."""
    random = np.random.default_rng(5)
    return [random.uniform(0.5, 1.5, (l + 1, *rank)) for l in lmax]


WEIGHTED = {
    **dict.fromkeys(("Gaunt", "AntisymmetricGaunt", "MatrixProduct"), degree_weights((3, 2, 4))),
    "Simulation": {"odd": degree_weights((3, 2, 4), 2), (0, 1, 1): degree_weights((3, 2, 4), 1)},
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_of_degrees_and_factors_are_learned(name: str) -> None:
    """Given in a call, or owned: the product of the package with them, and gradients in all."""
    lmax, given = (3, 2, 4), WEIGHTED[name]
    kind = {"factors" if name == "Simulation" else "weights": given}
    ours = getattr(products, name)(*lmax, **kind)
    module = getattr(interop, name)(*lmax, learn=True, dtype=torch.float64, **kind)
    fixed = getattr(interop, name)(*lmax, **kind)
    x, y = features(ours.sizes[:2], 3, 2)
    u, v = torch.from_numpy(x).requires_grad_(), torch.from_numpy(y).requires_grad_()
    for found in (module(u, v), fixed(u, v)):
        assert difference(found, ours(x, y)) < 1e-14
    assert sum(p.numel() for p in module.parameters()) == (12 if name != "Simulation" else 36)
    assert not list(fixed.parameters())
    own = list(module.parameters())
    with torch.no_grad():
        for parameter in own:
            parameter.mul_(2)
    assert difference(module(u, v), 8 * ours(x, y)) < 1e-14
    assert torch.equal(fixed(u, v, module._own()), module(u, v))
    assert difference(fixed(u, v, module._own()), module(u, v).detach().numpy()) == 0

    def of(x: Any, y: Any, *weights: Any) -> Any:
        three = list(weights)
        named = {key: three[3 * n : 3 * n + 3] for n, key in enumerate(given)} if name == "Simulation" else three
        return fixed(x, y, named)

    assert torch.autograd.gradcheck(of, (u[:1, :, :1], v[:1, :, :1], *own), check_forward_ad=True)
    torch.compiler.reset()
    assert torch.equal(torch.compile(module, fullgraph=True, backend="aot_eager")(u, v), module(u, v))
    module.reset_parameters()
    assert difference(module(u, v), ours(x, y)) < 1e-14
    with pytest.raises(ValueError, match=r"must be three arrays|must have the names"):
        fixed(u, v, {"even": own[:3]} if name == "Simulation" else own[:2])
    if name == "Simulation":
        with pytest.raises(ValueError, match=r"factors of 'odd' must be three arrays \[lmax\+1, R\]"):
            fixed(u, v, {"odd": [own[0], own[1], own[2][:, :1]], (0, 1, 1): own[3:]})


@pytest.mark.parametrize("layout", products.product.LAYOUTS)
@pytest.mark.parametrize("single", [False, True])
def test_vector_signals(single: bool, layout: str) -> None:
    """Values, weights, derivatives and compilation; on the processor and as array programs."""
    ours, theirs = (n.VectorSignal.single if single else n.VectorSignal for n in (products, interop))
    product, module = ours(*LMAX, layout=layout), theirs(*LMAX, layout=layout, learn=True, dtype=torch.float64)
    shapes = [(2, *s, 3) if layout == "channels_last" else (2, 3, *s) for s in product.shapes]
    x, y = tensors(*shapes[:2])
    expected = product(x.detach().numpy(), y.detach().numpy())
    z = module(x, y)
    assert z.shape == shapes[2] and difference(z, expected) < 1e-14
    assert difference(array_program(product)(x.detach(), y.detach()), expected) < 1e-13
    assert torch.autograd.gradcheck(module, (x, y), check_forward_ad=True)
    own = list(module.parameters())
    assert [tuple(w.shape) for w in own] == [(*s[:-1], l + 1) for s, l in zip(product.shapes, LMAX, strict=True)]
    assert torch.autograd.gradcheck(lambda *w: module(x, y, list(w)), own)
    torch.compiler.reset()
    assert torch.equal(torch.compile(module, fullgraph=True, backend="aot_eager")(x, y), z)
    with pytest.raises(ValueError, match="input 1 must have"):
        module(x[..., :-1, :] if layout == "channels_last" else x[..., :-1], y)


def test_products_without_weights_to_learn_say_so() -> None:
    for name in ("FullProduct", "RoutedProduct"):
        with pytest.raises(ValueError, match=f"{name} has no weights to learn"):
            getattr(interop, name)(*LMAX, learn=True)
        with pytest.raises(TypeError, match=f"{name} takes no weights in a call"):
            getattr(interop, name)(*LMAX)(*tensors((9, 1), (4, 1)), torch.ones(PATHS))


def test_constructors_have_the_signatures_and_docstrings_of_the_package() -> None:
    more = {"layout", "learn", "device", "dtype"}
    for name, kind in KINDS.items():
        made, own = inspect.signature(getattr(interop, name)), inspect.signature(kind)
        assert set(made.parameters) - more == set(own.parameters) - {"layout", "workers"}
        assert inspect.getdoc(getattr(interop, name)).startswith(inspect.getdoc(kind).splitlines()[0])
        with pytest.raises(TypeError, match="unexpected keyword argument 'lmax'"):
            getattr(interop, name)(1, 1, 1, lmax=2)


def test_a_table_that_is_given_travels_with_the_form() -> None:
    table = build(Request(lmax=3, parity="even"))
    module = interop.ClebschGordan(2, 1, 3, table=table)
    assert (module.paths.sum(axis=1) % 2 == 0).all() and len(module.paths) == 8
    x, y, each = tensors((4, 9, 2), (4, 4, 2), (4, 8, 2), grad=False)
    z, weighed = module(x, y), module(x, y, each)
    assert torch.equal(z, interop.ClebschGordan(2, 1, 3, paths="even")(x, y))
    forms._TABLES.clear()  # as in another process
    program_of.cache_clear()
    forms.read_form.cache_clear()
    forms._compiled.cache_clear()
    assert torch.equal(module(x, y), z) and torch.equal(module(x, y, each), weighed)


def test_operators_refuse_features_forms_and_turns_that_are_not_theirs() -> None:
    """Kernels read and write without a check, so a wrong shape would be memory of others, or a crash."""
    forms_of = {name: Form.of(name, *LMAX).text for name in NAMES}
    x, y, z, w = tensors((2, 9, 3), (2, 4, 3), (2, 9, 3), (PATHS,), grad=False)
    wrong = [(x[:, :1], y), (x, y[:1]), (x, y[..., :1]), (x[0], y), (x, y[:, :3]), (y, x)]
    wrong += [(x.half(), y), (x, y.float()), (x.float(), y), (x.int(), y), (x.int(), y.int())]
    refused = pytest.raises((TypeError, ValueError), match=r"of the operator must|turns must|a form must|paths have")
    for form in forms_of.values():
        for pair in wrong:
            with refused:
                torch.ops.coupling.product(*pair, form, 0)
        for turns in (-1, 3, 10**6):
            with refused:
                torch.ops.coupling.product(x, y, form, turns)
    general = forms_of["ClebschGordan"]
    for pair in wrong:
        with refused:
            torch.ops.coupling.weighted_product(*pair, w.to(pair[0].dtype), general, 0)
        with refused:
            torch.ops.coupling.weight_gradient(*pair, z.to(pair[0].dtype), general)
    with refused:
        torch.ops.coupling.weight_gradient(x, y, z[:1], general)
    for call in (torch.ops.coupling.weighted_product, torch.ops.coupling.weight_gradient):
        last = (w, forms_of["Gaunt"], 0) if call == torch.ops.coupling.weighted_product else (z, forms_of["Gaunt"])
        with refused:
            call(x, y, *last)


# -- derivatives ------------------------------------------------------------------------------


def operator_cases() -> list[tuple[Any, list[Any], list[Any]]]:
    """Operators with their tensors and constants."""
    form = Form.of("ClebschGordan", *LMAX).text
    x, y, z, w = tensors((2, 9, 3), (2, 4, 3), (2, 9, 3), (PATHS,))
    slots = [x, y, z] * 2
    weighted = [(operators.weighted_product, [*slots[t : t + 2], w], [form, t]) for t in range(3)]
    plain = [(operators.product, slots[t : t + 2], [form, t]) for t in range(3)]
    return [*plain, *weighted, (operators.weight_gradient, [x, y, z], [form])]


def test_operators_obey_the_rules_of_torch_library() -> None:
    for operator, given, constants in operator_cases():
        report = torch.library.opcheck(operator, (*given, *constants))
        assert set(report.values()) == {"SUCCESS"} and len(report) == 4
        with pytest.raises(TypeError, match="all be float32 or all float64"):
            operator(given[0].half(), *given[1:], *constants)


def test_first_and_second_derivatives_of_the_operators() -> None:
    for operator, given, constants in operator_cases():

        def function(*values: Any, operator: Any = operator, constants: list[Any] = constants) -> Any:
            return operator(*values, *constants)

        assert torch.autograd.gradcheck(function, given)
        assert torch.autograd.gradgradcheck(function, given)


@pytest.mark.parametrize("name", NAMES)
def test_first_and_second_derivatives_of_the_modules_in_both_modes(name: str) -> None:
    for layout in products.product.LAYOUTS:
        module = getattr(interop, name)(*LMAX, layout=layout)
        x, y = tensors((2, 9, 2), (4, 1))
        if layout == "channels_first":
            x, y = (a.detach().transpose(-1, -2).requires_grad_() for a in (x, y))
        assert torch.autograd.gradcheck(module, (x, y), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(module, (x, y), check_fwd_over_rev=True)


@pytest.mark.parametrize("shape", [(PATHS,), (PATHS, 1), (2, PATHS, 3)], ids=str)
def test_derivatives_in_weights(shape: tuple[int, ...]) -> None:
    module = interop.ClebschGordan(*LMAX)
    given = tensors((2, 9, 3), (2, 4, 3), shape)
    assert torch.autograd.gradcheck(module, given, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(module, given, check_fwd_over_rev=True)


def test_third_derivatives() -> None:
    """Of Σ z³, where forces enter a loss and the loss is differentiated: against the dense contraction."""
    module = interop.ClebschGordan(*LMAX)
    x, y, w = tensors((2, 9, 3), (2, 4, 3), (PATHS,))
    dense = torch.zeros(9, 4, 9, dtype=torch.float64)
    c = interop.load(build(Request(lmax=LMAX)))
    places, path = (c.input1, c.input2, c.output), c.path

    def contraction(x: Any, y: Any, w: Any) -> Any:
        tensor = dense.index_put(places, c.values * w[path])
        return torch.einsum("ijk,bic,bjc->bkc", tensor, x, y)

    def third(function: Any) -> list[Any]:
        (g,) = torch.autograd.grad((function(x, y, w) ** 3).sum(), x, create_graph=True)
        (h,) = torch.autograd.grad((g**2).sum(), y, create_graph=True)
        return list(torch.autograd.grad((h**2).sum(), (x, y, w)))

    for found, expected in zip(third(module), third(contraction), strict=True):
        assert difference(found, expected.numpy()) < 1e-12


def test_only_the_gradients_that_are_needed_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = interop.ClebschGordan(*LMAX, learn=True)
    x, y = tensors((2, 9, 3), (2, 4, 3), dtype=torch.float32)
    module.weights.requires_grad_(False)
    z = module(x, y.detach())
    calls: list[int] = []
    real = operators.weighted_product
    monkeypatch.setattr(operators, "weighted_product", lambda *a: calls.append(a[-1]) or real(*a))
    z.sum().backward()
    assert calls == [1] and x.grad is not None


def test_transforms_of_functions() -> None:
    module = interop.ClebschGordan(*LMAX, learn=True).double()
    x, y, w = tensors((5, 9, 3), (5, 4, 3), (5, PATHS), grad=False)
    each = torch.stack([module(a, b, c) for a, b, c in zip(x, y, w, strict=True)])
    assert torch.equal(torch.func.vmap(module)(x, y, w), each)
    assert torch.equal(torch.func.vmap(module, in_dims=(0, None))(x, y[0]), module(x, y[:1]))
    form = Form.of("ClebschGordan", *LMAX).text
    rows = torch.func.vmap(lambda a, b: operators.product(a, b, form, 0), in_dims=(0, 1))
    found = rows(torch.stack([x, 2 * x], 1), torch.stack([y, y]))
    assert torch.equal(found[:, 1], 2 * operators.product(x, y, form, 0))
    assert torch.equal(
        torch.func.vmap(module, in_dims=(None, None, 0), out_dims=1)(x[0], y[0], w)[:, 1], module(x[0], y[0], w[1])
    )

    def energy(x: Any, y: Any, w: Any) -> Any:
        return (module(x, y, w) ** 2).sum()

    gradient = torch.func.vmap(torch.func.grad(energy, argnums=(0, 1, 2)))(x, y, w)
    leaves = [a.clone().requires_grad_() for a in (x, y, w)]
    total = sum(energy(a, b, c) for a, b, c in zip(*leaves, strict=True))
    for found, expected in zip(gradient, torch.autograd.grad(total, leaves), strict=True):
        assert difference(found, expected.numpy()) < 1e-13
    for argument in range(3):
        forward_reverse = torch.func.hessian(energy, argument)(x[0], y[0], w[0])
        reverse_reverse = torch.func.jacrev(torch.func.jacrev(energy, argument), argument)(x[0], y[0], w[0])
        assert difference(forward_reverse, reverse_reverse.numpy()) < 1e-13
    value, along = torch.func.jvp(module, (x, y), (x, y))
    assert torch.allclose(along, 2 * value, rtol=1e-14)


# -- devices, compilation, threads, files -----------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_what_other_devices_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The array programs in parts of the batch, here on the processor; and shapes alone on the meta device."""
    module = getattr(interop, name)(*LMAX)
    x, y, w, z = tensors((7, 9, 3), (7, 4, 3), (PATHS,), (7, 9, 3), grad=False)
    for limit in (1, 300, 1 << 28):
        monkeypatch.setattr(operators, "PRODUCTS_AT_ONCE", limit)
        found = operators._in_parts(program_of(module.form, 0), x, y)
        assert difference(found, module(x, y).numpy()) < 1e-14
        if name == "ClebschGordan":
            form = program_of(module.form, 0)
            assert difference(operators._in_parts(form, x, y, w), module(x, y, w).numpy()) < 1e-14
            expected = operators.weight_gradient(x, y, z, module.form)
            assert difference(operators._sum_of_parts(form, x, y, z), expected.numpy()) < 1e-14
    assert module(x.to("meta"), y.to("meta")).shape == module(x, y).shape


@pytest.mark.parametrize("name", NAMES)
def test_compiled_without_breaks_in_the_graph(name: str) -> None:
    torch.compiler.reset()
    module = getattr(interop, name)(*LMAX)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager", dynamic=True)
    for batch in (2, 5):
        x, y = tensors((batch, 9, 3), (batch, 4, 1))
        z, expected = compiled(x, y), module(x, y)
        assert torch.equal(z, expected)
        for found, wanted in zip(*(torch.autograd.grad((a**2).sum(), (x, y)) for a in (z, expected)), strict=True):
            assert torch.equal(found, wanted)


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_compiled_with_weights_in_a_larger_graph(backend: str) -> None:
    torch.compiler.reset()
    module = interop.ClebschGordan(*LMAX, learn=True, layout="channels_first")

    def model(x: Any, y: Any, each: Any) -> Any:
        return module(torch.tanh(module(x, y)), y, each).square().sum()

    given = tensors((4, 3, 9), (4, 3, 4), (4, 3, PATHS), dtype=torch.float32)
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    leaves = [*given, module.weights]
    pairs = zip(*(torch.autograd.grad(one(*given), leaves) for one in (compiled, model)), strict=True)
    for found, expected in pairs:
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_export_and_saving() -> None:
    module = interop.ClebschGordan(*LMAX, learn=True)
    x, y = tensors((2, 9, 3), (2, 4, 3), dtype=torch.float32, grad=False)
    with torch.no_grad():
        module.weights.mul_(torch.arange(PATHS))
    program = torch.export.export(module, (x, y))
    assert torch.equal(program.module()(x, y), module(x, y))
    assert list(module.state_dict()) == ["weights"]
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = interop.ClebschGordan(*LMAX, learn=True)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(x, y), module(x, y)) and torch.equal(copy.deepcopy(module)(x, y), module(x, y))
    assert "ClebschGordan(2, 1, 2" in repr(module)


def test_autocast_does_not_lower_the_precision_of_the_sums() -> None:
    module = interop.ClebschGordan(*LMAX, learn=True)
    x, y = tensors((6, 9, 3), (6, 4, 3), dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        low = x @ torch.eye(3)
        z = module(low, y)
    assert low.dtype == torch.bfloat16 and z.dtype == torch.float32
    assert torch.equal(z, module(low.float(), y))
    z.sum().backward()
    assert x.grad.dtype == module.weights.grad.dtype == torch.float32


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "NUMBERS_PER_THREAD", 1 << 8)
    module = interop.ClebschGordan(3, 3, 3)
    x, y, w = tensors((64, 16, 8), (64, 16, 8), (64, len(module.paths), 8), dtype=torch.float32)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            z, each = module(x, y), module(x, y, w)
            results.append([z, each, *torch.autograd.grad((z * each).sum(), (x, y, w))])
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for other in results[1:] for a, b in zip(results[0], other, strict=True))
    with ThreadPoolExecutor(4) as pool:  # of Python, all at once
        assert all(torch.equal(z, results[0][0]) for z in pool.map(lambda _: module(x, y), range(16)))


def test_tensors_are_not_copied() -> None:
    x, y = tensors((3, 9, 4), (3, 4, 4), grad=False)
    seen: list[int] = []

    class Spy:
        sizes = (9, 4, 9)

        def _compute(self, x: Array, y: Array, out: Array) -> None:
            seen.extend(a.ctypes.data for a in (x, y, out))

    out = operators._compiled(x, y, lambda workers: Spy())
    assert seen == [x.data_ptr(), y.data_ptr(), out.data_ptr()]


def test_what_does_not_fit_is_refused() -> None:
    module = interop.ClebschGordan(*LMAX)
    x, y = tensors((2, 9, 3), (2, 4, 3), grad=False)
    with pytest.raises(ValueError, match=r"9 = .* on axis -2"):
        module(y, y)
    with pytest.raises(TypeError, match="real floating"):
        module(x.long(), y)
    for shape in ((8,), (8, 1), (2, 8, 3)):
        with pytest.raises(ValueError, match="path"):
            module(x, y, torch.ones(shape, dtype=torch.float64))
    with pytest.raises(ValueError, match="layout must be one of"):
        interop.Gaunt(1, 1, 1, layout="ir_mul")
    with pytest.raises(ValueError, match="paths must be one of"):
        interop.ClebschGordan(1, 1, 1, paths="o")


# -- files, and other programs ----------------------------------------------------------------


def test_tables_as_tensors() -> None:
    table = load("real-l4")
    whole = interop.load("real-l4")
    dense = torch.zeros(whole.sizes, dtype=torch.float64).index_put(
        (whole.input1, whole.input2, whole.output), whole.values
    )
    assert np.array_equal(dense[4:9, 9:16, 16:25].numpy(), table.block("wigner_3j", 2, 3, 4))
    assert np.array_equal(whole.values.numpy(), table.core) and whole.path.dtype == torch.int64
    met = 0
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        values = interop.load("real-l4", dtype=dtype).values
        assert values.dtype == dtype and torch.equal(values, whole.values.to(dtype))
        met += len(values)
    assert met == 3 * 2052
    output = interop.load("real-l4", convention="cuequivariance", order="output")
    assert (output.output.diff() >= 0).all() and output.output.device == torch.device("cpu")


def test_the_reader_of_safetensors_reads_table_files(root: Any) -> None:
    from safetensors.torch import load_file

    found = load_file(root / "tables" / "data" / "real-l4.safetensors")
    table = load("real-l4")
    assert np.array_equal(found["core"].numpy(), table.core) and np.array_equal(found["paths"].numpy(), table.paths)


@pytest.mark.filterwarnings("ignore")
def test_the_convention_of_e3nn_is_that_of_e3nn() -> None:
    o3 = pytest.importorskip("e3nn.o3")
    c = interop.load("real-l4", convention="e3nn")
    dense = torch.zeros(c.sizes, dtype=torch.float64).index_put((c.input1, c.input2, c.output), c.values)
    met = 0
    for l1, l2, l3 in c.paths.tolist():
        block = dense[l1**2 : (l1 + 1) ** 2, l2**2 : (l2 + 1) ** 2, l3**2 : (l3 + 1) ** 2]
        assert (block - o3.wigner_3j(l1, l2, l3, dtype=torch.float64)).abs().max() < 1e-15
        met += 1
    assert met == 65


@pytest.mark.filterwarnings("ignore")
def test_the_product_is_the_tensor_product_of_e3nn() -> None:
    """Weights for each path and channel, values and gradients; features of e3nn are channel by channel."""
    o3 = pytest.importorskip("e3nn.o3")
    lmax, channels, batch = 3, 4, 5
    module = interop.ClebschGordan(lmax, lmax, lmax)
    irreps = o3.Irreps([(channels, (l, 1)) for l in range(lmax + 1)])
    instructions = [(*path, "uuu", True) for path in module.paths.tolist()]
    torch.set_default_dtype(torch.float64)  # e3nn rounds its coefficients to the default type, for good
    try:
        norms = {"irrep_normalization": "none", "path_normalization": "none"}
        theirs = o3.TensorProduct(irreps, irreps, irreps, instructions, **norms)
    finally:
        torch.set_default_dtype(torch.float32)
    x, y, w = tensors((batch, 16, channels), (batch, 16, channels), (len(instructions), channels))

    def to_e3nn(z: Any) -> Any:
        parts = [z[:, l * l : (l + 1) ** 2].transpose(1, 2).flatten(1) for l in range(lmax + 1)]
        return torch.cat(parts, 1)

    z = to_e3nn(module(x, y, w))
    expected = theirs(to_e3nn(x), to_e3nn(y), w.flatten())
    assert difference(z, expected.detach().numpy()) < 1e-14
    for found, wanted in zip(*(torch.autograd.grad(a.square().sum(), (x, y, w)) for a in (z, expected)), strict=True):
        assert difference(found, wanted.numpy()) < 1e-13


@pytest.mark.filterwarnings("ignore")
def test_the_convention_of_cuequivariance_is_that_of_cuequivariance() -> None:
    cue = pytest.importorskip("cuequivariance")
    c = interop.load("real-l4", convention="cuequivariance")
    dense = torch.zeros(c.sizes, dtype=torch.float64).index_put((c.input1, c.input2, c.output), c.values).numpy()
    for l1, l2, l3 in c.paths.tolist():
        block = dense[l1**2 : (l1 + 1) ** 2, l2**2 : (l2 + 1) ** 2, l3**2 : (l3 + 1) ** 2]
        expected = cue.SO3.clebsch_gordan(cue.SO3(l1), cue.SO3(l2), cue.SO3(l3))[0]
        assert np.abs(block - expected).max() < 1e-14


def test_functions_and_operators_are_the_same() -> None:
    form = Form.of("ClebschGordan", *LMAX).text
    x, y, w = tensors((2, 9, 3), (2, 4, 3), (PATHS,))
    pairs = [
        (functions.apply_product(x, y, form), operators.product(x, y, form, 0)),
        (functions.apply_weighted_product(x, y, w, form), operators.weighted_product(x, y, w, form, 0)),
    ]
    for ours, theirs in pairs:
        assert torch.equal(ours, theirs)
        mine, other = (torch.autograd.grad(z.square().sum(), (x, y)) for z in (ours, theirs))
        assert all(torch.equal(a, b) for a, b in zip(mine, other, strict=True))

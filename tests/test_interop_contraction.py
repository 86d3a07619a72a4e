"""Symmetric contractions for torch and JAX: the values and derivatives of numpy's, every derivative, compilation."""

from __future__ import annotations

import copy
import io
import pickle
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from coupling import products
from coupling.manybody import basis

torch = pytest.importorskip("torch")

import coupling.backends.torch as interop  # noqa: E402
from coupling.backends.torch import contraction_operators as operators  # noqa: E402

SPECIES, CHANNELS, ATOMS = 2, 3, 4
CASES = {
    "orders 1 to 3": [(2, n, l, "symmetric", "kernel") for l in (0, 1) for n in (1, 2, 3)],
    "full, of MACE": [(2, n, l, "plain", "mace") for l in (1, 0) for n in (3, 2)],
    "order 4": [(1, 4, 1, "symmetric", "mace")],
}


def bases(name: str) -> list[Any]:
    return [basis(space, n, l, symmetry, paths=paths) for space, n, l, symmetry, paths in CASES[name]]


def tensors(module: Any, dtype: Any = torch.float64, grad: bool = True) -> tuple[Any, list[Any], Any]:
    seed = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Any:
        return torch.randn(*shape, dtype=dtype, generator=seed).requires_grad_(grad)

    a = random(ATOMS, module.plan.polynomials.variables, CHANNELS)
    return a, [random(SPECIES, paths, CHANNELS) for paths in module.paths], torch.tensor([1, 0, 0, 1])


def arrays(*values: Any) -> list[Any]:
    return [v.detach().numpy() if isinstance(v, torch.Tensor) else [w.detach().numpy() for w in v] for v in values]


def force_loss(module: Any, a: Any, weights: list[Any], species: Any, g: Any) -> Any:
    """The gradients of a loss on forces in A and in the weights."""
    (force,) = torch.autograd.grad((module(a, weights, species) * g).sum(), a, create_graph=True)
    return torch.autograd.grad((force**2).sum(), [a, *weights])


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives_are_those_of_numpy(name: str) -> None:
    module, ours = interop.SymmetricContraction(bases(name)), products.SymmetricContraction(bases(name))
    a, weights, species = tensors(module)
    x, w, kinds = arrays(a, weights, species)
    found = module(a, weights, species)
    assert found.dtype == torch.float64 and (found.detach().numpy() == ours(x, w, kinds)).all()
    g = torch.randn(found.shape, dtype=torch.float64)
    in_a, *in_w = torch.autograd.grad((found * g).sum(), [a, *weights])
    want_a, want_w = ours.vjp(x, w, g.numpy(), kinds)
    assert (in_a.numpy() == want_a).all() and all((y.numpy() == z).all() for y, z in zip(in_w, want_w, strict=True))
    of_a, *of_w = force_loss(module, a, weights, species, g)
    want_a, want_w, _ = ours.gradient_vjp(x, w, g.numpy(), 2 * want_a, kinds)
    assert np.allclose(of_a.numpy(), want_a) and all(
        np.allclose(y.numpy(), z) for y, z in zip(of_w, want_w, strict=True)
    )


@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives(name: str) -> None:
    module = interop.SymmetricContraction(bases(name))
    a, weights, species = tensors(module)

    def function(x: Any, *w: Any) -> Any:
        return module(x, list(w), species)

    assert torch.autograd.gradcheck(function, (a, *weights))
    assert torch.autograd.gradgradcheck(function, (a, *weights))


@pytest.mark.parametrize("name", CASES)
def test_operators_keep_the_rules_of_torch(name: str) -> None:
    module = interop.SymmetricContraction(bases(name))
    a, weights, species = tensors(module)
    key, v, w = module.name, torch.randn_like(a).requires_grad_(), torch.cat(weights, 1).detach().requires_grad_()
    c = module.merge(weights).detach().requires_grad_()
    g = torch.randn_like(module(a, weights, species)).requires_grad_()
    calls = [
        (operators.contract_weights, (w, key)),
        (operators.contract_weights_gradient, (c, key)),
        (operators.contract, (a, c, species, key)),
        (operators.contract_tangent, (a, v, c, species, key)),
        (operators.contract_gradient, (a, c, species, g, key)),
        (operators.contract_curvature, (a, v, c, species, g, key)),
        (operators.contract_terms, (a, species, g, SPECIES, key)),
        (operators.contract_tangent_terms, (a, v, species, g, SPECIES, key)),
    ]
    for operator, arguments in calls:
        assert set(torch.library.opcheck(operator.operator, arguments).values()) == {"SUCCESS"}
        floats = [n for n, x in enumerate(arguments) if isinstance(x, torch.Tensor) and x.is_floating_point()]

        def function(*values: Any, operator: Any = operator, arguments: Any = arguments, floats: Any = floats) -> Any:
            given = list(arguments)
            for n, value in zip(floats, values, strict=True):
                given[n] = value
            return operator(*given)

        assert torch.autograd.gradcheck(function, tuple(arguments[n] for n in floats))


def test_third_derivatives_are_those_of_the_array_program() -> None:
    found = []
    for program in (False, True):
        module = interop.SymmetricContraction(bases("orders 1 to 3"), program=program)
        a, weights, species = tensors(module)
        value, steps = module(a, weights, species).sum(), []
        for _ in range(2):
            (slope,) = torch.autograd.grad(value, a, create_graph=True)
            value = (slope * torch.linspace(-1, 1, a.numel(), dtype=a.dtype).reshape(a.shape)).sum()
        steps = torch.autograd.grad(value, [a, *weights])
        found.append([step.numpy() for step in steps])
    assert all(np.allclose(x, y) for x, y in zip(*found, strict=True)) and abs(found[0][0]).max() > 1


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiled_it_is_the_same(dynamic: bool) -> None:
    module = interop.SymmetricContraction(bases("orders 1 to 3"))
    a, weights, species = tensors(module)
    compiled = torch.compile(module, fullgraph=True, dynamic=dynamic)
    expected, found = (m(a, weights, species) for m in (module, compiled))
    assert torch.equal(found, expected)
    inputs = [a, *weights]
    for x, y in zip(*(torch.autograd.grad((z**2).sum(), inputs) for z in (found, expected)), strict=True):
        assert torch.allclose(x, y)


def test_it_is_exported_for_any_number_of_atoms() -> None:
    module = interop.SymmetricContraction(bases("orders 1 to 3"), learn=True, species=SPECIES, channels=CHANNELS)
    a, _, species = tensors(module, torch.float32, grad=False)
    atoms = torch.export.Dim("atoms", min=2, max=1000)
    shapes = {"features": {0: atoms}, "species": {0: atoms}}
    exported = torch.export.export(module, (a,), {"species": species}, dynamic_shapes=shapes).module()
    for more in (a, torch.cat([a, a[:3]])):
        kinds = torch.zeros(len(more), dtype=torch.int64)
        assert torch.equal(exported(more, species=kinds), module(more, species=kinds))


def test_types_layouts_species_and_coefficients() -> None:
    last, first = (interop.SymmetricContraction(bases("orders 1 to 3"), layout=x) for x in products.product.LAYOUTS)
    a, weights, species = tensors(last, grad=False)
    expected = last(a, weights, species)
    assert torch.equal(first(a.transpose(1, 2), weights, species).transpose(1, 2), expected)
    assert torch.equal(last(a, None, species, coefficients=last.merge(weights)), expected)
    single, half = [w.float() for w in weights], [w.bfloat16() for w in weights]
    low = last(a.float(), single, species)
    assert low.dtype == torch.float32 and torch.allclose(low.double(), expected, rtol=1e-4, atol=1e-4)
    assert last(a.bfloat16(), half, species).dtype == torch.bfloat16
    assert last(a.float(), weights, species).dtype == torch.float64
    assert torch.equal(last(a[None], weights, species[None].int())[0], expected)
    alone = interop.SymmetricContraction(bases("order 4")[0])
    assert alone(torch.ones(2, 4, 3), torch.ones(alone.paths[0], 3)).shape == (2, 3, 3)


def test_slots_of_their_own() -> None:
    made = [basis(1, 2, 1, "plain"), basis(1, 3, 0, "plain")]
    module, ours = (x.SymmetricContraction(made, slots="separate") for x in (interop, products))
    images = [torch.randn(5, 4, 2, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    weights = [torch.randn(paths, 2, dtype=torch.float64) for paths in module.paths]
    found = module(images, weights)
    assert (found.detach().numpy() == ours([x.detach().numpy() for x in images], [w.numpy() for w in weights])).all()
    assert torch.autograd.gradcheck(lambda *x: module(list(x), weights), tuple(images))


def test_modules_are_saved_copied_and_learn() -> None:
    torch.manual_seed(1)
    module = interop.SymmetricContraction(bases("orders 1 to 3"), learn=True, species=SPECIES, channels=CHANNELS)
    assert [tuple(w.shape) for w in module.weights] == [(SPECIES, paths, CHANNELS) for paths in module.paths]
    a, _, species = tensors(module, torch.float32)
    expected = module(a, species=species)
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again(a, species=species), expected)
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    buffer.seek(0)
    other = interop.SymmetricContraction(bases("orders 1 to 3"), learn=True, species=SPECIES, channels=CHANNELS)
    assert not torch.equal(other(a, species=species), expected)
    other.load_state_dict(torch.load(buffer))
    assert torch.equal(other(a, species=species), expected)
    expected.sum().backward()
    assert all(w.grad is not None and w.grad.abs().max() > 0 for w in module.weights)


def test_tensors_of_a_model() -> None:
    made = bases("full, of MACE")
    buffers = [(each.output, torch.from_numpy(np.moveaxis(each.tensor(), 0, -1))) for each in made]
    module, other = interop.SymmetricContraction(made), interop.SymmetricContraction.from_tensors(buffers)
    a, weights, species = tensors(module, grad=False)
    assert torch.allclose(module(a, weights, species), other(a, weights, species), rtol=1e-13, atol=1e-13)


def test_devices_without_kernels_take_the_array_program() -> None:
    """A meta tensor stands for any other device: only shapes are computed there."""
    module = interop.SymmetricContraction(bases("orders 1 to 3"))
    a, weights, species = (
        x.to("meta") if isinstance(x, torch.Tensor) else [w.to("meta") for w in x] for x in tensors(module)
    )
    assert module(a, weights, species).shape == (ATOMS, 4, CHANNELS)


@pytest.mark.parametrize("program", [False, True])
@pytest.mark.parametrize("mode", ["jvp", "vmap", "hessian", "vmap of grad", "grad in weights"])
def test_every_transform_of_torch_func(mode: str, program: bool) -> None:
    """Inside a transform the array program is taken by itself; what is expected comes from the operators."""
    module = interop.SymmetricContraction(bases("orders 1 to 3"), program=program)
    kernels = interop.SymmetricContraction(bases("orders 1 to 3"))
    a, weights, species = tensors(module, grad=False)
    batch = torch.stack([a, 2 * a])

    def energy(x: Any, w: Any = weights, one: Any = module) -> Any:
        return one(x, w, species).square().sum()

    def slope(x: Any) -> Any:
        x = x.clone().requires_grad_()
        return torch.autograd.grad(energy(x, one=kernels), x)[0]

    if mode == "jvp":
        _, found = torch.func.jvp(lambda x: module(x, weights, species), (a,), (a,))
        expected = operators.contract_tangent(a, a, kernels.merge(weights), species, kernels.name)
    elif mode == "vmap":
        found = torch.func.vmap(lambda x: module(x, weights, species))(batch)
        expected = torch.stack([kernels(x, weights, species) for x in batch])
    elif mode == "hessian":
        found = torch.func.hessian(energy)(a)
        expected = torch.autograd.functional.hessian(lambda x: energy(x, one=kernels), a)
    elif mode == "vmap of grad":
        found, expected = torch.func.vmap(torch.func.grad(energy))(batch), torch.stack([slope(x) for x in batch])
    else:
        found = torch.func.grad(lambda w: energy(a, w))(weights)[1]
        own = [w.clone().requires_grad_() for w in weights]
        expected = torch.autograd.grad(energy(a, own, kernels), own)[1]
    assert torch.allclose(found, expected, rtol=1e-9, atol=1e-9) and found.abs().max() > 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: torch.ones(4, 8, 3)}, "A must have 9 components on axis -2"),
        ({0: torch.ones(4, 9, 3, dtype=torch.int64)}, "A must be real floating"),
        ({1: [torch.ones(2, 1, 3)] * 6}, r"weights must be \[species, paths, channels\]"),
        ({1: None}, "the module owns no weights"),
        ({2: None}, "weights of 2 species need species"),
        ({2: torch.tensor([0, 1, 2, 0])}, "species must be 0 … 1, got 0 … 2"),
        ({2: torch.tensor([0, 1, -1, 0])}, "species must be 0 … 1, got -1 … 1"),
        ({2: torch.tensor([0.0, 1, 1, 0])}, "species must be integers"),
        ({2: torch.tensor([0, 1])}, "species must be integers"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[int, Any], message: str) -> None:
    module = interop.SymmetricContraction(bases("orders 1 to 3"))
    given = [change.get(n, value) for n, value in enumerate(tensors(module, torch.float32))]
    with pytest.raises((TypeError, ValueError), match=message):
        module(*given)


def test_operators_refuse_tensors_that_do_not_fit() -> None:
    """Kernels read memory unchecked: shapes, types, devices, species and names are looked at before."""
    module = interop.SymmetricContraction(bases("orders 1 to 3"))
    a, weights, species = tensors(module, grad=False)
    c, key = module.merge(weights), module.name
    g = torch.ones(ATOMS, 4, CHANNELS, dtype=torch.float64)
    wrong = [
        (a[:, :8], c, species, key),
        (a, c[:, 1:], species, key),
        (a, c[..., :2], species, key),
        (a, c.float(), species, key),
        (a, c, species[1:], key),
        (a, c, species.int(), key),
        (a, c, species + 1, key),
        (a, c, species, "nothing"),
        (a[0], c, species, key),
    ]
    for arguments in wrong:
        with pytest.raises((TypeError, ValueError)):
            operators.contract(*arguments)
    for arguments in ((a, c, species, g[1:], key), (a, c, species, g[:, 1:], key), (a, c, species, g.float(), key)):
        with pytest.raises((TypeError, ValueError)):
            operators.contract_gradient(*arguments)
    with pytest.raises(ValueError, match="species must be"):
        operators.contract_terms(a, species, g, 1, key)
    with pytest.raises(ValueError, match="direction"):
        operators.contract_tangent(a, a[1:], c, species, key)


@pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")
@pytest.mark.parametrize("name", CASES)
def test_jax_gives_the_same_and_every_derivative(name: str) -> None:
    import jax
    import jax.numpy as jnp

    from coupling.backends.jax import SymmetricContraction

    ours, theirs = products.SymmetricContraction(bases(name)), SymmetricContraction(bases(name))
    module = interop.SymmetricContraction(bases(name))
    x, w, kinds = arrays(*tensors(module, torch.float32, grad=False))
    g = np.random.default_rng(0).standard_normal(ours(x, w, kinds).shape).astype(np.float32)

    def scalar(a: Any, weights: Any) -> Any:
        return (jax.jit(theirs)(a, weights, kinds) * g).sum()

    close = {"rtol": 2e-5, "atol": 2e-4}
    assert np.allclose(jax.jit(theirs)(x, w, kinds), ours(x, w, kinds), **close)
    in_a, in_w = jax.grad(scalar, (0, 1))(x, w)
    want_a, want_w = ours.vjp(x, w, g, kinds)
    assert np.allclose(in_a, want_a, **close)
    assert all(np.allclose(y, z, **close) for y, z in zip(in_w, want_w, strict=True))
    of_a, of_w = jax.grad(lambda a, weights: (jax.grad(scalar)(a, weights) * x).sum(), (0, 1))(jnp.asarray(x), w)
    want_a, want_w, _ = ours.gradient_vjp(x, w, g, x, kinds)
    scale = abs(want_a).max()
    assert np.allclose(of_a / scale, want_a / scale, atol=1e-5)
    assert all(np.allclose(y, z, rtol=1e-4, atol=1e-3) for y, z in zip(of_w, want_w, strict=True))
    assert np.allclose(jax.jvp(lambda a: theirs(a, w, kinds), (x,), (x,))[1], ours.jvp(x, w, x, kinds), **close)
    stacked = jax.vmap(lambda a: theirs(a, w, kinds))(np.stack([x, x]))
    assert np.allclose(stacked[1], ours(x, w, kinds), **close)
    with pytest.raises(ValueError, match="species must be"):
        theirs(x, w, kinds + 1)


@pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")
def test_jax_layouts_axes_types_and_coefficients() -> None:
    """One atom, a row of atoms and a table of atoms: an axis counted from the wrong end fits one of them only."""
    import jax
    import jax.numpy as jnp

    from coupling.backends.jax import SymmetricContraction

    made = bases("orders 1 to 3")
    ours = products.SymmetricContraction(made)
    last, first = (SymmetricContraction(made, layout=x) for x in products.product.LAYOUTS)
    a, weights, species = tensors(interop.SymmetricContraction(made), grad=False)
    x, w, kinds = arrays(a, weights, species)
    expected, met = ours(x, w, kinds), 0
    with jax.enable_x64(True):
        for shape in ((), (ATOMS,), (2, 2), (1, 4)):
            count = int(np.prod(shape))
            given, chosen = x[:count].reshape(*shape, *x.shape[1:]), kinds[:count].reshape(shape)
            want = expected[:count].reshape(*shape, *expected.shape[1:])
            found = last(given, w, chosen)
            turned = first(np.swapaxes(given, -1, -2), w, chosen)
            merged = last(given, None, chosen, coefficients=last.merge(w))
            assert found.dtype == turned.dtype == np.float64 and found.shape == want.shape
            for each in (found, np.swapaxes(turned, -1, -2), merged):
                assert np.allclose(each, want, rtol=1e-13, atol=1e-13)
                met += 1
        assert last(x.astype(np.float32), w, kinds).dtype == last(x, [v.astype(np.float32) for v in w], kinds).dtype
        for kind, error in ((jnp.bfloat16, 0.02), (jnp.float16, 0.003)):
            low = [jnp.asarray(v, kind) for v in w]
            found, exact = last(jnp.asarray(x, kind), low, kinds), last(jnp.asarray(x, kind).astype(float), low, kinds)
            assert found.dtype == kind and abs(found - exact).max() <= error * abs(exact).max()
    assert met == 12
    single = SymmetricContraction(made[0])
    one = products.SymmetricContraction(made[0])(x, w[0][1])
    assert np.allclose(single(x, w[0][1]), one, rtol=1e-5) and np.allclose(single(x, [w[0][1]]), one, rtol=1e-5)
    assert SymmetricContraction(ours).paths == ours.paths


@pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")
@pytest.mark.parametrize("layout", products.product.LAYOUTS)
def test_jax_slots_of_their_own(layout: str) -> None:
    """Images of several shapes that go together, with channels on either axis."""
    import jax

    from coupling.backends.jax import SymmetricContraction

    made = [basis(1, 2, 1, "plain"), basis(1, 3, 0, "plain")]
    ours, theirs = (
        x(made, slots="separate", layout=layout) for x in (products.SymmetricContraction, SymmetricContraction)
    )
    random = np.random.default_rng(2)
    images = [random.standard_normal((*lead, 4, 2)) for lead in ((3, 5), (5,), (1, 1))]
    if layout == "channels_first":
        images = [np.swapaxes(image, -1, -2) for image in images]
    weights = [random.standard_normal((paths, 2)) for paths in ours.paths]
    with jax.enable_x64(True):
        assert np.allclose(theirs(images, weights), ours(images, weights), rtol=1e-13, atol=1e-13)
        for wrong in (images[:2], images[0]):
            with pytest.raises(TypeError, match="must be a list of 3 arrays"):
                theirs(wrong, weights)


@pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: np.ones((4, 8, 3), np.float32)}, r"A must have 9 components on axis -2, got \(4, 8, 3\)"),
        ({0: np.ones(9, np.float32)}, "A must have 9 components on axis -2"),
        ({0: np.ones((4, 9, 3), np.int32)}, "A must be real floating, got int32"),
        ({1: [np.ones((2, 1, 3), np.float32)] * 6}, r"weights must be \[species, paths, channels\]"),
        ({2: None}, "weights of 2 species need species"),
        ({2: np.array([0, 1, 2, 0])}, "species must be 0 … 1, got 0 … 2"),
        ({2: np.array([0, 1, -1, 0])}, "species must be 0 … 1, got -1 … 1"),
        ({2: np.array([0.0, 1, 1, 0], np.float32)}, r"species must be integers \(4,\), got float32"),
        ({2: np.array([0, 1])}, r"species must be integers \(4,\)"),
    ],
)
def test_jax_arguments_that_do_not_fit(change: dict[int, Any], message: str) -> None:
    from coupling.backends.jax import SymmetricContraction

    module = SymmetricContraction(bases("orders 1 to 3"))
    given = arrays(*tensors(interop.SymmetricContraction(bases("orders 1 to 3")), torch.float32, grad=False))
    with pytest.raises((TypeError, ValueError), match=message):
        module(*[change.get(n, value) for n, value in enumerate(given)])
    assert module(given[0][:0], given[1], given[2][:0]).shape == (0, 4, CHANNELS)

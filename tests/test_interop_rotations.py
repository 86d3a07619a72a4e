"""Harmonics of vectors and Wigner D in torch and JAX: values, derivatives of every order, transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coupling
from coupling.sphere import cartesian_harmonics, cartesian_hessians
from tests.test_rotations import SPECIAL, random_quaternions

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")

import coupling.backends.jax as of_jax  # noqa: E402
import coupling.backends.torch as of_torch  # noqa: E402
from coupling.backends.torch import harmonics as operators  # noqa: E402

CASES = [(n, s) for n in ("integral", "component", "norm") for s in (False, True)]
VECTORS = np.concatenate([np.random.default_rng(0).standard_normal((7, 3)), np.eye(3)[[2, 2]] * [[1], [-2]]])


def bound(lmax: int, epsilon: float) -> float:
    """Of values of vectors up to length 3, of solid harmonics too."""
    return (lmax + 1) ** 3 * epsilon * 3**lmax


# -- harmonics --------------------------------------------------------------------------------


@pytest.mark.parametrize(("normalization", "solid"), CASES)
@pytest.mark.parametrize("lmax", [0, 1, 2, 5])
def test_torch_has_the_values_and_derivatives(lmax: int, normalization: str, solid: bool) -> None:
    options: Any = {"normalization": normalization, "solid": solid}
    values, first, second = cartesian_hessians(VECTORS, lmax, **options)
    v = torch.from_numpy(VECTORS)
    found = of_torch.cartesian_harmonics(v, lmax, **options)
    assert abs(found.numpy() - values).max() == 0

    def one(x: Any) -> Any:
        return of_torch.cartesian_harmonics(x, lmax, **options)

    for transform in (torch.func.jacrev, torch.func.jacfwd):
        jacobian = torch.func.vmap(transform(one))(v).numpy()
        assert abs(np.swapaxes(jacobian, 1, 2) - first).max() <= bound(lmax, 4e-15)
        for outer in (torch.func.jacrev, torch.func.jacfwd)[: 2 if transform is torch.func.jacrev else 1]:
            hessian = torch.func.vmap(outer(transform(one)))(v).numpy()
            assert abs(np.moveaxis(hessian, 1, 3) - second).max() <= bound(lmax, 2e-14)


def test_forward_over_forward_mode_is_refused_and_not_zero() -> None:
    """torch calls forward rules without the outer tangents; the products have the same rules."""
    product, v = of_torch.ClebschGordan(1, 1, 1), torch.ones(4, 1, dtype=torch.float64)
    for function, x in ((lambda x: of_torch.cartesian_harmonics(x, 2), v[:3, 0]), (lambda x: product(x, x), v)):
        for inner in (torch.func.jacfwd, torch.func.jacrev):
            if inner is torch.func.jacrev:
                assert torch.func.jacfwd(inner(function))(x).abs().max() > 0.1
            else:
                with pytest.raises(NotImplementedError, match="forward over reverse"):
                    torch.func.jacfwd(inner(function))(x)


@pytest.mark.parametrize(("normalization", "solid"), CASES[:2])
def test_torch_derivatives_of_any_order(normalization: str, solid: bool) -> None:
    v = torch.from_numpy(VECTORS[:3]).requires_grad_()
    for lmax in (0, 1, 3):

        def function(x: Any, l: int = lmax) -> Any:
            return of_torch.cartesian_harmonics(x, l, normalization=normalization, solid=solid)

        assert torch.autograd.gradcheck(function, v, check_forward_ad=True, check_batched_grad=True)
        assert torch.autograd.gradgradcheck(function, v, check_fwd_over_rev=True)

        def gradient(x: Any, f: Any = function) -> Any:
            return torch.autograd.grad(f(x).pow(2).sum(), x, create_graph=True)[0]

        if lmax:
            assert torch.autograd.gradgradcheck(gradient, v)  # third derivatives


def test_torch_zero_vector_types_compile_and_other_devices() -> None:
    v = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    y = of_torch.cartesian_harmonics(v, 3, normalization="norm")
    assert y.detach()[:, 0].eq(1).all() and not y.detach()[:, 1:].any()
    (first,) = torch.autograd.grad(y.sum(), v, create_graph=True)
    (second,) = torch.autograd.grad(first.sum() + (v**2).sum(), v)
    assert not first.detach().any() and not second.any()
    v = torch.from_numpy(VECTORS)
    for dtype, error in ((torch.float32, 1e-5), (torch.bfloat16, 0.2), (torch.float16, 0.02)):
        found = of_torch.cartesian_harmonics(v.to(dtype), 4)
        assert found.dtype == dtype and (found.double() - of_torch.cartesian_harmonics(v, 4)).abs().max() < error
    whole = of_torch.cartesian_harmonics(v[None, :, None].expand(2, -1, 3, -1), 3)
    assert whole.shape == (2, 9, 3, 16) and torch.equal(whole[1, :, 2], of_torch.cartesian_harmonics(v, 3))
    assert of_torch.cartesian_harmonics(v[:0], 2).shape == (0, 9)
    compiled = torch.compile(lambda x: of_torch.cartesian_harmonics(x, 3), fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(v), of_torch.cartesian_harmonics(v, 3))
    for arguments in ((v, 3, "norm", True), (v, 3, "norm", False)):
        torch.library.opcheck(operators.harmonics_operator, arguments)
        torch.library.opcheck(operators.gradient_operator, (v, torch.ones(9, 16).double(), *arguments[1:]))
        made = operators._gradient_elsewhere(v, torch.ones(9, 16).double(), *arguments[1:])
        expected = operators.gradient_operator(v, torch.ones(9, 16).double(), *arguments[1:])
        assert (made - expected).abs().max() < 1e-11


def test_torch_forces_are_the_gradient_of_an_energy() -> None:
    """float32 too: the derivative of the energy along a direction, by differences in float64."""
    weights = torch.randn(16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    v = torch.from_numpy(VECTORS).requires_grad_()

    def energy(x: Any) -> Any:
        return (of_torch.cartesian_harmonics(x, 3) @ weights.to(x.dtype)).sin().sum()

    (force,) = torch.autograd.grad(energy(v), v)
    w = v.detach().float().requires_grad_()
    (single,) = torch.autograd.grad(energy(w), w)
    assert (single - force).abs().max() < 1e-4
    step = torch.zeros_like(v)
    for n in range(v.numel()):
        step.flatten()[n] = 1e-6
        slope = (energy(v + step) - energy(v - step)) / 2e-6
        assert abs(slope - force.flatten()[n]) < 1e-7
        step.flatten()[n] = 0


@pytest.mark.parametrize(("normalization", "solid"), CASES)
def test_jax_has_the_values_and_derivatives(normalization: str, solid: bool) -> None:
    options: Any = {"normalization": normalization, "solid": solid}
    with jax.enable_x64(True):
        for lmax in (0, 1, 2, 5):
            values, first, second = cartesian_hessians(VECTORS, lmax, **options)

            def one(x: Any, l: int = lmax) -> Any:
                return of_jax.cartesian_harmonics(x, l, **options)

            found = jax.jit(one)(VECTORS)
            assert abs(np.asarray(found) - values).max() <= bound(lmax, 4e-15)
            for transform in (jax.jacrev, jax.jacfwd):
                jacobian = np.asarray(jax.vmap(transform(one))(VECTORS))
                assert abs(np.swapaxes(jacobian, 1, 2) - first).max() <= bound(lmax, 1e-14)
            hessian = np.asarray(jax.jit(jax.vmap(jax.hessian(one)))(VECTORS))
            assert abs(np.moveaxis(hessian, 1, 3) - second).max() <= bound(lmax, 5e-14)
        zero = jax.hessian(lambda x: of_jax.cartesian_harmonics(x, 3).sum())(np.zeros(3))
        assert not np.asarray(zero).any()
    assert of_jax.cartesian_harmonics(VECTORS.astype(np.float32), 2).dtype == np.float32


# -- Wigner D ---------------------------------------------------------------------------------

QUATERNIONS = np.concatenate([random_quaternions(5), np.array(SPECIAL, float)])


def test_torch_and_jax_have_the_matrices() -> None:
    q = torch.from_numpy(QUATERNIONS)
    with jax.enable_x64(True):
        for l in range(8):
            expected = coupling.wigner_D(l, QUATERNIONS)
            for found in (of_torch.wigner_D(l, 3 * q), jax.jit(of_jax.wigner_D, static_argnums=0)(l, 3 * QUATERNIONS)):
                assert abs(np.asarray(found) - expected).max() <= (l + 1) ** 2 * 2.0**-52
            single = of_torch.wigner_D(l, q.float())
            assert single.dtype == torch.float32 and abs(single.numpy() - expected).max() <= (l + 1) ** 2 * 2.0**-23
    r = of_torch.wigner_D(1, q)[:, [2, 0, 1]][:, :, [2, 0, 1]]  # y, z, x → x, y, z: the matrices themselves
    assert (of_torch.wigner_D(4, r) - of_torch.wigner_D(4, q)).abs().max() < 1e-13
    assert [d.shape[-1] for d in of_torch.wigner_D_up_to(3, q)] == [1, 3, 5, 7]
    for wrong, given in ((torch.ones(4, dtype=torch.int64), "torch.int64"), (QUATERNIONS, "ndarray")):
        with pytest.raises(TypeError, match=f"must be a tensor of float32 or float64, got '{given}'$"):
            of_torch.wigner_D(1, wrong)


def test_derivatives_of_d_are_smooth_at_every_rotation() -> None:
    """Hessian in the rotation vector, at the identity, at both poles and elsewhere: finite, symmetric, that of exp."""
    generators = np.array(coupling.sphere.generators(3))
    for start in QUATERNIONS:
        base = torch.from_numpy(start / np.linalg.norm(start))

        def turned(w: Any, at: Any = base) -> Any:
            """D of exp(w) q to second order: the quaternion (1 - w²/8, w/2) times q."""
            small = torch.cat([1 - (w * w).sum(-1, keepdim=True) / 8, w / 2])
            a, v, b, u = small[0], small[1:], at[0], at[1:]
            q = torch.cat([(a * b - (v * u).sum())[None], a * u + b * v + torch.linalg.cross(v, u)])
            return of_torch.wigner_D(3, q)

        zero = torch.zeros(3, dtype=torch.float64)
        first = torch.func.jacrev(turned)(zero).numpy()
        second = torch.func.jacfwd(torch.func.jacrev(turned))(zero).numpy()
        d = coupling.wigner_D(3, start)
        assert np.isfinite(second).all() and abs(second - np.swapaxes(second, -1, -2)).max() < 1e-13
        assert abs(first - np.moveaxis(generators @ d, 0, -1)).max() < 1e-12
        both = np.einsum("iab,jbc->ijac", generators, generators)
        expected = (both + np.swapaxes(both, 0, 1)) / 2 @ d
        assert abs(second - np.moveaxis(expected, (0, 1), (2, 3))).max() < 1e-12


def test_gradients_of_d_in_every_mode() -> None:
    q = torch.from_numpy(QUATERNIONS[[0, 5]]).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: of_torch.wigner_D(3, x), q, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda x: of_torch.wigner_D(2, x), q)
    with jax.enable_x64(True):
        for at in QUATERNIONS[[0, 5, 7]]:
            hessian = np.asarray(jax.hessian(lambda x: of_jax.wigner_D(3, x).sum())(at))
            x = torch.from_numpy(at)
            expected = torch.func.hessian(lambda y: of_torch.wigner_D(3, y).sum())(x).numpy()
            assert np.isfinite(hessian).all() and abs(hessian - expected).max() < 1e-11


def test_harmonics_turn_with_d_and_e3nn_agrees(request: pytest.FixtureRequest) -> None:
    """e3nn computes its matrices in the default type of torch."""
    o3 = pytest.importorskip("e3nn.o3")
    torch.set_default_dtype(torch.float64)
    request.addfinalizer(lambda: torch.set_default_dtype(torch.float32))
    q, v = QUATERNIONS[:5], VECTORS
    r = coupling.wigner_D(1, q)[:, [2, 0, 1]][:, :, [2, 0, 1]]
    for l in range(6):
        block = slice(l * l, (l + 1) ** 2)
        here, there = cartesian_harmonics(v, l)[:, block], cartesian_harmonics(v @ r.swapaxes(1, 2), l)[..., block]
        assert abs(there - here @ coupling.wigner_D(l, q).swapaxes(1, 2)).max() < 1e-13
        abc = torch.tensor([[0.3, 0.7, 1.1], [-2.0, 2.9, 0.1], [0.0, 0.0, 0.4]], dtype=torch.float64)
        theirs = o3.wigner_D(l, *abc.T)
        ours = coupling.wigner_D(l, abc.numpy(), euler="yxy", convention="e3nn")
        assert abs(theirs.numpy() - ours).max() < 1e-13
    for normalization in ("integral", "component", "norm"):
        theirs = o3.spherical_harmonics([0, 1, 2, 3], torch.from_numpy(v), True, normalization)
        ours = cartesian_harmonics(v[:, [2, 0, 1]], 3, normalization=normalization)
        assert abs(theirs.numpy() - ours).max() < 1e-13


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="real floating tensor"):
        of_torch.cartesian_harmonics(torch.ones(3, dtype=torch.int64), 1)
    with pytest.raises(ValueError, match=r"\[\.\.\., 3\]"):
        of_torch.cartesian_harmonics(torch.ones(4), 1)
    with pytest.raises(ValueError, match="quaternions"):
        of_torch.wigner_D(1, torch.ones(3))
    with pytest.raises(ValueError, match="quaternions"):
        of_jax.wigner_D(1, np.ones(3, np.float32))
    with pytest.raises(TypeError, match="float32 or float64"):
        of_torch.wigner_D(1, torch.ones(4, dtype=torch.float16))
    with pytest.raises(ValueError, match="<= 100"):
        of_torch.wigner_D(101, torch.ones(4))

"""The checks on functions of torch and JAX: our layers pass, planted faults in rules of differentiation do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coupling import Irreps
from coupling.backends.testing import check_conservative, check_equivariant

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")

import coupling.backends.jax as ours_jax  # noqa: E402
import coupling.backends.torch as ours  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((5, 3))
SENDERS, RECEIVERS = (torch.tensor(each) for each in ([0, 1, 2, 3, 4, 0, 2], [1, 0, 3, 2, 0, 4, 4]))
IRREPS = Irreps("4x0e + 4x1o")


class Model(torch.nn.Module):
    """Two convolutions and a symmetric product: features, and an energy."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = ours.Convolution(1, 2, 1)
        self.product = ours.TensorProduct.elementwise(IRREPS, IRREPS, "0e + 1o")
        self.mix = torch.nn.Parameter(torch.randn(len(self.conv.paths), 4, dtype=torch.float64))

    def forward(self, x: Any, positions: Any, senders: Any = SENDERS, receivers: Any = RECEIVERS) -> Any:
        vectors = positions[receivers] - positions[senders]
        weights = torch.exp(-(vectors**2).sum(-1))[:, None, None] * self.mix
        a = x.reshape(len(x), 4, 4)
        for _ in range(2):
            a = a + self.conv(a, vectors, weights, senders, receivers)
        return a.reshape(len(x), 16)

    def energy(self, positions: Any) -> Any:
        a = self(torch.ones(5, 16, dtype=torch.float64), positions)
        return (self.product(a, a)[:, :4] ** 2).sum() + a[:, :4].sum()


def test_a_model_of_our_layers_is_conservative_and_equivariant() -> None:
    model = Model()
    found = check_conservative(model.energy, torch.from_numpy(X))
    assert max(found) < 1e-7
    given = [torch.from_numpy(RANDOM.standard_normal((5, 16))), torch.from_numpy(X), SENDERS, RECEIVERS]
    kinds, nodes = [IRREPS, "cartesian", None, None], ["axis", "axis", "index", "index", "axis"]
    assert check_equivariant(model, given, kinds, IRREPS, nodes=nodes) < 1e-12


class WrongFirst(torch.autograd.Function):
    """A square with a wrong derivative."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2.001 * g * ctx.saved_tensors[0]


class WrongSecond(WrongFirst):
    """A square whose derivative is right and whose second derivative is not."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * g * x.detach() + g * (x - x.detach())


def test_wrong_rules_of_torch_are_caught() -> None:
    x = torch.from_numpy(X)
    assert max(check_conservative(lambda x: (x**2).sum(), x)) < 1e-8
    with pytest.raises(AssertionError, match="forces are not minus the gradient of the energy"):
        check_conservative(lambda x: WrongFirst.apply(x).sum(), x)
    with pytest.raises(AssertionError, match="second derivatives are not those of the forces"):
        check_conservative(lambda x: WrongSecond.apply(x).sum(), x)
    with pytest.raises(AssertionError, match="the derivative of the forces is not symmetric"):
        check_conservative(lambda x: (x**2).sum(), x, lambda y: -2 * y + 1e-3 * (y - x)[:, [1, 2, 0]])


def test_functions_of_jax() -> None:
    with jax.enable_x64(True):
        x = jax.numpy.asarray(X)
        product = ours_jax.ClebschGordan(1, 1, 2)

        def energy(x: Any) -> Any:
            a = jax.numpy.concatenate([jax.numpy.ones((5, 1)), x[:, jax.numpy.array([1, 2, 0])]], 1)[..., None]
            return (product(a, a)[:, 4:] ** 2).sum() + product(a, a)[:, 0].sum()

        assert max(check_conservative(energy, x)) < 1e-7

        @jax.custom_jvp
        def wrong(x: Any) -> Any:
            return x**2

        wrong.defjvp(lambda primals, tangents: (wrong(*primals), 2.001 * primals[0] * tangents[0]))
        with pytest.raises(AssertionError, match="forces are not minus the gradient"):
            check_conservative(lambda x: wrong(x).sum(), x)
        even = ours_jax.ClebschGordan(1, 1, 2, paths="even")
        given = [jax.numpy.asarray(RANDOM.standard_normal((3, 4))) for _ in range(2)]
        assert check_equivariant(lambda a, b: even(a[..., None], b[..., None])[..., 0], given, [1, 1], 2) < 1e-12


@pytest.mark.parametrize("before", [1, 2])
def test_every_test_draws_the_same_numbers_of_torch(before: int, request: pytest.FixtureRequest) -> None:
    """Whatever ran before, here the one of two that leaves another seed behind."""
    seed = request.config.getoption("--seed")
    assert torch.initial_seed() == seed
    assert torch.equal(torch.randn(3), torch.randn(3, generator=torch.Generator().manual_seed(seed)))
    torch.manual_seed(seed + before)

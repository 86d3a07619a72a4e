"""Checks of forces and of equivariance: what they accept, and the planted faults that they catch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coupling import Irreps
from coupling.backends.testing import check_conservative, check_equivariant
from coupling.products import ClebschGordan, Convolution, FullProduct, Gaunt, TensorProduct
from coupling.sphere import harmonics

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((5, 3))


def pair_energy(x: np.ndarray) -> Any:
    r2 = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.exp(-r2 / 4).sum()


def pair_forces(x: np.ndarray) -> np.ndarray:
    d = x[:, None] - x[None]
    return (d * np.exp(-(d**2).sum(-1) / 4)[..., None]).sum(1)


def test_forces_that_are_a_gradient_pass() -> None:
    found = check_conservative(pair_energy, X, pair_forces)
    assert max(found) < 1e-9 and found.hessian == 0


@pytest.mark.parametrize("size", [1e-5, 1e-2, -2.0])
def test_forces_of_another_size_are_caught(size: float) -> None:
    with pytest.raises(AssertionError, match="forces are not minus the gradient of the energy: relative error"):
        check_conservative(pair_energy, X, lambda x: (1 + size) * pair_forces(x))
    with pytest.raises(AssertionError, match="not minus the gradient"):
        check_conservative(pair_energy, X, lambda x: pair_forces(x) * (np.arange(15).reshape(5, 3) != 7))


def test_a_field_with_curl_is_caught_by_its_own_slopes() -> None:
    """The energy is that of the gradient part; at the positions themselves the curl vanishes."""

    def forces(x: np.ndarray) -> np.ndarray:
        return pair_forces(x) + 1e-3 * (x - X)[:, [1, 2, 0]]

    with pytest.raises(AssertionError, match="the derivative of the forces is not symmetric"):
        check_conservative(pair_energy, X, forces)


def test_numbers_that_are_none_do_not_pass() -> None:
    with pytest.raises(AssertionError, match="relative error nan"):
        check_conservative(pair_energy, X, lambda x: pair_forces(x) * np.nan)
    with pytest.raises(AssertionError, match="relative error nan"):
        check_equivariant(lambda x: x * np.nan, [X], ["cartesian"], "cartesian")


def test_differences_that_cannot_tell_are_not_called_wrong_forces() -> None:
    """A large constant, forces that almost vanish, an energy that changes within a step; right forces every time."""
    d = np.sqrt(((X[:, None] - X[None]) ** 2).sum(-1))
    stiff = (lambda x: np.sin(4e3 * x).sum(), lambda x: -4e3 * np.cos(4e3 * x))
    cases = {
        "constant": (lambda x: pair_energy(x) + 1e8, X, pair_forces),
        "far apart": (pair_energy, X * 9 / d[np.triu_indices(5, 1)].min(), pair_forces),
        "within a step": (stiff[0], X, stiff[1]),
    }
    for energy, x, forces in cases.values():
        with pytest.raises(AssertionError, match=r"nothing is shown: differences are known to .* take another step"):
            check_conservative(energy, x, forces)
    assert max(check_conservative(stiff[0], X, stiff[1], step=1e-5)) < 1e-6
    with pytest.raises(AssertionError, match="not minus the gradient"):
        check_conservative(lambda x: pair_energy(x) + 1e4, X, lambda x: pair_forces(x) * 1.001)


def test_arguments_of_forces_say_why() -> None:
    for arguments, message in [
        ((pair_energy, X.astype(np.float32), pair_forces), "positions must be float64, got float32"),
        ((pair_energy, X), "functions of numpy have no derivative: give forces"),
        ((lambda x: x, X, pair_forces), "the energy must be one number, got shape"),
        ((pair_energy, X, lambda x: x[0]), "forces must have shape"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            check_conservative(*arguments)
    with pytest.raises(ValueError, match="directions"):
        check_conservative(pair_energy, X, pair_forces, directions=0)


@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
def test_our_products_are_equivariant(layout: str) -> None:
    lists = "2x0e + 3x1o + 1x2e + 2x1e", "1x0e + 2x1o"
    product = TensorProduct.full(*lists, layout=layout)
    inputs = [RANDOM.standard_normal((4, Irreps(irreps).dim)) for irreps in lists]
    assert check_equivariant(product, inputs, lists, product.irreps_out, layout=layout) < 1e-13
    for kind in (ClebschGordan, Gaunt):
        sparse = kind(2, 1, 2, **({"paths": "even"} if kind is ClebschGordan else {}))
        flat = [RANDOM.standard_normal((4, 9)), RANDOM.standard_normal((4, 4))]
        error = check_equivariant(lambda x, y, p=sparse: p(x[..., None], y[..., None])[..., 0], flat, [2, 1], 2)
        assert error < 1e-13
    odd = ClebschGordan(1, 1, 1, paths="odd")  # two vectors to 1e, not to 1o
    with pytest.raises(AssertionError, match="commute with the inversion"):
        check_equivariant(lambda x, y: odd(x[..., None], y[..., None])[..., 0], [flat[1], flat[1][::-1]], [1, 1], 1)


def messages(x: np.ndarray, positions: np.ndarray, senders: np.ndarray, receivers: np.ndarray) -> np.ndarray:
    conv = Convolution("2x0e + 2x1o", 2, "2x0e + 2x1o")
    features = x[:, Irreps("2x0e + 2x1o").permutation("ir_mul", "ir_mul")].reshape(len(x), 4, 2)
    vectors = positions[receivers] - positions[senders]
    weights = np.exp(-(vectors**2).sum(-1))[:, None] * np.ones((1, len(conv.paths)))
    return conv(features, vectors, weights, senders, receivers).reshape(len(x), 8)


def test_message_passing_commutes_with_rotations_inversion_and_permutations() -> None:
    senders, receivers = np.array([0, 1, 2, 3, 4, 0]), np.array([1, 0, 3, 2, 0, 4])
    given = [RANDOM.standard_normal((5, 8)), X, senders, receivers]
    kinds, nodes = ["2x0e + 2x1o", "cartesian", None, None], ["axis", "axis", "index", "index", "axis"]
    assert check_equivariant(messages, given, kinds, "2x0e + 2x1o", nodes=nodes) < 1e-12
    faults = {
        "rotation 1": lambda x, p, s, r: messages(x, p * np.array([1, 1, 1.001]), s, r),
        "the inversion": lambda x, p, s, r: messages(x, p, s, r) + np.linalg.det(p[:3]) * (np.arange(8) < 2),
        "a permutation of nodes": lambda x, p, s, r: messages(x, p, s, r) * np.array([1, 1, 1, 1, 1.001])[:, None],
    }
    for name, fault in faults.items():
        with pytest.raises(AssertionError, match=f"output 1 does not commute with {name}: relative error"):
            check_equivariant(fault, given, kinds, "2x0e + 2x1o", nodes=nodes)


def test_other_conventions_and_vectors() -> None:
    """Harmonics of e3nn have y for their polar axis: their matrices are those of another frame."""

    def of_vectors(v: np.ndarray, order: list[int]) -> np.ndarray:
        v = v[:, order]
        theta, phi = np.arccos(v[:, 2] / np.linalg.norm(v, axis=1)), np.arctan2(v[:, 1], v[:, 0])
        return np.stack([harmonics(2, t, p) for t, p in zip(theta, phi, strict=True)])

    assert check_equivariant(lambda v: of_vectors(v, [0, 1, 2]), [X], ["cartesian"], 2) < 1e-12
    assert check_equivariant(lambda v: of_vectors(v, [2, 0, 1]), [X], ["cartesian"], 2, convention="e3nn") < 1e-12
    with pytest.raises(AssertionError, match="rotation 1"):
        check_equivariant(lambda v: of_vectors(v, [2, 0, 1]), [X], ["cartesian"], 2)
    cross = lambda v: np.cross(v, v + 1)  # noqa: E731
    with pytest.raises(AssertionError, match="rotation 1"):
        check_equivariant(cross, [X], ["cartesian"], "cartesian")
    axial = lambda a, b: np.cross(a, b)[:, [1, 2, 0]]  # noqa: E731
    two = [X, RANDOM.standard_normal((5, 3))]
    assert check_equivariant(axial, two, ["cartesian"] * 2, "1e") < 1e-13
    with pytest.raises(AssertionError, match="the inversion"):
        check_equivariant(axial, two, ["cartesian"] * 2, "1o")
    assert (
        check_equivariant(lambda v: (v, (v**2).sum(-1, keepdims=True)), [X], ["cartesian"], ["cartesian", "0e"]) < 1e-13
    )


def test_arguments_of_equivariance_say_why() -> None:
    good = [lambda x: x, [X], ["1o"], "1o"]
    for change, message in [
        ({2: ["1o", "1o"]}, "kinds and nodes are of every input and output"),
        ({2: ["2x1o"]}, r"input 1 must be \[..., 6\] for 2x1o"),
        ({3: ["1o", "1o"]}, "the function must return 2 arrays, got 5"),
        ({2: ["1/2 + 0"]}, "half-integer degrees have no real basis"),
        ({1: [X[:, :2]], 2: ["cartesian"], 3: None}, r"input 1 must be vectors \[..., 3\]"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            check_equivariant(*[change.get(n, value) for n, value in enumerate(good)])
    with pytest.raises(ValueError, match="one number of them on their first axes"):
        check_equivariant(*good, nodes=[None, None])
    with pytest.raises(ValueError, match="nodes must be one of"):
        check_equivariant(*good, nodes=["axes", None])
    assert FullProduct(1, 1, 1).paths.shape == (5, 3)

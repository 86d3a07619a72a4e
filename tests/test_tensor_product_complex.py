"""The tensor product in the complex basis: spins, half-integer degrees, and the a_lm of functions."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from itertools import product as pairs
from math import pi, sqrt

import numpy as np
import pytest
from scipy.special import sph_harm_y

from coupling import Irreps, exact, wigner_D
from coupling.products import TensorProduct
from tests.test_tensor_product import meetings

SPINS = [Fraction(n, 2) for n in range(6)]
#: Every mode, half-integers and integers, two paths that add up in one output, and an output without a path.
LISTS = "3x1/2 + 2x1 + 2x3/2", "2x1/2 + 2x0 + 2x3/2", "4x1 + 3x1/2 + 2x2 + 4x2 + 2x3 + 3x1/2 + 1x2 + 2x1 + 2x5/2"
INSTRUCTIONS = [
    (0, 0, 0, "uvw", True, 1.5), (2, 2, 0, "uuw"), (0, 1, 1, "uvu"), (1, 0, 5, "uvw"), (2, 2, 2, "uuu"),
    (2, 0, 3, "uvuv"), (2, 2, 4, "uvw"), (2, 0, 0, "uvw"), (2, 2, 6, "uvu<v"), (2, 2, 7, "u<vw"), (2, 0, 2, "uvv"),
]  # fmt: skip


def numbers(seed: int, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def given(product: TensorProduct, *lead: int) -> list[np.ndarray]:
    """Complex features and weights."""
    sizes = product.irreps1.dim, product.irreps2.dim, product.weight_count
    return [numbers(seed, *lead, size) for seed, size in enumerate(sizes)]


def test_every_coefficient_is_the_exact_one_to_rounding() -> None:
    """All pairs of degrees to 5/2: the product of unit vectors, with each output apart."""
    met = 0
    for j1, j2 in pairs(SPINS, repeat=2):
        product = TensorProduct.full(str(j1), str(j2), basis="complex")
        degrees = [abs(j1 - j2) + n for n in range(int(2 * min(j1, j2)) + 1)]
        assert [term.irrep.l for term in product.irreps_out] == degrees
        x, y = np.eye(int(2 * j1) + 1, dtype=complex), np.eye(int(2 * j2) + 1, dtype=complex)
        z = product(x[:, None], y)
        for (_, irrep), part in zip(product.irreps_out, product.irreps_out.slices, strict=True):
            for a, b, c in pairs(range(len(x)), range(len(y)), range(irrep.dim)):
                wanted = float(exact.clebsch_gordan(j1, j2, irrep.l, a - j1, b - j2, c - irrep.l))
                assert abs(z[a, b, part][c] - wanted) <= 3 * 2.0**-53 * abs(wanted)
                met += wanted != 0
    assert met == 1160


def test_singlet_and_triplet() -> None:
    """The textbook's: orders -1/2, 1/2 are down and up."""
    product, down, up = TensorProduct.full("1/2", "1/2", basis="complex"), np.array([1, 0j]), np.array([0j, 1])
    s = sqrt(0.5)
    for x, y, wanted in (
        (up, up, [0, 0, 0, 1]), (down, down, [0, 1, 0, 0]), (up, down, [s, 0, s, 0]), (down, up, [-s, 0, s, 0])
    ):  # fmt: skip
        np.testing.assert_allclose(product(x, y), wanted, atol=2e-16)


def by_loops(product: TensorProduct, x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The definition, copies and orders one by one, in the layout mul_ir."""
    z, start = np.zeros((len(x), product.irreps_out.dim), complex), 0
    lists = product.irreps1, product.irreps2, product.irreps_out
    for path in product.paths:
        i, j, k = (irreps.slices[n] for irreps, n in zip(lists, path.places, strict=True))
        first, second, out = (
            a[:, s].reshape(len(x), irreps[n].mul, irreps[n].irrep.dim)
            for a, s, irreps, n in zip((x, y, z), (i, j, k), lists, path.places, strict=True)
        )
        shape = path.weight_shape
        own = weights[:, start : start + int(np.prod(shape))].reshape(len(x), *shape)
        start += int(np.prod(shape))
        l1, l2, l3 = path.degrees
        for a, b, c in pairs(*(range(int(2 * l) + 1) for l in path.degrees)):
            if core := float(exact.clebsch_gordan(l1, l2, l3, a - l1, b - l2, c - l3)) / sqrt(2 * l3 + 1):
                for u, v, w, n in meetings(path):
                    out[:, n, c] += path.coefficient * core * own[(slice(None), *w)] * first[:, u, a] * second[:, v, b]
    return z


@pytest.mark.parametrize("layout", ["mul_ir", "ir_mul"])
def test_every_mode_is_its_definition(layout: str) -> None:
    product = TensorProduct(*LISTS, INSTRUCTIONS, layout=layout, basis="complex")
    assert {path.mode for path in product.paths} == {"uvw", "uvu", "uvv", "uuw", "uuu", "uvuv", "uvu<v", "u<vw"}
    x, y, w = given(product, 3)
    there = [irreps.permutation("mul_ir", layout) for irreps in (product.irreps1, product.irreps2, product.irreps_out)]
    wanted = by_loops(product, x, y, w)
    assert not wanted[:, product.irreps_out.slices[8]].any() and abs(wanted).max() > 1
    np.testing.assert_allclose(product(x[:, there[0]], y[:, there[1]], w), wanted[:, there[2]], atol=1e-13)
    single = product(x[:, there[0]].astype(np.complex64), y[:, there[1]].astype(np.complex64), w)
    assert single.dtype == np.complex64
    np.testing.assert_allclose(single, wanted[:, there[2]], atol=1e-5)
    shared = product(x[:, there[0]], y[:, there[1]], w[0].real)
    np.testing.assert_allclose(shared, by_loops(product, x, y, np.tile(w[:1].real, (3, 1)))[:, there[2]], atol=1e-13)


def rotations(irreps: Irreps, angles: tuple[float, float, float]) -> np.ndarray:
    """D of all irreps of a feature in the layout mul_ir, a block for each copy."""
    result, at = np.zeros((irreps.dim, irreps.dim), complex), 0
    for irrep in irreps.each:
        result[at : at + irrep.dim, at : at + irrep.dim] = wigner_D(irrep.l, angles, "complex", euler="zyz")
        at += irrep.dim
    return result


def test_it_turns_with_spinors_and_a_full_turn_changes_their_sign() -> None:
    product = TensorProduct(*LISTS, INSTRUCTIONS, layout="mul_ir", basis="complex")
    x, y, w = given(product, 5)
    z = product(x, y, w)
    for seed in range(4):
        alpha, beta, gamma = np.random.default_rng(seed).uniform(0, pi, 3).tolist()
        turned = {}
        for more in (0.0, 2 * pi):
            d1, d2, d3 = (rotations(Irreps(irreps), (alpha + more, beta, gamma)) for irreps in LISTS)
            turned[more] = product(x @ d1.T, y @ d2.T, w)
            np.testing.assert_allclose(turned[more], z @ d3.T, atol=5e-14)
        halves = np.array([irrep.twice % 2 for irrep in product.irreps_out.each for _ in range(irrep.dim)])
        np.testing.assert_allclose(turned[2 * pi], turned[0.0] * (1 - 2 * halves), atol=5e-14)
        assert halves.any() and not halves.all()


def test_it_is_linear_in_each_input_and_in_the_weights_over_complex_numbers() -> None:
    """So the derivative in x is the product with a change of x in its place; conjugates appear nowhere."""
    product = TensorProduct(*LISTS, INSTRUCTIONS, basis="complex")
    values, others, c = given(product, 2), [value[::-1] for value in given(product, 2)], 0.3 - 1.7j
    z = product(*values)
    for slot in range(3):
        both, other = list(values), list(values)
        both[slot], other[slot] = values[slot] + c * others[slot], others[slot]
        np.testing.assert_allclose(product(*both), z + c * product(*other), atol=1e-12)


def unitary(l: int) -> np.ndarray:
    """U with R = U Y, from the definition of the real harmonics."""
    u = np.zeros((2 * l + 1, 2 * l + 1), complex)
    u[l, l] = 1
    for m in range(1, l + 1):
        sign = (-1.0) ** m
        u[l + m, l - m], u[l + m, l + m] = sqrt(0.5), sign * sqrt(0.5)
        u[l - m, l - m], u[l - m, l + m] = 1j * sqrt(0.5), -1j * sign * sqrt(0.5)
    return u


def test_integer_degrees_are_the_real_product_in_another_basis() -> None:
    """Σ r R = Σ a Y gives a = Uᵀ r, and the product of a path the phase (-i)^J (-1)^(l1-l2)."""
    met = 0
    for l1, l2, l3 in pairs(range(4), repeat=3):
        if abs(l1 - l2) <= l3 <= l1 + l2:
            lists = [(1, (l, 0)) for l in (l1, l2, l3)]
            real, ours = (TensorProduct(*([one] for one in lists), basis=basis) for basis in ("real", "complex"))
            x, y = (np.random.default_rng(met + k).standard_normal(2 * l + 1) for k, l in enumerate((l1, l2)))
            one = np.ones(1)
            phase = (-1j) ** (l1 + l2 + l3) * (-1.0) ** (l1 - l2)
            found = ours(unitary(l1).T @ x, unitary(l2).T @ y, one) * phase
            np.testing.assert_allclose(found, unitary(l3).T @ real(x, y, one), atol=1e-14)
            met += 1
    assert met == 34


def test_the_product_of_two_functions_by_their_coefficients() -> None:
    """a_lm of f g, with the weights of the Gaunt integrals, against harmonics of scipy at some points."""
    product = TensorProduct(2, 2, 4, irrep_normalization="none", path_normalization="none", basis="complex")
    weights = [
        sqrt((2 * l1 + 1) * (2 * l2 + 1) / (4 * pi)) * float(exact.clebsch_gordan(l1, l2, l3, 0, 0, 0))
        for l1, l2, l3 in (path.degrees for path in product.paths)
    ]
    a, b = numbers(1, 9), numbers(2, 9)
    theta, phi = np.random.default_rng(3).uniform(0, pi, 7), np.random.default_rng(4).uniform(0, 2 * pi, 7)

    def function(coefficients: np.ndarray) -> np.ndarray:
        places = [(l, m) for l in range(5) for m in range(-l, l + 1)]
        return sum(c * sph_harm_y(l, m, theta, phi) for c, (l, m) in zip(coefficients, places, strict=False))

    np.testing.assert_allclose(function(product(a, b, np.array(weights))), function(a) * function(b), atol=1e-13)


def test_message_passing_of_spinors_and_pairs_of_copies() -> None:
    one = TensorProduct.channelwise("4x1/2", "0 + 1", "1/2", basis="complex")
    assert str(one.irreps_out) == "4x1/2+4x1/2" and one.weight_count == 8 and one.basis == "complex"
    assert repr(one).endswith("| complex basis)")
    with pytest.raises(ValueError, match=r"^irreps must all have a parity, e or o, or none"):
        Irreps("1/2 + 0e")
    assert len(TensorProduct("1/2", "1o", "1/2", basis="complex").paths) == 1  # without a parity any goes
    two = TensorProduct.elementwise("2x1/2", "2x1/2", "1", basis="complex")
    assert str(two.irreps_out) == "2x1" and not two.weight_count


def test_copies_and_pickles() -> None:
    product = TensorProduct(*LISTS, INSTRUCTIONS, basis="complex")
    values = given(product, 2)
    again = pickle.loads(pickle.dumps(product))
    assert np.array_equal(again(*values), product(*values)) and again.basis == "complex"


def test_what_does_not_fit_is_refused() -> None:
    made, spins = TensorProduct, TensorProduct.full("1/2", "1/2", basis="complex")
    ones, real = np.ones(2, complex), TensorProduct.full("1o", "1o")
    no_basis = "^half-integer degrees have no real basis, got 1x1/2; basis='complex' has them$"
    calls: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: made("1/2", "1/2", "0"), ValueError, no_basis),
        (lambda: made.full("1/2", "1/2"), ValueError, no_basis),
        (lambda: made.channelwise("0", "1/2", basis="real"), ValueError, no_basis),
        (lambda: made.full("1", "1", basis="spin"), ValueError, "^basis must be one of complex, real, got 'spin'$"),
        (lambda: made.full("1", "1", basis=1), TypeError, "^basis must be one of complex, real, got int 1$"),
        (
            lambda: made("1", "1", "1", convention="e3nn", basis="complex"),
            ValueError,
            "^convention must be one of coupling, got 'e3nn'$",
        ),
        (
            lambda: made("1/2", "1/2", "1/2", [(0, 0, 0, "uuu")], basis="complex"),
            ValueError,
            "^1/2 and 1/2 do not couple to 1/2, instruction",
        ),
        (lambda: spins(ones.real, ones), TypeError, "^input 1 must be complex64 or complex128, got float64$"),
        (lambda: real(np.ones(3), np.ones(3) + 0j), TypeError, "^input 2 must be float32 or float64, got complex128$"),
        (lambda: spins(np.ones(3, complex), ones), ValueError, r"^input 1 must be \[\.\.\., 2\] for 1x1/2, got"),
        (lambda: made("1/2", "1/2", "0", basis="complex")(ones, ones), ValueError, "^the product has 1 weights, got n"),
        (lambda: spins(ones, ones, ["a"]), TypeError, r"^weights must be real or complex numbers, got \['a'\]$"),
        (lambda: spins(ones, ones, ones), ValueError, r"^weights must be \[\.\.\., 0\], got \(2,\)$"),
    ]
    for call, kind, words in calls:
        with pytest.raises(kind, match=words):
            call()

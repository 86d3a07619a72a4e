"""Symmetric contractions: values and derivatives against dense tensors of the exact bases."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from functools import cache
from itertools import product as combinations
from pathlib import Path

import numpy as np
import pytest

from coupling.manybody import basis
from coupling.manybody.polynomials import Couplings, couplings_of, polynomials, summed_over_slots
from coupling.manybody.splitting import split
from coupling.products import SymmetricContraction
from coupling.products.contraction_plan import by_species
from coupling.sphere import random_rotation, rotation_matrix
from tests.sources import ROOT

SPECIES, CHANNELS, ATOMS = 3, 21, 11  # 21 channels are no multiple of a register, 11 atoms none of a batch
EPS = {np.float32: 1.2e-7, np.float64: 2.3e-16}  # spacings at 1

#: Options of bases: space, orders, outputs, symmetry, paths.
CASES = {
    "kernel": (3, (1, 2, 3), (0, 1), "symmetric", "kernel"),
    "mace full": (3, (1, 2, 3), (0, 1), "plain", "mace"),
    "e3nn full": (2, (1, 2, 3), (0, 1, 2), "plain", "e3nn"),
    "mace reduced": (3, (1, 2, 3), (0, 1), "symmetric", "mace"),
    "cuequivariance": (3, (2, 3), (1,), "symmetric", "cuequivariance"),
    "order 4": (2, (1, 4), (0, 2), "symmetric", "kernel"),
    "order 5": (1, (3, 5), (0, 1), "symmetric", "kernel"),
    "order 1": (2, (1,), (1,), "symmetric", "kernel"),
    "multiplicities": ("2x0e + 1o + 1e", (2, 3), ("0o", "1o"), "symmetric", "kernel"),
}


@cache
def bases(name: str) -> tuple:
    space, orders, outputs, symmetry, paths = CASES[name]
    return tuple(basis(space, n, o, symmetry, paths=paths) for o in outputs for n in orders)


def inputs(contraction: SymmetricContraction, dtype=np.float64, channels: int = CHANNELS):
    random = np.random.default_rng(1)
    a = random.standard_normal((ATOMS, contraction.components, channels)).astype(dtype)
    weights = [random.standard_normal((SPECIES, n, channels)).astype(dtype) for n in contraction.paths]
    return a, weights, random.permutation(np.arange(ATOMS) % SPECIES)


def dense(tensors, images, weights, species) -> tuple[np.ndarray, np.ndarray]:
    """Σ U A … A over all entries of dense tensors in long doubles, and the sum of the sizes of its terms."""
    found: dict[str, np.ndarray] = {}
    for (output, u), w in zip(tensors, weights, strict=True):
        places = np.argwhere(u)
        terms = u[tuple(places.T)].astype(np.longdouble)[:, None] * w[species].astype(np.longdouble)[:, places[:, 0]]
        for slot, a in zip(places.T[2:], images, strict=False):
            terms = terms * a[:, slot].astype(np.longdouble)
        sums = [[part(terms[:, places[:, 1] == m]).sum(1) for m in range(u.shape[1])] for part in (np.array, abs)]
        found[output] = found.get(output, 0) + np.swapaxes(np.array(sums), 1, 2)
    expected, size = np.concatenate(list(found.values()), 2)
    return expected, size


def reference(name: str, a, weights, species):
    tensors = [(each.output, each.tensor()) for each in bases(name)]
    return dense(tensors, [a] * 5, weights, species)


@pytest.mark.parametrize(("name", "dtype"), list(combinations(CASES, EPS)), ids=str)
def test_values_are_those_of_the_dense_tensors(name: str, dtype: type) -> None:
    contraction = SymmetricContraction(list(bases(name)))
    a, weights, species = inputs(contraction, dtype)
    expected, size = reference(name, a, weights, species)
    found = contraction(a, weights, species)
    assert found.dtype == dtype and found.shape == expected.shape
    assert (abs(found - expected) <= 4 * EPS[dtype] * size).all()
    assert (found == contraction(a, contraction.merge(weights), species)).all()


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    """Polynomials of degree ν: a central difference of 2n ≥ ν points is exact up to rounding."""
    contraction = SymmetricContraction(list(bases(name)))
    a, weights, species = inputs(contraction)
    random = np.random.default_rng(2)
    v = random.standard_normal(a.shape)
    g = random.standard_normal((ATOMS, sum(n for _, n in contraction.outputs), CHANNELS))
    stencil = np.array([1, -9, 45, 0, -45, 9, -1]) / 60.0

    def derivative(function):
        return sum(c * function(a + (3 - k) * v) for k, c in enumerate(stencil) if c)

    slope = derivative(lambda x: contraction(x, weights, species))
    in_a, in_w = contraction.vjp(a, weights, g, species)
    assert np.allclose((slope * g).sum(1), (in_a * v).sum(1), rtol=1e-11, atol=1e-9)
    assert np.allclose(contraction.jvp(a, weights, v, species), slope, rtol=1e-11, atol=1e-9)
    value = (contraction(a, weights, species) * g).sum()
    assert np.isclose(sum((x * w).sum() for x, w in zip(in_w, weights, strict=True)), value, rtol=1e-12)
    of_a, of_w, of_g = contraction.gradient_vjp(a, weights, g, v, species)
    assert np.allclose(of_a, derivative(lambda x: contraction.gradient(x, weights, g, species)), rtol=1e-10, atol=1e-8)
    assert np.allclose(of_g, slope, rtol=1e-11, atol=1e-9)
    changes = [derivative(lambda x, n=n: contraction.vjp(x, weights, g, species)[1][n]) for n in range(len(weights))]
    assert all(np.allclose(x, y, rtol=1e-10, atol=1e-8) for x, y in zip(of_w, changes, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_weight_gradients_are_those_of_each_path(name: str) -> None:
    """B is linear in the weights: the gradient of a path is B with this weight alone."""
    contraction = SymmetricContraction(list(bases(name)))
    a, weights, species = inputs(contraction, channels=2)
    g = np.random.default_rng(3).standard_normal((ATOMS, sum(n for _, n in contraction.outputs), 2))
    _, in_w = contraction.vjp(a, weights, g, species)
    met = 0
    for n, w in enumerate(weights):
        for k in range(w.shape[1]):
            one = [np.zeros_like(x) for x in weights]
            one[n][:, k] = 1
            each = (contraction(a, one, species) * g).sum(1)
            expected = np.array([each[species == s].sum(0) for s in range(SPECIES)])
            assert np.allclose(in_w[n][:, k], expected, rtol=1e-12, atol=1e-10)
            met += 1
    assert met == sum(contraction.paths)


def test_outputs_turn_with_the_features() -> None:
    contraction = SymmetricContraction(list(bases("e3nn full")))  # outputs 0, 1 and 2 of degrees 0, 1 and 2
    a, weights, species = inputs(contraction)
    turn = random_rotation(np.random.default_rng(4))

    turned = rotation_matrix(turn, 2)
    expected = turned @ contraction(a, weights, species)
    assert abs(contraction(turned @ a, weights, species) - expected).max() < 1e-12 * abs(expected).max()


def test_what_no_path_reaches_is_zero_and_is_not_read() -> None:
    """A natural 1e output of order 2 has no path; A of degree 2 and 3 takes no part in (1o 1o)0e."""
    one, empty = basis("0e + 1o + 2e", 1, "0e"), basis("0e + 1o + 2e", 2, "0o")
    contraction = SymmetricContraction([one, empty])
    assert contraction.paths == (1, 0) and contraction.outputs == (("0e", 1), ("0o", 1))
    a = np.ones((2, 9, 3))
    a[:, 4:] = np.nan
    weights = [np.ones((1, 3)), np.ones((0, 3))]
    found = contraction(a, weights)
    assert (found[:, 0] == 1).all() and (found[:, 1] == 0).all()
    in_a, in_w = contraction.vjp(a, weights, np.ones((2, 2, 3)))
    assert (in_a[:, 0] == 1).all() and (in_a[:, 1:] == 0).all()
    assert (in_w[0] == 2).all() and in_w[1].shape == (0, 3)


def test_nothing_at_all() -> None:
    empty = SymmetricContraction(basis(2, 2, "0o"))
    assert empty.terms == 0
    a, w, g = np.ones((2, 9, 3)), np.ones((0, 3)), np.ones((2, 1, 3))
    assert (empty(a, w) == 0).all()
    in_a, in_w = empty.vjp(a, w, g)
    assert (in_a == 0).all() and in_w.shape == (0, 3)
    contraction = SymmetricContraction(basis(1, 2, 0))
    assert contraction(np.ones((0, 4, 3)), np.ones((2, 3))).shape == (0, 1, 3)
    assert contraction(np.ones((3, 4, 0)), np.ones((2, 0))).shape == (3, 1, 0)
    assert (contraction.vjp(np.ones((0, 4, 3)), np.ones((2, 3)), np.ones((0, 1, 3)))[1] == 0).all()


def test_nan_and_infinity_stay_in_their_atom_and_channel() -> None:
    contraction = SymmetricContraction(list(bases("kernel")))
    a, weights, species = inputs(contraction)
    expected = contraction(a, weights, species)
    a[3, 2, 5], a[7, 0, 20] = np.nan, np.inf
    found = contraction(a, weights, species)
    touched = np.zeros(found.shape, bool)
    touched[3, :, 5] = touched[7, :, 20] = True
    assert (found == expected)[~touched].all() and not np.isfinite(found[touched]).all()


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_the_number_of_threads_changes_no_bit(workers: int) -> None:
    random = np.random.default_rng(5)
    one, many = (SymmetricContraction(list(bases("kernel")), workers=n) for n in (1, workers))
    a = random.standard_normal((301, 16, 37)).astype(np.float32)
    weights = [random.standard_normal((2, n, 37)).astype(np.float32) for n in one.paths]
    species, g = random.integers(0, 2, 301), random.standard_normal((301, 4, 37)).astype(np.float32)
    assert one(a, weights, species).tobytes() == many(a, weights, species).tobytes()
    for x, y in zip(one.vjp(a, weights, g, species), many.vjp(a, weights, g, species), strict=True):
        assert (
            np.concatenate([each.ravel() for each in x]).tobytes() == np.concatenate([e.ravel() for e in y]).tobytes()
        )


def test_the_place_of_an_atom_changes_no_bit() -> None:
    """Whether an atom is in a batch of four or alone, and which atoms stand beside it."""
    contraction = SymmetricContraction(list(bases("kernel")))
    a, weights, species = inputs(contraction)
    whole = contraction(a, weights, species)
    for n in range(ATOMS):
        assert contraction(a[n : n + 1], weights, species[n : n + 1]).tobytes() == whole[n : n + 1].tobytes()


def test_many_atoms_are_those_of_each_part() -> None:
    """More atoms of a species than a task has: values one by one, gradients in weights as sums over parts."""
    contraction, random = SymmetricContraction(list(bases("kernel"))), np.random.default_rng(9)
    a, species = random.standard_normal((203, 16, 3)), random.integers(0, 2, 203)
    g, weights = random.standard_normal((203, 4, 3)), [random.standard_normal((2, n, 3)) for n in contraction.paths]
    whole = contraction(a, weights, species)
    in_a, in_w = contraction.vjp(a, weights, g, species)
    parts = [slice(0, 50), slice(50, 203)]
    found = [contraction.vjp(a[p], weights, g[p], species[p]) for p in parts]
    assert (np.concatenate([contraction(a[p], weights, species[p]) for p in parts]) == whole).all()
    assert (np.concatenate([each for each, _ in found]) == in_a).all()
    for n, total in enumerate(in_w):
        assert np.allclose(sum(each[n] for _, each in found), total, rtol=1e-12, atol=1e-11)


def test_layouts_leading_axes_and_types() -> None:
    last, first = (SymmetricContraction(list(bases("kernel")), layout=x) for x in ("channels_last", "channels_first"))
    a, weights, species = inputs(last)
    expected = last(a, weights, species)
    swapped = np.swapaxes(a, 1, 2)
    assert (np.swapaxes(first(swapped, weights, species), 1, 2) == expected).all()
    g = np.ones_like(expected)
    in_a, in_w = last.vjp(a, weights, g, species)
    other_a, other_w = first.vjp(swapped, weights, np.swapaxes(g, 1, 2), species)
    assert (np.swapaxes(other_a, 1, 2) == in_a).all() and all(
        (x == y).all() for x, y in zip(in_w, other_w, strict=True)
    )
    stacked = last(np.stack([a, a]), weights, np.stack([species, species]))
    assert stacked.shape == (2, *expected.shape) and (stacked == expected).all()
    assert (last(a[0], [w[0] for w in weights]) == last(a[:1], [w[:1] for w in weights])[0]).all()
    mixed = last(a.astype(np.float32), weights, species)
    assert mixed.dtype == np.float64
    assert (last(a.astype(">f8"), weights, species) == expected).all()


def test_weights_of_one_channel_are_those_of_all() -> None:
    contraction = SymmetricContraction(list(bases("kernel")))
    a, weights, species = inputs(contraction)
    narrow = [w[..., :1] for w in weights]
    wide = [np.broadcast_to(w, (*w.shape[:-1], CHANNELS)) for w in narrow]
    assert (contraction(a, narrow, species) == contraction(a, wide, species)).all()
    g = np.ones((ATOMS, 4, CHANNELS))
    for x, y in zip(contraction.vjp(a, narrow, g, species)[1], contraction.vjp(a, wide, g, species)[1], strict=True):
        assert np.allclose(x, y.sum(-1, keepdims=True))


@pytest.mark.parametrize("symmetry", ["plain", "symmetric", "antisymmetric"])
def test_images_of_their_own_in_the_slots(symmetry: str) -> None:
    """PACE: no symmetrization, slot k takes the image k; an order below the highest takes the first ones."""
    made = [basis(2, 2, 1, symmetry), basis(2, 3, 1, symmetry), basis(2, 3, 0, symmetry)]
    contraction = SymmetricContraction(made, slots="separate")
    random = np.random.default_rng(6)
    images = [random.standard_normal((5, 9, 7)) for _ in range(3)]
    weights = [random.standard_normal((2, each.shape[0], 7)) for each in made]
    species, tensors = np.array([0, 1, 1, 0, 1]), [(each.output, each.tensor()) for each in made]
    expected, size = dense(tensors, images, weights, species)
    found = contraction(images, weights, species)
    assert (abs(found - expected) <= 4 * EPS[np.float64] * size).all() and abs(expected).max() > 0.1
    g, v = random.standard_normal(found.shape), [random.standard_normal(x.shape) for x in images]
    in_a, _ = contraction.vjp(images, weights, g, species)
    slope = contraction.jvp(images, weights, v, species)
    assert np.allclose(sum((x * y).sum(1) for x, y in zip(in_a, v, strict=True)), (slope * g).sum(1))
    moved = [dense(tensors, [x + h * y for x, y in zip(images, v, strict=True)], weights, species)[0] for h in (1, -1)]
    third = dense(tensors, v, [np.zeros_like(weights[0]), *weights[1:]], species)[0]
    assert np.allclose((moved[0] - moved[1]) / 2 - third, slope)


def test_tensors_of_any_program() -> None:
    """A dense U as MACE keeps it, paths last; rounded zeros are dropped, the slots made symmetric."""
    made = bases("mace full")
    tensors = [(each.output, np.moveaxis(each.tensor(), 0, -1)) for each in made]
    noise = np.random.default_rng(7)
    rounded = [(o, u + 1e-17 * noise.standard_normal(u.shape)) for o, u in tensors]
    one, other = SymmetricContraction(list(made)), SymmetricContraction.from_tensors(rounded)
    a, weights, species = inputs(one)
    assert other.terms == one.terms and other.outputs == one.outputs and other.paths == one.paths
    assert np.allclose(one(a, weights, species), other(a, weights, species), rtol=1e-13, atol=1e-13)
    all_kept = SymmetricContraction.from_tensors(rounded, tolerance=0)
    assert all_kept.terms > one.terms
    low = SymmetricContraction.from_tensors([(o, u.astype(np.float32)) for o, u in rounded])
    assert low.terms == one.terms


def test_few_products_serve_all_monomials() -> None:
    """The counts of the prototype: 410 coefficients, some 56 products of pairs for both outputs."""
    made = polynomials([couplings_of(each) for each in bases("kernel")])
    parts = split(made)
    assert len(made.row) == 410 and len(parts.products) <= 56
    contraction = SymmetricContraction(list(bases("kernel")))
    operations = {k: contraction.plan.lists(k).operations for k in ("values", "gradient", "coefficients")}
    assert operations == {"values": 529, "gradient": 1211, "coefficients": 529}


@pytest.mark.parametrize("name", CASES)
def test_every_monomial_is_its_stem_times_its_extension(name: str) -> None:
    made = polynomials([couplings_of(each) for each in bases(name)])
    parts = split(made)
    nodes: list[tuple[int, ...]] = [(), *((i,) for i in range(parts.variables))]
    for a, b in parts.products.tolist():
        assert max(a, b) < len(nodes)
        nodes.append(tuple(sorted(nodes[a] + nodes[b])))
    assert len(set(nodes)) == len(nodes) == parts.nodes
    for monomial, a, b in zip(made.monomials, parts.stem.tolist(), parts.extension.tolist(), strict=True):
        assert tuple(sorted(nodes[a] + nodes[b])) == monomial


def test_pickles_and_coefficients_of_another() -> None:
    contraction = SymmetricContraction(list(bases("kernel")))
    a, weights, species = inputs(contraction)
    expected = contraction(a, weights, species)
    again = pickle.loads(pickle.dumps(contraction))
    assert (again(a, again.merge(weights), species) == expected).all()
    other = SymmetricContraction(list(bases("mace reduced")))
    with pytest.raises(ValueError, match="merged by the same contraction"):
        contraction(a, other.merge(weights), species)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": np.ones((2, 8, 3))}, r"A must have 9 components on axis -2, got shape \(2, 8, 3\)"),
        ({"a": np.ones((2, 9, 3), int)}, "A must be float32 or float64, got int64"),
        ({"w": [np.ones((2, 9, 3))] * 2}, "weights must be a list of 1 arrays"),
        ({"w": np.ones((2, 4, 3))}, r"weights must be \[species, 3, channels\]"),
        ({"w": np.ones((2, 3, 2))}, "weights must have 3 channels as A has, or 1, got 2"),
        ({"w": np.ones((2, 3, 3), int)}, "weights must be float32 or float64"),
        ({"s": None}, "weights of 2 species need species"),
        ({"s": np.array([0.0, 1.0])}, "species must be integers"),
        ({"s": np.array([0, 2])}, "species must be 0 … 1, got 0 … 2"),
        ({"s": np.array([-1, 0])}, "species must be 0 … 1, got -1 … 0"),
        ({"s": np.array([0])}, r"species must have the shape \(2,\)"),
    ],
)
def test_arguments_that_do_not_fit(change: dict, message: str) -> None:
    contraction = SymmetricContraction(basis(2, 2, 0))
    given = {"a": np.ones((2, 9, 3)), "w": np.ones((2, 3, 3)), "s": np.array([0, 1])} | change
    with pytest.raises((TypeError, ValueError), match=message):
        contraction(given["a"], given["w"], given["s"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SymmetricContraction([]), "one or several values of coupling.manybody.basis"),
        (lambda: SymmetricContraction(3), "one or several values of coupling.manybody.basis"),
        (lambda: SymmetricContraction([basis(1, 2, 0), basis(2, 2, 0)]), "the bases must be of one space"),
        (lambda: SymmetricContraction(basis(1, 2, 0, basis="complex")), "in real components"),
        (lambda: SymmetricContraction(basis(1, 2, "1e", "antisymmetric")), "vanishes when all factors are the same"),
        (lambda: SymmetricContraction(basis(1, 2, 0), slots="any"), "slots must be"),
        (lambda: SymmetricContraction.from_tensors([("1o", np.ones((1, 4, 2)))]), "components, paths"),
        (lambda: SymmetricContraction.from_tensors([("1", np.ones((3, 4, 5, 2)))]), "components, paths"),
        (lambda: SymmetricContraction.from_tensors([("0e", np.ones((1, 4, 2), int))]), "floating-point numbers"),
        (lambda: SymmetricContraction.from_tensors([("x", np.ones((1, 4, 2)))]), "irreps must be|name of one irrep"),
        (lambda: SymmetricContraction.from_tensors([("0e", np.full((1, 4, 2), np.nan))]), "finite"),
    ],
)
def test_bases_that_do_not_fit(make, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_sums_over_slots_are_exact() -> None:
    """Coefficients that cancel are gone, and what remains is the sum of the exact ones."""
    made, met = basis(2, 3, 1, "plain", paths="mace"), 0
    found = summed_over_slots(made)
    assert (found.integers != 0).all() and len(found.path) < len(made.path)
    for k in range(made.shape[0]):
        for m in (-1, 0, 1):
            expected: dict[tuple[int, ...], float] = {}
            for monomial, value in made.polynomial(k, m).items():
                key = tuple(sorted(monomial))
                expected[key] = expected.get(key, 0.0) + float(value)
            exact = {monomial: float(value) for monomial, value in found.polynomial(k, m).items()}
            wanted = {monomial: value for monomial, value in expected.items() if abs(value) > 1e-12}
            assert exact.keys() == wanted.keys()
            assert all(abs(exact[key] - wanted[key]) < 1e-14 for key in exact)
            met += len(exact)
    assert met > 100


def test_couplings_of_ones_own() -> None:
    """Any polynomials: here the squared norm of three numbers, as an entry list."""
    index = np.arange(3)
    mine = Couplings("0e", (1, 1), 3, 0 * index, 0 * index, np.stack([index, index], 1), np.ones(3))
    x = np.array([[1.0], [2.0], [2.0]])
    assert SymmetricContraction(mine)(x, np.ones((1, 1))) == [[9.0]]


INTERPRETED = """
import sys
import numpy as np
from tests.test_contraction import interpreted_values
assert not hasattr(__import__("coupling.kernels.contraction", fromlist=["contraction"]).contraction, "py_func")
np.savez(sys.argv[1], *interpreted_values())
"""


def interpreted_values() -> list[np.ndarray]:
    """A contraction and its derivatives, atoms and channels beyond a batch and a register."""
    contraction = SymmetricContraction([basis(1, n, l) for l in (0, 1) for n in (1, 2, 3)])
    random = np.random.default_rng(8)
    a, g = random.standard_normal((2, 6, 4, 18)).astype(np.float32)
    weights = [random.standard_normal((2, paths, 18)).astype(np.float32) for paths in contraction.paths]
    species = np.arange(6) % 2
    in_a, in_w = contraction.vjp(a, weights, g, species)
    of_a, of_w, of_g = contraction.gradient_vjp(a, weights, g, a, species)
    return [contraction(a, weights, species), in_a, *in_w, of_a, *of_w, of_g]


def test_without_a_compiler_it_is_the_same(tmp_path: Path) -> None:
    """A multiply-add is rounded twice then."""
    file = tmp_path / "found.npz"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", INTERPRETED, str(file)], env=environment, check=True, cwd=ROOT)
    met = 0
    for found, expected in zip(np.load(file).values(), interpreted_values(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())
        met += 1
    assert met == 16


def test_places_are_64_bit_integers() -> None:
    """Places are products of rows, lanes and atoms; the lists themselves may be narrower."""
    kernel = importlib.import_module("coupling.kernels.contraction")
    assert "Domain: " in (kernel.__doc__ or "")
    lists = SymmetricContraction(basis(1, 2, 0)).plan.lists("gradient")
    assert lists.rows.dtype == np.int64 and by_species(np.array([1, 0]))[0].dtype == np.int64

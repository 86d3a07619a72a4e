"""The conventions of other programs: every block against its definition, every change of basis against harmonics.

What the programs themselves compute is compared in test_witnesses.py.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import sphericart
from scipy.special import sph_harm_y

import coupling
from coupling import exact
from coupling.exact import Surd
from coupling.families import family as known
from coupling.foreign import CONVENTIONS, Convention, change_of_basis, named, translate
from coupling.foreign.axes import axis_matrix, determinant
from coupling.foreign.choices import (
    alternating,
    cartesian,
    four_pi,
    input_norm,
    orthogonal,
    racah,
    without_condon_shortley,
    zero_first,
)
from coupling.foreign.reader import parse_convention
from coupling.foreign.signs import NEGATED_BY_E3NN_0_4, e3nn_0_4
from coupling.selection import paths, real_orders
from coupling.sphere import gauss_legendre, gradients, harmonics

#: Conventions of no program, to exercise every field: a mirror, all norms, scales, phases and axes of arrays.
INVENTED = [
    Convention("mirror", axes=("x", "z", "y"), norm=racah, slots=(1, 2, 0)),
    Convention("espresso", axes=("-y", "x", "z"), orders=zero_first, phase=alternating, norm=four_pi),
    Convention("inverted", axes=("-x", "-y", "-z"), orders=cartesian, scale=input_norm, slots=(2, 1, 0)),
    Convention("geodesy", basis="complex", phase=without_condon_shortley, norm=four_pi, slots=(2, 0, 1)),
    Convention("tilted", basis="complex", axes=("z", "-y", "x"), orders=zero_first, scale=orthogonal),
]
EVERY = [*CONVENTIONS.values(), *INVENTED]
BY_NAME = pytest.mark.parametrize("convention", EVERY, ids=lambda c: c.name)


def cartesian_points(grid) -> np.ndarray:
    st, ct = np.sin(grid.theta), np.cos(grid.theta)
    return np.stack([st * np.cos(grid.phi), st * np.sin(grid.phi), ct], -1)


def angles(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.arctan2(np.hypot(points[..., 0], points[..., 1]), points[..., 2]), np.arctan2(
        points[..., 1], points[..., 0]
    )


def stored(values: np.ndarray, l: int, convention: Convention) -> np.ndarray:
    """Phases, norm and orders, applied to harmonics (last axis) one order at a time."""
    size = float(convention.norm(l))
    return np.stack([values[..., l * l + l + m] * (convention.phase(l, m) * size) for m in convention.orders(l)], -1)


def their_harmonics(lmax: int, points: np.ndarray, convention: Convention) -> list[np.ndarray]:
    """H_l of the definition, for each degree."""
    turned = points @ axis_matrix(convention.axes).T
    values = harmonics(lmax, *angles(turned), convention.basis)
    return [stored(values, l, convention) for l in range(lmax + 1)]


def their_gradients(lmax: int, points: np.ndarray, convention: Convention) -> list[np.ndarray]:
    """Surface gradients as vectors in space [3, points, 2l+1]; the gradient of f(A v) is Aᵀ (∇f)(A v)."""
    matrix = axis_matrix(convention.axes)
    theta, phi = angles(points @ matrix.T)
    frame = np.array(
        [
            [np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)],
            [-np.sin(phi), np.cos(phi), 0 * phi],
        ]
    )
    vectors = np.einsum("cxp,cpk,xv->vpk", frame, gradients(lmax, theta, phi, convention.basis), matrix)
    return [stored(vectors, l, convention) for l in range(lmax + 1)]


# -- blocks -----------------------------------------------------------------------------------


@BY_NAME
def test_integrals_are_those_of_the_harmonics_of_the_convention(convention: Convention) -> None:
    """Both kinds of Gaunt integral by quadrature, in the harmonics, orders and axes of the convention."""
    lmax = 3
    grid = gauss_legendre(3 * lmax)
    points = cartesian_points(grid)
    h, slopes = their_harmonics(lmax, points, convention), their_gradients(lmax, points, convention)
    weighted = points * grid.weights[:, None]
    met = 0
    for l1, l2, l3 in paths(lmax):
        even = np.einsum("p,pi,pj,pk->ijk", grid.weights, h[l1], h[l2], h[l3])
        cross = np.cross(slopes[l2][..., :, None], slopes[l3][..., None, :], axis=0)
        odd = np.einsum("pi,px,xpjk->ijk", h[l1], weighted, cross)
        for family, integral in (("gaunt", even), ("antisymmetric_gaunt", odd)):
            block = coupling.block(family, l1, l2, l3, convention=convention)
            np.testing.assert_allclose(block, integral.transpose(convention.slots), atol=2e-12)
            met += 1
    assert met == 2 * sum(2 * max(l) <= sum(l) for l in product(range(lmax + 1), repeat=3))


@BY_NAME
def test_coupling_tensors_are_the_core_in_the_basis_of_the_convention(convention: Convention) -> None:
    """The core, transformed on every axis by the matrices between the harmonics; and its Frobenius norm."""
    home = "coupling" if convention.basis == "real" else "scipy"
    lmax, met = 4, 0
    matrices = [change_of_basis(l, home, convention, normalized=True) for l in range(lmax + 1)]
    for path in paths(lmax):
        core = coupling.block("wigner_3j", *path, basis=convention.basis)
        turned = np.einsum("ia,jb,kc,abc->ijk", *(matrices[l] for l in path), core)
        factor = float(convention.scale(*path)) * convention.sign(*path)
        block = coupling.block("wigner_3j", *path, convention=convention)
        np.testing.assert_allclose(block, (factor * turned).transpose(convention.slots), atol=1e-12)
        assert np.linalg.norm(block) == pytest.approx(abs(factor), abs=1e-13)
        met += 1
    assert met == sum(2 * max(l) <= sum(l) for l in product(range(lmax + 1), repeat=3))


@BY_NAME
def test_clebsch_gordan_means_the_same_everywhere(convention: Convention) -> None:
    """Orthogonal rows, whatever the scale of the program's own tensor; the sign of its own tensor."""
    for l1, l2, l3 in paths(3):
        block = coupling.block("clebsch_gordan", l1, l2, l3, convention=convention)
        rows = block.transpose(np.argsort(convention.slots)).reshape(-1, 2 * l3 + 1)
        np.testing.assert_allclose(rows.conj().T @ rows, np.eye(2 * l3 + 1), atol=1e-14)
        if convention.basis == "real":
            tensor = coupling.block("wigner_3j", l1, l2, l3, convention=convention)
            assert (tensor * block >= 0).all() and (tensor * block).any()


@BY_NAME
def test_blocks_are_correctly_rounded_in_every_convention(convention: Convention) -> None:
    """Entry by entry against the exact number times the exact factor; orders and phases looked up one by one."""
    exactly = known("wigner_3j").exact(convention.basis)
    met = different = 0
    for path in paths(3):
        block = coupling.block("wigner_3j", *path, convention=convention)
        factor = convention.factor("wigner_3j", *path)
        for place in product(*(range(2 * l + 1) for l in path)):
            m = [convention.orders(l)[k] for l, k in zip(path, place, strict=True)]
            phase = np.prod([convention.phase(l, k) for l, k in zip(path, m, strict=True)])
            value = exactly(*path, *m) * int(phase)
            entry = block[tuple(place[slot] for slot in convention.slots)]
            assert entry == float(value * factor)
            different += entry != float(value) * float(factor)
            met += 1
    assert met == sum(np.prod([2 * l + 1 for l in path]) for path in paths(3))
    assert (different > 0) == (convention.scale not in (CONVENTIONS["e3nn"].scale,))


def test_large_blocks_keep_every_bit() -> None:
    """Beyond the size where kernels take over, with orders, axes and signs that move entries."""
    path = (24, 23, 25)
    ours = coupling.block("clebsch_gordan", *path)
    theirs = coupling.block("wigner_3j", *path, convention="e3x")
    where = [[l + m for m in cartesian(l)] for l in path]
    assert np.array_equal(theirs, ours[np.ix_(*where)]) and np.count_nonzero(theirs) > 3000
    mirrored = coupling.block("gaunt", *path, convention=Convention("m", axes=("y", "x", "z")))
    assert np.array_equal(mirrored, coupling.block("gaunt", *path))


def test_exact_zeros_stay_positive_zeros() -> None:
    for convention in EVERY:
        block = coupling.block("wigner_3j", 2, 2, 1, convention=convention)
        assert (block == 0).any() and not np.signbit(block[block == 0].real).any()


@BY_NAME
def test_there_and_back_bit_for_bit(convention: Convention) -> None:
    for path in paths(4):
        ours = coupling.block("wigner_3j", *path, basis=convention.basis)
        moved = convention.arrange(ours, path)
        assert np.array_equal(convention.restore(moved, path), ours)
        assert np.array_equal(np.sort(abs(moved), axis=None), np.sort(abs(ours), axis=None))


def test_translate_between_all_conventions() -> None:
    met = exactly = 0
    for source, target in product(EVERY, repeat=2):
        if source.basis != target.basis:
            with pytest.raises(ValueError, match="transform with change_of_basis"):
                translate(np.zeros(()).reshape(1, 1, 1), 0, 0, 0, source, target)
            continue
        for path in ((1, 2, 2), (2, 1, 3), (3, 3, 3)):
            for family in ("wigner_3j", "gaunt", "antisymmetric_gaunt"):
                given = coupling.block(family, *path, convention=source)
                wanted = coupling.block(family, *path, convention=target)
                found = translate(given, *path, source, target, family)
                np.testing.assert_allclose(found, wanted, rtol=2.0**-51, atol=0)
                exactly += np.array_equal(found, wanted)
                met += 1
    assert met == 9 * sum(s.basis == t.basis for s, t in product(EVERY, repeat=2)) and exactly > met // 2


def test_a_change_of_sign_and_order_is_bitwise() -> None:
    old = coupling.block("wigner_3j", 5, 5, 5, convention="e3nn_0_4")
    assert np.array_equal(translate(old, 5, 5, 5, "e3nn_0_4", "e3j"), -old.transpose(2, 0, 1) + 0)
    assert np.array_equal(translate(old, 5, 5, 5, "e3nn_0_4"), coupling.block("wigner_3j", 5, 5, 5))


# -- harmonics --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    v = np.random.default_rng(7).normal(size=(40, 3))
    return v / np.linalg.norm(v, axis=1)[:, None]


def test_changes_of_basis_take_harmonics_to_harmonics(points: np.ndarray) -> None:
    """Between all conventions, at the same points of space."""
    lmax, met = 5, 0
    values = {c.name: their_harmonics(lmax, points, c) for c in EVERY}
    for source, target in product(EVERY, repeat=2):
        for l in range(lmax + 1):
            matrix = change_of_basis(l, source, target)
            assert matrix.dtype == (float if source.basis == target.basis == "real" else complex)
            np.testing.assert_allclose(values[source.name][l] @ matrix.T, values[target.name][l], atol=3e-14)
            met += 1
    assert met == 6 * len(EVERY) ** 2


def test_change_of_basis_against_sphericart_and_scipy(points: np.ndarray) -> None:
    """Large degrees, with harmonics that are not ours."""
    lmax = 30
    theirs = sphericart.SphericalHarmonics(lmax).compute(points)
    turned = sphericart.SphericalHarmonics(lmax).compute(points[:, [2, 0, 1]])
    for l in (0, 1, 2, 7, 30):
        y = np.stack([sph_harm_y(l, m, *angles(points)) for m in range(-l, l + 1)], -1)
        part = slice(l * l, (l + 1) ** 2)
        np.testing.assert_allclose(y @ change_of_basis(l, "scipy", "sphericart").T, theirs[:, part], atol=1e-12)
        np.testing.assert_allclose(theirs[:, part] @ change_of_basis(l, "sphericart", "scipy").T, y, atol=1e-12)
        np.testing.assert_allclose(y @ change_of_basis(l, "scipy", "e3nn").T, turned[:, part], atol=1e-12)


def test_changes_of_basis_are_a_group_of_unitary_matrices() -> None:
    for source, target in product(EVERY, repeat=2):
        for l in (1, 4):
            forth = change_of_basis(l, source, target, normalized=True)
            back = change_of_basis(l, target, source, normalized=True)
            np.testing.assert_allclose(forth @ back, np.eye(2 * l + 1), atol=1e-15)
            np.testing.assert_array_equal(forth.conj().T, back)
            with_norm = change_of_basis(l, source, target)
            ratio = float(target.norm(l) / source.norm(l))
            np.testing.assert_allclose(with_norm, forth * ratio, rtol=4e-16, atol=0)


def test_the_48_symmetries_of_the_cube(points: np.ndarray) -> None:
    """Every signed permutation of the axes, and its product with a fixed one."""
    met = 0
    fixed = Convention("fixed", axes=("y", "-z", "x"))
    for signs, order in product(product(("", "-"), repeat=3), permutations("xyz")):
        axes = tuple(sign + axis for sign, axis in zip(signs, order, strict=True))
        convention = Convention("c", axes=axes)
        assert determinant(axes) == round(np.linalg.det(axis_matrix(axes)))
        expected = their_harmonics(6, points, convention)
        given = their_harmonics(6, points, fixed)
        for l in range(7):
            np.testing.assert_allclose(given[l] @ change_of_basis(l, fixed, convention).T, expected[l], atol=2e-14)
        met += 1
    assert met == 48


def test_degree_one_is_what_the_programs_say() -> None:
    """x, y, z by name: e3nn and e3x begin with x; sphericart has y, z, x; degree 1 in Racah's norm is the vector."""
    v = np.array([2.0, 3.0, 6.0]) / 7
    yzx = v[[1, 2, 0]]
    for name, vector in (("e3nn", v), ("e3x", v), ("e3j", v), ("sphericart", yzx), ("sympy_real", yzx * [-1, 1, -1])):
        matrix = change_of_basis(1, "coupling", name, normalized=True)
        np.testing.assert_allclose(matrix @ yzx, vector, atol=1e-16)
    assert np.array_equal(change_of_basis(1, Convention("r", norm=racah), "e3x"), np.eye(3)[[2, 0, 1]])


# -- signs of e3nn 0.4.4 ----------------------------------------------------------------------


def test_e3nn_0_4_negates_44_of_91_odd_paths() -> None:
    odd = [p for p in paths(11) if sum(p) % 2 and p[0] <= p[1] <= p[2]]
    assert len(odd) == 91 and set(odd) >= NEGATED_BY_E3NN_0_4 and len(NEGATED_BY_E3NN_0_4) == 44
    for path in paths(6):
        signs = {e3nn_0_4(*other) for other in permutations(path)}
        assert len(signs) == 1 and (sum(path) % 2 or signs == {1})


def test_e3nn_0_4_ends_at_degree_11() -> None:
    assert coupling.block("wigner_3j", 1, 10, 11, convention="e3nn_0_4").any()
    with pytest.raises(ValueError, match="e3nn_0_4 ends at degree 11, got 12"):
        coupling.block("wigner_3j", 4, 8, 12, convention="e3nn_0_4")


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"axes": ("x", "y", "y")}, "axes must be x, y, z"),
        ({"axes": ("x", "y")}, "axes must be x, y, z"),
        ({"axes": ("x", "--y", "z")}, "axes must be x, y, z"),
        ({"slots": (0, 1, 1)}, "slots must be 0, 1 and 2"),
        ({"basis": "quaternionic"}, "basis must be one of"),
    ],
)
def test_a_convention_that_cannot_be(fields: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Convention("c", **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"orders": lambda l: range(l + 1)}, "orders of c for degree 2 must be"),
        ({"sign": lambda *path: 0}, "a sign of c must be 1 or -1, got 0"),
        ({"phase": lambda l, m: 2}, "a sign of c must be 1 or -1, got 2"),
        ({"scale": lambda *path: 2.0}, "scale of c must be a Surd > 0"),
        ({"scale": lambda *path: Surd(-1)}, "scale of c must be a Surd > 0"),
    ],
)
def test_a_field_that_returns_nonsense(fields: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        coupling.block("wigner_3j", 2, 2, 2, convention=Convention("c", **fields))


def test_conventions_that_do_not_exist_or_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"convention must be one of .*e3nn.*, got 'e3n'"):
        coupling.block("gaunt", 1, 1, 2, convention="e3n")
    with pytest.raises(TypeError, match="convention must be one of"):
        coupling.block("gaunt", 1, 1, 2, convention=3)
    with pytest.raises(ValueError, match="the convention e3nn has the real basis, got basis 'complex'"):
        coupling.block("gaunt", 1, 1, 2, "complex", convention="e3nn")
    with pytest.raises(ValueError, match=r"has shape \(5, 3, 3\), got \(3, 3, 5\)"):
        translate(np.zeros((3, 3, 5)), 1, 1, 2, "e3j")
    with pytest.raises(ValueError, match="family must be one of"):
        coupling.block("gaunts", 1, 1, 2, convention="e3nn")
    with pytest.raises(ValueError, match="degree must be >= 0"):
        change_of_basis(-1, "e3nn", "e3x")
    assert not coupling.block("wigner_3j", 1, 1, 3, convention="e3x").any()


def test_convention_files() -> None:
    """Every name that a file may use, and what is refused."""
    raw = b"""
    name = "mine"
    program = "a test"
    basis = "real"
    axes = ["z", "-x", "y"]
    orders = "zero_first"
    phase = "alternating"
    norm = "racah"
    scale = "orthogonal"
    slots = [2, 0, 1]
    sign = "e3nn_0_4"
    lmax = 10
    """
    expected = Convention(
        "mine", "a test", "real", ("z", "-x", "y"), zero_first, alternating, racah, orthogonal, (2, 0, 1), e3nn_0_4, 10
    )
    assert parse_convention(raw) == expected
    assert expected.describe()["orders"] == "zero_first" and expected.describe()["axes"] == ["z", "-x", "y"]
    for text, words in (
        (b'name = "m"\ncolour = 1', "unknown key 'colour'"),
        (b"lmax = 3", "a convention has a name"),
        (b'name = "m"\nslots = [0, 1]', "slots must be three of int"),
        (b'name = "m"\nslots = [0, 1, true]', "slots must be three of int"),
        (b'name = "m"\naxes = "xyz"', "axes must be three of str"),
        (b'name = "m"\nnorm = "loud"', "norm must be one of orthonormal, four_pi, racah"),
        (b'name = "m"\nlmax = -1', "lmax must be >= 0"),
        (b"name = ", "not a TOML file"),
        (b"\xff", "not a TOML file"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            parse_convention(text)


def test_named_conventions_are_what_the_table_says() -> None:
    assert [c.name for c in CONVENTIONS.values()] == list(CONVENTIONS)
    assert named("coupling") == Convention("coupling", "this package")
    l1, l2, l3 = 2, 3, 4
    values = {name: coupling.block("wigner_3j", l1, l2, l3, convention=name) for name in CONVENTIONS}
    core = values["coupling"]
    for name in ("e3nn", "e3nn_jax", "openequivariance", "sphericart"):
        assert np.array_equal(values[name], core)
    assert np.array_equal(values["e3nn_0_4"], core)  # an odd path that it has with our sign
    assert np.array_equal(values["e3j"], core.transpose(2, 0, 1))
    assert np.array_equal(values["cuequivariance"], coupling.block("clebsch_gordan", l1, l2, l3))
    assert np.array_equal(values["sympy"], coupling.block("wigner_3j", l1, l2, l3, "complex"))
    assert sum(1 for _ in real_orders(l1, l2, l3)) >= np.count_nonzero(core) > 40
    assert exact.real_wigner_3j(1, 1, 1, -1, 0, 1) == Surd(1, 1, 6)

"""Rotations: exact small d, d and D in floats to degree 1000, generators, and what they do to harmonics."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.physics.quantum.spin import Rotation

import coupling
from coupling.arrays import build_arrays
from coupling.backends.array_api.rotations import isometry, recurred, require_rotation_shape, wigner_matrices
from coupling.exact import Surd, wigner_d, wigner_d_polynomial
from coupling.exact.wigner_d import half_pi_matrix
from coupling.foreign import CONVENTIONS, Convention
from coupling.foreign.choices import alternating, cartesian
from coupling.foreign.convention import EULER
from coupling.foreign.harmonics import change_of_basis
from coupling.sphere import generators, harmonics, rotation_matrix
from coupling.sphere.directions import angles
from coupling.sphere.quarter_turns import quarter_turn_d
from coupling.sphere.quaternions import multiply_quaternions, quaternions

LONG_HAS_64_BITS = np.finfo(np.longdouble).nmant >= 63
HALVES = [Fraction(n, 2) for n in range(8)]
ANGLES = [0.0, 1e-9, 0.3, np.pi / 2, 2.0, np.pi - 1e-9, np.pi, -0.7, 5.0]


def slack(j: Any, x86: float) -> float:
    """The error that is stated, where long double has 64 bits and elsewhere."""
    return x86 if LONG_HAS_64_BITS else x86 * (float(j) + 1) / 2


def orders(j: Fraction) -> list[Fraction]:
    return [-j + k for k in range(int(2 * j) + 1)]


# -- exact ------------------------------------------------------------------------------------


@pytest.mark.parametrize("j", HALVES[:5])
def test_exact_d_is_the_exponential_of_the_generator(j: Fraction) -> None:
    """d(0) = 1 and d' = -i J_y d, as polynomials in c = cos β/2 and s = sin β/2, c' = -s/2 and s' = c/2."""
    c, s = sp.symbols("c s")
    ms, size = orders(j), int(2 * j) + 1
    d = sp.Matrix(
        size, size, lambda a, b: sum(x.to_sympy() * c**p * s**q for x, p, q in wigner_d_polynomial(j, ms[a], ms[b]))
    )
    up = sp.Matrix(size, size, lambda a, b: sp.sqrt((j - ms[b]) * (j + ms[a])) / 2 if a == b + 1 else 0)
    slope = d.diff(c) * (-s / 2) + d.diff(s) * (c / 2)
    assert (slope - (up.T - up) * d).expand().is_zero_matrix
    assert d.subs({c: 1, s: 0}) == sp.eye(size)


@pytest.mark.parametrize("j", HALVES)
def test_exact_values_at_quarter_turns(j: Fraction) -> None:
    """Surds at every multiple of π/2, equal to the polynomial there; the whole matrix; the sign after a full turn."""
    ms, met = orders(j), 0
    whole = half_pi_matrix(int(2 * j))
    for a, b in np.ndindex(len(ms), len(ms)):
        for quarters in range(-4, 9):
            value = wigner_d(j, ms[a], ms[b], quarters * sp.pi / 2)
            beta = quarters * sp.pi / 2
            terms = wigner_d_polynomial(j, ms[a], ms[b])
            expected = sum(x.to_sympy() * sp.cos(beta / 2) ** p * sp.sin(beta / 2) ** q for x, p, q in terms)
            assert isinstance(value, Surd) and sp.expand(value.to_sympy() - expected) == 0
            met += 1
        assert whole[a][b] == wigner_d(j, ms[a], ms[b], sp.pi / 2)
        turned = wigner_d(j, ms[a], ms[b], 5 * sp.pi / 2)
        assert turned == whole[a][b] * (-1 if int(2 * j) % 2 else 1)
    assert met == 13 * len(ms) ** 2


def test_exact_d_equals_sympy() -> None:
    beta = sp.Symbol("beta")
    for j in HALVES[:4]:
        for a in orders(j):
            for b in orders(j):
                theirs = Rotation.d(*(sp.Rational(x) for x in (j, a, b)), beta).doit()
                difference = wigner_d(j, a, b, beta) - theirs
                for at in (sp.Rational(1, 3), sp.Rational(5, 2)):
                    assert abs(complex(difference.subs(beta, at).evalf(30))) < 1e-25
    assert wigner_d(1, 0, 0, sp.pi / 3) == sp.cos(sp.pi / 6) ** 2 - sp.sin(sp.pi / 6) ** 2
    assert isinstance(wigner_d(1, 0, 0, 0), Surd) and wigner_d(3, 2, 2, 0) == 1


def test_exact_rows_have_unit_length_and_are_orthogonal() -> None:
    for n in (7, 12, 25):
        rows = half_pi_matrix(n)
        for a in range(n + 1):
            for b in range(a, n + 1):
                total = sum((x * y for x, y in zip(rows[a], rows[b], strict=True)), Surd(0))
                assert total == (1 if a == b else 0)


# -- floats -----------------------------------------------------------------------------------


def test_quarter_turns_are_right_to_a_rounding() -> None:
    for n in (*range(41), 97, 200):
        exact = np.array([[float(x) for x in row] for row in half_pi_matrix(n)])
        assert abs(quarter_turn_d(n) - exact).max() <= slack(n / 2, 2.0**-53)


def reference_d(j: Fraction, m1: Fraction, m2: Fraction, beta: float) -> mpmath.mpf:
    """The sum over k with as many digits as it cancels."""
    with mpmath.workdps(int(1.3 * float(j)) + 40):
        c, s = mpmath.cos(mpmath.mpf(beta) / 2), mpmath.sin(mpmath.mpf(beta) / 2)
        total, first = mpmath.mpf(0), max(0, int(m2 - m1))
        for k in range(first, min(int(j + m2), int(j - m1)) + 1):
            sine = int(m1 - m2) + 2 * k
            term = comb(int(j + m2), k) * comb(int(j - m2), int(j - m1) - k)
            total += (-1) ** (int(m1 - m2) + k) * term * c ** int(2 * j - sine) * s**sine
        outer = mpmath.mpf(comb(int(2 * j), int(j + m2))) / comb(int(2 * j), int(j + m1))
        return +(total * mpmath.sqrt(outer))


@pytest.mark.parametrize("j", [*HALVES, Fraction(20), Fraction(101, 2)])
def test_d_is_right_to_rounding(j: Fraction) -> None:
    ms = orders(j)
    found = coupling.wigner_d(j, ANGLES)
    picked = range(len(ms)) if len(ms) < 10 else [0, 1, len(ms) // 3, len(ms) // 2, len(ms) - 2, len(ms) - 1]
    met = 0
    for n, beta in enumerate(ANGLES):
        for a in picked:
            for b in picked:
                error = abs(found[n, a, b] - float(reference_d(j, ms[a], ms[b], beta)))
                assert error <= slack(j, 2e-15), (beta, a, b)
                met += 1
    assert met == len(ANGLES) * len(picked) ** 2


@pytest.mark.parametrize("j", [Fraction(1000), Fraction(1999, 2)])
def test_d_of_degree_1000(j: Fraction) -> None:
    """Spots against the sum in 1300 digits, at both ends of the orders and of the angles; unitary to some roundings."""
    n, met = int(2 * j) + 1, 0
    for beta in (1e-6, 0.3, 1.9, np.pi - 1e-3):
        d = coupling.wigner_d(j, beta)
        for a, b in ((0, 0), (n - 1, 0), (n // 2, n // 2), (n // 2, n // 3), (700, 901), (n - 1, n - 2)):
            expected = float(reference_d(j, -j + a, -j + b, beta))
            assert abs(d[a, b] - expected) <= slack(j, 2e-15), (beta, a, b)
            met += 1
        rows = d[:: n // 40]
        assert abs(rows @ d.T - np.eye(n)[:: n // 40]).max() <= slack(j, 1e-14)
    assert met == 24


def test_large_angles_keep_their_digits() -> None:
    for beta in (1e5, -1e10, 1e15):
        expected = [
            [float(reference_d(Fraction(3), Fraction(a), Fraction(b), beta)) for b in range(-3, 4)]
            for a in range(-3, 4)
        ]
        assert abs(coupling.wigner_d(3, beta) - expected).max() <= slack(3, 2e-15)


# -- rotations --------------------------------------------------------------------------------


def random_quaternions(count: int, seed: int = 0) -> np.ndarray:
    q = np.random.default_rng(seed).standard_normal((count, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)


SPECIAL = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [1, 0, 0, 1],
    [1, 1, 1, 1],
    [1, 0, 1e-9, 0],
    [1e-9, 1, 0, 0],
]


def matrix_of(q: Any) -> np.ndarray:
    """v → q v q⁻¹ for the three axes."""
    q = np.asarray(q, float) / np.linalg.norm(q)
    back = q * [1, -1, -1, -1]
    columns = [multiply_quaternions(multiply_quaternions(q, np.array([0.0, *axis])), back)[1:] for axis in np.eye(3)]
    return np.array(columns).T


# -- polynomials in the arrays of any framework, here those of numpy ------------------------------


def test_polynomials_are_wigner_d() -> None:
    """Of unit quaternions, of longer ones, and of matrices, whose rows and columns are those of D^1."""
    quaternions = np.concatenate([random_quaternions(5), np.array(SPECIAL, float)])
    matrices = np.array([matrix_of(q) for q in quaternions])
    lmax, met = 30, 0
    for given in (quaternions, 3 * quaternions, quaternions[:3], matrices, matrices[:4].reshape(2, 2, 3, 3)):
        made = wigner_matrices(np, given, lmax, np.asarray)
        for l, d in enumerate(made):
            expected = coupling.wigner_D(l, quaternions[: d[..., 0, 0].size]).reshape(d.shape)
            assert abs(d - expected).max() <= (l + 1) ** 2 * 2.0**-52
            assert abs(d @ np.swapaxes(d, -1, -2) - np.eye(2 * l + 1)).max() <= (l + 1) ** 2 * 2.0**-51
            met += 1
        assert [d.shape for d in wigner_matrices(np, given, 0, np.asarray)] == [(*made[0].shape[:-2], 1, 1)]
        for d, same in zip(recurred(np, given, [isometry(2)]), made, strict=False):
            np.testing.assert_array_equal(d, same)
    assert met == 5 * (lmax + 1)
    constants = list[Any]()
    made = wigner_matrices(np, quaternions.astype(np.float32), 3, lambda a: constants.append(a) or a.astype(np.float32))
    assert [d.dtype for d in made] == [np.float32] * 4 and [a.shape for a in constants] == [(3, 3, 5), (3, 5, 7)]
    for shape in ((4,), (3, 3), (3, 4), (2, 5, 4), (2, 3, 3), (4, 3, 3)):
        require_rotation_shape(shape)
    for shape in ((4, 3), (3, 4, 3), (3,), (5,)):
        with pytest.raises(ValueError, match=r"quaternions \[\.\.\., 4\] or matrices \[\.\.\., 3, 3\], got shape"):
            require_rotation_shape(shape)


@pytest.mark.parametrize("j", [0, 1, 2, 5, 0.5, 1.5, 3.5])
def test_product_inverse_and_unitarity(j: float) -> None:
    basis = "real" if j == int(j) else "complex"
    qs = np.concatenate([random_quaternions(12), np.array(SPECIAL, float)])
    d = coupling.wigner_D(j, qs, basis)
    one = np.eye(int(2 * j) + 1)
    for a in range(len(qs)):
        assert abs(d[a] @ d[a].conj().T - one).max() <= slack(j, 1e-14)
        for b in range(len(qs)):
            both = coupling.wigner_D(j, multiply_quaternions(qs[a], qs[b]), basis)
            assert abs(d[a] @ d[b] - both).max() <= slack(j, 1e-14)
    assert abs(coupling.wigner_D(j, -qs, basis) - d * (-1) ** int(2 * j)).max() <= slack(j, 1e-14)
    assert abs(coupling.wigner_D(j, qs * [1, -1, -1, -1], basis) - np.swapaxes(d, -1, -2).conj()).max() <= slack(
        j, 1e-14
    )


def test_orthogonal_at_both_ends_of_the_range() -> None:
    for q in (random_quaternions(1)[0], [1, 1e-8, 0, 1e-3]):
        d = coupling.wigner_D(1000, q)
        assert abs(d[::50] @ d.T - np.eye(2001)[::50]).max() <= slack(1000, 2e-14)


@pytest.mark.parametrize("basis", ["real", "complex"])
def test_functions_turn_with_it(basis: str) -> None:
    """f(R⁻¹ r) has the coefficients D c: the convention, by evaluating both sides."""
    lmax, random = 7, np.random.default_rng(3)
    points = random.standard_normal((200, 3))
    for q in [*random_quaternions(4), *np.array(SPECIAL, float)]:
        r = matrix_of(q)
        before = harmonics(lmax, *angles(points @ r), basis)  # rows are R⁻¹ r
        here = harmonics(lmax, *angles(points), basis)
        moved = harmonics(lmax, *angles(points @ r.T), basis)  # rows are R r
        for l in range(lmax + 1):
            block = slice(l * l, (l + 1) ** 2)
            d = coupling.wigner_D(l, q, basis)
            assert abs(before[:, block] - here[:, block] @ d).max() < 2e-14 * (l + 1)
            assert abs(moved[:, block] - here[:, block] @ d.conj().T).max() < 2e-14 * (l + 1)


def test_every_way_to_give_a_rotation() -> None:
    random = np.random.default_rng(4)
    for euler in EULER:
        abc = random.uniform(-4, 4, 3)
        turns = [
            matrix_of([np.cos(t / 2), *(np.sin(t / 2) * np.eye(3)["xyz".index(x)])])
            for x, t in zip(euler, abc, strict=True)
        ]
        matrix = turns[0] @ turns[1] @ turns[2]
        for l in (1, 4):
            assert abs(coupling.wigner_D(l, abc, euler=euler) - coupling.wigner_D(l, matrix)).max() < 1e-14
    assert len(EULER) == 12
    batch = random_quaternions(6).reshape(2, 3, 4)
    whole = coupling.wigner_D(3, 7.5 * batch)
    matrices = np.array([[matrix_of(q) for q in row] for row in batch])
    assert whole.shape == (2, 3, 7, 7) and abs(whole - coupling.wigner_D(3, matrices)).max() < 1e-14
    for at in np.ndindex(2, 3):
        np.testing.assert_array_equal(whole[at], coupling.wigner_D(3, 7.5 * batch[at]))
    single = coupling.wigner_D(3, matrices.astype(np.float32))
    assert abs(single - whole).max() < 1e-6 and abs(single @ np.swapaxes(single, -1, -2) - np.eye(7)).max() < 1e-14
    for special in SPECIAL:
        q = np.array(special) / np.linalg.norm(special)
        assert abs(abs(quaternions(matrix_of(q)) @ q) - 1) < 1e-15
    assert coupling.wigner_D(2, np.ones((0, 4))).shape == (0, 5, 5)
    assert abs(rotation_matrix(matrices[0, 0], 5)[25:, 25:] - coupling.wigner_D(5, batch[0, 0])).max() < 1e-14


def test_coupling_coefficients_intertwine_products_of_d() -> None:
    """Σ ⟨l1 m1 l2 m2|l3 m3⟩ D^l1 D^l2 = D^l3 ⟨…⟩, half-integers too, and the real core in the real basis."""
    q = random_quaternions(1, 5)[0]
    for j1, j2, j3 in ((1, 1, 2), (2, 1, 2), (0.5, 0.5, 1), (1.5, 1, 0.5), (3, 2, 4)):
        sizes = [int(2 * j) + 1 for j in (j1, j2, j3)]
        cg = np.zeros(sizes)
        for a, b, c in np.ndindex(*sizes):
            cg[a, b, c] = coupling.clebsch_gordan(j1, j2, j3, a - j1, b - j2, c - j3)
        d1, d2, d3 = (coupling.wigner_D(j, q, "complex") for j in (j1, j2, j3))
        assert abs(np.einsum("ia,jb,abc->ijc", d1, d2, cg) - np.einsum("ijk,kc->ijc", cg, d3)).max() < 1e-14
        if all(j == int(j) for j in (j1, j2, j3)):
            core = coupling.block("wigner_3j", j1, j2, j3)
            d1, d2, d3 = (coupling.wigner_D(j, q) for j in (j1, j2, j3))
            assert abs(np.einsum("ia,jb,kc,abc->ijk", d1, d2, d3, core) - core).max() < 1e-14


# -- generators -------------------------------------------------------------------------------


@pytest.mark.parametrize("j", [0, 1, 2, 7, 0.5, 2.5])
def test_generators(j: float) -> None:
    basis = "real" if j == int(j) else "complex"
    x, y, z = generators(j, basis)
    for a, b, c in ((x, y, z), (y, z, x), (z, x, y)):
        assert abs(a @ b - b @ a - c).max() <= 4e-15 * (j + 1) ** 2
        assert abs(a + a.conj().T).max() == 0
    assert abs(x @ x + y @ y + z @ z + j * (j + 1) * np.eye(len(x))).max() <= 4e-15 * (j + 1) ** 2
    for axis, g in zip(np.eye(3), (x, y, z), strict=True):
        step = 1e-3
        ahead, back = (coupling.wigner_D(j, [np.cos(t / 2), *(np.sin(t / 2) * axis)], basis) for t in (step, -step))
        third = np.linalg.matrix_power(g, 3) / 6 * step**2  # (D(t) - D(-t)) / 2t = G + G³t²/6 + …
        assert abs((ahead - back) / (2 * step) - g - third).max() <= 1e-12 * (j + 1) ** 5


def test_entries_of_generators_are_rounded_once() -> None:
    """The real G have entries √n/2 and m, the complex ones √n/2 and m too: their squares are quarters of integers."""
    for l in (1, 3, 50):
        for basis in ("real", "complex"):
            values = np.unique(abs(np.stack([generators(l, basis).real, generators(l, basis).imag])))
            nearest = np.sqrt(np.rint(4 * values**2)) / 2
            np.testing.assert_array_equal(values, nearest)


# -- other conventions ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONVENTIONS)
def test_conventions(name: str) -> None:
    """D of a convention is ours in its harmonics, M D M⁻¹ with the change of basis, for coefficients: conj for M."""
    q, own = random_quaternions(1, 8)[0], CONVENTIONS[name]
    for l in range(4):
        m = change_of_basis(l, "coupling", name, normalized=True).conj()
        d, g = coupling.wigner_D(l, q), generators(l)
        assert abs(coupling.wigner_D(l, q, convention=name) - m @ d @ m.conj().T).max() < 1e-14
        assert abs(generators(l, convention=own) - m @ g @ m.conj().T).max() < 1e-14


def test_improper_axes_and_orders_of_a_convention_of_ones_own() -> None:
    own = Convention("mine", axes=("y", "x", "z"), orders=cartesian, phase=alternating)
    q = random_quaternions(1, 9)[0]
    for l in range(5):
        m = change_of_basis(l, "coupling", own, normalized=True)
        assert abs(coupling.wigner_D(l, q, convention=own) - m @ coupling.wigner_D(l, q) @ m.T).max() < 1e-14


def test_sympy_has_our_matrices() -> None:
    """sympy.physics.wigner.wigner_d and Rotation.D of quantum.spin, from the same angles zyz."""
    from sympy.physics.wigner import wigner_d as theirs

    abc = sp.Rational(3, 10), sp.Rational(7, 10), sp.Rational(11, 10)
    for j in HALVES[:4]:
        ours = coupling.wigner_D(j, [float(x) for x in abc], "complex", euler="zyz")
        assert abs(np.array(theirs(sp.Rational(j), *abc).evalf(), complex) - ours).max() < 1e-14
        spin = [
            [Rotation.D(*(sp.Rational(x) for x in (j, a, b)), *abc).doit().evalf() for b in orders(j)]
            for a in orders(j)
        ]
        assert abs(np.array(spin, complex) - ours).max() < 1e-14


# -- refusals ---------------------------------------------------------------------------------


def test_what_is_no_rotation_is_refused_in_words() -> None:
    for bad, words in (
        (np.zeros(4), "quaternion zero"),
        (np.ones((3, 3)), "orthogonal"),
        (-np.eye(3), "reflection"),
        (np.ones(3), "with euler"),
        ([1, 0, 0, np.nan], "finite"),
    ):
        with pytest.raises(ValueError, match=words):
            coupling.wigner_D(1, bad)
    with pytest.raises(ValueError, match="euler must be one of"):
        coupling.wigner_D(1, np.ones(3), euler="zzy")
    with pytest.raises(ValueError, match="no real basis"):
        coupling.wigner_D(0.5, [1, 0, 0, 0])
    with pytest.raises(ValueError, match=r"0 \.\.\. 1000"):
        coupling.wigner_d(1001, 0.1)
    with pytest.raises(TypeError, match=r"exact.*coupling.wigner_d takes floats"):
        wigner_d(1, 0, 0, 0.5)
    with pytest.raises(ValueError, match="euler must be three of"):
        Convention("mine", euler="zz")


# -- arrays -----------------------------------------------------------------------------------


def test_arrays_of_rotations_make_the_matrices() -> None:
    """J of the half turn, Z J Z J Z of Euler angles, and the polynomials at quaternions, all degrees."""
    lmax, abc, qs = 6, np.array([0.3, 1.1, -0.7]), np.concatenate([random_quaternions(5), np.array(SPECIAL, float)])
    arrays, at, place = build_arrays(f"rotation-l{lmax}"), 0, 0
    qs = qs / np.linalg.norm(qs, axis=1, keepdims=True)
    a, b = qs[:, 0] + 1j * qs[:, 3], qs[:, 2] - 1j * qs[:, 1]
    for l in range(lmax + 1):
        n, m = 2 * l + 1, np.arange(-l, l + 1)
        j = arrays["j_matrices"][at : at + n * n].reshape(n, n)
        assert abs(j - (-1) ** l * coupling.wigner_D(l, [0, 0, 1, 1])).max() < 1e-14
        turns = [np.diag(np.cos(m * t)) - np.diag(np.sin(m * t))[:, ::-1] for t in abc]
        assert abs(turns[0] @ j @ turns[1] @ j @ turns[2] - coupling.wigner_D(l, abc, euler="zyz")).max() < 1e-14
        c = arrays["quaternion_polynomials"][place : place + n * n * (l + 1)].reshape(n, n, l + 1)
        made = np.zeros((len(qs), n, n), complex)
        for m1, m2 in np.ndindex(n, n):
            total, difference, most = m1 + m2 - 2 * l, m1 - m2, l - max(abs(m1 - l), abs(m2 - l))
            outer = [v.conj() ** k if k >= 0 else v**-k for v, k in ((a, total), (b, difference))]
            powers = [abs(a) ** (2 * (most - i)) * abs(b) ** (2 * i) for i in range(most + 1)]
            made[:, m1, m2] = outer[0] * outer[1] * sum(x * p for x, p in zip(c[m1, m2], powers, strict=False))
            assert not c[m1, m2, most + 1 :].any()
        assert abs(made - coupling.wigner_D(l, qs, "complex")).max() < 1e-13
        at, place = at + n * n, place + n * n * (l + 1)
    assert at == arrays["j_matrices"].size and place == arrays["quaternion_polynomials"].size

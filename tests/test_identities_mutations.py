"""Wrong tables are found without a right one: evaluation, {Y10, ·}, Leibniz and rotations together.

The derivation ``signs`` says what the laws are and why they suffice.  Tables in the real basis are changed per degree,
per path, per parity of the paths and as a whole, in ways that keep all symmetries; each test says which laws notice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray

import coupling
from coupling.sphere import harmonics, random_rotation, rotation_matrix

Array = NDArray[np.float64]
LMAX = 3  # of the functions; products reach 2·LMAX
SIZE = (2 * LMAX + 1) ** 2
LOW = slice((LMAX + 1) ** 2)
PATHS = [p for p in product(range(2 * LMAX + 1), repeat=3) if max(p) <= sum(p) - max(p)]
SORTED = [p for p in PATHS if list(p) == sorted(p)]
WITHIN = [p for p in SORTED if p[1] <= LMAX]  # at most one slot is the degree of a product


def box(path: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(l * l, (l + 1) ** 2) for l in path)


@cache
def tables() -> tuple[Array, Array]:
    """The right ones: ∫ R_a R_b R_c and ∫ R_a {R_b, R_c}."""
    found = np.zeros((2, SIZE, SIZE, SIZE))
    for path in PATHS:
        odd = sum(path) % 2
        found[odd][box(path)] = coupling.block("antisymmetric_gaunt" if odd else "gaunt", *path)
    return found[0], found[1]


# -- the laws: what is left of each, zero for the right tables ---------------------------------


def evaluation(g: Array, a: Array) -> float:
    """Σ_c G_abc R_c(p) = R_a(p) R_b(p), at the pole."""
    pole = harmonics(2 * LMAX, 0.0, 0.0)
    return abs(g[LOW, LOW] @ pole - np.multiply.outer(pole[LOW], pole[LOW])).max()


def turn(g: Array, a: Array) -> float:
    """{Y10, R_lm} is -m √(3/4π) times the partner of R_lm."""
    expected = np.zeros((SIZE, SIZE))
    for l in range(2 * LMAX + 1):
        for m in range(-l, l + 1):
            expected[l * l + l - m, l * l + l + m] = m * np.sqrt(3 / (4 * np.pi))
    return abs(a[:, 2, :] - expected).max()


def leibniz(g: Array, a: Array) -> float:
    """{f, gh} = {f, g} h + g {f, h}, against a fourth function."""
    outside = np.einsum("bce,eda->abcd", g[LOW, LOW], a[:, LOW, LOW], optimize=True)
    inside = np.einsum("eab,ecd->abcd", a[:, LOW, LOW], g[:, LOW, LOW], optimize=True)
    return abs(outside - inside - inside.transpose(0, 2, 1, 3)).max()


def rotations(g: Array, a: Array) -> float:
    matrices = rotation_matrix(random_rotation(np.random.default_rng(4)), 2 * LMAX)
    left = [np.einsum("abc,ai,bj,ck->ijk", t, matrices, matrices, matrices, optimize=True) - t for t in (g, a)]
    return max(abs(t[LOW, LOW]).max() for t in left)


def associativity(g: Array, a: Array) -> float:
    left = np.einsum("abe,ecd->abcd", g[LOW, LOW], g[:, LOW, LOW], optimize=True)
    return abs(left - left.transpose(0, 3, 2, 1)).max()


def jacobi(g: Array, a: Array) -> float:
    once = np.einsum("abe,ecd->abcd", a[LOW, LOW], a[:, LOW, LOW], optimize=True)
    return abs(once + once.transpose(1, 2, 0, 3) + once.transpose(2, 0, 1, 3)).max()


Law = Callable[[Array, Array], float]
FIXING: tuple[Law, ...] = (evaluation, turn, leibniz, rotations)
ALGEBRA: tuple[Law, ...] = (associativity, jacobi, leibniz, rotations)
HOLDS, NOTICED = 1e-12, 1e-3


def found_by(g: Array, a: Array, laws: tuple[Law, ...]) -> set[str]:
    """The laws that do not hold; every residual must be clearly zero or clearly not."""
    left = {law.__name__: law(g, a) for law in laws}
    assert not [name for name, value in left.items() if HOLDS < value < NOTICED]
    return {name for name, value in left.items() if value > NOTICED}


def changed(t: Array, path: tuple[int, ...], factor: float) -> Array:
    """A table with a factor on a path and its permutations, so that all symmetries stay."""
    t = t.copy()
    for degrees in set(permutations(path)):
        t[box(degrees)] *= factor
    return t


# -- who notices what -------------------------------------------------------------------------


def test_the_right_tables_obey_every_law() -> None:
    assert found_by(*tables(), (*FIXING, associativity, jacobi)) == set()


def test_degrees_of_another_sign_pass_the_laws_of_the_algebra_and_fail_at_the_pole() -> None:
    """All 2^(L-1) - 1 changes R_l → -R_l of the functions' degrees, the degrees of products with them at random."""
    random, met = np.random.default_rng(5), 0
    for chosen in product((1.0, -1.0), repeat=LMAX - 1):
        signs = np.concatenate([[1.0, 1.0], chosen, random.choice([1.0, -1.0], LMAX)])
        s = np.repeat(signs, 2 * np.arange(2 * LMAX + 1) + 1)
        if (signs > 0).all():
            continue
        g, a = (t * s[:, None, None] * s[:, None] * s for t in tables())
        assert found_by(g, a, ALGEBRA) == set()
        assert found_by(g, a, FIXING) == {"evaluation"}
        met += 1
    assert met >= 2 ** (LMAX - 1) - 1


@pytest.mark.parametrize("path", WITHIN, ids=lambda path: "".join(map(str, path)))
def test_a_path_of_another_sign_or_size_is_found(path: tuple[int, int, int]) -> None:
    random = np.random.default_rng(path)
    for factor in (-1.0, 0.0, float(random.choice([0.5, 1.5]))):
        if sum(path) % 2:
            g, a = tables()[0], changed(tables()[1], path, factor)
        else:
            g, a = changed(tables()[0], path, factor), tables()[1]
        assert found_by(g, a, FIXING), f"{path} times {factor}"


@pytest.mark.parametrize("factor", [-1.0, 0.5, 2.0])
def test_only_the_turn_sees_the_factor_of_the_bracket(factor: float) -> None:
    """Jacobi, Leibniz and associativity are homogeneous in it."""
    g, a = tables()
    assert found_by(g, factor * a, (*FIXING, associativity, jacobi)) == {"turn"}


@pytest.mark.parametrize("parity", [0, 1])
def test_random_signs_of_paths_of_one_parity_are_found(parity: int) -> None:
    random, met = np.random.default_rng(parity), 0
    paths = [path for path in WITHIN if sum(path) % 2 == parity]
    for _ in range(20):
        flips = random.random(len(paths)) < random.uniform(0.05, 0.95)
        if not flips.any():
            continue
        g, a = tables()
        for path in (p for p, flip in zip(paths, flips, strict=True) if flip):
            g, a = (g, changed(a, path, -1.0)) if parity else (changed(g, path, -1.0), a)
        assert found_by(g, a, FIXING)
        met += 1
    assert met >= 15


def test_a_block_that_lost_a_sign_or_was_transposed_is_found() -> None:
    """Single entries and blocks whose symmetry is broken too: these, rotations see."""
    random, met = np.random.default_rng(8), 0
    for path in WITHIN:
        odd, (g, a) = sum(path) % 2, tables()
        t = (g, a)[odd].copy()
        entries = np.argwhere(t[box(path)])
        where = tuple(random.choice(entries) + [l * l for l in path])
        t[where] *= -1
        assert found_by(*((g, t) if odd else (t, a)), FIXING), path
        met += 1
    assert met == len(WITHIN) == 20

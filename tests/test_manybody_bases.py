"""Bases of tensor powers: exact laws over whole domains, correct rounding, and what is pinned."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from fractions import Fraction
from itertools import permutations, product
from math import factorial

import numpy as np
import pytest

from coupling import block, exact
from coupling.exact import Surd
from coupling.manybody import Basis, basis, count
from coupling.manybody.blocks import keys
from coupling.manybody.powers import power
from coupling.manybody.rounding import DoubleDouble, doubtful, root_pairs, rounded_multiples
from coupling.manybody.space import factor_irreps
from coupling.manybody.trees import coupled
from coupling.sphere import random_rotation, rotation_matrix
from tests.machine import slowness

#: Spaces and orders in which every output, symmetry and basis is examined.
DOMAIN: list[tuple[object, int]] = [
    (0, 3), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 2), (2, 3), (2, 4), (3, 2), (3, 3), ("2x0e + 2x1o", 3),
    ("1e + 1o + 2o", 3), ("0 + 1 + 2", 3), ("2e", 5), ("3o", 4), ("2x2e", 3),
]  # fmt: skip
HALF = [("1/2", 4), ("0 + 1/2 + 1", 3), ("3/2", 4), ("1/2 + 3/2", 3), ("0e + 1/2o", 3)]
SYMMETRIES = ("symmetric", "antisymmetric", "plain")


def outputs(irreps: object, order: int) -> list[str]:
    """Every irrep of the plain power to degree 4, and one that is too large."""
    space = factor_irreps(irreps)
    parities = [""] if space[0].parity == 0 else ["e", "o"]
    top = order * max(irrep.twice for irrep in space) + 2
    halves = [f"{t}/2" if t % 2 else str(t // 2) for t in range(min(top, 8) + 1)]
    return [l + p for l in halves for p in parities]


def bases(kind: str, domain: list[tuple[object, int]]) -> list[Basis]:
    """All bases of the domain that have paths."""
    found = []
    for (irreps, order), symmetry in product(domain, SYMMETRIES):
        if symmetry == "plain" and order > 3:
            continue
        for output in outputs(irreps, order):
            if kind == "real" and "/" in output:
                continue
            made = basis(irreps, order, output, symmetry, basis=kind)
            assert len(made.labels) == count(irreps, order, output, symmetry), made
            assert len(set(made.labels)) == len(made.labels) and (made.integers != 0).all()
            found += [made] if made.labels else []
    return found


@pytest.fixture(scope="module")
def real() -> list[Basis]:
    return bases("real", DOMAIN)


@pytest.fixture(scope="module")
def complex_() -> list[Basis]:
    return bases("complex", DOMAIN + HALF)


def test_the_domain(real: list[Basis], complex_: list[Basis]) -> None:
    assert len(real) > 200 and len(complex_) > len(real) + 20


def ways(made: Basis) -> list[int]:
    """Arrangements of each monomial; for plain slots there is one."""
    if made.symmetry == "plain":
        return [1] * len(made.monomials)
    return [
        factorial(made.order) // int(np.prod([factorial(n) for n in Counter(m).values()], dtype=object))
        for m in made.monomials.tolist()
    ]


def check_orthonormal(made: Basis) -> None:
    """Products of all components of all paths, exactly, as tensors: 1 and 0."""
    weights = [made.radicands[r] / w for r, w in zip(made.radicand, ways(made), strict=True)]
    rows: dict[tuple[int, int], dict[int, int]] = {}
    for k, c, m, n in zip(made.path, made.component, made.monomial, made.integers, strict=True):
        rows.setdefault((int(k), int(c)), {})[int(m)] = int(n)
    assert len(rows) == made.shape[0] * made.shape[1]
    touching: dict[int, list[tuple[int, int]]] = {}
    for key, row in rows.items():
        for m in row:
            touching.setdefault(m, []).append(key)
    for key, row in rows.items():
        assert sum(n * n * weights[m] for m, n in row.items()) * made.scale(*key) == 1
        for other in {k for m in row for k in touching[m]} - {key}:
            assert sum(n * rows[other][m] * weights[m] for m, n in row.items() if m in rows[other]) == 0


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_every_basis_is_orthonormal_exactly(kind: str, request: pytest.FixtureRequest) -> None:
    for made in request.getfixturevalue("real" if kind == "real" else "complex_"):
        check_orthonormal(made)


Polynomial = dict[tuple[int, ...], Fraction]


def ladder(polynomial: Polynomial, made: Basis, step: int) -> Polynomial:
    """J₊ (step 1) or J₋ (-1) of a polynomial in the kets of components, up to roots: in divided powers."""
    place = [(irrep.twice, k) for irrep in factor_irreps(made.irreps) for k in range(irrep.dim)]
    result: Polynomial = {}
    for monomial, value in polynomial.items():
        for slot, i in enumerate(monomial):
            twice, k = place[i]  # k = l + m
            if 0 <= k + step <= twice:
                factor = k + 1 if step > 0 else twice - k + 1
                rest = [*monomial[:slot], i + step, *monomial[slot + 1 :]]
                key, sign = arranged(rest, made.symmetry)
                result[key] = result.get(key, Fraction(0)) + sign * factor * value
    return {key: value for key, value in result.items() if value}


def arranged(indices: list[int], symmetry: str) -> tuple[tuple[int, ...], int]:
    if symmetry == "plain":
        return tuple(indices), 1
    swaps = sum(b < a for j, b in enumerate(indices) for a in indices[:j])
    sign = (0 if len(set(indices)) < len(indices) else 1 - 2 * (swaps % 2)) if symmetry == "antisymmetric" else 1
    return tuple(sorted(indices)), sign


def test_every_complex_basis_is_a_multiplet_exactly(complex_: list[Basis]) -> None:
    """J₊ and J₋, as derivations, move every component to its neighbour and annihilate the outermost: integers."""
    met = 0
    for made in complex_:
        twice = made.irrep.twice
        components: dict[tuple[int, int], Polynomial] = {}
        for k, c, m, n in zip(made.path, made.component, made.monomial, made.integers, strict=True):
            components.setdefault((int(k), int(c)), {})[tuple(made.monomials[m].tolist())] = Fraction(int(n))
        for path in range(made.shape[0]):
            for c in range(twice + 1):
                for step in (1, -1):
                    factor = c + 1 if step > 0 else twice - c + 1
                    neighbour = components.get((path, c + step), {}) if 0 <= c + step <= twice else {}
                    wanted = {key: factor * value for key, value in neighbour.items()}
                    assert ladder(components[path, c], made, step) == wanted, (made, path, c, step)
                    met += 1
    assert met > 3000


def test_real_bases_are_those_of_real_harmonics(real: list[Basis]) -> None:
    """The same paths as the complex basis, after U of both sides and a phase: 2e-15 relative, from rounding."""
    random = np.random.default_rng(1)
    for made in real:
        if made.symmetry != "symmetric":
            continue
        other = basis(made.irreps, made.order, made.output, basis="complex")
        assert other.labels == made.labels
        space = factor_irreps(made.irreps)
        turn = blocks_of([unitary(irrep.twice // 2) for irrep in space])
        out = unitary(made.irrep.twice // 2)
        x = random.standard_normal(made.dimension)
        found, wanted = made(x), other(turn.conj().T @ x) @ out.T
        for row, target in zip(found, wanted, strict=True):
            phase = target[np.argmax(abs(target))] / row[np.argmax(abs(target))]
            assert min(abs(phase - p) for p in (1, 1j, -1, -1j)) < 1e-12
            np.testing.assert_allclose(target / phase, row, atol=1e-13 * max(1, abs(row).max()))


def unitary(l: int) -> np.ndarray:
    """U of coupling.conventions: R = U Y."""
    result = np.zeros((2 * l + 1, 2 * l + 1), complex)
    result[l, l] = 1
    for m in range(1, l + 1):
        result[l + m, [l - m, l + m]] = np.array([1, (-1) ** m]) / 2**0.5
        result[l - m, [l - m, l + m]] = 1j * np.array([1, -((-1) ** m)]) / 2**0.5
    return result


def blocks_of(matrices: list[np.ndarray]) -> np.ndarray:
    size = sum(map(len, matrices))
    result, start = np.zeros((size, size), complex), 0
    for matrix in matrices:
        result[start : start + len(matrix), start : start + len(matrix)] = matrix
        start += len(matrix)
    return result


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_plain_bases_are_nested_clebsch_gordan_coefficients(kind: str) -> None:
    """Two factors exactly, entry by entry; three factors against products of blocks, 4 units of rounding."""
    coefficient = exact.real_clebsch_gordan if kind == "real" else exact.clebsch_gordan
    met = 0
    for output in range(4):
        made = basis("0 + 1 + 2 + 3", 2, output, "plain", basis=kind)
        pairs = [(a, b) for a in range(4) for b in range(4) if abs(a - b) <= output <= a + b]
        for path, (a, b) in enumerate(pairs):
            for m in range(-output, output + 1):
                found = made.polynomial(path, m)
                for p, q in product(range(-a, a + 1), range(-b, b + 1)):
                    wanted = coefficient(a, b, output, p, q, m)
                    assert found.get((a * a + a + p, b * b + b + q), Surd(0)) == wanted
                    met += 1
    assert met > 3000
    made = basis("0 + 1 + 2", 3, 1, "plain", basis=kind)
    tensor, path = made.tensor(), 0
    for a, b, c in product(range(3), repeat=3):
        for middle in range(abs(a - b), a + b + 1):
            if abs(middle - c) <= 1 <= middle + c:
                first, second = (block("clebsch_gordan", *l, kind) for l in ((a, b, middle), (middle, c, 1)))
                wanted = np.einsum("abm,mcz->zabc", first, second)
                own = [slice(l * l, (l + 1) ** 2) for l in (a, b, c)]
                np.testing.assert_allclose(tensor[(path, slice(None), *own)], wanted, atol=1e-15)
                path += 1
    assert path == made.shape[0] == count("0 + 1 + 2", 3, 1, "plain")


def test_slots_are_symmetric_to_the_last_bit(real: list[Basis]) -> None:
    met = 0
    for made in real:
        if made.dimension**made.order * made.shape[0] * made.shape[1] > 2e6 or made.symmetry == "plain":
            continue
        tensor = made.tensor()
        for axes in permutations(range(made.order)):
            odd = sum(a > b for j, b in enumerate(axes) for a in axes[:j]) % 2
            sign = -1 if odd and made.symmetry == "antisymmetric" else 1
            assert np.array_equal(tensor.transpose(0, 1, *(2 + a for a in axes)), sign * tensor)
        flat = tensor.reshape(made.shape[0] * made.shape[1], -1)
        np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-14)
        met += 1
    assert met > 100


@pytest.mark.parametrize(("irreps", "order"), [(3, 3), (2, 4), ("1e + 1o + 2o", 3)])
def test_rotations_and_inversion(irreps: object, order: int) -> None:
    """B(DA) = D B(A) for random rotations, with and without inversion; 1e-13 of the largest value."""
    random, met = np.random.default_rng(2), 0
    space = factor_irreps(irreps)
    for output in outputs(irreps, order):
        made = basis(irreps, order, output, basis="complex" if "/" in output else "real")
        if not made.labels:
            continue
        rotation, x = random_rotation(random), random.standard_normal(made.dimension)
        for inverted in (False, True):
            turn = blocks_of([turned(irrep, rotation, inverted) for irrep in space]).real
            out = turned(made.irrep, rotation, inverted)
            np.testing.assert_allclose(made(turn @ x), made(x) @ out.T, atol=1e-13 * max(1, abs(made(x)).max()))
            met += 1
    assert met >= 12


def turned(irrep, rotation: np.ndarray, inverted: bool) -> np.ndarray:
    l = irrep.twice // 2
    return rotation_matrix(rotation, l)[l * l :, l * l :] * (irrep.parity if inverted else 1)


def test_values_are_correctly_rounded(real: list[Basis], complex_: list[Basis]) -> None:
    """Coefficients of every entry of the domain, and of the tensors of some."""
    met = 0
    for made in real + complex_:
        wanted = [float(made.coefficient(i)) for i in range(len(made.path))]
        assert made.values.tolist() == wanted
        met += len(wanted)
    assert met > 50_000
    made = basis(2, 4, 2)
    tensor, number = made.tensor(), ways(made)
    for i in range(len(made.path)):
        place = (made.path[i], made.component[i], *made.monomials[made.monomial[i]])
        assert tensor[place] == float(made.coefficient(i) * Fraction(1, number[made.monomial[i]]))


def test_rounding_falls_back_to_exact_integers_next_to_a_tie() -> None:
    """√q next to the middle of two doubles: pairs cannot tell, integers can."""
    middle = Fraction(2**53 + 1, 2**53)
    squares = [middle**2 + Fraction(sign, 2**150) for sign in (1, -1, 0)]
    pair = root_pairs(squares)
    assert doubtful(pair).tolist() == [0, 1, 2]
    found = rounded_multiples(np.array([1, 1, -1]), [pair], lambda i: squares[i])
    assert found.tolist() == [1 + 2.0**-52, 1.0, -1.0]
    below = DoubleDouble(np.array([1.0]), np.array([-(2.0**-54)]))  # half of the smaller gap below 1
    assert doubtful(below).tolist() == [0]


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_integers_beyond_64_bits_are_exact(kind: str) -> None:
    """Degrees 40 and 30: divided powers beyond 64 bits, in Python's integers."""
    assert max(abs(x) for x in power(80, 2, "symmetric").multiplets(4).vectors.ravel()) > 1 << 63
    for made in (basis("40e", 2, "2e", basis=kind), basis("30e + 20o", 2, "11o", "plain", basis=kind)):
        assert made.shape[0] == count(made.irreps, 2, made.output, made.symmetry) > 0
        check_orthonormal(made)
        assert made.values.tolist() == [float(made.coefficient(i)) for i in range(len(made.path))]


def test_rows_beyond_64_bits_have_keys() -> None:
    rows = np.random.default_rng(0).integers(0, 1 << 20, (50, 4))
    assert [tuple(r) for r in rows[np.argsort(keys(rows))].tolist()] == sorted(map(tuple, rows.tolist()))


def test_the_antisymmetric_cube_of_a_vector_is_the_determinant() -> None:
    found = basis("1o", 3, "0o", "antisymmetric")
    assert found.labels == ("(1o^^3)0o",) and found.polynomial(0, 0) == {(0, 1, 2): Surd(1, 6)}
    tensor = found.tensor()[0, 0]
    assert tensor[0, 1, 2] == tensor[1, 2, 0] == -tensor[1, 0, 2] == 6**-0.5


#: Labels, integers, norms and monomials of bases: what files of weights depend on.  It may never change.
PINNED = {
    (3, 3, "0e", "symmetric"): "069278f7603e03e8",
    (3, 3, "1o", "symmetric"): "5219e9ce87926d1b",
    (3, 4, "2e", "symmetric"): "a795593f303310e6",
    (2, 3, "1o", "plain"): "7d99302281a882be",
    (2, 3, "1o", "antisymmetric"): "8214546bda4075f7",
}


def digest(made: Basis) -> str:
    """Of the paths and their exact coefficients, in order."""
    text = hashlib.sha256("\n".join(made.labels).encode())
    for i in range(len(made.path)):
        place = made.path[i], made.component[i], *made.monomials[made.monomial[i]].tolist()
        text.update(f"{' '.join(map(str, place))} {made.coefficient(i)}\n".encode())
    return text.hexdigest()[:16]


@pytest.mark.parametrize("asked", PINNED, ids=str)
def test_order_sign_and_values_are_pinned(asked: tuple[int, int, str, str]) -> None:
    assert digest(basis(*asked)) == PINNED[asked]


def test_labels_are_coupling_trees() -> None:
    assert basis(2, 3, 1).labels == (
        "((0e^2)0e 1o)1o", "((0e 1o)1o 2e)1o", "(1o^3)1o", "(1o (2e^2)0e)1o", "(1o (2e^2)2e)1o"
    )  # fmt: skip
    assert basis("3o", 3, 3).labels == ("(3o^3)3o#1", "(3o^3)3o#2")
    assert basis("2x1o", 2, 0).labels == ("(1o:1^2)0e", "(1o:1 1o:2)0e", "(1o:2^2)0e")


@pytest.mark.parametrize(("lmax", "order", "seconds"), [(3, 3, 0.05), (4, 3, 0.2), (3, 4, 0.5), (4, 4, 1.0)])
def test_time_on_one_core(lmax: int, order: int, seconds: float) -> None:
    """All natural outputs to lmax, exact and rounded, with empty caches: seconds of the processor, least of 5."""
    times = []
    for _ in range(5):
        for function in (power, coupled, *CACHES):
            function.cache_clear()
        start = time.process_time()
        for output in range(lmax + 1):
            assert len(basis(lmax, order, output).values)
        times.append(time.process_time() - start)
    assert min(times) <= seconds * slowness(), times


def caches() -> list:
    from coupling.manybody import blocks, ladder, trees

    found = [value for module in (blocks, ladder, trees) for value in vars(module).values()]
    return [value for value in found if hasattr(value, "cache_clear")]


CACHES = caches()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((2, 2, 0, (1, 1, 1)), "a partition of the order 2"),
        ((2, 3, 0, (2, 1)), "a basis has the symmetry symmetric, antisymmetric, plain, got .2, 1.: only counted"),
        (("1/2", 2, 0), "half-integer degrees have no real basis: basis must be complex"),
        ((12, 8, 0), "a basis has at most 67108864 monomials"),
        ((2, 2, "1"), "one irrep with a parity"),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        basis(*arguments)


def test_bad_uses_of_a_basis() -> None:
    made = basis(1, 2, 1)
    with pytest.raises(ValueError, match=r"features must be numbers \[..., 4\], got float64 \[3\]"):
        made(np.ones(3))
    with pytest.raises(ValueError, match="path must be 0 … 0, got 1"):
        made.polynomial(1, 0)
    with pytest.raises(ValueError, match="order must be -1 … 1, got 2"):
        made.polynomial(0, 2)
    with pytest.raises(MemoryError, match="the tensor needs"):
        basis("6e", 12, "6e", "antisymmetric").tensor()


def test_an_output_that_does_not_occur_has_no_paths() -> None:
    made = basis(1, 1, "0o")
    assert made.shape == (0, 1) and made.values.shape == (0,) and made(np.ones(4)).shape == (0, 1)
    assert made.tensor().shape == (0, 1, 4)

"""Weights of one basis for another: the same function, there and back again."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from coupling.manybody import Basis, basis, convert
from coupling.manybody.exchange import change

SPACES: list[tuple[object, int]] = [(1, 3), (2, 3), (1, 4), ("2x0e + 1o", 3)]
REDUCED = ("kernel", "mace", "cuequivariance")
FULL = ("kernel", "mace", "e3nn")


def bases(irreps: object, order: int, output: object) -> list[Basis]:
    found = [basis(irreps, order, output, paths=name) for name in REDUCED]
    return found + [basis(irreps, order, output, "plain", paths=name) for name in FULL]


@pytest.mark.parametrize(("irreps", "order"), SPACES)
def test_converted_weights_give_the_same_function(irreps: object, order: int) -> None:
    """All pairs of bases, to 1e-12; reduced bases also there and back again."""
    random, met = np.random.default_rng(0), 0
    for output in (0, 1, "1e"):
        found = bases(irreps, order, output)
        a = random.standard_normal((5, found[0].dimension))
        for source, target in product(found, found):
            w = random.standard_normal((3, source.shape[0]))
            new = convert(w, source, target)
            assert new.shape == (3, target.shape[0])
            wanted = np.einsum("zk,skm->szm", w, source(a))
            found_values = np.einsum("zk,skm->szm", new, target(a))
            np.testing.assert_allclose(found_values, wanted, atol=1e-12 * max(1, abs(wanted).max(initial=0)))
            if source.symmetry == "symmetric":
                np.testing.assert_allclose(convert(new, target, source), w, atol=1e-12)
            met += 1
    assert met == 108


def test_full_weights_are_of_least_norm() -> None:
    """Every other set of full weights with the same function is longer: the difference is orthogonal."""
    reduced, full = basis(3, 3, 1, paths="mace"), basis(3, 3, 1, "plain", paths="mace")
    random = np.random.default_rng(1)
    w = convert(random.standard_normal(reduced.shape[0]), reduced, full)
    other = random.standard_normal(full.shape[0])
    silent = other - convert(convert(other, full, reduced), reduced, full)
    assert np.linalg.norm(silent) > 1 and np.linalg.norm(convert(silent, full, reduced)) < 1e-12
    assert abs(silent @ w) < 1e-12


def test_signs_of_e3nn_are_exchanged_exactly() -> None:
    """Plain bases of different signs differ by a signed permutation, so no weight is rounded."""
    old, new = basis(3, 3, 1, "plain", paths="mace"), basis(3, 3, 1, "plain", paths="e3nn")
    matrix = change(old, new)
    assert set(np.unique(matrix)) == {-1.0, 0.0, 1.0} and (abs(matrix).sum(0) == 1).all()
    w = np.random.default_rng(2).standard_normal((4, old.shape[0], 7)).astype(np.float32)
    moved = convert(w, old, new, axis=1)
    assert moved.shape == w.shape and moved.dtype == np.float32
    assert np.array_equal(abs(moved), abs(w)) and not np.array_equal(moved, w)


def test_natural_paths_carry_all_weights_and_other_subsets_do_not() -> None:
    reduced, natural = basis(2, 4, 0), basis(2, 4, 0, "plain", paths="mace", intermediates="natural")
    w = np.random.default_rng(3).standard_normal(reduced.shape[0])
    a = np.random.default_rng(4).standard_normal(reduced.dimension)
    np.testing.assert_allclose(convert(w, reduced, natural) @ natural(a), w @ reduced(a), rtol=1e-12)
    few = basis("1e + 1o", 3, "0o", "plain", intermediates="natural")
    full = basis("1e + 1o", 3, "0o", "plain")
    assert few.shape[0] < full.shape[0]
    with pytest.raises(ValueError, match=r"does not span .* of a path is lost"):
        convert(np.ones(full.shape[0]), full, few)


@pytest.mark.parametrize(
    ("weights", "others", "words"),
    [
        (np.ones(3), (2, 3, 0), "weights must be floating-point numbers, 5 along axis -1, got float64 .3."),
        (np.ones(5, int), (2, 3, 0), "got int64 .5."),
        (np.ones(5), (2, 3, 1), "one space, order, output and components"),
        (np.ones(5), (2, 3, 0, "antisymmetric"), "within one symmetry, or plain and symmetric"),
    ],
)
def test_bad_arguments(weights: np.ndarray, others: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        convert(weights, basis(2, 3, 0), basis(*others))
    with pytest.raises(TypeError, match="the source must be a Basis"):
        convert(np.ones(5), None, basis(2, 3, 0))  # type: ignore[arg-type]

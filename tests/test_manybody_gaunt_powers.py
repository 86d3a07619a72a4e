"""What products of functions on the sphere reach among the many-body couplings, against the products themselves."""

from __future__ import annotations

import numpy as np
import pytest

from coupling.manybody import basis, count, gaunt_powers
from coupling.manybody.gaunt_powers import reached_by
from coupling.sphere import gauss_legendre, harmonics

CASES = [(lmax, order, l) for lmax in (1, 2, 3) for order in (1, 2, 3, 4) for l in range(min(4, order * lmax + 1))]


def projected(lmax: int, order: int, l: int, a: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """∫ R_lm Π_k Σ weights[k, l] A_lm R_lm dΩ, [samples, 2l+1], by an exact quadrature."""
    grid = gauss_legendre(order * lmax + l)
    values = harmonics(max(lmax, l), grid.theta, grid.phi).T
    degrees = np.repeat(np.arange(lmax + 1), 2 * np.arange(lmax + 1) + 1)
    product = np.ones((len(a), len(grid)))
    for row in weights:
        product *= (a * row[degrees]) @ values[: (lmax + 1) ** 2]
    return (product * grid.weights) @ values[l * l : (l + 1) ** 2].T


@pytest.mark.parametrize(("lmax", "order", "l"), CASES)
def test_weights_of_degrees_reach_one_coupling_for_each_multiset(lmax: int, order: int, l: int) -> None:
    """Random products lie in the span of the symmetric basis, and as many are independent as there are multisets."""
    random, found = np.random.default_rng(0), gaunt_powers(lmax, order, l)
    couplings, number = basis(lmax, order, l), count(lmax, order, l)
    a = random.standard_normal((4 * number + 8, (lmax + 1) ** 2))
    columns = [
        projected(lmax, order, l, a, random.standard_normal((order, lmax + 1))).ravel() for _ in range(len(found) + 3)
    ]
    theirs = np.array(columns).T
    design = couplings(a).transpose(0, 2, 1).reshape(-1, number)
    if not number:
        assert not found and abs(theirs).max(initial=0) < 1e-12
        return
    coordinates = np.linalg.lstsq(design, theirs, rcond=None)[0]
    assert abs(design @ coordinates - theirs).max() < 1e-11 * max(abs(theirs).max(), 1)
    sizes = np.linalg.svd(coordinates, compute_uv=False)
    assert (sizes > 1e-9 * max(sizes.max(), 1e-3)).sum() == len(found) <= number


def test_the_rule_is_that_of_chains_of_even_paths() -> None:
    """A product is not zero where some chain of couplings with l1+l2+l12 even leads to the last degree."""
    met = 0
    for degrees in np.ndindex(5, 5, 5, 5):
        reached = {degrees[0]}
        for l in degrees[1:-1]:
            reached = {r for a in reached for r in range(abs(a - l), a + l + 1, 2)}
        assert reached_by(degrees) == (degrees[-1] in reached)
        met += 1
    assert met == 625


def test_pairs_and_scalars_of_three_factors_lose_nothing() -> None:
    for lmax in range(7):
        assert all(len(gaunt_powers(lmax, 2, l)) == count(lmax, 2, l) for l in range(lmax + 1))
        assert len(gaunt_powers(lmax, 3, 0)) == count(lmax, 3, 0)
    assert len(gaunt_powers(3, 3, 1)) == 9 < count(3, 3, 1) == 12


def test_too_many_multisets_are_refused() -> None:
    with pytest.raises(ValueError, match="multisets are listed up to"):
        gaunt_powers(100, 8, 0)

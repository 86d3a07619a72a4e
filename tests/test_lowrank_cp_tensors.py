"""CP tensors of tensorly: sums go out and come back, weights and all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tensorly.cp_tensor import CPTensor, cp_to_tensor
from tensorly.decomposition import parafac

from coupling.lowrank import cp_tensor, decompose, factors_of, shipped, whole_problem
from coupling.lowrank.factors import tensor
from coupling.products import FactoredProduct


def given(shape: tuple[int, int, int] = (3, 4, 5), rank: int = 2) -> list[Any]:
    random = np.random.default_rng(3)
    return [random.standard_normal((n, rank)) for n in shape]


def test_a_sum_goes_out_and_comes_back_to_the_bit() -> None:
    record = shipped("whole", 2, 20)
    out = cp_tensor(record)
    assert isinstance(out, CPTensor) and out.rank == 20
    assert np.allclose(cp_to_tensor(out), tensor(record.factors), atol=1e-14, rtol=0)
    assert all(np.array_equal(a, b) for a, b in zip(factors_of(out), record.factors, strict=True))
    out.factors[0][:] = 0  # a copy: what is shipped stays
    assert record.factors[0].any()


@pytest.mark.parametrize("weights", [[2.0, -3.0], [1.0, 0.0], [1.0, 1.0], None, [5, 7]])
def test_weights_are_in_the_factors(weights: Any) -> None:
    held = None if weights is None else np.array(weights)
    theirs = CPTensor((held, given()))
    expected = np.einsum("r,ir,jr,kr->ijk", np.ones(2) if held is None else held, *given())
    found = factors_of(theirs)
    assert np.allclose(tensor(found), expected, atol=1e-13, rtol=0)
    assert np.array_equal(found[1], given()[1]) == (weights in (None, [1.0, 1.0]))


def test_what_tensorly_finds_is_a_product_and_a_start() -> None:
    whole = whole_problem(1).tensor
    theirs = parafac(whole, 6, init="random", n_iter_max=300, normalize_factors=True, random_state=1)
    assert abs(np.asarray(theirs.weights) - 1).max() > 0.1  # the case that three arrays alone would get wrong
    product = FactoredProduct(1, 1, 1, factors=theirs)
    x, y = np.random.default_rng(4).standard_normal((2, 7, 4, 3))
    assert np.allclose(product(x, y), np.einsum("ijk,biu,bju->bku", cp_to_tensor(theirs), x, y), atol=1e-12)
    error = np.linalg.norm(cp_to_tensor(theirs) - whole) / np.linalg.norm(whole)
    assert decompose(whole, 6, starts=1, guess=theirs).error <= error * (1 + 1e-12)


def test_a_result_is_a_product() -> None:
    found = decompose(whole_problem(1).tensor, 8, starts=8)
    assert FactoredProduct(1, 1, 1, factors=found).error < 1e-12


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (given()[:2], "factors must be three arrays"),
        ([*given()[:2], np.ones((5, 3))], "with one R"),
        ([1.0, 2.0, 3.0], "three arrays"),
    ],
)
def test_other_values_are_refused(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        factors_of(value)


def test_weights_of_another_rank_are_refused() -> None:
    class Sum:
        weights, factors = np.ones(3), given()

    with pytest.raises(ValueError, match=r"weights must be \[2\], one for each term, got shape \(3,\)"):
        cp_tensor(Sum())

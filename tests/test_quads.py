"""Registers of four doubles: compiled, every operation gives the bits that it gives on slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.kernels.jit import kernel
from coupling.kernels.quads import at_least, counting, fma, load, moves, part_of, square_roots, store, sum_of_parts


@kernel
def operations(numbers: Any, out: Any) -> Any:
    x, y = load(numbers, 1), load(numbers, 5)
    results = (
        x + y, x - y, x * y, x / y, -x, abs(x), x + 0.1, 0.1 + x, x - 0.1, 0.1 - x, x * 0.1, 0.1 * x, x / 0.1, 0.1 / x,
        fma(x, y, x), fma(x, 0.1, y), fma(0.1, x, 0.1), square_roots(abs(x)), at_least(x, 0.2),
        counting(0.5), counting(0.0) * x,
    )  # fmt: skip
    for i in range(len(results)):
        store(out, 4 * i, results[i])
    store(out, 4 * len(results), 0.25)
    return sum_of_parts(x), part_of(x, 2)


@kernel
def moved(x: Any, a: Any, b: Any) -> bool:
    return moves(load(x, 0), load(a, 0), load(b, 0))


def test_compiled_operations_give_the_same_bits() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        numbers = rng.normal(size=12) * 2.0 ** rng.integers(-30, 30, 12)
        compiled, interpreted = np.full(92, np.nan), np.full(92, np.nan)
        sums = operations(numbers, compiled), operations.py_func(numbers, interpreted)
        assert sums[0] == sums[1] and np.array_equal(compiled, interpreted, equal_nan=True)
        assert np.isnan(compiled[88:]).all() and not np.isnan(compiled[:88]).any()


@kernel
def error_of_product(numbers: Any, out: Any) -> None:
    x = load(numbers, 0)
    store(out, 0, fma(x, x, -(x * x)))


def test_a_product_is_fused_where_it_is_said_and_nowhere_else() -> None:
    """(1 + 2^-30)² is 1 + 2^-29 + 2^-60, and its last term is lost in a double."""
    numbers, compiled, interpreted = np.full(4, 1.0 + 2.0**-30), np.empty(4), np.empty(4)
    error_of_product(numbers, compiled)
    error_of_product.py_func(numbers, interpreted)
    assert compiled.tolist() == interpreted.tolist() == [2.0**-60] * 4


def test_moves_sees_each_place_and_nan() -> None:
    x, met = np.ones(4), 0
    for k in range(4):
        for value, expected in ((2.0**-54, False), (2.0**-52, True), (-(2.0**-53), True), (np.nan, True)):
            change, none = np.zeros(4), np.zeros(4)
            change[k] = value
            for a, b in ((change, none), (none, change)):
                assert moved(x, a, b) is expected is moved.py_func(x, a, b)
                met += 1
    assert met == 32

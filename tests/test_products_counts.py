"""The text of a product: paths, weights, and the multiply-adds that its kernel does."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from coupling.indexing import flat_size
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Simulation, VectorSignal
from coupling.products.operations import matrix_operations, order_products, reached_paths, sphere_operations
from coupling.products.straight import straight_program
from coupling.programs.sphere import sphere_tape


def multiplications(name: str, arguments: tuple[int, ...]) -> int:
    lines = str(sphere_tape(name, arguments)).splitlines()
    return sum("fma(" in line or " * " in line for line in lines)


@pytest.mark.parametrize("lmax", [*product((0, 1, 2, 5), repeat=3), (7, 7, 7)])
def test_products_of_orders_are_those_of_the_kernel(lmax: tuple[int, int, int]) -> None:
    for hermitian in (1, -1):
        assert order_products(*lmax, hermitian) == multiplications("convolution", (*lmax, hermitian))


def test_transforms_multiply_each_entry_once_at_each_northern_colatitude() -> None:
    for name, l, n in product(("synthesis", "analysis"), (0, 1, 2, 5), (1, 2, 4)):
        assert multiplications(name, (l, n)) == n * flat_size(l)


def test_formulas_of_the_page_of_products() -> None:
    for L in range(1, 13):
        even, odd = 3 * L // 2 + 1, (3 * L - 1) // 2 + 1
        legendre = (L + 1) ** 2
        gaunt = 3 * legendre * -(-even // 2) + (6 * L * L + 2 * L + 1) * even
        bracket = 5 * legendre * -(-odd // 2) + 12 * L * L * odd
        assert [sphere_operations((L, L, L), kind) for kind in (0, 1)] == [gaunt, bracket]


def test_multiply_adds_of_matrices_are_near_those_of_the_program() -> None:
    """Which has additions of halves of diagonals besides, and leaves out zeros and ones."""
    for L in (2, 3, 4):
        made = MatrixProduct(L, L, L)
        assert 0.6 < straight_program(made).operations / matrix_operations((L, L, L), made.spin) < 1.4


def test_paths_are_those_that_have_a_weight() -> None:
    for L in range(5):
        even, odd, every = (len(ClebschGordan(L, L, L, paths=which).paths) for which in ("even", "odd", "all"))
        assert reached_paths((L, L, L), Gaunt(L, L, L).terms) == even
        assert reached_paths((L, L, L), AntisymmetricGaunt(L, L, L).terms) == odd
        assert reached_paths((L, L, L), Simulation(L, L, L).terms) == every
    none = np.zeros(3)
    assert reached_paths((2, 2, 2), Gaunt(2, 2, 2, weights=(none, none, none)).terms) == 0
    only = Gaunt(2, 2, 2, weights=(np.eye(3)[1], np.eye(3)[1], np.ones(3)))  # (1, 1, 0) and (1, 1, 2)
    assert reached_paths((2, 2, 2), only.terms) == 2


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (Gaunt(4, 4, 4), "Gaunt(4, 4, 4 | 42 paths | weights of degrees | 1035 multiply-adds)"),
        (AntisymmetricGaunt(1, 2, 1), "AntisymmetricGaunt(1, 2, 1 | 1 paths | weights of degrees | 70 multiply-adds)"),
        (Simulation(2, 2, 2), "Simulation(2, 2, 2 | 15 paths | 2 terms with weights of degrees | 404 multiply-adds)"),
        (MatrixProduct(3, 3, 3), "MatrixProduct(3, 3, 3 | spin 2 | 34 paths | weights of degrees | 602 multiply-adds)"),
        (
            MatrixProduct(3, 3, 3, spin=1.5),
            "MatrixProduct(3, 3, 3 | spin 3/2 | 33 paths | weights of degrees | 334 multiply-adds)",
        ),
        (VectorSignal(1, 1, 1), "VectorSignal(1, 1, 1 | 3 x 3 -> 3 components | weights of degrees and components)"),
        (Gaunt(40, 40, 40), "Gaunt(40, 40, 40 | weights of degrees | 746874 multiply-adds)"),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, str) else "",
)
def test_texts(made: object, text: str) -> None:
    assert repr(made) == text

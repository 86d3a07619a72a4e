"""Tables of 6j and 9j symbols: all that couples, listed by another route, every value from exact integers."""

from __future__ import annotations

import numpy as np
import pytest

import coupling
from coupling import exact, tabulate
from tests.domain import half, six_degrees, triad_indicator


@pytest.mark.parametrize("half_integers", [False, True])
def test_tables_of_6j_symbols_hold_all_that_couples(half_integers: bool) -> None:
    """Listed by another route, and each value from exact integers; the dense array has the same."""
    limit = 2 if half_integers else 3
    table = tabulate("wigner_6j", limit, half_integers=half_integers)
    step = 1 if half_integers else 2
    rows = [row for row in six_degrees(2 * limit) if not any(x % step for x in row)]
    assert table.doubled.tolist() == sorted(map(list, rows)) and len(table) == len(rows)
    assert table.values.tolist() == [float(exact.wigner_6j(*map(half, row))) for row in table.doubled.tolist()]
    dense = table.dense()
    assert dense.shape == (2 * limit // step + 1,) * 6 and np.count_nonzero(dense) == np.count_nonzero(table.values)
    assert dense[1, 1, 2, 1, 1, 2] == coupling.wigner_6j(*(np.array([1, 1, 2, 1, 1, 2]) * step / 2))


def test_tables_of_9j_symbols_hold_all_that_couples() -> None:
    for limit, half_integers in ((1.5, True), (2, False)):
        table = tabulate("wigner_9j", limit, half_integers=half_integers)
        one = triad_indicator(int(2 * limit))[:: 2 - half_integers, :: 2 - half_integers, :: 2 - half_integers]
        assert len(table) == np.einsum("abc,def,ghi,adg,beh,cfi->", one, one, one, one, one, one, optimize=True)
        assert (np.diff([tuple(row) for row in table.doubled.tolist()], axis=0) != 0).any(axis=1).all()
        some = slice(None, None, 7)
        true = [float(exact.wigner_9j(*map(half, row))) for row in table.doubled[some].tolist()]
        assert table.values[some].tolist() == true


def test_tables_of_recoupling_refuse_what_they_do_not_have() -> None:
    with pytest.raises(
        ValueError, match=r"^'wigner_6j' is tabulated with lmax and half_integers alone, got workers=2$"
    ):
        tabulate("wigner_6j", 2, workers=2)
    with pytest.raises(ValueError, match=r"^'wigner_6j' is tabulated with .* alone, got out=array"):
        tabulate("wigner_6j", 2, out=np.zeros(3))
    given = {"basis": "".join(["re", "al"]), "workers": np.int64(1), "error": 2.0**-95 / 2}
    assert len(tabulate("wigner_6j", 1, **given)) == len(
        tabulate("wigner_6j", 1)
    )  # equal to a default, not the same object
    with pytest.raises(ValueError, match=r"^gaunt has integer degrees only; half-integers have wigner_3j, cleb"):
        tabulate("gaunt", 2, half_integers=True)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"^lmax must be an integer without half_integers, got 3/2$"):
        tabulate("wigner_6j", 1.5)
    with pytest.raises(TypeError, match=r"^half_integers must be True or False, got 1$"):
        tabulate("wigner_6j", 1, half_integers=1)  # type: ignore[call-overload]
    with pytest.raises(MemoryError, match=r"^a table of more than \d+ symbols needs \d+ bytes"):
        tabulate("wigner_9j", 3000)

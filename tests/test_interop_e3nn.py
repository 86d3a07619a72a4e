"""Beside e3nn: lists of irreps."""

from __future__ import annotations

import pytest

from coupling import Irreps
from tests.test_irreps import LISTS

o3 = pytest.importorskip("e3nn.o3")

MORE = ["1e+1o+0e+0o+2o+2e", "2o+1e+0e+1e", "1e+1e+0e+1e", "4x0e+0x1o+2x3e", "3x0e+2x0e"]
WITH_PARITY = [text for text in LISTS if "e" in text and "/" not in text] + MORE


@pytest.mark.parametrize("text", WITH_PARITY)
def test_irreps_are_those_of_e3nn(text: str) -> None:
    ours, theirs = Irreps(text), o3.Irreps(text)
    assert Irreps(theirs) == ours and str(ours) == str(theirs) and o3.Irreps(str(ours)) == theirs
    numbers = [(irreps.dim, irreps.num_irreps, irreps.lmax, len(irreps)) for irreps in (ours, theirs)]
    assert numbers[0] == numbers[1]
    assert list(ours.slices) == theirs.slices()
    assert [(term.mul, term.irrep.l, term.irrep.parity) for term in ours] == [(mul, ir.l, ir.p) for mul, ir in theirs]
    assert all(ours.count(str(ir)) == theirs.count(ir) for _, ir in theirs)
    assert str(ours.simplify()) == str(theirs.simplify())
    assert [str(ours.sort()[0]), *ours.sort()[1:]] == [str(theirs.sort().irreps), theirs.sort().p, theirs.sort().inv]


def test_harmonics_have_the_irreps_of_a_largest_degree() -> None:
    assert all(Irreps(o3.Irreps.spherical_harmonics(l)) == Irreps(l) for l in range(12))

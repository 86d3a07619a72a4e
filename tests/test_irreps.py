"""Lists of irreps: text and terms, slices, order, and both memory layouts."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

from coupling import Irreps
from coupling.irreps import LAYOUTS, Irrep, MulIrrep

LISTS = ["32x0e+16x1o+8x2e", "0e+1o", "3x1e+1x1o+2x0o", "2x1/2+1x3/2", "0+1+2", "0x0e+2x3o+0x1e", "5x2e", "", "1/2e"]


@pytest.mark.parametrize("text", LISTS)
def test_text_terms_and_pairs_say_the_same(text: str) -> None:
    irreps = Irreps(text)
    again = [
        Irreps(str(irreps)),
        Irreps(irreps),
        eval(repr(irreps), {"Irreps": Irreps}),
        Irreps(list(irreps)),
        Irreps([(mul, irrep.name) for mul, irrep in irreps]),
        Irreps((np.int64(mul), (irrep.l, irrep.parity)) for mul, irrep in irreps),
        irreps[:1] + irreps[1:],
    ]
    for other in again:
        assert other == irreps and hash(other) == hash(irreps) and type(other) is Irreps
        assert all(type(term) is MulIrrep and type(term.irrep) is Irrep for term in other)
    assert irreps.dim == sum(irrep.dim for irrep in irreps.each) == sum(int(2 * i.l + 1) for i in irreps.each)
    assert irreps.num_irreps == len(irreps.each)


def test_what_counts_and_where_it_stands() -> None:
    irreps = Irreps("32x0e + 16x1o + 8x2e + 1x1o")
    assert (irreps.dim, irreps.num_irreps, irreps.lmax) == (32 + 48 + 40 + 3, 57, 2)
    assert irreps.slices == (slice(0, 32), slice(32, 80), slice(80, 120), slice(120, 123))
    assert irreps.count("1o") == 17 and irreps.count((1, 1)) == 0 and "2e" in irreps and Irrep(0, -1) not in irreps
    assert Irreps("1/2 + 3/2").lmax == Fraction(3, 2) and Irreps("2x0e + 0x5e").lmax == 0
    assert Irreps(3) == Irreps("0e + 1o + 2e + 3o") and Irreps(0) == Irreps("0e")
    for empty in ("", "0x3e", ()):
        assert Irreps(empty).dim == 0 and Irreps(empty).slices in ((), (slice(0, 0),))
        with pytest.raises(ValueError, match="no largest degree"):
            _ = Irreps(empty).lmax


def test_irreps_differ_by_parity_order_and_multiplicity() -> None:
    every = [Irreps(text) for text in ("0e+1o", "0e+1e", "1o+0e", "2x0e+1o", "0+1", "0e+1o+0x2e", "1/2", "1/2e")]
    assert len(set(every)) == len(every)
    assert all((a == b) == (i == j) for (i, a), (j, b) in product(enumerate(every), repeat=2))


@pytest.mark.parametrize("text", LISTS)
def test_sorted_and_simplified_irreps_hold_the_same(text: str) -> None:
    irreps = Irreps(text)
    ordered, p, inv = irreps.sort()
    assert [ordered[p[i]] for i in range(len(irreps))] == list(irreps) == [ordered[k] for k in p]
    assert [inv[p[i]] for i in range(len(irreps))] == list(range(len(irreps)))
    keys = [(term.irrep.twice, term.irrep.parity) for term in ordered]
    assert keys == sorted(keys)
    for made in (ordered, irreps.simplify()):
        assert sorted(made.each) == sorted(irreps.each)
    short = irreps.simplify()
    assert short.each == irreps.each and all(term.mul for term in short)
    assert all(a.irrep != b.irrep for a, b in pairwise(short))


@pytest.mark.parametrize("text", LISTS)
def test_layouts_by_the_place_of_every_entry(text: str) -> None:
    """Entry u of order m of a term stands where the module says, in both layouts, and the ways there and back agree."""
    irreps, met = Irreps(text), 0
    features = {name: np.full((2, irreps.dim), -1) for name in LAYOUTS}
    for (mul, irrep), where in zip(irreps, irreps.slices, strict=True):
        for u, m in product(range(mul), range(irrep.dim)):
            features["ir_mul"][:, where.start + m * mul + u] = met
            features["mul_ir"][:, where.start + u * irrep.dim + m] = met
            met += 1
    assert met == irreps.dim
    for source, target in product(LAYOUTS, repeat=2):
        there, back = irreps.permutation(source, target), irreps.permutation(target, source)
        assert (features[source][..., there] == features[target]).all()
        assert (there[back] == np.arange(irreps.dim)).all()


def test_equal_multiplicities_of_all_degrees_are_the_features_of_the_products() -> None:
    x = np.random.default_rng(0).standard_normal((5, 9, 4))
    irreps = Irreps([(4, irrep) for _, irrep in Irreps(2)])
    flat = x.reshape(5, -1)[:, irreps.permutation("ir_mul", "mul_ir")]
    for l, where in enumerate(irreps.slices):
        assert (flat[:, where].reshape(5, 4, 2 * l + 1).swapaxes(1, 2) == x[:, l * l : (l + 1) ** 2]).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1e + 2", "all have a parity, e or o, or none, got '1e \\+ 2'"),
        ("1001e", "0 to 1000, got '1001e'"),
        ("1y", "terms such as 4x0e, 1o, 2 or 1/2, joined by \\+, got '1y'"),
        (1001, "lmax must be <= 1000, got 1001"),
        ([(2.0, "1o")], "multiplicities of irreps must be integers, got float 2.0"),
        ([(-1, "1o")], "0 to 999999, got -1"),
        (["1o"], "pairs \\(multiplicity, irrep\\), got '1o'"),
        ([(1, (1, 2))], "must be 1 \\(e\\), -1 \\(o\\) or 0 \\(none\\), got \\(1, 2\\)"),
    ],
)
def test_what_is_no_list_of_irreps(value: object, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Irreps(value)


def test_layouts_have_names() -> None:
    with pytest.raises(ValueError, match="target must be one of"):
        Irreps(1).permutation("ir_mul", "channels_last")

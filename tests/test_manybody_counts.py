"""Counts of many-body couplings: published numbers, and a second way of counting over a whole domain."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement, pairwise, product

import numpy as np
import pytest

from coupling.irreps import Irrep
from coupling.manybody import count, count_table, counts
from coupling.manybody.space import factor_irreps
from coupling.manybody.symmetry import conjugate, parse_symmetry
from derivations import certificate

#: lmax → order → full/symmetric of the outputs 0e 1o 2e 3o.
PUBLISHED = {
    2: {3: "11/5 21/5 23/6 16/4", 4: "55/9 124/9 148/13 124/9"},
    3: {
        2: "4/4 6/3 7/5 6/3",
        3: "23/8 51/12 65/14 65/15",
        4: "204/23 520/31 720/46 768/44",
        5: "2212/45 6040/88 8680/119 9780/135",
        6: "26712/110 74886/206 110416/309 128636/346",
    },
    4: {
        3: "42/14 99/21 139/29 155/31",
        4: "585/51 1580/84 2340/130 2764/140",
        5: "10113/154 28645/333 43545/499 53185/593",
    },
    6: {3: "106/30 270/54 408/79 507/95", 4: "2975/193 8456/402 13272/644 17064/784"},
    8: {3: "215/55 570/110 890/166 1156/210", 4: "10209/567 29640/1341 47640/2181 63368/2799"},
    12: {3: "616/140 1701/315 2733/491 3681/649", 4: "62985/3045 186004/8070 304668/13286 416244/17836"},
}


@pytest.mark.parametrize(("lmax", "order"), [(l, n) for l, orders in PUBLISHED.items() for n in orders])
def test_counts_of_natural_outputs(lmax: int, order: int) -> None:
    found = " ".join(f"{count(lmax, order, l, 'plain')}/{count(lmax, order, l)}" for l in range(4))
    assert found == PUBLISHED[lmax][order]


def test_pseudo_outputs() -> None:
    found = {(n, ir): (count(3, n, ir, "plain"), count(3, n, ir)) for n in (3, 4) for ir in ("0o", "1e")}
    assert found == {(3, "0o"): (11, 0), (3, "1e"): (39, 4), (4, "0o"): (160, 3), (4, "1e"): (480, 14)}


def test_invariants_of_hyperspherical_harmonics_are_those_of_snap() -> None:
    """The bispectrum components of twojmax 0 … 8: triples of half-integers in a triangle."""
    irreps = [" + ".join("0 1/2 1 3/2 2 5/2 3 7/2 4".split()[: n + 1]) for n in range(9)]
    assert [count(text, 3, 0, sides=2) for text in irreps] == [1, 2, 5, 8, 14, 20, 30, 40, 55]
    for twojmax in range(9):
        triples = combinations_with_replacement(range(twojmax + 1), 3)
        assert sum(c <= a + b and not (a + b + c) % 2 for a, b, c in triples) == count(irreps[twojmax], 3, 0, sides=2)


def test_published_anchors() -> None:
    """Full and reduced parameters of MACE, the last axis of its unit test, and the example of cuEquivariance."""
    sums = {s: [sum(count(3, n, l, s) for n in (1, 2, 3)) for l in range(3)] for s in ("plain", "symmetric")}
    assert sums == {"plain": [28, 58, 73], "symmetric": [13, 16, 20]}
    assert [sum(sums[s][:2]) for s in ("plain", "symmetric")] == [86, 29]
    assert count("0e + 1o + 2e", 3, "1o", "plain") == 21
    rotations = [sum(count("0 + 1 + 2", n, l, s) for n in (1, 2, 3) for l in (0, 1)) for s in ("plain", "symmetric")]
    assert rotations == [62, 18]


def test_paths_of_natural_intermediates() -> None:
    assert [count(3, 4, l, "plain", intermediates="natural") for l in range(4)] == [158, 284, 358, 372]
    assert counts(3, 2, "plain", intermediates="natural") == {
        name: number for name, number in counts(3, 2, "plain").items() if factor_irreps(name)[0].natural
    }


# -- a second way: weights of tensors, one by one ---------------------------------------------

SPACES = ("0e", "1o", "0e + 1o", "1e + 1o", "2x1o", "0 + 1/2", "1/2 + 1", "3/2", "0e + 1/2o", "2e + 0o", "0e + 1o + 2e")
Weight = tuple[int, int]


def weights(space: tuple[Irrep, ...]) -> list[Weight]:
    """Twice the order, and the parity, of every component."""
    return [(m, irrep.parity) for irrep in space for m in range(-irrep.twice, irrep.twice + 1, 2)]


def tensors(number: int, order: int, symmetry: str | tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Components of a power: sequences, multisets, sets, or semistandard tableaux, row after row."""
    if symmetry == "plain":
        return product(range(number), repeat=order)
    if symmetry == "symmetric":
        return combinations_with_replacement(range(number), order)
    if symmetry == "antisymmetric":
        return combinations(range(number), order)
    return (t for t in product(range(number), repeat=order) if is_semistandard(t, symmetry))


def is_semistandard(filling: tuple[int, ...], shape: tuple[int, ...] | str) -> bool:
    """Whether rows do not descend and columns ascend."""
    rows, start = [], 0
    for length in shape:
        rows.append(filling[start : start + int(length)])
        start += int(length)
    along = all(a <= b for row in rows for a, b in pairwise(row))
    down = all(a < b for upper, lower in pairwise(rows) for a, b in zip(upper, lower, strict=False))
    return along and down


def counted(space: tuple[Irrep, ...], order: int, symmetry: str | tuple[int, ...]) -> dict[str, int]:
    """The irreps of a power, from how often each weight occurs."""
    components = weights(space)
    of = Counter(
        (sum(components[i][0] for i in t), math.prod(components[i][1] for i in t))
        for t in tensors(len(components), order, symmetry)
    )
    found = {}
    for twice, parity in sorted(of, key=lambda weight: (weight[0], -weight[1])):
        multiplicity = of[twice, parity] - of[twice + 2, parity]
        if twice >= 0 and multiplicity:
            found[Irrep(twice, parity).name] = multiplicity
    return found


def partitions(n: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Partitions of n, parts in descending order."""
    if n == 0:
        yield ()
    for part in range(min(n, largest or n), 0, -1):
        yield from ((part, *rest) for rest in partitions(n - part, part))


def standard(partition: tuple[int, ...]) -> int:
    """Standard tableaux of a shape, by the hook lengths."""
    other = conjugate(partition)
    hooks = [partition[i] - j + other[j] - i - 1 for i in range(len(partition)) for j in range(partition[i])]
    return math.factorial(sum(partition)) // math.prod(hooks)


@pytest.mark.parametrize("irreps", SPACES)
def test_counts_by_weights(irreps: str) -> None:
    """Every output, every symmetry, every order whose tensors can be listed."""
    space, met = factor_irreps(irreps), 0
    dimension = sum(irrep.dim for irrep in space)
    for order in range(1, 6):
        if dimension**order > 7000:
            break
        for symmetry in ("plain", "symmetric", "antisymmetric", *partitions(order)):
            assert counts(irreps, order, symmetry) == counted(space, order, symmetry), (order, symmetry)
            met += 1
    assert met >= 10


@pytest.mark.parametrize("irreps", [2, 3, "0 + 1/2 + 1", "1e + 2x1o", "5/2"])
def test_the_symmetries_add_up_to_the_plain_power(irreps: object) -> None:
    """Schur-Weyl duality: each partition as often as it has standard tableaux, to order 8."""
    for order in range(1, 9):
        total: Counter[str] = Counter()
        for partition in partitions(order):
            for name, number in counts(irreps, order, partition).items():
                total[name] += standard(partition) * number
        assert total == counts(irreps, order, "plain")


def test_large_counts_are_exact() -> None:
    """Dimensions of the symmetric power of lmax 12 to order 8, far beyond 64 bits when plain."""
    for order in (3, 8):
        for symmetry, dimension in (("symmetric", math.comb(168 + order, order)), ("plain", 169**order)):
            found = counts(12, order, symmetry)
            assert sum((2 * int(name[:-1]) + 1) * number for name, number in found.items()) == dimension


def test_counts_are_those_of_the_derivations() -> None:
    """Eigenspaces of J² in symmetric powers, and ranks of natural paths: their certificates."""
    met = 0
    for key, value in json.loads(certificate.path("many_body").read_text())["many_body"].items():
        lmax, order, output = map(int, key.split())
        found = count("0" + "".join(f" + {l}" for l in range(1, lmax + 1)), order, output)
        assert certificate.signed(found**2) == value
        met += 1
    for key, value in json.loads(certificate.path("natural_paths").read_text())["natural_paths"].items():
        lmax, output, paths = map(int, key.split())
        assert count(lmax, 4, output, "plain", intermediates="natural") == paths
        assert certificate.signed(count(lmax, 4, output) ** 2) == value
        met += 1
    assert met >= 20


def test_outputs_that_do_not_occur() -> None:
    assert count(2, 2, 9) == count(1, 1, "0o") == count("0e", 3, "0e", "antisymmetric") == count("1/2", 2, 0.5) == 0
    assert count("1o", 3, "0o", "antisymmetric") == 1 and counts("1o", 4, "antisymmetric") == {}


def test_symmetries_by_any_name() -> None:
    assert parse_symmetry((1, 1, 1), 3) == "antisymmetric" and parse_symmetry([3], 3) == "symmetric"
    assert parse_symmetry((1,), 1) == "symmetric" and conjugate(conjugate((3, 1, 1))) == (3, 1, 1)
    with pytest.raises(TypeError, match=r"symmetry must be one of symmetric, antisymmetric, plain or a partition"):
        parse_symmetry(np.array([2, 1]), 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1, 2), "lmax must be >= 0, got -1"),
        ((2000, 2), "lmax must be <= 1000"),
        (("1x", 2), "irreps must be a largest degree or terms such as 4x0e"),
        (("0e + 1", 2), "must all have a parity, e or o, or none"),
        (("0x1o", 2), "must be 1 to 100000"),
        ((2, 0), "order must be an integer >= 1, got 0"),
        ((2, 33), "order must be <= 32, got 33"),
        ((2, 2, "1"), "the output must be one irrep with a parity"),
        (("0 + 1", 2, "1o"), "the output must be one irrep without a parity"),
        ((2, 2, 0.5), "the parity of a half-integer degree must be given"),
        ((2, 2, -1), "degree must be between 0 and"),
        ((2, 3, 0, (2, 2)), "a partition of the order 3, parts in descending order"),
        ((2, 3, 0, (1, 2)), "parts in descending order"),
        ((2, 3, 0, "mixed"), "symmetry must be one of symmetric, antisymmetric, plain or a partition"),
        ((1000, 32), "a character of .* bits is more than"),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        (count if len(arguments) > 2 else counts)(*arguments)


def test_bad_options() -> None:
    with pytest.raises(ValueError, match="sides must be 1 or 2, got 3"):
        counts(2, 2, sides=3)
    with pytest.raises(ValueError, match="natural intermediates are of plain paths"):
        counts(2, 2, intermediates="natural")


def test_the_table_is_made_of_counts() -> None:
    assert count_table(1, 3, outputs=[Irrep(2, -1)]) == count_table(1, 3, outputs=["1o"])
    lines = [line.split() for line in count_table(3, 6).splitlines()]
    assert lines[0] == ["order", "0e", "0o", "1e", "1o", "2e", "2o", "3e", "3o"] and len(lines) == 7
    for order, *cells in lines[1:]:
        for name, cell in zip(lines[0][1:], cells, strict=True):
            full = count(3, int(order), name, "plain")
            assert cell == (f"{count(3, int(order), name)}/{full}" if full else "-")

"""Bases in the order and with the signs of other programs, beside generators written here and the programs."""

from __future__ import annotations

from itertools import pairwise, permutations

import cuequivariance as cue
import numpy as np
import pytest

from coupling import block
from coupling.irreps import Irrep
from coupling.manybody import BasesRequest, Basis, basis, build_bases, count
from coupling.manybody.space import factor_irreps

Path = tuple[Irrep, np.ndarray]
SPACES = [(2, 2), (3, 2), (1, 3), (2, 3), (3, 3), (1, 4), ("1o + 0e + 1e", 3), ("2x0e + 1o", 3), ("1e + 1o", 3)]


def places(space: tuple[Irrep, ...]) -> list[slice]:
    ends = np.cumsum([0, *(irrep.dim for irrep in space)])
    return [slice(a, b) for a, b in pairwise(ends)]


def coupled(left: Path, irrep: Irrep, part: slice, size: int, l: int, convention: str) -> Path:
    """One more factor: √(2l+1) wigner_3j of the partial result, the factor and the new degree."""
    before, tensor = left
    core = block("wigner_3j", before.twice // 2, irrep.twice // 2, l, convention=convention) * (2 * l + 1) ** 0.5
    wide = np.zeros((before.dim, size, 2 * l + 1))
    wide[:, part] = core
    joined = np.tensordot(tensor, wide, (0, 0))
    return Irrep(2 * l, before.parity * irrep.parity), np.moveaxis(joined, -1, 0)


def degrees(a: Irrep, b: Irrep) -> range:
    return range(abs(a.twice - b.twice) // 2, (a.twice + b.twice) // 2 + 1)


# -- the full basis of MACE -------------------------------------------------------------------


def nested(space: tuple[Irrep, ...], order: int, convention: str, natural: bool) -> list[Path]:
    """The paths as MACE's ``_wigner_nj`` lists them: nested loops, sorted by irrep after every factor."""
    size = sum(irrep.dim for irrep in space)
    if order == 1:
        return [(irrep, np.eye(size)[part]) for irrep, part in zip(space, places(space), strict=True)]
    found = [
        coupled(left, irrep, part, size, l, convention)
        for left in nested(space, order - 1, convention, natural)
        for irrep, part in zip(space, places(space), strict=True)
        for l in degrees(left[0], irrep)
        if not natural or Irrep(2 * l, left[0].parity * irrep.parity).natural
    ]
    return sorted(found, key=lambda path: tuple(path[0]))


@pytest.mark.parametrize("name", ["mace", "e3nn"])
@pytest.mark.parametrize("natural", [False, True])
@pytest.mark.parametrize(("irreps", "order"), SPACES)
def test_full_bases_in_the_order_of_mace(irreps: object, order: int, natural: bool, name: str) -> None:
    """Every output, value by value: 4e-15, which is the rounding of nested products."""
    space = factor_irreps(irreps)
    paths = nested(space, order, {"mace": "e3nn_0_4", "e3nn": "e3nn"}[name], natural)
    which = "natural" if natural else "all"
    met = 0
    for output in dict.fromkeys(irrep for irrep, _ in paths if irrep.twice <= 6):
        made = basis(irreps, order, output.name, "plain", paths=name, intermediates=which)
        wanted = np.array([tensor for irrep, tensor in paths if irrep == output])
        assert made.shape[0] == count(irreps, order, output.name, "plain", intermediates=which)
        np.testing.assert_allclose(made.tensor(), wanted, atol=4e-15)
        met += 1
    assert met >= 2


def test_mace_and_e3nn_differ_in_signs_alone() -> None:
    first, second = (basis(3, 3, 1, "plain", paths=name) for name in ("mace", "e3nn"))
    assert first.labels == second.labels and np.array_equal(abs(first.values), abs(second.values))
    assert 0 < (first.values != second.values).mean() < 1


# -- the reduced basis of MACE ----------------------------------------------------------------


def enumerated(space: tuple[Irrep, ...], order: int, output: Irrep) -> list[np.ndarray]:
    """Paths to an output as pull request 1739 of MACE enumerates them.

    Its module reduced_basis: for every partial result of one factor less, by degree and e before o, for every path to
    it, for every factor as the list has it.  The sign of its 3j symbols is of no consequence: see below.
    """
    size, parts = sum(i.dim for i in space), places(space)
    if order == 1:
        return [np.eye(size)[part] for irrep, part in zip(space, parts, strict=True) if irrep == output]
    found, top = [], (order - 1) * max(i.twice for i in space) // 2
    for before in [Irrep(2 * l, p) for l in range(top + 1) for p in (1, -1)]:
        for left in enumerated(space, order - 1, before):
            for irrep, part in zip(space, parts, strict=True):
                if before.parity * irrep.parity == output.parity and output.twice // 2 in degrees(before, irrep):
                    found.append(coupled((before, left), irrep, part, size, output.twice // 2, "e3nn")[1])
    return found


def symmetrized(tensor: np.ndarray) -> np.ndarray:
    order = tensor.ndim - 1
    return sum(tensor.transpose(0, *(1 + a for a in axes)) for axes in permutations(range(order))) / 1.0


def reduced(paths: list[np.ndarray]) -> np.ndarray:
    """The symmetrized paths that modified Gram-Schmidt finds independent, themselves; norm 1, first entry positive."""
    kept: list[np.ndarray] = []
    orthogonal: list[np.ndarray] = []
    for path in paths:
        whole = symmetrized(path)
        rest = whole.ravel()
        for other in orthogonal * 2:
            rest = rest - other * (other @ rest)
        if np.linalg.norm(rest) > 1e-9 * max(np.linalg.norm(whole), 1):
            orthogonal.append(rest / np.linalg.norm(rest))
            first = whole.ravel()[np.flatnonzero(abs(whole) > 1e-9 * np.linalg.norm(whole))[0]]
            kept.append(whole * (np.sign(first) / np.linalg.norm(whole)))
    return np.array(kept)


@pytest.mark.parametrize(("irreps", "order"), SPACES)
def test_reduced_bases_of_mace(irreps: object, order: int) -> None:
    """Order, selection, scale and sign, value by value, to 1e-12."""
    space, met = factor_irreps(irreps), 0
    for output in [Irrep(2 * l, p) for l in range(4) for p in (1, -1)]:
        made = basis(irreps, order, output.name, paths="mace")
        assert made.shape[0] == count(irreps, order, output.name)
        if (irreps, order) != (3, 3) or output in (Irrep(0, 1), Irrep(2, -1)):
            paths = enumerated(space, order, output)
            wanted = reduced(paths) if made.labels else np.zeros(made.tensor().shape)
            np.testing.assert_allclose(made.tensor(), wanted, atol=1e-12)
            met += 1
    assert met >= 2


def test_reduced_paths_of_mace_are_kept_as_they_are() -> None:
    """Norm 1 with all components together, a positive first entry, and not orthogonal."""
    made = basis(3, 3, 1, paths="mace")
    rows = made.tensor().reshape(made.shape[0], -1)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-15)
    assert all(row[np.flatnonzero(row)[0]] > 0 for row in rows)
    assert abs(rows @ rows.T - np.eye(len(rows))).max() > 0.1 and not made.orthonormal
    for other in (basis(2, 3, 1), basis(2, 3, 1, "plain", paths="mace")):
        rows = other.tensor().reshape(other.shape[0], -1) / 3**0.5
        assert other.orthonormal and abs(rows @ rows.T - np.eye(len(rows))).max() < 1e-15


def test_parameters_of_mace() -> None:
    """The published numbers: 13, 16, 20 for 0e, 1o, 2e, and 29 for 0e + 1o; and the labels of the paths kept."""
    sizes = [sum(basis(3, n, l, paths="mace").shape[0] for n in (1, 2, 3)) for l in range(3)]
    assert sizes == [13, 16, 20] and sum(sizes[:2]) == 29
    assert [basis(3, 3, l, paths="mace").shape[0] for l in range(3)] == [8, 12, 14]
    assert basis(2, 3, 1, paths="mace").labels == (
        "((0e 0e)0e 1o)1o", "((1o 1o)0e 1o)1o", "((2e 2e)0e 1o)1o", "((0e 1o)1o 2e)1o", "((1o 2e)1o 2e)1o",
    )  # fmt: skip


# -- cuEquivariance ---------------------------------------------------------------------------

REFERENCE = [
    ("O3", "0e + 1o", 4), ("O3", "2e", 4), ("O3", "3o", 3), ("SO3", "0 + 1 + 2", 3), ("O3", "0e + 1o + 2e + 3o", 2),
    ("O3", "0e + 1o + 2e + 3o", 3), ("O3", "2x1o + 2e", 3), ("O3", "1e + 1o", 3), ("O3", "4e", 3), ("O3", "1o", 5),
]  # fmt: skip
#: Outputs for which cuEquivariance 0.13 takes ratios for different that rounding alone tells apart.
ROUNDED = {("0e + 1o + 2e + 3o", 3, "4e"), ("4e", 3, "6e")}


@pytest.mark.parametrize(("group", "irreps", "order"), REFERENCE)
def test_the_reduced_basis_of_cuequivariance(group: str, irreps: str, order: int) -> None:
    """Every output, path after path and value by value, to 1e-12; where rounding decided there, the same span."""
    theirs = cue.reduced_symmetric_tensor_product_basis(cue.Irreps(group, irreps), order)
    met = set()
    for (number, irrep), segment in zip(theirs.irreps, theirs.segments, strict=True):
        made = basis(irreps, order, str(irrep), paths="cuequivariance")
        wanted = np.moveaxis(segment, (-2, -1), (0, 1))
        assert made.shape[0] == number == count(irreps, order, str(irrep))
        difference = abs(made.tensor() - wanted).max()
        if difference > 1e-12:
            assert (irreps, order, str(irrep)) in ROUNDED
            check_span(made.tensor(), wanted)
        met.add(str(irrep))
    assert len(met) >= 2


def check_span(ours: np.ndarray, theirs: np.ndarray) -> None:
    a, b = (tensor.reshape(len(tensor), -1) for tensor in (ours, theirs))
    change = np.linalg.lstsq(a.T, b.T, rcond=None)[0].T
    np.testing.assert_allclose(change @ a, b, atol=1e-12)


def test_the_example_of_cuequivariance() -> None:
    """Its documentation: 0 + 1 + 2 to 0 + 1 in the orders 1 to 3 has 62 and 18 paths."""
    sizes = [basis("0 + 1 + 2", n, l, paths="cuequivariance").shape[0] for n in (1, 2, 3) for l in (0, 1)]
    assert sum(sizes) == 18


@pytest.mark.parametrize(("irreps", "order"), SPACES)
@pytest.mark.parametrize("name", ["mace", "cuequivariance"])
def test_other_bases_span_the_same(irreps: object, order: int, name: str) -> None:
    for output in ("0e", "1o", "2e", "1e"):
        own, other = basis(irreps, order, output), basis(irreps, order, output, paths=name)
        check_same_span(own, other)


def check_same_span(own: Basis, other: Basis) -> None:
    """The exact change between the bases, from products of tensors, is square and keeps every tensor."""
    a, b = (made.tensor().reshape(made.shape[0], made.shape[1] * made.dimension**made.order) for made in (own, other))
    assert own.shape == other.shape
    if not len(a):
        return
    change = np.linalg.lstsq(a.T, b.T, rcond=None)[0].T
    np.testing.assert_allclose(change @ a, b, atol=1e-12)
    assert np.linalg.matrix_rank(change) == len(a)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((2, 2, 0), {"paths": "e3nn"}, "the paths e3nn are plain, in the real basis, of irreps with a parity"),
        ((2, 2, 0, "antisymmetric"), {"paths": "mace"}, "the paths mace are plain or symmetric"),
        ((2, 2, 0, "plain"), {"paths": "mace", "basis": "complex"}, "in the real basis"),
        (("0 + 1", 2, 0, "plain"), {"paths": "mace"}, "of irreps with a parity, got"),
        ((2, 2, 0, "plain"), {"paths": "cuequivariance"}, "the paths cuequivariance are symmetric, in the real basis"),
        ((2, 2, 0), {"paths": "cuequivariance", "basis": "complex"}, "symmetric, in the real basis"),
        ((2, 2, 0), {"intermediates": "natural"}, "natural intermediates are of plain paths"),
        ((2, 2, 0), {"paths": "pace"}, "paths must be one of kernel, mace, e3nn, cuequivariance, got .pace."),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], options: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        basis(*arguments, **options)


def test_natural_intermediates_at_order_4_lose_nothing() -> None:
    """158, 284, 358, 372 paths at lmax 3, whose symmetrized rank is that of the symmetric basis: 23, 31, 46, 44."""
    random = np.random.default_rng(0)
    for output, (paths, rank) in enumerate(zip((158, 284, 358, 372), (23, 31, 46, 44), strict=True)):
        made = basis(3, 4, output, "plain", paths="mace", intermediates="natural")
        assert made.shape[0] == paths and count(3, 4, output) == rank
        values = made(random.standard_normal((rank + 4, made.dimension)))[:, :, 0]
        sizes = np.linalg.svd(values, compute_uv=False)
        assert sizes[rank - 1] > 1e-6 * sizes[0] > 1e4 * sizes[rank:].max()


@pytest.mark.parametrize(("paths", "symmetry"), [("kernel", "symmetric"), ("mace", "symmetric"), ("mace", "plain")])
def test_the_check_of_a_file_takes_bases_for_what_they_are(paths: str, symmetry: str) -> None:
    """Rebuilt, rotated and counted, whichever they are; orthonormal, if they are."""
    report = build_bases(BasesRequest(2, 3, symmetry=symmetry, paths=paths)).check()
    names = [one.name for one in report.checks]
    assert report.passed and "rebuilt" in names and "rotation" in names
    assert ("orthonormal" in names) == ((paths, symmetry) != ("mace", "symmetric"))

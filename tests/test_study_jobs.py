"""What the page of the study searches: problems, ranks and starts, which its text and the shipped results rest on."""

from __future__ import annotations

import pytest

from coupling.cli import study_jobs
from coupling.cli.study_jobs import Job, sections
from coupling.lowrank import normalization_problem

LIMITS = {
    False: {"by limit": (1, 2, 3, 4, 5, 6), "double": (1, 2, 3), "exact": (2, 3, 4, 5, 6)},
    True: {
        "by limit": (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16),
        "double": (1, 2, 3, 4, 6, 8),
        "exact": (2, 3, 4, 5, 6, 7, 8, 10, 12, 16),
    },
}
#: Spins that reach every path, and one or two large ones.
MATRIX = {
    False: {(1, 1), (2, 2), (3, 4), (2, 16)},
    True: {(1, 1), (2, 2), (3, 4), (4, 4), (5, 5), (6, 7), (8, 9), (4, 16), (4, 64)},
}
WHOLE = {
    False: {1: (range(2, 9), 32), 2: ((10, 14, 15, 20, 24, 25, 26, 27, 28), 6)},
    True: {
        1: (range(2, 9), 192),
        2: ((10, 14, 15, 20, 24, 25, 26, 27, 28), 48),
        3: ((21, 28, 32, 45, 63, 80, 84, 85), 6),
        4: ((112, 175), 4),
        5: ((175,), 4),
        6: ((252,), 4),
    },
}


def lmax_of(job: Job) -> tuple[int, ...]:
    return tuple(job.problem.spec["lmax"])


@pytest.fixture(scope="module", params=[False, True], ids=["small", "full"])
def page(request: pytest.FixtureRequest) -> tuple[bool, study_jobs.Sections]:
    full: bool = request.param
    return full, sections(full)


def test_degree_limits_ranks_and_starts(page: tuple[bool, study_jobs.Sections]) -> None:
    full, found = page
    starts = 384 if full else 48
    for name in ("Gaunt", "bracket"):
        jobs = list(found[name].values())
        assert [lmax_of(job)[0] for job in jobs] == list(LIMITS[full]["by limit"])
        assert {job.ranks for job in jobs} == {tuple(range(1, 9 if full else 7))}
        assert [job.starts for job in jobs] == [starts if lmax_of(job)[0] < 10 else starts // 8 for job in jobs]
    double = [lmax_of(job) for job in found["double"].values()]
    assert double == [(l, l, 2 * l) for l in LIMITS[full]["double"]] * 2
    assert {(job.ranks, job.starts) for job in found["double"].values()} == {(tuple(range(1, 9)), starts)}
    variants = found["variants"].values()
    assert {(lmax_of(job)[0], job.ranks, job.starts) for job in variants} == {
        (6 if full else 4, tuple(range(1, 7)), starts)
    }


def test_spins_of_the_matrix_product(page: tuple[bool, study_jobs.Sections]) -> None:
    full, found = page
    labels = {f"L = {lmax}, 2j = {twice}, {p}" for lmax, twice in MATRIX[full] for p in ("even", "odd", "all")}
    assert set(found["matrix"]) == labels - {label for label in labels if label.startswith("L = 1") and "odd" in label}
    for label, job in found["matrix"].items():
        assert f"L = {lmax_of(job)[0]}, 2j = {job.problem.spec['spin']}" in label
        assert job.ranks == tuple(range(1, 7)) and job.starts == (384 if full else 48)


def test_degree_limits_of_the_single_vector_product(page: tuple[bool, study_jobs.Sections]) -> None:
    full, found = page
    jobs = list(found["vector"].values())
    assert [lmax_of(job) for job in jobs] == [(l, l, l) for l in range(1, 6 if full else 4)]
    assert {(job.ranks, job.starts) for job in jobs} == {(tuple(range(1, 9)), 384 if full else 48)}
    assert {job.problem.spec["problem"] for job in jobs} == {"single_vector_product"}


def test_the_pairing_and_the_shift_tensors(page: tuple[bool, study_jobs.Sections]) -> None:
    full, found = page
    pairing = list(found["pairing"].values())
    assert [lmax_of(job)[0] for job in pairing] == list(range(1, 6 if full else 3))
    shifts = found["shifts"]
    assert len(shifts) == 9 and {lmax_of(job)[0] for job in shifts.values()} == {4 if full else 2}
    for label, job in shifts.items():
        assert job.problem.spec["problem"] == f"vector_signal:{label.replace(' ', '')}"
    assert {(job.ranks, job.starts) for job in [*pairing, *shifts.values()]} == {
        (tuple(range(1, 9)), 384 if full else 48)
    }


def test_chains_differ_in_the_degree_limit_alone(page: tuple[bool, study_jobs.Sections]) -> None:
    for chain in study_jobs.chains(page[1]):
        assert [lmax_of(job) for job in chain] == sorted(lmax_of(job) for job in chain)
        specs = [{k: v for k, v in job.problem.spec.items() if k != "lmax"} for job in chain]
        assert all(spec == specs[0] for spec in specs)


def test_exact_ranks_begin_where_there_are_as_many_unknowns_as_equations(
    page: tuple[bool, study_jobs.Sections],
) -> None:
    full, found = page
    starts = 192 if full else 24
    jobs = list(found["exact"].values())
    assert [lmax_of(job)[0] for job in jobs] == list(LIMITS[full]["exact"]) * 2
    for job in jobs:
        entries = {tuple(sorted(map(int, path))) for path in zip(*job.problem.entries, strict=True)}
        degrees = {l for path in entries for l in path}
        least = next(rank for rank in range(1, 200) if rank * len(degrees) >= len(entries))
        assert job.ranks == (least, least + 1, least + 2)
        assert job.starts == (starts if lmax_of(job)[0] < 10 else starts // 2)


def test_the_whole_tensor_and_complex_factors(page: tuple[bool, study_jobs.Sections]) -> None:
    full, found = page
    assert {lmax_of(job)[0]: (job.ranks, job.starts) for job in found["whole"].values()} == {
        lmax: (tuple(ranks), starts) for lmax, (ranks, starts) in WHOLE[full].items()
    }
    (job,) = found["complex"].values()
    assert job.complex_factors and job.ranks == (5, 6, 7) and job.starts == (64 if full else 12)
    assert not any(j.complex_factors for name, group in found.items() if name != "complex" for j in group.values())


def test_the_longest_jobs_go_first() -> None:
    small, large = (Job(normalization_problem("gaunt", lmax), (1, 2), 1) for lmax in (2, 4))
    assert large.cost == pytest.approx(small.cost * (5 / 3) ** 3) and small.cost == 27 * 4
    assert Job(small.problem, (1, 4), 1).cost == 4 * small.cost

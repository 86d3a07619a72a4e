"""The searches of the study page, section by section, distributed over processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coupling.cli.console import bar, tell
from coupling.conventions import ANTISYMMETRIC_GAUNT, GAUNT
from coupling.families import family as known
from coupling.families.gradient_dot import FAMILY as PAIRING
from coupling.families.single_vector_product import FAMILY as SINGLE
from coupling.files.atomic import FINISHED
from coupling.lowrank.by_rank import Effort, study
from coupling.lowrank.decomposition import pool
from coupling.lowrank.limits import continued, continued_siblings
from coupling.lowrank.problems import CLASSES, Problem, from_spec, normalization_problem, same, whole_problem
from coupling.lowrank.records import Record, factor_file_name
from coupling.lowrank.shifts import ALL, signal_name
from coupling.lowrank.store import PROBLEMS, keep, load_factors
from coupling.numbers.normalizations import MATRIX

FAMILIES = {"Gaunt": GAUNT, "bracket": ANTISYMMETRIC_GAUNT}

#: 2j for which no path of a degree limit is missing.
SPINS = {1: 1, 2: 2, 3: 4, 4: 4, 5: 5, 6: 7, 8: 9}

#: Ranks of the whole tensor, those of the literature among them, and starts for the small and the full page.
WHOLE = {
    1: (range(2, 9), 32, 192),
    2: ((10, 14, 15, 20, 24, 25, 26, 27, 28), 6, 48),
    3: ((21, 28, 32, 45, 63, 80, 84, 85), 0, 6),
    4: ((112, 175), 0, 4),
    5: ((175,), 0, 4),
    6: ((252,), 0, 4),
}

Sections = dict[str, dict[str, "Job"]]
Call = tuple["Job | Sequence[Job] | Path", ...]


@dataclass(frozen=True)
class Job:
    """A problem, the ranks that are searched, and how hard."""

    problem: Problem
    ranks: tuple[int, ...]
    starts: int
    complex_factors: bool = False

    def run(self, store: Path) -> list[Record]:
        """Search, or read from the store what is there."""
        starts, kind = self.starts, self.complex_factors
        return study(self.problem, self.ranks, starts=starts, complex_factors=kind, store=store, tell=tell)

    @property
    def cost(self) -> float:
        """A number that grows with the time: the longest go first."""
        return float(self.problem.tensor.size) * max(self.ranks) ** 2 * (100 if self.problem.mask is None else 1)


def sections(full: bool) -> Sections:
    """Return the jobs of the page, section by section."""
    starts = 384 if full else 48
    found: Sections = {
        **{name: by_limit(name, full, starts) for name in FAMILIES},
        "variants": variant_problems(starts, 6 if full else 4),
        "double": double(full, starts),
        "matrix": matrix(full, starts),
        "vector": vector(full, starts),
        "pairing": pairing(full, starts),
        "shifts": shift_tensors(full, starts),
        "exact": exact_searches(full, starts),
        "whole": whole(full),
    }
    found["complex"] = {"L = 1": Job(whole_problem(1), (5, 6, 7), 64 if full else 12, True)}
    return found


def begin(found: Sections, store: Path, page: Path) -> None:
    """Put results of these jobs into a store that does not have them, so that none gets worse: those of the page's own
    file of factors, where there is one, and the shipped ones.
    """
    wanted = {
        factor_file_name(job.problem, rank)
        for group in found.values()
        for job in group.values()
        for rank in job.ranks
        if not job.complex_factors
    }
    store.mkdir(parents=True, exist_ok=True)
    files: list[str | Path] = [*PROBLEMS, *([page] if page.is_file() else [])]
    for record in (record for file in files for record in load_factors(file)):
        file = store / factor_file_name(from_spec(record.spec), record.rank)
        if file.name in wanted and not file.exists():
            keep(record, store)


def work(found: Sections, store: Path, workers: int) -> dict[str, dict[str, list[Record]]]:
    """Run all jobs and return their results; a bar shows how many are done."""
    jobs = sorted((job for group in found.values() for job in group.values()), key=lambda job: -job.cost)
    with pool(workers) as executor, bar(len(jobs)) as drawn, noting(jobs, store):
        for words in _done(executor, _run, [(job, store) for job in jobs]):
            drawn.update(1, words)
        drawn.update(0, "continuation")
        for _ in _done(executor, _continued, [(chain, store) for chain in chains(found)]):
            pass
        for _ in _done(executor, _compared, [(*group, store) for group in siblings(found)]):
            pass
    return {name: {label: job.run(store) for label, job in group.items()} for name, group in found.items()}


def chains(found: Sections) -> list[list[Job]]:
    """Return the jobs that differ in the degree limit alone, in rising order.

    >>> [len(chain) for chain in chains(sections(False))]
    [6, 6, 3, 3, 3, 2, 2]
    """
    groups = [list(found[name].values()) for name in (*FAMILIES, "vector", "pairing", "whole")]
    double_limits = [[job for label, job in found["double"].items() if label.startswith(name)] for name in FAMILIES]
    return [*groups[:2], *double_limits, *groups[2:]]


def siblings(found: Sections) -> list[tuple[list[Job], list[Job]]]:
    """Return the jobs whose results begin one another's fits, and those that only begin others.

    Variants are siblings of the family with weights 1; outputs to 2L, those of degrees to L and to 2L; the even and the
    odd paths of a matrix product, those of all paths.

    >>> [(len(some), len(fixed)) for some, fixed in siblings(sections(False))]
    [(7, 0), (7, 0), (3, 6), (3, 6), (11, 0)]
    """
    groups = []
    for name in ("variants", "double"):
        for family in FAMILIES:
            some = [job for label, job in found[name].items() if label.startswith(family)]
            groups.append((some, list(found[family].values()) if name == "double" else []))
    return [*groups, (list(found["matrix"].values()), [])]


@contextmanager
def noting(jobs: Sequence[Job], store: Path) -> Iterator[None]:
    """Note what other processes have finished in a store, also when they are interrupted."""
    try:
        yield
    finally:
        files = [store / factor_file_name(job.problem, rank, job.complex_factors) for job in jobs for rank in job.ranks]
        FINISHED.extend(file for file in files if file.exists())


def _done(executor: ProcessPoolExecutor | None, function: Callable[..., str], calls: Iterable[Call]) -> Iterable[str]:
    if executor is None:
        yield from (function(*call) for call in calls)
        return
    for future in as_completed([executor.submit(function, *call) for call in calls]):
        yield future.result()


def _run(job: Job, store: Path) -> str:
    job.run(store)
    return job.problem.name


def _continued(chain: Sequence[Job], store: Path) -> str:
    """Improve what a store has for a chain of degree limits."""
    problems = {job.problem.name: job.problem for job in chain}
    continued(problems, {job.problem.name: job.run(store) for job in chain}, Effort(chain[0].starts), store)
    return chain[-1].problem.name


def _compared(some: Sequence[Job], fixed: Sequence[Job], store: Path) -> str:
    """Improve what a store has for siblings."""
    problems = {job.problem.name: job.problem for job in (*fixed, *some)}
    results = {job.problem.name: job.run(store) for job in (*fixed, *some)}
    names = {job.problem.name for job in fixed}
    continued_siblings(problems, results, Effort(some[0].starts), store, names)
    return some[-1].problem.name


def by_limit(name: str, full: bool, starts: int) -> dict[str, Job]:
    """Return the jobs of all degree limits."""
    limits = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16) if full else (1, 2, 3, 4, 5, 6)
    ranks = tuple(range(1, 9 if full else 7))
    return {
        f"L = {lmax}": Job(normalization_problem(FAMILIES[name], lmax), ranks, fewer(starts, lmax)) for lmax in limits
    }


def fewer(starts: int, lmax: int) -> int:
    """Return the starts for a degree limit: an eighth from 10 on, where results of smaller ones grow."""
    return starts if lmax < 10 else starts // 8


def variant_problems(starts: int, lmax: int) -> dict[str, Job]:
    """Return the variants at one degree limit: signs, classes, weights, N itself."""
    jobs: dict[str, Job] = {}
    for name, family in FAMILIES.items():
        classes = CLASSES[known(family).parity]
        wanted: list[tuple[str, Problem]] = [
            (f"{name}, positive", normalization_problem(family, lmax)),
            (f"{name}, complex signs", normalization_problem(family, lmax, signs="complex")),
            *((f"{name}, class {c}", normalization_problem(family, lmax, c, signs="absolute")) for c in classes),
            (f"{name}, component weights", normalization_problem(family, lmax, weights="component")),
            (f"{name}, norm weights", normalization_problem(family, lmax, weights="norm")),
            (f"{name}, N instead of 1/N", normalization_problem(family, lmax, inverse=False)),
        ]
        for label, problem in wanted:
            if not any(same(problem, job.problem) for job in jobs.values()):
                jobs[label] = Job(problem, tuple(range(1, 7)), starts)
    return jobs


def double(full: bool, starts: int) -> dict[str, Job]:
    """Return the jobs with outputs to twice the degree limit of the inputs."""
    limits = (1, 2, 3, 4, 6, 8) if full else (1, 2, 3)
    return {
        f"{name}, L = {lmax}": Job(normalization_problem(family, (lmax, lmax, 2 * lmax)), tuple(range(1, 9)), starts)
        for name, family in FAMILIES.items()
        for lmax in limits
    }


def matrix(full: bool, starts: int) -> dict[str, Job]:
    """Return the jobs of the matrix product with the smallest spin that misses no path, and with a large one."""
    spins = [(lmax, twice) for lmax, twice in SPINS.items() if full or lmax < 4]
    spins += [(4, 16), (4, 64)] if full else [(2, 16)]
    return {
        f"L = {lmax}, 2j = {twice}, {parity}": Job(
            normalization_problem(MATRIX, lmax, parity, j=twice / 2), tuple(range(1, 7)), starts
        )
        for lmax, twice in spins
        for parity in ("even", "odd", "all")
        if lmax > 1 or parity != "odd"
    }


def vector(full: bool, starts: int) -> dict[str, Job]:
    """Return the jobs of the single vector product."""
    limits = range(1, 6 if full else 4)
    return {f"L = {lmax}": Job(normalization_problem(SINGLE, lmax), tuple(range(1, 9)), starts) for lmax in limits}


def pairing(full: bool, starts: int) -> dict[str, Job]:
    """Return the jobs of the gradient-dot pairing."""
    limits = range(1, 6 if full else 3)
    return {f"L = {lmax}": Job(normalization_problem(PAIRING, lmax), tuple(range(1, 9)), starts) for lmax in limits}


def shift_tensors(full: bool, starts: int) -> dict[str, Job]:
    """Return the jobs of the shift tensors at one degree limit, one for all that differ in the order of slots alone."""
    jobs: dict[str, Job] = {}
    sizes: list[Problem] = []
    for shifts in ALL:
        problem = normalization_problem(signal_name(shifts), 4 if full else 2)
        size = normalization_problem(signal_name(shifts), 4 if full else 2, signs="absolute")
        if not any(same(size, other) for other in sizes):
            sizes.append(size)
            jobs[", ".join(map(str, shifts))] = Job(problem, tuple(range(1, 9)), starts)
    return jobs


def exact_searches(full: bool, starts: int) -> dict[str, Job]:
    """Return the searches for exact decompositions, from the rank that the count of equations suggests."""
    limits = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16) if full else (2, 3, 4, 5, 6)
    jobs = {}
    for name, family in FAMILIES.items():
        for lmax in limits:
            problem = normalization_problem(family, lmax)
            least, part = counted(problem)[1], 2 if lmax < 10 else 4
            jobs[f"{name}, L = {lmax}"] = Job(problem, tuple(range(least, least + 3)), starts // part)
    return jobs


def counted(problem: Problem) -> tuple[int, int]:
    """Return the distinct entries that count, and the least rank with as many unknowns in equal factors.

    >>> counted(normalization_problem("gaunt", 4))
    (14, 3)
    """
    orders = {tuple(sorted(path)) for path in zip(*(axis.tolist() for axis in problem.entries), strict=True)}
    degrees = len({l for path in orders for l in path})
    return len(orders), -(-len(orders) // degrees)


def whole(full: bool) -> dict[str, Job]:
    """Return the jobs of the whole coupling tensor."""
    return {
        f"L = {lmax}": Job(whole_problem(lmax), tuple(ranks), large if full else small)
        for lmax, (ranks, small, large) in WHOLE.items()
        if full or small
    }

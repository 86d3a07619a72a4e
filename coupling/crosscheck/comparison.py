"""Compare what another program computes with its convention as recorded here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from coupling.crosscheck.program import FAMILY, HARMONICS, ONE_BY_ONE, ROTATIONS, Array, Case, PeerProgram
from coupling.crosscheck.programs import PROGRAMS
from coupling.crosscheck.recoupling import rows_of_degree
from coupling.crosscheck.reference import points_on_sphere, reference, rotations_of
from coupling.foreign import named
from coupling.selection import degree, paths

#: A program agrees when no difference is above this, relative to the largest entry of the case: some roundings.
AGREES = 1e-12
#: Above this it is wrong: not even half of its digits are right.
WRONG = 1e-6

#: Quantities of a degree alone, which are compared at points or for rotations, to rounding.
OF_ONE_DEGREE = (HARMONICS, ROTATIONS)


@dataclass(frozen=True)
class Difference:
    """What is between the answer of a program and the reference, in one case.

    entries : how many numbers were compared; none when there is no answer to compare
    relative : the largest difference, in units of the largest entry of the case; infinite when there is none
    ulp : the same in units in the last place: of each entry, for harmonics of the largest one
    zeros : entries that are 0 there and not here
    noise : entries that are 0 here, exactly, and not there
    kind : what the difference looks like if it is too large: "sign", "scale", "order or signs", "values", "shape",
        "not a number", or what was raised
    """

    entries: int
    relative: float
    ulp: float
    zeros: int
    noise: int
    kind: str


@dataclass(frozen=True)
class Row:
    """The comparison of one quantity of one program, over all degrees up to one or in a single case.

    domain : "≤ 5" for all degrees up to 5, or the numbers of the case
    cases : triples of degrees; degrees, for harmonics

    >>> row = next(row for row in crosscheck(2) if row.convention == "sphericart")
    >>> row.quantity, row.domain, row.cases, row.entries
    ('harmonics', '≤ 2', 3, 540)
    """

    convention: str
    program: str
    version: str
    quantity: str
    domain: str
    cases: int
    entries: int
    relative: float
    ulp: float
    verdict: str

    @property
    def agrees(self) -> bool:
        """Whether no difference is too large."""
        return self.verdict.startswith("agrees")


def crosscheck(lmax: object = 5, programs: Iterable[PeerProgram] = PROGRAMS, hard: bool = False) -> Iterator[Row]:
    """Yield a row for each quantity of each program that is installed, for all degrees up to lmax.

    hard : also the cases in which a program is known to lose digits or to fail, a row each
    Raises ValueError or TypeError for an lmax that does not exist, and what a program raises when it is imported; what
    it raises when it is asked is its verdict.

    >>> next(row for row in crosscheck(2) if row.convention == "sphericart").verdict
    'agrees'
    """
    largest = degree(lmax, "lmax")
    for program in programs:
        if program.version is not None:
            functions = program.functions()
            asked = [
                (quantity, f"≤ {program.largest(quantity, largest)}") for quantity in functions if quantity != FAMILY
            ]
            if hard:
                asked += [
                    (quantity, " ".join(map(str, case))) for quantity in program.hard for case in program.hard[quantity]
                ]
            for quantity, domain in asked:
                yield compare(program, functions[quantity], quantity, domain)


def cases_of(quantity: str, domain: str) -> list[Case]:
    """Return the cases of a domain.

    >>> cases_of("harmonics", "≤ 2"), cases_of("wigner_3j", "4 8 12")
    ([(0,), (1,), (2,)], [(4, 8, 12)])
    """
    if not domain.startswith("≤"):
        return [tuple(map(int, domain.split()))]
    lmax = int(domain.removeprefix("≤"))
    return [(l,) for l in range(lmax + 1)] if quantity in (*OF_ONE_DEGREE, *ONE_BY_ONE) else list(paths(lmax))


def compare(program: PeerProgram, function: Callable[..., Array], quantity: str, domain: str) -> Row:
    """Return the row of one quantity of a program that is installed."""
    cases = cases_of(quantity, domain)
    found = [case_difference(program, function, quantity, case) for case in cases]
    return Row(
        program.convention,
        program.distribution,
        program.version or "",
        quantity,
        domain,
        len(cases),
        sum(d.entries for d in found),
        max(d.relative for d in found),
        max(d.ulp for d in found),
        joint_verdict(found),
    )


def case_difference(program: PeerProgram, function: Callable[..., Array], quantity: str, case: Case) -> Difference:
    """Return what is between a program and the reference in one case."""
    ours = reference(named(program.convention), quantity, case)
    try:
        theirs = np.asarray(function(*case, *_given(program, quantity, case)))
    except Exception as error:  # whatever another program does when it is asked
        return _missing(f"raises {type(error).__name__}")
    if theirs.shape != ours.shape:
        return _missing("shape")
    if not np.isfinite(theirs).all():
        return _missing("not a number")
    return _measured(theirs, ours, quantity)


def _given(program: PeerProgram, quantity: str, case: Case) -> list[Array]:
    """Return the arrays that a function takes after its degrees."""
    if quantity in ONE_BY_ONE:
        return [rows_of_degree(quantity, case[0])]
    if quantity == HARMONICS:
        return [points_on_sphere()]
    return [rotations_of(named(program.convention))[0]] if quantity == ROTATIONS else []


def _missing(kind: str) -> Difference:
    return Difference(0, float("inf"), float("inf"), 0, 0, kind)


def _measured(theirs: Array, ours: Array, quantity: str) -> Difference:
    error, size = abs(theirs - ours), abs(ours)
    largest = float(size.max(initial=0))
    exact = quantity not in OF_ONE_DEGREE
    unit = np.spacing(size if exact else np.full_like(size, largest))
    there, here = theirs != 0, ours != 0
    relative = float(error.max(initial=0)) / largest if largest else float(np.where(there.any(), np.inf, 0))
    return Difference(
        ours.size,
        relative,
        float((error[here] / unit[here]).max(initial=0.0)),
        int((here & ~there).sum()) if exact else 0,
        int((there & ~here).sum()) if exact else 0,
        "" if relative <= WRONG else _kind(theirs, ours),
    )


def _kind(theirs: Array, ours: Array) -> str:
    """Say in what two arrays differ: by a sign, by a factor, in their order and signs, or in their values."""
    factor = np.vdot(ours, theirs) / np.vdot(ours, ours)
    if factor and np.allclose(theirs, factor * ours, rtol=0, atol=WRONG * abs(theirs).max()):
        return "sign" if abs(factor + 1) < WRONG else "scale"
    there, here = (np.sort(abs(array), axis=None) for array in (theirs, ours))
    return "order or signs" if np.allclose(there, here, rtol=0, atol=WRONG * here[-1]) else "values"


def joint_verdict(found: list[Difference]) -> str:
    """Say what the differences of all cases amount to.

    >>> joint_verdict([Difference(9, 1e-16, 1.0, 0, 0, ""), Difference(9, 2.0, 1e16, 0, 0, "sign")])
    'wrong: sign in 1 of 2'
    """
    kinds = sorted({d.kind for d in found if d.kind})
    if kinds:
        counted = [f"{kind} in {sum(d.kind == kind for d in found)} of {len(found)}" for kind in kinds]
        return f"wrong: {', '.join(counted)}" if len(found) > 1 else f"wrong: {kinds[0]}"
    words = ["agrees" if max(d.relative for d in found) <= AGREES else "loses digits"]
    zeros, noise = sum(d.zeros for d in found), sum(d.noise for d in found)
    words += [f"0 for {zeros} entries that are not"] if zeros else []
    words += [f"{noise} entries that are 0 are not"] if noise else []
    return ", ".join(words)

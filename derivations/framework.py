"""Steps, derivations, and the strength of what they establish.

A step states something and carries a check: a function whose residuals must simplify to exactly
zero. Its kind says what that check is worth:

- ``proved``   the residuals are symbolic in the degrees and orders, or run over a finite set that
               covers every case: the statement holds for all degrees;
- ``cited``    a textbook fact that is used, not checked; it names book, section and equation;
- ``verified`` the residuals run over all instances up to a degree and say nothing beyond it.

The status of a derivation is never written down: it is the weakest kind among its own steps and
those of the derivations it uses.
"""

import inspect
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from derivations.reading import STATEMENT, Reading
from derivations.reading.names import Names
from derivations.reading.texts import formulas, names, rows, stands_in, states
from derivations.residuals import residuals, vanishes

Kind = Literal["proved", "cited", "verified"]
WEAKEST_FIRST: tuple[Kind, ...] = ("verified", "cited", "proved")


class DoesNotHold(Exception):
    """A residual that is not zero, or a check that checked nothing."""


@dataclass(frozen=True)
class Step:
    """One statement of a derivation.

    title      a few words
    statement  LaTeX, without dollar signs
    check      ``check()`` for a proved step, ``check(lmax)`` for a verified one, None for a cited
               one; returns an expression, a matrix or an iterable of these, all of which must
               vanish. Its docstring says what the residual is and is printed on the page.
    because    the argument in words (Markdown with $…$), printed before the check
    source     book, section, equation; required for a cited step
    """

    title: str
    statement: str
    check: Callable[..., Any] | None = None
    kind: Kind = "proved"
    because: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        name = f"step {self.title!r}"
        if self.kind not in WEAKEST_FIRST:
            raise ValueError(f"{name}: kind must be one of {WEAKEST_FIRST}, got {self.kind!r}")
        if self.kind == "cited":
            if self.check is not None or not self.source:
                raise ValueError(f"{name}: a cited step has a source and no check")
        elif self.check is None or not inspect.getdoc(self.check):
            raise ValueError(f"{name}: a {self.kind} step needs a check with a docstring")

    def run(self, lmax: int) -> int:
        """Number of residuals that vanish; raises DoesNotHold at the first that does not."""
        if self.check is None:
            return 0
        count = 0
        for residual in residuals(self.check(lmax) if self.kind == "verified" else self.check()):
            if not vanishes(residual):
                raise DoesNotHold(f"step {self.title!r}: residual {residual} is not zero")
            count += 1
        if count == 0:
            raise DoesNotHold(f"step {self.title!r}: the check returned no residual")
        return count


@dataclass(frozen=True)
class Derivation:
    """A statement, its hypotheses and the steps that establish it.

    verify(lmax)       checks every exact instance up to the degree by a route that does not use the
                       steps, raises DoesNotHold, and returns how many instances it met
    reading            how every statement, as it is displayed, is evaluated at instances
    certificate(lmax)  the exact values reached by that route, as a JSON-able dictionary
    uses               derivations whose results the steps take over
    """

    id: str
    title: str
    statement: str
    hypotheses: tuple[str, ...]
    steps: tuple[Step, ...]
    verify: Callable[[int], int]
    certificate: Callable[[int], dict[str, Any]]
    lmax: int
    certificate_lmax: int
    reading: Reading
    uses: tuple["Derivation", ...] = ()
    introduction: str = ""
    conclusion: str = ""
    sources: tuple[str, ...] = ()

    def kind(self) -> Kind:
        """The weakest kind among the steps here and in the derivations used."""
        kinds = [step.kind for step in self.steps] + [used.kind() for used in self.uses]
        return min(kinds, key=WEAKEST_FIRST.index) if self.steps else "verified"

    def status(self, lmax: int | None = None) -> str:
        """``proved``, ``cited`` or ``verified(lmax)``."""
        kind = self.kind()
        return f"verified({self.verified_to(lmax)})" if kind == "verified" else kind

    def verified_to(self, lmax: int | None = None) -> int:
        """Smallest degree to which a verified step, here or in what is used, was enumerated."""
        degree = self.lmax if lmax is None else lmax
        weak = [used.verified_to(lmax) for used in self.uses if used.kind() == "verified"]
        return min([degree, *weak])

    def cited(self) -> tuple[Step, ...]:
        """The cited steps here and in the derivations used, each once."""
        steps = [step for used in self.uses for step in used.cited()]
        return tuple(dict.fromkeys(steps + [step for step in self.steps if step.kind == "cited"]))


@dataclass(frozen=True)
class Examination:
    """What running a derivation showed."""

    derivation: Derivation
    lmax: int
    residuals: int
    read: int
    instances: int
    seconds: float
    failures: tuple[str, ...] = field(default=())

    @property
    def status(self) -> str:
        return "fails" if self.failures else self.derivation.status(self.lmax)


def examine(derivation: Derivation, lmax: int | None = None) -> Examination:
    """Run every step and every instance; collect what fails instead of stopping."""
    degree = derivation.lmax if lmax is None else lmax
    start = time.perf_counter()
    failures: list[str] = []
    found = [attempt(part, degree, failures) for part in parts(derivation)]
    instances, counted = found[-1], sum(found[-1 - len(derivation.steps) : -1])
    read = sum(found) - counted - instances
    if not derivation.steps:
        failures.append("the derivation has no steps")
    seconds = time.perf_counter() - start
    return Examination(derivation, degree, counted, read, instances, seconds, tuple(failures))


def parts(derivation: Derivation) -> list[Callable[[int], int]]:
    """All that `examine` runs, what is displayed first."""
    texts = [partial(read_text, derivation, text) for text in displayed(derivation)]
    texts += [partial(read_argument, derivation, text) for text in arguments(derivation) if "$" in text[1]]
    texts.append(partial(read_list, derivation))
    return [*texts, *(step.run for step in derivation.steps), partial(verify, derivation)]


def verify(derivation: Derivation, lmax: int) -> int:
    """Number of exact instances that hold; raises DoesNotHold where one does not, or was counted and not compared."""
    before = _COMPARED.total()
    count = derivation.verify(lmax)
    compared = _COMPARED.total() - before
    if type(count) is not int or not 0 < count <= compared:
        raise DoesNotHold(f"{count} instances to degree {lmax}, {compared} of them compared")
    return count


def displayed(derivation: Derivation) -> list[tuple[str, str]]:
    """The statement and those of the steps, each with its title."""
    return [(STATEMENT, derivation.statement), *((step.title, step.statement) for step in derivation.steps)]


def read_text(derivation: Derivation, text: tuple[str, str], _: int) -> int:
    """Number of residuals that vanish when a displayed statement is evaluated at its instances."""
    title, latex = text
    if latex in unread(derivation):
        return 0
    count, failures = derivation.reading.of(title).failures(latex)
    if failures or count == 0:
        raise DoesNotHold(f"{title!r} as it is displayed: {failures[0] if failures else 'nothing was compared'}")
    return count


def arguments(derivation: Derivation) -> list[tuple[str, str]]:
    """The texts of a page, each with the title under which its formulas are read."""
    whole = (derivation.introduction, derivation.conclusion, *derivation.hypotheses)
    texts = [(STATEMENT, text) for text in (*whole, inspect.getdoc(derivation.verify) or "")]
    return texts + [(step.title, step.because) for step in derivation.steps]


def read_argument(derivation: Derivation, text: tuple[str, str], _: int) -> int:
    """Number of residuals that vanish when the relations in a text are evaluated; the rest of its formulas is known."""
    title, words = text
    tables = read_table(derivation, title, rows(words)) if rows(words) else 0
    return tables + sum(read_formula(derivation, title, latex) for latex in formulas(words))


def read_table(derivation: Derivation, title: str, cells: list[list[str]]) -> int:
    """Number of residuals of the table in a text, which the name `table` of its reading compares."""
    reading = derivation.reading.argument(title, "")
    found = list(reading.rules["table"](Names(reading.rules))(cells)) if "table" in reading.rules else []
    if not found or not all(map(vanishes, found)):
        raise DoesNotHold(f"the table in the text of {title!r}, one of {found}")
    return len(found)


def read_formula(derivation: Derivation, title: str, latex: str) -> int:
    """Number of residuals of a relation; none for what is on the list, named, or a part of another formula."""
    if latex in unread(derivation):
        return 0
    reading = derivation.reading.argument(title, latex)
    if states(latex):
        count, failures = reading.failures(latex)
        if failures or count == 0:
            raise DoesNotHold(
                f"the text of {title!r} at {latex}: {failures[0] if failures else 'nothing was compared'}"
            )
        return count
    near = (title, STATEMENT)  # a name may stand in any step
    if not all_mean(reading, latex) and not stands_in(latex, formed(derivation, () if names(latex) else near)):
        raise DoesNotHold(f"the text of {title!r} at {latex}: no relation, name or part of another formula")
    return 0


def all_mean(reading: Reading, latex: str) -> bool:
    """Whether a formula is one name or several, all of which have a meaning."""
    return bool(found := names(latex)) and all(map(reading.means, found))


def formed(derivation: Derivation, titles: tuple[str, ...]) -> list[str]:
    """The formulas that are evaluated under some titles, or under all."""
    texts = [(title, latex) for title, text in arguments(derivation) for latex in formulas(text) if states(latex)]
    found = [latex for title, latex in (*texts, *displayed(derivation)) if not titles or title in titles]
    return [latex for latex in found if latex not in unread(derivation)]


def unread(derivation: Derivation) -> list[str]:
    """The formulas of a page that are not evaluated."""
    return [latex for group in derivation.reading.unread.values() for latex in group]


def read_list(derivation: Derivation, _: int) -> int:
    """No residual; raises DoesNotHold where a formula is on the list and in no text."""
    texts = {latex for _, text in arguments(derivation) for latex in formulas(text)}
    for latex in unread(derivation):
        if latex not in texts | {latex for _, latex in displayed(derivation)}:
            raise DoesNotHold(f"{latex} is in no text and need not be on the list of those that are not evaluated")
    return 0


def attempt(action: Callable[[int], int], lmax: int, failures: list[str]) -> int:
    """``action(lmax)``, or 0 with the failure recorded."""
    try:
        return action(lmax)
    except DoesNotHold as failure:
        failures.append(str(failure))
        return 0


#: How many comparisons `require` has made.
_COMPARED: Counter[str] = Counter()


def require(holds: bool, message: str) -> None:
    """Raise DoesNotHold unless an exact comparison came out true."""
    _COMPARED["all"] += 1
    if not holds:
        raise DoesNotHold(message)

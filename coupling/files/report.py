"""Reports of the checks of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One property of a file: whether it holds, in how many cases it was checked, and what was found.

    >>> print(Check("slices", True, 1105, "largest deviation 2.2e-16"))
    ok      slices                1105 cases   largest deviation 2.2e-16
    """

    name: str
    passed: bool
    cases: int
    detail: str

    def __str__(self) -> str:
        return f"{'ok' if self.passed else 'FAILED':<7} {self.name:<16} {self.cases:>9} cases   {self.detail}".rstrip()


@dataclass(frozen=True, repr=False)
class Report:
    """All checks of a file; printing it gives one line per check."""

    what: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def __repr__(self) -> str:
        return "\n".join([self.what, *(f"  {check}" for check in self.checks)])


def verdict(name: str, cases: int, wrong: Sequence[object], good: str) -> Check:
    """Return a check that fails if anything is wrong, and states how many cases are wrong and the first of them.

    >>> verdict("reversal", 2, [(1, 1, 1)], "equal").detail
    '1 differ, the first at (1, 1, 1)'
    """
    detail = f"{len(wrong)} differ, the first at {wrong[0]}" if wrong else good
    return Check(name, not wrong, cases, detail)

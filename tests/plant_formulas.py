"""Every fault of every formula on the pages of derivations: ``python -m tests.plant_formulas whole_tensor``.

tests/plant_derivations.py draws some; here all digits, signs, letters and functions of what is displayed and of what
is evaluated among the words are replaced, one by one.  Nothing is executed but the reading of the changed formula.
What survives is printed, and is an error unless it is equivalent.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

from derivations.framework import Derivation, DoesNotHold, arguments, displayed, read_formula, read_text, unread
from derivations.reading.texts import formulas, names
from derivations.registry import IDS, load
from tests.plant_derivations import EQUIVALENTS
from tests.plant_latex import LATEX, replaced

POWER = re.compile(r"\(-1\)\^\{[^}]*$")
SECONDS = 60  # for one fault; what takes longer is counted apart


class TooLong(BaseException):
    """A changed formula whose evaluation does not end in time."""


def shown(derivation: Derivation) -> dict[tuple[str, str, bool], None]:
    """The formulas that are evaluated, with their titles, and whether they are displayed; each once, in order."""
    known = unread(derivation)
    found = [(title, latex, True) for title, latex in displayed(derivation)]
    found += [(title, latex, False) for title, text in arguments(derivation) for latex in formulas(text)]
    return dict.fromkeys(one for one in found if one[1] not in known and (one[2] or not names(one[1])))


def variants(latex: str) -> Iterator[tuple[str, str, int]]:
    """The formula with each of its faults, what was replaced, and where."""
    for match in LATEX.finditer(latex):
        if (new := replaced(match)) is not None:
            change = f"{match.group()} → {' '.join(new.split()) or 'nothing'}"
            yield latex[: match.start()] + new + latex[match.end() :], change, match.start()


def survives(derivation: Derivation, title: str, latex: str, is_displayed: bool) -> bool:
    """Whether a changed formula is read without an objection."""
    signal.alarm(SECONDS)
    try:
        read_text(derivation, (title, latex), 0) if is_displayed else read_formula(derivation, title, latex)
    except (DoesNotHold, ArithmeticError, RecursionError):
        return False
    finally:
        signal.alarm(0)
    return True


def reason(latex: str, change: str, place: int) -> str:
    """Why a fault changes nothing, or an empty text: as in tests/plant_derivations.py, by the line of the source."""
    if change in ("+ → -", "- → +") and POWER.search(latex[:place]):
        return "the parity of a whole number"
    whole = " ".join(latex.split())
    for entry in tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]:
        line = " ".join(str(entry["line"]).split())
        if entry.get("fault") == change and (whole in line or line.strip('r",') in whole):
            return str(entry["why"])
    return ""


def late(*_: Any) -> None:
    raise TooLong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", help="derivations [all]")
    signal.signal(signal.SIGALRM, late)
    left = 0
    for identifier in parser.parse_args().ids or IDS:
        counts = {"caught": 0, "equivalent": 0, "late": 0, "survived": 0}
        derivation = load(identifier)
        for title, latex, is_displayed in shown(derivation):
            if not survives(derivation, title, latex, is_displayed):
                print(f"{identifier}, {title}: no fault, and it does not hold: {latex.strip()}", flush=True)
                counts["survived"] += 1
            for changed, change, place in variants(latex):
                try:
                    found = survives(derivation, title, changed, is_displayed)
                    verdict = "caught" if not found else "equivalent" if reason(latex, change, place) else "survived"
                except TooLong:
                    verdict = "late"
                counts[verdict] += 1
                if verdict in ("late", "survived"):
                    print(f"{verdict} {identifier}, {title}: {change} at {place} of {latex.strip()}", flush=True)
        print(f"{identifier}: " + ", ".join(f"{number} {name}" for name, number in counts.items()), flush=True)
        left += counts["survived"]
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())

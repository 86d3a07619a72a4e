"""The derivations, in the order in which they build on one another."""

from importlib import import_module
from pathlib import Path

from derivations.framework import Derivation

#: Those that others build on.
FIRST = (
    "wigner_3j",
    "gaunt",
    "antisymmetric_gaunt",
    "real_basis",
    "vector_harmonics",
    "clebsch_gordan_paths",
    "matrix_product",
    "adjoints",
)


def found() -> set[str]:
    """The modules of this folder that define a derivation."""
    files = Path(__file__).parent.glob("*.py")
    return {file.stem for file in files if "\nDERIVATION = " in file.read_text(encoding="utf-8")}


#: The derivations, in the order in which they build on one another; a new file is in the list by itself.
IDS: tuple[str, ...] = (*FIRST, *sorted(found() - set(FIRST)))


def load(identifier: str) -> Derivation:
    """The derivation of that id, i.e. `DERIVATION` of the module `derivations.<id>`."""
    if identifier not in IDS:
        raise ValueError(f"unknown derivation {identifier!r}; valid: {', '.join(IDS)}")
    derivation: Derivation = import_module(f"derivations.{identifier}").DERIVATION
    if derivation.id != identifier:
        raise ValueError(f"derivations.{identifier} defines the derivation {derivation.id!r}")
    return derivation


def closure(identifiers: tuple[str, ...]) -> tuple[Derivation, ...]:
    """Those derivations and all they use, in registry order."""
    wanted: set[str] = set()
    pending = list(identifiers)
    while pending:
        identifier = pending.pop()
        if identifier not in wanted:
            wanted.add(identifier)
            pending += [used.id for used in load(identifier).uses]
    return tuple(load(identifier) for identifier in IDS if identifier in wanted)

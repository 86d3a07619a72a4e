"""Twenty molecules and five crystals of ASE's collections, atoms displaced at random by 0.05 Å."""

from __future__ import annotations

from typing import Any

MOLECULES = """
H2O NH3 CH4 C2H4 C2H6 CO2 HCN H2CO CH3OH N2H4 H2O2 SiH4 PH3 SH2 CH3Cl C6H6 CH3CN C4H4S CS2 Si2H6
""".split()
CRYSTALS = ["Si", "C", "Al", "Mg", "Cu"]


def displaced(name: str, collection: str) -> Any:
    """A structure of a collection."""
    from ase.collections import dcdft, g2

    atoms = {"g2": g2, "dcdft": dcdft}[collection][name]
    atoms.rattle(0.05, seed=len(name) + len(atoms))
    return atoms


def molecules() -> list[Any]:
    """The molecules."""
    return [displaced(name, "g2") for name in MOLECULES]


def crystals() -> list[Any]:
    """The crystals."""
    return [displaced(name, "dcdft") for name in CRYSTALS]


def elements() -> list[int]:
    """The atomic numbers that occur."""
    return sorted({int(z) for atoms in (*molecules(), *crystals()) for z in atoms.numbers})

"""Many-body couplings: counts and exact bases of (symmetric) tensor powers of irreps, for ACE, MACE and their like."""

from coupling.manybody.bases import basis
from coupling.manybody.builder import build_bases
from coupling.manybody.counts import count, counts
from coupling.manybody.exchange import convert
from coupling.manybody.gaunt_powers import gaunt_powers
from coupling.manybody.reader import load_bases
from coupling.manybody.report import count_table
from coupling.manybody.request import BasesRequest
from coupling.manybody.stored import Bases
from coupling.manybody.value import Basis

__all__ = [
    "Bases",
    "BasesRequest",
    "Basis",
    "basis",
    "build_bases",
    "convert",
    "count",
    "count_table",
    "counts",
    "gaunt_powers",
    "load_bases",
]

"""Many-body couplings: counts and exact bases of (symmetric) tensor powers of irreps, for ACE, MACE and their like."""

from coupling.manybody.bases import basis
from coupling.manybody.counts import count, counts
from coupling.manybody.exchange import convert
from coupling.manybody.gaunt_powers import gaunt_powers
from coupling.manybody.report import count_table
from coupling.manybody.value import Basis

__all__ = ["Basis", "basis", "convert", "count", "count_table", "counts", "gaunt_powers"]

"""Many-body couplings: counts and exact bases of (symmetric) tensor powers of irreps, for ACE, MACE and their like."""

from coupling.manybody.counts import count, counts
from coupling.manybody.report import count_table

__all__ = ["count", "count_table", "counts"]

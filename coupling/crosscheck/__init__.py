"""Comparison with the other programs of the field that happen to be installed."""

from coupling.crosscheck.comparison import Row, crosscheck
from coupling.crosscheck.page import write_page
from coupling.crosscheck.program import PeerProgram
from coupling.crosscheck.programs import PROGRAMS

__all__ = ["PROGRAMS", "PeerProgram", "Row", "crosscheck", "write_page"]

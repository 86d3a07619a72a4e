"""Comparison with the other programs of the field that happen to be installed."""

from coupling.interop.crosscheck.comparison import Row, crosscheck
from coupling.interop.crosscheck.page import write_page
from coupling.interop.crosscheck.program import PeerProgram
from coupling.interop.crosscheck.programs import PROGRAMS

__all__ = ["PROGRAMS", "PeerProgram", "Row", "crosscheck", "write_page"]

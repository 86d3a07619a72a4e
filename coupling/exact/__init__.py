"""Coupling coefficients as exact numbers.

Every function returns a :class:`Surd`; ``float()`` of it is the correctly rounded double.
Arguments are degrees, then orders.
"""

from coupling.exact.edge_frame import edge_frame_matrix
from coupling.exact.gaunt import antisymmetric_gaunt, gaunt
from coupling.exact.real import real_antisymmetric_gaunt, real_clebsch_gordan, real_gaunt, real_wigner_3j
from coupling.exact.recoupling import fano_x, racah_v, racah_w, triangle_coefficient
from coupling.exact.reduced import bracket_factor, reduced_matrix, wigner_3j_at_zero
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import clebsch_gordan, wigner_3j
from coupling.exact.wigner_6j import wigner_6j
from coupling.exact.wigner_9j import wigner_9j
from coupling.exact.wigner_12j import wigner_12j
from coupling.exact.wigner_d import wigner_d, wigner_d_polynomial
from coupling.exact.wigner_eckart import reduced_harmonic, reduced_spin, wigner_eckart

__all__ = [  # noqa: RUF022 - in the order of dir()
    "Surd",
    "antisymmetric_gaunt",
    "bracket_factor",
    "clebsch_gordan",
    "edge_frame_matrix",
    "fano_x",
    "gaunt",
    "racah_v",
    "racah_w",
    "real_antisymmetric_gaunt",
    "real_clebsch_gordan",
    "real_gaunt",
    "real_wigner_3j",
    "reduced_harmonic",
    "reduced_matrix",
    "reduced_spin",
    "triangle_coefficient",
    "wigner_12j",
    "wigner_3j",
    "wigner_3j_at_zero",
    "wigner_6j",
    "wigner_9j",
    "wigner_d",
    "wigner_d_polynomial",
    "wigner_eckart",
]

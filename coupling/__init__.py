"""Coupling coefficients for rotation-equivariant computing.

Exact, correctly rounded and tabulated: Wigner 3j, 6j, 9j, Clebsch-Gordan, Gaunt and antisymmetric Gaunt coefficients,
in complex and real spherical harmonics.  All conventions are stated in :mod:`coupling.conventions`; exact values live
in :mod:`coupling.exact`.

Names are imported when they are first used, so that ``import coupling`` costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from coupling.version import __version__ as __version__

if TYPE_CHECKING:
    from coupling import exact, families, foreign, lowrank, manybody, numba, plots, products, sphere
    from coupling.arrays import load_arrays
    from coupling.irreps import Irreps
    from coupling.numbers.coefficients import block
    from coupling.numbers.normalizations import normalization
    from coupling.numbers.recurrences import wigner_3j_family, wigner_6j_family
    from coupling.numbers.symbols import (
        antisymmetric_gaunt,
        clebsch_gordan,
        fano_x,
        gaunt,
        racah_v,
        racah_w,
        real_antisymmetric_gaunt,
        real_gaunt,
        wigner_3j,
        wigner_6j,
        wigner_9j,
    )
    from coupling.numbers.tabulation import tabulate
    from coupling.numbers.triangle_coefficient import triangle_coefficient
    from coupling.numbers.wigner_12j import wigner_12j
    from coupling.numbers.wigner_eckart import reduced_harmonic, reduced_spin, wigner_eckart
    from coupling.sphere.wigner import wigner_D, wigner_d
    from coupling.tables import Table, TableError, build, load

#: public name → the module that defines it, or that it is
_HOME = {
    "Irreps": "coupling.irreps",
    "Table": "coupling.tables",
    "TableError": "coupling.tables",
    "antisymmetric_gaunt": "coupling.numbers.symbols",
    "block": "coupling.numbers.coefficients",
    "build": "coupling.tables",
    "clebsch_gordan": "coupling.numbers.symbols",
    "exact": "coupling.exact",
    "families": "coupling.families",
    "fano_x": "coupling.numbers.symbols",
    "foreign": "coupling.foreign",
    "gaunt": "coupling.numbers.symbols",
    "load": "coupling.tables",
    "load_arrays": "coupling.arrays",
    "lowrank": "coupling.lowrank",
    "manybody": "coupling.manybody",
    "normalization": "coupling.numbers.normalizations",
    "numba": "coupling.numba",
    "plots": "coupling.plots",
    "products": "coupling.products",
    "racah_v": "coupling.numbers.symbols",
    "racah_w": "coupling.numbers.symbols",
    "real_antisymmetric_gaunt": "coupling.numbers.symbols",
    "real_gaunt": "coupling.numbers.symbols",
    "reduced_harmonic": "coupling.numbers.wigner_eckart",
    "reduced_spin": "coupling.numbers.wigner_eckart",
    "sphere": "coupling.sphere",
    "tabulate": "coupling.numbers.tabulation",
    "triangle_coefficient": "coupling.numbers.triangle_coefficient",
    "wigner_12j": "coupling.numbers.wigner_12j",
    "wigner_3j": "coupling.numbers.symbols",
    "wigner_3j_family": "coupling.numbers.recurrences",
    "wigner_6j": "coupling.numbers.symbols",
    "wigner_6j_family": "coupling.numbers.recurrences",
    "wigner_9j": "coupling.numbers.symbols",
    "wigner_D": "coupling.sphere.wigner",
    "wigner_d": "coupling.sphere.wigner",
    "wigner_eckart": "coupling.numbers.wigner_eckart",
}

__all__ = [  # noqa: RUF022 - in the order of dir()
    "Irreps",
    "Table",
    "TableError",
    "antisymmetric_gaunt",
    "block",
    "build",
    "clebsch_gordan",
    "exact",
    "families",
    "fano_x",
    "foreign",
    "gaunt",
    "load",
    "load_arrays",
    "lowrank",
    "manybody",
    "normalization",
    "numba",
    "plots",
    "products",
    "racah_v",
    "racah_w",
    "real_antisymmetric_gaunt",
    "real_gaunt",
    "reduced_harmonic",
    "reduced_spin",
    "sphere",
    "tabulate",
    "triangle_coefficient",
    "wigner_12j",
    "wigner_3j",
    "wigner_3j_family",
    "wigner_6j",
    "wigner_6j_family",
    "wigner_9j",
    "wigner_D",
    "wigner_d",
    "wigner_eckart",
]


if not TYPE_CHECKING:  # to a type checker a name that is not above does not exist

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'coupling' has no attribute {name!r}")
        module = import_module(_HOME[name])
        value = module if _HOME[name] == f"coupling.{name}" else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

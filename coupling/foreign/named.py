"""The conventions of programs, by name, and arrays translated from one to another.

Where a program can be installed, the tests compare with it.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.families import Family
from coupling.families import family as known
from coupling.foreign.choices import alternating, cartesian, four_pi, negative_sines, orthogonal, racah
from coupling.foreign.convention import Convention, Degree
from coupling.foreign.reader import read_convention
from coupling.foreign.signs import e3nn_0_4, mlff
from coupling.selection import degrees, doubled_degrees, one_of

#: e3nn takes y for the polar axis: its harmonics at (x, y, z) are the standard formulas at (z, x, y).
Y_IS_POLAR = ("z", "x", "y")

_ALL = (
    Convention("coupling", "this package"),
    Convention(
        "e3nn",
        "e3nn 0.5 and later: o3.wigner_3j, o3.spherical_harmonics, o3.wigner_D",
        axes=Y_IS_POLAR,
        euler="yxy",
    ),
    Convention(
        "e3nn_0_4",
        "e3nn 0.4.4, which MACE requires: o3.wigner_3j",
        axes=Y_IS_POLAR,
        sign=e3nn_0_4,
        lmax=11,
        euler="yxy",
    ),
    Convention("e3nn_jax", "e3nn-jax: clebsch_gordan, spherical_harmonics", axes=Y_IS_POLAR, norm=four_pi, euler="yxy"),
    Convention("fairchem", "fairchem (eSCN, UMA): wigner_D; it has no coupling tensors", axes=Y_IS_POLAR, euler="yxy"),
    Convention(
        "cuequivariance",
        "cuEquivariance: SO3.clebsch_gordan, descriptors.spherical_harmonics",
        axes=Y_IS_POLAR,
        norm=four_pi,
        scale=orthogonal,
    ),
    Convention("openequivariance", "OpenEquivariance: core.e3nn_lite.wigner_3j", axes=Y_IS_POLAR),
    Convention("e3j", "e3j: TensorProduct.clebsch_gordan", axes=Y_IS_POLAR, norm=four_pi, slots=(2, 0, 1)),
    Convention(
        "e3j_sqrt_dim_out",
        "e3j: TensorProduct.clebsch_gordan with SQRT_DIM_OUT",
        axes=Y_IS_POLAR,
        norm=four_pi,
        scale=orthogonal,
        slots=(2, 0, 1),
    ),
    Convention(
        "e3x",
        "e3x: so3.clebsch_gordan, so3.spherical_harmonics, Cartesian order",
        orders=cartesian,
        norm=racah,
        scale=orthogonal,
    ),
    Convention("sphericart", "sphericart: SphericalHarmonics; it has no coupling tensors"),
    Convention("scipy", "SciPy: special.sph_harm_y; it has no coupling tensors", basis="complex"),
    Convention("sympy", "SymPy: Ynm, physics.wigner.wigner_3j, wigner_d", basis="complex", euler="zyz"),
    Convention("sympy_real", "SymPy: physics.wigner.real_gaunt", phase=alternating),
    Convention("sympy_znm", "SymPy: Znm, of which real_gaunt is not the integral", phase=negative_sines),
    Convention(
        "mlff", "mlff and So3krates-torch: cgmatrix.npz, RealSphericalHarmonics", slots=(2, 0, 1), sign=mlff, lmax=10
    ),
)

#: name → convention
CONVENTIONS = {convention.name: convention for convention in _ALL}


def named(convention: Convention | str | os.PathLike[str]) -> Convention:
    """Return the convention of a name or of a .toml file; a Convention is returned unchanged.

    Raises ValueError or TypeError for a name that does not exist, a file that is not a convention, and OSError for a
    file that cannot be read.

    >>> named("e3x").orders(1)
    [1, -1, 0]
    """
    if isinstance(convention, Convention):
        return convention
    if isinstance(convention, os.PathLike) or (isinstance(convention, str) and convention.endswith(".toml")):
        return read_convention(convention)
    return CONVENTIONS[one_of(convention, tuple(CONVENTIONS), "convention")]


def translate(
    array: ArrayLike,
    l1: object,
    l2: object,
    l3: object,
    source: Convention | str,
    target: Convention | str = "coupling",
    family: str | Family = CORE,
) -> NDArray[Any]:
    """Return the coefficients of a path, given in one convention, in another.

    array : of the shape that ``coupling.block(family, l1, l2, l3, convention=source)`` has; degrees (input, input,
        output) whatever the slots of the conventions
    Only places and signs change, bit for bit, unless the factors of the two differ; then every entry is multiplied by
    their ratio, correctly rounded, so two roundings (relative error at most 1.5 · 2⁻⁵²).  Raises ValueError for an
    array of another shape, and for two conventions in different bases.  Source: ``coupling.foreign.convention``.

    >>> import coupling
    >>> old = coupling.block("wigner_3j", 1, 2, 2, convention="e3nn_0_4")
    >>> new = translate(old, 1, 2, 2, "e3nn_0_4", "e3nn")
    >>> (new == -old).all(), (new == coupling.block("wigner_3j", 1, 2, 2, convention="e3nn")).all()
    (np.True_, np.True_)
    """
    s, t = named(source), named(target)
    record = known(family)
    path = _degrees(record, l1, l2, l3)
    given = np.asarray(array)
    shape = tuple(int(2 * path[slot]) + 1 for slot in s.slots)
    if given.shape != shape:
        written = f"({', '.join(map(str, path))})"
        raise ValueError(f"the path {written} in the convention {s.name} has shape {shape}, got {given.shape}")
    if s.basis != t.basis:
        raise ValueError(f"{s.name} is {s.basis} and {t.name} {t.basis}: transform with change_of_basis on each axis")
    ratio = t.factor(record, *path) / s.factor(record, *path)
    moved = t.arrange(s.restore(given, path), path)
    return moved if ratio == 1 else moved * float(ratio) + 0


def _degrees(family: Family, *values: object) -> tuple[Degree, Degree, Degree]:
    """Return degrees: integers, or Fractions where the family has half-integers and one of them is a half-integer."""
    if family.half_integers and any(j & 1 for j in doubled_degrees(*values)):
        j1, j2, j3 = (Fraction(j, 2) for j in doubled_degrees(*values))
        return j1, j2, j3
    l1, l2, l3 = degrees(*values)
    return l1, l2, l3

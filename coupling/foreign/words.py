"""A convention in words: basis, phase and normalization, for people who compare numbers of two programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coupling.families import Family
from coupling.foreign.choices import (
    alternating,
    ascending,
    four_pi,
    gaunt_sign,
    input_norm,
    negative_sines,
    orthogonal,
    orthonormal,
    positive,
    racah,
    unit,
    without_condon_shortley,
)
from coupling.foreign.convention import Convention
from coupling.selection import check_basis

PHASES: dict[tuple[str, Callable[..., Any]], str] = {
    ("complex", positive): "Condon-Shortley phase, conj(Y_lm) = (-1)^m Y_{l,-m}",
    ("complex", without_condon_shortley): "no Condon-Shortley phase, conj(H_lm) = H_{l,-m}",
    ("real", positive): "no Condon-Shortley sign",
    ("real", alternating): "the Condon-Shortley sign (-1)^m",
    ("real", negative_sines): "the sign (-1)^m for m ≥ 0, -1 for m < 0",
}
NORMS: dict[Callable[..., Any], str] = {
    orthonormal: "orthonormal harmonics (the integral of H H* over the sphere is 1)",
    four_pi: "harmonics with a mean square of 1 on the sphere",
    racah: "harmonics whose squares over m add up to 1",
}
SCALES: dict[Callable[..., Any], str] = {
    unit: "unit Frobenius norm of every path",
    orthogonal: "√(2l3+1) times unit Frobenius norm, an orthogonal change of basis",
    input_norm: "√((2l1+1)(2l2+1)) times unit Frobenius norm",
}

SLOTS = "input 1", "input 2", "output"


def in_words(convention: Convention, family: Family, basis: str = "real") -> dict[str, str]:
    """Return what basis, phase and normalization the coefficients of a family have in a convention.

    ``basis`` counts for this package alone; other programs have one.  Raises ValueError for an unknown basis.

    >>> from coupling.families import family
    >>> from coupling.foreign.named import named
    >>> for key, words in in_words(named("e3nn"), family("gaunt")).items():
    ...     print(f"{key}: {words}")
    basis: real harmonics, m < 0 the sine, orders -l ... l; degree 1 is (x, y, z)
    phase: no Condon-Shortley sign
    normalization: orthonormal harmonics (the integral of H H* over the sphere is 1)
    """
    basis = check_basis(basis) if convention.name == "coupling" else convention.basis
    return {
        "basis": basis_in_words(convention, basis),
        "phase": phase_in_words(convention, basis, family),
        "normalization": normalization_in_words(convention, family, basis),
    }


def basis_in_words(convention: Convention, basis: str) -> str:
    """Return the kind of harmonics, their order, and which coordinates degree 1 is.

    >>> basis_in_words(Convention("mine", axes=("z", "x", "y")), "real")
    'real harmonics, m < 0 the sine, orders -l ... l; degree 1 is (x, y, z)'
    """
    listed = "-l ... l" if convention.orders is ascending else f"as in {', '.join(map(str, convention.orders(2)))}"
    axes = "" if convention.slots == (0, 1, 2) else f"; axes {', '.join(SLOTS[slot] for slot in convention.slots)}"
    if basis == "complex":
        return f"complex harmonics, orders {listed}{axes}"
    x, y, z = convention.axes
    named = {-1: y, 0: z, 1: x}
    degree = [_signed(named[m], convention.phase(1, m)) for m in convention.orders(1)]
    return f"real harmonics, m < 0 the sine, orders {listed}; degree 1 is ({', '.join(degree)}){axes}"


def _signed(axis: str, phase: int) -> str:
    return axis if phase > 0 else axis[1:] if axis[0] == "-" else f"-{axis}"


def phase_in_words(convention: Convention, basis: str, family: Family) -> str:
    """Return the phase of the harmonics, and of coupling tensors, which have a choice of sign.

    >>> from coupling.families import family
    >>> phase_in_words(Convention("mine"), "complex", family("wigner_3j"))
    'Condon-Shortley phase, conj(Y_lm) = (-1)^m Y_{l,-m}; 3j symbols as in Edmonds (1957)'
    """
    said = PHASES.get((basis, convention.phase), f"phase {convention.describe()['phase']}")
    if family.integral:
        return said
    if convention.sign is not gaunt_sign:
        return f"{said}; some paths have the other sign ({convention.describe()['sign']})"
    return f"{said}; {'3j symbols as in Edmonds (1957)' if basis == 'complex' else 'the sign of the Gaunt integrals'}"


def normalization_in_words(convention: Convention, family: Family, basis: str) -> str:
    """Return what scale the coefficients have: that of the harmonics for integrals, of the tensor for others.

    >>> from coupling.families import family
    >>> normalization_in_words(Convention("mine"), family("clebsch_gordan"), "complex")[:20]
    '⟨l1 m1 l2 m2 | l3 m3'
    """
    if family.integral:
        return NORMS.get(convention.norm, f"norm of the harmonics {convention.describe()['norm']}")
    if family.core:
        return SCALES.get(convention.scale, f"scale {convention.describe()['scale']}")
    return family.definition

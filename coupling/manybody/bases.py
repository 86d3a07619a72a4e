"""Exact bases of tensor powers of irreps."""

from __future__ import annotations

from math import comb

from coupling.manybody.assembly import Space
from coupling.manybody.counts import INTERMEDIATES
from coupling.manybody.paths import MAKERS
from coupling.manybody.space import factor_irreps, output_irrep
from coupling.manybody.symmetry import SYMMETRIES, parse_order, parse_symmetry
from coupling.manybody.value import Basis
from coupling.quoted import quoted
from coupling.selection import check_basis, one_of

#: Monomials of a tensor power, at most.
LARGEST = 1 << 26


def basis(
    irreps: object,
    order: object,
    degree: object,
    symmetry: object = "symmetric",
    *,
    paths: str = "kernel",
    basis: str = "real",
    intermediates: str = "all",
) -> Basis:
    """Return the couplings of ν factors of a space to one irrep: exact, orthonormal, equivariant.

    - irreps, order, degree: as for :func:`coupling.manybody.count`
    - symmetry: "symmetric", "antisymmetric" or "plain"
    - paths: "kernel", the basis of this package, or that of another program: "mace", "e3nn" or "cuequivariance", see
      :mod:`coupling.manybody.paths`
    - basis: "real" or "complex" components, of A and of the output
    - intermediates: "natural" keeps the plain paths whose partial results all have the parity (-1)^l

    The paths "kernel" are sorted by the multiset (plain: the sequence) of the irreps of the list, in lexicographic
    order. Powers of one irrep are coupled from left to right, plain factors one after another, each coupling with the
    coefficients of this package, complex or real; the paths of one multiset are sorted by their partial results,
    degrees ascending.  The multiplets of a power of one irrep are those of :mod:`coupling.manybody.powers`.  Raises
    ValueError or TypeError for what cannot exist; an irrep that does not occur has no paths.  Source:
    :mod:`coupling.manybody.trees`.

    >>> basis(2, 3, 1).labels[:3], basis("1/2", 3, 0.5, "plain", basis="complex").labels
    (('((0e^2)0e 1o)1o', '((0e 1o)1o 2e)1o', '(1o^3)1o'), ('((1/2 1/2)0 1/2)1/2', '((1/2 1/2)1 1/2)1/2'))
    """
    space, number = factor_irreps(irreps), parse_order(order)
    output, kind = output_irrep(degree, space), parse_symmetry(symmetry, number)
    one_of(paths, tuple(MAKERS), "paths")
    check_basis(basis)
    if not isinstance(kind, str):
        raise ValueError(f"a basis has the symmetry {', '.join(SYMMETRIES)}, got {quoted(symmetry)}: only counted")
    if basis == "real" and any(irrep.twice % 2 for irrep in (*space, output)):
        raise ValueError(f"half-integer degrees have no real basis: basis must be complex, got {quoted(irreps)}")
    dimension = sum(irrep.dim for irrep in space)
    total = dimension**number if kind == "plain" else comb(dimension + number - 1, number)
    if total > LARGEST:
        raise ValueError(
            f"a basis has at most {LARGEST} monomials, got {quoted(total)} of {quoted(irreps)}, order {number}"
        )
    asked = Space(space, number, output, kind, basis, intermediates)
    if one_of(intermediates, INTERMEDIATES, "intermediates") == "natural" and kind != "plain":
        raise ValueError(f"natural intermediates are of plain paths, got the symmetry {quoted(symmetry)}")
    return MAKERS[paths](asked, paths)

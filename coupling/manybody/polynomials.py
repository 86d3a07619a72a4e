"""Weighted sums of many-body bases as polynomials in the components of A: which monomials, and what multiplies them.

A contraction is B[r] = Σ_t c[t] m_t(A) over *terms* t, pairs of an output row r and a monomial m_t.  Its coefficients
are linear in the weights of the paths, c[t] = Σ_k matrix[t, k] w[k], so that they are formed once for all atoms of one
species.  All factors are the same A, or each has an image of A of its own; then the components of the images follow one
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.manybody.value import Basis, arrangements

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Monomial = tuple[int, ...]


class Couplings(NamedTuple):
    """Tensors of ν slots as lists: entry e adds values[e] · Π A[monomials[e]] to a component of a path.

    output : the name of the irrep
    sizes : the numbers of paths and of components 2L+1
    components : the number of components of A
    monomials : [entries, ν]
    """

    output: str
    sizes: tuple[int, int]
    components: int
    path: Indices
    component: Indices
    monomials: Indices
    values: Floats

    @property
    def order(self) -> int:
        """The number of factors."""
        return int(self.monomials.shape[1])


def couplings_of(basis: Basis, separate: bool = False) -> Couplings:
    """Return the entries of a basis as a polynomial of one A, or as a tensor if each slot has an A of its own.

    Sums over the slots are exact: entries of one monomial differ by integers alone.

    >>> from coupling.manybody import basis
    >>> couplings_of(basis(1, 2, 0)).values.round(4)
    array([1.    , 0.5774, 0.5774, 0.5774])
    >>> [len(couplings_of(basis(1, 2, 1), separate).path) for separate in (False, True)]
    [3, 6]
    """
    if separate:
        return _tensor_entries(basis)
    if basis.symmetry == "plain":
        basis = summed_over_slots(basis)
    monomials = basis.monomials[basis.monomial]
    return Couplings(basis.output, basis.shape, basis.dimension, basis.path, basis.component, monomials, basis.values)


def summed_over_slots(basis: Basis) -> Basis:
    """Return a plain basis as polynomials of one A, still exact: no longer orthonormal, its paths may be dependent.

    >>> from coupling.manybody import basis
    >>> summed_over_slots(basis(1, 2, 1, "plain")).polynomial(1, 0)
    {(0, 2): 1}
    """
    rows = np.sort(basis.monomials[basis.monomial], axis=1)
    keys, first, which = np.unique(
        np.column_stack([basis.path, basis.component, rows]), axis=0, return_index=True, return_inverse=True
    )
    integers = np.zeros(len(keys), basis.integers.dtype)
    np.add.at(integers, which.ravel(), basis.integers)
    kept = integers != 0
    keys, first = keys[kept], first[kept]
    monomials, where, monomial = np.unique(keys[:, 2:], axis=0, return_index=True, return_inverse=True)
    return replace(
        basis,
        symmetry="symmetric",
        monomials=monomials,
        path=keys[:, 0],
        component=keys[:, 1],
        monomial=monomial.ravel(),
        integers=integers[kept],
        radicand=basis.radicand[basis.monomial[first[where]]],
    )


def _tensor_entries(basis: Basis) -> Couplings:
    """Return all entries of the tensors of a basis."""
    parts, values = [], []
    for axes, sign in arrangements(basis.order, basis.symmetry):
        rows = basis.monomials[basis.monomial][:, axes]
        parts.append(np.column_stack([basis.path, basis.component, rows]))
        values.append(sign * basis.entries)
    keys, first = np.unique(np.concatenate(parts), axis=0, return_index=True)
    found = np.concatenate(values)[first]
    return Couplings(basis.output, basis.shape, basis.dimension, keys[:, 0], keys[:, 1], keys[:, 2:], found)


@dataclass(frozen=True, eq=False)
class Polynomials:
    """What :func:`polynomials` returns.

    variables : the number of components of A, of all images
    outputs : name and number of components of each output, in the order of the rows
    paths : for each list of couplings its number of paths
    row : [terms] the output row of a term
    monomials : the monomial of each term, ascending
    term, path, values : the matrix from the weights of all paths to coefficients, by its entries
    """

    variables: int
    outputs: tuple[tuple[str, int], ...]
    paths: tuple[int, ...]
    row: Indices
    monomials: tuple[Monomial, ...]
    term: Indices
    path: Indices
    values: Floats

    @property
    def rows(self) -> int:
        """The number of components of all outputs."""
        return sum(size for _, size in self.outputs)

    @cached_property
    def matrix(self) -> csr_array:
        """The matrix [terms, paths] that makes coefficients of weights."""
        from scipy.sparse import csr_array

        return csr_array((self.values, (self.term, self.path)), (len(self.monomials), sum(self.paths)))


def polynomials(given: Sequence[Couplings], images: int = 1) -> Polynomials:
    """Return the polynomials of lists of couplings of one number of components, outputs of one name added.

    images : 1, or the number of A's, of which slot k takes the one with number k

    >>> from coupling.manybody import basis
    >>> made = polynomials([couplings_of(basis(1, order, 0)) for order in (1, 2)])
    >>> made.monomials, made.outputs, made.matrix.shape
    (((0,), (0, 0), (1, 1), (2, 2), (3, 3)), (('0e', 1),), (5, 3))
    """
    sizes = {each.output: each.sizes[1] for each in given}
    starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    width, components = max(each.order for each in given), given[0].components
    keys, paths, values, before = [], [], [], 0
    for each in given:
        factors = each.monomials + (components * np.arange(each.order) if images > 1 else 0)
        key = np.full((len(each.path), width + 1), -1)
        key[:, 0] = each.component + starts[each.output]
        key[:, width + 1 - each.order :] = np.sort(factors, axis=1)
        keys.append(key)
        paths.append(each.path + before)
        values.append(each.values)
        before += each.sizes[0]
    terms, term = np.unique(np.concatenate(keys), axis=0, return_inverse=True)
    entries = np.stack([term.ravel(), np.concatenate(paths)])
    (term, path), which = np.unique(entries, axis=1, return_inverse=True)
    total = np.bincount(which.ravel(), np.concatenate(values), term.size)
    kept = total != 0
    used, term = np.unique(term[kept], return_inverse=True)
    rows = terms[used]
    monomials = tuple(tuple(i for i in row if i >= 0) for row in rows[:, 1:].tolist())
    counts = tuple(each.sizes[0] for each in given)
    outputs, variables = tuple(sizes.items()), components * images
    return Polynomials(variables, outputs, counts, rows[:, 0], monomials, term.ravel(), path[kept], total[kept])

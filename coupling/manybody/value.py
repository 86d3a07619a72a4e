"""The value :class:`Basis`: many-body couplings to one irrep, exact, as sparse polynomials."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import permutations
from math import comb, factorial, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.exact.surd import Surd
from coupling.integers import half, integer
from coupling.irreps import Irrep
from coupling.manybody.integral import Integers
from coupling.manybody.rounding import Floats, root_pairs, rounded_multiples, times
from coupling.manybody.space import factor_irreps
from coupling.memory import require_memory
from coupling.portable import Portable
from coupling.quoted import quoted
from coupling.selection import doubled

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Basis(Portable):
    """Couplings of ν factors A to one irrep of degree L, exact.

        B[k, M] = Σ_i c[k, M, i] A[i_1] … A[i_ν]

    - irreps, order, output, symmetry, paths, basis, intermediates: as :func:`coupling.manybody.basis` was called
    - labels: the coupling tree of each path k
    - monomials [monomials, ν]: flat indices i1 … iν of A's components, ascending unless the symmetry is plain; the flat
      index runs over the irreps of the list, in each over m = -l … l
    - path, component, monomial, integers [entries]: k, M + L, which monomial, and an integer n that is not 0; sorted by
      the first three
    - radicands, radicand: a rational r for each monomial, as a list of different ones and which one it is
    - norms: a rational for each path; the coefficient of an entry is n √(r · s), with s = 1/(norm · binom(2L, L-M)),
      twice that for M ≠ 0 in the real basis

    As a tensor of ν slots that is symmetric, antisymmetric or neither, every component of every path has norm 1, and
    different paths are orthogonal, unless the paths are reduced ones of another program: see ``orthonormal``.

    >>> from coupling.manybody import basis
    >>> found = basis(1, 2, 0)
    >>> found, found.labels, found.polynomial(1, 0)
    (Basis('0e + 1o', 2, '0e', 'symmetric', 'kernel', 'real': 2 paths, 4 entries), ('(0e^2)0e', '(1o^2)0e'), \
{(1, 1): √(1/3), (2, 2): √(1/3), (3, 3): √(1/3)})
    """

    irreps: str
    order: int
    output: str
    symmetry: str
    paths: str
    basis: str
    labels: tuple[str, ...]
    monomials: Indices
    path: Indices
    component: Indices
    monomial: Indices
    integers: Integers
    radicands: tuple[Fraction, ...]
    radicand: Indices
    norms: tuple[Fraction, ...]
    intermediates: str = "all"

    def __repr__(self) -> str:
        asked = ", ".join(
            repr(x) for x in (self.irreps, self.order, self.output, self.symmetry, self.paths, self.basis)
        )
        return f"Basis({asked}: {len(self.labels)} paths, {len(self.path)} entries)"

    @cached_property
    def irrep(self) -> Irrep:
        """The output."""
        return factor_irreps(self.output)[0]

    @property
    def dimension(self) -> int:
        """The number of components of A."""
        return sum(irrep.dim for irrep in factor_irreps(self.irreps))

    @property
    def shape(self) -> tuple[int, int]:
        """Paths, and components 2L+1 of the output."""
        return len(self.labels), self.irrep.dim

    @property
    def orthonormal(self) -> bool:
        """Whether the paths are orthonormal: the reduced ones of other programs are not."""
        return self.paths == "kernel" or self.symmetry == "plain"

    def scale(self, path: int, component: int) -> Fraction:
        """Return s of a path and a component M + L: a coefficient is n √(r · s).

        >>> from coupling.manybody import basis
        >>> basis(1, 2, 0).scale(1, 0)
        Fraction(1, 12)
        """
        return self._step(component) / self.norms[path]

    def _step(self, component: int) -> Fraction:
        """Return s times the norm."""
        twice = self.irrep.twice
        return Fraction(2 if self.basis == "real" and 2 * component != twice else 1, comb(twice, component))

    def coefficient(self, entry: int) -> Surd:
        """Return the exact coefficient of an entry.

        >>> from coupling.manybody import basis
        >>> basis(1, 2, 0).coefficient(1)
        √(1/3)
        """
        n, square = int(self.integers[entry]), self._square(entry)
        return Surd((n > 0) - (n < 0), square.numerator, square.denominator)

    def _square(self, entry: int) -> Fraction:
        r = self.radicands[self.radicand[self.monomial[entry]]]
        return int(self.integers[entry]) ** 2 * r * self.scale(int(self.path[entry]), int(self.component[entry]))

    def polynomial(self, path: int, m: object) -> dict[tuple[int, ...], Surd]:
        """Return the component of order m of a path: monomials, as flat indices of A, and their exact coefficients.

        >>> from coupling.manybody import basis
        >>> basis(1, 2, 1).polynomial(0, -1)
        {(0, 1): √(2)}
        """
        k = integer(path, "path")
        if not 0 <= k < len(self.labels):
            raise ValueError(f"path must be 0 … {len(self.labels) - 1}, got {quoted(path)}")
        twice, order = self.irrep.twice, doubled(m, "order")
        if abs(order) > twice or (order - twice) % 2:
            raise ValueError(f"order must be -{half(twice)} … {half(twice)}, got {quoted(m)}")
        low, high = np.searchsorted(self.path, [k, k + 1]).tolist()
        chosen = low + np.flatnonzero(2 * self.component[low:high] == order + twice)
        return {tuple(self.monomials[self.monomial[i]].tolist()): self.coefficient(int(i)) for i in chosen}

    @cached_property
    def values(self) -> Floats:
        """The coefficients of all entries, each the double nearest to its exact value."""
        return self._rounded(self.radicands, self.radicand, lambda entry: Fraction(1))

    def _rounded(self, radicands: Any, radicand: Indices, factor: Any) -> Floats:
        """Return n √(r · s) of all entries, for other r; factor(entry) is the ratio of r to its own."""
        kinds, each = self.shape[1], root_pairs([1 / norm for norm in self.norms])
        steps = root_pairs([self._step(c) for c in range(kinds)])
        scales = times(each.spread(kinds), steps.repeated(len(self.labels)))
        factors = root_pairs(radicands).taken(radicand[self.monomial]), scales.taken(self.path * kinds + self.component)
        return rounded_multiples(self.integers, factors, lambda entry: self._square(entry) * factor(entry))

    @cached_property
    def _matrix(self) -> csr_array:
        from scipy.sparse import csr_array

        row = self.path * self.shape[1] + self.component
        return csr_array((self.values, (row, self.monomial)), (prod(self.shape), len(self.monomials)))

    def __call__(self, features: Any) -> NDArray[Any]:
        """Return B [..., paths, 2L+1] of A [..., components], all ν factors the same; for checks, in doubles.

        >>> from coupling.manybody import basis
        >>> basis(1, 2, 0)([1.0, 0.0, 3.0, 0.0])
        array([[1.        ],
               [5.19615242]])
        """
        a = np.asarray(features)
        if a.ndim == 0 or a.shape[-1] != self.dimension or a.dtype.kind not in "fciu":
            raise ValueError(f"features must be numbers [..., {self.dimension}], got {a.dtype} {list(a.shape)}")
        products = np.prod(a[..., self.monomials], axis=-1)
        flat = self._matrix @ products.reshape(prod(a.shape[:-1]), len(self.monomials)).T
        return np.asarray(flat.T.reshape(*a.shape[:-1], *self.shape))

    def tensor(self) -> Floats:
        """Return the dense tensors [paths, 2L+1, components, …, components], every entry correctly rounded.

        >>> from coupling.manybody import basis
        >>> basis(1, 2, 1).tensor()[0, 0, :2, :2]
        array([[0.        , 0.70710678],
               [0.70710678, 0.        ]])
        """
        shape = *self.shape, *[self.dimension] * self.order
        require_memory(8 * prod(shape), "the tensor")
        result = np.zeros(shape)
        values = self.entries
        for axes, sign in arrangements(self.order, self.symmetry):
            indices = self.monomials[self.monomial][:, axes].T
            result[(self.path, self.component, *indices)] = sign * values
        return result

    @cached_property
    def entries(self) -> Floats:
        """The entries of the tensor: coefficients over the number of arrangements of their monomials."""
        if self.symmetry == "plain":
            return self.values
        ways = _ways(self.monomials)
        pairs, which = np.unique(np.stack([self.radicand, ways]), axis=1, return_inverse=True)
        radicands = [self.radicands[r] / int(k) ** 2 for r, k in pairs.T]
        return self._rounded(radicands, which.ravel(), lambda i: Fraction(1, int(ways[self.monomial[i]]) ** 2))


def _ways(monomials: Indices) -> Indices:
    """Return the number of different arrangements of each sorted monomial."""
    n = monomials.shape[1]
    run = np.ones(len(monomials), np.int64)
    ways = np.full(len(monomials), factorial(n), np.int64)
    for i in range(1, n):
        run = np.where(monomials[:, i] == monomials[:, i - 1], run + 1, 1)
        ways //= run
    return ways


def arrangements(order: int, symmetry: str) -> list[tuple[list[int], int]]:
    """Return the arrangements of the slots, and their signs.

    >>> arrangements(2, "antisymmetric")
    [([0, 1], 1), ([1, 0], -1)]
    """
    if symmetry == "plain":
        return [(list(range(order)), 1)]
    found = []
    for axes in permutations(range(order)):
        odd = sum(axes[i] < axes[j] for i in range(order) for j in range(i)) % 2
        found.append((list(axes), -1 if odd and symmetry == "antisymmetric" else 1))
    return found

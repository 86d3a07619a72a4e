"""Every convention of this package, written once.

All other modules follow this page; none of them repeats or changes it.

**Degrees and orders.**  A degree is ``l = 0, 1, 2, …`` and its order is ``m = -l … l``.
Arguments are always degrees first, orders second: ``wigner_3j(l1, l2, l3, m1, m2, m3)``.
Throughout, ``J = l1 + l2 + l3`` and ``P = (2l1+1)(2l2+1)(2l3+1)``.  A *path* is a triple of
degrees that satisfies the triangle rule; it is *even* or *odd* with J.

**Flat index.**  Features of degrees 0 … lmax are stored at ``l² + l + m``:
``[(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]``.

**Complex harmonics.**  ``Y_lm`` are orthonormal on the sphere and carry the Condon-Shortley
phase, as in SymPy (``Ynm``) and SciPy (``sph_harm_y(l, m, θ, φ)``); ``conj(Y_lm) = (-1)^m
Y_{l,-m}``.

**Real harmonics.**  ``R_lm`` are orthonormal, without Condon-Shortley sign; m < 0 is a sine and m
> 0 a cosine::

    R_l0 = Y_l0
    R_lm    = [Y_{l,-m} + (-1)^m Y_lm] / √2       m > 0
    R_{l,-m} = i [Y_{l,-m} - (-1)^m Y_lm] / √2     m > 0

so degree 1 is √(3/4π) (y, z, x).  ``U_l`` is the unitary matrix with ``R_l = U_l Y_l``.

**Wigner 3j symbols** have the phase of Condon and Shortley (Edmonds 1957, eq. 3.7.3), and

    ⟨l1 m1 l2 m2 | l3 m3⟩ = (-1)^(l1-l2+m3) √(2l3+1) 3j(l1 l2 l3; m1 m2 -m3).

**The real core.**  ``C(l1,l2,l3) = (-i)^J (U_l1 ⊗ U_l2 ⊗ U_l3) 3j`` is real, has unit Frobenius
norm, is invariant under cyclic permutations of its three slots and takes the sign (-1)^J under a
swap; ``C(1,1,1) = ε/√6``.  It equals ``wigner_3j`` of e3nn ≥ 0.5 entry by entry, sign included.

**Families.**  Every coefficient is a degree-only factor times the core:

    coefficient(family; l1 l2 l3; m1 m2 m3) = reduced(family; l1 l2 l3) · 3j(l1 l2 l3; m1 m2 m3)

    wigner_3j             1                                          all J
    clebsch_gordan        (-1)^(l1-l2+m3) √(2l3+1), m3 negated       all J
    gaunt                 √(P/4π) · 3j(l1 l2 l3; 0 0 0)              J even
    antisymmetric_gaunt   i √(P/4π) · K(l1 l2 l3)                    J odd
    matrix                √P · 6j{l1 l2 l3; j j j}                   all J; spin j

with ``K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0)``.  ``gaunt`` is ``∫ Y1 Y2 Y3 dΩ`` and
``antisymmetric_gaunt`` is ``∫ Y1 r·(∇Y2 × ∇Y3) dΩ`` with the surface gradient of the unit sphere
and its outward normal r; elsewhere the latter is called the Elsasser integral or the spherical
Poisson bracket tested against a third harmonic.  In the real basis the same integrals over R are
``+√(P/4π) |3j(000)| C`` and ``+√(P/4π) |K| C``: both factors are positive and no sign table is
needed.  ``clebsch_gordan`` in the real basis is ``√(2l3+1) C``.

**Grids.**  Quadrature weights sum to 4π.  Surface gradients are given as (∂θ, ∂φ/sin θ) in the
right-handed frame (e_θ, e_φ, r), so ``{f, g} = r·(∇f × ∇g) = f_θ g_φ - f_φ g_θ``.
"""

from __future__ import annotations

#: Written into every table file.  It changes when, and only when, a statement above changes.
CONVENTION_ID = "coupling-1"

#: The families of the table above, which every table holds unless it is told otherwise.  :mod:`coupling.families` has
#: one record for each of them and for others, which are defined there.
FAMILIES = ("wigner_3j", "clebsch_gordan", "gaunt", "antisymmetric_gaunt")

#: The four by name: the family of the core, Clebsch-Gordan coefficients, and the two integrals.
CORE, CLEBSCH_GORDAN, GAUNT, ANTISYMMETRIC_GAUNT = FAMILIES

#: Bases in which blocks and tables are given.
BASES = ("complex", "real")


def parity_sign(n: int) -> int:
    """Return (-1)^n as the integer +1 or -1, for every integer n.

    Python's ``(-1) ** n`` turns into a float for negative n; this does not.

    >>> [parity_sign(n) for n in (-2, -1, 0, 1)]
    [1, -1, 1, -1]
    """
    return -1 if n & 1 else 1

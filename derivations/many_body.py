"""Highest states of tensor powers: their number, their orthogonality, and the coupling of two multiplets."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from math import comb, factorial, prod
from typing import Any

import sympy as sp

from derivations import certificate
from derivations.framework import Derivation, Step, require
from derivations.readings.many_body import READING
from derivations.symbols import k

L = sp.Symbol("L", positive=True)
i, n = sp.symbols("i n", integer=True, nonnegative=True)
p, q = sp.symbols("p q", positive=True)


def raising(degree: Any, index: Any) -> Any:
    """The factor of J₊ f_k = (2L − k + 1) f_(k−1)."""
    return 2 * degree - index + 1


def commutator() -> Iterator[sp.Expr]:
    r"""$[J_+,J_-]-2J_z$ and $J_-J_++J_z^2+J_z-L(L+1)$ on $f_k$, and the factors of $J_+f_{2L+1}$ and of
    $J_-J_+f_0$, which end the string."""
    m = L - k
    yield sp.expand((k + 1) * raising(L, k + 1) - raising(L, k) * k - 2 * m)
    yield sp.expand(raising(L, k) * k + m**2 + m - L * (L + 1))
    yield raising(L, 2 * L + 1)
    yield (raising(L, k) * k).subs(k, 0)


def adjoint() -> Iterator[sp.Expr]:
    r"""$\langle f_{k+1},J_-f_k\rangle-\langle J_+f_{k+1},f_k\rangle$ with the norms $\binom{2L}{k}$, over the latter;
    and the norm of $f_k=\sqrt{\binom{2L}{k}}\,|L,L-k\rangle$ from
    $J_-|L,m\rangle=\sqrt{(L+m)(L-m+1)}\,|L,m-1\rangle$."""
    ratio = (2 * L - k) / (k + 1)
    yield sp.simplify((k + 1) * ratio - raising(L, k + 1))
    m = L - k
    yield sp.simplify(ratio * (k + 1) ** 2 - (L + m) * (L - m + 1))


def injective() -> sp.Expr:
    r"""$\|J_-f_k\|^2-\|J_+f_k\|^2-2(L-k)\|f_k\|^2$ with the norms of the step before, over $\|f_k\|^2$."""
    above, below = (2 * L - k) / (k + 1), k / (2 * L - k + 1)
    return sp.simplify((k + 1) ** 2 * above - raising(L, k) ** 2 * below - 2 * (L - k))


def eigenvalues() -> sp.Expr:
    r"""$L(L+1)-L'(L'+1)-(L-L')(L+L'+1)$: eigenvalues of different degrees differ."""
    return sp.expand(p * (p + 1) - q * (q + 1) - (p - q) * (p + q + 1))


def product_of_two() -> sp.Expr:
    r"""The coefficient of $f_i f'_{n-1-i}$ in $J_+\sum_i(-1)^ix_if_if'_{n-i}$ with
    $x_i=(2p-i)!\,(2q-n+i)!$, up to the sign and over $x_i$."""
    ratio = sp.gammasimp(sp.factorial(2 * p - i - 1) / sp.factorial(2 * p - i))
    ratio *= sp.gammasimp(sp.factorial(2 * q - n + i + 1) / sp.factorial(2 * q - n + i))
    return sp.simplify(raising(q, n - i) - ratio * raising(p, i + 1))


def divided() -> sp.Expr:
    r"""$J_-f_k^{(s)}$ with $f_k^{(s)}=\binom{k+s}{s}f_{k+s}=J_-^sf_k/s!$, minus $(s+1)f_k^{(s+1)}$,
    over $f_{k+s+1}$."""
    s = sp.Symbol("s", integer=True, nonnegative=True)
    base = sp.Symbol("base", integer=True, nonnegative=True)
    ratio = sp.gammasimp(sp.binomial(base + s + 1, s + 1) / sp.binomial(base + s, s))
    return sp.simplify((base + s + 1) - (s + 1) * ratio)


# -- instances: the tensor itself, without ladder or kernel -----------------------------------

Monomial = tuple[tuple[int, int], ...]


def weights(lmax: int, order: int) -> dict[int, list[Monomial]]:
    """Monomials of components (l, m), l to lmax, by the sum of the orders."""
    components = [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
    found: dict[int, list[Monomial]] = {}
    for monomial in combinations_with_replacement(components, order):
        found.setdefault(sum(m for _, m in monomial), []).append(monomial)
    return found


def casimir(monomial: Monomial) -> dict[Monomial, Fraction]:
    """J² of a monomial of normalized kets, times a root: in f = √binom(2l, l−m) |l m⟩ everything is rational."""
    raised: dict[Monomial, Fraction] = {}
    for place, (l, m) in enumerate(monomial):
        if m < l:
            moved = tuple(sorted((*monomial[:place], (l, m + 1), *monomial[place + 1 :])))
            raised[moved] = raised.get(moved, Fraction(0)) + (l + m + 1)
    total = sum(m for _, m in monomial)
    result: dict[Monomial, Fraction] = {monomial: Fraction(total * (total + 1))}
    for between, factor in raised.items():
        for place, (l, m) in enumerate(between):
            if m > -l:
                moved = tuple(sorted((*between[:place], (l, m - 1), *between[place + 1 :])))
                result[moved] = result.get(moved, Fraction(0)) + factor * (l - m + 1)
    return result


def multiplicity(monomials: list[Monomial], degree: int) -> int:
    """Dimension of the eigenspace of J² for L(L+1) among the symmetric tensors of one weight."""
    place = {monomial: index for index, monomial in enumerate(monomials)}
    matrix = sp.zeros(len(monomials), len(monomials))
    for monomial, column in place.items():
        for moved, factor in casimir(monomial).items():
            matrix[place[moved], column] += factor
        matrix[column, column] -= degree * (degree + 1)
    return len(monomials) - matrix.to_DM().rank()


def ranges(lmax: int) -> Iterator[tuple[int, int]]:
    """Largest degrees and orders whose tensors are examined."""
    for degree in range(lmax + 1):
        for order in range(1, 5):
            if comb((degree + 1) ** 2 + order - 1, order) <= 700:
                yield degree, order


def dimensions(lmax: int) -> Iterator[tuple[int, int, int, int]]:
    """(lmax, order, L, multiplicity in the symmetric power), from eigenspaces of J²."""
    for degree, order in ranges(lmax):
        found = weights(degree, order)
        for top in range(degree * order + 1):
            yield degree, order, top, multiplicity(found[top], top)


def verify(lmax: int) -> int:
    """The multiplicity of every degree in every symmetric power is the dimension of an eigenspace of $J^2$, by exact
    elimination, and is compared with the difference of the numbers of monomials; the norm of every monomial of divided
    powers is compared with that of the symmetrized tensor, entry by entry."""
    count = 0
    for degree, order, top, number in dimensions(lmax):
        found = weights(degree, order)
        expected = len(found[top]) - len(found.get(top + 1, ()))
        require(number == expected, f"degree {top} in the symmetric power {order} of degrees to {degree}")
        count += 1
    for degree, order in ranges(min(lmax, 1)):
        for monomials in weights(degree, order).values():
            for monomial in monomials:
                require(tensor_norm(monomial) == monomial_norm(monomial), f"norm of {monomial}")
                count += 1
    return count


def tensor_norm(monomial: Monomial) -> Fraction:
    """Squared norm of the symmetrized product of kets, by summing the squares of its entries."""
    entries = Counter(permutations(monomial))
    total = factorial(len(monomial))
    return sum((Fraction(number, total) ** 2 for number in entries.values()), Fraction(0)) * binomials(monomial)


def monomial_norm(monomial: Monomial) -> Fraction:
    """Π binom(2l, l−m) over the number of arrangements."""
    repeated = prod(factorial(number) for number in Counter(monomial).values())
    return Fraction(repeated, factorial(len(monomial))) * binomials(monomial)


def binomials(monomial: Monomial) -> int:
    return prod(comb(2 * l, l - m) for l, m in monomial)


def values(lmax: int) -> dict[str, Any]:
    """Multiplicities as squares of themselves: largest degree, order, L."""
    return {
        "many_body": {
            certificate.key(degree, order, top): certificate.signed(Fraction(number) ** 2)
            for degree, order, top, number in dimensions(lmax)
        }
    }


STEPS = (
    Step(
        "Divided powers",
        r"""
        f_k=\frac{J_-^k}{k!}\,f_0,\qquad J_+f_k=(2L-k+1)\,f_{k-1},\qquad J_-f_k=(k+1)\,f_{k+1},\qquad
        J_zf_k=(L-k)\,f_k
        """,
        commutator,
        because=r"""
        The three operators satisfy $[J_+,J_-]=2J_z$, $[J_z,J_\pm]=\pm J_\pm$ and $J^2=J_-J_++J_z^2+J_z$ with
        $J^2f_k=L(L+1)f_k$, and the string ends at $k=0$ and $k=2L$: it is the irrep of degree $L$. All factors are
        integers.
        """,
    ),
    Step(
        "Their norms",
        r"""
        \begin{gathered}
        \langle f_k,f_k\rangle=\binom{2L}{k},\\ k'\ne k\quad\Rightarrow\quad\langle f_k,f_{k'}\rangle=0
        \end{gathered}
        """,
        adjoint,
        because=r"""
        $J_-$ is the adjoint of $J_+$, which fixes the ratio of neighbours. A monomial $f_{k_1}\cdots f_{k_\nu}$, read
        as a symmetric tensor, has the norm of the product over the number of its arrangements.
        """,
    ),
    Step(
        "The number of highest states",
        r"M\ge0\quad\Rightarrow\quad\kappa_M=d_M-d_{M+1}",
        injective,
        because=r"""
        On any sum of tensor powers, irrep by irrep,
        $\langle J_-v,J_-v\rangle=\langle J_+v,J_+v\rangle+2m\,\langle v,v\rangle$ for $v$ of weight $m$. For $m>0$ the
        right side is positive, so $J_-$ is injective on weight $M+1$, and its adjoint $J_+:V_M\to V_{M+1}$ is onto.
        Vectors of weight $L$ in the kernel generate the irreps of degree $L$, so this is their multiplicity, which the
        character gives too.
        """,
    ),
    Step(
        "The product of two multiplets",
        r"""
        J_+F_0=0,\qquad F_0=\sum_i(-1)^i\,x_i\,f_i\,f'_{n-i},\qquad n=L_1+L_2-L,\qquad
        \frac{x_{i+1}}{x_i}=\frac{2L_2-n+1+i}{2L_1-i}
        """,
        product_of_two,
        because=r"""
        $J_+F_0=0$ compares $x_i$ with $x_{i+1}$ only, so the highest state is unique up to a factor; $x_i>0$ is the
        phase of Condon and Shortley. Here $p=L_1$, $q=L_2$.
        """,
    ),
    Step(
        "All components of a multiplet",
        r"F_k=\frac{J_-^k}{k!}F_0,\qquad "
        r"\frac{J_-^k}{k!}(f_af'_b)=\sum_{s=0}^k\binom{a+s}{s}\binom{b+k-s}{k-s}f_{a+s}f'_{b+k-s}",
        divided,
        because=r"""
        $J_-$ is a derivation, so its divided powers act by the rule of Leibniz without factors. All $F_k$ have integer
        coefficients when $F_0$ has, and no common factor that $F_0$ lacks.
        """,
    ),
    Step(
        "Orthogonality",
        r"L'\ne L\quad\Rightarrow\quad\langle F,G\rangle=0",
        eigenvalues,
        because=r"""
        $L$ and $L'$ are a partial result of $F$ and of $G$.
        $J^2$ of some of the factors is self-adjoint, and a coupling tree is an eigenvector of $J^2$ of each of its
        partial results, with eigenvalue $L(L+1)$: different degrees are orthogonal. Monomials of different multisets of
        irreps have no factor arrangement in common. What is left are several multiplets of one degree in a power of one
        irrep; these are made orthogonal by Gram-Schmidt, whose quotients are rational.
        """,
    ),
)

DERIVATION = Derivation(
    id="many_body",
    title="Highest states of tensor powers",
    introduction=r"""
    Many-body couplings are the irreps in a symmetric tensor power. Their highest states are the kernel of a matrix of
    integers, so that a basis needs no table of coefficients and no tolerance.
    """,
    statement=r"""
    n_L=\kappa_L=d_L-d_{L+1},\qquad\sum_L(2L+1)\,n_L=\binom{D+\nu-1}{\nu}
    """,
    hypotheses=(
        r"$V$: a sum of irreps of $SU(2)$ of dimension $D$, with the invariant form; $n_L$: how often the irrep of "
        r"degree $L$ is in the symmetric power of order $\nu$.",
        r"$d_M$: dimension of the space of weight $M$ in the power; $\kappa_M$: that of the kernel of $J_+$ in it.",
        "The entries of a highest state of norm one are square roots of rationals.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=2,
    certificate_lmax=1,
    reading=READING,
)

"""The tensor of all coupling paths is a matrix multiplication: real matrices, or matrices of quaternions."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import sympy as sp

from coupling.conventions import parity_sign
from coupling.exact import Surd
from derivations import certificate, matrix_product, real_basis
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees
from derivations.invariant_polynomial import paths as every_path
from derivations.matrix_trace import reduced_sum, sorted_paths
from derivations.readings.whole_tensor import READING
from derivations.real_harmonics import real_wigner_3j, u_entry
from derivations.real_matrices import matrix, rooted, trace, turned, weight
from derivations.symbols import l

#: For each degree limit the sorted paths that are lost.
LOST: dict[int, Degrees] = {
    3: (2, 2, 2),
    6: (3, 5, 5),
    8: (5, 6, 7),
    10: (4, 9, 9),
    11: (6, 9, 10),
    12: (3, 5, 6),
}
LARGEST = 12


def phases() -> Iterator[sp.Expr]:
    r"""For $J$ mod 4, $\mathrm i^J(-\mathrm i)^J-1$."""
    for big_j in range(4):
        yield sp.expand(sp.I**big_j * (-sp.I) ** big_j - 1)


def reversal() -> Iterator[sp.Expr]:
    r"""The exponent of the sign of $(T_{lm})_{-p,-q}$, after all orders of its 3j symbol have changed theirs, minus
    that of $(T_{l,-m})_{pq}$ times $(-1)^l$, minus the even $2(j+p)$; $\mathrm i^l(-1)^l-\overline{\mathrm i^l}$ for
    $l$ mod 4; $U_{\mu,-m}-(-1)^m\overline{U_{\mu m}}$ for both signs and parities of the orders, nine pairs, and
    $\sum_m|U_{\mu m}|^2-1$ in each of the five rows; and the exponent of $V_{p,-p}V_{-p,p}$ minus $2j$."""
    j, p = sp.symbols("j p")
    yield sp.expand((j + p) + (2 * j + l) - ((j - p) + l) - 2 * (j + p))
    yield from (sp.expand(sp.I**k * parity_sign(k) - sp.conjugate(sp.I**k)) for k in range(4))
    pairs = {(order, m) for order in range(-2, 3) for m in (order, -order)}
    yield sp.Integer(len(pairs) - 9)
    for order, m in pairs:
        yield sp.expand(root(order, -m) - parity_sign(m) * sp.conjugate(root(order, m)))
        yield sp.expand(sum(abs(root(*pair)) ** 2 for pair in pairs if pair[0] == order) - 1)
    yield sp.expand((j - p) + (j + p) - 2 * j)


def root(order: int, m: int) -> sp.Expr:
    """An entry of U."""
    power, halvings = u_entry(order, m)
    return sp.I**power / sp.sqrt(2) ** halvings


def dimension() -> sp.Expr:
    r"""$\sum_{l=0}^{2j}(2l+1)$ minus $(2j+1)^2$, for all $2j$."""
    doubled, k = sp.symbols("d k", integer=True, nonnegative=True)
    return sp.expand(sp.summation(2 * k + 1, (k, 0, doubled)) - (doubled + 1) ** 2)


def real_phases() -> Iterator[sp.Expr]:
    r"""For $j$ and $l$ mod 4, $(-1)^j\,\mathrm i^l\,\mathrm i^{2j+l}-(-1)^l$."""
    for j, degree in product(range(4), repeat=2):
        yield sp.expand(parity_sign(j) * sp.I**degree * sp.I ** (2 * j + degree) - parity_sign(degree))


def block_signs() -> Iterator[sp.Expr]:
    r"""For odd $2j$, $2p$ and $2q$ mod 8, with $(-1)^{p-q}$ of the reversal: the signs of the second row of a block in
    terms of the first, minus those of $[[\alpha,\beta],[-\bar\beta,\bar\alpha]]$."""
    for j, p, q in product(range(1, 8, 2), repeat=3):
        reversed_sign = parity_sign((p + q) // 2)  # X_{-p,q} is this times the conjugate of X_{p,-q}
        yield sp.Integer(parity_sign((j + p) // 2) * reversed_sign + parity_sign((j + q) // 2))
        yield sp.Integer(parity_sign((p + q) // 2 + j) * parity_sign((p - q) // 2) - 1)


def lost_paths(limit: int) -> list[Degrees]:
    """The sorted paths to a degree whose 6j symbol with the spin limit/2 vanishes."""
    return [path for path in sorted_paths(limit) if reduced_sum(path, limit + 1) == 0]


def losses() -> Iterator[sp.Integer]:
    """For every degree limit 0 … 12, zero when the sorted paths with a vanishing 6j symbol (integers $W$) are those of
    the table."""
    for limit in range(LARGEST + 1):
        yield sp.Integer(lost_paths(limit) != [path for at, path in LOST.items() if at == limit])


def loss_table() -> str:
    """The lost path of each degree limit."""
    row = "&".join(str(LOST.get(limit, "-")).replace(" ", "") for limit in range(LARGEST + 1))
    limits = "&".join(map(str, range(LARGEST + 1)))
    return rf"\begin{{array}}{{c|{'c' * (LARGEST + 1)}}}L&{limits}\\\hline\text{{lost}}&{row}\end{{array}}"


# -- instances: matrices multiplied out -------------------------------------------------------


def verify(lmax: int) -> int:
    r"""For every degree limit $L=2j$ up to the degree: every entry of the tensor, which is the trace of three matrices
    multiplied out in square roots, equals $w\,C$ with Racah's sums for both symbols, zeros and degrees that are no path
    included; and every matrix is a real one in the real basis or one of quaternions."""
    return sum(verify_entries(limit) + verify_matrices(limit) for limit in range(lmax + 1))


def verify_entries(limit: int) -> int:
    """All entries of the tensor of one degree limit."""
    places = [(degree, order) for degree in range(limit + 1) for order in range(-degree, degree + 1)]
    allowed, count = set(every_path(limit)), 0
    for slots in product(places, repeat=3):
        degrees, orders = ((pair[0][k], pair[1][k], pair[2][k]) for k, pair in ((0, slots), (1, slots)))
        expected = Surd(0)
        if degrees in allowed:
            expected = weight(degrees, limit) * rooted(real_wigner_3j(degrees, orders))
        found = trace([matrix(*slot, limit) for slot in slots])
        require(found == expected, f"the entry {degrees}{orders} at L={limit}")
        count += 1
    return count


def verify_matrices(limit: int) -> int:
    """The entries of the matrices of one degree limit: real ones, or those of quaternions."""
    count = 0
    for degree in range(limit + 1):
        for order in range(-degree, degree + 1):
            found = matrix(degree, order, limit)
            for p, q in product(range(-limit, limit + 1, 2), repeat=2):
                one, other = found.get((p, q), Surd(0)), found.get((-p, -q), Surd(0))
                require(other == parity_sign((p - q) // 2) * one.conjugate(), f"X of {degree},{order} at {p},{q}")
                count += 1
            if limit % 2 == 0:
                count += verify_real(degree, order, limit)
    return count


def verify_real(degree: int, order: int, spin: int) -> int:
    """The matrix in the real basis, entry by entry."""
    j, found, count = spin // 2, matrix(degree, order, spin), 0
    for row, column in product(range(-j, j + 1), repeat=2):
        total = Surd(0)
        for p, q in product({row, -row}, {column, -column}):
            if (2 * p, 2 * q) in found:
                (one, halvings), (two, others) = u_entry(row, p), u_entry(column, q)
                total += turned(found[2 * p, 2 * q], two - one) * Surd(1, 1, 2 ** (halvings + others))
        core = rooted(real_wigner_3j((j, degree, j), (row, order, column)))
        require(total == parity_sign(degree) * Surd(1, 2 * degree + 1) * core, f"{degree},{order} at {row},{column}")
        count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """The path weights under "l1 l2 l3 L", and the sorted paths that are lost under "L"."""
    weights = {
        certificate.key(*path, limit): certificate.signed(weight(path, limit).sign * weight(path, limit).square)
        for limit in range(lmax + 1)
        for path in every_path(limit)
    }
    lost = {str(limit): [certificate.key(*path) for path in lost_paths(limit)] for limit in range(LARGEST + 1)}
    return {"weight": weights, "lost": lost}


STEPS = (
    Step(
        "Powers of i make every path real",
        r"\mathrm i^J\,\mathrm{tr}\,T_1T_2T_3=(-1)^{2j}\sqrt P\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}"
        r"C_{\mu_1\mu_2\mu_3}",
        phases,
        because=r"""
        The matrix product gives the trace of three Hermitian matrices, real on even and imaginary on odd paths, with
        the phase $(-\mathrm i)^J$. One factor $\mathrm i^l$ for each degree removes it, for both parities at once.""",
    ),
    Step(
        "Time reversal",
        r"X_{-p,-q}=(-1)^{p-q}\,\overline{X_{pq}},\qquad V\,\overline X=X\,V,\qquad V^2=(-1)^{2j}",
        reversal,
        because=r"""
        With all orders of the 3j symbol reversed, $(T_{lm})_{-p,-q}=(-1)^l\,(T_{l,-m})_{pq}$. The rule of
        $\overline{R_{lm}}$ is $U_{\mu,-m}=(-1)^m\overline{U_{\mu m}}$, and $\overline{\mathrm i^l}=(-1)^l\,\mathrm
        i^l$: the two signs $(-1)^l$ cancel, and $m=p-q$ on every entry. So $\Theta\psi=V\overline\psi$ commutes with
        every $X$, and $\Theta^2$ is $V\overline V=V^2=(-1)^{2j}$, as $V$ is real.""",
    ),
    Step(
        "These are all matrices that commute with Θ",
        r"\sum_{l=0}^{2j}(2l+1)=n^2",
        dimension,
        because=r"""
        The $T$ with real index are a basis of all complex matrices, so a matrix is $\sum c_{l\mu}\,\mathrm
        i^l\,T_{l\mu}$ with complex $c$; it commutes with the antilinear $\Theta$ exactly when every $c$ is real. What
        commutes with $\Theta$ is closed under products: $\mathcal A=\{\sum x_{l\mu}\mathrm i^lT_{l\mu}:x\text{ real}\}$
        is a real algebra of dimension $n^2$, and $x\mapsto X$ is one to one. For $\Theta^2=1$ the vectors with
        $\Theta\psi=\psi$ are a real space of dimension $n$ on which $\mathcal A$ acts, so $\mathcal A=M_n(\mathbb R)$.
        For $\Theta^2=-1$, $\Theta$ and $\mathrm i$ make $\mathbb C^n$ a space of $n/2$ quaternionic dimensions, and
        $\mathcal A=M_{n/2}(\mathbb H)$. With complex $x$ it is $M_n(\mathbb C)$ in both cases.""",
    ),
    Step(
        "Even 2j: real matrices",
        r"\sum_{pq}\overline{U_{\mu p}}\,X_{pq}\,U_{\nu q}=(-1)^l\sqrt{2l+1}\;C(j\,l\,j;\mu\,m\,\nu)",
        real_phases,
        because=r"""
        $\sum_qU_{\nu q}|q\rangle$ are the fixed vectors of $\Theta$, up to one sign $(-1)^j$. As
        $\overline{U_{\mu p}}=(-1)^pU_{\mu,-p}$, the sign $(-1)^{j-p}$ of $T$ becomes $(-1)^j$, and the sum is
        $(U_j\otimes U_l\otimes U_j)\,3j=\mathrm i^{2j+l}\,C$ at the degrees $j$, $l$ and $j$.""",
    ),
    Step(
        "Odd 2j: matrices of quaternions",
        r"(-1)^{j+p}X_{-p,q}=-\bar\beta,\qquad(-1)^{2j+p+q}X_{-p,-q}=\bar\alpha,\qquad"
        r"\alpha=X_{pq},\qquad\beta=(-1)^{j+q}X_{p,-q}",
        block_signs,
        because=r"""
        As $V_{-q,q}=(-1)^{j+q}$, in the basis of the pairs $|p\rangle,\Theta|p\rangle$ with $p>0$ the blocks of $X$ are
        $\begin{pmatrix}X_{pq}&(-1)^{j+q}X_{p,-q}\\(-1)^{j+p}X_{-p,q}&(-1)^{2j+p+q}X_{-p,-q}\end{pmatrix}
        =\begin{pmatrix}\alpha&\beta\\-\bar\beta&\bar\alpha\end{pmatrix}$, quaternions
        $\mathrm{Re}\,\alpha+\mathbf i\,\mathrm{Im}\,\alpha+\mathbf j\,\mathrm{Re}\,\beta+\mathbf
        k\,\mathrm{Im}\,\beta$, and the complex trace is twice the real part of the quaternionic one.""",
    ),
    Step(
        "Paths of weight zero at 2j = L, degree limits 0 to 12",
        loss_table(),
        losses,
        because=r"""
        A finite statement, settled by enumeration in integers; paths with $l_1\le l_2\le l_3$. At the other degree
        limits no path is lost.""",
    ),
)

DERIVATION = Derivation(
    id="whole_tensor",
    title="The tensor of all coupling paths is a matrix multiplication",
    introduction=r"""
    Give every path with degrees up to $L=2j$ the weight $w$ below. The sum of all blocks, even and odd paths together,
    is the multiplication of $(L+1)\times(L+1)$ real matrices for even $L$, and of $\frac{L+1}2\times\frac{L+1}2$
    matrices of quaternions for odd $L$: its rank is theirs, and their algorithms are its decompositions.""",
    statement=r"""
    \begin{gathered}
    \mathrm{tr}\,X_1X_2X_3=w\,C_{\mu_1\mu_2\mu_3},\qquad
    w=(-1)^{2j}\sqrt P\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix},\\
    V\,\overline{X_1}=X_1\,V,\qquad V^2=(-1)^{2j}
    \end{gathered}
    """,
    hypotheses=(
        r"$2j\ge0$ is whole, $n=2j+1$; $0\le l_i\le2j$; $J=l_1+l_2+l_3$, $P=\prod_i(2l_i+1)$",
        r"$X_i=\mathrm i^{l_i}\,T_i$ with real index, $T_i=\sum_mU_{\mu_im}T_{l_im}$, the matrices of the matrix "
        r"product; "
        r"$X_i$ is $X$ at the degree and order of slot $i$, and $C$ the real core of the three degrees",
        r"$V_{pq}=(-1)^{j-p}\,\delta_{p,-q}$; the antilinear map $\Theta\psi=V\overline\psi$ is time reversal",
    ),
    conclusion=r"""
    Write $\sum_r\langle u_r,A\rangle\langle v_r,B\rangle\langle w_r,C\rangle=\mathrm{tr}\,ABC$ for an algorithm that
    multiplies matrices with $R$ products. At $A=X(x)$, $B=X(y)$, $C=X(z)$ it is a decomposition of $\sum w\,C\,x\,y\,z$
    with $R$ terms, and every decomposition comes from an algorithm, since $x\mapsto X$ is one to one. At $L=1$ the
    weights are those of the quaternions.""",
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=4,
    certificate_lmax=4,
    reading=READING,
    uses=(real_basis.DERIVATION, matrix_product.DERIVATION),
    sources=(
        "J. Hoppe, Quantum theory of a massless relativistic surface, PhD thesis, MIT (1982)",
        "E. P. Wigner, Group Theory (1959), chapter 26: time reversal and real representations",
    ),
)

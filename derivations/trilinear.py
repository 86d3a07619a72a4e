"""A trilinear form with one slot left open: the algebra of backward passes, for arbitrary entries."""

from collections.abc import Iterator
from itertools import product as tuples

import sympy as sp


def trilinear() -> Iterator[sp.Expr]:
    r"""For an arbitrary $2\times2\times2$ array $t$: the derivatives of $\langle\bar z,B(x,y)\rangle$ by $x$ and $y$
    minus $t(\cdot,y,\bar z)$ and $t(x,\cdot,\bar z)$; and those of $\langle u,B_1(y,\bar z)\rangle$ by $y$ and $\bar z$
    minus $t(u,\cdot,\bar z)$ and $t(u,y,\cdot)$."""
    indices = list(tuples(range(2), repeat=3))
    t = {index: sp.Symbol("t_{}{}{}".format(*index)) for index in indices}
    x, y, z, u = (sp.symbols(f"{name}0:2") for name in "xyzu")

    def form(first: tuple, second: tuple, third: tuple) -> sp.Expr:
        return sum(t[i, j, k] * first[i] * second[j] * third[k] for i, j, k in indices)

    units = ((1, 0), (0, 1))
    for i, unit in enumerate(units):
        yield sp.expand(sp.diff(form(x, y, z), x[i]) - form(unit, y, z))
        yield sp.expand(sp.diff(form(x, y, z), y[i]) - form(x, unit, z))
    backward = [form(unit, y, z) for unit in units]
    pairing = sum(left * right for left, right in zip(u, backward, strict=True))
    for i, unit in enumerate(units):
        yield sp.expand(sp.diff(pairing, y[i]) - form(u, unit, z))
        yield sp.expand(sp.diff(pairing, z[i]) - form(u, y, unit))


def rotated(prefix: str, i: int, j: int, k: int) -> sp.Symbol:
    """A symbol that is the same for the three rotations of its indices."""
    return sp.Symbol("{}_{}{}{}".format(prefix, *min((i, j, k), (j, k, i), (k, i, j))))


def cyclic_weights() -> Iterator[sp.Expr]:
    r"""For two components per slot, arbitrary weights $w_{ijk}$ and an arbitrary core $c_{ijk}$ that is
    unchanged by rotation: the derivatives of $\langle\bar z,B_w(x,y)\rangle$ by $x$ and $y$ minus
    $B_{w'}(y,\bar z)$ and $B_{w''}(\bar z,x)$."""
    x, y, z = (sp.symbols(f"{name}0:2") for name in "xyz")
    indices = list(tuples(range(2), repeat=3))
    w = {index: sp.Symbol("w_{}{}{}".format(*index)) for index in indices}
    first = {(j, k, i): weight for (i, j, k), weight in w.items()}
    second = {(k, i, j): weight for (i, j, k), weight in w.items()}

    def form(weights: dict, left: tuple, right: tuple) -> list[sp.Expr]:
        terms = [(k, weights[i, j, k] * rotated("c", i, j, k) * left[i] * right[j]) for i, j, k in indices]
        return [sum(term for k, term in terms if k == out) for out in range(2)]

    pairing = sum(bar * out for bar, out in zip(z, form(w, x, y), strict=True))
    for variables, backward in ((x, form(first, y, z)), (y, form(second, z, x))):
        yield from (sp.expand(sp.diff(pairing, v) - b) for v, b in zip(variables, backward, strict=True))


def projections() -> Iterator[sp.Expr]:
    r"""For an arbitrary $2\times2\times2$ array and arbitrary diagonal $P_1,P_2,P_3$: the derivatives of
    $\langle\bar z,P_3B(P_1x,P_2y)\rangle$ by $x$ minus $P_1B_1(P_2y,P_3\bar z)$, and by $y$ minus
    $P_2B_2(P_3\bar z,P_1x)$."""
    indices = list(tuples(range(2), repeat=3))
    t = {index: sp.Symbol("t_{}{}{}".format(*index)) for index in indices}
    x, y, z = (sp.Matrix(sp.symbols(f"{name}0:2")) for name in "xyz")
    p1, p2, p3 = (sp.diag(*sp.symbols(f"{name}0:2")) for name in "pqr")

    def product(left: sp.Matrix, right: sp.Matrix, out: int) -> sp.Matrix:
        rows = [[t[index] * left[index[(out + 1) % 3]] * right[index[(out + 2) % 3]], index[out]] for index in indices]
        return sp.Matrix([sum(term for term, row in rows if row == i) for i in range(2)])

    pairing = (z.T * p3 * product(p1 * x, p2 * y, 2))[0]
    yield from (pairing.diff(x) - p1 * product(p2 * y, p3 * z, 0)).applyfunc(sp.expand)
    yield from (pairing.diff(y) - p2 * product(p3 * z, p1 * x, 1)).applyfunc(sp.expand)

"""Contractions without loops: the lists of their kernels recorded on a tape, for C++, CUDA, Triton and Python.

Arrays of a program: ``a`` the features of one channel of one atom, ``v`` their direction, ``g`` the cotangents, ``c``
the coefficients of its species, ``z`` the output.
"""

from __future__ import annotations

from typing import Any

from coupling.manybody.contraction_lists import KernelLists
from coupling.memory import float_type
from coupling.products.symmetric_contraction import SymmetricContraction
from coupling.programs.program import Program
from coupling.programs.tape import Recorder
from coupling.selection import of_type, one_of

#: What is computed → the kind of lists, whether it is a derivative in a direction, and the inputs besides a and c.
KINDS_OF_TAPES: dict[str, tuple[str, bool, str]] = {
    "values": ("values", False, ""),
    "tangent": ("values", True, "v"),
    "gradient": ("gradient", False, "g"),
    "curvature": ("gradient", True, "vg"),
}


def contraction_tape(contraction: SymmetricContraction, kind: str = "values", dtype: object = "float32") -> Program:
    """Return the program of a contraction for one channel of one atom.

    kind : "values", B; "gradient", that of Σ g B in A; "tangent" and "curvature", their derivatives in a direction of A

    >>> from coupling.manybody import basis
    >>> print(contraction_tape(SymmetricContraction(basis(0, 2, 0))).tape)
    t0 = c[0]
    t1 = a[0]
    t2 = t0 * t1
    t3 = t1 * t2
    z[0] = t3
    """
    of_type(contraction, SymmetricContraction, "the contraction")
    lists_of, tangent, inputs = KINDS_OF_TAPES[one_of(kind, tuple(KINDS_OF_TAPES), "kind")]
    plan = contraction.plan
    lists, made = plan.lists(lists_of, tangent), plan.polynomials
    outputs = made.rows if lists_of == "values" else made.variables
    do = Recorder()
    tape = _Rows(do, lists, made.variables, made.rows)
    tape.products(lists.lists[0], False)
    tape.sums(lists.lists[1])
    tape.products(lists.lists[2], True)
    for row in range(outputs):
        do.store("z", row, tape.rows.get(int(lists.rows[3]) + row))
    sizes = (made.variables, *({"v": made.variables, "g": made.rows}[x] for x in inputs), len(made.row), outputs)
    return Program(do.tape(), (), sizes, float_type(dtype))


class _Rows:
    """Rows of the scratch as operations of a tape; None is zero, and 1 is no operation."""

    def __init__(self, do: Recorder, lists: KernelLists, variables: int, cotangents: int) -> None:
        self.do, self.one = do, object()
        self.rows: dict[int, Any] = {0: self.one}
        self.inputs: dict[int, tuple[str, int]] = {}
        for letter, first, size in zip("avg", lists.rows.tolist(), (variables, variables, cotangents), strict=False):
            if first >= 0:
                self.inputs |= {first + k: (letter, k) for k in range(size)}

    def load(self, row: int) -> Any:
        """Return a row."""
        return self.do.load(*self.inputs[row]) if row in self.inputs else self.rows.get(row)

    def plus_product(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a·b."""
        if a is None or b is None:
            return total
        if a is self.one or b is self.one:
            return self.do.add(total, b if a is self.one else a)
        return self.do.add_product(total, a, b)

    def products(self, chain: tuple[Any, Any], keep: bool) -> None:
        """Write rows that are sums of products of rows, or add to them."""
        rows, pairs = (x.tolist() for x in chain)
        begin = 0
        for row, end in rows:
            total = self.rows.get(row) if keep else None
            for a, b in pairs[begin // 2 : end // 2]:
                total = self.plus_product(total, self.load(a), self.load(b))
            self.rows[row], begin = total, end

    def sums(self, lists: tuple[Any, Any, Any]) -> None:
        """Write rows that are sums of a row times a sum of coefficients times rows."""
        rows, groups, terms = (x.tolist() for x in lists)
        group = term = 0
        for row, last in rows:
            total = None
            for factor, end in groups[group // 2 : last // 2]:
                each = None
                for coefficient, value in terms[term // 2 : end // 2]:
                    each = self.plus_product(each, self.do.load("c", coefficient), self.load(value))
                total, term = self.plus_product(total, self.load(factor), each), end
            self.rows[row], group = total, last

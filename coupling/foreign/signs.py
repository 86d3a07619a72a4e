"""Signs of coupling tensors that follow no rule: accidents of how a program computed them."""

from __future__ import annotations

#: The odd paths l1 ≤ l2 ≤ l3 ≤ 11 that e3nn 0.4.4 has with the other sign: 44 of 91.  Even paths agree.  They follow
#: no rule; the comparison page says against which file they were checked.
NEGATED_BY_E3NN_0_4 = frozenset(
    tuple(map(int, text.split(",")))
    for text in """
    1,2,2 1,3,3 1,4,4 1,5,5 1,6,6 1,7,7 1,8,8 1,9,9 1,10,10 1,11,11 3,4,6 3,5,7 3,6,8 3,7,9 3,8,10 3,9,11 4,4,5 4,5,6
    4,6,7 4,7,8 4,8,9 4,9,10 4,10,11 5,5,5 5,6,6 5,6,10 5,7,7 5,7,11 5,8,8 5,9,9 5,10,10 5,11,11 6,6,9 6,7,10 6,8,11
    7,7,9 7,8,10 7,9,11 8,8,9 8,9,10 8,10,11 9,9,9 9,10,10 9,11,11
    """.split()
)


def e3nn_0_4(l1: int, l2: int, l3: int) -> int:
    """Return the sign of ``wigner_3j`` of e3nn ≤ 0.4.4 relative to the core, in every order of the degrees.

    >>> e3nn_0_4(1, 1, 1), e3nn_0_4(2, 1, 2)
    (1, -1)
    """
    return -1 if tuple(sorted((l1, l2, l3))) in NEGATED_BY_E3NN_0_4 else 1


#: The paths l1 ≤ l2 ≤ l3 ≤ 10 with even sum that the table of mlff has with the other sign; every order of the degrees.
NEGATED_BY_MLFF_EVEN = frozenset(
    tuple(map(int, text.split(",")))
    for text in """
    3,8,9 3,9,10 4,4,6 4,5,7 4,6,8 4,7,9 4,8,10 5,5,8 5,6,9 5,7,10 6,6,10
    """.split()
)
#: The paths with odd sum and l1 ≤ l2 that it negates, l3 the output.  Inputs in the other order have the transposed
#: block, so it has the other sign there relative to the core, which changes its own.
NEGATED_BY_MLFF_ODD = frozenset(
    tuple(map(int, text.split(",")))
    for text in """
    1,2,2 1,3,3 1,5,5 1,7,7 1,9,9 1,10,10 2,2,3 2,3,2 2,4,3 2,5,4 2,6,5 2,7,6 2,8,7 2,9,8 2,10,9 3,6,4 3,7,5 3,7,7
    3,8,6 3,9,7 3,9,9 3,10,8 3,10,10 4,4,1 4,4,3 4,4,5 4,5,4 4,5,6 4,6,7 4,7,8 4,8,5 4,8,9 4,9,6 4,9,10 4,10,7 5,5,3
    5,5,7 5,6,4 5,6,8 5,7,5 5,7,9 5,8,8 5,8,10 5,10,6 6,6,1 6,6,3 6,6,5 6,6,7 6,7,4 6,7,6 6,7,10 6,8,5 6,8,7 6,9,8
    6,10,9 7,7,5 7,7,7 7,7,9 7,8,4 7,9,5 7,9,7 7,10,6 7,10,8 7,10,10 8,8,1 8,8,3 8,8,7 8,9,4 8,9,10 8,10,5 9,9,5 9,9,7
    9,9,9 9,10,4 9,10,8 9,10,10 10,10,5
    """.split()
)


def mlff(l1: int, l2: int, l3: int) -> int:
    """Return the sign of ``sph_ops/cgmatrix.npz`` of mlff (So3krates) relative to the core; l3 is the output.

    >>> mlff(1, 2, 2), mlff(2, 1, 2), mlff(4, 6, 4)
    (-1, 1, -1)
    """
    if (l1 + l2 + l3) % 2 == 0:
        return -1 if tuple(sorted((l1, l2, l3))) in NEGATED_BY_MLFF_EVEN else 1
    negated = (min(l1, l2), max(l1, l2), l3) in NEGATED_BY_MLFF_ODD
    return -1 if negated == (l1 <= l2) else 1

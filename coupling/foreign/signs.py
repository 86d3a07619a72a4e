"""Where the sign of a coupling tensor was an accident of how it was computed."""

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

"""The symmetries under permutation of the ν slots of a tensor power, as partitions of ν."""

from __future__ import annotations

from coupling.integers import count
from coupling.quoted import quoted

SYMMETRIES = ("symmetric", "antisymmetric", "plain")

#: Slots of a tensor power, at most.
LARGEST_ORDER = 32


def parse_order(order: object) -> int:
    """Return the number ν of slots, 1 … 32.

    >>> parse_order(3)
    3
    """
    number = count(order, "order")
    if number > LARGEST_ORDER:
        raise ValueError(f"order must be <= {LARGEST_ORDER}, got {quoted(number)}")
    return number


def parse_symmetry(symmetry: object, order: int) -> str | tuple[int, ...]:
    """Return a symmetry: one of SYMMETRIES, or a partition of the order that is neither of the first two.

    >>> parse_symmetry((3,), 3), parse_symmetry([2, 1], 3)
    ('symmetric', (2, 1))
    """
    rule = f"symmetry must be one of {', '.join(SYMMETRIES)} or a partition of the order {order}"
    if isinstance(symmetry, str) and symmetry in SYMMETRIES:
        return symmetry
    if not isinstance(symmetry, tuple | list):
        kind = ValueError if isinstance(symmetry, str) else TypeError
        raise kind(f"{rule}, got {quoted(symmetry)}")
    parts = tuple(count(part, "a part of a partition") for part in symmetry)
    if sum(parts) != order or sorted(parts, reverse=True) != list(parts):
        raise ValueError(f"{rule}, parts in descending order, got {quoted(symmetry)}")
    if len(parts) == 1:
        return "symmetric"
    return "antisymmetric" if parts[0] == 1 else parts


def conjugate(partition: tuple[int, ...]) -> tuple[int, ...]:
    """Return the partition with rows and columns of its diagram exchanged.

    >>> conjugate((3, 1))
    (2, 1, 1)
    """
    return tuple(sum(part > column for part in partition) for column in range(partition[0]))

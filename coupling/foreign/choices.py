"""Named choices for the fields of a convention; any function of the same arguments is valid, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.foreign.signs import e3nn_0_4, mlff
from coupling.quoted import quoted

# -- orders: which order stands at which place of degree l ------------------------------------


def ascending(l: int) -> list[int]:
    """Return -l, …, l.

    >>> ascending(1)
    [-1, 0, 1]
    """
    return list(range(-l, l + 1))


def cartesian(l: int) -> list[int]:
    """Return l, -l, l-1, -(l-1), …, 1, -1, 0, so that degree 1 is (x, y, z).

    >>> cartesian(2)
    [2, -2, 1, -1, 0]
    """
    return [sign * m for m in range(l, 0, -1) for sign in (1, -1)] + [0]


def zero_first(l: int) -> list[int]:
    """Return 0, 1, -1, 2, -2, …, as programs of quantum chemistry do.

    >>> zero_first(2)
    [0, 1, -1, 2, -2]
    """
    return [0] + [sign * m for m in range(1, l + 1) for sign in (1, -1)]


@dataclass(frozen=True)
class ListedOrders:
    """Orders that are written out, degree by degree from 0.

    >>> ListedOrders(((0,), (1, -1, 0)))(1)
    (1, -1, 0)
    """

    degrees: tuple[tuple[int, ...], ...]

    def __call__(self, l: int) -> tuple[int, ...]:
        if l >= len(self.degrees):
            raise ValueError(f"the orders are listed to degree {len(self.degrees) - 1}, got {quoted(l)}")
        return self.degrees[l]


# -- phases of the harmonics ------------------------------------------------------------------


def positive(l: int, m: int) -> int:
    """Return 1: the harmonics are those of this package."""
    return 1


def alternating(l: int, m: int) -> int:
    """Return (-1)^m: the Condon-Shortley sign in real harmonics.

    >>> [alternating(1, m) for m in (-1, 0, 1)]
    [-1, 1, -1]
    """
    return parity_sign(m)


def without_condon_shortley(l: int, m: int) -> int:
    """Return (-1)^m for m > 0, else 1: complex harmonics with conj(H_m) = H_{-m}.

    >>> [without_condon_shortley(1, m) for m in (-1, 0, 1)]
    [1, 1, -1]
    """
    return parity_sign(max(m, 0))


def negative_sines(l: int, m: int) -> int:
    """Return (-1)^m for m ≥ 0 and -1 for m < 0: SymPy's ``Znm``.

    >>> [negative_sines(2, m) for m in range(-2, 3)]
    [-1, -1, 1, -1, 1]
    """
    return -1 if m < 0 else parity_sign(m)


# -- norms of the harmonics, relative to orthonormal ones -------------------------------------


def orthonormal(l: int) -> Surd:
    """Return 1: ∫ H² dΩ = 1.  e3nn calls it "integral"."""
    return Surd(1)


def four_pi(l: int) -> Surd:
    """Return √4π: the mean of H² over the sphere is 1.  e3nn calls it "component"; also "4π" of geodesy."""
    return Surd(1, 4, 1, -1)


def racah(l: int) -> Surd:
    """Return √(4π/(2l+1)): Σ_m H² = 1.  e3nn calls it "norm"; also Schmidt semi-normalized.

    >>> racah(1)
    √(4/(3π))·π
    """
    return Surd(1, 4, 2 * l + 1, -1)


# -- scales of the coupling tensor, relative to the core --------------------------------------


def unit(l1: int, l2: int, l3: int) -> Surd:
    """Return 1: the Frobenius norm of every path is 1."""
    return Surd(1)


def orthogonal(l1: int, l2: int, l3: int) -> Surd:
    """Return √(2l3+1): from the product of degrees l1 and l2 to degree l3 an orthogonal change of basis.

    e3nn calls it "component".
    """
    return Surd(1, int(2 * l3 + 1))


def input_norm(l1: int, l2: int, l3: int) -> Surd:
    """Return √((2l1+1)(2l2+1)), which e3nn calls "norm"."""
    return Surd(1, int((2 * l1 + 1) * (2 * l2 + 1)))


# -- signs of the coupling tensor -------------------------------------------------------------


def gaunt_sign(l1: int, l2: int, l3: int) -> int:
    """Return 1: the sign of the core, which in the real basis is the sign of both kinds of Gaunt integral."""
    return 1


@dataclass(frozen=True)
class NegatedPaths:
    """The sign -1 for the paths that are written out, 1 for all others.

    >>> NegatedPaths(((1, 1, 1),))(1, 1, 1)
    -1
    """

    paths: tuple[tuple[int, int, int], ...]

    def __call__(self, l1: int, l2: int, l3: int) -> int:
        return -1 if (l1, l2, l3) in self.paths else 1


#: field of a convention → what a file may say for it
CHOICES: dict[str, dict[str, Callable[..., Any]]] = {
    "orders": {f.__name__: f for f in (ascending, cartesian, zero_first)},
    "phase": {f.__name__: f for f in (positive, alternating, without_condon_shortley, negative_sines)},
    "norm": {f.__name__: f for f in (orthonormal, four_pi, racah)},
    "scale": {f.__name__: f for f in (unit, orthogonal, input_norm)},
    "sign": {f.__name__: f for f in (gaunt_sign, e3nn_0_4, mlff)},
}

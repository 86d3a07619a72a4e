"""The record of a convention: everything in which programs that couple the same harmonics can differ.

A convention is described relative to this package, see :mod:`coupling.conventions`.  Write R for the orthonormal
real harmonics there and Y for the complex ones, and A for the signed permutation ``axes`` of the coordinates.  The
harmonics of the convention are

    H_lk(v) = norm(l) phase(l, m) R_lm(A v)      m at place k of the orders, and Y_lm for basis "complex"

so l = 1 of e3nn, with axes ("z", "x", "y"), is (x, y, z).  Its coefficients, in an array whose axis i belongs to the
degree in slot ``slots[i]`` and counts orders in the order of ``orders``, are

    "wigner_3j"              scale(l1, l2, l3) sign(l1, l2, l3) core      in the basis H/norm
    "clebsch_gordan"         sign(l1, l2, l3) √(2l3+1) core               in the basis H/norm, an orthogonal change
    "gaunt"                  ∫ H1 H2 H3 dΩ                                and so for every other integral
    "antisymmetric_gaunt"    ∫ H1 r·(∇H2 × ∇H3) dΩ

The core is C in the real basis and the 3j symbol in the complex one.  A rotation of the frame does not change it;
an improper ``axes`` gives (-1)^J.  "wigner_3j" is thus what the program itself computes and calls its coupling or
Clebsch-Gordan tensor, while the other families mean the same thing in every convention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.foreign.axes import determinant, is_signed_permutation
from coupling.foreign.choices import (
    ListedOrders,
    NegatedPaths,
    ascending,
    gaunt_sign,
    orthonormal,
    positive,
    unit,
)
from coupling.names import check_name
from coupling.quoted import quoted
from coupling.selection import check_basis

#: An integer, or a half-integer as a Fraction.
Degree = int | Fraction

#: The sequences of axes that Euler angles may have.
EULER = tuple(a + b + c for a in "xyz" for b in "xyz" for c in "xyz" if a != b != c)


@dataclass(frozen=True)
class Convention:
    """The conventions of a program, relative to this package, whose own are the defaults.

    name : under which it is known; 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit
    program : what it describes, and from or up to which version
    basis : "real" or "complex" harmonics
    axes : the harmonics are the standard formulas evaluated at these three of x, y, z, -x, -y, -z
    orders : orders(l) lists the orders of degree l as they are stored
    phase : phase(l, m) = ±1 multiplies the harmonic of that order
    norm : norm(l) multiplies all harmonics of degree l, which are otherwise orthonormal
    scale : scale(l1, l2, l3) multiplies the core of a path, whose Frobenius norm is otherwise 1
    slots : slots[i] is the slot (0, 1 the inputs, 2 the output) that stands on axis i of an array
    sign : sign(l1, l2, l3) = ±1 multiplies the coupling tensor of a path; not the integrals, which have no choice
    lmax : the largest degree the program or its table has, if it has one
    euler : axes of the Euler angles (α, β, γ) of its Wigner matrices, R = R_a(α) R_b(β) R_c(γ); "" if it has none

    Degrees are always given as (l1, l2, l3) = (input, input, output), whatever ``slots`` are.  scale and sign get a
    Fraction where a degree is a half-integer; orders ascend and have no phases there.  Raises ValueError or TypeError
    for a name, basis, axes or slots that cannot be; what the functions return is checked when it is used.

    >>> from coupling.foreign.choices import cartesian, racah
    >>> Convention("mine", orders=cartesian, norm=racah, slots=(2, 0, 1)).positions(1)
    array([1, 2, 0])
    """

    name: str
    program: str = ""
    basis: str = "real"
    axes: tuple[str, str, str] = ("x", "y", "z")
    orders: Callable[[int], Sequence[int]] = ascending
    phase: Callable[[int, int], int] = positive
    norm: Callable[[int], Surd] = orthonormal
    scale: Callable[..., Surd] = unit
    slots: tuple[int, int, int] = (0, 1, 2)
    sign: Callable[..., int] = gaunt_sign
    lmax: int | None = None
    euler: str = ""

    def __post_init__(self) -> None:
        check_name(self.name, "the name of a convention")
        if not isinstance(self.program, str):
            raise TypeError(f"program must be a text, got {self.program!r}")
        check_basis(self.basis)
        for field in ("axes", "slots"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        if not is_signed_permutation(self.axes):
            raise ValueError(f"axes must be x, y, z in some order, each with or without '-', got {quoted(self.axes)}")
        if self.euler not in ("", *EULER):
            raise ValueError(f"euler must be three of x, y, z, neighbours different, got {quoted(self.euler)}")
        if sorted(self.slots) != [0, 1, 2]:
            raise ValueError(f"slots must be 0, 1 and 2 in some order, got {quoted(self.slots)}")

    def positions(self, l: Degree) -> NDArray[np.intp]:
        """Return [2l+1], at m + l the place of order m among the orders of degree l.

        >>> from coupling.foreign.choices import cartesian
        >>> Convention("c", orders=cartesian).positions(2)
        array([1, 3, 4, 2, 0])
        """
        if self.lmax is not None and l > self.lmax:
            raise ValueError(f"{self.name} ends at degree {self.lmax}, got {quoted(l)}")
        if (whole := self._whole(l)) is None:
            return np.arange(int(2 * l) + 1)
        stored = list(self.orders(whole))
        if sorted(stored) != list(range(-whole, whole + 1)):
            raise ValueError(
                f"the orders of {self.name} for degree {l} must be -{l} ... {l} in some order, got {quoted(stored)}"
            )
        return np.argsort(np.array(stored))

    def phases(self, l: Degree) -> NDArray[np.int64]:
        """Return the phases of degree l in ascending order of m."""
        if (whole := self._whole(l)) is None:
            return np.ones(int(2 * l) + 1, np.int64)
        return np.array([_plus_or_minus(self.phase(whole, m), self.name) for m in range(-whole, whole + 1)])

    def _whole(self, l: Degree) -> int | None:
        """Return an integer degree; None for a half-integer, for which this convention has no orders of its own."""
        if l == int(l):
            return int(l)
        if self.orders is not ascending or self.phase is not positive:
            raise ValueError(f"orders and phases of {self.name} are those of integer degrees, got degree {l}")
        return None

    def factor(self, family: str | Family, l1: Degree, l2: Degree, l3: Degree) -> Surd:
        """Return what a coefficient of a family is multiplied by, besides the phases of its orders.

        >>> from coupling.foreign.choices import orthogonal
        >>> Convention("c", scale=orthogonal).factor("wigner_3j", 1, 1, 2)
        √(5)
        """
        improper = parity_sign(int(l1 + l2 + l3)) if determinant(self.axes) < 0 else 1
        record = known(family)
        if record.integral:
            return self.norm(int(l1)) * self.norm(int(l2)) * self.norm(int(l3)) * improper
        sign = _plus_or_minus(self.sign(l1, l2, l3), self.name) * improper
        scale = self.scale(l1, l2, l3)
        if not isinstance(scale, Surd) or scale.sign != 1 or scale.unit:
            raise ValueError(f"the scale of {self.name} must be a Surd > 0, got {quoted(scale)}")
        return scale * sign if record.core else Surd(sign)

    def arrange(self, block: NDArray[Any], path: Sequence[Degree]) -> NDArray[Any]:
        """Return an array [2l1+1, 2l2+1, 2l3+1], orders ascending, with phases, orders and slots of the convention.

        Only signs and places change, so every bit of a value stays.  The inverse is :meth:`restore`.
        """
        result = block.copy()
        for slot, l in enumerate(path):
            column = self.phases(l).reshape([-1 if axis == slot else 1 for axis in range(3)])
            result = np.take(np.where(column < 0, -result, result), np.argsort(self.positions(l)), slot)
        return np.ascontiguousarray(_without_negative_zeros(result).transpose(self.slots))

    def restore(self, block: NDArray[Any], path: Sequence[Degree]) -> NDArray[Any]:
        """Return the array that :meth:`arrange` has made this one of.

        >>> from coupling.foreign.choices import cartesian
        >>> block = np.arange(9.0).reshape(3, 3, 1)
        >>> other = Convention("c", orders=cartesian, slots=(2, 0, 1))
        >>> np.array_equal(other.restore(other.arrange(block, (1, 1, 0)), (1, 1, 0)), block)
        True
        """
        result = block.transpose(np.argsort(self.slots))
        for slot, l in enumerate(path):
            column = self.phases(l).reshape([-1 if axis == slot else 1 for axis in range(3)])
            result = np.take(result, self.positions(l), slot)
            result = np.where(column < 0, -result, result)
        return np.ascontiguousarray(_without_negative_zeros(result))

    def describe(self) -> dict[str, Any]:
        """Return the fields as JSON values, functions by their names, lists as lists; a callable object without a
        name by that of its class, so that the same convention gives the same text in every process.

        >>> Convention("c").describe()["orders"]
        'ascending'
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            key: _said(value) for key, value in values.items() if value is not None and (key, value) != ("euler", "")
        }


def _said(value: Any) -> Any:
    if isinstance(value, ListedOrders | NegatedPaths):
        value = value.degrees if isinstance(value, ListedOrders) else value.paths
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return [_said(item) for item in value] if isinstance(value, tuple) else value


def _plus_or_minus(sign: int, name: str) -> int:
    if sign not in (1, -1):
        raise ValueError(f"a sign of {name} must be 1 or -1, got {quoted(sign)}")
    return int(sign)


def _without_negative_zeros(block: NDArray[Any]) -> NDArray[Any]:
    result: NDArray[Any] = block + 0
    return result

"""The record of a family of coefficients.

A family is one number per path times the core that all families share.  With the slots of ``conjugate`` conjugated,

    c(m1, m2, m3) = (-1)^(Σ m) f(l1, l2, l3) 3j(l1 l2 l3; m1 m2 m3)      over the m of these slots

in the complex basis, f the factor; the 3j symbol has the m of these slots negated, as conj(Y_lm) = (-1)^m Y_{l,-m}, and
a half-integer m counts as m - 1/2.  In the real basis it is a real multiple of C: i^J f for an integral, else |f|.

What the rest of the package needs to know about a family it reads from here; it never compares a name.  Exact numbers
are imported for the first one: reading a table needs the record, and no more than numpy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import BASES, parity_sign
from coupling.quoted import quoted
from coupling.selection import PARITIES, check_basis, degrees, has_parity, integer_symbol, one_of, triangle

if TYPE_CHECKING:
    from coupling.exact.surd import Surd

#: How the factor depends on the order of the degrees: not at all, not on that of the last two, in any way.
SYMMETRIES = ("total", "last two", "none")

#: The numbers of ``coupling.kernels.chain``: 0 … 3, the families of ``coupling.conventions`` in their order.
KERNELS = range(4)

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, kw_only=True, repr=False)
class Family:
    """A family of coefficients.

    name : lower-case letters, digits and underscores
    factor : factor(l1, l2, l3, *parameters), the reduced factor in the complex basis, or in the real one where that is
        the only one, as a ``Surd``, called on paths of its parity only; zero on a path that the family does not have
    definition : what a coefficient is, in a line; symbol : the same as LaTeX
    derivation : the id of the derivation that proves the factor
    parity : "even" or "odd" J outside which the family is zero, or "all"
    imaginary : the factor is i times a real number
    integral : an integral over three harmonics, which takes their norms and has a fixed sign; else a number whose sign
        is a matter of choice, positive in the real basis
    symmetry : of the factor, "total", "last two" or "none"
    conjugate : the slots 1, 2, 3 whose harmonics are conjugated
    conjugable : other slots may be conjugated; false where conjugation changes more than the sign and the order
    half_integers : degrees may be half-integers; ``function`` and ``factor`` take them then, as fractions
    parameters : names of the integers that the factor takes besides the degrees, and ``values``, these integers
    bases : in which the family exists
    core : the coefficients are the core itself
    function : the exact coefficients of the complex basis, where there is more than the factor says
    integrand : integrand(f, g) with f, g of :class:`coupling.sphere.transforms.Field`, such that the coefficient is
        ∫ Y1 · integrand dΩ: what :func:`coupling.sphere.quadrature` computes
    spherical : the kind of product on the sphere that has these coefficients, "even" (Gaunt) or "odd" (bracket)
    kernel : the number of a fast route of ``coupling.kernels.chain``; without one, the tabulation computes path by path
    kind : kind(l1, l2, l3), integers that are equal for paths (arrays) whose factors are equal
    outline : outline(l1, l2, l3) of arrays, the sign of the factor without its i, 0 where it vanishes, and its size
        where that is elementary, else NaN: what the reader of a table compares
    variant : other slots are conjugated than in the registered family of this name

    Raises ValueError or TypeError for a field that cannot be.

    >>> from coupling.exact import Surd
    >>> root = Family(name="root", factor=lambda l1, l2, l3: Surd(1, 2 * l1 + 1), integral=False)
    >>> root.reduced(1, 1, 2), root.exact("real")(1, 0, 1, 0, 0, 0)
    (√(3), 1)
    """

    name: str
    factor: Callable[..., Surd]
    definition: str = ""
    symbol: str = ""
    derivation: str | None = None
    parity: str = "all"
    imaginary: bool = False
    integral: bool = True
    symmetry: str = "none"
    conjugate: tuple[int, ...] = ()
    conjugable: bool = True
    half_integers: bool = False
    parameters: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    bases: tuple[str, ...] = BASES
    core: bool = False
    function: Callable[..., Surd] | None = None
    integrand: Callable[[Any, Any], NDArray[Any]] | None = None
    spherical: str | None = None
    kernel: int | None = None
    kind: Callable[..., NDArray[Any]] | None = None
    outline: Callable[..., tuple[NDArray[Any], NDArray[Any]]] | None = None
    variant: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(f"the name of a family is a-z, 0-9 and _, a letter first, got {quoted(self.name)}")
        one_of(self.parity, PARITIES, "parity")
        one_of(self.symmetry, SYMMETRIES, "symmetry")
        for basis in self.bases:
            check_basis(basis)
        if self.kernel is not None and (type(self.kernel) is not int or self.kernel not in KERNELS):
            raise ValueError(f"kernel must be None or one of {', '.join(map(str, KERNELS))}, got {quoted(self.kernel)}")
        if tuple(sorted(set(self.conjugate))) != self.conjugate or not set(self.conjugate) <= {1, 2, 3}:
            raise ValueError(f"conjugate must list slots out of 1, 2, 3 in rising order, got {quoted(self.conjugate)}")
        if self.half_integers and self.function is None:
            raise ValueError(f"{self.name} has half-integer degrees: give it a function that takes them")
        if self.imaginary and "complex" not in self.bases:
            raise ValueError(f"{self.name} is imaginary in the complex basis, which bases={self.bases} leaves out")
        if self.integral and len(self.bases) > 1 and self.parity != ("odd" if self.imaginary else "even"):
            raise ValueError(
                f"the integral {self.name} has no real basis: i^J times its factor is real for a real factor on even "
                f"paths and an imaginary one on odd paths; give parity, imaginary, integral=False or one basis"
            )

    def __repr__(self) -> str:
        return f"Family({self.text!r})"

    def __str__(self) -> str:
        return self.text

    # -- variants

    @property
    def text(self) -> str:
        """The name with parameters and conjugated slots, which :func:`coupling.families.family` reads.

        >>> from coupling.families import family
        >>> family("gaunt").conjugated(1).text
        'gaunt:conj=1'
        """
        parts = [self.name, ",".join(map(str, self.values))]
        if self.variant:
            parts.append("conj=" + ",".join(map(str, self.conjugate)))
        return ":".join(part for part in parts if part)

    @property
    def identifier(self) -> str:
        """The text as an identifier, for files in other languages.

        >>> from coupling.families import family
        >>> family("spin_weighted_gaunt:1,-2,1").identifier
        'spin_weighted_gaunt_1_m2_1'
        """
        return re.sub(r"\W+", "_", self.text.replace("-", "m"))

    def with_parameters(self, *values: int) -> Family:
        """Return the family with these parameters.

        >>> from coupling.families import family
        >>> family("spin_weighted_gaunt:0,0,0").with_parameters(1, -1, 0).reduced(1, 1, 2)
        √(3/(8π))
        """
        if len(values) != len(self.parameters) or not all(type(value) is int for value in values):
            takes = f"the integers {', '.join(self.parameters)}" if self.parameters else "no parameters"
            raise ValueError(f"{self.name} takes {takes}, got {', '.join(map(repr, values)) or 'none'}")
        return replace(self, values=values)

    def conjugated(self, *slots: int) -> Family:
        """Return the family with the harmonics of exactly these slots conjugated, by conj(Y_lm) = (-1)^m Y_{l,-m}.

        Raises ValueError for a family whose harmonics have another conjugate.

        >>> from coupling.families import family
        >>> family("gaunt").conjugated(1).exact("complex")(1, 0, 1, 1, 0, 1)  # ∫ Y1* Y2 Y3
        √(1/(4π))
        """
        if slots == self.conjugate:
            return self
        if not self.conjugable:
            raise ValueError(f"the slots of {self.name} cannot be conjugated: more than sign and order would change")
        return replace(self, conjugate=slots, half_integers=False, function=None, core=False, variant=True)

    # -- rules

    def require_parameters(self) -> Family:
        """Return the family, or raise ValueError when it lacks its parameters."""
        if len(self.values) != len(self.parameters):
            named, text = ", ".join(self.parameters), f"{self.name}:{','.join(self.parameters)}"
            raise ValueError(f"{self.name} needs its parameters {named}: write {text} with integers in their places")
        return self

    def require_basis(self, basis: object) -> str:
        """Return a basis of the family, or raise ValueError.

        >>> from coupling.families import family
        >>> family("spin_weighted_gaunt:0,0,0").require_basis("real")
        Traceback (most recent call last):
        ValueError: spin_weighted_gaunt has no real basis, only complex
        """
        if check_basis(basis) not in self.bases:
            raise ValueError(f"{self.name} has no {basis} basis, only {', '.join(self.bases)}")
        return str(basis)

    def lives(self, parity: str) -> bool:
        """Return whether the family has paths of a parity, "all", "even" or "odd"."""
        return "all" in (parity, self.parity) or parity == self.parity

    def is_imaginary(self, basis: str) -> bool:
        """Return whether the coefficients in a basis are i times real numbers."""
        return self.imaginary and basis == "complex"

    def signed_slots(self, basis: str) -> tuple[int, ...]:
        """Return the axes 0, 1, 2 whose orders are negated in a basis, with the sign (-1)^m: the conjugated slots."""
        return tuple(slot - 1 for slot in self.conjugate) if basis == "complex" else ()

    def order_signs(self, basis: str) -> tuple[int, int, int]:
        """Return what the orders m1, m2, m3 with m1+m2+m3 = 0 of the core are multiplied by: -1 for a conjugated slot.

        >>> from coupling.families import family
        >>> family("clebsch_gordan").order_signs("complex"), family("clebsch_gordan").order_signs("real")
        ((1, 1, -1), (1, 1, 1))
        """
        first, second, third = (-1 if axis in self.signed_slots(basis) else 1 for axis in range(3))
        return first, second, third

    # -- numbers

    def reduced(self, l1: object, l2: object, l3: object, basis: str = "complex") -> Surd:
        """Return the factor of a path as an exact Surd: of 3j in the complex basis, of C in the real one.

        Zero where the triangle rule or the parity fails.  Raises ValueError or TypeError for a basis or degree that
        does not exist.

        >>> from coupling.families import family
        >>> family("gaunt").reduced(2, 2, 2), family("antisymmetric_gaunt").reduced(1, 1, 1, basis="real")
        (-√(25/(14π)), √(9/(2π)))
        """
        self.require_basis(basis)
        a, b, c = degrees(l1, l2, l3)
        value = self.on_path(a, b, c)
        return self.in_real_basis(value, a + b + c) if basis == "real" else value

    def on_path(self, l1: int, l2: int, l3: int) -> Surd:
        """Return the factor as the record gives it for degrees that exist."""
        from coupling.exact.surd import Surd

        self.require_parameters()
        if not triangle(l1, l2, l3) or not has_parity(l1 + l2 + l3, self.parity):
            return Surd(0)
        value = self.factor(l1, l2, l3, *self.values)
        if not isinstance(value, Surd) or (value and bool(value.unit) != self.imaginary):
            kind = "an imaginary Surd" if self.imaginary else "a real Surd"
            raise TypeError(f"the factor of {self.name} must be {kind}, got {quoted(value)} on the path {(l1, l2, l3)}")
        return value

    def in_real_basis(self, value: Surd, total: int) -> Surd:
        """Return what a factor of the record on a path with J = total is in the real basis."""
        from coupling.exact.surd import Surd

        phase = Surd(parity_sign(total // 2), unit=total & 1) if self.integral and "complex" in self.bases else 1
        return value * phase if self.integral else abs(value)

    def real_signs(self, total: NDArray[Any], factor: NDArray[Any], basis: str) -> NDArray[Any]:
        """Return what turns factors of a basis, without their i, on paths with J = total into :meth:`size`: 1 or -1."""
        if basis == "real" or "complex" not in self.bases:
            return np.ones(len(factor))
        if "real" in self.bases and self.integral:
            return 1.0 - ((total + self.imaginary) & 2)  # i^J, times i for an imaginary factor
        return np.where(factor < 0, -1.0, 1.0)

    def size(self, l1: object, l2: object, l3: object) -> Surd:
        """Return the factor in the real basis, with its sign, or its size where the family has no real basis."""
        return self.reduced(l1, l2, l3, "real") if "real" in self.bases else abs(self.reduced(l1, l2, l3))

    def exact(self, basis: str) -> Callable[..., Surd]:
        """Return the function of (l1, l2, l3, m1, m2, m3) that gives the exact coefficients in a basis.

        >>> from coupling.families import family
        >>> family("gaunt").exact("real")(0, 0, 0, 0, 0, 0)
        √(1/(4π))
        """
        self.require_parameters()
        if self.require_basis(basis) == "real":
            return self._real
        return self.function or self._complex

    def _complex(self, *symbol: object) -> Surd:
        from coupling.exact.wigner_3j import wigner_3j

        l1, l2, l3, *orders = integer_symbol(*symbol)
        sign = parity_sign(sum(orders[slot - 1] for slot in self.conjugate))
        for slot in self.conjugate:
            orders[slot - 1] = -orders[slot - 1]
        factor = self.on_path(l1, l2, l3) * (0 if sum(orders) else sign)
        return factor * wigner_3j(l1, l2, l3, *orders) if factor else factor

    def _real(self, *symbol: object) -> Surd:
        from coupling.exact.real import real_wigner_3j

        l1, l2, l3, m1, m2, m3 = integer_symbol(*symbol)
        factor = self.in_real_basis(self.on_path(l1, l2, l3), l1 + l2 + l3)
        return factor * real_wigner_3j(l1, l2, l3, m1, m2, m3) if factor else factor

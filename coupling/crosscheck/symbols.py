"""Programs of single symbols and of families, in complex harmonics, and SciPy; imported when they are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np

from coupling.conventions import CLEBSCH_GORDAN, CORE, GAUNT
from coupling.crosscheck.program import (
    FAMILY,
    HALVES,
    HARMONICS,
    NINE_J,
    ROTATIONS,
    SIX_J,
    Array,
    Functions,
    angles,
)  # fmt: skip
from coupling.crosscheck.recoupling import symbol_by_symbol

#: Degrees of the tables that WIGXJPF makes before it is asked.
WIGXJPF_DEGREE = 1000


def scipy() -> Functions:
    """special.sph_harm_y."""
    special = import_module("scipy.special")

    def harmonics(l: int, points: Array) -> Array:
        return np.stack([special.sph_harm_y(l, m, *angles(points)) for m in range(-l, l + 1)], -1)

    return {HARMONICS: harmonics}


def sympy() -> Functions:
    """physics.wigner and Ynm; half-integers are its rationals."""
    module, wigner = import_module("sympy"), import_module("sympy.physics.wigner")
    half = module.S.Half

    def rotations(l: int, angles: Array) -> Array:
        return np.array([np.array(wigner.wigner_d(l, *row).evalf(), complex) for row in angles.tolist()])

    return {
        CORE: one_by_one(wigner.wigner_3j),
        CLEBSCH_GORDAN: one_by_one(wigner.clebsch_gordan),
        GAUNT: one_by_one(wigner.gaunt),
        HARMONICS: lambda l, points: _evaluated(module.Ynm, l, points),
        ROTATIONS: rotations,
        **recoupled(wigner.wigner_3j, wigner.wigner_6j, wigner.wigner_9j, lambda twice: twice * half),
    }


def sympy_real() -> Functions:
    """physics.wigner.real_gaunt."""
    return {GAUNT: one_by_one(import_module("sympy.physics.wigner").real_gaunt)}


def sympy_znm() -> Functions:
    """Znm."""
    module = import_module("sympy")
    return {HARMONICS: lambda l, points: _evaluated(module.Znm, l, points).real}


def wignernj() -> Functions:
    """wigner3j, wigner6j, wigner9j, of floats; clebsch_gordan and gaunt, which take their arguments in pairs."""
    module = import_module("wignernj")
    return {
        CORE: one_by_one(module.wigner3j),
        CLEBSCH_GORDAN: one_by_one(in_pairs(module.clebsch_gordan)),
        GAUNT: one_by_one(in_pairs(module.gaunt)),
        FAMILY: family_of(module.wigner3j),
        **recoupled(module.wigner3j, module.wigner6j, module.wigner9j, lambda twice: twice / 2),
    }


def wignernj_real() -> Functions:
    """gaunt_real."""
    return {GAUNT: one_by_one(in_pairs(import_module("wignernj").gaunt_real))}


def wigners() -> Functions:
    """wigner_3j; clebsch_gordan, which takes its arguments in pairs."""
    module = import_module("wigners")
    return {
        CORE: one_by_one(module.wigner_3j),
        CLEBSCH_GORDAN: one_by_one(in_pairs(module.clebsch_gordan)),
        FAMILY: family_of(module.wigner_3j),
    }


def pywigxjpf() -> Functions:
    """wig3jj, wig6jj, wig9jj, of doubled degrees."""
    module = import_module("pywigxjpf")
    module.wig_table_init(2 * WIGXJPF_DEGREE, 9)
    module.wig_temp_init(2 * WIGXJPF_DEGREE)

    def symbol(*s: int) -> float:
        return module.wig3jj(*(2 * number for number in s))

    symbols = recoupled(module.wig3jj, module.wig6jj, module.wig9jj, lambda twice: twice)
    return {CORE: one_by_one(symbol), FAMILY: family_of(symbol), **symbols}


def recoupled(three: Any, six: Any, nine: Any, number: Callable[[int], Any]) -> Functions:
    """Return the functions of single 3j, 6j and 9j symbols; ``number`` makes the argument of a program of 2j."""
    return {key: symbol_by_symbol(symbol, number) for key, symbol in ((HALVES, three), (SIX_J, six), (NINE_J, nine))}


def ducc0() -> Functions:
    """misc.wigner3j_int."""
    misc = import_module("ducc0").misc
    return in_families(lambda *given: misc.wigner3j_int(*given)[1])


def camb() -> Functions:
    """mathutils.threej."""
    return in_families(import_module("camb.mathutils").threej)


def pyshtools() -> Functions:
    """utils.Wigner3j."""
    utils = import_module("pyshtools").utils

    def family(l1: int, l2: int, m1: int, m2: int) -> Array:
        values, first, last = utils.Wigner3j(l1, l2, -m1 - m2, m1, m2)
        return values[: last - first + 1]

    return in_families(family)


def py3nj() -> Functions:
    """drc3jj, of doubled degrees; its values are numbered from degree 0 on.  wigner3j, wigner6j, wigner9j likewise."""
    module, wigner = import_module("py3nj"), import_module("py3nj.wigner")

    def family(l1: int, l2: int, m1: int, m2: int) -> Array:
        values = np.asarray(wigner.drc3jj(2 * l1, 2 * l2, 2 * m1, 2 * m2)[1])[::2]
        return values[first_degree(l1, l2, m1, m2) : l1 + l2 + 1]

    symbols = recoupled(module.wigner3j, module.wigner6j, module.wigner9j, lambda twice: twice)
    return in_families(family) | symbols


def spherical() -> Functions:
    """Wigner3jCalculator; its values are numbered from degree 0 on."""
    module = import_module("spherical")
    calculator = lru_cache(maxsize=64)(module.Wigner3jCalculator)

    def family(l1: int, l2: int, m1: int, m2: int) -> Array:
        values = np.array(calculator(l1, l2).calculate(l1, l2, m1, m2))
        return values[first_degree(l1, l2, m1, m2) : l1 + l2 + 1]

    return in_families(family)


def first_degree(l1: int, l2: int, m1: int, m2: int) -> int:
    """Return the degree at which a family begins.

    >>> first_degree(4, 3, 2, 1)
    3
    """
    return max(abs(l1 - l2), abs(m1 + m2))


def in_pairs(symbol: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of degrees, then orders, that asks one of degree, order, degree, order, ….

    >>> in_pairs(lambda *arguments: arguments)(1, 2, 3, -1, 0, 1)
    (1, -1, 2, 0, 3, 1)
    """
    return lambda l1, l2, l3, m1, m2, m3: symbol(l1, m1, l2, m2, l3, m3)


def one_by_one(symbol: Callable[..., Any]) -> Callable[..., Array]:
    """Return a function of three degrees that calls for the symbols of all orders.

    >>> one_by_one(lambda *symbol: symbol[5])(0, 0, 1)
    array([[[-1.,  0.,  1.]]])
    """

    def block(*path: int) -> Array:
        values = [float(symbol(*path, *m)) for m in product(*(range(-l, l + 1) for l in path))]
        return np.array(values).reshape([2 * l + 1 for l in path])

    return block


def family_of(symbol: Callable[..., float]) -> Callable[..., Array]:
    """Return a function of l1, l2, m1, m2 that calls for the 3j symbols of all third degrees, one by one."""

    def family(l1: int, l2: int, m1: int, m2: int) -> Array:
        third = range(first_degree(l1, l2, m1, m2), l1 + l2 + 1)
        return np.array([float(symbol(l1, l2, l, m1, m2, -m1 - m2)) for l in third])

    return family


def in_families(family: Callable[..., Array]) -> Functions:
    """Return blocks of 3j symbols, made from families, and the families themselves."""

    def block(l1: int, l2: int, l3: int) -> Array:
        result = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))
        for m1, m2 in product(range(-l1, l1 + 1), range(-l2, l2 + 1)):
            if abs(m1 + m2) <= l3:
                values = family(l1, l2, m1, m2)
                result[m1 + l1, m2 + l2, l3 - m1 - m2] = values[l3 - first_degree(l1, l2, m1, m2)]
        return result

    return {CORE: block, FAMILY: lambda *given: np.asarray(family(*given), float)}


def _evaluated(function: Any, l: int, points: Array) -> Array:
    """Evaluate symbolic harmonics of degree l, as SymPy writes them as functions of the angles."""
    module = import_module("sympy")
    theta, phi = module.symbols("theta phi", real=True)
    terms = [module.lambdify((theta, phi), function(l, m, theta, phi).expand(func=True)) for m in range(-l, l + 1)]
    t, p = angles(points)
    return np.stack([np.broadcast_to(np.asarray(term(t, p), complex), t.shape) for term in terms], -1)

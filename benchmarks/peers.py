"""Other programs that tabulate coupling coefficients, each at its best from Python, one thread.

A complex peer is a function of lmax that returns a list of (l1, l2, l3, m1, m2, value) or, for codes that compute
families in l1, of (l2, l3, m2, m3, first l1, values); only that call is timed.  A real peer is a function of a path
that returns its block in our basis and normalisation.  A program that is not installed is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np

from coupling.indexing import degree_slice
from coupling.selection import complex_orders, paths


def symbols(lmax: int) -> Iterator[tuple[int, ...]]:
    """Give (l1, l2, l3, m1, m2, m3) of the whole table."""
    for path in paths(lmax):
        for orders in complex_orders(*path):
            yield *path, *orders


def pairs(lmax: int) -> Iterator[tuple[int, int, int, int]]:
    """Give (l2, l3, m2, m3) of every family in l1."""
    for l2 in range(lmax + 1):
        for l3 in range(lmax + 1):
            for m2 in range(-l2, l2 + 1):
                for m3 in range(-l3, l3 + 1):
                    yield l2, l3, m2, m3


def one_by_one(function: Callable[..., float]) -> Callable[[int], list[Any]]:
    return lambda lmax: [(*s[:5], function(*s)) for s in symbols(lmax)]


def by_family(function: Callable[..., tuple[int, Any]]) -> Callable[[int], list[Any]]:
    """function(l2, l3, m2, m3) returns the first l1 and the values from there on."""
    return lambda lmax: [(*f, *function(*f)) for f in pairs(lmax)]


def arrange(raw: list[Any], lmax: int) -> np.ndarray:
    """Return the values of a peer in the order of ``coupling.tabulate``."""
    if np.ndim(raw[0][5]) == 0:
        return np.array([entry[5] for entry in raw])
    keys, values = [], []
    for l2, l3, m2, m3, first, family in flat(raw):
        family = np.asarray(family)
        l1 = np.arange(int(first), int(first) + len(family))
        keep = (l1 <= lmax) & (l1 >= abs(m2 + m3)) & (l1 >= abs(l2 - l3)) & (l1 <= l2 + l3)
        n = int(keep.sum())
        keys.append(np.column_stack([l1[keep], np.full((n, 4), (l2, l3, -m2 - m3, m2))]))
        values.append(family[keep])
    order = np.lexsort(np.concatenate(keys).T[::-1])
    return np.concatenate(values)[order]


def flat(raw: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Give families one by one where m2, m3 and the values of many came in arrays."""
    for l2, l3, m2, m3, first, values in raw:
        if np.ndim(m2):
            yield from ((l2, l3, a, b, first, row) for a, b, row in zip(m2, m3, values, strict=True))
        else:
            yield l2, l3, m2, m3, first, values


def sympy_3j() -> Callable[[int], list[Any]]:
    from sympy.physics.wigner import wigner_3j

    return one_by_one(lambda *s: float(wigner_3j(*s)))


def wigners_3j() -> Callable[[int], list[Any]]:
    from wigners import clear_wigner_3j_cache, wigner_3j

    whole = one_by_one(wigner_3j)

    def table(lmax: int) -> list[Any]:
        """It keeps up to 200 000 symbols; the second table would be looked up."""
        clear_wigner_3j_cache()
        return whole(lmax)

    return table


def wignernj_3j() -> Callable[[int], list[Any]]:
    from wignernj import wigner3j

    return one_by_one(wigner3j)


def ducc0_3j() -> Callable[[int], list[Any]]:
    from ducc0.misc import wigner3j_int

    return by_family(lambda l2, l3, m2, m3: wigner3j_int(l2, l3, m2, m3))


def camb_3j() -> Callable[[int], list[Any]]:
    from camb.mathutils import threej

    return by_family(lambda l2, l3, m2, m3: (max(abs(l2 - l3), abs(m2 + m3)), threej(l2, l3, m2, m3)))


def pyshtools_3j() -> Callable[[int], list[Any]]:
    from pyshtools.utils import Wigner3j

    def family(l2: int, l3: int, m2: int, m3: int) -> tuple[int, Any]:
        values, first, last = Wigner3j(l2, l3, -m2 - m3, m2, m3)
        return first, values[: last - first + 1]

    return by_family(family)


def pywigxjpf_3j() -> Callable[[int], list[Any]]:
    return one_by_one(wigxjpf(2 * 100))


def wigxjpf(largest: int) -> Callable[..., float]:
    """Return the 3j function of pywigxjpf for doubled degrees up to largest."""
    from pywigxjpf import wig3jj, wig_table_init, wig_temp_init

    wig_table_init(largest, 3)
    wig_temp_init(largest)
    return lambda *s: wig3jj(*(2 * x for x in s))


def py3nj_3j() -> Callable[[int], list[Any]]:
    """py3nj takes arrays: all families of (l2, l3) in one call; its values are numbered by 2·l1."""
    from py3nj.wigner import drc3jj

    def families(l2: int, l3: int) -> tuple[Any, ...]:
        m2, m3 = (m.ravel() for m in np.mgrid[-l2 : l2 + 1, -l3 : l3 + 1])
        return l2, l3, m2, m3, 0, drc3jj(2 * l2, 2 * l3, 2 * m2, 2 * m3)[1][:, ::2]

    return lambda lmax: [families(l2, l3) for l2 in range(lmax + 1) for l3 in range(lmax + 1)]


def spherical_3j() -> Callable[[int], list[Any]]:
    from spherical import Wigner3jCalculator

    def table(lmax: int) -> list[Any]:
        calculator = Wigner3jCalculator(lmax, lmax)

        def family(l2: int, l3: int, m2: int, m3: int) -> tuple[int, Any]:
            return 0, np.array(calculator.calculate(l2, l3, m2, m3))

        return by_family(family)(lmax)

    return table


COMPLEX = {
    "wigners": (wigners_3j, 16),
    "wignernj": (wignernj_3j, 16),
    "pywigxjpf": (pywigxjpf_3j, 16),
    "py3nj": (py3nj_3j, 32),
    "ducc0": (ducc0_3j, 32),
    "camb": (camb_3j, 16),
    "pyshtools": (pyshtools_3j, 16),
    "spherical": (spherical_3j, 16),
    "sympy": (sympy_3j, 4),
}


def e3nn_block() -> Callable[..., np.ndarray]:
    import torch
    from e3nn import o3

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    return lambda *path: o3.wigner_3j(*path, dtype=torch.float64).numpy()


def e3nn_jax_block() -> Callable[..., np.ndarray]:
    import e3nn_jax

    return lambda *path: np.asarray(e3nn_jax.clebsch_gordan(*path))


def cuequivariance_block() -> Callable[..., np.ndarray]:
    from cuequivariance import SO3

    return lambda *path: SO3.clebsch_gordan(*map(SO3, path))[0] / np.sqrt(2 * path[2] + 1)


def e3x_block() -> Callable[..., np.ndarray]:
    import jax

    jax.config.update("jax_enable_x64", True)
    from e3x.so3 import clebsch_gordan

    @lru_cache(maxsize=1)
    def whole(lmax: int) -> np.ndarray:
        return np.asarray(clebsch_gordan(lmax, lmax, lmax, cartesian_order=False))

    def block(l1: int, l2: int, l3: int) -> np.ndarray:
        return whole(8)[degree_slice(l1), degree_slice(l2), degree_slice(l3)] / np.sqrt(2 * l3 + 1)

    return block


REAL = {
    "e3nn": (e3nn_block, 8),
    "e3nn-jax": (e3nn_jax_block, 8),
    "cuequivariance": (cuequivariance_block, 6),
    "e3x": (e3x_block, 8),
}


def installed(name: str) -> str | None:
    """Return the version of a program, or None."""
    try:
        return version(name)
    except ModuleNotFoundError:
        return None

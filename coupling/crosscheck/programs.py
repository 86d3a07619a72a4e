"""The programs of the comparison."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import gt, le

import coupling.crosscheck.learning as learning
import coupling.crosscheck.symbols as symbols
from coupling.conventions import CORE
from coupling.crosscheck.program import FAMILY, HARMONICS, Functions, PeerProgram

#: Upper limit of the degrees, whatever is requested: SymPy takes milliseconds per symbol.
SLOW = {"": 3, "wigner_6j": 2, "wigner_9j": 1}

#: All 6j symbols to 4 are more than ten thousand, and so are all 9j symbols to 2.
SYMBOLS = {"wigner_6j": 4, "wigner_9j": 2}

#: Families of 3j symbols, l1 l2 m1 m2, in which one program or another is known to lose digits, its sign or itself.
MODERATE = (32, 32, 5, -7)
LARGE = ((150, 140, 20, -33), (676, 622, 625, -602), (1000, 990, 411, -502), (2000, 1990, 1500, -1500))


def _of_families(
    distribution: str, functions: Callable[[], Functions], limits: dict[str, int] | None = None
) -> PeerProgram:
    return PeerProgram("sympy", distribution, functions, limits=limits or {}, hard={FAMILY: (MODERATE, *LARGE)})


PROGRAMS = (
    PeerProgram(
        "e3nn",
        "e3nn",
        learning.e3nn,
        partial(le, (0, 5)),
        hard={CORE: ((20, 20, 20), (76, 76, 76))},
    ),
    PeerProgram("e3nn_0_4", "e3nn", learning.e3nn, partial(gt, (0, 5)), {"": 11}),
    PeerProgram("e3nn_jax", "e3nn-jax", learning.e3nn_jax, hard={CORE: ((8, 8, 16), (10, 10, 20), (12, 12, 24))}),
    PeerProgram(
        "cuequivariance",
        "cuequivariance",
        learning.cuequivariance,
        limits={HARMONICS: 5},
        hard={CORE: ((10, 10, 20),)},
    ),
    PeerProgram("openequivariance", "openequivariance", learning.openequivariance, hard={CORE: ((20, 20, 20),)}),
    PeerProgram("e3x", "e3x", learning.e3x, limits={"": 15}),
    PeerProgram("fairchem", "fairchem-core", learning.fairchem, limits={"": 11}),
    PeerProgram("e3j", "e3j", partial(learning.e3j, "NONE"), hard={CORE: ((10, 10, 20), (12, 12, 24))}),
    PeerProgram("e3j_sqrt_dim_out", "e3j", partial(learning.e3j, "SQRT_DIM_OUT")),
    PeerProgram("mlff", "so3krates-torch", learning.so3krates, limits={"": 10, HARMONICS: 4}),
    PeerProgram("sphericart", "sphericart", learning.sphericart, hard={HARMONICS: ((30,), (86,), (87,), (90,))}),
    PeerProgram("scipy", "scipy", symbols.scipy, hard={HARMONICS: ((86,),)}),
    PeerProgram("sympy", "sympy", symbols.sympy, limits=SLOW),
    PeerProgram("sympy_real", "sympy", symbols.sympy_real, limits=SLOW),
    PeerProgram("sympy_znm", "sympy", symbols.sympy_znm, limits=SLOW),
    PeerProgram("sympy", "wignernj", symbols.wignernj, limits=SYMBOLS, hard={FAMILY: (MODERATE, LARGE[0])}),
    PeerProgram("coupling", "wignernj", symbols.wignernj_real),
    PeerProgram("sympy", "wigners", symbols.wigners, hard={FAMILY: (MODERATE, LARGE[0])}),
    PeerProgram("sympy", "pywigxjpf", symbols.pywigxjpf, limits=SYMBOLS, hard={FAMILY: (MODERATE, LARGE[0])}),
    _of_families("ducc0", symbols.ducc0),
    _of_families("camb", symbols.camb),
    _of_families("pyshtools", symbols.pyshtools),
    _of_families("py3nj", symbols.py3nj, SYMBOLS),
    _of_families("spherical", symbols.spherical),
)

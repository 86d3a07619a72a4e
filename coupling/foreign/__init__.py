"""The conventions of other programs, by name, and translations between them.

>>> import coupling
>>> coupling.block("wigner_3j", 1, 1, 1, convention="e3x")[0]
array([[ 0.        ,  0.        ,  0.        ],
       [ 0.        ,  0.        ,  0.70710678],
       [ 0.        , -0.70710678,  0.        ]])
"""

from coupling.foreign.convention import Convention
from coupling.foreign.harmonics import change_of_basis
from coupling.foreign.named import CONVENTIONS, named, translate
from coupling.foreign.reader import read_convention

__all__ = ["CONVENTIONS", "Convention", "change_of_basis", "named", "read_convention", "translate"]

"""Products for which no path is left, on arrays of any library.

Source: ACEsuit/mace #44 (symmetric contraction crashes for 0o, 1e: list of paths empty), e3nn PR 268 (multiplicity 0).
Right: zeros of the right shape, as coupling.products.FullProduct gives them.
"""

import numpy as np

import coupling.products as compiled
from coupling.backends import array_api

for lmax in ((0, 0, 0), (1, 0, 1), (0, 2, 2)):
    x, y = np.ones((2, (lmax[0] + 1) ** 2, 3)), np.ones((2, (lmax[1] + 1) ** 2, 3))
    z = array_api.ClebschGordan(*lmax, paths="odd")(x, y)
    assert z.shape == (2, (lmax[2] + 1) ** 2, 3) and not z.any(), lmax
    assert array_api.FullProduct(*lmax, paths="odd")(x, y).shape == compiled.FullProduct(*lmax, paths="odd")(x, y).shape

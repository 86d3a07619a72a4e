# A reader of the paper: what it claims, in numbers.
coupling --help
coupling value ag 1 1 1 1 -1 0 --basis real --exact
coupling study gaunt --lmax 2 --max-rank 2 --starts 16 --store study
python - << 'END'
import numpy as np

import coupling
from coupling.products import ClebschGordan, VectorSignal

single = VectorSignal.single(2, 2, 2)
print(single)
x, y = np.random.default_rng(0).normal(size=(2, 9, 3))
assert single(x, y).shape == (9, 3)
even, odd = (coupling.normalization(family, 4) for family in ("gaunt", "antisymmetric_gaunt"))
print(np.count_nonzero(even), "even paths,", np.count_nonzero(odd), "odd paths")
END

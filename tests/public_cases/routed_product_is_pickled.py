"""The product that chooses its route goes to a worker process.

Source: joblib/joblib #718, libAtoms/workflow #273 (calculators have to be pickled for parallel runs).
Right: the same numbers.
"""

import pickle

import numpy as np

from coupling.products import RoutedProduct

x, y = np.random.default_rng(0).normal(size=(2, 5, 9, 4))
product = RoutedProduct(2, 2, 2)
assert np.array_equal(pickle.loads(pickle.dumps(product))(x, y), product(x, y))

"""A product that has been called once goes to a worker process and is deep-copied.

Source: sncosmo/sncosmo #192, materialyzeai/maml #637, QUVA-Lab/e2cnn PR 68 (objects that cannot be sent to workers).
Right: the same numbers as the original.
"""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from coupling.products import ClebschGordan


def main():
    x, y = np.random.default_rng(0).normal(size=(2, 5, 9, 4))
    product = ClebschGordan(2, 2, 2)
    pickle.loads(pickle.dumps(product))  # before the first call
    z = product(x, y)
    assert np.array_equal(pickle.loads(pickle.dumps(product))(x, y), z)
    assert np.array_equal(copy.deepcopy(product)(x, y), z)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert np.array_equal(pool.submit(product, x, y).result(), z)


if __name__ == "__main__":
    main()

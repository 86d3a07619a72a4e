# An ML engineer: features, products and gradients, irreps, message passing, tables for a kernel.
coupling load real-l8
coupling export real-l4 --format npz --convention e3nn --dtype float32 --order output
coupling export real-l4 --format c --dtype float32 -o kernel.h
coupling load lebedev-l4
coupling manybody count --lmax 3 --order 3
python - << 'END'
import numpy as np

import coupling
from coupling.products import ClebschGordan, Convolution, Edges, Gaunt, TensorProduct

x, y = np.random.default_rng(0).normal(size=(2, 9, 16))
product = ClebschGordan(2, 2, 2)
print(product, product(x, y).shape)
dx, dy = product.vjp(x, y, np.ones((9, 16)))
assert dx.shape == dy.shape == (9, 16)
assert Gaunt(2, 2, 2)(x, y).shape == (9, 16)
irreps = coupling.Irreps("4x0e + 4x1o")
print(irreps.dim, irreps.lmax)
END

"""Harmonics on a float32 grid that ends at the south pole.

Source: JuliaAstro/Healpix.jl #118 and #83 (float32 π is larger than π, and was out of range); healpy tolerates it.
Right: the harmonics at the pole.
"""

import numpy as np

from coupling.sphere import gradients, harmonics

theta = np.linspace(0, np.pi, 5, dtype=np.float32)
assert float(theta[-1]) > np.pi  # as doubles: numpy >= 2 would compare in float32
exact = np.linspace(0, np.pi, 5)
np.testing.assert_allclose(harmonics(3, theta, 0.5), harmonics(3, exact, 0.5), atol=1e-5)
np.testing.assert_allclose(gradients(3, theta, 0.5), gradients(3, exact, 0.5), atol=1e-5)

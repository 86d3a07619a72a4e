"""Products of spherical-harmonic features: Clebsch-Gordan, Gaunt, vector (bracket) and matrix."""

from coupling.products.product import Product

__all__ = ["Product"]

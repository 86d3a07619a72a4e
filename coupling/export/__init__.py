"""Export of tables: one list of coefficients, several file formats.

:func:`export` returns the bytes of a file; the same table and options give the same bytes.
"""

from coupling.export.bases import export_basis, mace_tensor, read_exact_basis
from coupling.export.contraction import contraction_descriptors, contraction_json, segmented_polynomial
from coupling.export.cuequivariance import segmented_tensor_product
from coupling.export.formats import FORMATS, export
from coupling.export.listing import Listing, list_table
from coupling.export.text import read_exact_json

__all__ = [
    "FORMATS",
    "Listing",
    "contraction_descriptors",
    "contraction_json",
    "export",
    "export_basis",
    "list_table",
    "mace_tensor",
    "read_exact_basis",
    "read_exact_json",
    "segmented_polynomial",
    "segmented_tensor_product",
]

"""Export of tables: one list of coefficients, several file formats.

:func:`export` returns the bytes of a file; the same table and options give the same bytes.
"""

from coupling.export.bases import export_basis, read_exact_basis
from coupling.export.cuequivariance import segmented_tensor_product
from coupling.export.formats import FORMATS, export
from coupling.export.listing import Listing, list_table
from coupling.export.text import read_exact_json

__all__ = [
    "FORMATS",
    "Listing",
    "export",
    "export_basis",
    "list_table",
    "read_exact_basis",
    "read_exact_json",
    "segmented_tensor_product",
]

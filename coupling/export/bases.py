"""Many-body bases in files: npz, safetensors, JSON of exact numbers, C header, tensors of MACE.

The same basis gives the same bytes.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CONVENTION_ID
from coupling.exact.surd import Surd
from coupling.export.arrays import narrowest
from coupling.export.c_header import declaration, guarded
from coupling.export.npz import npz_bytes
from coupling.export.source import identifier
from coupling.files.container import Tensor, canonical_json, encode_header
from coupling.manybody import Basis, basis
from coupling.quoted import quoted
from coupling.selection import of_type, one_of

#: format → suffix of its files
FORMATS = {"npz": ".npz", "safetensors": ".safetensors", "json": ".json", "c": ".h", "mace": ".npz"}
SCHEMA = "coupling-manybody-1"
DTYPES = ("float64", "float32")


def export_basis(value: Basis, format: str, dtype: str = "float64") -> bytes:
    """Return the bytes of a file that holds a basis.

    - format: "npz", "safetensors", "json" (exact: sign, numerator and denominator under the root), "c", or "mace", npz
      with the dense array ``U_matrix_ν`` of :func:`mace_tensor`
    - dtype: of the values: float64, or float32, rounded once more; JSON has none

    npz, safetensors and C have the arrays ``monomials`` [monomials, ν], and for each entry ``path``, ``component``,
    ``monomial`` and ``value``: B[path, component] is the sum of value times the product of A over the monomial.  Raises
    ValueError for a format or type that does not exist.

    >>> from coupling.manybody import basis
    >>> import io
    >>> file = np.load(io.BytesIO(export_basis(basis(1, 2, 0), "npz")))
    >>> file["value"], file["monomials"].tolist()
    (array([1.        , 0.57735027, 0.57735027, 0.57735027]), [[0, 0], [1, 1], [2, 2], [3, 3]])
    """
    of_type(value, Basis, "the basis")
    one_of(format, tuple(FORMATS), "format")
    one_of(dtype, DTYPES, "dtype")
    if format == "json":
        return _exact(value).encode("utf-8")
    if format == "mace":
        return npz_bytes({f"U_matrix_{value.order}": mace_tensor(value, dtype)}, metadata_of(value, dtype))
    arrays, metadata = arrays_of(value, dtype), metadata_of(value, dtype)
    if format == "npz":
        return npz_bytes(arrays, metadata)
    if format == "safetensors":
        return _safetensors(arrays, metadata)
    return _header(value, arrays, metadata).encode("utf-8")


def mace_tensor(basis: Basis, dtype: str = "float64") -> NDArray[Any]:
    """Return the tensor of a basis in the shape of MACE's ``U_matrix_real``: its buffer ``U_matrix_ν`` of one output.

    [2L+1, components, …, components, paths], without the first axis for L = 0.  With ``paths="mace"``, plain or
    reduced, it is the tensor of MACE itself; with others its weights are for these paths.

    >>> from coupling.manybody import basis
    >>> mace_tensor(basis(3, 3, 1, "plain", paths="mace")).shape, mace_tensor(basis(3, 2, 0, paths="mace")).shape
    ((3, 16, 16, 16, 51), (16, 16, 4))
    """
    of_type(basis, Basis, "the basis")
    kind = one_of(dtype, DTYPES, "dtype")
    if basis.basis != "real":
        raise ValueError(f"MACE has real components, got {basis}")
    tensor = np.moveaxis(basis.tensor(), 0, -1)
    return np.ascontiguousarray(tensor[0] if len(tensor) == 1 else tensor, kind)


def metadata_of(value: Basis, dtype: str) -> dict[str, Any]:
    """Return what a file says of its basis.

    >>> metadata_of(basis(1, 2, 0), "float64")["labels"]
    ['(0e^2)0e', '(1o^2)0e']
    """
    names = "irreps", "order", "output", "symmetry", "paths", "basis", "intermediates"
    return {
        "schema": SCHEMA,
        "convention": CONVENTION_ID,
        **{name: getattr(value, name) for name in names},
        "dtype": dtype,
        "components": value.dimension,
        "shape": list(value.shape),
        "labels": list(value.labels),
    }


def arrays_of(value: Basis, dtype: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name, indices in the narrowest types.

    >>> arrays_of(basis(1, 2, 0), "float32")["path"]
    array([0, 1, 1, 1], dtype=uint8)
    """
    largest = {"monomials": value.dimension, "path": value.shape[0], "component": value.shape[1]}
    columns = {"monomials": value.monomials, "path": value.path, "component": value.component}
    columns["monomial"], largest["monomial"] = value.monomial, len(value.monomials)
    arrays = {name: np.ascontiguousarray(array.astype(narrowest(largest[name]))) for name, array in columns.items()}
    return {**arrays, "value": value.values.astype(np.dtype(dtype).newbyteorder("<"))}


def _safetensors(arrays: dict[str, NDArray[Any]], metadata: dict[str, Any]) -> bytes:
    """The arrays without gaps, those of the widest type first, so that each begins at a multiple of its item size."""
    names = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    tensors = [Tensor.of(name, arrays[name]) for name in names]
    return encode_header(metadata, tensors) + b"".join(arrays[name].tobytes() for name in names)


def _exact(value: Basis) -> str:
    metadata = {name: item for name, item in metadata_of(value, "exact").items() if name != "labels"}
    lines = []
    for path, label in enumerate(value.labels):
        low, high = np.searchsorted(value.path, [path, path + 1]).tolist()
        entries = [_surd_entry(value, entry) for entry in range(low, high)]
        lines.append(json.dumps({"label": label, "entries": entries}))
    return '{"metadata": ' + canonical_json(metadata) + ',\n"paths": [\n' + ",\n".join(lines) + "\n]}\n"


def _surd_entry(value: Basis, entry: int) -> list[Any]:
    found = value.coefficient(entry)
    monomial = value.monomials[value.monomial[entry]].tolist()
    return [int(value.component[entry]), monomial, found.sign, str(found.numerator), str(found.denominator)]


def read_exact_basis(text: str) -> dict[tuple[int, int, tuple[int, ...]], Surd]:
    """Return {(path, component, monomial): coefficient} of the JSON text of a basis.

    >>> read_exact_basis(export_basis(basis(1, 2, 0), "json").decode())[1, 0, (2, 2)]
    √(1/3)
    """
    return {
        (path, component, tuple(monomial)): Surd(sign, int(numerator), int(denominator))
        for path, each in enumerate(json.loads(text)["paths"])
        for component, monomial, sign, numerator, denominator in each["entries"]
    }


def _header(value: Basis, arrays: dict[str, NDArray[Any]], metadata: dict[str, Any]) -> str:
    name = identifier(f"manybody_{value.order}_{value.output}_{value.symmetry}_{value.paths}_{value.basis}")
    sizes = {"ORDER": value.order, "COMPONENTS": value.dimension, "PATHS": value.shape[0], "ENTRIES": len(value.path)}
    lines = [
        f"Many-body basis of {value.irreps}: order {value.order}, output {value.output}, {value.symmetry}.",
        f"Paths {value.paths}, {value.basis} components; convention {CONVENTION_ID}.",
        "B[path][component] += value * A[monomial 1] * ... * A[monomial n], for every entry.",
        *(f"path {k}: {label}" for k, label in enumerate(metadata["labels"])),
    ]
    defines = "".join(f"#define {name.upper()}_{key} {number}\n" for key, number in sizes.items())
    body = [defines, *(declaration(f"{name}_{key}", array) for key, array in arrays.items())]
    return guarded(f"COUPLING_{name.upper()}", lines, "\n".join([*body, ""]), arrays.values())


def requested_basis(content: bytes) -> tuple[Basis, str, str]:
    """Return the basis that a file says it holds, built anew, its format and its type; ValueError for other files.

    >>> requested_basis(export_basis(basis(1, 2, 0), "json"))[1:]
    ('json', 'exact')
    """
    format, metadata = _metadata(content)
    try:
        kind, dtype = metadata["schema"], metadata["dtype"]
        names = "irreps", "order", "output", "symmetry"
        options = {name: metadata[name] for name in ("paths", "basis", "intermediates")}
        values = [metadata[name] for name in names]
    except (KeyError, TypeError) as error:
        raise ValueError(f"the file does not say which many-body basis it holds: no {error}") from None
    if kind != SCHEMA:
        raise ValueError(f"the schema of a many-body basis is {SCHEMA}, got {quoted(kind)}")
    return basis(*values, **options), format, dtype


def _metadata(content: bytes) -> tuple[str, Any]:
    try:
        if content.startswith(b"PK"):
            file = np.load(io.BytesIO(content))
            return "npz" if "value" in file.files else "mace", json.loads(str(file["metadata"]))
        if content.startswith(b'{"metadata"'):
            return "json", json.loads(content)["metadata"]
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + min(length, len(content))])
        return "safetensors", json.loads(header["__metadata__"]["coupling"])
    except Exception as error:  # whatever a damaged file makes of its readers
        raise ValueError(f"not a many-body basis in npz, safetensors or JSON: {error!r}") from None


def is_as_requested(content: bytes) -> bool:
    """Return whether a file is, byte for byte, what the basis that it names gives.

    >>> is_as_requested(export_basis(basis(1, 2, 0), "safetensors"))
    True
    """
    found, format, dtype = requested_basis(content)
    return export_basis(found, format, "float64" if dtype == "exact" else dtype) == content

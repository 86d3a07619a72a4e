"""NumPy archives without pickle and without dates: the same arrays give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.files.container import canonical_json


def npz_bytes(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]) -> bytes:
    """Return an .npz file of arrays and of ``metadata``, a JSON text; readable by ``numpy.load`` as it is.

    >>> import io, json
    >>> file = np.load(io.BytesIO(npz_bytes({"a": np.arange(3)}, {"b": 1})))
    >>> file["a"], json.loads(str(file["metadata"]))
    (array([0, 1, 2]), {'b': 1})
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in {"metadata": np.array(canonical_json(metadata)), **arrays}.items():
            archive.writestr(_member(f"{name}.npy"), _npy(array))
    return buffer.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)  # dated 1980, whenever it is written
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    np.lib.format.write_array(buffer, little, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()

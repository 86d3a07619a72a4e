"""Records of message passing for e3j, read by the description of the format: e3j itself needs Python 3.12."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest

from coupling.export.e3j import record_type
from coupling.export.e3j_convolution import PASSES, convolution_bytes, convolution_records
from coupling.products import Convolution

#: Layouts in the notation of struct, little-endian, padding written out.
LAYOUTS = {
    ("float32", "uint8"): "<fBBBB",
    ("float32", "int32"): "<fiiii12x",
    ("float64", "uint8"): "<dBBBB4x",
    ("float64", "int32"): "<diiii8x",
    ("float16", "uint8"): "<eBBBB2x",
    ("float16", "int32"): "<exxiiii12x",
}

#: Of each index type, a convolution; that of the wide one has more than 255 rows of the output.
MADE: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "uint8": (("0e + 0o + 1o", 2, 2), {"path_weights": None}),
    "int32": ((4, 6, 4), {"separate": True}),
}


def rows_of(packed: Any, value: str, index: str) -> list[tuple[Any, ...]]:
    return list(struct.iter_unpack(LAYOUTS[value, index], packed.tobytes()))


@pytest.mark.parametrize(("value", "index"), LAYOUTS)
def test_records_are_the_trilinear_form_of_a_message_and_its_gradients(value: str, index: str) -> None:
    arguments, options = MADE[index]
    conv = Convolution(*arguments, **options)
    assert struct.calcsize(LAYOUTS[value, index]) == record_type(value, index, 4).itemsize in (8, 16, 32)
    packed = convolution_records(conv, value)
    rng = np.random.default_rng(0)
    n_x, n_y, n_z = conv.sizes
    x, y, s, g = rng.normal(size=n_x), rng.normal(size=n_y), rng.normal(size=len(conv.paths)), rng.normal(size=n_z)
    message = conv(x[None, :, None], y[None], s[None, :, None], [0], [0])[0, :, 0]
    dx, dy, ds = conv.vjp(x[None, :, None], y[None], s[None, :, None], [0], [0], cotangent=g[None, :, None])
    # e3j's three calls: (cotangent, y, s), (cotangent, x, s) and (cotangent, y, x)
    calls = {
        "forward": (message, (x, y, s)),
        "backward_x": (dx[0, :, 0], (g, y, s)),
        "backward_y": (dy[0], (g, x, s)),
        "backward_scalars": (ds[0, :, 0], (g, y, x)),
    }
    tolerance = {"float16": 2e-3, "float32": 1e-6, "float64": 1e-13}[value]
    assert list(calls) == list(packed) == list(PASSES)
    for name, (wanted, (one, two, three)) in calls.items():
        rows = rows_of(packed[name], value, index)
        assert packed[name].dtype == index and [row[1] for row in rows] == sorted(row[1] for row in rows)
        found = np.zeros(len(wanted))
        for number, i, j, k, l in rows:
            found[i] += number * one[j] * two[k] * three[l]
        assert np.abs(found - wanted).max() <= tolerance * np.abs(wanted).max(), name


def test_the_file_says_what_it_holds() -> None:
    conv = Convolution(1, 2, 1, path_weights=[1.0, 0.5, 2.0, -1.0, 3.0])
    file = np.load(io.BytesIO(convolution_bytes(conv, "float64")))
    metadata = json.loads(str(file["metadata"]))
    assert metadata["sizes"] == {"output": 4, "x": 4, "harmonics": 9, "paths": 5}
    assert metadata["paths"] == conv.paths.tolist() and json.loads(metadata["convolution"])["lmax_edge"] == 2
    rows = np.array(rows_of(file["forward"], "float64", "uint8"))
    plain = np.array(rows_of(convolution_records(Convolution(1, 2, 1), "float64")["forward"], "float64", "uint8"))
    assert np.allclose(rows[:, 0] / plain[:, 0], conv.path_weights[rows[:, 4].astype(int)], rtol=1e-15, atol=0)
    assert np.array_equal(rows[:, 1:], plain[:, 1:])
    assert convolution_bytes(conv, "float64") == convolution_bytes(conv, "float64")


def test_what_e3j_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="dtype of e3j records must be one of float32, float64, float16"):
        convolution_records(Convolution(0, 0, 0), "bfloat16")
    with pytest.raises(TypeError, match="convolution must be a Convolution"):
        convolution_records("0e")  # type: ignore[arg-type]
    monkeypatch.setattr("coupling.export.e3j_convolution.MOST_RECORDS", 9)
    assert len(convolution_records(Convolution(2, 0, 2))["forward"]) == 9
    with pytest.raises(ValueError, match="e3j counts at most 9 records, this convolution has 10"):
        convolution_records(Convolution(1, 1, 1))

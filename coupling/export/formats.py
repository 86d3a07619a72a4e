"""The list of formats for tables and arrays, with the options of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import coupling.export.named as named
from coupling.arrays.arrays import Arrays
from coupling.arrays.builder import build_arrays
from coupling.arrays.request import ArraysRequest
from coupling.conventions import CORE
from coupling.export.arrays import ArrayOptions, arrays
from coupling.export.c_header import c_header
from coupling.export.cuequivariance import descriptor_json
from coupling.export.e3j import e3j_bytes
from coupling.export.half_integers import export_half_integers
from coupling.export.listing import Listing, list_table
from coupling.export.npz import npz_bytes
from coupling.export.python_module import python_module
from coupling.export.selection import Pattern, selected
from coupling.export.text import csv, exact_json, openequivariance_json
from coupling.floating_point import default_rounding
from coupling.foreign.convention import Convention
from coupling.selection import of_type, one_of
from coupling.tables.table import Table


class Format(NamedTuple):
    """A file format: its suffix, its writers for tables and for arrays, where it has them; and for tables its usual
    convention, its options, whether it leaves the order open."""

    suffix: str
    write: Callable[[Listing, ArrayOptions], str | bytes] | None
    convention: str | None = None
    options: tuple[str, ...] = ()
    orders: bool = True
    arrays: Callable[[Arrays], str | bytes] | None = None


def without_options(write: Callable[[Listing], str | bytes], listing: Listing, options: ArrayOptions) -> str | bytes:
    """Return what a writer without options makes of a listing."""
    return write(listing)


def _csv(listing: Listing, options: ArrayOptions) -> str:
    return csv(listing, options.exact, options.progress)


def _exact_json(listing: Listing, options: ArrayOptions) -> str:
    return exact_json(listing, options.progress)


def _npz(listing: Listing, options: ArrayOptions) -> bytes:
    return npz_bytes(arrays(listing, options), listing.metadata)


def _cuequivariance(listing: Listing, options: ArrayOptions) -> str:
    return descriptor_json(listing, options.channels, options.weights)


ARRAYS = ("palette", "transposes", "path_vectors")

#: name → format, the one list of all of them
EVERY = {
    "npz": Format(".npz", _npz, options=ARRAYS, arrays=named.npz),
    "c": Format(".h", c_header, options=ARRAYS, arrays=named.header),
    "python": Format(".py", python_module, options=ARRAYS, arrays=named.module),
    "triton": Format(".py", partial(python_module, triton=True), options=ARRAYS),
    "e3j": Format(".npz", partial(without_options, e3j_bytes), "e3j", orders=False),
    "cuequivariance": Format(".json", _cuequivariance, "cuequivariance", ("channels", "weights")),
    "openequivariance": Format(
        ".json", partial(without_options, openequivariance_json), "openequivariance", orders=False
    ),
    "json": Format(".json", _exact_json, orders=False),
    "csv": Format(".csv", _csv, options=("exact",)),
    "safetensors": Format(".safetensors", None, arrays=named.safetensors),
}
#: Those of tables, and those of arrays.
FORMATS = {name: form for name, form in EVERY.items() if form.write}
OF_ARRAYS = {name: form for name, form in EVERY.items() if form.arrays}


@default_rounding()
def export(
    table: Table,
    format: str,
    *,
    convention: Convention | str | None = None,
    family: str = CORE,
    dtype: str = "float64",
    order: str | None = None,
    palette: bool = False,
    transposes: bool = False,
    path_vectors: bool = False,
    channels: int = 1,
    weights: bool = False,
    exact: bool = True,
    paths: Sequence[Pattern] = (),
    orders: Sequence[Pattern] = (),
    progress: Callable[[int], None] | None = None,
) -> bytes:
    """Return the bytes of a file that holds the coefficients of a table.

    format : npz, c, python, triton, e3j, cuequivariance, openequivariance, json (exact numbers) or csv
    convention : of a program; by default that of the format, if it is the format of a program, or this package's
    family : "wigner_3j" is what the program itself calls its coupling tensor, see ``coupling.foreign.convention``
    dtype : float64, float32, float16 or bfloat16; every value is rounded once, from its exact number
    order : "path" (default), "canonical", "output", "input1" or "input2", where the format leaves it open
    palette : distinct values, and which of them each entry has
    transposes : sorted by output, and again by each input, for the backward pass
    path_vectors : one number per path and family, with which values become its coefficients, and their inverses
    channels, weights : of a cuEquivariance descriptor: channels per index, a weight for each path and channel
    exact : the last column of csv; it is what takes long
    paths, orders : of the entries to write, such as [(1, 1, 2), (None, None, 0)], None for any number; all if empty
    progress : called with numbers of entries while csv and json are written, which takes long for large tables

    Of a table of half-integers, csv and npz are written as :mod:`coupling.export.half_integers` says, which takes
    family and exact.  The same request gives the same bytes.  Raises ValueError or TypeError for options that do not
    exist or do not go together.

    >>> import coupling
    >>> lines = export(coupling.load("real-l4"), "csv", convention="e3x").decode().splitlines()
    >>> for line in [line for line in lines if line[0] != "#"][:3]:
    ...     print(line)
    l1,l2,l3,m1,m2,m3,input1,input2,output,value,exact
    0,0,0,0,0,0,0,0,0,1.0,1
    0,1,1,0,1,1,0,1,1,1.0,1
    """
    of_type(table, Table, "table")
    chosen = FORMATS[one_of(format, tuple(FORMATS), "format")]
    options = ArrayOptions(palette, transposes, path_vectors, channels, weights, exact, progress)
    for name, wanted, usual in zip(ArrayOptions._fields, options, ArrayOptions(), strict=True):
        if name != "progress" and wanted != usual and name not in chosen.options:
            raise ValueError(f"the format {format} has no option {name}")
    if table.request.half_integers:
        given = {"convention": convention not in (None, "coupling"), "dtype": dtype != "float64", "order": order}
        given |= {"palette": palette, "transposes": transposes, "path_vectors": path_vectors}
        for name, value in (given | {"paths": paths, "orders": orders}).items():
            if value:
                raise ValueError(f"the export of half-integers has no option {name}")
        return export_half_integers(table, format, family, exact)
    if order is not None and (transposes or not chosen.orders):
        raise ValueError(f"the order of the entries is given by {'transposes' if transposes else format}, leave it out")
    if convention is None:
        convention = chosen.convention or Convention("coupling", "this package", basis=table.request.basis)
    listing = list_table(table, convention, family, order or ("output" if transposes else "path"), dtype)
    listing = selected(listing, paths, orders)
    return _bytes(chosen.write(listing, options) if chosen.write else "")


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8")


def export_named(arrays: Arrays, format: str, dtype: str = "float64") -> bytes:
    """Return the bytes of a file that holds all arrays under their names.

    format : "npz", "c" (C, C++ and CUDA), "python" or "safetensors"
    dtype : float64, float32, float16 or bfloat16, rounded once: another type than the file's is computed anew

    The same request gives the same bytes.  Raises ValueError for a format or type that does not exist.

    >>> import coupling
    >>> text = export_named(coupling.load_arrays("matrix-l4"), "c", "float32").decode()
    >>> "COUPLING_CONSTANT float matrix_l4_float32_encoder_real[25][25] = {" in text
    True
    """
    chosen = OF_ARRAYS[one_of(format, tuple(OF_ARRAYS), "format")]
    if dtype != arrays.request.dtype:
        request = arrays.request
        arrays = build_arrays(
            ArraysRequest(
                request.kind, request.lmax, degree=request.degree, multiple=request.multiple,
                twice_spin=request.twice_spin, dtype=dtype,
            )
        )  # fmt: skip
    return _bytes(chosen.arrays(arrays) if chosen.arrays else "")

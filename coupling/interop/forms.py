"""A trilinear form as a text, so that operators of a framework can carry it; and the products that compute it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import coupling.interop.arrays as arrays
import coupling.products as products
from coupling.files.container import canonical_json
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.tables import Request, Table, build

#: The products that a text can name.
KINDS = "ClebschGordan", "FullProduct", "Gaunt", "MatrixProduct", "AntisymmetricGaunt"

#: Tables that were given, by the text of their requests; another process builds the same table again.
_TABLES: dict[str, Table] = {}


def form_text(kind: str, lmax: tuple[int, ...], *, table: Table | None = None, **options: Any) -> str:
    """Return the text of a form: which product, its degrees, and the options that are not None.

    >>> form_text("Gaunt", (1, 1, 2), weights=None)
    '{"kind":"Gaunt","lmax":[1,1,2],"options":{}}'
    """
    given = {name: value for name, value in options.items() if value is not None}
    content: dict[str, Any] = {"kind": kind, "lmax": list(lmax), "options": given}
    if table is not None:
        content["table"] = table.request.content
        _TABLES[canonical_json(table.request.content)] = table
    return canonical_json(content)


@lru_cache(maxsize=512)
def array_form(form: str, turns: int) -> arrays.ArrayProduct:
    """Return the array program of a form with its slots turned so many times.

    >>> array_form(form_text("Gaunt", (1, 2, 3)), 1).lmax
    (2, 3, 1)
    """
    if turns:
        return array_form(form, turns - 1).turn()
    content, options = _content(form)
    kind: Any = getattr(arrays, content["kind"])
    return kind(*content["lmax"], **options)


@lru_cache(maxsize=512)
def compiled_form(form: str, turns: int, workers: int) -> products.Product:
    """Return the compiled product of a form with its slots turned so many times, for the processor.

    >>> compiled_form(form_text("ClebschGordan", (1, 1, 1), parity="odd"), 0, 1).weights.sum()
    np.float64(1.0)
    """
    if turns:
        return compiled_form(form, turns - 1, workers).turn()
    content, options = _content(form)
    kind: Any = getattr(products, content["kind"])
    if content["kind"] == "ClebschGordan":
        options.pop("parity", None)
        options["weights"] = cube(form, 0, np.ones(len(path_list(form))))
    return kind(*content["lmax"], workers=workers, **options)


def path_list(form: str) -> NDArray[Any]:
    """Return the paths [P, 3] of a form that has a weight or an output for each.

    >>> path_list(form_text("ClebschGordan", (1, 1, 1), parity="odd")).tolist()
    [[1, 1, 1]]
    """
    product = array_form(form, 0)
    if not isinstance(product, arrays.ClebschGordan | arrays.FullProduct):
        raise ValueError(f"paths have weights in the forms ClebschGordan and FullProduct, got {quoted(form)}")
    paths: NDArray[Any] = product.paths
    return paths


def cube(form: str, turns: int, weights: NDArray[Any]) -> NDArray[np.float64]:
    """Return weights [P] as an array over the degrees of the slots after turning, zero off the paths.

    >>> cube(form_text("ClebschGordan", (1, 0, 1)), 1, np.array([2.0, 3.0])).tolist()
    [[[2.0, 0.0], [0.0, 3.0]]]
    """
    degrees = np.roll(path_list(form).T.astype(np.int64), -turns, axis=0)
    result = np.zeros([l + 1 for l in array_form(form, turns).lmax])
    result[tuple(degrees)] = weights
    return result


def separate_form(lmax: tuple[int, ...], table: Table | None, parity: str, normalization: str) -> str:
    """Return the text of the product with separate paths that belongs to one with weights.

    >>> separate_form((1, 1, 1), None, "odd", "gaunt")
    '{"kind":"FullProduct","lmax":[1,1,1],"options":{"normalization":"gaunt","parity":"odd"}}'
    """
    held = parity if table is None or table.request.parity == "all" else table.request.parity
    return form_text("FullProduct", lmax, table=table, parity=held, normalization=normalization)


def by_output(separate: str, paths: NDArray[Any]) -> list[list[tuple[int, int]]]:
    """Return for each output degree the paths to it: their positions in the separate product, and in ``paths``.

    >>> by_output(separate_form((1, 0, 1), None, "all", "wigner_3j"), np.array([[1, 0, 1], [0, 0, 0]]))
    [[(0, 1)], [(1, 0)]]
    """
    everything: Any = array_form(separate, 0)
    where = {tuple(path): n for n, path in enumerate(everything.paths.tolist())}
    groups: list[list[tuple[int, int]]] = [[] for _ in range(everything.lmax[2] + 1)]
    for n, path in enumerate(paths.tolist()):
        groups[path[2]].append((where[tuple(path)], n))
    return groups


def block_sizes(separate: str) -> list[int]:
    """Return how many rows of the separate product belong to each of its paths.

    >>> block_sizes(separate_form((1, 0, 1), None, "all", "wigner_3j"))
    [1, 3]
    """
    return (2 * path_list(separate)[:, 2].astype(int) + 1).tolist()


def lists(weights: Any) -> Any:
    """Return arrays of numbers as lists, None as it is.

    >>> lists([np.ones(1), np.zeros(2)])
    [[1.0], [0.0, 0.0]]
    """
    return None if weights is None else [np.asarray(w, float).tolist() for w in weights]


def _content(form: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a text says and its options; it may come from a file of a framework, so it names no attribute."""
    try:
        content = json.loads(form)
        one_of(content["kind"], KINDS, "kind")
        content["lmax"], options = list(content["lmax"]), dict(content["options"])
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"a form must be a text of form_text, got {quoted(form)}: {error!r:.200}") from None
    if "table" in content:
        key = canonical_json(content["table"])
        if key not in _TABLES:
            _TABLES[key] = build(Request(**content["table"]))
        options["table"] = _TABLES[key]
    return content, options

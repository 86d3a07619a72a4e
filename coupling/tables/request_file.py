"""Request files: a request for a table written by hand, in TOML.

::

    name = "real-l8"                          # [A-Za-z0-9][A-Za-z0-9._-]*, at most 64 characters
    basis = "real"                            # or "complex"
    lmax = 8                                  # or [8, 8, 16], one per slot; 2.5 with half-integers
    families = ["wigner_3j", "gaunt"]         # default: the four of coupling.conventions
    parity = "all"                            # or "even", "odd": the parity of l1 + l2 + l3
    half_integers = false                     # or true, in the complex basis: half-integer degrees as well
    order = "path-major"                      # entries path by path
"""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

from coupling.files.container import open_regular
from coupling.quoted import quoted
from coupling.tables.request import Request

#: Largest size of a request file in bytes.
FILE_LIMIT = 65536
TOO_DEEP = "a request file is flat; this one is nested too deeply to read"


def read_request(path: str | os.PathLike[str]) -> Request:
    """Return the request of a TOML file, or raise a ValueError or TypeError that begins with the file's name.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     _ = file.write(b'lmax = [4, 4, 8]'), file.flush()
    ...     read_request(file.name).name
    'real-l4-4-8'
    """
    path = Path(path)
    with open_regular(path) as file:
        raw = file.read(FILE_LIMIT + 1)
    try:
        return parse_request(raw)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}") from None


def read_requests(folder: Path) -> list[Request]:
    """Return the requests of a folder, the smallest first; ValueError when there are none or two have one name."""
    requests = [read_request(file) for file in sorted((folder / "requests").glob("*.toml"))]
    requests.sort(key=lambda request: (request.basis, request.lmax, request.name))
    names = [request.name for request in requests]
    if not names:
        raise ValueError(f"there is no request file (*.toml) in {folder / 'requests'}")
    if len(set(names)) < len(names):
        raise ValueError(f"two request files in {folder / 'requests'} have the same name: {names}")
    return requests


def parse_request(raw: bytes) -> Request:
    """Return the request written in the bytes of a TOML file.

    >>> parse_request(b'lmax = 2').name
    'real-l2'
    >>> parse_request(b'lmax = 2\\nl_max = 3')
    Traceback (most recent call last):
    ValueError: unknown key 'l_max'; a request has lmax, basis, families, parity, order, name, half_integers
    """
    if len(raw) > FILE_LIMIT:
        raise ValueError(f"a request file has at most {FILE_LIMIT} bytes, this one has more")
    known = [field.name for field in fields(Request)]
    content = _toml(raw)
    for key in content:
        if key not in known:
            raise ValueError(f"unknown key {quoted(key)}; a request has {', '.join(known)}")
    if "lmax" not in content:
        raise ValueError("the key lmax is missing: an integer, or three, one per slot")
    try:
        return Request(**content)  # type: ignore[arg-type]
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _toml(raw: bytes) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"a request file is UTF-8 text; byte {error.start} is not") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError as error:
        raise ValueError(f"not a TOML file: {error}") from None

"""Copying and pickling of objects, and sending them to other processes.

Two rules, for every class that keeps something from one use to the next or that holds read-only arrays:

- what was made for the next use (compiled functions and their addresses, lists for a kernel, constants on a device) is
  in a ``Kept`` or is a cached property.  No copy and no pickle has it; it is made again where it is needed;
- a read-only array stays read-only.  A pickle, and a deep copy, hold its numbers, not the name of the file from which
  it may be mapped: they need no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Kept(dict[Any, Any]):
    """What an object keeps for its next use, by whatever it depends on; copies and pickles of it are empty.

    >>> from copy import copy
    >>> copy(Kept(a=1))
    {}
    """

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return type(self), ()


class ReadOnly(NamedTuple):
    """An array, or a mapping of names to arrays, that was read-only."""

    value: Any


class Portable:
    """Copies and pickles of an object without what it has kept, its arrays as writeable as they were.

    >>> import pickle
    >>> from coupling.products import ClebschGordan
    >>> product = pickle.loads(pickle.dumps(ClebschGordan(1, 1, 2)))
    >>> product.weights.flags.writeable, product.table
    (False, Table('real-l1-1-2': real basis, lmax (1, 1, 2), 6 paths, 27 entries, 1 families))
    """

    def __getstate__(self) -> dict[str, Any]:
        made = {name for cls in type(self).__mro__ for name, value in vars(cls).items() if _is_cached(value)}
        return {name: _marked(value) for name, value in vars(self).items() if name not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: _restored(value) for name, value in state.items()})


def _is_cached(value: object) -> bool:
    return isinstance(value, cached_property)


def _marked(value: Any) -> Any:
    """Return what goes into a pickle in the place of a value."""
    if isinstance(value, Kept):
        return type(value)()
    if isinstance(value, MappingProxyType):
        return ReadOnly({name: _marked(item) for name, item in value.items()})
    if type(value) is dict:
        return {name: _marked(item) for name, item in value.items()}
    if type(value) is tuple:
        return tuple(map(_marked, value))
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        return ReadOnly(value)
    return value


def _restored(value: Any) -> Any:
    """Return the value that has been marked."""
    if type(value) is dict:
        return {name: _restored(item) for name, item in value.items()}
    if type(value) is tuple:
        return tuple(map(_restored, value))
    if not isinstance(value, ReadOnly):
        return value
    if isinstance(value.value, Mapping):
        return MappingProxyType({name: _restored(item) for name, item in value.value.items()})
    return read_only(value.value)


def made_of(kind: Any, *values: Any) -> Any:
    """Return a named tuple of values that have been marked: what its ``__reduce__`` names.

    >>> made_of(complex, 1.0, 2.0)
    (1+2j)
    """
    return kind(*_restored(values))


def parts_of(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what goes into a pickle in the place of the values of a named tuple, read-only arrays marked.

    >>> parts_of((1, "a"))
    (1, 'a')
    """
    return tuple(map(_marked, values))


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written: to the compiler of kernels a type of its own, and this way the only one.

    >>> read_only(np.zeros(2)).flags.writeable
    False
    """
    view = array.view()
    view.flags.writeable = False
    return view

"""What a product is, as one value: its kind, degrees, options and turns, with a text that any framework can carry.

The kinds are the classes of :mod:`coupling.products`; their signatures and docstrings are those of the products of all
frameworks.  A form has neither layout nor threads: these belong to the product that computes it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

from coupling.files.container import canonical_json
from coupling.floating_point import default_rounding
from coupling.products.antisymmetric_gaunt import AntisymmetricGaunt
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.factored import FactoredProduct
from coupling.products.full import FullProduct
from coupling.products.gaunt import Gaunt
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product
from coupling.products.routed import RoutedProduct
from coupling.products.simulate import Simulation
from coupling.products.vector_signal import VectorSignal
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.tables.builder import build
from coupling.tables.request import Request
from coupling.tables.table import Table

#: The kinds of products that a form can name.
KINDS: dict[str, type[Product]] = {
    kind.__name__: kind
    for kind in (
        AntisymmetricGaunt,
        ClebschGordan,
        FactoredProduct,
        FullProduct,
        Gaunt,
        MatrixProduct,
        RoutedProduct,
        Simulation,
        VectorSignal,
    )
}

#: The arguments of a constructor that do not belong to the form.
NOT_OF_THE_FORM = ("layout", "workers")

#: Tables that were given, by the text of their requests; another process builds the same table again.
_TABLES: dict[str, Table] = {}


@dataclass(frozen=True)
class Form:
    """A trilinear form T(x, y, z), read as a product of x and y.

    kind : a name in ``KINDS``
    options : the text of what its constructor is given besides layout and workers, in JSON
    turns : 0, 1 or 2, how often its slots are turned, (x, y, z) → (y, z, x)

    >>> form = Form.of("ClebschGordan", 1, 1, 1, paths="odd")
    >>> form.product().paths.tolist(), form.turn().turn().turn() == form
    ([[1, 1, 1]], True)
    """

    kind: str
    options: str
    turns: int = 0

    @classmethod
    def of(cls, kind: str, *arguments: object, **options: object) -> Form:
        """Return the form of a constructor's arguments, after checking them as the constructor does.

        >>> Form.of("Gaunt", 1, 1, 2).text
        '{"kind":"Gaunt","options":{"lmax_in1":1,"lmax_in2":1,"lmax_out":2}}'
        """
        named = one_of(kind, tuple(KINDS), "kind")
        parameters = signature(named).parameters
        given = signature(named).bind(*arguments, **options).arguments
        mine = {name: value for name, value in given.items() if name not in NOT_OF_THE_FORM}
        asked = {n: value for n, value in mine.items() if not (value is None and parameters[n].default is None)}
        if KINDS[named] is FactoredProduct and "factors" in asked:
            asked["factors"] = FactoredProduct(**asked).factors  # of what holds them, and real ones of complex ones
        form = cls(named, canonical_json({name: _plain(value) for name, value in asked.items()}))
        form.product()
        return form

    @classmethod
    def read(cls, text: str, turns: int = 0) -> Form:
        """Return the form of a text, which may come from a file; ValueError for anything else."""
        try:
            content = json.loads(text)
            kind = one_of(content["kind"], tuple(KINDS), "kind")
            options = dict(content["options"])
            signature(kind).bind(**options)
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"a form must be a text of Form.text, got {quoted(text)}: {error!r:.200}") from None
        return cls(kind, canonical_json(options), turns)

    @property
    def text(self) -> str:
        """The form without its turns, in JSON."""
        return canonical_json({"kind": self.kind, "options": json.loads(self.options)})

    def turn(self) -> Form:
        """Return the form with its slots turned once more."""
        return replace(self, turns=(self.turns + 1) % 3)

    def unweighted(self) -> Form:
        """Return the form whose weights are all one."""
        options = {
            name: value for name, value in json.loads(self.options).items() if name not in ("factors", "weights")
        }
        return replace(self, options=canonical_json(options))

    def product(self, workers: int = 1) -> Any:
        """Return the compiled product, for features with channels last; it is kept."""
        return _compiled(self, workers)


@lru_cache(maxsize=512)
def read_form(text: str, turns: int = 0) -> Form:
    """Return the form of a text; see :meth:`Form.read`.

    >>> read_form(Form.of("Gaunt", 1, 2, 3).text, 1).product().lmax
    (2, 3, 1)
    """
    return Form.read(text, turns)


@lru_cache(maxsize=512)
@default_rounding()
def _compiled(form: Form, workers: int) -> Product:
    if form.turns:
        return _compiled(replace(form, turns=form.turns - 1), workers).turn()
    options = {name: _restored(value) for name, value in json.loads(form.options).items()}
    return KINDS[form.kind](workers=workers, **options)


@lru_cache(maxsize=64)
def signature(kind: str, more: tuple[inspect.Parameter, ...] = ()) -> inspect.Signature:
    """Return the signature of a constructor without ``workers``, with more parameters at its end.

    >>> str(signature("FullProduct"))[:60]
    "(lmax_in1: 'object', lmax_in2: 'object', lmax_out: 'object',"
    """
    own = inspect.signature(KINDS[kind]).parameters.values()
    return inspect.Signature([*(p for p in own if p.name != "workers"), *more])


def described(thing: Any, kind: str, module: str, text: str, more: tuple[inspect.Parameter, ...] = ()) -> Any:
    """Give a constructor the name and signature of a kind, and the text of its docstring before the examples.

    >>> described(lambda: None, "Gaunt", __name__, "More.").__doc__.splitlines()[0]
    'The pointwise product of two functions on the sphere, all paths with even l1+l2+l3 at once:'
    """
    own = inspect.getdoc(KINDS[kind]) or ""
    thing.__name__ = thing.__qualname__ = kind
    thing.__module__, thing.__signature__ = module, signature(kind, more)
    thing.__doc__ = own.split("\n>>> ")[0].rstrip() + f"\n\n{text}\n"
    return thing


def _plain(value: Any) -> Any:
    """Return what stands for a value in JSON."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Table):
        text = canonical_json(value.request.content)
        _TABLES[text] = value
        return {"table": json.loads(text)}
    if isinstance(value, Mapping):
        return {"pairs": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Real) and not isinstance(value, np.generic):
        return float(value)  # a fraction, as a spin
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"a form is made of numbers, texts and tables, got {quoted(value)}")
    return array.tolist()


def _restored(value: Any) -> Any:
    """Return the value that something in JSON stands for."""
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "pairs" in value:
        return {tuple(k) if isinstance(k, list) else k: _restored(item) for k, item in value["pairs"]}
    text = canonical_json(value["table"])
    if text not in _TABLES:
        _TABLES[text] = build(Request(**value["table"]))
    return _TABLES[text]

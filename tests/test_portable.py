"""Every public object can be copied, pickled and sent to a worker, before and after use, and does the same there."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from tests.portable import FRAMEWORKS, OBJECTS, use
from tests.sources import inside, is_package, modules

INSTALLED = [name for name in FRAMEWORKS if find_spec(name.split()[-1])]
WAYS = {
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    **{f"protocol {n}": lambda thing, n=n: pickle.loads(pickle.dumps(thing, n)) for n in range(2, 6)},
}

#: Public classes of which no object is made.
NOT_MADE = {"Product", "ArrayProduct"}


def check_everywhere(thing: Any, wanted: Any, name: str) -> None:
    for way, function in WAYS.items():
        assert use(function(thing)) == wanted, f"{name}: {way}"


@pytest.mark.parametrize("name", [*OBJECTS, *INSTALLED])
def test_copies_and_pickles_before_and_after_use(name: str) -> None:
    makers = FRAMEWORKS[name] if name in FRAMEWORKS else {name: OBJECTS[name]}
    for each, make in makers.items():
        wanted = use(make())
        unused, used = make(), make()
        check_everywhere(unused, wanted, each)
        assert use(used) == wanted
        check_everywhere(used, wanted, each)
        copied = copy.deepcopy(used)
        assert use(copied) == use(copied) == use(pickle.loads(pickle.dumps(copied))) == wanted


def test_every_object_of_interop_and_of_the_rest_does_the_same_in_a_spawned_worker() -> None:
    """Of interop frameworks too, where they are installed; machine code has other addresses in another process."""
    makers = [*OBJECTS.items(), *(item for name in INSTALLED for item in FRAMEWORKS[name].items())]
    things = [make() for _, make in makers]
    wanted = [use(thing) for thing in things]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for (name, _), found, expected in zip(makers, pool.map(use, things), wanted, strict=True):
            assert found == expected, name


#: What the packages of frameworks have besides classes.
FUNCTIONS = {"cartesian_harmonics", "deployable", "load", "wigner_D", "wigner_D_up_to"}


def test_every_public_class_has_an_object_here() -> None:
    """A new name in an ``__all__`` that is a class needs an entry in tests/portable.py."""
    entries = {part for name in OBJECTS for part in name.replace(",", " ").replace(".", " ").split()}
    met = 0
    for package in modules():
        framework = package.split(".")[-1]
        if not (inside(package, "coupling") and is_package(package)) or framework in ("torch", "jax"):
            continue
        module = import_module(package)
        for public in getattr(module, "__all__", ()):
            if isinstance(getattr(module, public), type) and public not in NOT_MADE:
                assert public in entries, f"{package}.{public}: how is it copied and pickled?"
                met += 1
    assert met >= 20
    for makers in FRAMEWORKS.values():
        package = next(iter(makers)).rsplit(".", 1)[0]
        text = modules()[package].read_text(encoding="utf-8")
        names = text.split("__all__ = [")[1].split("]")[0].replace('"', "").replace(",", " ").split()
        assert set(names) - FUNCTIONS == {name.rsplit(".", 1)[1] for name in makers}

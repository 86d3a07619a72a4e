"""The torch modules: nothing that decides their numbers lies outside their arguments and their state."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import coupling.interop.torch as interop  # noqa: E402
from tests.test_interop_torch import LMAX, NAMES, PATHS, tensors  # noqa: E402


def empty_of(name: str, **options: Any) -> Any:
    """A module built on the meta device, its memory allocated and filled with what no parameter may keep."""
    with torch.device("meta"):
        module = getattr(interop, name)(*LMAX, **options)
    module = module.to_empty(device="cpu")
    for tensor in (*module.parameters(), *module.buffers()):
        tensor.detach().fill_(77)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_a_module_from_the_meta_device_is_right_once_its_state_is_loaded(name: str) -> None:
    options = {"learn": True} if name == "ClebschGordan" else {}
    module, empty = getattr(interop, name)(*LMAX, **options), empty_of(name, **options)
    x, y, each = tensors((3, 9, 2), (3, 4, 2), (3, PATHS, 2), grad=False)
    if options:
        with torch.no_grad():
            module.weights.mul_(torch.arange(PATHS))
        assert torch.equal(empty_of(name)(x, y, each), module(x, y, each))  # before any state is loaded
    empty.load_state_dict(module.state_dict(), strict=True)
    assert torch.equal(empty(x, y), module(x, y)) and not list(module.buffers())
    assigned = torch.nn.Module.load_state_dict(
        getattr(interop, name)(*LMAX, **options).to("meta"), module.state_dict(), strict=True, assign=True
    )
    assert not assigned.missing_keys and not assigned.unexpected_keys
    if options:
        assert torch.equal(empty(x, y, each), module(x, y, each))
        empty.reset_parameters()
        assert torch.equal(empty.weights, torch.ones(PATHS))
        skipped = torch.nn.utils.skip_init(interop.ClebschGordan, *LMAX, learn=True, dtype=torch.float64)
        skipped.load_state_dict(module.state_dict())
        assert skipped.weights.dtype == torch.float64 and torch.equal(skipped(x, y), module(x, y))


@pytest.mark.parametrize("name", NAMES)
def test_types_and_functions_applied_to_a_module_change_no_number(name: str) -> None:
    options = {"learn": True} if name == "ClebschGordan" else {}
    x, y, each = tensors((3, 9, 2), (3, 4, 2), (3, PATHS, 2), grad=False)
    module = getattr(interop, name)(*LMAX, **options)
    z = [module(x, y)] + ([module(x, y, each)] if options else [])
    seen: list[Any] = []
    for change in (
        lambda m: m.half(),
        lambda m: m.double(),
        lambda m: m.to(torch.bfloat16),
        lambda m: m.apply(seen.append),
        lambda m: m.share_memory(),
        copy.deepcopy,
    ):
        changed = change(copy.deepcopy(module))
        found = [changed(x, y)] + ([changed(x, y, each)] if options else [])
        assert all(torch.equal(a, b) for a, b in zip(found, z, strict=True))
    assert len(seen) == 1


def test_fake_tensors_leave_nothing_behind() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    x, y, each = tensors((3, 9, 2), (3, 4, 2), (3, PATHS, 2), grad=False)
    for name in NAMES:
        module = getattr(interop, name)(*LMAX)
        given = (x, y, each) if name == "ClebschGordan" else (x, y)
        for mode in (FakeTensorMode(), FakeTensorMode()):  # a constant that one has left would end the other
            with mode:
                fake = module(*(mode.from_tensor(a) for a in given))
            assert fake.shape == module(*given).shape

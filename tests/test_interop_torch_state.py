"""The torch modules: nothing that decides their numbers lies outside their arguments and their state."""

from __future__ import annotations

import copy
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import coupling.backends.torch as interop  # noqa: E402
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


def through_a_file(module: Any) -> Any:
    """A whole module, saved and loaded: its class, its arguments and its state."""
    stream = io.BytesIO()
    torch.save(module, stream)
    stream.seek(0)
    return torch.load(stream, weights_only=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_whole_module_is_saved_and_loaded_before_and_after_use(name: str, dtype: Any) -> None:
    options = {"learn": True, "dtype": dtype} if name == "ClebschGordan" else {}
    x, y, each = (a.to(dtype) for a in tensors((3, 9, 2), (3, 4, 2), (3, PATHS, 2), grad=False))
    module = getattr(interop, name)(*LMAX, **options)
    if options:
        with torch.no_grad():
            module.weights.mul_(torch.arange(PATHS))
    fresh, given = through_a_file(module), (x, y, each) if options else (x, y)
    z = module(x, y), module(*given)
    for loaded in (fresh, through_a_file(module), through_a_file(fresh)):
        assert type(loaded) is type(module) and loaded.extra_repr() == module.extra_repr()
        assert all(torch.equal(a, b) for a, b in zip((loaded(x, y), loaded(*given)), z, strict=True))
        assert [p.dtype for p in loaded.parameters()] == [p.dtype for p in module.parameters()]
    assert z[0].dtype == dtype and z[0].any()


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_module_on_the_meta_device_is_saved_and_loaded(name: str) -> None:
    """Also after a call there; its state comes later."""
    options = {"learn": True} if name == "ClebschGordan" else {}
    x, y, _ = tensors((3, 9, 2), (3, 4, 2), (3, PATHS, 2), grad=False)
    module = getattr(interop, name)(*LMAX, **options)
    with torch.device("meta"):
        empty = getattr(interop, name)(*LMAX, **options)
    if not options:  # a module without parameters is nowhere; its input says where it computes
        assert empty(x.to("meta"), y.to("meta")).device.type == "meta"
    loaded = through_a_file(empty).to_empty(device="cpu")
    loaded.load_state_dict(module.state_dict(), strict=True)
    assert torch.equal(loaded(x, y), module(x, y))


def test_a_whole_module_is_loaded_in_another_process(tmp_path: Path) -> None:
    """Which has neither made nor used one."""
    x, y, _ = tensors((3, 9, 2), (3, 4, 2), (3, PATHS, 2), grad=False)
    modules = {name: getattr(interop, name)(*LMAX) for name in NAMES}
    torch.save([(module, module(x, y)) for module in modules.values()], tmp_path / "modules.pt")
    torch.save((x, y), tmp_path / "inputs.pt")
    program = (
        "import torch; x, y = torch.load('inputs.pt')\n"
        "pairs = torch.load('modules.pt', weights_only=False)\n"
        "print([bool(torch.equal(module(x, y), z)) for module, z in pairs])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == str([True] * len(NAMES))

"""What a module of a model computes, read from its attributes: instructions, irreps, buffers; not from its class."""

from __future__ import annotations

from math import prod
from types import CodeType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from coupling.backends.torch.tensor_product import TensorProduct
from coupling.irreps import Irreps
from coupling.products.instructions import MODES

#: Relative difference of two evaluations of one product up to which they agree, by type.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}

PRODUCT = ("irreps_in1", "irreps_in2", "irreps_out", "instructions", "weight_numel", "shared_weights")

#: What a module that multiplies and sums over neighbours is given.
SCATTERED = ("x", "edge_attr", "edge_weight", "edge_dst", "edge_src")


class Unread(NamedTuple):
    """Why a module stays as it is.

    >>> Unread("the mode u<vw is not there").reason
    'the mode u<vw is not there'
    """

    reason: str


def is_product(module: nn.Module) -> bool:
    """Return whether a module has the instructions of a product of two features.

    >>> is_product(nn.Linear(1, 1))
    False
    """
    return all(hasattr(module, name) for name in PRODUCT)


def is_scattered(module: nn.Module) -> bool:
    """Return whether a module multiplies features of neighbours and adds them up, by one product of its own.

    >>> is_scattered(nn.Linear(1, 1))
    False
    """
    names = code_of(module).co_varnames
    return set(SCATTERED) <= set(names) and len([child for child in module.children() if is_product(child)]) == 1


def code_of(module: nn.Module) -> CodeType:
    """Return the code of the forward function of a module; of a scripted one, which has none, that of this function.

    >>> code_of(nn.Linear(1, 1)).co_varnames
    ('self', 'input')
    """
    scripted = isinstance(module, torch.jit.ScriptModule)
    code: CodeType = code_of.__code__ if scripted else getattr(type(module).forward, "__code__", code_of.__code__)
    return code


def is_contraction(module: nn.Module) -> bool:
    """Return whether a module contracts powers of a density with tensors U_matrix_1 … of several outputs.

    >>> is_contraction(nn.Linear(1, 1))
    False
    """
    parts = getattr(module, "contractions", None)
    names = ("U_matrix_1", "weights", "weights_max", "correlation")
    return isinstance(parts, nn.ModuleList) and all(all(hasattr(part, name) for name in names) for part in parts)


def read_product(module: Any) -> TensorProduct | Unread:
    """Return the product of this package with the values of a module, in its layout, or why there is none.

    >>> from e3nn import o3
    >>> read_product(o3.FullTensorProduct("2x1o", "1o")).product.convention
    'e3nn'
    """
    listed = [
        (i.i_in1, i.i_in2, i.i_out, i.connection_mode, bool(i.has_weight), float(i.path_weight) ** 2)
        for i in module.instructions
    ]
    if unknown := {mode for *_, mode, _, _ in listed} - set(MODES):
        return Unread(f"the mode {min(unknown)} is not there")
    irreps = [Irreps(str(getattr(module, name))) for name in PRODUCT[:3]]
    given = _examples(module, irreps)
    wanted = module(*given)
    for convention in ("e3nn", "e3nn_0_4"):
        made = TensorProduct(
            *irreps, listed, irrep_normalization="none", path_normalization="none", convention=convention,
            layout="mul_ir",
        )  # fmt: skip
        if agree(made(*given[:2], *(given[2:] or ([module.weight] if module.weight_numel else []))), wanted):
            return made
    return Unread("its values are not those of its instructions, with the signs of no e3nn")


def _examples(module: Any, irreps: list[Irreps]) -> list[Tensor]:
    """Return two features, and weights where a call takes them, of the type and device of a module."""
    like = next((t for t in (*module.parameters(), *module.buffers()) if t.is_floating_point()), torch.zeros(0))
    sizes: list[tuple[int, ...]] = [(3, irreps[0].dim), (3, irreps[1].dim)]
    if module.weight_numel and not module.internal_weights:
        sizes.append((module.weight_numel,) if module.shared_weights else (3, module.weight_numel))
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(size, generator=generator, dtype=like.dtype).to(like.device) for size in sizes]


def agree(found: Tensor, wanted: Tensor) -> bool:
    """Return whether two evaluations agree within what rounding, and constants of the type, account for.

    >>> one = torch.ones(2, dtype=torch.float32)
    >>> agree(one, one + 1e-6), agree(one, -one), agree(one.double(), one.double() + 1e-6)
    (True, False, False)
    """
    if found.shape != wanted.shape or not wanted.numel():
        return found.shape == wanted.shape
    return bool((found - wanted).abs().amax() <= TOLERANCE[wanted.dtype] * wanted.abs().amax())


def multiply_adds(module: nn.Module) -> int:
    """Return the multiply-adds of a module with weights for one row: each weight times what it multiplies.

    >>> multiply_adds(nn.Linear(3, 4, bias=False))
    12
    """
    instructions = getattr(module, "instructions", None)
    if instructions and hasattr(module, "irreps_in") and hasattr(instructions[0], "path_shape"):
        return sum(prod(i.path_shape) * module.irreps_out[i.i_out].ir.dim for i in instructions if i.i_in >= 0)
    return sum(parameter.numel() for parameter in module.parameters(recurse=False) if parameter.ndim > 1)

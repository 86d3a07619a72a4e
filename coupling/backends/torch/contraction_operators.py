"""Operators of contractions, closed under derivatives to second order.

Two for coefficients [species, terms, channels] of weights [species, paths, channels], linear and each other's gradient:

    contract_weights(w)        contract_weights_gradient(c)

and of Φ = Σ g B(A; c) with features a [atoms, components, channels] and cotangents g [atoms, rows, channels]

    contract(a, c)              B             contract_tangent(a, v, c)             its derivative in a direction v
    contract_gradient(a, c, g)  ∂Φ/∂a         contract_curvature(a, v, c, g)        (v·∂/∂a) ∂Φ/∂a
    contract_terms(a, g)        ∂Φ/∂c         contract_tangent_terms(a, v, g)       (v·∂/∂a) ∂Φ/∂c

``species`` [atoms] are int64, ``kinds`` is their number, ``plan`` the name of a plan registered in this process.
To torch they are ``torch.ops.coupling.contract`` and so on.  They are the kernels of :mod:`coupling.products`, on the
processor, called without the operator where :mod:`coupling.backends.torch.direct` may; higher derivatives are those of
:mod:`coupling.backends.array_api.contraction`.  Raises TypeError or ValueError for tensors that do not fit.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from coupling.backends.array_api.contraction import contract_arrays
from coupling.backends.torch.direct import direct_operator
from coupling.products.contraction_plan import ContractionPlan, plan_named

#: Numbers of features for which one more thread pays.
NUMBERS_PER_THREAD = 1 << 18


@direct_operator("coupling::contract_weights")
def contract_weights(weights: Tensor, plan: str) -> Tensor:
    """Return the coefficients of weights."""
    found = _plan(plan, weights)
    _require_shape(weights, (None, sum(found.polynomials.paths), None), "weights")
    return torch.from_numpy(found.merged(_array(weights), _array(weights).dtype))


@direct_operator("coupling::contract_weights_gradient")
def contract_weights_gradient(coefficients: Tensor, plan: str) -> Tensor:
    """Return the gradient in weights of the one in coefficients."""
    found = _plan(plan, coefficients)
    _require_shape(coefficients, (None, len(found.polynomials.row), None), "coefficients")
    return torch.from_numpy(found.merged_gradient(_array(coefficients)))


@direct_operator("coupling::contract")
def contract(a: Tensor, coefficients: Tensor, species: Tensor, plan: str) -> Tensor:
    """Return B [atoms, rows, channels]."""
    return _values(plan, a, coefficients, species)


@direct_operator("coupling::contract_tangent")
def contract_tangent(a: Tensor, v: Tensor, coefficients: Tensor, species: Tensor, plan: str) -> Tensor:
    """Return the derivative of B in the direction v of a."""
    return _values(plan, a, coefficients, species, v=v)


@direct_operator("coupling::contract_gradient")
def contract_gradient(a: Tensor, coefficients: Tensor, species: Tensor, g: Tensor, plan: str) -> Tensor:
    """Return the gradient of Σ g B in a."""
    return _values(plan, a, coefficients, species, g=g)


@direct_operator("coupling::contract_curvature")
def contract_curvature(a: Tensor, v: Tensor, coefficients: Tensor, species: Tensor, g: Tensor, plan: str) -> Tensor:
    """Return the derivative of the gradient of Σ g B in the direction v of a."""
    return _values(plan, a, coefficients, species, v=v, g=g)


@direct_operator("coupling::contract_terms")
def contract_terms(a: Tensor, species: Tensor, g: Tensor, kinds: int, plan: str) -> Tensor:
    """Return the gradient of Σ g B in the coefficients of ``kinds`` kinds of atoms."""
    return _terms(plan, a, species, g, kinds)


@direct_operator("coupling::contract_tangent_terms")
def contract_tangent_terms(a: Tensor, v: Tensor, species: Tensor, g: Tensor, kinds: int, plan: str) -> Tensor:
    """Return the derivative of the gradient in the coefficients in the direction v of a."""
    return _terms(plan, a, species, g, kinds, v)


def _values(
    plan: str, a: Tensor, coefficients: Tensor, species: Tensor, v: Tensor | None = None, g: Tensor | None = None
) -> Tensor:
    """Run the lists of values or, with cotangents, of gradients in a, with a direction their tangents."""
    found = _plan(plan, a, coefficients, v, g)
    made = found.polynomials
    _require_inputs(found, a, species, v, g)
    _require_shape(coefficients, (None, len(made.row), a.shape[2]), "coefficients")
    kinds = _species(species, coefficients.shape[0])
    given, table, direction, workers = _array(a), _array(coefficients), _optional(v), _workers(a)
    if g is None:
        return torch.from_numpy(found.values(given, table, kinds, direction, workers))
    return torch.from_numpy(found.gradient(given, table, kinds, _array(g), direction, workers))


def _terms(plan: str, a: Tensor, species: Tensor, g: Tensor, kinds: int, v: Tensor | None = None) -> Tensor:
    """Run the lists of gradients in coefficients."""
    found = _plan(plan, a, g, v)
    _require_inputs(found, a, species, v, g)
    made = _species(species, kinds)
    result = found.coefficient_gradient(_array(a), made, _array(g), kinds, _optional(v), _workers(a))
    return torch.from_numpy(result)


# -- checks -----------------------------------------------------------------------------------


def _plan(name: str, *tensors: Tensor | None) -> ContractionPlan:
    """Return a plan, after checking that tensors are of one type, on the processor: kernels read them unchecked."""
    kinds = {(value.dtype, value.device) for value in tensors if value is not None}
    if len(kinds) > 1 or next(iter(kinds))[0] not in (torch.float32, torch.float64):
        raise TypeError(f"the inputs of the operator must all be float32 or all float64 on one device, got {kinds}")
    if next(iter(kinds))[1].type != "cpu":
        raise TypeError(f"the operators of contractions are those of the processor, got {kinds}")
    return plan_named(name)


def _require_shape(value: Tensor, wanted: tuple[int | None, ...], name: str) -> None:
    if value.ndim != len(wanted) or any(n not in (None, m) for n, m in zip(wanted, value.shape, strict=False)):
        shape = ", ".join("any" if n is None else str(n) for n in wanted)
        raise ValueError(f"{name} of the operator must have the shape [{shape}], got {tuple(value.shape)}")


def _require_inputs(plan: ContractionPlan, a: Tensor, species: Tensor, v: Tensor | None, g: Tensor | None) -> None:
    made = plan.polynomials
    _require_shape(a, (None, made.variables, None), "features")
    atoms, _, channels = a.shape
    if v is not None:
        _require_shape(v, (atoms, made.variables, channels), "the direction")
    if g is not None:
        _require_shape(g, (atoms, made.rows, channels), "the cotangent")
    _require_shape(species, (atoms,), "species")
    if species.dtype != torch.int64:
        raise TypeError(f"species of the operator must be int64, got {species.dtype}")


def _species(species: Tensor, kinds: int) -> Any:
    """Return species as an array, after checking that they are 0 … kinds-1."""
    found = species.detach().contiguous().numpy()
    if found.size and not 0 <= int(found.min()) <= int(found.max()) < kinds:
        raise ValueError(f"species must be 0 … {kinds - 1}, got {int(found.min())} … {int(found.max())}")
    return found


def _array(value: Tensor) -> Any:
    return value.detach().contiguous().numpy()


def _optional(value: Tensor | None) -> Any:
    return None if value is None else _array(value)


def _workers(a: Tensor) -> int:
    return max(1, min(torch.get_num_threads(), a.numel() // NUMBERS_PER_THREAD))


# -- shapes without numbers -------------------------------------------------------------------


@contract_weights.register_fake
def _(weights: Tensor, plan: str) -> Tensor:
    return weights.new_empty((weights.shape[0], len(plan_named(plan).polynomials.row), weights.shape[2]))


@contract_weights_gradient.register_fake
def _(coefficients: Tensor, plan: str) -> Tensor:
    paths = sum(plan_named(plan).polynomials.paths)
    return coefficients.new_empty((coefficients.shape[0], paths, coefficients.shape[2]))


@contract.register_fake
def _(a: Tensor, coefficients: Tensor, species: Tensor, plan: str) -> Tensor:
    return a.new_empty((a.shape[0], plan_named(plan).polynomials.rows, a.shape[2]))


@contract_tangent.register_fake
def _(a: Tensor, v: Tensor, coefficients: Tensor, species: Tensor, plan: str) -> Tensor:
    return a.new_empty((a.shape[0], plan_named(plan).polynomials.rows, a.shape[2]))


@contract_gradient.register_fake
def _(a: Tensor, coefficients: Tensor, species: Tensor, g: Tensor, plan: str) -> Tensor:
    return a.new_empty(a.shape)


@contract_curvature.register_fake
def _(a: Tensor, v: Tensor, coefficients: Tensor, species: Tensor, g: Tensor, plan: str) -> Tensor:
    return a.new_empty(a.shape)


@contract_terms.register_fake
def _(a: Tensor, species: Tensor, g: Tensor, kinds: int, plan: str) -> Tensor:
    return a.new_empty((kinds, len(plan_named(plan).polynomials.row), a.shape[2]))


@contract_tangent_terms.register_fake
def _(a: Tensor, v: Tensor, species: Tensor, g: Tensor, kinds: int, plan: str) -> Tensor:
    return a.new_empty((kinds, len(plan_named(plan).polynomials.row), a.shape[2]))


# -- derivatives ------------------------------------------------------------------------------


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    """Keep tensors, and the constants behind them."""
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    ctx.save_for_backward(*tensors)
    ctx.constants = inputs[len(tensors) :]


def _merge_backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
    return contract_weights_gradient(h, *ctx.constants), None


def _spread_backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
    return contract_weights(h, *ctx.constants), None


def _contract_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    (a, c, species), (plan,), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
    in_a = contract_gradient(a, c, species, g, plan) if needs[0] else None
    in_c = contract_terms(a, species, g, c.shape[0], plan) if needs[1] else None
    return in_a, in_c, None, None


def _gradient_backward(ctx: Any, v: Tensor) -> tuple[Any, ...]:
    (a, c, species, g), (plan,), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
    in_a = contract_curvature(a, v, c, species, g, plan) if needs[0] else None
    in_c = contract_tangent_terms(a, v, species, g, c.shape[0], plan) if needs[1] else None
    in_g = contract_tangent(a, v, c, species, plan) if needs[3] else None
    return in_a, in_c, None, in_g, None


def _terms_backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
    (a, species, g), (_, plan), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
    in_a = contract_gradient(a, h, species, g, plan) if needs[0] else None
    in_g = contract(a, h, species, plan) if needs[2] else None
    return in_a, None, in_g, None, None


def _tangent_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    (a, v, c, species), (plan,), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
    in_a = contract_curvature(a, v, c, species, g, plan) if needs[0] else None
    in_v = contract_gradient(a, c, species, g, plan) if needs[1] else None
    in_c = contract_tangent_terms(a, v, species, g, c.shape[0], plan) if needs[2] else None
    return in_a, in_v, in_c, None, None


def _tangent_terms_backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
    (a, v, species, g), (_, plan), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
    in_a = contract_curvature(a, v, h, species, g, plan) if needs[0] else None
    in_v = contract_gradient(a, h, species, g, plan) if needs[1] else None
    in_g = contract_tangent(a, v, h, species, plan) if needs[3] else None
    return in_a, in_v, None, in_g, None, None


def _curvature_backward(ctx: Any, u: Tensor) -> tuple[Any, ...]:
    """Third derivatives, and all that follow, are those of torch for the array program."""
    (a, v, c, species, g), (plan,), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        inputs = [x if x.requires_grad else x.detach().requires_grad_() for x in (a, v, c, g)]
        x, direction, table, cotangent = inputs
        value = (contract_arrays(plan_named(plan), x, table, species) * cotangent).sum()
        (slope,) = torch.autograd.grad(value, x, create_graph=True)
        (curved,) = torch.autograd.grad((slope * direction).sum(), x, create_graph=True)
        found = torch.autograd.grad((curved * u).sum(), inputs, create_graph=again, allow_unused=True)
    wanted = (needs[0], needs[1], needs[2], needs[4])
    in_a, in_v, in_c, in_g = (x if need else None for x, need in zip(found, wanted, strict=True))
    return in_a, in_v, in_c, None, in_g, None


for _operator, _backward in (
    (contract_weights, _merge_backward),
    (contract_weights_gradient, _spread_backward),
    (contract, _contract_backward),
    (contract_gradient, _gradient_backward),
    (contract_curvature, _curvature_backward),
    (contract_terms, _terms_backward),
    (contract_tangent, _tangent_backward),
    (contract_tangent_terms, _tangent_terms_backward),
):
    _operator.register_autograd(_backward, _keep)

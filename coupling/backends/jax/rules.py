"""Three functions closed under reverse differentiation; see :mod:`coupling.backends.torch.operators` for the scheme.

Features are [..., entries, channels] of one shape but for the entries; ``form`` and ``turns`` as there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from coupling.backends.array_api.programs import program_of

Array = Any


def compute(form: str, turns: int, x: Array, y: Array, *weights: Array) -> Array:
    """Return a product with the derivative rules of JAX.

    >>> from coupling.products.form import Form
    >>> import jax.numpy as jnp
    >>> one = jnp.ones((4, 1))
    >>> compute(Form.of("Gaunt", 1, 1, 0).text, 0, one, one).round(4)  # 4/√4π
    Array([[1.1284]], dtype=float32)
    """
    with jax.default_matmul_precision("highest"):
        return program_of(form, turns).flat(*map(jnp.asarray, (x, y, *weights)))  # numpy's beside a cotangent of JAX


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def product(form: str, turns: int, x: Array, y: Array) -> Array:
    """Return the product of a form whose slots are turned.

    >>> from coupling.products.form import Form
    >>> import jax.numpy as jnp
    >>> form, one = Form.of("Gaunt", 1, 1, 0).text, jnp.ones((4, 1))
    >>> jax.grad(lambda x: product(form, 0, x, one).sum())(one)[:, 0].round(4)
    Array([0.2821, 0.2821, 0.2821, 0.2821], dtype=float32)
    """
    return compute(form, turns, x, y)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def weighted_product(form: str, turns: int, x: Array, y: Array, w: Array) -> Array:
    """Return the product of a form "ClebschGordan" with the weights [P] of its paths."""
    return compute(form, turns, x, y, w)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def weight_gradient(form: str, x: Array, y: Array, z: Array) -> Array:
    """Return the gradient [P] of Σ z · weighted_product(x, y, w) in w."""
    with jax.default_matmul_precision("highest"):
        whole: Any = program_of(form, 0)
        return whole.weight_gradient(*map(jnp.asarray, (x, y, z)))


def _product_forward(form: str, turns: int, x: Array, y: Array) -> tuple[Array, Any]:
    return product(form, turns, x, y), (x, y)


def _product_backward(form: str, turns: int, kept: Any, g: Array) -> tuple[Array, Array]:
    x, y = kept
    return product(form, (turns + 1) % 3, y, g), product(form, (turns + 2) % 3, g, x)


def _weighted_forward(form: str, turns: int, x: Array, y: Array, w: Array) -> tuple[Array, Any]:
    return weighted_product(form, turns, x, y, w), (x, y, w)


def _weighted_backward(form: str, turns: int, kept: Any, g: Array) -> tuple[Array, Array, Array]:
    x, y, w = kept
    in_x = weighted_product(form, (turns + 1) % 3, y, g, w)
    in_y = weighted_product(form, (turns + 2) % 3, g, x, w)
    slots = ((x, y, g) * 2)[(3 - turns) % 3 :][:3]
    return in_x, in_y, weight_gradient(form, *slots)


def _gradient_forward(form: str, x: Array, y: Array, z: Array) -> tuple[Array, Any]:
    return weight_gradient(form, x, y, z), (x, y, z)


def _gradient_backward(form: str, kept: Any, h: Array) -> tuple[Array, Array, Array]:
    x, y, z = kept
    pairs = ((y, z, 1), (z, x, 2), (x, y, 0))
    in_x, in_y, in_z = (weighted_product(form, turns, a, b, h) for a, b, turns in pairs)
    return in_x, in_y, in_z


product.defvjp(_product_forward, _product_backward)
weighted_product.defvjp(_weighted_forward, _weighted_backward)
weight_gradient.defvjp(_gradient_forward, _gradient_backward)

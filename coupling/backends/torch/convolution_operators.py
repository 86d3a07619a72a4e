"""Message passing as two operators, closed under derivative: messages, and their gradients in x, harmonics and weights.

    messages(x, y, w, senders, receivers, nodes, form)  →  z
    message_gradients(g, x, y, w, senders, receivers, form, wanted)  →  dx, dy, dw

T = Σ g · messages(x, y, w) is linear in each of g, x, y and w.  With cotangents (a, b, c) of (dx, dy, dw) the
second operator is the derivative of T along a in x, b in y and c in w: its gradients are operators of both kinds again.

x [N, rows, channels], y [E, harmonics], w [E or 1, P, channels or 1], all float32 or all float64; senders and receivers
int64 [E]; ``form`` is the ``text`` of a ``Convolution``.  ``wanted`` is 1 for dx, 2 for dy and 4 for dw, added up; what
is not wanted is empty.  On the processor these are the compiled functions, elsewhere operations of torch on
some edges at a time.

>>> from coupling.products import Convolution
>>> form, one, node = Convolution(0, 0, 0).text, torch.ones(1, 1, 1), torch.tensor([0])
>>> messages(2 * one, 3 * one[0], 5 * one, node, node, 1, form)
tensor([[[30.]]])
>>> [d.item() for d in message_gradients(one, 2 * one, 3 * one[0], 5 * one, node, node, form, 7)]
[15.0, 10.0, 6.0]
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from coupling.backends.torch.batches import each_call
from coupling.products.convolution import Convolution, convolution_of
from coupling.products.edge_list import Edges

#: Multiply-adds that are worth a thread.
WORK_PER_THREAD = 1 << 22

#: Edges whose messages are in memory at the same time, where the operators are operations of torch.
EDGES_AT_ONCE = 4096

IN_X, IN_Y, IN_W = 1, 2, 4


@torch.library.custom_op("coupling::convolution", mutates_args=())
def messages(x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, nodes: int, form: str) -> Tensor:
    """Return the messages [nodes, rows, channels]."""
    conv = convolution_of(form)
    _require(conv, x, y, w, senders, receivers)
    if not x.is_cpu:
        return _messages(conv, x, y, w, senders, receivers, nodes)
    out = x.new_empty((nodes, conv.sizes[2], x.shape[2]))
    edges = Edges(senders.numpy(), receivers.numpy(), (nodes, x.shape[0]))
    a, b, c = _arrays(x, y, w)
    conv.runs.messages(a, b, c, edges, out.numpy(), _workers(conv, x, edges))
    return out


@torch.library.custom_op("coupling::convolution_gradients", mutates_args=())
def message_gradients(
    g: Tensor, x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, form: str, wanted: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of Σ g · messages in x, y and w."""
    conv = convolution_of(form)
    _require(conv, x, y, w, senders, receivers)
    if g.dtype != x.dtype or g.shape[1:] != (conv.sizes[2], x.shape[2]):
        wanted_shape = ["nodes", conv.sizes[2], x.shape[2]]
        raise ValueError(f"the cotangent must be {wanted_shape} of {x.dtype}, got {tuple(g.shape)} of {g.dtype}")
    flags = bool(wanted & IN_X), bool(wanted & IN_Y), bool(wanted & IN_W)
    if not x.is_cpu:
        return _gradients(conv, g, x, y, w, senders, receivers, flags)
    edges = Edges(senders.numpy(), receivers.numpy(), (g.shape[0], x.shape[0]))
    a, b, c, d = _arrays(g, x, y, w)
    found = conv.runs.gradients(a, b, c, d, edges, _workers(conv, x, edges), flags)
    dx, dy, dw = (_result(value, want) for value, want in zip(found, flags, strict=True))
    return dx, dy, dw


def _arrays(*tensors: Tensor) -> list[Any]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def _result(value: Any, wanted: bool) -> Tensor:
    return torch.from_numpy(value if wanted else value.reshape(-1)[:0].copy())


def _workers(conv: Convolution, x: Tensor, edges: Edges) -> int:
    work = conv.operations[0] * len(edges) * x.shape[2]
    return max(1, min(torch.get_num_threads(), work // WORK_PER_THREAD))


def _require(conv: Convolution, x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor) -> None:
    """Raise for tensors that do not fit together: kernels read them unchecked."""
    kinds = [(value.dtype, value.device) for value in (x, y, w)]
    if len(set(kinds)) > 1 or kinds[0][0] not in (torch.float32, torch.float64):
        raise TypeError(f"x, harmonics and weights must all be float32 or all float64 on one device, got {kinds}")
    indices = [(value.dtype, tuple(value.shape)) for value in (senders, receivers)]
    if indices[0] != indices[1] or indices[0][0] != torch.int64 or senders.ndim != 1:
        raise TypeError(f"senders and receivers must be int64 [E], got {indices}")
    n_x, n_y, _ = conv.sizes
    shapes, edges = [tuple(value.shape) for value in (x, y, w)], senders.shape[0]
    fits = x.ndim == 3 and x.shape[1] == n_x and shapes[1] == (edges, n_y) and w.ndim == 3
    fits = fits and w.shape[0] in (1, edges) and w.shape[1] == len(conv.paths) and w.shape[2] in (1, x.shape[2])
    if not fits:
        wanted = f"[nodes, {n_x}, channels], [{edges}, {n_y}] and [{edges} or 1, {len(conv.paths)}, channels or 1]"
        raise ValueError(f"x, harmonics and weights must be {wanted}, got {shapes}")


# -- operations of torch ----------------------------------------------------------------------


def _parts(edges: int) -> list[slice]:
    return [slice(first, first + EDGES_AT_ONCE) for first in range(0, edges, EDGES_AT_ONCE)]


def _of(w: Tensor, part: slice, p: int) -> Tensor:
    """Return the weights of a path [edges or 1, 1, channels or 1]."""
    return w[part if w.shape[0] > 1 else slice(None), p, None]


def _messages(
    conv: Convolution, x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, nodes: int
) -> Tensor:
    out = x.new_zeros((nodes, conv.sizes[2], x.shape[2]))
    for part in _parts(len(senders)):
        for p, (rows, harmonics, z, core) in enumerate(conv.dense(str(x.dtype).removeprefix("torch."))):
            matrix = torch.einsum("abk,eb->eka", torch.from_numpy(core).to(x.device), y[part, harmonics])
            message = matrix @ (x[senders[part], rows] * _of(w, part, p))
            out[:, z].index_add_(0, receivers[part], message)
    return out


def _gradients(
    conv: Convolution,
    g: Tensor,
    x: Tensor,
    y: Tensor,
    w: Tensor,
    senders: Tensor,
    receivers: Tensor,
    wanted: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    dx, dy, dw = (
        torch.zeros_like(value) if want else value.new_empty(0) for value, want in zip((x, y, w), wanted, strict=True)
    )
    for part in _parts(len(senders)):
        for p, (rows, harmonics, z, array) in enumerate(conv.dense(str(x.dtype).removeprefix("torch."))):
            core, weight = torch.from_numpy(array).to(x.device), _of(w, part, p)
            one, three = x[senders[part], rows], g[receivers[part], z]
            pulled = torch.einsum("abk,eb->eak", core, y[part, harmonics]) @ three
            if wanted[0]:
                dx[:, rows].index_add_(0, senders[part], pulled * weight)
            if wanted[1]:
                dy[part, harmonics] += torch.einsum("abk,eac,ekc->eb", core, one * weight, three)
            if wanted[2]:
                own = (pulled * one).sum(1).sum(1, keepdim=True) if w.shape[2] == 1 else (pulled * one).sum(1)
                dw[part if w.shape[0] > 1 else slice(None), p] += own if w.shape[0] > 1 else own.sum(0)
    return dx, dy, dw


# -- shapes without numbers -------------------------------------------------------------------


@messages.register_fake
def _(x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, nodes: int, form: str) -> Tensor:
    return x.new_empty((nodes, convolution_of(form).sizes[2], x.shape[2]))


@message_gradients.register_fake
def _(
    g: Tensor, x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, form: str, wanted: int
) -> tuple[Tensor, Tensor, Tensor]:
    dx, dy, dw = (
        value.new_empty(value.shape if wanted & bit else (0,)) for value, bit in ((x, IN_X), (y, IN_Y), (w, IN_W))
    )
    return dx, dy, dw


# -- derivatives ------------------------------------------------------------------------------


def _keep_messages(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, _, ctx.form = inputs
    ctx.save_for_backward(*tensors)


def _messages_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    needs = ctx.needs_input_grad[:3]
    wanted = sum(bit for bit, need in zip((IN_X, IN_Y, IN_W), needs, strict=True) if need)
    found = message_gradients(g, *ctx.saved_tensors, ctx.form, wanted)
    return *(value if need else None for value, need in zip(found, needs, strict=True)), None, None, None, None


def _keep_gradients(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, ctx.form, ctx.wanted = inputs
    ctx.save_for_backward(*tensors)


def _gradients_backward(ctx: Any, *cotangents: Any) -> tuple[Any, ...]:
    found = second_gradients(
        (messages, message_gradients), ctx.saved_tensors, ctx.form, ctx.wanted, cotangents, ctx.needs_input_grad
    )
    return *found, None, None, None, None


def second_gradients(
    operators: tuple[Any, Any], tensors: Any, form: str, wanted: int, cotangents: Any, needs: Any
) -> list[Any]:
    """Return the gradients in g, x, y and w of the operator ``message_gradients``; None where none is needed.

    operators: what computes the two; cotangents: of dx, dy and dw, of which those that are not wanted do not count.
    """
    send, pull = operators
    g, x, y, w, senders, receivers = tensors
    total: list[Any] = [None] * 4
    for slot, bit in enumerate((IN_X, IN_Y, IN_W)):
        if not wanted & bit or cotangents[slot] is None:
            continue
        inputs = [x, y, w]
        inputs[slot] = cotangents[slot]
        if needs[0]:
            _add(total, 0, send(*inputs, senders, receivers, g.shape[0], form))
        others = sum(b for n, b in enumerate((IN_X, IN_Y, IN_W)) if n != slot and needs[n + 1])
        if others:
            found = pull(g, *inputs, senders, receivers, form, others)
            for n, b in enumerate((IN_X, IN_Y, IN_W)):
                if others & b:
                    _add(total, n + 1, found[n])
    return total


def _add(total: list[Any], place: int, value: Tensor) -> None:
    total[place] = value if total[place] is None else total[place] + value


messages.register_autograd(_messages_backward, setup_context=_keep_messages)
message_gradients.register_autograd(_gradients_backward, setup_context=_keep_gradients)


# -- batches of calls -------------------------------------------------------------------------


@messages.register_vmap
def _(info: Any, axes: tuple[Any, ...], *inputs: Any) -> tuple[Tensor, int]:
    *tensors, nodes, form = inputs
    return torch.stack([messages(*one, nodes, form) for one in each_call(tensors, axes, info.batch_size)]), 0


@message_gradients.register_vmap
def _(info: Any, axes: tuple[Any, ...], *inputs: Any) -> tuple[Any, Any]:
    *tensors, form, wanted = inputs
    found = [message_gradients(*one, form, wanted) for one in each_call(tensors, axes, info.batch_size)]
    return tuple(torch.stack(values) for values in zip(*found, strict=True)), (0, 0, 0)

"""Message passing in numpy: values, gradients, shapes of weights, graphs, threads, zeros, what is refused."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from copy import copy, deepcopy
from typing import Any

import numpy as np
import pytest

from coupling.products import Convolution, Edges, edge_runs
from coupling.sphere import angles, harmonics, random_rotation, rotation_matrix
from tests.convolution_reference import Case, case, expected
from tests.sources import ROOT

KINDS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "scalars": ((0, 0, 0), {}),
    "0+1": ((1, 3, 3), {}),
    "0+1 apart": ((1, 3, 3), {"separate": True}),
    "0+1+2": ((2, 3, 3), {}),
    "0+1+2 apart": ((2, 3, 2), {"separate": True}),
    "0 and 2": (("0e + 2e", 2, "1o + 2e"), {"paths": [(2, 1, 1), (0, 2, 2), (2, 2, 2), (2, 2, 1)]}),
    "odd": ((2, 2, 2), {"paths": [(2, 1, 2), (1, 1, 1), (1, 2, 2)], "separate": True}),
    "many orders": ((1, 7, 7), {}),
    "gaunt": ((2, 2, 4), {"normalization": "gaunt"}),
    "factors": ((1, 1, 1), {"path_weights": [1.0, -2.0, 0.5, 3.0]}),
}


def errors(found: Any, wanted: Any) -> list[float]:
    """The largest errors, each relative to the largest value."""
    return [
        float(abs(a - b).max(initial=0) / max(abs(b).max(initial=0), 1e-300))
        for a, b in zip(found, wanted, strict=True)
    ]


def both(conv: Convolution, c: Case) -> tuple[np.ndarray, ...]:
    """Messages and gradients."""
    return conv(*c.inputs, nodes=len(c.g)), *conv.vjp(*c.inputs, cotangent=c.g)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_messages_and_gradients(kind: str, dtype: Any) -> None:
    """Against dense blocks in float64: channels that fill registers, do not, and both."""
    arguments, options = KINDS[kind]
    conv = Convolution(*arguments, **options)
    for channels in (1, 37, 64):
        c = case(conv, 9, 77, channels, dtype)
        found = both(conv, c)
        assert all(array.dtype == dtype for array in found)
        assert max(errors(found, expected(conv, c))) < 16 * np.finfo(dtype).eps, channels


@pytest.mark.parametrize("kind", ["0+1", "0+1+2 apart", "0 and 2", "odd"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_loops_give_the_same(kind: str, dtype: Any) -> None:
    """Every path by lists: channels that fill registers, do not, and both; weights of every kind; threads."""
    arguments, options = KINDS[kind]
    conv = Convolution(*arguments, method="loops", **options)
    for channels, weights in ((1, "epc"), (37, "epc"), (64, "ep"), (40, "p")):
        c = case(conv, 9, 77, channels, dtype, weights)
        found = both(conv, c)
        assert max(errors(found, expected(conv, c))) < 64 * np.finfo(dtype).eps, channels
        several = both(Convolution(*arguments, method="loops", workers=3, **options), c)
        assert all(np.array_equal(a, b) for a, b in zip(found, several, strict=True))


def test_large_degrees_go_by_loops() -> None:
    """Rows of z beyond those that have two registers each, in one matrix of 1.5 thousand entries."""
    small, large = Convolution(3, 3, 3), Convolution(6, 6, 8)
    c = case(large, 3, 18, 33)
    assert max(errors(both(large, c), expected(large, c))) < 1e-14
    assert not small.runs.paths.loops and large.runs.paths.loops


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_loops_of_large_degrees_with_any_number_of_channels(dtype: Any) -> None:
    """Rows of z that have one register each, whose last channels lie in the first or the second register of a tail."""
    conv = Convolution(1, 7, 6, method="loops")
    for channels in (1, 7, 13, 15, 23, 31, 47):
        for weights in ("epc", "ep"):
            c = case(conv, 9, 30, channels, dtype, weights)
            assert max(errors(both(conv, c), expected(conv, c))) < 64 * np.finfo(dtype).eps, channels


@pytest.mark.parametrize("weights", ["epc", "ep", "p", "1pc", "ep1", "1p1"])
def test_weights_of_every_shape(weights: str) -> None:
    conv = Convolution(2, 2, 2)
    for channels in (5, 64):
        c = case(conv, 6, 41, channels, float, weights)
        found = both(conv, c)
        assert found[3].shape == c.w.shape
        assert max(errors(found, expected(conv, c))) < 64 * np.finfo(float).eps


def test_any_number_of_threads_gives_the_same_bits() -> None:
    arguments, options = KINDS["0+1+2"]
    conv = Convolution(*arguments, **options)
    for weights in ("epc", "ep", "p"):
        c = case(conv, 13, 300, 40, np.float32, weights)
        one = both(conv, c)
        for workers in (2, 3, 16):
            several = both(Convolution(*arguments, workers=workers, **options), c)
            assert all(np.array_equal(a, b) for a, b in zip(one, several, strict=True)), (weights, workers)


def test_the_order_of_edges_and_nodes_does_not_matter() -> None:
    """Edges permuted: the same sums up to rounding.  Nodes renamed: outputs renamed."""
    conv = Convolution(1, 2, 2)
    c = case(conv, 7, 60, 16)
    plain, random = both(conv, c), np.random.default_rng(3)
    p = random.permutation(60)
    moved = both(conv, Case(c.x, c.y[p], c.w[p], c.senders[p], c.receivers[p], c.g))
    assert max(errors(moved, (plain[0], plain[1], plain[2][p], plain[3][p]))) < 1e-14
    new = random.permutation(7)
    old = np.argsort(new)
    renamed = both(conv, Case(c.x[old], c.y, c.w, new[c.senders], new[c.receivers], c.g[old]))
    wanted = plain[0][old], plain[1][old], *plain[2:]
    assert [np.array_equal(a, b) for a, b in zip(renamed, wanted, strict=True)][::2] == [True, True]
    assert max(errors(renamed, wanted)) < 1e-14


@pytest.mark.parametrize("kind", ["0+1", "0+1+2", "odd"])
def test_rotations_commute(kind: str) -> None:
    arguments, options = KINDS[kind]
    conv = Convolution(*arguments, **{**options, "separate": False})
    d = rotation_matrix(random_rotation(np.random.default_rng(1)), 3)
    c = case(conv, 5, 30, 4)
    z = np.einsum("ij,njc->nic", d[: conv.sizes[2], : conv.sizes[2]], conv(*c.inputs))
    x = np.einsum("ij,njc->nic", d[: conv.sizes[0], : conv.sizes[0]], c.x)
    turned = conv(x, c.y @ d[: conv.sizes[1], : conv.sizes[1]].T, *c.inputs[2:])
    assert max(errors([turned], [z])) < 1e-14


def test_gradients_are_those_of_finite_differences() -> None:
    conv = Convolution(1, 2, 2, separate=True)
    c = case(conv, 4, 9, 3)
    random, step = np.random.default_rng(5), 1e-6
    gradients = conv.vjp(*c.inputs, cotangent=c.g)
    for place, gradient in enumerate(gradients):
        direction = random.standard_normal(gradient.shape)
        ends = []
        for sign in (1, -1):
            moved = list(c.inputs)
            moved[place] = moved[place] + sign * step * direction
            ends.append((conv(*moved) * c.g).sum())
        assert abs((ends[0] - ends[1]) / (2 * step) - (gradient * direction).sum()) < 1e-7


@pytest.mark.parametrize("normalization", ["component", "integral", "norm"])
def test_vectors(normalization: str) -> None:
    """Harmonics inside are those of angles, and gradients those of finite differences; a self-loop has none."""
    conv = Convolution(1, 3, 2, harmonics=normalization)
    c = case(conv, 5, 25, 6)
    v, step = np.random.default_rng(2).standard_normal((25, 3)), 1e-6
    scale = {"component": 4 * np.pi, "integral": 1.0, "norm": 4 * np.pi}[normalization] ** 0.5
    degrees = np.repeat(np.arange(4), 2 * np.arange(4) + 1)
    y = scale * harmonics(3, *angles(v)) / (np.sqrt(2 * degrees + 1) if normalization == "norm" else 1)
    inputs = c.x, v, *c.inputs[2:]
    assert max(errors([conv(*inputs)], [conv(c.x, y, *c.inputs[2:])])) < 1e-14
    v[7] = 0
    direction = np.random.default_rng(4).standard_normal(v.shape)
    direction[7] = 0
    ends = [(conv(c.x, v + sign * step * direction, *c.inputs[2:]) * c.g).sum() for sign in (1, -1)]
    gradient = conv.vjp(*inputs, cotangent=c.g)[1]
    assert abs((ends[0] - ends[1]) / (2 * step) - (gradient * direction).sum()) < 1e-6 and not gradient[7].any()


def test_what_no_path_and_no_edge_reaches_is_exactly_zero() -> None:
    conv = Convolution(2, 2, 3, paths=[(1, 1, 2), (2, 1, 1)])
    c = case(conv, 9, 40, 33, np.float32)
    out, dx, dy, dw = both(conv, c)
    reached = sorted({k for rows in conv.rows for k in range(rows.start, rows.stop)})
    assert not np.delete(out, reached, axis=1).any() and out[:7].any() and not out[7:].any()
    assert not dx[:, 0].any() and not dy[:, 0].any() and not dy[:, 4:].any()
    assert (dw != 0).all()


def test_a_nan_stays_in_its_channel() -> None:
    conv = Convolution(1, 2, 1)
    c = case(conv, 5, 30, 70, np.float32)
    for place in (0, 2):
        inputs = [array.copy() for array in c.inputs]
        inputs[place][:, :, [3, 66]] = np.nan
        out = conv(*inputs)
        clean = conv(*c.inputs)
        others = np.delete(np.arange(70), [3, 66])
        assert np.isnan(out[:3][..., [3, 66]]).all()
        assert np.array_equal(out[..., others], clean[..., others])


def test_graphs_of_every_kind() -> None:
    """No edges, no nodes, one node with itself, all edges to one node, many more than a window."""
    conv = Convolution(1, 1, 1, workers=2)
    for nodes, edges in ((3, 0), (0, 0), (1, 5), (2, 1), (200, 3)):
        c = case(conv, nodes, edges, 20)
        found = both(conv, c)
        assert max(errors(found, expected(conv, c))) < 1e-14
    c = case(conv, 40, 200, 20)._replace(receivers=np.full(200, 39))
    assert max(errors(both(conv, c), expected(conv, c))) < 1e-14


def test_edges_are_sorted_once_and_may_join_two_sets_of_nodes() -> None:
    conv = Convolution(1, 1, 2)
    c = case(conv, 6, 50, 8)
    edges = Edges(c.senders, c.receivers, 6)
    assert np.array_equal(conv(c.x, c.y, c.w, edges), conv(*c.inputs))
    assert all(
        np.array_equal(a, b)
        for a, b in zip(conv.vjp(c.x, c.y, c.w, edges, cotangent=c.g), conv.vjp(*c.inputs, cotangent=c.g), strict=True)
    )
    few = Edges(c.senders, c.receivers, (4, 6))
    assert np.array_equal(conv(c.x, c.y, c.w, few), conv(*c.inputs)[:4])
    assert np.array_equal(conv(*c.inputs, nodes=9)[:6], conv(*c.inputs))
    assert not np.any(conv(*c.inputs, nodes=9)[6:])
    assert np.array_equal(np.sort(edges.order), np.arange(50)) and (np.diff(c.receivers[edges.order]) >= 0).all()
    assert (np.diff(c.senders[edges.by_sender[0]]) >= 0).all()


@pytest.mark.parametrize("again", [copy, deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies(again: Any) -> None:
    conv = Convolution(1, 2, 1)
    c = case(conv, 4, 20, 6, np.float32)
    before = both(conv, c)
    assert all(np.array_equal(a, b) for a, b in zip(before, both(again(conv), c), strict=True))
    edges = again(Edges(c.senders, c.receivers, 4))
    assert np.array_equal(conv(c.x, c.y, c.w, edges), before[0]) and not edges.order.flags.writeable


def test_irreps_of_both_parities() -> None:
    """The four terms are separate features; parity selects the paths, and channels are checked."""
    both_in, both_out = "4x0e + 4x0o + 4x1o + 4x1e", "4x1o + 4x1e"
    conv = Convolution(both_in, 1, both_out)
    c = case(conv, 5, 20, 4)
    assert conv.sizes == (8, 4, 6) and len(conv.paths) == 6 and conv.operations[0] == 38
    one, other = Convolution("0e + 1o + 1e", 1, "1o"), Convolution("0o + 1o + 1e", 1, "1e")
    w = {path: c.w[:, n] for n, path in enumerate(conv.names)}
    for part, rows, out in ((one, [0, 2, 3, 4, 5, 6, 7], slice(3)), (other, [1, 2, 3, 4, 5, 6, 7], slice(3, 6))):
        weights = np.stack([w[path] for path in part.names], axis=1)
        found = part(c.x[:, rows], c.y, weights, c.senders, c.receivers)
        assert max(errors([found], [conv(*c.inputs)[:, out]])) < 1e-15
    listed = Convolution(both_in, 1, both_out, paths=[("1o", 1, "1e"), ("0e", 1, "1o")])
    assert listed.names == (("1o", 1, "1e"), ("0e", 1, "1o")) and listed.rows == (slice(3, 6), slice(0, 3))
    assert listed.paths.tolist() == [[1, 1, 1], [0, 1, 1]]
    without = Convolution("0 + 1", 1, "0 + 1")
    assert without.paths.tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
    with pytest.raises(ValueError, match="4 channels"):
        conv(np.ones((5, 8, 3)), *c.inputs[1:])


REFUSED = {
    "two multiplicities": (lambda: Convolution("2x0e + 4x1o", 1, 1), ValueError, "one multiplicity"),
    "in and out": (lambda: Convolution("2x0e", 1, "4x0e"), ValueError, "got 2 and 4"),
    "half-integers": (lambda: Convolution("1/2", 1, 1), ValueError, "integer degrees"),
    "a name that is absent": (lambda: Convolution(1, 1, 1, paths=[("1e", 1, "1o")]), ValueError, "0 in 0e \\+ 1o"),
    "a name whose parity is wrong": (lambda: Convolution(1, 1, 1, paths=[("1o", 1, "1o")]), ValueError, "parities"),
    "a degree twice": (lambda: Convolution("1o + 1e", 1, 1, paths=[(1, 1, 0)]), ValueError, "2 in 1o \\+ 1e"),
    "a path twice": (lambda: Convolution(1, 1, 1, paths=[("1o", 1, "0e")] * 2), ValueError, "distinct"),
    "paths": (lambda: Convolution(1, 1, 1, paths="some"), ValueError, "all"),
    "a path that does not couple": (lambda: Convolution(1, 3, 1, paths=[(0, 2, 1)]), ValueError, "path"),
    "a degree that is absent": (lambda: Convolution("0e + 2e", 1, 1, paths=[(1, 1, 0)]), ValueError, "0 in 0e"),
    "harmonics beyond": (lambda: Convolution(2, 1, 2, paths=[(2, 2, 0)]), ValueError, "lmax_edge 1"),
    "a family without the path": (
        lambda: Convolution(1, 1, 1, paths=[(1, 1, 1)], normalization="gaunt"), ValueError, "not all zero"),
    "path_weights": (lambda: Convolution(1, 1, 1, path_weights=[1.0]), ValueError, r"\(4,\)"),
    "separate": (lambda: Convolution(1, 1, 1, separate=1), TypeError, "True or False"),
    "method": (lambda: Convolution(1, 1, 1, method="best"), ValueError, "straight"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_constructor_refuses(name: str) -> None:
    make, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        make()


def test_what_a_call_refuses() -> None:
    conv = Convolution(1, 1, 1)
    c = case(conv, 4, 10, 8)

    def refused(error: Any, words: str, **changed: Any) -> None:
        with pytest.raises(error, match=words):
            conv(*c._replace(**changed).inputs)

    refused(ValueError, r"\[nodes, 4, channels\]", x=c.x[:, :3])
    refused(ValueError, r"\[nodes, 4, channels\]", x=c.x[0])
    refused(ValueError, r"\(10, 4\)", y=c.y[:, :2])
    refused(ValueError, r"\(10, 4\)", y=c.y[:9])
    refused(ValueError, r"\(10, 4, 8\)", w=c.w[:, :3])
    refused(ValueError, r"\(10, 4, 8\)", w=c.w[:9])
    refused(ValueError, r"\(10, 4, 8\)", w=c.w[..., :7])
    refused(TypeError, "float32 or float64", x=c.x.astype(int))
    refused(TypeError, "float32 or float64", w=c.w.astype(np.float16))
    refused(ValueError, "senders must lie in 0 … 3, got 4", senders=np.where(c.senders == 1, 4, c.senders))
    refused(ValueError, "receivers must lie in 0 … 3, got -1", receivers=np.full(10, -1))
    refused(ValueError, "one length", receivers=c.receivers[:9])
    refused(TypeError, "integers", senders=c.senders.astype(float))
    refused(TypeError, "integers", senders=c.senders[None])
    with pytest.raises(ValueError, match=r"\(4, 4, 8\)"):
        conv.vjp(*c.inputs, cotangent=c.g[..., :7])
    edges = Edges(c.senders, c.receivers, 4)
    with pytest.raises(TypeError, match="part of the Edges"):
        conv(c.x, c.y, c.w, edges, c.receivers)
    with pytest.raises(ValueError, match="4 receivers"):
        conv(c.x[:3], c.y, c.w, edges)


def test_arrays_of_any_order_in_memory() -> None:
    conv = Convolution(1, 1, 1)
    c = case(conv, 4, 10, 8)
    strange = [
        np.asfortranarray(c.x),
        c.y.astype(">f8"),
        c.w[::-1][::-1],
        c.senders.astype(np.int32),
        c.receivers[::-1][::-1],
    ]
    assert np.array_equal(conv(*strange), conv(*c.inputs))


def test_prefetching_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for method in ("straight", "loops"):
        conv = Convolution(1, 2, 2, method=method)
        c = case(conv, 7, 60, 40, np.float32)
        near = both(conv, c)
        monkeypatch.setattr(edge_runs, "FAR", -1)
        monkeypatch.setattr(edge_runs, "FAR_GRADIENTS", -1)
        assert all(np.array_equal(a, b) for a, b in zip(near, both(conv, c), strict=True))
        monkeypatch.undo()


SMALL_REGISTERS = """
import llvmlite.binding
mine, llvmlite.binding.get_host_cpu_features = llvmlite.binding.get_host_cpu_features, dict
from coupling.kernels import tiles
llvmlite.binding.get_host_cpu_features = mine
from coupling.products import Convolution
from tests.test_convolution import KINDS, both, case, errors, expected
assert (tiles.REGISTER_BYTES, tiles.REGISTERS) == (32, 16)
for method in ("straight", "loops"):
    for arguments, options in list(KINDS.values())[1:5]:
        conv = Convolution(*arguments, method=method, **options)
        c = case(conv, 5, 30, 21)
        assert max(errors(both(conv, c), expected(conv, c))) < 1e-14
"""


def test_processors_with_few_and_small_registers(tmp_path: Any) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = [sys.executable, "-c", SMALL_REGISTERS]
    done = subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


MEMORY = """
import resource, sys
import numpy as np
from coupling.products import Convolution
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
def given(edges, nodes, channels):
    shapes = (nodes, 4, channels), (edges, 3), (edges, 10, channels), (nodes, 16, channels)
    x, v, w, g = (np.full(shape, 0.5, np.float32) for shape in shapes)
    senders = np.arange(edges) * 7919 % nodes
    return x, v, w, senders, np.arange(edges) % nodes, g
conv = Convolution(1, 3, 3, workers=2)
*small, g = given(40, 8, 32)
conv(*small), conv.vjp(*small, cotangent=g)
before = peak()
*inputs, g = given(100_000, 5_000, 32)
allowed = sum(array.nbytes for array in (*inputs, g))
out = conv(*inputs)
gradients = conv.vjp(*inputs, cotangent=g)
allowed += sum(array.nbytes for array in (out, *gradients))
print(peak() - before - allowed, allowed)
"""


def test_memory_of_a_hundred_thousand_edges() -> None:
    """Nothing besides inputs and outputs has the size of edges × channels: at most 64 MB, of which 21 are harmonics,
    their gradients and lists of edges."""
    run = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True)
    more, allowed = map(int, run.stdout.split())
    assert allowed > 250e6 and more < 64e6, run.stdout


INTERPRETED = """
from tests.test_convolution import KINDS, both, case, errors, expected
from coupling.products import Convolution
from coupling.kernels.regge import binomials
assert not hasattr(binomials, "py_func"), "it is compiled"
for arguments, options in KINDS.values():
    for weights in ("epc", "ep", "p"):
        conv = Convolution(*arguments, **options)
        c = case(conv, 5, 12, 3, float, weights)
        assert max(errors(both(conv, c), expected(conv, c))) < 1e-13
"""


def test_without_a_compiler() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run([sys.executable, "-c", INTERPRETED], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


PROGRAM = """
import time, numpy as np
from coupling.products import Convolution
conv = Convolution(1, 2, 1)
one = np.ones((2, 4, 8), np.float32), np.ones((1, 9), np.float32), np.ones((1, 5, 8), np.float32), [0], [1]
conv(*one), conv.vjp(*one, cotangent=one[0])
from coupling.kernels import edge_blocks as blocks
code = conv.runs.digest, np.dtype("f4")
found = [blocks.entries_function(*code), blocks.messages_function(*code), blocks.gradients_function(*code, 1)]
print([one.cache_hits for one in [*found, blocks.harmonics_function(*code)]])
"""


def test_another_process_compiles_nothing(tmp_path: Any) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = [sys.executable, "-c", PROGRAM]
    told = [subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, text=True) for _ in range(2)]
    assert [one.stdout.strip() for one in told] == ["[0, 0, 0, 0]", "[1, 1, 1, 1]"], told[1].stderr

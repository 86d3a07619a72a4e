"""The edge frame: the orthogonal map of weights, the product beside the sparse route, counts, other layers' order."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import coupling
from coupling.exact import Surd, edge_frame_matrix
from coupling.products import Convolution, EdgeFrame, m_primary
from coupling.sphere import cartesian_harmonics, edge_rotations, random_rotation
from coupling.sphere.quaternions import multiply_quaternions

VECTORS = np.concatenate([np.random.default_rng(0).standard_normal((3, 3)), np.eye(3), -np.eye(3)[1:] * 1e-200])


def sparse(frame: EdgeFrame, x: np.ndarray, vectors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ w C x Y from the blocks, path by path."""
    y = cartesian_harmonics(vectors, frame.lmax_edge, normalization="component")
    z = np.zeros((len(vectors), (frame.lmax_out + 1) ** 2, x.shape[2]))
    for n, (a, b, c) in enumerate(frame.paths.tolist()):
        parts = x[:, a * a : (a + 1) ** 2], y[:, b * b : (b + 1) ** 2]
        block = coupling.block("wigner_3j", a, b, c)
        z[:, c * c : (c + 1) ** 2] += weights[:, n, None, None] * np.einsum("ijk,eic,ej->ekc", block, *parts)
    return z


def features(frame: EdgeFrame, channels: int = 2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    x = random.standard_normal((len(VECTORS), (frame.lmax_in + 1) ** 2, channels))
    return x, random.standard_normal((len(VECTORS), len(frame.paths)))


# -- weights ----------------------------------------------------------------------------------


def test_the_matrix_is_exactly_orthogonal() -> None:
    """Surds of a row may have different roots: their products are summed by square-free part."""
    met = 0
    for l1, l3 in product(range(6), repeat=2):
        m = edge_frame_matrix(l1, l3)
        assert len(m) == 2 * min(l1, l3) + 1
        for a, b in product(range(len(m)), repeat=2):
            total = sum((m[a][n] * m[b][n]).to_sympy() for n in range(len(m)))
            assert total.expand() == (1 if a == b else 0), (l1, l3, a, b)
            met += 1
    assert met == sum((2 * min(a, b) + 1) ** 2 for a, b in product(range(6), repeat=2))


def test_even_paths_are_even_in_m_and_odd_ones_odd() -> None:
    for l1, l3 in product(range(5), repeat=2):
        k = min(l1, l3)
        for row, entries in zip(range(-k, k + 1), edge_frame_matrix(l1, l3), strict=True):
            for l2, entry in zip(range(abs(l1 - l3), l1 + l3 + 1), entries, strict=True):
                assert not entry or (row < 0) == bool((l1 + l2 + l3) % 2)
    assert edge_frame_matrix(1, 1)[2][2] == -Surd(1, 1, 3)


@pytest.mark.parametrize(("l1", "l3"), [(0, 0), (1, 2), (3, 3), (6, 4)])
def test_weights_go_both_ways(l1: int, l3: int) -> None:
    frame, random = EdgeFrame(l1, l3), np.random.default_rng(2)
    assert frame.matrix.shape == (frame.weight_count, frame.weight_count) == (len(frame.paths), len(frame.paths))
    w, s = random.standard_normal((2, 5, frame.weight_count))
    np.testing.assert_allclose(frame.path_weights(frame.so2_weights(w)), w, atol=1e-14)
    np.testing.assert_allclose(frame.so2_weights(frame.path_weights(s)), s, atol=1e-14)
    short = EdgeFrame(l1, l3, lmax_edge=1)  # fewer paths than SO(2) weights: there and back is the identity on paths
    w = random.standard_normal(len(short.paths))
    np.testing.assert_allclose(short.path_weights(short.so2_weights(w)), w, atol=1e-14)
    s = random.standard_normal(short.weight_count)
    projected = short.so2_weights(short.path_weights(s))
    np.testing.assert_allclose(short.so2_weights(short.path_weights(projected)), projected, atol=1e-14)
    rest = s - projected  # the projection is orthogonal
    assert abs(projected @ rest) < 1e-13


def test_the_projection_is_the_nearest_layer() -> None:
    """Sum of squares of the entries of the layer, by least squares over the paths."""
    frame = EdgeFrame(2, 2, lmax_edge=2)
    s = np.random.default_rng(3).standard_normal(frame.weight_count)
    basis = np.eye(9)[None].repeat(frame.weight_count, 0)
    layers = np.stack(
        [frame.apply(basis[:1], np.eye(frame.weight_count)[n][None, :, None])[0].ravel() for n in range(len(s))]
    )
    reach = frame.matrix.T @ layers
    best = np.linalg.lstsq(reach.T, s @ layers, rcond=None)[0]
    np.testing.assert_allclose(frame.path_weights(s), best, atol=1e-13)


# -- the product ------------------------------------------------------------------------------


@pytest.mark.parametrize("l1", range(7))
@pytest.mark.parametrize("l3", range(7))
def test_equal_to_the_sparse_route(l1: int, l3: int) -> None:
    """All paths of all degrees to l1 and l3, edges along all axes and of any length."""
    frame = EdgeFrame(l1, l3)
    x, w = features(frame)
    expected = sparse(frame, x, VECTORS, w)
    found = frame(x, VECTORS, frame.so2_weights(w))
    assert abs(found - expected).max() <= 1e-13 * abs(expected).max()


def test_paths_of_a_convolution() -> None:
    """The weights of `Convolution` with natural parities, converted: the same messages."""
    conv = Convolution(2, 3, 2)
    frame = EdgeFrame(2, 2, lmax_edge=3, paths=conv.paths)
    x, w = features(frame, 4)
    edges = np.arange(len(VECTORS))
    messages = conv(x, VECTORS, w, senders=edges, receivers=edges)
    assert abs(frame(x, VECTORS, frame.so2_weights(w)) - messages).max() <= 1e-12 * abs(messages).max()


def test_orders_that_are_cut() -> None:
    """mmax: the layer without its orders beyond, in the frame; weights are those that are left."""
    whole, cut = EdgeFrame(4, 3), EdgeFrame(4, 3, mmax=1)
    x, w = features(whole)
    s = whole.so2_weights(w)
    blocks = [(a if m <= 1 else 0 * a, b if m <= 1 else 0 * b) for m, (a, b) in enumerate(whole.by_order(s))]
    expected = whole(x, VECTORS, whole.from_orders(blocks))
    np.testing.assert_allclose(cut(x, VECTORS, cut.so2_weights(w)), expected, atol=1e-12)
    assert cut.weight_count == sum(2 * min(a, b, 1) + 1 for a in range(5) for b in range(4))
    assert cut.multiplications < whole.multiplications


@pytest.mark.parametrize("mmax", [0, 1, 3])
def test_the_layer_in_the_order_of_escn(mmax: int) -> None:
    """m-primary order, complex multiplication with a + ib for each order, as in their SO(2) convolutions."""
    frame, random = EdgeFrame(3, 4, mmax=mmax), np.random.default_rng(4)
    x, s = random.standard_normal((5, 16, 2)), random.standard_normal((5, frame.weight_count))
    order_in, order_out = m_primary(3, mmax), m_primary(4, mmax)
    stored, made, at = x[:, order_in], [], 0
    for m, (a, b) in enumerate(frame.by_order(s)):
        n = 4 - m
        real, imaginary = stored[:, at : at + n], stored[:, at + n : at + 2 * n] if m else 0
        made += [a @ real - (b @ imaginary if m else 0)] + ([a @ imaginary + b @ real] if m else [])
        at += n * (2 if m else 1)
    z = np.zeros((5, 25, 2))
    z[:, order_out] = np.concatenate(made, 1)
    np.testing.assert_allclose(frame.apply(x, s[..., None]), z, atol=1e-13)
    assert sorted(m_primary(3).tolist()) == list(range(16))
    np.testing.assert_allclose(frame.from_orders(frame.by_order(s)), s, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 16, 37, 64])
def test_compiled_messages_are_those_of_the_matrices(channels: int, dtype: type) -> None:
    """Blocks of channels, whole and not, weights of all edges, of each, and of channels; orders that are cut."""
    random, met = np.random.default_rng(7), 0
    for degrees in ((3, 4, 2), (4, 2, None), (0, 3, None), (2, 0, 0)):
        frame = EdgeFrame(degrees[0], degrees[1], mmax=degrees[2])
        x = random.standard_normal((len(VECTORS), (degrees[0] + 1) ** 2, channels)).astype(dtype)
        for shape in ((), (len(VECTORS),), (len(VECTORS), channels)):
            w = random.standard_normal((*shape[:1], frame.weight_count, *shape[1:])).astype(dtype)
            wide = w.reshape((1,) * (w.ndim == 1) + w.shape + (1,) * (w.ndim < 3))
            expected = frame.by_matrices(x.astype(float), VECTORS, wide.astype(float))
            found = frame(x, VECTORS, w)
            assert found.dtype == dtype
            limit = 1e-13 if dtype is np.float64 else 3e-6
            assert abs(found - expected).max() <= limit * abs(expected).max()
            np.testing.assert_array_equal(frame(x, 2.0**200 * VECTORS, w), found)
            met += 1
    assert met == 12


def test_nothing_of_a_former_call_is_left_in_messages() -> None:
    frame = EdgeFrame(2, 3)
    x, w = features(frame, 37)
    w = np.repeat(frame.so2_weights(w)[..., None], 37, 2)
    fresh = EdgeFrame(2, 3)(x, VECTORS, w)
    frame(np.full_like(x, np.nan), VECTORS, w)
    frame(x, VECTORS, np.full_like(w, np.inf))
    np.testing.assert_array_equal(frame(x, VECTORS, w), fresh)
    one = x.copy()
    one[2, :, 5] = np.nan  # an edge and a channel
    found = frame(one, VECTORS, w)
    rest = np.isfinite(found)
    assert not rest[2, :, 5].any() and rest.sum() == rest.size - 16
    np.testing.assert_array_equal(found[rest], fresh[rest])


def test_degrees_beyond_the_kernel_take_the_matrices() -> None:
    frame = EdgeFrame(41, 0)
    x, w = np.ones((1, 42**2, 1)), np.linspace(0, 1, frame.weight_count)
    np.testing.assert_array_equal(
        frame(x, [[1, 2, 3]], w), frame.by_matrices(x, np.array([[1.0, 2, 3]]), w[None, :, None])
    )
    small = EdgeFrame(40, 0)
    given = x[:, : 41**2], np.array([[1.0, 2, 3]]), w[None, : small.weight_count, None]
    np.testing.assert_allclose(small(*given[:2], given[2][0, :, 0]), small.by_matrices(*given), rtol=1e-12)


def test_equivariance_and_any_frame() -> None:
    frame, turn = EdgeFrame(3, 3), random_rotation(np.random.default_rng(5))
    x, w = features(frame)
    s = frame.so2_weights(w)[..., None] * np.ones(2)  # weights of every channel
    matrices = [coupling.wigner_D(l, turn) for l in range(4)]
    turned = np.concatenate([matrices[l] @ x[:, l * l : (l + 1) ** 2] for l in range(4)], 1)
    z = frame(x, VECTORS, s)
    expected = np.concatenate([matrices[l] @ z[:, l * l : (l + 1) ** 2] for l in range(4)], 1)
    assert abs(frame(turned, VECTORS @ turn.T, s) - expected).max() < 1e-12


def test_edges_go_to_the_pole() -> None:
    unit = cartesian_harmonics(VECTORS, 1, normalization="norm")[:, [3, 1, 2]]
    for q, u in zip(edge_rotations(VECTORS), unit, strict=True):
        moved = multiply_quaternions(multiply_quaternions(q, np.array([0.0, *u])), q * [1, -1, -1, -1])
        np.testing.assert_allclose(moved, [0, 0, 0, 1], atol=4e-16)
    with pytest.raises(ValueError, match="no frame"):
        edge_rotations(np.zeros(3))


# -- counts -----------------------------------------------------------------------------------


def test_counts_of_operations() -> None:
    """Multiplications for an edge and channel, against the non-zeros of the sparse tensor with l2 to L as well."""
    counts = {1: (28, 16), 2: (99, 137), 3: (240, 611), 4: (475, 2052), 6: (1323, 11896)}
    for lmax, (ours, entries) in counts.items():
        assert EdgeFrame(lmax, lmax).multiplications == ours
        triples = product(range(lmax + 1), repeat=3)
        paths = [p for p in triples if abs(p[0] - p[1]) <= p[2] <= p[0] + p[1]]
        assert sum(np.count_nonzero(coupling.block("wigner_3j", *p)) for p in paths) == entries
    assert EdgeFrame(8, 8).multiplications == 2835
    for lmax, extra in {1: 8, 2: 33, 3: 96, 4: 225, 6: 833, 8: 2241}.items():
        assert np.count_nonzero(EdgeFrame(lmax, lmax).matrix) <= extra


def test_what_is_refused() -> None:
    frame = EdgeFrame(1, 1)
    for arguments, words in (
        ((np.ones((2, 3, 1)), np.ones((2, 3)), np.ones(6)), "x must have shape"),
        ((np.ones((2, 4, 1)), np.ones((3, 3)), np.ones(6)), "vectors must have shape"),
        ((np.ones((2, 4, 1)), np.ones((2, 3)), np.ones(5)), "one of the shapes"),
    ):
        with pytest.raises(ValueError, match=words):
            frame(*arguments)
    x, edges, weights = np.ones((2, 4, 1)), np.ones((2, 3)), np.ones(6)
    for arguments, error, words in (
        ((x, np.array([[0, 0, 1.0], [0, 0, 0]]), weights), ValueError, "the zero vector has no frame"),
        ((x.astype(complex), edges, weights), TypeError, "x must be real numbers, got complex128"),
        ((x.astype(bool), edges, weights), TypeError, "x must be real numbers, got bool"),
        ((x, edges, 1j * weights), TypeError, "so2_weights must be real numbers, got complex128"),
    ):
        with pytest.raises(error, match=words):
            frame(*arguments)
    with pytest.raises(ValueError, match=r"\[\.\.\., 6\]"):
        frame.path_weights(np.ones(5))
    with pytest.raises(ValueError, match="listed twice"):
        EdgeFrame(1, 1, paths=[(1, 1, 1), (1, 1, 1)])
    for paths in ([(1, 1, 3)], [(2, 1, 1)], [(1, 1)], [(1, -1, 1)]):
        with pytest.raises(ValueError, match=r"couple degrees|must be >= 0"):
            EdgeFrame(1, 1, paths=paths)
    with pytest.raises(TypeError, match="triples of degrees"):
        EdgeFrame(1, 1, paths=[1, 2])
    with pytest.raises(ValueError, match="two matrices for each order"):
        frame.from_orders(frame.by_order(np.ones(6))[:1])

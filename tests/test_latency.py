"""What a call of a few rows costs before it begins, counted in Python's calls, not in time; and its checks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any

import numpy as np
import pytest

from coupling.products import Convolution, Edges, Product, TensorProduct
from coupling.products.form import KINDS

#: Functions of Python, and of C, that a call with a known signature may enter: 6 to 10 at present.
PYTHON, C = 10, 12


def calls(function: Callable[[], Any]) -> tuple[int, int]:
    """How many functions of Python and of C a call enters, itself and what counts not included."""
    found = {"call": 0, "c_call": 0}

    def note(frame: Any, event: str, argument: Any) -> None:
        if event in found:
            found[event] += 1

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return found["call"] - 1, found["c_call"] - 1


def features(product: Product, *shape: int, dtype: Any = np.float32, seed: int = 0) -> list[Any]:
    rng, last = np.random.default_rng(seed), product.layout == "channels_last"
    *lead, channels = shape
    shapes = [(*lead, *axes, channels) if last else (*lead, channels, *axes) for axes in product.shapes[:2]]
    return [rng.standard_normal(one).astype(dtype) for one in shapes]


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_known_call_enters_few_functions(kind: str, layout: str) -> None:
    product = KINDS[kind](2, 2, 2, layout=layout)
    x, y = features(product, 4, 8)
    y1 = y[:1].copy()  # broadcast
    for inputs in ((x, y), (x, y1), (x[None], y[None])):
        expected = product(*inputs)
        assert calls(lambda: None) == (0, 0)
        python, c = calls(lambda inputs=inputs: product(*inputs))
        extra = 0 if layout == "channels_last" else 3
        assert 0 < python <= PYTHON + extra and c <= C + 3 * extra, (python, c)
        np.testing.assert_array_equal(product(*inputs), expected)


def test_weights_of_a_call_and_messages_enter_few_functions() -> None:
    product = KINDS["ClebschGordan"](2, 2, 2)
    x, y = features(product, 4, 8)
    w = np.linspace(1, 2, len(product.paths))
    product(x, y, w)
    assert calls(lambda: product(x, y, w))[0] <= 30
    conv = Convolution("16x0e + 16x1o", 2, "16x0e + 16x1o + 16x2e")
    rng, edges = np.random.default_rng(0), Edges([0, 1, 2, 3], [1, 0, 3, 2], 4)
    x, y, w = (rng.standard_normal(s).astype("f4") for s in ((4, 4, 16), (4, 9), (4, len(conv.paths), 16)))
    conv(x, y, w, edges)
    assert calls(lambda: conv(x, y, w, edges))[0] <= 42


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_known_signature_does_not_hide_what_does_not_fit(kind: str) -> None:
    """After a valid call, arrays that differ in one respect are refused, or converted to the same bits."""
    product = KINDS[kind](2, 1, 2)
    x, y = features(product, 3, 5)
    expected, met = product(x, y), 0
    for bad, error in (
        (x[..., :-1, :], ValueError),
        (x[:2], ValueError),
        (x.astype(np.float16), TypeError),
        (x.view(np.int32), TypeError),
        (x.astype(complex), TypeError),
        (x[..., :4], ValueError),
    ):
        with pytest.raises(error):
            product(bad, y)
        met += 1
    odd = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(x.shape)
    assert not odd.flags.aligned
    same = np.repeat(x, 2, -1)[..., ::2], np.asfortranarray(x), x.astype(">f4"), odd, x.view(np.memmap), x.copy()
    same[-1].flags.writeable = False
    for one in same:
        for _ in range(2):
            np.testing.assert_array_equal(product(one, y), expected)
            met += 1
    assert product(x.astype(float), y).dtype == product(x.astype(float), y).dtype == np.float64
    assert met == 18


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_of_a_former_call_is_left_in_work_space(kind: str, dtype: Any) -> None:
    """Work space is kept between calls: NaN and infinity in one reach no result of the next, whatever its size."""
    product, met = KINDS[kind](3, 2, 3), 0
    for shape in ((1, 1), (3, 5), (4, 16), (1, 70)):
        x, y = features(product, *shape, dtype=dtype)
        fresh = copy(product)(x, y)  # which keeps nothing
        for poison in (np.nan, np.inf, 1e-310):
            for size in ((1, 1), (2, 33), shape):
                bad = [np.full_like(a, poison) for a in features(product, *size, dtype=dtype)]
                with np.errstate(all="ignore"):
                    product(*bad)
                np.testing.assert_array_equal(product(x, y), fresh)
                met += 1
    assert met == 36


def test_nothing_of_a_former_call_is_left_in_messages() -> None:
    paths, edges = len(Convolution(2, 2, 2).paths), Edges([0, 1, 2, 3, 0], [1, 0, 3, 2, 1], 4)
    rng, conv, met = np.random.default_rng(0), Convolution(2, 2, 2), 0
    for channels in (1, 16, 35):
        for weights in ((paths,), (5, paths), (5, paths, channels)):
            x, y, w = (rng.standard_normal(s).astype("f4") for s in ((4, 9, channels), (5, 9), weights))
            fresh = Convolution(2, 2, 2)(x, y, w, edges)
            conv(np.full_like(x, np.nan), y, w, edges)
            conv(x, np.full_like(y, np.inf), w, edges)
            np.testing.assert_array_equal(conv(x, y, w, edges), fresh)
            met += 1
    assert met == 9


def test_threads_do_not_share_work_space() -> None:
    product = KINDS["ClebschGordan"](4, 4, 4)
    inputs = [features(product, 20, 16, seed=n) for n in range(8)]
    expected = [product(x, y) for x, y in inputs]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: product(*inputs[n % 8]), range(64)))
    assert all(np.array_equal(z, expected[n % 8]) for n, z in enumerate(found))


def test_signatures_that_are_remembered_are_bounded() -> None:
    product = KINDS["Gaunt"](1, 1, 1)
    for n in range(1, 200):
        product(*features(product, n, 1))
    assert 0 < len(product._calls) <= 64


@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
def test_a_tensor_product_enters_few_functions(layout: str, each: bool) -> None:
    """Whatever its paths are: one crossing into compiled code, and nothing is checked or converted again."""
    product = TensorProduct.channelwise("8x0e + 8x1o + 8x2e", 2, layout=layout)
    sizes = product.irreps1.dim, product.irreps2.dim, product.weight_count
    x, y, w = (np.ones((4, n), np.float32) for n in sizes)
    given = w if each else w[0]
    expected = product(x, y, given)
    python, c = calls(lambda: product(x, y, given))
    assert len(product.paths) == 19 and python <= 7 and c <= C, (python, c)
    np.testing.assert_array_equal(product(x, y, given), expected)


def test_a_known_signature_of_a_tensor_product_does_not_hide_what_does_not_fit() -> None:
    product = TensorProduct("8x0e + 8x1o", 1, "4x0e + 4x1o")
    rng = np.random.default_rng(0)
    sizes = product.irreps1.dim, product.irreps2.dim, product.weight_count
    x, y, w = (rng.standard_normal((3, n)).astype("f4") for n in sizes)
    expected, met = product(x, y, w), 0
    for bad, error in (
        ((x[:, :-1], y, w), ValueError),
        ((x[:2], y, w), ValueError),
        ((x.astype(np.float16), y, w), TypeError),
        ((x, y.view(np.int32), w), TypeError),
        ((x, y, w[:, 1:]), ValueError),
        ((x, y), ValueError),
    ):
        with pytest.raises(error):
            product(*bad)
        met += 1
    same = np.repeat(x, 2, -1)[..., ::2], np.asfortranarray(x), x.astype(">f4"), x.view(np.memmap), x.tolist()
    for one in same[:-1]:
        for _ in range(2):
            np.testing.assert_array_equal(product(one, y, w), expected)
            met += 1
    np.testing.assert_array_equal(product(x, y, w.astype(float)), expected)
    assert met == 14 and product(x.astype(float), y, w).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_of_a_former_call_is_left_in_a_tensor_product(dtype: Any) -> None:
    """NaN and infinity of one call, and of one copy, reach no other: padded copies and work space stay apart."""
    product = TensorProduct("3x0e + 3x1o", "2x0e + 2x1o", "5x0e + 5x1o")
    sizes, rng = (product.irreps1.dim, product.irreps2.dim, product.weight_count), np.random.default_rng(0)
    x, y, w = (rng.standard_normal((3, n)).astype(dtype) for n in sizes)
    fresh, compiled = copy(product)(x, y, w), product.compiled(np.dtype(dtype))
    arrays = [*(value.ravel() for value in (x, y, w)), fresh.ravel()]
    steps = (*sizes, product.irreps_out.dim)

    def gradients() -> list[np.ndarray]:
        found = []
        for slot in range(3):
            out = np.zeros_like(arrays[slot])
            compiled.run(slot, tuple(out if n == slot else a for n, a in enumerate(arrays)), steps, 3)
            found.append(out)
        return found

    expected = gradients()
    for poison in (np.nan, np.inf, 1e-310):
        bad = [np.full_like(value, poison) for value in (x, y, w)]
        with np.errstate(all="ignore"):
            product(*bad)
            for slot in range(3):
                compiled.run(slot, (*(value.ravel() for value in bad), np.full_like(fresh, poison).ravel()), steps, 3)
        np.testing.assert_array_equal(product(x, y, w), fresh)
        assert all(np.array_equal(a, b) for a, b in zip(gradients(), expected, strict=True))

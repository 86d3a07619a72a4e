"""Integers of 128 and 512 bits in compiled code, and the bits of a double.

A wide integer is a tuple of int64: words of two's complement, the highest first.  What runs compiled are instructions
of LLVM on i128 and i512; without compilation (NUMBA_DISABLE_JIT=1) Python's integers do the same.
"""

from __future__ import annotations

import struct
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

#: Words of the long integers.
LONG = 8

ZERO = (0,) * LONG

WORD = (1 << 64) - 1


def _plain(word: int) -> int:
    return int(word) & WORD


def _signed(value: int, words: int) -> tuple[int, ...]:
    parts = [(value >> 64 * place) & WORD for place in reversed(range(words))]
    return tuple(part - (1 << 64) if part >> 63 else part for part in parts)


def _whole(*words: int) -> int:
    value = int(words[0])
    for word in words[1:]:
        value = (value << 64) | _plain(word)
    return value


def wide_add(high: int, low: int, x: int, y: int, z: int, factor_high: int, factor_low: int) -> tuple[int, ...]:
    """Return the wide integer (high, low) + x·y·z·factor, of 128 bits.

    >>> wide_add(0, 5, -2, 3, 4, 0, 10)
    (-1, -235)
    """
    total = _whole(high, low) + int(x) * int(y) * int(z) * _whole(factor_high, factor_low)
    return _signed(total, 2)


def wide_size(high: int, low: int) -> tuple[int, ...]:
    """Return |(high, low)| of 128 bits.

    >>> wide_size(-1, -235)
    (0, 235)
    """
    return _signed(abs(_whole(high, low)), 2)


def long_add(total: Any, k: int, a: int, b: int, c: int, d: int, e: int, f: int) -> tuple[int, ...]:
    """Return the long integer total + k·(a, b)·(c, d)·(e, f), of 512 bits.

    >>> long_add(ZERO, 7, 0, 2, -1, -3, 0, 5)[-2:]
    (-1, -210)
    """
    return _signed(_whole(*total) + int(k) * _whole(a, b) * _whole(c, d) * _whole(e, f), LONG)


def long_size(total: Any) -> tuple[int, ...]:
    """Return |total| of 512 bits.

    >>> long_size((-1,) * 8)
    (0, 0, 0, 0, 0, 0, 0, 1)
    """
    return _signed(abs(_whole(*total)), LONG)


def mul_step(x: int, y: int, addend: int, carry: int) -> tuple[int, ...]:
    """Return x·y + addend + carry of words without a sign, as (low, high).

    >>> mul_step(-1, -1, -1, -1)
    (-1, -1)
    """
    total = _plain(x) * _plain(y) + _plain(addend) + _plain(carry)
    return _signed(total, 2)[::-1]


def add_step(x: int, y: int, carry: int) -> tuple[int, ...]:
    """Return x + y + carry of words without a sign, as (low, carry).

    >>> add_step(-1, 1, 0)
    (0, 1)
    """
    total = _plain(x) + _plain(y) + int(carry)
    return _signed(total, 1)[0], total >> 64


def odd_inverse(q: int) -> int:
    """Return 1/q modulo 2^64 of an odd word.

    >>> odd_inverse(3) * 3 % 2**64
    1
    """
    return _signed(pow(_plain(q), -1, 1 << 64), 1)[0]


def ratio_step(x: int, p: int, carry: int, q: int, inverse: int, borrow: int) -> tuple[int, ...]:
    """Return a word of x·p/q, an exact division by an odd q, from the lowest word on, with the next carry and borrow.

    >>> ratio_step(7, 6, 0, 3, odd_inverse(3), 0)
    (14, 0, 0)
    """
    low, high = divmod(_plain(x) * _plain(p) + _plain(carry), 1 << 64)[::-1]
    rest = low - _plain(borrow)
    y = rest * _plain(inverse) & WORD
    return _signed(y, 1)[0], _signed(high, 1)[0], _signed((y * _plain(q) >> 64) + (rest < 0), 1)[0]


def bits_of(value: float) -> int:
    """Return the encoding of a double.

    >>> bits_of(1.0) >> 52
    1023
    """
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def of_bits(bits: int) -> float:
    """Return the double of an encoding.

    >>> of_bits(1023 << 52)
    1.0
    """
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])


# -- the same in LLVM -------------------------------------------------------------------------

WIDE_BITS, LONG_BITS = 128, 64 * LONG
INT, DOUBLE = types.int64, types.float64
PAIR, TRIPLE, WORDS = types.UniTuple(INT, 2), types.UniTuple(INT, 3), types.UniTuple(INT, LONG)


def _joined(builder: Any, words: Any, bits: int) -> Any:
    kind = ir.IntType(bits)
    value = builder.sext(words[0], kind)
    for word in words[1:]:
        value = builder.or_(builder.shl(value, kind(64)), builder.zext(word, kind))
    return value


def _cut(context: Any, builder: Any, value: Any, words: int) -> Any:
    kind, word = value.type, ir.IntType(64)
    parts = [builder.trunc(builder.lshr(value, kind(64 * place)), word) for place in reversed(range(words))]
    return context.make_tuple(builder, types.UniTuple(INT, words), parts)


def _size(builder: Any, value: Any) -> Any:
    negative = builder.icmp_signed("<", value, value.type(0))
    return builder.select(negative, builder.neg(value), value)


@intrinsic
def _wide_add(typing: Any, high: Any, low: Any, x: Any, y: Any, z: Any, factor_high: Any, factor_low: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = ir.IntType(WIDE_BITS)
        product = _joined(builder, given[5:], WIDE_BITS)
        for factor in given[2:5]:
            product = builder.mul(product, builder.sext(factor, kind))
        total = builder.add(_joined(builder, given[:2], WIDE_BITS), product)
        return _cut(context, builder, total, 2)

    return PAIR(INT, INT, INT, INT, INT, INT, INT), generate


@intrinsic
def _wide_size(typing: Any, high: Any, low: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _cut(context, builder, _size(builder, _joined(builder, given, WIDE_BITS)), 2)

    return PAIR(INT, INT), generate


@intrinsic
def _long_add(typing: Any, total: Any, k: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind, middle = ir.IntType(LONG_BITS), ir.IntType(LONG_BITS // 2)
        a, b, c = (builder.sext(_joined(builder, given[p : p + 2], WIDE_BITS), middle) for p in (2, 4, 6))
        left, right = builder.mul(a, b), builder.mul(c, builder.sext(given[1], middle))
        product = builder.mul(builder.sext(left, kind), builder.sext(right, kind))
        words = cgutils.unpack_tuple(builder, given[0])
        return _cut(context, builder, builder.add(_joined(builder, words, LONG_BITS), product), LONG)

    return WORDS(WORDS, INT, INT, INT, INT, INT, INT, INT), generate


@intrinsic
def _long_size(typing: Any, total: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        words = cgutils.unpack_tuple(builder, given[0])
        return _cut(context, builder, _size(builder, _joined(builder, words, LONG_BITS)), LONG)

    return WORDS(WORDS), generate


@intrinsic
def _mul_step(typing: Any, x: Any, y: Any, addend: Any, carry: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        x, y, addend, carry = (builder.zext(word, ir.IntType(WIDE_BITS)) for word in given)
        total = builder.add(builder.add(builder.mul(x, y), addend), carry)
        return context.make_tuple(builder, PAIR, _halves(builder, total))

    return PAIR(INT, INT, INT, INT), generate


@intrinsic
def _add_step(typing: Any, x: Any, y: Any, carry: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        x, y, carry = (builder.zext(word, ir.IntType(WIDE_BITS)) for word in given)
        return context.make_tuple(builder, PAIR, _halves(builder, builder.add(builder.add(x, y), carry)))

    return PAIR(INT, INT, INT), generate


def _halves(builder: Any, value: Any) -> tuple[Any, Any]:
    word = ir.IntType(64)
    return builder.trunc(value, word), builder.trunc(builder.lshr(value, value.type(64)), word)


@intrinsic
def _odd_inverse(typing: Any, q: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        q, found = given[0], given[0]  # right modulo 8; each step doubles the bits
        for _ in range(5):
            found = builder.mul(found, builder.sub(q.type(2), builder.mul(q, found)))
        return found

    return INT(INT), generate


@intrinsic
def _ratio_step(typing: Any, x: Any, p: Any, carry: Any, q: Any, inverse: Any, borrow: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        wide = ir.IntType(WIDE_BITS)
        x, p, carry, q, inverse, borrow = given
        total = builder.mul(builder.zext(x, wide), builder.zext(p, wide))
        low, high = _halves(builder, builder.add(total, builder.zext(carry, wide)))
        below = builder.zext(builder.icmp_unsigned("<", low, borrow), low.type)
        y = builder.mul(builder.sub(low, borrow), inverse)
        _, back = _halves(builder, builder.mul(builder.zext(y, wide), builder.zext(q, wide)))
        return context.make_tuple(builder, TRIPLE, [y, high, builder.add(back, below)])

    return TRIPLE(INT, INT, INT, INT, INT, INT), generate


@intrinsic
def _bits_of(typing: Any, value: Any) -> Any:
    return INT(DOUBLE), lambda context, builder, signature, given: builder.bitcast(given[0], ir.IntType(64))


@intrinsic
def _of_bits(typing: Any, bits: Any) -> Any:
    return DOUBLE(INT), lambda context, builder, signature, given: builder.bitcast(given[0], ir.DoubleType())


@overload(wide_add)
def _compiled_wide_add(high, low, x, y, z, factor_high, factor_low):
    return lambda high, low, x, y, z, factor_high, factor_low: _wide_add(high, low, x, y, z, factor_high, factor_low)  # type: ignore[call-arg]


@overload(wide_size)
def _compiled_wide_size(high, low):
    return lambda high, low: _wide_size(high, low)  # type: ignore[call-arg]


@overload(long_add)
def _compiled_long_add(total, k, a, b, c, d, e, f):
    return lambda total, k, a, b, c, d, e, f: _long_add(total, k, a, b, c, d, e, f)  # type: ignore[call-arg]


@overload(long_size)
def _compiled_long_size(total):
    return lambda total: _long_size(total)  # type: ignore[call-arg]


@overload(bits_of)
def _compiled_bits_of(value):
    return lambda value: _bits_of(value)  # type: ignore[call-arg]


@overload(of_bits)
def _compiled_of_bits(bits):
    return lambda bits: _of_bits(bits)  # type: ignore[call-arg]


@overload(mul_step)
def _compiled_mul_step(x, y, addend, carry):
    return lambda x, y, addend, carry: _mul_step(x, y, addend, carry)  # type: ignore[call-arg]


@overload(add_step)
def _compiled_add_step(x, y, carry):
    return lambda x, y, carry: _add_step(x, y, carry)  # type: ignore[call-arg]


@overload(odd_inverse)
def _compiled_odd_inverse(q):
    return lambda q: _odd_inverse(q)  # type: ignore[call-arg]


@overload(ratio_step)
def _compiled_ratio_step(x, p, carry, q, inverse, borrow):
    return lambda x, p, carry, q, inverse, borrow: _ratio_step(x, p, carry, q, inverse, borrow)  # type: ignore[call-arg]

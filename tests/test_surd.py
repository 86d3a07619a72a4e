"""The exact value type: algebra, order, equality, correct rounding, other forms."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
import sympy

from coupling.exact import Surd, antisymmetric_gaunt, gaunt, wigner_3j
from coupling.selection import paths
from tests.domain import degrees_and_orders, orders, orders_with_sum, threej, triads
from tests.rounding import is_nearest

REAL = [
    Surd(0),
    Surd(1),
    Surd(-1),
    Surd(1, 2),
    Surd(-1, 1, 2),
    Surd(1, 1, 18),
    Surd(-1, 2, 9),
    Surd(1, 3, 4, 1),
    Surd(-1, 5, 7, 1),
    Surd(1, 1, 1, 2),
    Surd(1, 1, 1, -1),
    Surd(-1, 4, 9, -2),
    Surd(1, 10**60 + 1, 3**40),
    Surd(-1, 2, 7**90, 3),
    Surd.rational(Fraction(-22, 7)),
    Surd.rational(12),
]
VALUES = REAL + [x * Surd(1, unit=1) for x in REAL if x]


def number(x: Surd) -> mpmath.mpc:
    """The value to 60 digits, by mpmath."""
    with mpmath.workdps(60):
        root = mpmath.sqrt(mpmath.mpf(x.numerator) / x.denominator)
        size = x.sign * root * mpmath.pi ** (-mpmath.mpf(x.pi_power) / 2)
        return mpmath.mpc(0, size) if x.unit else mpmath.mpc(size)


def close(x: mpmath.mpc, y: mpmath.mpc) -> bool:
    with mpmath.workdps(60):
        return bool(abs(x - y) <= mpmath.mpf(10) ** -55 * max(abs(x), abs(y)))


# -- algebra ----------------------------------------------------------------------------------


def test_products_are_those_of_the_numbers() -> None:
    met = 0
    for x, y in product(VALUES, repeat=2):
        with mpmath.workdps(60):
            assert close(number(x * y), number(x) * number(y))
            if y:
                assert close(number(x / y), number(x) / number(y))
        met += 1
    assert met == len(VALUES) ** 2 == 31**2


def test_laws_of_the_product() -> None:
    met = 0
    for x, y, z in product(VALUES, repeat=3):
        assert x * y == y * x
        assert x * (y * z) == (x * y) * z
        met += 1
    assert met == 31**3
    for x in VALUES:
        minus = -x
        assert x * 1 == 1 * x == x == -minus
        assert x * 0 == 0 * x == Surd(0)
        assert -x == -1 * x == x * Fraction(-1)
        assert x * x.conjugate() == abs(x) * abs(x)
        assert abs(x) == abs(-x) >= 0
        if x:
            assert x * x.reciprocal() == x / x == 1
            assert 1 / x == x.reciprocal() == x**-1
            assert Fraction(2, 3) / x == Surd.rational(Fraction(2, 3)) * x.reciprocal()


def test_powers() -> None:
    for x in VALUES:
        assert x**0 == 1 and x**1 == x and x**2 == x * x
        if x:
            for m, n in product(range(-3, 4), repeat=2):
                assert x**m * x**n == x ** (m + n)
    assert Surd(1, unit=1) ** 2 == -1


def test_sums_of_commensurable_numbers() -> None:
    """x·p + x·q = x·(p+q), whatever the square parts of the radicands; the sum is exact or refused."""
    fractions = [Fraction(n, d) for n in range(-6, 7) for d in range(1, 7)]
    met = 0
    for x, p, q in product([v for v in VALUES if v], fractions, fractions):
        assert x * p + x * q == x * (p + q)
        met += 1
    assert met == 30 * 78**2
    for x, y in product(VALUES, repeat=2):
        try:
            total = x + y
        except ValueError as error:
            assert str(error) == f"{x} + {y} is not a Surd: the ratio of the terms is not rational"
        else:
            assert total == y + x == x - -y == -(-x - y)
            with mpmath.workdps(60):
                assert abs(number(total) - number(x) - number(y)) <= mpmath.mpf(10) ** -50 * (1 + abs(number(x)))
    assert 1 + Surd(1, 4) == 3 and 1 - Surd(1, 4) == -1 and Surd(1, 4) - Fraction(1, 2) == Fraction(3, 2)
    with pytest.raises(ValueError, match=r"√\(2\) \+ √\(3\) is not a Surd"):
        Surd(1, 2) + Surd(1, 3)


def test_sums_distribute() -> None:
    x, y = Surd(1, 1, 18), Surd(-1, 2, 9)
    for z in VALUES:
        assert z * (x + y) == z * x + z * y
        assert sum([z, z, z], Surd(0)) == 3 * z == sum([z, z, z])


# -- order, equality, hash --------------------------------------------------------------------


def test_order_is_that_of_the_numbers() -> None:
    met = 0
    for x, y in product(REAL, repeat=2):
        with mpmath.workdps(60):
            sign = int(mpmath.sign(number(x).real - number(y).real)) if x != y else 0
        assert (x < y, x == y, x > y) == (sign < 0, sign == 0, sign > 0)
        assert (x <= y, x >= y, x != y) == (sign <= 0, sign >= 0, sign != 0)
        met += 1
    assert met == 16**2
    assert sorted(REAL) == sorted(REAL, key=lambda x: number(x).real)
    assert Surd(1, 2) > 1 and 1 < Surd(1, 2) < Fraction(3, 2) and not Surd(1, 2) >= 2


def convergents_of_pi(count: int) -> list[Fraction]:
    """Alternately below and above π, each with an error below the square of its denominator's inverse."""
    with mpmath.workdps(400):
        rest, h, k = +mpmath.pi, (1, 0), (0, 1)
        found = []
        for _ in range(count):
            digit = int(rest)
            h, k = (digit * h[0] + h[1], h[0]), (digit * k[0] + k[1], k[0])
            found.append(Fraction(h[0], k[0]))
            rest = 1 / (rest - digit)
    return found


def test_order_against_powers_of_pi() -> None:
    """The best rational approximations of π and of its powers, up to an error of 10^-150."""
    pi = Surd(1, 1, 1, -2)
    for index, fraction in enumerate(convergents_of_pi(150)):
        above = index % 2 == 1
        for power in (1, 2, 3, -1, -2):
            x = Surd.rational(fraction) ** power
            assert (x > pi**power) == (above == (power > 0))
            assert (-x < -(pi**power)) == (above == (power > 0))
    assert convergents_of_pi(4)[-1] == Fraction(355, 113)


def test_equality_and_hash_with_numbers() -> None:
    for n, d in product(range(-8, 9), range(1, 9)):
        fraction = Fraction(n, d)
        x = Surd((n > 0) - (n < 0), n * n, d * d)
        assert x == fraction == x and hash(x) == hash(fraction)
        assert x == Surd.rational(fraction) and {x: 1}[fraction] == 1
        if d == 1:
            assert x == n and hash(x) == hash(n) and x == np.int64(n)
    for x, y in product(VALUES, repeat=2):
        assert (x == y) == close(number(x), number(y))
        assert x != y or hash(x) == hash(y)
    assert len({*VALUES, *(x * 1 for x in VALUES)}) == len(VALUES)
    assert Surd(1, 2) != "√2" and Surd(1, 2) is not None and (Surd(1, 2) == None) is False  # noqa: E711


def test_lowest_terms_and_one_zero() -> None:
    assert (Surd(1, 6, 4).numerator, Surd(1, 6, 4).denominator, Surd(1, 6, 4).square) == (3, 2, Fraction(3, 2))
    for zero in (Surd(0, 5, 7, 3, 1), Surd(1, 0, 9, 2), Surd(-1, 0), Surd(1, 2) * 0, Surd(1, 2) - Surd(1, 2)):
        assert (zero.sign, zero.numerator, zero.denominator, zero.pi_power, zero.unit) == (0, 0, 1, 0, 0)
        assert not zero and zero == 0 and math.copysign(1, float(zero)) == 1


def test_a_surd_does_not_change() -> None:
    x = Surd(-1, 2, 3, 1, 1)
    for name in ("sign", "numerator", "denominator", "pi_power", "unit", "square", "anything"):
        with pytest.raises(AttributeError):
            setattr(x, name, 1)
    assert copy.copy(x) == copy.deepcopy(x) == pickle.loads(pickle.dumps(x)) == x
    y = x
    y *= 2
    assert x == Surd(-1, 2, 3, 1, 1) != y


# -- rounding ---------------------------------------------------------------------------------


def test_every_3j_symbol_is_rounded_to_nearest(lmax: int) -> None:
    met = 0
    for js in triads(2 * lmax):
        for p, q in product(orders(js[0]), orders(js[1])):
            if abs(p + q) <= js[2]:
                exact = threej(*js, p, q, -p - q)
                assert is_nearest(float(exact), exact)
                assert complex(exact) == float(exact)
                met += 1
    assert met == sum(orders_with_sum(0, *js) for js in triads(2 * lmax))


def test_every_integral_is_rounded_to_nearest(lmax: int) -> None:
    met = 0
    for (l1, m1), (l2, m2) in product(degrees_and_orders(lmax), repeat=2):
        for l3 in range(max(abs(l1 - l2), abs(m1 + m2)), l1 + l2 + 1):
            arguments = (l1, l2, l3, m1, m2, -m1 - m2)
            g, a = gaunt(*arguments), antisymmetric_gaunt(*arguments)
            assert is_nearest(float(g), g)
            assert complex(a).real == 0 and is_nearest(complex(a).imag, Surd(-1, unit=1) * a)
            met += 1
    listed = paths(lmax, lmax, 2 * lmax)
    assert met == sum(orders_with_sum(0, *(2 * x for x in l)) for l in listed)


@pytest.mark.parametrize("exponent", [0, -60, 300, -1000, -1022 - 54, 1023 - 55])
def test_ties_go_to_even_and_a_hair_decides(exponent: int) -> None:
    """Midpoints of neighbouring doubles, and the numbers whose squares differ from theirs by 1 in 10^400."""
    scale, hair = Surd.rational(Fraction(2) ** exponent), 10**400
    for mid in (2**54 + 2, 2**54 + 6, 2**55 - 2, 2**55 - 6):
        down, up = (math.ldexp(x, exponent) for x in (mid - 2, mid + 2))
        even = down if mid % 8 == 2 else up
        below, above = (scale * Surd(1, mid * mid * hair + side, hair) for side in (-1, 1))
        tie = scale * mid
        assert [float(below), float(tie), float(above)] == [down, even, up]
        assert [float(-below), float(-tie), float(-above)] == [-down, -even, -up]
        assert all(is_nearest(float(x), x) for x in (below, tie, above))


def test_pi_is_carried_as_far_as_the_rounding_needs() -> None:
    """Midpoint · √(h/k/π), h/k the convergents of π: down to 10^-150 beside a tie, alternately on either side."""
    mid = 2**54 + 6  # the midpoint of 2^54 + 4 and 2^54 + 8
    met = 0
    for index, fraction in enumerate(convergents_of_pi(150)[20:]):
        h, k = fraction.numerator, fraction.denominator
        assert float(Surd(1, mid**2 * h, k, 1)) == mid + (2 if index % 2 else -2)
        assert float(Surd(1, mid**2 * k, h, -1)) == mid + (-2 if index % 2 else 2)
        met += 1
    assert met == 130


def test_smallest_doubles() -> None:
    """Half the smallest positive double is a tie with 0; everything below is 0."""
    tiny, hair = Surd(1, 1, 4**1075), 10**100
    assert float(tiny) == 0.0 and float(Surd(1, hair + 1, hair) * tiny) == 5e-324
    assert float(Surd(1, hair - 1, hair) * tiny) == 0.0
    assert [float(tiny * n) for n in (1, 2, 3, 5, 6, 7)] == [n * 5e-324 for n in (0, 1, 2, 2, 3, 4)]
    assert float(Surd(1, 1, 10**5000)) == 0.0 and Surd(1, 1, 10**5000) > 0
    assert math.copysign(1, float(Surd(-1, 1, 10**5000))) == -1
    assert float(Surd(1, 1, 10**660, 1)) == 0.0


def test_largest_doubles() -> None:
    largest = int(float.fromhex("0x1.fffffffffffffp+1023"))
    half_step = 2**970
    assert float(Surd.rational(largest)) == largest
    assert float(Surd.rational(largest + half_step - 1)) == largest
    for huge in (Surd.rational(largest + half_step), Surd(1, 10**700), Surd(1, 1, 1, -1250)):
        with pytest.raises(OverflowError):
            float(huge)
    assert float(Surd(1, 10**5000) / Surd(1, 10**4999)) == float(Surd(1, 10))


def test_forbidden_region_at_degree_1000() -> None:
    """3j(1000 1000 2000; m -m 0) falls from 10^-3 through the subnormal doubles to 10^-603."""
    values = [wigner_3j(1000, 1000, 2000, m, -m, 0) for m in range(0, 1001, 4)]
    floats = [float(x) for x in values]
    assert all(values) and all(map(is_nearest, floats, values))
    smallest_normal = 2.0**-1022
    assert floats[0] > 1e-3 and floats[-1] == 0
    assert sum(0 < abs(x) < smallest_normal for x in floats) >= 1
    assert 0 < sum(x == 0 for x in floats) < len(floats) // 2


@pytest.mark.parametrize("pi_power", [-7, -2, -1, 1, 2, 3, 40])
def test_powers_of_pi_are_rounded_to_nearest(pi_power: int) -> None:
    met = 0
    for n, d in product(range(1, 40), range(1, 40)):
        x = Surd(1, n, d, pi_power)
        assert is_nearest(float(x), x)
        met += 1
    assert met == 39**2


# -- other forms ------------------------------------------------------------------------------


def test_to_sympy_is_the_same_number() -> None:
    for x in VALUES:
        expression = x.to_sympy()
        square = (-1 if x.unit else 1) * sympy.Rational(x.numerator, x.denominator) * sympy.pi**-x.pi_power
        assert sympy.expand(expression**2 - square) == 0
        real = expression / sympy.I if x.unit else expression
        assert sympy.sign(real) == x.sign
        with mpmath.workdps(60):
            assert close(mpmath.mpmathify(sympy.N(expression, 60)), number(x))


def test_from_sympy_and_back() -> None:
    """The five numbers can be read off SymPy's square and sign."""
    for x in VALUES:
        expression = x.to_sympy()
        coefficient, rest = sympy.expand(expression**2).as_coeff_Mul()
        power = rest.as_powers_dict()[sympy.pi]
        size = abs(coefficient)
        sign = int(sympy.sign(expression / sympy.I if coefficient < 0 else expression))
        assert Surd(sign, int(size.p), int(size.q), -int(power), int(bool(coefficient < 0))) == x


@pytest.mark.parametrize(
    ("value", "text", "latex"),
    [
        (Surd(0), "0", "0"),
        (Surd(1), "1", "1"),
        (Surd.rational(Fraction(-2, 3)), "-2/3", r"-\frac{2}{3}"),
        (Surd(1, 5, 143), "√(5/143)", r"\sqrt{\frac{5}{143}}"),
        (Surd(1, 1, 4, 1), "√(1/(4π))", r"\sqrt{\frac{1}{4\,\pi}}"),
        (Surd(1, 1, 1, 1), "√(1/π)", r"\sqrt{\frac{1}{\pi}}"),
        (Surd(-1, 5, 14, 1, unit=1), "-i·√(5/(14π))", r"-i\,\sqrt{\frac{5}{14\,\pi}}"),
        (Surd(1, unit=1), "i·1", r"i\,1"),
        (Surd(1, 2, 1, -2), "√(2)·π", r"\sqrt{2}\,\pi"),
        (Surd(1, 1, 4, 2), "1/2·π^-1", r"\frac{1}{2}\,\pi^{-1}"),
        (Surd(1, 3, 1, 3), "√(3/π)·π^-1", r"\sqrt{\frac{3}{\pi}}\,\pi^{-1}"),
    ],
)
def test_text_and_latex(value: Surd, text: str, latex: str) -> None:
    assert repr(value) == str(value) == text
    assert value.latex() == latex
    assert value._repr_latex_() == f"${latex}$"


def test_huge_radicands_are_described() -> None:
    """Python refuses to write integers of more than 4300 digits."""
    huge = Surd(-1, 1, 10**5000, 1)
    assert repr(huge) == "-√(p/q·π^-1) with p of 1 bits, q of 16610 bits"
    assert repr(Surd(1, 10**4200)) == "1" + 2100 * "0"
    with pytest.raises(ValueError, match="is not a Surd"):
        huge + 1


# -- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((2,), ValueError),
        ((1, -1), ValueError),
        ((1, 1, 0), ValueError),
        ((1, 1, -3), ValueError),
        ((1, 1, 1, 0, 2), ValueError),
        ((1.0,), TypeError),
        ((True,), TypeError),
        ((1, 2.5), TypeError),
        ((1, 1, 1, 0.5), TypeError),
        ((1, np.bool_(True)), TypeError),
        ((1, np.float64(3)), TypeError),
        (("1",), TypeError),
        ((None,), TypeError),
    ],
)
def test_what_is_not_a_surd(arguments: tuple[object, ...], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"a Surd (needs|is made of).*got \("):
        Surd(*arguments)  # type: ignore[arg-type]


def test_operations_that_do_not_exist() -> None:
    x, i = Surd(1, 2), Surd(1, unit=1)
    with pytest.raises(TypeError, match="imaginary: use complex"):
        float(i)
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(TypeError, match="imaginary numbers have no order"):
            getattr(i, compare)(i)
        with pytest.raises(TypeError, match=r"cannot be ordered against 0\.5"):
            getattr(x, compare)(0.5)
    for broken in (lambda: x * 0.5, lambda: x + 0.5, lambda: 0.5 - x, lambda: x / "2", lambda: "2" / x, lambda: x**0.5):
        with pytest.raises(TypeError, match=r"unsupported operand|can't multiply"):
            broken()
    for zero in (lambda: x / 0, lambda: 1 / Surd(0), lambda: Surd(0) ** -1, lambda: Surd(0).reciprocal()):
        with pytest.raises(ZeroDivisionError):
            zero()
    for value in (0.5, "1", None, 1j, np.float64(2)):
        with pytest.raises(TypeError, match="a rational number is an integer or Fraction, got"):
            Surd.rational(value)  # type: ignore[arg-type]


def test_numpy_integers_do_not_overflow() -> None:
    big = np.int64(2**62)
    assert Surd.rational(big) == 2**62 and Surd(1, 2) * big == Surd(1, 2**125)


# -- SymPy, mpmath, formats, other numbers ----------------------------------------------------


def test_sympy_takes_a_surd_exactly() -> None:
    """On either side of every operation, π and i included; a float would have been the answer before."""
    root, met = sympy.sqrt(3) + sympy.pi * sympy.I, 0
    for x in VALUES:
        expression = x.to_sympy()
        assert sympy.sympify(x) == expression and sympy.sympify(x, strict=True) == expression
        for got, wanted in (
            (root * x, root * expression),
            (x * root, expression * root),
            (root + x, root + expression),
            (x + root, expression + root),
            (root - x, root - expression),
            (x - root, expression - root),
            (x / root, expression / root),
            (x ** sympy.Integer(2), expression**2),
            (sympy.Rational(1, 3) * x, expression / 3),
            (x * sympy.Rational(1, 3), expression / 3),
        ):
            assert got == wanted and not got.atoms(sympy.Float), (x, got)
            met += 1
        if x:
            assert root / x == root / expression
    assert met == 310
    assert sympy.simplify(sympy.sqrt(2) * Surd(1, 2)) == 2
    assert sympy.Matrix([[Surd(1, 2), 0], [0, Surd(1, 3)]]).det() == sympy.sqrt(6)


def test_comparisons_with_sympy_are_exact_and_symmetric() -> None:
    for x in VALUES:
        expression = x.to_sympy()
        assert x == expression and expression == x
        assert x != expression + 1 and expression + 1 != x
    assert Surd(1, 2) < sympy.sqrt(3) and sympy.sqrt(3) > Surd(1, 2) >= sympy.sqrt(2)
    assert Surd(1, 1, 1, -2) <= sympy.pi and Surd(1, 1, 1, -2) > sympy.Rational(333, 106)


@pytest.mark.parametrize("rounding", ["n", "f", "c", "d", "u"])
@pytest.mark.parametrize("bits", [1, 2, 10, 53, 200])
def test_mpmath_rounds_a_surd_correctly(bits: int, rounding: str) -> None:
    met = 0
    for x in [*VALUES, *(Surd.rational(Fraction(n, 8)) for n in range(-40, 41))]:
        with mpmath.workprec(600):
            exact = number(x).imag if x.unit else number(x).real
            size = abs(x)
            root = mpmath.sqrt(mpmath.mpf(size.numerator) / size.denominator) * mpmath.pi ** (
                -mpmath.mpf(x.pi_power) / 2
            )
            exact = x.sign * root
            wanted = mpmath.mpf(exact)
        got = x._mpmath_(bits, rounding)
        part = got.imag if x.unit else got
        assert not x.unit or got.real == 0
        assert part._mpf_ == mpmath.libmp.mpf_pos(wanted._mpf_, bits, rounding), (x, bits, rounding)
        met += 1
    assert met == 31 + 81


def test_mpmath_converts_at_the_working_precision() -> None:
    for digits in (10, 15, 50, 300):
        with mpmath.workdps(digits):
            x = Surd(1, 2, 1, 1)
            wanted = mpmath.sqrt(2 / mpmath.pi)
            assert abs(mpmath.mpf(x) - wanted) <= 2 * mpmath.eps * wanted
            for one in (mpmath.mpf(x), mpmath.mpmathify(x), +mpmath.mpf(x)):
                assert one == mpmath.mpf(x)
            assert mpmath.mpf(3) * x == x * mpmath.mpf(3) == 3 * mpmath.mpf(x)
            assert mpmath.mpf(3) - x == -(x - mpmath.mpf(3))
            assert mpmath.mpf(3) / x == mpmath.mpf(3) / mpmath.mpf(x) and x / mpmath.mpf(3) == mpmath.mpf(x) / 3
            assert mpmath.mpc(0, 1) * Surd(1, 2, unit=1) == -mpmath.mpf(Surd(1, 2))
            assert x < mpmath.mpf(1) < Surd(1, 2) and mpmath.mpf(1) > x and Surd(1, 2) >= mpmath.mpf(1)
            assert Surd(1, 1, 4) == mpmath.mpf(0.5) and mpmath.mpf(0.5) == Surd(1, 1, 4) != mpmath.mpf(0.25)
    with pytest.raises(TypeError, match="cannot create mpf"):
        mpmath.mpf(Surd(1, 2, unit=1))


def test_numbers_that_round_are_refused() -> None:
    """float, complex and NumPy's floats have no exact product with a Surd; integers of every type have."""
    x = Surd(1, 2)
    for other in (0.5, 1j, np.float64(0.5), np.float32(0.5), np.longdouble(0.5), np.complex128(1j)):
        for broken in (lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a / b, lambda a, b: a - b):
            for pair in ((x, other), (other, x)):
                with pytest.raises(TypeError, match="unsupported operand"):
                    broken(*pair)
        assert x != other and other != x
    for two in (2, Fraction(2), np.int64(2), np.uint8(2)):
        assert two * x == x * two == Surd(1, 8) and type(two * x) is Surd
        assert two / x == x and x / two == Surd(1, 1, 2) and two + Surd(1, 4) == 4 == Surd(1, 4) + two
        assert two == Surd(1, 4) == two and hash(Surd(1, 4)) == hash(two) and x < two and two > x


def test_formats_are_those_of_floats() -> None:
    """Python formats a double exactly; so does a Surd of the same value."""
    numbers = [
        0.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        0.125,
        9.9996,
        -9.9996,
        99999.5,
        1e-5,
        1.25e-4,
        5e-324,
        1e22,
        123456789.0,
        1 / 3,
    ]
    widths, precisions = ("", "12", "<12", "*^15", "012", "+", " 9", "=+14"), ("", ".0", ".1", ".4", ".25")
    met = 0
    for value, width, precision, kind in product(numbers, widths, precisions, "eEfFgG"):
        spec = width + precision + kind
        assert format(Surd.rational(Fraction(value)), spec) == format(value, spec), (value, spec)
        met += 1
    assert met == 15 * 240
    for value, precision in product(numbers, precisions):  # Python rounds 100·value before it formats it
        hundred = Surd.rational(100 * Fraction(value))
        assert format(Surd.rational(Fraction(value)), precision + "%") == format(hundred, precision + "f") + "%"


def test_decimals_are_right_to_the_last_digit() -> None:
    met = 0
    for x in REAL:
        for digits in (1, 5, 30, 120):
            with mpmath.workdps(400):
                size = mpmath.sqrt(mpmath.mpf(x.numerator) / x.denominator) * mpmath.pi ** (-mpmath.mpf(x.pi_power) / 2)
                whole = int(mpmath.nint(size * mpmath.mpf(10) ** digits))
            text = str(whole).zfill(digits + 1)
            sign = "-" if x.sign < 0 else ""
            assert f"{x:.{digits}f}" == f"{sign}{text[:-digits]}.{text[-digits:]}"
            mantissa, exponent = f"{x:.{digits}e}".split("e")
            with mpmath.workdps(400):
                scaled = x.sign * size / mpmath.mpf(10) ** int(exponent)
                assert abs(mpmath.mpf(mantissa) - scaled) <= mpmath.mpf(10) ** -digits / 2
            met += 1
    assert met == 64
    pi, below = Surd(1, 1, 1, -2), convergents_of_pi(60)[-2]
    assert f"{pi:.50f}" == "3.14159265358979323846264338327950288419716939937511"
    assert f"{Surd.rational(Fraction(5, 2) / below) * pi:.0f}" == "3"  # a hair above a tie, which would go to 2
    assert f"{Surd(1, 1, 10**9000):.3e}" == "1.000e-4500" and f"{Surd(1, 10**9000, 1, 1):.4g}" == "5.642e+4499"


def test_what_is_no_format() -> None:
    x = Surd(1, 2)
    assert f"{x}" == f"{x:}" == "√(2)" and f"{x:>6}|{x:^7}|" == "  √(2)| √(2)  |"
    for spec in (",.3f", "_f", ".-1f", "#g", "zf", "nf"):
        with pytest.raises(ValueError, match=r"^a Surd is formatted by \[\[fill\]align\]"):
            format(x, spec)
    for value, spec in ((x, ".4001f"), (x, ".5000g"), (Surd(1, 10**9000), ".1f")):
        with pytest.raises(
            ValueError, match=r"^a Surd is written with up to 4000 digits, got a format that needs \d+$"
        ):
            format(value, spec)
    with pytest.raises(TypeError, match=r"^i·√\(2\) is imaginary: format complex\(\) of it$"):
        format(Surd(1, 2, unit=1), ".3f")


def test_latex_of_a_number_too_long_to_write() -> None:
    """A notebook falls back to the text; before, it showed a traceback about int_max_str_digits."""
    huge = Surd(1, 10**5000)
    assert huge._repr_latex_() is None
    with pytest.raises(ValueError, match=r"is too long to be written$"):
        huge.latex()


def test_a_surd_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import sys; from coupling.exact import Surd; f'{Surd(1, 2):.30f}'; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "coupling.exact.surd" in loaded and not {"sympy", "mpmath", "numpy.linalg"} & set(loaded) - {"numpy.linalg"}

/*
 * Coupling coefficients of degrees 0 to 20 in one file of C99: no dependencies but math.h, no tables to read, no state.
 *
 *   coupling_wigner_3j          coupling_clebsch_gordan         complex basis, all J = l1 + l2 + l3
 *   coupling_gaunt              integral Y1 Y2 Y3               J even
 *   coupling_antisymmetric_gaunt   integral Y1 r.(grad Y2 x grad Y3)  J odd; i times what is returned in the complex basis
 *   coupling_real_...           the same in real harmonics; the real 3j is the core that wigner_3j of e3nn is
 *   coupling_wigner_3j_doubled, coupling_clebsch_gordan_doubled   half-integers: twice each degree and each order
 *   coupling_block              all of a path, [2 l1 + 1][2 l2 + 1][2 l3 + 1], by one of the functions above
 *   coupling_symbols_differ     how many of @SAMPLES@ sample values, computed exactly by the generator, are not met: 0
 *
 * Degrees first, then orders, each int.  A value is the double nearest to the exact number: it is the root of a
 * fraction, divided by pi in the integrals, and integers decide to which double it is nearest.  Neither the rounding
 * mode nor options of the compiler change it.  0 is returned where a rule makes the coefficient vanish, NaN for a degree
 * or order that does not exist (negative, above 20, |m| > l, half-integers of the wrong kind).
 *
 * Conventions: Y with the phase of Condon and Shortley; R real, without it, m < 0 the sine, degree 1 is (y, z, x);
 * 3j of Edmonds 3.7.3; <l1 m1 l2 m2|l3 m3> = (-1)^(l1-l2+m3) sqrt(2 l3 + 1) 3j(l1 l2 l3; m1 m2 -m3).
 *
 * Written by coupling @VERSION@ (`coupling symbols`).
 *
 * BSD 3-Clause License
 *
 * Copyright (c) 2026, the coupling authors
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 *
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the documentation
 *    and/or other materials provided with the distribution.
 *
 * 3. Neither the name of the copyright holder nor the names of its
 *    contributors may be used to endorse or promote products derived from
 *    this software without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
 * AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
 * IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
#ifndef COUPLING_SYMBOLS_H
#define COUPLING_SYMBOLS_H

#include <math.h>
#include <stdint.h>

#if defined(__GNUC__)
#define COUPLING_INLINE static inline __attribute__((unused))
#else
#define COUPLING_INLINE static inline
#endif

#define COUPLING_LMAX @LMAX@
#define COUPLING_PRIMES @PRIMES@
#define COUPLING_LIMBS @LIMBS@

static const uint8_t coupling_prime_[COUPLING_PRIMES] = {@PRIME_LIST@};

/* [n][k]: how often the k-th prime divides n! */
static const uint8_t coupling_factorial_[@FACTORIALS@][COUPLING_PRIMES] = {
@FACTORIAL_ROWS@
};

/* binom(n, k) at n (n + 1) / 2 + k */
static const uint64_t coupling_binomial_[@BINOMIALS@] = {
@BINOMIAL_ROWS@
};

/* the whole part of 2^@PI_BITS@ pi, its lowest digits first */
static const uint32_t coupling_pi_[@PI_LIMBS@] = {@PI@};

/* -- natural numbers: digits of 32 bits, lowest first; more than COUPLING_LIMBS of them are marked by size -1 -- */

typedef struct {
    int size;
    uint32_t digit[COUPLING_LIMBS];
} coupling_natural_;

COUPLING_INLINE void coupling_set_(coupling_natural_ *n, uint64_t value)
{
    n->digit[0] = (uint32_t)value;
    n->digit[1] = (uint32_t)(value >> 32);
    n->size = n->digit[1] ? 2 : n->digit[0] ? 1 : 0;
}

COUPLING_INLINE void coupling_scale_(coupling_natural_ *n, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < n->size; i++) {
        carry += (uint64_t)n->digit[i] * factor;
        n->digit[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) {
        if (n->size == COUPLING_LIMBS)
            n->size = -1;
        else
            n->digit[n->size++] = (uint32_t)carry;
    }
}

COUPLING_INLINE void coupling_multiply_(coupling_natural_ *n, const uint32_t *digit, int size)
{
    coupling_natural_ product;
    if (n->size < 0 || size < 0 || n->size + size > COUPLING_LIMBS) {
        n->size = -1;
        return;
    }
    product.size = n->size + size;
    for (int i = 0; i < product.size; i++)
        product.digit[i] = 0;
    for (int i = 0; i < n->size; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < size; k++) {
            carry += (uint64_t)n->digit[i] * digit[k] + product.digit[i + k];
            product.digit[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        product.digit[i + size] = (uint32_t)carry;
    }
    while (product.size && !product.digit[product.size - 1])
        product.size--;
    *n = product;
}

COUPLING_INLINE void coupling_shift_(coupling_natural_ *n, int bits)
{
    int whole = bits / 32;
    coupling_scale_(n, (uint32_t)1 << (bits % 32));
    if (n->size <= 0 || n->size + whole > COUPLING_LIMBS) {
        n->size = n->size ? -1 : 0;
        return;
    }
    for (int i = n->size - 1; i >= 0; i--)
        n->digit[i + whole] = n->digit[i];
    for (int i = 0; i < whole; i++)
        n->digit[i] = 0;
    n->size += whole;
}

COUPLING_INLINE int coupling_compare_(const coupling_natural_ *n, const coupling_natural_ *m)
{
    if (n->size != m->size)
        return n->size > m->size ? 1 : -1;
    for (int i = n->size - 1; i >= 0; i--)
        if (n->digit[i] != m->digit[i])
            return n->digit[i] > m->digit[i] ? 1 : -1;
    return 0;
}

COUPLING_INLINE double coupling_nearly_(const coupling_natural_ *n)
{
    double value = 0;
    for (int i = n->size - 1; i >= 0 && i >= n->size - 3; i--)
        value += ldexp((double)n->digit[i], 32 * i);
    return value;
}

/* -- the square of a coefficient: sum^2 times powers of primes, over pi or not -- */

typedef struct {
    int sign;
    int over_pi;
    uint64_t factor[3]; /* whole numbers, the squares of which are factors */
    int power[COUPLING_PRIMES];
} coupling_square_;

COUPLING_INLINE void coupling_factorial_power_(coupling_square_ *square, int n, int power)
{
    for (int k = 0; k < COUPLING_PRIMES; k++)
        square->power[k] += power * coupling_factorial_[n][k];
}

COUPLING_INLINE void coupling_whole_power_(coupling_square_ *square, int n, int power)
{
    coupling_factorial_power_(square, n, power);
    coupling_factorial_power_(square, n - 1, -power);
}

/* Compare odd^2 D with 4 N 2^(2 shift), or odd^2 D pi where over_pi says so: 1, 0, -1.  Pi lies between two neighbouring
   fractions; where they give two answers, or a number is too long, the answer is 2. */
COUPLING_INLINE int coupling_against_(
    uint64_t odd, const coupling_natural_ *numerator, const coupling_natural_ *denominator, int over_pi, int shift)
{
    uint32_t pi[@PI_LIMBS@];
    coupling_natural_ left, right = *numerator;
    int answer[2];
    for (int upper = 0; upper < 2; upper++) {
        uint32_t root[2];
        root[0] = (uint32_t)odd;
        root[1] = (uint32_t)(odd >> 32);
        left = *denominator;
        coupling_multiply_(&left, root, 2);
        coupling_multiply_(&left, root, 2);
        if (over_pi) {
            for (int i = 0; i < @PI_LIMBS@; i++)
                pi[i] = coupling_pi_[i];
            pi[0] += (uint32_t)upper; /* the last digit of pi is below 2^32 - 1 */
            coupling_multiply_(&left, pi, @PI_LIMBS@);
        }
        if (!upper) {
            coupling_shift_(&right, 2 + 2 * shift + (over_pi ? @PI_BITS@ : 0));
        }
        if (left.size < 0 || right.size < 0)
            return 2;
        answer[upper] = coupling_compare_(&left, &right);
        if (!over_pi)
            return answer[0];
    }
    return answer[0] == answer[1] ? answer[0] : 2;
}

/* The double nearest to the root of a square: a root in floating point, put right by whole numbers. */
COUPLING_INLINE double coupling_root_(const coupling_square_ *square)
{
    coupling_natural_ numerator, denominator;
    int exponent, moved = 1;
    double guess;
    uint64_t r;
    if (!square->sign)
        return 0;
    coupling_set_(&numerator, 1);
    coupling_set_(&denominator, 1);
    for (int i = 0; i < 3; i++) {
        coupling_natural_ whole;
        coupling_set_(&whole, square->factor[i]);
        coupling_multiply_(&numerator, whole.digit, whole.size);
        coupling_multiply_(&numerator, whole.digit, whole.size);
    }
    for (int k = 0; k < COUPLING_PRIMES; k++) {
        for (int n = 0; n < square->power[k]; n++)
            coupling_scale_(&numerator, coupling_prime_[k]);
        for (int n = 0; n > square->power[k]; n--)
            coupling_scale_(&denominator, coupling_prime_[k]);
    }
    if (numerator.size < 0 || denominator.size < 0)
        return NAN;
    guess = sqrt(coupling_nearly_(&numerator) / coupling_nearly_(&denominator) / (square->over_pi ? 3.141592653589793 : 1.0));
    r = (uint64_t)ldexp(frexp(guess, &exponent), 53);
    while (moved) {
        int up, down;
        if (r >> 53)
            r >>= 1, exponent++;
        if (!(r >> 52))
            r <<= 1, exponent--;
        /* upwards while (2 r + 1) / 2 is below the root, downwards while (2 r - 1) / 2 is above it; ties to even */
        up = coupling_against_(2 * r + 1, &numerator, &denominator, square->over_pi, 53 - exponent);
        if (r == (uint64_t)1 << 52) /* below a power of two doubles are twice as dense */
            down = coupling_against_(4 * r - 1, &numerator, &denominator, square->over_pi, 54 - exponent);
        else
            down = coupling_against_(2 * r - 1, &numerator, &denominator, square->over_pi, 53 - exponent);
        if (up == 2 || down == 2)
            return NAN;
        moved = up < 0 || (!up && r & 1) ? 1 : down > 0 || (!down && r & 1) ? -1 : 0;
        r = moved < 0 ? r - 1 : r + (uint64_t)moved;
    }
    return ldexp((double)r, exponent - 53) * square->sign;
}

/* -- degrees, orders, and the square of a 3j symbol; everything doubled -- */

COUPLING_INLINE int coupling_exists_(const int *l, const int *m)
{
    for (int i = 0; i < 3; i++)
        if (l[i] < 0 || l[i] > 2 * COUPLING_LMAX || m[i] < -l[i] || m[i] > l[i] || (l[i] + m[i]) % 2)
            return 0;
    return 1;
}

COUPLING_INLINE uint64_t coupling_choose_(int n, int k)
{
    return k < 0 || k > n ? 0 : coupling_binomial_[n * (n + 1) / 2 + k];
}

/* 3j^2 = S^2 prod (l +- m)! / ((J + 1)! a! b! c!), S = sum_k (-1)^k binom(a, k) binom(b, ...) binom(c, ...); Racah. */
COUPLING_INLINE coupling_square_ coupling_3j_(const int *l, const int *m)
{
    coupling_square_ square = {0, 0, {1, 1, 1}, {0}};
    int total = l[0] + l[1] + l[2], a, b, c;
    int64_t sum = 0;
    if (total % 2 || m[0] + m[1] + m[2])
        return square;
    total /= 2;
    a = total - l[2], b = total - l[1], c = total - l[0];
    if (a < 0 || b < 0 || c < 0)
        return square;
    for (int k = 0; k <= a; k++) {
        uint64_t term = coupling_choose_(a, k) * coupling_choose_(b, (l[0] - m[0]) / 2 - k)
            * coupling_choose_(c, (l[1] + m[1]) / 2 - k);
        sum += k % 2 ? -(int64_t)term : (int64_t)term;
    }
    if (!sum)
        return square;
    square.sign = (sum > 0) == !((l[0] - l[1] - m[2]) / 2 % 2) ? 1 : -1;
    square.factor[0] = (uint64_t)(sum > 0 ? sum : -sum);
    for (int i = 0; i < 3; i++) {
        coupling_factorial_power_(&square, (l[i] + m[i]) / 2, 1);
        coupling_factorial_power_(&square, (l[i] - m[i]) / 2, 1);
    }
    coupling_factorial_power_(&square, total + 1, -1);
    coupling_factorial_power_(&square, a, -1);
    coupling_factorial_power_(&square, b, -1);
    coupling_factorial_power_(&square, c, -1);
    return square;
}

/* sqrt(P / 4 pi) 3j(0 0 0) for even J, sqrt(P / 4 pi) K for odd J:
   K = 2 (-1)^(g+1) Delta (g+1)! / prod (g - l)!, 3j(0 0 0) = (-1)^g Delta g! / prod (g - l)!, g the whole part of J/2 */
COUPLING_INLINE void coupling_integral_(coupling_square_ *square, const int *l)
{
    int total = (l[0] + l[1] + l[2]) / 2, g = total / 2, odd = total % 2;
    int x = g - l[0] / 2, y = g - l[1] / 2, z = g - l[2] / 2;
    if (!square->sign)
        return;
    /* (g + odd)! / (x! y! z!), a power of primes */
    coupling_factorial_power_(square, g + odd, 2);
    coupling_factorial_power_(square, x, -2);
    coupling_factorial_power_(square, y, -2);
    coupling_factorial_power_(square, z, -2);
    coupling_factorial_power_(square, total + 1, -1);
    for (int i = 0; i < 3; i++) {
        coupling_factorial_power_(square, total - l[i], 1);
        coupling_whole_power_(square, l[i] + 1, 1);
    }
    square->power[0] += odd ? 0 : -2; /* 2^2 / 4 or 1 / 4 */
    square->over_pi = 1;
    if ((g + odd) % 2)
        square->sign = -square->sign;
}

/* The real core is one 3j of balanced orders, times a sign, and divided by sqrt(2) unless an order is 0. */
COUPLING_INLINE coupling_square_ coupling_core_(const int *l, const int *m)
{
    coupling_square_ nothing = {0, 0, {1, 1, 1}, {0}}, square;
    int size[3], balanced[3], largest = 0, power = -(l[0] + l[1] + l[2]) / 2, negative = 0;
    for (int i = 0; i < 3; i++) {
        size[i] = m[i] < 0 ? -m[i] : m[i];
        largest = size[i] > size[largest] ? i : largest;
        negative += m[i] < 0;
    }
    if (2 * size[largest] != size[0] + size[1] + size[2] || (negative + (l[0] + l[1] + l[2]) / 2) % 2)
        return nothing;
    for (int i = 0; i < 3; i++) {
        balanced[i] = i == largest ? size[i] : -size[i];
        power += balanced[i] > 0 ? m[i] : 0; /* 2 m, m not doubled */
        power += m[i] < 0 ? (balanced[i] < 0 ? 1 : -1) : 0;
    }
    square = coupling_3j_(l, balanced);
    if (m[0] && m[1] && m[2])
        square.power[0] -= 1;
    if (((power % 4) + 4) % 4 == 2)
        square.sign = -square.sign;
    return square;
}

/* -- the functions -- */

typedef double (*coupling_symbol)(int l1, int l2, int l3, int m1, int m2, int m3);

COUPLING_INLINE double coupling_wigner_3j_doubled(int l1, int l2, int l3, int m1, int m2, int m3)
{
    int l[3] = {l1, l2, l3}, m[3] = {m1, m2, m3};
    coupling_square_ square;
    if (!coupling_exists_(l, m))
        return NAN;
    square = coupling_3j_(l, m);
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_clebsch_gordan_doubled(int l1, int l2, int l3, int m1, int m2, int m3)
{
    int l[3] = {l1, l2, l3}, m[3] = {m1, m2, -m3};
    coupling_square_ square;
    if (!coupling_exists_(l, m))
        return NAN;
    square = coupling_3j_(l, m);
    if (square.sign && (l1 - l2 + m3) / 2 % 2)
        square.sign = -square.sign;
    coupling_whole_power_(&square, l3 + 1, 1);
    return coupling_root_(&square);
}

#define COUPLING_DOUBLED_(name)                                                                                        \
    int l[3], m[3];                                                                                                    \
    coupling_square_ square;                                                                                           \
    l[0] = coupling_doubled_(l1), l[1] = coupling_doubled_(l2), l[2] = coupling_doubled_(l3);                           \
    m[0] = coupling_doubled_(m1), m[1] = coupling_doubled_(m2), m[2] = coupling_doubled_(m3);                           \
    if (!coupling_exists_(l, m))                                                                                       \
        return NAN;                                                                                                    \
    square = name(l, m)

/* Twice a whole number; what is out of range stays so. */
COUPLING_INLINE int coupling_doubled_(int n)
{
    return n > COUPLING_LMAX || n < -COUPLING_LMAX ? 4 * COUPLING_LMAX + 1 : 2 * n;
}

COUPLING_INLINE double coupling_wigner_3j(int l1, int l2, int l3, int m1, int m2, int m3)
{
    COUPLING_DOUBLED_(coupling_3j_);
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_clebsch_gordan(int l1, int l2, int l3, int m1, int m2, int m3)
{
    return coupling_clebsch_gordan_doubled(
        coupling_doubled_(l1), coupling_doubled_(l2), coupling_doubled_(l3),
        coupling_doubled_(m1), coupling_doubled_(m2), coupling_doubled_(m3));
}

COUPLING_INLINE double coupling_gaunt(int l1, int l2, int l3, int m1, int m2, int m3)
{
    COUPLING_DOUBLED_(coupling_3j_);
    if ((l1 + l2 + l3) % 2)
        return 0;
    coupling_integral_(&square, l);
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_antisymmetric_gaunt(int l1, int l2, int l3, int m1, int m2, int m3)
{
    COUPLING_DOUBLED_(coupling_3j_);
    if ((l1 + l2 + l3) % 2 == 0)
        return 0;
    coupling_integral_(&square, l);
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_real_wigner_3j(int l1, int l2, int l3, int m1, int m2, int m3)
{
    COUPLING_DOUBLED_(coupling_core_);
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_real_clebsch_gordan(int l1, int l2, int l3, int m1, int m2, int m3)
{
    COUPLING_DOUBLED_(coupling_core_);
    coupling_whole_power_(&square, 2 * l3 + 1, 1);
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_real_gaunt(int l1, int l2, int l3, int m1, int m2, int m3)
{
    int sign;
    COUPLING_DOUBLED_(coupling_core_);
    if ((l1 + l2 + l3) % 2)
        return 0;
    sign = square.sign;
    coupling_integral_(&square, l);
    square.sign = square.sign ? sign : 0;
    return coupling_root_(&square);
}

COUPLING_INLINE double coupling_real_antisymmetric_gaunt(int l1, int l2, int l3, int m1, int m2, int m3)
{
    int sign;
    COUPLING_DOUBLED_(coupling_core_);
    if ((l1 + l2 + l3) % 2 == 0)
        return 0;
    sign = square.sign;
    coupling_integral_(&square, l);
    square.sign = square.sign ? sign : 0;
    return coupling_root_(&square);
}

/* Write all coefficients of a path, orders from -l to l, to block [2 l1 + 1][2 l2 + 1][2 l3 + 1]. */
COUPLING_INLINE void coupling_block(coupling_symbol symbol, int l1, int l2, int l3, double *block)
{
    for (int m1 = -l1; m1 <= l1; m1++)
        for (int m2 = -l2; m2 <= l2; m2++)
            for (int m3 = -l3; m3 <= l3; m3++)
                *block++ = symbol(l1, l2, l3, m1, m2, m3);
}

COUPLING_INLINE int coupling_symbols_differ(void)
{
    static const struct {
        coupling_symbol symbol;
        int l[3], m[3];
        double value;
    } sample[@SAMPLES@] = {
@SAMPLE_ROWS@
    };
    int differ = 0;
    for (int i = 0; i < @SAMPLES@; i++) {
        const int *l = sample[i].l, *m = sample[i].m;
        double value = sample[i].symbol(l[0], l[1], l[2], m[0], m[1], m[2]);
        differ += !(value == sample[i].value);
    }
    return differ;
}

#undef COUPLING_DOUBLED_
#undef COUPLING_INLINE
#endif

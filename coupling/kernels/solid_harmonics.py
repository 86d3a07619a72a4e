"""Real harmonics of vectors with their derivatives, block of lanes by block of lanes, without trigonometric functions.

Solid harmonics S_lm(v) = |v|^l R_lm(v/|v|) are polynomials.  With p_lm(z, |v|²) and (x+iy)^m = c_m + i s_m,

    S_lm = p_lm c_m,    S_{l,-m} = p_lm s_m        (m >= 0)
    p_mm = N_m,    p_lm = A_lm z p_{l-1,m} - B_lm |v|² p_{l-2,m}

and the derivatives are solid harmonics of the degree below, S_{l-1,k} = 0 for |k| >= l,

    ∂z S_{l,±m} = D_lm S_{l-1,±m}
    ∂x S_{l,±m} = E_lm S_{l-1,±(m-1)} - F_lm S_{l-1,±(m+1)}
    ∂y S_{l,±m} = ∓ [E_lm S_{l-1,∓(m-1)} + F_lm S_{l-1,∓(m+1)}]

with S_l,-0 = 0 and, for m = 0, ∂x S_l0 = -F_l0 S_{l-1,1}, ∂y S_l0 = -F_l0 S_{l-1,-1}.  Second derivatives are the same
map once more.  Functions of the direction alone, R_lm(v/|v|), have the derivatives of S with the radial part removed.

**To use this in a kernel of your own** (numba): put up to ``w = lane_count(memory)`` vectors into lanes with
:func:`place`, all w lanes filled, and call :func:`evaluate_harmonics`.  ``memory`` is ``lanes.flat`` of
``space_needed(lmax, derivatives) * lanes.width(dtype)`` numbers, ``tables`` ``lanes.flat`` of
:func:`coupling.sphere.solid.solid_tables`, both of the dtype of the vectors.  Row ``VALUES + k`` of memory, the w
numbers from ``(VALUES + k) * w`` on, then holds harmonic k (flat index l²+l+m) of each vector, and row
``VALUES + (1 + i) * (lmax + 1)**2 + k`` its derivative in component i.  ``harmonics_of_vectors`` below does this.

Domain: every lmax whose rows fit in memory; all places are 64-bit integers inside an array; nothing is checked.
"""

from __future__ import annotations

import math

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import WIDTH_BYTES, add, flat, fma, lane_count, load, move, mul, part, store, sub, zero

#: Rows of the memory of a block: coordinates, |v|², 1/|v| of the given vectors, then the harmonics.
X, Y, Z, SQUARE, INVERSE, VALUES = range(6)

#: Rows of the tables, one number for each (l, m >= 0) at l(l+1)/2 + m; A holds N_m at l = m.
A, B, D, E, F = range(5)

#: The smallest normal numbers in float64, of which DOUBLES fill the lanes, and in float32.
SMALLEST, SMALLEST_SINGLE, DOUBLES = 2.0**-1022, 2.0**-126, WIDTH_BYTES // 8


def space_needed(lmax, derivatives):
    """Return the number of rows of lanes for harmonics with 0, 1 or 2 derivatives.

    >>> space_needed(1, 0), space_needed(1, 1), space_needed(1, 2)
    (9, 21, 57)
    """
    return VALUES + (lmax + 1) ** 2 * (1, 4, 13)[derivatives]


@part
def place(memory, lane, x, y, z):
    """Put a vector in a lane."""
    w = lane_count(memory)
    memory[X * w + lane], memory[Y * w + lane], memory[Z * w + lane] = x, y, z


@part
def normalize(memory):
    """Divide the vectors by their lengths; those below the smallest normal number become 0, with 1/|v| = 0.

    A loop over lanes without a branch, which the compiler vectorises, in the type of memory.
    """
    w = lane_count(memory)
    memory[SQUARE * w] = SMALLEST if w == DOUBLES else SMALLEST_SINGLE
    smallest = memory[SQUARE * w]
    memory[SQUARE * w] = 1
    one = memory[SQUARE * w]
    for lane in range(w):
        x, y, z = memory[X * w + lane], memory[Y * w + lane], memory[Z * w + lane]
        largest = max(max(abs(x), abs(y)), abs(z))
        known = largest >= smallest
        inverse = one / (largest if known else one)
        x, y, z = x * inverse, y * inverse, z * inverse
        over_length = one / math.sqrt(x * x + y * y + z * z if known else one)
        over_length = over_length if known else one - one
        memory[X * w + lane], memory[Y * w + lane] = x * over_length, y * over_length
        memory[Z * w + lane], memory[INVERSE * w + lane] = z * over_length, over_length * inverse


@part
def evaluate_harmonics(memory, tables, lmax, derivatives, spherical):
    """Write the harmonics of the vectors in the lanes of memory, and their derivatives after them."""
    if spherical:
        normalize(memory)
    size = (lmax + 1) ** 2
    values, gradient = VALUES, VALUES + size
    solid(memory, tables, lmax)
    if derivatives > 0:
        differentiate(memory, tables, lmax, values, gradient, size)
    if derivatives > 1:
        for i in range(3):
            hessian = gradient + (3 + 3 * i) * size
            differentiate(memory, tables, lmax, gradient + i * size, hessian, size)
            if spherical:
                direct(memory, lmax, values, gradient, hessian, size, i)
    if derivatives > 0 and spherical:
        project(memory, lmax, values, gradient, size)


@part
def solid(memory, tables, lmax):
    """Write the solid harmonics, order by order."""
    w, count = lane_count(memory), (lmax + 1) * (lmax + 2) // 2
    x, y, z = load(memory, X * w), load(memory, Y * w), load(memory, Z * w)
    square = fma(x, x, fma(y, y, mul(z, z)))
    store(memory, SQUARE * w, square)
    cosine, sine = zero(memory), zero(memory)
    for m in range(lmax + 1):
        if m == 1:
            cosine, sine = x, y
        elif m > 1:
            cosine, sine = sub(mul(cosine, x), mul(sine, y)), fma(cosine, y, mul(sine, x))
        before, p = zero(memory), add(tables[m * (m + 1) // 2 + m], zero(memory))
        _both(memory, m, m, p, cosine, sine)
        for l in range(m + 1, lmax + 1):
            k = l * (l + 1) // 2 + m
            lower = mul(mul(tables[B * count + k], square), before)
            before, p = p, sub(mul(mul(tables[A * count + k], z), p), lower)
            _both(memory, l, m, p, cosine, sine)


@part
def _both(memory, l, m, p, cosine, sine):
    w = lane_count(memory)
    middle = VALUES + l * l + l
    if m == 0:
        store(memory, middle * w, p)
    else:
        store(memory, (middle + m) * w, mul(p, cosine))
        store(memory, (middle - m) * w, mul(p, sine))


@part
def differentiate(memory, tables, lmax, source, target, size):
    """Write the derivatives in x, y and z of the rows from source on, which are S or derivatives of S."""
    w, count = lane_count(memory), (lmax + 1) * (lmax + 2) // 2
    d, e, f = move(tables, D * count), move(tables, E * count), move(tables, F * count)
    nothing = zero(memory)
    for l in range(lmax + 1):
        below, here = source + l * l - l, target + l * l + l  # the rows of S_{l-1,0} and of ∂x S_l0
        for m in range(l + 1):
            k = l * (l + 1) // 2 + m
            cosine_x, sine_x, cosine_y, sine_y, cosine_z, sine_z = nothing, nothing, nothing, nothing, nothing, nothing
            if m < l:
                cosine_z = mul(d[k], load(memory, (below + m) * w))
                sine_z = mul(d[k], load(memory, (below - m) * w))
            if m > 0:
                cosine_x = mul(e[k], load(memory, (below + m - 1) * w))
                sine_y = cosine_x
            if m > 1:
                sine_x = mul(e[k], load(memory, (below - m + 1) * w))
                cosine_y = sub(nothing, sine_x)
            if m + 1 < l:
                upper = mul(f[k], load(memory, (below + m + 1) * w))
                lower = mul(f[k], load(memory, (below - m - 1) * w))
                cosine_x, sine_x = sub(cosine_x, upper), sub(sine_x, lower)
                cosine_y, sine_y = sub(cosine_y, lower), add(sine_y, upper)
            store(memory, (here + m) * w, cosine_x)
            store(memory, (here + m + size) * w, cosine_y)
            store(memory, (here + m + 2 * size) * w, cosine_z)
            if m > 0:
                store(memory, (here - m) * w, sine_x)
                store(memory, (here - m + size) * w, sine_y)
                store(memory, (here - m + 2 * size) * w, sine_z)


@part
def project(memory, lmax, values, gradient, size):
    """Turn the gradient of S at u = v/|v| into that of R(v/|v|): (∂i S - l u_i S)/|v|."""
    w = lane_count(memory)
    inverse = load(memory, INVERSE * w)
    for l in range(lmax + 1):
        for k in range(l * l, (l + 1) * (l + 1)):
            radial = mul(-1.0 * l, load(memory, (values + k) * w))
            for i in range(3):
                at = (gradient + i * size + k) * w
                store(memory, at, mul(fma(radial, load(memory, i * w), load(memory, at)), inverse))


@part
def direct(memory, lmax, values, gradient, hessian, size, i):
    """Turn row i of the Hessian of S at u = v/|v| into that of R(v/|v|).

    [∂i∂j S - l (u_i ∂j S + u_j ∂i S) - l δ_ij S + l(l+2) u_i u_j S] / |v|²
    """
    w = lane_count(memory)
    inverse, u = load(memory, INVERSE * w), load(memory, i * w)
    for l in range(lmax + 1):
        for k in range(l * l, (l + 1) * (l + 1)):
            value, slope = load(memory, (values + k) * w), load(memory, (gradient + i * size + k) * w)
            mixed = sub(mul(mul(l * (l + 2.0), u), value), mul(1.0 * l, slope))
            along = mul(-1.0 * l, u)
            for j in range(3):
                at = (hessian + j * size + k) * w
                total = fma(mixed, load(memory, j * w), load(memory, at))
                total = fma(along, load(memory, (gradient + j * size + k) * w), total)
                if i == j:
                    total = fma(-1.0 * l, value, total)
                store(memory, at, mul(mul(total, inverse), inverse))


@part
def _write(memory, w, row, points, first, out, width):
    """Write rows of lanes as columns of out [points, width]; w is a variable, since gathers would be slower."""
    for point in range(points):
        for k in range(width):
            out[(first + point) * width + k] = memory[(row + k) * w + point]


@kernel
def harmonics_of_vectors(vectors, tables, lmax, derivatives, spherical, w, space, values, gradients, hessians):
    """Write values [points, S], gradients [points, 3·S] and Hessians [points, 9·S] for vectors [points, 3].

    S is (lmax+1)²; derivatives is 0, 1 or 2: what is beyond is not touched.  tables [5, (lmax+1)(lmax+2)/2] of the
    dtype of vectors; space [space_needed(lmax, derivatives)·w] of w lanes.
    """
    memory, flat_tables, given, size = flat(space), flat(tables), flat(vectors), (lmax + 1) ** 2
    value, gradient, hessian, n = flat(values), flat(gradients), flat(hessians), values.shape[0]
    for first in range(0, n, w):
        here = min(w, n - first)
        for lane in range(w):
            at = 3 * (first + min(lane, here - 1))
            place(memory, lane, given[at], given[at + 1], given[at + 2])
        evaluate_harmonics(memory, flat_tables, lmax, derivatives, spherical)
        _write(memory, w, VALUES, here, first, value, size)
        if derivatives > 0:
            _write(memory, w, VALUES + size, here, first, gradient, 3 * size)
        if derivatives > 1:
            _write(memory, w, VALUES + 4 * size, here, first, hessian, 9 * size)


@kernel
def harmonics_gradient(vectors, cotangents, tables, lmax, spherical, w, space, out):
    """Write Σ_k cotangents[point, k] ∂Y_k/∂v as out [points, 3], for cotangents [points, (lmax+1)²].

    Derivatives stay in the memory of a block; arguments as in :func:`harmonics_of_vectors` with one derivative.
    """
    memory, flat_tables, given, size = flat(space), flat(tables), flat(vectors), (lmax + 1) ** 2
    weight, written, n = flat(cotangents), flat(out), out.shape[0]
    for first in range(0, n, w):
        here = min(w, n - first)
        for lane in range(w):
            at = 3 * (first + min(lane, here - 1))
            place(memory, lane, given[at], given[at + 1], given[at + 2])
        evaluate_harmonics(memory, flat_tables, lmax, 1, spherical)
        for k in range(size):  # the values are no longer needed
            for point in range(here):
                memory[(VALUES + k) * w + point] = weight[(first + point) * size + k]
        for i in range(3):
            total, row = zero(memory), VALUES + (1 + i) * size
            for k in range(size):
                total = fma(load(memory, (VALUES + k) * w), load(memory, (row + k) * w), total)
            store(memory, i * w, total)
        for point in range(here):
            for i in range(3):
                written[(first + point) * 3 + i] = memory[i * w + point]

"""The text of the study page, a template for ``string.Template``."""

TEXT = """<!-- Written by `coupling study page`. -->

# Ranks of the normalizations and of the coupling tensor

Written by `$command`. Each number is the best of many seeded starts and of continuation, where a result begins the fit
of the next degree limit, the one before, or the rank below: an upper bound of what is possible, unless a bound from
below meets it.

$legend

Every result is evaluated with 60 digits against exact entries, and `coupling study verify FILE` does so again for
a stored one, with integers and intervals. A proof is the theorem of Newton and Kantorovich, applied to factors
refined to a residual below 1e-40; it says that an exact decomposition with factors of the same kind, real or complex,
lies closer to them than 1e-30.

## Normalizations

A Clebsch-Gordan product with path weights w is the sum of R products (Gaunt, bracket, matrix, vector), each with inputs
and output scaled degree by degree, when w/N = Σ_r a_r(l1) b_r(l2) c_r(l3) on all paths. Entries off the paths are free.
Errors are those of the path weights, root mean square relative to w: for standard normal inputs, the relative root
mean square error of the product. Whatever the error, such a product is equivariant.

"rank" is what is proved: the rank, or an interval. From above it is an exact decomposition; from below, completely
known submatrices of the unfoldings, and 2 where 1/N is no product of functions of one degree.

**Even paths, by Gaunt products.** Degrees of inputs and output up to L, w = 1.

$even

**Odd paths, by bracket products.**

$odd

![Relative error against rank, a curve for each degree limit: Gaunt products left, brackets right](normalizations.png)

![Relative error against the degree limit, a curve for each rank: Gaunt products left, brackets right](degrees.png)

**Outputs to 2L.**

$double

**Variants at one L.** "positive" is the sign in the real basis. In the complex basis the coefficients carry signs
that no single product of real factors has; a split of the signals into even and odd degrees makes each parity class
(parities of l1, l2, l3) a problem of its own and absorbs them. Classes that differ in the order of the slots alone
are listed once. Weights and separable factors such as √(2l+1) change what the error is measured against, never the
rank: where one of them is exact, all are. An exact sum for these weights is proved with weights 1.

$variants

![Relative error against rank for other signs, parities and weights: Gaunt products left, brackets right](variants.png)

**Matrix product of spin j.** 2j as small as it can be with no path missing. Its signs in the real basis are not all
positive at small j. Even and odd paths are the Hermitian and the anti-Hermitian part of one product: "all" has one
factor c for both; with factors of their own they need the products of both lines.

$matrix

![Relative error against rank, for outputs to degree 2L and for the matrix product](outputs.png)

**Single vector product.** One cross product of vector fields on the sphere, `coupling.products.VectorSignal.single`,
has ½(λ1+λ2+λ3) N on even paths and 2 N on odd ones, λ = l(l+1), with the N above, and lacks the path (0, 0, 0) alone:
that is one multiplication. Even and odd paths share the factors, so R counts vector products, and compares with the
number of Gaunt products plus that of brackets.

$vector

![Relative error against rank: single vector product, a curve for each degree limit, and shift tensors](vector.png)

**Gradient-dot pairing.** ∫ Y1 ∇Y2·∇Y3 has ½(λ2+λ3-λ1) N on even paths: of both signs, and zero where λ1 = λ2 + λ3, as
on (l, 0, l) and (l, l, 0). These paths are lost, and free here; R counts pairings for the others. One pairing is a sum
of three Gaunt products, since ½(λ2+λ3-λ1) is a sum of three functions of one degree, and so are the even paths of one
single vector product.

$pairing

**The 27 shift tensors.** The general vector product, `coupling.products.VectorSignal`, goes from two vector harmonics
to a third; their shifts are -1, 0 or 1. With three shifts 0 no path exists. The others are even or odd paths, as the
number of zeros is odd or even; up to the order of the slots there are nine. With two zeros, N is that of the bracket
times a function of one degree, so the rank is that of the bracket without degree 0. Paths that a tensor loses are free.

$shifts

**Sums of several products.** How few evaluations make all paths at once, with weight 1? One of a general vector product
has three numbers for each degree and slot, the coefficients of ∇R, r×∇R and r R, where the others have one.
"gradient" is the gradient-dot pairing, "single" the single vector product. $joint_legend

$joint

To degree 2, one general vector product makes every path but (0, 0, 0), where a Gaunt product and a bracket need three
evaluations. It has nine scalar components on the grid; a Gaunt product has three.

## Exact ranks and a count

N does not change when the degrees are permuted. With equal factors in the three slots there is one equation for
each path with l1 ≤ l2 ≤ l3 and one unknown for each degree and term, which suggests the rank ⌈paths / degrees⌉.
Searches of that rank and the next two:

$exact

In the limit the count is L²/24: that many products of either kind are enough for an exact simulation, and a few for
a good one.

## The baseline

Both without weights, relative Frobenius error over the known entries, the same number of starts.

$baseline

## The whole coupling tensor

All paths at once, (L+1)² per side, real basis, blocks of unit norm. "equivariance" is √(E‖M̂(Dx, Dy) - D M̂(x,
y)‖²) over all rotations and standard normal x, y, relative to √(E‖M̂(x, y)‖²): √2 √(1 - Σ_paths⟨M̂, C⟩²/‖M̂‖²), at
most √2. "quoted" is the equivariance error of Y. Lin et al., arXiv 2507.01131, n-body table; what it is relative to
was not readable. It is close to the error of our fit until, at R = 28, ours is exact. "starts" counts those within
1 % of the best.

$whole

Proved lower bounds of the rank, border rank included, from Koszul flattenings: $lower. The mode ranks are (L+1)²
only. `coupling study verify --bounds` proves more, 17 for L = 2 and 31 for L = 3.

*Exact ranks.* A generic tensor of n = (L+1)² dimensions per slot has rank ⌈n³/(3n-2)⌉ over the complex numbers: 7, 30,
90, 215 for L = 1 to 4. The coupling tensor is invariant under a cyclic permutation of its slots, and its antisymmetric
part, the odd paths, has no degree 0. So sums are tried of s terms a⊗a⊗a and of t threes a⊗b⊗c + b⊗c⊗a + c⊗a⊗b without
degree 0 in the threes. They have n s + (3n-5) t unknowns against binom(n+2,3) + binom(n-1,3) equations. With as few
threes as the odd paths need (1 and 5; for L = 3 and 4 a count says 13 and 32) that suggests R = s + 3t = 7, 28, 84,
205. At L = 1 it holds over the complex numbers, and one column more is exact over the real ones. At L = 2 it holds:
**R = 28 = 7L² is exact**, with 13 single terms and 5 threes.

*Against the literature.* The schedule R = 7L² of the paper is one column short of an exact real decomposition at
L = 1, and at L = 2 exactly right: the errors quoted there at R = 28 are those of a fit that has not arrived. Ranks
from 25 to 27 have, as it seems, no best fit: the terms grow without end while the error falls to 1e-4.

*What the bounds say.* 2‖M̂ - M‖ holds for each rotation and √2 ‖M̂ - M‖ in the mean; the mean is close to the
latter, so the equivariance error is little else than the error of the fit. The singular values, σ² = N_l/(2l+1)
with multiplicity 2l+1, bound the fit from below while R < (L+1)², where nothing useful is reached, and say nothing
from (L+1)² on; cut off in two slots they bound it from above, several times too high.

*Complex factors*, L = 1: $complex.

## Sums of products on a grid

A quadrature rule of Q points is an exact decomposition of the Gaunt tensor into Q terms, and of the bracket tensor
into 2Q. With R and R' of each, scaled as above, they give the whole tensor from Q R + 2 Q' R' terms. Lebedev grids:

$products

![Errors of the whole tensor to degree 2 against the number of terms: fits, published, products on grids](whole.png)

As plain sums of terms these need more than a fit does, but the terms need not be evaluated one by one: a transform
of the grid serves all, and the result is equivariant to the last digit at every rank.
"""

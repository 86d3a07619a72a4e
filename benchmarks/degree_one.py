"""The best error of few terms at degree limit 1 against the invariant ρ of the path weights, real and complex.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.degree_one [--starts 16] [--write]

The four weights beside that of (0,0,0) are 1, so w000 = 2/(√3 ρ); errors are relative Frobenius norms.  A stack of
seeded starts is solved at once, by Gauss-Newton steps damped as by Levenberg and Marquardt; its matrices
are small, so linear algebra should have one thread.  --write renews
docs/study/degree-one.md and its picture; the ranks above the table are those of the derivation ``degree_one``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks import writing
from coupling.lowrank import whole_problem
from coupling.lowrank.records import number, table

FOLDER = Path(__file__).parent.parent / "docs" / "study"
NEGATIVE = (-4.0, -2.0, -1.0, -0.5, -0.25)
POSITIVE = (0.15, 0.25, 1 / 3, 0.4, 0.5, 0.7, 0.9, 1.0, 2 / 3**0.5, 1.5, 2.0, 4.0)

#: Terms and kind of numbers of each curve.
CURVES = {"6 real": (6, False), "7 real": (7, False), "6 complex": (6, True)}

#: Steps of each start, and the relative error at which a fit counts as exact.
STEPS, EXACT = 250, 1e-12

Array = np.ndarray


def tensor(rho: float) -> Array:
    """The tensor of all paths with w000 = 2/(√3 ρ) and the other weights 1, of norm 1."""
    weights = np.ones((2, 2, 2))
    weights[0, 0, 0] = 2 / (3**0.5 * rho)
    found = whole_problem(1, weights=weights).tensor
    return found / np.linalg.norm(found)


def residuals(factors: Array, target: Array) -> Array:
    """The differences of stacked sums [starts, 3, 4, R] from a tensor, as [starts, 64]."""
    a, b, c = factors.swapaxes(0, 1)
    return (np.einsum("sir,sjr,skr->sijk", a, b, c) - target).reshape(len(factors), -1)


def jacobian(factors: Array) -> Array:
    """Their derivatives [starts, 64, 12 R]."""
    (a, b, c), unit = factors.swapaxes(0, 1), np.eye(4)
    parts = (
        np.einsum("ip,sjr,skr->sijkpr", unit, b, c),
        np.einsum("sir,jp,skr->sijkpr", a, unit, c),
        np.einsum("sir,sjr,kp->sijkpr", a, b, unit),
    )
    return np.concatenate([part.reshape(len(factors), 64, -1) for part in parts], axis=2)


def step(factors: Array, off: Array, damping: Array) -> Array:
    """The factors after a damped Gauss-Newton step."""
    derivative = jacobian(factors)
    adjoint = derivative.conj().swapaxes(1, 2)
    normal = derivative @ adjoint
    normal[:, range(64), range(64)] += damping[:, None]
    moved: Array = factors - (adjoint @ np.linalg.solve(normal, off[..., None])).reshape(factors.shape)
    return moved


def best(target: Array, rank: int, is_complex: bool, starts: int) -> tuple[float, float]:
    """The smallest error of all starts, and the sum of the norms of its terms."""
    random = np.random.default_rng(0)
    x = 0.4 * random.standard_normal((starts, 3, 4, rank))
    if is_complex:
        x = x + 0.4j * random.standard_normal(x.shape)
    damping, off = np.full(starts, 0.1), residuals(x, target)
    error = np.linalg.norm(off, axis=1)
    for _ in range(STEPS):
        y = step(x, off, damping)
        new = residuals(y, target)
        less = (norms := np.linalg.norm(new, axis=1)) < error
        x[less], off[less], error[less] = y[less], new[less], norms[less]
        damping = np.clip(np.where(less, damping / 3, damping * 4), 1e-14, 1e6)
        if error.min() < EXACT:
            break
    place = int(error.argmin())
    return float(error[place]), float(np.linalg.norm(x[place], axis=1).prod(axis=0).sum())


def line(rho: float, found: dict[str, tuple[float, float]]) -> list[str]:
    """A line of the table: errors, with the size of the terms where they are far larger than their sum."""
    cells = [f"{number(e)}{' †' if size > 100 else ''}" if e > EXACT else "**0**" for e, size in found.values()]
    return [f"{rho:.4g}", *cells]


PAGE = """<!-- Written by `python -m benchmarks.degree_one --write`. -->

# Degree limit 1: error against ρ

The five path weights of degrees 0 and 1 have one invariant, ρ = 2 w₀₁₁ w₁₀₁ w₁₁₀ / (√3 w₀₀₀ w₁₁₁²); all else is
scaling. [Proved](../theory/degree_one.md): over the complex numbers the rank is **6 at ρ = 1/3 and 7 at every other
ρ**; over the real ones it is 7 at ρ = 1, and 7 or 8 elsewhere, with eight terms in closed form. Below, the best
relative error of {starts} seeded starts with fewer terms, where four weights are 1 and w₀₀₀ = 2/(√3 ρ).
† marks terms more than 100 times as large as their sum.

{table}

![Error against ρ](degree-one.png)

The picture shows an exact fit at its lower edge.

Found, not proved: seven real terms fit at ρ = 1 alone, and six complex ones at ρ = 1/3 alone. Nowhere else does an
error fall to zero, so the border rank is the rank as far as this search sees. Real terms below the rank grow without
end (†) while the error ends above zero: there the best fit of that rank does not exist. ρ = −1 are the quaternions and
the 2 × 2 matrices, ρ = 2/√3 weights 1.
"""


def draw(file: Path, found: dict[float, dict[str, tuple[float, float]]], force: bool) -> None:
    """Draw the errors of positive and negative ρ, exact ones at the lower edge."""
    from coupling.plots import curves
    from coupling.plots.style import save

    series = {}
    for name in CURVES:
        for sign, side in ((1, "ρ > 0"), (-1, "ρ < 0")):
            places = sorted(rho for rho in found if rho * sign > 0)
            errors = [max(found[rho][name][0], 1e-4) for rho in places]
            series[f"{name}, {side}"] = ([abs(rho) for rho in places], errors)
    ax = curves(series, xlabel="|ρ|", ylabel="best relative error", xscale="log2", yscale="log")
    save(ax.figure, file, dpi=110, force=force)


def main() -> None:
    """Print the table; write the page on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=16)
    writing.add_options(parser, "docs/study/degree-one.md and its picture")
    given = parser.parse_args()
    files = FOLDER / "degree-one.md", FOLDER / "degree-one.png"
    if given.write:
        writing.require(parser, given.force, "python -m benchmarks.degree_one", *files)
    found = {}
    for rho in (*NEGATIVE, *POSITIVE):
        target = tensor(rho)
        found[rho] = {name: best(target, *which, given.starts) for name, which in CURVES.items()}
        print(" | ".join(line(rho, found[rho])), flush=True)
    text = table(["ρ", *CURVES], [line(rho, one) for rho, one in found.items()])
    if given.write:
        writing.write(files[0], PAGE.format(starts=given.starts, table=text), given.force)
        draw(files[1], found, given.force)


if __name__ == "__main__":
    main()

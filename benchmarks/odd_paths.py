"""The odd paths alone as sums of determinants: the least errors over all path weights.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.odd_paths [--write]

A line is a number of determinants and of seeded starts; it ends at the first start whose error is below 1e-12.  Seed 0
gives the same results again.  --write renews docs/study/odd.md; a minute on an idle core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import writing
from coupling.lowrank.alternating import Alternating, alternating_search, five_terms, proof_of_determinants
from coupling.lowrank.factors import tensor
from coupling.lowrank.fit import EXACT
from coupling.lowrank.records import number, table
from coupling.numbers.tabulation import tabulate

PAGE = Path(__file__).parent.parent / "docs" / "study" / "odd.md"


class Searched(NamedTuple):
    """A line: degree limit, numbers of determinants, starts for each, real or complex."""

    lmax: int
    determinants: tuple[int, ...]
    starts: int
    dtype: type = float


LINES = (
    Searched(1, (1,), 1),
    Searched(2, (3, 4), 16),
    Searched(2, (3, 4), 16, complex),
    Searched(3, (10, 11), 4),
)

TEXT = """<!-- Written by `python -m benchmarks.odd_paths --write`. -->

# Odd paths alone

A 3j symbol of odd l₁+l₂+l₃ changes its sign when two slots are exchanged and a cube a⊗a⊗a does not, so sums of cubes,
which make [the even paths](whole.md), are orthogonal to every odd path. Their analogue is the determinant, a⊗b⊗c over
all orders of the slots with their signs,

    a ∧ b ∧ c = Σ_σ sgn(σ) σ(a⊗b⊗c),

which is five products: the 3 × 3 determinant has the rank 5 (H. Derksen, Found. Comput. Math. 16 (2016) 779). A sum of
k determinants has 5k terms, and no error on even paths. Below, the least relative error of seeded starts over all
weights between 1/3 and 3, equal for the orders of a path. **0** stands for an error below 1e-12: of the determinants,
and of the 5k products against the whole tensor of odd paths. These are upper bounds that a search found, without a
proof where none is named; an error above zero proves nothing.

{table}

"count" is the number of determinants with as many unknowns, 3 (n - 3) + 1 each, as there are components, n(n-1)(n-2)/6
with n = (L+1)² - 1, less those that weights take up beyond the scales of the degrees. "growth" is the sum of the norms
of the determinants relative to the norm of their sum. L = 4, for which the count is {four}, was not searched.

{words}
"""

WORDS = """Of the weights at L = 2, scales of the degrees leave the sign of w₁₁₁ w₁₂₂ alone; weights 1 have the positive
one. By sign, with real numbers:

{signs}

A proof is the theorem of Newton and Kantorovich, as on [the page of ranks](ranks.md), for the 56 components with the
weights found; scales of the degrees carry it to all weights of their sign. So for weights 1, and all others that are
equal for the orders of a path, 25 real terms are enough at L = 2, and 20 where w₁₁₁ w₁₂₂ < 0.
"""


def counted(lmax: int) -> int:
    """Return the least number of determinants with as many unknowns as equations."""
    problem = Alternating(lmax, 1)
    free = max(0, len(problem.classes) - lmax)
    return -(-(problem.index.shape[1] - free) // (3 * (problem.rows - 3) + 1))


def of_products(problem: Alternating, unknowns: np.ndarray) -> float:
    """Return the relative error of the 5k products against the tensor of the odd paths with the weights found."""
    values, weights = tensor(five_terms(problem.vectors(unknowns))), problem.weights(unknowns)
    target = np.zeros(values.shape, values.dtype)
    for path, block in tabulate("wigner_3j", problem.lmax, parity="odd").blocks().items():
        sorted_path = tuple(sorted(path))
        target[tuple(slice(l * l, (l + 1) ** 2) for l in path)] = weights[sorted_path] * block
    return float(np.linalg.norm(values - target) / np.linalg.norm(target))


def row(one: Searched, determinants: int) -> list[str]:
    """Return a line of the table."""
    problem = Alternating(one.lmax, determinants, one.dtype)
    found = alternating_search(one.lmax, determinants, one.starts, dtype=one.dtype)
    error, growth, unknowns = found[0]
    exact = max(error, of_products(problem, unknowns)) < EXACT
    sizes = [abs(weight) for weight in problem.weights(unknowns).values()]
    print(one.lmax, determinants, one.dtype.__name__, len(found), error, of_products(problem, unknowns), flush=True)
    return [
        str(one.lmax),
        "real" if one.dtype is float else "complex",
        str(counted(one.lmax)),
        str(determinants),
        str(5 * determinants),
        "**0**" if exact else number(error),
        str(len(found)),
        number(growth),
        f"{min(sizes):.2g} to {max(sizes):.2g}",
    ]


def sign_rows(starts: int = 16) -> list[list[str]]:
    """Return the least error at L = 2 by number of determinants and the sign of w111 w122."""
    rows = []
    for determinants in (3, 4, 5):
        problem, least = Alternating(2, determinants), dict[int, tuple[float, np.ndarray]]()
        for start in range(starts):
            error, unknowns = problem.result(0, start)
            sign = int(np.sign(np.prod([problem.weights(unknowns)[path] for path in ((1, 1, 1), (1, 2, 2))])))
            if sign not in least or error < least[sign][0]:
                least[sign] = error, unknowns
        rows.append([str(determinants), *(sign_cell(problem, least.get(sign)) for sign in (-1, 1))])
    return rows


def sign_cell(problem: Alternating, found: tuple[float, np.ndarray] | None) -> str:
    """Return the least error of a sign, or that it is zero, and whether that is proved."""
    if found is None or found[0] >= EXACT:
        return "" if found is None else number(found[0])
    return "**0**, proved" if proof_of_determinants(problem, found[1]) is not None else "**0**"


def main() -> None:
    """Print the results; write the page on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    writing.add_options(parser, "docs/study/odd.md")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, "python -m benchmarks.odd_paths", PAGE)
    head = ["L", "numbers", "count", "determinants", "terms", "least error", "starts", "growth", "sizes of weights"]
    rows = [row(one, determinants) for one in LINES for determinants in one.determinants]
    signs = table(["determinants, real, 16 starts", "w₁₁₁ w₁₂₂ < 0", "w₁₁₁ w₁₂₂ > 0"], sign_rows())
    if given.write:
        text = TEXT.format(table=table(head, rows), four=counted(4), words=WORDS.format(signs=signs))
        writing.write(PAGE, text.rstrip() + "\n", given.force)


if __name__ == "__main__":
    main()

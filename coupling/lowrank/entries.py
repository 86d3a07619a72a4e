"""Exact entries of the tensors of a study, from the description of a problem."""

from __future__ import annotations

from typing import Any

from coupling.conventions import parity_sign
from coupling.exact import Surd, real_wigner_3j, reduced_matrix
from coupling.families import family as known
from coupling.lowrank.path_weights import UNIT, path_weight
from coupling.lowrank.shifts import shift_normalization, shifts_of
from coupling.numbers.normalizations import MATRIX, exact_normalization
from coupling.selection import Path, triangle


def is_path(spec: dict[str, Any], path: tuple[int, ...]) -> bool:
    """Return whether the degrees are a path of the product and the parity of a normalization problem."""
    l1, l2, l3 = path
    kind = "odd" if (l1 + l2 + l3) % 2 else "even"
    wanted = spec["parity"] if spec["parity"] in ("even", "odd") else kind
    if not triangle(l1, l2, l3) or kind != wanted:
        return False
    return spec["problem"] == MATRIX or bool(signed_normalization(spec, path))


def normalization_entry(spec: dict[str, Any], path: tuple[int, ...]) -> Surd:
    """Return w/N or w·N with its sign; ValueError where the matrix product lacks the path."""
    signed = signed_normalization(spec, path)
    return product_weight(spec, path) * (signed.reciprocal() if spec["target"] == "inverse" else signed)


def signed_normalization(spec: dict[str, Any], path: tuple[int, ...]) -> Surd:
    """Return N with the sign that a problem wants, zero where the product lacks the path.

    Raises ValueError where the matrix product does.

    >>> signed_normalization({"problem": "vector_signal:0,0,1", "signs": "real"}, (1, 1, 1))
    -√(3/(4π))
    """
    problem, (l1, l2, l3) = spec["problem"], path
    if (shifts := shifts_of(problem)) is not None:
        value = shift_normalization(shifts, l1, l2, l3)
        return abs(value) if spec["signs"] == "absolute" else value
    j = spec["spin"] / 2 if "spin" in spec else None
    size = abs(exact_normalization(problem, l1, l2, l3, j=j))
    if problem == MATRIX and not size:
        raise ValueError(f"the matrix product of spin {j} lacks the path {path}: its 6j symbol vanishes or l > 2j")
    return size * _sign(spec, l1, l2, l3, j) if size else size


def _sign(spec: dict[str, Any], l1: int, l2: int, l3: int, j: float | None) -> int:
    if spec["signs"] == "absolute":
        return 1
    total = l1 + l2 + l3
    if j is None:
        return known(spec["problem"]).reduced(l1, l2, l3, spec["signs"]).sign
    complex_power, real_power = total, (total + 1) // 2  # of tr T1 T2 T3 over 3j, and over C (odd paths: i C)
    power = complex_power if spec["signs"] == "complex" else real_power
    return reduced_matrix(l1, l2, l3, j).sign * parity_sign(power + spec["spin"])


def product_weight(spec: dict[str, Any], path: tuple[int, ...]) -> Surd:
    """Return the weight of a path in the product that is to be simulated.

    >>> product_weight({"weights": "component"}, (1, 1, 1)), product_weight({"weights": [[[-0.5]]]}, (0, 0, 0))
    (√(3), -1/2)
    """
    l1, l2, l3 = path
    kind = spec["weights"]
    if isinstance(kind, str):
        return Surd(1, {"unit": 1, "component": 2 * l3 + 1, "norm": (2 * l1 + 1) * (2 * l2 + 1)}[kind])
    numerator, denominator = float(kind[l1][l2][l3]).as_integer_ratio()
    return Surd(1 if numerator > 0 else -1, numerator**2, denominator**2)


def whole_entry(spec: dict[str, Any], index: Path, degrees: Path) -> Surd:
    """Return an entry of a whole coupling tensor, at flat indices of these degrees.

    >>> whole_entry({"parity": "all", "target": "wigner_3j", "lmax": [1], "weights": "matrix"}, (0, 0, 0), (0, 0, 0))
    √(1/2)
    """
    orders = [i - l * l - l for i, l in zip(index, degrees, strict=True)]
    total = sum(degrees)
    if not triangle(*degrees) or spec["parity"] not in ("all", "odd" if total % 2 else "even"):
        return Surd(0)
    weight = path_weight(spec.get("weights", UNIT), degrees, spec["lmax"][0])
    return real_wigner_3j(*degrees, *orders) * exact_normalization(spec["target"], *degrees) * weight

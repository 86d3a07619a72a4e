"""Instructions of a tensor product: which irreps are coupled, how their copies connect, and with which factor.

The copies of the inputs and of the output are counted by u, v and w.  A mode says which copies meet:

    mode    product of                    weight    output
    uvw     every copy with every copy    [u,v,w]   w, sums over u and v: fully connected
    uvu     every copy with every copy    [u,v]     u, a sum over v: message passing, where v is 1
    uvv     every copy with every copy    [u,v]     v, a sum over u
    uuw     copies of the same number     [u,w]     w, a sum over u
    uuu     copies of the same number     [u]       u
    uvuv    every copy with every copy    [u,v]     uv, apart
    uvu<v   the pairs u < v               [uv]      uv, apart
    u<vw    the pairs u < v               [uv,w]    w, a sum over the pairs

The pairs u < v, of as many copies of both inputs, are in the order (0, 1), (0, 2), …, (1, 2), …: u is the slowest.
An instruction without a weight has the weight 1.  Source: e3nn, ``o3.TensorProduct``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite, prod, sqrt
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.integers import degree
from coupling.irreps import Irrep, Irreps, one_irrep
from coupling.quoted import quoted
from coupling.selection import doubled_triangle, one_of

#: mode → letters of the copies of x, of y, of the weight and of the output; p are the pairs u < v
MODES = {
    "uvw": ("u", "v", "uvw", "w"),
    "uvu": ("u", "v", "uv", "u"),
    "uvv": ("u", "v", "uv", "v"),
    "uuw": ("u", "u", "uw", "w"),
    "uuu": ("u", "u", "u", "u"),
    "uvuv": ("u", "v", "uv", "uv"),
    "uvu<v": ("u", "u", "p", "p"),
    "u<vw": ("u", "u", "pw", "w"),
}

IRREP_NORMALIZATIONS = ("component", "norm", "none")
PATH_NORMALIZATIONS = ("element", "path", "none")


class Instruction(NamedTuple):
    """One coupling: places of the irreps in their lists, a mode, whether it has a weight, and the factor of its square.

    >>> Instruction(0, 1, 2, "uvu")
    Instruction(in1=0, in2=1, out=2, mode='uvu', has_weight=True, path_weight=1.0)
    """

    in1: int
    in2: int
    out: int
    mode: str
    has_weight: bool = True
    path_weight: float = 1.0


class TensorPath(NamedTuple):
    """An instruction that has been checked: its places, mode, degrees, copies by letter, and its coefficient.

    >>> path_of(Instruction(0, 0, 0, "uvu"), Irreps("2x1o"), Irreps("1o"), Irreps("2x1e")).weight_shape
    (2, 1)
    """

    places: tuple[int, int, int]
    mode: str
    degrees: tuple[Any, Any, Any]
    copies: dict[str, int]
    has_weight: bool
    coefficient: float

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """The axes of the weights, in the order of the letters of the mode."""
        return tuple(self.copies[letter] for letter in MODES[self.mode][2])

    @property
    def pairs(self) -> int:
        """The number of products of copies."""
        return prod(self.copies[letter] for letter in pair_letters(self.mode))

    @property
    def summed(self) -> int:
        """The number of products of copies that are added up to one copy of the output."""
        return prod(self.copies[letter] for letter in pair_letters(self.mode) - set(MODES[self.mode][3]))


def pair_letters(mode: str) -> set[str]:
    """Return the letters that count the products of copies.

    >>> sorted(pair_letters("uvw")), sorted(pair_letters("u<vw"))
    (['u', 'v'], ['p'])
    """
    x, y, weight, _ = MODES[mode]
    return {"p"} if "p" in weight else {x, y}


def triangle_copies(copies: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return u and v of the pairs u < v in their order.

    >>> [array.tolist() for array in triangle_copies(3)]
    [[0, 0, 1], [1, 2, 2]]
    """
    first, second = np.triu_indices(copies, 1)
    return first, second


def path_of(given: Iterable[Any], irreps1: Irreps, irreps2: Irreps, irreps_out: Irreps) -> TensorPath:
    """Return an instruction after checking it against the irreps; its coefficient is still the square's factor.

    >>> path_of((0, 0, 0, "uuu"), Irreps("2x1o"), Irreps("2x1o"), Irreps("2x1e")).degrees
    (1, 1, 1)
    """
    instruction = _read(given)
    lists = (irreps1, irreps2, irreps_out)
    places = tuple(_place(p, irreps) for p, irreps in zip(instruction[:3], lists, strict=True))
    terms = [irreps[place] for place, irreps in zip(places, lists, strict=True)]
    irreps = [term.irrep for term in terms]
    if not couples(*irreps):
        names = [irrep.name for irrep in irreps]
        raise ValueError(f"{names[0]} and {names[1]} do not couple to {names[2]}, instruction {quoted(instruction)}")
    copies = _copies(instruction, [term.mul for term in terms])
    degrees = tuple(irrep.l for irrep in irreps)
    return TensorPath(places, instruction.mode, degrees, copies, instruction.has_weight, instruction.path_weight)  # type: ignore[arg-type]


def _read(given: Any) -> Instruction:
    try:
        instruction = Instruction(*given)
    except TypeError:
        raise TypeError(
            f"an instruction must be (in1, in2, out, mode[, has_weight[, path_weight]]), got {quoted(given)}"
        ) from None
    one_of(instruction.mode, tuple(MODES), "mode")
    factor = instruction.path_weight
    if not isinstance(factor, Real) or isinstance(factor, bool) or not (isfinite(factor) and factor >= 0):
        raise ValueError(f"path_weight must be a number >= 0, got {quoted(factor)}")
    if not isinstance(instruction.has_weight, bool):
        raise TypeError(f"has_weight must be True or False, got {quoted(instruction.has_weight)}")
    return instruction


def _place(value: object, irreps: Irreps) -> int:
    place = degree(value, "the place of an irrep")
    if place >= len(irreps):
        raise ValueError(f"the place of an irrep must be 0 … {len(irreps) - 1} in {irreps}, got {quoted(place)}")
    return place


def couples(first: Irrep, second: Irrep, output: Irrep) -> bool:
    """Return whether two irreps couple to a third: the triangle rule of degrees that add up to an integer, and the
    product of the parities.

    >>> couples(Irrep(2, -1), Irrep(2, -1), Irrep(2, 1)), couples(Irrep(2, -1), Irrep(2, -1), Irrep(2, -1))
    (True, False)
    >>> couples(Irrep(1, 0), Irrep(1, 0), Irrep(1, 0))
    False
    """
    inside = doubled_triangle(first.twice, second.twice, output.twice)
    return inside and first.parity * second.parity == output.parity


def _copies(instruction: Instruction, multiplicities: Sequence[int]) -> dict[str, int]:
    x, y, _, out = MODES[instruction.mode]
    copies: dict[str, int] = {}
    for letter, number in zip((x, y), multiplicities, strict=False):
        if copies.setdefault(letter, number) != number:
            raise ValueError(f"mode {instruction.mode} needs as many copies of both inputs, got {multiplicities[:2]}")
    copies["p"] = copies["u"] * (copies["u"] - 1) // 2
    if out == "w":
        copies["w"] = multiplicities[2]
        if not instruction.has_weight and copies["w"] != 1:
            raise ValueError(f"mode {instruction.mode} without a weight has one copy of the output, got {copies['w']}")
    wanted = prod(copies[letter] for letter in out)
    if multiplicities[2] != wanted:
        raise ValueError(f"mode {instruction.mode} gives {wanted} copies of the output, got {multiplicities[2]}")
    return copies


def normalized(
    paths: Sequence[TensorPath], irrep_normalization: object, path_normalization: object
) -> tuple[TensorPath, ...]:
    """Return paths with their coefficients √(path_weight · a / n), as e3nn has them.

    a is 2l3+1 ("component"), (2l1+1)(2l2+1) ("norm") or 1 ("none").  n is the number of products that are added up in
    an entry of the output ("element"), those of the path times the paths to the output ("path"), or 1 ("none").

    >>> one = path_of((0, 0, 0, "uvu"), Irreps("2x1o"), Irreps("1o"), Irreps("2x1e"))
    >>> normalized([one], "component", "element")[0].coefficient
    1.7320508075688772
    """
    kind = one_of(irrep_normalization, IRREP_NORMALIZATIONS, "irrep_normalization")
    rule = one_of(path_normalization, PATH_NORMALIZATIONS, "path_normalization")
    result = []
    for path in paths:
        l1, l2, l3 = path.degrees
        alpha = {"component": 2 * l3 + 1, "norm": (2 * l1 + 1) * (2 * l2 + 1), "none": 1}[kind]
        same = [other for other in paths if other.places[2] == path.places[2]]
        number = {"element": sum(p.summed for p in same), "path": path.summed * len(same), "none": 1}[rule]
        result.append(path._replace(coefficient=sqrt(path.coefficient * (alpha / max(number, 1)))))
    return tuple(result)


# -- which instructions a product of a kind has -------------------------------------------------


def fully_connected(irreps1: Irreps, irreps2: Irreps, irreps_out: Irreps) -> list[Instruction]:
    """Return the instructions uvw of every pair of irreps to every output that it couples to.

    >>> len(fully_connected(Irreps("2x0e + 1o"), Irreps(1), Irreps(1)))
    4
    """
    lists = (irreps1, irreps2, irreps_out)
    every = ((i, j, k) for i in range(len(irreps1)) for j in range(len(irreps2)) for k in range(len(irreps_out)))
    kept = (p for p in every if couples(*(irreps[n].irrep for n, irreps in zip(p, lists, strict=True))))
    return [Instruction(*places, "uvw") for places in kept]


def apart(
    irreps1: Irreps, irreps2: Irreps, outputs: object, mode: str, has_weight: bool
) -> tuple[Irreps, list[Instruction]]:
    """Return irreps and instructions of a product with one output block per path, in the order of the pairs.

    outputs: the irreps that are kept, or None for all.

    >>> apart(Irreps("2x0e + 2x1o"), Irreps(1), "0e + 1o", "uvu", True)[0]
    Irreps('2x0e+2x1o+2x1o+2x0e')
    """
    kept = None if outputs is None else {term.irrep for term in Irreps(outputs)}
    terms: list[tuple[int, Irrep]] = []
    made = []
    for i, j, irrep in _products(irreps1, irreps2, mode):
        if kept is None or irrep in kept:
            made.append(Instruction(i, j, len(terms), mode, has_weight))
            terms.append((_copies_apart(irreps1[i].mul, irreps2[j].mul, mode), irrep))
    return Irreps(terms), made


def in_order(irreps: Irreps, instructions: Sequence[Instruction]) -> tuple[Irreps, list[Instruction]]:
    """Return the irreps of an output, sorted, and the instructions that lead to them.

    >>> in_order(Irreps("1o + 0e"), [Instruction(0, 0, 0, "uvu")])
    (Irreps('1x0e+1x1o'), [Instruction(in1=0, in2=0, out=1, mode='uvu', has_weight=True, path_weight=1.0)])
    """
    ordered, places, _ = irreps.sort()
    return ordered, [instruction._replace(out=places[instruction.out]) for instruction in instructions]


def _copies_apart(first: int, second: int, mode: str) -> int:
    return prod({"u": first, "v": second, "p": first * (first - 1) // 2}[letter] for letter in MODES[mode][3])


def _products(irreps1: Irreps, irreps2: Irreps, mode: str) -> Iterator[tuple[int, int, Irrep]]:
    """Yield places of pairs of irreps, and what they couple to, degrees ascending."""
    for i, (_, first) in enumerate(irreps1):
        for j in range(len(irreps2)) if mode != "uuu" else (i,):
            second = irreps2[j].irrep
            for twice in range(abs(first.twice - second.twice), first.twice + second.twice + 1, 2):
                yield i, j, one_irrep(Irrep(twice, first.parity * second.parity))

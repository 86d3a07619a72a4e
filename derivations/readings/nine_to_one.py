"""The statements on the nine products: fields at the degrees and orders of an instance, integrated."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, path_instances
from derivations.reading.sphere import SPHERE, bracket, harmonic, integral
from derivations.reading.texts import CASE, PART
from derivations.readings.single_vector_product import SINGLE, made


def shifted(names: Names, slot: int, shift: int) -> sp.Matrix:
    """F of a slot and a shift."""
    l = names[f"l_{slot}"]
    return made(names[f"Y_{slot}"], field(l, shift))


def unslotted(shift: int) -> Any:
    """F of a shift, at one degree and order."""
    return lambda names: made(names["Y"], field(names["l"], shift))


def field(l: int, shift: int) -> tuple[int, int, int]:
    """The numbers of the field of a degree and a shift."""
    return (0, 1, 0) if shift == 0 else (1, 0, l if shift < 0 else -l - 1)


def of_slot(slot: int) -> dict[str, Any]:
    """The field of the shift that the index has, of none and of the sign that an instance gives."""
    return {
        f"F_{slot}^s_{slot}": lambda n: shifted(n, slot, n[f"s_{slot}"]),
        f"F_{slot}^0": lambda n: shifted(n, slot, 0),
        f"F_{slot}^\\pm": lambda n: shifted(n, slot, n[f"sign_{slot}"]),
        f"V_{slot}": lambda n: made(n[f"Y_{slot}"], SINGLE[slot - 1]),
        f"\\alpha_{slot}": lambda n: n[f"l_{slot}"] if n[f"sign_{slot}"] < 0 else -n[f"l_{slot}"] - 1,
        f"range s_{slot}": lambda _: (-1, 0, 1),
    }


def weights(slot: int) -> Any:
    """The expansion of a field of the single product, from its numbers."""

    def of(names: Names) -> Indexed:
        l, (gradients, turned, radial) = sp.Integer(names[f"l_{slot}"]), SINGLE[slot - 1]
        low, high = (l + 1) * gradients + radial, l * gradients - radial
        return Indexed(
            lambda shift: (sp.Integer(turned), high / (2 * l + 1), low / (2 * l + 1))[int(shift)], single=True
        )

    return of


def crossed(names: Names, first: int, second: int) -> sp.Expr:
    """φ"""
    left, right = shifted(names, 1, first), shifted(names, 2, second)
    return integral(names["V_3"].dot(left.cross(right)))


RULES: dict[str, Any] = {
    **PATHS,
    **SPHERE,
    **of_slot(1),
    **of_slot(2),
    **of_slot(3),
    "v": weights(1),
    "w": weights(2),
    "u": weights(3),
    "A": lambda n: integral(n["Y_1"] * bracket(n["Y_2"], n["Y_3"])),
    "G": lambda n: integral(n["Y_1"] * n["Y_2"] * n["Y_3"]),
    "\\phi": lambda n: Indexed(lambda p, q: crossed(n, int(p), int(q))),
}
SIGNED = tuple(
    given | {"sign_1": (-1) ** number, "sign_2": (-1) ** (number // 2)}
    for number, given in enumerate(path_instances(2, 14))
)

ONE = {
    "Y": lambda n: harmonic(n["l"], n["m"]),
    **{f"F^{shift}": unslotted(shift) for shift in (-1, 0, 1)},
}
BOTH = tuple(given | {"l": l, "m": m} for given, (l, m) in zip(SIGNED, ((1, 0), (1, 1), (2, -1), (3, 2)), strict=False))

READING = Reading(
    RULES,
    (*SIGNED[3:5], *SIGNED[-3:]),
    {"The nine factors": Reading({}, SIGNED[::2])},
    {"Statement": Reading(ONE, BOTH), "The three fields in shifts": Reading(ONE, BOTH)},
    {
        CASE: (r"\alpha_i=l_i", r"\alpha_i=-l_i-1", "(0,0,0)"),
        PART: (r"V_3\cdot(F_1^{s_1}\times F_2^{s_2})", "-1", "0", "1", "-", "+"),
    },
)

"""The header of symbols, compiled: every value is that of the tables to the bit; what does not exist is NaN."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from math import prod
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import coupling
import coupling.export.symbols as header
from coupling.conventions import BASES, FAMILIES
from coupling.exact.rounding import rounded_magnitude
from coupling.export.symbols import LIMBS, LMAX, SAMPLES, sample_rows, symbols_header
from coupling.selection import orders
from tests.test_export_consumers import STRICT, compiled, need

#: Reads records of eight numbers (function, degrees, orders, 0) and writes a double for each.
ASK = """
#include "coupling_symbols.h"
#include <stdio.h>
static const coupling_symbol functions[] = {
    coupling_wigner_3j, coupling_clebsch_gordan, coupling_gaunt, coupling_antisymmetric_gaunt,
    coupling_real_wigner_3j, coupling_real_clebsch_gordan, coupling_real_gaunt, coupling_real_antisymmetric_gaunt,
    coupling_wigner_3j_doubled, coupling_clebsch_gordan_doubled};
int main(void) {
    int16_t n[8];
    if (coupling_symbols_differ()) return 1;
    while (fread(n, sizeof n, 1, stdin) == 1) {
        double value = functions[n[0]](n[1], n[2], n[3], n[4], n[5], n[6]);
        fwrite(&value, sizeof value, 1, stdout);
    }
    return 0;
}
"""
NAMES = [*FAMILIES, *(f"real_{family}" for family in FAMILIES)]
DOUBLED = len(NAMES)
#: What a compiler may do to floating-point numbers, and what a program may.
FLAGS = {"plain": ["-O2"], "fast": ["-O3", "-march=native", "-ffast-math"], "unoptimized": ["-O0"]}
#: An index outside its array ends the program.
BOUNDED = {"bounded": ["-O1", "-fsanitize=bounds-strict", "-fsanitize-undefined-trap-on-error"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("symbols")
    (place / "coupling_symbols.h").write_text(symbols_header())
    return place


def program(folder: Path, flags: str = "plain", source: str = ASK) -> Path:
    need("gcc")
    (folder / f"{flags}.c").write_text(source)
    command = ["gcc", "-std=c99", *STRICT, *(FLAGS | BOUNDED)[flags], f"{flags}.c", "-o", flags, "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / flags


def answers(asked: Path, function: int, symbols: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what a program says to symbols [n, 6]."""
    records = np.zeros((len(symbols), 8), "<i2")
    records[:, 0], records[:, 1:7] = function, symbols
    done = subprocess.run([asked], input=records.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, "<f8")


def of_table(
    family: str, basis: str, lmax: int, least: int = 0, some: float = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the entries of a table, [n, 6] and [n]: the third order of Clebsch-Gordan coefficients as it is called.

    Of those paths with all degrees at least ``least``, and of these a part.
    """
    table, chance = coupling.tabulate(family, lmax, basis), np.random.default_rng(20)
    signs = coupling.families.family(family).order_signs(basis)
    symbols, values = [], []
    for index, path in enumerate(table.paths.tolist()):
        if min(path) >= least and chance.random() < some:
            own = np.array(list(orders(*path, basis))) * signs
            symbols.append(np.hstack([np.broadcast_to(path, own.shape), own]))
            values.append(table.of_path(index))
    return np.concatenate(symbols), np.concatenate(values)


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("basis", BASES)
def test_every_value_to_degree_eight_whatever_the_compiler_does(folder: Path, basis: str, flags: str) -> None:
    asked = program(folder, flags)
    for number, family in enumerate(FAMILIES):
        symbols, expected = of_table(family, basis, 8)
        found = answers(asked, number + len(FAMILIES) * BASES.index(basis), symbols)
        assert np.array_equal(found, expected) and len(expected) > 10_000, family


@pytest.mark.slow
@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_value_to_the_last_degree(folder: Path, family: str, basis: str) -> None:
    symbols, expected = of_table(family, basis, LMAX)
    found = answers(program(folder), FAMILIES.index(family) + len(FAMILIES) * BASES.index(basis), symbols)
    assert np.array_equal(found, expected) and len(expected) > 800_000


def test_some_paths_of_the_last_degrees(folder: Path) -> None:
    """Of degrees 17 to 20, a fifth of the paths: all entries."""
    asked = program(folder)
    for number, name in enumerate(NAMES):
        basis = "real" if name.startswith("real_") else "complex"
        symbols, expected = of_table(FAMILIES[number % len(FAMILIES)], basis, LMAX, 17, 0.2)
        assert np.array_equal(answers(asked, number, symbols), expected) and len(expected) > 1000, name


def test_nothing_else_is_there(folder: Path) -> None:
    """Where the rules make a coefficient vanish it is zero, over all triples of degrees to 3 and all orders."""
    asked = program(folder)
    grid = np.stack(np.meshgrid(*[range(4)] * 3, *[range(-3, 4)] * 3, indexing="ij"), -1).reshape(-1, 6)
    exists = (abs(grid[:, 3:]) <= grid[:, :3]).all(axis=1)
    assert exists.sum() == prod([sum(2 * l + 1 for l in range(4))] * 3)
    for number, name in enumerate(NAMES):
        found = answers(asked, number, grid)
        assert np.isnan(found[~exists]).all() and not np.isnan(found[exists]).any()
        function = getattr(coupling.exact, name)
        for symbol, value in zip(grid[exists][::11].tolist(), found[exists][::11].tolist(), strict=True):
            assert value == abs(complex(function(*symbol))) * function(*symbol).sign, (name, symbol)


def test_half_integers(folder: Path) -> None:
    """3j symbols and Clebsch-Gordan coefficients of degrees 1/2 to 20, of which twice the numbers are given."""
    asked, chance = program(folder), np.random.default_rng(21)
    for number, name in enumerate(FAMILIES[:2]):
        symbols = []
        while len(symbols) < 400:
            l1, l2 = chance.integers(1, 2 * LMAX + 1, 2)
            l3 = chance.choice(range(abs(l1 - l2), min(l1 + l2, 2 * LMAX) + 1, 2))
            m1, m2 = (chance.choice(range(-l, l + 1, 2)) for l in (l1, l2))
            if abs(m1 + m2) <= l3:
                symbols.append([l1, l2, l3, m1, m2, -m1 - m2 if number == 0 else m1 + m2])
        found = answers(asked, DOUBLED + number, np.array(symbols))
        function = getattr(coupling.exact, name)
        expected = [float(function(*(Fraction(int(n), 2) for n in symbol))) for symbol in symbols]
        assert found.tolist() == expected and sum(any(n % 2 for n in symbol[:3]) for symbol in symbols) > 200


@pytest.mark.parametrize("wrong", [-1, LMAX + 1, 32767, -32768])
def test_what_does_not_exist_is_not_a_number(folder: Path, wrong: int) -> None:
    asked = program(folder)
    symbols = np.zeros((6, 6), np.int64)
    np.fill_diagonal(symbols, wrong)
    for number in range(len(NAMES)):
        assert np.isnan(answers(asked, number, symbols)).all()
    kinds = np.array([[1, 1, 0, 0, 0, 0], [2, 2, 0, 1, -1, 0], [2 * LMAX + 1, 1, 2, 1, 1, 0], [wrong, 0, 0, 0, 0, 0]])
    for number in (DOUBLED, DOUBLED + 1):
        assert np.isnan(answers(asked, number, kinds)[[0, 1, 2]]).all()


#: Roots of squares that are near a power of two, or half-way between two doubles, and of π times such.
ROOTS = """
#include "coupling_symbols.h"
#include <fenv.h>
#include <stdio.h>
int main(void) {
    uint64_t factor;
    int power, over_pi;
    while (scanf("%llu %d %d", (unsigned long long *)&factor, &power, &over_pi) == 3) {
        coupling_square_ square = {1, 0, {1, 1, 1}, {0}};
        square.factor[0] = factor, square.power[0] = -2 * power, square.over_pi = over_pi;
        fesetround(DIRECTION);
        printf("%a\\n", coupling_root_(&square));
        fesetround(FE_TONEAREST);
    }
    return 0;
}
"""


def hard_numbers() -> Iterator[tuple[int, int, int]]:
    """Give (n, k, with π) of which n / 2^k, over √π or not, is to be rounded."""
    for bits in (53, 54, 55, 56, 60, 63):
        for near in range(-6, 7):
            yield (1 << bits) + near, bits - 3, 0
            yield (1 << bits) + (1 << bits - 53) * 5 + near, bits, 0
            yield (1 << bits) + near, bits + 40, 1
    yield from ((odd, power, 0) for odd in range((1 << 54) - 9, (1 << 54) + 9) for power in (2, 54, 70))


@pytest.mark.parametrize("direction", ["FE_TONEAREST", "FE_UPWARD", "FE_DOWNWARD", "FE_TOWARDZERO"])
def test_integers_decide_how_a_root_is_rounded(folder: Path, direction: str) -> None:
    """Ties go to the even double, the dense side of a power of two is met, the rounding mode does not count."""
    asked = program(folder, source=ROOTS.replace("DIRECTION", direction))
    given = [number for number in hard_numbers() if number[0] < 1 << 64]
    text = "\n".join(" ".join(map(str, number)) for number in given)
    printed = subprocess.run([asked], input=text, capture_output=True, text=True, check=True).stdout.split()
    for (n, k, pi), found in zip(given, printed, strict=True):
        expected = rounded_magnitude(n * n, 1 << 2 * k, 1) if pi else float(Fraction(n, 1 << k))
        assert float.fromhex(found) == expected, (n, k, pi)
    assert len(given) > 200


@pytest.mark.parametrize("compiler", ["c99", "c11", "c++17"])
def test_the_header_compiles_without_a_warning_in_two_files(folder: Path, compiler: str, tmp_path: Path) -> None:
    (tmp_path / "coupling_symbols.h").write_text(symbols_header())
    source = '#include "coupling_symbols.h"\n#include "coupling_symbols.h"\nint main(void) { return 0; }\n'
    assert compiled(tmp_path, source, compiler).exists()


@pytest.mark.parametrize(("limbs", "pi_limbs"), [*((limbs, 6) for limbs in range(3, LIMBS)), (LIMBS, 2), (LIMBS, 3)])
def test_a_number_that_is_too_long_is_not_rounded(
    folder: Path, limbs: int, pi_limbs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too few digits of the numbers or of pi the answer is NaN, never a wrong value, and no array is left."""
    monkeypatch.setattr(header, "LIMBS", limbs)
    monkeypatch.setattr(header, "PI_LIMBS", pi_limbs)
    monkeypatch.setattr(header, "PI_BITS", 32 * (pi_limbs - 1))
    (folder / "short.h").write_text(symbols_header())
    source = ASK.replace("coupling_symbols.h", "short.h").replace("coupling_symbols_differ()", "0")
    asked = program(folder, "bounded", source)
    number = 2 + limbs % 2  # a fraction over pi
    symbols, expected = of_table(FAMILIES[number], "complex", 12)
    symbols, expected = symbols[::7], expected[::7]
    found = answers(asked, number, symbols)
    known = ~np.isnan(found)
    assert not known.all() or limbs > 9
    assert known.any() or limbs < 6
    assert np.array_equal(found[known], expected[known])


def test_a_sample_that_is_not_met_is_counted(folder: Path) -> None:
    text = symbols_header()
    first = re.search(r"0x1\.[0-9a-f]+p[-+]\d+", text[text.index("sample[") :])[0]
    (folder / "wrong.h").write_text(text.replace(first, float.fromhex(first).hex().replace("0x1.", "0x1.0"), 1))
    source = '#include "wrong.h"\n#include <stdio.h>\nint main(void) { printf("%d", coupling_symbols_differ()); }'
    done = subprocess.run([program(folder, source=source)], capture_output=True, text=True, check=True)
    assert done.stdout == "1"
    assert len(list(sample_rows())) == SAMPLES


def test_the_command_writes_the_header(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from coupling.cli import main

    target = tmp_path / "coupling_symbols.h"
    for _ in range(2):  # a file of ours may be replaced
        assert CliRunner().invoke(main, ["symbols", "-o", str(target)]).exit_code == 0
        assert target.read_text() == symbols_header()
    target.write_text("/* of somebody else */")
    refused = CliRunner().invoke(main, ["symbols", "-o", str(target)])
    assert refused.exit_code == 2 and target.read_text() == "/* of somebody else */"

"""Atomic structures: the shipped crystal, densities of neighbours, rotations, and `coupling simulate`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from coupling.atoms import (
    NeighbourDensity,
    Neighbours,
    compare_routes,
    cutoff_function,
    neighbours,
    plot_features,
    radial_functions,
    read_structure,
)
from coupling.atoms.comparison import WEIGHTS, rotated
from coupling.cli import main
from coupling.products import AntisymmetricGaunt
from coupling.sphere import random_rotation, rotation_matrix
from tests.test_identities_rotation import ROTATIONS, rotation_matrices

pytest.importorskip("ase")

ETHANOL = """9
CH3CH2OH of the G2 set
C 1.168181 -0.400382 0.0
C 0.0 0.559462 0.0
O -1.190083 -0.227669 0.0
H -1.946623 0.381525 0.0
H 0.042557 1.207508 0.886933
H 0.042557 1.207508 -0.886933
H 2.115891 0.1448 0.0
H 1.128599 -1.037234 0.885881
H 1.128599 -1.037234 -0.885881
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)], prog_name="coupling")


# -- rotations --------------------------------------------------------------------------------


def test_rotation_matrices_are_those_of_rotated_harmonics() -> None:
    """H_a(r⁻¹ x) there, H_a(r x) here: the transposed matrix."""
    for rotation in (*ROTATIONS, random_rotation(np.random.default_rng(1))):
        own, other = rotation_matrix(rotation, 5), rotation_matrices(rotation, 5, "real")
        np.testing.assert_allclose(own, other.T, atol=1e-14)
        np.testing.assert_allclose(own @ own.T, np.eye(36), atol=1e-13)
    signs = np.repeat([1, -1, 1, -1], [1, 3, 5, 7])
    np.testing.assert_allclose(rotation_matrix(-np.eye(3), 3), np.diag(signs), atol=1e-14)
    with pytest.raises(ValueError, match="rotation must be an orthogonal matrix"):
        rotation_matrix(2 * np.eye(3), 2)


# -- structures and densities -----------------------------------------------------------------


def test_quartz_is_the_measured_crystal() -> None:
    """Bonds of 1.605 and 1.614 Å, and the density 2.65 g/cm³."""
    atoms = read_structure("quartz")
    pairs = neighbours(atoms, 1.7)
    lengths, counts = np.unique(np.linalg.norm(pairs.vectors, axis=1).round(3), return_counts=True)
    assert lengths.tolist() == [1.605, 1.614] and counts.tolist() == [12, 12]
    assert 1.6605390 * atoms.get_masses().sum() / atoms.get_volume() == pytest.approx(2.65, abs=0.005)
    assert "Levien" in atoms.info["source"] and "BSD-3-Clause" in atoms.info["licence"]


def test_quartz_is_chiral() -> None:
    """The pseudoscalar Σ x3 · {x1, x2} of three channels is the same on equal atoms, and -1 times that in a mirror."""
    pairs, density = neighbours(read_structure(), 4.0), NeighbourDensity(4, 3, 4.0)
    values = []
    for image in (np.eye(3), -np.eye(3), np.diag([1.0, 1, -1]), ROTATIONS[-1]):
        x = density(rotated(pairs, image))
        values.append((x[..., 2:] * AntisymmetricGaunt(4, 4, 4)(x[..., :1], x[..., 1:2])).sum(axis=(1, 2)))
    assert np.ptp(values[0][:3]) < 1e-5 and np.ptp(values[0][3:]) < 1e-5 < 0.1 < abs(values[0]).min()
    for value, sign in zip(values, (1, -1, -1, 1), strict=True):
        np.testing.assert_allclose(value, sign * values[0], rtol=1e-11)


def test_density_is_its_definition() -> None:
    """Pair by pair, for a molecule, where atoms beyond the cutoff do nothing."""
    from scipy.special import sph_harm_y

    vectors = np.array([[0.3, -1.0, 0.8], [1.5, 0.2, -0.1], [-0.4, 2.0, 3.1]])
    pairs = Neighbours(np.array([0, 0, 1]), np.array([1, 2, 0]), vectors, np.array([1, 6, 8]))
    x = NeighbourDensity(3, 4, 3.0)(pairs)
    expected = np.zeros((3, 16, 4))
    met = 0
    for i, j, r in zip(pairs.centres, pairs.others, vectors, strict=True):
        length = np.linalg.norm(r)
        radial = np.sqrt(2 / 3) * np.sin(np.arange(1, 5) * np.pi * length / 3) / length
        radial = radial * (0.5 + 0.5 * np.cos(np.pi * length / 3) if length < 3 else 0)
        for l in range(4):
            for m in range(-l, l + 1):
                y = sph_harm_y(l, abs(m), np.arccos(r[2] / length), np.arctan2(r[1], r[0]))
                real = y.real if m == 0 else np.sqrt(2) * (-1) ** m * (y.real if m > 0 else y.imag)
                expected[i, l * l + l + m] += pairs.numbers[j] * radial * real
                met += 1
    np.testing.assert_allclose(x, expected, atol=1e-13)
    assert met == 3 * 16 and not x[1].any() and not x[2].any()


def test_radial_functions_are_orthonormal_but_for_the_cutoff() -> None:
    r, w = np.polynomial.legendre.leggauss(60)
    r, w = 2.5 * (r + 1), 2.5 * w
    bare = radial_functions(r, 6, 5.0) / cutoff_function(r, 5.0)[:, None]
    np.testing.assert_allclose((bare * (w * r * r)[:, None]).T @ bare, np.eye(6), atol=1e-12)
    assert cutoff_function(5.0, 5.0) == 0 == cutoff_function(9.0, 5.0)


def test_density_rotates_with_the_structure() -> None:
    pairs, density = neighbours(read_structure(), 4.0), NeighbourDensity(6, 3, 4.0)
    x = density(pairs)
    for rotation in (*ROTATIONS, -np.eye(3), random_rotation(np.random.default_rng(5))):
        turned = density(rotated(pairs, rotation))
        np.testing.assert_allclose(turned, rotation_matrix(rotation, 6) @ x, atol=1e-11 * abs(x).max())


def test_molecules_lone_atoms_and_files_that_are_not_usable(tmp_path: Path) -> None:
    file = tmp_path / "ethanol.xyz"
    file.write_text(ETHANOL)
    atoms = read_structure(file)
    assert len(neighbours(atoms, 1.2).centres) == 2 * 6  # five C-H and the O-H
    (tmp_path / "lone.xyz").write_text("1\n\nHe 0 0 0\n")
    x = NeighbourDensity(2, 3, 4.0)(neighbours(read_structure(tmp_path / "lone.xyz"), 4.0))
    assert x.shape == (1, 9, 3) and not x.any()
    wrong = {"empty": "", "words": "some text\n", "short": "3\n\nH 0 0 0\n", "none": "0\n\n", "nan": "1\n\nH nan 0 0\n"}
    for name, text in wrong.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=name):
            read_structure(tmp_path / name)
    (tmp_path / "same").write_text("2\n\nH 0 0 0\nH 0 0 0\n")
    with pytest.raises(ValueError, match="same place"):
        neighbours(read_structure(tmp_path / "same"), 2.0)
    with pytest.raises(ValueError, match="cutoff must be a positive number of Å, got nan"):
        neighbours(atoms, float("nan"))
    with pytest.raises(ValueError, match="channels must be an integer >= 1"):
        NeighbourDensity(1, 0, 3.0)


# -- the comparison ---------------------------------------------------------------------------


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 3e-6)])
def test_all_routes_agree_on_a_crystal(weights: str, dtype: str, bound: float) -> None:
    """Weights one are sums of several terms, which cancel in part."""
    pairs = neighbours(read_structure(), 4.0)
    found = compare_routes(NeighbourDensity(2, 5, 4.0), pairs, weights=weights, dtype=dtype, seed=1)
    largest = abs(found.features[2]).max()
    assert [route.name for route in found.routes if route.reason is None] == ["sparse", "sphere", "matrix"]
    for route in found.routes:
        assert route.difference <= 4 * bound * largest and route.ulps < 200
        assert 0 < route.rotation < 40 * bound and route.inversion < 4 * bound
        assert route.seconds > 0
    assert found.routes[0].difference == 0 or dtype == "float32"
    assert found.choice.dtype == dtype


# -- the command ------------------------------------------------------------------------------


def test_simulate_prints_agreement_equivariance_times_and_choice(tmp_path: Path) -> None:
    picture = tmp_path / "features.png"
    result = run("--lmax", 2, "--channels", 4, "--plot", picture, "--threads", 2)
    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "O6Si3, 9 atoms, periodic" in result.stdout and "Levien" in result.stdout
    rows = re.findall(r"^(sparse|sphere|matrix) +(\S+) +(\S+) +(\S+) +(\S+) +([\d.]+)  \d", result.stdout, re.M)
    assert [row[0] for row in rows] == ["sparse", "sphere", "matrix"]
    for row in rows:
        assert float(row[2]) < 64 and float(row[3]) < 1e-13 and float(row[4]) < 1e-14 and float(row[5]) > 0
    assert re.search(r"^auto takes \w+: 4096 channel samples, float64, 2 threads$", result.stdout, re.M)


def test_simulate_reads_a_molecule_and_says_why_a_route_is_declined(tmp_path: Path) -> None:
    file = tmp_path / "ethanol.xyz"
    file.write_text(ETHANOL)
    result = run(file, "--lmax", 2, "--channels", 2, "--dtype", "float32", "--weights", "sphere")
    assert result.exit_code == 0, result.output
    assert "9 atoms, not periodic" in result.stdout
    assert re.search(r"^sphere .* 1 Gaunt product and 1 bracket$", result.stdout, re.M)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.xyz"], "nowhere.xyz: no such file or directory"),
        (["--cutoff", "0"], "cutoff must be a positive number of Å, got 0.0"),
        (["--cutoff", "0.1"], "cutoff must reach a neighbour of some atom of quartz, got 0.1 Å"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
        (["--plot", "picture.bmp", "--lmax", "0", "--channels", "1"], "written as .png, .svg or .pdf"),
    ],
)
def test_simulate_ends_with_one_sentence(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and words in result.stderr and "Traceback" not in result.output


def test_without_ase_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m == "ase" or m.startswith("ase.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoASE(), *sys.meta_path])
    result = run()
    assert result.exit_code == 2
    words = "structures are read by ase, which is not installed: pip install 'coupling-coefficients[structures]'"
    assert result.stderr == f"Error: {words}\n"


class NoASE:
    """A finder to which ASE does not exist."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] == "ase":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_help_has_examples() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert len(re.findall(r"^ +coupling simulate", result.stdout, re.M)) == 3


def test_pictures_have_one_map_for_each_feature() -> None:
    figure = plot_features({"Si": {"x": np.eye(4)[2], "z": np.zeros(9)}, "O": {"x": [1.0]}})
    assert [ax.get_title() for ax in figure.axes] == ["Si: x", "Si: z", "O: x"]
    assert figure.axes[0].get_xlabel() == "max 0.489" and figure.axes[1].get_xlabel() == "max 0"


@pytest.mark.parametrize("r", [0.0, -1.0, float("nan"), float("inf")])
def test_distances_of_radial_functions_are_positive_numbers(r: float) -> None:
    with pytest.raises(ValueError, match="distances must be positive and finite"):
        radial_functions([1.0, r], 2, 3.0)
    ends = radial_functions([5e-324, 1e-300, np.nextafter(3.0, 0), 3.0, 1e308], 3, 3.0)
    assert np.isfinite(ends).all() and not ends[-2:].any()
    assert radial_functions([], 3, 3.0).shape == (0, 3)

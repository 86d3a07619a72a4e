"""Pictures of blocks, paths and fields: what is drawn is what was computed, in colours everybody can tell apart."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

import coupling
from coupling import plots
from coupling.cli import main
from coupling.conventions import FAMILIES
from coupling.exact import real_wigner_3j
from coupling.indexing import degree_order
from coupling.plots import projection, style
from coupling.selection import paths, real_orders
from coupling.sphere import gradients, harmonics
from tests.sources import ROOT

# -- colours ----------------------------------------------------------------------------------

# Linear RGB as seen without one kind of cones: Machado, Oliveira and Fernandes 2009, severity 1.
VISION = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])


def lab(colour: str, vision: str) -> NDArray[np.float64]:
    """The colour in CIELAB (D65) as a kind of vision sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(XYZ @ np.clip(np.array(VISION[vision]) @ linear, 1e-3, 1) / [0.95047, 1, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_colours_stay_apart_for_every_kind_of_vision(vision: str) -> None:
    """A difference of 2.3 is just noticeable; 15 is seen at a glance."""
    met = 0
    for colours in (style.PALETTE, style.EVEN + style.ODD):
        for one, other in combinations(colours, 2):
            assert np.linalg.norm(lab(one, vision) - lab(other, vision)) > 15, (one, other)
            met += 1
    assert met == 21 + 6


def test_series_differ_in_marker_and_line_as_well() -> None:
    ax = plots.curves({str(k): ([0, 1], [k, k]) for k in range(14)}, xlabel="x", ylabel="y")
    looks = {(line.get_marker(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == len(ax.lines) == 14


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of the sphere with few pixels: fast, and what is drawn is the same."""
    monkeypatch.setattr("coupling.plots.functions.PIXELS", 30)


# -- charts -----------------------------------------------------------------------------------


def test_curves_hold_their_points_and_words() -> None:
    series = {"a": ([1, 2, 4], [3.0, np.nan, 5.0]), "b": ([1, 8], [2.0, 1.0], {"color": "red", "linestyle": ":"})}
    marks = {"here": (2, 3), "limit": (None, 4), "change": (4, None)}
    ax = plots.curves(series, xlabel="degree", ylabel="µs", xscale="log2", yscale="log", marks=marks, title="T")
    assert np.array_equal(ax.lines[0].get_ydata(), [3.0, np.nan, 5.0], equal_nan=True)
    assert ax.lines[1].get_color() == "red" and ax.lines[1].get_linestyle() == ":"
    assert [text.get_text() for text in ax.texts] == list(marks)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("degree", "µs", "T")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


@pytest.mark.parametrize(
    ("series", "scale", "message"),
    [
        ({"a": ([1, 2], [1])}, "linear", "one length"),
        ({"a": ([1, 2], [1, 0])}, "log", "needs positive numbers, series 'a' has 0"),
        ({"a": ([1, 2], [1, 2])}, "loglog", "must be one of linear, log, log2, got 'loglog'"),
    ],
)
def test_series_that_cannot_be_drawn_are_refused(series: dict, scale: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.curves(series, xlabel="x", ylabel="y", yscale=scale)


# -- blocks and paths -------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["real", "complex"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_block_is_drawn_entry_by_entry(family: str, basis: str) -> None:
    met = 0
    for path in [*paths(1), (2, 2, 1), (2, 1, 3)]:
        block = np.asarray(coupling.block(family, *path, basis))
        block = block.imag if np.iscomplexobj(block) and block.imag.any() else block.real
        shown = np.ma.filled(plots.coupling_block(family, *path, basis).images[0].get_array(), np.nan)
        values = shown[np.isfinite(shown)]
        assert values.size == block.size
        assert np.array_equal(np.sort(values), np.sort(block, axis=None))
        met += 1
    assert met == 7


def test_rings_stand_at_zeros_that_the_rules_allow() -> None:
    met = 0
    for path in [*paths(2), (3, 3, 2), (3, 3, 3)]:
        zeros = sum(not real_wigner_3j(*path, *orders) for orders in real_orders(*path))
        assert len(plots.coupling_block("wigner_3j", *path).lines[0].get_xdata()) == zeros
        met += zeros
    assert met == 14


def test_accidental_zeros_are_those_of_exact_numbers() -> None:
    """On even paths no symmetry makes an entry zero, so every zero that the rules allow is an accident."""
    found = plots.accidental_zeros(4)
    even = {path: count for path, count in found.items() if sum(path) % 2 == 0}
    for path, count in even.items():
        assert count == sum(not real_wigner_3j(*path, *orders) for orders in real_orders(*path)), path
    assert len(found) == sum(1 for path in paths(4, 4, 8) if path[0] <= path[1]) and sum(even.values()) >= 8


def test_the_sparsity_counts_entries() -> None:
    table = coupling.load("complex-l4")
    ax = plots.sparsity(table)
    assert int(ax.images[0].get_array().sum()) == len(table.core)
    assert str(len(table.core)) in ax.get_title()


# -- the sphere -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", projection.PROJECTIONS)
def test_projections_are_inverted(name: str) -> None:
    view, r = projection.PROJECTIONS[name](), projection.lattice(500)
    r = r[view.visible(r)]
    assert len(r) > 150
    assert np.allclose(view.inverse(view.forward(r)), r, atol=1e-9)


def test_mollweide_keeps_areas() -> None:
    view, r = projection.mollweide(), projection.lattice(400)
    r = r[view.visible(r)]
    one, zero = np.ones(len(r)), np.zeros(len(r))
    u, v = (view.push(r, projection.tangent(r, *parts)) for parts in ((one, zero), (zero, one)))
    assert np.allclose(abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]), 1, atol=2e-3)


def test_a_harmonic_is_drawn_where_it_is() -> None:
    met = 0
    for index in range(16):
        l, m = degree_order(index)
        image = plots.harmonic(l, m).images[0].get_array()
        rows, columns = image.shape
        x, y = -1 + 2 * np.arange(columns) / (columns - 1), -1 + 2 * np.arange(rows) / (rows - 1)
        i, j = 3 * rows // 5, 2 * columns // 3
        view = projection.mollweide()
        theta, phi = projection.angles(view.inverse(np.array([x[j] * view.width, y[i] * view.height])))
        assert image[i, j] == pytest.approx(harmonics(l, theta, phi)[..., index], abs=1e-12)
        met += 1
    assert met == 16


def test_the_bracket_of_two_coordinates_is_the_third() -> None:
    """{x, y} = z and cyclic, for the harmonics of degree 1 times √(3/4π)."""
    x, y, z = (plots.unit(1, m) for m in (1, -1, 0))
    for f, g, h in ((x, y, z), (y, z, x), (z, x, y)):
        drawn = plots.bracket(f, g, "contours").images[0].get_array()
        third = plots.sphere(h).images[0].get_array()
        assert np.allclose(drawn, np.sqrt(3 / (4 * np.pi)) * third, atol=1e-12)


def test_arrows_turn_left_where_the_bracket_is_positive() -> None:
    """The circulation of f∇g around a small circle is the bracket {f, g} times its area."""
    f, g = plots.unit(2, 1), np.append(np.zeros(7), plots.unit(3, -2)[7:])
    f = np.append(f, np.zeros(7))
    radius, turn = 1e-3, np.linspace(0, 2 * np.pi, 64, endpoint=False)
    for theta, phi in product((0.7, 1.9), (0.4, 2.5)):
        # the circle θ + radius cos, φ + radius sin / sin θ is run from e_θ to e_φ: left, seen from outside
        t, p = theta + radius * np.cos(turn), phi + radius * np.sin(turn) / np.sin(theta)
        (g_theta, g_phi), values = gradients(3, t, p) @ g, harmonics(3, t, p) @ f
        steps = radius * -np.sin(turn), radius * np.cos(turn) * np.sin(t) / np.sin(theta)
        circulation = np.mean(values * (g_theta * steps[0] + g_phi * steps[1])) * 2 * np.pi
        (a, b), (c, d) = gradients(3, theta, phi) @ f, gradients(3, theta, phi) @ g
        assert circulation / (np.pi * radius**2) == pytest.approx(a * d - b * c, abs=3e-3)


@pytest.mark.parametrize("projection_name", projection.PROJECTIONS)
def test_fields_have_their_arrows(projection_name: str) -> None:
    from matplotlib.quiver import Quiver

    for kind in ("gradient", "rotated"):
        ax = plots.field(plots.unit(3, 2), kind, projection_name)
        assert sum(isinstance(child, Quiver) for child in ax.get_children()) == 1
    for show, quivers in (("curl", 1), ("gradients", 2), ("contours", 0)):
        ax = plots.bracket(plots.unit(2, 1), plots.unit(2, 2), show, projection_name)
        assert sum(isinstance(child, Quiver) for child in ax.get_children()) == quivers


def test_gradients_go_up() -> None:
    """The arrows of ∇R_10 point north, those of r × ∇R_10 west: north turned left by 90°."""
    from matplotlib.quiver import Quiver

    for kind, component, sign in (("gradient", "V", 1), ("rotated", "U", -1)):
        ax = plots.field(plots.unit(1, 0), kind)
        (arrows,) = (child for child in ax.get_children() if isinstance(child, Quiver))
        assert (sign * getattr(arrows, component) > 0).all() and arrows.N > 350


def test_the_rim_lies_over_everything_inside() -> None:
    ax = plots.field(plots.unit(2, 1), "gradient")
    rim, *inside = sorted((*ax.patches, *ax.images, *ax.lines, *ax.collections), key=lambda one: -one.zorder)
    assert rim is ax.patches[0] and len(inside) > 10
    assert rim.zorder > inside[0].zorder


def test_functions_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        plots.sphere([1.0, 2.0])
    with pytest.raises(ValueError, match="projection must be one of mollweide, globe"):
        plots.harmonic(1, 0, "mercator")
    with pytest.raises(ValueError, match="show must be one of"):
        plots.bracket(plots.unit(1, 0), plots.unit(1, 1), "arrows")


# -- surroundings -----------------------------------------------------------------------------


def test_nothing_touches_pyplot_and_styles() -> None:
    program = (
        "import matplotlib, sys; before = dict(matplotlib.rcParams)\n"
        "from coupling import plots\n"
        "plots.bracket(plots.unit(1, 0), plots.unit(1, 1)); plots.path_diagram(2)\n"
        "plots.coupling_block('gaunt', 1, 1, 2)\n"
        "plots.curves({'a': ([1, 2], [1, 2])}, xlabel='x', ylabel='y').figure._repr_png_()\n"
        "print('matplotlib.pyplot' in sys.modules, before == dict(matplotlib.rcParams))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("value gaunt 2 1 3 1 0 1 --basis real --plot FILE.png", 0, ""),
        ("value 3j 3 3 2 2 -2 0 --plot FILE.svg", 0, ""),
        ("info real-l4 --plot FILE.pdf", 0, "real-l4"),
        ("value 6j 1 1 1 1 1 1 --plot FILE.png", 2, "--plot draws the block of a path"),
        ("value 3j 1/2 1/2 1 1/2 -1/2 0 --plot FILE.png", 2, "degree 1 must be an integer"),
        ("info real-l4 --plot FILE.txt", 2, "written as .png, .svg or .pdf"),
    ],
)
def test_commands_draw(command: str, status: int, words: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, command.replace("FILE", str(tmp_path / "picture")).split())
    assert done.exit_code == status and words in done.output
    written = list(tmp_path.iterdir())
    assert len(written) == (status == 0)
    if written:
        start = written[0].read_bytes()[:8]
        assert start.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[written[0].suffix])

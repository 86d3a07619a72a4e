"""Pictures: what is drawn is what is in the table."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from coupling import plots
from coupling.exact import real_clebsch_gordan
from coupling.tables import Request, Table, build


@pytest.fixture(scope="module")
def table() -> Table:
    return build(Request(lmax=3))


def test_output_matrices_hold_every_entry(table: Table) -> None:
    met = 0
    for l3 in range(4):
        for m3 in range(-l3, l3 + 1):
            matrix = plots.output_matrix(table, l3, m3)
            assert matrix.shape == (16, 16)
            met += np.count_nonzero(matrix)
            expected = float(real_clebsch_gordan(3, l3, l3, 0, m3, m3))
            assert matrix[12, l3 * l3 + l3 + m3] == pytest.approx(expected, rel=1e-15, abs=0)
    assert met == len(table.core)


def test_zero_is_white_and_everything_else_is_not(table: Table) -> None:
    for l3, m3 in ((0, 0), (1, -1), (2, 0), (3, 3)):
        image = np.asarray(plots.plot_output(table, l3, m3).images[0].get_array())
        assert np.array_equal((image < 1).any(axis=2), plots.output_matrix(table, l3, m3) != 0)
        assert image.min() >= 0 and image.max() <= 1


def test_every_path_has_a_bar_as_high_as_its_entries(table: Table) -> None:
    bars = plots.plot_paths(table).patches
    heights = np.array([bar.get_height() for bar in bars])
    counts = np.diff(table.offsets)
    assert len(bars) == len(table) == 34
    assert np.allclose(heights / heights.max(), counts / counts.max(), rtol=1e-12)


def test_numbers_in_a_block_are_its_entries() -> None:
    texts = [text.get_text() for m3 in range(-2, 3) for text in plots.plot_block(1, 1, 2, m3).texts]
    assert len(texts) == 11
    assert texts.count(r"$\sqrt{\frac{1}{10}}$") == 7 and texts.count(r"$-\sqrt{\frac{1}{10}}$") == 1
    assert texts.count(r"$-\sqrt{\frac{1}{30}}$") == 2 and texts.count(r"$\sqrt{\frac{2}{15}}$") == 1


def test_axes_that_are_given_are_drawn_into(table: Table) -> None:
    from matplotlib.figure import Figure

    left, middle, right = Figure().subplots(1, 3)
    assert plots.plot_output(table, 1, 0, left) is left
    assert plots.plot_paths(table, middle) is middle
    assert plots.plot_block(1, 1, 1, 0, right) is right


def test_the_picture_is_written_whole(tmp_path: Path) -> None:
    from matplotlib.image import imread

    file = tmp_path / "folder" / "structure.png"
    plots.save_structure(file, lmax=3)
    image = imread(file)
    assert image.shape[:2] == (1326, 1716) and image.std() > 0.05
    assert list(file.parent.iterdir()) == [file]


#: A degree above the limit of each picture, and what draws it.
BEYOND = {
    "coupling_block": (33, lambda l: plots.coupling_block("gaunt", l, 0, l)),
    "path_diagram": (17, plots.path_diagram),
    "accidental_zeros": (64, plots.accidental_zeros),
    "plot_block": (9, lambda l: plots.plot_block(l, 0, l, 0)),
    "save_structure": (9, lambda l: plots.save_structure(Path("no/such.png"), l)),
    "harmonic": (65, lambda l: plots.harmonic(l, 0)),
    "unit": (65, lambda l: plots.unit(l, 0)),
}
#: The same for pictures of a table, and of functions that are given by coefficients.
BEYOND_TABLES = {"plot_output": 33, "plot_paths": 25, "plot_structure": 9, "sparsity": 65}
BEYOND_FUNCTIONS = {
    "sphere": plots.sphere,
    "field": plots.field,
    "bracket, first": lambda c: plots.bracket(c, [1.0]),
    "bracket, second": lambda c: plots.bracket([1.0], c),
}


@pytest.mark.parametrize("name", BEYOND)
def test_degrees_that_no_picture_shows_are_refused_with_the_limit(name: str) -> None:
    """At once: 100 000 would take hours, or more memory than there is."""
    least, draw = BEYOND[name]
    for l in (least, 10**5):
        with pytest.raises(ValueError, match=f"<= {least - 1}, got {l}"):
            draw(l)


@pytest.mark.parametrize("name", BEYOND_TABLES)
def test_tables_that_no_picture_shows_are_refused_with_the_limit(name: str) -> None:
    least = BEYOND_TABLES[name]
    draw = {"plot_output": lambda table: plots.plot_output(table, 0, 0)}.get(name, getattr(plots, name))
    for lmax in ((least, 0, least), (0, least, least)):
        with pytest.raises(ValueError, match=f"{name} draws degrees <= {least - 1}, got {least}"):
            draw(build(Request(lmax=lmax)))


@pytest.mark.parametrize("name", BEYOND_FUNCTIONS)
def test_functions_that_no_picture_shows_are_refused_with_the_limit(name: str) -> None:
    for lmax in (65, 999):
        with pytest.raises(ValueError, match=f"<= 64, got {lmax}"):
            BEYOND_FUNCTIONS[name](np.ones((lmax + 1) ** 2))


def test_the_largest_degrees_are_drawn() -> None:
    """Where that takes seconds; pages, diagrams and functions on the sphere of their largest degree take a few more."""
    assert plots.unit(64, -64).nonzero()[0] == [64**2]
    assert len(plots.coupling_block("gaunt", 32, 0, 32).texts) == 65
    assert len(plots.plot_block(8, 8, 8, 0).texts) == 17
    assert plots.sparsity(build(Request(lmax=(0, 64, 64)))).images[0].get_array().shape == (1, 65**2)
    assert len(plots.plot_paths(build(Request(lmax=(24, 24, 0)))).patches) == 25
    assert plots.plot_output(build(Request(lmax=(32, 0, 32))), 32, 0).images[0].get_array().shape == (33**2, 1, 3)


def test_every_drawing_function_has_a_limit_or_no_degree() -> None:
    drawn = {"accidental_zeros", "bracket", *BEYOND, *BEYOND_TABLES, *BEYOND_FUNCTIONS} & set(plots.__all__)
    without = {"curves", "degree_chart", "new_axes", "output_matrix", "plot_errors", "save", "save_errors"}
    assert drawn | without == {n for n in plots.__all__ if callable(getattr(plots, n))} and not drawn & without


def test_counts_of_a_table_are_added_up_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
    whole = plots.sparsity(table).images[0].get_array()
    monkeypatch.setattr("coupling.plots.blocks.CHUNK", 7)
    assert np.array_equal(plots.sparsity(table).images[0].get_array(), whole) and whole.sum() == len(table.core)


# -- one look for a route, and labels that can be read


def overlapping(figure: Any) -> list[tuple[str, str]]:
    """Pairs of texts of a figure, legends included, that cover each other."""
    figure.draw_without_rendering()
    ticks = {t for ax in figure.axes for t in [*ax.xaxis.findobj(Text), *ax.yaxis.findobj(Text)]}  # some lie outside
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in ticks]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    return [(a, b) for (a, first), (b, second) in combinations(boxes, 2) if first.overlaps(second)]


def test_a_route_looks_the_same_in_every_chart() -> None:
    points = ([1, 2], [1, 2])
    labels = ["other", "matrix", "sphere: Gaunt + bracket", "sparse", "sparse even", "Gaunt", "bracket", "second"]
    for order in (labels, labels[::-1]):
        ax = plots.curves(dict.fromkeys(order, points), xlabel="x", ylabel="y")
        looks = {line.get_label(): (line.get_color(), line.get_marker()) for line in ax.lines}
        for label in labels[1:4] + labels[5:7]:
            assert looks[label] == plots.ROUTES[label.removeprefix("sphere: ")]
        assert looks["sparse even"] == looks["sparse"]
        assert len({(*looks[line.get_label()], line.get_linestyle()) for line in ax.lines}) == len(labels)
        assert not {looks["other"][0], looks["second"][0]} & {looks[label][0] for label in labels[1:7]}
    assert len({colour for colour, _ in plots.ROUTES.values()}) == len(plots.ROUTES)
    diagram = {line.get_label(): line.get_color() for line in plots.path_diagram(2).lines}
    assert diagram["even: Gaunt"] == plots.ROUTES["Gaunt"][0] and diagram["odd: bracket"] == plots.ROUTES["bracket"][0]


@pytest.mark.parametrize(
    "labels", [[f"L = {l}" for l in range(1, 13)], [f"variant {n}" for n in range(26)], ["a", "b"]], ids=len
)
def test_the_legend_of_errors_covers_no_curve(labels: list[str]) -> None:
    """Pictures of a study have many falling curves."""
    ranks = np.arange(1, 9)
    errors = {label: (ranks, 0.1 * 10.0 ** (-8 * (ranks - 1) / (n + 1))) for n, label in enumerate(labels)}
    ax = plots.plot_errors(errors)
    ax.figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    drawn = [ax.transData.transform(line.get_xydata()) for line in ax.lines[::2]]
    between = np.linspace(0, 1, 50)[:, None, None]
    points = np.concatenate([(line[:-1] + between * np.diff(line, axis=0)).reshape(-1, 2) for line in drawn])
    assert len(points) == 350 * len(labels) and not any(box.contains(*point) for point in points)
    looks = {(str(line.get_color()), line.get_marker(), line.get_linestyle()) for line in ax.lines[::2]}
    assert len(looks) == len(labels)


def test_many_curves_leave_room_for_themselves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A legend of 26 lines does not squeeze the frame beside it."""
    drawn: list[Any] = []
    monkeypatch.setattr("coupling.plots.charts.save", lambda figure, *_, **__: drawn.append(figure))
    curves = {f"L = {n}, 2j = {n}": ([1, 2, 3], [0.1, 0.01, 0.001 * n]) for n in range(1, 27)}
    plots.save_errors(tmp_path / "errors.png", {"many": curves, "few": {"L = 1": ([1, 2], [0.1, 0.0])}}, "rank")
    (figure,) = drawn
    figure.draw_without_rendering()
    for ax in figure.axes:
        assert ax.get_position().height > 0.7
    legend = figure.axes[0].get_legend().get_window_extent()
    assert figure.bbox.y0 <= legend.y0 and legend.y1 <= figure.bbox.y1


def test_words_of_marks_do_not_cover_each_other() -> None:
    marks = {f"mark {n}": (5.0, 10.0 + n / 10) for n in range(4)} | {"line": (None, 10.0)}
    ax = plots.curves({"a": ([1, 9], [1, 20])}, xlabel="x", ylabel="y", marks=marks)
    assert overlapping(ax.figure) == []


def test_pictures_of_the_measurements_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Drawn again from what the pages hold."""
    from benchmarks import product_page, tables

    drawn: list[Any] = []
    monkeypatch.setattr(plots, "save", lambda ax, *_, **__: drawn.append(getattr(ax, "figure", ax)))
    monkeypatch.setattr(tables, "save", plots.save)
    pages = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
    data = json.loads((pages / "products.json").read_text(encoding="utf-8"))
    numbers = product_page.Numbers(data)
    product_page.draw_times(numbers, tmp_path / "a.png", False)
    product_page.draw_reach(numbers, data["reach"], tmp_path / "b.png", False)
    tables.draw(tables.read_speeds((pages / "tables.md").read_text(encoding="utf-8")), tmp_path / "c.png", False)
    assert len(drawn) == 3
    for figure in drawn:
        assert overlapping(figure) == []

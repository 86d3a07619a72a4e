"""Pictures: what is drawn is what is in the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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

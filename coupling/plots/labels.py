"""Labels of a chart that do not cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.artist import Artist

if TYPE_CHECKING:
    from matplotlib.text import Annotation


class Spread(Artist):
    """Lifts annotations, whenever a picture is drawn, until none covers another.

    >>> from coupling.plots.style import new_axes
    >>> ax = new_axes()
    >>> same = [ax.annotate("words", (0.5, 0.5), xytext=(5, 5), textcoords="offset points") for _ in range(3)]
    >>> _ = ax.add_artist(Spread(same))
    >>> ax.figure.draw_without_rendering()
    >>> boxes = [text.get_window_extent() for text in same]
    >>> any(boxes[i].overlaps(boxes[k]) for i in range(3) for k in range(i))
    False
    """

    zorder = 2.5  # before texts are drawn

    def __init__(self, texts: Sequence[Annotation]) -> None:
        super().__init__()
        self.texts = [(text, text.xyann) for text in texts]

    def draw(self, renderer: Any) -> None:
        """Place the annotations from below; each moves up over those that it covers."""
        for text, start in self.texts:
            text.xyann = start
        placed: list[Any] = []
        for text, _ in sorted(self.texts, key=lambda pair: float(pair[0].get_window_extent(renderer).y0)):
            box = text.get_window_extent(renderer)
            while covered := [other.y1 for other in placed if box.overlaps(other)]:
                x, y = text.xyann
                text.xyann = x, y + (max(covered) - box.y0 + 1) * 72 / renderer.dpi
                box = text.get_window_extent(renderer)
            placed.append(box)

"""One colour and one marker for each route of a product, in every chart."""

from __future__ import annotations

from typing import Any

from coupling.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION

#: Route → colour, marker.  Even paths are the Gaunt product's and odd ones the bracket's, in diagrams as well.
ROUTES = {
    "sparse": (BLACK, "o"),
    "Gaunt": (VERMILLION, "s"),
    "bracket": (GREEN, "^"),
    "Gaunt + bracket": (PURPLE, "D"),
    "matrix": (BLUE, "v"),
    "vector": (ORANGE, "P"),
    "edge frame": (SKY, "X"),
}

#: What follows the name of a route, and the line that says so.
PARTS = {" even": "--", " odd": ":"}


def route_look(label: str) -> dict[str, Any] | None:
    """Return colour, marker and perhaps the line of a series that is named after a route, or None.

    >>> route_look("sphere: Gaunt + bracket") == route_look("Gaunt + bracket"), route_look("e3nn") is None
    (True, True)
    >>> route_look("sparse odd")
    {'color': '#000000', 'marker': 'o', 'linestyle': ':'}
    """
    name = label.rsplit(": ", 1)[-1]
    line: dict[str, Any] = {}
    for part, linestyle in PARTS.items():
        if name.endswith(part):
            name, line = name.removesuffix(part), {"linestyle": linestyle}
    if name not in ROUTES:
        return None
    colour, marker = ROUTES[name]
    return {"color": colour, "marker": marker, **line}

"""Functions on the sphere, their gradients, and the bracket of two of them.

A function is given by its coefficients [(lmax+1)²] in real orthonormal harmonics, f = Σ c_lm R_lm.  ``projection`` is
"mollweide", the whole sphere with φ = 0 in the middle, or "globe", the half that one sees.  Degrees go to 64, of which
a wave is six pixels long; larger ones raise ValueError.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from coupling.indexing import flat_index
from coupling.integers import degree
from coupling.plots.projection import PROJECTIONS, Array, Projection, angles, lattice, tangent
from coupling.plots.style import BLACK, EVEN, INK, ODD, TICK, diverging, dress, frame, new_axes, require_drawable
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere import gradients, harmonics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What :func:`field` and :func:`bracket` can draw.
KINDS = ("gradient", "rotated")
SHOWN = ("curl", "contours", "gradients")

#: Pixels of the shorter half axis, points evaluated at once, arrows over the whole sphere.
PIXELS, CHUNK, ARROWS = 100, 8192, 420

#: Largest degree of a function.
LIMIT = 64


def sphere(
    coefficients: ArrayLike, projection: str = "mollweide", title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw f = Σ c_lm R_lm on the sphere: orange where it is positive, blue where it is negative.  Returns the Axes.

    Raises ValueError when the length of coefficients is no square, for lmax above 64, and without such a projection.

    >>> round(sphere([0, 0, 1, 0]).images[0].get_clim()[1], 4)  # R_10 = √(3/4π) cos θ
    0.4886
    """
    c = _coefficients(coefficients)
    return _draw(_values(c), _projection(projection), EVEN, title, ax)


def harmonic(l: int, m: int, projection: str = "mollweide", ax: Axes | None = None) -> Axes:
    """Draw the real harmonic R_lm on the sphere.  Returns the Axes; raises ValueError unless -l <= m <= l <= 64.

    >>> harmonic(3, -2).get_title()
    '$R_{3,-2}$'
    """
    return sphere(unit(l, m), projection, f"$R_{{{l},{m}}}$", ax)


def unit(l: int, m: int) -> Array:
    """Return the coefficients [(l+1)²] of the real harmonic R_lm: all zero but one.

    Raises ValueError unless -l <= m <= l <= 64.

    >>> unit(1, 0)
    array([0., 0., 1., 0.])
    """
    l = degree(l, "l")
    require_drawable("a picture on the sphere", LIMIT, l)
    return np.eye(1, (l + 1) ** 2, flat_index(l, m))[0]


def field(
    coefficients: ArrayLike,
    kind: str = "gradient",
    projection: str = "mollweide",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw f on the sphere and over it its surface gradient, or the gradient turned by 90°.  Returns the Axes.

    ``kind`` is "gradient", ∇f, across the level lines; or "rotated", r × ∇f, along them.  The rotated field has no
    divergence, the gradient no curl; together they carry every tangent field.  Raises what :func:`sphere` raises.

    >>> field(unit(2, 1), "rotated").get_title()
    '$r\\\\times\\\\nabla f$'
    """
    c, view = _coefficients(coefficients), _projection(projection)
    one_of(kind, KINDS, "kind")
    name = r"$\nabla f$" if kind == "gradient" else r"$r\times\nabla f$"
    ax = _draw(_values(c), view, EVEN, name if title is None else title, ax)

    def vectors(r: Array) -> Array:
        along_theta, along_phi = _gradient(c, r)
        return tangent(r, along_theta, along_phi) if kind == "gradient" else tangent(r, -along_phi, along_theta)

    _arrows(ax, view, vectors, INK)
    return ax


def bracket(
    f: ArrayLike,
    g: ArrayLike,
    show: str = "curl",
    projection: str = "mollweide",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the bracket {f, g} = r·(∇f × ∇g) of two functions, and over it what it is made of.  Returns the Axes.

    ``show`` is "curl": the arrows are f ∇g, whose curl along r the bracket is: green where they turn to the left,
    wine red where they turn to the right; "contours": level lines of f (full) and g (dashed), the bracket vanishes
    where they touch; "gradients": the arrows ∇f (black) and ∇g (grey), whose parallelogram the bracket is.  Raises what
    :func:`sphere` raises.

    >>> round(bracket(unit(1, 1), unit(1, -1)).images[0].get_clim()[1], 3)  # {x, y} = z, times 3/4π
    0.239
    """
    cf, cg, view = _coefficients(f), _coefficients(g), _projection(projection)
    one_of(show, SHOWN, "show")

    def values(r: Array) -> Array:
        (f_theta, f_phi), (g_theta, g_phi) = _gradient(cf, r), _gradient(cg, r)
        return f_theta * g_phi - f_phi * g_theta

    ax = _draw(values, view, ODD, r"$\{f, g\}$" if title is None else title, ax)
    if show == "curl":
        _arrows(ax, view, lambda r: _values(cf)(r)[..., None] * tangent(r, *_gradient(cg, r)), INK)
    elif show == "gradients":
        _arrows(ax, view, lambda r: tangent(r, *_gradient(cf, r)), BLACK)
        _arrows(ax, view, lambda r: tangent(r, *_gradient(cg, r)), "#8a8a8a")
    else:
        _contours(ax, view, _values(cf), "solid")
        _contours(ax, view, _values(cg), "dashed")
    return ax


def _coefficients(values: ArrayLike) -> Array:
    c = np.asarray(values, float)
    if c.ndim != 1 or not c.size or isqrt(c.size) ** 2 != c.size:
        raise ValueError(f"coefficients must have length (lmax+1)^2, got shape {c.shape}")
    require_drawable("a picture on the sphere", LIMIT, isqrt(c.size) - 1)
    if not np.isfinite(c).all():
        raise ValueError(f"coefficients must be finite, got {quoted(c)}")
    return c


def _projection(name: str) -> Projection:
    return PROJECTIONS[one_of(name, tuple(PROJECTIONS), "projection")]()


def _in_chunks(function: Any, r: Array) -> Array:
    """Return function(points) [..., n] for points r [n, 3], a part of them at a time."""
    return np.concatenate([function(r[k : k + CHUNK]) for k in range(0, len(r), CHUNK)], axis=-1)


def _values(c: Array) -> Any:
    """Return the function that takes unit vectors [n, 3] to the values [n] of f."""
    lmax = isqrt(c.size) - 1
    return lambda r: _in_chunks(lambda part: harmonics(lmax, *angles(part)) @ c, r)


def _gradient(c: Array, r: Array) -> Array:
    """Return (∂θ f, ∂φ f / sin θ) as [2, n] at unit vectors r [n, 3]."""
    lmax = isqrt(c.size) - 1
    return _in_chunks(lambda part: gradients(lmax, *angles(part)) @ c, r)


def _pixels(view: Projection) -> tuple[Array, tuple[int, int]]:
    """Return the unit vectors of all pixels, and their number (rows, columns)."""
    rows, columns = 2 * PIXELS, round(2 * PIXELS * view.width / view.height)
    x, y = (np.linspace(-end, end, n) for end, n in ((view.width, columns), (view.height, rows)))
    grid = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    return view.inverse(grid), (rows, columns)


def _draw(function: Any, view: Projection, colours: tuple[str, str], title: str | None, ax: Axes | None) -> Axes:
    ax = new_axes((5.0, 2.9) if view.width > view.height else (3.4, 3.7)) if ax is None else ax
    r, shape = _pixels(view)
    values = function(r).reshape(shape)
    largest = float(abs(values).max()) or 1.0
    look: dict[str, Any] = {"cmap": diverging(colours), "vmin": -largest, "vmax": largest, "interpolation": "bilinear"}
    extent = (-view.width, view.width, -view.height, view.height)
    image = ax.imshow(values, origin="lower", extent=extent, **look)
    image.set_clip_path(_rim(ax, view))
    _graticule(ax, view)
    ax.set(xticks=[], yticks=[], xlim=(-1.02 * view.width, 1.02 * view.width))
    ax.set_ylim(-1.02 * view.height, 1.02 * view.height)
    words = f"largest\n{largest:.3g}"
    ax.text(1, 0, words, transform=ax.transAxes, ha="right", va="bottom", fontsize=TICK - 1, color=INK)
    dress(ax, title=title)
    frame(ax, visible=False)
    return ax


def _rim(ax: Axes, view: Projection) -> Any:
    from matplotlib.patches import Ellipse

    rim = Ellipse((0, 0), 2 * view.width, 2 * view.height, fill=False, edgecolor="#9a9a9a", linewidth=0.8, zorder=4)
    return ax.add_patch(rim)


def _graticule(ax: Axes, view: Projection) -> None:
    """Draw meridians every 60° and parallels every 30°, faint, where they are seen."""
    line = np.linspace(0, 1, 181)
    circles = [(np.pi * line, np.full(181, phi)) for phi in np.arange(-5, 6) * np.pi / 3 * 0.9999]
    circles += [(np.full(181, theta), 2 * np.pi * (line - 0.5) * 0.9999) for theta in np.arange(1, 6) * np.pi / 6]
    for theta, phi in circles:
        r = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
        xy = np.where((view.inverse(view.forward(r)) * r).sum(-1, keepdims=True) > 0.99, view.forward(r), np.nan)
        ax.plot(*xy.T, color="black", alpha=0.12, linewidth=0.5)


def _arrows(ax: Axes, view: Projection, vectors: Any, colour: str) -> None:
    r = lattice(ARROWS)
    r = r[view.visible(r)]
    v = vectors(r)
    v /= float(np.linalg.norm(v, axis=-1).max()) or 1.0
    xy, uv = view.forward(r), view.push(r, v)
    scale = 0.24 if view.width > view.height else 0.2
    heads: dict[str, Any] = {
        "headwidth": 4.0,
        "headlength": 4.5,
        "headaxislength": 4.0,
        "minshaft": 1.6,
        "minlength": 1.0,
    }
    ruler: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1.0, "units": "inches", "width": 0.014}
    ax.quiver(*xy.T, *(scale * uv).T, color=colour, pivot="mid", zorder=3, **ruler, **heads)


def _contours(ax: Axes, view: Projection, function: Any, dashes: str) -> None:
    r, shape = _pixels(view)
    values = function(r).reshape(shape)
    x, y = (np.linspace(-end, end, n) for end, n in ((view.width, shape[1]), (view.height, shape[0])))
    largest = float(abs(values).max()) or 1.0
    levels = largest * np.arange(-0.8, 0.81, 0.2)
    lines = ax.contour(x, y, values, levels=levels, colors=INK, linestyles=dashes, linewidths=0.9)
    lines.set_clip_path(_rim(ax, view))

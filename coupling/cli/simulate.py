"""``coupling simulate`` and ``calibrate``: the routes of a product on atomic features, and their speed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coupling.cli.errors import says_what_is_wrong
from coupling.cli.options import may_overwrite

if TYPE_CHECKING:
    from coupling.atoms import Comparison

ROW = "{:<7} {:>11} {:>8} {:>12} {:>12} {:>12}  {}"


@click.command(
    short_help="Multiply features of a real structure by every route, and compare.",
    epilog="""\b
Examples:
  coupling simulate
  coupling simulate molecule.xyz --lmax 6 --cutoff 5 --channels 32
  coupling simulate quartz --dtype float32 --weights matrix --plot features.png
""",
)
@click.argument("structure", default="quartz", metavar="[STRUCTURE]")
@click.option(
    "--lmax", type=click.IntRange(0, 16), default=4, show_default=True, help="Largest degree of inputs and output."
)
@click.option(
    "--channels", type=click.IntRange(min=1), default=16, show_default=True, help="Number of radial channels."
)
@click.option("--cutoff", type=float, default=4.0, show_default=True, help="Radius of the neighbourhood in Å.")
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="Type of the features.",
)
@click.option(
    "--weights",
    type=click.Choice(["ones", "sphere", "matrix"]),
    default="ones",
    show_default=True,
    help="Weights of the paths: one, or what a single evaluation of a route gives.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the mixing of channels and of the rotations.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Number of threads of the products."
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw the features.")
@may_overwrite
@says_what_is_wrong
def simulate(
    structure: str,
    lmax: int,
    channels: int,
    cutoff: float,
    dtype: str,
    weights: str,
    seed: int,
    threads: int,
    plot: Path | None,
    force: bool,
) -> None:
    """Multiply features of a real structure by every route, and compare.

    STRUCTURE is an XYZ or extended XYZ file, which ASE reads (pip install ase), or quartz, which is shipped: α-quartz,
    a chiral crystal.  The density of neighbours around each atom is expanded in real spherical harmonics and radial
    channels; it is multiplied with a random mixture of its channels, all paths at once, by the sparse product, by
    Gaunt products and brackets on the sphere, and by matrix products.  It compares routes of a product and moves no
    atom; for energies, forces and dynamics there is docs/examples/potential.py, a calculator of ASE.
    """
    from coupling.atoms import NeighbourDensity, compare_routes, neighbours, read_structure
    from coupling.plots.style import require_picture

    if plot is not None:
        require_picture(plot, force)
    density = NeighbourDensity(lmax, channels, cutoff)
    atoms = read_structure(structure)
    pairs = neighbours(atoms, cutoff)
    periodic = "periodic" if atoms.pbc.any() else "not periodic"
    click.echo(f"structure  {structure}: {atoms.get_chemical_formula()}, {len(atoms)} atoms, {periodic}")
    for key in ("name", "source", "licence"):
        if key in atoms.info:
            click.echo(f"           {key}: {atoms.info[key]}")
    if not len(pairs.centres):
        raise ValueError(f"cutoff must reach a neighbour of some atom of {structure}, got {cutoff:g} Å")
    near = f"{len(pairs.centres)} neighbours within {cutoff:g} Å"
    click.echo(f"density    {near}, {channels} radial channels, to degree {lmax}")
    found = compare_routes(density, pairs, weights=weights, dtype=dtype, seed=seed, workers=threads)
    click.echo(f"product    degrees {lmax} x {lmax} -> {lmax}, {dtype}, weights {weights}")
    click.echo(report(found))
    if plot is not None:
        draw_features(found, atoms.get_chemical_symbols(), plot, force)
        click.echo(f"{plot}: features of one atom of each element")


def report(found: Comparison) -> str:
    """Return the table of the routes and the choice."""
    header = ("route", "difference", "ulp", "rotation", "inversion", "ns/sample", "what it does")
    lines = ["", ROW.format(*header).rstrip()]
    for one in found.routes:
        if one.reason is not None:
            lines.append(f"{one.name:<7} {one.reason}")
            continue
        numbers = f"{one.difference:.2e}", f"{one.ulps:.3g}", f"{one.rotation:.1e}", f"{one.inversion:.1e}"
        lines.append(ROW.format(one.name, *numbers, f"{1e9 * one.seconds:.2f}", one.detail))
    notes = (
        "difference: largest from the sparse product in float64, and in units in the last place of the largest output;",
        "rotation, inversion: largest residual of equivariance, relative to the largest output.",
    )
    return "\n".join([*lines, *notes, "", f"auto takes {found.choice}"])


def draw_features(found: Comparison, symbols: list[str], file: Path, force: bool = False) -> None:
    """Write a picture: for one atom of each element x, y and z of the first channel."""
    from coupling.atoms import plot_features
    from coupling.plots.style import save

    atoms = {symbol: symbols.index(symbol) for symbol in symbols}
    names = ("x, neighbour density", "y, channels mixed", "z, product")
    rows = {
        symbol: {name: feature[atom, :, 0] for name, feature in zip(names, found.features, strict=True)}
        for symbol, atom in atoms.items()
    }
    save(plot_features(rows), file, force=force)


@click.command(
    short_help="Measure this processor, so that products take the route that is fastest on it.",
    epilog="""\b
Examples:
  coupling calibrate
""",
)
@says_what_is_wrong
def calibrate() -> None:
    """Time a few products, and keep how fast each kind of code is here; RoutedProduct then predicts with it.

    It takes some seconds, more in the first call after installation, which compiles.  The file that is written can be
    removed at any time.
    """
    from coupling.products.calibration import calibrate as measure

    file = measure(click.echo)
    click.echo(f"kept in {file}")

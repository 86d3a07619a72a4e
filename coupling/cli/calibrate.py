"""``coupling calibrate``: how fast this processor is at each kind of code, for the choice between routes."""

from __future__ import annotations

import click

from coupling.cli.errors import says_what_is_wrong


@click.command(short_help="Measure this processor, so that products take the route that is fastest on it.")
@says_what_is_wrong
def calibrate() -> None:
    """Time a few products, and keep how fast each kind of code is here; RoutedProduct then predicts with it.

    It takes some seconds, more in the first call after installation, which compiles.  The file that is written can be
    removed at any time.
    """
    from coupling.products.calibration import calibrate as measure

    file = measure(click.echo)
    click.echo(f"kept in {file}")

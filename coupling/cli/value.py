"""``coupling value``: one coefficient, exact or rounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import click

from coupling.cli.errors import says_what_is_wrong
from coupling.cli.options import FamilyName, may_overwrite
from coupling.conventions import ANTISYMMETRIC_GAUNT, CLEBSCH_GORDAN, CORE
from coupling.quoted import quoted

if TYPE_CHECKING:
    from coupling.exact import Surd

ALIASES = {
    "3j": CORE,
    "6j": "wigner_6j",
    "9j": "wigner_9j",
    "12j": "wigner_12j",
    "ag": ANTISYMMETRIC_GAUNT,
    "cg": CLEBSCH_GORDAN,
}
BASIS = click.Choice(["complex", "real"], case_sensitive=False)
#: What follows a family, and what follows a name that is none.
SYMBOL = "l1 l2 l3 m1 m2 m3"
OTHERS = {
    "wigner_6j": "j1 j2 j3 j4 j5 j6",
    "wigner_9j": "j1 j2 j3 j4 j5 j6 j7 j8 j9",
    "wigner_12j": "j1 j2 j3 j4 j5 j6 j7 j8 j9 j10 j11 j12",
    "racah_v": "j1 j2 j3 m1 m2 m3",
    "racah_w": "j1 j2 j3 j4 j5 j6",
    "fano_x": "j1 j2 j3 j4 j5 j6 j7 j8 j9",
    "matrix": "l1 l2 l3",
}


@click.command(
    short_help="Print one coefficient, exact or rounded.",
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  coupling value gaunt 2 2 2 0 0 0
  coupling value antisymmetric_gaunt 3 4 4 1 2 -3 --exact
  coupling value 3j 3 2 2 -3 1 2 --basis real --exact
  coupling value cg 1/2 1/2 1 1/2 -1/2 0
  coupling value cg 1 1 2 --exact
  coupling value gaunt 1 1 2 0 0 0 --basis real -v
  coupling value 6j 1 1 1 0.5 0.5 0.5
  coupling value 12j 1 1 1 1 1 1 1 1 1 1 1 1 --kind 2 --exact
  coupling value matrix 1 1 2 --j 7/2 --exact
  coupling value gaunt 2 1 3 1 0 1 --basis real --plot block.png
  coupling value spin_weighted_gaunt:1,-2,1 2 2 2 1 0 -1 --exact
  coupling value gaunt:conj=1 2 2 2 1 0 1
""",
)
@click.argument("family", type=FamilyName(*OTHERS, *ALIASES), metavar="FAMILY")
@click.argument("numbers", nargs=-1, type=click.UNPROCESSED, metavar="DEGREES ORDERS")
@click.option("--exact", is_flag=True, help="Print the square root of a rational as well.")
@click.option("--latex", is_flag=True, help="Print the exact value as LaTeX.")
@click.option("--verbose", "-v", is_flag=True, help="Say basis, phase and normalization in words.")
@click.option("--basis", type=BASIS, help="Basis of the harmonics.  [default: complex]")
@click.option("--j", "spin", metavar="SPIN", help="The spin of the matrix product (family matrix): 0, 1/2, 1, ...")
@click.option("--kind", type=click.Choice(["1", "2"]), help="First or second kind (family 12j).  [default: 1]")
@click.option("--plot", metavar="FILE", help="Draw the block of the path, this entry framed: .png, .svg or .pdf.")
@may_overwrite
@says_what_is_wrong
def value(
    family: str,
    numbers: tuple[str, ...],
    exact: bool,
    latex: bool,
    verbose: bool,
    basis: str | None,
    spin: str | None,
    kind: str | None,
    plot: str | None,
    force: bool,
) -> None:
    """Print one coefficient, the double nearest to its exact value, or with three degrees alone all of their path.

    FAMILY is wigner_3j (3j), clebsch_gordan (cg), gaunt, antisymmetric_gaunt (ag), gradient_dot,
    spin_weighted_gaunt:s1,s2,s3, wigner_6j (6j), wigner_9j (9j), wigner_12j (12j), racah_v, racah_w, fano_x or matrix;
    :conj=1 after a family conjugates its first slot.
    All degrees come first, then all orders.  Degrees of 3j, clebsch_gordan, 6j, 9j, 12j, V, W and X may be
    half-integers, 1/2 or 0.5.  In the real basis, wigner_3j is the core C.  For matrix, give three degrees and the
    spin: the number is the factor of the path in the matrix product.  A selection rule that fails gives 0.
    """
    family = ALIASES.get(family, family)
    function = _function(family, basis, spin, kind)
    if latex and exact:
        raise ValueError("--latex is the exact value: give --latex or --exact")
    write = partial(_text, exact=exact, latex=latex)
    if len(numbers) == 3 and family not in OTHERS:
        degrees = [parse_number(text) for text in numbers]
        if plot is not None:
            _draw(plot, family, degrees, basis or "complex", force)
        _print_path(function, degrees, write)
        _say(family, basis or "complex", verbose)
        return
    parsed = _parse(family, numbers)
    number = function(*parsed)
    if plot is not None:
        _draw(plot, family, parsed, basis or "complex", force)
    click.echo(write(number))
    _say(family, basis or "complex", verbose)


#: What the numbers without orders or with them are, which no basis changes.
DEFINED = {
    "wigner_6j": "Edmonds 1957, eq. 6.3.7; no orders, so no phase of harmonics; symmetric in columns",
    "wigner_9j": "Edmonds 1957, eq. 6.4.3, rows first; no orders, so no phase of harmonics",
    "wigner_12j": "Ord-Smith 1954 (kind 1) and Yutsis, Levinson, Vanagas 1962 without its sign (kind 2), rows first; "
    "no orders, so no phase of harmonics",
    "racah_v": "Racah's V = (-1)^(-j1+j2+j3) 3j(j1 j2 j3; m1 m2 m3), Edmonds 1957, section 3.7",
    "racah_w": "Racah's W(j1 j2 j3 j4; j5 j6) = (-1)^(j1+j2+j3+j4) 6j{j1 j2 j5; j4 j3 j6}, Edmonds 1957, section 6.2",
    "fano_x": "Fano's X = √((2j3+1)(2j6+1)(2j7+1)(2j8+1)) 9j, Edmonds 1957, section 6.4",
    "matrix": "the factor of the path in the matrix product of the spin, √P 6j{l1 l2 l3; j j j}",
}


def _say(family: str, basis: str, verbose: bool) -> None:
    """Print what the number is, in words."""
    if not verbose:
        return
    if family in DEFINED:
        click.echo(f"definition: {DEFINED[family]}")
        return
    from coupling.families import family as known
    from coupling.foreign.named import named
    from coupling.foreign.words import in_words

    record = known(family)
    for key, words in {"definition": record.definition, **in_words(named("coupling"), record, basis)}.items():
        click.echo(f"{key}: {words}")


def _text(number: Surd, exact: bool, latex: bool) -> str:
    if latex:
        return number.latex()
    double = repr(complex(number) if number.unit else float(number))
    return f"{number} = {double}" if exact else double


def _print_path(
    function: Callable[..., Surd], degrees: list[int | float | Fraction], write: Callable[[Surd], str]
) -> None:
    """Print the coefficients of a path that are not zero, or why there are none."""
    found = [f"{' '.join(f'{m!s:>4}' for m in orders)}  {write(x)}" for orders, x in _entries(function, degrees)]
    for line in found:
        click.echo(line)
    if not found:
        a, b, c = (Fraction(degree) for degree in degrees)
        couples = abs(a - b) <= c <= a + b and (a + b + c).denominator == 1
        rule = "these l1+l2+l3 are of the other parity" if couples else "they do not satisfy |l1-l2| <= l3 <= l1+l2"
        click.echo(f"every coefficient of these degrees is zero: {rule}", err=True)


def _entries(
    function: Callable[..., Surd], degrees: list[int | float | Fraction]
) -> Iterator[tuple[tuple[Fraction, ...], Surd]]:
    """Yield the orders and the value of every coefficient of a path that is not zero, after checking the degrees."""
    function(*degrees, *degrees)  # of orders that exist
    lists = [[-Fraction(j) + k for k in range(int(2 * j) + 1)] for j in degrees]
    for orders in product(*lists):
        if number := function(*degrees, *orders):
            yield orders, number


def _draw(file: str, family: str, numbers: list[int | float | Fraction], basis: str, force: bool) -> None:
    from coupling.families import names
    from coupling.plots import coupling_block, save
    from coupling.plots.style import require_picture
    from coupling.selection import degrees as degrees_of
    from coupling.selection import integer_symbol

    if family in OTHERS:
        raise ValueError(f"--plot draws the block of a path, for {', '.join(names())}; got {family}")
    require_picture(file, force)
    l1, l2, l3, *orders = integer_symbol(*numbers) if len(numbers) == 6 else degrees_of(*numbers)
    mark = (orders[0], orders[1], orders[2]) if orders else None
    save(coupling_block(family, l1, l2, l3, basis, mark=mark), file, force=force)


def _function(family: str, basis: str | None, spin: str | None, kind: str | None) -> Callable[..., Surd]:
    import coupling.exact as exact
    from coupling.families import family as known
    from coupling.families import names
    from coupling.numbers.normalizations import MATRIX

    if (spin is None) == (family == MATRIX):
        what = "needed by" if spin is None else "only for"
        raise ValueError(f"--j, the spin, is {what} the family matrix; got the family {family}")
    if kind is not None and family != "wigner_12j":
        raise ValueError(f"--kind is only for the family wigner_12j; got the family {family}")
    if family not in OTHERS:
        return known(family).exact(basis or "complex")
    if basis is not None:
        raise ValueError(f"--basis is for {', '.join(names())}; {family} does not depend on it")
    if spin is not None:
        j = parse_number(spin)
        return lambda l1, l2, l3: exact.reduced_matrix(l1, l2, l3, j)
    symbol: Callable[..., Surd] = getattr(exact, family)
    return symbol if kind is None else partial(symbol, kind=int(kind))


def _parse(family: str, numbers: tuple[str, ...]) -> list[int | float | Fraction]:
    expected = OTHERS.get(family, SYMBOL).split()
    parsed = [parse_number(text) for text in numbers]
    if len(parsed) != len(expected):
        rule = f"{family} takes {len(expected)} numbers, {' '.join(expected)}"
        rule += "" if family in OTHERS else ", or the three degrees of a path"
        raise ValueError(f"{rule}; got {len(parsed)}")
    return parsed


def parse_number(text: str) -> int | float | Fraction:
    """Return the number written as 3, -2, 1/2 or 0.5, or raise ValueError; only thirds and the like stay fractions.

    >>> parse_number("3"), parse_number("-3/2"), parse_number("0.5")
    (3, -1.5, 0.5)
    """
    if re.match(r"--?[A-Za-z]", text):
        raise _no_such_option(text)
    if not re.fullmatch(r"[+-]?\d{1,9}(/0*[1-9]\d{0,8}|\.\d{1,9})?", text, re.ASCII):
        rule = "degrees and orders are integers or half-integers such as 3, -2, 1/2, 0.5, separated by spaces"
        raise ValueError(f"{rule}; got {quoted(text)}")
    number = Fraction(text)
    return {1: int, 2: float}.get(number.denominator, Fraction)(number)


def _no_such_option(text: str) -> click.NoSuchOption:
    """Return the error for what is meant as an option, with the one of the command that is spelled most nearly so."""
    context = click.get_current_context(silent=True)
    names = [name for each in context.command.params for name in each.opts if name[0] == "-"] if context else []
    return click.NoSuchOption(text, possibilities=get_close_matches(text, names, 1))

"""Formulas among the words of a derivation are evaluated, or stand on its list with the reason why they are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from derivations import framework, registry
from derivations.framework import (
    Derivation,
    DoesNotHold,
    arguments,
    displayed,
    read_argument,
    read_formula,
    read_list,
    read_text,
    unread,
)
from derivations.reading.texts import CASE, NOTATION, PART, QUOTED, formulas, rows, states
from tests import plant_derivations as plant
from tests.plant_latex import WORDS_OF, latex_faults


def places(derivation: Derivation) -> list[tuple[str, str]]:
    """The formulas in the texts of a page, with the titles under which they are read."""
    return [(title, latex) for title, text in arguments(derivation) for latex in formulas(text)]


@pytest.mark.parametrize("identifier", registry.IDS)
def test_the_list_has_no_entry_that_need_not_be_there(identifier: str) -> None:
    """Each stands in a text, once on the list, under a reason that is known, and cannot be read without the list."""
    derivation = registry.load(identifier)
    listed = unread(derivation)
    assert read_list(derivation, 0) == 0 and len(listed) == len(set(listed))
    assert set(derivation.reading.unread) <= {CASE, PART, NOTATION, QUOTED}
    for latex in listed:
        short = {why: tuple(one for one in group if one != latex) for why, group in derivation.reading.unread.items()}
        without = replace(derivation, reading=replace(derivation.reading, unread=short))
        inside = [partial(read_formula, without, title, one) for title, one in places(derivation) if one == latex]
        inside += [partial(read_text, without, text, 0) for text in displayed(derivation) if text[1] == latex]
        assert any(map(fails, inside)), latex


def fails(reading: Callable[[], int]) -> bool:
    try:
        reading()
    except DoesNotHold:
        return True
    return False


def test_most_relations_among_words_are_evaluated() -> None:
    """Counted over all pages: relations that are evaluated, those on the lists, and everything else on them."""
    found: Counter[str] = Counter()
    for derivation in map(registry.load, registry.IDS):
        for _, latex in places(derivation):
            kind = "relation" if states(latex) else "part or name"
            found[f"{kind}, {'listed' if latex in unread(derivation) else 'read'}"] += 1
    assert found["relation, read"] > 290 and found["relation, read"] > 1.5 * found["relation, listed"]
    assert found.total() > 1100


def test_a_stale_entry_and_an_unread_formula_make_derive_fail() -> None:
    derivation = registry.load("gaunt")
    stale = replace(derivation.reading, unread={CASE: ("x=7",)})
    with pytest.raises(DoesNotHold, match="x=7 is in no text"):
        read_list(replace(derivation, reading=stale), 0)
    for text, said in (
        ("$J=l_1+l_2$", "wrong by"),
        ("$q=1$", "no meaning"),
        ("$J=J$", "states nothing"),
        (r"$\tfrac{J}{7}$", "no relation, name"),
        ("$-7$", "no relation, name"),
    ):
        with pytest.raises(DoesNotHold, match=said):
            read_argument(derivation, ("Statement", text), 0)
    assert read_argument(derivation, ("Statement", "With $J=l_1+l_2+l_3$ and $P$."), 0) > 0


def test_the_texts_are_among_the_parts_that_derive_runs() -> None:
    derivation = registry.load("gaunt")
    wrong = replace(derivation, hypotheses=(*derivation.hypotheses, "$J=2l_1$"))
    failures: list[str] = []
    for part in framework.parts(wrong)[:-1]:
        framework.attempt(part, 1, failures)
    assert failures == [f"the text of 'Statement' at J=2l_1: {failures[0].split(': ', 1)[1]}"]


CHOSEN: dict[str, tuple[str, str, str]] = {
    "a factor of Rodrigues' formula": ("gaunt", r"{2^l\,l!}(1", r"{2^l}(1"),
    "a sign of the ladder": ("wigner_3j", r"L_-V_{m_3}=-", r"L_-V_{m_3}="),
    "a certificate of a sum": ("wigner_3j", r"{2(a+b+c+1)(a+1-k)}", r"{2(a+b+c+1)(a-k)}"),
    "the value of a sum": ("wigner_3j", r"E=\frac{2(a+b+c+2)!", r"E=\frac{(a+b+c+2)!"),
    "a phase": ("vector_harmonics", r"\overline{Y^L_{lm}}=(-1)^{L+l+m+1}", r"\overline{Y^L_{lm}}=(-1)^{L+l+m}"),
    "a bound": ("matrix_product", r"\tfrac94L^2+", r"\tfrac14L^2+"),
    "a limit": ("matrix_product", r"\mathrm i\sqrt{4\pi}\int", r"\sqrt{4\pi}\int"),
    "a part on the list": ("gaunt", r"\frac{J!}{l_1!\,l_2!\,l_3!}", r"\frac{J!}{l_1!\,l_2!}"),
    "a case on the list": ("gaunt", "$l_1=0$", "$l_1=1$"),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_changed_formula_among_words_makes_derive_fail(name: str) -> None:
    identifier, right, wrong = CHOSEN[name]
    derivation = registry.load(identifier)
    texts = [(title, text) for title, text in arguments(derivation) if right in text]
    assert texts
    for title, text in texts:
        read_argument(derivation, (title, text), 0)
        with pytest.raises(DoesNotHold):
            read_argument(derivation, (title, text.replace(right, wrong)), 0)


def test_a_wrong_row_among_words_makes_derive_fail() -> None:
    derivation = registry.load("vector_harmonics")
    title, text = next((title, text) for title, text in arguments(derivation) if rows(text))
    assert len(rows(text)) == 10 and read_argument(derivation, (title, text), 0) > 0
    for right, wrong in (
        ("$(0,+)$ | $l_1=0$", "$(0,+)$ | $l_2=0$"),
        (" or $l_3=l_1+l_2$", ""),
        ("$(+,+)$", "$(+,-)$"),
        ("any degrees", "$l_1=l_2$"),
        ("| $(0,0)$ | any degrees |\n", ""),
    ):
        assert right in text
        with pytest.raises(DoesNotHold, match="the table"):
            read_argument(derivation, (title, text.replace(right, wrong)), 0)
    with pytest.raises(DoesNotHold, match="the table"):  # one that nothing compares
        read_argument(registry.load("gaunt"), ("Statement", text), 0)


def test_faults_are_planted_among_words() -> None:
    """Names alone are left out; the others are in every derivation."""
    found = {place: faults for place, faults in latex_faults().items() if place[1].endswith(WORDS_OF)}
    assert len(found) > 100 and sum(map(len, found.values())) > 1500
    assert all(plant.is_text(fault) for faults in list(found.values())[::20] for fault in faults[:3])
    names = {name for name, _ in found} | {"matrix_product", "vector_harmonics"}
    assert set(registry.IDS) <= names

"""What comes back from a card is read once, strictly."""

from typing import Any

import pytest

from cards.elements import Card, Execute, TextBlock, make
from cards.form import read_form
from cards.verbs import CardAction, Verb, action_data, parse
from distribution.user_session import Entries
from tests.cards.samples import TASK

OFFER = TASK.offer or ""


@pytest.mark.parametrize("verb", Verb)
def test_an_execute_and_a_submit_are_read_alike(verb: Verb) -> None:
    data = {**action_data(verb, TASK.id, OFFER), "note": "typed"}
    action = CardAction(verb, TASK.id, OFFER, {"note": "typed"})
    assert parse(data) == action
    assert (
        parse({"action": {"type": "Action.Execute", "verb": verb.value, "data": data}, "trigger": "manual"}) == action
    )
    # Some clients send neither a trigger nor an id.
    assert parse({"action": {"type": "Action.Execute", "data": data}}) == action


@pytest.mark.parametrize(
    "value",
    [
        None,
        "accept",
        [],
        {},
        {"action": None},
        {"action": {"type": "Action.Execute", "verb": "accept"}},
        {"action": {"data": ["accept"]}},
        {"usher": "explode", "task": TASK.id, "offer": ""},
        {"usher": "accept", "task": "", "offer": ""},
        {"usher": "accept", "task": "a:b", "offer": ""},
        {"usher": "accept", "task": 7, "offer": ""},
        {"usher": ["accept"], "task": TASK.id, "offer": ""},
        {"usher": "accept", "task": TASK.id, "offer": "usher:{1}:x"},
    ],
)
def test_anything_else_is_not_ours(value: Any) -> None:
    assert parse(value) is None


def test_inputs_that_are_no_text_or_beyond_measure_are_left_out() -> None:
    data: dict[str, object] = {**action_data(Verb.ACW_DONE, TASK.id, ""), "note": 3, "tags": "x" * 9000, "code0": "y"}
    action = parse(data)
    assert action is not None
    assert action.inputs == {"code0": "y"}


def test_a_form_gives_all_that_was_entered() -> None:
    inputs = {"code0": "Plants,Something else", "code7": "Of an older card", "tags": "urgent", "note": "n" * 3000}
    entries = Entries(("Plants", "Something else", "Of an older card"), ("urgent",), "n" * 3000)
    assert read_form(inputs) == entries


def test_a_misspelt_property_is_refused_where_the_package_would_ignore_it() -> None:
    assert TextBlock(text="a", subtle=True).render() == {"text": "a", "type": "TextBlock"}
    with pytest.raises(TypeError, match="TextBlock has no property subtle"):
        make(TextBlock, text="a", subtle=True)
    with pytest.raises(TypeError, match="verb"):
        make(Execute, verb=7)


def test_the_packages_own_version_does_not_show() -> None:
    assert make(Card).render()["version"] == "1.5"

"""Cards that Teams would not take, and what is said about them."""

import pytest

from sandbox.connector.card_check import CardError, CardTooNew, check_card
from sandbox.values import Json
from tests.sandbox.product import ACCEPT, card


def with_body(*elements: Json, version: str = "1.5") -> Json:
    return {"type": "AdaptiveCard", "version": version, "body": list(elements)}


BAD: list[tuple[object, str]] = [
    (None, "a card must be an object"),
    ({"version": "1.5"}, "type must be AdaptiveCard"),
    ({"type": "AdaptiveCard"}, "version must be a text"),
    (with_body({"type": "TextBlock"}), r"card.body\[0\]: TextBlock needs text"),
    (with_body({"type": "TextBlock", "text": "a", "colour": "good"}), "TextBlock has no colour"),
    (with_body({"type": "TextBlock", "text": "a", "color": "green"}), "color must be one of default, dark"),
    (with_body({"type": "Banner"}), "type must be one of ActionSet"),
    (with_body({"type": "Input.Text"}), "Input.Text needs id"),
    (
        with_body({"type": "Input.Text", "id": "a"}, {"type": "Input.Toggle", "id": "a", "title": "b"}),
        "two inputs are called a",
    ),
    (with_body({"type": "Input.Text", "id": "a", "isRequired": True}, version="1.2"), "isRequired came with 1.3"),
    (with_body({"type": "Table", "columns": [], "rows": []}, version="1.4"), "Table came with 1.5"),
    (card(*[ACCEPT] * 7), "6 actions at most"),
    (card(ACCEPT, refresh={"action": {"type": "Action.Execute"}, "userIds": ["29:1"] * 61}), "60 ids at most"),
    (card({"type": "Action.Submit", "title": "a", "verb": "b"}), "Action.Submit has no verb"),
    (card(ACCEPT, selectAction={"type": "Action.ShowCard", "card": card()}), "selectAction.type must be one of"),
]


@pytest.mark.parametrize(("wrong", "complaint"), BAD)
def test_a_bad_card_is_told_what_is_wrong_with_it(wrong: object, complaint: str) -> None:
    with pytest.raises(CardError, match=complaint):
        check_card(wrong)


@pytest.mark.parametrize("version", ["1.6", "2.0"])
def test_a_card_of_the_future_is_too_new(version: str) -> None:
    with pytest.raises(CardTooNew):
        check_card({"type": "AdaptiveCard", "version": version})


@pytest.mark.parametrize(
    "good",
    [
        card(ACCEPT, msteams={"width": "Full"}),
        card({**ACCEPT, "data": {"type": "TextBlock"}}),
        with_body({"type": "Table", "rows": [], "fallback": "drop"}, version="1.4"),
        with_body({"type": "TextBlock", "text": "a", "weight": "Bolder", "size": "ExtraLarge"}),
    ],
)
def test_good_cards(good: Json) -> None:
    check_card(good)

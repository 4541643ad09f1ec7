"""What a visitor writes cannot become anything but text: in no card, in no field that reads markdown."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cards import escape
from cards.personal import personal_card
from cards.room import opening_card
from cards.state import Line
from cards.verbs import choice_value, chosen
from conversations.topic import room_topic
from sandbox.connector.card_check import check_card
from store.text import tidied
from tests.cards.samples import ACTIVE, ROOM_TASKS, STATE, STATES
from tests.cards.test_states import elements

HOSTILE = (
    "[your bank](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "<at>Anna Meier</at>",
    "**bold** _italic_ ~~gone~~ `code`",
    "# Heading",
    "- a list\n- more",
    "1. a list",
    "{{TIME(2026-01-01T00:00:00Z)}}",
    "\\[escaped\\](https://evil.example)",
    "a\u202egnp.exe",
    "[a\n](https://evil.example)",
    "| a | b |\n|---|---|\n| c | d |",
)


def seen(value: Any) -> str:
    """The text of a card's markdown fields as a renderer shows it, with the tags that it would make."""
    texts: list[str] = []
    for element in elements(value):
        texts += [element["text"]] if element["type"] == "TextBlock" else []
        texts += [fact["value"] for fact in element.get("facts", [])]
    return "\n".join(MarkdownIt("commonmark").render(text) for text in [*texts, value["fallbackText"]])


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_in_what_a_visitor_gave_stays_text(text: str) -> None:
    hostile = replace(
        STATE, customer=text, page=text, said=(Line(text, text),), service=text, transferred_to="", notice=text
    )
    cards = [personal_card(replace(hostile, task=state.task)) for state in STATES.values()]
    cards += [opening_card(replace(hostile, task=task)) for task in ROOM_TASKS.values()]
    for card in cards:
        assert card is not None
        html = seen(card.content)
        for tag in ("<a", "<img", "<at", "<em", "<strong", "<code", "<ul", "<ol", "<h1", "<del", "<table"):
            assert tag not in html
        assert "{{TIME(2026-01-01" not in str(card.content)
        assert "\u202e" not in str(card.content) + card.summary
        assert "entities" not in str(card.content["msteams"])


def test_what_a_visitor_wrote_is_still_readable() -> None:
    card = opening_card(replace(STATE, task=ACTIVE, said=(Line("Eve", "3 * 4 = [12] <b>"),)))
    runs = [element["text"] for element in elements(card.content) if element["type"] == "TextRun"]
    assert runs[-2:] == ["Eve: ", "3 * 4 = [12] <b>"]
    assert MarkdownIt("commonmark").render(escape.markdown("3 * 4 = [12] <b>")) == "<p>3 * 4 = [12] &lt;b&gt;</p>\n"


def test_web_addresses_can_be_clicked_and_lead_where_they_say() -> None:
    text = (
        "See https://example.com/Foo_(bar)?a={{b}}&c, www.example.org. Not javascript:alert(1), eve@example.com,\n"
        "[your bank](https://evil.example) https://münchen.example/ https://a.example:notaport/ "
        + "https://c.example/"
        * 40
    )
    for card in (
        personal_card(replace(STATE, said=(Line("Eve", text),))),
        opening_card(replace(STATE, task=ACTIVE, said=(Line("Eve", text),))),
    ):
        assert card is not None
        runs = [element for element in elements(card.content) if element["type"] == "TextRun"]
        links = {run["text"]: run["selectAction"] for run in runs if "selectAction" in run}
        assert {action["type"] for action in links.values()} == {"Action.OpenUrl"}
        assert {shown.replace("\u2060", ""): action["url"] for shown, action in links.items()} == {
            "https://example.com/Foo_(bar)?a={{b}}&c": "https://example.com/Foo_(bar)?a=%7B%7Bb%7D%7D&c",
            "www.example.org": "https://www.example.org",
            "https://evil.example": "https://evil.example",
        }
        assert "https://münchen.example/ https://a.example:notaport/" in "".join(run["text"] for run in runs)
        check_card(card.content)


@given(st.text())
def test_no_text_whatever_becomes_markup(text: str) -> None:
    html = MarkdownIt("commonmark").render(escape.markdown(text)).strip()
    assert html.removeprefix("<p>").removesuffix("</p>").count("<") == 0
    assert "{{" not in escape.literal(text)


@given(st.text(), st.integers(min_value=1, max_value=20))
def test_cutting_keeps_to_the_limit(text: str, limit: int) -> None:
    short = escape.cut(text, limit)
    assert short == text or (short.endswith("…") and len(escape.cut(short, limit)) <= len(short))


@given(st.lists(st.text(min_size=1, alphabet=st.characters(exclude_categories=("Cs",))), unique=True))
def test_several_choices_come_back_as_they_were(names: list[str]) -> None:
    assert chosen({"tags": ",".join(choice_value(name) for name in names)}, "tags") == tuple(names)


@pytest.mark.parametrize("piece", ["\U0001f1e8", "\u0301", "👩‍👩‍👧‍👦", "\u1100", "{{", "[", " \n", "&#", "\t"])
def test_no_text_takes_its_length_squared(piece: str) -> None:
    text = (piece * 8_000)[:8_000]
    begin = time.thread_time()
    for function in (escape.literal, escape.markdown, escape.kept_blanks):
        function(text)
    escape.cut(text, 200)
    room_topic(text, text, "visitor")
    tidied(text, 100)
    assert time.thread_time() - begin < 0.2

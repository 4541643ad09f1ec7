"""A room's name: 249 characters as Teams counts them, no colon, cut between graphemes, never empty."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from conversations.topic import LIMIT, room_topic

FAMILY = "👩‍👩‍👧‍👦"  # one grapheme of seven code points and eleven UTF-16 units


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_a_room_is_named_after_the_service_and_the_customer() -> None:
    assert room_topic("Garden Advice", "Mia Muster", "0a1b") == "Garden Advice ¦ Mia Muster"


@pytest.mark.parametrize("nameless", ["", "   ", "\u200b\u200b", "\n\t", "\u202e", "\ufe0f"])
def test_a_customer_without_a_name_is_a_numbered_visitor(nameless: str) -> None:
    topic = room_topic("Garden Advice", nameless, "00mabc123")
    assert regex.fullmatch(r"Garden Advice ¦ Visitor [0-9A-F]{4}", topic)
    assert topic == room_topic("Garden Advice", "", "00mabc123"), "the same visitor keeps his number"


@pytest.mark.parametrize(
    ("customer", "shown"),
    [("Dr: Who", "Dr - Who"), ("10:30", "10-30"), (":", "-"), ("a\u202eb\nc", "ab c"), ("  a   b ", "a b")],
)
def test_what_a_topic_cannot_carry_is_replaced(customer: str, shown: str) -> None:
    assert room_topic("S", customer, "x") == f"S ¦ {shown}"


def test_the_customer_is_cut_before_the_service() -> None:
    topic = room_topic("Garden Advice", "M" * 400, "x")
    assert topic == "Garden Advice ¦ " + "M" * (LIMIT - 17) + "…"
    assert len(topic) == LIMIT


def test_the_service_is_cut_when_the_customer_can_give_no_more() -> None:
    assert room_topic("S" * 400, "Mia", "x") == "S" * (LIMIT - 6) + "… ¦ M…"
    assert room_topic("S" * 400, "M", "x") == "S" * (LIMIT - 5) + "… ¦ M"


def test_a_name_is_cut_between_graphemes_never_inside_a_family() -> None:
    topic = room_topic("Service", FAMILY * 40, "x")
    families = topic.removeprefix("Service ¦ ").removesuffix("…")
    assert families == FAMILY * (len(families) // len(FAMILY))
    assert LIMIT - units(FAMILY) < units(topic) <= LIMIT


def test_a_direct_chat_without_a_display_name_still_has_a_topic() -> None:
    assert room_topic("", "Mia", "x") == "Mia"


@given(st.text(max_size=400), st.text(max_size=400), st.text(min_size=1, max_size=20))
def test_any_names_give_a_topic_that_graph_takes(service: str, customer: str, visitor: str) -> None:
    topic = room_topic(service, customer, visitor)
    assert topic.strip() == topic != ""
    assert units(topic) <= LIMIT
    assert ":" not in topic
    assert "\n" not in topic


def test_a_single_grapheme_longer_than_the_limit_leaves_the_sign() -> None:
    stack = "a" + "\u0301" * 400
    topic = room_topic("Service", stack, "x")
    assert topic == "Service ¦ …"
    assert units(room_topic(stack, stack, "x")) <= LIMIT

"""What is an address, by the vectors that the widget is held to as well (tests/web/test_links.py)."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkify_it import LinkifyIt

from bots.relay import rich
from store.links import links

VECTORS: list[tuple[str, list[list[str]]]] = json.loads(
    (Path(__file__).parents[1] / "links.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_the_whole_address_is_the_link_and_nothing_else(text: str, expected: list[list[str]]) -> None:
    assert [[text[link.start : link.end], link.address] for link in links(text)] == expected


def test_all_of_them_beside_each_other_are_the_same() -> None:
    text = "\n".join(text for text, _ in VECTORS)
    assert [link.address for link in links(text)] == [address for _, found in VECTORS for _, address in found]


# linkify-it wants a boundary in front of an address, knows no Chinese brackets, and is stricter about what a host is.
ORACLE = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
REST = st.text(alphabet="ab1é中./?#()'!,;-_&=%~ 。）", max_size=25)


@settings(max_examples=400, deadline=None)
@given(REST)
def test_what_is_found_is_an_address_for_linkify_it_too(rest: str) -> None:
    text = f"see https://a.example/{rest}"
    first = links(text)[0]
    found: object = ORACLE.match_at_start(first.address)  # pyright: ignore[reportUnknownMemberType] no types
    assert found is not None
    assert text[first.start : first.end] == first.address
    assert not first.address.endswith((".", ",", "!", " ", "'"))


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "a@", "@a", "http://", "https://a", "https://a/", "https://a/(", "https://a/)", "www.", "www.a.", "a-", "(", "https://a/!",
     "https://@", "https://a:", "https://a/" + "!" * 100 + " ", " ", "\t", "\n ", "é", "\u0301"],
)  # fmt: skip
def test_no_message_holds_up_the_others(piece: str) -> None:
    text = (piece * 8_000)[:8_000]
    begin = time.thread_time()
    rich(text)
    assert time.thread_time() - begin < 0.2

"""The widget takes the same for an address as the room does (tests/bots/test_links.py), and draws long texts at once."""

import json
from pathlib import Path

from playwright.async_api import expect

from conversations.messages import Sender
from tests.web.website import Website

VECTORS = json.loads((Path(__file__).parents[1] / "links.json").read_text(encoding="utf-8"))
ANCHORS = "bubble => [...bubble.querySelectorAll('a')].map(a => [a.textContent, a.getAttribute('href')])"


async def test_addresses_are_the_same_in_the_widget_and_in_the_room(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    chat = await website.answer(widget)
    await website.agent_says(chat, "\n".join([*(text for text, _ in VECTORS), "the end"]))
    bubble = widget.rows.filter(has_text="the end")
    await expect(bubble).to_be_visible()
    assert await bubble.evaluate(ANCHORS) == [link for _, found in VECTORS for link in found]
    assert not widget.errors


async def test_long_texts_of_one_word_are_drawn_at_once(website: Website) -> None:
    """200 ms for each drawing it took, and the widget draws with every key that is pressed."""
    widget = await website.visit()
    await widget.begin("Hello")
    chat = await website.answer(widget)
    for piece in ("a", "a.", "@a", "http://", "https://a/(", "https://a/!"):
        await website.agent_says(chat, (piece * 8_000)[:7_990] + " the end")
    bubbles = widget.rows.filter(has_text="the end")
    await expect(bubbles).to_have_count(6)
    spent: float = await widget.page.evaluate(
        """async () => {
            const box = document.querySelector('usher-chat').shadowRoot.querySelector('textarea');
            const begin = performance.now();
            for (const text of ['a', 'ab', 'abc', 'abcd']) {
                box.value = text;
                box.dispatchEvent(new InputEvent('input', { bubbles: true }));
                await new Promise(resolve => setTimeout(resolve));
            }
            return performance.now() - begin;
        }"""
    )
    assert spent < 1_000


async def test_every_kind_of_line_end_is_one_and_indentation_stays(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("    at f (a.js:1)\n        at g\v8001 Zurich\u2028a\u2029b")
    lines = "    at f (a.js:1)\n        at g\n8001 Zurich\na\nb"
    assert await widget.rows.last.evaluate("bubble => bubble.textContent") == lines
    assert await website.transcript(await widget.conversation(), Sender.VISITOR) == [lines]

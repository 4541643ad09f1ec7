"""How Teams writes what people type, and shows what bots send."""

import pytest

from sandbox.teams.text import clean, plain, shown, typed


@pytest.mark.parametrize(
    "text",
    ["Hello", "two\nlines", "a < b & c > d", "👍🏽", "🇨🇭 and 👩‍👩‍👧", "❤️ 1️⃣", "“quoted” ¦ – …", " padded ", "a\n\nb"],
)
def test_what_was_typed_can_be_read_from_the_html(text: str) -> None:
    _, html = typed(text)
    assert plain(html) == text


def test_only_emoji_are_missing_from_the_text() -> None:
    assert typed("2 × ☀️ = 👍")[0] == "2 ×  = "


def test_a_mention_stands_in_front_in_both() -> None:
    text, html = typed("hello", ("Usher", "0"))
    assert text == "<at>Usher</at> hello"
    assert plain(html) == "Usher hello"


def test_markup_that_could_act_is_taken_out() -> None:
    assert clean('<p onclick="a()">a<img src="x" onerror="b()"><iframe></iframe></p>') == '<p>a<img src="x"></p>'
    assert 'href="javascript' not in clean('<a href="javascript:a()">a</a>')


@pytest.mark.parametrize(
    ("text", "text_format", "html"),
    [
        ("a\nb", "markdown", "<p>a<br>\nb</p>\n"),
        ("[a](https://a.example)", "markdown", '<p><a href="https://a.example" rel="noopener noreferrer">a</a></p>\n'),
        ("<b>a</b>", "markdown", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
        ("<b>a</b>", "xml", "<b>a</b>"),
        ("<b>a</b>", "plain", None),
    ],
)
def test_how_a_bots_text_is_shown(text: str, text_format: str, html: str | None) -> None:
    assert shown(text, text_format) == html

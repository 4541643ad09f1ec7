"""A note is a note, whatever stands in front of it."""

import pytest
from hypothesis import given, settings

from conversations.teams_text import written
from tests.conversations.notes import MENTION, notes

EMOJI = '<img itemtype="http://schema.skype.com/Emoji" alt="👍">'
UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u3164\uffa0\ufe0f\u2064\u202a\u2066"


@pytest.mark.parametrize(
    "html",
    [
        "<p>// ask legal</p>",
        "<p>//ask legal</p>",
        "<p>/// ask legal</p>",
        *(f"<p>&#{ord(one)};// ask legal</p>" for one in UNSEEN),
        *(f"<p>/&#{ord(one)};/ ask legal</p>" for one in UNSEEN),
        "<p>／／ ask legal</p>",
        "<p>／/ ask legal</p>",
        "<p>/\u200b／ ask legal</p>",
        "<p>\u2215\u2215 ask legal</p>",
        "<p>/&nbsp;/ ask legal</p>",
        "<p>/<b>/</b> ask legal</p>",
        "<p><s>//</s> ask legal</p>",
        "<p>&nbsp; \u3000// ask legal</p>",
        "<p><br></p><p>// ask legal</p>",
        f"<p>{MENTION}&nbsp;// look</p>",
        f"<p>{MENTION} {MENTION}, // look</p>",
        f"<p>{MENTION}\u202f// look</p>",
        "<p><at id='0'>Ben</at>: // look</p>",
        "<p>@Ben Okafor // look</p>",
        f"<p>{EMOJI}{EMOJI} // look</p>",
        '<p><customemoji alt="partyparrot"></customemoji> // look</p>',
        "<ul><li>// look</li></ul>",
        "<ol start='12'><li><p>// look</p></li></ol>",
        "<table><tr><td>// look</td></tr></table>",
        "<blockquote>// look</blockquote>",
        "<p>- // look</p>",
        "<p>&gt; // look</p>",
        "<p>• // look</p>",
        "<p>2) // look</p>",
        "<p>a. // look</p>",
        "<p>1\ufe0f\u20e3 // look</p>",
        "<p>ℹ\ufe0f // look</p>",
        "<p>1.// look</p>",
        "<p>[1] // look</p>",
        "<p>1- // look</p>",
        "<p>1.2. // look</p>",
        "<p>１．// look</p>",
        "<p>１）／／ look</p>",
        "<p>٣. // look</p>",
        "<p>一、// look</p>",
        "<p>ー // look</p>",
        "<p>ـ // look</p>",
        "<p>ㆍ// look</p>",
        "<p>o&nbsp; // look</p>",
        "<p>@Ben Okafor @Anna // look</p>",
        "<p>FYI: // look</p>",
        "<p><b>IMPORTANT</b>: // look</p>",
        "<p>Später： // look</p>",
        "<p>@ben.okafor@fabrikam.example // look</p>",
        "<p>„// look“</p>",
        "<pre>// look</pre>",
        "<b>" * 2_500 + "// look",
        f"<p>{MENTION} // look</p>" + "<b>" * 2_500,
    ],
)
def test_what_says_nothing_in_front_of_the_slashes_changes_nothing(html: str) -> None:
    assert written("", html).note


@pytest.mark.parametrize(
    "text",
    [
        "// ask legal",
        '<quoted messageId="1772050244572"/> // do not tell',
        '<quoted messageId="1772050244572"/>// do not tell',
        "<at>Ben</at> // look",
        "<at>Usher</at> // look",
        "\u200b// look",
    ],
)
def test_plain_text_is_read_by_the_same_rule(text: str) -> None:
    assert written(text, "", ["<at>Usher</at>"]).note


@pytest.mark.parametrize(
    "html",
    [
        "<p>https://example.com</p>",
        "<p>See https://example.com // or ask us</p>",
        '<p><a href="https://example.com">https://example.com</a></p>',
        "<p>1/2 or 3//4</p>",
        "<p>1. https://example.com</p>",
        "<p>12.30 // 14.00</p>",
        "<p>20° // 25°</p>",
        "<p>http://example.com</p>",
        "<p>ℹ️ info // more</p>",
        "<p>and/or</p>",
        "<p>/help</p>",
        "<p>Ben // look</p>",
        f"<p>{MENTION} please look</p>",
        "<p>請看 // 謝謝</p>",
        "<p>2. https://example.com</p>",
    ],
)
def test_words_in_front_make_it_a_message(html: str) -> None:
    assert not written("", html).note


def test_a_note_keeps_its_text() -> None:
    assert written("", f"<p>{MENTION}&nbsp;// look</p>").text == "Ben Okafor // look"


def test_a_quotation_that_cannot_be_told_from_the_rest_keeps_the_message_inside() -> None:
    quote = '<blockquote itemtype="http://schema.skype.com/Reply">she is angry</blockquote>'
    found = written("", quote + "<b>" * 2_500 + "we will call")
    assert (found.note, found.doubtful) == (True, True)


@settings(max_examples=500, deadline=None)
@given(notes())
def test_generated_notes_are_notes(html: str) -> None:
    found = written("", html)
    assert found.note
    assert "sesame" in found.text

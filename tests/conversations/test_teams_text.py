"""What an agent writes in Teams reaches the customer as he wrote it."""

import pytest

from conversations.teams_text import written

THUMB = '<img itemscope itemtype="http://schema.skype.com/Emoji" itemid="yes" alt="👍" src="https://statics.example/yes.png">'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello there</p>", "Hello there"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<div><p>one</p>\n<p>&nbsp;</p>\n<p>two</p></div>", "one\n\ntwo"),
        (f"<p>Done {THUMB}</p>", "Done 👍"),
        (f"<p>{THUMB}{THUMB}</p>", "👍👍"),
        ('<p>Yes <emoji id="smile" alt="🙂" title="Smile"></emoji> good</p>', "Yes 🙂 good"),
        ("<p>3 &lt; 4 &amp;&amp; 5 &gt; 4</p>", "3 < 4 && 5 > 4"),
        ("<p>a <strong>b</strong> <em>c</em></p>", "a b c"),
        ('<p>See <a href="https://a.example/x">https://a.example/x</a></p>', "See https://a.example/x"),
        ('<p>See <a href="https://a.example/">https://a.example</a></p>', "See https://a.example"),
        ('<p>See <a href="https://a.example/x">our page</a>.</p>', "See our page (https://a.example/x)."),
        ('<p><a href="javascript:alert(1)">click</a></p>', "click"),
        ("<p>We have:</p><ul><li>roses</li><li>tulips</li></ul><p>Which?</p>", "We have:\n- roses\n- tulips\nWhich?"),
        ("<ol><li>dig</li><li>plant</li></ol>", "1. dig\n2. plant"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"),
        ("<p>a\n   b</p>", "a b"),
        ("<p>x<script>alert(1)</script></p>", "x"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("</p>stray", "stray"),
        ("<p>// look at the order first</p>", "// look at the order first"),
    ],
)
def test_html_becomes_the_text_that_was_written(html: str, text: str) -> None:
    assert written("what `text` says is not looked at", html).text == text
    assert not written("", html).lost


def test_only_the_bots_own_mention_is_taken_out() -> None:
    bot = '<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">Usher</span>'
    ben = '<span itemscope itemtype="http://schema.skype.com/Mention" itemid="1">Ben Okafor</span>'
    assert written("", f"<p>{bot}&nbsp;please ask {ben}</p>", ["<at>Usher</at>"]).text == "please ask Ben Okafor"
    assert written("", "<p><at>Usher</at> is a word too: Usher</p>", ["<at>Usher</at>"]).text == "is a word too: Usher"
    assert written("<at>Usher</at> hello <at>Ben</at>", "", ["<at>Usher</at>"]).text == "hello Ben"


def test_the_message_that_is_replied_to_is_not_sent_again_since_it_may_be_a_note() -> None:
    reply = (
        '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="17"><strong>Ben</strong>'
        '<p itemprop="preview">// she is angry <img src="x.png"></p></blockquote><p>I will call her</p>'
    )
    assert written("", reply).text == "I will call her"
    assert not written("", reply).lost


def test_pictures_and_files_are_noticed() -> None:
    assert written("", '<p>look</p><p><img src="https://graph.example/hosted" width="10"></p>').lost
    assert written("", '<p>look</p><attachment id="1"></attachment>').lost
    assert written("look", "", files=True).lost


def test_without_html_the_text_is_taken() -> None:
    assert written("  plain  ", "").text == "plain"

"""What an agent writes in Teams reaches the customer as he wrote it."""

import pytest

from conversations.teams_text import MAX_SOURCE, written

THUMB = '<img itemscope itemtype="http://schema.skype.com/Emoji" itemid="yes" alt="👍" src="https://statics.example/yes.png">'
PREVIEW = '<strong>Ben</strong><p itemprop="preview">// she is angry <img src="x.png"></p>'


def cell(text: str) -> str:
    return f"<td><p>{text}</p></td>"


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
        ("<p>not <s>1,200</s> 980 CHF</p>", "not ~~1,200~~ 980 CHF"),
        ("<p>the offer <del>is</del> stands</p>", "the offer ~~is~~ stands"),
        ("<p>10<sup>6</sup> units of H<sub>2</sub>O, x<sup>n + 1</sup></p>", "10^6 units of H_2O, x^(n + 1)"),
        (
            f"<table><tbody><tr>{cell('Size')}{cell('Price')}</tr><tr>{cell('S')}{cell('12.50')}</tr></tbody></table>",
            "Size | Price\nS | 12.50",
        ),
        ("<table><tr><td>a</td><td></td><td>x<br>y</td></tr></table>", "a | | x y"),
        ("<ul><li><p>one</p></li><li><p>two</p></li></ul>", "- one\n- two"),
        ('<ol start="3"><li>three</li><li>four</li></ol>', "3. three\n4. four"),
        ('<ol type="a"><li>one</li><li>two</li></ol>', "a. one\nb. two"),
        ('<ol type="A" start="26"><li>z</li><li>next</li></ol>', "Z. z\n27. next"),
        ('<ol type="i" start="3"><li>three</li><li>four</li></ol>', "iii. three\niv. four"),
        ('<ol reversed start="2"><li>two</li><li>one</li></ol>', "2. two\n1. one"),
        ("<ol reversed><li>two</li><li>one</li></ol>", "- two\n- one"),
        (
            "<ul><li>a<ul><li>b</li><li>c<ol><li>d</li></ol></li></ul></li><li>e</li></ul><p>f</p>",
            "- a\n  - b\n  - c\n    1. d\n- e\nf",
        ),
        ("<h5>u</h5><h6>v</h6>w", "u\nv\nw"),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", "term\n  meaning"),
        ("<pre>   a\n  b</pre>", "   a\n  b"),
        ("<codeblock><code>if x:<br>&nbsp; &nbsp; y</code></codeblock>", "if x:\n    y"),
        ("<p>as I said:</p><blockquote><p>one</p><p>two</p></blockquote>", "as I said:\n> one\n> two"),
        (
            '<p><a href="tel:+41445550123">call our shop</a> or <a href="mailto:shop@example.com?subject=x">write</a></p>',
            "call our shop (+41445550123) or write (shop@example.com)",
        ),
        ('<a href="tel:+41445550123">+41 44 555 01 23</a>', "+41 44 555 01 23"),
        (
            '<p>See <a href="https://a.example/x" title="A title">the manual</a></p>',
            "See the manual (https://a.example/x)",
        ),
        ('<p><customemoji id="x" alt="partyparrot"></customemoji></p>', ":partyparrot:"),
        ("<p>x&#8232;y&#11;z</p>", "x\ny\nz"),
        ("<p>a<br></p><p><br></p><p>b</p>", "a\n\nb"),
        ("<p>&#" + "9" * 5_000 + ";!</p>", "\ufffd!"),
        ("<p>&#xD800;&#0;a</p>", "\ufffd\ufffda"),
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
    assert written("", "<p><s><at>Usher</at></s> hello</p>", ["<at>Usher</at>"]).text == "hello"
    assert written("<at>Usher</at> hello <at>Ben</at>", "", ["<at>Usher</at>"]).text == "hello Ben"


@pytest.mark.parametrize(
    "quote",
    [
        f'<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="17">{PREVIEW}</blockquote>',
        '<p itemprop="preview">// she is angry</p>',
        "<quoted messageId='1'>// she is angry</quoted>",
        "<quoted messageId='1'/>",
    ],
)
def test_the_message_that_is_replied_to_is_not_sent_again_since_it_may_be_a_note(quote: str) -> None:
    found = written("Ben // she is angry I will call her", f"{quote}<p>I will call her</p>")
    assert (found.text, found.note, found.lost) == ("I will call her", False, False)
    # A quotation and nothing else: `text` must not bring it in by the back door.
    assert written("Ben // she is angry", quote).text in {"", "Ben // she is angry" if quote.endswith("/>") else ""}
    assert written(f"{quote} // hm", f"{quote}<p>// hm</p>").note


def test_a_forwarded_message_comes_from_another_chat_and_stays_there() -> None:
    forwarded = '<blockquote itemscope itemtype="http://schema.skype.com/Forward">the margin is 40 %</blockquote>'
    found = written("", f"{forwarded}<p>look</p>")
    assert (found.text, found.lost) == ("look", True)


@pytest.mark.parametrize(
    "html",
    [
        '<p>look</p><p><img src="https://graph.example/hosted" width="10"></p>',
        '<p>look</p><attachment id="1"></attachment>',
        '<p>look</p><video src="https://example.com/a.mp4"></video>',
        '<p>look</p><audio src="https://example.com/a.mp3"></audio>',
    ],
)
def test_pictures_and_files_are_noticed(html: str) -> None:
    assert written("", html).lost
    assert written("", html).text == "look"
    assert written("look", "", files=True).lost


def test_without_html_the_text_is_taken() -> None:
    assert written("  plain  ", "").text == "plain"
    assert written("plain", "<p></p>").text == "plain"
    assert written("", ["<p>one</p>", "<p>two</p>"]).text == "one\ntwo"
    assert written("", "<p>&nbsp;\u200b</p>").text == ""


def test_what_is_too_long_to_be_read_says_so() -> None:
    assert written("", "<p>" + "x" * MAX_SOURCE).too_long
    assert written("x" * (MAX_SOURCE + 1), "").too_long

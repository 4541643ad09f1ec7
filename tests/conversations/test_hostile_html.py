"""Whatever Teams sends as HTML is read in a time that grows with its length, and no word of it is lost."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.teams_html import MAX_DEPTH, MAX_MARKUP, parsed
from conversations.teams_text import written

SIZE = 100_000
FORMATTING = "".join(
    f"<{tag}>" * 3 for tag in ("b", "i", "u", "s", "em", "strong", "code", "tt", "big", "small", "font", "nobr")
)

LIMIT_SECONDS = 0.25
"""The worst takes 32 ms on a busy machine of two cores. What is quadratic takes seconds."""


def of(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


HOSTILE: dict[str, str] = {
    **{piece: of(piece) for piece in (
        "<b>", "<b>x", "<p>x", "<div>", "<at>", "<at>Usher</at>", "<at ", "<at>x", "&lt;", "&#9999;", "&", "<", "<a", "<a ", "< ",
        "<!", "<!--", "<!-->", "<![CDATA[x]]>", "</", "</b>", "<a b='", '<a b="', "<a b=", "<script>", "<script ", "<style>x",
        "<title>x", "<textarea>", "<plaintext>", "<quoted ", "<quoted/", "<quoted>", "<quoted/>", '<img alt="', "<emoji alt='x'>",
        '<emoji alt="x">', '<img itemtype="http://schema.skype.com/emoji" ', "</td> ", "<td>x</td>   ", "<svg>", "<template>",
        "<select><option>", "<frameset>", " ", " \n", "\n", "\u2028x", "&nbsp;", "\xa0x", "\u200b", "@", "@a", "1. ", "\u0301", "!?", "/ ",
        "/\u200b", "\x01", "\ud800", "\ufeff/",
    )},
    "&#, 5,000 digits": "&#" + "9" * 5_000 + ";",
    "&#x, 90,000 digits": "&#x" + "f" * 90_000 + ";",
    "formatting in each paragraph": "<p>" + FORMATTING + "<p>x" * 1_900,
    "attributes in each paragraph": "<p>" + "".join(f"<b a={n}>" for n in range(400)) + "<p>x" * 1_000,
    "attributes in each paragraph that ends": "<p>" + "".join(f"<b a={n}>" for n in range(300)) + "<p>x</p>" * 640,
    "deep": "<div>" * MAX_DEPTH + "x" * 90_000 + "</div>" * MAX_DEPTH,
    "deep, and as many blocks as may be": "<span>" * MAX_DEPTH + "<div></div>" * 700,
    "attributes": "<b " + " ".join(f"a{n}" for n in range(16_000)) + ">x",
    "attributes in an attribute": '<b x="> " ' + " ".join(f"a{n}" for n in range(16_000)) + ">x",
    "attributes in a comment": "<!--><b x=' --> " + " ".join(f"a{n}" for n in range(16_000)) + "'>x",
    "attributes in a title": '<title><b x="</title><b ' + " ".join(f"a{n}" for n in range(16_000)) + ">x",
    "a long address": '<a href="https://' + "a" * 90_000 + '">x</a>',
    "a long text in many signs": "<sup>" * 450 + "x" * 95_000 + "</sup>" * 450,
    "code in lists": "<ul><li>" * 240 + "<pre>" + "x\n" * 45_000,
    "a blank in front of nothing": "a" + " " * 99_998 + "b",
    "invisible, then a note": "\u200b" * 99_000 + "//",
    "as many paragraphs as may be": ("<p>" + "hello " * 15 + "</p>") * 999,
}  # fmt: skip


def seconds_of(work: Callable[[], object]) -> float:
    """Of this thread, the best of three: other processes do not count."""
    taken: list[float] = []
    for _ in range(3):
        begin = time.thread_time()
        work()
        taken.append(time.thread_time() - begin)
    return min(taken)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_teams_sends_holds_up_the_others(name: str) -> None:
    source = HOSTILE[name]
    assert seconds_of(lambda: written("", source, ["<at>Usher</at>"] * 3_000)) < LIMIT_SECONDS
    assert seconds_of(lambda: written(source, "", ["<at>Usher</at>"] * 3_000)) < LIMIT_SECONDS


def test_the_limits_decide_how_it_is_read_and_not_whether() -> None:
    for tags, as_tree in ((MAX_MARKUP // 2 - 2, True), (MAX_MARKUP, False)):
        html = "<i>a</i>" * tags
        assert (parsed(html) is not None) is as_tree
        assert written("", html).text == "a" * tags
    for depth in (MAX_DEPTH, MAX_DEPTH + 1):
        assert written("", "<div>" * depth + "deep").text == "deep"
    emoji = '<img alt="👍" itemtype="http://schema.skype.com/Emoji">'
    assert written("", f"<p>one</p>{emoji * 900}<div>3 &lt; 4</div>").text == "one\n" + "👍" * 900 + "\n3 < 4"


TAGS = [
    "p", "div", "span", "b", "i", "s", "sup", "sub", "ul", "ol", "li", "table", "tr", "td", "a", "h1", "h6", "pre", "code", "blockquote", "dl", "dd", "br", "at",
    "x-unknown", "font", "nobr", "form", "button", "center", "small", "ruby", "rt", "label",
]  # fmt: skip
ATTRIBUTES = [
    'href="https://a.example"',
    "start=3",
    "class='a > b'",
    "x",
    "a=<",
    'title="</p>"',
    "/",
    "itemprop=x",
    "id=1 id=2",
]
words = st.integers(0, 9_999).map("w{:04}".format)


def tag(end: str, name: str, attributes: list[str], close: str) -> str:
    return f"<{end}{name}{' ' * bool(attributes)}{' '.join(attributes)}{close}>"


tags = st.builds(
    tag,
    st.sampled_from(["", "", "", "/"]),
    st.sampled_from(TAGS),
    st.lists(st.sampled_from(ATTRIBUTES), max_size=3),
    st.sampled_from(["", "/", " "]),
)
pieces = st.one_of(words, tags, st.sampled_from([" ", "\n", "&nbsp;", "&amp;", "&#x2028;", "<!-- c -->", "👍"]))


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=60), st.booleans())
def test_no_word_is_lost_or_said_twice(given_pieces: list[str], much: bool) -> None:
    html = "".join(given_pieces) + ("<i>" * (MAX_MARKUP + 1) if much else "")
    said = re.findall(r"w\d{4}", written("", html).text)
    assert sorted(said) == sorted(re.findall(r"w\d{4}", re.sub(r"<[^>]*>", "", html)))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="<>/&;#x09abtp!-='\" \n\u200b\xa0", max_size=300), st.text(max_size=50))
def test_nothing_raises(soup: str, text: str) -> None:
    written(text, soup, ["<at>a</at>"])
    written(soup, text)

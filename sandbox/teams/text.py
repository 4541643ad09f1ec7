"""Converts what people type to Teams' notation, and what bots send to HTML."""

import html
import re
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt

# An emoji as people see it: joined by zero-width joiners, with skin tones and variation selectors, or a flag of two letters.
_EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}"
    "|[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23fa\u2764]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d[\U0001f300-\U0001faff\u2600-\u27bf][\ufe0f\U0001f3fb-\U0001f3ff]*)*)"
)
_EMOJI_IMAGE = re.compile(r'<img (?=[^>]*itemtype="http://schema\.skype\.com/Emoji")[^>]*?alt="([^"]*)"[^>]*>')
_TAGS = {
    "a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "hr", "i", "img", "li", "ol", "p", "pre", "s", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt", "itemtype", "width", "height"}, "span": {"itemtype", "itemid", "itemscope"},
}  # fmt: skip
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough").enable("table")


def clean(fragment: str) -> str:
    """HTML that a page may show unchanged."""
    return nh3.clean(fragment, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "data", "mailto"})


def shown(text: str, text_format: str) -> str | None:
    """HTML for a bot's text; None if it is shown as plain text."""
    match text_format:
        case "plain":
            return None
        case "xml":
            return clean(text)
        case _:
            return clean(_markdown.render(text))


def typed(text: str, mention: tuple[str, str] | None = None) -> tuple[str, str]:
    """Return (`text`, `text/html` attachment) of what a person typed.

    Emoji are images in the html part and missing from the text, as some clients send them: a bot must rebuild its text
    from the html. `mention` is (name, number) of a mention at the beginning.
    """
    bare = _EMOJI.sub("", text)
    lines = [_EMOJI.sub(_image, html.escape(line, quote=False)) for line in text.split("\n")]
    body = "<br>".join(lines)
    if mention is not None:
        name, number = mention
        bare = f"<at>{name}</at> {bare}"
        body = f'<span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="{number}">{html.escape(name)}</span>&nbsp;{body}'
    return bare, f"<p>{body}</p>"


def stored(text: str, html: str | None) -> tuple[str, str]:
    """Return (contentType, content) of a message as Graph stores it: `text` if it is plain text.

    Emoji are `<emoji>` elements there, not the images that bots get (chatMessage, docs).
    """
    if html is None:
        if "\n" not in text and _EMOJI.search(text) is None:
            return "text", text
        html = typed(text)[1]
    return "html", _EMOJI_IMAGE.sub(r'<emoji id="emoji" alt="\1" title=""></emoji>', html)


def _image(found: re.Match[str]) -> str:
    return f'<img alt="{found[0]}" src="https://statics.teams.cdn.office.net/emoji.png" itemtype="http://schema.skype.com/Emoji" style="width:20px">'


def plain(fragment: str) -> str:
    """The text of HTML, with images replaced by their alternative text."""
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    return "".join(reader.parts).strip("\n")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "div", "li", "tr", "h1", "h2", "h3", "blockquote", "pre"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\xa0", " "))

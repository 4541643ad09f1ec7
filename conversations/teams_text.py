"""What an agent wrote in Teams: its plain text, rebuilt from the HTML beside it, and what it is in the conversation.

`text` lacks what HTML has: emoji come as pictures with an `alt`, lines as paragraphs (platform facts: "Rich text",
Teams bot docs). Only the mention of the bot itself is taken out. A message comes from the bot's activities or, if it was
written before the bot was in the room, from Graph: both ways it has to be the same message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from re import compile as pattern
from typing import Final

from conversations.model import Sender

NOTE_SIGN: Final = "//"

_EMOJI = "http://schema.skype.com/emoji"
_MENTION = "http://schema.skype.com/mention"
_REPLY = "http://schema.skype.com/reply"
_BLOCKS = frozenset({"p", "div", "ul", "ol", "li", "pre", "blockquote", "table", "tr", "h1", "h2", "h3", "h4", "hr"})
_VOID = frozenset({"br", "img", "hr", "wbr", "input", "attachment", "emoji"})
_HIDDEN = frozenset({"script", "style", "title", "template"})
_SPACES = pattern(r"[ \t\r\n\f]+")
_TAG = pattern(r"<at[^>]*>(.*?)</at>")


def sender_of(text: str) -> Sender:
    """What begins with `//` stays among agents."""
    return Sender.NOTE if text.startswith(NOTE_SIGN) else Sender.AGENT


def client_id_of(message: str) -> str:
    """The conversation's id for a message of a group chat. There the activity's id is Graph's id of the message."""
    return f"teams:{message}"


@dataclass(frozen=True, slots=True)
class Written:
    """The text, and whether there was something in it that text cannot hold (a picture, a file)."""

    text: str
    lost: bool


def written(text: str, html: str, mentions_of_bot: Sequence[str] = (), *, files: bool = False) -> Written:
    """What somebody wrote. `mentions_of_bot` as in the activity's entities: `<at>Usher</at>`."""
    names = [_TAG.sub(r"\1", mention).strip() for mention in mentions_of_bot]
    if html:
        reader = _Reader(names)
        reader.feed(html)
        reader.close()
        return Written(reader.text(), reader.lost or files)
    for mention in mentions_of_bot:
        text = text.replace(mention, "", 1)
    return Written(_TAG.sub(r"\1", text).strip(), files)


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet. `start`: where its text begins."""

    tag: str
    start: int
    kind: str = ""
    href: str = ""
    number: int = 0


class _Reader(HTMLParser):
    def __init__(self, names_of_bot: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.lost = False
        self._names = names_of_bot
        self._parts: list[str] = []
        self._open: list[_Open] = []

    def text(self) -> str:
        lines = "".join(self._parts).replace("\xa0", " ").split("\n")
        return "\n".join(line.rstrip() for line in lines).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        kind = given.get("itemtype", "").lower()
        if tag == "emoji" or (tag == "img" and kind == _EMOJI):
            self._write(given.get("alt", ""))
        elif tag in {"img", "attachment"}:
            self.lost = self.lost or not self._hidden
        elif tag == "br":
            self._write("\n")
        if tag in _BLOCKS:
            self._break()
        if tag == "li":
            self._write(self._bullet())
        elif tag in {"td", "th"} and self._parts and not self._parts[-1].endswith("\n"):
            self._write(" | ")
        if tag not in _VOID:
            self._open.append(_Open(tag, len(self._parts), kind, given.get("href", "")))

    def handle_endtag(self, tag: str) -> None:
        if not any(element.tag == tag for element in self._open):
            return
        while self._open:
            element = self._open.pop()
            self._close(element)
            if element.tag == tag:
                break

    def handle_data(self, data: str) -> None:
        if any(element.tag == "pre" for element in self._open):
            self._write(data)
            return
        text = _SPACES.sub(" ", data)
        if not self._parts or self._parts[-1].endswith("\n"):
            text = text.lstrip(" ")
        self._write(text)

    @property
    def _hidden(self) -> bool:
        """Inside of what nobody wrote: scripts, and the preview of the message that is replied to (it may be a note)."""
        return any(element.tag in _HIDDEN or element.kind == _REPLY for element in self._open)

    def _write(self, text: str) -> None:
        if text and not self._hidden:
            self._parts.append(text)

    def _break(self) -> None:
        if self._parts and not self._parts[-1].endswith("\n"):
            self._write("\n")

    def _bullet(self) -> str:
        for element in reversed(self._open):
            if element.tag == "ol":
                element.number += 1
                return f"{element.number}. "
            if element.tag == "ul":
                break
        return "- "

    def _close(self, element: _Open) -> None:
        inside = "".join(self._parts[element.start :])
        if element.tag == "at" or element.kind == _MENTION:
            if inside.strip() in self._names:
                self._names.remove(inside.strip())
                del self._parts[element.start :]
        elif element.tag == "a" and element.href.startswith(("http://", "https://")):
            shown = inside.strip()
            if shown.rstrip("/") != element.href.rstrip("/"):
                self._parts[element.start :] = [f"{shown} ({element.href})" if shown else element.href]
        elif element.tag == "p" and not inside.strip():
            # A paragraph with nothing in it is an empty line that somebody typed.
            self._parts[element.start :] = ["\n"]
        if element.tag in _BLOCKS:
            self._break()

"""The text of HTML that has too much markup to be read as a tree: without its tags, in one pass, nothing left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from conversations.teams_fold import NAME_BEGINS, NAME_ENDS
from store.text import clean_lines

# No pattern here looks further than the next angle bracket, or it takes all that it has looked at.
_INVISIBLE = re.compile(
    r"<(?:(script|style|template)\b[^<>]*+>?(?s:.*?)(?:</\1\b[^<>]*+>?|\Z)|!--(?s:.*?)(?:--!?>|\Z))", re.IGNORECASE
)
_EMOJI = re.compile(
    r"""<(?:img\b(?=[^<>]*\bitemtype="https?://schema\.skype\.com/emoji)|(?:custom)?emoji\b)[^<>]*?\balt="([^"<>]*+)"[^<>]*+>""",
    re.IGNORECASE,
)
_AT = re.compile(r"<at\b[^<>]*+>([^<>]*+)</at\s*+>", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]\s*+>\s*+(?=<t[dh]\b)", re.IGNORECASE)
_LINE = re.compile(
    r"</?(?:br|p|div|li|[uod]l|d[td]|tr|table|h[1-6r]|pre|blockquote|section|codeblock)(?=[\s/>])[^<>]*+>?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>?")
_LOST = re.compile(r"<(?:img|attachment|audio|canvas|embed|uriobject|video)\b")
_QUOTED = re.compile(r"schema\.skype\.com/(?:reply|forward)|\bitemprop\s*+=[\s\"']*+preview|<quoted\b")
_MENTIONED = re.compile(r"schema\.skype\.com/mention|<at\b")
_SLASHES = re.compile(r"[/\uff0f\u2044\u2215\u29f8\u2571\u2afd\u2afb]")
_BLANKS = re.compile(r"[ \t]{2,}")

_NEW_LINE: Final = "\x04"
_NO_TAG: Final = "\x05"
"""Stand where tags were, until entities are read: what they leave must not become another tag or entity."""


@dataclass(frozen=True, slots=True)
class Bare:
    """`text` with marks around names, as `teams_fold` writes them."""

    text: str
    lost: bool
    unsure: bool  # there is a quotation in it, or a mention in front of slashes, and nobody knows where it ends


def bare(html: str, names_of_bot: Sequence[str]) -> Bare:
    """Return what is written in it, in linear time. Only line ends, cells and emoji of the markup are kept."""
    source = clean_lines(html)
    small = source.lower()
    if "<!--" in small or "<s" in small or "<template" in small:
        source = _INVISIBLE.sub("", source)
    if "alt=" in small:
        source = _EMOJI.sub(rf"{NAME_BEGINS}\1{NAME_ENDS}", source)
    for name in names_of_bot:
        source = source.replace(f"<at>{name}</at>", "", 1)
    if "<at" in small:
        source = _AT.sub(rf"{NAME_BEGINS}\1{NAME_ENDS}", source)
    if "</t" in small:
        source = _CELL.sub(" | ", source)
    quoted, mentioned = _QUOTED.search(small) is not None, _MENTIONED.search(small) is not None
    lost = _LOST.search(source.lower() if "alt=" in small else small) is not None
    source = _TAG.sub(_NO_TAG, _LINE.sub(_NEW_LINE, source)).replace("<", "&lt;")
    body = LexborHTMLParser(source).body
    text = (body.text() if body is not None else "").replace("\n", " ").replace("\xa0", " ")
    text = _BLANKS.sub(" ", text.replace(_NO_TAG, "").replace(_NEW_LINE, "\n"))
    text = "\n".join(line for line in map(str.strip, text.split("\n")) if line)
    return Bare(text, lost, quoted or (mentioned and _SLASHES.search(text.partition("\n")[0]) is not None))

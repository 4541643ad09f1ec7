"""Web and mail addresses in what people write. `web/widget/links.ts` has the same rule, and `tests/links.json` holds both.

`linkify-it` finds no address behind a Chinese character and takes `）请` behind one along; a test asks it whether it takes
what is found here for an address, too.
"""

from dataclasses import dataclass
from typing import Final

import regex

_STOP = (
    r"\s\ufeff<>\"`«»\u201c-\u201e‹›…"
    r"\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff64"
)
"""Blanks, quotation marks and Chinese punctuation: no address goes on behind one."""

_WORD = "A-Za-z0-9_"
_PATH = rf"[^{_STOP}()\[\]]"
# Each place is tried only where a word begins, so that nothing is read twice. A user name in front of a host makes it look
# like another host: no link.
_LINK = regex.compile(
    rf"(?<![{_WORD}@/.])(?:https?://|www\.)(?![^{_STOP}/?#@]*+@)(?=[\p{{L}}\p{{N}}])(?:{_PATH}|\({_PATH}*+\)|\[{_PATH}*+\])++"
    rf"|(?<![{_WORD}.+%@/-])[{_WORD}.+%-]++@[\p{{L}}\p{{N}}-]+(?:\.[\p{{L}}\p{{N}}-]+)+",
    flags=regex.IGNORECASE,
)
_AT_END: Final = ".,:;!?'*~}"


@dataclass(frozen=True, slots=True)
class Link:
    """An address at `text[start:end]`, and where it leads."""

    start: int
    end: int
    address: str


def links(text: str) -> list[Link]:
    """The addresses in it, in order: the end of a sentence and a bracket that they do not open are no part of them."""
    found: list[Link] = []
    for match in _LINK.finditer(text):
        shown = match[0].rstrip(_AT_END)
        start = shown[:4].lower()
        prefix = "" if start == "http" else "https://" if start == "www." else "mailto:"
        found.append(Link(match.start(), match.start() + len(shown), prefix + shown))
    return found

"""Finds web and mail addresses in text. `web/widget/links.ts` has the same rule; `tests/links.json` has the cases of
both.

`linkify-it` finds no address after a Chinese character and includes `）请` when it follows one; a test checks that it
accepts every address found here.
"""

from dataclasses import dataclass
from typing import Final

import regex

_STOP = (
    r"\s\ufeff<>\"`«»\u201c-\u201e‹›…"
    r"\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff64"
)
"""Blanks, quotation marks and Chinese punctuation end an address."""

_WORD = "A-Za-z0-9_"
_PATH = rf"[^{_STOP}()\[\]]"
# A match can begin only where a word begins, so that nothing is read twice. A user name before a host disguises it:
# no link.
_LINK = regex.compile(
    rf"(?<![{_WORD}@/.])(?:https?://|www\.)(?![^{_STOP}/?#@]*+@)(?=[\p{{L}}\p{{N}}])(?:{_PATH}|\({_PATH}*+\)|\[{_PATH}*+\])++"
    rf"|(?<![{_WORD}.+%@/-])[{_WORD}.+%-]++@[\p{{L}}\p{{N}}-]+(?:\.[\p{{L}}\p{{N}}-]+)+",
    flags=regex.IGNORECASE,
)
_AT_END: Final = ".,:;!?'*~}"


@dataclass(frozen=True, slots=True)
class Link:
    """An address at `text[start:end]`, and its target."""

    start: int
    end: int
    address: str


def links(text: str) -> list[Link]:
    """The addresses in `text`, in order, without a sentence's final punctuation and without unmatched closing
    brackets."""
    found: list[Link] = []
    for match in _LINK.finditer(text):
        shown = match[0].rstrip(_AT_END)
        start = shown[:4].lower()
        prefix = "" if start == "http" else "https://" if start == "www." else "mailto:"
        found.append(Link(match.start(), match.start() + len(shown), prefix + shown))
    return found

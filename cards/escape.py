"""Escapes visitors' text: no markdown, no link with another text, no mention, no date function."""

from itertools import islice
from urllib.parse import quote

import regex

from store.text import plain_line_ends

_CLUSTER = regex.compile(r"\X")
# Control characters but the line end and the tab, and the characters that turn around what stands behind them.
_UNSEEN = regex.compile(r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069--[\n\t]]", flags=regex.VERSION1)
_MARKDOWN = regex.compile(r"[\\`*_\[\]<>~#|]|&(?=#?\w+;)")
_LIST = regex.compile(r"^(\d*)([-+=.)])")  # begins a list, a horizontal rule, or a heading's underline
_FUNCTION = regex.compile(r"\{(?=\{)")
_URL = regex.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#].*)?", flags=regex.IGNORECASE)
_KEPT_IN_URLS = ":/?#@!$&'()*+,;=%~"
_WORD_JOINER = "\u2060"
_BLANKS = regex.compile(r"(?m)^ +| {2,}")
_TAB = "\u00a0" * 4


def literal(text: str) -> str:
    """Escape for a TextRun, which has no markdown but fills in `{{DATE(…)}}`: a word joiner separates the braces."""
    return _FUNCTION.sub("{" + _WORD_JOINER, _UNSEEN.sub("", plain_line_ends(text)))


def markdown(text: str) -> str:
    """Escape for a TextBlock, a Fact and `fallbackText`, which read markdown: one line, every punctuation mark escaped.

    A mention needs `<at>` and an entity; the first is escaped here, the second never comes from text.
    """
    one_line = " ".join(literal(text).split())
    return _LIST.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", one_line))


def address(shown: str) -> str | None:
    """An `http` or `https` address from a text that `literal` has been through, in ASCII, for an action's `url`.

    None for any other, and for one for which a client might refuse the whole card.
    """
    url = quote(shown.replace("{" + _WORD_JOINER, "{"), safe=_KEPT_IN_URLS)
    return url if _URL.fullmatch(url) else None


def kept_blanks(text: str) -> str:
    """Replace tabs, indentation and columns by blanks that no renderer collapses; a line can still be broken between columns."""
    return _BLANKS.sub(_unbroken, text.replace("\t", _TAB))


def _unbroken(found: regex.Match[str]) -> str:
    blanks = len(found[0])
    begins_line = found.start() == 0 or found.string[found.start() - 1] == "\n"
    return "\u00a0" * blanks if begins_line else "\u00a0" * (blanks - 1) + " "


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters (grapheme clusters), the last one `…` if the text was cut."""
    if len(text) <= limit:
        return text
    clusters = [found[0] for found in islice(_CLUSTER.finditer(text), limit + 1)]
    return text if len(clusters) <= limit else "".join(clusters[: limit - 1]).rstrip() + "…"

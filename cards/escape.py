"""What a visitor wrote stays what he wrote: no markdown, no link, no mention, no date function."""

import regex

_CLUSTER = regex.compile(r"\X")
# Control characters but the line end, and the characters that turn text around.
_UNSEEN = regex.compile(r"[\p{Cc}\p{Cs}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069--\n]", flags=regex.VERSION1)
_MARKDOWN = regex.compile(r"[\\`*_\[\]<>~#|]|&(?=#?\w+;)")
_LIST = regex.compile(r"^(\d*)([-+=.)])")  # a list, a line across, or a heading's underline begin so
_FUNCTION = regex.compile(r"\{(?=\{)")
_WORD_JOINER = "\u2060"
_LINES = regex.compile(r"\r\n?|\u2028|\u2029")


def literal(text: str) -> str:
    """For a TextRun, which knows no markdown, but fills in `{{DATE(…)}}`: a word joiner keeps the braces apart."""
    return _FUNCTION.sub("{" + _WORD_JOINER, _UNSEEN.sub("", _LINES.sub("\n", text)))


def markdown(text: str) -> str:
    """For a TextBlock, a Fact and `fallbackText`, which read markdown: on one line, every sign escaped.

    A mention needs `<at>` and an entity of its own; the first is escaped here, the second never comes from text.
    """
    one_line = " ".join(literal(text).split())
    return _LIST.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", one_line))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters (grapheme clusters), the last of them `…` if something is missing."""
    clusters: list[str] = _CLUSTER.findall(text)
    return text if len(clusters) <= limit else "".join(clusters[: limit - 1]).rstrip() + "…"

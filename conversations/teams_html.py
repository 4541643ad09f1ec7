"""HTML from Teams as a tree, in a time that grows with its length only.

HTML parsers are quadratic on some input: lexbor walks its stack of open elements for every block, compares each attribute
of a tag with those before it, and opens every formatting element again in each new paragraph (500 of them in 1,000
paragraphs are half a million nodes). So the tags are counted first, in one pass that cannot backtrack; what has too many
is read by `bare`, without a tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_MARKUP: Final = 2_000
"""Tags and attributes in one message that are read as a tree. Teams' own longest messages (28 KB) have a few hundred."""

MAX_DEPTH: Final = 500
"""Elements in each other: lexbor walks all of them for each block that begins."""

_SPACE = r"[ \t\r\n\f]"
# How the HTML standard reads a tag (13.2.5, "Tokenization"): what is quoted is quoted only behind an equals sign.
_ATTRIBUTE = re.compile(
    rf"""[^ \t\r\n\f/>][^ \t\r\n\f/>=]*+(?:{_SPACE}*+={_SPACE}*+(?:"[^"]*+"?|'[^']*+'?|[^ \t\r\n\f>"'][^ \t\r\n\f>]*+)?+)?+"""
)
_TAG = re.compile(
    rf"""<(?:(/?)([a-zA-Z][^ \t\r\n\f/>]*+)((?:{_ATTRIBUTE.pattern}|[ \t\r\n\f/]++)*+)>?|!--(?:-?>|(?s:.*?)(?:--!?>|\Z))|[!?/][^>]*+>?)"""
)

_FORMATTING = frozenset(
    {"b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)  # fmt: skip
"""The standard's formatting elements without `a`, of which one is open at a time. They get names that mean nothing to the parser."""
RENAMED: Final = "x-"

_NOT_PARSED = frozenset(
    {"applet", "frameset", "iframe", "marquee", "math", "noembed", "noframes", "noscript", "object", "plaintext", "script",
     "select", "style", "svg", "template", "textarea", "title", "xmp"}
)  # fmt: skip
"""Elements whose content is no markup, or that let a parser drop text. Teams sends none of them."""

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)


@dataclass(frozen=True, slots=True)
class Tag:
    """The begin of an element, or its end."""

    name: str
    node: LexborNode | None  # None = its end


def parsed(html: str) -> LexborHTMLParser | None:
    """The tree; None if there is more markup in it than a parser reads in time, or of a kind that hides text."""
    pieces: list[str] = []
    budget, depth, behind = MAX_MARKUP, 0, 0
    for found in _TAG.finditer(html):
        budget -= 1
        name = (found[2] or "").lower()
        if name:
            if name in _NOT_PARSED:
                return None
            budget -= len(_ATTRIBUTE.findall(found[3]))
            depth = max(depth - 1, 0) if found[1] else depth + (name not in _VOID)
            if name in _FORMATTING:
                pieces += [html[behind : found.start(2)], RENAMED]
                behind = found.start(2)
        if budget < 0 or depth > MAX_DEPTH:
            return None
    pieces.append(html[behind:])
    return LexborHTMLParser("".join(pieces))


def walk(tree: LexborHTMLParser) -> Iterator[Tag | str]:
    """Begins and ends of elements, and the text between them, in order. No recursion: depth costs nothing."""
    root = tree.body
    node = root.first_child if root is not None else None
    open_elements: list[tuple[LexborNode, str]] = []
    while node is not None:
        name = (node.tag or "").removeprefix(RENAMED)
        below = None
        if name == "-text":
            yield node.text_content or ""
        elif node.is_element_node:
            yield Tag(name, node)
            below = node.first_child
            if below is None:
                yield Tag(name, None)
        if below is not None:
            open_elements.append((node, name))
            node = below
            continue
        while node.next is None and open_elements:
            node, name = open_elements.pop()
            yield Tag(name, None)
        node = node.next

"""Which words stay among agents: those that begin with `//`, whatever stands in front of it that says nothing.

Teams, phones and people put things in front: invisible characters, a mention, a list mark, a quotation mark, an emoji.
A reader sees `//` first in all of these, so all of them are notes, and so is one word with a colon (`FYI: //`). Other letters and
digits in front make it a message.
"""

from typing import Final

import regex

from conversations.teams_fold import NAME_BEGINS, NAME_ENDS

NOTE_SIGN: Final = "//"

_SLASH = "/\uff0f\u2044\u2215\u29f8\u2571"  # as typed, full-width, and the signs that look the same
_DOUBLE = "\u2afd\u2afb"
# What nobody sees: joiners, soft hyphens, Hangul fillers, variation selectors; and accents.
_UNSEEN = r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}--\u20e3]"
_SLASHES = regex.compile(rf"[{_SLASH}]{_UNSEEN}*+[^\S\n]?{_UNSEEN}*+[{_SLASH}]|[{_DOUBLE}]", flags=regex.VERSION1)
_ASIDE = regex.compile(rf"{NAME_BEGINS}[^{NAME_BEGINS}{NAME_ENDS}]*+{NAME_ENDS}")
_MARK = r"[.):\]\-．）：］、。｡]"
_LABEL = rf"\p{{L}}{{1,20}}+{_UNSEEN}*+[:：]"  # FYI: IMPORTANT: Hinweis：
_SAYS_NOTHING = regex.compile(
    rf"(?:\p{{Nd}}{{1,3}}+(?:\.\p{{Nd}}{{1,3}}+){{0,5}}{_UNSEEN}*+{_MARK}"  # 1. 1.// 2) [3] １． 1.2.
    rf"|[一二三四五六七八九十]{{1,3}}{_UNSEEN}*+{_MARK}"
    # Without the blank, `http://` would be one. A bullet of Word's is the letter o.
    rf"|(?:[A-Za-z]{{1,4}}{_UNSEEN}*+{_MARK}|o|{_LABEL}){_UNSEEN}*+\s"
    rf"|[0-9]{{1,3}}{_UNSEEN}*+\u20e3"  # 1️⃣
    r"|(?:@[^\n@]{1,80}+)++\Z"  # @Ben Okafor, typed
    # Some signs are letters by name: ℹ, long dashes, the Korean dot.
    rf"|[^\p{{L}}\p{{Nd}}]|[\p{{Lm}}\u318d\u119e]|[\p{{Extended_Pictographic}}--[0-9]]|{_UNSEEN})*+",
    flags=regex.VERSION1,
)
_MARKS = regex.compile(rf"[{NAME_BEGINS}{NAME_ENDS}]")


def is_note(marked: str) -> bool:
    """Whether a text is a note. What `teams_fold` marks in it does not count."""
    text = _ASIDE.sub("", marked)
    slashes = _SLASHES.search(text)
    return slashes is not None and _SAYS_NOTHING.fullmatch(text, 0, slashes.start()) is not None


def unmarked(marked: str) -> str:
    """The text without the marks."""
    return _MARKS.sub("", marked)

"""A tree of HTML as lines of text: what the markup means is written in signs, nothing that somebody wrote is left out."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from conversations.teams_html import Tag
from store.text import clean_lines

NAME_BEGINS: Final = "\x02"
NAME_ENDS: Final = "\x03"
"""Around names of people and emoji, and what is written here for markup: they do not decide whether it is a note."""

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "caption", "center", "codeblock", "dd", "details", "dir", "div", "dl", "dt",
     "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li",
     "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tr", "ul"}
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
_CODE = frozenset({"codeblock", "listing", "pre"})
_LISTS = frozenset({"dir", "menu", "ol", "ul"})
_NOT_CARRIED = frozenset({"attachment", "audio", "canvas", "embed", "img", "uriobject", "video"})
_SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "s": ("~~", "~~"), "strike": ("~~", "~~"), "del": ("~~", "~~"), "sup": ("^", ""), "sub": ("_", ""), "q": ("“", "”"),
    "at": (NAME_BEGINS, NAME_ENDS),
}  # fmt: skip
_SCHEMA = re.compile(r"https?://schema\.skype\.com/(\w+)/?", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]{2,}|[\t\r\n\f]")
_ONE_WORD = re.compile(r"[+\-\u2212]?\w+")
_INDENT, _QUOTE, _MOST_INDENTED = "  ", "> ", 8
_LONGEST_NAME = 300
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


@dataclass(slots=True, eq=False)
class _Open:
    """An element that is not closed yet."""

    name: str
    parts: int  # how much stood there when it began
    length: int
    newlines: int
    blank: str
    fresh: bool
    started: bool
    href: str = ""
    sign: str = ""  # what stands in front of its text …
    end: str = ""  # … and behind it
    at: int = -1  # where the sign stands, once there is text
    hidden: bool = False
    prefix: str = ""
    ordered: bool = False
    number: int = 0
    step: int = 1
    letters: str = ""  # `type` of an ordered list
    cells: int = 0


class Fold:
    """Reads begins, ends and text in order; then `text()` is what was written, with marks around names."""

    def __init__(self, names_of_bot: Sequence[str]) -> None:
        self.lost = False  # there was something that text cannot hold
        self.quotes = False  # an earlier message was quoted
        self._names = Counter(names_of_bot)
        self._parts: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._waiting: list[_Open] = []  # whose sign is written with the first text in them
        self._lists: list[_Open] = []
        self._rows: list[_Open] = []
        self._prefixes: list[str] = []
        self._prefix = ""
        self._hidden = self._code = self._cells = 0
        # The line: how many ends come before the next text, with which blank, and whether only a list mark stands in it.
        self._newlines, self._blank, self._fresh, self._started = 1, "", False, False
        self._first_in_code = False

    def read(self, events: Iterable[Tag | str]) -> None:
        """Read one piece of HTML to its end."""
        for event in events:
            if isinstance(event, str):
                self._text(event)
            elif event.node is not None:
                self._begin(event.name, event.node)
            else:
                self._end(self._open.pop())
        self._break()

    def text(self) -> str:
        """All of it. Blanks at the ends of lines mean nothing; those in front of code do."""
        text = "".join(self._parts).replace("\xa0", " ")
        if " \n" in text or "\t\n" in text:
            text = "\n".join(line.rstrip() for line in text.split("\n"))
        text = text.strip("\n").rstrip()
        return text if self._first_in_code else text.lstrip()

    def _begin(self, name: str, node: LexborNode) -> None:
        given = node.attributes
        schema = _SCHEMA.fullmatch(given.get("itemtype") or "")
        kind = schema[1].lower() if schema else ""
        if name in {"emoji", "customemoji"} or (name == "img" and kind == "emoji"):
            self._emoji(name, given)
        elif name in _NOT_CARRIED or kind == "forward":
            self.lost = self.lost or not self._hidden
        if name in _BLOCKS:
            self._break()
        here = _Open(
            name, len(self._parts), self._length, self._newlines, self._blank, self._fresh, self._started,
            href=(given.get("href") or "") if name == "a" else "",
        )  # fmt: skip
        self._open.append(here)
        quoted = kind == "reply" or given.get("itemprop") == "preview" or name == "quoted"
        self.quotes = self.quotes or quoted
        if quoted or kind == "forward" or name == "uriobject":
            # Nobody wrote it here: it may be a note, or come from another chat.
            here.hidden = True
            self._hidden += 1
        here.sign, here.end = _SIGNS["at"] if kind == "mention" else _SIGNS.get(name, ("", ""))
        if here.sign:
            self._waiting.append(here)
        begins = self._BEGINS.get(name)
        if begins is not None:
            begins(self, here, given)

    def _end(self, here: _Open) -> None:
        if here.hidden:
            self._hidden -= 1
        if here.sign:
            self._close_sign(here)
        elif here.href:
            self._close_link(here)
        if here.prefix:
            self._prefixes.pop()
            self._set_prefix()
        self._leave(here)
        if here.name in _BLOCKS:
            self._break()
        empty = len(self._parts) == here.parts and self._newlines == here.newlines
        if here.name == "p" and empty and self._started and not (self._fresh or self._cells or self._hidden):
            # A paragraph with nothing in it is an empty line that somebody typed.
            self._newlines += 1

    def _leave(self, here: _Open) -> None:
        if here.name in _LISTS:
            self._lists.pop()
        elif here.name == "tr":
            self._rows.pop()
        elif here.name in _CELLS:
            self._cells -= 1
        elif here.name in _CODE:
            self._code -= 1
        elif here.name == "li" and self._fresh:
            self._newlines, self._fresh = 1, False

    # What some elements begin with.

    def _begin_br(self, _: _Open, __: Mapping[str, str | None]) -> None:
        if self._cells:
            self._break()
        elif not self._hidden:
            self._newlines, self._blank, self._fresh = self._newlines + 1, "", False

    def _begin_list(self, here: _Open, given: Mapping[str, str | None]) -> None:
        here.ordered = here.name == "ol"
        here.letters = given.get("type") or ""
        if "reversed" in given:  # how many there are is not known yet: without `start` no number would be right
            here.step, here.ordered = -1, here.ordered and bool(given.get("start"))
        here.number = _number(given.get("start"), 1) - here.step
        self._lists.append(here)

    def _begin_item(self, here: _Open, given: Mapping[str, str | None]) -> None:
        of = self._lists[-1] if self._lists else None
        mark = "-"
        if of is not None and of.ordered:
            of.number = _number(given.get("value"), of.number + of.step)
            mark = f"{_counted(of.number, of.letters)}."
        mark = _aside(mark)
        if self._cells:
            self._word(mark)
            self._blank = " "
        else:
            self._word(f"{mark} ")
            self._fresh = not self._hidden
        self._indent(here, _INDENT)

    def _begin_definition(self, here: _Open, _: Mapping[str, str | None]) -> None:
        self._indent(here, _INDENT)

    def _begin_quote(self, here: _Open, _: Mapping[str, str | None]) -> None:
        if not here.hidden:
            self._indent(here, _QUOTE)

    def _begin_code(self, _: _Open, __: Mapping[str, str | None]) -> None:
        self._code += 1

    def _begin_row(self, here: _Open, _: Mapping[str, str | None]) -> None:
        self._rows.append(here)

    def _begin_cell(self, _: _Open, __: Mapping[str, str | None]) -> None:
        self._cells += 1
        if self._rows:
            if self._rows[-1].cells:
                self._blank = " "
                self._word("|")
                self._blank = " "
            self._rows[-1].cells += 1

    _BEGINS: Final[Mapping[str, Callable[[Any, _Open, Mapping[str, str | None]], None]]] = {
        "br": _begin_br, "li": _begin_item, "dd": _begin_definition, "blockquote": _begin_quote, "tr": _begin_row,
        **dict.fromkeys(_LISTS, _begin_list), **dict.fromkeys(_CODE, _begin_code), **dict.fromkeys(_CELLS, _begin_cell),
    }  # fmt: skip

    def _indent(self, here: _Open, prefix: str) -> None:
        here.prefix = prefix
        self._prefixes.append(prefix)
        self._set_prefix()

    def _set_prefix(self) -> None:
        self._prefix = "".join(self._prefixes[:_MOST_INDENTED])

    def _emoji(self, name: str, given: Mapping[str, str | None]) -> None:
        alt = clean_lines(given.get("alt") or given.get("title") or "").strip()
        if name == "customemoji":
            alt = f":{alt.strip(':') or given.get('id') or 'emoji'}:"
        if alt:
            self._word(_aside(alt))
        else:
            self.lost = self.lost or not self._hidden

    # What elements end with.

    def _close_sign(self, here: _Open) -> None:
        if here.at < 0:
            self._waiting.pop()  # elements end in the opposite order
            return
        short = self._length - here.length <= _LONGEST_NAME
        inside = "".join(self._parts[here.at + 1 :]) if short else ""
        if here.end == NAME_ENDS and self._names[inside.strip()] > 0:
            self._names[inside.strip()] -= 1
            self._take_out(here)
            return
        end = here.end
        if not end and not _ONE_WORD.fullmatch(inside):
            self._parts[here.at] += "("
            end = ")"
        self._append(end)

    def _take_out(self, here: _Open) -> None:
        """As if the element had never been there."""
        del self._parts[here.parts :]
        self._length, self._newlines, self._blank = here.length, here.newlines, here.blank
        self._fresh, self._started = here.fresh, here.started
        self._waiting = [one for one in self._open if one.sign and (one.at < 0 or one.at >= here.parts)]
        for one in self._waiting:
            one.at = -1

    def _close_link(self, here: _Open) -> None:
        scheme, _, rest = here.href.strip().partition(":")
        match scheme.lower():
            case "http" | "https":
                target = here.href.strip()
            case "tel" | "sms":
                target = unquote(rest)
            case "mailto":
                target = unquote(rest.partition("?")[0])
            case _:
                return
        target = _BLANKS.sub(" ", clean_lines(target)).strip()
        shown = self._length - here.length
        inside = "".join(self._parts[here.parts :]).strip() if shown <= len(target) + 20 else "…"
        if not inside:
            self._word(_aside(target))
        elif target and _bare(inside) not in {_bare(target), _bare(here.href)}:
            self._blank = self._blank or " "
            self._word(_aside(f"({target})"))

    # Text.

    def _text(self, data: str) -> None:
        if self._hidden:
            return
        if self._code:
            self._many_lines(clean_lines(data))
            return
        data = clean_lines(_BLANKS.sub(" ", data))
        first, _, rest = data.partition("\n")
        self._one_line(first)
        if rest or len(first) < len(data):
            self._begin_br(self._open[-1] if self._open else _NOTHING, {})
            self._many_lines(rest)

    def _one_line(self, data: str) -> None:
        if self._newlines or self._fresh:
            data = data.lstrip(" ")
        words = data.strip(" \xa0")
        if not words:
            # Blanks that break count once, the others each.
            self._blank += data if not self._blank or "\xa0" in data else ""
            return
        before = data[: data.index(words[0])]
        if before and not (self._blank and before == " "):
            self._blank += before
        self._word(words)
        self._blank = data[len(before) + len(words) :]

    def _many_lines(self, data: str) -> None:
        """Lines as they are, at once: there may be very many."""
        body = data.lstrip("\n")
        self._newlines += len(data) - len(body)
        kept = body.rstrip("\n")
        if kept.strip(" \xa0\t\n"):
            if not self._started:
                self._first_in_code = bool(self._code)
            self._word(kept.replace("\n", f"\n{self._prefix}"))
        elif kept:
            self._blank += kept
        ends = len(body) - len(kept)
        if ends:
            self._newlines, self._blank = self._newlines + ends, ""

    def _word(self, text: str) -> None:
        """Write text that has no blanks around it, with what waits in front of it."""
        if not text or self._hidden:
            return
        if self._newlines:
            self._append("\n" * self._newlines + self._prefix if self._started else self._prefix)
        if self._blank:
            self._append(self._blank)
        for one in self._waiting:
            one.at = len(self._parts)
            self._append(one.sign)
        self._waiting.clear()
        self._append(text)
        self._newlines, self._blank, self._fresh, self._started = 0, "", False, True

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _break(self) -> None:
        if self._hidden:
            return
        if self._cells and not self._newlines:
            self._blank = self._blank or " "
        elif not self._fresh and not self._newlines:
            self._newlines, self._blank = 1, ""
        elif self._newlines:
            self._blank = ""


_NOTHING = _Open("", 0, 0, 0, "", fresh=False, started=False)


def _aside(text: str) -> str:
    return f"{NAME_BEGINS}{text}{NAME_ENDS}" if text else ""


def _bare(address: str) -> str:
    """An address as two people write it: with a slash at its end or not, a number with blanks or without."""
    return re.sub(r"[\s()\xa0.-]", "", address).rstrip("/").casefold()


def _counted(number: int, letters: str) -> str:
    """A number as the list's `type` writes it, up to z; Roman ones up to x."""
    if letters in {"a", "A"} and 1 <= number <= 26:
        return chr(ord(letters) + number - 1)
    if letters in {"i", "I"} and 1 <= number <= len(_ROMAN):
        return _ROMAN[number - 1] if letters == "i" else _ROMAN[number - 1].upper()
    return str(number)


def _number(value: str | None, otherwise: int) -> int:
    try:
        return int(value) if value and len(value) <= 9 else otherwise
    except ValueError:
        return otherwise

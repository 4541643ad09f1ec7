"""Which characters text may contain, and how external text is cleaned. Every package may use this module.

`str.isprintable()` does not fit: it rejects the no-break space of French, the joiners of Persian and of emoji, and the
marks of right-to-left scripts.
"""

import json
from typing import cast

import regex

_LINE_END = regex.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\u2028\u2029]")  # controls, halves of surrogate pairs, line and paragraph ends
_CONTROL_IN_LINES = regex.compile(r"[^\P{Cc}\n\t]|\p{Cs}")
_HALF = regex.compile(r"\p{Cs}")
_OVERRIDE = regex.compile(r"[\u202a-\u202e]")  # reverse the text after them: "txt.exe" reads as "exe.txt"
_GAPS = regex.compile(r"[\p{Cc}\p{Cs}\u2028\u2029 ]+")
_INK = regex.compile(r"[^\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}]")
_CLUSTER = regex.compile(r"\X")


def unfit(text: str, *, lines: bool = False) -> str:
    """Why `text` is rejected, as the end of "must not contain …"; "" if it is valid. `lines`: line ends (\\n) are
    allowed."""
    if _CONTROL.search(text.replace("\n", " ") if lines else text):
        return "control characters"
    return "characters that turn the direction of text around (U+202A to U+202E)" if _OVERRIDE.search(text) else ""


def plain_line_ends(text: str) -> str:
    """`text` with every line separator (vertical tab, form feed, U+0085, U+2028, …) as \\n."""
    return _LINE_END.sub("\n", text)


def clean_lines(text: str) -> str:
    """`text` with \\n as its only line end and without other control characters; tabs stay."""
    # Most text needs no change, and this check is ten times as fast as a substitution.
    return text if text.isprintable() else _CONTROL_IN_LINES.sub("", plain_line_ends(text))


def visible(text: str) -> bool:
    """Whether any of it is visible: not only blanks, joiners and direction marks."""
    return _INK.search(text) is not None


def tidied(text: str, longest: int) -> str:
    """External text on one line of at most `longest` characters, cut with `…`; "" if nothing in it is visible."""
    plain = _GAPS.sub(" ", _OVERRIDE.sub("", text)).strip()
    if not visible(plain):
        return ""
    if len(plain) <= longest:
        return plain
    kept: list[str] = []
    left = longest - 1
    for cluster in _CLUSTER.findall(plain[: longest + 1]):  # for flags the time is quadratic in their number
        left -= len(cluster)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + "…"


class NotUtf8(ValueError):
    """A file's bytes are not UTF-8; the text says what they are, `line` where (0 = the whole file)."""

    def __init__(self, what: str, line: int = 0) -> None:
        self.line = line
        super().__init__(what)


def decoded(data: bytes) -> str:
    """A file's bytes as text: UTF-8, with or without a byte order mark. Raises NotUtf8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or b"\x00" in data[:4]:
        raise NotUtf8("is UTF-16 or UTF-32; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise NotUtf8(f"is not UTF-8 (byte 0x{data[problem.start]:02x}); save it as UTF-8", line) from None


def whole_characters(text: str) -> str:
    """`text` with U+FFFD for each lone surrogate."""
    return _HALF.sub("\ufffd", text)


def half_character_in(data: bytes | str) -> str | None:
    """The path of a lone surrogate (`\\ud800`) in JSON, as `codes.0`; "" if it is in a field's name, None if there is
    none.

    Parsers that reject such JSON do not say where it is, and the sender has to find the field.
    """
    try:
        return _half_in(json.loads(data), ())
    except (ValueError, RecursionError):  # not JSON, or nested too deeply
        return None


def _half_in(value: object, path: tuple[str, ...]) -> str | None:
    if isinstance(value, str):
        return ".".join(path) if _HALF.search(value) else None
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        if any(_HALF.search(name) for name in fields):
            return ".".join(path)
        inner = list(fields.items())
    elif isinstance(value, list):
        inner = [(str(at), entry) for at, entry in enumerate(cast("list[object]", value))]
    else:
        return None
    places = (_half_in(entry, (*path, name)) for name, entry in inner)
    return next((place for place in places if place is not None), None)

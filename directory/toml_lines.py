"""The lines of values in a TOML text. The text has been parsed already: it is well formed."""

import bisect
import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_STRINGS = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'|" r"#[^\n]*",
    re.DOTALL,
)


def _top() -> Path:
    return ()


_TOP = _top()


@dataclass(slots=True)
class Lines:
    """Path of a value (as in the parsed text) → its line, counted from 1."""

    found: dict[Path, int] = field(default_factory=dict[Path, int])

    def of(self, path: Path) -> int:
        """The line of `path`, or of its nearest parent; 0 for the text as a whole."""
        while path:
            if path in self.found:
                return self.found[path]
            path = path[:-1]
        return 0


def find_lines(text: str) -> Lines:
    """Walk through `text` once and note where each table, key and element of a list begins."""
    walk = _Walk(text)
    walk.run()
    return walk.lines


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ends = [found.start() for found in re.finditer("\n", text)]
        self.lines = Lines()
        self.table: Path = ()
        self.counts: dict[Path, int] = {}

    def run(self) -> None:
        while self._skip_space():
            if self.text.startswith("[[", self.at):
                self._header(2)
            elif self.text[self.at] == "[":
                self._header(1)
            else:
                start = self.at
                path = (*self.table, *self._keys("="))
                self._note(path, start)
                self._value(path)

    def _note(self, path: Path, at: int) -> None:
        self.lines.found.setdefault(path, bisect.bisect_left(self.ends, at) + 1)

    def _skip_space(self) -> bool:
        """Skip blank space and comments; False at the end of the text."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _header(self, brackets: int) -> None:
        start = self.at
        self.at += brackets
        path = _TOP
        keys = self._keys("]")
        for number, key in enumerate(keys):
            path = (*path, key)
            if brackets == 2 and number == len(keys) - 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                self._note(path, start)
                path = (*path, self.counts[path])
        self.at += brackets - 1
        self.table = path
        self._note(path, start)

    def _keys(self, end: str) -> list[str]:
        """Read a dotted key up to and with `end`."""
        keys: list[str] = []
        while True:
            found = _KEY.match(self.text, self.at)
            assert found is not None
            keys.append(next(part for part in found.groups() if part is not None))
            self.at = found.end() + 1
            if self.text[found.end()] == end:
                return keys

    def _value(self, path: Path) -> None:
        """Skip a value up to the end of its statement; the elements of a list are noted."""
        depth = index = 0
        fresh = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if fresh and depth == 1 and not char.isspace() and char not in "#]":
                self._note((*path, index), self.at)
                fresh = False
            string = _STRINGS.match(self.text, self.at)
            if string:
                self.at = string.end()
                continue
            if char == "\n" and depth == 0:
                return
            if char in "[{":
                depth += 1
                fresh = fresh or (depth == 1 and char == "[")
            elif char in "]}":
                depth -= 1
            elif char == "," and depth == 1:
                index += 1
                fresh = True
            self.at += 1

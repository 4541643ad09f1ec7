"""Where things stand in a TOML text."""

import tomllib
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.toml_lines import Path, find_lines

TEXT = '''# a comment with [brackets] and = signs
top = 1
[tenant]  # its own
name = "a # b"
"quoted key" = 'it''s'
dotted.key = { inline = [1, 2], other = "}" }

[[services]]
id = "a"
list = [
  "one",  # first
  # nothing here
  "two, three",
  ["nested", 1],
]
text = """
[not.a.table]
key = 1 \\""" still
"""
after = 2
[[services.codes]]
category = "x"
[[services.codes]]
category = "y"
[services.widget]
colour = 'red'

[[services]]
id = "b"
[[services.codes]]
category = "z"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("tenant",), 3),
        (("tenant", "name"), 4),
        (("tenant", "quoted key"), 5),
        (("tenant", "dotted", "key"), 6),
        (("tenant", "dotted", "key", "inline", 1), 6),
        (("services",), 8),
        (("services", 0, "id"), 9),
        (("services", 0, "list"), 10),
        (("services", 0, "list", 0), 11),
        (("services", 0, "list", 1), 13),
        (("services", 0, "list", 2), 14),
        (("services", 0, "list", 2, 1), 14),
        (("services", 0, "after"), 20),
        (("services", 0, "codes", 0, "category"), 22),
        (("services", 0, "codes", 1), 23),
        (("services", 0, "widget", "colour"), 26),
        (("services", 1), 28),
        (("services", 1, "codes", 0, "category"), 31),
        (("services", 1, "missing"), 28),
        (("unknown",), 0),
        ((), 0),
    ],
)
def test_the_line_of_a_path(path: Path, line: int) -> None:
    tomllib.loads(TEXT.replace("''s'", "s'"))
    assert find_lines(TEXT.replace("''s'", "s'")).of(path) == line


def test_windows_line_ends() -> None:
    assert find_lines('[tenant]\r\nid = "x"\r\nname = "y"\r\n').of(("tenant", "name")) == 3


def test_the_end_of_the_text_may_lack_a_line_end() -> None:
    assert find_lines("a = 1\nb = [1,\n2]").of(("b", 1)) == 3


KEYS = st.text("abcdefg_-", min_size=1, max_size=6)
STRINGS = st.text(st.sampled_from("ab \"'#[]{}=,\\\n\t"), max_size=12)


@given(st.lists(st.tuples(KEYS, STRINGS), unique_by=lambda pair: pair[0], max_size=6))
def test_any_text_in_strings_leaves_the_lines_right(pairs: list[tuple[str, str]]) -> None:
    lines: list[str] = []
    expected: dict[str, int] = {}
    for key, value in pairs:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
        expected[key] = len(lines) + 1
        lines += f'{key} = ["""{escaped}""", "x"]'.split("\n")
    text = "\n".join(lines)
    assert cast("Any", tomllib.loads(text)).keys() == expected.keys()
    found = find_lines(text)
    assert {key: found.of((key,)) for key in expected} == expected

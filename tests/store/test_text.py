"""Text: what people write in any language is fit, what would break a line or turn it around is not."""

import pytest

from store.text import plain_line_ends, tidied, unfit, visible

GOOD = [
    "Bonjour\u00a0! Une question\u202f?",
    "Ask us \U0001f469\u200d\U0001f33e",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u05e9\u05dc\u05d5\u05dd\u200f!",
    "Service\u00a0client",
    "\ue000 private use, \u00ad soft hyphen",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_people_write_is_fit(text: str) -> None:
    assert unfit(text) == ""
    assert visible(text)
    assert tidied(text, 100) == text


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x07b", "a\x85b", "a\u2028b", "a\ud800b", "a\u202eb", "a\u202ab"])
def test_what_breaks_or_turns_a_line_is_not(text: str) -> None:
    assert unfit(text)


def test_line_ends_are_fit_where_lines_are() -> None:
    assert unfit("a\nb", lines=True) == ""
    assert unfit("a\tb", lines=True)
    assert plain_line_ends("a\vb\r\nc\rd\u2028e\u2029f\x85g\fh") == "a\nb\nc\nd\ne\nf\ng\nh"


@pytest.mark.parametrize("text", ["", " ", "\u200d", "\u00a0\u200f\u2060\ufeff", "\u3164\u00ad"])
def test_what_nobody_sees_is_not_visible(text: str) -> None:
    assert not visible(text)
    assert tidied(text, 10) == ""


@pytest.mark.parametrize(
    ("text", "longest", "tidy"),
    [
        ("Keller, Anna\t(ext)", 100, "Keller, Anna (ext)"),
        ("  Anna \r\n Keller\u2028", 100, "Anna Keller"),
        ("Anna\u202eKeller\x00", 100, "AnnaKeller"),
        ("x" * 120, 100, "x" * 99 + "…"),
        ("x" * 100, 100, "x" * 100),
        ("abc \U0001f469\u200d\U0001f4bb\U0001f469\u200d\U0001f4bb", 8, "abc \U0001f469\u200d\U0001f4bb…"),
        ("abc \U0001f469\u200d\U0001f4bb\U0001f469\u200d\U0001f4bb", 7, "abc…"),
    ],
)
def test_text_from_elsewhere_is_tidied_and_cut_between_characters(text: str, longest: int, tidy: str) -> None:
    assert tidied(text, longest) == tidy
    assert len(tidy) <= longest

"""Which websites may use a widget."""

import pytest

from interact.origins import Origins, normal_origin


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("HTTPS://WWW.Example.com:443/", "https://www.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://example.com:80", "http://example.com"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("null", ""),
        ("", ""),
        ("www.example.com", ""),
        ("ftp://example.com", ""),
        ("https://example.com/path", ""),
        ("https://user@example.com", ""),
        ("https://example.com:99999", ""),
        ("https://[bad", ""),
        ("http://[", ""),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://*.example.com", ""),
    ],
)
def test_an_origin_has_one_spelling(text: str, normal: str) -> None:
    assert normal_origin(text) == normal


def test_a_widget_is_used_by_its_websites_and_by_usher_itself() -> None:
    origins = Origins(["https://www.example.com/"], "https://usher.example.com")
    assert origins.allow("https://www.example.com")
    assert origins.allow("https://usher.example.com")
    for stranger in (
        "https://example.com",
        "http://www.example.com",
        "https://www.example.com.evil.example",
        "null",
        None,
    ):
        assert not origins.allow(stranger)


def test_a_widget_for_any_website_asks_for_no_origin() -> None:
    origins = Origins(["*"], "https://usher.example.com")
    assert origins.allow("https://anywhere.example")
    assert origins.allow("null")
    assert origins.allow(None)


def test_a_faulty_entry_allows_nobody() -> None:
    origins = Origins(["garbage", ""], "")
    assert not origins.allow("")
    assert not origins.allow("null")
    assert not origins.allow("garbage")


def test_a_wildcard_stands_for_one_label() -> None:
    origins = Origins(["https://*.example.com", "https://*.shop.example:8443"], "https://usher.example.com")
    for known in ("https://www.example.com", "https://shop.example.com", "https://a.shop.example:8443"):
        assert origins.allow(known)
    for stranger in (
        "https://example.com",
        "https://a.b.example.com",
        "http://www.example.com",
        "https://www.example.com:8443",
        "https://evilexample.com",
        "https://www.example.com.evil.example",
        "https://*.example.com",
        "https://.example.com",
        "com",
    ):
        assert not origins.allow(stranger)


def test_an_entry_with_umlauts_is_the_site_that_browsers_name() -> None:
    origins = Origins(["https://bücher.example"], "https://usher.example.com")
    assert origins.allow("https://xn--bcher-kva.example")

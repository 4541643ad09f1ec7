"""Of all cookies that a site's domain has set, only ours are read."""

from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from entry.cookies import cookie, cookies_like

ROOT = Path(__file__).parents[2]
HEAP = "a=b " * 8_000
ENTRY_POINTS = ("bots", "entry", "identity", "interact", "operations", "portal")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (["usher=one; usher-trip-x=two; _ga=GA1.2"], {"usher": "one", "usher-trip-x": "two"}),
        (["_ga=1", "usher=one"], {"usher": "one"}),
        (["usher=old; usher=new"], {"usher": "new"}),
        ([f"{HEAP}; usher=one"], {"usher": "one"}),
        ([f"usher=one; {HEAP}"], {"usher": "one"}),
        (["usher=e30=.x=="], {"usher": "e30=.x=="}),
        (["usher; usherÿ=1; usher x=2; =usher"], {}),
        ([], {}),
    ],
    ids=["ours", "two headers", "twice", "a heap before", "a heap after", "padding", "no names", "none"],
)
def test_ours_are_found_among_those_of_a_domain(headers: list[str], found: dict[str, str]) -> None:
    request = make_mocked_request("GET", "/", CIMultiDict([("Cookie", header) for header in headers]))
    assert cookies_like(request, "usher") == found
    assert cookie(request, "usher") == found.get("usher", "")


def test_nobody_lets_aiohttp_read_all_of_them() -> None:
    sources = [source for folder in ENTRY_POINTS for source in (ROOT / folder).rglob("*.py")]
    assert sources
    assert [source.name for source in sources if "request.cookies" in source.read_text()] == []

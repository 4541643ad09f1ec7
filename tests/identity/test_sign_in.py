"""Signing in with Entra, and every way in which that trip can go wrong."""

import base64
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import time_machine
import trustme
from yarl import URL

from directory.fields import LONGEST_NAME
from identity.doors import local_path
from identity.flows import FLOW_SECONDS
from identity.jwks import Jwks
from identity.ration import Rates
from store.connection import Store
from tests.identity.entra import HOME, OLIVIA, Entra
from tests.identity.site import Site, new_browser, serve_site


@pytest.fixture
async def site(entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str]) -> AsyncIterator[Site]:
    async with serve_site(entra, jwks, store, authority[1], first_admin="Olivia@Fabrikam.example") as serving:
        yield serving


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_browser() as made:
        yield made


async def test_after_the_sign_in_the_browser_is_somebody(site: Site, browser: aiohttp.ClientSession) -> None:
    assert await site.who(browser) is None
    answer = await site.sign_in(browser, "/portal/preferences")
    assert (answer.status, answer.headers["Location"]) == (302, "/portal/preferences")
    assert await site.who(browser) == {
        "tenant": HOME,
        "user": OLIVIA,
        "upn": "olivia@fabrikam.example",
        "name": "Olivia Hart",
        "roles": ["admin"],
    }


async def test_a_role_taken_away_is_gone_at_the_next_request(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.sign_in(browser)
    await site.demote(OLIVIA)
    found = await site.who(browser)
    assert found is not None
    assert found["roles"] == []


async def test_a_tenant_that_is_not_ours_may_not_sign_in(site: Site, browser: aiohttp.ClientSession) -> None:
    answer = await browser.get(f"{site.url}/auth/sign-in?tenant={uuid.uuid4()}")
    assert answer.status == 403
    assert "this organisation does not use Usher here" in await answer.text()


async def test_an_answer_of_entra_counts_once(site: Site, browser: aiohttp.ClientSession) -> None:
    back = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in"))
    assert (await browser.get(back, allow_redirects=False)).status == 302
    again = await browser.get(back, allow_redirects=False)
    assert again.status == 400
    assert "was used already" in await again.text()


async def test_an_answer_counts_only_in_the_browser_that_asked(site: Site, browser: aiohttp.ClientSession) -> None:
    back = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in"))
    async with new_browser() as victim:
        answer = await victim.get(back, allow_redirects=False)
        assert answer.status == 400
        assert await site.who(victim) is None


async def test_two_tabs_may_sign_in_at_the_same_time(site: Site, browser: aiohttp.ClientSession) -> None:
    first = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in"))
    second = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in"))
    assert [(await browser.get(back, allow_redirects=False)).status for back in (first, second)] == [302, 302]


async def test_a_trip_stores_nothing_until_it_comes_back(
    site: Site, browser: aiohttp.ClientSession, store: Store
) -> None:
    before = await store.scan("*")
    back = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in?next=/portal/preferences"))
    assert await store.scan("*") == before
    await browser.get(back, allow_redirects=False)
    [used] = await store.scan("usher:{all}:flow:*")
    left = await store.ttl(used)
    assert left is not None
    assert 0 < left <= FLOW_SECONDS


async def test_hundreds_of_cookies_of_trips_do_not_become_hundreds_of_headers(
    site: Site, browser: aiohttp.ClientSession
) -> None:
    junk = "; ".join(f"usher-trip-{number}=x" for number in range(400))
    answer = await browser.get(f"{site.url}/auth/sign-in", headers={"Cookie": junk}, allow_redirects=False)
    assert answer.status == 302
    assert 2 <= len(answer.headers.getall("Set-Cookie")) < 20


async def test_a_trip_is_over_after_ten_minutes(site: Site, browser: aiohttp.ClientSession) -> None:
    back = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in"))
    sent = {"Cookie": _cookies(browser, site)}  # the browser itself would not send a cookie that is too old
    with time_machine.travel(time.time() + FLOW_SECONDS + 1, tick=True):
        async with new_browser() as late:
            answer = await late.get(back, headers=sent, allow_redirects=False)
    assert answer.status == 400


async def test_what_a_trip_carries_cannot_be_read_or_changed(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.leave(browser, "/auth/sign-in?next=/portal/preferences")
    [cookie] = [one for one in browser.cookie_jar if one.key.startswith("usher-trip-")]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", str(FLOW_SECONDS))
    sealed = base64.urlsafe_b64decode(cookie.value)
    assert b"preferences" not in sealed
    assert b"verifier" not in sealed
    back = site.entra.user_signs_in(await site.leave(browser, "/auth/sign-in"))
    forged = _cookies(browser, site).replace("gAAAA", "gAAAB")
    async with new_browser() as other:
        assert (await other.get(back, headers={"Cookie": forged}, allow_redirects=False)).status == 400


@pytest.mark.parametrize(
    ("name", "upn", "shown", "sign_in"),
    [
        ("Olivia\tHart\n", "olivia@fabrikam.example", "Olivia Hart", "olivia@fabrikam.example"),
        ("O" * 256, "olivia@fabrikam.example", "O" * (LONGEST_NAME - 1) + "…", "olivia@fabrikam.example"),
        ("", "olivia@fabrikam.example", "olivia@fabrikam.example", "olivia@fabrikam.example"),
        ("\u200b", "", OLIVIA, ""),
        ("Olivia", "no sign-in name", "Olivia", ""),
    ],
    ids=["a tab", "long", "empty", "nothing to see", "odd sign-in name"],
)
async def test_a_name_of_entra_is_tidied_for_somebody_who_is_not_in_the_directory(
    site: Site, browser: aiohttp.ClientSession, name: str, upn: str, shown: str, sign_in: str
) -> None:
    site.entra.claims = {"name": name, "preferred_username": upn}
    assert (await site.sign_in(browser)).status == 302
    who = await site.who(browser)
    assert who is not None
    assert (who["name"], who["upn"]) == (shown, sign_in)


async def test_a_browser_keeps_few_trips_and_small_ones(site: Site, browser: aiohttp.ClientSession) -> None:
    """A server takes some kilobytes of headers: abandoned trips must not lock their own browser out."""
    trips = [await site.leave(browser, f"/auth/sign-in?next=/portal/{'é' * 240}") for _ in range(12)]
    assert len(_cookies(browser, site)) < 6_000
    back = [site.entra.user_signs_in(page) for page in trips]
    answers = [(await browser.get(page, allow_redirects=False)).status for page in back]
    assert answers == [400] * 8 + [302] * 4, "the four newest, also of those that began in the same second"


async def test_a_trip_to_a_grant_is_no_sign_in(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.sign_in(browser)
    page = await site.leave(browser, "/auth/grant")
    state = parse_qs(urlsplit(page).query)["state"][0]
    answer = await browser.get(f"{site.url}/auth/callback?code=x&state={state}", allow_redirects=False)
    assert answer.status == 400


async def test_callbacks_are_limited_by_address_and_in_total(
    entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str], browser: aiohttp.ClientSession
) -> None:
    rates = Rates(burst_per_address=2, rate_per_address=0.01, burst=5, rate=0.01)
    async with serve_site(entra, jwks, store, authority[1], rates=rates) as site:

        async def comes_back(path: str, address: str) -> int:
            found = await browser.get(f"{site.url}/auth/{path}?state=x", headers={"X-Forwarded-For": address})
            assert found.status != 429 or int(found.headers["Retry-After"]) > 0
            return found.status

        assert [await comes_back("callback", "203.0.113.1") for _ in range(3)] == [400, 400, 429]
        assert await comes_back("granted", "203.0.113.1") == 429
        assert [await comes_back("callback", f"203.0.113.{n}") for n in range(2, 6)] == [400, 400, 400, 429]
        # A sign-in that begins costs nothing, and stays possible.
        assert (await site.leave(browser, "/auth/sign-in")).startswith(entra.url)


def _cookies(browser: aiohttp.ClientSession, site: Site) -> str:
    sent = browser.cookie_jar.filter_cookies(URL(site.url))
    return "; ".join(f"{name}={one.value}" for name, one in sent.items())


async def test_who_cancels_is_told_so(site: Site, browser: aiohttp.ClientSession) -> None:
    back = site.entra.user_refuses(await site.leave(browser, "/auth/sign-in"))
    answer = await browser.get(back)
    assert answer.status == 403
    assert "consent was refused" in await answer.text()


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"nonce": "another"}, "belongs to another sign-in"),
        ({"nonce": None}, "belongs to another sign-in"),
        ({"tid": "0" * 8}, "belongs to another organisation"),
        ({"aud": "somebody-else"}, "meant for another audience"),
        ({"iss": "https://evil.example"}, "from another issuer"),
        ({"exp": 1}, "expired"),
        ({"oid": None}, "names no person"),
    ],
)
async def test_a_token_that_does_not_fit_signs_nobody_in(
    site: Site, browser: aiohttp.ClientSession, claims: dict[str, Any], words: str
) -> None:
    site.entra.claims = claims
    answer = await site.sign_in(browser)
    assert answer.status == 403
    assert words in await answer.text()
    assert await site.who(browser) is None


@pytest.mark.parametrize(
    ("status", "said", "expected", "words"),
    [
        (401, {"error": "invalid_client", "error_description": "AADSTS7000222: old"}, 403, "secret has expired"),
        (400, {"error": "invalid_grant", "error_description": "AADSTS99: x"}, 403, "Entra says AADSTS99"),
        (400, {"error": "odd"}, 403, "Entra says odd"),
        (200, {"nothing": 1}, 403, "Entra says 200"),
        (503, {}, 503, "does not answer properly"),
        (429, {}, 503, "does not answer properly"),
    ],
)
async def test_what_entra_refuses_is_said_in_words(
    site: Site, browser: aiohttp.ClientSession, status: int, said: dict[str, Any], expected: int, words: str
) -> None:
    site.entra.token_answer = (status, said)
    answer = await site.sign_in(browser)
    assert answer.status == expected
    assert words in await answer.text()


async def test_entra_that_cannot_be_read_is_said_in_words(site: Site, browser: aiohttp.ClientSession) -> None:
    site.entra.status = 500
    answer = await browser.get(f"{site.url}/auth/sign-in")
    assert answer.status == 503
    assert "try again in a minute" in await answer.text()


@pytest.mark.parametrize(
    ("page", "status"), [("http://127.0.0.1:1/authorize", 302), ("http://evil.example/authorize", 503)]
)
async def test_the_sign_in_page_may_be_plain_http_on_this_machine_only(
    site: Site, browser: aiohttp.ClientSession, page: str, status: int
) -> None:
    site.entra.page = page
    answer = await browser.get(f"{site.url}/auth/sign-in", allow_redirects=False)
    assert answer.status == status


async def test_both_names_of_this_machine_share_one_sign_in(site: Site, browser: aiohttp.ClientSession) -> None:
    other_name = site.url.replace("127.0.0.1", "localhost")
    answer = await browser.get(
        f"{site.url}/auth/sign-in?next=/portal/x", headers={"Host": other_name[7:]}, allow_redirects=False
    )
    assert answer.headers["Location"] == f"{site.url}/auth/sign-in?next=/portal/x"


async def test_who_signs_out_is_nobody(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.sign_in(browser)
    answer = await browser.get(f"{site.url}/auth/sign-out")
    assert "You are signed out" in await answer.text()
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert await site.who(browser) is None


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, "/portal/"),
        ("", "/portal/"),
        ("/portal/preferences?x=1#y", "/portal/preferences?x=1#y"),
        ("https://evil.example/", "/portal/"),
        ("//evil.example/", "/portal/"),
        ("/\\evil.example/", "/portal/"),
        ("portal", "/portal/"),
        ("/portal/\r\nSet-Cookie: x=1", "/portal/"),
        ("/\t/evil.example", "/portal/"),
        ("/auth/sign-in", "/portal/"),
        ("/portal/" + "x" * 600, "/portal/"),
        ("/portal/\ud800", "/portal/"),
    ],
)
def test_after_the_sign_in_the_way_leads_to_our_own_pages_only(asked: str | None, given: str) -> None:
    assert local_path(asked) == given

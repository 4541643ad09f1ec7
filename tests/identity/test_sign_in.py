"""Signing in with Entra, and every way in which that trip can go wrong."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import trustme

from identity.doors import local_path
from identity.flows import FLOW_SECONDS
from identity.jwks import Jwks
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


async def test_the_first_admin_becomes_admin_and_nobody_else(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.sign_in(browser)
    olivia = await site.directory.user(HOME, OLIVIA)
    assert olivia is not None
    assert (olivia.upn, olivia.name, olivia.admin) == ("olivia@fabrikam.example", "Olivia Hart", True)
    site.entra.claims = {"oid": str(uuid.uuid4()), "preferred_username": "anna@fabrikam.example"}
    async with new_browser() as other:
        await site.sign_in(other)
        found = await site.who(other)
    assert found is not None
    assert found["roles"] == []
    assert len(await site.directory.users(HOME)) == 1


async def test_the_first_admins_name_in_another_tenant_means_nothing(
    site: Site, browser: aiohttp.ClientSession
) -> None:
    other = str(uuid.uuid4())
    await site.admit(other)
    page = await site.leave(browser, f"/auth/sign-in?tenant={other}")
    await browser.get(site.entra.user_signs_in(page), allow_redirects=False)
    found = await site.who(browser)
    assert found is not None
    assert found["tenant"] == other
    assert found["roles"] == []
    assert await site.directory.users(other) == []


async def test_the_first_admin_may_be_named_by_object_id(
    entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str], browser: aiohttp.ClientSession
) -> None:
    async with serve_site(entra, jwks, store, authority[1], first_admin=OLIVIA.upper()) as site:
        await site.sign_in(browser)
        olivia = await site.directory.user(HOME, OLIVIA)
    assert olivia is not None
    assert olivia.roles == ("admin",)


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


async def test_a_trip_is_kept_for_ten_minutes(site: Site, browser: aiohttp.ClientSession, store: Store) -> None:
    await site.leave(browser, "/auth/sign-in")
    kept = await store.scan("usher:{all}:flow:*")
    assert len(kept) == 1
    left = await store.ttl(kept[0])
    assert left is not None
    assert 0 < left <= FLOW_SECONDS


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
    ],
)
def test_after_the_sign_in_the_way_leads_to_our_own_pages_only(asked: str | None, given: str) -> None:
    assert local_path(asked) == given

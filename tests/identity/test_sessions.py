"""The session cookie: the identity it gives, its lifetime, its use inside Teams' frame, and the refusal of forged requests."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import time_machine
import trustme
from aiohttp import web

from directory.directory import Directory
from distribution.distributor import Distributor
from identity.jwks import Jwks
from identity.secrets import derive
from identity.sessions import LIFE_SECONDS, Identity, Sessions, new_session
from store.connection import Store
from tests.identity.entra import HOME, OLIVIA, Entra
from tests.identity.issuer import AUDIENCE
from tests.identity.site import Site, new_browser, raw_answer, serve_site

ANNA = "a1f6a7b0-0001-4c1b-9a55-000000000001"
OWN = {"x-usher": "1"}
KEY = derive("a-secret-of-the-owner-of-32-characters", "session")


@pytest.fixture
async def site(entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str]) -> AsyncIterator[Site]:
    async with serve_site(entra, jwks, store, authority[1]) as serving:
        yield serving


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_browser() as made:
        yield made


def cookie(public_url: str, store: Store, *, framed: bool) -> str:
    directory = Directory(store, Distributor(store))
    sessions = Sessions(key=KEY, public_url=public_url, users=directory, store=store)
    response = web.Response()
    identity = Identity(HOME, OLIVIA, "olivia@fabrikam.example", "Olivia", frozenset(), new_session())
    sessions.give(response, identity, framed=framed)
    return response.headers["Set-Cookie"]


def test_on_https_the_cookie_is_bound_to_the_host_and_to_tls(store: Store) -> None:
    made = cookie("https://usher.example.com", store, framed=False)
    assert made.startswith("__Host-usher=")
    assert made.split("; ")[1:] == ["Path=/", f"Max-Age={LIFE_SECONDS}", "HttpOnly", "Secure", "SameSite=Lax"]


def test_inside_teams_frame_the_cookie_is_a_partitioned_third_party(store: Store) -> None:
    made = cookie("https://usher.example.com", store, framed=True)
    assert made.split("; ")[3:] == ["HttpOnly", "Secure", "SameSite=None", "Partitioned"]


@pytest.mark.parametrize("framed", [True, False])
def test_on_this_machine_plain_http_will_do(framed: bool, store: Store) -> None:
    made = cookie("http://127.0.0.1:3978", store, framed=framed)
    assert made.startswith("usher=")
    assert made.split("; ")[3:] == ["HttpOnly", "SameSite=Lax"]


async def test_after_twelve_hours_it_is_over(site: Site, browser: aiohttp.ClientSession) -> None:
    signed_in = await site.sign_in(browser)
    sent = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    async with new_browser() as fresh:
        assert await (await fresh.get(f"{site.url}/who", headers=sent)).text() != "null"
        with time_machine.travel(time.time() + LIFE_SECONDS + 1, tick=True):
            assert await (await fresh.get(f"{site.url}/who", headers=sent)).text() == "null"


@pytest.mark.parametrize("value", ["", "garbage", "e30.e30.e30", "\udcff\udcfe", "e30.\udcff.e30", "x" * 7_000])
async def test_a_cookie_of_ones_own_making_is_nobody(site: Site, value: str) -> None:
    # Over a socket of our own: no client library sends bytes that are not UTF-8.
    head = f"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: usher={value}\r\n\r\n"
    status, body = await raw_answer(site.url, head.encode("utf-8", "surrogateescape"))
    assert (status, body) == (200, b"null")


async def test_a_copied_cookie_is_worthless_after_the_sign_out(site: Site, browser: aiohttp.ClientSession) -> None:
    signed_in = await site.sign_in(browser)
    copied = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    async with new_browser() as thief:
        assert await (await thief.get(f"{site.url}/who", headers=copied)).json() is not None
        await browser.get(f"{site.url}/auth/sign-out")
        assert await (await thief.get(f"{site.url}/who", headers=copied)).json() is None


async def test_signing_out_ends_every_cookie_of_the_browser(site: Site, browser: aiohttp.ClientSession) -> None:
    """A tab in Teams signs in each time it opens, and gets a new cookie each time."""
    token = {"token": site.entra.teams_token()}
    first = await browser.post(f"{site.url}/auth/teams", json=token, headers=OWN)
    await browser.post(f"{site.url}/auth/teams", json=token, headers=OWN)
    await browser.get(f"{site.url}/auth/sign-out")
    copied = {"Cookie": first.headers["Set-Cookie"].partition(";")[0]}
    async with new_browser() as thief:
        assert await (await thief.get(f"{site.url}/who", headers=copied)).json() is None


async def test_a_session_of_one_tenant_is_none_of_another(site: Site, store: Store) -> None:
    sessions = Sessions(key=KEY, public_url=site.url, users=site.directory, store=store)
    mine = Identity(HOME, OLIVIA, "olivia@fabrikam.example", "Olivia", frozenset(), new_session())
    await sessions.record(mine)
    assert await sessions.still(mine) == mine
    for other in (replace(mine, user=ANNA), replace(mine, tenant=ANNA), replace(mine, session=new_session())):
        assert await sessions.still(other) is None


@pytest.mark.parametrize(
    ("method", "headers", "ends"),
    [
        ("GET", {"Sec-Fetch-Site": "same-origin"}, True),
        ("GET", {"Sec-Fetch-Site": "none"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, False),
        ("GET", {"Sec-Fetch-Site": "same-site"}, False),
        ("GET", {"Referer": "https://evil.example/"}, False),
        ("GET", {"Referer": "http://["}, False),
        ("POST", {"Origin": "https://evil.example"}, False),
        ("POST", {"Origin": "null"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ("POST", {"Origin": "SITE"}, True),
    ],
)
async def test_another_site_cannot_sign_anybody_out(
    site: Site, browser: aiohttp.ClientSession, method: str, headers: dict[str, str], ends: bool
) -> None:
    await site.sign_in(browser)
    sent = {name: site.url if value == "SITE" else value for name, value in headers.items()}
    answer = await browser.request(method, f"{site.url}/auth/sign-out", headers=sent)
    assert answer.status == (200 if ends or method == "GET" else 403)
    assert (await site.who(browser) is None) is ends


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"x-usher": "1"}, True),
        ({"x-usher": "1", "Origin": "SITE"}, True),
        ({"Origin": "SITE"}, False),
        ({}, False),
        ({"x-usher": "1", "Origin": "https://evil.example"}, False),
        ({"x-usher": "1", "Origin": "null"}, False),
    ],
)
async def test_only_our_own_pages_change_things(
    site: Site, browser: aiohttp.ClientSession, headers: dict[str, str], own: bool
) -> None:
    sent = {name: site.url if value == "SITE" else value for name, value in headers.items()}
    answer = await browser.post(f"{site.url}/own", headers=sent)
    assert await answer.json() is own


async def test_a_teams_tab_signs_in_with_its_own_token(site: Site, browser: aiohttp.ClientSession) -> None:
    token = site.entra.teams_token(aud=f"api://{site.url[7:]}/0b9c2f9a-6f0e-4a53-8a0f-6f2f7d7a1c11")
    answer = await browser.post(f"{site.url}/auth/teams", json={"token": token}, headers=OWN)
    assert answer.status == 200, await answer.text()
    found = await site.who(browser)
    assert found is not None
    assert (found["tenant"], found["user"], found["name"]) == (HOME, OLIVIA, "Olivia Hart")


@pytest.mark.parametrize(
    "asked_by",
    [
        {"azp": "1fec8e78-bce4-4aaf-ab1b-5451cc387264"},
        {"azp": None, "appid": "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"},
        {"azp": AUDIENCE},
    ],
)
async def test_teams_on_every_device_and_the_app_itself_may_ask(
    site: Site, browser: aiohttp.ClientSession, asked_by: dict[str, str | None]
) -> None:
    token = site.entra.teams_token(**asked_by)
    answer = await browser.post(f"{site.url}/auth/teams", json={"token": token}, headers=OWN)
    assert answer.status == 200, await answer.text()


async def test_in_teams_over_https_the_tab_gets_the_partitioned_cookie(
    entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str], browser: aiohttp.ClientSession
) -> None:
    async with serve_site(entra, jwks, store, authority[1], public_url="https://usher.example.com") as site:
        sent = OWN | {"Origin": "https://usher.example.com"}
        answer = await browser.post(f"{site.url}/auth/teams", json={"token": entra.teams_token()}, headers=sent)
    assert answer.status == 200
    assert answer.headers["Set-Cookie"].endswith("Secure; SameSite=None; Partitioned")


@pytest.mark.parametrize(
    ("claims", "status", "words"),
    [
        ({"aud": "somebody-else"}, 401, "another audience"),
        ({"scp": "User.Read"}, 401, "access_as_user"),
        ({"scp": None}, 401, "access_as_user"),
        ({"tid": None}, 401, "names no tenant"),
        ({"tid": "\ud800"}, 401, "names no tenant"),
        ({"tid": "00000000-0000-4000-8000-000000000000"}, 403, "does not use Usher here"),
        ({"exp": 1}, 401, "expired"),
        ({"iss": "https://evil.example"}, 401, "another issuer"),
        ({"oid": None}, 401, "names no person"),
        ({"oid": "olivia"}, 401, "names no person"),
        ({"oid": f"{OLIVIA}:x"}, 401, "names no person"),
        ({"azp": None}, 401, "not asked for by Teams"),
        ({"azp": "00000000-0000-4000-8000-000000000000"}, 401, "not asked for by Teams"),
        ({"azp": None, "appid": "00000000-0000-4000-8000-000000000000"}, 401, "not asked for by Teams"),
    ],
)
async def test_a_teams_token_that_does_not_fit_is_refused(
    site: Site, browser: aiohttp.ClientSession, claims: dict[str, object], status: int, words: str
) -> None:
    token = site.entra.teams_token(**claims)
    answer = await browser.post(f"{site.url}/auth/teams", json={"token": token}, headers=OWN)
    assert answer.status == status
    assert words in (await answer.json())["error"]["message"]
    assert await site.who(browser) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[" * 20_000, b'{"token": 1}', b'{"token": "x"}', b'{"token": "' + b"x" * 40_000 + b'"}']
)
async def test_what_is_no_token_gets_401(site: Site, browser: aiohttp.ClientSession, body: bytes) -> None:
    answer = await browser.post(f"{site.url}/auth/teams", data=body, headers=OWN)
    assert answer.status == 401


async def test_a_charset_that_is_none_is_no_fault_of_ours(site: Site, browser: aiohttp.ClientSession) -> None:
    named = OWN | {"Content-Type": "application/json; charset=nonsense"}
    answer = await browser.post(f"{site.url}/auth/teams", data=b'{"token": "x"}', headers=named)
    assert answer.status == 401


async def test_another_site_cannot_sign_a_browser_in(site: Site, browser: aiohttp.ClientSession) -> None:
    answer = await browser.post(f"{site.url}/auth/teams", json={"token": site.entra.teams_token()})
    assert answer.status == 403


async def test_while_entra_is_away_a_tab_is_told_to_wait(site: Site, browser: aiohttp.ClientSession) -> None:
    site.entra.status = 503
    answer = await browser.post(f"{site.url}/auth/teams", json={"token": site.entra.teams_token()}, headers=OWN)
    assert answer.status == 503

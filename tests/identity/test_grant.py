"""The grant link: granted, refused, replayed, expired, in the wrong tenant, each in words."""

import time
import uuid
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
import time_machine
import trustme

from identity.flows import FLOW_SECONDS
from identity.jwks import Jwks
from store.connection import Store
from tests.identity.entra import HOME, Entra
from tests.identity.site import Site, new_browser, serve_site


@pytest.fixture
async def site(entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str]) -> AsyncIterator[Site]:
    async with serve_site(entra, jwks, store, authority[1]) as serving:
        yield serving


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    async with new_browser() as made:
        await site.sign_in(made)
        yield made


async def answer_of(site: Site, admin: aiohttp.ClientSession, state: str | None = None, **said: str) -> tuple[int, str]:
    """Entra sends the admin back with these words."""
    if state is None:
        state = parse_qs(urlsplit(await site.leave(admin, "/auth/grant")).query)["state"][0]
    query = {"admin_consent": "True", "tenant": HOME, "state": state} | said
    answer = await admin.get(f"{site.url}/auth/granted?{urlencode(query)}")
    return answer.status, await answer.text()


async def test_the_link_leads_to_entras_page_for_the_admins_tenant(site: Site, admin: aiohttp.ClientSession) -> None:
    assert (await site.leave(admin, "/auth/grant")).startswith(f"https://entra.example/{HOME}/adminconsent?")


async def test_who_is_not_signed_in_signs_in_first(site: Site) -> None:
    async with new_browser() as stranger:
        assert await site.leave(stranger, "/auth/grant") == "/auth/sign-in?next=/auth/grant"


async def test_granted_is_confirmed_by_asking(site: Site, admin: aiohttp.ClientSession) -> None:
    status, text = await answer_of(site, admin)
    assert status == 200
    assert "The permissions are granted" in text


async def test_entras_word_is_not_enough(site: Site, admin: aiohttp.ClientSession) -> None:
    site.consent.missing = ["Presence.Read.All"]
    status, text = await answer_of(site, admin)
    assert status == 409
    assert "<td>Presence.Read.All</td><td>missing</td>" in text
    assert "<td>Chat.Create</td><td>granted</td>" in text


async def test_an_error_counts_although_it_says_admin_consent_true(site: Site, admin: aiohttp.ClientSession) -> None:
    said = {"error": "access_denied", "error_description": "AADSTS65004: User declined to consent."}
    status, text = await answer_of(site, admin, **said)
    assert status == 403
    assert "consent was refused" in text


async def test_an_answer_counts_once(site: Site, admin: aiohttp.ClientSession) -> None:
    state = parse_qs(urlsplit(await site.leave(admin, "/auth/grant")).query)["state"][0]
    assert (await answer_of(site, admin, state))[0] == 200
    status, text = await answer_of(site, admin, state)
    assert status == 400
    assert "was used already" in text


async def test_an_expired_or_invented_answer_changes_nothing(site: Site, admin: aiohttp.ClientSession) -> None:
    state = parse_qs(urlsplit(await site.leave(admin, "/auth/grant")).query)["state"][0]
    sent = "; ".join(f"{one.key}={one.value}" for one in admin.cookie_jar)
    for given in ("invented", ""):
        assert (await answer_of(site, admin, given))[0] == 400
    query = urlencode({"admin_consent": "True", "tenant": HOME, "state": state})
    with time_machine.travel(time.time() + FLOW_SECONDS + 1, tick=True):
        async with new_browser() as late:
            answer = await late.get(f"{site.url}/auth/granted?{query}", headers={"Cookie": sent})
    assert answer.status == 400


async def test_a_sign_ins_state_is_no_grants(site: Site, admin: aiohttp.ClientSession) -> None:
    state = parse_qs(urlsplit(await site.leave(admin, "/auth/sign-in")).query)["state"][0]
    assert (await answer_of(site, admin, state))[0] == 400


async def test_a_grant_in_another_organisation_is_not_ours(site: Site, admin: aiohttp.ClientSession) -> None:
    status, text = await answer_of(site, admin, tenant=str(uuid.uuid4()))
    assert status == 403
    assert "in another organisation" in text


async def test_when_nobody_can_say_what_is_granted_that_is_said(site: Site, admin: aiohttp.ClientSession) -> None:
    site.consent.unknown = "Microsoft's sign-in does not answer."
    status, text = await answer_of(site, admin)
    assert status == 503
    assert "does not answer" in text


async def test_what_entra_says_cannot_write_on_our_page(site: Site, admin: aiohttp.ClientSession) -> None:
    _, text = await answer_of(site, admin, error="<script>alert(1)</script>")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text

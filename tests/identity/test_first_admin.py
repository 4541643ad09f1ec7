"""USHER_FIRST_ADMIN: it makes one person admin, once, while there is none, and what counts is Graph's word."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import aiohttp
import pytest
import trustme

from directory.state import State
from identity.consent import Profile
from identity.jwks import Jwks
from store.connection import Store
from tests.identity.entra import HOME, OLIVIA, Entra
from tests.identity.site import Site, new_browser, serve_site

ANNA = "a1f6a7b0-0001-4c1b-9a55-000000000001"
NAMED = "Olivia@Fabrikam.example"


@pytest.fixture
async def site(entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str]) -> AsyncIterator[Site]:
    async with serve_site(entra, jwks, store, authority[1], first_admin=NAMED) as serving:
        yield serving


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_browser() as made:
        yield made


async def roles(site: Site, browser: aiohttp.ClientSession) -> object:
    found = await site.who(browser)
    assert found is not None
    return found["roles"]


async def test_the_first_admin_becomes_admin_and_nobody_else(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.sign_in(browser)
    olivia = await site.directory.user(HOME, OLIVIA)
    assert olivia is not None
    assert (olivia.upn, olivia.name, olivia.admin) == ("Olivia@fabrikam.example", "Olivia Hart", True)
    site.entra.claims = {"oid": ANNA, "preferred_username": "anna@fabrikam.example"}
    async with new_browser() as other:
        await site.sign_in(other)
        assert await roles(site, other) == []
    assert len(await site.directory.users(HOME)) == 1


async def test_the_name_in_a_token_proves_nothing(site: Site, browser: aiohttp.ClientSession) -> None:
    """`preferred_username` and `upn` can be changed by the person whose token it is (ID token claims, docs)."""
    site.consent.profiles = {ANNA: Profile(ANNA, "anna@fabrikam.example", guest=False)}
    site.entra.claims = {"oid": ANNA, "preferred_username": NAMED, "upn": NAMED}
    await site.sign_in(browser)
    assert await roles(site, browser) == []


async def test_graphs_name_counts_whatever_the_token_says(site: Site, browser: aiohttp.ClientSession) -> None:
    site.entra.claims = {"preferred_username": "olivia.hart@elsewhere.example"}
    await site.sign_in(browser)
    assert await roles(site, browser) == ["admin"]


@pytest.mark.parametrize("named", [NAMED, OLIVIA])
async def test_a_guest_never_becomes_the_first_admin(
    entra: Entra,
    jwks: Jwks,
    store: Store,
    authority: tuple[trustme.CA, str],
    browser: aiohttp.ClientSession,
    named: str,
) -> None:
    async with serve_site(entra, jwks, store, authority[1], first_admin=named) as site:
        site.consent.profiles = {OLIVIA: Profile(OLIVIA, NAMED, guest=True)}
        await site.sign_in(browser)
        assert await roles(site, browser) == []


async def test_the_first_admin_may_be_named_by_object_id(
    entra: Entra, jwks: Jwks, store: Store, authority: tuple[trustme.CA, str], browser: aiohttp.ClientSession
) -> None:
    async with serve_site(entra, jwks, store, authority[1], first_admin=OLIVIA.upper()) as site:
        await site.sign_in(browser)
        assert await roles(site, browser) == ["admin"]


async def test_a_removed_admin_stays_removed(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.sign_in(browser)
    await site.demote(OLIVIA)
    await site.sign_in(browser)
    assert await roles(site, browser) == []


async def test_an_admin_who_was_loaded_and_removed_stays_removed(site: Site, browser: aiohttp.ClientSession) -> None:
    assert await site.directory.grant_first_admin(HOME, ANNA, "anna@fabrikam.example", "Anna")

    def leave(before: State) -> State:
        return before.having(users={})

    await site.directory.change(HOME, leave, actor="test")
    await site.sign_in(browser)
    assert await roles(site, browser) == []


async def test_while_there_is_an_admin_nobody_becomes_the_first_one(site: Site, browser: aiohttp.ClientSession) -> None:
    await site.directory.grant_first_admin(HOME, ANNA, "anna@fabrikam.example", "Anna")
    await site.sign_in(browser)
    assert await roles(site, browser) == []
    assert site.consent.asked == []


async def test_of_two_at_the_same_moment_one_becomes_admin(site: Site) -> None:
    made = await asyncio.gather(
        *(site.directory.grant_first_admin(HOME, user, f"{user}@fabrikam.example", "X") for user in (ANNA, OLIVIA))
    )
    assert sorted(made) == [False, True]
    assert [user.admin for user in await site.directory.users(HOME)] == [True]


async def test_while_graph_does_not_say_the_person_is_told_what_to_do(
    site: Site, browser: aiohttp.ClientSession
) -> None:
    site.consent.unknown = "User.ReadBasic.All is not granted"
    answer = await site.sign_in(browser)
    assert answer.status == 200
    assert "Grant the permissions" in await answer.text()
    assert await roles(site, browser) == []
    # Nothing was decided: as soon as Graph says who this is, the setting counts.
    site.consent.unknown = ""
    page = await site.leave(browser, "/auth/grant")
    state = page.partition("state=")[2]
    answer = await browser.get(f"{site.url}/auth/granted?admin_consent=True&tenant={HOME}&state={state}")
    assert answer.status == 200
    assert await roles(site, browser) == ["admin"]


async def test_the_first_admins_name_in_another_tenant_means_nothing(
    site: Site, browser: aiohttp.ClientSession
) -> None:
    other = str(uuid.uuid4())
    await site.admit(other)
    page = await site.leave(browser, f"/auth/sign-in?tenant={other}")
    await browser.get(site.entra.user_signs_in(page), allow_redirects=False)
    found = await site.who(browser)
    assert found is not None
    assert (found["tenant"], found["roles"]) == (other, [])
    assert await site.directory.users(other) == []

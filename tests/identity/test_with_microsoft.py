"""The same doors against the sandbox's Entra: a person signs in on its page, an admin grants on its page."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from directory.directory import Directory
from distribution.distributor import Distributor
from graph.consent import GraphConsent
from identity.doors import IdentityConfig, IdentityDeps
from identity.jwks import Jwks
from store.connection import Store
from tests.graph.microsoft import ALL_GRANTED, CLIENT, SECRET, TENANT, Microsoft, play
from tests.identity.site import new_browser, serve_doors

OLIVIA = "a1f6a7b0-0005-4c1b-9a55-000000000005"


@pytest.fixture
async def microsoft(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Microsoft]:
    async with play(tmp_path_factory.mktemp("microsoft")) as playing:
        yield playing


@pytest.fixture
async def site(microsoft: Microsoft, store: Store) -> AsyncIterator[str]:
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    for path in ("callback", "granted"):
        await microsoft.control("POST", "redirect-uris", uri=f"{url}/auth/{path}")
    jwks, graph = Jwks(microsoft.ca_file), microsoft.client()
    config = IdentityConfig(
        public_url=url,
        secret_key="a-secret-of-the-owner-with-32-signs",
        login_url=microsoft.tls,
        app_id=CLIENT,
        app_secret=SECRET,
        home_tenant=TENANT,
        first_admin=OLIVIA,
        ca_file=microsoft.ca_file,
    )
    directory = Directory(store, Distributor(store))
    consent = GraphConsent(graph, jwks, public_url=url)
    async with serve_doors(IdentityDeps(config, store, directory, jwks, consent), port):
        yield url
    await graph.close()
    await jwks.close()


async def pressed(browser: aiohttp.ClientSession, page: str, **chosen: str) -> str:
    """Press a button on a page of Entra's; where the browser is sent."""
    parts = urlsplit(page)
    form = {name: values[0] for name, values in parse_qs(parts.query).items()} | chosen
    async with browser.post(page.partition("?")[0], data=form, allow_redirects=False) as answer:
        assert answer.status in {302, 303}, await answer.text()
        return answer.headers["Location"]


async def test_a_person_signs_in_and_an_admin_grants(site: str, microsoft: Microsoft) -> None:
    await microsoft.control("POST", "consent", granted=["Chat.Create"])
    async with new_browser() as browser:

        async def leave(path: str) -> str:
            async with browser.get(f"{site}{path}", allow_redirects=False) as answer:
                return answer.headers["Location"]

        async def arrive(address: str) -> str:
            async with browser.get(address, allow_redirects=False) as answer:
                return await answer.text() if answer.status != 302 else answer.headers["Location"]

        assert await leave("/auth/grant") == "/auth/sign-in?next=/auth/grant"
        back = await pressed(browser, await leave("/auth/sign-in?next=/auth/grant"), user="olivia@fabrikam.example")
        assert await arrive(back) == "/auth/grant"

        async def who() -> tuple[str, str, list[str]]:
            async with browser.get(f"{site}/who") as answer:
                found = await answer.json()
            return found["user"], found["name"], found["roles"]

        # Who the first admin is, Graph says, and it says nothing before the grant.
        assert await who() == (OLIVIA, "Olivia Hart", [])

        refused = await pressed(browser, await leave("/auth/grant"), answer="refuse")
        assert "admin_consent=True" in refused
        assert "consent was refused" in await arrive(refused)

        granted = await pressed(browser, await leave("/auth/grant"), answer="grant")
        page = await arrive(granted)
        assert "The permissions are granted" in page
        assert all(f"<td>{name}</td><td>granted</td>" in page for name in ALL_GRANTED)
        assert await who() == (OLIVIA, "Olivia Hart", ["admin"])


async def test_a_tab_in_teams_signs_its_person_in(site: str, microsoft: Microsoft) -> None:
    token = await microsoft.teams("POST", OLIVIA, "/app/token")
    async with new_browser() as browser:
        async with browser.post(f"{site}/auth/teams", json=token, headers={"x-usher": "1"}) as answer:
            assert answer.status == 200, await answer.text()
        async with browser.get(f"{site}/who") as answer:
            assert (await answer.json())["user"] == OLIVIA

"""A site with the `/auth` doors, served on a real port, and browsers that visit it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from directory.directory import Directory
from directory.model import Tenant
from directory.state import State
from distribution.distributor import Distributor
from identity.consent import ConsentUnknown, Grant, Profile
from identity.doors import IdentityConfig, IdentityDeps, identity_routes
from identity.jwks import Jwks
from identity.ration import Rates
from identity.sessions import identity_of, is_own_page
from store.connection import Store
from tests.identity.entra import HOME, OLIVIA, SECRET, Entra
from tests.identity.issuer import AUDIENCE


@dataclass
class SaidConsent:
    """What is granted, as the test says; the real asking is tested with Graph."""

    missing: Sequence[str] = ()
    unknown: str = ""
    profiles: dict[str, Profile] = field(
        default_factory=lambda: {OLIVIA: Profile(OLIVIA, "Olivia@fabrikam.example", guest=False)}
    )
    asked: list[str] = field(default_factory=list[str])

    async def grant_url(self, tenant: str, state: str) -> str:
        return f"https://entra.example/{tenant}/adminconsent?state={state}"

    async def granted(self, tenant: str) -> Sequence[Grant]:
        if self.unknown:
            raise ConsentUnknown(self.unknown)
        return [Grant(name, "why", name not in self.missing) for name in ("Chat.Create", "Presence.Read.All")]

    async def profile(self, tenant: str, user: str) -> Profile | None:
        self.asked.append(f"{tenant} {user}")
        if self.unknown:
            raise ConsentUnknown(self.unknown)
        return self.profiles.get(user)


@dataclass
class Site:
    url: str
    entra: Entra
    directory: Directory
    consent: SaidConsent

    async def sign_in(self, browser: aiohttp.ClientSession, next_path: str = "/portal/") -> aiohttp.ClientResponse:
        """All the way round; the answer that ends it, not followed."""
        page = await self.leave(browser, f"/auth/sign-in?next={next_path}")
        return await browser.get(self.entra.user_signs_in(page), allow_redirects=False)

    async def leave(self, browser: aiohttp.ClientSession, path: str) -> str:
        """Open a page that sends the browser to Entra; where to."""
        answer = await browser.get(f"{self.url}{path}", allow_redirects=False)
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"]

    async def admit(self, tenant: str) -> None:
        """A company of this tenant is loaded."""

        def change(before: State) -> State:
            return before.having(tenant=Tenant(id=tenant, name="Contoso"))

        await self.directory.change(tenant, change, actor="test")

    async def demote(self, user: str) -> None:
        """The person is no longer an admin."""

        def change(before: State) -> State:
            person = before.users[user].model_copy(update={"admin": False})
            return before.having(users={**before.users, user: person})

        await self.directory.change(HOME, change, actor="test")

    async def who(self, browser: aiohttp.ClientSession) -> dict[str, object] | None:
        answer = await browser.get(f"{self.url}/who")
        return json.loads(await answer.text())


def new_browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))  # it keeps cookies of 127.0.0.1


async def raw_answer(url: str, request: bytes) -> tuple[int, bytes]:
    """Status and body of what a server answers to these bytes; `request` asks for `Connection: close`."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(request)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split(b" ", 2)[1]), body


@asynccontextmanager
async def serve_site(
    entra: Entra,
    jwks: Jwks,
    store: Store,
    ca_file: str,
    *,
    public_url: str = "",
    first_admin: str | None = None,
    rates: Rates | None = None,
) -> AsyncGenerator[Site]:
    """Doors that sign in with `entra`."""
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    directory, consent = Directory(store, Distributor(store)), SaidConsent()
    config = IdentityConfig(
        public_url=public_url or url,
        secret_key="a-secret-of-the-owner-with-32-signs",
        login_url=entra.url,
        app_id=AUDIENCE,
        app_secret=SECRET,
        home_tenant=HOME,
        first_admin=first_admin,
        ca_file=ca_file,
    )
    deps = IdentityDeps(
        config=config,
        store=store,
        directory=directory,
        jwks=jwks,
        consent=consent,
        rates=rates or Rates(),
        address_of=_reported,
    )
    async with serve_doors(deps, port):
        yield Site(url, entra, directory, consent)


@asynccontextmanager
async def serve_doors(deps: IdentityDeps, port: int) -> AsyncGenerator[None]:
    """The doors, and two routes that say who one is and whether one is a page of ours."""
    app = web.Application()
    identity_routes(app, deps)
    app.router.add_get("/who", _who)
    app.router.add_post("/own", _own)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _reported(request: web.Request) -> str | None:
    """The address that a proxy reports; real resolving is tested with the visitor's door."""
    return request.headers.get("X-Forwarded-For")


async def _who(request: web.Request) -> web.Response:
    identity = await identity_of(request)
    if identity is None:
        return web.json_response(None)
    return web.json_response(
        {"tenant": identity.tenant, "user": identity.user, "upn": identity.upn, "name": identity.name}
        | {"roles": sorted(identity.roles)}
    )


async def _own(request: web.Request) -> web.Response:
    return web.json_response(is_own_page(request))

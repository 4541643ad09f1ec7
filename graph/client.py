"""One Graph client per tenant, and what every call shares: a place among those in flight, fresh tokens after a grant, retries."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp
import httpx

from graph.errors import GraphProblem, ProblemKind
from graph.facts import Person
from graph.sdk import LONGEST_TOTAL_SECONDS, SdkConfig, TenantSdk, shared_http
from graph.shares import CONNECTIONS, Share, Shares
from graph.warm import warm
from identity.tls import client_context, client_session, httpx_proxy

T = TypeVar("T")

CONNECT_SECONDS = 5
TOKEN_SECONDS = 15
# After a refusal a new token is fetched at most this often: a permission that is really missing must not double every call.
FRESH_TOKEN_SECONDS = 60
CATALOGUE_SECONDS = 3600
LONGEST_PAUSE_SECONDS = 5.0  # what a person who clicked can be asked to wait for


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """Plain values from the settings. `teams_app_id` is the `id` in the manifest, the catalogue's `externalId`."""

    login_url: str
    graph_url: str
    app_id: str
    app_secret: str
    teams_app_id: str
    ca_file: str | Path | None = None


class GraphClient:
    """Graph for all tenants. Every call raises GraphProblem. Build it on the loop that uses it; `close` at the end."""

    def __init__(self, config: GraphConfig) -> None:
        self.config = config
        self._sdk_config = SdkConfig(config.login_url, config.graph_url, config.app_id, config.app_secret)
        self._http: httpx.AsyncClient | None = None
        self._login: aiohttp.ClientSession | None = None
        self._tenants: dict[str, TenantSdk] = {}
        self._refreshed: dict[str, float] = {}
        self._catalogue: dict[str, tuple[str, float]] = {}
        self._shares = Shares()
        self._warming = asyncio.Lock()
        self._warm = False

    async def warm(self) -> None:
        """Pay for the SDK's imports (seconds, in a thread) and for the shared clients before anybody waits for them.

        Every call waits for it, so that the imports never hold up the event loop.
        """
        async with self._warming:
            if not self._warm:
                await warm()
                self._clients()
                self._warm = True

    async def close(self) -> None:
        self._tenants.clear()
        if self._http is not None:
            await self._http.aclose()
        if self._login is not None:
            await self._login.close()
        self._http = self._login = None

    def tenant(self, tenant: str) -> TenantSdk:
        """The calls themselves, tried once each. Raises GraphProblem when we have nothing to prove ourselves with."""
        if not self.config.app_secret:
            raise GraphProblem(ProblemKind.AUTH, "take_token", code="no_secret")
        found = self._tenants.get(tenant)
        if found is None:
            http, login = self._clients()
            found = TenantSdk(self._sdk_config, tenant, http=http, login=login)
            self._tenants[tenant] = found
        return found

    def _clients(self) -> tuple[httpx.AsyncClient, aiohttp.ClientSession]:
        """What all tenants share. Reading the system's certificates takes 50 ms and more: `warm` does it before the first call."""
        if self._http is None or self._login is None:
            self._login = client_session(self.config.ca_file, timeout_seconds=TOKEN_SECONDS)
            plain = httpx.AsyncClient(
                verify=client_context(self.config.ca_file),
                # Each call has a total of its own (`sdk.TOTAL_SECONDS`); this is for what comes byte by byte.
                timeout=httpx.Timeout(LONGEST_TOTAL_SECONDS, connect=CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
                trust_env=False,
                proxy=httpx_proxy(self.config.graph_url),
            )
            self._http = shared_http(self._sdk_config, plain)
        return self._http, self._login

    async def ask_for_room(self, tenant: str, call: Callable[[TenantSdk], Awaitable[T]]) -> T:
        """`ask` for effects: made once, never waited for. Raises GraphProblem, and RetryLater where no call may begin now."""
        return await self.ask(tenant, call, share=Share.ROOM)

    async def ask(
        self,
        tenant: str,
        call: Callable[[TenantSdk], Awaitable[T]],
        *,
        tries: int = 1,
        share: Share = Share.PEOPLE,
    ) -> T:
        """Make a call; once more with a fresh token when it is refused (the grant may be younger than our token).

        `tries` > 1 only for what may be done twice: while Graph is throttled or down, the call is made again after the
        pause that it asks for, if that is short: never for ROOM, whose caller holds a worker's slot. Raises GraphProblem.
        """
        await self.warm()
        sdk = self.tenant(tenant)
        while True:
            tries -= 1
            try:
                async with self._shares.place(tenant, share):
                    return await call(sdk)
            except GraphProblem as problem:
                pause = problem.retry_after if problem.retry_after is not None else 0.5
                if self._may_refresh(tenant, problem):
                    sdk.forget_token()
                    tries += 1
                elif problem.passes and tries > 0 and pause <= LONGEST_PAUSE_SECONDS:
                    await asyncio.sleep(pause)
                else:
                    raise

    async def fresh_roles(self, tenant: str) -> frozenset[str]:
        """The application permissions that a token taken now has."""
        await self.warm()
        sdk = self.tenant(tenant)
        sdk.forget_token()
        return await sdk.roles()

    async def catalogue_id(self, tenant: str, *, share: Share = Share.PEOPLE) -> str | None:
        """Usher's id in the tenant's app catalogue, kept for an hour; None when the app is not in it."""
        found, until = self._catalogue.get(tenant, ("", 0.0))
        if found and time.monotonic() < until:
            return found
        app = await self.ask(
            tenant,
            lambda sdk: sdk.catalogue_id(self.config.teams_app_id),
            tries=1 if share is Share.ROOM else 2,
            share=share,
        )
        if app:
            self._catalogue[tenant] = (app, time.monotonic() + CATALOGUE_SECONDS)
        return app

    def forget_catalogue(self, tenant: str) -> None:
        """Microsoft does not know the id that we have: ask again."""
        self._catalogue.pop(tenant, None)

    async def person(self, tenant: str, user_or_upn: str) -> Person | None:
        """Somebody by object id or sign-in name; None when there is nobody."""
        return await self.ask(tenant, lambda sdk: sdk.person(user_or_upn), tries=3)

    async def is_gone(self, tenant: str, user: str, *, share: Share) -> bool:
        """Whether this person was deleted in Entra. Anything that leaves a doubt is raised as GraphProblem."""
        return await self.ask(tenant, lambda sdk: sdk.is_gone(user), share=share)

    def _may_refresh(self, tenant: str, problem: GraphProblem) -> bool:
        # A refusal by Entra itself (no status of Graph) is not cured by asking Entra again.
        refused = problem.kind is ProblemKind.FORBIDDEN or (problem.kind is ProblemKind.AUTH and problem.status == 401)
        now = time.monotonic()
        if not refused or now - self._refreshed.get(tenant, float("-inf")) < FRESH_TOKEN_SECONDS:
            return False
        self._refreshed[tenant] = now
        return True

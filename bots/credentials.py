"""The bot's own token, fetched without blocking and kept until shortly before it ends. One for the whole process."""

import asyncio
import time
from typing import Any, cast

import aiohttp
import structlog

from bots.config import BOT_SCOPE, MANAGED_IDENTITY, MULTI_TENANT, BotConfig

log = structlog.get_logger(__name__)

EARLY_SECONDS = 300
"""A token is renewed so long before its end, as MSAL does it."""

PROVEN_SECONDS = 600
"""A token lasts for an hour, and says nothing about the secret meanwhile. So often the secret is proven by a fresh one: six
requests an hour and process. Entra throttles an app that asks for the same token again and again; this is far from it."""

BOT_FRAMEWORK_TENANT = "botframework.com"
"""Where an app that is registered for several tenants gets its token (Bot Connector authentication, docs)."""


class NoToken(Exception):
    """Entra gave no token. `final` when asking again would not help: a wrong id, secret or tenant."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class BotTokens:
    """Token cache of the one app that the bot is."""

    def __init__(self, config: BotConfig, session: aiohttp.ClientSession) -> None:
        self._config = config
        self._session = session
        self._token = ""
        self._ends_at = 0.0
        self._proven_at = float("-inf")
        self._refused = False
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good for some minutes. Raises NoToken."""
        if time.monotonic() < self._ends_at - EARLY_SECONDS:
            return self._token
        async with self._lock:
            now = time.monotonic()
            if now >= self._ends_at - EARLY_SECONDS:
                try:
                    await self._fetch()
                except NoToken as problem:
                    if now >= self._ends_at:
                        raise
                    log.warning("bot_token_not_renewed", why=str(problem))
        return self._token

    async def prove(self) -> None:
        """Return if the app's credentials are good, by a fresh token where the last proof is `PROVEN_SECONDS` old, was
        refused, or a token was dropped since. Raises NoToken; a token that is there stays in use."""
        async with self._lock:
            now = time.monotonic()
            if self._refused or now >= min(self._proven_at + PROVEN_SECONDS, self._ends_at - EARLY_SECONDS):
                await self._fetch()

    def drop(self, token: str) -> None:
        """Teams did not accept this token: the next call fetches a new one."""
        if token == self._token:
            self._ends_at = 0.0

    async def _fetch(self) -> None:
        began = time.monotonic()
        if self._config.app_type == MANAGED_IDENTITY:
            answer = await asyncio.to_thread(_ask_managed_identity, self._config.app_id)
            status = 200 if "access_token" in answer else 400
        else:
            status, answer = await self._ask_entra()
        token, lasts = answer.get("access_token"), answer.get("expires_in")
        if status != 200 or not isinstance(token, str) or not lasts:
            # `error` is a word such as invalid_client; the description may hold more than a log should.
            why = f"Entra answered {status} {answer.get('error', '')}".strip()
            final = 400 <= status < 429
            self._refused = self._refused or final
            raise NoToken(why, final=final)
        self._token, self._ends_at, self._proven_at, self._refused = token, began + float(lasts), began, False

    async def _ask_entra(self) -> tuple[int, dict[str, Any]]:
        config = self._config
        tenant = BOT_FRAMEWORK_TENANT if config.app_type == MULTI_TENANT else config.tenant_id
        form = {
            "grant_type": "client_credentials",
            "client_id": config.app_id,
            "client_secret": config.app_secret,
            "scope": BOT_SCOPE,
        }
        url = f"{config.login_url}/{tenant}/oauth2/v2.0/token"
        try:
            async with self._session.post(url, data=form, allow_redirects=False) as reply:
                answer: object = await reply.json(content_type=None)
                return reply.status, cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            raise NoToken(f"Entra did not answer: {type(problem).__name__}", final=False) from problem


def _ask_managed_identity(client_id: str) -> dict[str, Any]:
    """A token for the identity that Azure gave this machine, through MSAL, which knows all of Azure's hosts."""
    import msal  # type: ignore[import-untyped]  # loaded only where there is such an identity
    import requests

    identity: Any = msal.UserAssignedManagedIdentity(client_id=client_id)
    with requests.Session() as session:
        session.trust_env = False  # the identity's endpoint is on this machine's own network, never behind a proxy
        client: Any = msal.ManagedIdentityClient(identity, http_client=session)
        return client.acquire_token_for_client(resource=BOT_SCOPE.removesuffix("/.default"))

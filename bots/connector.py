"""The Bot Connector over one pooled session: a request goes out, an answer comes back. No retries, no order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from bots.config import BotConfig
from bots.credentials import BotTokens, NoToken
from bots.problems import Kind, Reply, SendProblem
from entry.hosts import leads_here
from identity.tls import client_session

TIMEOUT_SECONDS = 15
CONNECTIONS = 100
"""At once, over all service URLs: 50 requests a second to one tenant, at the 200 ms or so that Teams takes, need 10."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation in Teams, and the address where its region is served."""

    tenant: str
    service_url: str
    conversation: str

    def activities(self, activity_id: str = "") -> str:
        """The address of its activities, or of one of them."""
        root = f"{self.service_url.rstrip('/')}/v3/conversations/{quote(self.conversation, safe='')}/activities"
        return f"{root}/{quote(activity_id, safe='')}" if activity_id else root


class Connector:
    """Sends with the bot's token. The token goes to HTTPS addresses only, and those come from verified activities."""

    def __init__(self, config: BotConfig) -> None:
        self._session = client_session(config.ca_file, timeout_seconds=TIMEOUT_SECONDS, connections=CONNECTIONS)
        self._without_token = config.allow_unauthenticated
        self.tokens = BotTokens(config, self._session)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def call(self, method: str, url: str, body: bytes | None = None) -> Reply:
        """One request. Raises SendProblem when there is no token or no answer; an answer of any status is returned.

        A token that Teams does not take is replaced at once, and the request sent again, once: 401 says that nothing
        was done.
        """
        if url.startswith("https://"):
            token = await self._token()
            answer = await self._once(method, url, body, token)
            if answer.status == 401:
                self.tokens.drop(token)
                answer = await self._once(method, url, body, await self._token())
            return answer
        if self._without_token and leads_here(url):
            return await self._once(method, url, body, "")
        raise SendProblem(Kind.REFUSED, 0, "not an https address")

    async def _once(self, method: str, url: str, body: bytes | None, token: str) -> Reply:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as reply:
                content = await reply.read()
                return Reply(reply.status, reply.headers, content)
        except aiohttp.ClientConnectorError as problem:
            raise SendProblem(Kind.UNAVAILABLE, 0, type(problem).__name__) from problem
        except (aiohttp.ClientError, TimeoutError) as problem:
            # The request may have arrived.
            raise SendProblem(Kind.UNAVAILABLE, 0, type(problem).__name__, doubtful=True) from problem

    async def _token(self) -> str:
        try:
            return await self.tokens.token()
        except NoToken as problem:
            kind = Kind.UNAUTHORIZED if problem.final else Kind.UNAVAILABLE
            raise SendProblem(kind, 0, f"no token: {problem}") from problem


def encode(body: Json) -> bytes:
    """JSON as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

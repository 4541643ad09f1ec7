"""Whether Entra gives the bot a token: asked now and then, told by a metric, a log line, and a notice for admins.

It is no part of readiness: a wrong secret concerns all replicas alike, and a load balancer would take the whole site away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)

ASK_SECONDS = 30.0
REFUSED, AWAY = "credentials_refused", "microsoft_away"

GOOD = Gauge("usher_credentials_good", "1 while Entra gives the bot a token, 0 while it does not")

Check = Callable[[], Awaitable[str]]
"""`""` if there is a token; else why not: `REFUSED` (id, secret or tenant are wrong) or `AWAY` (Entra does not answer)."""


class Credentials:
    """Asks every `every` seconds; what it found counts until the next answer."""

    def __init__(self, check: Check, *, every: float = ASK_SECONDS) -> None:
        self._check = check
        self._every = every
        self._found = ""

    def notices(self) -> Sequence[str]:
        """What admins are told: codes, for which the portal has words."""
        return [self._found] if self._found else []

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(self._every)

    async def ask(self) -> None:
        """Ask now."""
        found = await self._check()
        GOOD.set(not found)
        if found != self._found:
            log.warning("credentials_changed", now=found or "good", before=self._found or "good")
        self._found = found

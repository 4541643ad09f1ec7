"""Health: `/healthz` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

# A probe that hangs is a failed probe; load balancers give up after a few seconds.
PROBE_SECONDS = 2.0

Check = Callable[[], Awaitable[None]]

READY = Gauge("usher_ready", "1 while every part that Usher needs answers", ["part"])


async def _is_stopping() -> None:
    raise ProcessStopping


class ProcessStopping(Exception):
    """This process was asked to stop."""


class Health:
    """Asks every part whether it can work; a part is a name and a check that raises when it cannot."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)
        self._warm = asyncio.Event()

    def warmed_up(self) -> None:
        """Called once everything that loads late is loaded."""
        self._warm.set()

    def stopping(self) -> None:
        """From here on balancers should send nobody here."""
        self._checks["process"] = _is_stopping

    async def faults(self) -> dict[str, str]:
        """Part → what is wrong with it; empty when ready."""
        found: dict[str, str] = {} if self._warm.is_set() else {"start": "still loading"}
        for name, check in self._checks.items():
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await check()
            except Exception as error:  # noqa: BLE001 - whatever a part raises, it is not ready
                found[name] = type(error).__name__
            READY.labels(name).set(name not in found)
        return found

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(self, _: web.Request) -> web.Response:
        faults = await self.faults()
        body = {"status": "not ready" if faults else "ready", **({"faults": faults} if faults else {})}
        return web.json_response(body, status=503 if faults else 200, headers={"Cache-Control": "no-store"})

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
        ]

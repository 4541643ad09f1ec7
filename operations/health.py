"""Health: `/healthz` (the process answers, and its version), `/readyz` (it can do its work), `/metrics` (Prometheus)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from entry.hosts import leads_here
from operations.edge import headers
from operations.version import version

# A probe that hangs is a failed probe; load balancers give up after a few seconds.
PROBE_SECONDS = 2.0
# However many balancers ask, the parts are asked at most this often.
KEEP_SECONDS = 1.0

Check = Callable[[], Awaitable[None]]

READY = Gauge("usher_ready", "1 while every part that Usher needs answers", ["part"])


async def _is_stopping() -> None:
    raise ProcessStopping


class ProcessStopping(Exception):
    """This process was asked to stop."""


class Health:
    """Asks every part whether it can work; a part is a name and a check that raises when it cannot.

    Only parts without which this replica can do nothing belong here: a load balancer takes a replica that is not ready out
    of service, and what all replicas lack would take the whole site away.
    """

    def __init__(self, checks: Mapping[str, Check], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = dict(checks)
        self._warm = asyncio.Event()
        self._clock = clock
        self._asked_at = float("-inf")
        self._found: dict[str, str] = {}
        self._asking = asyncio.Lock()

    def warmed_up(self) -> None:
        """Called once everything that loads late is loaded."""
        self._warm.set()

    def stopping(self) -> None:
        """From here on balancers should send nobody here."""
        self._checks["process"] = _is_stopping

    async def faults(self) -> dict[str, str]:
        """Part → what is wrong with it; empty when ready."""
        async with self._asking:
            if self._clock() - self._asked_at >= KEEP_SECONDS:
                self._found = await self._ask()
                self._asked_at = self._clock()
        return self._found if self._warm.is_set() else {"start": "still loading", **self._found}

    async def _ask(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await check()
            except Exception as error:  # noqa: BLE001 - whatever a part raises, it is not ready
                found[name] = type(error).__name__
            READY.labels(name).set(name not in found)
        return found

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive", "version": version()})

    async def readyz(self, _: web.Request) -> web.Response:
        faults = await self.faults()
        body = {"status": "not ready" if faults else "ready", **({"faults": faults} if faults else {})}
        return web.json_response(body, status=503 if faults else 200, headers={"Cache-Control": "no-store"})

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz)]


async def metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def metrics_routes(token: str) -> list[web.RouteDef]:
    """`/metrics` on the public port, for those who have the token; with an empty one there is no such page.

    That a request comes from a loopback address proves nothing: behind a proxy on this machine all of them do.
    """

    async def with_token(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not secrets.compare_digest(given, f"Bearer {token}".encode()):
            return web.Response(
                status=401, text="The token is missing or wrong.", headers={"WWW-Authenticate": "Bearer"}
            )
        return await metrics(request)

    return [web.get("/metrics", with_token)] if token else []


def metrics_app() -> web.Application:
    """`/metrics` for a port of its own on a loopback address, which no proxy passes on."""

    async def local(request: web.Request) -> web.Response:
        # A website's name may lead a browser on this machine to this port.
        if not leads_here(f"//{request.host}"):
            return web.Response(status=403, text="Ask for 127.0.0.1 or localhost.")
        return await metrics(request)

    app = web.Application()
    headers(app, https=False)
    app.router.add_get("/metrics", local)
    return app


async def serve_metrics(port: int | None, *, shared_port: bool) -> web.AppRunner:
    """Listen on `127.0.0.1:port` (None: nowhere); the caller cleans up. Raises OSError when the port is taken."""
    runner = web.AppRunner(metrics_app(), access_log=None)
    await runner.setup()
    if port is not None:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_port=shared_port or None).start()
    return runner

"""Two listeners, both on this machine only: TLS for the product, plain HTTP for people's browsers."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from sandbox import control
from sandbox.connector import routes as connector
from sandbox.core import Addresses, Core
from sandbox.entra import pages as entra_pages
from sandbox.entra import routes as entra
from sandbox.graph import apps, chats, messages, people
from sandbox.keys import server_context
from sandbox.teams import api
from sandbox.teams import pages as teams_pages
from sandbox.wire import Route, build_app
from sandbox.world import World

HOST = "127.0.0.1"
STOP_SECONDS = 2  # after that, requests in progress, such as a click on a slow bot, are cancelled


def tls_routes(world: World) -> list[Route]:
    """The application that the product calls."""
    return [
        *connector.routes(world.tenant_id),
        *chats.ROUTES,
        *messages.ROUTES,
        *apps.ROUTES,
        *people.ROUTES,
        *entra.ROUTES,
    ]


def http_routes() -> list[Route]:
    """The application for people's browsers, and the control interface."""
    return [*teams_pages.ROUTES, *api.ROUTES, *control.ROUTES, *entra_pages.ROUTES]


@asynccontextmanager
async def running(world: World, state: Path, http_port: int = 0, tls_port: int = 0) -> AsyncGenerator[Core]:
    """Run the sandbox; port 0 = any. It stops at exit, and its state stays in the folder."""
    # `localhost` for SDKs that compare host names, the address for everything else.
    context, ca_file = server_context(state, ["localhost", HOST])
    core = Core(world, state)
    runners: list[web.AppRunner] = []
    try:
        http = _listen(http_port)
        tls = _listen(tls_port)
        core.addresses = Addresses(
            http=f"http://{HOST}:{http.getsockname()[1]}",
            tls=f"https://localhost:{tls.getsockname()[1]}",
            ca_file=str(ca_file.resolve()),
        )
        for routes, sock, ssl_context in ((http_routes(), http, None), (tls_routes(world), tls, context)):
            # A handler continues when its caller disconnects (aiohttp's default).
            runner = web.AppRunner(build_app(core, routes), access_log=None, shutdown_timeout=STOP_SECONDS)
            runners.append(runner)
            await runner.setup()
            await web.SockSite(runner, sock, ssl_context=ssl_context).start()
        yield core
    finally:
        core.bells.close()
        for runner in runners:
            await runner.cleanup()
        await core.close()


def _listen(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen(1024)
    return sock

"""Usher's composition root: settings → clients → parts → routes → background loops. `python app.py` starts it.

Rooms on one floor never import each other; here they meet. Read `Usher.__init__` from top to bottom to see the house.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import structlog
import uvloop
from aiohttp import web
from pydantic import SecretStr

from bots.config import BotConfig
from bots.entry import Bot, BotDeps, bot_routes
from conversations.messages import Conversations
from dialogs.arrival import Arrival
from dialogs.registration import RegistrationChat
from directory.ahead import Ahead
from directory.directory import Directory
from directory.fields import no_time_zones
from distribution.aftermath import Aftermath
from distribution.deadlines import Timers
from distribution.distributor import Distributor
from entry.hosts import leads_here
from graph.client import GraphClient, GraphConfig
from graph.consent import GraphConsent
from graph.history import RoomHistory
from graph.installs import Installs
from graph.pace import Pace
from graph.presence import PresencePoller
from graph.rooms import Rooms
from identity.doors import IdentityConfig, IdentityDeps, identity_routes
from identity.jwks import Jwks
from identity.secrets import derive
from identity.tls import client_context, go_through
from interact.deps import InteractDeps
from interact.limits import Addresses, Limits
from interact.routes import interact_routes
from interact.sockets import Sockets
from operations.connections import ConnectionLimits, Connections
from operations.credentials import Credentials
from operations.edge import edge, headers
from operations.health import Health, metrics_routes, serve_metrics
from operations.lag import LagWatch
from operations.logs import configure_logs
from operations.machine import connections_for, raise_open_files
from operations.workers import Workers, worker_command
from portal.deps import PortalDeps
from portal.routes import portal_routes
from settings import ENV_FILE, Settings, SettingsError, load_settings
from store.connection import Store, StoreDown, StoreRefused, open_store
from store.doorbells import Doorbells
from store.due import DueWorker
from store.durability import risks
from store.embedded import EmbeddedRefused, EmbeddedServer, start_embedded
from store.env_file import readable_by_others
from store.ids import new_id
from store.schema import check_schema
from store.takeover import Takeovers

log = structlog.get_logger("usher")

# Everything is gone within ten seconds of SIGTERM: what effects hold is finished or handed back in the first five.
EFFECTS_GRACE_SECONDS = 5.0
PAGES_GRACE_SECONDS = 3.0
REQUESTS_GRACE_SECONDS = 3.0


class Usher:
    """One process of Usher: every part, wired."""

    def __init__(self, settings: Settings, store: Store, *, room: int = 10_000) -> None:
        """`room`: how many connections there may be at once."""
        secret = settings.secret_key.get_secret_value()
        bot_secret = settings.bot_app_secret.get_secret_value()
        ca_file = str(settings.ca_file) if settings.ca_file else None
        self.settings = settings
        self.store = store

        # What is known, and who decides.
        self.doorbells = Doorbells(store)
        self.distributor = Distributor(store)
        self.directory = Directory(store, self.distributor)
        self.conversations = Conversations(store)
        self.timers = Timers(store, self.doorbells)
        self.ahead = Ahead(store, self.distributor)

        # Microsoft.
        self.jwks = Jwks(ca_file)
        self.graph = GraphClient(
            GraphConfig(
                login_url=settings.login_url,
                graph_url=settings.graph_url,
                app_id=settings.bot_app_id,
                app_secret=bot_secret,
                teams_app_id=settings.teams_app,
                ca_file=ca_file,
            )
        )
        pace = Pace()
        self.rooms = Rooms(
            graph=self.graph,
            store=store,
            conversations=self.conversations,
            distributor=self.distributor,
            directory=self.directory,
            pace=pace,
        )
        self.installs = Installs(self.graph, self.directory)
        self.presence = PresencePoller(
            graph=self.graph,
            store=store,
            distributor=self.distributor,
            directory=self.directory,
            doorbells=self.doorbells,
            user_gone=self.rooms.user_gone,
        )
        bot_deps = BotDeps(
            config=BotConfig(
                app_id=settings.bot_app_id,
                app_type=settings.bot_app_type.value,
                app_secret=bot_secret,
                tenant_id=settings.tenant_id,
                login_url=settings.login_url,
                openid_url=settings.bot_openid_url,
                token_issuer=settings.bot_token_issuer,
                ca_file=ca_file,
                allow_unauthenticated=settings.dangerously_allow_unauthenticated_bot,
                teams_app_id=settings.teams_app,
                public_url=settings.public_url,
                host=settings.host,
            ),
            distributor=self.distributor,
            conversations=self.conversations,
            directory=self.directory,
            store=store,
            keys=self.jwks,
            personal=RegistrationChat(store=store, directory=self.directory, distributor=self.distributor),
            room_history=RoomHistory(self.graph, pace).read,
            room_trouble=self.rooms.broke,
        )
        self.bot = Bot(bot_deps)

        # What brings the outside up to date with what was decided.
        self.effects = DueWorker(store, self.doorbells, worker_id=new_id())
        self.arrival = Arrival(self.distributor, self.conversations, self.directory)
        self.effects.handle("arrival", self.arrival.handle_arrival, parts=1)
        self.effects.handle("card", self.bot.handle_card, parts=2)
        self.effects.handle("room", self.rooms.handle_room, parts=1)
        self.effects.handle("missed", self.rooms.missed.handle_missed, parts=3)
        self.effects.handle("relay", self.bot.handle_relay, parts=1)
        self.effects.handle("path", self.bot.handle_path)
        self.effects.handle("directory", self.directory.handle_projection, parts=0)
        self.takeovers = Takeovers(store)
        aftermath = Aftermath(store, (self.conversations.doubt_shown, self.rooms.doubt))
        self.effects.handle("failover", aftermath.handle, parts=1)

        # The doors.
        self.health = Health({"redis": store.check_writes})
        self.credentials = Credentials(self.bot.credentials_fault)
        self.connections = Connections(ConnectionLimits(total=room), Addresses(settings.trusted_proxies))
        self.web = web.Application(middlewares=[self.connections.counted, edge])
        headers(self.web, https=settings.public_url.startswith("https://"))
        self.web.add_routes(
            [web.get("/", to_the_portal), *self.health.routes(), *metrics_routes(_secret(settings.metrics_token))]
        )
        bot_routes(self.web, self.bot)
        identity_routes(
            self.web,
            IdentityDeps(
                config=IdentityConfig(
                    public_url=settings.public_url,
                    secret_key=secret,
                    login_url=settings.login_url,
                    app_id=settings.bot_app_id,
                    app_secret=bot_secret,
                    home_tenant=settings.tenant_id,
                    first_admin=settings.first_admin,
                    ca_file=ca_file,
                ),
                store=store,
                directory=self.directory,
                jwks=self.jwks,
                consent=GraphConsent(self.graph, self.jwks, public_url=settings.public_url),
                address_of=Addresses(settings.trusted_proxies).of,
            ),
        )
        self.sockets: Sockets = interact_routes(
            self.web,
            InteractDeps(
                store=store,
                distributor=self.distributor,
                conversations=self.conversations,
                directory=self.directory,
                doorbells=self.doorbells,
                visitor_key=derive(secret, "visitor"),
                public_url=settings.public_url,
                trusted_proxies=settings.trusted_proxies,
                # Above it a visitor is asked in words to come back; the rest is for pages and for Microsoft.
                limits=Limits(all_sockets=max(8, room * 4 // 5)),
            ),
        )
        self.takeovers.listen(self.sockets.failed_over)
        self.pages = portal_routes(
            self.web,
            PortalDeps(
                distributor=self.distributor,
                conversations=self.conversations,
                directory=self.directory,
                doorbells=self.doorbells,
                install=self.installs.install_for_user,
                uninstall=self.installs.uninstall_for_user,
                notices=self.credentials.notices,
                public_url=settings.public_url,
            ),
        )

    async def run(self, stopping: asyncio.Event, *, shared_port: bool) -> None:
        """Listen, work, and let go again once `stopping` is set."""
        await asyncio.to_thread(client_context, self.settings.ca_file)  # from now on every client takes this one
        await self.bot.start()
        runner = web.AppRunner(self.web, access_log=None, shutdown_timeout=REQUESTS_GRACE_SECONDS)
        await runner.setup()
        metrics = await serve_metrics(self.settings.metrics_port, shared_port=shared_port)
        try:
            port = await self.connections.listen(
                runner, self.settings.host, self.settings.port, shared_port=shared_port
            )
            log.info("listening", host=self.settings.host, port=self.settings.port, public_url=self.settings.public_url)
            loops = [
                asyncio.create_task(kept_running(name, loop))
                for name, loop in {
                    "lag": LagWatch().run,
                    "doorbells": self.doorbells.run,
                    "timers": self.timers.run,
                    "effects": self.effects.run,
                    "presence": self.presence.run,
                    "takeovers": self.takeovers.run,
                    "ahead": self.ahead.run,
                    "credentials": self.credentials.run,
                }.items()
            ]
            warming, asked = asyncio.create_task(self._warm_up()), asyncio.create_task(stopping.wait())
            # Asked to stop while it is still loading, it stops as well.
            await asyncio.wait({warming, asked}, return_when=asyncio.FIRST_COMPLETED)
            if warming.done():
                warming.result()  # an error ends the process
            await asked
            warming.cancel()
            log.info("stopping")
            self.health.stopping()
            # Nobody new: a balancer goes elsewhere at once, and so does the system where other workers share the port.
            port.close()
            await asyncio.gather(
                self.sockets.close_all("stopping"),
                self.pages.move_all(PAGES_GRACE_SECONDS),
                self.effects.stop(EFFECTS_GRACE_SECONDS),
            )
            await self.timers.stop()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        finally:
            await runner.cleanup()
            await metrics.cleanup()
            await self.bot.close()
            await self.graph.close()
            await self.jwks.close()

    async def _warm_up(self) -> None:
        """Seconds of imports that nobody should have to wait for on the first Accept of the day."""
        await asyncio.gather(self.graph.warm(), self.bot.warm())
        self.health.warmed_up()
        log.info("ready")


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""


async def to_the_portal(_: web.Request) -> web.StreamResponse:
    """Redirects the bare address: most likely an agent typed it."""
    raise web.HTTPFound("/portal/")


async def kept_running(name: str, loop: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a background loop for as long as the process lives; one that ends by an error is begun again."""
    while True:
        try:
            await loop()
        except Exception:
            # The edge of a loop: without it the process would live on without its timers or its effects.
            log.exception("loop_failed", loop=name)
            await asyncio.sleep(1)
        else:
            return


def stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


async def serve(settings: Settings, url: str, *, shared_port: bool) -> None:
    stopping = stop_on_signals()
    store = await open_store(url)
    try:
        await check_schema(store)
        if settings.redis_url is not None:
            for risk in await risks(store):
                log.warning("redis_may_lose", what=risk)
        if settings.dangerously_allow_unauthenticated_bot:
            log.warning("unauthenticated_bot_allowed", advice="anybody who reaches this port can pretend to be Teams")
        open_files = raise_open_files()
        log.info("room_for_connections", open_files=open_files, connections=connections_for(open_files))
        if not settings.trusted_proxies and not leads_here(settings.public_url):
            advice = "behind a proxy or balancer set USHER_TRUSTED_PROXIES, else its address stands for every visitor"
            log.warning("no_trusted_proxies", advice=advice)
        await Usher(settings, store, room=connections_for(open_files)).run(stopping, shared_port=shared_port)
    finally:
        await store.close()


async def serve_with_workers(settings: Settings, url: str) -> None:
    stopping = stop_on_signals()
    workers = Workers(settings.workers, worker_command(Path(__file__)), {"USHER_REDIS_URL": url})
    running = asyncio.create_task(workers.run())
    await stopping.wait()
    workers.stop()
    await running


def main(arguments: list[str]) -> int:
    """Start; the exit code is 2 for settings, 1 for anything else that stands in the way, 0 after SIGTERM."""
    try:
        settings = load_settings()
    except SettingsError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    configure_logs(level=settings.log_level.value, as_json=settings.log_format.value == "json")
    is_worker = "--worker" in arguments
    if readable_by_others(ENV_FILE) and not is_worker:
        log.warning("env_file_readable_by_others", file=str(ENV_FILE), advice="it holds secrets: chmod 600 .env")
    go_through(settings.proxies)
    missing = no_time_zones()
    if missing:
        sys.stderr.write(f"Usher cannot start: {missing}.\n")
        return 1
    # Until the loop has its own handlers, SIGTERM acts as Ctrl-C does, so that a server that was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    embedded: EmbeddedServer | None = None
    try:
        with contextlib.suppress(KeyboardInterrupt):
            if settings.redis_url is None:
                embedded = start_embedded(settings.data_dir)
            url = settings.redis_url or (embedded.url if embedded else "")
            parent = settings.workers > 1 and not is_worker
            uvloop.run(serve_with_workers(settings, url) if parent else serve(settings, url, shared_port=is_worker))
    except (StoreDown, StoreRefused, EmbeddedRefused, OSError) as problem:
        sys.stderr.write(f"Usher cannot start: {problem}\n")
        return 1
    finally:
        if embedded is not None:
            embedded.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The stage of the story tests: the real app, the real embedded server and the sandbox, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from directory.directory import Directory
from directory.load import apply, parse
from distribution.agents import Presence
from distribution.distributor import Distributor
from store.connection import Store, open_store
from store.embedded import EmbeddedServer, start_embedded
from tests.story.people import Portal, Teammate, Visitor
from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]
WORLD = tomllib.loads((ROOT / "demo" / "world.toml").read_text())
TENANT = WORLD["tenant"]["id"]
START_SECONDS = 60.0
Json = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Company:
    """One test's own service and people, so that tests on one stage do not disturb each other."""

    service: str
    name: str
    widget: str
    agents: list[Teammate]
    widgets: dict[str, str] = field(default_factory=dict[str, str])


class Stage:
    """Starts the sandbox and the app, and gives every test a company of its own."""

    def __init__(self, folder: Path, *, redis_url: str = "") -> None:
        self.folder = folder
        self.redis_url = redis_url  # "" = the embedded server
        self.port = free_port()
        self.app = f"http://127.0.0.1:{self.port}"
        self.places: dict[str, str] = {}
        self.sandbox_process: subprocess.Popen[bytes] | None = None
        self.app_processes: list[subprocess.Popen[bytes]] = []
        self.portals: list[Portal] = []

    # Starting and stopping.

    async def start(self) -> None:
        self.http = aiohttp.ClientSession()
        await self.start_sandbox()
        self.start_app()
        await self.ready()
        self.embedded: EmbeddedServer | None = None
        if not self.redis_url:
            self.embedded = await asyncio.to_thread(start_embedded, self.folder / "data")
        self.store: Store = await open_store(self.embedded.url if self.embedded else self.redis_url)
        self.distributor = Distributor(self.store)
        self.directory = Directory(self.store, self.distributor)

    async def start_sandbox(self) -> None:
        ready, world = self.folder / "sandbox.json", self.folder / "world.toml"
        # Entra knows the app's redirect addresses, so this stage's port has to be in them.
        world.write_text((ROOT / "demo" / "world.toml").read_text().replace("http://127.0.0.1:3978", self.app))
        command = [sys.executable, "-m", "sandbox", "--world", str(world),
                   "--state", str(self.folder / "sandbox"), "--http-port", "0", "--tls-port", "0",
                   "--ready-file", str(ready)]  # fmt: skip
        self.sandbox_process = self._spawn("sandbox", command, dict(os.environ))
        await wait_until(
            lambda: ready.is_file() and bool(ready.read_text().strip()), START_SECONDS, "the sandbox is up"
        )
        self.places = json.loads(ready.read_text())
        await self.control("PUT", "/bot-endpoint", {"url": f"{self.app}/api/messages"})

    def environment(self, port: int) -> dict[str, str]:
        tls, app = self.places["tls"], WORLD["app"]
        own = {name: value for name, value in os.environ.items() if not name.startswith("USHER_")}
        return own | {
            "USHER_PORT": str(port),
            "USHER_PUBLIC_URL": self.app,
            "USHER_DATA_DIR": str(self.folder / "data"),
            "USHER_REDIS_URL": self.redis_url,
            "USHER_SECRET_KEY": "story-tests-only-" * 3,
            "USHER_FIRST_ADMIN": "olivia@fabrikam.example",
            "USHER_BOT_APP_ID": app["client_id"],
            "USHER_BOT_APP_SECRET": app["client_secret"],
            "USHER_TENANT_ID": TENANT,
            "USHER_LOGIN_URL": tls,
            "USHER_GRAPH_URL": tls,
            "USHER_BOT_OPENID_URL": f"{tls}/v1/.well-known/openidconfiguration",
            "USHER_CA_FILE": self.places["ca_file"],
        }

    def start_app(self, port: int | None = None) -> subprocess.Popen[bytes]:
        """Start one more replica; the first one listens where the sandbox sends activities."""
        process = self._spawn(
            "app",
            [sys.executable, str(ROOT / "app.py")],
            self.environment(port or self.port),
        )
        self.app_processes.append(process)
        return process

    async def ready(self, url: str | None = None) -> None:
        async def answers() -> bool:
            for process in self.app_processes:
                assert process.poll() in {None, -signal.SIGKILL, -signal.SIGTERM, 0}, self.log("app")
            try:
                async with self.http.get(f"{url or self.app}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await wait_until(answers, START_SECONDS, "the app is ready")

    def kill_app(self) -> None:
        """`kill -9` of every replica; nothing gets a chance to tidy up."""
        for process in self.app_processes:
            process.kill()
            process.wait()
        self.app_processes.clear()

    async def stop(self) -> None:
        for portal in self.portals:
            await portal.close()
        await self.store.close()
        await self.http.close()
        for process in [*self.app_processes, self.sandbox_process]:
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(20)
        if self.embedded is not None:
            self.embedded.release()

    @property
    def server(self) -> EmbeddedServer:
        """The embedded server, which this stage holds as well."""
        assert self.embedded is not None
        return self.embedded

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-6000:]

    def _spawn(self, name: str, command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)

    # The sandbox's controls.

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        async with self.http.request(method, f"{self.places['http']}/control{path}", json=body) as answer:
            assert answer.status < 300, f"{path}: {answer.status} {await answer.text()}"
            return await answer.json() if answer.content_type == "application/json" else None

    async def fault(self, path: str, *, method: str = "POST", times: int = 1, **fault: object) -> None:
        """Let the sandbox fail the next `times` calls whose path matches."""
        await self.control(
            "POST", "/faults", {"match": {"method": method, "path": path}, "fault": fault, "times": times}
        )

    async def requests(self, path: str, method: str = "POST") -> list[Json]:
        """The calls that the sandbox got so far whose path contains `path`."""
        found = await self.control("GET", "/requests?since=0")
        calls: list[Json] = found["requests"]
        return [call for call in calls if path in call["path"] and call["method"] == method]

    # People.

    async def company(self, *names: str, registered: bool = True, direct: bool = False, **settings: object) -> Company:
        """A service of its own with these agents; `settings` are the service's, as in company.toml."""
        slug = f"s-{uuid.uuid4().hex[:10]}"
        label = f"Service {slug[2:6]}"
        owner = await self.owner()
        options: Json = {
            "offer_seconds": 20,
            "contact_center": True,
            "interact": True,
            "instant_messaging": True,
            "second_person": owner,  # also when the next company makes the owner another service's
        } | settings
        lines = [
            "[tenant]", f'id = "{TENANT}"', 'name = "Fabrikam Gardens"', 'time_zone = "Europe/Zurich"',
            "instant_messaging = true",
            "[tenant.direct]", f'second_person = "{owner}"',
            "[tenant.licences]", "contact_center = 500", "interact_service = 500", "instant_messaging = 500",
            "interact_user = 500",
            "[[services]]", f'id = "{slug}"', f'name = "{label}"',
            *(f"{name} = {json.dumps(value)}" for name, value in options.items()),
            "[[services.codes]]", 'category = "Topic"', 'codes = ["Plants", "Tools"]',
            "[services.widget]", 'origins = ["*"]', 'greeting = "Hello from the service."', 'ask_name = "optional"',
        ]  # fmt: skip
        agents: list[Teammate] = []
        for name in names:
            oid = str(uuid.uuid4())
            upn = f"{name.lower()}.{oid[:8]}@fabrikam.example"
            await self.control("POST", "/users", {"id": oid, "upn": upn, "name": name})
            agents.append(Teammate(self.http, self.places["http"], oid, name))
            lines += ["[[users]]", f'user = "{oid}"', f'name = "{name}"', f'upn = "{upn}"', "instant_messaging = true"]
            if direct:
                lines += ["interact_user = true", "[users.widget]", 'origins = ["*"]', 'ask_name = "optional"']
            else:
                lines += [f'services = ["{slug}"]']
        lines += [
            "[[users]]",
            f'user = "{owner}"',
            'name = "Olivia"',
            'upn = "olivia@fabrikam.example"',
            f'owns = ["{slug}"]',
        ]
        await apply(self.directory, parse("\n".join(lines), Path("company.toml")), resolve_upn=self.known)
        if registered:
            for agent in agents:
                await agent.install()
                await self.selectable(agent, "" if direct else slug)
        widgets = {agent.user: (await self.directory.user_widget(TENANT, agent.user)) for agent in agents if direct}
        widget = await self.directory.service_widget(TENANT, slug)
        return Company(slug, label, widget, agents, widgets)

    async def owner(self) -> str:
        """The second person of every room."""
        body = {"upn": "olivia@fabrikam.example", "name": "Olivia"}
        return str((await self.control("POST", "/users", body))["id"])

    async def known(self, tenant: str, upn: str) -> None:
        raise AssertionError(f"{upn} of {tenant} should be named by object id")

    async def selectable(self, agent: Teammate, service: str) -> None:
        async def free() -> bool:
            now = await self.distributor.agent(TENANT, agent.user)
            return now is not None and service in now.selectable_for

        await self.distributor.set_presence(TENANT, {agent.user: Presence.AVAILABLE})
        await wait_until(free, 15, f"{agent.name} may be offered tasks")

    async def visitor(self, widget: str, name: str = "") -> Visitor:
        return await Visitor(self.http, self.app, widget, name).arrive()

    async def portal(self, user: str) -> Portal:
        portal = await Portal(self.app, user).sign_in()
        self.portals.append(portal)
        return portal

    async def task_is(self, task: str, *states: str) -> Any:
        latest: list[Any] = [None]

        async def there() -> bool:
            latest[0] = await self.distributor.task(TENANT, task)
            return latest[0] is not None and latest[0].state in states

        await wait_until(there, 15, lambda: f"the task is {' or '.join(states)}; it is {latest[0]}")
        return latest[0]

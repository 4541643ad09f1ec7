"""The sandbox as a process of its own, and short words for what tests tell it and ask it."""

import asyncio
import json
import ssl
import sys
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

import aiohttp

from graph.client import GraphClient, GraphConfig
from graph.permissions import APPLICATION, RSC
from tests.support import wait_until

TENANT = "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f"
CLIENT = "0b9c2f9a-6f0e-4a53-8a0f-6f2f7d7a1c11"
SECRET = "sandbox-only-client-secret"
CALLBACK = "http://127.0.0.1:3978/auth/callback"
GRANTED = "http://127.0.0.1:3978/auth/granted"
ALL_GRANTED = [permission.name for permission in APPLICATION]

_WORLD = f"""
[tenant]
id = "{TENANT}"
name = "Fabrikam Gardens"
domain = "fabrikam.example"

[app]
client_id = "{CLIENT}"
client_secret = "{SECRET}"
catalogue_id = "c1d5a3c0-52a7-4d0e-8f53-94c0c0f4a001"
external_id = "{CLIENT}"
name = "Usher"
bot_endpoint = "http://127.0.0.1:9/api/messages"
redirect_uris = {json.dumps([CALLBACK, GRANTED])}
granted = {json.dumps(ALL_GRANTED)}
rsc = {json.dumps([permission.name for permission in RSC])}

[[users]]
id = "a1f6a7b0-0005-4c1b-9a55-000000000005"
upn = "olivia@fabrikam.example"
name = "Olivia Hart"
"""


@dataclass
class Microsoft:
    """`http` is what a person opens, `tls` what the product calls."""

    http: str
    tls: str
    ca_file: str
    session: aiohttp.ClientSession
    since: int = 0

    def client(self, *, secret: str = SECRET, external_id: str = CLIENT) -> GraphClient:
        return GraphClient(
            GraphConfig(
                login_url=self.tls,
                graph_url=self.tls,
                app_id=CLIENT,
                app_secret=secret,
                teams_app_id=external_id,
                ca_file=self.ca_file,
            )
        )

    async def begin(self) -> None:
        """A new test: a good day at Microsoft, everything granted."""
        await self.control("DELETE", "faults")
        await self.control("POST", "consent", granted=ALL_GRANTED)
        await self.control("PUT", "policy", blocked=[], without_teams=[], single_human_chats=True)
        self.since = (await self.control("GET", "requests?since=999999999"))["last"]

    async def control(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        async with self.session.request(
            method, f"{self.http}/control/{path}", json=body if method != "GET" else None
        ) as answer:
            assert answer.status < 300, await answer.text()
            return cast("dict[str, Any]", await answer.json()) if answer.content_type == "application/json" else {}

    async def fault(self, operation: str, *, times: int | None = 1, **fault: Any) -> None:
        """The next calls of this operation end so (see `sandbox/faults.py`); `times=None`: all of them."""
        said = {"code": "Ordered", "message": "A test ordered it."} | fault
        await self.control("POST", "faults", match={"operation": operation}, fault=said, times=times)

    async def calls(self, operation: str = "") -> list[dict[str, Any]]:
        """What was said between the product and Microsoft in this test, oldest first; of one operation if named.

        Teams tells the bot in its own time: what the product asked of Graph is `operations(calls)`.
        """
        found = (await self.control("GET", f"requests?since={self.since}"))["requests"]
        return [call for call in found if operation in {"", call["operation"]}]

    async def person(self, name: str = "Anna Meier", *, upn: str = "", guest: bool = False) -> str:
        """Somebody new in the organisation."""
        made = await self.control(
            "POST", "users", upn=upn or f"{uuid.uuid4()}@fabrikam.example", name=name, guest=guest
        )
        return made["id"]

    async def teams(self, method: str, user: str, path: str, **body: Any) -> dict[str, Any]:
        """What this person does in Teams."""
        async with self.session.request(method, f"{self.http}/teams/api/{user}{path}", json=body or None) as answer:
            assert answer.status < 300, await answer.text()
            return cast("dict[str, Any]", await answer.json()) if answer.status != 204 else {}

    async def send(self, chat: str, activity: dict[str, Any]) -> dict[str, Any]:
        """What the bot sends into this chat through the Connector."""
        tls = ssl.create_default_context(cafile=self.ca_file)
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "scope": "https://api.botframework.com/.default",
        }
        async with self.session.post(f"{self.tls}/{TENANT}/oauth2/v2.0/token", data=form, ssl=tls) as answer:
            token = (await answer.json())["access_token"]
        service = (await self.control("GET", "world"))["service_url"]
        url = f"{service}v3/conversations/{quote(chat, safe='')}/activities"
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.post(url, json=activity, headers=headers, ssl=tls) as answer:
            assert answer.status < 300, await answer.text()
            return cast("dict[str, Any]", await answer.json())

    async def chats(self, user: str) -> list[str]:
        """The topics of the group chats in this person's Teams."""
        state = await self.teams("GET", user, "/state")
        return [chat["title"] for chat in state["chats"] if chat["kind"] == "group"]

    async def chat_with(self, user: str) -> str:
        """The one group chat in this person's Teams, as soon as it is there."""

        async def there() -> str:
            state = await self.teams("GET", user, "/state")
            return next((chat["id"] for chat in state["chats"] if chat["kind"] == "group"), "")

        return await wait_until(there, 10, "a chat in Teams", step=0.02)

    async def chat_of(self, call: dict[str, Any]) -> str:
        """The chat that a recorded call was about."""
        return unquote(call["path"]).split("/")[3]


@asynccontextmanager
async def play(folder: Path) -> AsyncGenerator[Microsoft]:
    world, ready = folder / "world.toml", folder / "ready.json"
    world.write_text(_WORLD, encoding="utf-8")
    arguments = ["-m", "sandbox", "--world", world, "--state", folder / "state", "--ready-file", ready]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await wait_until(lambda: ready.is_file() or process.returncode is not None, 20, "the sandbox's start")
        addresses = json.loads(ready.read_text(encoding="utf-8"))
        async with aiohttp.ClientSession() as session:
            yield Microsoft(addresses["http"], addresses["tls"], addresses["ca_file"], session)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def operations(calls: Sequence[dict[str, Any]]) -> list[str]:
    """What was asked of Graph; tokens, and what Teams told the bot, are left out."""
    return [call["operation"] for call in calls if call["door"] == "graph"]

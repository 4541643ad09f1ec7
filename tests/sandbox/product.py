"""A small product to hold against the sandbox: it calls as a product does, and has a bot of its own, over real HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web

from sandbox.core import Core
from sandbox.entra.tokens import BOT_AUDIENCE, GRAPH_AUDIENCE
from sandbox.keys import new_key
from sandbox.values import Json

ANNA = "a1f6a7b0-0001-4c1b-9a55-000000000001"
BEN = "a1f6a7b0-0002-4c1b-9a55-000000000002"
CHIARA = "a1f6a7b0-0003-4c1b-9a55-000000000003"
DOMINIQUE = "a1f6a7b0-0004-4c1b-9a55-000000000004"
OLIVIA = "a1f6a7b0-0005-4c1b-9a55-000000000005"
SAMIR = "a1f6a7b0-0006-4c1b-9a55-000000000006"

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
ACCEPT: Json = {"type": "Action.Execute", "verb": "accept", "title": "Accept", "data": {"task": "t1"}}
SUBMIT: Json = {"type": "Action.Submit", "title": "Accept", "data": {"verb": "accept", "task": "t1"}}


def card(*actions: Json, text: str = "A visitor is waiting", **more: Any) -> Json:
    body: list[Json] = [{"type": "TextBlock", "text": text}, {"type": "Input.Text", "id": "note", "label": "Note"}]
    return {"type": "AdaptiveCard", "version": "1.5", "body": body, "actions": list(actions), **more}


def card_message(content: Json, summary: str = "A visitor is waiting") -> Json:
    return {"type": "message", "summary": summary, "attachments": [{"contentType": ADAPTIVE, "content": content}]}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sandbox said. `body` is JSON where it is JSON, otherwise text."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def message(self) -> str:
        """The sentence of whichever error shape this is."""
        if "error_description" in self.body:
            return self.body["error_description"]
        return self.body["message"] if "message" in self.body else self.body["error"]["message"]

    @property
    def code(self) -> str:
        """The code of whichever error shape this is; Entra's as `error/number`, on its pages the number alone."""
        if isinstance(self.body, str):
            found = re.search(r"AADSTS(\d+)", self.body + self.headers.get("Location", ""))
            return found[1] if found else ""
        if "error_codes" in self.body:
            return f"{self.body['error']}/{self.body['error_codes'][0]}"
        return self.body.get("error", {}).get("code", "")


@dataclass(slots=True)
class Bot:
    """The product's bot. `reply` decides what it answers to an activity: (status, JSON body)."""

    activities: list[Json] = field(default_factory=list[Json])
    headers: list[str] = field(default_factory=list[str])
    reply: Callable[[Json], tuple[int, Any]] = lambda _: (200, None)
    hold: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.Response:
        activity: Json = await request.json()
        self.activities.append(activity)
        self.headers.append(request.headers.get("Authorization", ""))
        if self.hold is not None:
            await self.hold.wait()
        status, answer = self.reply(activity)
        return web.json_response(answer, status=status) if answer is not None else web.Response(status=status)

    def got(self, kind: str) -> list[Json]:
        return [activity for activity in self.activities if activity["type"] == kind]


class Product:
    """The sandbox as its callers see it."""

    def __init__(self, core: Core, session: aiohttp.ClientSession, bot: Bot) -> None:
        self.core = core
        self.session = session
        self.bot = bot
        self.tenant = core.world.tenant_id
        self.client = core.world.app.client_id
        self.secret = core.world.app.client_secret

    async def call(self, method: str, address: str, **request: Any) -> Answer:
        async with self.session.request(method, address, allow_redirects=False, **request) as response:
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text
            return Answer(response.status, body, dict(response.headers))

    async def http(self, method: str, path: str, body: Any = None, **request: Any) -> Answer:
        """A page, the Teams page's API, or a control call."""
        return await self.call(method, self.core.addresses.http + path, json=body, **request)

    async def teams(self, method: str, path: str, body: Any = None, *, person: str = ANNA) -> Answer:
        return await self.http(method, f"/teams/api/{person}{path}", body)

    async def entra(self, method: str, path: str, **request: Any) -> Answer:
        return await self.call(method, f"{self.core.addresses.tls}/{self.tenant}{path}", **request)

    async def token(self, **form: str) -> Answer:
        """The token endpoint, with client credentials for Graph unless said otherwise; an empty value leaves a field out."""
        fields = {
            "grant_type": "client_credentials", "client_id": self.client, "client_secret": self.secret,
            "scope": "https://graph.microsoft.com/.default", **form,
        }  # fmt: skip
        given = {name: value for name, value in fields.items() if value}
        return await self.entra("POST", "/oauth2/v2.0/token", data=given)

    async def graph(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        roles: tuple[str, ...] | None = None,
        token: str | None = None,
    ) -> Answer:
        granted = self.core.settings.texts("granted") if roles is None else roles
        bearer = token if token is not None else self.core.tokens.for_app(GRAPH_AUDIENCE, granted)
        return await self._authorised(method, f"{self.core.addresses.tls}/v1.0{path}", body, bearer)

    async def connector(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        bearer = token if token is not None else self.core.tokens.for_app(BOT_AUDIENCE, ())
        return await self._authorised(method, f"{self.core.service_url}v3/conversations{path}", body, bearer)

    async def _authorised(self, method: str, address: str, body: Any, bearer: str) -> Answer:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        content: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        return await self.call(method, address, headers=headers, **({} if body is None else content))

    def foreign_token(self, audience: str) -> str:
        """Like Entra's, but signed by somebody else."""
        mine = self.core.tokens.key
        self.core.tokens.key = new_key()
        try:
            return self.core.tokens.for_app(audience, ())
        finally:
            self.core.tokens.key = mine

    def expired_token(self, audience: str) -> str:
        return self.core.tokens.for_app(audience, (), lifetime=-600)

    def member(self, person: str, **more: Any) -> Json:
        return {
            "@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": ["owner"],
            "user@odata.bind": f"https://graph.microsoft.com/v1.0/users('{person}')", **more,
        }  # fmt: skip

    def new_chat(self, *people: str, topic: str | None = "Garden Advice ¦ Visitor 7F3A", **more: Any) -> Json:
        named = {"topic": topic} if topic is not None else {}
        return {"chatType": "group", **named, "members": [self.member(person) for person in people or (ANNA,)], **more}

    def the_app(self, **more: Any) -> Json:
        app = f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{self.core.world.app.catalogue_id}"
        return {"teamsApp@odata.bind": app, **more}

    def consent(self, *names: str) -> Json:
        permissions = [
            {"permissionValue": name, "permissionType": "application"}
            for name in names or self.core.settings.texts("rsc")
        ]
        return {"consentedPermissionSet": {"resourceSpecificPermissions": permissions}}

    async def made_chat(self, *people: str, app: bool = True) -> str:
        """A group chat, made through Graph, with the app in it; limits do not count for this."""
        limits = self.core.settings.get("limits")
        self.core.settings.set("limits", False)
        chat: str = (await self.graph("POST", "/chats", self.new_chat(*people))).body["id"]
        if app:
            assert (
                await self.graph("POST", f"/chats/{chat}/installedApps", self.the_app(**self.consent()))
            ).status == 201
        self.core.settings.set("limits", limits)
        return chat

    async def personal_chat(self, person: str = ANNA) -> str:
        """The bot's chat with somebody who has the app."""
        assert (await self.teams("POST", "/app/install", person=person)).status == 200
        return self.core.chats.personal_id(person)

    async def sent_card(self, chat: str, content: Json) -> str:
        answer = await self.connector("POST", f"/{chat}/activities", card_message(content))
        assert answer.status == 201, answer
        return str(answer.body["id"])

    async def state(self, person: str = ANNA) -> Json:
        return (await self.teams("GET", "/state", person=person)).body

    async def seen_chat(self, chat: str, person: str = ANNA) -> Json:
        """A chat as a person's page has it."""
        return next(one for one in (await self.state(person))["chats"] if one["id"] == chat)

    async def seen_message(self, chat: str, message: str, person: str = ANNA) -> Json:
        return next(one for one in (await self.seen_chat(chat, person))["messages"] if one["id"] == message)

    async def click(
        self, chat: str, message: str, action: Json, inputs: Json | None = None, *, person: str = ANNA
    ) -> Answer:
        path = f"/chats/{quote(chat)}/messages/{quote(message)}/actions"
        return await self.teams("POST", path, {"action": action, "inputs": inputs or {}}, person=person)

    async def order(self, match: Json, fault: Json, times: int | None = 1) -> Answer:
        return await self.http("POST", "/control/faults", {"match": match, "fault": fault, "times": times})


@asynccontextmanager
async def listening_bot(bot: Bot) -> AsyncGenerator[str]:
    """The bot on a port of its own; its address."""
    app = web.Application()
    app.router.add_post("/api/messages", bot.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    finally:
        if bot.hold is not None:
            bot.hold.set()
        await runner.cleanup()

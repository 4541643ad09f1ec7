"""The bot in its house: the real store, distributor, directory and workers, and the sandbox as Microsoft, over HTTP and TLS.

Only the room is made by a few lines of this file instead of the room `graph`: by the same calls to the same Graph.
"""

import asyncio
import ssl
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web

from bots.config import BotConfig
from bots.entry import Bot, BotDeps, bot_routes
from conversations.messages import Conversation, Conversations, Sender
from dialogs.registration import RegistrationChat
from directory.directory import Directory
from directory.load import apply, parse
from distribution.agents import Presence
from distribution.deadlines import Timers
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState
from graph.client import GraphClient, GraphConfig
from graph.history import RoomHistory
from graph.pace import Pace
from identity.jwks import Jwks
from sandbox.core import Core
from sandbox.server import running
from sandbox.values import Json
from sandbox.world import World
from store.connection import Store
from store.doorbells import Doorbells
from store.due import DueWorker, Subject
from store.ids import new_id
from store.keys import root
from tests.sandbox.product import ANNA, BEN, DOMINIQUE, OLIVIA, Answer, Product
from tests.sandbox.product import Bot as NoBot
from tests.support import unsettled, wait_until

SOON = 20.0
WORLD = Path(__file__).parents[2] / "demo" / "world.toml"

COMPANY = f"""
[tenant]
id = "{{tenant}}"
name = "Fabrikam Gardens"
[tenant.licences]
contact_center = 5
interact_service = 5
instant_messaging = 25
interact_user = 5

[[services]]
id = "garden-advice"
name = "Garden Advice"
contact_center = true
interact = true
offer_seconds = 30
acw_seconds = 60
acw_extension_seconds = 60
acw_extensions = 2
tags = ["returning", "urgent"]
[[services.codes]]
category = "Topic"
required = true
codes = ["Plants", "Tools"]
[[services.codes]]
category = "Result"
codes = ["Solved"]

[[services]]
id = "orders"
name = "Orders & Delivery"
contact_center = true
interact = true

[[users]]
user = "{ANNA}"
upn = "anna@fabrikam.example"
name = "Anna Meier"
instant_messaging = true
services = ["garden-advice", "orders"]

[[users]]
user = "{BEN}"
upn = "ben@fabrikam.example"
name = "Ben Okafor"
instant_messaging = true
services = ["garden-advice"]

[[users]]
user = "{DOMINIQUE}"
upn = "dominique@fabrikam.example"
name = "Dominique Laurent"
instant_messaging = true
interact_user = true
[users.widget]
origins = ["*"]

[[users]]
user = "{OLIVIA}"
upn = "olivia@fabrikam.example"
name = "Olivia Hart"
roles = ["owner"]
owns = ["garden-advice"]
"""


class House:
    """Everything, and short words for what tests do and see."""

    def __init__(self, store: Store, product: Product, config: BotConfig) -> None:
        self.store = store
        self.product = product
        self.core: Core = product.core
        self.tenant = product.tenant
        self.distributor = Distributor(store)
        self.directory = Directory(store, self.distributor)
        self.conversations = Conversations(store)
        self.keys = Jwks(config.ca_file)
        self.personal = RegistrationChat(store=store, directory=self.directory, distributor=self.distributor)
        self.graph = GraphClient(
            GraphConfig(
                login_url=config.login_url,
                graph_url=product.core.addresses.tls,
                app_id=config.app_id,
                app_secret=config.app_secret,
                teams_app_id=config.teams_app_id,
                ca_file=config.ca_file,
            )
        )
        self.bot = Bot(
            BotDeps(
                config=config,
                distributor=self.distributor,
                conversations=self.conversations,
                directory=self.directory,
                store=store,
                keys=self.keys,
                personal=self.personal,
                room_history=RoomHistory(self.graph, Pace()).read,
            )
        )
        self.doorbells = Doorbells(store)
        self.timers = Timers(store, self.doorbells)
        self.effects = DueWorker(store, self.doorbells, worker_id=new_id())
        self.effects.handle("directory", self.directory.handle_projection)
        self.effects.handle("card", self.bot.handle_card)
        self.effects.handle("relay", self.bot.handle_relay)
        self.effects.handle("path", self.bot.handle_path)
        self.effects.handle("room", self._open_room)
        self.rooms_open = asyncio.Event()
        self.rooms_open.set()
        self.address = ""

    async def _open_room(self, subject: Subject) -> None:
        await self.rooms_open.wait()
        task = await self.task(subject.parts[0])
        if task.state is not TaskState.CONNECTING or task.agent is None:
            return
        chat = await self.product.made_chat(task.agent)
        url = f"{self.core.addresses.http}/teams/l/chat/{quote(chat)}/0"
        await self.conversations.bind_room(self.tenant, task.id, chat, url)
        await self.distributor.opened(self.tenant, task.id)

    # What people do.

    async def register(self, *people: str, presence: Presence = Presence.AVAILABLE) -> None:
        """They install the app, and are there."""
        for person in people:
            assert (await self.product.teams("POST", "/app/install", person=person)).status == 200
            await wait_until(lambda who=person: self._heard_of(who), SOON, "what Teams tells of an installation")
            assert await self.said(self.core.chats.personal_id(person), person), "nobody was greeted"
        await self.distributor.set_presence(self.tenant, dict.fromkeys(people, presence))

    def _heard_of(self, person: str) -> bool:
        """Whether the bot has answered both activities that an installation brings."""
        chat = self.core.chats.personal_id(person)
        answered = [call for call in self.core.records.since(0) if call["door"] == "bot" and call["status"] == 200]
        kinds = {call["body"]["type"] for call in answered if call["body"]["conversation"]["id"] == chat}
        return kinds >= {"installationUpdate", "conversationUpdate"}

    async def visitor(
        self,
        text: str = "My rose has black spots.",
        *,
        name: str = "Jonas Keller",
        service: str | None = "garden-advice",
        user: str | None = None,
    ) -> str:
        """A visitor begins a chat; its task's id."""
        task = new_id()
        page = "https://www.fabrikam.example/roses?x=1"
        begun = Conversation(self.tenant, task, service, user, customer=name, page=page, locale="en")
        await self.conversations.open(begun)
        await self.visitor_says(task, text)
        answer = await self.distributor.create(
            self.tenant, task, service=service, user=user, customer=name, workflow=False
        )
        assert answer.ok, answer
        return task

    async def visitor_says(self, task: str, text: str) -> None:
        await self.conversations.say(
            self.tenant, task, sender=Sender.VISITOR, author="", author_id="", text=text, client_id=str(uuid.uuid4())
        )

    async def talking(
        self, text: str = "My rose has black spots.", *, service: str = "garden-advice"
    ) -> tuple[str, str]:
        """A chat that Anna has accepted; its task and its room."""
        task = await self.visitor(text, service=service)
        card = await self.card(ANNA, "New chat")
        await self.click(ANNA, card, "Accept")
        chat = await wait_until(lambda: self.room_of(task), SOON, "the room")
        await wait_until(lambda: self.room_card(chat), SOON, "the opening card")
        return task, chat

    async def click(
        self, person: str, message: Json, title: str, inputs: Json | None = None, *, submit: bool = False
    ) -> Answer:
        """Press a button of a card, as the person's Teams shows it."""
        action = next(one for one in message["cards"][0]["content"]["actions"] if one["title"] == title)
        return await self.product.click(
            message["chat"], message["id"], action["fallback"] if submit else action, inputs, person=person
        )

    async def raw(self, token: str = "valid", **activity: Any) -> Json:
        """Send an activity of one's own making to the bot; `{"status", "body"}`."""
        answer = await self.product.http("POST", "/control/bot/activity", {"activity": activity, "token": token})
        assert answer.status == 200, answer
        return answer.body

    def activity(self, person: str = ANNA, kind: str = "message", **more: Any) -> Json:
        """An activity as Teams sends it from a person's own chat with the bot."""
        return {
            "type": kind,
            "id": str(uuid.uuid4()),
            "timestamp": "2026-11-25T12:00:00.000Z",
            "serviceUrl": self.core.service_url,
            "channelId": "msteams",
            "from": {"id": self.core.people.teams_id(person), "name": "Anna Meier", "aadObjectId": person},
            "conversation": {
                "id": self.core.chats.personal_id(person),
                "conversationType": "personal",
                "tenantId": self.tenant,
            },
            "recipient": {"id": self.core.world.app.bot_id, "name": "Usher"},
            "channelData": {"tenant": {"id": self.tenant}},
            "locale": "en-GB",
            **more,
        }

    def invoke(self, data: Any, person: str = ANNA, **more: Any) -> Json:
        """A button that was pressed, whether or not a card has it."""
        value = {"action": {"type": "Action.Execute", "data": data}}
        return self.activity(person, "invoke", name="adaptiveCard/action", value=value, **more)

    async def writes(self, chat: str, body: Json, person: str = ANNA) -> str:
        answer = await self.product.teams("POST", f"/chats/{quote(chat)}/messages", body, person=person)
        assert answer.status == 201, answer
        return str(answer.body["id"])

    # What people see.

    async def task(self, task: str) -> Task:
        found = await self.distributor.task(self.tenant, task)
        assert found is not None
        return found

    async def in_state(self, task: str, state: TaskState) -> Task:
        async def look() -> Task | None:
            found = await self.task(task)
            return found if found.state is state else None

        return await wait_until(look, SOON, f"state {state}")

    async def messages(self, chat: str, person: str = ANNA) -> list[Json]:
        """What stands in a chat, in a person's Teams."""
        chats = (await self.product.state(person))["chats"]
        found = next((one for one in chats if one["id"] == chat), None)
        return [{**message, "chat": chat} for message in found["messages"]] if found else []

    async def cards(self, person: str) -> list[Json]:
        """The cards in a person's own chat with the bot, oldest first."""
        messages = await self.messages(self.core.chats.personal_id(person), person)
        return [message for message in messages if message["cards"]]

    async def card(self, person: str, title: str, *, count: int = 1) -> Json:
        """The last card in his own chat, once there are `count` and the last has this title."""

        async def look() -> Json | None:
            cards = await self.cards(person)
            return cards[-1] if len(cards) == count and title_of(cards[-1]) == title else None

        return await wait_until(look, SOON, f"the card «{title}»")

    async def room_of(self, task: str) -> str:
        conversation = await self.conversations.get(self.tenant, task)
        return conversation.chat_id if conversation else ""

    async def room_card(self, chat: str, title: str = "Chat with a customer", person: str = ANNA) -> Json | None:
        cards = [message for message in await self.messages(chat, person) if message["cards"]]
        return cards[-1] if cards and title_of(cards[-1]) == title else None

    async def said(self, chat: str, person: str = ANNA) -> list[str]:
        """The bot's words in a chat, without its cards."""
        messages = await self.messages(chat, person)
        return [m["html"] or m["text"] for m in messages if m["from"]["kind"] == "bot" and not m["cards"]]

    async def transcript(self, task: str) -> list[tuple[str, str, str]]:
        messages = await self.conversations.read(self.tenant, task, 0)
        return [(message.sender.value, message.kind.value, message.text) for message in messages]

    def sends(self) -> list[Any]:
        """The recorded calls that sent a card."""
        return [call for call in self.calls("Conversations_SendToConversation") if call["body"].get("attachments")]

    async def settled(self) -> None:
        """Return when no effect is due any more."""

        async def is_settled() -> bool:
            subjects = await unsettled(self.store, root(self.tenant))
            left[:] = [subject for subject in subjects if not subject.startswith("directory:")]
            return not left

        left: list[str] = []
        await wait_until(is_settled, SOON, lambda: f"the end of {left}")

    def calls(self, operation: str) -> list[Any]:
        """The recorded calls of an operation."""
        return [record for record in self.core.records.since(0) if record["operation"] == operation]


def title_of(message: Json) -> str:
    return message["cards"][0]["content"]["body"][0]["items"][0]["columns"][0]["items"][0]["text"]


def text_of(message: Json) -> str:
    """All that a card says, as one text."""
    return str(message["cards"][0]["content"]["body"])


def config_of(core: Core, **changes: Any) -> BotConfig:
    app, addresses = core.world.app, core.addresses
    given: dict[str, Any] = {
        "app_id": app.client_id,
        "app_type": "SingleTenant",
        "app_secret": app.client_secret,
        "tenant_id": core.world.tenant_id,
        "login_url": addresses.tls,
        "openid_url": f"{addresses.tls}/v1/.well-known/openidconfiguration",
        "token_issuer": "https://api.botframework.com",
        "ca_file": addresses.ca_file,
        "teams_app_id": app.external_id,
        "public_url": "http://127.0.0.1",
    }
    return BotConfig(**{**given, **changes})


@asynccontextmanager
async def microsoft(world: World, state: Path) -> AsyncGenerator[Product]:
    """The sandbox on ports of its own, and somebody who can call it."""
    async with running(world, state) as core:
        core.settings.set("single_human_chats", True)
        core.bot_line.resend_after_seconds = (0.05, 0.05, 0.05)
        core.bot_line.resend_invoke_after_seconds = (0.05,)
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=core.addresses.ca_file))
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Product(core, session, NoBot())


@asynccontextmanager
async def house(store: Store, product: Product, *, company: str = COMPANY) -> AsyncGenerator[House]:
    """A whole house, running."""
    made = House(store, product, config_of(product.core))
    await apply(made.directory, parse(company.format(tenant=made.tenant), Path("company.toml")), resolve_upn=_nobody)
    await made.graph.warm()  # seconds of imports that no test should wait for
    await made.bot.start()
    app = web.Application()
    bot_routes(app, made.bot)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    made.core.settings.set("bot_endpoint", made.address)
    loops = [asyncio.create_task(loop()) for loop in (made.doorbells.run, made.timers.run, made.effects.run)]
    await made.doorbells.connected()
    try:
        yield made
    finally:
        await made.effects.stop(1)
        await made.timers.stop()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await runner.cleanup()
        await made.bot.close()
        await made.graph.close()
        await made.keys.close()


async def _nobody(_tenant: str, upn: str) -> None:
    raise AssertionError(f"{upn} was looked up")

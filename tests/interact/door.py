"""The visitor's door on a real server: routes, doorbells, the arrival workflow, and a company behind it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from conversations.messages import Conversations, Kind, Sender
from dialogs.arrival import Arrival
from directory.directory import Directory
from distribution.agents import Presence
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState, Via
from interact.deps import STATIC, InteractDeps
from interact.limits import Limits
from interact.routes import interact_routes
from interact.sockets import Sockets
from store.connection import Store
from store.doorbells import Doorbells
from store.due import DueWorker
from store.ids import new_id
from tests.interact.company import ANNA, furnish
from tests.interact.visitor import SITE, Visitor
from tests.support import wait_until

VISITOR_KEY = b"a key for the tokens of visitors, 32 bytes and more"
QUICK = Limits(beat_seconds=0.25, retry_seconds=(0.01, 0.05), typing_seconds=0.0)


@dataclass
class Door:
    """A running door and what tests do behind it."""

    base: str
    tenant: str
    store: Store
    distributor: Distributor
    conversations: Conversations
    directory: Directory
    widgets: dict[str, str]  # "garden-advice", "orders", "dominique" → widget key
    sockets: Sockets
    http: ClientSession
    doorbells: Doorbells
    visitors: list[Visitor] = field(default_factory=list["Visitor"])
    polls: bool = False  # what visitors have: a WebSocket, or long polling

    def visitor(self, widget: str = "garden-advice", *, origin: str | None = SITE) -> Visitor:
        """Somebody on a website."""
        made = Visitor(self.http, self.base, self.widgets[widget], origin=origin, polls=self.polls)
        self.visitors.append(made)
        return made

    async def close_service(self, service: str) -> None:
        """Take the licence for visitors from outside away from this service."""
        assert service == "orders"
        await furnish(self.directory, self.tenant, orders_open=False)

    async def task(self, visitor: Visitor) -> Task:
        found = await self.distributor.task(self.tenant, visitor.conversation)
        assert found is not None, "there is no task"
        return found

    async def transcript(self, visitor: Visitor) -> list[str]:
        """Everything stored, as `sender: text`."""
        messages = await self.conversations.read(self.tenant, visitor.conversation, 0)
        return [f"{m.sender.value}: {m.text}" for m in messages]

    async def available(self, *users: str) -> None:
        """These agents can be offered chats."""
        for user in users or (ANNA,):
            await self.distributor.set_registered(self.tenant, user, True)
        await self.distributor.set_presence(self.tenant, dict.fromkeys(users or (ANNA,), Presence.AVAILABLE))

    async def answer(self, visitor: Visitor) -> None:
        """Anna takes this visitor's chat, and its room opens."""
        await self.available()
        task = await wait_until(lambda: self._offered(visitor), 10, "the offer")
        assert isinstance(task, Task)
        assert task.offer is not None
        await self.distributor.accept(self.tenant, task.id, task.offer, task.invited[0], Via.CARD)
        await self.distributor.opened(self.tenant, task.id)

    async def _offered(self, visitor: Visitor) -> Task | None:
        task = await self.distributor.task(self.tenant, visitor.conversation)
        return task if task is not None and task.state is TaskState.OFFERED else None

    async def agent_says(
        self,
        visitor: Visitor,
        text: str,
        *,
        sender: Sender = Sender.AGENT,
        kind: Kind = Kind.TEXT,
        refers: str | None = None,
        client_id: str = "",
    ) -> None:
        """Anna writes, edits or deletes in the room in Teams."""
        await self.conversations.say(
            self.tenant,
            visitor.conversation,
            sender=sender,
            author="Anna Meier",
            author_id=ANNA,
            text=text,
            client_id=client_id or f"teams:{new_id()}",
            kind=kind,
            refers_to_client_id=refers,
        )

    async def visitor_says(self, visitor: Visitor, text: str) -> None:
        """A message of the visitor is stored without any of their sockets."""
        await self.conversations.say(
            self.tenant,
            visitor.conversation,
            sender=Sender.VISITOR,
            author="",
            author_id="",
            text=text,
            client_id=new_id(),
        )

    async def hang_up(self, visitor: Visitor) -> None:
        """Anna terminates the chat."""
        task = await self.task(visitor)
        await self.distributor.terminate(self.tenant, task.id, by="agent", actor=task.agent or "", via=Via.CARD)


@asynccontextmanager
async def open_door(
    store: Store,
    tenant: str,
    *,
    limits: Limits = QUICK,
    static: Path | None = None,
    trusted_proxies: Sequence[str] = (),
    bells: bool = True,
    workflow: bool = True,
) -> AsyncGenerator[Door]:
    """A door of its own for this tenant; `bells` and `workflow` can be left out, as if those processes were down."""
    distributor = Distributor(store)
    conversations = Conversations(store)
    directory = Directory(store, distributor)
    doorbells = Doorbells(store)
    worker = DueWorker(store, doorbells, worker_id=new_id())
    worker.handle("arrival", Arrival(distributor, conversations, directory).handle_arrival)
    for elsewhere in ("card", "room", "relay"):
        worker.handle(elsewhere, _nothing)
    app = web.Application()
    deps = InteractDeps(
        store=store,
        distributor=distributor,
        conversations=conversations,
        directory=directory,
        doorbells=doorbells,
        visitor_key=VISITOR_KEY,
        public_url="http://usher.example",
        trusted_proxies=trusted_proxies,
        limits=limits,
        static=static or STATIC,
    )
    sockets = interact_routes(app, deps)
    widgets = await furnish(directory, tenant)
    tasks = [asyncio.create_task(doorbells.run())] if bells else []
    if bells:
        await doorbells.connected()
    if workflow:
        tasks.append(asyncio.create_task(worker.run()))
    server = TestServer(app)
    await server.start_server()
    async with ClientSession() as http:
        base = str(server.make_url("")).rstrip("/")
        door = Door(base, tenant, store, distributor, conversations, directory, widgets, sockets, http, doorbells)
        try:
            yield door
        finally:
            for visitor in door.visitors:
                await visitor.close()
            await server.close()
            if workflow:
                await worker.stop(2)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing(_: object) -> None:
    """What other rooms would do in Teams."""

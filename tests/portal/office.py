"""The portal on a real server: everything real up to the Teams room, which this office opens by itself."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from conversations.messages import Conversation, Conversations, Kind, Sender
from directory.directory import Directory
from directory.model import Registration, Service, User
from directory.state import State
from distribution.agents import Presence
from distribution.deadlines import Timers
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState
from identity.sessions import SESSIONS, Identity, Sessions, new_session
from portal.deps import STATIC, PortalDeps, Rhythm
from portal.routes import portal_routes
from store.connection import Store
from store.doorbells import Doorbells
from store.ids import new_id
from store.keys import root
from tests.portal.browser import Browser
from tests.portal.company import furnish
from tests.support import wait_until

QUICK = Rhythm(heartbeat=0.3, surface=0.3, coalesce=0.01, session=0.3, keep=0.3)


@dataclass(frozen=True)
class Outcome:
    """How an installation came out, as the room beside the portal says it."""

    ok: bool
    status: str
    text: str


@dataclass
class Office:
    base: str
    tenant: str
    store: Store
    distributor: Distributor
    conversations: Conversations
    directory: Directory
    http: ClientSession
    sessions: Sessions
    granted: bool = True  # whether Graph lets Usher install its bot
    server: TestServer | None = None
    installed: list[str] = field(default_factory=list[str])
    notices: list[str] = field(default_factory=list[str])  # what admins have to know

    def browser(self, user: str, *, tenant: str = "", name: str = "Somebody") -> Browser:
        """A browser in which this person is signed in, by the real session cookie."""
        upn = f"{name.lower()}@fabrikam.example"
        identity = Identity(tenant or self.tenant, user, upn, name, frozenset(), new_session())
        recorded = asyncio.ensure_future(self.sessions.record(identity))
        return Browser(
            self.http, self.base, f"{self.sessions.cookie}={self.sessions.sign(identity)}", identity, recorded
        )

    async def sign_out(self, browser: Browser) -> None:
        """This person signs out, in this browser or in another one that has the same cookie."""
        assert browser.identity is not None
        await self.sessions.end(browser.identity)

    async def present(self, *users: str, registered: bool = True) -> None:
        """These agents are Available in Teams, and (or not) registered with the bot."""
        if registered:
            for user in users:
                await self.distributor.set_registered(self.tenant, user, True)
        await self.distributor.set_presence(self.tenant, dict.fromkeys(users, Presence.AVAILABLE))

    async def visitor(
        self, text: str = "Hello", *, service: str | None = "garden-advice", user: str | None = None, name: str = "Lena"
    ) -> str:
        """A visitor writes a first message; the task waits, or is offered, when this returns."""
        task = new_id()
        conversation = Conversation(self.tenant, task, service, user, customer=name, page="/plants")
        await self.conversations.open(conversation)
        await self.says(task, text, Sender.VISITOR, author=name)
        answer = await self.distributor.create(
            self.tenant, task, service=service, user=user, customer=name, workflow=False
        )
        assert answer.ok, answer
        return task

    async def says(self, task: str, text: str, sender: Sender, *, author: str = "") -> None:
        await self.conversations.say(
            self.tenant, task, sender=sender, author=author, author_id="", text=text, client_id=new_id()
        )

    async def answers(
        self,
        task: str,
        text: str,
        client_id: str,
        *,
        sender: Sender = Sender.AGENT,
        kind: Kind = Kind.TEXT,
        of: str | None = None,
    ) -> None:
        """An agent writes in the room, or edits a message there."""
        await self.conversations.say(
            self.tenant,
            task,
            sender=sender,
            author="Anna Meier",
            author_id="",
            text=text,
            client_id=client_id,
            kind=kind,
            refers_to_client_id=of,
        )

    async def lay_down(self, service: str, **change: Any) -> None:
        """Settings of a service, as its owner would load them."""

        def turn(before: State) -> State:
            found = before.services[service].model_dump(exclude_unset=True)
            return before.having(services={**before.services, service: Service.model_validate(found | change)})

        await self.directory.change(self.tenant, turn, actor="test")

    async def license(self, user: str) -> None:
        """The licence to be offered chats."""
        await self.change_user(user, instant_messaging=True)

    async def change_user(self, user: str, **change: Any) -> None:
        """What the directory says of this person, as an admin would load it."""

        def turn(before: State) -> State:
            made = before.users[user].model_dump(exclude_unset=True) | change
            return before.having(users={**before.users, user: User.model_validate(made)})

        await self.directory.change(self.tenant, turn, actor="test")

    async def journal(self, event: str) -> list[dict[str, str]]:
        """All entries of this kind, the oldest first."""
        entries = await self.store.xrange(f"{root(self.tenant)}journal:{self.tenant}")
        return [fields for _, fields in entries if fields["e"] == event]

    async def task(self, task: str) -> Task:
        found = await self.distributor.task(self.tenant, task)
        assert found is not None
        return found

    async def room(self, task: str) -> None:
        """The room in Teams opens, as the room beside the portal would do it."""
        await self.conversations.intend_room(self.tenant, task, "Garden Advice ¦ Lena")
        await self.conversations.bind_room(self.tenant, task, f"19:{task}@thread.v2", f"https://teams.example/{task}")
        await self.opened(task)

    async def opened(self, task: str) -> None:
        """They are in the room: once somebody has accepted, which a click in a browser does in its own time."""

        async def connecting() -> bool:
            return (await self.task(task)).state is TaskState.CONNECTING

        await wait_until(connecting, 10, "somebody accepting", step=0.02)
        answer = await self.distributor.opened(self.tenant, task)
        assert answer.ok, answer

    async def talk(self, browser: Browser, *, text: str = "Hello") -> str:
        """A visitor arrives, and this agent talks with them."""
        task = await self.visitor(text)
        offer = (await browser.sees("the offer", lambda now: now["offers"]))[0]
        await browser.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
        await self.room(task)
        return task

    async def install(self, tenant: str, user: str) -> Outcome:
        if not self.granted:
            return Outcome(ok=False, status="not_granted", text="An admin has to grant TeamsAppInstallation first.")
        self.installed.append(user)
        await self.directory.save_registration(
            Registration(tenant, user, "https://smba.example/", f"a:{user}", "28:bot", f"29:{user}", 1_700_000_000_000)
        )
        return Outcome(ok=True, status="installed", text="The bot comes to your Teams.")

    async def uninstall(self, tenant: str, user: str) -> Outcome:
        await self.directory.drop_registration(tenant, user)
        return Outcome(ok=True, status="removed", text="The bot is gone.")


@asynccontextmanager
async def open_office(
    store: Store, tenant: str, *, static: Path = STATIC, rhythm: Rhythm = QUICK, bells: bool = True
) -> AsyncGenerator[Office]:
    """`bells`: without them it is as if pub/sub were down."""
    distributor, conversations = Distributor(store), Conversations(store)
    directory, doorbells = Directory(store, distributor), Doorbells(store)
    timers = Timers(store, doorbells)
    await furnish(directory, tenant)
    app = web.Application()
    sessions = Sessions(key=b"k" * 32, public_url="http://usher.example", users=directory, store=store)
    app[SESSIONS] = sessions
    async with ClientSession() as http:
        office = Office("", tenant, store, distributor, conversations, directory, http, sessions)
        deps = PortalDeps(
            distributor=distributor,
            conversations=conversations,
            directory=directory,
            doorbells=doorbells,
            install=office.install,
            uninstall=office.uninstall,
            notices=lambda: office.notices,
            public_url="http://usher.example",
            rhythm=rhythm,
            static=static,
        )
        portal_routes(app, deps)
        loops = [asyncio.create_task(timers.run())]
        if bells:
            loops.append(asyncio.create_task(doorbells.run()))
            await doorbells.connected()
        office.server = server = TestServer(app)
        await server.start_server()
        office.base = str(server.make_url("")).rstrip("/")
        try:
            yield office
        finally:
            await server.close()
            await timers.stop()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

"""A company with one service, and tasks that an agent has just accepted: what the room effect finds."""

from dataclasses import dataclass
from pathlib import Path

from conversations.messages import Conversation, Conversations
from directory.directory import Directory
from directory.load import apply, parse
from distribution.agents import Presence
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState, Via
from graph.client import GraphClient
from graph.pace import Pace
from graph.rooms import Rooms
from store.connection import Store
from store.due import RetryLater, Subject
from store.ids import new_id
from store.keys import root
from tests.graph.microsoft import TENANT
from tests.support import unsettled, wait_until

SERVICE = "garden-advice"


@dataclass
class Desk:
    store: Store
    graph: GraphClient
    conversations: Conversations
    distributor: Distributor
    directory: Directory
    rooms: Rooms

    async def accepted(
        self, agent: str, customer: str = "Mia", *, service: str | None = SERVICE, user: str | None = None
    ) -> str:
        """A new task that this agent, who is the only one free, has accepted."""
        task = new_id()
        await self.conversations.open(Conversation(TENANT, task, service=service, user=user, customer=customer))
        await self.distributor.set_presence(TENANT, {agent: Presence.AVAILABLE})
        await self.distributor.set_registered(TENANT, agent, True)
        made = await self.distributor.create(
            TENANT, task, service=service, user=user, customer=customer, workflow=False
        )
        assert made.task is not None
        assert made.task.invited == (agent,), f"{made.task.state} {await self.distributor.agent(TENANT, agent)}"
        taken = await self.distributor.accept(TENANT, task, made.task.offer or "", agent, Via.PORTAL)
        assert taken.ok, taken
        return task

    async def task(self, task: str) -> Task:
        found = await self.distributor.task(TENANT, task)
        assert found is not None
        return found

    async def handle(self, task: str) -> str:
        """Run the room effect once; why it wants to be run again, or nothing."""
        try:
            await self.rooms.handle_room(Subject("room", TENANT, (task,)))
        except RetryLater as later:
            return later.why or "later"
        return ""

    async def settle(self, task: str) -> TaskState:
        """Run the room effect, as the worker would, until it is content."""

        async def content() -> bool:
            return await self.handle(task) == ""

        await wait_until(content, 10, f"the room of {task}")
        return (await self.task(task)).state

    async def fetch_missed(self) -> list[str]:
        """Run the effects that fetch what was written while a bot was out, until they are content; their tasks."""
        due = await unsettled(self.store, root(TENANT))
        found = [subject for subject in map(Subject.parse, due) if subject.kind == "missed"]
        for subject in found:

            async def content(one: Subject = subject) -> bool:
                try:
                    await self.rooms.missed.handle_missed(one)
                except RetryLater:
                    return False
                return True

            await wait_until(content, 10, f"the end of {subject}")
        return [subject.parts[0] for subject in found]

    async def journal(self, event: str) -> list[dict[str, str]]:
        """The journal's entries of one kind, without their instants."""
        entries = await self.store.xrange(f"{root(TENANT)}journal:{TENANT}")
        found = [fields for _, fields in entries if fields["e"] == event]
        return [{name: value for name, value in fields.items() if name not in {"e", "at"}} for fields in found]


async def furnish(
    store: Store,
    graph: GraphClient,
    *agents: str,
    owner: str | None = None,
    alone: bool = True,
    service: str = "",
    direct: str = "",
) -> Desk:
    """A desk at which these agents work, in this order of idleness. Chats are not paced, and settle at once. `service`,
    `direct`: further lines of the service, and of the settings for chats without one. `alone`: a room with the agent alone
    is accepted."""
    distributor, conversations = Distributor(store), Conversations(store)
    directory = Directory(store, distributor)
    lines = [
        "[tenant]",
        f'id = "{TENANT}"',
        'name = "Fabrikam Gardens"',
        f"one_person_rooms = {str(alone).lower()}",
        "[tenant.licences]",
        "contact_center = 5\ninteract_service = 5\ninstant_messaging = 25\ninteract_user = 25",
        "[tenant.direct]",
        direct,
        "[[services]]",
        f'id = "{SERVICE}"',
        'name = "Garden Advice"',
        "contact_center = true\ninteract = true",
        service,
    ]
    for agent in agents:
        lines += ["[[users]]", f'user = "{agent}"', "instant_messaging = true", "interact_user = true"]
        lines += [f'services = ["{SERVICE}"]']
    if owner is not None:
        lines += ["[[users]]", f'user = "{owner}"', 'roles = ["owner"]', f'owns = ["{SERVICE}"]']
    await apply(directory, parse("\n".join(lines), Path("company.toml")), resolve_upn=graph.person)
    rooms = Rooms(
        graph=graph,
        store=store,
        conversations=conversations,
        distributor=distributor,
        directory=directory,
        pace=Pace(0),
        settle_seconds=1.2,
    )
    return Desk(store, graph, conversations, distributor, directory, rooms)

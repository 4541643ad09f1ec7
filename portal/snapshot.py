"""Everything that one person's page shows, read piece by piece."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conversations.messages import Kind, Sender
from directory.model import User
from distribution.tasks import Task
from distribution.user_session import Phase
from identity.sessions import Identity
from portal.deps import PortalDeps
from portal.schemas import AgentView, MeView, Pieces, RegistrationView, ServiceView, TaskView, WaitingView
from portal.shared import Shared
from portal.views import (
    DIRECT,
    Chat,
    Company,
    agent_view,
    may_pick,
    me_view,
    registration_view,
    service_view,
    task_view,
    waiting_view,
)
from portal.words import Voice, voice

PIECES = tuple(Pieces.model_fields)
TASK_PIECES = frozenset({"offers", "open", "past"})
"""The parts of a person's page that may change with one of their tasks."""

FIRST_WORDS = 5
"""The visitor's first message is among this many: a greeting or two may come before it."""

LONGEST_PREVIEW = 400
"""Characters of the first message: what fits on a card; all of it is in the chat."""

PAST = 50


@dataclass(frozen=True, slots=True)
class Person:
    """The viewer, and what all parts of their page share."""

    identity: Identity
    user: User | None
    company: Company
    voice: Voice

    @property
    def tenant(self) -> str:
        return self.identity.tenant

    @property
    def sees_chats(self) -> bool:
        """Whether chats are this person's business at all: not once they have left the company, or have no role in it."""
        return self.user is not None and bool(self.user.roles)

    @property
    def supervised(self) -> frozenset[str]:
        """The services whose team and waiting chats the user manages."""
        return frozenset() if self.user is None else frozenset({*self.user.supervises, *self.user.owns})

    @property
    def lanes(self) -> frozenset[str]:
        """The queues whose waiting tasks the user sees: those of their services, and their own."""
        if self.user is None:
            return frozenset()
        own = {own_lane(self.user.id)} if self.user.interact_user else set[str]()
        return frozenset(self.user.services) | own


def own_lane(user: str) -> str:
    """The queue of the chats straight to a user, as the distributor names it."""
    return f"@{user}"


def lane_of(task: Task) -> str:
    return task.service or own_lane(task.user or "")


class Snapshots:
    """Reads pieces. What is the same for many pages is read once for them."""

    def __init__(self, deps: PortalDeps) -> None:
        self._deps = deps
        keep = deps.rhythm.keep
        self.companies: Shared[Company] = Shared(self._company, keep_seconds=keep)
        self.queues: Shared[list[Task]] = Shared(deps.distributor.waiting, keep_seconds=keep)
        self._readers: Mapping[str, Callable[[Person], Awaitable[Any]]] = {
            "me": self._me,
            "registration": self._registration,
            "agent": self._agent,
            "services": self._services,
            "waiting": self._waiting,
            "past": self._past,
        }

    async def person(self, identity: Identity) -> Person:
        user, company = await gather(
            self._deps.directory.user(identity.tenant, identity.user), self.companies.get(identity.tenant, "")
        )
        return Person(identity, user, company, voice(user.language if user else "en"))

    async def pieces(self, person: Person, wanted: Iterable[str]) -> dict[str, Any]:
        """The wanted pieces, each whole. `offers` and `open` come from one reading and always together."""
        names = set(wanted)
        readers = [name for name in self._readers if name in names]
        held = names & {"offers", "open"}
        reading = [self._readers[name](person) for name in readers]
        *found, in_hand = await gather(*reading, self._in_hand(person) if held else _nothing())
        return dict(zip(readers, found, strict=True)) | (in_hand or {})

    async def everything(self, person: Person) -> Pieces:
        """All pieces, read now: with no page open nobody hears the bells that make a kept queue old."""
        for lane in person.lanes:
            self.queues.forget(person.tenant, lane)
        return Pieces.model_validate(await self.pieces(person, PIECES))

    async def task(self, person: Person, task: Task) -> TaskView:
        """One task, as it would stand in `offers` or `open`."""
        me = person.identity.user
        chat, names = await gather(self._chat(task), self._names(task))
        return task_view(task, me, person.company, person.voice, chat, names=names)

    async def _names(self, task: Task) -> dict[str, str]:
        """The names of the users and services of a transfer."""
        wanted = {part.user for part in task.sessions if part.left_talk or part.user == task.holder}
        if task.transfer_to and task.transfer_to.startswith("@"):
            wanted.add(task.transfer_to.removeprefix("@"))
        users = await gather(*(self._deps.directory.user(task.tenant, user) for user in sorted(wanted)))
        return {user.id: user.name for user in users if user is not None}

    async def _company(self, tenant: str, _part: str) -> Company:
        found, services = await gather(self._deps.directory.tenant(tenant), self._deps.directory.services(tenant))
        return Company(found, {service.id: service for service in services})

    async def _me(self, person: Person) -> MeView:
        return me_view(person.identity, person.user, person.company, person.voice, self._deps.notices())

    async def _registration(self, person: Person) -> RegistrationView:
        found = await self._deps.directory.registration(person.tenant, person.identity.user)
        return registration_view(found, person.user, person.company, person.voice)

    async def _agent(self, person: Person) -> AgentView | None:
        if person.user is None:
            return None
        agent = await self._deps.distributor.agent(person.tenant, person.identity.user)
        return agent_view(agent, person.user, person.company, person.voice) if agent else None

    async def _services(self, person: Person) -> list[ServiceView]:
        if person.user is None:
            return []
        lanes = [*person.user.agent_of, DIRECT] if person.user.interact_user else [*person.user.agent_of]
        return [service_view(lane, person.company, person.voice) for lane in lanes]

    async def _in_hand(self, person: Person) -> dict[str, list[TaskView]]:
        if not person.sees_chats:
            return {"offers": [], "open": []}
        me = person.identity.user
        tasks = await self._deps.distributor.open_tasks(person.tenant, me)
        offers = [task for task in tasks if _phase(me, task) is Phase.OFFERED]
        talks = [task for task in tasks if _phase(me, task) in _IN_HAND]
        views = await gather(*(self.task(person, task) for task in (*offers, *talks)))
        return {"offers": list(views[: len(offers)]), "open": list(views[len(offers) :])}

    async def _waiting(self, person: Person) -> list[WaitingView]:
        lanes = sorted(person.lanes, key=lambda lane: _lane_name(lane, person).casefold())
        queues = await gather(*(self.queues.get(person.tenant, lane) for lane in lanes))
        return [
            WaitingView(
                service=_lane_id(lane),
                name=_lane_name(lane, person),
                may_pick=may_pick(_lane_id(lane), person.user, person.company),
                tasks=waiting_view(queue),
            )
            for lane, queue in zip(lanes, queues, strict=True)
        ]

    async def _past(self, person: Person) -> list[TaskView]:
        if not person.sees_chats:
            return []
        me = person.identity.user
        tasks = await self._deps.distributor.past_tasks(person.tenant, me, PAST)
        return [task_view(task, me, person.company, person.voice) for task in tasks]

    async def _chat(self, task: Task) -> Chat:
        conversation, messages = await gather(
            self._deps.conversations.get(task.tenant, task.id),
            self._deps.conversations.read(task.tenant, task.id, 0, FIRST_WORDS),
        )
        texts = (one.text for one in messages if one.sender is Sender.VISITOR and one.kind is Kind.TEXT)
        first = next(texts, "")
        if len(first) > LONGEST_PREVIEW:
            first = first[:LONGEST_PREVIEW].rstrip() + "…"
        return (
            Chat(conversation.page_shown, first, conversation.chat_url) if conversation else Chat(first_message=first)
        )


_IN_HAND = frozenset({Phase.CONNECTING, Phase.TALKING, Phase.ACW})


def _phase(user: str, task: Task) -> Phase:
    session = task.session_of(user)
    return session.phase if session else Phase.OVER


def _lane_id(lane: str) -> str:
    return DIRECT if lane.startswith("@") else lane


def _lane_name(lane: str, person: Person) -> str:
    return person.company.name(_lane_id(lane), person.voice)


async def _nothing() -> dict[str, list[TaskView]]:
    return {}

"""What can happen to a task, one method per event. `at` is the time for virtual tenants, 0 for all others."""

from collections.abc import Sequence
from json import dumps

from distribution.scripts import Scripts
from distribution.tasks import Priority, Via
from distribution.transitions import TRANSITIONS, Event
from distribution.user_session import LONGEST_NOTE
from distribution.verdicts import Answer, Verdict, read_answer

_ALLOWED = {event: " " + " ".join(sorted(states)) + " " for event, states in TRANSITIONS.items()}
MAX_PREFERRED = 10
ENDERS = frozenset({"agent", "visitor", "supervisor", "system"})


class TaskVerbs(Scripts):
    """Every verb answers with the task as it is now, whatever the verdict."""

    async def _event(self, event: Event, tenant: str, task: str, **args: str | int) -> Answer:
        reply = await self._run(event, tenant, task=task, allowed=_ALLOWED[event], **args)
        return read_answer(tenant, task, reply)

    async def create(
        self,
        tenant: str,
        task: str,
        *,
        service: str | None = None,
        user: str | None = None,
        customer: str = "",
        priority: Priority | None = None,
        preferred: Sequence[str] = (),
        workflow: bool = True,
        at: int = 0,
    ) -> Answer:
        """A new task for a service or for one user. With a workflow it is `arriving` and its arrival is marked due;
        without one it is queued, and offered if possible, in the same step. Repeated: UNCHANGED.

        `priority`: the service's own if None. `preferred`: at most 10 agents who are asked before all others, in this
        order, if they are free and the task is open to their level. Outside the service's hours the task is closed at once, or goes on to another service.
        """
        if (service is None) == (user is None):
            return Answer(Verdict.BAD_ARGUMENT, None, "service_or_user")
        if len(preferred) > MAX_PREFERRED:
            return Answer(Verdict.BAD_ARGUMENT, None, "preferred")
        reply = await self._run(
            "create",
            tenant,
            task=task,
            service=service or "",
            user=user or "",
            customer=_one_line(customer),
            priority=priority or "",
            preferred=" ".join(dict.fromkeys(preferred)),
            workflow=int(workflow),
            at=at,
        )
        return read_answer(tenant, task, reply)

    async def queue(self, tenant: str, task: str, *, at: int = 0) -> Answer:
        """The workflow is over: wait for an agent, or be offered to one at once."""
        return await self._event(Event.QUEUE, tenant, task, at=at)

    async def confirm_delivery(self, tenant: str, task: str, offer: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """The offer has arrived: the offer time starts, once; again for one that a broadcast reaches only when it is over
        for the others. Also says that the agent can be reached."""
        answer = await self._event(Event.CONFIRM_DELIVERY, tenant, task, offer=offer, user=user, via=via, at=at)
        if answer.why == "unreached":
            await self._run("reached", tenant, user=user, at=at)
        return answer

    async def undelivered(self, tenant: str, task: str, offer: str, user: str, why: str, *, at: int = 0) -> Answer:
        """The offer cannot be brought to them: it goes back and they are unreachable, unless an open surface may still show it."""
        return await self._event(Event.UNDELIVERED, tenant, task, offer=offer, user=user, why=_word(why), at=at)

    async def unsent(self, tenant: str, task: str, offer: str, user: str, *, at: int = 0) -> Answer:
        """Cards reach nobody at the moment: the offer goes back, and nothing is held against the agent. Not when an open
        surface may still show it.
        """
        return await self._event(Event.UNSENT, tenant, task, offer=offer, user=user, at=at)

    async def accept(self, tenant: str, task: str, offer: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """One winner, always; their repeat is UNCHANGED, anybody's late click is GONE."""
        return await self._event(Event.ACCEPT, tenant, task, offer=offer, user=user, via=via, at=at)

    async def decline(self, tenant: str, task: str, offer: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """The task goes to another agent with the waiting time it has; they go to the end of the order."""
        return await self._event(Event.DECLINE, tenant, task, offer=offer, user=user, via=via, at=at)

    async def opened(self, tenant: str, task: str, *, at: int = 0) -> Answer:
        """The room is open: they talk."""
        return await self._event(Event.OPENED, tenant, task, at=at)

    async def opening_failed(self, tenant: str, task: str, why: str, *, at: int = 0) -> Answer:
        """The agent is freed. The task pauses and waits again; the last of `opening_attempts` ends it with the outcome `error`."""
        return await self._event(Event.OPENING_FAILED, tenant, task, why=_word(why), at=at)

    async def terminate(self, tenant: str, task: str, *, by: str, actor: str, via: Via, at: int = 0) -> Answer:
        """End it, from everywhere and as often as you like. `by`: agent, visitor, supervisor or system; `actor`: who exactly."""
        if by not in ENDERS:
            return Answer(Verdict.BAD_ARGUMENT, None, "by")
        return await self._event(Event.TERMINATE, tenant, task, by=by, actor=actor, via=via, at=at)

    async def spoke(self, tenant: str, task: str, by: str, *, who: str = "", at: int = 0) -> Verdict:
        """Somebody wrote in the talk: `by` is "agent", "note" (an agent is at work, and the visitor reads nothing) or "visitor".

        `who`: the agent. UNCHANGED outside a talk.
        """
        if by not in {"agent", "note", "visitor"}:
            return Verdict.BAD_ARGUMENT
        return Verdict(await self._run("spoke", tenant, task=task, by=by, who=who, at=at))

    async def visitor_here(self, tenant: str, task: str, connection: str, *, at: int = 0) -> Answer:
        """On connect and then every 15 s; a connection not renewed for 45 s counts as gone. A mere renewal is UNCHANGED."""
        return await self._event(Event.VISITOR_HERE, tenant, task, connection=_word(connection), at=at)

    async def visitor_away(self, tenant: str, task: str, connection: str, *, at: int = 0) -> Answer:
        """A connection closed; the grace time starts when it was the last."""
        return await self._event(Event.VISITOR_AWAY, tenant, task, connection=_word(connection), at=at)

    async def visitor_left(self, tenant: str, task: str, *, at: int = 0) -> Answer:
        """They said so."""
        return await self._event(Event.VISITOR_LEFT, tenant, task, at=at)

    async def cancel(self, tenant: str, task: str, *, actor: str, why: str, at: int = 0) -> Answer:
        """Before the talk: outcome `cancelled`, by the supervisor `actor` or by the "system". A running talk is terminated instead."""
        return await self._event(Event.CANCEL, tenant, task, actor=actor, why=_word(why), at=at)

    async def save_wrapup(
        self, tenant: str, task: str, user: str, *, codes: Sequence[str], tags: Sequence[str], note: str, at: int = 0
    ) -> Answer:
        """Codes, tags and the note as this agent's form shows them now; during the talk and their ACW (`Task.entries_of`)."""
        if len(note) > LONGEST_NOTE:
            return Answer(Verdict.BAD_ARGUMENT, None, "note")
        return await self._event(
            Event.SAVE_WRAPUP,
            tenant,
            task,
            user=user,
            codes=_packed(codes),
            tags=_packed(tags),
            note=_text(note),
            at=at,
        )

    async def finish_acw(self, tenant: str, task: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """Early end of the after-call work: the task closes."""
        return await self._event(Event.FINISH_ACW, tenant, task, user=user, via=via, at=at)

    async def extend_acw(self, tenant: str, task: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """The extension starts as a new counter now; REFUSED `no_extension` when none is left."""
        return await self._event(Event.EXTEND_ACW, tenant, task, user=user, via=via, at=at)

    async def pick(self, tenant: str, task: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """An agent takes a waiting task himself: `connecting` at once. REFUSED says why not: `not_picked_here` (the service
        lets nobody pick on this surface), `level` (not open to their level yet), `full` (concurrent chats), or a reason
        that stands against them.
        """
        return await self._event(Event.PICK, tenant, task, user=user, via=via, at=at)

    async def assign(self, tenant: str, task: str, user: str, *, actor: str, at: int = 0) -> Answer:
        """A supervisor has a waiting task offered to this agent. REFUSED says why not: `full`, or what stands against them."""
        return await self._event(Event.ASSIGN, tenant, task, user=user, actor=actor, at=at)

    async def transfer(
        self,
        tenant: str,
        task: str,
        user: str,
        *,
        to_service: str | None = None,
        to_user: str | None = None,
        via: Via,
        at: int = 0,
    ) -> Answer:
        """The agent `user` hands their talk on: it is offered with the waiting time it has, and they stay in it (`Task.holder`)
        until another agent's room is open; then their own ACW begins. It returns to them when nobody accepts in the offer time.
        REFUSED says why not: im_off, not_licensed, outside_hours of the service; yourself, or what stands against the agent.
        """
        if (to_service is None) == (to_user is None):
            return Answer(Verdict.BAD_ARGUMENT, None, "to_service_or_to_user")
        return await self._event(
            Event.TRANSFER,
            tenant,
            task,
            user=user,
            to_service=to_service or "",
            to_user=to_user or "",
            via=via,
            at=at,
        )

    async def take_back(self, tenant: str, task: str, user: str, via: Via, *, at: int = 0) -> Answer:
        """They change their mind, as long as no other agent's room is open."""
        return await self._event(Event.TAKE_BACK, tenant, task, user=user, via=via, at=at)

    async def room_lost(self, tenant: str, task: str, why: str, *, at: int = 0) -> Answer:
        """The room of a talk is gone (`room_lost`), or its bot (`bot_removed`) or agent (`agent_removed`) is out of it for good.

        The task waits for another agent and a new room; if nobody takes it over it ends with the outcome `error`.
        """
        return await self._event(Event.ROOM_LOST, tenant, task, why=_word(why), at=at)

    async def set_priority(self, tenant: str, task: str, priority: Priority, *, actor: str, at: int = 0) -> Answer:
        """A supervisor lets it wait further in front, or further behind; before the talk."""
        return await self._event(Event.SET_PRIORITY, tenant, task, priority=priority, actor=actor, at=at)


def _packed(words: Sequence[str]) -> str:
    return dumps(list(words), ensure_ascii=False, separators=(",", ":")) if words else ""


def _text(text: str) -> str:
    """Without control characters other than line breaks and tabs, which no card and no page could show."""
    return "".join(c for c in text if c >= " " or c in "\n\t")


def _one_line(text: str) -> str:
    return " ".join(_text(text).split())[:200]


def _word(text: str) -> str:
    """Reasons and connection names go into packed fields and the journal: no spaces, no separators, short."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in text)[:96]

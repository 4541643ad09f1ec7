"""The plain model's state and moves: tasks, agents, what stands against whom, and who is asked; see `model.Model`."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Self

from distribution.agents import AgentRules, Presence, Reason, ServiceRules
from distribution.tasks import OfferResult, Outcome, TaskState
from distribution.verdicts import Verdict

S, V, R, OUT = TaskState, Verdict, OfferResult, Outcome
NOT_AGAIN = {R.DECLINED, R.RONA, R.UNDELIVERED, R.FAILED}
BEFORE = {S.ARRIVING, S.QUEUED, S.OFFERED, S.CONNECTING}
ABANDONED = {
    S.ARRIVING: OUT.ABANDONED_IN_WORKFLOW, S.QUEUED: OUT.ABANDONED_IN_QUEUE, S.OFFERED: OUT.ABANDONED_WHILE_OFFERED,
    S.CONNECTING: OUT.ABANDONED_WHILE_OFFERED,
}  # fmt: skip
BUSY = {
    Presence.BUSY, Presence.DO_NOT_DISTURB, Presence.FOCUSING, Presence.IN_A_CALL, Presence.IN_A_MEETING, Presence.PRESENTING,
}  # fmt: skip
AWAY = {Presence.AWAY, Presence.BE_RIGHT_BACK}


@dataclass
class ModelTask:
    id: str
    service: str  # "" = direct to `user`
    user: str | None
    state: TaskState
    since: int
    ends: int
    conns: dict[str, int]
    left: int | None = None
    offers: int = 0
    offer: int | None = None
    invited: str | None = None
    delivered: bool = False
    deliver_by: int | None = None
    deadline: int | None = None
    agent: str | None = None
    past: dict[str, tuple[OfferResult, int, int]] = field(default_factory=dict[str, tuple[OfferResult, int, int]])
    acw_until: int | None = None
    extensions: int = 0
    outcome: Outcome | None = None
    ended_by: str | None = None
    codes: tuple[str, ...] = ()

    def seen(self) -> tuple[object, ...]:
        """What is compared with a `Task`."""
        past = {user: result for user, (result, _, _) in self.past.items()}
        offer = str(self.offer) if self.offer else None
        invited = (self.invited,) if self.invited else ()
        return (
            self.id, self.state, self.service or None, self.user, self.since, offer, invited, self.deliver_by, self.deadline,
            self.agent, self.acw_until, self.extensions, self.outcome, self.ended_by, self.left, past, self.codes,
        )  # fmt: skip


@dataclass
class ModelAgent:
    user: str
    rules: AgentRules
    idle_since: int
    duty: bool = True
    presence: Presence | None = None
    doubt: int = 0
    registered: bool = False
    surfaces: dict[str, int] = field(default_factory=dict[str, int])
    unreached: int = 0
    retry_at: int | None = None
    rona_until: int | None = None
    misses: int = 0
    put_back: int = 0
    last_offer: int = 0
    held: dict[str, str] = field(default_factory=dict[str, str])


class ModelCore:
    """What the verbs of `model.Model` have in common."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.pending: set[str] = set()
        self.rules: dict[str, ServiceRules] = {}
        self.agents: dict[str, ModelAgent] = {}
        self.tasks: dict[str, ModelTask] = {}

    def copy(self) -> Self:
        return deepcopy(self)

    # --- what stands against an agent

    def open_surfaces(self, agent: ModelAgent) -> int:
        return sum(expires > self.now for expires in agent.surfaces.values())

    def presence(self, agent: ModelAgent) -> Presence:
        if agent.presence and self.now < agent.doubt + 300_000:
            return agent.presence
        if not self.open_surfaces(agent):
            return Presence.OFFLINE
        return agent.presence if agent.presence not in {None, Presence.OFFLINE} else Presence.AVAILABLE  # type: ignore[return-value]  # None is in the set

    def reasons(self, agent: ModelAgent, service: str) -> tuple[Reason, ...]:
        return tuple(self._reasons(agent, service))

    def _reasons(self, agent: ModelAgent, service: str) -> Iterator[Reason]:
        yield from self._standing(agent, service)
        if not agent.duty:
            yield Reason.OFF_DUTY
        presence, rules = self.presence(agent), self.rules[service]
        if presence is Presence.OFFLINE:
            yield Reason.OFFLINE
        elif presence in BUSY and not rules.allow_busy:
            yield Reason.BUSY
        elif presence in AWAY and not rules.allow_away:
            yield Reason.AWAY
        if agent.rona_until is not None:
            yield Reason.RONA
        if "ringing" in agent.held.values():
            yield Reason.RINGING
        elif len(agent.held) >= agent.rules.capacity:
            yield Reason.CONNECTED if "talk" in agent.held.values() else Reason.ACW
        # `advance` clears it at its time. Of two whose time ends in the same millisecond the first one is looked at alone.
        if agent.retry_at is not None or not (agent.registered or self.open_surfaces(agent)):
            yield Reason.UNREACHABLE

    def _standing(self, agent: ModelAgent, service: str) -> Iterator[Reason]:
        if not agent.rules.licensed or (not service and not agent.rules.direct_licensed):
            yield Reason.NOT_LICENSED
        elif service and service not in agent.rules.services:
            yield Reason.NOT_A_MEMBER
        elif service and not agent.rules.services[service]:
            yield Reason.INACTIVE

    # --- matching

    def match(self) -> None:
        while self._match_one():
            pass

    def _match_one(self) -> bool:
        waiting = [task for task in self.tasks.values() if task.state is S.QUEUED]
        for task in sorted(waiting, key=lambda task: (task.since, task.id)):
            agent = self._pick(task)
            if agent:
                self._offer(task, agent)
                return True
        return False

    def _pick(self, task: ModelTask) -> ModelAgent | None:
        if task.service and self.running(task.service) >= self.rules[task.service].concurrent:
            return None
        free = [
            agent
            for agent in self.agents.values()
            if (task.service or agent.user == task.user) and not self.reasons(agent, task.service)
        ]
        free.sort(key=lambda agent: (self._score(agent, task.service), agent.user))
        fresh = [agent for agent in free if self.asked_until(task, agent.user) == 0]
        # Of several things that come due in one millisecond each is looked at in its turn.
        waits = f"task:{task.id}" in self.pending
        again = [a for a in free if 0 < self.asked_until(task, a.user) <= self.now - waits]
        return next(iter(fresh + again), None)

    def running(self, service: str) -> int:
        running = {S.OFFERED, S.CONNECTING, S.ACTIVE}
        return sum(task.service == service and task.state in running for task in self.tasks.values())

    def asked_until(self, task: ModelTask, user: str) -> int:
        return task.past.get(user, (R.ACCEPTED, 0, 0))[1]

    def _score(self, agent: ModelAgent, service: str) -> tuple[int, int]:
        idle = max(agent.idle_since, agent.put_back)
        match self.rules[service].policy:
            case "round_robin":
                return 0, max(agent.last_offer, agent.put_back)
            case "least_occupied":
                full = agent.put_back > agent.idle_since
                return (100 if full else 100 * len(agent.held) // agent.rules.capacity), idle
            case _:
                return 0, idle

    def _offer(self, task: ModelTask, agent: ModelAgent) -> None:
        task.offers += 1
        task.state, task.offer, task.invited, task.delivered = S.OFFERED, task.offers, agent.user, False
        task.deliver_by, task.deadline = self.now + self.rules[task.service].deliver_seconds * 1000, None
        agent.last_offer = self.now
        agent.held[task.id] = "ringing"

    def _again(self, task: ModelTask, result: OfferResult) -> int:
        """From when on he may be asked again; 0 = as if he was not asked yet."""
        return self.now + self.rules[task.service].reoffer_seconds * 1000 if result in NOT_AGAIN else 0

    # --- moves

    def _release(self, task: ModelTask, user: str) -> None:
        state = self.agents[user].held.pop(task.id)
        if state != "ringing":
            self.agents[user].idle_since = self.now

    def _drop(self, task: ModelTask, result: OfferResult) -> ModelAgent:
        """The invited agent loses the offer."""
        assert task.invited
        assert task.offer
        agent = self.agents[task.invited]
        task.past[agent.user] = (result, self._again(task, result), task.offer)
        task.invited = task.deliver_by = task.deadline = None
        self._release(task, agent.user)
        if result in NOT_AGAIN:
            agent.put_back = self.now
        return agent

    def _back(self, task: ModelTask, result: OfferResult) -> None:
        if not task.service and result is R.DECLINED:
            self._close(task, OUT.DECLINED_BY_ALL, "agent")
        elif not task.service and result is R.RONA:
            self._close(task, OUT.NOT_ANSWERED, "system")
        else:
            task.state, task.offer = S.QUEUED, None
            if self.now >= task.ends:
                self._give_up(task)

    def _queue_ends(self, service: str) -> int:
        return self.now + self.rules[service].queue_seconds * 1000

    def _give_up(self, task: ModelTask) -> None:
        members = {user for user, agent in self.agents.items() if task.service in agent.rules.services}
        declined = {user for user, (result, _, _) in task.past.items() if result is R.DECLINED}
        everybody = bool(task.service and declined and members <= declined)
        self._close(task, OUT.DECLINED_BY_ALL if everybody else OUT.NOT_ANSWERED, "system")

    def _close(self, task: ModelTask, outcome: Outcome, by: str) -> None:
        if task.invited:
            self._drop(task, R.WITHDRAWN)
        if task.state is S.OFFERED:
            task.offer = None
        if task.agent:
            self._release(task, task.agent)
        task.state = S.CLOSED
        if not task.outcome:
            task.outcome, task.ended_by = outcome, by

    def _end(self, task: ModelTask, outcome: Outcome, by: str) -> None:
        acw = self.rules[task.service].acw_seconds
        if not acw:
            self._close(task, outcome, by)
            return
        assert task.agent
        task.state, task.outcome, task.ended_by, task.acw_until = S.ACW, outcome, by, self.now + acw * 1000
        self.agents[task.agent].held[task.id] = "acw"

    def _reached(self, agent: ModelAgent) -> bool:
        was = agent.unreached > 0
        agent.unreached, agent.retry_at = 0, None
        return was

    def _flag(self, agent: ModelAgent, service: str) -> None:
        agent.rona_until = self.now + self.rules[service].rona_reset_seconds * 1000

    def _unflag(self, agent: ModelAgent) -> bool:
        was = agent.rona_until is not None
        agent.rona_until, agent.misses = None, 0
        return was

    def _fail_delivery(self, task: ModelTask) -> None:
        agent = self._drop(task, R.UNDELIVERED)
        agent.unreached += 1
        agent.retry_at = self.now + min(60_000 * 2 ** (agent.unreached - 1), 900_000)
        self._back(task, R.UNDELIVERED)

    def _miss(self, task: ModelTask) -> None:
        agent, rules = self._drop(task, R.RONA), self.rules[task.service]
        agent.misses += 1
        if rules.persistent_rona or 0 < rules.rona_after_misses <= agent.misses:
            self._flag(agent, task.service)
        self._back(task, R.RONA)

    def _lose(self, agent: ModelAgent) -> None:
        """He will not answer what rings at him."""
        for task in [self.tasks[id_] for id_, state in agent.held.items() if state == "ringing"]:
            offline = agent.presence is Presence.OFFLINE and self.presence(agent) is Presence.OFFLINE
            if not agent.duty or offline or any(self._standing(agent, task.service)):
                self._drop(task, R.WITHDRAWN)
                self._back(task, R.WITHDRAWN)

"""Reads a recorded day out of a journal: what of it the distributor decided, and what came from outside."""

from collections.abc import Callable, Mapping
from datetime import date

from distribution.rules import service_rules
from distribution.service_rules import ServiceRules
from distribution.simulate.day import DAY
from distribution.simulate.recorded import Chat, Elsewhere, Facts, Reaction, Recording
from distribution.verify.reading import NoSnapshot, entries, midnight
from distribution.verify.replay import Replay
from distribution.verify.report import Report
from distribution.verify.views import AgentView, Fields
from store.connection import Store

BY_THE_RULES = frozenset({"queue_time", "queue_limit", "hours"})
"""Why a chat ends that nobody has answered, and that the settings decide; everything else is somebody's doing."""

OF_THE_HOLDER = frozenset({"handed_on", "ended", "closed", "agent_lost", "room_lost"})
"""What of a chat that is handed on is still told of its first agent."""


class UnknownService(Exception):
    """The journal of that day does not know the service."""


async def read_day(store: Store, tenant: str, service: str, day: date) -> Recording:
    """Read a UTC day of a service, and on until its last chat is over. Raises NoSnapshot, UnknownService."""
    reader = _Reader(tenant, service, midnight(day))
    async for entry, fields in entries(store, tenant, ""):
        begun = reader.replay.state.report.first
        if not begun and (fields["e"] != "snapshot_begin" or fields["day"] != str(reader.begins)):
            continue
        if begun and reader.is_over(int(fields["at"])):
            break
        reader.hear(entry, fields)
    if not reader.replay.state.report.first:
        raise NoSnapshot(tenant, day)
    return reader.finish()


class _Reader:
    """The journal is replayed as `usher verify` does it; after each event it is noted what of it comes from outside."""

    def __init__(self, tenant: str, service: str, begins: int) -> None:
        self.service = service
        self.begins = begins
        self.replay = Replay(Report(tenant), DAY)
        self.told = Recording(service, begins, ServiceRules(service))
        self.facts: dict[str, Facts] = {}
        self.flagged: set[str] = set()  # RONA of another service
        self.holds: dict[tuple[str, str], Elsewhere] = {}
        self.offers: dict[tuple[str, str], tuple[int, int | None]] = {}  # made, arrived
        self.settings: dict[str, str] = {}
        self.running: set[str] = set()  # chats of the day that are not over
        self.seated = begins
        self.notes = self._methods("_on_")
        self.chat_notes = self._methods("_chat_")

    def _methods(self, prefix: str) -> dict[str, Callable[..., None]]:
        return {name.removeprefix(prefix): getattr(self, name) for name in dir(self) if name.startswith(prefix)}

    def is_over(self, at: int) -> bool:
        return at >= self.begins + 2 * DAY or (at >= self.begins + DAY and not self.running)

    def hear(self, entry: str, fields: Fields) -> None:
        at, agents = int(fields["at"]), self.replay.state.agents
        concerned = {fields.get("user", ""), fields.get("to", "")}
        before = self.replay.state.tasks.get(fields.get("task", ""))
        if before:
            concerned |= {before.agent, before.holder}
        self._seats(at)
        self.replay.apply(entry, fields)
        if note := self.notes.get(fields["e"]):
            note(fields, at)
        chat = self.told.chats.get(fields.get("task", ""))
        handed_on = before is not None and before.holder
        tell = self.chat_notes.get(fields["e"])
        if tell and chat and not chat.over and (not handed_on or fields["e"] in OF_THE_HOLDER):
            tell(chat, fields, at)
        for user in concerned:
            self._holds(user, at)
            if agent := agents.get(user):
                self._agent(agent, at)

    # --- rules and agents

    def _on_snapshot_service(self, fields: Fields, _at: int) -> None:
        self.settings.setdefault(fields["service"], fields["rules"])

    def _on_snapshot_agent(self, fields: Fields, _at: int) -> None:
        if fields.get("rona_until") and fields["user"] not in self.facts:
            self.flagged.add(fields["user"])

    def _on_service(self, fields: Fields, _at: int) -> None:
        self.settings.setdefault(fields["service"], fields["rules"])

    def _on_rona_set(self, fields: Fields, _at: int) -> None:
        if fields["service"] != self.service:
            self.flagged.add(fields["user"])

    def _on_rona_reset(self, fields: Fields, at: int) -> None:
        self.flagged.discard(fields["user"])
        if fields["how"] != "time":
            self.told.resets.append((at, fields["user"]))

    def _on_path_down(self, _fields: Fields, at: int) -> None:
        """Agents who are reached by cards alone are out of reach until it is up."""
        for agent in self.replay.state.agents.values():
            self._agent(agent, at)

    _on_path_up = _on_path_down

    def _agent(self, agent: AgentView, at: int) -> None:
        user, active = agent.user, agent.services.get(self.service)
        facts = Facts(
            (agent.licensed, active is not None, bool(active), agent.capacity),
            agent.duty,
            agent.presence,
            (agent.surfaces or (agent.registered and not self.replay.state.path_down)) and agent.retry_at is None,
            agent.unavailable or ("RONA elsewhere" if user in self.flagged else ""),
        )
        if active is not None:
            self.told.levels[user] = agent.level(self.service)
        known = self.facts.get(user)
        if known == facts or (known is None and active is None):
            return
        if known is None and not self.replay.state.complete:
            self.told.first[user] = (agent.idle_since, facts)
        else:
            self.told.staff.append((at, user, facts))
        self.facts[user] = facts

    def _holds(self, user: str, at: int) -> None:
        agent = self.replay.state.agents.get(user)
        held: Mapping[str, str] = agent.held if agent else {}
        for task, kind in held.items():
            found = self.holds.get((user, task))
            if found is None:
                # Of the snapshot's own moment: it was so at midnight.
                since = at if self.replay.state.complete else self.begins
                found = self.holds[user, task] = Elsewhere(user, since)
            if found.talks is None and kind != "ringing":
                found.talks = at if self.replay.state.complete else self.begins
        for who, task in [key for key in self.holds if key[0] == user and key[1] not in held]:
            self._let_go(task, self.holds.pop((who, task)), at)

    def _let_go(self, task: str, hold: Elsewhere, at: int | None) -> None:
        chat = self.told.chats.get(task)
        its_own = chat and (hold.talks is None or chat.agent == hold.user or (task, hold.user) in self.told.failures)
        if not its_own:
            hold.ends = at
            self.told.elsewhere.append(hold)

    def _seats(self, at: int) -> None:
        """Add up the slots that were there until now."""
        until = min(at, self.begins + DAY)
        if until > self.seated:
            seats = sum(facts.seats for facts in self.facts.values())
            self.told.was.staffed_seconds += seats * (until - self.seated) / 1000
            self.seated = until

    # --- chats

    def _comes(self, id_: str, at: int) -> None:
        task = self.replay.state.tasks.get(id_)
        if task and task.service == self.service and not task.holder and at < self.begins + DAY:
            self.told.chats[id_] = Chat(at, task.priority, task.preferred)
            self.running.add(id_)

    def _on_created(self, fields: Fields, at: int) -> None:
        if fields["workflow"] == "0":
            self._comes(fields["task"], at)

    def _on_queued(self, fields: Fields, at: int) -> None:
        self._comes(fields["task"], at)

    def _on_overflowed(self, fields: Fields, at: int) -> None:
        self._comes(fields["task"], at)

    def _on_snapshot_task(self, fields: Fields, _at: int) -> None:
        known = fields["task"] in self.told.chats or self.replay.state.complete
        if not known and fields["state"] in {"queued", "offered"}:
            self._comes(fields["task"], self.begins)

    def _chat_offered(self, _chat: Chat, fields: Fields, at: int) -> None:
        self.offers[fields["task"], fields["user"]] = (at, None)
        self.told.was.offers += 1

    def _chat_delivered(self, _chat: Chat, fields: Fields, at: int) -> None:
        made = self.offers.get((fields["task"], fields["user"]))
        if made:
            self.offers[fields["task"], fields["user"]] = (made[0], at)

    def _chat_declined(self, _chat: Chat, fields: Fields, at: int) -> None:
        self._reacts(fields, at)
        self.told.was.declined += 1

    def _chat_rona(self, _chat: Chat, fields: Fields, at: int) -> None:
        self._reacts(fields, at)
        self.told.was.rona += 1

    def _chat_undelivered(self, _chat: Chat, fields: Fields, at: int) -> None:
        self._reacts(fields, at)

    def _chat_withdrawn(self, _chat: Chat, fields: Fields, at: int) -> None:
        self._reacts(fields, at)

    def _chat_accepted(self, chat: Chat, fields: Fields, at: int) -> None:
        self._reacts(fields, at)
        chat.agent, chat.accepted = fields["user"], at

    def _chat_picked(self, chat: Chat, fields: Fields, at: int) -> None:
        chat.agent, chat.accepted = fields["user"], at
        chat.doings.append((at, "picks", (fields["task"], fields["user"])))

    def _chat_assigned(self, chat: Chat, fields: Fields, at: int) -> None:
        chat.doings.append((at, "assigns", (fields["task"], fields["user"])))

    def _chat_priority(self, chat: Chat, fields: Fields, at: int) -> None:
        chat.doings.append((at, "priority", (fields["task"], fields["priority"])))

    def _chat_failed(self, chat: Chat, fields: Fields, at: int) -> None:
        lasted = at - (chat.accepted or at)
        self.told.failures[fields["task"], fields["user"]] = lasted
        self.told.was.busy_seconds += lasted / 1000
        chat.agent, chat.accepted = "", None

    def _chat_opened(self, chat: Chat, _fields: Fields, at: int) -> None:
        chat.opened = at

    def _chat_overflowed(self, chat: Chat, fields: Fields, _at: int) -> None:
        if fields["to"] != self.service:
            self._end(fields["task"], chat)

    def _chat_ended(self, chat: Chat, _fields: Fields, at: int) -> None:
        chat.ended = at

    def _chat_acw_extended(self, chat: Chat, fields: Fields, at: int) -> None:
        if fields["user"] == chat.agent:
            chat.extended.append(at)

    def _chat_handed_on(self, chat: Chat, fields: Fields, at: int) -> None:
        chat.ended = at
        self._end(fields["task"], chat)

    def _chat_agent_lost(self, chat: Chat, fields: Fields, at: int) -> None:
        self._chat_handed_on(chat, fields, at)

    def _chat_room_lost(self, chat: Chat, fields: Fields, at: int) -> None:
        self._chat_handed_on(chat, fields, at)

    def _reacts(self, fields: Fields, at: int) -> None:
        task, user, how = fields["task"], fields["user"], fields["e"]
        made = self.offers.pop((task, user), None)
        if made:
            arrives = None if made[1] is None else made[1] - made[0]
            self.told.reactions[task, user].append(Reaction(how, arrives, at - made[0]))

    def _chat_closed(self, chat: Chat, fields: Fields, at: int) -> None:
        chat.closed = at
        if chat.accepted is None:
            # Who waited at midnight already has less of their queue time left than the replay gives them.
            by_the_rules = fields["why"] in BY_THE_RULES and chat.comes > self.begins
            chat.leaves = None if by_the_rules else at
        else:
            # One that ended before its room was open held its agent as long.
            chat.opened = at if chat.opened is None else chat.opened
            chat.ended = at if chat.ended is None else chat.ended
            chat.early = fields["from"] == "acw" and fields["why"] != "acw_over"
        self._end(fields["task"], chat)

    def _end(self, id_: str, chat: Chat) -> None:
        chat.over = True
        self.running.discard(id_)

    # --- the end

    def finish(self) -> Recording:
        told, until = self.told, self.begins + DAY
        words = self.settings.get(self.service)
        if words is None:
            known = ", ".join(sorted(name for name in self.settings if name)) or "none"
            raise UnknownService(
                f"There is no service {self.service!r} in the journal of that day; there are: {known}."
            )
        told.rules = service_rules(self.service, words)
        now = self.replay.state.now
        self._seats(now)
        for (_, task), hold in self.holds.items():
            self._let_go(task, hold, None)
        told.elsewhere = [hold for hold in told.elsewhere if hold.user in self.facts]
        for hold in told.elsewhere:
            told.was.staffed_seconds -= max(0, min(hold.ends or now, until) - hold.begins) / 1000
        told.was.staffed_seconds = max(0.0, told.was.staffed_seconds)
        told.was.chats = len(told.chats)
        for chat in told.chats.values():
            if chat.accepted is not None:
                told.was.waits.append((chat.accepted - chat.comes) / 1000)
                busy = min(chat.closed or chat.ended or now, until) - chat.accepted
                told.was.busy_seconds += max(0, busy) / 1000
        return told

"""The distributor once more, in plain Python and without a thought for speed: what the scripts are compared with.

One rule decides all matching: whenever anything happened, go through the waiting tasks in the order of their rank, and give
each to the selectable agent who comes first, those who were not asked yet before those who may be asked again.
"""

from collections.abc import Iterator
from dataclasses import replace

from distribution.agents import AgentRules, Presence, Reason, ServiceRules
from distribution.tasks import OfferResult
from distribution.verdicts import Verdict
from tests.distribution.model_core import ABANDONED, BEFORE, NEVER, OUT, ModelAgent, ModelCore, ModelTask, R, S, V


class Model(ModelCore):
    """Every verb returns the verdict that the distributor must give."""

    # --- rules

    def set_service(self, service: str, rules: ServiceRules) -> None:
        before = {user: self.level_of(agent, service) for user, agent in self.agents.items()} if self.rules else {}
        self.rules[service] = rules
        for user in sorted(before):
            agent = self.agents[user]
            if service in agent.rules.services and self.level_of(agent, service) != before[user]:
                self._lose(agent)
        self.match()
        for task in self.tasks.values():
            if service and task.service == service and task.state is S.QUEUED:
                self.open_levels(task)
        self.match()

    def set_agent(self, user: str, rules: AgentRules) -> None:
        if user in self.agents:
            self.agents[user].rules = rules
            self._lose(self.agents[user])
        else:
            self.agents[user] = ModelAgent(user, rules, idle_since=self.now)
        self.match()

    # --- tasks

    def create(
        self,
        id_: str,
        service: str | None,
        user: str | None,
        *,
        workflow: bool,
        priority: str | None = None,
        preferred: tuple[str, ...] = (),
    ) -> Verdict:
        if user and any(self._standing(self.agents[user], "")):
            return V.REFUSED
        if not self.rules[service or ""].im_enabled:
            return V.REFUSED
        conns = {"creator": self.now + 45_000}
        priority = priority or self.rules[service or ""].priority
        task = ModelTask(id_, service or "", user, S.ARRIVING, self.now, None, conns, self.now, priority, preferred)
        self.tasks[id_] = task
        if not workflow:
            self.begin_waiting(task)
        self.match()
        return V.OK

    def queue(self, id_: str) -> Verdict:
        task = self.tasks[id_]
        if task.state is not S.ARRIVING:
            return V.WRONG_STATE if task.state is S.CLOSED else V.UNCHANGED
        self.begin_waiting(task)
        self.match()
        return V.OK

    def _answers(self, task: ModelTask, offer: str, user: str, repeat: OfferResult | None) -> Verdict:
        """OK if this offer is open for this user."""
        result, _, number = task.past.get(user, (None, 0, 0))
        if repeat and result is repeat and str(number) == offer:
            return V.UNCHANGED
        if task.state is not S.OFFERED or str(task.offer) != offer:
            return V.GONE
        if user not in task.invited:
            return V.GONE if user in task.past else V.NOT_YOURS
        return V.OK

    def _has_won(self, task: ModelTask, offer: str, user: str) -> bool:
        return task.agent == user and str(task.offer) == offer

    def confirm_delivery(self, id_: str, offer: str, user: str) -> Verdict:
        task = self.tasks[id_]
        verdict = V.UNCHANGED if self._has_won(task, offer, user) else self._answers(task, offer, user, None)
        if verdict is V.OK and user in task.delivered:
            verdict = V.UNCHANGED
        elif verdict is V.OK:
            task.delivered |= {user}
            if self.now >= (task.deadline or 0):
                task.deadline = self.now + self.rules[task.service].offer_seconds * 1000
        self._reached(self.agents[user])
        self.match()
        return verdict

    def undelivered(self, id_: str, offer: str, user: str) -> Verdict:
        task = self.tasks[id_]
        verdict = self._answers(task, offer, user, None)
        result, _, number = task.past.get(user, (None, 0, 0))
        if verdict is V.GONE and result is R.UNDELIVERED and str(number) == offer:
            verdict = V.UNCHANGED
        if verdict is not V.OK or user in task.delivered or self.open_surfaces(self.agents[user]):
            return V.UNCHANGED if verdict is V.OK else verdict
        self._fail_delivery(task, user)
        self.match()
        return V.OK

    def accept(self, id_: str, offer: str, user: str) -> Verdict:
        task = self.tasks[id_]
        if self._has_won(task, offer, user):
            return V.UNCHANGED
        verdict = self._answers(task, offer, user, None)
        if verdict is V.OK:
            assert task.offer
            agent = self.agents[user]
            for other in task.invited:
                if other != user:
                    self._drop(task, other, R.WITHDRAWN)
            task.past[user] = (R.ACCEPTED, 0, task.offer)
            task.state, task.agent, task.accepted_at = S.CONNECTING, user, self.now
            self._clear_offer(task)
            agent.held[id_], agent.misses = "talk", 0
            self._reached(agent)
            self.match()
        return verdict

    def decline(self, id_: str, offer: str, user: str) -> Verdict:
        task = self.tasks[id_]
        verdict = self._answers(task, offer, user, R.DECLINED)
        if verdict is V.OK:
            agent, rules = self._drop(task, user, R.DECLINED), self.rules[task.service]
            agent.misses = 0
            self._reached(agent)
            if rules.persistent_rona and rules.kind != "broadcast":
                self._flag(agent, task.service)
            self._back(task, R.DECLINED)
            self.match()
        return verdict

    def opened(self, id_: str) -> Verdict:
        task = self.tasks[id_]
        if task.state is not S.CONNECTING:
            return V.UNCHANGED if task.state is S.ACTIVE else V.WRONG_STATE
        task.state, task.active_at = S.ACTIVE, self.now
        if task.holder:
            self._hand_over(task)
            self.match()
        return V.OK

    def transfer(self, id_: str, user: str, *, to_service: str | None = None, to_user: str | None = None) -> Verdict:
        task = self.tasks[id_]
        to = to_service or f"@{to_user}"
        if task.holder == user and task.to == to:
            return V.UNCHANGED
        if user not in {task.agent, task.holder}:
            return V.NOT_YOURS
        if task.state is not S.ACTIVE:
            return V.WRONG_STATE
        if self._service_refuses(to_service) if to_service else self._agent_refuses(task, user, to_user or ""):
            return V.REFUSED
        rules = self.rules[to_service or task.service]
        task.holder, task.home, task.to = user, task.service, to
        task.transfer_ends = self.now + (rules.deliver_seconds + rules.offer_seconds) * 1000
        self._keep_from(task, user, NEVER)
        task.state, task.agent, task.offer, task.ends = S.QUEUED, None, None, None
        task.spoke, task.warned = self.now, None
        if to_service:
            task.service = to_service
            self.stand_in_line(task)
        else:
            self._offer(task, [self.agents[to_user or ""]])
        self.match()
        return V.OK

    def _service_refuses(self, service: str) -> bool:
        return not self.rules[service].im_enabled or self.closes_at(service) is None

    def _agent_refuses(self, task: ModelTask, user: str, to: str) -> bool:
        agent = self.agents[to]
        meant = {Reason.NOT_A_MEMBER, Reason.INACTIVE, Reason.NOT_LICENSED}
        against = bool(set(self.reasons(agent, task.service)) - meant) or not agent.rules.licensed
        return to == user or task.id in agent.held or against

    def take_back(self, id_: str, user: str) -> Verdict:
        task = self.tasks[id_]
        if task.agent == user and task.state is S.ACTIVE:
            return V.UNCHANGED
        if task.holder != user:
            return V.WRONG_STATE if user in {*task.handed_on, task.agent} else V.NOT_YOURS
        self._come_home(task)
        self.match()
        return V.OK

    def end_all(self, service: str) -> int:
        """First those that wait, then all others."""
        ended = 0
        for first in (True, False):
            states = {S.ARRIVING, S.QUEUED} if first else BEFORE | {S.ACTIVE}
            meant = [task for task in self.tasks.values() if task.service == service and task.state in states]
            for task in meant:
                self._end_task(task, "supervisor")
            self.match()
            ended += len(meant)
        return ended

    def _end_task(self, task: ModelTask, by: str) -> None:
        if task.holder:
            self._come_home(task)
        if task.state is S.ACTIVE:
            self._end(task, OUT.HANDLED, by)
        else:
            self._close(task, ABANDONED[task.state] if by == "visitor" else OUT.CANCELLED, by)

    def spoke(self, id_: str, by: str) -> Verdict:
        task = self.tasks[id_]
        if task.state is not S.ACTIVE and not task.holder:
            return V.UNCHANGED
        if by == "agent":
            task.agent_spoke = self.now
        task.spoke, task.warned = self.now, None
        return V.OK

    def opening_failed(self, id_: str) -> Verdict:
        task = self.tasks[id_]
        if task.state is not S.CONNECTING:
            return V.WRONG_STATE
        assert task.agent
        assert task.offer
        task.past[task.agent] = (R.FAILED, self._again(task, R.FAILED), task.offer)
        self._release(task, task.agent)
        self.agents[task.agent].put_back = self.now
        task.agent, task.accepted_at = None, 0
        self._back(task, R.FAILED)
        self.match()
        return V.OK

    def terminate(self, id_: str, by: str, actor: str) -> Verdict:
        task = self.tasks[id_]
        if by == "agent" and (task.holder or task.agent) != actor:
            return V.NOT_YOURS
        if task.state in {S.ACW, S.CLOSED}:
            return V.UNCHANGED
        self._end_task(task, by)
        self.match()
        return V.OK

    def cancel(self, id_: str) -> Verdict:
        task = self.tasks[id_]
        if task.state not in BEFORE or task.holder:
            return V.UNCHANGED if task.state is S.CLOSED else V.WRONG_STATE
        self._close(task, OUT.CANCELLED, "supervisor")
        self.match()
        return V.OK

    def visitor_left(self, id_: str) -> Verdict:
        return self.terminate(id_, "visitor", "")

    def visitor_here(self, id_: str, connection: str) -> Verdict:
        task = self.tasks[id_]
        if task.state in {S.ACW, S.CLOSED}:
            return V.UNCHANGED
        self._forget(task, connection)
        task.conns[connection] = self.now + 45_000
        was, task.left = task.left, None
        return V.UNCHANGED if was is None else V.OK

    def visitor_away(self, id_: str, connection: str) -> Verdict:
        task = self.tasks[id_]
        if task.state in {S.ACW, S.CLOSED}:
            return V.UNCHANGED
        self._forget(task, connection)
        if task.conns or task.left is not None:
            return V.UNCHANGED
        task.left = self.now
        return V.OK

    def _forget(self, task: ModelTask, connection: str) -> None:
        gone = {connection, "creator"}
        task.conns = {name: at for name, at in task.conns.items() if name not in gone and at > self.now}

    def save_wrapup(self, id_: str, user: str, codes: tuple[str, ...]) -> Verdict:
        task = self.tasks[id_]
        if user not in task.wraps and task.agent != user:
            return V.WRONG_STATE if user in task.handed_on else V.NOT_YOURS
        if user not in task.wraps and task.state not in {S.ACTIVE, S.ACW}:
            return V.WRONG_STATE
        was, task.codes = task.codes, codes
        return V.UNCHANGED if was == codes else V.OK

    def finish_acw(self, id_: str, user: str) -> Verdict:
        task = self.tasks[id_]
        if user in task.wraps:
            self._end_wrap(task, user)
            self.match()
            return V.OK
        if task.agent != user:
            return V.UNCHANGED if user in task.handed_on else V.NOT_YOURS
        if task.state is not S.ACW:
            return V.UNCHANGED if task.state is S.CLOSED else V.WRONG_STATE
        self._close(task, OUT.HANDLED, "agent")
        self.match()
        return V.OK

    def extend_acw(self, id_: str, user: str) -> Verdict:
        task = self.tasks[id_]
        if user in task.wraps:
            return self._extend_wrap(task, user)
        rules = self.rules[task.service]
        if task.agent != user:
            return V.WRONG_STATE if user in task.handed_on else V.NOT_YOURS
        if task.state is not S.ACW:
            return V.WRONG_STATE
        if not rules.acw_extension_seconds or task.extensions >= rules.acw_extensions:
            return V.REFUSED
        assert task.acw_until
        task.extensions += 1
        task.acw_until = max(task.acw_until, self.now + rules.acw_extension_seconds * 1000)
        return V.OK

    def _extend_wrap(self, task: ModelTask, user: str) -> Verdict:
        service, used = task.wraps[user]
        rules, wraps = self.rules[service], self.agents[user].wraps
        if not rules.acw_extension_seconds or used >= rules.acw_extensions:
            return V.REFUSED
        task.wraps[user] = service, used + 1
        wraps[task.id] = max(wraps[task.id], self.now + rules.acw_extension_seconds * 1000)
        return V.OK

    def pick(self, id_: str, user: str, *, console: bool) -> Verdict:
        task, agent = self.tasks[id_], self.agents[user]
        rules = self.rules[task.service]
        if task.agent == user and task.state is not S.CLOSED:
            return V.UNCHANGED
        if task.state is not S.QUEUED:
            return V.WRONG_STATE if task.state is S.ARRIVING else V.GONE
        if task.id in agent.held:
            return V.REFUSED
        if not rules.agents_may_pick and not (console and rules.kind == "pickup"):
            return V.REFUSED
        if not task.service and task.user != user:
            return V.NOT_YOURS
        here = {Reason.BUSY, Reason.AWAY, Reason.OFFLINE, Reason.UNREACHABLE}
        if set(self.reasons(agent, task.service)) - here or self._no_place(task, agent):
            return V.REFUSED
        task.offers += 1
        task.offer, task.state, task.agent = task.offers, S.CONNECTING, user
        task.offered_at = task.accepted_at = self.now
        task.past[user] = (R.ACCEPTED, 0, task.offers)
        agent.held[id_], agent.misses, agent.last_offer = "talk", 0, self.now
        self._reached(agent)
        self.match()
        return V.OK

    def _no_place(self, task: ModelTask, agent: ModelAgent) -> bool:
        if not task.service:
            return False
        return not self.has_room(task) or self.level_of(agent, task.service) > task.level

    def assign(self, id_: str, user: str) -> Verdict:
        task, agent = self.tasks[id_], self.agents[user]
        if user in task.invited or (task.agent == user and task.state is not S.CLOSED):
            return V.UNCHANGED
        if task.id in agent.held:
            return V.REFUSED
        if task.state is not S.QUEUED:
            return V.WRONG_STATE
        full = bool(task.service) and not self.has_room(task)
        if self.reasons(agent, task.service) or (not task.service and task.user != user) or full:
            return V.REFUSED
        self._offer(task, [agent])
        self.match()
        return V.OK

    def set_priority(self, id_: str, priority: str) -> Verdict:
        task = self.tasks[id_]
        if task.priority == priority:
            return V.UNCHANGED
        if task.state not in BEFORE:
            return V.WRONG_STATE
        task.priority = priority
        if task.state is S.QUEUED:
            self.stand_in_line(task)
        self.match()
        return V.OK

    # --- agents

    def set_duty(self, user: str, on: bool, actor: str) -> Verdict:
        agent = self.agents[user]
        if agent.duty is on:
            return V.UNCHANGED
        agent.duty = on
        if on:
            agent.idle_since = self.now
        else:
            self._unflag(agent)
        if actor == user:
            self._reached(agent)
        self._lose(agent)
        self.match()
        return V.OK

    def set_availability(self, user: str, reason: str, actor: str) -> Verdict:
        agent = self.agents[user]
        if agent.unavailable == reason:
            return V.UNCHANGED
        agent.unavailable = reason
        if actor == user:
            self._reached(agent)
        self._lose(agent)
        self.match()
        return V.OK

    def set_active(self, user: str, service: str, on: bool) -> Verdict:
        agent = self.agents[user]
        if service not in agent.rules.services:
            return V.NO_SUCH_SERVICE
        if agent.rules.services[service] is on:
            return V.UNCHANGED
        agent.rules = replace(agent.rules, services={**agent.rules.services, service: on})
        self._lose(agent)
        self.match()
        return V.OK

    def set_presence(self, user: str, presence: Presence) -> Verdict:
        agent = self.agents[user]
        before, offline = self.presence(agent), self._reads_offline(agent)
        if presence is not Presence.UNKNOWN:
            agent.presence, agent.doubt = presence, self.now + 180_000
        elif agent.presence:
            agent.doubt = min(agent.doubt, self.now)
        if agent.presence is not Presence.OFFLINE:
            agent.off_at = None
        elif not offline:
            agent.off_at = self.now
        after = self.presence(agent)
        if after is before:
            return V.UNCHANGED
        if after is Presence.OFFLINE:
            self._unflag(agent)
        elif before is Presence.OFFLINE:
            agent.idle_since = self.now
        self._lose(agent)
        self.match()
        return V.OK

    def set_registered(self, user: str, on: bool) -> Verdict:
        agent = self.agents[user]
        changed = on and self._reached(agent)
        changed = agent.registered is not on or changed
        agent.registered = on
        self.match()
        return V.OK if changed else V.UNCHANGED

    def reached(self, user: str) -> Verdict:
        changed = self._reached(self.agents[user])
        self.match()
        return V.OK if changed else V.UNCHANGED

    def surface_beat(self, user: str, surface: str) -> Verdict:
        agent = self.agents[user]
        changed = self._reached(agent)
        before = len(agent.surfaces)
        self._prune(agent)
        agent.surfaces[surface] = self.now + 30_000
        self.match()
        return V.OK if changed or len(agent.surfaces) != before else V.UNCHANGED

    def surface_gone(self, user: str, surface: str) -> Verdict:
        agent = self.agents[user]
        before = len(agent.surfaces)
        self._prune(agent)
        agent.surfaces.pop(surface, None)
        return V.OK if len(agent.surfaces) != before else V.UNCHANGED

    def _prune(self, agent: ModelAgent) -> None:
        agent.surfaces = {name: at for name, at in agent.surfaces.items() if at > self.now}

    def reset_rona(self, user: str) -> Verdict:
        changed = self._unflag(self.agents[user])
        self.match()
        return V.OK if changed else V.UNCHANGED

    # --- time

    def advance(self, to: int) -> None:
        """Everything happens at its own instant; what falls on the same one in the order of the deadlines' names."""
        while True:
            due = [(at, name) for name, at in self._deadlines() if at <= to]
            if not due:
                self.now = to
                return
            self.now = min(at for at, _ in due)
            self.pending = {name for at, name in due if at == self.now}
            for name in sorted(self.pending):
                self.pending.discard(name)
                kind, _, id_ = name.partition(":")
                self.turn_of = id_ if kind == "agent" else ""
                if kind == "agent":
                    self._tick_agent(self.agents[id_])
                else:
                    self._tick_task(self.tasks[id_])
                self.match()
                self.turn_of = ""

    def _deadlines(self) -> Iterator[tuple[str, int]]:
        for agent in self.agents.values():
            counts = agent.presence is not None and (agent.presence is not Presence.OFFLINE or agent.surfaces)
            lapse = agent.doubt + 300_000 if counts else None
            # A lapse and a retry change only what is computed: they count once, when they are still ahead.
            ahead = [at for at in (*agent.surfaces.values(), lapse, agent.retry_at) if at is not None and at > self.now]
            due = [agent.rona_until] if agent.rona_until is not None else []
            due += agent.wraps.values()
            if self._reads_offline(agent):
                due += [at for _, at in self._lost_talks(agent) if at < agent.doubt + 300_000]
            for at in ahead + due:
                yield f"agent:{agent.user}", at
        for task in self.tasks.values():
            for at in self._task_deadlines(task):
                yield f"task:{task.id}", at

    # --- silence

    def _idle(self, task: ModelTask) -> tuple[int | None, int | None]:
        """When both sides are warned, and when the talk ends."""
        rules, since = self.rules[task.service], max(task.active_at, task.spoke or 0)
        warn, ends = 1000 * rules.idle_warn_seconds, 1000 * rules.idle_seconds
        if task.state is not S.ACTIVE:
            return None, None
        if task.warned is None:
            return since + warn, None
        return None, max(since + ends, task.warned + ends - warn)

    def _stale(self, task: ModelTask) -> int:
        rules = self.rules[task.service]
        quiet = max(task.created, task.since, task.offered_at, task.accepted_at, task.active_at, task.spoke or 0)
        sweeps = [at for at in rules.sweeps if at >= quiet + 1000 * rules.sweep_quiet_seconds]
        return min([quiet + 1000 * rules.stale_seconds, *sweeps[:1]])

    def _tick_silence(self, task: ModelTask) -> None:
        warns, ends = self._idle(task)
        if warns is not None and self.now >= warns:
            task.warned = self.now
        elif ends is not None and self.now >= ends:
            self._end(task, OUT.IDLE if task.left is None else OUT.VISITOR_GONE, "system")
        if task.state not in {S.ACW, S.CLOSED} and self.now >= self._stale(task):
            if task.holder:
                self._come_home(task)
            if task.state is S.ACTIVE:
                self._end(task, OUT.STALE, "system")
            else:
                self._close(task, OUT.STALE, "system")

    def _task_deadlines(self, task: ModelTask) -> Iterator[int]:
        rules = self.rules[task.service]
        if task.state is S.CLOSED:
            return
        if task.state is S.ACW:
            assert task.acw_until
            yield task.acw_until
            return
        if task.left is None:
            yield max(task.conns.values())
        else:
            yield task.left + 1000 * self._grace(task, rules)
        yield from (at for at in (*self._idle(task), self._stale(task)) if at is not None)
        if task.transfer_ends and task.state is not S.CONNECTING:
            yield task.transfer_ends
        if task.state is S.QUEUED:
            leaves = None if task.holder else self.leaves_at(task)
            yield from (at for at in (task.ends, leaves) if at is not None)
            after = [level.after_seconds for level in rules.levels] if task.service else []
            yield from (at for seconds in after if (at := task.since + seconds * 1000) > self.now)
            yield from (at for user in task.past if (at := self.asked_until(task, user)) > self.now)
        elif task.state is S.OFFERED:
            assert task.deliver_by
            yield from ((task.deadline or 0) if user in task.delivered else task.deliver_by for user in task.invited)

    def _grace(self, task: ModelTask, rules: ServiceRules) -> int:
        active = task.state is S.ACTIVE or task.holder
        return rules.visitor_grace_active_seconds if active else rules.visitor_grace_waiting_seconds

    def _reads_offline(self, agent: ModelAgent) -> bool:
        return agent.presence is Presence.OFFLINE and self.now < agent.doubt + 300_000

    def _lost_talks(self, agent: ModelAgent) -> Iterator[tuple[ModelTask, int]]:
        """His talks, and when he counts as lost for each."""
        for task in [self.tasks[id_] for id_ in agent.held]:
            if agent.off_at is not None and task.state is S.ACTIVE and task.agent == agent.user:
                since = max(agent.off_at, task.active_at, task.agent_spoke)
                yield task, since + 1000 * self.rules[task.service].agent_lost_seconds

    def _lose_talk(self, agent: ModelAgent, task: ModelTask) -> None:
        assert task.offer
        task.past[agent.user] = (R.WITHDRAWN, 0, task.offer)
        self._release(task, agent.user)
        if agent.user not in task.handed_on:
            task.handed_on = (*task.handed_on, agent.user)
        task.agent, task.accepted_at, task.warned = None, 0, None
        task.ends = self.now + 1000 * self.rules[task.service].queue_seconds
        self._back(task, R.WITHDRAWN)

    def _tick_agent(self, agent: ModelAgent) -> None:
        self._prune(agent)
        if agent.rona_until is not None and self.now >= agent.rona_until:
            self._unflag(agent)
        if agent.retry_at is not None and self.now >= agent.retry_at:
            agent.retry_at = None
        for task, at in list(self._lost_talks(agent)):
            if self._reads_offline(agent) and self.now >= at:
                self._lose_talk(agent, task)
        for id_, at in list(agent.wraps.items()):
            if self.now >= at:
                self._end_wrap(self.tasks[id_], agent.user)

    def _tick_task(self, task: ModelTask) -> None:
        if task.state is S.ACW:
            assert task.acw_until
            if self.now >= task.acw_until:
                self._close(task, OUT.HANDLED, "system")
            return
        if task.left is None and self.now >= max(task.conns.values()):
            task.left, task.conns = max(task.conns.values()), {}
        if task.left is not None and self.now >= task.left + 1000 * self._grace(task, self.rules[task.service]):
            if task.holder:
                self._come_home(task)
            if task.state is S.ACTIVE:
                self._end(task, OUT.VISITOR_GONE, "visitor")
            else:
                self._close(task, ABANDONED[task.state], "visitor")
        if task.state not in {S.ACW, S.CLOSED}:
            self._tick_silence(task)
        if task.transfer_ends and task.state is not S.CONNECTING and self.now >= task.transfer_ends:
            self._come_home(task)
        if task.state is S.OFFERED:
            self._tick_offer(task)
        elif task.state is S.QUEUED:
            self._tick_queued(task)

    def _tick_offer(self, task: ModelTask) -> None:
        assert task.deliver_by
        deliver_by, deadline, delivered = task.deliver_by, task.deadline or 0, task.delivered
        for user in task.invited:
            if user in delivered and self.now >= deadline:
                self._miss(task, user)
            elif user not in delivered and self.now >= deliver_by:
                self._fail_delivery(task, user)

    def _tick_queued(self, task: ModelTask) -> None:
        leaves = None if task.holder else self.leaves_at(task)
        before = task.service
        if task.ends is not None and self.now >= task.ends:
            self.overflow(task, "queue_time")
        elif leaves is not None and self.now >= leaves:
            self.overflow(task, "hours")
        if task.state is S.QUEUED and task.service == before:
            self.open_levels(task)

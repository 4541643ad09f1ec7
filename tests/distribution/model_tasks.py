"""The plain model's verbs for tasks; see `model.Model`."""

from distribution.agents import Reason
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from tests.distribution.model_core import ModelCore
from tests.distribution.model_state import ABANDONED, BEFORE, NEVER, OUT, ModelAgent, ModelTask, R, S, V
from tests.distribution.model_words import counts_misses, most_asked


class ModelTasks(ModelCore):
    """Every verb returns the verdict that the distributor must give."""

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
            self.path_ok = self.now
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

    def unsent(self, id_: str, offer: str, user: str) -> Verdict:
        task = self.tasks[id_]
        verdict = self._answers(task, offer, user, None)
        if verdict is not V.OK or user in task.delivered or self.open_surfaces(self.agents[user]):
            return V.UNCHANGED if verdict is V.OK else verdict
        self._call_off(task, user)
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
            if rules.persistent_rona and counts_misses(rules.kind):
                self._flag(agent, task.service)
            self._back(task, R.DECLINED)
            self.match()
        return verdict

    def opened(self, id_: str) -> Verdict:
        task = self.tasks[id_]
        if task.state is not S.CONNECTING:
            return V.UNCHANGED if task.state is S.ACTIVE else V.WRONG_STATE
        task.state, task.active_at, task.opening_fails = S.ACTIVE, self.now, 0
        handed_over = task.holder is not None
        if handed_over:
            self._hand_over(task)
        assert task.agent
        task.codes = task.noted.pop(task.agent, task.codes)
        if handed_over:
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
        if task.holder:
            self._back(task, R.FAILED)
        else:
            self._count_failed_opening(task)
        self.match()
        return V.OK

    def _count_failed_opening(self, task: ModelTask) -> None:
        rules = self.rules[task.service]
        task.opening_fails += 1
        pause = min(rules.opening_pause_seconds * 1000 * 2 ** (task.opening_fails - 1), 300_000)
        task.pause = self.now + pause if pause else None
        if task.opening_fails >= rules.opening_attempts:
            self._close(task, OUT.ERROR, "system")
        else:
            self._back(task, R.FAILED)

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
        if user in task.wraps:
            was = task.noted.pop(user, ())
            task.noted |= {user: codes} if codes else {}
        else:
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
        if not rules.agents_may_pick and not (console and not most_asked(rules.kind)):
            return V.REFUSED
        if not task.service and task.user != user:
            return V.NOT_YOURS
        here = {Reason.BUSY, Reason.AWAY, Reason.OFFLINE, Reason.UNREACHABLE, Reason.TEAMS_UNREACHABLE}
        if set(self.reasons(agent, task.service)) - here or self._no_place(task, agent):
            return V.REFUSED
        task.offers += 1
        task.offer, task.state, task.agent, task.pause = task.offers, S.CONNECTING, user, None
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

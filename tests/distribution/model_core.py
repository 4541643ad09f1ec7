"""The plain model's moves: who waits where, who is asked, and what becomes of an offer or a talk; see `model.Model`."""

from typing import assert_never

from distribution.agents import Reason
from distribution.tasks import Outcome, Priority
from distribution.user_session import OfferResult
from distribution.vocabulary import OfferPolicy, OverflowReason, OverflowTo
from tests.distribution.model_state import NEVER, NOT_AGAIN, OFF, OUT, ModelAgent, ModelState, ModelTask, R, S
from tests.distribution.model_words import ahead_of_others, counts_misses, hours_move_tasks, most_asked


class ModelCore(ModelState):
    """What the verbs of `model.Model` have in common."""

    # --- waiting

    def levels_open(self, task: ModelTask) -> int:
        after = [level.after_seconds for level in self.rules[task.service].levels] if task.service else []
        return max(1, sum(task.since + seconds * 1000 <= self.now for seconds in after))

    def stand_in_line(self, task: ModelTask) -> None:
        """Whom it is open to, and before whom it stands, is decided now."""
        task.level = self.levels_open(task)
        step = self.rules[task.service].age_every_seconds * 1000 or 10**13
        task.rank = task.since - ahead_of_others(Priority(task.priority), step)

    def open_levels(self, task: ModelTask) -> None:
        if self.levels_open(task) > task.level:
            self.stand_in_line(task)

    def closes_at(self, service: str) -> int | None:
        """When it closes next: 0 = never, None = it is closed."""
        hours = self.rules[service].hours
        if hours is None:
            return 0
        return next((until for start, until in hours if start <= self.now < until), None)

    def leaves_at(self, task: ModelTask) -> int | None:
        rules = self.rules[task.service]
        if not hours_move_tasks(rules):
            return None
        at = self.closes_at(task.service)
        return self.now if at is None else at or None

    def begin_waiting(self, task: ModelTask) -> None:
        task.state, task.since = S.QUEUED, self.now
        if self.closes_at(task.service) is None:
            rules = self.rules[task.service]
            if hours_move_tasks(rules):
                self.overflow(task, OverflowReason.HOURS)
            else:
                self._close(task, OUT.OUTSIDE_HOURS, "system")
        else:
            self._start_queue_time(task)

    def _start_queue_time(self, task: ModelTask) -> None:
        task.ends = self.now + self.rules[task.service].queue_seconds * 1000
        self.fresh.append(task)
        self.stand_in_line(task)

    def overflow(self, task: ModelTask, why: OverflowReason) -> None:
        to = self.rules[task.service].overflow if task.service else OverflowTo.FORM
        if to == OverflowTo.WAIT:
            task.ends = None
        elif to != OverflowTo.FORM and len(task.hops) < 3 and self._can_take(task, to):
            task.hops, task.service = (*task.hops, task.service), to
            self._start_queue_time(task)
        else:
            self._not_taken(task, why)

    def _not_taken(self, task: ModelTask, why: OverflowReason) -> None:
        match why:
            case OverflowReason.QUEUE_TIME:
                self._give_up(task)
            case OverflowReason.QUEUE_LIMIT:
                self._close(task, OUT.QUEUE_LIMIT, "system")
            case OverflowReason.HOURS:
                self._close(task, OUT.OUTSIDE_HOURS, "system")
            case _:
                assert_never(why)

    def _can_take(self, task: ModelTask, service: str) -> bool:
        open_ = self.rules[service].im_enabled and self.closes_at(service) is not None
        return open_ and service not in {task.service, *task.hops}

    # --- matching

    def match(self) -> None:
        while True:
            while self._match_one():
                pass
            fresh, self.fresh = self.fresh, []
            full = [task for task in fresh if self._over_limit(task)]
            if not full:
                return
            for task in full:
                if self._over_limit(task):
                    self.overflow(task, OverflowReason.QUEUE_LIMIT)

    def _over_limit(self, task: ModelTask) -> bool:
        limit = self.rules[task.service].queue_limit if task.service else 0
        waiting = sum(other.state is S.QUEUED and other.service == task.service for other in self.tasks.values())
        return task.state is S.QUEUED and 0 < limit < waiting

    def _match_one(self) -> bool:
        waiting = [task for task in self.tasks.values() if task.state is S.QUEUED]
        for task in sorted(waiting, key=lambda task: (task.rank, task.id)):
            agents = self._pick(task)
            if agents:
                self._offer(task, agents)
                return True
        return False

    def _pick(self, task: ModelTask) -> list[ModelAgent]:
        rules = self.rules[task.service]
        most = most_asked(rules.kind) if task.service else 1
        if not most or (task.service and not self.has_room(task)):
            return []
        free = {
            agent.user: agent
            for agent in self.agents.values()
            if (task.service or agent.user == task.user) and not self.reasons(agent, task.service)
        }
        level = {user: self.level_of(agent, task.service) if task.service else 1 for user, agent in free.items()}
        in_order = sorted(free, key=lambda user: (level[user], self._score(free[user], task.service), user))
        users = sorted(
            (user for user in in_order if level[user] <= task.level),
            key=lambda user: task.preferred.index(user) if user in task.preferred else len(task.preferred),
        )
        fresh = [free[user] for user in users if self.asked_until(task, user) == 0]
        again = [free[user] for user in users if self._may_ask_again(task, user)]
        return (fresh or again)[:most]

    def _may_ask_again(self, task: ModelTask, user: str) -> bool:
        # Of several things that come due in one millisecond each is looked at in its turn: a task that waits for its own
        # is seen by the agent whose turn it is, and by nobody else.
        waits = f"task:{task.id}" in self.pending and user != self.turn_of
        return 0 < self.asked_until(task, user) <= self.now - waits

    def has_room(self, task: ModelTask) -> bool:
        """One that is handed on keeps its place among the concurrent chats."""
        running = {S.OFFERED, S.CONNECTING, S.ACTIVE}
        count = sum(
            (other.service == task.service and other.state in running) or other.home == task.service
            for other in self.tasks.values()
        )
        return task.home == task.service or count < self.rules[task.service].concurrent

    def asked_until(self, task: ModelTask, user: str) -> int:
        return max(task.past.get(user, (R.ACCEPTED, 0, 0))[1], task.pause or 0)

    def _score(self, agent: ModelAgent, service: str) -> tuple[int, int]:
        idle = max(agent.idle_since, agent.put_back)
        policy = self.rules[service].policy
        match policy:
            case OfferPolicy.LONGEST_IDLE:
                return 0, idle
            case OfferPolicy.ROUND_ROBIN:
                return 0, max(agent.last_offer, agent.put_back)
            case OfferPolicy.LEAST_OCCUPIED:
                full = agent.put_back > agent.idle_since
                return (100 if full else 100 * len(agent.held) // agent.rules.capacity), idle
            case _:
                assert_never(policy)

    def _offer(self, task: ModelTask, agents: list[ModelAgent]) -> None:
        task.offers += 1
        task.pause = None
        task.state, task.offer, task.delivered = S.OFFERED, task.offers, frozenset()
        task.invited, task.offered_at = tuple(agent.user for agent in agents), self.now
        task.deliver_by, task.deadline = self.now + self.rules[task.service].deliver_seconds * 1000, None
        for agent in agents:
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

    def _drop(self, task: ModelTask, user: str, result: OfferResult) -> ModelAgent:
        """An invited agent loses the offer."""
        assert task.offer
        agent = self.agents[user]
        task.past[user] = (result, self._again(task, result), task.offer)
        task.invited = tuple(other for other in task.invited if other != user)
        self._release(task, user)
        if result in NOT_AGAIN:
            agent.put_back = self.now
        return agent

    def _clear_offer(self, task: ModelTask) -> None:
        task.invited, task.deliver_by, task.deadline, task.delivered = (), None, None, frozenset()

    def _back(self, task: ModelTask, result: OfferResult) -> None:
        if task.invited:
            return
        if task.holder and self._nobody_to_ask(task):
            self._come_home(task)
        elif task.holder:
            self._wait_again(task)
        elif not task.service and result is R.DECLINED:
            self._close(task, OUT.DECLINED_BY_ALL, "agent")
        elif not task.service and result is R.RONA:
            self._close(task, OUT.NOT_ANSWERED, "system")
        else:
            self._wait_again(task)
            if task.ends is not None and self.now >= task.ends:
                self.overflow(task, OverflowReason.QUEUE_TIME)

    def _wait_again(self, task: ModelTask) -> None:
        self._clear_offer(task)
        task.state, task.offer = S.QUEUED, None
        self.stand_in_line(task)

    def _nobody_to_ask(self, task: ModelTask) -> bool:
        assert task.transfer_ends
        assert task.to
        if self.now >= task.transfer_ends or task.to.startswith("@"):
            return True
        members = [user for user, agent in self.agents.items() if task.service in agent.rules.services]
        return all(self.asked_until(task, user) >= task.transfer_ends for user in members)

    def _keep_from(self, task: ModelTask, user: str, again: int) -> None:
        task.past[user] = (R.ACCEPTED, again, task.past[user][2])

    def _forget_transfer(self, task: ModelTask) -> None:
        task.holder = task.home = task.to = task.transfer_ends = None
        task.spoke, task.warned = self.now, None

    def _come_home(self, task: ModelTask) -> None:
        """It returns to the agent who wanted to hand it on."""
        assert task.holder
        assert task.home is not None
        for user in task.invited:
            self._drop(task, user, R.WITHDRAWN)
        if task.state is S.CONNECTING and task.agent:
            assert task.offer
            self._release(task, task.agent)
            task.past[task.agent] = (R.WITHDRAWN, 0, task.offer)
        self._clear_offer(task)
        self._keep_from(task, task.holder, 0)
        task.service, task.agent, task.offer = task.home, task.holder, task.past[task.holder][2]
        task.state, task.level, task.agent_spoke = S.ACTIVE, 1, self.now
        self._forget_transfer(task)

    def _hand_over(self, task: ModelTask) -> None:
        """Another agent is in it: the first one has after-call work of his own."""
        assert task.holder
        assert task.home is not None
        user, acw = task.holder, self.rules[task.home].acw_seconds * 1000
        if acw:
            self.agents[user].held[task.id] = "acw"
            self.agents[user].wraps[task.id] = self.now + acw
            task.wraps[user] = (task.home, 0)
        else:
            self._release(task, user)
        self._keep_from(task, user, NEVER if acw else 0)
        self.gave_on(task, user, task.home)
        self._forget_transfer(task)

    def gave_on(self, task: ModelTask, user: str, service: str) -> None:
        task.handed_on[user] = service
        if task.codes:
            task.noted[user] = task.codes
        task.codes = ()

    def _end_wrap(self, task: ModelTask, user: str) -> None:
        self._release(task, user)
        del self.agents[user].wraps[task.id], task.wraps[user]
        self._keep_from(task, user, 0)

    def _give_up(self, task: ModelTask) -> None:
        open_ = {
            user
            for user, agent in self.agents.items()
            if task.service in agent.rules.services and 0 < self.level_of(agent, task.service) <= task.level
        }
        declined = {user for user, (result, _, _) in task.past.items() if result is R.DECLINED}
        everybody = bool(task.service and declined and open_ <= declined)
        self._close(task, OUT.DECLINED_BY_ALL if everybody else OUT.NOT_ANSWERED, "system")

    def _close(self, task: ModelTask, outcome: Outcome, by: str) -> None:
        if task.state is S.OFFERED:
            for user in task.invited:
                self._drop(task, user, R.WITHDRAWN)
            task.offer = None
            self._clear_offer(task)
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

    def _fail_delivery(self, task: ModelTask, user: str) -> None:
        agent = self._drop(task, user, R.UNDELIVERED)
        agent.unreached += 1
        agent.retry_at = self.now + min(60_000 * 2 ** (agent.unreached - 1), 900_000)
        self._back(task, R.UNDELIVERED)

    def _call_off(self, task: ModelTask, user: str) -> None:
        """It could not be delivered, and nothing is held against the agent."""
        self._drop(task, user, R.WITHDRAWN)
        self._back(task, R.WITHDRAWN)

    def _not_delivered(self, task: ModelTask, user: str) -> None:
        agent = self.agents[user]
        by_card = agent.registered and not self.open_surfaces(agent)
        if by_card and (self.path_down or self.path_ok < task.offered_at):
            self._call_off(task, user)
        else:
            self._fail_delivery(task, user)

    def _miss(self, task: ModelTask, user: str) -> None:
        agent, rules = self._drop(task, user, R.RONA), self.rules[task.service]
        if counts_misses(rules.kind):
            agent.misses += 1
            if rules.persistent_rona or 0 < rules.rona_after_misses <= agent.misses:
                self._flag(agent, task.service)
        self._back(task, R.RONA)

    def _lose(self, agent: ModelAgent) -> None:
        """He will not answer what rings at him."""
        for task in [self.tasks[id_] for id_, state in agent.held.items() if state == "ringing"]:
            offline = agent.presence in OFF and self.presence(agent) in OFF
            standing = set(self._standing(agent, task.service))
            if task.to == f"@{agent.user}":
                standing = {Reason.NOT_LICENSED} if not agent.rules.licensed else set[Reason]()
            if not agent.duty or agent.unavailable or offline or standing:
                self._drop(task, agent.user, R.WITHDRAWN)
                self._back(task, R.WITHDRAWN)

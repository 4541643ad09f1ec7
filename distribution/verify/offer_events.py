"""Offers: who is asked, what becomes of it, and who has the task then."""

from distribution.verify.queue_events import QueueEvents
from distribution.verify.report import Rule
from distribution.verify.views import ASKED, AgentView, Fields, TaskView, instant

HE_IS_HERE = frozenset({"busy", "away", "offline", "unreachable", "teams_unreachable"})
"""What does not stand against an agent who takes a task himself."""


class OfferEvents(QueueEvents):
    def on_offered(self, fields: Fields) -> None:
        task, agent = self.task_of(fields), self.agent_named(fields["user"])
        if task:
            self._check_offer(task, agent, fields)
        if agent:
            if "idle" in fields and not agent.held:
                self.check_idle(agent, int(fields["idle"]))
            self.take(agent, fields["task"], "ringing")
        if task:
            self._offer(task, fields)

    def _check_offer(self, task: TaskView, agent: AgentView | None, fields: Fields) -> None:
        user, offer = fields["user"], fields["offer"]
        more = task.state == "offered" and task.offer == offer
        self.hold(Rule.FITS, task.state == "queued" or more, f"{task.id} is offered while it is {task.state}")
        self.hold(Rule.WINNER, more or int(offer) > task.offers, f"{task.id}: offer {offer} is not new")
        if "rank" in fields:  # older journals have neither
            rank, ready = int(fields["rank"]), int(fields["ready"])
            self.hold(Rule.AGENTS, 1 <= rank <= ready, f"{task.id}: {user} is number {rank} of {ready}")
        service = self.service(task.service)
        if not more:
            room = task.home == task.service or self.has_room(service)
            self.hold(Rule.LIMIT, room, f"{task.id}: {task.service} has as many chats as it may have")
        if agent is None:
            self.hold(Rule.ELIGIBLE, not self.complete, f"{task.id} is offered to {user}, who is no agent")
            return
        meant = {"not_a_member", "inactive", "not_licensed"} if task.aim == user else set[str]()
        against = [reason for reason in self.reasons(agent, task.service) if reason not in meant]
        slots = {"ringing", "connected"} & set(against)
        self.hold(
            Rule.CAPACITY, not slots, f"{task.id} is offered to {user}, who holds {len(agent.held)} of {agent.capacity}"
        )
        against = [reason for reason in against if reason not in slots]
        if task.asked_until(user) > self.now and task.assigned != user:
            against.append("asked_already")
        if task.service and agent.level(task.service) > task.level and task.assigned != user:
            against.append("level")
        self.hold(Rule.ELIGIBLE, not against, f"{task.id} is offered to {user}: {', '.join(against)}")
        if self.complete and task.assigned != user:
            self.check_agent_order(task, agent)
            if not more:
                self.check_task_order(task, agent)

    def check_idle(self, agent: AgentView, idle: int) -> None:
        """What the distributor takes for the beginning of his idle time is when he let go of his last task, or came back."""
        self.hold(
            Rule.TIMES,
            agent.idle_since == idle,
            f"{agent.user} is idle since {idle}, and since {agent.idle_since} here",
        )

    def take(self, agent: AgentView, task: str, slot: str) -> None:
        self.count(agent)
        agent.held[task] = slot
        if slot == "ringing":
            agent.last_offer = self.now
        self.refresh(agent)

    def _offer(self, task: TaskView, fields: Fields) -> None:
        user, offer = fields["user"], fields["offer"]
        if task.offer != offer or task.state != "offered":
            self.move(task, "offered")
            task.offer, task.offers, task.deadline, task.assigned = offer, int(offer), None, ""
            task.pause = None
            task.invited.clear()
            task.delivered.clear()
            task.deliver_by = self.now + self.service(task.service).ms("deliver_seconds")
        task.invited.add(user)
        self.watch(task)

    def on_assigned(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            task.assigned = fields["user"]

    def on_delivered(self, fields: Fields) -> None:
        task, user = self.task_of(fields), fields["user"]
        if not task:
            return
        self.fits(task, fields, "offered")
        self.hold(Rule.FITS, user in task.invited, f"{task.id} arrived at {user}, who is not invited")
        deadline = instant(fields, "deadline")
        if self.now >= (task.deadline or 0):
            self.check_set(task.id, "offer time", deadline, self.now + self.service(task.service).ms("offer_seconds"))
        task.deadline = deadline
        task.delivered.add(user)
        self.watch(task)

    def on_declined(self, fields: Fields) -> None:
        self._lose(fields)

    def on_withdrawn(self, fields: Fields) -> None:
        self._lose(fields)

    def on_rona(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.check_due(task.id, "offer time", task.deadline if fields["user"] in task.delivered else None)
        self._lose(fields)

    def on_undelivered(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task and fields["how"] == "time":
            self.check_due(task.id, "delivery", task.deliver_by)
        self._lose(fields)

    def _lose(self, fields: Fields) -> None:
        """An invited agent has the offer no longer."""
        task, user, result = self.tasks.get(fields["task"]), fields["user"], fields["e"]
        agent = self.agent_named(user)
        if agent and result in ASKED:
            agent.put_back = self.now
        self.release(user, fields["task"])
        if not task:
            return
        self.fits(task, fields, "offered")
        invited = user in task.invited and task.offer == fields["offer"]
        self.hold(Rule.FITS, invited, f"{task.id}: {result} by {user}, who is not invited to offer {fields['offer']}")
        task.invited.discard(user)
        self.remember(task, user, result)
        self.watch(task)

    def remember(self, task: TaskView, user: str, result: str) -> None:
        again = self.now + self.service(task.service).ms("reoffer_seconds") if result in ASKED else 0
        task.past[user] = (result, again)
        if again:
            self.watch_lane(task, again)

    def on_requeued(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.fits(task, fields, "offered", "connecting", "active")
            self.hold(Rule.FITS, not task.invited, f"{task.id} goes back while {task.invited} are invited")
            task.agent = ""
            task.won = task.offer = ""
            task.deliver_by = task.deadline = None
            task.delivered.clear()
            self.move(task, "queued")
            self.watch(task)

    # --- somebody has it

    def on_accepted(self, fields: Fields) -> None:
        task, user, offer = self.task_of(fields), fields["user"], fields["offer"]
        if task:
            self.fits(task, fields, "offered")
            mine = task.offer == offer and user in task.invited and task.won != offer
            self.hold(Rule.WINNER, mine, f"{task.id}: {user} takes offer {offer}; won by {task.agent or 'nobody'}")
            self.hold(Rule.WINNER, task.invited <= {user}, f"{task.id}: {user} takes it, and it rings at others")
        self._win(task, fields)

    def on_picked(self, fields: Fields) -> None:
        task, agent = self.task_of(fields), self.agent_named(fields["user"])
        if task:
            self.fits(task, fields, "queued")
            service = self.service(task.service)
            room = task.home == task.service or self.has_room(service)
            self.hold(Rule.LIMIT, room, f"{task.id}: {task.service} has as many chats as it may have")
            if fields["passed"] != "0":
                self.report.picked(self.entry, f"{fields['user']} picks {task.id} and passes over {fields['passed']}")
        if task and agent:
            against = [reason for reason in self.reasons(agent, task.service) if reason not in HE_IS_HERE]
            slots = {"ringing", "connected"} & set(against)
            self.hold(Rule.CAPACITY, not slots, f"{agent.user} picks {task.id} and has no free slot")
            others = [reason for reason in against if reason not in slots]
            self.hold(Rule.ELIGIBLE, not others, f"{agent.user} picks {task.id}: {', '.join(others)}")
        if agent:
            agent.last_offer = self.now
        self._win(task, fields)

    def _win(self, task: TaskView | None, fields: Fields) -> None:
        user, offer = fields["user"], fields["offer"]
        agent = self.agent_named(user)
        if task:
            task.pause = None
        if agent:
            self.take(agent, fields["task"], "talk")
        if task:
            self.move(task, "connecting")
            task.agent, task.won, task.offer, task.offers = user, offer, offer, int(offer)
            task.invited.clear()
            task.deliver_by = task.deadline = None
            task.past[user] = ("accepted", 0)
            task.unspoken[user] = self.now
            self.watch(task)

"""A task from the talk to its end, and its visitor."""

from distribution.verify.deadlines import GRACE, SILENCE
from distribution.verify.offer_events import OfferEvents
from distribution.verify.reasons import OFF
from distribution.verify.report import Rule
from distribution.verify.views import Fields, TaskView, instant

OPEN = ("arriving", "queued", "offered", "connecting", "active", "acw")

LONGEST_PAUSE_MS = 300_000
NOT_MEANWHILE = 9 * 10**15
"""Who hands a talk on is not asked for it before it is back, or with somebody else."""


class TalkEvents(OfferEvents):
    def on_opened(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.fits(task, fields, "connecting")
            self.hold(Rule.WINNER, task.agent == fields["user"], f"{task.id} opens for {fields['user']}")
            task.opening_fails = 0
            self.move(task, "active")
            self.watch(task)

    def on_first_word(self, fields: Fields) -> None:
        """Written once each time that an agent takes the task."""
        task, user = self.task_of(fields), fields["user"]
        if not task:
            return
        has_it = user in {task.agent, task.holder}
        self.hold(Rule.WINNER, has_it, f"{user} writes in {task.id}, which {task.holder or task.agent or 'nobody'} has")
        taken = task.unspoken.pop(user, None)
        told = int(fields["after_accept"])
        self.hold(Rule.FITS, taken is not None, f"{task.id}: a first word of {user}, who has written already")
        self.hold(Rule.TIMES, taken is None or self.now - taken == told, f"{task.id}: {user} took it {told} ms ago")

    def on_idle_warned(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.fits(task, fields, "active")
            service = self.service(task.service)
            silent = instant(fields, "since")
            due = None if silent is None else silent + service.ms("idle_warn_seconds")
            self.check_due(task.id, "warning of silence", due, since=max(task.entered, service.changed))
            task.warned = self.now
            self.watch(task)

    def on_silence_broken(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            task.warned = None
            self.watch(task)

    def check_end(self, task: TaskView, why: str) -> None:
        """The task ends for this reason: was it the time for it?"""
        match why:
            case "acw_over":
                self.check_due(task.id, "ACW", task.acw_until)
            case "visitor_gone":
                self.check_due(task.id, GRACE, dict(self.task_dues(task)).get(GRACE), since=task.entered)
            case "idle" if task.warned is not None:
                self.check_due(task.id, SILENCE, dict(self.task_dues(task)).get(SILENCE))
            case "queue_time" | "queue_limit":
                self.check_leaving(task, why)
            case _:
                pass

    def on_agent_lost(self, fields: Fields) -> None:
        """He does not come back to his talk: it goes back into the queue, with a queue time of its own."""
        task, agent = self.task_of(fields), self.agent_named(fields["user"])
        if task and agent:
            patience = self.service(task.service).ms("agent_lost_seconds")
            self.hold(
                Rule.DEADLINES,
                agent.presence in OFF and self.now - max(agent.offline_since, task.entered) >= patience,
                f"{agent.user} is lost for {task.id} before he is offline for {patience} ms",
            )
        self.release(fields["user"], fields["task"])
        if task:
            self.fits(task, fields, "active")
            self.remember(task, fields["user"], "withdrawn")
            task.warned = None
            task.ends = self.now + self.service(task.service).ms("queue_seconds")

    def on_room_lost(self, fields: Fields) -> None:
        """The room is gone: the talk goes back into the queue, with a queue time of its own."""
        task, agent = self.task_of(fields), self.agent_named(fields["user"])
        if agent:
            agent.put_back = self.now
        self.release(fields["user"], fields["task"])
        if task:
            self.fits(task, fields, "active")
            self.remember(task, fields["user"], "failed")
            task.agent, task.warned = "", None
            task.ends = self.now + self.service(task.service).ms("queue_seconds")

    def on_failed(self, fields: Fields) -> None:
        """The room could not be opened; the event that puts it back into the queue follows."""
        task, user = self.task_of(fields), fields["user"]
        agent = self.agent_named(user)
        if agent:
            agent.put_back = self.now
        self.release(user, fields["task"])
        if task:
            self.fits(task, fields, "connecting")
            self.remember(task, user, "failed")
            task.agent = ""
            self._pause(task, instant(fields, "pause"))

    def _pause(self, task: TaskView, until: int | None) -> None:
        """Nobody is asked for a while; the pause doubles with each attempt, and a chat that is handed on has none."""
        if task.holder:
            return
        task.opening_fails += 1
        service = self.service(task.service)
        if "opening_pause_seconds" not in service.rules:  # written before there were pauses
            return
        wanted = min(service.ms("opening_pause_seconds") * 2 ** min(task.opening_fails - 1, 20), LONGEST_PAUSE_MS)
        self.check_set(task.id, "pause after a room that could not be opened", until or self.now, self.now + wanted)
        task.pause = until

    # --- handed on

    def on_transferred(self, fields: Fields) -> None:
        """Its holder is not asked for it; who is meant by name needs no place in the order."""
        task, to = self.task_of(fields), fields["to"]
        if not task:
            return
        self.fits(task, fields, "active")
        self.hold(Rule.WINNER, task.agent == fields["user"], f"{fields['user']} hands {task.id} on, and has not got it")
        before = self.places(task)
        task.holder, task.home, task.agent, task.ends = task.agent, task.service, "", None
        task.transfer_ends, task.warned = instant(fields, "ends"), None
        task.past[task.holder] = ("accepted", NOT_MEANWHILE)
        task.home_offer, task.offer = task.offer, ""
        if to.startswith("@"):
            task.aim = task.assigned = to.removeprefix("@")
        else:
            task.service = to
        self.recount(before, task)
        self.move(task, "queued")
        self.watch(task)

    def on_returned(self, fields: Fields) -> None:
        task, user = self.task_of(fields), fields["user"]
        if not task:
            return
        self.hold(Rule.WINNER, task.holder == user, f"{task.id} returns to {user}, and {task.holder} held it")
        if fields["why"] == "not_answered":
            self.check_due(task.id, "transfer", task.transfer_ends)
        if task.state == "connecting" and task.agent:
            self.release(task.agent, task.id)
            if task.past.get(task.agent, ("", 0))[0] == "accepted":  # a room that failed has been told of already
                task.past[task.agent] = ("withdrawn", 0)
        self.leave(task)
        before = self.places(task)
        task.past[user] = ("accepted", 0)
        task.service, task.agent, task.state, task.entered = task.home, user, "active", self.now
        self._no_transfer(task)
        task.offer = task.won = task.home_offer
        task.deliver_by = task.deadline = None
        task.invited.clear()
        task.delivered.clear()
        self.recount(before, task)
        self.watch(task)

    @staticmethod
    def _no_transfer(task: TaskView) -> None:
        task.holder = task.home = task.aim = ""
        task.transfer_ends = None

    def on_handed_on(self, fields: Fields) -> None:
        task, user = self.task_of(fields), fields["user"]
        if not task:
            return
        self.fits(task, fields, "active")
        fits = task.holder == user and task.agent == fields["to"]
        self.hold(Rule.WINNER, fits, f"{task.id} goes from {user} to {fields['to']}")
        acw_until, agent = instant(fields, "acw_until"), self.agent_named(user)
        wanted = self.now + self.service(task.home).ms("acw_seconds")
        self.check_set(task.id, "ACW of the agent before", acw_until or self.now, wanted)
        before = self.places(task)
        self._no_transfer(task)
        self.recount(before, task)
        task.past[user] = ("accepted", acw_until or 0)
        if acw_until and agent:
            agent.wraps[task.id] = acw_until
            self.take(agent, task.id, "acw")
            self.watch(agent)
        else:
            self.release(user, task.id)
        self.watch(task)

    def on_wrapped(self, fields: Fields) -> None:
        """His after-call work of a task that he handed on is over."""
        agent, task = self.agent_named(fields["user"]), self.tasks.get(fields["task"])
        if agent:
            until = agent.wraps.pop(fields["task"], None)
            if fields["how"] == "acw_over":
                self.check_due(fields["task"], "ACW of a task handed on", until)
            self.release(agent.user, fields["task"])
        if task:
            task.past[fields["user"]] = ("accepted", 0)

    def on_ended(self, fields: Fields) -> None:
        """The talk is over, after-call work begins."""
        task, user = self.task_of(fields), fields["user"]
        agent = self.agent_named(user)
        if agent:
            self.take(agent, fields["task"], "acw")
        if task:
            self.fits(task, fields, "active")
            self.check_end(task, fields["why"])
            task.acw_until = instant(fields, "acw_until")
            self.check_set(task.id, "ACW", task.acw_until, self.now + self.service(task.service).ms("acw_seconds"))
            self.move(task, "acw")
            self.watch(task)

    def on_acw_extended(self, fields: Fields) -> None:
        task, agent = self.tasks.get(fields["task"]), self.agent_named(fields["user"])
        if agent and fields["task"] in agent.wraps:
            agent.wraps[fields["task"]] = int(fields["acw_until"])
            if task:
                task.past[agent.user] = ("accepted", int(fields["acw_until"]))
            self.watch(agent)
        elif task:
            self.fits(task, fields, "acw")
            longer = self.now + self.service(task.service).ms("acw_extension_seconds")
            until = instant(fields, "acw_until")
            self.check_set(task.id, "ACW", until, max(task.acw_until or 0, longer))
            task.acw_until = until
            self.watch(task)

    def on_closed(self, fields: Fields) -> None:
        id_, user = fields["task"], fields["user"]
        task = self.task_of(fields)
        if user:
            self.release(user, id_)
        if not task:
            return
        self.fits(task, fields, fields["from"])
        self.hold(Rule.FITS, task.state != "offered" or not task.invited, f"{id_} closes and rings at {task.invited}")
        self.hold(Rule.FITS, user == task.agent, f"{id_} closes for {user or 'nobody'}, and {task.agent} had it")
        self.check_end(task, fields["why"])
        self.move(task, "closed")
        del self.tasks[id_]
        self.report.closed += 1

    def on_visitor_away(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.fits(task, fields, *OPEN)
            task.left = instant(fields, "since")
            self.check_due(task.id, "visitor's connection", task.left)
            self.watch(task)

    def on_visitor_back(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.hold(Rule.FITS, task.left is not None, f"{task.id}: the visitor is back, and was not away")
            task.left = None
            self.watch(task)

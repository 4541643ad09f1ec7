"""A task from the talk to its end, and its visitor."""

from distribution.verify.offer_events import OfferEvents
from distribution.verify.report import Rule
from distribution.verify.views import Fields, instant

OPEN = ("arriving", "queued", "offered", "connecting", "active", "acw")


class TalkEvents(OfferEvents):
    def on_opened(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.fits(task, fields, "connecting")
            self.hold(Rule.WINNER, task.agent == fields["user"], f"{task.id} opens for {fields['user']}")
            self.move(task, "active")
            self.watch(task)

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

    def on_agent_lost(self, fields: Fields) -> None:
        """The event that puts it back into the queue follows; its queue time begins anew."""
        task, user = self.task_of(fields), fields["user"]
        agent = self.agent_named(user)
        if agent:
            offline = agent.reading == "Offline" and agent.fresh
            self.hold(
                Rule.FITS, offline or not self.complete, f"{user} is lost for {fields['task']}, and is not offline"
            )
        self.release(user, fields["task"])
        if task:
            self.fits(task, fields, "active")
            self.remember(task, user, "withdrawn")
            task.ends = self.now + self.service(task.service).ms("queue_seconds")

    def on_ended(self, fields: Fields) -> None:
        """The talk is over, after-call work begins."""
        task, user = self.task_of(fields), fields["user"]
        agent = self.agent_named(user)
        if agent:
            self.take(agent, fields["task"], "acw")
        if task:
            self.fits(task, fields, "active")
            if fields["why"] == "visitor_gone":
                self.check_grace(task.left, "visitor_grace_active_seconds", task.service, task.id)
            task.acw_until = instant(fields, "acw_until")
            self.check_set(task.id, "ACW", task.acw_until, self.now + self.service(task.service).ms("acw_seconds"))
            self.move(task, "acw")
            self.watch(task)

    def on_acw_extended(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
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
        match fields["why"]:
            case "acw_over":
                self.check_due(id_, "ACW", task.acw_until)
            case "visitor_gone":
                grace = "visitor_grace_active_seconds" if task.state == "active" else "visitor_grace_waiting_seconds"
                self.check_grace(task.left, grace, task.service, id_)
            case "queue_time" | "queue_limit" as why:
                self.check_leaving(task, why)
            case _:
                pass
        self.move(task, "closed")
        del self.tasks[id_]
        self.report.closed += 1

    def check_grace(self, left: int | None, rule: str, service: str, task: str) -> None:
        found = self.tasks[task]
        due = None if left is None else left + self.service(service).ms(rule)
        self.check_due(task, "visitor's grace time", due, since=found.entered)

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

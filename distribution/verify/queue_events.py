"""A task until it is offered: created, waiting, and leaving the queue of a service."""

from distribution.verify.deadlines import Deadlines
from distribution.verify.report import Rule
from distribution.verify.views import Fields, TaskView


class QueueEvents(Deadlines):
    """Each method is an event of the journal."""

    def fits(self, task: TaskView, fields: Fields, *states: str) -> None:
        self.hold(Rule.FITS, task.state in states, f"{fields['e']} of {task.id}, which is {task.state}")

    def on_created(self, fields: Fields) -> None:
        id_, service = fields["task"], fields["service"]
        self.hold(Rule.FITS, id_ not in self.tasks, f"{id_} is created twice")
        task = TaskView(id_, service, fields["user"], "arriving", self.now, entered=self.now)
        task.priority = fields.get("priority") or "normal"
        task.preferred = tuple(fields.get("preferred", "").split())
        self.tasks[id_] = task
        if fields["workflow"] == "0":
            self.wait(task, self.now)

    def wait(self, task: TaskView, since: int) -> None:
        """From now on it is in the queue, and its queue time begins."""
        task.since = since
        task.ends = self.now + self.service(task.service).ms("queue_seconds")
        self.move(task, "queued")
        self.watch(task)

    def on_queued(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.fits(task, fields, "arriving")
            self.wait(task, self.now)

    def on_level_opened(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if not task:
            return
        self.fits(task, fields, "queued")
        service, level = self.service(task.service), int(fields["level"])
        if level <= task.level:
            return  # it came back to the queue in the same call, and everything that was open counted already
        if level <= len(service.levels):
            due = task.since + service.levels[level - 1]
            self.check_due(task.id, "level", due, since=max(task.entered, service.changed))
        self.leave(task)
        self.enter(task)
        task.level = level
        self.watch(task)

    def on_priority(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            task.priority = fields["priority"]
            if task.state == "queued":
                self.leave(task)
                self.enter(task)

    def on_overflowed(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if not task:
            return
        self.fits(task, fields, "queued")
        self.check_leaving(task, fields["why"])
        self.leave(task)
        task.service = fields["to"]
        self.wait(task, task.since)

    def on_waits_on(self, fields: Fields) -> None:
        task = self.task_of(fields)
        if task:
            self.check_leaving(task, fields["why"])
            task.ends = None

    def check_leaving(self, task: TaskView, why: str) -> None:
        """The service cannot seat it; `why` is queue_time, queue_limit or hours."""
        if why == "queue_time":
            self.check_due(task.id, "queue time", task.ends, since=task.entered)
        elif why == "queue_limit":
            limit = self.service(task.service).number("queue_limit")
            full = 0 < limit < len(self.waiting[task.lane])
            self.hold(Rule.FITS, full, f"{task.id} leaves the queue as if it were full")

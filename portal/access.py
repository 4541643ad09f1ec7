"""Who may touch what: a task by those who were asked, talk or supervise; a service by those who supervise or own it."""

from typing import Any

from directory.model import Service, ServiceSettings
from distribution.tasks import Task
from distribution.verdicts import Answer, Verdict
from entry.answers import Refusal
from portal.calls import Call
from portal.schemas import TaskAnswer

STATUS = {
    Verdict.OK: 200,
    Verdict.UNCHANGED: 200,
    Verdict.GONE: 200,  # a late click: the answer says what happened meanwhile
    Verdict.NOT_YOURS: 403,
    Verdict.WRONG_STATE: 409,
    Verdict.REFUSED: 409,
    Verdict.NO_SUCH_TASK: 404,
    Verdict.NO_SUCH_AGENT: 409,
    Verdict.NO_SUCH_SERVICE: 409,
    Verdict.BAD_ARGUMENT: 400,
}


async def answer(call: Call[Any], found: Answer, *, message: str | None = None) -> TaskAnswer:
    """What became of a verb, with the task as this person sees it. `message`: other words than the usual ones."""
    said = call.person.voice.about(found) if message is None else message
    if STATUS[found.verdict] != 200:
        raise Refusal(STATUS[found.verdict], found.verdict, said)
    task = found.task
    view = await call.portal.snapshots.task(call.person, task) if task and is_agent(call, task) else None
    return TaskAnswer(verdict=found.verdict, message=said, task=view)


async def task_of_agent(call: Call[Any]) -> Task:
    task = await reachable_task(call)
    if not is_agent(call, task):
        raise Refusal(403, "not_yours", call.person.voice.about(Answer(Verdict.NOT_YOURS, None)))
    return task


async def reachable_task(call: Call[Any]) -> Task:
    """Only who was asked, who talks, or who supervises learns that a task exists."""
    task = await call.deps.distributor.task(call.identity.tenant, call.task)
    if task is None or not (is_agent(call, task) or supervises(call, task)):
        raise Refusal(404, "no_such_task", call.person.voice("problem.no_such_task"))
    return task


def is_agent(call: Call[Any], task: Task) -> bool:
    me = call.identity.user
    return call.person.sees_chats and task.session_of(me) is not None


def supervises(call: Call[Any], task: Task) -> bool:
    return task.service in call.person.supervised


def settings(call: Call[Any], task: Task) -> ServiceSettings:
    """Of the service that this person has the task of: who handed it on did so in another one, perhaps."""
    return call.person.company.settings(task.service_for(call.identity.user))


async def supervised_task(call: Call[Any]) -> Task:
    """A task of a service that this person supervises or owns."""
    task = await reachable_task(call)
    if not supervises(call, task):
        raise Refusal(403, "not_supervisor", call.person.voice("problem.not_supervisor"))
    return task


def supervised_service(call: Call[Any]) -> Service:
    """The service that the path names, for those who supervise or own it; to others it does not exist."""
    name = call.request.match_info["service"]
    found = call.person.company.services.get(name)
    if found is None or name not in call.person.supervised:
        raise Refusal(404, "no_such_service", call.person.voice("problem.no_such_service"))
    return found

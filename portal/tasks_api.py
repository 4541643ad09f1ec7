"""What an agent does with a task: each verb asks the distributor, and answers with the task as it is then."""

from typing import Any

from cards.form import missing_codes
from cards.state import Category
from conversations.access import access_conversation_as_agent
from conversations.messages import Message
from directory.model import ServiceSettings
from distribution.tasks import Task, TaskState, Via
from distribution.verdicts import Answer, Verdict
from portal.calls import Call
from portal.problems import Refusal
from portal.schemas import Nothing, OfferBody, TaskAnswer, Transcript, WrapupBody
from portal.views import customer_name, transcript_messages

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
PAGE = 200
LONGEST_TRANSCRIPT = 5_000
"""Messages; a chat of a working day has some hundreds."""


async def delivered(call: Call[OfferBody]) -> TaskAnswer:
    """A person can see the offer: the time to answer begins."""
    await _task_of_agent(call)
    me = call.identity
    return await _answer(
        call, await call.deps.distributor.confirm_delivery(me.tenant, call.task, call.body.offer, me.user, Via.PORTAL)
    )


async def accept(call: Call[OfferBody]) -> TaskAnswer:
    await _task_of_agent(call)
    me = call.identity
    return await _answer(
        call, await call.deps.distributor.accept(me.tenant, call.task, call.body.offer, me.user, Via.PORTAL)
    )


async def decline(call: Call[OfferBody]) -> TaskAnswer:
    await _task_of_agent(call)
    me = call.identity
    return await _answer(
        call, await call.deps.distributor.decline(me.tenant, call.task, call.body.offer, me.user, Via.PORTAL)
    )


async def terminate(call: Call[Nothing]) -> TaskAnswer:
    """End the chat: as its agent, or as a supervisor of its service."""
    task = await _reachable_task(call)
    me = call.identity
    by, via = ("agent", Via.PORTAL) if task.agent == me.user else ("supervisor", Via.SUPERVISOR)
    if by == "supervisor" and not _supervises(call, task):
        by = "agent"  # the distributor says that the chat is not his
    return await _answer(
        call, await call.deps.distributor.terminate(me.tenant, call.task, by=by, actor=me.user, via=via)
    )


async def save_wrapup(call: Call[WrapupBody]) -> TaskAnswer:
    """Codes, tags and note as the form shows them now; only what the service offers."""
    task = await _task_of_agent(call)
    settings, body = _settings(call, task), call.body
    known = {code for category in settings.codes for code in category.codes}
    for code in body.codes:
        if code not in known:
            raise Refusal(400, "unknown_code", call.person.voice("problem.unknown_code", name=code), field="codes")
    for tag in body.tags:
        if tag not in settings.tags:
            raise Refusal(400, "unknown_tag", call.person.voice("problem.unknown_tag", name=tag), field="tags")
    me = call.identity
    return await _answer(
        call,
        await call.deps.distributor.save_wrapup(
            me.tenant, call.task, me.user, codes=body.codes, tags=body.tags, note=body.note
        ),
    )


async def finish_acw(call: Call[Nothing]) -> TaskAnswer:
    """Early end of the after-call work; the required codes must have been chosen."""
    task = await _task_of_agent(call)
    categories = tuple(
        Category(category.category, tuple(category.codes), required=category.required)
        for category in _settings(call, task).codes
    )
    missing = missing_codes(task.codes, categories)
    if missing and task.state is TaskState.ACW:
        names = ", ".join(missing)
        raise Refusal(409, "codes_missing", call.person.voice("problem.codes_missing", names=names), field="codes")
    me = call.identity
    return await _answer(call, await call.deps.distributor.finish_acw(me.tenant, call.task, me.user, Via.PORTAL))


async def extend_acw(call: Call[Nothing]) -> TaskAnswer:
    await _task_of_agent(call)
    me = call.identity
    return await _answer(call, await call.deps.distributor.extend_acw(me.tenant, call.task, me.user, Via.PORTAL))


async def transcript(call: Call[Nothing]) -> Transcript:
    """What was said, for those who talk or have talked in it."""
    me, deps = call.identity, call.deps
    task = await _reachable_task(call)
    await access_conversation_as_agent(deps.conversations, deps.distributor, me.tenant, call.task, me.user)
    messages: list[Message] = []
    while len(messages) < LONGEST_TRANSCRIPT:
        more = await deps.conversations.read(me.tenant, call.task, messages[-1].seq if messages else 0, PAGE)
        messages += more
        if len(more) < PAGE:
            break
    customer = customer_name(task)
    return Transcript(
        task=task.id,
        customer=customer,
        service_name=call.person.company.name(task.service, call.person.voice),
        messages=transcript_messages(messages, customer),
    )


async def _answer(call: Call[Any], answer: Answer) -> TaskAnswer:
    message = call.person.voice.about(answer)
    if STATUS[answer.verdict] != 200:
        raise Refusal(STATUS[answer.verdict], answer.verdict, message)
    task = answer.task
    view = await call.portal.snapshots.task(call.person, task) if task and _is_agent(call, task) else None
    return TaskAnswer(verdict=answer.verdict, message=message, task=view)


async def _task_of_agent(call: Call[Any]) -> Task:
    task = await _reachable_task(call)
    if not _is_agent(call, task):
        raise Refusal(403, "not_yours", call.person.voice.about(Answer(Verdict.NOT_YOURS, None)))
    return task


async def _reachable_task(call: Call[Any]) -> Task:
    """Only who was asked, who talks, or who supervises learns that a task exists."""
    task = await call.deps.distributor.task(call.identity.tenant, call.task)
    if task is None or not (_is_agent(call, task) or _supervises(call, task)):
        raise Refusal(404, "no_such_task", call.person.voice("problem.no_such_task"))
    return task


def _is_agent(call: Call[Any], task: Task) -> bool:
    me = call.identity.user
    return me == task.agent or me in task.invited or me in task.past


def _supervises(call: Call[Any], task: Task) -> bool:
    user = call.person.user
    return user is not None and task.service is not None and task.service in {*user.supervises, *user.owns}


def _settings(call: Call[Any], task: Task) -> ServiceSettings:
    return call.person.company.settings(task.service)

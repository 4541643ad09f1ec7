"""What an agent does with a task: each verb asks the distributor, and answers with the task as it is then."""

from conversations.access import access_conversation_as_agent
from conversations.messages import Message, as_seen
from directory.acw import check_entries, missing_categories
from distribution.tasks import Via
from distribution.user_session import Entries
from distribution.verdicts import Verdict
from entry.answers import Refusal
from portal.access import answer, reachable_task, settings, supervises, task_of_agent
from portal.calls import Call
from portal.schemas import Nothing, OfferBody, TaskAnswer, Transcript, WrapupBody
from portal.views import customer_name, transcript_messages

PAGE = 200
LONGEST_TRANSCRIPT = 5_000
"""Messages; a chat of a working day has some hundreds."""


async def delivered(call: Call[OfferBody]) -> TaskAnswer:
    """A person can see the offer: the time to answer begins."""
    await task_of_agent(call)
    me = call.identity
    return await answer(
        call, await call.deps.distributor.confirm_delivery(me.tenant, call.task, call.body.offer, me.user, Via.PORTAL)
    )


async def accept(call: Call[OfferBody]) -> TaskAnswer:
    await task_of_agent(call)
    me = call.identity
    return await answer(
        call, await call.deps.distributor.accept(me.tenant, call.task, call.body.offer, me.user, Via.PORTAL)
    )


async def decline(call: Call[OfferBody]) -> TaskAnswer:
    await task_of_agent(call)
    me = call.identity
    return await answer(
        call, await call.deps.distributor.decline(me.tenant, call.task, call.body.offer, me.user, Via.PORTAL)
    )


async def terminate(call: Call[Nothing]) -> TaskAnswer:
    """End the chat: as its agent, or as a supervisor of its service."""
    task = await reachable_task(call)
    me = call.identity
    session = task.session_of(me.user)
    by, via = ("agent", Via.PORTAL)
    # Somebody else's chat: without a supervisor's right to it the distributor says that it is not theirs.
    if (session is None or not session.may_end) and supervises(call, task):
        by, via = ("supervisor", Via.SUPERVISOR)
    return await answer(
        call, await call.deps.distributor.terminate(me.tenant, call.task, by=by, actor=me.user, via=via)
    )


async def pick(call: Call[Nothing]) -> TaskAnswer:
    """Take a waiting chat, where the service lets its agents do that."""
    task = await call.deps.distributor.task(call.identity.tenant, call.task)
    me, user = call.identity, call.person.user
    if task is None or user is None or (task.service not in user.agent_of and task.user != me.user):
        raise Refusal(404, "no_such_task", call.person.voice("problem.no_such_task"))
    found = await call.deps.distributor.pick(me.tenant, call.task, me.user, Via.PORTAL)
    if found.verdict is Verdict.GONE:  # not offered to this user: another agent was quicker, or the visitor left
        return await answer(call, found, message=call.person.voice("pick.gone"))
    return await answer(call, found)


async def save_wrapup(call: Call[WrapupBody]) -> TaskAnswer:
    """Codes, tags and note as the form shows them now; only what the service offers."""
    task = await task_of_agent(call)
    me, body = call.identity, call.body
    checked = check_entries(settings(call, task), Entries(tuple(body.codes), tuple(body.tags), body.note))
    for fault, name in checked.faults:
        raise Refusal(400, fault, call.person.voice(f"problem.{fault}", name=name), field=fault.field)
    entered = checked.entries
    return await answer(
        call,
        await call.deps.distributor.save_wrapup(
            me.tenant, call.task, me.user, codes=entered.codes, tags=entered.tags, note=entered.note
        ),
    )


async def finish_acw(call: Call[Nothing]) -> TaskAnswer:
    """Early end of the after-call work; the required codes must have been chosen."""
    task = await task_of_agent(call)
    me = call.identity
    missing = missing_categories(settings(call, task), task.entries_of(me.user).codes)
    if missing and task.acw_of(me.user):
        names = ", ".join(missing)
        raise Refusal(409, "codes_missing", call.person.voice("problem.codes_missing", names=names), field="codes")
    return await answer(call, await call.deps.distributor.finish_acw(me.tenant, call.task, me.user, Via.PORTAL))


async def extend_acw(call: Call[Nothing]) -> TaskAnswer:
    await task_of_agent(call)
    me = call.identity
    return await answer(call, await call.deps.distributor.extend_acw(me.tenant, call.task, me.user, Via.PORTAL))


async def transcript(call: Call[Nothing]) -> Transcript:
    """What was said, for those who talk or have talked in it."""
    me, deps = call.identity, call.deps
    task = await reachable_task(call)
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
        messages=transcript_messages(as_seen(messages), customer),
    )

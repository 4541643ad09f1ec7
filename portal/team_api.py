"""What those who supervise a service see and do: its agents with every reason, its chats, and the verbs for both.

Every verb names who asked for it; the journal keeps that.
"""

from asyncio import gather
from typing import Any

from conversations.model import LATE_MS
from distribution.tasks import Priority
from distribution.verdicts import Answer, Verdict
from entry.answers import Refusal
from portal.access import answer, supervised_service, supervised_task
from portal.calls import Call
from portal.schemas import (
    DutyBody,
    EndedAnswer,
    Nothing,
    PriorityBody,
    TaskAnswer,
    TeamTasksView,
    TeamView,
    UserBody,
)
from portal.stream import now_ms
from portal.team_views import team_tasks_view, team_view

MOST_WAITING = 200
"""More lines than anybody reads; the head of the queue is what there is something to do about."""


async def team(call: Call[Nothing]) -> TeamView:
    """The agents of a service, each with every reason against an offer."""
    service = supervised_service(call)
    tenant = call.identity.tenant
    agents, users, running, path = await gather(
        call.deps.distributor.agents(tenant, service.id),
        call.deps.directory.members(tenant, service.id),
        call.deps.distributor.running(tenant, service.id),
        call.deps.distributor.path_is_down(tenant),
    )
    down_since = path.since if path is not None else None
    return team_view(service, call.person, agents, users, running=running, now=now_ms(), teams_down_since=down_since)


async def team_tasks(call: Call[Nothing]) -> TeamTasksView:
    """The chats of a service: who waits, in the order in which they will be offered, and what is going on."""
    service = supervised_service(call)
    tenant, distributor = call.identity.tenant, call.deps.distributor
    arriving, waiting, queued, running, users = await gather(
        distributor.arriving(tenant, service.id),
        distributor.waiting(tenant, service.id, MOST_WAITING),
        distributor.queued(tenant, service.id),
        distributor.running(tenant, service.id),
        call.deps.directory.members(tenant, service.id),
    )
    talks = [task.id for task in running if task.active_at is not None]
    behind = await call.deps.conversations.backlog(tenant, talks) if talks else {}
    late = {task: found for task, found in behind.items() if now_ms() - found[1] >= LATE_MS}
    return team_tasks_view(service, waiting, running, users, late, voice=call.person.voice, more=arriving + queued)


async def set_priority(call: Call[PriorityBody]) -> TaskAnswer:
    """Let a chat wait further in front, or further behind."""
    await supervised_task(call)
    me = call.identity
    found = await call.deps.distributor.set_priority(me.tenant, call.task, Priority(call.body.priority), actor=me.user)
    return await answer(call, found)


async def assign(call: Call[UserBody]) -> TaskAnswer:
    """Have a waiting chat offered to this agent, at once."""
    await supervised_task(call)
    me, user = call.identity, call.body.user
    found = await call.deps.distributor.assign(me.tenant, call.task, user, actor=me.user)
    if found.verdict is Verdict.REFUSED:
        person = await call.deps.directory.user(me.tenant, user)
        message = call.person.voice.refused_of(found.why, person.name if person else user)
        return await answer(call, found, message=message)
    return await answer(call, found)


async def cancel(call: Call[Nothing]) -> TaskAnswer:
    """End a chat that nobody has yet."""
    await supervised_task(call)
    me = call.identity
    found = await call.deps.distributor.cancel(me.tenant, call.task, actor=me.user, why="supervisor")
    return await answer(call, found)


async def end_all(call: Call[Nothing]) -> EndedAnswer:
    """End every chat that the service has now: talks are terminated, all others cancelled."""
    service = supervised_service(call)
    me = call.identity
    return EndedAnswer(ended=await call.deps.distributor.end_all(me.tenant, service.id, actor=me.user))


async def agent_duty(call: Call[DutyBody]) -> None:
    """Set an agent of a supervised service off duty, or on again."""
    me, user = call.identity, await _agent_of(call)
    _done(call, await call.deps.distributor.set_duty(me.tenant, user, call.body.on, me.user))


async def agent_rona(call: Call[Nothing]) -> None:
    """End an agent's pause after a missed chat."""
    me, user = call.identity, await _agent_of(call)
    _done(call, await call.deps.distributor.reset_rona(me.tenant, user, me.user))


async def _agent_of(call: Call[Any]) -> str:
    service = supervised_service(call)
    name = call.request.match_info["user"]
    user = await call.deps.directory.user(call.identity.tenant, name)
    if user is None or service.id not in user.agent_of:
        raise Refusal(404, "no_such_agent", call.person.voice("problem.no_such_agent"))
    return name


def _done(call: Call[Any], verdict: Verdict) -> None:
    found = Answer(verdict, None)
    if not found.ok:
        raise Refusal(409, verdict, call.person.voice.about(found))

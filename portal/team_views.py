"""A service's team and its chats, as those see them who supervise it. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence

from cards.wording import duration
from directory.hours import is_open
from directory.model import Service, User
from distribution.agents import Agent
from distribution.tasks import Task, TaskState
from distribution.user_session import Phase
from portal.schemas import TeamAgentView, TeamTasksView, TeamTaskView, TeamView, Words
from portal.snapshot import Person
from portal.views import customer_name
from portal.words import Voice


def team_view(
    service: Service,
    person: Person,
    agents: Sequence[Agent],
    users: Iterable[User],
    *,
    running: Sequence[Task],
    now: int,
    teams_down_since: int | None = None,
) -> TeamView:
    """`running`: the chats that count against the service's limit; `now` in ms, `teams_down_since` too (None: cards
    reach agents)."""
    names = _names(users)
    shown = [_agent(agent, service, names, person) for agent in agents]
    return TeamView(
        service=service.id,
        name=service.name,
        levels=len(service.levels),
        notices=[
            *_notices(service, person, shown, running=running, now=now),
            *([_teams_down(person, now - teams_down_since)] if teams_down_since is not None else []),
        ],
        agents=sorted(shown, key=lambda agent: (not agent.selectable, agent.name.casefold())),
    )


def team_tasks_view(
    service: Service,
    waiting: Sequence[Task],
    running: Sequence[Task],
    users: Iterable[User],
    late: Mapping[str, tuple[int, int]],
    *,
    voice: Voice,
    more: int,
) -> TeamTasksView:
    """`late`: task → how many messages have not reached its room, and since when (ms).

    `more`: how many wait in all, those in the service's workflow included; `waiting` may be only the first of them.
    """
    # A chat in transfer counts here, and belongs to the target service.
    own = [task for task in running if task.service == service.id and task.state is not TaskState.QUEUED]
    names = _names(users)
    return TeamTasksView(
        service=service.id,
        waiting=[_task(task, names, position, voice) for position, task in enumerate(waiting, start=1)],
        running=[
            _running(task, names, *late.get(task.id, (0, None)), voice)
            for task in sorted(running, key=lambda task: task.since_at)
        ],
        all=more + len(own),
    )


def _agent(agent: Agent, service: Service, names: Mapping[str, str], person: Person) -> TeamAgentView:
    against = agent.reasons.get(service.id, ())
    unavailable = person.company.reason(agent.unavailable)
    return TeamAgentView(
        user=agent.user,
        name=names.get(agent.user, agent.user),
        selectable=not against,
        reasons=[person.voice.reason_of(reason, unavailable) for reason in against],
        level=agent.levels.get(service.id),
        on_duty=agent.on_duty,
        presence=agent.presence,
        unavailable=unavailable,
        rona=agent.rona,
        rona_until_at=agent.rona_until_at,
        idle_since_at=agent.idle_since_at,
        chats=len(agent.tasks),
    )


def _notices(
    service: Service, person: Person, agents: Sequence[TeamAgentView], *, running: Sequence[Task], now: int
) -> Iterable[Words]:
    voice, tenant = person.voice, person.company.tenant
    if not service.instant_messaging or (tenant is not None and not tenant.instant_messaging):
        yield Words(code="im_off", text=voice("service.im_off"))
    if not service.contact_center:
        yield Words(code="no_licence", text=voice("service.no_licence"))
    if not is_open(service.hours, tenant.time_zone if tenant else "UTC", now):
        yield Words(code="closed", text=voice("service.closed"))
    if len(running) >= service.concurrent:
        yield Words(code="full", text=voice("service.full", running=len(running), limit=service.concurrent))
    # An agent with a ringing chat is being asked.
    if not any(agent.selectable for agent in agents) and not any(task.state is TaskState.OFFERED for task in running):
        yield Words(code="nobody", text=voice("service.nobody"))


def _teams_down(person: Person, ms: int) -> Words:
    return Words(code="teams_unreachable", text=person.voice("service.teams_unreachable", time=duration(ms)))


def _task(task: Task, names: Mapping[str, str], position: int | None, voice: Voice) -> TeamTaskView:
    asked = [session.user for session in task.sessions if session.phase is Phase.OFFERED]
    have = [task.agent] if task.agent else asked
    return TeamTaskView(
        id=task.id,
        customer=customer_name(task),
        state=task.state.value,
        priority=task.priority.value,
        position=position,
        level=task.level,
        since_at=task.since_at,
        active_at=task.active_at,
        agents=[names.get(user, user) for user in have],
        trouble=voice.trouble_of(task) if task.broken or task.failing else "",
        paused_until_at=task.paused_until_at,
    )


def _running(task: Task, names: Mapping[str, str], backlog: int, since: int | None, voice: Voice) -> TeamTaskView:
    shown = _task(task, names, None, voice).model_copy(update={"backlog": backlog, "backlog_since_at": since})
    if task.holder is None:
        return shown
    # An agent who transfers a chat continues until another agent has joined.
    return shown.model_copy(update={"state": TaskState.ACTIVE.value, "agents": [names.get(task.holder, task.holder)]})


def _names(users: Iterable[User]) -> dict[str, str]:
    return {user.id: user.name for user in users}

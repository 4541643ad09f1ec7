"""Handing a chat on: to whom it could go, to whom it goes, and taking it back while nobody has accepted."""

from asyncio import gather
from collections.abc import Iterable, Mapping

from distribution.agents import Agent, against_handing
from distribution.tasks import Task, Via
from distribution.verdicts import Verdict
from portal.access import answer, task_of_agent
from portal.calls import Call
from portal.problems import Refusal
from portal.schemas import Nothing, TargetAgentView, TargetServiceView, TargetsView, TaskAnswer, TransferBody
from portal.words import Voice


async def targets(call: Call[Nothing]) -> TargetsView:
    """The services and agents that this chat could be handed to, with who is free."""
    task = await task_of_agent(call)
    me, company = call.identity, call.person.company
    services = [
        service for service in company.services.values() if service.instant_messaging and service.contact_center
    ]
    teams = await gather(*(call.deps.distributor.agents(me.tenant, service.id) for service in services))
    names = {user.id: user.name for user in await call.deps.directory.users(me.tenant)}
    # Who is in several services is one person.
    agents = {agent.user: agent for team in teams for agent in team if agent.user != me.user and agent.user in names}
    shown = [_agent(agent, task, names, company.reasons, call.person.voice) for agent in agents.values()]
    return TargetsView(
        services=sorted(
            (
                TargetServiceView(id=service.id, name=service.name, free=_free(team, service.id, me.user))
                for service, team in zip(services, teams, strict=True)
            ),
            key=lambda service: service.name.casefold(),
        ),
        agents=sorted(shown, key=lambda agent: (not agent.free, agent.name.casefold())),
    )


async def transfer(call: Call[TransferBody]) -> TaskAnswer:
    """Hand my chat to a service or to an agent. I keep it until somebody has accepted, and if nobody does."""
    await task_of_agent(call)
    me, body, distributor = call.identity, call.body, call.deps.distributor
    if (body.service is None) == (body.user is None):
        raise Refusal(400, "bad_request", call.person.voice("problem.one_target"), field="service")
    found = await distributor.transfer(
        me.tenant, call.task, me.user, to_service=body.service, to_user=body.user, via=Via.PORTAL
    )
    if found.verdict is not Verdict.REFUSED:
        return await answer(call, found)
    person = await call.deps.directory.user(me.tenant, body.user) if body.user else None
    name = person.name if person else call.person.company.name(body.service, call.person.voice)
    return await answer(call, found, message=call.person.voice.refused_of(found.why, name))


async def take_back(call: Call[Nothing]) -> TaskAnswer:
    """Keep the chat after all, as long as nobody has it."""
    await task_of_agent(call)
    me = call.identity
    return await answer(call, await call.deps.distributor.take_back(me.tenant, call.task, me.user, Via.PORTAL))


def _agent(
    agent: Agent, task: Task, names: Mapping[str, str], words: Mapping[str, str], voice: Voice
) -> TargetAgentView:
    against = against_handing(agent, task.service or "")
    unavailable = words.get(agent.unavailable, agent.unavailable)
    reasons = [voice.reason_of(reason, unavailable).text for reason in against]
    return TargetAgentView(user=agent.user, name=names[agent.user], free=not against, reason=" · ".join(reasons))


def _free(team: Iterable[Agent], service: str, me: str) -> int:
    return sum(service in agent.selectable_for and agent.user != me for agent in team)

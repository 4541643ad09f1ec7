"""Transfers of a chat: possible targets, starting one, and cancelling it while no agent has accepted."""

from collections.abc import Mapping

from directory.transfer_targets import AgentTarget, transfer_targets
from distribution.tasks import Via
from distribution.verdicts import Verdict
from entry.answers import Refusal
from portal.access import answer, task_of_agent
from portal.calls import Call
from portal.schemas import Nothing, TargetAgentView, TargetServiceView, TargetsView, TaskAnswer, TransferBody
from portal.words import Voice


async def targets(call: Call[Nothing]) -> TargetsView:
    """The services and agents that this chat could be handed to, with who is free."""
    task = await task_of_agent(call)
    deps, voice, words = call.deps, call.person.voice, call.person.company.reasons
    found = await transfer_targets(deps.directory, deps.distributor, task, call.identity.user)
    agents = [_agent(agent, words, voice) for agent in found.agents]
    return TargetsView(
        services=[TargetServiceView(id=one.service.id, name=one.service.name, free=one.free) for one in found.services],
        agents=sorted(agents, key=lambda agent: (not agent.free, agent.name.casefold())),
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


def _agent(agent: AgentTarget, words: Mapping[str, str], voice: Voice) -> TargetAgentView:
    unavailable = words.get(agent.unavailable, agent.unavailable)
    reasons = [voice.reason_of(reason, unavailable).text for reason in agent.against]
    return TargetAgentView(user=agent.user.id, name=agent.user.name, free=not agent.against, reason=" · ".join(reasons))

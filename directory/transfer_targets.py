"""Possible targets of a transfer: one rule for the room's card and for the pages."""

from asyncio import gather
from collections.abc import Mapping
from dataclasses import dataclass

from directory.directory import Directory
from directory.model import Service, User
from distribution.agents import Agent, Reason, against_handing
from distribution.distributor import Distributor
from distribution.tasks import Task


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """A service, and how many of its agents could be asked now."""

    service: Service
    free: int


@dataclass(frozen=True, slots=True)
class AgentTarget:
    """An agent, and the reasons against a transfer; none for agents who could be asked now."""

    user: User
    against: tuple[Reason, ...]
    unavailable: str  # the reason that they chose for not being available, "" when they are


@dataclass(frozen=True, slots=True)
class TransferTargets:
    """Services and agents, each by name."""

    services: tuple[ServiceTarget, ...]
    agents: tuple[AgentTarget, ...]


async def transfer_targets(directory: Directory, distributor: Distributor, task: Task, user: str) -> TransferTargets:
    """For the agent `user`, who has the chat. Left out: `user`, and agents who are still in the task (their own ACW).

    Services need both licences of an agent's chat; people must be agents of such a service.
    """
    tenant = task.tenant
    all_services, users = await gather(directory.services(tenant), directory.users(tenant))
    services = [service for service in all_services if service.instant_messaging and service.contact_center]
    teams = await gather(*(distributor.agents(tenant, service.id) for service in services))
    others = {service.id: _others(team, task, user) for service, team in zip(services, teams, strict=True)}
    # An agent of several services is one target.
    agents: Mapping[str, Agent] = {agent.user: agent for team in others.values() for agent in team}
    return TransferTargets(
        tuple(
            ServiceTarget(service, sum(service.id in agent.selectable_for for agent in others[service.id]))
            for service in services
        ),
        tuple(
            AgentTarget(one, against_handing(agents[one.id], task.service or ""), agents[one.id].unavailable)
            for one in users
            if one.id in agents
        ),
    )


def _others(team: list[Agent], task: Task, user: str) -> list[Agent]:
    return [agent for agent in team if agent.user != user and task.id not in agent.tasks]

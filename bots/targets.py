"""To whom a chat could be handed on at this moment."""

from asyncio import gather
from collections.abc import Iterable
from typing import Final

from cards.state import Target
from directory.directory import Directory
from distribution.agents import Agent, against_handing
from distribution.distributor import Distributor
from distribution.tasks import Task

MOST: Final = 60
"""Of each kind: a choice that fits a card. My Sessions shows all."""


class Targets:
    """Services in which somebody is free, and agents who are."""

    def __init__(self, distributor: Distributor, directory: Directory) -> None:
        self._distributor = distributor
        self._directory = directory

    async def of(self, task: Task) -> tuple[Target, ...]:
        """For the agent who has the chat; services first, each by name."""
        tenant, me = task.tenant, task.agent
        services = [
            service
            for service in await self._directory.services(tenant)
            if service.instant_messaging and service.contact_center
        ]
        teams = await gather(*(self._distributor.agents(tenant, service.id) for service in services))
        open_ = [
            Target(service.id, service.name, service=True)
            for service, team in zip(services, teams, strict=True)
            if any(service.id in agent.selectable_for and agent.user != me for agent in team)
        ]
        free = {agent.user for agent in _others(teams, task) if not against_handing(agent, task.service or "")}
        people = [Target(user.id, user.name) for user in await self._directory.users(tenant) if user.id in free]
        return (*open_[:MOST], *people[:MOST])

    async def name(self, tenant: str, target: Target) -> str:
        """As people know it; empty if there is no such service or agent."""
        found = await (self._directory.service if target.service else self._directory.user)(tenant, target.id)
        return found.name if found is not None else ""


def _others(teams: Iterable[Iterable[Agent]], task: Task) -> list[Agent]:
    """All but its agent, and who is in after-call work of this very chat."""
    return [agent for team in teams for agent in team if agent.user != task.agent and task.id not in agent.tasks]

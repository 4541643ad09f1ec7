"""The possible targets of a transfer at this moment, as a card lists them."""

from typing import Final

from cards.state import Target
from directory.directory import Directory
from directory.transfer_targets import transfer_targets
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
        found = await transfer_targets(self._directory, self._distributor, task, task.talker or "")
        services = [Target(one.service.id, one.service.name, service=True) for one in found.services if one.free]
        people = [Target(one.user.id, one.user.name) for one in found.agents if not one.against]
        return (*services[:MOST], *people[:MOST])

    async def name(self, tenant: str, target: Target) -> str:
        """As people know it; empty if there is no such service or agent."""
        found = await (self._directory.service if target.service else self._directory.user)(tenant, target.id)
        return found.name if found is not None else ""

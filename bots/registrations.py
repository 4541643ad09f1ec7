"""The people the bot reaches: kept in step with what Teams says about personal installations."""

import time

import structlog

from bots.incoming import Incoming
from directory.directory import Directory
from directory.model import Registration
from distribution.distributor import Distributor

log = structlog.get_logger(__name__)


class Registrations:
    """Saves and drops registrations."""

    def __init__(self, directory: Directory, distributor: Distributor) -> None:
        self._directory = directory
        self._distributor = distributor

    async def save(self, incoming: Incoming) -> bool:
        """The bot is in this user's personal chat. False when Teams does not say who they are."""
        if not incoming.user:
            log.warning("registration_without_user", kind=incoming.kind)
            return False
        known = await self._directory.registration(incoming.tenant, incoming.user)
        made = Registration(
            tenant=incoming.tenant,
            user=incoming.user,
            service_url=incoming.service_url,
            conversation_id=incoming.conversation,
            bot_id=incoming.bot,
            teams_user_id=incoming.teams_user,
            installed_at=known.installed_at if known is not None else round(time.time() * 1000),
        )
        if made != known:
            await self._directory.save_registration(made)
            log.info("registered", user=incoming.user, again=known is not None)
        return True

    async def learn_address(self, incoming: Incoming) -> None:
        """Teams' address for the tenant comes with every activity."""
        await self._directory.learn_service_url(incoming.tenant, incoming.service_url)

    async def drop(self, incoming: Incoming) -> None:
        """The bot was removed from it."""
        if incoming.user:
            await self._directory.drop_registration(incoming.tenant, incoming.user)
            log.info("unregistered", user=incoming.user)

    async def heard(self, incoming: Incoming) -> None:
        """The app is there: the user can be reached, and Teams' address for them may have changed."""
        if incoming.user:
            await self.save(incoming)
            await self._distributor.reached(incoming.tenant, incoming.user)

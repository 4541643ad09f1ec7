"""Installing Usher in Teams for a person who registers, and taking it away again. Both may be asked for any number of times."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog

from graph.client import GraphClient
from graph.errors import GraphProblem, ProblemKind
from graph.reasons import APP_NOT_IN_CATALOGUE, BLOCKED, NO_SUCH_USER, reason_of

log = structlog.get_logger(__name__)

TRIES = 3  # a person waits in front of this


class InstallStatus(StrEnum):
    """How an installation, or its end, came out."""

    INSTALLED = "installed"
    ALREADY = "already"
    REMOVED = "removed"
    BLOCKED = "blocked"
    NOT_GRANTED = "not_granted"
    NO_SUCH_USER = "no_such_user"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InstallResult:
    """`text` is a sentence for the person who asked."""

    status: InstallStatus
    text: str

    @property
    def ok(self) -> bool:
        return self.status in {InstallStatus.INSTALLED, InstallStatus.ALREADY, InstallStatus.REMOVED}


class Registrations(Protocol):
    """What installing needs of the directory: whether the bot knows this person, and forgetting them."""

    async def registration(self, tenant: str, user: str, /) -> object | None: ...

    async def drop_registration(self, tenant: str, user: str, /) -> object: ...


class Installs:
    """The personal installation. The bot itself hears of it from Teams, and keeps where it can reach the person."""

    def __init__(self, graph: GraphClient, directory: Registrations) -> None:
        self._graph = graph
        self._directory = directory

    async def install_for_user(self, tenant: str, user: str) -> InstallResult:
        """Register: bring the bot to this person."""
        try:
            app = await self._graph.catalogue_id(tenant)
            if app is None:
                return InstallResult(InstallStatus.FAILED, APP_NOT_IN_CATALOGUE.text)
            return await self._install(tenant, user, app)
        except GraphProblem as problem:
            return await self._in_words(tenant, user, problem)

    async def uninstall_for_user(self, tenant: str, user: str) -> InstallResult:
        """Unregister: take the bot away from this person, and forget where they can be reached."""
        try:
            app = await self._graph.catalogue_id(tenant)
            if app is not None:
                await self._uninstall(tenant, user, app)
        except GraphProblem as problem:
            return await self._in_words(tenant, user, problem)
        await self._directory.drop_registration(tenant, user)
        log.info("uninstalled", tenant=tenant, user=user)
        return InstallResult(InstallStatus.REMOVED, "Usher's bot is gone from your Teams.")

    async def _install(self, tenant: str, user: str, app: str) -> InstallResult:
        done = InstallResult(
            InstallStatus.INSTALLED, "Usher's bot comes to your Teams; it greets you there in a moment."
        )
        if await self._added(tenant, user, app):
            log.info("installed", tenant=tenant, user=user)
            return done
        if await self._directory.registration(tenant, user) is not None:
            return InstallResult(InstallStatus.ALREADY, "You are registered already.")
        # It is installed, but the bot has never heard of it, or has lost it. Teams tells only of a new installation.
        await self._uninstall(tenant, user, app)
        await self._added(tenant, user, app)
        log.info("installed again", tenant=tenant, user=user)
        return done

    async def _added(self, tenant: str, user: str, app: str) -> bool:
        """False: it was there already."""
        try:
            await self._graph.ask(tenant, lambda sdk: sdk.install_for_user(user, app), tries=TRIES)
        except GraphProblem as problem:
            if problem.kind is not ProblemKind.CONFLICT:
                raise
            return False
        return True

    async def _uninstall(self, tenant: str, user: str, app: str) -> None:
        installation = await self._graph.ask(tenant, lambda sdk: sdk.installation_of(user, app), tries=TRIES)
        if installation is None:
            return
        try:
            await self._graph.ask(tenant, lambda sdk: sdk.uninstall_for_user(user, installation), tries=TRIES)
        except GraphProblem as problem:
            if problem.kind is not ProblemKind.NOT_FOUND:
                raise

    async def _in_words(self, tenant: str, user: str, problem: GraphProblem) -> InstallResult:
        log.warning("an installation failed", tenant=tenant, user=user, why=str(problem), said=problem.text)
        if problem.passes:
            return InstallResult(
                InstallStatus.FAILED, "Microsoft Teams does not answer properly just now. Please try again in a minute."
            )
        if problem.kind is ProblemKind.NOT_FOUND:
            return InstallResult(InstallStatus.NO_SUCH_USER, NO_SUCH_USER.text)
        reason = await reason_of(self._graph, tenant, problem)
        if reason is BLOCKED:
            return InstallResult(InstallStatus.BLOCKED, reason.text)
        granted = not reason.word.startswith("not_granted")
        return InstallResult(InstallStatus.FAILED if granted else InstallStatus.NOT_GRANTED, reason.text)

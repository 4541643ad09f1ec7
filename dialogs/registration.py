"""An agent's own chat with the bot: greeted once per registration, then `help` and `status`."""

import asyncio
import html
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from botbuilder.core import TurnContext

from cards.wording import Wording, wording
from directory.directory import Directory
from directory.model import User
from distribution.agents import Agent, Reason
from distribution.distributor import Distributor
from store.connection import Store

if TYPE_CHECKING:
    from botbuilder.dialogs import DialogTurnResult

    from dialogs.sdk import Stage, WaterfallStepContext

NAME: Final = "registration"
DIRECT: Final = ""
"""In an agent's reasons: chats directly to the user."""

NO_WORDS: Mapping[str, str] = MappingProxyType({})


class RegistrationChat:
    """The dialog, and what it knows about the agent. botbuilder-dialogs is loaded by `warm`, or by the first word."""

    def __init__(self, *, store: Store, directory: Directory, distributor: Distributor) -> None:
        self._store = store
        self._directory = directory
        self._distributor = distributor
        self._made: Stage | None = None

    async def warm(self) -> None:
        """Load botbuilder-dialogs, off the event loop."""
        await asyncio.to_thread(__import__, "dialogs.sdk")
        self._stage()

    async def greet(self, context: TurnContext, tenant: str, user: str) -> None:
        """Greet a newly registered agent; one that was greeted is not greeted again. Raises StoreDown."""
        await self._stage().begin(context, tenant, user)

    async def answer(self, context: TurnContext, tenant: str, user: str, text: str) -> None:
        """Answer the user's message. Raises StoreDown."""
        context.activity.text = text
        await self._stage().go_on(context, tenant, user)

    async def forget(self, tenant: str, user: str) -> None:
        """The user is no longer registered; after a return the bot greets them again."""
        await self._stage().forget(tenant, user)

    def _stage(self) -> "Stage":
        if self._made is None:
            from dialogs.sdk import Stage

            self._made = Stage(self._store, NAME, [self._greet, self._answer])
        return self._made

    async def _greet(self, step: "WaterfallStepContext") -> "DialogTurnResult":
        from dialogs import sdk

        if not sdk.was_told(step):
            words, user, _ = await self._who(step)
            await sdk.say(step, _paragraphs(*greeting(words, user)))
        return sdk.wait()

    async def _answer(self, step: "WaterfallStepContext") -> "DialogTurnResult":
        from dialogs import sdk

        words, user, agent = await self._who(step)
        if sdk.heard(step).strip().lower() in words("chat.words_status").split(","):
            services = {service.id: service.name for service in await self._directory.services(sdk.tenant_of(step))}
            tenant = await self._directory.tenant(sdk.tenant_of(step))
            chosen = tenant.reasons if tenant is not None else NO_WORDS
            await sdk.say(step, _paragraphs(*status(words, user, agent, services, chosen)))
        else:
            await sdk.say(step, _paragraphs(words("chat.help") if user is not None else words("chat.not_known")))
        return await sdk.again(step, NAME)

    async def _who(self, step: "WaterfallStepContext") -> tuple[Wording, User | None, Agent | None]:
        from dialogs import sdk

        tenant, user = sdk.tenant_of(step), sdk.user_of(step)
        found = await self._directory.user(tenant, user)
        agent = await self._distributor.agent(tenant, user)
        return wording(found.language if found is not None else sdk.locale_of(step)), found, agent


def greeting(words: Wording, user: User | None) -> list[str]:
    """The greeting, for users known or unknown to the directory."""
    if user is None:
        return [words("chat.not_known")]
    return [words("chat.greeting", name=user.first_name), words("chat.greeting_how")]


def status(
    words: Wording,
    user: User | None,
    agent: Agent | None,
    services: Mapping[str, str],
    chosen: Mapping[str, str] = NO_WORDS,
) -> list[str]:
    """Whether the agent can be offered a chat, and if not, why; one line for each service that differs.

    `chosen`: the tenant's words for not being available, by their short names.
    """
    if user is None or agent is None:
        return [words("chat.not_known")]
    against = {
        service: reasons
        for service, reasons in agent.reasons.items()
        if service in user.services or _direct(service, user)
    }
    lines = [words("chat.free" if any(not reasons for reasons in against.values()) else "chat.not_free")]
    named = partial(_named, words, services)
    sentence = partial(_sentence, words, chosen.get(agent.unavailable, agent.unavailable))
    if len(set(against.values())) == 1:
        lines += [f"– {sentence(reasons)}" for reasons in set(against.values()) if reasons]
    else:
        lines += [f"– {named(service)}: {sentence(reasons)}" for service, reasons in against.items() if reasons]
    if agent.tasks:
        lines.append(words("chat.open_tasks", number=len(agent.tasks)))
    return lines


def _direct(service: str, user: User) -> bool:
    return service == DIRECT and user.interact


def _named(words: Wording, services: Mapping[str, str], service: str) -> str:
    return services.get(service, service) if service != DIRECT else words("chat.direct")


def _sentence(words: Wording, unavailable: str, reasons: tuple[Reason, ...]) -> str:
    said = {reason: words(f"reason.{reason}") for reason in reasons}
    if unavailable and Reason.NOT_AVAILABLE in said:
        said[Reason.NOT_AVAILABLE] += f" ({unavailable})"
    return ", ".join(said.values())


def _paragraphs(*lines: str) -> str:
    return "<br/>".join(html.escape(line, quote=False) for line in lines)

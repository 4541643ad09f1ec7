"""Gathers what a card shows, and has it drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bots.connector import Json
from bots.targets import Targets
from cards.parts import Drawn
from cards.personal import personal_card
from cards.room import opening_card
from cards.state import CardData, Category, Line, PersonalState, past_state, personal_state, writer_of
from conversations.messages import Conversation, Conversations, Kind, Message, Sender, as_seen
from conversations.topic import clean_name, visitor_name
from directory.directory import Directory
from distribution.tasks import Task, TaskState

ADAPTIVE: Final = "application/vnd.microsoft.card.adaptive"

READ_BACK: Final = 200
"""Messages that are looked at for the opening card; it quotes far fewer."""


@dataclass(frozen=True, slots=True)
class Wrapup:
    """What a service (or the tenant, for direct chats) lets agents note in after-call work."""

    categories: tuple[Category, ...]
    tags: tuple[str, ...]
    extensions: int
    extension_seconds: int


_NOTHING = Wrapup((), (), 0, 0)


class TaskCards:
    """Cards of tasks as they are now."""

    def __init__(self, conversations: Conversations, directory: Directory, targets: Targets) -> None:
        self._conversations = conversations
        self._directory = directory
        self._targets = targets

    async def personal(self, task: Task, user: str, *, notice: str = "") -> Drawn | None:
        """The card in this agent's own chat; None if the task has nothing to do with them."""
        state = personal_state(task, user)
        if state is None:
            return None
        conversation = await self._conversations.get(task.tenant, task.id)
        if state is not PersonalState.OFFER:
            return personal_card(await self._data(task, user, conversation, owner=user, said=(), notice=notice))
        said = [_line(message, "") for message in await self._first_words(task)]
        data = await self._data(task, user, conversation, owner=user, said=said, notice=notice)
        settings = await self._directory.settings(task.tenant, task.service)
        return personal_card(replace(data, offer_seconds=settings.offer_seconds if settings is not None else 0))

    async def past(self, task: Task, user: str) -> Drawn | None:
        """The card of an earlier offer to this agent, which says how that one ended; None if there was none."""
        session = task.session_of(user)
        state = past_state(task, session) if session is not None else None
        if state is None:
            return None
        conversation = await self._conversations.get(task.tenant, task.id)
        return personal_card(await self._data(task, user, conversation, owner=user, said=(), notice=""), state)

    async def opening(
        self, task: Task, conversation: Conversation, *, reader: str = "", notice: str = "", choice: bool = True
    ) -> Drawn:
        """The card in the room. `reader` is who clicked it; without one it speaks the language of the task's agent.

        Without the `choice` of those who could take the chat, which changes all the time, it tells whether anything else has.
        """
        until = conversation.opening_seq or 0
        after = max(0, until - READ_BACK)
        messages = await self._conversations.read(task.tenant, task.id, after, READ_BACK) if until else []
        customer = customer_of(task, conversation)
        shown = [message for message in as_seen(messages) if message.seq <= until and message.kind is Kind.TEXT]
        said = [_line(message, customer) for message in shown]
        viewer = reader or task.talker or ""
        owner = writer_of(task, viewer)
        data = await self._data(task, viewer, conversation, owner=owner, said=said, before=after, notice=notice)
        if choice and task.state is TaskState.ACTIVE:
            data = replace(data, targets=await self._targets.of(task))
        return opening_card(data)

    async def wrapup(self, task: Task, user: str) -> Wrapup:
        """What this agent may enter in ACW: the settings of the service for which they had the task."""
        settings = await self._directory.settings(task.tenant, task.service_for(user))
        if settings is None:
            return _NOTHING
        categories = tuple(Category(code.category, tuple(code.codes), code.required) for code in settings.codes)
        return Wrapup(categories, tuple(settings.tags), settings.acw_extensions, settings.acw_extension_seconds)

    async def _stays(self, task: Task, viewer: str, conversation: Conversation | None) -> bool:
        """Whether the viewer transferred the talk and is still in its room. Nobody is taken along into another room."""
        session = task.session_of(viewer)
        left = task.state is TaskState.ACTIVE and session is not None and session.left_talk
        if not left or conversation is None or conversation.left:
            return False
        settings = await self._directory.settings(task.tenant, task.service)
        return settings is not None and settings.stays_after_transfer

    async def language(self, tenant: str, user: str) -> str:
        """The language that this agent reads."""
        found = await self._directory.user(tenant, user)
        return found.language if found is not None else ""

    async def _data(
        self,
        task: Task,
        viewer: str,
        conversation: Conversation | None,
        *,
        owner: str,
        said: Sequence[Line],
        before: int = 0,
        notice: str,
    ) -> CardData:
        registration = await self._directory.registration(task.tenant, viewer) if viewer else None
        wrapup = await self.wrapup(task, owner)
        acw = task.acw_of(owner)
        return CardData(
            task=task,
            viewer=viewer,
            language=await self.language(task.tenant, viewer),
            customer=customer_of(task, conversation),
            service=await self._service_name(task.tenant, task.service_for(owner)),
            page=conversation.page_shown if conversation is not None else "",
            said=tuple(said),
            said_before=before,
            chat_url=conversation.chat_url if conversation is not None else "",
            categories=wrapup.categories,
            tags=wrapup.tags,
            extensions_left=wrapup.extensions - (acw.extensions if acw else 0),
            extension_seconds=wrapup.extension_seconds,
            names=await self._names(task),
            transferred_to=await self._transferred_to(task, viewer),
            stays=await self._stays(task, viewer, conversation),
            refresh_for=(registration.teams_user_id,) if registration is not None else (),
            notice=notice,
        )

    async def _first_words(self, task: Task) -> list[Message]:
        messages = await self._conversations.read(task.tenant, task.id, 0, 10)
        return [message for message in messages if message.sender is Sender.VISITOR][:1]

    async def _service_name(self, tenant: str, service: str | None) -> str:
        if service is None:
            return ""
        found = await self._directory.service(tenant, service)
        return found.name if found is not None else service

    async def _transferred_to(self, task: Task, viewer: str) -> str:
        """The name of who is asked to take it, or has it now, as the agent who transfers it knows them."""
        session = task.session_of(viewer)
        if task.holder is None and not (session and session.left_talk):
            return ""
        to = task.transfer_to if task.holder is not None else f"@{task.agent or ''}"
        if to is None or not to.startswith("@"):
            service = await self._directory.service(task.tenant, to or "")
            return service.name if service is not None else to or ""
        user = await self._directory.user(task.tenant, to.removeprefix("@"))
        return user.name if user is not None else ""

    async def _names(self, task: Task) -> dict[str, str]:
        who = {part.user for part in task.sessions if part.entries or part.user == task.agent}
        found = [await self._directory.user(task.tenant, user) for user in sorted(who)]
        return {user.id: user.name for user in found if user is not None}


def customer_of(task: Task, conversation: Conversation | None) -> str:
    """What agents call the customer; never empty."""
    given = (conversation.customer if conversation is not None else "") or task.customer
    return clean_name(given) or visitor_name(task.id)


def card_activity(drawn: Drawn) -> Json:
    """A card as an activity. No text beside it: Teams would make two messages of it, and give no id."""
    attachment: dict[str, Any] = {"contentType": ADAPTIVE, "content": drawn.content}
    return {"type": "message", "summary": drawn.summary, "attachments": [attachment]}


def _line(message: Message, customer: str) -> Line:
    visitor = message.sender is Sender.VISITOR
    return Line(customer if visitor else message.author, message.text, mine=not visitor)

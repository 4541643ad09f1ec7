"""What comes from Teams, and which use case it is."""

from typing import Final, Protocol

import structlog
from botbuilder.core import TurnContext

from bots.clicks import ROOM_SCOPE, Clicks
from bots.connector import Place
from bots.outbox import Outbox
from bots.pacing import Priority
from bots.registrations import Registrations
from bots.room_chat import RoomChat
from bots.room_posts import RoomPosts, text_activity
from bots.sdk import Turn
from bots.trouble import RoomTrouble, nobody_hears, trouble_of_event
from conversations.teams_text import written

log = structlog.get_logger(__name__)

PERSONAL_SCOPE: Final = "personal"
CARD_ACTION: Final = "adaptiveCard/action"


class PersonalChat(Protocol):
    """What the bot says in an agent's own chat, beside the cards: `dialogs.registration` fulfils it."""

    async def greet(self, context: TurnContext, tenant: str, user: str) -> None:
        """Greet a newly registered agent, once per registration."""
        ...

    async def answer(self, context: TurnContext, tenant: str, user: str, text: str) -> None:
        """Answer what the user wrote."""
        ...

    async def forget(self, tenant: str, user: str) -> None:
        """The user is not registered any more."""
        ...

    async def warm(self) -> None:
        """Load what is slow to load."""
        ...


class TeamsBot:
    """One method per kind of activity. What is stored is stored before the method returns."""

    def __init__(
        self,
        *,
        clicks: Clicks,
        room: RoomChat,
        registrations: Registrations,
        personal: PersonalChat,
        outbox: Outbox,
        posts: RoomPosts,
        trouble: RoomTrouble = nobody_hears,
    ) -> None:
        self._clicks = clicks
        self._room = room
        self._registrations = registrations
        self._personal = personal
        self._outbox = outbox
        self._posts = posts
        self._trouble = trouble

    async def on_turn(self, turn: Turn) -> None:
        """Raises StoreDown, and SendProblem when something could not be said about what is stored."""
        incoming = turn.incoming
        # A tenant in which nobody has registered is heard of first when the bot comes into a room.
        await self._registrations.learn_address(incoming)
        if incoming.kind == "invoke":
            if incoming.name == CARD_ACTION:
                if incoming.scope == PERSONAL_SCOPE:
                    await self._registrations.heard(incoming)
                turn.answer = await self._clicks.execute(incoming, again=turn.again)
        elif incoming.kind == "message" and incoming.value is not None:
            # Never a word of the agent's: it is a button of an older client.
            await self._say(turn, await self._clicks.submit(incoming, again=turn.again))
        elif incoming.scope == PERSONAL_SCOPE:
            await self._in_personal_chat(turn)
        elif incoming.scope == ROOM_SCOPE:
            await self._in_room(turn)

    async def _in_personal_chat(self, turn: Turn) -> None:
        incoming = turn.incoming
        match incoming.kind:
            case "message":
                await self._personal_message(turn)
            case "installationUpdate":
                await self._installation(turn)
            case "conversationUpdate" if incoming.bot in incoming.added:
                await self._register(turn)
            case kind:
                log.debug("activity_ignored", kind=kind, scope=incoming.scope)

    async def _in_room(self, turn: Turn) -> None:
        match turn.incoming.kind:
            case "message":
                await self._say(turn, await self._room.message(turn.incoming))
            case "messageUpdate":
                await self._say(turn, await self._room.edited(turn.incoming))
            case "messageDelete":
                await self._room.deleted(turn.incoming)
            case "conversationUpdate" | "installationUpdate" if why := trouble_of_event(turn.incoming):
                await self._trouble(turn.incoming.tenant, turn.incoming.conversation, why)
            case kind:
                log.debug("activity_ignored", kind=kind, scope=turn.incoming.scope)

    async def _personal_message(self, turn: Turn) -> None:
        incoming = turn.incoming
        if not incoming.user or turn.again:
            return
        await self._registrations.heard(incoming)
        said = written(incoming.text, incoming.html, incoming.mentions_of_bot)
        await self._personal.answer(turn.context, incoming.tenant, incoming.user, said.text)

    async def _installation(self, turn: Turn) -> None:
        """Both `add` and `add-upgrade` mean that the bot is there; both may come more than once."""
        match turn.incoming.action:
            case "add" | "add-upgrade":
                await self._register(turn)
            case "remove":
                await self._registrations.drop(turn.incoming)
                await self._personal.forget(turn.incoming.tenant, turn.incoming.user)
            case action:
                log.debug("installation_ignored", action=action)

    async def _register(self, turn: Turn) -> None:
        if await self._registrations.save(turn.incoming):
            await self._personal.greet(turn.context, turn.incoming.tenant, turn.incoming.user)

    async def _say(self, turn: Turn, text: str) -> None:
        """Say something about an activity, once, however often Teams sends it."""
        if not text or turn.again:
            return
        incoming = turn.incoming
        place = Place(incoming.tenant, incoming.service_url, incoming.conversation)
        if incoming.scope == ROOM_SCOPE:
            await self._posts.answer(place, incoming.id, text)
        else:
            await self._outbox.send(place, text_activity(text), Priority.OFFER)

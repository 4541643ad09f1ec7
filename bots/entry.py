"""The bot as `app.py` sees it: its route, its effects, its life."""

from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from bots.arrivals import Arrivals
from bots.clicks import Clicks
from bots.config import BotConfig
from bots.connector import Connector
from bots.credentials import NoToken
from bots.door import Door
from bots.history import RoomHistory, unknown_history
from bots.inbound import PATH, Inbound
from bots.offer_cards import OfferCards
from bots.outbox import Outbox
from bots.path import TeamsPath
from bots.received import Received
from bots.refusals import Refusals
from bots.registrations import Registrations
from bots.relay import Relay
from bots.room_chat import RoomChat
from bots.room_posts import RoomPosts
from bots.sdk import Adapter
from bots.targets import Targets
from bots.task_cards import TaskCards
from bots.teams_bot import PersonalChat, TeamsBot
from bots.trouble import RoomTrouble, nobody_hears
from conversations.messages import Conversations
from directory.directory import Directory
from distribution.distributor import Distributor
from identity.jwks import Jwks
from store.connection import Store
from store.due import Subject

__all__ = ["Bot", "BotConfig", "BotDeps", "PersonalChat", "bot_routes"]

log = structlog.get_logger(__name__)

NOT_STARTED: Final = "the bot is not started"


@dataclass(frozen=True, slots=True)
class BotDeps:
    """All that the bot works with."""

    config: BotConfig
    distributor: Distributor
    conversations: Conversations
    directory: Directory
    store: Store
    keys: Jwks
    personal: PersonalChat
    room_history: RoomHistory = unknown_history
    room_trouble: RoomTrouble = nobody_hears


class Bot:
    """The bot. Connections are opened by `start` and closed by `close`; the handlers are for the due set's worker."""

    def __init__(self, deps: BotDeps) -> None:
        self._deps = deps
        self._parts: _Parts | None = None

    async def start(self) -> None:
        """Open what needs a running event loop. Nothing is asked of Microsoft yet."""
        self._parts = _Parts(self._deps)

    async def close(self) -> None:
        """Close the connections."""
        if self._parts is not None:
            await self._parts.connector.close()
            self._parts = None

    async def warm(self) -> None:
        """Load what is slow to load, and get the bot's token, so that the first offer does not wait for either."""
        await self._deps.personal.warm()
        try:
            await self.check_credentials()
        except NoToken as problem:
            log.warning("bot_token_missing", why=str(problem))

    async def check_credentials(self) -> None:
        """Return if Entra gives the bot a token. Raises NoToken, which says why it does not."""
        await self._started.connector.tokens.token()

    async def credentials_fault(self) -> str:
        """`""` if Entra gives the bot a token; else `credentials_refused` or `microsoft_away`."""
        try:
            await self._started.connector.tokens.prove()
        except NoToken as problem:
            return "credentials_refused" if problem.final else "microsoft_away"
        return ""

    async def handle_card(self, subject: Subject) -> None:
        """Effect `card:<tenant>:<task>:<user>`."""
        await self._started.offer_cards.handle(subject)

    async def handle_relay(self, subject: Subject) -> None:
        """Effect `relay:<tenant>:<task>`."""
        await self._started.relay.handle(subject)

    async def handle_path(self, subject: Subject) -> None:
        """Effect `path:<tenant>`: the probe that sees whether cards reach anybody."""
        await self._started.path.handle(subject)

    async def post(self, request: web.Request) -> web.Response:
        """`POST /api/messages`."""
        return await self._started.inbound.post(request)

    @property
    def _started(self) -> "_Parts":
        if self._parts is None:
            raise RuntimeError(NOT_STARTED)
        return self._parts


class _Parts:
    """What exists while the bot runs, wired."""

    def __init__(self, deps: BotDeps) -> None:
        distributor, conversations, directory = deps.distributor, deps.conversations, deps.directory
        self.connector = Connector(deps.config)
        outbox = Outbox(
            self.connector, lambda at: directory.conversation_moved(at.tenant, at.conversation, at.service_url)
        )
        self.path = TeamsPath(distributor, directory, self.connector)
        targets = Targets(distributor, directory)
        task_cards = TaskCards(conversations, directory, targets)
        refusals = Refusals(conversations, distributor, deps.room_trouble)
        self.offer_cards = OfferCards(
            distributor=distributor,
            conversations=conversations,
            directory=directory,
            task_cards=task_cards,
            outbox=outbox,
            path=self.path,
            refusals=refusals,
        )
        arrivals = Arrivals(conversations, deps.room_history)
        posts = RoomPosts(conversations, outbox, arrivals)
        self.relay = Relay(
            distributor=distributor,
            conversations=conversations,
            directory=directory,
            task_cards=task_cards,
            outbox=outbox,
            path=self.path,
            arrivals=arrivals,
            posts=posts,
            refusals=refusals,
        )
        bot = TeamsBot(
            clicks=Clicks(
                distributor=distributor,
                conversations=conversations,
                directory=directory,
                task_cards=task_cards,
                targets=targets,
                store=deps.store,
            ),
            room=RoomChat(conversations, task_cards),
            registrations=Registrations(directory, distributor),
            personal=deps.personal,
            outbox=outbox.patient(),
            posts=posts,
            trouble=deps.room_trouble,
        )
        self.inbound = Inbound(
            Door(deps.config, deps.keys, directory),
            Received(deps.store),
            Adapter(self.connector, outbox.patient()),
            bot.on_turn,
        )


def bot_routes(app: web.Application, bot: Bot) -> None:
    """The one address that Azure Bot is told."""
    app.router.add_post(PATH, bot.post)
